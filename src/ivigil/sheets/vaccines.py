"""Vaccine windows in words. Nothing here ever says that a live vaccine is allowed."""

from __future__ import annotations

from collections import defaultdict

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import VaccineInterval, VaccineRule
from ivigil.sheets import windows
from ivigil.sheets.layout import DISCLAIMER, references, section
from ivigil.sheets.references import References
from ivigil.windows.contraindications import PatientCheck
from ivigil.windows.doses import GivenDose
from ivigil.windows.intervals import Ruling
from ivigil.windows.vaccines import NonLiveVaccine, VaccineCheck, VaccineWindow

_ANSWER = {
    "wait_until": "Wait until {day}",
    "not_while_on_therapy": "Not while therapy goes on; if it stopped now: {day}",
    "no_interval_needed": "No interval needed for immunoglobulin; other contraindications hold",
    "not_stated": "Not stated by any source read: ask",
}
_VERDICT = {
    "counts": "counts",
    "repeat": "does not count: repeat, unless serology shows a response",
    "ask": "doubtful: only a caution or weak evidence speaks against it; ask",
    "not_stated": "not stated by any source read: ask",
}
_FOUND = {
    "contraindicated": "Speaks against it",
    "ask": "Not answered: ask first",
    "none_found": "Nothing that was asked speaks against it; other contraindications hold",
}
_ASIDE = frozenset({"superseded", "practice", "weak"})


class VaccineAnswer(msgspec.Struct, frozen=True):
    """Everything that the windows say of some doses."""

    doses: tuple[GivenDose, ...]
    jurisdiction: str
    ongoing: bool
    live: tuple[VaccineWindow, ...]
    non_live: tuple[NonLiveVaccine, ...]
    checks: tuple[VaccineCheck, ...]
    patient: tuple[PatientCheck, ...]

    def facts(self) -> tuple[str, ...]:
        """Ids of every interval and rule that is named."""
        named: dict[str, None] = {}
        for window in (*self.live, *(check.repeat for check in self.checks if check.repeat)):
            rulings = (window.ruling, *window.alternatives)
            named |= dict.fromkeys(ruling.fact for ruling in rulings if ruling is not None)
            named |= dict.fromkeys((*window.rules, *window.unread))
        for item in self.non_live:
            named |= dict.fromkeys(item.rules)
        for found in self.patient:
            named |= dict.fromkeys(found.rules)
        for check in self.checks:
            named |= dict.fromkeys((*check.rules, *(ruling.fact for ruling in check.because)))
        return tuple(named)


