"""One product, one regimen, one patient, made by hand: figures that a person can work out.

Nothing is read from the fact base, so a test here rests on the code alone.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, TypeVar

from ivigil.course import Dose
from ivigil.knowledge.conditions import Condition, Jurisdiction, Regimen
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import AtRiskRate as RiskEffect
from ivigil.knowledge.hazards import Effect, Factor, Hazard
from ivigil.knowledge.logic import Reading, Value, When
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.products import AtRiskRate, LabelIndication, LabelUse, Product, Schedule, Vial
from ivigil.knowledge.store import FactFile, Knowledge
from ivigil.order import Order
from ivigil.patient import Patient
from ivigil.planning.limits import Entry, Limits
from ivigil.planning.situation import Situation
from tests.support.orders import START, adult
from tests.support.orders import order as an_order

D = Decimal
F = TypeVar("F", bound=Fact)
FEVER = "fever"
"""The condition of these tests; the label's use "FV" covers it."""

POLICIES: dict[str, str | int | Decimal | tuple[str, ...] | None] = {
    "policy.authority_order": ("programme", "label", "guideline", "paper"),
    "policy.borrow_regimen": "marked",
    "policy.dosing_weight": "jurisdiction",
    "policy.dose_within_range": "lowest",
    "policy.rounding": "down",
    "policy.rounding_tolerance": 10,
    "policy.part_vial_step": 1,
    "policy.step_increase": "start_rate",
    "policy.step_interval": 30,
    "policy.minimum_practicable_rate": "maximum_if_stated",
    "policy.pump_step": 1,
    "policy.opening_hours": None,
    "policy.days_not_stated": 5,
    "policy.longest_course": 5,
    "policy.stock": None,
}


def made(kind: type[F], fact_id: str, /, **fields: Any) -> F:
    """A fact read in a label, unless told otherwise."""
    return kind(**{"id": fact_id, "basis": "label", "seen": True, "sources": ("s",), **fields})


def schedule(name: str = "rates", **fields: Any) -> Schedule:
    """0.5 to 4 mL/kg/h for fever, a step every 30 minutes, 10 %."""
    usual: dict[str, Any] = {
        "indications": ("FV",),
        "plannable": True,
        "g_per_100_ml": D(10),
        "unit": "mL/kg/h",
    }
    usual |= {"start_rate": D("0.5"), "max_rate": D(4), "step_minutes_max": 30}
    return made(Schedule, name, **{**usual, **fields})


def at_risk(name: str = "at-risk", **fields: Any) -> AtRiskRate:
    usual: dict[str, Any] = {"groups": ("renal",), "rule": "maximum", "rate": D(2), "unit": "mL/kg/h"}
    return made(AtRiskRate, name, **{**usual, **fields})


def vial(grams: str, *, percent: int = 10, **fields: Any) -> Vial:
    volume = D(grams) * 100 / percent
    return made(Vial, f"vial.{grams}", **{"grams": D(grams), "volume_ml": volume, **fields})


def product(name: str = "iggy", *, sizes: str = "5 10", percent: int = 10, **fields: Any) -> Product:
    """A 10 % product in vials of 5 and 10 g, licensed for fever."""
    usual: dict[str, Any] = {
        "brand": name,
        "name": name,
        "manufacturer": "m",
        "jurisdiction": "US",
        "route": "IV",
    }
    usual |= {"form": "liquid", "g_per_100_ml": D(percent), "schedules": (schedule(),)}
    usual |= {"vials": tuple(vial(grams, percent=percent) for grams in sizes.split())}
    usual |= {"uses": (made(LabelUse, f"{name}.use", indication="FV"),)}
    return made(Product, name, **{**usual, **fields})


def regimen(name: str = "two-grams", **fields: Any) -> Regimen:
    """2 g/kg over 2 to 5 days, from a US label."""
    usual: dict[str, Any] = {
        "authority": "a label",
        "jurisdictions": ("US",),
        "phase": "initial",
        "population": ("adult",),
    }
    usual |= {"total_dose_g_per_kg_min": D(2), "total_dose_g_per_kg_max": D(2), "allowed_days": (2, 5)}
    return made(Regimen, name, **{**usual, **fields})


