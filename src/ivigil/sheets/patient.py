"""The sheet for the patient: plain words, 80 columns, every clinical sentence from a fact.

Sentences stand in the facts (topic "patient_sheet", advice, warning signs, hazards); this
module chooses them by the plan, joins them with dates and phone numbers, and writes nothing
without both a number for emergencies and one for questions.
"""

from __future__ import annotations

import datetime as dt
import textwrap
from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from itertools import groupby

import msgspec

from ivigil.course import Day, Plan, TimelineEntry
from ivigil.knowledge.conditions import Onset
from ivigil.knowledge.hazards import Hydrate
from ivigil.knowledge.logic import Case
from ivigil.knowledge.reactions import WarningSign
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.planning.case import patient_case
from ivigil.sheets.document import Bullets, Document, Paragraph, Section, paper
from ivigil.sheets.wording import Wording

WIDTH = 80
_INFUSIONS = 6
"""So many infusions are listed by day; the rest are counted."""
_HALF_HOUR = 30
_WITHIN = {
    "hours": "It may start to help within {most} hours.",
    "days": "It may start to help within {most} days.",
    "weeks": "It may start to help within {most} weeks.",
    "months": "It may start to help within {most} months.",
}
_AFTER = {
    "hours": "It may start to help after {span} hours.",
    "days": "It may start to help after {span} days.",
    "weeks": "It may start to help after {span} weeks.",
    "months": "It may start to help after {span} months.",
}

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


def patient_sheet(plan: Plan, knowledge: Knowledge, language: str = ENGLISH) -> str:
    """The sheet as plain text.

    Raises NoSheetError for a blocked plan or without phone numbers, NoLanguageError for a language
    without wording.
    """
    sheet = patient_text(plan, knowledge, language)
    lines = _wrapped(sheet.head)
    for title, paragraphs in sheet.sections:
        lines += ["", title.upper(), *_wrapped(paragraphs)]
    return "\n".join([*lines, "", *_wrapped(sheet.foot)])


class PatientText(msgspec.Struct, frozen=True, kw_only=True):
    """The sheet before it is a page, a paper or plain text; a paragraph that starts with "- " is an item."""

    head: tuple[str, ...]
    """The title first."""
    sections: tuple[tuple[str, tuple[str, ...]], ...]
    foot: tuple[str, ...]


