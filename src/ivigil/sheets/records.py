"""Any record of the fact base in words: one line, or every field; what it names is named, never its id."""

from __future__ import annotations

import datetime as dt
import re
import typing
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from typing import Any, Literal, NamedTuple

import msgspec

from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.kinetics import Parameter, Restriction, Variability
from ivigil.knowledge.logic import When
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.products import Product, Property, RateStep
from ivigil.knowledge.reactions import Action, Limit, Measure, OtherUnit
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import LogField
from ivigil.sheets import fields, words
from ivigil.sheets.chair_words import DO, DRUG, IF
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import capital, say, texts
from ivigil.sheets.unit_words import unit_words

_UNTOLD = frozenset(Fact.__struct_fields__) - {"superseded", "superseded_by"} | {"table"}
"""Evidence is told apart; ``table`` groups rules for vaccines, and its code says nothing to people."""
_FIGURES = frozenset({"name", "of", "parameter", "property"})
"""Fields whose codes are the names of figures."""
_NAMING = {
    "ExcludeProducts": ("property",),
    "PreferProducts": ("property",),
    "Covariate": ("of",),
}
"""Fields whose value is the name of another field."""
_SET = frozenset({"choice", "alternatives", "bolder"})
"""What a policy is set to, or could be."""
_SPEAKS = frozenset(
    {"name", "text", "what", "test", "drug", "agent", "question", "measure", "authority", "title", "item"}
)
"""Fields whose value needs no label in one line."""
_PROSE = frozenset({"name", "synonyms", "also_called", "schedule", "said_as", "display", "language"})
"""Fields in which a word that is also an id is a word."""
_MEASURED = frozenset(
    {"rate", "start_rate", "max_rate", "step_rates", "steps", "start", "max", "number", "value", "value_max"}
    | {"tolerated_rate_min", "plausible_min", "plausible_max", "nearest"}
)
"""Fields whose unit stands in a field beside them, and in the record once."""
_STRICT = {
    "max_rate": "max_strict",
    "rate": "strict",
    "share_percent": "share_is_upper_bound",
    "value": "value_is_upper_bound",
}
"""A number that holds below itself alone, and the field that says so."""
_BESIDE = frozenset({"unit", "max_rate_unit", *_STRICT.values()})
_CALLED: dict[str, tuple[str, ...]] = {
    "Regimen": ("authority", "phase"),
    "LabelUse": ("indication", "phase"),
    "Vial": ("grams", "container"),
    "Disagreement": ("topic",),
    "CtcaeTerm": ("term",),
    "Contraindication": ("code",),
    "Finding": ("authority", "year"),
    "TradeItem": ("products", "grams"),
    "TermCode": ("system", "display"),
    "StopRule": ("trigger",),
    "GradeAction": ("situation",),
    "AnaphylaxisCriterion": ("scale", "code"),
    "VaccineInterval": ("authority", "products"),
    "VaccineRule": ("topic", "text"),
    "LabInterference": ("test",),
    "LabRule": ("text",),
    "Instruction": ("topic", "text"),
    "Caution": ("topic",),
    "Incidence": ("what",),
    "EmergencyDrug": ("drug", "route", "population"),
    "Premedication": ("drug", "population"),
    "Cotreatment": ("agent",),
    "NationalRole": ("scheme", "role"),
    "PatientAdvice": ("topic", "text"),
    "PatientQuestion": ("question",),
    "Policy": ("id",),
    "BaselineSample": ("what",),
    "WeightPolicy": ("authority",),
    "ReviewRule": ("authority",),
    "RoundingRule": ("authority",),
    "TroughTarget": ("population",),
    "Schedule": ("indications", "experience"),
    "SubcutaneousDose": ("indication", "phase"),
    "Response": ("measure",),
    "Recall": ("product", "lot"),
    "LogField": ("field",),
    "Observe": ("minutes",),
    "SymptomUrgency": ("urgency", "any_of", "all_of"),
    "Variability": ("parameter",),
    "WeightExample": ("sex", "actual_kg"),
}
"""Kinds without a name, and the fields that tell one from another."""
_ANY_USE = "ANY"
"""Of a schedule that is tied to no use."""
_LONGEST = 60
"""Characters of a name that is made of what a record says."""
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:[._-]+[A-Za-z0-9]+)+")


