"""Overlays that sign facts."""

from __future__ import annotations

from pathlib import Path

from ivigil.knowledge.evidence import fingerprint
from tests.support.orders import knowledge

TWO = ("A. Pharmacist", "B. Physician")


def signing(folder: Path, fact: str, people: tuple[str, ...] = TWO) -> str:
    """The path of an overlay in which these people signed a fact as it stands."""
    mark = fingerprint(knowledge().by_id[fact])
    made = folder / f"signed-by-{len(people)}"
    made.mkdir()
    (made / "site.toml").write_text("".join(signature(fact, mark, who) for who in people))
    return str(made)


def signature(fact: str, mark: str, who: str) -> str:
    """One person's signature under a fact, as an overlay has it."""
    return (
        f'[[signature]]\nfact = "{fact}"\nfingerprint = "{mark}"\n'
        f'by = "{who}"\nrole = "pharmacist"\ndate = 2026-11-01\n'
    )
