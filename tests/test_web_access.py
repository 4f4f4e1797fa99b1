"""Role by action by object: every combination asked by a direct request, and every route by every role."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from litestar import get, post
from litestar.handlers import HTTPRouteHandler

from ivigil.patient import Identifier
from ivigil.records.entrance import CodeIssued, Role
from ivigil.records.kinds import tag
from ivigil.records.register import KINDS
from ivigil.web.access.desk import Refused
from ivigil.web.access.people import Person
from ivigil.web.access.rules import ACTIONS, PUBLIC
from ivigil.web.parts.trail import GROUPS, LOOKED
from tests.support.web import PASSWORD, ROLES, SITE, STAFF, Browser, Web

GRID = """
                   prescriber pharmacist nurse    patient administrator auditor
board.read         site       site       site     -       -             -
chair.read         patients   patients   patients -       -             -
chair.record       patients   -          patients -       -             -
chair.stop         patients   patients   patients -       -             -
plan.make          site       site       -        -       -             -
plan.read          patients   patients   patients -       -             -
plan.add           patients   patients   -        -       -             -
plan.prescribe     patients   -          -        -       -             -
plan.verify        -          patients   -        -       -             -
plan.release       patients   patients   -        -       -             -
plan.withdraw      patients   patients   -        -       -             -
patient.read       patients   patients   patients own     -             -
file.find          site       site       site     -       -             -
file.read          patients   patients   patients -       -             -
patient.report     patients   -          patients own     -             -
patient.contact    patients   patients   patients -       -             -
patient.export     -          -          -        own     -             -
patient.invite     patients   patients   patients -       -             -
follow_up.list     site       site       site     -       -             -
follow_up.read     patients   patients   patients -       -             -
follow_up.record   patients   -          patients -       -             -
levels.read        patients   patients   patients -       -             -
levels.aim         patients   patients   -        -       -             -
lots.find          site       site       site     -       -             -
lots.read          site       site       site     -       -             -
facts.read         site       site       site     -       site          site
facts.sign         site       site       -        -       -             -
facts.withdraw     site       site       -        -       -             -
settings.propose   site       site       -        -       -             -
status.read        site       site       site     -       site          site
journal.verify     -          -          -        -       site          site
people.read        -          -          -        -       site          -
people.change      -          -          -        -       site          -
audit.read         -          -          -        -       -             site
audit.find         -          -          -        -       -             site
glass.break        site       site       site     -       -             -
account.manage     self       self       self     self    self          self
"""
"""The table a second time, as a person would write it on paper: the guard must agree with both."""

ELSEWHERE = "Another fictional site"
_HEADS, *_LINES = [line.split() for line in GRID.strip().splitlines()]
MAY = {line[0]: dict(zip(_HEADS, line[1:], strict=True)) for line in _LINES}

HERE, THERE, SELF = (
    Identifier("urn:test:patients", value) for value in ("P-here", "P-elsewhere", "P-themselves")
)


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Web:
    """Staff, a patient who may sign in, three patients, and probes that need each action and do nothing."""
    made = Web(tmp_path_factory.mktemp("web"))
    made.patient(HERE, SITE)
    made.patient(THERE, ELSEWHERE)
    made.admit("patient", ("patient",), patient=made.patient(SELF, SITE))
    for action in ACTIONS:
        for handler in probes(action):
            made.app.register(handler)
    return made


def probes(action: str) -> Iterator[HTTPRouteHandler]:
    """Handlers that need an action about nobody, a patient, a plan, an infusion; and one that writes."""
    for path in ("", "/of/{patient:str}", "/plan/{plan:str}", "/infusion/{infusion:str}"):
        yield get(f"/probe/{action}{path}", needs=action, sync_to_thread=False, include_in_schema=False)(
            _nothing
        )
    yield post(f"/probe/{action}", needs=action, sync_to_thread=False, include_in_schema=False)(_nothing)


def _nothing() -> str:
    return "let through"


@pytest.fixture(scope="module")
def browsers(web: Web) -> dict[str, Browser]:
    """A signed-in browser of each role, and of a nurse who is admitted elsewhere alone."""
    web.admit("elsewhere", ("nurse",), sites=(ELSEWHERE,))
    return {name: web.browser(name) for name in (*ROLES, "elsewhere")}


def test_the_grid_names_every_action_and_role() -> None:
    assert list(MAY) == list(ACTIONS)
    assert set(_HEADS) == set(ROLES)


@pytest.mark.parametrize("action", ACTIONS)
@pytest.mark.parametrize("role", ROLES)
def test_role_by_action_by_object(web: Web, browsers: dict[str, Browser], role: Role, action: str) -> None:
    reach = MAY[action][role]
    ask = browsers[role].get
    own = web.journal.stream(SELF)
    allowed = {
        f"/probe/{action}": reach != "-",
        f"/probe/{action}/of/{web.journal.stream(HERE)}": reach in ("site", "patients", "self"),
        f"/probe/{action}/plan/planP-here": reach in ("site", "patients", "self"),
        f"/probe/{action}/infusion/planP-here-1": reach in ("site", "patients", "self"),
        f"/probe/{action}/of/{web.journal.stream(THERE)}": reach == "self",
        f"/probe/{action}/plan/planP-elsewhere": reach == "self",
        f"/probe/{action}/of/{own}": reach != "-",
        f"/probe/{action}/infusion/planP-themselves-1": reach != "-",
    }
    for path, may in allowed.items():
        answer = ask(path)
        assert answer.status_code == (200 if may else 403), (role, path)
        assert (answer.text == "let through") is may


@pytest.mark.parametrize("action", ACTIONS)
def test_nobody_and_somebody_of_another_site(browsers: dict[str, Browser], web: Web, action: str) -> None:
    stranger, elsewhere = web.browser(), browsers["elsewhere"]
    for path in (f"/probe/{action}", f"/probe/{action}/of/{web.journal.stream(HERE)}"):
        answer = stranger.get(path)
        assert answer.status_code == 303
        assert answer.headers["location"].startswith("/sign-in")
        assert elsewhere.get(path).status_code == (200 if action == "account.manage" else 403)
    assert stranger.post(f"/probe/{action}").status_code == 401


@pytest.mark.parametrize(
    "path", ["of/" + "0" * 32, "of/x", "plan/none", "infusion/none-1", "infusion/none", "infusion/planP-here"]
)
def test_an_unknown_patient_is_not_found(browsers: dict[str, Browser], path: str) -> None:
    answer = browsers["nurse"].get(f"/probe/chair.read/{path}")
    assert answer.status_code == 404


def handlers(web: Web) -> list[tuple[str, str, HTTPRouteHandler]]:
    """Every path, method and handler of the application itself."""
    return [
        (path, method, handler)
        for route in web.app.routes
        for handler in getattr(route, "route_handlers", ())
        for path in sorted(handler.paths)
        for method in sorted(handler.http_methods)
        if method != "OPTIONS"
        for path in [route.path]
        if not path.startswith("/probe")
    ]


def test_every_look_at_a_patient_has_its_sentence_and_every_kind_of_event_its_group(web: Web) -> None:
    of_patient = {
        str(handler.opt.get("needs"))
        for path, _, handler in handlers(web)
        if re.search(r"\{(patient|plan|infusion):", path) or path.startswith("/me")
    }
    assert of_patient - {"account.manage"} <= set(LOOKED) <= set(ACTIONS)
    grouped = [tag(kind) for _, kinds in GROUPS.values() for kind in kinds]
    assert sorted(grouped) == sorted(kind.name for kind in KINDS)


def test_every_handler_names_an_action_of_the_table(web: Web) -> None:
    found = handlers(web)
    assert len(found) > 15
    for path, method, handler in found:
        needs = handler.opt.get("needs")
        assert needs == PUBLIC or needs in ACTIONS, (path, method)


def test_what_anybody_may_ask_for_is_this_and_no_more(web: Web) -> None:
    public = {path for path, _, handler in handlers(web) if handler.opt.get("needs") == PUBLIC}
    assert {path for path in public if not path.startswith("/static/")} == {
        "/sign-in",
        "/sign-in/provider",
        "/sign-in/provider/back",
        "/sign-out",
        "/code",
        "/unlock",
        "/chair/worker.js",
        "/chair/offline",
        "/in",
        "/in/{secret:str}",
    }


def test_a_handler_without_an_action_lets_nobody_in(web: Web, browsers: dict[str, Browser]) -> None:
    web.app.register(get("/probe-without", sync_to_thread=False, include_in_schema=False)(_nothing))
    for browser in browsers.values():
        assert browser.get("/probe-without").status_code == 403


@pytest.mark.parametrize("role", STAFF)
def test_every_route_by_every_role(web: Web, role: Role) -> None:
    browser = web.browser(role)
    for path, method, handler in handlers(web):
        needs = str(handler.opt.get("needs"))
        if needs == PUBLIC or method == "HEAD":
            continue
        asked = filled(web, path)
        if browser.get("/account").status_code != 200:  # the request before ended the session
            browser = web.browser(role)
        answer = browser.get(asked) if method == "GET" else browser.post(asked, form_at="/account")
        if MAY[needs][role] == "-":
            assert answer.status_code == 403, (role, method, path)
        else:
            assert answer.status_code in (200, 201, 303, 400, 404, 409, 422), (role, method, path)
            assert "/sign-in" not in answer.headers.get("location", "") or "sign-out" in path


def filled(web: Web, path: str) -> str:
    """A route's path with parameters: a patient of ours, somebody who exists, else nothing that exists."""
    person = web.door.desk.people.by_sign_in("nurse")
    assert person
    values = {
        "patient": web.journal.stream(HERE),
        "stream": web.journal.stream(THERE),
        "plan": "planP-here",
        "infusion": "planP-here-1",
        "person": person[0].id,
    }
    return re.sub(r"\{(\w+):\w+\}", lambda found: values.get(found[1], "1"), path)


