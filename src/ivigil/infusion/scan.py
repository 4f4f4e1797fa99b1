"""Reading a GS1 barcode: GTIN, lot, expiry date and serial number of a vial or its carton.

``biip`` takes the element string apart and checks the GTIN. The date is read here, because the
library asks the clock for the century and this room has none: ``today`` is an argument.

One slip cannot be seen in a barcode: a lot that lost the separator behind it swallows what follows.
The expiry date or serial number is then missing, and without an expiry date a vial is not hung.
"""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Iterator

import msgspec
from biip import ParseConfig, ParseError
from biip.gs1_element_strings import GS1ElementString
from biip.symbology import GS1Symbology

from ivigil.order import Fault
from ivigil.told import tell

_SEPARATOR = "\x1d"
"""What a scanner sends for FNC1, which ends a field of variable length."""
_PRINTED = re.compile(r"\(([0-9]{2,4})\)([^()]+)")
"""One field of the human readable form."""
_NO_CLOCK = ParseConfig(gs1_element_strings_verify_date=False)
_NAMES = {"01": "gtin", "10": "lot", "17": "expiry", "21": "serial"}
"""The application identifiers that are read; others are passed over."""
_TEXT = tell("1 to 20 letters, digits or GS1 signs, then a separator or the end")
_ACCEPTED = {
    "barcode": tell("GS1 fields with the GTIN of a vial or its carton, such as (01)...(17)...(10)...(21)..."),
    "gtin": tell("fourteen digits with the right check digit"),
    "lot": _TEXT,
    "expiry": tell("YYMMDD; day 00 is the last day of the month"),
    "serial": _TEXT,
}

_Field = tuple[str, str | Fault]
"""The name of a field that is read, and its value or what is wrong with it."""


class Scan(msgspec.Struct, frozen=True):
    """What a barcode says. A field that it does not hold is None."""

    gtin: str
    """Fourteen digits, check digit right."""
    lot: str | None = None
    expiry: dt.date | None = None
    """The last day on which it may be used."""
    serial: str | None = None


class ScanError(Exception):
    """The barcode cannot be read as a vial's; lists every fault found."""

    def __init__(self, faults: tuple[Fault, ...]) -> None:
        self.faults = faults
        super().__init__("\n".join(fault.text for fault in faults))


def read_scan(text: str, today: dt.date) -> Scan:
    """Read what a scanner sent, or the text printed under the barcode: "(01)...(17)...".

    Accepts the symbology prefix ("]d2", "]C1"...) and the separator \\x1d. ``today`` decides the
    century of the expiry date. Raises ScanError.
    """
    body = _without_prefix(text.strip())
    values, faults = _sorted(_printed(body) if body.startswith("(") else _sent(body))
    expiry = _expiry(values["expiry"], today) if "expiry" in values else None
    if isinstance(expiry, Fault):
        faults.append(expiry)
    if "gtin" not in values and not faults:
        faults.append(_fault("gtin", text))
    if faults or isinstance(expiry, Fault):
        raise ScanError(tuple(faults))
    return Scan(gtin=values["gtin"], lot=values.get("lot"), expiry=expiry, serial=values.get("serial"))


def _fault(name: str, value: str) -> Fault:
    return Fault(name, value, _ACCEPTED[name])


def _without_prefix(text: str) -> str:
    """The text without its symbology identifier, which must be one that carries GS1 fields."""
    if not text.isascii():
        raise ScanError((_fault("barcode", text),))
    if not text.startswith("]"):
        return text
    allowed = {f"]{symbology.value}" for symbology in GS1Symbology.with_gs1_messages()}
    if text[:3] not in allowed:
        accepted = tell("a GS1 symbol: {symbols}", symbols=", ".join(sorted(allowed)))
        raise ScanError((Fault("symbology", text[:3], accepted),))
    return text[3:]


def _printed(text: str) -> Iterator[_Field]:
    """Fields of the human readable form; nothing may stand between them."""
    compact = "".join(text.split())
    fields = list(_PRINTED.finditer(compact))
    if "".join(field[0] for field in fields) != compact:
        yield "barcode", _fault("barcode", text)
    for field in fields:
        name = _NAMES.get(field[1], "barcode")
        try:
            element = GS1ElementString.parse(f"{field[1]}{field[2]}", config=_NO_CLOCK)
        except ParseError:
            yield name, _fault(name, field[0] if name == "barcode" else field[2])
            continue
        # "(9901)x" would be read as (99) with "01x"
        yield from _read(element) if element.ai.ai == field[1] else [("barcode", _fault("barcode", field[0]))]


def _sent(text: str) -> Iterator[_Field]:
    """Fields as scanners send them; one of variable length ends at a separator or at the end."""
    for part in text.split(_SEPARATOR):
        rest = part
        while rest:
            name = _NAMES.get(rest[:2], "barcode")
            try:
                element = GS1ElementString.extract(rest, config=_NO_CLOCK)
            except ParseError:
                yield name, _fault(name, rest)
                break
            rest = rest[len(element) :]
            if rest and element.ai.separator_required:
                yield name, _fault(name, f"{element.value}{rest}")
                break
            yield from _read(element)


def _read(element: GS1ElementString) -> Iterator[_Field]:
    name = _NAMES.get(element.ai.ai)
    if name == "gtin" and element.gtin is None:
        yield name, _fault(name, element.value)
    elif name is not None:
        yield name, element.value


def _sorted(fields: Iterator[_Field]) -> tuple[dict[str, str], list[Fault]]:
    """Values by name, and the faults; a field given twice must say the same."""
    values: dict[str, str] = {}
    faults: list[Fault] = []
    for name, value in fields:
        if isinstance(value, Fault):
            faults.append(value)
        elif values.setdefault(name, value) != value:
            faults.append(_twice(name, values[name], value))
    return values, faults


def _twice(name: str, one: str, other: str) -> Fault:
    return Fault(name, tell("{one} and {other}", one=one, other=other), tell("one value in one barcode"))


def _expiry(text: str, today: dt.date) -> dt.date | Fault:
    """The date of "YYMMDD"; day 00 is the month's last (GS1 General Specifications, AI 17)."""
    year, month, day = _year(int(text[:2]), today), int(text[2:4]), int(text[4:])
    try:
        return dt.date(year, month, day or calendar.monthrange(year, month)[1])
    except ValueError:
        return _fault("expiry", text)


def _year(two_digits: int, today: dt.date) -> int:
    """49 years back to 50 years ahead (GS1 General Specifications, section 7.12)."""
    ahead = (two_digits - today.year) % 100
    return today.year + (ahead if ahead <= 50 else ahead - 100)
