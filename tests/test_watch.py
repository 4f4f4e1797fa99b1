"""What is kept of an infusion between looks never differs from what a look at the journal finds."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import ivigil
from ivigil.course import Plan, infusion_id
from ivigil.practice import watch
from ivigil.practice.bedside import look, report
from ivigil.practice.deeds import Outcome, Telling, tell
from ivigil.practice.entry import Author, Entry, draft
from ivigil.practice.late import late
from ivigil.practice.told import Kind
from ivigil.practice.watch import Watch
from ivigil.records import Journal
from ivigil.records.bodies import Erasure
from ivigil.records.infusing import NoInfusionError
from tests.support.chair_stage import WELL, Chairs
from tests.support.orders import knowledge
from tests.support.web import SITE, Web

TOLD: tuple[tuple[Kind, dict[str, str]], ...] = (
    ("symptom", {"symptom": "symptom.headache"}),
    ("vital-signs", WELL),
    ("pause", {}),
    ("symptom", {"symptom": "symptom.headache", "gone": "yes"}),
    ("resume", {"rate": "19"}),
    ("stop", {"reason": "rash"}),
)


@pytest.fixture(scope="module")
def chairs(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Chairs]:
    made = Chairs(Web(tmp_path_factory.mktemp("watch"), roles=()))
    made.at(40)
    yield made
    made.web.journal.close()


def enter(
    chairs: Chairs,
    journal: Journal,
    plan: Plan,
    kind: Kind,
    fields: dict[str, str],
    *,
    kept: Watch | None = None,
    ago: float = 0,
    waited: bool = True,
) -> Outcome:
    now = chairs.web.clock()
    at = now - dt.timedelta(minutes=ago)
    entry = Entry(by=Author(name="Nu", site=SITE, device="browser"), occurred_at=at, device_at=now)
    telling = Telling(kind=kind, fields=fields, entry=entry, at=at, waited=waited)
    return tell(journal, infusion_id(plan.id, 1), knowledge(), telling, kept)


def test_after_each_entry_it_is_what_the_journal_says(chairs: Chairs) -> None:
    """Written by another process' journal, too; and between two entries only the time moves."""
    plan, kept = chairs.plan(), Watch(chairs.web.journal)
    other = Journal.open(chairs.web.settings.journal, chairs.web.settings.secrets)
    infusion = infusion_id(plan.id, 1)
    for place, (kind, fields) in enumerate(TOLD):
        enter(chairs, (chairs.web.journal, other)[place % 2], plan, kind, fields)
        for _ in range(2):
            chairs.web.clock.passes(minutes=4)
            at = chairs.web.clock()
            seen, found = kept.look(infusion, knowledge(), at), look(other, infusion, knowledge(), at)
            assert report(seen.bedside) == report(found)
            assert seen.bedside.at == found.at
            assert seen.late == late(other.read(found.infusion.stream), infusion)
    other.close()


def _kinds(chairs: Chairs, plan: Plan) -> list[tuple[str, str]]:
    """What was written, in its order, with the code of what was advised or gone against."""
    return [(type(e.what).__name__, getattr(e.what, "code", "")) for e in chairs.events(plan)]


def test_what_is_told_is_weighed_the_same_with_it_and_without(chairs: Chairs) -> None:
    """Also what happened earlier than the last entry, and what comes in several events."""
    without, told_with = chairs.plan(), chairs.plan()
    journal, kept = chairs.web.journal, Watch(chairs.web.journal)
    told: tuple[tuple[Kind, dict[str, str], float], ...] = (
        ("rate", {"rate": "57"}, 0),
        ("rate", {"rate": "57"}, 25),
        ("symptom", {"symptom": "symptom.wheezing"}, 3),
        ("rate", {"rate": "38"}, 0),
        ("start", {"rate": "19"}, 0),
        ("stop", {}, 1),
        ("left", {}, 0),
    )
    for kind, fields, ago in told:
        plain = enter(chairs, journal, without, kind, fields, ago=ago, waited=False)
        quick = enter(chairs, journal, told_with, kind, fields, kept=kept, ago=ago, waited=False)
        assert quick.refused == plain.refused
        assert len(quick.events) == len(plain.events)
        assert _kinds(chairs, told_with) == _kinds(chairs, without)
        chairs.web.clock.passes(minutes=1)


def test_other_knowledge_is_followed_at_once(chairs: Chairs, tmp_path: Path) -> None:
    plan, kept = chairs.plan(), Watch(chairs.web.journal)
    infusion, at = infusion_id(plan.id, 1), chairs.web.clock()
    assert kept.look(infusion, knowledge(), at).bedside.knowledge is knowledge()
    (tmp_path / "site.toml").write_text('[site]\nname = "Another"\n')
    changed = ivigil.load_knowledge(str(tmp_path))
    assert changed.version != knowledge().version
    assert kept.look(infusion, changed, at).bedside.knowledge is changed


def test_one_that_is_not_there_is_told_each_time(chairs: Chairs) -> None:
    kept = Watch(chairs.web.journal)
    for _ in range(2):
        with pytest.raises(NoInfusionError):
            kept.look("0123456789abcdef-1", knowledge(), chairs.web.clock())


def test_many_at_once_see_the_same_and_the_oldest_is_let_go(
    chairs: Chairs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(watch, "MANY", 2)
    plans, kept, at = [chairs.plan() for _ in range(3)], Watch(chairs.web.journal), chairs.web.clock()
    asked = [infusion_id(plan.id, 1) for plan in plans] * 6
    with ThreadPoolExecutor(6) as threads:
        seen = list(threads.map(lambda name: kept.look(name, knowledge(), at), asked))
    assert [each.bedside.infusion.id for each in seen] == asked
    assert all(
        report(each.bedside) == report(first.bedside) for each, first in zip(seen[3:], seen, strict=False)
    )
    assert len(kept._places) == 2


def test_an_erased_patient_is_gone_at_once(chairs: Chairs) -> None:
    plan, kept, at = chairs.plan(), Watch(chairs.web.journal), chairs.web.clock()
    infusion = infusion_id(plan.id, 1)
    stream = kept.look(infusion, knowledge(), at).bedside.infusion.stream
    entry = Entry(by=Author(name="Nu", site=SITE, device="browser"), occurred_at=at, device_at=at)
    chairs.web.journal.erase(draft(entry, stream, Erasure(reason="asked for")))
    with pytest.raises(NoInfusionError):
        kept.look(infusion, knowledge(), at)