def test_every_form_is_refused_without_its_token(web: Web) -> None:
    browser, other = web.browser("administrator"), web.browser("administrator")
    before = web.browser()
    before_sign_in = before.form_token()
    before.sign_in("administrator")
    posts = [path for path, method, _ in handlers(web) if method == "POST"]
    assert len(posts) >= 10
    for path in (filled(web, path) for path in posts):
        for who, sent in (
            (browser, {}),
            (browser, {"form_token": ""}),
            (browser, {"form_token": "0" * 64}),
            (browser, {"form_token": other.form_token("/account")}),
            (before, {"form_token": before_sign_in}),
        ):
            answer = who.bare_post(path, sent)
            assert answer.status_code == 403, (path, sent)
            assert "This form is out of date" in answer.text
        right = {"form_token": browser.form_token("/account")}
        answer = browser.bare_post(path, right, **{"sec-fetch-site": "cross-site"})
        assert answer.status_code == 403, path
    assert browser.get("/account").status_code == 200


def test_a_module_may_send_the_token_as_a_header(web: Web) -> None:
    browser = web.browser("nurse")
    token = browser.form_token("/account")
    sent = browser.http.post("/probe/chair.record", json={}, headers={"x-form-token": token})
    assert sent.status_code == 201
    assert browser.http.post("/probe/chair.record", json={}).status_code == 403
    assert browser.http.post("/probe/chair.record", json={}, headers={"x-form-token": ""}).status_code == 403


