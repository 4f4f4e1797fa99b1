"""What the fields and the codes of the fact base are called.

The name of a field says what it holds, in which unit and which end of a range it is:
``sodium_mmol_per_l_max`` is read as "sodium, at most", in mmol/L. What does not read so has a line below.
"""

from __future__ import annotations

import re
from functools import cache

_UNIT = {
    "g_per_l_per_0_1_g_per_kg_month": "g/L for each 0.1 g/kg a month",
    "meq_per_g_protein": "mEq/g of protein",
    "g_per_g_protein": "g/g of protein",
    "weekly_g_per_kg": "g/kg a week",
    "g_per_kg_per_month": "g/kg a month",
    "g_per_kg_per_week": "g/kg a week",
    "g_per_kg_per_day": "g/kg a day",
    "ug_per_kg_per_min": "ug/kg/min",
    "ml_per_kg_h_per_site": "mL/kg/h a site",
    "ml_per_kg_per_site": "mL/kg a site",
    "ml_per_h_per_site": "mL/h a site",
    "ml_per_site": "mL a site",
    "kg_per_inch": "kg/inch",
    "mmol_per_l": "mmol/L",
    "mosm_per_kg": "mosm/kg",
    "g_per_100_ml": "g/100 mL",
    "mg_per_day": "mg a day",
    "ug_per_min": "ug/min",
    "ug_per_ml": "ug/mL",
    "mg_per_kg": "mg/kg",
    "mg_per_ml": "mg/mL",
    "ml_per_kg": "mL/kg",
    "ml_per_h": "mL/h",
    "l_per_min": "L/min",
    "l_per_day": "L/d",
    "g_per_day": "g a day",
    "g_per_dose": "g a dose",
    "g_per_kg": "g/kg",
    "g_per_l": "g/L",
    "per_day": "/d",
    "percent": "%",
    "minutes": "min",
    "hours": "h",
    "days": "days",
    "weeks": "weeks",
    "months": "months",
    "years": "years",
    "inches": "inches",
    "cm": "cm",
    "kg": "kg",
    "mg": "mg",
    "ml": "mL",
    "g": "g",
    "h": "h",
    "c": "Cel",
}
"""Endings of a name that are a unit, the longest first."""
_END = {
    "_min": "{}, at least",
    "_max": "{}, at most",
    "_typical": "{}, typically",
    "_ideal": "{}, ideally",
    "_below": "{}, below",
    "_above": "{}, above",
    "_up_to": "{}, up to",
    "_from": "{}, from",
    "_to": "{}, to",
    "_low": "{}, lower end",
    "_high": "{}, upper end",
}
_START = {"max_": "{}, at most", "min_": "{}, at least", "median_": "{}, median"}

