"""IgG levels on a page: what is known is counted, what is not is said, and no dose is sought unasked."""

from __future__ import annotations

import datetime as dt
import html
import re
from decimal import Decimal
from pathlib import Path

import pytest
from msgspec.structs import replace

from ivigil.kinetics.estimate import estimate
from ivigil.kinetics.levels import Given
from ivigil.patient import Identifier
from ivigil.practice.authorising import add
from ivigil.practice.entry import Author, Entry, draft
from ivigil.practice.levels import LevelHistory, level_history, listed, mark
from ivigil.records.bodies import DosesStated
from ivigil.web.pages.levels.question import Question, asked, due
from ivigil.web.pages.levels.reasons import doubts
from tests.support.clinic import DAY, Clinic
from tests.support.web import SITE, Browser, Web


@pytest.fixture(scope="module")
def clinic(web: Web) -> Clinic:
    return Clinic(web)


@pytest.fixture
def prescriber(clinic: Clinic) -> Browser:
    return clinic.web.browser("prescriber")


def words(page: str) -> str:
    """What a page says, without its picture and marks."""
    bare = re.sub(r"<svg.*?</svg>", " ", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", bare)).split())


def test_every_dose_is_counted_and_none_is_called_complete(clinic: Clinic) -> None:
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, clinic.now)
    assert found is not None
    # The order tells of 19 infusions of 30 g every 28 days; the plan's own one was given since.
    assert (found.told, found.given, found.open) == (19, 1, ())
    assert [dose.grams for dose in found.case.doses[:19]] == [Decimal(30)] * 19
    assert {
        b.start - a.start for a, b in zip(found.case.doses[:18], found.case.doses[1:19], strict=True)
    } == {28 * DAY}
    assert found.case.doses[-1].grams == clinic.plan.days[0].grams
    assert found.case.complete is None


def test_before_its_end_an_infusion_counts_as_planned_and_is_told(clinic: Clinic) -> None:
    under_way = clinic.plan.days[0].start + dt.timedelta(minutes=30)
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, under_way)
    assert found is not None
    assert (found.given, found.case.complete) == (0, None)
    (running,) = found.open
    assert (running.grams, found.case.doses[-1]) == (clinic.plan.days[0].grams, running)


def test_no_dose_is_sought_where_nobody_signed_and_nobody_said_that_the_history_is_whole(
    clinic: Clinic, prescriber: Browser
) -> None:
    told = words(prescriber.get(f"{clinic.levels}?target=8").text)
    assert "No dose is sought" in told
    assert "This site shows no individual doses" in told
    assert "Nobody said that every dose since the first is listed" in told


def test_more_grams_lift_every_level_that_follows(clinic: Clinic, prescriber: Browser) -> None:
    def last(grams: str) -> float:
        told = words(prescriber.get(f"{clinic.levels}?grams={grams}&interval=28").text)
        rows = re.findall(r"\d{4}-\d\d-\d\d " + grams + r" g ([\d.]+) \(", told)
        assert len(rows) == 6
        return float(rows[-1])

    assert last("20") < last("30") < last("60")


def test_a_dose_over_several_days_ends_lower_and_counts_its_grams_once(
    clinic: Clinic, prescriber: Browser
) -> None:
    def told(over: str) -> str:
        return words(prescriber.get(f"{clinic.levels}?grams=60&interval=28&over={over}").text)

    def at_its_end(over: str) -> float:
        rows = re.findall(r"\d{4}-\d\d-\d\d 60 g [\d.]+ \([\d.]+ to [\d.]+\) ([\d.]+) \(", told(over))
        assert len(rows) == 6
        return float(rows[0])

    assert "For 60 g over 5 days, every 28 days, into a vein." in told("5")
    assert "For 60 g every 28 days into a vein." in told("1")
    assert at_its_end("5") < at_its_end("2") < at_its_end("1")


