"""Malformed orders: each row is changes to a valid order and the faults they must give."""

from __future__ import annotations

from typing import Any

import pytest

from ivigil.knowledge.store import Knowledge
from ivigil.order import OrderError
from tests.support.bases import NAMES, base
from tests.support.written import ABSENT, faults, read, text_faults


@pytest.fixture(params=NAMES)
def knowledge(request: pytest.FixtureRequest) -> Knowledge:
    return base(request.param)


def test_the_valid_order_is_read(knowledge: Knowledge) -> None:
    order = read(knowledge)
    assert order.condition == "kawasaki_disease"
    assert str(order.patient.weight_kg) == "14.2"
    assert order.experience is None


ROWS: dict[str, tuple[dict[str, Any], str, str]] = {
    # name: (changes, field, part of the fault's text)
    "no condition": ({"condition": ABSENT}, "condition", "missing"),
    "no jurisdiction": ({"jurisdiction": ABSENT}, "jurisdiction", "missing"),
    "no start": ({"start": ABSENT}, "start", "missing"),
    "no route": ({"route": ABSENT}, "route", "missing"),
    "no patient": ({"patient": ABSENT}, "patient", "missing"),
    "no identifier": ({"patient__id": ABSENT}, "patient.id", "missing"),
    "no identifier value": ({"patient__id": {"system": "urn:x"}}, "patient.id.value", "missing"),
    "no birth date": ({"patient__birth_date": ABSENT}, "patient.birth_date", "missing"),
    "no sex": ({"patient__sex": ABSENT}, "patient.sex", "missing"),
    "no weight": ({"patient__weight_kg": ABSENT}, "patient.weight_kg", "missing"),
    "null": ({"patient__sex": None}, "patient.sex", "null"),
    "unknown key": ({"jurisdicton": "US"}, "jurisdicton", "did you mean jurisdiction?"),
    "unknown patient key": ({"patient__wieght_kg": 3}, "patient.wieght_kg", "did you mean weight_kg?"),
    "unknown inner key": ({"patient__id__valeu": "x"}, "patient.id.valeu", "did you mean value?"),
    "unknown lab": ({"patient__igg": 3, "patient__iggg_g_per_l": 3}, "patient.iggg_g_per_l", "igg_g_per_l"),
    "unknown screening key": ({"screening__presnt": []}, "screening.presnt", "did you mean present?"),
    "condition misspelt": (
        {"condition": "kawasakki diesease"},
        "condition",
        "did you mean kawasaki_disease?",
    ),
    "condition unlike any": ({"condition": "zzzzzz"}, "condition", "ICD-10-CM"),
    "condition by a shared code": ({"condition": "D69.3"}, "condition", "itp_adult or itp_child"),
    "condition by a broad code": ({"condition": "83901003"}, "condition", "sjogren_neuropathy"),
    "condition not to be treated": ({"condition": "G72.41"}, "condition", "not recommended"),
    "condition of wrong type": ({"condition": 5}, "condition", "synonym"),
    "jurisdiction in small letters": ({"jurisdiction": "us"}, "jurisdiction", "did you mean US?"),
    "jurisdiction by name": ({"jurisdiction": "Ontario"}, "jurisdiction", "CA-ON"),
    "route in small letters": ({"route": "iv"}, "route", "did you mean IV?"),
    "route without a source": ({"route": "SC"}, "route", "regimen or a licence"),
    "start without offset": ({"start": "2026-11-23T08:00:00"}, "start", "with offset"),
    "start as a date": ({"start": "2026-11-23"}, "start", "with offset"),
    "start on no day": ({"start": "2026-02-30T08:00:00+00:00"}, "start", "with offset"),
    "start in a wrong century": ({"start": "0226-11-23T08:00:00+00:00"}, "start", "with offset"),
    "birth in a compact form": ({"patient__birth_date": "20230201"}, "patient.birth_date", "2026-11-23"),
    "birth in another order": ({"patient__birth_date": "01.02.2023"}, "patient.birth_date", "2026-11-23"),
    "birth as a moment": (
        {"patient__birth_date": "2023-02-01T00:00:00Z"},
        "patient.birth_date",
        "2026-11-23",
    ),
    "birth after start": ({"patient__birth_date": "2026-11-24"}, "patient.birth_date", "not after the start"),
    "birth too long ago": ({"patient__birth_date": "1896-02-01"}, "patient.birth_date", "at most 120 years"),
    "onset after start": ({"onset_date": "2026-11-24"}, "onset_date", "from birth to the start"),
    "onset before birth": ({"onset_date": "2023-01-31"}, "onset_date", "from birth to the start"),
    "last immunoglobulin after start": (
        {"last_immunoglobulin": {"date": "2026-11-24"}},
        "last_immunoglobulin.date",
        "from birth to the start",
    ),
    "last immunoglobulin undated": ({"last_immunoglobulin": {}}, "last_immunoglobulin.date", "missing"),
    "measured after start": (
        {"patient__iga_g_per_l": {"value": 1, "date": "2026-11-24"}},
        "patient.iga_g_per_l.date",
        "from birth to the start",
    ),
    "sex by a letter": ({"patient__sex": "M"}, "patient.sex", "male, female"),
    "weight 700": ({"patient__weight_kg": 700}, "patient.weight_kg", "0.4 to 350 kg"),
    "weight 0": ({"patient__weight_kg": 0}, "patient.weight_kg", "0.4 to 350 kg"),
    "weight below 0": ({"patient__weight_kg": -14}, "patient.weight_kg", "a number"),
    "weight as text with unit": (
        {"patient__weight_kg": "31.3 lb"},
        "patient.weight_kg",
        'weight = "31.3 lb"',
    ),
    "weight twice": (
        {"patient__weight": "31.3 lb"},
        "patient.weight",
        "either weight_kg or weight",
    ),
    "weight without unit": (
        {"patient__weight_kg": ABSENT, "patient__weight": "31.3"},
        "patient.weight",
        "units: kg, lb, g",
    ),
    "weight without unit, plain": (
        {"patient__weight_kg": ABSENT, "patient__weight": 31.3},
        "patient.weight",
        "units: kg, lb, g",
    ),
    "weight in stones": (
        {"patient__weight_kg": ABSENT, "patient__weight": "2 st"},
        "patient.weight",
        "units: kg, lb, g",
    ),
    "weight as a limit": ({"patient__weight_kg": "<15"}, "patient.weight_kg", "a number"),
    "weight in two readings": ({"patient__weight_kg": "1.500"}, "patient.weight_kg", "1.5 or 1500"),
    "weight with a comma": ({"patient__weight_kg": "14,2"}, "patient.weight_kg", "did you mean 14.2?"),
    "weight with unit and comma": (
        {"patient__weight_kg": ABSENT, "patient__weight": "14,2 kg"},
        "patient.weight",
        '"14.2 kg"',
    ),
    "weight in other digits": ({"patient__weight_kg": "١٤"}, "patient.weight_kg", "a number"),
    "weight true": ({"patient__weight_kg": True}, "patient.weight_kg", "a number"),
    "weight a list": ({"patient__weight_kg": [14.2]}, "patient.weight_kg", "a number"),
    "height in metres": ({"patient__height_cm": 0.94}, "patient.height_cm", 'height = "0.94 m"'),
    "pounds as kilograms, by age": ({"patient__weight_kg": 31.3}, "patient.weight_kg", 'weight = "31.3 lb"'),
    "kilograms as pounds, by age": (
        {"patient__weight_kg": ABSENT, "patient__weight": "14.2 lb"},
        "patient.weight",
        'weight = "14.2 kg"',
    ),
    "pounds as kilograms, by the last weight": (
        {"patient__last_weight": "31 lb", "patient__weight_kg": 31.3, "patient__height_cm": ABSENT},
        "patient.weight_kg",
        'weight = "31.3 lb"',
    ),
    "a tenth more than the last weight": (
        {"patient__last_weight_kg": 12.9},
        "patient.weight_kg",
        "at most 10 %",
    ),
    "height in inches": ({"patient__height_cm": 37}, "patient.weight_kg", 'height = "37 in"'),
    "IgA in mg/dL given as g/L": ({"patient__iga_g_per_l": 70}, "patient.iga_g_per_l", 'iga = "70 mg/dL"'),
    "low IgA in mg/dL given as g/L": ({"patient__iga_g_per_l": 7}, "patient.iga_g_per_l", 'iga = "7 mg/dL"'),
    "IgG in mg/dL given as g/L": ({"patient__igg_g_per_l": 650}, "patient.igg_g_per_l", 'igg = "650 mg/dL"'),
    "low IgG in mg/dL given as g/L": (
        {"patient__igg_g_per_l": 62},
        "patient.igg_g_per_l",
        'igg = "62 mg/dL"',
    ),
    "haemoglobin in g/dL": (
        {"patient__haemoglobin_g_per_l": 11.8},
        "patient.haemoglobin_g_per_l",
        'haemoglobin = "11.8 g/dL"',
    ),
    "laboratory value twice": (
        {"patient__iga": "70 mg/dL", "patient__iga_g_per_l": 0.7},
        "patient.iga",
        "either iga_g_per_l or iga",
    ),
    "laboratory value without a value": (
        {"patient__iga_g_per_l": {"date": "2026-11-01"}},
        "patient.iga_g_per_l.value",
        "missing",
    ),
    "laboratory value with two comparators": (
        {"patient__iga_g_per_l": "<<0.07"},
        "patient.iga_g_per_l",
        "a limit",
    ),
    "blood group in small letters": ({"patient__blood_group": "a"}, "patient.blood_group", "did you mean A?"),
    "confirming what is not asked": (
        {"patient__confirmed": ["height_cm"]},
        "patient.confirmed",
        "weight_kg",
    ),
    "flag unknown": ({"screening__present": ["migrane"]}, "screening.present", "did you mean migraine?"),
    "flag that is a value": ({"screening__present": ["blood_group"]}, "screening.present", "[patient]"),
    "flag that follows": ({"screening__absent": ["age_years"]}, "screening.absent", "follows from"),
    "flag present and absent": (
        {"screening__present": ["migraine"], "screening__absent": ["migraine"]},
        "screening",
        "migraine both present and absent",
    ),
    "flag twice": ({"screening__absent": ["migraine", "migraine"]}, "screening.absent", "twice"),
    "flag that cannot be": ({"screening__present": ["pregnancy"]}, "screening.present", "sex male"),
    "flag against experience": (
        {"experience": "naive", "screening__present": ["prior_immunoglobulin_reaction"]},
        "screening.present",
        "immunoglobulin_naive",
    ),
    "flags as a text": ({"screening__present": "migraine"}, "screening.present", "a list of texts"),
    "complete as text": ({"screening__complete": "yes"}, "screening.complete", "true or false"),
    "too many flags": ({"screening__present": ["x"] * 300}, "screening.present", "at most 200"),
    "experience unknown": ({"experience": "none"}, "experience", "naive, experienced"),
    "days a fraction": ({"days": 1.5}, "days", "whole number"),
    "days zero": ({"days": 0}, "days", "whole number"),
    "dose zero": ({"total_dose_g_per_kg": 0}, "total_dose_g_per_kg", "above 0"),
    "pump step with an exponent": ({"pump_step_ml_per_h": 1e-7}, "pump_step_ml_per_h", "a number"),
    "product of two strengths": ({"product": "Octagam"}, "product", "octagam-10-us"),
    "product of another jurisdiction": ({"product": "privigen-eu"}, "product", "privigen-us"),
    "product of another route": ({"product": "Hizentra"}, "product", "hizentra-20"),
    "product misspelt": ({"product": "Octagan 10%"}, "product", "octagam-10-us"),
    "regimen of another condition": ({"regimen": "cidp_us_privigen_load"}, "regimen", "the id of a regimen"),
    "regimen misspelt": ({"regimen": "kd_aha_inital"}, "regimen", "kd_aha_initial"),
    "phase without a dose": ({"phase": "maintenance"}, "phase", "initial, retreatment"),
    "phase against the regimen": (
        {"regimen": "kd_aha_initial", "phase": "retreatment"},
        "phase",
        "one of: initial",
    ),
    "override of no hazard": (
        {"overrides": [{"finding": "thrombosis_rsk", "reason": "r", "author": "a"}]},
        "overrides[0].finding",
        "thrombosis_risk",
    ),
    "override without reason": (
        {"overrides": [{"finding": "thrombosis_risk", "author": "a"}]},
        "overrides[0].reason",
        "missing",
    ),
    "override without author": (
        {"overrides": [{"finding": "thrombosis_risk", "reason": "r", "author": " "}]},
        "overrides[0].author",
        "one line of text",
    ),
    "overrides as a table": ({"overrides": {}}, "overrides", "a list of tables"),
    "override as a text": ({"overrides": ["x"]}, "overrides[0]", "a table with finding"),
    "control characters": ({"patient__id__value": "K\x1b[2J"}, "patient.id.value", "one line of text"),
    "half a character": ({"patient__id__value": "K\ud800"}, "patient.id.value", "one line of text"),
}


