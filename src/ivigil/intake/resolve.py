"""From the names in an order to the ids of the fact base; what is not known is never guessed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import reduce
from typing import get_args

from ivigil.intake.faults import join, show
from ivigil.intake.fields import Fields
from ivigil.intake.near import OFFERED, nearest_names, plain
from ivigil.knowledge.conditions import Condition, Regimen
from ivigil.knowledge.products import LabelUse, Product, SubcutaneousDose
from ivigil.knowledge.store import Knowledge
from ivigil.order import Route
from ivigil.told import Text, Told, tell

ROUTES: tuple[Route, ...] = get_args(Route)
CONDITION = tell("the id or a synonym of a condition, its ICD-10-CM or its SNOMED CT code")
JURISDICTION = tell("a jurisdiction such as US")
PRODUCT = tell("the id, brand or name of one product")


def condition(fields: Fields, knowledge: Knowledge) -> Condition | None:
    """The condition that ``condition`` names; a fault if none, several, or one not to be treated."""
    written = fields.text("condition", CONDITION)
    if written is None:
        return None
    found = _named_conditions(written, knowledge)
    if len(found) != 1 or _is_broad(written, found[0]):
        near = [item.id for item in found] or nearest_names(written, _condition_names(knowledge))
        fields.fault(
            "condition", tell("one condition: {names}", names=CONDITION) if found else CONDITION, near=near
        )
        return None
    if found[0].do_not_use:
        _refuse(fields, found[0])
        return None
    return found[0]


def named(written: str, knowledge: Knowledge) -> Condition | None:
    """The one condition to be treated that a name stands for; None if none does, or several do."""
    found = _named_conditions(written, knowledge)
    if len(found) != 1 or found[0].do_not_use or _is_broad(written, found[0]):
        return None
    return found[0]


def _named_conditions(written: str, knowledge: Knowledge) -> list[Condition]:
    return [item for item in knowledge.facts.condition if _names_condition(written, item)]


def jurisdiction(fields: Fields, knowledge: Knowledge) -> str | None:
    """A node of the tree of jurisdictions."""
    written = fields.text("jurisdiction", JURISDICTION)
    if written is None or written in knowledge.jurisdictions:
        return written
    names = {node.id: (node.id, node.name) for node in knowledge.facts.jurisdiction}
    same_case = tuple(node for node in names if node.casefold() == written.casefold())
    accepted = tell("a jurisdiction of the fact base: {names}", names=", ".join(sorted(names)))
    fields.fault("jurisdiction", accepted, near=same_case or nearest_names(written, names))
    return None


def product(
    fields: Fields, knowledge: Knowledge, jurisdiction: str, route: Route, *, elsewhere: bool = False
) -> Product | None:
    """The product that ``product`` names in this jurisdiction and route.

    ``elsewhere``: the id of a product of any jurisdiction will do, for what was given before.
    """
    written = fields.text("product", PRODUCT)
    if written is None:
        return None
    exact = knowledge.products.get(written)
    if exact is not None and elsewhere and exact.route == route:
        return exact
    places = knowledge.lineage(jurisdiction)
    here = [item for item in knowledge.facts.product if item.jurisdiction in places and item.route == route]
    named = [exact] if exact is not None else _named_products(written, knowledge)
    found = [item for item in here if item in named]
    if len(found) == 1:
        return found[0]
    alike = found or [item for item in here if any(_same_product(item, other) for other in named)]
    near = [_describe(p) for p in alike] or nearest_names(written, _product_names(here))
    seen: Text = show(written)
    if named and not found:
        others: list[Text] = [_describe(item) for item in named[:OFFERED]]
        product = reduce(_or, others)
        seen = tell("{written} is {product}", written=seen, product=product)
    accepted = tell("the id, brand or name of one product of this jurisdiction and route")
    fields.faults.add(join(fields.path, "product"), seen, accepted, near=near)
    return None


def treated_by_route(condition: Condition, route: Route, knowledge: Knowledge) -> bool:
    """True if any regimen or label gives this condition by this route; planning weighs how sure it is."""
    if regimens_by_route(condition, route):
        return True
    return any(True for _ in licences_by_route(condition, route, knowledge))


def licences_by_route(
    condition: Condition, route: Route, knowledge: Knowledge
) -> Iterator[LabelUse | SubcutaneousDose]:
    """What labels of any jurisdiction state for this condition and route."""
    labels = {label.id for label in knowledge.facts.label_indication if condition.id in label.conditions}
    for item in knowledge.facts.product:
        if item.route == route:
            yield from (use for use in item.uses if use.indication in labels)
            yield from (dose for dose in item.subcutaneous_doses if dose.indication in labels)


def regimens_by_route(condition: Condition, route: Route) -> tuple[Regimen, ...]:
    return tuple(regimen for regimen in condition.regimens if _gives_by(regimen, route))


def regimen(fields: Fields, condition: Condition, route: Route) -> Regimen | None:
    """A regimen of this condition and route, by its id."""
    written = fields.text("regimen")
    if written is None:
        return None
    known = {item.id: item for item in regimens_by_route(condition, route)}
    if written not in known:
        accepted = tell("the id of a regimen of this condition and route")
        fields.fault("regimen", accepted, near=nearest_names(written, {key: (key,) for key in known}))
    return known.get(written)


def phase(
    fields: Fields, condition: Condition, regimen: Regimen | None, route: Route, knowledge: Knowledge
) -> str | None:
    """A phase for which the condition, or the regimen if one is named, has a dose."""
    if regimen is not None:
        return fields.choice("phase", phases(regimen))
    regimens = [name for item in regimens_by_route(condition, route) for name in phases(item)]
    licences = [use.phase for use in licences_by_route(condition, route, knowledge) if route == "SC"]
    return fields.choice("phase", tuple(dict.fromkeys((*regimens, *licences))))


def phases(regimen: Regimen) -> tuple[str, ...]:
    """Every phase that a regimen serves, its own first."""
    return (regimen.phase, *regimen.also_phases)


def _gives_by(regimen: Regimen, route: Route) -> bool:
    weekly = regimen.scig_weekly_g_per_kg_min, regimen.scig_weekly_g_per_kg_max
    return regimen.route == route or (route == "SC" and any(weekly))


def _names_condition(written: str, item: Condition) -> bool:
    names = {plain(name) for name in (item.id, item.name, *item.synonyms)}
    codes = {code.casefold() for code in (*item.icd10cm, *item.snomed_ct, *item.broad_codes)}
    return plain(written) in names or written.strip().casefold() in codes


def _is_broad(written: str, item: Condition) -> bool:
    """True for a code that is wider than the condition: it names it only together with more."""
    return written.strip().casefold() in {code.casefold() for code in item.broad_codes}


def _condition_names(knowledge: Knowledge) -> Mapping[str, Iterable[str]]:
    return {
        item.id: (item.id, item.name, *item.synonyms, *item.icd10cm)
        for item in knowledge.facts.condition
        if not item.do_not_use
    }


def _refuse(fields: Fields, condition: Condition) -> None:
    """Say why immunoglobulin is not used for this condition."""
    reasons = [
        *(f"{item.authority}: {item.text}" for item in condition.findings),
        *(f"{item.scheme}: {item.role} {item.criteria}".strip() for item in condition.national_roles),
    ]
    seen = tell(
        "{written}, {condition}, is not to be treated with immunoglobulin",
        written=show(fields.raw("condition")),
        condition=condition.name,
    )
    if reasons:
        seen = tell("{refused} ({reason})", refused=seen, reason=reasons[0])
    accepted = tell("a condition for which a source supports immunoglobulin")
    fields.faults.add("condition", seen, accepted)


def _or(one: Text, other: Text) -> Told:
    return tell("{this} or {that}", this=one, that=other)


def _named_products(written: str, knowledge: Knowledge) -> list[Product]:
    """Products whose name in full is the written one, else those whose brand is."""
    for names in (_full_names, _brand_names):
        found = [p for p in knowledge.facts.product if plain(written) in map(plain, names(p))]
        if found:
            return found
    return []


def _full_names(product: Product) -> tuple[str, ...]:
    """The id without its jurisdiction and route, and the name with its strength."""
    place_and_route = {product.jurisdiction.casefold(), product.route.casefold(), "iv", "sc"}
    stem = "-".join(part for part in product.id.split("-") if part not in place_and_route)
    return (stem, product.name)


def _brand_names(product: Product) -> tuple[str, ...]:
    return (product.brand, *product.synonyms)


def _same_product(one: Product, other: Product) -> bool:
    """The same brand and strength, whatever the jurisdiction and route."""
    return bool(set(map(plain, _full_names(one))) & set(map(plain, _full_names(other))))


def _product_names(products: Iterable[Product]) -> Mapping[str, Iterable[str]]:
    return {item.id: (*_full_names(item), *_brand_names(item)) for item in products}


def _describe(product: Product) -> str:
    return f"{product.id} ({product.name}, {product.route}, {product.jurisdiction})"
