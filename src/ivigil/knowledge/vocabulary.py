"""The words: one record a patient term, used by orders, conditions, forms and FHIR."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.logic import When

TermKind = Literal["flag", "number", "choice"]
TermScope = Literal["patient", "screening", "order", "derived"]


class Term(Fact):
    """One patient term. The evidence is for its plausible range, validity and codes."""

    kind: TermKind
    scope: TermScope
    """patient: a key of [patient]; screening: listed in [screening]; order: read from the
    order itself (dose, experience); derived: computed from other terms."""
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
    loinc: tuple[str, ...] = ()
    snomed_ct: tuple[str, ...] = ()
    synonyms: tuple[str, ...] = ()
