"""An estimate as a picture: all models together, each beside the others, levels, doses, target.

No median stands without its band.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from ivigil.kinetics.courses import Courses, courses
from ivigil.kinetics.estimate import Band, Case, Estimate
from ivigil.kinetics.levels import Given, Level, days
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.level_plot import Mark, Measured, MeasuredAs, Panel, Picture, Rows, Shade
from ivigil.sheets.levels import BANDS, SUPPORT, WARNING, Sought
from ivigil.sheets.numbers import number

AFTER = (0.5, 1, 2, 4, 7, 10, 14, 21, 28, 42, 56)
"""Days after the end of a dose at which the curve is computed."""
STEP_DAYS = 28
CYCLES = 6
"""Proposed doses that are drawn."""
LEAD_DAYS = 28
"""Drawn after the last dose or level of a fit."""
_ROWS = 14
_NO_MODEL = "No model could be fitted to this person."
_MISFIT = "MISFIT: no model explains the levels."
_OPACITY = 0.18
_MEASURED: dict[str, MeasuredAs] = {"": "used", "below": "below"}


def fit_picture(case: Case, estimate: Estimate, knowledge: Knowledge) -> Picture:
    """The levels against every model, until some weeks after the last of them."""
    known = [item.time_days for item in estimate.levels.used]
    known += [days(given.end, estimate.levels.origin) for given in case.doses]
    return _picture(
        "IgG levels: fit", case, estimate, knowledge, planned=(), end=max(known) + LEAD_DAYS, added=""
    )


def forecast_picture(case: Case, estimate: Estimate, weeks: int, knowledge: Knowledge) -> Picture:
    """Until so many weeks after the last dose."""
    last = max(given.end for given in (*case.doses, *case.planned))
    end = days(last, estimate.levels.origin) + 7.0 * weeks
    return _picture(
        "IgG levels: forecast", case, estimate, knowledge, planned=case.planned, end=end, added="planned"
    )


def aim_picture(case: Case, estimate: Estimate, sought: Sought, knowledge: Knowledge) -> Picture:
    """The proposed dose from an interval after the last one on, with the window; without one the levels."""
    proposal = sought.proposal
    if proposal is None:
        target = float(sought.target_g_per_l)
        fitted = fit_picture(case, estimate, knowledge)
        title = "IgG levels: no dose is sought"
        return msgspec.structs.replace(
            fitted,
            title=title,
            described=fitted.described.replace(fitted.title, title, 1),
            target_g_per_l=(target, target),
        )
    cycle, grams = proposal.cycle, proposal.chosen.grams
    last = max(given.start for given in case.doses)
    proposed = tuple(
        Given(
            start=last + dt.timedelta(days=cycle.interval_days * (place + 1)),
            grams=grams,
            route=cycle.route,
            hours=cycle.hours,
        )
        for place in range(CYCLES)
    )
    end = days(proposed[-1].start, estimate.levels.origin) + cycle.interval_days
    found = _picture(
        f"IgG levels: proposed {number(grams)} g every {cycle.interval_days} days",
        case,
        estimate,
        knowledge,
        planned=proposed,
        end=end,
        added="proposed",
    )
    low, high = proposal.window_g_per_l
    return msgspec.structs.replace(found, target_g_per_l=(float(low), float(high)))


def _picture(
    title: str,
    case: Case,
    estimate: Estimate,
    knowledge: Knowledge,
    *,
    planned: Sequence[Given],
    end: float,
    added: str,
) -> Picture:
    origin = estimate.levels.origin
    every = (*case.doses, *planned)
    times = _times(every, [item.time_days for item in estimate.levels.used], origin, end)
    found = courses(estimate, every, times, knowledge)
    percent = f"{estimate.band_percent:.0f} % band"
    measured = tuple(_measured(case, estimate, end))
    return Picture(
        title=title,
        described=_described(title, estimate, found, percent, len(measured)),
        notices=tuple(_notices(case, estimate, len(measured))),
        aside=_aside(estimate),
        times_days=times,
        origin=origin,
        main=_panel("", found.together, "median, all models", percent),
        beside=_beside(estimate, found, percent),
        measured=measured,
        doses=(
            *(Mark(days(given.start, origin), given.route) for given in case.doses),
            *(Mark(days(given.start, origin), given.route, added) for given in planned),
        ),
        rows=_rows(estimate, found, every, times, percent),
    )


def _times(
    doses: Iterable[Given], also: Iterable[float], origin: dt.datetime, end: float
) -> tuple[float, ...]:
    """A coarse grid; before and after each dose; the levels."""
    found = {0.0, end, *also, *(float(day) for day in range(0, int(end), STEP_DAYS))}
    for given in doses:
        last = days(given.end, origin)
        found |= {days(given.start, origin), last, *(last + later for later in AFTER)}
    return tuple(sorted(time for time in found if 0.0 <= time <= end))


def _panel(title: str, bands: Sequence[Band], words: str, percent: str) -> Panel:
    if not bands:
        return Panel(title=title)
    low, high = tuple(band.low for band in bands), tuple(band.high for band in bands)
    return Panel(
        title=title,
        curve_g_per_l=tuple(band.median for band in bands),
        words=words,
        shades=(Shade(low, high, percent, _OPACITY),),
    )


def _beside(estimate: Estimate, found: Courses, percent: str) -> tuple[Panel, ...]:
    """Each model that keeps a share, if there are several."""
    shares = {fitted.model: fitted.weight for fitted in estimate.models}
    if len(found.by_model) < 2:
        return ()
    return tuple(
        _panel(f"{model}, {100 * shares[model]:.0f} %", bands, "median", percent)
        for model, bands in found.by_model.items()
    )


def _measured(case: Case, estimate: Estimate, end: float) -> Iterable[Measured]:
    """Levels with a place in time, those that were not used among them."""
    used = {item.place: item.time_days for item in estimate.levels.used}
    for place, level in enumerate(case.levels):
        time = used.get(place, _time(level, estimate.levels.origin))
        if time is not None and 0.0 <= time <= end:
            counted = _MEASURED[level.limit] if place in used else "not_used"
            yield Measured(time, float(level.g_per_l), counted)


def _time(level: Level, origin: dt.datetime) -> float | None:
    taken = level.taken
    if not isinstance(taken, dt.datetime) or taken.utcoffset() is None:
        return None
    return days(taken, origin)


def _notices(case: Case, estimate: Estimate, measured: int) -> Iterable[str]:
    yield SUPPORT
    if not estimate.bands and not estimate.people:
        yield _NO_MODEL
    elif estimate.misfit:
        yield _MISFIT
    yield from (WARNING[name] for name in estimate.warnings)
    missing = len(case.levels) - measured
    if missing:
        yield f"Without a place in time, and not drawn: {missing} level{'s' if missing > 1 else ''}."
    yield BANDS


def _aside(estimate: Estimate) -> str:
    if not estimate.people:
        return "no model could be fitted"
    if estimate.misfit:
        return "MISFIT: no model explains the levels"
    if "no_levels" in estimate.warnings:
        return "no level: the population, not the person"
    return "decision support"


def _described(title: str, estimate: Estimate, found: Courses, percent: str, measured: int) -> str:
    models = len(found.by_model)
    text = f"{title}. {measured} measured level{'' if measured == 1 else 's'}"
    if not found.together:
        return f"{text}; no curve."
    last = found.together[-1]
    when = _date(estimate, last.time_days)
    return (
        f"{text}, {models} model{'' if models == 1 else 's'}. On {when} median total IgG "
        f"{last.median:.1f} g/L, {percent} {_band(last)} g/L."
    )


def _rows(
    estimate: Estimate, found: Courses, doses: Sequence[Given], times: Sequence[float], percent: str
) -> Rows:
    """Before doses, at the levels, and at the end; thinned in the middle."""
    starts = {days(given.start, estimate.levels.origin) for given in doses}
    wanted = [
        place
        for place, time in enumerate(times)
        if time in starts or time == times[-1] or any(time == used.time_days for used in estimate.levels.used)
    ]
    if len(wanted) > _ROWS:
        wanted = [wanted[round(row * (len(wanted) - 1) / (_ROWS - 1))] for row in range(_ROWS)]
    heads = ("Date", "Median, g/L", percent, *(f"{model}" for model in found.by_model))
    cells = tuple(
        (
            _date(estimate, times[place]),
            f"{found.together[place].median:.1f}",
            _band(found.together[place]),
            *(f"{bands[place].median:.1f} ({_band(bands[place])})" for bands in found.by_model.values()),
        )
        for place in wanted
        if found.together
    )
    return Rows("Total IgG, all models together and each", heads, cells)


def _band(band: Band) -> str:
    return f"{band.low:.1f} to {band.high:.1f}"


def _date(estimate: Estimate, time_days: float) -> str:
    return f"{estimate.levels.origin + dt.timedelta(days=time_days):%Y-%m-%d}"
