"""What may change at the next infusion after this day's reactions: proposals, never an order."""

from __future__ import annotations

from ivigil.infusion.after import ANAPHYLAXIS, anaphylaxis
from ivigil.infusion.briefing import Briefing
from ivigil.infusion.onset import fired, next_rate, onsets
from ivigil.infusion.signs import history
from ivigil.infusion.state import State
from ivigil.knowledge.next_time import Proposal, proposals
from ivigil.knowledge.reactions import Reaction

_ANY_REACTION = "reaction.infusion_reaction"
_NEXT_RATE = "reaction-next-rate"


def next_time(briefing: Briefing, state: State) -> tuple[Proposal, ...]:
    """What may change, the strictest first; nothing without a reaction.

    Beside what the facts name for the suspected reactions, a lower rate is always proposed.
    """
    reactions = suspected(briefing, state)
    if not reactions:
        return ()
    slower_by = (briefing.policies[_NEXT_RATE].id,)
    return proposals(reactions, slower_by=slower_by, rate=next_rate(briefing, state))


def suspected(briefing: Briefing, state: State) -> tuple[Reaction, ...]:
    """The reactions that this day's signs speak for, in the order of the fact base.

    A serious one must be named by a grade or by a rule that held for one of its own signs,
    or be anaphylaxis; any other is also taken from its signs and terms alone. Where none
    fits, it is an infusion reaction.
    """
    begun = onsets(briefing, state)
    if not begun:
        return ()
    signs = {name for seen in history(briefing, state) if seen.at in begun for name in seen.symptoms}
    terms = frozenset(graded.grading.term for graded in state.grades)
    certain = {graded.grading.reaction for graded in state.grades}
    if anaphylaxis(briefing, state):
        certain.add(ANAPHYLAXIS)
    rules = [firing for firing in fired(briefing, state) if firing.since in begun]
    ruled = {name for firing in rules for name in firing.reactions}
    for firing in rules:
        if any(saw.field.startswith("measure.") for saw in firing.because):
            certain.update(firing.reactions)
    found = tuple(
        reaction
        for reaction in briefing.facts.reaction
        if reaction.id in certain
        or ((reaction.id in ruled or _is_ordinary(reaction)) and signs & set(reaction.symptoms))
        or (_is_ordinary(reaction) and terms & set(reaction.grading))
    )
    return found or tuple(r for r in briefing.facts.reaction if r.id == _ANY_REACTION)


def _is_ordinary(reaction: Reaction) -> bool:
    return reaction.kind == "reaction" and reaction.severity != "serious" and "immediate" in reaction.timing
