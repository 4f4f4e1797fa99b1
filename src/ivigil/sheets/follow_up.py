"""The hand-over for the terminal: tests, results, check-ins, diary, proposals, what is open."""

from __future__ import annotations

import datetime as dt

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.aftercare.follow_up import Draw, FollowUpTest, HandOver, OpenPoint, PanelDue
from ivigil.aftercare.results import Compared, ResultReading
from ivigil.aftercare.standing import Standing
from ivigil.knowledge.reactions import PanelTiming, ResultRule
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import windows
from ivigil.sheets.after_words import HOLDS, MISSING, OPEN, SEVERITY, STATE, TEST
from ivigil.sheets.chair import reading as reading_text
from ivigil.sheets.check_ins import infusion_head, names, watch_line
from ivigil.sheets.ending import proposals_section
from ivigil.sheets.layout import DISCLAIMER, references, section, table
from ivigil.sheets.numbers import number
from ivigil.sheets.references import References


def follow_up_sheet(found: HandOver, knowledge: Knowledge, *, recorded: bool) -> RenderableType:
    """The hand-over, what is open before everything else."""
    refs = windows.cite(found.facts(), knowledge)
    parts: list[RenderableType | None] = [
        Text("IVIGIL: FOLLOW-UP AFTER AN INFUSION", style="bold"),
        Padding(infusion_head(found.episode, found.at, recorded=recorded), (0, 0, 0, 2)),
        watch_line(found.watch, found.at),
        _open(found, knowledge),
        _given(found, knowledge),
        _tests(found, refs),
        _results(found, knowledge, refs),
        _panels(found, knowledge, refs),
        _check_ins(found.check_ins),
        _reported(found, knowledge),
        _diary(found, knowledge),
        proposals_section(found.next_order, knowledge) if found.next_order else None,
        references(refs),
    ]
    return Group(*(part for part in parts if part is not None), Text(""), Text(DISCLAIMER))


def _open(found: HandOver, knowledge: Knowledge) -> RenderableType | None:
    if not found.open_points:
        return None
    return section("Open", *(Text(f"- {_point(point, found, knowledge)}") for point in found.open_points))


def _point(point: OpenPoint, found: HandOver, knowledge: Knowledge) -> str:
    what = point.what
    if what.startswith("symptom."):
        what = names((what,), knowledge)
    elif what.startswith("reaction."):
        what = _reaction(what, knowledge)
    else:
        at = [n for n, each in enumerate(found.check_ins, start=1) if each.check_in.id == what]
        what = f"{at[0]}" if at else what
    return OPEN[point.code].format(what=what)


def _given(found: HandOver, knowledge: Knowledge) -> RenderableType:
    grid = table(13, None)
    episode, chair = found.episode, found.chair
    product = knowledge.products.get(episode.product)
    grid.add_row("Patient", f"{found.patient.value} ({found.patient.system})")
    grid.add_row("Product", product.name if product else "not known")
    planned = f"{number(found.planned_g, 3)} g"
    if chair is None:
        grid.add_row("Planned", planned)
    else:
        given = "not known" if chair.given_g is None else f"{number(chair.given_g, 3)} g"
        grid.add_row("Given", f"{given} of {planned}")
        lots = ", ".join(lot or "NOT READ" for _, lot in chair.lots)
        grid.add_row("Lots", lots or "none on record")
        if chair.symptoms:
            grid.add_row("At the chair", names(chair.symptoms, knowledge))
        if chair.reactions:
            suspected = ", ".join(_reaction(name, knowledge) for name in chair.reactions)
            grid.add_row("Suspected", suspected)
        if chair.medicines:
            grid.add_row("Medicines", ", ".join(chair.medicines))
    if episode.dose_g_per_kg is not None:
        grid.add_row("Course so far", f"{number(episode.dose_g_per_kg, 3)} g/kg planned")
    return section("Infusion", grid)


def _tests(found: HandOver, refs: References) -> RenderableType | None:
    if not found.tests:
        return None
    grid = table(25, 9, None)
    for test in found.tests:
        grid.add_row(_days(test), TEST[test.state], f"{test.what} {refs.mark(test.facts)}".rstrip())
    return section("Blood tests that the plan asks for", grid)


def _days(test: FollowUpTest) -> str:
    if test.first is None:
        return ""
    return f"{test.first}" if test.last in (None, test.first) else f"{test.first} to {test.last}"


def _results(found: HandOver, knowledge: Knowledge, refs: References) -> RenderableType | None:
    if not found.results:
        return None
    values = table(25, None)
    for result in sorted(found.results, key=lambda each: (each.drawn_at, each.measure)):
        values.add_row(_drawn(result.drawn_at), reading_text(result.measure, result.value, knowledge))
    shown = _without_repeats(found.readings)
    lines = [line for each in shown for line in _reading(each, knowledge, refs)]
    return section("Results", values, *lines)


def _without_repeats(readings: tuple[ResultReading, ...]) -> list[ResultReading]:
    """Of the rules of one reaction that lack the same thing for the same values, the first."""
    first: dict[object, ResultReading] = {}
    for each in readings:
        first.setdefault((each.reaction, each.missing, each.because) if each.missing else each.rule, each)
    return list(first.values())