def test_a_course_that_has_begun_is_forecast_to_its_end(web: Web) -> None:
    """Day 1 of 2 was given: day 2 counts as planned, and the next course comes an interval after day 1."""
    course = Clinic(web, "Carl Fictional")
    first, second = course.plan.days

    def history(at: dt.datetime) -> LevelHistory:
        found = level_history(web.journal, course.stream, course.knowledge, at)
        assert found is not None
        return found

    between = history(second.start - dt.timedelta(hours=1))
    (given,) = between.case.doses[-1:]
    assert (given.start.date(), given.grams) == (first.start.date(), first.grams)
    (to_come,) = between.to_come
    assert (to_come.start, to_come.grams, to_come.route) == (second.start, second.grams, "IV")
    way = asked(between, Question(interval="28"), course.knowledge).given
    assert (way.grams, way.cycle.over_days) == (first.grams + second.grams, 2)
    assert due(between, way, second.start, course.knowledge) == given.start + 28 * DAY
    (next_course,) = way.cycle.courses(way.grams, given.start + 28 * DAY, 1)
    assert [part.grams for part in next_course] == [way.grams / 2] * 2
    running = history(second.start + dt.timedelta(hours=1))
    assert (running.to_come, [each.start.date() for each in running.open]) == ((), [second.start.date()])
    assert due(running, way, second.start, course.knowledge) == given.start + 28 * DAY


def test_the_next_course_is_where_a_plan_has_it_and_what_was_superseded_tells_nothing(
    tmp_path: Path,
) -> None:
    """An order with a slip in the weight, superseded by the one that is meant."""
    clinic = Clinic(Web(tmp_path))
    order, journal, start = clinic.plan.order, clinic.web.journal, clinic.now + 19 * DAY
    by = Author(name="P", site=SITE, device="a test")
    entry = Entry(by=by, occurred_at=clinic.now, device_at=clinic.now)
    slip = replace(order, start=start + DAY, patient=replace(order.patient, weight_kg=Decimal("36.5")))
    wrong = add(journal, slip, clinic.knowledge, entry).plan
    meant = add(journal, replace(order, start=start, supersedes=wrong.id), clinic.knowledge, entry).plan
    found = level_history(journal, clinic.stream, clinic.knowledge, clinic.now)
    assert found is not None
    assert (found.plan, found.case.subject.weight_kg) == (meant, order.patient.weight_kg)
    way = asked(found, Question(), clinic.knowledge).given
    assert due(found, way, clinic.now, clinic.knowledge) == meant.days[0].start


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ("over=0", "Over: 0; accepted: a whole number above 0, at most 31"),
        ("interval=7&over=8", "Over: 8; accepted: days within the interval"),
        ("grams=0", "Dose: 0; accepted: a number above 0, at most 500"),
        ("grams=many", "Dose: many; accepted:"),
        ("interval=2.5", "Every: 2.5; accepted: a whole number above 0, at most 366"),
        ("way_interval=x", "Its interval: x; accepted"),
        ("target=-1", "Trough wanted: -1; accepted:"),
        ("grams=9999&interval=x", "Every: x; accepted:"),
    ],
)
def test_what_cannot_be_asked_is_told_and_nothing_stands_for_it(
    clinic: Clinic, prescriber: Browser, asked: str, said: str
) -> None:
    page = prescriber.get(f"{clinic.levels}?{asked}")
    assert page.status_code == 200
    told = words(page.text)
    assert said in told
    assert "Nothing is computed." in told
    assert "If it is given like this" not in told, "no other dose stands for it"
    field, _, typed = asked.rpartition("&")[2].partition("=")
    assert re.search(f'name="{field}"[^>]*value="{typed}"[^>]*aria-invalid="true"', page.text), "it stays"


def test_the_forecast_begins_with_the_dose_of_the_plan_an_interval_after_the_last(
    clinic: Clinic, prescriber: Browser
) -> None:
    assert clinic.plan.dose and clinic.plan.dose.grams == Decimal("31.75"), "sought; the vials give 30 g"
    told = words(prescriber.get(clinic.levels).text)
    assert "For 30 g every 28 days into a vein, as planned." in told
    assert f"{clinic.plan.days[0].start.date() + 28 * DAY} 30 g" in told
    assert "the infusion of" not in told.lower(), "it is closed"


