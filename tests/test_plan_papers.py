"""The papers of a plan: what a pharmacist and a nurse look for stands on them, hostile text stays text."""

from __future__ import annotations

import datetime as dt
import io
import re
from decimal import Decimal
from pathlib import Path

import htpy as h
import msgspec
import pypdf
import pytest
from msgspec.structs import replace

from ivigil.course import Plan
from ivigil.individual import individualise
from ivigil.intake import read_order
from ivigil.knowledge import site
from ivigil.knowledge.store import Knowledge, load
from ivigil.order import Override
from ivigil.patient import Identifier
from ivigil.records.authorisation import Standing
from ivigil.release import checked_plan
from ivigil.sheets.calendar import calendar, visits
from ivigil.sheets.document import Document, NoDocumentError
from ivigil.sheets.document_text import document_sheet
from ivigil.sheets.downtime import downtime_sheet
from ivigil.sheets.patient import patient_document, patient_sheet
from ivigil.sheets.pdf import pdf
from ivigil.sheets.plan_document import plan_document, pump_card
from ivigil.sheets.terminal import console
from ivigil.sheets.wording import Wording
from ivigil.web.parts.plan import (
    care_part,
    days_part,
    dose_part,
    findings_part,
    gist,
    product_part,
    rates_part,
    standing_notice,
    taken_for_granted,
    timeline_part,
)
from tests.support import individual

DATE = dt.date(2026, 11, 23)
MADE = dt.datetime(2026, 11, 23, 9, tzinfo=dt.UTC)
HOSTILE = (
    "<script>alert(1)</script>\"'><img src=x onerror=alert(1)>",
    "#import sys; #panic() $ * _ @ref <label> = heading",
    "BEGIN:VEVENT X;Y,Z:\\n END:VCALENDAR",
    "=1+1",
)


@pytest.fixture(scope="module")
def knowledge() -> Knowledge:
    return site.overlay(load(), site.read(Path("examples/site")))


def planned(knowledge: Knowledge, name: str = "cidp") -> Plan:
    return checked_plan(read_order(f"examples/{name}.toml", load()), load())


def whole(document: Document) -> str:
    """Its text on lines without end, so that nothing is broken."""
    screen = console()
    screen.width = 100_000
    with screen.capture() as told:
        screen.print(document_sheet(document))
    return " ".join(told.get().split())


