"""Sections of a document that a tool writes anew and leaves the rest alone."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

DOCS = Path(__file__).resolve().parents[1] / "docs"


def table(head: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    """A Markdown table; every column but the first is set right."""
    lines = [_row(head), _row(["---", *["---:"] * (len(head) - 1)])]
    return "\n".join([*lines, *(_row(row) for row in rows)])


def counts(rows: Iterable[tuple[str, int]]) -> str:
    """A table of what was counted."""
    return table(["", ""], [[what, f"{number:,}"] for what, number in rows])


def _row(cells: Sequence[object]) -> str:
    return f"| {' | '.join(str(cell) for cell in cells)} |"


def write_section(path: Path, name: str, text: str) -> None:
    """Replace what stands between the marks of a section; a new section goes to the end."""
    opening, closing = f"<!-- {name}: written by a tool -->", f"<!-- end of {name} -->"
    section = f"{opening}\n\n{text.strip()}\n\n{closing}"
    old = path.read_text(encoding="utf-8") if path.exists() else ""
    before, found, rest = old.partition(opening)
    if found:
        _, _, after = rest.partition(closing)
        new = before + section + after
    else:
        new = f"{old.rstrip()}\n\n{section}\n".lstrip()
    path.write_text(new, encoding="utf-8")
