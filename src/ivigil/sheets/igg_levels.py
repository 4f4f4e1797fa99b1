"""Simulated IgG in words: the levels before doses with their bands, and what to know of the model."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.kinetics.applicability import Applicability, RangeCheck, Refusal
from ivigil.kinetics.dataset import Sample
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.regimen import Given
from ivigil.knowledge.kinetics import PopulationModel, Restriction, Verdict
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE, mark, section, table
from ivigil.sheets.models import KNOWN, conditions
from ivigil.sheets.numbers import number, span

PERCENTS = (5, 25, 50, 75, 95)
"""Of the median and of the bands that hold 50 % and 90 % of the patients."""
NOT_REAL = "Simulated. No real patient: a real one may lie outside every band."
_MEASURED = "Simulated, not measured. The measured levels stand apart and moved no curve."
_DAYS_APART = 7
"""Doses closer together share a row."""
_ROWS = 14
"""Rows of levels; between the first and the last the others are thinned."""
_ROUTES = {"IV": "intravenously", "SC": "subcutaneously", "facilitated_SC": "subcutaneously, facilitated"}


class Simulated(msgspec.Struct, frozen=True, kw_only=True):
    """A simulation, whole: total IgG in g/L at ``times_days``. None was measured but ``observed``."""

    model: str
    subject: Subject
    assumed: tuple[str, ...]
    """Fields of the subject that were not given."""
    doses: tuple[Given, ...]
    times_days: tuple[float, ...]
    typical_g_per_l: tuple[float, ...]
    patients: int | None = None
    """Virtual ones; None: the typical patient alone."""
    seed: int | None = None
    percentiles_g_per_l: dict[str, tuple[float, ...]] = {}
    """By percent, as text: those of ``PERCENTS``; empty without virtual patients."""
    target_g_per_l: float | None = None
    share_at_or_above_target: tuple[float, ...] = ()
    steady_trough_g_per_l: float | None = None
    """Typical, of the last regimen repeated for ever."""
    steady_peak_g_per_l: float | None = None
    observed: tuple[Sample, ...] = ()
    comment_lines: tuple[int, ...] = ()
    """Of the dataset's file; they have no effect."""
    set_aside_lines: tuple[int, ...] = ()
    """Of the dataset's file: levels that it calls missing itself."""
    ignored_columns: tuple[str, ...] = ()
    applicability: tuple[Applicability, ...]

    @property
    def bands(self) -> tuple[tuple[float, ...], ...]:
        """(PERCENTS, times); empty without virtual patients."""
        return tuple(self.percentiles_g_per_l[str(p)] for p in PERCENTS) if self.patients else ()

    @property
    def notice(self) -> str:
        """What the levels are not."""
        return _MEASURED if self.measured else NOT_REAL

    @property
    def measured(self) -> tuple[tuple[float, float], ...]:
        """Days and levels, without the times at which a level was only asked for."""
        return tuple(
            (item.time_days, item.igg_g_per_l) for item in self.observed if item.igg_g_per_l is not None
        )

    def at(self, time_days: float) -> int:
        """The place of a time."""
        return self.times_days.index(time_days)


