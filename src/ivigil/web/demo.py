"""The demonstration: fictional people in a journal that ends with the server. This machine alone."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from pathlib import Path

import ivigil
from ivigil.course import Plan
from ivigil.practice.entry import Author
from ivigil.practice.rehearsal import Cast, Stage, rehearse
from ivigil.records.entrance import Role
from ivigil.records.journal import Journal, system_clock
from ivigil.web.access.desk import Desk
from ivigil.web.app import site_name
from ivigil.web.rehearsed import SITE, parts
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
PATIENT: tuple[str, str, Role] = ("patient", "a fictional patient, on a phone", "patient")
"""Of the patients, the one who was treated first."""


def make(folder: Path, host: str, port: int, site: str | None) -> Settings:
    """An empty journal in ``folder`` with the people above; settings of a server for it."""
    settings = Settings(
        journal=str(folder / "journal.db"),
        secrets=folder / "secrets",
        site=site or str(SITE),
        host=host,
        port=port,
        demo=True,
        lock_after=dt.timedelta(hours=1),
    )
    journal = Journal.create(settings.journal, settings.secrets)
    try:
        admit(journal, site_name(settings))
        admit_patient(journal, site_name(settings), play(journal, settings))
    finally:
        journal.close()
    return settings


def admit(journal: Journal, site: str) -> None:
    """Admit everybody above at a site, with the printed password."""
    desk = Desk(journal, lambda: site, system_clock)
    for sign_in, name, role in PEOPLE:
        person = desk.admit("demonstration", sign_in=sign_in, name=name, roles=(role,), sites=(site,))
        desk.set_password(person, PASSWORD)


def admit_patient(journal: Journal, site: str, plans: Iterable[Plan]) -> None:
    """Let the patient in whose treatment began first: somebody who is at home by now."""
    desk = Desk(journal, lambda: site, system_clock)
    first = min(plans, key=lambda plan: plan.order.start)
    sign_in, name, role = PATIENT
    stream = journal.stream(first.order.patient.id)
    person = desk.admit(
        "demonstration", sign_in=sign_in, name=name, roles=(role,), sites=(site,), patient=stream
    )
    desk.set_password(person, PASSWORD)


def play(journal: Journal, settings: Settings) -> tuple[Plan, ...]:
    """Write the fictional patients' courses, as far as they would be by now; their plans."""
    knowledge = ivigil.load_knowledge(settings.site)
    now = system_clock().astimezone(knowledge.zone or dt.UTC).replace(microsecond=0)
    names = {role: name for _, name, role in reversed(PEOPLE)}
    author = {
        role: Author(name=name, site=site_name(settings), device="demonstration")
        for role, name in names.items()
    }
    cast = Cast(author["prescriber"], author["pharmacist"], author["nurse"])
    stage = Stage(journal, knowledge, cast, now)
    return tuple(rehearse(stage, part) for part in parts(knowledge, now))
