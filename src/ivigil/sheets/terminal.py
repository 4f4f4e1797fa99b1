"""A plan for the terminal: 80 columns, the same words with and without colour."""

from __future__ import annotations

from msgspec import UnsetType
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.course import Day, Finding, Plan, Reason
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import layout, plan_words, words
from ivigil.sheets.numbers import hours, number
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
    patient = plan.order.patient
    status = Text(f"{words.STATUS[plan.status]}", style=_STYLES.get(plan.status, "bold yellow"))
    table = layout.table(12, None)
    table.add_row("Status", status)
    table.add_row("Patient", f"{patient.id.value} ({plan_words.patient(plan)})")
    table.add_row("Order", plan_words.order(plan, knowledge))
    table.add_row("Plan", f"{plan.id}, knowledge {plan.knowledge_version}, valid until {plan.valid_until}")
    if plan.supersedes:
        table.add_row("Replaces", f"plan {plan.supersedes}")
    return Group(Text("IVIGIL: TREATMENT PLAN", style="bold"), Padding(table, (0, 0, 0, 2)))


def _blocked(plan: Plan, knowledge: Knowledge) -> RenderableType | None:
    gaps = (*plan.blocked, *plan.gaps)
    if not gaps:
        return None
    lines = [Text(f"! {plan_words.gap(each, plan, knowledge)}", style="bold red") for each in gaps]
    return layout.section("Stopped here" if plan.blocked else "Not complete", *lines)


def _dose(plan: Plan, refs: References) -> RenderableType | None:
    table = layout.table(12, None)
    _regimen_row(table, plan, refs)
    _dose_rows(table, plan, refs)
    for other in plan_words.regimens_not_used(plan)[:_OTHERS]:
        table.add_row("Not used", other)
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
    if plan.regimen is not None:
        table.add_row("Regimen", f"{plan_words.regimen(plan)} {refs.mark([plan.regimen.id])}")


def _dose_rows(table: Table, plan: Plan, refs: References) -> None:
    dose = plan.dose
    if dose is None:
        return
    body = f" = {plan_words.dose_sum(plan)}"
    # Without a regimen the dose itself says where it comes from: a label or a factor.
    source = f" {refs.mark(dose.facts[:1])}" if plan.regimen is None else ""
    table.add_row("Dose", Text(plan_words.dose(plan), style="bold") + Text(f"{body}{source}"))
    table.add_row("Weights", plan_words.weights(plan))
    if dose.capped_by:
        table.add_row("Cap", f"lowered by {dose.capped_by} {refs.mark([dose.capped_by])}")


def _and_more(table: Table, count: int) -> None:
    if count > _OTHERS:
        table.add_row("", f"and {count - _OTHERS} more (ivigil why, or --json)")


def _findings(plan: Plan, knowledge: Knowledge, refs: References) -> RenderableType | None:
    if not plan.findings:
        return layout.section("Findings", Text("none"))
    rows = [_finding(finding, plan, knowledge, refs) for finding in plan_words.shown_findings(plan)]
    return layout.section("Findings", *rows)


def _finding(finding: Finding, plan: Plan, knowledge: Knowledge, refs: References) -> RenderableType:
    state = plan_words.state(finding)
    head = Text(f"{finding.severity}: {finding.name}", style=_SEVERITY[finding.severity])
    head.append(f"  {state.upper()}" if state else "")
    if finding.weak:
        head.append("  (weak evidence)")
    head.append(f" {refs.mark(finding.facts)}")
    lines: list[RenderableType] = [head]
    if finding.because:
        lines.append(Padding(Text("because: " + words.saw(finding.because, knowledge.terms)), (0, 0, 0, 2)))
    if finding.overridden_by:
        aside = plan_words.set_aside(finding, plan)
        lines.append(Padding(Text(aside, style="bold"), (0, 0, 0, 2)))
    acts = plan_words.acts(finding)
    if acts:
        lines.append(Padding(Text(f"acts: {acts}"), (0, 0, 0, 2)))
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
        table.add_row(mark, plan_words.asked(question, plan, knowledge))
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
            table.add_row("Given", plan_words.given(course, plan))
            for near in plan_words.neighbours(course):
                table.add_row("Beside it", near)
            if course.days_because:
                table.add_row("Days", _reasons(course.days_because, refs))
        if plan.product.best_fit_unseen:
            table.add_row("Better fit", plan_words.better_fit(plan.product))
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
    head = Text(f"{plan_words.amount(day)} from {plan_words.vials(day)}; {hours(day.duration_min)}")
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
        head.append(f"\nSites: {plan_words.sites(day)}")
    title = plan_words.day_title(day, plan)
    return layout.section(title, head, table)


def _rates(plan: Plan, refs: References) -> RenderableType | None:
    rates = plan.rates
    if rates is None:
        return None
    table = layout.table(12, None)
    kind = plan_words.SCHEDULE[rates.off_label]
    table.add_row("Schedule", f"{rates.schedule} ({kind}) {refs.mark([rates.schedule])}")
    table.add_row("Limits", _reasons(rates.limited_by, refs))
    return layout.section("Rates", table)


def _care(plan: Plan, refs: References) -> RenderableType | None:
    table = layout.table(12, None)
    for drug in plan.premedication:
        table.add_row(
            "Premedicate" if drug.state == "indicated" else "Left out",
            f"{plan_words.premedication(drug)} {refs.mark(drug.facts)}",
        )
    for title, items in plan_words.care_groups(plan):
        for index, item in enumerate(items):
            line = f"{plan_words.care(item)} {refs.mark(item.facts)}"
            table.add_row("" if index else title, line.strip())
    if plan.observation is not None and plan.observation.minutes:
        table.add_row(
            "Afterwards", f"observe {plan.observation.minutes} min {refs.mark(plan.observation.facts)}"
        )
    return layout.section("Care", table) if table.row_count else None


def _timeline(plan: Plan, refs: References) -> RenderableType | None:
    if not plan.timeline:
        return None
    table = layout.table(24, None)
    for entry in plan.timeline:
        if entry.kind not in plan_words.WINDOWS:
            line = f"{plan_words.to_come(entry)} {refs.mark(entry.facts)}"
            table.add_row(plan_words.dates(entry), line.strip())
    windows = [
        _windows("Vaccines", "vaccine", plan, refs),
        _windows("Antibody tests that cannot be read", "serology", plan, refs),
    ]
    return Group(layout.section("Timeline", table), *(w for w in windows if w is not None))


def _windows(title: str, kind: str, plan: Plan, refs: References) -> RenderableType | None:
    """Vaccines or tests with the same answer stand in one row."""
    table = layout.table(24, None)
    for answer, what, facts in plan_words.windows(kind, plan):
        table.add_row(answer, f"{what} {refs.mark(facts)}")
    return layout.section(title, table) if table.row_count else None


def _assumed(plan: Plan) -> RenderableType | None:
    if not plan.assumed:
        return None
    table = layout.table(2, None)
    for text in plan_words.assumptions(plan):
        table.add_row("-", text)
    return layout.section("Assumed", table)


def _sign_off(plan: Plan) -> RenderableType | None:
    if not plan.needs_sign_off:
        return None
    lines = [Text(f"- {text}") for text in plan_words.sign_offs(plan)]
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
