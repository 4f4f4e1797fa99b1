"""A dose over one day or several, in words: peak and trough side by side."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import RenderableType
from rich.text import Text

from ivigil.kinetics.splitting import Split
from ivigil.sheets.layout import section, table
from ivigil.sheets.levels import spread_text, whole_text


def splits_section(title: str, splits: Sequence[Split]) -> RenderableType:
    """One line for each number of days; a peak above the site's limit is marked."""
    grid = table(8, 26, 27, None)
    grid.add_row("days", "peak g/L", "trough g/L", "")
    for split in splits:
        trough = "" if split.trough_g_per_l is None else spread_text(split.trough_g_per_l, "", 1)
        high = f"high peak: {whole_text(100 * split.above_peak_limit)} %" if split.above_peak_limit else ""
        grid.add_row(str(split.over_days), spread_text(split.peak_g_per_l, "", 1), trough, high)
    limit = whole_text(splits[0].peak_limit_g_per_l)
    told = f"High peak: how probably it is above {limit} g/L (policy.kinetics_peak)."
    return section(title, grid, Text(told))
