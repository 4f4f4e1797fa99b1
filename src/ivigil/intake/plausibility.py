"""Doubting numbers: ranges that nothing living leaves, and swaps of units that a body betrays.

A value outside its term's range is refused. A value that is only unusual is asked about, and
accepted once it is listed under [patient] confirmed.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

from ivigil.intake.faults import Faults
from ivigil.intake.quantities import Measured
from ivigil.knowledge.growth import GrowthRow
from ivigil.knowledge.store import Knowledge, KnowledgeError
from ivigil.knowledge.vocabulary import Term
from ivigil.patient import Sex, completed_years
from ivigil.told import Text, tell

CM_PER_M = Decimal(100)
PERCENT = Decimal(100)
DAYS_PER_MONTH = Decimal("30.4375")
"""365.25 days / 12."""
Z_AT_97TH_CENTILE = Decimal("1.880794")
"""Standard normal quantile of 0.97."""
TENTH = Decimal("0.1")
WEIGHT = "weight_kg"


class Doubter:
    """Judges the numbers of one patient and notes what is not plausible."""

    def __init__(self, knowledge: Knowledge, confirmed: tuple[str, ...], faults: Faults) -> None:
        self._knowledge = knowledge
        self._confirmed = confirmed
        self._faults = faults

    def in_range(self, measured: Measured, term: Term) -> bool:
        """Refuse a value outside the plausible range of its term."""
        low, high = term.plausible_min, term.plausible_max
        if _between(measured.number, low, high):
            return True
        accepted = tell("{low} to {high} {unit}", low=_plain(low), high=_plain(high), unit=term.unit)
        self._faults.add(measured.field, measured.shown, accepted, near=_swaps(measured, low, high))
        return False

    def usual(self, measured: Measured) -> None:
        """Ask about a value that only a few diseases reach, where a policy names the limit."""
        policy = self._knowledge.policies.get(usual_policy(measured.quantity.key))
        if policy is None or policy.number is None or measured.number <= policy.number:
            return
        near = _swaps(measured, None, policy.number)
        most = _plain(policy.number)
        accepted = tell("at most {most} {unit}", most=most, unit=measured.quantity.unit)
        self._ask(measured.quantity.key, measured.field, measured.shown, accepted, near)

    def age(self, birth: dt.date, start: dt.date) -> bool:
        """Refuse a birth date after the start, or longer before it than anybody lives."""
        oldest = limit(self._knowledge, "policy.intake_age_max")
        if birth <= start and completed_years(birth, start) <= oldest:
            return True
        accepted = tell("a date not after the start, at most {years} years before it", years=_plain(oldest))
        self._faults.add("patient.birth_date", birth.isoformat(), accepted)
        return False

    def weight_for_age(self, weight: Measured, sex: Sex, birth: dt.date, start: dt.date) -> bool:
        """Ask about a child's weight far from the median for age and sex. True if it asked."""
        row = self._growth(sex, birth, start)
        if row is None:
            return False
        low, high = self._believed(row)
        if _between(weight.number, low, high):
            return False
        seen = tell(
            "{weight}, expected {low} to {high} kg",
            weight=weight.shown,
            low=_tenths(low),
            high=_tenths(high),
        )
        accepted, near = tell("a weight plausible for age and sex"), _swaps(weight, low, high)
        return self._ask(WEIGHT, weight.field, seen, accepted, near)

    def weight_of_adult(self, weight: Measured, sex: Sex, birth: dt.date, start: dt.date) -> bool:
        """Ask about an adult, of unknown height, lighter than is believed at the oldest age of the reference.

        There is no reference of adults' weight; an upper end would have no source. True if it asked.
        """
        oldest = next(r.rows[-1] for r in self._knowledge.facts.weight_for_age if r.sex == sex)
        low, _ = self._believed(oldest)
        grown = Decimal((start - birth).days) / DAYS_PER_MONTH > oldest.age_months
        if not grown or weight.number >= low:
            return False
        seen = tell("{weight}, at least {low} kg expected of an adult", weight=weight.shown, low=_tenths(low))
        accepted = tell("a weight plausible for age and sex, or a height beside it")
        return self._ask(WEIGHT, weight.field, seen, accepted, _swaps(weight, low, None))

    def _believed(self, row: GrowthRow) -> tuple[Decimal, Decimal]:
        """The ends between which a weight is not asked about."""
        z = limit(self._knowledge, "policy.intake_weight_for_age") / Z_AT_97TH_CENTILE
        return row.p50_kg - z * (row.p50_kg - row.p3_kg), row.p50_kg + z * (row.p97_kg - row.p50_kg)

    def body_mass_index(self, weight: Measured, height: Measured, birth: dt.date, start: dt.date) -> None:
        """Ask about weight and height that no body has together."""
        if completed_years(birth, start) < limit(self._knowledge, "policy.intake_bmi_age_min"):
            return
        group = "adult" if self._growth("female", birth, start) is None else "child"
        low = limit(self._knowledge, f"policy.intake_bmi_{group}_min")
        high = limit(self._knowledge, f"policy.intake_bmi_{group}_max")
        bmi = _bmi(weight.number, height.number)
        if _between(bmi, low, high):
            return
        other_weights = [
            weight.rewritten(unit)
            for unit in weight.other_units()
            if _between(_bmi(weight.in_unit(unit), height.number), low, high)
        ]
        other_heights = [
            height.rewritten(unit)
            for unit in height.other_units()
            if _between(_bmi(weight.number, height.in_unit(unit)), low, high)
        ]
        seen = tell(
            "{weight} with height {height}, a body mass index of {index}",
            weight=weight.shown,
            height=height.shown,
            index=_tenths(bmi),
        )
        accepted = tell("a body mass index of {low} to {high} kg/m2", low=_plain(low), high=_plain(high))
        self._ask(WEIGHT, weight.field, seen, accepted, (*other_weights, *other_heights))

    def change_of_weight(self, weight: Measured, last: Measured) -> bool:
        """Ask about a weight that differs much from the one recorded before. True if it asked."""
        allowed = limit(self._knowledge, "policy.intake_weight_change")
        low, high = (last.number * (PERCENT + sign * allowed) / PERCENT for sign in (-1, 1))
        if _between(weight.number, low, high):
            return False
        change = abs(weight.number - last.number) * PERCENT / last.number
        seen = tell(
            "{weight} after {before}, a change of {percent} %",
            weight=weight.shown,
            before=last.shown,
            percent=_tenths(change),
        )
        accepted = tell("a change of at most {percent} % from the last weight", percent=_plain(allowed))
        return self._ask(WEIGHT, weight.field, seen, accepted, _swaps(weight, low, high))

    def _growth(self, sex: Sex, birth: dt.date, start: dt.date) -> GrowthRow | None:
        """The growth reference at this age; None for an adult."""
        for reference in self._knowledge.facts.weight_for_age:
            if reference.sex == sex:
                return reference.at(Decimal((start - birth).days) / DAYS_PER_MONTH)
        raise KnowledgeError([f"no weight-for-age reference for {sex}"])

    def _ask(self, name: str, field: str, seen: Text, accepted: Text, near: tuple[str, ...]) -> bool:
        """Note an unusual value, unless the writer has confirmed it. True if it was noted."""
        if name in self._confirmed:
            return False
        self._faults.add(field, seen, accepted, near=near, confirm=name)
        return True


