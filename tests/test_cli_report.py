"""Reports, letters and cards by commands alone: from the journal, from an order, and what is refused."""

from __future__ import annotations

import io
import json
import stat
from pathlib import Path
from typing import Any

import pypdf
import pytest

from ivigil.cli.main import BAD_INPUT, OK
from tests.support.centre import ORDER, Centre

THEN = ("--at", "2026-12-09T09:00-06:00")
CALL = ("--call", "555-0199", "--emergency", "555-0911")


def hives(centre: Centre) -> str:
    """The id of an infusion that was stopped for hives at 09:46: 16 minutes at 19 mL/h, 0.51 g."""
    infusion = centre.running()
    assert centre.at_chair(infusion, "09:45", "symptom", "hives") == OK
    assert centre.at_chair(infusion, "09:46", "grade", "ctcae.infusion_related_reaction", "2") == OK
    stop = ("--stopped", "hives", "--at", "2026-12-01T09:46-06:00")
    assert centre("infusion", "finish", infusion, *stop) == OK
    return infusion


def test_a_report_of_an_infusion(centre: Centre) -> None:
    infusion = hives(centre)
    assert centre("report", "adverse-event", "--infusion", infusion, *THEN) == OK
    assert "INCOMPLETE" in centre.out
    assert "L 77" in centre.out
    assert max(map(len, centre.out.splitlines())) <= 80
    made = centre.json("report", "adverse-event", "--infusion", infusion, "--standard", "e2b", *THEN)
    drug, reaction = made["content"]["G.k"][0], made["content"]["E.i"][0]
    assert (drug["G.k.1"], drug["G.k.8"], drug["G.k.4.r"][0]["G.k.4.r.7"]) == ("1", "1", "L 77")
    assert (reaction["E.i.2.1b"], reaction["E.i.4"]) == ("10051792", "202612010945-0600")
    assert not made["complete"]
    assert "E.i.7[1]" in made["missing"]
    assert [vial["lot"] for vial in made["trace"]["vials"]] == ["L 77"]


def test_the_standard_is_the_one_of_the_place(centre: Centre, tmp_path: Path) -> None:
    abroad = tmp_path / "sweden.toml"
    abroad.write_text(without_history().replace('jurisdiction = "US"', 'jurisdiction = "SE"'))
    assert centre.json("report", "adverse-event", "--order", str(ORDER), *THEN)["standard"] == "FDA 3500"
    assert centre.json("report", "adverse-event", "--order", str(abroad), *THEN)["standard"] == "ICH E2B(R3)"


def test_answers_from_a_file_and_from_options_make_it_complete(centre: Centre, tmp_path: Path) -> None:
    infusion = hives(centre)
    answers = tmp_path / "answers.toml"
    answers.write_text(
        'unknown = ["D9", "F1"]\n[answers]\nB2 = "none"\nD5 = "no"\n'
        'D8 = "doesn\'t-apply"\nG1 = "N. Example"\nG3 = "nurse"\n'
    )
    said = ("--answers", str(answers), "--answer", "G2=yes", "--answer", "D5=yes", "--unknown", "G4")
    made = centre.json("report", "adverse-event", "--infusion", infusion, *said, *THEN)
    assert (made["missing"], made["complete"]) == ([], True)
    assert made["content"]["D"][0]["D5"] == "yes"
    assert made["content"]["G4"] == "UNK"


def test_wrong_answers_are_told_together(centre: Centre) -> None:
    infusion = hives(centre)
    said = ("--answer", "B2=bad", "--answer", "C.1.1=x", "--unknown", "B5", "--withhold", "A3")
    assert centre("report", "adverse-event", "--infusion", infusion, *said, *THEN) == BAD_INPUT
    assert centre.out == ""
    for text in ("B2: 'bad'; accepted: death", "C.1.1: FDA 3500 has no such field", "B5: ", "A3: "):
        assert text in centre.err


BAD = (
    (("adverse-event", "--infusion", "nothing-1"), "no such plan"),
    (("adverse-event", "--order", str(ORDER), "--answer", "B2"), "CODE=TEXT"),
    (("adverse-event", "--order", str(ORDER), "--answer", "B2= "), "CODE=TEXT"),
    (("adverse-event", "--order", str(ORDER), "--answers", "nowhere.toml"), "cannot be read"),
    (("adverse-event", "--order", str(ORDER), "--record"), "only of an infusion of the journal"),
    (("adverse-event",), "one of the arguments --infusion --order is required"),
    (("card", "--order", str(ORDER)), "the holder's name, a phone for emergencies, a phone for questions"),
    (
        ("travel", "--order", str(ORDER), "--leaves", "2026-12-20", "--returns", "2027-01-02"),
        "the prescriber",
    ),
    (("travel", "--order", str(ORDER), "--leaves", "soon", "--returns", "2027-01-02"), "not a day"),
    (("look-back", "L 99"), "given to nobody"),
)


