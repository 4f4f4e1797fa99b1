"""``ivigil forecast FILE``: total IgG under the planned doses and after, with its band."""

from __future__ import annotations

import argparse
import datetime as dt
from collections.abc import Sequence
from typing import TYPE_CHECKING

import msgspec

import ivigil
from ivigil.cli import levels, naming, plotting
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.kinetics.aim import WashOut, people, wash_out
from ivigil.kinetics.estimate import Case, Person
from ivigil.kinetics.passive import Fall, fall
from ivigil.kinetics.splitting import Split, next_splits
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.store import Knowledge

if TYPE_CHECKING:
    from rich.console import RenderableType

_MOST_WEEKS = 104


class Shown(msgspec.Struct, frozen=True):
    fit: levels.Fit
    wash_out: WashOut | None
    antibody: Fall | None
    """Of the file's [antibody]."""
    splits: tuple[Split, ...]
    """Of the first planned dose."""
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    levels.add_arguments(parser)
    levels.add_splitting(parser)
    parser.add_argument(
        "--weeks", type=int, default=levels.WEEKS, help="weeks after the last dose (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    if not 1 <= options.weeks <= _MOST_WEEKS:
        raise naming.InputError(f"--weeks {options.weeks}: 1 to {_MOST_WEEKS} is accepted")
    knowledge = ivigil.load_knowledge(options.site)
    draw = plotting.drawing(options)
    file = levels.read(options, knowledge)
    case = file.case
    fit = levels.fitted(case, levels.moments(case, options.weeks), options.seed, knowledge)
    persons, origin = people(fit.estimate, "IV", knowledge), fit.estimate.levels.origin
    doses = (*case.doses, *case.planned)
    gone = wash_out(persons, doses, origin, knowledge)
    fading = None if file.antibody is None else fall(persons, doses, origin, file.antibody, knowledge)
    splits = _splits(persons, case, origin, options.over_days, knowledge)
    documents = levels.documents(fit.estimate.rests_on, knowledge)
    shown = Shown(levels.slim(fit), gone, fading, splits, documents)

    if draw is not None:
        from ivigil.sheets.estimate_plot import forecast_picture

        draw(forecast_picture(fit.case, fit.estimate, options.weeks, knowledge))

    def sheet() -> RenderableType:
        from ivigil.sheets.levels import forecast_sheet
        from ivigil.sheets.passive import passive_section
        from ivigil.sheets.splitting import splits_section

        more = [splits_section("The first planned dose over several days", splits)] if splits else []
        if file.antibody is not None:
            more.append(passive_section(file.antibody, fading, doses))
        return forecast_sheet(fit.case, fit.estimate, gone, knowledge, more)

    put(shown, sheet, as_json=options.json)
    return BLOCKED if fit.estimate.misfit else OK


def _splits(
    persons: Sequence[Person], case: Case, origin: dt.datetime, over_days: int | None, knowledge: Knowledge
) -> tuple[Split, ...]:
    """None if nobody asked, or no model could be fitted. Raises InputError."""
    if over_days is None or not persons:
        return ()
    try:
        return next_splits(persons, case, origin, over_days, knowledge)
    except ValueError as error:
        raise naming.InputError(f"--over-days: {error}") from None
