"""Kinetic models in words: the list with typical values, and some side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from decimal import Decimal

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from ivigil.kinetics.individual import Known, Subject, Typical, error, typical
from ivigil.knowledge.kinetics import (
    FittedDose,
    KineticRoute,
    Parameter,
    ParameterName,
    PopulationModel,
    Restriction,
)
from ivigil.knowledge.store import Knowledge, all_facts
from ivigil.sheets.layout import DISCLAIMER, FOOTNOTE, mark, section, table
from ivigil.sheets.numbers import number, span
from ivigil.sheets.spoken import texts

_ABREAST = 2
"""Models that stand side by side in 80 columns."""
_LABEL = 12
_NOT_SEEN = "not seen"

_STATUS = {
    "usable": "usable",
    "typical_values_only": "typical values only: a curve without a band",
    "refused": "refused",
}
_REASON = {
    "": "",
    "comparator_only": "a comparator, not immunoglobulin",
    "half_life_implausible": "implausible half-life",
    "machine_made": "made by a machine, not read from a study",
    "no_human_parameters": "no human parameters",
    "out_of_scope": "out of scope",
    "parameters_not_read": "parameters not read",
    "volume_implausible": "implausible volume",
}
_STRUCTURE = {
    "one_compartment": "one compartment",
    "two_compartment": "two compartments",
    "not_read": "structure not read",
}
_ELIMINATION = {
    "clearance": "linear",
    "rate_constant": "linear (rate constant)",
    "saturable_recycling": "saturable FcRn recycling",
    "not_read": "",
}
_ENDOGENOUS = {
    "fixed": "held in the fit",
    "estimated": "estimated",
    "own": "the patient's own, needed",
    "in_total": "none added: fitted to total IgG",
    "production": "the patient's own, needed; made at a constant rate",
    "not_read": _NOT_SEEN,
}
_ROUTE: dict[KineticRoute, str] = {"IV": "IV", "SC": "SC", "facilitated_SC": "facilitated SC"}
_NAME: dict[ParameterName, tuple[str, str]] = {
    "cl_l_per_day": ("CL", "L/d"),
    "kel_per_day": ("kel", "/d"),
    "vc_l": ("Vc", "L"),
    "q_l_per_day": ("Q", "L/d"),
    "vp_l": ("Vp", "L"),
    "ka_per_day": ("ka", "/d"),
    "f_sc": ("F SC", ""),
    "f_facilitated_sc": ("F facilitated", ""),
    "endogenous_g_per_l": ("Own IgG", "g/L"),
    "jmax_g_per_day": ("Jmax", "g/d"),
    "km_g_per_l": ("Km", "g/L"),
    "kint_per_day": ("kint", "/d"),
}
KNOWN: dict[Known, str] = texts(
    {
        "age_years": "age",
        "concentration_g_per_l": "level",
        "condition": "condition",
        "dose_g_per_kg": "dose",
        "endogenous_igg_g_per_l": "own IgG",
        "height_cm": "height",
        "igm_g_per_l": "IgM",
        "interval_days": "interval",
        "lean_body_mass_kg": "lean body mass",
        "route": "route",
        "sex": "sex",
        "weight_kg": "weight",
    }
)
_Cell = Callable[[PopulationModel, Typical], str]


def list_sheet(models: tuple[PopulationModel, ...], subject: Subject, knowledge: Knowledge) -> RenderableType:
    """Every model by what it may be used for, with its typical values for the subject."""
    parts: list[RenderableType] = [
        Text(f"{len(models)} MODELS OF IgG KINETICS", style="bold"),
        Text(f"Typical values for {_who(subject)}."),
    ]
    for status in ("usable", "typical_values_only"):
        found = [model for model in models if model.verdict.status == status]
        parts.append(section(_STATUS[status], _figures(found, subject, knowledge)))
    refused = table(17, None)
    for model in models:
        if model.verdict.status == "refused":
            refused.add_row(f"{model.id}", f"{_REASON[model.verdict.reason]}. {model.name}")
    parts += [
        section("Refused", refused),
        section("Under these medicines no model holds", _voiding(knowledge)),
        Text(""),
        Text("2nd: read in a document that quotes another; 3rd: that quotes one that quotes it."),
        Text(FOOTNOTE),
        Text("ivigil models ID ID... shows some side by side, with cautions and sources."),
        Text(DISCLAIMER),
    ]
    return Group(*parts)


def _figures(models: list[PopulationModel], subject: Subject, knowledge: Knowledge) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    for head, width in (("", 17), ("n", 3), ("hand", 4), ("CL L/d", 7), ("Vc L", 5), ("half-life d", 11)):
        grid.add_column(head, width=width)
    grid.add_column("fitted to", ratio=1)
    for model in models:
        found = typical(model, subject, knowledge)
        grid.add_row(
            f"{model.id}{mark(model)}",
            str(model.patients or "-"),
            _hand(model),
            _of_three(found, found.clearance_l_per_day, 3),
            _value(found, "vc_l"),
            _of_three(found, found.half_life_days, 1),
            conditions(model.fitted.conditions if model.fitted else ()) or "nothing: our construct",
        )
    return grid


def _voiding(knowledge: Knowledge) -> RenderableType:
    names = [
        f"{item.name}{' (' + ', '.join(item.brands) + ')' if item.brands else ''}{mark(item)}"
        for item in knowledge.facts.voiding_medicine
    ]
    return Text(f"FcRn blockers: {', '.join(names)}")


def comparison_sheet(
    models: tuple[PopulationModel, ...], subject: Subject, knowledge: Knowledge
) -> RenderableType:
    """The models side by side, two abreast, then cautions and documents of each."""
    parts: list[RenderableType] = [
        Text("MODELS SIDE BY SIDE", style="bold"),
        Text(f"Typical values for {_who(subject)}."),
    ]
    for start in range(0, len(models), _ABREAST):
        parts += [Text(""), _block(models[start : start + _ABREAST], subject, knowledge)]
    for model in models:
        parts.append(section(model.id, *_told(model), _documents(model, knowledge)))
    parts += [Text(""), Text(FOOTNOTE), Text(DISCLAIMER)]
    return Group(*parts)


def _block(models: tuple[PopulationModel, ...], subject: Subject, knowledge: Knowledge) -> Table:
    grid = Table(box=None, padding=(0, 1, 0, 0), expand=True, show_header=True, header_style="bold")
    grid.add_column("", width=_LABEL, overflow="fold")
    for model in models:
        grid.add_column(f"{model.id}{mark(model)}", ratio=1)
    found = [(model, typical(model, subject, knowledge)) for model in models]
    for label, cell in _ROWS:
        cells = [cell(model, values) for model, values in found]
        if any(cells):
            grid.add_row(label, *cells)
    return grid


def _told(model: PopulationModel) -> list[RenderableType]:
    verdict = Text(f"{model.verdict.text}{mark(model.verdict)}")
    cautions = [Text(f"- {item.text}{mark(item)}") for item in model.cautions]
    bounds = [Text(f"- Only {_bounds(item)}{mark(item)}") for item in model.restrictions]
    notes = [Text(f"- {model.note}")] if model.note else []
    return [verdict, *cautions, *bounds, *notes]


def _bounds(item: Restriction) -> str:
    units = {"age_years": "years", "weight_kg": "kg", "dose_g_per_kg": "g/kg a course"}
    return f"{span(item.min, item.max, units.get(item.of, item.of))}. {item.text}".strip()


def _documents(model: PopulationModel, knowledge: Knowledge) -> RenderableType:
    """The chain first, then what else is cited."""
    cited = dict.fromkeys((*model.chain, *(key for fact in all_facts(model) for key in fact.sources)))
    grid = table(3, None)
    for key in cited:
        source = knowledge.sources[key]
        sign = "<-" if key in model.chain[1:] else ""
        extent = f" ({source.extent})" if source.extent else ""
        grid.add_row(sign, f"{source.title}. {source.publisher}{extent}")
    return grid


def _who(subject: Subject) -> str:
    sexes = {"male": "a man", "female": "a woman", None: "a patient"}
    size = [f"{number(value)} {unit}" for value, unit in _sizes(subject) if value is not None]
    return f"{sexes[subject.sex]} of {', '.join(size)}"


def _sizes(subject: Subject) -> tuple[tuple[Decimal | None, str], ...]:
    return (subject.weight_kg, "kg"), (subject.height_cm, "cm")


def _hand(model: PopulationModel) -> str:
    return {1: "1st", 2: "2nd"}.get(len(model.chain), "3rd")


def _of_three(found: Typical, value: float | None, places: int) -> str:
    if value is not None:
        return _float(value, places)
    return "varies" if found.clearance_at(0) is not None else _needs(found)


def _needs(found: Typical) -> str:
    for name in ("cl_l_per_day", "kel_per_day", "vc_l"):
        if name in found.missing:
            return f"needs {_words(found.missing[name])}"
    return "-"


def parameter_sign(name: ParameterName) -> str:
    """A parameter's usual sign: CL, Vc."""
    return _NAME[name][0]


