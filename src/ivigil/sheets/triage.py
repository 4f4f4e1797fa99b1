"""Triage in words: the emergency line first, then how soon, why, what it may be, what to ask."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import NamedTuple

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.matching import Matched
from ivigil.aftercare.suspects import Suspect, Timing
from ivigil.aftercare.triage import Call, Triage
from ivigil.knowledge.reactions import SymptomUrgency, TestPanel, Urgency
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.sheets import windows
from ivigil.sheets.layout import DISCLAIMER, references, section, table
from ivigil.sheets.numbers import number
from ivigil.sheets.references import References
from ivigil.sheets.spoken import texts
from ivigil.sheets.triage_words import named, reasons
from ivigil.sheets.wording import Wording

TITLE: dict[Urgency, str] = texts(
    {
        "emergency_now": "EMERGENCY NOW",
        "same_day": "CARE TODAY",
        "next_visit": "AT THE NEXT VISIT",
        "self_care": "CARE AT HOME",
    }
)
DANGER = texts(
    "In danger? Call {phone} now: trouble breathing, chest pain, a swollen face, a sign of a stroke, "
    "a collapse."
)
NUMBER = texts("the emergency number")
"""Where the site has set none."""
_STYLE: dict[Urgency, str] = {
    "emergency_now": "bold red",
    "same_day": "bold yellow",
    "next_visit": "bold",
    "self_care": "bold",
}
_CALL: dict[Call, str] = {
    "emergency_line": "Call {emergency} now. Do not wait, do not drive yourself.",
    "team_now": "Call the team now, at any hour{contact}. {closed}",
    "team_today": "Call the team today{contact}. {closed}",
    "team_next_visit": "Tell the team at the next visit. If it lasts or gets worse, call them{contact}.",
    "nobody": "No call now. If it lasts, gets worse or something new comes, call the team{contact}.",
}
_TIMING: dict[Timing, str] = {
    "within": "usual at this time",
    "rim": "single cases at this time",
    "unknown": "time tells nothing",
    "ahead": "earlier than described",
    "passed": "later than described",
}
_UNKNOWN = {"age_months": "age", "condition": "illness", "product": "product", "hazards": "risk factors"}
"""Fields of an episode that were left out, in words."""
_UNWATCHED = "Nobody reads this answer. It calls nobody: you do."
_WATCHED = "Your team reads answers now. This answer calls nobody: you do."
_SHOWN_SUSPECTS = 6
_SHOWN_QUESTIONS = 8


def triage_sheet(
    answer: Triage, words: Matched, episode: Episode, at: dt.datetime, knowledge: Knowledge
) -> RenderableType:
    """The whole answer at 80 columns."""
    refs = windows.cite(answer.facts(), knowledge)
    parts: list[RenderableType] = [
        _emergency(knowledge),
        Text(""),
        headline(answer, knowledge),
        *(Padding(Text(text), (0, 0, 0, 2)) for text in _advice(answer, knowledge)),
        _after(episode, at, answer, knowledge),
        *_why(answer, knowledge, refs),
        *_words(words, knowledge),
        *_questions(answer, knowledge),
        *_suspects(answer, knowledge, refs),
        *_tests(answer, knowledge),
        references(refs),
        Text(""),
        Text(_UNWATCHED),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


class PatientAnswer(NamedTuple):
    """What the patient reads of an answer, in their language."""

    title: str
    call: str
    advice: tuple[str, ...]
    """What to do meanwhile."""
    asks: tuple[str, ...]
    """Questions of which a yes may change it."""
    reads: str
    """Whether anybody reads it."""


def patient_answer(
    answer: Triage, knowledge: Knowledge, say: Wording, *, reading: bool = False
) -> PatientAnswer:
    """The answer in words. What to do and how soon is translated only if it is signed.

    reading: somebody of the team is known to read now.
    """
    questions = {symptom.id: symptom.question for symptom in knowledge.facts.symptom}
    asked = answer.ask[:_SHOWN_QUESTIONS] if answer.urgency != "emergency_now" else ()
    return PatientAnswer(
        title=say.urgent(TITLE[answer.urgency]),
        call=call_line(answer.call, knowledge, say),
        advice=tuple(say.urgent(text) for text in _advice(answer, knowledge)),
        asks=tuple(say(questions[name]) for name in asked),
        reads=say.urgent(_WATCHED if reading else _UNWATCHED),
    )


def patient_sheet(answer: Triage, knowledge: Knowledge, language: str = ENGLISH) -> RenderableType:
    """What the patient reads of the answer."""
    say = Wording(knowledge, language)
    told = patient_answer(answer, knowledge, say)
    lines = [
        emergency_line(say, knowledge),
        "",
        told.title,
        told.call,
        *told.advice,
        *(["", say("Tell us also, for a yes may change this answer:")] if told.asks else []),
        *(f"- {question}" for question in told.asks),
        "",
        told.reads,
        *say.unsigned(),
    ]
    return Group(*(Text(line) for line in say.noted(lines)))


def headline(answer: Triage, knowledge: Knowledge) -> RenderableType:
    """How soon, and whom to call."""
    return Group(
        Text(TITLE[answer.urgency], style=_STYLE[answer.urgency]),
        Padding(Text(call_line(answer.call, knowledge, Wording(knowledge))), (0, 0, 0, 2)),
    )


def switched_off_sheet(knowledge: Knowledge) -> RenderableType:
    """Where the site has switched triage off: whom to call, and nothing else."""
    return Group(_emergency(knowledge), Text(team_line(knowledge)))


def team_line(knowledge: Knowledge) -> str:
    """Whom to call for what is no danger to life."""
    return f"For anything else call the team{_number(knowledge.site.contact_phone, Wording(knowledge))}."


def emergency_line(say: Wording, knowledge: Knowledge) -> str:
    """What stands before every form and every answer."""
    return say.urgent(DANGER, phone=knowledge.site.emergency_phone or say.urgent(NUMBER))


def _emergency(knowledge: Knowledge) -> RenderableType:
    return Text(emergency_line(Wording(knowledge), knowledge), style="bold")


def _number(phone: str, say: Wording) -> str:
    return f": {phone}" if phone else say.urgent(" (this site has set no number)")


def call_line(call: Call, knowledge: Knowledge, say: Wording) -> str:
    """Whom to call, and how soon."""
    site = knowledge.site
    return say.urgent(
        _CALL[call],
        emergency=site.emergency_phone or say.urgent(NUMBER),
        contact=_number(site.contact_phone, say),
        closed=when_closed(say, knowledge),
    )


def when_closed(say: Wording, knowledge: Knowledge) -> str:
    """Whom to call while nobody of the team is there."""
    phone = knowledge.site.after_hours_phone
    if phone:
        return say.urgent("When closed: {phone}.", phone=phone)
    return say.urgent("When closed, the emergency number: no after-hours number is set.")


def _advice(answer: Triage, knowledge: Knowledge) -> list[str]:
    """What to do meanwhile, of the rows that set the urgency, each sentence once."""
    rows = (knowledge.by_id[fact] for cause in answer.leading for fact in cause.facts)
    told = answer.picture.measured
    said = (
        row.advice_measured if row.asks_for and row.asks_for in told else row.advice
        for row in rows
        if isinstance(row, SymptomUrgency)
    )
    return list(dict.fromkeys(text for text in said if text))


def _after(episode: Episode, at: dt.datetime, answer: Triage, knowledge: Knowledge) -> RenderableType:
    hours = episode.hours_after_end(at)
    condition, product = knowledge.conditions.get(episode.condition), knowledge.products.get(episode.product)
    since = "time not known" if hours is None else f"{number(hours, 1)} h after the infusion"
    known = [since, *(item.name for item in (condition, product) if item is not None)]
    if answer.contact > 1:
        known.append(f"report {answer.contact} about it")
    unknown = [words for field, words in _UNKNOWN.items() if getattr(episode, field) in (None, "")]
    told = [Text(f"Not told, and taken at its worst: {', '.join(unknown)}.")] if unknown else []
    return section("After", Text("; ".join(known)), *told)


def _why(answer: Triage, knowledge: Knowledge, refs: References) -> Iterable[RenderableType]:
    if not answer.causes:
        yield section("Why", Text("nothing was reported, and no question about danger stands open"))
        return
    grid = table(None, 16)
    for text, facts in reasons(answer.leading, knowledge).items():
        grid.add_row(text, refs.mark(facts))
    yield section("Why", grid)


def _words(words: Matched, knowledge: Knowledge) -> Iterable[RenderableType]:
    if not words.mentions and not words.unmatched:
        return
    grid = table(12, None)
    for status, label in (("said", "you mean"), ("unclear", "is it so"), ("denied", "not present")):
        for mention in words.mentions:
            if mention.status == status:
                grid.add_row(label, f"{named(mention.symptom, knowledge)}?  ({mention.words})")
    for sentence in words.unmatched:
        grid.add_row("not found", f"{sentence}")
    yield section("Read in your words: confirm each", grid)


def _questions(answer: Triage, knowledge: Knowledge) -> Iterable[RenderableType]:
    if not answer.ask or answer.urgency == "emergency_now":
        return
    by_id = {symptom.id: symptom.question for symptom in knowledge.facts.symptom}
    lines = [Text(f"- {by_id[name]}") for name in answer.ask[:_SHOWN_QUESTIONS]]
    left = len(answer.ask) - len(lines)
    more = [Text(f"and {left} more")] if left > 0 else []
    yield section("Ask next: a yes may change the answer", *lines, *more)


def _suspects(answer: Triage, knowledge: Knowledge, refs: References) -> Iterable[RenderableType]:
    if not answer.suspects:
        return
    grid = table(26, 24, None)
    for suspect in answer.suspects[:_SHOWN_SUSPECTS]:
        grid.add_row(
            named(suspect.reaction, knowledge),
            _TIMING[suspect.timing],
            " ".join(part for part in (_fits(suspect, knowledge), refs.mark((suspect.reaction,))) if part),
        )
    left = len(answer.suspects) - _SHOWN_SUSPECTS
    more = [Text(f"and {left} more")] if left > 0 else []
    yield section("May be", grid, *more)


def _fits(suspect: Suspect, knowledge: Knowledge) -> str:
    signs = ", ".join(named(name, knowledge) for name in suspect.signs)
    risk = ", ".join(named(name, knowledge) for name in suspect.hazards)
    return f"{signs}; likelier by {risk}" if risk else signs


def _tests(answer: Triage, knowledge: Knowledge) -> Iterable[RenderableType]:
    if not answer.panels:
        return
    grid = table(26, None)
    for name in answer.panels:
        panel = knowledge.by_id[name]
        if isinstance(panel, TestPanel):
            grid.add_row(panel.name, ", ".join(test.name for test in panel.tests))
    yield section("Tests to think of", grid)
