"""The register of kinds: what a body of each kind looks like, now and in earlier versions.

A kind is the tag of its Struct. A changed form raises ``schema`` by one and adds the function that
turns the form before into it; what was written is never rewritten.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal, get_args

import msgspec

from ivigil.records.words import Raw

Upcaster = Callable[[dict[str, Any]], dict[str, Any]]
About = Literal["patient", "plan", "infusion", "person", "reads", "link", "fact"]

_encoder = msgspec.json.Encoder(decimal_format="string", order="deterministic")


def tag(body: type[msgspec.Struct]) -> str:
    """The name of the kind that this form is of."""
    return str(body.__struct_config__.tag)


class Kind(msgspec.Struct, frozen=True):
    """One kind of event."""

    type: type[msgspec.Struct]
    about: About = "patient"
    """What an event's ``subject`` is the id of."""
    upcasters: tuple[Upcaster, ...] = ()
    """The first turns version 1 into 2, the next 2 into 3..."""

    @property
    def name(self) -> str:
        return tag(self.type)

    @property
    def schema(self) -> int:
        """The present version of the form."""
        return len(self.upcasters) + 1


class Kinds:
    """All kinds that a journal knows."""

    def __init__(self, kinds: Iterable[Kind]) -> None:
        """Raises ValueError if two kinds have the same name, or one has none."""
        self._by_name: dict[str, Kind] = {}
        for kind in kinds:
            if kind.type.__struct_config__.tag is None or kind.name in self._by_name:
                raise ValueError(f"{kind.type.__name__} needs a tag of its own")
            self._by_name[kind.name] = kind
        # msgspec learns a type when it first meets it, and keeps what it learns before it has learnt all:
        # a second thread that meets the type meanwhile reads through a null pointer. So each is learnt here.
        self._decoders = {name: msgspec.json.Decoder(kind.type) for name, kind in self._by_name.items()}

    def __iter__(self) -> Iterator[Kind]:
        return iter(self._by_name.values())

    def get(self, name: str) -> Kind | None:
        return self._by_name.get(name)

    def about(self, what: About) -> tuple[str, ...]:
        """Names of the kinds whose subject is of this sort."""
        return tuple(name for name, kind in self._by_name.items() if kind.about == what)

    def write(self, body: msgspec.Struct) -> bytes:
        """The body as JSON; decimals as text, so that 40.50 stays 40.50."""
        return _encoder.encode(body)

    def read(self, name: str, schema: int, text: bytes) -> msgspec.Struct:
        """The body in its present form; ``Raw`` if the kind is unknown, newer, or does not fit its form."""
        kind = self.get(name)
        if kind is None or schema > kind.schema:
            return Raw(text.decode())
        try:
            return self._decoded(kind, schema, text)
        except (msgspec.ValidationError, KeyError, TypeError, ValueError):
            return Raw(text.decode())

    def _decoded(self, kind: Kind, schema: int, text: bytes) -> msgspec.Struct:
        if schema == kind.schema:
            return self._decoders[kind.name].decode(text)
        fields = msgspec.json.decode(text)
        for upcast in kind.upcasters[schema - 1 :]:
            fields = upcast(fields)
        return msgspec.convert(fields, kind.type, str_keys=True)


def of_union(
    union: object, about: About, upcasters: Mapping[type, tuple[Upcaster, ...]] | None = None
) -> list[Kind]:
    """One kind for each member of a tagged union of Structs."""
    return [Kind(member, about, (upcasters or {}).get(member, ())) for member in get_args(union)]
