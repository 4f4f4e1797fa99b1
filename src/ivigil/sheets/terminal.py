"""A plan for the terminal: 80 columns, the same words with and without colour."""

from __future__ import annotations

from msgspec import UnsetType
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.course import Blocked, CareItem, Day, Finding, Plan, Reason, TimelineEntry
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import layout, words
from ivigil.sheets.numbers import hours, number, span
from ivigil.sheets.references import References

WIDTH = 80
_OTHERS = 4
"""How many alternatives are shown; the rest is in the JSON."""
_STYLES = {"ready": "bold green", "blocked": "bold red"}
_SEVERITY = {"contraindicated": "bold red", "serious": "red", "moderate": "yellow", "info": ""}


def console() -> Console:
    """A console that is at most 80 wide and plain when piped."""
    screen = Console(highlight=False, emoji=False, markup=False, soft_wrap=False)
    screen.width = min(screen.width, WIDTH) if screen.is_terminal else WIDTH
    return screen


def plan_sheet(plan: Plan, knowledge: Knowledge) -> RenderableType:
    """The whole plan, section by section, with numbered references at the end."""
    refs = References(plan.sources)
    sections = [
        _head(plan, knowledge),
        _blocked(plan, knowledge),
        _dose(plan, refs),
        _individual(plan, refs),
        _findings(plan, knowledge, refs),
        _questions(plan, knowledge),
        _product(plan, knowledge, refs),
        *(_day(day, plan) for day in plan.days),
        _rates(plan, refs),
        _care(plan, refs),
        _timeline(plan, refs),
        _assumed(plan),
        _sign_off(plan),
        layout.references(refs),
        _foot(plan, knowledge),
    ]
    return Group(*(s for s in sections if s is not None))


def _head(plan: Plan, knowledge: Knowledge) -> RenderableType:
    order, patient = plan.order, plan.order.patient
    condition = knowledge.conditions[order.condition]
    status = Text(f"{words.STATUS[plan.status]}", style=_STYLES.get(plan.status, "bold yellow"))
    table = layout.table(12, None)
    table.add_row("Status", status)
    body = f"{patient.sex}, born {patient.birth_date}, {number(patient.weight_kg)} kg"
    if patient.height_cm is not None:
        body += f", {number(patient.height_cm)} cm"
    table.add_row("Patient", f"{patient.id.value} ({body})")
    table.add_row(
        "Order",
        f"{condition.name}, {order.route}, {order.jurisdiction}, start {order.start:%Y-%m-%d %H:%M %z}",
    )
    table.add_row("Plan", f"{plan.id}, knowledge {plan.knowledge_version}, valid until {plan.valid_until}")
    if plan.supersedes:
        table.add_row("Replaces", f"plan {plan.supersedes}")
    return Group(Text("IVIGIL: TREATMENT PLAN", style="bold"), Padding(table, (0, 0, 0, 2)))


def _blocked(plan: Plan, knowledge: Knowledge) -> RenderableType | None:
    gaps = (*plan.blocked, *plan.gaps)
    if not gaps:
        return None
    lines = [
        Text(
            "! " + words.GAP.get(g.code, g.code).format(value=g.value) + _of(g, plan),
            style="bold red",
        )
        for g in gaps
    ]
    return layout.section("Stopped here" if plan.blocked else "Not complete", *lines)


def _of(gap: Blocked, plan: Plan) -> str:
    names = {f.id: f.name for f in plan.findings}
    listed = [names.get(f, f) for f in gap.findings]
    if gap.code == "regimen_must_be_named":
        listed = list(gap.facts)
    return f": {', '.join(listed)}" if listed else ""


def _dose(plan: Plan, refs: References) -> RenderableType | None:
    table = layout.table(12, None)
    _regimen_row(table, plan, refs)
    _dose_rows(table, plan, refs)
    for other in plan.regimen.alternatives[:_OTHERS] if plan.regimen is not None else ():
        range_ = (
            span(other.total_dose_g_per_kg_min, other.total_dose_g_per_kg_max, "g/kg") or "no dose stated"
        )
        places = "/".join(other.jurisdictions)
        table.add_row("Not used", f"{other.authority} ({places}), {range_}: {words.WHY_NOT[other.because]}")
    _and_more(table, len(plan.regimen.alternatives) if plan.regimen is not None else 0)
    return layout.section("Dose", table) if table.row_count else None


