"""Facts of the subcutaneous products, as a pharmacist would check them against the labels."""

from __future__ import annotations

from collections import defaultdict
from decimal import Decimal
from itertools import pairwise

import pytest

from ivigil.knowledge.evidence import WEAK_BASES, Fact
from ivigil.knowledge.products import Conversion, Product, SiteLimit, TroughAdjustment
from ivigil.knowledge.store import FACTS, FactFile, all_facts, read_folder

OURS = ("sc.", "dose.")
IV_TO_SC_FACTORS = {Decimal(text) for text in ("1", "1.3", "1.37", "1.4", "1.53")}


@pytest.fixture(scope="module")
def facts() -> FactFile:
    return read_folder(FACTS)[0]


@pytest.fixture(scope="module")
def products(facts: FactFile) -> dict[str, Product]:
    return {item.id: item for item in facts.product if item.route == "SC"}


def within(facts: FactFile, products: dict[str, Product]) -> list[Fact]:
    return [fact for product in products.values() for fact in all_facts(product)]


def test_one_file_a_product(products: dict[str, Product]) -> None:
    files = {path.stem for path in (FACTS / "products" / "sc").glob("*.toml")} - {"disagreements"}
    assert files == set(products)
    assert len({(item.brand, item.g_per_100_ml, item.jurisdiction) for item in products.values()}) == len(
        files
    )


def test_every_fact_has_its_own_id_under_its_product(products: dict[str, Product]) -> None:
    seen: set[str] = set()
    for product in products.values():
        for fact in all_facts(product):
            assert fact is product or fact.id.startswith(product.id + ".")
            assert fact.id not in seen
            seen.add(fact.id)


def test_evidence_is_honest(facts: FactFile, products: dict[str, Product]) -> None:
    known = {source.id for source in facts.source}
    for fact in within(facts, products):
        assert {name for name in fact.sources if name.startswith(OURS)} <= known, fact.id
        assert not fact.seen or fact.sources, fact.id
        assert fact.seen or fact.basis in WEAK_BASES, fact.id


def test_disagreements_name_facts_that_exist(facts: FactFile) -> None:
    known = {fact.id for fact in all_facts(facts)}
    ours = [
        item for item in facts.disagreement if item.id.startswith(("disagreement.sc.", "disagreement.dose."))
    ]
    assert ours
    for item in ours:
        assert {*item.about, *((item.chosen,) if item.chosen else ())} <= known, item.id
        assert item.chosen_because, item.id
        assert len(item.positions) > 1, item.id


def test_vials_hold_what_the_strength_says(products: dict[str, Product]) -> None:
    for product in products.values():
        for vial in product.vials:
            by_strength = vial.volume_ml * product.g_per_100_ml / 100
            # Subgam prints 0.75 g and 1.5 g where 16 % would be 0.80 g and 1.60 g
            tolerance = Decimal("0.07") if product.brand == "Subgam" else Decimal("0.011")
            assert abs(vial.grams - by_strength) <= tolerance * by_strength, vial.id


def _tables(product: Product) -> dict[str, list[TroughAdjustment]]:
    tables: dict[str, list[TroughAdjustment]] = defaultdict(list)
    for cell in product.trough_adjustments:
        tables[cell.interval].append(cell)
    return tables


def _weight(cell: TroughAdjustment) -> Decimal:
    weight = cell.weight_kg if cell.weight_kg is not None else cell.weight_kg_above
    assert weight is not None, cell.id
    return weight


def test_trough_tables_rise_with_weight_and_with_difference(products: dict[str, Product]) -> None:
    for product in products.values():
        for cells in _tables(product).values():
            for row in {cell.trough_difference_g_per_l for cell in cells}:
                across = sorted((c for c in cells if c.trough_difference_g_per_l == row), key=_weight)
                assert all(a.change_ml <= b.change_ml for a, b in pairwise(across)), product.id
                assert len({_weight(c) for c in across}) == len(across)
            for column in {_weight(cell) for cell in cells}:
                down = sorted(
                    (c for c in cells if _weight(c) == column), key=lambda c: c.trough_difference_g_per_l
                )
                assert all(a.change_ml <= b.change_ml for a, b in pairwise(down)), product.id


@pytest.mark.parametrize(
    ("product", "ml"), [("xembify-20-us", "5"), ("cuvitru-20-us", "7"), ("cutaquig-165-us", "12")]
)
def test_trough_tables_are_not_shared(products: dict[str, Product], product: str, ml: str) -> None:
    """70 kg, 1 g/L below target: the labels' own cells (Xembify 2019, Cuvitru 2021, Cutaquig 2020)."""
    cells = [
        cell
        for cell in products[product].trough_adjustments
        if cell.weight_kg == 70 and cell.trough_difference_g_per_l == 1 and cell.interval == "weekly"
    ]
    assert [cell.change_ml for cell in cells] == [Decimal(ml)]


def test_recalled_trough_cells_are_weak_and_old_editions_are_marked(products: dict[str, Product]) -> None:
    assert all(cell.weak for cell in products["hizentra-20-us"].trough_adjustments)
    assert len(products["hizentra-20-us"].trough_adjustments) == 29
    assert all(cell.replaced for cell in products["cutaquig-165-us"].trough_adjustments)


