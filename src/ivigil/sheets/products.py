"""Products in words: the list by place, and some side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping
from decimal import Decimal
from types import MappingProxyType

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.comparison import AtRisk, Comparison, Figure, Rates, compare
from ivigil.knowledge.products import Product, PropertyName, SiteLimit
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import doses
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE, UNSEEN, mark, section, table
from ivigil.sheets.numbers import number, span
from ivigil.sheets.spoken import say, texts

_ABREAST = 3
"""Products that stand side by side in 80 columns."""
_LABEL = 11
_NOT_SEEN = texts("not seen")
_NO = texts("no")
_CODE: dict[str, str] = texts(
    {
        # what it is sold in, and as what
        "vial": "vial",
        "bottle": "bottle",
        "prefilled_syringe": "prefilled syringe",
        "bag": "bag",
        "kit": "kit",
        "liquid": "liquid",
        "lyophilised": "lyophilised",
        # whom a rate is for
        "naive": "naive",
        "experienced": "experienced",
        "renal": "renal",
        "thrombosis": "thrombosis",
        "volume": "volume",
        "age_over_65": "age over 65",
        # which infusion a limit of a site is for
        "first": "first",
        "initial": "initial",
        "later": "later",
        "max": "max",
        "any": "any",
    }
)
_FLAG: dict[bool | None, str] = {True: texts("yes"), False: _NO, None: ""}

_FROM, _TYPICAL, _MAX = texts(("from {number}", "typical {number}", "max {number}"))
_SODIUM: dict[str, PropertyName] = {
    _FROM: "sodium_mmol_per_l_min",
    _TYPICAL: "sodium_mmol_per_l_typical",
    _MAX: "sodium_mmol_per_l_max",
}
_OSMOLALITY: dict[str, PropertyName] = {
    _FROM: "osmolality_mosm_per_kg_min",
    _TYPICAL: "osmolality_mosm_per_kg_typical",
    _MAX: "osmolality_mosm_per_kg_max",
}

_Row = tuple[str, str, Callable[[Product, Comparison], str]]
"""Label, code of the use if it is for one, cell. Rows of one label with equal cells become one."""


def list_sheet(products: tuple[Product, ...], knowledge: Knowledge) -> RenderableType:
    """Every product by jurisdiction: id, name, route, stabilisers."""
    by_place: dict[str, list[Product]] = defaultdict(list)
    for item in products:
        by_place[item.jurisdiction].append(item)
    parts: list[RenderableType] = [Text(f"{len(products)} PRODUCTS", style="bold")]
    for place, items in by_place.items():
        grid = table(24, 26, 3, None)
        for item in items:
            grid.add_row(f"{item.id}{mark(item)}", item.name, item.route, _stabilisers(item))
        parts.append(section(f"{knowledge.jurisdictions[place].name} ({place})", grid))
    parts += [Text(""), Text(FOOTNOTE), Text("ivigil products ID ID... shows some side by side.")]
    return Group(*parts)


def comparison_sheet(products: tuple[Product, ...], knowledge: Knowledge) -> RenderableType:
    """The products side by side, three abreast."""
    blocks = [products[i : i + _ABREAST] for i in range(0, len(products), _ABREAST)]
    named = (
        knowledge.label_indications[code] for code in codes(products) if code in knowledge.label_indications
    )
    names = table(18, None)
    for use in named:
        names.add_row(use.id, use.name)
    parts: list[RenderableType] = [Text("PRODUCTS SIDE BY SIDE", style="bold")]
    for block in blocks:
        parts += [Text(""), _block(block)]
    parts.append(section("Uses", names))
    parts += [Text(""), Text(FOOTNOTE), Text(DISCLAIMER)]
    return Group(*parts)


def _uses(item: Product) -> tuple[str, ...]:
    """Codes of the uses that a licence, a dose or a schedule is stated for."""
    return (
        *(use.indication for use in item.uses),
        *(dose.indication for dose in item.subcutaneous_doses),
        *(code for schedule in item.schedules for code in schedule.indications),
    )


def rows(
    products: tuple[Product, ...], named: Mapping[str, str] = MappingProxyType({})
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is told of the products side by side: a label and a cell of each; rows of equal cells are one.

    A row of which nothing is known of any product is left out. ``named``: uses by name, where there is
    room for more than their codes.
    """
    compared = [(item, compare(item)) for item in products]
    uses = codes(products)
    asked: list[_Row] = [
        *_ROWS,
        *((_USE, code, _use(code)) for code in uses if code != "ANY"),
        *((_RATE, code, _rate(code)) for code in uses),
        (_AT_RISK, "", lambda _, c: "\n".join(map(_at_risk, c.at_risk)) or say(_NOT_SEEN)),
        (_PER_SITE, "", lambda p, _: "\n".join(map(_site, p.site_limits))),
    ]
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind, code, cell in asked:
        cells = tuple(cell(item, figures) for item, figures in compared)
        if not set(cells) <= {"", say(_NO)}:
            merged.setdefault((kind, cells), []).append(code)
    return tuple(
        (say(kind, uses=", ".join(named.get(code, code) for code in of)).strip(), cells)
        for (kind, cells), of in merged.items()
    )


