"""New plan: an order typed into a form, the plan beside it, computed anew with every change."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Any

import htpy as h
import msgspec
from anyio import to_thread
from htpy import Element, Node
from litestar import Response, get, post
from litestar.params import FromPath
from litestar.response import Redirect
from markupsafe import Markup
from msgspec import UnsetType
from msgspec.structs import replace

from ivigil.course import Plan, Question
from ivigil.intake import resolve
from ivigil.intake.faults import MISSING
from ivigil.intake.form import REASON, Typed, values_of
from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, Order, OrderError
from ivigil.planning.consequences import Consequences, consequences
from ivigil.practice.authorising import NoPlanError, add, running_days, standing_of
from ivigil.records.finding import sites
from ivigil.release import UnverifiedPlanError, checked_plan
from ivigil.sheets import plan_words, words
from ivigil.sheets.numbers import hours
from ivigil.sheets.numbers import number as written
from ivigil.sheets.plan_consequences import answer_texts, outcome_text
from ivigil.sheets.spoken import say, texts
from ivigil.web import shell
from ivigil.web.access.forms import FIELD
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages import order_form
from ivigil.web.pages.order_form import Shown, control_of_field, element_id, label_of
from ivigil.web.parts import plan as parts
from ivigil.web.parts.contact import contact_faults
from ivigil.web.parts.field import form, submit
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

PATH, PREVIEW, RANKED = "/plans/new", "/plans/preview", "/plans/questions"
STYLES, SCRIPTS = ("plan.css",), ("plan_new.js",)
COMPARED = 4
"""Products set side by side, the planned one among them."""
_ANSWER, _CONTACT = "answer.", "contact."
_FIRST_HOUR = "09:00"
"""Suggested, to be changed: nothing clinical."""


_WITHOUT_LEVELS = texts(
    "The dose of the plan before was sought from measured levels. A form holds no levels: the plan here is "
    "that of the regimen."
)


class Sent(msgspec.Struct, frozen=True, kw_only=True):
    """What came from the page: the order's controls, and what stands beside the order."""

    values: Mapping[str, str]
    do: str = ""
    """"add": put the plan into the journal; else show it."""
    compare: bool = False
    name: str = ""
    phone: str = ""


class Tried(msgspec.Struct, frozen=True, kw_only=True):
    """An order as it stands: its plan, or everything that keeps it from one."""

    shown: Shown
    faults: tuple[tuple[str, Fault], ...] = ()
    """With the control of each."""
    order: Order | None = None
    plan: Plan | None = None
    defect: str = ""


@get(PATH, needs="plan.make", sync_to_thread=True)
def ask(visit: TheVisit) -> Response[str]:
    """The empty form with what the site suggests."""
    return _page(visit, Sent(values=_suggested(visit)), fresh=True)


@get("/plans/{plan:str}/change", needs="plan.add", sync_to_thread=True)
def change(visit: TheVisit, plan: FromPath[str]) -> Response[str]:
    """The order of a plan, to be changed: the new plan replaces it."""
    order = standing_of(visit.journal, plan).plan.order
    values = {**values_of(order, visit.knowledge), "supersedes": plan}
    return _page(visit, Sent(values=values), without_levels=not isinstance(order.individual, UnsetType))


@post(PATH, needs="plan.make", status_code=200)
async def plan_it(request: Asked, visit: TheVisit) -> Response[Any]:
    """The same page with the plan, or with every fault; or the plan goes into the journal."""
    sent = _sent(dict((await request.form()).items()))
    return await to_thread.run_sync(_answer, visit, sent)


@post(PREVIEW, needs="plan.make", status_code=200)
async def preview(request: Asked, visit: TheVisit) -> Response[str]:
    """The parts of the page that change with what is typed."""
    sent = _sent(dict((await request.form()).items()))
    return await to_thread.run_sync(_preview, visit, sent)


