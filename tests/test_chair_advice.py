"""What the advice carries beside its code: the doses, the times, the values, the reasons that hold it back.

A nurse acts on these: a call to give epinephrine without its dose, or "not yet" without until when, is half
an advice. 63.5 kg, 20 g in 200 mL, steps of 30, 60 and 120 mL/h for 30, 30 and 60 minutes.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from msgspec.structs import replace

from ivigil.infusion import advise, replay
from ivigil.infusion.advice import Advice, Code
from ivigil.infusion.after import CheckCode, DischargeCheck, anaphylaxis, discharge, observation
from ivigil.infusion.briefing import Briefing, Check
from ivigil.infusion.ceiling import ceiling
from ivigil.infusion.events import (
    Event,
    IdentityChecked,
    MedicineGiven,
    Paused,
    ReactionGraded,
    Stopped,
    VialHung,
)
from ivigil.infusion.rules import Firing, firings
from ivigil.infusion.signs import history
from ivigil.infusion.state import State
from ivigil.infusion.treatment import Amount
from ivigil.knowledge.logic import Saw
from ivigil.knowledge.reactions import Action, RestartRule
from ivigil.patient import Identifier
from tests.support.bedside import (
    DAY,
    begun,
    briefing,
    decided,
    event,
    minute,
    rate,
    sign,
    vitals,
    without_rates,
)

D = Decimal
BASE = replace(briefing("immunodeficiency"), day=DAY)
SYSTOLIC, PULSE = "measure.systolic_mmhg", "measure.heart_rate_per_min"
EVERY_15 = Check("monitoring.titration", "titration", 15, (SYSTOLIC, PULSE))
AT_THE_END = Check("monitoring.end", "end", None, (PULSE,))
WATCHED, UNWATCHED = replace(BASE, checks=(EVERY_15,)), replace(BASE, checks=())


def after(*events: Event, base: Briefing = BASE) -> State:
    return replay(base.day, [*begun(base), *events])


def advised(now: float, *events: Event, base: Briefing = BASE) -> tuple[Advice, ...]:
    return advise(base, after(*events, base=base), minute(now))


def of(found: tuple[Advice, ...], code: Code) -> Advice:
    [only] = [each for each in found if each.code == code]
    return only


def graded(at: float, grade: int, term: str = "ctcae.chills", reaction: str = "") -> Event:
    return event(at, ReactionGraded(term=term, grade=grade, version="6.0", reaction=reaction))


def given(at: float, drug: str, drug_class: str = "", mg: str = "0.5") -> Event:
    return event(at, MedicineGiven(drug=drug, drug_class=drug_class, dose_mg=D(mg)))


def stop(at: float) -> Event:
    return event(at, Stopped())


def fired(seen: State, base: Briefing = BASE) -> tuple[Firing, ...]:
    return firings(base, seen, history(base, seen))


# --- what to give


def to_give(found: tuple[Advice, ...], drug_class: str) -> Advice:
    [only] = [each for each in found if each.action == "give" and each.drug_class == drug_class]
    return only


def test_the_call_for_epinephrine_carries_the_dose_to_draw_up() -> None:
    """63.5 kg: 0.635 mg by weight, at most 0.5 mg; 1 mg/mL, so 0.5 mL."""
    call = to_give(advised(20, sign(20, "wheezing")), "epinephrine")
    assert (call.rank, call.if_) == ("emergency", "")
    assert call.treatment is not None
    assert call.treatment.drug_class == "epinephrine"
    [dose] = [each for each in call.treatment.options if each.dose_mg is not None]
    assert (dose.dose_mg, dose.volume_ml) == (Amount(D("0.5"), D("0.5")), Amount(D("0.5"), D("0.5")))


def test_a_second_dose_waits_for_its_interval_on_the_card() -> None:
    call = to_give(advised(22, sign(20, "wheezing"), given(21, "epinephrine")), "epinephrine")
    assert call.treatment is not None
    [dose] = [each for each in call.treatment.options if each.dose_mg is not None]
    assert dose.repeat is not None
    assert (dose.repeat.code, dose.repeat.given, dose.repeat.last_at) == ("too_early", 1, minute(21))


def test_what_needs_no_drug_carries_none() -> None:
    found = [each for each in advised(20, sign(20, "wheezing")) if each.action == "call_emergency_team"]
    assert [each.treatment for each in found] == [None]


def test_an_action_for_anaphylaxis_alone_loses_its_if_once_it_is_one() -> None:
    """A rule that says "if the criteria are met": chills alone leave it to the nurse, wheezing settles it."""
    action = Action(do="give", drug_class="h1_antihistamine", if_="anaphylaxis_criteria_met")
    rules = tuple(
        replace(rule, actions=(action,)) if "symptom.chills" in rule.symptoms else rule
        for rule in BASE.facts.stop_rule
    )
    base = replace(BASE, facts=replace(BASE.facts, stop_rule=rules))
    asked = [each.if_ for each in advised(20, sign(20, "chills"), base=base) if each.action == "give"]
    assert "anaphylaxis_criteria_met" in asked
    met = advised(20, sign(20, "chills"), sign(20, "wheezing"), base=base)
    assert {each.if_ for each in met if each.drug_class == "h1_antihistamine"} <= {""}


# --- who


def test_an_unread_wristband_comes_next_before_the_line_is_on_and_is_overdue_after() -> None:
    before = advise(BASE, replay(DAY, []), minute(-5))
    assert (of(before, "identify").rank, of(before, "identify").because) == ("next", ())
    unread = [each for each in begun(BASE) if not isinstance(each.what, IdentityChecked)]
    assert of(advise(BASE, replay(DAY, unread), minute(5)), "identify").rank == "overdue"


def test_another_patients_wristband_is_read_out() -> None:
    other = event(5, IdentityChecked(identifier=Identifier("urn:example", "T-9"), method="scanned"))
    assert of(advised(6, other), "identify").because == (Saw("identity", "T-9"),)


def test_nobody_is_asked_for_a_wristband_after_the_end() -> None:
    unread = [each for each in begun(BASE) if not isinstance(each.what, IdentityChecked)]
    found = advise(BASE, replay(DAY, [*unread, stop(20)]), minute(25))
    assert "identify" not in {each.code for each in found}


# --- what is late


def test_late_measurements_are_named_with_the_time_when_they_were_due() -> None:
    late = of(advised(16, base=WATCHED), "check_vitals")
    assert (late.rank, late.at, late.measures) == ("overdue", minute(15), (SYSTOLIC, PULSE))
    assert late.facts == ("monitoring.titration",)


def test_measurements_to_come_are_named_with_their_time() -> None:
    coming = of(advised(10, base=WATCHED), "check_vitals")
    assert (coming.rank, coming.at, coming.measures) == ("later", minute(15), (SYSTOLIC, PULSE))


def test_a_vial_that_ran_dry_is_told_with_the_time_when_it_did() -> None:
    """5 g are 50 mL: at 30 mL/h they last 100 minutes."""
    events = [each for each in begun(BASE) if not isinstance(each.what, VialHung)]
    hung = event(-4, VialHung(product=BASE.product, grams=D(5)))
    late = of(advise(BASE, replay(DAY, [*events, hung]), minute(101)), "hang_vial")
    assert (late.rank, late.at) == ("overdue", minute(100))


# --- not yet


def test_until_the_step_has_lasted_the_rate_is_held_and_until_when_is_told() -> None:
    held = of(advised(20, base=UNWATCHED), "hold_rate")
    assert (held.rate_ml_per_h, held.blockers, held.at) == (D(30), ("step_time",), minute(30))


def test_a_rate_held_for_a_symptom_has_no_time_when_it_goes_up() -> None:
    """The step is over at 30; what keeps the rate is the symptom, which ends when it ends."""
    gone = (sign(33, "chills"), sign(35, "chills", present=False))
    held = of(advised(80, *gone, rate(34, 15), base=UNWATCHED), "hold_rate")
    assert (held.blockers, held.at) == (("ceiling",), None)
    assert held.facts != ()


def test_a_rate_held_for_time_alone_blames_no_reaction() -> None:
    assert of(advised(20, base=UNWATCHED), "hold_rate").facts == ()


def test_a_halt_says_all_that_is_in_the_way_of_going_on() -> None:
    unread = [each for each in begun(BASE) if not isinstance(each.what, IdentityChecked)]
    halted = replay(DAY, [*unread, event(10, Paused())])
    assert of(advise(BASE, halted, minute(11)), "restart").blockers == ("not_identified",)
    late = advised(20, event(10, Paused()), base=WATCHED)
    assert of(late, "restart").blockers == ("vitals_overdue",)


def test_without_planned_rates_a_clinician_names_the_rate_after_a_halt() -> None:
    base = without_rates(BASE)
    found = of(advised(11, event(10, Paused()), base=base), "decide_restart")
    assert found.blockers == ("no_planned_rate",)


def test_without_planned_rates_none_is_made_up_at_the_start() -> None:
    base = without_rates(BASE)
    [start] = [each for each in advise(base, replay(base.day, []), minute(-5)) if each.code == "start"]
    assert start.rate_ml_per_h is None
    assert "no_planned_rate" in start.blockers


def test_after_a_pause_for_a_reaction_the_rate_is_the_slower_one_with_its_rule() -> None:
    events = [rate(10, 60), sign(12, "chills"), event(13, Paused()), sign(14, "chills", present=False)]
    found = advised(20, *events)
    again = [each for each in found if each.code in ("restart", "decide_restart")]
    assert len(again) == 1
    assert again[0].rate_ml_per_h in (None, D(30))
    assert again[0].facts != ()


# --- slower, or not at all


def test_a_decision_below_what_the_pump_can_do_means_no_flow() -> None:
    """A clinician allows 0.5 mL/h; the pump's step is 1 mL/h."""
    events = [sign(10, "hives"), sign(12, "hives", present=False)]
    allowed = event(20, decided(20, 1).what)
    low = replace(allowed, what=replace(allowed.what, rate_ml_per_h_max=D("0.5")))
    found = advised(25, *events, low)
    pause = of(found, "pause")
    assert (pause.rank, pause.rate_ml_per_h) == ("flow", None)
    assert "slow" not in {each.code for each in found}


