"""What is known before the start: everything the chair needs, picked once from plan and knowledge.

A briefing is a plain value: it can be shown, stored with the infusion and carried to a
device that is offline. Advice is then a function of briefing, state and time.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.course import CareItem, Day, Plan
from ivigil.knowledge.care import Monitoring, Premedication
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import Truth, truth_of
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.population import in_age, is_adult
from ivigil.knowledge.reactions import EmergencyDrug, Population
from ivigil.knowledge.store import FactFile, Knowledge, all_facts
from ivigil.order import Route
from ivigil.patient import Identifier, Patient, completed_months, completed_years

_SIGN_MEASURES: dict[str, tuple[str, ...]] = {
    "temperature": ("measure.temperature_c",),
    "heart_rate": ("measure.heart_rate_per_min",),
    "blood_pressure": ("measure.systolic_mmhg", "measure.diastolic_mmhg"),
    "respiratory_rate": ("measure.respiratory_rate_per_min",),
    "spo2": ("measure.spo2_percent",),
    "urine_output": ("measure.urine_ml_per_kg_per_h",),
}
"""What is measured for each sign that a monitoring rule names."""


class BriefingError(ValueError):
    """The plan has no such day to be given. Carries a closed code."""

    def __init__(self, code: Literal["blocked", "dose_only", "no_such_day"], plan: str, number: int) -> None:
        super().__init__(f"{code}: plan {plan}, day {number}")
        self.code = code


class Check(msgspec.Struct, frozen=True):
    """Measurements that a monitoring rule asks for, and when."""

    fact: str
    phase: Literal["before_start", "titration", "rate_change", "steady", "end", "whole", "after"]
    interval_minutes: int | None
    measures: tuple[str, ...]


class Briefing(msgspec.Struct, frozen=True, kw_only=True):
    """One patient, one day, one product, and the rules that hold for them."""

    plan: str
    """Id of the plan."""
    knowledge_version: str
    patient: Identifier
    age_months: int
    """Completed months on the day."""
    weight_kg: Decimal
    """Actual body weight: reaction drugs are dosed on it."""
    adult: bool
    product: str
    route: Route
    day: Day
    pump_step_ml_per_h: Decimal
    tightened_ml_per_h: Decimal | None = None
    """The highest rate that limits allow which became tighter since the plan was made; None: none did."""
    checks: tuple[Check, ...] = ()
    observation: CareItem | None = None
    facts: FactFile = FactFile()
    """Symptoms, rules, criteria, CTCAE terms, reactions, stays, reaction drugs and policies:
    those for this patient."""
    permitted: frozenset[str] = frozenset()
    """Ids of those facts that may permit; every one may warn and restrict."""
    contraindicated: frozenset[str] = frozenset()
    """Ids of drugs whose contraindication holds for this patient, or was not ruled out."""

    @property
    def age_years(self) -> int:
        return self.age_months // 12

    @property
    def policies(self) -> dict[str, Policy]:
        """The policies by id."""
        return {policy.id: policy for policy in self.facts.policy}


def brief(plan: Plan, number: int, knowledge: Knowledge, present: Plan | None = None) -> Briefing:
    """The briefing for one day (from 1) of a plan.

    present: the same order planned with the limits of now; None: as the plan was made.
    Raises BriefingError if the plan is blocked, names a dose and no product, or has no such day.
    """
    day = next((day for day in plan.days if day.number == number), None)
    if plan.status == "blocked":
        raise BriefingError("blocked", plan.id, number)
    if plan.product is None:
        raise BriefingError("dose_only", plan.id, number)
    if day is None:
        raise BriefingError("no_such_day", plan.id, number)
    patient = plan.order.patient
    months = completed_months(patient.birth_date, day.date)
    adult = is_adult(completed_years(patient.birth_date, day.date), knowledge)
    facts = chair_facts(
        "adult" if adult else "child",
        months,
        patient.weight_kg,
        knowledge.facts,
        knowledge.stabilisers_of(knowledge.products[plan.product.id]),
    )
    return Briefing(
        plan=plan.id,
        knowledge_version=knowledge.version,
        patient=patient.id,
        age_months=months,
        weight_kg=patient.weight_kg,
        adult=adult,
        product=plan.product.id,
        route=plan.order.route,
        day=day,
        pump_step_ml_per_h=_pump_step_ml_per_h(plan, knowledge),
        tightened_ml_per_h=None if present is None else _tightened_ml_per_h(plan, present),
        checks=_checks(plan.monitoring, knowledge.facts.monitoring),
        observation=plan.observation,
        facts=facts,
        permitted=frozenset(fact.id for fact in all_facts(facts) if knowledge.permits(fact)),
        contraindicated=frozenset(
            drug.id for drug in knowledge.facts.premedication if not _is_ruled_out(drug, patient)
        ),
    )


def _tightened_ml_per_h(plan: Plan, present: Plan) -> Decimal | None:
    """The highest rate of now, if it is under the plan's; None: it is not, or another product is meant."""
    if plan.product is None or present.product is None or plan.product.id != present.product.id:
        return None
    before, after = _highest_ml_per_h(plan), _highest_ml_per_h(present)
    return after if before is not None and after is not None and after < before else None


