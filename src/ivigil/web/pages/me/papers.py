"""Letters and a card as PDF, the calendar, and everything that is on record, to take away."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator

import htpy as h
from anyio import to_thread
from htpy import Node
from litestar import Response, get, post
from litestar.datastructures import FormMultiDict

from ivigil.practice.aftermath import standings
from ivigil.practice.file import File
from ivigil.records.entrance import of_reads
from ivigil.records.export import to_csv, to_json
from ivigil.records.past import infused
from ivigil.records.words import Record
from ivigil.sheets.calendar import Appointment, calendar, visits
from ivigil.sheets.document import Document, NoDocumentError
from ivigil.sheets.pdf import PdfError, pdf
from ivigil.sheets.travel_letter import Journey
from ivigil.sheets.travel_letter import travel_letter as letter_for
from ivigil.sheets.wallet_card import Holder
from ivigil.sheets.wallet_card import wallet_card as card_for
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, page, reader, told
from ivigil.web.parts import field
from ivigil.web.parts.field import form
from ivigil.web.parts.notice import notice

PATH = "/me/papers"
NO_DAYS = "Write both days of the journey."
NO_PAPER = "This paper cannot be made yet. Ask your team for it."


@get(PATH, needs="patient.read", sync_to_thread=True)
def papers(request: Asked, visit: TheVisit) -> Response[str]:
    """What can be taken away."""
    return _page(reader(request, visit))


@get("/me/calendar.ics", needs="patient.read", sync_to_thread=True, media_type="text/calendar")
def calendar_file(request: Asked, visit: TheVisit) -> Response[bytes]:
    """The coming days, under titles that tell nobody anything."""
    who = reader(request, visit)
    made = calendar(_appointments(who.file(), visit.now), visit.now, who.say)
    return _file(made, "text/calendar; charset=utf-8", "calendar.ics")


@get("/me/data.json", needs="patient.export", sync_to_thread=True, media_type="application/json")
def data_json(request: Asked, visit: TheVisit) -> Response[bytes]:
    """Everything on record about the patient, for programs."""
    who = reader(request, visit, "patient.export")
    return _file(to_json(_records(who)), "application/json", "my-data.json")


@get("/me/data.csv", needs="patient.export", sync_to_thread=True, media_type="text/csv")
def data_csv(request: Asked, visit: TheVisit) -> Response[bytes]:
    """The same for people, one line a value."""
    who = reader(request, visit, "patient.export")
    return _file(to_csv(_records(who)).encode(), "text/csv; charset=utf-8", "my-data.csv")


@post("/me/card", needs="patient.read", status_code=200, sync_to_thread=True, media_type="application/pdf")
def wallet_card(request: Asked, visit: TheVisit) -> Response[bytes] | Response[str]:
    """The card for the wallet."""
    who = reader(request, visit)
    return _letter(who, lambda: _card(who), "card.pdf")


@post("/me/travel-letter", needs="patient.read", status_code=200, media_type="application/pdf")
async def travel_letter(request: Asked, visit: TheVisit) -> Response[bytes] | Response[str]:
    """The letter for a journey."""
    sent = await request.form()
    return await to_thread.run_sync(_travel, request, visit, sent)


def _travel(request: Asked, visit: TheVisit, sent: FormMultiDict) -> Response[bytes] | Response[str]:
    who = reader(request, visit)
    typed = {
        name: " ".join(str(sent.get(name, "")).split())[:200] for name in ("leaves", "returns", "carries")
    }
    leaves, returns = _day(typed["leaves"]), _day(typed["returns"])
    if leaves is None or returns is None:
        missing = tuple(name for name, day in (("leaves", leaves), ("returns", returns)) if day is None)
        return _page(who, typed=typed, faults=dict.fromkeys(missing, who.say(NO_DAYS)))
    if returns < leaves:
        swapped = who.say("The last day of the journey is before the first.")
        return _page(who, typed=typed, faults={"returns": swapped})
    return _letter(who, lambda: _journey(who, leaves, returns, typed["carries"]), "letter.pdf", typed)


def _card(who: Reader) -> Document:
    """Raises NoDocumentError."""
    file, site = who.file(), who.knowledge.site
    if file.plan is None:
        raise NoDocumentError("no plan")
    holder = Holder(
        name=file.contact.name if file.contact else "",
        emergency_phone=site.emergency_phone,
        phone=site.contact_phone,
    )
    past = infused(who.visit.journal, who.stream)
    return card_for(file.plan, past, holder, who.visit.now.date(), who.knowledge)


def _journey(who: Reader, leaves: dt.date, returns: dt.date, carries: str) -> Document:
    """Raises NoDocumentError."""
    file = who.file()
    standing = next((each for each in file.plans if each.plan == file.plan), None)
    if standing is None:
        raise NoDocumentError("no plan")
    journey = Journey(
        traveller=file.contact.name if file.contact else "",
        prescriber=standing.prescriber,
        leaves=leaves,
        returns=returns,
        carries=carries,
        phone=who.knowledge.site.contact_phone,
    )
    return letter_for(standing.plan, journey, who.visit.now.date(), who.knowledge)


def _letter(
    who: Reader, made: Callable[[], Document], name: str, typed: dict[str, str] | None = None
) -> Response[bytes] | Response[str]:
    try:
        return _file(pdf(made()), "application/pdf", name)
    except (NoDocumentError, PdfError):
        return _page(who, NO_PAPER, typed=typed)


def _page(
    who: Reader, wrong: str = "", *, typed: dict[str, str] | None = None, faults: dict[str, str] | None = None
) -> Response[str]:
    """typed, faults (said): of the form for the letter, by field."""
    say, token = who.say, who.visit.form_token
    typed, faults = typed or {}, faults or {}
    alerts = (say(wrong),) if wrong else tuple(dict.fromkeys(faults.values()))
    return page(
        who,
        say("My papers"),
        notice("stop", [h.p[told(text)] for text in alerts], urgent=True) if alerts else None,
        h.section[
            h.h2[told(say("Calendar"))],
            h.p[told(say("The days for your own calendar. Its titles do not say what they are for."))],
            h.p[_download("/me/calendar.ics", say("Get the calendar file"))],
        ],
        h.section[
            h.h2[told(say("Card for the wallet"))],
            h.p[told(say("Who helps you in an emergency sees what you get and what to take care of."))],
            form(token, "/me/card")[h.button(".plain", type="submit")[told(say("Get the card (PDF)"))]],
        ],
        h.section[
            h.h2[told(say("Letter for a journey"))],
            form(token, "/me/travel-letter", classes="narrow")[
                [
                    field.text(
                        name,
                        label,
                        typed.get(name, ""),
                        type="date",
                        faults=[faults[name]] if name in faults else (),
                    )
                    for name, label in (
                        ("leaves", say("First day of the journey")),
                        ("returns", say("Last day of the journey")),
                    )
                ],
                h.div(".field")[
                    h.label(for_="carries")[told(say("What you carry, if you want it named"))],
                    h.input(
                        id="carries",
                        name="carries",
                        value=typed.get("carries", ""),
                        maxlength=200,
                        autocomplete="off",
                    ),
                ],
                h.button(".plain", type="submit")[told(say("Get the letter (PDF)"))],
            ],
        ],
        h.section[
            h.h2[told(say("Your data"))],
            h.p[told(say("Everything that is on record about you, and who looked at it."))],
            h.p(".calls")[
                _download("/me/data.csv", say("As a table (CSV)")),
                _download("/me/data.json", say("For programs (JSON)")),
            ],
        ],
        status=400 if alerts else 200,
    )


def _download(path: str, text: str) -> Node:
    return h.a(".button.plain", href=path, download=True)[told(text)]


def _appointments(file: File, now: dt.datetime) -> Iterator[Appointment]:
    """What is still to come."""
    if file.released is not None:
        for entry in visits(file.released):
            if (entry.start if isinstance(entry.start, dt.datetime) else _midnight(entry.start, now)) >= now:
                yield entry
    for case in file.asked:
        for number, each in enumerate(standings(case), start=1):
            if each.state == "planned":
                name = f"{case.episode.infusion}-questions-{number}"
                yield Appointment(id=name, what="questions", start=each.check_in.due)


def _midnight(day: dt.date, now: dt.datetime) -> dt.datetime:
    return dt.datetime.combine(day, dt.time(23, 59), now.tzinfo)


def _records(who: Reader) -> list[Record]:
    """The patient's own stream, then who looked at it."""
    journal = who.visit.journal
    return [*journal.read(who.stream), *journal.read(journal.stream(of_reads(who.stream)))]


def _day(written: str) -> dt.date | None:
    try:
        return dt.date.fromisoformat(written)
    except ValueError:
        return None


def _file(content: bytes, media_type: str, name: str) -> Response[bytes]:
    """A file to keep, with a name that says nothing."""
    return Response(
        content, media_type=media_type, headers={"content-disposition": f'attachment; filename="{name}"'}
    )


routes = [papers, calendar_file, data_json, data_csv, wallet_card, travel_letter]
