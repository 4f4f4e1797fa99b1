"""What can go wrong with a journal, one class for each thing a caller would do differently."""

from __future__ import annotations


class RecordsError(Exception):
    """Base of every error of the journal; ``str`` is one line for a person."""


class DraftError(RecordsError):
    """The draft cannot be written as it is; lists every fault."""

    def __init__(self, faults: tuple[str, ...]) -> None:
        self.faults = faults
        super().__init__("; ".join(faults))


class RepeatedIdError(RecordsError):
    """An event with this id exists and says something else. Nothing was written."""

    def __init__(self, event_id: str, position: int) -> None:
        self.event_id = event_id
        self.position = position
        super().__init__(f"event {event_id} was written before, at position {position}, with other content")


class ConflictError(RecordsError):
    """The stream has moved on since the caller read it. Read again, decide again, then append."""

    def __init__(self, expected: int, present: int) -> None:
        self.expected = expected
        self.present = present
        super().__init__(f"the record has changed: version {expected} was expected, it is at {present}")


class JournalUnavailableError(RecordsError):
    """The database cannot do it now. Nothing was acknowledged; send the same ids again."""

    def __init__(self, why: str) -> None:
        super().__init__(f"the journal is unavailable: {why}")


class JournalRefusedError(RecordsError):
    """The journal, its settings or its secrets are not what they must be. A person has to act."""