class Ref(NamedTuple):
    """Something that a record names."""

    id: str
    name: str
    source: bool = False
    """A document; otherwise a fact."""


Piece = str | Ref
Pieces = tuple[Piece, ...]
Row = tuple[str, Pieces]
"""What a field is called, and its value."""


def plain(pieces: Iterable[Piece]) -> str:
    """The value as text alone."""
    return "".join(piece.name if isinstance(piece, Ref) else piece for piece in pieces)


def addressed(pieces: Iterable[Piece]) -> str:
    """The same with the id after each name, for whoever types one to read on."""
    return "".join(f"{piece.name} ({piece.id})" if isinstance(piece, Ref) else piece for piece in pieces)


def kind(record: Record) -> str:
    """The kind of a record: "label use", "rate cap"."""
    return say(_kind(type(record)))


def setting(value: str, knowledge: Knowledge) -> str:
    """What a policy is set to: the name of what it names, or the word for its choice."""
    found = _named(value, knowledge)
    return plain((found,)) if found else say(fields.code(value))


def names(knowledge: Knowledge) -> Iterator[str]:
    """Every kind, field, unit, code, and what settings are called: what the catalogue has to know."""
    for policy in knowledge.facts.policy:
        yield _policy(policy)
        yield from (fields.code(each) for each in (policy.choice, *policy.alternatives) if each)
    for each in sorted(_kinds(Record), key=lambda found: found.__name__):
        yield _kind(each)
        for name in each.__struct_fields__:
            yield from filter(None, fields.title(name, each.__name__))
            yield from (fields.ends(name, each.__name__) or ())[1:]
        for name, codes in _codes(each).items():
            yield from filter(None, (fields.code(value) for value in codes))
            if name in _FIGURES:
                yield from filter(None, (text for value in codes for text in fields.title(value)))


def _kinds(of: type[Record]) -> Iterator[type[Record]]:
    for each in of.__subclasses__():
        yield each
        yield from _kinds(each)


@cache
def _kind(of: type[Record]) -> str:
    return fields.spaced("".join(f"_{c.lower()}" if c.isupper() else c for c in of.__name__).strip("_"))


@cache
def _codes(of: type[Record]) -> dict[str, tuple[str, ...]]:
    """The fields that hold codes, and the codes."""
    hints = typing.get_type_hints(of)
    found = {name: tuple(v for v in _literals(hints[name]) if isinstance(v, str)) for name in hints}
    return {name: codes for name, codes in found.items() if codes}


def _literals(hint: Any) -> Iterator[Any]:
    if typing.get_origin(hint) is Literal:
        yield from typing.get_args(hint)
    else:
        for part in typing.get_args(hint):
            yield from _literals(part)


def called(fact: Fact, knowledge: Knowledge) -> str:
    """What a fact is called, with what it is a part of: "Octagam 10% (US, IV): sodium, at most"."""
    above = within(fact, knowledge)
    own = own_name(fact, knowledge)
    return capital(own if above is None else f"{own_name(above, knowledge)}: {own}")


def title(id: str, knowledge: Knowledge) -> str:
    """What the fact of an id is called; the id itself if there is none."""
    fact = knowledge.by_id.get(id)
    return id if fact is None else called(fact, knowledge)


def own_name(fact: Fact, knowledge: Knowledge) -> str:
    """Its name, or what tells it from others of its kind."""
    name = getattr(fact, "name", "")
    match fact:
        case Product():
            return product(fact)
        case Policy():
            return say(_policy(fact))
        case LogField():
            return fields.title(fact.field)[0]
    if name:
        return say(fields.title(name)[0]) if "name" in _codes(type(fact)) else name
    by = _CALLED.get(type(fact).__name__)
    told = [plain(value) for at, value in values(fact, knowledge) if by is None or at in by]
    if by:
        return _short(", ".join(told)) or kind(fact)
    return ", ".join((kind(fact), *map(_short, told[:1])))


def _policy(policy: Policy) -> str:
    """ "policy.individual_dosing" -> "individual dosing"."""
    return fields.code(policy.id.removeprefix("policy.").replace("-", "_"))


def within(fact: Fact, knowledge: Knowledge) -> Fact | None:
    """The fact that it lies in."""
    return knowledge.kept(_parents).get(fact.id)


