"""``report(standard, case, said, fields) -> Report``: an adverse event report, and whether it is complete.

Every field of the standard is answered (by the record or by the reporter), explicitly unknown,
withheld for privacy where the standard allows that, or missing. Nothing is unknown unless somebody
said so. All that is wrong is told at once.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.aftercare import e2b, medwatch
from ivigil.aftercare.adverse_case import Case, RateStep, TracedVial
from ivigil.aftercare.filled import Filled, Value
from ivigil.knowledge.reactions import Form, ReportField

HOUSE = "Ivigil"
TRACE = "lot_trace"
STANDARDS = {medwatch.STANDARD: medwatch, e2b.STANDARD: e2b}

State = Literal["answered", "unknown", "masked", "missing"]
Origin = Literal["", "record", "reporter"]
Kind = Literal[
    "no_such_field",
    "say_which",  # the field stands in several places, all filled from the record
    "too_long",
    "not_allowed",
    "not_a_time",
    "not_a_number",
    "in_future",
    "cannot_be_unknown",
    "cannot_be_masked",
    "versions_differ",  # a report may name one MedDRA version
]

_NAMED = re.compile(r"(?P<code>[^\[\]]+)(\[(?P<place>\d+(\.\d+)*)\])?")
_FORMS = {"number": re.compile(r"\d+(\.\d+)?"), "quantity": re.compile(r"\d+(\.\d+)? \S+")}
MASKED, NONE = "MSK", "none"
"""Null flavour of what is withheld; the code that says that no other answer applies."""
_MEDDRA_VERSION = "E.i.2.1a"


class Said(msgspec.Struct, frozen=True):
    """What the reporter says of one field."""

    value: str = ""
    state: Literal["answered", "unknown", "masked"] = "answered"


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """One field of the report, as the standard writes it."""

    field: str
    """Id of the fact."""
    code: str
    place: tuple[int, ...] = ()
    """Which of the repeated groups, from 1: (reaction,), (drug,), (drug, lot)."""
    name: str
    state: State
    value: str = ""
    """Text, code or time as the standard writes it; of an unknown or masked answer its null flavour."""
    words: str = ""
    """What a code stands for."""
    origin: Origin = ""
    instead_of: str = ""
    """What the record says, where the reporter says something else."""
    required: bool = True
    allowed: tuple[str, ...] = ()
    """The coded answers that the field takes; empty: free."""
    form: Form = "text"


class Flaw(msgspec.Struct, frozen=True, kw_only=True):
    """Something that the reporter said, or the record holds, that the field does not take."""

    kind: Kind
    code: str
    place: tuple[int, ...] = ()
    value: str = ""
    accepted: tuple[str, ...] = ()


class Trace(msgspec.Struct, frozen=True, kw_only=True):
    """The house's own record of the lots, kept with every report."""

    vials: tuple[TracedVial, ...]
    rates: tuple[RateStep, ...]
    started_at: dt.datetime | None
    ended_at: dt.datetime | None
    lacks: tuple[str, ...]
    """What nobody recorded: "vial 2 expiry", "end"."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A report by one standard."""

    standard: str
    infusion: str
    report_date: dt.date
    answers: tuple[Answer, ...]
    trace: Trace
    flaws: tuple[Flaw, ...] = ()

    @property
    def missing(self) -> tuple[Answer, ...]:
        """Required fields that nobody answered."""
        return tuple(a for a in self.answers if a.required and a.state == "missing")

    @property
    def is_complete(self) -> bool:
        """Every required field of our fact base is answered; a regulator may ask for more."""
        return not self.missing and not self.flaws


