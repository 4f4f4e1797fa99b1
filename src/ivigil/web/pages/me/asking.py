"""An interview in forms, without a script: danger to life, then what is wrong, then own words confirmed, then
what may change the answer. What was told so far travels in the form itself and nowhere else.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Iterable, Iterator, Mapping
from decimal import ROUND_CEILING, Decimal
from functools import lru_cache, partial
from typing import Literal

import htpy as h
import msgspec
from htpy import Node
from litestar.datastructures import FormMultiDict
from litestar.exceptions import ClientException
from msgspec.structs import replace

from ivigil import units
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import open_reports
from ivigil.aftercare.matching import BODY_CELSIUS, Matched, Matcher
from ivigil.aftercare.picture import picture
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import triage
from ivigil.intake.numbers import NumberError, written_number
from ivigil.knowledge.reactions import Symptom
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.practice.aftermath import Case
from ivigil.practice.interview import Doubt, Judge, answered, further, is_emergency, unconfirmed
from ivigil.sheets.wording import Wording
from ivigil.web.pages.me.frame import Reader, told
from ivigil.web.parts.field import form
from ivigil.web.parts.notice import notice

Step = Literal["danger", "rest", "words", "further"]
TEMPERATURE = "measure.temperature_c"
UNREAD = "The temperature was not read. Write it as 38.4, or as 101.1 for Fahrenheit."
MOST_LETTERS = 2000
_ASKED_AT_ONCE = 8
_COMMA = re.compile(r"([0-9]{2,3}),([0-9]{1,2})")

AREAS = {
    "breathing": "Breathing",
    "allergy": "Face and throat",
    "skin": "Skin",
    "heart": "Heart",
    "brain": "Speech, sight, strength",
    "head": "Head",
    "limb": "Arms and legs",
    "urine": "Water and weight",
    "gut": "Belly",
    "general": "The whole body",
    "glucose": "Blood sugar",
    "site": "Place of the drip",
    "blood": "Blood",
}
"""Where a symptom stands on a list."""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What was told so far."""

    yes: tuple[str, ...] = ()
    no: tuple[str, ...] = ()
    passed: tuple[str, ...] = ()
    """Asked, and not answered."""
    left: tuple[str, ...] = ()
    """Complaints that are on no list."""
    words: str = ""
    """Not yet confirmed."""
    written: str = ""
    """The words as they were written, confirmed or not."""
    temperature: Decimal | None = None
    """Degrees Celsius."""


