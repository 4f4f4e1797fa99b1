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
from ivigil.sheets.document import (
    Document,
    NoDocumentError,
    Paragraph,
    Rows,
    Section,
    needed,
    paper,
    written_in,
)
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import counted, say, spoken, texts

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
        opening=texts("You got an immunoglobulin of a lot that was recalled."),
        given=texts("What you were given"),
        whom=texts("Call {phone} to talk about what this means for you."),
        keep=texts("Keep this letter. Show it to everybody who treats you."),
    ),
    "provider": _Words(
        opening=texts("Your patient got an immunoglobulin of a lot that was recalled."),
        given=texts("What was given"),
        whom=texts("Call {phone} to talk about what this means for this patient."),
        keep=texts("Keep this letter in the patient's record."),
    ),
}


def look_back_letter(
    contact: Contact, doses: tuple[LotDose, ...], notice: Notice, date: dt.date, knowledge: Knowledge
) -> Document:
    """Raises NoDocumentError for want of a name, a notice, a phone, or anything that was given."""
    needed(
        {
            say("the patient's name"): contact.name,
            say("what the recall says"): notice.says,
            say("a phone"): notice.phone,
        }
    )
    if not doses:
        raise NoDocumentError(say("no infusion gave lot {lot}", lot=notice.lot))
    to, words = notice.to, _WORDS[notice.to]
    return Document(
        title=say("Recalled medicine: lot {lot}", lot=doses[0].lot),
        date=date,
        paper=paper(_lineage(doses, knowledge)),
        language=written_in(spoken()),
        blocks=(
            Rows(rows=_head(to, contact, date, knowledge)),
            Paragraph(text=say(words.opening), strong=True),
            Paragraph(text=say(words.whom, phone=notice.phone), strong=True),
            Section(title=say(words.given)),
            *(Rows(rows=_dose(dose, to, knowledge)) for dose in doses),
            Section(title=say("What the recall says")),
            Paragraph(text=notice.says),
            Section(title=say("Please keep")),
            Paragraph(text=say(words.keep)),
        ),
    )


def _head(to: To, contact: Contact, date: dt.date, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    patient = f"{contact.name}, {contact.patient.value} ({contact.patient.system})"
    whom = [(say("To"), contact.name)] if to == "patient" else [(say("About"), patient)]
    centre = [(say("From"), knowledge.site.name)] if knowledge.site.name else []
    return (*whom, *centre, (say("Date"), f"{date}"))


def _dose(dose: LotDose, to: To, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    product = knowledge.products.get(dose.product)
    name = product.name if product is not None else dose.product or say("not read from the vial")
    amount = counted(
        dose.vials,
        "up to {grams} g, from {count} vial",
        "up to {grams} g, from {count} vials",
        grams=number(dose.grams_max),
    )
    rows = (
        (say("Product"), name),
        (say("Lot"), dose.lot),
        (say("Date"), f"{dose.started_at:%Y-%m-%d}"),
        (say("Amount of this lot"), amount),
    )
    return rows if to == "patient" else (*rows, (say("Infusion"), dose.infusion))


def _lineage(doses: tuple[LotDose, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Of the first product that was read."""
    found = (knowledge.products.get(dose.product) for dose in doses)
    product = next((each for each in found if each is not None), None)
    return knowledge.lineage(product.jurisdiction) if product is not None else ()
