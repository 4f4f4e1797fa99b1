"""Care around the infusion: premedication, fluids, preparation, monitoring, observation, tests."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal

from ivigil import units
from ivigil.course import CareItem, Day, Premedication
from ivigil.knowledge import care as facts
from ivigil.knowledge.conditions import Cotreatment
from ivigil.knowledge.hazards import Advise, Hydrate, Observe, OrderTest, Premedicate, Suppress
from ivigil.knowledge.logic import Case, Reading, Truth, When, truth_of
from ivigil.knowledge.products import Product, PropertyName, Route
from ivigil.planning.situation import Situation

MONTHS_PER_YEAR = Decimal(12)
MG_STEP = Decimal("0.1")
_PREPARATION: tuple[PropertyName, ...] = (
    "dilution",
    "saline_compatible",
    "flush",
    "filter",
    "venting",
    "warming",
    "pooling_allowed",
    "pooled_use_within_h",
)


_TOPICS: dict[Route, tuple[str, ...]] = {
    "IV": ("preparation",),
    "SC": ("preparation", "administration", "sites"),
}
"""Topics of the instructions that stand under preparation."""


def premedication(situation: Situation) -> tuple[Premedication, ...]:
    """The drugs that a finding or the site's policy indicates, with computed doses.

    Off by default. A class that a finding suppresses, or whose own contraindication holds
    or cannot be ruled out, stays listed as suppressed, without a dose.
    """
    indicated: dict[str, list[str]] = {}
    for entry in situation.limits.of(Premedicate):
        indicated.setdefault(entry.effect.drug_class, []).append(entry.finding)
    if situation.choice("policy.premedication") == "on":
        for drug in situation.knowledge.facts.premedication:
            if drug.purpose == "premedication":
                indicated.setdefault(drug.drug_class, [])
    suppressed: dict[str, list[str]] = {}
    for stop in situation.limits.of(Suppress):
        suppressed.setdefault(stop.effect.drug_class, []).append(stop.finding)
    return tuple(
        _drug(drug, indicated[drug.drug_class], suppressed.get(drug.drug_class, []), situation)
        for drug in situation.knowledge.facts.premedication
        if drug.drug_class in indicated and _for_this_patient(drug, situation)
    )


def _for_this_patient(drug: facts.Premedication, situation: Situation) -> bool:
    case = situation.case
    if drug.purpose not in ("premedication", "premedication_prior_reactors"):
        return False
    if (
        drug.purpose == "premedication_prior_reactors"
        and case.get("prior_immunoglobulin_reaction") is not True
    ):
        return False
    if drug.population != "any" and case.get(drug.population) is not True:
        return False
    age = case.get("age_years")
    if not isinstance(age, Reading) or age.low is None:
        return drug.age_months_min is None and drug.age_months_max is None
    months = age.low * MONTHS_PER_YEAR
    too_young = drug.age_months_min is not None and months < drug.age_months_min
    too_old = drug.age_months_max is not None and months >= drug.age_months_max
    return not too_young and not too_old


def _drug(
    drug: facts.Premedication, indicated_by: list[str], suppressed_by: list[str], situation: Situation
) -> Premedication:
    contra = drug.contraindicated_when
    if contra is not None and truth_of(contra, situation.case) is not Truth.FALSE:
        suppressed_by = [*suppressed_by, drug.id]
    dose, dose_max = _dose_mg(drug, situation)
    permitted = situation.knowledge.permits(drug)
    return Premedication(
        drug=drug.drug,
        drug_class=drug.drug_class,
        dose_mg=dose if permitted and not suppressed_by else None,
        dose_mg_max=dose_max if permitted and not suppressed_by else None,
        max_mg_per_day=drug.max_mg_per_day,
        route=drug.route,
        lead_minutes=drug.lead_minutes_min,
        indicated_by=tuple(dict.fromkeys(indicated_by)),
        state="suppressed" if suppressed_by else "indicated",
        suppressed_by=tuple(dict.fromkeys(suppressed_by)),
        caution=drug.caution,
        facts=(drug.id, "policy.premedication"),
    )


def _dose_mg(drug: facts.Premedication, situation: Situation) -> tuple[Decimal | None, Decimal | None]:
    """Lowest and highest single dose in mg, under the drug's own maximum; a computed one is rounded down."""
    if drug.dose_mg_per_kg is not None:
        dose = units.floor_to(drug.dose_mg_per_kg * situation.weight_kg, MG_STEP)
        return _capped(dose, drug), None
    low = drug.dose_mg if drug.dose_mg is not None else drug.dose_mg_min
    return (None if low is None else _capped(low, drug)), drug.dose_mg_max


