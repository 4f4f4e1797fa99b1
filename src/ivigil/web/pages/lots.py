"""Look-back by lot: who got it, by initials; the list of whom to call; a letter to one patient.

Initials with what somebody was given are a read of each patient, and so is a name, a telephone number or a
list of them.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import htpy as h
import msgspec
from htpy import Element, Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, FromQuery, URLEncodedBody

from ivigil.practice.board import initials
from ivigil.practice.recall import Letter, contact_list, letter, letter_made
from ivigil.records.finding import sites
from ivigil.records.lookback import Traced, Use, look_back
from ivigil.sheets.document import Document, NoDocumentError, fingerprint
from ivigil.sheets.journal import UNSENT
from ivigil.sheets.look_back_letter import Notice, To, look_back_letter
from ivigil.sheets.numbers import number
from ivigil.sheets.pdf import PdfError, pdf
from ivigil.sheets.spoken import counted, say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts import field
from ivigil.web.parts.identity import identity
from ivigil.web.parts.notice import faults, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

_STYLES = ("lots.css",)
_TO: dict[To, str] = texts({"patient": "The patient", "provider": "The patient’s provider"})
_REACH = {
    "known": texts("contact on record"),
    "erased": UNSENT["erased"],
    "unknown": UNSENT["no_contact"],
}


class Wanted(msgspec.Struct):
    """What the form of a letter sends."""

    lot: str = ""
    product: str = ""
    says: str = ""
    phone: str = ""
    to: str = "patient"


@get("/lots", needs="lots.find", sync_to_thread=True)
def lots(visit: TheVisit, lot: FromQuery[str] = "", product: FromQuery[str] = "") -> Response[str]:
    """The search, and who got the lot; each who is shown, by initials, is a read."""
    shown = _found(visit, lot.strip(), product) if lot.strip() else None
    return shell.page(say("Lots"), visit, _search(visit, lot, product), shown, styles=_STYLES)


@get("/lots/contacts.csv", needs="lots.read", sync_to_thread=True, media_type="text/csv")
def contacts(visit: TheVisit, lot: FromQuery[str] = "", product: FromQuery[str] = "") -> Response[str]:
    """Whom to call, as a file: every patient in it is read."""
    found = _traced(visit, lot.strip(), product)
    for each in found:
        visit.read(each.stream, "lots.read")
    headers = {"content-disposition": 'attachment; filename="look-back.csv"'}
    return Response(contact_list(found), media_type="text/csv; charset=utf-8", headers=headers)


@get("/lots/{patient:str}", needs="lots.read", sync_to_thread=True)
def of_patient(
    visit: TheVisit, patient: FromPath[str], lot: FromQuery[str] = "", product: FromQuery[str] = ""
) -> Response[str]:
    """One patient who got the lot: how to reach them, and the letter. The read is recorded."""
    return _patient_page(visit, _of(visit, patient, lot, product), Wanted(lot=lot, product=product))


@post(
    "/lots/{patient:str}/letter",
    needs="lots.read",
    status_code=200,
    sync_to_thread=True,
    media_type="application/pdf",
)
def write_letter(visit: TheVisit, patient: FromPath[str], data: URLEncodedBody[Wanted]) -> Response[Any]:
    """The letter as PDF; that it was made is recorded."""
    traced = _of(visit, patient, data.lot, data.product)
    made = letter(visit.journal, traced)
    try:
        document = _letter(visit, made, data)
        written = pdf(document)
    except (NoDocumentError, PdfError) as error:
        return _patient_page(visit, traced, data, (f"{error}.",))
    visit.journal.append(letter_made(made, fingerprint(document), visit.entry()))
    headers = {"content-disposition": 'attachment; filename="letter.pdf"'}
    return Response(written, media_type="application/pdf", headers=headers)


def _letter(visit: Visit, made: Letter, data: Wanted) -> Document:
    """Raises NoDocumentError, also for somebody to whom none can be written."""
    if made.contact is None or made.outcome != "letter":
        raise NoDocumentError(say(UNSENT[made.outcome]))
    to: To = "provider" if data.to == "provider" else "patient"
    told = Notice(to=to, lot=data.lot, says=data.says.strip(), phone=data.phone.strip())
    return look_back_letter(made.contact, made.doses, told, visit.now.date(), visit.knowledge)


# --- the search


def _search(visit: Visit, lot: str, product: str) -> Element:
    products = sorted((each.name, each.id) for each in visit.knowledge.products.values())
    options = (("", say("any product")), *((name, called) for called, name in products))
    return h.form(".lot-search", method="get", action="/lots", role="search")[
        field.text("lot", say("Lot number"), lot, hint=say("As printed; case and spaces do not matter.")),
        field.choice("product", say("Product"), options, product, hint=say("Two makers may use one number.")),
        field.submit(say("Look back")),
    ]


def _found(visit: Visit, lot: str, product: str) -> Node:
    found = _traced(visit, lot, product)
    if not found:
        return notice(
            "info", say("Lot {lot}: given to nobody, as far as the journal of this site knows.", lot=lot)
        )
    for each in found:
        visit.read(each.stream, "lots.find")
    query = urlencode({"lot": lot, "product": product})
    rows = [
        (
            h.a(href=f"/lots/{each.stream}?{query}")[_known_as(each)],
            h.ul(".uses")[(h.li[_use(use, visit)] for use in each.uses)],
            say(_REACH[each.reach]),
        )
        for each in found
    ]
    many = counted(len(found), "Lot {lot}: {count} patient", "Lot {lot}: {count} patients", lot=lot)
    return [
        table(many, (say("Patient"), say("Given"), say("Reach")), rows),
        h.p[
            h.a(".download", href=f"/lots/contacts.csv?{query}", download=True)[
                say("The list of whom to call (CSV)")
            ],
            h.br,
            h.span(".soft")[say("It names every patient above; that you take it is recorded.")],
        ],
    ]


def _traced(visit: Visit, lot: str, product: str) -> tuple[Traced, ...]:
    """Patients of this site who got the lot."""
    if not lot:
        return ()
    found = look_back(visit.journal, lot, product if product in visit.knowledge.products else "")
    return tuple(each for each in found if visit.site in sites(visit.journal, each.stream))


def _known_as(traced: Traced) -> str:
    return (initials(traced.contact.name) if traced.contact is not None else "") or say("no name")


def _use(use: Use, visit: Visit) -> Node:
    product = visit.knowledge.products.get(use.product)
    return woven(
        "{time}: {product}, lot {lot}, {vials}",
        time=stamp(use.first_at, visit.zone),
        product=product.name if product else use.product or say("product not known"),
        lot=use.lot,
        vials=counted(use.vials, "{count} vial", "{count} vials"),
    )


# --- one patient


def _of(visit: Visit, patient: str, lot: str, product: str) -> Traced:
    traced = next((each for each in _traced(visit, lot.strip(), product) if each.stream == patient), None)
    if traced is None:
        raise NotFoundException(detail="this patient did not get this lot")
    return traced


def _patient_page(visit: Visit, traced: Traced, data: Wanted, wrong: tuple[str, ...] = ()) -> Response[str]:
    made, contact = letter(visit.journal, traced), traced.contact
    return shell.page(
        say("Lot {lot}", lot=data.lot.strip()),
        visit,
        h.h2[say("Given")],
        h.ul[
            (
                h.li[
                    woven(
                        "{time}: up to {grams} g of this lot, vials: {vials}, infusion {infusion}",
                        time=stamp(dose.started_at, visit.zone),
                        grams=number(dose.grams_max),
                        vials=str(dose.vials),
                        infusion=dose.infusion,
                    )
                ]
                for dose in made.doses
            )
        ],
        notice("slow", say("No letter: {why}.", why=say(UNSENT[made.outcome])))
        if made.outcome != "letter"
        else None,
        _letter_form(visit, traced, data, wrong) if made.outcome == "letter" else None,
        h.p[
            h.a(href=f"/lots?{urlencode({'lot': data.lot, 'product': data.product})}")[say("Back to the lot")]
        ],
        banner=identity(
            contact.name, contact.patient.value, None, contact.phone or say("no telephone on record")
        )
        if contact is not None
        else say("Nobody can read who this is."),
        styles=_STYLES,
        status=400 if wrong else 200,
    )


def _letter_form(visit: Visit, traced: Traced, data: Wanted, wrong: tuple[str, ...]) -> Element:
    phone = data.phone or visit.knowledge.site.contact_phone
    return h.section[
        h.h2[say("Letter")],
        field.form(visit.form_token, f"/lots/{traced.stream}/letter", classes="narrow")[
            faults(wrong),
            h.input(type="hidden", name="lot", value=data.lot),
            h.input(type="hidden", name="product", value=data.product),
            field.area(
                "says", say("What the recall says"), data.says, hint=say("It is quoted, never explained.")
            ),
            field.text("phone", say("Whom to call"), phone, type="tel"),
            field.choice("to", say("Who reads it"), ((to, say(text)) for to, text in _TO.items()), data.to),
            field.submit(say("Write the letter (PDF)")),
        ],
    ]


routes = [lots, contacts, of_patient, write_letter]
