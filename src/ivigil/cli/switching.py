"""``ivigil convert --levels``: beside the labels' factors, what the same average or trough asks for."""

from __future__ import annotations

import argparse
from decimal import Decimal
from typing import TYPE_CHECKING

from ivigil.cli import levels, naming
from ivigil.cli.convert import Answer, Results
from ivigil.cli.main import BLOCKED, OK
from ivigil.cli.output import put
from ivigil.intake.levels import MOST_INTERVAL
from ivigil.kinetics.aim import Cycle, Refused, RefusedError
from ivigil.kinetics.switching import Switch, switch
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge

if TYPE_CHECKING:
    from rich.console import RenderableType

INTERVAL = "policy.sc_interval"
DAYS_PER_WEEK = 7


class ByLevels(Answer, frozen=True):
    """The same with what a person's levels say, or why they say nothing."""

    fit: levels.Fit
    refused: tuple[Refused, ...]
    switches: tuple[Switch, ...]
    """One for each way under the skin that the products need."""


def by_levels(answer: Answer, results: Results, options: argparse.Namespace, knowledge: Knowledge) -> int:
    """Print the labels' factors with the doses that match in this person. Raises InputError."""
    case = levels.read_file(options.levels, knowledge).case
    fit = levels.fitted(case, (), levels.SEED, knowledge)
    refused, switches = tuple[Refused, ...](), list[Switch]()
    intravenous = Cycle(interval_days=_whole_days(answer.every_weeks))
    for route in dict.fromkeys(_route(product) for product, _ in results):
        subcutaneous = Cycle(interval_days=_every(options, knowledge), route=route)
        try:
            switches.append(
                switch(
                    fit.estimate,
                    case,
                    knowledge,
                    grams=answer.grams,
                    intravenous=intravenous,
                    subcutaneous=subcutaneous,
                )
            )
        except RefusedError as error:
            refused = tuple(dict.fromkeys((*refused, *error.reasons)))
    rests = levels.documents(fit.estimate.rests_on, knowledge)
    known = {name: getattr(answer, name) for name in answer.__struct_fields__ if name != "sources"}
    sources = dict(sorted({**answer.sources, **rests}.items()))
    shown = ByLevels(
        **known, sources=sources, fit=levels.slim(fit), refused=refused, switches=tuple(switches)
    )

    def sheet() -> RenderableType:
        from rich.console import Group

        from ivigil.sheets.convert import convert_sheet
        from ivigil.sheets.switching import refused_section, switch_section

        parts = [convert_sheet((answer.grams, answer.every_weeks), results, knowledge)]
        parts += [switch_section(found, knowledge) for found in switches]
        parts += [refused_section(refused)] if refused else []
        return Group(*parts)

    put(shown, sheet, as_json=options.json)
    return BLOCKED if refused else OK


def _route(product: Product) -> KineticRoute:
    return "facilitated_SC" if product.facilitated else "SC"


def _every(options: argparse.Namespace, knowledge: Knowledge) -> int:
    asked: int | None = options.sc_every_days
    if asked is not None and not 1 <= asked <= MOST_INTERVAL:
        raise naming.InputError(f"--sc-every-days {asked}: 1 to {MOST_INTERVAL} is accepted")
    return asked or int(knowledge.policies[INTERVAL].number or 0)


def _whole_days(weeks: Decimal) -> int:
    days = weeks * DAYS_PER_WEEK
    if days != int(days) or days > MOST_INTERVAL:
        raise naming.InputError(f"--every-weeks {weeks}: whole days, at most {MOST_INTERVAL}, are accepted")
    return int(days)
