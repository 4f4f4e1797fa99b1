"""The demonstration: fictional people in a journal that ends with the server. This machine alone."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import ivigil
from ivigil.practice.entry import Author
from ivigil.practice.rehearsal import Cast, Stage, rehearse
from ivigil.records.entrance import Role
from ivigil.records.journal import Journal, system_clock
from ivigil.web.access.desk import Desk
from ivigil.web.app import site_name
from ivigil.web.rehearsed import parts
from ivigil.web.settings import Settings

PASSWORD = "fictional demo only"
"""Printed at the start; never a password of anybody real."""

PEOPLE: tuple[tuple[str, str, Role], ...] = (
    ("prescriber", "Dr P. Fictional", "prescriber"),
    ("pharmacist", "R. Fictional, pharmacist", "pharmacist"),
    ("nurse", "N. Fictional, nurse", "nurse"),
    ("nurse2", "M. Fictional, nurse", "nurse"),
    ("administrator", "A. Fictional, administrator", "administrator"),
    ("auditor", "U. Fictional, auditor", "auditor"),
)
"""Sign-in name, name, role: none of them exists."""


def make(folder: Path, host: str, port: int, site: str | None) -> Settings:
    """An empty journal in ``folder`` with the people above; settings of a server for it."""
    settings = Settings(
        journal=str(folder / "journal.db"),
        secrets=folder / "secrets",
        site=site,
        host=host,
        port=port,
        demo=True,
        lock_after=dt.timedelta(hours=1),
    )
    journal = Journal.create(settings.journal, settings.secrets)
    try:
        admit(journal, site_name(settings))
        play(journal, settings)
    finally:
        journal.close()
    return settings


def admit(journal: Journal, site: str) -> None:
    """Admit everybody above at a site, with the printed password."""
    desk = Desk(journal, lambda: site, system_clock)
    for sign_in, name, role in PEOPLE:
        person = desk.admit("demonstration", sign_in=sign_in, name=name, roles=(role,), sites=(site,))
        desk.set_password(person, PASSWORD)


def play(journal: Journal, settings: Settings) -> None:
    """Write the fictional patients' courses, as far as they would be by now."""
    knowledge = ivigil.load_knowledge(settings.site)
    now = system_clock().astimezone(knowledge.zone or dt.UTC).replace(microsecond=0)
    names = {role: name for _, name, role in reversed(PEOPLE)}
    author = {
        role: Author(name=name, site=site_name(settings), device="demonstration")
        for role, name in names.items()
    }
    cast = Cast(author["prescriber"], author["pharmacist"], author["nurse"])
    for part in parts(knowledge, now):
        rehearse(Stage(journal, knowledge, cast, now), part)
