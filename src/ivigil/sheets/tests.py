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
_DRAW = {1: "always", 2: "usually", 3: "if asked for"}


class TestAnswer(msgspec.Struct, frozen=True):
    """Everything that the windows say of some doses, and the blood to draw before a first one."""

    doses: tuple[GivenDose, ...]
    ongoing: bool
    tests: tuple[LabWindow, ...]
    draw_first: tuple[BaselineSample, ...]

    def facts(self) -> tuple[str, ...]:
        """Ids of every fact that is named."""
        named = [name for window in self.tests for name in (window.interference, window.ruled_by) if name]
        return tuple(dict.fromkeys([*named, *(sample.id for sample in self.draw_first)]))


def tests_sheet(answer: TestAnswer, knowledge: Knowledge) -> RenderableType:
    """Tests by answer, the unreadable ones first; then what to draw before a first dose."""
    refs = windows.cite(answer.facts(), knowledge)
    groups: dict[str, list[LabWindow]] = defaultdict(list)
    for window in answer.tests:
        groups[window.answer].append(window)
    going = "regular therapy goes on" if answer.ongoing else "no further dose after these"
    parts: list[RenderableType] = [
        Text("LABORATORY TESTS AFTER IMMUNOGLOBULIN", style="bold"),
        *windows.given(answer.doses, knowledge),
        Padding(Text(going), (0, 0, 0, 2)),
        *(_section(name, groups[name], knowledge, refs) for name in _TITLES if groups[name]),
        _draw_first(answer.draw_first, refs),
        references(refs),
        Text(""),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


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