def vaccine_sheet(answer: VaccineAnswer, knowledge: Knowledge) -> RenderableType:
    """Checks of given vaccines first, then live vaccines by answer, then the others."""
    refs = windows.cite(answer.facts(), knowledge)
    place = knowledge.jurisdictions.get(answer.jurisdiction)
    where = place.name if place else "no place named: the strictest of all tables"
    parts: list[RenderableType] = [
        Text("VACCINES AND IMMUNOGLOBULIN", style="bold"),
        Padding(Text(where), (0, 0, 0, 2)),
        *windows.given(answer.doses, knowledge),
        *_checks(answer, knowledge, refs),
        Text("\n1. Is the interval over?", style="bold"),
        *_live(answer, knowledge, refs),
        Text("\n2. Does something in the patient speak against it?", style="bold"),
        *_patient(answer, knowledge, refs),
        *_rules(answer, knowledge, refs),
        *_non_live(answer, knowledge, refs),
        references(refs),
        Text(""),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


def _live(answer: VaccineAnswer, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    """Vaccines with the same answer, day and ruling stand together."""
    groups: dict[tuple[str, str, str], list[VaccineWindow]] = defaultdict(list)
    for window in answer.live:
        fact = window.ruling.fact if window.ruling else ""
        groups[window.answer, str(window.earliest or window.if_stopped or ""), fact].append(window)
    return [_group(items, knowledge, refs) for _, items in sorted(groups.items(), key=_order)]


def _order(group: tuple[tuple[str, str, str], list[VaccineWindow]]) -> tuple[int, str]:
    (name, day, _), _ = group
    return tuple(_ANSWER).index(name), day


def _group(items: list[VaccineWindow], knowledge: Knowledge, refs: References) -> RenderableType:
    first = items[0]
    lines: list[RenderableType] = [Text("; ".join(item.name for item in items), style="bold")]
    if first.ruling is not None:
        lines.append(Text(_ruled(first.ruling, knowledge, refs)))
    others = _alternatives(items)
    if others:
        lines += [Text("Other tables say of the same dose:"), _table(others, knowledge, refs)]
    unread = sorted({name for item in items for name in item.unread})
    lines += [Text(f"A table of this place exists and was not read: {name}") for name in unread]
    title = _ANSWER[first.answer].format(day=first.earliest or first.if_stopped)
    return section(title, *lines)


def _ruled(ruling: Ruling, knowledge: Knowledge, refs: References) -> str:
    row = knowledge.by_id[ruling.fact]
    length = f", {_length(row)} from {ruling.start}" if isinstance(row, VaccineInterval) else ""
    mark = refs.mark([ruling.fact])
    return f"{ruling.authority}{length}{windows.marks(ruling.marks)} {mark}".rstrip()


def _length(row: VaccineInterval) -> str:
    for count, unit in ((row.months, "month"), (row.weeks, "week"), (row.days, "day")):
        if count is not None:
            return f"{count} {unit}{'' if count == 1 else 's'}"
    return "no interval"


def _alternatives(items: list[VaccineWindow]) -> list[Ruling]:
    """Current rules of other tables with a day of their own, each once, the latest first."""
    found = {
        ruling.fact: ruling
        for item in items
        for ruling in item.alternatives
        if ruling.until is not None and not _ASIDE.intersection(ruling.marks)
    }
    return sorted(found.values(), key=lambda ruling: (ruling.until is None, ruling.until), reverse=True)


def _table(rulings: list[Ruling], knowledge: Knowledge, refs: References) -> Table:
    grid = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=10)
    grid.add_column(ratio=1)
    for ruling in rulings:
        row = knowledge.by_id[ruling.fact]
        covers = f": {', '.join(row.covers)}" if isinstance(row, VaccineInterval) else ""
        marks = windows.marks(name for name in ruling.marks if name != "borrowed")
        grid.add_row(
            str(ruling.until), f"{ruling.authority}{covers}{marks} {refs.mark([ruling.fact])}".rstrip()
        )
    return grid


def _patient(answer: VaccineAnswer, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    """What holds and what is open, each once, with the vaccines that it is for."""
    against: dict[str, list[str]] = defaultdict(list)
    ask: dict[str, list[str]] = defaultdict(list)
    for item in answer.patient:
        for rule in item.rules if item.answer == "contraindicated" else ():
            against[rule].append(item.name)
        for name in item.ask:
            ask[name].append(item.name)
    clear = [item for item in answer.patient if item.answer == "none_found"]
    named = refs.mark(dict.fromkeys(rule for item in clear for rule in item.rules))
    held: list[RenderableType] = []
    for rule, names in against.items():
        held += [*_rule_lines((rule,), knowledge, refs), _whom(names, answer)]
    open_: list[RenderableType] = []
    for name, names in ask.items():
        open_ += [Text(f"- {knowledge.terms[name].question} ({name})"), _whom(names, answer)]
    nothing: list[RenderableType] = (
        [Text(f"{'; '.join(item.name for item in clear)} {named}".rstrip())] if clear else []
    )
    parts = (("contraindicated", held), ("ask", open_), ("none_found", nothing))
    return [section(_FOUND[found], *lines) for found, lines in parts if lines]


def _whom(names: list[str], answer: VaccineAnswer) -> RenderableType:
    every = len(names) == len(answer.patient)
    return Padding(Text("every live vaccine" if every else "; ".join(names)), (0, 0, 0, 2))


def _rules(answer: VaccineAnswer, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    judged = {rule.id for rule in knowledge.facts.vaccine_rule if rule.when is not None}
    named = (name for window in answer.live for name in window.rules if name not in judged)
    names = dict.fromkeys(named)
    lines = _rule_lines(tuple(names), knowledge, refs)
    return [section("Read with it (live vaccines)", *lines)] if lines else []


def _rule_lines(names: tuple[str, ...], knowledge: Knowledge, refs: References) -> list[RenderableType]:
    rules = [knowledge.by_id[name] for name in names]
    return [
        Text(f"- {rule.text} {refs.mark([rule.id])}".rstrip())
        for rule in rules
        if isinstance(rule, VaccineRule)
    ]


def _non_live(answer: VaccineAnswer, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    if not answer.non_live:
        return []
    poorly = [item.name for item in answer.non_live if item.may_respond_poorly]
    well = [item.name for item in answer.non_live if not item.may_respond_poorly]
    lines: list[RenderableType] = []
    if poorly:
        lines.append(Text(f"No interval; may work less well: {'; '.join(poorly)}"))
    if well:
        lines.append(Text(f"No interval: {'; '.join(well)}"))
    rules = tuple(dict.fromkeys(name for item in answer.non_live for name in item.rules))
    return [section("Vaccines that are not live", *lines, *_rule_lines(rules, knowledge, refs))]


def _checks(answer: VaccineAnswer, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    if not answer.checks:
        return []
    lines: list[RenderableType] = []
    names = {vaccine.id: vaccine.name for vaccine in knowledge.facts.vaccine}
    for check in answer.checks:
        head = Text(
            f"{check.given.date} {names.get(check.given.vaccine, check.given.vaccine)}: ", style="bold"
        )
        lines.append(head + Text(_VERDICT[check.verdict]))
        details = [_ruled(ruling, knowledge, refs) for ruling in check.because]
        if check.repeat is not None and check.repeat.earliest is not None:
            details.append(f"a repeat can work from {check.repeat.earliest}")
        if check.antibodies_from is not None:
            details.append(f"immunoglobulin that can wait no longer spoils it from {check.antibodies_from}")
        lines += [Padding(Text(detail), (0, 0, 0, 2)) for detail in details]
    return [section("Vaccines given", *lines)]
