"""The calendar file: whole by RFC 5545, and its titles tell nobody what somebody is treated for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

from hypothesis import given
from hypothesis import strategies as st

import ivigil
from ivigil.course import Plan
from ivigil.sheets.appointments import LINE_BYTES, Appointment, calendar, text, visits
from ivigil.sheets.wording import Wording
from tests.support.orders import knowledge

MADE = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
EXAMPLES = Path(__file__).parents[1] / "examples"
SAY = Wording(knowledge())


def plan(name: str) -> Plan:
    return ivigil.plan(ivigil.read_order(EXAMPLES / f"{name}.toml"))


def unfolded(file: bytes) -> list[str]:
    """The lines as RFC 5545, 3.1 says to read them."""
    return file.decode().replace("\r\n ", "").removesuffix("\r\n").split("\r\n")


def test_every_day_of_a_plan_stands_in_it_in_utc() -> None:
    made = plan("dermatomyositis")
    lines = unfolded(calendar(visits(made), MADE, SAY))
    assert (lines[0], lines[-1]) == ("BEGIN:VCALENDAR", "END:VCALENDAR")
    for day in made.days:
        assert f"UID:{made.id}-{day.number}@ivigil" in lines
        assert f"DTSTART:{day.start.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" in lines
        assert f"DTEND:{day.end.astimezone(dt.UTC):%Y%m%dT%H%M%SZ}" in lines
    assert lines.count("BEGIN:VEVENT") == lines.count("END:VEVENT") == lines.count("CLASS:PRIVATE")


def test_no_title_names_illness_medicine_or_patient() -> None:
    for name in ("dermatomyositis", "kawasaki", "immunodeficiency", "subcutaneous"):
        lines = unfolded(calendar(visits(plan(name)), MADE, SAY))
        titles = {line for line in lines if line.startswith("SUMMARY")}
        assert titles <= {"SUMMARY:Appointment", "SUMMARY:Reminder: ask for the day and time"}
        assert not any(line.startswith(("DESCRIPTION", "LOCATION", "ATTENDEE")) for line in lines)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_nothing_that_somebody_wrote_begins_a_line_of_its_own(written: str) -> None:
    file = calendar([Appointment(uid=written, what="visit", start=MADE)], MADE, SAY)
    assert all(len(line) <= LINE_BYTES for line in file.split(b"\r\n"))
    assert b"\n" not in file.replace(b"\r\n", b"") and b"\r" not in file.replace(b"\r\n", b"")
    (uid,) = (line for line in unfolded(file) if line.startswith("UID:"))
    assert uid == f"UID:{text(written)}@ivigil"
    assert unfolded(file).count("BEGIN:VEVENT") == 1
