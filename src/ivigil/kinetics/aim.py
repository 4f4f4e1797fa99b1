"""From an estimate to what a clinic asks: a dose for a trough, other intervals, a missed dose, wash-out.

Every answer is a distribution over the possible persons of the estimate, all models together. A dose is a
proposal for a person to judge: refused on a misfit, where a model is shown for want of another, under a
medicine that voids the models, and where nobody asked.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.kinetics.estimate import Case, Estimate, Fitted, Person, Warn, number, physical
from ivigil.kinetics.levels import Given, days
from ivigil.kinetics.physics import concentrations, steady_state
from ivigil.kinetics.prior import dose
from ivigil.kinetics.sampling import quantiles
from ivigil.kinetics.values import Dose
from ivigil.knowledge.kinetics import FittedDose, KineticRoute, PopulationModel
from ivigil.knowledge.store import Knowledge

WINDOW = "policy.kinetics_target_window"
STEADY = "policy.kinetics_steady"
PEAK = "policy.kinetics_peak"
GONE = "policy.kinetics_washed_out"
SWITCH = "policy.individual_dosing"
BAND = "policy.kinetics_band"

PEOPLE = 200
"""Persons of equal weight that stand for the estimate."""
MOST_CYCLES = 60
"""Doses after which a steady state is no longer waited for."""
LONGEST_DAYS = 400
"""Days over which a wash-out is followed."""
A_DAY = 4
"""Samples a day where a peak under the skin is looked for."""

Refused = Literal[
    "dose_outside_range",
    "dose_outside_regimen",
    "few_effective_draws",
    "history_incomplete",
    "medicines_not_asked",
    "misfit",
    "models_extrapolated",
    "no_levels",
    "no_model",
    "other_route",
    "outside_range",
    "switched_off",
    "target_below_own",
    "voiding_medicine",
]
"""target_below_own: the person's own IgG already reaches the target in most draws; dose_outside_range: no
dose in the range of every model that was used reaches it; dose_outside_regimen: no whole vials lie between
the least and the most that were asked for; other_route: none of them describes it."""


class RefusedError(ValueError):
    """No dose is sought: every reason."""

    def __init__(self, reasons: tuple[Refused, ...]) -> None:
        super().__init__(", ".join(reasons))
        self.reasons = reasons


class Cycle(msgspec.Struct, frozen=True, kw_only=True):
    """How a dose is repeated. Raises ValueError for days that do not fit into the interval."""

    interval_days: int
    over_days: int = 1
    """Days that follow each other, each with an equal share of the dose."""
    route: KineticRoute = "IV"
    hours: Decimal = Decimal(0)
    """On each of those days; 0: at once."""

    def __post_init__(self) -> None:
        if not 1 <= self.over_days <= max(self.interval_days, 1):
            raise ValueError(f"days {self.over_days}: 1 to {self.interval_days} is accepted")

    def courses(self, grams: Decimal, first: dt.datetime, times: int) -> tuple[tuple[Given, ...], ...]:
        """So many courses of these grams from ``first`` (aware) on, each with its doses."""
        return tuple(
            tuple(
                Given(
                    start=first + dt.timedelta(days=place * self.interval_days + day),
                    grams=grams / self.over_days,
                    route=self.route,
                    hours=self.hours,
                )
                for day in range(self.over_days)
            )
            for place in range(times)
        )


class Spread(msgspec.Struct, frozen=True):
    """A figure over the possible persons: the ends of the band and the middle."""

    low: float
    median: float
    high: float


class Regimen(msgspec.Struct, frozen=True, kw_only=True):
    """One dose, repeated for ever."""

    grams: Decimal
    interval_days: int
    trough_g_per_l: Spread
    peak_g_per_l: Spread
    in_window: float | None = None
    """Probability that the trough lies in the window."""
    above_peak_limit: float
    """Probability that the peak lies above the site's limit."""


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A dose for a target trough, for a person to judge."""

    target_g_per_l: Decimal
    window_g_per_l: tuple[Decimal, Decimal]
    cycle: Cycle
    exact_grams: Spread
    """The dose at which the trough is the target, person by person."""
    chosen: Regimen
    """Whole vials, most probably in the window."""
    vials: tuple[Decimal, ...]
    """Grams of each, the largest first; empty if no sizes were given."""
    held_to: Literal["", "least", "most"] = ""
    """The end of the grams that may be proposed without which another dose would have been chosen."""
    beside: tuple[Regimen, ...]
    """The doses next below and above."""
    steady_after_days: Spread
    warnings: tuple[Warn, ...]
    """Those of the estimate."""
    interval_outside: tuple[str, ...]
    """Models that were fitted to other intervals."""
    rests_on: tuple[str, ...]
    """Ids of the facts."""


class Missed(msgspec.Struct, frozen=True):
    """The trough at the end of an interval, and at the end of a second one whose dose was left out."""

    trough_g_per_l: Spread
    after_missed_g_per_l: Spread


class WashOut(msgspec.Struct, frozen=True):
    """Days from the last dose until total IgG is within ``within_percent`` of the person's own level.

    ``beyond``: share of the persons in whom it takes longer than was followed; ``days`` None: in most.
    """

    within_percent: float
    days: Spread | None
    beyond: float
    followed_days: int


def people(estimate: Estimate, route: KineticRoute, knowledge: Knowledge) -> tuple[Person, ...]:
    """Persons of equal weight, in even steps through the weighted ones of all models that know the route."""
    able = {model.id for model in _used(estimate, route, knowledge)}
    return evenly([person for person in estimate.people if person.model in able])


def evenly(pool: Sequence[Person]) -> tuple[Person, ...]:
    """``PEOPLE`` persons of equal weight for weighted ones, in even steps; none for none."""
    found, reached, step = list[Person](), 0.0, sum(person.weight for person in pool) / PEOPLE
    for person in pool:
        reached += person.weight
        while len(found) < PEOPLE and (len(found) + 0.5) * step <= reached:
            found.append(person)
    return tuple(found)


def refusals(estimate: Estimate, case: Case, knowledge: Knowledge) -> tuple[Refused, ...]:
    """Why no dose may be sought from this estimate; empty if one may."""
    warned = set(estimate.warnings)
    used = [fitted for fitted in estimate.models if fitted.weight]
    holds: dict[Refused, bool] = {
        "switched_off": not knowledge.is_on(SWITCH),
        "voiding_medicine": bool(case.subject.medicines),
        "medicines_not_asked": case.subject.medicines is None,
        "history_incomplete": "history_incomplete" in warned,
        "no_levels": "no_levels" in warned,
        "no_model": not used,
        "misfit": bool(used) and estimate.misfit,
        "models_extrapolated": "models_extrapolated" in warned,
        "outside_range": bool(used) and all(_outside(fitted) for fitted in used),
        "few_effective_draws": "few_effective_draws" in warned,
    }
    return tuple(name for name, true in holds.items() if true)


def dose_for_trough(
    estimate: Estimate,
    case: Case,
    cycle: Cycle,
    knowledge: Knowledge,
    *,
    target_g_per_l: Decimal,
    window_g_per_l: tuple[Decimal, Decimal] | None = None,
    vials_g: Sequence[Decimal] = (),
    between_g: tuple[Decimal, Decimal] | None = None,
) -> Proposal:
    """The repeated dose in grams whose trough in g/L is most probably in the window around the target.

    ``vials_g``: sizes on the shelf; without them grams are whole. ``between_g``: least and most grams that
    may be proposed, whatever the target. Raises RefusedError with every reason.
    """
    reasons = refusals(estimate, case, knowledge)
    if reasons:
        raise RefusedError(reasons)
    persons = people(estimate, cycle.route, knowledge)
    if not persons:
        raise RefusedError(("other_route",))
    lines = [trough_line(person, cycle) for person in persons]
    target = float(target_g_per_l)
    exact = spread([(target - own) / gain for own, gain in lines], knowledge)
    if exact.median <= 0:
        raise RefusedError(("target_below_own",))
    half = Decimal(str(number(knowledge, WINDOW)))
    window = window_g_per_l or (target_g_per_l - half, target_g_per_l + half)
    largest = _largest(estimate, case, cycle, knowledge)
    if largest is None or exact.median > largest:
        raise RefusedError(("dose_outside_range",))
    least, limit = between_g or (Decimal(0), largest)
    vial = max(vials_g, default=Decimal(1))
    wide = _reachable(vials_g, min(largest, max(Decimal(str(2.0 * exact.median)), least) + vial))
    if not wide or least > largest:
        raise RefusedError(("dose_outside_range",))
    reachable = {grams: vials for grams, vials in wide.items() if least <= grams <= limit}
    if not reachable:
        raise RefusedError(("dose_outside_regimen",))

    def worth(grams: Decimal) -> tuple[float, float]:
        chance = _inside([own + gain * float(grams) for own, gain in lines], window)
        return chance, -abs(float(grams) - exact.median)

    free, best = max(wide, key=worth), max(reachable, key=worth)
    below = max((grams for grams in reachable if grams < best), default=None)
    above = min((grams for grams in reachable if grams > best), default=None)
    return Proposal(
        target_g_per_l=target_g_per_l,
        window_g_per_l=window,
        cycle=cycle,
        exact_grams=exact,
        chosen=repeated(persons, best, cycle, knowledge, window),
        vials=reachable[best] if vials_g else (),
        held_to="least" if free < least else "most" if free > limit else "",
        beside=tuple(
            repeated(persons, grams, cycle, knowledge, window)
            for grams in (below, above)
            if grams is not None
        ),
        steady_after_days=time_to_steady(persons, best, cycle, knowledge),
        warnings=estimate.warnings,
        interval_outside=_other_intervals(estimate, cycle, knowledge),
        rests_on=(*estimate.rests_on, WINDOW, STEADY, PEAK, SWITCH),
    )


def repeated(
    persons: Sequence[Person],
    grams: Decimal,
    cycle: Cycle,
    knowledge: Knowledge,
    window_g_per_l: tuple[Decimal, Decimal] | None = None,
) -> Regimen:
    """Trough and peak in g/L at the steady state of one dose in every cycle; persons: (persons,)."""
    limit = number(knowledge, PEAK)
    ends = [_trough_and_peak(person, grams, cycle) for person in persons]
    troughs, peaks = [low for low, _ in ends], [high for _, high in ends]
    return Regimen(
        grams=grams,
        interval_days=cycle.interval_days,
        trough_g_per_l=spread(troughs, knowledge),
        peak_g_per_l=spread(peaks, knowledge),
        in_window=None if window_g_per_l is None else _inside(troughs, window_g_per_l),
        above_peak_limit=sum(peak > limit for peak in peaks) / len(peaks),
    )


def intervals(
    persons: Sequence[Person],
    grams_per_day: Decimal,
    cycles: Iterable[Cycle],
    knowledge: Knowledge,
) -> tuple[Regimen, ...]:
    """The same grams a day, given at other intervals: (cycles,); persons: (persons,)."""
    return tuple(repeated(persons, grams_per_day * cycle.interval_days, cycle, knowledge) for cycle in cycles)


def time_to_steady(persons: Sequence[Person], grams: Decimal, cycle: Cycle, knowledge: Knowledge) -> Spread:
    """Days of this dose from the untreated level until troughs stay within the site's share of the last one.

    The longest way there: who is on treatment already is nearer. persons: (persons,) of equal weight.
    """
    share = number(knowledge, STEADY) / 100.0
    days_each = cycle.interval_days
    times = [float(days_each * (k + 1)) for k in range(MOST_CYCLES)]
    found = []
    for person in persons:
        final = _trough(person, grams, cycle)
        course = _given(person, grams, cycle)
        doses = [
            part._replace(time_days=part.time_days + float(days_each * k))
            for k in range(MOST_CYCLES)
            for part in course
        ]
        troughs = concentrations(person.parameters, doses, times)
        late = [
            time for time, level in zip(times, troughs, strict=True) if abs(level - final) > share * final
        ]
        found.append((late[-1] if late else 0.0) + days_each)
    return spread(found, knowledge)


def missed_dose(persons: Sequence[Person], grams: Decimal, cycle: Cycle, knowledge: Knowledge) -> Missed:
    """What leaving out one dose of a steady regimen does, in g/L; persons: (persons,) of equal weight."""
    before, after = [], []
    for person in persons:
        given = _given(person, grams, cycle)
        start = steady_state(person.parameters, given, cycle.interval_days)
        ends = [float(cycle.interval_days), 2.0 * cycle.interval_days]
        low, lower = concentrations(person.parameters, given, ends, start)
        before.append(low)
        after.append(lower)
    return Missed(spread(before, knowledge), spread(after, knowledge))


def wash_out(
    persons: Sequence[Person], doses: Sequence[Given], origin: dt.datetime, knowledge: Knowledge
) -> WashOut | None:
    """When the infused IgG of ``doses``, the last included, is gone; None without doses or own levels.

    persons: (persons,) of equal weight; doses: (doses,), counted in days from ``origin``.
    """
    known = [person for person in persons if person.own_g_per_l]
    if not known or not doses:
        return None
    share = number(knowledge, GONE) / 100.0
    last = max(days(item.end, origin) for item in doses)
    found = []
    for person in known:
        times = [last + k for k in range(LONGEST_DAYS + 1)]
        levels = concentrations(person.parameters, physical(doses, origin, person.facilitated), times)
        limit = (person.own_g_per_l or 0.0) * (1.0 + share)
        late = [k for k, level in enumerate(levels) if level > limit]
        found.append(float(late[-1] + 1 if late else 0))
    beyond = sum(day > LONGEST_DAYS for day in found) / len(found)
    return WashOut(100.0 * share, spread(found, knowledge) if beyond < 0.5 else None, beyond, LONGEST_DAYS)


def trough_line(person: Person, cycle: Cycle) -> tuple[float, float]:
    """Own level and gain per gram of the steady trough: every model that can be fitted is linear."""
    if person.parameters.clearance_rise:
        raise ValueError(f"{person.model}: a linear model is accepted")
    own = _trough(person, Decimal(0), cycle)
    return own, _trough(person, Decimal(1), cycle) - own


def _given(person: Person, grams: Decimal, cycle: Cycle) -> list[Dose]:
    """One cycle, from its first day on."""
    share, duration = float(grams) / cycle.over_days, float(cycle.hours) / 24.0
    return [
        dose(float(day), share, cycle.route, person.facilitated, duration) for day in range(cycle.over_days)
    ]


def _trough(person: Person, grams: Decimal, cycle: Cycle) -> float:
    state = steady_state(person.parameters, _given(person, grams, cycle), cycle.interval_days)
    return state.central_g / person.parameters.vc_l


def _trough_and_peak(person: Person, grams: Decimal, cycle: Cycle) -> tuple[float, float]:
    """The peak after infusions is the highest of their ends; under the skin it is looked for on a grid."""
    given = _given(person, grams, cycle)
    start = steady_state(person.parameters, given, cycle.interval_days)
    trough = start.central_g / person.parameters.vc_l
    if cycle.route != "IV":
        grid = [k / A_DAY for k in range(cycle.interval_days * A_DAY + 1)]
        return trough, max(concentrations(person.parameters, given, grid, start))
    ends = [part.time_days + part.duration_days for part in given]
    # A sample at the moment of a dose is taken before it.
    more = 0.0 if cycle.hours else float(grams) / cycle.over_days / person.parameters.vc_l
    return trough, max(concentrations(person.parameters, given, ends, start)) + more


def _inside(values: Sequence[float], window: tuple[Decimal, Decimal]) -> float:
    low, high = float(window[0]), float(window[1])
    return sum(low <= value <= high for value in values) / len(values)


def spread(values: Sequence[float], knowledge: Knowledge) -> Spread:
    """Middle and ends of the site's band over persons of equal weight; values: (persons,)."""
    outside = 0.5 - number(knowledge, BAND) / 200.0
    even = [1.0] * len(values)
    return Spread(*quantiles(values, even, (outside, 0.5, 1.0 - outside)))