def _individual(plan: Plan, refs: References) -> RenderableType | None:
    """Loaded only for a plan that has one."""
    sought = plan.order.individual
    if isinstance(sought, UnsetType) or plan.dose is None:
        return None
    from ivigil.sheets.individual import individual_section

    return individual_section(sought, plan.dose, refs)


def _regimen_row(table: Table, plan: Plan, refs: References) -> None:
    regimen = plan.regimen
    if regimen is None:
        return
    allowed = span(regimen.total_dose_g_per_kg_min, regimen.total_dose_g_per_kg_max, "g/kg")
    allowed += _days(regimen.allowed_days)
    if plan.order.route == "SC":
        weekly = span(regimen.scig_weekly_g_per_kg_min, regimen.scig_weekly_g_per_kg_max, "g/kg")
        allowed = f"{weekly} a week" if weekly else ""
    borrowed = "; BORROWED from another jurisdiction" if regimen.borrowed else ""
    text = f"{regimen.authority} ({regimen.phase}): {allowed}{borrowed} {refs.mark([regimen.id])}"
    table.add_row("Regimen", text)


def _dose_rows(table: Table, plan: Plan, refs: References) -> None:
    dose = plan.dose
    if dose is None:
        return
    repeats = f" every {dose.interval_days} days" if dose.interval_days is not None else ""
    body = f" = {number(dose.g_per_kg, 3)} g/kg x {number(dose.dosing_weight_kg)} kg"
    kind = f" ({dose.weight_kind} weight)"
    given = f"{number(dose.grams, 3)} g{repeats}"
    # Without a regimen the dose itself says where it comes from: a label or a factor.
    source = f" {refs.mark(dose.facts[:1])}" if plan.regimen is None else ""
    table.add_row("Dose", Text(given, style="bold") + Text(f"{body}{kind}{source}"))
    table.add_row("Weights", _weights(plan))
    if dose.capped_by:
        table.add_row("Cap", f"lowered by {dose.capped_by} {refs.mark([dose.capped_by])}")


def _and_more(table: Table, count: int) -> None:
    if count > _OTHERS:
        table.add_row("", f"and {count - _OTHERS} more (ivigil why, or --json)")


def _days(days: tuple[int, ...]) -> str:
    return f" over {' or '.join(str(d) for d in days)} day{'s' if days[-1] > 1 else ''}" if days else ""


def _weights(plan: Plan) -> str:
    dose = plan.dose
    assert dose is not None
    parts = [
        f"actual {number(dose.actual_weight_kg)} kg ({number(dose.grams_on_actual_weight)} g at this dose)"
    ]
    if dose.ideal_weight_kg is not None:
        parts.append(f"ideal {number(dose.ideal_weight_kg)} kg")
    if dose.adjusted_weight_kg is not None:
        parts.append(f"adjusted {number(dose.adjusted_weight_kg)} kg")
    return ", ".join(parts)


def _findings(plan: Plan, knowledge: Knowledge, refs: References) -> RenderableType | None:
    if not plan.findings:
        return layout.section("Findings", Text("none"))
    rows: list[RenderableType] = []
    for finding in plan.findings:
        if finding.state == "asked" and not (_blocks(finding, plan) or finding.overridden_by):
            continue
        rows.append(_finding(finding, plan, knowledge, refs))
    return layout.section("Findings", *rows)


def _blocks(finding: Finding, plan: Plan) -> bool:
    return any(q.blocking and finding.id in q.findings for q in plan.questions)


_LIFTED = frozenset({"block", "confirm"})
"""Effects that an override lifts; every other one stands."""


