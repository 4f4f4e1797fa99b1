"""An estimate as a picture: all models together, each beside the others, levels, doses, target.

No median stands without its band.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Sequence
from itertools import chain

import msgspec

from ivigil.kinetics.courses import Courses, courses
from ivigil.kinetics.estimate import Band, Case, Estimate
from ivigil.kinetics.levels import Given, Level, days
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.level_plot import Mark, Measured, MeasuredAs, Panel, Picture, Rows, Shade
from ivigil.sheets.levels import BANDS, SUPPORT, WARNING, Sought, float_text
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import counted, say, texts

AFTER = (0.5, 1, 2, 4, 7, 10, 14, 21, 28, 42, 56)
"""Days after the end of a dose at which the curve is computed."""
JUST_AFTER = 1 / 1440
"""Days after a dose that is given at once: the level before and the peak stand at one moment."""
STEP_DAYS = 28
CYCLES = 6
"""Proposed doses that are drawn."""
LEAD_DAYS = 28
"""Drawn after the last dose or level of a fit."""
_ROWS = 14
_NO_MODEL = texts("No model could be fitted to this person.")
_MISFIT = texts("MISFIT: no model explains the levels.")
_OPACITY = 0.18
_MEASURED: dict[str, MeasuredAs] = {"": "used", "below": "below"}


def fit_picture(case: Case, estimate: Estimate, knowledge: Knowledge) -> Picture:
    """The levels against every model, until some weeks after the last of them."""
    known = [item.time_days for item in estimate.levels.used]
    known += [days(given.end, estimate.levels.origin) for given in case.doses]
    return _picture(
        say("IgG levels: fit"), case, estimate, knowledge, planned=(), end=max(known) + LEAD_DAYS, added=""
    )


def forecast_picture(
    case: Case, estimate: Estimate, weeks: int, knowledge: Knowledge, *, apart: bool = True
) -> Picture:
    """Until so many weeks after the last dose; ``apart``: each model beside all together."""
    last = max(given.end for given in (*case.doses, *case.planned))
    end = days(last, estimate.levels.origin) + 7.0 * weeks
    return _picture(
        say("IgG levels: forecast"),
        case,
        estimate,
        knowledge,
        planned=case.planned,
        end=end,
        added=say("planned"),
        apart=apart,
    )


def aim_picture(case: Case, estimate: Estimate, sought: Sought, knowledge: Knowledge) -> Picture:
    """The proposed dose from an interval after the last one on, with the window; without one the levels."""
    proposal = sought.proposal
    if proposal is None:
        target = float(sought.target_g_per_l)
        fitted = fit_picture(case, estimate, knowledge)
        title = say("IgG levels: no dose is sought")
        return msgspec.structs.replace(
            fitted,
            title=title,
            described=fitted.described.replace(fitted.title, title, 1),
            target_g_per_l=(target, target),
        )
    cycle, grams = proposal.cycle, proposal.chosen.grams
    first = max(given.start for given in case.doses) + dt.timedelta(days=cycle.interval_days)
    proposed = cycle.courses(grams, first, CYCLES)
    end = days(proposed[-1][0].start, estimate.levels.origin) + cycle.interval_days
    found = _picture(
        say(
            "IgG levels: proposed {dose} every {days} days",
            dose=f"{number(grams)} g",
            days=str(cycle.interval_days),
        ),
        case,
        estimate,
        knowledge,
        planned=tuple(chain.from_iterable(proposed)),
        end=end,
        added=say("proposed"),
    )
    low, high = proposal.window_g_per_l
    return msgspec.structs.replace(found, target_g_per_l=(float(low), float(high)))


def beside_picture(
    case: Case,
    estimate: Estimate,
    ways: tuple[tuple[str, Sequence[Given]], tuple[str, Sequence[Given]]],
    knowledge: Knowledge,
) -> Picture:
    """Two ways of going on for the same persons, from the last dose until the later end of both.

    ways: what each is called, and its doses. estimate: of models that know both.
    """
    origin = estimate.levels.origin
    title, percent = say("IgG levels: two ways"), _percent(estimate)
    first = max(days(given.start, origin) for given in case.doses)
    end = max(days(given.end, origin) for _, planned in ways for given in planned)
    every = (*case.doses, *(given for _, planned in ways for given in planned))
    times = tuple(time for time in _times(every, (), origin, end) if time >= first)
    bands = [
        courses(estimate, (*case.doses, *planned), times, knowledge, apart=False).together
        for _, planned in ways
    ]
    panels = [
        _panel("", found, say("{way}: median", way=way), say("{way}: {band}", way=way, band=percent))
        for (way, _), found in zip(ways, bands, strict=True)
    ]
    starts = {days(given.start, origin) for given in (*case.doses, *ways[0][1])}
    wanted = [place for place, time in enumerate(times) if time in starts or time == times[-1]]
    rows = Rows(
        say("Total IgG, g/L, before each dose of the first way: median and {percent}", percent=percent),
        (say("Date"), *(way for way, _ in ways)),
        tuple(
            (
                _date(estimate, times[place]),
                *(f"{float_text(found[place].median, 1)} ({_band(found[place])})" for found in bands),
            )
            for place in wanted
        ),
    )
    ends = [
        say(
            "{way}: median {median} g/L, {percent} {band} g/L.",
            way=way,
            median=float_text(found[-1].median, 1),
            percent=percent,
            band=_band(found[-1]),
        )
        for (way, _), found in zip(ways, bands, strict=True)
    ]
    day = _date(estimate, times[-1])
    return Picture(
        title=title,
        described=" ".join((say("{title}. On {day}:", title=title, day=day), *ends)),
        notices=(say(SUPPORT), say(BANDS)),
        aside=_aside(estimate),
        times_days=times,
        origin=origin,
        main=panels[0],
        other=panels[1],
        measured=tuple(each for each in _measured(case, estimate, end) if each.time_days >= first),
        doses=tuple(
            Mark(days(given.start, origin), given.route, say("planned"))
            for _, planned in ways
            for given in planned
        ),
        rows=rows,
    )


def _picture(
    title: str,
    case: Case,
    estimate: Estimate,
    knowledge: Knowledge,
    *,
    planned: Sequence[Given],
    end: float,
    added: str,
    apart: bool = True,
) -> Picture:
    origin = estimate.levels.origin
    every = (*case.doses, *planned)
    times = _times(every, [item.time_days for item in estimate.levels.used], origin, end)
    found = courses(estimate, every, times, knowledge, apart=apart)
    percent = _percent(estimate)
    measured = tuple(_measured(case, estimate, end))
    return Picture(
        title=title,
        described=_described(title, estimate, found, percent, len(measured)),
        notices=tuple(_notices(case, estimate, len(measured))),
        aside=_aside(estimate),
        times_days=times,
        origin=origin,
        main=_panel("", found.together, say("median, all models"), percent),
        beside=_beside(estimate, found, percent),
        measured=measured,
        doses=(
            *(Mark(days(given.start, origin), given.route) for given in case.doses),
            *(Mark(days(given.start, origin), given.route, added) for given in planned),
        ),
        rows=_rows(estimate, found, every, times, percent),
    )


def _percent(estimate: Estimate) -> str:
    return say("{percent} band", percent=f"{estimate.band_percent:.0f} %")


def _times(
    doses: Iterable[Given], also: Iterable[float], origin: dt.datetime, end: float
) -> tuple[float, ...]:
    """A coarse grid; before each dose, at its end and after it; the levels."""
    found = {0.0, end, *also, *(float(day) for day in range(0, int(end), STEP_DAYS))}
    for given in doses:
        last = days(given.end, origin)
        at_once = {last + JUST_AFTER} if not given.hours and given.route == "IV" else set[float]()
        found |= {days(given.start, origin), last, *at_once, *(last + later for later in AFTER)}
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
        _panel(f"{model}, {100 * shares[model]:.0f} %", bands, say("median"), percent)
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
    yield say(SUPPORT)
    if not estimate.bands and not estimate.people:
        yield say(_NO_MODEL)
    elif estimate.misfit:
        yield say(_MISFIT)
    yield from (say(WARNING[name]) for name in estimate.warnings)
    missing = len(case.levels) - measured
    if missing:
        yield counted(
            missing,
            "Without a place in time, and not drawn: {count} level.",
            "Without a place in time, and not drawn: {count} levels.",
        )
    yield say(BANDS)


def _aside(estimate: Estimate) -> str:
    if not estimate.people:
        return say("no model could be fitted")
    if estimate.misfit:
        return say("MISFIT: no model explains the levels")
    if "no_levels" in estimate.warnings:
        return say("no level: the population, not the person")
    return say("decision support")


def _described(title: str, estimate: Estimate, found: Courses, percent: str, measured: int) -> str:
    models = sum(fitted.weight > 0 for fitted in estimate.models)
    levels = counted(measured, "{count} measured level", "{count} measured levels")
    if not found.together:
        return say("{title}. {levels}; no curve.", title=title, levels=levels)
    last = found.together[-1]
    return say(
        "{title}. {levels}, {models}. On {day} median total IgG {median} g/L, {percent} {band} g/L.",
        title=title,
        levels=levels,
        models=counted(models, "{count} model", "{count} models"),
        day=_date(estimate, last.time_days),
        median=float_text(last.median, 1),
        percent=percent,
        band=_band(last),
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
    heads = (say("Date"), say("Median, g/L"), percent, *found.by_model)
    cells = tuple(
        (
            _date(estimate, times[place]),
            float_text(found.together[place].median, 1),
            _band(found.together[place]),
            *(
                f"{float_text(bands[place].median, 1)} ({_band(bands[place])})"
                for bands in found.by_model.values()
            ),
        )
        for place in wanted
        if found.together
    )
    title = texts("Total IgG, all models together")
    if found.by_model:
        title = texts("Total IgG, all models together and each")
    return Rows(say(title), heads, cells)


def _band(band: Band) -> str:
    return say("{low} to {high}", low=float_text(band.low, 1), high=float_text(band.high, 1))


def _date(estimate: Estimate, time_days: float) -> str:
    return f"{estimate.levels.origin + dt.timedelta(days=time_days):%Y-%m-%d}"
