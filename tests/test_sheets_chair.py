"""The chair in words: every code has some, and a nurse finds on the sheet what they would check."""

from __future__ import annotations

import datetime as dt
import string
from collections.abc import Mapping
from typing import Any, get_args

import pytest

from ivigil.cli.output import show
from ivigil.infusion import advise, replay
from ivigil.infusion.advice import Blocker, Code
from ivigil.infusion.after import CheckCode, CheckState, discharge
from ivigil.infusion.hanging import StopCode, VialSeen, check
from ivigil.infusion.state import AlarmCode, Halt, Phase
from ivigil.infusion.treatment import RepeatCode, Withheld
from ivigil.knowledge.evidence import Basis
from ivigil.knowledge.reactions import Do, DrugClass, Flow, If
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import against_plan, discharge_sheet, status_sheet, stops_sheet
from tests.support.chair import chair, planned, typed
from tests.support.orders import knowledge
from tests.support.simulated import simulated

WORDS: dict[str, tuple[Any, Mapping[Any, str]]] = {
    "advice": (Code, words.ADVICE),
    "blockers": (Blocker, words.BLOCKER),
    "alarms": (AlarmCode, words.ALARM),
    "stops": (StopCode, words.STOP),
    "halts": (Halt, words.HALT),
    "phases": (Phase, words.PHASE),
    "actions": (Do, words.DO),
    "drugs": (DrugClass, words.DRUG),
    "conditions of actions": (If, words.IF),
    "flows": (Flow, words.FLOW),
    "doses withheld": (Withheld, words.WITHHELD),
    "repeats": (RepeatCode, words.REPEAT),
    "checks before leaving": (CheckCode, words.CHECK),
    "answers to them": (CheckState, words.CHECK_STATE),
    "bases": (Basis, words.BASIS),
}
SILENT = {"halts": "", "conditions of actions": "", "repeats": "first", "doses withheld": ""}
"""Codes that say nothing on purpose."""


