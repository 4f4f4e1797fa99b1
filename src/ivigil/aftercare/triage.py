"""How soon symptoms after an infusion need care, what they may be, which tests, whom to call.

The answer is the most urgent of all that holds, so that one more symptom never lowers it; what is
not known never lowers it either. Weak evidence raises and lets nobody wait.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Literal

import msgspec

from ivigil.aftercare.episode import Episode
from ivigil.aftercare.picture import Picture, picture
from ivigil.aftercare.rows import WAITING, rows_for
from ivigil.aftercare.suspects import Suspect, suspects
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.presence import with_implied
from ivigil.knowledge.reactions import URGENCIES, SymptomUrgency, Urgency, most_urgent
from ivigil.knowledge.store import Knowledge

UNSIGNED = "reaction-triage-unsigned"
UNMATCHED = "reaction-triage-unmatched"
UNANSWERED = "reaction-triage-unanswered"
RISK = "reaction-triage-risk"
REPEAT = "reaction-triage-repeat-contact"

CauseCode = Literal[
    "row",  # a row of the fact base holds
    "no_permission_to_wait",  # a symptom of no urgent row, that no strong or signed row lets wait
    "unmatched",  # a complaint or a reading that is on no list
    "unanswered",  # a question about danger to life is open
    "at_risk",  # a serious reaction is suspected in a patient who may be at risk for it
    "repeat_contact",  # not the first report about this infusion
]
_OF_ONE_REPORT: tuple[CauseCode, ...] = ("unanswered", "repeat_contact")
"""What a later report may answer, or counts anew."""
Call = Literal["emergency_line", "team_now", "team_today", "team_next_visit", "nobody"]


class Cause(msgspec.Struct, frozen=True, kw_only=True):
    """One reason for at least this urgency."""

    code: CauseCode
    urgency: Urgency
    facts: tuple[str, ...]
    about: tuple[str, ...] = ()
    """Symptoms, measures, reactions or words that it is about."""
    call_now: bool = False
    weak: bool = False
    """It rests on evidence that may raise and never lets anybody wait."""


class Triage(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to one report."""

    urgency: Urgency
    call: Call
    causes: tuple[Cause, ...]
    """What the urgency rests on, the most urgent first. Empty: nothing was reported."""
    picture: Picture
    suspects: tuple[Suspect, ...]
    panels: tuple[str, ...] = ()
    """Test panels for the suspected reactions, once each."""
    ask: tuple[str, ...] = ()
    """Symptoms whose answer may raise the urgency: those about danger to life first."""
    contact: int = 1
    """Which report about this infusion it is, from 1."""

    def facts(self) -> tuple[str, ...]:
        """Ids of every fact that is named."""
        named = [fact for cause in self.causes for fact in cause.facts]
        for suspect in self.suspects:
            named += [suspect.reaction, *suspect.windows]
        return tuple(dict.fromkeys([*named, *self.panels]))

    @property
    def leading(self) -> tuple[Cause, ...]:
        """The causes that set the urgency."""
        return tuple(cause for cause in self.causes if cause.urgency == self.urgency)


def triage(
    report: SymptomReport,
    episode: Episode,
    knowledge: Knowledge,
    *,
    earlier: Sequence[SymptomReport] = (),
    beside: Sequence[SymptomReport] = (),
) -> Triage:
    """Judge a report in the light of what was reported before about the same infusion.

    earlier: the reports before this one that no clinician has settled, in any order. beside: such reports
    about the other days of the same course; what they tell counts, but they are no contact about this one.
    """
    seen = picture(report, episode, knowledge, (*beside, *earlier))
    rows = rows_for(episode, report.at, knowledge)
    holding = tuple(row for row in rows.applying if row.holds(seen.present))
    suspected = suspects(seen.present, holding, episode, report.at, knowledge)
    contacts = sum(picture(past, episode, knowledge).complains for past in earlier)
    causes = [*_causes(seen, suspected, holding, rows.waiting, knowledge)]
    if contacts and seen.complains:
        causes.append(_repeated(contacts, causes, knowledge))
    causes.sort(key=lambda cause: URGENCIES.index(cause.urgency), reverse=True)
    urgency = causes[0].urgency if causes else "self_care"
    return Triage(
        urgency=urgency,
        call=call_for(urgency, causes),
        causes=tuple(causes),
        picture=seen,
        suspects=suspected,
        panels=tuple(dict.fromkeys(panel for suspect in suspected for panel in suspect.panels)),
        ask=tuple(_ask(seen, rows.applying, urgency, knowledge)),
        contact=contacts + 1,
    )


