"""Premedication, hydration, observation, tests and go or no-go checks around the infusion."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from ivigil.course import CareItem, Premedication, TimelineEntry
from ivigil.knowledge.care import Hydration, Observation
from ivigil.knowledge.care import Premedication as Drug
from ivigil.knowledge.hazards import Hydrate, Observe, OrderTest, Premedicate, Suppress
from ivigil.knowledge.logic import Truth, truth_of
from ivigil.verification import body
from ivigil.verification.exact import show
from ivigil.verification.labels import is_false
from ivigil.verification.matter import Matter
from ivigil.verification.permission import usable
from ivigil.verification.verdict import Objection

AS_TREATMENT = "reaction_treatment"


def check(matter: Matter) -> Iterator[Objection]:
    """Everything around the infusion that findings and facts ask for, or forbid."""
    for index, drug in enumerate(matter.plan.premedication):
        yield from _premedication(matter, f"premedication[{index}]", drug)
    if not matter.plan.days:
        return
    yield from _fluids(matter)
    yield from _observation(matter)
    yield from _tests(matter)
    yield from _day_checks(matter)


# ---- premedication


def _premedication(matter: Matter, where: str, drug: Premedication) -> Iterator[Objection]:
    if drug.dose_mg is None and drug.dose_mg_max is None:
        return
    for effect in matter.effects(Suppress):
        if effect.drug_class == drug.drug_class:
            yield Objection("suppressed_but_dosed", f"{where}.dose_mg", _told(drug), "no dose", (effect.id,))
    if drug.state == "suppressed":
        yield Objection("suppressed_but_dosed", f"{where}.dose_mg", _told(drug), "no dose", drug.facts)
    if drug.state == "indicated" and not _indicated(matter, drug):
        expected = "a finding or the policy that asks for this class"
        yield Objection("not_indicated", f"{where}.state", drug.drug_class, expected, drug.facts)
    records = [fact for name in drug.facts if isinstance(fact := matter.knowledge.by_id.get(name), Drug)]
    if not records:
        yield Objection("unknown_drug", where, drug.drug, "a premedication fact", drug.facts)
    for record in records:
        yield from _record(matter, where, drug, record)
        if not usable(matter, record):
            expected = "strong evidence or a signature"
            yield Objection("weak_fact_permits", f"{where}.dose_mg", record.basis, expected, (record.id,))


def _told(drug: Premedication) -> str:
    doses = [show(dose) for dose in (drug.dose_mg, drug.dose_mg_max) if dose is not None]
    return " to ".join(doses) + " mg"


def _indicated(matter: Matter, drug: Premedication) -> bool:
    asked = any(effect.drug_class == drug.drug_class for effect in matter.effects(Premedicate))
    return asked or matter.choice("policy.premedication") == "on"


def _record(matter: Matter, where: str, drug: Premedication, record: Drug) -> Iterator[Objection]:
    facts = (record.id,)
    if record.drug_class != drug.drug_class or record.purpose == AS_TREATMENT:
        seen = f"{record.drug_class}, {record.purpose}"
        yield Objection("wrong_drug", where, seen, f"{drug.drug_class}, as premedication", facts)
    if not _fits(matter, record):
        yield Objection("drug_not_for_age", where, record.id, "a record for the patient's age", facts)
    if record.contraindicated_when is not None and not is_false(matter, record.contraindicated_when):
        yield Objection("drug_contraindicated", f"{where}.dose_mg", _told(drug), "no dose", facts)
    most = _most_mg(matter, record)
    for dose in (drug.dose_mg, drug.dose_mg_max):
        if dose is not None and (most is None or Fraction(dose) > most):
            expected = f"at most {show(most)} mg" if most is not None else "no dose: none is stated"
            yield Objection("drug_dose", f"{where}.dose_mg", _told(drug), expected, facts)


def _fits(matter: Matter, record: Drug) -> bool:
    months = body.months_old(matter.order.patient.birth_date, matter.start.date())
    if record.population != "any" and matter.case.get(record.population) is not True:
        return False
    old_enough = record.age_months_min is None or months >= record.age_months_min
    return old_enough and (record.age_months_max is None or months < record.age_months_max)


def _most_mg(matter: Matter, record: Drug) -> Fraction | None:
    """The most that one dose may be: the stated dose, and every maximum."""
    stated = [Fraction(d) for d in (record.dose_mg, record.dose_mg_min, record.dose_mg_max) if d is not None]
    if record.dose_mg_per_kg is not None:
        stated.append(Fraction(record.dose_mg_per_kg) * matter.actual_weight_kg)
    tops = [Fraction(d) for d in (record.max_mg, record.max_mg_per_day) if d is not None]
    return min([max(stated), *tops]) if stated else None


# ---- fluids and observation


def _fluids(matter: Matter) -> Iterator[Objection]:
    """Where a finding withholds fluid loading, no volume is planned."""
    withheld = [effect for effect in matter.effects(Hydrate) if effect.withhold]
    for index, item in enumerate(matter.plan.hydration if withheld else ()):
        rules = [
            fact for name in item.facts if isinstance(fact := matter.knowledge.by_id.get(name), Hydration)
        ]
        if any(rule.volume_ml or rule.volume_ml_per_kg_max for rule in rules):
            facts = (withheld[0].id, *(rule.id for rule in rules))
            yield Objection("fluid_withheld", f"hydration[{index}]", item.text, "no fluid loading", facts)


def _observation(matter: Matter) -> Iterator[Objection]:
    watched = matter.plan.observation.minutes if matter.plan.observation else None
    for fact, minutes in _watches(matter):
        if (watched or 0) < minutes:
            seen = "none" if watched is None else f"{watched} min"
            where, expected = "observation.minutes", f"at least {minutes} min"
            yield Objection("observation_too_short", where, seen, expected, (fact,))


def _watches(matter: Matter) -> Iterator[tuple[str, int]]:
    """How long hazards and observation facts ask to watch; the general rule holds where no other may."""
    for effect in matter.effects(Observe):
        yield effect.id, effect.minutes
    facts = matter.knowledge.facts.observation
    special = [fact for fact in facts if fact.applies_when and not is_false(matter, fact.applies_when)]
    general = [fact for fact in facts if fact.applies_when is None]
    for fact in special if any(_holds(matter, fact) for fact in special) else (*special, *general):
        yield fact.id, fact.minutes


def _holds(matter: Matter, fact: Observation) -> bool:
    return fact.applies_when is not None and truth_of(fact.applies_when, matter.case) is Truth.TRUE


# ---- tests and checks


def _tests(matter: Matter) -> Iterator[Objection]:
    """Every test that an acting finding orders stands somewhere in the plan."""
    items: tuple[CareItem | TimelineEntry, ...] = (
        *matter.plan.tests,
        *matter.plan.monitoring,
        *matter.plan.day_checks,
        *matter.plan.timeline,
    )
    named = {fact for item in items for fact in item.facts}
    for effect in matter.effects(OrderTest):
        if effect.id not in named:
            yield Objection("test_missing", "tests", "nothing", effect.test, (effect.id,))


def _day_checks(matter: Matter) -> Iterator[Objection]:
    """A go or no-go check stands before the day that it is for."""
    planned = {(fact, item.day) for item in matter.plan.day_checks for fact in item.facts}
    for item in matter.condition.day_checks if matter.condition else ():
        if item.before_day <= len(matter.plan.days) and (item.id, item.before_day) not in planned:
            expected = f"{item.measure} before day {item.before_day}"
            yield Objection("day_check_missing", "day_checks", "nothing", expected, (item.id,))
