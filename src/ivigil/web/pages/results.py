"""Laboratory results of the days after an infusion: typed, read back in the other unit, then recorded."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable
from decimal import Decimal

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil.aftercare.happenings import ResultReceived
from ivigil.intake.form import expressed
from ivigil.intake.quantities import Measured
from ivigil.intake.result import quantity_of, read_drawn, read_result
from ivigil.knowledge.reactions import Measure
from ivigil.knowledge.store import Knowledge
from ivigil.order import OrderError
from ivigil.practice.aftermath import Case, results_of
from ivigil.practice.entry import draft
from ivigil.practice.file import File, open_file
from ivigil.sheets.chair import reading
from ivigil.sheets.faults import accepted, seen
from ivigil.sheets.numbers import number, span
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.order_form import figure, unit_text
from ivigil.web.pages.patients import banner
from ivigil.web.parts import field
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import drawn, stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_LABORATORY = ("/L",)
"""How the unit of what a laboratory measures ends."""
_SIDE = texts({"_from": "{measure}, normal from", "_to": "{measure}, normal to"})
"""The laboratory's own limits: what the name of their control ends with."""
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
    haemoglobin_from: str = ""
    haemoglobin_to: str = ""
    creatinine: str = ""
    creatinine_from: str = ""
    creatinine_to: str = ""
    sodium: str = ""
    sodium_from: str = ""
    sodium_to: str = ""
    neutrophils: str = ""
    neutrophils_from: str = ""
    neutrophils_to: str = ""
    glucose: str = ""
    glucose_from: str = ""
    glucose_to: str = ""
    tryptase: str = ""
    tryptase_from: str = ""
    tryptase_to: str = ""
    day: str = ""
    time: str = ""
    id: str = ""
    """UUID that the page made: the same form sent twice is recorded once."""
    checked: str = ""
    """What was read back to the person; recorded only if it is still what is typed."""


class Result(msgspec.Struct, frozen=True):
    """One value as it was typed, with the limits of that laboratory."""

    value: Measured
    low: Measured | None
    high: Measured | None

    @property
    def numbers(self) -> tuple[Decimal, Decimal | None, Decimal | None]:
        """Value, lower and upper limit in the measure's unit, as they are recorded."""
        low, high = (None if each is None else each.number for each in (self.low, self.high))
        return self.value.number, low, high


class Read(msgspec.Struct, frozen=True):
    """What was typed, understood."""

    values: dict[str, Result]
    """By measure."""
    drawn_at: dt.datetime

    @property
    def text(self) -> str:
        said = [f"{name}={','.join(map(str, each.numbers))}" for name, each in self.values.items()]
        return ";".join((*said, self.drawn_at.isoformat()))

    def received(self, measure: str) -> ResultReceived:
        """One of them, to be recorded."""
        value, low, high = self.values[measure].numbers
        return ResultReceived(
            measure=measure, value=value, drawn_at=self.drawn_at, lower_normal=low, upper_normal=high
        )


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


@post("/results/echo", needs="facts.read", status_code=200, sync_to_thread=True)
def echo(visit: TheVisit, data: URLEncodedBody[Typed]) -> Response[str]:
    """What is typed in the other unit, while it is typed: of no patient, and nothing is kept."""
    echoes = (_echo(each, _text(data, each), visit.knowledge) for each in _measures(visit.knowledge))
    return shell.part(h.div[echoes])


def _write(visit: Visit, case: Case, read: Read, form: str) -> None:
    """One event a value; what this form has recorded before is left as it is."""
    known = {each.id for each in case.happened}
    drafts = []
    for measure in read.values:
        name = str(uuid.uuid5(uuid.NAMESPACE_URL, f"{form} {measure}"))
        if name not in known:
            body = read.received(measure)
            drafts.append(draft(replace(visit.entry(), id=name), case.stream, body, case.episode.infusion))
    if drafts:
        visit.journal.append(drafts)