@pytest.mark.parametrize("name", ROWS)
def test_each_fault_is_found_and_told(name: str, knowledge: Knowledge) -> None:
    changes, field, part = ROWS[name]
    found = faults(knowledge, **changes)
    assert [fault for fault in found if fault.field == field and part in fault.text], found


@pytest.mark.parametrize("name", ROWS)
def test_each_fault_comes_alone(name: str, knowledge: Knowledge) -> None:
    """A fault brings no others: a reader mends what is wrong, not its echoes."""
    changes, field, _ = ROWS[name]
    if len(changes) == 1 and name not in ("unknown lab", "start in a wrong century"):
        assert {fault.field for fault in faults(knowledge, **changes)} == {field}


def test_all_faults_are_told_at_once(knowledge: Knowledge) -> None:
    mixed = ("condition misspelt", "start without offset", "weight 700", "flag unknown", "dose zero")
    changes: dict[str, Any] = {}
    for name in mixed:
        changes |= ROWS[name][0]
    fields = [fault.field for fault in faults(knowledge, **changes)]
    assert sorted(fields) == sorted(ROWS[name][1] for name in mixed)


@pytest.mark.parametrize("name", ROWS)
def test_every_fault_has_field_value_and_accepted(name: str, knowledge: Knowledge) -> None:
    for fault in faults(knowledge, **ROWS[name][0]):
        assert fault.field
        assert fault.value
        assert fault.accepted
        assert fault.text.isprintable()


