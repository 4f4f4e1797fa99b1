"""Checking the fact base: identities, references, evidence, ladders, units, conditions.

Every check is a small function from facts to faults; ``faults`` runs them all. ``coverage``
counts what there is and says for each product and use how far Ivigil can plan it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from decimal import Decimal
from functools import cache
from itertools import pairwise

import msgspec
from msgspec.structs import astuple

from ivigil import units
from ivigil.knowledge.agreement import disagreements, rounding_traps
from ivigil.knowledge.evidence import Fact, Record
from ivigil.knowledge.hazards import Advise, Hazard
from ivigil.knowledge.identification import identification_faults
from ivigil.knowledge.logic import When
from ivigil.knowledge.model_check import model_faults
from ivigil.knowledge.products import Product, Schedule
from ivigil.knowledge.reactions import Window
from ivigil.knowledge.spans import outliers
from ivigil.knowledge.store import FactFile, Knowledge, all_facts
from ivigil.knowledge.wording import fits

CHECK_IN_MOMENTS = (
    "policy.check_in_moments",
    "policy.check_in_moments_at_risk",
    "policy.check_in_moments_apart",
)
"""Policies that list windows."""

REQUIRED_POLICIES = (
    *CHECK_IN_MOMENTS,
    "policy.authority_order",
    "policy.borrow_regimen",
    "policy.dose_within_range",
    "policy.rounding",
    "policy.rounding_tolerance",
    "policy.part_vial_step",
    "policy.step_increase",
    "policy.step_interval",
    "policy.minimum_practicable_rate",
    "policy.off_label_rate",
    "policy.pump_step",
    "policy.opening_hours",
    "policy.days_not_stated",
    "policy.longest_course",
    "policy.cumulative_window",
    "policy.plan_valid",
    "policy.premedication",
    "policy.first_questions",
    "policy.dosing_weight",
    "policy.formulary",
    "policy.stock",
    "policy.sc_interval",
    "policy.sc_listed",
    "policy.sc_initial_infusions",
    "policy.sc_most_sites",
    "policy.sc_weeks_per_month",
    "policy.check_in_chair_hours",
    "policy.check_in_questions",
    "policy.check_in_wait",
    "policy.check_in_wait_at_risk",
    "policy.check_in_answer_read",
    "policy.check_in_tell",
    "policy.check_in_tell_unwatched",
    "policy.diary_worse",
    "policy.check_rate_span",
    "policy.check_dose_span",
    "policy.check_confirmed",
    "policy.simulated_temperature_c",
    "policy.simulated_heart_rate_per_min",
    "policy.simulated_respiratory_rate_per_min",
    "policy.simulated_systolic_mmhg",
    "policy.simulated_diastolic_mmhg",
    "policy.simulated_spo2_percent",
    "policy.simulated_urine_ml_per_kg_per_h",
    "reaction-epinephrine-ceiling",
    "reaction-epinephrine-child-maximum",
    "reaction-next-rate",
    "reaction-syringe-step",
)
VOLUME_TOLERANCE = Decimal("0.07")
"""Labels round a vial's volume; a larger gap to grams / strength is a fault."""


def faults(knowledge: Knowledge) -> tuple[str, ...]:
    """Everything wrong with a fact base, one line each: "id: what"."""
    checks = (
        _identities,
        _evidence,
        _references,
        _disagreements,
        _conditions,
        _hazards,
        _products,
        _ranges,
        _policies,
        _translations,
        disagreements,
        outliers,
        identification_faults,
        model_faults,
    )
    return tuple(line for check in checks for line in check(knowledge))


def _identities(knowledge: Knowledge) -> Iterator[str]:
    counts = Counter(fact.id for fact in all_facts(knowledge.facts))
    counts.update(source.id for source in knowledge.facts.source)
    for name, count in counts.items():
        if count > 1:
            yield f"{name}: {count} records share this id"


