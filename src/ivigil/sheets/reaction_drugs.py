"""The computed doses of reaction drugs, one line an option, as a nurse reads them aloud."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal

from ivigil.infusion.treatment import Amount, Dosing, Treatment
from ivigil.sheets import chair_words as words
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say, texts

NO_RECORD = texts("no dose for this age and weight is on record: as ordered")


def dose_lines(treatment: Treatment, clock: Callable[[dt.datetime], str]) -> list[str]:
    """Every option of a class of drug with its dose, limit and when again; ``clock`` writes a time."""
    if treatment.gap:
        return [say(NO_RECORD)]
    lines = [option_line(option, clock) for option in treatment.options]
    if treatment.unrecognised:
        lines.append(unrecognised(treatment))
    return lines


def unrecognised(treatment: Treatment) -> str:
    """What was given of which nobody knows whether it belongs to the class."""
    return say("given already, class not known: {drugs}", drugs=", ".join(treatment.unrecognised))


def short_line(option: Dosing) -> str:
    """The drug, its route and its dose: "epinephrine IM: 0.5 mg = 0.5 mL of 1 mg/mL"."""
    return f"{option.drug} {option.route}: {say(words.WITHHELD[option.withheld]) or dose_line(option)}"


def option_line(option: Dosing, clock: Callable[[dt.datetime], str]) -> str:
    parts = [short_line(option), option.site, _again(option, clock), option.caution]
    return "; ".join(part for part in (*parts, *option.contraindicated) if part)


def dose_line(option: Dosing) -> str:
    parts = []
    if option.dose_mg is not None:
        milligrams = f"{_range(option.dose_mg)} mg"
        parts.append(say(_COMPUTED, dose=milligrams) if _is_unrounded(option) else milligrams)
    if option.volume_ml is not None:
        parts.append(_volume(option.volume_ml, option))
    if option.flow_l_per_min is not None:
        parts.append(f"{_range(option.flow_l_per_min)} L/min")
    text = " = ".join(parts)
    if option.target_spo2_percent_min is not None:
        aim = say("SpO2 at least {percent} %", percent=number(option.target_spo2_percent_min))
        text = ", ".join(part for part in (text, aim) if part)
    if option.over_minutes is None:
        return text
    return say("{dose} over {minutes} min", dose=text, minutes=number(option.over_minutes))


_COMPUTED = texts("{dose} (computed from the weight, not rounded to what is drawn up)")
_TENTH = Decimal("0.1")


def _is_unrounded(option: Dosing) -> bool:
    """A dose whose strength no record states: nothing says what a syringe of it measures."""
    dose = option.dose_mg
    if dose is None or option.strength_mg_per_ml is not None:
        return False
    return any(amount != amount.quantize(_TENTH) for amount in (dose.low, dose.high))


def _volume(volume_ml: Amount, option: Dosing) -> str:
    volume, strength = f"{_range(volume_ml)} mL", option.strength_mg_per_ml
    if strength is None or option.dose_mg is None:
        return volume
    return say("{volume} of {strength} mg/mL", volume=volume, strength=number(strength))


def _range(amount: Amount) -> str:
    low, high = number(amount.low, 3), number(amount.high, 3)
    return high if low == high else say("{low} to {high}", low=low, high=high)


def _again(option: Dosing, clock: Callable[[dt.datetime], str]) -> str:
    repeat = option.repeat
    if repeat is None:
        return ""
    earliest = clock(repeat.earliest) if repeat.earliest else ""
    most = number(option.max_mg_per_day) if option.max_mg_per_day is not None else ""
    return say(words.REPEAT[repeat.code], earliest=earliest, max_mg_per_day=most)
