"""``ivigil vaccines`` and ``ivigil tests``: windows from a list of doses."""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.command import Command

KAWASAKI = ("--dose", "2026-11-23:2.0:IV", "--condition", "kawasaki_disease", "--jurisdiction", "US")


def window(answer: Any, vaccine: str) -> Any:
    return next(item for item in answer["answer"]["live"] if item["vaccine"] == vaccine)


def test_mmr_waits_eleven_months_after_kawasaki(command: Command) -> None:
    """ACIP: 11 months after 2 g/kg for Kawasaki disease."""
    answer = command("vaccines", *KAWASAKI, "--json").json
    assert window(answer, "vaccine.mmr")["earliest"] == "2027-10-23"
    assert "WAIT UNTIL 2027-10-23 measles, mumps and rubella (MMR)" in command("vaccines", *KAWASAKI).flat


def test_doses_of_one_course_count_together(command: Command) -> None:
    """2 g/kg over 2 days is one dose of 2 g/kg, counted from the last day."""
    split = ("--dose", "2026-11-24:1:IV", "--dose", "2026-11-23:1:IV", *KAWASAKI[2:])
    assert window(command("vaccines", *split, "--json").json, "vaccine.mmr")["earliest"] == "2027-10-24"


def test_no_interval_is_never_permission(command: Command) -> None:
    flat = command("vaccines", *KAWASAKI).flat
    assert "NO INTERVAL NEEDED FOR IMMUNOGLOBULIN; OTHER CONTRAINDICATIONS HOLD" in flat
    assert "allowed" not in flat.lower()
    assert "NOT STATED BY ANY SOURCE READ: ASK" in flat


def test_regular_therapy_has_no_date(command: Command) -> None:
    answer = command("vaccines", *KAWASAKI, "--ongoing", "--json").json
    mmr = window(answer, "vaccine.mmr")
    assert (mmr["answer"], mmr["earliest"], mmr["if_stopped"]) == ("not_while_on_therapy", None, "2027-10-23")
    assert "NOT WHILE THERAPY GOES ON" in command("vaccines", *KAWASAKI, "--ongoing").out


def test_what_is_not_known_of_a_dose_never_shortens(command: Command) -> None:
    known = window(command("vaccines", *KAWASAKI, "--json").json, "vaccine.mmr")["earliest"]
    for dose in ("2026-11-23", "2026-11-23::IV", "2026-11-23:2.0"):
        asked = ("vaccines", "--dose", dose, "--jurisdiction", "US", "--json")
        assert window(command(*asked).json, "vaccine.mmr")["earliest"] >= known


def test_a_vaccine_given_too_early_or_just_before_does_not_count(command: Command) -> None:
    """MMR 8 days after the dose; MMR 3 days before it (CDC: 14 days); a non-live vaccine counts."""
    given = ("--given", "2026-12-01:mmr", "--given", "2026-11-20:mmr", "--given", "2026-12-01:hpv")
    checks = command("vaccines", *KAWASAKI, *given, "--json").json["answer"]["checks"]
    assert [check["verdict"] for check in checks] == ["repeat", "repeat", "counts"]
    assert (
        "does not count: repeat, unless serology shows a response"
        in command("vaccines", *KAWASAKI, *given).flat
    )


def test_every_named_fact_has_its_document(command: Command) -> None:
    for asked in (("vaccines", *KAWASAKI), ("tests", *KAWASAKI)):
        report = command(*asked, "--json").json
        cited = {key for fact in report["facts"].values() for key in fact.get("sources", [])}
        assert cited == set(report["sources"])


def lab(report: Any, test: str) -> Any:
    return next(item for item in report["answer"]["tests"] if item["interference"] == test)


def test_hepatitis_b_core_antibody_cannot_be_read(command: Command) -> None:
    report = command("tests", *KAWASAKI, "--json").json
    core = lab(report, "lab.anti-hbc")
    assert (core["answer"], core["draw_before"]) == ("until", 1)
    assert core["reliable_from"] > "2027-01-23"
    assert "HBV DNA" in core["alternative"]


def test_the_meter_warning_hangs_on_what_is_known_of_the_product(command: Command) -> None:
    """Maltose in Octagam misleads GDH-PQQ strips; proline in Privigen does not; an unknown product might."""
    dose = ("tests", "--dose", "2026-11-23:0.4:IV", "--json")
    meter = "lab.glucose-meter"
    assert lab(command(*dose).json, meter)["assumed_product"] is True
    assert lab(command(*dose, "--product", "octagam-10-us").json, meter)["answer"] == "until"
    assert lab(command(*dose, "--product", "privigen-us").json, meter)["answer"] == "no_dose"


def test_a_stabiliser_that_was_not_read_lifts_no_warning(command: Command) -> None:
    """Kiovig's glycine was read, Gamunex (CA) only inferred."""
    dose = ("tests", "--dose", "2026-11-23:0.4:IV", "--json")
    assert lab(command(*dose, "--product", "gamunex-ca").json, "lab.glucose-meter")["assumed_product"] is True