def _evidence(knowledge: Knowledge) -> Iterator[str]:
    for fact in all_facts(knowledge.facts):
        if fact.seen and not fact.sources:
            yield f"{fact.id}: seen, but no source is named"
        for source in fact.sources:
            if source not in knowledge.sources:
                yield f"{fact.id}: unknown source {source!r}"
    for document in knowledge.facts.source:
        if not document.title:
            yield f"{document.id}: a source needs a title"


def _references(knowledge: Knowledge) -> Iterator[str]:
    for fact in knowledge.by_id.values():
        if fact.superseded_by and fact.superseded_by not in knowledge.by_id:
            yield f"{fact.id}: superseded by unknown {fact.superseded_by!r}"
    for indication in knowledge.facts.label_indication:
        for name in indication.conditions:
            if name not in knowledge.conditions:
                yield f"{indication.id}: unknown condition {name!r}"
    for condition in knowledge.facts.condition:
        for regimen in condition.regimens:
            for place in regimen.jurisdictions:
                if place not in knowledge.jurisdictions:
                    yield f"{regimen.id}: unknown jurisdiction {place!r}"
    for node in knowledge.facts.jurisdiction:
        if node.parent and node.parent not in knowledge.jurisdictions:
            yield f"{node.id}: unknown parent {node.parent!r}"


def _disagreements(knowledge: Knowledge) -> Iterator[str]:
    for item in knowledge.facts.disagreement:
        for name in (*item.about, *((item.chosen,) if item.chosen else ())):
            if name not in knowledge.by_id:
                yield f"{item.id}: unknown fact {name!r}"
        for source in (source for position in item.positions for source in position.sources):
            if source not in knowledge.sources:
                yield f"{item.id}: unknown source {source!r}"


def _conditions(knowledge: Knowledge) -> Iterator[str]:
    """Every condition reads vocabulary terms, with operators that fit their kind."""
    for fact in all_facts(knowledge.facts):
        for when in _whens(fact):
            for leaf in _leaves(when):
                yield from (f"{fact.id}: {problem}" for problem in _leaf_faults(leaf, knowledge))


def _whens(record: Record) -> Iterator[When]:
    return (value for value in astuple(record) if value.__class__ is When)


def _leaves(when: When) -> Iterator[When]:
    parts = [*(when.any_ or ()), *(when.all_ or ()), *(when.count or ())]
    if when.not_ is not None:
        parts.append(when.not_)
    if not parts:
        yield when
    for part in parts:
        yield from _leaves(part)


def _leaf_faults(leaf: When, knowledge: Knowledge) -> Iterator[str]:
    name = leaf.is_ or leaf.field or ""
    term = knowledge.terms.get(name)
    if term is None:
        yield f"unknown term {name!r}"
    elif leaf.is_ is not None and term.kind != "flag":
        yield f"{name!r} is a {term.kind}, not a yes/no term"
    elif leaf.one_of is not None:
        if term.kind != "choice":
            yield f"one_of needs a choice term; {name!r} is a {term.kind}"
        elif term.choices:
            yield from (f"{name!r} has no choice {c!r}" for c in leaf.one_of if c not in term.choices)
    elif leaf.field is not None and term.kind != "number":
        yield f"comparison needs a number term; {name!r} is a {term.kind}"


def _hazards(knowledge: Knowledge) -> Iterator[str]:
    for hazard in knowledge.facts.hazard:
        if not hazard.factors:
            yield f"{hazard.id}: no factor makes it true"
        if not hazard.effects:
            yield f"{hazard.id}: no effect"
        if hazard.unknown == "note" and _restricts(hazard):
            yield f'{hazard.id}: unknown = "note" is for hazards that only advise'


def _restricts(hazard: Hazard) -> bool:
    return hazard.severity != "info" and any(not isinstance(e, Advise) for e in hazard.effects)


