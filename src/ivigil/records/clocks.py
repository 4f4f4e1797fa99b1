"""When things happened by one clock: devices that go wrong are set right by when we received. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping

from ivigil.records.words import Record

TOLERANCE = dt.timedelta(minutes=1)
"""A smaller difference is the way to us, not a wrong clock."""


def offsets(records: Iterable[Record]) -> dict[str, dt.timedelta]:
    """How far each device's clock is behind ours, for those that are wrong.

    The quickest event of a device tells best; so all events of one device are moved alike, and no
    time between two of them changes.
    """
    least: dict[str, dt.timedelta] = {}
    for record in records:
        if record.device and record.device_at is not None:
            behind = record.received_at - record.device_at
            least[record.device] = min(behind, least.get(record.device, behind))
    return {device: behind for device, behind in least.items() if abs(behind) > TOLERANCE}


def happened_at(record: Record, behind: Mapping[str, dt.timedelta]) -> dt.datetime:
    """When the event occurred, by our clock."""
    return record.occurred_at + behind.get(record.device, dt.timedelta())
