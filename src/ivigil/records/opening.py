"""A journal is made once, and opened only with its own secrets."""

from __future__ import annotations

import uuid
from pathlib import Path

import msgspec
from sqlalchemy import Connection, insert, inspect, select

from ivigil.records import chain, disk, secrets, tables
from ivigil.records.errors import JournalRefusedError
from ivigil.records.secrets import Secrets
from ivigil.records.store import Store


class Identity(msgspec.Struct, frozen=True):
    """What the journal says of itself."""

    id: str
    schema: int
    fingerprint: str
    """Of the secrets that it was made with."""
    public_key: str
    """That its checkpoints are signed under, in hexadecimal."""


def create(store: Store, secrets_folder: Path) -> tuple[Identity, Secrets]:
    """Make an empty journal, with the secrets of the folder or, if there are none at all, new ones.

    Raises JournalRefusedError if a journal is there already, JournalUnavailableError.
    """
    with store.writing() as connection:
        if holds_journal(connection):
            raise JournalRefusedError(f"there is a journal already at {store.name}")
        kept = secrets.read(secrets_folder) if secrets.exist(secrets_folder) else secrets.make(secrets_folder)
        identity = Identity(str(uuid.uuid4()), tables.SCHEMA, kept.fingerprint, kept.public_key)
        tables.metadata.create_all(connection)  # of the journal and of its views
        connection.execute(insert(tables.journal).values(msgspec.structs.asdict(identity)))
        empty = {"journal": identity.id, "position": 0, "hash": chain.genesis(identity.id)}
        connection.execute(insert(tables.head).values(empty))
    if store.file is not None:
        disk.sync(store.file.absolute().parent)
    return identity, kept


def open_existing(store: Store, secrets_folder: Path) -> tuple[Identity, Secrets]:
    """Find the journal and prove that these are its secrets.

    Raises JournalRefusedError if there is no journal, it is newer than this Ivigil, or its secrets are
    missing or another journal's. Nothing is ever made here.
    """
    if store.file is not None and not store.file.exists():
        raise JournalRefusedError(f"there is no journal at {store.name}")
    identity = read_identity(store)
    kept = secrets.read(secrets_folder)
    if (kept.fingerprint, kept.public_key) != (identity.fingerprint, identity.public_key):
        raise JournalRefusedError(
            f"the secrets in {secrets_folder} are not those of the journal at {store.name}"
        )
    return identity, kept


def read_identity(store: Store) -> Identity:
    """Raises JournalRefusedError if there is no journal, or a newer one."""
    with store.reading() as connection:
        if not holds_journal(connection):
            raise JournalRefusedError(f"there is no journal at {store.name}")
        row = connection.execute(select(tables.journal)).mappings().one()
    identity = Identity(**row)
    if identity.schema > tables.SCHEMA:
        raise JournalRefusedError(f"the journal at {store.name} was written by a newer Ivigil")
    return identity


def holds_journal(connection: Connection) -> bool:
    """Whether a journal was made here."""
    return inspect(connection).has_table(tables.journal.name)
