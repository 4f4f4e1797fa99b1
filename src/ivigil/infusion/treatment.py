"""What to give in a reaction: which record rules, the dose for this weight, and whether it may be repeated.

A dose is computed from the record alone and only ever lowered: by the record's maximum, by
the ceiling for epinephrine, by what is left of the day's maximum, by rounding down to what
a syringe measures. A record that may not permit names the drug and gives no number.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal, get_args

import msgspec
from msgspec.structs import replace

from ivigil import units
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import MedicineGiven
from ivigil.infusion.state import Given
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.reactions import DrugClass, EmergencyDrug

_CEILING = "reaction-epinephrine-ceiling"
_CHILD_MAXIMUM = "reaction-epinephrine-child-maximum"
_SYRINGE_STEP = "reaction-syringe-step"
_DAY = dt.timedelta(days=1)

Withheld = Literal[
    "", "sign_off_missing", "contraindicated", "day_maximum", "not_a_single_dose", "not_measurable"
]
"""Why a drug is named without a dose. contraindicated: a reason against it holds or was not ruled out;
day_maximum: today's doses leave less than the lowest one; not_a_single_dose: the record states a
continuous infusion alone; not_measurable: the dose lies below the smallest step of a syringe."""

RepeatCode = Literal["first", "may_repeat", "too_early", "not_stated", "day_maximum", "amount_unknown"]
"""not_stated: one was given, and the record names no interval; amount_unknown: a dose of today was
recorded without its milligrams, so that nothing can be said of the day's maximum."""


class Amount(msgspec.Struct, frozen=True):
    """From the lowest to the highest that the record allows, in the unit of the field."""

    low: Decimal
    high: Decimal


class Repeat(msgspec.Struct, frozen=True, kw_only=True):
    """May it be given now, after what was given before?"""

    code: RepeatCode
    given: int = 0
    """Doses of the class so far, devices included."""
    last_at: dt.datetime | None = None
    earliest: dt.datetime | None = None
    latest: dt.datetime | None = None
    """The far end of the interval that the record names."""


class Dosing(msgspec.Struct, frozen=True, kw_only=True):
    """One drug by one route: what the record says, computed for this patient."""

    fact: str
    drug: str
    line: Literal["first", "second", "adjunct"]
    indication: str
    route: str
    site: str = ""
    withheld: Withheld = ""
    dose_mg: Amount | None = None
    """One single dose; where it is drawn up, what the rounded volume holds."""
    volume_ml: Amount | None = None
    """To draw up at ``strength_mg_per_ml``, or of a fluid."""
    strength_mg_per_ml: Decimal | None = None
    flow_l_per_min: Amount | None = None
    target_spo2_percent_min: Decimal | None = None
    over_minutes: Decimal | None = None
    max_mg: Decimal | None = None
    """The single maximum that binds for this patient."""
    max_mg_per_day: Decimal | None = None
    repeat: Repeat | None = None
    """None where no record may be computed."""
    caution: str = ""
    contraindicated: tuple[str, ...] = ()
    """In words: a person judges them."""
    facts: tuple[str, ...] = ()


class Treatment(msgspec.Struct, frozen=True, kw_only=True):
    """Everything of one class of drug that may be thought of, in the order of the fact base."""

    drug_class: DrugClass
    options: tuple[Dosing, ...] = ()
    gap: Literal["", "no_record"] = ""
    """no_record: no record rules for this age and weight."""
    unrecognised: tuple[str, ...] = ()
    """Medicines given whose class is not known: one of them may be of this class."""


def doses(drug_class: DrugClass, briefing: Briefing, given: tuple[Given, ...], now: dt.datetime) -> Treatment:
    """What may be given of a class of drug at ``now`` (aware), after the medicines ``given``."""
    options = tuple(_dosing(drug, briefing, given, now) for drug in _ruling(drug_class, briefing))
    return Treatment(
        drug_class=drug_class,
        options=options,
        gap="" if options else "no_record",
        unrecognised=unrecognised(briefing, given),
    )


def options_of(medicine: MedicineGiven, treatment: Treatment, briefing: Briefing) -> tuple[Dosing, ...]:
    """The options of the drug that was given: by its route, if one of them is by that route."""
    drugs = {drug.id: drug for drug in briefing.facts.emergency_drug}
    named = _words(medicine.drug)[:1]
    same = tuple(
        each
        for each in treatment.options
        if set(named) & {word for name in _names(drugs[each.fact]) for word in _words(name)}
    )
    by_route = tuple(each for each in same if each.route.casefold() == medicine.route.casefold())
    return by_route or same


