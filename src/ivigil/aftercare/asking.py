"""A check-in as a short list to tick: signs that a patient knows from their sheet stand together."""

from __future__ import annotations

from collections.abc import Iterable

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.knowledge.population import populations
from ivigil.knowledge.reactions import WarningSign
from ivigil.knowledge.store import Knowledge


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """One line to tick. A no to it is a no to all its symptoms; after a yes each is asked."""

    symptoms: tuple[str, ...]
    sign: str = ""
    """Id of the warning sign whose words ask; empty: the symptom's own."""
    danger: bool
    """One of the symptoms may mean danger to life."""


def asks(questions: Iterable[str], episode: Episode, knowledge: Knowledge) -> tuple[Ask, ...]:
    """The lines for these symptoms (ids), danger to life first: every symptom stands in one line."""
    danger = {symptom.id for symptom in knowledge.facts.symptom if symptom.ask_first}
    left = list(questions)
    found = []
    for sign in sorted(_signs(episode, knowledge), key=lambda sign: sign.order):
        covered = tuple(name for name in left if name in sign.symptoms)
        if len(covered) > 1:
            found.append(Ask(symptoms=covered, sign=sign.id, danger=bool(danger & {*covered})))
            left = [name for name in left if name not in covered]
    found += [Ask(symptoms=(name,), danger=name in danger) for name in left]
    return tuple(sorted(found, key=lambda ask: not ask.danger))


def _signs(episode: Episode, knowledge: Knowledge) -> list[WarningSign]:
    """Signs of which any symptom counts by itself, for patients of this age."""
    known = populations(episode.age_months, knowledge)
    return [sign for sign in knowledge.facts.warning_sign if not sign.together and sign.population in known]
