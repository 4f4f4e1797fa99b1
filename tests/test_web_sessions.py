"""Signing in and staying in: sessions, time-outs, PIN, codes, wrong attempts, and what a restart keeps."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from litestar import get
from litestar.stores.file import FileStore

from ivigil.web import demo
from ivigil.web.access import passwords
from ivigil.web.access.throttle import NAME, PAIR, WINDOW, Throttle
from tests.support.web import PASSWORD, SITE, Browser, Web

NOON = dt.datetime(2026, 12, 7, 12, 0, tzinfo=dt.UTC)


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(tmp_path, roles=("nurse", "administrator"))


def signed_in(browser: Browser) -> bool:
    return browser.get("/account").status_code == 200


def with_pin(web: Web, pin: str = "907314") -> Browser:
    """A nurse's browser; the nurse has a PIN."""
    browser = web.browser("nurse")
    sent = {"pin_password": PASSWORD, "pin": pin, "pin_again": pin}
    assert browser.post("/account/pin", sent, form_at="/account").status_code == 303
    return browser


def test_a_token_that_was_there_before_the_sign_in_is_never_taken_over(web: Web) -> None:
    browser = web.browser()
    browser.http.cookies.set("ivigil-session", "planted-by-somebody")
    assert browser.sign_in("nurse").status_code == 303
    tokens = {cookie.value for cookie in browser.http.cookies.jar if cookie.name == "ivigil-session"}
    planted = web.browser()
    planted.http.cookies.set("ivigil-session", "planted-by-somebody")
    assert tokens != {"planted-by-somebody"}
    assert not signed_in(planted)


def test_each_sign_in_has_a_new_token_and_ends_the_browsers_old_one(web: Web) -> None:
    browser, old = web.browser("nurse"), web.browser()
    first = browser.session
    browser.post("/sign-in", {"sign_in": "nurse", "password": PASSWORD}, form_at="/account")
    assert browser.session not in ("", first)
    old.http.cookies.set("ivigil-session", first)
    assert not signed_in(old)


def test_a_copied_token_is_worth_nothing_after_sign_out(web: Web) -> None:
    browser, copy = web.browser("nurse"), web.browser()
    copy.http.cookies.set("ivigil-session", browser.session)
    assert signed_in(copy)
    assert browser.post("/sign-out", form_at="/account").headers["location"] == "/sign-in"
    assert not signed_in(browser)
    assert not signed_in(copy)


def test_sign_out_everywhere_ends_every_session_of_that_person_alone(web: Web) -> None:
    one, two, other = web.browser("nurse"), web.browser("nurse"), web.browser("administrator")
    one.post("/account/sign-out-everywhere", form_at="/account")
    assert [signed_in(browser) for browser in (one, two, other)] == [False, False, True]
    assert signed_in(web.browser("nurse"))


def test_a_new_password_ends_every_other_session(web: Web) -> None:
    one, two = web.browser("nurse"), web.browser("nurse")
    first = one.session
    sent = {"password": PASSWORD, "new": "another long phrase", "again": "another long phrase"}
    assert one.post("/account/password", sent, form_at="/account").status_code == 303
    assert one.session != first
    assert [signed_in(one), signed_in(two)] == [True, False]
    assert web.browser().sign_in("nurse").status_code == 400
    assert web.browser().sign_in("nurse", "another long phrase").status_code == 303


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"password": "wrong", "new": "another long phrase"}, "Your present password is wrong."),
        ({"password": PASSWORD, "new": "short"}, "has 5 characters; accepted: 12 or more"),
        ({"password": PASSWORD, "new": "aaaaaaaaaaaaaaaa"}, "repeats a few characters"),
        ({"password": PASSWORD, "new": "Nurse-Example 7"}, "is your name"),
        ({"password": PASSWORD, "new": "qwertyuiop123"}, "a password known from leaks"),
        ({"password": PASSWORD, "new": "another long phrase", "again": "other"}, "typed in two ways"),
    ],
)
def test_a_bad_new_password_is_refused_and_changes_nothing(web: Web, sent: dict[str, str], told: str) -> None:
    browser = web.browser("nurse")
    answer = browser.post("/account/password", {"again": sent["new"], **sent}, form_at="/account")
    assert answer.status_code == 400
    assert told in answer.text
    assert signed_in(web.browser("nurse"))