@post(RANKED, needs="plan.make", status_code=200)
async def ranked(request: Asked, visit: TheVisit) -> Response[str]:
    """The questions ranked by what the plan becomes with their answers: asked for after the plan is shown."""
    sent = _sent(dict((await request.form()).items()))
    return await to_thread.run_sync(_ranked, visit, sent)


def _ranked(visit: Visit, sent: Sent) -> Response[str]:
    plan, knowledge = attempt(sent.values, visit).plan, visit.knowledge
    return shell.part(_questions(plan, knowledge, consequences(plan, knowledge)) if plan else None)


def _answer(visit: Visit, sent: Sent) -> Response[Any]:
    tried = attempt(sent.values, visit)
    wanted = sent.do == "add" and not _wrong_contact(sent)
    if wanted and tried.order is not None and tried.plan is not None:
        return _added(visit, sent, tried.order)
    return _page(visit, sent, tried=tried, ranks=True)


def _preview(visit: Visit, sent: Sent) -> Response[str]:
    tried = _patient_with(attempt(sent.values, visit))
    live = [Markup(each) for each in order_form.live_parts(tried.shown)]
    return shell.part(h.fragment[_panel(visit, sent, tried), _under_way(visit, sent), live])


def _added(visit: Visit, sent: Sent, order: Order) -> Redirect:
    """Into the journal, in the stream of whoever the order names: the guard did not know of them."""
    stream = visit.journal.stream(order.patient.id)
    known = bool(sites(visit.journal, stream))
    if known:
        if not visit.may("plan.add", stream):
            visit.refuse(stream, "plan.add", "relationship")
        visit.read(stream, "plan.add")
    made = add(visit.journal, order, visit.knowledge, visit.entry(), name=sent.name, phone=sent.phone)
    return Redirect(f"/plans/{made.plan.id}", status_code=303)


def attempt(values: Mapping[str, str], visit: Visit) -> Tried:
    """Read and plan what was typed."""
    knowledge = visit.knowledge
    typed = Typed(values=values, author=visit.author.name, zone=visit.knowledge.zone)
    try:
        order = typed.read(knowledge)
    except OrderError as error:
        found = tuple((typed.control_of(fault, knowledge), fault) for fault in error.faults)
        return Tried(shown=_shown(values, found, knowledge), faults=found)
    shown = _shown(values, (), knowledge, knowledge.conditions[order.condition])
    try:
        return Tried(shown=shown, order=order, plan=checked_plan(order, knowledge))
    except UnverifiedPlanError as error:
        return Tried(shown=shown, order=order, defect=str(error))


def _shown(
    values: Mapping[str, str],
    found: tuple[tuple[str, Fault], ...],
    knowledge: Knowledge,
    treated: Condition | None = None,
) -> Shown:
    """``treated``: the condition, where the order could be read."""
    at: dict[str, tuple[Fault, ...]] = {}
    for name, fault in found:
        at[name] = (*at.get(name, ()), fault)
    condition = treated or resolve.named(values.get("condition", ""), knowledge)
    return Shown(values=values, faults=at, knowledge=knowledge, condition=condition)


def _patient_with(tried: Tried) -> Tried:
    """While somebody still types, what is only missing is no fault at its control yet."""
    faults = {
        name: kept
        for name, found in tried.shown.faults.items()
        if (kept := tuple(fault for fault in found if fault.value != MISSING))
    }
    return replace(tried, shown=replace(tried.shown, faults=faults))


def _sent(items: Mapping[str, Any]) -> Sent:
    """Take the order's controls apart from the rest; an answer given at a question goes to its control."""
    texts = {name: text for name, text in items.items() if isinstance(text, str) and name != FIELD}
    values = {
        name: text
        for name, text in texts.items()
        if name not in ("do", "set", "compare") and not name.startswith((_ANSWER, _CONTACT))
    }
    values |= {name.removeprefix(_ANSWER): text for name, text in texts.items() if _is_answer(name, text)}
    name, mark, text = texts.get("set", "").partition("=")
    if mark:
        values[name] = text
    return Sent(
        values=values,
        do=texts.get("do", ""),
        compare=bool(texts.get("compare")),
        name=texts.get(f"{_CONTACT}name", "").strip(),
        phone=texts.get(f"{_CONTACT}phone", "").strip(),
    )


