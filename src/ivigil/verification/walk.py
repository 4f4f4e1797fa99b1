"""Walking through a plan: every part and value in it, each with its place."""

from __future__ import annotations

import msgspec

Trail = tuple[str | int, ...]
Found = tuple[Trail, object]

_PLAIN: frozenset[type] = frozenset({str, int, bool, type(None)})


def walk(value: object, *, leaving_out: frozenset[str] = frozenset(), plain: bool = False) -> list[Found]:
    """Every struct, number and date below ``value`` (with ``plain``, every other value too).

    leaving_out: names of fields that are not entered.
    """
    found: list[Found] = []
    _gather((), value, leaving_out, plain, found)
    return found


def _gather(
    trail: Trail, value: object, leaving_out: frozenset[str], plain: bool, found: list[Found]
) -> None:
    if isinstance(value, msgspec.Struct):
        found.append((trail, value))
        inner: list[tuple[str | int, object]] = [
            (name, getattr(value, name)) for name in value.__struct_fields__ if name not in leaving_out
        ]
    elif isinstance(value, tuple | list):
        inner = list(enumerate(value))
    elif isinstance(value, dict):
        inner = list(value.items())
    else:
        found.append((trail, value))
        return
    for name, item in inner:
        if plain or item.__class__ not in _PLAIN:
            _gather((*trail, name), item, leaving_out, plain, found)


def place(trail: Trail) -> str:
    """A trail as a path: "days[0].steps[2].minutes"."""
    text = "".join(f"[{name}]" if isinstance(name, int) else f".{name}" for name in trail)
    return text.removeprefix(".")
