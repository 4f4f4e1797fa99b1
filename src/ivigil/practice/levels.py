"""What the journal knows of a patient's IgG: every dose, every level, and how sure the history is."""

from __future__ import annotations

import datetime as dt
import hashlib
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

import msgspec

from ivigil.course import Day, Plan
from ivigil.infusion.progress import given_g
from ivigil.infusion.state import State
from ivigil.kinetics.estimate import Case
from ivigil.kinetics.individual import Subject
from ivigil.kinetics.levels import Given, Level
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order, Route
from ivigil.patient import Measurement, completed_years
from ivigil.records.authorisation import Standing, standings
from ivigil.records.bodies import DosesStated, DosesTakenBack, LevelMeasured, LevelTakenBack, StatedDose
from ivigil.records.journal import Journal
from ivigil.records.past import infused
from ivigil.records.words import Record

BLOCKER = "fcrn_blocker"
_IGG = "igg_g_per_l"
_NOON = dt.time(12)
_SECONDS_PER_HOUR = 3600
_MINUTES_PER_HOUR = 60


class Statement(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody stands by the list of doses before the first one here."""

    by: str
    at: dt.datetime


class RecordedLevel(msgspec.Struct, frozen=True, kw_only=True):
    """A level that somebody recorded here."""

    event: str
    """Id of the event."""
    by: str
    at: dt.datetime
    level: Level
    back: TakenBack | None = None
    """None: it stands."""


class TakenBack(msgspec.Struct, frozen=True, kw_only=True):
    """Who took a level back, when and why."""

    by: str
    at: dt.datetime
    reason: str


class LevelHistory(msgspec.Struct, frozen=True, kw_only=True):
    """A case as the models ask for it, and where its doses come from."""

    case: Case
    plan: Plan
    """The latest that holds, by whose order the patient is described."""
    given: int
    """Doses on record here."""
    before: tuple[Given, ...]
    """Earlier doses that an order tells of; their days are reckoned back from the last one's date."""
    stated: Statement | None
    """Who states that those are all doses before the first one here; None: nobody, of this list."""
    lapsed: bool
    """Somebody stated it of another list: doses that an order tells of have changed since."""
    elsewhere: tuple[dt.date, ...]
    """Days of doses that later orders tell of and that are neither on record here nor among those before."""
    whole: bool
    """Every dose before the first one here is known: the patient had none, or somebody stands by the list."""
    open: tuple[Given, ...]
    """Infusions that began and are not closed: among the doses of the case, as their plans have them."""
    to_come: tuple[Given, ...]
    """Days of the course begun last that have not begun: as planned, not among the doses of the case."""
    recorded: tuple[RecordedLevel, ...]
    """Levels recorded here, those taken back among them; of the case are the ones that stand."""

    @property
    def told(self) -> int:
        return len(self.before)


def level_history(
    journal: Journal, stream: str, knowledge: Knowledge, at: dt.datetime
) -> LevelHistory | None:
    """Everything until ``at``; None if the patient has no dose that is known.

    The history counts as complete of a patient who was never treated before the first dose on record; where
    an order tells of earlier ones, only while somebody states that just these are all, and no later order
    tells of another one. While an infusion is not closed it is not complete: what it gives is not known yet.
    """
    records = journal.read(stream)
    standing = standings(records)
    plans = [each.plan for each in standing.values()]
    if not plans:
        return None
    latest = max(_holding(standing.values()) or plans, key=lambda plan: plan.order.start)
    runs = [(plan, state) for plan, state in infused(journal, stream) if state.flows]
    closed = [
        _given(plan, state, knowledge) for plan, state in runs if state.ended_at and state.ended_at <= at
    ]
    given = [dose for dose in closed if dose is not None]
    begun = tuple(
        _planned(plan, state.day, state.started_at, knowledge)
        for plan, state in runs
        if state.started_at and state.started_at <= at and not (state.ended_at and state.ended_at <= at)
    )
    told = tuple(_told(_last(plans), latest.order, (*given, *begun), knowledge))
    doses = sorted((*told, *given, *begun), key=lambda dose: dose.start)
    if not doses:
        return None
    recorded = tuple(_recorded(records, at))
    naive = all(plan.order.experience == "naive" for plan in plans) and not told
    last = _statement(records, at)
    stated = last if last is not None and last.doses == listed(told) else None
    elsewhere = _elsewhere(plans, doses)
    whole = naive or (stated is not None and bool(told) and not elsewhere)
    case = Case(
        subject=_subject(latest.order, plans, doses[0].start.date() if naive else None, knowledge),
        doses=tuple(doses),
        levels=(*_ordered(plans, at.date()), *(each.level for each in recorded if each.back is None)),
        complete=True if whole and not begun else None,
    )
    return LevelHistory(
        case=case,
        plan=latest,
        given=len(given),
        before=told,
        stated=None if stated is None else stated.statement,
        lapsed=last is not None and stated is None,
        elsewhere=elsewhere,
        whole=whole,
        open=begun,
        to_come=tuple(_to_come(runs, standing, at, knowledge)),
        recorded=recorded,
    )


def listed(doses: Iterable[Given]) -> tuple[StatedDose, ...]:
    """Doses as somebody states them: each with its day."""
    return tuple(StatedDose(day=dose.start.date(), grams=dose.grams, route=dose.route) for dose in doses)


def mark(doses: Iterable[Given]) -> str:
    """A fingerprint of the list: whoever states something says of which."""
    return hashlib.sha256(msgspec.json.encode(listed(doses))).hexdigest()


def _recorded(records: Iterable[Record], at: dt.datetime) -> Iterator[RecordedLevel]:
    """Every level by ``at``, with what was said of it by then."""
    known = [record for record in records if record.occurred_at <= at]
    back = {
        record.body.event: TakenBack(by=record.author, at=record.occurred_at, reason=record.body.reason)
        for record in known
        if isinstance(record.body, LevelTakenBack)
    }
    for record in known:
        if isinstance(record.body, LevelMeasured):
            yield RecordedLevel(
                event=record.id,
                by=record.author,
                at=record.occurred_at,
                level=read(record.body),
                back=back.get(record.id),
            )


class _Stated(msgspec.Struct, frozen=True):
    doses: tuple[StatedDose, ...]
    statement: Statement


def _statement(records: Iterable[Record], at: dt.datetime) -> _Stated | None:
    """The last statement that was not taken back."""
    found = None
    for record in records:
        if record.occurred_at > at:
            continue
        match record.body:
            case DosesStated(doses=doses):
                found = _Stated(doses, Statement(by=record.author, at=record.occurred_at))
            case DosesTakenBack():
                found = None
    return found


def _elsewhere(plans: Iterable[Plan], doses: Iterable[Given]) -> tuple[dt.date, ...]:
    """Days on which an order's last dose was, without any that is known here."""
    known = {dose.start.date() for dose in doses}
    told = {plan.order.last_immunoglobulin.date for plan in plans if plan.order.last_immunoglobulin}
    return tuple(sorted(told - known))


def body(level: Level) -> LevelMeasured:
    """A level as it is recorded. Raises ValueError if it is not of total IgG."""
    if level.of != "total":
        raise ValueError("only total IgG is recorded")
    return LevelMeasured(
        g_per_l=level.g_per_l,
        limit=level.limit,
        taken_at=level.taken if isinstance(level.taken, dt.datetime) else None,
        taken_on=None if isinstance(level.taken, dt.datetime) else level.taken,
        before_dose=level.before_dose,
    )


def read(measured: LevelMeasured) -> Level:
    """A level as it was recorded."""
    return Level(
        g_per_l=measured.g_per_l,
        taken=measured.taken_at or measured.taken_on,
        limit=measured.limit,
        before_dose=measured.before_dose,
    )


def _holding(standings: Iterable[Standing]) -> list[Plan]:
    """Plans that no other one has replaced and nobody has withdrawn."""
    known = tuple(standings)
    replaced = {each.plan.supersedes for each in known}
    return [each.plan for each in known if each.step != "superseded" and each.plan.id not in replaced]


def _given(plan: Plan, state: State, knowledge: Knowledge) -> Given | None:
    """What ran in; None if nothing is known to have."""
    assert state.ended_at is not None and state.started_at is not None
    grams = given_g(state, state.ended_at)
    if not grams:
        return None
    hours = Decimal((state.ended_at - state.started_at).total_seconds()) / _SECONDS_PER_HOUR
    return Given(start=state.started_at, grams=grams, route=_route(plan, knowledge), hours=hours)


def _planned(plan: Plan, day: Day, start: dt.datetime, knowledge: Knowledge) -> Given:
    """An infusion that is not closed, or has not begun, as its plan has it."""
    hours = Decimal(day.duration_min) / _MINUTES_PER_HOUR
    return Given(start=start, grams=day.grams, route=_route(plan, knowledge), hours=hours)


def _to_come(
    runs: Iterable[tuple[Plan, State]],
    standing: Mapping[str, Standing],
    at: dt.datetime,
    knowledge: Knowledge,
) -> Iterator[Given]:
    """Days of the course begun last that follow those which began: of a released plan, none of the past."""
    begun = [
        (state.started_at, plan, state) for plan, state in runs if state.started_at and state.started_at <= at
    ]
    if not begun:
        return
    _, plan, last = max(begun, key=lambda run: run[0])
    if standing[plan.id].step == "released":
        for day in plan.days:
            if day.number > last.day.number and day.start > at:
                yield _planned(plan, day, day.start, knowledge)


def _route(plan: Plan, knowledge: Knowledge) -> KineticRoute:
    return _as_given(plan.order.route, plan.product.id if plan.product else None, knowledge)


def _as_given(route: Route, product: str | None, knowledge: Knowledge) -> KineticRoute:
    """Under the skin with an enzyme another share reaches the blood."""
    found = knowledge.products.get(product or "")
    return "facilitated_SC" if route == "SC" and found is not None and found.facilitated else route


def _last(plans: Iterable[Plan]) -> LastImmunoglobulin | None:
    """The last dose before the first plan of ours."""
    first = min(plans, key=lambda plan: plan.order.start)
    return first.order.last_immunoglobulin


def _told(
    last: LastImmunoglobulin | None, order: Order, own: Iterable[Given], knowledge: Knowledge
) -> Iterator[Given]:
    """The doses that an order tells of, each as the last one was: as many as it counts, else that one."""
    if last is None or last.grams is None:
        return
    known = {dose.start.date() for dose in own}
    times = last.infusions if last.infusions and last.interval_days else 1
    for back in range(times - 1, -1, -1):
        day = last.date - dt.timedelta(days=back * (last.interval_days or 0))
        if day not in known:
            start = dt.datetime.combine(day, _NOON, order.start.tzinfo)
            route = _as_given(last.route, last.product, knowledge)
            yield Given(start=start, grams=last.grams, route=route)


def _ordered(plans: Iterable[Plan], until: dt.date) -> Iterator[Level]:
    """Levels that orders state, with a day; on the day of a dose they were drawn before it."""
    known: set[tuple[dt.date, Decimal]] = set()
    for plan in plans:
        measured = plan.order.patient.measurements.get(_IGG)
        if measured is None or measured.date is None or measured.date > until:
            continue
        level = _level(measured, before=measured.date == plan.order.start.date())
        if level is not None and (measured.date, level.g_per_l) not in known:
            known.add((measured.date, level.g_per_l))
            yield level


def _level(measured: Measurement, *, before: bool) -> Level | None:
    reading = measured.reading
    if reading.low is None and reading.high is not None:
        return Level(g_per_l=reading.high, taken=measured.date, limit="below", before_dose=before)
    if reading.high is None and reading.low is not None:
        return Level(g_per_l=reading.low, taken=measured.date, limit="above", before_dose=before)
    return (
        None if reading.low is None else Level(g_per_l=reading.low, taken=measured.date, before_dose=before)
    )


def _subject(order: Order, plans: Iterable[Plan], first: dt.date | None, knowledge: Knowledge) -> Subject:
    """The patient as the latest order has them; their own IgG is a level from before the first dose ever."""
    patient = order.patient
    asked, voiding = patient.screening.answer(BLOCKER), tuple(m.id for m in knowledge.facts.voiding_medicine)
    own = [
        measured.reading.low
        for plan in plans
        if first
        and (measured := plan.order.patient.measurements.get(_IGG)) is not None
        and measured.date is not None
        and measured.date <= first
        and measured.reading.low == measured.reading.high
    ]
    return Subject(
        condition=order.condition,
        weight_kg=patient.weight_kg,
        height_cm=patient.height_cm,
        sex=patient.sex,
        age_years=Decimal(completed_years(patient.birth_date, order.start.date())),
        endogenous_igg_g_per_l=own[0] if own else None,
        medicines=None if asked is None else voiding if asked else (),
    )
