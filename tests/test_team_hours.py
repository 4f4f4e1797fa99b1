"""When somebody of the team watches: stated hours alone, in the site's zone, as far as they are known."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.aftercare.team_hours import Unwatched, last_unwatched, team_hours, watching_at
from ivigil.knowledge.site import overlay, read
from ivigil.knowledge.store import Knowledge, KnowledgeError
from tests.support.orders import knowledge

OFFICE = """
[site]
time_zone = "Europe/Stockholm"

[site.watch]
through = 2026-12-31
closed = [2026-12-24, 2026-12-25]
hours = [
  { days = ["mon", "tue", "wed", "thu"], from = 08:00:00, until = 16:30:00 },
  { days = ["fri"], from = 08:00:00, until = 12:00:00 },
]
"""
ALWAYS = """
[site]
time_zone = "Europe/Stockholm"

[site.watch]
through = 2027-06-30
hours = [{ days = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"], from = 00:00:00, until = 00:00:00 }]
"""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Knowledge:
    return laid(tmp_path_factory.mktemp("office"), OFFICE)


def laid(folder: Path, text: str) -> Knowledge:
    (folder / "site.toml").write_text(text)
    return overlay(knowledge(), read(folder))


def at(text: str) -> dt.datetime:
    """A time of day in Stockholm."""
    return dt.datetime.fromisoformat(text).replace(tzinfo=zoneinfo.ZoneInfo("Europe/Stockholm"))


@pytest.mark.parametrize(
    ("now", "reading", "until", "again"),
    [
        ("2026-12-01T08:00", True, "2026-12-01T16:30", ""),  # a Tuesday
        ("2026-12-01T16:29", True, "2026-12-01T16:30", ""),
        ("2026-12-01T07:59", False, "", "2026-12-01T08:00"),
        ("2026-12-01T16:30", False, "", "2026-12-02T08:00"),
        ("2026-12-04T12:00", False, "", "2026-12-07T08:00"),  # Friday noon, to Monday
        ("2026-12-24T10:00", False, "", "2026-12-28T08:00"),  # closed on a Thursday and a Friday
        ("2026-12-31T10:00", True, "2026-12-31T16:30", ""),  # the last day that is stated
        ("2027-01-04T10:00", False, "", ""),  # a Monday after it
    ],
)
def test_the_hours_of_a_site(office: Knowledge, now: str, reading: bool, until: str, again: str) -> None:
    found = watching_at(office, at(now))
    assert found.reading is reading
    assert found.until == (at(until) if until else None)
    assert found.again == (at(again) if again else None)


def test_without_hours_nobody_watches(office: Knowledge) -> None:
    now = at("2026-12-01T10:00")
    assert not watching_at(knowledge(), now).reading
    assert not watching_at(replace(office, zone=None), now).reading
    assert last_unwatched(knowledge(), now - dt.timedelta(days=1), now) is None


def test_hours_are_those_of_the_clock_on_the_wall_on_either_side_of_its_change(tmp_path: Path) -> None:
    """Stockholm went back to winter time on Sunday 25 October 2026 at 03:00, from UTC+2 to UTC+1."""
    base = laid(tmp_path, OFFICE)
    opens = [start for start, _ in team_hours(base, at("2026-10-23T00:00"), at("2026-10-26T23:00"))]
    assert opens == [dt.datetime(2026, 10, 23, 6, tzinfo=dt.UTC), dt.datetime(2026, 10, 26, 7, tzinfo=dt.UTC)]


def test_hours_that_touch_are_one_stretch(tmp_path: Path) -> None:
    base, now = laid(tmp_path, ALWAYS), at("2026-12-01T10:00")
    found = watching_at(base, now)
    assert found.reading
    assert found.until is not None and found.until > now + dt.timedelta(days=30)
    assert last_unwatched(base, now - dt.timedelta(days=40), now) is None


@pytest.mark.parametrize(
    ("since", "now", "start", "until"),
    [
        ("2026-12-01T09:00", "2026-12-01T11:00", "", ""),  # within hours
        ("2026-12-01T19:00", "2026-12-01T22:00", "2026-12-01T19:00", ""),  # came at night
        ("2026-12-01T15:00", "2026-12-01T22:00", "2026-12-01T16:30", ""),  # came before, stayed
        ("2026-12-01T19:00", "2026-12-02T09:00", "2026-12-01T19:00", "2026-12-02T08:00"),
        (
            "2026-11-30T09:00",
            "2026-12-02T09:00",
            "2026-12-01T16:30",
            "2026-12-02T08:00",
        ),  # the last of two nights
        ("2026-12-31T10:00", "2027-01-11T10:00", "2026-12-31T16:30", ""),  # past what is stated
    ],
)
def test_what_waited_and_had_nobody(office: Knowledge, since: str, now: str, start: str, until: str) -> None:
    expected = Unwatched(start=at(start), until=at(until) if until else None) if start else None
    assert last_unwatched(office, at(since), at(now)) == expected


MOMENTS = st.datetimes(dt.datetime(2026, 10, 1), dt.datetime(2027, 2, 1), timezones=st.just(dt.UTC))


@given(now=MOMENTS)
def test_the_stretches_and_the_moment_agree(office: Knowledge, now: dt.datetime) -> None:
    """Worked out anew from the clock on the wall."""
    there = now.astimezone(zoneinfo.ZoneInfo("Europe/Stockholm"))
    closes = {4: dt.time(12)}.get(there.weekday(), dt.time(16, 30))
    open_now = there.weekday() < 5 and dt.time(8) <= there.time() < closes
    stated = there.date() <= dt.date(2026, 12, 31) and there.date() not in (
        dt.date(2026, 12, 24),
        dt.date(2026, 12, 25),
    )
    assert watching_at(office, now).reading == (open_now and stated)


@pytest.mark.parametrize(
    ("old", "new", "says"),
    [
        ('time_zone = "Europe/Stockholm"\n', "", "without site.time_zone"),
        ("through = 2026-12-31\n", "", "through"),
        ("until = 12:00:00", "until = 07:00:00", "a night is two rows"),
        ('days = ["fri"]', "days = []", "days: none"),
        ('"fri"', '"friday"', "friday"),
        ("from = 08:00:00, until = 12:00:00", 'from = "soon", until = 12:00:00', "time"),
    ],
)
def test_hours_that_say_nothing_are_refused(tmp_path: Path, old: str, new: str, says: str) -> None:
    assert old in OFFICE
    with pytest.raises(KnowledgeError, match=says):
        laid(tmp_path, OFFICE.replace(old, new))
