"""A card for the wallet: what endangers this person first, then product, lots, last dose, reactions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable

import msgspec

from ivigil.course import Plan
from ivigil.infusion.progress import given_g
from ivigil.infusion.state import State
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Patient
from ivigil.sheets.chair import symptom
from ivigil.sheets.chronology import local, term
from ivigil.sheets.document import Bullets, Document, Paragraph, Rows, Section, needed, paper
from ivigil.sheets.numbers import number
from ivigil.sheets.report_case import reading_text

_LIFE_THREATENING = 4
"""CTCAE grade."""
_LOTS = 6
"""So many lots are listed, the last given first; the rest are counted."""
_MEASURED = ("iga_g_per_l",)
_CHOSEN = ("blood_group",)


class Holder(msgspec.Struct, frozen=True, kw_only=True):
    """Whose card it is, and whom a helper calls."""

    name: str
    emergency_phone: str
    phone: str


class _Reaction(msgspec.Struct, frozen=True):
    grade: int
    """0: nobody graded it."""
    date: dt.date
    text: str


def wallet_card(
    plan: Plan,
    infused: tuple[tuple[Plan, State], ...],
    holder: Holder,
    date: dt.date,
    knowledge: Knowledge,
) -> Document:
    """``infused``: every day on which something happened; empty if there is no journal.

    A day on which somebody else was identified at the chair is not this person's.

    Raises NoDocumentError.
    """
    needed(
        {
            "the holder's name": holder.name,
            "a phone for emergencies": holder.emergency_phone,
            "a phone for questions": holder.phone,
        }
    )
    patient = plan.order.patient
    infused = tuple(each for each in infused if each[1].identified in (None, patient.id))
    reactions = _reactions(infused, knowledge)
    present = [finding for finding in plan.findings if finding.state == "present"]
    dangers = [each.text for each in reactions if each.grade >= _LIFE_THREATENING]
    dangers += [finding.name for finding in present if finding.severity == "contraindicated"]
    serious = [finding.name for finding in present if finding.severity == "serious"]
    others = [each.text for each in reactions if each.grade < _LIFE_THREATENING]
    asked = (
        "" if patient.screening.complete else "Not everything was asked: what is not here may still be so."
    )
    return Document(
        title="I get immunoglobulin",
        date=date,
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        shape="card",
        alert="; ".join(dangers),
        blocks=(
            Rows(
                rows=(
                    ("Name", f"{holder.name}, born {patient.birth_date}"),
                    ("Emergency", holder.emergency_phone),
                    ("My centre", holder.phone),
                )
            ),
            *_listed("Take care", serious),
            *_listed("Reactions", others),
            Section(title="My immunoglobulin"),
            Rows(rows=tuple(_medicine(plan, infused, knowledge))),
            *_known(patient, knowledge),
            *([Paragraph(text=asked)] if asked else []),
        ),
        foot=f"As recorded on {date}. {knowledge.site.name}".strip(),
    )


def _listed(title: str, items: Iterable[str]) -> list[Section | Bullets]:
    found = tuple(dict.fromkeys(items))
    return [Section(title=title), Bullets(items=found)] if found else []


def _reactions(infused: tuple[tuple[Plan, State], ...], knowledge: Knowledge) -> list[_Reaction]:
    """Every reaction at its worst grade of the day, the gravest first; symptoms where nothing was graded."""
    worst: dict[tuple[str, dt.date], _Reaction] = {}
    for _, state in infused:
        products = ", ".join(_products(state, knowledge)) or "a product that was not read"
        for spell in state.symptoms if not state.grades else ():
            on = local(spell.since, state).date()
            text = f"{symptom(spell.symptom, knowledge)}, not graded: {products}, {on}"
            worst[spell.symptom, on] = _Reaction(0, on, text)
        for graded in state.grades:
            what, on = graded.grading, local(graded.at, state).date()
            fact = term(what.term, knowledge)
            text = f"{fact.term if fact is not None else what.term}, grade {what.grade}: {products}, {on}"
            before = worst.get((what.term, on))
            if before is None or before.grade < what.grade:
                worst[what.term, on] = _Reaction(what.grade, on, text)
    return sorted(worst.values(), key=lambda each: (-each.grade, -each.date.toordinal(), each.text))


def _products(state: State, knowledge: Knowledge) -> tuple[str, ...]:
    names = (knowledge.products.get(vial.product or "") for vial in state.vials)
    return tuple(dict.fromkeys(product.name for product in names if product is not None))


def _medicine(
    plan: Plan, infused: tuple[tuple[Plan, State], ...], knowledge: Knowledge
) -> Iterable[tuple[str, str]]:
    """The last dose that was given, and its lots; what the order tells where nothing was recorded."""
    given = sorted(
        (s for _, s in infused if s.started_at is not None), key=lambda s: s.started_at or s.day.start
    )
    if given:
        last = given[-1]
        yield "Product", ", ".join(_products(last, knowledge)) or "not read"
        on = local(last.started_at or last.day.start, last).date()
        ended = last.ended_at
        grams = f"{number(given_g(last, ended))} g" if ended is not None else "still running or not closed"
        yield "Last dose", f"{grams}, {on}"
        yield "Lots", _lots(given)
        return
    if plan.product is not None:
        yield "Planned product", plan.product.name
    before = plan.order.last_immunoglobulin
    if before is None:
        yield "Last dose", "none recorded"
        return
    product = knowledge.products.get(before.product or "")
    yield "Last product", product.name if product is not None else "not known"
    yield (
        "Last dose",
        f"{number(before.grams, 3)} g, {before.date}" if before.grams is not None else f"{before.date}",
    )
    yield "Lots", "none recorded"


def _lots(given: list[State]) -> str:
    """The lots with their days, the last first."""
    found = dict.fromkeys(
        f"{vial.lot or 'not read'} ({local(vial.at, state).date()})"
        for state in reversed(given)
        for vial in state.vials
    )
    more = len(found) - _LOTS
    rest = f"; and {more} earlier: ask my centre" if more > 0 else ""
    return ("; ".join(list(found)[:_LOTS]) or "none recorded") + rest


def _known(patient: Patient, knowledge: Knowledge) -> list[Rows]:
    """Blood group and IgA, where they are known."""
    rows = [
        (knowledge.terms[name].name, patient.choices[name]) for name in _CHOSEN if name in patient.choices
    ]
    for name in _MEASURED:
        if name in patient.measurements:
            measured, fact = patient.measurements[name], knowledge.terms[name]
            on = f" ({measured.date})" if measured.date is not None else ""
            rows.append((fact.name, f"{reading_text(measured.reading)} {fact.unit}{on}"))
    return [Rows(rows=tuple(rows))] if rows else []
