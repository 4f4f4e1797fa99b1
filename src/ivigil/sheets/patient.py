"""The sheet for the patient: plain words, 80 columns, every clinical sentence from a fact.

Sentences stand in the facts (topic "patient_sheet", advice, warning signs, hazards); this
module chooses them by the plan, joins them with dates and phone numbers, and writes nothing
without both a number for emergencies and one for questions.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Iterable
from decimal import Decimal

from ivigil.course import Day, Plan, TimelineEntry
from ivigil.knowledge.conditions import Onset
from ivigil.knowledge.hazards import Hydrate
from ivigil.knowledge.logic import Case
from ivigil.knowledge.reactions import WarningSign
from ivigil.knowledge.store import Knowledge
from ivigil.planning.case import patient_case
from ivigil.sheets.numbers import number, span

WIDTH = 80
_INFUSIONS = 6
"""So many infusions are listed by day; the rest are counted."""
_HALF_HOUR = 30
_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July",
    "August", "September", "October", "November", "December",
)  # fmt: skip

_WORKS = {
    "immunomodulation": ("against-attack",),
    "replacement": ("as-replacement",),
    "immunomodulation_or_replacement": ("against-attack", "as-replacement"),
    "anti_infective": ("against-germs",),
    "anti_toxin": ("against-germs",),
    "prophylaxis": ("against-germs",),
    "prevention_or_treatment": ("against-attack",),
    "not_recommended": (),
}
"""Purpose of a condition -> the sentences that say what immunoglobulin does."""


class NoSheetError(Exception):
    """No sheet may be printed; the message says what is missing."""


def patient_sheet(plan: Plan, knowledge: Knowledge) -> str:
    """The sheet as plain text. Raises NoSheetError for a blocked plan or without phone numbers."""
    _refuse(plan, knowledge)
    writer = _Writer(plan, knowledge)
    sections: tuple[tuple[str, Callable[[], list[str]]], ...] = (
        ("What is it?", writer.what),
        ("Why do you get it?", writer.why),
        ("When, and for how long?", writer.when),
        ("How do you prepare?", writer.prepare),
        ("What is special for you?", writer.special),
        ("What may you feel?", writer.expect),
        ("When do you call?", writer.warnings),
        ("Are you at home with it?", writer.home),
        ("May you have vaccines?", writer.vaccines),
        ("What about blood tests?", writer.blood_tests),
        ("Do you use a blood sugar meter?", writer.sugar_meter),
        ("Are you pregnant, or do you breastfeed?", writer.pregnancy),
        ("Whom do you call?", writer.phones),
    )
    lines = [*writer.head()]
    for title, body in sections:
        paragraphs = body()
        if paragraphs:
            lines += ["", title.upper(), *_wrapped(paragraphs)]
    return "\n".join([*lines, "", *_wrapped(writer.foot())])


def _refuse(plan: Plan, knowledge: Knowledge) -> None:
    site = knowledge.site
    phones = (("site.emergency_phone", site.emergency_phone), ("site.contact_phone", site.contact_phone))
    missing = [name for name, phone in phones if not phone.strip()]
    if missing:
        raise NoSheetError(f"the site's overlay gives no {' and no '.join(missing)}")
    if plan.status == "blocked":
        raise NoSheetError("the plan is blocked: nothing may be given on it")


class _Writer:
    """One section a method; each returns paragraphs, those that start with "- " being list items."""

    def __init__(self, plan: Plan, knowledge: Knowledge) -> None:
        self._plan = plan
        self._knowledge = knowledge
        self._site = knowledge.site
        self._case: Case = patient_case(plan.order, knowledge)
        self._product = knowledge.products[plan.product.id] if plan.product else None

    @property
    def _is_child(self) -> bool:
        return self._case.get("child") is True

    def _says(self, *names: str) -> str:
        """The sentences of these facts. Raises NoSheetError if one is missing."""
        texts = []
        for name in names:
            text = getattr(self._knowledge.by_id.get(name), "text", "")
            if not text:
                raise NoSheetError(f"the fact base has no {name}")
            texts.append(text)
        return " ".join(texts)

    def _sheet_says(self, *names: str) -> str:
        return self._says(*(f"instruction.patient.{name}" for name in names))

    def head(self) -> list[str]:
        plan, site = self._plan, self._site
        lines = ["IMMUNOGLOBULIN: YOUR TREATMENT"]
        lines += [site.name] if site.name else []
        lines += [f"For: {plan.order.patient.id.value}", "", f"EMERGENCY: call {site.emergency_phone}."]
        lines += [f"Questions: call {site.contact_phone}."]
        if plan.status != "ready":
            lines += ["", "DRAFT. Your team has not finished this plan. Do not use this sheet yet."]
        if self._is_child:
            lines += ["", 'If you read this for your child, "you" means your child.']
        return lines

    def what(self) -> list[str]:
        return [
            self._sheet_says("antibodies", "donors"),
            self._sheet_says("purified", "no-infection-risk"),
        ]

    def why(self) -> list[str]:
        condition = self._knowledge.conditions[self._plan.order.condition]
        works = self._advice("works") or [
            self._sheet_says(f"works-{name}") for name in _WORKS[condition.purpose]
        ]
        return [f"You get it for: {condition.name}.", " ".join([*self._advice("why"), *works])]

    def _advice(self, topic: str) -> list[str]:
        """What is told on this topic for the condition of the plan."""
        return [
            item.text
            for item in self._knowledge.facts.patient_advice
            if item.topic == topic and self._plan.order.condition in item.conditions
        ]

    def when(self) -> list[str]:
        plan = self._plan
        route = "into-a-vein" if plan.order.route == "IV" else "under-the-skin"
        paragraphs = [self._sheet_says(route)]
        if plan.product is not None and plan.course is not None:
            grams = f"{number(plan.course.grams, 3)} grams in all"
            paragraphs.append(f"Your product is {plan.product.name}. You get {grams}.")
        if plan.days:
            paragraphs += [f"- {_infusion(day)}" for day in plan.days[:_INFUSIONS]]
            more = len(plan.days) - _INFUSIONS
            paragraphs += [f"- and {more} more. We tell you the days."] if more > 0 else []
        else:
            paragraphs.append("Your team will tell you the day and how long it takes.")
        if plan.observation is not None and plan.observation.minutes:
            paragraphs.append(f"After it you stay for {plan.observation.minutes} minutes. We watch you.")
        paragraphs += [self._onset(), *self._later()]
        return [p for p in paragraphs if p]

    def _onset(self) -> str:
        """When the first effect is expected, from the condition's own figure if it has a strong one."""
        onsets = self._knowledge.conditions[self._plan.order.condition].onsets
        stated = [
            text for onset in onsets if self._knowledge.permits(onset) and (text := _first_effect(onset))
        ]
        if stated:
            return f"It may start to help {stated[0]}."
        figures = any(_first_effect(onset) for onset in onsets)
        return "" if figures or self._plan.order.route != "IV" else self._says("advice.benefit-weeks")

    def _later(self) -> list[str]:
        checks = _dates(e.date for e in self._timeline("response"))
        tests = _dates(e.date for e in self._timeline("test"))
        following = _dates(e.date for e in self._timeline("next_course"))
        return [
            f"We check how well it works around: {checks}." if checks else "",
            f"We plan blood tests on: {tests}." if tests else "",
            f"Your next treatment is due around: {following}." if following else "",
        ]

    def _timeline(self, kind: str) -> list[TimelineEntry]:
        return [entry for entry in self._plan.timeline if entry.kind == kind]

    def prepare(self) -> list[str]:
        drink = "ask-how-much-to-drink" if self._fluid_is_withheld() else "drink-well"
        drugs = [item.drug for item in self._plan.premedication if item.state == "indicated"]
        return [
            f"- {self._sheet_says(drink)}",
            *([f"- You may get medicine before it: {', '.join(drugs)}."] if drugs else []),
            f"- {self._sheet_says('say-before')}",
        ]

    def _fluid_is_withheld(self) -> bool:
        """Does a finding that holds, or that nobody has ruled out, keep extra fluid off?"""
        hazards = self._knowledge.hazards
        return any(
            isinstance(effect, Hydrate) and effect.withhold
            for finding in self._plan.findings
            if finding.state != "absent" and finding.id in hazards
            for effect in hazards[finding.id].effects
        )

    def special(self) -> list[str]:
        hazards = self._knowledge.hazards
        texts = [
            hazards[finding.id].patient_text
            for finding in self._plan.findings
            if finding.state == "present" and finding.id in hazards
        ]
        return [f"- {text}" for text in dict.fromkeys(texts) if text]

    def expect(self) -> list[str]:
        if self._plan.order.route == "IV":
            common = [self._sheet_says("minor-effects"), self._sheet_says("when-effects-come")]
            slow = [self._says("advice.slow-start", "advice.slow-helps")]
        else:
            common, slow = [self._says("advice.sc-local")], []
        driving = [] if self._is_child else [self._says("advice.driving-eu")]
        paragraphs = [
            self._sheet_says("most-do-well"),
            *common,
            *slow,
            self._sheet_says("relief"),
            self._sheet_says("rare-effects"),
            *driving,
        ]
        return [f"- {text}" for text in paragraphs]

    def warnings(self) -> list[str]:
        """What to report, the most urgent first, and until when to look out for it."""
        site = self._site
        heads = {
            "emergency_now": f"Call {site.emergency_phone} at once if:",
            "same_day": f"Call us the same day ({self._our_phones()}) if:",
            "next_visit": "Tell us at your next visit if:",
            "self_care": "You need not call for this. Call if it gets worse:",
        }
        signs = sorted(
            (s for s in self._knowledge.facts.warning_sign if self._concerns(s)), key=lambda sign: sign.order
        )
        if not any(sign.urgency == "emergency_now" for sign in signs):
            raise NoSheetError("the fact base has no warning signs of an emergency")
        paragraphs = [self._until(signs)]
        for urgency, head in heads.items():
            items = [sign for sign in signs if sign.urgency == urgency]
            paragraphs += [head, *(f"- {_sign(sign)}" for sign in items)] if items else []
        return paragraphs

    def _concerns(self, sign: WarningSign) -> bool:
        return sign.population == "any" or (sign.population == "child") == self._is_child

    def _until(self, signs: Iterable[WarningSign]) -> str:
        longest = max((sign.days_max for sign in signs if sign.days_max is not None), default=None)
        if longest is None:
            return "Look out for these signs during and after each infusion."
        text = f"Look out for these signs for {number(longest)} days after each infusion"
        if not self._plan.days:
            return f"{text}."
        last = self._plan.days[-1].end.date() + dt.timedelta(days=int(longest))
        return f"{text}. After this treatment that is until {_day(last)}."

    def _our_phones(self) -> str:
        night = self._site.after_hours_phone
        return self._site.contact_phone + (f"; nights and weekends {night}" if night else "")

    def home(self) -> list[str]:
        if self._plan.order.route != "SC":
            return []
        names = ("advice.home-training", "advice.home-stop", "advice.missed-sc", "advice.sharps")
        return [f"- {self._says(name)}" for name in names]

    def vaccines(self) -> list[str]:
        entries = self._timeline("vaccine")
        dates = [entry.date for entry in entries if entry.state == "wait_until" and entry.date is not None]
        paragraphs = [self._sheet_says("vaccines"), self._sheet_says("live-vaccines")]
        if any(entry.state == "not_while_on_therapy" for entry in entries):
            paragraphs.append("For you: not while this treatment goes on, unless we say so.")
        elif dates:
            paragraphs.append(f"For you: not before {_day(max(dates))}, unless we say so.")
        paragraphs.append(self._says("vaccine-rule.tell-the-vaccinator"))
        return [f"- {text}" for text in paragraphs]

    def blood_tests(self) -> list[str]:
        entries = self._timeline("serology")
        days = [entry.until for entry in entries if entry.until is not None]
        paragraphs = [self._sheet_says("blood-tests")]
        if any(entry.state == "not_while_on_therapy" for entry in entries):
            paragraphs.append("For you this lasts as long as the treatment goes on, and some time longer.")
        elif days:
            paragraphs.append(f"For you this can last until {_day(max(days))}, or longer.")
        paragraphs.append(self._says("advice.tell-blood-tests"))
        return [f"- {text}" for text in paragraphs]

    def sugar_meter(self) -> list[str]:
        """The caution for a product that misleads meters; the general one if nobody knows its sugar."""
        product = self._product
        flags = product.properties_named("glucose_meter_interference") if product else ()
        if any(item.flag for item in flags):
            until = [day for entry in self._meter_entries() if (day := entry.until) is not None]
            later = [f"Do not trust such a meter before {_day(max(until))}."] if until else []
            return [self._sheet_says("sugar-meter"), *later]
        known = product is not None and bool(product.properties_named("stabiliser"))
        hazard = self._knowledge.hazards.get("maltose_glucose_meter")
        return [] if known or hazard is None else [hazard.patient_text]

    def _meter_entries(self) -> list[TimelineEntry]:
        """Test windows that hold for some products only: those of sugar meters."""
        sugars = {item.id for item in self._knowledge.facts.lab_interference if item.stabilisers}
        return [entry for entry in self._timeline("serology") if sugars.intersection(entry.facts)]

    def pregnancy(self) -> list[str]:
        ruled_out = self._case.get("pregnancy") is False and self._case.get("breastfeeding") is False
        return [] if ruled_out else [self._sheet_says("pregnancy")]

    def phones(self) -> list[str]:
        site = self._site
        night = site.after_hours_phone
        return [
            f"- Emergency: {site.emergency_phone}",
            f"- Questions and signs of the same day: {site.contact_phone}",
            f"- Nights and weekends: {night}"
            if night
            else f"- If you cannot reach us that day, call {site.emergency_phone}.",
        ]

    def foot(self) -> list[str]:
        plan = self._plan
        loosened = self._knowledge.loosened
        return [
            self._sheet_says("ask-us"),
            f"Plan {plan.id}, facts {plan.knowledge_version}.",
            *([f"Settings loosened by this site: {', '.join(loosened)}."] if loosened else []),
        ]


