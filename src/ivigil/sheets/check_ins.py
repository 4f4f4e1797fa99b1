"""Check-ins for the terminal: the schedule for the team, and the questions for the patient."""

from __future__ import annotations

import datetime as dt

from rich.console import Group, RenderableType
from rich.padding import Padding
from rich.text import Text

from ivigil.aftercare.asking import Ask
from ivigil.aftercare.check_ins import Watched
from ivigil.aftercare.episode import Episode
from ivigil.aftercare.standing import Standing, Watch
from ivigil.aftercare.triage import Triage
from ivigil.knowledge.reactions import WarningSign
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.wording import ENGLISH
from ivigil.sheets import windows
from ivigil.sheets.after_words import BECAUSE, STATE, whom
from ivigil.sheets.chair_words import NOT_SIGNED
from ivigil.sheets.layout import DISCLAIMER, references, section, table
from ivigil.sheets.references import References
from ivigil.sheets.triage import emergency_line, headline, when_closed
from ivigil.sheets.wording import Wording

_LABEL = 12


def check_ins_sheet(
    standings: tuple[Standing, ...],
    watch: Watch,
    episode: Episode,
    at: dt.datetime,
    knowledge: Knowledge,
    *,
    recorded: bool,
    triage: Triage | None = None,
) -> RenderableType:
    """When the patient is asked about what, where each stands, who is to be told.

    triage: of the last answer that is not settled.
    """
    refs = windows.cite((name for each in standings for name in each.facts()), knowledge)
    told = [each for each in standings if each.escalation]
    parts: list[RenderableType] = [
        Text("IVIGIL: CHECK-INS AFTER AN INFUSION", style="bold"),
        Padding(infusion_head(episode, at, recorded=recorded), (0, 0, 0, 2)),
        watch_line(watch, at),
    ]
    if triage is not None:
        parts.append(section("The last answer asks for", headline(triage, knowledge)))
    if told:
        parts.append(section("Tell somebody now", *(_told(each, standings, knowledge) for each in told)))
    parts.append(section("When", *_schedule(standings, knowledge)))
    parts.append(_watched(standings, knowledge, refs))
    parts.append(
        Text("\nWhich windows set a check-in, and how long an answer may take, is ours and not yet signed.")
    )
    return Group(*parts, references(refs), Text(""), Text(DISCLAIMER))


def who_reads(say: Wording, watch: Watch, now: dt.datetime, knowledge: Knowledge) -> list[str]:
    """For a patient: whether anybody reads what they send; if not, who does, from when, and whom to call."""
    zone = knowledge.zone or now.tzinfo
    if watch.reading:
        until = watch.until.astimezone(zone) if watch.until is not None else None
        if until is not None and until.date() == now.astimezone(zone).date():
            return [
                say.urgent(
                    "Your team reads answers today until {time}. Do not wait for us if you feel ill.",
                    time=f"{until:%H:%M}",
                )
            ]
        return [say.urgent("Your team reads answers now. Do not wait for us if you feel ill.")]
    nobody = say.urgent("Nobody reads your answers at this moment. Do not wait for us if you feel ill.")
    if watch.again is None:
        return [nobody]
    again = watch.again.astimezone(zone)
    from_then = say(
        "Your team reads them again on {day} from {time}.", day=say.day(again.date()), time=f"{again:%H:%M}"
    )
    return [nobody, when_closed(say, knowledge), from_then]


def questions_sheet(
    asked: tuple[Ask, ...], watch: Watch, now: dt.datetime, knowledge: Knowledge, language: str = ENGLISH
) -> RenderableType:
    """One check-in as a patient sees it: the emergency line stands before everything to tick."""
    say = Wording(knowledge, language)
    first = [_line(ask, knowledge, say) for ask in asked if ask.danger]
    rest = [_line(ask, knowledge, say) for ask in asked if not ask.danger]
    lines = [
        emergency_line(say, knowledge),
        "",
        say("How are you after your infusion?").upper(),
        *who_reads(say, watch, now, knowledge),
    ]
    if first:
        lines += ["", say.urgent("If one of these is so, call now. Do not finish the list."), *first]
    if rest:
        lines += ["", say("Which of these is so?"), *rest]
    lines += ["", say("Is there anything else? Write it down in your own words."), *say.unsigned()]
    return Group(*(Text(line) for line in say.noted(lines)))


