"""New plan and plan, by direct requests: what the form yields, who may do what, what hostile text becomes."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from html import unescape
from pathlib import Path

import pytest

import ivigil
from ivigil.cli.main import OK
from ivigil.course import to_json
from ivigil.individual import individualise
from ivigil.intake import read_order
from ivigil.intake.form import Typed, controls, values_of
from ivigil.practice.authorising import add, standing_of
from ivigil.practice.entry import Author, Entry
from ivigil.records.finding import plans
from ivigil.release import checked_plan
from ivigil.web.pages.order_form import control_of_field
from tests.support import individual
from tests.support.command import Command
from tests.support.web import PASSWORD, SITE, STAFF, Browser, Web
from tests.test_intake_form import FIRST

NEW, PREVIEW = "/plans/new", "/plans/preview"
WHOLE = FIRST | {
    "patient.height_cm": "1.76 m",
    "experience": "naive",
    "phase": "initial",
    "total_dose_g_per_kg": "2",
    "days": "5",
    "patient.blood_group": "A",
    "screening.complete": "true",
}
EXAMPLES = sorted(Path("examples").glob("*.toml"))
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
_NAME = re.compile(r'<(?:input|select)[^>]*? name="([^"]+)"')


@pytest.fixture(scope="module")
def web(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Web]:
    made = Web(tmp_path_factory.mktemp("web"))
    made.admit("both", ("prescriber", "pharmacist"))
    yield made


@pytest.fixture(scope="module")
def prescriber(web: Web) -> Browser:
    return web.browser("prescriber")


def added(browser: Browser, **changes: str) -> str:
    """The path of a plan that was put into the journal."""
    values = WHOLE | {name.replace("__", "."): text for name, text in changes.items()}
    answer = browser.post(NEW, {**values, "do": "add"}, form_at=NEW)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["location"])


def signed(browser: Browser, path: str, action: str) -> int:
    return browser.post(f"{path}/{action}", {"password": PASSWORD}, form_at=path).status_code


def test_the_page_has_every_control_of_intake_once_and_no_other(prescriber: Browser) -> None:
    names = _NAME.findall(prescriber.get(NEW).text)
    beside = {"form_token", "contact.name", "contact.phone"}
    shown = [name for name in names if name not in beside]
    known = controls(ivigil.load_knowledge())
    # Reasons are asked for at the question, once a plan raises it.
    assert set(shown) == {name for name in known if not name.startswith("overrides.")}
    single = [name for name in shown if not name.startswith("screening.")]
    assert not [name for name, count in Counter(single).items() if count > 1]


def test_every_question_of_the_vocabulary_has_a_control() -> None:
    knowledge = ivigil.load_knowledge()
    asked = [term.id for term in knowledge.facts.term if term.scope in ("patient", "screening")]
    known = controls(knowledge)
    assert not [field for field in asked if control_of_field(field, knowledge) not in known]


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_form_gives_the_plan_that_the_command_gives(
    path: Path, prescriber: Browser, web: Web, command: Command, tmp_path: Path
) -> None:
    knowledge = ivigil.load_knowledge()
    values = values_of(read_order(path, knowledge), knowledge)
    name = web.door.desk.people.by_sign_in("prescriber")
    assert name is not None
    answer = prescriber.post(NEW, {**values, "do": "add"}, form_at=NEW)
    made = standing_of(web.journal, answer.headers["location"].rpartition("/")[2]).plan
    file = tmp_path / "order.json"
    file.write_bytes(Typed(values=values, author=name[0].author).order_text(knowledge))
    ran = command("plan", "--json", str(file))
    assert ran.code == OK
    assert ran.out.encode() == to_json(made) + b"\n"


def test_what_is_previewed_is_what_is_put_into_the_journal(prescriber: Browser, web: Web) -> None:
    answer = prescriber.post(PREVIEW, WHOLE, form_at=NEW)
    assert answer.status_code == 200
    made = standing_of(web.journal, added(prescriber).rpartition("/")[2]).plan
    assert made.course is not None and made.product is not None
    assert made.product.name in answer.text
    for day in made.days:
        assert str(day.date) in answer.text


def test_all_faults_stand_beside_their_fields_and_what_was_typed_is_kept(prescriber: Browser) -> None:
    wrong = WHOLE | {"patient.weight_kg": "1.500", "condition": "kidp", "patient.birth_date": "2/8/60"}
    page = prescriber.post(NEW, {**wrong, "do": "add"}, form_at=NEW).text
    for name, typed in (
        ("patient.weight_kg", "1.500"),
        ("condition", "kidp"),
        ("patient.birth_date", "2/8/60"),
    ):
        assert re.search(rf'<input id="at-{name}"[^>]*value="{typed}"[^>]*aria-invalid="true"', page)
        assert re.search(rf'<div class="faults" id="fault-{name}"[^>]*><p class="fault">', page)
        assert f'href="#at-{name}"' in page
    assert 'value="condition=cidp"' in page
    """What may have been meant is one press away."""


def test_questions_are_ranked_by_what_their_answers_make_of_the_plan(prescriber: Browser) -> None:
    typed = FIRST | {"condition": "kawasaki", "patient.birth_date": "2023-05-14", "patient.weight_kg": "14.2"}
    first = prescriber.post(PREVIEW, typed, form_at=NEW).text
    assert 'data-ranks="/plans/questions"' in first
    ranked = prescriber.post("/plans/questions", typed, form_at=NEW).text
    assert ranked.startswith('<section id="questions">')
    assert "No: 1 day instead of 5" in ranked and "data-ranks" not in ranked
    whole = prescriber.post(NEW, {**typed, "do": "plan"}, form_at=NEW).text
    assert "No: 1 day instead of 5" in whole, "without a script they are ranked at once"


def test_a_near_name_is_taken_with_one_press(prescriber: Browser) -> None:
    answer = prescriber.post(NEW, {**WHOLE, "condition": "kidp", "set": "condition=cidp"}, form_at=NEW)
    assert 'aria-invalid="true"' not in answer.text


def test_an_answer_at_the_question_goes_to_its_control(prescriber: Browser) -> None:
    page = prescriber.post(NEW, {**FIRST, "answer.patient.height_cm": "176"}, form_at=NEW).text
    assert re.search(r'<input id="at-patient.height_cm"[^>]*value="176"', page)
    page = prescriber.post(NEW, {**FIRST, "set": "screening.migraine=present"}, form_at=NEW).text
    assert re.search(r'name="screening.migraine"[^>]*value="present"[^>]*checked', page)


def test_an_order_is_signed_by_two_and_released(web: Web, prescriber: Browser) -> None:
    path = added(prescriber, patient__id__value="S-1")
    pharmacist = web.browser("pharmacist")
    assert signed(pharmacist, path, "prescribe") == 403
    assert signed(prescriber, path, "prescribe") == 303
    assert signed(prescriber, path, "verify") == 403
    name = path.rpartition("/")[2]
    waits = {who: who.get("/plans").text.count(f'href="/plans/{name}"') for who in (prescriber, pharmacist)}
    assert waits == {prescriber: 1, pharmacist: 2}, "whoever is to verify finds it twice: it waits for them"
    assert "Waits for your signature: verify" in pharmacist.get(path).text
    assert signed(pharmacist, path, "verify") == 303
    assert signed(prescriber, path, "release") == 303
    standing = standing_of(web.journal, path.rpartition("/")[2])
    assert standing.step == "released"
    assert ">Signatures<" not in web.browser("nurse").get(path).text
    assert [each.persons for each in standing.signatures] == [
        ("prescriber Example",),
        ("pharmacist Example",),
        ("prescriber Example",),
    ]


def test_the_list_of_plans_tells_them_apart_and_shows_those_that_stand_alike(
    web: Web, prescriber: Browser
) -> None:
    made, ordered = (added(prescriber, patient__id__value=each).rpartition("/")[2] for each in ("S-7", "S-8"))
    assert signed(prescriber, f"/plans/{ordered}", "prescribe") == 303
    nurse = web.browser("nurse")

    def listed(query: str) -> str:
        return nurse.get(f"/plans{query}").text

    row = re.search(rf"<tr><th[^>]*><a href=./plans/{ordered}.>.*?</tr>", listed(""))
    assert row is not None
    assert [cell for cell in re.findall(r"<td[^>]*>([^<]*)</td>", row[0]) if cell] == [
        "to be verified",
        "no name",
        "Gammagard Liquid 10%",
        "2026-11-30",
    ]
    assert (made in listed("?stands=plan_made"), ordered in listed("?stands=plan_made")) == (True, False)
    assert (made in listed("?stands=prescribed"), ordered in listed("?stands=prescribed")) == (False, True)
    assert made not in listed("?after=1000")
    assert nurse.get("/plans?after=-1").status_code == 400


def test_nobody_verifies_what_they_prescribed(web: Web) -> None:
    both = web.browser("both")
    path = added(both, patient__id__value="S-2")
    assert signed(both, path, "prescribe") == 303
    assert "the same person prescribed it and cannot verify it" in both.get(path).text
    assert signed(both, path, "verify") == 409
    assert standing_of(web.journal, path.rpartition("/")[2]).step == "prescribed"


def test_a_signature_needs_the_password(web: Web, prescriber: Browser) -> None:
    path = added(prescriber, patient__id__value="S-3")
    answer = prescriber.post(f"{path}/prescribe", {"password": "wrong"}, form_at=path)
    assert answer.status_code == 403
    assert "This is not your password." in answer.text
    assert standing_of(web.journal, path.rpartition("/")[2]).step == "made"


def test_a_step_out_of_turn_is_refused_with_its_reason(web: Web, prescriber: Browser) -> None:
    path = added(prescriber, patient__id__value="S-4")
    answer = prescriber.post(f"{path}/release", {"password": PASSWORD}, form_at=path)
    assert answer.status_code == 409
    assert "another step comes first" in answer.text


def test_a_changed_order_replaces_its_plan_and_says_what_is_otherwise(web: Web, prescriber: Browser) -> None:
    first = added(prescriber, patient__id__value="S-5")
    assert signed(prescriber, first, "prescribe") == 303
    form = prescriber.get(f"{first}/change").text
    assert f'value="{first.rpartition("/")[2]}"' in form
    second = added(prescriber, patient__id__value="S-5", days="2", supersedes=first.rpartition("/")[2])
    page = prescriber.get(second).text
    assert "Different from the plan that it replaces" in page
    assert standing_of(web.journal, first.rpartition("/")[2]).step == "reopened"
    assert signed(prescriber, second, "prescribe") == 303
    assert standing_of(web.journal, first.rpartition("/")[2]).step == "superseded"


def test_a_plan_from_levels_shows_its_basis_and_its_change_says_that_a_form_has_none(
    web: Web, prescriber: Browser
) -> None:
    by = Author(name="Dr Example", site=SITE, device="a test")
    now, knowledge = web.clock(), individual.signed()
    order = individualise(individual.order(), individual.levels(), knowledge)
    made = add(web.journal, order, knowledge, Entry(by=by, occurred_at=now, device_at=now)).plan
    assert "25.4 g without levels" in prescriber.get(f"/plans/{made.id}").text
    changed = prescriber.get(f"/plans/{made.id}/change").text
    assert "A form holds no levels" in changed


def test_a_withdrawn_plan_takes_no_signature(web: Web, prescriber: Browser) -> None:
    path = added(prescriber, patient__id__value="S-6")
    assert signed(prescriber, path, "withdraw") == 303
    assert signed(prescriber, path, "prescribe") == 409


PLAN_PAGES = ("", "/papers/plan", "/days/1/pump-card", "/days/1/downtime", "/appointments.ics")
MAKES = {"prescriber", "pharmacist"}
CARES = {*MAKES, "nurse"}
SIGNS = {"prescribe": {"prescriber"}, "verify": {"pharmacist"}, "release": MAKES, "withdraw": MAKES}


@pytest.mark.parametrize("role", STAFF)
def test_each_role_gets_what_the_table_gives_it_and_nothing_else(
    role: str, web: Web, prescriber: Browser
) -> None:
    path = added(prescriber, patient__id__value="S-7")
    browser = web.browser(role)
    token = browser.form_token("/account")
    for page in PLAN_PAGES:
        assert browser.get(path + page).status_code == (200 if role in CARES else 403), page
    assert browser.get(NEW).status_code == (200 if role in MAKES else 403)
    assert browser.get("/plans").status_code == (200 if role in CARES else 403)
    assert browser.get(f"{path}/change").status_code == (200 if role in MAKES else 403)
    sent = {"form_token": token, **WHOLE}
    for target in (NEW, PREVIEW):
        assert browser.bare_post(target, sent).status_code == (200 if role in MAKES else 403)
    for action, allowed in SIGNS.items():
        answer = browser.bare_post(f"{path}/{action}", {"form_token": token, "password": "wrong"})
        assert answer.status_code == 403
        assert ("This is not your password" in answer.text) == (role in allowed), action


def test_nobody_signed_in_sees_nothing(web: Web) -> None:
    stranger = web.browser()
    for path in (NEW, "/plans", "/plans/0123456789abcdef"):
        assert stranger.get(path).status_code == 303
    sent = {"form_token": stranger.form_token(), **WHOLE}
    assert stranger.bare_post(PREVIEW, sent).status_code == 401


def test_a_form_of_another_site_plans_nothing(web: Web, prescriber: Browser) -> None:
    before = len(plans(web.journal))
    assert prescriber.bare_post(NEW, {**WHOLE, "do": "add"}).status_code == 403
    assert len(plans(web.journal)) == before


def test_somebody_of_another_site_plans_nothing_here(web: Web) -> None:
    web.admit("elsewhere", ("prescriber",), ("Another site",))
    assert web.browser("elsewhere").get(NEW).status_code == 403


def test_a_patient_of_another_site_gets_no_plan_before_the_glass_is_broken(
    web: Web, prescriber: Browser
) -> None:
    knowledge = ivigil.load_knowledge()
    theirs = WHOLE | {"patient.id.value": "T-1"}
    order = Typed(values=theirs, author="Dr Example").read(knowledge)
    there = Author(name="Dr Example", site="Another site", device="a test")
    now = web.clock()
    add(web.journal, order, knowledge, Entry(by=there, occurred_at=now, device_at=now))
    before = len(plans(web.journal))
    answer = prescriber.post(NEW, {**theirs, "days": "4", "do": "add"}, form_at=NEW)
    assert answer.status_code == 403
    assert "break the glass" in answer.text
    assert "T-1" not in answer.text
    assert len(plans(web.journal)) == before


FREE_TEXT = (
    "condition",
    "patient.id.value",
    "patient.id.system",
    "product",
    "regimen",
    "phase",
    "patient.weight_kg",
    "patient.birth_date",
    "start.date",
    "start.time",
    "start.offset",
    "supersedes",
    "last_immunoglobulin.product",
    "patient.iga_g_per_l",
    "patient.iga_g_per_l.date",
    "contact.name",
    "contact.phone",
    "no.such.control",
)


@pytest.mark.parametrize("name", FREE_TEXT)
def test_hostile_text_is_shown_as_text(name: str, prescriber: Browser) -> None:
    for target in (NEW, PREVIEW):
        page = prescriber.post(target, {**WHOLE, name: HOSTILE}, form_at=NEW).text
        assert "<script>alert" not in page and "<img src=x" not in page
        assert "&lt;script&gt;" in page or HOSTILE not in unescape(page)


def test_hostile_identifiers_and_reasons_stay_text_on_every_page(prescriber: Browser) -> None:
    hazard = ivigil.load_knowledge().facts.hazard[0].id
    path = added(prescriber, **{"patient__id__value": HOSTILE, f"overrides__{hazard}__reason": HOSTILE})
    for page in (*PLAN_PAGES, "/papers/plan.pdf", "/change"):
        answer = prescriber.get(path + page)
        assert answer.status_code == 200
        assert b"<script>alert" not in answer.content and b"<img src=x" not in answer.content


def test_no_address_and_no_header_holds_patient_data(prescriber: Browser) -> None:
    answer = prescriber.post(NEW, {**WHOLE, "patient.id.value": "SECRET-99", "do": "add"}, form_at=NEW)
    assert "SECRET" not in str(answer.headers)
    assert re.fullmatch(r"/plans/[0-9a-f]{16}", answer.headers["location"])


def test_the_first_load_is_light(prescriber: Browser) -> None:
    page = prescriber.get(NEW)
    files = re.findall(r'(?:href|src)="(/static/[^"]+)"', page.text)
    size = len(page.content) + sum(len(prescriber.get(file).content) for file in files)
    assert size < 150_000


def test_products_are_set_side_by_side_each_planned_whole(prescriber: Browser) -> None:
    page = prescriber.post(PREVIEW, {**WHOLE, "compare": "1"}, form_at=NEW).text
    knowledge = ivigil.load_knowledge()
    order = Typed(values=WHOLE, author="prescriber Example").read(knowledge)
    plan = checked_plan(order, knowledge)
    assert plan.product is not None
    others = [option.name for option in plan.product.alternatives if option.rates_seen][:3]
    assert others
    for name in (plan.product.name, *others):
        assert f'<th scope="col">{name}</th>' in page.replace(' class=""', "")
