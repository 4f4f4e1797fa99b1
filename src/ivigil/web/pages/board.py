"""The board: today's infusions by chair, whoever needs somebody first on top.

Everybody who passes may read it: a chair, initials and numbers, no name. Who somebody is stands on a page of
its own, and looking there is recorded.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from ivigil.infusion.advice import Rank
from ivigil.infusion.briefing import BriefingError
from ivigil.infusion.due import Due
from ivigil.infusion.events import CHAIR_LETTERS
from ivigil.infusion.replay import replay
from ivigil.practice.board import NOT_AS_SIGNED, Board, Note, Place, Section, presses, report_rank
from ivigil.practice.deeds import Telling, tell
from ivigil.practice.reports import Unsettled
from ivigil.practice.told import ToldError
from ivigil.records.finding import plan_and_day
from ivigil.records.infusing import Infusion, load
from ivigil.records.lookback import contact_of
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import advice_line, alarm_words, measures
from ivigil.sheets.journal import REFUSAL, STEP
from ivigil.sheets.numbers import MINUTES_PER_HOUR, hours
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.kept import kept
from ivigil.web.pages.reported import how_soon, report_path
from ivigil.web.parts import field
from ivigil.web.parts.notice import Tone, faults, notice
from ivigil.web.parts.number import number
from ivigil.web.parts.stamp import clock, live
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_PART = "infusions"
_EVERY_SECONDS = 2
_MINUTE = dt.timedelta(minutes=1)
_STYLES, _SCRIPTS = ("board.css",), ("board.js",)

RANK: dict[Rank, tuple[Tone, str, str]] = {
    "emergency": ("stop", "■", texts("Emergency")),
    "flow": ("stop", "■", texts("Change the flow")),
    "treat": ("slow", "▲", texts("Treat")),
    "overdue": ("slow", "▲", texts("Overdue")),
}
COUNTED: dict[Section, tuple[str, str]] = texts(
    {
        "first": ("{count} needs somebody", "{count} need somebody"),
        "running": ("{count} running", "{count} running"),
        "observed": ("{count} under observation", "{count} under observation"),
        "expected": ("{count} not begun", "{count} not begun"),
    }
)
SECTION: dict[Section, tuple[str, str]] = texts(
    {
        "first": ("Needs somebody", "Nobody is waiting."),
        "running": ("Running", "No infusion runs without anything to do."),
        "observed": ("Under observation", "Nobody."),
        "expected": ("Not begun", "No more plans for today."),
    }
)
NOTE: dict[Note, str] = texts(
    {
        "same_chair": "another infusion is on record at this chair",
        "same_initials": "another patient here has the same initials",
        "wrong_patient": "another patient was identified here than whom the plan is for",
        "plan_changed": "the plan is not what was signed any more",
        "no_course": "the plan has no course: nothing can be advised",
        "ahead": "an entry lies in the future",
    }
)
_CALLS: dict[Note, str] = texts(
    {
        "wrong_patient": "Another patient was identified here than whom the plan is for: look at once",
        "plan_changed": "The plan is not what was signed any more: call the prescriber",
    }
)
"""Notes that need somebody while the infusion goes on."""
_NOT_SIGNED = texts("Not as signed")
_ALARM = texts({"identity_differs": "the identity differs from one checked before"})
"""Where the words of the chair would show an identifier."""


class Chair(msgspec.Struct):
    """What the form sends."""

    chair: str = ""
    entry: str = ""


@get("/", needs="account.manage", sync_to_thread=False)
def first(visit: TheVisit) -> Redirect:
    """Where somebody begins: the first page that their roles open; a patient's own."""
    if visit.person.patient:
        return Redirect("/me", status_code=303)
    path = next((path for action, path, _ in shell.NAVIGATION if visit.may(action)), "/account")
    return Redirect(path, status_code=303)


@get("/board", needs="board.read", sync_to_thread=True)
def board(visit: TheVisit) -> Response[str]:
    """Today's infusions, live."""
    found = kept(visit.journal).ward.board(visit.knowledge, visit.now).at_site(visit.site)
    shown = live(_PART, "/board", visit.now, every=_EVERY_SECONDS)[_board(found, visit)]
    if visit.part == _PART:
        return shell.part(shown)
    told = h.p("#board-told.unseen", role="status")
    return shell.page(say("Board"), visit, told, shown, scripts=_SCRIPTS, styles=_STYLES)


