"""What is asked of the levels page: a dose and interval, the trough that is wanted, a delay, another way."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from decimal import Decimal
from itertools import pairwise
from typing import NamedTuple

import htpy as h
import msgspec
from htpy import Element, Node

from ivigil.course import Plan
from ivigil.intake.numbers import NumberError, written_number
from ivigil.kinetics.aim import Cycle
from ivigil.kinetics.beside import Way
from ivigil.kinetics.levels import Given
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge
from ivigil.practice.levels import LevelHistory
from ivigil.sheets.levels import refused_text
from ivigil.sheets.numbers import MINUTES_PER_HOUR, number
from ivigil.sheets.spoken import counted, say, texts
from ivigil.web.parts.field import choice, submit, text

PART = "levels"
"""Id of the part that a changed question renews."""
ROUTE: dict[KineticRoute, str] = texts(
    {"IV": "into a vein", "SC": "under the skin", "facilitated_SC": "under the skin, facilitated"}
)
_WAY: dict[KineticRoute, str] = texts(
    {
        "IV": "{dose} every {days} days into a vein",
        "SC": "{dose} every {days} days under the skin",
        "facilitated_SC": "{dose} every {days} days under the skin, facilitated",
    }
)
_COURSE: dict[KineticRoute, str] = texts(
    {
        "IV": "{dose} over {over} days, every {days} days, into a vein",
        "SC": "{dose} over {over} days, every {days} days, under the skin",
        "facilitated_SC": "{dose} over {over} days, every {days} days, under the skin, facilitated",
    }
)
_SC_INTERVAL, _COURSE_DAYS = "policy.sc_interval", "policy.kinetic_course_days"
_WEEKS_BETWEEN = 4
"""Asked of where no interval is known."""
_LATE_DAYS = 7
"""Asked of where nobody says how late."""
_MOST_G, _MOST_DAYS, _MOST_G_PER_L = Decimal(500), Decimal(366), Decimal(40)
_MOST_COURSE_DAYS = Decimal(31)
"""These bound the work of a page; none is clinical."""


class Question(NamedTuple):
    """The question as it is typed."""

    grams: str = ""
    interval: str = ""
    over: str = ""
    target: str = ""
    late: str = ""
    way: str = ""
    way_grams: str = ""
    way_interval: str = ""
    each: str = ""


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """What would be given from the next due day on, and what else is asked."""

    given: Way
    target_g_per_l: Decimal | None
    late_days: int
    other: Way | None
    """What it is held against."""
    each: bool
    """Each model by itself beside all together: slower to draw."""
    wrong: Mapping[str, str] = {}
    """By field: what cannot be asked; nothing is computed then."""


def asked(history: LevelHistory, typed: Question, knowledge: Knowledge) -> Asked:
    """What was asked for; else the dose that the plan gives, as often as ordered."""
    wrong = dict[str, str]()
    plan, doses = history.plan, history.case.doses
    grams = _typed("grams", say("Dose"), typed.grams, _MOST_G, wrong)
    every = _typed("interval", say("Every"), typed.interval, _MOST_DAYS, wrong, whole=True)
    over = _typed("over", say("Over"), typed.over, _MOST_COURSE_DAYS, wrong, whole=True)
    target = _typed("target", say("Trough wanted"), typed.target, _MOST_G_PER_L, wrong)
    late = _typed("late", say("Next dose late by"), typed.late, _MOST_DAYS, wrong, whole=True)
    interval = int(every or plan.order.interval_days or _usual(plan, doses, knowledge))
    if over and over > interval:
        wrong["over"] = refused_text(say("Over"), typed.over, say("days within the interval"))
    given = Way(
        grams=grams or sum((day.grams for day in plan.days), Decimal(0)) or doses[-1].grams,
        cycle=Cycle(
            interval_days=interval,
            over_days=min(int(over or len(plan.days) or 1), interval),
            route=doses[-1].route,
            hours=_hours(plan) or doses[-1].hours,
        ),
    )
    return Asked(
        given=given,
        target_g_per_l=target or plan.order.target_trough_g_per_l,
        late_days=int(late) if late else _LATE_DAYS,
        other=_other(typed, given, knowledge, wrong),
        each=bool(typed.each),
        wrong=wrong,
    )


def due(history: LevelHistory, way: Way, now: dt.datetime, knowledge: Knowledge) -> dt.datetime:
    """When the next course is due: as it is planned, else an interval after the last one began; not before
    what is still to come of that one, and never in the past."""
    ahead = [day.start for day in history.plan.days[:1] if day.start > now]
    begin = _last_course(history, knowledge) + dt.timedelta(days=way.cycle.interval_days)
    return max(ahead[0] if ahead else begin, now, *(given.end for given in history.to_come))


def _last_course(history: LevelHistory, knowledge: Knowledge) -> dt.datetime:
    """When the course of the last dose began: doses of one course are nearer to each other than courses."""
    *before, last = history.case.doses
    if len(history.plan.days) <= 1:
        return last.start
    begin, apart = last.start, _apart(knowledge)
    for dose in reversed(before):
        if last.start - dose.start >= apart:
            break
        begin = dose.start
    return begin


def way_text(way: Way) -> str:
    """A dose, how often and by which route."""
    if way.cycle.over_days > 1:
        return say(
            _COURSE[way.cycle.route],
            dose=f"{number(way.grams, 1)} g",
            over=str(way.cycle.over_days),
            days=str(way.cycle.interval_days),
        )
    if way.cycle.interval_days == 1:
        every_day: dict[KineticRoute, str] = texts(
            {
                "IV": "{dose} every day into a vein",
                "SC": "{dose} every day under the skin",
                "facilitated_SC": "{dose} every day under the skin, facilitated",
            }
        )
        return say(every_day[way.cycle.route], dose=f"{number(way.grams, 1)} g")
    return say(_WAY[way.cycle.route], dose=f"{number(way.grams, 1)} g", days=str(way.cycle.interval_days))


def _other(typed: Question, given: Way, knowledge: Knowledge, wrong: dict[str, str]) -> Way | None:
    """The other way; where no dose is typed the same grams a day."""
    route = next((each for each in ROUTE if each == typed.way), None)
    grams = _typed("way_grams", say("Its dose"), typed.way_grams, _MOST_G, wrong)
    every = _typed("way_interval", say("Its interval"), typed.way_interval, _MOST_DAYS, wrong, whole=True)
    if route is None:
        return None
    usual = 7 * _WEEKS_BETWEEN if route == "IV" else int(knowledge.policies[_SC_INTERVAL].number or 7)
    interval = int(every) if every else usual
    same = given.grams * interval / given.cycle.interval_days
    return Way(grams=grams or same, cycle=Cycle(interval_days=interval, route=route))


def _hours(plan: Plan) -> Decimal:
    """How long the first planned day flows; 0 where nothing is planned."""
    minutes = sum(step.minutes for step in plan.days[0].steps) if plan.days else 0
    return Decimal(minutes) / MINUTES_PER_HOUR


def _typed(
    field: str, label: str, written: str, most: Decimal, wrong: dict[str, str], *, whole: bool = False
) -> Decimal | None:
    """A number above 0; None where nothing, or nothing usable, was typed."""
    text = written.strip()
    if not text:
        return None
    try:
        value = written_number(text)
    except NumberError as error:
        wrong[field] = refused_text(label, text, say(str(error)))
        return None
    if not 0 < value <= most or (whole and value % 1):
        limit = texts("a number above 0, at most {most}")
        if whole:
            limit = texts("a whole number above 0, at most {most}")
        wrong[field] = refused_text(label, text, say(limit, most=str(most)))
        return None
    return value


def _usual(plan: Plan, doses: tuple[Given, ...], knowledge: Knowledge) -> int:
    """Days between the last two courses; of a single one, the time to its nadir is not guessed: four weeks.

    Doses on the days of one course are not that far apart.
    """
    apart = _apart(knowledge)
    gaps = [later.start - sooner.start for sooner, later in pairwise(doses)]
    between = [gap for gap in gaps if gap >= apart or len(plan.days) <= 1]
    return max(1, round(between[-1] / dt.timedelta(days=1))) if between else 7 * _WEEKS_BETWEEN


def _apart(knowledge: Knowledge) -> dt.timedelta:
    """Doses this far apart are of two courses."""
    return dt.timedelta(days=float(knowledge.policies[_COURSE_DAYS].number or 0))


def question(patient: str, asked: Asked, typed: Question) -> Element:
    """A form that is fetched: it has an address, and works without a script. What was typed stays."""

    def shown(name: str, value: str) -> str:
        return str(getattr(typed, name)) if name in asked.wrong else value

    given = asked.given
    target = "" if asked.target_g_per_l is None else number(asked.target_g_per_l)
    dose, every = number(given.grams, 1), str(given.cycle.interval_days)
    return h.form(".question", method="get", action=f"/patients/{patient}/levels", data_part=PART)[
        _slider("grams", say("Dose"), shown("grams", dose), ("g", 5, 100, "2.5"), asked),
        _slider("interval", say("Every"), shown("interval", every), (say("days"), 1, 60, "1"), asked),
        text(
            "over",
            say("Over"),
            shown("over", str(given.cycle.over_days)),
            unit=say("days"),
            inputmode="numeric",
            faults=_fault("over", asked),
        ),
        text(
            "target",
            say("Trough wanted"),
            shown("target", target),
            unit="g/L",
            required=False,
            inputmode="decimal",
            faults=_fault("target", asked),
        ),
        text(
            "late",
            say("Next dose late by"),
            shown("late", str(asked.late_days)),
            unit=say("days"),
            inputmode="numeric",
            faults=_fault("late", asked),
        ),
        _other_fields(asked, typed),
        h.label(".tick")[
            h.input(type="checkbox", name="each", value="yes", checked=asked.each),
            h.span[say("Draw each model by itself")],
        ],
        submit(say("Show")),
    ]


def _other_fields(asked: Asked, typed: Question) -> Element:
    """Another way; what is left empty is said in the answer."""
    other = "" if asked.other is None else asked.other.cycle.route
    return h.fieldset(".other")[
        h.legend[say("Beside another way")],
        choice(
            "way",
            say("Way"),
            (("", say("none")), *((route, say(name)) for route, name in ROUTE.items())),
            other,
        ),
        text(
            "way_grams",
            say("Its dose"),
            typed.way_grams,
            unit="g",
            required=False,
            inputmode="decimal",
            hint=say("Empty: the same grams a day"),
            faults=_fault("way_grams", asked),
        ),
        text(
            "way_interval",
            say("Its interval"),
            typed.way_interval,
            unit=say("days"),
            required=False,
            inputmode="numeric",
            faults=_fault("way_interval", asked),
        ),
    ]


def _fault(name: str, asked: Asked) -> tuple[str, ...]:
    return (asked.wrong[name],) if name in asked.wrong else ()


def _slider(name: str, label: str, value: str, scale: tuple[str, int, int, str], asked: Asked) -> Element:
    """A number that can also be slid; the slider is the script's and stays away without one.

    scale: (unit, lowest, highest, step). It stands where the number does, between its steps too.
    """
    unit, low, high, step = scale
    return h.div(".slid")[
        text(name, label, value, unit=unit, inputmode="decimal", faults=_fault(name, asked)),
        h.input(
            type="range",
            hidden=True,
            min=str(low),
            max=str(high),
            step="0.01",
            value=value,
            data_slides=name,
            data_step=step,
            aria_label=f"{label}, {unit}",
        ),
    ]


def waiting() -> Node:
    """What the script says while the answer below is not of what is asked above, and for what it came."""
    return h.p("#answered.unseen", role="status"), h.p(
        "#waiting",
        role="status",
        hidden=True,
        data_text=say("Not computed for {dose} g every {days} days. Below is still the answer before it."),
        data_failed=say(
            "Not computed for {dose} g every {days} days: no answer came. Below is still the answer before "
            "it. It is asked again once there is a connection."
        ),
    )


def standing(asked: Asked, plan: Plan) -> Node:
    """For what the answer is: read first."""
    text = texts("For {way}, as planned.") if _as_planned(asked, plan) else texts("For {way}.")
    return h.p(".for")[h.strong[say(text, way=way_text(asked.given))]]


def _as_planned(asked: Asked, plan: Plan) -> bool:
    cycle = asked.given.cycle
    same = cycle.interval_days == plan.order.interval_days and cycle.over_days == len(plan.days)
    return same and asked.given.grams == sum((day.grams for day in plan.days), Decimal(0))


def late_text(days: int) -> str:
    """How late."""
    return counted(days, "{count} day late", "{count} days late")
