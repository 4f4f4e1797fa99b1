"""Mutation of the code of dose, course, rates, hazards, limits, logic and the chair, with mutmut.

    python -m tools.mutate_code [--write]
    python -m tools.mutate_code planning.vials planning.dose    (these modules alone)

What is mutated and which tests run stands in ``pyproject.toml`` under ``[tool.mutmut]``. A survivor that
changes nothing that can be observed is listed with the reason in ``tools/equivalent_mutants.toml``, by
its text. Exit status 1 if fewer than 95 % of the others are killed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tomllib
from collections import Counter, defaultdict
from pathlib import Path

import msgspec

from tools.report import DOCS, table, write_section

AIM_PERCENT = 95
EQUIVALENT = Path(__file__).with_name("equivalent_mutants.toml")
KILLED = frozenset({"killed", "timeout", "suspicious", "segfault"})


class Mutant(msgspec.Struct, frozen=True):
    """One mutant: where it is, what became of it."""

    name: str
    status: str

    @property
    def module(self) -> str:
        return ".".join(self.name.split(".")[1:-1])


class Survivor(msgspec.Struct, frozen=True):
    """A mutant that no test noticed: the changed lines, before and after."""

    module: str
    was: str
    now: str


def main() -> int:
    parser = argparse.ArgumentParser(description="Mutate the planner's code; report what the tests notice.")
    parser.add_argument("modules", nargs="*", help="these modules alone, as in planning.vials")
    parser.add_argument("--write", action="store_true", help="write the figures to docs/mutation.md")
    parser.add_argument("--results", action="store_true", help="report the last run, do not run again")
    options = parser.parse_args()
    if options.modules and options.write:
        parser.error("docs/mutation.md shows all modules or none: leave out --write or the modules")
    if not options.results:
        names = [f"ivigil.{module}.*" for module in options.modules]
        subprocess.run(
            [sys.executable, "-m", "mutmut", "run", *names], check=False, stdout=subprocess.DEVNULL
        )
    mutants = [mutant for mutant in _mutants() if mutant.module in options.modules or not options.modules]
    survivors = [_survivor(mutant) for mutant in mutants if mutant.status not in KILLED]
    reasons = _reasons()
    text = report(mutants, survivors, reasons)
    print(text)
    if options.write:
        write_section(DOCS / "mutation.md", "mutation of the code", text)
    killed = sum(mutant.status in KILLED for mutant in mutants)
    counted = len(mutants) - sum(survivor in reasons for survivor in survivors)
    return 0 if 100 * killed >= AIM_PERCENT * counted else 1


def _mutants() -> list[Mutant]:
    shown = _mutmut("results", "--all", "true")
    lines = [line.strip().rpartition(": ") for line in shown.splitlines() if ": " in line]
    return [Mutant(name, status) for name, _, status in lines if name.startswith("ivigil.")]


def _survivor(mutant: Mutant) -> Survivor:
    """The mutant's text, from the changed lines of its diff."""
    lines = _mutmut("show", mutant.name).splitlines()
    was = [line[1:].strip() for line in lines if line.startswith("-") and not line.startswith("---")]
    now = [line[1:].strip() for line in lines if line.startswith("+") and not line.startswith("+++")]
    return Survivor(mutant.module, " ".join(was), " ".join(now))


def _mutmut(*words: str) -> str:
    command = [sys.executable, "-m", "mutmut", *words]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _reasons() -> dict[Survivor, str]:
    """Survivors that change nothing that can be observed, and why."""
    read = tomllib.loads(EQUIVALENT.read_text(encoding="utf-8"))
    return {
        Survivor(row["module"], row["was"], now): group["because"]
        for group in read["group"]
        for row in group["mutant"]
        for now in row["now"]
    }


def report(mutants: list[Mutant], survivors: list[Survivor], reasons: dict[Survivor, str]) -> str:
    """Score by module, the equivalent mutants by reason, and the true survivors."""
    by_module: dict[str, Counter[str]] = defaultdict(Counter)
    for mutant in mutants:
        by_module[mutant.module]["killed" if mutant.status in KILLED else "survived"] += 1
    for survivor in survivors:
        by_module[survivor.module]["equivalent"] += survivor in reasons
    rows = [[name, *_cells(counts)] for name, counts in sorted(by_module.items())]
    total = sum(by_module.values(), Counter())
    left = [survivor for survivor in survivors if survivor not in reasons]
    parts = [
        "## Mutation of the code",
        f"{len(mutants)} mutants of mutmut: {_score(total, all_of_them=True)} killed, {_score(total)} "
        f"(aim {AIM_PERCENT} %) not counting {total['equivalent']} that change nothing one could observe. "
        "The tests worked out by hand do it alone, without the verifier; those of planning also without the "
        "fact base and the scenarios, those of the chair with both.",
        table(["module", "mutants", "killed", "equivalent", "score"], [*rows, ["**all**", *_cells(total)]]),
        "### Survivors",
        "\n".join(f"- `{s.module}`: `{s.was}` -> `{s.now}`" for s in left) or "None.",
        "### Equivalent mutants",
        "\n".join(_equivalents(survivors, reasons)) or "None.",
    ]
    return "\n\n".join(parts)


def _cells(counts: Counter[str]) -> list[str]:
    mutants = counts["killed"] + counts["survived"]
    return [str(mutants), str(counts["killed"]), str(counts["equivalent"]), _score(counts)]


def _score(counts: Counter[str], *, all_of_them: bool = False) -> str:
    mutants = counts["killed"] + counts["survived"] - (0 if all_of_them else counts["equivalent"])
    return f"{100 * counts['killed'] / mutants:.1f} %" if mutants else ""


def _equivalents(survivors: list[Survivor], reasons: dict[Survivor, str]) -> list[str]:
    found: dict[str, list[Survivor]] = defaultdict(list)
    for survivor in survivors:
        if survivor in reasons:
            found[reasons[survivor]].append(survivor)
    return [
        f"- {because} ({len(group)}: {', '.join(sorted({s.module for s in group}))})"
        for because, group in found.items()
    ]


if __name__ == "__main__":
    raise SystemExit(main())