def _words(missing: Iterable[Known]) -> str:
    return ", ".join(KNOWN[name] for name in missing)


def _value(found: Typical, name: ParameterName) -> str:
    if name in found.values:
        return _float(found.values[name], 2)
    return f"needs {_words(found.missing[name])}" if name in found.missing else ""


def _float(value: float, places: int) -> str:
    return number(Decimal(repr(value)), places)


def conditions(names: Iterable[str]) -> str:
    return ", ".join(name.replace("_", " ") for name in names)


def _parameter(name: ParameterName) -> _Cell:
    def cell(model: PopulationModel, found: Typical) -> str:
        parameter = model.parameter(name)
        if parameter is None or model.verdict.status == "refused":
            return "" if parameter is None else f"{_printed(parameter)} (not used)"
        places = 3 if name.endswith("per_day") or name.startswith("f_") else 2
        unit = _NAME[name][1]
        value = found.values.get(name)
        shown = f"needs {_words(found.missing[name])}" if value is None else f"{_float(value, places)} {unit}"
        return f"{shown.strip()}{mark(parameter)}\n{_relation(parameter)}".strip()

    return cell


def _relation(parameter: Parameter) -> str:
    """How covariates move it: "= 0.15 (weight / 65.7)^0.744"."""
    parts = [_printed(parameter)]
    for item in parameter.covariates:
        if item.form == "condition_ratio":
            parts.append(f"x {number(item.factor or 0, 3)} in {conditions(item.conditions)}")
            continue
        if item.reference == item.exponent == 1 and parameter.printed:
            continue
        held = span(item.clip_min, item.clip_max, "kg")
        parts.append(
            f"({KNOWN[item.of]} / {number(item.reference or 0)})^{number(item.exponent or 0, 3)}"
            + (f", held to {held}" if held else "")
        )
    return f"= {' '.join(parts)}" if parameter.covariates else "(fixed)" if parameter.fixed else ""


