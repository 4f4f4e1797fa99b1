"""What was signed on pages as a TOML file for a site's overlay folder."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator
from decimal import Decimal

from ivigil.knowledge.evidence import Record
from ivigil.records.sign_off import SignedOff


def overlay_file(signed: SignedOff) -> str:
    """Settings that two people signed, and every signature, also one alone. Read back it says the same."""
    tables: list[tuple[str, Record]] = [("policy", each) for each in signed.pages.policies]
    tables += [("signature", each) for each in signed.pages.signatures]
    return "\n".join(_table(name, record) for name, record in tables)


def _table(name: str, record: Record) -> str:
    return "\n".join((f"[[{name}]]", *_lines(record), ""))


def _lines(record: Record) -> Iterator[str]:
    for field in record.__struct_fields__:
        value = getattr(record, field)
        if value not in ("", (), None):
            yield f"{field} = {_value(value)}"


def _value(value: object) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case Decimal():
            return f"{value:f}"
        case dt.date():
            return value.isoformat()
        case tuple():
            return f"[{', '.join(map(_value, value))}]"
        case _:
            return json.dumps(str(value), ensure_ascii=False).replace("\x7f", "\\u007f")