def _factor(items: tuple[Conversion, ...], indication: str, *, superseded: bool = False) -> list[Decimal]:
    return [
        item.factor
        for item in items
        if item.convert_from == "IV"
        and item.replaced is superseded
        and (indication in item.indications or not item.indications)
    ]


@pytest.mark.parametrize(
    ("product", "indication", "factor", "former"),
    [
        ("hizentra-20-us", "PI", "1.37", "1.53"),
        ("hizentra-20-eu", "PI", "1", None),
        ("hizentra-20-eu", "CIDP", "1", None),
        ("cuvitru-20-us", "PI", "1.3", None),
        ("xembify-20-us", "PI", "1.37", None),
        ("cutaquig-165-us", "PI", "1.3", "1.4"),
        ("gammagard-liquid-us-sc", "PI", "1.37", None),
        ("gamunex-c-us-sc", "PI", "1.37", None),
        ("hyqvia-10-us", "PI", "1", None),
    ],
)
def test_iv_to_sc_factor(
    products: dict[str, Product], product: str, indication: str, factor: str, former: str | None
) -> None:
    conversions = products[product].conversions
    assert _factor(conversions, indication) == [Decimal(factor)]
    assert _factor(conversions, indication, superseded=True) == ([Decimal(former)] if former else [])


def test_no_factor_outside_the_sources(products: dict[str, Product]) -> None:
    for product in products.values():
        for item in product.conversions:
            assert item.factor in IV_TO_SC_FACTORS, item.id
            assert item.convert_from == "IV" or item.factor == 1, item.id


def test_the_us_hizentra_factor_is_not_for_cidp(products: dict[str, Product]) -> None:
    """The US label doses CIDP by weight: 0.2 g/kg a week, 0.4 the highest."""
    assert _factor(products["hizentra-20-us"].conversions, "CIDP") == []
    doses = [d for d in products["hizentra-20-us"].subcutaneous_doses if d.id.endswith(".dose.cidp")]
    assert [(d.g_per_kg_per_week_min, d.g_per_kg_per_week_max) for d in doses] == [
        (Decimal("0.2"), Decimal("0.4"))
    ]


def _holds(limit: SiteLimit, *, age: int, kg: str, infusion: int, indication: str) -> bool:
    weight = Decimal(kg)
    return (
        (not limit.indications or indication in limit.indications)
        and (limit.infusions_from is None or limit.infusions_from <= infusion)
        and (limit.infusions_to is None or infusion <= limit.infusions_to)
        and (limit.weight_kg_min is None or limit.weight_kg_min <= weight)
        and (limit.weight_kg_below is None or weight < limit.weight_kg_below)
        and (limit.age_min_years is None or limit.age_min_years <= age)
        and (limit.age_max_years is None or age < limit.age_max_years)
    )


@pytest.mark.parametrize(
    ("product", "indication", "age", "kg", "infusion", "volume_ml", "rate_ml_per_h"),
    [
        ("hizentra-20-us", "PI", 40, "70", 1, "15", "15"),
        ("hizentra-20-us", "PI", 40, "70", 2, "25", "25"),
        ("hizentra-20-us", "CIDP", 40, "70", 1, "20", "20"),
        ("hizentra-20-us", "CIDP", 40, "70", 2, "50", "50"),
        ("hizentra-20-eu", "PI", 40, "70", 1, "50", "20"),
        ("hizentra-20-eu", "PI", 40, "70", 3, "50", "35"),
        ("cuvitru-20-us", "PI", 8, "39.9", 2, "20", "20"),
        ("cuvitru-20-us", "PI", 40, "40", 1, "60", "20"),
        ("cuvitru-20-us", "PI", 40, "40", 3, "60", "60"),
        ("xembify-20-us", "PI", 9, "30", 1, "25", "25"),
        ("xembify-20-us", "PI", 10, "30", 1, "25", "35"),
        ("cutaquig-165-us", "PI", 6, "20", 1, "10", "15"),
        ("cutaquig-165-us", "PI", 6, "20", 3, "15.5", "25"),
        ("cutaquig-165-us", "PI", 16, "50", 2, "15", "15"),
        ("cutaquig-165-us", "PI", 17, "50", 3, "29", "25"),
        ("cutaquig-165-us", "PI", 18, "50", 2, "25", "20"),
        ("cutaquig-165-us", "PI", 18, "50", 3, "40", "52"),
        ("gammanorm-165-ch", "PI", 30, "60", 11, "35", "25"),
    ],
)
def test_volume_and_rate_per_site(
    products: dict[str, Product],
    *,
    product: str,
    indication: str,
    age: int,
    kg: str,
    infusion: int,
    volume_ml: str,
    rate_ml_per_h: str,
) -> None:
    limits = [
        item
        for item in products[product].site_limits
        if _holds(item, age=age, kg=kg, infusion=infusion, indication=indication)
    ]
    if product == "gammanorm-165-ch":  # its rates are "initial" and "later", not counted
        limits = [item for item in limits if item.applies != "initial"]
    volumes = {item.volume_ml_per_site for item in limits} - {None}
    rates = {item.rate_ml_per_h_per_site for item in limits} - {None}
    assert (volumes, rates) == ({Decimal(volume_ml)}, {Decimal(rate_ml_per_h)})


