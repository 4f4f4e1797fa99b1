"""An infusion for the terminal: where it is, what to do now, why; 80 columns, readable without colour."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.infusion.advice import PRESSING, Advice, Code, Rank
from ivigil.infusion.after import DischargeCheck
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.card import compare
from ivigil.infusion.due import due
from ivigil.infusion.events import (
    AdviceOverridden,
    Event,
    MedicineGiven,
    ObservationEnded,
    RateSet,
    Resumed,
    Started,
    VitalsTaken,
    What,
)
from ivigil.infusion.hanging import Stop
from ivigil.infusion.progress import (
    expected_end,
    given_g,
    given_ml,
    left_g,
    left_ml,
    step_number,
)
from ivigil.infusion.state import Alarm, HungVial, State
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.reactions import (
    AnaphylaxisCriterion,
    GradeAction,
    ReactionObservation,
    RestartRule,
    StopRule,
)
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import chair_words as words
from ivigil.sheets import records
from ivigil.sheets.journal import REFUSAL
from ivigil.sheets.layout import DISCLAIMER, section, table
from ivigil.sheets.numbers import hours, number
from ivigil.sheets.reaction_drugs import dose_lines
from ivigil.sheets.spoken import say, texts
from ivigil.sheets.unit_words import unit_words

_HIGH, _LOW = "measure.systolic_mmhg", "measure.diastolic_mmhg"
_WARMTH = "measure.temperature_c"
_RULES = 3
"""How many rules are spelt out for one advice; the rest is counted, and in the JSON."""
_BAR = 28
_STYLE: dict[Rank, str] = {
    "emergency": "bold red",
    "flow": "bold red",
    "treat": "bold",
    "overdue": "bold yellow",
}
_LASTING: tuple[Code, ...] = ("hold_rate", "observe")
"""What goes on until a time, where anything else is due at one."""
_MARK: dict[Rank, str] = {"emergency": "!!", "flow": "! ", "treat": "! ", "overdue": "! "}
_LABEL = 13


def status_sheet(
    briefing: Briefing, state: State, advised: tuple[Advice, ...], now: dt.datetime, knowledge: Knowledge
) -> RenderableType:
    """Everything about one infusion at ``now``: the state, the ranked advice, what is due, the vials."""
    clock = Clock(briefing, now)
    parts = [
        _head(briefing, state, clock, knowledge),
        _alarms(state.standing_alarms(briefing.patient), clock),
        *advice_sections(advised, clock, knowledge),
        None if knowledge.is_on("policy.live_advice") else Text(f"\n{words.SWITCHED_OFF}", style="bold"),
        _due(briefing, state, clock, knowledge),
        _patient(state, clock, knowledge),
        _vials(state, clock, knowledge),
        Text(""),
        Text(DISCLAIMER),
    ]
    return Group(*(part for part in parts if part is not None))


class Clock:
    """Times of one infusion in the zone of its site, as a nurse reads them."""

    def __init__(self, briefing: Briefing, now: dt.datetime) -> None:
        self.zone = briefing.day.start.tzinfo
        self.now = now.astimezone(self.zone)

    def time(self, moment: dt.datetime) -> str:
        """The time of day; with the date on any other day."""
        there = moment.astimezone(self.zone)
        return f"{there:%H:%M}" if there.date() == self.now.date() else f"{there:%Y-%m-%d %H:%M}"

    def late(self, moment: dt.datetime) -> str:
        """ "12 min late" or "in 12 min"; seconds are cut."""
        minutes = int((moment - self.now).total_seconds() // 60)
        if moment < self.now:
            return say("{time} late", time=hours(int((self.now - moment).total_seconds() // 60)))
        return say("in {time}", time=hours(minutes)) if minutes else say("now")


def _head(briefing: Briefing, state: State, clock: Clock, knowledge: Knowledge) -> RenderableType:
    day = state.day
    grid = table(_LABEL, None)
    product = knowledge.products[briefing.product].name
    weight = f"{briefing.age_years} years, {number(briefing.weight_kg)} kg"
    grid.add_row("Patient", f"{briefing.patient.value} ({briefing.patient.system}), {weight}")
    grid.add_row("Plan", f"{briefing.plan}, day {day.number} ({day.date})")
    grid.add_row(
        "Product", f"{product}, {number(day.grams, 3)} g = {number(day.volume_ml)} mL, {briefing.route}"
    )
    grid.add_row("Time", f"{clock.now:%Y-%m-%d %H:%M %z}")
    grid.add_row("Infusion", _flow(state, clock))
    given = given_ml(state, clock.now)
    grid.add_row("Given", f"{_amount(given, given_g(state, clock.now))}  {_bar(given, day.volume_ml)}")
    grid.add_row("Left", _amount(left_ml(state, clock.now), left_g(state, clock.now)))
    end = end_line(state, clock)
    if end:
        grid.add_row("Ends", end)
    return Group(Text("IVIGIL: INFUSION", style="bold"), Padding(grid, (0, 0, 0, 2)))


def _flow(state: State, clock: Clock) -> Text:
    phase = Text(words.PHASE[state.phase], style="bold")
    if state.phase == "running":
        step, steps = step_number(state), len(state.day.steps)
        of = f", step {step} of {steps}" if step else ""
        return phase + Text(f" at {number(state.rate_ml_per_h)} mL/h{of}")
    if state.phase == "halted":
        set_rate = state.set_rate_ml_per_h
        before = f"; {number(set_rate)} mL/h before" if set_rate else ""
        return phase + Text(f": {words.HALT[state.halt]}{before}")
    if state.ended_at is not None:
        early = ", stopped early" if state.ended_early else ""
        return phase + Text(f" (flow ended {clock.time(state.ended_at)}{early})")
    return phase + Text(f"; planned for {clock.time(state.day.start)}")


def _amount(ml: Decimal, g: Decimal) -> str:
    return f"{number(ml, 1)} mL = {number(g)} g"


def _bar(part: Decimal, whole: Decimal) -> str:
    """[##########..........] 50 %"""
    share = min(part / whole, Decimal(1)) if whole else Decimal(0)
    full = int(share * _BAR)
    return f"[{'#' * full}{'.' * (_BAR - full)}] {int(share * 100)} %"


def end_line(state: State, clock: Clock) -> str:
    """With every step on time, and if it stays as it is."""
    soonest = expected_end(state, clock.now)
    step = step_number(state)
    if soonest is None or step is None:
        return ""
    if step == len(state.day.steps) or not state.day.steps:
        return say("about {time}", time=clock.time(soonest))
    same = expected_end(state, clock.now, highest_step=step)
    if same is None:
        return say("about {time} with every step on time", time=clock.time(soonest))
    return say(
        "about {time} with every step on time, {later} at this rate",
        time=clock.time(soonest),
        later=clock.time(same),
    )


def _alarms(alarms: tuple[Alarm, ...], clock: Clock) -> RenderableType | None:
    if not alarms:
        return None
    return section(
        "Alarms",
        *(Text(f"! {clock.time(alarm.at)} {alarm_words(alarm)}", "bold red") for alarm in alarms),
    )


def alarm_words(alarm: Alarm) -> str:
    """ "rate 570 mL/h is past the plan's limit of 152.4 mL/h"."""
    return say(words.ALARM[alarm.code], value=alarm.value, limit=alarm.limit)


def overridden_sheet(events: Iterable[Event], briefing: Briefing) -> RenderableType | None:
    """What was done against advice, and why; None: nothing."""
    clock, deeds = Clock(briefing, briefing.day.start), {event.id: event.what for event in events}
    lines = [
        Text(f"! {clock.time(event.at)} {went_against(event.what, deeds.get(event.what.event))}", "bold red")
        for event in events
        if isinstance(event.what, AdviceOverridden)
    ]
    return section("Against advice", *lines) if lines else None


def went_against(what: AdviceOverridden, deed: What | None) -> str:
    """ "hung although out of date, or its date is not known: the only one left"."""
    match deed:
        case Started():
            did = texts("started although {why}")
            why = words.said(what.code, words.BLOCKER, words.AGAINST, REFUSAL)
        case RateSet():
            did = texts("{rate} mL/h set although {why}")
            why = words.said(what.code, words.BLOCKER, words.AGAINST)
        case Resumed():
            did = texts("went on although {why}")
            why = words.said(what.code, words.BLOCKER, words.AGAINST)
        case VitalsTaken() | MedicineGiven():
            did, why = texts("recorded although {why}"), words.said(what.code, words.DOUBTED)
        case ObservationEnded():
            did, why = texts("left, and it was not settled that {why}"), words.said(what.code, words.CHECK)
        case _:
            did, why = texts("hung although {why}"), words.said(what.code, words.STOP)
    if not why:
        did, why = texts("{why} not followed"), words.named(what.code)
    rate = number(deed.rate_ml_per_h) if isinstance(deed, RateSet) else ""
    return f"{say(did, why=why, rate=rate)}: {words.because(what.reason)}"


# Advice


def advice_sections(advised: tuple[Advice, ...], clock: Clock, knowledge: Knowledge) -> list[RenderableType]:
    """Do now; next; later. A heading stands only over something, and a rule is spelt out once."""
    told: set[str] = set()
    ranks: dict[str, tuple[Rank, ...]] = {"Do now": PRESSING, "Next": ("next",), "Later": ("later",)}
    found = []
    for title, within in ranks.items():
        entries = [_advice(advice, clock, knowledge, told) for advice in advised if advice.rank in within]
        if entries:
            found.append(section(title, *entries))
    return found


def _advice(advice: Advice, clock: Clock, knowledge: Knowledge, told: set[str]) -> RenderableType:
    """One advice with its reasons; its rules are added to those already ``told``."""
    mark = _MARK.get(advice.rank, "- ")
    grid = table(2, None)
    grid.add_row(
        mark,
        Text(f"{advice_line(advice, knowledge)}{_when(advice, clock)}", style=_STYLE.get(advice.rank, "")),
    )
    for line in _reasons(advice, clock, knowledge, told):
        grid.add_row("", line)
    return grid


def advice_line(advice: Advice, knowledge: Knowledge) -> str:
    """One advice in one line, without its reasons and its time."""
    drug = say(words.DRUG[advice.drug_class]) if advice.drug_class else ""
    action = say(words.DO[advice.action], drug=drug) if advice.action else ""
    rate = number(advice.rate_ml_per_h) if advice.rate_ml_per_h is not None else "-"
    line = say(
        words.ADVICE[advice.code], action=action, rate=rate, measures=measures(advice.measures, knowledge)
    )
    return say("{what} {condition}", what=line, condition=say(words.IF[advice.if_])) if advice.if_ else line


def measures(names: Iterable[str], knowledge: Knowledge) -> str:
    """ "temperature, pulse, systolic"."""
    known = {measure.id: measure.name for measure in knowledge.facts.measure}
    return ", ".join(say(words.SIGN[name]) if name in words.SIGN else known.get(name, name) for name in names)


def when_line(advice: Advice, clock: Clock) -> str:
    """ "called 10:28", "until 10:30", "due 10:30 (in 12 min)"; "" where no time belongs to it."""
    if advice.done_at is not None:
        return say("called {time}", time=clock.time(advice.done_at))
    if advice.at is None or advice.code == "may_leave":
        return ""
    if advice.code in _LASTING:
        return say("until {time}", time=clock.time(advice.at))
    return say("due {time} ({from_now})", time=clock.time(advice.at), from_now=clock.late(advice.at))


def _when(advice: Advice, clock: Clock) -> str:
    """Behind the advice, in its line."""
    line = when_line(advice, clock)
    return f"{' ' if advice.code in _LASTING else ': '}{line}" if line else ""


def _reasons(advice: Advice, clock: Clock, knowledge: Knowledge, told: set[str]) -> list[Text]:
    """What was seen, which rules, why not yet."""
    lines = []
    if advice.treatment is not None:
        lines += [Text(line, style="bold") for line in dose_lines(advice.treatment, clock.time)]
    lines += [Text(line) for line in criteria(advice, knowledge)]
    if advice.because:
        lines.append(Text(f"seen: {seen(advice.because, knowledge)}"))
    if advice.blockers:
        head = "because" if advice.code == "hold_rate" else "not yet"
        lines.append(Text(f"{head}: {'; '.join(words.BLOCKER[code] for code in advice.blockers)}"))
    lines += [Text(line, style="dim") for line in _rules(advice, knowledge, told)]
    if advice.stricter:
        also = " or ".join(words.FLOW[flow] for flow in advice.stricter)
        lines.append(Text(f"the rule also allows: {also}", style="dim"))
    if advice.weak:
        lines.append(Text(f"rests on weak evidence alone ({words.NOT_SIGNED}): it may only restrict"))
    return lines


def criteria(advice: Advice, knowledge: Knowledge) -> list[str]:
    """The criteria of anaphylaxis with their sources, where a person is to judge whether one is met."""
    if advice.if_ != "anaphylaxis_criteria_met":
        return []
    known = [each for each in knowledge.facts.anaphylaxis_criterion if each.use == "diagnosis"]
    return [
        say("{criterion}: {text}", criterion=_says(each, knowledge), text=each.criterion)
        + f" ({_source(each, knowledge)})"
        for each in known
    ]


def _source(fact: Fact, knowledge: Knowledge) -> str:
    """ "World Allergy Organization anaphylaxis guidance 2020"."""
    found = [knowledge.sources[name] for name in fact.sources if name in knowledge.sources]
    return _short(found[0].title) if found else say(words.BASIS[fact.basis])


def _rules(advice: Advice, knowledge: Knowledge, told: set[str]) -> list[str]:
    """The rules of an advice that were not spelt out above it."""
    facts = [knowledge.by_id[name] for name in advice.facts if name in knowledge.by_id]
    new = [fact for fact in facts if fact.id not in told]
    shown = new[:_RULES]
    told.update(fact.id for fact in shown)
    lines = [f"rule: {rule(fact, knowledge)}" for fact in shown]
    if facts and not new:
        lines.append("rule: as above")
    if more := len(new) - len(shown):
        lines.append(f"and {more} more rule{'s' if more > 1 else ''}")
    return lines


def rule(fact: Fact, knowledge: Knowledge) -> str:
    """ "any sign of hypersensitivity (ASCENIV, label)"."""
    source = knowledge.sources.get(fact.sources[0]) if fact.sources else None
    named = [_short(source.title)] if source else []
    unsigned = [] if knowledge.permits(fact) else [say(words.NOT_SIGNED)]
    return f"{_says(fact, knowledge)} ({', '.join((*named, say(words.BASIS[fact.basis]), *unsigned))})"


def _says(fact: Fact, knowledge: Knowledge) -> str:
    match fact:
        case StopRule():
            return fact.trigger
        case AnaphylaxisCriterion():
            return say("{scale}, criterion {code}", scale=fact.scale, code=fact.code)
        case GradeAction():
            return fact.situation
        case RestartRule():
            return fact.text
        case ReactionObservation():
            return say("{who}: observe {time}", who=fact.who, time=hours(fact.minutes))
    text = getattr(fact, "text", "")
    return text.rstrip(".") if text else records.summary(fact, knowledge)


def _short(title: str) -> str:
    """A document's title up to the first comma, bracket or colon."""
    for end in (",", " (", ":"):
        title = title.partition(end)[0]
    return title


def seen(items: tuple[Saw, ...], knowledge: Knowledge) -> str:
    """ "hives, wheezing, systolic 81 mmHg"."""
    return ", ".join(dict.fromkeys(_saw(item, knowledge) for item in items))


def _saw(item: Saw, knowledge: Knowledge) -> str:
    if item.number is not None and item.field.startswith("measure."):
        return reading(item.field, item.number, knowledge)
    if item.text == "true":
        return symptom(item.field, knowledge)
    fact = knowledge.by_id.get(item.field)
    name = getattr(fact, "term", "") or say(words.SEEN.get(item.field, item.field))
    text = item.text or say("not known")
    return say("{name} grade {grade}", name=name, grade=text) if fact is not None else f"{name} {text}"


def symptom(name: str, knowledge: Knowledge) -> str:
    """A symptom as a clinician writes it."""
    return next((each.name for each in knowledge.facts.symptom if each.id == name), name)


def reading(measure: str, value: Decimal, knowledge: Knowledge) -> str:
    """ "pulse 84 /min"."""
    fact = next((each for each in knowledge.facts.measure if each.id == measure), None)
    unit = unit_words(fact.unit) if fact else ""
    return f"{measures([measure], knowledge)} {number(value)} {unit}".rstrip()


def readings(values: Mapping[str, Decimal], knowledge: Knowledge) -> str:
    """One set of measurements in one line: "118/72 mmHg, 36.8 °C, pulse 84, breathing 16, SpO2 98 %"."""
    rest = dict(values)
    parts = []
    if rest.keys() >= {_HIGH, _LOW}:
        parts = [f"{number(rest.pop(_HIGH))}/{number(rest.pop(_LOW))} mmHg"]
    for name, value in rest.items():
        text = reading(name, value, knowledge).removesuffix(" /min")
        parts.append(text.removeprefix(f"{say(words.SIGN[_WARMTH])} ") if name == _WARMTH else text)
    return ", ".join(parts)


# What is due, the patient, the vials


def _due(briefing: Briefing, state: State, clock: Clock, knowledge: Knowledge) -> RenderableType | None:
    found = due(briefing, state, clock.now) if state.phase != "left" else ()
    if not found:
        return None
    grid = table(_LABEL, None)
    for each in found:
        what = "next vial" if each.what == "vial_change" else measures(each.measures, knowledge)
        grid.add_row(clock.time(each.at), f"{'OVERDUE: ' if each.overdue(clock.now) else ''}{what}")
    return section("Due", grid)


def _patient(state: State, clock: Clock, knowledge: Knowledge) -> RenderableType | None:
    grid = table(_LABEL, None)
    present = [spell for spell in state.symptoms if spell.present_at(clock.now)]
    if state.vitals:
        last = state.vitals[-1]
        grid.add_row(f"Signs {clock.time(last.at)}", readings(last.readings, knowledge))
    for spell in present:
        grid.add_row(f"Since {clock.time(spell.since)}", symptom(spell.symptom, knowledge))
    for item in state.medicines:
        medicine = item.medicine
        dose = f" {number(medicine.dose_mg)} mg" if medicine.dose_mg is not None else ""
        text = f" ({medicine.text})" if medicine.text else ""
        grid.add_row(f"Given {clock.time(item.at)}", f"{medicine.drug}{dose} {medicine.route}{text}".strip())
    return section("Patient", grid) if grid.row_count else None


def _vials(state: State, clock: Clock, knowledge: Knowledge) -> RenderableType | None:
    if not state.vials:
        return None
    grid = table(_LABEL, None)
    for vial in state.vials:
        grid.add_row(f"Hung {clock.time(vial.at)}", _vial(vial, clock, knowledge))
    planned = state.day.grams + state.day.discard_g
    grid.add_row("", f"{number(state.grams_hung, 3)} of {number(planned, 3)} g hung")
    return section("Vials", grid)


def _vial(vial: HungVial, clock: Clock, knowledge: Knowledge) -> str:
    line = vial_line(vial.product, vial.grams, vial.lot, vial.expiry, knowledge)
    if vial.finished_at is None:
        return f"{line}; hangs"
    left = f", {number(vial.left_g)} g left in it" if vial.left_g else ""
    return f"{line}; finished {clock.time(vial.finished_at)}{left}"


def vial_line(
    product: str | None, grams: Decimal, lot: str, expiry: dt.date | None, knowledge: Knowledge
) -> str:
    """ "20 g Privigen 10%, lot P100, use by 2027-10-18"."""
    known = knowledge.products.get(product or "")
    unread = say("NOT READ")
    return say(
        "{grams} g {product}, lot {lot}, use by {expiry}",
        grams=number(grams),
        product=known.name if known else product or say("unknown product"),
        lot=lot or unread,
        expiry=f"{expiry}" if expiry else unread,
    )


def stops_sheet(stops: tuple[Stop, ...], knowledge: Knowledge) -> RenderableType:
    """The answer to a vial held against the plan: every reason not to hang it, then what is only notable."""
    against = [stop for stop in stops if not stop.notice]
    notes = [stop for stop in stops if stop.notice]
    head = Text("DO NOT HANG THIS VIAL", "bold red") if against else Text("This vial may be hung", "bold")
    grid = table(2, None)
    for stop in (*against, *notes):
        facts = "; ".join(
            rule(knowledge.by_id[name], knowledge) for name in stop.facts if name in knowledge.by_id
        )
        grid.add_row("- " if stop.notice else "! ", words.STOP[stop.code])
        if stop.saw:
            grid.add_row("", Text(f"seen: {seen(stop.saw, knowledge)}"))
        if facts:
            grid.add_row("", Text(f"by: {facts}", style="dim"))
    return Group(head, Padding(grid, (0, 0, 0, 2)))


def against_plan(state: State, now: dt.datetime) -> RenderableType:
    """What was really infused, step by step and in all, beside what was planned."""
    day, found = state.day, compare(state, now)
    grid = table(_LABEL, 22, None)
    grid.add_row("", Text("given", "bold"), Text("planned", "bold"))
    for step in found.steps:
        minutes = int(step.given.total_seconds() // 60)
        given = f"{number(step.given_ml, 1)} mL in {hours(minutes)}" if step.given_ml else "-"
        rate = number(day.steps[step.step - 1].rate_ml_per_h)
        planned = f"{number(step.planned_ml, 1)} mL in {hours(step.planned_minutes)}"
        grid.add_row(f"{rate} mL/h", given, planned)
    grid.add_row("Volume", f"{number(found.given_ml, 1)} mL", f"{number(day.volume_ml, 1)} mL")
    grid.add_row("Grams", f"{number(day.grams + found.difference_g)} g", f"{number(day.grams)} g")
    hung = " + ".join(f"{size.hung} x {number(size.grams)} g" for size in found.vials if size.hung)
    planned = " + ".join(f"{size.planned} x {number(size.grams)} g" for size in found.vials if size.planned)
    grid.add_row("Vials", hung or "-", planned)
    grid.add_row("Duration", _lasted(state, now), hours(day.duration_min))
    past = [
        Text(f"! {words.PAST[each.code].format(rate=number(each.rate_ml_per_h))}", "bold red")
        for each in found.past
    ]
    return section("Against the plan", grid, *past)


def _lasted(state: State, now: dt.datetime) -> str:
    if state.started_at is None:
        return "not started"
    end = state.ended_at or now.astimezone(dt.UTC)
    return hours(int((end - state.started_at).total_seconds() // 60))


def discharge_sheet(checks: tuple[DischargeCheck, ...]) -> RenderableType:
    """What is to be settled before the patient goes, and whether it is."""
    grid = table(10, None)
    for check in checks:
        grid.add_row(words.CHECK_STATE[check.state], words.CHECK[check.code])
    return section("Before the patient leaves", grid)
