"""Mutation of the knowledge: is a slip in a dose or a rate noticed, and by what?

    python -m tools.mutate_knowledge [--kind Schedule] [--write]

Every dose and rate fact is made wrong in every way of ``tools.mutants``, one at a time, in memory. A
mutant is detected by the check, by a scenario (with the verifier), or by the second witness. With
``--write`` the figures go to ``docs/mutation.md``. Exit status 1 if fewer than 99 % are detected.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections import Counter
from collections.abc import Iterator

import msgspec

from ivigil.knowledge.store import FACTS, Knowledge, read_folder
from tools.detectors import ByCheck, ByScenarios, ByWitness
from tools.mutants import OPERATORS, Change, mutants
from tools.report import DOCS, table, write_section

AIM_PERCENT = 99
SHOWN = 60
"""Survivors listed in full; more than that is a hole, not a list."""

DOSE_AND_RATE = frozenset(
    {"Product", "Vial", "LabelUse", "Schedule", "RateStep", "AtRiskRate", "Conversion", "StartAfter"}
    | {"SiteLimit", "SubcutaneousDose", "RampUp", "RampStep", "TroughAdjustment", "Regimen", "RateCap"}
    | {"DoseCap", "CapRate", "CapDailyDose", "CapDailyVolume", "MinimumDays", "MinimumHours", "SlowStart"}
)
"""Records that set or limit a dose or a rate of immunoglobulin; the aim is for these."""


class Result(msgspec.Struct, frozen=True):
    """What happened to one mutant."""

    change: Change
    check: bool
    scenarios: bool
    witness: bool

    @property
    def detected(self) -> bool:
        return self.check or self.scenarios or self.witness


class Tally(msgspec.Struct, frozen=True):
    """Mutants of one kind, and by what they were detected."""

    mutants: int
    check: int
    scenarios: int
    witness: int
    without_witness: int
    detected: int

    @classmethod
    def of(cls, results: list[Result]) -> Tally:
        return cls(
            mutants=len(results),
            check=sum(r.check for r in results),
            scenarios=sum(r.scenarios for r in results),
            witness=sum(r.witness for r in results),
            without_witness=sum(r.check or r.scenarios for r in results),
            detected=sum(r.detected for r in results),
        )

    def cells(self) -> list[str]:
        counts = (self.check, self.scenarios, self.without_witness, self.witness, self.detected)
        return [str(self.mutants), *(_percent(count, self.mutants) for count in counts)]


def main() -> int:
    options = _arguments()
    results = list(_results(options.kind, options.jobs))
    text = report(results)
    print(text)
    if options.write:
        write_section(DOCS / "mutation.md", "mutation of the knowledge", text)
    aimed = Tally.of([r for r in results if r.change.kind in DOSE_AND_RATE])
    return 0 if 100 * aimed.detected >= AIM_PERCENT * aimed.mutants else 1


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Mutate every dose and rate fact; report what is noticed.")
    parser.add_argument("--kind", default="", help="only mutants of this kind of record")
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/mutation.md")
    return parser.parse_args()


def _results(kind: str, jobs: int) -> Iterator[Result]:
    """Every mutant judged; the mutants are dealt out to ``jobs`` processes."""
    with multiprocessing.get_context("fork").Pool(jobs) as pool:
        for part in pool.imap_unordered(_judge, [(kind, share, jobs) for share in range(jobs)]):
            yield from part


def _judge(work: tuple[str, int, int]) -> list[Result]:
    kind, share, jobs = work
    knowledge = Knowledge(*read_folder(FACTS))
    check, scenarios, witness = ByCheck(knowledge), ByScenarios(knowledge), ByWitness(knowledge)
    wanted = (m for m in mutants(knowledge.facts) if kind in ("", m.change.kind))
    return [
        Result(mutant.change, check.detects(mutant), scenarios.detects(mutant), witness.detects(mutant))
        for place, mutant in enumerate(wanted)
        if place % jobs == share
    ]


def report(results: list[Result]) -> str:
    """The figures as Markdown: by kind of record, by kind of slip, and what survived."""
    aimed = [r for r in results if r.change.kind in DOSE_AND_RATE]
    others = [r for r in results if r.change.kind not in DOSE_AND_RATE]
    head = ["", "mutants", "check", "scenarios", "both", "witness", "detected"]
    kinds = Counter(r.change.kind for r in results)
    by_kind = [[kind, *_tally(results, kind).cells()] for kind in sorted(kinds) if kind in DOSE_AND_RATE]
    rest = [[kind, *_tally(results, kind).cells()] for kind in sorted(kinds) if kind not in DOSE_AND_RATE]
    slips = Counter(r.change.operator for r in aimed)
    by_slip = [
        [f"{slip}: {what}", *Tally.of([r for r in aimed if r.change.operator == slip]).cells()]
        for slip, what in OPERATORS.items()
        if slips[slip]
    ]
    parts = [
        "## Mutation of the knowledge",
        _summary(aimed),
        table(head, [*by_kind, ["**all dose and rate facts**", *Tally.of(aimed).cells()]]),
        "### By slip",
        table(head, by_slip),
        "### Other facts that act on a plan",
        table(head, [*rest, ["**all**", *Tally.of(others).cells()]]),
        "### Survivors",
        _survivors([r for r in results if not r.detected]),
    ]
    return "\n\n".join(part for part in parts if part)


def _tally(results: list[Result], kind: str) -> Tally:
    return Tally.of([r for r in results if r.change.kind == kind])


def _summary(aimed: list[Result]) -> str:
    tally = Tally.of(aimed)
    return (
        f"{tally.mutants} slips in dose and rate facts, one at a time: "
        f"{_percent(tally.detected, tally.mutants)} detected (aim {AIM_PERCENT} %), "
        f"{_percent(tally.without_witness, tally.mutants)} by the check and the scenarios alone. "
        "*check*: `ivigil check` finds a fault. *scenarios*: a scenario whose plan names the fact fails, "
        "or the verifier objects. *witness*: `tests/witness` says otherwise."
    )


def _percent(count: int, of: int) -> str:
    return f"{100 * count / of:.1f} %" if of else ""


def _survivors(survivors: list[Result]) -> str:
    if not survivors:
        return "None."
    ordered = sorted((r.change for r in survivors), key=lambda c: (c.kind, c.fact, c.field, c.operator))
    lines = [f"- `{c.fact}` {c.kind}.{c.field} {c.operator}: {c.was} -> {c.now}" for c in ordered[:SHOWN]]
    more = len(ordered) - len(lines)
    return "\n".join([*lines, *([f"- and {more} more"] if more else [])])


if __name__ == "__main__":
    raise SystemExit(main())
