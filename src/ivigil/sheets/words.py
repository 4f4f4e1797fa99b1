"""The words for codes: reasons, effects, states, conditions. The core writes none of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from decimal import Decimal
from functools import reduce

from ivigil.course import Reason, TimelineEntry
from ivigil.knowledge.logic import Saw, When
from ivigil.knowledge.vocabulary import Term
from ivigil.sheets.numbers import number
from ivigil.sheets.spoken import either, say, texts
from ivigil.sheets.unit_words import unit_words

STATUS = texts(
    {
        "ready": "ready for verification",
        "needs_answers": "needs answers before release",
        "needs_sign_off": "needs sign-off before release",
        "blocked": "blocked: nothing may be given on this plan",
    }
)

SEX = texts({"male": "male", "female": "female"})
STATE = texts({"present": "present", "assumed": "assumed", "asked": "asked", "absent": "absent"})
SEVERITY = texts(
    {"contraindicated": "contraindicated", "serious": "serious", "moderate": "moderate", "info": "info"}
)
EXPERIENCE = texts({"any": "any", "naive": "naive", "experienced": "experienced"})
"""Of immunoglobulin, as a schedule of rates asks for it."""
WEIGHT = texts(
    {
        "actual": "actual weight",
        "ideal": "ideal weight",
        "adjusted": "adjusted weight",
        "pre_pregnancy_adjusted": "adjusted pre-pregnancy weight",
    }
)

EFFECT = texts(
    {
        "exclude_products": "leave out products",
        "prefer_products": "prefer products",
        "avoid_stabilisers": "avoid stabilisers",
        "at_risk_rate": "keep to the label's rate for patients at risk",
        "cap_rate": "cap the rate",
        "slow_start": "treat as a first infusion: slowest start",
        "cap_daily_dose": "cap the dose of a day",
        "minimum_days": "divide over more days",
        "minimum_hours": "lengthen each infusion",
        "cap_daily_volume": "cap the volume of a day",
        "order_test": "test",
        "observe": "observe longer afterwards",
        "premedicate": "premedicate",
        "suppress": "leave out a premedication",
        "hydrate": "mind the fluids",
        "advise": "advise",
        "block": "do not give",
        "confirm": "wait for a named professional's word",
        "dosing_weight": "decide the dosing weight",
        "leaves_regimen": "take more days than the regimen has",
        "regimen_must_be_named": "name the regimen",
    }
)

REASON = texts(
    {
        "stabiliser": "contains {value}",
        "stabiliser_not_seen": "stabiliser not seen in a source",
        "contraindicated": "its label contraindicates it",
        "property": "{property} {value}",
        "property_not_seen": "{property} not seen in a source",
        "excluded": "excluded",
        "not_on_formulary": "not on the site's formulary",
        "not_in_stock": "not in stock for this dose (on the shelf: {value})",
        "no_presentation_seen": "vial sizes not seen in a source",
        "not_ordered": "another product was ordered",
        "avoided_stabiliser": "contains {value}, better avoided",
        "off_label": "not licensed for this use",
        "other_than_last": "not the last product given",
        "lacks": "no {property} seen",
        "figure": "{property} {value}",
        "figure_per_gram": "{property} {value} per g of protein",
        "rates_not_seen": "rates not seen complete",
        "label_maximum": "label maximum",
        "cap_rate": "rate cap",
        "at_risk_rate": "label limit for patients at risk ({value})",
        "no_at_risk_rate": "no label number for patients at risk ({value}): start rate kept",
        "minimum_days": "more days asked for",
        "no_vial_fits": "no vial fits a day's dose",
        "daily_dose": "daily dose cap",
        "daily_volume": "daily volume cap",
        "infusion_hours": "{value} h is outside the infusion time",
        "opening_hours": "{value} h is longer than the opening hours",
        "pooled_use": "{value} h is longer than the pooled solution keeps",
        "longer_than_a_day": "{value} h is longer than a day",
        "pump_step_too_coarse": "the pump step of {value} mL/h is too coarse",
        "lengthened": "lengthened beyond the regimen's own days",
        "label_total": "label maximum of all sites together",
        "interval_outside_label": "an interval of {value} days is not in its label",
        "dose_above_label": "{value} g/kg an infusion is above its label",
        "no_subcutaneous_dose": "no dose for this use seen; order one",
        "last_dose_not_stated": "its dose comes from the last one: state grams and interval",
        "conversion_not_seen": "its factor was not read in a strong source",
        "too_many_sites": "needs more than {value} sites",
        "more_often": "{value} infusions an interval, so that each fits",
        "start_after_last_dose": "starts {value} weeks after the last dose; the label says otherwise",
        "trough_change": "{value} mL for the difference to the target trough",
        "trough_change_not_made": "its trough table says {value} mL; the ordered or converted dose stands",
        "trough_within_target": "trough too close to the target for a change",
        "trough_outside_table": "trough difference or weight outside its table: no change",
        "trough_no_table": "no trough table for this product and interval: no change",
        "trough_not_measured": "no current trough: no change",
        "individual_dosing_off": "the site plans no individual doses",
        "individual_dose_outside_regimen": "the individual dose of {value} g is outside its range",
        "individual_interval_outside_regimen": "an interval of {value} days is outside its range",
        "not_replacement": "levels guide replacement alone",
        "no_standard_dose": "no dose without levels",
        "not_repeated": "the dose is not repeated",
        "product_not_named": "no product was ordered",
        "regimen_states_no_range": "no range is stated",
        "trough_table_not_seen": "its trough table is not read or is superseded: no change",
    }
)

GAP = texts(
    {
        "no_regimen_for_phase": "no regimen for phase {value}",
        "no_regimen_for_population": "no regimen for this age group ({value})",
        "no_regimen_here": "no regimen for {value}, and borrowing is switched off",
        "regimen_not_seen": "the only regimens were not read in a source",
        "regimen_must_be_named": "every regimen here is for a special situation: name one",
        "regimen_states_no_dose": "the regimen states no dose; order one",
        "days_below_regimen": "{value} days are fewer than the regimen's fewest",
        "dose_above_regimen": "{value} g/kg is above every source for this regimen",
        "contraindicated": "contraindicated",
        "no_product_here": "no product known in {value}: dose only",
        "not_in_stock": "no product makes this dose from what is in stock: dose only",
        "rates_not_seen": "no product here has rates that were read complete: dose only until signed",
        "pump_step_too_coarse": "every rate is below one pump step ({value} mL/h): order a finer pump step",
        "no_product_fits": "no product and number of days fits every limit",
        "interval_outside_label": "an interval of {value} days is not in the label",
        "dose_above_label": "{value} g/kg an infusion is above the label",
        "no_subcutaneous_dose": "no product here has a subcutaneous dose for this use; order one",
        "last_dose_not_stated": "the dose comes from the last one: state its grams and interval",
        "individual_dosing_off": "this site plans no individual doses (policy.individual_dosing)",
        "individual_dose_outside_regimen": "the individual dose of {value} g is outside the stated range",
        "individual_interval_outside_regimen": "an interval of {value} days is outside the stated one",
        "not_replacement": "levels guide replacement alone",
        "no_standard_dose": "without levels no dose can be planned",
        "not_repeated": "the dose is not repeated at an interval",
        "product_not_named": "a subcutaneous range is that of a product: order one",
        "regimen_states_no_range": "neither regimen nor label states a range for an individual dose",
    }
)

WHY_NOT = texts(
    {
        "not_seen": "not read in a strong source",
        "population": "other age group",
        "special_situation": "only in a special situation",
        "jurisdiction": "other jurisdiction",
        "ordered_dose": "does not give the ordered dose",
        "other_product": "stated for other products",
        "disagreement": "sources disagree; the other was chosen",
        "authority_order": "lower in the order of authority",
        "reliability": "less reliable copy",
        "authored_order": "equal; listed later",
    }
)


def window(entry: TimelineEntry) -> str:
    """What a vaccine or test window says, in words. Never that anything is allowed."""
    day = entry.date or entry.until
    return say(_WINDOW.get(entry.state, entry.state), day=str(day) if day else say("not quantified"))


_WINDOW = texts(
    {
        "wait_until": "wait until {day}",
        "not_while_on_therapy": "not while on therapy; if stopped now: {day}",
        "no_interval_needed": "no interval needed; other contraindications hold",
        "not_stated": "not stated by a source: ask",
        "may_respond_poorly": "not live: no interval, may work less well",
        "until": "unreliable until {day}",
        "not_quantified": "unreliable; end not quantified (not before {day})",
        "value_changed": "right, but changed until {day}",
    }
)


def reason(item: Reason) -> str:
    """A reason in words, with its value."""
    named = say(PROPERTY.get(item.property, item.property.replace("_", " ")))
    value = say(_RISK_GROUP[item.value]) if item.value in _RISK_GROUP else _figure(item.value)
    return say(REASON.get(item.code, item.code), value=value, property=named)


_RISK_GROUP = texts(
    {"renal": "kidney", "thrombosis": "thrombosis", "volume": "volume", "age_over_65": "age over 65"}
)
"""Whom a label's limit for patients at risk is for."""


