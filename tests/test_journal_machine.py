"""Anything, in any order, by several writers: what was acknowledged is there, once, in order, for ever."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from ivigil.patient import Identifier
from ivigil.records import ConflictError, Erased, Journal, Receipt, RepeatedIdError
from ivigil.records.bodies import Note
from ivigil.records.checkpoint import Checkpoint, take
from ivigil.records.verify import verify
from ivigil.records.words import Draft
from tests.support.journals import Hung, Place, draft, erasure
from tests.support.postgres import Postgres

WRITERS = 3
PATIENTS = [Identifier("urn:example:clinic", f"D-{number}") for number in range(3)]
patients = st.sampled_from(PATIENTS)
writers = st.integers(0, WRITERS - 1)
bodies = st.builds(Note, text=st.text()) | st.builds(Hung, grams=st.integers(1, 100))
lots = st.sampled_from(["", "A1", "a 1", "B2"])


class JournalMachine(RuleBasedStateMachine):
    """Three writers with a connection each. The model is the list of what was acknowledged."""

    def place(self) -> str:
        """Address of a fresh database."""
        return str(self.folder / "journal.db")

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp(prefix="ivigil-machine-"))
        self.at = Place(self.place(), self.folder)
        self.at.create().close()
        self.writers: list[Journal] = [self.at.open() for _ in range(WRITERS)]
        self.acknowledged: list[tuple[Draft, Receipt]] = []
        self.erased: dict[str, int] = {}
        self.checkpoints: list[Checkpoint] = []

    def version(self, stream: str) -> int:
        return sum(made.stream == stream for made, _ in self.acknowledged)

    def keep(self, drafts: list[Draft], receipts: tuple[Receipt, ...]) -> None:
        self.acknowledged.extend(zip(drafts, receipts, strict=True))

    @rule(by=writers, of=patients, what=st.lists(st.tuples(bodies, lots), min_size=1, max_size=4))
    def append(self, by: int, of: Identifier, what: list[tuple[Any, str]]) -> None:
        journal = self.writers[by]
        stream = journal.stream(of)
        drafts = [draft(stream, body, lot=lot, subject="infusion-1") for body, lot in what]
        self.keep(drafts, journal.append(drafts, expected_version=self.version(stream)))

    @rule(by=writers, of=patients, behind=st.integers(1, 3))
    def append_to_what_has_moved_on(self, by: int, of: Identifier, behind: int) -> None:
        journal = self.writers[by]
        stream = journal.stream(of)
        present = self.version(stream)
        with pytest.raises(ConflictError) as caught:
            journal.append([draft(stream)], expected_version=present - behind)
        assert caught.value.present == present

    @precondition(lambda self: self.acknowledged)
    @rule(by=writers, data=st.data())
    def send_again(self, by: int, data: st.DataObject) -> None:
        sent, receipt = data.draw(st.sampled_from(self.acknowledged))
        if sent.kind == "erased":
            assert self.writers[by].erase(sent) == receipt
        else:
            assert self.writers[by].append([sent]) == (receipt,)

    @precondition(lambda self: self.acknowledged)
    @rule(by=writers, data=st.data())
    def send_something_else_under_a_known_id(self, by: int, data: st.DataObject) -> None:
        sent, _ = data.draw(st.sampled_from(self.acknowledged))
        fresh = draft(sent.stream)
        with pytest.raises(RepeatedIdError):
            self.writers[by].append([fresh, draft(sent.stream, id=sent.id, author="nurse.other")])

    @rule(by=writers, of=patients)
    def erase(self, by: int, of: Identifier) -> None:
        journal = self.writers[by]
        asked = erasure(journal.stream(of))
        self.keep([asked], (journal.erase(asked),))
        self.erased[asked.stream] = self.version(asked.stream)

    @rule(hours=st.integers(-48, 48))
    def move_the_clock(self, hours: int) -> None:
        self.at.clock.move(hours=hours)

    @rule(by=writers)
    def close_and_open(self, by: int) -> None:
        self.writers[by].close()
        self.writers[by] = self.at.open()

    @rule(by=writers)
    def take_a_checkpoint(self, by: int) -> None:
        self.checkpoints.append(take(self.writers[by]))

    @rule(by=writers)
    def rebuild(self, by: int) -> None:
        self.writers[by].rebuild_views()

    @invariant()
    def all_that_was_acknowledged_is_there_in_order(self) -> None:
        records = list(self.writers[0].records())
        assert [
            Receipt(record.position, record.version, record.hash, record.received_at) for record in records
        ] == [receipt for _, receipt in self.acknowledged]
        for record, (sent, receipt) in zip(records, self.acknowledged, strict=True):
            assert (record.id, record.stream, record.lot) == (sent.id, sent.stream, sent.lot)
            gone = receipt.version < self.erased.get(sent.stream, 0)
            assert record.body == (Erased() if gone else sent.body)

    @rule()
    def the_chain_verifies_and_the_views_are_what_a_rebuild_would_make_them(self) -> None:
        verdict = verify(self.writers[0], self.checkpoints)
        assert verdict.counts.keys() <= {"clock_backward"}

    def teardown(self) -> None:
        self.the_chain_verifies_and_the_views_are_what_a_rebuild_would_make_them()
        for journal in self.writers:
            journal.close()
        shutil.rmtree(self.folder)


def test_on_sqlite() -> None:
    run(JournalMachine, examples=25)


def test_on_postgresql(postgres: Postgres) -> None:
    class OnPostgres(JournalMachine):
        def place(self) -> str:
            return postgres.new_database()

    run(OnPostgres, examples=10)


def run(machine: type[JournalMachine], examples: int) -> None:
    chosen = settings(max_examples=examples, stateful_step_count=20, deadline=None)
    run_state_machine_as_test(machine, settings=chosen)
