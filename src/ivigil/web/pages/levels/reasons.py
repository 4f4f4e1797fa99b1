"""What is doubtful of a history, and why no dose is sought: each cause in its own words."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.kinetics.aim import Refused
from ivigil.kinetics.estimate import Estimate, Warn
from ivigil.practice.levels import LevelHistory
from ivigil.sheets.levels import REFUSED, WARNING
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import counted, say, texts

_WARNING: dict[Warn, str] = texts(
    {
        "medicines_not_asked": "Nobody asked for FcRn blockers, under which no model holds.",
    }
)
_REFUSED: dict[Refused, str] = texts({"medicines_not_asked": "Nobody asked for FcRn blockers."})
"""Where a page says it otherwise than a file's command, which names the file's field."""


def doubts(history: LevelHistory, known: Estimate) -> list[str]:
    """All that makes the figures of a page doubtful."""
    found = []
    for name in known.warnings:
        if name == "history_incomplete":
            found += _incomplete(history)
        else:
            found.append(say(_WARNING.get(name, WARNING[name])))
    if history.told:
        found.append(
            counted(
                history.told,
                "An order tells of one earlier dose; the days are reckoned back from the last one.",
                "An order tells of {count} earlier doses; the days are reckoned back from the last one.",
            )
        )
    if history.to_come:
        found.append(
            say(
                "Still to come of the course that has begun, as planned: {doses}.",
                doses=", ".join(
                    f"{given.start:%Y-%m-%d} {number(given.grams)} g" for given in history.to_come
                ),
            )
        )
    if history.elsewhere:
        found.append(
            say(
                "A later order tells of a dose that is not listed here: {days}.",
                days=", ".join(map(str, history.elsewhere)),
            )
        )
    if known.misfit and any(item.weight for item in known.models):
        found.append(say(REFUSED["misfit"]))
    return found


def refused_reasons(reasons: Iterable[Refused], history: LevelHistory) -> list[str]:
    """Why no dose is sought."""
    found = list[str]()
    for reason in reasons:
        if reason == "history_incomplete":
            found += _incomplete(history)
        else:
            found.append(say(_REFUSED.get(reason, REFUSED[reason])))
    return found


def _incomplete(history: LevelHistory) -> list[str]:
    """What the history lacks: the list of earlier doses, the end of an infusion, or both."""
    found = [
        say(
            "The infusion of {day} is not closed: what it gives is not known yet. It counts here as planned, "
            "{dose}.",
            day=f"{given.start:%Y-%m-%d}",
            dose=f"{number(given.grams)} g",
        )
        for given in history.open
    ]
    if not history.whole:
        found.append(
            say(
                "Nobody said that every dose since the first is listed: missing doses make every "
                "figure wrong."
            )
        )
    return found
