"""Three-valued conditions: structured data that judge a case and say what they lack.

A condition is authored in TOML, for example::

    { any = [ { is = "diabetes_mellitus" }, { field = "age_years", above = 65 } ] }

Unknown is a value: ``judge`` never turns a missing answer into false. Kleene's strong
logic of indeterminacy (S. C. Kleene, Introduction to Metamathematics, 1952, sec. 64).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from enum import StrEnum

import msgspec

from ivigil.knowledge.evidence import Record


class Truth(StrEnum):
    """True, false or unknown."""

    TRUE = "true"
    FALSE = "false"
    UNKNOWN = "unknown"

    @classmethod
    def of(cls, value: bool) -> Truth:
        return TRUE if value else FALSE

    def __invert__(self) -> Truth:
        if self is UNKNOWN:
            return self
        return FALSE if self is TRUE else TRUE


# A name of the module is found many times faster than a member of an enumeration.
TRUE, FALSE, UNKNOWN = Truth


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
            return TRUE
        if self.high is not None and self.high <= limit:
            return FALSE
        return UNKNOWN

    def below(self, limit: Decimal) -> Truth:
        """Is the value < limit?"""
        if self.high is not None and (self.high < limit or (self.high == limit and self.high_open)):
            return TRUE
        if self.low is not None and self.low >= limit:
            return FALSE
        return UNKNOWN

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


def truth_of(when: When, case: Case) -> Truth:
    """Does the condition hold on a case? Total: every condition has a truth on every case."""
    if when.is_ is not None:
        return _truth_of_flag(case.get(when.is_))
    if when.field is not None:
        return _truth_of_field(when, case.get(when.field))
    if when.any_ is not None:
        return any_of(when.any_, case)
    if when.all_ is not None:
        return _truth_of_group(when.all_, case, decisive=FALSE)
    if when.not_ is not None:
        return ~truth_of(when.not_, case)
    return _truth_of_count(when, case)


def any_of(parts: Iterable[When], case: Case) -> Truth:
    """Does at least one of these conditions hold?"""
    return _truth_of_group(parts, case, decisive=TRUE)


def _truth_of_flag(value: Value | None) -> Truth:
    return Truth.of(value) if isinstance(value, bool) else UNKNOWN


def _truth_of_field(when: When, value: Value | None) -> Truth:
    if value is None or isinstance(value, bool):
        return UNKNOWN
    if isinstance(value, str):
        return Truth.of(value in (when.one_of or ()))
    truth = _compare(when, value)
    return UNKNOWN if value.stale and truth is FALSE else truth


def _compare(when: When, value: Reading) -> Truth:
    if when.below is not None:
        return value.below(when.below)
    if when.above is not None:
        return value.above(when.above)
    if when.at_most is not None:
        return ~value.above(when.at_most)
    if when.at_least is not None:
        return ~value.below(when.at_least)
    return UNKNOWN


def _truth_of_group(parts: Iterable[When], case: Case, *, decisive: Truth) -> Truth:
    """``any`` is decided by one TRUE, ``all`` by one FALSE; otherwise unknown wins."""
    outcome = ~decisive
    for part in parts:
        truth = truth_of(part, case)
        if truth is decisive:
            return decisive
        if truth is UNKNOWN:
            outcome = truth
    return outcome


def _truth_of_count(when: When, case: Case) -> Truth:
    truths = [truth_of(part, case) for part in when.count or ()]
    true, unknown = truths.count(TRUE), truths.count(UNKNOWN)
    needed = when.at_least or Decimal(0)
    if true >= needed:
        return TRUE
    return FALSE if true + unknown < needed else UNKNOWN


def judge(when: When, case: Case) -> Judgement:
    """The truth of a condition on a case, with what decided it and what is missing."""
    return _explain(when, truth_of(when, case), case)


def _explain(when: When, truth: Truth, case: Case) -> Judgement:
    if when.is_ is not None:
        value = case.get(when.is_)
        return _judge_value(when.is_, truth, value if isinstance(value, bool) else None)
    if when.field is not None:
        value = case.get(when.field)
        return _judge_value(when.field, truth, None if isinstance(value, bool) else value)
    if when.not_ is not None:
        inner = _explain(when.not_, ~truth, case)
        return Judgement(truth, inner.because, inner.missing)
    if when.count is not None:
        return _judge_count(when.count, truth, case)
    # Whatever the outcome of a group, it rests on the parts with that outcome.
    parts = when.any_ or when.all_ or ()
    outcomes = [_explain(part, truth, case) for part in parts if truth_of(part, case) is truth]
    return Judgement(truth, _because(outcomes), _missing(outcomes))


def _judge_value(name: str, truth: Truth, value: Value | None) -> Judgement:
    """A judgement on one value; None: none that the condition can read."""
    because = () if value is None else (Saw.of(name, value),)
    return Judgement(truth, because, (name,) if truth is UNKNOWN else ())


def _judge_count(parts: tuple[When, ...], truth: Truth, case: Case) -> Judgement:
    outcomes = [judge(part, case) for part in parts]
    true = [outcome for outcome in outcomes if outcome.truth is TRUE]
    unknown = [outcome for outcome in outcomes if outcome.truth is UNKNOWN]
    if truth is UNKNOWN:
        return Judgement(truth, _because(true), _missing(unknown))
    return Judgement(truth, _because(true if truth is TRUE else outcomes))


def _because(outcomes: Iterable[Judgement]) -> tuple[Saw, ...]:
    return tuple(dict.fromkeys(saw for outcome in outcomes for saw in outcome.because))


def _missing(outcomes: Iterable[Judgement]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for outcome in outcomes for name in outcome.missing))