@get("/board/{infusion:str}", needs="chair.read", sync_to_thread=True)
def who(visit: TheVisit, infusion: FromPath[str]) -> Response[str]:
    """Who sits where: the read is recorded. The chair is told here."""
    return _who_page(visit, load(visit.journal, infusion))


@post("/board/{infusion:str}/chair", needs="chair.record", status_code=303, sync_to_thread=True)
def seat(visit: TheVisit, infusion: FromPath[str], data: URLEncodedBody[Chair]) -> Response[Any]:
    """The patient took a chair, or changed to another one. The same form sent twice is one entry."""
    try:
        entry = visit.entry(event_id=str(uuid.UUID(data.entry)))
        telling = Telling(kind="seat", fields={"chair": data.chair}, entry=entry, at=visit.now)
        tell(visit.journal, infusion, visit.knowledge, telling)
    except (ValueError, ToldError):
        wrong = (
            say(
                "Chair: 1 to {letters} characters, as it is written there.",
                letters=str(CHAIR_LETTERS),
            ),
        )
        return _who_page(visit, load(visit.journal, infusion), wrong, data.chair)
    except BriefingError:
        wrong = (say("The plan gives nothing on this day: nobody is to be seated for it."),)
        return _who_page(visit, load(visit.journal, infusion), wrong, data.chair)
    return Redirect("/board", status_code=303)


def chair_path(infusion: str) -> str:
    """Where an infusion is looked after."""
    plan, day = plan_and_day(infusion) or ("", 0)
    return f"/chair/{plan}/{day}"


# --- the board


def _board(found: Board, visit: Visit) -> Node:
    return [
        h.p(".counts")[_counts(found)],
        notice("slow", say(_ADVICE_OFF)) if not found.live_advice else None,
        notice("stop", _unreadable(found.unreadable)) if found.unreadable else None,
        (_section(name, found, visit) for name in SECTION),
    ]


_ADVICE_OFF = texts(
    "Live advice is switched off at this site. The order rests on what is overdue and on symptoms on record."
)


def _unreadable(count: int) -> str:
    return say("{count} on record cannot be read and may be running: look at the chairs.", count=str(count))


def _counts(found: Board) -> Iterator[Node]:
    """One line for a glance: how many stand where."""
    for name, (one, many) in COUNTED.items():
        some = len(found.of(name))
        yield h.span(class_={"count": True, "none": not some, "urgent": bool(some) and name == "first"})[
            woven(one if some == 1 else many, count=h.b[str(some)])
        ]
    yield h.span(class_={"count": True, "none": not found.left})[
        woven("{count} have left", count=h.b[str(found.left)])
    ]


def _section(name: Section, found: Board, visit: Visit) -> Node:
    places = found.of(name)
    title, empty = SECTION[name]
    if not places and name != "first":
        return None
    return h.section(class_=f"places-{name}", aria_labelledby=f"board-{name}")[
        h.h2(id=f"board-{name}")[say(title)],
        h.ul(".places")[(_card(place, found, visit) for place in places)]
        if places
        else h.p(".calm")[say(empty)],
    ]


def _card(place: Place, found: Board, visit: Visit) -> Element:
    tone = RANK[place.rank][0] if place.section == "first" else "none"
    return h.li(f".place.{tone}", id=f"place-{place.infusion}", data_first=_told(place, visit))[
        h.div(".who")[
            h.a(".chair", id=f"open-{place.infusion}", href=chair_path(place.infusion))[_called(place.chair)],
            h.span(".initials")[place.initials or say("no name")],
        ],
        _needed(place, found.at, visit) if place.section == "first" else None,
        _flow(place, found.at),
        h.p(".product.soft")[_product(place, visit)],
        _next(place, found.at, visit),
        _warnings(place),
        h.a(".ask-who", id=f"who-{place.infusion}", href=f"/board/{place.infusion}")[
            say("Who is this?"), h.span(".unseen")[f" {place.chair or say('no chair')}, {place.initials}"]
        ],
    ]


def _called(chair: str) -> str:
    """ "4" is chair 4; "Window 2" says itself what it is."""
    if not chair:
        return say("No chair told")
    return say("Chair {chair}", chair=chair) if chair[0].isdigit() or len(chair) == 1 else chair


