"""A plan in sentences and labels, one function a thing that is told: shared by terminal, page and paper."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal

from ivigil.course import (
    Assumption,
    Blocked,
    CareItem,
    Course,
    Day,
    Finding,
    Plan,
    Premedication,
    ProductChoice,
    Question,
    RegimenOption,
    TimelineEntry,
)
from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.store import Knowledge
from ivigil.planning.questions import DAYS
from ivigil.sheets import words
from ivigil.sheets.numbers import hours, number, span
from ivigil.sheets.spoken import capital, counted, either, say, texts

WINDOWS = texts({"vaccine": "Vaccines", "serology": "Antibody tests that cannot be read"})
"""Kinds of the timeline that are told by answer, not by date, and what they are called together."""

LIFTED = frozenset({"block", "confirm"})
"""Effects that an override lifts; every other one stands."""

SCHEDULE = texts(
    {
        False: "label schedule",
        True: "off label: slowest start, lowest maximum of its schedules",
    }
)

_CARE = texts(
    {
        "baseline_sample": "baseline sample",
        "day_check": "day check",
        "dilution": "dilution",
        "filter": "filter",
        "flush": "flush",
        "observation": "observation",
        "preparation": "preparation",
        "test_after": "test after",
        "test_before": "test before",
        "test_during": "test during",
        "venting": "venting",
        "warming": "warming",
    }
)
"""Kinds of care that are told before what is to be done."""
_FLAG = texts(
    {
        ("pooling_allowed", "true"): "vials may be pooled",
        ("pooling_allowed", "false"): "vials are not to be pooled",
        ("saline_compatible", "true"): "compatible with saline",
        ("saline_compatible", "false"): "not compatible with saline",
    }
)
"""What a label's yes or no says of the preparation."""
_POOLED = texts("use within {hours} h of pooling")
_CHOICE = texts(
    {
        "add_start_rate": "by the start rate each time",
        "after_hours": "the number at night",
        "at_risk_maximum_or_start_rate": "the label's maximum for patients at risk, else the start rate",
        "down": "down",
        "jurisdiction": "that of the place",
        "lowest": "the lowest",
        "marked": "yes, marked as borrowed",
        "nearest": "to the nearest",
        "off": "off",
        "on": "on",
        "slowest_start_lowest_maximum": "the slowest start, the lowest maximum",
        "start_rate": "the start rate",
        "team": "the team",
    }
)
"""What a policy is set to."""
_WHEN = texts(
    {
        "before_start": "before start",
        "titration": "titration",
        "rate_change": "rate change",
        "steady": "steady",
        "end": "end",
        "whole": "whole",
        "before": "before",
        "after": "after",
        "before_and_after": "before and after",
        "prescriber": "prescriber",
        "pharmacist": "pharmacist",
        "nurse": "nurse",
        "patient": "patient",
        "all": "all",
    }
)
"""At which part of the infusion, or for whom; any other is a text of the facts."""
_TO_COME = texts(
    {
        "infusion": "infusion: {what}",
        "next_course": "next course: {what}",
        "onset": "onset: {what}",
        "response": "response: {what}",
        "review": "review: {what}",
        "test": "test: {what}",
    }
)


def patient(plan: Plan) -> str:
    """ "male, born 1960-08-02, 98.88 kg, 176 cm"."""
    someone = plan.order.patient
    body = say(
        "{sex}, born {date}, {weight} kg",
        sex=say(words.SEX[someone.sex]),
        date=str(someone.birth_date),
        weight=number(someone.weight_kg),
    )
    return body if someone.height_cm is None else f"{body}, {number(someone.height_cm)} cm"


def order(plan: Plan, knowledge: Knowledge) -> str:
    """What was ordered for what, where, from when."""
    asked = plan.order
    return say(
        "{condition}, {route}, {jurisdiction}, start {time}",
        condition=knowledge.conditions[asked.condition].name,
        route=asked.route,
        jurisdiction=asked.jurisdiction,
        time=f"{asked.start:%Y-%m-%d %H:%M %z}",
    )


