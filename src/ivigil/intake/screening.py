"""What was asked: flags of the vocabulary that are present or absent."""

from __future__ import annotations

from ivigil.intake.faults import join, show
from ivigil.intake.fields import Fields
from ivigil.intake.near import nearest_names
from ivigil.knowledge.logic import Case, Truth, judge
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import Term
from ivigil.patient import Screening
from ivigil.told import Told, tell

KEYS = ("complete", "present", "absent")
PRESENT, ABSENT = "present", "absent"


def read(fields: Fields | None, case: Case, knowledge: Knowledge) -> Screening:
    """The [screening] table; ``case`` is what else is known, for flags that cannot be."""
    if fields is None:
        return Screening()
    flags = {term.id: term for term in knowledge.facts.term if term.scope == "screening"}
    present = _known(fields, PRESENT, flags, knowledge)
    absent = _known(fields, ABSENT, flags, knowledge)
    answered = {**case, **dict.fromkeys(absent, False), **dict.fromkeys(present, True)}
    for flag in present:
        if flag in absent:
            fields.faults.add(fields.path, _both(flag), tell("each flag in one list"))
        else:
            _check_possible(flags[flag], answered, fields)
    return Screening(fields.flag("complete") or False, present, absent)


def _check_possible(flag: Term, case: Case, fields: Fields) -> None:
    """Note a flag that the rest of the order rules out, such as pregnancy in a man."""
    if flag.absent_when is None:
        return
    ruled_out = judge(flag.absent_when, case)
    if ruled_out.truth is Truth.TRUE:
        although = ", ".join(f"{saw.field} {saw.text}" for saw in ruled_out.because)
        accepted = tell("flags that agree with the rest of the order")
        fields.faults.add(join(fields.path, PRESENT), _although(flag, although), accepted)


def _both(flag: str) -> Told:
    return tell("{flag} both present and absent", flag=flag)


def _although(flag: Term, values: str) -> Told:
    return tell("{flag} although {values}", flag=flag.id, values=values)


def _known(fields: Fields, key: str, flags: dict[str, Term], knowledge: Knowledge) -> tuple[str, ...]:
    """The flags of one list that the vocabulary knows; the others are faults."""
    names = {term.id: (term.id, term.name, *term.synonyms) for term in flags.values()}
    listed = fields.names(key)
    for flag in listed:
        if flag not in flags:
            near = () if flag in knowledge.terms else nearest_names(flag, names)
            fields.faults.add(join(fields.path, key), show(flag), _accepted(flag, knowledge), near=near)
    return tuple(flag for flag in listed if flag in flags)


def _accepted(flag: str, knowledge: Knowledge) -> Told:
    term = knowledge.terms.get(flag)
    if term is not None and term.scope == "patient":
        return tell("flags; this one has a value of its own under [patient]")
    if term is not None:
        return tell("flags; this one follows from the rest of the order")
    return tell("flags of the vocabulary, by their ids")