def test_the_plan_on_paper_says_dose_vials_steps_and_where_it_stands(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    text = whole(plan_document(Standing(plan=plan), DATE, knowledge))
    assert plan.dose is not None and plan.product is not None
    assert "to be prescribed" in text
    assert plan.order.patient.id.value in text
    assert plan.product.name in text
    for day in plan.days:
        assert f"Day {day.number} of {len(plan.days)}: {day.date}".upper() in text.upper()
        for vial in day.vials:
            assert f"{vial.count} x {vial.grams.normalize():f} g" in text


def test_a_released_plan_has_no_alarm_on_its_paper(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    assert plan_document(Standing(plan=plan, step="released"), DATE, knowledge).alert == ""


def test_the_downtime_sheet_has_what_a_nurse_needs_without_a_screen(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    text = whole(downtime_sheet(Standing(plan=plan, step="released"), 1, DATE, knowledge))
    day = plan.days[0]
    assert "1960-08-02" in text and "C-033" in text
    for step in day.steps:
        assert f"{step.start:%H:%M} – {step.end:%H:%M}" in text
    assert "EPINEPHRINE" in text and "0.5 mg" in text
    """Adult intramuscular dose, 0.01 mg/kg and at most 0.5 mg: 98.9 kg reaches the maximum."""
    assert "never faster than" in text
    assert knowledge.site.emergency_phone in text


def test_every_page_of_a_paper_bears_two_identifiers(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    standing = Standing(plan=plan, step="released")
    for document in (plan_document(standing, DATE, knowledge), downtime_sheet(standing, 1, DATE, knowledge)):
        pages = pypdf.PdfReader(io.BytesIO(pdf(document))).pages
        assert len(pages) > 1
        for page in pages:
            text = page.extract_text()
            assert "C-033" in text and "1960-08-02" in text


def test_a_day_that_the_plan_has_not_has_no_paper(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    with pytest.raises(NoDocumentError):
        pump_card(plan, len(plan.days) + 1, DATE, knowledge)
    with pytest.raises(NoDocumentError):
        downtime_sheet(Standing(plan=replace(plan, status="blocked")), 1, DATE, knowledge)


def test_the_pump_card_adds_up_to_the_day(knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    text = whole(pump_card(plan, 1, DATE, knowledge))
    total = sum((step.volume_ml for step in plan.days[0].steps), Decimal(0))
    assert total == plan.days[0].volume_ml
    assert "Rate mL/h" in text


@pytest.mark.parametrize("name", ["cidp", "kawasaki", "subcutaneous"])
def test_every_paper_is_an_accessible_pdf(name: str, knowledge: Knowledge) -> None:
    plan = planned(knowledge, name)
    standing = Standing(plan=plan, step="released")
    for document in (
        plan_document(standing, DATE, knowledge),
        downtime_sheet(standing, 1, DATE, knowledge),
        pump_card(plan, 1, DATE, knowledge),
        patient_document(plan, DATE, knowledge),
    ):
        made = pdf(document)
        assert made.startswith(b"%PDF") and b"/StructTreeRoot" in made and b"/MarkInfo" in made


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_stays_text_on_paper(text: str, knowledge: Knowledge) -> None:
    plan = planned(knowledge)
    order = replace(
        plan.order,
        patient=replace(plan.order.patient, id=Identifier("urn:example", text)),
        overrides=(Override("thrombosis_risk", text, "Dr Example"),),
    )
    standing = Standing(plan=replace(plan, order=order), step="released")
    for document in (plan_document(standing, DATE, knowledge), downtime_sheet(standing, 1, DATE, knowledge)):
        assert " ".join(text.split()) in whole(document)
        assert pdf(document).startswith(b"%PDF")
    assert text.encode() not in calendar(visits(replace(plan, order=order)), MADE, Wording(knowledge))


def test_the_patient_s_document_says_what_the_text_says(knowledge: Knowledge) -> None:
    plan = planned(knowledge, "kawasaki")
    document = whole(patient_document(plan, DATE, knowledge)).casefold()
    sheet = " ".join(patient_sheet(plan, knowledge).split()).casefold()
    missing = [word for word in set(sheet.split()) if word.strip("-.,:") not in document]
    assert not missing


def test_a_dose_that_was_sought_from_levels_shows_its_basis_on_paper() -> None:
    site_of_levels = individual.signed()
    sought = individualise(individual.order(), individual.levels(), site_of_levels)
    made = checked_plan(sought, site_of_levels)
    text = whole(plan_document(Standing(plan=made), DATE, site_of_levels))
    assert "Individual dose, sought from levels".upper() in text.upper()
    assert "25.4 g without levels" in text
    """0.4 g/kg x 63.5 kg, as ordered."""


def raw(document: Document) -> str:
    """Everything on a paper but its list of sources: fast, for it is not laid out."""
    return msgspec.json.encode(document.blocks).decode().partition('"title":"Sources"')[0]


@pytest.mark.parametrize("path", sorted(Path("examples").glob("*.toml")), ids=lambda path: path.stem)
def test_no_page_and_no_paper_of_a_plan_shows_a_code(path: Path) -> None:
    """No name_of_a_field, outside what a source is called and the ids of facts that open with a number."""
    knowledge = load()
    plan = checked_plan(read_order(path, knowledge), knowledge)
    shown = h.div[
        standing_notice(plan, knowledge),
        gist(plan, knowledge),
        findings_part(plan, knowledge),
        days_part(plan, knowledge),
        dose_part(plan, knowledge),
        product_part(plan, knowledge),
        rates_part(plan, knowledge),
        care_part(plan, knowledge),
        timeline_part(plan, knowledge),
        taken_for_granted(plan),
    ]
    page = re.sub(r"<[^>]+>", " ", re.sub(r'<div class="reason">.*?</div>', "", str(shown)))
    standing = Standing(plan=plan)
    papers = [plan_document(standing, DATE, knowledge)]
    if plan.days and plan.days[0].steps:
        papers += [pump_card(plan, 1, DATE, knowledge), downtime_sheet(standing, 1, DATE, knowledge)]
    text = " ".join([page, *(raw(paper) for paper in papers)])
    assert re.findall(r"\b[a-z0-9-]+(?:_[a-z0-9]+)+\b", text) == []
    assert "pooling allowed" not in text
    assert not re.search(rf"\b{plan.rates.schedule}\b" if plan.rates else "a^", text)
