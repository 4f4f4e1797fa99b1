"""Laboratory windows in words: what cannot be read, until when, what instead, what to draw first."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import BaselineSample
from ivigil.sheets import windows
from ivigil.sheets.layout import DISCLAIMER, references, section, table
from ivigil.sheets.references import References
from ivigil.windows.bench import BenchReading
from ivigil.windows.doses import GivenDose
from ivigil.windows.serology import LabWindow

_TITLES = {
    "until": "Unreliable until",
    "not_while_on_therapy": "Unreliable while therapy goes on (day if it stopped now)",
    "not_quantified": "Unreliable, end not stated (nor before this day)",
    "value_changed": "Right, but not what it was before",
    "not_affected": "Not affected",
    "no_dose": "Only after a product with what disturbs it",
}
_READ = {
    "readable": "can be read",
    "readable_if_negative": "can be read only if it is negative",
    "not_readable": "cannot be read",
    "not_stated": "not stated by any source read: take it as one that cannot be read",
}
_BECAUSE = {
    "no_dose_before": "nothing that disturbs it was given before, as far as is listed here",
    "not_affected": "immunoglobulin does not disturb it",
    "value_changed": "the value is right, and may differ from what it was before the dose",
    "time_is_over": "the time after the dose is over",
    "within_time": "the dose may still show in it",
    "therapy_goes_on": "regular therapy never leaves it clear",
    "end_not_stated": "the dose disturbs it, and no source says until when",
    "negative_stands": "infused antibody makes no test negative",
    "negative_not_signed": "that infused antibody makes no test negative was not read in a source",
    "effect_not_seen": "what a dose does to it was not read in a source",
}
_DRAW = {1: "always", 2: "usually", 3: "if asked for"}


class TestAnswer(msgspec.Struct, frozen=True):
    """Everything that the windows say of some doses, and the blood to draw before a first one."""

    doses: tuple[GivenDose, ...]
    ongoing: bool
    undated: bool
    results: tuple[BenchReading, ...]
    tests: tuple[LabWindow, ...]
    draw_first: tuple[BaselineSample, ...]

    def facts(self) -> tuple[str, ...]:
        """Ids of every fact that is named."""
        named = [name for window in self.tests for name in (window.interference, window.ruled_by) if name]
        read = [name for result in self.results for name in (*result.facts, *result.samples)]
        return tuple(dict.fromkeys([*read, *named, *(sample.id for sample in self.draw_first)]))


def tests_sheet(answer: TestAnswer, knowledge: Knowledge) -> RenderableType:
    """Tests by answer, the unreadable ones first; then what to draw before a first dose."""
    refs = windows.cite(answer.facts(), knowledge)
    groups: dict[str, list[LabWindow]] = defaultdict(list)
    for window in answer.tests:
        groups[window.answer].append(window)
    going = "regular therapy goes on" if answer.ongoing else "no further dose after these"
    going += "; a further dose on a day that nobody knows" if answer.undated else ""
    parts: list[RenderableType] = [
        Text("LABORATORY TESTS AFTER IMMUNOGLOBULIN", style="bold"),
        *windows.given(answer.doses, knowledge),
        Padding(Text(going), (0, 0, 0, 2)),
        *_results(answer.results, knowledge, refs),
        *(_section(name, groups[name], knowledge, refs) for name in _TITLES if groups[name]),
        _draw_first(answer.draw_first, refs),
        references(refs),
        Text(""),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


def _results(
    results: tuple[BenchReading, ...], knowledge: Knowledge, refs: References
) -> list[RenderableType]:
    if not results:
        return []
    lines: list[RenderableType] = []
    for result in results:
        window, drawn = result.window, result.drawn
        outcome = drawn.text or drawn.outcome or "result not told"
        lines.append(Text(f"{window.test}, drawn {drawn.date}, {outcome}", style="bold"))
        lines += [Padding(Text(line), (0, 0, 0, 2)) for line in _said(result, knowledge, refs)]
    return [section("Results drawn", *lines)]


def _said(result: BenchReading, knowledge: Knowledge, refs: References) -> list[str]:
    window = result.window
    lines = [f"{_READ[result.answer]}: {_BECAUSE[result.because]} {refs.mark(result.facts)}".rstrip()]
    if window.dose_date is not None and result.because != "not_affected":
        lines.append(f"dose that counts: {window.dose_date}")
    if result.answer == "readable":
        return lines
    lines.append(_again(window))
    if window.alternative:
        lines.append(f"use instead: {window.alternative}")
    if result.earlier is not None:
        outcome = result.earlier.text or result.earlier.outcome or "result not told"
        lines.append(f"or read the one from before: {result.earlier.date}, {outcome}")
    names = [knowledge.by_id[name] for name in result.samples]
    kept = [
        f"{sample.what} {refs.mark([sample.id])}" for sample in names if isinstance(sample, BaselineSample)
    ]
    if kept:
        lines.append(f"look for blood from before the first dose: {'; '.join(kept)}")
    return lines


def _again(window: LabWindow) -> str:
    if window.reliable_from is not None:
        return f"draw again from {window.reliable_from}"
    if window.if_stopped is not None:
        return f"draw again: not while therapy goes on; if it stopped now, from {window.if_stopped}"
    if window.not_before is not None:
        return f"draw again: not before {window.not_before}, and no source says when it is clear"
    return "draw again: no source says when it is clear"


def _section(answer: str, items: list[LabWindow], knowledge: Knowledge, refs: References) -> RenderableType:
    if answer in ("not_affected", "no_dose"):
        listed = (f"{item.test} {refs.mark([item.interference])}".rstrip() for item in items)
        return section(_TITLES[answer], Text("; ".join(listed)))
    grid = table(30, 12, None)
    grid.show_header = True
    for column, title in zip(grid.columns, ("Test", "Day", "Use instead"), strict=True):
        column.header = title
    for item in sorted(items, key=lambda window: str(_day(window))):
        marks = refs.mark(name for name in (item.interference, item.ruled_by) if name)
        grid.add_row(f"{item.test} {marks}".rstrip(), _day(item), _instead(item))
    return section(_TITLES[answer], grid)


def _day(item: LabWindow) -> str:
    day = item.reliable_from or item.if_stopped or item.not_before
    if item.answer == "not_while_on_therapy" and day is not None:
        return f"({day})"
    return str(day) if day is not None else "not known"


def _instead(item: LabWindow) -> str:
    parts = [
        item.alternative,
        f"{item.hours_after_end} h after the end in the source" if item.hours_after_end is not None else "",
        "product's sugar not known: taken as one that disturbs" if item.assumed_product else "",
    ]
    return "; ".join(part for part in parts if part)


def _draw_first(samples: tuple[BaselineSample, ...], refs: References) -> RenderableType:
    grid = table(12, None)
    for sample in samples:
        grid.add_row(_DRAW[sample.priority], f"{sample.what}: {sample.why} {refs.mark([sample.id])}".rstrip())
    return section("Draw before the first gram", grid)