def _capped(dose_mg: Decimal, drug: facts.Premedication) -> Decimal:
    return dose_mg if drug.max_mg is None else min(dose_mg, drug.max_mg)


def hydration(situation: Situation) -> tuple[CareItem, ...]:
    """The rule for everybody, the ones that findings ask for, and whether loading is withheld."""
    rules = {rule.id: rule for rule in situation.knowledge.facts.hydration}
    asked = situation.limits.of(Hydrate)
    withheld = [entry for entry in asked if entry.effect.withhold]
    items = [_fluid(rule, ()) for rule in rules.values() if rule.default]
    for entry in asked:
        rule = rules.get(entry.effect.hydration)
        loads = rule is not None and (rule.volume_ml is not None or rule.volume_ml_per_kg_max is not None)
        if rule is None or (withheld and loads):
            continue
        items.append(_fluid(rule, (entry.finding,)))
    return _unique(items)


def _fluid(rule: facts.Hydration, findings: tuple[str, ...]) -> CareItem:
    return CareItem(kind="hydration", text=rule.text, when=rule.when, findings=findings, facts=(rule.id,))


def preparation(product: Product, situation: Situation) -> tuple[CareItem, ...]:
    """What the label says of diluting, flushing, filtering and pooling; then general instructions."""
    items = [
        CareItem(
            kind=name, text=_property_text(item.text, item.items, item.flag, item.number), facts=(item.id,)
        )
        for name in _PREPARATION
        for item in product.properties_named(name)
    ]
    items += [
        CareItem(kind="preparation", text=i.text, facts=(i.id,))
        for i in situation.knowledge.facts.instruction
        if i.topic in _TOPICS[product.route]
        and product.route in i.routes
        and (product.facilitated or not i.facilitated)
    ]
    return tuple(items)


def _property_text(
    text: str | None, items: tuple[str, ...] | None, flag: bool | None, number: Decimal | None
) -> str:
    if text is not None:
        return text
    if items is not None:
        return ", ".join(items)
    return str(flag).lower() if flag is not None else f"{number}"


def monitoring(situation: Situation) -> tuple[CareItem, ...]:
    """What to look at and how often, for this patient. An unknown condition counts as met."""
    return tuple(
        CareItem(
            kind="monitoring",
            text=rule.text,
            when=rule.phase,
            interval_minutes=rule.interval_minutes,
            facts=(rule.id,),
        )
        for rule in situation.knowledge.facts.monitoring
        if _applies(rule.applies_when, situation.case)
    )


def observation(product: Product | None, situation: Situation) -> CareItem:
    """The longest observation that any rule, finding or label asks for."""
    rules: list[tuple[int, str, str]] = [
        (rule.minutes, rule.id, "")
        for rule in situation.knowledge.facts.observation
        if _applies(rule.applies_when, situation.case)
    ]
    rules += [(e.effect.minutes, e.effect.id, e.finding) for e in situation.limits.of(Observe)]
    if product is not None:
        rules += [
            (int(item.number), item.id, "")
            for item in product.properties_named("observation_min_after_infusion")
            if item.number is not None
        ]
    minutes = max((r[0] for r in rules), default=0)
    ruling = [r for r in rules if r[0] == minutes]
    return CareItem(
        kind="observation",
        text="",
        minutes=minutes,
        findings=tuple(r[2] for r in ruling if r[2]),
        facts=tuple(r[1] for r in ruling),
    )


