"""A simulation as a picture: median or typical curve, bands, target, doses, measured levels."""

from __future__ import annotations

from ivigil.sheets.igg_levels import Simulated, moments, percent
from ivigil.sheets.level_plot import Mark, Measured, Panel, Picture, Rows, Shade

_BANDS = ((0, 4, 0.16, "90 % of virtual patients"), (1, 3, 0.30, "50 % of virtual patients"))
"""Places in PERCENTS, opacity, words."""


def simulation_picture(shown: Simulated) -> Picture:
    """The simulation, with what it is not."""
    bands, target = shown.bands, shown.target_g_per_l
    return Picture(
        title=title(shown),
        described=described(shown),
        notices=(shown.notice,),
        aside="the curves are simulated" if shown.measured else "no real patient",
        times_days=shown.times_days,
        main=Panel(
            curve_g_per_l=bands[2] if bands else shown.typical_g_per_l,
            words="median" if bands else "typical patient",
            shades=tuple(
                Shade(bands[low], bands[high], words, opacity)
                for low, high, opacity, words in (_BANDS if bands else ())
            ),
        ),
        measured=tuple(Measured(day, level) for day, level in shown.measured),
        doses=tuple(Mark(dose.time_days, dose.route) for dose in shown.doses),
        target_g_per_l=None if target is None else (target, target),
        rows=_rows(shown),
    )


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


def _rows(shown: Simulated) -> Rows:
    heads = ["Day", "Typical, g/L"]
    heads += ["Median", "50 % of patients", "90 % of patients"] if shown.bands else []
    heads += ["At or above target"] if shown.share_at_or_above_target else []
    cells = tuple(_cells(shown, time) for time in moments(shown))
    return Rows("Total IgG before doses", tuple(heads), cells)


def _cells(shown: Simulated, time: float) -> tuple[str, ...]:
    place = shown.at(time)
    cells = [f"{time:g}", f"{shown.typical_g_per_l[place]:.1f}"]
    if shown.bands:
        five, quarter, half, three, most = (f"{row[place]:.1f}" for row in shown.bands)
        cells += [half, f"{quarter} to {three}", f"{five} to {most}"]
    if shown.share_at_or_above_target:
        cells.append(percent(shown.share_at_or_above_target[place]))
    return tuple(cells)