def _is_answer(name: str, text: str) -> bool:
    return name.startswith(_ANSWER) and bool(text.strip())


def _suggested(visit: Visit) -> dict[str, str]:
    site = visit.knowledge.site
    return {
        "route": "IV",
        "jurisdiction": site.jurisdiction,
        "start.date": (visit.now.date() + dt.timedelta(days=1)).isoformat(),
        "start.time": _FIRST_HOUR,
        "start.offset": "" if visit.knowledge.zone else "+00:00",
        "patient.id.system": site.patient_identifier_system,
    }


def _page(
    visit: Visit,
    sent: Sent,
    *,
    tried: Tried | None = None,
    fresh: bool = False,
    without_levels: bool = False,
    ranks: bool = False,
) -> Response[str]:
    """``ranks``: the questions are ranked at once, for a browser that asks for nothing afterwards."""
    found = tried or attempt(sent.values, visit)
    shown = _patient_with(found) if fresh else found
    wrong = None if fresh else order_form.summary(shown.faults, visit.knowledge)
    replaces = sent.values.get("supersedes", "")
    return shell.page(
        say("Change a plan" if replaces else "New plan"),
        visit,
        _voids(visit, replaces, urgent=True),
        notice("slow", h.p[say(_WITHOUT_LEVELS)]) if without_levels else None,
        wrong,
        faults(_wrong_contact(sent)),
        h.div(data_previews=PREVIEW, id="order")[
            form(visit.form_token, PATH, classes="order")[
                # What the Enter key presses: the first button of a form.
                h.button(
                    ".unseen", type="submit", name="do", value="plan", tabindex="-1", aria_hidden="true"
                )[say("Plan")],
                h.div(".asked")[
                    order_form.groups(shown.shown),
                    _contact(sent),
                    _under_way(visit, sent),
                    h.div(".actions")[
                        submit(say("Plan"), name="do", value="plan", kind="plain"),
                        submit(say("Put this plan into the journal"), name="do", value="add"),
                    ],
                ],
                h.div(".made")[_panel(visit, sent, shown, ranks=ranks)],
            ],
            h.p(".said")[
                h.span("#plan-said", role="status")[_said(shown)], h.a(href="#plan")[say("See the plan")]
            ],
        ],
        styles=STYLES,
        scripts=SCRIPTS,
    )


def _under_way(visit: Visit, sent: Sent) -> Element:
    """Before the button that writes, and new with every preview: the infusion may have begun meanwhile."""
    return h.div("#under-way", data_preview=True)[_voids(visit, sent.values.get("supersedes", ""))]


def _voids(visit: Visit, replaces: str, *, urgent: bool = False) -> Node:
    """What becomes of an infusion that runs under the plan that this one replaces."""
    if not replaces:
        return None
    try:
        days = running_days(visit.journal, replaces)
    except NoPlanError:
        return None
    if not days:
        return None
    return notice(
        "stop",
        h.p[h.strong[say("An infusion of the plan that this one replaces is running now.")]],
        h.p[say(_CALLS_OFF)],
        urgent=urgent,
    )


_CALLS_OFF = texts(
    "Put into the journal, an order that differs voids the signatures of that plan at once: the chair and "
    "the board call for the prescriber. Tell the nurse first what becomes of the infusion."
)


def _wrong_contact(sent: Sent) -> tuple[str, ...]:
    return tuple(contact_faults(sent.name, sent.phone))


