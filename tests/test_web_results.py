"""Laboratory results typed on a page: read back, recorded once, and seen by whoever judges them."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid
from decimal import Decimal

import pytest
from msgspec.structs import replace

import ivigil
from ivigil.aftercare.happenings import ResultReceived
from ivigil.intake.result import quantity_of
from ivigil.web.pages.results import Typed
from tests.support.treated import centre, treated
from tests.support.web import Browser, Web

CREATININE = "measure.creatinine_umol_per_l"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    return centre(tmp_path_factory.mktemp("web"))


@pytest.fixture(scope="module")
def refused(web: Web) -> str:
    return treated(web, "P-R3")[0]


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def sent(web: Web, browser: Browser, stream: str, **typed: str) -> tuple[int, str, str]:
    """The answer to a form: status, words, and what was read back."""
    drawn = web.clock() - dt.timedelta(hours=2)
    data = {"day": f"{drawn:%Y-%m-%d}", "time": f"{drawn:%H:%M}", "id": str(uuid.uuid4())} | typed
    page = f"/patients/{stream}/results"
    answer = browser.post(page, data, form_at="/account")
    found = re.search(r'name="checked" value="([^"]+)"', answer.text)
    return answer.status_code, words(answer.text), html.unescape(found[1]) if found else ""


def recorded(web: Web, stream: str) -> list[ResultReceived]:
    return [each.body for each in web.journal.read(stream) if isinstance(each.body, ResultReceived)]


def test_a_result_is_read_back_in_the_other_unit_and_recorded_once(web: Web) -> None:
    stream, _ = treated(web, "P-R1")
    nurse, form = web.browser("nurse"), str(uuid.uuid4())
    typed = {"haemoglobin": "9.8 g/dL", "creatinine": "120", "id": form}
    status, told, checked = sent(web, nurse, stream, **typed)
    assert status == 200
    assert "98 g/L , typed as 9.8 g/dL" in told
    assert recorded(web, stream) == []
    for _ in range(2):
        assert sent(web, nurse, stream, **typed, checked=checked)[0] == 303
    assert [(each.measure, str(each.value)) for each in recorded(web, stream)] == [
        ("measure.haemoglobin_g_per_l", "98.0"),
        ("measure.creatinine_umol_per_l", "120"),
    ]
    assert "98 g/L" in words(nurse.get(f"/patients/{stream}/results").text)


def test_what_was_changed_after_the_reading_back_is_read_back_again(web: Web) -> None:
    stream, _ = treated(web, "P-R2")
    nurse = web.browser("nurse")
    _, _, checked = sent(web, nurse, stream, haemoglobin="98")
    status, told, _ = sent(web, nurse, stream, haemoglobin="89", checked=checked)
    assert status == 200
    assert "Nothing is recorded yet" in told
    assert recorded(web, stream) == []


@pytest.mark.parametrize(
    ("typed", "says"),
    [
        ({"haemoglobin": "9.8"}, "accepted: 15 to 260 g/L"),
        ({"haemoglobin": "<98"}, "Haemoglobin"),
        ({"creatinine": "1,2"}, "Creatinine"),
        ({"haemoglobin": "98 apples"}, "Haemoglobin"),
        ({"haemoglobin": "98", "time": ""}, "Drawn"),
        ({"haemoglobin": "98", "day": "2099-01-01"}, "Drawn"),
        ({}, "Nothing was typed"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_is_saved(
    web: Web, refused: str, typed: dict[str, str], says: str
) -> None:
    stream = refused
    status, told, checked = sent(web, web.browser("nurse"), stream, **typed)
    assert (status, checked) == (400, "")
    assert says in told
    assert recorded(web, stream) == []


def test_creatinine_is_typed_in_either_unit_and_kept_in_one(web: Web) -> None:
    """88.4 µmol/L are 1 mg/dL, as a table of units prints it."""
    stream, _ = treated(web, "P-R5")
    nurse = web.browser("nurse")
    drawn = web.clock() - dt.timedelta(hours=2)
    typed = {"creatinine": "1.5 mg/dL", "day": f"{drawn:%Y-%m-%d}", "time": f"{drawn:%H:%M}"}
    _, told, checked = sent(web, nurse, stream, **typed)
    assert "132.6 µmol/L , typed as 1.5 mg/dL" in told
    assert "= 1.5 mg/dL" in sent(web, nurse, stream, creatinine="132.6")[1]
    assert sent(web, nurse, stream, **typed, checked=checked)[0] == 303
    assert [each.value for each in recorded(web, stream)] == [Decimal("132.6")]


@pytest.mark.parametrize("written", ["1.5 10⁹/L", "1.5 10^9/L", "1500 /µL", "1.5 10³/µL"])
def test_a_unit_is_typed_as_the_page_shows_it(web: Web, refused: str, written: str) -> None:
    told = sent(web, web.browser("nurse"), refused, neutrophils=written)[1]
    assert "1.5 10⁹/L" in told


def test_a_factor_that_may_not_be_relied_on_converts_nothing() -> None:
    known = ivigil.load_knowledge()
    creatinine = next(each for each in known.facts.measure if each.id == CREATININE)
    assert quantity_of(creatinine, known).units == ("umol/L", "mg/dL")
    unread = replace(creatinine, other_units=(replace(creatinine.other_units[0], seen=False),))
    assert quantity_of(unread, known).units == ("umol/L",)


def test_the_laboratorys_own_limits_are_kept_and_shown_with_the_result(web: Web) -> None:
    stream, _ = treated(web, "P-R6")
    nurse = web.browser("nurse")
    typed = {
        "haemoglobin": "9.8 g/dL",
        "haemoglobin_from": "12",
        "haemoglobin_to": "16 g/dL",
        "sodium": "141",
        "sodium_to": "145",
    }
    _, told, _ = sent(web, nurse, stream, **typed)
    assert "; normal there: 120 to 160 g/L: BELOW" in told
    assert "; normal there: up to 145 mmol/L;" in told
    drawn = web.clock() - dt.timedelta(hours=2)
    day = {"day": f"{drawn:%Y-%m-%d}", "time": f"{drawn:%H:%M}"}
    _, _, checked = sent(web, nurse, stream, **typed, **day)
    assert sent(web, nurse, stream, **typed, **day, checked=checked)[0] == 303
    haemoglobin, sodium = recorded(web, stream)
    assert (haemoglobin.lower_normal, haemoglobin.upper_normal) == (Decimal(120), Decimal(160))
    assert (sodium.lower_normal, sodium.upper_normal) == (None, Decimal(145))
    assert "120 to 160 g/L: BELOW" in words(nurse.get(f"/patients/{stream}/results").text)


def test_limits_alone_or_turned_round_are_refused(web: Web, refused: str) -> None:
    nurse = web.browser("nurse")
    for typed, says in (
        ({"sodium_from": "135"}, "Sodium: normal limits without a result"),
        ({"sodium": "141", "sodium_from": "145", "sodium_to": "135"}, "accepted: from less to more"),
        ({"haemoglobin": "9.8 g/dL", "haemoglobin_from": "120"}, "Haemoglobin, normal from: "),
    ):
        status, told, checked = sent(web, nurse, refused, **typed)
        assert (status, checked) == (400, "")
        assert says in told


def test_what_is_typed_is_echoed_and_nothing_is_kept(web: Web) -> None:
    nurse = web.browser("nurse")
    before = web.journal.head().position
    sent_ = {"creatinine": "1.5 mg/dL", "haemoglobin": "98", "glucose": "much", "sodium": "9999"}
    told = nurse.post("/results/echo", sent_, form_at="/account").text
    said = dict(re.findall(r'id="echo-(\w+)"[^>]*>([^<]*)<', told))
    assert said["creatinine"] == "= 132.6 µmol/L"
    assert said["haemoglobin"] == "= 9.8 g/dL"
    assert {said[name] for name in ("glucose", "sodium", "tryptase")} == {""}
    assert web.journal.head().position == before


def test_a_pharmacist_reads_and_does_not_record(web: Web) -> None:
    stream, _ = treated(web, "P-R4")
    pharmacist = web.browser("pharmacist")
    assert pharmacist.get(f"/patients/{stream}/results").status_code == 200
    assert sent(web, pharmacist, stream, haemoglobin="98")[0] == 403


def test_the_form_has_a_field_for_everything_that_a_laboratory_measures() -> None:
    for measure in ivigil.load_knowledge().facts.measure:
        if measure.unit.endswith("/L"):
            name = measure.id.removeprefix("measure.").split("_")[0]
            assert {name, f"{name}_from", f"{name}_to"} <= set(Typed.__struct_fields__)