def _printed(parameter: Parameter) -> str:
    return parameter.printed or number(parameter.value, 5)


def _endogenous(model: PopulationModel, found: Typical) -> str:
    printed = model.parameter("endogenous_g_per_l")
    value = f"{_printed(printed)} g/L, " if printed else ""
    return value + _ENDOGENOUS[model.endogenous] if model.verdict.status != "refused" else ""


def _status(model: PopulationModel, _: Typical) -> str:
    why = f": {_REASON[model.verdict.reason]}" if model.verdict.reason else ""
    grade = f"; evidence {model.verdict.grade}" if model.verdict.grade else ""
    return f"{_STATUS[model.verdict.status]}{why}{grade}"


def _variability(model: PopulationModel, _: Typical) -> str:
    lines = [f"{_NAME[item.parameter][0]} {number(item.cv_percent)} %" for item in model.variability]
    if model.verdict.variability_of:
        lines.append(f"used: that of {model.verdict.variability_of}")
    if model.correlations == "not_published":
        lines.append("correlations fitted, not printed")
    return "\n".join(lines) or _NOT_SEEN


def _error(model: PopulationModel, _: Typical) -> str:
    lines = []
    for reading in model.errors:
        sd = error(reading)
        parts = [f"{_float(sd.proportional * 100, 1)} %"] if sd.proportional else []
        parts += [f"{_float(sd.additive_g_per_l, 2)} g/L"] if sd.additive_g_per_l else []
        other = "" if reading.chosen else f" if read as {reading.reading.replace('_', ' ')}: not used"
        lines.append(f"{' and '.join(parts)}{other}")
    return "\n".join(lines) or _NOT_SEEN


def _fitted(model: PopulationModel, _: Typical) -> str:
    fitted = model.fitted
    if fitted is None:
        return _NOT_SEEN
    ranges = (
        span(fitted.age_years_min, fitted.age_years_max, "years"),
        span(fitted.weight_kg_min, fitted.weight_kg_max, "kg"),
        span(fitted.lean_body_mass_kg_min, fitted.lean_body_mass_kg_max, "kg lean"),
        span(fitted.concentration_g_per_l_min, fitted.concentration_g_per_l_max, "g/L"),
    )
    return "\n".join(
        [conditions(fitted.conditions), *(text for text in ranges if text), *map(_dose, fitted.doses)]
    )


def _dose(row: FittedDose) -> str:
    dose = span(row.dose_g_per_kg_min, row.dose_g_per_kg_max, "g/kg") or "dose not seen"
    every = span(row.interval_days_min, row.interval_days_max, "days")
    return f"{_ROUTE[row.route]} {dose}" + (f" every {every}" if every else "")


def _half_life(model: PopulationModel, found: Typical) -> str:
    if model.verdict.status == "refused":
        return ""
    if found.half_life_days is not None:
        return f"{_float(found.half_life_days, 1)} days"
    return "shortens as IgG rises" if model.elimination == "saturable_recycling" else _needs(found)


_ROWS: tuple[tuple[str, _Cell], ...] = (
    ("Name", lambda model, _: model.name),
    ("Status", _status),
    ("Read", lambda model, _: {1: "as stated", 2: "second-hand"}.get(len(model.chain), "third-hand")),
    (
        "Structure",
        lambda model, _: ", ".join(
            part for part in (_STRUCTURE[model.structure], _ELIMINATION[model.elimination]) if part
        ),
    ),
    ("Patients", lambda model, _: str(model.patients or _NOT_SEEN)),
    ("Fitted to", _fitted),
    *((_NAME[name][0], _parameter(name)) for name in _NAME if name != "endogenous_g_per_l"),
    ("Own IgG", _endogenous),
    ("Half-life", _half_life),
    ("Differ by", _variability),
    ("Error", _error),
)
