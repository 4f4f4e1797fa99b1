"""``ivigil journal ACTION``: make, verify, back up, restore and export the record of what happened."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ivigil.cli.journaling import Actions, draft, guarded, opened
from ivigil.cli.main import DEFECT, OK
from ivigil.cli.naming import InputError
from ivigil.cli.output import put
from ivigil.patient import Identifier
from ivigil.practice.sign_off import Rules
from ivigil.records import Journal, export
from ivigil.records.backup import backup, restore
from ivigil.records.bodies import Erasure
from ivigil.records.checkpoint import Checkpoint, from_lines, take, to_lines
from ivigil.records.progress import Progress
from ivigil.records.verify import Verdict, verify


def add_arguments(parser: argparse.ArgumentParser) -> None:
    actions = Actions(parser)
    actions.add("create", "make an empty journal, and its secrets")
    checking = actions.add("verify", "recompute the chain; compare it with checkpoints")
    actions.add("checkpoint", "sign where the journal ends now, to be kept elsewhere")
    copying = actions.add("backup", "copy the journal to a new file, a checkpoint beside it")
    putting = actions.add("restore", "put a backup in place where there is no journal")
    actions.add("rebuild", "make the views anew from the events")
    actions.add("sign-offs", "what was signed on pages, as a file for the site's overlay")
    one = actions.add("export", "everything about one patient")
    gone = actions.add("erase", "destroy a patient's keys; the lot trace stays", writes=True)
    for action in (copying, putting):
        action.add_argument("file", type=Path, metavar="FILE")
    for action in (checking, putting):
        action.add_argument("--checkpoints", type=Path, metavar="FILE", help="checkpoints kept elsewhere")
    for action in (one, gone):
        _add_patient(action)
    one.add_argument("--format", choices=("json", "csv"), default="json")
    gone.add_argument("--reason", required=True)


def _add_patient(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("system", metavar="SYSTEM", help="naming system of the identifier")
    parser.add_argument("value", metavar="VALUE", help="the identifier")


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _ACTIONS[options.action](options), f"journal {options.action}")


def _create(options: argparse.Namespace) -> int:
    Path(options.journal).parent.mkdir(parents=True, exist_ok=True) if "://" not in options.journal else None
    journal = Journal.create(options.journal, options.secrets)
    lines = {
        "journal": journal.store.name,
        "id": journal.identity.id,
        "secrets": str(options.secrets),
        "public key": journal.identity.public_key,
    }
    _put_lines(lines, options, "Keep a copy of the secrets apart from the journal and its backups.")
    return OK


def _verify(options: argparse.Namespace) -> int:
    journal = opened(options)
    with _bar("Verifying", options) as progress:
        verdict = verify(journal, _checkpoints(options.checkpoints), progress)
    return _put_verdict(verdict, options)


def _checkpoint(options: argparse.Namespace) -> int:
    sys.stdout.write(to_lines([take(opened(options))]))
    return OK


def _backup(options: argparse.Namespace) -> int:
    with _bar("Copying", options) as progress:
        made = backup(opened(options), options.file, progress)
    _put_lines(
        {"backup": str(options.file), "position": f"{made.position:,}", "hash": made.hash, "at": made.at},
        options,
        "The secrets are not in it. Keep its checkpoint where the keeper of the journal cannot reach.",
    )
    return OK


def _restore(options: argparse.Namespace) -> int:
    with _bar("Restoring", options) as progress:
        verdict = restore(
            options.file,
            options.journal,
            options.secrets,
            _checkpoints(options.checkpoints),
            progress=progress,
        )
    return _put_verdict(verdict, options)


def _rebuild(options: argparse.Namespace) -> int:
    with _bar("Rebuilding", options) as progress:
        opened(options).rebuild_views(progress)
    return OK


def _export(options: argparse.Namespace) -> int:
    journal = opened(options)
    records = journal.read(journal.stream(Identifier(options.system, options.value)))
    if not records:
        raise InputError(f"{options.system} {options.value}: the journal has nothing about this identifier")
    if options.format == "csv":
        sys.stdout.write(export.to_csv(records))
    else:
        sys.stdout.buffer.write(export.to_json(records) + b"\n")
    return OK


def _erase(options: argparse.Namespace) -> int:
    journal = opened(options)
    stream = journal.stream(Identifier(options.system, options.value))
    if not journal.version(stream):
        raise InputError(f"{options.system} {options.value}: the journal has nothing about this identifier")
    receipt = journal.erase(draft(options, stream, Erasure(reason=options.reason)))
    _put_lines(
        {"erased": stream, "position": f"{receipt.position:,}"},
        options,
        "No payload written before can be read again; lots stay traceable. Older backups still hold the key.",
    )
    return OK


def _sign_offs(options: argparse.Namespace) -> int:
    from ivigil.sheets.overlay_file import overlay_file

    sys.stdout.write(overlay_file(Rules(opened(options), options.site).signed()))
    return OK


_ACTIONS = {
    "create": _create,
    "verify": _verify,
    "checkpoint": _checkpoint,
    "backup": _backup,
    "restore": _restore,
    "rebuild": _rebuild,
    "sign-offs": _sign_offs,
    "export": _export,
    "erase": _erase,
}


def _checkpoints(file: Path | None) -> tuple[Checkpoint, ...]:
    if file is None:
        return ()
    try:
        return from_lines(file.read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"--checkpoints {file}: cannot be read ({error})") from None


def _put_verdict(verdict: Verdict, options: argparse.Namespace) -> int:
    from ivigil.sheets.journal import verdict_sheet

    put(verdict, lambda: verdict_sheet(verdict), as_json=options.json)
    return OK if verdict.is_sound else DEFECT


def _put_lines(lines: dict[str, str], options: argparse.Namespace, advice: str) -> None:
    from ivigil.sheets.journal import lines_sheet

    put(lines, lambda: lines_sheet(lines, advice), as_json=options.json)


@contextmanager
def _bar(what: str, options: argparse.Namespace) -> Iterator[Progress]:
    """A progress bar on the error stream; none into a pipe."""
    from rich.console import Console
    from rich.progress import Progress as Bar

    with Bar(console=Console(stderr=True), transient=True, disable=not sys.stderr.isatty()) as bar:
        task = bar.add_task(what, total=None)
        yield lambda done, total: bar.update(task, completed=done, total=total)
