"""Check-ins: when a patient is asked how they are, about what, and what follows from silence.

Every moment is that of a cited window. Risk adds check-ins and shortens the wait; it takes
nothing away.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal

import msgspec

from ivigil.aftercare.concern import hazards_unknown, may_concern, risk_hazards
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.rows import WAITING, rows_for
from ivigil.aftercare.spans import Span, ended_at, later, spans
from ivigil.knowledge.reactions import Reaction, Symptom, SymptomUrgency
from ivigil.knowledge.store import Knowledge

MOMENTS = "policy.check_in_moments"
MOMENTS_AT_RISK = "policy.check_in_moments_at_risk"
MOMENTS_APART = "policy.check_in_moments_apart"
CHAIR_HOURS = "policy.check_in_chair_hours"
QUESTIONS = "policy.check_in_questions"


class Watched(msgspec.Struct, frozen=True, kw_only=True):
    """One reaction that a check-in asks about."""

    reaction: str
    facts: tuple[str, ...]
    """The windows that hold the moment."""
    at_risk: bool
    """True where a hazard of the patient makes it likelier, or nobody looked."""
    hazards: tuple[str, ...] = ()


class CheckIn(msgspec.Struct, frozen=True, kw_only=True):
    """One set of questions at one moment."""

    id: str
    due: dt.datetime
    """Aware, in the zone of the end of the infusion."""
    watches: tuple[Watched, ...]
    questions: tuple[str, ...]
    """Symptom ids: what may mean danger to life first."""
    facts: tuple[str, ...]
    """The window that sets the moment, and the policy that lets it."""

    @property
    def at_high_risk(self) -> bool:
        return any(watched.at_risk for watched in self.watches)


class _Moment(msgspec.Struct, frozen=True):
    """A moment at which a window sets a check-in."""

    span: Span
    policy: str
    apart: bool = False

    @property
    def id(self) -> str:
        window = self.span.fact.removeprefix("reaction.")
        return f"check-in.{window}{'.apart' if self.apart else ''}"

    @property
    def due(self) -> dt.datetime:
        return self.span.moment


def check_ins(
    episode: Episode, knowledge: Knowledge, until: dt.datetime | None = None
) -> tuple[CheckIn, ...]:
    """The check-ins after an infusion, by time. Raises UnknownEndError.

    until (aware): when the patient's next infusion began, if that one has ended: from then on
    its own check-ins ask.
    """
    leaves_at = later(ended_at(episode), number_of(CHAIR_HOURS, knowledge))
    concerned = _concerned(episode, knowledge)
    found = {
        reaction.id: tuple(
            span for span in spans(reaction, episode, knowledge) if span.end is None or span.end > leaves_at
        )
        for reaction in concerned
    }
    every = [span for listed in found.values() for span in listed]
    usual = _moments(MOMENTS, every, knowledge)
    usual += _uncovered([span for span in every if not span.outlier], usual)
    at_risk = [span for each in concerned if _raises_risk(each, episode) for span in found[each.id]]
    more = _moments(MOMENTS_AT_RISK, at_risk, knowledge)
    for name in dict.fromkeys(span.reaction for span in at_risk):
        own = [span for span in at_risk if span.reaction == name]
        more += _uncovered(own, [*usual, *(each for each in more if each.span.reaction == name)])
    apart = [
        msgspec.structs.replace(moment, apart=True) for moment in _moments(MOMENTS_APART, every, knowledge)
    ]
    moments = [each for each in (*usual, *more, *apart) if until is None or each.due < until]
    return _merged(moments, concerned, found, episode, knowledge)


def _concerned(episode: Episode, knowledge: Knowledge) -> tuple[Reaction, ...]:
    """The reactions that may come in this patient and that a patient can tell of.

    What has no window of its own goes by its timing class if it is serious or must not be
    taken for a reaction; a sore vein is asked for by no check-in.
    """
    return tuple(
        reaction
        for reaction in knowledge.facts.reaction
        if (reaction.windows or reaction.severity == "serious" or reaction.kind == "look_alike")
        and may_concern(reaction, episode)
        and _of_age(reaction, episode, knowledge)
        and _askable(reaction, episode, knowledge)
    )


def _of_age(reaction: Reaction, episode: Episode, knowledge: Knowledge) -> bool:
    """A reaction with a sign of the newborn alone is a reaction of the newborn."""
    symptoms = _by_id(knowledge)
    return all(symptoms[name].concerns(episode.age_months) for name in reaction.symptoms)


def _askable(reaction: Reaction, episode: Episode, knowledge: Knowledge) -> tuple[Symptom, ...]:
    """The signs of a reaction that a patient of this age can be asked about."""
    symptoms = _by_id(knowledge)
    own = (symptoms[name] for name in reaction.symptoms)
    return tuple(symptom for symptom in own if symptom.question and symptom.concerns(episode.age_months))


def _raises_risk(reaction: Reaction, episode: Episode) -> bool:
    """Is the patient at risk of it, or did nobody look?

    A reaction of one illness alone is likelier in whoever may have that illness.
    """
    return bool(risk_hazards(reaction, episode) or hazards_unknown(reaction, episode) or reaction.conditions)


def _questions(
    reaction: Reaction, rows: tuple[SymptomUrgency, ...], episode: Episode, knowledge: Knowledge
) -> tuple[str, ...]:
    """The symptoms by which a check-in asks for a reaction; rows: the triage rows for that time.

    All of its own that may mean danger to life; of the others as many as the policy says,
    in the order of the reaction's presentations: those by which triage suspects it and lets
    nobody wait; if there is none, those by which it suspects it, else any.
    """
    own = _askable(reaction, episode, knowledge)
    danger = tuple(symptom.id for symptom in own if symptom.ask_first)
    others = [symptom.id for symptom in own if not symptom.ask_first]
    naming = [row for row in rows if reaction.id in row.reactions]
    pressing = _named(row for row in naming if row.urgency not in WAITING)
    most = int(number_of(QUESTIONS, knowledge))
    for wanted in (pressing, _named(naming), set(others)):
        asked = [name for name in others if name in wanted][:most]
        if asked or danger:
            return (*danger, *asked)
    return ()


def _named(rows: Iterable[SymptomUrgency]) -> set[str]:
    return {name for row in rows for name in (*row.all_of, *row.any_of)}


def _moments(policy: str, among: Iterable[Span], knowledge: Knowledge) -> list[_Moment]:
    """The moments of the windows that a policy lists."""
    listed = knowledge.policies[policy].ranking
    return [_Moment(span, policy) for span in among if span.fact in listed]


def _uncovered(among: Iterable[Span], moments: Iterable[_Moment]) -> list[_Moment]:
    """A moment of its own for every window that none of the others lies in, the first to close first."""
    known = [moment.due for moment in moments]
    added: list[_Moment] = []
    for span in sorted(among, key=lambda span: (span.moment, span.fact)):
        if not any(span.holds(due) for due in (*known, *(moment.due for moment in added))):
            added.append(_Moment(span, MOMENTS))
    return added


def _merged(
    moments: Iterable[_Moment],
    concerned: tuple[Reaction, ...],
    found: dict[str, tuple[Span, ...]],
    episode: Episode,
    knowledge: Knowledge,
) -> tuple[CheckIn, ...]:
    """One check-in a moment; one that is apart asks for its own reaction alone."""
    first: dict[tuple[dt.datetime, str], _Moment] = {}
    for moment in moments:
        first.setdefault((moment.due, moment.span.reaction if moment.apart else ""), moment)
    made = []
    for moment in sorted(first.values(), key=lambda moment: (moment.due, moment.span.fact)):
        asked = [each for each in concerned if not moment.apart or each.id == moment.span.reaction]
        watched = tuple(
            watch for each in asked if (watch := _watched(each, found[each.id], moment.due, episode))
        )
        made.append(
            CheckIn(
                id=moment.id,
                due=moment.due,
                watches=watched,
                questions=_asked(watched, moment.due, episode, knowledge),
                facts=(moment.span.fact, moment.policy),
            )
        )
    return tuple(made)


def _watched(
    reaction: Reaction, found: tuple[Span, ...], due: dt.datetime, episode: Episode
) -> Watched | None:
    """A reaction one of whose windows holds the moment; what lies at the rim counts at risk alone."""
    at_risk = _raises_risk(reaction, episode)
    facts = tuple(
        dict.fromkeys(span.fact for span in found if span.holds(due) and (at_risk or not span.outlier))
    )
    if not facts:
        return None
    hazards = risk_hazards(reaction, episode)
    return Watched(reaction=reaction.id, facts=facts, at_risk=at_risk, hazards=hazards)


def _asked(
    watched: tuple[Watched, ...], due: dt.datetime, episode: Episode, knowledge: Knowledge
) -> tuple[str, ...]:
    """What to ask about the watched reactions, in the order of the fact base, danger to life first.

    A kind of a danger that is asked as a whole (chest pain on breathing) is not asked again.
    """
    reactions = {watch.reaction for watch in watched}
    rows = rows_for(episode, due, knowledge).applying
    wanted = {
        name
        for reaction in knowledge.facts.reaction
        if reaction.id in reactions
        for name in _questions(reaction, rows, episode, knowledge)
    }
    listed = [symptom for symptom in knowledge.facts.symptom if symptom.id in wanted]
    danger = {symptom.id for symptom in listed if symptom.ask_first}
    plain = [s for s in listed if s.id not in danger or not danger & set(s.implies)]
    return tuple(symptom.id for symptom in sorted(plain, key=lambda symptom: not symptom.ask_first))


def _by_id(knowledge: Knowledge) -> dict[str, Symptom]:
    return {symptom.id: symptom for symptom in knowledge.facts.symptom}


def number_of(policy: str, knowledge: Knowledge) -> Decimal:
    """The number of a policy. Raises LookupError if it has none."""
    number = knowledge.policies[policy].number
    if number is None:
        raise LookupError(f"{policy} has no number")
    return number
