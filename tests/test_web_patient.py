"""A patient's pages by direct requests: nobody else's record, nothing kept twice, nothing taken for well."""

from __future__ import annotations

import csv
import io
import json
import re
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
from litestar import Response
from litestar.exceptions import (
    ClientException,
    NotAuthorizedException,
    NotFoundException,
    TooManyRequestsException,
)
from litestar.testing import RequestFactory
from msgspec.structs import replace

import ivigil
from ivigil.aftercare.happenings import (
    CheckInAnswered,
    CheckInRead,
    DiaryEntry,
    Happened,
    ReportsSettled,
    SymptomsReported,
)
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.course import infusion_id
from ivigil.practice.aftermath import Case, latest, ours, standings
from ivigil.practice.entry import Author, Entry, draft
from ivigil.records.entrance import PatientRead, of_reads
from ivigil.records.errors import ConflictError, JournalUnavailableError
from ivigil.records.export import FORMULA
from ivigil.web import errors
from ivigil.web.access.guards import ForeignFormError
from ivigil.web.given import Asked
from tests.support.clinic import Clinic
from tests.support.orders import knowledge
from tests.support.treated import SITE_FOLDER, centre, inside, treated
from tests.support.web import SITE, Browser, Web

WRONG = "/me/wrong"
DANGER = tuple(symptom.id for symptom in knowledge().facts.symptom if symptom.ask_first and symptom.question)
OWN = ("/me", WRONG, "/me/diary", "/me/treatment", "/me/prepare", "/me/windows", "/me/papers", "/me/way-back")
TEAM = ("/board", "/people", "/audit", "/facts")
_HIDDEN = re.compile(r'<input type="hidden" name="([\w]+)" value="([^"]*)"')


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return centre(tmp_path)


@pytest.fixture
def stream(web: Web) -> str:
    return treated(web)[0]


def case(web: Web, stream: str) -> Case:
    known = ivigil.load_knowledge(str(SITE_FOLDER))
    found = latest(web.journal, stream, known, web.clock().astimezone(known.zone))
    assert found
    return found


def happened(web: Web, stream: str, kind: type) -> list[Happened]:
    return [each for each in case(web, stream).happened if isinstance(each.what, kind)]


def interview(page: str) -> dict[str, Any]:
    """What the form of an interview carries."""
    form = page[page.index('class="interview"') :]
    form = form[: form.index("</form>")]
    carried: dict[str, Any] = {}
    for name, value in _HIDDEN.findall(form):
        carried.setdefault(name, []).append(value)
    return carried


def go_on(browser: Browser, path: str, page: str, **answers: Any) -> httpx.Response:
    """Send the form of a page with answers."""
    return browser.bare_post(path, interview(page) | answers)


def said_no_to_danger(browser: Browser, path: str = WRONG) -> str:
    answer = go_on(browser, path, browser.get(path).text, send="none")
    assert answer.status_code == 200
    return answer.text


def reported(browser: Browser, words: str, **answers: Any) -> httpx.Response:
    """A report in own words, everything that is asked then left without an answer."""
    answer = go_on(browser, WRONG, said_no_to_danger(browser), words=words, send="told", **answers)
    while answer.status_code == 200:
        answer = go_on(browser, WRONG, answer.text)
    assert answer.status_code == 303
    return answer


# ---- who may see what


def test_a_patient_reaches_no_other_patient_and_no_page_of_the_team(web: Web, stream: str) -> None:
    other, plan = treated(web, "P-208", "Somebody Else")
    patient = inside(web, stream)
    for path in (
        *TEAM,
        f"/patients/{other}",
        f"/patients/{stream}",
        f"/board/{plan.id}-1",
        f"/glass/{other}",
    ):
        assert patient.get(path).status_code in (403, 404), path
    for path in ("contact", "link", "link/revoke"):
        assert patient.post(f"/patients/{stream}/{path}", form_at="/me").status_code == 403
    for path in OWN:
        page = patient.get(path)
        assert page.status_code == 200, path
        assert "Somebody Else" not in page.text
        assert other not in page.text


