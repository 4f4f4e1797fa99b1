"""Triage vignettes: what a patient writes, what a careful nurse would tick, how soon care is due."""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from functools import cache
from pathlib import Path

import msgspec

from ivigil import load_knowledge
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.matching import Matcher
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Triage, triage
from ivigil.knowledge.population import MONTHS_PER_YEAR
from ivigil.knowledge.reactions import URGENCIES, Urgency

FOLDER = Path(__file__).parents[1] / "vignettes"
RED_FLAGS = ("red-flags-a", "red-flags-b", "red-flags-c")
BENIGN = ("benign", "benign-c")
_NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


class Vignette(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One case; see tests/vignettes/README.md."""

    id: str
    sources: tuple[str, ...]
    because: str
    says: str
    present: tuple[str, ...] = ()
    absent: tuple[str, ...] = ()
    asked_all: bool = False
    hours_after_end: Decimal | None = None
    age_years: int | None = None
    age_months: int | None = None
    condition: str = ""
    product: str = ""
    hazards: tuple[str, ...] | None = None
    earlier: int = 0
    least: Urgency | None = None
    most: Urgency | None = None
    suspect: tuple[str, ...] = ()


@cache
def read(name: str) -> tuple[Vignette, ...]:
    """The vignettes of one file below tests/vignettes."""
    text = (FOLDER / f"{name}.toml").read_text()
    return tuple(msgspec.convert(tomllib.loads(text, parse_float=Decimal)["vignette"], list[Vignette]))


def by_form(case: Vignette) -> Triage:
    """The answer to the ticks, with every other question answered no: the hardest way to ask."""
    return _answer(case, case.present, ())


def by_words(case: Vignette) -> Triage:
    """The answer to the words before the person confirmed anything, every other question answered no."""
    found = matcher().match(case.says)
    return _answer(case, found.symptoms("said", "unclear"), found.unmatched)


@cache
def matcher() -> Matcher:
    return Matcher(load_knowledge().facts.symptom)


def is_missed(case: Vignette, answer: Triage) -> bool:
    """Is the answer less urgent than the vignette's least?"""
    return case.least is not None and URGENCIES.index(answer.urgency) < URGENCIES.index(case.least)


def is_over(case: Vignette, answer: Triage) -> bool:
    """Is the answer more urgent than what the vignette's source finds enough?"""
    return case.most is not None and URGENCIES.index(answer.urgency) > URGENCIES.index(case.most)


def _answer(case: Vignette, present: tuple[str, ...], unmatched: tuple[str, ...]) -> Triage:
    knowledge = load_knowledge()
    asked = {symptom.id for symptom in knowledge.facts.symptom if symptom.question}
    report = SymptomReport(
        at=_NOW, present=present, absent=tuple(sorted(asked - set(present))), unmatched=unmatched
    )
    mild = SymptomReport(at=_NOW - dt.timedelta(hours=1), present=("symptom.tiredness",))
    return triage(report, episode(case), knowledge, earlier=(mild,) * case.earlier)


def episode(case: Vignette) -> Episode:
    knowledge = load_knowledge()
    hours = case.hours_after_end
    product = knowledge.products.get(case.product)
    months = case.age_months if case.age_years is None else case.age_years * MONTHS_PER_YEAR
    ended = None if hours is None else _NOW - dt.timedelta(minutes=int(hours * 60))
    return Episode(
        ended_at=ended,
        age_months=months,
        condition=case.condition,
        product=case.product,
        stabilisers=knowledge.stabilisers_of(product) if product else None,
        hazards=case.hazards,
    )
