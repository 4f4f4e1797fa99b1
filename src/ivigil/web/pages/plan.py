"""Plan: where it stands, its signatures, what is otherwise than before, the whole plan, its papers."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, URLEncodedBody
from litestar.response import Redirect

from ivigil.course import Plan
from ivigil.knowledge.store import Knowledge
from ivigil.practice.authorising import NoPlanError, running_days, sign, standing_of
from ivigil.records.authorisation import Refusal, Standing, may_prescribe, may_release, may_start, may_verify
from ivigil.records.authorisation import standings as standings_of
from ivigil.records.finding import stream_of_plan
from ivigil.records.lookback import contact_of
from ivigil.release import UnverifiedPlanError, made_anew
from ivigil.sheets import plan_words, words
from ivigil.sheets.calendar import calendar, infusions
from ivigil.sheets.document import Document, NoDocumentError
from ivigil.sheets.downtime import downtime_sheet
from ivigil.sheets.journal import STEP, because_text, refusal_text
from ivigil.sheets.patient import NoSheetError, patient_document
from ivigil.sheets.pdf import PdfError, pdf
from ivigil.sheets.plan_differences import differences
from ivigil.sheets.plan_document import SIGNED, by, plan_document, pump_card
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts import plan as parts
from ivigil.web.parts.field import Importance, form, signature, submit
from ivigil.web.parts.identity import identity
from ivigil.web.parts.notice import notice
from ivigil.web.parts.paper import sheet
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

STYLES = ("plan.css",)
Step = Literal["prescribe", "verify", "release", "withdraw"]
_IMPORTANCE: dict[Step, Importance] = {
    "prescribe": "main",
    "verify": "main",
    "release": "go",
    "withdraw": "stop",
}
BUTTON: dict[Step, str] = texts(
    {"prescribe": "Prescribe", "verify": "Verify", "release": "Release", "withdraw": "Withdraw"}
)
_NOT_YOURS: dict[Step, str] = texts(
    {
        "prescribe": "Prescribe is next. Your roles do not allow it.",
        "verify": "Verify is next. Your roles do not allow it.",
        "release": "Release is next. Your roles do not allow it.",
    }
)
_HELD: dict[Step, str] = texts(
    {
        "prescribe": "Prescribe is next. Against it:",
        "verify": "Verify is next. Against it:",
        "release": "Release is next. Against it:",
    }
)
_REFUSED: dict[Step, str] = texts(
    {
        "prescribe": "Prescribe: refused. Nothing was signed.",
        "verify": "Verify: refused. Nothing was signed.",
        "release": "Release: refused. Nothing was signed.",
        "withdraw": "Withdraw: refused. Nothing was signed.",
    }
)
_MEANS: dict[Step, str] = texts(
    {
        "prescribe": "You order this plan as it stands here.",
        "verify": "You checked it; somebody else than who prescribed it does this.",
        "release": "It may be given from now on.",
        "withdraw": (
            "It is not to be given any more. A plan that is withdrawn is made anew, never signed again."
        ),
    }
)


class Signed(msgspec.Struct):
    """What a signing form sends."""

    password: str = ""


@get("/plans/{plan:str}", needs="plan.read", sync_to_thread=True)
def show(visit: TheVisit, plan: FromPath[str]) -> Response[str]:
    """The whole plan."""
    return _page(visit, _standing(visit, plan))


def _signing(action: Step) -> HTTPRouteHandler:
    """The handler of one signature."""

    @post(f"/plans/{{plan:str}}/{action}", needs=f"plan.{action}", status_code=303, sync_to_thread=True)
    def signs(visit: TheVisit, plan: FromPath[str], data: URLEncodedBody[Signed]) -> Response[str] | Redirect:
        if not visit.confirm(data.password):
            standing = _standing(visit, plan)
            return _page(visit, standing, wrong=(action, say("This is not your password.")), status=403)
        try:
            done = sign(visit.journal, plan, action, visit.knowledge, visit.entry())
        except UnverifiedPlanError:
            rejected = say("The independent check rejects this plan as it would be made now.")
            return _page(visit, _standing(visit, plan), wrong=(action, rejected), status=409)
        if done.refused:
            return _page(visit, done.standing, refused=(action, done.refused), status=409)
        return Redirect(f"/plans/{plan}", status_code=303)

    signs.fn.__doc__ = f"{BUTTON[action]} a plan, under the password; or why not."
    return signs


def _standing(visit: Visit, plan: str) -> Standing:
    try:
        return standing_of(visit.journal, plan)
    except NoPlanError:
        raise NotFoundException(detail="no such plan") from None


def _page(
    visit: Visit,
    standing: Standing,
    *,
    wrong: tuple[Step, str] | None = None,
    refused: tuple[Step, tuple[Refusal, ...]] | None = None,
    status: int = 200,
) -> Response[str]:
    plan, knowledge = standing.plan, visit.knowledge
    against = _against(visit, standing)
    return shell.page(
        say("Plan"),
        visit,
        notice("stop", h.p[say("Nothing was signed. {why}", why=wrong[1])], urgent=True) if wrong else None,
        _refusals(refused, knowledge),
        h.div(".plan-page")[
            h.div(".stands")[_stands(visit, standing, against)],
            h.div(".whole")[
                parts.signed_notice(standing, against, knowledge),
                parts.gist(plan, knowledge),
                _differences(visit, standing),
                _overrides(plan),
                parts.findings_part(plan, knowledge),
                parts.days_part(plan, knowledge),
                parts.dose_part(plan, knowledge),
                parts.product_part(plan, knowledge),
                parts.rates_part(plan, knowledge),
                _open_questions(plan, knowledge),
                parts.care_part(plan, knowledge),
                parts.timeline_part(plan, knowledge),
                parts.taken_for_granted(plan),
            ],
            h.aside(".beside", aria_label=say("Signatures and papers"))[
                _steps(visit, standing, wrong),
                _chairs(plan),
                _patient(visit, plan),
                _papers(plan),
            ],
        ],
        banner=_banner(visit, plan),
        styles=STYLES,
        status=status,
    )


def _banner(visit: Visit, plan: Plan) -> Element:
    """Whom the plan is for, and which plan this is."""
    someone = plan.order.patient
    contact = contact_of(visit.journal, visit.journal.stream(someone.id))
    which = f"{say(words.SEX[someone.sex])} · {say('plan {plan}', plan=plan.id)}"
    return identity(contact.name if contact else "", someone.id.value, someone.birth_date, which)


def _refusals(refused: tuple[Step, tuple[Refusal, ...]] | None, knowledge: Knowledge) -> Node:
    if refused is None:
        return None
    action, found = refused
    return notice(
        "stop",
        h.p[say(_REFUSED[action])],
        h.ul[(h.li[refusal_text(each, knowledge)] for each in found)],
        urgent=True,
    )


def _stands(visit: Visit, standing: Standing, against: list[str]) -> Element:
    """Which signatures it has, and what is against a start today."""
    plan = standing.plan
    signed = [
        (say(role), [by(each), h.br, stamp(each.at, visit.zone)])
        for role, each in zip(SIGNED, standing.signatures, strict=False)
    ]
    return h.section[
        h.h2[say("Where it stands")],
        h.p(".step")[h.strong[say(STEP[standing.step])]],
        _waits(visit, standing),
        h.p[say("Because: {reason}", reason=because_text(standing.because, visit.knowledge))]
        if standing.because
        else None,
        parts.pairs(
            [
                *signed,
                (say("Order"), plan_words.order(plan, visit.knowledge)),
                (say("Last day"), str(plan.valid_until or say("not stated"))),
                *([(say("Replaces"), _link(plan.supersedes))] if plan.supersedes else []),
            ]
        ),
        h.details[
            h.summary[say("Against a start today ({count})", count=str(len(against)))],
            h.ul[(h.li[each] for each in against)],
        ]
        if against
        else h.p[say("Nothing is against a start today.")],
    ]


def _waits(visit: Visit, standing: Standing) -> Node:
    """Where whoever may sign next does it: on a phone that stands far below."""
    stream = stream_of_plan(visit.journal, standing.plan.id) or ""
    for action, against in next_steps(standing, visit):
        if visit.may(f"plan.{action}", stream) and not against:
            return h.p[h.a(href="#signatures")[say(_WAITS[action])]]
    return None


_WAITS: dict[Step, str] = texts(
    {
        "prescribe": "Waits for your signature: prescribe",
        "verify": "Waits for your signature: verify",
        "release": "Waits for your signature: release",
    }
)


def _against(visit: Visit, standing: Standing) -> list[str]:
    try:
        present = made_anew(standing.plan, visit.knowledge)
    except UnverifiedPlanError:
        return [say("the independent check rejects it as it would be made now")]
    return [refusal_text(each, visit.knowledge) for each in may_start(standing, visit.now.date(), present)]


def _link(plan: str) -> Element:
    return h.a(href=f"/plans/{plan}")[plan]


def _steps(visit: Visit, standing: Standing, wrong: tuple[Step, str] | None) -> Node:
    """The next step, and the way out; each asks for the password."""
    stream = stream_of_plan(visit.journal, standing.plan.id) or ""
    offered: list[Node] = []
    for action, against in next_steps(standing, visit):
        if not visit.may(f"plan.{action}", stream):
            offered.append(_not_yours(action))
        elif against:
            offered.append(_held(action, against, visit.knowledge))
        else:
            offered.append(_form(visit, standing.plan, action, wrong))
    changing = h.a(href=f"/plans/{standing.plan.id}/change")[
        say("Change the order: a new plan replaces this one")
    ]
    may_change = visit.may("plan.add", stream) and standing.step != "superseded"
    withdraw = _withdrawal(visit, standing, stream, wrong)
    if not offered and not may_change and withdraw is None:
        return None
    running = running_days(visit.journal, standing.plan.id) if may_change else ()
    return h.section("#signatures")[
        h.h2[say("Signatures")],
        offered,
        notice("stop", h.p[say("An infusion of this plan is running now: to change its order voids it.")])
        if running
        else None,
        h.p[changing] if may_change else None,
        withdraw,
    ]


def next_steps(standing: Standing, visit: Visit) -> Iterable[tuple[Step, tuple[Refusal, ...]]]:
    """The step that a plan waits for, with everything against it."""
    match standing.step:
        case "made" | "reopened":
            yield "prescribe", may_prescribe(standing)
        case "prescribed":
            yield "verify", may_verify(standing, visit.author.persons)
        case "verified":
            yield "release", may_release(standing)


def _not_yours(action: Step) -> Element:
    return h.p[say(_NOT_YOURS[action])]


def _held(action: Step, against: tuple[Refusal, ...], knowledge: Knowledge) -> Element:
    return h.div[
        h.p[say(_HELD[action])],
        h.ul[(h.li[refusal_text(each, knowledge)] for each in against)],
    ]


def _form(visit: Visit, plan: Plan, action: Step, wrong: tuple[Step, str] | None) -> Element:
    faults = (wrong[1],) if wrong is not None and wrong[0] == action else ()
    return h.div(".signing")[
        h.p[say(_MEANS[action])],
        form(visit.form_token, f"/plans/{plan.id}/{action}")[
            signature(faults),
            submit(say(BUTTON[action]), kind=_IMPORTANCE[action]),
        ],
    ]


def _withdrawal(visit: Visit, standing: Standing, stream: str, wrong: tuple[Step, str] | None) -> Node:
    if standing.step == "superseded" or not visit.may("plan.withdraw", stream):
        return None
    is_open = wrong is not None and wrong[0] == "withdraw"
    return h.details(open=is_open or None)[
        h.summary[say("Withdraw this plan")],
        h.p[say(_MEANS["withdraw"])],
        _withdraw_form(visit, standing.plan, wrong),
    ]


def _withdraw_form(visit: Visit, plan: Plan, wrong: tuple[Step, str] | None) -> Element:
    """Its password field has an id of its own: two signing forms can stand on one page."""
    faults = (wrong[1],) if wrong is not None and wrong[0] == "withdraw" else ()
    return form(visit.form_token, f"/plans/{plan.id}/withdraw")[
        signature(faults, id="withdraw-password"), submit(say(BUTTON["withdraw"]), kind="stop")
    ]


def _differences(visit: Visit, standing: Standing) -> Node:
    """Against the plan that it replaces, else against the patient's last one before it."""
    before = _before(visit, standing.plan)
    if before is None:
        return None
    found = differences(before, standing.plan)
    replaced = before.id == standing.plan.supersedes
    title = say("Different from the plan that it replaces" if replaced else "Different from the plan before")
    if not found:
        same = say("Nothing: dose, product, days, rates and findings are the same.")
        return h.section[h.h2[title], h.p[same]]
    return h.section[
        table(title, ("", say("Before"), say("Now")), found),
        h.p[h.a(href=f"/plans/{before.id}")[say("Plan {plan}", plan=before.id)]],
    ]


