"""Which reactions the symptoms speak for, and how well each fits the hours since the infusion."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.aftercare.concern import hazards_unknown, may_concern, risk_hazards
from ivigil.aftercare.episode import Episode
from ivigil.knowledge.reactions import Reaction, SymptomUrgency, Window
from ivigil.knowledge.store import Knowledge

SUSPECT_SIGNS = "reaction-triage-suspect-signs"

Timing = Literal[
    "within",  # a window in which it usually begins
    "rim",  # only where single cases were described
    "unknown",  # the time is not known, or no source gives a window
    "ahead",  # earlier than any source describes
    "passed",  # later than any source describes
]
_FIT: tuple[Timing, ...] = ("within", "rim", "unknown", "ahead", "passed")
"""Best first. It orders the suspects and strikes none out: late and early cases are described."""


class Suspect(msgspec.Struct, frozen=True, kw_only=True):
    """One reaction that may be behind the symptoms."""

    reaction: str
    severity: str
    signs: tuple[str, ...]
    """The present symptoms that sources tie to it."""
    rows: tuple[str, ...] = ()
    """Triage rows that hold and name it."""
    timing: Timing
    windows: tuple[str, ...] = ()
    """Facts about when it begins."""
    hazards: tuple[str, ...] = ()
    """What makes it likelier in this patient."""
    hazards_unknown: bool = False
    """Nobody looked for what makes it likelier."""
    panels: tuple[str, ...] = ()
    """Ids of the test panels for it."""

    @property
    def is_serious_at_risk(self) -> bool:
        """A serious reaction in a patient who is, or may be, likelier to have it?"""
        return self.severity == "serious" and bool(self.hazards or self.hazards_unknown)


def suspects(
    present: frozenset[str],
    holding: Iterable[SymptomUrgency],
    episode: Episode,
    at: dt.datetime,
    knowledge: Knowledge,
) -> tuple[Suspect, ...]:
    """The suspected reactions at ``at`` (aware): serious first, then those that fit the time and signs best.

    holding: the triage rows that hold.
    """
    needed = knowledge.policies[SUSPECT_SIGNS].number or 1
    naming: dict[str, tuple[str, ...]] = {}
    for row in holding:
        naming |= {name: (*naming.get(name, ()), row.id) for name in row.reactions}
    found = []
    for reaction in knowledge.facts.reaction:
        signs = tuple(name for name in reaction.symptoms if name in present)
        if (reaction.id in naming or len(signs) >= needed) and may_concern(reaction, episode):
            found.append(_suspect(reaction, signs, naming.get(reaction.id, ()), episode, at))
    return tuple(sorted(found, key=_rank))


def _suspect(
    reaction: Reaction, signs: tuple[str, ...], rows: tuple[str, ...], episode: Episode, at: dt.datetime
) -> Suspect:
    windows = [window for window in reaction.windows if window.of == "onset"]
    return Suspect(
        reaction=reaction.id,
        severity=reaction.severity,
        signs=signs,
        rows=rows,
        timing=_timing(windows, episode, at),
        windows=tuple(window.id for window in windows),
        hazards=risk_hazards(reaction, episode),
        hazards_unknown=hazards_unknown(reaction, episode),
        panels=reaction.panels,
    )


def _timing(windows: Iterable[Window], episode: Episode, at: dt.datetime) -> Timing:
    fits = [_fit(window, episode, at) for window in windows]
    return min(fits, key=_FIT.index, default="unknown")


def _fit(window: Window, episode: Episode, at: dt.datetime) -> Timing:
    """How an instant lies to one window; one that does not say what it counts from may mean start or end.

    An unknown start lies before the end: more hours have passed since it.
    """
    since_start, since_end = episode.hours_after_start(at), episode.hours_after_end(at)
    longest = since_end if window.counted_from == "end" else since_start
    shortest = since_start if window.counted_from == "start" and since_start is not None else since_end
    lower, upper = window.span_hours
    if shortest is None or window.counted_from == "onset":
        return "unknown"
    if lower is not None and longest is not None and longest < lower:
        return "ahead"
    if upper is not None and shortest > upper:
        return "passed"
    return "rim" if window.outlier else "within"


def _rank(suspect: Suspect) -> tuple[bool, int, bool, Decimal, str]:
    return (
        suspect.severity != "serious",
        _FIT.index(suspect.timing),
        not suspect.hazards,
        -Decimal(len(suspect.signs)),
        suspect.reaction,
    )
