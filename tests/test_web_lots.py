"""Look-back by lot and the server's status, as pages: who may, what is read, what a spreadsheet opens."""

from __future__ import annotations

import csv
import io
import re
from typing import NamedTuple

import pytest
from playwright.sync_api import Browser as Chromium

import ivigil
from ivigil.course import Plan
from ivigil.practice.entry import Entry, draft
from ivigil.records import checkpoint
from ivigil.records.bodies import Contact, ReportMade
from ivigil.records.entrance import PatientRead
from ivigil.records.journal import system_clock
from ivigil.records.lookback import lots_of
from tests.support.chromium import WIDTHS, faults, serving, signed_in, too_wide
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.web import PASSWORD, SITE, Web


class Recall(NamedTuple):
    """A lot that one patient of this site got, whose name a spreadsheet would run."""

    web: Web
    ward: FictionalWard
    plan: Plan
    lot: str

    @property
    def stream(self) -> str:
        return self.ward.stream(self.plan)

    def reads(self) -> list[str]:
        found = self.web.journal.records()
        return [record.subject for record in found if isinstance(record.body, PatientRead)]


@pytest.fixture
def recall(tmp_path_factory: pytest.TempPathFactory) -> Recall:
    web = Web(tmp_path_factory.mktemp("web"))
    web.clock.ahead = NOW - system_clock()
    ward = FictionalWard(web.journal, SITE)
    plan = ward.played("SECRET-1", "Alva Lindberg", minutes_ago=420)
    contact = Contact(patient=plan.order.patient.id, name="=HYPERLINK(Alva) Lindberg", phone="+1 555 0100")
    entry = Entry(by=ward.cast.nurse, occurred_at=NOW, device_at=web.journal.clock())
    web.journal.append([draft(entry, ward.stream(plan), contact)])
    return Recall(web, ward, plan, lots_of(web.journal, ward.stream(plan))[0].lot)


def test_a_lot_is_found_however_it_is_typed_and_shows_initials_alone_which_is_a_read(recall: Recall) -> None:
    typed = f"%20{recall.lot.lower()[:3]}%20{recall.lot[3:]}"
    page = recall.web.browser("nurse").get(f"/lots?lot={typed}").text
    assert "1 patient" in page
    assert not any(word in page for word in ("SECRET", "Lindberg", "555 0100"))
    assert recall.reads() == [recall.stream]


def test_a_lot_that_nobody_got_says_so(recall: Recall) -> None:
    assert "given to nobody" in recall.web.browser("nurse").get("/lots?lot=NOT-A-LOT").text


def test_a_product_that_is_chosen_never_hides_who_got_the_number_as_another(recall: Recall) -> None:
    """A lot of one number under the wrong namesake: how many, and as what."""
    browser = recall.web.browser("nurse")
    page = browser.get(f"/lots?lot={recall.lot}&product=octagam-10-us").text
    given = lots_of(recall.web.journal, recall.stream)[0].product
    product = ivigil.load_knowledge().products[given]
    assert "as Octagam 10% (US, IV), " in page
    assert "given to nobody" in page
    assert "1 patient got a lot of this number as another product" in page
    assert (
        f"{product.name} ({product.jurisdiction}, {product.route}), {product.manufacturer}: 1 patient" in page
    )
    assert f'href="/lots?lot={recall.lot}"' in page
    same = browser.get(f"/lots?lot={recall.lot}&product={given}").text
    assert recall.stream in same
    assert "as another product" not in same


def test_products_to_choose_from_are_told_from_their_namesakes(recall: Recall) -> None:
    options = re.findall(r"<option[^>]*>([^<]*)</option>", recall.web.browser("nurse").get("/lots").text)
    assert len(options) == 1 + len(ivigil.load_knowledge().products)
    assert len(set(options)) == len(options)


def test_the_list_of_whom_to_call_runs_no_formula_and_every_patient_in_it_is_read(recall: Recall) -> None:
    answer = recall.web.browser("pharmacist").get(f"/lots/contacts.csv?lot={recall.lot}")
    assert answer.headers["content-disposition"] == 'attachment; filename="look-back.csv"'
    (row,) = csv.DictReader(io.StringIO(answer.text))
    assert row["name"] == "'=HYPERLINK(Alva) Lindberg"
    assert row["phone"] == "'+1 555 0100"
    assert row["lot"] == recall.lot
    assert recall.reads() == [recall.stream]


