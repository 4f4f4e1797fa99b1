"""Which facts of the days after concern the patient of an episode. What is not known concerns them."""

from __future__ import annotations

from ivigil.aftercare.episode import Episode
from ivigil.knowledge.logic import Reading, Truth, judge
from ivigil.knowledge.reactions import Population, Reaction, Symptom, SymptomUrgency
from ivigil.knowledge.store import Knowledge

_MONTHS_PER_YEAR = 12


def populations(episode: Episode, knowledge: Knowledge) -> frozenset[Population]:
    """The populations whose records hold for the patient; of an unknown age, all of them."""
    if episode.age_months is None:
        return frozenset({"any", "adult", "child"})
    when = knowledge.terms["child"].when
    case = {"age_years": Reading.exactly(episode.age_months // _MONTHS_PER_YEAR)}
    child = when is None or judge(when, case).truth is not Truth.FALSE
    return frozenset({"any", "child" if child else "adult"})


def reaction_concerns(reaction: Reaction, episode: Episode, knowledge: Knowledge) -> bool:
    """May this reaction come in this illness, with this product, at this age?

    One with a sign of the newborn alone is a reaction of the newborn.
    """
    return (
        _ill_with(reaction.conditions, episode)
        and _holds(reaction.stabilisers, episode)
        and all(_of_age(each, episode) for each in knowledge.facts.symptom if each.id in reaction.symptoms)
    )


def urgency_concerns(row: SymptomUrgency, episode: Episode, knowledge: Knowledge) -> bool:
    """Does the row speak of this patient, illness and product? Its hours are not looked at."""
    return (
        row.population in populations(episode, knowledge)
        and _ill_with(row.conditions, episode)
        and _holds(row.stabilisers, episode)
    )


def may_be_asked(symptom: Symptom, episode: Episode) -> bool:
    """Is there a question for a patient of this age?"""
    return bool(symptom.question) and _of_age(symptom, episode)


def raises_risk(reaction: Reaction, episode: Episode) -> bool:
    """Does the patient have a hazard that makes the reaction likelier, or did nobody look?

    A reaction of one illness alone is likelier in whoever may have that illness.
    """
    hazards = reaction.risk_hazards if episode.hazards is None else risk_hazards(reaction, episode)
    return bool(hazards or reaction.conditions)


def risk_hazards(reaction: Reaction, episode: Episode) -> tuple[str, ...]:
    """The hazards of the patient that make the reaction likelier."""
    known = episode.hazards or ()
    return tuple(name for name in reaction.risk_hazards if name in known)


def _of_age(symptom: Symptom, episode: Episode) -> bool:
    age, below = episode.age_months, symptom.age_months_below
    return age is None or below is None or age < below


def _ill_with(conditions: tuple[str, ...], episode: Episode) -> bool:
    return not conditions or not episode.condition or episode.condition in conditions


def _holds(stabilisers: tuple[str, ...], episode: Episode) -> bool:
    return not stabilisers or episode.stabilisers is None or bool(set(stabilisers) & set(episode.stabilisers))
