"""Check-ins and follow-up as commands: tried out on an order, and kept in the journal."""

from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from ivigil.cli.main import BAD_INPUT, OK
from tests.support.centre import Centre
from tests.support.command import Command

EXAMPLES = Path(__file__).parents[1] / "examples"
KAWASAKI = str(EXAMPLES / "kawasaki.toml")
ENDED = ("--ended", "2026-11-23T15:10+00:00")
LATER = ("--at", "2026-11-26T12:00+00:00")
TRIED = (
    ("check-ins", KAWASAKI, *ENDED),
    ("check-ins", KAWASAKI, *ENDED, "--questions", "1"),
    ("check-ins", KAWASAKI, *ENDED, *LATER, "--answer", "1", "--yes", "bad headache"),
    ("follow-up", KAWASAKI, *ENDED),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98@2026-11-26", "--diary", "--yes", "headache"),
)


@pytest.mark.parametrize("words", TRIED, ids=lambda words: " ".join(words[:1] + words[2:]))
def test_an_order_and_a_time_are_enough_to_try_it(command: Command, words: tuple[str, ...]) -> None:
    ran = command(*words)
    assert (ran.code, ran.err) == (OK, "")
    assert max(map(len, ran.out.splitlines())) <= 80
    assert command(*words, "--json").json


def test_every_fact_that_is_named_comes_with_its_source(command: Command) -> None:
    report = command("check-ins", KAWASAKI, *ENDED, "--json").json
    facts, sources = report["facts"], report["sources"]
    for standing in report["check_ins"]:
        for watched in standing["check_in"]["watches"]:
            assert set(watched["facts"]) <= set(facts)
    assert "policy.check_in_moments" in facts
    assert {key for fact in facts.values() for key in fact.get("sources", ())} == set(sources)
    results = ("--result", "haemoglobin=120@2026-11-20", "--result", "haemoglobin=98@2026-11-26")
    found = command("follow-up", KAWASAKI, *ENDED, *results, "--json").json
    assert "result.haemolysis.severe" in found["facts"]
    assert "reaction.haemolysis.next.product" in found["facts"]


def test_a_tried_check_in_says_that_nothing_is_kept_and_that_nobody_reads(command: Command) -> None:
    ran = command("check-ins", KAWASAKI, *ENDED)
    assert "nothing is kept" in ran.flat
    assert "NOBODY IS READING" in ran.flat
    hours = "2026-11-23T08:00+00:00/2026-11-23T18:00+00:00"
    watched = command("check-ins", KAWASAKI, *ENDED, "--watched", hours)
    assert "Somebody of the team reads until" in watched.flat


def test_without_hours_of_its_own_a_command_takes_those_of_the_site(command: Command, tmp_path: Path) -> None:
    """23 November 2026 is a Monday; Stockholm is an hour ahead of UTC."""
    (tmp_path / "site.toml").write_text(
        '[site]\nname = "Fictional centre"\nafter_hours_phone = "555-0199"\ntime_zone = "Europe/Stockholm"\n'
        "[site.watch]\nthrough = 2026-12-31\n"
        'hours = [{ days = ["mon", "tue"], from = 08:00:00, until = 16:30:00 }]\n'
    )
    words = ("check-ins", KAWASAKI, *ENDED, "--site", str(tmp_path))
    monday, evening = (
        command(*words, "--at", f"2026-11-23T{time}+01:00").flat for time in ("16:20", "18:00")
    )
    assert "Somebody of the team reads until Mon 2026-11-23 16:30 +0100." in monday
    assert "NOBODY IS READING before Tue 2026-11-24 08:00 +0100." in evening
    asked = command(*words, "--at", "2026-11-23T18:00+01:00", "--questions", "1").flat
    assert (
        "When closed: 555-0199. Your team reads them again on Tuesday 24 November 2026 from 08:00." in asked
    )


def test_the_fever_of_kawasaki_is_asked_for_by_itself_36_hours_after_the_end(command: Command) -> None:
    report = command("check-ins", KAWASAKI, *ENDED, "--json").json
    [own] = [each["check_in"] for each in report["check_ins"] if len(each["check_in"]["watches"]) == 1]
    assert (own["due"], own["questions"]) == ("2026-11-25T03:10:00Z", ["symptom.fever"])