def _line(ask: Ask, knowledge: Knowledge, say: Wording) -> str:
    """The words of a warning sign, or the symptom's plain name."""
    fact = knowledge.by_id[ask.sign or ask.symptoms[0]]
    return f"- {say(fact.text if isinstance(fact, WarningSign) else str(getattr(fact, 'plain', '')))}"


def infusion_head(episode: Episode, at: dt.datetime, *, recorded: bool) -> RenderableType:
    """Which infusion, when it ended, and what is not known of it."""
    grid = table(_LABEL, None)
    grid.add_row("Infusion", episode.infusion or "not one of ours")
    if episode.ended_at is not None:
        grid.add_row("Ended", _clock(episode.ended_at))
    if episode.started_at is None:
        grid.add_row("Began", "not known: counted from the end")
    if episode.hazards is None:
        grid.add_row("Risk", "nobody looked: counts as at risk of everything")
    grid.add_row("Now", _clock(at))
    if not recorded:
        grid.add_row("On record", "NO: tried out on an order, nothing is kept")
    return grid


def watch_line(watch: Watch, at: dt.datetime) -> RenderableType:
    """Whether anybody reads at ``at``; times as told there."""
    if watch.reading:
        until = f" until {_clock(watch.until.astimezone(at.tzinfo))}" if watch.until else ""
        return Text(f"\nSomebody of the team reads{until}.")
    known = f" before {_clock(watch.again.astimezone(at.tzinfo))}" if watch.again else ""
    again = known or " (no hours are known)"
    return Text(f"\n! NOBODY IS READING{again}.", style="bold red")


def _clock(moment: dt.datetime) -> str:
    return f"{moment:%a %Y-%m-%d %H:%M %z}"


def _schedule(standings: tuple[Standing, ...], knowledge: Knowledge) -> list[RenderableType]:
    """One line a check-in; below it what an answer left open."""
    lines: list[RenderableType] = []
    for number, each in enumerate(standings, start=1):
        grid = table(3, 26, 13, 14, None)
        asked = len(each.check_in.questions)
        grid.add_row(
            f"{number}",
            _clock(each.check_in.due),
            Text(STATE[each.state], "bold" if each.state != "planned" else ""),
            f"{asked} question{'' if asked == 1 else 's'}",
            "at risk" if each.check_in.at_high_risk else "",
        )
        lines.append(grid)
        if each.left_open:
            lines.append(Padding(Text(f"left open: {names(each.left_open, knowledge)}"), (0, 0, 0, 4)))
    return lines


def _watched(standings: tuple[Standing, ...], knowledge: Knowledge, refs: References) -> RenderableType:
    """Each reaction once: which check-ins ask about it, whether the patient is at risk, by which windows."""
    seen: dict[str, dict[int, Watched]] = {}
    for number, each in enumerate(standings, start=1):
        for watched in each.check_in.watches:
            seen.setdefault(watched.reaction, {})[number] = watched
    names_of = {reaction.id: reaction.name for reaction in knowledge.facts.reaction}
    grid = table(46, 18, None)
    for reaction, by_number in seen.items():
        facts = dict.fromkeys(name for watched in by_number.values() for name in watched.facts)
        risk = any(watched.at_risk for watched in by_number.values())
        name = f"{names_of[reaction]}{' (AT RISK)' if risk else ''}"
        grid.add_row(Text(name, "bold" if risk else ""), " ".join(map(str, by_number)), refs.mark(facts))
    return section("Which of them ask about what", grid)


def _told(each: Standing, standings: tuple[Standing, ...], knowledge: Knowledge) -> RenderableType:
    """Of which check-in, why, who, and that the rule is not signed."""
    escalation = each.escalation
    assert escalation is not None
    number = standings.index(each) + 1
    mark = f" ({NOT_SIGNED})" if escalation.unsigned else ""
    why = f"check-in {number}, since {_clock(escalation.since)}: {BECAUSE[escalation.because]}"
    return Group(Text(f"! {whom(escalation, knowledge)}{mark}", "bold red"), Text(f"  {why}"))


def names(symptoms: tuple[str, ...], knowledge: Knowledge) -> str:
    """Symptoms as a patient ticks them."""
    known = {symptom.id: symptom.plain for symptom in knowledge.facts.symptom}
    return ", ".join(known.get(name, name).lower() for name in symptoms)