@pytest.mark.parametrize(("words", "says"), BAD, ids=lambda value: " ".join(value)[:60])
def test_bad_input_is_told_in_plain_words(centre: Centre, words: tuple[str, ...], says: str) -> None:
    assert centre("report", *words) == BAD_INPUT
    assert centre.out == ""
    assert says in centre.err
    assert "Traceback" not in centre.err


def test_a_journey_ends_after_it_begins(centre: Centre) -> None:
    words = ("--leaves", "2026-12-20", "--returns", "2026-12-02", "--name", "F", "--prescriber", "D")
    assert centre("report", "travel", "--order", str(ORDER), *words, "--call", "1") == BAD_INPUT
    assert "lies before the departure" in centre.err


def test_a_pdf_is_written_once_and_whole(centre: Centre, tmp_path: Path) -> None:
    infusion, file = hives(centre), tmp_path / "report.pdf"
    words = ("report", "adverse-event", "--infusion", infusion, *THEN, "--pdf")
    assert centre(*words, str(file)) == OK
    first = file.read_bytes()
    shown = pypdf.PdfReader(io.BytesIO(first)).pages[0].extract_text()
    assert "INCOMPLETE" in shown
    assert infusion in shown
    assert centre(*words, str(file)) == BAD_INPUT
    assert "is there already; --overwrite replaces it" in centre.err
    assert file.read_bytes() == first
    assert centre(*words, str(file), "--overwrite", "--answer", "B2=none") == OK
    assert file.read_bytes() != first
    assert centre(*words, str(tmp_path / "no" / "folder.pdf")) == BAD_INPUT
    assert "cannot be written" in centre.err
    assert sorted(path.name for path in tmp_path.glob("*.pdf*")) == ["report.pdf"]
    assert not list(tmp_path.glob(".report*"))
    assert not stat.S_IMODE(file.stat().st_mode) & 0o077


def test_a_report_with_a_sign_that_no_font_has_leaves_no_file(centre: Centre, tmp_path: Path) -> None:
    infusion, file = hives(centre), tmp_path / "report.pdf"
    words = ("--answer", "G1=李 Example", "--pdf", str(file))
    assert centre("report", "adverse-event", "--infusion", infusion, *words, *THEN) == BAD_INPUT
    assert "have no sign for '李'" in centre.err
    assert list(tmp_path.glob("*.pdf*")) == []


def recorded(centre: Centre) -> list[Any]:
    """The bodies of all that was recorded of reports about the patient."""
    assert centre("journal", "export", "urn:example", "P-207") == OK
    return [each["body"] for each in json.loads(centre.out) if each["kind"] == "report_made"]


def test_the_journal_knows_of_a_report_only_if_asked(centre: Centre) -> None:
    infusion = hives(centre)
    words = ("report", "adverse-event", "--infusion", infusion, *THEN)
    before = centre.json("journal", "verify")["events"]
    assert centre(*words) == OK
    assert centre.json("journal", "verify")["events"] == before
    assert centre(*words, "--record") == OK
    assert centre(*words, "--record") == OK
    assert centre("report", "card", "--infusion", infusion, *CALL, *THEN, "--record") == OK
    first, second, card = recorded(centre)
    assert first == second
    assert (first["standard"], first["complete"], card["standard"]) == ("FDA 3500", False, "card")
    assert "B2" in first["missing"]
    assert len({first["sha256"], card["sha256"]}) == 2
    verified = centre.json("journal", "verify")
    assert (verified["events"], verified["findings"]) == (before + 3, [])
    status = centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:46-06:00")
    assert status["state"]["ended_early"]


def test_a_report_that_is_recorded_names_who_made_it(centre: Centre, tmp_path: Path) -> None:
    infusion, file = hives(centre), tmp_path / "report.pdf"
    words = ("--record", "--by", "", "--pdf", str(file))
    assert centre("report", "adverse-event", "--infusion", infusion, *words, *THEN) == BAD_INPUT
    assert "--by: missing" in centre.err
    assert not file.exists()