def _before(visit: Visit, plan: Plan) -> Plan | None:
    stream = stream_of_plan(visit.journal, plan.id)
    found = standings_of(visit.journal.read(stream)) if stream else {}
    if plan.supersedes in found:
        return found[plan.supersedes].plan
    ids = list(found)
    at = ids.index(plan.id) if plan.id in ids else 0
    return found[ids[at - 1]].plan if at else None


def _overrides(plan: Plan) -> Node:
    """What a professional set aside, and why: in view, not behind a click."""
    if not plan.order.overrides:
        return None
    names = {finding.id: finding.name for finding in plan.findings}
    items = (
        h.li[h.strong[names.get(each.finding, each.finding)], f": {each.reason} ({each.author})"]
        for each in plan.order.overrides
    )
    return notice("slow", h.p[say("Set aside by a professional:")], h.ul[items])


def _open_questions(plan: Plan, knowledge: Knowledge) -> Node:
    asked = [
        say("Holds the release: {question}", question=text) if each.blocking else text
        for each in plan.questions
        for text in (plan_words.asked(each, plan, knowledge),)
    ]
    return h.section[parts.more(say("Open questions"), asked)] if asked else None


def _chairs(plan: Plan) -> Node:
    if not plan.days:
        return None
    return h.section[
        h.h2[say("At the chair")],
        h.ul(".links")[
            (
                h.li[h.a(href=f"/chair/{plan.id}/{day.number}")[plan_words.day_dated(day, plan)]]
                for day in plan.days
            )
        ],
    ]


