"""What ``ivigil fit``, ``forecast`` and ``aim`` share: the file, the fit, the documents."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Iterable, Sequence

import msgspec

from ivigil.cli import naming, plotting
from ivigil.intake.disk import read_levels
from ivigil.intake.levels import LevelsFile
from ivigil.kinetics.estimate import Case, Estimate, estimate
from ivigil.kinetics.levels import Given
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.store import Knowledge
from ivigil.order import OrderError

SEED = 1
WEEKS = 8
_WEEK = dt.timedelta(days=7)


class Fit(msgspec.Struct, frozen=True):
    """The file with what the levels say; ``seed`` gives the same draws again."""

    case: Case
    estimate: Estimate
    seed: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "file", metavar="FILE", help="patient, doses and levels (examples/levels/immunodeficiency.toml)"
    )
    plotting.add_arguments(parser)
    parser.add_argument("--seed", type=int, default=SEED, help="seed of the draws (default: %(default)s)")


def add_splitting(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--over-days", type=int, metavar="N", help="peak and trough with the dose over 1 to N days"
    )


def read(options: argparse.Namespace, knowledge: Knowledge) -> LevelsFile:
    """The file that the command is for. Raises InputError with every fault."""
    return read_file(options.file, knowledge)


def read_file(path: str, knowledge: Knowledge) -> LevelsFile:
    """A file of doses and levels. Raises InputError with every fault."""
    try:
        return read_levels(path, knowledge)
    except OrderError as error:
        told = "\n".join(f"  {line}" for line in str(error).splitlines())
        raise naming.InputError(f"the file was not accepted\n{told}") from None


def fitted(case: Case, at: Sequence[dt.datetime], seed: int, knowledge: Knowledge) -> Fit:
    """Every model against the levels."""
    return Fit(case, estimate(knowledge.facts.population_model, case, at, knowledge, seed), seed)


def moments(case: Case, weeks: int) -> tuple[dt.datetime, ...]:
    """Start and end of every planned dose, then every week after the last dose."""
    last = max((given.end for given in (*case.doses, *case.planned)), default=None)
    edges = [moment for given in case.planned for moment in _edges(given)]
    after = [] if last is None else [last + _WEEK * (k + 1) for k in range(weeks)]
    return tuple(dict.fromkeys((*edges, *after)))


def _edges(given: Given) -> tuple[dt.datetime, dt.datetime]:
    return given.start, given.end


def slim(fit: Fit) -> Fit:
    """Without the draws, which are for computing."""
    return msgspec.structs.replace(fit, estimate=msgspec.structs.replace(fit.estimate, people=()))


def documents(facts: Iterable[str], knowledge: Knowledge) -> dict[str, Source]:
    """The documents behind the facts."""
    cited = {key for name in facts if name in knowledge.by_id for key in knowledge.by_id[name].sources}
    return {key: knowledge.sources[key] for key in sorted(cited) if key in knowledge.sources}