def test_after_sign_in_one_goes_on_to_a_page_of_ours_alone(web: Web) -> None:
    for wanted in ("//evil.example", "https://evil.example", "/\\evil.example", "javascript:1", "/a?b", ""):
        browser = web.browser()
        assert browser.sign_in("nurse", next=wanted).headers["location"] == "/"


def test_reads_are_recorded_once_an_hour_and_leave_the_patients_version_alone(web: Web) -> None:
    stream = web.journal.stream(HERE)
    version = web.journal.version(stream)
    web.admit("reader", ("nurse",))
    reader = web.browser("reader")

    def looks() -> int:
        page = web.browser("auditor").get(f"/audit?what=reads&patient={stream}&by=reader+Example").text
        assert "Fictional Patient" not in page
        return page.count("looked at an infusion")

    assert looks() == 0
    for _ in range(3):
        assert reader.get("/probe/chair.read/infusion/planP-here-1").status_code == 200
    assert looks() == 1
    web.clock.passes(minutes=60)
    assert web.browser("reader").get(f"/probe/chair.read/of/{stream}").status_code == 200
    assert looks() == 2
    assert web.journal.version(stream) == version


def test_broken_glass_opens_one_patient_to_one_person_for_an_hour(web: Web) -> None:
    stream = web.journal.stream(THERE)
    web.admit("second", ("nurse",))
    nurse, second = web.browser("nurse"), web.browser("second")
    path = f"/probe/chair.read/of/{stream}"
    refused = nurse.get(path)
    assert refused.status_code == 403
    assert f"/glass/{stream}?next=" in refused.text
    short = nurse.post(f"/glass/{stream}", {"reason": "because", "next": path}, form_at="/account")
    assert short.status_code == 400
    assert nurse.get(path).status_code == 403
    reason = "Brought in unconscious, <b>fictional</b>"
    opened = nurse.post(f"/glass/{stream}", {"reason": reason, "next": path}, form_at="/account")
    assert opened.headers["location"] == path
    assert nurse.get(path).status_code == 200
    assert nurse.get(f"/probe/plan.prescribe/of/{stream}").status_code == 403, "a role is not given by glass"
    assert second.get(path).status_code == 403
    trail = web.browser("auditor").get("/audit?what=glass").text
    assert "broke the glass: Brought in unconscious, &lt;b&gt;fictional&lt;/b&gt;" in trail
    assert stream in trail
    web.clock.passes(minutes=59)
    assert web.browser("nurse").get(path).status_code == 200
    web.clock.passes(minutes=1)
    assert web.browser("nurse").get(path).status_code == 403


