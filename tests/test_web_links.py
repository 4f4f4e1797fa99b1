"""Private links: exchanged once, with a code, in time, revocably; every use recorded."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from ivigil.records.links import LinkMade, LinkRefused, LinkRevoked, LinkUsed, of_links
from ivigil.web.access.desk import Admitted, Refused
from ivigil.web.access.links import HOLDS, WRONG_CODES
from tests.support.treated import centre, inside, linked, treated
from tests.support.web import Browser, Web


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return centre(tmp_path)


@pytest.fixture
def stream(web: Web) -> str:
    return treated(web)[0]


def enter(web: Web, secret: str, code: str, browser: Browser | None = None) -> tuple[int, str]:
    """What comes of the form: status, and the page or where it leads."""
    answer = (browser or web.browser()).post("/in", {"secret": secret, "code": code}, form_at=f"/in/{secret}")
    return answer.status_code, answer.headers.get("location") or answer.text


def events(web: Web, stream: str) -> list[object]:
    return [record.body for record in web.journal.read(web.journal.stream(of_links(stream)))]


def another(code: str) -> str:
    """A code that is wrong."""
    return f"{(int(code) + 1) % 1_000_000:06d}"


def test_it_lets_in_once_and_every_try_is_on_record(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    assert enter(web, secret, code) == (303, "/me")
    status, page = enter(web, secret, code)
    assert status == 400
    assert "The code is wrong, or the link is no longer good." in page
    kinds = [type(body) for body in events(web, stream)]
    assert kinds == [LinkMade, LinkUsed, LinkRefused]
    assert events(web, stream)[-1] == LinkRefused(because="used")


def test_looking_at_it_uses_nothing_up(web: Web, stream: str) -> None:
    """Scanners of mail and previews of messages open every link."""
    secret, code = linked(web, stream)
    for _ in range(20):
        assert web.browser().get(f"/in/{secret}").status_code == 200
    assert enter(web, secret, code) == (303, "/me")


def test_a_code_may_be_typed_with_spaces(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    assert enter(web, secret, f" {code[:3]} {code[3:]} ") == (303, "/me")


def test_it_expires(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    web.clock.passes(seconds=HOLDS.total_seconds() + 1)
    assert enter(web, secret, code)[0] == 400
    assert events(web, stream)[-1] == LinkRefused(because="expired")


def test_a_new_link_takes_the_place_of_one_that_nobody_used(web: Web, stream: str) -> None:
    first, first_code = linked(web, stream)
    second, second_code = linked(web, stream)
    assert enter(web, first, first_code)[0] == 400
    assert enter(web, second, second_code) == (303, "/me")


def test_revoked_it_lets_nobody_in_and_throws_out_who_came_in_by_it(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    browser = web.browser()
    assert enter(web, secret, code, browser) == (303, "/me")
    password = "four fictional words here"
    chosen = browser.post("/me/way-back", {"new": password, "again": password}, form_at="/me/way-back")
    assert chosen.status_code == 303
    (link,) = web.door.links.of_patient(stream)
    person = web.door.desk.people.get(link.person)
    assert person
    nurse = web.browser("nurse")
    page = f"/patients/{stream}"
    assert nurse.post(f"{page}/link/revoke", {"link": link.id}, form_at=page).status_code == 303
    assert browser.get("/me").headers["location"].startswith("/sign-in")
    assert web.browser().sign_in(person[0].sign_in, password).status_code == 400
    assert any(isinstance(body, LinkRevoked) for body in events(web, stream))
    again, code = linked(web, stream)
    assert enter(web, again, code) == (303, "/me")


def test_five_wrong_codes_end_it_wherever_they_come_from(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    for number in range(WRONG_CODES):
        assert isinstance(web.door.links.exchange(secret, another(code), f"10.0.0.{number}"), Refused)
    assert isinstance(web.door.links.exchange(secret, code, "10.0.9.9"), Refused)
    assert events(web, stream)[-1] == LinkRefused(because="locked")
    web.restarted()
    assert isinstance(web.door.links.exchange(secret, code, "10.0.9.9"), Refused)


def test_guesses_at_the_same_moment_are_not_more_guesses(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    tries = [another(code)] * (WRONG_CODES * 3)
    with ThreadPoolExecutor(8) as pool:
        found = list(
            pool.map(lambda at: web.door.links.exchange(secret, at[1], f"10.1.0.{at[0]}"), enumerate(tries))
        )
    assert not any(isinstance(each, Admitted) for each in found)
    wrong = [body for body in events(web, stream) if body == LinkRefused(because="code")]
    assert len(wrong) == WRONG_CODES


def test_the_right_code_twice_at_the_same_moment_lets_in_once(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    other = Web.__new__(Web)
    other.__dict__.update(web.__dict__)
    other.restarted()  # a second process over the same journal
    doors = [web.door.links, other.door.links] * 4
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda at: at[1].exchange(secret, code, f"10.2.0.{at[0]}"), enumerate(doors)))
    assert sum(isinstance(each, Admitted) for each in found) == 1


def test_strangers_wait_after_many_wrong_links(web: Web) -> None:
    browser = web.browser()
    for number in range(50):
        web.door.links.exchange(f"no such link {number}", "000000", "testclient")
    answer = browser.post("/in", {"secret": "x" * 43, "code": "000000"}, form_at=f"/in/{'x' * 43}")
    assert answer.status_code == 400
    assert "Wait 15 minutes" in answer.text


def test_whoever_has_no_right_to_come_in_learns_nothing(web: Web, stream: str) -> None:
    """Wrong code, used link, unknown link: one page."""
    secret, code = linked(web, stream)
    wrong = enter(web, secret, another(code))[1]
    enter(web, secret, code)
    used, unknown = enter(web, secret, code)[1], enter(web, "y" * 43, code)[1]

    def bare(page: str) -> str:
        page = page.replace(secret, "S").replace("y" * 43, "S")
        return "".join(part for part in page.split('"') if len(part) != 64)

    assert bare(wrong) == bare(used) == bare(unknown)
    assert "Fictional Patient" not in wrong


def test_neither_secret_nor_code_is_kept(web: Web, stream: str) -> None:
    secret, code = linked(web, stream)
    written = "".join(repr(record) for record in web.journal.records())
    assert secret not in written
    assert f"'{code}'" not in written
    page = web.browser("nurse").get(f"/patients/{stream}").text
    assert secret not in page


def test_a_patient_makes_no_links(web: Web, stream: str) -> None:
    patient = inside(web, stream)
    assert patient.post(f"/patients/{stream}/link", form_at="/me").status_code == 403


def test_who_lost_their_password_is_given_a_code_by_who_looks_after_them(web: Web, stream: str) -> None:
    nurse, page = web.browser("nurse"), f"/patients/{stream}"
    assert "They lost their password" not in nurse.get(page).text
    assert nurse.post(f"{page}/code", form_at=page).status_code == 404
    patient = inside(web, stream)
    old, new = "four fictional words here", "five other words of fiction"
    patient.post("/me/way-back", {"new": old, "again": old}, form_at="/me/way-back")
    given = nurse.post(f"{page}/code", form_at=page).text
    code = re.search(r"[A-Z0-9]{4}(?:-[A-Z0-9]{4}){3}", given)
    account = web.door.links.account(stream)
    assert code and account
    assert account.sign_in in given
    assert "/code?next=/me" in given
    assert web.browser().sign_in(account.sign_in, old).status_code == 400
    sent = {"sign_in": account.sign_in, "code": code[0], "new": new, "again": new, "next": "/me"}
    assert web.browser().post("/code", sent).headers["location"] == "/me"
    assert web.browser("administrator").post(f"{page}/code", form_at="/account").status_code == 403
