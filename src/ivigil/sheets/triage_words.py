"""What triage rests on, in words for the team."""

from __future__ import annotations

from collections.abc import Iterable

from ivigil.aftercare.triage import Cause, CauseCode
from ivigil.knowledge.reactions import SymptomUrgency
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.spoken import say, texts

_CAUSE: dict[CauseCode, str] = texts(
    {
        "row": "{about}",
        "no_permission_to_wait": "no strong evidence that {about} may wait",
        "unmatched": "not on the list of symptoms: {about}",
        "unanswered": "not answered, and may mean danger: {count} questions",
        "at_risk": "{about} is suspected, and risk factors are present or were not looked for",
        "repeat_contact": "not the first report about this infusion: one step more urgent for each",
    }
)


def reasons(causes: Iterable[Cause], knowledge: Knowledge) -> dict[str, list[str]]:
    """For the team, what the urgency rests on -> the facts; rows about the same symptoms are one line."""
    said: dict[str, list[str]] = {}
    facts: dict[str, list[str]] = {}
    for cause in causes:
        about = ", ".join(named(name, knowledge) for name in cause.about)
        text = say(_CAUSE[cause.code], about=about, count=str(len(cause.about)))
        row = knowledge.by_id[cause.facts[0]]
        reason = row.reason if isinstance(row, SymptomUrgency) else ""
        said.setdefault(text, []).extend([reason] if reason and reason not in said.get(text, ()) else [])
        facts.setdefault(text, []).extend(cause.facts)
    return {f"{text}: {'; '.join(said[text])}" if said[text] else text: facts[text] for text in facts}


def named(name: str, knowledge: Knowledge) -> str:
    """The name of a symptom, measure or reaction; anything else as it was written."""
    return str(getattr(knowledge.by_id.get(name), "name", f'"{name}"'))
