"""Three-valued conditions: structured data that judge a case and say what they lack.

A condition is authored in TOML, for example::

    { any = [ { is = "diabetes_mellitus" }, { field = "age_years", above = 65 } ] }

Unknown is a value: ``judge`` never turns a missing answer into false. Kleene's strong
logic of indeterminacy (S. C. Kleene, Introduction to Metamathematics, 1952, sec. 64).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from enum import StrEnum
from typing import Self

import msgspec

from ivigil.knowledge.evidence import Record


class Truth(StrEnum):
    """True, false or unknown."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: bool) -> Self:
        return cls("true" if value else "false")

    def __invert__(self) -> Truth:
        if self is Truth.UNKNOWN:
            return self
        return Truth.FALSE if self is Truth.TRUE else Truth.TRUE


class Reading(msgspec.Struct, frozen=True):
    """A measured number, exact or censored: the value lies between ``low`` and ``high``.

    An exact value has low == high. "<0.07" is (None, 0.07, open at 0.07). ``stale`` means
    older than its vocabulary term allows: it may make a condition true, never false.
    """

    low: Decimal | None
    high: Decimal | None
    low_open: bool = False
    high_open: bool = False
    stale: bool = False

    @classmethod
    def exactly(cls, value: Decimal | int, *, stale: bool = False) -> Reading:
        number = Decimal(value)
        return cls(number, number, stale=stale)

    def above(self, limit: Decimal) -> Truth:
        """Is the value > limit?"""
        if self.low is not None and (self.low > limit or (self.low == limit and self.low_open)):
            return Truth.TRUE
        if self.high is not None and self.high <= limit:
            return Truth.FALSE
        return Truth.UNKNOWN

    def below(self, limit: Decimal) -> Truth:
        """Is the value < limit?"""
        if self.high is not None and (self.high < limit or (self.high == limit and self.high_open)):
            return Truth.TRUE
        if self.low is not None and self.low >= limit:
            return Truth.FALSE
        return Truth.UNKNOWN

    @property
    def text(self) -> str:
        """The value as written: "14.2", "<0.07", ">= 5"."""
        if self.low is not None and self.low == self.high:
            return format(self.low, "f")
        if self.low is None and self.high is not None:
            return ("<" if self.high_open else "<=") + format(self.high, "f")
        if self.high is None and self.low is not None:
            return (">" if self.low_open else ">=") + format(self.low, "f")
        return f"{self.low}..{self.high}"


Value = bool | str | Reading
Case = Mapping[str, Value]
"""What is known: vocabulary id -> value. An absent key is an unknown value."""


class Saw(msgspec.Struct, frozen=True):
    """One value that a judgement rested on."""

    field: str
    text: str
    """As written: "true", "14.2", "<0.07", "AB"."""
    number: Decimal | None = None
    """The value, if it is one exact number."""

    @classmethod
    def of(cls, field: str, value: Value) -> Saw:
        if isinstance(value, Reading):
            exact = value.low is not None and value.low == value.high
            return cls(field, value.text, value.low if exact else None)
        return cls(field, str(value).lower() if isinstance(value, bool) else value)


class Judgement(msgspec.Struct, frozen=True):
    """The outcome of a condition: its truth, what decided it, what is missing."""

    truth: Truth
    because: tuple[Saw, ...] = ()
    missing: tuple[str, ...] = ()
    """Fields whose answer could decide an unknown outcome, in authored order."""


class When(Record):
    """A condition. Exactly one form: is | field | any | all | not | count."""

    is_: str | None = msgspec.field(default=None, name="is")
    """A yes/no term of the vocabulary that must be true."""
    field: str | None = None
    """A number or choice term, compared by exactly one of the operators below."""
    below: Decimal | None = None
    at_most: Decimal | None = None
    at_least: Decimal | None = None
    above: Decimal | None = None
    one_of: tuple[str, ...] | None = None
    any_: tuple[When, ...] | None = msgspec.field(default=None, name="any")
    all_: tuple[When, ...] | None = msgspec.field(default=None, name="all")
    not_: When | None = msgspec.field(default=None, name="not")
    count: tuple[When, ...] | None = None
    """True if at least ``at_least`` of these are true."""

    def __post_init__(self) -> None:
        forms = (self.is_, self.field, self.any_, self.all_, self.not_, self.count)
        if sum(form is not None for form in forms) != 1:
            raise ValueError("a condition has exactly one of: is, field, any, all, not, count")
        operators = (self.below, self.at_most, self.at_least, self.above, self.one_of)
        given = sum(operator is not None for operator in operators)
        if self.field is not None and given != 1:
            raise ValueError(f"field {self.field!r} needs exactly one operator, found {given}")
        if self.count is not None and (given != 1 or self.at_least is None):
            raise ValueError("count needs at_least and nothing else")
        if self.field is None and self.count is None and given:
            raise ValueError("operators go with field or count")

    def fields(self) -> tuple[str, ...]:
        """Every vocabulary id that the condition reads, in authored order, once."""
        own = self.is_ or self.field
        inner = [part for group in (self.any_, self.all_, self.count) for part in group or ()]
        if self.not_ is not None:
            inner.append(self.not_)
        found = [own] if own else []
        found.extend(name for part in inner for name in part.fields())
        return tuple(dict.fromkeys(found))


