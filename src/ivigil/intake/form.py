"""An order typed into a form: every control is a path of the order, and intake alone judges what was typed.

The form knows no term of its own: its controls are the keys that an order may hold. What was typed becomes
the JSON of an order as somebody would write it into a file, and is read like one.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

import msgspec

from ivigil.intake import history, person, screening
from ivigil.intake.faults import Faults
from ivigil.intake.fields import Fields
from ivigil.intake.numbers import unmistakable
from ivigil.intake.quantities import Measured, Quantity, take
from ivigil.intake.reading import KEYS, parse_order
from ivigil.knowledge.logic import Reading
from ivigil.knowledge.store import Knowledge
from ivigil.order import Fault, Order
from ivigil.patient import Measurement, Patient

START = ("start.date", "start.time", "start.offset")
"""A start is typed in parts; without an offset it is of the site's zone."""
DATE, REASON = ".date", ".reason"
YES = "true"
_PARTED = ("start", "patient", "screening", "last_immunoglobulin", "overrides")
_OVERRIDE_FAULT = re.compile(r"overrides\[(?P<place>[0-9]+)\](?:\..*)?")

Values = Mapping[str, str]
"""What was typed, by the name of its control; a control that is empty or absent was not answered."""


class Typed(msgspec.Struct, frozen=True, kw_only=True):
    """A form as it was sent."""

    values: Values
    author: str
    """Who sets findings aside: whoever is signed in, never what a form says."""
    zone: dt.tzinfo | None = None
    """Of a start without an offset."""

    def order_text(self, knowledge: Knowledge) -> bytes:
        """The order as JSON, to be read like a file. A control that is none becomes an unknown key."""
        return msgspec.json.encode(self._table(knowledge))

    def read(self, knowledge: Knowledge) -> Order:
        """The order. Raises OrderError with every fault."""
        return parse_order(self.order_text(knowledge), "json", knowledge)

    def control_of(self, fault: Fault, knowledge: Knowledge) -> str:
        """The control at which a fault is shown; "" where no control is to blame."""
        known = controls(knowledge)
        path = fault.field.removesuffix(".value")
        override = _OVERRIDE_FAULT.fullmatch(path)
        if override is not None:
            return f"overrides.{self._set_aside(knowledge)[int(override['place'])]}{REASON}"
        path = {"start": START[0], "patient.id": "patient.id.value"}.get(path, path)
        if path in known:
            return path
        stem, date = (path.removesuffix(DATE), DATE) if path.endswith(DATE) else (path, "")
        for key, quantity in _quantities(knowledge).items():
            if stem in (key, f"patient.{quantity.unit_free_key}"):
                return f"{key}{date}"
        flag = f"screening.{str(fault.value).split(' ')[0]}"
        return flag if path.startswith("screening") and flag in known else ""

    def _table(self, knowledge: Knowledge) -> dict[str, Any]:
        known, quantities = controls(knowledge), _quantities(knowledge)
        flags = screening_flags(knowledge)
        table: dict[str, Any] = {"patient": {}}
        answers: dict[str, list[str]] = {"present": [], "absent": []}
        confirmed: list[str] = []
        for name, text in self._typed():
            if name not in known or name in quantities or name.removesuffix(DATE) in quantities:
                continue  # below: what no control sent; a value and its date are one entry
            if name in flags:
                answers.setdefault(text, []).append(name.removeprefix("screening."))
            elif name == "screening.complete":
                _put(table, name, text == YES)
            elif name.startswith("patient.confirmed."):
                confirmed.append(name.removeprefix("patient.confirmed."))
            elif not name.startswith(("start.", "overrides.")):
                _put(table, name, text)
        for name, quantity in quantities.items():
            self._put_quantity(table, name, quantity)
        start = self._start()
        if start:
            table["start"] = start
        for answer, names in answers.items():
            if names:
                table.setdefault("screening", {})[answer] = names
        if confirmed:
            _put(table, "patient.confirmed", confirmed)
        aside = self._set_aside(knowledge)
        if aside:
            table["overrides"] = [
                {"finding": each, "reason": self._text(f"overrides.{each}{REASON}"), "author": self.author}
                for each in aside
            ]
        strangers = {name: text for name, text in self._typed() if name not in known}
        return table | {f"[{name}]" if name in table else name: text for name, text in strangers.items()}

    def _typed(self) -> Iterator[tuple[str, str]]:
        return ((name, text.strip()) for name, text in self.values.items() if text.strip())

    def _text(self, name: str) -> str:
        return self.values.get(name, "").strip()

    def _put_quantity(self, table: dict[str, Any], name: str, quantity: Quantity) -> None:
        """Under the key that says how it was written, with its date if there is one."""
        text, date = self._text(name), self._text(name + DATE)
        if not text and not date:
            return
        key = f"patient.{quantity.key_of(text)}"
        if not date:
            _put(table, key, text)
        else:
            _put(table, key, {"value": text, "date": date} if text else {"date": date})

    def _start(self) -> str:
        """Date, time and offset as an order states them; without an offset where the zone gives none."""
        date, clock, offset = map(self._text, START)
        if not date and not clock:
            return ""
        moment = f"{date}T{clock}"
        return moment + (offset or _offset(moment, self.zone))

    def _set_aside(self, knowledge: Knowledge) -> tuple[str, ...]:
        """The findings with a reason, in the order of the fact base."""
        hazards = knowledge.facts.hazard
        return tuple(hazard.id for hazard in hazards if self._text(f"overrides.{hazard.id}{REASON}"))


