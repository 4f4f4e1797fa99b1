"""An order made individual by levels: within the regimen, checked anew, refused with reasons, or off."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import UNSET, UnsetType, json
from msgspec.structs import replace

from ivigil.course import Plan, to_json
from ivigil.individual import NotIndividualisedError, Reason, individualise
from ivigil.intake import parse_order
from ivigil.intake.levels import LevelsFile
from ivigil.kinetics.aim import dose_for_trough
from ivigil.kinetics.estimate import estimate
from ivigil.knowledge.kinetics import KineticRoute
from ivigil.knowledge.products import Product
from ivigil.knowledge.store import Knowledge
from ivigil.order import IndividualDose, LastImmunoglobulin, Order, OrderError
from ivigil.planning.individual import Why
from ivigil.release import checked_plan
from ivigil.sheets import words
from ivigil.sheets.individual import OUTSIDE, WORDS
from ivigil.verification import verify
from tests.support.individual import ORDER, aiming, levels, order, signed
from tests.support.orders import knowledge

D = Decimal


def sought(made: Order) -> IndividualDose:
    assert not isinstance(made.individual, UnsetType)
    return made.individual


def plain_order(text: str) -> Order:
    return parse_order(text.encode(), "toml", knowledge())


# ---- what comes out


def test_the_plan_gives_the_dose_and_says_what_it_stands_in_place_of() -> None:
    """25.4 g = 0.4 g/kg x 63.5 kg as ordered; the range is the label's 0.2 to 0.8 g/kg."""
    made = individualise(order(), levels(), signed())
    plan = checked_plan(made, signed())
    assert plan.status == "ready"
    assert plan.dose is not None
    assert plan.dose.grams == sought(made).grams == sum(day.grams for day in plan.days)
    assert plan.dose.without_levels_g == D("25.4")
    assert sought(made).allowed_g == (D("12.7"), D("50.8"))
    assert plan.regimen is not None
    assert plan.regimen.id == "pid_us_privigen"


def test_the_plan_cites_the_switch_the_policies_and_every_model() -> None:
    plan = checked_plan(individualise(order(), levels(), signed()), signed())
    dose = sought(plan.order)
    assert {share.model for share in dose.models} <= set(plan.sources)
    assert plan.sources["policy.individual_dosing"].signed
    assert "policy.kinetics_target_window" in plan.sources
    assert plan.dose is not None
    assert set(dose.facts) <= set(plan.dose.facts)
    assert sum(share.percent for share in dose.models) == pytest.approx(D(100), abs=D("0.05"))


def test_it_is_the_dose_that_aim_proposes() -> None:
    """30 g every 28 days, by ``ivigil aim`` on the same file (docs/kinetics-levels.md)."""
    assert sought(individualise(order(), levels(), signed())).grams == 30


def test_the_same_inputs_give_the_same_bytes() -> None:
    first, again = (
        to_json(checked_plan(individualise(order(), levels(), signed()), signed())) for _ in range(2)
    )
    assert first == again
    assert json.decode(first, type=Plan).order == individualise(order(), levels(), signed())


@given(
    target=st.decimals("4", "10", places=1),
    interval_days=st.sampled_from([21, 28]),
    vials=st.sets(st.sampled_from([1, 5, 6, 10, 20]), min_size=1),
    g_per_kg=st.sampled_from(["0.2", "0.4", "0.8"]),
)
@settings(max_examples=15, deadline=None)
def test_an_individual_dose_never_leaves_the_regimen(
    target: Decimal, interval_days: int, vials: set[int], g_per_kg: str
) -> None:
    asked = replace(order(), interval_days=interval_days, total_dose_g_per_kg=D(g_per_kg))
    file = aiming(target, interval_days=interval_days, vials=tuple(vials))
    try:
        made = individualise(asked, file, signed())
    except NotIndividualisedError as refused:
        assert set(refused.reasons) <= {"dose_outside_range", "dose_outside_regimen", "target_below_own"}
        return
    plan = checked_plan(made, signed())  # raises if the independent verifier objects
    assert plan.dose is not None
    assert D("0.2") * D("63.5") <= plan.dose.grams <= D("0.8") * D("63.5")
    assert plan.dose.without_levels_g == D(g_per_kg) * D("63.5")


def test_more_is_wanted_more_is_given() -> None:
    doses = [sought(individualise(order(), aiming(t), signed())).grams for t in ("6", "7", "8", "9")]
    assert doses == sorted(doses)
    assert doses[0] < doses[-1]


