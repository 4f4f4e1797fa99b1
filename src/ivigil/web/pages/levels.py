"""A patient's IgG: measured levels, what the models say of them, and what a dose and interval would do."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Annotated, NamedTuple

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect
from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.intake.levels import parse_level
from ivigil.intake.numbers import NumberError, written_number
from ivigil.kinetics.aim import (
    Cycle,
    Proposal,
    Refused,
    RefusedError,
    Regimen,
    Spread,
    dose_for_trough,
    missed_dose,
    people,
)
from ivigil.kinetics.courses import courses
from ivigil.kinetics.estimate import Case, Estimate, Fitted, Warn, estimate
from ivigil.kinetics.levels import Given, Level, days
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, OrderError
from ivigil.practice.entry import draft
from ivigil.practice.levels import LevelHistory, Statement, body, level_history, listed, mark
from ivigil.records.bodies import DosesStated, DosesTakenBack
from ivigil.records.lookback import contact_of
from ivigil.sheets.estimate_plot import forecast_picture
from ivigil.sheets.faults import accepted, seen
from ivigil.sheets.level_plot import Picture, PlotError, drawn
from ivigil.sheets.levels import (
    BANDS,
    MISFIT,
    NOT_FITTED,
    REFUSED,
    REJECTED,
    SUPPORT,
    WARNING,
    spread_text,
    whole_text,
)
from ivigil.sheets.models import KNOWN
from ivigil.sheets.numbers import MINUTES_PER_HOUR, number
from ivigil.sheets.spoken import counted, say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.facts import link
from ivigil.web.parts.chart import chart
from ivigil.web.parts.field import form, submit, text, ticks
from ivigil.web.parts.identity import UNNAMED, identity
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

SEED = 1
_PART = "levels"
_ROUTE: dict[KineticRoute, str] = texts(
    {"IV": "into a vein", "SC": "under the skin", "facilitated_SC": "under the skin, facilitated"}
)
_WARNING: dict[Warn, str] = texts(
    {
        "history_incomplete": "Nobody said that every dose since the first is listed: missing doses make "
        "every figure wrong.",
        "medicines_not_asked": "Nobody asked for FcRn blockers, under which no model holds.",
    }
)
_REFUSED: dict[Refused, str] = texts(
    {
        "history_incomplete": "Nobody said that every dose since the first is listed.",
        "medicines_not_asked": "Nobody asked for FcRn blockers.",
    }
)
"""Where a page says it otherwise than a file's command, which names the file's field."""
_DOSES = 6
"""Planned doses that are drawn."""
_WEEKS_AFTER = 4

_MOST_G, _MOST_DAYS, _MOST_G_PER_L = Decimal(500), Decimal(366), Decimal(40)
"""These bound the work of a page; none is clinical."""

Typed = Annotated[str, QueryParameter(max_length=20)]


class Measured(msgspec.Struct, kw_only=True):
    """The form of a level as it is typed."""

    igg: str = ""
    taken: str = ""
    before_dose: str = ""


class Seen(msgspec.Struct, kw_only=True):
    """Which list of doses was looked at."""

    mark: str = ""


class Question(NamedTuple):
    """The question as it is typed."""

    grams: str = ""
    interval: str = ""
    target: str = ""
    each: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What would be given from the next due day on, and the trough that is wanted."""

    grams: Decimal
    hours: Decimal
    interval_days: int
    target_g_per_l: Decimal | None
    each: bool
    """Each model by itself beside all together: slower to draw."""


@get("/patients/{patient:str}/levels", needs="levels.read", sync_to_thread=True)
def levels(  # noqa: PLR0917 - Litestar passes them by name
    visit: TheVisit,
    patient: FromPath[str],
    grams: Typed = "",
    interval: Typed = "",
    target: Typed = "",
    each: Typed = "",
) -> Response[str]:
    """The curve, what if, and what the models say; or the part of it that a changed question renews."""
    history = level_history(visit.journal, patient, visit.knowledge, visit.now)
    if history is None:
        return _page(
            visit, patient, None, notice("info", h.p[say("No dose of this patient is on record here.")])
        )
    wrong: list[str] = []
    asked = _asked(history, Question(grams, interval, target, each), wrong)
    shown = _answer(visit, history, asked, tuple(wrong))
    if visit.part == _PART:
        return shell.part(shown)
    return _page(
        visit,
        patient,
        history,
        _question(patient, asked),
        shown,
        _before(visit, history),
        _add(visit, patient),
    )


