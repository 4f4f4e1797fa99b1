"""The form of an order: generated from what intake reads and what the vocabulary asks, term by term.

Only the keys that are no patient term (what is treated, when, how much) are named here; a test compares the
controls of the page with those of intake, so that neither has one that the other lacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import ROUND_HALF_EVEN, Context, Decimal
from itertools import groupby

import htpy as h
import msgspec
from htpy import Element, Node

from ivigil.intake import person, resolve
from ivigil.intake.fields import date_of
from ivigil.intake.form import DATE, REASON, START, YES, expressed, measured
from ivigil.intake.quantities import Quantity
from ivigil.intake.reading import EXPERIENCES
from ivigil.knowledge.conditions import Condition
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import Term
from ivigil.order import Fault
from ivigil.patient import completed_years
from ivigil.sheets.dates import in_words
from ivigil.sheets.faults import accepted, seen
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import capital, counted, say, texts
from ivigil.sheets.unit_words import unit_words
from ivigil.web.parts.notice import notice
from ivigil.web.parts.woven import woven

_FIGURES = Context(prec=4, rounding=ROUND_HALF_EVEN)
"""An echo shows four figures; what is planned with is the exact value."""
_OTHER_UNITS = 2
ISO_DATE = texts("Year-month-day: 2026-11-23")

SYSTEM, WEIGHT = "patient.id.system", "patient.weight_kg"

FIRST = ("condition", "patient.id.value", "patient.birth_date", "patient.sex", WEIGHT)
PLACE = ("route", "jurisdiction", *START[:2])
OFFSET = START[2]
DOSE = (
    "regimen",
    "phase",
    "onset_date",
    "total_dose_g_per_kg",
    "total_dose_g",
    "days",
    "interval_days",
    "product",
    "experience",
    "pump_step_ml_per_h",
)
LAST = (
    "last_immunoglobulin.date",
    "last_immunoglobulin.product",
    "last_immunoglobulin.route",
    "last_immunoglobulin.grams",
    "last_immunoglobulin.interval_days",
    "last_immunoglobulin.infusions",
    "last_immunoglobulin.tolerated_rate_ml_per_kg_per_h",
)
REST = (SYSTEM, OFFSET, "supersedes")

LABEL = texts(
    {
        "condition": "What is treated",
        "route": "Route",
        "jurisdiction": "Country",
        "start.date": "First infusion on",
        "start.time": "At",
        "start.offset": "Offset from UTC",
        "regimen": "Regimen",
        "phase": "Phase",
        "onset_date": "Onset of the illness",
        "total_dose_g_per_kg": "Dose of the course",
        "total_dose_g": "or in grams",
        "days": "Over",
        "interval_days": "Every",
        "product": "Product",
        "experience": "Experience of immunoglobulin",
        "pump_step_ml_per_h": "Smallest step of the pump",
        "last_immunoglobulin.date": "Last immunoglobulin given on",
        "last_immunoglobulin.product": "Last product",
        "last_immunoglobulin.route": "Last route",
        "last_immunoglobulin.grams": "Last dose",
        "last_immunoglobulin.interval_days": "Interval until now",
        "last_immunoglobulin.infusions": "Infusions of that product so far",
        "last_immunoglobulin.tolerated_rate_ml_per_kg_per_h": "Highest rate tolerated so far",
        "patient.id.value": "Patient identifier",
        "patient.id.system": "Naming system of the identifier",
        "patient.birth_date": "Born on",
        "patient.last_weight_kg": "Weight recorded before",
        "patient.weight_kg.date": "Body weight measured on",
        "supersedes": "Replaces plan",
    }
)
BEHIND = {
    "total_dose_g_per_kg": "g/kg",
    "total_dose_g": "g",
    "days": texts("days"),
    "interval_days": texts("days"),
    "pump_step_ml_per_h": "mL/h",
    "last_immunoglobulin.grams": "g",
    "last_immunoglobulin.interval_days": texts("days"),
    "last_immunoglobulin.tolerated_rate_ml_per_kg_per_h": "mL/kg/h",
}
HINT = texts(
    {
        "condition": "Name, synonym, ICD-10-CM or SNOMED CT code",
        "patient.birth_date": ISO_DATE,
        "start.date": ISO_DATE,
        "start.time": "Hours:minutes, as 08:00",
        "start.offset": "As +01:00; empty: the site’s own",
        "onset_date": ISO_DATE,
        "patient.weight_kg.date": ISO_DATE,
        "last_immunoglobulin.date": ISO_DATE,
        "patient.weight_kg": "kg, or with its unit: 218 lb",
        "regimen": "Empty: the first of the authorities",
        "product": "Empty: the best fit",
        "patient.id.system": "As urn:oid:…",
    }
)
CHOICES: dict[str, tuple[tuple[str, str], ...]] = {
    "route": tuple(zip(resolve.ROUTES, texts(("into a vein (IV)", "under the skin (SC)")), strict=True)),
    "last_immunoglobulin.route": tuple(zip(resolve.ROUTES, ("IV", "SC"), strict=True)),
    "experience": tuple(zip(EXPERIENCES, texts(("naive: the first ever", "experienced")), strict=True)),
}
LISTS = ("condition", "regimen", "phase", "product", "last_immunoglobulin.product")
"""Controls with names to choose from; any other may be typed as well."""


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """What the form shows: what was typed, what is wrong with it, what may be chosen."""

    values: Mapping[str, str]
    faults: Mapping[str, tuple[Fault, ...]]
    """By control."""
    knowledge: Knowledge
    condition: Condition | None
    """What is treated, as far as its name is known."""

    def text(self, name: str) -> str:
        return self.values.get(name, "")


def groups(shown: Shown) -> Node:
    """Everything to be filled in: the few first fields, then groups that unfold."""
    knowledge = shown.knowledge
    in_view = (*first_names(knowledge), *place_names(knowledge))
    rest = tuple(name for name in REST if name not in in_view)
    return [
        h.section(".first.grid")[(_control(name, shown) for name in first_names(knowledge))],
        _fields(say("When and where"), ".place", (_control(name, shown) for name in place_names(knowledge))),
        _unfolding("dose", say("Dose, product, days"), DOSE, shown),
        _unfolding("last", say("Last immunoglobulin"), LAST, shown),
        _unfolding("body", say("Body and laboratory values"), body_names(knowledge), shown),
        _screening(shown),
        _unfolding("rest", say("Identifier and earlier plan"), rest, shown),
    ]


def first_names(knowledge: Knowledge) -> tuple[str, ...]:
    """The fewest fields; where the site names no naming system of identifiers, that too."""
    return FIRST if knowledge.site.patient_identifier_system else (*FIRST, SYSTEM)


def place_names(knowledge: Knowledge) -> tuple[str, ...]:
    """Where and when; where the site names no time zone, the offset too."""
    return PLACE if knowledge.zone else (*PLACE, OFFSET)


def body_names(knowledge: Knowledge) -> tuple[str, ...]:
    """The controls of every measured value and choice, in the order of the vocabulary."""
    terms = [f"patient.{term.id}" for term in knowledge.facts.term if term.scope == "patient"]
    known = {f"patient.{each.key}" for each in person.quantities(knowledge)}
    others = (*(name for name in terms if name not in FIRST), *sorted(known - {*terms, *FIRST}))
    return (WEIGHT + DATE, *others)


def live_parts(shown: Shown) -> list[Element]:
    """What changes with what is typed: echoes, faults and lists, each by its id."""
    names = [*FIRST, *PLACE, *DOSE, *LAST, *REST, *body_names(shown.knowledge)]
    quantities = _quantities(shown.knowledge)
    dated = [name + DATE for name in names if name in quantities and name != WEIGHT]
    flags = [f"screening.{term.id}" for term in _flags(shown.knowledge)]
    parts: list[Element] = []
    for name in [*names, *dated, *flags]:
        parts += [each for each in (_echo(name, shown), _fault(name, shown)) if each is not None]
    ticks = (_confirm(quantity, shown) for quantity in quantities.values())
    return [
        *parts,
        *(tick for tick in ticks if tick is not None),
        *(_datalist(name, shown) for name in LISTS if name != "condition"),
    ]


def control_of_field(field: str, knowledge: Knowledge) -> str:
    """The control that answers a question of a plan about a vocabulary term or an override."""
    if field.startswith("overrides."):
        return field + REASON
    term = knowledge.terms.get(field)
    if term is None or term.scope in ("order", "derived"):
        return _OF_ORDER.get(field, field)
    return f"{term.scope}.{field}"


_OF_ORDER = {
    "immunoglobulin_naive": "experience",
    "product_changed": "last_immunoglobulin.product",
    "prior_infusions": "last_immunoglobulin.infusions",
    "tolerated_rate_ml_per_kg_per_h": "last_immunoglobulin.tolerated_rate_ml_per_kg_per_h",
    "last_dose_within_interval": "last_immunoglobulin.date",
    "dose_g_per_kg": "total_dose_g_per_kg",
    "age_years": "patient.birth_date",
    "weeks_since_last_immunoglobulin": "last_immunoglobulin.date",
}


def label_of(name: str, knowledge: Knowledge) -> str:
    """What a control is called."""
    if name in LABEL:
        return say(LABEL[name])
    stem = name.removesuffix(DATE)
    term = knowledge.terms.get(stem.partition(".")[2])
    called = term.name if term is not None else stem
    called = capital(called)
    return say("{value}: measured on", value=called) if name != stem else called


def options_of(name: str, knowledge: Knowledge) -> tuple[tuple[str, str], ...]:
    """The few words that answer a control; empty where it is typed into."""
    if name.startswith("screening."):
        return (("present", say("Yes")), ("absent", say("No")))
    term = knowledge.terms.get(name.partition(".")[2]) if name.startswith("patient.") else None
    if term is not None and term.kind == "choice":
        return tuple((choice, choice) for choice in term.choices)
    return _choices(name)


def _choices(name: str) -> tuple[tuple[str, str], ...]:
    return tuple((value, say(called)) for value, called in CHOICES.get(name, ()))


def unit_of(name: str, knowledge: Knowledge) -> str:
    """The unit that stands behind a control; "" for none."""
    quantity = _quantities(knowledge).get(name)
    return _behind(name) if quantity is None else unit_words(quantity.unit)


def _behind(name: str) -> str:
    return say(BEHIND[name]) if name in BEHIND else ""


def element_id(name: str) -> str:
    """The id of a control's element."""
    return f"at-{name}"