def test_each_doubt_has_its_own_cause(clinic: Clinic) -> None:
    """While today's infusion runs, that is the cause; the list of earlier doses is another one."""
    under_way = clinic.plan.days[0].start + dt.timedelta(minutes=30)
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, under_way)
    assert found is not None
    case = replace(found.case, planned=())
    known = estimate(clinic.knowledge.facts.population_model, case, (), clinic.knowledge, 1)
    day = f"{found.open[0].start:%Y-%m-%d}"
    closed = f"The infusion of {day} is not closed: what it gives is not known yet. It counts here as planned"
    listed = "Nobody said that every dose since the first is listed"
    for whole in (True, False):
        told = "\n".join(doubts(replace(found, whole=whole), known))
        assert closed in told
        assert (listed in told) is not whole
    without = replace(known, models=(), people=(), misfit=True)
    assert "No model explains the levels" not in "\n".join(doubts(found, without)), "none was fitted"


def test_a_dose_that_is_late_or_missed_leaves_less(clinic: Clinic, prescriber: Browser) -> None:
    told = words(prescriber.get(f"{clinic.levels}?late=9&target=30").text)
    due = clinic.plan.days[0].start.date() + 28 * DAY
    rows = [
        re.search(rf"{said} {day} ([\d.]+) \([\d.]+ to [\d.]+\) below it, the whole band", told)
        for said, day in (
            ("On its day", due),
            ("9 days late", due + 9 * DAY),
            ("Missed: before the one after it", due + 28 * DAY),
        )
    ]
    levels = [float(row[1]) for row in rows if row]
    assert len(levels) == 3 and levels[0] > levels[1] > levels[2], told


def test_another_way_stands_beside_the_one_that_is_asked(clinic: Clinic, prescriber: Browser) -> None:
    """30 g every 28 days into a vein is 7.5 g a week; the label of Hizentra (US) asks for 1.37 times that."""
    page = prescriber.get(f"{clinic.levels}?way=SC").text
    told = words(page)
    assert page.count("<svg") == 2
    assert "7.5 g every 7 days under the skin" in told
    steady = re.findall(
        r"(?:vein|skin) (?:([\d.]+) \([\d.]+ to [\d.]+\) ){1}([\d.]+) \([^)]+\) ([\d.]+)", told
    )
    assert len(steady) == 2
    for average, trough, peak in steady:
        assert float(trough) < float(average) < float(peak)
    assert float(steady[0][2]) - float(steady[0][1]) > float(steady[1][2]) - float(steady[1][1])
    assert re.search(r"Hizentra[^.]* 1\.37 10\.3 g 10\.3 g", told)
    assert "By measured levels: no dose is sought" in told
    other = words(prescriber.get(f"{clinic.levels}?way=IV&way_grams=40&way_interval=14").text)
    assert "40 g every 14 days into a vein" in other
    assert "leads from a vein to under the skin" in other


def seen(page: str) -> dict[str, str]:
    """What the form about the doses before carries."""
    return dict(re.findall(r'name="(mark)" value="([0-9a-f]{64})"', page))


def complete(clinic: Clinic, at: dt.datetime | None = None) -> bool | None:
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, at or clinic.web.clock())
    assert found is not None
    return found.case.complete