MARKED = {
    "condition": "Qondition",
    "jurisdiction": "Qurisdiction",
    "start": "Qstart",
    "route": "Qroute",
    "product": "Qproduct",
    "days": "Qdays",
    "Qey": "Qvalue",
    "patient": {
        "id": {"system": "Q", "value": ["Qid"], "Qname": "Q"},
        "birth_date": "Qdate",
        "sex": "Qsex",
        "weight_kg": "Qkg",
        "Q Smith": {"Qdeep": "Q"},
        "confirmed": ["Qfield"],
    },
    "screening": {"present": ["Qflag"], "absent": ["Qother"], "Qkey": 1},
    "overrides": [{"finding": "Qfinding", "reason": "", "author": "Q"}],
}


def test_logs_hold_nothing_of_the_order(knowledge: Knowledge) -> None:
    found = faults(knowledge, **MARKED)
    assert len(found) >= 12
    assert "Q" not in OrderError(found).log_safe
    assert "Q" in str(OrderError(found))


@pytest.mark.parametrize(
    "changes",
    [
        {"total_dose_g_per_kg": 7.77},
        {"days": 29},
        {"regimen": "x"},
        {"route": "SC"},
        {"phase": "x"},
        {"product": "privigen-eu"},
        {"patient__weight_kg": 31.3},
        {"patient__height_cm": 37},
        {"patient__weight": "14.2 kg"},
        {"total_dose_g_per_kg": 2, "total_dose_g": 7.77},
    ],
)
def test_logs_do_not_tell_the_condition_or_the_body(changes: dict[str, Any], knowledge: Knowledge) -> None:
    safe = OrderError(faults(knowledge, **changes)).log_safe
    assert safe
    for secret in ("kd_", "kawasaki", "K-001", "14.2", "31.3", "7.77", "29", "2023"):
        assert secret not in safe


