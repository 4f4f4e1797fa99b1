"""Signing in at an OpenID Connect provider: over real requests to one on this machine, straight and bent."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Browser as Chromium

from ivigil.cli.main import BAD_INPUT
from ivigil.patient import Identifier
from ivigil.records.entrance import SignedInElsewhere, SubjectBound, SubjectRefused
from ivigil.records.trail import trail
from ivigil.web.settings import ProviderSettings, SettingsError, read_provider
from tests.support import provider as providers
from tests.support.centre import Centre
from tests.support.chromium import serving
from tests.support.provider import CLIENT, SECRET, Provider
from tests.support.web import PASSWORD, Browser, Web

NURSE, AUDITOR = "subject-of-nurse", "subject-of-auditor"
CHOSEN = "fictional words never put together"


@pytest.fixture
def provider() -> Iterator[Provider]:
    with providers.provider() as made:
        yield made


@pytest.fixture
def web(tmp_path: Path, provider: Provider) -> Web:
    return made(tmp_path, provider)


@pytest.fixture(scope="module")
def standing(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Web, Provider]]:
    """One application and provider for what changes neither."""
    with providers.provider() as provider:
        yield made(tmp_path_factory.mktemp("standing"), provider), provider


def made(folder: Path, provider: Provider, *, bound: bool = True, **settings: Any) -> Web:
    secret = folder / "client-secret"
    secret.write_text(f"{SECRET}\n")
    asked = ProviderSettings(
        issuer=provider.issuer, client_id=CLIENT, client_secret_file=str(secret), **settings
    )
    web = Web(folder, roles=("nurse", "auditor", "administrator"), provider=asked)
    if bound:
        bind(web, "nurse", NURSE)
    return web


def bind(web: Web, sign_in: str, subject: str) -> httpx.Response:
    found = web.door.desk.people.by_sign_in(sign_in)
    assert found
    page = f"/people/{found[0].id}"
    sent = {"subject": subject, "password": PASSWORD}
    return web.browser("administrator").post(f"{page}/subject", sent, form_at=page)


def coded(web: Web, sign_in: str, code: str) -> Browser:
    """Somebody who comes in by a one-time code, and chooses another password by it."""
    browser = web.browser()
    sent = {"sign_in": sign_in, "code": code, "new": CHOSEN, "again": CHOSEN}
    assert browser.post("/code", sent, form_at="/code").status_code == 303
    return browser


def code_of_the_command_line(web: Web, sign_in: str) -> str:
    place = ("--journal", web.settings.journal, "--secrets", str(web.settings.secrets))
    command = (sys.executable, "-m", "ivigil", "people", "code", sign_in, *place, "--by", "a test", "--json")
    made = subprocess.run(command, capture_output=True, text=True, check=True)
    code: str = json.loads(made.stdout)["code"]
    return code


def left(browser: Browser, next: str = "/account") -> str:
    """To the provider and through it; the address at which the browser is sent back to us."""
    away = browser.get(f"/sign-in/provider?next={next}")
    assert away.status_code == 303, away.text
    return httpx.get(away.headers["location"]).headers["location"]


def back(browser: Browser, address: str) -> httpx.Response:
    parts = urlsplit(address)
    return browser.get(f"{parts.path}?{parts.query}")


def refused(answer: httpx.Response, told: str, status: int = 403) -> None:
    assert answer.status_code == status
    assert told in answer.text
    assert answer.text.index(told) < answer.text.index("Sign in at ")
    assert "ivigil-session" not in answer.headers.get("set-cookie", "")


def test_a_person_whom_an_administrator_bound_comes_in(web: Web, provider: Provider) -> None:
    browser = web.browser()
    assert "Sign in at your organisation" in browser.get("/sign-in?next=/account").text
    answer = back(browser, left(browser))
    assert (answer.status_code, answer.headers["location"]) == (303, "/account")
    assert "nurse Example" in browser.get("/account").text
    assert (provider.asked["prompt"], provider.asked["max_age"]) == ("login", "0")
    (came,) = trail(web.journal, ("signed_in_elsewhere",), most=10)
    assert came.body == SignedInElsewhere(issuer=provider.issuer)
    browser.post("/sign-out", form_at="/account")
    assert browser.get("/account").headers["location"].startswith("/sign-in")


def test_two_people_come_in_as_themselves(web: Web, provider: Provider) -> None:
    bind(web, "auditor", AUDITOR)
    nurse, auditor = web.browser(), web.browser()
    one = left(nurse)
    provider.who = AUDITOR
    other = left(auditor)
    assert back(auditor, other).status_code == back(nurse, one).status_code == 303
    assert "nurse Example" in nurse.get("/account").text
    assert "auditor Example" in auditor.get("/account").text


def test_whom_nobody_is_bound_to_is_refused_plainly_and_stands_on_the_trail(
    web: Web, provider: Provider
) -> None:
    provider.who = "a stranger"
    browser = web.browser()
    refused(back(browser, left(browser)), "You are signed in there as a stranger")
    (seen,) = trail(web.journal, ("subject_refused",), most=10)
    assert seen.body == SubjectRefused(issuer=provider.issuer, claim="sub", subject="a stranger")
    assert "vouched for sub a stranger" in web.browser("auditor").get("/audit?what=sign-ins").text
    assert len(web.door.desk.people.all()) == 3


def test_whoever_has_no_way_in_any_more_is_refused(web: Web, provider: Provider) -> None:
    found, boss = (web.door.desk.people.by_sign_in(name) for name in ("nurse", "administrator"))
    assert found and boss
    web.door.desk.change(boss[0], found[0], found[0].roles, found[0].sites, active=False)
    browser = web.browser()
    refused(back(browser, left(browser)), "no way in any more")


@pytest.mark.parametrize(
    ("claims", "why"),
    [
        ({"nonce": "another"}, "invalid_claim"),
        ({"nonce": None}, "missing_claim"),
        ({"aud": "somebody else"}, "invalid_claim"),
        ({"aud": [CLIENT, "somebody else"]}, "azp"),
        ({"azp": "somebody else"}, "azp"),
        ({"iss": "https://elsewhere.example"}, "invalid_claim"),
        ({"exp": int(time.time()) - 120}, "expired_token"),
        ({"exp": None}, "missing_claim"),
        ({"iat": int(time.time()) + 3600}, "invalid"),
        ({"auth_time": int(time.time()) - 7200}, "auth_time"),
        ({"auth_time": None}, "missing_claim"),
        ({"sub": None}, "missing_claim"),
        ({"sub": 7}, "sub"),
    ],
)
def test_an_id_token_that_is_not_for_this_sign_in_lets_nobody_in(
    standing: tuple[Web, Provider], claims: dict[str, Any], why: str
) -> None:
    web, provider = standing
    browser = web.browser()
    provider.claims = claims
    answer = back(browser, left(browser))
    provider.claims = {}
    refused(answer, "cannot be trusted")
    assert why in answer.text


def test_a_token_signed_by_a_stranger_lets_nobody_in(web: Web, provider: Provider) -> None:
    provider.signs_with = providers.stranger()
    browser = web.browser()
    refused(back(browser, left(browser)), "bad_signature")


def test_a_new_key_of_the_provider_is_fetched(web: Web, provider: Provider) -> None:
    for _ in range(2):
        browser = web.browser()
        assert back(browser, left(browser)).status_code == 303
    assert provider.keys_read == 1
    provider.rotates()
    browser = web.browser()
    assert back(browser, left(browser)).status_code == 303
    assert provider.keys_read == 2


def test_another_state_another_browser_a_second_time_or_too_late_lets_nobody_in(
    web: Web, provider: Provider
) -> None:
    browser = web.browser()
    address = left(browser)
    state = parse_qs(urlsplit(address).query)["state"][0]
    refused(back(web.browser(), address), "another browser or too long ago", 400)
    refused(back(browser, address.replace(state, "another")), "another browser or too long ago", 400)
    refused(back(browser, address), "another browser or too long ago", 400)  # its cookie went with the first
    late = left(browser)
    web.clock.passes(minutes=11)
    refused(back(browser, late), "another browser or too long ago", 400)


def test_a_code_counts_once(web: Web, provider: Provider) -> None:
    browser = web.browser()
    address = left(browser)
    box = browser.http.cookies["ivigil-provider"]
    assert back(browser, address).status_code == 303
    browser.http.cookies.set("ivigil-provider", box)
    refused(back(browser, address), "did not let you in")


def test_without_the_provider_the_password_still_opens(web: Web, provider: Provider) -> None:
    browser = web.browser()
    provider.description = {"token_endpoint": "http://127.0.0.1:9/token"}
    refused(back(browser, left(browser)), "cannot be reached", 503)
    assert browser.sign_in("nurse").status_code == 303


def test_a_provider_that_is_down_is_told(tmp_path: Path) -> None:
    with providers.provider() as gone:
        web = made(tmp_path, gone)
    answer = web.browser().get("/sign-in/provider?next=/inbox")
    refused(answer, "Your organisation cannot be reached", 503)
    assert 'name="next" value="/inbox"' in answer.text
    assert "Sign in with your password, or try again" in answer.text
    assert "Nothing was saved" not in answer.text
    assert answer.headers["retry-after"] == "60"
    assert web.browser().sign_in("nurse").status_code == 303


def test_where_passwords_let_no_staff_in_they_sign_and_the_provider_lets_in(
    tmp_path: Path, provider: Provider
) -> None:
    web = made(tmp_path, provider, staff_passwords=False, bound=False)
    boss, nurse = (web.door.desk.people.by_sign_in(name) for name in ("administrator", "nurse"))
    assert boss and nurse
    web.door.desk.bind(boss[0], nurse[0], SubjectBound(issuer=provider.issuer, claim="sub", subject=NURSE))
    for password in (PASSWORD, "a wrong passphrase"):
        answer = web.browser().sign_in("nurse", password)
        refused(answer, "Passwords of staff sign and let nobody in", 400)
    browser = web.browser()
    assert back(browser, left(browser)).status_code == 303
    assert "It signs. It lets nobody in" in browser.get("/account").text
    assert web.door.desk.confirm(nurse[0], PASSWORD, "127.0.0.1")


def test_where_passwords_let_no_staff_in_patients_come_in_as_ever(tmp_path: Path, provider: Provider) -> None:
    web = made(tmp_path, provider, staff_passwords=False, bound=False)
    patient = web.patient(Identifier("urn:example", "OIDC-PATIENT-1"), web.door.site())
    web.admit("somebody", ("patient",), patient=patient)
    assert "Patients who have a password sign in here" in web.browser().get("/sign-in?next=/account").text
    assert "(staff)" not in web.browser().get("/sign-in?next=/me").text
    browser = web.browser()
    assert browser.sign_in("somebody", next="/me").headers["location"] == "/me"
    assert browser.get("/me").status_code == 200


def test_where_passwords_let_no_staff_in_a_code_from_the_command_line_opens_one_session(
    tmp_path: Path,
) -> None:
    with providers.provider() as gone:
        web = made(tmp_path, gone, staff_passwords=False, bound=False)
    answer = web.browser().get("/sign-in/provider")
    refused(answer, "is given a one-time code by an administrator", 503)
    nurse = coded(web, "nurse", code_of_the_command_line(web, "nurse"))
    assert nurse.get("/account").status_code == 200
    boss = web.door.desk.people.by_sign_in("administrator")
    assert boss
    browser = coded(web, "administrator", web.door.desk.issue_code("a test", boss[0]))
    assert "by one-time code alone: not bound" in browser.get("/people").text
    refused(web.browser().sign_in("nurse", CHOSEN), "let nobody in", 400)


def test_a_description_that_leads_elsewhere_or_in_the_open_is_not_followed(
    web: Web, provider: Provider
) -> None:
    browser = web.browser()
    for description in (
        {"issuer": "https://elsewhere.example"},
        {"jwks_uri": "http://elsewhere.example/keys"},
        {"token_endpoint": "file:///token"},
    ):
        provider.description = description
        refused(browser.get("/sign-in/provider"), "cannot be trusted")
    provider.description = {}
    assert browser.get("/sign-in/provider").status_code == 303


def test_one_name_at_the_provider_is_one_person(web: Web) -> None:
    assert "is bound to nurse Example" in bind(web, "auditor", NURSE).text
    answer = bind(web, "nurse", "")
    assert "Saved" in answer.text
    assert "Saved" in bind(web, "auditor", NURSE).text


def test_another_claim_is_another_name(tmp_path: Path, provider: Provider) -> None:
    web = made(tmp_path, provider, claim="preferred_username", single_sign_on=True)
    boss, nurse = (web.door.desk.people.by_sign_in(name) for name in ("administrator", "nurse"))
    assert boss and nurse
    web.door.desk.bind(boss[0], nurse[0], SubjectBound(issuer=provider.issuer, claim="sub", subject=NURSE))
    browser = web.browser()
    refused(back(browser, left(browser)), "preferred_username is missing")
    provider.claims = {"preferred_username": NURSE, "auth_time": None}
    refused(back(browser, left(browser)), "nobody here is bound")
    bind(web, "nurse", "n.example")
    provider.claims = {"preferred_username": "n.example", "auth_time": None}
    assert back(browser, left(browser)).status_code == 303
    assert "prompt" not in provider.asked


def test_who_has_no_password_here_cannot_sign_and_is_told(web: Web) -> None:
    new = web.door.desk.admit("a test", sign_in="new", name="New", roles=("nurse",), sites=(web.door.site(),))
    bind(web, "nurse", "")
    bind(web, "new", NURSE)
    browser = web.browser()
    assert back(browser, left(browser)).status_code == 303
    assert "Signatures and the PIN ask for one" in browser.get("/account").text
    assert not web.door.desk.confirm(new, "", "127.0.0.1")


def test_without_a_provider_there_is_no_such_way(tmp_path: Path) -> None:
    web = Web(tmp_path, roles=("nurse",))
    assert "Sign in at" not in web.browser().get("/sign-in").text
    assert web.browser().get("/sign-in/provider").status_code == 404
    assert web.browser().get("/sign-in/provider/back?code=a&state=b").status_code == 404


def test_in_a_real_browser(chromium: Chromium, web: Web) -> None:
    with serving(web.app) as address:
        context = chromium.new_context()
        page = context.new_page()
        page.goto(f"{address}/sign-in?next=/account")
        page.get_by_role("link", name="Sign in at your organisation").click()
        page.wait_for_url("**/account")
        assert "nurse Example" in page.inner_text("main")
        page.get_by_role("button", name="Sign out").first.click()  # the form token is one of this session
        page.wait_for_url("**/sign-in")
        context.close()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('issuer = "http://a.example"\nclient_id = "a"\nclient_secret_variable = "S"', "accepted: https"),
        ('issuer = "https://a.example"\nclient_id = "a"', "one of client_secret_file"),
        ('issuer = "https://a.example"\nclient_id = "a"\nclient_secret_file = "none"', "No such file"),
        ('issuer = "https://a.example"\nclient_id = "a"\nclient_secret_variable = "S"', "secret is empty"),
        ('issuer = "https://a.example"\nclient_id = "a"\nclient_secret = "s"', "client_secret"),
    ],
)
def test_settings_that_cannot_work_are_refused(centre: Centre, tmp_path: Path, text: str, told: str) -> None:
    file = tmp_path / "provider.toml"
    file.write_text(text)
    assert centre("serve", "--oidc", str(file)) == BAD_INPUT
    assert told in centre.err
    with pytest.raises(SettingsError):
        read_provider(str(file))