def test_somebody_states_that_the_doses_before_are_all_and_takes_it_back(
    clinic: Clinic, prescriber: Browser
) -> None:
    prescriber.post(f"{clinic.levels}/before/back", form_at="/account")
    page = prescriber.get(clinic.levels).text
    told = words(page)
    assert "Nobody states that these are all: no dose is sought." in told
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, clinic.now)
    assert found is not None
    for dose in found.before:
        assert f"{dose.start:%Y-%m-%d} 30 g into a vein" in told, "each is seen with its day"
    before = clinic.web.clock() - dt.timedelta(seconds=1)
    assert prescriber.post(f"{clinic.levels}/before", seen(page), form_at="/account").status_code == 303
    assert complete(clinic) is True
    assert complete(clinic, before) is None, "it counts from when it was stated"
    told = words(prescriber.get(f"{clinic.levels}?target=8").text)
    assert "prescriber Example states that these are all doses before the first one here" in told
    assert "Nobody said that every dose since the first is listed" not in told
    assert "An order tells of 19 earlier doses; the days are reckoned back" in told, "that is said still"
    clinic.web.browser("pharmacist").post(f"{clinic.levels}/before/back", form_at="/account")
    assert complete(clinic) is None
    assert "Nobody states that these are all" in words(prescriber.get(clinic.levels).text)


def test_a_statement_about_another_list_counts_for_nothing(clinic: Clinic, prescriber: Browser) -> None:
    version = clinic.web.journal.version(clinic.stream)
    for other in ("", "0" * 64):
        answer = prescriber.post(f"{clinic.levels}/before", {"mark": other}, form_at="/account")
        assert answer.status_code == 409
        assert "The list is not what you looked at any more" in words(answer.text)
    assert clinic.web.journal.version(clinic.stream) == version
    shorter = tuple(listed(_before(clinic))[1:])
    entry = Entry(
        by=Author(name="P", site=SITE, device="a test"), occurred_at=clinic.now, device_at=clinic.now
    )
    clinic.web.journal.append([draft(entry, clinic.stream, DosesStated(doses=shorter))])
    assert complete(clinic) is None
    assert "Somebody stated it of another list" in words(prescriber.get(clinic.levels).text)
    prescriber.post(f"{clinic.levels}/before/back", form_at="/account")
    assert "Nobody states that these are all" in words(prescriber.get(clinic.levels).text)


def _before(clinic: Clinic) -> tuple[Given, ...]:
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, clinic.now)
    assert found is not None
    return found.before


def test_a_nurse_reads_the_list_and_does_not_state_it(clinic: Clinic) -> None:
    nurse = clinic.web.browser("nurse")
    page = nurse.get(clinic.levels).text
    assert "State that this list is complete" not in page
    answer = nurse.post(f"{clinic.levels}/before", {"mark": mark(_before(clinic))}, form_at="/account")
    assert answer.status_code == 403
    assert complete(clinic) is None


def checked(page: str) -> dict[str, str]:
    """What the form carries that records what was read back."""
    form = page[page.index("Nothing is recorded yet") :]
    pairs = re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', form[: form.index("</form>")])
    return {name: html.unescape(value) for name, value in pairs if name != "form_token"}