def test_a_dose_held_to_the_end_of_the_range_says_so() -> None:
    """Own IgG is 3.1 g/L: 3.4 g/L asks for a gram or two, the label gives at least 12.7 g."""
    dose = sought(individualise(order(), aiming("3.4"), signed()))
    assert dose.grams == 15
    assert dose.held_to == "least"
    assert dose.exact_grams.median < D("12.7")


def test_a_narrower_range_holds_it_to_the_most() -> None:
    """Some 33 g suit 9 g/L best; a range that ends at 20.5 g leaves 20."""
    made = individualise(order(), aiming("9", vials=(1,)), signed())
    free = sought(made)
    assert (free.held_to, free.grams > 20) == ("", True)
    known = estimate(signed().facts.population_model, levels().case, (), signed(), 1)
    wanted = levels().wanted
    assert wanted is not None
    held = dose_for_trough(
        known,
        levels().case,
        wanted.cycle,
        signed(),
        target_g_per_l=D(9),
        between_g=(D("12.7"), D("20.5")),
    )
    assert held.chosen.grams == 20
    assert held.held_to == "most"


def test_ontario_gives_no_more_than_its_range() -> None:
    """0.4 to 0.6 g/kg of the adjusted weight (60.63 kg), at four weeks."""
    asked = replace(order(), jurisdiction="CA-ON", product=None, total_dose_g_per_kg=None)
    for target in ("6", "8.9", "9.2"):
        dose = sought(individualise(asked, aiming(target, vials=(1,)), signed()))
        assert dose.allowed_g == (D("24.252"), D("36.378"))
        assert D("24.252") <= dose.grams <= D("36.378")
        assert dose.held_to == ("least" if target == "6" else "")


# ---- off unless signed, and unchanged without levels


def test_without_the_signature_nothing_is_sought() -> None:
    with pytest.raises(NotIndividualisedError) as refused:
        individualise(order(), levels(), knowledge())
    assert refused.value.reasons == ("switched_off",)


def test_an_order_that_brings_a_dose_along_is_blocked_where_nobody_signed() -> None:
    """A plan from another site, or from before a signature lapsed."""
    plan = checked_plan(individualise(order(), levels(), signed()), knowledge())
    assert plan.status == "blocked"
    assert [gap.code for gap in plan.blocked] == ["individual_dosing_off"]
    assert plan.days == ()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grams": D(51)}, "individual_dose_outside_regimen"),
        ({"grams": D(12)}, "individual_dose_outside_regimen"),
        ({"interval_days": 35}, "individual_interval_outside_regimen"),
    ],
)
def test_a_dose_that_was_tampered_with_is_blocked(change: dict[str, object], code: str) -> None:
    made = individualise(order(), levels(), signed())
    forged = replace(made, individual=replace(sought(made), **change))
    plan = checked_plan(replace(forged, interval_days=sought(forged).interval_days), signed())
    assert [gap.code for gap in plan.blocked] == [code]


def test_a_plan_without_levels_shows_no_trace_of_them() -> None:
    for base in (knowledge(), signed()):
        text = to_json(checked_plan(order(), base))
        assert b'"individual":' not in text
        assert b"policy.individual_dosing" not in text
        assert b"without_levels_g" not in text


def test_an_order_file_cannot_bring_a_dose_of_its_own() -> None:
    text = ORDER.read_text().replace(
        'condition = "D83.9"', 'individual = { grams = 90 }\ncondition = "D83.9"'
    )
    with pytest.raises(OrderError) as refused:
        plain_order(text)
    assert [fault.field for fault in refused.value.faults] == ["individual"]


# ---- refused

CASES: dict[str, tuple[Callable[[Order], Order], Callable[[LevelsFile], LevelsFile]]] = {
    "history_incomplete": (
        lambda o: o,
        lambda f: replace(f, case=replace(f.case, complete=None)),
    ),
    "no_levels": (lambda o: o, lambda f: replace(f, case=replace(f.case, levels=()))),
    "voiding_medicine": (
        lambda o: o,
        lambda f: replace(
            f,
            case=replace(f.case, subject=replace(f.case.subject, medicines=("voiding.efgartigimod",))),
        ),
    ),
    "not_repeated": (lambda o: replace(o, phase="initial", jurisdiction="EU", product=None), lambda f: f),
    "interval_outside_regimen": (
        lambda o: replace(o, interval_days=14),
        lambda f: aiming("8", interval_days=14),
    ),
    "not_replacement": (
        lambda o: replace(o, condition="cidp", phase=None, product=None, total_dose_g_per_kg=D(1)),
        lambda f: replace(f, case=replace(f.case, subject=replace(f.case.subject, condition="cidp"))),
    ),
    "no_standard_dose": (lambda o: replace(o, total_dose_g_per_kg=D(3)), lambda f: f),
}