def test_a_key_made_up_by_the_writer_stays_out_of_logs(knowledge: Knowledge) -> None:
    for text in ("[patient]\nSmith = 1\nSmith = 2\n", "Smith = 1,5\n"):
        (fault,) = text_faults(text, "toml", knowledge)
        assert "Smith" in fault.text
        assert "Smith" not in OrderError((fault,)).log_safe


def test_a_known_key_written_twice_is_named(knowledge: Knowledge) -> None:
    (fault,) = text_faults("[patient]\nweight_kg = 1\nweight_kg = 2\n", "toml", knowledge)
    assert fault.field == "patient.weight_kg"
    assert "line 3" in str(fault.value)
    found = text_faults('{"route": "IV", "route": "SC"}', "json", knowledge)
    assert ("route", "written more than once") in {(f.field, str(f.value)) for f in found}


def test_plain_numbers_are_exact_in_both_formats(knowledge: Knowledge) -> None:
    for literal in ("1e1", "1_4.2", "14.2e0", "0x0E", "+14.2"):
        toml = f"[patient]\nweight_kg = {literal}\n"
        assert "patient.weight_kg" in {f.field for f in text_faults(toml, "toml", knowledge)}
    for literal in ("1e1", "14.2E0", "NaN", "-14.2"):
        json = f'{{"patient": {{"weight_kg": {literal}}}}}'
        assert "patient.weight_kg" in {f.field for f in text_faults(json, "json", knowledge)}


def test_unknown_keys_are_not_told_by_the_thousand(knowledge: Knowledge) -> None:
    found = faults(knowledge, **{f"key{n}": n for n in range(5000)})
    assert len(found) < 30
    assert "more unknown keys" in str(found[-1].value)