def test_what_was_told_from_home_stands_in_the_report(centre: Centre) -> None:
    infusion = hives(centre)
    told = ("--yes", "headache_severe", "--at", "2026-12-02T20:00-06:00", "--record")
    assert centre("triage", "--infusion", infusion, *told) == OK
    made = centre.json("report", "adverse-event", "--infusion", infusion, "--standard", "e2b", *THEN)
    assert "2026-12-02 20:00 -06:00 reported from home: present: severe headache" in made["content"]["H.1"]
    assert made["content"]["E.i"][1]["E.i.1.1a"] == "severe headache"
    assert "E.i.4[2]" in made["missing"]  # when it began was not told


def test_a_look_back_letter_says_what_is_on_record(centre: Centre) -> None:
    hives(centre)
    recall = ("--recall", "Return all unused vials.", "--call", "555-0199")
    assert centre("report", "look-back", "l77", *recall, *THEN) == OK
    for text in (
        "Fictional Patient",
        "Privigen 10%",
        "L 77",
        "2026-12-01",
        "555-0199",
        "Return all unused vials.",
    ):
        assert text in centre.said
    assert "up to 0.51 g, from 1 vial" in centre.said  # 20 g hung, 16 min x 19 mL/h = 5.07 mL = 0.51 g given
    assert "P-207" not in centre.out
    assert centre("report", "look-back", "l77", *recall, "--to", "provider", *THEN) == OK
    assert "P-207" in centre.out


def test_without_what_the_recall_says_and_whom_to_call_there_is_no_letter(centre: Centre) -> None:
    hives(centre)
    assert centre("report", "look-back", "L 77", *THEN) == BAD_INPUT
    assert "what the recall says, a phone" in centre.err
    assert centre.out == ""


def test_an_erased_patient_is_not_reported_on_but_the_lot_trace_stands(centre: Centre) -> None:
    infusion = hives(centre)
    assert centre("journal", "erase", "urn:example", "P-207", "--reason", "asked for") == OK
    for words in (("adverse-event",), ("card", *CALL)):
        assert centre("report", words[0], "--infusion", infusion, *words[1:], *THEN) == BAD_INPUT
        assert centre.out == ""
        assert "cannot be read" in centre.err
    recall = ("--recall", "Return all unused vials.", "--call", "555-0199")
    assert centre("report", "look-back", "L 77", *recall, *THEN) == OK
    assert "erased: nobody can read who this is" in centre.said
    assert "Fictional Patient" not in centre.out
    assert centre.json("lots", "L 77")[0]["uses"][0]["subject"] == infusion


def test_no_contact_no_letter_and_it_is_said(centre: Centre) -> None:
    plan = str(centre.json("authorise", "add", str(ORDER))["plan"])
    vial = ("--product", "privigen-us", "--grams", "20", "--lot", "L 77", "--expiry", "2027-01-01")
    assert centre.at_chair(f"{plan}-1", "09:22", "vial", *vial, "--given") == OK
    recall = ("--recall", "Return all unused vials.", "--call", "555-0199")
    assert centre("report", "look-back", "L 77", *recall, *THEN) == OK
    assert "NO LETTER" in centre.out
    assert "no contact is recorded" in centre.said
    assert centre("report", "look-back", "L 77", *recall, *THEN, "--pdf", "never.pdf") == BAD_INPUT
    assert "there are 0" in centre.err
    assert not Path("never.pdf").exists()


def test_a_lot_that_a_correction_took_back_was_not_given(centre: Centre) -> None:
    infusion = centre.running()
    hung = next(
        each["id"]
        for each in centre.json("infusion", "status", infusion, "--at", "2026-12-01T09:31-06:00")["events"]
        if each["what"]["kind"] == "vial_hung"
    )
    assert centre.at_chair(infusion, "09:32", "withdraw", hung, "--reason", "misread") == OK
    recall = ("--recall", "Return all unused vials.", "--call", "555-0199")
    assert centre("report", "look-back", "L 77", *recall, *THEN) == OK
    assert "a correction says that the lot was not hung" in centre.said


