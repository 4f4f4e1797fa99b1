"""``ivigil triage`` as a person at a terminal meets it."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from ivigil import load_knowledge
from tests.support.command import Command

MILD = ("triage", "--yes", "mild headache", "--no-others", "--hours", "10", "--age", "40", "--no-hazards")


def test_the_emergency_line_stands_before_everything_else(command: Command) -> None:
    first, *_ = command(*MILD).out.splitlines()
    assert first.startswith("In danger? Call the emergency number now")


def test_a_mild_headache_of_an_adult_stays_at_home_and_says_whom_to_call_if_it_lasts(
    command: Command,
) -> None:
    sheet = command(*MILD).out
    assert "CARE AT HOME" in sheet
    assert "call the team" in sheet
    assert "Nobody reads this answer" in sheet


def test_the_sites_numbers_are_shown(command: Command, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[site]\nname = "Fictional"\nemergency_phone = "112"\ncontact_phone = "555-0100"\n'
        'after_hours_phone = "555-0199"\n'
    )
    answer = command("triage", "--yes", "dark urine, red", "--site", str(tmp_path))
    assert answer.code == 2
    sheet = command(
        "triage", "--yes", "dark_urine", "--no-others", "--age", "40", "--site", str(tmp_path)
    ).out
    assert "Call 112 now" in sheet.splitlines()[0]
    assert "Call the team now, at any hour: 555-0100" in sheet
    assert "555-0199" in sheet


def test_a_site_may_switch_it_off(command: Command, tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(
        '[[policy]]\nid = "policy.patient_triage"\ntext = "off here"\nchoice = "off"\n'
        'basis = "synthesis"\nseen = false\n'
    )
    answer = command(*MILD, "--site", str(tmp_path))
    assert answer.code == 3
    assert "CARE AT HOME" not in answer.out
    assert "In danger?" in answer.out


def test_words_are_shown_to_be_confirmed(command: Command) -> None:
    sheet = command(
        "triage", "--says", "bad headache, no fever. my ears ring", "--age", "40", "--hours", "9"
    ).out
    assert "you mean" in sheet
    assert "not present" in sheet
    assert "not found" in sheet


def test_asked_at_the_terminal_a_danger_ends_the_questions_at_once(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO("n\nn\ny\n"))
    answer = command("triage", "--ask", "--age", "40", "--hours", "5")
    assert "EMERGENCY NOW" in answer.out
    assert answer.err.splitlines()[0].startswith("In danger?")
    assert answer.err.count("[y/n]") == 3


def test_asked_at_the_terminal_own_words_are_confirmed_one_by_one(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = [s for s in load_knowledge().facts.symptom if s.ask_first and s.question and s.concerns(40 * 12)]
    lines = ["n"] * len(asked) + ["slight headache, no fever"]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join([*lines, "", "y", *["n"] * 30])))
    answer = command("triage", "--ask", "--age", "40", "--hours", "5", "--no-hazards", "--json").json[
        "answer"
    ]
    assert "symptom.headache_mild" in answer["picture"]["reported"]
    assert "symptom.fever" not in answer["picture"]["reported"]


def test_no_answer_at_the_terminal_is_not_a_no(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.StringIO(""))
    answer = command("triage", "--ask", "--age", "40", "--hours", "5", "--json")
    assert answer.json["answer"]["urgency"] == "same_day"


def test_json_names_every_fact_with_its_source(command: Command) -> None:
    answer = command(*MILD, "--json").json
    assert answer["answer"]["urgency"] == "self_care"
    named = {fact for cause in answer["answer"]["causes"] for fact in cause["facts"]}
    assert named <= set(answer["facts"])


def test_bad_input_is_one_line_that_names_the_field(command: Command) -> None:
    for words, expected in (
        (("--yes", "sleepwalking on ice"), "unknown symptom"),
        (("--reading", "38.6"), "MEASURE=VALUE"),
        (("--hours", "yesterday"), "--hours yesterday"),
        (("--age", "-3"), "--age"),
        (("--yes", "rash", "--no", "rash"), "symptom.rash"),
        (("--hazard", "nothing_like_it"), "unknown hazard"),
        (("--record",), "--infusion"),
    ):
        answer = command("triage", *words)
        assert answer.code == 2, words
        assert expected in answer.err, words
        assert len(answer.err.splitlines()) == 1


def test_a_patient_reads_the_questions_in_spanish_and_what_to_do_in_english_until_it_is_signed(
    command: Command,
) -> None:
    sheet = command("triage", "--yes", "stiff neck", "--age", "40", "--language", "es").flat
    assert "[English] CARE TODAY" in sheet
    assert "¿Le cuesta respirar?" in sheet
    refused = command("triage", "--yes", "stiff neck", "--language", "xx")
    assert refused.code == 2
    assert "--language xx: accepted: en (English), es (Spanish), fr (French)" in refused.err


def test_what_was_not_told_of_the_patient_is_named(command: Command) -> None:
    """A fever at an unknown age may be a baby's: an emergency, and the sheet says what would change it."""
    sheet = command("triage", "--yes", "fever", "--hours", "30").flat
    assert "EMERGENCY NOW" in sheet
    assert "Not told, and taken at its worst: age, illness, product, risk factors." in sheet
    told = ("--age", "40", "--condition", "cidp", "--product", "privigen-us", "--no-hazards")
    assert "Not told" not in command("triage", "--yes", "fever", "--hours", "30", *told).flat