def _infusion(day: Day) -> str:
    sites = f" It goes in at {len(day.sites)} places." if len(day.sites) > 1 else ""
    return f"{_day(day.date)}: it starts at {day.start:%H:%M} and takes {_duration(day.duration_min)}.{sites}"


def _duration(minutes: int) -> str:
    """Rounded up to half an hour: "about 11 and a half hours"."""
    whole, half = divmod(-(-minutes // _HALF_HOUR), 2)
    if not whole:
        return "about half an hour"
    if not half:
        return f"about {whole} hour{'' if whole == 1 else 's'}"
    return f"about {whole} and a half hours"


def _day(day: dt.date) -> str:
    return f"{_DAYS[day.weekday()]} {day.day} {_MONTHS[day.month - 1]} {day.year}"


def _dates(days: Iterable[dt.date | None]) -> str:
    return ", ".join(_day(day) for day in sorted({day for day in days if day is not None}))


def _first_effect(onset: Onset) -> str:
    """ "within 36 hours", "after 1 to 2 weeks"; empty if no figure is stated."""
    for unit in ("hours", "days", "weeks", "months"):
        low: Decimal | None = getattr(onset, f"first_effect_{unit}_min")
        high: Decimal | None = getattr(onset, f"first_effect_{unit}_max")
        if low is None and high is not None:
            return f"within {number(high)} {unit}"
        if low is not None:
            return f"after {span(low, high if high is not None else low, unit)}"
    return ""


def _sign(sign: WarningSign) -> str:
    if sign.urgency == "self_care":
        return f"{sign.text} This is {sign.means}."
    return f"{sign.text} It may mean: {sign.means}."


def _wrapped(paragraphs: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for text in paragraphs:
        indent = "  " if text.startswith("- ") else ""
        lines += textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False)
    return lines
