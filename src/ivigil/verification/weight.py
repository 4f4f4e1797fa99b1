"""Is the dosing weight one that the regimen or a policy asks for, and never above the actual weight?"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from fractions import Fraction

import msgspec

from ivigil.course import Dose
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.logic import Truth, truth_of
from ivigil.knowledge.weights import AdjustedWeightFormula, WeightPolicy, WeightRule
from ivigil.verification import body
from ivigil.verification.exact import show
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

ROUNDING_KG = Fraction(1, 20)
"""Computed weights may be stated to 0.1 kg."""
WORLD = "INT"
ASKED = "dosing_weight"
"""What a question changes whose answer the dosing weight waits for."""
SITE_POLICY = "policy.dosing_weight"


class Asked(msgspec.Struct, frozen=True):
    """A weight that a regimen or a line of a policy names, and what it comes to (None: no formula fits)."""

    kind: str
    kg: Fraction | None
    fact: str


def check(matter: Matter) -> Iterator[Objection]:
    """Actual, ideal, adjusted and dosing weight, worked out again."""
    dose = matter.plan.dose
    if dose is None:
        return
    actual = matter.order.patient.weight_kg
    if dose.actual_weight_kg != actual:
        yield Objection("actual_weight", "dose.actual_weight_kg", show(dose.actual_weight_kg), show(actual))
    if not 0 < dose.dosing_weight_kg <= actual:
        seen, expected = show(dose.dosing_weight_kg), f"above 0, at most {show(actual)} kg"
        yield Objection("dosing_weight_above_actual", "dose.dosing_weight_kg", seen, expected)
    yield from _shown(matter, dose)
    asked = tuple(_asked(matter))
    stands_in = _waits(matter) and dose.dosing_weight_kg == actual and dose.weight_kind == "actual"
    if not stands_in and not any(_fits(dose, item, actual) for item in asked):
        seen = f"{dose.weight_kind}, {show(dose.dosing_weight_kg)} kg"
        expected = " or ".join(_told(item) for item in asked) or "no weight policy applies"
        facts = tuple(dict.fromkeys(item.fact for item in asked))
        yield Objection("dosing_weight", "dose.dosing_weight_kg", seen, expected, facts)


def _waits(matter: Matter) -> bool:
    """Does an open question hold the release until the weight is settled? The actual one stands in."""
    asked = any(question.blocking and ASKED in question.changes for question in matter.plan.questions)
    return asked and matter.plan.status != "ready"


def _shown(matter: Matter, dose: Dose) -> Iterator[Objection]:
    """The ideal and adjusted weights that the plan shows beside it."""
    ideal = body.ideal_weight(matter.order, matter.knowledge)
    adjusted = [kg for factor in matter.knowledge.facts.adjusted_weight if (kg := _adjusted(matter, factor))]
    shown = (
        ("ideal_weight_kg", dose.ideal_weight_kg, [ideal] if ideal else []),
        ("adjusted_weight_kg", dose.adjusted_weight_kg, adjusted),
    )
    for name, shown_kg, right in shown:
        if shown_kg is not None and not any(abs(Fraction(shown_kg) - kg) <= ROUNDING_KG for kg in right):
            expected = " or ".join(show(kg) for kg in right) or "none: no formula fits"
            yield Objection("shown_weight", f"dose.{name}", show(shown_kg), expected)


def _fits(dose: Dose, asked: Asked, actual: Decimal) -> bool:
    """The dosing weight is the one asked for, or the actual weight where that is lower or all there is."""
    kg = Fraction(actual) if asked.kg is None else min(asked.kg, Fraction(actual))
    kinds = {asked.kind} | ({"actual"} if kg == actual else set())
    return dose.weight_kind in kinds and abs(Fraction(dose.dosing_weight_kg) - kg) <= ROUNDING_KG


def _told(asked: Asked) -> str:
    return f"{asked.kind}, {show(asked.kg)} kg" if asked.kg is not None else f"{asked.kind}, not computable"


def _asked(matter: Matter) -> Iterator[Asked]:
    """Every weight that may be meant: the regimen's own, or the policy lines that may hold."""
    regimen = matter.regimen or _behind(matter)
    if regimen is not None and regimen.weight is not None:
        for factor in _factors(matter, ""):
            yield Asked(regimen.weight, _computed(matter, regimen.weight, factor), regimen.id)
        return
    for policy in _policies(matter):
        for line in _lines(policy, matter):
            for factor in _factors(matter, line.factor):
                yield Asked(line.weight, _computed(matter, line.weight, factor), line.id)


def _behind(matter: Matter) -> Regimen | None:
    """The regimen that a subcutaneous dose names though its grams come from elsewhere: its weight holds."""
    own = {regimen.id: regimen for regimen in matter.condition.regimens} if matter.condition else {}
    named = matter.plan.dose.facts if matter.plan.dose and matter.order.route == "SC" else ()
    return next((own[name] for name in named if name in own), None)


def _policies(matter: Matter) -> tuple[WeightPolicy, ...]:
    """The policy that the site chose; else the default policies of the innermost place that has one."""
    on, chosen = matter.start.date(), matter.choice(SITE_POLICY)
    named = tuple(policy for policy in matter.knowledge.facts.weight_policy if policy.id == chosen)
    if named:
        return named
    for place in (*matter.knowledge.lineage(matter.order.jurisdiction), WORLD):
        found = tuple(
            policy
            for policy in matter.knowledge.facts.weight_policy
            if policy.jurisdiction == place and policy.default and not policy.replaced
            if policy.effective is None or policy.effective <= on
        )
        if found:
            return found
    return ()


def _lines(policy: WeightPolicy, matter: Matter) -> Iterator[WeightRule]:
    """The first line that holds, and those before it that an open answer leaves possible."""
    for line in policy.lines:
        if line.conditions and matter.order.condition not in line.conditions:
            continue
        truth = truth_of(line.when, matter.case) if line.when else Truth.TRUE
        if truth is not Truth.FALSE:
            yield line
        if truth is Truth.TRUE:
            return


def _factors(matter: Matter, name: str) -> Iterable[AdjustedWeightFormula | None]:
    """The factor of that id; every factor where none is named."""
    formulas = matter.knowledge.facts.adjusted_weight
    return [f for f in formulas if name in ("", f.id)] or [None]


def _computed(matter: Matter, kind: str, factor: AdjustedWeightFormula | None) -> Fraction | None:
    match kind:
        case "actual":
            return matter.actual_weight_kg
        case "ideal":
            return body.ideal_weight(matter.order, matter.knowledge)
        case "adjusted":
            return _adjusted(matter, factor)
        case _:
            return _before_pregnancy(matter, factor)


def _adjusted(
    matter: Matter, factor: AdjustedWeightFormula | None, weight: Fraction | None = None
) -> Fraction | None:
    ideal = body.ideal_weight(matter.order, matter.knowledge)
    if ideal is None or factor is None:
        return None
    return body.adjusted_weight(ideal, weight or matter.actual_weight_kg, Fraction(factor.factor))


def _before_pregnancy(matter: Matter, factor: AdjustedWeightFormula | None) -> Fraction | None:
    """The pre-pregnancy weight takes the actual one's place in the formula."""
    measured = matter.order.patient.measurements.get("pre_pregnancy_weight_kg")
    if measured is None or measured.reading.high is None:
        return None
    before = Fraction(measured.reading.high)
    adjusted = _adjusted(matter, factor, before)
    return before if adjusted is None else min(adjusted, before)