def _told(place: Place, visit: Visit) -> str | None:
    """What is read out when it comes up; None for whoever needs nobody."""
    if place.section != "first":
        return None
    lines = _pressing(place, visit)
    return f"{_called(place.chair)}, {place.initials}: {lines[0]}"


def _needed(place: Place, at: dt.datetime, visit: Visit) -> Element:
    tone, sign, word = RANK[place.rank]
    if place.rank == NOT_AS_SIGNED and place.waiting_since is None and _calls(place):
        word = _NOT_SIGNED
    since = place.waiting_since
    return h.div(f".needed.{tone}")[
        h.p(".rank")[
            h.span(aria_hidden="true")[f"{sign} "],
            say(word),
            h.span(".since")[f" {_span(at - since)}"] if since is not None else None,
        ],
        h.ul[
            (
                h.li[h.a(href=report_path(each))[text] if visit.may("follow_up.read", place.stream) else text]
                for each in _reports(place)
                for text in [_report_words(each)]
            ),
            (h.li[line] for line in _advised(place, visit)),
        ],
    ]


def _reports(place: Place) -> list[Unsettled]:
    """Those that somebody has to see now; the others wait in the inbox."""
    return [each for each in place.reports if report_rank(each) is not None]


def _report_words(report: Unsettled) -> str:
    return say("The patient reported: {urgency}. Read it.", urgency=how_soon(report))


def _pressing(place: Place, visit: Visit) -> list[str]:
    """What is to be done at once: what was reported, then in the words of the chair."""
    return [*(_report_words(each) for each in _reports(place)), *_advised(place, visit)]


def _advised(place: Place, visit: Visit) -> list[str]:
    lines = [advice_line(each, visit.knowledge) for each in place.advice if presses(each)]
    if not lines:
        lines = [_due_words(each, visit) for each in place.due if each.overdue(visit.now)]
    return [*_calls(place), *lines] or ([] if _reports(place) else [say("Look at the patient")])


def _calls(place: Place) -> list[str]:
    """What calls for somebody though no advice is about it."""
    if place.phase not in ("running", "halted"):
        return []
    return [say(_CALLS[note]) for note in place.notes if note in _CALLS]


def _flow(place: Place, at: dt.datetime) -> Element:
    """The rate, the step and how far it is; or why nothing flows."""
    if place.phase == "running":
        step = say("no planned rate")
        if place.ladder_step:
            step = say("step {step} of {steps}", step=str(place.ladder_step), steps=str(place.ladder_steps))
        head: Node = [number(place.rate_ml_per_h, "mL/h", large=True), h.span(".step")[step]]
    elif place.phase == "halted":
        head = h.span(".state")[say("Halted: {why}", why=say(words.HALT[place.halt]))]
    elif place.phase == "ended":
        head = h.span(".state")[woven("Ended {time}", time=_time(place.ended_at, at))]
    else:
        head = h.span(".state")[woven("Planned for {time}", time=_time(place.planned_at, at))]
    return h.div(".flow")[h.p(".now")[head], _progress(place, at)]


def _progress(place: Place, at: dt.datetime) -> Node:
    """How much is in, how long it takes still."""
    if place.phase == "not_started":
        late = at - place.planned_at
        return h.p(".soft")[
            say("{time} ago", time=_span(late)) if late >= _MINUTE else _in(place.planned_at, at)
        ]
    given, whole = place.given_ml, place.volume_ml
    share = min(given / whole, Decimal(1)) if whole else Decimal(0)
    return [
        h.progress(value=f"{share:.3f}", max="1", aria_label=say("Volume given")),
        h.p(".soft")[
            woven("{given} of {whole}", given=number(given, "mL", 0), whole=number(whole, "mL", 0)),
            _left(place, at),
        ],
    ]


def _left(place: Place, at: dt.datetime) -> Node:
    if place.expected_end is not None:
        span = _span(place.expected_end - at)
        left = h.b[say("{time} left", time=span)]
        return [" · ", woven("{left}, ends about {time}", left=left, time=_time(place.expected_end, at))]
    if place.phase == "ended" and place.stay_until is not None:
        over = at >= place.stay_until
        text = texts("observe until {time} (over)") if over else texts("observe until {time}")
        return [" · ", woven(text, time=_time(place.stay_until, at))]
    return f" · {say('how long to observe is not known')}" if place.phase == "ended" else None


