"""Laboratory results typed on a page: read back, recorded once, and seen by whoever judges them."""

from __future__ import annotations

import datetime as dt
import html
import re
import uuid

import pytest

import ivigil
from ivigil.aftercare.happenings import ResultReceived
from ivigil.web.pages.results import Typed
from tests.support.treated import centre, treated
from tests.support.web import Browser, Web


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


def test_a_pharmacist_reads_and_does_not_record(web: Web) -> None:
    stream, _ = treated(web, "P-R4")
    pharmacist = web.browser("pharmacist")
    assert pharmacist.get(f"/patients/{stream}/results").status_code == 200
    assert sent(web, pharmacist, stream, haemoglobin="98")[0] == 403


def test_the_form_has_a_field_for_everything_that_a_laboratory_measures() -> None:
    for measure in ivigil.load_knowledge().facts.measure:
        if measure.unit.endswith("/L"):
            assert measure.id.removeprefix("measure.").split("_")[0] in Typed.__struct_fields__
