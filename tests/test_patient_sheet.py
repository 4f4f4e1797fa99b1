"""The sheet for the patient: reading age, the emergency line, what it must say and must not say."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec
import pytest
import textstat  # type: ignore[import-untyped]
from msgspec.structs import replace

import ivigil
from ivigil import course
from ivigil.course import Finding, Plan, Status
from ivigil.knowledge.store import Knowledge, Site
from ivigil.order import Order
from ivigil.patient import Patient
from ivigil.planning import plan
from ivigil.sheets.patient import NoSheetError, patient_sheet
from tests.support.command import Command
from tests.support.orders import adult, child, knowledge, order

GRADE = 7
"""US school grade of about 12 years; the measure is Flesch-Kincaid."""
PHONES = Site(name="Example Hospital (fictional)", emergency_phone="112", contact_phone="+44 20 7946 0123")


def site(settings: Site = PHONES) -> Knowledge:
    base = knowledge()
    return Knowledge(base.facts, base.version, site=settings)


@cache
def planned(name: str) -> Plan:
    """Plans of fictional patients."""
    woman = replace(adult(), sex="female", screening=replace(adult().screening, complete=False))
    orders = {
        "kawasaki": order("kawasaki_disease", child()),
        "cidp": order("cidp", adult()),
        "woman": order("dermatomyositis_adult", woman),
        "octagam": order("dermatomyositis_adult", adult(), product="octagam-10-us"),
        "heart failure": order("cidp", with_flag("heart_failure")),
        "immunodeficiency": order("primary_immunodeficiency", adult(), experience="experienced"),
    }
    return plan(orders[name], knowledge())


def with_flag(name: str) -> Patient:
    patient = adult()
    return replace(patient, screening=replace(patient.screening, present=(name,)))


PLANS = ("kawasaki", "cidp", "woman", "octagam", "heart failure", "immunodeficiency")


def sheet(name: str, settings: Site = PHONES) -> str:
    return patient_sheet(planned(name), site(settings))


def flat(text: str) -> str:
    return " ".join(text.split())


def sentences(text: str) -> str:
    """The running text: no headings, names, codes or phone numbers that would flatter the measure."""
    lines = [line.removeprefix("- ").strip() for line in text.splitlines()]
    running = [line for line in lines if line and line != line.upper() and not line.startswith("Plan ")]
    return " ".join(running)


@pytest.mark.parametrize("name", PLANS)
def test_it_reads_at_an_age_of_about_twelve(name: str) -> None:
    assert planned(name).status != "blocked"
    assert textstat.flesch_kincaid_grade(sentences(sheet(name))) <= GRADE


@pytest.mark.parametrize("condition", [c.id for c in knowledge().facts.condition if not c.do_not_use])
def test_every_condition_is_told_in_plain_words(condition: str) -> None:
    made = planned("cidp")
    text = patient_sheet(replace(made, order=replace(made.order, condition=condition)), site())
    why = text[text.index("WHY DO YOU GET IT?") : text.index("WHEN, AND")]
    assert len(why.split()) > len(knowledge().conditions[condition].name.split()) + 15
    told = " ".join(why.split(".", 1)[1].split())
    assert textstat.flesch_kincaid_grade(told) <= GRADE + 2  # a few sentences: names of diseases weigh more
    assert textstat.flesch_kincaid_grade(sentences(text)) <= GRADE


@pytest.mark.parametrize("name", PLANS)
def test_it_fits_80_columns_of_plain_text(name: str) -> None:
    text = sheet(name)
    assert max(map(len, text.splitlines())) <= 80
    assert "\x1b" not in text


@pytest.mark.parametrize("status", ["ready", "needs_answers", "needs_sign_off"])
@pytest.mark.parametrize("name", PLANS)
def test_the_emergency_line_is_always_there(name: str, status: Status) -> None:
    text = patient_sheet(replace(planned(name), status=status), site())
    assert "EMERGENCY: call 112." in text.splitlines()[:8]
    assert "Call 112 at once if:" in text
    assert "+44 20 7946 0123" in text


@pytest.mark.parametrize(
    ("settings", "missing"),
    [
        (Site(), "site.emergency_phone and no site.contact_phone"),
        (replace(PHONES, emergency_phone=""), "site.emergency_phone"),
        (replace(PHONES, contact_phone=""), "site.contact_phone"),
        (replace(PHONES, contact_phone="  "), "site.contact_phone"),
    ],
)
def test_without_both_phones_there_is_no_sheet(settings: Site, missing: str) -> None:
    with pytest.raises(NoSheetError, match=missing):
        sheet("kawasaki", settings)


def test_a_blocked_plan_has_no_sheet() -> None:
    with pytest.raises(NoSheetError, match="blocked"):
        patient_sheet(replace(planned("cidp"), status="blocked"), site())


def test_a_sentence_that_the_facts_lost_stops_the_sheet() -> None:
    """Better no sheet than one that leaves something out unnoticed."""
    facts = knowledge().facts
    for kind in ("instruction", "patient_advice", "vaccine_rule", "warning_sign"):
        poorer = Knowledge(replace(facts, **{kind: ()}), "poorer", site=PHONES)
        with pytest.raises(NoSheetError, match="the fact base has no"):
            patient_sheet(planned("cidp"), poorer)


def test_an_unfinished_plan_is_marked_as_a_draft() -> None:
    assert "DRAFT." not in sheet("kawasaki")
    assert "DRAFT." in patient_sheet(replace(planned("kawasaki"), status="needs_answers"), site())


def test_what_it_is_and_that_it_is_safe() -> None:
    """Fact sheet: thousands of donors, very pure, infection extremely unlikely, no raised risk."""
    text = flat(sheet("cidp"))
    assert "the plasma of thousands of healthy donors" in text
    assert "The chance of catching an infection from it is extremely low, but it is not zero." in text
    assert "It does not make you catch infections more easily." in text


def test_when_and_how_long_come_from_the_plan() -> None:
    made = planned("cidp")
    text = flat(sheet("cidp"))
    first = made.days[0]
    assert f"{first.date.day} November 2026: it starts at {first.start:%H:%M}" in text
    assert text.count("it starts at") == len(made.days)
    assert made.observation is not None
    assert f"you stay for {made.observation.minutes} minutes" in text


def test_several_weeks_is_said_only_where_it_is_right() -> None:
    """Kawasaki disease is judged at 36 h; the fact sheet's several weeks does not hold there."""
    assert "It may start to help within 36 hours." in flat(sheet("kawasaki"))
    assert "several weeks" not in sheet("kawasaki")


