"""The growth reference: figures of the CDC tables and how they are read between rows."""

from __future__ import annotations

from decimal import Decimal
from itertools import pairwise

import pytest

from ivigil.knowledge.growth import WeightForAge
from tests.support.bases import base

D = Decimal
REFERENCES: dict[str, WeightForAge] = {item.sex: item for item in base("real").facts.weight_for_age}

# CDC 2000 weight-for-age data table, columns P3, P50, P97, as printed.
PRINTED = [
    ("male", "0", "2.355451", "3.530203", "4.446488"),
    ("male", "24", "10.38209", "12.67076", "15.59648"),
    ("male", "42.5", "12.54001", "15.3194", "19.45041"),
    ("male", "114.5", "23.10902", "30.3177", "46.16253"),
    ("female", "0", "2.414112", "3.399186", "4.254922"),
    ("female", "12.5", "7.93103", "9.666089", "11.85539"),
]


@pytest.mark.parametrize(("sex", "age", "p3", "p50", "p97"), PRINTED)
def test_the_table_is_the_printed_one(sex: str, age: str, p3: str, p50: str, p97: str) -> None:
    row = REFERENCES[sex].at(D(age))
    assert row is not None
    printed = tuple(D(figure).quantize(D("0.01")) for figure in (p3, p50, p97))
    assert (row.p3_kg, row.p50_kg, row.p97_kg) == printed


@pytest.mark.parametrize("sex", ["male", "female"])
def test_rows_rise_with_age_and_centile(sex: str) -> None:
    rows = REFERENCES[sex].rows
    for row in rows:
        assert row.p3_kg < row.p50_kg < row.p97_kg
    for low, high in pairwise(rows):
        assert low.age_months < high.age_months
        assert (low.p3_kg, low.p50_kg, low.p97_kg) < (high.p3_kg, high.p50_kg, high.p97_kg)


def test_between_rows_the_weight_lies_between_theirs() -> None:
    reference = REFERENCES["male"]
    row = reference.at(D("45.5"))
    assert row is not None
    # printed for 45.5 months: 12.91234, 15.80873, 20.21195
    assert abs(row.p50_kg - D("15.81")) < D("0.1")
    assert abs(row.p97_kg - D("20.21")) < D("0.1")


def test_outside_its_ages_the_reference_is_silent() -> None:
    assert REFERENCES["male"].at(D("240.1")) is None
    assert REFERENCES["female"].at(D("-1")) is None