def open_triage(
    reports: Sequence[SymptomReport],
    episode: Episode,
    knowledge: Knowledge,
    *,
    beside: Sequence[SymptomReport] = (),
) -> Triage | None:
    """The answer to everything that waits to be settled, by time; None without a report.

    It is the answer to the last report, and never less urgent than what was told in one before it: neither
    time nor a later report lowers what nobody has dealt with. What was only left open there may be closed.
    beside: as of ``triage``.
    """
    if not reports:
        return None
    answers = [
        triage(report, episode, knowledge, earlier=reports[:number], beside=beside)
        for number, report in enumerate(reports)
    ]
    last = answers[-1]
    found = {(cause.code, cause.facts): cause for cause in last.causes}
    for answer in reversed(answers[:-1]):
        for cause in answer.causes:
            if cause.code not in _OF_ONE_REPORT:
                found.setdefault((cause.code, cause.facts), cause)
    causes = sorted(found.values(), key=lambda cause: URGENCIES.index(cause.urgency), reverse=True)
    urgency = causes[0].urgency if causes else last.urgency
    return msgspec.structs.replace(
        last, urgency=urgency, call=call_for(urgency, causes), causes=tuple(causes)
    )


def _causes(
    seen: Picture,
    suspected: Iterable[Suspect],
    holding: Sequence[SymptomUrgency],
    waiting: Sequence[SymptomUrgency],
    knowledge: Knowledge,
) -> Iterator[Cause]:
    for row in holding:
        yield Cause(
            code="row",
            urgency=row.urgency,
            facts=(row.id,),
            about=tuple(name for name in (*row.all_of, *row.any_of) if name in seen.present),
            call_now=row.call_now,
            weak=not knowledge.permits(row),
        )
    urgent = {name for row in holding if row.urgency not in WAITING for name in (*row.all_of, *row.any_of)}
    unpermitted = tuple(
        sorted(name for name in seen.reported - urgent if not _covered(name, waiting, knowledge))
    )
    if unpermitted:
        yield _ruled("no_permission_to_wait", UNSIGNED, unpermitted, knowledge)
    if seen.unmatched or seen.unjudged:
        yield _ruled("unmatched", UNMATCHED, (*seen.unmatched, *seen.unjudged), knowledge)
    if seen.unanswered:
        yield _ruled("unanswered", UNANSWERED, seen.unanswered, knowledge)
    at_risk = tuple(suspect.reaction for suspect in suspected if suspect.is_serious_at_risk)
    if at_risk:
        yield _ruled("at_risk", RISK, at_risk, knowledge)


def _ruled(code: CauseCode, policy: str, about: tuple[str, ...], knowledge: Knowledge) -> Cause:
    urgency = msgspec.convert(knowledge.policies[policy].choice, Urgency)
    return Cause(code=code, urgency=urgency, facts=(policy,), about=about, weak=True)


def _repeated(contacts: int, causes: Iterable[Cause], knowledge: Knowledge) -> Cause:
    """One step more urgent for each report before this one."""
    policy = knowledge.policies[REPEAT]
    reached = most_urgent(cause.urgency for cause in causes) or "self_care"
    raised = URGENCIES.index(reached) + contacts * int(policy.number or 1)
    return Cause(
        code="repeat_contact",
        urgency=URGENCIES[min(raised, len(URGENCIES) - 1)],
        facts=(policy.id,),
        weak=True,
    )


def _covered(symptom: str, waiting: Iterable[SymptomUrgency], knowledge: Knowledge) -> bool:
    """Does a row let this symptom wait by itself? Rows that need others beside it do not count:
    adding one of those must never lower the answer.
    """
    alone = with_implied((symptom,), knowledge.facts.symptom)
    return any(row.holds(alone) and symptom in (*row.all_of, *row.any_of) for row in waiting)


def call_for(urgency: Urgency, causes: Iterable[Cause]) -> Call:
    """Whom to call at this urgency, for these causes."""
    if urgency == "emergency_now":
        return "emergency_line"
    if urgency == "same_day":
        return "team_now" if any(cause.call_now for cause in causes) else "team_today"
    return "team_next_visit" if urgency == "next_visit" else "nobody"


def _ask(
    seen: Picture, rows: Sequence[SymptomUrgency], urgency: Urgency, knowledge: Knowledge
) -> Iterator[str]:
    """Open questions about danger to life; then those whose yes, with what is present, is more urgent."""
    yield from seen.unanswered
    if not seen.complains:
        return
    for name in seen.open:
        if name not in seen.unanswered:
            alone = with_implied((name,), knowledge.facts.symptom)
            joined = [row for row in rows if row.holds(seen.present | alone) and not row.holds(alone)]
            if any(URGENCIES.index(row.urgency) > URGENCIES.index(urgency) for row in joined):
                yield name