def gap(item: Blocked, plan: Plan, knowledge: Knowledge) -> str:
    """Why nothing may be given, or which step found no answer."""
    names = {finding.id: finding.name for finding in plan.findings}
    listed = [names.get(name, name) for name in item.findings]
    if item.code == "regimen_must_be_named":
        listed = [regimen_named(fact, knowledge) for fact in item.facts]
    said = say(words.GAP.get(item.code, item.code), value=item.value)
    return f"{said}: {', '.join(listed)}" if listed else said


def regimen_named(name: str, knowledge: Knowledge) -> str:
    """A regimen by who states it for what: "AHA (cardiac): 2 g/kg over 1 day"."""
    found = knowledge.by_id.get(name)
    if not isinstance(found, Regimen):
        return name
    amount_ = span(found.total_dose_g_per_kg_min, found.total_dose_g_per_kg_max, "g/kg")
    told = f"{found.authority} ({found.phase.replace('_', ' ')})"
    return f"{told}: {_over(amount_, found.allowed_days)}" if amount_ else told


def regimen(plan: Plan) -> str:
    """Who gives how much for this; "" without a regimen."""
    chosen = plan.regimen
    if chosen is None:
        return ""
    allowed = span(chosen.total_dose_g_per_kg_min, chosen.total_dose_g_per_kg_max, "g/kg")
    allowed = _over(allowed, chosen.allowed_days)
    if plan.order.route == "SC":
        weekly = span(chosen.scig_weekly_g_per_kg_min, chosen.scig_weekly_g_per_kg_max, "g/kg")
        allowed = say("{amount} a week", amount=weekly) if weekly else ""
    named = f"{chosen.authority} ({chosen.phase}): {allowed}"
    return say("{regimen}; BORROWED from another jurisdiction", regimen=named) if chosen.borrowed else named


def regimens_not_used(plan: Plan) -> tuple[str, ...]:
    """The other regimens, each with the reason against it."""
    others = plan.regimen.alternatives if plan.regimen is not None else ()
    return tuple(
        f"{other.authority} ({'/'.join(other.jurisdictions)}), "
        f"{_total(other) or say('no dose stated')}: {say(words.WHY_NOT[other.because])}"
        for other in others
    )


def _total(option: RegimenOption) -> str:
    return span(option.total_dose_g_per_kg_min, option.total_dose_g_per_kg_max, "g/kg")


def dose(plan: Plan) -> str:
    """ "160 g every 28 days"; "" without a dose."""
    if plan.dose is None:
        return ""
    grams = number(plan.dose.grams, 3)
    if plan.dose.interval_days is None:
        return f"{grams} g"
    return say("{grams} g every {days} days", grams=grams, days=str(plan.dose.interval_days))


def dose_sum(plan: Plan) -> str:
    """How the dose comes about: "2 g/kg x 80 kg (adjusted weight)"."""
    made = plan.dose
    if made is None:
        return ""
    kind = say(words.WEIGHT[made.weight_kind])
    return f"{number(made.g_per_kg, 3)} g/kg x {number(made.dosing_weight_kg)} kg ({kind})"


def weights(plan: Plan) -> str:
    """Actual, ideal and adjusted weight, and what the actual one would give."""
    made = plan.dose
    if made is None:
        return ""
    parts = [
        say(
            "actual {weight} kg ({grams} g at this dose)",
            weight=number(made.actual_weight_kg),
            grams=number(made.grams_on_actual_weight),
        )
    ]
    if made.ideal_weight_kg is not None:
        parts.append(say("ideal {weight} kg", weight=number(made.ideal_weight_kg)))
    if made.adjusted_weight_kg is not None:
        parts.append(say("adjusted {weight} kg", weight=number(made.adjusted_weight_kg)))
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
    """ "assumed", "asked", "absent"; "" for one that is present."""
    return say(words.STATE[finding.state]) if finding.state != "present" else ""


def finding(item: Finding) -> str:
    """ "serious: High risk of thrombosis (ASSUMED)"."""
    told = f"{say(words.SEVERITY[item.severity])}: {item.name}"
    return f"{told} ({state(item).upper()})" if state(item) else told


