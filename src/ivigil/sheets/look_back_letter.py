"""A letter to one patient, or to their provider, about a recalled lot that they got.

Only what is on record or was said is written; what the recall means is quoted, never explained.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

import msgspec

from ivigil.knowledge.store import Knowledge
from ivigil.records.bodies import Contact
from ivigil.records.lookback import LotDose
from ivigil.sheets.document import Document, NoDocumentError, Paragraph, Rows, Section, needed, paper
from ivigil.sheets.numbers import number

To = Literal["patient", "provider"]


class Notice(msgspec.Struct, frozen=True, kw_only=True):
    """What a look-back letter passes on."""

    to: To
    lot: str
    says: str
    """What the recall says, in its own words."""
    phone: str
    """Whom to call."""


class _Words(msgspec.Struct, frozen=True, kw_only=True):
    opening: str
    given: str
    whom: str
    keep: str


_WORDS: dict[To, _Words] = {
    "patient": _Words(
        opening="You got an immunoglobulin of a lot that was recalled.",
        given="What you were given",
        whom="Call {phone} to talk about what this means for you.",
        keep="Keep this letter. Show it to everybody who treats you.",
    ),
    "provider": _Words(
        opening="Your patient got an immunoglobulin of a lot that was recalled.",
        given="What was given",
        whom="Call {phone} to talk about what this means for this patient.",
        keep="Keep this letter in the patient's record.",
    ),
}


def look_back_letter(
    contact: Contact, doses: tuple[LotDose, ...], notice: Notice, date: dt.date, knowledge: Knowledge
) -> Document:
    """Raises NoDocumentError for want of a name, a notice, a phone, or anything that was given."""
    needed({"the patient's name": contact.name, "what the recall says": notice.says, "a phone": notice.phone})
    if not doses:
        raise NoDocumentError(f"no infusion gave lot {notice.lot}")
    to, words = notice.to, _WORDS[notice.to]
    return Document(
        title=f"Recalled medicine: lot {doses[0].lot}",
        date=date,
        paper=paper(_lineage(doses, knowledge)),
        blocks=(
            Rows(rows=_head(to, contact, date, knowledge)),
            Paragraph(text=words.opening, strong=True),
            Paragraph(text=words.whom.format(phone=notice.phone), strong=True),
            Section(title=words.given),
            *(Rows(rows=_dose(dose, to, knowledge)) for dose in doses),
            Section(title="What the recall says"),
            Paragraph(text=notice.says),
            Section(title="Please keep"),
            Paragraph(text=words.keep),
        ),
    )


def _head(to: To, contact: Contact, date: dt.date, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    patient = f"{contact.name}, {contact.patient.value} ({contact.patient.system})"
    whom = [("To", contact.name)] if to == "patient" else [("About", patient)]
    centre = [("From", knowledge.site.name)] if knowledge.site.name else []
    return (*whom, *centre, ("Date", f"{date}"))


def _dose(dose: LotDose, to: To, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    product = knowledge.products.get(dose.product)
    vials = f"{dose.vials} vial{'' if dose.vials == 1 else 's'}"
    rows = (
        ("Product", product.name if product is not None else dose.product or "not read from the vial"),
        ("Lot", dose.lot),
        ("Date", f"{dose.started_at:%Y-%m-%d}"),
        ("Amount of this lot", f"up to {number(dose.grams_max)} g, from {vials}"),
    )
    return rows if to == "patient" else (*rows, ("Infusion", dose.infusion))


def _lineage(doses: tuple[LotDose, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Of the first product that was read."""
    found = (knowledge.products.get(dose.product) for dose in doses)
    product = next((each for each in found if each is not None), None)
    return knowledge.lineage(product.jurisdiction) if product is not None else ()