def report(standard: str, case: Case, said: Mapping[str, Said], fields: Iterable[ReportField]) -> Report:
    """Fill the fields of a standard from a case and from what the reporter says by field code.

    A code alone ("E.i.7") answers every place that the record leaves open, and the record itself where
    there is one place only; a place in brackets ("E.i.7[2]", "G.k.4.r.7[1.2]") answers that one, also
    instead of the record. Raises KeyError for a standard that is not in ``STANDARDS``.
    """
    every = tuple(fields)
    own = {field.code: field for field in every if field.standard == standard}
    filled = [each for each in STANDARDS[standard].filled(case) if each.code in own]
    known = {each.code for each in filled}
    filled += [Filled(code, (), None) for code in own if code not in known]
    heard, flaws = _heard(said, filled)
    answers: list[Answer] = []
    for each in filled:
        answer, found = _answer(own[each.code], each, heard.get((each.code, each.place)), case.report_date)
        answers.append(answer)
        flaws += found
    answers.sort(key=_order(standard, tuple(own)))
    traced = trace(case)
    house = [field for field in every if (field.standard, field.code) == (HOUSE, TRACE)]
    answers += [_house(field, traced) for field in house if case.infusion]
    return Report(
        standard=standard,
        infusion=case.infusion,
        report_date=case.report_date,
        answers=tuple(answers),
        trace=traced,
        flaws=(*flaws, *_versions(answers)),
    )


def groups(standard: str, code: str) -> tuple[str, ...]:
    """The repeated groups that a field lies in, the outermost first: ("G.k", "G.k.4.r")."""
    found = (inside for prefix, inside in STANDARDS[standard].GROUPS.items() if code.startswith(prefix))
    return next(found, ())


def trace(case: Case) -> Trace:
    """The vials as they were hung, the rates as they ran, and what nobody recorded of them."""
    lacks = [
        f"vial {number} {what}"
        for number, vial in enumerate(case.vials, 1)
        for what, value in (("product", vial.product), ("lot", vial.lot), ("expiry", vial.expiry))
        if not value
    ]
    ends = (("vials", case.vials), ("start", case.started_at), ("end", case.ended_at), ("rates", case.rates))
    return Trace(
        vials=case.vials,
        rates=case.rates,
        started_at=case.started_at,
        ended_at=case.ended_at,
        lacks=(*lacks, *(what for what, value in ends if not value)),
    )


def _house(field: ReportField, traced: Trace) -> Answer:
    """Only the journal can answer it, so it is asked of what is in the journal."""
    return Answer(
        field=field.id,
        code=field.code,
        name=field.name,
        state="missing" if traced.lacks else "answered",
        origin="" if traced.lacks else "record",
        required=field.required,
    )


_Place = tuple[str, tuple[int, ...]]


def _heard(said: Mapping[str, Said], filled: Iterable[Filled]) -> tuple[dict[_Place, Said], list[Flaw]]:
    """What was said, by field and place. One that names its place goes before one that does not."""
    values = {(each.code, each.place): each.value for each in filled}
    exact: dict[_Place, Said] = {}
    wide: dict[_Place, Said] = {}
    flaws: list[Flaw] = []
    for written, answer in said.items():
        named = _NAMED.fullmatch(written)
        code = named["code"] if named else written
        places = [place for own, place in values if own == code]
        wanted = tuple(map(int, named["place"].split("."))) if named and named["place"] else None
        open_places = [p for p in places if values[code, p] is None] if len(places) > 1 else places
        if not places:
            flaws.append(Flaw(kind="no_such_field", code=written))
        elif wanted is None and open_places:
            wide |= {(code, place): answer for place in open_places}
        elif wanted in places:
            exact[code, wanted] = answer
        else:
            accepted = tuple(name(code, place) for place in places)
            flaws.append(Flaw(kind="say_which", code=written, accepted=accepted))
    return wide | exact, flaws


def name(code: str, place: tuple[int, ...]) -> str:
    """A field with its place, as a reporter writes it: "G.k.4.r.7[1.2]"."""
    return f"{code}[{'.'.join(map(str, place))}]" if place else code


class _Written(msgspec.Struct, frozen=True):
    """A value as the standard writes it, or what is wrong with it."""

    value: str = ""
    words: str = ""
    wrong: Kind | None = None


def _answer(
    field: ReportField, each: Filled, heard: Said | None, today: dt.date
) -> tuple[Answer, tuple[Flaw, ...]]:
    recorded = _written(field, each.value, today)
    said = recorded if heard is None else _said(field, heard, today)
    flaws: tuple[Flaw, ...] = ()
    if said.wrong is not None:
        accepted = (*field.allowed, *([str(field.max_length)] if field.max_length else []))
        flaws = (
            Flaw(kind=said.wrong, code=each.code, place=each.place, value=said.value, accepted=accepted),
        )
    missing = said.wrong is not None or not said.value
    answer = Answer(
        field=field.id,
        code=each.code,
        place=each.place,
        name=field.name,
        state="missing" if missing else "answered" if heard is None else heard.state,
        value="" if missing else said.value,
        words="" if missing else said.words,
        origin="" if missing else "record" if heard is None else "reporter",
        instead_of="" if heard is None or recorded.value == said.value else recorded.value,
        required=field.required,
        allowed=field.allowed,
        form=field.form,
    )
    return answer, flaws


