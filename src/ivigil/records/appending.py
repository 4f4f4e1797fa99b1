"""One writer's turn: drafts become rows behind the head, in one transaction."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from sqlalchemy import Connection, func, insert, select, update

from ivigil.records import chain, keys, rows, tables, views
from ivigil.records.errors import ConflictError, RepeatedIdError
from ivigil.records.kinds import Kind, Kinds
from ivigil.records.vault import PatientKey, Vault
from ivigil.records.views import View
from ivigil.records.words import Draft, Erased, Head, Receipt


def versions(connection: Connection, streams: Collection[str]) -> dict[str, int]:
    """The last version of each stream that has any."""
    event = tables.event.c
    asked = (
        select(event.stream, func.max(event.version).label("version"))
        .where(event.stream.in_(streams))
        .group_by(event.stream)
    )
    return {row.stream: row.version for row in connection.execute(asked)}


class Turn:
    """A writer's turn. Made inside a writing transaction: no other writer passes until that ends."""

    def __init__(self, connection: Connection, vault: Vault, kinds: Kinds, shown: Sequence[View]) -> None:
        self._connection = connection
        self._vault = vault
        self._kinds = kinds
        self._views = shown
        row = connection.execute(select(tables.head).with_for_update()).one()
        self.head = Head(row.position, row.hash)

    def append(
        self, drafts: Sequence[Draft], expected_version: int | None, now: dt.datetime
    ) -> tuple[Receipt, ...]:
        """Write the drafts that are not there yet; a receipt for each.

        Raises RepeatedIdError, and ConflictError if anything is new but a stream is not at the version.
        """
        written = self.written(drafts)
        new = [draft for draft in {draft.id: draft for draft in drafts}.values() if draft.id not in written]
        if new:
            written |= {row["id"]: row for row in self._write(new, expected_version, now)}
        return tuple(rows.receipt(written[draft.id]) for draft in drafts)

    def written(self, drafts: Sequence[Draft]) -> dict[str, rows.Row]:
        """The rows that stand under these ids already. Raises RepeatedIdError if one says something else."""
        unique = {draft.id: draft for draft in drafts}
        asked = select(tables.event).where(tables.event.c.id.in_(unique))
        found: dict[str, rows.Row] = {row["id"]: row for row in self._connection.execute(asked).mappings()}
        held = self._keys({row["stream"] for row in found.values()})
        for row in found.values():
            if not self._same(unique[row["id"]], row, held.get(row["key"])):
                raise RepeatedIdError(row["id"], row["position"])
        return found

    def _same(self, draft: Draft, row: rows.Row, key: PatientKey | None) -> bool:
        said = rows.said(draft)
        if said != {name: row[name] for name in said}:
            return False
        before = rows.body(row, key, self._kinds)
        return isinstance(before, Erased) or self._kinds.write(before) == self._kinds.write(draft.body)

    def _write(
        self, drafts: Sequence[Draft], expected_version: int | None, now: dt.datetime
    ) -> list[dict[str, Any]]:
        """Rows for new drafts, each linked to the one before; the head moves behind the last."""
        streams = {draft.stream for draft in drafts}
        at = dict.fromkeys(streams, 0) | versions(self._connection, streams)
        if expected_version is not None:
            for present in at.values():
                if present != expected_version:
                    raise ConflictError(expected_version, present)
        sealing = self._sealing(streams)
        made = []
        for draft in drafts:
            at[draft.stream] += 1
            row = self._row(draft, at[draft.stream], now, sealing[draft.stream])
            self.head = Head(row["position"], row["hash"])
            made.append(row)
        self._connection.execute(insert(tables.event), made)
        self._connection.execute(update(tables.head).values(position=self.head.position, hash=self.head.hash))
        views.update(self._connection, self._views, made)
        return made

    def _row(self, draft: Draft, version: int, now: dt.datetime, key: PatientKey) -> dict[str, Any]:
        """The row behind the head."""
        row = rows.said(draft) | {
            "position": self.head.position + 1,
            "version": version,
            "schema": self._kind(draft).schema,
            "device_at": rows.utc_text(draft.device_at) if draft.device_at else None,
            "received_at": rows.utc_text(now),
            "key": key.id,
        }
        header = rows.header_bytes(row)
        row["payload"] = key.seal(self._kinds.write(draft.body), header)
        row["hash"] = chain.link(self.head.hash, header, row["payload"])
        return row

    def _kind(self, draft: Draft) -> Kind:
        kind = self._kinds.get(draft.kind)
        assert kind is not None  # drafts.check has seen it
        return kind

    def _sealing(self, streams: Collection[str]) -> dict[str, PatientKey]:
        """The key of each patient, made if there is none."""
        held = {key.stream: key for key in self._keys(streams).values()}
        return {
            stream: held.get(stream) or keys.make(self._connection, self._vault, stream) for stream in streams
        }

    def _keys(self, streams: Iterable[str]) -> dict[str, PatientKey]:
        return keys.of_streams(self._connection, self._vault, streams)
