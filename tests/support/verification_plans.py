"""Plans written and computed by hand over ``tests/support/verification``, and how to spoil them.

Nothing here comes from the planner: the arithmetic stands beside each number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, TypeVar, cast
from zoneinfo import ZoneInfo

import msgspec

from ivigil.course import (
    Action,
    Assumption,
    Blocked,
    CareItem,
    Course,
    Day,
    Dose,
    Finding,
    Plan,
    Premedication,
    ProductChoice,
    ProductExcluded,
    ProductOption,
    Question,
    RateDecision,
    Reason,
    RegimenChoice,
    Site,
    State,
    Step,
    Vial,
)
from ivigil.knowledge.evidence import Cited, Document, Fact
from ivigil.knowledge.store import Knowledge, read_folder
from ivigil.order import LastImmunoglobulin, Order
from ivigil.patient import Identifier, Measurement, Patient, Screening

D = Decimal
STOCKHOLM = ZoneInfo("Europe/Stockholm")
SUMMER, WINTER = dt.timezone(dt.timedelta(hours=2)), dt.timezone(dt.timedelta(hours=1))
S = TypeVar("S", bound=msgspec.Struct)


@cache
def facts() -> Knowledge:
    """The small fact base, at a site in Stockholm."""
    records, version = read_folder(Path(__file__).parent / "verification")
    return Knowledge(records, version, zone=STOCKHOLM)


# ---- spoiling


def put(value: S, path: str, new: object) -> S:
    """A copy with one field changed: put(plan, "days[0].steps[2].minutes", 31)."""
    names = re.findall(r"\w+", path)
    return cast("S", _put(value, names, new))


def _put(value: Any, names: list[str], new: object) -> Any:
    if not names:
        return new
    name, *rest = names
    if isinstance(value, tuple):
        index = int(name)
        return (*value[:index], _put(value[index], rest, new), *value[index + 1 :])
    if isinstance(value, Mapping):
        return {**value, name: _put(value.get(name), rest, new)}
    return msgspec.structs.replace(value, **{name: _put(getattr(value, name), rest, new)})


def with_fact(knowledge: Knowledge, fact: str, **fields: object) -> Knowledge:
    """The fact base with fields of one fact, nested or not, changed."""
    records = _amended(knowledge.facts, fact, fields)
    return msgspec.structs.replace(knowledge, facts=records)


def _amended(value: Any, fact: str, fields: dict[str, object]) -> Any:
    if isinstance(value, tuple):
        return tuple(_amended(item, fact, fields) for item in value)
    if not isinstance(value, msgspec.Struct):
        return value
    if isinstance(value, Fact) and value.id == fact:
        return msgspec.structs.replace(value, **fields)
    inner = {name: _amended(getattr(value, name), fact, fields) for name in value.__struct_fields__}
    changed = {name: item for name, item in inner.items() if item is not getattr(value, name)}
    return msgspec.structs.replace(value, **changed) if changed else value


# ---- shared parts


def cited(*names: str) -> dict[str, Cited]:
    """The evidence of these facts, as a plan carries it."""
    knowledge = facts()
    return {name: _citation(knowledge.by_id[name], knowledge) for name in names}


def _citation(fact: Fact, knowledge: Knowledge) -> Cited:
    documents = tuple(Document(id=name, title=knowledge.sources[name].title) for name in fact.sources)
    return Cited(basis=fact.basis, seen=fact.seen, documents=documents)


def finding(name: str, state: State, **fields: Any) -> Finding:
    """A finding of the small fact base with all its actions."""
    hazard = facts().hazards[name]
    actions = tuple(Action(effect="effect", fact=effect.id) for effect in hazard.effects)
    parts = {"name": hazard.name, "category": hazard.category, "severity": hazard.severity}
    return Finding(id=name, state=state, do=actions, facts=(name,), **(parts | fields))


def _actions(*findings: Finding) -> tuple[str, ...]:
    return tuple(action.fact for item in findings for action in item.do)


def step(rate: str, minutes: int, volume: str, start: dt.datetime, limit: str) -> Step:
    """One step; it ends ``minutes`` after it starts."""
    end = start + dt.timedelta(minutes=minutes)
    return Step(
        rate_ml_per_h=D(rate),
        minutes=minutes,
        volume_ml=D(volume),
        start=start,
        end=end,
        limit_ml_per_h=D(limit),
    )


def day(
    number: int, start: dt.datetime, grams: str, volume: str, steps: tuple[Step, ...], **fields: Any
) -> Day:
    """One day that ends with its last step."""
    return Day(
        number=number,
        date=start.date(),
        start=start,
        end=steps[-1].end,
        grams=D(grams),
        volume_ml=D(volume),
        duration_min=sum(item.minutes for item in steps),
        steps=steps,
        **fields,
    )


NO_VIALS = ProductExcluded(id="pro", because=(Reason(code="no_presentation_seen", fact="pro"),))


# ---- plan A: a man of 70 kg with dermatomyositis and an earlier clot, 2 g/kg over 2 days


def adult_order() -> Order:
    return Order(
        condition="dermatomyositis",
        jurisdiction="SE",
        start=dt.datetime(2026, 10, 24, 8, tzinfo=SUMMER),
        route="IV",
        patient=Patient(
            id=Identifier("urn:test", "A"),
            birth_date=dt.date(1970, 6, 1),
            sex="male",
            weight_kg=D(70),
            height_cm=D(180),
            measurements={},
            screening=Screening(complete=True, present=("prior_venous_thrombosis", "migraine")),
        ),
        experience="experienced",
        last_immunoglobulin=LastImmunoglobulin(
            date=dt.date(2026, 9, 20),
            product="ten",
            grams=D(140),
            tolerated_rate_ml_per_kg_per_h=D("4.8"),
            infusions=5,
        ),
    )


def adult_steps(start: dt.datetime) -> tuple[Step, ...]:
    """700 mL: 0.6 and 1.2 mL/kg/h for 30 min, then less than 3.3 mg/kg/min = 1.98 mL/kg/h = 138.6 mL/h.

    21 + 42 mL in the first hour; 637 mL at 138 mL/h take 276.96 min.
    """
    first = step("42", 30, "21", start, "42")
    second = step("84", 30, "42", first.end, "84")
    return first, second, step("138", 277, "637", second.end, "138.6")


def adult_plan() -> Plan:
    vials = (
        Vial(grams=D(20), count=3, volume_ml=D(200)),
        Vial(grams=D(10), count=1, volume_ml=D(100)),
    )
    # Clocks go back in the night between the days: the second start is at the same wall-clock time.
    starts = dt.datetime(2026, 10, 24, 8, tzinfo=SUMMER), dt.datetime(2026, 10, 25, 8, tzinfo=WINTER)
    days = tuple(
        day(number, start, "70", "700", adult_steps(start), vials=vials)
        for number, start in enumerate(starts, start=1)
    )
    findings = finding("clot_risk", "present"), finding("headache_risk", "present")
    named = _actions(*findings)
    return Plan(
        id="plan-a",
        input_hash="a",
        knowledge_version=facts().version,
        status="ready",
        valid_until=dt.date(2026, 10, 31),
        order=adult_order(),
        regimen=RegimenChoice(
            id="dm.guide",
            authority="guideline",
            phase="initial",
            jurisdictions=("EU",),
            basis="guideline",
            borrowed=False,
            total_dose_g_per_kg_min=D(2),
            total_dose_g_per_kg_max=D("2.4"),
            allowed_days=(2, 5),
            interval_weeks_min=D(4),
            interval_weeks_max=D(4),
            facts=("dm.guide",),
        ),
        dose=Dose(
            grams=D(140),
            g_per_kg=D(2),
            dosing_weight_kg=D(70),
            weight_kind="actual",
            actual_weight_kg=D(70),
            ideal_weight_kg=D("75.0"),  # 50 + 2.3 x (180 / 2.54 - 60) = 74.99
            grams_on_actual_weight=D(140),
            facts=("dm.guide", "policy.dose_within_range"),
        ),
        findings=findings,
        product=ProductChoice(
            id="ten",
            name="Ten 10%",
            g_per_100_ml=D(10),
            on_label=True,
            alternatives=(ProductOption(id="five", name="Five 5%", on_label=False, rates_seen=True),),
            facts=("ten",),
        ),
        products_excluded=(NO_VIALS,),
        course=Course(
            days=2,
            grams=D(140),
            change_percent=D(0),
            vials=8,
            discard_g=D(0),
            interval_days=28,
            facts=("dm.guide",),
        ),
        rates=RateDecision(
            schedule="ten.schedule.dm",
            experience="any",
            start_ml_per_kg_h=D("0.6"),
            max_ml_per_kg_h=D("4.8"),
        ),
        days=days,
        premedication=(
            Premedication(
                drug="paracetamol",
                drug_class="analgesic_antipyretic",
                dose_mg=D(1000),  # 15 mg/kg x 70 kg = 1050 mg, at most 1000 mg
                route="PO",
                indicated_by=("headache_risk",),
                facts=("drug.paracetamol",),
            ),
            Premedication(
                drug="ibuprofen",
                drug_class="nsaid",
                dose_mg=None,
                route="PO",
                state="suppressed",
                suppressed_by=("clot_risk",),
                facts=("drug.ibuprofen",),
            ),
        ),
        observation=CareItem(kind="observation", text="", minutes=60, facts=("clot_risk.observe",)),
        tests=(CareItem(kind="test", text="blood viscosity", facts=("clot_risk.viscosity",)),),
        day_checks=(CareItem(kind="day_check", text="creatinine", day=2, facts=("dm.check",)),),
        assumed=(Assumption(kind="policy", id="policy.pump_step"),),
        sources=cited(
            "dm.guide",
            "policy.dose_within_range",
            "ten",
            "ten.schedule.dm",
            "pro",
            "clot_risk",
            "headache_risk",
            "drug.paracetamol",
            "drug.ibuprofen",
            "dm.check",
            *named,
        ),
    )


# ---- plan B: an infant of 6.3 kg with Kawasaki disease, off label, part of a vial, an emergency


def infant_order() -> Order:
    return Order(
        condition="kawasaki",
        jurisdiction="SE",
        start=dt.datetime(2026, 11, 23, 10, tzinfo=WINTER),
        route="IV",
        patient=Patient(
            id=Identifier("urn:test", "B"),
            birth_date=dt.date(2026, 1, 10),
            sex="male",
            weight_kg=D("6.3"),
            height_cm=D(65),
            measurements={},
            screening=Screening(
                absent=(
                    "prior_venous_thrombosis",
                    "renal_impairment",
                    "heart_failure",
                    "hyperprolinaemia",
                    "severe_liver_disease",
                    "smoking",
                )
            ),
        ),
        pump_step_ml_per_h=D("0.1"),
    )


def infant_steps(start: dt.datetime) -> tuple[Step, ...]:
    """252 mL, off label: start at the slowest 0.5 mL/kg/h = 3.15, + 3.15 every 30 min, at most 4 = 25.2 mL/h.

    The seven rising steps give 1.55 + 3.15 + 4.7 + 6.3 + 7.85 + 9.45 + 11 = 44 mL; 208 mL at
    25.2 mL/h take 495.2 min; 210 + 496 min = 11 h 46 min, between 10 and 12 h.
    """
    made: list[Step] = []
    for rate, volume, limit in (
        ("3.1", "1.55", "3.15"),
        ("6.3", "3.15", "6.3"),
        ("9.4", "4.7", "9.45"),
        ("12.6", "6.3", "12.6"),
        ("15.7", "7.85", "15.75"),
        ("18.9", "9.45", "18.9"),
        ("22", "11", "22.05"),
    ):
        made.append(step(rate, 30, volume, made[-1].end if made else start, limit))
    made.append(step("25.2", 496, "208", made[-1].end, "25.2"))
    return tuple(made)


def infant_plan() -> Plan:
    start = dt.datetime(2026, 11, 23, 10, tzinfo=WINTER)
    findings = (
        finding("first_exposure", "assumed"),
        finding("anaphylaxis", "asked"),
        finding("headache_risk", "assumed"),
        finding("big_dose", "assumed"),  # no record of earlier doses: at least 2 g/kg
    )
    one = day(
        1,
        start,
        "12.6",
        "252",
        infant_steps(start),
        vials=(
            Vial(grams=D(10), count=1, volume_ml=D(200)),
            Vial(grams=D(5), count=1, volume_ml=D(100)),
        ),
        discard_g=D("2.4"),
    )
    return Plan(
        id="plan-b",
        input_hash="b",
        knowledge_version=facts().version,
        status="ready",
        valid_until=dt.date(2026, 11, 25),
        order=infant_order(),
        regimen=RegimenChoice(
            id="kd.guide",
            authority="guideline",
            phase="initial",
            jurisdictions=("EU",),
            basis="guideline",
            borrowed=False,
            total_dose_g_per_kg_min=D(2),
            total_dose_g_per_kg_max=D(2),
            allowed_days=(1,),
            infusion_hours_min=D(10),
            infusion_hours_max=D(12),
        ),
        dose=Dose(
            grams=D("12.6"),
            g_per_kg=D(2),
            dosing_weight_kg=D("6.3"),
            weight_kind="actual",
            actual_weight_kg=D("6.3"),
            grams_on_actual_weight=D("12.6"),
        ),
        findings=findings,
        product=ProductChoice(
            id="five",
            name="Five 5%",
            g_per_100_ml=D(5),
            on_label=False,
            alternatives=(ProductOption(id="ten", name="Ten 10%", on_label=False, rates_seen=True),),
        ),
        products_excluded=(NO_VIALS,),
        course=Course(days=1, grams=D("12.6"), change_percent=D(0), vials=2, discard_g=D("2.4")),
        rates=RateDecision(
            schedule="five.schedule.pi",
            experience="any",
            start_ml_per_kg_h=D("0.5"),
            max_ml_per_kg_h=D(4),
            off_label=True,
        ),
        days=(one,),
        premedication=(
            Premedication(
                drug="paracetamol",
                drug_class="analgesic_antipyretic",
                dose_mg=D("94.5"),  # 15 mg/kg x 6.3 kg
                route="PO",
                facts=("drug.paracetamol_child",),
            ),
        ),
        observation=CareItem(kind="observation", text="", minutes=90, facts=("watch.first",)),
        tests=(CareItem(kind="test", text="haemoglobin", facts=("big_dose.haemoglobin",)),),
        questions=(
            Question(
                field="prior_anaphylaxis",
                question="?",
                blocking=False,
                findings=("anaphylaxis",),
                changes=("block",),
            ),
        ),
        sources=cited(
            "kd.guide",
            "five",
            "five.schedule.pi",
            "pro",
            "first_exposure",
            "anaphylaxis",
            "headache_risk",
            "big_dose",
            "drug.paracetamol_child",
            "watch.first",
            *_actions(*findings),
        ),
    )


# ---- plan C: blocked by an earlier anaphylaxis


def blocked_order() -> Order:
    asked = Screening(complete=True, present=("prior_anaphylaxis",))
    return put(adult_order(), "patient.screening", asked)


def blocked_plan() -> Plan:
    found = finding("anaphylaxis", "present")
    return Plan(
        id="plan-c",
        input_hash="c",
        knowledge_version=facts().version,
        status="blocked",
        valid_until=None,
        order=blocked_order(),
        regimen=adult_plan().regimen,
        dose=adult_plan().dose,
        findings=(found,),
        blocked=(Blocked(code="contraindicated", findings=("anaphylaxis",), facts=("anaphylaxis.block",)),),
        sources=cited(
            "dm.guide", "policy.dose_within_range", "anaphylaxis", "anaphylaxis.block", "anaphylaxis.label"
        ),
    )


# ---- plan D: a first subcutaneous infusion of 8 g at two sites


def skin_order() -> Order:
    return Order(
        condition="immunodeficiency",
        jurisdiction="SE",
        start=dt.datetime(2026, 11, 23, 10, tzinfo=WINTER),
        route="SC",
        patient=put(adult_order().patient, "screening", Screening(complete=True)),
        experience="naive",
        total_dose_g=D(8),
    )


def skin_plan() -> Plan:
    start = dt.datetime(2026, 11, 23, 10, tzinfo=WINTER)
    found = finding("first_exposure", "present")
    return Plan(
        id="plan-d",
        input_hash="d",
        knowledge_version=facts().version,
        status="ready",
        valid_until=dt.date(2026, 11, 30),
        order=skin_order(),
        regimen=RegimenChoice(
            id="pi.sc",
            authority="guideline",
            phase="maintenance",
            jurisdictions=("EU",),
            basis="guideline",
            borrowed=False,
            total_dose_g_per_kg_min=D("0.1"),
            total_dose_g_per_kg_max=D("0.2"),
            allowed_days=(1,),
        ),
        dose=Dose(
            grams=D(8),
            g_per_kg=D("0.1142857142857142857"),  # 8 g / 70 kg
            dosing_weight_kg=D(70),
            weight_kind="actual",
            actual_weight_kg=D(70),
            grams_on_actual_weight=D(8),
        ),
        findings=(found,),
        product=ProductChoice(id="twenty", name="Twenty 20%", g_per_100_ml=D(20), on_label=True),
        course=Course(days=1, grams=D(8), change_percent=D(0), vials=2, discard_g=D(0)),
        days=(
            Day(
                number=1,
                date=start.date(),
                start=start,
                end=start + dt.timedelta(minutes=80),
                grams=D(8),
                volume_ml=D(40),
                duration_min=80,  # 20 mL at 15 mL/h
                vials=(Vial(grams=D(4), count=2, volume_ml=D(20)),),
                sites=(Site(volume_ml=D(20), rate_ml_per_h=D(15)),) * 2,
            ),
        ),
        observation=CareItem(kind="observation", text="", minutes=90, facts=("watch.first",)),
        sources=cited("pi.sc", "twenty", "first_exposure", "first_exposure.slow", "watch.first"),
    )


# ---- plan E: from 25 g every 4 weeks into a vein to a weekly dose under the skin


def weekly_order() -> Order:
    return Order(
        condition="immunodeficiency",
        jurisdiction="SE",
        start=dt.datetime(2026, 11, 23, 10, tzinfo=WINTER),
        route="SC",
        patient=skin_order().patient,
        experience="experienced",
        last_immunoglobulin=LastImmunoglobulin(
            date=dt.date(2026, 11, 16), product="ten", grams=D(25), interval_days=28, infusions=12
        ),
    )


def weekly_day(index: int) -> Day:
    """8 g = 40 mL. First 2 sites of 20 mL, at most 35 mL/h together: 17 + 17; then one site at 35 mL/h."""
    start = dt.datetime(2026, 11, 23, 10, tzinfo=WINTER) + dt.timedelta(weeks=index)
    rate, minutes, sites = ("35", 69, 1) if index else ("34", 71, 2)
    return day(
        index + 1,
        start,
        "8",
        "40",
        (step(rate, minutes, "40", start, "35"),),
        vials=(Vial(grams=D(4), count=2, volume_ml=D(20)),),
        sites=(Site(volume_ml=D(40) / sites, rate_ml_per_h=D(rate) / sites),) * sites,
    )


def half_day(index: int) -> Day:
    """4 g = 20 mL at days 0, 3, 7, 10: first at 20 mL/h, later at 35 mL/h, in one site."""
    offset = index // 2 * 7 + index % 2 * 3
    start = dt.datetime(2026, 11, 23, 10, tzinfo=WINTER) + dt.timedelta(days=offset)
    rate, minutes = ("35", 35) if index else ("20", 60)
    return day(
        index + 1,
        start,
        "4",
        "20",
        (step(rate, minutes, "20", start, "35" if index else "20"),),
        vials=(Vial(grams=D(4), count=1, volume_ml=D(20)),),
        sites=(Site(volume_ml=D(20), rate_ml_per_h=D(rate)),),
    )


def weekly_plan() -> Plan:
    """25 g / 4 weeks x 1.3 = 8.125 g a week; two vials of 4 g are 1.5 % less."""
    found = finding("first_exposure", "present")
    return Plan(
        id="plan-e",
        input_hash="e",
        knowledge_version=facts().version,
        status="ready",
        valid_until=dt.date(2026, 11, 30),
        order=weekly_order(),
        dose=Dose(
            grams=D("8.125"),
            g_per_kg=D("0.116071428571428571"),
            dosing_weight_kg=D(70),
            weight_kind="actual",
            actual_weight_kg=D(70),
            grams_on_actual_weight=D("8.125"),
            interval_days=7,
            facts=("twenty.from-iv",),
        ),
        findings=(found,),
        product=ProductChoice(id="twenty", name="Twenty 20%", g_per_100_ml=D(20), on_label=True),
        course=Course(
            days=4, grams=D(32), change_percent=D("-1.5"), vials=8, discard_g=D(0), interval_days=7
        ),
        days=tuple(weekly_day(index) for index in range(4)),
        observation=CareItem(kind="observation", text="", minutes=30, facts=("watch.others",)),
        sources=cited("twenty.from-iv", "twenty", "first_exposure", "first_exposure.slow", "watch.others"),
    )


# ---- variations of an order


def answered(order: Order, *present: str, absent: tuple[str, ...] = (), complete: bool = True) -> Order:
    """The order with other screening answers."""
    return put(order, "patient.screening", Screening(complete=complete, present=present, absent=absent))


def measured(order: Order, name: str, measurement: Measurement) -> Order:
    """The order with one measurement more."""
    return put(order, "patient.measurements", {**order.patient.measurements, name: measurement})
