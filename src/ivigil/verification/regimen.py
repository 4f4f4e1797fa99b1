"""Does the regimen belong to this condition, patient, route, phase and place?"""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.course import RegimenChoice
from ivigil.knowledge.conditions import Regimen
from ivigil.verification import body
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection

COPIED = (
    "authority",
    "basis",
    "jurisdictions",
    "total_dose_g_per_kg_min",
    "total_dose_g_per_kg_max",
    "interval_weeks_min",
    "interval_weeks_max",
    "infusion_hours_min",
    "infusion_hours_max",
)
"""Fields of the choice that repeat the fact where the fact states them."""
FLAG_OF_POPULATION = {"pregnant": "pregnancy"}
"""Populations named otherwise than their vocabulary term."""


def check(matter: Matter) -> Iterator[Objection]:
    """The chosen regimen against the order, the patient and the fact it repeats."""
    choice, regimen = matter.plan.regimen, matter.regimen
    if choice is None or regimen is None:
        if choice is not None:
            yield Objection("not_a_regimen", "regimen.id", choice.id, "the id of a regimen")
        return
    yield from _belongs(matter, choice, regimen)
    yield from _phase(matter, choice, regimen)
    yield from _patient(matter, regimen)
    yield from _place(matter, choice, regimen)
    yield from _copied(choice, regimen)


def _belongs(matter: Matter, choice: RegimenChoice, regimen: Regimen) -> Iterator[Objection]:
    own = matter.condition.regimens if matter.condition else ()
    facts = (regimen.id,)
    if regimen not in own:
        yield Objection("regimen_of_other_condition", "regimen.id", choice.id, matter.order.condition, facts)
    weekly = regimen.scig_weekly_g_per_kg_min or regimen.scig_weekly_g_per_kg_max
    if regimen.route != matter.order.route and not (matter.order.route == "SC" and weekly):
        yield Objection("regimen_route", "regimen.id", regimen.route, matter.order.route, facts)
    ordered = matter.order.regimen
    if ordered is not None and ordered != choice.id:
        yield Objection("regimen_not_as_ordered", "regimen.id", choice.id, ordered, facts)
    if ordered is None and regimen.replaced:
        yield Objection("regimen_superseded", "regimen.id", choice.id, regimen.superseded_by, facts)
    if ordered is None and regimen.special and not _only_special(matter):
        yield Objection("regimen_special", "regimen.id", choice.id, "a regimen without a condition", facts)


def _only_special(matter: Matter) -> bool:
    """Are there nothing but special regimens for this patient, route and phase?"""
    own = matter.condition.regimens if matter.condition else ()
    return all(r.special or not _might_serve(matter, r) for r in own)


def _might_serve(matter: Matter, regimen: Regimen) -> bool:
    wanted = matter.order.phase or (matter.condition.default_phase if matter.condition else "")
    in_phase = not wanted or wanted in _phases(regimen)
    return in_phase and regimen.route == matter.order.route and True in _answers(matter, regimen).values()


def _phases(regimen: Regimen) -> tuple[str, ...]:
    return (regimen.phase, *regimen.also_phases)


def _phase(matter: Matter, choice: RegimenChoice, regimen: Regimen) -> Iterator[Objection]:
    if choice.phase not in _phases(regimen):
        expected = " or ".join(_phases(regimen))
        yield Objection("regimen_differs", "regimen.phase", choice.phase, expected, (regimen.id,))
    default = matter.condition.default_phase if matter.condition and not matter.order.regimen else ""
    wanted = matter.order.phase or default
    if wanted and wanted not in _phases(regimen):
        yield Objection("regimen_phase", "regimen.phase", choice.phase, wanted, (regimen.id,))


def _patient(matter: Matter, regimen: Regimen) -> Iterator[Objection]:
    answers = _answers(matter, regimen)
    open_answer = matter.plan.status != "ready" and None in answers.values()
    if True not in answers.values() and not open_answer:
        seen = ", ".join(f"{name}: {'unknown' if a is None else a}" for name, a in answers.items())
        yield Objection(
            "regimen_population", "regimen.id", seen, "a patient of its population", (regimen.id,)
        )
    age = body.years_old(matter.order.patient.birth_date, matter.start.date())
    if regimen.age_min_years is not None and age < regimen.age_min_years:
        expected = f"at least {regimen.age_min_years} years"
        yield Objection("regimen_age", "regimen.id", f"{age} years", expected, (regimen.id,))


def _answers(matter: Matter, regimen: Regimen) -> dict[str, object]:
    """Does the patient belong to each population of the regimen? None: not known."""
    return {name: matter.case.get(FLAG_OF_POPULATION.get(name, name)) for name in regimen.population}


def _place(matter: Matter, choice: RegimenChoice, regimen: Regimen) -> Iterator[Objection]:
    lineage = matter.knowledge.lineage(matter.order.jurisdiction)
    borrowed = not set(lineage) & set(regimen.jurisdictions)
    if borrowed != choice.borrowed:
        seen, expected = str(choice.borrowed).lower(), str(borrowed).lower()
        yield Objection("borrowing_not_marked", "regimen.borrowed", seen, expected, (regimen.id,))
    if borrowed and matter.choice("policy.borrow_regimen") == "never" and not matter.order.regimen:
        expected = "a regimen of " + " or ".join(lineage)
        facts = (regimen.id, "policy.borrow_regimen")
        yield Objection(
            "borrowing_forbidden", "regimen.id", ", ".join(regimen.jurisdictions), expected, facts
        )


def _copied(choice: RegimenChoice, regimen: Regimen) -> Iterator[Objection]:
    for name in COPIED:
        stated, told = getattr(regimen, name), getattr(choice, name)
        if stated is not None and told != stated:
            yield Objection("regimen_differs", f"regimen.{name}", str(told), str(stated), (regimen.id,))
    if regimen.allowed_days and choice.allowed_days != regimen.allowed_days:
        seen, expected = str(choice.allowed_days), str(regimen.allowed_days)
        yield Objection("regimen_differs", "regimen.allowed_days", seen, expected, (regimen.id,))
