"""From what a person says was done to what is written: read, held against advice, recorded or refused.

Advice refuses and records never do: what was done all the same is written with the reason, and an entry
that waited on a device is written whatever was advised meanwhile.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterable, Iterator
from decimal import Decimal

import msgspec
from msgspec.structs import replace

from ivigil.infusion.after import discharge
from ivigil.infusion.doubts import Doubt
from ivigil.infusion.events import (
    BothSeen,
    Completed,
    Corrected,
    Event,
    Happening,
    ObservationEnded,
    Seated,
    Started,
    Stopped,
    VitalsTaken,
)
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault
from ivigil.practice.bedside import Bedside, look, record, record_quietly
from ivigil.practice.entry import Entry
from ivigil.practice.told import (
    HALTS,
    PRINTED_GRAMS,
    REASON,
    Kind,
    Said,
    Scene,
    ToldError,
    told,
    vial_told,
)
from ivigil.practice.vial import UnknownGramsError, chair, hung, stops
from ivigil.practice.watch import Watch
from ivigil.records import Journal

ALL_THE_SAME, WHY = "all_the_same", "why"
"""Fields of an entry: it was done against what speaks against it, and the reason."""
WAITED = "entered without a connection"
"""The reason that is recorded where nobody could be shown what spoke against it."""
LOOKED_AGAIN = "looked at again: it is so"
"""The reason that is recorded where a person was only asked whether it is right."""

What = Happening | Corrected
_QUIET = (Stopped, Completed, ObservationEnded, Seated, BothSeen)
"""No advice follows from it that a nurse must see at once."""


class Objection(msgspec.Struct, frozen=True):
    """One thing that speaks against a deed: the code of advice, of a blocker, a refusal, a check."""

    code: str
    what: str = ""
    """What it is about, if that is not plain."""
    doubt: Doubt | None = None
    """It only asks whether what was typed is right."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What became of an entry."""

    events: tuple[str, ...] = ()
    """Ids of what stands in the journal by it, whether it was written now or before."""
    refused: tuple[Objection, ...] = ()
    """Everything that speaks against it; then nothing was written."""


class Telling(msgspec.Struct, frozen=True, kw_only=True):
    """An entry as it was sent."""

    kind: Kind
    fields: dict[str, str]
    entry: Entry
    at: dt.datetime
    """When it happened by our clock; the entry tells it by the device's."""
    waited: bool = False
    """It waited on a device without a connection: it was done, so it is not refused."""


def tell(
    journal: Journal, infusion: str, knowledge: Knowledge, telling: Telling, watch: Watch | None = None
) -> Outcome:
    """Write what was told, or say why not; the same entry sent again is written once.

    watch: of the same journal, where one is kept; it changes nothing.

    Raises ToldError, NoInfusionError, BriefingError, RecordsError.
    """
    at = telling.at
    seen = watch.look(infusion, knowledge, at).bedside if watch else look(journal, infusion, knowledge, at)
    bedside = replace(seen, at=at, folded=seen.folded if seen.at == at else None)
    name = telling.entry.id or str(uuid.uuid4())
    known = parts(name, bedside.infusion.events)
    if known and telling.kind != "start":
        return Outcome(events=known)
    said = Said(telling.fields)
    deeds = tuple(_weighed(bedside, telling.kind, said))
    found = tuple(dict.fromkeys(each for _, against in deeds for each in against))
    reason = _reason(telling, said, found) if not known else said.text(WHY)
    if reason is None:
        return Outcome(refused=found)
    ids = tuple(_part(name, place) for place in range(len(deeds)))
    for part, (what, against) in zip(ids, deeds, strict=True):
        if part not in known:
            entry = replace(telling.entry, id=part)
            codes = [each.code for each in against]
            if isinstance(what, _QUIET):
                bedside = record_quietly(
                    journal, bedside, what, entry, despite=codes, reason=reason, happened_at=at
                )
            else:
                bedside = record(journal, bedside, what, entry, despite=codes, reason=reason, happened_at=at)
    return Outcome(events=ids)


def parts(name: str, events: Iterable[Event]) -> tuple[str, ...]:
    """The ids of the events of one entry that are on record, in their order."""
    known, found = {event.id for event in events}, list[str]()
    while (part := _part(name, len(found))) in known:
        found.append(part)
    return tuple(found)


def objections(bedside: Bedside, what: What) -> tuple[Objection, ...]:
    """Everything that speaks against a deed but the hanging of a vial, at the moment of the bedside."""
    chair = (
        *(Objection(code, _rate(bedside.advised_rate(code))) for code in bedside.against(what)),
        *(Objection(each.code, doubt=each) for each in bedside.doubts(what)),
    )
    match what:
        case Started():
            return (*(Objection(each.code, each.what) for each in bedside.against_start()), *chair)
        case ObservationEnded():
            checks = discharge(bedside.briefing, bedside.state(), bedside.at)
            return tuple(Objection(each.code, each.state) for each in checks if each.state != "met")
    return chair


def _rate(rate_ml_per_h: Decimal | None) -> str:
    return f"{rate_ml_per_h.normalize():f} mL/h" if rate_ml_per_h is not None else ""


def _weighed(bedside: Bedside, kind: Kind, said: Said) -> Iterator[tuple[What, tuple[Objection, ...]]]:
    """Each thing that was done, in its order, with what speaks against it."""
    if kind == "vial":
        yield _vial(bedside, said)
        return
    for what in told(kind, said, Scene(bedside.briefing, bedside.state(), bedside.infusion.events)):
        found = objections(bedside, what)
        if isinstance(what, VitalsTaken) and found:
            yield replace(what, confirmed=said.flag(ALL_THE_SAME)), found
        else:
            yield what, found
        bedside = _after(bedside, what)


def _vial(bedside: Bedside, said: Said) -> tuple[What, tuple[Objection, ...]]:
    plan, today = bedside.infusion.standing.plan, bedside.at.date()
    seen = vial_told(said, today)
    against = stops(seen, chair(plan, bedside.state(), today), bedside.knowledge)
    try:
        what = hung(seen, plan, bedside.knowledge)
    except UnknownGramsError:
        raise ToldError([Fault("grams", said.text("grams"), PRINTED_GRAMS)]) from None
    return what, tuple(Objection(code) for code in against)


def _reason(telling: Telling, said: Said, against: tuple[Objection, ...]) -> str | None:
    """The reason that is recorded; None: it is refused. Raises ToldError if one is owed."""
    why = said.text(WHY)
    if telling.waited or telling.kind in HALTS:
        return why or WAITED
    if not against:
        return why
    if not said.flag(ALL_THE_SAME):
        return None
    if all(each.doubt is not None for each in against):
        return why or LOOKED_AGAIN
    if not why:
        raise ToldError([Fault(WHY, "", REASON)])
    return why


def _after(bedside: Bedside, what: What) -> Bedside:
    """The bedside as it will be once this is written."""
    event = Event(str(uuid.uuid4()), bedside.at, what)
    infusion = replace(bedside.infusion, events=(*bedside.infusion.events, event))
    return replace(bedside, infusion=infusion, folded=None)


def _part(name: str, place: int) -> str:
    """The id of one event of an entry (from 0), the same whenever it is sent."""
    return name if place == 0 else str(uuid.uuid5(uuid.UUID(name), str(place)))
