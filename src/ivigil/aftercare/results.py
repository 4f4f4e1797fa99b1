"""What dated laboratory results mean: which rule holds, and what is missing to tell.

A change is judged against the patient's own value before; without one it is not known, and
not known is never normal.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from typing import Literal

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.happenings import ResultReceived
from ivigil.aftercare.spans import later
from ivigil.knowledge.bounds import reached
from ivigil.knowledge.logic import FALSE, TRUE, UNKNOWN, Truth
from ivigil.knowledge.population import MONTHS_PER_YEAR
from ivigil.knowledge.reactions import Limit, ResultRule
from ivigil.knowledge.store import Knowledge
from ivigil.patient import Patient

Missing = Literal["baseline", "time", "upper_normal", "lower_normal", "age"]
"""time: the number is reached, but not shown to have come about, or to have lasted, in the time
that the rule names."""


class Compared(msgspec.Struct, frozen=True, kw_only=True):
    """One value, and what it was held against."""

    measure: str
    value: Decimal
    drawn_at: dt.datetime
    baseline: Decimal | None = None
    baseline_at: dt.datetime | None = None


class ResultReading(msgspec.Struct, frozen=True, kw_only=True):
    """One rule, held against the results of its measures."""

    rule: str
    reaction: str
    severity: str
    holds: Truth
    """Of what was measured."""
    because: tuple[Compared, ...]
    """The comparisons that decided, or that could not be finished."""
    missing: tuple[Missing, ...] = ()
    """What would settle a rule that is not known to hold."""
    unmeasured: tuple[str, ...] = ()
    """Measures of the rule without any result: by these it may hold all the same."""
    panels: tuple[str, ...] = ()
    """Tests to do next, where the rule holds or may hold."""
    first_actions: tuple[str, ...] = ()


def baselines(patient: Patient, zone: dt.tzinfo | None, knowledge: Knowledge) -> tuple[ResultReceived, ...]:
    """The dated exact values of an order that rules here read, each at the midnight of its day."""
    measures = {measure.id for measure in knowledge.facts.measure}
    return tuple(
        ResultReceived(
            measure=name,
            value=measured.reading.low,
            drawn_at=dt.datetime.combine(measured.date, dt.time(), zone or dt.UTC),
        )
        for key, measured in patient.measurements.items()
        if (name := f"measure.{key}") in measures
        and measured.date is not None
        and measured.reading.low is not None
        and measured.reading.low == measured.reading.high
    )


class _Verdict(msgspec.Struct, frozen=True):
    truth: Truth
    because: tuple[Compared, ...]
    missing: tuple[Missing, ...] = ()


def read_results(
    results: Iterable[ResultReceived],
    episode: Episode,
    knowledge: Knowledge,
    baseline_before: dt.datetime | None = None,
) -> tuple[ResultReading, ...]:
    """Every rule one of whose measures has a result after the infusion: those that hold first.

    baseline_before (aware): values drawn before it are the patient's own; None: before the
    infusion of the episode. Of two results of one measure and time the last given counts.
    """
    begun = baseline_before or episode.started_at or episode.ended_at
    series = _series(results)
    read = [
        reading
        for rule in knowledge.facts.result_rule
        if (reading := _read(rule, series, begun, episode, knowledge)) is not None
    ]
    return tuple(sorted(read, key=lambda reading: (TRUE, UNKNOWN, FALSE).index(reading.holds)))


def _series(results: Iterable[ResultReceived]) -> dict[str, list[ResultReceived]]:
    """Results of each measure by time."""
    latest = {(each.measure, each.drawn_at): each for each in results}
    series: dict[str, list[ResultReceived]] = {}
    for each in sorted(latest.values(), key=lambda each: each.drawn_at):
        series.setdefault(each.measure, []).append(each)
    return series


def _read(
    rule: ResultRule,
    series: dict[str, list[ResultReceived]],
    begun: dt.datetime | None,
    episode: Episode,
    knowledge: Knowledge,
) -> ResultReading | None:
    measured = {
        name for name, results in series.items() if any(begun is None or r.drawn_at >= begun for r in results)
    }
    verdicts = [
        _judge(limit, series[limit.measure], begun, episode)
        for limit in rule.limits
        if limit.measure in measured
    ]
    if not verdicts:
        return None
    truths = {verdict.truth for verdict in verdicts}
    holds = next(truth for truth in (TRUE, UNKNOWN, FALSE) if truth in truths)
    deciding = [verdict for verdict in verdicts if verdict.truth is holds]
    reaction = next(each for each in knowledge.facts.reaction if each.id == rule.reaction)
    return ResultReading(
        rule=rule.id,
        reaction=rule.reaction,
        severity=rule.severity,
        holds=holds,
        because=tuple(dict.fromkeys(seen for verdict in deciding for seen in verdict.because)),
        missing=tuple(dict.fromkeys(what for verdict in deciding for what in verdict.missing)),
        unmeasured=tuple(dict.fromkeys(x.measure for x in rule.limits if x.measure not in measured)),
        panels=() if holds is FALSE else reaction.panels,
        first_actions=() if holds is FALSE else tuple(each.id for each in reaction.first_actions),
    )


def _judge(
    limit: Limit, results: list[ResultReceived], begun: dt.datetime | None, episode: Episode
) -> _Verdict:
    """One limit against all results of its measure since the infusion; true if any of them reaches it."""
    since = [each for each in results if begun is None or each.drawn_at >= begun]
    if limit.of == "value" and limit.within_hours is not None:
        return _lasting(limit, since, episode)
    judge = _change if limit.of not in ("value", "times_upper_normal") else _value
    before = [each for each in results if each not in since]
    baseline = before[-1] if before else None
    verdicts = [judge(limit, each, baseline, results, episode) for each in since]
    for truth in (TRUE, UNKNOWN):
        found = [verdict for verdict in verdicts if verdict.truth is truth]
        if found:
            return found[-1]
    return verdicts[-1]


def _value(
    limit: Limit,
    result: ResultReceived,
    baseline: ResultReceived | None,
    results: list[ResultReceived],
    episode: Episode,
) -> _Verdict:
    """A value as it stands, or against the laboratory's limits."""
    because = (_compared(result, None),)
    lower = result.lower_normal
    asked = msgspec.structs.replace(limit, below_lower_normal=False)
    truth = _reached(asked, result, None, episode)
    if truth is UNKNOWN:
        return _Verdict(UNKNOWN, because, ("age" if _wants_age(limit, episode) else "upper_normal",))
    if truth is TRUE and limit.below_lower_normal:
        if lower is None:
            return _Verdict(UNKNOWN, because, ("lower_normal",))
        truth = Truth.of(result.value < lower)
    return _Verdict(truth, because)


