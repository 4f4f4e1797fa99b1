"""``ivigil report ACTION``: an adverse event report, a look-back letter, a travel letter, a wallet card."""

from __future__ import annotations

import argparse
import sys
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

import ivigil
from ivigil.aftercare import e2b, medwatch
from ivigil.aftercare.adverse_event import Said, report
from ivigil.aftercare.happenings import reports
from ivigil.aftercare.report_export import export
from ivigil.aftercare.report_export import fingerprint as report_fingerprint
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.cli import naming
from ivigil.cli.journaling import Actions, draft, entry, guarded, now, opened, ruling
from ivigil.cli.main import BAD_INPUT, DEFECT, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.cli.writing import write_file
from ivigil.course import Plan
from ivigil.infusion.replay import replay
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.practice.recall import Letter, letter, letter_made
from ivigil.records import Journal
from ivigil.records.aftermath import happened_after
from ivigil.records.bodies import ReportMade
from ivigil.records.infusing import load
from ivigil.records.lookback import contact_of, look_back
from ivigil.records.past import infused
from ivigil.release import UnverifiedPlanError

if TYPE_CHECKING:
    from ivigil.sheets.document import Document

_STANDARDS = {"fda": medwatch.STANDARD, "e2b": e2b.STANDARD}


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """What a report is about: a plan, and an infusion under it if that is in the journal."""

    plan: Plan
    journal: Journal | None = None
    stream: str = ""
    infusion: str = ""
    state: State | None = None
    later: tuple[SymptomReport, ...] = ()
    """Reports from home."""


class Made(msgspec.Struct, frozen=True, kw_only=True):
    """What was made: for machines, for people, for the journal."""

    value: object
    document: Document
    body: ReportMade
    hint: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    adverse = actions.add("adverse-event", "an adverse event report of an infusion", writes=True)
    _add_subject(adverse)
    adverse.add_argument(
        "--standard", choices=tuple(_STANDARDS), help="FDA 3500 or ICH E2B(R3) (default: by jurisdiction)"
    )
    adverse.add_argument(
        "--answer",
        action="append",
        default=[],
        metavar="CODE=TEXT",
        help="what the reporter says of a field: E.i.7=1, or of one place: E.i.7[2]=1; repeatable",
    )
    adverse.add_argument(
        "--unknown", action="append", default=[], metavar="CODE", help="nobody knows it; repeatable"
    )
    adverse.add_argument(
        "--withhold", action="append", default=[], metavar="CODE", help="for privacy; repeatable"
    )
    adverse.add_argument(
        "--answers", metavar="FILE", help='TOML: [answers] CODE = "TEXT"; unknown = [...]; withhold = [...]'
    )
    back = actions.add("look-back", "a letter to each patient who got a recalled lot", writes=True)
    back.add_argument("lot", metavar="LOT", help="as printed; case and spaces do not matter")
    back.add_argument("--product", metavar="NAME", help="only this product: two makers may use one number")
    back.add_argument("--recall", default="", metavar="TEXT", help="what the recall says")
    back.add_argument("--to", choices=("patient", "provider"), default="patient", help="who reads the letter")
    back.add_argument("--patient", metavar="VALUE", help="only the patient with this identifier")
    travel = actions.add("travel", "a letter for a journey with the medicine", writes=True)
    _add_subject(travel)
    travel.add_argument("--prescriber", default="", metavar="NAME", help="default: who prescribed the plan")
    travel.add_argument("--leaves", required=True, metavar="YYYY-MM-DD")
    travel.add_argument("--returns", required=True, metavar="YYYY-MM-DD")
    travel.add_argument("--carries", default="", metavar="TEXT", help="as counted: 2 vials of 10 g")
    card = actions.add("card", "a card for the wallet", writes=True)
    _add_subject(card)
    card.add_argument("--emergency", default="", metavar="PHONE", help="default: the site's")
    for action in (travel, card):
        action.add_argument("--name", default="", help="the patient's name (default: as in the journal)")
    for action in (back, travel, card):
        action.add_argument("--call", default="", metavar="PHONE", help="whom to call (default: the site)")
    for action in (adverse, back, travel, card):
        action.add_argument("--pdf", type=Path, metavar="FILE", help="write a PDF too")
        action.add_argument("--overwrite", action="store_true", help="replace a file that is there")
        action.add_argument("--record", action="store_true", help="write into the journal that it was made")


def _add_subject(action: argparse.ArgumentParser) -> None:
    which = action.add_mutually_exclusive_group(required=True)
    which.add_argument("--infusion", metavar="PLAN-DAY", help="an infusion of the journal")
    which.add_argument("--order", metavar="FILE", help="an order, where there is no journal")


