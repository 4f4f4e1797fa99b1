"""``ivigil fit FILE``: what measured IgG levels say about the person, by every model that applies."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import levels, plotting
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.knowledge.evidence import Source


class Shown(msgspec.Struct, frozen=True):
    fit: levels.Fit
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    levels.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    draw = plotting.drawing(options)
    case = levels.read(options, knowledge).case
    fit = levels.fitted(case, (), options.seed, knowledge)
    shown = Shown(levels.slim(fit), levels.documents(fit.estimate.rests_on, knowledge))
    from ivigil.sheets.levels import fit_sheet

    if draw is not None:
        from ivigil.sheets.estimate_plot import fit_picture

        draw(fit_picture(fit.case, fit.estimate, knowledge))
    put(shown, lambda: fit_sheet(fit.case, fit.estimate, knowledge), as_json=options.json)
    return BLOCKED if fit.estimate.misfit else OK
