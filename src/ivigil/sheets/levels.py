"""Measured IgG levels in words: what each model makes of them, what comes, a dose for a trough."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.kinetics.aim import Missed, Proposal, Refused, Regimen, Spread, WashOut
from ivigil.kinetics.estimate import Band, Case, Estimate, Fitted, Misfit, Warn
from ivigil.kinetics.levels import Level, Why
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE, mark, section, table
from ivigil.sheets.models import parameter_sign
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts

WARNING: dict[Warn, str] = texts(
    {
        "fast_clearance": "Clearance is far above the population's: think of loss of protein, a new "
        "medicine, a wrong dose or a wrong time.",
        "few_effective_draws": "The band rests on few draws and is rough.",
        "history_incomplete": "Nobody said that every dose since the first is listed (history_complete): "
        "missing doses make every figure wrong.",
        "medicines_not_asked": "Nobody asked for FcRn blockers (fcrn_blockers), under which no model holds.",
        "models_extrapolated": "No model was fitted to this condition: what is shown was fitted to another.",
        "no_levels": "No level is used: this is the population, not the person.",
        "outside_range": "Some models are used outside the range that they were fitted in (below).",
    }
)
MISFIT: dict[Misfit, str] = texts(
    {
        "level_far_off": "a level lies far off the fit",
        "person_far_off": "the person would lie far off the population",
    }
)
REJECTED: dict[Why, str] = texts(
    {
        "no_time": "no date, or a time without offset",
        "day_of_a_dose": "on the day of a dose, and not said to be before it",
        "during_a_dose": "drawn during an infusion",
        "no_dose_that_day": "said to be before a dose, but none was given that day",
        "after_that_dose": "said to be before the dose, but its time is later",
        "infused_only": "not total IgG",
        "repeated": "the same sample twice",
        "above_range": "above what the assay reads",
    }
)
REFUSED: dict[Refused, str] = texts(
    {
        "dose_outside_range": "No dose within the range of the models reaches the target.",
        "dose_outside_regimen": "No whole vials lie within what the regimen allows.",
        "few_effective_draws": "The band rests on too few draws.",
        "history_incomplete": "Nobody said that every dose since the first is listed "
        "(history_complete = true).",
        "medicines_not_asked": "Nobody asked for FcRn blockers (fcrn_blockers = [] where there are none).",
        "misfit": "No model explains the levels: find the cause first.",
        "models_extrapolated": "No model was fitted to this condition.",
        "no_levels": "No level can be used.",
        "no_model": "No model can be fitted to this person.",
        "other_route": "No model that was fitted knows this route.",
        "outside_range": "Every model is used outside the range that it was fitted in.",
        "switched_off": "This site shows no individual doses (policy.individual_dosing).",
        "target_below_own": "The person's own IgG reaches the target without a dose.",
        "voiding_medicine": "Under an FcRn blocker no model holds.",
    }
)
NOT_FITTED = texts(
    {
        "does_not_apply": "does not apply",
        "not_converged": "the fit did not converge",
        "refused": "refused",
        "typical_values_only": "typical values only, no band",
        "no_error_model": "no residual error was read",
        "no_variability": "no variability was read",
        "missing": "something it needs is not known",
    }
)
BECAUSE = texts(
    {
        "model": "the model is refused",
        "medicine": "an FcRn blocker",
        "condition": "another condition",
        "route": "another route",
        "restriction": "outside",
        "covariate": "not known",
    }
)
BANDS = texts("Bands are of IgG itself; a measured level scatters by the residual error besides.")
SUPPORT = texts(
    "Decision support: a clinician decides. No study showed that doses sought like this do better."
)


class Sought(msgspec.Struct, frozen=True):
    """What ``ivigil aim`` found."""

    target_g_per_l: Decimal
    refused: tuple[Refused, ...]
    proposal: Proposal | None
    other_intervals: tuple[Regimen, ...]
    missed: Missed | None


def fit_sheet(case: Case, estimate: Estimate, knowledge: Knowledge) -> RenderableType:
    """The levels against every model, what each says of the person, and what was not fitted."""
    return Group(
        Text("IgG LEVELS: FIT", style="bold"),
        Text(SUPPORT),
        *_warned(estimate),
        _levels(case, estimate),
        section("Models", _models(estimate, knowledge), *_ranges(estimate)),
        section("Person against the population", _person(estimate)),
        section("Not fitted", _not_fitted(estimate, knowledge)),
        *_foot(),
    )


def forecast_sheet(
    case: Case,
    estimate: Estimate,
    gone: WashOut | None,
    knowledge: Knowledge,
    more: Iterable[RenderableType] = (),
) -> RenderableType:
    """Total IgG to come, all models together and each beside the others; ``more``: what was asked besides."""
    return Group(
        Text("IgG LEVELS: FORECAST", style="bold"),
        Text(SUPPORT),
        *_warned(estimate),
        _levels(case, estimate),
        section(
            f"Total IgG, g/L: median and band of {whole_text(estimate.band_percent)} %",
            _bands(case, estimate),
        ),
        section("The last moment by model", _by_model(estimate, knowledge), *_ranges(estimate))
        if estimate.bands
        else _models_or_why(estimate, knowledge),
        *_washed_out(gone),
        *more,
        *_foot(),
    )


def aim_sheet(
    case: Case,
    estimate: Estimate,
    sought: Sought,
    knowledge: Knowledge,
    more: Iterable[RenderableType] = (),
) -> RenderableType:
    """The proposal with its neighbours, or why there is none; ``more``: what was asked besides."""
    target = number(sought.target_g_per_l)
    body: list[RenderableType] = []
    if sought.refused:
        reasons = [Text(f"- {REFUSED[reason]}") for reason in sought.refused]
        body.append(section(f"No dose is sought for {target} g/L", *reasons))
    if sought.proposal is not None:
        body += _proposal(sought.proposal, sought)
    return Group(
        Text("IgG LEVELS: AIM", style="bold"),
        Text(SUPPORT),
        *_warned(estimate),
        *body,
        *more,
        _levels(case, estimate),
        _models_or_why(estimate, knowledge),
        *_foot(),
    )


def _warned(estimate: Estimate) -> list[RenderableType]:
    lines = [Text(f"- {WARNING[name]}") for name in estimate.warnings]
    if not _fitted(estimate):
        lines.insert(0, Text("NO MODEL could be fitted to this person.", style="bold"))
    elif estimate.misfit:
        told = "MISFIT: no model explains the levels. Loss of protein, a new medicine, a wrong time or dose?"
        lines.insert(0, Text(told, style="bold"))
    return [section("Warnings", *lines)] if lines else []


def _levels(case: Case, estimate: Estimate) -> RenderableType:
    grid = table(18, 12, None)
    used = {item.place: item for item in estimate.levels.used}
    rejected = {item.place: item.why for item in estimate.levels.rejected}
    for place, level in enumerate(case.levels):
        if place in used:
            weight = used[place].weight
            told = "used" if weight == 1 else f"used, counts {float_text(weight)}"
        else:
            told = f"not used: {REJECTED[rejected[place]]}"
        grid.add_row(_taken(level), f"{_SIGN[level.limit]}{number(level.g_per_l)} g/L", told)
    doses = f"{len(case.doses)} doses given, {len(case.planned)} planned."
    return section("Levels", *([grid] if case.levels else []), Text(doses))


_SIGN = {"": "", "below": "<", "above": ">"}


def _taken(level: Level) -> str:
    if level.taken is None:
        return "no date"
    if isinstance(level.taken, dt.datetime):
        return level.taken.strftime("%Y-%m-%d %H:%M")
    return f"{level.taken.isoformat()}{' before' if level.before_dose else ''}"


def _models(estimate: Estimate, knowledge: Knowledge) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    for head, width in (("", 17), ("evidence", 8), ("weight", 6), ("CL L/d", 7), ("levels off by, SD", 18)):
        grid.add_column(head, width=width)
    grid.add_column("", ratio=1)
    for fitted in _fitted(estimate):
        model = knowledge.population_models[fitted.model]
        assert fitted.parameters is not None
        told = [MISFIT[item] for item in fitted.misfits]
        told += ["few draws"] if fitted.effective_draws and "few_effective_draws" in estimate.warnings else []
        grid.add_row(
            f"{model.id}{mark(model.verdict)}",
            model.verdict.grade,
            f"{whole_text(100 * fitted.weight)} %",
            float_text(fitted.parameters.cl_l_per_day, 3),
            ", ".join(_signed(item.standard_deviations) for item in fitted.residuals) or "-",
            "; ".join(told),
        )
    return grid


def _models_or_why(estimate: Estimate, knowledge: Knowledge) -> RenderableType:
    if _fitted(estimate):
        return section("Models", _models(estimate, knowledge), *_ranges(estimate))
    return section("Not fitted", _not_fitted(estimate, knowledge))


def _person(estimate: Estimate) -> RenderableType:
    grid = table(17, None)
    for fitted in _fitted(estimate):
        told = [
            f"{parameter_sign(m.parameter)} x {float_text(m.factor)} ({_signed(m.standard_deviations)} SD)"
            for m in fitted.moved
        ]
        grid.add_row(fitted.model, ", ".join(told))
    return grid


def _not_fitted(estimate: Estimate, knowledge: Knowledge) -> RenderableType:
    """Refused models of the fact base itself stand in ``ivigil models``."""
    grid = table(17, None)
    for fitted in estimate.models:
        verdict = knowledge.population_models[fitted.model].verdict
        if not fitted.why_not or verdict.status == "refused":
            continue
        why = [
            BECAUSE[item.why] + (f": {', '.join(item.missing).replace('_', ' ')}" if item.missing else "")
            for item in fitted.applicability.refusals
        ]
        grid.add_row(fitted.model, f"{NOT_FITTED[fitted.why_not]}{': ' if why else ''}{'; '.join(why)}")
    return grid


def _ranges(estimate: Estimate) -> Iterator[RenderableType]:
    for fitted in _fitted(estimate):
        outside = [check.of for check in fitted.applicability.ranges if check.place == "outside"]
        if outside:
            yield Text(f"{fitted.model}: outside its range of {', '.join(outside).replace('_', ' ')}")
        if fitted.applicability.extrapolated:
            yield Text(f"{fitted.model}: fitted to another condition")


def _bands(case: Case, estimate: Estimate) -> RenderableType:
    if not estimate.bands:
        return Text("No model could be fitted: nothing is forecast.")
    starts, ends = {item.start for item in case.planned}, {item.end for item in case.planned}
    grid = table(18, 8, 18, None)
    for band in estimate.bands:
        moment = estimate.levels.origin + dt.timedelta(days=band.time_days)
        near = _nearest(moment, starts | ends)
        told = "before a planned dose" if near in starts else "end of a planned dose" if near in ends else ""
        grid.add_row(moment.strftime("%Y-%m-%d %H:%M"), float_text(band.median, 1), _band(band), told)
    return grid


def _nearest(moment: dt.datetime, moments: Iterable[dt.datetime]) -> dt.datetime | None:
    """Days as floats do not come back to the second."""
    return next((item for item in moments if abs(item - moment) < dt.timedelta(seconds=1)), None)


def _by_model(estimate: Estimate, knowledge: Knowledge) -> RenderableType:
    grid = table(18, 8, 18, None)
    for fitted in _fitted(estimate):
        band = fitted.bands[-1]
        verdict = knowledge.population_models[fitted.model].verdict
        told = f"evidence {verdict.grade}, weight {whole_text(100 * fitted.weight)} %"
        grid.add_row(f"{fitted.model}{mark(verdict)}", float_text(band.median, 1), _band(band), told)
    return grid


def _washed_out(gone: WashOut | None) -> list[RenderableType]:
    if gone is None:
        return []
    within = f"within {whole_text(gone.within_percent)} % of the own level"
    if gone.days is None:
        told = f"Not {within} in {gone.followed_days} days, for most possible persons."
    else:
        told = f"Total IgG is {within} {spread_text(gone.days, 'days', 0)} after the last dose."
    rule = "No rule for vaccines or serology: see ivigil vaccines, tests."
    return [section("Wash-out", Text(told), Text(rule))]


def _proposal(found: Proposal, sought: Sought) -> list[RenderableType]:
    low, high = (number(value) for value in found.window_g_per_l)
    grid = _regimens((*found.beside, found.chosen), found.chosen)
    vials = " + ".join(f"{number(size)} g" for size in found.vials)
    cycle = found.cycle
    facts = table(14, None)
    facts.add_row(
        "Proposal", f"{number(found.chosen.grams)} g every {cycle.interval_days} days, {cycle.route}"
    )
    if vials:
        facts.add_row("Vials", vials)
    facts.add_row("Exact dose", spread_text(found.exact_grams, "g", 0))
    facts.add_row("Steady after", spread_text(found.steady_after_days, "days", 0))
    if found.interval_outside:
        facts.add_row("Interval", f"not in the data of {', '.join(found.interval_outside)}")
    parts = [
        section(f"A trough of {number(found.target_g_per_l)} g/L ({low} to {high})", facts),
        section("Doses", grid),
    ]
    if sought.other_intervals:
        parts.append(section("The same grams a day at other intervals", _regimens(sought.other_intervals)))
    if sought.missed is not None:
        missed = sought.missed
        told = (
            f"Trough {spread_text(missed.trough_g_per_l, 'g/L', 1)}; an interval after a missed dose "
            f"{spread_text(missed.after_missed_g_per_l, 'g/L', 1)}."
        )
        parts.append(section("One missed dose", Text(told)))
    return parts


def _regimens(regimens: Iterable[Regimen], chosen: Regimen | None = None) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    for head, width in (
        ("", 2),
        ("g", 7),
        ("days", 4),
        ("trough g/L", 19),
        ("peak g/L", 20),
        ("in window", 9),
    ):
        grid.add_column(head, width=width)
    grid.add_column("", ratio=1)
    for item in sorted(regimens, key=lambda item: (item.interval_days, item.grams)):
        grid.add_row(
            "->" if item is chosen else "",
            number(item.grams, 1),
            str(item.interval_days),
            spread_text(item.trough_g_per_l, "", 1),
            spread_text(item.peak_g_per_l, "", 1),
            "" if item.in_window is None else f"{whole_text(100 * item.in_window)} %",
            "high peak" if item.above_peak_limit > 0 else "",
        )
    return grid


def _fitted(estimate: Estimate) -> list[Fitted]:
    return [fitted for fitted in estimate.models if not fitted.why_not]


def _foot() -> list[RenderableType]:
    return [
        Text(""),
        Text(BANDS),
        Text("ivigil models ID shows a model with its cautions and documents."),
        Text(FOOTNOTE),
        Text(DISCLAIMER),
    ]


def _band(band: Band) -> str:
    return f"{float_text(band.low, 1)} to {float_text(band.high, 1)}"


def spread_text(spread: Spread, unit: str, places: int) -> str:
    """The median and the band around it; ``unit`` as it is said: "g/L", say("days")."""
    low, middle, high = (float_text(value, places) for value in (spread.low, spread.median, spread.high))
    return say(
        "{middle} ({low} to {high})", middle=f"{middle} {unit}" if unit else middle, low=low, high=high
    )


def _signed(value: float) -> str:
    text = float_text(value, 1)
    return f"+{text}" if value > 0 and text != "0" else text


def refused_text(field: str, typed: str, accepted: str) -> str:
    """What was typed into a field and is not accepted."""
    return say("{field}: {typed}; accepted: {accepted}", field=field, typed=typed, accepted=accepted)


def whole_text(value: float) -> str:
    return float_text(value, 0)


def float_text(value: float, places: int = 2) -> str:
    return number(Decimal(repr(value)), places)
