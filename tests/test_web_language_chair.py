"""The chair and the board in a language that nobody speaks: what is left in English is data."""

from __future__ import annotations

import re

import pytest

from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import RateSet, Stopped
from tests.support.chair_stage import Chairs, begin, entry, path, queued, tell, told
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.web import Browser, Web

DATA = (
    "Fictional",
    "Patient",
    "Example",
    "Nu",
    "nurse",
    "prescriber",
    "rash",
    "L",
    "P",
    "site not named",
    CODE,
)
"""Names of people and of a site, their roles, what they typed."""


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Chairs:
    folder = tmp_path_factory.mktemp("language")
    return Chairs(Web(folder, site=overlay(folder / "site"), language=CODE))


@pytest.fixture
def nurse(chairs: Chairs) -> Browser:
    return chairs.web.browser("nurse")


def in_the_language(page: str, plan: Plan, *data: str) -> str:
    """The page, once nothing on it is in English but data."""
    found = unsaid(page, *DATA, plan.order.patient.id.value, plan.id, *data)
    assert not found, found
    return page


def test_before_the_flow(chairs: Chairs, nurse: Browser) -> None:
    plan = chairs.plan()
    assert "«Check the patient&#39;s identity»" in in_the_language(nurse.get(path(plan)).text, plan)
    refused = tell(nurse, plan, "start", rate="19")
    assert refused.status_code == 409
    assert "«Record it all the same»" in in_the_language(refused.text, plan)
    faulty = tell(nurse, plan, "vital-signs", **{"measure.heart_rate_per_min": "x"})
    accepted = re.findall(r"«accepted: ([^»]*)»", faulty.text)
    in_the_language(faulty.text, plan, "x", *accepted)  # what is wrong with an entry is told in English
    begin(nurse, plan)
    in_the_language(nurse.get(path(plan)).text, plan)


def test_while_it_runs_and_halts_and_ends(chairs: Chairs) -> None:
    chairs.at(75)
    plan = chairs.plan(scenario="anaphylaxis")
    nurse = chairs.web.browser("nurse")
    for kind, fields in (
        ("medicine", {"drug": "epinephrine", "mg": "0.5", "route": "IM", "all_the_same": "yes"}),
        ("medicine", {"drug": "epinephrine", "mg": "0.5", "route": "IM", "all_the_same": "yes"}),
        ("pause", {}),
        ("symptom", {"symptom": "symptom.wheezing", "note": "rash"}),
        ("grade", {"term": "ctcae.infusion_related_reaction", "grade": "3"}),
        ("stop", {"volume": "20"}),
        ("symptom", {"symptom": "symptom.wheezing", "gone": "yes"}),
        ("called", {"whom": "emergency_team"}),
        ("informed", {}),
    ):
        done = tell(nurse, plan, kind, **fields)
        assert done.status_code == 303, (kind, done.text)
        in_the_language(nurse.get(done.headers["location"]).text, plan, "epinephrine", "IM")
    assert "«looked at again: it is so»" in nurse.get(path(plan)).text  # the second dose at once
    leaves = tell(nurse, plan, "left")
    assert leaves.status_code == 409
    in_the_language(leaves.text, plan, "epinephrine", "IM")


def test_what_crossed_on_the_way(chairs: Chairs) -> None:
    chairs.at(40)
    plan = chairs.plan()
    nurse = chairs.web.browser("nurse")
    chairs.at(41)
    told(chairs.web.browser("prescriber"), plan, "stop", reason="rash")
    chairs.at(45)
    answer = queued(nurse, plan, entry(chairs, "rate", ago=4.5, fields={"rate": "57"}, waited=True))
    assert answer.json()["beside"] == 1
    page = in_the_language(nurse.get(path(plan)).text, plan)
    assert "«entered without a connection»" in page
    assert "«Written without seeing each other»" in page
    made = {type(event.what): event.id for event in chairs.events(plan)}
    told(nurse, plan, "both-seen", event=made[RateSet], beside=made[Stopped])
    in_the_language(nurse.get(path(plan)).text, plan)


def test_locked_without_a_connection_and_without_an_infusion(chairs: Chairs) -> None:
    chairs.at(40)
    plan = chairs.plan()
    nurse = chairs.web.browser("nurse")
    in_the_language(nurse.get("/chair/offline").text, plan)
    chairs.web.clock.passes(minutes=11)
    in_the_language(nurse.get(f"{path(plan)}/locked").text, plan)


def test_the_board_and_who_it_is(chairs: Chairs) -> None:
    chairs.at(40)
    plan = chairs.plan()
    nurse = chairs.web.browser("nurse")
    in_the_language(nurse.get("/board").text, plan, "F", "privigen")
    who = f"/board/{infusion_id(plan.id, 1)}"
    in_the_language(nurse.get(who).text, plan, "urn example")
    wrong = nurse.post(f"{who}/chair", {"chair": "", "entry": "x"}, form_at=who)
    assert wrong.status_code == 400
    in_the_language(wrong.text, plan, "urn example")
    in_the_language(nurse.get("/board?part=infusions").text, plan)
