"""The one place of intake that touches the disk."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ivigil.intake.faults import show
from ivigil.intake.reading import parse_order
from ivigil.intake.text import Format
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, Order, OrderError

if TYPE_CHECKING:
    from ivigil.intake.levels import LevelsFile

LARGEST_BYTES = 1024 * 1024
"""A file larger than this is no order, and is refused before it is read."""
FORMATS: dict[str, Format] = {".toml": "toml", ".json": "json"}


def read_order(source: Path | str, knowledge: Knowledge) -> Order:
    """Read the order in a TOML or JSON file, chosen by its suffix.

    Raises OrderError with every fault found, also for a file that cannot be read.
    """
    return parse_order(*_text(source), knowledge)


def read_levels(source: Path | str, knowledge: Knowledge) -> LevelsFile:
    """Read the doses and levels in a TOML or JSON file, chosen by its suffix. Raises OrderError as above."""
    from ivigil.intake.levels import parse_levels

    return parse_levels(*_text(source), knowledge)


def _text(source: Path | str) -> tuple[bytes, Format]:
    path = Path(source)
    format = FORMATS.get(path.suffix.casefold())
    if format is None:
        raise _refusal(path, "not a .toml or .json file", "a file named ....toml or ....json")
    return _bytes(path), format


def _bytes(path: Path) -> bytes:
    try:
        if not path.is_file():
            raise _refusal(path, "no such file", "an order file")
        with path.open("rb") as stream:
            text = stream.read(LARGEST_BYTES + 1)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not a file name"
        raise _refusal(path, f"cannot be read: {reason}", "a file that can be read") from None
    if len(text) > LARGEST_BYTES:
        raise _refusal(path, "too large", f"at most {LARGEST_BYTES} bytes")
    return text


def _refusal(path: Path, seen: str, accepted: str) -> OrderError:
    return OrderError((Fault("file", f"{show(str(path))} {seen}", accepted),))
