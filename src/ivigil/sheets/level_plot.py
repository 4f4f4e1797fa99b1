"""IgG levels as a picture: medians with their bands, target, doses, measured levels.

Made by matplotlib (extra ``plots``). The same levels and the same version of it give the same bytes of SVG;
its words are text, that can be searched and read aloud.
"""

from __future__ import annotations

import datetime as dt
import html
import re
from collections.abc import Sequence
from io import BytesIO
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from ivigil.knowledge.kinetics import KineticRoute
from ivigil.sheets.layout import DISCLAIMER
from ivigil.sheets.spoken import say, texts

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDTH, HEIGHT, ROW, DPI = 8.4, 4.8, 2.1, 160
"""Inches of the picture and of a row of small panels, and points of a PNG to each."""
COLUMNS = 3
"""Of small panels."""
_SMALL = 0.6
"""Of the width of lines and the size of points, in a small panel."""
_HEADROOM = 1.05
_FEW_MONTHS = 3
"""Fewer starts of months than these leave an axis without dates."""
_INK, _SOFT = "#333333", "#6b6b6b"
_BLUE, _ORANGE, _PURPLE = "#0072b2", "#d55e00", "#a6407f"
"""Of the palette of Okabe and Ito, which people with any colour vision can tell apart."""
_GREY = "#595959"
_STYLE: dict[Any, Any] = {
    "svg.fonttype": "none",
    "svg.hashsalt": "ivigil",
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans", "Arial", "Helvetica"],
    "font.size": 10,
    "figure.constrained_layout.w_pad": 0.12,
    "figure.constrained_layout.h_pad": 0.1,
    "text.color": _INK,
    "axes.edgecolor": "#b0b0b0",
    "axes.labelcolor": _INK,
    "xtick.color": _SOFT,
    "ytick.color": _SOFT,
}
_PATH, _DIGITS = re.compile(r' d="[^"]*"'), re.compile(r"(\.\d\d)\d+")
"""Hundredths of a point are drawn: more digits make a file large and show nothing."""
_SHAPE: dict[KineticRoute, str] = {"IV": "v", "SC": "o", "facilitated_SC": "D"}
_DOSE: dict[KineticRoute, str] = texts(
    {"IV": "IV dose", "SC": "SC dose", "facilitated_SC": "facilitated SC dose"}
)

MeasuredAs = Literal["used", "below", "not_used"]
_POINTS: dict[MeasuredAs, tuple[str, str]] = {
    "used": ("o", _INK),
    "below": ("v", _INK),
    "not_used": ("x", _GREY),
}
_COUNTED: dict[MeasuredAs, str] = texts(
    {"used": "measured", "below": "measured, below this limit", "not_used": "measured, not used"}
)


class Shade(msgspec.Struct, frozen=True):
    """A band around a curve."""

    low_g_per_l: tuple[float, ...]
    high_g_per_l: tuple[float, ...]
    words: str
    opacity: float


class Panel(msgspec.Struct, frozen=True, kw_only=True):
    """One curve with its bands, at the times of the picture."""

    title: str = ""
    curve_g_per_l: tuple[float, ...] = ()
    """Empty where nothing could be computed."""
    words: str = "median"
    shades: tuple[Shade, ...] = ()


class Mark(msgspec.Struct, frozen=True):
    """A dose; ``words``: what is added to its route, such as planned."""

    time_days: float
    route: KineticRoute
    words: str = ""


class Measured(msgspec.Struct, frozen=True):
    time_days: float
    g_per_l: float
    counted: MeasuredAs = "used"


class Rows(msgspec.Struct, frozen=True):
    """A table that says the same as the picture."""

    title: str
    heads: tuple[str, ...]
    cells: tuple[tuple[str, ...], ...]


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """What is drawn, and its words for a person who does not see it."""

    title: str
    described: str
    notices: tuple[str, ...]
    """What the levels are not, and what to beware of."""
    aside: str
    """A few words inside the picture."""
    times_days: tuple[float, ...]
    origin: dt.datetime | None = None
    """Date of day 0; None: days are counted."""
    main: Panel
    other: Panel | None = None
    """A second curve in the same panel, in another colour and with broken lines."""
    beside: tuple[Panel, ...] = ()
    """Small panels, such as one for each model."""
    measured: tuple[Measured, ...] = ()
    doses: tuple[Mark, ...] = ()
    target_g_per_l: tuple[float, float] | None = None
    """Lowest and highest; the same twice is a line."""
    rows: Rows


class PlotError(Exception):
    """No picture was made; ``str`` is one line that says why."""


