"""Products in words: the list by place, and some side by side."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.knowledge.comparison import AtRisk, Comparison, Figure, Rates, compare
from ivigil.knowledge.products import Product, PropertyName, SiteLimit
from ivigil.knowledge.store import Knowledge
from ivigil.sheets import doses
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE, UNSEEN, mark, section, table
from ivigil.sheets.numbers import number, span

_ABREAST = 3
"""Products that stand side by side in 80 columns."""
_LABEL = 11
_NOT_SEEN = "not seen"
_NO = "no"

_SODIUM: dict[str, PropertyName] = {
    "from": "sodium_mmol_per_l_min",
    "typical": "sodium_mmol_per_l_typical",
    "max": "sodium_mmol_per_l_max",
}
_OSMOLALITY: dict[str, PropertyName] = {
    "from": "osmolality_mosm_per_kg_min",
    "typical": "osmolality_mosm_per_kg_typical",
    "max": "osmolality_mosm_per_kg_max",
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


def rows(products: tuple[Product, ...]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """What is told of the products side by side: a label and a cell of each; rows of equal cells are one.

    A row of which nothing is known of any product is left out.
    """
    compared = [(item, compare(item)) for item in products]
    uses = codes(products)
    asked: list[_Row] = [
        *_ROWS,
        *(("Use", code, _use(code)) for code in uses if code != "ANY"),
        *(("Rate", code, _rate(code)) for code in uses),
        ("At risk", "", lambda _, c: "\n".join(map(_at_risk, c.at_risk)) or _NOT_SEEN),
        ("Per SC site", "", lambda p, _: "\n".join(map(_site, p.site_limits))),
    ]
    merged: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for kind, code, cell in asked:
        cells = tuple(cell(item, figures) for item, figures in compared)
        if not set(cells) <= {"", _NO}:
            merged.setdefault((kind, cells), []).append(code)
    return tuple((f"{kind} {', '.join(of)}".strip(), cells) for (kind, cells), of in merged.items())


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
            f"{word} {_sign(fact.comparator)}{number(fact.number)} {unit}{mark(fact)}"
            for word, name in names.items()
            for fact in item.properties_named(name)
            if fact.number is not None
        ]
        return "\n".join(found) or _NOT_SEEN

    return cell


def _sign(comparator: str) -> str:
    return f"{comparator} " if comparator else ""


def _vials(item: Product, _: Comparison) -> str:
    by_container: dict[str, list[str]] = defaultdict(list)
    for vial in item.vials:
        by_container[vial.container].append(f"{number(vial.grams, 3)}{mark(vial)}")
    named = len(by_container) > 1
    lines = [
        f"{', '.join(sizes)} g" + (f" {container.replace('_', ' ')}" if named else "")
        for container, sizes in by_container.items()
    ]
    return "\n".join(lines) or _NOT_SEEN


def _stabilisers(item: Product) -> str:
    named = [f"{p.text}{mark(p)}" for p in item.properties_named("stabiliser")]
    return ", ".join(named) or _NOT_SEEN


def _iga(figures: tuple[Figure, ...]) -> str:
    return "\n".join(_iga_line(figure) for figure in figures) or _NOT_SEEN


def _iga_line(figure: Figure) -> str:
    sign = _sign(figure.comparator)
    weak = UNSEEN if figure.weak else ""
    per_gram = f", {sign}{number(figure.per_g_protein, 0)} ug/g" if figure.per_g_protein is not None else ""
    only = f" ({figure.applies_to})" if figure.applies_to else ""
    return f"{sign}{number(figure.number)} ug/mL{per_gram}{weak}{only}"


def _flag(name: PropertyName) -> Callable[[Product, Comparison], str]:
    def cell(item: Product, _: Comparison) -> str:
        words = {True: "yes", False: "no", None: ""}
        told = ", ".join(f"{words[p.flag]}{mark(p)}" for p in item.properties_named(name))
        return told or _NOT_SEEN

    return cell


_ROWS: tuple[_Row, ...] = (
    ("Id", "", lambda p, _: p.id),
    ("Place", "", lambda p, _: f"{p.jurisdiction}, {p.route}"),
    ("Maker", "", lambda p, _: p.manufacturer),
    ("Strength", "", lambda p, _: f"{number(p.g_per_100_ml)} %, {p.form}"),
    ("Vials", "", _vials),
    ("Stabilisers", "", lambda p, _: _stabilisers(p)),
    ("IgA typical", "", lambda _, c: _iga(c.iga_typical)),
    ("IgA maximum", "", lambda _, c: _iga(c.iga_maximum)),
    ("Sodium", "", _numbers(_SODIUM, "mmol/L")),
    ("Osmolality", "", _numbers(_OSMOLALITY, "mosm/kg")),
    ("Misleads glucose meter", "", _flag("glucose_meter_interference")),
    ("Anti-A/B lowered", "", _flag("isoagglutinin_reduced")),
)


def _use(code: str) -> Callable[[Product, Comparison], str]:
    def cell(item: Product, _: Comparison) -> str:
        licensed = [use for use in item.uses if use.indication == code]
        weekly = [dose for dose in item.subcutaneous_doses if dose.indication == code]
        lines = [f"{text}{mark(use)}" for use in licensed if (text := doses.label_use(use))]
        lines += [f"{doses.subcutaneous(dose)}{mark(dose)}" for dose in weekly]
        return "\n".join(lines) or ("dose not seen" if licensed else _NO)

    return cell


def _rate(code: str) -> Callable[[Product, Comparison], str]:
    def cell(_: Product, figures: Comparison) -> str:
        return "\n".join(_rate_line(rates) for rates in figures.rates if code in rates.indications)

    return cell


def _rate_line(rates: Rates) -> str:
    below = "below " if rates.strict else ""
    who = [] if rates.experience == "any" else [str(rates.experience)]
    who += [f"from {number(rates.weight_kg_min)} kg"] if rates.weight_kg_min is not None else []
    who += [f"under {number(rates.weight_kg_max)} kg"] if rates.weight_kg_max is not None else []
    text = f"{number(rates.start, 3)} to {below}{number(rates.maximum, 3)} {rates.unit}"
    if rates.start_ml_per_kg_h is not None and rates.maximum_ml_per_kg_h is not None:
        low, high = number(rates.start_ml_per_kg_h), number(rates.maximum_ml_per_kg_h)
        if rates.unit != "mL/kg/h":
            text += f" = {low} to {below}{high} mL/kg/h"
    state = (UNSEEN if rates.weak else "") + ("" if rates.complete else " (needs sign-off)")
    return f"{', '.join(who)}: {text}{state}" if who else f"{text}{state}"


def _at_risk(rule: AtRisk) -> str:
    groups = ", ".join(group.replace("_", " ") for group in rule.groups)
    weak = UNSEEN if rule.weak else ""
    if rule.maximum is None:
        return f"{groups}: minimum practicable{weak}"
    sign = "below" if rule.strict else "at most"
    same = rule.unit == "mL/kg/h" or rule.maximum_ml_per_kg_h is None
    per_kg = "" if same else f" = {number(rule.maximum_ml_per_kg_h or 0)} mL/kg/h"
    return f"{groups}: {sign} {number(rule.maximum, 3)} {rule.unit}{per_kg}{weak}"


def _site(limit: SiteLimit) -> str:
    parts = [
        span(None, limit.volume_ml_per_site, "mL"),
        span(None, limit.volume_ml_per_kg_per_site, "mL/kg"),
        span(limit.rate_ml_per_h_per_site_min, limit.rate_ml_per_h_per_site, "mL/h"),
        span(None, limit.rate_ml_per_kg_h_per_site, "mL/kg/h"),
        f"all sites {number(limit.rate_ml_per_h_total)} mL/h"
        if limit.rate_ml_per_h_total is not None
        else "",
        f"{limit.sites_max} sites" if limit.sites_max is not None else "",
        f"from {number(limit.weight_kg_min)} kg" if limit.weight_kg_min is not None else "",
        f"under {number(limit.weight_kg_max)} kg" if limit.weight_kg_max is not None else "",
    ]
    uses = f" ({', '.join(limit.indications)})" if limit.indications else ""
    return f"{limit.applies}{uses}: {', '.join(p for p in parts if p)}{mark(limit)}"
