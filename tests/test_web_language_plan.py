"""New plan, plan and the staff's papers go through the catalogue."""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pypdf
import pytest

from ivigil.individual import individualise
from ivigil.intake import read_order
from ivigil.intake.form import values_of
from ivigil.practice.authorising import add
from ivigil.practice.entry import Author, Entry
from ivigil.records.finding import plans
from ivigil.sheets.pdf import pdf
from ivigil.sheets.spoken import Language, speaking
from tests.support import individual
from tests.support.foreign import CODE, overlay, unsaid
from tests.support.orders import knowledge
from tests.support.web import PASSWORD, STAFF, Browser, Web
from tests.test_report_documents import PLAIN
from tests.test_web_plan import NEW, PREVIEW, WHOLE, added, signed

DATA = (
    *STAFF,
    *(f"{role} Example" for role in STAFF),
    "both Example",
    "urn:example",
    "Example Clinic (fictional)",
    "PDF",
    "in",
    "on",
    "total_dose_g_per_kg",
    "true",
)
"""People, places, naming systems; a unit and settings that are words too; a key of the order."""
HAZARD = "haemolysis_combined"
PAPERS = ("/papers/plan", "/days/1/pump-card", "/days/1/downtime")


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    folder = tmp_path_factory.mktemp("web")
    site = overlay(folder / "site", strict=True)
    shutil.copytree(individual.SITE, Path(site) / "dosing")
    made = Web(folder, site=site, language=CODE)
    made.admit("both", ("prescriber", "pharmacist"))
    yield made


@pytest.fixture(scope="module")
def prescriber(web: Web) -> Browser:
    return web.browser("prescriber")


def left(page: str, *data: str) -> list[str]:
    return unsaid(page, *DATA, *data)


def example(name: str) -> dict[str, str]:
    return values_of(read_order(f"examples/{name}.toml", knowledge()), knowledge())


def test_an_empty_form(web: Web, prescriber: Browser) -> None:
    assert left(prescriber.get(NEW).text, *known(web), "urn oid") == []


def known(web: Web) -> tuple[str, ...]:
    """The facts' version and the plans of all tests."""
    return (web.door.rules.now().version, *(each.subject for each in plans(web.journal)))


WRONG = (
    {"patient.weight_kg": "1.500", "condition": "kidp", "patient.sex": "", "days": "many"},
    {"patient.weight_kg": "218 kg", "patient.last_weight_kg": "60", "patient.birth_date": "1860-08-02"},
    {"total_dose_g": "500", "days": "30", "product": "Octagam", "jurisdiction": "EU"},
    {"total_dose_g": "", "total_dose_g_per_kg": "9", "days": "5", "patient.igg_g_per_l": "mist"},
    {"screening.prior_immunoglobulin_anaphylaxis": "present", "regimen": "none", "route": "SC"},
    {"condition": "chronic fatigue syndrome", "jurisdiction": "Mars", "supersedes": "XYZ"},
)


@pytest.mark.parametrize("wrong", WRONG, ids=str)
def test_a_form_with_faults(wrong: dict[str, str], web: Web, prescriber: Browser) -> None:
    values = WHOLE | wrong
    page = prescriber.post(NEW, values, form_at=NEW).text
    assert "«To be corrected:»" in page
    assert left(page, *wrong.values(), *known(web)) == []
    assert left(prescriber.post(PREVIEW, values, form_at=NEW).text, *wrong.values(), *known(web)) == []


@pytest.mark.parametrize("name", ["cidp", "subcutaneous"])
def test_a_plan_beside_its_form_and_on_paper(name: str, web: Web, prescriber: Browser) -> None:
    values = example(name)
    data = (*known(web), values["patient.id.value"])
    previewed = prescriber.post(PREVIEW, {**values, "compare": "1"}, form_at=NEW).text
    assert left(previewed, *data) == []
    path = str(prescriber.post(NEW, {**values, "do": "add"}, form_at=NEW).headers["location"])
    for page in ("", *PAPERS):
        assert left(prescriber.get(path + page).text, *data, *known(web)) == [], page


def test_a_plan_that_is_blocked(web: Web, prescriber: Browser) -> None:
    blocked = {"experience": "experienced", "screening.prior_immunoglobulin_anaphylaxis": "present"}
    page = prescriber.post(PREVIEW, WHOLE | blocked, form_at=NEW).text
    assert "«blocked: nothing may be given on this plan»" in page
    assert left(page, *known(web)) == []


def test_a_plan_at_each_step(web: Web, prescriber: Browser) -> None:
    overrides = {f"overrides__{HAZARD}__reason": "REASON"}
    path = added(prescriber, patient__id__value="L-1", **overrides)
    both, pharmacist = web.browser("both"), web.browser("pharmacist")
    pages = [web.browser("nurse").get(path)]
    pages.append(prescriber.post(f"{path}/prescribe", {"password": "wrong"}, form_at=path))
    pages.append(prescriber.post(f"{path}/release", {"password": PASSWORD}, form_at=path))
    assert signed(both, path, "prescribe") == 303
    pages.append(both.get(path))
    assert signed(pharmacist, path, "verify") == 303
    assert signed(prescriber, path, "release") == 303
    pages.append(prescriber.get(path))
    old = path.rpartition("/")[2]
    changed = added(prescriber, patient__id__value="L-1", days="2", supersedes=old, **overrides)
    pages.append(prescriber.get(changed))
    assert signed(prescriber, changed, "withdraw") == 303
    pages += [prescriber.get(changed), prescriber.get("/plans"), prescriber.get(f"{path}/days/9/pump-card")]
    data = (*known(web), "L-1", "REASON")
    for place, page in enumerate(pages):
        assert left(page.text, *data) == [], place


def test_a_dose_sought_from_levels(web: Web, prescriber: Browser) -> None:
    by = Author(name="Dr Example", site=web.door.site(), device="a test")
    now, rules = web.clock(), individual.signed()
    order = individualise(individual.order(), individual.levels(), rules)
    made = add(web.journal, order, rules, Entry(by=by, occurred_at=now, device_at=now)).plan
    data = (
        *known(web),
        rules.version,
        order.patient.id.value,
        rules.policies["policy.individual_dosing"].text,
    )
    for page in ("", "/papers/plan", "/change"):
        assert left(prescriber.get(f"/plans/{made.id}{page}").text, *data) == [], page


def test_the_files_of_a_plan_are_in_the_language(prescriber: Browser) -> None:
    path = added(prescriber, patient__id__value="L-2")
    assert b"SUMMARY:\xc2\xabAppointment\xc2\xbb" in prescriber.get(f"{path}/appointments.ics").content
    for paper in PAPERS:
        language, text = read(prescriber.get(f"{path}{paper}.pdf").content)
        assert language == CODE
        assert "«page »1« of »" in text


def read(made: bytes) -> tuple[str, str]:
    """The language of a PDF, and its first page."""
    reader = pypdf.PdfReader(io.BytesIO(made))
    root: Any = reader.trailer["/Root"]
    return root["/Lang"], reader.pages[0].extract_text()


def test_a_paper_in_english_numbers_its_pages_without_words() -> None:
    """A patient's, where the site speaks another language."""
    with speaking(Language(CODE, {"page {page} of {pages}": "not English"})):
        language, text = read(pdf(PLAIN))
    assert language == "en"
    assert "1 / 1" in text
