"""The shell: one document around every page, the same headers on every answer, errors that tell nothing."""

from __future__ import annotations

import datetime as dt
import logging
import re
from decimal import Decimal
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx
import pytest

from ivigil.patient import Identifier
from ivigil.records.verify import verify
from ivigil.web.build import BUILD
from ivigil.web.headers import HEADERS
from ivigil.web.parts import field
from ivigil.web.parts.chart import chart
from ivigil.web.parts.notice import notice
from ivigil.web.parts.number import number
from ivigil.web.parts.source import source
from ivigil.web.parts.stamp import drawn, stamp
from ivigil.web.parts.table import table
from ivigil.web.shell import static
from tests.support.postgres import running
from tests.support.treated import centre
from tests.support.web import Web


def test_a_nurse_signs_in_and_sees_the_board(web: Web) -> None:
    browser = web.browser()
    answer = browser.sign_in("nurse", next="/board")
    assert (answer.status_code, answer.headers["location"]) == (303, "/board")
    page = browser.get("/board")
    assert page.status_code == 200
    assert "<h1>Board</h1>" in page.text
    assert "Nobody is waiting." in page.text


def test_a_live_part_comes_alone(web: Web) -> None:
    browser = web.browser("nurse")
    alone = browser.get("/board", **{"x-ivigil-part": "infusions"})
    assert alone.text.startswith('<section class="live" id="infusions"')
    assert browser.get("/board?part=infusions").text.startswith('<section class="live" id="infusions"')


@pytest.mark.parametrize("path", ["/plans/new", "/board", static("base.css"), static("chair.js")])
def test_what_a_phone_fetches_is_compressed_if_it_reads_that(web: Web, path: str) -> None:
    browser = web.browser("prescriber")
    packed = browser.get(path, **{"accept-encoding": "gzip"})
    plain = browser.get(path, **{"accept-encoding": "identity"})
    assert (packed.headers.get("content-encoding"), plain.headers.get("content-encoding")) == ("gzip", None)
    assert "accept-encoding" in packed.headers["vary"].lower()
    assert {name: packed.headers.get(name) for name in HEADERS} == HEADERS
    assert packed.num_bytes_downloaded < len(plain.content) / 2
    made = re.compile(r'data-made="[^"]*"|[0-9a-f-]{36}|form_token" value="[0-9a-f]*"|\d\d:\d\d(:\d\d)?')
    assert made.sub("", packed.text) == made.sub("", plain.text)


@pytest.mark.parametrize(
    "path",
    ["/sign-in", "/board", "/nothing-here", static("base.css"), static("nothing.css"), "/account?done=1"],
)
def test_every_answer_carries_the_headers(web: Web, path: str) -> None:
    for browser in (web.browser(), web.browser("nurse")):
        answer = browser.get(path)
        assert {name: answer.headers.get(name) for name in HEADERS} == HEADERS
        if answer.status_code == 200 and path.startswith("/static/"):
            assert "immutable" in answer.headers["cache-control"]
        else:
            assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["base.css", "chair.js"])
def test_a_page_of_another_version_finds_its_files(web: Web, name: str) -> None:
    """It was made by a server that was replaced before the browser asked for them."""
    answer = web.browser().get(f"/static/0123456789ab/{name}")
    assert (answer.status_code, answer.headers["location"]) == (307, static(name))
    assert answer.headers["cache-control"] == "no-store"
    for wrong in ("nothing.css", "../shell.py", "%2e%2e/shell.py", ""):
        assert web.browser().get(f"/static/0123456789ab/{wrong}").status_code == 404


def test_every_answer_and_every_page_names_the_version_that_made_it(web: Web) -> None:
    nurse = web.browser("nurse")
    for path in ("/board", "/chair/offline", static("live.js"), "/nothing-here", "/board?part=infusions"):
        assert nurse.get(path).headers["x-ivigil-build"] == BUILD
    assert f'<meta name="build" content="{BUILD}">' in nurse.get("/board").text
    assert static("live.js").split("/")[2] == BUILD