def _read(visit: Visit, data: Typed) -> tuple[Read | None, tuple[str, ...]]:
    """Everything together, or every fault."""
    wrong: list[str] = []
    values: dict[str, Result] = {}
    for measure in _measures(visit.knowledge):
        found = _result(measure, data, visit.knowledge, wrong)
        if found is not None:
            values[measure.id] = found
    try:
        at = read_drawn(data.day, data.time, visit.now)
    except OrderError as error:
        at = visit.now
        wrong += _told(say("Drawn"), error)
    if not values and not wrong:
        wrong.append(say("Nothing was typed; accepted: one result or more"))
    return (None, tuple(wrong)) if wrong else (Read(values, at), ())


def _result(measure: Measure, data: Typed, knowledge: Knowledge, wrong: list[str]) -> Result | None:
    """A value with its limits; None where nothing, or nothing usable, was typed. Faults go to ``wrong``."""
    called = _called(measure)
    typed, limits = _text(data, measure), {side: _text(data, measure, side) for side in _SIDE}
    value = _one(called, measure, typed, knowledge, wrong)
    if value is None:
        if any(map(str.strip, limits.values())) and not typed.strip():
            wrong.append(say("{measure}: normal limits without a result", measure=called))
        return None
    unit = value.written.unit
    low, high = (
        _one(say(_SIDE[side], measure=called), measure, _in(unit, text), knowledge, wrong)
        for side, text in limits.items()
    )
    if low is not None and high is not None and not low.number < high.number:
        wrong.append(
            say(
                "{measure}: normal from {low} to {high}; accepted: from less to more",
                measure=called,
                low=number(low.number),
                high=number(high.number),
            )
        )
    return Result(value, low, high)


def _one(called: str, measure: Measure, text: str, knowledge: Knowledge, wrong: list[str]) -> Measured | None:
    if not text.strip():
        return None
    try:
        return read_result(measure, text, knowledge)
    except OrderError as error:
        wrong += _told(called, error)
        return None


def _in(unit: str, text: str) -> str:
    """A limit without a unit is in that of the result, as the laboratory printed them."""
    bare = text.strip()
    return f"{bare} {unit}" if unit and bare and not bare[-1].isalpha() else bare


def _told(called: str, error: OrderError) -> list[str]:
    return [
        say("{field}: {typed}; accepted: {accepted}", field=called, typed=seen(each), accepted=accepted(each))
        for each in error.faults
    ]


def _measures(knowledge: Knowledge) -> tuple[Measure, ...]:
    """What a laboratory measures, of all that is known."""
    return tuple(each for each in knowledge.facts.measure if each.unit.endswith(_LABORATORY))


def _field(measure: Measure) -> str:
    return measure.id.removeprefix("measure.").split("_")[0]


def _called(measure: Measure) -> str:
    return say(_NAME.get(_field(measure), _field(measure).capitalize()))


def _text(data: Typed, measure: Measure, side: str = "") -> str:
    """What was typed as a value, or as a limit: ``side`` is a key of ``_SIDE``."""
    return str(getattr(data, _field(measure) + side, ""))


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
        scripts=("results.js",),
        status=400 if wrong else 200,
    )


