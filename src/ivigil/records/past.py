"""What was given before, from the journal: the days that tolerance rests on, the doses that windows count."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Any

import msgspec

from ivigil.course import Day, Plan, infusion_id
from ivigil.infusion.briefing import BriefingError, brief
from ivigil.infusion.events import Event
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.infusion.tolerance import DaySummary, NotFinishedError, Tolerance, summary, tolerances
from ivigil.knowledge.store import Knowledge
from ivigil.order import LastImmunoglobulin, Order
from ivigil.records.authorisation import standings
from ivigil.records.infusing import events_of
from ivigil.records.journal import Journal
from ivigil.windows.doses import GivenDose


class _Run(msgspec.Struct, frozen=True, kw_only=True):
    """One planned day and what is on record of it."""

    plan: Plan
    state: State
    last_at: dt.datetime | None
    """When the last thing on record happened; None: nothing did."""
    summary: DaySummary | None
    """None: it cannot be read, never flowed or is not over."""


def infused(journal: Journal, stream: str) -> tuple[tuple[Plan, State], ...]:
    """Every planned day of a patient on which something happened, in the order of the plans and days."""
    return tuple((plan, replay(day, events)) for plan, day, events in _days(journal, stream) if events)


def days(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[DaySummary, ...]:
    """Every finished infusion of a patient. A day that cannot be read or is not over is left out."""
    found = [run.summary for run in _runs(journal, stream, knowledge) if run.summary is not None]
    return tuple(sorted(found, key=lambda each: each.started_at))


def tolerated(journal: Journal, stream: str, knowledge: Knowledge) -> tuple[Tolerance, ...]:
    """What was tolerated of each product, the most recently given last: what the next order builds on."""
    return tolerances(days(journal, stream, knowledge), knowledge)


class GivenBefore(msgspec.Struct, frozen=True, kw_only=True):
    """What a patient was given, as far as the journal knows."""

    doses: tuple[GivenDose, ...]
    """In order of date: the infusions that flowed and the earlier ones that orders tell of. One that is
    not over, or cannot be read, is a dose of an unknown amount: it is never left out."""
    goes_on: bool
    """The plan of the last of these infusions has a next course."""


def given_before(journal: Journal, stream: str, knowledge: Knowledge) -> GivenBefore:
    """Every dose of a patient, and whether more are to come."""
    runs = tuple(_runs(journal, stream, knowledge))
    flowed = [(dose, run.plan) for run in runs if (dose := _given(run, knowledge)) is not None]
    on_record = {dose.date for dose, _ in flowed}
    told = {
        last.date: _told(last, run.plan.order, knowledge)
        for run in runs
        if (last := run.plan.order.last_immunoglobulin) is not None and last.date not in on_record
    }
    doses = (*(dose for dose, _ in flowed), *told.values())
    latest = max(flowed, key=lambda found: found[0].date, default=None)
    return GivenBefore(
        doses=tuple(sorted(doses, key=lambda dose: dose.date)),
        goes_on=latest is not None and any(entry.kind == "next_course" for entry in latest[1].timeline),
    )


def _days(journal: Journal, stream: str) -> Iterator[tuple[Plan, Day, tuple[Event, ...]]]:
    records = journal.read(stream)
    for standing in standings(records).values():
        for day in standing.plan.days:
            yield standing.plan, day, events_of(records, infusion_id(standing.plan.id, day.number))


def _runs(journal: Journal, stream: str, knowledge: Knowledge) -> Iterator[_Run]:
    for plan, day, events in _days(journal, stream):
        state = replay(day, events)
        try:
            found = summary(brief(plan, day.number, knowledge), state)
        except (BriefingError, NotFinishedError):
            found = None
        last_at = max((event.at for event in events), default=None)
        yield _Run(plan=plan, state=state, last_at=last_at, summary=found)


def _given(run: _Run, knowledge: Knowledge) -> GivenDose | None:
    """The dose of a day, on the day on which it ended; None if nothing flowed."""
    order, done, ended_at = run.plan.order, run.summary, run.state.ended_at or run.last_at
    if not run.state.flows or ended_at is None:
        return None
    day = ended_at.astimezone(run.state.day.start.tzinfo).date()
    if done is None:
        return GivenDose(date=day, route=order.route, condition=order.condition)
    return GivenDose(
        date=day,
        g_per_kg=done.grams / order.patient.weight_kg,
        route=done.route,
        condition=order.condition,
        **_of_product(done.product, knowledge),
    )


def _told(last: LastImmunoglobulin, order: Order, knowledge: Knowledge) -> GivenDose:
    """A dose that an order tells of. What it was given for is not told."""
    return GivenDose(
        date=last.date,
        g_per_kg=None if last.grams is None else last.grams / order.patient.weight_kg,
        route=last.route,
        **_of_product(last.product, knowledge),
    )


def _of_product(product_id: str | None, knowledge: Knowledge) -> dict[str, Any]:
    product = knowledge.products.get(product_id or "")
    if product is None:
        return {}
    return {"product_id": product.id, "stabilisers": knowledge.stabilisers_of(product)}
