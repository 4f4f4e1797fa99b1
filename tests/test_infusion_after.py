"""After the end: stays, discharge and proposals, worked by hand from the cited facts."""

from __future__ import annotations

from decimal import Decimal
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from ivigil.infusion.after import CheckCode, CheckState, anaphylaxis, discharge, observation
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.events import (
    Completed,
    Disconnected,
    MedicineGiven,
    PatientInformed,
    Paused,
    RateSet,
    ReactionGraded,
    Resumed,
    Started,
    Stopped,
    SymptomNoted,
    VialFinished,
    VialHung,
    VitalsTaken,
)
from ivigil.infusion.next_time import next_time, suspected
from ivigil.infusion.onset import lowest, next_rate, onsets
from ivigil.infusion.state import State
from ivigil.knowledge.next_time import NextRate, Proposal
from tests.support.ladder_day import TO_THE_END, UP, Happened, at, briefing, state

D = Decimal
KNOWN = briefing()
SETTLED: CheckState = "met"
LOW, HIGH = "observation.after_anaphylaxis_low_risk", "observation.after_anaphylaxis_high_risk"


def symptom(name: str, present: bool = True) -> SymptomNoted:
    return SymptomNoted(symptom=f"symptom.{name}", present=present)


def grade(number: int, reaction: str = "reaction.anaphylaxis", term: str = "t") -> ReactionGraded:
    return ReactionGraded(term=term, grade=number, version="6.0", reaction=reaction)


def epinephrine() -> MedicineGiven:
    return MedicineGiven(drug="epinephrine", drug_class="epinephrine", dose_mg=D("0.5"))


def stopped_for(*happened: Happened) -> State:
    """Stopped at 100 minutes, at 280 mL/h, for what happened."""
    return state(*UP, *happened, (100, Stopped()))


MILD: tuple[Happened, ...] = (
    (99, symptom("hives")),
    (101, epinephrine()),
    (110, grade(3)),
    (120, symptom("hives", present=False)),
)
"""One dose, hives gone after 20 minutes, graded 3."""


# --- how long to stay


def test_the_plan_says_how_long_after_a_quiet_infusion() -> None:
    stay = observation(KNOWN, state(*TO_THE_END))
    assert (stay.minutes, stay.until) == (60, at(139 + 60))
    assert stay.facts == ("observation.first_switch_gap",)


def test_before_the_end_nobody_can_say_until_when() -> None:
    assert observation(KNOWN, state(*UP)).until is None


def test_without_a_rule_no_time_is_made_up() -> None:
    stay = observation(replace(KNOWN, observation=None), state(*TO_THE_END))
    assert (stay.minutes, stay.until) == (None, None)


def test_one_dose_and_settled_counts_60_minutes_from_the_last_sign() -> None:
    """BMJ Best Practice: low risk, at least 60 min; the hives are gone at 120."""
    stay = observation(KNOWN, stopped_for(*MILD))
    assert (stay.minutes, stay.until, stay.facts) == (60, at(180), (LOW,))


@pytest.mark.parametrize(
    "more",
    [
        (106, epinephrine()),  # a second dose
        (108, MedicineGiven(drug="adrenaline")),  # which may be a second dose
        (98, symptom("fainting")),  # a severe feature
        (112, grade(4)),
    ],
)
def test_more_than_one_dose_or_a_severe_sign_means_six_hours(more: Happened) -> None:
    gone = (125.0, symptom("fainting", present=False))
    stay = observation(KNOWN, stopped_for(*MILD, more, gone))
    assert (stay.minutes, stay.facts) == (360, (HIGH,))
    assert stay.until == at((125 if more[1] == symptom("fainting") else 120) + 360)


def test_low_pressure_that_was_only_measured_is_a_severe_sign() -> None:
    """A systolic pressure of 120, then 80: down by a third."""
    pressure = "measure.systolic_mmhg"
    values = [(-5, 120), (99, 80), (105, 118)]
    taken = [(minute, VitalsTaken(readings={pressure: D(value)})) for minute, value in values]
    assert observation(KNOWN, stopped_for(*MILD, *taken)).facts == (HIGH,)