class Talk(msgspec.Struct, frozen=True, kw_only=True):
    """One interview: with whom, after which infusion, about what."""

    who: Reader
    episode: Episode
    earlier: tuple[SymptomReport, ...]
    beside: tuple[SymptomReport, ...]
    """About the other days of the course."""
    path: str
    """Where its forms go."""
    questions: tuple[str, ...] | None = None
    """Of a check-in; None: about anything."""
    judged: bool = True
    """False: the site has switched the answer off, and nothing depends on one."""

    @property
    def knowledge(self) -> Knowledge:
        return self.who.knowledge

    @property
    def every(self) -> dict[str, Symptom]:
        """All of them: own words may speak of one that is on no list, such as a headache of any kind."""
        return {symptom.id: symptom for symptom in self.knowledge.facts.symptom}

    @property
    def symptoms(self) -> dict[str, Symptom]:
        """Those that a patient of this age can be asked about."""
        return {
            name: symptom
            for name, symptom in self.every.items()
            if symptom.question and symptom.concerns(self.episode.age_months)
        }

    @property
    def danger(self) -> tuple[str, ...]:
        return tuple(name for name, symptom in self.symptoms.items() if symptom.ask_first)

    @property
    def before(self) -> tuple[str, ...]:
        """Complaints of earlier reports that nobody has settled: asked for one by one, never taken back
        by silence."""
        nothing = SymptomReport(at=self.who.visit.now)
        had = picture(nothing, self.episode, self.knowledge, (*self.beside, *self.earlier)).reported
        return tuple(name for name, symptom in self.every.items() if name in had and not symptom.ask_first)

    @property
    def rest(self) -> tuple[str, ...]:
        """What is no danger to life: of the check-in, or everything."""
        wanted = self.symptoms if self.questions is None else self.questions
        asked = (name for name in self.symptoms if name in wanted)
        return tuple(name for name in asked if name not in (*self.danger, *self.before))

    def judge(self, report: SymptomReport) -> Judge:
        return partial(
            triage, episode=self.episode, knowledge=self.knowledge, earlier=self.earlier, beside=self.beside
        )

    def report(self, so_far: Told) -> SymptomReport:
        readings = {} if so_far.temperature is None else {TEMPERATURE: so_far.temperature}
        return SymptomReport(
            at=self.who.visit.now,
            present=so_far.yes,
            absent=tuple(name for name in so_far.no if name not in so_far.yes),
            readings=readings,
            unmatched=so_far.left,
            words=so_far.written,
        )

    def is_emergency(self, so_far: Told) -> bool:
        report = self.report(so_far)
        return self.judged and is_emergency(report, self.judge(report))

    def further(self, so_far: Told) -> tuple[str, ...]:
        """What to ask next; nothing where there is nothing to judge."""
        report = self.report(so_far)
        if not self.judged:
            return ()
        asked = further(report, self.judge(report), so_far.passed)
        return tuple(name for name in asked if name in self.symptoms)[:_ASKED_AT_ONCE]


def talk(who: Reader, case: Case, path: str, questions: tuple[str, ...] | None = None) -> Talk:
    """An interview after the infusion of a case."""
    return Talk(
        who=who,
        episode=case.episode,
        earlier=open_reports(case.known),
        beside=case.beside,
        path=path,
        questions=questions,
        judged=who.knowledge.is_on("policy.patient_triage"),
    )


def go_on(talk: Talk, sent: FormMultiDict) -> Node | SymptomReport:
    """The next form, or the report once it is whole. Raises ClientException for what no form sends."""
    so_far = _read(talk, sent)
    match str(sent.get("step", "")):
        case "danger":
            return _after_danger(talk, so_far, sent)
        case "rest":
            return _after_rest(talk, so_far, sent)
        case "words":
            return _after_words(talk, so_far, sent)
        case "further":
            return _after_further(talk, so_far, sent)
    raise ClientException(detail="no step of an interview")


def danger_form(talk: Talk, wrong: str = "") -> Node:
    """Where every interview begins."""
    say = talk.who.say
    return _form(
        talk,
        "danger",
        Told(),
        _fault(wrong),
        h.h2[told(say("First: is one of these so?"))],
        h.p[told(say.urgent("If one of these is so, call now. Do not finish the list."))],
        ticks(say, talk.symptoms, talk.danger),
        h.div(".choices")[
            _button(say("None of these is so"), "none"),
            _button(say("Send what I ticked"), "ticked", kind="stop"),
        ],
    )


# ---- after each form


def _after_danger(talk: Talk, so_far: Told, sent: FormMultiDict) -> Node | SymptomReport:
    ticked = _known(talk.danger, sent.getall("tick", []))
    if ticked:
        # Whatever button it was: a yes counts, and what stands beside it is left open.
        return talk.report(replace(so_far, yes=(*so_far.yes, *ticked)))
    if sent.get("send") != "none":
        return danger_form(
            talk, talk.who.say("Tick what is so. If nothing is, say so with the other button.")
        )
    return _rest_form(talk, replace(so_far, no=(*so_far.no, *talk.danger)))


