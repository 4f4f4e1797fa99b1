"""From a case to the boxes of FDA Form 3500. Section D stands once for every lot."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ivigil.aftercare.adverse_case import Case, Drug, Lot
from ivigil.aftercare.filled import Filled, age, plain

STANDARD = "FDA 3500"
GROUPS = {"D": ("D",)}
"""Prefix of a code -> the repeated groups that it lies in."""

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")


def filled(case: Case) -> Iterator[Filled]:
    """Every box that a case can tell, None where nothing is recorded."""
    event, years = case.event_at, age(case.age_months)
    values = {
        "A1": case.infusion or None,
        "A2": f"{years[0]} {years[1]}" if years is not None else None,
        "A3": case.sex,
        "A4": f"{case.weight_kg:f} kg" if case.weight_kg is not None else None,
        "B1": "adverse-event",
        "B2": None,
        "B3": event.date() if event is not None else None,
        "B4": case.report_date,
        "B5": case.narrative or None,
        "B6": case.tests or None,
        "B7": case.history or None,
        "F1": case.concomitants or None,
    }
    for code, value in values.items():
        yield Filled(code, (), value)
    suspects = [(drug, lot) for drug in case.suspects for lot in drug.lots or (Lot(),)]
    for number, (drug, lot) in enumerate(suspects or [(Drug(role="suspect"), Lot())], 1):
        yield from _suspect(drug, lot, number)


def _suspect(drug: Drug, lot: Lot, number: int) -> Iterator[Filled]:
    values = {
        "D1": plain(drug.name, drug.strength, drug.manufacturer),
        "D2": plain(lot.dosage, drug.route),
        "D3": _from_to(lot.started_at, lot.ended_at),
        "D4": drug.indication or None,
        "D5": None,
        "D6": lot.lot or None,
        "D7": lot.expiry,
        "D8": None,
        "D9": lot.package_code or None,
    }
    for code, value in values.items():
        yield Filled(code, (number,), value)


def _from_to(start: dt.datetime | None, end: dt.datetime | None) -> str | None:
    return f"{time(start)} to {time(end)}" if start is not None and end is not None else None


def time(date: dt.date) -> str:
    """A day as FDA's forms ask for it, whichever way round a reader puts day and month: "01-DEC-2026"."""
    return f"{date.day:02d}-{_MONTHS[date.month - 1]}-{date.year:04d}"