def test_the_policy_allows_nothing_foreign_and_nothing_inline() -> None:
    policy = HEADERS["content-security-policy"]
    assert "unsafe" not in policy
    assert "http" not in policy
    assert "*" not in policy
    assert "frame-ancestors 'none'" in policy


@pytest.mark.parametrize("path", ["/sign-in", "/code", "/account", "/board", "/nothing-here"])
def test_no_page_has_inline_script_or_style_or_a_foreign_address(web: Web, path: str) -> None:
    text = web.browser("nurse").get(path).text
    assert not re.search(r"<script(?![^>]*\bsrc=)", text)
    assert "<style" not in text
    assert not re.search(r"\sstyle=|\son[a-z]+=", text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', text)


def test_cookies_cannot_be_read_by_a_script_or_sent_by_another_site(web: Web) -> None:
    answer = web.browser().sign_in("nurse")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all("HttpOnly" in cookie and "SameSite" in cookie and "Path=/" in cookie for cookie in cookies)


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8080", "127.0.0.1.evil.example", "", "localhost@x"]
)
def test_a_foreign_host_is_refused(web: Web, host: str) -> None:
    answer = web.browser().get("/sign-in", host=host)
    assert answer.status_code == 400


@pytest.mark.parametrize("host", ["localhost", "localhost:8080", "127.0.0.1:1", "[::1]", "[::1]:8080"])
def test_this_machine_is_not(web: Web, host: str) -> None:
    assert web.browser().get("/sign-in", host=host).status_code == 200


def test_an_unknown_page_is_told_plainly(web: Web) -> None:
    answer = web.browser("nurse").get("/nothing-here")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


def test_json_is_answered_in_json(web: Web) -> None:
    answer = web.browser().get("/board", accept="application/json")
    assert answer.status_code == 401
    assert answer.json() == {
        "status": 401,
        "title": "Signed out",
        "detail": "Nobody is signed in here any more. Nothing was saved.",
    }


def test_an_unreachable_journal_is_told_readably_and_comes_back(tmp_path: Path) -> None:
    with running() as server:
        web = centre(tmp_path, journal=server.new_database())
        stream = web.patient(Identifier("urn:example", "OUT-OF-REACH"), web.door.site())
        web.admit("somebody", ("patient",), patient=stream)
        browser, patient = web.browser("nurse"), web.browser("somebody")
        server.kill()
        answer, own = browser.get("/board"), patient.get("/me")
        outside = patient.get("/sign-in?next=/me")
        server.start()
        back = browser.get("/board").status_code, patient.get("/me").status_code
    assert answer.status_code == 503
    assert "The journal cannot be reached" in answer.text
    assert str(server.url("postgres")) not in answer.text
    assert "socket" not in answer.text
    assert own.status_code == 503
    assert "Nothing was saved. Try again in a minute." in own.text
    assert "Do not wait for us if you feel ill." in own.text
    for page in (own.text, outside.text):
        assert page.index("In danger? Call 112 now") < page.index("<h1>")
    assert back == (200, 200)