def _finding(finding: Finding, plan: Plan, knowledge: Knowledge, refs: References) -> RenderableType:
    state = finding.state.upper() if finding.state != "present" else ""
    head = Text(f"{finding.severity}: {finding.name}", style=_SEVERITY[finding.severity])
    head.append(f"  {state}" if state else "")
    if finding.weak:
        head.append("  (weak evidence)")
    head.append(f" {refs.mark(finding.facts)}")
    lines: list[RenderableType] = [head]
    if finding.because:
        lines.append(Padding(Text("because: " + words.saw(finding.because, knowledge.terms)), (0, 0, 0, 2)))
    if finding.overridden_by:
        reason = next(item.reason for item in plan.order.overrides if item.finding == finding.id)
        aside = f"set aside by {finding.overridden_by}: {reason}"
        lines.append(Padding(Text(aside, style="bold"), (0, 0, 0, 2)))
    silent = {"advise"} | (_LIFTED if finding.overridden_by else set())
    effects = [words.EFFECT[a.effect] for a in finding.do if a.effect not in silent]
    if effects:
        lines.append(Padding(Text("acts: " + "; ".join(dict.fromkeys(effects))), (0, 0, 0, 2)))
    return Group(*lines)


def _questions(plan: Plan, knowledge: Knowledge) -> RenderableType | None:
    """All that hold the release, and as many more as the policy puts first."""
    if not plan.questions:
        return None
    holding = sum(question.blocking for question in plan.questions)
    first = int(knowledge.policies["policy.first_questions"].number or 0)
    shown = plan.questions[: max(holding, first)]
    table = layout.table(2, None)
    for question in shown:
        mark = "!" if question.blocking else "?"
        lifts = ", ".join(dict.fromkeys(words.EFFECT.get(c, c) for c in question.changes))
        table.add_row(mark, (question.question or question.field) + (f" ({lifts})" if lifts else ""))
    rest = len(plan.questions) - len(shown)
    if rest > 0:
        table.add_row("", f"and {rest} more (see --json)")
    return layout.section("Questions (an answer can lift the effects in brackets)", table)


def _product(plan: Plan, knowledge: Knowledge, refs: References) -> RenderableType | None:
    table = layout.table(12, None)
    if plan.product is not None:
        label = "licensed for this use" if plan.product.on_label else "OFF LABEL for this use"
        table.add_row(
            "Product",
            Text(plan.product.name, style="bold") + Text(f", {label} {refs.mark(plan.product.facts)}"),
        )
        course = plan.course
        if course is not None:
            unit = "day" if plan.order.route == "IV" else "infusion"
            given = f"{number(course.grams, 3)} g over {course.days} {unit}{'s' if course.days > 1 else ''}"
            change = f"{number(course.change_percent)} % against the order"
            waste = f", {number(course.discard_g)} g discarded" if course.discard_g else ""
            table.add_row("Given", f"{given}, {course.vials} vials, {change}{waste}")
            for n in course.neighbours:
                kind = "next dose up" if n.kind == "round_up" else "fewer vials"
                table.add_row(
                    "Beside it",
                    f"{kind}: {number(n.grams, 3)} g in {n.vials} vials, {number(n.change_percent)} %",
                )
            if course.days_because:
                table.add_row("Days", _reasons(course.days_because, refs))
        if plan.product.best_fit_unseen:
            table.add_row("Better fit", f"{plan.product.best_fit_unseen}: rates not seen, needs sign-off")
        for option in plan.product.alternatives[:_OTHERS]:
            seen = "" if option.rates_seen else " (rates not seen)"
            table.add_row("Also", f"{option.name}{seen}: {_reasons(option.because, refs) or 'equal'}")
        _and_more(table, len(plan.product.alternatives))
    others = [left for left in plan.products_excluded if {r.code for r in left.because} == {"not_ordered"}]
    for left in plan.products_excluded:
        if left not in others:
            table.add_row("Left out", f"{knowledge.products[left.id].name}: {_reasons(left.because, refs)}")
    if others:
        table.add_row("Left out", f"{len(others)} others: another product was ordered")
    return layout.section("Product", table) if table.row_count else None