def test_without_a_touch_the_screen_locks_and_the_pin_opens_it(web: Web) -> None:
    browser = with_pin(web)
    web.clock.passes(minutes=10)
    locked = browser.get("/account")
    assert (locked.status_code, locked.headers["location"]) == (303, "/unlock?next=/account")
    assert browser.get("/inbox", **{"x-ivigil-part": "waiting"}).status_code == 423
    refused = browser.post("/account/sign-out-everywhere", form_at="/unlock")
    assert refused.status_code == 423
    opened = browser.post("/unlock", {"pin": "907314", "next": "/account"}, form_at="/unlock")
    assert opened.headers["location"] == "/account"
    assert signed_in(browser)


def test_without_a_pin_a_locked_screen_asks_for_the_password(web: Web) -> None:
    browser = web.browser("nurse")
    web.clock.passes(minutes=10)
    assert browser.get("/unlock?next=/board").headers["location"] == "/sign-in?next=/board"


def test_three_wrong_pins_end_the_session(web: Web) -> None:
    browser = with_pin(web)
    web.clock.passes(minutes=10)
    assert browser.post("/unlock", {"pin": "111111"}, form_at="/unlock").status_code == 400
    assert browser.post("/unlock", {"pin": "222222"}, form_at="/unlock").status_code == 400
    assert browser.post("/unlock", {"pin": "333333"}, form_at="/unlock").headers["location"] == "/sign-in"
    assert browser.get("/unlock").headers["location"].startswith("/sign-in")


def test_a_pin_neither_signs_in_nor_confirms(web: Web) -> None:
    browser = with_pin(web)
    assert web.browser().sign_in("nurse", "907314").status_code == 400
    sent = {"pin_password": "907314", "pin": "135790", "pin_again": "135790"}
    assert browser.post("/account/pin", sent, form_at="/account").status_code == 400


@pytest.mark.parametrize(
    ("password", "why"),
    [
        ("password1234", "known from leaks"),
        ("P@ssw0rd1234", "known from leaks"),
        ("qwertyuiop123", "known from leaks"),
        ("letmein123456", "known from leaks"),
        ("Summer2026!!", "known from leaks"),
        ("trustno1trustno1", "repeats"),
        ("abcdefghijklmnop", "a run of letters"),
        ("zaq12wsxcde34rfv", "known from leaks"),
        ("rfvbgtyhnmju", "a run of keys"),
        ("pharmacist12", "common words"),
        ("N.Fictional1", "built from your name"),
    ],
)
def test_known_and_easily_guessed_passwords_are_refused_with_the_reason(password: str, why: str) -> None:
    faults = passwords.password_faults(password, "nurse", "N. Fictional, nurse")
    assert any(why in fault for fault in faults), faults
    assert not any(password in fault for fault in faults)


@pytest.mark.parametrize(
    "password", [PASSWORD, demo.PASSWORD, "correct horse battery staple", "kX3-.vw9Qz,m"]
)
def test_what_nobody_would_guess_is_taken(password: str) -> None:
    assert not passwords.password_faults(password, "nurse", "N. Fictional, nurse")


def test_the_longest_password_is_judged_in_a_moment() -> None:
    started = time.perf_counter()
    passwords.password_faults(("4@8({[<369!|1$5+7%20" * 9)[: passwords.LONGEST])
    assert time.perf_counter() - started < 3


def test_a_weak_password_does_not_use_up_the_code(web: Web) -> None:
    person = web.door.desk.people.by_sign_in("nurse")
    assert person
    code = web.door.desk.issue_code("a test", person[0])
    sent = {"sign_in": "nurse", "code": code, "new": "password1234", "again": "password1234"}
    browser = web.browser()
    assert "known from leaks" in browser.post("/code", sent).text
    assert (
        browser.post("/code", sent | dict.fromkeys(("new", "again"), "a phrase of mine")).status_code == 303
    )


