"""Backup and restore. A backup is a SQLite file of the same tables, whatever database it is of.

Only rows are copied, from one unchanging view: a backup is whole, holds nothing of a destroyed key,
and can be restored to either database. The secrets are not in it.
"""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

from sqlalchemy import Connection, func, insert, select

from ivigil.records import checkpoint, disk, tables, verify, views
from ivigil.records.checkpoint import Checkpoint
from ivigil.records.errors import JournalRefusedError, RecordsError
from ivigil.records.journal import Journal
from ivigil.records.kinds import Kinds
from ivigil.records.opening import holds_journal, open_existing
from ivigil.records.progress import Progress, untold
from ivigil.records.register import KINDS
from ivigil.records.store import Store
from ivigil.records.vault import Vault
from ivigil.records.verify import Verdict
from ivigil.records.words import Head

COPIED = (tables.journal, tables.head, tables.patient_key, tables.checkpoint, tables.event)
PAGE = 1000


class UnsoundBackupError(RecordsError):
    """The backup does not verify. Nothing was restored."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict
        found = ", ".join(f"{code} {count:,} times" for code, count in verdict.counts.items())
        super().__init__(f"the backup does not verify: {found}")


def checkpoint_file(backup_file: Path) -> Path:
    """Where the checkpoint beside a backup stands."""
    return backup_file.with_name(backup_file.name + ".checkpoint")


def backup(journal: Journal, file: Path, progress: Progress = untold) -> Checkpoint:
    """Copy the journal, while it is written to, into a new file; a checkpoint of it stands beside it.

    The file has its name only once it is whole and on disk. Raises JournalRefusedError if it exists or
    cannot be written, JournalUnavailableError.
    """
    if file.exists():
        raise JournalRefusedError(f"there is a file already at {file}")
    try:
        with tempfile.TemporaryDirectory(prefix=".ivigil-backup-", dir=file.parent) as folder:
            unfinished = Path(folder) / "journal.db"
            made = checkpoint.statement(journal, _copied(journal.store, unfinished, journal.kinds, progress))
            beside = Path(folder) / "checkpoint"
            beside.write_text(checkpoint.to_lines([made]))
            disk.sync(beside)
            disk.sync(unfinished)
            beside.rename(checkpoint_file(file))
            unfinished.rename(file)
        disk.sync(file.absolute().parent)
    except OSError as error:
        raise JournalRefusedError(f"the backup cannot be written to {file}: {error.strerror}") from error
    return checkpoint.keep(journal, made)


def restore(
    file: Path,
    url: str,
    secrets_folder: Path,
    checkpoints: tuple[Checkpoint, ...] = (),
    *,
    kinds: Kinds = KINDS,
    progress: Progress = untold,
) -> Verdict:
    """Put a backup in place where there is no journal, if it verifies against its checkpoint and those given.

    The copy is verified inside the transaction that makes it: either a sound journal is there
    afterwards, or none. A checkpoint later than the backup is a fault, ``cut_short``: leave it out to
    accept the loss of what came after the backup. Raises UnsoundBackupError, JournalRefusedError.
    """
    if not file.exists():
        raise JournalRefusedError(f"there is no backup at {file}")
    beside = checkpoint_file(file)
    known = checkpoint.from_lines(beside.read_text()) if beside.exists() else ()
    with tempfile.TemporaryDirectory(prefix="ivigil-restore-") as folder:
        # SQLite writes beside what it reads; a backup may be where nobody may write.
        source = Store(str(shutil.copyfile(file, Path(folder) / "journal.db")))
        identity, kept = open_existing(source, secrets_folder)
        target = Store(url)
        try:
            with source.reading() as reading, target.writing() as writing:
                if holds_journal(writing):
                    raise JournalRefusedError(f"there is a journal already at {target.name}")
                _copy(reading, writing, kinds, progress)
                verdict = verify.verdict_on(
                    writing,
                    identity=identity,
                    vault=Vault(kept),
                    kinds=kinds,
                    checkpoints=(*known, *checkpoints),
                    progress=untold,
                )
                if not verdict.is_sound:
                    raise UnsoundBackupError(verdict)
        finally:
            source.close()
            target.close()
    return verdict


def _copied(source: Store, file: Path, kinds: Kinds, progress: Progress) -> Head:
    """Copy into a new file; where the copy ends."""
    target = Store(str(file))
    try:
        with source.reading() as reading, target.writing() as writing:
            _copy(reading, writing, kinds, progress)
            row = writing.execute(select(tables.head)).one()
        target.flush()
    finally:
        target.close()
    return Head(row.position, row.hash)


def _copy(source: Connection, target: Connection, kinds: Kinds, progress: Progress) -> None:
    tables.metadata.create_all(target)
    total = source.execute(select(func.count()).select_from(tables.event)).scalar_one()
    streaming = source.execution_options(yield_per=PAGE)
    for table in COPIED:
        done = 0
        for page in streaming.execute(select(table)).mappings().partitions():
            target.execute(insert(table), [dict(row) for row in page])
            done += len(page)
            if table is tables.event:
                progress(done, total)
    views.rebuild(target, views.views(kinds), lambda _: None)