def _patient(visit: Visit, plan: Plan) -> Node:
    stream = visit.journal.stream(plan.order.patient.id)
    pages = (("file.read", "", say("The patient’s file")), ("levels.read", "/levels", say("IgG levels")))
    return h.section[
        h.h2[say("The patient")],
        h.ul(".links")[
            (
                h.li[h.a(href=f"/patients/{stream}{path}")[called]]
                for action, path, called in pages
                if visit.may(action, stream)
            )
        ],
    ]


def _papers(plan: Plan) -> Element:
    base = f"/plans/{plan.id}"
    papers = [
        (say("Plan"), f"{base}/papers/plan"),
        (say("Patient’s sheet"), f"{base}/papers/patient-sheet"),
    ]
    for day in plan.days:
        named = plan_words.day_named(day, plan)
        papers.append((say("Pump card, {day}", day=named), f"{base}/days/{day.number}/pump-card"))
        papers.append((say("Downtime sheet, {day}", day=named), f"{base}/days/{day.number}/downtime"))
    return h.section[
        h.h2[say("Papers")],
        h.ul(".links")[
            (
                h.li[
                    h.a(href=path)[called],
                    " ",
                    h.a(href=f"{path}.pdf", aria_label=say("{paper}, PDF", paper=called))["PDF"],
                ]
                for called, path in papers
            ),
            h.li[h.a(href=f"{base}/appointments.ics")[say("Calendar file: neutral titles, no patient data")]]
            if plan.days
            else None,
        ],
    ]