def test_whoever_has_no_code_makes_the_server_judge_no_password(web: Web) -> None:
    sent = {"sign_in": "nurse", "code": "wrong", "new": "password1234", "again": "password1234"}
    answer = web.browser().post("/code", sent)
    assert "Name or code is wrong" in answer.text
    assert "known from leaks" not in answer.text


@pytest.mark.parametrize(
    "pin", ["12345", "1234567890123", "123456", "987654", "111111", "12a456", "١٢٣٤٥٦", ""]
)
def test_a_weak_pin_is_refused(pin: str) -> None:
    assert passwords.pin_faults(pin)


def test_stopping_is_recorded_on_a_locked_screen_too(web: Web) -> None:
    for action in ("chair.stop", "chair.record"):
        web.app.register(get(f"/probe/{action}", needs=action, sync_to_thread=False)(_nothing))
    browser = web.browser("nurse")
    web.clock.passes(minutes=10)
    assert browser.get("/probe/chair.record").status_code == 303
    assert browser.get("/probe/chair.stop").status_code == 200
    assert browser.get("/probe/chair.record").status_code == 303, "a stop unlocks nothing"


def _nothing() -> str:
    return "let through"


def test_an_hour_without_a_touch_ends_the_session(web: Web) -> None:
    browser = with_pin(web)
    web.clock.passes(minutes=59, seconds=30)
    assert browser.get("/unlock").status_code == 200
    web.clock.passes(seconds=31)
    assert browser.get("/unlock").headers["location"].startswith("/sign-in")


def test_whoever_sends_a_form_after_the_end_is_told_that_nothing_was_saved(web: Web) -> None:
    browser = web.browser("nurse")
    token = browser.form_token("/account")
    web.clock.passes(hours=1)
    answer = browser.bare_post("/account/sign-out-everywhere", {"form_token": token})
    assert answer.status_code == 401
    assert "Nothing was saved." in answer.text


def test_a_live_page_that_asks_by_itself_is_nobodys_touch(web: Web) -> None:
    browser = web.browser("nurse")
    for _ in range(5):
        web.clock.passes(minutes=2)
        last = browser.get("/inbox", **{"x-ivigil-part": "waiting"})
    assert last.status_code == 423


def test_whatever_happens_a_session_ends_after_a_shift(web: Web) -> None:
    browser = web.browser("nurse")
    for _ in range(12 * 12 - 1):
        web.clock.passes(minutes=5)
        assert signed_in(browser)
    web.clock.passes(minutes=5)
    assert not signed_in(browser)


def test_wrong_attempts_are_read_five_times(web: Web) -> None:
    browser = web.browser()
    for _ in range(PAIR):
        assert "Name or password is wrong." in browser.sign_in("nurse", "wrong").text
    blocked = browser.sign_in("nurse")
    assert blocked.status_code == 400
    assert "The next one is read in 15 min." in blocked.text
    assert browser.sign_in("NURSE ").status_code == 400, "spelling the name otherwise helps nobody"
    assert web.browser().sign_in("administrator").status_code == 303
    web.clock.passes(minutes=15)
    assert browser.sign_in("nurse").status_code == 303


def test_an_unknown_name_is_told_and_throttled_like_a_wrong_password(web: Web) -> None:
    unknown, known = web.browser(), web.browser()
    strip = re.compile(r'value="[^"]*"')
    for _ in range(PAIR + 1):
        answers = [
            unknown.sign_in("nobody", "wrong phrase").text,
            known.sign_in("nurse", "wrong phrase").text,
        ]
        assert len({strip.sub("", text) for text in answers}) == 1