class Printed:
    """``printed(sheet)``: the text as a pipe gets it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, sheet: object) -> str:
        self._capsys.readouterr()
        show(sheet)  # type: ignore[arg-type]
        out = self._capsys.readouterr().out
        assert max(map(len, out.splitlines())) <= 80
        assert "\x1b" not in out
        return " ".join(out.split())

    def status(self, name: str, minutes: int, seed: int = 1) -> str:
        """The status of a simulated infusion so many minutes after its start."""
        found = simulated(name, seed=seed, minutes=minutes)
        state = replay(found.briefing.day, found.events)
        advised = advise(found.briefing, state, found.until)
        return self(status_sheet(found.briefing, state, advised, found.until, knowledge()))


@pytest.fixture
def printed(capsys: pytest.CaptureFixture[str]) -> Printed:
    return Printed(capsys)


@pytest.mark.parametrize("name", WORDS)
def test_every_code_has_words_and_every_word_a_code(name: str) -> None:
    codes, table = WORDS[name]
    assert set(get_args(codes)) == set(table)
    assert [code for code, text in table.items() if not text] == [
        code for code in (SILENT.get(name),) if code is not None
    ]


def test_no_word_asks_for_what_the_core_does_not_give() -> None:
    given = {
        "advice": {"action", "rate", "measures"},
        "alarms": {"value", "limit"},
        "actions": {"drug"},
        "repeats": {"earliest", "max_mg_per_day"},
    }
    for name, (_, table) in WORDS.items():
        for text in table.values():
            asked = {field for _, field, _, _ in string.Formatter().parse(text) if field}
            assert asked <= given.get(name, set())


def test_a_running_infusion_says_where_it_is(printed: Printed) -> None:
    """70 minutes into the example: 30 min at 19, 30 at 38, 10 at 57 mL/h is 38 mL = 3.8 g."""
    text = printed.status("quiet", 70)
    for part in (
        "P-207",
        "Privigen 10%, 30 g = 300 mL, IV",
        "RUNNING at 57 mL/h, step 3 of 8",
        "38 mL = 3.8 g",
        "262 mL = 26.2 g",
        "Stay at 57 mL/h until 11:00 because: this step's time is not over",
        "due 10:45 (in 5 min)",
        "20 of 30 g hung",
    ):
        assert part in text


def test_a_headache_is_slowed_with_rule_and_source(printed: Printed) -> None:
    text = printed.status("headache", 75)
    assert "RUNNING at 38 mL/h" in text
    assert "Call the prescriber: called 10:42 seen: headache" in text
    assert "rule: headache, flushing, chills" in text
    assert "(ASCENIV, label)" in text
    assert "Since 10:42 headache" in text


def test_a_rule_is_spelt_out_once(printed: Printed) -> None:
    """Calling and treating rest on the rules that stopped it: they point to them."""
    text = printed.status("anaphylaxis", 147)
    rules = [part.partition(")")[0] for part in text.split("rule: ")[1:]]
    spelt = [rule for rule in rules if not rule.startswith("as above")]
    assert len(spelt) == len(set(spelt)) > 1
    assert len(spelt) < len(rules)


def test_anaphylaxis_comes_first_with_its_dose(printed: Printed) -> None:
    """63.5 kg: 0.635 mg by weight, 0.5 mg is the most."""
    text = printed.status("anaphylaxis", 147)
    now = text.partition("DO NOW")[2].partition("PATIENT")[0]
    for part in (
        "DO NOT START",
        "CALL THE EMERGENCY TEAM",
        "Give EPINEPHRINE",
        "epinephrine IM: 0.5 mg",
        "outer thigh",
    ):
        assert part in now
    assert now.index("CALL THE EMERGENCY TEAM") < now.index("Call the prescriber")


def test_a_rule_that_nobody_signed_says_so(printed: Printed) -> None:
    """Signs of low sugar rest on synthesis; the mild reactions on a label."""
    assert "not yet signed" in printed.status("glucose", 240)
    assert "not yet signed" not in printed.status("headache", 75).partition("LATER")[0]


def test_an_alarm_stands_on_the_sheet(printed: Printed) -> None:
    text = printed.status("mistyped_rate", 33)
    assert "10:00 rate 380 mL/h is past the plan's limit of 152.40 mL/h" in text


def test_a_late_measurement_is_overdue(printed: Printed) -> None:
    found = simulated("late_nurse")
    late = next(e.at for e in found.events if getattr(e.what, "code", "") == "check_vitals")
    minutes = int((late - found.briefing.day.start) / dt.timedelta(minutes=1))
    text = printed.status("late_nurse", minutes)
    assert "Measure temperature" in text.partition("DO NOW")[2]
    assert "1 min late" in text
    assert "OVERDUE" in text


def test_a_vial_that_is_not_to_be_hung_says_why(printed: Printed) -> None:
    made = planned("privigen-us", knowledge().products["privigen-us"].vials[0].grams)
    grams = made.days[0].grams
    expired = typed("privigen-us", grams, expiry=dt.date(2026, 11, 1))
    text = printed(stops_sheet(check(expired, chair(made), knowledge()), knowledge()))
    assert text.startswith("DO NOT HANG THIS VIAL ! out of date")
    assert "use by 2026-11-01" in text
    unread = printed(stops_sheet(check(VialSeen(), chair(made), knowledge()), knowledge()))
    assert "the barcode is of no known package" in unread
    assert "its lot number was not read" in unread
    right = printed(stops_sheet(check(typed("privigen-us", grams), chair(made), knowledge()), knowledge()))
    assert right == "This vial may be hung"


def test_the_end_is_held_against_the_plan(printed: Printed) -> None:
    found = simulated("mistyped_rate")
    state = replay(found.briefing.day, found.events)
    text = printed(against_plan(state, found.until))
    assert "Volume 300 mL 300 mL" in text
    assert "! it flowed at 380 mL/h, past every limit of the day" in text


def test_what_is_open_before_leaving_is_named(printed: Printed) -> None:
    found = simulated("quiet", minutes=60)
    state = replay(found.briefing.day, found.events)
    text = printed(discharge_sheet(discharge(found.briefing, state, found.until)))
    assert "NO the line is off" in text
    assert "NOT KNOWN the patient knows what to report, and to whom" in text
