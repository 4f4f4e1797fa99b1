"""Three-valued logic: Kleene's tables, censored and stale values, and monotone answers."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivigil.knowledge.logic import Case, Reading, Truth, Value, When, judge

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
