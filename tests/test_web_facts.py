"""The fact base on its pages: drawers open, a record shows its evidence, products stand side by side."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator

import pytest

import ivigil
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.store import all_facts
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
    assert f"read in a source {'yes' if fact.seen else 'no'}" in told
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


def test_products_of_one_place_and_route(nurse: Browser) -> None:
    page = nurse.get("/products?place=US&route=SC").text
    of_us = [item for item in ivigil.load_knowledge().facts.product if item.jurisdiction == "US"]
    assert all((f'href="/facts/{item.id}"' in page) == (item.route == "SC") for item in of_us)