@post("/patients/{patient:str}/levels", needs="follow_up.record", sync_to_thread=True)
def add(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Measured]) -> Response[str] | Redirect:
    """Record a measured level; every fault is told and nothing is saved then."""
    typed = {"igg": data.igg.strip(), "taken": data.taken.strip(), "before_dose": bool(data.before_dose)}
    try:
        level = parse_level({name: value for name, value in typed.items() if value != ""}, visit.knowledge)
        _not_to_come(level, visit.now)
    except OrderError as error:
        told = tuple(map(_fault, error.faults))
        history = level_history(visit.journal, patient, visit.knowledge, visit.now)
        return _page(visit, patient, history, faults(told), _add(visit, patient, data), status=400)
    visit.journal.append([draft(visit.entry(), patient, body(level))])
    return Redirect(f"/patients/{patient}/levels", status_code=303)


@post("/patients/{patient:str}/levels/before", needs="levels.aim", sync_to_thread=True)
def state(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Seen]) -> Response[str] | Redirect:
    """State that the listed doses are all before the first one here: of the list that was looked at."""
    history = _known(visit, patient)
    if not history.before or data.mark != mark(history.before):
        wrong = (say("The list is not what you looked at any more. Look at it again, then decide again."),)
        return _page(visit, patient, history, faults(wrong), _before(visit, history), status=409)
    if history.stated is None:
        body = DosesStated(doses=listed(history.before))
        visit.journal.append([draft(visit.entry(), patient, body)])
    return Redirect(f"/patients/{patient}/levels", status_code=303)


@post("/patients/{patient:str}/levels/before/back", needs="levels.aim", sync_to_thread=True)
def take_back(visit: TheVisit, patient: FromPath[str]) -> Redirect:
    """Take back, at once, what somebody stated of the doses before."""
    history = _known(visit, patient)
    if history.stated is not None or history.lapsed:
        visit.journal.append([draft(visit.entry(), patient, DosesTakenBack())])
    return Redirect(f"/patients/{patient}/levels", status_code=303)


def _known(visit: Visit, patient: str) -> LevelHistory:
    history = level_history(visit.journal, patient, visit.knowledge, visit.now)
    if history is None:
        raise NotFoundException(detail="no dose of this patient is on record here")
    return history


def _fault(fault: Fault) -> str:
    return _refused(fault.field.rpartition(".")[2], seen(fault), accepted(fault))


def _refused(field: str, typed: str, accepted: str) -> str:
    return say("{field}: {typed}; accepted: {accepted}", field=field, typed=typed, accepted=accepted)


def _not_to_come(level: Level, now: dt.datetime) -> None:
    """Nothing was measured that is still to come. Raises OrderError."""
    taken = level.taken
    day = taken.date() if isinstance(taken, dt.datetime) else taken
    if day is not None and day > now.date():
        raise OrderError(
            (Fault("levels.taken", day.isoformat(), say("a day until {day}", day=f"{now.date()}")),)
        )


def _page(
    visit: Visit, patient: str, history: LevelHistory | None, *content: Node, status: int = 200
) -> Response[str]:
    contact = contact_of(visit.journal, patient)
    name = contact.name if contact else ""
    who = history.plan.order.patient if history else None
    banner = identity(name, who.id.value, who.birth_date) if who else h.strong[name or say(UNNAMED)]
    scripts, styles = ("levels.js",), ("levels.css",)
    return shell.page(
        say("IgG levels"), visit, *content, banner=banner, scripts=scripts, styles=styles, status=status
    )


def _asked(history: LevelHistory, typed: Question, wrong: list[str]) -> Asked:
    """What was asked for; else the planned dose, as often as ordered. Faults go to ``wrong``."""
    plan, doses = history.plan, history.case.doses
    every = _typed(say("Every"), typed.interval, _MOST_DAYS, wrong, whole=True)
    planned = plan.dose.grams if plan.dose else doses[-1].grams
    wanted = _typed(say("Trough wanted"), typed.target, _MOST_G_PER_L, wrong)
    ordered = plan.order.interval_days or _usual(doses)
    return Asked(
        grams=_typed(say("Dose"), typed.grams, _MOST_G, wrong) or planned,
        hours=_hours(plan) or doses[-1].hours,
        interval_days=int(every) if every else ordered,
        target_g_per_l=wanted or plan.order.target_trough_g_per_l,
        each=bool(typed.each),
    )


def _hours(plan: Plan) -> Decimal:
    """How long the first planned day flows; 0 where nothing is planned."""
    minutes = sum(step.minutes for step in plan.days[0].steps) if plan.days else 0
    return Decimal(minutes) / MINUTES_PER_HOUR


