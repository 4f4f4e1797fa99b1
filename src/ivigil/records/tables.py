"""The tables of the journal itself, the same on SQLite and PostgreSQL.

``event`` is what the journal is; ``head`` makes writers queue; ``patient_key`` is what erasure destroys.
Times are UTC text with microseconds, so that they sort, hash and read the same everywhere.
"""

from __future__ import annotations

from sqlalchemy import Column, Integer, LargeBinary, MetaData, String, Table, Text, UniqueConstraint

SCHEMA = 1
"""Of these tables. A journal with a higher one is not opened."""

metadata = MetaData()

journal = Table(
    "journal",
    metadata,
    Column("id", String(36), primary_key=True),
    Column("schema", Integer, nullable=False),
    Column("fingerprint", String(64), nullable=False),
    Column("public_key", String(64), nullable=False),
)

head = Table(
    "head",
    metadata,
    Column("journal", String(36), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
)

event = Table(
    "event",
    metadata,
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("id", String(36), nullable=False, unique=True),
    Column("stream", String(32), nullable=False),
    Column("version", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("schema", Integer, nullable=False),
    Column("occurred_at", String(27), nullable=False),
    Column("occurred_offset", Text, nullable=False),
    Column("device_at", String(27)),
    Column("received_at", String(27), nullable=False),
    Column("device", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("on_behalf_of", Text, nullable=False),
    Column("site", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("product", Text, nullable=False),
    Column("lot", Text, nullable=False),
    Column("key", String(32), nullable=False),
    Column("payload", LargeBinary, nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("stream", "version"),
)

HEADER = tuple(column.name for column in event.columns if column.name not in ("payload", "hash"))
"""The columns that are hashed in clear, in this order for ever."""

patient_key = Table(
    "patient_key",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("stream", String(32), nullable=False, index=True),
    Column("wrapped", LargeBinary, nullable=False),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("journal", String(36), nullable=False),
    Column("position", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("at", String(27), nullable=False),
    Column("signature", String(128), primary_key=True),
)
