"""A laboratory result as it is typed: a number with or without its unit, and when the sample was drawn."""

from __future__ import annotations

import datetime as dt

from ivigil.intake.faults import MISSING, Faults
from ivigil.intake.fields import Fields
from ivigil.intake.plausibility import Doubter
from ivigil.intake.quantities import Measured, Quantity, take
from ivigil.knowledge.reactions import Measure
from ivigil.knowledge.store import Knowledge
from ivigil.told import tell

DRAWN = tell("a day and a time such as 2026-11-23 08:10, not to come")


def quantity_of(measure: Measure, knowledge: Knowledge) -> Quantity:
    """In which units a measure may be written: those of every substance, and its own."""
    own = tuple((each.unit, each.factor) for each in measure.other_units if knowledge.permits(each))
    return Quantity(measure.id.removeprefix("measure."), measure.unit, also=own)


def read_result(measure: Measure, text: str, knowledge: Knowledge) -> Measured:
    """What was typed. Raises OrderError if it is no number in a known unit, or one that nobody living has."""
    quantity, faults = quantity_of(measure, knowledge), Faults()
    name = quantity.key
    key = quantity.key_of(text)
    found = take(Fields({key: text.strip()}, "", (key,), faults), quantity)
    term = knowledge.terms.get(name)
    if found is not None and term is not None:
        Doubter(knowledge, (), faults).in_range(found, term)
    faults.raise_if_any()
    assert found is not None  # or there was a fault
    return found


def read_drawn(day: str, time: str, now: dt.datetime) -> dt.datetime:
    """When a sample was drawn, in the site's zone. Raises OrderError."""
    faults = Faults()
    written = f"{day.strip()} {time.strip()}".strip()
    try:
        drawn = dt.datetime.strptime(written, "%Y-%m-%d %H:%M").replace(tzinfo=now.tzinfo)
    except ValueError:
        drawn = None
    if drawn is None or drawn > now:
        faults.add("drawn", written or MISSING, DRAWN)
    faults.raise_if_any()
    assert drawn is not None  # or there was a fault
    return drawn