def levels_sheet(shown: Simulated, knowledge: Knowledge) -> RenderableType:
    """Levels before doses and at the end, the highest, steady state, warnings."""
    model = knowledge.population_models[shown.model]
    parts: list[RenderableType] = [
        Text("SIMULATED IgG LEVELS", style="bold"),
        Text(shown.notice),
        *_who(shown, model),
        section("levels before doses, g/L" + _target(shown), _levels(shown)),
        section("Also", *_also(shown)),
    ]
    if shown.measured:
        parts.append(section("Measured", _observed(shown)))
    parts += [
        section("What to know", _listed(cautions(shown.applicability, knowledge))),
        Text(""),
        Text(FOOTNOTE),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


def refusal_lines(judged: Iterable[Applicability], knowledge: Knowledge) -> tuple[str, ...]:
    """Why a model is refused, a line a reason."""
    return tuple(
        dict.fromkeys(
            _refusal(refusal, item.model, knowledge) for item in judged for refusal in item.refusals
        )
    )


def cautions(judged: Sequence[Applicability], knowledge: Knowledge) -> tuple[str, ...]:
    """What a person must know of the answer: ranges left, what was assumed, what the model is bad at."""
    model = knowledge.population_models[judged[0].model]
    lines: list[str] = []
    if any(item.medicines_assumed for item in judged):
        lines.append(
            "Nobody said whether there is an FcRn blocker; none is assumed (--medicine none says so)."
        )
    if any(item.extrapolated for item in judged):
        lines.append("Extrapolated: the model was not fitted to this condition.")
    lines += [_outside(check) for item in judged for check in item.ranges if check.place == "outside"]
    lines += [
        f"{_name(check)} is not known: fitted to {_bounds(check)}"
        for item in judged
        for check in item.ranges
        if check.place == "unknown"
    ]
    if model.second_hand:
        lines.append("The paper was not read: parameters are second- or third-hand (ivigil models).")
    lines += [f"{item.text}{mark(item)}" for item in model.cautions]
    return tuple(dict.fromkeys(lines))


def _who(shown: Simulated, model: PopulationModel) -> list[RenderableType]:
    subject = shown.subject
    size = f"{number(subject.weight_kg)} kg" if subject.weight_kg is not None else "weight not known"
    condition = conditions((subject.condition,)) if subject.condition else "no condition"
    assumed = " (assumed: the model's)" if "condition" in shown.assumed else ""
    own = subject.endogenous_igg_g_per_l
    rows = (
        (
            "Model",
            f"{shown.model}{mark(model)}, {condition}{assumed}, {size}"
            + (f", own IgG {number(own)} g/L" if own is not None else ""),
        ),
        ("Doses", _given(shown.doses)),
        ("Shown", _shown(shown)),
    )
    grid = table(7, None)
    for row in rows:
        grid.add_row(*row)
    return [Padding(grid, (0, 0, 0, 2))]


def _listed(lines: Iterable[str]) -> Table:
    grid = table(1, None)
    for line in lines:
        grid.add_row("-", line)
    return grid


def _shown(shown: Simulated) -> str:
    if shown.patients is None:
        return "the typical patient: a curve without a band"
    return f"{shown.patients} virtual patients, seed {shown.seed}; no error of measurement"


def _given(doses: Sequence[Given]) -> str:
    routes = [
        f"{sum(dose.route == route for dose in doses)} {words}"
        for route, words in _ROUTES.items()
        if any(dose.route == route for dose in doses)
    ]
    grams = sum(Decimal(repr(round(dose.grams, 6))) for dose in doses)
    return f"{', '.join(routes)}; {number(grams, 1)} g in all"


def _target(shown: Simulated) -> str:
    return "" if shown.target_g_per_l is None else f"; target {number(Decimal(repr(shown.target_g_per_l)))}"


def _levels(shown: Simulated) -> Table:
    banded = bool(shown.bands)
    grid = Table(box=None, padding=(0, 1, 0, 0), show_header=True, header_style="bold")
    heads = ["Day", "Typical"]
    heads += ["Median", "50 % of patients", "90 % of patients"] if banded else []
    heads += ["At target"] if shown.share_at_or_above_target else []
    for head in heads:
        grid.add_column(head, justify="right")
    for time in moments(shown):
        place = shown.at(time)
        cells = [number(Decimal(repr(time)), 1), _level(shown.typical_g_per_l[place])]
        if banded:
            five, quarter, half, three, most = (row[place] for row in shown.bands)
            cells += [
                _level(half),
                f"{_level(quarter)} to {_level(three)}",
                f"{_level(five)} to {_level(most)}",
            ]
        if shown.share_at_or_above_target:
            cells.append(percent(shown.share_at_or_above_target[place]))
        grid.add_row(*cells)
    return grid


def moments(shown: Simulated) -> tuple[float, ...]:
    """Times of the rows: before courses, and at the end."""
    starts: list[float] = []
    for dose in shown.doses:
        if dose.time_days in shown.times_days and (not starts or dose.time_days - starts[-1] >= _DAYS_APART):
            starts.append(dose.time_days)
    found = list(dict.fromkeys((*starts, shown.times_days[-1])))
    if len(found) <= _ROWS:
        return tuple(found)
    places = {round(row * (len(found) - 1) / (_ROWS - 1)) for row in range(_ROWS)}
    return tuple(found[place] for place in sorted(places))


def _also(shown: Simulated) -> list[RenderableType]:
    highest = max(shown.typical_g_per_l)
    when = shown.times_days[shown.typical_g_per_l.index(highest)]
    lines = [
        f"Highest typical level {_level(highest)} g/L on day {number(Decimal(repr(round(when, 2))), 1)}."
    ]
    if shown.bands:
        peak = max(shown.bands[-1])
        lines.append(f"At the highest moment 5 % of the virtual patients lie above {_level(peak)} g/L.")
    if shown.steady_trough_g_per_l is not None and shown.steady_peak_g_per_l is not None:
        lines.append(
            "Steady state of the last regimen, typical: "
            f"{_level(shown.steady_trough_g_per_l)} to {_level(shown.steady_peak_g_per_l)} g/L."
        )
    return [Text(line) for line in (*lines, *_without_effect(shown))]


def _without_effect(shown: Simulated) -> Iterator[str]:
    for words, what in (
        ("comments in lines", shown.comment_lines),
        ("levels called missing (MDV 1) in lines", shown.set_aside_lines),
        ("columns left out:", shown.ignored_columns),
    ):
        if what:
            yield f"Of the file without effect: {words} {', '.join(map(str, what))}."


def _observed(shown: Simulated) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), show_header=True, header_style="bold")
    for head in ("Day", "Measured", "Typical"):
        grid.add_column(head, justify="right")
    for day, level in shown.measured:
        typical = shown.typical_g_per_l[shown.at(day)]
        grid.add_row(number(Decimal(repr(day)), 1), _level(level), _level(typical))
    return grid