def test_what_to_draw_before_the_first_gram(command: Command) -> None:
    flat = command("tests", *KAWASAKI).flat
    assert "DRAW BEFORE THE FIRST GRAM" in flat
    assert "HBsAg, anti-HBc total, anti-HBs" in flat


def test_can_a_result_be_read(command: Command) -> None:
    """A core antibody a week after the dose cannot; one from before it can, and is offered instead."""
    drawn = ("--drawn", "2026-11-30:hbv_core_antibody:positive", "--drawn", "2026-11-20:anti-hbc:negative")
    after, before = command("tests", *KAWASAKI, *drawn, "--json").json["answer"]["results"]
    assert (after["answer"], after["because"]) == ("not_readable", "within_time")
    assert after["earlier"]["date"] == "2026-11-20"
    assert (before["answer"], before["because"]) == ("readable", "no_dose_before")
    flat = command("tests", *KAWASAKI, *drawn).flat
    assert "drawn 2026-11-30, positive cannot be read: the dose may still show in it" in flat
    assert "use instead: HBV DNA, HBsAg or read the one from before: 2026-11-20, negative" in flat


def test_a_dose_on_an_unknown_day_takes_every_end_away(command: Command) -> None:
    asked = ("tests", *KAWASAKI, "--undated", "--json")
    core = lab(command(*asked).json, "lab.anti-hbc")
    assert (core["answer"], core["reliable_from"]) == ("not_quantified", None)
    assert core["not_before"] > "2027-01-23"
    assert lab(command(*asked).json, "lab.crp")["answer"] == "not_affected"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("tests", *KAWASAKI, "--drawn", "2026-11-30"), "accepted: DATE:TEST[:positive|negative|NUMBER]"),
        (("tests", *KAWASAKI, "--drawn", "2026-11-30:anti-hbc:perhaps"), "'perhaps' is not a number"),
        (("tests", *KAWASAKI, "--drawn", "30.11.2026:anti-hbc"), "is not a day such as 2026-11-23"),
        (("tests", *KAWASAKI, "--drawn", "2026-11-30:anti-hbx"), "near: lab.anti-hb"),
        (
            ("tests",),
            "--dose: missing; accepted: DATE[:G_PER_KG[:ROUTE]], or --patient, --plan or --infusion",
        ),
        (("vaccines", *KAWASAKI, "--present", "pregnant", "--absent", "pregnancy"), "both --present and"),
        (("vaccines", *KAWASAKI, "--present", "redheaded"), "unknown flag 'redheaded'"),
    ],
)
def test_what_cannot_be_used_is_told(command: Command, words: tuple[str, ...], said: str) -> None:
    ran = command(*words)
    assert (ran.code, ran.out) == (2, "")
    assert said in ran.err
    assert len(ran.err.splitlines()) == 1


def patient(answer: Any, vaccine: str) -> Any:
    return next(item for item in answer["answer"]["patient"] if item["vaccine"] == vaccine)


def test_the_patient_is_a_check_of_its_own(command: Command) -> None:
    """The interval says nothing of the patient: unknown is asked, and no answer is permission."""
    unasked = command("vaccines", *KAWASAKI, "--json").json
    mmr = patient(unasked, "vaccine.mmr")
    assert mmr["answer"] == "ask"
    assert {"pregnancy", "immunosuppressive_therapy", "severe_immunocompromise"} <= set(mmr["ask"])
    asked = ("vaccines", *KAWASAKI, "--present", "pregnancy")
    told = command(*asked, "--json").json
    assert patient(told, "vaccine.varicella")["rules"] == [
        "vaccine-rule.pregnancy-varicella",
        "vaccine-rule.pregnancy",
    ]
    assert patient(told, "vaccine.mmr")["answer"] == "contraindicated"
    assert window(told, "vaccine.mmr") == window(unasked, "vaccine.mmr")
    flat = command(*asked).flat
    assert "SPEAKS AGAINST IT" in flat
    assert "- Vaccines with live varicella-zoster virus: contraindicated in pregnancy." in flat


def test_nothing_asked_that_speaks_against_it_is_no_permission(command: Command) -> None:
    asked = command("vaccines", *KAWASAKI, "--json").json
    every = {name for item in asked["answer"]["patient"] for name in item["ask"]}
    absent = [word for name in sorted(every) for word in ("--absent", name)]
    found = command("vaccines", *KAWASAKI, *absent, "--json").json["answer"]["patient"]
    assert {item["answer"] for item in found} == {"none_found"}
    assert "allowed" not in command("vaccines", *KAWASAKI, *absent).flat.lower()


def test_scid_speaks_against_rotavirus_and_every_other_live_vaccine(command: Command) -> None:
    """CDSi 013 and, because T cells are missing, 147."""
    told = command("vaccines", *KAWASAKI, "--present", "SCID", "--json").json
    assert "vaccine-rule.scid" in patient(told, "vaccine.rotavirus-monovalent")["rules"]
    assert {item["answer"] for item in told["answer"]["patient"]} == {"contraindicated"}