def _read_back(visit: Visit, file: File, typed: Typed, read: Read) -> Node:
    """Every value as it was understood, beside the one before."""
    sent = msgspec.structs.asdict(typed) | {"checked": read.text}
    return notice(
        "info",
        h.h2[say("Is this what the laboratory says? Nothing is recorded yet.")],
        h.p[woven("Drawn {time}.", time=stamp(read.drawn_at, visit.zone))],
        h.ul[
            (
                h.li[
                    h.strong[reading(name, each.value.number, visit.knowledge)],
                    _also(each.value),
                    _normal(read.received(name), visit.knowledge, texts("; normal there: {limits}")),
                    _before(file.case, name, visit.zone),
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
    return "".join(f" {figure(value, unit, '')}" for value, unit in _other(found))


def _other(found: Measured) -> tuple[tuple[Decimal, str], ...]:
    """The same in the one other unit that reads best, if there is one: the least number from 1 on."""
    others = sorted(expressed(found), key=lambda each: (each[0] < 1, each[0]))
    return tuple(others[:1])


def _normal(found: ResultReceived, knowledge: Knowledge, text: str = "") -> str:
    """The laboratory's own limits and where the value lies, in a ``text`` or bare; "": none was told."""
    low, high = found.lower_normal, found.upper_normal
    if low is None and high is None:
        return ""
    unit = next(each.unit for each in knowledge.facts.measure if each.id == found.measure)
    limits = span(low, high, unit_text(unit))
    if low is not None and found.value < low:
        limits = say("{limits}: BELOW", limits=limits)
    if high is not None and found.value > high:
        limits = say("{limits}: ABOVE", limits=limits)
    return say(text, limits=limits) if text else limits


def _before(case: Case | None, measure: str, zone: dt.tzinfo) -> Node:
    earlier = [each for each in results_of(case) if each.measure == measure] if case else []
    if not earlier:
        return say("; none before is on record")
    last = max(earlier, key=lambda each: each.drawn_at)
    return woven("; before: {value}, {time}", value=number(last.value), time=drawn(last.drawn_at, zone))


def _form(visit: Visit, file: File, typed: Typed) -> Node:
    own = typed.id or str(uuid.uuid4())
    return h.section[
        h.h2[say("New results")],
        field.form(visit.form_token, f"/patients/{file.stream}/results", classes="results")[
            h.input(type="hidden", name="id", value=own),
            h.div(".measures")[
                (_control(measure, typed, visit.knowledge) for measure in _measures(visit.knowledge))
            ],
            field.text("day", say("Drawn on"), typed.day, hint=say("Day, as {day}", day="2026-11-23")),
            field.text("time", say("Drawn at"), typed.time, hint=say("Time of day, as {time}", time="08:10")),
            field.submit(say("Check")),
        ],
    ]


def _control(measure: Measure, typed: Typed, knowledge: Knowledge) -> Node:
    others = [unit_text(unit) for unit in quantity_of(measure, knowledge).units if unit != measure.unit]
    called, limits = _called(measure), [_text(typed, measure, side) for side in _SIDE]
    return h.div(".result")[
        field.text(
            _field(measure),
            called,
            _text(typed, measure),
            unit=unit_text(measure.unit),
            hint=say("Or with its unit: {units}", units=", ".join(others)) if others else "",
            required=False,
        ),
        _echo(measure, _text(typed, measure), knowledge) if others else None,
        h.details(".limits", open=any(limits) or None)[
            h.summary[say("Normal there"), h.span(".unseen")[f": {called}"]],
            h.fieldset[
                h.legend(".unseen")[say("{measure}: this laboratory’s normal limits", measure=called)],
                field.text(f"{_field(measure)}_from", say("from"), limits[0], required=False),
                field.text(f"{_field(measure)}_to", say("to"), limits[1], required=False),
            ],
        ],
    ]


def _echo(measure: Measure, text: str, knowledge: Knowledge) -> Element:
    """What is typed, in the other unit; empty where nothing usable is typed."""
    said = ""
    if text.strip():
        try:
            others = _other(read_result(measure, text, knowledge))
            said = " ".join(figure(value, unit, "") for value, unit in others)
        except OrderError:
            said = ""
    return h.p(".echo", id=f"echo-{_field(measure)}", aria_live="polite")[said or None]


def _on_record(visit: Visit, case: Case | None) -> Node:
    if case is None:
        return h.p[say("Nothing was given yet: there is no infusion that results could follow.")]
    found = sorted(results_of(case), key=lambda each: each.drawn_at, reverse=True)
    return h.section(".on-record")[
        table(
            say("On record"),
            (say("Drawn"), say("Result"), say("Normal there")),
            _rows(visit, found),
            empty=say("No result."),
        )
    ]


def _rows(visit: Visit, found: Iterable[ResultReceived]) -> Iterable[tuple[Node, ...]]:
    for each in found:
        shown = reading(each.measure, each.value, visit.knowledge)
        yield drawn(each.drawn_at, visit.zone), shown, _normal(each, visit.knowledge) or say("not told")


routes = [results, record, echo]