def _change(
    limit: Limit,
    result: ResultReceived,
    baseline: ResultReceived | None,
    results: list[ResultReceived],
    episode: Episode,
) -> _Verdict:
    """A change from the patient's own value before; in a time, also from every value drawn within it."""
    untimed = msgspec.structs.replace(limit, within_hours=None)
    if limit.within_hours is not None:
        for other in results:
            in_time = other.drawn_at < result.drawn_at <= later(other.drawn_at, limit.within_hours)
            if in_time and _reached(untimed, result, other, episode) is TRUE:
                return _Verdict(TRUE, (_compared(result, other),))
    because = (_compared(result, baseline),)
    truth = _reached(untimed, result, baseline, episode)
    if truth is UNKNOWN:
        return _Verdict(UNKNOWN, because, ("age" if _wants_age(limit, episode) else "baseline",))
    if truth is TRUE and limit.within_hours is not None:
        return _Verdict(UNKNOWN, because, ("time",))
    return _Verdict(truth, because)


def _lasting(limit: Limit, since: list[ResultReceived], episode: Episode) -> _Verdict:
    """A value that must have lasted: shown by values of that kind, without another between, so far apart."""
    untimed = msgspec.structs.replace(limit, within_hours=None)
    hours = limit.within_hours or Decimal(0)
    run: list[ResultReceived] = []
    longest: list[ResultReceived] = []
    for each in since:
        run = [*run, each] if _reached(untimed, each, None, episode) is not FALSE else []
        longest = max(longest, run, key=len)
        if run and each.drawn_at >= later(run[0].drawn_at, hours):
            return _Verdict(TRUE, tuple(_compared(one, None) for one in run))
    if longest:
        return _Verdict(UNKNOWN, tuple(_compared(one, None) for one in longest), ("time",))
    return _Verdict(FALSE, (_compared(since[-1], None),))


def _reached(
    limit: Limit, result: ResultReceived, baseline: ResultReceived | None, episode: Episode
) -> Truth:
    if _wants_age(limit, episode):
        return UNKNOWN
    years = (episode.age_months or 0) // MONTHS_PER_YEAR
    own = None if baseline is None else baseline.value
    return reached(limit, result.value, own, years, result.upper_normal)


def _wants_age(limit: Limit, episode: Episode) -> bool:
    return limit.per_year_of_age is not None and episode.age_months is None


def _compared(result: ResultReceived, baseline: ResultReceived | None) -> Compared:
    return Compared(
        measure=result.measure,
        value=result.value,
        drawn_at=result.drawn_at,
        baseline=None if baseline is None else baseline.value,
        baseline_at=None if baseline is None else baseline.drawn_at,
    )
