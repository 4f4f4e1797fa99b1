"""Blood tests that the infusion disturbs: until when, what to use instead, what to draw before it."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.course import TimelineEntry
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import LabInterference
from ivigil.verification import given
from ivigil.verification.composition import may_contain
from ivigil.verification.dates import Span, after, whole_day_after
from ivigil.verification.given import Given
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

KIND = "serology"
UNDISTURBED = frozenset({"not_affected", "not_expected"})
MAY_BE_DRAWN_LATER = 3
"""Priority of a sample that is drawn only if the question arises."""


def check(matter: Matter) -> Iterator[Objection]:
    """Samples to draw first, and each disturbed test against the entry that names it."""
    yield from _samples(matter)
    if not matter.plan.days:
        return
    listed = {
        entry.what: (f"timeline[{index}]", entry)
        for index, entry in enumerate(matter.plan.timeline)
        if entry.kind == KIND
    }
    doses, ongoing = tuple(given.doses(matter)), given.goes_on(matter)
    for reading in matter.knowledge.kept(_readings):
        last = _last(matter, reading.item, doses)
        if last is not None:
            yield from _test(reading, last, listed.get(reading.item.test), ongoing=ongoing)


def _test(
    reading: Reading, last: dt.date, listed: tuple[str, TimelineEntry] | None, *, ongoing: bool
) -> Iterator[Objection]:
    item, facts = reading.item, (reading.item.id,)
    if listed is None:
        yield Objection("serology_missing", "timeline", "nothing", item.test, facts)
        return
    where, entry = listed
    state = _state(reading, ongoing=ongoing)
    if entry.state != state:
        yield Objection("serology_state", f"{where}.state", entry.state, state, facts)
    if entry.instead != item.alternative:
        expected = item.alternative or "nothing"
        yield Objection("serology_instead", f"{where}.instead", entry.instead, expected, facts)
    told, clear = entry.until, _clear(reading, last)
    if clear is not None and (told is None or told < clear):
        seen = "no day" if told is None else str(told)
        yield Objection("serology_too_early", f"{where}.until", seen, f"not before {clear}", facts)
    elif told != clear:
        expected = str(clear or "no day: no fact gives one")
        yield Objection("serology_date", f"{where}.until", str(told), expected, facts)


def _samples(matter: Matter) -> Iterator[Objection]:
    """Blood that cannot be read after the first gram is drawn before it, unless this is not the first."""
    if not matter.plan.days or matter.case.get("immunoglobulin_naive") is False:
        return
    planned = {fact for item in matter.plan.tests for fact in item.facts}
    for sample in matter.knowledge.facts.baseline_sample:
        if sample.priority < MAY_BE_DRAWN_LATER and sample.id not in planned:
            yield Objection("sample_missing", "tests", "nothing", sample.what, (sample.id,))


def _last(matter: Matter, item: LabInterference, doses: tuple[Given, ...]) -> dt.date | None:
    """The day of the last dose that disturbs the test; None if none does."""
    return max((dose.date for dose in doses if _disturbs(matter, item, dose)), default=None)


def _disturbs(matter: Matter, item: LabInterference, dose: Given) -> bool:
    """A product that is not known may hold what disturbs."""
    if not item.stabilisers:
        return True
    product = matter.knowledge.products.get(dose.product)
    return product is None or may_contain(product, item.stabilisers, matter.knowledge)


# ---- until when


class Reading(msgspec.Struct, frozen=True):
    """One test, and every stretch of time after which a fact found or expects it clear."""

    item: LabInterference
    spans: tuple[Span, ...]
    promised: bool
    """Does its own fact say when it is clear again? A weak one may not."""


def _readings(knowledge: Knowledge) -> tuple[Reading, ...]:
    """Every test that an infusion may disturb."""
    rules = [rule for rule in knowledge.facts.lab_rule if rule.topic == "class_window"]
    classes = tuple(Span(rule.months, rule.weeks) for rule in rules)
    return tuple(
        _reading(item, classes)
        for item in knowledge.facts.lab_interference
        if item.weak or item.effect not in UNDISTURBED
    )


def _reading(item: LabInterference, classes: tuple[Span, ...]) -> Reading:
    own = Span(item.months, item.weeks, item.days)
    timed = own != Span()
    still = tuple(Span(found.months, found.weeks, found.days) for found in item.residuals if found.percent)
    spans = (*((own,) if timed else ()), *still, *(classes if item.passive_igg else ()))
    return Reading(item, spans, (timed or item.hours is not None) and not item.weak)


def _clear(reading: Reading, last: dt.date) -> dt.date | None:
    """The latest day that any fact names; None if none does, or a value only changed for an unknown time."""
    item = reading.item
    if item.effect == "true_change" and not reading.promised:
        return None
    hours = () if item.hours is None else (whole_day_after(last, item.hours),)
    return max((*(after(last, span) for span in reading.spans), *hours), default=None)


def _state(reading: Reading, *, ongoing: bool) -> str:
    item = reading.item
    if item.effect == "true_change":
        return "value_changed"
    if ongoing and item.on_therapy:
        return "not_while_on_therapy"
    return "until" if reading.promised else "not_quantified"
