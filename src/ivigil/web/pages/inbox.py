"""The follow-up inbox: what waits in the days after infusions, and one infusion with what is to be done.

The list shows initials and no word of a patient; the record of one infusion is a read of its own.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable

import htpy as h
import msgspec
from anyio import to_thread
from htpy import Element, Node
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from ivigil.aftercare.check_ins import CheckIn
from ivigil.aftercare.follow_up import FollowUpTest, HandOver
from ivigil.aftercare.happenings import (
    CheckInAnswered,
    CheckInRead,
    FollowUpEvent,
    Happened,
    ReportsSettled,
    ResultReceived,
    SymptomsReported,
    unsettled,
)
from ivigil.aftercare.standing import Standing
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.team_hours import watching_at
from ivigil.infusion.briefing import BriefingError
from ivigil.knowledge.reactions import Symptom
from ivigil.knowledge.store import Knowledge
from ivigil.practice.aftermath import Case, hand_over, of_journal, record, triage_of
from ivigil.practice.inbox import QUIET, Inbox, Item, Tier
from ivigil.records.lookback import contact_of
from ivigil.sheets.after_words import BECAUSE, HOLDS, STATE, TEST, whom
from ivigil.sheets.chair import reading, readings
from ivigil.sheets.check_ins import names
from ivigil.sheets.spoken import counted, say, texts
from ivigil.sheets.triage import DANGER, NUMBER, TITLE
from ivigil.sheets.triage_words import reasons
from ivigil.web import shell
from ivigil.web.given import Asked, TheVisit
from ivigil.web.kept import kept
from ivigil.web.pages.board import chair_path
from ivigil.web.parts import field
from ivigil.web.parts.identity import identity
from ivigil.web.parts.notice import Tone, faults, notice
from ivigil.web.parts.stamp import drawn, live, stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_PART = "waiting"
_EVERY_SECONDS = 5
_STYLES = ("inbox.css",)
_HOUR = dt.timedelta(hours=1)

TIER: dict[Tier, tuple[Tone, str, str]] = {
    "emergency": ("stop", "■", texts("Emergency")),
    "now": ("stop", "■", texts("Now, at any hour")),
    "today": ("slow", "▲", texts("Today")),
    "read": ("info", "i", texts("To read")),
    "ask": ("info", "i", texts("To ask or to remind")),
    "later": ("info", "i", texts("Later")),
}
_LONGEST_REASON = 500


class Settlement(msgspec.Struct):
    """What the form sends."""

    reason: str = ""
    entry: str = ""
    seen: str = ""
    """Id of the last thing that was written when the page was made."""


class Sent(msgspec.Struct):
    """A form with a button alone."""

    entry: str = ""
    seen: str = ""


class Told(msgspec.Struct, frozen=True, kw_only=True):
    """What somebody of the team heard at the telephone, as the form was sent."""

    answers: dict[str, str] = {}
    """Symptom -> "yes" or "no"; whatever was not asked is not in it."""
    both: tuple[str, ...] = ()
    """Symptoms with both answers, which no form of ours sends."""
    none: bool = False
    """Every question about danger was asked, and those without a yes are a no."""
    says: str = ""
    entry: str = ""


@get("/inbox", needs="follow_up.list", sync_to_thread=True)
def inbox(visit: TheVisit) -> Response[str]:
    """What waits, live."""
    found = kept(visit.journal).post.inbox(visit.knowledge, visit.now).at_site(visit.site)
    shown = live(_PART, "/inbox", visit.now, every=_EVERY_SECONDS)[_list(found, visit)]
    if visit.part == _PART:
        return shell.part(shown)
    return shell.page(say("Inbox"), visit, shown, styles=_STYLES)


@get("/inbox/{infusion:str}", needs="follow_up.read", sync_to_thread=True)
def followed(visit: TheVisit, infusion: FromPath[str]) -> Response[str]:
    """The days after one infusion: the read is recorded."""
    return _record_page(visit, _case(visit, infusion))


@post("/inbox/{infusion:str}/settle", needs="follow_up.record", status_code=303, sync_to_thread=True)
def settle(
    visit: TheVisit, infusion: FromPath[str], data: URLEncodedBody[Settlement]
) -> Response[str] | Redirect:
    """A clinician has dealt with every report and result so far."""
    case, reason = _case(visit, infusion), " ".join(data.reason.split())
    if not reason or len(reason) > _LONGEST_REASON:
        wrong = say("What was done: 1 to {most} characters.", most=str(_LONGEST_REASON))
        return _record_page(visit, case, (wrong,))
    return _recorded_as_seen(visit, case, ReportsSettled(reason=reason), data)


@post(
    "/inbox/{infusion:str}/read/{check_in:str}",
    needs="follow_up.record",
    status_code=303,
    sync_to_thread=True,
)
def mark_read(
    visit: TheVisit, infusion: FromPath[str], check_in: FromPath[str], data: URLEncodedBody[Sent]
) -> Response[str] | Redirect:
    """Somebody of the team has read the answer."""
    case = _case(visit, infusion)
    asked = _asked(case, check_in)
    return _recorded_as_seen(visit, case, CheckInRead(check_in=asked.id, reader="team"), data)


@get("/inbox/{infusion:str}/ask/{check_in:str}", needs="follow_up.read", sync_to_thread=True)
def ask(visit: TheVisit, infusion: FromPath[str], check_in: FromPath[str]) -> Response[str]:
    """The questions of a check-in, to be asked at the telephone."""
    case = _case(visit, infusion)
    return _questions_page(visit, case, _asked(case, check_in), Told())


@post("/inbox/{infusion:str}/ask/{check_in:str}", needs="follow_up.record", status_code=303)
async def answer(
    request: Asked, visit: TheVisit, infusion: FromPath[str], check_in: FromPath[str]
) -> Response[str] | Redirect:
    """What the patient said; it counts as read."""
    sent = await request.form()
    return await to_thread.run_sync(_answer, visit, infusion, check_in, sent)


def _answer(visit: Visit, infusion: str, check_in: str, sent: FormMultiDict) -> Response[str] | Redirect:
    case = _case(visit, infusion)
    asked = _asked(case, check_in)
    data = _sent(questions_of(asked, case), sent)
    told, wrong = _report(visit, asked, case, data)
    if wrong:
        return _questions_page(visit, case, asked, data, wrong)
    body = CheckInAnswered(check_in=asked.id, report=told, taken_by="team")
    return _recorded(visit, case, body, data.entry)


def _sent(asked: Iterable[Symptom], sent: FormMultiDict) -> Told:
    found = {
        symptom.id: {str(value) for value in sent.getall(f"answer.{symptom.id}", [])} for symptom in asked
    }
    said = {name: values & {"yes", "no"} for name, values in found.items()}
    return Told(
        answers={name: "yes" if "yes" in values else "no" for name, values in said.items() if values},
        both=tuple(name for name, values in said.items() if len(values) > 1),
        none=sent.get("none") == "yes",
        says=str(sent.get("says", "")),
        entry=str(sent.get("entry", "")),
    )


# --- the list


def _list(found: Inbox, visit: Visit) -> Node:
    groups = found.by_infusion()
    return [
        _team(visit),
        h.p(".soft")[
            say("Infusions that are followed: {count}.", count=str(found.followed)),
            " ",
            [
                say(
                    "{count} with nothing recorded for {days} days are not listed.",
                    count=str(found.silent),
                    days=str(QUIET.days),
                ),
                " ",
            ]
            if found.silent
            else None,
            say(
                "Nobody is known to read answers from home all the time: silence is told to the after-hours "
                "service too."
            )
            if any(item.escalation and item.escalation.unwatched for item in found.items)
            else None,
        ],
        notice(
            "stop",
            say(
                "{count} infusions cannot be followed: their plan or their end is missing.",
                count=str(found.unreadable),
            ),
        )
        if found.unreadable
        else None,
        h.ul(".waiting")[(_entry(items, found.at, visit) for items in groups)]
        if groups
        else notice("go", say("Nothing waits.")),
    ]


def _team(visit: Visit) -> Node:
    """Whether the team watches now, by the hours that the site states; nothing without any."""
    stated = visit.knowledge.site.watch
    if stated is None:
        return None
    watch = watching_at(visit.knowledge, visit.now)
    if watch.reading and watch.until is not None:
        return h.p(".soft")[woven("The team watches until {time}.", time=stamp(watch.until, visit.zone))]
    if watch.again is not None:
        again = stamp(watch.again, visit.zone)
        return notice("slow", woven("Nobody of the team watches now; from {time} somebody does.", time=again))
    day = stated.through.isoformat()
    return notice(
        "slow", say("The team’s hours are stated through {day} alone: nobody is known to watch.", day=day)
    )


def _entry(items: tuple[Item, ...], at: dt.datetime, visit: Visit) -> Element:
    first = items[0]
    tone, sign, word = TIER[first.tier]
    return h.li(f".entry.{tone}")[
        h.div(".who")[
            h.p(".tier")[h.span(aria_hidden="true")[f"{sign} "], say(word)],
            h.span(".initials")[first.initials or say("no name")],
        ],
        h.ul[(h.li[_line(item, at, visit)] for item in items)],
        h.a(".open", id=f"open-{first.infusion}", href=f"/inbox/{first.infusion}")[
            say("Open"),
            h.span(".unseen")[" ", say("what waits for {who}", who=first.initials or say("no name"))],
        ],
    ]


def _line(item: Item, at: dt.datetime, visit: Visit) -> Node:
    since: Node = [h.span(".soft")[f" · {_ago(at - item.since)}"], _unwatched(item, visit)]
    told = item.escalation
    match item.kind:
        case "report":
            how_soon = say(TITLE[item.urgency]) if item.urgency else say("not judged: triage is off here")
            where = None if item.ended else [" · ", h.b[say("end of the infusion not recorded")]]
            return [
                h.b[say("Report:"), " "],
                how_soon,
                since,
                where,
                h.br,
                say("Open it, act, then settle it."),
            ]
        case "answer":
            return [h.b[say("Answer not read")], since, _tell(item, visit)]
        case "silence":
            why = say(BECAUSE[told.because]) if told else say("no answer")
            return [h.b[say("Silence:"), " "], why, since, _tell(item, visit)]
        case "check_in":
            return [h.b[say("Check-in due")], since]
        case "result":
            some = counted(
                item.count, "{count} laboratory value to read", "{count} laboratory values to read"
            )
            return [h.b[some], since]
        case "test":
            return [h.b[say("Test without a result:"), " "], item.about, since]


def _unwatched(item: Item, visit: Visit) -> Node:
    """Since when it waits, or until when it waited, and nobody was to watch."""
    gap = item.unwatched
    if gap is None:
        return None
    start = stamp(gap.start, visit.zone)
    if gap.until is None:
        text = woven("unwatched since {time}", time=start)
    else:
        text = woven("unwatched from {start} until {end}", start=start, end=stamp(gap.until, visit.zone))
    return h.span(".unwatched")[" · ", text]


def _tell(item: Item, visit: Visit) -> Node:
    if item.escalation is None:
        return None
    return [h.br, h.b[say("Tell:"), " "], whom(item.escalation, visit.knowledge)]


# --- one infusion


def _record_page(visit: Visit, case: Case, wrong: tuple[str, ...] = ()) -> Response[str]:
    found = _handed_over(case)
    waiting = unsettled(case.known)
    may = visit.may("follow_up.record", case.stream)
    return shell.page(
        say("After the infusion"),
        visit,
        faults(wrong),
        _headline(case, waiting),
        _goes_on(case, visit) if found is None else None,
        _reports(waiting, visit),
        _beside(case, visit) if waiting else None,
        _results(found, waiting, visit),
        _settle_form(visit, case) if may and _to_settle(waiting) else None,
        _left_open(case),
        [_check_ins(found, visit, case, may=may), _tests(found)] if found else None,
        h.p[h.a(href="/inbox")[say("Back to the inbox")]],
        banner=_banner(visit, case),
        styles=_STYLES,
        status=400 if wrong else 200,
    )


def _banner(visit: Visit, case: Case) -> Node:
    """Two identifiers, and which infusion."""
    contact, patient = contact_of(visit.journal, case.stream), case.plan.order.patient
    ended = case.episode.ended_at
    return identity(
        contact.name if contact else "",
        patient.id.value,
        patient.birth_date,
        contact.phone if contact else None,
        woven("infusion ended {time}", time=stamp(ended, visit.zone)) if ended is not None else None,
    )


def _goes_on(case: Case, visit: Visit) -> Node:
    """The end is not recorded: the chair is where to look, and nothing is asked afterwards until it is."""
    return notice(
        "slow",
        h.p[
            say(
                "The end of this infusion is not recorded. It may be running: look at the chair. Until its "
                "end is recorded the patient is asked nothing about it."
            )
        ],
        h.p[h.a(href=chair_path(case.episode.infusion))[say("To the infusion")]]
        if visit.may("chair.read", case.stream)
        else None,
    )


def _headline(case: Case, waiting: Iterable[Happened]) -> Node:
    """How soon, and why: of what was told and is not settled."""
    if not any(isinstance(each.what, SymptomsReported | CheckInAnswered) for each in waiting):
        return notice("go", say("No report waits."))
    found = triage_of(case)
    if found is None:
        return notice("slow", say("Triage is switched off at this site: what follows is not judged."))
    tones: dict[str, Tone] = {"emergency_now": "stop", "same_day": "slow"}
    return notice(
        tones.get(found.urgency, "info"),
        h.p[h.b[say(TITLE[found.urgency])]],
        h.ul[(h.li[text] for text in reasons(found.leading, case.knowledge))],
    )


def _left_open(case: Case) -> Node:
    """The questions about danger that make the answer what it is, and that nobody has answered."""
    found = triage_of(case)
    if found is None or not found.picture.unanswered:
        return None
    questions = {each.id: each.question for each in case.knowledge.facts.symptom}
    return h.section[
        h.h2[say("Not answered, and may mean danger")],
        h.p[say("Call the patient and ask: what is not answered counts as danger.")],
        h.ul[(h.li[questions[name]] for name in found.picture.unanswered)],
    ]


def _reports(waiting: Iterable[Happened], visit: Visit) -> Node:
    told = [each for each in waiting if isinstance(each.what, SymptomsReported | CheckInAnswered)]
    if not told:
        return None
    return h.section[h.h2[say("What was told")], h.ol(".told")[(_told(each, visit) for each in told)]]


def _beside(case: Case, visit: Visit) -> Node:
    """What counts with it: told about the other days of the course, and settled there."""
    if not case.beside:
        return None
    return h.section[
        h.h2[say("Counted with it: told about other days of this course")],
        h.ol(".told")[
            (h.li[h.p[stamp(each.at, visit.zone)], _as_told(each, visit.knowledge)] for each in case.beside)
        ],
    ]


def _told(each: Happened, visit: Visit) -> Element:
    assert isinstance(each.what, SymptomsReported | CheckInAnswered)
    answered = isinstance(each.what, CheckInAnswered)
    return h.li[
        h.p[
            woven(
                "{what}, {time}, recorded by {person}",
                what=h.b[say("Answer to a check-in") if answered else say("Report")],
                time=stamp(each.at, visit.zone),
                person=each.by,
            )
        ],
        _as_told(each.what.report, visit.knowledge),
    ]


def _as_told(report: SymptomReport, base: Knowledge) -> Node:
    told = report.present or report.readings or report.unmatched
    return [
        h.p[h.b[say("Has:"), " "], names(report.present, base)] if report.present else None,
        h.p[h.b[say("Measured:"), " "], readings(report.readings, base)] if report.readings else None,
        (h.blockquote[f"“{text}”"] for text in report.own_words),
        h.p(".soft")[say("Denies:"), " ", names(report.absent, base)] if report.absent else None,
        None if told else h.p[say("Told of no complaint.")],
    ]


def _results(found: HandOver | None, waiting: Iterable[Happened], visit: Visit) -> Node:
    new = [each.what for each in waiting if isinstance(each.what, ResultReceived)]
    if not new:
        return None
    rules = {fact.id: fact.meaning for fact in visit.knowledge.facts.result_rule}
    speaks = [read for read in found.readings if read.holds != "false"] if found else []
    return h.section[
        table(
            say("Laboratory values to read"),
            (say("Drawn"), say("Value")),
            (
                (drawn(each.drawn_at, visit.zone), reading(each.measure, each.value, visit.knowledge))
                for each in new
            ),
        ),
        h.ul[(h.li[h.b[say(HOLDS[read.holds])], f": {rules.get(read.rule, read.rule)}"] for read in speaks)]
        if speaks
        else None,
    ]


def _to_settle(waiting: Iterable[Happened]) -> bool:
    return any(isinstance(each.what, SymptomsReported | CheckInAnswered | ResultReceived) for each in waiting)


def _settle_form(visit: Visit, case: Case) -> Element:
    return h.section[
        h.h2[say("Settle")],
        field.form(visit.form_token, f"/inbox/{case.episode.infusion}/settle", classes="narrow")[
            _entry_id(),
            _seen(case),
            field.area(
                "reason",
                say("What was done"),
                hint=say("Settles every report and laboratory value above. The next one counts as a first."),
            ),
            field.submit(say("Settle what was told so far")),
        ],
    ]


def _check_ins(found: HandOver, visit: Visit, case: Case, *, may: bool) -> Node:
    anew = case.until is not None
    rows = (
        (*_standing(each, visit, anew=anew), _actions(each, visit, case, may=may)) for each in found.check_ins
    )
    headings = (say("When"), say("State"), say("Tell"), say("To do"))
    return h.div(".checks")[table(say("Check-ins"), headings, rows, empty=say("No check-in is planned."))]


def _standing(each: Standing, visit: Visit, *, anew: bool) -> tuple[Node, Node, Node]:
    """anew: the next infusion has ended."""
    state: Node = say(STATE[each.state])
    if each.answered_at is not None:
        read = say("read by the team") if each.answer_read_at else say("NOT READ by the team")
        state = [state, h.br, h.span(".soft")[read]]
    told = each.escalation
    tell: Node = (
        [whom(told, visit.knowledge), h.br, h.span(".soft")[say(BECAUSE[told.because])]] if told else None
    )
    if each.answered_at is None and each.state != "planned" and anew:
        tell = h.span(".soft")[say("The check-ins of the next infusion ask now.")]
    return stamp(each.check_in.due, visit.zone), state, tell


def _actions(each: Standing, visit: Visit, case: Case, *, may: bool) -> Node:
    if not may or each.state == "planned":
        return None
    base = f"/inbox/{case.episode.infusion}"
    asking = h.a(".open", href=f"{base}/ask/{each.check_in.id}")
    if each.answered_at is None:
        return asking[say("Ask by telephone")]
    unread = each.answer_read_at is None
    return [
        field.form(visit.form_token, f"{base}/read/{each.check_in.id}")[
            _entry_id(), _seen(case), field.submit(say("Mark the answer as read"), kind="plain")
        ]
        if unread
        else None,
        asking[say("Ask again by telephone")],
    ]


def _tests(found: HandOver) -> Node:
    if not found.tests:
        return None
    return h.div(".checks")[
        table(
            say("Blood tests that the plan asks for"),
            (say("Test"), say("State"), say("Days")),
            ((test.what, say(TEST[test.state]), _days(test)) for test in found.tests),
        )
    ]


def _days(test: FollowUpTest) -> str:
    if test.first is None:
        return ""
    if test.last in (None, test.first):
        return f"{test.first}"
    return say("{first} to {last}", first=f"{test.first}", last=f"{test.last}")


# --- asking


def questions_of(asked: CheckIn, case: Case) -> tuple[Symptom, ...]:
    """What is asked at the telephone: every question about danger to life, as the patient is asked at home,
    for one that is left open is judged as danger; then those of the check-in."""
    age = case.episode.age_months
    every = [each for each in case.knowledge.facts.symptom if each.question and each.concerns(age)]
    danger = [each for each in every if each.ask_first]
    return (*danger, *(each for each in every if each.id in asked.questions and not each.ask_first))


def _questions_page(
    visit: Visit,
    case: Case,
    asked: CheckIn,
    data: Told,
    wrong: tuple[str, ...] = (),
) -> Response[str]:
    every = questions_of(asked, case)
    danger = [each for each in every if each.ask_first]
    others = [each for each in every if not each.ask_first]
    return shell.page(
        say("Ask by telephone"),
        visit,
        notice("stop", say(DANGER, phone=visit.knowledge.site.emergency_phone or say(NUMBER))),
        h.p[say("What is left open was not asked: it does not count as a no.")],
        field.form(visit.form_token, f"/inbox/{case.episode.infusion}/ask/{asked.id}")[
            faults(wrong),
            _entry_id(),
            h.h2[say("Danger to life")],
            h.div(".questions")[(_question(each, data) for each in danger)],
            h.label(".tick.none")[
                h.input(type="checkbox", name="none", value="yes", checked=data.none),
                h.span[
                    say("All of these were asked. Those that are not answered with yes are answered with no.")
                ],
            ],
            [h.h2[say("Of this check-in")], h.div(".questions")[(_question(each, data) for each in others)]]
            if others
            else None,
            h.div(".field")[
                h.label(for_="says")[say("In their own words")],
                h.textarea(id="says", name="says", rows=3)[data.says],
            ],
            field.submit(say("Save what was said")),
        ],
        h.p[h.a(href=f"/inbox/{case.episode.infusion}")[say("Back without saving")]],
        banner=_banner(visit, case),
        styles=_STYLES,
        status=400 if wrong else 200,
    )


def _question(symptom: Symptom, data: Told) -> Element:
    given = data.answers.get(symptom.id, "")
    return h.fieldset(class_={"question": True, "danger": symptom.ask_first})[
        h.legend[symptom.question],
        (
            h.label(".tick")[
                h.input(type="radio", name=f"answer.{symptom.id}", value=said, checked=said == given),
                h.span[called],
            ]
            for said, called in (("yes", say("Yes")), ("no", say("No")), ("", say("Not asked")))
        ),
    ]


def _report(visit: Visit, asked: CheckIn, case: Case, data: Told) -> tuple[SymptomReport, tuple[str, ...]]:
    """What was said, and what cannot be taken."""
    every = {each.id: each for each in questions_of(asked, case)}
    yes = tuple(name for name in every if data.answers.get(name) == "yes")
    no = tuple(
        name
        for name, symptom in every.items()
        if name not in yes and (data.answers.get(name) == "no" or (data.none and symptom.ask_first))
    )
    says = " ".join(data.says.split())
    report = SymptomReport(at=visit.now, present=yes, absent=no, unmatched=(says,) if says else ())
    wrong = [
        say("Answered with yes and with no: {question}", question=every[name].question) for name in data.both
    ]
    if not (yes or no or says):
        wrong.append(say("Nothing was answered."))
    return report, tuple(wrong)


# --- shared


def _case(visit: Visit, infusion: str) -> Case:
    """The infusion: one with a course that has ended, or of which something was told."""
    try:
        case = of_journal(visit.journal, infusion, visit.knowledge, visit.now)
    except BriefingError:
        raise NotFoundException(detail="no infusion that can be followed") from None
    if case.episode.ended_at is None and not case.known:
        raise NotFoundException(detail="no infusion that has ended")
    return case


def _handed_over(case: Case) -> HandOver | None:
    """Everything about the days after; None: they have not begun."""
    return hand_over(case) if case.episode.ended_at is not None else None


def _asked(case: Case, check_in: str) -> CheckIn:
    whole = _handed_over(case)
    found = (each.check_in for each in (whole.check_ins if whole else ()) if each.check_in.id == check_in)
    asked = next(found, None)
    if asked is None:
        raise NotFoundException(detail="no such check-in")
    return asked


def _recorded_as_seen(
    visit: Visit, case: Case, body: FollowUpEvent, data: Settlement | Sent
) -> Response[str] | Redirect:
    """What speaks of everything so far is not written over something that the page did not show."""
    if data.seen != _last(case) and not any(each.id == data.entry for each in case.happened):
        return _record_page(visit, case, (say("Something came while this page was open. Look again."),))
    return _recorded(visit, case, body, data.entry)


def _last(case: Case) -> str:
    """Id of the last thing that was written, whenever it happened."""
    return case.happened[-1].id if case.happened else ""


def _recorded(visit: Visit, case: Case, body: FollowUpEvent, entry: str) -> Response[str] | Redirect:
    """Written once, however often the form is sent."""
    here = Redirect(f"/inbox/{case.episode.infusion}", status_code=303)
    if any(each.id == entry for each in case.happened):
        return here
    record(case, (body,), visit.entry(event_id=entry if _is_uuid(entry) else ""))
    return here


def _is_uuid(text: str) -> bool:
    try:
        return str(uuid.UUID(text)) == text
    except ValueError:
        return False


def _entry_id() -> Node:
    return h.input(type="hidden", name="entry", value=str(uuid.uuid4()))


def _seen(case: Case) -> Node:
    return h.input(type="hidden", name="seen", value=_last(case))


def _ago(span: dt.timedelta) -> str:
    """For how long, in whole hours or days."""
    hours = max(int(span / _HOUR), 0)
    if not hours:
        return say("less than an hour")
    return f"{hours} h" if hours < 48 else f"{hours // 24} d"


routes = [inbox, followed, settle, mark_read, ask, answer]