def _reasons(reasons: tuple[Reason, ...], refs: References) -> str:
    parts = [f"{words.reason(r)} {refs.mark([r.fact])}".strip() for r in reasons]
    return "; ".join(dict.fromkeys(parts))


def _day(day: Day, plan: Plan) -> RenderableType:
    vials = " + ".join(f"{v.count} x {number(v.grams)} g" for v in day.vials)
    waste = f", discard {number(day.discard_g)} g" if day.discard_g else ""
    amount = f"{number(day.grams, 3)} g = {number(day.volume_ml)} mL"
    head = Text(f"{amount} from {vials}{waste}; {hours(day.duration_min)}")
    table = Table(box=None, padding=(0, 2, 0, 0))
    for title in ("Rate mL/h", "Minutes", "Volume mL", "From", "To"):
        table.add_column(title, justify="right")
    for step in day.steps:
        table.add_row(
            number(step.rate_ml_per_h),
            str(step.minutes),
            number(step.volume_ml, 1),
            f"{step.start:%H:%M}",
            f"{step.end:%H:%M}",
        )
    if day.sites:
        head.append(f"\nSites: {_sites(day)}")
    unit = "Day" if plan.order.route == "IV" else "Infusion"
    return layout.section(f"{unit} {day.number} of {len(plan.days)}: {day.date}", head, table)


def _sites(day: Day) -> str:
    """Equal sites once: "4 x 12.5 mL at up to 15 mL/h"."""
    shares = [(number(s.volume_ml, 1), number(s.rate_ml_per_h, 1)) for s in day.sites]
    return ", ".join(f"{shares.count(x)} x {x[0]} mL at up to {x[1]} mL/h" for x in dict.fromkeys(shares))


def _rates(plan: Plan, refs: References) -> RenderableType | None:
    rates = plan.rates
    if rates is None:
        return None
    table = layout.table(12, None)
    kind = (
        "off label: slowest start, lowest maximum of its schedules" if rates.off_label else "label schedule"
    )
    table.add_row("Schedule", f"{rates.schedule} ({kind}) {refs.mark([rates.schedule])}")
    table.add_row("Limits", _reasons(rates.limited_by, refs))
    return layout.section("Rates", table)


def _care(plan: Plan, refs: References) -> RenderableType | None:
    table = layout.table(12, None)
    for drug in plan.premedication:
        dose = f" {number(drug.dose_mg)} mg {drug.route}" if drug.dose_mg is not None else ""
        lead = f", {drug.lead_minutes} min before" if drug.lead_minutes else ""
        table.add_row(
            "Premedicate" if drug.state == "indicated" else "Left out",
            f"{drug.drug}{dose}{lead} {refs.mark(drug.facts)}",
        )
    groups: list[tuple[str, tuple[CareItem, ...]]] = [
        ("Before", plan.tests),
        ("Day check", plan.day_checks),
        ("Fluids", plan.hydration),
        ("Prepare", plan.preparation),
        ("Monitor", plan.monitoring),
        ("Also", plan.co_treatments),
        ("Mind", plan.advice),
    ]
    for title, items in groups:
        for index, item in enumerate(items):
            table.add_row("" if index else title, _care_line(item, refs))
    if plan.observation is not None and plan.observation.minutes:
        table.add_row(
            "Afterwards", f"observe {plan.observation.minutes} min {refs.mark(plan.observation.facts)}"
        )
    return layout.section("Care", table) if table.row_count else None


_PLAIN = frozenset({"emergency", "monitoring", "hydration", "advice", "baseline_test", "co_treatment"})


def _care_line(item: CareItem, refs: References) -> str:
    every = f" every {item.interval_minutes} min" if item.interval_minutes else ""
    dose = span(item.daily_mg_per_kg_min, item.daily_mg_per_kg_max, "mg/kg a day")
    parts = f" in {item.doses_per_day} doses" if item.doses_per_day and item.doses_per_day > 1 else ""
    until = f" until {item.until}" if item.until else ""
    when = f" ({item.when.replace('_', ' ')})" if item.when else ""
    kind = "" if item.kind in _PLAIN else f"{item.kind.replace('_', ' ')}: "
    day = f"day {item.day}: " if item.day else ""
    amount = f", {dose}{parts}{until}" if dose else ""
    return f"{kind}{day}{item.text}{amount}{every}{when} {refs.mark(item.facts)}".strip()


