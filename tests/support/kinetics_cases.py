"""Scenario files of published kinetics: read, simulated by superposition, measured."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from statistics import mean, median, stdev
from typing import Literal

import msgspec

from ivigil.kinetics.individual import Subject, Typical, typical
from ivigil.knowledge.store import Knowledge
from tests.support.superposition import Given, infused, infused_auc

FOLDER = Path(__file__).parents[1] / "scenarios" / "kinetics"
Measure = Literal["trough", "peak", "swing_percent", "auc_per_week", "auc_infused", "level", "rise"]
STEPS_A_DAY = 50
"""Where a peak under the skin is looked for; after an infusion it lies at the dose."""
JUST_AFTER = 1e-9


class Rows(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    route: Literal["IV", "SC", "facilitated_SC"]
    g_per_kg: Decimal
    first_day: int
    every_days: int
    times: int


class Regimen(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    doses: tuple[Rows, ...]

    @property
    def last_interval(self) -> tuple[int, int]:
        """From the last dose to the next that would come."""
        row = self.doses[-1]
        start = row.first_day + row.every_days * (row.times - 1)
        return start, start + row.every_days


class Expect(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    of: Measure
    regimen: str
    why: str
    day: float | None = None
    against: str = ""
    minus: str = ""
    across: Literal["each", "median", "cv_percent"] = "each"
    value: float | None = None
    tolerance_percent: float | None = None
    low: float | None = None
    high: float | None = None

    @property
    def bounds(self) -> tuple[float, float]:
        """What is accepted; a bound that is not given is open."""
        if self.tolerance_percent is not None and self.value is not None:
            width = self.value * self.tolerance_percent / 100
            return self.value - width, self.value + width
        if self.low is None and self.high is None:
            raise ValueError(f"{self.of} of {self.regimen}: nothing is expected")
        return (
            -float("inf") if self.low is None else self.low,
            float("inf") if self.high is None else self.high,
        )


class Case(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    title: str
    source: str
    models: tuple[str, ...]
    subject: Subject
    regimen: dict[str, Regimen]
    expect: tuple[Expect, ...]
    note: str = ""
    endogenous_g_per_l: float | None = None


def read(path: Path) -> Case:
    return msgspec.convert(tomllib.loads(path.read_text(), parse_float=Decimal), Case, strict=False)


def cases() -> dict[str, Case]:
    """Every file by its name."""
    return {path.stem: read(path) for path in sorted(FOLDER.glob("*.toml"))}


def measured(case: Case, expect: Expect, knowledge: Knowledge) -> dict[str, float]:
    """The measured figure by model, or one figure over all models."""
    found = {name: _of(case, expect, name, knowledge) for name in case.models}
    if expect.across == "median":
        return {"median": median(found.values())}
    if expect.across == "cv_percent":
        return {"CV": 100 * stdev(found.values()) / mean(found.values())}
    return found


def _of(case: Case, expect: Expect, name: str, knowledge: Knowledge) -> float:
    values = typical(knowledge.population_models[name], case.subject, knowledge)
    figure = _measure(case, expect, expect.regimen, values)
    if expect.against:
        return figure / _measure(case, expect, expect.against, values)
    if expect.minus:
        return figure - _measure(case, expect, expect.minus, values)
    return figure


def _measure(case: Case, expect: Expect, regimen: str, values: Typical) -> float:
    plan = case.regimen[regimen]
    doses = given(plan, case.subject)
    own = own_level(case, values)
    start, end = plan.last_interval
    if expect.of in ("level", "rise"):
        assert expect.day is not None
        return infused(values, doses, expect.day) + (own if expect.of == "level" else 0)
    if expect.of == "auc_infused":
        return infused_auc(values, doses, start, end)
    if expect.of == "auc_per_week":
        return (infused_auc(values, doses, start, end) / (end - start) + own) * 7
    trough = infused(values, doses, end) + own
    if expect.of == "trough":
        return trough
    grid = [start + JUST_AFTER, *(start + k / STEPS_A_DAY for k in range(1, (end - start) * STEPS_A_DAY))]
    peak = max(infused(values, doses, day) for day in grid) + own
    return peak if expect.of == "peak" else 100 * (peak - trough) / trough


def given(plan: Regimen, subject: Subject) -> list[Given]:
    """The doses one by one, in grams for the subject's weight."""
    assert subject.weight_kg is not None
    return [
        Given(row.first_day + row.every_days * k, float(row.g_per_kg * subject.weight_kg), row.route)
        for row in plan.doses
        for k in range(row.times)
    ]


def own_level(case: Case, values: Typical) -> float:
    """Own IgG in g/L: forced by the source, or what the model says; none where the model adds none."""
    if case.endogenous_g_per_l is not None:
        return case.endogenous_g_per_l
    return values.values.get("endogenous_g_per_l", 0.0)
