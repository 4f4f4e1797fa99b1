"""Three-valued logic: Kleene's tables, censored and stale values, and monotone answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.knowledge.logic import Case, Judgement, Reading, Saw, Truth, Value, When, judge

T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
A, B = When(is_="a"), When(is_="b")


def case(**flags: bool | None) -> dict[str, Value]:
    return {name: value for name, value in flags.items() if value is not None}


TRUTHS = {T: True, F: False, U: None}


@pytest.mark.parametrize(
    ("a", "b", "both", "either"),
    [(T, T, T, T), (T, F, F, T), (T, U, U, T), (F, F, F, F), (F, U, F, U), (U, U, U, U), (U, T, U, T)],
)
def test_kleene_tables(a: Truth, b: Truth, both: Truth, either: Truth) -> None:
    known = case(a=TRUTHS[a], b=TRUTHS[b])
    assert judge(When(all_=(A, B)), known).truth is both
    assert judge(When(any_=(A, B)), known).truth is either
    assert judge(When(not_=A), known).truth is {T: F, F: T, U: U}[a]


def below(limit: str) -> When:
    return When(field="iga", below=Decimal(limit))


UNDETECTABLE = Reading(None, Decimal("0.07"), high_open=True)  # "<0.07"


@pytest.mark.parametrize(
    ("when", "reading", "truth"),
    [
        (below("0.07"), UNDETECTABLE, T),
        (below("0.05"), UNDETECTABLE, U),  # "<0.07" may be 0.06
        (When(field="iga", at_least=Decimal("0.07")), UNDETECTABLE, F),
        (When(field="iga", at_most=Decimal("0.07")), UNDETECTABLE, T),
        (When(field="iga", above=Decimal(0)), UNDETECTABLE, U),
        (below("0.07"), Reading.exactly(Decimal("0.07")), F),
        (When(field="iga", at_most=Decimal("0.07")), Reading.exactly(Decimal("0.07")), T),
        (When(field="iga", above=Decimal(5)), Reading(Decimal(5), None, low_open=True), T),
        (When(field="iga", at_least=Decimal(5)), Reading(Decimal(5), None), T),
    ],
)
def test_censored_values(when: When, reading: Reading, truth: Truth) -> None:
    assert judge(when, {"iga": reading}).truth is truth


def test_a_stale_value_may_make_a_condition_true_but_never_false() -> None:
    low, high = Decimal("0.01"), Decimal(2)
    assert judge(below("0.07"), {"iga": Reading.exactly(low, stale=True)}).truth is T
    answer = judge(below("0.07"), {"iga": Reading.exactly(high, stale=True)})
    assert answer.truth is U
    assert answer.missing == ("iga",)


def test_a_missing_value_is_named() -> None:
    answer = judge(When(any_=(A, below("1"), B)), case(b=False))
    assert answer.truth is U
    assert answer.missing == ("a", "iga")


def test_count_of_conditions() -> None:
    when = When(count=(A, B, When(is_="c")), at_least=Decimal(2))
    assert judge(when, case(a=True, b=True)).truth is T
    assert judge(when, case(a=True, b=False)).truth is U
    assert judge(when, case(a=False, b=False)).truth is F


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"is_": "a", "field": "b", "below": Decimal(1)},
        {"field": "a"},
        {"field": "a", "below": Decimal(1), "above": Decimal(2)},
        {"is_": "a", "below": Decimal(1)},
        {"count": (A,)},
    ],
)
def test_a_condition_has_exactly_one_form(fields: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=r"condition|operator|count"):
        When(**fields)  # type: ignore[arg-type]


names = st.sampled_from(["a", "b", "c"])
leaves = st.one_of(
    names.map(lambda n: When(is_=n)),
    st.decimals(0, 10, places=0).map(lambda d: When(field="x", below=d)),
    st.decimals(0, 10, places=0).map(lambda d: When(field="x", at_least=d)),
)
conditions = st.recursive(
    leaves,
    lambda inner: st.one_of(
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: When(any_=tuple(parts))),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: When(all_=tuple(parts))),
        inner.map(lambda part: When(not_=part)),
        st.lists(inner, min_size=1, max_size=3).map(lambda p: When(count=tuple(p), at_least=Decimal(2))),
    ),
    max_leaves=8,
)
full = st.fixed_dictionaries(
    {"a": st.booleans(), "b": st.booleans(), "c": st.booleans(), "x": st.integers(0, 10).map(Reading.exactly)}
)


@given(conditions, full, st.sets(st.sampled_from(["a", "b", "c", "x"])))
def test_an_answer_never_overturns_what_was_decided_without_it(
    when: When, known: dict[str, Value], forgotten: set[str]
) -> None:
    """Forgetting a fact may make an outcome unknown; it never flips it."""
    less: Case = {name: value for name, value in known.items() if name not in forgotten}
    before, after = judge(when, less), judge(when, known)
    assert before.truth in (U, after.truth)
    assert after.truth is not U


@given(conditions, full, st.sets(st.sampled_from(["a", "b", "c", "x"])))
def test_unknown_names_what_is_missing(when: When, known: dict[str, Value], forgotten: set[str]) -> None:
    answer = judge(when, {n: v for n, v in known.items() if n not in forgotten})
    assert bool(answer.missing) == (answer.truth is U)
    assert set(answer.missing) <= forgotten


# What decided an outcome, and in which words: the plan prints it.


def number(value: str, *, stale: bool = False) -> Reading:
    return Reading.exactly(Decimal(value), stale=stale)


def saw(field: str, text: str, figure: str | None = None) -> Saw:
    return Saw(field, text, None if figure is None else Decimal(figure))


@pytest.mark.parametrize(
    ("when", "known", "because"),
    [
        (A, {"a": True}, (saw("a", "true"),)),
        (A, {"a": False}, (saw("a", "false"),)),
        (When(not_=A), {"a": True}, (saw("a", "true"),)),
        (below("0.07"), {"iga": number("0.050")}, (saw("iga", "0.050", "0.050"),)),
        (below("0.07"), {"iga": UNDETECTABLE}, (saw("iga", "<0.07"),)),
        (below("9"), {"iga": Reading(None, Decimal(7))}, (saw("iga", "<=7"),)),
        (below("5"), {"iga": Reading(Decimal(5), None)}, (saw("iga", ">=5"),)),
        (below("5"), {"iga": Reading(Decimal(6), None, low_open=True)}, (saw("iga", ">6"),)),
        (below("5"), {"iga": Reading(Decimal(5), Decimal(9))}, (saw("iga", "5..9"),)),
        (When(field="group", one_of=("A", "B")), {"group": "B"}, (saw("group", "B"),)),
        (When(field="group", one_of=("A", "B")), {"group": "AB"}, (saw("group", "AB"),)),
        # any: what makes it true; if nothing does, all that was looked at.
        (When(any_=(A, B)), {"a": True, "b": False}, (saw("a", "true"),)),
        (When(any_=(A, B)), {"a": False, "b": False}, (saw("a", "false"), saw("b", "false"))),
        (When(any_=(A, A)), {"a": True}, (saw("a", "true"),)),
        (When(all_=(A, B)), {"a": True, "b": False}, (saw("b", "false"),)),
        (When(all_=(A, B)), {"a": True, "b": True}, (saw("a", "true"), saw("b", "true"))),
        (When(all_=(A, B)), {"a": True}, ()),
        (When(count=(A, B), at_least=Decimal(1)), {"a": False, "b": True}, (saw("b", "true"),)),
        (
            When(count=(A, B), at_least=Decimal(1)),
            {"a": False, "b": False},
            (saw("a", "false"), saw("b", "false")),
        ),
        (When(count=(A, B, below("1")), at_least=Decimal(2)), {"a": True}, (saw("a", "true"),)),
    ],
)
def test_the_values_that_decided_are_kept(
    when: When, known: dict[str, Value], because: tuple[Saw, ...]
) -> None:
    assert judge(when, known).because == because


@pytest.mark.parametrize(
    ("when", "known", "missing"),
    [
        (A, {}, ("a",)),
        (A, {"a": "yes"}, ("a",)),  # not an answer to a yes/no question
        (A, {"a": True}, ()),
        (below("0.07"), {"iga": False}, ("iga",)),
        (below("0.07"), {"iga": number("1")}, ()),
        (below("0.05"), {"iga": UNDETECTABLE}, ("iga",)),
        (When(all_=(A, B)), {}, ("a", "b")),
        (When(all_=(A, A)), {}, ("a",)),
        (When(all_=(A, B)), {"a": False}, ()),
        (When(not_=A), {}, ("a",)),
        (When(count=(A, B, below("1")), at_least=Decimal(2)), {"a": True, "b": False}, ("iga",)),
        (When(count=(A, B), at_least=Decimal(1)), {"a": True}, ()),
    ],
)
def test_what_is_missing_is_named_only_while_the_outcome_is_open(
    when: When, known: dict[str, Value], missing: tuple[str, ...]
) -> None:
    assert judge(when, known).missing == missing


def test_a_count_is_decided_as_soon_as_it_can_be() -> None:
    two = When(count=(A, B, below("1")), at_least=Decimal(2))
    assert judge(two, {"a": True, "b": True}).truth is T
    assert judge(two, {"a": False, "b": False}).truth is F
    assert judge(two, {"a": False}).truth is U
    assert judge(two, {"a": False, "b": True, "iga": number("0")}).truth is T


@pytest.mark.parametrize(("group", "truth"), [("A", T), ("AB", F), (None, U)])
def test_one_of_several_choices(group: str | None, truth: Truth) -> None:
    known: dict[str, Value] = {} if group is None else {"group": group}
    assert judge(When(field="group", one_of=("A", "B")), known).truth is truth


def test_a_count_of_none_needed_is_true() -> None:
    assert judge(When(count=(A,), at_least=Decimal(0)), {}).truth is T


def test_a_stale_value_that_makes_it_true_is_shown_and_asks_for_nothing() -> None:
    answer = judge(below("0.07"), {"iga": number("0.01", stale=True)})
    assert answer == Judgement(T, (saw("iga", "0.01", "0.01"),), ())


def test_two_ends_of_a_range_are_read_for_themselves() -> None:
    between = Reading(Decimal(2), Decimal(4))
    for limit, above, under in [("1", T, F), ("2", U, F), ("3", U, U), ("4", F, U), ("5", F, T)]:
        assert between.above(Decimal(limit)) is above
        assert between.below(Decimal(limit)) is under
    open_range = Reading(Decimal(2), Decimal(4), low_open=True, high_open=True)
    assert open_range.above(Decimal(2)) is T
    assert open_range.below(Decimal(4)) is T
    nothing = Reading(None, None)
    assert nothing.above(Decimal(0)) is U
    assert nothing.below(Decimal(0)) is U


def test_an_exact_value_is_fresh_unless_said_otherwise() -> None:
    assert Reading.exactly(3) == Reading(Decimal(3), Decimal(3), False, False, False)
    assert Reading.exactly(Decimal("3.0"), stale=True).stale is True


def test_every_field_of_a_condition_is_listed_once_in_the_order_written() -> None:
    when = When(
        any_=(
            When(all_=(below("1"), When(not_=B))),
            When(count=(A, below("2"), When(field="x", above=Decimal(1))), at_least=Decimal(2)),
        )
    )
    assert when.fields() == ("iga", "b", "a", "x")
    assert A.fields() == ("a",)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "a condition has exactly one of: is, field, any, all, not, count"),
        ({"is_": "a", "not_": A}, "a condition has exactly one of: is, field, any, all, not, count"),
        ({"any_": (A,), "all_": (B,)}, "a condition has exactly one of: is, field, any, all, not, count"),
        ({"field": "iga"}, "field 'iga' needs exactly one operator, found 0"),
        (
            {"field": "iga", "at_most": Decimal(1), "one_of": ("A",)},
            "field 'iga' needs exactly one operator, found 2",
        ),
        ({"count": (A, B)}, "count needs at_least and nothing else"),
        ({"count": (A, B), "at_most": Decimal(1)}, "count needs at_least and nothing else"),
        (
            {"count": (A, B), "at_least": Decimal(1), "below": Decimal(3)},
            "count needs at_least and nothing else",
        ),
        ({"is_": "a", "above": Decimal(1)}, "operators go with field or count"),
        ({"any_": (A, B), "at_least": Decimal(1)}, "operators go with field or count"),
    ],
)
def test_a_malformed_condition_says_what_is_wrong(fields: dict[str, object], said: str) -> None:
    with pytest.raises(ValueError) as raised:
        When(**fields)  # type: ignore[arg-type]
    assert str(raised.value) == said