def test_a_weak_heart_asks_how_much_to_drink() -> None:
    assert "Drink well before and after." in flat(sheet("cidp"))
    for name in ("heart failure", "woman"):  # present; not asked, so taken as present
        text = flat(sheet(name))
        assert "Ask us how much to drink" in text
        assert "Drink well before and after." not in text


def test_the_meter_caution_hangs_on_the_product() -> None:
    """Octagam holds maltose, which misleads GDH-PQQ strips; Privigen holds proline."""
    assert "blood sugar meters read too high" in flat(sheet("octagam"))
    without = planned("cidp")
    assert without.product is not None
    flags = knowledge().products[without.product.id].properties_named("glucose_meter_interference")
    assert not flags
    assert "SUGAR METER" not in sheet("cidp")


def test_pregnancy_is_no_reason_against_it_and_is_asked_only_where_it_can_be() -> None:
    assert "thought to be safe in pregnancy and while you breastfeed" in flat(sheet("woman"))
    for name in ("cidp", "kawasaki"):
        assert "PREGNANT" not in sheet(name)


def test_the_most_urgent_signs_come_first() -> None:
    text = sheet("cidp")
    assert text.index("Call 112 at once if:") < text.index("Call us the same day")
    assert text.index("trouble breathing") < text.index("Call us the same day")
    assert text.index("Call us the same day") < text.index("You need not call for this.")
    for sign in knowledge().facts.warning_sign:
        if sign.population != "child":
            assert sign.text in flat(text)


def test_for_a_child_nothing_is_left_at_home() -> None:
    text = sheet("kawasaki")
    assert '"you" means your child' in text
    assert "You need not call" not in text
    assert "Your child has a headache" in flat(text)


def test_vaccines_and_tests_have_their_dates() -> None:
    """ACIP: MMR 11 months after 2 g/kg for Kawasaki disease."""
    assert "For you: not before Saturday 23 October 2027, unless we say so." in flat(sheet("kawasaki"))
    assert "For you: not while this treatment goes on" in flat(sheet("immunodeficiency"))
    assert "allowed" not in sheet("kawasaki").lower()


def test_what_holds_for_this_patient_is_told_and_what_is_only_assumed_is_not() -> None:
    """ "You had meningitis after an infusion" must not be told to somebody who was never asked."""
    made = planned("cidp")
    hazard = knowledge().hazards["prior_ams"]

    def told(state: str) -> bool:
        finding = msgspec.convert(
            {"id": hazard.id, "name": hazard.name, "category": hazard.category, "severity": hazard.severity}
            | {"state": state},
            Finding,
        )
        text = patient_sheet(replace(made, findings=(finding,)), site())
        return flat(hazard.patient_text) in flat(text)

    assert told("present")
    assert not told("assumed")
    assert not told("asked")


