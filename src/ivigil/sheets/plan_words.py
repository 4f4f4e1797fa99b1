"""A plan in sentences and labels, one function a thing that is told: shared by terminal, page and paper."""

from __future__ import annotations

from collections.abc import Iterator

from ivigil.course import (
    Blocked,
    CareItem,
    Course,
    Day,
    Finding,
    Plan,
    Premedication,
    Question,
    TimelineEntry,
)
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import words
from ivigil.sheets.numbers import number, span

WINDOWS = frozenset({"vaccine", "serology"})
"""Kinds of the timeline that are told by answer, not by date."""

LIFTED = frozenset({"block", "confirm"})
"""Effects that an override lifts; every other one stands."""

SCHEDULE = {
    False: "label schedule",
    True: "off label: slowest start, lowest maximum of its schedules",
}


def patient(plan: Plan) -> str:
    """ "male, born 1960-08-02, 98.88 kg, 176 cm"."""
    someone = plan.order.patient
    body = f"{someone.sex}, born {someone.birth_date}, {number(someone.weight_kg)} kg"
    return body if someone.height_cm is None else f"{body}, {number(someone.height_cm)} cm"


def order(plan: Plan, knowledge: Knowledge) -> str:
    """What was ordered for what, where, from when."""
    asked = plan.order
    name = knowledge.conditions[asked.condition].name
    return f"{name}, {asked.route}, {asked.jurisdiction}, start {asked.start:%Y-%m-%d %H:%M %z}"


def gap(item: Blocked, plan: Plan) -> str:
    """Why nothing may be given, or which step found no answer."""
    names = {finding.id: finding.name for finding in plan.findings}
    listed = [names.get(name, name) for name in item.findings]
    if item.code == "regimen_must_be_named":
        listed = list(item.facts)
    said = words.GAP.get(item.code, item.code).format(value=item.value)
    return f"{said}: {', '.join(listed)}" if listed else said


def regimen(plan: Plan) -> str:
    """Who gives how much for this; "" without a regimen."""
    chosen = plan.regimen
    if chosen is None:
        return ""
    allowed = span(chosen.total_dose_g_per_kg_min, chosen.total_dose_g_per_kg_max, "g/kg")
    allowed += _over(chosen.allowed_days)
    if plan.order.route == "SC":
        weekly = span(chosen.scig_weekly_g_per_kg_min, chosen.scig_weekly_g_per_kg_max, "g/kg")
        allowed = f"{weekly} a week" if weekly else ""
    borrowed = "; BORROWED from another jurisdiction" if chosen.borrowed else ""
    return f"{chosen.authority} ({chosen.phase}): {allowed}{borrowed}"


def regimens_not_used(plan: Plan) -> tuple[str, ...]:
    """The other regimens, each with the reason against it."""
    others = plan.regimen.alternatives if plan.regimen is not None else ()
    return tuple(
        f"{other.authority} ({'/'.join(other.jurisdictions)}), "
        f"{span(other.total_dose_g_per_kg_min, other.total_dose_g_per_kg_max, 'g/kg') or 'no dose stated'}: "
        f"{words.WHY_NOT[other.because]}"
        for other in others
    )


def dose(plan: Plan) -> str:
    """ "160 g every 28 days"; "" without a dose."""
    if plan.dose is None:
        return ""
    repeats = f" every {plan.dose.interval_days} days" if plan.dose.interval_days is not None else ""
    return f"{number(plan.dose.grams, 3)} g{repeats}"


def dose_sum(plan: Plan) -> str:
    """How the dose comes about: "2 g/kg x 80 kg (adjusted weight)"."""
    made = plan.dose
    if made is None:
        return ""
    return f"{number(made.g_per_kg, 3)} g/kg x {number(made.dosing_weight_kg)} kg ({made.weight_kind} weight)"


def weights(plan: Plan) -> str:
    """Actual, ideal and adjusted weight, and what the actual one would give."""
    made = plan.dose
    if made is None:
        return ""
    parts = [
        f"actual {number(made.actual_weight_kg)} kg ({number(made.grams_on_actual_weight)} g at this dose)"
    ]
    if made.ideal_weight_kg is not None:
        parts.append(f"ideal {number(made.ideal_weight_kg)} kg")
    if made.adjusted_weight_kg is not None:
        parts.append(f"adjusted {number(made.adjusted_weight_kg)} kg")
    return ", ".join(parts)


def shown_findings(plan: Plan) -> tuple[Finding, ...]:
    """The findings that say something: what was only asked stands among the questions, unless it holds."""
    return tuple(
        finding
        for finding in plan.findings
        if finding.state != "asked" or finding.overridden_by or _holds(finding, plan)
    )


def _holds(finding: Finding, plan: Plan) -> bool:
    return any(question.blocking and finding.id in question.findings for question in plan.questions)


def state(finding: Finding) -> str:
    """ "ASSUMED", "ASKED", "ABSENT"; "" for one that is present."""
    return finding.state.upper() if finding.state != "present" else ""


def acts(finding: Finding) -> str:
    """What the finding does to the plan."""
    silent = {"advise"} | (LIFTED if finding.overridden_by else set())
    effects = [words.EFFECT[action.effect] for action in finding.do if action.effect not in silent]
    return "; ".join(dict.fromkeys(effects))


def set_aside(finding: Finding, plan: Plan) -> str:
    """By whom, and why; "" where nobody did."""
    if not finding.overridden_by:
        return ""
    reason = next(item.reason for item in plan.order.overrides if item.finding == finding.id)
    return f"set aside by {finding.overridden_by}: {reason}"