def test_two_patients_two_files(centre: Centre, tmp_path: Path) -> None:
    hives(centre)
    other = tmp_path / "other.toml"
    other.write_text(ORDER.read_text().replace("P-207", "P-208"))
    plan = str(centre.json("authorise", "add", str(other), "--name", "Other Fictional")["plan"])
    vial = ("--product", "privigen-us", "--grams", "10", "--lot", "L77", "--expiry", "2027-01-01")
    assert centre.at_chair(f"{plan}-1", "09:22", "vial", *vial, "--given") == OK
    file = tmp_path / "letter.pdf"
    recall = ("--recall", "Return all unused vials.", "--call", "555-0199", "--pdf", str(file))
    assert centre("report", "look-back", "L 77", *recall, *THEN) == BAD_INPUT
    assert "there are 2: --patient says whose" in centre.err
    assert centre("report", "look-back", "L 77", *recall, *THEN, "--patient", "P-208") == OK
    shown = pypdf.PdfReader(file).pages[0].extract_text()
    assert "Other Fictional" in shown
    assert "Fictional Patient" not in shown


def test_a_travel_letter_from_the_journal(centre: Centre) -> None:
    infusion = hives(centre)
    words = ("--leaves", "2026-12-20", "--returns", "2027-01-05", "--carries", "3 vials of 10 g")
    assert centre("report", "travel", "--infusion", infusion, *words, "--call", "555-0199", *THEN) == OK
    for text in ("Fictional Patient", "30 g, every 28 days", "intravenous", "Dr Example", "3 vials of 10 g"):
        assert text in centre.said
    assert "As its package says." in centre.said  # the fact base only remembers how this product is kept


def without_history() -> str:
    """The order without its product and earlier doses."""
    return ORDER.read_text().split("[last_immunoglobulin]")[0].replace('product = "Privigen"', "")


def test_a_travel_letter_tells_the_strictest_storage_that_was_read(centre: Centre, tmp_path: Path) -> None:
    """Panzyga: one source says 36 months in the cold and 12 at room temperature, the US label 24 and 9."""
    order = tmp_path / "order.toml"
    order.write_text('product = "Panzyga"\n' + without_history())
    words = (
        "--leaves",
        "2026-12-20",
        "--returns",
        "2027-01-05",
        "--name",
        "F. Example",
        "--prescriber",
        "Dr",
    )
    assert centre("report", "travel", "--order", str(order), *words, "--call", "555-0199", *THEN) == OK
    assert "2 to 8 °C, up to 24 months [Panzyga US label extract]" in centre.said
    assert "2 to 25 °C, up to 9 months" in centre.said
    assert "36 months" not in centre.said


def test_a_card_names_danger_first(centre: Centre) -> None:
    infusion = hives(centre)
    assert centre.at_chair(infusion, "09:50", "grade", "ctcae.anaphylaxis", "4") == OK
    assert centre("report", "card", "--infusion", infusion, *CALL, *THEN) == OK
    lines = [line.strip() for line in centre.out.splitlines() if line.strip()]
    assert lines[1].startswith("! Anaphylaxis, grade 4: Privigen 10%, 2026-12-01")
    assert lines.index("REACTIONS") < lines.index("MY IMMUNOGLOBULIN")
    for text in ("L 77 (2026-12-01)", "0.51 g, 2026-12-01", "555-0911", "ABO blood group B", "<0.07 g/L"):
        assert text in centre.said


def test_a_reaction_that_nobody_graded_stands_on_the_card(centre: Centre) -> None:
    infusion = centre.running()
    assert centre.at_chair(infusion, "09:45", "symptom", "wheezing") == OK
    assert centre("report", "card", "--infusion", infusion, *CALL, *THEN) == OK
    assert "wheezing, not graded: Privigen 10%, 2026-12-01" in centre.said
    assert "still running or not closed, 2026-12-01" in centre.said


def test_an_earlier_anaphylaxis_stands_above_everything(centre: Centre, tmp_path: Path) -> None:
    order = tmp_path / "order.toml"
    order.write_text(ORDER.read_text().replace('["migraine"]', '["prior_immunoglobulin_anaphylaxis"]'))
    words = ("report", "card", "--order", str(order), "--name", "F. Example", *CALL, *THEN)
    assert centre(*words) == OK
    lines = [line.strip() for line in centre.out.splitlines() if line.strip()]
    assert lines[1].startswith("! ")
    assert "anaphyla" in lines[1].casefold()
    assert "Planned product" not in centre.out  # such a plan is blocked: it gives nothing


def test_a_card_of_an_order_claims_nothing_that_was_given(centre: Centre) -> None:
    assert centre("report", "card", "--order", str(ORDER), "--name", "F. Example", *CALL, *THEN) == OK
    assert "Last dose 30 g, 2026-11-03" in centre.said
    assert "Lots none recorded" in centre.said
