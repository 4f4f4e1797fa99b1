"""``ivigil aim FILE``: a dose for a target trough, or why none is sought."""

from __future__ import annotations

import argparse
from decimal import Decimal

import msgspec

import ivigil
from ivigil.cli import levels, naming, plotting
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.kinetics.aim import (
    Missed,
    Proposal,
    Refused,
    RefusedError,
    Regimen,
    dose_for_trough,
    intervals,
    missed_dose,
    people,
)
from ivigil.kinetics.splitting import Split, steady_splits
from ivigil.knowledge.evidence import Source

_STEP_DAYS = 7


class Shown(msgspec.Struct, frozen=True):
    """The proposal and what stands beside it; a refusal has none of them."""

    fit: levels.Fit
    refused: tuple[Refused, ...]
    proposal: Proposal | None
    other_intervals: tuple[Regimen, ...]
    """The same grams a day."""
    missed: Missed | None
    splits: tuple[Split, ...]
    """Of the chosen dose, at its steady state."""
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    levels.add_arguments(parser)
    levels.add_splitting(parser)


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    draw = plotting.drawing(options)
    file = levels.read(options, knowledge)
    wanted = file.wanted
    if wanted is None:
        raise naming.InputError(
            "the file has no [aim]: a table with target_g_per_l, interval_days is accepted"
        )
    fit = levels.fitted(file.case, (), options.seed, knowledge)
    proposal, refused = None, tuple[Refused, ...]()
    others, missed, splits = tuple[Regimen, ...](), None, tuple[Split, ...]()
    try:
        proposal = dose_for_trough(
            fit.estimate,
            file.case,
            wanted.cycle,
            knowledge,
            target_g_per_l=wanted.target_g_per_l,
            window_g_per_l=wanted.window_g_per_l,
            vials_g=wanted.vials_g,
        )
    except RefusedError as error:
        refused = error.reasons
    if proposal is not None:
        persons = people(fit.estimate, wanted.cycle.route, knowledge)
        grams, days = proposal.chosen.grams, wanted.cycle.interval_days
        near = [days + step for step in (-_STEP_DAYS, _STEP_DAYS) if days + step > 0]
        cycles = [msgspec.structs.replace(wanted.cycle, interval_days=other) for other in near]
        others = intervals(persons, grams / Decimal(days), cycles, knowledge)
        missed = missed_dose(persons, grams, wanted.cycle, knowledge)
        if options.over_days is not None:
            try:
                splits = steady_splits(persons, grams, wanted.cycle, options.over_days, knowledge)
            except ValueError as error:
                raise naming.InputError(f"--over-days: {error}") from None
    rests = proposal.rests_on if proposal else fit.estimate.rests_on
    sources = levels.documents(rests, knowledge)
    shown = Shown(levels.slim(fit), refused, proposal, others, missed, splits, sources)
    from ivigil.sheets.levels import Sought, aim_sheet
    from ivigil.sheets.splitting import splits_section

    sought = Sought(wanted.target_g_per_l, refused, proposal, others, missed)
    if draw is not None:
        from ivigil.sheets.estimate_plot import aim_picture

        draw(aim_picture(fit.case, fit.estimate, sought, knowledge))
    more = [splits_section("The dose over several days", splits)] if splits else []
    put(shown, lambda: aim_sheet(fit.case, fit.estimate, sought, knowledge, more), as_json=options.json)
    return BLOCKED if refused else OK