@pytest.mark.parametrize(
    "happened",
    [
        [(99, symptom("hives")), (101, epinephrine()), (120, symptom("hives", present=False))],  # not graded
        [(99, symptom("hives")), (110, grade(3)), (120, symptom("hives", present=False))],  # no dose
    ],
)
def test_what_is_not_shown_to_be_mild_is_watched_for_six_hours(
    happened: list[Happened],
) -> None:
    assert observation(KNOWN, stopped_for(*happened)).minutes == 360


def test_an_open_sign_leaves_the_end_of_the_stay_open() -> None:
    stay = observation(KNOWN, stopped_for(*MILD[:-1]))
    assert (stay.minutes, stay.until, stay.facts) == (60, None, (LOW,))


def test_criteria_of_anaphylaxis_are_enough_without_a_grade_or_a_dose() -> None:
    """WAO 2020, criterion 1: hives with difficult breathing."""
    signs: list[Happened] = [(99, symptom("hives")), (99, symptom("difficulty_breathing"))]
    assert anaphylaxis(KNOWN, stopped_for(*signs))
    assert not anaphylaxis(KNOWN, stopped_for(signs[0]))


def test_a_longer_stay_of_the_plan_is_never_cut_short() -> None:
    assert KNOWN.observation is not None
    longer = replace(KNOWN, observation=replace(KNOWN.observation, minutes=600, facts=("f",)))
    stay = observation(longer, stopped_for(*MILD))
    assert (stay.until, stay.facts) == (at(100 + 600), ("f",))


# --- before the patient goes


VITALS = {"measure.heart_rate_per_min": D(80)}


def hang(lot: str = "L1") -> VialHung:
    return VialHung(product="privigen-us", grams=D(35), lot=lot)


def checked(*happened: Happened, now: float = 300, known: Briefing = KNOWN) -> dict[str, str]:
    return {check.code: check.state for check in discharge(known, state(*happened), at(now))}


WHOLE: tuple[Happened, ...] = (
    (-5, hang()),
    *TO_THE_END,
    (139, VialFinished(hung="e0")),
    (140, VitalsTaken(readings=VITALS)),
    (142, Disconnected()),
    (150, PatientInformed()),
)


def test_everything_settled() -> None:
    assert checked(*WHOLE) == dict.fromkeys(get_args(CheckCode), SETTLED)


@pytest.mark.parametrize(
    ("left_out", "code", "expected"),
    [
        (Disconnected, "line_off", "unknown"),
        (VialFinished, "vials_finished", "unmet"),
        (VialHung, "vials_finished", "unknown"),
        (VialHung, "lots_recorded", "unknown"),
        (VitalsTaken, "end_vitals_taken", "unmet"),
        (VitalsTaken, "vitals_within_rules", "unknown"),
        (PatientInformed, "patient_informed", "unknown"),
        (Completed, "observation_over", "unknown"),
        (Completed, "end_vitals_taken", "unmet"),
    ],
)
def test_what_was_not_recorded_is_never_met(left_out: type, code: str, expected: str) -> None:
    rest = [happened for happened in WHOLE if not isinstance(happened[1], left_out)]
    assert checked(*rest)[code] == expected


def test_observation_is_over_at_the_minute() -> None:
    assert checked(*WHOLE, now=198.9)["observation_over"] == "unmet"
    assert checked(*WHOLE, now=199)["observation_over"] == "met"


def test_a_vial_without_a_lot_is_found() -> None:
    assert checked((-5, hang()), (20, hang("")), *TO_THE_END)["lots_recorded"] == "unmet"


def test_a_line_that_is_on_or_put_back_is_not_off() -> None:
    assert checked(*UP)["line_off"] == "unmet"
    back: list[Happened] = [(40.0, Disconnected()), (50.0, Resumed())]
    assert checked(*UP[:3], *back)["line_off"] == "unmet"
    assert checked(*UP[:3], *back, (60, Completed()))["line_off"] == "unknown"