def _contact(sent: Sent) -> Element:
    return h.details(".group", open=bool(sent.name or sent.phone) or None)[
        h.summary[h.h2(".group-title")[say("Name and telephone, for a recall")]],
        h.div(".grid")[
            (
                h.div(".field")[
                    h.label(for_=f"contact-{key}")[called],
                    h.div(".with-unit")[
                        h.input(id=f"contact-{key}", name=f"{_CONTACT}{key}", value=value, autocomplete="off")
                    ],
                ]
                for key, called, value in (
                    ("name", say("Name"), sent.name),
                    ("phone", say("Telephone"), sent.phone),
                )
            )
        ],
    ]


def _panel(visit: Visit, sent: Sent, tried: Tried, *, ranks: bool = False) -> Element:
    """The plan beside the form. ``data-said`` is what is read out when it changes."""
    return h.section("#plan.panel", data_preview=True, data_said=_said(tried), aria_label=say("The plan"))[
        h.p(".outdated", hidden=True, data_locked=say(_LOCKED), data_silent=say(_SILENT)),
        _content(visit, sent, tried, ranks=ranks),
    ]


_LOCKED = texts(
    "The screen is locked or signed out. Sign in or unlock in another tab; what you typed stays here. "
    "The plan below is of what was typed before."
)
_SILENT = texts("No answer from the server: the plan below is of what was typed before.")
"""What the page's module tells when the server does not answer, or answers nobody."""


def _said(tried: Tried) -> str:
    if tried.plan is not None:
        given = plan_words.given(tried.plan.course, tried.plan) if tried.plan.course else ""
        return ". ".join(part for part in (plan_words.status(tried.plan), given) if part)
    if tried.defect:
        return say("Withheld")
    missing = len({name for name, fault in tried.faults if fault.value == MISSING})
    wrong = len(tried.faults) - sum(fault.value == MISSING for _, fault in tried.faults)
    told = [say("{count} still needed", count=str(missing))] if missing else []
    told += [say("{count} to be corrected", count=str(wrong))] if wrong else []
    return ", ".join(told)


def _content(visit: Visit, sent: Sent, tried: Tried, *, ranks: bool) -> Node:
    if tried.defect:
        return notice("stop", h.p[say("Withheld: the independent check rejected this plan.")], urgent=True)
    if tried.plan is None:
        return _needed(tried)
    plan, knowledge = tried.plan, visit.knowledge
    sections: tuple[Node, ...] = (
        parts.standing_notice(plan, knowledge),
        parts.gist(plan, knowledge),
        _questions(plan, knowledge, consequences(plan, knowledge) if ranks else None),
        parts.findings_part(plan, knowledge),
        parts.days_part(plan, knowledge),
        parts.dose_part(plan, knowledge),
        parts.product_part(plan, knowledge),
        _compared(plan, knowledge, sent),
        parts.rates_part(plan, knowledge),
        parts.taken_for_granted(plan),
        h.p(".soft")[
            say("Care, timeline and papers stand on the plan’s own page once it is in the journal.")
        ],
    )
    return [Markup(h.fragment[section]) for section in sections]


def _needed(tried: Tried) -> Node:
    """What is still missing, and what is wrong."""
    knowledge = tried.shown.knowledge
    missing = [name for name, fault in tried.faults if fault.value == MISSING and name]
    wrong = [(name, fault) for name, fault in tried.faults if fault.value != MISSING or not name]
    return [
        h.h2[say("No plan yet")],
        [h.p[say("Still needed:")], h.ul[(h.li[_link(name, knowledge)] for name in dict.fromkeys(missing))]]
        if missing
        else None,
        [
            h.p[say("To be corrected:")],
            h.ul[
                (
                    h.li[
                        _link(name, knowledge) if name else fault.field,
                        f": {order_form.fault_text(fault, knowledge)}",
                    ]
                    for name, fault in wrong
                )
            ],
        ]
        if wrong
        else None,
    ]


def _link(name: str, knowledge: Knowledge) -> Element:
    return h.a(href=f"#{element_id(name)}")[label_of(name, knowledge)]


