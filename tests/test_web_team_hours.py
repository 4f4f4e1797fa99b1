"""The hours of a team on the pages: who watches now, whom to call, since when something had nobody."""

from __future__ import annotations

import datetime as dt
import shutil
import zoneinfo
from collections.abc import Iterator
from typing import NamedTuple

import pytest

from ivigil.aftercare.happenings import SymptomsReported
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import infusion_id
from ivigil.practice.entry import Author, Entry, draft
from tests.support.treated import SITE_FOLDER, centre, inside, treated
from tests.support.web import Web

LONDON = zoneinfo.ZoneInfo("Europe/London")
HOURS = """
[site.watch]
through = 2026-12-31
closed = [2026-12-24, 2026-12-25]
hours = [{ days = ["mon", "tue", "wed", "thu", "fri"], from = 08:00:00, until = 16:30:00 }]
"""
NOBODY = "Nobody reads your answers at this moment."


class Centre(NamedTuple):
    """A site with hours, and a patient whose infusion ended on Monday 30 November 2026 at noon."""

    web: Web
    stream: str
    infusion: str

    def at(self, moment: str) -> None:
        """Let it be that time of day in London."""
        wanted = dt.datetime.fromisoformat(moment).replace(tzinfo=LONDON)
        self.web.clock.ahead += wanted - self.web.clock()

    def me(self, path: str = "/me") -> str:
        return inside(self.web, self.stream).get(path).text

    def inbox(self, path: str = "/inbox") -> str:
        return self.web.browser("nurse").get(path).text


@pytest.fixture(scope="module")
def team(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    folder = tmp_path_factory.mktemp("team")
    shutil.copytree(SITE_FOLDER, folder / "site")
    file = folder / "site" / "site.toml"
    before, site, after = file.read_text().partition('patient_identifier_system = "urn:example"\n')
    file.write_text(before + site + HOURS + after)
    made = Centre(centre(folder, folder / "site"), "", "")
    made.at("2026-11-30T18:00")
    stream, plan = treated(made.web, "HOURS-1", ended_hours_ago=6)
    yield made._replace(stream=stream, infusion=infusion_id(plan.id, 1))


def reports(team: Centre, moment: str) -> None:
    """A headache, told from home."""
    team.at(moment)
    now = team.web.clock()
    report = SymptomReport(at=now, present=("symptom.headache",))
    told = SymptomsReported(report=report, urgency="same_day", facts=())
    author = Author(name="patient", site=team.web.door.site(), device="browser")
    entry = Entry(by=author, occurred_at=now, device_at=now)
    team.web.journal.append([draft(entry, team.stream, told, team.infusion)])


def test_within_hours_a_patient_reads_until_when_the_team_reads(team: Centre) -> None:
    team.at("2026-12-01T10:00")
    for path in ("/me", "/me/wrong", f"/me/questions/{team.infusion}/1"):
        page = team.me(path)
        assert "Your team reads answers today until 16:30. Do not wait for us if you feel ill." in page
        assert NOBODY not in page
        assert "In danger? Call 112 now" in page


def test_outside_hours_a_patient_reads_that_nobody_does_whom_to_call_and_from_when(team: Centre) -> None:
    team.at("2026-12-01T19:00")
    for path in ("/me", "/me/wrong", f"/me/questions/{team.infusion}/1"):
        page = team.me(path)
        assert NOBODY in page
        assert "When closed: +44 20 7946 0124." in page
        assert "Your team reads them again on Wednesday 2 December 2026 from 08:00." in page


def test_past_the_last_day_that_is_stated_nobody_is_known_to_read(team: Centre) -> None:
    """Monday 4 January 2027 at ten."""
    team.at("2027-01-04T10:00")
    page = team.me()
    assert NOBODY in page
    assert "reads them again" not in page
    assert "stated through 2026-12-31 alone: nobody is known to watch" in team.inbox()
    assert "since then patients are told that nobody reads" in team.inbox("/status")


def test_silence_is_told_to_the_team_while_it_watches_and_to_others_while_nobody_does(team: Centre) -> None:
    told = "the after-hours service (+44 20 7946 0124)"
    team.at("2026-12-02T10:00")
    assert "Silence:" in (page := team.inbox())
    assert told not in page
    team.at("2026-12-02T19:00")
    assert told in team.inbox()


def test_staff_see_since_when_something_waited_unwatched(team: Centre) -> None:
    reports(team, "2026-12-02T19:30")
    team.at("2026-12-02T20:00")
    page = plain(team.inbox())
    assert "Nobody of the team watches now; from 2026-12-03 08:00 somebody does." in page
    assert "unwatched since 2026-12-02 19:30" in page
    team.at("2026-12-03T08:10")
    page = plain(team.inbox())
    assert "The team watches until 2026-12-03 16:30." in page
    assert "unwatched from 2026-12-02 19:30 until 2026-12-03 08:00" in page


def plain(page: str) -> str:
    """Without the elements of times."""
    parts = page.split("<time ")
    return parts[0] + "".join(part.partition(">")[2].replace("</time>", "") for part in parts[1:])
