"""Two people and three signatures before a plan may be started, and what takes that back."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from ivigil.course import Blocked, Finding, Plan, ProductExcluded, SignOff
from ivigil.planning import plan as make_plan
from ivigil.records import Journal, Record
from ivigil.records.authorisation import (
    Refusal,
    changes,
    may_prescribe,
    may_release,
    may_start,
    may_verify,
    standings,
)
from ivigil.records.bodies import PlanMade, Prescribed, Released, Reopened, Superseded, Verified
from tests.support.journals import NOON, PATIENT, draft
from tests.support.orders import START, adult, knowledge, order

TODAY = START.date()


@cache
def plan(weight_kg: str = "70") -> Plan:
    made = make_plan(order("dermatomyositis_adult", adult(weight_kg)), knowledge())
    assert made.status == "ready"
    return made


def stream(*happened: tuple[msgspec.Struct, str] | tuple[msgspec.Struct, str, str]) -> list[Record]:
    """Events of one plan: body and author (and on whose behalf)."""
    return [
        Record(
            id=f"event-{position}",
            stream="0" * 32,
            kind=str(body.__struct_config__.tag),
            occurred_at=NOON,
            author=author,
            on_behalf_of="".join(behalf),
            site="demo-clinic",
            subject=plan().id,
            position=position,
            version=position,
            schema=1,
            received_at=NOON,
            hash="",
            body=body,
        )
        for position, (body, author, *behalf) in enumerate(happened, 1)
    ]


MADE = (PlanMade(plan=plan()), "dr.demo")
PRESCRIBED = (Prescribed(), "dr.demo")
VERIFIED = (Verified(), "pharmacist.demo")
RELEASED = (Released(), "pharmacist.demo")
ALL = (MADE, PRESCRIBED, VERIFIED, RELEASED)


def standing(*happened: Any) -> Any:
    return standings(stream(*happened))[plan().id]


def test_a_plan_that_was_prescribed_verified_and_released_may_start() -> None:
    released = standing(*ALL)
    assert released.step == "released"
    assert [signature.persons for signature in released.signatures] == [
        ("dr.demo",),
        ("pharmacist.demo",),
        ("pharmacist.demo",),
    ]
    assert may_start(released, TODAY, plan()) == ()


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_without_any_one_signature_it_may_not(missing: int) -> None:
    happened = [event for place, event in enumerate(ALL) if place != missing]
    refused = may_start(standing(*happened), TODAY, plan())
    assert [refusal.code for refusal in refused] == ["unreleased"]


@pytest.mark.parametrize(
    "verifier",
    [
        ("dr.demo",),
        ("Dr.Demo",),
        (" DR.DEMO",),
        ("dr .demo",),
        ("pharmacist.demo", "dr.demo"),
        ("dr.demo", "pharmacist.demo"),
    ],
)
def test_nobody_verifies_what_they_prescribed(verifier: tuple[str, ...]) -> None:
    prescribed = standing(MADE, PRESCRIBED)
    assert [refusal.code for refusal in may_verify(prescribed, verifier)] == ["same_person"]
    slipped_in = standing(MADE, PRESCRIBED, (Verified(), *verifier), RELEASED)
    assert slipped_in.step == "prescribed", "and a verification that was recorded anyway counts for nothing"


def test_nobody_verifies_what_was_prescribed_on_their_behalf() -> None:
    prescribed = standing(MADE, (Prescribed(), "nurse.demo", "dr.demo"))
    assert may_verify(prescribed, ("dr.demo",)) == (Refusal("same_person", "dr.demo"),)
    assert may_verify(prescribed, ("nurse.demo",)) == (Refusal("same_person", "nurse.demo"),)
    assert may_verify(prescribed, ("pharmacist.demo",)) == ()


def test_signatures_have_their_turn() -> None:
    made, prescribed, verified = standing(*ALL[:1]), standing(*ALL[:2]), standing(*ALL[:3])
    assert (may_prescribe(made), may_verify(prescribed, ["x"]), may_release(verified)) == ((), (), ())
    for refused in (may_verify(made, ["x"]), may_release(prescribed), may_prescribe(verified)):
        assert [refusal.code for refusal in refused] == ["out_of_turn"]


def test_reopening_voids_every_signature_and_it_can_be_signed_again() -> None:
    reopened = standing(*ALL, (Reopened(reason="highest rate"), "system"))
    assert (reopened.step, reopened.signatures, reopened.because) == ("reopened", (), "highest rate")
    assert [refusal.code for refusal in may_start(reopened, TODAY, plan())] == ["unreleased"]
    again = standing(*ALL, (Reopened(reason="asked"), "dr.demo"), PRESCRIBED, VERIFIED, RELEASED)
    assert may_start(again, TODAY, plan()) == ()


def test_a_superseded_plan_is_over() -> None:
    over = standing(*ALL, (Superseded(by="plan-2"), "dr.demo"), (Reopened(reason="x"), "dr.demo"), PRESCRIBED)
    assert may_start(over, TODAY, plan()) == (Refusal("superseded", "plan-2"),)
    assert [refusal.code for refusal in may_prescribe(over)] == ["out_of_turn"]


def test_prescribing_a_plan_that_replaces_another_ends_the_other() -> None:
    new = replace(plan(), id="plan-2", supersedes=plan().id)
    made, prescribed = (
        replace(event, subject="plan-2") for event in stream((PlanMade(plan=new), "dr.demo"), PRESCRIBED)
    )
    found = standings([*stream(*ALL), made])
    assert may_start(found[plan().id], TODAY, plan()) == (), "a draft replaces nothing"
    found = standings([*stream(*ALL), made, prescribed])
    assert may_start(found[plan().id], TODAY, plan()) == (Refusal("superseded", "plan-2"),)
    assert found["plan-2"].step == "prescribed"


def test_the_last_valid_day_counts_and_the_next_does_not() -> None:
    last = plan().valid_until
    assert last is not None
    assert may_start(standing(*ALL), last, plan()) == ()
    (refused,) = may_start(standing(*ALL), last + dt.timedelta(days=1), plan())
    assert refused.code == "expired"


def test_another_weight_is_another_plan() -> None:
    refused = may_start(standing(*ALL), TODAY, plan("64"))
    assert Refusal("inputs_changed", "order") in refused


def test_the_same_plan_made_again_keeps_its_signatures_and_another_content_has_none() -> None:
    assert standing(*ALL, MADE).step == "released"
    other = replace(plan(), days=plan().days[:1])
    assert standing(*ALL, (PlanMade(plan=other), "dr.demo")).step == "made"


@pytest.mark.parametrize(
    ("status", "code"),
    [("blocked", "blocked"), ("needs_answers", "unanswered"), ("needs_sign_off", "sign_off_missing")],
)
def test_a_plan_that_is_not_ready_is_not_released(status: Any, code: str) -> None:
    unready = replace(
        plan(), status=status, needs_sign_off=(SignOff(fact="f", because="rates", fingerprint="x"),)
    )
    verified = replace(standing(*ALL[:3]), plan=unready)
    assert [refusal.code for refusal in may_release(verified)] == [code]
    released = replace(standing(*ALL), plan=unready)
    assert [refusal.code for refusal in may_start(released, TODAY, unready)] == [code]


def test_the_workflow_is_kept_in_the_journal(journal: Journal) -> None:
    patient = journal.stream(PATIENT)
    for version, (body, author) in enumerate(ALL):
        made = draft(patient, body, author=author, subject=plan().id)
        journal.append([made], expected_version=version)
    (kept,) = standings(journal.read(patient)).values()
    assert kept.plan == plan()
    assert may_start(kept, TODAY, plan()) == ()


def slower(made: Plan, by: str) -> Plan:
    """The same plan with every limit of a rate lower (or higher) by a factor."""
    factor = Decimal(by)
    assert made.rates is not None
    days = tuple(
        replace(
            day,
            steps=tuple(replace(s, limit_ml_per_h=s.limit_ml_per_h * factor) for s in day.steps),
        )
        for day in made.days
    )
    rates = replace(made.rates, max_ml_per_kg_h=made.rates.max_ml_per_kg_h * factor)
    return replace(made, knowledge_version="later", days=days, rates=rates)


def test_a_tighter_rate_alerts_and_a_looser_one_does_not() -> None:
    assert changes(plan(), slower(plan(), "0.5")) == ("highest rate", "rate steps")
    assert changes(plan(), slower(plan(), "2")) == ()
    refused = may_start(standing(*ALL), TODAY, slower(plan(), "0.5"))
    assert {refusal.code for refusal in refused} == {"inputs_changed"}


def test_one_later_step_that_is_held_lower_is_noticed() -> None:
    day = plan().days[0]
    assert len(day.steps) > 1
    last = replace(day.steps[-1], limit_ml_per_h=day.steps[-1].limit_ml_per_h - 1)
    held = replace(plan(), days=(replace(day, steps=(*day.steps[:-1], last)), *plan().days[1:]))
    assert changes(plan(), held) == ("rate steps",)
    assert changes(held, plan()) == ()


def test_a_longer_first_step_is_a_tighter_limit() -> None:
    day = plan().days[0]
    longer = replace(day.steps[0], minutes=day.steps[0].minutes + 15)
    held = replace(plan(), days=(replace(day, steps=(longer, *day.steps[1:])), *plan().days[1:]))
    assert changes(plan(), held) == ("rate steps",)
    assert changes(held, plan()) == ()


def test_other_tighter_limits_are_named() -> None:
    made = plan()
    assert made.dose is not None
    assert made.product is not None
    lower = replace(made.dose, grams=made.dose.grams - 1)
    assert changes(made, replace(made, dose=lower)) == ("dose",)
    assert changes(replace(made, dose=lower), made) == ()
    excluded = ProductExcluded(id=made.product.id, because=())
    assert changes(made, replace(made, products_excluded=(excluded,))) == (f"product {made.product.id}",)
    blocked = replace(made, status="blocked", blocked=(Blocked(code="x"),))
    assert changes(made, blocked) == ("status blocked",)
    smaller = tuple(replace(day, grams=day.grams / 2) for day in made.days)
    assert changes(made, replace(made, days=smaller)) == ("grams a day",)
    found = Finding(id="hazard.new", name="x", category="x", severity="contraindicated", state="assumed")
    assert changes(made, replace(made, findings=(*made.findings, found))) == ("finding hazard.new",)
    assert changes(made, replace(made, findings=(*made.findings, replace(found, state="absent")))) == ()
