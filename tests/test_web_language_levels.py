"""Levels, results, patients, facts, products and sign-off go through the catalogue."""

from __future__ import annotations

import datetime as dt
import re
import shutil
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from ivigil.knowledge.evidence import fingerprint
from ivigil.patient import Identifier
from ivigil.web.access.rules import ACTIONS
from tests.support.foreign import CODE, nothing_missed, overlay, unsaid
from tests.support.individual import SITE as DOSING
from tests.support.orders import knowledge
from tests.support.treated import SITE_FOLDER, inside, linked, treated
from tests.support.web import PASSWORD, STAFF, Browser, Web

DATA = (
    *STAFF,
    *(f"{role} Example" for role in STAFF),
    "Fictional Patient",
    "Example Hospital, Infusion Centre (fictional)",
    "urn:example",
    "translation.xx.staff",
    "NA",
    "i",  # the sign of a note
)
POLICY, ROUNDING, WEAK = "policy.check_in_wait", "policy.rounding", "qivigy-us.schedule.pi-first"


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    """A centre that speaks another language and seeks doses from levels."""
    folder = tmp_path_factory.mktemp("web")
    site = Path(overlay(folder / "site", strict=True))
    shutil.copy(SITE_FOLDER / "site.toml", site)
    dosing = (DOSING / "site.toml").read_text()
    (site / "dosing.toml").write_text(dosing[dosing.index("[[policy]]") :])
    return Web(folder, site=str(site), language=CODE)


@pytest.fixture(scope="module")
def person(web: Web) -> dict[str, Browser]:
    return {role: web.browser(role) for role in STAFF}


@pytest.fixture(autouse=True)
def all_of_it_is_in_the_catalogue() -> Iterator[None]:
    with nothing_missed():
        yield


def left(page: str, *data: str) -> list[str]:
    versions = re.findall(r"[0-9a-f]{16}\+[0-9a-f]{8}", page)
    return unsaid(page, *DATA, *ACTIONS, *versions, *data)


def frame(page: str) -> str:
    """A page without what a record of the fact base says itself; its states stay."""
    states = re.findall(r'<span class="state[^>]*>[^<]*</span>', page)
    page = re.sub(r'<a href="/(facts|sources)/[^"]+">.*?</a>', "", page, flags=re.DOTALL)
    page = re.sub(r"<(title|h1|dd|td|li|pre|code|cite)\b.*?</\1>", "", page, flags=re.DOTALL)
    return page + "".join(states)


def test_facts(web: Web, person: dict[str, Browser]) -> None:
    asked = ("", "?q=kawasaki", "?q=nothing+has+this", f"?q={WEAK}", "?kind=recall", "?kind=condition")
    one_of_each = {type(fact): fact.id for fact in knowledge().by_id.values()}.values()
    apart = [item.about[0] for item in knowledge().facts.disagreement[:3] if item.about]
    paths = [f"/facts{each}" for each in asked]
    paths += [f"/facts/{name}" for name in (*list(one_of_each)[::3], *apart)]
    sources = list(knowledge().sources.values())[:2]
    paths += [f"/sources/{each.id}" for each in sources]
    known = [f"({each.publisher}, {each.version})" for each in sources]
    for path in paths:
        page = person["nurse"].get(path).text
        assert left(frame(page), "kawasaki", "nothing has this", "fr", *known) == [], path


def test_products(web: Web, person: dict[str, Browser]) -> None:
    assert left(person["nurse"].get("/products").text) == []
    items = knowledge().facts.product
    for at in range(0, len(items), 4):
        beside = items[at : at + 4]
        said = [dose.text for item in beside for dose in item.subcutaneous_doses]
        runs = ["\n".join(said[low:high]) for low in range(len(said)) for high in range(low, len(said) + 1)]
        asked = "&".join(f"product={item.id}" for item in beside)
        page = person["nurse"].get(f"/products?{asked}").text
        for only in {each.applies_to for item in beside for each in item.properties} - {""}:
            page = page.replace(only, "")
        assert left(page, *said, *runs) == [], asked


def send(browser: Browser, fact: str, action: str, **sent: str) -> str:
    return browser.post(f"/facts/{fact}/{action}", {"password": PASSWORD, **sent}, form_at="/account").text


def test_sign_off(web: Web, person: dict[str, Browser]) -> None:
    mark = fingerprint(web.door.rules.now().by_id[WEAK])
    first, second = person["prescriber"], person["pharmacist"]
    reason = "Our protocol"
    seen = [first.get(f"/facts/{WEAK}").text, person["nurse"].get(f"/facts/{WEAK}").text]
    seen += [send(first, WEAK, "sign", mark=mark, password="wrong"), send(first, WEAK, "sign", mark="0" * 64)]
    seen += [
        send(first, WEAK, "withdraw", mark=mark),
        send(first, WEAK, "withdraw", mark=mark, reason=reason),
    ]
    send(first, WEAK, "sign", mark=mark)
    seen += [send(first, WEAK, "sign", mark=mark), first.get(f"/facts/{WEAK}").text]
    seen += [
        second.get("/sign-off").text,
        first.get("/sign-off?kind=Schedule").text,
        first.get("/sign-off?kind=x").text,
    ]
    send(second, WEAK, "sign", mark=mark)
    seen += [first.get(f"/facts/{WEAK}").text, second.get("/sign-off").text]
    send(first, WEAK, "withdraw", mark=mark, reason=reason)
    for policy, value in ((POLICY, {"number": "3"}), (ROUNDING, {"choice": "nearest"})):
        old = fingerprint(web.door.rules.now().by_id[policy])
        seen += [send(first, policy, "propose", mark=old, **value)]
        seen += [
            send(first, policy, "propose", mark=old, reason=reason, number=n, choice="x")
            for n in ("0", "9999", "x")
        ]
        send(first, policy, "propose", mark=old, reason=reason, **value)
        seen += [who.get(f"/facts/{policy}").text for who in (first, second, person["nurse"])]
        seen += [second.get("/sign-off").text]
        (proposed,) = web.door.rules.signed().proposed
        send(second, policy, "sign", mark=fingerprint(proposed.policy))
        seen += [first.get(f"/facts/{policy}").text]
    for page in seen:
        assert left(frame(page), reason, "9999", "nearest") == []


