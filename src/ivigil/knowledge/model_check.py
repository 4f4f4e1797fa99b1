"""Checking the kinetic models: complete for their structure, coherent, with something to test them by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from ivigil.knowledge.kinetics import Covariate, ParameterName, PopulationModel
from ivigil.knowledge.store import Knowledge

_ELIMINATION: dict[str, frozenset[ParameterName]] = {
    "clearance": frozenset({"cl_l_per_day"}),
    "rate_constant": frozenset({"kel_per_day"}),
    "saturable_recycling": frozenset({"jmax_g_per_day", "km_g_per_l", "kint_per_day"}),
}
_STRUCTURE: dict[str, frozenset[ParameterName]] = {
    "one_compartment": frozenset({"vc_l"}),
    "two_compartment": frozenset({"vc_l", "q_l_per_day", "vp_l"}),
}
_UNDER_SKIN: frozenset[ParameterName] = frozenset({"ka_per_day", "f_sc", "f_facilitated_sc"})
_FRACTIONS: frozenset[ParameterName] = frozenset({"f_sc", "f_facilitated_sc"})


def model_faults(knowledge: Knowledge) -> Iterator[str]:
    """Everything wrong with the kinetic models and what they share, one line each."""
    for model in knowledge.facts.population_model:
        for check in (_references, _parameters, _errors, _verdict):
            yield from (f"{model.id}: {problem}" for problem in check(model, knowledge))
    yield from _shared(knowledge)


def _references(model: PopulationModel, knowledge: Knowledge) -> Iterator[str]:
    if not model.chain or model.chain[0] not in model.sources:
        yield "the chain starts with a document that the model cites"
    yield from (f"unknown source {key!r} in the chain" for key in model.chain if key not in knowledge.sources)
    fitted = model.fitted.conditions if model.fitted else ()
    ratios = [name for item in model.parameters for c in item.covariates for name in c.conditions]
    for name in (*fitted, *model.verdict.default_for, *model.verdict.also_for, *ratios):
        if name not in knowledge.conditions:
            yield f"unknown condition {name!r}"
    donor = model.verdict.variability_of
    if donor and not _lends(knowledge.population_models.get(donor)):
        yield f"variability_of {donor!r} is no usable model with variability"


def _lends(donor: PopulationModel | None) -> bool:
    return donor is not None and donor.verdict.status == "usable" and bool(donor.variability)


def _parameters(model: PopulationModel, _: Knowledge) -> Iterator[str]:
    counts = Counter(item.name for item in model.parameters)
    yield from (f"{name} stands {n} times" for name, n in counts.items() if n > 1)
    for item in model.parameters:
        if item.value <= 0:
            yield f"{item.name} is {item.value}, not above 0"
        if item.name in _FRACTIONS and item.value > 1:
            yield f"{item.name} is {item.value}, above 1"
        yield from (f"{item.name}: {problem}" for c in item.covariates for problem in _covariate(c))
    for varied in model.variability:
        if varied.parameter not in counts:
            yield f"variability of {varied.parameter}, which is no parameter"
        if varied.cv_percent <= 0:
            yield f"variability of {varied.parameter} is {varied.cv_percent} %"
    if model.verdict.status == "refused":
        return
    allowed = _ELIMINATION.get(model.elimination, frozenset()) | _STRUCTURE.get(model.structure, frozenset())
    if not allowed:
        yield "structure or elimination not read: it cannot be computed with"
    if model.endogenous in ("fixed", "estimated"):
        allowed |= {"endogenous_g_per_l"}
    missing = allowed - set(counts)
    yield from (f"needs {name}" for name in sorted(missing))
    yield from (f"{name} has no place in it" for name in sorted(set(counts) - allowed - _UNDER_SKIN))
    if ("ka_per_day" in counts) != bool(_FRACTIONS & set(counts)):
        yield "ka_per_day and a bioavailability come together"


def _covariate(covariate: Covariate) -> Iterator[str]:
    low, high, reference = covariate.clip_min, covariate.clip_max, covariate.reference
    if low is not None and high is not None and low >= high:
        yield f"clipped to nothing, {low} to {high}"
    if reference is not None and (
        (low is not None and reference < low) or (high is not None and reference > high)
    ):
        yield f"the reference {reference} lies outside {low} to {high}"


def _errors(model: PopulationModel, _: Knowledge) -> Iterator[str]:
    if model.errors and sum(item.chosen for item in model.errors) != 1:
        yield "exactly one reading of the residual error is chosen"
    for item in model.errors:
        stated = [value for value in (item.proportional, item.additive_g_per_l) if value is not None]
        if not stated or min(stated) <= 0:
            yield f"{item.id}: an error is proportional, additive or both, above 0"


def _verdict(model: PopulationModel, _: Knowledge) -> Iterator[str]:
    verdict = model.verdict
    refused = verdict.status == "refused"
    if refused != bool(verdict.reason) or refused == bool(verdict.grade):
        yield "a refused model has a reason and no grade; any other the reverse"
    if refused and (verdict.default_for or verdict.also_for):
        yield "refused, and yet meant for conditions"
    if refused:
        return
    if not model.reference_values:
        yield "no published figure to test it by"
    if verdict.status == "usable" and not ((model.variability or verdict.variability_of) and model.errors):
        yield "usable needs variability and a residual error"
    if model.elimination != "saturable_recycling" and model.fitted is None:
        yield "the range it was fitted in is missing"


def _shared(knowledge: Knowledge) -> Iterator[str]:
    models = knowledge.facts.population_model
    if not models:
        return
    if sorted(item.sex for item in knowledge.facts.lean_body_mass) != ["female", "male"]:
        yield "lean_body_mass: one formula a sex"
    if len(knowledge.facts.standard_patient) != 1:
        yield "standard_patient: exactly one"
    if not knowledge.facts.voiding_medicine:
        yield "voiding_medicine: none; every model fails under an FcRn blocker"
    for medicine in knowledge.facts.voiding_medicine:
        if medicine.mechanism not in knowledge.terms:
            yield f"{medicine.id}: nobody is asked about {medicine.mechanism!r}"
    defaults = Counter(name for model in models for name in model.verdict.default_for)
    yield from (f"{name}: {n} models are shown first" for name, n in defaults.items() if n > 1)
