"""Laboratory results of the days after an infusion: typed, read back in the other unit, then recorded."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

import htpy as h
import msgspec
from htpy import Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil import units
from ivigil.aftercare.happenings import ResultReceived
from ivigil.intake.form import expressed
from ivigil.intake.quantities import Measured
from ivigil.intake.result import read_drawn, read_result
from ivigil.knowledge.reactions import Measure
from ivigil.knowledge.store import Knowledge
from ivigil.order import OrderError
from ivigil.practice.aftermath import Case, results_of
from ivigil.practice.entry import draft
from ivigil.practice.file import File, open_file
from ivigil.sheets.chair import reading
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.order_form import unit_text
from ivigil.web.pages.patients import banner
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_LABORATORY = ("/L",)
"""How the unit of what a laboratory measures ends."""
_NAME = texts(
    {
        "creatinine": "Creatinine",
        "glucose": "Glucose",
        "haemoglobin": "Haemoglobin",
        "neutrophils": "Neutrophils",
        "sodium": "Sodium",
        "tryptase": "Tryptase",
    }
)


class Typed(msgspec.Struct):
    """The form as it is typed."""

    haemoglobin: str = ""
    creatinine: str = ""
    sodium: str = ""
    neutrophils: str = ""
    glucose: str = ""
    tryptase: str = ""
    day: str = ""
    time: str = ""
    id: str = ""
    """UUID that the page made: the same form sent twice is recorded once."""
    checked: str = ""
    """What was read back to the person; recorded only if it is still what is typed."""


class Read(msgspec.Struct, frozen=True):
    """What was typed, understood."""

    values: dict[str, Measured]
    """By measure."""
    drawn_at: dt.datetime

    @property
    def text(self) -> str:
        said = [f"{name}={each.number}" for name, each in self.values.items()]
        return ";".join((*said, self.drawn_at.isoformat()))


@get("/patients/{patient:str}/results", needs="follow_up.read", sync_to_thread=True)
def results(visit: TheVisit, patient: FromPath[str]) -> Response[str]:
    """The form, and what is on record."""
    file = open_file(visit.journal, patient, visit.knowledge, visit.now)
    return _page(visit, file, Typed(day=visit.now.date().isoformat()))


@post("/patients/{patient:str}/results", needs="follow_up.record", status_code=200, sync_to_thread=True)
def record(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Typed]) -> Response[str] | Redirect:
    """Read back what was typed; record it once it was looked at like that."""
    file = open_file(visit.journal, patient, visit.knowledge, visit.now)
    case = file.case
    if case is None:
        raise NotFoundException(detail="no infusion that results could follow")
    read, wrong = _read(visit, data)
    if read is None:
        return _page(visit, file, data, wrong=wrong)
    if data.checked != read.text:
        return _page(visit, file, data, read=read)
    _write(visit, case, read, data.id)
    return Redirect(f"/patients/{patient}/results", status_code=303)


def _write(visit: Visit, case: Case, read: Read, form: str) -> None:
    """One event a value; what this form has recorded before is left as it is."""
    known = {each.id for each in case.happened}
    drafts = []
    for measure, found in read.values.items():
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{form} {measure}"))
        if name not in known:
            body = ResultReceived(measure=measure, value=found.number, drawn_at=read.drawn_at)
            drafts.append(draft(replace(visit.entry(), id=name), case.stream, body, case.episode.infusion))
    if drafts:
        visit.journal.append(drafts)


def _read(visit: Visit, data: Typed) -> tuple[Read | None, tuple[str, ...]]:
    """Everything together, or every fault."""
    wrong: list[str] = []
    values: dict[str, Measured] = {}
    for measure in _measures(visit.knowledge):
        text = _text(data, measure)
        if text.strip():
            try:
                values[measure.id] = read_result(measure, text, visit.knowledge)
            except OrderError as error:
                wrong += _told(_called(measure), error)
    try:
        drawn = read_drawn(data.day, data.time, visit.now)
    except OrderError as error:
        drawn = visit.now
        wrong += _told(say("Drawn"), error)
    if not values and not wrong:
        wrong.append(say("Nothing was typed; accepted: one result or more"))
    return (None, tuple(wrong)) if wrong else (Read(values, drawn), ())


def _told(called: str, error: OrderError) -> list[str]:
    return [
        say("{field}: {typed}; accepted: {accepted}", field=called, typed=each.value, accepted=each.accepted)
        for each in error.faults
    ]


def _measures(knowledge: Knowledge) -> tuple[Measure, ...]:
    """What a laboratory measures, of all that is known."""
    return tuple(each for each in knowledge.facts.measure if each.unit.endswith(_LABORATORY))


def _field(measure: Measure) -> str:
    return measure.id.removeprefix("measure.").split("_")[0]


def _called(measure: Measure) -> str:
    return say(_NAME.get(_field(measure), _field(measure).capitalize()))


def _text(data: Typed, measure: Measure) -> str:
    return str(getattr(data, _field(measure), ""))


def _page(
    visit: Visit, file: File, typed: Typed, *, wrong: tuple[str, ...] = (), read: Read | None = None
) -> Response[str]:
    may = file.case is not None and visit.may("follow_up.record", file.stream)
    return shell.page(
        say("Laboratory results"),
        visit,
        faults(wrong),
        _read_back(visit, file, typed, read) if read else None,
        _form(visit, file, typed) if may else None,
        _on_record(visit, file.case),
        h.p[h.a(href=f"/patients/{file.stream}")[say("The patient’s file")]],
        banner=banner(file),
        styles=("patients.css",),
        status=400 if wrong else 200,
    )


def _read_back(visit: Visit, file: File, typed: Typed, read: Read) -> Node:
    """Every value as it was understood, beside the one before."""
    sent = msgspec.structs.asdict(typed) | {"checked": read.text}
    return notice(
        "info",
        h.h2[say("Is this what the laboratory says? Nothing is recorded yet.")],
        h.p[woven("Drawn {time}.", time=stamp(read.drawn_at))],
        h.ul[
            (
                h.li[
                    h.strong[reading(name, each.number, visit.knowledge)],
                    _also(each),
                    _before(file.case, name),
                ]
                for name, each in read.values.items()
            )
        ],
        field.form(visit.form_token, f"/patients/{file.stream}/results")[
            (h.input(type="hidden", name=name, value=value) for name, value in sent.items()),
            field.submit(say("Record these results")),
        ],
    )


def _also(found: Measured) -> str:
    """As it was typed in another unit, or in one other unit."""
    if found.written.unit != found.quantity.unit:
        written = f"{found.written.number:f} {unit_text(found.written.unit)}"
        return say(", typed as {written}", written=written)
    others = expressed(found)[:1]
    return "".join(f" = {number(value)} {unit_text(unit)}" for value, unit in others)


def _before(case: Case | None, measure: str) -> str:
    earlier = [each for each in results_of(case) if each.measure == measure] if case else []
    if not earlier:
        return say("; none before is on record")
    last = max(earlier, key=lambda each: each.drawn_at)
    return say("; before: {value}, {day}", value=number(last.value), day=f"{last.drawn_at:%Y-%m-%d}")


def _form(visit: Visit, file: File, typed: Typed) -> Node:
    own = typed.id or str(uuid.uuid4())
    return h.section[
        h.h2[say("New results")],
        field.form(visit.form_token, f"/patients/{file.stream}/results", classes="narrow")[
            h.input(type="hidden", name="id", value=own),
            (_control(measure, typed) for measure in _measures(visit.knowledge)),
            field.text("day", say("Drawn on"), typed.day, hint=say("Day, as {day}", day="2026-11-23")),
            field.text("time", say("Drawn at"), typed.time, hint=say("Time of day, as {time}", time="08:10")),
            field.submit(say("Check")),
        ],
    ]


def _control(measure: Measure, typed: Typed) -> Node:
    others = [unit_text(unit) for unit in units.accepted_units(measure.unit) if unit != measure.unit]
    return field.text(
        _field(measure),
        _called(measure),
        _text(typed, measure),
        unit=unit_text(measure.unit),
        hint=say("Or with its unit: {units}", units=", ".join(others)) if others else "",
        required=False,
    )


def _on_record(visit: Visit, case: Case | None) -> Node:
    if case is None:
        return h.p[say("Nothing was given yet: there is no infusion that results could follow.")]
    found = sorted(results_of(case), key=lambda each: each.drawn_at, reverse=True)
    return table(
        say("On record"), (say("Drawn"), say("Result")), _rows(visit, found), empty=say("No result.")
    )


def _rows(visit: Visit, found: Iterable[ResultReceived]) -> Iterable[tuple[Node, ...]]:
    for each in found:
        value: Decimal = each.value
        yield stamp(each.drawn_at.astimezone(visit.now.tzinfo)), reading(each.measure, value, visit.knowledge)


routes = [results, record]
