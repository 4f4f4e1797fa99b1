"""Clock times: the site's zone, the same wall-clock start on each day, elapsed minutes across a change."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.planning import plan
from tests.support.orders import adult, knowledge, order

STOCKHOLM = ZoneInfo("Europe/Stockholm")


def planned(start: dt.datetime) -> Plan:
    """A five-day course in Stockholm that starts at ``start``."""
    here = replace(knowledge(), zone=STOCKHOLM)
    return plan(order("guillain_barre", adult(), start=start), here)


def test_each_day_starts_at_the_same_time_on_the_wall() -> None:
    """The clocks go back on 25 October 2026: the offset changes, the time on the wall does not."""
    days = planned(dt.datetime(2026, 10, 23, 8, tzinfo=STOCKHOLM)).days
    assert [day.start.strftime("%H:%M") for day in days] == ["08:00"] * len(days)
    assert days[0].start.utcoffset() == dt.timedelta(hours=2)
    assert days[-1].start.utcoffset() == dt.timedelta(hours=1)


def test_steps_are_elapsed_time_when_the_clocks_change() -> None:
    """A night infusion over the change (03:00 to 02:00): no minute is lost or doubled."""
    day = planned(dt.datetime(2026, 10, 25, 1, tzinfo=STOCKHOLM)).days[0]
    for step in day.steps:
        elapsed = step.end.astimezone(dt.UTC) - step.start.astimezone(dt.UTC)
        assert elapsed == dt.timedelta(minutes=step.minutes)
    whole = day.end.astimezone(dt.UTC) - day.start.astimezone(dt.UTC)
    assert whole == dt.timedelta(minutes=day.duration_min)


def test_a_time_that_the_clocks_skip_becomes_one_that_exists() -> None:
    """On 29 March 2026 there is no 02:30 in Stockholm."""
    days = planned(dt.datetime(2026, 3, 28, 2, 30, tzinfo=STOCKHOLM)).days
    assert days[1].start.astimezone(dt.UTC).astimezone(STOCKHOLM) == days[1].start


def test_an_order_in_another_offset_is_shown_in_the_site_s_time() -> None:
    day = planned(dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)).days[0]
    assert day.start.strftime("%H:%M %z") == "13:00 +0100"
