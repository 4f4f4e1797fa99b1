"""From bytes to tables: TOML or JSON, with every number kept as it was written.

Both parsers would hide how a number was written (1e3, 1_000, 0x3E8 all arrive as 1000), so
numbers are handed on as ``Number`` texts. JSON has hooks for that. TOML has one for floats
only: each number in the text is first replaced by a float that counts its place, and the
hook for floats looks the original text up. A number that escaped the scan stays an int or a
float, which no field accepts.
"""

from __future__ import annotations

import json
import re
import tomllib
from collections import Counter
from typing import Any, Literal

import msgspec

from ivigil.intake.numbers import ACCEPTED, NumberError, written_number

Format = Literal["toml", "json"]

DEPTH = 16
"""Deepest nesting, and most parts of a dotted key, that is read."""


class Number(msgspec.Struct, frozen=True):
    """A number of the file, as written."""

    text: str


class Table(dict[str, Any]):
    """A JSON object that remembers the keys that were written more than once."""

    duplicates: tuple[str, ...] = ()


class MalformedError(Exception):
    """The text is not readable as TOML or JSON."""

    def __init__(
        self, seen: str, accepted: str, *, path: tuple[str, ...] = (), near: tuple[str, ...] = ()
    ) -> None:
        super().__init__(seen)
        self.seen = seen
        self.accepted = accepted
        self.path = path
        """The table and key of the line where it failed, if there is one."""
        self.near = near


def parse(text: bytes, format: Format) -> dict[str, Any]:
    """The top table of a file. Raises MalformedError."""
    decoded = _decode(text)
    if not decoded.strip():
        raise MalformedError("empty", "an order in TOML or JSON")
    try:
        parsed = _parse_json(decoded) if format == "json" else _parse_toml(decoded)
    except RecursionError:
        raise MalformedError("too deeply nested", f"at most {DEPTH} levels") from None
    if not isinstance(parsed, dict):
        raise MalformedError("not a table of keys", 'one JSON object: { "condition": ... }')
    if not parsed:
        raise MalformedError("empty", "an order in TOML or JSON")
    return parsed


def _decode(text: bytes) -> str:
    try:
        return text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise MalformedError(f"byte {error.start + 1} is not UTF-8", "text in UTF-8") from None


# JSON

_JSON_NESTING = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\Z)|(?P<open>[\[{])|(?P<close>[\]}])', re.DOTALL)


def _parse_json(text: str) -> Any:
    depth = 0
    for match in _JSON_NESTING.finditer(text):
        depth += (match["open"] is not None) - (match["close"] is not None)
        _check_depth(depth)
    try:
        return json.loads(
            text, object_pairs_hook=_table, parse_float=Number, parse_int=Number, parse_constant=Number
        )
    except json.JSONDecodeError as error:
        raise MalformedError(f"line {error.lineno}, column {error.colno}: {error.msg}", "JSON") from None


def _table(pairs: list[tuple[str, Any]]) -> Table:
    table = Table(pairs)
    if len(table) < len(pairs):
        counts = Counter(key for key, _ in pairs)
        table.duplicates = tuple(key for key, count in counts.items() if count > 1)
    return table


def _check_depth(depth: int) -> None:
    if depth > DEPTH:
        raise MalformedError("too deeply nested", f"at most {DEPTH} levels")


# TOML