def ready() -> None:
    """Raise PlotError if pictures cannot be made here."""
    try:
        import matplotlib  # noqa: F401 - asked whether it can be had
    except ModuleNotFoundError:
        raise PlotError(say("a picture needs the extra 'plots': pip install 'ivigil[plots]'")) from None


def drawn(picture: Picture, kind: str) -> bytes:
    """The picture as svg, png or html. Raises PlotError."""
    ready()
    if kind == "html":
        return _page(picture, _svg(picture)).encode()
    if kind == "svg":
        return _svg(picture).encode()
    return _rendered(picture, kind, {"Title": picture.title})


def _svg(picture: Picture) -> str:
    """With its title and description where a screen reader looks for them."""
    text = _rendered(picture, "svg", {"Title": picture.title, "Date": None}).decode()
    title = f"<title>{html.escape(picture.title, quote=False)}</title>"
    if title not in text:
        raise PlotError("this version of matplotlib writes no title")
    named = (
        f'<title id="title">{_safe(picture.title)}</title>\n <desc id="desc">{_safe(_told(picture))}</desc>'
    )
    text = _PATH.sub(lambda path: _DIGITS.sub(r"\1", path[0]), text.replace(title, named, 1))
    return text.replace("<svg ", '<svg role="img" aria-labelledby="title desc" ', 1)


def _told(picture: Picture) -> str:
    return " ".join((picture.described, *picture.notices))


def _rendered(picture: Picture, kind: str, metadata: dict[str, Any]) -> bytes:
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    rows = -(-len(picture.beside) // COLUMNS)
    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT + ROW * rows), layout="constrained")
        axes = _large(figure, picture, rows)
        figure.legend(
            *axes.get_legend_handles_labels(),
            loc="outside lower center",
            ncols=2 if picture.other else 4,
            frameon=False,
            fontsize=9,
        )
        file = BytesIO()
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
    return file.getvalue()


