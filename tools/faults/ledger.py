"""What writers asked and were promised, held against what stands in the journal."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivigil.records import Erased, Journal, Receipt
from ivigil.records.verify import verify
from tools.faults import load
from tools.faults.audit import Audit, Seen


class Ledger:
    """All that the writers of one journal asked and were promised."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, ...]] = []
        """New events of each call."""
        self.promised: dict[str, Receipt] = {}
        self._streams: dict[str, str] = {}
        self._refused: set[int] = set()
        self._broken: list[str] = []

    def enter(self, said: Iterable[load.Message]) -> int | None:
        """Note all that one writer said; the number of its call that was not answered, if there is one."""
        call: int | None = None
        asked: tuple[tuple[str, str], ...] = ()
        for message in said:
            match message:
                case load.Asked(asked):
                    call = len(self.calls)
                    self.calls.append(
                        tuple(event_id for event_id, _ in asked if event_id not in self._streams)
                    )
                    self._streams |= dict(asked)
                case load.Got(receipts):
                    self.promised |= dict(zip((event_id for event_id, _ in asked), receipts, strict=True))
                    call = None
                case load.Refused() if call is not None:
                    self._refused.add(call)
                    call = None
                case load.Wrong(what):
                    self._broken.append(what)
        return call

    def faults(self, seen: Audit) -> Iterator[str]:
        """Every promise that the journal broke, and every fault that it has in itself."""
        yield from self._broken
        yield from seen.faults
        for event_id, receipt in self.promised.items():
            event = seen.events.get(event_id)
            if event is None:
                yield f"{event_id} was acknowledged and is lost"
            elif not _agrees(event, receipt):
                yield f"{event_id} stands otherwise than it was acknowledged"
        for number, ids in enumerate(self.calls):
            places = [seen.events[event_id].position for event_id in ids if event_id in seen.events]
            if places and (number in self._refused or places != list(range(places[0], places[0] + len(ids)))):
                yield f"a call of {len(ids)} events stands at {places}"
        for event_id in seen.events.keys() - self._streams.keys():
            yield f"{event_id} was never asked for"

    def send_again(self, journal: Journal, call: int, before: Audit) -> bool:
        """Send a call that was not answered once more; whether it had been written all the same."""
        ids = self.calls[call]
        receipts = journal.append([load.event(event_id, self._streams[event_id]) for event_id in ids])
        self.promised |= dict(zip(ids, receipts, strict=True))
        found = [before.events[event_id] for event_id in ids if event_id in before.events]
        if not all(_agrees(event, self.promised[event.id]) for event in found):
            self._broken.append("what was written already got another receipt")
        return bool(found)


def _agrees(event: Seen, receipt: Receipt) -> bool:
    return (event.position, event.version, event.hash) == (receipt.position, receipt.version, receipt.hash)


def seen_from_within(journal: Journal) -> Iterator[str]:
    """What the journal's own verification finds, views and all; bodies that do not say what was sent, or
    still say it after the erasure of their patient.
    """
    for finding in verify(journal).findings:
        if finding.is_fault:
            yield f"verification finds {finding.code} at {finding.position} {finding.where}"
    records = list(journal.records())
    erased = {record.stream: record.position for record in records if record.id == load.ERASURE_ID}
    for record in records:
        before_erasure = record.position < erased.get(record.stream, 0)
        wanted = Erased() if before_erasure else load.event(record.id, record.stream).body
        if record.body != wanted:
            yield f"{record.id} reads {record.body}"
