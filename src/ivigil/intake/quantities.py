"""Measured numbers with their unit: in the key ("weight_kg = 14.2") or in the text ("31.3 lb").

A laboratory value may be censored ("<0.07") and dated ({ value = ..., date = ... }).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import msgspec

from ivigil import units
from ivigil.intake.faults import is_plain, join, show
from ivigil.intake.fields import Fields, number_of
from ivigil.intake.numbers import ACCEPTED, NumberError
from ivigil.intake.text import Number
from ivigil.knowledge.logic import Reading
from ivigil.patient import Measurement
from ivigil.told import Text, Told, tell

_SPLIT = re.compile(r"\s*(?P<comparator><=|>=|<|>)?\s*(?P<number>[0-9.,_'+-]+)\s*(?P<unit>\S.*?)?\s*")

_WRITTEN = str.maketrans("µμ²³⁹", "uu239")
"""How people write what UCUM writes in plain letters."""


class Quantity(msgspec.Struct, frozen=True):
    """What may be written: the key that carries the unit, and whether a limit is a value."""

    key: str
    unit: str
    censored: bool = False
    also: tuple[tuple[str, Decimal], ...] = ()
    """Units of this substance alone, each with its factor to ``unit``."""

    @property
    def units(self) -> tuple[str, ...]:
        """Every unit in which it may be written, its own first."""
        return (*units.accepted_units(self.unit), *(unit for unit, _ in self.also))

    def convert(self, number: Decimal, unit: str) -> Decimal:
        """A number written in ``unit``, exactly, in its own."""
        factor = dict(self.also).get(unit)
        return units.convert(number, unit, self.unit) if factor is None else number * factor

    @property
    def unit_free_key(self) -> str:
        """The key whose text states the unit: "iga" for "iga_g_per_l"; empty if there is none."""
        spoken = re.sub("[^a-z0-9]", "", self.unit.lower().replace("/", "per").replace("*", "e"))
        parts = self.key.split("_")
        for at in range(1, len(parts)):
            if "".join(parts[at:]) == spoken:
                return "_".join(parts[:at])
        return ""

    @property
    def keys(self) -> tuple[str, ...]:
        return (self.key, self.unit_free_key) if self.unit_free_key else (self.key,)

    def key_of(self, text: str) -> str:
        """The key under which a text belongs: the unit-free one if it states a unit."""
        try:
            unit = _split(text)[2]
        except NumberError:
            return self.key
        return self.unit_free_key if unit and self.unit_free_key else self.key


class Written(msgspec.Struct, frozen=True):
    """A quantity taken apart, before conversion."""

    comparator: str
    number: Decimal
    unit: str


class Measured(msgspec.Struct, frozen=True):
    """A quantity as read, with the place and the text it was read from."""

    quantity: Quantity
    written: Written
    date: dt.date | None
    field: str
    """Path of the value."""
    shown: str
    """The value as written."""

    @property
    def number(self) -> Decimal:
        """The number in the unit of the key; of a limit, the number it names."""
        return self.in_unit(self.written.unit)

    @property
    def reading(self) -> Reading:
        number = self.number
        match self.written.comparator:
            case "<" | "<=" as sign:
                return Reading(None, number, high_open=sign == "<")
            case ">" | ">=" as sign:
                return Reading(number, None, low_open=sign == ">")
            case _:
                return Reading.exactly(number)

    @property
    def measurement(self) -> Measurement:
        return Measurement(self.reading, self.date)

    def in_unit(self, unit: str) -> Decimal:
        """The number in the unit of the key, had it been written in ``unit``."""
        return self.quantity.convert(self.written.number, unit)

    def other_units(self) -> tuple[str, ...]:
        """The accepted units in which it was not written."""
        return tuple(unit for unit in self.quantity.units if unit != self.written.unit)

    def rewritten(self, unit: str) -> str:
        """How to write the same number in another unit: 'iga = "7 mg/dL"'."""
        value = f'"{self.written.comparator}{self.written.number:f} {unit}"'
        return f"{self.quantity.unit_free_key} = {value}" if self.quantity.unit_free_key else value


def take(fields: Fields, quantity: Quantity) -> Measured | None:
    """Read a quantity from its key or its unit-free key; None if absent or at fault."""
    written = [key for key in quantity.keys if fields.has(key)]
    if len(written) > 1:
        fields.fault(written[1], tell("either {one} or {other}, not both", one=written[0], other=written[1]))
        return None
    if not written:
        return None
    key = written[0]
    if key == quantity.key:
        read, accepted = _in_unit, _accepted_number(quantity)
    else:
        read, accepted = _with_unit, _accepted_text(quantity)
    return _take(fields, key, quantity, read, accepted)


Reader = Callable[[Any, Quantity], Written]


def _take(fields: Fields, key: str, quantity: Quantity, read: Reader, accepted: Text) -> Measured | None:
    date = None
    if isinstance(fields.raw(key), dict):
        inner = fields.table(key, ("value", "date"))
        if inner is None:
            return None
        inner.require("value", accepted=accepted)
        date = inner.date("date")
        fields, key = inner, "value"
    if not fields.has(key):
        return None
    try:
        written = read(fields.raw(key), quantity)
        if written.comparator and not quantity.censored:
            raise NumberError
    except NumberError as error:
        fields.fault(key, accepted, near=error.readings)
        return None
    return Measured(quantity, written, date, join(fields.path, key), show(fields.raw(key)))


def _in_unit(value: Any, quantity: Quantity) -> Written:
    """A number, or number text with a comparator, in the unit of the key."""
    if isinstance(value, Number):
        return Written("", number_of(value), quantity.unit)
    comparator, number, unit = _split(value)
    if unit:
        raise NumberError(
            (f'{quantity.unit_free_key} = "{value.strip()}"',) if quantity.unit_free_key else ()
        )
    return Written(comparator, number_of(number), quantity.unit)


def _with_unit(value: Any, quantity: Quantity) -> Written:
    """Text of a number and its unit."""
    comparator, number, unit = _split(value)
    unit = _known_unit(unit, quantity)
    try:
        return Written(comparator, number_of(number), unit)
    except NumberError as error:
        raise NumberError(tuple(f'"{reading} {unit}"' for reading in error.readings)) from None


def _split(value: Any) -> tuple[str, str, str]:
    match = _SPLIT.fullmatch(value) if isinstance(value, str) and is_plain(value) else None
    if match is None:
        raise NumberError
    return match["comparator"] or "", match["number"], match["unit"] or ""


def _known_unit(written: str, quantity: Quantity) -> str:
    """The unit as it is listed, whatever its case and marks. Raises NumberError if it is not accepted."""
    for unit in quantity.units:
        if _spoken(unit) == _spoken(written):
            return unit
    raise NumberError


def _spoken(unit: str) -> str:
    """A unit without what people leave out or vary: 10^9/L is 10*9/L, 1.73 m2 is {1.73_m2}."""
    return re.sub("[^a-z0-9/%]", "", unit.translate(_WRITTEN).casefold())


def _accepted_number(quantity: Quantity) -> Told:
    plain = tell("{number}; in {unit}", number=ACCEPTED, unit=quantity.unit)
    return tell('{number}, or a limit as text such as "<0.07"', number=plain) if quantity.censored else plain


def _accepted_text(quantity: Quantity) -> Told:
    written = tell('text of a number and its unit such as "12.5 {unit}"', unit=quantity.unit)
    if quantity.censored:
        written = tell('{number} with or without "<" before it', number=written)
    return tell("{number}; units: {units}", number=written, units=", ".join(quantity.units))