def test_a_patient_s_page_is_read_and_a_stranger_to_the_lot_is_not_found(recall: Recall) -> None:
    other = recall.ward.played("SECRET-2", "Bo Example", minutes_ago=420)
    browser = recall.web.browser("nurse")
    page = browser.get(f"/lots/{recall.stream}?lot={recall.lot}").text
    assert "+1 555 0100" in page
    assert recall.stream in recall.reads()
    assert browser.get(f"/lots/{recall.ward.stream(other)}?lot={recall.lot}").status_code == 404


def test_a_letter_is_written_and_recorded(recall: Recall) -> None:
    browser = recall.web.browser("nurse")
    path = f"/lots/{recall.stream}"
    sent = {"lot": recall.lot, "says": "Return unused vials.", "phone": "555 0199", "to": "patient"}
    at = f"{path}?lot={recall.lot}"
    missing = browser.post(f"{path}/letter", {**sent, "phone": ""}, form_at=at)
    assert missing.status_code == 400
    assert "a phone" in missing.text
    answer = browser.post(f"{path}/letter", sent, form_at=at)
    assert answer.content.startswith(b"%PDF")
    made = [each for each in recall.web.journal.read(recall.stream) if isinstance(each.body, ReportMade)]
    assert [(each.author, each.body.standard) for each in made if isinstance(each.body, ReportMade)] == [
        ("nurse Example", "look-back")
    ]


def test_a_site_traces_its_own_patients(recall: Recall) -> None:
    elsewhere = FictionalWard(recall.web.journal, "Another site")
    plan = elsewhere.played("SECRET-3", "Zoe Other", minutes_ago=420)
    lot = lots_of(recall.web.journal, elsewhere.stream(plan))[0].lot
    browser = recall.web.browser("nurse")
    assert "given to nobody" in browser.get(f"/lots?lot={lot}").text
    assert "Zoe" not in browser.get(f"/lots/contacts.csv?lot={lot}").text


# --- status


def test_the_status_tells_machines_what_it_tells_people(recall: Recall) -> None:
    browser = recall.web.browser("auditor")
    told = browser.get("/status.json").json()
    assert (told["verified_at"], told["sound"]) == (None, None)
    assert told["status"]["position"] == recall.web.journal.head().position
    assert {switch["policy"]: switch["on"] for switch in told["status"]["switches"]}[
        "policy.individual_dosing"
    ] is False
    assert "Not verified since this server started" in browser.get("/status").text


def test_an_auditor_verifies_the_journal_and_a_nurse_does_not(recall: Recall) -> None:
    nurse = recall.web.browser("nurse")
    assert "Verify the journal now" not in nurse.get("/status").text
    assert nurse.post("/status/verify", form_at="/account").status_code == 403
    auditor = recall.web.browser("auditor")
    assert auditor.post("/status/verify", form_at="/status").status_code == 303
    assert auditor.get("/status.json").json()["sound"] is True


def test_the_status_says_when_the_journal_s_end_was_last_signed(recall: Recall) -> None:
    browser = recall.web.browser("auditor")
    assert "never" in browser.get("/status").text
    made = checkpoint.take(recall.web.journal)
    assert browser.get("/status.json").json()["status"]["checkpoint_position"] == made.position


def test_lots_and_status_are_accessible_and_fit_every_width(recall: Recall, chromium: Chromium) -> None:
    with serving(recall.web.app) as address:
        context = chromium.new_context()
        page = signed_in(context, address, "nurse", PASSWORD)
        found = f"lot={recall.lot}"
        for path in ("/lots", f"/lots?{found}", f"/lots/{recall.stream}?{found}", "/status"):
            for width in WIDTHS.values():
                page.set_viewport_size({"width": width, "height": 900})
                page.goto(f"{address}{path}")
                assert not too_wide(page), (path, width)
            assert faults(page) == []
        context.close()