def test_a_stop_names_only_the_rules_that_ask_for_it() -> None:
    """Hives stop; the headache beside them asks for less and is not given as a reason to stop."""
    found = advised(20, sign(20, "hives"), sign(20, "headache"))
    stopping = of(found, "stop")
    asked = {
        each.fact for each in fired(after(sign(20, "hives"), sign(20, "headache"))) if each.flow == "stop"
    }
    assert set(stopping.facts) <= asked
    assert Saw("symptom.headache", "true") not in stopping.because


def test_a_reason_shows_the_value_that_was_measured() -> None:
    found = fired(after(vitals(10, spo2_percent=90)))
    [low] = [each for each in found if each.fact == "stop.default_spo2"]
    assert Saw("measure.spo2_percent", "90", D(90)) in low.because
    assert low.kind == "stop_rule"


def test_a_reason_shows_the_grade() -> None:
    [firing] = [each for each in fired(after(graded(10, 3))) if each.fact == "action.grade_3"]
    assert firing.because == (Saw("ctcae.chills", "3"),)


def test_met_criteria_of_anaphylaxis_name_the_reaction_and_whether_they_are_signed() -> None:
    seen = after(sign(10, "wheezing"))
    [strong] = [each for each in fired(seen) if each.fact == "anaphylaxis.wao_2020.2"]
    assert (strong.reactions, strong.weak) == (("reaction.anaphylaxis",), False)
    unsigned = replace(BASE, permitted=BASE.permitted - {"anaphylaxis.wao_2020.2"})
    [weak] = [each for each in fired(seen, unsigned) if each.fact == "anaphylaxis.wao_2020.2"]
    assert (weak.weak, weak.flow) == (True, "stop")