def _after_rest(talk: Talk, so_far: Told, sent: FormMultiDict) -> Node | SymptomReport:
    say = talk.who.say
    ticked = _known(talk.rest, sent.getall("tick", []))
    words = str(sent.get("words", "")).strip()[:MOST_LETTERS]
    degrees = read_temperature(str(sent.get("temperature", "")), str(sent.get("unit", "c")))
    still = dict(_radios(talk.before, sent))
    now = replace(
        so_far,
        yes=(*so_far.yes, *ticked, *(name for name, yes in still.items() if yes)),
        no=(*so_far.no, *(name for name, yes in still.items() if not yes)),
        words=words,
        written=words,
        temperature=degrees if isinstance(degrees, Decimal) else None,
    )
    if isinstance(degrees, str):
        return _rest_form(talk, replace(so_far, words=words), say(degrees), ticked)
    nothing = not (ticked or words or still or degrees is not None)
    if nothing and sent.get("send") != "none":
        what = (
            say("Tick or write what is wrong.")
            if talk.questions is None
            else say("Tick or write what is wrong, or say that nothing is.")
        )
        return _rest_form(talk, so_far, what)
    if talk.questions is not None:  # a list that was seen whole: what is empty is a no, as it says above it
        now = replace(now, no=(*now.no, *(name for name in talk.rest if name not in ticked)))
    return _after_told(talk, now)


def _after_told(talk: Talk, so_far: Told) -> Node | SymptomReport:
    if talk.is_emergency(so_far):
        return _unconfirmed(talk, so_far)
    doubts, matched = _doubts(talk, so_far)
    if doubts or matched.unmatched:
        return _words_form(talk, so_far, doubts, matched)
    return _next(talk, so_far)


def _after_words(talk: Talk, so_far: Told, sent: FormMultiDict) -> Node | SymptomReport:
    doubts, matched = _doubts(talk, so_far)
    report = talk.report(so_far)
    answers = dict(_radios((doubt.symptom for doubt in doubts), sent))
    for doubt in doubts:
        report = answered(report, doubt.symptom, answers.get(doubt.symptom), counts=doubt.counts)
    left = [
        sentence
        for number, sentence in enumerate(matched.unmatched)
        if sent.get(f"sentence.{number}") != "no"
    ]
    now = replace(
        so_far,
        yes=report.present,
        no=report.absent,
        left=(*so_far.left, *left),
        words="",
        passed=(*so_far.passed, *(doubt.symptom for doubt in doubts)),
    )
    return _next(talk, now)


def _after_further(talk: Talk, so_far: Told, sent: FormMultiDict) -> Node | SymptomReport:
    asked = _known(talk.symptoms, sent.getall("asked", []))
    answers = dict(_radios(asked, sent))
    now = replace(
        so_far,
        yes=(*so_far.yes, *(name for name, yes in answers.items() if yes)),
        no=(*so_far.no, *(name for name, yes in answers.items() if not yes)),
        passed=(*so_far.passed, *asked),
    )
    return _next(talk, now)


def _next(talk: Talk, so_far: Told) -> Node | SymptomReport:
    if talk.is_emergency(so_far):
        return talk.report(so_far)
    asked = talk.further(so_far)
    return _further_form(talk, so_far, asked) if asked else talk.report(so_far)


def _unconfirmed(talk: Talk, so_far: Told) -> SymptomReport:
    """The report of an emergency: nobody waits until the words are confirmed, and they are not lost."""
    doubts, matched = _doubts(talk, so_far)
    report = talk.report(replace(so_far, left=(*so_far.left, *matched.unmatched)))
    for doubt in doubts:
        report = answered(report, doubt.symptom, None, counts=doubt.counts)
    return report


def _doubts(talk: Talk, so_far: Told) -> tuple[tuple[Doubt, ...], Matched]:
    """What is to be confirmed of the words, and what was found in them."""
    matched = _matcher(talk.knowledge).match(so_far.words) if so_far.words else Matched()
    return unconfirmed(talk.report(so_far), matched), matched


@lru_cache(maxsize=4)
def _matcher(knowledge: Knowledge) -> Matcher:
    return Matcher(knowledge.facts.symptom)


# ---- the forms


