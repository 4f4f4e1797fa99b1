"""Why, in words: what a decision saw, which facts ruled, where they were read."""

from __future__ import annotations

import msgspec
from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.evidence import Cited
from ivigil.knowledge.store import Knowledge
from ivigil.planning.why import Why
from ivigil.sheets import words

_HIDDEN = frozenset({"saw", "facts"})


def why_sheet(why: Why, knowledge: Knowledge) -> RenderableType:
    """One decision with its values, inputs and evidence."""
    values = why.value if isinstance(why.value, tuple) else (why.value,)
    parts: list[RenderableType] = [Text(f"WHY {why.decision}".upper(), style="bold")]
    parts += [Padding(_fields(value), (0, 0, 1, 2)) for value in values]
    if why.saw:
        parts.append(Text("Saw: " + words.saw(why.saw, knowledge.terms)))
    parts.append(Text("Ruled by:"))
    parts += [Padding(_rule(name, cited), (0, 0, 0, 2)) for name, cited in why.rules.items()]
    return Group(*parts)


def _fields(value: msgspec.Struct) -> RenderableType:
    table = Table(box=None, show_header=False, padding=(0, 1, 0, 0))
    for name in value.__struct_fields__:
        content = getattr(value, name)
        plain = not isinstance(content, tuple | msgspec.Struct)
        if name not in _HIDDEN and plain and content not in (None, "", False):
            table.add_row(name.replace("_", " "), str(content))
    return table


def _rule(name: str, cited: Cited) -> RenderableType:
    seen = cited.basis if cited.seen else f"{cited.basis}, not read in a source"
    lines: list[RenderableType] = [Text(f"- {name} ({seen}{', signed by the site' if cited.signed else ''})")]
    for document in cited.documents:
        rest = ", ".join(p for p in (document.publisher, document.version, document.url) if p)
        lines.append(Padding(Text(f"{document.title}. {rest}"), (0, 0, 0, 2)))
    if cited.locator or cited.note:
        where = "; ".join(p for p in (cited.locator, cited.note) if p)
        lines.append(Padding(Text(where, style="dim"), (0, 0, 0, 2)))
    return Group(*lines)
