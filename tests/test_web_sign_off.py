"""Facts and settings signed on pages: two people, one text, at once, and for the next server too."""

from __future__ import annotations

import datetime as dt
import html
import re
from pathlib import Path

import pytest
from msgspec.structs import replace

import ivigil
from ivigil.cli.main import BLOCKED, OK, main
from ivigil.knowledge.evidence import Signature, fingerprint
from ivigil.knowledge.site import OnPages, Withdrawn, overlay, read, with_pages
from ivigil.planning import plan
from ivigil.practice.authorising import add, sign, standing_of
from ivigil.practice.entry import Author, Entry
from ivigil.records.sign_off import FactSigned, of_sign_off
from tests.support.orders import adult, knowledge, order
from tests.support.treated import centre, treated
from tests.support.web import PASSWORD, SITE, Browser, Web
from tests.test_site import LOOSER, signatures

FACT = "qivigy-us.schedule.pi-first"
MARK = fingerprint(ivigil.load_knowledge().by_id[FACT])
WAIT, ROUNDING = "policy.check_in_wait", "policy.rounding"
_MARK = re.compile(r'action="/facts/[^"]+/(\w+)".*?name="mark" value="([0-9a-f]{64})"')


@pytest.fixture
def web(tmp_path: Path) -> Web:
    return Web(tmp_path)


def words(page: str) -> str:
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", page)).split())


def mark(browser: Browser, fact: str, form: str) -> str:
    """Which text a form of the page is about."""
    return str(dict(_MARK.findall(browser.get(f"/facts/{fact}").text))[form])


def signed(browser: Browser, fact: str = FACT, text: str = MARK, **sent: str) -> int:
    return sent_to(browser, fact, "sign", mark=text, **sent)


def sent_to(browser: Browser, fact: str, action: str, **sent: str) -> int:
    answer = browser.post(f"/facts/{fact}/{action}", {"password": PASSWORD, **sent}, form_at="/account")
    return answer.status_code


def set_to(web: Web, policy: str, by: tuple[str, str] = ("prescriber", "pharmacist"), **value: str) -> None:
    """Propose a setting and let somebody else sign it."""
    first, second = (web.browser(name) for name in by)
    text = mark(first, policy, "propose")
    assert sent_to(first, policy, "propose", mark=text, reason="Our protocol (fictional)", **value) == 303
    assert signed(second, policy, fingerprint(web.door.rules.signed().proposed[0].policy)) == 303


def test_two_people_sign_and_it_permits_at_once_and_after_a_restart(web: Web) -> None:
    wanted = order("primary_immunodeficiency", adult(), product="qivigy-us")
    before = web.door.rules.now()
    assert before.version == ivigil.load_knowledge().version
    assert signed(web.browser("prescriber")) == 303
    assert FACT not in web.door.rules.now().signed
    assert web.door.rules.now().version == before.version, "one signature changes nothing that rules"
    assert "prescriber Example , prescriber" in words(web.browser("nurse").get(f"/facts/{FACT}").text)
    assert signed(web.browser("pharmacist")) == 303
    now = web.door.rules.now()
    assert FACT in now.signed
    assert now.version != before.version
    assert (plan(wanted, before).status, bool(plan(wanted, now).days)) == ("needs_sign_off", True)
    web.restarted()
    assert web.door.rules.now().version == now.version
    assert "it permits" in words(web.browser("nurse").get(f"/facts/{FACT}").text)


def test_one_person_never_makes_two(web: Web) -> None:
    web.admit("both", ("prescriber", "pharmacist"))
    browser = web.browser("both")
    assert [signed(browser), signed(browser)] == [303, 409]
    assert "You have signed it already" in words(browser.get(f"/facts/{FACT}").text)
    assert FACT not in web.door.rules.now().signed


@pytest.mark.parametrize("role", ["nurse", "administrator", "auditor"])
def test_whoever_may_not_sign_is_refused_by_a_direct_request(web: Web, role: str) -> None:
    browser = web.browser(role)
    for action in ("sign", "withdraw", "propose"):
        assert sent_to(browser, FACT, action, mark=MARK, reason="x") == 403
    assert not web.door.rules.signed().signatures


def test_nothing_is_signed_without_the_password_or_under_another_text(web: Web) -> None:
    browser = web.browser("prescriber")
    assert signed(browser, password="another password") == 403
    assert signed(browser, text="0" * 64) == 409
    strong = next(fact for fact in knowledge().by_id.values() if not fact.weak and not fact.replaced)
    assert signed(browser, strong.id, fingerprint(strong)) == 409
    assert not web.door.rules.signed().signatures


def test_one_person_takes_it_back_at_once_with_a_reason(web: Web) -> None:
    for name in ("prescriber", "pharmacist"):
        signed(web.browser(name))
    with_it = web.door.rules.now()
    web.admit("third", ("pharmacist",))
    browser = web.browser("third")
    assert sent_to(browser, FACT, "withdraw", mark=MARK, reason=" ") == 400
    assert FACT in web.door.rules.now().signed
    assert sent_to(browser, FACT, "withdraw", mark=MARK, reason="The label was changed (fictional)") == 303
    assert FACT not in web.door.rules.now().signed
    assert web.door.rules.now().version not in {with_it.version}
    trail = words(web.browser("auditor").get("/audit?what=sign-off").text)
    assert "took the signatures back: The label was changed (fictional)" in trail
    assert trail.count("signed as") == 2
    assert signed(web.browser("prescriber")) == 303, "it can be signed anew"