def _typed(
    label: str, written: str, most: Decimal, wrong: list[str], *, whole: bool = False
) -> Decimal | None:
    """A number above 0; None where nothing, or nothing usable, was typed."""
    text = written.strip()
    if not text:
        return None
    try:
        value = written_number(text)
    except NumberError as error:
        wrong.append(_refused(label, text, say(str(error))))
        return None
    if not 0 < value <= most or (whole and value % 1):
        limit = texts("a number above 0, at most {most}")
        if whole:
            limit = texts("a whole number above 0, at most {most}")
        wrong.append(_refused(label, text, say(limit, most=str(most))))
        return None
    return value


def _usual(doses: tuple[Given, ...]) -> int:
    """Days between the last two doses; of a single one, the time to its nadir is not guessed: four weeks."""
    if len(doses) < 2:
        return 7 * _WEEKS_AFTER
    return max(1, round((doses[-1].start - doses[-2].start).total_seconds() / 86_400))


def _question(patient: str, asked: Asked) -> Element:
    """A form that is fetched: it has an address, and works without a script."""
    target = "" if asked.target_g_per_l is None else number(asked.target_g_per_l)
    return h.form(".question", method="get", action=f"/patients/{patient}/levels", data_part=_PART)[
        _slider("grams", say("Dose"), number(asked.grams, 1), "g", (5, 100, "2.5")),
        _slider("interval", say("Every"), str(asked.interval_days), say("days"), (1, 60, "1")),
        text("target", say("Trough wanted"), target, unit="g/L", required=False, inputmode="decimal"),
        h.label(".tick")[
            h.input(type="checkbox", name="each", value="yes", checked=asked.each),
            h.span[say("Draw each model by itself")],
        ],
        submit(say("Show")),
    ]


def _slider(name: str, label: str, value: str, unit: str, scale: tuple[int, int, str]) -> Element:
    """A number that can also be slid; the slider is the script's and stays away without one."""
    low, high, step = scale
    return h.div(".slid")[
        text(name, label, value, unit=unit, inputmode="decimal"),
        h.input(
            type="range",
            hidden=True,
            min=str(low),
            max=str(high),
            step=step,
            value=value,
            data_slides=name,
            aria_label=f"{label}, {unit}",
        ),
    ]


def _answer(visit: Visit, history: LevelHistory, asked: Asked, wrong: tuple[str, ...]) -> Element:
    """Everything that depends on the question, under one id."""
    case = _planned(history.case, asked, visit.now)
    known = estimate(visit.knowledge.facts.population_model, case, (), visit.knowledge, SEED)
    return h.section(id=_PART, aria_live="polite")[
        notice("stop", h.ul[(h.li[each] for each in wrong)], urgent=True) if wrong else None,
        _told(_doubts(history, known)),
        _curve(case, known, asked, visit.knowledge),
        _then(case, known, visit.knowledge),
        _sought(history, case, known, asked, visit.knowledge),
        _models(known, visit.knowledge),
        _measured(case, known),
        h.p(".soft")[f"{say(BANDS)} {say(SUPPORT)}"],
    ]


def _planned(case: Case, asked: Asked, now: dt.datetime) -> Case:
    """The asked dose from when it is next due on, and never in the past."""
    last, every = case.doses[-1], dt.timedelta(days=asked.interval_days)
    first = max(last.start + every, now)
    doses = tuple(
        Given(start=first + place * every, grams=asked.grams, route=last.route, hours=asked.hours)
        for place in range(_DOSES)
    )
    return replace(case, planned=doses)


def _told(doubts: list[str]) -> Node:
    return notice("slow", h.ul[(h.li[sentence] for sentence in doubts)]) if doubts else None


def _doubts(history: LevelHistory, known: Estimate) -> list[str]:
    found = [say(_WARNING.get(name, WARNING[name])) for name in known.warnings]
    if history.told:
        found.append(
            counted(
                history.told,
                "An order tells of one earlier dose; the days are reckoned back from the last one.",
                "An order tells of {count} earlier doses; the days are reckoned back from the last one.",
            )
        )
    if history.elsewhere:
        found.append(
            say(
                "A later order tells of a dose that is not listed here: {days}.",
                days=", ".join(map(str, history.elsewhere)),
            )
        )
    if history.unread:
        found.append(
            say("Not counted, since nobody can say how much was given: {count}.", count=str(history.unread))
        )
    if known.misfit:
        found.append(say(REFUSED["misfit"]))
    return found