def asked(question: Question) -> str:
    """The question and, in brackets, what an answer can lift."""
    lifts = ", ".join(dict.fromkeys(words.EFFECT.get(code, code) for code in question.changes))
    return (question.question or question.field) + (f" ({lifts})" if lifts else "")


def unit(plan: Plan) -> str:
    """What one infusion of the plan is called: "day", or "infusion" under the skin."""
    return "day" if plan.order.route == "IV" else "infusion"


def given(course: Course, plan: Plan) -> str:
    """ "160 g over 5 days, 16 vials, 0 % against the order"."""
    over = f"{number(course.grams, 3)} g over {course.days} {unit(plan)}{'s' if course.days > 1 else ''}"
    waste = f", {number(course.discard_g)} g discarded" if course.discard_g else ""
    return f"{over}, {course.vials} vials, {number(course.change_percent)} % against the order{waste}"


def neighbours(course: Course) -> tuple[str, ...]:
    """What nearby choices would give."""
    return tuple(
        f"{'next dose up' if near.kind == 'round_up' else 'fewer vials'}: {number(near.grams, 3)} g in "
        f"{near.vials} vials, {number(near.change_percent)} %"
        for near in course.neighbours
    )


def vials(day: Day) -> str:
    """ "3 x 10 g + 1 x 5 g, discard 2 g"."""
    waste = f", discard {number(day.discard_g)} g" if day.discard_g else ""
    return " + ".join(f"{vial.count} x {number(vial.grams)} g" for vial in day.vials) + waste


def amount(day: Day) -> str:
    """ "40 g = 400 mL"."""
    return f"{number(day.grams, 3)} g = {number(day.volume_ml)} mL"


def sites(day: Day) -> str:
    """Equal sites once: "4 x 12.5 mL at up to 15 mL/h"."""
    shares = [(number(s.volume_ml, 1), number(s.rate_ml_per_h, 1)) for s in day.sites]
    return ", ".join(f"{shares.count(x)} x {x[0]} mL at up to {x[1]} mL/h" for x in dict.fromkeys(shares))


def premedication(item: Premedication) -> str:
    """ "paracetamol 500 mg oral, 30 min before"."""
    amount_ = f" {number(item.dose_mg)} mg {item.route}" if item.dose_mg is not None else ""
    lead = f", {item.lead_minutes} min before" if item.lead_minutes else ""
    return f"{item.drug}{amount_}{lead}"


_PLAIN = frozenset({"emergency", "monitoring", "hydration", "advice", "baseline_test", "co_treatment"})


def care(item: CareItem) -> str:
    """One thing to do around the infusion."""
    every = f" every {item.interval_minutes} min" if item.interval_minutes else ""
    daily = span(item.daily_mg_per_kg_min, item.daily_mg_per_kg_max, "mg/kg a day")
    parts = f" in {item.doses_per_day} doses" if item.doses_per_day and item.doses_per_day > 1 else ""
    until = f" until {item.until}" if item.until else ""
    when = f" ({item.when.replace('_', ' ')})" if item.when else ""
    kind = "" if item.kind in _PLAIN else f"{item.kind.replace('_', ' ')}: "
    on = f"day {item.day}: " if item.day else ""
    much = f", {daily}{parts}{until}" if daily else ""
    return f"{kind}{on}{item.text}{much}{every}{when}"


def care_groups(plan: Plan) -> tuple[tuple[str, tuple[CareItem, ...]], ...]:
    """What is to be done, by when; empty groups are left out."""
    groups = (
        ("Before", plan.tests),
        ("Day check", plan.day_checks),
        ("Fluids", plan.hydration),
        ("Prepare", plan.preparation),
        ("Monitor", plan.monitoring),
        ("Also", plan.co_treatments),
        ("Mind", plan.advice),
    )
    return tuple((title, items) for title, items in groups if items)


def dates(entry: TimelineEntry) -> str:
    """ "2026-12-01", "2026-12-01 to 2027-03-01", "no date stated"."""
    if entry.date is None:
        return f"by {entry.until}" if entry.until else "no date stated"
    return f"{entry.date} to {entry.until}" if entry.until not in (None, entry.date) else f"{entry.date}"


def to_come(entry: TimelineEntry) -> str:
    """ "response: platelets"."""
    return f"{entry.kind.replace('_', ' ')}: {entry.what}"


def windows(kind: str, plan: Plan) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Vaccines or tests with the same answer together: the answer, what it is for, the facts."""
    groups: dict[tuple[str, str], list[TimelineEntry]] = {}
    for entry in plan.timeline:
        if entry.kind == kind:
            groups.setdefault((words.window(entry), entry.instead), []).append(entry)
    for (answer, instead), entries in groups.items():
        use = f"; use instead: {instead}" if instead else ""
        facts = tuple(fact for entry in entries for fact in entry.facts)
        yield answer, f"{', '.join(entry.what for entry in entries)}{use}", facts


def assumptions(plan: Plan) -> tuple[str, ...]:
    """What was taken for granted."""
    return tuple(
        f"{item.text or item.id}{f' = {item.value}' if item.value else ''}"
        + (" (unanswered)" if item.kind == "finding" else "")
        for item in plan.assumed
    )


def sign_offs(plan: Plan) -> tuple[str, ...]:
    """What two people of the site must sign first."""
    return tuple(
        f"{item.fact}: {words.REASON.get(item.because, words.GAP.get(item.because, item.because))}"
        for item in plan.needs_sign_off
    )


def _over(days: tuple[int, ...]) -> str:
    return f" over {' or '.join(str(d) for d in days)} day{'s' if days[-1] > 1 else ''}" if days else ""
