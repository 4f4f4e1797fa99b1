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
from ivigil.practice.authorising import NoPlanError, sign, standing_of
from ivigil.records.authorisation import Refusal, Standing, may_prescribe, may_release, may_start, may_verify
from ivigil.records.authorisation import standings as standings_of
from ivigil.records.finding import plans as listed_plans
from ivigil.records.finding import stream_of_plan
from ivigil.records.lookback import contact_of
from ivigil.release import UnverifiedPlanError, made_anew
from ivigil.sheets import plan_words
from ivigil.sheets.calendar import calendar, infusions
from ivigil.sheets.document import Document, NoDocumentError
from ivigil.sheets.downtime import downtime_sheet
from ivigil.sheets.journal import STEP, refusal_text
from ivigil.sheets.patient import NoSheetError, patient_document
from ivigil.sheets.pdf import PdfError, pdf
from ivigil.sheets.plan_differences import differences
from ivigil.sheets.plan_document import SIGNED, plan_document, pump_card
from ivigil.sheets.wording import Wording
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
_BUTTON: dict[Step, tuple[str, Importance]] = {
    "prescribe": ("Prescribe", "main"),
    "verify": ("Verify", "main"),
    "release": ("Release", "go"),
    "withdraw": ("Withdraw", "stop"),
}
_MEANS: dict[Step, str] = {
    "prescribe": "You order this plan as it stands here.",
    "verify": "You checked it; somebody else than who prescribed it does this.",
    "release": "It may be given from now on.",
    "withdraw": "It is not to be given any more. A plan that is withdrawn is made anew, never signed again.",
}


class Signed(msgspec.Struct):
    """What a signing form sends."""

    password: str = ""


