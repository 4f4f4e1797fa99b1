"""Conditions in words: the list, and one condition with all that is known of its treatment."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.conditions import (
    Condition,
    Cotreatment,
    Disagreement,
    Onset,
    RateCap,
    Regimen,
    Response,
    StopRule,
)
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import Knowledge, all_facts
from ivigil.sheets import doses, words
from ivigil.sheets.layout import DISCLAIMER, references, section, table
from ivigil.sheets.numbers import number, span
from ivigil.sheets.references import References

COURSE = {
    "acute": "acute course",
    "course": "a course",
    "none": "no course",
    "one_time": "one course",
    "one_time_then_relapse": "one course, again at relapse",
    "pregnancy_course": "through pregnancy",
    "recurring": "repeated courses",
    "rescue": "rescue",
}


def list_sheet(conditions: tuple[Condition, ...]) -> RenderableType:
    """Every condition by specialty: id, name, course, marks."""
    by_specialty: dict[str, list[Condition]] = defaultdict(list)
    for item in conditions:
        by_specialty[item.specialty].append(item)
    parts: list[RenderableType] = [Text(f"{len(conditions)} CONDITIONS", style="bold")]
    for specialty, items in by_specialty.items():
        grid = table(44, None)
        for item in items:
            grid.add_row(item.id, Text(_course(item), style="bold red" if item.do_not_use else ""))
        parts.append(section(specialty.replace("_", " "), grid))
    parts += [
        Text(""),
        Text("e emergency: the dose is not delayed; f in the fact sheet of the ACR"),
        Text("ivigil conditions ID shows one with its regimens."),
    ]
    return Group(*parts)


def _course(item: Condition) -> str:
    if item.do_not_use:
        return "do not use"
    marks = "".join(letter for letter, on in (("e", item.emergency), ("f", item.in_fact_sheet)) if on)
    return COURSE[item.course] + (f" [{marks}]" if marks else "")


def condition_sheet(
    item: Condition, disagreements: tuple[Disagreement, ...], places: tuple[str, ...], knowledge: Knowledge
) -> RenderableType:
    """One condition. places: show only regimens of these jurisdictions; empty: of all."""
    facts = {fact.id: knowledge.cited(fact) for fact in (*all_facts(item), *disagreements)}
    refs = References(facts)
    sections = [
        _head(item, refs),
        *_regimens(item, places, refs, knowledge),
        _lines("Limits on every product", item.rate_caps, (_cap(c, knowledge) for c in item.rate_caps), refs),
        _lines(
            "Before a day of the course",
            item.day_checks,
            (f"before day {c.before_day}: {c.measure}: {c.go}; {c.no_go}" for c in item.day_checks),
            refs,
        ),
        _lines("First effect expected", item.onsets, map(_onset, item.onsets), refs),
        _lines("Response", item.responses, map(_response, item.responses), refs),
        _lines("Review and stop", item.stop_rules, map(_stop, item.stop_rules), refs),
        _lines("Given beside it", item.cotreatments, map(_cotreatment, item.cotreatments), refs),
        _lines("Cautions", item.cautions, (f"{c.topic}: {c.text}" for c in item.cautions), refs),
        _lines(
            "Does it work?",
            item.findings,
            (
                f"{f.authority}{f' {f.year}' if f.year else ''}{f', {f.level}' if f.level else ''}: {f.text}"
                for f in item.findings
            ),
            refs,
        ),
        _lines(
            "National schemes",
            item.national_roles,
            (
                ": ".join(p for p in (f"{r.scheme} {r.role}".replace("_", " "), r.criteria) if p)
                for r in item.national_roles
            ),
            refs,
        ),
        _disagreements(disagreements, refs),
        references(refs),
        Group(Text(""), Text(DISCLAIMER)),
    ]
    return Group(*(s for s in sections if s is not None))


def _head(item: Condition, refs: References) -> RenderableType:
    grid = table(12, None)
    if item.do_not_use:
        grid.add_row("", Text("DO NOT USE: an order for it is refused", style="bold red"))
    grid.add_row("Id", item.id)
    if item.synonyms:
        grid.add_row("Also called", ", ".join(item.synonyms))
    grid.add_row("Specialty", item.specialty.replace("_", " "))
    grid.add_row("Purpose", f"{item.purpose.replace('_', ' ')}, {COURSE[item.course]}")
    grid.add_row("For", ", ".join(item.populations))
    if item.emergency:
        phases = f" ({', '.join(item.emergency_phases)})" if item.emergency_phases else ""
        grid.add_row("Emergency", f"baseline blood is drawn first; the dose is not delayed{phases}")
    for name, codes in (("ICD-10-CM", item.icd10cm), ("SNOMED CT", item.snomed_ct)):
        if codes:
            grid.add_row(name, ", ".join(f"{c} (wider)" if c in item.broad_codes else c for c in codes))
    grid.add_row("Evidence", f"of the codes {refs.mark([item.id])}")
    if item.note:
        grid.add_row("Note", item.note)
    return Group(Text(item.name.upper(), style="bold"), Padding(grid, (0, 0, 0, 2)))


def _regimens(
    item: Condition, places: tuple[str, ...], refs: References, knowledge: Knowledge
) -> list[RenderableType]:
    by_place: dict[tuple[str, ...], list[Regimen]] = defaultdict(list)
    for regimen in item.regimens:
        if not places or any(place in places for place in regimen.jurisdictions):
            by_place[regimen.jurisdictions].append(regimen)
    if not by_place:
        return [section("Regimens", Text("none" if not item.regimens else "none for this jurisdiction"))]
    found: list[RenderableType] = []
    for where, regimens in by_place.items():
        names = [knowledge.jurisdictions[p].name for p in where if p in knowledge.jurisdictions]
        lines = [_regimen(r, refs, knowledge) for r in regimens]
        found.append(section(f"Regimens: {', '.join(names) or 'no place stated'}", *lines))
    return found


def _regimen(item: Regimen, refs: References, knowledge: Knowledge) -> RenderableType:
    phase = " and ".join((item.phase, *item.also_phases)).replace("_", " ") or "any phase"
    who = ", ".join(item.population)
    head = Text(f"{phase}, {who}, {item.route}: ") + Text(doses.regimen(item), style="bold")
    head.append(f" {refs.mark([item.id])}".rstrip())
    detail = [
        f"{item.id}: {item.authority} ({item.basis})",
        f"only: {item.indicated}" if item.indicated else "",
        _start(item),
        f"products: {', '.join(item.products)}" if item.products else "",
        _igg(item),
        "reliability low: needs two signatures" if item.reliability == "low" else "",
        f"superseded by {item.superseded_by}" if item.superseded_by else "",
        "SIGNED by this site" if item.id in knowledge.signed else "",
    ]
    lines = [Padding(Text("; ".join(d for d in detail if d), style="dim"), (0, 0, 0, 2))]
    if item.note:
        lines.append(Padding(Text(item.note, style="dim"), (0, 0, 0, 2)))
    return Group(head, *lines)


def _start(item: Regimen) -> str:
    if item.start_within_days is None:
        return ""
    ideal = f", best within {item.start_ideal_within_days}" if item.start_ideal_within_days else ""
    origin = f" of {item.day_count_from}" if item.day_count_from else ""
    return f"start within {item.start_within_days} days{origin}{ideal}"


def _igg(item: Regimen) -> str:
    parts = [
        f"start if IgG below {number(item.entry_igg_g_per_l_below)} g/L"
        if item.entry_igg_g_per_l_below is not None
        else "",
        f"trough at least {number(item.trough_igg_g_per_l_min)} g/L"
        if item.trough_igg_g_per_l_min is not None
        else "",
    ]
    return ", ".join(p for p in parts if p)


def _lines(
    title: str, facts: tuple[Fact, ...], texts: Iterable[str], refs: References
) -> RenderableType | None:
    """One line a fact with its references; nothing if there are none."""
    grid = Table(box=None, show_header=False, padding=(0, 1, 0, 0), expand=True)
    grid.add_column(width=1)
    grid.add_column(ratio=1)
    for fact, text in zip(facts, texts, strict=True):
        grid.add_row("-", f"{text} {refs.mark([fact.id])}".rstrip())
    return section(title, grid) if facts else None


def _cap(item: RateCap, knowledge: Knowledge) -> str:
    sign = "below" if item.strict else "at most"
    only = f", if {words.condition(item.when, knowledge.terms)}" if item.when else ""
    return f"{sign} {number(item.rate, 3)} {item.unit}{only}"


def _onset(item: Onset) -> str:
    spans = [
        span(getattr(item, f"first_effect_{unit}_min"), getattr(item, f"first_effect_{unit}_max"), unit)
        for unit in ("hours", "days", "weeks", "months")
    ]
    lasts = span(item.duration_weeks_min, item.duration_weeks_max, "weeks")
    parts = [*(s for s in spans if s), f"lasts {lasts}" if lasts else "", item.text]
    return "; ".join(p for p in parts if p)


def _response(item: Response) -> str:
    times = [f"{number(item.after_hours)} h"] if item.after_hours is not None else []
    for unit in ("days", "weeks", "months"):
        values: tuple[Decimal, ...] = getattr(item, f"after_{unit}")
        times += [f"{' and '.join(number(v) for v in values)} {unit}"] if values else []
    parts = [
        f"after {', '.join(times)}" if times else "",
        f"success: {item.success}" if item.success else "",
        f"failure: {item.failure}" if item.failure else "",
        item.text,
    ]
    return ": ".join((item.measure, "; ".join(p for p in parts if p))).rstrip(": ")


def _stop(item: StopRule) -> str:
    times = [
        f"{number(value)} {unit}"
        for value, unit in ((item.at_days, "days"), (item.at_weeks, "weeks"), (item.at_months, "months"))
        if value is not None
    ]
    if item.review_months_first is not None:
        then = (
            f", then every {number(item.review_months_then)}" if item.review_months_then is not None else ""
        )
        times.append(f"first review at {number(item.review_months_first)} months{then}")
    return f"{'; '.join(times)}: {item.text}" if times else item.text


def _cotreatment(item: Cotreatment) -> str:
    parts = [
        span(item.daily_dose_mg_per_kg_min, item.daily_dose_mg_per_kg_max, "mg/kg a day"),
        f"in {item.doses_per_day} doses" if item.doses_per_day and item.doses_per_day > 1 else "",
        f"until {item.until}" if item.until else "",
        item.text,
    ]
    source = f" ({item.authority})" if item.authority else ""
    return ", ".join((item.agent, *(p for p in parts if p))) + source


def _disagreements(items: tuple[Disagreement, ...], refs: References) -> RenderableType | None:
    if not items:
        return None
    lines: list[RenderableType] = []
    for item in items:
        lines.append(Text(f"{item.topic} {refs.mark([item.id])}".rstrip(), style="bold"))
        lines += [Padding(Text(f"- {position.text}"), (0, 0, 0, 2)) for position in item.positions]
        chosen = f"chosen: {item.chosen}" if item.chosen else "both stand"
        because = f" ({item.chosen_because})" if item.chosen_because else ""
        lines.append(Padding(Text(chosen + because), (0, 0, 0, 2)))
    return section("Where sources disagree", *lines)
