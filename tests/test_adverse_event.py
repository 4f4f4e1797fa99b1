"""Adverse event reports: what the fields must hold, by scenario files, and what is true of every report."""

from __future__ import annotations

import datetime as dt
from typing import Any, get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.adverse_case import Case, Drug, Lot, Reaction
from ivigil.aftercare.adverse_event import STANDARDS, Kind, Report, Said, groups, name, report
from ivigil.aftercare.report_export import export, fingerprint
from ivigil.knowledge.store import all_facts
from ivigil.sheets import adverse_event as words
from tests.support.orders import knowledge
from tests.support.reports import read_all, wrong

SCENARIOS = read_all()
FACTS = {fact.id for fact in all_facts(knowledge().facts)}
FIELDS = knowledge().facts.report_field
COMPLETE = {key: each for key, each in SCENARIOS.items() if each.missing == [] and not each.flaws}


@pytest.mark.parametrize("key", SCENARIOS)
def test_scenario(key: str) -> None:
    found = wrong(SCENARIOS[key])
    assert not found, "\n".join([SCENARIOS[key].title, *found])


@pytest.mark.parametrize("key", SCENARIOS)
def test_sources_are_named_and_known(key: str) -> None:
    """A word without a space is the id of a source or of a fact."""
    ids = [source for source in SCENARIOS[key].source if " " not in source]
    assert [source for source in ids if source not in knowledge().sources and source not in FACTS] == []


def test_both_standards_have_a_complete_report() -> None:
    assert {each.standard for each in COMPLETE.values()} == set(STANDARDS)
    assert all(each.report.is_complete for each in COMPLETE.values())


@pytest.mark.parametrize("key", COMPLETE)
def test_a_report_without_one_of_its_answers_is_never_complete(key: str) -> None:
    """Each answer of the reporter, and each value of the record, taken away in turn."""
    scenario = COMPLETE[key]
    case, said = scenario.case, scenario.said
    for code in said:
        rest = {other: each for other, each in said.items() if other != code}
        made = report(scenario.standard, case, rest, FIELDS)
        assert not made.is_complete, code
        assert code.partition("[")[0] in {answer.code for answer in made.missing}
    for poorer in poorer_cases(case):
        assert not report(scenario.standard, poorer, said, FIELDS).is_complete, poorer


def poorer_cases(case: Case) -> list[Case]:
    """The case with one thing less that both standards ask for."""
    drug, reaction = case.drugs[0], case.reactions[0]
    lot = replace(drug.lots[0], lot="")
    return [
        replace(case, age_months=None),
        replace(case, sex=None),
        replace(case, weight_kg=None),
        replace(case, history=""),
        replace(case, narrative=""),
        replace(case, drugs=(replace(drug, name=""), *case.drugs[1:])),
        replace(case, drugs=(replace(drug, indication=""), *case.drugs[1:])),
        replace(case, drugs=(replace(drug, lots=(lot, *drug.lots[1:])), *case.drugs[1:])),
        replace(case, reactions=(replace(reaction, started_at=None),)),
        replace(case, vials=()),
        replace(case, rates=()),
        replace(case, ended_at=None),
    ]


@pytest.mark.parametrize("standard", STANDARDS)
def test_silence_is_missing_and_never_unknown(standard: str) -> None:
    made = report(standard, Case(report_date=dt.date(2026, 12, 1)), {}, FIELDS)
    assert {answer.state for answer in made.answers} == {"answered", "missing"}
    filled = {answer.code for answer in made.answers if answer.state == "answered"}
    assert filled <= {"B1", "B4", "C.1.5", "C.2.r.5", "G.k.1"}


@pytest.mark.parametrize("standard", STANDARDS)
def test_every_field_of_the_fact_base_is_asked(standard: str) -> None:
    made = report(standard, Case(report_date=dt.date(2026, 12, 1)), {}, FIELDS)
    required = {field.code for field in FIELDS if field.standard == standard}
    assert {answer.code for answer in made.answers} == required


@pytest.mark.parametrize("standard", STANDARDS)
def test_a_filler_fills_no_field_that_the_fact_base_does_not_have(standard: str) -> None:
    codes = {field.code for field in FIELDS if field.standard == standard}
    assert {each.code for each in STANDARDS[standard].filled(Case(report_date=dt.date(2026, 12, 1)))} <= codes