def _curve(case: Case, known: Estimate, asked: Asked, knowledge: Knowledge) -> Node:
    if not known.people:
        return notice("stop", h.p[say(REFUSED["no_model"])])
    picture = forecast_picture(case, known, _WEEKS_AFTER, knowledge)
    if not asked.each:
        picture = replace(picture, beside=())
    if asked.target_g_per_l is not None:
        target = float(asked.target_g_per_l)
        picture = replace(picture, target_g_per_l=(target, target))
    try:
        svg = drawn(picture, "svg").decode()
    except PlotError as error:
        return [notice("slow", h.p[str(error)]), _numbers(picture)]
    return chart(svg, picture.described, _numbers(picture))


def _numbers(picture: Picture) -> Element:
    return table(picture.rows.title, picture.rows.heads, picture.rows.cells)


def _then(case: Case, known: Estimate, knowledge: Knowledge) -> Node:
    """The level before each planned dose, and at its end."""
    if not known.people:
        return None
    origin = known.levels.origin
    moments = sorted({days(at, origin) for given in case.planned for at in (given.start, given.end)})
    bands = {
        band.time_days: band
        for band in courses(known, (*case.doses, *case.planned), moments, knowledge).together
    }

    def shown(at: dt.datetime) -> str:
        band = bands[days(at, origin)]
        return spread_text(Spread(band.low, band.median, band.high), "", 1)

    rows = (
        (f"{given.start:%Y-%m-%d}", f"{number(given.grams, 1)} g", shown(given.start), shown(given.end))
        for given in case.planned
    )
    return table(
        say("If it is given like this"),
        (say("Day"), say("Dose"), say("Just before, g/L"), say("At its end, g/L")),
        rows,
        numbers=(1, 2, 3),
    )


def _sought(history: LevelHistory, case: Case, known: Estimate, asked: Asked, knowledge: Knowledge) -> Node:
    """The dose for the trough that is wanted, or every reason why none is sought."""
    if asked.target_g_per_l is None:
        return None
    cycle = Cycle(interval_days=asked.interval_days, route=case.doses[-1].route, hours=asked.hours)
    try:
        found = dose_for_trough(known, case, cycle, knowledge, target_g_per_l=asked.target_g_per_l)
    except RefusedError as refused:
        return h.section[
            h.h2[say("No dose is sought")],
            h.ul[(h.li[say(_REFUSED.get(reason, REFUSED[reason]))] for reason in refused.reasons)],
            h.p[h.a(href="#before")[say("The doses before the first one here")]]
            if "history_incomplete" in refused.reasons and history.before
            else None,
        ]
    return _proposal(found, known, knowledge)


def _proposal(found: Proposal, known: Estimate, knowledge: Knowledge) -> Element:
    low, high = (number(value) for value in found.window_g_per_l)
    chosen = found.chosen
    missed = missed_dose(people(known, found.cycle.route, knowledge), chosen.grams, found.cycle, knowledge)
    beside = sorted((*found.beside, chosen), key=lambda each: each.grams)
    return h.section[
        table(
            say(
                "A trough of {trough} g/L ({low} to {high}), at the steady state",
                trough=number(found.target_g_per_l),
                low=low,
                high=high,
            ),
            (say("Dose"), say("Trough, g/L"), say("Peak, g/L"), say("In the window")),
            (_regimen(each, chosen) for each in beside),
        ),
        h.p[say("Steady after {time}.", time=spread_text(found.steady_after_days, say("days"), 0))],
        h.p[
            say(
                "One missed dose: trough {before}, an interval later {after}.",
                before=spread_text(missed.trough_g_per_l, "g/L", 1),
                after=spread_text(missed.after_missed_g_per_l, "g/L", 1),
            )
        ],
    ]


def _regimen(item: Regimen, chosen: Regimen) -> tuple[Node, ...]:
    text = (
        texts("{dose} every {days} days, proposed") if item is chosen else texts("{dose} every {days} days")
    )
    dose = say(text, dose=f"{number(item.grams, 1)} g", days=str(item.interval_days))
    share = "" if item.in_window is None else f"{whole_text(100 * item.in_window)} %"
    peak = spread_text(item.peak_g_per_l, "", 1)
    return (
        h.b[dose] if item is chosen else dose,
        spread_text(item.trough_g_per_l, "", 1),
        say("{peak} high peak", peak=peak) if item.above_peak_limit > 0 else peak,
        share,
    )


def _models(known: Estimate, knowledge: Knowledge) -> Element:
    rows = [_fitted(each, knowledge) for each in known.models if not each.why_not]
    rows += [
        (link(knowledge.population_models[each.model]), "", "", say(NOT_FITTED[each.why_not]))
        for each in known.models
        if each.why_not and knowledge.population_models[each.model].verdict.status != "refused"
    ]
    heads = (say("Model"), say("Evidence"), say("Weight"), say("What it says"))
    return h.section(".models")[table(say("Models"), heads, rows, numbers=(2,))]


