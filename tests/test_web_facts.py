"""The fact base on its pages: drawers open, a record shows its evidence, products stand side by side."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

import ivigil
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import KINDS, all_facts
from ivigil.sheets import records
from ivigil.web.pages.facts import DRAWERS
from tests.support.web import Browser, Web

FACTS = tuple(all_facts(ivigil.load_knowledge().facts))
ONE_OF_A_KIND = tuple({type(fact): fact for fact in FACTS}.values())
WEAK = next(fact for fact in FACTS if fact.weak and not fact.replaced)


@pytest.fixture(scope="module")
def nurse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    yield Web(tmp_path_factory.mktemp("web")).browser("nurse")


def words(page: str) -> str:
    """What a page says, without its marks."""
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def test_every_kind_of_fact_has_a_drawer_and_an_empty_one_says_so(nurse: Browser) -> None:
    page = nurse.get("/facts").text
    of_facts = [kind for kind in KINDS if kind not in ("source", "jurisdiction")]
    assert [kind for kind in of_facts if f'href="/facts?kind={kind}"' not in page] == []
    assert "holds none of this kind" in nurse.get("/facts?kind=recall").text


CODE = re.compile(r"(?<![\w/.{])[A-Za-z0-9]+(?:_[A-Za-z0-9]+)+")
"""A word with an underscore in it, as no person writes one."""
FILE = "igg_kim_2006"
"""Of a published model: in the title of a document."""


def test_no_record_speaks_in_codes() -> None:
    """Every fact of the base: what it is called, its fields, its values and its line in a list."""
    known = ivigil.load_knowledge()
    raw: list[tuple[str, str]] = []
    for fact in FACTS:
        told = [records.called(fact, known), records.kind(fact), records.summary(fact, known)]
        for title, value in records.rows(fact, known):
            told += [title, *(records.plain((each,)) for each in value)]
        raw += [
            (fact.id, text)
            for text in told
            if (text in known.by_id and "." in text) or CODE.search(text.replace(FILE, ""))
        ]
    assert raw == []


@pytest.mark.parametrize(
    ("fact", "told"),
    [
        ("octagam-10-us", "Jurisdiction United States Route IV Form liquid Strength 10 g/100 mL"),
        ("octagam-10-us.property.sodium-mmol-per-l-max", "Sodium, at most < 30 mmol/L"),
        ("lab.galactomannan", "What immunoglobulin does false positive"),
        ("kim2007.verdict", "Our construct, not published: Kim 2007 recycling on two compartments"),
        ("kd_aha_initial", "Time of the infusion 10 to 12 h"),
        ("stop.default_spo2", "oxygen saturation by pulse oximetry < 92 %"),
        ("alyglo-us.schedule.pi", "Rate, at most 8 mg/kg/min"),
        ("hyqvia-10-eu.rate.under-40-next", "Weight, below 40 kg"),
        ("drug.epinephrine-im.adult", "Again after 5 to 15 min"),
        ("urgency.stated.multum.allergy", "What the source says get emergency help"),
    ],
)
def test_a_record_is_told_in_words_with_its_units(nurse: Browser, fact: str, told: str) -> None:
    assert told in words(nurse.get(f"/facts/{fact}").text)


def test_a_vaccine_lists_every_interval_with_dose_route_and_source(nurse: Browser) -> None:
    """MMR after replacement of 300 to 400 mg/kg: 8 months (ACIP table)."""
    page = nurse.get("/facts/vaccine.mmr")
    known = ivigil.load_knowledge()
    (mmr,) = [each for each in known.facts.vaccine if each.id == "vaccine.mmr"]
    rules = [
        each for each in known.facts.vaccine_interval if {mmr.id, *mmr.antigens}.intersection(each.covers)
    ]
    assert len(rules) > 10
    assert [each.id for each in rules if f'href="/facts/{each.id}"' not in page.text] == []
    assert [key for each in rules for key in each.sources if f'href="/sources/{key}"' not in page.text] == []
    told = words(page.text)
    at = told.index("vaccine-interval.us.igiv-replacement")
    assert re.search(r"0\.3 to 0\.4 g/kg IV .*? wait 8 months", told[at : at + 700])


def test_a_test_says_what_disturbs_it_and_a_panel_leads_there(nurse: Browser) -> None:
    page = nurse.get("/facts/lab.anti-hbc")
    assert 'href="/facts/lab-rule.six-weeks"' in page.text
    assert "6 weeks" in words(page.text)
    assert 'href="/facts/baseline-sample.hepatitis-b"' in page.text
    assert 'href="/facts/panel.haemolysis"' in nurse.get("/facts/reaction.haemolysis").text


@pytest.mark.parametrize("kind", [kind for kind, _ in DRAWERS])
def test_a_drawer_lists_everything_in_it(nurse: Browser, kind: str) -> None:
    page = nurse.get(f"/facts?kind={kind}")
    held = getattr(ivigil.load_knowledge().facts, kind)
    assert page.status_code == 200
    assert [fact.id for fact in held if f'href="/facts/{fact.id}"' not in page.text] == []


@pytest.mark.parametrize("fact", ONE_OF_A_KIND, ids=lambda fact: type(fact).__name__)
def test_a_record_shows_its_sources_and_where_it_was_read(nurse: Browser, fact: Fact) -> None:
    page = nurse.get(f"/facts/{fact.id}")
    assert page.status_code == 200
    told = words(page.text)
    assert fact.id in told
    assert all(f'href="/sources/{key}"' in page.text for key in fact.sources)
    assert f"Read in a source {'yes' if fact.seen else 'no'}" in told
    assert " ".join(fact.locator.split()) in told


def test_weak_evidence_says_that_it_permits_nothing(nurse: Browser) -> None:
    told = words(nurse.get(f"/facts/{WEAK.id}").text)
    assert "permits nothing before two people of a site have signed it" in told
    assert f'fact = "{WEAK.id}"' in told


def test_a_source_names_every_fact_that_cites_it(nurse: Browser) -> None:
    key = next(key for fact in FACTS for key in fact.sources)
    citing = {fact.id for fact in FACTS if key in fact.sources}
    page = nurse.get(f"/sources/{key}")
    assert page.status_code == 200
    assert len(re.findall(r'class="fact-id"', page.text)) == min(len(citing), 60)


def test_a_search_finds_by_words_and_says_when_it_finds_nothing(nurse: Browser) -> None:
    assert 'href="/facts/kawasaki_disease"' in nurse.get("/facts?q=Kawasaki+disease").text
    assert "Nothing has all of these words." in nurse.get("/facts?q=zzzz").text


@pytest.mark.parametrize("path", ["/facts/nothing", "/sources/nothing", "/facts/%3Cscript%3E"])
def test_what_is_not_there_is_said_without_repeating_it(nurse: Browser, path: str) -> None:
    page = nurse.get(path)
    assert page.status_code == 404
    assert "<script>" not in page.text


def test_what_was_searched_is_shown_as_text(nurse: Browser) -> None:
    page = nurse.get("/facts?q=%3Cimg+src%3Dx%3E%22").text
    assert "<img" not in page


def test_products_side_by_side_never_leave_a_cell_empty_that_nobody_read(nurse: Browser) -> None:
    told = words(nurse.get("/products?product=privigen-us&product=octagam-10-us").text)
    assert "Misleads glucose meter not seen yes" in told
    assert "Stabilisers l-proline maltose" in told


def test_all_that_are_ticked_are_compared_and_told_from_their_namesakes(nurse: Browser) -> None:
    ticked = ["privigen-us", "privigen-eu", "octagam-10-us", "octagam-5-us", "gamunex-c-us", "bivigam-us"]
    page = nurse.get("/products?" + "&".join(f"product={name}" for name in ticked)).text
    heads = re.findall(r'<th scope="col"[^>]*>([^<]*)</th>', page[: page.index("</thead>")])
    assert len(heads) == 1 + len(ticked)
    assert len(set(heads)) == len(heads)
    assert "Privigen 10% (US, IV)" in heads


def test_products_of_one_place_and_route(nurse: Browser) -> None:
    page = nurse.get("/products?place=US&route=SC").text
    of_us = [item for item in ivigil.load_knowledge().facts.product if item.jurisdiction == "US"]
    assert all((f'href="/facts/{item.id}"' in page) == (item.route == "SC") for item in of_us)