_TITLE: dict[str, tuple[str, str]] = {
    # every kind
    "name": ("name", ""),
    "plain": ("in plain words", ""),
    "applies_when": ("for whom", ""),
    "contraindicated_when": ("never when", ""),
    "absent_when": ("never when", ""),
    "superseded": ("a newer edition says otherwise", ""),
    "superseded_by": ("replaced by", ""),
    "cvx": ("CVX codes", ""),
    "loinc": ("LOINC codes", ""),
    "snomed_ct": ("SNOMED CT codes", ""),
    "icd10cm": ("ICD-10-CM codes", ""),
    "broad_codes": ("codes wider than the condition", ""),
    "covers": ("vaccines", ""),
    "on_therapy": ("regular therapy leaves no clear moment", ""),
    "days": ("time", "days"),
    "weeks": ("time", "weeks"),
    "months": ("time", "months"),
    "hours": ("time", "h"),
    "minutes": ("time", "min"),
    "days_min": ("time, from", "days"),
    "days_max": ("time, to", "days"),
    "hours_min": ("time, from", "h"),
    "hours_max": ("time, to", "h"),
    "g_per_kg": ("dose", "g/kg"),
    "g_per_kg_min": ("dose, at least", "g/kg"),
    "g_per_kg_max": ("dose, at most", "g/kg"),
    "g_per_100_ml": ("strength", "g/100 mL"),
    "grams": ("immunoglobulin", "g"),
    "ml_per_kg": ("volume", "mL/kg"),
    "conditions": ("for", ""),
    "in_fact_sheet": ("in the fact sheet", ""),
    "do_not_use": ("not to be used", ""),
    "specialty": ("specialty", ""),
    "indication": ("use", ""),
    "indications": ("uses", ""),
    "ph_min": ("pH, at least", ""),
    "ph_max": ("pH, at most", ""),
    "ph_typical": ("pH, typically", ""),
    # conditions
    "phase": ("phase", ""),
    "also_phases": ("serves also", ""),
    "allowed_days": ("divided over", "days"),
    "day_count_from": ("days are counted from", ""),
    "before_day": ("before day", ""),
    "go": ("given if", ""),
    "no_go": ("withheld if", ""),
    "day_doses_g_per_kg": ("dose of each day", "g/kg"),
    "trigger_fever_hours_after_end": ("fever after the end, from", "h"),
    "special": ("only in that situation", ""),
    "indicated": ("when", ""),
    "entry_igg_g_per_l_below": ("IgG at entry, below", "g/L"),
    "infusion_hours_min": ("time of the infusion, at least", "h"),
    "infusion_hours_max": ("time of the infusion, at most", "h"),
    "start_within_days": ("start within", "days"),
    "start_ideal_within_days": ("start ideally within", "days"),
    "scig_weekly_g_per_kg_min": ("subcutaneous dose, at least", "g/kg a week"),
    "scig_weekly_g_per_kg_max": ("subcutaneous dose, at most", "g/kg a week"),
    "gestation_week_start_min": ("start in week of pregnancy, at least", ""),
    "gestation_week_start_max": ("start in week of pregnancy, at most", ""),
    "gestation_week_end": ("until week of pregnancy", ""),
    "age_min_years": ("age, from", "years"),
    "age_max_years": ("age, to", "years"),
    "hours_after_previous": ("after the dose before", "h"),
    "first_months_min": ("first review, at least after", "months"),
    "first_months_max": ("first review, at most after", "months"),
    "review_months_first": ("first review after", "months"),
    "review_months_then": ("then every", "months"),
    "chosen": ("chosen", ""),
    "chosen_because": ("because", ""),
    # hazards and care
    "Hazard.unknown": ("while it is not answered", ""),
    "ReportField.unknown": ("how “unknown” is written", ""),
    "patient_text": ("what a patient is told", ""),
    "days_after_min": ("after the first day, from", "days"),
    "days_after_max": ("after the first day, to", "days"),
    "hours_after_min": ("after the end, from", "h"),
    "hours_after_max": ("after the end, to", "h"),
    "lead_minutes_min": ("before the infusion, at least", "min"),
    "lead_minutes_max": ("before the infusion, at most", "min"),
    "max_age_days": ("no older than", "days"),
    "plausible_min": ("plausible, from", ""),
    "plausible_max": ("plausible, to", ""),
    "default": ("used unless another is chosen", ""),
    "reflex": ("only when another result asks for it", ""),
    "treats_reaction": ("also for a reaction at the chair", ""),
    # products
    "plannable": ("seen complete", ""),
    "applies_to": ("holds for", ""),
    "convert_from": ("route before", ""),
    "last_route": ("route before", ""),
    "dose_per": ("dose of each", ""),
    "also_printed": ("printed as well", ""),
    "infusions_tolerated_min": ("infusions tolerated before, at least", ""),
    "tolerated_rate_min": ("rate tolerated before, at least", ""),
    "step_minutes_min": ("each step, at least", "min"),
    "step_minutes_max": ("each step, at most", "min"),
    "start_minutes": ("first step", "min"),
    "split_days_min": ("divided over, at least", "days"),
    "split_days_max": ("divided over, at most", "days"),
    "temp_min_c": ("temperature, at least", "Cel"),
    "temp_max_c": ("temperature, at most", "Cel"),
    "max_months": ("for at most", "months"),
    "rate_ml_per_h_total": ("rate of all sites", "mL/h"),
    "trough_difference_g_per_l": ("difference to the target trough", "g/L"),
    "change_ml": ("change of the dose", "mL"),
    "total_g_per_kg_min": ("dose, at least", "g/kg"),
    "total_g_per_kg_max": ("dose, at most", "g/kg"),
    "iga_ug_per_ml_typical": ("IgA, typically", "ug/mL"),
    "iga_ug_per_ml_max": ("IgA, at most", "ug/mL"),
    "observation_min_after_infusion": ("observation after the infusion", "min"),
    "observation_min_after_infusion_first_or_high_rate": (
        "observation after a first infusion or a high rate",
        "min",
    ),
    "isoagglutinin_reduced": ("anti-A and anti-B lowered", ""),
    "glucose_meter_interference": ("misleads glucose meters", ""),
    "pooled_use_within_h": ("pooled solution to be used within", "h"),
    "weeks_min": ("after the last dose, at least", "weeks"),
    "weeks_max": ("after the last dose, at most", "weeks"),
    "gtin": ("GTIN", ""),
    "ndc": ("NDC", ""),
    # weights
    "adjusted_04_kg": ("adjusted by 0.4", "kg"),
    "adjusted_05_kg": ("adjusted by 0.5", "kg"),
    "usual_within_g_min": ("usually within, at least", "g"),
    "usual_within_g_max": ("usually within, at most", "g"),
    "nearest_g": ("to the nearest", "g"),
    "max_g_per_kg": ("dose, at most", "g/kg"),
    "max_g_per_dose": ("one dose, at most", "g"),
    "max_g_per_day": ("one day, at most", "g"),
    "max_total_g": ("in all, at most", "g"),
    "min_g_per_l": ("IgG, at least", "g/L"),
    "ideal_g_per_l": ("IgG, ideally", "g/L"),
    "max_g_per_l": ("IgG, at most", "g/L"),
    "above_iv_trough_g_per_l": ("above the last intravenous trough", "g/L"),
    "rise_over_baseline_g_per_l": ("above the untreated IgG", "g/L"),
    "low_g_per_l": ("lower end", "g/L"),
    "high_g_per_l": ("upper end", "g/L"),
    "g_per_l_per_0_1_g_per_kg_month": ("rise of the trough", "g/L for each 0.1 g/kg a month"),
    # reactions
    "limits_match": ("of the limits hold", ""),
    "grading": ("graded by", ""),
    "of": ("of", ""),
    "n": ("number observed", ""),
    "counted_from": ("counted from", ""),
    "grade_below": ("not at this grade or above", ""),
    "ci_low": ("confidence interval, lower end", ""),
    "ci_high": ("confidence interval, upper end", ""),
    "value_max": ("to", ""),
    "percent": ("share", "%"),
    "percent_low": ("share, lower end", "%"),
    "percent_high": ("share, upper end", "%"),
    "says": ("what the source says", ""),
    "all_of": ("all of", ""),
    "any_of": ("any of", ""),
    "soc": ("system organ class", ""),
    "meddra_llt": ("MedDRA lowest level term", ""),
    "meddra_version": ("MedDRA version", ""),
    "said_as": ("found by these words together", ""),
    "implies": ("is also", ""),
    "panels": ("tests", ""),
    "risk_hazards": ("likelier with", ""),
    "age_months_below": ("age, below", "months"),
    "age_months_min": ("age, from", "months"),
    "age_months_max": ("age, to", "months"),
    "weight_kg_min": ("weight, from", "kg"),
    "weight_kg_max": ("weight, to", "kg"),
    "weight_kg_below": ("weight, below", "kg"),
    "over_minutes": ("given over", "min"),
    "repeat_minutes_min": ("again after, at least", "min"),
    "repeat_minutes_max": ("again after, at most", "min"),
    "repeat_hours_min": ("again after, at least", "h"),
    "repeat_hours_max": ("again after, at most", "h"),
    "target_spo2_percent_min": ("SpO2 aimed at, at least", "%"),
    "flow_l_per_min_min": ("flow, at least", "L/min"),
    "flow_l_per_min_max": ("flow, at most", "L/min"),
    "infusion_ug_per_kg_per_min_min": ("infusion, at least", "ug/kg/min"),
    "infusion_ug_per_kg_per_min_max": ("infusion, at most", "ug/kg/min"),
    "infusion_max_ug_per_min": ("infusion, at most", "ug/min"),
    "max_mg": ("one dose, at most", "mg"),
    "max_mg_per_day": ("in a day, at most", "mg"),
    "hours_after_end_max": ("after the end, to", "h"),
    "hours_after_end_min": ("after the end, from", "h"),
    "max_change_percent": ("change, at most", "%"),
    # kinetics
    "cl_l_per_day": ("clearance (CL)", "L/d"),
    "kel_per_day": ("elimination rate (kel)", "/d"),
    "vc_l": ("central volume (Vc)", "L"),
    "q_l_per_day": ("flow between compartments (Q)", "L/d"),
    "vp_l": ("peripheral volume (Vp)", "L"),
    "ka_per_day": ("absorption rate (ka)", "/d"),
    "f_sc": ("share absorbed from under the skin (F)", ""),
    "f_facilitated_sc": ("share absorbed with hyaluronidase (F)", ""),
    "endogenous_g_per_l": ("own IgG", "g/L"),
    "jmax_g_per_day": ("recycling, at most (Jmax)", "g/d"),
    "km_g_per_l": ("IgG at half of it (Km)", "g/L"),
    "kint_per_day": ("loss without recycling (kint)", "/d"),
    "cv_percent": ("coefficient of variation", "%"),
    "igm_g_per_l": ("IgM", "g/L"),
    "min": ("at least", ""),
    "max": ("at most", ""),
    "min_days": ("at least", "days"),
    "max_days": ("at most", "days"),
    "median_days": ("median", "days"),
    "specific_min_days": ("single specificities, at least", "days"),
    "specific_max_days": ("single specificities, at most", "days"),
    "additive_g_per_l": ("additive", "g/L"),
    "variability_of": ("variability taken from", ""),
    "chain": ("from the document read to the primary one", ""),
    "order": ("order", ""),
    # upper ends that are not reached
    "SiteLimit.age_max_years": ("age, below", "years"),
    "ReferenceRange.age_months_to": ("age, below", "months"),
    "Premedication.age_months_max": ("age, below", "months"),
    # timing of single kinds
    "VaccineInterval.days": ("interval", "days"),
    "VaccineInterval.weeks": ("interval", "weeks"),
    "VaccineInterval.months": ("interval", "months"),
    "VaccineInterval.kind": ("asks to", ""),
    "LabInterference.hours": ("clear after", "h"),
    "LabInterference.days": ("clear after", "days"),
    "LabInterference.weeks": ("clear after", "weeks"),
    "LabInterference.months": ("clear after", "months"),
    "LabInterference.effect": ("what immunoglobulin does", ""),
    "LabInterference.passive_igg": ("the antibody itself is infused", ""),
    "MinimumDays.days": ("divided over at least", "days"),
    "MinimumHours.hours": ("each infusion, at least", "h"),
    "StartAfter.schedule": ("for", ""),
    "Regimen.authority": ("authority", ""),
    "NationalRole.scheme": ("scheme", ""),
    "VoidingMedicine.weeks_after": ("after the last dose, at least", "weeks"),
    "ReferenceValue.of": ("figure", ""),
    "Window.of": ("of", ""),
    "Term.when": ("true when", ""),
    "TradeItem.products": ("product", ""),
    "LabCode.property": ("measured as", ""),
}
"""Name, or kind and name -> what it is called, and UCUM or a unit in words."""

