"""``ivigil facts``: the search, whole records, what a signature must carry."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path

import pytest

from ivigil.knowledge.evidence import fingerprint
from ivigil.knowledge.search import disagreements, find
from tests.support.command import Command
from tests.support.orders import knowledge
from tests.support.signing import TWO, signing


def test_every_word_must_occur_and_names_count_most() -> None:
    found = [fact.id for fact in find(knowledge(), "kawasaki retreatment")]
    assert {"kd_aha_retreat", "kd_uk_retreat"} <= set(found)
    assert find(knowledge(), "kawasaki zzz") == ()
    assert find(knowledge(), "octagam-10-us.schedule.dm")[0].id == "octagam-10-us.schedule.dm"


def test_a_part_is_found_through_the_record_that_it_lies_in() -> None:
    found = [fact.id for fact in find(knowledge(), "hizentra conversion")]
    assert "hizentra-20-us.conversion.iv" in found


def test_the_list_says_how_many_there_are(command: Command) -> None:
    asked = command("facts", "maltose", "--limit", "2", "--json").json
    assert asked["count"] > 2
    assert len(asked["facts"]) == 2
    assert f"and {asked['count'] - 2} more" in command("facts", "maltose", "--limit", "2").out


def test_a_record_is_shown_whole_with_its_sources(command: Command) -> None:
    ran = command("facts", "kd_aha_initial")
    for expected in ("AHA 2017", "Total dose 2 g/kg", "review", "Role of IVIG in the treatment"):
        assert expected in ran.flat
    shown = command("facts", "kd_aha_initial", "--json").json
    assert shown["record"]["total_dose_g_per_kg_min"] == Decimal(2)
    assert shown["record"]["infusion_hours_max"] == 12
    assert [source["id"] for source in shown["sources"]] == list(knowledge().by_id["kd_aha_initial"].sources)


def test_a_disagreement_is_attached_with_the_choice(command: Command) -> None:
    """The only US label text seen gives half the guideline dose (issue, section 3)."""
    ran = command("facts", "kd_us_label")
    assert "DISAGREEMENTS" in ran.out
    assert "chosen: kd_aha_initial" in ran.flat
    product = knowledge().products["hizentra-20-us"]
    about = {item.id for item in disagreements(knowledge(), product)}
    inner = disagreements(knowledge(), knowledge().by_id["hizentra-20-us.conversion.iv"])
    assert {item.id for item in inner} <= about  # a product shows what concerns its parts


HELD_BACK = "gammagard-liquid-us.schedule.tool-steps"
SUPERSEDED = "hizentra-20-us.conversion.iv-2013"


def test_the_printed_signature_carries_the_fingerprint(command: Command) -> None:
    ran = command("facts", HELD_BACK)
    printed = ran.out[ran.out.index("[[signature]]") :].replace("YYYY-MM-DD", "2026-11-01")
    signature = tomllib.loads(printed)["signature"][0]
    assert signature["fact"] == HELD_BACK
    assert signature["fingerprint"] == fingerprint(knowledge().by_id[HELD_BACK])
    assert signature["fingerprint"] == command("facts", HELD_BACK, "--json").json["fingerprint"]


@pytest.mark.parametrize(("people", "state"), [(TWO[:1], "held_back"), (TWO, "signed")])
def test_two_people_sign_and_one_does_not(
    command: Command, tmp_path: Path, people: tuple[str, ...], state: str
) -> None:
    site = signing(tmp_path, HELD_BACK, people)
    assert command("facts", HELD_BACK, "--site", site, "--json").json["sign_off"] == state


def test_a_superseded_figure_names_the_newer_one_and_no_signature_brings_it_back(
    command: Command, tmp_path: Path
) -> None:
    """Hizentra US: 1.53 in the label of 09/2013, 1.37 since 01/2015."""
    ran = command("facts", SUPERSEDED, "--site", signing(tmp_path, SUPERSEDED))
    assert "Replaced by Hizentra 20% (US, SC): conversion, IV (hizentra-20-us.conversion.iv)" in ran.flat
    assert "used for nothing, signed or not" in ran.flat
    assert "[[signature]]" not in ran.out
    shown = command("facts", SUPERSEDED, "--site", str(tmp_path / "signed-by-2"), "--json").json
    assert (shown["sign_off"], shown["permits"]) == ("superseded", False)
    assert f"replaces {SUPERSEDED}" in command("facts", "hizentra-20-us.conversion.iv").flat


def test_weak_evidence_says_that_it_permits_nothing(command: Command) -> None:
    shown = command("facts", "policy.rounding", "--json").json
    assert (shown["sign_off"], shown["permits"]) == ("weak", False)
    assert "may warn or restrict, never permit" in command("facts", "policy.rounding").flat


def test_a_source_lists_what_cites_it(command: Command) -> None:
    shown = command("facts", "cond.acr_patient_ivig", "--json").json
    assert shown["source"]["publisher"] == "American College of Rheumatology"
    assert "policy.days_not_stated" in shown["cited_by"]
