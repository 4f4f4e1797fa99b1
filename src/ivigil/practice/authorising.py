"""From an order to a released plan: it is planned, prescribed, verified by somebody else, released."""

from __future__ import annotations

from collections import defaultdict
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.course import infusion_id
from ivigil.infusion.replay import replay
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.practice.entry import Author, Entry, draft
from ivigil.records import Draft, Journal
from ivigil.records.authorisation import (
    SIGNED,
    Refusal,
    Standing,
    changes,
    may_prescribe,
    may_release,
    may_verify,
    standings,
)
from ivigil.records.bodies import (
    Body,
    Contact,
    PlanMade,
    Prescribed,
    Released,
    Reopened,
    Superseded,
    Verified,
)
from ivigil.records.errors import RecordsError
from ivigil.records.finding import stream_of_plan
from ivigil.records.infusing import events_of
from ivigil.records.reviewing import Changed, changed
from ivigil.release import checked_plan, made_anew

Action = Literal["prescribe", "verify", "release", "withdraw"]


class NoPlanError(RecordsError):
    """The journal holds no such plan, or it cannot be read."""


class Signed(msgspec.Struct, frozen=True, kw_only=True):
    """Where a plan stands after somebody asked for a step."""

    standing: Standing
    refused: tuple[Refusal, ...]
    """Every reason against the step; then it was not taken."""


def standing_of(journal: Journal, plan: str) -> Standing:
    """Where a plan stands. Raises NoPlanError."""
    return _standing(journal, _stream(journal, plan), plan)


def running_days(journal: Journal, plan: str) -> tuple[int, ...]:
    """The days of a plan whose infusion has begun and has not ended. Raises NoPlanError."""
    records = tuple(journal.read(_stream(journal, plan)))
    standing = standings(records).get(plan)
    days = standing.plan.days if standing is not None else ()
    return tuple(
        day.number
        for day in days
        if replay(day, events_of(records, infusion_id(plan, day.number))).phase in ("running", "halted")
    )


def add(
    journal: Journal,
    order: Order,
    knowledge: Knowledge,
    entry: Entry,
    *,
    name: str = "",
    phone: str = "",
) -> Standing:
    """Plan an order and put the plan into the journal; the plan that it replaces is reopened.

    name, phone: of the patient, for a recall. Raises UnverifiedPlanError, RecordsError.
    """
    plan = checked_plan(order, knowledge)
    stream = journal.stream(order.patient.id)
    beside = replace(entry, id="")
    drafts = [draft(entry, stream, PlanMade(plan=plan), plan.id)]
    if name or phone:
        contact = Contact(patient=order.patient.id, name=name, phone=phone)
        drafts.append(draft(beside, stream, contact))
    replaced = standings(journal.read(stream)).get(plan.supersedes)
    because = changes(replaced.plan, plan) if replaced and replaced.step in SIGNED else ()
    if because:
        # Who orders otherwise no longer stands by what was signed, whatever becomes of the new plan.
        drafts.append(draft(beside, stream, Reopened(reason=", ".join(because)), plan.supersedes))
    journal.append(drafts)
    return _standing(journal, stream, plan.id)


def sign(journal: Journal, plan: str, action: Action, knowledge: Knowledge, entry: Entry) -> Signed:
    """One signature, on the version that was looked at; or every reason against it.

    A plan whose inputs changed, or a limit of which became tighter, is reopened instead. Raises NoPlanError,
    ConflictError, UnverifiedPlanError.
    """
    stream = _stream(journal, plan)
    version = journal.version(stream)
    refused, bodies = _decision(_standing(journal, stream, plan), action, knowledge, entry.by)
    drafts: list[Draft] = [draft(entry, stream, body, plan) for body in bodies]
    if drafts:
        journal.append(drafts, expected_version=version)
    return Signed(standing=_standing(journal, stream, plan), refused=refused)


def review(journal: Journal, knowledge: Knowledge, entry: Entry) -> tuple[Changed, ...]:
    """Reopen every signed plan that is not what was signed any more.

    After knowledge has changed: every plan at once, not each when somebody looks at it.
    """
    found = tuple(changed(journal, knowledge, entry.occurred_at.date()))
    entry = replace(entry, id="")  # of each, its own
    of_patient: dict[tuple[str, int], list[Changed]] = defaultdict(list)
    for each in found:
        of_patient[each.stream, each.version].append(each)
    for (stream, version), several in of_patient.items():
        drafts = [
            draft(entry, stream, Reopened(reason=", ".join(each.because)), each.plan) for each in several
        ]
        journal.append(drafts, expected_version=version)
    return found


def _decision(
    standing: Standing, action: Action, knowledge: Knowledge, author: Author
) -> tuple[tuple[Refusal, ...], list[Body]]:
    """What is against the step, and the events that it makes."""
    plan = standing.plan
    if action == "withdraw":
        return (), [Superseded()]
    because = changes(plan, made_anew(plan, knowledge))
    if because:
        why = ", ".join(because)
        return (Refusal("inputs_changed", why),), [Reopened(reason=why)]
    match action:
        case "prescribe":
            return _unless(may_prescribe(standing), Prescribed())
        case "verify":
            return _unless(may_verify(standing, author.persons), Verified())
    return _unless(may_release(standing), Released())


def _unless(refused: tuple[Refusal, ...], body: Body) -> tuple[tuple[Refusal, ...], list[Body]]:
    return refused, [] if refused else [body]


def _stream(journal: Journal, plan: str) -> str:
    stream = stream_of_plan(journal, plan)
    if stream is None:
        raise NoPlanError(f"plan {plan}: not in the journal; ivigil authorise show lists what is")
    return stream


def _standing(journal: Journal, stream: str, plan: str) -> Standing:
    found = standings(journal.read(stream)).get(plan)
    if found is None:
        raise NoPlanError(
            f"plan {plan}: its content cannot be read (erased, or of a newer version of Ivigil)"
        )
    return found