def _fields(title: str, kind: str, content: Iterable[Node]) -> Element:
    return h.fieldset(kind)[h.legend[title], h.div(".grid")[content]]


def _unfolding(key: str, title: str, names: Iterable[str], shown: Shown) -> Element:
    listed = tuple(names)
    return h.details(".group", id=f"group-{key}", open=any(_is_said(name, shown) for name in listed) or None)[
        h.summary[h.h2(".group-title")[title]],
        h.div(".grid")[(_control(name, shown) for name in listed)],
    ]


def _is_said(name: str, shown: Shown) -> bool:
    """Something was typed there that nobody suggested, or is wrong."""
    told = name != SYSTEM and bool(shown.text(name))
    return told or bool(shown.faults.get(name)) or bool(shown.faults.get(name + DATE))


def _control(name: str, shown: Shown) -> Element:
    knowledge = shown.knowledge
    quantity = _quantities(knowledge).get(name)
    if quantity is not None:
        return _quantity(name, quantity, shown)
    term = knowledge.terms.get(name.partition(".")[2]) if name.startswith("patient.") else None
    if term is not None and term.kind == "choice":
        return _select(name, tuple((choice, choice) for choice in term.choices), shown)
    if name == "jurisdiction":
        nodes = tuple((node.id, node.name) for node in knowledge.facts.jurisdiction)
        return _select(name, nodes, shown)
    if name in CHOICES:
        return _select(name, _choices(name), shown)
    return _text(name, shown)


