"""Where a patient begins: what waits for an answer, what happens next and how long it takes."""

from __future__ import annotations

import datetime as dt

import htpy as h
from htpy import Element, Node
from litestar import Response, get

from ivigil.aftercare.standing import Standing
from ivigil.infusion.progress import expected_end
from ivigil.practice.aftermath import standings
from ivigil.practice.file import File
from ivigil.sheets.patient import takes
from ivigil.web.given import Asked, TheVisit
from ivigil.web.pages.me.frame import Reader, moment, page, reader, told, watched
from ivigil.web.pages.me.questions import due


@get("/me", needs="patient.read", sync_to_thread=True)
def home(request: Asked, visit: TheVisit) -> Response[str]:
    """The first page."""
    who = reader(request, visit)
    file, say = who.file(), who.say
    return page(
        who,
        say("Hello"),
        watched(who),
        _asked(due(file), who),
        h.a(".button.wrong", href="/me/wrong")[told(say("Something is wrong"))],
        h.section[h.h2[told(say("What happens next?"))], _next(file, who)],
        h.section[h.h2[told(say("More"))], h.ul(".doors")[[_door(path, text) for path, text in _doors(who)]]],
    )


def _asked(found: tuple[tuple[str, Standing], ...], who: Reader) -> Node:
    """The latest check-in that waits, then those before it."""
    if not found:
        return None
    say, (last, _) = who.say, found[-1]
    return h.section(".card.now")[
        h.h2[told(say("How are you after your infusion?"))],
        h.p[told(say("Please answer, also if you are well."))],
        h.a(".button.main", href=last)[told(say("Answer now"))],
        [
            h.p(".older")[
                h.a(href=path)[
                    told(say("Still open: {when}", when=moment(say, _near(each.check_in.due, who))))
                ]
            ]
            for path, each in reversed(found[:-1])
        ],
    ]


def _next(file: File, who: Reader) -> Node:
    """The coming infusions, then what is asked when, then the next treatment."""
    say, now = who.say, who.visit.now
    coming = [*_runs(file, who), *(takes(day, say) for day in file.coming(now))]
    course = file.next_course(now.date())
    lines = [*coming, *_questions(file, who)]
    if course is not None:
        lines.append(say("Your next treatment is due around: {days}.", days=say.day(course)))
    if not coming and course is None:
        lines.append(say("Your team will tell you the day and how long it takes."))
    return h.ul(".coming")[[h.li[told(line)] for line in lines]]


def _runs(file: File, who: Reader) -> list[str]:
    """The infusion that goes on, and its end by the rates of the plan while it flows."""
    say, now = who.say, who.visit.now
    state = file.under_way(now)
    if state is None:
        return []
    end = expected_end(state, now)
    if end is None or end <= now:
        return [say("Your infusion has begun. Your team tells you when it ends.")]
    return [say("Your infusion is running. It ends at about {time}.", time=_hour(end, who))]


def _hour(at: dt.datetime, who: Reader) -> str:
    """The time of day; with its day if that is another one."""
    near = _near(at, who)
    return f"{near:%H:%M}" if near.date() == who.visit.now.date() else moment(who.say, near)


def _questions(file: File, who: Reader) -> list[str]:
    """When the patient is asked next how they are."""
    say = who.say
    asked = (each for case in file.asked for each in standings(case))
    planned = [each.check_in.due for each in asked if each.state == "planned"]
    return (
        [say("We ask you again how you are: {when}.", when=moment(say, _near(min(planned), who)))]
        if planned
        else []
    )


def _near(at: dt.datetime, who: Reader) -> dt.datetime:
    """In the site's zone, without its seconds."""
    return at.astimezone(who.visit.now.tzinfo).replace(second=0, microsecond=0)


def _doors(who: Reader) -> tuple[tuple[str, str], ...]:
    say = who.say
    return (
        ("/me/prepare", say("How do you prepare?")),
        ("/me/diary", say("Diary")),
        ("/me/windows", say("Vaccines and blood tests")),
        ("/me/treatment", say("What you were given")),
        ("/me/papers", say("Letters, calendar, your data")),
        ("/me/way-back", say("Come back without a link")),
    )


def _door(path: str, text: str) -> Element:
    return h.li[h.a(href=path)[told(text)]]


routes = [home]
