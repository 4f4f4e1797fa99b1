"""Vaccines and blood tests, by the doses that were really given. No vaccine is ever called allowed here."""

from __future__ import annotations

import datetime as dt
from collections import defaultdict

import htpy as h
from htpy import Node
from litestar import Response, get

from ivigil.records.past import GivenBefore, given_before
from ivigil.sheets.patient import said
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, page, reader, told
from ivigil.windows.serology import LabFacts, LabWindow, lab_windows
from ivigil.windows.vaccines import VaccineFacts, VaccineWindow, non_live_vaccines, vaccine_windows

_IN_TITLE = 2
"""So many tests of a group are named before it is opened."""


@get("/me/windows", needs="patient.read", sync_to_thread=True)
def windows(request: Asked, visit: TheVisit) -> Response[str]:
    """Live vaccines by the day from which they can work, the others, and tests that cannot be read."""
    who = reader(request, visit)
    say = who.say
    before = given_before(visit.journal, who.stream, visit.knowledge)
    plan = who.file().plan
    lineage = visit.knowledge.lineage(plan.order.jurisdiction if plan else "")
    if not before.doses:
        return page(who, say("Vaccines and blood tests"), h.p(".lead")[told(say("Nothing was given yet."))])
    return page(
        who,
        say("Vaccines and blood tests"),
        h.p(".lead")[
            told(say("By what you were really given until today. Show this page before a vaccine."))
        ],
        h.section[h.h2[told(say("May you have vaccines?"))], _vaccines(before, lineage, who)],
        h.section[h.h2[told(say("What about blood tests?"))], _tests(before, who)],
    )


def _vaccines(before: GivenBefore, lineage: tuple[str, ...], who: Reader) -> Node:
    say, facts = who.say, who.knowledge.facts
    rules = VaccineFacts(facts.vaccine, facts.vaccine_interval, facts.vaccine_rule)
    live = vaccine_windows(before.doses, rules, lineage, ongoing=before.goes_on)
    today = who.visit.now.date()
    groups: dict[str, list[str]] = defaultdict(list)
    for window in live:
        groups[_when(window, today, who)].append(window.name)
    others = [vaccine.name for vaccine in non_live_vaccines(rules, lineage)]
    return [
        h.p[told(said("instruction.patient.live-vaccines", who.knowledge, say))],
        [
            h.details(open=when != say("Ask us."))[
                h.summary[told(when)], h.ul[[h.li[h.span(lang="en")[name]] for name in names]]
            ]
            for when, names in groups.items()
        ],
        h.details[
            h.summary[told(say("Vaccines that are not live: no waiting, but they may work less well"))],
            h.ul[[h.li[h.span(lang="en")[name]] for name in others]],
        ],
        h.p[told(said("vaccine-rule.tell-the-vaccinator", who.knowledge, say))],
    ]


def _when(window: VaccineWindow, today: dt.date, who: Reader) -> str:
    say = who.say
    match window.answer:
        case "not_while_on_therapy":
            return say("For you: not while this treatment goes on, unless we say so.")
        case "wait_until" if window.earliest is not None and window.earliest > today:
            return say("For you: not before {day}, unless we say so.", day=say.day(window.earliest))
        case "wait_until":
            return say("The wait is over. Ask us before you have it.")
    return say("Ask us.")


def _tests(before: GivenBefore, who: Reader) -> Node:
    """Meters of blood sugar first and open: who goes by a wrong one may be killed by insulin. Then by day."""
    say, facts = who.say, who.knowledge.facts
    rules = LabFacts(facts.lab_interference, facts.lab_rule, facts.baseline_sample)
    unsafe = {each.id for each in facts.lab_interference if each.unsafe_methods}
    today = who.visit.now.date()
    groups: dict[tuple[bool, int, dt.date, str], list[str]] = defaultdict(list)
    for window in lab_windows(before.doses, rules, ongoing=before.goes_on):
        when = _until(window, today, who)
        if when:
            sugar = window.interference in unsafe
            dated = window.reliable_from if window.answer == "until" else None
            order = 0 if dated else 1 if window.answer == "not_while_on_therapy" else 2
            groups[not sugar, order, dated or dt.date.max, when].append(window.test)
    return [
        h.p[told(said("instruction.patient.blood-tests", who.knowledge, say))],
        [
            _group(when, sorted(names), who, danger=not last)
            for (last, _, _, when), names in sorted(groups.items())
        ],
        h.p[told(said("advice.tell-blood-tests", who.knowledge, say))],
    ]


def _group(when: str, names: list[str], who: Reader, *, danger: bool) -> Node:
    """Tests of one day: the first of them in the title, all of them below it."""
    say, more = who.say, len(names) - _IN_TITLE
    return h.details(class_="danger" if danger else None, open=danger)[
        h.summary[
            h.span[
                h.span(lang="en")[", ".join(names[:_IN_TITLE])],
                [" ", told(say("and {count} more", count=str(more)))] if more > 0 else None,
                h.br,
                h.span(".soft")[told(when)],
            ]
        ],
        h.p[told(said("instruction.patient.sugar-meter", who.knowledge, say))] if danger else None,
        h.ul[[h.li[h.span(lang="en")[name]] for name in names]],
    ]


def _until(window: LabWindow, today: dt.date, who: Reader) -> str:
    """What a patient tells whoever draws the blood; empty for a test that can be read."""
    say = who.say
    match window.answer:
        case "not_while_on_therapy":
            return say("For you this lasts as long as the treatment goes on, and some time longer.")
        case "until" if window.reliable_from is not None and window.reliable_from > today:
            return say("For you this can last until {day}, or longer.", day=say.day(window.reliable_from))
        case "not_quantified":
            return say("Nobody knows for how long. Ask us.")
    return ""


routes = [windows]