def word(code: str) -> str:
    """What a code of the fact base about a product is called."""
    return say(_CODE.get(code, code.replace("_", " ")))


def codes(products: tuple[Product, ...]) -> tuple[str, ...]:
    """Codes of the uses that a licence, a dose or a schedule of any of the products is stated for."""
    return tuple(dict.fromkeys(code for item in products for code in _uses(item)))


def _block(products: tuple[Product, ...]) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    grid.add_column("", width=_LABEL, overflow="fold")
    for item in products:
        grid.add_column(f"{item.name}{mark(item)}", ratio=1)
    for label, cells in rows(products):
        grid.add_row(label, *cells)
    return grid


def _numbers(names: dict[str, PropertyName], unit: str) -> Callable[[Product, Comparison], str]:
    """A row of numeric properties, each with its word in front."""

    def cell(item: Product, _: Comparison) -> str:
        found = [
            say(word, number=f"{_sign(fact.comparator)}{number(fact.number)} {unit}") + mark(fact)
            for word, name in names.items()
            for fact in item.properties_named(name)
            if fact.number is not None
        ]
        return "\n".join(found) or say(_NOT_SEEN)

    return cell


def _sign(comparator: str) -> str:
    return f"{comparator} " if comparator else ""


def _vials(item: Product, _: Comparison) -> str:
    by_container: dict[str, list[str]] = defaultdict(list)
    for vial in item.vials:
        by_container[vial.container].append(f"{number(vial.grams, 3)}{mark(vial)}")
    named = len(by_container) > 1
    lines = [
        f"{', '.join(sizes)} g" + (f" {word(container)}" if named else "")
        for container, sizes in by_container.items()
    ]
    return "\n".join(lines) or say(_NOT_SEEN)


def _stabilisers(item: Product) -> str:
    named = [f"{p.text}{mark(p)}" for p in item.properties_named("stabiliser")]
    return ", ".join(named) or say(_NOT_SEEN)


def _iga(figures: tuple[Figure, ...]) -> str:
    return "\n".join(_iga_line(figure) for figure in figures) or say(_NOT_SEEN)


def _iga_line(figure: Figure) -> str:
    sign = _sign(figure.comparator)
    weak = UNSEEN if figure.weak else ""
    per_gram = f", {sign}{number(figure.per_g_protein, 0)} µg/g" if figure.per_g_protein is not None else ""
    only = f" ({figure.applies_to})" if figure.applies_to else ""
    return f"{sign}{number(figure.number)} µg/mL{per_gram}{weak}{only}"


def _flag(name: PropertyName) -> Callable[[Product, Comparison], str]:
    def cell(item: Product, _: Comparison) -> str:
        told = ", ".join(f"{say(_FLAG[p.flag])}{mark(p)}" for p in item.properties_named(name))
        return told or say(_NOT_SEEN)

    return cell


_USE, _RATE = texts(("Use {uses}", "Rate {uses}"))
_AT_RISK, _PER_SITE = texts(("At risk", "Per SC site"))
_ROWS: tuple[_Row, ...] = (
    (texts("Id"), "", lambda p, _: p.id),
    (texts("Place"), "", lambda p, _: f"{p.jurisdiction}, {p.route}"),
    (texts("Maker"), "", lambda p, _: p.manufacturer),
    (texts("Strength"), "", lambda p, _: f"{number(p.g_per_100_ml)} %, {word(p.form)}"),
    (texts("Vials"), "", _vials),
    (texts("Stabilisers"), "", lambda p, _: _stabilisers(p)),
    (texts("IgA typical"), "", lambda _, c: _iga(c.iga_typical)),
    (texts("IgA maximum"), "", lambda _, c: _iga(c.iga_maximum)),
    (texts("Sodium"), "", _numbers(_SODIUM, "mmol/L")),
    (texts("Osmolality"), "", _numbers(_OSMOLALITY, "mOsm/kg")),
    (texts("Misleads glucose meter"), "", _flag("glucose_meter_interference")),
    (texts("Anti-A/B lowered"), "", _flag("isoagglutinin_reduced")),
)


