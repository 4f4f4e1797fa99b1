"""``ivigil models [MODEL...]``: the kinetic models of IgG, listed or side by side."""

from __future__ import annotations

import argparse
from decimal import Decimal

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.kinetics.individual import Error, Known, Subject, error, typical, variability
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.kinetics import ParameterName, PopulationModel
from ivigil.knowledge.store import Knowledge, all_facts


class Computed(msgspec.Struct, frozen=True):
    """A model's typical values for the subject; g, L, days. Empty for a refused model."""

    model: str
    parameters: dict[ParameterName, float]
    missing: dict[ParameterName, tuple[Known, ...]]
    clearance_l_per_day: float | None
    steady_volume_l: float | None
    half_life_days: float | None
    omega2: dict[ParameterName, float]
    error: Error | None


class Shown(msgspec.Struct, frozen=True):
    """Models with what they say of one subject, and the documents behind them."""

    subject: Subject
    computed: tuple[Computed, ...]
    models: tuple[PopulationModel, ...]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("models", metavar="MODEL", nargs="*", help="ids, to show some side by side")
    parser.add_argument("--weight-kg", metavar="KG", help="typical values for this weight")
    parser.add_argument("--height-cm", metavar="CM", help="with --sex: for models on lean body mass")
    parser.add_argument("--sex", choices=("male", "female"))
    parser.add_argument("--age-years", metavar="YEARS", help="default: an adult's")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    subject = _subject(options, knowledge)
    known = knowledge.population_models
    names = {key: (key, model.name) for key, model in known.items()}
    asked = dict.fromkeys(naming.one("model", name, names) for name in options.models)
    models = tuple(known[key] for key in asked or known)
    cited = {key for model in models for fact in all_facts(model) for key in (*fact.sources, *_chain(fact))}
    shown = Shown(
        subject=subject,
        computed=tuple(_computed(model, subject, knowledge) for model in models),
        models=models,
        sources={key: knowledge.sources[key] for key in sorted(cited) if key in knowledge.sources},
    )
    from ivigil.sheets.models import comparison_sheet, list_sheet

    sheet = comparison_sheet if asked else list_sheet
    put(shown, lambda: sheet(models, subject, knowledge), as_json=options.json)
    return OK


def _subject(options: argparse.Namespace, knowledge: Knowledge) -> Subject:
    """The standard patient, or one of whom only what was given is known."""
    (standard,) = knowledge.facts.standard_patient
    age = naming.amount(options.age_years) if options.age_years else standard.age_years
    given = options.weight_kg or options.height_cm or options.sex
    if not given:
        return Subject(
            weight_kg=standard.weight_kg,
            height_cm=standard.height_cm,
            sex=standard.sex,
            age_years=age,
            condition="",
        )
    return Subject(
        weight_kg=_amount(options.weight_kg) or standard.weight_kg,
        height_cm=_amount(options.height_cm),
        sex=options.sex,
        age_years=age,
        condition="",
    )


def _amount(written: str | None) -> Decimal | None:
    return naming.amount(written) if written else None


def _chain(fact: object) -> tuple[str, ...]:
    return fact.chain if isinstance(fact, PopulationModel) else ()


def _computed(model: PopulationModel, subject: Subject, knowledge: Knowledge) -> Computed:
    if model.verdict.status == "refused":
        return Computed(model.id, {}, {}, None, None, None, {}, None)
    found = typical(model, subject, knowledge)
    return Computed(
        model=model.id,
        parameters=found.values,
        missing=found.missing,
        clearance_l_per_day=found.clearance_l_per_day,
        steady_volume_l=found.steady_volume_l,
        half_life_days=found.half_life_days,
        omega2=variability(model, knowledge),
        error=error(model.error) if model.error else None,
    )