Paper = Response[bytes] | Response[str]
Making = Callable[[Visit, Standing, int], Document]


def _plan_paper(visit: Visit, standing: Standing, _: int) -> Document:
    return plan_document(standing, visit.now.date(), visit.knowledge)


def _patient_paper(visit: Visit, standing: Standing, _: int) -> Document:
    return patient_document(standing.plan, visit.now.date(), visit.knowledge)


def _pump_paper(visit: Visit, standing: Standing, day: int) -> Document:
    return pump_card(standing.plan, day, visit.now.date(), visit.knowledge)


def _downtime_paper(visit: Visit, standing: Standing, day: int) -> Document:
    return downtime_sheet(standing, day, visit.now.date(), visit.knowledge)


def _answer(visit: Visit, plan: str, day: int, made: tuple[str, Making]) -> Paper:
    """A paper as a page or a PDF, or why there is none. The title, which a browser keeps, names nobody."""
    called, make = made
    standing = _standing(visit, plan)
    try:
        document = make(visit, standing, day)
        if visit.path.endswith(".pdf"):
            headers = {"content-disposition": "inline"}
            return Response(pdf(document), media_type="application/pdf", headers=headers)
    except (NoDocumentError, NoSheetError, PdfError) as error:
        said = notice("stop", h.p[say("There is no such paper: {why}.", why=str(error))], urgent=True)
        back = h.p[h.a(href=f"/plans/{plan}")[say("To the plan")]]
        return shell.page(
            say("No paper"), visit, said, back, banner=_banner(visit, standing.plan), status=409
        )
    return shell.page(
        say(called),
        visit,
        h.p(".no-print")[h.a(href=f"/plans/{plan}")[say("To the plan")]],
        sheet(document),
        banner=_banner(visit, standing.plan),
        styles=STYLES,
    )