def _use(code: str) -> Callable[[Product, Comparison], str]:
    def cell(item: Product, _: Comparison) -> str:
        licensed = [use for use in item.uses if use.indication == code]
        weekly = [dose for dose in item.subcutaneous_doses if dose.indication == code]
        lines = [f"{text}{mark(use)}" for use in licensed if (text := doses.label_use(use))]
        lines += [f"{doses.subcutaneous(dose)}{mark(dose)}" for dose in weekly]
        return "\n".join(lines) or say(texts("dose not seen") if licensed else _NO)

    return cell


def _rate(code: str) -> Callable[[Product, Comparison], str]:
    def cell(_: Product, figures: Comparison) -> str:
        return "\n".join(_rate_line(rates) for rates in figures.rates if code in rates.indications)

    return cell


def _rate_line(rates: Rates) -> str:
    who = [] if rates.experience == "any" else [word(rates.experience)]
    who += _weights(rates.weight_kg_min, rates.weight_kg_below, rates.weight_kg_max)
    pace = f"{number(rates.start, 3)}", f"{number(rates.maximum, 3)} {rates.unit}"
    text = _pace(*pace, strict=rates.strict)
    if rates.start_ml_per_kg_h is not None and rates.maximum_ml_per_kg_h is not None:
        low, high = number(rates.start_ml_per_kg_h), number(rates.maximum_ml_per_kg_h)
        if rates.unit != "mL/kg/h":
            text += f" = {_pace(low, f'{high} mL/kg/h', strict=rates.strict)}"
    state = UNSEEN if rates.weak else ""
    if not rates.complete:
        state += " " + say("(needs sign-off)")
    return f"{', '.join(who)}: {text}{state}" if who else f"{text}{state}"


def _pace(low: str, high: str, *, strict: bool) -> str:
    return say("{low} to below {high}" if strict else "{low} to {high}", low=low, high=high)


def _weights(low: Decimal | None, below: Decimal | None, most: Decimal | None = None) -> list[str]:
    """For whom by weight."""
    said = [say("from {weight}", weight=f"{number(low)} kg")] if low is not None else []
    said += [say("up to {weight}", weight=f"{number(most)} kg")] if most is not None else []
    return [*said, say("under {weight}", weight=f"{number(below)} kg")] if below is not None else said


def _at_risk(rule: AtRisk) -> str:
    groups = ", ".join(map(word, rule.groups))
    weak = UNSEEN if rule.weak else ""
    if rule.maximum is None:
        return say("{groups}: minimum practicable", groups=groups) + weak
    same = rule.unit == "mL/kg/h" or rule.maximum_ml_per_kg_h is None
    per_kg = "" if same else f" = {number(rule.maximum_ml_per_kg_h or 0)} mL/kg/h"
    rate = f"{number(rule.maximum, 3)} {rule.unit}{per_kg}"
    text = texts("{groups}: below {rate}") if rule.strict else texts("{groups}: at most {rate}")
    return say(text, groups=groups, rate=rate) + weak


def _site(limit: SiteLimit) -> str:
    total, most = limit.rate_ml_per_h_total, limit.sites_max
    parts = [
        span(None, limit.volume_ml_per_site, "mL"),
        span(None, limit.volume_ml_per_kg_per_site, "mL/kg"),
        span(limit.rate_ml_per_h_per_site_min, limit.rate_ml_per_h_per_site, "mL/h"),
        span(None, limit.rate_ml_per_kg_h_per_site, "mL/kg/h"),
        say("all sites {rate}", rate=f"{number(total)} mL/h") if total is not None else "",
        say("{count} sites", count=str(most)) if most is not None else "",
        *_weights(limit.weight_kg_min, limit.weight_kg_below),
    ]
    uses = f" ({', '.join(limit.indications)})" if limit.indications else ""
    return f"{word(limit.applies)}{uses}: {', '.join(p for p in parts if p)}{mark(limit)}"
