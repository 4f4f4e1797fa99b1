"""What every command that uses the journal shares: where it is, who writes, when it happened."""

from __future__ import annotations

import argparse
import datetime as dt
import os
import sys
from collections.abc import Callable
from pathlib import Path

from msgspec.structs import replace

import ivigil
from ivigil.aftercare.happenings import FollowUpEvent
from ivigil.cli.main import BAD_INPUT, UNAVAILABLE, add_common
from ivigil.cli.naming import InputError, moment
from ivigil.infusion.events import Corrected, Happening
from ivigil.knowledge.store import Knowledge
from ivigil.practice.entry import UNNAMED_SITE, Author, Entry
from ivigil.practice.entry import draft as written
from ivigil.practice.sign_off import Rules
from ivigil.records import (
    ConflictError,
    Draft,
    Journal,
    JournalUnavailableError,
    RecordsError,
)
from ivigil.records.bodies import Body

JOURNAL_VARIABLE, SECRETS_VARIABLE, PERSON_VARIABLE = "IVIGIL_JOURNAL", "IVIGIL_SECRETS", "IVIGIL_PERSON"
_HOME = Path.home() / ".ivigil"


class Actions:
    """The actions of a command; each also takes what the command takes."""

    def __init__(self, parser: argparse.ArgumentParser) -> None:
        add_place(parser)
        self._added = parser.add_subparsers(dest="action", required=True, metavar="ACTION")

    def add(self, name: str, text: str, *, writes: bool = False) -> argparse.ArgumentParser:
        """A further action; one that writes also takes who and when."""
        parser = self._added.add_parser(name, help=text, description=text)
        self.complete(parser, writes=writes)
        return parser

    @staticmethod
    def complete(parser: argparse.ArgumentParser, *, writes: bool = True) -> None:
        """Let an action, or a part of one, take what the command takes."""
        add_common(parser)
        _add_place(parser)
        if writes:
            add_author(parser)


def add_place(parser: argparse.ArgumentParser) -> None:
    """Where the journal and its secrets are."""
    parser.set_defaults(
        journal=os.environ.get(JOURNAL_VARIABLE) or str(_HOME / "journal.db"),
        secrets=Path(os.environ.get(SECRETS_VARIABLE) or _HOME / "secrets"),
    )
    _add_place(parser)


def _add_place(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--journal",
        metavar="PLACE",
        default=argparse.SUPPRESS,
        help=f"SQLite file or postgresql://... (default: ${JOURNAL_VARIABLE} or ~/.ivigil/journal.db)",
    )
    parser.add_argument(
        "--secrets",
        metavar="FOLDER",
        type=Path,
        default=argparse.SUPPRESS,
        help=f"folder of the journal's secrets (default: ${SECRETS_VARIABLE} or ~/.ivigil/secrets)",
    )


def add_author(parser: argparse.ArgumentParser) -> None:
    """Who writes, for whom, when it happened."""
    parser.add_argument(
        "--by",
        metavar="NAME",
        default=os.environ.get(PERSON_VARIABLE, ""),
        help=f"who records this (default: ${PERSON_VARIABLE})",
    )
    parser.add_argument("--for", dest="on_behalf_of", metavar="NAME", default="", help="on whose behalf")
    parser.add_argument(
        "--at", metavar="TIME", help="when it happened: 10:05, or with date and offset; default: now"
    )
    parser.add_argument("--id", metavar="UUID", help="the event's own id, to send the same one again")


def guarded(work: Callable[[], int], command: str) -> int:
    """Run ``work``; what goes wrong with the journal is one line and an exit code."""
    try:
        return work()
    except JournalUnavailableError as error:
        print(f"ivigil {command}: {error}; nothing was acknowledged, send it again", file=sys.stderr)
        return UNAVAILABLE
    except ConflictError as error:
        print(f"ivigil {command}: {error}; look again, then decide again", file=sys.stderr)
        return UNAVAILABLE
    except RecordsError as error:
        print(f"ivigil {command}: {error}", file=sys.stderr)
        return BAD_INPUT


def opened(options: argparse.Namespace) -> Journal:
    """The journal that the options name. Raises RecordsError."""
    return Journal.open(options.journal, options.secrets)


def ruling(options: argparse.Namespace, journal: Journal) -> Knowledge:
    """What rules where a journal is used: facts, overlay, and what was signed on its pages."""
    return Rules(journal, options.site).now()


def now(options: argparse.Namespace, knowledge: Knowledge) -> dt.datetime:
    """When it happened: ``--at``, else the present time; in the site's zone. Raises InputError."""
    present = dt.datetime.now(knowledge.zone or dt.UTC).replace(microsecond=0)
    written = getattr(options, "at", None)
    if written is None:
        return present
    if len(written) > len("10:05"):
        return moment(written, "--at", "10:05 of today, or ")
    try:
        clock = dt.time.fromisoformat(written)
    except ValueError:
        return moment(written, "--at", "10:05 of today, or ")
    return present.replace(hour=clock.hour, minute=clock.minute, second=0)


def entry(options: argparse.Namespace, knowledge: Knowledge) -> Entry:
    """Who writes, when it happened, under which id it is sent. Raises InputError if nobody is named."""
    if not options.by:
        raise InputError(f"--by: missing; accepted: the name of who records this, or ${PERSON_VARIABLE}")
    site = knowledge.site.name or UNNAMED_SITE
    return Entry(
        by=Author(name=options.by, on_behalf_of=options.on_behalf_of, site=site, device="command line"),
        occurred_at=now(options, knowledge),
        device_at=dt.datetime.now(dt.UTC),
        id=getattr(options, "id", None) or "",
    )


def draft(
    options: argparse.Namespace,
    stream: str,
    body: Body | Happening | Corrected | FollowUpEvent,
    subject: str = "",
    *,
    event_id: str | None = None,
) -> Draft:
    """An event that happened now, as the options say by whom. Raises InputError if nobody is named."""
    knowledge = ivigil.load_knowledge(options.site)
    sent = replace(entry(options, knowledge), id=event_id or "")
    return written(sent, stream, body, subject)