TEXT = st.text(max_size=60)
LONG = st.text(min_size=1, max_size=300)
DAY = st.dates(dt.date(2020, 1, 1), dt.date(2030, 1, 1))
INSTANT = st.none() | st.datetimes(
    dt.datetime(2020, 1, 1), dt.datetime(2030, 1, 1), timezones=st.just(dt.UTC)
)
LOT = st.builds(
    Lot,
    lot=TEXT,
    expiry=st.none() | DAY,
    package_code=TEXT,
    dosage=LONG,
    started_at=INSTANT,
    ended_at=INSTANT,
)
DRUG = st.builds(
    Drug,
    role=st.sampled_from(["suspect", "concomitant"]),
    name=LONG,
    strength=TEXT,
    manufacturer=TEXT,
    substance=TEXT,
    route=TEXT,
    route_term=TEXT,
    indication=LONG,
    withdrawn=st.booleans(),
    lots=st.lists(LOT, max_size=3).map(tuple),
)
REACTION = st.builds(
    Reaction,
    reported=LONG,
    meddra_version=st.sampled_from(["", "28.0", "27.1"]),
    meddra_llt=TEXT,
    grade=st.none() | st.integers(1, 5),
    started_at=INSTANT,
    ended_at=INSTANT,
)
CASE = st.builds(
    Case,
    infusion=TEXT,
    report_date=DAY,
    age_months=st.none() | st.integers(0, 1400),
    sex=st.sampled_from([None, "male", "female"]),
    weight_kg=st.none() | st.decimals(1, 300, places=2),
    history=LONG,
    tests=LONG,
    narrative=LONG,
    concomitants=TEXT,
    organisation=LONG,
    language=TEXT,
    reactions=st.lists(REACTION, max_size=3).map(tuple),
    drugs=st.lists(DRUG, max_size=3).map(tuple),
)
CODES = [field.code for field in FIELDS] + ["Z.1", "E.i.7[1]", "E.i.7[9]", "G.k.4.r.7[1.1]", "[", "D6[x]"]
SAID = st.dictionaries(
    st.sampled_from(CODES),
    st.builds(Said, LONG | st.sampled_from(["1", "yes", "no", "2026-12-01", "unknown", "34 a"]))
    | st.builds(Said, state=st.sampled_from(["unknown", "masked"])),
    max_size=8,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted(STANDARDS)), CASE, SAID)
def test_whatever_is_said_no_field_is_longer_or_other_than_allowed(
    standard: str, case: Case, said: dict[str, Said]
) -> None:
    fields = {field.id: field for field in FIELDS}
    made = report(standard, case, said, FIELDS)
    for answer in made.answers:
        field = fields[answer.field]
        if answer.state == "answered" and field.max_length is not None:
            assert len(answer.value) <= field.max_length, answer
        if answer.state == "answered" and field.allowed:
            codes = {option.split(" ")[0] for option in field.allowed}
            assert set(answer.value.split("; ")) <= codes
        assert (answer.state == "missing") == (not answer.value) or answer.code == "lot_trace"
        assert answer.state not in ("unknown", "masked") or answer.origin == "reporter"
    assert made.is_complete == (not made.missing and not made.flaws)
    assert report(standard, case, said, FIELDS) == made


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(sorted(STANDARDS)), CASE, SAID)
def test_the_export_holds_every_answer_at_its_place(standard: str, case: Case, said: dict[str, Said]) -> None:
    made = report(standard, case, said, FIELDS)
    exported = export(made)
    assert exported.complete == made.is_complete
    assert set(exported.missing) == {name(answer.code, answer.place) for answer in made.missing}
    for answer in made.answers:
        value = at_place(exported.content, made, answer.code, answer.place)
        if answer.state == "answered" and answer.code != "lot_trace":
            assert value in (answer.value, {"nullFlavor": answer.value})
        if answer.state == "missing":
            assert value is None
    assert len(fingerprint(made)) == 64


def at_place(content: dict[str, Any], made: Report, code: str, place: tuple[int, ...]) -> Any:
    """Down the groups to the element; None if it is not there."""
    at: Any = content
    for group, number in zip(groups(made.standard, code), place, strict=False):
        members = at.get(group, [])
        at = members[number - 1] if number <= len(members) else {}
    return at.get(code)


def test_two_meddra_versions_do_not_stand_in_one_report() -> None:
    reactions = tuple(Reaction(reported="x", meddra_version=version) for version in ("28.0", "27.1"))
    made = report("ICH E2B(R3)", Case(report_date=dt.date(2026, 12, 1), reactions=reactions), {}, FIELDS)
    assert [flaw.kind for flaw in made.flaws] == ["versions_differ"]


def test_what_the_reporter_says_instead_of_the_record_is_shown_beside_it() -> None:
    case = Case(report_date=dt.date(2026, 12, 1), sex="female")
    made = report("FDA 3500", case, {"A3": Said("male")}, FIELDS)
    sex = next(answer for answer in made.answers if answer.code == "A3")
    assert (sex.value, sex.instead_of, sex.origin) == ("male", "female", "reporter")


def test_every_flaw_has_words() -> None:
    assert set(words._FLAW) == set(get_args(Kind))
