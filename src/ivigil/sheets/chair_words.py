"""The words of the chair: advice, blockers, alarms, stops. The core knows only their codes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ivigil.infusion.advice import Blocker, Code
from ivigil.infusion.after import CheckCode, CheckState
from ivigil.infusion.doubts import DoubtCode
from ivigil.infusion.events import Whom
from ivigil.infusion.hanging import StopCode
from ivigil.infusion.state import AlarmCode, Halt, Phase
from ivigil.infusion.treatment import RepeatCode, Withheld
from ivigil.knowledge.evidence import Basis
from ivigil.knowledge.reactions import Do, DrugClass, Flow, If
from ivigil.practice.deeds import LOOKED_AGAIN, WAITED
from ivigil.sheets.spoken import say, texts

ADVICE: dict[Code, str] = texts(
    {
        "do": "{action}",
        "stop": "STOP the infusion",
        "do_not_start": "DO NOT START, and do not start again",
        "pause": "PAUSE the infusion",
        "stay_halted": "KEEP IT HALTED",
        "slow": "SLOW to {rate} mL/h",
        "identify": "Check the patient's identity",
        "record_anew": "Record it anew: no rule knows what was recorded",
        "measure_anew": "Measure again: {measures}. What was recorded can hardly be so",
        "check_vitals": "Measure {measures}",
        "hang_vial": "Hang the next vial",
        "start": "Start at {rate} mL/h",
        "decide_restart": "A clinician decides whether it goes on, and how fast at most",
        "restart": "Go on at {rate} mL/h",
        "step_up": "Step up to {rate} mL/h",
        "hold_rate": "Stay at {rate} mL/h",
        "complete": "The volume is in: end the infusion",
        "observe": "Observe the patient",
        "may_leave": "The patient may leave",
    }
)

BLOCKER: dict[Blocker, str] = texts(
    {
        "not_identified": "the patient's identity is not checked, or is not the plan's",
        "baseline_missing": "vital signs before the start are missing",
        "no_vial": "no vial hangs",
        "vitals_overdue": "vital signs are overdue",
        "vitals_at_this_rate": "vital signs are not yet measured at this rate",
        "symptom_present": "a symptom is present",
        "rule_holds": "a rule holds it back",
        "step_time": "this step's time is not over",
        "ceiling": "a reaction or a decision limits the rate",
        "top_of_ladder": "this is the plan's highest rate",
        "no_planned_rate": "the plan has no rates",
        "observation_time": "the time to observe is not over",
        "end_vitals_missing": "vital signs after the end are missing",
    }
)

NAMED: dict[Code, str] = texts(
    {
        "do": "an action",
        "stop": "stop",
        "do_not_start": "do not start",
        "pause": "pause",
        "stay_halted": "stay halted",
        "slow": "slow",
        "identify": "identify",
        "record_anew": "record anew",
        "measure_anew": "measure anew",
        "check_vitals": "check vitals",
        "hang_vial": "hang vial",
        "start": "start",
        "decide_restart": "decide restart",
        "restart": "restart",
        "step_up": "step up",
        "hold_rate": "hold rate",
        "complete": "complete",
        "observe": "observe",
        "may_leave": "may leave",
    }
)
"""What an advice is called where its values are not known any more."""

AGAINST: dict[Code, str] = texts(
    {
        "stop": "it was to be stopped",
        "do_not_start": "it was not to be started",
        "pause": "it was to be paused",
        "stay_halted": "it was to be kept halted",
        "decide_restart": "no clinician had decided that it goes on",
        "complete": "the volume was in",
        "start": "a lower first rate was advised",
        "restart": "a lower rate was advised",
        "slow": "a lower rate was advised",
        "step_up": "the next step is lower",
    }
)
"""What a flow went against, beside a blocker."""

DOUBT: dict[DoubtCode, str] = texts(
    {
        "out_of_range": "{what} {seen}: it is hardly ever outside of {low} to {high}",
        "fahrenheit": "{what} {seen}: in Fahrenheit? Then it is {near} °C",
        "not_above_diastolic": "{what} {seen} is not above diastolic {low}: swapped?",
        "other_dose": "{what} {seen} mg: another dose than the one advised, {low} to {high} mg",
        "too_early": "{what} again: earlier than advised, which is {before}",
        "day_maximum": "{what} again: past the day’s maximum",
    }
)
"""What is asked about, with what was typed."""

DOUBTED: dict[DoubtCode, str] = texts(
    {
        "out_of_range": "a value is out of all range",
        "fahrenheit": "a value is out of all range",
        "not_above_diastolic": "systolic is not above diastolic",
        "other_dose": "another dose was advised",
        "too_early": "it was too early for another dose",
        "day_maximum": "the day’s maximum was passed",
    }
)
"""The same where the values are not known any more."""

_RECORDED: dict[str, str] = texts(
    {WAITED: "entered without a connection", LOOKED_AGAIN: "looked at again: it is so"}
)
"""The reasons that the record itself gives, where nobody typed one."""

PHASE: dict[Phase, str] = texts(
    {
        "not_started": "NOT STARTED",
        "running": "RUNNING",
        "halted": "HALTED",
        "ended": "ENDED, patient observed",
        "left": "ENDED, patient has left",
    }
)

HALT: dict[Halt, str] = texts(
    {
        "": "",
        "paused": "paused",
        "disconnected": "the line is off",
        "rate_zero": "the pump is set to 0",
        "no_rate": "connected, no rate set yet",
    }
)

FLOW: dict[Flow, str] = texts(
    {
        "continue": "go on",
        "previous_rate": "go back to the rate before",
        "slow": "slow",
        "pause": "pause",
        "stop": "stop",
    }
)

DO: dict[Do, str] = texts(
    {
        "observe": "Keep watching the patient",
        "check_vital_signs": "Measure vital signs now",
        "call_prescriber": "Call the prescriber",
        "call_emergency_team": "CALL THE EMERGENCY TEAM",
        "keep_line_open": "Keep the line open",
        "give": "Give {drug}",
        "support_airway": "Support the airway",
        "look_for_infection": "Look for an infection",
        "neurological_examination": "Examine neurologically: stiff neck, light, consciousness",
        "admit": "Admit the patient",
        "allergy_review": "Refer for an allergy review before the next dose",
        "keep_product_and_lines": "Keep the vials and the lines",
        "check_with_laboratory_glucose": "Check the glucose with a laboratory method",
        "keep_fluids": "Keep the fluids going",
        "report": "Report the reaction",
    }
)

WHOM: dict[Whom, str] = texts(
    {"emergency_team": "The emergency team", "prescriber": "The prescriber"},
)

CALLED: dict[Whom, str] = texts(
    {
        "emergency_team": "the emergency team was called",
        "prescriber": "the prescriber was called",
    }
)

DRUG: dict[DrugClass, str] = texts(
    {
        "epinephrine": "EPINEPHRINE",
        "h1_antihistamine": "an antihistamine (H1)",
        "h2_antagonist": "an H2 antagonist",
        "corticosteroid": "a corticosteroid",
        "bronchodilator": "a bronchodilator",
        "analgesic_antipyretic": "something for fever and pain",
        "glucagon": "glucagon",
        "fluid": "fluid",
        "oxygen": "oxygen",
    }
)

IF: dict[If, str] = texts(
    {
        "": "",
        "anaphylaxis_criteria_met": "if criteria of anaphylaxis are met",
        "wheeze": "if there is wheezing",
        "hypotension": "if the blood pressure is low",
        "low_oxygen": "if the oxygen is low",
        "wanted": "if the patient wants it",
        "needed": "if needed",
        "on_beta_blocker": "if the patient takes a beta blocker",
    }
)

ALARM: dict[AlarmCode, str] = texts(
    {
        "rate_past_limit": "rate {value} mL/h is past the plan's limit of {limit} mL/h",
        "flow_without_start": "it flowed at {value} mL/h before a start was recorded",
        "flow_after_end": "it flowed at {value} mL/h after the end",
        "more_hung_than_planned": "{value} g hung, {limit} g planned",
        "finished_unknown_vial": "a vial was finished that was never hung ({value})",
        "not_identified": "started without an identity check",
        "identity_differs": "identity {value} differs from {limit} checked before",
    }
)

STOP: dict[StopCode, str] = texts(
    {
        "identity_not_checked": "the patient's identity is not checked",
        "wrong_patient": "this is another patient",
        "unknown_gtin": "the barcode is of no known package",
        "unsigned_trade_item": "the package is known, but two people must sign for it first",
        "wrong_product": "not the planned product, or barcode and entry contradict each other",
        "wrong_strength": "the planned brand in another strength",
        "wrong_route": "made for another route",
        "size_not_planned": "another vial size than planned; the total is kept",
        "expired": "out of date, or its date is not known",
        "recalled": "this lot was recalled",
        "lot_missing": "its lot number was not read",
        "over_total": "more than the day's plan, or its grams are not known",
        "already_hung": "this very vial was hung before",
    }
)

WITHHELD: dict[Withheld, str] = texts(
    {
        "": "",
        "sign_off_missing": "no dose here: the source is weak and not yet signed",
        "contraindicated": "no dose here: a reason against it is present, or was not ruled out",
        "day_maximum": "no dose now: the day's maximum would be passed",
        "not_a_single_dose": "no single dose: the source states a continuous infusion",
        "not_measurable": "no dose here: below the smallest step of a syringe",
    }
)

REPEAT: dict[RepeatCode, str] = texts(
    {
        "first": "",
        "may_repeat": "may be repeated now",
        "too_early": "NOT YET AGAIN before {earliest}",
        "not_stated": "given already; the source names no time for another",
        "day_maximum": "the day's maximum would be passed",
        "amount_unknown": "an earlier dose has no amount: mind the day's maximum of {max_mg_per_day} mg",
    }
)

CHECK: dict[CheckCode, str] = texts(
    {
        "line_off": "the line is off",
        "vials_finished": "every vial is finished or taken down",
        "lots_recorded": "every lot number is recorded",
        "observation_over": "the time to observe is over",
        "end_vitals_taken": "vital signs after the end are taken",
        "vitals_within_rules": "no rule holds any more",
        "no_open_symptom": "no symptom is present",
        "patient_informed": "the patient knows what to report, and to whom",
    }
)

CHECK_STATE: dict[CheckState, str] = texts({"met": "yes", "unmet": "NO", "unknown": "NOT KNOWN"})

PAST: dict[str, str] = texts(
    {
        "past_step": "it flowed at {rate} mL/h before that step's time",
        "past_day": "it flowed at {rate} mL/h, past every limit of the day",
    }
)

SEEN = texts(
    {
        "not_known": "not known:",
        "identity": "identity",
        "planned": "planned",
        "planned_g": "planned g",
        "with_this_vial_g": "g with this vial",
        "gtin": "GTIN",
        "product": "product",
        "grams": "g",
        "expiry": "use by",
        "today": "today",
        "lot": "lot",
        "serial": "serial number",
    }
)
"""Names of what was seen when a vial was held against the plan."""

SIGN = texts(
    {
        "measure.temperature_c": "temperature",
        "measure.heart_rate_per_min": "pulse",
        "measure.respiratory_rate_per_min": "breathing",
        "measure.systolic_mmhg": "systolic",
        "measure.diastolic_mmhg": "diastolic",
        "measure.spo2_percent": "SpO2",
        "measure.urine_ml_per_kg_per_h": "urine",
    }
)
"""Short names for lines with many values; any other measure goes by its own name."""

BASIS: dict[Basis, str] = texts(
    {
        "label": "label",
        "smpc": "product information",
        "regulator": "regulator",
        "programme": "programme",
        "guideline": "guideline",
        "paper": "paper",
        "review": "review",
        "protocol": "protocol",
        "manufacturer": "manufacturer",
        "patient_info": "patient information",
        "standard": "standard",
        "digest": "digest",
        "synthesis": "ours",
    }
)

NOT_SIGNED = texts("not yet signed")
SWITCHED_OFF = texts("This site has switched live advice off: people alone judge what to do.")


def named(code: str) -> str:
    """What the code of an advice, of a blocker, of a stop or of a check is called."""
    return said(code, NAMED, BLOCKER, STOP, CHECK, DOUBTED) or code.replace("_", " ")


def said(code: str, *tables: Mapping[Any, str]) -> str:
    """The words of a code in the first of these tables that knows it; "" if none does."""
    return say(next((each[code] for each in tables if code in each), ""))


def because(reason: str) -> str:
    """Why something was done against advice: as it was typed, or as the record itself gives it."""
    return say(_RECORDED[reason]) if reason in _RECORDED else reason