@pytest.mark.parametrize("reason", CASES)
def test_every_reason_is_told(reason: str) -> None:
    of_order, of_file = CASES[reason]
    with pytest.raises(NotIndividualisedError) as refused:
        individualise(of_order(order()), of_file(levels()), signed())
    assert reason in refused.value.reasons


def test_what_the_order_asked_answers_for_fcrn_blockers() -> None:
    """Its whole checklist was asked; the file may leave the question out."""
    unasked = replace(
        levels(), case=replace(levels().case, subject=replace(levels().case.subject, medicines=None))
    )
    assert sought(individualise(order(), unasked, signed())).grams == 30
    half = replace(order().patient.screening, complete=False)
    asked = replace(order(), patient=replace(order().patient, screening=half))
    with pytest.raises(NotIndividualisedError) as refused:
        individualise(asked, unasked, signed())
    assert refused.value.reasons == ("medicines_not_asked",)


def contradicted(made: Order, file: LevelsFile) -> set[str]:
    with pytest.raises(OrderError) as refused:
        individualise(made, file, signed())
    return {fault.field for fault in refused.value.faults}


def test_levels_of_another_patient_or_history_are_refused_with_every_point() -> None:
    """Wrong patient, wrong weight, a dose that the file does not know, another interval: all told at once."""
    body = replace(order().patient, weight_kg=D(80), birth_date=dt.date(1980, 1, 1), sex="male")
    last = LastImmunoglobulin(date=dt.date(2026, 11, 2), grams=D(25), route="IV")
    told = contradicted(
        replace(order(), patient=body, last_immunoglobulin=last, interval_days=21),
        replace(levels(), patient=None),
    )
    assert told == {
        "levels: patient.id",
        "levels: patient.weight_kg",
        "levels: patient.age_years",
        "levels: patient.sex",
        "levels: doses, the newest",
        "levels: aim.interval_days",
    }


def test_a_dose_or_level_after_the_start_is_refused() -> None:
    early = replace(order(), start=dt.datetime(2026, 9, 1, 9, tzinfo=dt.UTC), last_immunoglobulin=None)
    assert contradicted(early, levels()) == {"levels: doses", "levels: levels[1].taken"}


def test_a_blocker_that_the_order_knows_is_not_forgotten() -> None:
    screening = replace(order().patient.screening, present=("fcrn_blocker",))
    asked = replace(order(), patient=replace(order().patient, screening=screening))
    assert contradicted(asked, levels()) == {"levels: patient.fcrn_blockers"}


# ---- the independent verifier


def objections(plan: Plan, made: Order, base: Knowledge | None = None) -> set[str]:
    return {objection.code for objection in verify(plan, made, base or signed()).objections}


def test_the_verifier_holds_the_dose_against_the_regimen_by_itself() -> None:
    made = individualise(order(), levels(), signed())
    plan = checked_plan(made, signed())
    dose = plan.dose
    assert dose is not None
    assert objections(plan, made) == set()
    assert "individual_dosing_off" in objections(plan, made, knowledge())
    assert "individual_dose_beside" in objections(
        replace(plan, dose=replace(dose, without_levels_g=D(20))), made
    )
    assert "individual_dose_not_cited" in objections(replace(plan, dose=replace(dose, facts=())), made)
    assert "no_levels" in objections(plan, order())


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"grams": D(60)}, "individual_dose_range"),
        ({"grams": D(5)}, "individual_dose_range"),
        ({"interval_days": 42}, "individual_dose_interval"),
        ({"in_window_percent": D(101)}, "individual_dose_share"),
        ({"target_g_per_l": D(20)}, "individual_dose_target"),
        ({"models": ()}, "individual_dose_not_cited"),
    ],
)
def test_the_verifier_rejects_what_the_planner_should_not_have_let_through(
    change: dict[str, object], code: str
) -> None:
    made = individualise(order(), levels(), signed())
    plan = checked_plan(made, signed())
    wrong = replace(sought(made), **change)
    forged = replace(made, individual=wrong, interval_days=wrong.interval_days)
    assert plan.dose is not None
    grams = replace(plan.dose, grams=wrong.grams)
    assert code in objections(replace(plan, order=forged, dose=grams), forged)


# ---- under the skin