def test_refusals_stand_on_the_trail(web: Web) -> None:
    stream = web.journal.stream(THERE)
    web.admit("curious", ("nurse",))
    web.browser("curious").get(f"/probe/patient.read/of/{stream}")
    trail = web.browser("auditor").get(f"/audit?what=refused&patient={stream}&by=curious+Example").text
    told = "was refused (read a patient&#39;s record): the patient was never treated at a site of theirs"
    assert told in trail


def test_nobody_changes_their_own_roles(web: Web) -> None:
    boss = web.door.desk.people.by_sign_in("administrator")
    assert boss
    browser = web.browser("administrator")
    sent = {"roles": ["administrator", "prescriber"], "sites": SITE, "active": "yes", "password": PASSWORD}
    answer = browser.post(f"/people/{boss[0].id}", sent, form_at="/account")
    assert answer.status_code == 400
    assert "another administrator changes your roles" in answer.text


# --- people, of one's own sites and of others


def person(web: Web, sign_in: str) -> Person:
    found = web.door.desk.people.by_sign_in(sign_in)
    assert found
    return found[0]


ACCOUNTS = """
          see change code subject
here      200 400    400  404
far       403 403    403  403
shared    200 400    403  403
patient   200 400    403  403
oneself   200 400    400  404
"""
"""What an administrator may ask about whom; 400: the password is missing, 404: the site has no provider."""