def _figure(text: str) -> str:
    """A number without trailing zeros; any other text as people write it."""
    return number(Decimal(text)) if re.fullmatch(r"\d+(\.\d+)?", text) else text.replace("_", " ")


PROPERTY = texts(
    {
        "isoagglutinin_reduced": "isoagglutinin reduction",
        "iga_ug_per_ml_max": "IgA at most (µg)",
        "iga_ug_per_ml_typical": "IgA typically (µg)",
        "sodium_mmol_per_l_max": "sodium at most (mmol/L)",
        "osmolality_mosm_per_kg_max": "osmolality at most (mOsm/kg)",
        "sugar_g_per_g_protein": "sugar (g)",
        "osmolality_mosm_per_kg_typical": "osmolality typically (mOsm/kg)",
        "latex_free": "latex free",
    }
)


def saw(items: tuple[Saw, ...], terms: Mapping[str, Term]) -> str:
    """What was seen: "age 72 years, diabetes mellitus"."""
    return ", ".join(_saw(item, terms.get(item.field)) for item in items)


_OF_ORDER = texts(
    {
        "last_immunoglobulin.grams": "grams of the last dose",
        "last_immunoglobulin.interval_days": "days of the last interval",
        "phase": "phase",
        "population": "population",
        "target_trough_g_per_l": "target trough in g/L",
    }
)
"""What is seen and is no term of the vocabulary."""