def test_a_level_is_read_back_before_it_is_recorded_and_can_be_taken_back(
    clinic: Clinic, prescriber: Browser
) -> None:
    drawn = (clinic.now - 7 * DAY).date()
    before = clinic.web.journal.version(clinic.stream)
    for typed, other in (("74 g/L", "74 g/L = 7400 mg/dL"), ("742 mg/dL", "7.42 g/L , typed as 742 mg/dL")):
        answer = prescriber.post(clinic.levels, {"igg": typed, "taken": str(drawn)}, form_at="/account")
        told = words(answer.text)
        assert answer.status_code == 200
        assert "Is this what the laboratory says? Nothing is recorded yet." in told
        assert f"Total IgG {other}" in told, "the other unit stands beside it"
        assert re.search(r"Before it: [\d.]+ g/L, drawn \d{4}-\d\d-\d\d", told)
        assert ("OUTSIDE what the models expect" in told) is (typed == "74 g/L")
    assert clinic.web.journal.version(clinic.stream) == before, "nothing is recorded until it was looked at"
    sent = checked(answer.text)
    changed = prescriber.post(clinic.levels, sent | {"igg": "7.42 mg/dL"}, form_at="/account")
    assert "Nothing is recorded yet" in words(changed.text), "what was looked at was another figure"
    for _ in range(2):
        assert prescriber.post(clinic.levels, sent, form_at="/account").status_code == 303
    assert clinic.web.journal.version(clinic.stream) == before + 1, "the same form twice is one level"
    page = prescriber.get(clinic.levels).text
    assert f"{drawn} 7.42 g/L used prescriber Example" in words(page)
    (event,) = re.findall(r'name="event" value="([^"]+)"', page)
    back = f"{clinic.levels}/back"
    assert prescriber.post(back, {"event": "another", "reason": ""}, form_at="/account").status_code == 303
    prescriber.post(back, {"event": event, "reason": "another patient’s"}, form_at="/account")
    told = words(prescriber.get(clinic.levels).text)
    assert f"{drawn} 7.42 g/L no: taken back" in told
    assert "taken back by prescriber Example : another patient’s" in told.replace("Example:", "Example :")
    found = level_history(clinic.web.journal, clinic.stream, clinic.knowledge, clinic.web.clock())
    assert found is not None and Decimal("7.42") not in [each.g_per_l for each in found.case.levels]
    assert [each.level.g_per_l for each in found.recorded] == [Decimal("7.42")], "its record stays"


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"igg": "seven", "taken": "2026-01-05"}, "Total IgG:"),
        ({"igg": "7.1 mmol/L", "taken": "2026-01-05"}, "Total IgG:"),
        ({"igg": "7.1 g/L", "taken": "5 January"}, "Drawn on:"),
        ({"igg": "7.1 g/L", "taken": "2099-01-01"}, "Drawn on: 2099-01-01; accepted: a day until"),
        ({"igg": "7.1 g/L"}, "Drawn on: nothing; accepted: the day on which it was drawn"),
        ({"taken": "2026-01-05"}, "Total IgG:"),
    ],
)
def test_a_level_that_cannot_be_read_is_kept_on_the_form_and_nothing_is_saved(
    clinic: Clinic, prescriber: Browser, typed: dict[str, str], said: str
) -> None:
    before = clinic.web.journal.version(clinic.stream)
    answer = prescriber.post(clinic.levels, typed, form_at="/account")
    assert answer.status_code == 400
    assert "Nothing was saved." in words(answer.text)
    assert said in words(answer.text)
    assert all(html.escape(value) in answer.text for value in typed.values())
    assert clinic.web.journal.version(clinic.stream) == before


def test_the_picture_is_in_words_and_numbers_too(clinic: Clinic, prescriber: Browser) -> None:
    page = prescriber.get(clinic.levels).text
    assert "<svg" in page
    assert re.search(r'class="picture"[^>]*aria-label="IgG levels: forecast\. \d', page)
    assert "Total IgG, all models together" in page
    numbers = page[page.index("Total IgG, all models together") : page.index("If it is given like this")]
    assert not re.search(r"\d\.\d*0\b", words(numbers)), "no trailing zero"


def test_a_nurse_looks_and_an_auditor_does_not(clinic: Clinic) -> None:
    assert clinic.web.browser("nurse").get(clinic.levels).status_code == 200
    assert clinic.web.browser("auditor").get(clinic.levels).status_code == 403


@pytest.mark.parametrize(("product", "route"), [("hyqvia-10-us", "facilitated_SC"), ("cuvitru-20-us", "SC")])
def test_what_was_given_with_hyaluronidase_is_counted_as_facilitated(
    clinic: Clinic, product: str, route: str
) -> None:
    order = clinic.plan.order
    assert order.last_immunoglobulin is not None
    before = replace(order.last_immunoglobulin, route="SC", product=product)
    who = replace(order.patient, id=Identifier(system="urn:example", value=f"R-{product}"))
    made = add(
        clinic.web.journal,
        replace(order, patient=who, last_immunoglobulin=before),
        clinic.knowledge,
        Entry(by=Author(name="P", site=SITE, device="a test"), occurred_at=clinic.now, device_at=clinic.now),
    )
    stream = clinic.web.journal.stream(made.plan.order.patient.id)
    found = level_history(clinic.web.journal, stream, clinic.knowledge, clinic.now)
    assert found is not None
    assert {dose.route for dose in found.case.doses} == {route}
