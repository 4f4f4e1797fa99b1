"""Does the journal lose anything? Thousands of kills, and power cuts on a disk that forgets.

    python -m tools.prove_journal [--moments 3000] [--cuts 20000] [--only kills-sqlite] [--seed 1] [--write]

With ``--write`` the figures go to docs/durability.md. Exit status 1 if anything acknowledged was lost,
anything was half written, or a chain did not verify.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterable, Iterator
from itertools import cycle
from pathlib import Path

from rich.progress import Progress

from tests.support.postgres import running
from tools.faults import power
from tools.faults.bounds import verdict
from tools.faults.kills import WRITERS, Campaign
from tools.report import DOCS, counts, table, write_section

DOCUMENT = DOCS / "durability.md"
CUTS_PER_TRACE = 200
OFTEN_EMPTIED = ["wal_autocheckpoint=20"]
TRACES: list[tuple[list[str], str]] = [
    ([], ""),
    # The log is emptied into the file so often that cuts find it at that too.
    (OFTEN_EMPTIED, ""),
    # The disk itself fails now and then, and the events are sent again.
    (OFTEN_EMPTIED, "fdatasync:error=EIO:when=3+25"),
    (OFTEN_EMPTIED, "pwrite64:error=ENOSPC:when=20+97"),
]
CARELESS = ("synchronous=OFF", "synchronous=NORMAL")
CARELESS_CUTS = 200
_LOST = "lost, halved or doubled anything"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--moments", type=int, default=3000, help="moments of killing, on each database")
    parser.add_argument("--cuts", type=int, default=20_000, help="power cuts")
    parser.add_argument("--only", choices=PROOFS, help="one proof alone")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/durability.md")
    options = parser.parse_args()
    faults: list[str] = []
    for name in [options.only] if options.only else PROOFS:
        text, found = PROOFS[name](options)
        print(text, *found, sep="\n")
        faults += found
        if options.write:
            write_section(DOCUMENT, name, text)
    return 1 if faults else 0


def _kills_sqlite(options: argparse.Namespace) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="ivigil-kills-") as folder:
        return _kills("SQLite", Campaign(Path(folder), options.seed), options.moments)


def _kills_postgresql(options: argparse.Namespace) -> tuple[str, list[str]]:
    with tempfile.TemporaryDirectory(prefix="ivigil-kills-") as folder, running() as server:
        return _kills("PostgreSQL", Campaign(Path(folder), options.seed, server), options.moments)


def _kills(database: str, campaign: Campaign, moments: int) -> tuple[str, list[str]]:
    _watched(f"kills on {database}", campaign.run(moments), moments)
    figures = campaign.figures
    rows = [
        ("moments of killing", figures.moments),
        (f"writers killed (always {WRITERS} at work)", figures.writers),
        *([("servers killed", figures.servers)] if figures.servers else []),
        ("journals", figures.journals),
        ("calls", figures.calls),
        (
            "events acknowledged, each found afterwards with its position, version and hash",
            figures.acknowledged,
        ),
        ("calls under way when their writer was killed, sent again afterwards", figures.under_way),
        ("of those, found written whole before they were sent again", figures.committed),
        ("faults", len(figures.faults)),
    ]
    proven = verdict(len(figures.faults), figures.moments, f"moments {_LOST}", "kills")
    return f"## Killed: {database}\n\n{counts(rows)}\n\n{proven}", figures.faults


def _power(options: argparse.Namespace) -> tuple[str, list[str]]:
    figures = power.Figures()
    _watched("power cuts", _cuts(figures, options.cuts, options.seed), options.cuts)
    rows = [
        ("writers traced, each on an empty disk", figures.traces),
        ("steps recorded: writes, lengths, names, syncs, words", figures.steps),
        ("of those, syncs", figures.syncs),
        ("of those, syncs that failed", figures.failed_syncs),
        ("cuts, each with its own chance of what survives", figures.cuts),
        ("of those, before the journal was made", figures.unborn),
        ("events acknowledged before a cut, over all cuts", figures.acknowledged),
        ("calls under way at a cut, sent again afterwards", figures.under_way),
        ("of those, found written whole before they were sent again", figures.committed),
        ("cuts after which anything was wrong", figures.faulty),
    ]
    text = [
        "## The power cut: SQLite",
        counts(rows),
        verdict(figures.faulty, figures.cuts, f"cuts {_LOST}", "cuts"),
        "The same test finds losses when SQLite is told, behind the journal's back, to wait less for the "
        "disk (the journal itself refuses that):",
        table(["", "cuts", "with losses"], [_careless(pragma, options.seed) for pragma in CARELESS]),
    ]
    return "\n\n".join(text), figures.faults


def _cuts(figures: power.Figures, cuts: int, seed: int) -> Iterator[int]:
    for pragmas, failing in cycle(TRACES):
        seed += 1
        folder, steps = power.record(seed, pragmas, failing)
        yield from power.cut(folder, steps, min(CUTS_PER_TRACE, cuts - figures.cuts), seed, figures)
        if figures.cuts >= cuts:
            return


def _careless(pragma: str, seed: int) -> list[str]:
    figures = power.Figures()
    folder, steps = power.record(seed, [pragma])
    for _ in power.cut(folder, steps, CARELESS_CUTS, seed, figures):
        pass
    return [f"`PRAGMA {pragma}`", f"{figures.cuts:,}", f"{figures.faulty:,}"]


def _watched(what: str, steps: Iterable[int], total: int) -> None:
    with Progress(transient=True) as progress:
        task = progress.add_task(what, total=total)
        for done in steps:
            progress.update(task, completed=done)


PROOFS: dict[str, Callable[[argparse.Namespace], tuple[str, list[str]]]] = {
    "kills-sqlite": _kills_sqlite,
    "kills-postgresql": _kills_postgresql,
    "power": _power,
}

if __name__ == "__main__":
    sys.exit(main())
