"""Limits: the one channel by which findings reach the rest of the plan.

Each entry keeps the id of the finding it came from, so "which hazard caused what" is read
off, never computed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from typing import Generic, TypeVar, cast

import msgspec

from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.hazards import CapDailyDose, CapRate, Effect
from ivigil.knowledge.logic import Case, Truth, truth_of

E = TypeVar("E")


class Entry(msgspec.Struct, Generic[E], frozen=True):
    """One effect and the finding (or condition, or regimen) that it comes from."""

    effect: E
    finding: str


class Limits(msgspec.Struct, frozen=True, dict=True):
    """Everything that binds this course. More entries never loosen anything."""

    entries: tuple[Entry[Effect], ...] = ()

    def of(self, kind: type[E]) -> tuple[Entry[E], ...]:
        """All entries of one kind of effect, in the order of their findings."""
        return cast("tuple[Entry[E], ...]", self._by_kind.get(kind, ()))

    @cached_property
    def _by_kind(self) -> dict[type, tuple[Entry[Effect], ...]]:
        found: dict[type, list[Entry[Effect]]] = {}
        for entry in self.entries:
            found.setdefault(entry.effect.__class__, []).append(entry)
        return {kind: tuple(entries) for kind, entries in found.items()}

    def plus(self, more: Iterable[Entry[Effect]]) -> Limits:
        return Limits((*self.entries, *more))


def condition_limits(condition: Condition, regimen: Regimen, case: Case) -> list[Entry[Effect]]:
    """Caps that the condition and its regimen put on every product."""
    entries: list[Entry[Effect]] = []
    for cap in condition.rate_caps:
        # An unknown condition of a cap does not lift the cap.
        if cap.when is None or truth_of(cap.when, case) is not Truth.FALSE:
            effect = CapRate(
                id=cap.id,
                basis=cap.basis,
                seen=cap.seen,
                sources=cap.sources,
                rate=cap.rate,
                unit=cap.unit,
                strict=cap.strict,
            )
            entries.append(Entry(effect, condition.id))
    if regimen.max_rate is not None and regimen.max_rate_unit is not None:
        effect = CapRate(
            id=regimen.id,
            basis=regimen.basis,
            seen=regimen.seen,
            sources=regimen.sources,
            rate=regimen.max_rate,
            unit=regimen.max_rate_unit,
        )
        entries.append(Entry(effect, condition.id))
    if regimen.max_daily_dose_g is not None or regimen.daily_dose_g_per_kg_max is not None:
        daily = CapDailyDose(
            id=regimen.id,
            basis=regimen.basis,
            seen=regimen.seen,
            sources=regimen.sources,
            g_per_kg=regimen.daily_dose_g_per_kg_max,
            grams=regimen.max_daily_dose_g,
        )
        entries.append(Entry(daily, condition.id))
    return entries
