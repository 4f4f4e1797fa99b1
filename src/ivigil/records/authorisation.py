"""Prescribed, verified by somebody else, released: which plan may be started. A pure fold over a stream.

What counts is decided here alone: the fold passes over a signature that was not allowed, so that one
that slipped in, late or by another way, still counts for nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

import msgspec

from ivigil.course import Plan
from ivigil.knowledge.evidence import signer_named
from ivigil.order import Order
from ivigil.records.bodies import PlanMade, Prescribed, Released, Reopened, Superseded, Verified
from ivigil.records.tightening import tightened
from ivigil.records.words import Record

Step = Literal["made", "prescribed", "verified", "released", "reopened", "superseded"]
Code = Literal[
    "unreleased",  # signatures are missing, or were voided
    "expired",  # past the plan's valid_until
    "superseded",  # replaced or withdrawn
    "inputs_changed",  # the order, or a limit that rules now, is not what was signed
    "sign_off_missing",  # the plan rests on facts that the site has not signed
    "unanswered",  # the plan waits for answers
    "blocked",  # the plan gives nothing
    "out_of_turn",  # another signature comes first
    "same_person",  # whoever prescribed it cannot verify it
]


SIGNED: tuple[Step, ...] = ("prescribed", "verified", "released")
"""Somebody's signature stands under the plan."""


class Refusal(msgspec.Struct, frozen=True):
    """Why not: a code, and what it is about if that is not plain."""

    code: Code
    what: str = ""


class Signature(msgspec.Struct, frozen=True):
    """Who signed, when, in which event."""

    event: str
    persons: tuple[str, ...]
    """The author, and on whose behalf."""
    at: dt.datetime


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """Where a plan stands."""

    plan: Plan
    step: Step = "made"
    signatures: tuple[Signature, ...] = ()
    """Those that count, in order: prescribed, verified, released."""
    because: str = ""
    """Why it was reopened, or the id of the plan in its place."""

    @property
    def prescriber(self) -> str:
        """Who answers for the prescription; "" if nobody signed."""
        return self.signatures[0].persons[-1] if self.signatures else ""


def standings(records: Iterable[Record]) -> dict[str, Standing]:
    """Every plan of a stream by id, as its events leave it.

    Prescribing a plan whose order replaces another supersedes that one.
    """
    found: dict[str, Standing] = {}
    for record in records:
        if isinstance(record.body, PlanMade):
            found[record.subject] = _made(found.get(record.subject), record.body.plan)
        elif record.subject in found:
            before = found[record.subject]
            after = found[record.subject] = _next(before, record)
            replaced = after.plan.supersedes
            if after.step == "prescribed" != before.step and replaced in found:
                found[replaced] = _superseded(found[replaced], record.subject)
    return found


def _made(before: Standing | None, plan: Plan) -> Standing:
    """The same plan made again keeps its signatures; the same id with another content has none."""
    return before if before is not None and before.plan == plan else Standing(plan=plan)


def _next(standing: Standing, record: Record) -> Standing:
    signed = Signature(record.id, persons(record), record.occurred_at)
    match record.body:
        case Prescribed() if not may_prescribe(standing):
            return _signed(standing, "prescribed", signed)
        case Verified() if not may_verify(standing, signed.persons):
            return _signed(standing, "verified", signed)
        case Released() if not may_release(standing):
            return _signed(standing, "released", signed)
        case Reopened(reason=reason) if standing.step != "superseded":
            return Standing(plan=standing.plan, step="reopened", because=reason)
        case Superseded(by=other):
            return _superseded(standing, other)
    return standing


def _superseded(standing: Standing, by: str) -> Standing:
    """Over for good: a plan that was replaced is made anew, never signed again."""
    return Standing(plan=standing.plan, step="superseded", because=by)


def _signed(standing: Standing, step: Step, signature: Signature) -> Standing:
    signatures = (*standing.signatures, signature)
    return msgspec.structs.replace(standing, step=step, signatures=signatures, because="")


def persons(record: Record) -> tuple[str, ...]:
    """Who answers for an event: its author, and on whose behalf."""
    return tuple(name for name in (record.author, record.on_behalf_of) if name)


def may_prescribe(standing: Standing) -> tuple[Refusal, ...]:
    """Nothing stands against prescribing the plan if this is empty; so for the other two."""
    return _turn(standing, ("made", "reopened"))


def may_verify(standing: Standing, by: Iterable[str]) -> tuple[Refusal, ...]:
    """``by``: everybody who would answer for the verification; none of them may have prescribed."""
    refused = _turn(standing, ("prescribed",))
    if refused:
        return refused
    prescribers = {signer_named(name) for name in standing.signatures[0].persons}
    same = [name for name in by if signer_named(name) in prescribers]
    return tuple(Refusal("same_person", name) for name in same)


def may_release(standing: Standing) -> tuple[Refusal, ...]:
    """A plan that is not ready is never released, whoever signed it."""
    return (*_turn(standing, ("verified",)), *_unready(standing.plan))


def may_start(standing: Standing, today: dt.date, present: Plan) -> tuple[Refusal, ...]:
    """Whether an infusion under the plan may begin today; empty: nothing stands against it.

    ``present``: the plan made anew from the order as it is now, under the knowledge that rules now.
    What is given nevertheless is recorded like anything else.
    """
    plan = standing.plan
    refused = []
    if standing.step == "superseded":
        refused.append(Refusal("superseded", standing.because))
    elif standing.step != "released":
        refused.append(Refusal("unreleased", standing.step))
    last = last_day(plan, present)
    if last is None or today > last:
        refused.append(Refusal("expired", str(last or "")))
    refused.extend(_unready(plan))
    refused.extend(Refusal("inputs_changed", what) for what in changes(plan, present))
    return tuple(refused)


def last_day(plan: Plan, present: Plan) -> dt.date | None:
    """The last day on which the plan may be started, as it was signed or as it would be made now."""
    if plan.valid_until is None or present.valid_until is None:
        return None
    return min(plan.valid_until, present.valid_until)


def changes(plan: Plan, present: Plan) -> tuple[str, ...]:
    """What reopens a plan at once: other inputs, or a limit that became tighter. A looser one never does.

    Names of what changed; a reopening states them as its reason.
    """
    other = ("order",) if _asked(plan) != _asked(present) else ()
    return (*other, *tightened(plan, present))


def _asked(plan: Plan) -> Order:
    """The order itself: which plan it replaces changes nothing in it."""
    return msgspec.structs.replace(plan.order, supersedes="")


def _turn(standing: Standing, expected: tuple[Step, ...]) -> tuple[Refusal, ...]:
    return () if standing.step in expected else (Refusal("out_of_turn", standing.step),)


def _unready(plan: Plan) -> tuple[Refusal, ...]:
    match plan.status:
        case "ready":
            return ()
        case "blocked":
            return (Refusal("blocked"),)
        case "needs_sign_off":
            return tuple(Refusal("sign_off_missing", wanted.fact) for wanted in plan.needs_sign_off)
        case "needs_answers":
            return (Refusal("unanswered"),)
