"""The tables of the simulated trial."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence

from benchmarks.trial_score import AVERAGE, MOMENTS, OTHERS, Forecast, Key, Score, score
from tools.report import DOCS, table, write_section

Found = Mapping[Key, Sequence[Forecast]]

_HEAD = ("levels", "median PE %", "MPE %", "RMSE g/L", "within 20 %", "within 30 %", "band holds")
_PAIR_LEVELS = 2
"""Levels at which the pairs are set side by side."""


def page(found: Found, titles: Mapping[str, str], seed: int) -> str:
    """All tables, with the settings that they depend on."""
    parts = [_settings(found, seed), _right(found)]
    for course, title in titles.items():
        truths = list(dict.fromkeys(key.truth for key in found if key.course == course))
        if len(truths) > 1:
            parts += [f"### {title}", _pairs(found, course, truths)]
        if len(truths) > 2:
            parts.append(_averages(found, course, truths))
    return "\n\n".join(parts)


def write(found: Found, text: str) -> None:
    """The page's section, and every pair as a table that programs read."""
    write_section(DOCS / "kinetics-trial.md", "trial", text)
    (DOCS / "kinetics-trial.csv").write_text(rows(found), encoding="utf-8")


def rows(found: Found) -> str:
    """Every course, pair, number of levels and moment: CSV with a head."""
    file = io.StringIO()
    writer = csv.writer(file, lineterminator="\n")
    writer.writerow(["course", "drawn_from", "fitted_by", "levels", "trough", *Score._fields])
    for key, forecasts in found.items():
        for place, moment in enumerate(MOMENTS):
            if any(item.bands for item in forecasts):
                made = score(forecasts, place)
                writer.writerow([*key, moment, made.patients, made.failed, *(f"{v:.2f}" for v in made[2:])])
    return file.getvalue()


def _settings(found: Found, seed: int) -> str:
    right = {len(items) for key, items in found.items() if key.truth == key.by}
    crossed = {len(items) for key, items in found.items() if key.truth != key.by}
    return (
        f"Seed {seed}. Of a model and a number of levels {max(right)} patients are fitted by the model "
        f"itself, {max(crossed)} of\nthem by every model that applies."
    )


def _right(found: Found) -> str:
    """The model that the patients were drawn from: in the first course that has it."""
    lines, seen = [], dict[str, str]()
    for key in found:
        if key.truth == key.by:
            seen.setdefault(key.truth, key.course)
    for model, course in seen.items():
        mine = {key.levels: found[key] for key in found if key[:3] == (course, model, model)}
        for levels, forecasts in mine.items():
            lines.append((f"`{model}`", levels, *_whole_line(forecasts)))
        every = [item for forecasts in mine.values() for item in forecasts]
        lines.append((f"`{model}`", "all", *_whole_line(every)))
    head = ("model", *_HEAD, "band holds later", "misfit %")
    return f"### The model is right\n\n{table(head, lines)}"


def _whole_line(forecasts: Sequence[Forecast]) -> Iterator[str]:
    next_trough, later = score(forecasts, 0), score(forecasts, 1)
    yield from _cells(next_trough)
    yield _held(later)
    yield f"{next_trough.misfits:.1f}"


def _averages(found: Found, course: str, truths: Iterable[str]) -> str:
    """The next trough by all models, and by those that are wrong."""
    lines = []
    for key, forecasts in found.items():
        if key.course == course and key.truth in truths and key.by == AVERAGE:
            made, wrong = score(forecasts, 0), score(found[key._replace(by=OTHERS)], 0)
            cells = (*_cells(made), f"{wrong.mean_pe:+.1f}", _whole(wrong.within_20), _held(wrong))
            lines.append((f"`{key.truth}`", key.levels, *cells))
    head = ("drawn from", *_HEAD, "others: MPE %", "within 20 %", "band holds")
    told = f"The next trough by the {AVERAGE} of all models, and by the {OTHERS}, none of which is right."
    return f"{told}\n\n{table(head, lines)}"


def _pairs(found: Found, course: str, truths: Sequence[str]) -> str:
    """Bias, share within 20 % and coverage of the later trough, pair by pair."""
    lines = []
    for truth in truths:
        cells = []
        for by in (*truths, AVERAGE, OTHERS):
            forecasts = found.get(Key(course, truth, by, _PAIR_LEVELS), ())
            cells.append(_pair(score(forecasts, 1)) if any(item.bands for item in forecasts) else "")
        lines.append((f"`{truth}`", *cells))
    head = ("drawn from", *(f"by `{name}`" for name in truths), f"by {AVERAGE}", f"by {OTHERS}")
    told = (
        f"The later trough after {_PAIR_LEVELS} levels: mean PE %, percent within 20 %, percent held by "
        "the band."
    )
    return f"{told}\n\n{table(head, lines)}"


def _cells(made: Score) -> Iterator[str]:
    yield f"{made.median_pe:+.1f}"
    yield f"{made.mean_pe:+.1f}"
    yield f"{made.rmse_g_per_l:.2f}"
    yield _whole(made.within_20)
    yield _whole(made.within_30)
    yield _held(made)


def _held(made: Score) -> str:
    return f"{made.held:.1f} ± {made.error_of_held:.1f}"


def _pair(made: Score) -> str:
    return f"{made.mean_pe:+.0f} / {_whole(made.within_20)} / {_whole(made.held)}"


def _whole(value: float) -> str:
    return f"{value:.0f}"