def test_a_plan_of_the_dose_alone_gives_no_day() -> None:
    bare = replace(planned("cidp"), days=(), product=None, course=None, timeline=(), observation=None)
    assert "Your team will tell you the day" in flat(patient_sheet(bare, site()))


def test_loosened_settings_are_shown() -> None:
    base = knowledge()
    looser = Knowledge(base.facts, base.version, site=PHONES, loosened=("policy.rounding",))
    assert "Settings loosened by this site: policy.rounding." in flat(patient_sheet(planned("cidp"), looser))


def under_the_skin() -> Plan:
    """Ten grams of Hizentra a week at two places, by hand."""
    made = planned("immunodeficiency")
    assert made.product is not None
    day = replace(made.days[0], duration_min=75, sites=(site_of("25"), site_of("25")))
    product = replace(made.product, id="hizentra-20-us", name="Hizentra 20%")
    return replace(made, order=replace(made.order, route="SC"), product=product, days=(day,))


def site_of(volume_ml: str) -> course.Site:
    return course.Site(volume_ml=Decimal(volume_ml), rate_ml_per_h=Decimal(20))


def test_under_the_skin_it_speaks_of_places_and_of_home() -> None:
    text = patient_sheet(under_the_skin(), site())
    assert "It runs slowly under the skin." in flat(text)
    assert "takes about 1 and a half hours. It goes in at 2 places." in flat(text)
    assert "ARE YOU AT HOME WITH IT?" in text
    assert "vein in your arm" not in text
    assert textstat.flesch_kincaid_grade(sentences(text)) <= GRADE
    assert "EMERGENCY: call 112." in text


def test_a_long_series_is_counted() -> None:
    made = planned("cidp")
    day = made.days[0]
    many = tuple(replace(day, date=day.date + dt.timedelta(weeks=week)) for week in range(9))
    text = flat(patient_sheet(replace(made, days=many), site()))
    assert text.count("it starts at") == 6
    assert "and 3 more" in text


def test_its_sentences_are_cited() -> None:
    """What the sheet says of immunoglobulin was read in a source; only the words on diseases are ours."""
    for fact in knowledge().facts.instruction:
        if fact.topic == "patient_sheet":
            assert not fact.weak, fact.id


EXAMPLE = Path(__file__).parent.parent / "examples" / "site"


def test_the_example_site_prints_a_sheet_and_sets_its_formulary() -> None:
    from ivigil.knowledge.check import faults
    from ivigil.knowledge.site import overlay, read

    laid = overlay(knowledge(), read(EXAMPLE))
    assert faults(laid) == faults(knowledge())
    assert "fictional" in laid.site.name
    assert laid.loosened == ()
    assert all(product in laid.products for product in laid.policies["policy.formulary"].ranking)
    made = plan(order("kawasaki_disease", child()), laid)
    assert "EMERGENCY: call 112." in patient_sheet(made, laid)
    left_out = {item.id for item in made.products_excluded if item.because[0].code == "not_on_formulary"}
    assert "panzyga-us" in left_out


ORDER = str(EXAMPLE.parent / "kawasaki.toml")


def test_the_command_prints_it_only_with_phones(command: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    def ungated(order: Order, site: str | None = None) -> Plan:
        """The planner alone: whether the verifier agrees is not asked here."""
        return plan(order, ivigil.load_knowledge(site))

    monkeypatch.setattr(ivigil, "plan", ungated)
    bare = command("plan", ORDER, "--patient-sheet")
    assert (bare.code, bare.out) == (2, "")
    assert "no patient sheet: the site's overlay gives no site.emergency_phone" in bare.err
    laid = command("plan", ORDER, "--patient-sheet", "--site", str(EXAMPLE))
    assert (laid.code, laid.err) == (0, "")
    assert "EMERGENCY: call 112." in laid.out
    assert max(map(len, laid.out.splitlines())) <= 80


def test_the_signature_shown_in_the_example_is_valid_toml() -> None:
    """The commented lines that a site copies are what an overlay reads."""
    lines = (EXAMPLE / "site.toml").read_text().splitlines()
    shown = [line.removeprefix("# ") for line in lines if line.startswith("# ")]
    start = shown.index("[[signature]]")
    records = tomllib.loads("\n".join(shown[start:]), parse_float=Decimal)["signature"]
    assert len(records) == 2
    assert set(records[0]) == {"fact", "fingerprint", "by", "role", "date"}
