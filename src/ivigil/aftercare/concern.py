"""Which reactions concern the patient of an episode. What is not known rules nothing out."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.aftercare.episode import Episode
from ivigil.knowledge.reactions import Reaction


def may_concern(reaction: Reaction, episode: Episode) -> bool:
    """Is it not ruled out by the product or the illness?"""
    return _may_hold(reaction.stabilisers, episode.stabilisers) and _may_hold(
        reaction.conditions, (episode.condition,) if episode.condition else None
    )


def risk_hazards(reaction: Reaction, episode: Episode) -> tuple[str, ...]:
    """The hazards of the patient that make the reaction likelier."""
    return tuple(name for name in reaction.risk_hazards if name in (episode.hazards or ()))


def hazards_unknown(reaction: Reaction, episode: Episode) -> bool:
    """Did nobody look for what makes the reaction likelier?"""
    return episode.hazards is None and bool(reaction.risk_hazards)


def _may_hold(wanted: Iterable[str], known: tuple[str, ...] | None) -> bool:
    named = set(wanted)
    return not named or known is None or bool(named & set(known))
