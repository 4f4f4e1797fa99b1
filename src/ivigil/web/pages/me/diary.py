"""The diary: how it goes day by day. It judges nothing by itself, but says at once what must not wait."""

from __future__ import annotations

from decimal import Decimal

import htpy as h
from anyio import to_thread
from htpy import Node
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException
from litestar.params import FromQuery
from litestar.response import Redirect

from ivigil.aftercare.diary import PAIN, DiaryReading, Spell
from ivigil.aftercare.happenings import CheckInAnswered, DiaryEntry, SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.reactions import Symptom
from ivigil.practice.aftermath import Case, diary_asks, diary_of, noted, record
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.answer import answered
from ivigil.web.pages.me.asking import TEMPERATURE, either, read_temperature, temperature_field, ticks
from ivigil.web.pages.me.frame import Reader, moment, page, reader, told, watched
from ivigil.web.parts.field import form
from ivigil.web.parts.notice import notice

PATH = "/me/diary"
NOTHING = "Nothing was noted. Tick or write what is so."
_PAINS = range(11)


@get(PATH, needs="patient.read", sync_to_thread=True)
def diary(request: Asked, visit: TheVisit, saved: FromQuery[bool] = False) -> Response[str]:
    """What was noted, and a new entry."""
    who = reader(request, visit)
    return _page(who, who.file().case, saved=saved)


@post(PATH, needs="patient.report", status_code=200)
async def write(request: Asked, visit: TheVisit) -> Response[str] | Redirect:
    """Keep an entry."""
    sent = await request.form()
    return await to_thread.run_sync(_write, request, visit, sent)


def _write(request: Asked, visit: TheVisit, sent: FormMultiDict) -> Response[str] | Redirect:
    who = reader(request, visit, "patient.report")
    case = who.file().case
    if case is None:
        return Redirect(PATH, status_code=303)
    found = _entry(who, case, sent)
    if isinstance(found, str):
        return _page(who, case, wrong=found)
    bodies = noted(case, found)
    after = record(case, bodies, visit.entry())
    report = next((each.id for each in after.happened if each.what in bodies[1:]), None)
    return Redirect(f"/me/answers/{report}" if report else f"{PATH}?saved=true", status_code=303)


def _entry(who: Reader, case: Case, sent: FormMultiDict) -> SymptomReport | str:
    """What was noted; a text: what is wrong with it."""
    names = _names(who, case)
    ticked = dict.fromkeys(str(name) for name in sent.getall("tick", []))
    if not set(names).issuperset(ticked):
        raise ClientException(detail="not on the list")
    still = {spell.symptom: sent.get(f"answer.{spell.symptom}") for spell in _lasting(diary_of(case))}
    degrees = read_temperature(str(sent.get("temperature", "")), str(sent.get("unit", "c")))
    if isinstance(degrees, str):
        return degrees
    readings = {} if degrees is None else {TEMPERATURE: degrees}
    pain = str(sent.get("pain", ""))
    if pain in map(str, _PAINS):
        readings[PAIN] = Decimal(pain)
    present = (*ticked, *(name for name, answer in still.items() if answer == "yes"))
    absent = tuple(name for name, answer in still.items() if answer == "no" and name not in present)
    if not (present or absent or readings):
        return NOTHING
    return SymptomReport(
        at=who.visit.now, present=tuple(dict.fromkeys(present)), absent=absent, readings=readings
    )


def _page(who: Reader, case: Case | None, *, wrong: str = "", saved: bool = False) -> Response[str]:
    say = who.say
    if case is None:
        early = say.urgent("You had no infusion with us yet. Call us with every question.")
        return page(who, say("Diary"), h.p(".lead")[told(early)])
    reading, measured = diary_of(case), _measured(case, who)
    pressing = diary_asks(case)
    names = tuple(name for name in _names(who, case) if name not in _noted(reading))
    return page(
        who,
        say("Diary"),
        notice("go", h.p[told(say("Thank you. It is written down."))], urgent=True) if saved else None,
        notice("stop", h.p[told(say(wrong))], urgent=True) if wrong else None,
        answered(pressing, who) if pressing else None,
        watched(who),
        h.p(".lead")[
            told(say("Note here what is mild, day by day.")),
            " ",
            h.a(href="/me/wrong")[told(say("Something is wrong"))],
        ],
        _form(who, reading, names),
        _noted_so_far(who, reading, measured),
        status=400 if wrong else 200,
    )


