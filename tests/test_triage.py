"""Triage: scenarios by what the sources say, and what holds for every report."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest
import textstat  # type: ignore[import-untyped]
from hypothesis import given
from hypothesis import strategies as st

from ivigil import load_knowledge
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Call, Triage, triage
from ivigil.knowledge.population import MONTHS_PER_YEAR
from ivigil.knowledge.reactions import URGENCIES, Urgency

FOLDER = Path(__file__).parent / "scenarios" / "triage"
KNOWLEDGE = load_knowledge()
NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)
SYMPTOMS = tuple(symptom.id for symptom in KNOWLEDGE.facts.symptom)
ASKED = tuple(symptom.id for symptom in KNOWLEDGE.facts.symptom if symptom.question)
LONG_INFUSION = dt.timedelta(hours=4)


class Said(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    present: tuple[str, ...] = ()


class Case(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    title: str
    source: tuple[str, ...]
    hours_after_end: Decimal | None = None
    age_years: int | None = None
    age_months: int | None = None
    condition: str = ""
    product: str = ""
    hazards: tuple[str, ...] | None = ()
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    asked_all: bool = True
    readings: dict[str, Decimal] = {}
    unmatched: tuple[str, ...] = ()
    earlier: tuple[Said, ...] = ()
    urgency: Urgency
    call: Call | None = None
    suspects: tuple[str, ...] = ()
    within: tuple[str, ...] = ()
    panels: tuple[str, ...] = ()
    asks: tuple[str, ...] = ()


def cases() -> list[Case]:
    found = []
    for path in sorted(FOLDER.glob("*.toml")):
        found += msgspec.convert(tomllib.loads(path.read_text(), parse_float=Decimal)["case"], list[Case])
    return found


def answer_to(case: Case) -> Triage:
    product = KNOWLEDGE.products.get(case.product)
    ended = None
    if case.hours_after_end is not None:
        ended = NOW - dt.timedelta(minutes=int(case.hours_after_end * 60))
    episode = Episode(
        started_at=ended and ended - LONG_INFUSION,
        ended_at=ended,
        age_months=case.age_months if case.age_years is None else case.age_years * MONTHS_PER_YEAR,
        condition=case.condition,
        product=case.product,
        stabilisers=KNOWLEDGE.stabilisers_of(product) if product else (),
        hazards=case.hazards,
    )
    others = tuple(name for name in ASKED if name not in case.present) if case.asked_all else ()
    if case.readings:  # the reading answers the question about what it measures
        others = tuple(name for name in others if name != "symptom.fever")
    report = SymptomReport(
        at=NOW,
        present=case.present,
        absent=(*case.absent, *others),
        readings=case.readings,
        unmatched=case.unmatched,
    )
    earlier = tuple(
        SymptomReport(at=NOW - dt.timedelta(hours=2), present=said.present, absent=ASKED)
        for said in case.earlier
    )
    return triage(report, episode, KNOWLEDGE, earlier=earlier)


@pytest.mark.parametrize("case", cases(), ids=lambda case: case.title)
def test_scenarios(case: Case) -> None:
    answer = answer_to(case)
    assert answer.urgency == case.urgency, [(c.code, c.urgency, c.facts, c.about) for c in answer.causes]
    assert case.call in (None, answer.call)
    found = {suspect.reaction: suspect for suspect in answer.suspects}
    assert set(case.suspects) <= set(found)
    assert all(found[name].timing == "within" for name in case.within)
    assert set(case.panels) <= set(answer.panels)
    assert set(case.asks) <= set(answer.ask)


def test_scenarios_name_sources_that_exist() -> None:
    for case in cases():
        assert case.source
        for name in case.source:
            assert name in KNOWLEDGE.sources or name.removeprefix("policy ") in KNOWLEDGE.policies, name


@pytest.mark.parametrize("what", ["question", "advice", "reason"])
def test_what_a_patient_reads_is_read_at_the_age_of_eleven(what: str) -> None:
    """Flesch-Kincaid grade (Kincaid 1975): grade 5 is an age of 10 to 11."""
    facts = (*KNOWLEDGE.facts.symptom, *KNOWLEDGE.facts.symptom_urgency)
    texts = dict.fromkeys(text for fact in facts if (text := str(getattr(fact, what, ""))))
    assert len(texts) > 20
    assert textstat.flesch_kincaid_grade(" ".join(f"{text.rstrip('.')}." for text in texts)) <= 5


# --- what holds for every report

names = st.lists(st.sampled_from(SYMPTOMS), max_size=4, unique=True).map(tuple)
asked = st.lists(st.sampled_from(ASKED), max_size=40, unique=True).map(tuple)
hazards = st.none() | st.lists(
    st.sampled_from([hazard.id for hazard in KNOWLEDGE.facts.hazard]), max_size=3
).map(tuple)


@st.composite
def episodes(draw: st.DrawFn) -> Episode:
    hours = draw(st.none() | st.integers(0, 1000))
    ended = None if hours is None else NOW - dt.timedelta(hours=hours)
    return Episode(
        started_at=draw(st.sampled_from([None, ended and ended - LONG_INFUSION])),
        ended_at=ended,
        age_months=draw(st.none() | st.integers(0, 1200)),
        condition=draw(st.sampled_from(["", "kawasaki_disease", "cidp"])),
        stabilisers=draw(st.sampled_from([None, (), ("maltose",), ("glycine",)])),
        hazards=draw(hazards),
    )


@st.composite
def reports(draw: st.DrawFn) -> SymptomReport:
    return SymptomReport(
        at=NOW,
        present=draw(names),
        absent=draw(asked),
        unmatched=draw(st.sampled_from([(), ("odd",)])),
        readings=draw(st.sampled_from([{}, {"measure.temperature_c": Decimal("38.1")}])),
    )


def rank(answer: Triage) -> int:
    return URGENCIES.index(answer.urgency)


@given(
    report=reports(),
    episode=episodes(),
    more=st.sampled_from(SYMPTOMS),
    earlier=st.lists(reports(), max_size=2),
)
def test_one_more_symptom_never_lowers_the_urgency(
    report: SymptomReport, episode: Episode, more: str, earlier: list[SymptomReport]
) -> None:
    worse = msgspec.structs.replace(report, present=(*report.present, more))
    assert rank(triage(worse, episode, KNOWLEDGE, earlier=earlier)) >= rank(
        triage(report, episode, KNOWLEDGE, earlier=earlier)
    )


@given(
    report=reports(), episode=episodes(), name=st.sampled_from(ASKED), earlier=st.lists(reports(), max_size=2)
)
def test_an_open_question_is_never_less_urgent_than_a_no(
    report: SymptomReport, episode: Episode, name: str, earlier: list[SymptomReport]
) -> None:
    still_open = msgspec.structs.replace(report, absent=tuple(n for n in report.absent if n != name))
    answered_no = msgspec.structs.replace(report, absent=(*still_open.absent, name))
    assert rank(triage(still_open, episode, KNOWLEDGE, earlier=earlier)) >= rank(
        triage(answered_no, episode, KNOWLEDGE, earlier=earlier)
    )


@given(
    report=reports(),
    episode=episodes(),
    field=st.sampled_from(["ended_at", "age_months", "condition", "stabilisers", "hazards"]),
)
def test_what_is_not_known_of_the_infusion_never_lowers_the_urgency(
    report: SymptomReport, episode: Episode, field: str
) -> None:
    unknown = {"condition": ""}.get(field)
    less_known = msgspec.structs.replace(episode, **{field: unknown})
    assert rank(triage(report, less_known, KNOWLEDGE)) >= rank(triage(report, episode, KNOWLEDGE))


@given(report=reports(), episode=episodes(), earlier=st.lists(reports(), max_size=3), more=reports())
def test_one_more_contact_never_lowers_the_urgency(
    report: SymptomReport, episode: Episode, earlier: list[SymptomReport], more: SymptomReport
) -> None:
    assert rank(triage(report, episode, KNOWLEDGE, earlier=[*earlier, more])) >= rank(
        triage(report, episode, KNOWLEDGE, earlier=earlier)
    )


@given(report=reports(), episode=episodes(), earlier=st.lists(reports(), max_size=2))
def test_waiting_rests_on_strong_evidence_for_every_symptom(
    report: SymptomReport, episode: Episode, earlier: list[SymptomReport]
) -> None:
    answer = triage(report, episode, KNOWLEDGE, earlier=earlier)
    if answer.urgency in ("self_care", "next_visit") and answer.picture.reported:
        permitting = {row.id for row in KNOWLEDGE.facts.symptom_urgency if KNOWLEDGE.permits(row)}
        held = {fact for cause in answer.causes for fact in cause.facts}
        assert held & permitting
        assert not answer.picture.unanswered


@given(report=reports(), episode=episodes())
def test_a_suspect_is_never_struck_out_by_time(report: SymptomReport, episode: Episode) -> None:
    timeless = msgspec.structs.replace(episode, started_at=None, ended_at=None)
    with_time = {suspect.reaction for suspect in triage(report, episode, KNOWLEDGE).suspects}
    rows = {row.id: row for row in KNOWLEDGE.facts.symptom_urgency}
    for suspect in triage(report, timeless, KNOWLEDGE).suspects:
        timed = any(rows[name].hours_after_end_min is not None for name in suspect.rows)
        assert timed or suspect.reaction in with_time


def test_serious_suspects_come_first() -> None:
    answer = answer_to(next(case for case in cases() if case.title.startswith("Fever the day after")))
    severities = [suspect.severity == "serious" for suspect in answer.suspects]
    assert severities == sorted(severities, reverse=True)
