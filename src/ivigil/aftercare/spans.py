"""The windows of reactions as stretches of time after one infusion."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.knowledge.population import populations
from ivigil.knowledge.reactions import Reaction, TimingClass, Window
from ivigil.knowledge.store import Knowledge

_SIGNS = ("onset", "duration", "risk", "recurrence")
"""Windows in which a patient may have signs; the others are about laboratory values and recovery."""
_MICROSECONDS_PER_HOUR = 3_600_000_000


class UnknownEndError(ValueError):
    """The days after are counted from the end of the infusion, which is not known."""


class Span(msgspec.Struct, frozen=True, kw_only=True):
    """From when to when a reaction may show, both ends included."""

    reaction: str
    fact: str
    """Id of the window, or of the timing class of a reaction without a window."""
    start: dt.datetime
    """Never before the end of the infusion: until then the chair watches."""
    end: dt.datetime | None
    """None: open."""
    outlier: bool = False
    """The rim of what was described, not the usual range."""

    @property
    def moment(self) -> dt.datetime:
        """The last moment, when all of it can be asked about; of an open span the first."""
        return self.end or self.start

    def holds(self, moment: dt.datetime) -> bool:
        """Does the moment lie in it?"""
        return self.start <= moment and (self.end is None or moment <= self.end)


def ended_at(episode: Episode) -> dt.datetime:
    """When the infusion ended. Raises UnknownEndError."""
    if episode.ended_at is None:
        raise UnknownEndError(f"infusion {episode.infusion}: its end is not known")
    return episode.ended_at


def spans(reaction: Reaction, episode: Episode, knowledge: Knowledge) -> tuple[Span, ...]:
    """When the reaction may show after the infusion: its cited windows that reach past the end.

    Without a window it goes by its timing classes. What a source counts from the onset is
    counted from the reaction's own onset windows. An unknown start counts as the end.
    Raises UnknownEndError.
    """
    end = ended_at(episode)
    known = populations(episode.age_months, knowledge)
    windows = [w for w in reaction.windows if w.of in _SIGNS and w.population in known]
    start = episode.started_at or end
    dated = [(w, _span(reaction, w, start, end)) for w in windows if w.counted_from != "onset"]
    found = [span for _, span in dated]
    onsets = [span for window, span in dated if window.of == "onset" and not window.outlier]
    again = [w for w in windows if w.of == "recurrence" and w.counted_from == "onset"]
    found += [_again(window, onsets) for window in again if onsets]
    if not reaction.windows:
        classes = [c for c in knowledge.facts.timing_class if c.name in reaction.timing]
        found = [_of_class(reaction, each, start) for each in classes]
    reaching = [span for span in found if span.end is None or span.end > end]
    return tuple(msgspec.structs.replace(span, start=max(span.start, end)) for span in reaching)


def _span(reaction: Reaction, window: Window, start: dt.datetime, end: dt.datetime) -> Span:
    """A window that does not say from where it counts begins at the start and lasts from the end."""
    first = end if window.counted_from == "end" else start
    last = start if window.counted_from == "start" else end
    low, high = window.span_hours
    return Span(
        reaction=reaction.id,
        fact=window.id,
        start=later(first, low) if low is not None else start,
        end=None if high is None else later(last, high),
        outlier=window.outlier,
    )


def _again(window: Window, onsets: list[Span]) -> Span:
    """A second wave, counted from the earliest and from the latest usual onset."""
    low, high = window.span_hours
    ends = [onset.end for onset in onsets if onset.end is not None]
    closed = high is not None and len(ends) == len(onsets)
    return Span(
        reaction=onsets[0].reaction,
        fact=window.id,
        start=later(min(onset.start for onset in onsets), low or Decimal(0)),
        end=later(max(ends), high) if closed and high is not None else None,
        outlier=window.outlier,
    )


def _of_class(reaction: Reaction, timing: TimingClass, start: dt.datetime) -> Span:
    high = timing.hours_max
    return Span(
        reaction=reaction.id,
        fact=timing.id,
        start=later(start, timing.hours_min),
        end=None if high is None else later(start, high),
    )


def later(moment: dt.datetime, hours: Decimal) -> dt.datetime:
    """So many elapsed hours after an aware moment, in its own zone."""
    span = dt.timedelta(microseconds=int(hours * _MICROSECONDS_PER_HOUR))
    return (moment.astimezone(dt.UTC) + span).astimezone(moment.tzinfo)