def _parents(knowledge: Knowledge) -> dict[str, Fact]:
    return {part.id: fact for fact in knowledge.by_id.values() for part in parts(fact)}


def _short(text: str) -> str:
    if len(text) <= _LONGEST:
        return text
    return f"{text[:_LONGEST].rpartition(' ')[0].rstrip(',;:')} …"


def summary(record: Record, knowledge: Knowledge, without: str = "") -> str:
    """One line: what the record says, without its evidence and the facts inside it.

    ``without``: a field that is told already.
    """
    told = [
        plain(value) if name in _SPEAKS else f"{_title(record, name)}: {plain(value)}"
        for name, value in values(record, knowledge)
        if name != without
    ]
    return "; ".join((*(text.removesuffix(".") for text in told[:-1]), *told[-1:])).replace("\n", "; ")


def rows(record: Record, knowledge: Knowledge) -> Iterator[Row]:
    """Every field that is set, without evidence and facts inside."""
    for name, value in values(record, knowledge):
        yield capital(_title(record, name)), value


def _title(record: Record, name: str) -> str:
    """Of a field; of a range, which goes by its lower end and two dots."""
    kind = type(record).__name__
    range_ = fields.ends(name.removesuffix(".."), kind) if name.endswith("..") else None
    return say(range_[1] if range_ else fields.title(name, kind)[0])


def values(record: Record, knowledge: Knowledge) -> Iterator[tuple[str, Pieces]]:
    """Of every field that is set its name, or the code that says what is told, and its value.

    A range goes by its lower end and two dots: "g_per_kg_min..".
    """
    match record:
        case Property() | Parameter() | Restriction():
            yield from _named_by_itself(record, knowledge)
        case Variability():
            yield "parameter", (say(fields.title(record.parameter)[0]),)
            yield "cv_percent", (_figure(record.cv_percent, "%"),)
        case _:
            yield from _fields(record, knowledge)


def _named_by_itself(
    record: Property | Parameter | Restriction, knowledge: Knowledge
) -> Iterator[tuple[str, Pieces]]:
    """The record holds what its figure is called."""
    name = record.of if isinstance(record, Restriction) else record.name
    unit = unit_words(fields.title(name)[1])
    match record:
        case Property(number=Decimal() as figure):
            sign = f"{record.comparator} " if record.comparator else ""
            yield name, (f"{sign}{_figure(figure, unit)}",)
        case Property():
            value = next(v for v in (record.text, record.flag, record.items) if v is not None)
            yield name, _said(value, knowledge)
        case Parameter():
            yield name, (_figure(record.value, unit),)
        case Restriction():
            low, high = record.min, record.max
            yield (
                name,
                (
                    ", ".join(
                        f"{sign} {_figure(end, unit)}"
                        for sign, end in ((">=", low), ("<=", high))
                        if end is not None
                    ),
                ),
            )
    told = {"name", "value", "number", "comparator", "flag", "items", "of", "min", "max"}
    told |= {"text"} if isinstance(record, Property) else set()
    yield from ((at, value) for at, value in _fields(record, knowledge) if at not in told)


def _fields(record: Record, knowledge: Knowledge) -> Iterator[tuple[str, Pieces]]:
    kind = type(record).__name__
    beside = _unit_beside(record)
    told: set[str] = set(_BESIDE if beside else _STRICT.values())
    for item in _set(record):
        if item.name in told:
            continue
        unit = beside if item.name in _MEASURED else unit_words(fields.title(item.name, kind)[1])
        value, range_ = getattr(record, item.name), fields.ends(item.name, kind)
        high = getattr(record, range_[0], None) if range_ else None
        if range_ and high is not None:
            told.add(range_[0])
            yield f"{item.name}..", (_range(value, high, unit),)
        else:
            below = ("< ",) if getattr(record, _STRICT.get(item.name, ""), False) else ()
            yield item.name, (*below, *_value(record, item.name, value, knowledge, unit))