def of_class(drug_class: DrugClass, briefing: Briefing, given: Iterable[Given]) -> tuple[Given, ...]:
    """The medicines of a class among those given: by the class on the record, or by a drug's name."""
    return tuple(
        item
        for item in given
        if item.medicine.drug_class == drug_class or drug_class in _classes_named(item, briefing)
    )


def unrecognised(briefing: Briefing, given: Iterable[Given]) -> tuple[str, ...]:
    """Names of medicines that carry no known class and no name that the fact base knows."""
    return tuple(
        item.medicine.drug
        for item in given
        if item.medicine.drug_class not in get_args(DrugClass) and not _classes_named(item, briefing)
    )


def _classes_named(item: Given, briefing: Briefing) -> frozenset[DrugClass]:
    return frozenset(drug.drug_class for drug in briefing.facts.emergency_drug if _is_named(item, drug))


def _is_named(item: Given, drug: EmergencyDrug) -> bool:
    """Does the medicine's name begin with a word of one of the drug's names ("salbutamol neb")?"""
    words = _words(item.medicine.drug)
    return bool(words) and any(words[0] in _words(name) for name in _names(drug))


def _names(drug: EmergencyDrug) -> tuple[str, ...]:
    return (drug.drug, *drug.also_called)


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W\d_]+", name.casefold())


def _ruling(drug_class: DrugClass, briefing: Briefing) -> list[EmergencyDrug]:
    """The records to compute: for each drug and route the one that a policy chose, else the default."""
    choices = {policy.choice for policy in briefing.facts.policy}
    usable = [
        drug for drug in briefing.facts.emergency_drug if drug.drug_class == drug_class and not drug.device
    ]
    settled = {(drug.drug, drug.route) for drug in usable if drug.id in choices}
    return [
        drug
        for drug in usable
        if drug.id in choices or (drug.default and (drug.drug, drug.route) not in settled)
    ]


def _dosing(drug: EmergencyDrug, briefing: Briefing, given: tuple[Given, ...], now: dt.datetime) -> Dosing:
    named = Dosing(
        fact=drug.id,
        drug=drug.drug,
        line=drug.line,
        indication=drug.indication,
        route=drug.route,
        site=drug.site,
        caution=drug.caution,
        contraindicated=drug.contraindicated,
        facts=(drug.id,),
    )
    if drug.id not in briefing.permitted:
        return replace(named, withheld="sign_off_missing")
    if drug.id in briefing.contraindicated:
        return replace(named, withheld="contraindicated")
    caps = _caps(drug, briefing)
    repeat, left_mg = _repeat(drug, briefing, given, now)
    if repeat.code == "day_maximum":
        return replace(named, withheld="day_maximum", repeat=repeat)
    max_mg = min((cap for cap, _ in caps), default=None)
    dose_mg = _dose_mg(drug, briefing.weight_kg, [cap for cap in (max_mg, left_mg) if cap is not None])
    volume_ml = _volume_ml(drug, briefing.weight_kg)
    facts = tuple(dict.fromkeys((drug.id, *(fact for _, fact in caps))))
    if dose_mg is not None and drug.strength_mg_per_ml is not None:
        step = briefing.policies[_SYRINGE_STEP]
        volume_ml, facts = _drawn_ml(dose_mg, drug.strength_mg_per_ml, step), (*facts, step.id)
        if volume_ml is None:
            return replace(named, withheld="not_measurable", facts=facts)
        dose_mg = Amount(volume_ml.low * drug.strength_mg_per_ml, volume_ml.high * drug.strength_mg_per_ml)
    flow_l_per_min = _amount(drug.flow_l_per_min_min, drug.flow_l_per_min_max)
    target = drug.target_spo2_percent_min
    if dose_mg is None and volume_ml is None and flow_l_per_min is None and target is None:
        return replace(named, withheld="not_a_single_dose")
    return replace(
        named,
        dose_mg=dose_mg,
        volume_ml=volume_ml,
        strength_mg_per_ml=drug.strength_mg_per_ml,
        flow_l_per_min=flow_l_per_min,
        target_spo2_percent_min=target,
        over_minutes=drug.over_minutes,
        max_mg=max_mg,
        max_mg_per_day=drug.max_mg_per_day,
        repeat=repeat,
        facts=facts,
    )