def test_the_emergency_line_stands_before_every_question(command: Command, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text('[site]\nname = "Fictional centre"\nemergency_phone = "112"\n')
    asked = command("check-ins", KAWASAKI, *ENDED, "--questions", "1", "--site", str(tmp_path)).flat
    assert asked.startswith("In danger? Call 112 now")
    assert asked.index("trouble breathing, a tight chest") < asked.index("a new rash")


def test_a_missing_baseline_is_said_and_a_fall_is_named_with_its_source(command: Command) -> None:
    blind = command("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98@2026-11-26").flat
    assert "NOT KNOWN: haemolysis" in blind
    assert "own value from before is missing" in blind
    results = ("--result", "haemoglobin=12.0 g/dL@2026-11-20", "--result", "haemoglobin=98@2026-11-26")
    known = command("follow-up", KAWASAKI, *ENDED, *results).flat
    assert "FITS: haemolysis (severe)" in known
    assert "haemoglobin 98 g/L on 2026-11-26, was 120" in known
    assert "Haemolysis tests" in known
    assert "another product" in known


BAD = (
    ("check-ins",),
    ("check-ins", KAWASAKI),
    ("check-ins", KAWASAKI, "--ended", "yesterday"),
    ("check-ins", KAWASAKI, "--ended", "2026-11-23T15:10"),
    ("check-ins", KAWASAKI, *ENDED, "--started", "2026-11-24T15:10+00:00"),
    ("check-ins", KAWASAKI, *ENDED, "--day", "3"),
    ("check-ins", KAWASAKI, *ENDED, "--answer", "99", "--no-others"),
    ("check-ins", KAWASAKI, *ENDED, "--answer", "1"),
    ("check-ins", KAWASAKI, *ENDED, "--answer", "1", "--yes", "nonsuch"),
    ("check-ins", KAWASAKI, *ENDED, "--answer", "1", "--yes", "fever", "--no", "fever"),
    ("check-ins", KAWASAKI, *ENDED, "--yes", "fever"),
    ("check-ins", KAWASAKI, *ENDED, "--watched", "always"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98@2026-11-23"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98 stone@2026-11-26"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=low@2026-11-26"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "nonsuch=98@2026-11-26"),
    ("follow-up", KAWASAKI, *ENDED, "--result", "haemoglobin=98@26.11.2026"),
    ("follow-up", KAWASAKI, *ENDED, "--normal", "haemoglobin=120"),
    ("follow-up", KAWASAKI, *ENDED, "--diary"),
    ("follow-up", KAWASAKI, *ENDED, "--withdraw", "nothing-there"),
)


@pytest.mark.parametrize("words", BAD, ids=lambda words: " ".join(words[:1] + words[2:]))
def test_bad_input_is_refused_in_one_line(command: Command, words: tuple[str, ...]) -> None:
    ran = command(*words)
    assert (ran.code, ran.out) == (BAD_INPUT, "")
    assert len(ran.err.splitlines()) == 1


# ---- in the journal


def ended(centre: Centre) -> str:
    """An infusion that was stopped for hives at 09:41 -06:00 on 2026-12-01."""
    infusion = centre.running()
    assert centre.at_chair(infusion, "09:40", "symptom", "hives") == OK
    at = ("--at", "2026-12-01T09:41-06:00")
    assert centre("infusion", "finish", infusion, "--stopped", "hives", *at) == OK
    return infusion


def check_ins(centre: Centre, infusion: str, *words: str, at: str) -> Any:
    return centre.json("check-ins", "--infusion", infusion, *words, "--at", at)


def test_an_infusion_that_has_not_ended_has_no_days_after(centre: Centre) -> None:
    infusion = centre.running()
    assert centre("check-ins", "--infusion", infusion) == BAD_INPUT
    assert "its end is not recorded" in centre.err
    assert centre("check-ins", "--infusion", "nonsuch-1") == BAD_INPUT


def test_check_ins_are_sent_answered_and_read_and_silence_is_told_of(centre: Centre) -> None:
    infusion = ended(centre)
    evening = "2026-12-01T15:45-06:00"
    before = check_ins(centre, infusion, at=evening)
    assert before["episode"]["ended_at"] == "2026-12-01T09:41:00-06:00"
    first = before["check_ins"][0]["check_in"]["id"]
    assert before["recorded"]
    sent = check_ins(centre, infusion, "--sent", "1", at=evening)
    assert sent["check_ins"][0]["sent_at"] is not None
    night = "2026-12-01T23:00-06:00"
    silent = check_ins(centre, infusion, at=night)["check_ins"][0]
    assert (silent["state"], silent["escalation"]["because"]) == ("unread", "unread")
    said = ("--yes", "bad headache", "--no-others")
    answered = check_ins(centre, infusion, "--answer", first, *said, at=night)
    told = answered["check_ins"][0]
    assert told["state"] == "answered"
    assert told["reports"][0]["present"] == ["symptom.headache_severe"]
    assert told["escalation"] is None
    morning = "2026-12-02T08:00-06:00"
    unread = check_ins(centre, infusion, at=morning)["check_ins"][0]
    assert unread["escalation"]["because"] == "answer_not_read"
    assert centre("check-ins", "--infusion", infusion, "--at", morning) == OK
    assert "TELL SOMEBODY NOW" in centre.out
    assert "the infusion team" in centre.said
    read = check_ins(centre, infusion, "--answer-read", "1", at=morning)["check_ins"][0]
    assert read["escalation"] is None
    assert centre("journal", "verify") == OK


def test_the_next_infusion_takes_over_once_it_has_ended(centre: Centre, tmp_path: Path) -> None:
    infusion = ended(centre)
    later = "2026-12-20T10:00-06:00"
    alone = [each["check_in"]["id"] for each in check_ins(centre, infusion, at=later)["check_ins"]]
    order = tmp_path / "second.toml"
    order.write_text((EXAMPLES / "immunodeficiency.toml").read_text().replace("2026-12-01T", "2026-12-04T"))
    second = centre.json("authorise", "add", str(order))["plan"]
    begun, over = ("--at", "2026-12-04T09:30-06:00"), ("--at", "2026-12-04T09:50-06:00")
    assert centre("infusion", "start", second, "--given", *begun) == OK
    assert centre("infusion", "record", f"{second}-1", "rate", "19", *begun) == OK
    during = [each["check_in"]["id"] for each in check_ins(centre, infusion, at=later)["check_ins"]]
    assert during == alone
    assert centre("infusion", "finish", f"{second}-1", "--stopped", "too slow", *over) == OK
    left = check_ins(centre, infusion, at=later)["check_ins"]
    assert [each["check_in"]["id"] for each in left] == alone[: len(left)]
    takes_over = dt.datetime.fromisoformat("2026-12-04T09:30-06:00")
    assert all(dt.datetime.fromisoformat(each["check_in"]["due"]) < takes_over for each in left)
    assert len(left) < len(alone)
    assert len(check_ins(centre, f"{second}-1", at=later)["check_ins"]) >= len(alone)


def test_results_and_diary_are_kept_and_a_wrong_one_is_withdrawn(centre: Centre) -> None:
    infusion = ended(centre)
    ask = ("follow-up", "--infusion", infusion)
    at = ("--at", "2026-12-04T10:00-06:00")
    results = ("--result", "haemoglobin=130@2026-11-30", "--result", "haemoglobin=90@2026-12-03")
    found = centre.json(*ask, *results, *at)["hand_over"]
    rules = {each["rule"]: each["holds"] for each in found["readings"]}
    assert rules["result.haemolysis.severe"] == "true"
    assert [lot for _, lot in found["chair"]["lots"]] == ["L 77"]
    assert found["chair"]["symptoms"] == ["symptom.hives"]
    noted = centre.json(*ask, "--diary", "--yes", "bad headache", "--reading", "pain_0_10=7", *at)[
        "hand_over"
    ]
    assert [spell["symptom"] for spell in noted["diary"]["spells"]] == [
        "symptom.headache",
        "symptom.headache_severe",
    ]
    later = ("--at", "2026-12-08T10:00-06:00")
    assert centre.json(*ask, *later)["hand_over"]["diary"]["ask"] == ["symptom.headache_over_72_h"]
    slip = "5b7d4ac6-5b17-4a0e-8a0e-0f5b1b8e7a01"
    assert centre(*ask, "--result", "haemoglobin=30@2026-12-05", "--id", slip, *later) == OK
    assert "30 g/L" in centre.said
    withdrawn = centre.json(*ask, "--withdraw", slip, "--reason", "another patient's", *later)["hand_over"]
    assert sorted(each["value"] for each in withdrawn["results"]) == [90, 130]
    assert centre("journal", "verify") == OK


def test_a_result_of_the_future_is_refused(centre: Centre) -> None:
    infusion = ended(centre)
    at = ("--at", "2026-12-04T10:00-06:00")
    told = ("--result", "haemoglobin=90@2026-12-20")
    assert centre("follow-up", "--infusion", infusion, *told, *at) == BAD_INPUT
    assert "lies after" in centre.err


def test_times_are_those_of_the_journal(centre: Centre) -> None:
    infusion = ended(centre)
    assert centre("check-ins", "--infusion", infusion, *ENDED) == BAD_INPUT
    assert "the journal says" in centre.err
