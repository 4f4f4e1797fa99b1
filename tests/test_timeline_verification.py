"""The second opinion on vaccines and blood tests: sound timelines pass, each slip is objected to."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache

import pytest
from msgspec.structs import replace

from ivigil.course import Plan, TimelineEntry
from ivigil.knowledge.store import Knowledge
from ivigil.planning import plan
from ivigil.verification import Objection, dates, verify
from ivigil.verification.dates import Span
from tests.support.orders import adult, child, knowledge, last, order
from tests.support.verification_plans import with_fact

DAY = dt.timedelta(days=1)
MMR = "measles, mumps and rubella (MMR)"
KAWASAKI_ROW = "vaccine-interval.us.igiv-kawasaki"

ORDERS = {
    "once": order("kawasaki_disease", child(), product="gammagard-liquid-us"),
    "ongoing": order("cidp", adult(), product="gammagard-liquid-us", interval_days=21),
    "summed": order(
        "guillain_barre",
        adult(),
        product="gammagard-liquid-us",
        experience="experienced",
        last_immunoglobulin=last("octagam-10-us", date=dt.date(2026, 11, 19), grams=Decimal(140)),
    ),
    "under the skin": order(
        "primary_immunodeficiency",
        adult(),
        route="SC",
        experience="experienced",
        product="hizentra-20-us",
        last_immunoglobulin=last("privigen-us", date=dt.date(2026, 11, 16), interval_days=28),
    ),
}


@cache
def sound(name: str) -> Plan:
    return plan(ORDERS[name], knowledge())


def objections(made: Plan, known: Knowledge | None = None) -> list[Objection]:
    return list(verify(made, made.order, known or knowledge()).objections)


def named(made: Plan, what: str) -> int:
    return next(index for index, entry in enumerate(made.timeline) if entry.what == what)


def spoilt(made: Plan, index: int, **fields: object) -> Plan:
    timeline = list(made.timeline)
    timeline[index] = replace(timeline[index], **fields)
    return replace(made, timeline=tuple(timeline))


def without(made: Plan, index: int) -> Plan:
    return replace(made, timeline=(*made.timeline[:index], *made.timeline[index + 1 :]))


def entries(kind: str) -> list[tuple[str, int]]:
    return [
        (name, index)
        for name in ORDERS
        for index, entry in enumerate(sound(name).timeline)
        if entry.kind == kind
    ]


def told(entry: TimelineEntry) -> dict[str, dt.date]:
    """The days that an entry shows."""
    days = {"date": entry.date, "until": entry.until}
    return {name: day for name, day in days.items() if day is not None}


UNDATED = [(name, i) for name, i in entries("vaccine") if not told(sound(name).timeline[i])]


def found(made: Plan, code: str, place: str) -> bool:
    return any(o.code == code and o.where == place for o in objections(made))


@pytest.mark.parametrize("name", ORDERS)
def test_a_sound_timeline_passes(name: str) -> None:
    assert objections(sound(name)) == []
    assert sum(entry.kind == "vaccine" for entry in sound(name).timeline) > 20


def test_eleven_months_after_kawasaki_disease() -> None:
    """ACIP: 2 g/kg on 23 November 2026, measles vaccine from 23 October 2027."""
    made = sound("once")
    index = named(made, MMR)
    assert made.timeline[index].date == dt.date(2027, 10, 23)
    assert found(
        spoilt(made, index, date=dt.date(2027, 10, 22)), "vaccine_too_early", f"timeline[{index}].date"
    )


@pytest.mark.parametrize(("name", "index"), entries("vaccine"))
def test_no_day_of_a_vaccine_is_a_day_earlier_or_missing(name: str, index: int) -> None:
    made, where = sound(name), f"timeline[{index}]"
    for field, day in told(made.timeline[index]).items():
        for value in (day - DAY, None):
            assert found(spoilt(made, index, **{field: value}), "vaccine_too_early", f"{where}.{field}")
        assert found(spoilt(made, index, **{field: day + DAY}), "vaccine_date", f"{where}.{field}")


@pytest.mark.parametrize(("name", "index"), entries("vaccine"))
def test_no_vaccine_is_left_out(name: str, index: int) -> None:
    made = sound(name)
    missing = [o for o in objections(without(made, index)) if o.code == "vaccine_missing"]
    assert [made.timeline[index].what in o.expected for o in missing] == [True]


@pytest.mark.parametrize(("name", "index"), entries("vaccine"))
def test_no_other_answer_passes_for_a_vaccine(name: str, index: int) -> None:
    made = sound(name)
    answers = {
        "wait_until",
        "not_while_on_therapy",
        "no_interval_needed",
        "not_stated",
        "may_respond_poorly",
        "allowed",
    }
    for state in answers - {made.timeline[index].state}:
        assert found(spoilt(made, index, state=state), "vaccine_state", f"timeline[{index}].state")


@pytest.mark.parametrize(("name", "index"), UNDATED)
def test_no_interval_and_silence_are_no_permission(name: str, index: int) -> None:
    made = sound(name)
    for field in ("date", "until"):
        spoilt_plan = spoilt(made, index, **{field: dt.date(2027, 1, 1)})
        assert found(spoilt_plan, "vaccine_date", f"timeline[{index}].{field}")


def test_a_second_day_is_objected_to() -> None:
    once, ongoing = sound("once"), sound("ongoing")
    index = named(once, MMR)
    assert found(spoilt(once, index, until=dt.date(2027, 1, 1)), "vaccine_date", f"timeline[{index}].until")
    index = named(ongoing, MMR)
    assert found(spoilt(ongoing, index, date=dt.date(2027, 1, 1)), "vaccine_date", f"timeline[{index}].date")


def test_a_vaccine_that_is_none_is_objected_to() -> None:
    made = sound("once")
    index = named(made, MMR)
    assert found(spoilt(made, index, what="MMR"), "vaccine_unknown", f"timeline[{index}].what")


ROWS: tuple[tuple[str, dict[str, object], bool], ...] = (
    ("a month longer", {"months": 12}, True),
    ("a month longer, superseded", {"months": 12, "superseded": True}, False),
    ("a month longer, seen done", {"months": 12, "practice": True}, False),
    ("a month longer, not seen", {"months": 12, "seen": False}, True),
    ("a month longer, to consider", {"months": 12, "kind": "caution"}, True),
    ("a month longer, under the skin", {"months": 12, "routes": ("SC",)}, False),
    ("a month longer, for other vaccines", {"months": 12, "covers": ("yellow_fever",)}, False),
    ("a month longer, before the infusion", {"months": 12, "direction": "before_antibodies"}, False),
    ("a month longer, from 3 g/kg", {"months": 12, "g_per_kg_min": Decimal(3), "g_per_kg_max": None}, False),
    ("a month longer, up to 1 g/kg", {"months": 12, "g_per_kg_min": None, "g_per_kg_max": Decimal(1)}, True),
    (
        "a month longer, the only one of its amount, for another disease",
        {"months": 12, "conditions": ("cidp",)},
        True,
    ),
    ("a month longer, elsewhere", {"months": 12, "jurisdictions": ("EU",)}, False),
    ("a month longer, of another product", {"months": 12, "products": ("antibody-product.rhig",)}, False),
)


@pytest.mark.parametrize(("fields", "later"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_a_row_binds_unless_something_known_rules_it_out(fields: dict[str, object], later: bool) -> None:
    """The plan stays, the row for Kawasaki disease is changed. A larger dose never waits less."""
    known = with_fact(knowledge(), KAWASAKI_ROW, **fields)
    where = f"timeline[{named(sound('once'), MMR)}].date"
    early = [o for o in objections(sound("once"), known) if o.code == "vaccine_too_early"]
    assert (where in [o.where for o in early]) is later


# ---- blood tests


@pytest.mark.parametrize(("name", "index"), entries("serology"))
def test_no_test_is_read_a_day_earlier(name: str, index: int) -> None:
    made, where = sound(name), f"timeline[{index}].until"
    until = made.timeline[index].until
    if until is None:
        assert found(spoilt(made, index, until=dt.date(2027, 1, 1)), "serology_date", where)
        return
    for value in (until - DAY, None):
        assert found(spoilt(made, index, until=value), "serology_too_early", where)
    assert found(spoilt(made, index, until=until + DAY), "serology_date", where)


@pytest.mark.parametrize(("name", "index"), entries("serology"))
def test_no_test_is_left_out_or_told_otherwise(name: str, index: int) -> None:
    made, where = sound(name), f"timeline[{index}]"
    missing = [o.expected for o in objections(without(made, index)) if o.code == "serology_missing"]
    assert missing == [made.timeline[index].what]
    state = "until" if made.timeline[index].state != "until" else "not_quantified"
    assert found(spoilt(made, index, state=state), "serology_state", f"{where}.state")
    assert found(spoilt(made, index, instead="a tea leaf"), "serology_instead", f"{where}.instead")


METER = "lab.glucose-meter"
STABILISERS: tuple[tuple[str, dict[str, object], bool], ...] = (
    ("read", {}, False),
    ("not read", {"seen": False}, True),
    ("from a digest", {"basis": "digest"}, True),
    ("maltose", {"text": "maltose"}, True),
    ("maltose, not read", {"text": "maltose", "seen": False}, True),
)


@pytest.mark.parametrize(("fields", "warned"), [s[1:] for s in STABILISERS], ids=[s[0] for s in STABILISERS])
def test_only_a_stabiliser_that_was_read_lifts_the_warning_of_the_meter(
    fields: dict[str, object], warned: bool
) -> None:
    stabiliser = knowledge().products["privigen-us"].properties_named("stabiliser")[0]
    wanted = order("cidp", adult(), product="privigen-us")
    known = with_fact(
        with_fact(knowledge(), stabiliser.id, **fields),
        "privigen-us.property.sugar-g-per-g-protein",
        seen=False,
    )
    missing = [o for o in objections(plan(wanted, knowledge()), known) if o.code == "serology_missing"]
    assert [o.facts for o in missing] == ([(METER,)] if warned else [])


def test_blood_is_drawn_before_the_first_gram() -> None:
    made = sound("once")
    for index, item in enumerate(made.tests):
        if item.kind == "baseline_sample":
            fewer = replace(made, tests=(*made.tests[:index], *made.tests[index + 1 :]))
            missing = [o for o in objections(fewer) if o.code == "sample_missing"]
            assert [o.facts for o in missing] == [item.facts]
    assert sum(item.kind == "baseline_sample" for item in made.tests) > 5


# ---- the calendar


@pytest.mark.parametrize(
    ("start", "span", "day"),
    [
        (dt.date(2027, 1, 31), Span(months=1), dt.date(2027, 3, 1)),
        (dt.date(2027, 3, 31), Span(months=6), dt.date(2027, 10, 1)),
        (dt.date(2028, 1, 29), Span(months=1), dt.date(2028, 2, 29)),
        (dt.date(2026, 12, 5), Span(months=11), dt.date(2027, 11, 5)),
        (dt.date(2026, 11, 23), Span(weeks=6), dt.date(2027, 1, 4)),
        (dt.date(2026, 11, 23), Span(days=8), dt.date(2026, 12, 1)),
        (dt.date(2026, 11, 23), Span(), dt.date(2026, 11, 23)),
    ],
)
def test_a_day_that_does_not_exist_is_the_first_of_the_next_month(
    start: dt.date, span: Span, day: dt.date
) -> None:
    """CDC's CDSi logic specification, CALCDT-5."""
    assert dates.after(start, span) == day


@pytest.mark.parametrize(("hours", "days"), [(1, 2), (24, 2), (25, 3), (48, 3)])
def test_a_clear_day_lies_wholly_after_the_hours(hours: int, days: int) -> None:
    """The hour of the infusion is not known: the count begins when its day has ended."""
    assert dates.whole_day_after(dt.date(2026, 11, 23), hours) == dt.date(2026, 11, 23) + days * DAY