def run(options: argparse.Namespace) -> int:
    from ivigil.sheets.document import NoDocumentError
    from ivigil.sheets.pdf import PdfError

    command = f"report {options.action}"
    try:
        return guarded(lambda: _ACTIONS[options.action](options), command)
    except (NoDocumentError, PdfError) as error:
        print(f"ivigil {command}: {error}", file=sys.stderr)
        return BAD_INPUT
    except UnverifiedPlanError as error:
        print(
            f"ivigil {command}: withheld, the independent check rejected the plan: {error}", file=sys.stderr
        )
        return DEFECT


def _ruling(options: argparse.Namespace, journal: Journal | None) -> Knowledge:
    """What rules; where there is a journal, with what was signed on its pages."""
    return ivigil.load_knowledge(options.site) if journal is None else ruling(options, journal)


def _subject(options: argparse.Namespace) -> Subject:
    """What ``--infusion`` or ``--order`` names. Raises InputError, OrderError, RecordsError."""
    if options.infusion:
        journal = opened(options)
        found = load(journal, options.infusion)
        plan = found.standing.plan
        day = next(day for day in plan.days if day.number == found.day)
        state = replay(day, found.events)
        return Subject(
            plan=plan,
            journal=journal,
            stream=found.stream,
            infusion=found.id,
            state=state,
            later=reports(happened_after(journal.read(found.stream), found.id)),
        )
    if options.record:
        raise InputError("--record: only of an infusion of the journal (--infusion PLAN-DAY)")
    return Subject(plan=ivigil.plan(ivigil.read_order(options.order, options.site), options.site))


def _adverse_event(options: argparse.Namespace) -> int:
    from ivigil.sheets.adverse_event import ANSWERING, flaws_text, report_document
    from ivigil.sheets.document import paper
    from ivigil.sheets.report_case import planned_case, recorded_case

    subject = _subject(options)
    knowledge = _ruling(options, subject.journal)
    lineage = knowledge.lineage(subject.plan.order.jurisdiction)
    standard = _STANDARDS[options.standard or ("fda" if "US" in lineage else "e2b")]
    today = now(options, knowledge).date()
    if subject.state is not None:
        case = recorded_case(subject.plan, subject.state, subject.later, today, knowledge)
    else:
        case = planned_case(subject.plan, today, knowledge)
    made = report(standard, case, _said(options), knowledge.facts.report_field)
    if made.flaws:
        raise InputError(f"the answers were not accepted\n{flaws_text(made)}")
    document = report_document(made, paper(lineage))
    exported = export(made)
    body = ReportMade(
        standard=standard,
        complete=made.is_complete,
        missing=exported.missing,
        sha256=report_fingerprint(made),
    )
    finished = Made(value=exported, document=document, body=body, hint="" if made.is_complete else ANSWERING)
    return _hand_out(finished, subject, options)


def _said(options: argparse.Namespace) -> dict[str, Said]:
    """What the file says, then the options: an option goes before the file. Raises InputError."""
    said = _answers(options.answers) if options.answers else {}
    for written in options.answer:
        code, found, text = written.partition("=")
        if not (found and code.strip() and text.strip()):
            raise InputError(f"--answer {written}: accepted: CODE=TEXT, such as B5='hives on both arms'")
        said[code.strip()] = Said(text.strip())
    said |= {code: Said(state="unknown") for code in options.unknown}
    return said | {code: Said(state="masked") for code in options.withhold}


