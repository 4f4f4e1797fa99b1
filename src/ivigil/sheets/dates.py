"""A day for people who read slowly: "2 August 1960"."""

from __future__ import annotations

import datetime as dt

from ivigil.sheets.spoken import say, texts

MONTHS = texts(
    (
        "January", "February", "March", "April", "May", "June", "July",
        "August", "September", "October", "November", "December",
    )
)  # fmt: skip


def in_words(day: dt.date) -> str:
    """The day with its month as a word, so that it is not taken for another one."""
    return say("{day} {month} {year}", day=str(day.day), month=say(MONTHS[day.month - 1]), year=str(day.year))