def acts(finding: Finding) -> str:
    """What the finding does to the plan."""
    silent = {"advise"} | (LIFTED if finding.overridden_by else set())
    acting = [say(words.EFFECT[action.effect]) for action in finding.do if action.effect not in silent]
    return "; ".join(dict.fromkeys(acting))


def set_aside(finding: Finding, plan: Plan) -> str:
    """By whom, and why; "" where nobody did."""
    if not finding.overridden_by:
        return ""
    reason = next(item.reason for item in plan.order.overrides if item.finding == finding.id)
    return say("set aside by {author}: {reason}", author=finding.overridden_by, reason=reason)


def asks(question: Question, plan: Plan, knowledge: Knowledge) -> str:
    """The question as it is asked; of a value that is only missing, what it is called."""
    if question.field == DAYS and left(plan):
        return say("{left}. Order the number of days that is meant.", left=left(plan))
    term = knowledge.terms.get(question.field)
    return question.question or capital(term.name if term is not None else question.field)


def asked(question: Question, plan: Plan, knowledge: Knowledge) -> str:
    """The question and, in brackets, what an answer can lift."""
    lifts = effects(question.changes)
    return asks(question, plan, knowledge) + (f" ({lifts})" if lifts else "")


def left(plan: Plan) -> str:
    """ "Leaves the regimen: 5 days instead of 1"; "" for a number of days that the regimen has."""
    regimen_, course = plan.regimen, plan.course
    allowed = regimen_.allowed_days if regimen_ is not None and plan.order.route == "IV" else ()
    if course is None or not allowed or course.days in allowed:
        return ""
    return say(
        "Leaves the regimen: {days} instead of {allowed}",
        days=days(course.days, plan),
        allowed=either(map(str, allowed)),
    )


def status(plan: Plan) -> str:
    """Where a plan stands, as a sentence begins: "Ready for verification"."""
    return capital(say(words.STATUS[plan.status]))


def effects(codes: Iterable[str]) -> str:
    """What an answer can lift: "cap the rate, test"."""
    return ", ".join(dict.fromkeys(say(_LIFTED.get(code) or words.EFFECT.get(code, code)) for code in codes))


_LIFTED = texts({"block": "nothing may be given"})
"""What is lifted, where the effect's own word would read as advice."""


_DAY: dict[str, tuple[str, str]] = texts(
    {"IV": ("{count} day", "{count} days"), "SC": ("{count} infusion", "{count} infusions")}
)
"""What one infusion of a plan is called, by route."""
_DAYS_CALLED: dict[str, tuple[str, str]] = texts({"IV": ("day", "days"), "SC": ("infusion", "infusions")})
_LONGEST = texts({"IV": "longest day", "SC": "longest infusion"})
_DAY_NAMED = texts({"IV": "day {number}", "SC": "infusion {number}"})
_DAY_OF = texts({"IV": "day {number} of {count}", "SC": "infusion {number} of {count}"})
_DAY_TITLE = texts({"IV": "Day {number} of {count}: {date}", "SC": "Infusion {number} of {count}: {date}"})
_DAY_DATED = texts({"IV": "Day {number}: {date}", "SC": "Infusion {number}: {date}"})


def days(count: int, plan: Plan) -> str:
    """ "5 days"; under the skin "5 infusions"."""
    return counted(count, *_DAY[plan.order.route])


def days_called(count: int, plan: Plan) -> str:
    """ "days", to stand below their count."""
    return counted(count, *_DAYS_CALLED[plan.order.route])


def longest(plan: Plan) -> str:
    """What the longest day is called."""
    return say(_LONGEST[plan.order.route])


def day_named(day: Day, plan: Plan) -> str:
    """ "day 2"; under the skin "infusion 2"."""
    return say(_DAY_NAMED[plan.order.route], number=str(day.number))


def day_of(day: Day, plan: Plan) -> str:
    """ "day 2 of 5"."""
    return say(_DAY_OF[plan.order.route], number=str(day.number), count=str(len(plan.days)))


def day_title(day: Day, plan: Plan) -> str:
    """ "Day 2 of 5: 2026-12-01"."""
    number_, count = str(day.number), str(len(plan.days))
    return say(_DAY_TITLE[plan.order.route], number=number_, count=count, date=str(day.date))