def _reachable(vials_g: Sequence[Decimal], most: Decimal) -> dict[Decimal, tuple[Decimal, ...]]:
    """Totals up to ``most``, each of the fewest whole vials, the largest first; without sizes of 1 g."""
    sizes = sorted(set(vials_g) or {Decimal(1)}, reverse=True)
    found: dict[Decimal, tuple[Decimal, ...]] = {Decimal(0): ()}
    fresh = dict(found)
    while fresh:
        longer: dict[Decimal, tuple[Decimal, ...]] = {}
        for total, vials in fresh.items():
            for size in sizes:
                if total + size <= most and total + size not in found:
                    longer.setdefault(total + size, (*vials, size))
        found |= longer
        fresh = longer
    del found[Decimal(0)]
    return {total: tuple(sorted(vials, reverse=True)) for total, vials in found.items()}


def _outside(fitted: Fitted) -> bool:
    return any(check.place == "outside" for check in fitted.applicability.ranges)


def _largest(estimate: Estimate, case: Case, cycle: Cycle, knowledge: Knowledge) -> Decimal | None:
    """Grams above which some model that was used would be outside what it was fitted to or restricted to.

    None: the weight is not known, or no model states a largest dose.
    """
    weight = case.subject.weight_kg
    found = list[Decimal]()
    for model in _used(estimate, cycle.route, knowledge):
        stated = [row.dose_g_per_kg_max for row in _rows(model, cycle)]
        known = [value for value in stated if value is not None]
        found += [max(known)] if known else []
        found += [r.max for r in model.restrictions if r.of == "dose_g_per_kg" and r.max is not None]
    return min(found) * weight if found and weight is not None else None


def _other_intervals(estimate: Estimate, cycle: Cycle, knowledge: Knowledge) -> tuple[str, ...]:
    return tuple(
        model.id
        for model in _used(estimate, cycle.route, knowledge)
        if not any(
            (row.interval_days_min or 0)
            <= cycle.interval_days
            <= (row.interval_days_max or cycle.interval_days)
            for row in _rows(model, cycle)
        )
    )


def _used(estimate: Estimate, route: KineticRoute, knowledge: Knowledge) -> list[PopulationModel]:
    used = (knowledge.population_models[fitted.model] for fitted in estimate.models if fitted.weight)
    return [model for model in used if route in model.routes]


def _rows(model: PopulationModel, cycle: Cycle) -> tuple[FittedDose, ...]:
    return tuple(row for row in model.fitted.doses if row.route == cycle.route) if model.fitted else ()