def silent(name: str = "silent", **fields: Any) -> Regimen:
    """A regimen that states neither dose nor days, but for what the fields say."""
    bare: dict[str, Any] = {
        "total_dose_g_per_kg_min": None,
        "total_dose_g_per_kg_max": None,
        "allowed_days": (),
    }
    return regimen(name, **{**bare, **fields})


def condition(*regimens: Regimen, **fields: Any) -> Condition:
    usual: dict[str, Any] = {
        "name": "Fever",
        "specialty": "any",
        "purpose": "immunomodulation",
        "course": "recurring",
    }
    usual |= {"populations": ("adult", "child"), "regimens": regimens or (regimen(),)}
    return made(Condition, FEVER, **{**usual, **fields})


def knowledge(
    *, policies: dict[str, Any] | None = None, signed: tuple[str, ...] = (), zone: Any = None, **tables: Any
) -> Knowledge:
    """A fact base of these tables, with the policies above and those named."""
    known = {**POLICIES, **(policies or {})}
    usual: dict[str, Any] = {
        "policy": tuple(_policy(name, value) for name, value in known.items()),
        "label_indication": (made(LabelIndication, "FV", name="Fever", conditions=(FEVER,)),),
        "jurisdiction": (
            Jurisdiction(id="US", name="US"),
            Jurisdiction(id="CA", name="CA"),
            Jurisdiction(id="CA-ON", name="Ontario", parent="CA"),
        ),
    }
    facts = FactFile(**{**usual, **tables})
    return Knowledge(facts, "small", signed=frozenset(signed), zone=zone)


def _policy(name: str, value: str | int | Decimal | tuple[str, ...] | None) -> Policy:
    said: dict[str, Any] = {"text": name, "cautious_because": "c"}
    if isinstance(value, tuple):
        said["ranking"] = value
    elif isinstance(value, str):
        said["choice"] = value
    elif value is not None:
        said["number"] = D(value)
    return Policy(id=name, basis="synthesis", seen=False, **said)


def order(patient: Patient | None = None, **fields: Any) -> Order:
    """An adult of 70 kg in the US, naive, from 8 o'clock."""
    return an_order(FEVER, patient or adult("70"), **fields)


def dose(grams: str, *, weight_kg: str = "70") -> Dose:
    return Dose(
        grams=D(grams),
        g_per_kg=D(grams) / D(weight_kg),
        dosing_weight_kg=D(weight_kg),
        weight_kind="actual",
        actual_weight_kg=D(weight_kg),
        grams_on_actual_weight=D(grams),
    )


def situation(
    grams: str = "140",
    *,
    weight_kg: str = "70",
    rule: Regimen | None = None,
    limits: tuple[Entry[Effect], ...] = (),
    case: dict[str, Value] | None = None,
    known: Knowledge | None = None,
    of: Condition | None = None,
    **fields: Any,
) -> Situation:
    """An order settled up to the product: 140 g for 70 kg unless told otherwise."""
    known_case: dict[str, Value] = {
        "age_years": Reading.exactly(40),
        "weight_kg": Reading.exactly(D(weight_kg)),
        "immunoglobulin_naive": True,
        "adult": True,
    }
    rule = rule or regimen()
    return Situation(
        order(**fields),
        of or condition(rule),
        rule,
        dose(grams, weight_kg=weight_kg),
        {**known_case, **(case or {})},
        Limits(limits),
        known or knowledge(),
    )


def entry(kind: type[Fact], name: str, /, **fields: Any) -> Entry[Any]:
    """An effect of the finding called after it: "cap" comes from "cap's finding"."""
    return Entry(made(kind, name, **fields), f"{name}'s finding")


def risk(group: str) -> Entry[Any]:
    return entry(RiskEffect, group, group=group)


def hazard(name: str, when: When, /, *effects: Effect, **fields: Any) -> Hazard:
    factors = (made(Factor, f"{name}.factor", name=name, when=when),)
    usual: dict[str, Any] = {"name": name, "category": "any", "severity": "serious", "unknown": "assume"}
    return made(Hazard, name, **{**usual, "factors": factors, "effects": effects, **fields})


def at(hour: int, minute: int = 0, *, day: int = 23) -> dt.datetime:
    """A clock time in November 2026, in UTC."""
    return START.replace(day=day, hour=hour, minute=minute)
