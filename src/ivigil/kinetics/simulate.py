"""IgG of one typical patient, or of a virtual population, under any doses.

A virtual patient differs from the typical one by the published variability between patients, and by nothing
else: levels are those in the blood, without the error of a measurement, and no virtual patient misses a dose
that the plan does not miss. No correlation between parameters was published, so none is drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from random import Random
from statistics import NormalDist

import msgspec

from ivigil.kinetics import judging
from ivigil.kinetics.applicability import Applicability
from ivigil.kinetics.individual import Known, Subject, Typical, typical, variability
from ivigil.kinetics.physics import at_rest, check, run, schedule, steady_state
from ivigil.kinetics.regimen import Given
from ivigil.kinetics.saturable import clearance
from ivigil.kinetics.values import Dose, Parameters, Schedule
from ivigil.knowledge.kinetics import ParameterName, PopulationModel
from ivigil.knowledge.store import Knowledge

COMPILED_FROM = 2_000_000
"""Steps from which compiled code is worth its start."""
BITS = 52
"""Of a random number: with half a step added none is 0 or 1."""
PART = 100
"""Patients between two reports of progress."""

Report = Callable[[int], None]
"""Told how many patients are done."""


class Before(msgspec.Struct, frozen=True):
    """A cycle that was repeated for ever until ``start_days``, on which the next one begins."""

    doses: tuple[Given, ...]
    """Within the cycle, counted from its own start."""
    interval_days: float
    start_days: float = 0.0


class Plan(msgspec.Struct, frozen=True):
    """What is given and when the level is asked for. No time lies before the start of what ``before`` leaves.

    Raises ValueError without a dose: there is no model to judge without one.
    """

    doses: tuple[Given, ...]
    times_days: tuple[float, ...]
    before: Before | None = None

    def __post_init__(self) -> None:
        if not self.doses:
            raise ValueError("doses: at least one is accepted")


class SimulationError(ValueError):
    """The model does not serve for this patient and these doses; carries every reason."""

    def __init__(self, judged: tuple[Applicability, ...]) -> None:
        super().__init__(f"{judged[0].model} is refused")
        self.judged = judged


class NoVariabilityError(ValueError):
    """The model gives typical values only: a curve, and no population."""


class MissingError(ValueError):
    """Parameters that the doses need cannot be computed; ``needed`` says what to know."""

    def __init__(self, needed: tuple[Known, ...]) -> None:
        super().__init__(f"not known: {', '.join(needed)}")
        self.needed = needed


class Population(msgspec.Struct, frozen=True):
    """Levels of virtual patients: no real one is among them."""

    times_days: tuple[float, ...]
    levels_g_per_l: tuple[tuple[float, ...], ...]
    """(patients, times)."""

    def percentiles(self, percents: Sequence[float]) -> tuple[tuple[float, ...], ...]:
        """(percents, times): of the patients at each time, between neighbours by a straight line (type 7 of
        Hyndman and Fan, The American Statistician 1996;50:361-365)."""
        columns = [sorted(column) for column in zip(*self.levels_g_per_l, strict=True)]
        return tuple(tuple(_between(column, percent) for column in columns) for percent in percents)

    def share_above(self, target_g_per_l: float) -> tuple[float, ...]:
        """Share of the patients at or above the target at each time."""
        columns = zip(*self.levels_g_per_l, strict=True)
        return tuple(sum(level >= target_g_per_l for level in column) / len(column) for column in columns)


def _between(ordered: Sequence[float], percent: float) -> float:
    place = (len(ordered) - 1) * percent / 100.0
    low = math.floor(place)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (place - low)


def parameters_of(found: Typical) -> Parameters:
    """The typical values as the physics takes them. Raises MissingError.

    The saturable loss of Kim 2007 is put in the terms of ``Parameters``. Production balances the untreated
    level.
    """
    values = found.values
    needed: tuple[ParameterName, ...] = ("vc_l", "q_l_per_day", "vp_l", "endogenous_g_per_l")
    lowest = found.clearance_at(0.0)
    missing = {known for name in needed for known in found.missing.get(name, ())}
    if lowest is None or missing:
        raise MissingError(tuple(sorted(missing or {known for of in found.missing.values() for known in of})))
    saturable = "jmax_g_per_day" in values
    bare = Parameters(
        cl_l_per_day=lowest,
        vc_l=values["vc_l"],
        q_l_per_day=values.get("q_l_per_day", 0.0),
        vp_l=values.get("vp_l", 0.0),
        ka_per_day=values.get("ka_per_day", 0.0),
        bioavailability=values.get("f_sc", values.get("f_facilitated_sc", 1.0)),
        clearance_rise=values["jmax_g_per_day"] / (values["km_g_per_l"] * lowest) if saturable else 0.0,
        half_rise_g_per_l=values["km_g_per_l"] if saturable else 0.0,
    )
    own = values.get("endogenous_g_per_l", 0.0)
    return bare._replace(production_g_per_day=own * clearance(bare, own))


def judged(
    model: PopulationModel,
    subject: Subject,
    plan: Plan,
    knowledge: Knowledge,
    levels_g_per_l: Sequence[float] = (),
) -> tuple[Applicability, ...]:
    """Whether the model may be used for the plan; see ``judging``."""
    before = plan.before
    subjects = judging.extremes(
        subject,
        plan.doses,
        knowledge,
        cycle=before.doses if before else (),
        cycle_days=before.interval_days if before else None,
        levels_g_per_l=levels_g_per_l,
    )
    return judging.judged(model, subjects, knowledge)


def one(model: PopulationModel, subject: Subject, plan: Plan, knowledge: Knowledge) -> tuple[float, ...]:
    """Total IgG in g/L of the typical patient at each time of the plan.

    Raises SimulationError if the model is refused, MissingError if something that it needs is not known.
    """
    _admit(model, subject, plan, knowledge)
    found = typical(model, subject, knowledge)
    return tuple(_levels(found, plan, *_scheduled(found, plan)))


def population(
    model: PopulationModel,
    subject: Subject,
    plan: Plan,
    knowledge: Knowledge,
    *,
    patients: int,
    seed: int,
    report: Report | None = None,
    compiled: bool | None = None,
) -> Population:
    """Virtual patients like this one. The same seed gives the same patients, and more of them adds to them.

    ``compiled``: None takes compiled code where it is installed and worth it; True needs it. Both ways agree
    to 1e-9. Raises as ``one`` does, and NoVariabilityError.
    """
    if patients < 1:
        raise ValueError(f"patients {patients}: 1 or more is accepted")
    _admit(model, subject, plan, knowledge)
    if model.verdict.status != "usable" or not variability(model, knowledge):
        raise NoVariabilityError(model.id)
    people = drawn(model, subject, knowledge, patients, seed)
    large = patients * (len(plan.times_days) + 2 * len(plan.doses)) >= COMPILED_FROM
    if compiled or (compiled is None and large and plan.before is None and _has_numbers()):
        return Population(plan.times_days, tuple(_compiled(list(people), plan, report)))
    rows, known = [], dict[float, tuple[list[Dose], Schedule]]()
    for number, person in enumerate(people, 1):
        if person.facilitated not in known:
            known = {person.facilitated: _scheduled(person, plan)}
        rows.append(tuple(_levels(person, plan, *known[person.facilitated])))
        if report is not None and number % PART == 0:
            report(number)
    return Population(plan.times_days, tuple(rows))


def drawn(
    model: PopulationModel, subject: Subject, knowledge: Knowledge, patients: int, seed: int
) -> Iterator[Typical]:
    """Parameters of virtual patients: each times exp(eta), eta normal with the published variance.

    The patient's own untreated level, where it is known, is nobody else's and stays as it is.
    """
    centre = typical(model, subject, knowledge)
    spread = sorted(variability(model, knowledge).items())
    source, normal = Random(seed), NormalDist()
    for _ in range(patients):
        values = dict(centre.values)
        for name, omega2 in spread:
            eta = math.sqrt(omega2) * normal.inv_cdf((source.getrandbits(BITS) + 0.5) / 2**BITS)
            if name in values and not (name == "endogenous_g_per_l" and centre.endogenous_of == "patient"):
                values[name] *= math.exp(eta)
        yield msgspec.structs.replace(centre, values=values)


def steady_levels(found: Typical, before: Before, parts: int = 200) -> tuple[float, float]:
    """Lowest and highest total IgG in g/L once the cycle has been repeated for ever."""
    times = sorted(
        {
            *(before.interval_days * part / parts for part in range(parts + 1)),
            *(dose.time_days for dose in before.doses),
            *(dose.end_days for dose in before.doses),
        }
    )
    after = [time + _JUST_AFTER for time in times[:-1]]
    plan = Plan(before.doses, tuple(sorted({*times, *after})), before)
    levels = _levels(found, plan, *_scheduled(found, plan))
    return min(levels), max(levels)


_JUST_AFTER = 1e-9


def _admit(model: PopulationModel, subject: Subject, plan: Plan, knowledge: Knowledge) -> None:
    found = judged(model, subject, plan, knowledge)
    if any(item.outcome == "refused" for item in found):
        raise SimulationError(found)


def _doses(found: Typical, given: Sequence[Given]) -> list[Dose]:
    """Facilitated doses are absorbed as the model says in relation to plain ones."""
    return [
        Dose(
            dose.time_days,
            dose.grams,
            dose.duration_days,
            "IV" if dose.route == "IV" else "SC",
            found.facilitated if dose.route == "facilitated_SC" else 1.0,
        )
        for dose in given
    ]


def _scheduled(found: Typical, plan: Plan) -> tuple[list[Dose], Schedule]:
    """Doses and steps of the plan, which are those of everybody with the same relative bioavailability."""
    begin = plan.before.start_days if plan.before else 0.0
    doses = [dose._replace(time_days=dose.time_days - begin) for dose in _doses(found, plan.doses)]
    times = [time - begin for time in plan.times_days]
    return doses, schedule(doses, times, 0.0 if plan.before else None)


def _levels(found: Typical, plan: Plan, doses: Sequence[Dose], steps: Schedule) -> list[float]:
    """From the state that a cycle before has led to, or from rest."""
    parameters, before = parameters_of(found), plan.before
    check(parameters, doses)
    start = at_rest(parameters)
    if before is not None:
        start = steady_state(parameters, _doses(found, before.doses), before.interval_days)
    levels = [0.0] * len(plan.times_days)
    run(parameters, steps, 1.0, start, levels)
    return levels


def _has_numbers() -> bool:
    try:
        import ivigil.kinetics.population  # noqa: F401 - asked whether it can be had
    except ModuleNotFoundError:
        return False
    return True


def _compiled(people: Sequence[Typical], plan: Plan, report: Report | None) -> Iterator[tuple[float, ...]]:
    from ivigil.kinetics.population import concentrations, gather

    part = max(PART, len(people) // 20)
    for first in range(0, len(people), part):
        some = people[first : first + part]
        given = [_doses(person, plan.doses) for person in some]
        shared = all(doses == given[0] for doses in given)
        steps = [schedule(doses, plan.times_days) for doses in (given[:1] if shared else given)]
        people_now = gather([parameters_of(person) for person in some], steps[0] if shared else steps)
        yield from map(tuple, concentrations(people_now).reshape(len(some), -1).tolist())
        if report is not None:
            report(first + len(some))