def test_a_plan_that_rested_on_it_is_reopened_when_it_is_taken_back(web: Web) -> None:
    for name in ("prescriber", "pharmacist"):
        signed(web.browser(name))
    now = web.clock().replace(microsecond=0)
    by = Author(name="prescriber Example", site=SITE, device="a test")
    entry = Entry(by=by, occurred_at=now, device_at=now)
    wanted = replace(order("primary_immunodeficiency", adult(), product="qivigy-us"), start=now)
    made = add(web.journal, wanted, web.door.rules.now(), entry).plan
    assert not sign(web.journal, made.id, "prescribe", web.door.rules.now(), entry).refused
    assert sent_to(web.browser("pharmacist"), FACT, "withdraw", mark=MARK, reason="An exercise") == 303
    assert standing_of(web.journal, made.id).step == "reopened"


def test_a_signature_under_an_earlier_text_says_so(web: Web) -> None:
    """As after a release with other facts: the journal knows a text that is no more."""
    person = web.door.desk.people.by_sign_in("prescriber")
    assert person
    now = web.clock()
    entry = Entry(by=Author(name=person[0].name, site=SITE, device="a test"), occurred_at=now, device_at=now)
    body = FactSigned(person=person[0].id, role="prescriber", fingerprint="0" * 64)
    from ivigil.practice.entry import draft

    web.journal.append([draft(entry, web.journal.stream(of_sign_off(SITE)), body, FACT)])
    browser = web.browser("pharmacist")
    assert "Signed under an earlier text" in words(browser.get(f"/facts/{FACT}").text)
    assert "and unsigned again" in words(browser.get("/sign-off").text)
    assert signed(browser) == 303
    assert FACT not in web.door.rules.now().signed


def test_the_list_says_what_waits_for_whom(web: Web) -> None:
    signed(web.browser("prescriber"))
    told = words(web.browser("nurse").get("/sign-off").text)
    one = told.partition("One signature: somebody else signs next")[2].partition("Not signed by two")[0]
    assert FACT in one
    assert "prescriber Example" in one
    assert "plans with these rates" in one
    kind = words(web.browser("nurse").get("/sign-off?kind=TradeItem").text)
    assert "hanging vials of this package" in kind


def test_signatures_of_another_site_count_nothing_here(web: Web) -> None:
    for name in ("prescriber", "pharmacist"):
        signed(web.browser(name))
    elsewhere = web.journal.stream(of_sign_off("Another fictional site"))
    assert elsewhere != web.journal.stream(of_sign_off(SITE))
    assert web.journal.read(elsewhere) == ()


def test_what_a_site_changed_is_one_list_with_who_signed_it(web: Web) -> None:
    nurse = web.browser("nurse")
    assert "as it was delivered" in changed(nurse)
    set_to(web, ROUNDING, choice="nearest")
    set_to(web, WAIT, number="6")
    assert signed(web.browser("prescriber")) == signed(web.browser("pharmacist")) == 303
    told = changed(nurse)
    today = web.clock().date().isoformat()
    by_two = f"prescriber Example , prescriber, {today} pharmacist Example , pharmacist, {today}"
    assert told.count(by_two) == 3
    assert f"Rounding {ROUNDING} nearest loosened" in told
    assert re.search(r"6 h Our protocol \(fictional\) \d+ h prescriber", told)
    assert f"{FACT} signed: it permits plans with these rates" in told
    page = words(nurse.get(f"/facts/{ROUNDING}").text)
    assert "Choice nearest Alternatives down" in page


def changed(browser: Browser) -> str:
    """What the list of everything that differs from the delivered base says."""
    page = browser.get("/sign-off").text
    return words(page[page.index('id="site"') :])


def test_two_people_change_a_setting_and_the_history_shows_it(web: Web) -> None:
    before = web.door.rules.now().policies[WAIT].number
    assert before == 12
    first, second = web.browser("prescriber"), web.browser("pharmacist")
    text = mark(first, WAIT, "propose")
    assert sent_to(first, WAIT, "propose", mark=text, number="6", reason="Nights (fictional)") == 303
    assert web.door.rules.now().policies[WAIT].number == 12
    assert "Proposed: 6 h" in words(second.get(f"/facts/{WAIT}").text)
    proposed = fingerprint(web.door.rules.signed().proposed[0].policy)
    assert signed(first, WAIT, proposed) == 409, "the same person"
    assert proposed in second.get(f"/facts/{WAIT}").text
    assert signed(second, WAIT, proposed) == 303
    assert web.door.rules.now().policies[WAIT].number == 6
    assert web.door.rules.now().loosened == ()
    told = words(second.get(f"/facts/{WAIT}").text)
    assert "proposed 6 h: Nights (fictional)" in told
    web.restarted()
    assert web.door.rules.now().policies[WAIT].number == 6


