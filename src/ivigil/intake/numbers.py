"""One grammar for numbers that people write: what could be read in two ways is asked about.

A number is digits, with a point as decimal mark and a digit on each side of it: "0.5", "12",
"12.50". No sign, exponent, underscore, separator of thousands or other digits. In text a
number such as "1.500" may be one and a half or fifteen hundred, so it is refused with both
readings; a plain TOML or JSON number has no such doubt, for the format itself fixes the point.
"""

from __future__ import annotations

import re
from decimal import Decimal

from ivigil.told import tell

ACCEPTED = tell("a number such as 0.5, 12 or 12.5: digits, a point as decimal mark, nothing else")
ACCEPTED_COUNT = tell("a whole number of 1 or more, in digits")
DIGITS = 15
"""More digits than this are no measured number."""

_NUMBER = re.compile(r"(?:0|[1-9][0-9]*)(?:\.[0-9]+)?")
_COUNT = re.compile(r"[1-9][0-9]*")
_THOUSANDS = re.compile(r"[1-9][0-9]{0,2}(?:[.,_' ][0-9]{3})+")
_ONE_MARK = re.compile(r"[0-9]+[.,][0-9]+")


class NumberError(ValueError):
    """The text is not one clear number; ``readings`` are the numbers it might be."""

    def __init__(self, readings: tuple[str, ...] = ()) -> None:
        super().__init__(ACCEPTED)
        self.readings = readings


def written_number(text: str) -> Decimal:
    """The number in a text. Raises NumberError if there is any doubt."""
    if _THOUSANDS.fullmatch(text):
        raise NumberError(_readings(text))
    return literal_number(text)


def literal_number(text: str) -> Decimal:
    """The number of a TOML or JSON literal, exactly as written. Raises NumberError."""
    if not _NUMBER.fullmatch(text) or len(text) > DIGITS:
        raise NumberError(_readings(text))
    return Decimal(text)


def whole_number(text: str) -> int:
    """A count of 1 or more. Raises NumberError."""
    if not _COUNT.fullmatch(text) or len(text) > DIGITS:
        raise NumberError
    return int(text)


def unmistakable(number: Decimal) -> str:
    """A number as text that ``written_number`` reads back: 1.5 for 1.500, 1.2340 for 1.234."""
    text = format(number, "f")
    return _as_decimal(*text.split(".")) if "." in text else text


def _readings(text: str) -> tuple[str, ...]:
    """The numbers that a text with separators may stand for."""
    if len(text) > DIGITS:
        return ()
    found: list[str] = []
    if _ONE_MARK.fullmatch(text):
        found.append(_as_decimal(*re.split("[.,]", text)))
    if _THOUSANDS.fullmatch(text):
        found.append(re.sub("[^0-9]", "", text))
    return tuple(found)


def _as_decimal(whole: str, part: str) -> str:
    """How to write it without doubt: 1.5 for "1,500"; 1.2340 for "1.234", for three decimals are in doubt."""
    short = part.rstrip("0")
    tail = f"{short}0" if len(short) == 3 else short
    return (whole.lstrip("0") or "0") + (f".{tail}" if tail else "")