def test_a_name_cannot_be_locked_from_elsewhere_by_a_few_attempts() -> None:
    throttle = Throttle()
    for _ in range(PAIR):
        throttle.wrong("nurse", "10.0.0.9", NOON)
    assert throttle.wait("Nurse", "10.0.0.9", NOON) == WINDOW
    assert not throttle.wait("nurse", "10.0.0.10", NOON)
    for address in range(NAME):
        throttle.wrong("nurse", f"10.0.1.{address}", NOON)
    assert throttle.wait("nurse", "10.0.0.10", NOON) == WINDOW
    assert not throttle.wait("nurse", "10.0.0.10", NOON + WINDOW)


def test_somebody_is_admitted_by_a_code_that_counts_once(web: Web) -> None:
    boss = web.browser("administrator")
    sent = {
        "sign_in": "new", "name": "New Example", "roles": ["nurse", "pharmacist"], "sites": SITE,
        "password": PASSWORD,
    }  # fmt: skip
    page = boss.post("/people", sent, form_at="/account")
    assert page.status_code == 200
    found = re.search(r"[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3}", page.text)
    assert found
    chosen = {
        "sign_in": "New",
        "code": found[0].lower().replace("-", " "),
        "new": "a phrase of mine",
        "again": "a phrase of mine",
    }
    first = web.browser()
    assert first.post("/code", chosen).headers["location"] == "/"
    assert "pharmacist, nurse" in first.get("/account").text
    assert web.browser().post("/code", chosen).status_code == 400
    assert web.browser().sign_in("new", "a phrase of mine").status_code == 303


def test_a_code_voids_the_password_and_its_time_is_over_after_three_days(web: Web) -> None:
    nurse = web.browser("nurse")
    person = web.door.desk.people.by_sign_in("nurse")
    assert person
    code = web.door.desk.issue_code("a test", person[0])
    assert not signed_in(nurse)
    assert web.browser().sign_in("nurse").status_code == 400
    web.clock.passes(hours=72)
    late = {"sign_in": "nurse", "code": code, "new": "a phrase of mine", "again": "a phrase of mine"}
    assert web.browser().post("/code", late).status_code == 400


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"sign_in": "NURSE"}, "NURSE is taken"),
        ({"name": "nurse example"}, "nurse example is taken"),
        ({"name": "NurseExample"}, "NurseExample is taken"),
        ({"name": "Patient"}, "Patient is taken"),
        ({"roles": []}, "roles: none"),
        ({"roles": ["patient"]}, "roles: none"),
        ({"sites": ""}, "sites: none"),
        ({"sites": [SITE, "Any invented site"]}, "sites: &#39;Any invented site&#39;; accepted: "),
        ({"roles": ["nurse", "auditor"]}, "auditor stands alone"),
        ({"sign_in": ""}, "sign-in name: &#39;&#39;"),
        ({"password": "wrong"}, "Your password is wrong."),
    ],
)
def test_nobody_is_admitted_by_a_faulty_form(web: Web, sent: dict[str, object], told: str) -> None:
    right = {"sign_in": "new", "name": "New Example", "roles": "nurse", "sites": SITE, "password": PASSWORD}
    answer = web.browser("administrator").post("/people", right | sent, form_at="/account")
    assert answer.status_code == 400
    assert told in answer.text
    assert len(web.door.desk.people.all()) == 2


def test_other_roles_and_no_way_in_hold_at_once(web: Web) -> None:
    boss, nurse = web.browser("administrator"), web.browser("nurse")
    known = web.door.desk.people.by_sign_in("nurse")
    assert known
    path = f"/people/{known[0].id}"
    change = {"roles": "auditor", "sites": SITE, "active": "yes", "password": PASSWORD}
    assert "Saved." in boss.post(path, change, form_at="/account").text
    assert not signed_in(nurse)
    nurse = web.browser("nurse")
    assert [nurse.get("/board").status_code, nurse.get("/audit").status_code] == [403, 200]
    del change["active"]
    boss.post(path, change, form_at="/account")
    assert not signed_in(nurse)
    assert web.browser().sign_in("nurse").status_code == 400


