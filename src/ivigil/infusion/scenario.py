"""What goes wrong in a simulated infusion, and how the nurse works: drawn from a name and a seed.

Every size comes from the fact base: a value that trips a rule is the first one past the limit
that the rule states. Times are counted in looks, the shortest time that the plan's monitoring
leaves between two measurements.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from random import Random
from typing import Literal

import msgspec

from ivigil.infusion.briefing import Briefing
from ivigil.knowledge.reactions import AnaphylaxisCriterion, Limit, StopRule

_PERCENT = Decimal(100)

Mistake = Literal["", "wrong_vial", "mistyped_rate", "steps_early"]
"""wrong_vial: takes another vial from the shelf first; mistyped_rate: enters ten times the rate;
steps_early: raises the rate before its time, against advice."""


class Trouble(msgspec.Struct, frozen=True, kw_only=True):
    """Something that comes over the patient, and goes some time after the flow was slowed or halted."""

    at_share: Decimal
    """The share of the day's volume that is in when it begins."""
    symptoms: tuple[str, ...] = ()
    limits: tuple[Limit, ...] = ()
    """Measured values are just past these."""
    lasts_looks: int


class Scenario(msgspec.Struct, frozen=True, kw_only=True):
    """One story: the patient's troubles, the nurse's habits, the pump's."""

    name: str
    troubles: tuple[Trouble, ...] = ()
    late_minutes: int = 0
    """How long after the advice the nurse acts while it flows; never in an emergency."""
    mistake: Mistake = ""
    pump_halts_at_share: Decimal | None = None


class ScenarioError(ValueError):
    """No scenario of this name for this patient; ``accepted`` lists those that there are."""

    def __init__(self, name: str, accepted: tuple[str, ...]) -> None:
        super().__init__(f"unknown scenario {name!r}; accepted: {', '.join(accepted)}")
        self.name = name
        self.accepted = accepted


def names(briefing: Briefing) -> tuple[str, ...]:
    """Every scenario for this patient: the named ones, then each stop rule by its id."""
    return (*_NAMED, *(rule.id for rule in briefing.facts.stop_rule))


def scenario(name: str, briefing: Briefing, rng: Random) -> Scenario:
    """The scenario of this name, its details drawn. Raises ScenarioError."""
    if name in _NAMED:
        return _NAMED[name](name, briefing, rng)
    rule = _stop_rule(name, briefing)
    if rule is None:
        raise ScenarioError(name, names(briefing))
    return Scenario(name=name, troubles=(_of_rule(rule, briefing, rng),))


def look_minutes(briefing: Briefing) -> int:
    """The shortest time between two measurements; the first step's time where no rule sets one."""
    intervals = [check.interval_minutes for check in briefing.checks if check.interval_minutes is not None]
    steps = briefing.day.steps
    return min(intervals, default=steps[0].minutes if steps else briefing.day.duration_min)


def just_past(limit: Limit, own: Decimal, age_years: int) -> Decimal:
    """The first value past a limit for a patient whose own value is ``own``, in steps of its last digit."""
    lower = limit.at_least if limit.above is None else limit.above
    upper = limit.at_most if limit.below is None else limit.below
    strict = limit.above is not None or (lower is None and limit.below is not None)
    bound = lower if lower is not None else upper
    if bound is None:
        raise ValueError(f"a limit on {limit.measure} has no bound")
    bound += (limit.per_year_of_age or Decimal(0)) * age_years
    falls = limit.of in ("fall", "fall_percent") or (limit.of == "value" and lower is None)
    step = Decimal(1).scaleb(int(own.as_tuple().exponent))
    edge = _edge(limit, bound, own)
    value = edge.quantize(step, ROUND_FLOOR if falls else ROUND_CEILING)
    if strict and value == edge:
        value += -step if falls else step
    return value


def _edge(limit: Limit, bound: Decimal, own: Decimal) -> Decimal:
    """The value at which the limit's bound is met."""
    match limit.of:
        case "rise" | "change":
            return own + bound
        case "fall":
            return own - bound
        case "rise_percent":
            return own * (_PERCENT + bound) / _PERCENT
        case "fall_percent":
            return own * (_PERCENT - bound) / _PERCENT
        case "times_baseline":
            return own * bound
        case _:
            return bound


def _quiet(name: str, briefing: Briefing, rng: Random) -> Scenario:
    return Scenario(name=name)


def _symptom(name: str, briefing: Briefing, rng: Random) -> Scenario:
    return Scenario(name=name, troubles=(_of_symptoms((f"symptom.{name}",), briefing, rng),))


def _anaphylaxis(name: str, briefing: Briefing, rng: Random) -> Scenario:
    """One sign of each cluster of a criterion, so that the criterion is met."""
    criteria = [c for c in briefing.facts.anaphylaxis_criterion if c.use == "diagnosis" and c.clusters]
    signs = _one_of_each(rng.choice(criteria), rng) if criteria else ()
    return Scenario(name=name, troubles=(_of_symptoms(signs, briefing, rng),))