def _value(record: Record, name: str, value: Any, knowledge: Knowledge, unit: str) -> Pieces:
    """Of one field: codes and names of fields in words, words as they are, anything else as its type."""
    if name == "unit":
        return (unit_words(value),)
    if isinstance(record, LogField) and name == "field":
        return (fields.title(value)[0],)
    if name in _NAMING.get(type(record).__name__, ()):
        return (say(fields.title(value)[0]),)
    if isinstance(record, Policy) and name in _SET:
        return _joined(
            (_named(str(each), knowledge) or say(fields.code(str(each))),) for each in _each(value)
        )
    if name in _codes(type(record)) or name == "drug_class":
        return _joined((say(fields.code(str(each))),) for each in _each(value))
    if name in _PROSE:
        return _joined((_words(each),) for each in _each(value))
    return _said(value, knowledge, unit)


@cache
def _of(kind: type[Record]) -> tuple[msgspec.structs.FieldInfo, ...]:
    return tuple(item for item in msgspec.structs.fields(kind) if item.name not in _UNTOLD)


def _set(record: Record) -> Iterator[msgspec.structs.FieldInfo]:
    for item in _of(type(record)):
        value = getattr(record, item.name)
        if value == item.default or value in (None, (), "") or isinstance(value, Fact):
            continue
        if isinstance(value, tuple) and isinstance(value[0], Fact):
            continue
        yield item


def _unit_beside(record: Record) -> str:
    """The unit of the record's figures; "" where there is none, or where the unit itself is what is told."""
    if isinstance(record, (Measure, OtherUnit)):
        return ""
    unit = getattr(record, "unit", "") or getattr(record, "max_rate_unit", "") or ""
    if "unit" in _codes(type(record)) and unit in _codes(type(record))["unit"] and "/" not in unit:
        return {"percent": "%"}.get(unit) or say(fields.code(unit))
    return unit_words(unit)


def _each(value: object) -> tuple[object, ...]:
    return value if isinstance(value, tuple) else (value,)


def _words(value: object) -> str:
    """Words as they are; of a group of alternatives all: "nausea / nauseous"."""
    return " / ".join(map(_words, value)) if isinstance(value, tuple) else fields.spaced(str(value))


def _joined(values: Iterable[Pieces], by: str = ", ") -> Pieces:
    found: list[Piece] = []
    for value in values:
        found += [by, *value] if found else value
    return tuple(found)


def _figure(value: Decimal | int, unit: str = "") -> str:
    """Every digit that is written there, none that is not: a fact is never rounded."""
    places = max(0, -int(Decimal(value).as_tuple().exponent))
    if value == 1:
        unit = say(_ONE[unit]) if unit in _ONE else unit
    return f"{number(value, places)} {unit}".rstrip()


def _range(low: Decimal | int, high: Decimal | int, unit: str) -> str:
    if low == high:
        return _figure(low, unit)
    return say("{low} to {high}", low=_figure(low), high=_figure(high, unit))


def _said(value: object, knowledge: Knowledge, unit: str = "") -> Pieces:
    """A value in words, with what it names."""
    match value:
        case bool():
            return (say("yes") if value else say("no"),)
        case Decimal() | int():
            return (_figure(value, unit),)
        case Record():
            return _small(value, knowledge, unit)
        case tuple() if value and all(isinstance(each, Decimal | int) for each in value):
            return (f"{', '.join(map(_figure, value))} {unit}".rstrip(),)
        case tuple():
            listed = [_said(one, knowledge, unit) for one in value]
            return _joined(listed, "; " if any(", " in plain(one) for one in listed) else ", ")
        case dict():
            return ("\n".join(f"{key} = {text}" for key, text in value.items()),)
        case dt.date():
            return (value.isoformat(),)
        case str():
            return _text(value, knowledge)
        case _:
            return (str(value),)


def _small(record: Record, knowledge: Knowledge, unit: str) -> Pieces:
    """A record that is no fact."""
    match record:
        case When():
            return _prose(words.condition(record, knowledge.terms), knowledge)
        case Limit():
            return (_limit(record, knowledge),)
        case Action():
            return (_action(record),)
        case RateStep():
            return (_step(record, unit),)
        case _:
            return tuple(_inside(record, knowledge))


def _inside(record: Record, knowledge: Knowledge) -> Iterator[Piece]:
    """A small record in a row of its own, what it names kept."""
    for at, (name, value) in enumerate(values(record, knowledge)):
        if at:
            yield ", "
        if name not in _SPEAKS:
            yield f"{_title(record, name)} "
        yield from value