def test_grading_another_reaction_again_does_not_restart_this_one() -> None:
    """Chills graded once, headache graded twice: the chills are one statement."""
    seen = after(graded(10, 3), graded(20, 3, "ctcae.headache"), graded(30, 1, "ctcae.headache"))
    begins = [each.since for each in fired(seen) if each.fact == "action.grade_3"]
    assert begins == [minute(10), minute(20)]


@pytest.mark.parametrize(("hours", "counts"), [(12, True), (12.1, False)])
def test_a_stiff_neck_counts_for_twelve_hours_after_the_end(hours: float, counts: bool) -> None:
    """The rule of meningism says how long after the end it still speaks."""
    seen = after(stop(30), sign(30 + hours * 60, "stiff_neck"))
    assert ("stop.meningism" in {each.fact for each in fired(seen)}) is counts


# --- after the end


ENDED = replace(BASE, checks=(AT_THE_END,))


def checked(now: float, *events: Event, base: Briefing = ENDED) -> dict[CheckCode, DischargeCheck]:
    return {each.code: each for each in discharge(base, after(*events, base=base), minute(now))}


def test_who_is_observed_is_told_until_when_and_by_which_rule() -> None:
    staying = of(advised(40, stop(30)), "observe")
    stay = observation(BASE, after(stop(30)))
    assert stay.until is not None
    assert (staying.at, staying.facts) == (stay.until, stay.facts)
    assert staying.facts != ()


def test_each_check_before_leaving_names_its_rule() -> None:
    found = checked(40, stop(30), vitals(30))
    assert found["observation_over"].facts == observation(BASE, after(stop(30))).facts != ()
    assert (found["end_vitals_taken"].state, found["end_vitals_taken"].facts) == ("met", ("monitoring.end",))
    assert checked(40, stop(30))["end_vitals_taken"] == DischargeCheck(
        "end_vitals_taken", "unmet", ("monitoring.end",)
    )


def test_a_check_for_the_time_after_the_end_is_one_of_the_end() -> None:
    later = replace(BASE, checks=(replace(AT_THE_END, fact="monitoring.after", phase="after"),))
    assert checked(40, stop(30), base=later)["end_vitals_taken"].state == "unmet"
    assert checked(40, stop(30), vitals(35), base=later)["end_vitals_taken"].state == "met"