def test_accounts_by_every_role_and_object(web: Web) -> None:
    made = {
        "here": web.admit("a-here", ("nurse",)),
        "far": web.admit("a-far", ("nurse",), sites=(ELSEWHERE,)),
        "shared": web.admit("a-shared", ("nurse",), sites=(SITE, ELSEWHERE)),
        "patient": person(web, "patient"),
        "oneself": web.admit("boss", ("administrator",)),
    }
    _, *lines = [line.split() for line in ACCOUNTS.strip().splitlines()]
    assert {line[0] for line in lines} == set(made)
    for role in ROLES:
        browser = web.browser("boss" if role == "administrator" else role)  # who is wrong often, and waits
        token = browser.form_token("/account")
        for whom, *expected in lines:
            path = f"/people/{made[whom].id}"
            answers = [
                browser.get(path),
                *(
                    browser.bare_post(f"{path}{to}", {"form_token": token})
                    for to in ("", "/code", "/subject")
                ),
            ]
            may = expected if role == "administrator" else ["403"] * 4
            assert [str(answer.status_code) for answer in answers] == may, (role, whom)


@pytest.mark.parametrize("role", ["prescriber", "pharmacist", "nurse"])
def test_every_page_of_a_patient_of_another_site_is_closed(web: Web, role: Role) -> None:
    far = Identifier("urn:test:patients", "P-far")
    values = {"patient": web.patient(far, ELSEWHERE), "plan": "planP-far", "infusion": "planP-far-1"}
    browser = web.browser(role)
    token, asked = browser.form_token("/account"), 0
    for path, method, _ in handlers(web):
        if method == "HEAD" or not re.search(r"\{(patient|plan|infusion):", path):
            continue
        to = re.sub(r"\{(\w+):\w+\}", lambda found: values.get(found[1], "1"), path)
        answer = browser.get(to) if method == "GET" else browser.bare_post(to, {"form_token": token})
        assert answer.status_code == 403, (method, path)
        asked += 1
    assert asked > 30


def test_a_person_of_another_site_is_no_administrators_business(web: Web) -> None:
    far = web.admit("far", ("nurse",), sites=(ELSEWHERE,))
    browser, path = web.browser("administrator"), f"/people/{far.id}"
    assert "far Example" not in browser.get("/people").text
    assert browser.get(path).status_code == 403
    change = {"roles": ["nurse", "prescriber"], "sites": SITE, "active": "yes", "password": PASSWORD}
    for asked, sent in ((path, change), (f"{path}/code", change), (f"{path}/subject", change)):
        assert browser.post(asked, sent, form_at="/account").status_code == 403
    assert person(web, "far") == far
    assert web.browser("far").get("/account").status_code == 200, "the password still counts"
    told = web.browser("auditor").get("/audit?what=refused&by=administrator+Example").text
    assert re.search(r"was refused \(admit people.*not theirs to change", told)


def test_somebody_of_two_sites_is_changed_in_what_is_ones_own(web: Web) -> None:
    both = web.admit("two-sites", ("nurse",), sites=(ELSEWHERE, SITE))
    browser, path = web.browser("administrator"), f"/people/{both.id}"
    page = browser.get(path).text
    assert f"also at {ELSEWHERE}" in page
    assert "one-time code</button>" not in page
    signed = {"password": PASSWORD}
    for sent in ({"roles": "prescriber", "sites": SITE}, {"sites": SITE, "active": "yes"}):
        assert browser.post(path, sent | signed, form_at="/account").status_code == 403
    assert browser.post(f"{path}/code", signed, form_at="/account").status_code == 403
    foreign = browser.post(path, {"sites": ELSEWHERE} | signed, form_at="/account")
    assert foreign.status_code == 400
    assert person(web, "two-sites") == both
    assert "Saved." in browser.post(path, signed, form_at="/account").text
    assert person(web, "two-sites").sites == (ELSEWHERE,)
    web.door.desk.join("a test", person(web, "two-sites"))
    assert person(web, "two-sites").sites == (ELSEWHERE, SITE)