_TOML_TOKEN = re.compile(
    r'''
      (?P<string> """(?:[^\\]|\\.)*?(?:"{3,5}|\\?\Z) | \'\'\'.*?(?:\'{3,5}|\Z)
                | "(?:[^"\\\n]|\\.)*+(?:"|(?=\n)|\\?\Z) | '[^'\n]*+'? )
    | (?P<comment> \#[^\n]* )
    | (?P<newline> \n )
    | (?P<bare> [A-Za-z0-9_+.:-]+ )
    | (?P<mark> [\[\]{}=,] )
    ''',
    re.VERBOSE | re.DOTALL,
)
_TOML_NUMBER = re.compile(r"[+-]?(?:[0-9.]\S*|inf|nan)")
_TOML_MOMENT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[Tt].*)?|[0-9]{2}:.*")
_NUMBERLIKE_LINE = re.compile(r"\s*[A-Za-z0-9_-]+\s*=\s*([+-]?[0-9][0-9.,_' ]*?)\s*(?:#.*)?")
_BARE_KEY_LINE = re.compile(r"\s*([A-Za-z0-9_-]+)\s*=")
_HEADER_LINE = re.compile(r"\s*\[+\s*([A-Za-z0-9_-]+)\s*\]")
_ERROR_LINE = re.compile(r"\(at line ([0-9]+), column [0-9]+\)")


def _parse_toml(text: str) -> Any:
    unix = text.replace("\r\n", "\n")
    numbers: list[str] = []
    counted = _count_numbers(unix, numbers)
    try:
        return tomllib.loads(counted, parse_float=_Lookup(numbers))
    except tomllib.TOMLDecodeError as error:
        raise _toml_fault(unix, str(error)) from None


class _Lookup:
    """The hook for floats: n.0 is the n-th number. A float met twice or out of count was not ours."""

    def __init__(self, numbers: list[str]) -> None:
        self._left = dict(enumerate(numbers))

    def __call__(self, place: str) -> Number:
        whole, _, part = place.partition(".")
        if part != "0" or not whole.isdigit() or int(whole) not in self._left:
            raise MalformedError("a number where none is expected", "numbers as values of keys")
        return Number(self._left.pop(int(whole)))


def _count_numbers(text: str, numbers: list[str]) -> str:
    """The text with its n-th number replaced by the float n.0; the numbers go to ``numbers``."""
    pieces: list[str] = []
    end = depth = dots = 0
    before = "\n"
    tokens = list(_TOML_TOKEN.finditer(text))
    for at, match in enumerate(tokens):
        token, kind = match.group(), match.lastgroup
        if kind == "comment" or (kind == "newline" and depth):
            continue
        header = token == "[" and before in ("\n", "header")
        depth = max(0, depth + (token in ("[", "{") and not header) - (token in ("]", "}")))
        dots = dots + token.count(".") if kind == "bare" else dots if kind == "string" else 0
        _check_depth(max(depth, dots))
        if kind == "bare" and before in ("=", ",", "[") and _is_number(token, tokens[at + 1 : at + 2]):
            pieces += (text[end : match.start()], f"{len(numbers)}.0")
            numbers.append(token)
            end = match.end()
        before = "header" if header else token if kind in ("mark", "newline") else "value"
    return "".join((*pieces, text[end:]))


def _is_number(token: str, following: list[re.Match[str]]) -> bool:
    is_key = bool(following) and following[0].group() in ("=", ".")
    return not is_key and bool(_TOML_NUMBER.fullmatch(token)) and not _TOML_MOMENT.fullmatch(token)


def _toml_fault(text: str, message: str) -> MalformedError:
    """The error in words; on a line that sets a key, with the path of the key."""
    place = _ERROR_LINE.search(message)
    lines = text.split("\n")[: int(place[1])] if place else [""]
    key = _BARE_KEY_LINE.match(lines[-1])
    path = (*_header_above(lines), key[1]) if key else ()
    number = _NUMBERLIKE_LINE.fullmatch(lines[-1])
    if number:
        try:
            written_number(number[1])
        except NumberError as error:
            return MalformedError(number[1], str(ACCEPTED), path=path, near=error.readings)
    if message.startswith("Cannot overwrite"):
        return MalformedError(f"line {len(lines)}: written more than once", "each key once", path=path)
    return MalformedError(message, "valid TOML", path=path)


def _header_above(lines: list[str]) -> tuple[str, ...]:
    """The table that the last line belongs to."""
    for line in reversed(lines):
        header = _HEADER_LINE.match(line)
        if header:
            return (header[1],)
    return ()