def test_a_rule_that_still_holds_is_named_at_the_door() -> None:
    found = checked(60, stop(30), vitals(31, spo2_percent=88))["vitals_within_rules"]
    assert found.state == "unmet"
    assert "stop.default_spo2" in found.facts


def test_six_hours_count_from_the_last_dose_of_epinephrine() -> None:
    events = [
        sign(20, "wheezing"),
        stop(21),
        sign(25, "wheezing", present=False),
        given(40, "Epinephrine pen"),
    ]
    assert observation(BASE, after(*events)).counted_from == minute(40)


def test_six_hours_count_from_the_last_sign_that_was_only_measured() -> None:
    """A pressure of 80 mmHg meets a criterion without a symptom; it is over when the pressure is back."""
    events = [vitals(20, systolic_mmhg=80), given(21, "epinephrine"), stop(22), vitals(50)]
    assert observation(BASE, after(*events)).counted_from == minute(50)


def test_a_grade_for_another_reaction_is_no_anaphylaxis() -> None:
    assert anaphylaxis(BASE, after(graded(10, 2, reaction="reaction.chills"))) is False
    assert anaphylaxis(BASE, after(graded(10, 2, "ctcae.anaphylaxis"))) is True
    assert anaphylaxis(BASE, after(given(10, "Epinephrine pen"))) is True


# --- the way back after a reaction


CLIMBED = (rate(30, 60), rate(60, 120))
"""Each step on time."""


def ruled(*rules: RestartRule) -> Briefing:
    """The same bedside under these restart rules."""
    return replace(BASE, facts=replace(BASE.facts, restart_rule=rules), checks=())


def highest(now: float, *events: Event, base: Briefing) -> Decimal | None:
    seen = after(*events, base=base)
    found = ceiling(base, seen, fired(seen, base), minute(now))
    return None if found is None else found.rate_ml_per_h


def test_the_same_grade_given_again_is_a_new_statement() -> None:
    begins = [
        each.since for each in fired(after(graded(10, 3), graded(30, 3))) if each.fact == "action.grade_3"
    ]
    assert begins == [minute(10), minute(30)]


def test_a_slower_rate_after_a_strong_rule_is_not_marked_as_weak() -> None:
    """The chills are gone and no rule holds any more; what is left of the rate is still a signed rule's."""
    found = advised(80, *CLIMBED, sign(70, "chills"), sign(75, "chills", present=False), base=UNWATCHED)
    slower = of(found, "slow")
    assert (slower.rate_ml_per_h, slower.weak) == (D(60), False)


@pytest.mark.parametrize(("allowed", "code"), [("yes", "restart"), ("clinician_decides", "decide_restart")])
def test_a_rule_says_whether_the_nurse_goes_on_or_a_clinician_decides(
    allowed: Literal["yes", "clinician_decides"], code: Code
) -> None:
    base = ruled(*(replace(rule, allowed=allowed) for rule in BASE.facts.restart_rule))
    pausing = tuple(
        replace(rule, flow=("pause",)) if "symptom.chills" in rule.symptoms else rule
        for rule in base.facts.stop_rule
    )
    base = replace(base, facts=replace(base.facts, stop_rule=pausing))
    events = [*CLIMBED, sign(70, "chills"), event(71, Paused()), sign(75, "chills", present=False)]
    assert code in {each.code for each in advised(80, *events, base=base)}


def test_under_the_first_step_no_rate_is_left_where_no_rule_prints_a_share() -> None:
    base = ruled(*(replace(rule, rate="slower", rate_factor=None) for rule in BASE.facts.restart_rule))
    assert highest(20, sign(20, "chills"), base=base) == 0
    assert highest(70, *CLIMBED, sign(70, "chills"), base=base) == 60


def test_the_previous_step_is_the_slower_one() -> None:
    base = ruled(*(replace(rule, rate="previous_step", rate_factor=None) for rule in BASE.facts.restart_rule))
    assert highest(70, *CLIMBED, sign(70, "chills"), base=base) == 60


def test_a_labels_rule_for_one_grade_is_not_one_for_any_reaction() -> None:
    """A tenth after grade 4, says a label: chills that nobody graded are not held to it."""
    tenth = RestartRule(
        id="restart.tenth",
        text="a tenth",
        allowed="yes",
        grades=(4,),
        rate="factor",
        rate_factor=D("0.1"),
        basis="label",
        seen=True,
    )
    unnamed = tuple(replace(rule, restart=()) for rule in BASE.facts.stop_rule)
    base = ruled(*BASE.facts.restart_rule)
    base = replace(base, facts=replace(base.facts, stop_rule=unnamed))
    with_tenth = replace(base, facts=replace(base.facts, restart_rule=(*base.facts.restart_rule, tenth)))
    events = (*CLIMBED, sign(70, "chills"))
    assert highest(70, *events, base=with_tenth) == highest(70, *events, base=base)