def _products(knowledge: Knowledge) -> Iterator[str]:
    for product in knowledge.facts.product:
        if product.jurisdiction not in knowledge.jurisdictions:
            yield f"{product.id}: unknown jurisdiction {product.jurisdiction!r}"
        for use in product.uses:
            if use.indication not in knowledge.label_indications:
                yield f"{use.id}: unknown indication {use.indication!r}"
        for vial in product.vials:
            exact = units.volume_ml(vial.grams, product.g_per_100_ml)
            if abs(vial.volume_ml - exact) > exact * VOLUME_TOLERANCE:
                yield f"{vial.id}: {vial.grams} g in {vial.volume_ml} mL is not {product.g_per_100_ml} %"
        for schedule in product.schedules:
            yield from (f"{schedule.id}: {problem}" for problem in _ladder(schedule, product, knowledge))
        for risk in product.at_risk_rates:
            if (risk.rule == "maximum") != (risk.rate is not None and risk.unit is not None):
                yield f"{risk.id}: a maximum needs rate and unit; minimum_practicable has neither"


def _ladder(schedule: Schedule, product: Product, knowledge: Knowledge) -> Iterator[str]:
    for code in schedule.indications:
        if code != "ANY" and code not in knowledge.label_indications:
            yield f"unknown indication {code!r}"
    if schedule.g_per_100_ml != product.g_per_100_ml:
        yield f"strength {schedule.g_per_100_ml} % is not the product's {product.g_per_100_ml} %"
    if not 0 < schedule.start_rate <= schedule.max_rate:
        yield f"start {schedule.start_rate} and maximum {schedule.max_rate} are not in order"
    if schedule.plannable and schedule.weak:
        yield "plannable, but the evidence is weak"
    steps = schedule.steps
    if not steps:
        return
    if steps[0].rate != schedule.start_rate or steps[-1].rate != schedule.max_rate:
        yield "the ladder does not run from the start rate to the maximum"
    if any(a.rate >= b.rate for a, b in pairwise(steps)):
        yield "the ladder does not rise at every step"
    if any(s.minutes is None or s.minutes <= 0 for s in steps[:-1]) or steps[-1].minutes is not None:
        yield "every step but the last has minutes; the last runs to the end"


def _ranges(knowledge: Knowledge) -> Iterator[str]:
    """Wherever a record has x_min and x_max, they are in order."""
    for fact in all_facts(knowledge.facts):
        for lower, upper in _ends(type(fact)):
            low, high = getattr(fact, lower), getattr(fact, upper)
            if low is not None and high is not None and low > high:
                yield f"{fact.id}: {lower} {low} is above {high}"


@cache
def _ends(kind: type[Record]) -> tuple[tuple[str, str], ...]:
    """The pairs x_min, x_max among the fields of a kind of record."""
    fields = kind.__struct_fields__
    pairs = ((name, f"{name.removesuffix('_min')}_max") for name in fields if name.endswith("_min"))
    return tuple(pair for pair in pairs if pair[1] in fields)


def _policies(knowledge: Knowledge) -> Iterator[str]:
    for name in REQUIRED_POLICIES:
        if name not in knowledge.policies:
            yield f"{name}: this policy is missing"
    for policy in knowledge.facts.policy:
        if not policy.cautious_because:
            yield f"{policy.id}: say why the default is the cautious one"
        unknown = set(policy.bolder) - set(policy.alternatives)
        if unknown:
            yield f"{policy.id}: bolder choices {sorted(unknown)} are not alternatives"
        if policy.id in CHECK_IN_MOMENTS:
            yield from (
                f"{policy.id}: no window {name!r}"
                for name in policy.ranking
                if not isinstance(knowledge.by_id.get(name), Window)
            )


def _translations(knowledge: Knowledge) -> Iterator[str]:
    """Each text fits its English; what to do and how soon stands where it waits for a signature."""
    urgent = {
        text for row in knowledge.facts.symptom_urgency for text in (row.advice, row.advice_measured) if text
    }
    known: dict[tuple[str, str], str] = {}
    for item in knowledge.facts.translation:
        for english, translated in item.texts.items():
            if not fits(english, translated):
                yield f"{item.id}: {english!r} and {translated!r} have room for other values"
            if english in urgent and not item.urgent:
                yield f"{item.id}: {english!r} says what to do and how soon; it belongs to an urgent one"
            other = known.setdefault((item.language, english), item.id)
            if other != item.id and item.id not in knowledge.local:
                yield f"{item.id}: {english!r} is translated by {other} too"