def _timeline(plan: Plan, refs: References) -> RenderableType | None:
    if not plan.timeline:
        return None
    table = layout.table(24, None)
    for entry in plan.timeline:
        if entry.kind not in _WINDOWS:
            what = f"{entry.kind.replace('_', ' ')}: {entry.what} {refs.mark(entry.facts)}"
            table.add_row(_dates(entry), what.strip())
    windows = [
        _windows("Vaccines", "vaccine", plan, refs),
        _windows("Antibody tests that cannot be read", "serology", plan, refs),
    ]
    return Group(layout.section("Timeline", table), *(w for w in windows if w is not None))


_WINDOWS = frozenset({"vaccine", "serology"})


def _dates(entry: TimelineEntry) -> str:
    if entry.date is None:
        return f"by {entry.until}" if entry.until else "no date stated"
    return f"{entry.date} to {entry.until}" if entry.until not in (None, entry.date) else f"{entry.date}"


def _windows(title: str, kind: str, plan: Plan, refs: References) -> RenderableType | None:
    """Vaccines or tests with the same answer stand in one row."""
    groups: dict[tuple[str, str], list[str]] = {}
    facts: dict[tuple[str, str], list[str]] = {}
    for entry in plan.timeline:
        if entry.kind == kind:
            key = (words.window(entry), entry.instead)
            groups.setdefault(key, []).append(entry.what)
            facts.setdefault(key, []).extend(entry.facts)
    if not groups:
        return None
    table = layout.table(24, None)
    for (answer, instead), names in groups.items():
        use = f"; use instead: {instead}" if instead else ""
        table.add_row(answer, f"{', '.join(names)}{use} {refs.mark(facts[answer, instead])}")
    return layout.section(title, table)


def _assumed(plan: Plan) -> RenderableType | None:
    if not plan.assumed:
        return None
    table = layout.table(2, None)
    for item in plan.assumed:
        value = f" = {item.value}" if item.value else ""
        table.add_row(
            "-", f"{item.text or item.id}{value}" + (" (unanswered)" if item.kind == "finding" else "")
        )
    return layout.section("Assumed", table)


def _sign_off(plan: Plan) -> RenderableType | None:
    if not plan.needs_sign_off:
        return None
    lines = [
        Text(f"- {s.fact}: {words.REASON.get(s.because, words.GAP.get(s.because, s.because))}")
        for s in plan.needs_sign_off
    ]
    return layout.section("Needs sign-off by two people", *lines)


def _foot(plan: Plan, knowledge: Knowledge) -> RenderableType:
    lines = [Text(layout.DISCLAIMER)]
    if knowledge.loosened:
        lines.insert(0, Text("Loosened by this site: " + ", ".join(knowledge.loosened), style="bold red"))
    return Group(Text(""), *lines)


def brief(path: str, plan: Plan, knowledge: Knowledge) -> RenderableType:
    """One order in two lines: what is given, and where the plan stands."""
    name = knowledge.conditions[plan.order.condition].name
    head = Text(path, style="bold") + Text(f": {name}, {plan.order.jurisdiction}")
    return Group(head, Padding(Text(f"{_given(plan)} ({words.STATUS[plan.status]})"), (0, 0, 0, 4)))


def _given(plan: Plan) -> str:
    if plan.course is None or plan.product is None:
        return f"{number(plan.dose.grams, 3)} g, dose only" if plan.dose else "no dose"
    unit = "day" if plan.order.route == "IV" else "infusion"
    days = f"{plan.course.days} {unit}{'s' if plan.course.days > 1 else ''}"
    longest = hours(max(day.duration_min for day in plan.days))
    return f"{number(plan.course.grams, 3)} g {plan.product.name} over {days}, each up to {longest}"