_CODE = {
    "smpc": "product information",
    "patient_info": "patient information",
    "synthesis": "ours",
    "": "",
    # how a hazard acts while it is not answered
    "assume": "acts as if present",
    "ask": "asks, and holds the release",
    "note": "is only listed",
    # urgency
    "emergency_now": "emergency, now",
    "self_care": "can be managed at home",
    "emergency_help": "get emergency help",
    "doctor_or_emergency_at_once": "a doctor or emergency care at once",
    "doctor_at_once": "a doctor at once",
    "doctor": "a doctor, as soon as possible",
    "if_it_lasts": "ask if it lasts",
    # tests and vaccines
    "may_mislead": "may mislead",
    "true_change": "right, but changed",
    "not_expected": "not expected: donors are screened",
    "wait": "wait",
    "caution": "consider, not to wait",
    "not_stated": "nothing: the source is silent",
    "not_read": "not read",
    "after_antibodies": "from the product to the vaccine",
    "before_antibodies": "from the vaccine to the product",
    # drugs
    "h1_antihistamine_nonsedating": "antihistamine (H1), not sedating",
    "h1_antihistamine_sedating": "antihistamine (H1), sedating",
    "h1_antihistamine": "antihistamine (H1)",
    "h2_antagonist": "H2 antagonist",
    "analgesic_antipyretic": "for fever and pain",
    "nsaid": "NSAID",
    # figures
    "per_10000": "per 10,000",
    "per_1000_kg": "per 1,000 kg",
    "per_10000_person_days": "per 10,000 person days",
    "max": "never above",
    "cl": "clearance (CL)",
    "auc_exogenous": "area under the curve, infused IgG alone",
    "auc_total_first_interval": "area under the curve of the first interval",
    "fcrn_blocker": "blocks FcRn",
    "condition_ratio": "ratio by condition",
    "facilitated_SC": "SC with hyaluronidase",
    "previous_rate": "go back to the rate before",
    "anti_infective": "against infection",
    "anti_toxin": "against a toxin",
}
_SPELT = {
    "igg": "IgG",
    "iga": "IgA",
    "igm": "IgM",
    "ig": "immunoglobulin",
    "spo2": "SpO2",
    "ctcae": "CTCAE",
    "iv": "IV",
    "sc": "SC",
    "scig": "subcutaneous",
    "gtin": "GTIN",
    "ndc": "NDC",
    "bmi": "BMI",
    "ucum": "UCUM",
    "loinc": "LOINC",
    "itp": "ITP",
    "nhs": "NHS",
    "igum": "IGUM",
    "abo": "ABO",
    "ckd": "CKD",
    "egfr": "eGFR",
}


