"""The dosing weight: which policy rules, and what each rule would give."""

from __future__ import annotations

from decimal import Decimal

from ivigil.course import Decision
from ivigil.knowledge.conditions import Regimen, WeightKind
from ivigil.knowledge.logic import Case, Judgement, Reading, Truth, judge
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.weights import WeightPolicy, WeightRule
from ivigil.order import Order
from ivigil.planning.case import HUNDREDTH, ideal_weight_kg

HOUSE_POLICY = "weight.default"
SITE_POLICY = "policy.dosing_weight"


class Weight(Decision, frozen=True, kw_only=True):
    """The dosing weight and both weights it was chosen from, in kg."""

    kg: Decimal
    kind: str
    actual_kg: Decimal
    ideal_kg: Decimal | None
    adjusted_kg: Decimal | None
    missing: tuple[str, ...] = ()
    """Fields without which the policy cannot decide; the actual weight stands in and the release waits."""


def dosing_weight(order: Order, regimen: Regimen, case: Case, knowledge: Knowledge) -> Weight:
    """Choose the dosing weight: the regimen's own rule, else the policy in force.

    A rule never doses a lean patient up: the lower of the computed and the actual weight is
    used. Where the formula does not hold (a short adult, a child) the actual weight stands.
    """
    actual = order.patient.weight_kg
    ideal = ideal_weight_kg(order, knowledge)
    policy = _policy(order, knowledge)
    kind, factor, judgement, line = _rule(regimen, policy, order, case)
    adjusted = _adjusted(actual, ideal, factor, knowledge)
    before = _pre_pregnancy(case)
    computed = {
        "actual": actual,
        "ideal": ideal,
        "adjusted": adjusted,
        "pre_pregnancy_adjusted": None if before is None else _adjusted(before, ideal, factor, knowledge),
    }[kind]
    missing = _missing(kind, judgement, order, before)
    kg = actual if missing or computed is None else min(computed, actual)
    return Weight(
        kg=kg,
        kind="actual" if kg == actual else kind,
        actual_kg=actual,
        ideal_kg=ideal,
        adjusted_kg=adjusted,
        missing=missing,
        saw=judgement.because,
        facts=(regimen.id,) if line == regimen.id else (policy.id, line),
    )


def _pre_pregnancy(case: Case) -> Decimal | None:
    value = case.get("pre_pregnancy_weight_kg")
    return value.high if isinstance(value, Reading) else None


def _missing(kind: WeightKind, judgement: Judgement, order: Order, before: Decimal | None) -> tuple[str, ...]:
    """What must be answered before the weight is settled."""
    if judgement.truth is Truth.UNKNOWN and order.patient.height_cm is None:
        return ("height_cm",)
    missing = list(judgement.missing) if judgement.truth is Truth.UNKNOWN else []
    if kind == "pre_pregnancy_adjusted" and before is None:
        missing.append("pre_pregnancy_weight_kg")
    if kind != "actual" and order.patient.height_cm is None:
        missing.append("height_cm")
    return tuple(dict.fromkeys(missing))


def _policy(order: Order, knowledge: Knowledge) -> WeightPolicy:
    policies = {policy.id: policy for policy in knowledge.facts.weight_policy}
    chosen = knowledge.policies[SITE_POLICY].choice
    if chosen in policies:
        return policies[chosen]
    for place in knowledge.lineage(order.jurisdiction):
        for policy in policies.values():
            in_force = policy.effective is None or policy.effective <= order.start.date()
            if policy.jurisdiction == place and policy.default and not policy.replaced and in_force:
                return policy
    return policies[HOUSE_POLICY]


def _rule(
    regimen: Regimen, policy: WeightPolicy, order: Order, case: Case
) -> tuple[WeightKind, str, Judgement, str]:
    """The kind of weight, the factor's id, what decided it, and the id of the line that did."""
    if regimen.weight in ("actual", "ideal"):
        return regimen.weight, "", Judgement(Truth.TRUE), regimen.id
    kind, factor, judgement, line = _by_lines(policy, order, case)
    # A regimen that asks for adjusted weight keeps it when it is borrowed; at home its
    # programme's own lines say whom that means.
    borrowed = policy.jurisdiction not in regimen.jurisdictions
    if regimen.weight is not None and kind == "actual" and borrowed:
        factor = next((one.factor for one in policy.lines if one.factor), "")
        return regimen.weight, factor, Judgement(Truth.TRUE), regimen.id
    return kind, factor, judgement, line


def _by_lines(policy: WeightPolicy, order: Order, case: Case) -> tuple[WeightKind, str, Judgement, str]:
    """The first line of the policy that holds, or cannot be ruled out."""
    for line in policy.lines:
        if line.conditions and order.condition not in line.conditions:
            continue
        judgement = judge(line.when, case) if line.when is not None else Judgement(Truth.TRUE)
        if judgement.truth is not Truth.FALSE:
            return line.weight, line.factor, judgement, line.id
    return _actual_line(policy)


def _actual_line(policy: WeightPolicy) -> tuple[WeightKind, str, Judgement, str]:
    last: WeightRule = policy.lines[-1]
    return "actual", "", Judgement(Truth.TRUE), last.id


def _adjusted(actual: Decimal, ideal: Decimal | None, factor: str, knowledge: Knowledge) -> Decimal | None:
    formulas = {item.id: item for item in knowledge.facts.adjusted_weight}
    formula = formulas.get(factor) or next(iter(formulas.values()), None)
    if ideal is None or formula is None:
        return None
    return (ideal + formula.factor * (actual - ideal)).quantize(HUNDREDTH)