def patient_text(plan: Plan, knowledge: Knowledge, language: str = ENGLISH) -> PatientText:
    """What the sheet says. Raises as ``patient_sheet``."""
    _refuse(plan, knowledge)
    say = Wording(knowledge, language)
    writer = _Writer(plan, knowledge, say)
    bodies: tuple[tuple[str, Callable[[], list[str]]], ...] = (
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
    written = ((say(title), body()) for title, body in bodies)
    return PatientText(
        head=tuple(writer.head()),
        sections=tuple((title, tuple(say.noted(parts))) for title, parts in written if parts),
        foot=tuple(say.noted(writer.foot())),
    )


def patient_document(plan: Plan, date: dt.date, knowledge: Knowledge, language: str = ENGLISH) -> Document:
    """The sheet as a document. Raises as ``patient_sheet``."""
    sheet = patient_text(plan, knowledge, language)
    blocks: list[Section | Paragraph | Bullets] = [Paragraph(text=text) for text in sheet.head[1:] if text]
    for title, paragraphs in sheet.sections:
        blocks += [Section(title=title), *_blocks(paragraphs)]
    return Document(
        title=sheet.head[0],
        date=date,
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        blocks=tuple(blocks),
        foot=" ".join(sheet.foot),
    )


def _blocks(paragraphs: Iterable[str]) -> Iterator[Paragraph | Bullets]:
    """Items that follow each other are one list."""
    for listed, group in groupby(paragraphs, lambda text: text.startswith("- ")):
        if listed:
            yield Bullets(items=tuple(text.removeprefix("- ") for text in group))
        else:
            yield from (Paragraph(text=text) for text in group)


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

    def __init__(self, plan: Plan, knowledge: Knowledge, say: Wording) -> None:
        self._plan = plan
        self._say = say
        self._knowledge = knowledge
        self._site = knowledge.site
        self._case: Case = patient_case(plan.order, knowledge)
        self._product = knowledge.products[plan.product.id] if plan.product else None

    @property
    def _is_child(self) -> bool:
        return self._case.get("child") is True

    def _says(self, *names: str) -> str:
        """The sentences of these facts. Raises NoSheetError if one is missing."""
        return " ".join(said(name, self._knowledge, self._say) for name in names)

    def _sheet_says(self, *names: str) -> str:
        return self._says(*(f"instruction.patient.{name}" for name in names))

    def head(self) -> list[str]:
        plan, site, say = self._plan, self._site, self._say
        lines = [say("IMMUNOGLOBULIN: YOUR TREATMENT")]
        lines += [site.name] if site.name else []
        lines += [say("For: {patient}", patient=plan.order.patient.id.value), ""]
        emergency = say.urgent("EMERGENCY: call {phone}.", phone=site.emergency_phone)
        lines += say.noted([emergency, say("Questions: call {phone}.", phone=site.contact_phone)])
        if plan.status != "ready":
            lines += ["", say("DRAFT. Your team has not finished this plan. Do not use this sheet yet.")]
        if self._is_child:
            lines += ["", say('If you read this for your child, "you" means your child.')]
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
        given_for = self._say("You get it for: {condition}.", condition=self._say(condition.name))
        return [given_for, " ".join([*self._advice("why"), *works])]

    def _advice(self, topic: str) -> list[str]:
        """What is told on this topic for the condition of the plan."""
        return [
            self._say(item.text)
            for item in self._knowledge.facts.patient_advice
            if item.topic == topic and self._plan.order.condition in item.conditions
        ]

    def when(self) -> list[str]:
        plan, say = self._plan, self._say
        route = "into-a-vein" if plan.order.route == "IV" else "under-the-skin"
        paragraphs = [self._sheet_says(route)]
        if plan.product is not None and plan.course is not None:
            grams = say.number(plan.course.grams, 3)
            paragraphs.append(
                say(
                    "Your product is {product}. You get {grams} grams in all.",
                    product=plan.product.name,
                    grams=grams,
                )
            )
        if plan.days:
            paragraphs += [f"- {takes(day, say)}" for day in plan.days[:_INFUSIONS]]
            more = len(plan.days) - _INFUSIONS
            if more > 0:
                paragraphs.append(f"- {say('and {count} more. We tell you the days.', count=str(more))}")
        else:
            paragraphs.append(say("Your team will tell you the day and how long it takes."))
        if plan.observation is not None and plan.observation.minutes:
            minutes = str(plan.observation.minutes)
            paragraphs.append(say("After it you stay for {minutes} minutes. We watch you.", minutes=minutes))
        paragraphs += [self._onset(), *self._later()]
        return [p for p in paragraphs if p]

    def _onset(self) -> str:
        """When the first effect is expected, from the condition's own figure if it has a strong one."""
        onsets = self._knowledge.conditions[self._plan.order.condition].onsets
        stated = [
            text for onset in onsets if self._knowledge.permits(onset) and (text := self._first_effect(onset))
        ]
        if stated:
            return stated[0]
        figures = any(self._first_effect(onset) for onset in onsets)
        return "" if figures or self._plan.order.route != "IV" else self._says("advice.benefit-weeks")

    def _first_effect(self, onset: Onset) -> str:
        """ "It may start to help after 1 to 2 weeks."; empty if no figure is stated."""
        say = self._say
        for unit, within in _WITHIN.items():
            low: Decimal | None = getattr(onset, f"first_effect_{unit}_min")
            high: Decimal | None = getattr(onset, f"first_effect_{unit}_max")
            if low is None and high is not None:
                return say(within, most=say.number(high))
            if low is not None:
                span = say.number(low)
                if high not in (None, low):
                    span = say("{least} to {most}", least=span, most=say.number(high or low))
                return say(_AFTER[unit], span=span)
        return ""

    def _later(self) -> list[str]:
        say = self._say
        checks = self._dates(e.date for e in self._timeline("response"))
        tests = self._dates(e.date for e in self._timeline("test"))
        following = self._dates(e.date for e in self._timeline("next_course"))
        return [
            say("We check how well it works around: {days}.", days=checks) if checks else "",
            say("We plan blood tests on: {days}.", days=tests) if tests else "",
            say("Your next treatment is due around: {days}.", days=following) if following else "",
        ]

    def _dates(self, days: Iterable[dt.date | None]) -> str:
        return ", ".join(self._say.day(day) for day in sorted({day for day in days if day is not None}))

    def _timeline(self, kind: str) -> list[TimelineEntry]:
        return [entry for entry in self._plan.timeline if entry.kind == kind]

    def prepare(self) -> list[str]:
        drink = "ask-how-much-to-drink" if self._fluid_is_withheld() else "drink-well"
        drugs = [item.drug for item in self._plan.premedication if item.state == "indicated"]
        return [
            f"- {self._sheet_says(drink)}",
            *([f"- {self._medicine(drugs)}"] if drugs else []),
            f"- {self._sheet_says('say-before')}",
        ]

    def _medicine(self, drugs: Iterable[str]) -> str:
        named = ", ".join(self._say(drug) for drug in dict.fromkeys(drugs))
        return self._say("You may get medicine before it: {drugs}.", drugs=named)

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
        return [f"- {self._say(text)}" for text in dict.fromkeys(texts) if text]

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
        phone, say = self._site.emergency_phone, self._say
        heads = {
            "emergency_now": say.urgent("Call {phone} at once if:", phone=phone),
            "same_day": say.urgent("Call us the same day ({phones}) if:", phones=self._our_phones()),
            "next_visit": say.urgent("Tell us at your next visit if:"),
            "self_care": say.urgent("You need not call for this. Call if it gets worse:"),
        }
        signs = sorted(
            (s for s in self._knowledge.facts.warning_sign if self._concerns(s)), key=lambda sign: sign.order
        )
        if not any(sign.urgency == "emergency_now" for sign in signs):
            raise NoSheetError("the fact base has no warning signs of an emergency")
        paragraphs = [self._until(signs)]
        for urgency, head in heads.items():
            items = [sign for sign in signs if sign.urgency == urgency]
            paragraphs += [head, *(f"- {self._sign(sign)}" for sign in items)] if items else []
        return paragraphs

    def _sign(self, sign: WarningSign) -> str:
        say = self._say
        if sign.urgency == "self_care":
            return f"{say(sign.text)} {say.urgent('This is {means}.', means=say.urgent(sign.means))}"
        return say("{sign} It may mean: {means}.", sign=say(sign.text), means=say(sign.means))

    def _concerns(self, sign: WarningSign) -> bool:
        return sign.population == "any" or (sign.population == "child") == self._is_child

    def _until(self, signs: Iterable[WarningSign]) -> str:
        longest = max((sign.days_max for sign in signs if sign.days_max is not None), default=None)
        say = self._say
        if longest is None:
            return say("Look out for these signs during and after each infusion.")
        days = say.number(longest)
        text = say("Look out for these signs for {days} days after each infusion.", days=days)
        if not self._plan.days:
            return text
        last = self._plan.days[-1].end.date() + dt.timedelta(days=int(longest))
        return f"{text} {say('After this treatment that is until {day}.', day=say.day(last))}"

    def _our_phones(self) -> str:
        """Both numbers of the team as a value of an urgent text, which marks it."""
        phone, night = self._site.contact_phone, self._site.after_hours_phone
        if not night:
            return phone
        return self._say.urgent("{phone}; nights and weekends {night}", phone=phone, night=night)

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
            paragraphs.append(self._say("For you: not while this treatment goes on, unless we say so."))
        elif dates:
            day = self._say.day(max(dates))
            paragraphs.append(self._say("For you: not before {day}, unless we say so.", day=day))
        paragraphs.append(self._says("vaccine-rule.tell-the-vaccinator"))
        return [f"- {text}" for text in paragraphs]

    def blood_tests(self) -> list[str]:
        entries = self._timeline("serology")
        days = [entry.until for entry in entries if entry.until is not None]
        paragraphs = [self._sheet_says("blood-tests")]
        if any(entry.state == "not_while_on_therapy" for entry in entries):
            paragraphs.append(
                self._say("For you this lasts as long as the treatment goes on, and some time longer.")
            )
        elif days:
            day = self._say.day(max(days))
            paragraphs.append(self._say("For you this can last until {day}, or longer.", day=day))
        paragraphs.append(self._says("advice.tell-blood-tests"))
        return [f"- {text}" for text in paragraphs]

    def sugar_meter(self) -> list[str]:
        """The caution for a product that misleads meters; the general one if nobody knows its sugar."""
        product = self._product
        flags = product.properties_named("glucose_meter_interference") if product else ()
        if any(item.flag for item in flags):
            until = [day for entry in self._meter_entries() if (day := entry.until) is not None]
            paragraphs = [self._sheet_says("sugar-meter")]
            if until:
                clear = self._say.day(max(until))
                paragraphs.append(self._say("Do not trust such a meter before {day}.", day=clear))
            return paragraphs
        known = product is not None and bool(product.properties_named("stabiliser"))
        hazard = self._knowledge.hazards.get("maltose_glucose_meter")
        return [] if known or hazard is None else [self._say(hazard.patient_text)]

    def _meter_entries(self) -> list[TimelineEntry]:
        """Test windows that hold for some products only: those of sugar meters."""
        sugars = {item.id for item in self._knowledge.facts.lab_interference if item.stabilisers}
        return [entry for entry in self._timeline("serology") if sugars.intersection(entry.facts)]

    def pregnancy(self) -> list[str]:
        ruled_out = self._case.get("pregnancy") is False and self._case.get("breastfeeding") is False
        return [] if ruled_out else [self._sheet_says("pregnancy")]

    def phones(self) -> list[str]:
        site, urgent = self._site, self._say.urgent
        night = site.after_hours_phone
        lines = [
            urgent("Emergency: {phone}", phone=site.emergency_phone),
            urgent("Questions and signs of the same day: {phone}", phone=site.contact_phone),
            urgent("Nights and weekends: {phone}", phone=night)
            if night
            else urgent("If you cannot reach us that day, call {phone}.", phone=site.emergency_phone),
        ]
        return [f"- {line}" for line in lines]

    def foot(self) -> list[str]:
        plan, say = self._plan, self._say
        loosened = ", ".join(self._knowledge.loosened)
        return [
            self._sheet_says("ask-us"),
            *say.unsigned(),
            say("Plan {plan}, facts {version}.", plan=plan.id, version=plan.knowledge_version),
            *([say("Settings loosened by this site: {settings}.", settings=loosened)] if loosened else []),
        ]


def said(fact: str, knowledge: Knowledge, say: Wording) -> str:
    """The sentence of a fact. Raises NoSheetError if it is missing."""
    text = getattr(knowledge.by_id.get(fact), "text", "")
    if not text:
        raise NoSheetError(f"the fact base has no {fact}")
    return say(text)


def takes(day: Day, say: Wording) -> str:
    """When an infusion is and how long it takes."""
    text = say(
        "{day}: it starts at {time} and takes {duration}.",
        day=say.day(day.date),
        time=f"{day.start:%H:%M}",
        duration=_duration(day.duration_min, say),
    )
    sites = len(day.sites)
    where = say("It goes in at {count} places.", count=str(sites)) if sites > 1 else ""
    return f"{text[0].upper()}{text[1:]} {where}".rstrip()


def _duration(minutes: int, say: Wording) -> str:
    """Rounded up to half an hour: "about 11 and a half hours"."""
    whole, half = divmod(-(-minutes // _HALF_HOUR), 2)
    match whole, half:
        case 0, _:
            return say("about half an hour")
        case 1, 0:
            return say("about 1 hour")
        case 1, _:
            return say("about 1 and a half hours")
        case _, 0:
            return say("about {hours} hours", hours=str(whole))
    return say("about {hours} and a half hours", hours=str(whole))


def _wrapped(paragraphs: Iterable[str]) -> list[str]:
    lines: list[str] = []
    for text in paragraphs:
        indent = "  " if text.startswith("- ") else ""
        lines += textwrap.wrap(text, WIDTH, subsequent_indent=indent, break_on_hyphens=False) or [""]
    return lines