def _rest_form(talk: Talk, so_far: Told, wrong: str = "", ticked: Iterable[str] = ()) -> Node:
    say = talk.who.say
    check_in = talk.questions is not None
    groups = ticks(say, talk.symptoms, talk.rest, ticked)
    return _form(
        talk,
        "rest",
        replace(so_far, words=""),
        _fault(wrong),
        [
            either(f"answer.{name}", say("Is this still so?"), say(talk.every[name].plain), say)
            for name in talk.before
        ],
        [
            h.h2[told(say("Which of these is so?"))],
            h.p(".soft")[told(say("What you leave empty counts as a no."))],
            groups,
        ]
        if check_in
        else None,
        h.div(".field")[
            h.label(for_="words")[
                told(
                    say("Is there anything else? Write it down in your own words.")
                    if check_in
                    else say("What is wrong? Write it in your own words.")
                )
            ],
            h.textarea(id="words", name="words", rows=4, maxlength=MOST_LETTERS)[so_far.words],
            h.p(".hint")[told(say("Our word list is in English. What it does not know, we still pass on."))]
            if say.language != ENGLISH
            else None,
        ],
        temperature_field(talk.who.say),
        None if check_in else h.details[h.summary[told(say("Or tick it on a list"))], groups],
        h.div(".choices")[
            _button(say("Go on"), "told"),
            _button(say("Nothing is wrong"), "none", kind="plain") if check_in else None,
        ],
    )


def _words_form(talk: Talk, so_far: Told, doubts: tuple[Doubt, ...], matched: Matched) -> Node:
    say = talk.who.say
    found = {mention.symptom: mention.words for mention in matched.mentions}
    return _form(
        talk,
        "words",
        so_far,
        h.h2[told(say("Did we read you right?"))],
        [
            either(
                f"answer.{doubt.symptom}",
                _question(talk.every[doubt.symptom], say),
                say("You wrote: {words}", words=found[doubt.symptom]),
                say,
            )
            for doubt in doubts
        ],
        [
            either(
                f"sentence.{number}",
                say("This is not on our list. Is something wrong?"),
                say("You wrote: {words}", words=sentence),
                say,
            )
            for number, sentence in enumerate(matched.unmatched)
        ],
        h.div(".choices")[_button(say("Go on"), "told")],
    )


def _further_form(talk: Talk, so_far: Told, asked: tuple[str, ...]) -> Node:
    say = talk.who.say
    return _form(
        talk,
        "further",
        so_far,
        h.h2[told(say("Tell us also, for a yes may change this answer:"))],
        [h.input(type="hidden", name="asked", value=name) for name in asked],
        [either(f"answer.{name}", say(talk.symptoms[name].question), "", say) for name in asked],
        h.div(".choices")[_button(say("Go on"), "told")],
    )


def _form(talk: Talk, step: Step, so_far: Told, *content: Node) -> Node:
    """A form of the interview, with what was told so far."""
    carried = [
        *(("yes", name) for name in so_far.yes),
        *(("no", name) for name in so_far.no),
        *(("passed", name) for name in so_far.passed),
        *(("left", text) for text in so_far.left),
        ("step", step),
        ("event", str(uuid.uuid4())),
    ]
    if step != "rest":
        carried += [("told_words", so_far.words)] if so_far.words else []
        carried += [("written", so_far.written)] if so_far.written else []
        carried += [("degrees", str(so_far.temperature))] if so_far.temperature is not None else []
    return form(talk.who.visit.form_token, talk.path, classes="interview")[
        [h.input(type="hidden", name=name, value=value) for name, value in carried], content
    ]