def test_an_administrator_closes_a_patients_account_and_does_nothing_else_with_it(web: Web) -> None:
    account = web.admit("closing", ("patient",), patient=web.patient(Identifier("urn:test:patients", "P-c")))
    browser, path = web.browser("administrator"), f"/people/{account.id}"
    page = browser.get(path).text
    assert "Close their way in" in page
    assert "Give a one-time code" not in page
    signed = {"password": PASSWORD}
    for asked, sent in (
        (f"{path}/code", {}),
        (f"{path}/subject", {"subject": "x"}),
        (path, {"active": "yes"}),
        (path, {"roles": "nurse"}),
        (path, {"sites": SITE}),
    ):
        assert browser.post(asked, sent | signed, form_at="/account").status_code == 403
    assert person(web, "closing") == account
    records = web.journal.records()
    assert not [each for each in records if each.subject == account.id and isinstance(each.body, CodeIssued)]
    patient = web.browser("closing")
    assert browser.post(path, signed, form_at="/account").status_code == 200
    assert not person(web, "closing").active
    assert patient.get("/me").headers["location"].startswith("/sign-in")
    assert browser.post(path, {"active": "yes"} | signed, form_at="/account").status_code == 403


def test_who_admitted_somebody_stands_beside_them_and_beside_their_signatures(web: Web) -> None:
    assert "by a test, " in web.browser("administrator").get("/people").text
    trail = web.browser("auditor").get("/audit?what=plans").text
    assert "took plan <code>planP-here</code> out of use" in trail


def test_plans_of_another_site_are_not_listed(web: Web) -> None:
    page = web.browser("nurse").get("/plans").text
    assert "planP-here" in page
    assert "planP-elsewhere" not in page


# --- the trail


def test_the_trail_tells_what_was_recorded_at_ones_sites_and_of_patients_who_were_treated_there(
    web: Web,
) -> None:
    there = web.journal.stream(THERE)
    web.admit("far-nurse", ("nurse",), sites=(ELSEWHERE,))
    auditor = web.browser("auditor")
    page = auditor.get("/audit?what=plans").text
    assert "planP-elsewhere" not in page
    assert '<option value="far-nurse Example">' not in auditor.get("/audit").text
    assert "planP-elsewhere" not in auditor.get(f"/audit?patient={there}").text
    unknown = auditor.get("/audit?patient=DEMO-014")
    assert unknown.status_code == 400
    assert "find it by their identifier" in unknown.text
    web.admit("far-auditor", ("auditor",), sites=(SITE, ELSEWHERE))
    assert "planP-elsewhere" in web.browser("far-auditor").get(f"/audit?patient={there}").text


def test_an_auditor_finds_a_handle_by_the_identifier_and_the_look_up_is_recorded(web: Web) -> None:
    auditor, here = web.browser("auditor"), web.journal.stream(HERE)
    page = auditor.post("/audit/handle", {"identifier": " p-HERE "}, form_at="/audit").text
    assert f'href="/audit?patient={here}"' in page
    assert "looked up the patient’s handle" in auditor.get(f"/audit?patient={here}&what=reads").text
    none = auditor.post("/audit/handle", {"identifier": "P-elsewhere"}, form_at="/audit").text
    assert web.journal.stream(THERE) not in none
    assert "Nobody of your sites has this identifier." in none
    wrong = auditor.get("/audit?day=yesterday")
    assert wrong.status_code == 400
    assert "Nothing was looked for." in wrong.text


def test_a_code_and_a_link_taken_back_are_told_by_who_did_it(web: Web) -> None:
    stream = web.patient(Identifier("urn:test:patients", "P-link"))
    links = web.door.links
    made = links.make("nurse Example", stream)
    links.exchange(made.secret, "not it", "10.9.9.9")
    assert not isinstance(links.exchange(made.secret, made.code, "10.9.9.9"), Refused)
    links.revoke("nurse Example", links.of_patient(stream)[0])
    account = links.account(stream)
    assert account
    web.door.desk.issue_code("nurse Example", account)
    page = web.browser("auditor").get(f"/audit?patient={stream}").text
    for told in (
        "made a private link",
        "typed a wrong code for a private link and was refused",
        "came in by a private link",
        "took a private link back",
        f"voided the password of <strong>{account.name}</strong> and signed them out",
        f"gave a one-time code to <strong>{account.name}</strong>",
    ):
        assert page.count(told) == 1, told