def emergency(situation: Situation) -> tuple[CareItem, ...]:
    """What to mind when the dose is not delayed for screening; nothing for planned treatment."""
    condition, phase = situation.condition, situation.regimen.phase
    if not condition.emergency or (condition.emergency_phases and phase not in condition.emergency_phases):
        return ()
    return tuple(
        CareItem(kind="emergency", text=item.text, facts=(item.id, condition.id))
        for item in situation.knowledge.facts.instruction
        if item.topic == "emergency"
    )


def tests(situation: Situation) -> tuple[CareItem, ...]:
    """Baseline tests for this patient, and every test that a finding orders."""
    ordered = situation.limits.of(OrderTest)
    names = {test.id: test.name for test in situation.knowledge.facts.baseline_test}
    items = [
        CareItem(kind="baseline_test", text=test.name, when=test.timing, facts=(test.id,))
        for test in situation.knowledge.facts.baseline_test
        if not test.reflex and _due(test, situation)
    ]
    items += [
        CareItem(
            kind=f"test_{entry.effect.phase}",
            text=names.get(entry.effect.test, entry.effect.test),
            when=entry.effect.why,
            findings=(entry.finding,),
            facts=(entry.effect.id,),
        )
        for entry in ordered
    ]
    return _unique(items)


def _due(test: facts.BaselineTest, situation: Situation) -> bool:
    experienced = situation.case.get("immunoglobulin_naive") is False
    if test.first_infusion_only and experienced:
        return False
    return _applies(test.applies_when, situation.case)


def co_treatments(situation: Situation) -> tuple[CareItem, ...]:
    """Other treatment that the regimen expects, as its sources state it; never computed here.

    A dose that was not read in a strong source is left out.
    """
    return tuple(_co_treatment(item, situation) for item in situation.condition.cotreatments)


def _co_treatment(item: Cotreatment, situation: Situation) -> CareItem:
    permitted = situation.knowledge.permits(item)
    return CareItem(
        kind="co_treatment",
        text=f"{item.agent}: {item.text}" if item.text and permitted else item.agent,
        when=item.authority,
        daily_mg_per_kg_min=item.daily_dose_mg_per_kg_min if permitted else None,
        daily_mg_per_kg_max=item.daily_dose_mg_per_kg_max if permitted else None,
        doses_per_day=item.doses_per_day if permitted else None,
        until=item.until if permitted else "",
        facts=(item.id,),
    )


def day_checks(days: tuple[Day, ...], situation: Situation) -> tuple[CareItem, ...]:
    """Go or no-go checks before a day of this course."""
    return tuple(
        CareItem(
            kind="day_check",
            text=f"{_called(c.measure, situation)}: {c.go}; {c.no_go}",
            day=c.before_day,
            facts=(c.id,),
        )
        for c in situation.condition.day_checks
        if c.before_day <= len(days)
    )


def _called(measure: str, situation: Situation) -> str:
    term = situation.knowledge.terms.get(measure)
    return measure if term is None else term.name


def advice(situation: Situation) -> tuple[CareItem, ...]:
    """What findings ask people to do, once each, with every finding that asks for it."""
    merged: dict[str, CareItem] = {}
    for entry in situation.limits.of(Advise):
        effect = entry.effect
        known = merged.get(effect.text)
        findings = (*(known.findings if known else ()), entry.finding)
        merged[effect.text] = CareItem(
            kind="advice",
            text=effect.text,
            when=effect.audience,
            findings=tuple(dict.fromkeys(findings)),
            facts=(effect.id,),
        )
    return tuple(merged.values())


def _applies(when: When | None, case: Case) -> bool:
    return when is None or truth_of(when, case) is not Truth.FALSE


def _unique(items: Iterable[CareItem]) -> tuple[CareItem, ...]:
    """One item a (kind, text), with the findings of all of them."""
    merged: dict[tuple[str, str], CareItem] = {}
    for item in items:
        key = (item.kind, item.text)
        known = merged.get(key)
        if known is None:
            merged[key] = item
            continue
        merged[key] = CareItem(
            kind=item.kind,
            text=item.text,
            when=known.when or item.when,
            findings=tuple(dict.fromkeys((*known.findings, *item.findings))),
            facts=tuple(dict.fromkeys((*known.facts, *item.facts))),
        )
    return tuple(merged.values())
