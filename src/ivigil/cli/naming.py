"""From what a person types to what is meant: records by any of their names, numbers, days."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal

from ivigil.intake.near import nearest_names, plain
from ivigil.intake.numbers import NumberError, written_number
from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.products import Product, Route
from ivigil.knowledge.reactions import Measure, Symptom
from ivigil.knowledge.store import Knowledge


class InputError(ValueError):
    """What was typed cannot be used; the message is one line that says what is wrong or accepted."""


class BlockedError(ValueError):
    """Refused on clinical grounds; the message says why, the reasons one a line."""


def condition(written: str, knowledge: Knowledge) -> Condition:
    """The condition with this id, name, synonym or code. Raises InputError."""
    names = {item.id: _condition_names(item) for item in knowledge.facts.condition}
    return knowledge.conditions[one("condition", written, names)]


def product(
    written: str, knowledge: Knowledge, places: tuple[str, ...] = (), *, route: Route | None = None
) -> Product:
    """The product with this id, or the only one of this name or brand. Raises InputError.

    places: a jurisdiction and all that it lies in; empty: anywhere. route: None for either.
    """
    names = {
        item.id: (item.id, item.name, item.brand, *item.synonyms)
        for item in knowledge.facts.product
        if route in (None, item.route)
    }
    exact = written.strip().casefold()
    if exact in names:
        return knowledge.products[exact]
    here = {key: names[key] for key in names if not places or knowledge.products[key].jurisdiction in places}
    kind = "product" if route is None else f"{route} product"
    return knowledge.products[one(kind, written, here)]


def jurisdiction(written: str, knowledge: Knowledge) -> str:
    """The id of the jurisdiction with this id or name. Raises InputError."""
    names = {node.id: (node.id, node.name) for node in knowledge.facts.jurisdiction}
    return one("jurisdiction", written, names, always_listed=True)


def one(kind: str, written: str, names: Mapping[str, Iterable[str]], *, always_listed: bool = False) -> str:
    """The one key that ``written`` names. Raises InputError: several are meant, or none.

    always_listed: where nothing is near, every key is offered.
    """
    found = [key for key, labels in names.items() if plain(written) in map(plain, labels)]
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{kind} {written!r} may be any of: {', '.join(found)}")
    raise unknown(kind, written, names, always_listed=always_listed)


def unknown(
    kind: str, written: str, names: Mapping[str, Iterable[str]], *, always_listed: bool = False
) -> InputError:
    """The error for a name that is not known, with the keys that are near to it."""
    near = nearest_names(written, names) or (tuple(names) if always_listed else ())
    return InputError(f"unknown {kind} {written!r}" + (f"; near: {', '.join(near)}" if near else ""))


def amount(text: str) -> Decimal:
    """A positive number in the one grammar of orders. Raises InputError."""
    try:
        value = written_number(text)
    except NumberError as error:
        readings = f" (is it {' or '.join(error.readings)}?)" if error.readings else ""
        raise InputError(f"{text!r} is not {error}{readings}") from error
    if not value:
        raise InputError(f"{text!r}: a number above 0 is needed")
    return value


def day(text: str) -> dt.date:
    """A day as YYYY-MM-DD. Raises InputError."""
    try:
        if len(text) != len("YYYY-MM-DD"):
            raise ValueError(text)
        return dt.date.fromisoformat(text)
    except ValueError as error:
        raise InputError(f"{text!r} is not a day such as 2026-11-23") from error


def moment(written: str, field: str, also: str = "") -> dt.datetime:
    """A date and time with offset. Raises InputError; ``also``: what else the field accepts."""
    try:
        found = dt.datetime.fromisoformat(written)
    except ValueError:
        found = None
    if found is None or found.tzinfo is None:
        accepted = f"{also}a date and time with offset such as 2026-12-01T10:05-06:00"
        raise InputError(f"{field} {written}: accepted: {accepted}")
    return found


def symptom(written: str, symptoms: Iterable[Symptom]) -> str:
    """The id of the symptom with this id, name, plain word or synonym. Raises InputError."""
    names = {
        item.id: (item.id, item.id.removeprefix("symptom."), item.name, item.plain, *item.synonyms)
        for item in symptoms
    }
    return one("symptom", written, names)


def measure(written: str, measures: Iterable[Measure]) -> Measure:
    """The measure with this id, name or code. Raises InputError."""
    known = {item.id: item for item in measures}
    names = {
        item.id: (item.id, item.id.removeprefix("measure."), item.name, *item.loinc)
        for item in known.values()
    }
    return known[one("measure", written, names)]


def _condition_names(item: Condition) -> tuple[str, ...]:
    return (item.id, item.name, *item.synonyms, *item.icd10cm, *item.snomed_ct)