def day_dated(day: Day, plan: Plan) -> str:
    """ "Day 2: 2026-12-01"."""
    return say(_DAY_DATED[plan.order.route], number=str(day.number), date=str(day.date))


def day_gist(day: Day) -> str:
    """ "40 g = 400 mL from 4 x 10 g; 3 h 05 min"."""
    told = say("{amount} from {vials}", amount=amount(day), vials=vials(day))
    return f"{told}; {hours(day.duration_min)}"


def given(course: Course, plan: Plan) -> str:
    """ "160 g over 5 days, 16 vials, 0 % against the order"."""
    told = say(
        "{grams} g over {days}, {vials} vials, {percent} % against the order",
        grams=number(course.grams, 3),
        days=days(course.days, plan),
        vials=str(course.vials),
        percent=number(course.change_percent),
    )
    if not course.discard_g:
        return told
    return say("{given}, {grams} g discarded", given=told, grams=number(course.discard_g))


def licence(product: ProductChoice) -> str:
    """Is the use one of the label?"""
    return say("licensed for this use") if product.on_label else say("OFF LABEL for this use")


def better_fit(product: ProductChoice) -> str:
    """The product that would come first if its rates were signed."""
    name = next((o.name for o in product.alternatives if o.id == product.best_fit_unseen), "")
    return say("{product}: rates not seen, needs sign-off", product=name or product.best_fit_unseen)


def neighbours(course: Course) -> tuple[str, ...]:
    """What nearby choices would give."""
    return tuple(
        say(
            _NEXT_UP if near.kind == "round_up" else _FEWER_VIALS,
            grams=number(near.grams, 3),
            vials=str(near.vials),
            percent=number(near.change_percent),
        )
        for near in course.neighbours
    )


_NEXT_UP = texts("next dose up: {grams} g in {vials} vials, {percent} %")
_FEWER_VIALS = texts("fewer vials: {grams} g in {vials} vials, {percent} %")


def vials(day: Day) -> str:
    """ "3 x 10 g + 1 x 5 g, discard 2 g"."""
    taken = " + ".join(f"{vial.count} x {number(vial.grams)} g" for vial in day.vials)
    if not day.discard_g:
        return taken
    return say("{vials}, discard {grams} g", vials=taken, grams=number(day.discard_g))


def amount(day: Day) -> str:
    """ "40 g = 400 mL"."""
    return f"{number(day.grams, 3)} g = {number(day.volume_ml)} mL"


def sites(day: Day) -> str:
    """Equal sites once: "4 x 12.5 mL at up to 15 mL/h"."""
    shares = [(number(s.volume_ml, 1), number(s.rate_ml_per_h, 1)) for s in day.sites]
    return ", ".join(
        say(
            "{count} x {volume} mL at up to {rate} mL/h",
            count=str(shares.count(share)),
            volume=share[0],
            rate=share[1],
        )
        for share in dict.fromkeys(shares)
    )


def premedication(item: Premedication) -> str:
    """ "paracetamol 500 mg oral, 30 min before"."""
    amount_ = f" {number(item.dose_mg)} mg {item.route}" if item.dose_mg is not None else ""
    drug = f"{item.drug}{amount_}"
    if not item.lead_minutes:
        return drug
    return say("{drug}, {minutes} min before", drug=drug, minutes=str(item.lead_minutes))


_PLAIN = frozenset({"emergency", "monitoring", "hydration", "advice", "baseline_test", "co_treatment"})


def care(item: CareItem) -> str:
    """One thing to do around the infusion."""
    on = f"{say('day {number}', number=str(item.day))}: " if item.day else ""
    told = f"{_care_kind(item)}{on}{_care_text(item)}"
    much = daily(item)
    told = f"{told}, {much}" if much else told
    if item.interval_minutes:
        told = say("{what} every {minutes} min", what=told, minutes=str(item.interval_minutes))
    return f"{told} ({say(_WHEN.get(item.when, item.when.replace('_', ' ')))})" if item.when else told