def _caps(drug: EmergencyDrug, briefing: Briefing) -> list[tuple[Decimal, str]]:
    """Single maxima in mg that bind beside the weight-based dose, each with the fact behind it."""
    caps = [] if drug.max_mg is None else [(drug.max_mg, drug.id)]
    if drug.drug_class != "epinephrine":
        return caps
    ceiling, child = briefing.policies[_CEILING], briefing.policies[_CHILD_MAXIMUM]
    caps.append((_number(ceiling) * briefing.weight_kg, ceiling.id))
    if drug.population == "child":
        caps.append((_number(child), child.id))
    return caps


def _number(policy: Policy) -> Decimal:
    """The policy's number; a limit that lost its number lets nothing through."""
    return policy.number or Decimal(0)


def _dose_mg(drug: EmergencyDrug, weight_kg: Decimal, caps: list[Decimal]) -> Amount | None:
    dose = drug.dose_mg(weight_kg)
    return None if dose is None else Amount(min((dose[0], *caps)), min((dose[1], *caps)))


def _volume_ml(drug: EmergencyDrug, weight_kg: Decimal) -> Amount | None:
    """A dose that the record states in millilitres."""
    if drug.dose_ml_per_kg_min is None or drug.dose_ml_per_kg_max is None:
        return _amount(drug.dose_ml_min, drug.dose_ml_max)
    return Amount(drug.dose_ml_per_kg_min * weight_kg, drug.dose_ml_per_kg_max * weight_kg)


def _amount(low: Decimal | None, high: Decimal | None) -> Amount | None:
    return None if low is None or high is None else Amount(low, high)


def _drawn_ml(dose_mg: Amount, strength_mg_per_ml: Decimal, policy: Policy) -> Amount | None:
    """The volume that holds the dose, down to the step; None if even the highest is below one step."""
    step = _number(policy)
    if not step:
        return None
    high = units.floor_to(dose_mg.high / strength_mg_per_ml, step)
    low = max(units.floor_to(dose_mg.low / strength_mg_per_ml, step), min(step, high))
    return Amount(low, high) if high else None


def _repeat(
    drug: EmergencyDrug, briefing: Briefing, given: tuple[Given, ...], now: dt.datetime
) -> tuple[Repeat, Decimal | None]:
    """Whether it may be given now, and the milligrams that the day's maximum leaves, if there is one."""
    before = of_class(drug.drug_class, briefing, given)
    left_mg = _left_mg(drug, given, now)
    repeat = _timed(drug, before, now)
    if drug.doses_per_day_max is not None and len(_today(drug, given, now)) >= drug.doses_per_day_max:
        return replace(repeat, code="day_maximum"), None
    if drug.max_mg_per_day is None:
        return repeat, None
    if left_mg is None:
        return replace(repeat, code="amount_unknown"), None
    lowest = drug.dose_mg(briefing.weight_kg)
    if lowest is not None and lowest[0] > left_mg:
        return replace(repeat, code="day_maximum"), None
    return repeat, left_mg


def _timed(drug: EmergencyDrug, before: tuple[Given, ...], now: dt.datetime) -> Repeat:
    """Any drug of the class counts: the interval is kept to the last of them."""
    if not before:
        return Repeat(code="first")
    last_at = max(item.at for item in before)
    shortest = _interval(drug.repeat_minutes_min, drug.interval_hours_min)
    longest = _interval(drug.repeat_minutes_max, drug.interval_hours_max)
    if shortest is None:
        return Repeat(code="not_stated", given=len(before), last_at=last_at)
    earliest = last_at + shortest
    return Repeat(
        code="may_repeat" if now >= earliest else "too_early",
        given=len(before),
        last_at=last_at,
        earliest=earliest,
        latest=None if longest is None else last_at + longest,
    )


def _interval(minutes: int | None, hours: int | None) -> dt.timedelta | None:
    if minutes is not None:
        return dt.timedelta(minutes=minutes)
    return None if hours is None else dt.timedelta(hours=hours)


def _left_mg(drug: EmergencyDrug, given: tuple[Given, ...], now: dt.datetime) -> Decimal | None:
    """What the day's maximum leaves of this drug, over the last 24 hours; None if an amount is unknown."""
    today = _today(drug, given, now)
    known = [medicine.dose_mg for medicine in today if medicine.dose_mg is not None]
    if drug.max_mg_per_day is None or len(known) < len(today):
        return None
    return drug.max_mg_per_day - sum(known, Decimal(0))


def _today(drug: EmergencyDrug, given: tuple[Given, ...], now: dt.datetime) -> list[MedicineGiven]:
    """This drug over the last 24 hours."""
    return [item.medicine for item in given if item.at > now - _DAY and _is_named(item, drug)]