def usual_policy(term: str) -> str:
    """The id of the policy that limits what is usual of a term."""
    return f"policy.intake_usual_max_{term}"


def limit(knowledge: Knowledge, policy: str) -> Decimal:
    """The number of a policy. Raises KnowledgeError if the fact base lacks it."""
    found = knowledge.policies.get(policy)
    if found is None or found.number is None:
        raise KnowledgeError([f"{policy} has no number"])
    return found.number


def required_term(knowledge: Knowledge, name: str) -> Term:
    """A number term that intake cannot do without. Raises KnowledgeError."""
    term = knowledge.terms.get(name)
    if term is None or term.plausible_min is None or term.plausible_max is None:
        raise KnowledgeError([f"term {name} has no plausible range"])
    return term


def _between(number: Decimal, low: Decimal | None, high: Decimal | None) -> bool:
    return (low is None or low <= number) and (high is None or number <= high)


def _swaps(measured: Measured, low: Decimal | None, high: Decimal | None) -> tuple[str, ...]:
    """The same number in the other units in which it would be in range."""
    return tuple(
        measured.rewritten(unit)
        for unit in measured.other_units()
        if _between(measured.in_unit(unit), low, high)
    )


def _bmi(weight_kg: Decimal, height_cm: Decimal) -> Decimal:
    return weight_kg / (height_cm / CM_PER_M) ** 2


def _plain(number: Decimal | None) -> str:
    return "any" if number is None else format(number, "f")


def _tenths(number: Decimal) -> str:
    return format(number.quantize(TENTH), "f")