def test_one_person_takes_a_bold_setting_back_and_never_a_cautious_one(web: Web) -> None:
    set_to(web, ROUNDING, choice="nearest")
    assert web.door.rules.now().loosened == (ROUNDING,)
    assert "Loosened by this site" in web.browser("nurse").get("/facts").text
    pharmacist = web.browser("pharmacist")
    bold = fingerprint(web.door.rules.now().policies[ROUNDING])
    assert sent_to(pharmacist, ROUNDING, "withdraw", mark=bold, reason="An exercise") == 303
    assert web.door.rules.now().policies[ROUNDING].choice == "down"
    set_to(web, WAIT, number="6")
    careful = fingerprint(web.door.rules.now().policies[WAIT])
    assert sent_to(pharmacist, WAIT, "withdraw", mark=careful, reason="An exercise") == 409
    assert web.door.rules.now().policies[WAIT].number == 6


@pytest.mark.parametrize(
    ("policy", "sent"),
    [
        (WAIT, {"number": "0"}),
        (WAIT, {"number": "-1"}),
        (WAIT, {"number": "1.5"}),
        (WAIT, {"number": "121"}),
        (WAIT, {"number": "twelve"}),
        (WAIT, {"number": ""}),
        (ROUNDING, {"choice": "sideways"}),
        (WAIT, {"number": "6", "reason": ""}),
    ],
)
def test_a_setting_that_cannot_be_is_refused(web: Web, policy: str, sent: dict[str, str]) -> None:
    browser = web.browser("prescriber")
    text = mark(browser, policy, "propose")
    assert sent_to(browser, policy, "propose", mark=text, **({"reason": "An exercise"} | sent)) == 400
    assert web.door.rules.signed().proposed == ()


def test_a_withdrawal_voids_what_the_overlays_files_signed_and_never_stops_the_server(tmp_path: Path) -> None:
    """A setting of the files that stood on signatures falls back to its default: no fatal overlay."""
    day = dt.date(2026, 11, 20)
    (tmp_path / "site.toml").write_text(LOOSER)
    text = fingerprint(read(tmp_path).facts.policy[0])
    (tmp_path / "site.toml").write_text(LOOSER + signatures(ROUNDING, text, "A. Pharmacist", "B. Doctor"))
    files = read(tmp_path)
    assert overlay(knowledge(), with_pages(knowledge(), files, OnPages())) != knowledge()
    for date, choice in ((day, "down"), (day - dt.timedelta(days=1), "nearest")):
        pages = OnPages(withdrawn=(Withdrawn(ROUNDING, text, date),))
        assert overlay(knowledge(), with_pages(knowledge(), files, pages)).policies[ROUNDING].choice == choice


def test_one_in_the_files_and_one_on_a_page_are_two_people_if_their_names_differ(tmp_path: Path) -> None:
    (tmp_path / "site.toml").write_text(signatures(FACT, MARK, "A. Pharmacist"))
    files, day = read(tmp_path), dt.date(2026, 11, 20)
    for name, counts in (("a.pharmacist", False), ("B. Doctor", True)):
        own = Signature(fact=FACT, fingerprint=MARK, by=name, role="prescriber", date=day)
        laid = overlay(knowledge(), with_pages(knowledge(), files, OnPages((own,))))
        assert (FACT in laid.signed) is counts


def test_commands_about_an_infusion_of_the_journal_follow_its_pages(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Two people switched the answer to reports off: no command answers one then."""
    web = centre(tmp_path)
    _, made = treated(web, "P-F1")
    place = ["--journal", web.settings.journal, "--secrets", str(web.settings.secrets)]
    place += ["--site", str(web.settings.site), "--infusion", f"{made.id}-1"]
    asked = ["triage", "--yes", "headache_mild", *place]
    assert main(asked) == OK
    assert "CARE TODAY" in capsys.readouterr().out
    set_to(web, "policy.patient_triage", choice="off")
    assert main(asked) == BLOCKED
    assert "CARE TODAY" not in capsys.readouterr().out, "only the numbers to call are left"
    assert main(["report", "travel", "--leaves", "2027-01-01", "--returns", "2027-01-09", *place]) == OK


def test_what_was_signed_on_pages_can_be_carried_into_the_overlay(
    web: Web, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The command that prints it, and the folder that then rules a server with an empty journal the same."""
    for name in ("prescriber", "pharmacist"):
        signed(web.browser(name))
    set_to(web, ROUNDING, choice="nearest")
    set_to(web, WAIT, number="6")
    place = ["--journal", web.settings.journal, "--secrets", str(web.settings.secrets)]
    assert main(["journal", "sign-offs", *place]) == OK
    folder = tmp_path / "site"
    folder.mkdir()
    (folder / "signed.toml").write_text(capsys.readouterr().out)
    carried, now = ivigil.load_knowledge(str(folder)), web.door.rules.now()
    assert (carried.signed, carried.loosened) == (now.signed, now.loosened)
    assert carried.policies == now.policies
    assert main(["authorise", "review", "--by", "a test", *place]) == OK