def _form(who: Reader, reading: DiaryReading, names: tuple[str, ...]) -> Node:
    say, symptoms = who.say, _symptoms(who)
    return form(who.visit.form_token, PATH, classes="interview")[
        [
            either(
                f"answer.{spell.symptom}", say("Is this still so?"), say(symptoms[spell.symptom].plain), say
            )
            for spell in _lasting(reading)
            if spell.symptom in symptoms and symptoms[spell.symptom].question
        ],
        temperature_field(say),
        h.div(".field")[
            h.label(for_="pain")[told(say("Pain from 0 (none) to 10 (the worst)"))],
            h.select(id="pain", name="pain")[
                h.option(value="")["–"], [h.option(value=str(number))[str(number)] for number in _PAINS]
            ],
        ],
        h.details[h.summary[told(say("Which of these is so?"))], ticks(say, symptoms, names)],
        h.div(".choices")[h.button(".main", type="submit")[told(say("Write it down"))]],
    ]


def _measured(case: Case, who: Reader) -> tuple[Node, ...]:
    """Temperatures and pain, the last first; once, also if an entry is a report too."""
    say, zone = who.say, who.visit.now.tzinfo
    told_of = (
        each.what.report
        for each in case.whole_course
        if isinstance(each.what, DiaryEntry | CheckInAnswered | SymptomsReported)
    )
    taken = {(report.at, name, value) for report in told_of for name, value in report.readings.items()}
    return tuple(
        h.li[told(text), h.span(".soft")[" ", told(moment(say, at.astimezone(zone)))]]
        for at, name, value in sorted(taken, reverse=True)
        if (text := _value(name, say.number(value), who))
    )


def _value(measure: str, value: str, who: Reader) -> str:
    if measure == PAIN:
        return who.say("Pain {number} of 10", number=value)
    return f"{value} °C" if measure == TEMPERATURE else ""


def _noted_so_far(who: Reader, reading: DiaryReading, measured: tuple[Node, ...]) -> Node:
    say, symptoms = who.say, _symptoms(who)
    shown = [spell for spell in reading.spells if spell.symptom in symptoms]
    if not (shown or measured):
        return None
    return h.section[
        h.h2[told(say("What you noted"))],
        h.ul[
            measured,
            [
                h.li[
                    told(say(symptoms[spell.symptom].plain)),
                    h.span(".soft")[" ", _days(spell, who)],
                ]
                for spell in reversed(shown)
            ],
        ],
    ]


def _days(spell: Spell, who: Reader) -> Node:
    say, zone = who.say, who.visit.now.tzinfo
    since = say.day(spell.since.astimezone(zone).date())
    if spell.until is None:
        return told(say("since {day}", day=since))
    return told(say("from {day} to {end}", day=since, end=say.day(spell.until.astimezone(zone).date())))


def _lasting(reading: DiaryReading) -> tuple[Spell, ...]:
    return tuple(spell for spell in reading.spells if spell.until is None)


def _noted(reading: DiaryReading) -> set[str]:
    return {spell.symptom for spell in _lasting(reading)}


def _symptoms(who: Reader) -> dict[str, Symptom]:
    return {symptom.id: symptom for symptom in who.knowledge.facts.symptom}


def _names(who: Reader, case: Case) -> tuple[str, ...]:
    """What may be noted: no danger to life, which is called in and not written down."""
    age = case.episode.age_months
    return tuple(
        name
        for name, symptom in _symptoms(who).items()
        if symptom.question and not symptom.ask_first and not symptom.circumstance and symptom.concerns(age)
    )


routes = [diary, write]