def test_vitals_before_the_end_are_not_end_vitals() -> None:
    assert checked(*TO_THE_END, (138, VitalsTaken(readings=VITALS)))["end_vitals_taken"] == "unmet"
    other = VitalsTaken(readings={"measure.temperature_c": D(37)})
    assert checked(*TO_THE_END, (140, other))["end_vitals_taken"] == "unmet"


def test_without_a_rule_for_the_end_nobody_knows_what_would_do() -> None:
    assert checked(*WHOLE, known=replace(KNOWN, checks=()))["end_vitals_taken"] == "unknown"


def test_a_rule_that_still_holds_keeps_the_patient() -> None:
    """38.6 C after 37.0 C is a fever; 37.1 C an hour later is not."""
    before, after, later = (
        (minute, VitalsTaken(readings={**VITALS, "measure.temperature_c": D(value)}))
        for minute, value in ((-5, "37.0"), (160, "38.6"), (220, "37.1"))
    )
    assert checked(before, *WHOLE, after)["vitals_within_rules"] == "unmet"
    assert checked(before, *WHOLE, after, later)["vitals_within_rules"] == "met"


def test_an_open_symptom_keeps_the_patient() -> None:
    assert checked(*WHOLE, (100, symptom("headache_mild")))["no_open_symptom"] == "unmet"


# --- where it began


@pytest.mark.parametrize(
    ("minute", "rate"),
    [
        (29, NextRate(D("0.5"), below=True)),  # at the first step: slower than that
        (30, NextRate(D("0.5"), below=True)),  # at the instant of the step up
        (31, NextRate(D("0.5"))),
        (89, NextRate(D(1))),
        (100, NextRate(D(2))),
        (200, NextRate(D(2))),  # after the end: what flowed last
    ],
)
def test_the_planned_step_below_the_one_at_which_it_began(minute: float, rate: NextRate) -> None:
    assert next_rate(KNOWN, state(*TO_THE_END, (minute, symptom("headache_mild")))) == rate


def test_a_rate_between_two_steps_leads_to_the_step_below_it() -> None:
    between: list[Happened] = [(0, Started()), (0, RateSet(rate_ml_per_h=D(100))), (20, symptom("chills"))]
    assert next_rate(KNOWN, state(*between)) == NextRate(D(1))


def test_a_rate_by_weight_is_rounded_down() -> None:
    """35 mL/h for 71.3 kg: 0.4908..., so 0.49."""
    assert next_rate(briefing(weight_kg="71.3"), state(*UP, (40, symptom("chills")))) == NextRate(D("0.49"))


def test_what_was_there_before_is_no_reaction() -> None:
    before = state((-10, symptom("headache_mild")), *TO_THE_END)
    assert (onsets(KNOWN, before), next_rate(KNOWN, before), next_time(KNOWN, before)) == ((), None, ())


def test_a_grade_says_how_bad_and_not_when() -> None:
    """Chills at 280 mL/h, slowed to 140, graded then: it began at 280."""
    slowed: list[Happened] = [
        (100, symptom("chills")),
        (101, RateSet(rate_ml_per_h=D(140))),
        (110, grade(1, "")),
    ]
    assert next_rate(KNOWN, state(*UP, *slowed)) == NextRate(D(2))
    assert next_rate(KNOWN, state(*UP, *slowed[1:])) == NextRate(D(1))


def test_measured_values_alone_are_an_onset() -> None:
    taken = [(m, VitalsTaken(readings={"measure.systolic_mmhg": D(v)})) for m, v in ((-5, 120), (100, 80))]
    assert onsets(KNOWN, state(*UP, *taken)) == (at(100),)


def test_during_a_pause_the_rate_before_it_counts() -> None:
    assert next_rate(KNOWN, state(*UP, (95, Paused()), (99, symptom("nausea")))) == NextRate(D(2))


SYMPTOMS = [each.id for each in KNOWN.facts.symptom]
NOTED = st.lists(st.tuples(st.integers(0, 200), st.sampled_from(SYMPTOMS)), max_size=4)


def bold(rate: NextRate | None) -> tuple[Decimal, bool]:
    return (D("Infinity"), True) if rate is None else (rate.ml_per_kg_h, not rate.below)


