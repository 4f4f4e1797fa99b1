"""A device whose clock is wrong: its events are moved alike, and no volume changes."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion.events import Happening, RateSet, Started
from ivigil.infusion.progress import given_ml
from ivigil.infusion.replay import replay
from ivigil.records.clocks import TOLERANCE, happened_at, offsets
from ivigil.records.infusing import events_of
from ivigil.records.words import Record
from tests.support.bedside import DAY

START = dt.datetime(2026, 12, 1, 8, tzinfo=dt.UTC)
WRONG = st.timedeltas(min_value=dt.timedelta(days=-3), max_value=dt.timedelta(days=3))
TRIP = dt.timedelta(seconds=1)


def record(number: int, minute: int, what: Happening, wrong: dt.timedelta, device: str = "pump 1") -> Record:
    """An event sent a second after it happened, by a device whose clock is ``wrong`` ahead."""
    at = START + dt.timedelta(minutes=minute)
    return Record(
        id=f"e{number}",
        stream="s",
        kind="k",
        occurred_at=at + wrong,
        device_at=at + wrong,
        device=device,
        author="N. Example",
        site="site",
        subject="plan-1",
        position=number,
        version=number,
        schema=1,
        received_at=at + TRIP * number,
        hash="",
        body=what,
    )


def run(wrong: dt.timedelta) -> list[Record]:
    first, second = RateSet(rate_ml_per_h=Decimal(30)), RateSet(rate_ml_per_h=Decimal(60))
    return [
        record(1, 0, Started(), wrong),
        record(2, 0, first, wrong),
        record(3, 30, second, wrong),
    ]


@given(WRONG)
def test_a_wrong_clock_changes_no_volume_and_no_time_by_more_than_the_way_to_us(wrong: dt.timedelta) -> None:
    """30 min at 30 and 30 min at 60 mL/h are 15 + 30 mL."""
    events = events_of(run(wrong), "plan-1")
    shift = events[0].at - START
    assert abs(shift) <= TOLERANCE + TRIP
    assert given_ml(replay(DAY, events), START + shift + dt.timedelta(hours=1)) == 45


def test_two_devices_are_brought_to_one_clock() -> None:
    """A phone an hour ahead and a pump that is right: what happened together is together again."""
    hour = dt.timedelta(hours=1)
    phone = record(1, 10, Started(), hour, "phone")
    pump = record(2, 10, RateSet(rate_ml_per_h=Decimal(30)), dt.timedelta(), "pump 1")
    behind = offsets([phone, pump])
    assert behind == {"phone": TRIP - hour}
    assert abs(happened_at(phone, behind) - happened_at(pump, behind)) == TRIP


def test_the_quickest_event_tells_and_late_entries_do_not_count_as_a_wrong_clock() -> None:
    """Written at 08:40 of what was at 08:10: the device's clock was right when it sent."""
    sent = record(1, 40, Started(), dt.timedelta())
    late = replace(sent, occurred_at=sent.occurred_at - dt.timedelta(minutes=30))
    delayed = replace(sent, received_at=sent.received_at + dt.timedelta(hours=5))
    assert offsets([late, delayed]) == {}
    assert happened_at(late, {}) == late.occurred_at