def test_a_restart_keeps_people_roles_passwords_and_sessions(web: Web) -> None:
    web.admit("second", ("nurse", "pharmacist"))
    browser = web.browser("second")
    gone = web.browser("second")
    gone.post("/sign-out", form_at="/account")
    web.restarted()
    again, over = web.browser(), web.browser()
    again.http.cookies.update(browser.http.cookies)
    over.http.cookies.set("ivigil-session", gone.session or "x")
    assert "nurse, pharmacist" in again.get("/account").text
    assert not signed_in(over)
    assert web.browser("second").get("/board").status_code == 200


def test_a_session_that_another_version_wrote_is_over(web: Web) -> None:
    browser = web.browser("nurse")
    kept = FileStore(web.settings.sessions).set(browser.session, b'{"who": "nurse"}')
    with ThreadPoolExecutor(1) as elsewhere:  # a browser of another test may hold this thread's loop
        elsewhere.submit(asyncio.run, kept).result()
    assert not signed_in(browser)
    assert signed_in(web.browser("nurse"))


def test_neither_names_nor_passwords_nor_tokens_lie_readable_on_the_disk(web: Web, tmp_path: Path) -> None:
    browser = with_pin(web)
    web.browser().sign_in("a password typed as a name", "x")
    files = {path: path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert any(path.parent.name == "sessions" for path in files)
    for path, content in files.items():
        for secret in (PASSWORD, "907314", browser.session, "a password typed as a name", "$argon2"):
            assert secret.encode() not in content, path
        assert browser.session not in path.name
    assert (tmp_path / "sessions").stat().st_mode & 0o077 == 0


def test_passwords_are_argon2id_and_no_two_alike() -> None:
    one, two = passwords.hashed(PASSWORD), passwords.hashed(PASSWORD)
    assert one.startswith("$argon2id$")
    assert one != two
    assert passwords.matches(one, PASSWORD)
    assert not passwords.matches(one, PASSWORD + " ")
    assert not passwords.matches("", "")
    assert not passwords.matches("not a hash", PASSWORD)


def test_a_form_that_another_tab_made_stale_keeps_the_name_and_says_what_to_do(web: Web) -> None:
    """Two tabs were opened at once: each got a key, the later counts; the form of the first is sent."""
    browser = web.browser()
    stale = web.browser().form_token()
    browser.get("/sign-in")
    sent = {"form_token": stale, "sign_in": "nurse", "password": PASSWORD, "next": "/account"}
    asked = browser.bare_post("/sign-in", sent)
    assert asked.status_code == 400
    assert "Type your password once more" in asked.text
    assert 'value="nurse"' in asked.text
    assert PASSWORD not in asked.text
    found = re.search(r'name="form_token" value="(\w+)"', asked.text)
    assert found
    assert browser.bare_post("/sign-in", sent | {"form_token": found[1]}).headers["location"] == "/account"


def test_a_stale_form_from_another_site_is_refused_and_answers_nothing_of_it(web: Web) -> None:
    sent = {"sign_in": "nurse", "password": PASSWORD}
    answer = web.browser().bare_post("/sign-in", sent, **{"sec-fetch-site": "cross-site"})
    assert answer.status_code == 403
    assert "nurse" not in answer.text


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("/", {}),  # goes on to another page: no form is on it
        ("/static/none.css", {}),
        ("/sign-in", {"sec-fetch-mode": "cors"}),
        ("/sign-in", {"x-ivigil-part": "now"}),
        ("/board?part=board", {}),
    ],
)
def test_only_a_page_with_a_form_gives_the_browser_a_form_key(
    web: Web, path: str, headers: dict[str, str]
) -> None:
    browser = web.browser()
    assert "set-cookie" not in browser.get(path, **headers).headers
    assert "ivigil-form" in browser.get("/sign-in", **{"sec-fetch-mode": "navigate"}).headers["set-cookie"]
    assert "set-cookie" not in browser.get("/sign-in").headers
