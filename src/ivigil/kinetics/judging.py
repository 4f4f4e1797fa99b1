"""Whether a model may be used for all that a person was given and is to be given.

A model is compared with the smallest and the largest course and the shortest interval, each route by itself:
many small doses are not taken for a small one. Doses that start within ``policy.kinetic_course_days`` of the
first make one course; days are whole ones, since nobody keeps to the hour.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from itertools import pairwise

from msgspec.structs import replace

from ivigil.kinetics.applicability import Applicability, applicability
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.regimen import Given
from ivigil.knowledge.kinetics import KineticRoute, PopulationModel
from ivigil.knowledge.store import Knowledge, KnowledgeError

COURSE_DAYS = "policy.kinetic_course_days"


def extremes(
    subject: Subject,
    doses: Sequence[Given],
    knowledge: Knowledge,
    *,
    cycle: Sequence[Given] = (),
    cycle_days: float | None = None,
    levels_g_per_l: Sequence[float] = (),
) -> tuple[Subject, ...]:
    """The subject once for each route, each end of its courses and each end of the levels.

    ``cycle``: doses within an interval of ``cycle_days`` that was repeated before. Route, dose, interval and
    level of the subject are replaced; without any dose it keeps those that it has.
    """
    longest = _course_days(knowledge)
    ends = _or_unknown({min(levels_g_per_l), max(levels_g_per_l)} if levels_g_per_l else set())
    routes: list[KineticRoute | None] = [*dict.fromkeys(dose.route for dose in (*cycle, *doses))]
    found = list[Subject]()
    for route in routes or [subject.route]:
        own = [dose for dose in doses if dose.route == route]
        repeated = [dose for dose in cycle if dose.route == route]
        interval = _shortest_interval(own, cycle_days, longest)
        for grams in _or_unknown(_ends(own, longest) | _ends(repeated, longest)):
            found += [
                replace(
                    subject,
                    route=route,
                    dose_g_per_kg=_per_kg(grams, subject),
                    interval_days=subject.interval_days if interval is None else interval,
                    concentration_g_per_l=None if level is None else _decimal(level),
                )
                for level in ends
            ]
    return tuple(found)


def judged(
    model: PopulationModel, subjects: Sequence[Subject], knowledge: Knowledge
) -> tuple[Applicability, ...]:
    """The model against each of the ``extremes``."""
    return tuple(applicability(model, subject, knowledge) for subject in subjects)


def strictest(judgements: Sequence[Applicability]) -> Applicability:
    """The one with the worst outcome, and of those the one with most outside."""
    return max(judgements, key=_strictness)


def _strictness(judgement: Applicability) -> tuple[int, int]:
    outside = sum(check.place == "outside" for check in judgement.ranges)
    return ("applies", "with_warnings", "refused").index(judgement.outcome), outside


def _course_days(knowledge: Knowledge) -> float:
    found = knowledge.policies.get(COURSE_DAYS)
    if found is None or found.number is None:
        raise KnowledgeError([f"{COURSE_DAYS} has no number"])
    return float(found.number)


def _or_unknown(values: set[float]) -> list[float] | list[None]:
    """The largest first."""
    return sorted(values, reverse=True) or [None]


def _per_kg(grams: float | None, subject: Subject) -> Decimal | None:
    return _decimal(grams) / subject.weight_kg if grams is not None and subject.weight_kg else None


def _decimal(value: float) -> Decimal:
    """Without what adding floats leaves behind."""
    return Decimal(repr(round(value, 9)))


def _together(first: Given, later: Given, longest: float) -> bool:
    return round(later.time_days - first.time_days) < longest


def _courses(doses: Sequence[Given], longest: float) -> list[list[Given]]:
    found: list[list[Given]] = []
    for dose in sorted(doses, key=lambda dose: dose.time_days):
        if found and _together(found[-1][0], dose, longest):
            found[-1].append(dose)
        else:
            found.append([dose])
    return found


def _ends(doses: Sequence[Given], longest: float) -> set[float]:
    """Grams of the smallest course, and the most that start within any course's length."""
    if not doses:
        return set()
    smallest = min(sum(dose.grams for dose in course) for course in _courses(doses, longest))
    ordered = sorted(doses, key=lambda dose: dose.time_days)
    largest, within, first = 0.0, 0.0, 0
    for dose in ordered:
        within += dose.grams
        while not _together(ordered[first], dose, longest):
            within -= ordered[first].grams
            first += 1
        largest = max(largest, within)
    return {smallest, largest}


def _shortest_interval(doses: Sequence[Given], cycle_days: float | None, longest: float) -> int | None:
    """Days between the starts of courses that follow each other."""
    starts = [course[0].time_days for course in _courses(doses, longest)]
    gaps = [later - sooner for sooner, later in pairwise(starts)]
    if cycle_days is not None:
        gaps.append(max(cycle_days, longest))
    return round(min(gaps)) if gaps else None
