"""Which regimen, out of a handful made by hand, and why not the others."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from ivigil.course import RegimenChoice, RegimenOption
from ivigil.knowledge.conditions import Disagreement, Regimen
from ivigil.knowledge.logic import Reading, Saw, Value
from ivigil.knowledge.store import Knowledge
from ivigil.planning.regimen import NoRegimen, choose, populations
from tests.support import small
from tests.support.small import D, made, order, regimen, silent

ADULT: dict[str, Value] = {"adult": True}


def tried(
    *regimens: Regimen,
    case: dict[str, Value] | None = None,
    known: Knowledge | None = None,
    default_phase: str = "initial",
    **fields: Any,
) -> tuple[Regimen, RegimenChoice] | NoRegimen:
    of = small.condition(*regimens, default_phase=default_phase)
    return choose(order(**fields), of, ADULT if case is None else case, known or small.knowledge())


def choice(*regimens: Regimen, **fields: Any) -> RegimenChoice:
    found = tried(*regimens, **fields)
    assert not isinstance(found, NoRegimen), found
    rule, described = found
    assert rule in regimens
    assert rule.id == described.id
    return described


def none(*regimens: Regimen, **fields: Any) -> NoRegimen:
    found = tried(*regimens, **fields)
    assert isinstance(found, NoRegimen), found
    return found


def because(found: RegimenChoice) -> dict[str, str]:
    return {option.id: option.because for option in found.alternatives}


# Who the patient is.


@pytest.mark.parametrize(
    ("case", "expected"),
    [
        ({"adult": True}, ("adult",)),
        ({"child": True}, ("child",)),
        ({"neonate": True, "child": True}, ("neonate", "child")),
        ({"adult": True, "pregnancy": True}, ("adult", "pregnant")),
        ({"adult": True, "pregnancy": False}, ("adult",)),
        ({"adult": True, "child": False, "neonate": False}, ("adult",)),
        ({}, ()),
        ({"adult": "yes", "child": "no", "neonate": "?", "pregnancy": Reading.exactly(1)}, ()),
    ],
)
def test_age_decides_and_pregnancy_adds(case: dict[str, Value], expected: tuple[str, ...]) -> None:
    assert populations(case) == expected


# One criterion at a time: what wins, and what is said of the other.

UNSEEN = {"seen": False}
CRITERIA: list[tuple[str, dict[str, Any], dict[str, Any], dict[str, Any]]] = [
    # code, fields of the winner, fields of the loser, fields of the order
    ("not_seen", {"jurisdictions": ("CA",)}, UNSEEN, {}),
    ("not_seen", {"jurisdictions": ("CA",)}, {"reliability": "low"}, {}),
    ("population", {"jurisdictions": ("CA",)}, {"population": ("child",)}, {}),
    ("special_situation", {"jurisdictions": ("CA",)}, {"special": True}, {}),
    ("jurisdiction", {"allowed_days": (2,)}, {"jurisdictions": ("CA",)}, {"days": 5}),
    ("ordered_dose", {"products": ("another",)}, {"allowed_days": (2,)}, {"days": 5}),
    ("ordered_dose", {}, {"total_dose_g_per_kg_min": D(3)}, {"total_dose_g_per_kg": D(2)}),
    ("other_product", {"basis": "paper"}, {"products": ("another",)}, {}),
    ("other_product", {"basis": "paper", "products": ("mine",)}, {"products": ("two",)}, {"product": "mine"}),
    ("authority_order", {"basis": "label"}, {"basis": "guideline"}, {}),
    ("authority_order", {"basis": "paper"}, {"basis": "review"}, {}),  # not in the order of authority
    ("reliability", {}, {"reliability": "medium"}, {}),
    ("authored_order", {}, {}, {}),
]


@pytest.mark.parametrize(("code", "winner", "loser", "ordered"), CRITERIA)
def test_each_criterion_decides_and_is_named(
    code: str, winner: dict[str, Any], loser: dict[str, Any], ordered: dict[str, Any]
) -> None:
    win, lose = regimen("z-winner", **winner), regimen("a-loser", **loser)
    pair = (lose, win) if code != "authored_order" else (win, lose)
    found = choice(*pair, **ordered)
    assert found.id == "z-winner"
    assert because(found) == {"a-loser": code}


def test_the_criteria_are_weighed_in_their_order() -> None:
    """A regimen of this place beats a better document from elsewhere, whatever else it lacks."""
    here = regimen("here", basis="paper", reliability="medium", products=("another",))
    there = regimen("there", jurisdictions=("CA",), basis="programme")
    assert choice(there, here).id == "here"
    # an openly lost disagreement weighs more than the order of authority
    lost = made(Disagreement, "d", about=("weak", "strong"), topic="dose", positions=(), chosen="weak")
    known = small.knowledge(disagreement=(lost,))
    found = choice(regimen("strong"), regimen("weak", basis="paper"), known=known)
    assert found.id == "weak"
    assert because(found) == {"strong": "disagreement"}
    assert found.disagreements == ("d",)


def test_a_disagreement_counts_only_among_regimens_that_are_there() -> None:
    def known(chosen: str, *about: str) -> Knowledge:
        record = made(Disagreement, "d", about=about, topic="dose", positions=(), chosen=chosen)
        return small.knowledge(disagreement=(record,))

    pair = (regimen("strong"), regimen("weak", basis="paper"))
    assert choice(*pair, known=known("", "strong", "weak")).id == "strong"
    assert choice(*pair, known=known("absent", "strong", "absent")).id == "strong"
    assert choice(*pair, known=known("strong", "strong", "weak")).id == "strong"
    assert choice(*pair, known=known("weak", "weak", "another")).disagreements == ("d",)
    assert choice(*pair, known=known("weak", "another")).disagreements == ()


def test_the_nearer_place_wins() -> None:
    ontario, canada = (
        regimen("on", jurisdictions=("CA-ON",), basis="paper"),
        regimen("ca", jurisdictions=("CA",)),
    )
    assert choice(canada, ontario, jurisdiction="CA-ON").id == "on"
    both = regimen("both", jurisdictions=("CA", "CA-ON"), basis="paper")
    assert choice(canada, both, jurisdiction="CA-ON").id == "both"
    assert choice(ontario, canada, jurisdiction="CA").id == "ca"
    assert because(choice(ontario, canada, jurisdiction="CA")) == {"on": "jurisdiction"}


def test_a_regimen_from_elsewhere_is_marked_or_never_used() -> None:
    there = regimen("there", jurisdictions=("CA",))
    found = choice(there)
    assert found.borrowed is True
    assert found.facts == ("there", "policy.authority_order", "policy.borrow_regimen")
    never = small.knowledge(policies={"policy.borrow_regimen": "never"})
    assert none(there, known=never) == NoRegimen("no_regimen_here", value="US")
    assert choice(there, known=never, regimen="there").borrowed is True  # asked for by name
    assert choice(there, regimen("here"), known=never).id == "here"
    here = choice(regimen("here"))
    assert (here.borrowed, here.facts) == (False, ("here", "policy.authority_order"))


# Which are looked at at all.


def test_the_phase_of_the_order_or_the_condition_s_default() -> None:
    first, next_one = regimen("first"), regimen("next", phase="maintenance", also_phases=("long term",))
    assert choice(next_one, first).id == "first"
    assert choice(first, next_one, phase="maintenance").id == "next"
    found = choice(first, next_one, phase="long term")
    assert (found.id, found.phase) == ("next", "long term")
    assert found.saw[0] == Saw("phase", "long term")
    assert none(first, phase="rescue") == NoRegimen("no_regimen_for_phase", value="rescue")
    anything = choice(next_one, first, default_phase="")
    assert (anything.id, anything.phase, anything.saw[0]) == ("next", "maintenance", Saw("phase", ""))
    named = choice(first, next_one, regimen="next")
    assert (named.id, named.phase) == ("next", "maintenance")
    assert named.alternatives == ()


def test_superseded_regimens_and_those_of_the_other_route_are_not_looked_at() -> None:
    old, sc = regimen("old", superseded_by="new"), regimen("sc", route="SC")
    assert because(choice(old, sc, regimen("new"))) == {}
    assert choice(old, sc, regimen("new"), route="SC").id == "sc"
    assert none(old) == NoRegimen("no_regimen_for_phase", value="initial")


def test_an_intravenous_regimen_may_state_the_weekly_subcutaneous_dose() -> None:
    both = regimen("both", scig_weekly_g_per_kg_min=D("0.1"), scig_weekly_g_per_kg_max=D("0.15"))
    found = choice(regimen("iv"), both, route="SC", days=4, total_dose_g_per_kg=D(9))
    assert found.id == "both"
    assert because(found) == {}
    assert (found.scig_weekly_g_per_kg_min, found.scig_weekly_g_per_kg_max) == (D("0.1"), D("0.15"))
    # the ordered days and dose are held against the product later, not against the regimen
    two_days, silent_one = (
        regimen("two", route="SC", allowed_days=(2,)),
        silent("s", route="SC", basis="paper"),
    )
    assert choice(two_days, silent_one, route="SC", days=4).id == "two"


def test_a_regimen_for_a_special_situation_is_asked_for_by_name_or_phase() -> None:
    special = regimen("special", special=True)
    assert none(special) == NoRegimen("regimen_must_be_named", unnamed=(special,))
    assert none(special, phase="initial").code == "regimen_must_be_named"
    assert choice(special, regimen="special").id == "special"
    rescue = regimen("rescue", special=True, phase="rescue")
    assert choice(regimen(), rescue, phase="rescue").id == "rescue"
    assert choice(regimen(), special).id == "two-grams"


# Why there is none.


@pytest.mark.parametrize(
    ("fields", "found"),
    [
        ({"population": ("child",)}, NoRegimen("no_regimen_for_population", value="initial")),
        ({"phase": "maintenance"}, NoRegimen("no_regimen_for_phase", value="initial")),
        ({"age_min_years": D(18)}, NoRegimen("no_regimen_for_population", value="initial")),  # age not known
    ],
)
def test_why_no_regimen_can_be_planned(fields: dict[str, Any], found: NoRegimen) -> None:
    assert none(regimen(**fields)) == found


@pytest.mark.parametrize(("age", "fits"), [("18", True), ("17.99", False), ("40", True)])
def test_a_regimen_from_an_age_on(age: str, fits: bool) -> None:
    case: dict[str, Value] = {"adult": True, "age_years": Reading.exactly(D(age))}
    from_18 = regimen("from-18", age_min_years=D(18))
    assert isinstance(tried(from_18, case=case), NoRegimen) is not fits
    assert choice(regimen("any", basis="paper"), from_18, case=case).id == ("from-18" if fits else "any")


@pytest.mark.parametrize("fields", [UNSEEN, {"basis": "digest"}, {"reliability": "low"}])
def test_a_regimen_on_weak_evidence_waits_for_a_signature(fields: dict[str, Any]) -> None:
    weak = regimen("weak", **fields)
    assert none(weak) == NoRegimen("regimen_not_seen", unsigned=(weak,), value="initial")
    assert choice(weak, known=small.knowledge(signed=("weak",))).id == "weak"
    medium = regimen("medium", reliability="medium")
    assert choice(weak, medium).id == "medium"


def test_only_what_fits_and_may_be_borrowed_is_offered_for_signature() -> None:
    here, there = regimen("here", seen=False), regimen("there", seen=False, jurisdictions=("CA",))
    child = regimen("child", seen=False, population=("child",))
    assert none(here, there, child).unsigned == (here, there)
    never = small.knowledge(policies={"policy.borrow_regimen": "never"})
    assert none(here, there, child, known=never).unsigned == (here,)
    assert none(there, known=never) == NoRegimen("no_regimen_here", value="US")


# What is said of the chosen one.


def test_the_choice_repeats_what_the_regimen_states() -> None:
    rule = regimen(
        "r",
        authority="A 2020",
        basis="guideline",
        population=("adult", "pregnant"),
        total_dose_g_per_kg_min=D(1),
        interval_weeks_min=D(3),
        interval_weeks_max=D(4),
        infusion_hours_min=D(10),
        infusion_hours_max=D(12),
    )
    other = regimen("o", total_dose_g_per_kg_min=D("0.4"), basis="paper", authority="B")
    found = choice(rule, other, case={"adult": True, "pregnancy": True})
    assert found == RegimenChoice(
        id="r",
        authority="A 2020",
        phase="initial",
        jurisdictions=("US",),
        basis="guideline",
        borrowed=False,
        total_dose_g_per_kg_min=D(1),
        total_dose_g_per_kg_max=D(2),
        allowed_days=(2, 5),
        interval_weeks_min=D(3),
        interval_weeks_max=D(4),
        infusion_hours_min=D(10),
        infusion_hours_max=D(12),
        alternatives=(
            RegimenOption(
                id="o",
                authority="B",
                jurisdictions=("US",),
                total_dose_g_per_kg_min=D("0.4"),
                total_dose_g_per_kg_max=D(2),
                because="authority_order",
            ),
        ),
        disagreements=(),
        saw=(Saw("phase", "initial"), Saw("population", "adult"), Saw("population", "pregnant")),
        facts=("r", "policy.authority_order"),
    )


def test_a_regimen_without_a_dose_says_so() -> None:
    found = choice(silent("s"), silent("t", basis="paper"))
    assert (found.total_dose_g_per_kg_min, found.total_dose_g_per_kg_max) == (None, None)
    (other,) = found.alternatives
    assert (other.total_dose_g_per_kg_min, other.total_dose_g_per_kg_max) == (None, None)


@pytest.mark.parametrize(
    ("ordered", "fits"),
    [
        ({"days": 2}, True),
        ({"days": 3}, False),
        ({"total_dose_g_per_kg": Decimal(1)}, True),
        ({"total_dose_g_per_kg": Decimal(2)}, True),
        ({"total_dose_g_per_kg": Decimal("0.99")}, False),
        ({"total_dose_g_per_kg": Decimal("2.01")}, False),
        ({"days": 5, "total_dose_g_per_kg": Decimal("1.5")}, True),
    ],
)
def test_a_regimen_that_allows_the_ordered_dose_and_days_comes_first(
    ordered: dict[str, Any], fits: bool
) -> None:
    """The other states neither dose nor days, so it allows every order."""
    range_of = regimen("range", total_dose_g_per_kg_min=D(1))
    anything = silent("anything", basis="guideline")
    found = choice(range_of, anything, **ordered)
    assert found.id == ("range" if fits else "anything")
    if not fits:
        assert because(found) == {"range": "ordered_dose"}
