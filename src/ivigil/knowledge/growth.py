"""Weight for age: a published growth reference, used only to doubt a weight, never to dose."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise
from typing import Literal

from ivigil.knowledge.evidence import Fact, Record


class GrowthRow(Record):
    """One age of a growth reference: the 3rd, 50th and 97th centile."""

    age_months: Decimal
    p3_kg: Decimal
    p50_kg: Decimal
    p97_kg: Decimal


class WeightForAge(Fact):
    """Weight for age of one sex, youngest first; between two rows it is read on a straight line."""

    sex: Literal["male", "female"]
    rows: tuple[GrowthRow, ...]

    def at(self, age_months: Decimal) -> GrowthRow | None:
        """The centiles at an age; None outside the ages of the reference."""
        for low, high in pairwise(self.rows):
            if low.age_months <= age_months <= high.age_months:
                return _between(low, high, age_months)
        return None


def _between(low: GrowthRow, high: GrowthRow, age_months: Decimal) -> GrowthRow:
    share = (age_months - low.age_months) / (high.age_months - low.age_months)
    return GrowthRow(
        age_months=age_months,
        p3_kg=low.p3_kg + share * (high.p3_kg - low.p3_kg),
        p50_kg=low.p50_kg + share * (high.p50_kg - low.p50_kg),
        p97_kg=low.p97_kg + share * (high.p97_kg - low.p97_kg),
    )
