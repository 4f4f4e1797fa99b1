"""Every answer can say why: change one cited fact and both the number and its reason change."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.knowledge.evidence import Record
from ivigil.knowledge.store import KINDS, FactFile, Knowledge
from ivigil.order import Order
from ivigil.planning import UnknownDecisionError, plan, why
from tests.support.boldness import fastest, total
from tests.support.orders import adult, child, knowledge, order

KAWASAKI = order("kawasaki_disease", child(), product="privigen-us")
MYOSITIS = order("dermatomyositis_adult", adult("70.3"), product="octagam-10-us")
HEAVY = order("dermatomyositis_adult", adult("100.7", height_cm="165"), product="octagam-10-us")
LOWER_DOSE = {"total_dose_g_per_kg_min": Decimal("1.8"), "total_dose_g_per_kg_max": Decimal("1.8")}


def with_fact(name: str, **changes: Any) -> Knowledge:
    """The knowledge with one nested fact changed, its source and everything else as it was."""

    def visit(record: Any) -> Any:
        if not isinstance(record, Record):
            return record
        if getattr(record, "id", "") == name:
            return replace(record, **changes)
        changed = {
            field: tuple(visit(item) for item in value)
            for field in record.__struct_fields__
            if isinstance(value := getattr(record, field), tuple)
        }
        return replace(record, **changed) if changed else record

    base = knowledge()
    facts = {kind: tuple(visit(record) for record in getattr(base.facts, kind)) for kind in KINDS}
    return Knowledge(FactFile(**facts), base.version)


def grams(made: Plan) -> Decimal:
    assert made.dose is not None
    return made.dose.grams


@pytest.mark.parametrize(
    ("wanted", "fact", "changes", "decision", "number"),
    [
        (KAWASAKI, "kd_aha_initial", LOWER_DOSE, "dose", grams),
        (MYOSITIS, "octagam-10-us.schedule.dm", {"max_rate": Decimal(3)}, "rates", fastest),
        (MYOSITIS, "policy.rounding_tolerance", {"number": Decimal(0)}, "course", total),
        (HEAVY, "weight.default.adjusted", {"weight": "actual"}, "dose", grams),
    ],
)
def test_changing_a_cited_fact_changes_the_number_and_the_reason(
    wanted: Order, fact: str, changes: dict[str, Any], decision: str, number: Any
) -> None:
    before, after = plan(wanted, knowledge()), plan(wanted, with_fact(fact, **changes))
    assert number(before) != number(after)
    assert fact in why(before, decision).rules
    assert why(before, decision) != why(after, decision)


def test_why_names_documents_with_their_locator() -> None:
    answer = why(plan(KAWASAKI, knowledge()), "dose")
    cited = answer.rules["kd_aha_initial"]
    assert cited.seen
    assert any("Kawasaki" in document.title for document in cited.documents)


def test_a_finding_can_be_asked_about_by_its_id() -> None:
    answer = why(plan(MYOSITIS, knowledge()), "haemolysis_dose")
    assert {saw.field for saw in answer.saw} >= {"dose_g_per_kg"}


def test_an_unknown_decision_lists_those_there_are() -> None:
    with pytest.raises(UnknownDecisionError, match="dose"):
        why(plan(KAWASAKI, knowledge()), "colour")
