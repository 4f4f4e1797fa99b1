"""``--levels FILE``: the order with the dose that its patient's measured levels ask for."""

from __future__ import annotations

import argparse

import ivigil
from ivigil.cli.naming import BlockedError, InputError
from ivigil.order import Order, OrderError


def add_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--levels",
        metavar="LEVELS",
        help="doses and measured levels of the same patient: seek an individual dose "
        "(examples/levels/immunodeficiency.toml); refused unless the site signed that doses may be sought",
    )


def read_order(path: str, options: argparse.Namespace) -> Order:
    """The order, individual if levels were named. Raises OrderError, InputError, BlockedError."""
    order = ivigil.read_order(path, options.site)
    if options.levels is None:
        return order
    try:
        levels = ivigil.read_levels(options.levels, options.site)
    except OrderError as error:
        told = "\n".join(f"  {line}" for line in str(error).splitlines())
        raise InputError(f"{options.levels} was not accepted\n{told}") from None
    from ivigil.individual import NotIndividualisedError

    try:
        return ivigil.individualise(order, levels, options.site)
    except NotIndividualisedError as error:
        from ivigil.sheets.individual import refused

        raise BlockedError(refused(error.reasons)) from None