@cache
def title(name: str, kind: str = "") -> tuple[str, str]:
    """What a field is called, as it stands in English, and its unit: UCUM, or in words."""
    return _TITLE.get(f"{kind}.{name}") or _TITLE.get(name) or _read(name.strip("_"))


def _read(name: str) -> tuple[str, str]:
    """ "dose_mg_per_kg_max" -> ("dose, at most", "mg/kg")."""
    shape = "{}"
    for end, called in _END.items():
        if name.endswith(end):
            name, shape = name.removesuffix(end), called
            break
    for start, called in _START.items():
        if name.startswith(start):
            name, shape = name.removeprefix(start), called
            break
    for ending, unit in _UNIT.items():
        if name == ending or name.endswith(f"_{ending}"):
            stem = name.removesuffix(ending).strip("_")
            return shape.format(spaced(stem) or "dose"), unit
    return shape.format(spaced(name)), ""


def ends(name: str, kind: str = "") -> tuple[str, str] | None:
    """Of a field that is the lower end of a range: its upper end, and what the range is called."""
    found = list(re.finditer(r"_min(?=_|$)", name))
    if not found:
        return None
    other = f"{name[: found[-1].start()]}_max{name[found[-1].end() :]}"
    low, high = title(name, kind)[0], title(other, kind)[0]
    for a, b in ((", at least", ", at most"), (", from", ", to")):
        if low.endswith(a) and high == low.removesuffix(a) + b:
            return other, low.removesuffix(a)
    return None


def code(value: str) -> str:
    """What a code is called, as it stands in English: "false_positive" -> "false positive"."""
    return _CODE.get(value) or spaced(value)


def spaced(name: str) -> str:
    """ "severe_iga_deficiency" -> "severe IgA deficiency"."""
    return " ".join(_SPELT.get(word, word) for word in name.split("_") if word)