def _said(field: ReportField, heard: Said, today: dt.date) -> _Written:
    match heard.state:
        case "unknown" if not field.unknown:
            return _Written(wrong="cannot_be_unknown")
        case "unknown":
            return _Written(field.unknown, _options(field).get(field.unknown, ""))
        case "masked":
            return _Written(MASKED) if field.masked else _Written(wrong="cannot_be_masked")
        case _:
            return _written(field, heard.value, today)


def _written(field: ReportField, value: Value, today: dt.date) -> _Written:
    match value:
        case None:
            return _Written()
        case str() if field.allowed:
            return _coded(field, value)
        case str() if field.form == "time":
            return _time(field, value, today)
        case str() if field.form in ("number", "quantity") and not _FORMS[field.form].fullmatch(value):
            return _Written(value, wrong="not_a_number")
        case dt.date():
            return _dated(field, value, today)
    text = f"{value.normalize():f}" if isinstance(value, Decimal) else value.strip()
    too_long = field.max_length is not None and len(text) > field.max_length
    return _Written(text, wrong="too_long" if too_long else None)


def _time(field: ReportField, text: str, today: dt.date) -> _Written:
    try:
        return _dated(field, _moment(text), today)
    except ValueError:
        return _Written(text, wrong="not_a_time")


def _dated(field: ReportField, moment: dt.date, today: dt.date) -> _Written:
    on = moment.date() if isinstance(moment, dt.datetime) else moment
    if field.past and on > today:
        return _Written(moment.isoformat(), wrong="in_future")
    return _Written(STANDARDS[field.standard].time(moment))


def _moment(text: str) -> dt.date:
    """A day, or an instant with its offset. Raises ValueError."""
    if len(text) <= len("2026-12-01"):
        return dt.date.fromisoformat(text)
    moment = dt.datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError(text)
    return moment


def _coded(field: ReportField, text: str) -> _Written:
    """By code or by words; several are parted by semicolons."""
    options = _options(field)
    by_name = {code.casefold(): code for code in options}
    by_name |= {words.casefold(): code for code, words in options.items() if words}
    by_name |= {f"{code} {words}".casefold(): code for code, words in options.items()}
    parts = [part.strip().casefold() for part in text.split(";")] if field.several else [text.casefold()]
    if not all(part in by_name for part in parts) or (len(parts) > 1 and NONE in parts):
        return _Written(text, wrong="not_allowed")
    codes = tuple(dict.fromkeys(by_name[part] for part in parts))
    return _Written("; ".join(codes), "; ".join(options[code] for code in codes if options[code]))


def _options(field: ReportField) -> dict[str, str]:
    """Code -> what it stands for."""
    return {code: words for code, _, words in (option.partition(" ") for option in field.allowed)}


def _versions(answers: Iterable[Answer]) -> tuple[Flaw, ...]:
    found = tuple(dict.fromkeys(a.value for a in answers if a.code == _MEDDRA_VERSION and a.value))
    return (Flaw(kind="versions_differ", code=_MEDDRA_VERSION, accepted=found),) if len(found) > 1 else ()


def _order(standard: str, codes: tuple[str, ...]) -> Callable[[Answer], tuple[object, ...]]:
    """By section, then group by group: all of a reaction, then all of the next."""
    rank = {code: number for number, code in enumerate(codes)}
    first: dict[str, int] = {}
    for code in codes:
        for prefix in (code[0], *groups(standard, code)):
            first.setdefault(prefix, rank[code])

    def key(answer: Answer) -> tuple[object, ...]:
        inside = groups(standard, answer.code)[1:]
        nested = first[inside[-1]] if inside else rank[answer.code]
        return first[answer.code[0]], answer.place[:1], nested, answer.place[1:], rank[answer.code]

    return key
