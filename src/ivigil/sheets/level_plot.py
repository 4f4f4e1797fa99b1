"""Simulated IgG as a picture: median or typical curve, bands, target, doses, measured levels.

Made by matplotlib (extra ``plots``). The same simulation and the same version of it give the same bytes of
SVG; its words are text, that can be searched and read aloud.
"""

from __future__ import annotations

import html
from io import BytesIO
from typing import TYPE_CHECKING, Any

from ivigil.sheets.igg_levels import Simulated, moments, percent
from ivigil.sheets.layout import DISCLAIMER

if TYPE_CHECKING:
    from matplotlib.axes import Axes

WIDTH, HEIGHT, DPI = 8.4, 4.8, 160
"""Inches, and points of a PNG to each."""
_INK, _SOFT = "#333333", "#6b6b6b"
_BLUE, _ORANGE = "#0072b2", "#d55e00"
"""Of the palette of Okabe and Ito, which people with any colour vision can tell apart."""
_BANDS = ((0, 4, 0.16, "90 % of virtual patients"), (1, 3, 0.30, "50 % of virtual patients"))
"""Places in PERCENTS, opacity, words."""
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
_MARKS = {"IV": ("v", "IV dose"), "SC": ("o", "SC dose"), "facilitated_SC": ("D", "facilitated SC dose")}


class PlotError(Exception):
    """No picture was made; ``str`` is one line that says why."""


def ready() -> None:
    """Raise PlotError if pictures cannot be made here."""
    try:
        import matplotlib  # noqa: F401 - asked whether it can be had
    except ModuleNotFoundError:
        raise PlotError("a picture needs the extra 'plots': pip install 'ivigil[plots]'") from None


def picture(shown: Simulated, kind: str) -> bytes:
    """The simulation as svg, png or html. Raises PlotError."""
    if kind == "html":
        return _page(shown, _drawn(shown, "svg").decode()).encode()
    return _drawn(shown, kind)


def _drawn(shown: Simulated, kind: str) -> bytes:
    ready()
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    with rc_context(_STYLE):
        figure = Figure(figsize=(WIDTH, HEIGHT), layout="constrained")
        axes = figure.add_subplot()
        _levels(axes, shown)
        _given(axes, shown)
        _frame(axes, shown)
        figure.legend(loc="outside lower center", ncols=4, frameon=False, fontsize=9)
        file = BytesIO()
        metadata: dict[str, Any] = {"Title": title(shown)}
        if kind == "svg":
            metadata |= {"Date": None, "Description": f"{described(shown)} {shown.notice}"}
        figure.savefig(file, format=kind, dpi=DPI, metadata=metadata)
    return file.getvalue()


def title(shown: Simulated) -> str:
    """What the picture shows, and that it is simulated."""
    who = "typical patient" if shown.patients is None else f"{shown.patients} virtual patients"
    return f"Simulated total IgG: {shown.model}, {who}"


def described(shown: Simulated) -> str:
    """The picture for a person who does not see it."""
    last = (moments(shown)[:-1] or moments(shown))[-1]
    place = shown.at(last)
    level = f"{shown.typical_g_per_l[place]:.1f} g/L before the dose of day {last:g}"
    text = f"{title(shown)}. Typical level {level}."
    if shown.target_g_per_l is not None:
        share = percent(shown.share_at_or_above_target[place])
        text += f" {share} of them at or above {shown.target_g_per_l:g} g/L then."
    return text


def _levels(axes: Axes, shown: Simulated) -> None:
    bands = shown.bands
    for low, high, opacity, words in _BANDS if bands else ():
        axes.fill_between(
            shown.times_days, bands[low], bands[high], color=_BLUE, alpha=opacity, lw=0, label=words
        )
    curve, words = (bands[2], "median") if bands else (shown.typical_g_per_l, "typical patient")
    axes.plot(shown.times_days, curve, color=_BLUE, lw=1.6, label=words)
    if shown.measured:
        days, levels = zip(*shown.measured, strict=True)
        axes.plot(days, levels, "o", color=_INK, markeredgecolor="white", label="measured")
    if shown.target_g_per_l is not None:
        label = f"target {shown.target_g_per_l:g} g/L"
        axes.axhline(shown.target_g_per_l, color=_ORANGE, lw=1.4, ls=(0, (5, 3)), label=label)


