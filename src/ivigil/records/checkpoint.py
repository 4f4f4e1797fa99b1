"""Checkpoints: signed statements of where the journal ended, to be kept where nobody can change both.

A chain proves that nothing between two events was changed. Only a checkpoint kept elsewhere proves
that the whole was not written anew, cut short, or put back from an old backup.
"""

from __future__ import annotations

from collections.abc import Iterable

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from sqlalchemy import Connection, insert, select

from ivigil.records import chain
from ivigil.records.errors import RecordsError
from ivigil.records.journal import Journal
from ivigil.records.rows import utc_text
from ivigil.records.secrets import Secrets
from ivigil.records.tables import checkpoint as table
from ivigil.records.words import Head


class Checkpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """At this time the journal ended at this position with this hash."""

    journal: str
    position: int
    hash: str
    at: str
    """UTC with microseconds."""
    signature: str = ""
    """Ed25519, in hexadecimal."""

    def is_genuine(self, public_key: str) -> bool:
        """Whether the owner of the key signed exactly this."""
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(public_key))
            key.verify(bytes.fromhex(self.signature), self._message())
        except (InvalidSignature, ValueError):
            return False
        return True

    def signed(self, secrets: Secrets) -> Checkpoint:
        return msgspec.structs.replace(self, signature=secrets.sign(self._message()))

    def _message(self) -> bytes:
        return b"ivigil journal 1 checkpoint" + chain.encode(
            [self.journal, self.position, self.hash, self.at]
        )


class CheckpointError(RecordsError):
    """A line is not a checkpoint."""


def take(journal: Journal) -> Checkpoint:
    """Sign where the journal ends now, and keep that beside the events. Export it to keep it elsewhere."""
    return keep(journal, statement(journal, journal.head()))


def statement(journal: Journal, head: Head) -> Checkpoint:
    """Sign that the journal ends here now."""
    unsigned = Checkpoint(journal.identity.id, head.position, head.hash, utc_text(journal.clock()))
    return unsigned.signed(journal.secrets)


def keep(journal: Journal, made: Checkpoint) -> Checkpoint:
    """Keep a checkpoint beside the events; once, however often it is kept."""
    with journal.store.writing() as connection:
        if made not in kept(connection):
            connection.execute(insert(table).values(msgspec.structs.asdict(made)))
    return made


def kept(connection: Connection) -> tuple[Checkpoint, ...]:
    """The checkpoints beside the events, in order."""
    found = connection.execute(select(table).order_by(table.c.position, table.c.at)).mappings()
    return tuple(Checkpoint(**row) for row in found)


def to_lines(checkpoints: Iterable[Checkpoint]) -> str:
    """One JSON object a line."""
    return "".join(msgspec.json.encode(made).decode() + "\n" for made in checkpoints)


def from_lines(text: str) -> tuple[Checkpoint, ...]:
    """What ``to_lines`` wrote; empty lines are passed over. Raises CheckpointError naming the line."""
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                found.append(msgspec.json.decode(line, type=Checkpoint))
            except msgspec.MsgspecError as error:
                raise CheckpointError(f"line {number} is not a checkpoint: {error}") from error
    return tuple(found)