@pytest.mark.parametrize(
    ("kg", "first", "later", "total"), [("39.9", "15", "20", "160"), ("40", "20", "30", "240")]
)
def test_gammagard_sc_rates_turn_at_40_kg(
    products: dict[str, Product], kg: str, first: str, later: str, total: str
) -> None:
    limits = [
        item
        for item in products["gammagard-liquid-us-sc"].site_limits
        if _holds(item, age=30, kg=kg, infusion=1, indication="PI")
        and item.rate_ml_per_h_per_site is not None
    ]
    by_phase = {item.applies: item for item in limits}
    assert len(limits) == 2
    assert by_phase["initial"].rate_ml_per_h_per_site == Decimal(first)
    assert by_phase["later"].rate_ml_per_h_per_site == Decimal(later)
    assert by_phase["later"].rate_ml_per_h_total == Decimal(total)


@pytest.mark.parametrize(
    ("suffix", "rates"),
    [
        ("under-40-first2", [5, 10, 20, 40, 80]),
        ("under-40-next", [10, 20, 40, 80, 160]),
        ("40-first2", [10, 30, 60, 120, 240]),
        ("40-next", [10, 30, 120, 240, 300]),
    ],
)
def test_hyqvia_ladders_of_the_leaflet(products: dict[str, Product], suffix: str, rates: list[int]) -> None:
    schedule = next(s for s in products["hyqvia-10-eu"].schedules if s.id.endswith("." + suffix))
    assert [int(step.rate) for step in schedule.steps] == rates
    assert [step.minutes for step in schedule.steps] == [10, 10, 10, 10, None]
    assert [int(schedule.start_rate), int(schedule.max_rate)] == [rates[0], rates[-1]]
    assert (schedule.experience == "experienced") == suffix.endswith("next")


def test_hyqvia_ramp_up_of_the_label(products: dict[str, Product]) -> None:
    """The label's example: 30 g every 4 weeks gives 7.5, 15, 22.5 and 30 g in weeks 1, 2, 4 and 7."""
    ramps = {ramp.interval_weeks: ramp for ramp in products["hyqvia-10-us"].ramp_ups}
    weekly = Decimal(30) / 4
    given = [(step.week, step.dose_weeks * weekly) for step in ramps[Decimal(4)].steps if step.dose_weeks]
    assert given == [(1, Decimal("7.5")), (2, 15), (4, Decimal("22.5")), (7, 30)]
    assert max(step.dose_weeks for step in ramps[Decimal(3)].steps) == 3


def test_hyqvia_daily_maximum(products: dict[str, Product]) -> None:
    caps = {
        (dose.weight_kg_min, dose.weight_kg_below): dose.g_per_day_max
        for dose in products["hyqvia-10-us"].subcutaneous_doses
        if dose.g_per_day_max
    }
    assert caps == {(Decimal(40), None): 120, (None, Decimal(40)): 60}


def test_proline_and_maltose_carry_their_hazard(products: dict[str, Product]) -> None:
    for product in products.values():
        stabilisers = {item.text for item in product.properties_named("stabiliser")}
        assert all(name == name.lower() for name in stabilisers if name)
        codes = {item.code for item in product.contraindications}
        if "l-proline" in stabilisers:
            assert "hyperprolinaemia" in codes, product.id
        if "maltose" in stabilisers:
            flags = [item.flag for item in product.properties_named("glucose_meter_interference")]
            assert flags == [True], product.id


def test_class_contraindications_are_on_every_product(products: dict[str, Product]) -> None:
    for product in products.values():
        codes = {item.code for item in product.contraindications}
        assert "severe_hypersensitivity_to_human_ig" in codes, product.id
        assert "iga_deficiency_with_anti_iga_and_hypersensitivity_history" in codes, product.id


def test_us_products_carry_the_boxed_warning_and_its_rate_rule(products: dict[str, Product]) -> None:
    for product in products.values():
        if product.jurisdiction == "US":
            boxed = [item for item in product.properties_named("boxed_warning") if item.items]
            assert "thrombosis" in (boxed[0].items or ()), product.id
            assert any(
                rule.rule == "minimum_practicable" and "thrombosis" in rule.groups
                for rule in product.at_risk_rates
            ), product.id


def test_rules_of_a_sister_product_are_not_borrowed(products: dict[str, Product]) -> None:
    """Gammaked is made like Gamunex-C, but its SC rules were not read."""
    gammaked = products["gammaked-us-sc"]
    assert not (gammaked.conversions or gammaked.site_limits or gammaked.subcutaneous_doses)
    assert all(use.weak for use in gammaked.uses)


def test_subcutaneous_use_in_itp_is_refused(products: dict[str, Product]) -> None:
    assert "ITP" not in {use.indication for item in products.values() for use in item.uses}
    assert "itp_by_subcutaneous_route" in {
        item.code for item in products["gamunex-c-us-sc"].contraindications
    }
