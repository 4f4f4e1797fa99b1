"""Taking typed values from one table of an order; whatever does not fit becomes a fault."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any, TypeVar

from ivigil.intake import numbers
from ivigil.intake.faults import MISSING, Faults, is_plain, join, show, show_key
from ivigil.intake.near import nearest_keys
from ivigil.intake.text import Number, Table
from ivigil.told import Text, Told, tell

DATE = tell("a date such as 2026-11-23")
INSTANT = tell("a date and time with offset such as 2026-11-23T08:00:00+00:00")
TEXT = tell("one line of text in quotes")
WITHIN_LIFE = tell("a date from birth to the start of the course")
LIST_LENGTH = 200
"""Longest list that is read."""
UNKNOWN_TOLD = 20
"""Unknown keys told in one table."""
FIRST_YEAR, LAST_YEAR = 1850, 2150
"""Years in which a date of a patient or an order can lie."""

_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2})?")


T = TypeVar("T")


class Fields:
    """The values of one table. Unknown and repeated keys are noted at once.

    Every reader returns None for a key that is absent or at fault; the fault is noted.
    """

    def __init__(
        self,
        table: dict[str, Any],
        path: str,
        known: Sequence[str],
        faults: Faults,
        whole: str = "an order",
    ) -> None:
        self.path = path
        self._whole = whole
        self.faults = faults
        self._table = table
        self._note_strangers(known)
        for key in table.duplicates if isinstance(table, Table) else ():
            log = "" if key in known else f"{self._name}: unknown key"
            faults.add(
                join(path, show_key(key)), tell("written more than once"), tell("each key once"), log=log
            )

    def has(self, key: str) -> bool:
        return key in self._table

    def raw(self, key: str) -> Any:
        return self._table.get(key)

    def fault(self, key: str, accepted: Text, *, near: Sequence[str] = (), log: str = "") -> None:
        """Note that the value of ``key``, or its absence, is not accepted."""
        value = show(self._table[key]) if key in self._table else MISSING
        self.faults.add(join(self.path, key), value, accepted, near=near, log=log)

    def require(self, *keys: str, accepted: Text) -> None:
        """Note a fault unless one of the keys is there."""
        if not any(key in self._table for key in keys):
            self.fault(keys[0], accepted)

    def text(self, key: str, accepted: Text = TEXT) -> str | None:
        """One line of text that is not empty."""
        return self._read(key, _text, accepted)

    def choice(self, key: str, choices: Sequence[str]) -> str | None:
        """One of a few words, exactly as listed."""
        value = self._table.get(key)
        if isinstance(value, str) and value in choices:
            return value
        if key in self._table:
            near = nearest_keys(value, choices) if isinstance(value, str) else ()
            self.fault(key, tell("one of: {names}", names=", ".join(choices)), near=near)
        return None

    def flag(self, key: str) -> bool | None:
        return self._read(
            key, lambda value: value if isinstance(value, bool) else None, tell("true or false")
        )

    def date(self, key: str) -> dt.date | None:
        return self._read(key, date_of, DATE)

    def instant(self, key: str) -> dt.datetime | None:
        """A date and time with its offset from UTC."""
        return self._read(key, instant_of, INSTANT)

    def number(self, key: str) -> Decimal | None:
        """A number above zero, plain or as text; its unit is that of the key."""
        number = self._read_number(key, number_of, numbers.ACCEPTED)
        if number is not None and number <= 0:
            self.fault(key, tell("a number above 0"))
            return None
        return number

    def count(self, key: str) -> int | None:
        """A whole number of 1 or more."""
        return self._read_number(key, _count_of, numbers.ACCEPTED_COUNT)

    def numbers(self, key: str) -> tuple[Decimal, ...]:
        """A list of numbers above zero; those at fault are left out."""
        found: list[Decimal] = []
        for item in self._list(key, tell("a list of numbers")):
            try:
                value = number_of(item)
            except numbers.NumberError as error:
                self.faults.add(join(self.path, key), show(item), numbers.ACCEPTED, near=error.readings)
                continue
            if value > 0:
                found.append(value)
            else:
                self.faults.add(join(self.path, key), show(item), tell("numbers above 0"))
        return tuple(found)

    def names(self, key: str) -> tuple[str, ...]:
        """A list of different texts; empty if absent or at fault."""
        items = self._list(key, tell("a list of texts"))
        found: list[str] = []
        for item in items:
            if _text(item) is None:
                self.faults.add(join(self.path, key), show(item), TEXT)
            elif item in found:
                self.faults.add(
                    join(self.path, key), tell("{item} twice", item=show(item)), tell("each item once")
                )
            else:
                found.append(item)
        return tuple(found)

    def table(self, key: str, known: Sequence[str]) -> Fields | None:
        """A table within this one."""
        value = self._read(key, lambda value: value if isinstance(value, dict) else None, _table_of(known))
        return None if value is None else Fields(value, join(self.path, key), known, self.faults)

    def tables(self, key: str, known: Sequence[str]) -> Iterator[Fields]:
        """The tables of a list, in order; "overrides[0]" is the path of the first."""
        for place, item in enumerate(self._list(key, tell("a list of tables"))):
            path = f"{join(self.path, key)}[{place}]"
            if isinstance(item, dict):
                yield Fields(item, path, known, self.faults)
            else:
                self.faults.add(path, show(item), _table_of(known))

    @property
    def _name(self) -> str:
        return self.path or "order"

    def _note_strangers(self, known: Sequence[str]) -> None:
        strangers = [key for key in self._table if key not in known]
        accepted = tell("the keys of {table}", table=f"[{self.path}]" if self.path else self._whole)
        for key in strangers[:UNKNOWN_TOLD]:
            self.faults.add(
                join(self.path, show_key(key)),
                tell("unknown key"),
                accepted,
                near=nearest_keys(key, known),
                log=f"{self._name}: unknown key",
            )
        if len(strangers) > UNKNOWN_TOLD:
            more = tell("{count} more unknown keys", count=str(len(strangers) - UNKNOWN_TOLD))
            self.faults.add(self._name, more, accepted)

    def _list(self, key: str, accepted: Told) -> list[Any]:
        value = self._table.get(key, [])
        if isinstance(value, list) and len(value) <= LIST_LENGTH:
            return value
        seen = tell("a list of {count}", count=str(len(value))) if isinstance(value, list) else show(value)
        most = tell("{list}, at most {count}", list=accepted, count=str(LIST_LENGTH))
        self.faults.add(join(self.path, key), seen, most)
        return []

    def _read(self, key: str, reader: Callable[[Any], T | None], accepted: Text) -> T | None:
        if key not in self._table:
            return None
        value = reader(self._table[key])
        if value is None:
            self.fault(key, accepted)
        return value

    def _read_number(self, key: str, reader: Callable[[Any], T], accepted: Text) -> T | None:
        if key not in self._table:
            return None
        try:
            return reader(self._table[key])
        except numbers.NumberError as error:
            self.fault(key, accepted, near=error.readings)
            return None


def number_of(value: Any) -> Decimal:
    """The number in a plain number or a text. Raises NumberError."""
    if isinstance(value, Number):
        return numbers.literal_number(value.text)
    if isinstance(value, str):
        return numbers.written_number(value)
    raise numbers.NumberError


def instant_of(value: Any, *, offset: bool = True) -> dt.datetime | None:
    """A date and time, plain or as text; None if it is none, or has no offset where one is asked for."""
    if isinstance(value, str) and _INSTANT.fullmatch(value):
        try:
            value = dt.datetime.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.datetime) or (offset and value.utcoffset() is None):
        return None
    return value if FIRST_YEAR <= value.year <= LAST_YEAR else None


def _count_of(value: Any) -> int:
    if isinstance(value, Number):
        return numbers.whole_number(value.text)
    if isinstance(value, str):
        return numbers.whole_number(value)
    raise numbers.NumberError


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) and value.strip() and is_plain(value) else None


def date_of(value: Any) -> dt.date | None:
    """A date, plain or as text; None if it is none."""
    if isinstance(value, str) and _DATE.fullmatch(value):
        try:
            value = dt.date.fromisoformat(value)
        except ValueError:
            return None
    if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
        return None
    return value if FIRST_YEAR <= value.year <= LAST_YEAR else None


def _table_of(known: Sequence[str]) -> Told:
    return tell("a table with {keys}", keys=", ".join(known))