def _text(name: str, shown: Shown, behind: str = "", more: Node = None) -> Element:
    unit = behind or _behind(name)
    return _field(
        name,
        shown,
        h.div(".with-unit")[
            h.input(
                id=element_id(name),
                name=name,
                value=shown.text(name),
                autocomplete="off",
                autocapitalize="off",
                spellcheck="false",
                inputmode="numeric" if _is_date(name) else None,
                list=f"list-{name}" if name in LISTS else None,
                **_told(name, shown),
            ),
            h.span(".unit")[unit] if unit else None,
        ],
        _datalist(name, shown) if name in LISTS else None,
        more,
    )


def _quantity(name: str, quantity: Quantity, shown: Shown) -> Element:
    """The value, its unit, what it is in another one; its date; a tick once an unusual one was checked."""
    date = name + DATE
    whose = h.span(".unseen")[" ", say("(date of {value})", value=label_of(name, shown.knowledge))]
    beside = h.span(".dated")[
        h.label(for_=element_id(date))[say("on"), whose],
        h.input(
            id=element_id(date),
            name=date,
            value=shown.text(date),
            autocomplete="off",
            inputmode="numeric",
            placeholder=say("yyyy-mm-dd"),
            **_told(date, shown),
        ),
    ]
    # The weight is asked for among the first fields, its date among the further ones.
    dated = [beside, _fault_slot(date, shown)] if name != WEIGHT else None
    return _text(name, shown, unit_words(quantity.unit), [dated, _confirm(quantity, shown)])