_OF_PLAN: dict[str, tuple[str, Making]] = {
    "plan": (texts("Treatment plan"), _plan_paper),
    "patient-sheet": (texts("Patient’s sheet"), _patient_paper),
}
_OF_DAY: dict[str, tuple[str, Making]] = {
    "pump-card": (texts("Pump card"), _pump_paper),
    "downtime": (texts("Downtime sheet"), _downtime_paper),
}


@get(
    "/plans/{plan:str}/papers/{paper:str}",
    needs="plan.read",
    sync_to_thread=True,
    media_type="application/pdf",
)
def paper_of_plan(visit: TheVisit, plan: FromPath[str], paper: FromPath[str]) -> Paper:
    """The plan on paper, or what the patient takes home; with .pdf as a PDF."""
    return _answer(visit, plan, 0, _named(paper, _OF_PLAN))


@get(
    "/plans/{plan:str}/days/{day:int}/{paper:str}",
    needs="plan.read",
    sync_to_thread=True,
    media_type="application/pdf",
)
def paper_of_day(visit: TheVisit, plan: FromPath[str], day: FromPath[int], paper: FromPath[str]) -> Paper:
    """What is set on the pump, or what a nurse needs without a screen; with .pdf as a PDF."""
    return _answer(visit, plan, day, _named(paper, _OF_DAY))


def _named(paper: str, papers: dict[str, tuple[str, Making]]) -> tuple[str, Making]:
    made = papers.get(paper.removesuffix(".pdf"))
    if made is None:
        raise NotFoundException(detail="no such paper")
    return made


@get("/plans/{plan:str}/appointments.ics", needs="plan.read", sync_to_thread=True, media_type="text/calendar")
def appointments(visit: TheVisit, plan: FromPath[str]) -> Response[bytes]:
    """The days as a calendar file."""
    made = calendar(infusions(_standing(visit, plan).plan), visit.now, say)
    headers = {"content-disposition": 'attachment; filename="appointments.ics"'}
    return Response(made, media_type="text/calendar", headers=headers)


_ACTIONS: tuple[Step, ...] = ("prescribe", "verify", "release", "withdraw")
routes = [
    show,
    *(_signing(action) for action in _ACTIONS),
    paper_of_plan,
    paper_of_day,
    appointments,
]
