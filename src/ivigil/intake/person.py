"""The [patient] table: identity, body, measured values, choices."""

from __future__ import annotations

import datetime as dt
from typing import get_args

import msgspec

from ivigil.intake.fields import DATE, TEXT, WITHIN_LIFE, Fields
from ivigil.intake.plausibility import Doubter, required_term, usual_policy
from ivigil.intake.quantities import Measured, Quantity, take
from ivigil.knowledge.logic import Reading, Value
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import Term
from ivigil.patient import Identifier, Measurement, Sex, completed_years
from ivigil.told import tell

WEIGHT = Quantity("weight_kg", "kg")
HEIGHT = Quantity("height_cm", "cm")
LAST_WEIGHT = Quantity("last_weight_kg", "kg")
FIXED = ("id", "birth_date", "sex", *WEIGHT.keys, *HEIGHT.keys, *LAST_WEIGHT.keys, "confirmed")
IDENTIFIER = ("system", "value")
SEXES: tuple[Sex, ...] = get_args(Sex)


class Person(msgspec.Struct):
    """What could be read of a patient; None where it is absent or at fault."""

    id: Identifier | None = None
    birth: dt.date | None = None
    sex: Sex | None = None
    weight: Measured | None = None
    height: Measured | None = None
    last_weight: Measured | None = None
    confirmed: tuple[str, ...] = ()
    measured: dict[str, Measured] = {}
    choices: dict[str, str] = {}

    @property
    def measurements(self) -> dict[str, Measurement]:
        return {name: measured.measurement for name, measured in self.measured.items()}

    def case(self, start: dt.date | None) -> dict[str, Value]:
        """What is known, by vocabulary id."""
        case: dict[str, Value] = {**self.choices}
        case.update((name, measured.reading) for name, measured in self.measured.items())
        if self.sex is not None:
            case["sex"] = self.sex
        if self.birth is not None and start is not None:
            case["age_years"] = Reading.exactly(completed_years(self.birth, start))
        return case


def keys(knowledge: Knowledge) -> tuple[str, ...]:
    """Every key that [patient] may hold."""
    numbers = [key for quantity in quantities(knowledge) for key in quantity.keys]
    return tuple(dict.fromkeys((*FIXED, *numbers, *(term.id for term in _choices(knowledge)))))


def quantities(knowledge: Knowledge) -> tuple[Quantity, ...]:
    """Everything under [patient] that is measured."""
    return (WEIGHT, HEIGHT, LAST_WEIGHT, *(_quantity(term) for term in _numbers(knowledge)))


def confirmable(knowledge: Knowledge) -> tuple[str, ...]:
    """The values that may be listed as confirmed: those of which an unusual one is asked about."""
    doubted = [term.id for term in _numbers(knowledge) if usual_policy(term.id) in knowledge.policies]
    return (WEIGHT.key, *doubted)


def read(fields: Fields, start: dt.date | None, knowledge: Knowledge) -> Person:
    """Read the table and note everything in it that is missing, mistyped or not plausible."""
    for key, accepted in (
        ("birth_date", DATE),
        ("sex", tell("male or female")),
        ("id", tell("system and value")),
    ):
        fields.require(key, accepted=accepted)
    fields.require(*WEIGHT.keys, accepted=tell("weight_kg, or weight as text with its unit"))
    person = Person(
        id=identifier(fields),
        birth=fields.date("birth_date"),
        sex=_sex(fields),
        weight=take(fields, WEIGHT),
        height=take(fields, HEIGHT),
        last_weight=take(fields, LAST_WEIGHT),
        confirmed=_confirmed(fields, knowledge),
        measured=_measured(fields, knowledge),
        choices=_chosen(fields, knowledge),
    )
    _doubt(person, start, fields, knowledge)
    return person


def _numbers(knowledge: Knowledge) -> list[Term]:
    return [t for t in knowledge.facts.term if _own(t) and t.kind == "number"]


def _choices(knowledge: Knowledge) -> list[Term]:
    return [t for t in knowledge.facts.term if _own(t) and t.kind == "choice"]


def _own(term: Term) -> bool:
    return term.scope == "patient" and term.id not in FIXED


def _quantity(term: Term) -> Quantity:
    return Quantity(term.id, term.unit, censored=True)


def identifier(fields: Fields) -> Identifier | None:
    """The identity of a patient, in its naming system."""
    inner = fields.table("id", IDENTIFIER)
    if inner is None:
        return None
    for key in IDENTIFIER:
        inner.require(key, accepted=TEXT)
    system, value = (inner.text(key) for key in IDENTIFIER)
    return None if system is None or value is None else Identifier(system, value)


def _sex(fields: Fields) -> Sex | None:
    written = fields.choice("sex", SEXES)
    return next((sex for sex in SEXES if sex == written), None)


def _confirmed(fields: Fields, knowledge: Knowledge) -> tuple[str, ...]:
    names = fields.names("confirmed")
    known = confirmable(knowledge)
    if set(names) - {*known}:
        fields.fault("confirmed", tell("a list of: {names}", names=", ".join(known)))
    return names


def _measured(fields: Fields, knowledge: Knowledge) -> dict[str, Measured]:
    found = {term.id: take(fields, _quantity(term)) for term in _numbers(knowledge)}
    return {name: measured for name, measured in found.items() if measured is not None}


def _chosen(fields: Fields, knowledge: Knowledge) -> dict[str, str]:
    found = {term.id: fields.choice(term.id, term.choices) for term in _choices(knowledge)}
    return {name: choice for name, choice in found.items() if choice is not None}


def _doubt(person: Person, start: dt.date | None, fields: Fields, knowledge: Knowledge) -> None:
    """Judge every number; weight and height also against age, sex, each other and the last weight."""
    doubter = Doubter(knowledge, person.confirmed, fields.faults)
    for name, measured in person.measured.items():
        if doubter.in_range(measured, knowledge.terms[name]):
            doubter.usual(measured)
    for dated in (person.weight, person.height, person.last_weight, *person.measured.values()):
        if dated is not None:
            _doubt_date(dated, person.birth, start, fields)
    weight = _ranged(person.weight, WEIGHT, doubter, knowledge)
    height = _ranged(person.height, HEIGHT, doubter, knowledge)
    last = _ranged(person.last_weight, WEIGHT, doubter, knowledge)
    asked = weight is not None and last is not None and doubter.change_of_weight(weight, last)
    if person.birth is None or start is None or not doubter.age(person.birth, start) or weight is None:
        return
    if person.sex is not None and not asked:
        asked = doubter.weight_for_age(weight, person.sex, person.birth, start)
    if person.sex is not None and height is None and not asked:
        doubter.weight_of_adult(weight, person.sex, person.birth, start)
    if height is not None and not asked:
        doubter.body_mass_index(weight, height, person.birth, start)


def _ranged(
    measured: Measured | None, term: Quantity, doubter: Doubter, knowledge: Knowledge
) -> Measured | None:
    """The value if it is there and in the range of its term."""
    if measured is None or not doubter.in_range(measured, required_term(knowledge, term.key)):
        return None
    return measured


def _doubt_date(measured: Measured, birth: dt.date | None, start: dt.date | None, fields: Fields) -> None:
    date = measured.date
    if date is None:
        return
    if (start is not None and date > start) or (birth is not None and date < birth):
        field = f"{measured.field.removesuffix('.value')}.date"
        fields.faults.add(field, date.isoformat(), WITHIN_LIFE)
