"""The dosing weight: a man of 175 cm (ideal 70.46 kg) and the policies of three places, made by hand.

Ideal weight by Devine: 50 kg + 2.3 kg for each inch above 60 (men), 45.5 kg (women).
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from msgspec.structs import replace

from ivigil.knowledge.conditions import Regimen
from ivigil.knowledge.logic import Reading, Saw, Value, When
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.weights import AdjustedWeightFormula, IdealWeightFormula, WeightPolicy, WeightRule
from ivigil.patient import Patient
from ivigil.planning.weight import Weight, dosing_weight
from tests.support import small
from tests.support.orders import adult
from tests.support.small import D, made, order, regimen

OBESE = When(field="bmi_kg_per_m2", at_least=D(30))
HEAVY: dict[str, Value] = {"bmi_kg_per_m2": Reading.exactly(D("32.65")), "adult": True}
LEAN: dict[str, Value] = {"bmi_kg_per_m2": Reading.exactly(D("22.86")), "adult": True}

FORMULAS = {
    "ideal_weight": (
        made(
            IdealWeightFormula,
            "men",
            sex="male",
            base_kg=D(50),
            slope_kg_per_inch=D("2.3"),
            offset_inches=D(60),
            height_cm_min=D(152),
        ),
        made(
            IdealWeightFormula,
            "women",
            sex="female",
            base_kg=D("45.5"),
            slope_kg_per_inch=D("2.3"),
            offset_inches=D(60),
        ),
    ),
    "adjusted_weight": (
        made(AdjustedWeightFormula, "0.4", factor=D("0.4")),
        made(AdjustedWeightFormula, "0.5", factor=D("0.5")),
    ),
}


def line(name: str, weight: str, when: When | None = None, **fields: Any) -> WeightRule:
    return made(WeightRule, name, weight=weight, when=when, **fields)


def policy(name: str, *lines: WeightRule, **fields: Any) -> WeightPolicy:
    usual: dict[str, Any] = {"authority": name, "jurisdiction": "INT", "strength": "ours", "lines": lines}
    return made(WeightPolicy, name, **{**usual, **fields})


HOUSE = policy(
    "weight.default",
    line("default.adjusted", "adjusted", OBESE, factor="0.4"),
    line("default.actual", "actual"),
)


def known(*policies: WeightPolicy, house: WeightPolicy = HOUSE, **fields: Any) -> Knowledge:
    return small.knowledge(weight_policy=(house, *policies), **{**FORMULAS, **fields})


def weighed(
    actual: str = "100",
    *,
    case: dict[str, Value] | None = None,
    rule: Regimen | None = None,
    base: Knowledge | None = None,
    patient: Patient | None = None,
    **fields: Any,
) -> Weight:
    body = patient or adult(actual)
    return dosing_weight(
        order(body, **fields), rule or regimen(), HEAVY if case is None else case, base or known()
    )


def test_an_obese_man_is_dosed_on_his_adjusted_weight() -> None:
    """175 cm are 68.90 in: 50 + 2.3 x 8.90 = 70.46 kg; 70.46 + 0.4 x 29.54 = 82.28 kg."""
    assert weighed() == Weight(
        kg=D("82.28"),
        kind="adjusted",
        actual_kg=D(100),
        ideal_kg=D("70.46"),
        adjusted_kg=D("82.28"),
        missing=(),
        saw=(Saw("bmi_kg_per_m2", "32.65", D("32.65")),),
        facts=("weight.default", "default.adjusted"),
    )


def test_a_lean_man_is_dosed_on_his_actual_weight_and_never_up() -> None:
    lean = weighed("60", case=LEAN)
    assert (lean.kg, lean.kind, lean.facts) == (D(60), "actual", ("weight.default", "default.actual"))
    # even where a policy would compute more than he weighs
    always = known(house=policy("weight.default", line("ideal", "ideal")))
    lean = weighed("60", case=LEAN, base=always)
    assert (lean.kg, lean.kind, lean.ideal_kg) == (D(60), "actual", D("70.46"))
    assert weighed("100", base=always).kg == D("70.46")
    assert weighed("100", base=always).kind == "ideal"


def test_the_factor_is_the_one_that_the_line_names() -> None:
    half = known(house=policy("weight.default", line("l", "adjusted", OBESE, factor="0.5")))
    assert weighed(base=half).kg == D("85.23")
    unnamed = known(house=policy("weight.default", line("l", "adjusted", OBESE)))
    assert weighed(base=unnamed).kg == D("82.28")  # the first formula there is
    none = known(adjusted_weight=())
    assert (weighed(base=none).kg, weighed(base=none).adjusted_kg) == (D(100), None)


def test_where_the_formula_does_not_hold_the_actual_weight_stands() -> None:
    short = adult("100", height_cm="151")
    found = weighed(patient=short)
    assert (found.kg, found.kind, found.ideal_kg, found.adjusted_kg) == (D(100), "actual", None, None)
    at_the_limit = weighed(patient=adult("100", height_cm="152"))
    assert at_the_limit.ideal_kg == D("49.64")  # 59.84 in


def test_a_woman_has_her_own_formula() -> None:
    """160 cm: 62.99 in, 45.5 + 2.3 x 2.99 = 52.38 kg."""
    woman = replace(adult("110", height_cm="160"), sex="female")
    assert weighed(patient=woman).ideal_kg == D("52.38")
    assert weighed(patient=woman).kg == D("75.43")


# Which policy.


def adjusting(name: str, **fields: Any) -> WeightPolicy:
    return policy(name, line(f"{name}.line", "ideal"), **{"default": True, **fields})


@pytest.mark.parametrize(
    ("policies", "jurisdiction", "rules"),
    [
        ((), "US", "weight.default"),
        ((adjusting("us", jurisdiction="US"),), "US", "us"),
        ((adjusting("ca", jurisdiction="CA"),), "US", "weight.default"),
        ((adjusting("ca", jurisdiction="CA"),), "CA-ON", "ca"),
        ((adjusting("ca", jurisdiction="CA"), adjusting("on", jurisdiction="CA-ON")), "CA-ON", "on"),
        ((adjusting("us", jurisdiction="US", default=False),), "US", "weight.default"),
        ((adjusting("us", jurisdiction="US", superseded=True),), "US", "weight.default"),
        ((adjusting("us", jurisdiction="US", effective=dt.date(2026, 11, 23)),), "US", "us"),
        ((adjusting("us", jurisdiction="US", effective=dt.date(2026, 11, 24)),), "US", "weight.default"),
        (
            (
                adjusting("new", jurisdiction="US", effective=dt.date(2027, 1, 1)),
                adjusting("old", jurisdiction="US"),
            ),
            "US",
            "old",
        ),
        ((adjusting("first", jurisdiction="US"), adjusting("second", jurisdiction="US")), "US", "first"),
    ],
)
def test_the_policy_in_force_nearest_to_the_patient_rules(
    policies: tuple[WeightPolicy, ...], jurisdiction: str, rules: str
) -> None:
    assert weighed(base=known(*policies), jurisdiction=jurisdiction).facts[0] == rules


def test_a_site_may_choose_another_policy() -> None:
    site = known(adjusting("ours"), policies={"policy.dosing_weight": "ours"})
    assert weighed(base=site).facts == ("ours", "ours.line")
    unknown = known(policies={"policy.dosing_weight": "nobody's"})
    assert weighed(base=unknown).facts[0] == "weight.default"


# Which line of it.


def test_the_first_line_that_holds_or_cannot_be_ruled_out() -> None:
    pregnant, child = When(is_="pregnancy"), When(is_="child")
    base = known(
        house=policy(
            "weight.default",
            line("child", "actual", child),
            line("pregnant", "ideal", pregnant),
            line("fever", "ideal", conditions=(small.FEVER,)),
            line("rest", "actual"),
        )
    )
    answered: dict[str, Value] = {"child": False, "pregnancy": False}
    assert weighed(base=base, case=answered).facts[1] == "fever"
    assert weighed(base=base, case={**answered, "pregnancy": True}).facts[1] == "pregnant"
    assert weighed(base=base, case={**answered, "child": True}).facts[1] == "child"
    open_one = weighed(base=base, case={"child": False})
    assert (open_one.facts[1], open_one.missing) == ("pregnant", ("pregnancy",))
    assert (open_one.kg, open_one.kind) == (D(100), "actual")  # stands in until it is answered


def test_lines_for_other_conditions_do_not_end_the_search() -> None:
    lines = (line("one", "ideal", conditions=("another",)), line("two", "ideal"), line("rest", "actual"))
    assert weighed(base=known(house=policy("weight.default", *lines))).facts[1] == "two"


def test_a_line_for_other_conditions_is_passed_over_and_actual_ends_the_list() -> None:
    other = known(house=policy("weight.default", line("one", "ideal", conditions=("another",))))
    found = weighed(base=other)
    assert (found.kind, found.facts) == ("actual", ("weight.default", "one"))
    assert found.saw == ()
    ruled_out = known(house=policy("weight.default", line("one", "ideal", OBESE)))
    assert weighed(base=ruled_out, case=LEAN).kind == "actual"


# What is missing.


def test_without_a_height_an_open_line_asks_for_the_height() -> None:
    unmeasured = replace(adult("100"), height_cm=None)
    found = weighed(patient=unmeasured, case={"adult": True})
    assert (found.missing, found.kg, found.ideal_kg, found.adjusted_kg) == (
        ("height_cm",),
        D(100),
        None,
        None,
    )


def test_without_a_height_a_line_that_holds_needs_it_only_if_it_computes() -> None:
    unmeasured = replace(adult("100"), height_cm=None)
    assert weighed(patient=unmeasured, case=LEAN).missing == ()
    assert weighed(patient=unmeasured, case=HEAVY).missing == ("height_cm",)


def test_pregnancy_is_dosed_on_the_adjusted_weight_of_before() -> None:
    """80 kg before: 70.46 + 0.4 x 9.54 = 74.28 kg."""
    before = policy(
        "weight.default", line("p", "pre_pregnancy_adjusted", When(is_="pregnancy"), factor="0.4")
    )
    base, pregnant = known(house=before), {"pregnancy": True}
    found = weighed(base=base, case={**pregnant, "pre_pregnancy_weight_kg": Reading.exactly(80)})
    assert (found.kg, found.kind, found.missing) == (D("74.28"), "pre_pregnancy_adjusted", ())
    halved = line("p", "pre_pregnancy_adjusted", When(is_="pregnancy"), factor="0.5")
    half = weighed(
        base=known(house=policy("weight.default", halved)),
        case={**pregnant, "pre_pregnancy_weight_kg": Reading.exactly(80)},
    )
    assert half.kg == D("75.23")
    unknown = weighed(base=base, case={**pregnant})
    assert (unknown.kg, unknown.kind) == (D(100), "actual")
    assert unknown.missing == ("pre_pregnancy_weight_kg",)
    assert weighed(base=base, case={**pregnant, "pre_pregnancy_weight_kg": "80"}).missing == (
        "pre_pregnancy_weight_kg",
    )
    unmeasured = replace(adult("100"), height_cm=None)
    assert weighed(base=base, case={**pregnant}, patient=unmeasured).missing == (
        "pre_pregnancy_weight_kg",
        "height_cm",
    )


# What the regimen itself asks for.


@pytest.mark.parametrize(
    ("weight", "kg"), [("actual", Decimal(100)), ("ideal", Decimal("70.46")), (None, Decimal("82.28"))]
)
def test_a_regimen_s_own_weight_comes_before_any_policy(weight: str | None, kg: Decimal) -> None:
    found = weighed(rule=regimen(weight=weight))
    assert found.kg == kg
    own = weight is not None
    assert found.facts == (("two-grams",) if own else ("weight.default", "default.adjusted"))
    assert found.saw == (() if own else (Saw("bmi_kg_per_m2", "32.65", D("32.65")),))


def test_a_borrowed_regimen_that_asks_for_adjusted_weight_keeps_it() -> None:
    """The Ontario regimen in the US, where the policy's line says actual for this man."""
    ontario = regimen("on", weight="adjusted", jurisdictions=("CA-ON",))
    lean: dict[str, Value] = {**LEAN}
    found = weighed("80", rule=ontario, case=lean)
    assert (found.kg, found.kind, found.facts) == (D("74.28"), "adjusted", ("on",))
    assert found.saw == ()
    # the factor is the first that the policy names
    half = known(
        house=policy(
            "weight.default",
            line("no-factor", "ideal", When(is_="never")),
            line("with", "adjusted", OBESE, factor="0.5"),
            line("rest", "actual"),
        )
    )
    assert weighed("80", rule=ontario, case={**lean, "never": False}, base=half).kg == D("75.23")
    without = known(house=policy("weight.default", line("rest", "actual")))
    assert weighed("80", rule=ontario, case=lean, base=without).kg == D("74.28")


def test_at_home_the_programme_s_own_lines_say_whom_adjusted_means() -> None:
    ontario = regimen("on", weight="adjusted", jurisdictions=("CA-ON",))
    at_home = policy(
        "weight.on",
        line("on.adjusted", "adjusted", OBESE, factor="0.4"),
        line("on.actual", "actual"),
        jurisdiction="CA-ON",
        default=True,
    )
    found = weighed("80", rule=ontario, case=LEAN, base=known(at_home), jurisdiction="CA-ON")
    assert (found.kg, found.facts) == (D(80), ("weight.on", "on.actual"))
    heavy = weighed("100", rule=ontario, base=known(at_home), jurisdiction="CA-ON")
    assert (heavy.kg, heavy.facts) == (D("82.28"), ("weight.on", "on.adjusted"))
    # borrowed, but the policy's line computes something already: the line stays
    assert weighed("100", rule=ontario).facts == ("weight.default", "default.adjusted")
