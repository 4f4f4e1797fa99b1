"""A letter for a patient who carries immunoglobulin on a journey."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import msgspec

from ivigil.course import Plan
from ivigil.knowledge.products import Storage
from ivigil.knowledge.store import Knowledge
from ivigil.order import Route
from ivigil.sheets.document import Bullets, Document, NoDocumentError, Paragraph, Rows, Section, needed, paper
from ivigil.sheets.numbers import number
from ivigil.sheets.report_case import ROUTE, SUBSTANCE, interval_days

_EQUIPMENT: dict[Route, str] = {
    "IV": "infusion lines, needles, syringes, a pump",
    "SC": "needles or infusion sets, syringes, tubing, a pump",
}


_DAYS = 5
"""So many days of a course are listed by their grams."""


class Journey(msgspec.Struct, frozen=True, kw_only=True):
    """Who travels when, and who vouches."""

    traveller: str
    prescriber: str
    leaves: dt.date
    returns: dt.date
    carries: str = ""
    """What is in the bag, as counted: "2 vials of 10 g"."""
    phone: str
    """Where a customs officer or an airline may ask."""


def travel_letter(plan: Plan, journey: Journey, date: dt.date, knowledge: Knowledge) -> Document:
    """The dose is the planned one of a course or interval. Raises NoDocumentError."""
    needed(
        {
            "the traveller's name": journey.traveller,
            "the prescriber": journey.prescriber,
            "a phone for questions": journey.phone,
        }
    )
    if journey.returns < journey.leaves:
        raise NoDocumentError(f"the return {journey.returns} lies before the departure {journey.leaves}")
    if plan.product is None or not plan.days:
        raise NoDocumentError("the plan gives no product: there is nothing to carry")
    return Document(
        title="Letter for a journey with a medicine",
        date=date,
        paper=paper(knowledge.lineage(plan.order.jurisdiction)),
        blocks=(
            Paragraph(text="To whom it may concern: this person carries a medicine for their own treatment."),
            Rows(rows=tuple(_rows(plan, journey, knowledge))),
            Bullets(
                items=(
                    "It is made from human plasma and was prescribed to this person.",
                    f"They may carry what is needed to give it: {_EQUIPMENT[plan.order.route]}.",
                    "Please let them keep the medicine and this equipment with them.",
                )
            ),
            Section(title="How it is kept"),
            Bullets(items=_storage(knowledge.products[plan.product.id].storage, knowledge)),
            Section(title="Signed"),
            Rows(rows=(("Name", journey.prescriber), ("Date and signature", "_" * 30))),
        ),
    )


def _rows(plan: Plan, journey: Journey, knowledge: Knowledge) -> list[tuple[str, str]]:
    assert plan.product is not None
    product, interval = knowledge.products[plan.product.id], interval_days(plan)
    rows = [
        ("Traveller", f"{journey.traveller}, born {plan.order.patient.birth_date}"),
        ("Journey", f"{journey.leaves} to {journey.returns}"),
        ("Medicine", f"{product.name} ({SUBSTANCE}), {product.manufacturer}"),
        ("Dose", f"{_dose(plan)}, every {interval} days" if interval else _dose(plan)),
        ("Route", ROUTE[plan.order.route]),
        ("Carries", journey.carries),
        ("Prescriber", journey.prescriber),
        ("Questions", f"call {journey.phone}"),
    ]
    return [row for row in rows if row[1]]


def _dose(plan: Plan) -> str:
    """What is really given, in whole vials: "30 g", "35 g + 35 g"."""
    grams = [f"{number(day.grams, 3)} g" for day in plan.days]
    if plan.order.route == "SC":
        return f"{grams[0]} an infusion"
    return " + ".join(grams) if len(grams) <= _DAYS else f"{len(grams)} days, {grams[0]} on the first"


def _storage(facts: tuple[Storage, ...], knowledge: Knowledge) -> tuple[str, ...]:
    """Only what was read in a source, or signed by the site: a recollection keeps no medicine cold.

    Of several sources for one range of temperature, the one that allows the shortest time.
    """
    strictest: dict[tuple[Decimal, Decimal], Storage] = {}
    for fact in sorted(facts, key=lambda fact: (fact.max_months is None, fact.max_months or 0)):
        if knowledge.permits(fact):
            strictest.setdefault((fact.temp_min_c, fact.temp_max_c), fact)
    shown = tuple(_kept(fact, knowledge) for fact in strictest.values())
    return (
        (*shown, "Otherwise, and for how long: as its package says.") if shown else ("As its package says.",)
    )


def _kept(fact: Storage, knowledge: Knowledge) -> str:
    months = f", up to {fact.max_months} months" if fact.max_months is not None else ""
    what = f", {fact.condition}" if fact.condition else ""
    titles = "; ".join(document.title for document in knowledge.cited(fact).documents)
    return f"{number(fact.temp_min_c)} to {number(fact.temp_max_c)} °C{months}{what} [{titles}]"
