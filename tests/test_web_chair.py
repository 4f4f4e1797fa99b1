"""The chair by direct requests: every entry as a form, what is refused and recorded all the same, who may."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from decimal import Decimal
from typing import Any

import pytest

from ivigil.course import Plan, infusion_id
from ivigil.infusion.events import (
    CHAIR_LETTERS,
    AdviceOverridden,
    Called,
    Completed,
    Corrected,
    Disconnected,
    IdentityChecked,
    MedicineGiven,
    ObservationEnded,
    PatientInformed,
    Paused,
    RateSet,
    ReactionGraded,
    RestartDecided,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.patient import Identifier
from ivigil.practice.entry import Author, Entry, draft
from ivigil.web.pages.chair.queue import VERSION
from tests.support.chair_stage import WELL, Chairs, begin, entry, path, queued, tell, told
from tests.support.web import SITE, STAFF, Browser, Web


@pytest.fixture
def chairs(web: Web) -> Chairs:
    return Chairs(web)


@pytest.fixture
def nurse(chairs: Chairs) -> Browser:
    return chairs.web.browser("nurse")


@pytest.fixture
def running(chairs: Chairs) -> Plan:
    """Flows at 38 mL/h, the second of eight steps, 40 minutes after the start."""
    chairs.at(40)
    return chairs.plan()


def last(chairs: Chairs, plan: Plan) -> Any:
    return chairs.deeds(plan)[-1]


def seen(browser: Browser, plan: Plan) -> str:
    """The text of the page, without tags."""
    text = re.sub(r"<[^>]+>", " ", browser.get(path(plan)).text)
    return " ".join(text.replace("&#39;", "'").split())


# --- every kind of entry


def test_everything_before_the_flow_is_entered_by_forms(chairs: Chairs, nurse: Browser) -> None:
    plan = chairs.plan()
    begin(nurse, plan)
    kinds = [type(what) for what in chairs.deeds(plan)]
    assert kinds == [IdentityChecked, VitalsTaken, VialHung, Started, RateSet]
    state = chairs.state(plan)
    assert (state.phase, state.rate_ml_per_h, state.alarms) == ("running", Decimal(19), ())
    assert state.identified == plan.order.patient.id
    assert {event.by for event in chairs.events(plan)} == {"nurse Example"}


@pytest.mark.parametrize(
    ("kind", "fields", "expected"),
    [
        (
            "identity",
            {"value": "P-207"},
            IdentityChecked(identifier=Identifier("urn:example", "P-207"), method="asked"),
        ),
        (
            "vital-signs",
            {"measure.heart_rate_per_min": "84", "measure.temperature_c": "36.80"},
            VitalsTaken(
                readings={
                    "measure.heart_rate_per_min": Decimal(84),
                    "measure.temperature_c": Decimal("36.80"),
                }
            ),
        ),
        (
            "symptom",
            {"symptom": "symptom.headache", "note": "since breakfast"},
            SymptomNoted(symptom="symptom.headache", note="since breakfast"),
        ),
        (
            "symptom",
            {"symptom": "symptom.headache", "gone": "yes"},
            SymptomNoted(symptom="symptom.headache", present=False),
        ),
        ("rate", {"rate": "19"}, RateSet(rate_ml_per_h=Decimal(19))),
        ("slow", {}, RateSet(rate_ml_per_h=Decimal(19))),
        ("pause", {"reason": "toilet"}, Paused(reason="toilet")),
        ("disconnect", {"reason": "imaging"}, Disconnected(reason="imaging")),
        ("stop", {}, Stopped()),
        ("stop", {"reason": "hives", "volume": "15.5"}, Stopped(reason="hives", volume_ml=Decimal("15.5"))),
        (
            "grade",
            {"term": "ctcae.urticaria", "grade": "2"},
            ReactionGraded(term="ctcae.urticaria", grade=2, version="6.0"),
        ),
        (
            "medicine",
            {"drug": "epinephrine", "route": "IM", "mg": "0.5"},
            MedicineGiven(drug="epinephrine", drug_class="epinephrine", route="IM", dose_mg=Decimal("0.5")),
        ),
        (
            "medicine",
            {"drug": "oxygen", "text": "6 L/min"},
            MedicineGiven(drug="oxygen", drug_class="oxygen", text="6 L/min"),
        ),
        (
            "decide",
            {"decided_by": "Dr Example", "rate_max": "19", "reason": "mild"},
            RestartDecided(decided_by="Dr Example", rate_ml_per_h_max=Decimal(19), reason="mild"),
        ),
        ("called", {"whom": "prescriber"}, Called(whom="prescriber")),
        ("informed", {}, PatientInformed()),
        ("completed", {"volume": "300"}, Completed(volume_ml=Decimal(300))),
        (
            "otherwise",
            {"code": "hold_rate", "reason": "the patient wants to leave early"},
            AdviceOverridden(code="hold_rate", reason="the patient wants to leave early"),
        ),
    ],
)
def test_an_entry_is_written_as_it_was_told(  # noqa: PLR0917
    chairs: Chairs, running: Plan, nurse: Browser, kind: str, fields: dict[str, str], expected: Any
) -> None:
    name = str(uuid.uuid4())
    told(nurse, running, kind, id=name, **fields)
    assert [event.what for event in chairs.events(running) if event.id == name] == [expected]


@pytest.mark.parametrize("temperature", ["35.1", "36.0", "38.9", "39.95"])
def test_each_vital_sign_is_drawn_where_its_axis_has_it(
    chairs: Chairs, nurse: Browser, temperature: str
) -> None:
    """Read back from the drawing itself: between the marks of its axis, in proportion."""
    plan = chairs.plan()
    told(nurse, plan, "vital-signs", **WELL | {"measure.temperature_c": temperature})
    drawn = re.search(r"<svg.*?</svg>", nurse.get(path(plan)).text, re.DOTALL)
    assert drawn is not None
    frames = re.split(r'<text class="title"', drawn[0])[1:]
    assert [re.sub(r"<.*", "", frame).partition(">")[2] for frame in frames] == [
        "Rate, mL/h",
        "Pulse, /min (dots); blood pressure, mmHg (bars)",
        "SpO2, %",
        "Temperature, °C",
        "Breathing, /min",
    ]
    marks = re.findall(r'class="value"[^>]*y="([\d.]+)"[^>]*>([\d.]+)<', frames[3])
    (foot, low), (top, high) = [(float(y) - 4, float(value)) for y, value in (marks[0], marks[-1])]
    (dot,) = re.findall(r'class="dots" d="M[\d.]+ ([\d.]+)h0"', frames[3])
    assert low <= float(temperature) <= high
    assert low + (foot - float(dot)) / (foot - top) * (high - low) == pytest.approx(
        float(temperature), abs=0.05
    )


def test_a_pause_ends_by_going_on(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    told(nurse, running, "pause")
    told(nurse, running, "resume")
    assert last(chairs, running) == Resumed()
    assert chairs.state(running).rate_ml_per_h == 38


def test_a_hung_vial_is_finished(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    (vial,) = chairs.state(running).vials
    told(nurse, running, "vial-finished", hung=vial.event, left="0.5")
    assert last(chairs, running) == VialFinished(hung=vial.event, left_g=Decimal("0.5"))


def test_the_patient_leaves_once_all_is_settled(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    told(nurse, running, "stop", reason="wanted home")
    refused = tell(nurse, running, "left")
    assert refused.status_code == 409
    assert "it is not settled that the time to observe is over" in refused.text
    told(nurse, running, "left", all_the_same="yes", why="signed a form")
    assert last(chairs, running) == ObservationEnded()
    passed = [each.what for each in chairs.events(running) if isinstance(each.what, AdviceOverridden)]
    assert {each.reason for each in passed} == {"signed a form"}
    assert {"observation_over", "patient_informed"} <= {each.code for each in passed}
    assert "The patient has left" in seen(nurse, running)


# --- refused, and recorded all the same


def test_a_start_is_refused_with_every_reason(chairs: Chairs, nurse: Browser) -> None:
    plan = chairs.plan()
    refused = tell(nurse, plan, "start", rate="19")
    assert refused.status_code == 409
    for reason in ("identity is not checked", "vital signs before the start are missing", "no vial hangs"):
        assert reason in refused.text
    assert chairs.events(plan) == ()
    assert re.search(r'<details class="panel" name="entry" open id="panel-start">', refused.text)


def test_a_step_too_early_is_refused_and_then_recorded_with_why(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    refused = tell(nurse, running, "rate", rate="57")
    assert refused.status_code == 409
    assert chairs.state(running).rate_ml_per_h == 38
    assert "this step&#39;s time is not over" in refused.text
    assert 'value="57"' in refused.text  # what was typed is kept
    owed = tell(nurse, running, "rate", rate="57", all_the_same="yes")
    assert owed.status_code == 400
    assert "why it was done all the same" in owed.text
    told(nurse, running, "rate", rate="57", all_the_same="yes", why="in a hurry")
    assert chairs.state(running).rate_ml_per_h == 57
    assert "57 mL/h set although this step's time is not over: in a hurry" in seen(nurse, running)


def test_a_vial_is_held_against_the_plan(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    vial = {"product": "privigen-us", "grams": "10", "lot": "L1", "expiry": "2026-01-31"}
    refused = tell(nurse, running, "vial", **vial)
    assert refused.status_code == 409
    assert "out of date, or its date is not known" in refused.text
    told(nurse, running, "vial", **vial, all_the_same="yes", why="the only one left")
    hung = last(chairs, running)
    assert (hung.grams, hung.lot, hung.expiry) == (10, "L1", dt.date(2026, 1, 31))


def test_another_patients_wristband_is_recorded_and_cried_out(chairs: Chairs, nurse: Browser) -> None:
    plan = chairs.plan()
    told(nurse, plan, "identity", value="P-1", scanned="yes")
    mine = plan.order.patient.id.value
    assert f"This is another patient: P-1 was read, the plan is of {mine}." in seen(nurse, plan)


def test_the_alarm_of_another_identity_ends_with_the_right_one(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    other = str(uuid.uuid4())
    told(nurse, running, "identity", id=other, value="P-1")
    page = nurse.get(f"{path(running)}?done={other}").text
    assert re.search(r'role="status"><div class="notice stop">.*?This is NOT the patient of this plan', page)
    mine = running.order.patient.id.value
    told(nurse, running, "identity", value=mine)
    text = seen(nurse, running)
    assert "differs from" not in text
    assert "identity checked: P-1 (asked) · nurse Example another patient" in text


# --- asked about once more


@pytest.mark.parametrize(
    ("fields", "asked"),
    [
        ({"measure.systolic_mmhg": "1180"}, "Systolic 1180: it is hardly ever outside of 0 to 375"),
        ({"measure.systolic_mmhg": "36.8"}, "Systolic 36.8 is not above diastolic 74: swapped?"),
        ({"measure.temperature_c": "98.2"}, "Temperature 98.2: in Fahrenheit? Then it is 36.8 °C"),
    ],
)
def test_vital_signs_that_can_hardly_be_so_are_asked_about_and_open_nothing_unconfirmed(
    chairs: Chairs, nurse: Browser, fields: dict[str, str], asked: str
) -> None:
    plan = chairs.plan()
    told(nurse, plan, "identity", value=plan.order.patient.id.value)
    told(nurse, plan, "vial", product="privigen-us", grams="20", lot="L 77", expiry="2027-01-01")
    wrong = {**WELL, **fields}
    refused = tell(nurse, plan, "vital-signs", **wrong)
    assert refused.status_code == 409
    assert asked in refused.text
    assert not chairs.state(plan).vitals
    sent = entry(chairs, "vital-signs", waited=True, fields=wrong)
    assert queued(nurse, plan, sent).json()["outcome"] == "written"
    text = seen(nurse, plan)
    assert "Measure again" in text
    assert "is set" not in text[: text.index("Record")]
    told(nurse, plan, "withdraw", event=sent["id"])
    told(nurse, plan, "vital-signs", **WELL)
    assert "Next Start at 19 mL/h" in seen(nurse, plan)


def test_a_value_that_was_looked_at_again_counts(chairs: Chairs, nurse: Browser) -> None:
    plan = chairs.plan()
    told(nurse, plan, "vital-signs", **{**WELL, "measure.temperature_c": "25.5"}, all_the_same="yes")
    assert chairs.state(plan).vitals[0].confirmed
    assert "Measure again" not in seen(nurse, plan)
    (passed,) = [each.what for each in chairs.events(plan) if isinstance(each.what, AdviceOverridden)]
    assert (passed.code, passed.reason) == ("out_of_range", "looked at again: it is so")


@pytest.mark.parametrize(
    ("mg", "asked"),
    [
        ("5", "epinephrine 5 mg: another dose than the one advised, 0.5 to 0.5 mg"),
        ("0.5", "epinephrine again: earlier than advised, which is 10:15"),
    ],
)
def test_another_dose_or_one_too_early_is_asked_about_and_stays_recordable(
    chairs: Chairs, running: Plan, nurse: Browser, mg: str, asked: str
) -> None:
    told(nurse, running, "symptom", symptom="symptom.wheezing")
    drug = {"drug": "epinephrine", "route": "IM"}
    if mg == "0.5":
        told(nurse, running, "medicine", **drug, mg=mg)
        assert "Another one was given all the same" in seen(nurse, running)
    refused = tell(nurse, running, "medicine", **drug, mg=mg)
    assert refused.status_code == 409
    assert asked in refused.text
    told(nurse, running, "medicine", **drug, mg=mg, all_the_same="yes")
    assert last(chairs, running).dose_mg == Decimal(mg)


def test_what_is_refused_is_told_first_and_its_form_stands_open(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    page = tell(nurse, running, "rate", rate="490").text
    assert "a lower rate was advised" not in page
    assert "the next step is lower" in page or "this step’s time is not over" in page or "time" in page
    assert page.index("NOT recorded: Rate.") < page.index('id="now"')
    assert '<a href="#panel-rate">See why</a>' in page
    assert re.search(r'open id="panel-rate">.*?<div class="refused" tabindex="-1" autofocus>', page)
    unknown = tell(nurse, running, "vial", scan="(01)09999999999994(17)270101(10)X1").text
    assert re.search(r'<details class="when" open><summary>The barcode cannot be read', unknown)


def test_stop_slow_and_pause_are_never_held_up(chairs: Chairs, nurse: Browser) -> None:
    """Whatever the state is: also before the start, twice, after the end."""
    plan = chairs.plan()
    for kind in ("slow", "pause", "stop", "stop"):
        told(nurse, plan, kind)
    assert [type(what) for what in chairs.deeds(plan)] == [Paused, Paused, Stopped, Stopped]


# --- bad input


@pytest.mark.parametrize(
    ("kind", "fields", "field", "accepted"),
    [
        ("identity", {}, "value", "the identifier on the wristband or card"),
        ("rate", {}, "rate", "a number such as"),
        ("rate", {"rate": "-3"}, "rate", "a number such as"),
        ("rate", {"rate": "1.500"}, "rate", "did you mean"),
        ("rate", {"rate": "NaN"}, "rate", "a number such as"),
        ("vital-signs", {}, "measure", "at least one measured value"),
        ("vital-signs", {"measure.temperature_c": "36,6"}, "measure-temperature_c", "did you mean"),
        ("symptom", {"symptom": "symptom.none_such"}, "symptom", "one of the list"),
        ("grade", {"term": "ctcae.urticaria", "grade": "6"}, "grade", "one of the list"),
        ("grade", {"term": "ctcae.chills", "grade": "5"}, "grade", "a grade that Chills has: 1, 2, 3"),
        ("medicine", {"mg": "0.3"}, "drug", "the name of what was given"),
        ("decide", {"decided_by": "Dr Example", "rate_max": "19"}, "reason", "why it goes on"),
        ("vial", {}, "grams", "the grams printed on the vial"),
        ("vial", {"scan": "0344"}, "scan", "GS1"),
        ("vial", {"product": "privigen-us", "grams": "20", "expiry": "31.1.27"}, "expiry", "a date such as"),
        ("vial-finished", {"hung": "none"}, "hung", "a vial that hangs"),
        ("withdraw", {"event": str(uuid.uuid4())}, "event", "an entry of this infusion"),
        ("symptom", {"symptom": "symptom.headache", "at": "23:59"}, "at", "a time of today until now"),
        ("symptom", {"symptom": "symptom.headache", "at": "soon"}, "at", "a time of today until now"),
    ],
)
def test_bad_input_is_told_beside_its_field_and_writes_nothing(  # noqa: PLR0917
    chairs: Chairs,
    running: Plan,
    nurse: Browser,
    kind: str,
    fields: dict[str, str],
    field: str,
    accepted: str,
) -> None:
    before = chairs.events(running)
    answer = tell(nurse, running, kind, **fields)
    assert answer.status_code == 400
    assert accepted in answer.text
    if kind not in ("withdraw",) and field != "measure" and fields.get("hung") != "none":
        assert f'id="{kind}-{field}-fault"' in answer.text
    for typed in fields.values():
        assert typed in answer.text or kind == "withdraw" or typed in ("symptom.none_such", "6", "none")
    assert chairs.events(running) == before


def test_all_faults_come_together(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    answer = tell(nurse, running, "decide", rate_max="fast")
    for field in ("decided_by", "rate_max", "reason"):
        assert f'id="decide-{field}-fault"' in answer.text


def test_nobody_hears_of_an_entry_that_does_not_exist(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    for kind in ("explode", "halt/rate", "halt/explode", "stop"):
        answer = nurse.post(f"{path(running)}/{kind}", {}, form_at=path(running))
        assert answer.status_code == 404, kind
    assert nurse.get(f"/chair/{running.id}/9").status_code == 404
    assert nurse.get("/chair/0123456789abcdef/1").status_code == 404


# --- once, earlier, undone


def test_the_same_form_sent_twice_is_one_entry(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    """A double tap, or the back button and the same form again."""
    name = str(uuid.uuid4())
    for _ in range(3):
        told(nurse, running, "symptom", id=name, symptom="symptom.headache")
    told(nurse, running, "stop", id=str(uuid.uuid5(uuid.UUID(name), "other")))
    assert [event.id for event in chairs.events(running)].count(name) == 1


def test_a_start_sent_twice_is_one_start_at_one_rate(chairs: Chairs, nurse: Browser) -> None:
    plan, name = chairs.plan(), str(uuid.uuid4())
    told(nurse, plan, "identity", value=plan.order.patient.id.value, scanned="yes")
    told(nurse, plan, "vital-signs", **WELL)
    told(nurse, plan, "vial", product="privigen-us", grams="20", lot="L 77", expiry="2027-01-01")
    for _ in range(2):
        told(nurse, plan, "start", id=name, rate="19")
    assert [type(what) for what in chairs.deeds(plan)][-2:] == [Started, RateSet]


def test_an_entry_may_have_happened_earlier_today(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    told(nurse, running, "symptom", symptom="symptom.headache", at="10:02")
    (spell,) = chairs.state(running).symptoms
    assert spell.since == dt.datetime(2026, 12, 1, 16, 2, tzinfo=dt.UTC)
    assert "written 8 min later" in seen(nurse, running)


def test_a_stop_is_undone_or_was_a_pause(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    name = str(uuid.uuid4())
    answer = tell(nurse, running, "stop", id=name)
    page = nurse.get(answer.headers["location"]).text
    assert "Undo" in page
    assert "It is only paused" in page
    told(nurse, running, "withdraw", event=name, reason="it is only paused", paused="yes")
    assert (chairs.state(running).phase, chairs.state(running).halt) == ("halted", "paused")
    told(nurse, running, "withdraw", event=name, reason="it never stopped")
    assert chairs.state(running).phase == "running"
    assert isinstance(last(chairs, running), Corrected)
    assert "withdrawn" in seen(nurse, running)


def test_a_start_is_undone_whole(chairs: Chairs, nurse: Browser) -> None:
    plan, name = chairs.plan(), str(uuid.uuid4())
    answer = tell(nurse, plan, "start", id=name, rate="19", all_the_same="yes", why="in a hurry")
    page = nurse.get(answer.headers["location"]).text
    named = re.search(r'name="event" value="([0-9a-f-]{36} [0-9a-f-]{36})"', page)
    assert named
    told(nurse, plan, "withdraw", event=named[1], reason="undone at once")
    assert chairs.state(plan).phase == "not_started"


# --- what the page says


def test_the_banner_names_the_patient_on_every_state_of_the_page(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    pages = [nurse.get(path(running)).text, tell(nurse, running, "rate", rate="x").text]
    pages.append(tell(nurse, running, "rate", rate="152").text)
    told(nurse, running, "stop")
    pages.append(nurse.get(path(running)).text)
    for page in pages:
        banner = page.split('class="banner"')[1].split("<main")[0]
        for identifier in ("Fictional Patient", running.order.patient.id.value, "1992-03-30"):
            assert identifier in banner


def test_the_next_step_comes_with_its_reason_and_source(chairs: Chairs, nurse: Browser) -> None:
    """After 30 min at 19 mL/h with vital signs taken the next planned rate is 38 mL/h."""
    plan = chairs.plan()
    begin(nurse, plan)
    chairs.at(1)
    nurse = chairs.web.browser("nurse")
    assert "Next Measure temperature" in seen(nurse, plan)
    told(nurse, plan, "vital-signs", **WELL)
    assert "Step up to" not in seen(nurse, plan)
    chairs.at(16)
    nurse = chairs.web.browser("nurse")
    told(nurse, plan, "vital-signs", **WELL)
    assert "Next Step up to 38 mL/h 38 mL/h is set" in seen(nurse, plan)
    told(nurse, plan, "rate", rate="38")
    assert chairs.state(plan).rate_ml_per_h == 38


def test_hives_stop_it_and_epinephrine_has_its_dose(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    """63.5 kg: 0.01 mg/kg is 0.635 mg, so the record's maximum of 0.5 mg binds."""
    told(nurse, running, "symptom", symptom="symptom.hives")
    text = seen(nurse, running)
    assert "Next STOP the infusion It is stopped" in text
    assert "Seen: hives" in text
    told(nurse, running, "symptom", symptom="symptom.wheezing")
    told(nurse, running, "vital-signs", **{**WELL, "measure.systolic_mmhg": "78"})
    page = nurse.get(path(running)).text
    assert "epinephrine IM: 0.5 mg" in page
    assert re.search(r'name="drug" value="epinephrine">.*?name="mg" value="0.5"', page, re.DOTALL)