def _highest_ml_per_h(plan: Plan) -> Decimal | None:
    return max((step.rate_ml_per_h for day in plan.days for step in day.steps), default=None)


def _is_ruled_out(drug: Premedication, patient: Patient) -> bool:
    """Is the drug's contraindication known to be absent? A number is not known at the chair."""
    when = drug.contraindicated_when
    answers = {} if when is None else {name: patient.screening.answer(name) for name in when.fields()}
    case = {name: answer for name, answer in answers.items() if answer is not None}
    return when is None or truth_of(when, case) is Truth.FALSE


def _pump_step_ml_per_h(plan: Plan, knowledge: Knowledge) -> Decimal:
    step = plan.order.pump_step_ml_per_h or knowledge.policies["policy.pump_step"].number
    if step is None:
        raise LookupError("policy.pump_step has no number")
    return step


def chair_facts(
    population: Population,
    months: int,
    weight_kg: Decimal,
    facts: FactFile,
    stabilisers: tuple[str, ...] | None = None,
) -> FactFile:
    """What the fact base says of the chair, for this population, age, weight and product.

    ``stabilisers``: those of the product; None: not known, and any may be in it.
    """
    drugs = (*facts.emergency_drug, *map(_reaction_drug, facts.premedication))
    return FactFile(
        policy=facts.policy,
        measure=facts.measure,
        symptom=facts.symptom,
        age_limit=tuple(limit for limit in facts.age_limit if in_age(limit, months)),
        stop_rule=tuple(rule for rule in facts.stop_rule if rule.population in ("any", population)),
        anaphylaxis_criterion=facts.anaphylaxis_criterion,
        ctcae_term=facts.ctcae_term,
        grade_action=facts.grade_action,
        restart_rule=facts.restart_rule,
        reaction=tuple(
            reaction
            for reaction in facts.reaction
            if stabilisers is None or not reaction.stabilisers or set(reaction.stabilisers) & set(stabilisers)
        ),
        reaction_observation=facts.reaction_observation,
        emergency_drug=tuple(
            drug for drug in drugs if drug is not None and drug.serves(months, weight_kg, population)
        ),
    )


def _reaction_drug(drug: Premedication) -> EmergencyDrug | None:
    """A premedication record as one for a reaction, under its own id; None if it is not meant for one."""
    if not drug.treats_reaction or drug.drug_class != "analgesic_antipyretic":
        return None
    evidence = {name: getattr(drug, name) for name in Fact.__struct_fields__}
    return EmergencyDrug(
        **evidence,
        drug=drug.drug,
        drug_class=drug.drug_class,
        line="adjunct",
        indication=drug.purpose,
        route=drug.route,
        population=drug.population,
        default=True,
        age_months_min=drug.age_months_min,
        age_months_below=drug.age_months_max,
        dose_mg_min=drug.dose_mg_min if drug.dose_mg is None else drug.dose_mg,
        dose_mg_max=drug.dose_mg_max if drug.dose_mg is None else drug.dose_mg,
        dose_mg_per_kg_min=drug.dose_mg_per_kg,
        dose_mg_per_kg_max=drug.dose_mg_per_kg,
        max_mg=drug.max_mg,
        max_mg_per_day=drug.max_mg_per_day,
        doses_per_day_max=drug.doses_per_day_max,
        interval_hours_min=drug.repeat_hours_min,
        interval_hours_max=drug.repeat_hours_max,
        caution=drug.caution,
    )


def _checks(planned: tuple[CareItem, ...], rules: tuple[Monitoring, ...]) -> tuple[Check, ...]:
    """The planned monitoring rules that ask for a measurement."""
    wanted = {fact for item in planned for fact in item.facts}
    return tuple(
        Check(
            rule.id,
            rule.phase,
            rule.interval_minutes,
            tuple(measure for sign in rule.signs for measure in _SIGN_MEASURES[sign]),
        )
        for rule in rules
        if rule.id in wanted and rule.signs
    )