def _saw(item: Saw, term: Term | None) -> str:
    name = term.name if term else say(_OF_ORDER.get(item.field, item.field))
    if item.text == "true":
        return name
    if item.text == "false":
        return say("no {name}", name=name)
    shown = number(item.number) if item.number is not None else item.text.replace("_", " ")
    return f"{name} {shown}{_unit(term)}"


def condition(when: When, terms: Mapping[str, Term]) -> str:
    """A condition in words, from the same data that judges it."""
    if when.is_ is not None:
        return _name(when.is_, terms)
    if when.not_ is not None:
        return say("not ({condition})", condition=condition(when.not_, terms))
    if when.any_ is not None:
        return either(_bracketed(part, terms) for part in when.any_)
    if when.all_ is not None:
        return together(_bracketed(part, terms) for part in when.all_)
    if when.count is not None:
        parts = ", ".join(condition(part, terms) for part in when.count)
        return say("at least {count} of: {conditions}", count=str(when.at_least), conditions=parts)
    return _comparison(when, terms)


def _bracketed(when: When, terms: Mapping[str, Term]) -> str:
    words = condition(when, terms)
    return f"({words})" if when.any_ or when.all_ else words


def _comparison(when: When, terms: Mapping[str, Term]) -> str:
    name = _name(when.field or "", terms)
    term = terms.get(when.field or "")
    unit = _unit(term)
    for sign, limit in (("<", when.below), ("<=", when.at_most), (">=", when.at_least), (">", when.above)):
        if limit is not None:
            return f"{name} {sign} {number(limit)}{unit}"
    return say("{name} is {values}", name=name, values=either(when.one_of or ("",)))


def _unit(term: Term | None) -> str:
    if term is None or not term.unit:
        return ""
    return f" {unit_words(term.unit)}".rstrip()


def _name(field: str, terms: Mapping[str, Term]) -> str:
    term = terms.get(field)
    return term.name if term else field


def together(parts: Iterable[str]) -> str:
    """ "a and b and c"; at least one."""
    return reduce(lambda this, that: say("{this} and {that}", this=this, that=that), parts)
