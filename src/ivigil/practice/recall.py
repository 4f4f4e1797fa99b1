"""A recalled lot: who got it, to whom a letter can be written, and the list of whom to call."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from typing import Literal

import msgspec
from msgspec.structs import replace

from ivigil.practice.entry import Entry, draft
from ivigil.records import Draft, Journal
from ivigil.records.bodies import Contact, ReportMade
from ivigil.records.errors import RecordsError
from ivigil.records.export import cell
from ivigil.records.infusing import NoInfusionError
from ivigil.records.lookback import LotDose, Traced, dose_of

Outcome = Literal["letter", "no_contact", "erased", "taken_back"]

COLUMNS = (
    "identifier",
    "system",
    "name",
    "phone",
    "reach",
    "infusion",
    "product",
    "lot",
    "vials",
    "first_used",
)


class Letter(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one patient in a look-back."""

    stream: str
    outcome: Outcome
    contact: Contact | None = None
    doses: tuple[LotDose, ...] = ()


def letter(journal: Journal, traced: Traced) -> Letter:
    """A letter is for somebody whom it can reach, about something that was given. Raises RecordsError."""
    if traced.contact is None:
        return Letter(stream=traced.stream, outcome="erased" if traced.reach == "erased" else "no_contact")
    try:
        found = [dose_of(journal, use) for use in traced.uses]
    except NoInfusionError as error:
        raise RecordsError(f"{traced.contact.patient.value}: {error}") from error
    doses = tuple(dose for dose in found if dose is not None)
    outcome: Outcome = "letter" if doses else "taken_back"
    return Letter(stream=traced.stream, outcome=outcome, contact=traced.contact, doses=doses)


def letter_made(made: Letter, sha256: str, entry: Entry) -> list[Draft]:
    """That a letter with this content was written, beside each infusion that it is about."""
    body, own = ReportMade(standard="look-back", complete=True, sha256=sha256), replace(entry, id="")
    return [draft(own, made.stream, body, dose.infusion) for dose in made.doses]


def contact_list(found: Iterable[Traced]) -> str:
    """One line for each patient, infusion and lot as CSV (RFC 4180); no cell is taken for a formula."""
    out = io.StringIO(newline="")
    writer = csv.writer(out)
    writer.writerow(COLUMNS)
    for traced in found:
        contact = traced.contact
        who = (
            (traced.stream, "", "", "")
            if contact is None
            else (contact.patient.value, contact.patient.system, contact.name, contact.phone)
        )
        for use in traced.uses:
            row = (*who, traced.reach, use.subject, use.product, use.lot, use.vials, use.first_at)
            writer.writerow([cell(value) for value in row])
    return out.getvalue()
