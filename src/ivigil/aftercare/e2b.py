"""From a case to the elements of ICH E2B(R3): one value each, with its place in the repeated groups.

Coded elements are filled in words; the code comes from the field's allowed answers.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ivigil.aftercare.adverse_case import Case, Drug, Lot, Reaction
from ivigil.aftercare.filled import Filled, Value, age, plain

STANDARD = "ICH E2B(R3)"
GROUPS = {
    "G.k.4.r": ("G.k", "G.k.4.r"),
    "G.k.9.i": ("G.k", "G.k.9.i"),
    "G.k": ("G.k",),
    "E.i": ("E.i",),
}
"""Prefix of a code -> the repeated groups that it lies in; the most deeply nested first."""

LIFE_THREATENING_GRADE, DEATH_GRADE = 4, 5
"""What CTCAE calls these grades: life-threatening consequences; death."""

_UCUM = {"months": "mo", "years": "a"}


def time(moment: dt.date) -> str:
    """An HL7 time stamp: "20261201", "202612010940-0600"."""
    if isinstance(moment, dt.datetime):
        return f"{moment:%Y%m%d%H%M%z}"
    return f"{moment:%Y%m%d}"


def filled(case: Case) -> Iterator[Filled]:
    """Every element that a case can tell, None where nothing is recorded."""
    yield from _single(case)
    for number, reaction in enumerate(case.reactions or (Reaction(),), 1):
        yield from _reaction(reaction, number, case)
    suspects = case.suspects or (Drug(role="suspect"),)
    concomitants = [drug for drug in case.drugs if drug.role == "concomitant"]
    for number, drug in enumerate((*suspects, *concomitants), 1):
        yield from _drug(drug, number, max(len(case.reactions), 1))


def _single(case: Case) -> Iterator[Filled]:
    years = age(case.age_months)
    values: dict[str, Value] = {
        "C.1.5": case.report_date,
        "C.2.r.5": "primary",
        "C.3.2": case.organisation or None,
        "D.2.2": f"{years[0]} {_UCUM[years[1]]}" if years is not None else None,
        "D.3": case.weight_kg,
        "D.5": case.sex,
        "D.7.2": case.history or None,
        "H.1": case.narrative or None,
    }
    for code, value in values.items():
        yield Filled(code, (), value)


def _reaction(reaction: Reaction, number: int, case: Case) -> Iterator[Filled]:
    grade = reaction.grade or 0
    values = {
        "E.i.1.1a": reaction.reported or None,
        "E.i.1.1b": (reaction.reported and case.language) or None,
        "E.i.2.1a": reaction.meddra_version or None,
        "E.i.2.1b": reaction.meddra_llt or None,
        "E.i.3.2a": "yes" if grade == DEATH_GRADE else None,
        "E.i.3.2b": "yes" if grade == LIFE_THREATENING_GRADE else None,
        "E.i.3.2c": None,
        "E.i.3.2d": None,
        "E.i.3.2e": None,
        "E.i.3.2f": None,
        "E.i.4": reaction.started_at,
        "E.i.5": reaction.ended_at,
        "E.i.7": None,
    }
    for code, value in values.items():
        yield Filled(code, (number,), value)


def _drug(drug: Drug, number: int, reactions: int) -> Iterator[Filled]:
    yield Filled("G.k.1", (number,), drug.role)
    yield Filled("G.k.2.2", (number,), plain(drug.name, drug.strength))
    lots = drug.lots or (Lot(),)
    if drug.role == "concomitant":
        for place, lot in enumerate(lots, 1):
            yield Filled("G.k.4.r.8", (number, place), lot.dosage or None)
        return
    yield Filled("G.k.2.3.r.1", (number,), drug.substance or None)
    yield Filled("G.k.7.r.1", (number,), drug.indication or None)
    yield Filled("G.k.8", (number,), "drug withdrawn" if drug.withdrawn else None)
    for place, lot in enumerate(lots, 1):
        yield Filled("G.k.4.r.4", (number, place), lot.started_at)
        yield Filled("G.k.4.r.5", (number, place), lot.ended_at)
        yield Filled("G.k.4.r.7", (number, place), lot.lot or None)
        yield Filled("G.k.4.r.8", (number, place), lot.dosage or None)
        yield Filled("G.k.4.r.10.1", (number, place), drug.route or None)
        yield Filled("G.k.4.r.10.2b", (number, place), drug.route_term or None)
    for reaction in range(1, reactions + 1):
        yield Filled("G.k.9.i.2.r.3", (number, reaction), None)
