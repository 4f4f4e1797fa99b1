"""Is there something in the patient that speaks against a live vaccine? Apart from any interval.

Nothing here ever says that a vaccine is allowed: the rules that were read are not all there are.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from ivigil.knowledge.logic import Case, Judgement, Saw, Truth, judge
from ivigil.windows.vaccines import VaccineFacts

Found = Literal[
    "contraindicated",
    "ask",  # what a rule turns on was not answered
    "none_found",  # every rule that was read is answered, and none holds
]


class PatientCheck(msgspec.Struct, frozen=True):
    """What the rules read say of one live vaccine in one patient."""

    vaccine: str
    """Vaccine id."""
    name: str
    answer: Found
    rules: tuple[str, ...] = ()
    """VaccineRule ids: of those that hold; for "ask" of those that are open."""
    saw: tuple[Saw, ...] = ()
    ask: tuple[str, ...] = ()
    """Vocabulary ids of what to ask, also where another rule holds already."""


def patient_checks(case: Case, facts: VaccineFacts, lineage: tuple[str, ...]) -> tuple[PatientCheck, ...]:
    """One check for each live vaccine, in authored order. case: settled; an absent key is unknown.

    A weak rule holds like any other: it only warns. A rule without ``when`` cannot be judged and is
    read with the interval instead.
    """
    live = (vaccine for vaccine in facts.vaccines if vaccine.live)
    return tuple(_check(vaccine.id, vaccine.name, case, facts, lineage) for vaccine in live)


def _check(
    vaccine: str, name: str, case: Case, facts: VaccineFacts, lineage: tuple[str, ...]
) -> PatientCheck:
    judged = [
        (rule.id, judge(rule.when, case))
        for rule in facts.rules_of[vaccine]
        if rule.when is not None
        and (not rule.jurisdictions or any(place in lineage for place in rule.jurisdictions))
    ]
    holding = [(rule, found) for rule, found in judged if found.truth is Truth.TRUE]
    open_ = [(rule, found) for rule, found in judged if found.truth is Truth.UNKNOWN]
    ask = tuple(dict.fromkeys(name for _, found in open_ for name in found.missing))
    if holding:
        saw = dict.fromkeys(item for _, found in holding for item in found.because)
        return PatientCheck(vaccine, name, "contraindicated", _ids(holding), tuple(saw), ask)
    if open_ or not judged:
        return PatientCheck(vaccine, name, "ask", _ids(open_), ask=ask)
    return PatientCheck(vaccine, name, "none_found", _ids(judged))


def _ids(judged: list[tuple[str, Judgement]]) -> tuple[str, ...]:
    return tuple(rule for rule, _ in judged)