def _product(place: Place, visit: Visit) -> str:
    product = visit.knowledge.products.get(place.product)
    return product.name if product is not None else say("product not known")


def _next(place: Place, at: dt.datetime, visit: Visit) -> Node:
    """What is due next; before the start, whether it may begin."""
    if place.phase == "not_started" and place.refused:
        return [
            h.p(".refused")[
                say("May not start: {why}", why="; ".join(say(REFUSAL[each.code]) for each in place.refused))
            ],
            h.p(".soft")[say(STEP[place.step])],
        ]
    coming = [each for each in place.due if not each.overdue(at)]
    if not coming or place.phase == "not_started":
        return h.p(".next")[say("Released: may start")] if place.phase == "not_started" else None
    due = coming[0]
    return h.p(".next")[
        woven(
            "Next {time}, {span}: {what}",
            time=_time(due.at, at),
            span=_in(due.at, at),
            what=_due_words(due, visit),
        )
    ]


def _due_words(due: Due, visit: Visit) -> str:
    if due.what == "vial_change":
        return say(words.ADVICE["hang_vial"])
    return say(words.ADVICE["check_vitals"], measures=measures(due.measures, visit.knowledge))


def _warnings(place: Place) -> Node:
    """What should not be so, and what is easily mixed up."""
    alarms = dict.fromkeys(
        say(_ALARM[alarm.code]) if alarm.code in _ALARM else alarm_words(alarm) for alarm in place.alarms
    )
    called = _CALLS if _calls(place) else {}
    told = () if place.section == "first" else map(_report_words, _reports(place))
    lines = (*told, *(say(NOTE[note]) for note in place.notes if note not in called), *alarms)
    return h.ul(".warnings")[(h.li[line] for line in lines)] if lines else None


# --- who it is


def _who_page(visit: Visit, found: Infusion, wrong: tuple[str, ...] = (), typed: str = "") -> Response[str]:
    """Two identifiers, where to go on, and the chair."""
    plan = found.standing.plan
    contact = contact_of(visit.journal, found.stream)
    sitting = _chair_of(found, visit)
    form = field.form(visit.form_token, f"/board/{found.id}/chair", classes="narrow")[
        faults(wrong),
        h.input(type="hidden", name="entry", value=str(uuid.uuid4())),
        field.text(
            "chair",
            say("Chair or bed"),
            typed or sitting,
            hint=say("As it is written there. No patient’s name."),
        ),
        field.submit(say("Save the chair")),
    ]
    return shell.page(
        _called(sitting),
        visit,
        h.dl(".facts")[
            h.dt[say("Name")],
            h.dd[contact.name if contact is not None and contact.name else say("not on record")],
            h.dt[say("Identifier")],
            h.dd[f"{plan.order.patient.id.value} ", h.span(".soft")[f"({plan.order.patient.id.system})"]],
            h.dt[say("Born")],
            h.dd[f"{plan.order.patient.birth_date}"],
            h.dt[say("Plan")],
            h.dd[say(STEP[found.standing.step])],
        ],
        h.p[
            h.a(href=chair_path(found.id))[say("To the infusion")],
            " · ",
            h.a(href="/board")[say("Back to the board")],
        ],
        form if visit.may("chair.record", found.stream) else None,
        styles=_STYLES,
        status=400 if wrong else 200,
    )


def _chair_of(found: Infusion, visit: Visit) -> str:
    day = next(day for day in found.standing.plan.days if day.number == found.day)
    return replay(day, (event for event in found.events if event.at <= visit.now)).chair


# --- times


def _time(moment: dt.datetime | None, at: dt.datetime) -> Node:
    """The time of day here; with its day where that is another one."""
    if moment is None:
        return say("at a time that is not known")
    local = moment.astimezone(at.tzinfo)
    return clock(local) if local.date() == at.date() else [f"{local:%Y-%m-%d} ", clock(local)]


def _in(moment: dt.datetime, at: dt.datetime) -> str:
    return say("in {time}", time=_span(moment - at)) if moment > at else say("now")


def _span(span: dt.timedelta) -> str:
    """Whole minutes, hours, days: never longer than it is."""
    minutes = max(int(span / _MINUTE), 0)
    days, rest = divmod(minutes, 24 * MINUTES_PER_HOUR)
    return f"{days} d {hours(rest)}" if days else hours(minutes)


routes = [first, board, who, seat]