def _confirm(quantity: Quantity, shown: Shown) -> Element | None:
    """A tick for a value that is unusual; in view only where it was asked about, or is ticked."""
    if quantity.key not in person.confirmable(shown.knowledge):
        return None
    name, value = f"patient.confirmed.{quantity.key}", f"patient.{quantity.key}"
    ticked = shown.text(name) == YES
    doubted = any(fault.confirm == quantity.key for fault in shown.faults.get(value, ()))
    return h.div(id=f"confirm-{quantity.key}", data_preview=True, hidden=not (ticked or doubted) or None)[
        h.label(".tick")[
            h.input(id=element_id(name), type="checkbox", name=name, value=YES, checked=ticked or None),
            h.span[say("I have checked this value")],
        ]
    ]


def _select(name: str, options: tuple[tuple[str, str], ...], shown: Shown) -> Element:
    chosen = shown.text(name)
    return _field(
        name,
        shown,
        h.select(id=element_id(name), name=name, **_told(name, shown))[
            h.option(value="", selected=not chosen or None)[say("not stated")],
            (h.option(value=value, selected=value == chosen or None)[called] for value, called in options),
        ],
    )


def _field(name: str, shown: Shown, *content: Node) -> Element:
    hint = HINT.get(name)
    return h.div(class_=["field", {"wrong": name in shown.faults}])[
        h.label(for_=element_id(name))[label_of(name, shown.knowledge)],
        content,
        h.p(".hint", id=f"hint-{name}")[say(hint)] if hint else None,
        _echo(name, shown) or h.p(".echo", id=f"echo-{name}", data_preview=True),
        _fault_slot(name, shown),
    ]


def _fault_slot(name: str, shown: Shown) -> Element:
    return _fault(name, shown) or h.div(".faults", id=f"fault-{name}", data_preview=True)


def _told(name: str, shown: Shown) -> dict[str, str | None]:
    """The attributes that tie a control to its hint, echo and faults."""
    hint = [f"hint-{name}"] if name in HINT else []
    echo = [] if name.endswith(DATE) else [f"echo-{name}"]
    return {
        "aria-describedby": " ".join([*hint, *echo, f"fault-{name}"]),
        "aria-invalid": "true" if name in shown.faults else None,
    }


def _echo(name: str, shown: Shown) -> Element | None:
    said = echo(name, shown.text(name), shown)
    return h.p(".echo", id=f"echo-{name}", data_preview=True)[said] if said else None


def echo(name: str, text: str, shown: Shown) -> str:
    """What a control's text comes to: the other unit, the day in words, the thing that a name stands for."""
    if not text.strip() or name in shown.faults:
        return ""
    if name == "condition":
        return _condition_name(text, shown.condition)
    if name == "patient.birth_date":
        return _age(text, shown)
    found = measured(name, text, shown.knowledge)
    if found is None:
        return ""
    sign = found.written.comparator
    parts = [figure(value, unit, sign) for value, unit in expressed(found)[:_OTHER_UNITS]]
    return " ".join(parts)


def figure(value: Decimal, unit: str, comparator: str) -> str:
    """An echo: "= 9.8 g/dL", or "≈" where four figures are not the whole of it."""
    rounded = _FIGURES.create_decimal(value)
    equal = "=" if rounded == value else "≈"
    places = max(0, -int(rounded.as_tuple().exponent))
    return f"{equal} {comparator}{number(rounded, places)} {unit_words(unit)}"


def _condition_name(text: str, named: Condition | None) -> str:
    return "" if named is None or named.name.casefold() == text.strip().casefold() else f"= {named.name}"


def _age(text: str, shown: Shown) -> str:
    birth, start = date_of(text.strip()), date_of(shown.text("start.date").strip())
    if birth is None or start is None or start < birth:
        return ""
    years = completed_years(birth, start)
    return counted(
        years, "{date}, {count} year at the start", "{date}, {count} years at the start", date=in_words(birth)
    )


def _fault(name: str, shown: Shown) -> Element | None:
    found = shown.faults.get(name)
    if not found:
        return None
    return h.div(".faults", id=f"fault-{name}", data_preview=True)[
        (h.p(".fault")[fault_text(fault, shown.knowledge), _near(name, fault, shown)] for fault in found)
    ]


def fault_text(fault: Fault, knowledge: Knowledge) -> str:
    """A fault as a person at the form reads it."""
    if fault.value == "missing":
        return say("Needed: {accepted}.", accepted=accepted(fault))
    return say("{value} is not accepted. Accepted: {accepted}.", value=seen(fault), accepted=accepted(fault))


def _near(name: str, fault: Fault, shown: Shown) -> Node:
    """What may have been meant: each a button that writes it into the control."""
    if not fault.near:
        return None
    choices = (
        h.button(".choice", type="submit", name="set", value=f"{name}={value}")[called]
        for value, called in (_meant(each, name, shown) for each in fault.near)
    )
    return h.span(".near")[" ", woven("Did you mean {choices}", choices=choices)]