def test_patients(web: Web, person: dict[str, Browser]) -> None:
    stream, plan = treated(web, "P-LA1", ended_hours_ago=3)
    nurse, path = person["nurse"], f"/patients/{stream}"
    patient = inside(web, stream)
    form = {"form_token": patient.form_token("/me/diary")}
    patient.bare_post("/me/diary", form | {"tick": ["symptom.dark_urine"], "temperature": "36.9"})
    linked(web, stream)
    seen = [nurse.get("/patients").text]
    seen += [nurse.post("/patients", {"text": text}).text for text in ("a", "fictional", "nobody at all")]
    seen += [nurse.post(f"{path}/contact", {"name": "", "phone": "1\n2"}, form_at=path).text]
    seen += [nurse.post(f"{path}/link", form_at=path).text]
    seen += [person[who].get(path).text for who in ("nurse", "prescriber", "pharmacist")]
    for page in seen:
        data = re.findall(r"SIM\d+|http:[^<]+|patient-\w+|(?<=<q lang=.en.>)[^<]+", page)
        assert left(page, *data, "P-LA1", "P-LA1 (urn:example)", r"'1\n2'", plan.id, "nobody at all") == []


def test_results(web: Web, person: dict[str, Browser]) -> None:
    stream, _ = treated(web, "P-LA2", ended_hours_ago=3)
    path, nurse = f"/patients/{stream}/results", person["nurse"]
    drawn = web.clock() - dt.timedelta(hours=2)
    when = {"day": f"{drawn:%Y-%m-%d}", "time": f"{drawn:%H:%M}", "id": str(uuid.uuid4())}
    seen = [nurse.get(path).text, nurse.post(path, {}, form_at=path).text]
    typed = {**when, "haemoglobin": "9.8 g/dL", "haemoglobin_to": "16", "creatinine": "120"}
    seen += [nurse.post(path, {**typed, "creatinine_from": "140"}, form_at=path).text]
    checked = re.search(r'name="checked" value="([^"]+)"', seen[-1])
    assert checked
    nurse.post(path, {**typed, "creatinine_from": "140", "checked": checked[1]}, form_at=path)
    seen += [nurse.post(path, {**when, "sodium_to": "1"}, form_at=path).text, nurse.get(path).text]
    for page in seen:
        assert left(page, "P-LA2") == []


def record(browser: Browser, path: str, level: dict[str, str], seen: list[str]) -> None:
    """A level, checked and recorded."""
    seen += [browser.post(path, level, form_at="/account").text]
    sent = dict(re.findall(r'type="hidden" name="(id|checked)" value="([^"]*)"', seen[-1]))
    assert browser.post(path, level | sent, form_at="/account").status_code == 303


def test_levels(web: Web, person: dict[str, Browser]) -> None:
    stream, _ = treated(web, "P-LA3", ended_hours_ago=3)
    path, prescriber = f"/patients/{stream}/levels", person["prescriber"]
    seen = [prescriber.post(path, {"igg": "x", "taken": "2099-01-01"}, form_at="/account").text]
    seen += [prescriber.post(f"{path}/before", {"mark": "0"}, form_at="/account").text]
    listed = re.search(r'name="mark" value="(\w+)"', seen[-1])
    assert listed
    prescriber.post(f"{path}/before", {"mark": listed[1]}, form_at="/account")
    day = web.clock() - dt.timedelta(days=10)
    level = {"igg": "9.9 g/L", "taken": f"{day:%Y-%m-%d}T08:00+00:00"}
    record(prescriber, path, level, seen)
    seen += [prescriber.get(f"{path}?target=9&way=SC&late=1").text]
    assert "proposed»" in seen[-1]
    (event,) = set(re.findall(r'name="event" value="([^"]+)"', seen[-1]))
    for days, igg in ((9, "25 g/L"), (8, "2 g/L")):
        day = web.clock() - dt.timedelta(days=days)
        record(prescriber, path, {"igg": igg, "taken": f"{day:%Y-%m-%d}T08:00+00:00"}, seen)
    seen += [prescriber.get(f"{path}?grams=x&interval=2.5").text]
    seen += [prescriber.get(f"{path}?target=9&each=yes").text]
    assert "MISFIT" in seen[-1]
    prescriber.post(f"{path}/back", {"event": event, "reason": ""}, form_at="/account")
    seen += [prescriber.get(f"{path}?way=IV&interval=1").text]
    untreated = web.patient(Identifier("urn:example", "P-LA4"), web.door.site())
    seen += [prescriber.get(f"/patients/{untreated}/levels").text]
    assert "«No dose of this patient" in seen[-1]
    for page in seen:
        assert left(page, "P-LA3", "P-LA4") == []