def _reading(read: ResultReading, knowledge: Knowledge, refs: References) -> list[RenderableType]:
    """One rule: does it hold, on what, and what is missing."""
    severity = f" ({SEVERITY[read.severity]})" if SEVERITY[read.severity] else ""
    reaction = f"{_reaction(read.reaction, knowledge)}{severity}"
    head = Text(f"{HOLDS[read.holds]}: {reaction} {refs.mark([read.rule])}".rstrip())
    head.stylize("bold" if read.holds != "false" else "")
    detail = [_rule(read.rule, knowledge)]
    if read.holds != "false":
        detail += [_compared(each, knowledge) for each in read.because]
        detail += [MISSING[what] for what in read.missing]
    if read.unmeasured:
        by = [each.name for each in knowledge.facts.measure if each.id in read.unmeasured]
        detail.append(f"{', '.join(by)} not measured")
    return [head, Padding(Text("; ".join(detail)), (0, 0, 0, 2))]


def _drawn(at: dt.datetime) -> str:
    """Day and time; of a day alone, which is kept as its midnight, the day."""
    return f"{at:%Y-%m-%d}" if at.time() == dt.time() else f"{at:%Y-%m-%d %H:%M}"


def _compared(each: Compared, knowledge: Knowledge) -> str:
    own = "" if each.baseline is None else f", was {number(each.baseline)}"
    return f"{reading_text(each.measure, each.value, knowledge)} on {each.drawn_at:%Y-%m-%d}{own}"


def _reaction(name: str, knowledge: Knowledge) -> str:
    return next((each.name for each in knowledge.facts.reaction if each.id == name), name)


def _rule(name: str, knowledge: Knowledge) -> str:
    rule = knowledge.by_id.get(name)
    return rule.meaning if isinstance(rule, ResultRule) else name


def _panels(found: HandOver, knowledge: Knowledge, refs: References) -> RenderableType | None:
    if not found.panels:
        return None
    return section("Tests to do now", *(_panel(panel, knowledge, refs) for panel in found.panels))


def _panel(due: PanelDue, knowledge: Knowledge, refs: References) -> RenderableType:
    panel = next(each for each in knowledge.facts.test_panel if each.id == due.panel)
    tests = ", ".join(test.name for test in panel.tests)
    marks = refs.mark((panel.id, *(test.id for test in panel.tests)))
    when = [
        Padding(Text(f"- {_draw(draw, knowledge)} {refs.mark([draw.fact])}".rstrip()), (0, 0, 0, 2))
        for draw in due.draws
    ]
    return Group(Text(f"{panel.name}: {tests} {marks}".rstrip()), *when)


def _draw(draw: Draw, knowledge: Knowledge) -> str:
    timing = knowledge.by_id[draw.fact]
    text = timing.text if isinstance(timing, PanelTiming) else ""
    return f"{text}{_until(draw.first, draw.last)}"


def _until(first: dt.datetime | None, last: dt.datetime | None) -> str:
    if last is None:
        return ""
    return f" (until {last:%Y-%m-%d %H:%M})" if first is None else f" ({first:%Y-%m-%d} to {last:%Y-%m-%d})"


def _check_ins(standings: tuple[Standing, ...]) -> RenderableType:
    grid = table(4, 17, 14, None)
    for at, each in enumerate(standings, start=1):
        told = "TELL SOMEBODY: ivigil check-ins" if each.escalation else ""
        grid.add_row(f"{at}", f"{each.check_in.due:%Y-%m-%d %H:%M}", STATE[each.state], told)
    return section("Check-ins", grid)


def _reported(found: HandOver, knowledge: Knowledge) -> RenderableType | None:
    """Each report with what was said, measured and written."""
    told = [each for each in found.reported if each.present or each.readings or each.own_words]
    if not told:
        return None
    grid = table(17, None)
    for each in told:
        parts = [names(each.present, knowledge)] if each.present else []
        parts += [reading_text(name, value, knowledge) for name, value in each.readings.items()]
        parts += [f"“{text}”" for text in each.own_words]
        grid.add_row(f"{each.at:%Y-%m-%d %H:%M}", "; ".join(parts))
    return section("Reported by the patient", grid)


def _diary(found: HandOver, knowledge: Knowledge) -> RenderableType | None:
    diary = found.diary
    if not diary.spells:
        return None
    grid = table(30, None)
    for spell in diary.spells:
        end = (
            f"gone {spell.until:%m-%d %H:%M}" if spell.until else f"last noted {spell.last_noted:%m-%d %H:%M}"
        )
        worse = "; GETTING WORSE" if spell.symptom in diary.worse and spell.until is None else ""
        grid.add_row(names((spell.symptom,), knowledge), f"since {spell.since:%Y-%m-%d %H:%M}, {end}{worse}")
    follows = diary.report.present if diary.report else ()
    derived = tuple(name for name in follows if name not in {spell.symptom for spell in diary.spells})
    more = [Text(f"From its course: {names(derived, knowledge)}", "bold")] if derived else []
    return section("What the patient told", grid, *more)
