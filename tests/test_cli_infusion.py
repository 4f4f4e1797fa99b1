"""From an order to a finished infusion by commands alone, and what is refused on the way."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from ivigil.cli.main import BAD_INPUT, BLOCKED, DEFECT, OK, UNAVAILABLE
from tests.support.centre import ORDER, Centre

SYSTEM = "urn:example"


def codes(report: Any) -> list[str]:
    return [advice["code"] for advice in report["advice"]]


def test_a_plan_is_verified_by_another_person_before_it_is_released(centre: Centre) -> None:
    plan = centre.json("authorise", "add", str(ORDER))["plan"]
    assert centre("authorise", "release", plan) == BLOCKED
    assert centre("authorise", "prescribe", plan, "--by", "Dr Example") == OK
    assert centre("authorise", "verify", plan, "--by", " dr  EXAMPLE ") in (BLOCKED, BAD_INPUT)
    assert centre("authorise", "verify", plan, "--by", "drexample") == BLOCKED
    assert "prescribed it and cannot verify it" in centre.err
    assert centre("authorise", "verify", plan) == OK
    assert centre("authorise", "release", plan) == OK
    assert "RELEASED" in centre.out


def test_a_start_is_refused_with_every_reason_at_once(centre: Centre) -> None:
    plan = centre.json("authorise", "add", str(ORDER))["plan"]
    assert centre("infusion", "start", plan, "--at", "2026-12-01T09:30-06:00") == BLOCKED
    for reason in ("not released", "identity", "vital signs before the start", "no vial hangs"):
        assert reason in centre.err
    assert centre("infusion", "start", plan, "--at", "2027-02-01T09:30-06:00") == BLOCKED
    assert "past its last day" in centre.err


def test_a_withdrawn_plan_does_not_start(centre: Centre) -> None:
    plan = centre.released()
    assert centre("authorise", "withdraw", plan) == OK
    assert centre("infusion", "start", plan, "--at", "2026-12-01T09:30-06:00") == BLOCKED
    assert "replaced or withdrawn" in centre.err


def test_a_prescribed_plan_ends_the_one_that_it_replaces(centre: Centre, tmp_path: Path) -> None:
    old = centre.released()
    newer = tmp_path / "newer.toml"
    newer.write_text(f'supersedes = "{old}"\n' + ORDER.read_text())
    new = centre.json("authorise", "add", str(newer))["plan"]
    assert centre.json("authorise", "show", old)["step"] == "released"
    assert centre("authorise", "prescribe", new, "--by", "Dr Example") == OK
    shown = centre.json("authorise", "show", old)
    assert (shown["step"], shown["because"]) == ("superseded", new)


def test_what_was_done_all_the_same_is_recorded(centre: Centre) -> None:
    plan = centre.json("authorise", "add", str(ORDER))["plan"]
    assert centre("infusion", "start", plan, "--given", "--at", "2026-12-01T09:30-06:00") == OK
    state = centre.json("infusion", "status", f"{plan}-1", "--at", "2026-12-01T09:31-06:00")["state"]
    assert state["started_at"] == "2026-12-01T15:30:00Z"
    assert [alarm["code"] for alarm in state["alarms"]] == ["not_identified"]


def overridden(report: Any) -> list[tuple[str, str]]:
    """(kind of what was done, advice that it went against) of everything done against advice."""
    kinds = {event["id"]: event["what"]["kind"] for event in report["events"]}
    whats = [event["what"] for event in report["events"] if event["what"]["kind"] == "advice_overridden"]
    return [(kinds[what["event"]], what["code"]) for what in whats]


def test_a_start_against_advice_keeps_what_spoke_against_it_and_why(centre: Centre) -> None:
    plan = centre.json("authorise", "add", str(ORDER))["plan"]
    at = ("--at", "2026-12-01T09:30-06:00")
    report = centre.json("infusion", "start", plan, "--given", "the pharmacy is shut", *at)
    against = ("unreleased", "not_identified", "baseline_missing", "no_vial")
    assert set(overridden(report)) == {("started", code) for code in against}
    assert centre("infusion", "status", f"{plan}-1", *at) == OK
    assert "started although the plan is not released: the pharmacy is shut" in centre.said
    assert "started although no vial hangs: the pharmacy is shut" in centre.said


def test_a_start_with_a_sign_of_hypersensitivity_is_refused(centre: Centre) -> None:
    plan = centre.released()
    assert centre.at_chair(f"{plan}-1", "09:25", "symptom", "hives") == OK
    assert centre("infusion", "start", plan, "--at", "2026-12-01T09:30-06:00") == BLOCKED
    assert "it was not to be started" in centre.err


def test_a_rate_against_advice_is_recorded_with_what_spoke_against_it(centre: Centre) -> None:
    """38 mL/h is the second step, planned after 30 min of the first: 09:45 is too early."""
    infusion = centre.running()
    report = centre.json(
        "infusion",
        "record",
        infusion,
        "rate",
        "38",
        "--at",
        "2026-12-01T09:45-06:00",
        "--given",
        "in a hurry",
    )
    assert set(overridden(report)) == {("rate_set", "vitals_at_this_rate"), ("rate_set", "step_time")}
    assert "38 mL/h set although" in plain(centre, infusion, "09:46")
    assert centre.at_chair(infusion, "09:47", "rate", "19") == OK
    lower = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:48-06:00")
    assert len(overridden(lower)) == 2  # a slower rate goes against nothing


def test_going_on_after_hives_is_recorded_as_against_advice(centre: Centre) -> None:
    infusion = centre.running()
    assert centre.at_chair(infusion, "09:40", "symptom", "hives") == OK
    assert centre.at_chair(infusion, "09:41", "pause") == OK
    assert centre.at_chair(infusion, "09:43", "resume") == OK
    report = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:44-06:00")
    assert ("resumed", "stop") in overridden(report)
    said = plain(centre, infusion, "09:44")
    assert "went on although it was to be stopped: no reason stated" in said


def test_leaving_unsettled_keeps_what_was_not_settled(centre: Centre) -> None:
    infusion = centre.running()
    stopped = ("--stopped", "wanted home", "--at", "2026-12-01T09:41-06:00")
    assert centre("infusion", "finish", infusion, *stopped) == OK
    left = ("--given", "signed a form", "--at", "2026-12-01T09:42-06:00")
    assert centre("infusion", "finish", infusion, *left) == OK
    report = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:43-06:00")
    assert ("observation_ended", "observation_over") in overridden(report)
    said = plain(centre, infusion, "09:43")
    assert "it was not settled that the time to observe is over: signed a form" in said


def plain(centre: Centre, infusion: str, clock: str) -> str:
    """The status at a time, as a nurse reads it."""
    assert centre("infusion", "status", infusion, "--at", f"2026-12-01T{clock}-06:00") == OK
    return centre.said


def test_the_flow_counts_and_hives_stop_it(centre: Centre) -> None:
    infusion = centre.running()
    report = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:40-06:00")
    assert float(report["given_ml"]) == pytest.approx(19 / 6)
    assert "stop" not in codes(report)
    report = centre.json("infusion", "record", infusion, "symptom", "hives", "--at", "2026-12-01T09:40-06:00")
    assert codes(report)[0] == "stop"
    assert (
        centre("infusion", "finish", infusion, "--stopped", "hives", "--at", "2026-12-01T09:41-06:00") == OK
    )
    assert "not this product again" in centre.out
    assert "slower: below 0.29" in centre.said  # 19 mL/h / 63.5 kg = 0.299 mL/kg/h
    assert centre("infusion", "finish", infusion, "--at", "2026-12-01T09:50-06:00") == BLOCKED
    assert "no symptom is present: unmet" in centre.err
    shown = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:50-06:00")
    assert "do_not_start" in codes(shown)


def test_a_late_entry_is_judged_by_all_that_is_known(centre: Centre) -> None:
    infusion = centre.running()
    assert centre.at_chair(infusion, "10:00", "rate", "38") == OK
    report = centre.json(
        "infusion", "record", infusion, "vitals", "bp=118/75", "--at", "2026-12-01T09:45-06:00"
    )
    assert report["at"] == "2026-12-01T10:00:00-06:00"
    assert report["state"]["flows"][-1]["rate_ml_per_h"] == 38


@pytest.mark.parametrize(
    ("vial", "reason"),
    [
        (("--product", "privigen-eu", "--grams", "20"), "not the planned product"),
        (("--product", "hizentra-20-us", "--grams", "4"), "not the planned product"),
        (("--product", "privigen-us", "--grams", "40"), "more than the day's plan"),
        (("--scan", "(01)00000000000000(17)270101(10)L9"), "not known"),
    ],
)
def test_a_wrong_vial_is_not_hung_and_a_hung_one_is_on_record(
    centre: Centre, vial: tuple[str, ...], reason: str
) -> None:
    plan = centre.released()
    assert centre.at_chair(f"{plan}-1", "09:20", "identity", "P-207") == OK
    rest = () if "--scan" in vial else ("--lot", "L9", "--expiry", "2027-01-01")
    assert centre.at_chair(f"{plan}-1", "09:22", "vial", *vial, *rest) == BLOCKED
    assert reason in centre.err
    given = (*vial, *rest, "--given", *(("--grams", "20") if "--scan" in vial else ()))
    assert centre.at_chair(f"{plan}-1", "09:22", "vial", *given) == OK
    assert "AGAINST ADVICE ! 09:22 hung although" in centre.said
    report = centre.json("infusion", "status", f"{plan}-1", "--at", "2026-12-01T09:23-06:00")
    [hung] = report["state"]["vials"]
    assert hung["lot"] == "L9"
    assert "advice_overridden" in {event["what"]["kind"] for event in report["events"]}


def test_a_vial_that_is_out_of_date_and_hung_stays_in_sight_with_its_reason(centre: Centre) -> None:
    infusion = centre.running()
    vial = ("--product", "privigen-us", "--grams", "10", "--lot", "L9", "--expiry", "2026-11-01")
    assert centre.at_chair(infusion, "09:50", "vial", *vial, "--given", "the only one left") == OK
    assert centre("infusion", "status", infusion, "--at", "2026-12-01T09:55-06:00") == OK
    assert "09:50 hung although out of date, or its date is not known: the only one left" in centre.said


def test_a_vial_is_finished_by_its_lot(centre: Centre) -> None:
    infusion = centre.running()
    report = centre.json(
        "infusion", "record", infusion, "vial-finished", "l77", "--at", "2026-12-01T10:00-06:00"
    )
    assert report["state"]["alarms"] == []
    assert report["state"]["vials"][0]["finished_at"] == "2026-12-01T16:00:00Z"
    assert centre.at_chair(infusion, "10:01", "vial-finished", "L78") == BAD_INPUT
    assert "none of this id or lot hangs" in centre.err


def test_what_happened_at_another_time_is_moved_and_not_lost(centre: Centre) -> None:
    """The first rate was set at 09:40, not at 09:30: 19 mL/h until 10:00 are 6.33 mL."""
    infusion = centre.running()
    at = ("--at", "2026-12-01T10:00-06:00")
    events = centre.json("infusion", "status", infusion, *at)["events"]
    rate = next(event["id"] for event in events if event["what"]["kind"] == "rate_set")
    when = ("--happened-at", "2026-12-01T09:40-06:00", "--reason", "the clock was read wrongly")
    assert centre.at_chair(infusion, "10:00", "withdraw", rate, *when) == OK
    assert float(centre.json("infusion", "status", infusion, *at)["given_ml"]) == pytest.approx(19 / 3)
    assert centre.at_chair(infusion, "10:01", "withdraw", rate, "--reason", "never set") == OK
    later = centre.json("infusion", "status", infusion, "--at", "2026-12-01T10:01-06:00")
    assert later["given_ml"] == 0
    assert centre.at_chair(infusion, "10:00", "withdraw", "nothing", "--reason", "x") == BAD_INPUT


def test_the_second_of_two_corrections_of_one_minute_holds(centre: Centre) -> None:
    """Whatever their ids: the first correction has the id that sorts last."""
    infusion = centre.running()
    at = ("--at", "2026-12-01T10:00-06:00")
    events = centre.json("infusion", "status", infusion, *at)["events"]
    rate = next(event["id"] for event in events if event["what"]["kind"] == "rate_set")
    first, second = (f"{digit * 8}-{digit * 4}-4{digit * 3}-8{digit * 3}-{digit * 12}" for digit in "f0")
    never = ("withdraw", rate, "--reason", "never set", "--id", first)
    assert centre.at_chair(infusion, "10:00", *never) == OK
    when = ("--happened-at", "2026-12-01T09:40-06:00", "--reason", "it was, and later")
    assert centre.at_chair(infusion, "10:00", "withdraw", rate, *when, "--id", second) == OK
    assert float(centre.json("infusion", "status", infusion, *at)["given_ml"]) == pytest.approx(19 / 3)


def test_a_vial_of_another_patient_is_stopped_at_the_wristband(centre: Centre) -> None:
    plan = centre.released()
    assert centre.at_chair(f"{plan}-1", "09:20", "identity", "P-208") == OK
    vial = ("--product", "privigen-us", "--grams", "20", "--lot", "L9", "--expiry", "2027-01-01")
    assert centre.at_chair(f"{plan}-1", "09:22", "vial", *vial) == BLOCKED


def test_a_lot_leads_to_the_patient_and_how_to_reach_them(centre: Centre) -> None:
    infusion = centre.running()
    [traced] = centre.json("lots", "l77")
    assert traced["contact"]["name"] == "Fictional Patient"
    assert [use["subject"] for use in traced["uses"]] == [infusion]
    assert centre("lots", "L77") == OK
    assert "P-207 (urn:example)" in centre.out and "Fictional Patient" in centre.out
    assert centre("journal", "erase", "urn:example", "P-207", "--reason", "asked to") == OK
    [traced] = centre.json("lots", "L77")
    assert (traced["reach"], traced["contact"]) == ("erased", None)


def test_the_journal_verifies_is_backed_up_and_restored(centre: Centre, tmp_path: Path) -> None:
    centre.running()
    assert centre("journal", "checkpoint") == OK
    kept = tmp_path / "checkpoints"
    kept.write_text(centre.out)
    assert centre.json("journal", "verify", "--checkpoints", str(kept))["findings"] == []
    assert centre("journal", "backup", str(tmp_path / "backup.db")) == OK
    elsewhere = str(tmp_path / "restored.db")
    assert centre("journal", "restore", str(tmp_path / "backup.db"), "--journal", elsewhere) == OK
    exported = centre("journal", "export", "urn:example", "P-207", "--journal", elsewhere)
    assert exported == OK and '"privigen-us"' in centre.out
    assert centre("journal", "restore", str(tmp_path / "backup.db"), "--journal", elsewhere) == BAD_INPUT


def test_an_old_backup_put_back_is_found(centre: Centre, tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    assert centre("journal", "backup", str(old)) == OK
    centre.running()
    assert centre("journal", "checkpoint") == OK
    kept = tmp_path / "checkpoints"
    kept.write_text(centre.out)
    assert centre("journal", "verify", "--checkpoints", str(kept), "--journal", str(old)) == DEFECT
    assert "cut off, or an old backup put back" in centre.said


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("rate", "1e3"), "1e3"),
        (("rate", "-5"), "accepted"),
        (("vitals", "bp=120"), "accepted"),
        (("vitals", "sugar=5"), "accepted"),
        (("symptom", "headche"), "symptom.headache"),
        (("grade", "feverish", "2"), "term"),
        (("grade", "ctcae.chills", "5"), "a grade that Chills has: 1, 2, 3"),
    ],
)
def test_bad_input_is_one_line_and_writes_nothing(centre: Centre, words: tuple[str, ...], said: str) -> None:
    plan = centre.released()
    before = centre.json("journal", "verify")["events"]
    assert centre.at_chair(f"{plan}-1", "09:30", *words) == BAD_INPUT
    assert said in centre.err and len(centre.err.splitlines()) == 1
    assert centre.json("journal", "verify")["events"] == before


def test_what_can_hardly_be_so_is_asked_about_before_it_is_recorded(centre: Centre) -> None:
    infusion = f"{centre.released()}-1"
    before = centre.json("journal", "verify")["events"]
    assert centre.at_chair(infusion, "09:30", "vitals", "bp=118/74", "temperature=98.2") == BLOCKED
    assert "Temperature 98.2: in Fahrenheit? Then it is 36.8 °C" in centre.err
    assert centre.json("journal", "verify")["events"] == before
    assert centre.at_chair(infusion, "09:30", "vitals", "bp=118/74", "temperature=25.5", "--given") == OK
    assert centre.at_chair(infusion, "09:31", "called", "prescriber") == OK
    state = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:32-06:00")["state"]
    assert state["vitals"][0]["confirmed"]
    assert state["calls"][0]["whom"] == "prescriber"


def test_without_a_journal_or_a_name_nothing_is_made_up(
    centre: Centre, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert centre("authorise", "show", "--journal", str(tmp_path / "none.db")) in (BAD_INPUT, UNAVAILABLE)
    assert not (tmp_path / "none.db").exists()
    monkeypatch.delenv("IVIGIL_PERSON")
    assert centre("authorise", "add", str(ORDER)) == BAD_INPUT
    assert "--by" in centre.err


def test_the_pump_card_gives_the_plan_in_the_order_in_which_a_pump_asks(centre: Centre) -> None:
    """Privigen 10 %: 30 min at each step of 0.3 mL/kg/h for 63.5 kg, rounded down; 300 mL in all."""
    plan = centre.released()
    lines = centre.json("infusion", "card", f"{plan}-1")
    assert [line["rate_ml_per_h"] for line in lines[:3]] == [19, 38, 57]
    assert [line["minutes"] for line in lines[:3]] == [30, 30, 30]
    assert lines[-1]["total_ml"] == 300
    assert centre("infusion", "card", f"{plan}-1") == OK
    assert "PUMP CARD" in centre.out and "152 " in centre.out


def test_a_tolerated_infusion_is_what_the_next_order_states(centre: Centre, tmp_path: Path) -> None:
    infusion = centre.running()
    clock, volumes = "09:30", 0.0
    for line in centre.json("infusion", "card", infusion)[1:]:
        hour, minute = map(int, clock.split(":"))
        clock = f"{hour + (minute + 30) // 60:02d}:{(minute + 30) % 60:02d}"
        assert centre.at_chair(infusion, clock, "rate", str(line["rate_ml_per_h"])) == OK
        volumes = line["total_ml"]
    assert volumes == 300
    second = ("--product", "privigen-us", "--grams", "10", "--lot", "L 78", "--expiry", "2027-01-01")
    assert centre.at_chair(infusion, "12:00", "vial", *second) == OK
    assert centre("infusion", "finish", infusion, "--at", "2026-12-01T13:14-06:00") == OK
    [tolerance] = centre.json("infusion", "history", "urn:example", "P-207")
    assert (tolerance["product"], tolerance["infusions"], tolerance["ceiling"]) == ("privigen-us", 1, None)
    assert tolerance["highest_ml_per_kg_h"] == 2.09  # 133 mL/h / 63.5 kg; the last step ran for 14 min only
    assert centre("infusion", "history", "urn:example", "P-207") == OK
    table = centre.out.split("FOR THE NEXT ORDER")[1].split("Supports")[0]
    text = ORDER.read_text().split("[last_immunoglobulin]")[0].replace("2026-12-01T", "2026-12-29T")
    following = tmp_path / "next.toml"
    following.write_text(text + "\n".join(line.strip() for line in table.splitlines()))
    plan = centre.json("plan", str(following))
    assert plan["order"]["last_immunoglobulin"]["infusions"] == 1


def test_a_scanned_vial_is_known_by_its_barcode_alone(centre: Centre, tmp_path: Path) -> None:
    """A 20 g vial of Gammagard Liquid, NDC 0944-2700-06; the same serial number is not hung twice."""
    order = tmp_path / "order.toml"
    order.write_text(ORDER.read_text().replace('product = "Privigen"', 'product = "Gammagard Liquid"', 1))
    plan = centre.json("authorise", "add", str(order))["plan"]
    chair = ("infusion", "record", f"{plan}-1")
    at = ("--at", "2026-12-01T09:20-06:00")
    assert centre(*chair, "identity", "P-207", "--scanned", *at) == OK
    scan = ("--scan", "(01)00309442700067(17)271231(10)K123(21)S0001")
    report = centre.json(*chair, "vial", *scan, *at)
    [vial] = report["state"]["vials"]
    assert (vial["product"], vial["grams"], vial["lot"]) == ("gammagard-liquid-us", 20, "K123")
    assert centre(*chair, "vial", *scan, *at) == BLOCKED
    assert "hung before" in centre.err
    smaller = ("--scan", "(01)00309442700043(17)260930(10)K124(21)S0002")
    assert centre(*chair, "vial", *smaller, *at) == BLOCKED
    assert "out of date" in centre.err


def test_watching_looks_anew_each_second_until_it_is_interrupted(
    centre: Centre, monkeypatch: pytest.MonkeyPatch
) -> None:
    infusion = centre.running()
    looks: list[float] = []

    def interrupted_at_the_third(seconds: float) -> None:
        looks.append(seconds)
        if len(looks) == 3:
            raise KeyboardInterrupt

    monkeypatch.setattr("time.sleep", interrupted_at_the_third)
    at = ("--at", "2026-12-01T09:40-06:00")
    assert centre("infusion", "watch", infusion, *at, "--json") == OK
    assert looks == [1, 1, 1]
    assert [json.loads(line)["infusion"] for line in centre.out.splitlines()] == [infusion] * 3
    looks.clear()
    assert centre("infusion", "watch", infusion, *at) == OK
    assert "RUNNING at 19 mL/h" in centre.said


def test_vaccines_and_tests_count_what_was_really_given(centre: Centre) -> None:
    """The order tells of 30 g on 3 November, 0.472 g/kg. On 1 December 30 g were planned; stopped after
    an hour at 19 mL/h of 10 %, 1.9 g were given: 0.030 g/kg.

    ACIP: 10 months for the next higher row, 1 g/kg, from 3 November; 8 months for the lowest, from 1
    December (1 August 2027). The first leaves the later day free: 3 September 2027.
    """
    infusion = centre.running()
    [_, still_running] = centre.json("vaccines", "--infusion", infusion)["answer"]["doses"]
    assert (still_running["date"], still_running["g_per_kg"]) == ("2026-12-01", None)
    ended = ("--stopped", "asked to", "--at", "2026-12-01T10:30-06:00")
    assert centre("infusion", "finish", infusion, *ended) == OK
    for whose in (("--infusion", infusion), ("--plan", infusion[:-2]), ("--patient", SYSTEM, "P-207")):
        report = centre.json("vaccines", *whose, "--stopped", "--jurisdiction", "US")["answer"]
        assert [(dose["date"], round(dose["g_per_kg"], 3)) for dose in report["doses"]] == [
            ("2026-11-03", 0.472),
            ("2026-12-01", 0.030),
        ]
        assert {dose["product_id"] for dose in report["doses"]} == {"privigen-us"}
        mmr = next(item for item in report["live"] if item["vaccine"] == "vaccine.mmr")
        assert (mmr["earliest"], mmr["ruling"]["start"]) == ("2027-09-03", "2026-11-03")
    monthly = centre.json("vaccines", "--infusion", infusion, "--jurisdiction", "US")["answer"]
    mmr = next(item for item in monthly["live"] if item["vaccine"] == "vaccine.mmr")
    assert (mmr["answer"], mmr["earliest"], mmr["if_stopped"]) == ("not_while_on_therapy", None, "2027-09-03")
    drawn = ("--drawn", "2026-12-08:anti-hbc:positive")
    [result] = centre.json("tests", "--infusion", infusion, *drawn)["answer"]["results"]
    assert (result["answer"], result["window"]["dose_date"]) == ("not_readable", "2026-12-01")


def test_what_was_only_planned_is_no_dose(centre: Centre) -> None:
    plan = centre.released()
    doses = centre.json("vaccines", "--plan", plan)["answer"]["doses"]
    assert [dose["date"] for dose in doses] == ["2026-11-03"]
    assert centre("vaccines", "--patient", SYSTEM, "nobody") == BAD_INPUT
    assert "the journal knows of no dose of this patient" in centre.err
    assert centre("tests", "--plan", "0000000000000000") == BAD_INPUT
    assert "plan 0000000000000000: not in the journal" in centre.err


def test_a_site_may_switch_live_advice_off_and_records_go_on(centre: Centre, tmp_path: Path) -> None:
    infusion = centre.running()
    site = tmp_path / "site"
    site.mkdir()
    (site / "site.toml").write_text(
        '[[policy]]\nid = "policy.live_advice"\ntext = "off here"\nchoice = "off"\n'
        'basis = "synthesis"\nseen = false\n'
    )
    recorded = ("infusion", "record", infusion, "symptom", "hives", "--at", "2026-12-01T09:40-06:00")
    report = centre.json(*recorded, "--site", str(site))
    assert report["advice"] == []
    assert [event["what"]["kind"] for event in report["events"]][-1] == "symptom_noted"
    assert centre("infusion", "status", infusion, "--at", "2026-12-01T09:41-06:00", "--site", str(site)) == OK
    assert "switched live advice off" in centre.said
    assert "STOP" not in centre.said
    assert centre("infusion", "status", infusion, "--at", "2026-12-01T09:41-06:00") == OK
    assert "STOP the infusion" in centre.said


def test_where_the_patient_sits_is_recorded_and_a_nameless_chair_is_not(centre: Centre) -> None:
    infusion = f"{centre.released()}-1"
    at = ("--at", "2026-12-01T09:20-06:00")
    assert centre("infusion", "record", infusion, "seat", "Window  2", *at) == OK
    assert centre.json("infusion", "status", infusion, *at)["state"]["chair"] == "Window 2"
    assert centre("infusion", "record", infusion, "seat", "  ", *at) == BAD_INPUT