class _AnswersFile(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    answers: dict[str, str] = {}
    unknown: tuple[str, ...] = ()
    withhold: tuple[str, ...] = ()


def _answers(path: str) -> dict[str, Said]:
    try:
        read = msgspec.convert(tomllib.loads(Path(path).read_text("utf-8")), _AnswersFile)
    except OSError as error:
        raise InputError(f"--answers {path}: cannot be read: {error.strerror}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise InputError(f"--answers {path}: {error}") from error
    said = {code: Said(text.strip()) for code, text in read.answers.items()}
    said |= {code: Said(state="unknown") for code in read.unknown}
    return said | {code: Said(state="masked") for code in read.withhold}


def _look_back(options: argparse.Namespace) -> int:
    from ivigil.sheets.look_back_letter import Notice, look_back_letter

    journal = opened(options)
    knowledge = ruling(options, journal)
    product = naming.product(options.product, knowledge).id if options.product else ""
    letters = tuple(letter(journal, each) for each in look_back(journal, options.lot, product))
    if options.patient:
        letters = tuple(
            each
            for each in letters
            if each.contact is not None and each.contact.patient.value == options.patient
        )
    if not letters:
        whom = f" by patient {options.patient}" if options.patient else ""
        raise InputError(f"lot {options.lot}: given to nobody{whom}, as far as the journal knows")
    phone = options.call or knowledge.site.contact_phone
    notice = Notice(to=options.to, lot=options.lot, says=options.recall, phone=phone)
    today = now(options, knowledge).date()
    documents = [
        (each, look_back_letter(each.contact, each.doses, notice, today, knowledge))
        for each in letters
        if each.outcome == "letter" and each.contact is not None
    ]
    return _post(journal, letters, documents, options)


def _post(
    journal: Journal,
    letters: tuple[Letter, ...],
    documents: list[tuple[Letter, Document]],
    options: argparse.Namespace,
) -> int:
    """Every letter on the screen, with those that cannot be written; one letter as a PDF."""
    from rich.console import Group
    from rich.text import Text

    from ivigil.sheets.document import fingerprint
    from ivigil.sheets.document_text import document_sheet
    from ivigil.sheets.journal import unsent_sheet

    if options.pdf is not None and len(documents) != 1:
        raise InputError(f"--pdf: one letter a file; there are {len(documents)}: --patient says whose")
    drafts = [
        made
        for each, document in documents
        if options.record
        for made in letter_made(
            each, fingerprint(document), entry(options, ivigil.load_knowledge(options.site))
        )
    ]
    if options.pdf is not None:
        _write_pdf(documents[0][1], options)
    if drafts:
        journal.append(drafts)
    unsent = [(each.stream, each.outcome) for each in letters if each.outcome != "letter"]
    sheets = [Group(document_sheet(document), Text("")) for _, document in documents]
    sheet = Group(*sheets, *([unsent_sheet(unsent)] if unsent else []))
    put(letters, lambda: sheet, as_json=options.json)
    return OK


def _travel(options: argparse.Namespace) -> int:
    from ivigil.sheets.travel_letter import Journey, travel_letter

    subject = _subject(options)
    knowledge = _ruling(options, subject.journal)
    journey = Journey(
        traveller=_name(options, subject),
        prescriber=options.prescriber or _prescriber(subject),
        leaves=naming.day(options.leaves),
        returns=naming.day(options.returns),
        carries=options.carries,
        phone=options.call or knowledge.site.contact_phone,
    )
    document = travel_letter(subject.plan, journey, now(options, knowledge).date(), knowledge)
    return _hand_out_document("travel", document, subject, options)


def _card(options: argparse.Namespace) -> int:
    from ivigil.sheets.wallet_card import Holder, wallet_card

    subject = _subject(options)
    knowledge = _ruling(options, subject.journal)
    holder = Holder(
        name=_name(options, subject),
        emergency_phone=options.emergency or knowledge.site.emergency_phone,
        phone=options.call or knowledge.site.contact_phone,
    )
    past = infused(subject.journal, subject.stream) if subject.journal is not None else ()
    document = wallet_card(subject.plan, past, holder, now(options, knowledge).date(), knowledge)
    return _hand_out_document("card", document, subject, options)


def _name(options: argparse.Namespace, subject: Subject) -> str:
    """As typed, else as the journal has it; empty if neither does."""
    if options.name or subject.journal is None:
        return str(options.name)
    contact = contact_of(subject.journal, subject.stream)
    return contact.name if contact is not None else ""


def _prescriber(subject: Subject) -> str:
    """Who signed the prescription, where the journal says so."""
    if subject.journal is None:
        return ""
    return load(subject.journal, subject.infusion).standing.prescriber


def _hand_out_document(
    standard: str, document: Document, subject: Subject, options: argparse.Namespace
) -> int:
    from ivigil.sheets.document import cleaned, fingerprint

    body = ReportMade(standard=standard, complete=True, sha256=fingerprint(document))
    return _hand_out(Made(value=cleaned(document), document=document, body=body), subject, options)


def _hand_out(made: Made, subject: Subject, options: argparse.Namespace) -> int:
    """As a PDF if asked, into the journal if asked, then on the screen or as JSON."""
    from ivigil.sheets.document_text import document_sheet

    drafts = []
    if options.record:
        drafts = [draft(options, subject.stream, made.body, subject.infusion, event_id=options.id)]
    if options.pdf is not None:
        _write_pdf(made.document, options)
    if subject.journal is not None and drafts:
        subject.journal.append(drafts)
    put(made.value, lambda: document_sheet(made.document, made.hint), as_json=options.json)
    return OK


def _write_pdf(document: Document, options: argparse.Namespace) -> None:
    from ivigil.sheets.pdf import pdf

    write_file(options.pdf, pdf(document), overwrite=options.overwrite)


_ACTIONS = {
    "adverse-event": _adverse_event,
    "look-back": _look_back,
    "travel": _travel,
    "card": _card,
}
