"""One way out for every command: JSON for machines, a sheet for people."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from rich.console import RenderableType

_ENCODER = msgspec.json.Encoder(decimal_format="number", order="deterministic")


def put(value: object, sheet: Callable[[], RenderableType], *, as_json: bool) -> None:
    """Print ``value`` as JSON (numbers keep their decimals) or the sheet at 80 columns."""
    if as_json:
        sys.stdout.buffer.write(_ENCODER.encode(value) + b"\n")
        sys.stdout.buffer.flush()
    else:
        show(sheet())


def show(sheet: RenderableType) -> None:
    """Print a sheet: on a terminal with its styles, into a pipe as plain lines without trailing space."""
    from ivigil.sheets.terminal import console

    screen = console()
    if screen.is_terminal:
        screen.print(sheet)
        return
    with screen.capture() as piped:
        screen.print(sheet)
    print("\n".join(line.rstrip() for line in piped.get().splitlines()))