def _questions(plan: Plan, knowledge: Knowledge, found: Consequences | None) -> Node:
    """Ranked by what an answer changes; as many in view as hold the release, or as the policy puts first.

    ``found``: what the answers change; None: not looked for yet, the page's module asks for it.
    """
    if not plan.questions:
        return None
    asked: dict[str, list[Question]] = {}
    for question in _by_worth(plan.questions, found):
        asked.setdefault(control_of_field(question.field, knowledge), []).append(question)
    holding = sum(any(question.blocking for question in same) for same in asked.values())
    first = max(holding, int(knowledge.policies["policy.first_questions"].number or 0))
    shown = [_question(name, same, plan, knowledge, found) for name, same in asked.items()]
    rest = shown[first:]
    return h.section("#questions", data_ranks=RANKED if found is None else None)[
        h.h2[say("Questions")],
        _together(found, plan, knowledge) if found is not None else None,
        h.ol(".questions")[shown[:first]],
        h.details[
            h.summary[say("and {count} more", count=str(len(rest)))],
            h.ol(".questions", start=str(first + 1))[rest],
        ]
        if rest
        else None,
    ]


def _by_worth(asked: Iterable[Question], found: Consequences | None) -> Iterable[Question]:
    """What holds the release first, then what changes most; sorted only where that is known."""
    if found is None:
        return asked
    worth = sorted(asked, key=lambda question: found.worth(question.field), reverse=True)
    return sorted(worth, key=lambda question: not question.blocking)


def _together(found: Consequences, plan: Plan, knowledge: Knowledge) -> Node:
    """Answers that change the plan only with each other."""
    return [
        h.details(".together")[
            h.summary[
                say(
                    "{count} answers change it only together. {outcome}",
                    count=str(len(outcome.fields)),
                    outcome=outcome_text(outcome, plan),
                )
            ],
            h.ul[(h.li[_asked(field, plan, knowledge)] for field in outcome.fields)],
        ]
        for outcome in found.together
    ]


def _asked(field: str, plan: Plan, knowledge: Knowledge) -> str:
    question = next(each for each in plan.questions if each.field == field)
    return plan_words.asks(question, plan, knowledge)


def _question(
    name: str, same: list[Question], plan: Plan, knowledge: Knowledge, found: Consequences | None
) -> Element:
    """What one control answers: several terms of the vocabulary may follow from it."""
    codes = dict.fromkeys(code for question in same for code in question.changes)
    lifts = plan_words.effects(codes)
    holds = any(question.blocking for question in same)
    asks = plan_words.asks(next((each for each in same if each.question), same[0]), plan, knowledge)
    return h.li(class_=["question", {"holds": holds}], data_control=name)[
        h.p[asks, h.span(".marks")[say("holds the release")] if holds else None],
        _answering(name, asks, plan, knowledge),
        _changes(same, plan, found) if found is not None else None,
        h.p(".soft")[say("An answer can lift: {effects}.", effects=lifts)] if lifts else None,
    ]


def _changes(same: list[Question], plan: Plan, found: Consequences) -> Node:
    """What the plan becomes with each answer."""
    told = dict.fromkeys(text for each in same for text in answer_texts(each.field, found, plan))
    if told:
        return [h.p(".then")[text] for text in told]
    if all(each.field in found.judged for each in same):
        return h.p(".soft")[say("Alone it changes nothing that is given.")]
    return None


def _answering(name: str, asks: str, plan: Plan, knowledge: Knowledge) -> Node:
    """The ways to answer on the spot."""
    if name.endswith(REASON):
        return _typed_answer(name, say("Reason to set aside: {finding}", finding=asks), say("Set aside"))
    if name == "regimen":
        facts = [fact for gap in (*plan.blocked, *plan.gaps) for fact in gap.facts]
        named = [fact for fact in facts if fact in _regimens(knowledge)]
        options = tuple((fact, plan_words.regimen_named(fact, knowledge)) for fact in named)
        return _buttons(name, options, asks)
    options = order_form.options_of(name, knowledge)
    if options:
        return _buttons(name, options, asks)
    unit = order_form.unit_of(name, knowledge)
    return _typed_answer(name, f"{asks}{f' ({unit})' if unit else ''}", say("Answer"), unit)