def test_once_the_flow_is_off_the_call_comes_first_and_is_told_as_called(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    told(nurse, running, "stop")
    told(nurse, running, "symptom", symptom="symptom.wheezing")
    text = seen(nurse, running)
    shown = text[text.index("Next") : text.index("ENDED")]
    assert shown.startswith("Next CALL THE EMERGENCY TEAM Called")
    assert shown.index("Give EPINEPHRINE") < shown.index("It is given") < shown.index("DO NOT START")
    told(nurse, running, "called", whom="emergency_team")
    text = seen(nurse, running)
    assert text[text.index("Next") :].startswith("Next Give EPINEPHRINE")
    assert "CALL THE EMERGENCY TEAM Called 10:10" in text
    assert "the emergency team was called · nurse Example" in text


def test_the_criteria_to_be_judged_stand_under_the_dose(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    told(nurse, running, "symptom", symptom="symptom.hives")
    text = seen(nurse, running)
    assert "Give EPINEPHRINE if criteria of anaphylaxis are met" in text
    assert "WAO 2020, criterion 1: within minutes to hours: skin or mucosal signs, and breathing" in text


def test_a_live_part_comes_alone_and_says_when_it_was_made(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    for part in ("now", "story"):
        alone = nurse.get(path(running), **{"x-ivigil-part": part}).text
        assert alone.startswith(f'<section class="live" id="{part}"')
        assert ('id="halts"' in alone) == (part == "now")  # the bar is never older
        assert 'data-made="2026-12-01T10:10:0' in alone


def test_the_picture_has_words_and_a_table(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    text = seen(nurse, running)
    assert "Planned: 8 steps to 152 mL/h (dashed); it ran from 09:30 at up to 38 mL/h (solid)." in text
    assert "As planned Step Rate mL/h Minutes Volume mL 1 19 30" in text
    assert "As it ran From Until Rate mL/h 09:30 10:00 19 10:00 still 38" in text


# --- who may


@pytest.mark.parametrize("role", STAFF)
def test_who_may_look_who_may_record_who_may_stop(chairs: Chairs, running: Plan, role: str) -> None:
    browser = chairs.web.browser(role)
    cares, records = role in ("prescriber", "pharmacist", "nurse"), role in ("prescriber", "nurse")
    token = browser.form_token("/account")
    sent = {"form_token": token, "symptom": "symptom.headache"}
    assert browser.get(path(running)).status_code == (200 if cares else 403)
    assert browser.bare_post(f"{path(running)}/symptom", sent).status_code == (303 if records else 403)
    assert browser.bare_post(f"{path(running)}/halt/stop", sent).status_code == (303 if cares else 403)


def test_a_stranger_gets_nothing(chairs: Chairs, running: Plan) -> None:
    stranger = chairs.web.browser()
    assert stranger.get(path(running)).headers["location"] == f"/sign-in?next={path(running)}"
    token = stranger.form_token()
    for kind in ("symptom", "halt/stop", "queue", "halt/queue"):
        answer = stranger.bare_post(f"{path(running)}/{kind}", {"form_token": token})
        assert answer.status_code in (400, 401), kind
    assert not any(isinstance(what, Stopped) for what in chairs.deeds(running))


# --- locked


def test_a_locked_screen_takes_stop_and_slow_and_shows_little(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    token = nurse.form_token(path(running))
    chairs.web.clock.passes(minutes=11)
    locked = nurse.get(path(running))
    assert (locked.status_code, locked.headers["location"]) == (303, f"{path(running)}/locked")
    page = nurse.get(f"{path(running)}/locked").text
    assert "F.P." in page
    patient = running.order.patient.id.value
    assert f"…{patient[-3:]}" in page
    for hidden in ("Fictional Patient", patient, "1992-03-30"):
        assert hidden not in page
    assert "Slow to 19 mL/h" in page
    assert nurse.bare_post(f"{path(running)}/rate", {"form_token": token, "rate": "19"}).status_code == 423
    for kind in ("slow", "stop"):
        sent = nurse.bare_post(f"{path(running)}/halt/{kind}", {"form_token": token})
        assert (sent.status_code, sent.headers["location"][:-36]) == (303, f"{path(running)}/locked?done=")
        page = nurse.get(sent.headers["location"]).text
        assert ("Recorded at" in page, "Slow to 19" in page) == (True, False)
    assert "nothing flows" in page
    part = nurse.get(f"{path(running)}/locked", **{"x-ivigil-part": "locked"}).text
    assert part.startswith('<section class="live" id="locked"')
    assert 'id="halts"' in part
    assert {event.by for event in chairs.events(running)[-2:]} == {
        "locked workstation, last user nurse Example"
    }
    assert nurse.get(path(running)).status_code == 303  # a stop unlocks nothing


# --- the queue of a device


def test_an_entry_that_waited_keeps_its_time_whatever_the_devices_clock_says(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    chairs.at(50)
    sent = entry(chairs, "symptom", ago=7, fields={"symptom": "symptom.headache"}, waited=True)
    for _ in range(3):
        answer = queued(nurse, running, sent)
        assert answer.json() == {
            "outcome": "written",
            "events": [sent["id"]],
            "refused": [],
            "faults": [],
            "beside": 0,
        }
    (spell,) = chairs.state(running).symptoms
    assert abs(spell.since - (chairs.web.clock() - dt.timedelta(minutes=7))) < dt.timedelta(seconds=5)
    assert [event.id for event in chairs.events(running)].count(sent["id"]) == 1


def test_a_tap_with_a_connection_is_refused_where_advice_says_so(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    sent = entry(chairs, "rate", fields={"rate": "57"})
    answer = queued(nurse, running, sent).json()
    assert (answer["outcome"], answer["events"]) == ("refused", [])
    assert "step_time" in {each["code"] for each in answer["refused"]}
    faulty = queued(nurse, running, entry(chairs, "rate", fields={"rate": "x"}, waited=True)).json()
    assert faulty["outcome"] == "faulty"
    assert faulty["faults"][0]["field"] == "rate"
    assert chairs.state(running).rate_ml_per_h == 38


def test_slow_of_a_page_that_did_not_see_a_lower_rate_raises_nothing(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    """Two nurses: what the bar of one says is above what the other has set. By a form and from a queue."""
    told(nurse, running, "slow", rate="30")  # off the ladder: as it was set
    assert chairs.state(running).rate_ml_per_h == 30
    told(nurse, running, "slow", rate="57")
    assert chairs.state(running).rate_ml_per_h == 30
    told(nurse, running, "slow")
    assert chairs.state(running).rate_ml_per_h == 19
    chairs.at(44)
    before = entry(chairs, "slow", ago=4.5, fields={"rate": "57"}, waited=True)  # at 38 mL/h, minute 39.5
    assert queued(nurse, running, before, halt="/halt").json()["outcome"] == "written"
    assert last(chairs, running) == RateSet(rate_ml_per_h=Decimal(38))
    assert chairs.state(running).rate_ml_per_h == 19
    for waited in (True, False):
        sent = entry(chairs, "slow", fields={"rate": "57"}, waited=waited, version=1)
        assert queued(nurse, running, sent, halt="/halt").json()["outcome"] == "written"
        assert chairs.state(running).rate_ml_per_h == 19
    told(nurse, running, "slow")
    assert isinstance(last(chairs, running), Paused)
    told(nurse, running, "stop")
    told(nurse, running, "slow", rate="19")
    assert chairs.state(running).phase == "ended"


@pytest.mark.parametrize("version", [0, VERSION + 1])
def test_an_entry_of_a_later_page_is_refused_and_not_guessed_at(
    chairs: Chairs, running: Plan, nurse: Browser, version: int
) -> None:
    """Its fields may mean something else. The first pages named no version, and this one names its own."""
    before = chairs.events(running)
    reading: dict[str, Any] = {"fields": {"measure.heart_rate_per_min": "81"}, "waited": True}
    answer = queued(nurse, running, entry(chairs, "vital-signs", version=version, **reading)).json()
    (fault,) = answer["faults"]
    assert (answer["outcome"], fault["field"], fault["value"]) == ("faulty", "version", str(version))
    assert chairs.events(running) == before
    known: dict[str, Any]
    for known in ({}, {"version": VERSION}):
        assert queued(nurse, running, entry(chairs, "vital-signs", **known, **reading)).json()["events"]
    assert f'data-version="{VERSION}"' in nurse.get(path(running)).text


def test_what_was_done_without_a_connection_is_written_beside_what_others_wrote(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    """A stop that the device could not see: its rate stands, against advice, and both are shown."""
    chairs.at(41)
    told(chairs.web.browser("prescriber"), running, "stop", reason="rash")
    chairs.at(45)
    sent = entry(chairs, "rate", ago=5, fields={"rate": "57"}, waited=True)
    sent["occurred_at"] = (chairs.web.clock() + dt.timedelta(hours=3, minutes=-4, seconds=-30)).isoformat()
    answer = queued(nurse, running, sent).json()
    assert (answer["outcome"], answer["beside"]) == ("written", 1)
    text = seen(nurse, running)
    assert "Written without seeing each other" in text
    assert "rate set to 57 mL/h (nurse Example)" in text
    assert "stopped before its volume was in: rash (prescriber Example)" in text
    assert "entered without a connection" in text


def crossed(chairs: Chairs, running: Plan, nurse: Browser) -> tuple[Browser, dict[str, str]]:
    """A nurse set a rate that a stop of the prescriber did not see: the prescriber's browser, the entries."""
    prescriber = chairs.web.browser("prescriber")
    chairs.at(41)
    told(prescriber, running, "stop", reason="rash")
    stopped = chairs.events(running)[-1].id
    chairs.at(45)
    sent = entry(chairs, "rate", ago=4.5, fields={"rate": "57"}, waited=True)
    assert queued(nurse, running, sent).json()["beside"] == 1
    return prescriber, {"event": sent["id"], "beside": stopped}


def test_both_say_that_they_have_seen_what_crossed(chairs: Chairs, running: Plan, nurse: Browser) -> None:
    prescriber, both = crossed(chairs, running, nurse)
    before = chairs.state(running)
    assert "I have seen both" in seen(nurse, running)
    told(nurse, running, "both-seen", **both)
    text = seen(nurse, running)
    assert "Seen by nurse Example." in text
    assert "I have seen both" not in text
    assert "I have seen both" in seen(prescriber, running)  # one of two is not both
    told(prescriber, running, "both-seen", **both)
    for browser in (nurse, prescriber):
        text = seen(browser, running)
        assert "Seen by nurse Example, prescriber Example." in text
        assert "I have seen both" not in text
        assert "Written without seeing each other" in text  # it is never taken off the page
        assert "rate set to 57 mL/h (nurse Example)" in text
    assert chairs.state(running) == before  # looking changes nothing else


def test_a_look_that_is_withdrawn_or_of_other_entries_does_not_count(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    _, both = crossed(chairs, running, nurse)
    told(nurse, running, "both-seen", **both)
    told(nurse, running, "withdraw", event=chairs.events(running)[-1].id)
    assert "I have seen both" in seen(nurse, running)
    for wrong in ({**both, "beside": ""}, {**both, "beside": "x"}, {**both, "event": "x"}):
        answer = tell(nurse, running, "both-seen", **wrong)
        assert answer.status_code == 400
        assert "Nothing was saved." in answer.text
    told(nurse, running, "both-seen", event=both["event"], beside=both["event"])
    assert "I have seen both" in seen(nurse, running)


def test_a_queue_takes_stops_on_a_locked_screen_and_nothing_else(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    token = nurse.form_token("/account")
    chairs.web.clock.passes(minutes=11)
    headers = {"x-form-token": token, "content-type": "application/json", "accept": "application/json"}
    for kind, place, status in (("rate", "", 423), ("rate", "/halt", 404), ("stop", "/halt", 200)):
        sent = json.dumps(entry(chairs, kind, fields={"rate": "19"} if kind == "rate" else {}, waited=True))
        answer = nurse.http.post(f"{path(running)}{place}/queue", content=sent, headers=headers)
        assert answer.status_code == status, (kind, place)
    assert isinstance(last(chairs, running), Stopped)


def test_the_queue_is_described(chairs: Chairs) -> None:
    described = chairs.web.browser("administrator").get("/schema/openapi.json").json()
    route = described["paths"]["/chair/{plan}/{day}/queue"]["post"]
    assert "requestBody" in route
    assert {"QueuedEntry", "QueueAnswer"} <= {
        name.split("_")[-1] for name in described["components"]["schemas"]
    }


# --- where the patient sits


def test_the_chair_is_told_at_the_chair_and_changed_and_withdrawn(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    assert "Tell the chair or bed" in seen(nurse, running)
    told(nurse, running, "seat", chair=" Window   2 ")
    assert chairs.state(running).chair == "Window 2"
    page = nurse.get(path(running)).text
    assert 'href="#seat">Sits at Window 2: change</a>' in page
    assert 'name="chair" type="text" value="Window 2"' in page
    for wrong in ("", " ", "x" * (CHAIR_LETTERS + 1)):
        answer = tell(nurse, running, "seat", chair=wrong)
        assert answer.status_code == 400
        assert f"1 to {CHAIR_LETTERS} characters" in answer.text
    assert (
        queued(nurse, running, entry(chairs, "seat", fields={"chair": "4"}, waited=True)).status_code == 200
    )
    assert chairs.state(running).chair == "4"
    told(nurse, running, "withdraw", event=chairs.events(running)[-1].id)
    assert chairs.state(running).chair == "Window 2"


# --- a long story


def test_a_long_story_shows_the_newest_and_leads_to_all_of_it(
    chairs: Chairs, running: Plan, nurse: Browser
) -> None:
    stream, at = chairs.web.journal.stream(running.order.patient.id), chairs.web.clock()
    by = Author(name="Nu Example", site=SITE, device="browser")
    chairs.web.journal.append(
        [
            draft(
                Entry(by=by, occurred_at=at, device_at=at, id=str(uuid.uuid4())),
                stream,
                VitalsTaken(readings={"measure.heart_rate_per_min": Decimal(60 + number)}),
                infusion_id(running.id, 1),
            )
            for number in range(60)
        ]
    )
    told = len(chairs.deeds(running))
    page, every = nurse.get(path(running)).text, nurse.get(f"{path(running)}?every=yes").text
    assert f"All {told} entries" in page
    assert "measured: pulse" in page
    assert page.count("Withdraw this entry") == 50
    assert every.count("Withdraw this entry") == told
    assert f'data-live="{path(running)}?every=yes"' in every  # and stays so when the part renews itself
    alone = nurse.get(f"{path(running)}?every=yes", **{"x-ivigil-part": "story"}).text
    assert alone.count("Withdraw this entry") == told
