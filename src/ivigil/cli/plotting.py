"""``--plot FILE``: a picture of IgG levels, asked for alike by every command that has one."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path

from ivigil.cli.naming import InputError
from ivigil.cli.writing import write_file
from ivigil.sheets.level_plot import Picture, PlotError, drawn, ready

KINDS = ("svg", "png", "html")

Draw = Callable[[Picture], None]


def add_arguments(parser: argparse.ArgumentParser | argparse._ArgumentGroup) -> None:
    parser.add_argument(
        "--plot", metavar="FILE", help="picture: .svg, .png or .html (needs the extra 'plots')"
    )
    parser.add_argument("--overwrite", action="store_true", help="replace the picture")


def drawing(options: argparse.Namespace) -> Draw | None:
    """How the picture is drawn and written; None if none is asked for.

    A kind that cannot be made is refused before anything is computed. Raises InputError, as does writing.
    """
    if options.plot is None:
        return None
    path = Path(options.plot)
    kind = path.suffix.removeprefix(".").lower()
    if kind not in KINDS:
        raise InputError(f"--plot {path}: accepted: a file that ends in .{', .'.join(KINDS)}")
    try:
        ready()
    except PlotError as error:
        raise InputError(str(error)) from error
    return lambda picture: write_file(path, drawn(picture, kind), overwrite=options.overwrite)
