"""``ivigil forecast FILE``: total IgG under the planned doses and after, with its band."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import levels, naming, plotting
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.kinetics.aim import WashOut, people, wash_out
from ivigil.knowledge.evidence import Source

_MOST_WEEKS = 104


class Shown(msgspec.Struct, frozen=True):
    fit: levels.Fit
    wash_out: WashOut | None
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    levels.add_arguments(parser)
    parser.add_argument(
        "--weeks", type=int, default=levels.WEEKS, help="weeks after the last dose (default: %(default)s)"
    )


def run(options: argparse.Namespace) -> int:
    if not 1 <= options.weeks <= _MOST_WEEKS:
        raise naming.InputError(f"--weeks {options.weeks}: 1 to {_MOST_WEEKS} is accepted")
    knowledge = ivigil.load_knowledge(options.site)
    draw = plotting.drawing(options)
    case = levels.read(options, knowledge).case
    fit = levels.fitted(case, levels.moments(case, options.weeks), options.seed, knowledge)
    gone = wash_out(
        people(fit.estimate, "IV", knowledge),
        (*case.doses, *case.planned),
        fit.estimate.levels.origin,
        knowledge,
    )
    shown = Shown(levels.slim(fit), gone, levels.documents(fit.estimate.rests_on, knowledge))
    from ivigil.sheets.levels import forecast_sheet

    if draw is not None:
        from ivigil.sheets.estimate_plot import forecast_picture

        draw(forecast_picture(fit.case, fit.estimate, options.weeks, knowledge))
    put(shown, lambda: forecast_sheet(fit.case, fit.estimate, gone, knowledge), as_json=options.json)
    return BLOCKED if fit.estimate.misfit else OK