def _outside(check: RangeCheck) -> str:
    value = number(check.value, 2) if check.value is not None else "?"
    return f"{_name(check)} {value} is outside what was fitted or allowed: {_bounds(check)}"


def _name(check: RangeCheck) -> str:
    return KNOWN[check.of].capitalize()


def _bounds(check: RangeCheck) -> str:
    units = {
        "age_years": "years",
        "concentration_g_per_l": "g/L",
        "dose_g_per_kg": "g/kg a course",
        "interval_days": "days",
    }
    return span(check.minimum, check.maximum, units.get(check.of, "kg"))


def _refusal(refusal: Refusal, model: str, knowledge: Knowledge) -> str:
    fact = knowledge.by_id.get(refusal.fact)
    needs = ", ".join(KNOWN[name] for name in refusal.missing)
    match refusal.why:
        case "model":
            assert isinstance(fact, Verdict)
            return f"{model} is never computed with: {fact.text}{mark(fact)}"
        case "medicine":
            return f"under {refusal.fact.removeprefix('voiding.')} no model of IgG holds"
        case "condition":
            known = knowledge.population_models[model]
            meant = (*(known.fitted.conditions if known.fitted else ()), *known.verdict.also_for)
            return f"{model} is for: {conditions(meant)}"
        case "route":
            return f"{model} has: {', '.join(knowledge.population_models[model].routes)}"
        case "restriction":
            assert isinstance(fact, Restriction)
            allowed = span(fact.min, fact.max, "")
            unknown = f" ({needs} not known)" if needs else ""
            return f"only {KNOWN[fact.of]} {allowed.strip()}{unknown}. {fact.text}{mark(fact)}"
        case "covariate":
            return f"{model} needs: {needs}"


def percent(share: float) -> str:
    """A share of virtual patients: "87 %"; never 0 or 100 unless it is all or none."""
    shown = round(100 * share)
    if shown == 100 and share < 1:
        return "> 99 %"
    if shown == 0 and share > 0:
        return "< 1 %"
    return f"{shown} %"


def _level(value: float) -> str:
    return f"{value:.1f}"
