"""The calendar file: read back whole by the library; its titles tell nobody what somebody is treated for."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import icalendar
import pytest
from hypothesis import given
from hypothesis import strategies as st

import ivigil
from ivigil.course import Plan
from ivigil.sheets.calendar import Appointment, calendar, infusions, visits
from ivigil.sheets.wording import Wording
from tests.support.orders import knowledge

MADE = dt.datetime(2026, 11, 23, 8, tzinfo=dt.UTC)
EXAMPLES = Path(__file__).parents[1] / "examples"
SAY = Wording(knowledge())


def plan(name: str) -> Plan:
    return ivigil.plan(ivigil.read_order(EXAMPLES / f"{name}.toml"))


def events(file: bytes) -> list[icalendar.cal.Component]:
    return list(icalendar.Calendar.from_ical(file).walk("VEVENT"))


def test_every_day_of_a_plan_stands_in_it_as_that_instant() -> None:
    made = plan("dermatomyositis")
    found = events(calendar(infusions(made), MADE, SAY))
    assert [(each.decoded("dtstart"), each.decoded("dtend")) for each in found] == [
        (day.start, day.end) for day in made.days
    ]
    assert len({str(each["uid"]) for each in found}) == len(made.days)


@pytest.mark.parametrize("name", ["dermatomyositis", "kawasaki", "immunodeficiency", "subcutaneous"])
def test_nothing_in_it_names_illness_medicine_plan_or_patient(name: str) -> None:
    made = plan(name)
    file = calendar(visits(made), MADE, SAY)
    assert {str(each["summary"]) for each in events(file)} <= {
        "Appointment",
        "Reminder: ask for the day and time",
    }
    assert {key for each in events(file) for key in each} <= {
        *("UID", "DTSTAMP", "DTSTART", "DTEND", "SUMMARY", "CLASS"),
    }
    someone, text = made.order.patient, file.decode().casefold()
    told = (someone.id.value, str(someone.birth_date), made.id, "immunoglobulin", made.order.condition)
    assert not [word for word in told if word.casefold() in text]


def test_a_later_file_takes_the_place_of_an_earlier_one() -> None:
    made = plan("kawasaki")
    later = MADE + dt.timedelta(days=1)
    first, second = events(calendar(visits(made), MADE, SAY)), events(calendar(visits(made), later, SAY))
    assert [each["uid"] for each in first] == [each["uid"] for each in second]
    assert calendar(visits(made), MADE, SAY) == calendar(visits(made), MADE, SAY)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=200))
def test_nothing_that_somebody_wrote_stands_in_it(written: str) -> None:
    file = calendar([Appointment(id=written, what="visit", start=MADE)], MADE, SAY)
    (event,) = events(file)
    assert len(str(event["uid"])) == len("@ivigil") + 32
    assert b"\n" not in file.replace(b"\r\n", b"")