def _regimens(knowledge: Knowledge) -> set[str]:
    return {regimen.id for condition in knowledge.facts.condition for regimen in condition.regimens}


@lru_cache(maxsize=1024)
def _buttons(name: str, options: tuple[tuple[str, str], ...], asks: str) -> Markup:
    return Markup(
        h.div(".answers", role="group", aria_label=asks)[
            (
                h.button(".choice", type="submit", name="set", value=f"{name}={value}")[called]
                for value, called in options
            )
        ]
    )


@lru_cache(maxsize=1024)
def _typed_answer(name: str, label: str, called: str, unit: str = "") -> Markup:
    return Markup(
        h.div(".answers")[
            h.label(".unseen", for_=f"answer-{name}")[label],
            h.input(id=f"answer-{name}", name=f"{_ANSWER}{name}", autocomplete="off", data_answer=name),
            h.span(".unit")[unit] if unit else None,
            h.button(".choice", type="submit", name="do", value="plan")[called],
        ]
    )


def _compared(plan: Plan, knowledge: Knowledge, sent: Sent) -> Node:
    """The planned product and the next ones, each planned whole, side by side."""
    if plan.product is None or not plan.product.alternatives:
        return None
    return h.section[
        h.label(".tick")[
            h.input(type="checkbox", name="compare", value="1", checked=sent.compare or None),
            h.span[say("Products side by side")],
        ],
        _columns(plan, knowledge) if sent.compare else None,
        _not_compared(plan) if sent.compare else None,
    ]


def _not_compared(plan: Plan) -> Node:
    """Products that could not be planned, for nobody read their rates: said, not left out in silence."""
    unseen = (
        [option.name for option in plan.product.alternatives if not option.rates_seen] if plan.product else []
    )
    if not unseen:
        return None
    told = say("Not compared, their rates are not read complete: {products}", products=", ".join(unseen))
    return h.p(".soft")[told]


def _columns(plan: Plan, knowledge: Knowledge) -> Element:
    assert plan.product is not None
    others = [option.id for option in plan.product.alternatives if option.rates_seen][: COMPARED - 1]
    plans = [plan, *(_with(plan.order, product, knowledge) for product in others)]
    whole = [made for made in plans if made is not None and made.course is not None and made.days]
    rows = (
        (say("Given"), [written(p.course.grams, 3) + " g" for p in whole if p.course]),
        (say("Against the order"), [written(p.course.change_percent) + " %" for p in whole if p.course]),
        (say("Days"), [str(len(p.days)) for p in whole]),
        (say("Vials of the first"), [plan_words.vials(p.days[0]) for p in whole]),
        (say("Volume of the first"), [written(p.days[0].volume_ml) + " mL" for p in whole]),
        (say("Longest"), [hours(max(day.duration_min for day in p.days)) for p in whole]),
        (say("Highest rate"), [_top(p) for p in whole]),
        (say("Licence"), [_licence(p) for p in whole]),
        (say("Status"), [say(words.STATUS[p.status]) for p in whole]),
    )
    return table(
        say("Products side by side"),
        ("", *(p.product.name for p in whole if p.product)),
        [(label, *cells) for label, cells in rows],
    )


def _licence(plan: Plan) -> str:
    return say("this use") if plan.product and plan.product.on_label else say("OFF LABEL")


def _top(plan: Plan) -> str:
    rates = [step.rate_ml_per_h for day in plan.days for step in day.steps]
    return f"{written(max(rates))} mL/h" if rates else say("not planned")


def _with(order: Order, product: str, knowledge: Knowledge) -> Plan | None:
    try:
        return checked_plan(replace(order, product=product), knowledge)
    except UnverifiedPlanError:
        return None


routes = [ask, change, plan_it, preview, ranked]