def _given(axes: Axes, shown: Simulated) -> None:
    """Doses as marks on the lower edge, in the colour of no level."""
    for route, (mark, words) in _MARKS.items():
        days = [dose.time_days for dose in shown.doses if dose.route == route]
        days = [day for day in days if day <= shown.times_days[-1]]
        if days:
            axes.plot(
                days,
                [0.022] * len(days),
                mark,
                color=_SOFT,
                markersize=5,
                transform=axes.get_xaxis_transform(),
                clip_on=False,
                label=words,
            )


def _frame(axes: Axes, shown: Simulated) -> None:
    axes.set_title(title(shown), loc="left", fontsize=12, fontweight="bold")
    axes.set_xlabel("day")
    axes.set_ylabel("total IgG, g/L")
    axes.set_xlim(shown.times_days[0], max(shown.times_days[-1], shown.times_days[0] + 1))
    axes.set_ylim(bottom=0)
    axes.grid(axis="y", color="#e6e6e6", lw=0.8)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    words = "the curves are simulated" if shown.measured else "no real patient"
    place: dict[str, Any] = {"transform": axes.transAxes, "ha": "right", "va": "bottom"}
    axes.text(1, 1, words, color=_SOFT, fontsize=9, **place)


def _page(shown: Simulated, svg: str) -> str:
    """A page that stands alone: the picture, its levels as a table, what it is not."""
    label = f'<svg role="img" aria-label="{_safe(described(shown))}" '
    drawing = svg[svg.index("<svg") :].replace("<svg ", label, 1)
    heads = ["Day", "Typical, g/L"]
    heads += ["Median", "50 % of patients", "90 % of patients"] if shown.bands else []
    heads += ["At or above target"] if shown.share_at_or_above_target else []
    rows = "\n".join(
        "<tr>" + "".join(f"<td>{_safe(cell)}</td>" for cell in _cells(shown, time)) + "</tr>"
        for time in moments(shown)
    )
    return f"""<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{_safe(title(shown))}</title>
<style>
body {{ font: 16px/1.5 system-ui, sans-serif; color: {_INK}; background: #fff; margin: 1.5rem auto;
max-width: 56rem; padding: 0 1rem; }}
svg {{ width: 100%; height: auto; }}
div {{ overflow-x: auto; }}
table {{ border-collapse: collapse; }}
th, td {{ text-align: right; padding: .2rem .8rem; border-bottom: 1px solid #e6e6e6; }}
</style>
</head>
<body>
<h1>{_safe(title(shown))}</h1>
<p>{_safe(shown.notice)}</p>
{drawing}
<h2>Total IgG before doses</h2>
<div>
<table>
<thead><tr>{"".join(f'<th scope="col">{_safe(head)}</th>' for head in heads)}</tr></thead>
<tbody>
{rows}
</tbody>
</table>
</div>
<p>{_safe(DISCLAIMER)}</p>
</body>
</html>
"""


def _cells(shown: Simulated, time: float) -> list[str]:
    place = shown.at(time)
    cells = [f"{time:g}", f"{shown.typical_g_per_l[place]:.1f}"]
    if shown.bands:
        five, quarter, half, three, most = (f"{row[place]:.1f}" for row in shown.bands)
        cells += [half, f"{quarter} to {three}", f"{five} to {most}"]
    if shown.share_at_or_above_target:
        cells.append(percent(shown.share_at_or_above_target[place]))
    return cells


def _safe(text: str) -> str:
    return html.escape(text)