def test_a_defect_tells_a_reference_and_nothing_else(
    web: Web, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("Fictional Patient, born 1970-01-01")

    browser = web.browser("nurse")
    monkeypatch.setattr("ivigil.web.pages.board.kept", broken)
    with caplog.at_level(logging.DEBUG):
        answer = browser.get("/board")
    assert answer.status_code == 500
    assert "A fault of ours" in answer.text
    reference = re.search(r"Reference: ([0-9a-f]{8})", answer.text)
    assert reference
    assert reference[1] in caplog.text
    for told in (answer.text, caplog.text):
        assert "Fictional Patient" not in told
        assert "Traceback" not in told
        assert "/src/" not in told


def test_what_was_typed_wrongly_is_not_repeated_by_an_error(web: Web) -> None:
    answer = web.browser("nurse").get("/audit?before=Fictional-Patient")
    assert "Fictional-Patient" not in answer.text


def test_a_field_tells_its_label_unit_hint_and_faults() -> None:
    made = str(field.text("weight", "Weight", "61.3", unit="kg", hint="Today's.", faults=("is 6130",)))
    assert made.startswith('<div class="field wrong"><label for="weight">Weight</label>')
    assert 'aria-describedby="weight-hint weight-fault"' in made
    assert 'aria-invalid="true"' in made
    assert '<span class="unit">kg</span>' in made
    assert str(field.text("weight", "Weight")).startswith('<div class="field">')


def test_a_password_is_never_sent_back() -> None:
    assert "hunter" not in str(field.text("p", "Password", "hunter 2 hunter", type="password"))


@pytest.mark.parametrize(
    ("value", "shown"), [("40.50", "40.5"), ("0.5", "0.5"), ("30.0", "30"), (".07", "0.07")]
)
def test_a_number_has_a_leading_zero_and_no_trailing_one(value: str, shown: str) -> None:
    made = str(number(Decimal(value), "mL/h"))
    assert made == f'<span class="number"><b>{shown}</b><span class="unit">\u202fmL/h</span></span>'


def test_a_chart_has_words_a_table_and_no_inline_style() -> None:
    svg = (
        '<?xml version="1.0"?><!DOCTYPE svg><svg viewBox="0 0 1 1"><style>*{}</style>'
        '<path style="fill: none; stroke: #0072b2"/></svg>'
    )
    made = str(chart(svg, "IgG falls from 12 to 7 g/L.", table("Levels", ("Day", "g/L"), [("0", "12")])))
    assert '<path fill="none" stroke="#0072b2"/>' in made
    assert "style" not in made
    assert "<?xml" not in made
    assert 'aria-label="IgG falls from 12 to 7 g/L."' in made
    assert "<td>12</td>" in made


def test_what_people_wrote_is_never_markup() -> None:
    evil = '<script>alert(1)</script>"onload=x'
    for made in (
        field.text("a", evil, evil, hint=evil, faults=(evil,)),
        notice("stop", evil),
        table(evil, (evil,), [(evil,)]),
        source(evil, evil),
    ):
        assert "<script" not in str(made)
        assert '"onload' not in str(made)


def test_behind_a_proxy_cookies_and_headers_are_for_https_alone(tmp_path: Path) -> None:
    web = Web(tmp_path, roles=("nurse",), host="192.0.2.7", behind_proxy=True, names=("Clinic.example",))
    browser = web.browser()
    browser.http.base_url = httpx.URL("https://clinic.example")
    answer = browser.sign_in("nurse")
    assert answer.status_code == 303
    assert answer.headers["strict-transport-security"].startswith("max-age=")
    cookies = answer.headers.get_list("set-cookie")
    assert len(cookies) == 2
    assert all(cookie.startswith("__Host-ivigil-") and "Secure" in cookie for cookie in cookies)
    assert browser.get("/account").status_code == 200


def test_what_people_did_leaves_a_journal_that_verifies(tmp_path: Path) -> None:
    web = Web(tmp_path, roles=("nurse", "auditor"))
    stream = web.patient(Identifier("urn:test:patients", "P-1"))
    web.browser("nurse").get("/board")
    web.browser("auditor").get(f"/audit?patient={stream}")
    assert verify(web.journal).is_sound


def test_a_time_stands_in_the_sites_zone_and_a_day_alone_is_no_time() -> None:
    zone, at = ZoneInfo("America/New_York"), dt.datetime(2026, 11, 15, 15, 33, tzinfo=dt.UTC)
    assert "2026-11-15 10:33" in str(stamp(at, zone))
    assert "2026-11-15 10:33" in str(drawn(at, zone))
    midnight = dt.datetime(2026, 11, 15, tzinfo=dt.UTC)
    assert str(drawn(midnight, zone)) == '<time datetime="2026-11-15">2026-11-15</time>'
