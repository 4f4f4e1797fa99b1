"""Why a course or a rate of a plan is limited, told so that two limits of one kind read as two."""

from __future__ import annotations

from decimal import Decimal

from ivigil.course import Plan, Reason
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.hazards import CapDailyDose
from ivigil.knowledge.products import Schedule, SiteLimit
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import words
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import say


def reason(item: Reason, plan: Plan, knowledge: Knowledge) -> str:
    """ "rate cap 6 g/h: earlier aseptic meningitis (assumed)": the limit, its figure, its origin."""
    fact = knowledge.by_id.get(item.fact)
    told = " ".join(part for part in (words.reason(item), _figure(fact)) if part)
    origin = _origin(item, fact, plan, knowledge)
    return f"{told}: {origin}" if origin else told


def schedule(name: str, knowledge: Knowledge) -> str:
    """A schedule of rates by the uses that it is printed for; its id if it is not known."""
    fact = knowledge.by_id.get(name)
    return (_uses(fact, knowledge) if isinstance(fact, Schedule | SiteLimit) else "") or name


def _figure(fact: Fact | None) -> str:
    """The number of a limit in its source's own unit; "" for one that is no single number."""
    if isinstance(fact, CapDailyDose):
        if fact.g_per_kg is not None:
            return f"{number(fact.g_per_kg, 3)} {say('g/kg a day')}"
        return f"{number(fact.grams)} {say('g a day')}" if fact.grams is not None else ""
    rate: Decimal | None = getattr(fact, "max_rate" if isinstance(fact, Schedule) else "rate", None)
    return "" if rate is None else f"{number(rate, 3)} {getattr(fact, 'unit', '')}".strip()


def _origin(item: Reason, fact: Fact | None, plan: Plan, knowledge: Knowledge) -> str:
    if item.finding == plan.order.condition:
        return knowledge.conditions[item.finding].name
    if item.finding:
        found = next((each for each in plan.findings if each.id == item.finding), None)
        if found is None:
            return item.finding
        return f"{found.name} ({say(words.STATE['assumed'])})" if found.state == "assumed" else found.name
    return _uses(fact, knowledge) if isinstance(fact, Schedule | SiteLimit) else ""


def _uses(fact: Schedule | SiteLimit, knowledge: Knowledge) -> str:
    known = (knowledge.label_indications.get(code) for code in fact.indications)
    return ", ".join(each.name for each in known if each is not None)
