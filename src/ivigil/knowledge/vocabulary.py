"""The words: one record a patient term, used by orders, conditions, forms and FHIR."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import Case, Truth, Value, When, truth_of

TermKind = Literal["flag", "number", "choice"]
TermScope = Literal["patient", "screening", "order", "derived", "vaccination"]


class Sign(Fact):
    """A finding that makes a flag true, whatever was answered: an eGFR below 60 is renal impairment."""

    when: When


class Term(Fact):
    """One patient term. The evidence is for its plausible range, validity and codes."""

    kind: TermKind
    scope: TermScope
    """patient: a key of [patient]; screening: listed in [screening]; order: read from the
    order itself (dose, experience); derived: computed from other terms; vaccination: asked before
    a live vaccine, never on an order."""
    name: str
    """As a clinician says it: "prior venous thrombosis"."""
    question: str = ""
    """What to ask a clinician; empty for order and derived terms."""
    patient_question: str = ""
    """The same in plain words for a patient."""
    topic: str = ""
    """Groups questions on a form: "thrombosis", "kidney", "allergy"..."""
    unit: str = ""
    """UCUM unit of a number; the id carries it too (iga_g_per_l)."""
    choices: tuple[str, ...] = ()
    plausible_min: Decimal | None = None
    plausible_max: Decimal | None = None
    valid_days: int | None = None
    """Older than this at the start of the course, a dated value is stale."""
    when: When | None = None
    """For a derived flag: the condition that defines it."""
    absent_when: When | None = None
    """The flag is false whenever this holds (pregnancy in a man)."""
    signs: tuple[Sign, ...] = ()
    """For a flag: measurements and other answers that settle it as true."""
    loinc: tuple[str, ...] = ()
    snomed_ct: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()


def settle(terms: Iterable[Term], case: Case) -> dict[str, Value]:
    """Return the case with every flag that follows from other answers.

    A sign makes a flag true even if it was answered "no": a measurement is stronger than an
    answer, so that hazards can read the flag alone and a laboratory value that was never
    measured leaves no hazard open. ``absent_when`` answers an open flag with "no"; it never
    overrules an answer. Flags may follow from flags.
    """
    flags = [term for term in terms if term.kind == "flag"]
    settled = dict(case)
    while True:
        found = {flag.id: value for flag in flags if (value := _follows(flag, settled)) is not None}
        new = {name: value for name, value in found.items() if settled.get(name) is not value}
        if not new:
            return settled
        settled |= new


def _follows(flag: Term, case: Case) -> bool | None:
    if any(truth_of(sign.when, case) is Truth.TRUE for sign in flag.signs):
        return True
    if flag.when is not None:
        truth = truth_of(flag.when, case)
        return None if truth is Truth.UNKNOWN else truth is Truth.TRUE
    if flag.id not in case and flag.absent_when is not None:
        return False if truth_of(flag.absent_when, case) is Truth.TRUE else None
    return None
