"""Can a result be read? Scenario files from the cited studies, and what must hold for any history."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivigil.windows.bench import Drawn, Outcome, read_results
from ivigil.windows.doses import DoseRoute, GivenDose
from ivigil.windows.serology import LabFacts
from tests.support.orders import knowledge
from tests.support.scenarios import FOLDER, laid_over

_EVERY = knowledge().facts
FACTS = LabFacts(_EVERY.lab_interference, _EVERY.lab_rule, _EVERY.baseline_sample)


class Dose(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A dose as a scenario writes it; what is left out is not known."""

    date: dt.date
    g_per_kg: Decimal | None = None
    route: DoseRoute = ""
    condition: str = ""
    product: str = ""

    def given(self) -> GivenDose:
        known = knowledge()
        return GivenDose(
            date=self.date,
            g_per_kg=self.g_per_kg,
            route=self.route,
            condition=self.condition,
            product_id=self.product,
            stabilisers=known.stabilisers_of(known.products[self.product]) if self.product else None,
        )


class Expected(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A result, and what must be said of it; what is left out is not checked."""

    date: dt.date
    test: str
    answer: str
    outcome: Outcome = ""
    because: str = ""
    again: dt.date | None = None
    dose: dt.date | None = None
    earlier: dt.date | None = None
    alternative: str = ""
    facts: tuple[str, ...] = ()
    samples: tuple[str, ...] = ()

    @property
    def drawn(self) -> Drawn:
        return Drawn(f"lab.{self.test}", self.date, self.outcome)


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Doses, the results drawn around them, and whether they can be read."""

    title: str
    source: tuple[str, ...]
    drawn: tuple[Expected, ...]
    dose: tuple[Dose, ...] = ()
    ongoing: bool = False
    undated: bool = False
    signed: tuple[str, ...] = ()


def _read(path: Path) -> list[Scenario]:
    table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
    cases: list[dict[str, Any]] = table.pop("case", [{}])
    return [msgspec.convert(laid_over(table, case), Scenario) for case in cases]


SCENARIOS = {
    f"{path.stem}-{number}": scenario
    for path in sorted((FOLDER / "windows").glob("*.toml"))
    for number, scenario in enumerate(_read(path), 1)
}


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenario(name: str) -> None:
    scenario = SCENARIOS[name]
    assert all(source in knowledge().sources or source in knowledge().by_id for source in scenario.source)
    found = read_results(
        tuple(item.drawn for item in scenario.drawn),
        tuple(dose.given() for dose in scenario.dose),
        FACTS,
        ongoing=scenario.ongoing,
        undated=scenario.undated,
        permitted=frozenset(scenario.signed),
    )
    for expected, reading in zip(scenario.drawn, found, strict=True):
        where = f"{expected.test} on {expected.date}"
        window = reading.window
        again = window.reliable_from or window.if_stopped or window.not_before
        assert reading.answer == expected.answer, where
        assert expected.because in ("", reading.because), where
        assert expected.again in (None, again), where
        assert expected.dose in (None, window.dose_date), where
        assert expected.earlier == (reading.earlier.date if reading.earlier else None), where
        assert expected.alternative in window.alternative, where
        assert set(expected.facts) <= set(reading.facts), where
        assert not expected.samples or reading.samples == expected.samples, where


DAYS = st.dates(dt.date(2025, 6, 1), dt.date(2026, 12, 31))
DOSES = st.builds(
    GivenDose,
    date=DAYS,
    g_per_kg=st.sampled_from([None, Decimal("0.4"), Decimal(2)]),
    route=st.sampled_from(["IV", "SC", ""]),
    stabilisers=st.sampled_from([None, ("maltose",), ("glycine",)]),
)
HISTORIES = st.lists(DOSES, max_size=3).map(tuple)
DRAWN = st.builds(
    Drawn,
    interference=st.sampled_from([item.id for item in FACTS.interferences]),
    date=DAYS,
    outcome=st.sampled_from(["positive", "negative", "value", ""]),
)
SIGNED = st.sampled_from([frozenset(), frozenset({"lab-rule.negative-stands"})])
BOLDNESS = ("not_readable", "not_stated", "readable_if_negative", "readable")
"""From "no" to "yes": the two in the middle permit less than "readable" and more than nothing."""


def permits(answer: str) -> int:
    """How much an answer permits: nothing, only a negative one, everything."""
    return max(BOLDNESS.index(answer) - 1, 0)


@settings(deadline=None, max_examples=300)
@given(DRAWN, HISTORIES, DOSES, SIGNED, st.booleans())
def test_another_dose_never_makes_a_result_readable(
    drawn: Drawn,
    doses: tuple[GivenDose, ...],
    another: GivenDose,
    signed: frozenset[str],
    ongoing: bool,
) -> None:
    [before] = read_results((drawn,), doses, FACTS, ongoing=ongoing, permitted=signed)
    [after] = read_results((drawn,), (*doses, another), FACTS, ongoing=ongoing, permitted=signed)
    [undated] = read_results((drawn,), doses, FACTS, ongoing=ongoing, undated=True, permitted=signed)
    assert permits(after.answer) <= permits(before.answer)
    assert permits(undated.answer) <= permits(before.answer)


@settings(deadline=None, max_examples=200)
@given(DRAWN, HISTORIES, SIGNED)
def test_what_is_not_known_never_makes_a_result_readable(
    drawn: Drawn, doses: tuple[GivenDose, ...], signed: frozenset[str]
) -> None:
    """The amount, route and sugar of a dose; that therapy goes on; the outcome of the result."""
    [known] = read_results((drawn,), doses, FACTS, permitted=signed)
    blank = tuple(GivenDose(date=dose.date) for dose in doses)
    for less in (
        read_results((drawn,), blank, FACTS, permitted=signed),
        read_results((drawn,), doses, FACTS, permitted=signed, ongoing=True),
        read_results((drawn,), doses, FACTS),
    ):
        assert permits(less[0].answer) <= permits(known.answer)
    if drawn.outcome == "negative":
        [untold] = read_results((msgspec.structs.replace(drawn, outcome=""),), doses, FACTS, permitted=signed)
        assert permits(untold.answer) <= permits(known.answer)


@settings(deadline=None, max_examples=200)
@given(DRAWN, HISTORIES)
def test_a_fact_that_was_not_seen_reads_nothing(drawn: Drawn, doses: tuple[GivenDose, ...]) -> None:
    """Were every fact weak, a result could be read only if nothing was given before it."""
    weak = tuple(msgspec.structs.replace(item, seen=False) for item in FACTS.interferences)
    poorer = LabFacts(weak, FACTS.rules, FACTS.samples)
    [found] = read_results((drawn,), doses, poorer)
    assert found.answer != "readable" or found.because == "no_dose_before"


def test_forgetting_the_rules_makes_nothing_readable() -> None:
    drawn = Drawn("lab.anti-hbc", dt.date(2026, 11, 30), "negative")
    poorer = LabFacts(FACTS.interferences, (), FACTS.samples)
    [found] = read_results(
        (drawn,),
        (GivenDose(date=dt.date(2026, 11, 23)),),
        poorer,
        permitted=frozenset({"lab-rule.negative-stands"}),
    )
    assert found.answer == "not_readable"


@pytest.mark.parametrize("item", FACTS.interferences, ids=lambda item: str(item.id))
def test_every_test_has_an_answer_on_the_day_after(item: Any) -> None:
    """A positive the day after a dose of an unknown product: read only where a seen fact clears the test."""
    drawn = Drawn(item.id, dt.date(2026, 11, 24), "positive")
    [found] = read_results((drawn,), (GivenDose(date=dt.date(2026, 11, 23)),), FACTS)
    clear = item.effect in ("not_affected", "not_expected", "true_change") and not item.weak
    assert (found.answer == "readable") == clear