def _care_kind(item: CareItem) -> str:
    """What kind of thing it is, told before it; "" where its text says so."""
    if item.kind in _PLAIN or (item.kind, item.text) in _FLAG or item.kind == _POOLED_USE:
        return ""
    return f"{say(_CARE.get(item.kind, item.kind.replace('_', ' ')))}: "


def _care_text(item: CareItem) -> str:
    if item.kind == _POOLED_USE:
        return say(_POOLED, hours=number(Decimal(item.text)))
    return say(_FLAG.get((item.kind, item.text), item.text))


_POOLED_USE = "pooled_use_within_h"


def daily(item: CareItem) -> str:
    """ "30 to 50 mg/kg a day in 4 doses until the fever settled"; "" without a dose."""
    much = span(item.daily_mg_per_kg_min, item.daily_mg_per_kg_max, say("mg/kg a day"))
    if much and item.doses_per_day and item.doses_per_day > 1:
        much = say("{dose} in {count} doses", dose=much, count=str(item.doses_per_day))
    return say("{dose} until {end}", dose=much, end=item.until) if much and item.until else much


def observed(item: CareItem) -> str:
    """How long to observe afterwards."""
    return say("observe {minutes} min", minutes=str(item.minutes))


def premedicate(item: Premedication) -> str:
    """Whether a drug is given or left out: the label before it."""
    return say("Premedicate") if item.state == "indicated" else say("Left out")


def care_groups(plan: Plan, *, done_before: bool = True) -> tuple[tuple[str, tuple[CareItem, ...]], ...]:
    """What is to be done, by when; empty groups are left out. ``done_before``: with what is done by then."""
    groups = (
        (say("Before"), plan.tests if done_before else ()),
        (say("Day check"), plan.day_checks),
        (say("Fluids"), plan.hydration),
        (say("Prepare"), plan.preparation),
        (say("Monitor"), plan.monitoring),
        (say("Also"), plan.co_treatments if done_before else ()),
        (say("Mind"), plan.advice),
    )
    return tuple((title, items) for title, items in groups if items)


def dates(entry: TimelineEntry) -> str:
    """ "2026-12-01", "2026-12-01 to 2027-03-01", "no date stated"."""
    if entry.date is None:
        return say("by {date}", date=str(entry.until)) if entry.until else say("no date stated")
    if entry.until in (None, entry.date):
        return str(entry.date)
    return say("{start} to {end}", start=str(entry.date), end=str(entry.until))


def to_come(entry: TimelineEntry) -> str:
    """ "response: platelets"."""
    return say(_TO_COME[entry.kind], what=entry.what)


def windows(kind: str, plan: Plan) -> Iterator[tuple[str, str, tuple[str, ...]]]:
    """Vaccines or tests with the same answer together: the answer, what it is for, the facts."""
    groups: dict[tuple[str, str], list[TimelineEntry]] = {}
    for entry in plan.timeline:
        if entry.kind == kind:
            groups.setdefault((words.window(entry), entry.instead), []).append(entry)
    for (answer, instead), entries in groups.items():
        what = ", ".join(entry.what for entry in entries)
        if instead:
            what = say("{what}; use instead: {instead}", what=what, instead=instead)
        yield answer, what, tuple(fact for entry in entries for fact in entry.facts)


def assumptions(plan: Plan) -> tuple[str, ...]:
    """What was taken for granted."""
    return tuple(map(_assumption, plan.assumed))


def _assumption(item: Assumption) -> str:
    value = say(_CHOICE.get(item.value, item.value.replace("_", " ")))
    taken = f"{item.text or item.id}{f': {value}' if value else ''}"
    return say("{what} (unanswered)", what=taken) if item.kind == "finding" else taken


def sign_offs(plan: Plan) -> tuple[str, ...]:
    """What two people of the site must sign first."""
    return tuple(
        f"{item.fact}: {say(words.REASON.get(item.because, words.GAP.get(item.because, item.because)))}"
        for item in plan.needs_sign_off
    )


def _over(amount: str, days: tuple[int, ...]) -> str:
    if not days:
        return amount
    return say(
        "{amount} over {days} days" if days[-1] > 1 else "{amount} over {days} day",
        amount=amount,
        days=either(map(str, days)),
    )