@given(NOTED, NOTED)
def test_more_symptoms_never_raise_the_rate(some: list[tuple[int, str]], more: list[tuple[int, str]]) -> None:
    few = state(*TO_THE_END, *((m, SymptomNoted(symptom=name)) for m, name in some))
    many = state(*TO_THE_END, *((m, SymptomNoted(symptom=name)) for m, name in (*some, *more)))
    assert bold(next_rate(KNOWN, many)) <= bold(next_rate(KNOWN, few))


def test_under_a_rate_is_less_than_at_it() -> None:
    at_one, under_one = NextRate(D(1)), NextRate(D(1), below=True)
    assert lowest([at_one, None, under_one, NextRate(D(2))]) == under_one
    assert (at_one.allows(D(1)), under_one.allows(D(1)), under_one.allows(D("0.99"))) == (True, False, True)


# --- next time


def proposed(*happened: Happened) -> dict[str, Proposal]:
    return {proposal.lever: proposal for proposal in next_time(KNOWN, state(*TO_THE_END, *happened))}


def names(*happened: Happened) -> set[str]:
    found = suspected(KNOWN, state(*TO_THE_END, *happened))
    return {reaction.id.removeprefix("reaction.") for reaction in found}


def test_a_quiet_infusion_changes_nothing() -> None:
    assert proposed() == {}


def test_chills_at_the_third_step() -> None:
    """Rheumatology reviews: lower rate, premedication, another lot or product, then subcutaneous."""
    found = proposed((70, symptom("chills")))
    assert set(found) == {"slower", "premedicate", "switch_product", "change_route"}
    slower = found["slower"]
    assert slower.rate == NextRate(D(1))
    assert slower.facts == ("reaction.infusion_reaction.next.sequence", "reaction-next-rate")
    assert slower.reactions == ("reaction.infusion_reaction",)
    assert all(proposal.rate is None for lever, proposal in found.items() if lever != "slower")


def test_headache_asks_for_fluids_too() -> None:
    hydrate = proposed((70, symptom("headache_mild")))["hydrate"]
    assert "reaction.ivig_headache.next.strategies" in hydrate.facts


def test_after_anaphylaxis_the_product_is_stopped_first() -> None:
    found = next_time(KNOWN, stopped_for(*MILD))
    assert found[0].lever == "stop_product"
    assert found[0].facts == ("reaction.anaphylaxis.next.stop",)


def test_a_serious_reaction_needs_more_than_a_sign_that_it_shares() -> None:
    shared = names((70, symptom("headache_mild")))
    assert {"infusion_reaction", "ivig_headache"} <= shared
    assert not {"aseptic_meningitis", "circulatory_overload", "anaphylaxis"} & shared
    assert "aseptic_meningitis" in names((70, symptom("headache_severe")))  # its rule pauses for it
    assert "haemolysis" in names((70, grade(2, "reaction.haemolysis")))


def test_what_does_not_help_is_told_beside_what_does() -> None:
    """Dividing the dose helps after overload and does not prevent haemolysis."""
    split = proposed((70, grade(2, "reaction.haemolysis")), (71, grade(2, "reaction.arterial_thrombosis")))
    assert split["split"].facts == ("reaction.arterial_thrombosis.next.split",)
    assert split["split"].against == ("reaction.haemolysis.next.split",)
    assert "split" not in proposed((70, grade(2, "reaction.haemolysis")))


def test_an_unknown_symptom_is_an_infusion_reaction() -> None:
    assert names((70, SymptomNoted(symptom="symptom.never_heard_of"))) == {"infusion_reaction"}


@given(NOTED.filter(bool))
def test_every_reaction_leads_to_a_lower_rate_with_its_sources(noted: list[tuple[int, str]]) -> None:
    found = proposed(*((m, SymptomNoted(symptom=name)) for m, name in noted))
    slower = found["slower"]
    assert slower.rate is not None and slower.rate.ml_per_kg_h < D(4)
    known = {fact.id for r in KNOWN.facts.reaction for fact in r.next_time} | {"reaction-next-rate"}
    assert all(set(proposal.facts) <= known for proposal in found.values())
