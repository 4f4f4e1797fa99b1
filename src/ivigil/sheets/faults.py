"""What is wrong with what was typed, and what would be accepted, in the language that is spoken."""

from __future__ import annotations

from msgspec.structs import replace

from ivigil.order import Fault
from ivigil.sheets.spoken import say
from ivigil.told import Text, Told


def seen(fault: Fault) -> str:
    """What was seen."""
    return _said(fault.value)


def accepted(fault: Fault) -> str:
    """What would be accepted."""
    return _said(fault.accepted)


def said(fault: Fault) -> Fault:
    """The same with what was seen and accepted as they are said: for a screen that shows it later."""
    return replace(fault, value=seen(fault), accepted=accepted(fault))


def _said(text: Text) -> str:
    if isinstance(text, Told):
        return say(text.text, **{name: _said(value) for name, value in text.values})
    return text