def _meant(near: str, name: str, shown: Shown) -> tuple[str, str]:
    """What is written into the control, and what it is called. Intake tells a value as its file writes it."""
    value = near.rpartition(' = "')[2].strip('"') if ' = "' in near else near.strip('"')
    condition = shown.knowledge.conditions.get(value) if name == "condition" else None
    if condition is not None:
        return value, condition.name
    return (value.split(" (")[0], value) if name.endswith("product") else (value, value)


def _datalist(name: str, shown: Shown) -> Element:
    return h.datalist(id=f"list-{name}", data_preview=True)[
        (h.option(value=value)[called] for value, called in _options(name, shown))
    ]


def _options(name: str, shown: Shown) -> list[tuple[str, str]]:
    """Names that may be chosen, as far as the rest of the form narrows them down."""
    knowledge, route = shown.knowledge, shown.text("route")
    if name == "condition":
        usable = (item for item in knowledge.facts.condition if not item.do_not_use)
        return [(item.name, ", ".join(item.synonyms[:3])) for item in usable]
    if name.endswith("product"):
        places = knowledge.lineage(shown.text("jurisdiction")) if shown.text("jurisdiction") else ()
        given = shown.text("last_immunoglobulin.route") or "IV" if name != "product" else route
        return [
            (item.id, item.name)
            for item in knowledge.facts.product
            if item.route == given and item.jurisdiction in places
        ]
    if shown.condition is None or route not in resolve.ROUTES:
        return []
    regimens = resolve.regimens_by_route(shown.condition, "IV" if route == "IV" else "SC")
    if name == "regimen":
        return [(item.id, f"{item.authority}, {item.phase}") for item in regimens]
    return [(phase, phase) for phase in dict.fromkeys(p for item in regimens for p in resolve.phases(item))]


def _screening(shown: Shown) -> Element:
    flags = _flags(shown.knowledge)
    names = [f"screening.{term.id}" for term in flags]
    topics = [(topic, list(terms)) for topic, terms in groupby(_by_topic(flags), lambda term: term.topic)]
    is_open = any(_is_said(name, shown) for name in names) or bool(shown.text("screening.complete"))
    return h.details(".group", id="group-screening", open=is_open or None)[
        h.summary[h.h2(".group-title")[say("Screening")]],
        h.label(".tick")[
            h.input(
                id=element_id("screening.complete"),
                type="checkbox",
                name="screening.complete",
                value=YES,
                checked=shown.text("screening.complete") == YES or None,
            ),
            h.span[say("All of this was asked: what is not marked as present is absent")],
        ],
        (
            h.section[h.h3[topic.capitalize()], (_flag(term, shown) for term in terms)]
            for topic, terms in topics
        ),
    ]


def _by_topic(flags: list[Term]) -> list[Term]:
    """Together by topic, topics and flags in the order of the vocabulary."""
    order = list(dict.fromkeys(term.topic for term in flags))
    return sorted(flags, key=lambda term: order.index(term.topic))


def _flag(term: Term, shown: Shown) -> Element:
    name = f"screening.{term.id}"
    chosen = shown.text(name)
    return h.fieldset(".flag")[
        h.legend[term.question or term.name],
        h.div(".answers")[
            (
                h.label[
                    h.input(
                        id=element_id(name) if value == "present" else None,
                        type="radio",
                        name=name,
                        value=value,
                        checked=value == chosen or None,
                    ),
                    h.span[called],
                ]
                for value, called in (*options_of(name, shown.knowledge), ("", say("Not asked")))
            )
        ],
        _fault_slot(name, shown),
    ]


def _flags(knowledge: Knowledge) -> list[Term]:
    return [term for term in knowledge.facts.term if term.scope == "screening"]


def _quantities(knowledge: Knowledge) -> dict[str, Quantity]:
    return {f"patient.{each.key}": each for each in person.quantities(knowledge)}


def _is_date(name: str) -> bool:
    return name.endswith(("date", DATE))


def summary(faults: Iterable[tuple[str, Fault]], knowledge: Knowledge) -> Node:
    """All faults together, each a way to its control."""
    listed = [
        h.li[
            h.a(href=f"#{element_id(name)}")[label_of(name, knowledge)] if name else fault.field,
            f": {fault_text(fault, knowledge)}",
        ]
        for name, fault in faults
    ]
    if not listed:
        return None
    return notice("stop", h.p[say("Nothing was planned yet:")], h.ul[listed], urgent=True)