def _fitted(fitted: Fitted, knowledge: Knowledge) -> tuple[Node, ...]:
    model = knowledge.population_models[fitted.model]
    outside = [say(KNOWN[check.of]) for check in fitted.applicability.ranges if check.place == "outside"]
    told = [say(MISFIT[item]) for item in fitted.misfits]
    if outside:
        told.append(say("outside its range of {ranges}", ranges=", ".join(dict.fromkeys(outside))))
    told += [say("fitted to another condition")] if fitted.applicability.extrapolated else []
    weight = f"{whole_text(100 * fitted.weight)} %"
    return link(model), model.verdict.grade, weight, "; ".join(told) or say("within its range")


def _measured(case: Case, known: Estimate) -> Element:
    rejected = {each.place: say(REJECTED[each.why]) for each in known.levels.rejected}
    rows = (
        (
            _drawn(level),
            f"{'< ' if level.limit == 'below' else '> ' if level.limit == 'above' else ''}"
            f"{number(level.g_per_l)} g/L",
            rejected.get(place, say("used")),
        )
        for place, level in enumerate(case.levels)
    )
    return table(
        say("Measured"),
        (say("Drawn"), "IgG", say("Counted")),
        rows,
        numbers=(1,),
        empty=say("No level is on record."),
    )


def _drawn(level: Level) -> str:
    """As it was told: a day, or a moment with its offset."""
    if isinstance(level.taken, dt.datetime):
        return level.taken.isoformat(" ", "minutes")
    return str(level.taken or say("not known"))


def _before(visit: Visit, history: LevelHistory) -> Node:
    """Every dose that an order tells of before the first one here, and whoever stands by the list."""
    if not history.before:
        return None
    patient = visit.journal.stream(history.plan.order.patient.id)
    rows = (
        (f"{given.start:%Y-%m-%d}", f"{number(given.grams)} g", say(_ROUTE[given.route]))
        for given in history.before
    )
    may = visit.may("levels.aim", patient)
    return h.section("#before")[
        table(
            say("Doses before the first one here, as an order tells of them"),
            (say("Day"), say("Dose"), say("Route")),
            rows,
            numbers=(1,),
        ),
        _standing(visit, history.stated) if history.stated else _unstated(history),
        _taking_back(visit, patient) if may and (history.stated or history.lapsed) else None,
        _stating(visit, patient, history) if may and not history.stated else None,
    ]


def _standing(visit: Visit, stated: Statement) -> Element:
    at = stamp(stated.at, visit.zone)
    return notice(
        "go",
        h.p[
            woven(
                "{person} states that these are all doses before the first one here, each on its day: "
                "{time}.",
                person=h.strong[stated.by],
                time=at,
            )
        ],
    )


def _unstated(history: LevelHistory) -> Element:
    text = texts("Nobody states that these are all: no dose is sought.")
    if history.lapsed:
        text = texts("Somebody stated it of another list, which counts for nothing now: no dose is sought.")
    return notice("slow", h.p[say(text)])


def _stating(visit: Visit, patient: str, history: LevelHistory) -> Element:
    return form(visit.form_token, f"/patients/{patient}/levels/before", classes="stating")[
        h.input(type="hidden", name="mark", value=mark(history.before)),
        h.p[
            say(
                "The days are reckoned back from the last dose. You have looked at each line: it was given, "
                "on that day, and there was no other dose before the first one here."
            )
        ],
        submit(say("State that this list is complete")),
    ]


def _taking_back(visit: Visit, patient: str) -> Element:
    return form(visit.form_token, f"/patients/{patient}/levels/before/back", classes="stating")[
        submit(say("Take the statement back"), kind="plain")
    ]


def _add(visit: Visit, patient: str, typed: Measured | None = None) -> Node:
    if not visit.may("follow_up.record", patient):
        return None
    kept = typed or Measured()
    return h.section[
        h.h2[say("A measured level")],
        form(visit.form_token, f"/patients/{patient}/levels", classes="narrow")[
            text(
                "igg",
                say("Total IgG"),
                kept.igg,
                hint=say("With its unit: {examples}", examples="7.4 g/L, 742 mg/dL, < 0.3 g/L"),
            ),
            text(
                "taken",
                say("Drawn on"),
                kept.taken,
                hint=say(
                    "A day as {day}, or with time and offset, {moment}",
                    day="2026-11-23",
                    moment="2026-11-23T08:10+00:00",
                ),
            ),
            ticks("before_dose", say("On the day of a dose"), (("yes", say("drawn before the dose")),)),
            submit(say("Record")),
        ],
    ]


routes = [levels, add, state, take_back]