def _large(figure: Figure, picture: Picture, rows: int) -> Axes:
    """The main panel over rows of small ones, which share a scale."""
    grid = figure.add_gridspec(1 + rows, COLUMNS, height_ratios=[HEIGHT, *[ROW] * rows])
    axes = figure.add_subplot(grid[0, :])
    _levels(axes, picture, picture.main)
    if picture.other is not None:
        _curve(axes, picture, picture.other, (_PURPLE, "--"))
    _given(axes, picture)
    _frame(axes, picture, [panel for panel in (picture.main, picture.other) if panel], ticks=7)
    axes.set_title(picture.title, loc="left", fontsize=12, fontweight="bold")
    axes.set_xlabel(say("day") if picture.origin is None else "")
    axes.set_ylabel(say("total IgG, g/L"))
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
    axes.text(1, 1, picture.aside, color=_SOFT, fontsize=9, **place)
    for number, panel in enumerate(picture.beside):
        small = figure.add_subplot(grid[1 + number // COLUMNS, number % COLUMNS])
        _levels(small, picture, panel, scale=_SMALL)
        _frame(small, picture, picture.beside, ticks=3)
        small.set_title(panel.title, loc="left", fontsize=9)
        small.tick_params(labelsize=8)
    return axes


def _curve(
    axes: Axes, picture: Picture, panel: Panel, drawn: tuple[str, str] = (_BLUE, "-"), scale: float = 1.0
) -> None:
    """A median with its bands; drawn: (colour, line)."""
    times, (colour, line) = picture.times_days, drawn
    for number, shade in enumerate(panel.shades):
        axes.fill_between(
            times,
            shade.low_g_per_l,
            shade.high_g_per_l,
            facecolor=(colour, shade.opacity),
            edgecolor=colour,
            ls=line,
            lw=0.0 if number else 0.6 * scale,
            label=shade.words,
        )
    if panel.curve_g_per_l:
        axes.plot(times, panel.curve_g_per_l, color=colour, ls=line, lw=1.6 * scale, label=panel.words)


def _levels(axes: Axes, picture: Picture, panel: Panel, scale: float = 1.0) -> None:
    _curve(axes, picture, panel, scale=scale)
    _target(axes, picture)
    for counted, (mark, colour) in _POINTS.items():
        points = [(item.time_days, item.g_per_l) for item in picture.measured if item.counted == counted]
        if points:
            rim = colour if mark == "x" else "white"
            days, levels = zip(*points, strict=True)
            axes.plot(
                days,
                levels,
                mark,
                color=colour,
                markeredgecolor=rim,
                markersize=6 * scale,
                label=say(_COUNTED[counted]),
                zorder=3,
            )


def _target(axes: Axes, picture: Picture) -> None:
    if picture.target_g_per_l is None:
        return
    low, high = picture.target_g_per_l
    words = say("target {low} g/L", low=f"{low:g}")
    if low != high:
        words = say("target {low} to {high} g/L", low=f"{low:g}", high=f"{high:g}")
    for number, level in enumerate(dict.fromkeys((low, high))):
        label = "" if number else words
        axes.axhline(level, color=_ORANGE, lw=1.4, ls=(0, (5, 3)), label=label or None)


def _given(axes: Axes, picture: Picture) -> None:
    """Doses as marks on the lower edge, in the colour of no level; those to come are hollow."""
    last = picture.times_days[-1]
    for route, mark in _SHAPE.items():
        words = say(_DOSE[route])
        for added in dict.fromkeys(dose.words for dose in picture.doses):
            days = [
                dose.time_days
                for dose in picture.doses
                if (dose.route, dose.words) == (route, added) and dose.time_days <= last
            ]
            if days:
                axes.plot(
                    days,
                    [0.022] * len(days),
                    mark,
                    color=_SOFT,
                    markerfacecolor="white" if added else _SOFT,
                    markersize=5,
                    transform=axes.get_xaxis_transform(),
                    clip_on=False,
                    label=f"{words}, {added}" if added else words,
                )


def _frame(axes: Axes, picture: Picture, panels: Sequence[Panel], ticks: int) -> None:
    """``panels``: those that share the scale of levels."""
    times = picture.times_days
    axes.set_xlim(times[0], max(times[-1], times[0] + 1))
    axes.set_ylim(0, _HEADROOM * _highest(picture, panels))
    axes.yaxis.set_major_formatter(lambda level, _: f"{level:g}")
    axes.grid(axis="y", color="#e6e6e6", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    if picture.origin is not None:
        _dated(axes, picture.origin.replace(tzinfo=None), ticks)


def _highest(picture: Picture, panels: Sequence[Panel]) -> float:
    levels = [item.g_per_l for item in picture.measured]
    levels += [max(panel.curve_g_per_l) for panel in panels if panel.curve_g_per_l]
    levels += [max(shade.high_g_per_l) for panel in panels for shade in panel.shades]
    return max((*levels, *(picture.target_g_per_l or ())), default=1.0)


def _dated(axes: Axes, origin: dt.datetime, ticks: int) -> None:
    """Dates as the people of the place count them, on an axis of days: starts of months, or of weeks."""
    from matplotlib.ticker import FixedLocator, FuncFormatter

    day = dt.timedelta(days=1)
    first, last = axes.get_xlim()
    months = [
        dt.datetime(origin.year + k // 12, k % 12 + 1, 1)
        for k in range(origin.month, origin.month + int(last / 28) + 1)
    ]
    inside = [(month - origin) / day for month in months if first <= (month - origin) / day <= last]
    shown = "%Y-%m"
    if len(inside) < _FEW_MONTHS:
        inside, shown = [7.0 * week for week in range(int(first / 7), int(last / 7) + 1)], "%Y-%m-%d"
    axes.xaxis.set_major_locator(FixedLocator(inside[:: -(-len(inside) // ticks)]))
    axes.xaxis.set_major_formatter(FuncFormatter(lambda at, _: (origin + at * day).strftime(shown)))


def _page(picture: Picture, svg: str) -> str:
    """A page that stands alone: the picture, its levels as a table, what it is not."""
    notices = "\n".join(f"<p>{_safe(line)}</p>" for line in picture.notices)
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in cells) + "</tr>"
        for cells in picture.rows.cells
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_safe(picture.title)}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: {_INK}; background: #fff; margin: 1.5rem auto;
max-width: 56rem; padding: 0 1rem; }}
svg {{ width: 100%; height: auto; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: right; white-space: nowrap; padding: .2rem .8rem; border-bottom: 1px solid #e6e6e6; }}
</style>
</head>
<body>
<h1>{_safe(picture.title)}</h1>
{notices}
{svg[svg.index("<svg") :]}
<h2>{_safe(picture.rows.title)}</h2>
<div role="region" tabindex="0" aria-label="{_safe(picture.rows.title)}">
<table>
<thead><tr>{"".join(f'<th scope="col">{_safe(head)}</th>' for head in picture.rows.heads)}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
<p>{_safe(DISCLAIMER)}</p>
</body>
</html>
"""


def _safe(text: str) -> str:
    return html.escape(text)