def test_an_answer_of_somebody_else_is_not_there(web: Web, stream: str) -> None:
    other, _ = treated(web, "P-208", "Somebody Else")
    theirs = reported(inside(web, other), "I have a rash").headers["location"]
    patient = inside(web, stream)
    assert patient.get(theirs).status_code == 404
    assert patient.get(f"/me/answers/{uuid.uuid4()}").status_code == 404


def test_staff_have_no_page_of_a_patient(web: Web) -> None:
    for role in ("nurse", "administrator"):
        browser = web.browser(role)
        assert {browser.get(path).status_code for path in OWN} <= {403, 404}


def test_every_read_is_on_record_and_moves_no_version(web: Web, stream: str) -> None:
    before = web.journal.version(stream)
    inside(web, stream).get("/me")
    web.browser("nurse").get(f"/patients/{stream}")
    reads = web.journal.read(web.journal.stream(of_reads(stream)))
    looked = {(each.author, each.body.action) for each in reads if isinstance(each.body, PatientRead)}
    assert {("patient", "patient.read"), ("nurse Example", "file.read")} <= looked
    assert web.journal.version(stream) == before


def test_no_address_holds_patient_data(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    for path in OWN:
        for link in re.findall(r'(?:href|action)="([^"]*)"', patient.get(path).text):
            assert not re.search(r"P-207|Fictional|symptom\.|1992", link), link


def test_the_team_finds_a_patient_by_a_part_of_the_name_and_each_one_shown_is_a_read(
    web: Web, stream: str
) -> None:
    treated(web, "P-208", "Somebody Else")
    nurse = web.browser("nurse")
    page = nurse.post("/patients", {"text": "fictional pat"}, form_at="/patients").text
    assert f'href="/patients/{stream}"' in page
    assert "Somebody Else" not in page
    reads = web.journal.read(web.journal.stream(of_reads(stream)))
    assert [each.body.action for each in reads if isinstance(each.body, PatientRead)] == ["file.find"]
    assert nurse.post("/patients", {"text": "P-"}, form_at="/patients").status_code == 400
    web.admit("elsewhere", ("nurse",), sites=("Another fictional site",))
    assert web.browser("elsewhere").get("/patients").status_code == 403
    assert inside(web, stream).get("/patients").status_code == 403


# ---- something is wrong


def test_the_emergency_line_stands_before_every_form(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    for path in OWN:
        page = patient.get(path).text
        assert page.index("In danger? Call 112 now") < page.index("<h1>") < page.index("<form"), path
        assert 'href="tel:112"' in page


def test_the_way_back_with_a_password_is_in_the_patient_s_language(web: Web, stream: str) -> None:
    web.admit("regreso", ("patient",), patient=stream)
    browser = web.browser()
    browser.http.cookies.set("ivigil-language", "es")
    page = browser.get("/sign-in?next=/me").text
    assert '<html lang="es">' in page
    assert "Nombre de usuario" in page and "Contraseña" in page
    for told in (*["El nombre o la contraseña no valen."] * 5, "Espere 15 minutos"):
        wrong = browser.sign_in("regreso", "wrong", next="/me")
        assert (wrong.status_code, told in wrong.text) == (400, True)
    sent = {"sign_in": "regreso", "password": "x", "next": "/me", "form_token": "0" * 64}
    assert "Esta página ya no valía." in browser.bare_post("/sign-in", sent).text
    web.clock.passes(minutes=16)
    assert browser.sign_in("regreso", next="/me").headers["location"] == "/me"


def test_a_one_time_code_is_asked_for_in_the_patient_s_language(web: Web, stream: str) -> None:
    person = web.admit("regreso", ("patient",), patient=stream)
    browser = web.browser()
    browser.http.cookies.set("ivigil-language", "es")
    assert 'href="/code?next=/me"' in browser.get("/sign-in?next=/me").text
    page = browser.get("/code?next=/me").text
    assert '<html lang="es">' in page and "Código que vale una vez" in page
    assert page.index("112") < page.index("<h1>")
    assert "[English]" not in page.split("<h1>")[1]
    sent = {"sign_in": "regreso", "code": "wrong", "next": "/me"} | dict.fromkeys(("new", "again"), "regreso")
    assert "no son iguales" in browser.post("/code", sent | {"again": "another"}).text
    assert "El nombre o el código no valen" in browser.post("/code", sent).text
    sent["code"] = web.door.desk.issue_code("a test", person)
    assert "demasiado fácil de adivinar" in browser.post("/code", sent).text
    chosen = sent | dict.fromkeys(("new", "again"), "four words nobody pairs")
    assert browser.post("/code", chosen).headers["location"] == "/me"
    assert browser.get("/me").status_code == 200


def test_the_emergency_line_stands_first_where_something_went_wrong_too(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    failed = (
        patient.get("/me/questions/99"),
        patient.get(f"/patients/{stream}"),
        patient.bare_post(WRONG, {"step": "nonsense"}),
        patient.get("/me/nothing-here"),
    )
    assert [answer.status_code for answer in failed] == [404, 403, 403, 404]
    web.clock.passes(hours=13)
    ended = patient.get("/me")
    assert ended.headers["location"] == "/sign-in?next=/me"
    for page in (*failed, patient.get("/sign-in?next=/me")):
        assert page.text.index("In danger? Call 112 now") < page.text.index("<h1>")
    assert "In danger?" not in web.browser().get("/sign-in").text


@pytest.mark.parametrize(
    ("told", "status", "says"),
    [
        (lambda asked: errors.http(asked, NotFoundException()), 404, "Esta página no existe."),
        (lambda asked: errors.http(asked, NotAuthorizedException()), 401, "Su sesión está cerrada."),
        (lambda asked: errors.http(asked, ForeignFormError("old")), 403, "Este formulario ya no vale"),
        (lambda asked: errors.http(asked, TooManyRequestsException()), 429, "Espere unos minutos"),
        (lambda asked: errors.http(asked, ClientException()), 400, "no se puede leer"),
        (lambda asked: errors.records(asked, ConflictError(1, 2)), 409, "Mire otra vez"),
        (lambda asked: errors.defect(asked, ValueError("SECRET")), 500, "No sabemos si se ha guardado."),
        (lambda asked: errors.records(asked, JournalUnavailableError("SECRET")), 503, "Do not wait for us"),
    ],
)
def test_what_went_wrong_is_told_in_the_patient_s_language(
    web: Web, told: Callable[[Asked], Response[str]], status: int, says: str
) -> None:
    """What to do (503) stays in English, marked, until the site signs its translation."""
    asked = RequestFactory(app=web.app).post("/me/wrong", cookies="ivigil-language=es")
    answer = told(asked)
    page = str(answer.content)
    assert (answer.status_code, says in page, "SECRET" in page) == (status, True, False)
    assert page.index("Call 112 now") < page.index("<h1>")
    assert "downtime" not in page


@pytest.mark.parametrize("symptom", DANGER)
def test_danger_is_answered_at_once_and_on_record(
    symptom: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    web, patient, stream = _shared(tmp_path_factory)
    if knowledge().by_id[symptom].age_months_below is not None:  # type: ignore[attr-defined]
        assert f'value="{symptom}"' not in patient.get(WRONG).text
        return
    answer = go_on(patient, WRONG, patient.get(WRONG).text, tick=[symptom], send="none")
    assert answer.status_code == 303  # a tick counts, whatever button it was
    shown = patient.get(answer.headers["location"]).text
    assert "EMERGENCY NOW" in shown
    assert "Call 112 now. Do not wait, do not drive yourself." in shown
    last = happened(web, stream, SymptomsReported)[-1].what
    assert isinstance(last, SymptomsReported)
    assert (last.report.present, last.report.absent) == ((symptom,), ())
    assert last.urgency == "emergency_now"


_made: list[tuple[Web, Browser, str]] = []


def _shared(folders: pytest.TempPathFactory) -> tuple[Web, Browser, str]:
    if not _made:
        web = centre(folders.mktemp("danger"))
        stream = treated(web)[0]
        _made.append((web, inside(web, stream), stream))
    return _made[0]


def test_nothing_ticked_is_no_answer(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    answer = go_on(patient, WRONG, patient.get(WRONG).text, send="ticked")
    assert answer.status_code == 200
    assert "Tick what is so." in answer.text
    empty = go_on(patient, WRONG, said_no_to_danger(patient), send="told")
    assert "Tick or write what is wrong." in empty.text
    assert happened(web, stream, SymptomsReported) == []


def test_own_words_are_confirmed_and_what_is_on_no_list_is_passed_on(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    words = "My neck is stiff. The cat looks odd."
    page = go_on(patient, WRONG, said_no_to_danger(patient), words=words, send="told").text
    assert "Is your neck stiff or sore to bend?" in page
    assert "This is not on our list." in page
    answer = go_on(patient, WRONG, page, **{"answer.symptom.stiff_neck": "no"})
    while answer.status_code == 200:
        answer = go_on(patient, WRONG, answer.text)
    (told,) = happened(web, stream, SymptomsReported)
    assert isinstance(told.what, SymptomsReported)
    assert "symptom.stiff_neck" in told.what.report.absent
    assert told.what.report.present == ()
    assert [text.casefold() for text in told.what.report.unmatched] == ["the cat looks odd"]
    assert told.what.urgency == "same_day"
    assert "CARE TODAY" in patient.get(answer.headers["location"]).text


def test_what_a_patient_writes_is_shown_to_both_as_it_was_written(web: Web, stream: str) -> None:
    """Also what no list knows, and what stood in a sentence that was understood."""
    patient = inside(web, stream)
    words = "My legs swell since I fell off a ladder and my dog bit me"
    path = reported(patient, words).headers["location"]
    assert f"“{words}”" in patient.get(path).text
    nurse = web.browser("nurse")
    for page in (f"/inbox/{case(web, stream).episode.infusion}", f"/patients/{stream}"):
        assert f"“{words}”" in nurse.get(page).text


def test_an_emergency_stands_on_every_page_until_the_team_has_settled_it(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    form = interview(patient.get(WRONG).text)
    first = patient.bare_post(WRONG, form | {"tick": ["symptom.wheezing"]}).headers["location"]
    noted = {"form_token": patient.form_token("/me/diary"), "temperature": "39.6", "pain": "6"}
    assert patient.bare_post("/me/diary", noted).status_code == 303
    for path in ("/me", WRONG, "/me/papers"):
        page = patient.get(path).text
        assert page.index("EMERGENCY NOW") < page.index("<h1"), path
        assert "CARE TODAY" not in page, path
    diary = patient.get("/me/diary").text
    assert diary.count("39.6 °C") == 1
    assert "Pain 6 of 10" in diary
    second = patient.get(reported(patient, "I ache and I am tired").headers["location"]).text
    assert "EMERGENCY NOW" in second
    assert "Wheezing" in second[second.index("We also count what you told us before") :]
    infusion = case(web, stream).episode.infusion
    nurse, inbox = web.browser("nurse"), f"/inbox/{infusion}"
    seen = dict(re.findall(r'name="(entry|seen)" value="([0-9a-f-]{36})"', nurse.get(inbox).text))
    nurse.post(f"{inbox}/settle", {"reason": "seen", **seen}, form_at=inbox)
    assert "EMERGENCY NOW" not in patient.get("/me").text
    assert "Your team has dealt with it." in patient.get(first).text
    page = patient.get("/me/diary").text
    assert "CARE TODAY" in page
    assert "Call today." in page
    assert "Take your temperature" not in page


def test_what_was_told_about_another_day_of_the_course_is_shown_to_both(tmp_path: Path) -> None:
    """Told about day 1, answered in the light of it after day 2."""
    web = Web(tmp_path)
    clinic = Clinic(web, "Carl Fictional")
    first, second = (infusion_id(clinic.plan.id, day) for day in (1, 2))
    told = SymptomReport(at=clinic.now, words="my old knee aches", unmatched=("my old knee aches",))
    entry = Entry(
        by=Author(name="N", site=SITE, device="a test"), occurred_at=clinic.now, device_at=clinic.now
    )
    body = SymptomsReported(report=told, urgency="same_day", facts=())
    web.journal.append([draft(entry, clinic.stream, body, first)])
    patient = inside(web, clinic.stream)
    form = interview(patient.get("/me/wrong").text)
    answer = patient.bare_post("/me/wrong", form | {"tick": ["symptom.wheezing"]}).headers["location"]
    page = patient.get(answer).text
    assert "my old knee aches" in page[page.index("We also count what you told us before") :]
    page = web.browser("nurse").get(f"/inbox/{second}").text
    assert "my old knee aches" in page[page.index("Counted with it: told about other days") :]
    web.clock.passes(minutes=1)
    later = web.clock().replace(microsecond=0)
    entry = replace(entry, occurred_at=later, device_at=later)
    web.journal.append([draft(entry, clinic.stream, ReportsSettled(reason="seen"), first)])
    assert "my old knee aches" in patient.get(answer).text, "as it stood when it was told"
    assert "told about other days" not in web.browser("nurse").get(f"/inbox/{second}").text


def test_words_of_a_headache_of_any_kind_are_not_lost(web: Web, stream: str) -> None:
    """A general word is on no list to tick, and still counts until it is answered no."""
    reported(inside(web, stream), "my head hurts")
    (told,) = happened(web, stream, SymptomsReported)
    assert isinstance(told.what, SymptomsReported)
    assert "symptom.headache" in told.what.report.present


def test_100_fahrenheit_is_a_fever(web: Web, stream: str) -> None:
    reported(inside(web, stream), "I am tired", temperature="100", unit="f")
    (told,) = happened(web, stream, SymptomsReported)
    assert isinstance(told.what, SymptomsReported)
    assert {name: str(value) for name, value in told.what.report.readings.items()} == {
        "measure.temperature_c": "37.8"
    }
    assert told.what.urgency == "same_day"


@pytest.mark.parametrize("written", ["hot", "384", "1.500", "-38", "12", "38.4.1"])
def test_a_temperature_that_is_none_is_asked_again(web: Web, stream: str, written: str) -> None:
    patient = inside(web, stream)
    answer = go_on(
        patient, WRONG, said_no_to_danger(patient), words="tired", temperature=written, send="told"
    )
    assert (answer.status_code, "The temperature was not read." in answer.text) == (200, True)
    assert ">tired</textarea>" in answer.text


def test_a_second_report_is_one_step_more_urgent(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    reported(patient, "I have a new rash")
    reported(patient, "it itches")
    urgencies = [each.what.urgency for each in happened(web, stream, SymptomsReported)]  # type: ignore[union-attr]
    assert urgencies == ["same_day", "emergency_now"]


def test_what_was_told_before_is_never_taken_back_by_silence(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    reported(patient, "I have a new rash")
    page = said_no_to_danger(patient)
    assert "Is this still so?" in page
    assert 'name="answer.symptom.rash"' in page
    assert 'value="symptom.rash"' not in page


def test_the_same_form_sent_twice_is_one_report_and_other_answers_are_another(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    form = interview(patient.get(WRONG).text)
    first = patient.bare_post(WRONG, form | {"tick": ["symptom.chest_pain"]})
    again = patient.bare_post(WRONG, form | {"tick": ["symptom.chest_pain"]})
    assert first.headers["location"] == again.headers["location"]
    assert len(happened(web, stream, SymptomsReported)) == 1
    other = patient.bare_post(WRONG, form | {"tick": ["symptom.fainting"]})
    assert other.headers["location"] != first.headers["location"]
    assert len(happened(web, stream, SymptomsReported)) == 2


@pytest.mark.parametrize(
    "sent",
    [
        {"step": "danger", "tick": ["symptom.invented"]},
        {"step": "rest", "yes": ["<script>"]},
        {"step": "nonsense"},
        {"step": "further", "asked": ["reaction.haemolysis"]},
        {"step": "words", "degrees": "NaN"},
        {},
    ],
)
def test_what_no_form_of_ours_sends_is_refused(web: Web, stream: str, sent: dict[str, Any]) -> None:
    patient = inside(web, stream)
    token = {"form_token": patient.form_token(WRONG)}
    assert patient.bare_post(WRONG, token | sent).status_code == 400
    assert happened(web, stream, SymptomsReported) == []


def test_own_words_are_text_wherever_they_are_shown(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    attack = '<script>alert(1)</script> <img src=x onerror="alert(1)">'
    answer = reported(patient, attack)
    team = web.browser("nurse").get(f"/patients/{stream}").text
    for page in (patient.get(answer.headers["location"]).text, team):
        assert "<script>alert" not in page
        assert "<img" not in page


def test_switched_off_only_the_numbers_are_shown(tmp_path: Path) -> None:
    site = tmp_path / "site"
    site.mkdir()
    text = (SITE_FOLDER / "site.toml").read_text()
    off = (
        '\n[[policy]]\nid = "policy.patient_triage"\ntext = "Off here"\nchoice = "off"\n'
        'cautious_because = "Nothing is judged."\nbasis = "synthesis"\nseen = false\n'
    )
    (site / "site.toml").write_text(text + off)
    web = centre(tmp_path, site)
    stream = treated(web)[0]
    patient = inside(web, stream)
    page = patient.get(WRONG).text
    assert "In danger? Call 112 now" in page
    assert "For anything else call the team: +44 20 7946 0123." in page
    assert 'class="interview"' not in page
    sent = patient.post(WRONG, {"step": "danger", "tick": "symptom.chest_pain"}, form_at=WRONG)
    assert sent.status_code == 303
    assert happened(web, stream, SymptomsReported) == []


# ---- check-ins and the diary


def test_a_check_in_is_opened_answered_and_clean_only_if_danger_was_asked(web: Web) -> None:
    stream, _ = treated(web, ended_hours_ago=50)
    patient = inside(web, stream)
    path = re.findall(r'href="(/me/questions/[^"]+)"', patient.get("/me").text)[0]
    page = said_no_to_danger(patient, path)
    assert len(happened(web, stream, CheckInRead)) == 1
    answer = go_on(patient, path, page, send="none")
    assert answer.status_code == 303
    assert "CARE AT HOME" in patient.get(answer.headers["location"]).text
    (told,) = happened(web, stream, CheckInAnswered)
    assert isinstance(told.what, CheckInAnswered)
    assert set(DANGER) - {"symptom.newborn_belly_signs"} <= set(told.what.report.absent)
    assert (told.what.taken_by, told.by) == ("patient", "patient")
    number = int(path.rsplit("/", 1)[1])
    assert standings(case(web, stream))[number - 1].state == "answered"
    assert path not in patient.get("/me").text


def test_a_check_in_whose_time_has_not_come_is_not_there(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    path = f"/me/questions/{case(web, stream).episode.infusion}"
    assert {patient.get(f"{path}/{n}").status_code for n in (0, 7, 99)} == {404}


def test_the_diary_is_kept_and_says_at_once_what_must_not_wait(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    page = patient.get("/me/diary").text
    assert not [name for name in DANGER if f'value="{name}"' in page]
    form = {"form_token": patient.form_token("/me/diary")}
    empty = patient.bare_post("/me/diary", form)
    assert (empty.status_code, "Nothing was noted." in empty.text) == (400, True)
    mild = {"tick": ["symptom.tiredness"], "temperature": "36,9", "pain": "3"}
    assert patient.bare_post("/me/diary", form | mild).status_code == 303
    (kept,) = happened(web, stream, DiaryEntry)
    assert isinstance(kept.what, DiaryEntry)
    assert {name: str(value) for name, value in kept.what.report.readings.items()} == {
        "measure.temperature_c": "36.9",
        "measure.pain_0_10": "3",
    }
    assert "CARE TODAY" not in patient.get("/me/diary").text
    assert happened(web, stream, SymptomsReported) == []
    dark = {"tick": ["symptom.dark_urine"]}
    answer = patient.get(patient.bare_post("/me/diary", form | dark).headers["location"]).text
    assert answer.index("CARE TODAY") < answer.index("Dark, red or brown urine")
    assert "Your team sees it in their list." in answer
    assert "CARE TODAY" in patient.get("/me/diary").text


def test_a_diary_entry_that_asks_for_care_today_waits_for_the_team_once(web: Web, stream: str) -> None:
    """With what lasts from earlier entries; written again it is no second call, settled and written again it
    is."""
    patient, nurse = inside(web, stream), web.browser("nurse")
    infusion = case(web, stream).episode.infusion
    inbox, path = f"/inbox/{infusion}", "/me/diary"
    form = {"form_token": patient.form_token(path)}
    patient.bare_post(path, form | {"tick": ["symptom.tiredness"]})
    assert "CARE TODAY" not in nurse.get("/inbox").text
    for _ in range(2):
        patient.bare_post(path, form | {"tick": ["symptom.dark_urine"], "temperature": "37.0"})
    assert "CARE TODAY" in nurse.get("/inbox").text
    (told,) = happened(web, stream, SymptomsReported)
    assert isinstance(told.what, SymptomsReported)
    assert told.what.urgency == "same_day"
    assert {"symptom.tiredness", "symptom.dark_urine"} <= set(told.what.report.present)
    page = nurse.get(inbox).text
    assert "CARE TODAY" in page
    assert "Call the patient and ask: what is not answered counts as danger." in page
    seen = dict(re.findall(r'name="(entry|seen)" value="([0-9a-f-]{36})"', page))
    nurse.post(f"{inbox}/settle", {"reason": "seen", **seen}, form_at=inbox)
    patient.bare_post(path, form | {"pain": "2"})
    assert len(happened(web, stream, SymptomsReported)) == 2
    assert case(web, stream).happened[-1].what.urgency == "same_day"  # type: ignore[union-attr]


# ---- what can be taken away


def test_the_export_is_whole_and_no_cell_is_a_formula(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    attack = "=HYPERLINK(1) and +1 and @x"
    reported(patient, attack)
    page = f"/patients/{stream}"
    bad = {"name": "=cmd|'/C calc'!A0", "phone": "@SUM(1)"}
    assert web.browser("nurse").post(f"{page}/contact", bad, form_at=page).status_code == 303
    events = json.loads(patient.get("/me/data.json").text)
    assert {each["stream"] for each in events if each["kind"] != "patient_read"} == {stream}
    assert {"plan_made", "started", "completed", "symptoms_reported", "patient_read"} <= {
        each["kind"] for each in events
    }
    rows = list(csv.reader(io.StringIO(patient.get("/me/data.csv").text, newline="")))
    assert len(rows) > 100
    for row in rows:
        for cell in row:
            assert not cell.startswith(FORMULA) or re.fullmatch(r"-?[0-9.]+", cell), cell
    assert any("'=cmd|" in cell for row in rows for cell in row)


def test_papers_are_made_and_a_name_that_is_missing_is_told(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    card = patient.post("/me/card", form_at="/me/papers")
    assert (card.headers["content-type"], card.content[:5]) == ("application/pdf", b"%PDF-")
    days = {"leaves": "2026-12-01", "returns": "2026-12-09"}
    letter = patient.post("/me/travel-letter", days, form_at="/me/papers")
    assert letter.content[:5] == b"%PDF-"
    turned = {"leaves": "2026-12-09", "returns": "2026-12-01"}
    for wrong in ({}, turned, {"leaves": "soon", "returns": "later"}):
        answer = patient.post("/me/travel-letter", wrong, form_at="/me/papers")
        assert (answer.status_code, 'role="alert"' in answer.text) == (400, True)
        assert all(f'value="{day}"' in answer.text for day in wrong.values())
    calendar = patient.get("/me/calendar.ics")
    assert calendar.headers["content-type"].startswith("text/calendar")
    assert not re.search("Privigen|globulin|Fictional|P-207", calendar.text)


def test_lots_and_windows_are_those_of_what_was_really_given(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    given = patient.get("/me/treatment").text
    _, state = ours(web.journal, stream)[-1]
    assert state.vials
    assert all(vial.lot in given for vial in state.vials)
    windows = patient.get("/me/windows").text
    assert "For you: not while this treatment goes on, unless we say so." in windows
    assert "measles, mumps and rubella" in windows


# ---- languages and words


@pytest.mark.parametrize(("language", "hello"), [("es", "Hola"), ("fr", "Bonjour")])
def test_urgent_text_stays_english_until_it_is_signed(
    web: Web, stream: str, language: str, hello: str
) -> None:
    patient = inside(web, stream)
    form = {"language": language, "next": "/me"}
    assert patient.post("/me/language", form, form_at="/me").status_code == 303
    page = patient.get("/me").text
    assert f'<html lang="{language}">' in page
    assert f"<h1>{hello}</h1>" in page
    assert "[English] In danger? Call 112 now" in page
    assert page.count("[English]") == page.count('<span lang="en">[English]') + page.count("[English] est")
    assert patient.post("/me/language", {"language": "xx"}, form_at="/me").status_code == 303
    assert '<html lang="en">' in patient.get("/me").text
