"""Where the check-ins stand at a moment: what was answered, what was not, who is to be told.

Silence is never taken for well-being, and an answer that nobody of the team has read is told
of like silence. Telling only ever raises: nothing here lets anybody wait longer.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal

import msgspec

from ivigil.aftercare.check_ins import CheckIn, number_of
from ivigil.aftercare.happenings import CheckInAnswered, CheckInRead, CheckInSent, Happened, by_time
from ivigil.aftercare.spans import later
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.presence import with_implied
from ivigil.knowledge.store import Knowledge

WAIT = "policy.check_in_wait"
WAIT_AT_RISK = "policy.check_in_wait_at_risk"
ANSWER_READ = "policy.check_in_answer_read"
TELL = "policy.check_in_tell"
TELL_UNWATCHED = "policy.check_in_tell_unwatched"

State = Literal["planned", "due", "unread", "unanswered", "answered"]
"""due: its time has come; unread: the patient is not known to have opened it, and the wait is
over; unanswered: opened, and the wait is over."""

Because = Literal["unread", "unanswered", "answer_not_read"]

Hours = tuple[dt.datetime, dt.datetime | None]
"""A stretch in which somebody of the team reads; None: no end is known."""


class Escalation(msgspec.Struct, frozen=True, kw_only=True):
    """Somebody is to be told, from a moment on."""

    because: Because
    since: dt.datetime
    to: tuple[str, ...]
    """Choices of the policies: who is told first, and who else while nobody reads."""
    unwatched: bool
    """True where nobody of the team is known to read now."""
    facts: tuple[str, ...]
    unsigned: tuple[str, ...]
    """Those of the facts that are ours and not signed by the site."""


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """One check-in at a moment."""

    check_in: CheckIn
    state: State
    sent_at: dt.datetime | None = None
    opened_at: dt.datetime | None = None
    """When the patient first opened it; None: not known to."""
    answered_at: dt.datetime | None = None
    reports: tuple[SymptomReport, ...] = ()
    """Every answer, by time."""
    left_open: tuple[str, ...] = ()
    """Of those that began to answer: the questions that they did not."""
    answer_read_at: dt.datetime | None = None
    """When somebody of the team read the last answer; None: nobody is known to."""
    escalation: Escalation | None = None

    def facts(self) -> tuple[str, ...]:
        """Ids of every fact that is named."""
        windows = [name for watched in self.check_in.watches for name in watched.facts]
        told = self.escalation.facts if self.escalation else ()
        return tuple(dict.fromkeys((*windows, *self.check_in.facts, *told)))


class Watch(msgspec.Struct, frozen=True, kw_only=True):
    """Is anybody reading?"""

    reading: bool
    until: dt.datetime | None = None
    """While somebody reads: until when, if that is known."""
    again: dt.datetime | None = None
    """While nobody reads: from when somebody will, if that is known."""


def watch(watched: Iterable[Hours], now: dt.datetime) -> Watch:
    """Is anybody of the team reading at ``now`` (aware)? Without hours, nobody is."""
    hours = sorted(watched, key=lambda each: each[0])
    ends = [until for start, until in hours if start <= now and (until is None or now < until)]
    if ends:
        known = [until for until in ends if until is not None]
        return Watch(reading=True, until=max(known) if len(known) == len(ends) else None)
    return Watch(reading=False, again=next((start for start, _ in hours if start > now), None))


def standing(
    check_ins: Iterable[CheckIn],
    happened: Iterable[Happened],
    now: dt.datetime,
    knowledge: Knowledge,
    watched: Iterable[Hours] = (),
) -> tuple[Standing, ...]:
    """Where each check-in stands at ``now`` (aware), in their order; what happened later is not looked at.

    watched: when somebody of the team reads.
    """
    known = by_time(each for each in happened if each.at <= now)
    reading = watch(watched, now).reading
    return tuple(_standing(each, known, now, knowledge, reading) for each in check_ins)


def _standing(
    check_in: CheckIn, known: list[Happened], now: dt.datetime, knowledge: Knowledge, reading: bool
) -> Standing:
    sent = [each.at for each in known if _is(each, CheckInSent, check_in)]
    reads = [(each.at, each.what) for each in known if isinstance(each.what, CheckInRead)]
    own = [(at, read.reader) for at, read in reads if read.check_in == check_in.id]
    opened = [at for at, reader in own if reader == "patient"]
    answers = [
        (each.at, each.what)
        for each in known
        if isinstance(each.what, CheckInAnswered) and each.what.check_in == check_in.id
    ]
    reports = tuple(answer.report for _, answer in answers)
    left_open = _left_open(check_in, reports, knowledge)
    answered_at = answers[-1][0] if answers and _suffices(reports, left_open, knowledge) else None
    opened += [at for at, answer in answers if answer.taken_by == "patient"]
    by_team = [at for at, reader in own if reader == "team"]
    by_team += [at for at, answer in answers if answer.taken_by == "team"]
    read_at = min((at for at in by_team if answered_at is not None and at >= answered_at), default=None)
    overdue_at = later(check_in.due, number_of(_wait(check_in), knowledge))
    made = Standing(
        check_in=check_in,
        state=_state(check_in, now, answered_at, opened, overdue_at),
        sent_at=min(sent, default=None),
        opened_at=min(opened, default=None),
        answered_at=answered_at,
        reports=reports,
        left_open=left_open if reports else (),
        answer_read_at=read_at,
    )
    return msgspec.structs.replace(made, escalation=_escalation(made, overdue_at, now, knowledge, reading))


def _state(
    check_in: CheckIn,
    now: dt.datetime,
    answered_at: dt.datetime | None,
    opened: list[dt.datetime],
    overdue_at: dt.datetime,
) -> State:
    if answered_at is not None:
        return "answered"
    if now < check_in.due:
        return "planned"
    if now < overdue_at:
        return "due"
    return "unanswered" if opened else "unread"


def _left_open(
    check_in: CheckIn, reports: tuple[SymptomReport, ...], knowledge: Knowledge
) -> tuple[str, ...]:
    """The questions that no answer speaks of; who has a severe kind of something has it."""
    present = with_implied((name for each in reports for name in each.present), knowledge.facts.symptom)
    said = present.union(name for each in reports for name in each.absent)
    return tuple(name for name in check_in.questions if name not in said)


def _suffices(reports: tuple[SymptomReport, ...], left_open: tuple[str, ...], knowledge: Knowledge) -> bool:
    """Does it count as an answer? A complaint does; silence about a danger to life does not."""
    danger = {symptom.id for symptom in knowledge.facts.symptom if symptom.ask_first}
    told = any(report.present or report.unmatched for report in reports)
    return told or not danger & set(left_open)


def _is(each: Happened, kind: type[CheckInSent], check_in: CheckIn) -> bool:
    return isinstance(each.what, kind) and each.what.check_in == check_in.id


def _wait(check_in: CheckIn) -> str:
    return WAIT_AT_RISK if check_in.at_high_risk else WAIT


def _escalation(
    standing: Standing, overdue_at: dt.datetime, now: dt.datetime, knowledge: Knowledge, reading: bool
) -> Escalation | None:
    """A patient at risk who does not answer is told of; so is an answer that nobody read in time."""
    if standing.answered_at is not None:
        because: Because = "answer_not_read"
        since, wait = later(standing.answered_at, number_of(ANSWER_READ, knowledge)), ANSWER_READ
        silent = standing.answer_read_at is None
    else:
        because = "unanswered" if standing.opened_at else "unread"
        since, wait = overdue_at, _wait(standing.check_in)
        silent = standing.check_in.at_high_risk
    if not silent or now < since:
        return None
    facts = (wait, TELL) if reading else (wait, TELL, TELL_UNWATCHED)
    told = [name for name in facts if name != wait]
    return Escalation(
        because=because,
        since=since,
        to=tuple(knowledge.policies[name].choice for name in told),
        unwatched=not reading,
        facts=facts,
        unsigned=tuple(name for name in facts if not knowledge.permits(knowledge.policies[name])),
    )
