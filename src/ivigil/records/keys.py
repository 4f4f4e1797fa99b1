"""Patients' keys in the database: found, made, destroyed."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable

from sqlalchemy import Connection, delete, insert, select

from ivigil.records.tables import patient_key
from ivigil.records.vault import DoesNotOpenError, PatientKey, Vault

MOST_ASKED = 10_000
"""At once: databases bound the values of one question."""


def of_streams(connection: Connection, vault: Vault, streams: Iterable[str]) -> dict[str, PatientKey]:
    """The keys that these patients still have, by id. One that was altered is as good as none."""
    found = {}
    asked = tuple(streams)
    for start in range(0, len(asked), MOST_ASKED):
        some = asked[start : start + MOST_ASKED]
        for row in connection.execute(select(patient_key).where(patient_key.c.stream.in_(some))):
            with contextlib.suppress(DoesNotOpenError):
                found[row.id] = vault.unwrap(row.id, row.wrapped, row.stream)
    return found


def make(connection: Connection, vault: Vault, stream: str) -> PatientKey:
    """A new key, stored wrapped."""
    key = vault.new_key(stream)
    connection.execute(insert(patient_key).values(id=key.id, stream=stream, wrapped=vault.wrap(key)))
    return key


def destroy(connection: Connection, stream: str) -> None:
    """Destroy every key of a patient: what they sealed is unreadable for ever."""
    connection.execute(delete(patient_key).where(patient_key.c.stream == stream))
