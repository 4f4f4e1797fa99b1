"""At the bench: can a result that was drawn on a day be read, given what was infused before?

Only a fact that was seen, or that a site signed, makes a result readable. Silence never does.
"""

from __future__ import annotations

from datetime import date
from typing import Literal, NamedTuple

import msgspec

from ivigil.knowledge.timing import LabInterference
from ivigil.windows.doses import GivenDose
from ivigil.windows.serology import LabFacts, LabWindow, lab_windows

Outcome = Literal["positive", "negative", "value", ""]
"""value: a number; empty: not told."""

Answer = Literal[
    "readable",
    "readable_if_negative",  # the outcome was not told; only a negative one can be read
    "not_readable",
    "not_stated",  # no fact that may permit says that it can be read, none that it cannot
]

Because = Literal[
    "no_dose_before",  # nothing that disturbs this test was given up to the day of the draw
    "not_affected",
    "value_changed",  # the value is right, and not what it was before the dose
    "time_is_over",
    "within_time",
    "therapy_goes_on",
    "end_not_stated",  # the test is disturbed, and no source says until when
    "negative_stands",  # infused antibody only adds, so that it makes no result negative
    "negative_not_signed",  # the same, but no source was read and no site has signed it
    "effect_not_seen",  # what the dose does to this test was not read in a source
]


class Drawn(msgspec.Struct, frozen=True):
    """A result as the laboratory has it."""

    interference: str
    """LabInterference id of the test."""
    date: date
    """Day of the draw. A dose on the same day counts as given before it."""
    outcome: Outcome = ""
    text: str = ""
    """The value as written, for a number."""


class BenchReading(msgspec.Struct, frozen=True, kw_only=True):
    """Whether one result can be read, and what to do if not."""

    drawn: Drawn
    answer: Answer
    because: Because
    window: LabWindow
    """The test after the doses up to the draw: which dose ruled, when to draw again, what instead."""
    facts: tuple[str, ...]
    """Ids of the facts that ruled."""
    earlier: Drawn | None = None
    """The last of the given results of this test from before any dose that disturbs it."""
    samples: tuple[str, ...] = ()
    """BaselineSample ids: blood from before the first dose that may have been kept."""


class _Situation(NamedTuple):
    results: tuple[Drawn, ...]
    doses: tuple[GivenDose, ...]
    facts: LabFacts
    ongoing: bool
    undated: bool
    negative: str
    """Id of the rule on negative results; empty: none."""
    may_permit: bool
    """That rule may permit."""


class _Ruled(NamedTuple):
    answer: Answer
    because: Because
    rule: str = ""


def read_results(
    results: tuple[Drawn, ...],
    doses: tuple[GivenDose, ...],
    facts: LabFacts,
    *,
    ongoing: bool = False,
    undated: bool = False,
    permitted: frozenset[str] = frozenset(),
) -> tuple[BenchReading, ...]:
    """One reading for each result of a known test, in the order given.

    ongoing: regular therapy goes on; see ``lab_windows``.
    undated: a dose was given on a day that nobody knows; it counts as given on the day of each draw.
    permitted: ids of the LabRules that may permit.
    """
    tests = {item.id: item for item in facts.interferences}
    negative = next((rule.id for rule in facts.rules if rule.topic == "negative_stands"), "")
    at = _Situation(results, doses, facts, ongoing, undated, negative, negative in permitted)
    return tuple(_reading(drawn, tests[drawn.interference], at) for drawn in results)


def _reading(drawn: Drawn, test: LabInterference, at: _Situation) -> BenchReading:
    window = _window(drawn, at)
    ruled = _ruled(drawn, test, window, at)
    named = (window.interference, window.ruled_by, ruled.rule)
    clear = ruled.answer == "readable"
    return BenchReading(
        drawn=drawn,
        answer=ruled.answer,
        because=ruled.because,
        window=window,
        facts=tuple(dict.fromkeys(name for name in named if name)),
        earlier=None if clear or at.undated else _earlier(drawn, at),
        samples=() if clear else _samples(test, at.facts),
    )


def _window(drawn: Drawn, at: _Situation) -> LabWindow:
    """The test's window after what was given up to the draw."""
    before = tuple(dose for dose in at.doses if dose.date <= drawn.date)
    if at.undated:
        before = (*before, GivenDose(date=drawn.date))
    found = lab_windows(before, at.facts, ongoing=at.ongoing)
    return next(window for window in found if window.interference == drawn.interference)


def _ruled(drawn: Drawn, test: LabInterference, window: LabWindow, at: _Situation) -> _Ruled:
    match window.answer:
        case "no_dose":
            return _Ruled("readable", "no_dose_before")
        case "not_affected":
            return _Ruled("readable", "not_affected")
        case _ if test.weak:
            return _Ruled("not_stated", "effect_not_seen")
        case "value_changed":
            return _Ruled("readable", "value_changed")
        case "until" if window.reliable_from is not None and drawn.date >= window.reliable_from:
            return _Ruled("readable", "time_is_over")
    return _disturbed(drawn, test, window, at)


def _disturbed(drawn: Drawn, test: LabInterference, window: LabWindow, at: _Situation) -> _Ruled:
    """A result drawn while the dose may still show in it, or while no source says that it does not."""
    because = _why_disturbed(drawn, window)
    adds = test.passive_igg and test.effect == "false_positive" and bool(at.negative)
    if adds and drawn.outcome == "negative":
        if at.may_permit:
            return _Ruled("readable", "negative_stands", at.negative)
        return _Ruled("not_stated", "negative_not_signed", at.negative)
    if adds and at.may_permit and not drawn.outcome:
        return _Ruled("readable_if_negative", because, at.negative)
    past = window.not_before is not None and drawn.date >= window.not_before
    return _Ruled("not_stated" if past else "not_readable", because)


def _why_disturbed(drawn: Drawn, window: LabWindow) -> Because:
    if window.answer == "not_while_on_therapy":
        return "therapy_goes_on"
    day = window.reliable_from or window.not_before
    return "within_time" if day is not None and drawn.date < day else "end_not_stated"


def _earlier(drawn: Drawn, at: _Situation) -> Drawn | None:
    """The last result of the same test from a day on which nothing that disturbs it had been given."""
    clean = (
        other
        for other in at.results
        if other.interference == drawn.interference
        and other.date < drawn.date
        and _window(other, at).answer == "no_dose"
    )
    return max(clean, key=lambda other: other.date, default=None)


def _samples(test: LabInterference, facts: LabFacts) -> tuple[str, ...]:
    """Blood drawn before the first gram for this test; then what any antibody test can be made from."""
    own = [sample.id for sample in facts.samples if test.id in sample.tests]
    stored = [sample.id for sample in facts.samples if sample.any_antibody and test.passive_igg]
    return tuple(dict.fromkeys((*own, *stored)))