def judge(when: When, case: Case) -> Judgement:
    """Judge a condition on a case. Total: every condition has an outcome on every case."""
    if when.is_ is not None:
        return _judge_flag(when.is_, case.get(when.is_))
    if when.field is not None:
        return _judge_field(when, when.field, case.get(when.field))
    if when.not_ is not None:
        inner = judge(when.not_, case)
        return Judgement(~inner.truth, inner.because, inner.missing)
    if when.all_ is not None:
        return _judge_group(when.all_, case, decisive=Truth.FALSE)
    if when.any_ is not None:
        return _judge_group(when.any_, case, decisive=Truth.TRUE)
    return _judge_count(when, case)


def _judge_flag(name: str, value: Value | None) -> Judgement:
    if not isinstance(value, bool):
        return Judgement(Truth.UNKNOWN, missing=(name,))
    return Judgement(Truth.of(value), (Saw.of(name, value),))


def _judge_field(when: When, name: str, value: Value | None) -> Judgement:
    if value is None or isinstance(value, bool):
        return Judgement(Truth.UNKNOWN, missing=(name,))
    if isinstance(value, str):
        truth = Truth.of(value in (when.one_of or ()))
        return Judgement(truth, (Saw.of(name, value),))
    truth = _compare(when, value)
    if value.stale and truth is Truth.FALSE:
        truth = Truth.UNKNOWN
    missing = (name,) if truth is Truth.UNKNOWN else ()
    return Judgement(truth, (Saw.of(name, value),), missing)


def _compare(when: When, value: Reading) -> Truth:
    tests: tuple[tuple[Decimal | None, Callable[[Decimal], Truth]], ...] = (
        (when.below, value.below),
        (when.above, value.above),
        (when.at_most, lambda limit: ~value.above(limit)),
        (when.at_least, lambda limit: ~value.below(limit)),
    )
    for limit, compare in tests:
        if limit is not None:
            return compare(limit)
    return Truth.UNKNOWN


def _judge_group(parts: tuple[When, ...], case: Case, *, decisive: Truth) -> Judgement:
    """``any`` is decided by one TRUE, ``all`` by one FALSE; otherwise unknown wins."""
    outcomes = [judge(part, case) for part in parts]
    deciders = [outcome for outcome in outcomes if outcome.truth is decisive]
    if deciders:
        return Judgement(decisive, _because(deciders))
    unknown = [outcome for outcome in outcomes if outcome.truth is Truth.UNKNOWN]
    if unknown:
        return Judgement(Truth.UNKNOWN, _because(unknown), _missing(unknown))
    return Judgement(~decisive, _because(outcomes))


def _judge_count(when: When, case: Case) -> Judgement:
    outcomes = [judge(part, case) for part in when.count or ()]
    true = [outcome for outcome in outcomes if outcome.truth is Truth.TRUE]
    unknown = [outcome for outcome in outcomes if outcome.truth is Truth.UNKNOWN]
    needed = when.at_least or Decimal(0)
    if len(true) >= needed:
        return Judgement(Truth.TRUE, _because(true))
    if len(true) + len(unknown) < needed:
        return Judgement(Truth.FALSE, _because(outcomes))
    return Judgement(Truth.UNKNOWN, _because(true), _missing(unknown))


def _because(outcomes: Iterable[Judgement]) -> tuple[Saw, ...]:
    return tuple(dict.fromkeys(saw for outcome in outcomes for saw in outcome.because))


def _missing(outcomes: Iterable[Judgement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.missing))
