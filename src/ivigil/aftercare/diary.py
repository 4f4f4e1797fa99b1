"""A diary of symptoms: what lasts, what gets worse, told as symptoms that triage knows.

What was noted as present stays present until somebody notes that it is gone; a day without
an entry is no day without the symptom.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from decimal import Decimal
from itertools import pairwise

import msgspec

from ivigil.aftercare.spans import later
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.knowledge.presence import with_implied
from ivigil.knowledge.reactions import Symptom, Window
from ivigil.knowledge.store import Knowledge

HEADACHE = "symptom.headache"
OVER_72_H = "symptom.headache_over_72_h"
PAIN = "measure.pain_0_10"
USUAL_DURATION = "reaction.ivig_headache.duration"
WORSE = "policy.diary_worse"


class Spell(msgspec.Struct, frozen=True, kw_only=True):
    """One symptom, with all its kinds, from the first entry that has it."""

    symptom: str
    since: dt.datetime
    last_noted: dt.datetime
    until: dt.datetime | None = None
    """The entry that says it is gone; None: none did."""
    entries: int


class DiaryReading(msgspec.Struct, frozen=True, kw_only=True):
    """A diary at a moment."""

    spells: tuple[Spell, ...]
    """By onset."""
    worse: tuple[str, ...] = ()
    """Symptoms that got worse, and are not gone."""
    report: SymptomReport | None = None
    """What is present now, with what follows from the course; None: nothing is on record."""
    ask: tuple[str, ...] = ()
    """Symptoms that would be present if what was noted last has gone on since."""
    facts: tuple[str, ...] = ()


def read_diary(entries: Iterable[SymptomReport], now: dt.datetime, knowledge: Knowledge) -> DiaryReading:
    """The course of every symptom until ``now`` (aware); later entries are not looked at."""
    known = sorted((each for each in entries if each.at <= now), key=lambda each: each.at)
    if not known:
        return DiaryReading(spells=())
    symptoms = knowledge.facts.symptom
    full = [
        msgspec.structs.replace(
            each,
            present=tuple(sorted(with_implied(each.present, symptoms))),
            absent=tuple(sorted(_denied(set(each.absent), symptoms))),
        )
        for each in known
    ]
    spells = tuple(sorted(_spells(full), key=lambda spell: (spell.since, spell.symptom)))
    lasting = {spell.symptom: spell for spell in spells if spell.until is None}
    follows, ask, facts = set[str](), set[str](), set[str]()
    if (headache := lasting.get(HEADACHE)) is not None:
        limit = later(headache.since, _usual_hours(knowledge))
        facts.add(USUAL_DURATION)
        if headache.last_noted > limit:
            follows.add(OVER_72_H)
        elif now > limit:
            ask.add(OVER_72_H)
    worse = tuple(name for name in lasting if name == HEADACHE and _is_worse(full, lasting[name]))
    if worse:
        follows |= set(knowledge.policies[WORSE].ranking)
        facts.add(WORSE)
    present = tuple(sorted(with_implied((*lasting, *follows), symptoms)))
    last = known[-1]
    report = msgspec.structs.replace(
        last,
        present=present,
        absent=tuple(name for name in last.absent if name not in present),
        unmatched=tuple(dict.fromkeys(text for each in known for text in each.unmatched)),
    )
    return DiaryReading(
        spells=spells,
        worse=worse,
        report=report,
        ask=tuple(sorted(ask - set(present))),
        facts=tuple(sorted(facts)),
    )


def _denied(absent: set[str], symptoms: tuple[Symptom, ...]) -> set[str]:
    """What an entry denies: with a symptom every kind of it, with every kind asked about the symptom."""
    denied = absent | {symptom.id for symptom in symptoms if absent & set(symptom.implies)}
    for symptom in symptoms:
        kinds = {each.id for each in symptoms if symptom.id in each.implies and each.question}
        if not symptom.question and kinds and kinds <= denied:
            denied.add(symptom.id)
    return denied


def _spells(entries: list[SymptomReport]) -> list[Spell]:
    """What an entry has and denies at once, it has."""
    open_, closed = dict[str, Spell](), list[Spell]()
    for entry in entries:
        for name in entry.present:
            spell = open_.get(name) or Spell(symptom=name, since=entry.at, last_noted=entry.at, entries=0)
            open_[name] = msgspec.structs.replace(spell, last_noted=entry.at, entries=spell.entries + 1)
        for name in set(entry.absent) - set(entry.present):
            if name in open_:
                closed.append(msgspec.structs.replace(open_.pop(name), until=entry.at))
    return [*closed, *open_.values()]


def _is_worse(entries: list[SymptomReport], spell: Spell) -> bool:
    """Has a pain score risen within the spell, or did a kind that is more than mild join a mild one?"""
    within = [entry for entry in entries if spell.since <= entry.at <= spell.last_noted]
    pains = [entry.readings[PAIN] for entry in within if PAIN in entry.readings]
    risen = any(now > before for before, now in pairwise(pains))
    kinds = [{name for name in entry.present if name.startswith(f"{HEADACHE}_")} for entry in within]
    joined = any(after - before - {f"{HEADACHE}_mild"} for before, after in pairwise(kinds))
    return risen or joined


def _usual_hours(knowledge: Knowledge) -> Decimal:
    """How long a headache from the infusion usually lasts at most."""
    window = knowledge.by_id[USUAL_DURATION]
    if not isinstance(window, Window) or (hours := window.span_hours[1]) is None:
        raise LookupError(f"{USUAL_DURATION} has no number")
    return hours
