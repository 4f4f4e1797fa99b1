"""What may change at the next infusion after reactions: proposals from the facts, never an order."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import get_args

import msgspec

from ivigil.knowledge.reactions import Lever, Reaction


class NextRate(msgspec.Struct, frozen=True):
    """The highest rate of a later infusion, in mL per kg of body weight and hour."""

    ml_per_kg_h: Decimal
    below: bool = False
    """True: only rates under it. The reaction began at the first step, and nothing slower was planned."""

    def allows(self, ml_per_kg_h: Decimal) -> bool:
        """Does a rate lie within it?"""
        return ml_per_kg_h < self.ml_per_kg_h or (ml_per_kg_h == self.ml_per_kg_h and not self.below)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A change that the prescriber of the next order may pick up."""

    lever: Lever
    reactions: tuple[str, ...] = ()
    """The suspected reactions that it is for."""
    facts: tuple[str, ...]
    """What says that it helps."""
    against: tuple[str, ...] = ()
    """What says that it does not help against another of the suspected reactions."""
    rate: NextRate | None = None
    """Of ``slower``: the highest rate, where it is known."""


def proposals(
    reactions: Iterable[Reaction], *, slower_by: tuple[str, ...] = (), rate: NextRate | None = None
) -> tuple[Proposal, ...]:
    """What the facts name for the suspected reactions, the strictest first.

    slower_by: what speaks for a lower rate whatever the reactions; rate: the highest one.
    """
    known = tuple(reactions)
    made = (_proposal(lever, known, slower_by, rate) for lever in get_args(Lever))
    return tuple(proposal for proposal in made if proposal.facts)


def _proposal(
    lever: Lever, reactions: tuple[Reaction, ...], slower_by: tuple[str, ...], rate: NextRate | None
) -> Proposal:
    said = [
        (reaction.id, fact) for reaction in reactions for fact in reaction.next_time if fact.lever == lever
    ]
    facts = tuple(fact.id for _, fact in said if fact.helps)
    slower = lever == "slower"
    return Proposal(
        lever=lever,
        reactions=tuple(dict.fromkeys(name for name, fact in said if fact.helps)),
        facts=(*facts, *slower_by) if slower else facts,
        against=tuple(fact.id for _, fact in said if not fact.helps),
        rate=rate if slower else None,
    )
