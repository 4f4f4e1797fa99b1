"""Which laboratory tests a dose makes unreadable, until when, and what to use instead."""

from __future__ import annotations

from datetime import date
from functools import cached_property
from typing import Any, Literal

import msgspec

from ivigil.knowledge.timing import BaselineSample, LabInterference, LabRule, Priority
from ivigil.windows.dates import add, first_clear_day
from ivigil.windows.doses import GivenDose

LabAnswer = Literal[
    "until",  # unreliable until a day
    "not_while_on_therapy",
    "not_quantified",  # no source says when it ends
    "value_changed",  # the value is right and not what it was before the dose
    "not_affected",
    "no_dose",  # no dose with what disturbs this test
]


class LabWindow(msgspec.Struct, frozen=True):
    """What holds for one test after the given doses."""

    interference: str
    """LabInterference id."""
    test: str
    loinc: tuple[str, ...]
    answer: LabAnswer
    reliable_from: date | None = None
    """For "until" and "value_changed": first day on which no source expects the effect any more."""
    if_stopped: date | None = None
    """For "not_while_on_therapy": that day, if no further dose follows."""
    not_before: date | None = None
    """If the end is not quantified: the day that weak figures or the rules for any antibody test
    give. Before it the test is no use; after it there is no promise."""
    hours_after_end: int | None = None
    """The source's own figure where it is in hours after the end of the infusion."""
    dose_date: date | None = None
    """The dose that set the answer."""
    ruled_by: str = ""
    """Id of the LabInterference or LabRule that set the day."""
    assumed_product: bool = False
    """The product's stabiliser is not known and was taken as one that disturbs."""
    draw_before: Priority | None = None
    """Draw it before the first gram: how urgently; None: no need."""
    sample: str = ""
    """BaselineSample id that says so."""
    alternative: str = ""
    alternative_loinc: tuple[str, ...] = ()


class LabFacts(msgspec.Struct, frozen=True, dict=True, eq=False):
    """The facts that these windows read. Build it once: its indexes are kept."""

    interferences: tuple[LabInterference, ...]
    rules: tuple[LabRule, ...]
    samples: tuple[BaselineSample, ...]

    @cached_property
    def without_dose(self) -> tuple[tuple[LabInterference, LabWindow], ...]:
        """Each test, and its window if nothing was given."""
        return tuple((item, self._without_dose(item)) for item in self.interferences)

    @cached_property
    def class_rules(self) -> tuple[LabRule, ...]:
        """The rules for any test of an antibody that is infused."""
        return tuple(rule for rule in self.rules if rule.topic == "class_window")

    def _without_dose(self, item: LabInterference) -> LabWindow:
        samples = [sample for sample in self.samples if item.id in sample.tests]
        sample = min(samples, key=lambda found: found.priority, default=None)
        return LabWindow(
            item.id,
            item.test,
            item.loinc,
            "no_dose",
            draw_before=sample.priority if sample else None,
            sample=sample.id if sample else "",
            alternative=item.alternative,
            alternative_loinc=item.alternative_loinc,
        )


def lab_windows(
    doses: tuple[GivenDose, ...], facts: LabFacts, *, ongoing: bool = False, undated: bool = False
) -> tuple[LabWindow, ...]:
    """One window for each test, in authored order. ongoing: regular therapy goes on.

    undated: another dose was given on a day that nobody knows, so that no end is known and the days
    that follow from the others only say before when a test is no use.
    """
    last_first = sorted(doses, key=lambda dose: dose.date, reverse=True)
    found = (_window(item, blank, last_first, facts, ongoing) for item, blank in facts.without_dose)
    return tuple(_without_end(window) for window in found) if undated else tuple(found)


def _without_end(window: LabWindow) -> LabWindow:
    if window.answer == "not_affected":
        return window
    last = window.reliable_from or window.if_stopped or window.not_before
    answer: LabAnswer = "value_changed" if window.answer == "value_changed" else "not_quantified"
    return msgspec.structs.replace(
        window, answer=answer, reliable_from=None, if_stopped=None, not_before=last
    )


def _window(
    item: LabInterference, blank: LabWindow, last_first: list[GivenDose], facts: LabFacts, ongoing: bool
) -> LabWindow:
    if item.effect in ("not_affected", "not_expected") and not item.weak:
        return msgspec.structs.replace(blank, answer="not_affected")
    last = next((dose for dose in last_first if _disturbs(dose, item)), None)
    if last is None:
        return blank
    own = _own_end(item, last.date)
    ruled_by, end = _end(item, own, last.date, facts)
    return msgspec.structs.replace(
        blank,
        dose_date=last.date,
        hours_after_end=item.hours,
        assumed_product=bool(item.stabilisers) and last.stabilisers is None,
        ruled_by=ruled_by,
        **_answered(item, end, stated=own is not None and not item.weak, ongoing=ongoing),
    )


def _answered(item: LabInterference, end: date | None, *, stated: bool, ongoing: bool) -> dict[str, Any]:
    """The answer, and the day under the name that says how far it can be relied on."""
    never_clear = ongoing and item.on_therapy
    reliable = {"if_stopped" if never_clear else "reliable_from": end} if stated else {}
    if item.effect == "true_change":
        return {"answer": "value_changed", **reliable}
    day = reliable or {"not_before": end}
    if never_clear:
        return {"answer": "not_while_on_therapy", **day}
    return {"answer": "until" if stated else "not_quantified", **day}


def _disturbs(dose: GivenDose, item: LabInterference) -> bool:
    if not item.stabilisers or dose.stabilisers is None:
        return True
    return any(stabiliser in dose.stabilisers for stabiliser in item.stabilisers)


def _own_end(item: LabInterference, start: date) -> date | None:
    """The day that the test's own fact gives; None: not quantified."""
    if item.hours is not None:
        return first_clear_day(start, item.hours)
    if item.months is None and item.weeks is None and item.days is None:
        return None
    return add(start, months=item.months, weeks=item.weeks, days=item.days)


def _end(item: LabInterference, own: date | None, start: date, facts: LabFacts) -> tuple[str, date | None]:
    """The latest of the test's own day, the last day on which somebody was still seen positive,
    and, for infused antibody, the rules for any antibody test; with the id of the fact."""
    days = [(item.id, own)] if own else []
    days += [
        (seen.id, add(start, months=seen.months, weeks=seen.weeks, days=seen.days))
        for seen in item.residuals
        if seen.percent
    ]
    if item.passive_igg:
        days += [(rule.id, add(start, months=rule.months, weeks=rule.weeks)) for rule in facts.class_rules]
    return max(days, key=lambda found: found[1], default=("", None))