def weekly() -> tuple[Order, LevelsFile]:
    """Hizentra every week, 8 g, for half a year; the label's own table asks for a change by the trough."""
    text = levels()
    start = order().start
    (first, *_) = text.case.doses
    doses = tuple(
        replace(first, start=start - dt.timedelta(days=7 * back), grams=D(8), route="SC", hours=D(1))
        for back in range(30, 0, -1)
    )
    measured = [
        replace(text.case.levels[0], g_per_l=D("8.1"), taken=doses[20].start.date(), before_dose=True),
        replace(text.case.levels[0], g_per_l=D("8.3"), taken=doses[29].start.date(), before_dose=True),
    ]
    wanted = text.wanted
    assert wanted is not None
    cycle = replace(wanted.cycle, interval_days=7, route="SC")
    aim = replace(wanted, cycle=cycle, target_g_per_l=D(9), window_g_per_l=None, vials_g=())
    file = replace(text, case=replace(text.case, doses=doses, levels=tuple(measured), planned=()), wanted=aim)
    product = knowledge().products["hizentra-20-us"]
    last = LastImmunoglobulin(
        date=doses[-1].start.date(), product=product.id, grams=D(8), route="SC", interval_days=7
    )
    asked = replace(
        order(),
        route="SC",
        product=product.id,
        interval_days=7,
        total_dose_g_per_kg=None,
        days=None,
        last_immunoglobulin=last,
    )
    return asked, file


def under_the_skin(product: Product) -> tuple[Order, LevelsFile]:
    """The same weekly dose of another product, where it is sold."""
    asked, file = weekly()
    last, wanted = asked.last_immunoglobulin, file.wanted
    assert last is not None
    assert wanted is not None
    route: KineticRoute = "facilitated_SC" if product.facilitated else "SC"
    return (
        replace(
            asked,
            jurisdiction=product.jurisdiction,
            product=product.id,
            last_immunoglobulin=replace(last, product=product.id),
        ),
        replace(file, wanted=replace(wanted, cycle=replace(wanted.cycle, route=route))),
    )


def test_under_the_skin_a_product_without_a_range_gives_no_individual_dose() -> None:
    """Hizentra's US label states a factor and a trough table, no range for immunodeficiency."""
    with pytest.raises(NotIndividualisedError) as refused:
        individualise(*weekly(), signed())
    assert refused.value.reasons == ("regimen_states_no_range",)


def test_under_the_skin_the_label_of_the_place_holds_it() -> None:
    """Hizentra, EU: 0.1 to 0.2 g/kg a week (Ivigil's fact: 0.4 to 0.8 g/kg a month of 4 weeks)."""
    asked, file = under_the_skin(knowledge().products["hizentra-20-eu"])
    made = individualise(asked, file, signed())
    assert sought(made).allowed_g == (D("6.35"), D("12.7"))
    plan = checked_plan(made, signed())
    assert plan.status == "ready"
    assert plan.dose is not None
    assert (plan.dose.grams, plan.dose.without_levels_g) == (sought(made).grams, D(8))
    assert plan.order.target_trough_g_per_l == 9


SKIN = [p for p in knowledge().facts.product if p.route == "SC"]


@pytest.mark.parametrize("product", SKIN, ids=lambda p: p.id)
def test_under_the_skin_no_product_leaves_its_range(product: Product) -> None:
    """Planned whole, for the dose alone or not at all: never outside, and never past the verifier."""
    asked, file = under_the_skin(product)
    try:
        made = individualise(asked, file, signed())
    except NotIndividualisedError as refused:
        assert refused.reasons[0] in ("regimen_states_no_range", "no_standard_dose")
        return
    low, high = sought(made).allowed_g
    assert low <= sought(made).grams <= high <= D("0.25") * D("63.5")
    plan = checked_plan(made, signed())
    assert plan.dose is None or plan.dose.grams == sought(made).grams


def test_under_the_skin_a_product_has_to_be_named() -> None:
    asked, file = weekly()
    with pytest.raises(NotIndividualisedError) as refused:
        individualise(replace(asked, product=None), file, signed())
    assert refused.value.reasons == ("product_not_named",)


# ---- words


def test_every_reason_has_words() -> None:
    assert set(WORDS) == {name for part in get_args(Reason) for name in _names(part)}
    assert set(OUTSIDE) == set(get_args(Why))
    assert set(get_args(Why)) <= set(words.GAP)
    assert set(get_args(Why)) <= set(words.REASON)


def _names(part: object) -> tuple[str, ...]:
    return tuple(name for inner in get_args(part) for name in _names(inner)) or (str(part),)


def test_unset_is_told_from_none() -> None:
    assert order().individual is UNSET
