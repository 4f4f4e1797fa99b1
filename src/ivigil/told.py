"""A text as a value: in English, and what fills its places, so that it can be said in another language."""

from __future__ import annotations

import msgspec


class Told(msgspec.Struct, frozen=True):
    """``str`` is the English text, filled."""

    text: str
    values: tuple[tuple[str, str | Told], ...] = ()

    def __str__(self) -> str:
        return self.text.format(**dict(self.values)) if self.values else self.text


Text = str | Told
"""A str is as somebody typed it, or a name."""


def tell(text: str, **values: Text) -> Told:
    """The text with its places still open; a value may be told itself."""
    return Told(text, tuple(values.items()))