def controls(knowledge: Knowledge) -> frozenset[str]:
    """The name of every control: each key that an order may hold, by its path."""
    quantities = _quantities(knowledge)
    spoken = {f"patient.{key}" for quantity in quantities.values() for key in quantity.keys}
    plain = {f"patient.{key}" for key in person.keys(knowledge)} - spoken
    return frozenset(
        {
            *(key for key in KEYS if key not in _PARTED),
            *START,
            *(plain - {"patient.id", "patient.confirmed"}),
            *(f"patient.id.{key}" for key in person.IDENTIFIER),
            *quantities,
            *(name + DATE for name in quantities),
            *(f"patient.confirmed.{key}" for key in person.confirmable(knowledge)),
            "screening.complete",
            *screening_flags(knowledge),
            *(f"last_immunoglobulin.{key}" for key in history.LAST_KEYS),
            *(f"overrides.{hazard.id}{REASON}" for hazard in knowledge.facts.hazard),
        }
    )


def screening_flags(knowledge: Knowledge) -> frozenset[str]:
    """The controls of flags, each answered with ``present`` or ``absent``."""
    return frozenset(f"screening.{term.id}" for term in knowledge.facts.term if term.scope == "screening")


def _quantities(knowledge: Knowledge) -> dict[str, Quantity]:
    return {f"patient.{each.key}": each for each in person.quantities(knowledge)}


def measured(name: str, text: str, knowledge: Knowledge) -> Measured | None:
    """What a control of a quantity says by itself; None if it is none, or cannot be read."""
    quantity = _quantities(knowledge).get(name)
    if quantity is None or not text.strip():
        return None
    key = quantity.key_of(text)
    return take(Fields({key: text.strip()}, "", (key,), Faults()), quantity)


def values_of(order: Order, knowledge: Knowledge) -> dict[str, str]:
    """The form that gives this order, for a change to it. What an order states nowhere stays empty."""
    values = {key: _shown(getattr(order, key)) for key in KEYS if key not in _PARTED}
    values |= dict(zip(START, _parts(order.start), strict=True))
    values |= _patient_values(order.patient)
    last = order.last_immunoglobulin
    if last is not None:
        values |= {f"last_immunoglobulin.{key}": _shown(getattr(last, key)) for key in history.LAST_KEYS}
    values |= {f"overrides.{each.finding}{REASON}": each.reason for each in order.overrides}
    return {name: text for name, text in values.items() if text}


def _patient_values(patient: Patient) -> dict[str, str]:
    body = {
        "patient.id.system": patient.id.system,
        "patient.id.value": patient.id.value,
        "patient.birth_date": _shown(patient.birth_date),
        "patient.sex": patient.sex,
        "patient.weight_kg": _shown(patient.weight_kg),
        f"patient.weight_kg{DATE}": _shown(patient.weight_date),
        "patient.height_cm": _shown(patient.height_cm),
    }
    numbers = dict(patient.measurements)
    if patient.last_weight_kg is not None:
        numbers["last_weight_kg"] = patient.last_weight_kg
    for name, measurement in numbers.items():
        body |= _measurement(f"patient.{name}", measurement)
    body |= {f"patient.{name}": choice for name, choice in patient.choices.items()}
    body |= {f"patient.confirmed.{name}": YES for name in patient.confirmed}
    asked = patient.screening
    body |= {f"screening.{flag}": screening.PRESENT for flag in asked.present}
    body |= {f"screening.{flag}": screening.ABSENT for flag in asked.absent}
    return body | ({"screening.complete": YES} if asked.complete else {})


def _measurement(name: str, measurement: Measurement) -> dict[str, str]:
    return {name: _reading(measurement.reading), name + DATE: _shown(measurement.date)}


def _reading(reading: Reading) -> str:
    match reading.low, reading.high:
        case Decimal() as low, Decimal() as high if low == high:
            return unmistakable(low)
        case None, Decimal() as high:
            return ("<" if reading.high_open else "<=") + unmistakable(high)
        case Decimal() as low, None:
            return (">" if reading.low_open else ">=") + unmistakable(low)
    return reading.text


def _shown(value: object) -> str:
    match value:
        case None:
            return ""
        case Decimal():
            return unmistakable(value)
        case dt.date():
            return value.isoformat()
    return str(value)


def _parts(start: dt.datetime) -> tuple[str, str, str]:
    clock = f"{start:%H:%M:%S}" if start.second else f"{start:%H:%M}"
    offset = start.isoformat()[-len("+00:00") :]
    return start.date().isoformat(), clock, offset


def _offset(moment: str, zone: dt.tzinfo | None) -> str:
    """The zone's offset at a time on its clocks; "" for a time that they show never, or twice."""
    try:
        naive = dt.datetime.fromisoformat(moment)
    except ValueError:
        return ""
    if zone is None or naive.tzinfo is not None:
        return ""
    offsets = {naive.replace(tzinfo=zone, fold=fold).isoformat()[-len("+00:00") :] for fold in (0, 1)}
    return offsets.pop() if len(offsets) == 1 else ""


def _put(table: dict[str, Any], path: str, value: object) -> None:
    *above, key = path.split(".")
    for name in above:
        table = table.setdefault(name, {})
    table[key] = value


def expressed(found: Measured) -> tuple[tuple[Decimal, str], ...]:
    """The same quantity in the unit of its key, or, written in that, in the others."""
    if found.written.unit != found.quantity.unit:
        return ((found.number, found.quantity.unit),)
    one = Decimal(1)
    return tuple((found.number / found.quantity.convert(one, unit), unit) for unit in found.other_units())
