"""After the end: how long the patient stays, and what is settled before they go."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from typing import Literal

import msgspec

from ivigil.infusion.briefing import Briefing
from ivigil.infusion.doubts import trusted
from ivigil.infusion.onset import fired
from ivigil.infusion.signs import history
from ivigil.infusion.state import State
from ivigil.infusion.treatment import of_class, unrecognised
from ivigil.knowledge.reactions import ReactionObservation

ANAPHYLAXIS = "reaction.anaphylaxis"
_TERM = "ctcae.anaphylaxis"


class Stay(msgspec.Struct, frozen=True, kw_only=True):
    """How long to observe after the end."""

    minutes: int | None = None
    """None: no rule says."""
    counted_from: dt.datetime | None = None
    """None: not over yet, whatever it is counted from."""
    facts: tuple[str, ...] = ()

    @property
    def until(self) -> dt.datetime | None:
        """None: it cannot be told yet."""
        if self.minutes is None or self.counted_from is None:
            return None
        return self.counted_from + dt.timedelta(minutes=self.minutes)


CheckCode = Literal[
    "line_off",
    "vials_finished",
    "lots_recorded",
    "observation_over",
    "end_vitals_taken",
    "vitals_within_rules",
    "no_open_symptom",
    "patient_informed",
]
CheckState = Literal["met", "unmet", "unknown"]
"""unknown: nothing was recorded, or no rule says what would do. It never counts as met."""


class DischargeCheck(msgspec.Struct, frozen=True):
    """One thing to settle before the patient goes."""

    code: CheckCode
    state: CheckState
    facts: tuple[str, ...] = ()


def observation(briefing: Briefing, state: State) -> Stay:
    """How long the patient stays: the plan's time from the end, longer after anaphylaxis.

    The stay that ends last rules; one that cannot be told yet outlasts every other.
    """
    planned = briefing.observation
    stay = Stay() if planned is None else Stay(minutes=planned.minutes, facts=planned.facts)
    stays = [msgspec.structs.replace(stay, counted_from=state.ended_at)]
    if anaphylaxis(briefing, state):
        stays.append(_stay_after_anaphylaxis(briefing, state))
    untold = [stay for stay in stays if stay.until is None]
    return untold[-1] if untold else max(stays, key=lambda stay: (stay.until, stay.minutes))


def anaphylaxis(briefing: Briefing, state: State) -> bool:
    """Was a criterion of anaphylaxis met, a clinician's grade given for it, or epinephrine given?"""
    graded = any(each.grading.reaction == ANAPHYLAXIS or each.grading.term == _TERM for each in state.grades)
    met = any(firing.kind == "anaphylaxis" for firing in fired(briefing, state))
    return graded or met or bool(of_class("epinephrine", briefing, state.medicines))


def discharge(briefing: Briefing, state: State, now: dt.datetime) -> tuple[DischargeCheck, ...]:
    """What is to be settled before the patient goes, and whether it is at ``now`` (aware)."""
    stay = observation(briefing, state)
    over: CheckState = "unknown" if stay.until is None else _met(now >= stay.until)
    return (
        DischargeCheck("line_off", _line_off(state)),
        DischargeCheck("vials_finished", _all(vial.finished_at is not None for vial in state.vials)),
        DischargeCheck("lots_recorded", _all(bool(vial.lot) for vial in state.vials)),
        DischargeCheck("observation_over", over, stay.facts),
        _end_vitals(briefing, state),
        _within_rules(briefing, state, now),
        DischargeCheck("no_open_symptom", _met(all(spell.until is not None for spell in state.symptoms))),
        DischargeCheck("patient_informed", "unknown" if state.informed_at is None else "met"),
    )


def _stay_after_anaphylaxis(briefing: Briefing, state: State) -> Stay:
    """From the end, the last sign or the last dose of epinephrine, whichever came last."""
    shown = [rule for rule in briefing.facts.reaction_observation if _is_shown(rule, briefing, state)]
    rule = min(shown, key=lambda rule: rule.minutes, default=None)
    if rule is None:
        return Stay()
    stay = Stay(minutes=rule.minutes, facts=(rule.id,))
    ends = [state.ended_at, *(spell.until for spell in state.symptoms)]
    ends += [firing.until for firing in fired(briefing, state) if firing.kind == "anaphylaxis"]
    ends += [item.at for item in of_class("epinephrine", briefing, state.medicines)]
    known = [end for end in ends if end is not None]
    return stay if len(known) < len(ends) else msgspec.structs.replace(stay, counted_from=max(known))


def _is_shown(rule: ReactionObservation, briefing: Briefing, state: State) -> bool:
    """Are the terms of a stay after anaphylaxis known to be met?

    A medicine without a known class may be one more dose.
    """
    if rule.reaction != ANAPHYLAXIS:
        return False
    if rule.epinephrine_doses is not None:
        doses = of_class("epinephrine", briefing, state.medicines)
        if len(doses) != rule.epinephrine_doses or unrecognised(briefing, state.medicines):
            return False
    if any(signs.symptoms & set(rule.not_with) for signs in history(briefing, state)):
        return False
    grades = [each.grading.grade for each in state.grades]
    return rule.grade_below is None or max(grades, default=rule.grade_below) < rule.grade_below


def _met(holds: bool) -> CheckState:
    return "met" if holds else "unmet"


def _all(recorded: Iterator[bool]) -> CheckState:
    """Of something recorded for each vial; no vial on record is no answer."""
    values = list(recorded)
    return _met(all(values)) if values else "unknown"


def _line_off(state: State) -> CheckState:
    if state.line_off_at is not None:
        return "met"
    return "unmet" if state.connected else "unknown"


def _end_vitals(briefing: Briefing, state: State) -> DischargeCheck:
    """Every sign that the rules want at the end, measured since the end."""
    checks = [check for check in briefing.checks if check.phase in ("end", "after")]
    facts = tuple(check.fact for check in checks)
    wanted = {measure for check in checks for measure in check.measures}
    if not wanted:
        return DischargeCheck("end_vitals_taken", "unknown", facts)
    return DischargeCheck("end_vitals_taken", _met(wanted <= _measured_since_end(briefing, state)), facts)


def _within_rules(briefing: Briefing, state: State, now: dt.datetime) -> DischargeCheck:
    """Does no rule hold any more, by values that were taken since the end?"""
    holding = tuple(dict.fromkeys(f.fact for f in fired(briefing, state) if f.holds_at(now)))
    if holding:
        return DischargeCheck("vitals_within_rules", "unmet", holding)
    return DischargeCheck("vitals_within_rules", "met" if _measured_since_end(briefing, state) else "unknown")


def _measured_since_end(briefing: Briefing, state: State) -> set[str]:
    ended_at, known = state.ended_at, trusted(briefing, state).vitals
    if ended_at is None:
        return set()
    return {measure for vitals in known if vitals.at >= ended_at for measure in vitals.readings}
