"""What is taken as present after every report about one infusion, and what nobody answered."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from functools import partial
from itertools import chain

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.bounds import reached
from ivigil.knowledge.logic import Truth
from ivigil.knowledge.population import MONTHS_PER_YEAR, in_age
from ivigil.knowledge.presence import measured, with_implied
from ivigil.knowledge.reactions import AgeLimit, Limit
from ivigil.knowledge.store import Knowledge


class Picture(msgspec.Struct, frozen=True, kw_only=True):
    """The symptoms of one patient in the days after one infusion."""

    reported: frozenset[str]
    """Complaints said or measured: now, or earlier and not taken back."""
    present: frozenset[str]
    """Those, what they imply, and circumstances."""
    open: tuple[str, ...] = ()
    """Symptoms that a patient can be asked about and that nobody said yes or no to."""
    unanswered: tuple[str, ...] = ()
    """Those of them that mean danger to life."""
    unmatched: tuple[str, ...] = ()
    """Complaints that are on no list, of every report."""
    measured: frozenset[str] = frozenset()
    """Measures that were told: now or earlier."""
    unjudged: tuple[str, ...] = ()
    """Measures whose value amounts to no symptom and is not known to be harmless."""

    @property
    def complains(self) -> bool:
        """Is anything reported that may be wrong?"""
        return bool(self.reported or self.unmatched or self.unjudged)


def picture(
    report: SymptomReport, episode: Episode, knowledge: Knowledge, earlier: Iterable[SymptomReport] = ()
) -> Picture:
    """The picture of a report and of those before it about the same infusion.

    A symptom of an earlier report counts until it is answered no. One that means danger to life
    counts even then: that it has gone does not say what it was. A yes outweighs a no.
    """
    before = tuple(earlier)
    symptoms = knowledge.facts.symptom
    danger = {symptom.id for symptom in symptoms if symptom.ask_first}
    circumstances = {symptom.id for symptom in symptoms if symptom.circumstance}
    said = set(report.present) | _measured(report, episode, knowledge)
    for past in before:
        had = set(past.present) | _measured(past, episode, knowledge)
        said |= {name for name in had if name in danger or name not in report.absent}
    present = with_implied(said, symptoms)
    answered = {*present, *report.absent}
    not_answered = [
        symptom
        for symptom in symptoms
        if symptom.question and symptom.concerns(episode.age_months) and symptom.id not in answered
    ]
    return Picture(
        reported=frozenset(said - circumstances),
        present=present,
        open=tuple(symptom.id for symptom in not_answered),
        unanswered=tuple(symptom.id for symptom in not_answered if symptom.ask_first),
        unmatched=tuple(dict.fromkeys(chain.from_iterable(each.unmatched for each in (*before, report)))),
        measured=frozenset(name for each in (*before, report) for name in each.readings),
        unjudged=_unjudged(report, episode, knowledge),
    )


def _measured(report: SymptomReport, episode: Episode, knowledge: Knowledge) -> frozenset[str]:
    def amount_to(limit: Limit, age_years: int) -> Truth:
        return reached(limit, report.readings.get(limit.measure), None, age_years)

    found = measured(partial(amount_to, age_years=0), knowledge.facts.symptom, ())
    for row in _age_limits(episode, knowledge):
        found |= measured(partial(amount_to, age_years=_years(row, episode)), (), (row,))
    return found


def _age_limits(episode: Episode, knowledge: Knowledge) -> tuple[AgeLimit, ...]:
    """The limits of the patient's age; of every age if it is not known."""
    age = episode.age_months
    return tuple(row for row in knowledge.facts.age_limit if age is None or in_age(row, age))


def _years(row: AgeLimit, episode: Episode) -> int:
    """The age for a limit that rises with age: the oldest of the band if the age is not known."""
    months = row.age_months_below if episode.age_months is None else episode.age_months
    return (months or row.age_months_min) // MONTHS_PER_YEAR


def _unjudged(report: SymptomReport, episode: Episode, knowledge: Knowledge) -> tuple[str, ...]:
    """Readings that no limit clears: one does only if nothing but a high value of it is a sign."""
    limits = [limit for symptom in knowledge.facts.symptom for limit in symptom.limits]
    limits += [row.limit for row in _age_limits(episode, knowledge)]
    return tuple(
        measure for measure, value in report.readings.items() if not _is_judged(measure, value, limits)
    )


def _is_judged(measure: str, value: Decimal, limits: Iterable[Limit]) -> bool:
    concerning = [limit for limit in limits if limit.measure == measure]
    if any(reached(limit, value, None, 0) is Truth.TRUE for limit in concerning):
        return True
    only_high = all(
        limit.of == "value" and limit.below is None and limit.at_most is None for limit in concerning
    )
    return bool(concerning) and only_high