def _text(value: str, knowledge: Knowledge) -> Pieces:
    found = _named(value, knowledge)
    if found:
        return (found,)
    if value == _ANY_USE:
        return (say("any use"),)
    if " " not in value and "://" not in value and "_" in value:
        return (fields.code(value),)
    return _prose(value, knowledge)


def _prose(text: str, knowledge: Knowledge) -> Pieces:
    """A text, the ids in it named."""
    found: list[Piece] = []
    at = 0
    for token in _TOKEN.finditer(text):
        ref = _named(token.group(), knowledge)
        if ref or "_" in token.group():
            found += [text[at : token.start()], ref or fields.code(token.group())]
            at = token.end()
    return tuple(each for each in (*found, text[at:]) if each)


def _named(id: str, knowledge: Knowledge) -> Piece | None:
    """What an id stands for: a fact, a document, a place; None if it is none."""
    fact = knowledge.by_id.get(id)
    if fact is not None:
        return Ref(id, _in_a_text(fact, knowledge))
    source = knowledge.sources.get(id)
    if source is not None:
        return Ref(id, source.title, source=True)
    place = knowledge.jurisdictions.get(id)
    return place.name if place is not None else None


def _in_a_text(fact: Fact, knowledge: Knowledge) -> str:
    """What a fact is called inside another: its first letter stays as it is."""
    return own_name(fact, knowledge) if within(fact, knowledge) is None else called(fact, knowledge)


def product(item: Product) -> str:
    """A product told from its namesakes: "Privigen 10% (US, IV)"."""
    return f"{item.name.removesuffix(' (SC)')} ({item.jurisdiction}, {item.route})"


_ONE = texts({"days": "day", "weeks": "week", "months": "month", "years": "year"})
_OF = texts(
    {
        "value": "{measure} {bounds}",
        "rise": "{measure}: rise {bounds}",
        "fall": "{measure}: fall {bounds}",
        "change": "{measure}: change {bounds}",
        "rise_percent": "{measure}: rise {bounds} of the baseline",
        "fall_percent": "{measure}: fall {bounds} of the baseline",
        "times_baseline": "{measure} {bounds} times the baseline",
        "times_upper_normal": "{measure} {bounds} times the upper limit of normal",
    }
)


def _limit(limit: Limit, knowledge: Knowledge) -> str:
    """ "temperature >= 38.5 °C, within 1 h"."""
    fact = knowledge.by_id.get(limit.measure)
    unit = unit_words(fact.unit) if isinstance(fact, Measure) else ""
    if limit.of in ("times_baseline", "times_upper_normal"):
        unit = ""
    elif limit.of.endswith("_percent"):
        unit = "%"
    ends = ((">", limit.above), (">=", limit.at_least), ("<", limit.below), ("<=", limit.at_most))
    bounds = ", ".join(f"{sign} {_figure(end, unit)}" for sign, end in ends if end is not None)
    name = fact.name if isinstance(fact, Measure) else fields.code(limit.measure)
    parts = [say(_OF[limit.of], measure=name, bounds=bounds)]
    if limit.per_year_of_age is not None:
        parts.append(say("and {number} more a year of age", number=_figure(limit.per_year_of_age)))
    if limit.below_lower_normal:
        parts.append(say("and below the laboratory’s lower limit of normal"))
    if limit.within_hours is not None:
        parts.append(say("within {hours} h", hours=_figure(limit.within_hours)))
    return ", ".join(parts)


def _action(action: Action) -> str:
    drug = say(DRUG[action.drug_class]) if action.drug_class else ""
    text = say(DO[action.do], drug=drug) if drug else say(DO[action.do])
    return f"{text} {say(IF[action.if_])}".rstrip()


def _step(step: RateStep, unit: str) -> str:
    rate = _figure(step.rate, unit)
    if step.minutes is None:
        return say("{rate} until the end", rate=rate)
    return say("{rate} for {minutes} min", rate=rate, minutes=str(step.minutes))


def parts(record: Record) -> tuple[Fact, ...]:
    """The facts that lie directly inside a record."""
    found: list[Fact] = []
    for name in record.__struct_fields__:
        value = getattr(record, name)
        found += [
            item for item in (value if isinstance(value, tuple) else (value,)) if isinstance(item, Fact)
        ]
    return tuple(found)
