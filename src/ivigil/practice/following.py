"""Following a journal: which patients were written about since the last time one asked. One owner each."""

from __future__ import annotations

from sqlalchemy import select

from ivigil.records.journal import Journal
from ivigil.records.tables import event


class Following:
    """Where somebody who keeps what they read of a journal has come to."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self.position = 0
        """0: nothing was read yet."""

    def written(self) -> tuple[str, ...]:
        """Streams in which something was written since ``caught_up`` was last called."""
        asked = select(event.c.stream).where(event.c.position > self.position).distinct()
        with self._journal.store.reading() as connection:
            return tuple(connection.execute(asked).scalars())

    def caught_up(self, position: int) -> None:
        """Everything until this position, taken before the reading began, was read."""
        self.position = position
