"""A fictional course written into a journal as if it had been lived: for demonstrations and training."""

from __future__ import annotations

import datetime as dt
import zlib
from typing import Literal, NamedTuple

import msgspec

from ivigil.course import Day, Plan, infusion_id
from ivigil.infusion.events import Event
from ivigil.infusion.simulate import simulate
from ivigil.knowledge.store import Knowledge
from ivigil.order import Order
from ivigil.practice.authorising import Action, add, sign
from ivigil.practice.entry import Author, Entry, draft
from ivigil.records import Draft, Journal

Reached = Literal["planned", "prescribed", "verified", "released"]
_STEPS: tuple[tuple[Action, Reached], ...] = (
    ("prescribe", "prescribed"),
    ("verify", "verified"),
    ("release", "released"),
)
_ADVANCE = dt.timedelta(days=1)
"""How long before the first infusion a plan is made and signed."""


class Cast(NamedTuple):
    """Who plays which part."""

    prescriber: Author
    pharmacist: Author
    nurse: Author


class Part(msgspec.Struct, frozen=True, kw_only=True):
    """One fictional patient: the order, how far the plan got, and what happens at the chair."""

    order: Order
    name: str
    reached: Reached
    scenario: str = "quiet"
    """Of ``infusion.scenario``."""
    seed: int = 1


class RehearsalError(ValueError):
    """The plan of a part cannot be signed as its script says."""


class Stage(NamedTuple):
    """Where a part is played."""

    journal: Journal
    knowledge: Knowledge
    cast: Cast
    now: dt.datetime

    def entry(self, author: Author, at: dt.datetime, event_id: str = "") -> Entry:
        return Entry(by=author, occurred_at=at, device_at=self.now, id=event_id)


def rehearse(stage: Stage, part: Part) -> Plan:
    """Plan the order, sign it as far as the script says, and let every day that began by now run.

    Of a day that is still under way, the events until now are written. The same part and moment give the
    same events. Raises RehearsalError, ScenarioError, RecordsError.
    """
    made_at = min(stage.now, part.order.start - _ADVANCE)
    made = stage.entry(stage.cast.prescriber, made_at)
    plan = add(stage.journal, part.order, stage.knowledge, made, name=part.name).plan
    reached = [step for _, step in _STEPS].index(part.reached) + 1 if part.reached != "planned" else 0
    signers = (stage.cast.prescriber, stage.cast.pharmacist, stage.cast.pharmacist)
    for (action, _), signer in list(zip(_STEPS, signers, strict=True))[:reached]:
        entry = stage.entry(signer, made_at)
        refused = sign(stage.journal, plan.id, action, stage.knowledge, entry).refused
        if refused:
            raise RehearsalError(f"{part.name}: {action}: {', '.join(each.code for each in refused)}")
    if part.reached == "released":
        for day in plan.days:
            _run(stage, part, plan, day)
    return plan


def _run(stage: Stage, part: Part, plan: Plan, day: Day) -> None:
    """What happened on one day until now, in the nurse's hand."""
    minutes = int((stage.now - day.start).total_seconds() // 60)
    if minutes < 0:
        return
    seed = part.seed + zlib.crc32(infusion_id(plan.id, day.number).encode())  # no two share their events' ids
    played = simulate(plan, day.number, stage.knowledge, name=part.scenario, seed=seed, minutes=minutes)
    drafts = [_lived(stage, plan, day, event) for event in played.events if event.at <= stage.now]
    if drafts:
        stage.journal.append(drafts)


def _lived(stage: Stage, plan: Plan, day: Day, event: Event) -> Draft:
    return draft(
        stage.entry(stage.cast.nurse, event.at, event.id),
        stage.journal.stream(plan.order.patient.id),
        event.what,
        infusion_id(plan.id, day.number),
        product=getattr(event.what, "product", "") or "",
        lot=getattr(event.what, "lot", ""),
    )