def _one_of_each(criterion: AnaphylaxisCriterion, rng: Random) -> tuple[str, ...]:
    return tuple(dict.fromkeys(rng.choice(cluster.symptoms) for cluster in criterion.clusters))


def _rising_pressure(name: str, briefing: Briefing, rng: Random) -> Scenario:
    return _rules(name, ("stop.default_systolic_change",), briefing, rng)


def _overload(name: str, briefing: Briefing, rng: Random) -> Scenario:
    """Fluid in the lungs, and the oxygen saturation that goes with it."""
    wet = _of_symptoms(("symptom.lung_water_signs",), briefing, rng)
    oxygen = _stop_rule("stop.default_spo2", briefing)
    limits = oxygen.limits if oxygen else ()
    return Scenario(name=name, troubles=(msgspec.structs.replace(wet, limits=(*wet.limits, *limits)),))


def _glucose(name: str, briefing: Briefing, rng: Random) -> Scenario:
    return _rules(name, ("stop.low_sugar_signs",), briefing, rng)


def _twice(name: str, briefing: Briefing, rng: Random) -> Scenario:
    """A mild reaction that comes back after going on."""
    first = _of_symptoms(("symptom.chills",), briefing, rng)
    early, later = sorted((_share(rng), _share(rng)))
    both = (early, min(later + Decimal("0.1"), Decimal("0.9")))
    return Scenario(
        name=name, troubles=tuple(msgspec.structs.replace(first, at_share=share) for share in both)
    )


def _late_nurse(name: str, briefing: Briefing, rng: Random) -> Scenario:
    return Scenario(name=name, late_minutes=rng.randint(2, max(look_minutes(briefing), 2)))


def _mistake(mistake: Mistake) -> Callable[[str, Briefing, Random], Scenario]:
    return lambda name, briefing, rng: Scenario(name=name, mistake=mistake)


def _paused_pump(name: str, briefing: Briefing, rng: Random) -> Scenario:
    late = rng.randint(1, look_minutes(briefing))
    return Scenario(name=name, pump_halts_at_share=_share(rng), late_minutes=late)


def _drawn(name: str, briefing: Briefing, rng: Random) -> Scenario:
    """Any of the others."""
    chosen = rng.choice([each for each in names(briefing) if each != name])
    return scenario(chosen, briefing, rng)


_NAMED: dict[str, Callable[[str, Briefing, Random], Scenario]] = {
    "quiet": _quiet,
    "fever": _symptom,
    "chills": _symptom,
    "flushing": _symptom,
    "rash": _symptom,
    "muscle_aches": _symptom,
    "nausea": _symptom,
    "headache": _symptom,
    "comes_back": _twice,
    "anaphylaxis": _anaphylaxis,
    "rising_pressure": _rising_pressure,
    "overload": _overload,
    "glucose": _glucose,
    "late_nurse": _late_nurse,
    "paused_pump": _paused_pump,
    "wrong_vial": _mistake("wrong_vial"),
    "mistyped_rate": _mistake("mistyped_rate"),
    "steps_early": _mistake("steps_early"),
    "drawn": _drawn,
}


def _rules(name: str, rules: Iterable[str], briefing: Briefing, rng: Random) -> Scenario:
    found = [rule for rule in (_stop_rule(each, briefing) for each in rules) if rule is not None]
    return Scenario(name=name, troubles=tuple(_of_rule(rule, briefing, rng) for rule in found))


def _stop_rule(name: str, briefing: Briefing) -> StopRule | None:
    return next((rule for rule in briefing.facts.stop_rule if rule.id == name), None)


def _of_rule(rule: StopRule, briefing: Briefing, rng: Random) -> Trouble:
    """What makes a stop rule fire: its values, or one of its symptoms."""
    if not rule.limits:
        return _of_symptoms((rng.choice(rule.symptoms),), briefing, rng)
    limits = rule.limits if rule.limits_match == "all" else (rng.choice(rule.limits),)
    return Trouble(at_share=_share(rng), limits=limits, lasts_looks=_looks(rng))


def _of_symptoms(symptoms: tuple[str, ...], briefing: Briefing, rng: Random) -> Trouble:
    """These symptoms, with the measured values that count as them."""
    known = {symptom.id: symptom for symptom in briefing.facts.symptom}
    limits = tuple(limit for name in symptoms if name in known for limit in known[name].limits[:1])
    return Trouble(at_share=_share(rng), symptoms=symptoms, limits=limits, lasts_looks=_looks(rng))


def _share(rng: Random) -> Decimal:
    return Decimal(rng.randint(5, 60)) / _PERCENT


def _looks(rng: Random) -> int:
    return rng.randint(1, 3)