@get("/plans", needs="board.read", sync_to_thread=True)
def plans(visit: TheVisit) -> Response[str]:
    """Every plan by id, the last changed first; whose they are stands on their own pages."""
    rows = (
        (h.a(href=f"/plans/{each.subject}")[each.subject], each.state.replace("_", " "), stamp(each.last_at))
        for each in listed_plans(visit.journal)
    )
    offered = h.p[h.a(href="/plans/new")["New plan"]] if visit.may("plan.make") else None
    found = table("Plans", ("Plan", "Last event", "When"), rows, empty="No plan yet.")
    return shell.page("Plans", visit, offered, found)


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
            return _page(visit, standing, wrong=(action, "This is not your password."), status=403)
        try:
            done = sign(visit.journal, plan, action, visit.knowledge, visit.entry())
        except UnverifiedPlanError:
            rejected = "The independent check rejects this plan as it would be made now."
            return _page(visit, _standing(visit, plan), wrong=(action, rejected), status=409)
        if done.refused:
            return _page(visit, done.standing, refused=(action, done.refused), status=409)
        return Redirect(f"/plans/{plan}", status_code=303)

    signs.fn.__doc__ = f"{_BUTTON[action][0]} a plan, under the password; or why not."
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
    return shell.page(
        "Plan",
        visit,
        notice("stop", h.p[f"Nothing was signed. {wrong[1]}"], urgent=True) if wrong else None,
        _refusals(refused),
        h.div(".plan-page")[
            h.div(".stands")[_stands(visit, standing)],
            h.div(".whole")[
                parts.standing_notice(plan),
                parts.gist(plan, knowledge),
                _differences(visit, standing),
                _overrides(plan),
                parts.findings_part(plan, knowledge),
                parts.days_part(plan),
                parts.dose_part(plan, knowledge),
                parts.product_part(plan, knowledge),
                parts.rates_part(plan, knowledge),
                _open_questions(plan),
                parts.care_part(plan, knowledge),
                parts.timeline_part(plan, knowledge),
                parts.taken_for_granted(plan),
            ],
            h.aside(".beside", aria_label="Signatures and papers")[
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
    which = f"{someone.sex} · plan {plan.id}"
    return identity(contact.name if contact else "", someone.id.value, someone.birth_date, which)


def _refusals(refused: tuple[Step, tuple[Refusal, ...]] | None) -> Node:
    if refused is None:
        return None
    action, found = refused
    return notice(
        "stop",
        h.p[f"{_BUTTON[action][0]}: refused. Nothing was signed."],
        h.ul[(h.li[refusal_text(each)] for each in found)],
        urgent=True,
    )


def _stands(visit: Visit, standing: Standing) -> Element:
    """Which signatures it has, and what is against a start today."""
    plan = standing.plan
    against = _against(visit, standing)
    signed = [
        (role, [", for ".join(each.persons), h.br, stamp(each.at)])
        for role, each in zip(SIGNED, standing.signatures, strict=False)
    ]
    return h.section[
        h.h2["Where it stands"],
        h.p(".step")[h.strong[STEP[standing.step]]],
        h.p[f"Because: {standing.because}"] if standing.because else None,
        parts.pairs(
            [
                *signed,
                ("Order", plan_words.order(plan, visit.knowledge)),
                ("Last day", str(plan.valid_until or "not stated")),
                *([("Replaces", _link(plan.supersedes))] if plan.supersedes else []),
            ]
        ),
        h.details[
            h.summary[f"Against a start today ({len(against)})"], h.ul[(h.li[each] for each in against)]
        ]
        if against
        else h.p["Nothing is against a start today."],
    ]


def _against(visit: Visit, standing: Standing) -> list[str]:
    try:
        present = made_anew(standing.plan, visit.knowledge)
    except UnverifiedPlanError:
        return ["the independent check rejects it as it would be made now"]
    return [refusal_text(each) for each in may_start(standing, visit.now.date(), present)]


def _link(plan: str) -> Element:
    return h.a(href=f"/plans/{plan}")[plan]


def _steps(visit: Visit, standing: Standing, wrong: tuple[Step, str] | None) -> Element:
    """The next step, and the way out; each asks for the password."""
    stream = stream_of_plan(visit.journal, standing.plan.id) or ""
    offered: list[Node] = []
    for action, against in _next(standing, visit):
        if not visit.may(f"plan.{action}", stream):
            offered.append(_not_yours(action))
        elif against:
            offered.append(_held(action, against))
        else:
            offered.append(_form(visit, standing.plan, action, wrong))
    changing = h.a(href=f"/plans/{standing.plan.id}/change")["Change the order: a new plan replaces this one"]
    may_change = visit.may("plan.add", stream) and standing.step != "superseded"
    withdraw = _withdrawal(visit, standing, stream, wrong)
    return h.section[h.h2["Signatures"], offered, h.p[changing] if may_change else None, withdraw]


def _next(standing: Standing, visit: Visit) -> Iterable[tuple[Step, tuple[Refusal, ...]]]:
    match standing.step:
        case "made" | "reopened":
            yield "prescribe", may_prescribe(standing)
        case "prescribed":
            yield "verify", may_verify(standing, visit.author.persons)
        case "verified":
            yield "release", may_release(standing)


def _not_yours(action: Step) -> Element:
    return h.p[f"{_BUTTON[action][0]} is next. Your roles do not allow it."]


def _held(action: Step, against: tuple[Refusal, ...]) -> Element:
    return h.div[
        h.p[f"{_BUTTON[action][0]} is next. Against it:"],
        h.ul[(h.li[refusal_text(each)] for each in against)],
    ]


def _form(visit: Visit, plan: Plan, action: Step, wrong: tuple[Step, str] | None) -> Element:
    called, importance = _BUTTON[action]
    faults = (wrong[1],) if wrong is not None and wrong[0] == action else ()
    return h.div(".signing")[
        h.p[_MEANS[action]],
        form(visit.form_token, f"/plans/{plan.id}/{action}")[
            signature(faults),
            submit(called, kind=importance),
        ],
    ]


def _withdrawal(visit: Visit, standing: Standing, stream: str, wrong: tuple[Step, str] | None) -> Node:
    if standing.step == "superseded" or not visit.may("plan.withdraw", stream):
        return None
    is_open = wrong is not None and wrong[0] == "withdraw"
    return h.details(open=is_open or None)[
        h.summary["Withdraw this plan"], h.p[_MEANS["withdraw"]], _withdraw_form(visit, standing.plan, wrong)
    ]


def _withdraw_form(visit: Visit, plan: Plan, wrong: tuple[Step, str] | None) -> Element:
    """Its password field has an id of its own: two signing forms can stand on one page."""
    faults = (wrong[1],) if wrong is not None and wrong[0] == "withdraw" else ()
    return form(visit.form_token, f"/plans/{plan.id}/withdraw")[
        signature(faults, id="withdraw-password"), submit("Withdraw", kind="stop")
    ]


def _differences(visit: Visit, standing: Standing) -> Node:
    """Against the plan that it replaces, else against the patient's last one before it."""
    before = _before(visit, standing.plan)
    if before is None:
        return None
    found = differences(before, standing.plan)
    called = "the plan that it replaces" if before.id == standing.plan.supersedes else "the plan before"
    title = f"Different from {called}"
    if not found:
        return h.section[h.h2[title], h.p["Nothing: dose, product, days, rates and findings are the same."]]
    return h.section[
        table(title, ("", "Before", "Now"), found),
        h.p[h.a(href=f"/plans/{before.id}")[f"Plan {before.id}"]],
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
    return notice("slow", h.p["Set aside by a professional:"], h.ul[items])


def _open_questions(plan: Plan) -> Node:
    asked = [
        f"{'Holds the release: ' if each.blocking else ''}{plan_words.asked(each)}" for each in plan.questions
    ]
    return h.section[parts.more("Open questions", asked)] if asked else None


def _chairs(plan: Plan) -> Node:
    if not plan.days:
        return None
    return h.section[
        h.h2["At the chair"],
        h.ul(".links")[
            (
                h.li[
                    h.a(href=f"/chair/{plan.id}/{day.number}")[
                        f"{plan_words.unit(plan).capitalize()} {day.number}: {day.date}"
                    ]
                ]
                for day in plan.days
            )
        ],
    ]


def _patient(visit: Visit, plan: Plan) -> Node:
    stream = visit.journal.stream(plan.order.patient.id)
    pages = (("file.read", "", "The patient’s file"), ("levels.read", "/levels", "IgG levels"))
    return h.section[
        h.h2["The patient"],
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
    papers = [("Plan", f"{base}/papers/plan"), ("Patient’s sheet", f"{base}/papers/patient-sheet")]
    for day in plan.days:
        called = f"{plan_words.unit(plan)} {day.number}"
        papers.append((f"Pump card, {called}", f"{base}/days/{day.number}/pump-card"))
        papers.append((f"Downtime sheet, {called}", f"{base}/days/{day.number}/downtime"))
    return h.section[
        h.h2["Papers"],
        h.ul(".links")[
            (
                h.li[h.a(href=path)[called], " ", h.a(href=f"{path}.pdf", aria_label=f"{called}, PDF")["PDF"]]
                for called, path in papers
            ),
            h.li[h.a(href=f"{base}/appointments.ics")["Calendar file: neutral titles, no patient data"]]
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
        said = notice("stop", h.p[f"There is no such paper: {error}."], urgent=True)
        back = h.p[h.a(href=f"/plans/{plan}")["To the plan"]]
        return shell.page("No paper", visit, said, back, banner=_banner(visit, standing.plan), status=409)
    return shell.page(
        called,
        visit,
        h.p(".no-print")[h.a(href=f"/plans/{plan}")["To the plan"]],
        sheet(document),
        banner=_banner(visit, standing.plan),
        styles=STYLES,
    )


_OF_PLAN: dict[str, tuple[str, Making]] = {
    "plan": ("Treatment plan", _plan_paper),
    "patient-sheet": ("Patient’s sheet", _patient_paper),
}
_OF_DAY: dict[str, tuple[str, Making]] = {
    "pump-card": ("Pump card", _pump_paper),
    "downtime": ("Downtime sheet", _downtime_paper),
}


@get("/plans/{plan:str}/papers/{paper:str}", needs="plan.read", sync_to_thread=True)
def paper_of_plan(visit: TheVisit, plan: FromPath[str], paper: FromPath[str]) -> Paper:
    """The plan on paper, or what the patient takes home; with .pdf as a PDF."""
    return _answer(visit, plan, 0, _named(paper, _OF_PLAN))


@get("/plans/{plan:str}/days/{day:int}/{paper:str}", needs="plan.read", sync_to_thread=True)
def paper_of_day(visit: TheVisit, plan: FromPath[str], day: FromPath[int], paper: FromPath[str]) -> Paper:
    """What is set on the pump, or what a nurse needs without a screen; with .pdf as a PDF."""
    return _answer(visit, plan, day, _named(paper, _OF_DAY))


def _named(paper: str, papers: dict[str, tuple[str, Making]]) -> tuple[str, Making]:
    made = papers.get(paper.removesuffix(".pdf"))
    if made is None:
        raise NotFoundException(detail="no such paper")
    return made


@get("/plans/{plan:str}/appointments.ics", needs="plan.read", sync_to_thread=True)
def appointments(visit: TheVisit, plan: FromPath[str]) -> Response[bytes]:
    """The days as a calendar file."""
    made = calendar(infusions(_standing(visit, plan).plan), visit.now, Wording(visit.knowledge))
    headers = {"content-disposition": 'attachment; filename="appointments.ics"'}
    return Response(made, media_type="text/calendar", headers=headers)


_ACTIONS: tuple[Step, ...] = ("prescribe", "verify", "release", "withdraw")
routes = [
    plans,
    show,
    *(_signing(action) for action in _ACTIONS),
    paper_of_plan,
    paper_of_day,
    appointments,
]
