"""Units as people write them: UCUM is for the data, one spelling each is for screen and paper."""

from __future__ import annotations

from ivigil.sheets.spoken import say, texts

_UNIT = texts(
    {
        "Cel": "°C",
        "mm[Hg]": "mmHg",
        "{score}": "",
        "1": "",
        "a": "years",
        "wk": "weeks",
        "kg/m2": "kg/m²",
        "umol/L": "µmol/L",
        "ug/L": "µg/L",
        "ug/mL": "µg/mL",
        "ug/min": "µg/min",
        "ug/kg/min": "µg/kg/min",
        "mosm/kg": "mOsm/kg",
        "10*9/L": "10⁹/L",
        "10*3/uL": "10³/µL",
        "/uL": "/µL",
        "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    }
)
"""Where they differ from UCUM; the sign of micro is U+00B5 everywhere."""


def unit_words(unit: str) -> str:
    """ "mosm/kg" -> "mOsm/kg"; "" where a number stands alone."""
    return say(_UNIT.get(unit, unit))