def ticks(
    say: Wording, symptoms: Mapping[str, Symptom], names: Iterable[str], ticked: Iterable[str] = ()
) -> Node:
    """Boxes under the part of the body that they belong to."""
    chosen = set(ticked)
    by_area: dict[str, list[Symptom]] = {}
    for name in names:
        by_area.setdefault(symptoms[name].area, []).append(symptoms[name])
    return [
        h.fieldset(".area")[
            h.legend[told(say(AREAS[area]))],
            [
                h.label(".tick")[
                    h.input(type="checkbox", name="tick", value=symptom.id, checked=symptom.id in chosen),
                    h.span[told(say(symptom.plain))],
                ]
                for symptom in found
            ],
        ]
        for area, found in by_area.items()
    ]


def _question(symptom: Symptom, say: Wording) -> str:
    return say(symptom.question) if symptom.question else f"{say(symptom.plain)}?"


def either(field: str, question: str, beside: str, say: Wording) -> Node:
    """A question with yes, no and no answer. ``beside``: what it is about, if the question does not say."""
    return h.fieldset(".asked")[
        h.legend[told(question)],
        h.p(".soft")[told(beside)] if beside else None,
        h.div(".either")[
            [
                h.label(".tick")[h.input(type="radio", name=field, value=value), h.span[told(text)]]
                for value, text in (("yes", say("Yes")), ("no", say("No")), ("", say("I do not know")))
            ]
        ],
    ]


def temperature_field(say: Wording) -> Node:
    """A temperature as it was read at home, in either unit."""
    return h.div(".field")[
        h.label(for_="temperature")[told(say("Your temperature, if you took it"))],
        h.div(".with-unit")[
            h.input(id="temperature", name="temperature", inputmode="decimal", autocomplete="off"),
            h.select(name="unit", aria_label=say("Unit"))[
                h.option(value="c")["°C"],
                h.option(value="f")["°F"],
            ],
        ],
    ]


def _button(text: str, value: str, *, kind: str = "main") -> Node:
    return h.button(f".{kind}", type="submit", name="send", value=value)[told(text)]


def _fault(wrong: str) -> Node:
    return notice("stop", h.p[told(wrong)], urgent=True) if wrong else None


# ---- reading what was sent


def _read(talk: Talk, sent: FormMultiDict) -> Told:
    """What earlier forms carried. Raises ClientException."""
    degrees = str(sent.get("degrees", ""))
    found = read_temperature(degrees, "c") if degrees else None
    if isinstance(found, str):
        raise ClientException(detail="no temperature")
    return Told(
        yes=_known(talk.every, sent.getall("yes", [])),
        no=_known(talk.every, sent.getall("no", [])),
        passed=_known(talk.every, sent.getall("passed", [])),
        left=tuple(str(text)[:MOST_LETTERS] for text in sent.getall("left", [])[:50]),
        words=str(sent.get("told_words", ""))[:MOST_LETTERS],
        written=str(sent.get("written", ""))[:MOST_LETTERS],
        temperature=found,
    )


def _known(accepted: Iterable[str], names: Iterable[object]) -> tuple[str, ...]:
    """The names, each once. Raises ClientException for one that the form did not offer."""
    known, given = set(accepted), dict.fromkeys(str(name) for name in names)
    if not known.issuperset(given):
        raise ClientException(detail="not on the list")
    return tuple(given)


def _radios(names: Iterable[str], sent: FormMultiDict) -> Iterator[tuple[str, bool]]:
    for name in names:
        answer = sent.get(f"answer.{name}")
        if answer in ("yes", "no"):
            yield name, answer == "yes"


def read_temperature(written: str, unit: str) -> Decimal | str | None:
    """Degrees Celsius; None: nothing was written; a text: what is wrong with it."""
    text = written.strip()
    if not text:
        return None
    try:
        number = written_number(_COMMA.sub(r"\1.\2", text))
    except NumberError:
        return UNREAD
    degrees = units.celsius(number) if unit == "f" else number
    low, high = BODY_CELSIUS
    if not low < degrees < high:
        return UNREAD
    # Upwards, as thermometers show it: 100 °F is the 37.8 °C at which a patient's sheet says fever.
    return degrees.quantize(Decimal("0.1"), ROUND_CEILING) if unit == "f" else degrees