class UseCoverage(msgspec.Struct, frozen=True):
    """How far one licensed use of one product can be planned."""

    product: str
    jurisdiction: str
    indication: str
    reach: str
    """"full plan", "sign-off" (rates not seen complete), "dose only" (no rates at all) or "refused"."""


class Coverage(msgspec.Struct, frozen=True):
    """Counts over the fact base, and the table of uses."""

    by_kind: dict[str, int]
    by_basis: dict[str, int]
    weak: int
    total: int
    signed: int
    uses: tuple[UseCoverage, ...]
    known_by_barcode: tuple[str, ...] = ()
    """Products of which at least one package may be hung on its barcode."""
    rounding_traps: tuple[str, ...] = ()
    """Second figures of labels that were rounded up past the label's own maximum; never planned from."""


def coverage(knowledge: Knowledge) -> Coverage:
    """What the fact base holds and how far each licensed use can be planned."""
    every = tuple(all_facts(knowledge.facts))
    return Coverage(
        by_kind=_counted(type(fact).__name__ for fact in every),
        by_basis=_counted(fact.basis for fact in every),
        weak=sum(fact.weak for fact in every),
        total=len(every),
        signed=len(knowledge.signed),
        uses=tuple(use for product in knowledge.facts.product for use in _uses(product, knowledge)),
        known_by_barcode=tuple(sorted(_known_by_barcode(knowledge))),
        rounding_traps=tuple(rounding_traps(knowledge)),
    )


def _known_by_barcode(knowledge: Knowledge) -> set[str]:
    items = (item for item in knowledge.facts.trade_item if knowledge.permits(item))
    return {product for item in items for product in item.products}


def _counted(names: Iterable[str]) -> dict[str, int]:
    return dict(sorted(Counter(names).items(), key=lambda item: (-item[1], item[0])))


def _uses(product: Product, knowledge: Knowledge) -> Iterator[UseCoverage]:
    for code in dict.fromkeys(use.indication for use in product.uses):
        yield UseCoverage(product.id, product.jurisdiction, code, _reach(product, code, knowledge))


def _reach(product: Product, code: str, knowledge: Knowledge) -> str:
    if not any(vial.seen for vial in product.vials):
        return "refused"
    if product.route == "SC":
        return _reach_of_sites(product, code, knowledge)
    rates = [s for s in product.schedules if code in s.indications or "ANY" in s.indications]
    if any(knowledge.permits(s) and (s.plannable or s.id in knowledge.signed) for s in rates):
        return "full plan"
    return "sign-off" if rates else "dose only"


def _reach_of_sites(product: Product, code: str, knowledge: Knowledge) -> str:
    """Under the skin a plan needs volume and rate per site; a facilitated product a ramp-up too."""
    limits = [limit for limit in product.site_limits if not limit.indications or code in limit.indications]
    needs: list[list[Fact]] = [
        [x for x in limits if x.volume_ml_per_site is not None or x.volume_ml_per_kg_per_site is not None],
        [
            x
            for x in limits
            if x.rate_ml_per_h_per_site is not None or x.rate_ml_per_kg_h_per_site is not None
        ],
    ]
    if product.facilitated:
        needs.append([table for table in product.ramp_ups if code in table.indications])
    if all(any(knowledge.permits(fact) for fact in facts) for facts in needs):
        return "full plan"
    return "sign-off" if all(needs) else "dose only"


def unused_sources(facts: FactFile) -> tuple[str, ...]:
    """Sources that no fact cites: worth reading, not wrong."""
    cited = {source for fact in all_facts(facts) for source in fact.sources}
    return tuple(source.id for source in facts.source if source.id not in cited)
