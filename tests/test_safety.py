"""Unknown is never safe and never bolder; more risk never loosens; weak evidence never permits."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.course import Plan, to_json
from ivigil.knowledge.store import all_facts
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.planning.case import patient_case
from ivigil.verification import verify
from tests.support.boldness import bolder
from tests.support.orders import adult, child, knowledge, last, order, screened

FLAGS = [t.id for t in knowledge().facts.term if t.scope == "screening"]
BASES: dict[str, Order] = {
    "Kawasaki, Privigen": order("kawasaki_disease", child(), product="privigen-us"),
    "dermatomyositis, Octagam 10 %": order("dermatomyositis_adult", adult(), product="octagam-10-us"),
    "CIDP, Panzyga": order("cidp", adult("82"), product="panzyga-us"),
    "PID, Gammagard Liquid, experienced": order(
        "primary_immunodeficiency",
        adult("64"),
        product="gammagard-liquid-us",
        experience="experienced",
        last_immunoglobulin=last("gammagard-liquid-us", infusions=20),
    ),
    "ITP, Gamunex-C, 68 years": order("itp_adult", adult("90", age=68), product="gamunex-c-us"),
    "Guillain-Barre, any product": order("guillain_barre", adult("75")),
}

HELD = [name for name in BASES if BASES[name].product is not None]
"""Bases whose product is held fixed: another product has other rates, so boldness is compared within one."""


def answered(base: Order, flag: str, answer: bool | None) -> Order:
    """The order with one answer, everything else asked and absent."""
    others = tuple(name for name in FLAGS if name != flag)
    present = (flag,) if answer is True else ()
    absent = (*others, flag) if answer is False else others
    return replace(base, patient=screened(base.patient, present=present, absent=absent, complete=False))


def settled(base: Order, flag: str) -> object:
    """What the vocabulary makes of a flag that nobody answered: False where it cannot be."""
    return patient_case(answered(base, flag, None), knowledge()).get(flag)


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", HELD)
def test_an_unanswered_flag_is_never_bolder_than_either_answer(name: str, flag: str) -> None:
    base = BASES[name]
    unknown = plan(answered(base, flag, None), knowledge())
    for answer in (True, False):
        if settled(base, flag) is (not answer):
            continue  # cannot be: a first infusion has no reaction before it
        known = plan(answered(base, flag, answer), knowledge())
        assert bolder(unknown, than=known) == [], answer


@pytest.mark.parametrize("flag", FLAGS)
@pytest.mark.parametrize("name", HELD)
def test_more_risk_never_makes_a_plan_bolder(name: str, flag: str) -> None:
    base = BASES[name]
    if settled(base, flag) is False:
        pytest.skip("cannot be true of this patient")
    risky = plan(answered(base, flag, True), knowledge())
    assert bolder(risky, than=plan(answered(base, flag, False), knowledge())) == []


def weight_and_flags() -> st.SearchStrategy[tuple[str, Decimal, frozenset[str]]]:
    return st.tuples(
        st.sampled_from(sorted(BASES)),
        st.decimals("3", "180", places=1),
        st.frozensets(st.sampled_from(FLAGS), max_size=6),
    )


def orders() -> st.SearchStrategy[Order]:
    """Varied orders: base, weight, what is present, what is left unanswered."""

    def build(drawn: tuple[str, Decimal, frozenset[str]], complete: bool) -> Order:
        name, weight, present = drawn
        patient = replace(BASES[name].patient, weight_kg=weight)
        return replace(
            BASES[name], patient=screened(patient, present=tuple(sorted(present)), complete=complete)
        )

    return st.builds(build, weight_and_flags(), st.booleans())


@settings(max_examples=150, deadline=None)
@given(orders())
def test_vials_steps_and_volumes_add_up(drawn: Order) -> None:
    made = plan(drawn, knowledge())
    for day in made.days:
        assert sum((v.grams * v.count for v in day.vials), -day.discard_g) == day.grams
        assert sum(step.volume_ml for step in day.steps) == day.volume_ml
        assert sum(step.minutes for step in day.steps) == day.duration_min
        assert all(0 < step.rate_ml_per_h <= step.limit_ml_per_h for step in day.steps)
    if made.days and made.dose is not None:
        assert sum(day.grams for day in made.days) <= made.dose.grams
        assert made.dose.dosing_weight_kg <= drawn.patient.weight_kg


@settings(max_examples=60, deadline=None)
@given(orders())
def test_the_same_order_gives_the_same_bytes(drawn: Order) -> None:
    assert to_json(plan(drawn, knowledge())) == to_json(plan(drawn, knowledge()))


@settings(max_examples=100, deadline=None)
@given(orders(), st.sampled_from(FLAGS))
def test_forgetting_an_answer_never_removes_a_finding(drawn: Order, forgotten: str) -> None:
    """All flags answered, then one answer lost: every finding that was there stays."""
    present = drawn.patient.screening.present
    assume(settled(drawn, forgotten) is not False or forgotten not in present)  # an answer that cannot be
    case = patient_case(drawn, knowledge())
    absent = tuple(f for f in FLAGS if case.get(f) is not True)  # sepsis with "no infection" is no answer
    full = replace(drawn, patient=screened(drawn.patient, present=present, absent=absent, complete=False))
    less = replace(
        drawn,
        patient=screened(
            drawn.patient,
            present=tuple(f for f in present if f != forgotten),
            absent=tuple(f for f in absent if f != forgotten),
            complete=False,
        ),
    )
    assert _found(plan(full, knowledge())) <= _found(plan(less, knowledge()))


def _found(made: Plan) -> set[str]:
    return {finding.id for finding in made.findings}


@settings(max_examples=80, deadline=None)
@given(orders())
def test_a_blocked_plan_carries_nothing_to_give(drawn: Order) -> None:
    made = plan(drawn, knowledge())
    if made.status == "blocked":
        assert made.product is None
        assert made.days == ()
        assert made.premedication == ()
        assert made.blocked


@settings(max_examples=80, deadline=None)
@given(orders())
def test_every_fact_that_ruled_is_cited(drawn: Order) -> None:
    made = plan(drawn, knowledge())
    ids = {fact.id for fact in all_facts(knowledge().facts)}
    for decision in (made.regimen, made.dose, made.product, made.course, made.rates):
        if decision is not None:
            assert set(decision.facts) <= ids
            assert set(decision.facts) <= set(made.sources)


@settings(max_examples=80, deadline=None)
@given(orders())
def test_weak_evidence_sets_no_dose_and_no_rate(drawn: Order) -> None:
    made = plan(drawn, knowledge())
    if made.regimen is not None:
        assert not knowledge().by_id[made.regimen.id].weak
    if made.rates is not None:
        assert not knowledge().by_id[made.rates.schedule].weak


PLACES = ("US", "EU", "UK", "AU", "CA", "CA-ON", "JP")
CONDITIONS = [c.id for c in knowledge().facts.condition if not c.do_not_use]
EARLIER = [None, *(p.id for p in knowledge().facts.product if p.route == "IV")]


def anywhere() -> st.SearchStrategy[Order]:
    """Any condition, place, age, weight, answers, history, pump and number of days."""

    def build(
        where: tuple[str, str],
        body: tuple[Decimal, int, int],
        present: frozenset[str],
        history: tuple[str | None, int] | None,
        fields: tuple[Decimal | None, int | None, bool],
    ) -> Order:
        (condition, place), (weight, age, height) = where, body
        pump, days, complete = fields
        patient = screened(
            adult(str(weight), age=age, height_cm=str(height)),
            present=tuple(sorted(present)),
            complete=complete,
        )
        past = (
            {}
            if history is None
            else {
                "experience": "experienced",
                "last_immunoglobulin": last(history[0], infusions=history[1]),
            }
        )
        return order(condition, patient, jurisdiction=place, pump_step_ml_per_h=pump, days=days, **past)

    return st.builds(
        build,
        st.tuples(st.sampled_from(CONDITIONS), st.sampled_from(PLACES)),
        st.tuples(st.decimals("2", "150", places=1), st.integers(0, 90), st.integers(50, 195)),
        st.frozensets(st.sampled_from(FLAGS), max_size=4),
        st.none() | st.tuples(st.sampled_from(EARLIER), st.integers(0, 30)),
        st.tuples(
            st.none() | st.sampled_from([Decimal("0.1"), Decimal("0.5"), Decimal(5)]),
            st.none() | st.integers(1, 5),
            st.booleans(),
        ),
    )


@settings(max_examples=250, deadline=None)
@given(anywhere())
def test_the_independent_check_accepts_every_plan(drawn: Order) -> None:
    made = plan(drawn, knowledge())
    assert verify(made, drawn, knowledge()).objections == ()
