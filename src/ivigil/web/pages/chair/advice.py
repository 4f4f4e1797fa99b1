"""The one next action on top, what else presses, what comes later; each with its reason and its source."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h
from htpy import Element, Node

from ivigil.infusion.advice import CALLS, PRESSING, Advice, Code, Rank
from ivigil.infusion.treatment import Dosing
from ivigil.knowledge.evidence import Document, Fact
from ivigil.practice.told import Kind
from ivigil.sheets import chair_words as words
from ivigil.sheets.chair import advice_line, criteria, rule, seen, when_line
from ivigil.sheets.numbers import number
from ivigil.sheets.reaction_drugs import NO_RECORD, dose_line, option_line, unrecognised
from ivigil.sheets.spoken import capital, either, say, texts
from ivigil.web.pages.chair.forms import tap
from ivigil.web.pages.chair.view import ChairView
from ivigil.web.parts.field import Importance
from ivigil.web.parts.notice import Tone
from ivigil.web.parts.source import source

_MAIN: Importance = "main"
_PLAIN: Importance = "plain"
_TONE: dict[Rank, Tone] = {
    "emergency": "stop",
    "flow": "stop",
    "treat": "slow",
    "overdue": "slow",
    "next": "go",
    "later": "info",
}
_ONWARD: tuple[Code, ...] = ("start", "step_up", "restart", "decide_restart", "may_leave")
"""What may only be said by a view that is fresh."""
_RATE_KINDS: dict[Code, Kind] = {"step_up": "rate", "slow": "slow", "restart": "resume", "start": "start"}
_SET = texts(
    {
        "step_up": "{rate} mL/h is set",
        "slow": "{rate} mL/h is set",
        "restart": "It runs at {rate} mL/h",
        "start": "Line on, {rate} mL/h is set",
    }
)
_OPENS: dict[Code, tuple[Kind, str]] = {
    "identify": ("identity", texts("Check the identity")),
    "measure_anew": ("vital-signs", texts("Enter vital signs")),
    "check_vitals": ("vital-signs", texts("Enter vital signs")),
    "hang_vial": ("vial", texts("Scan or type the vial")),
    "decide_restart": ("decide", texts("Record the decision")),
    "record_anew": ("symptom", texts("Record it anew")),
    "observe": ("vital-signs", texts("Enter vital signs")),
}
_NOTHING = texts(
    {
        "left": "The patient has left. Nothing is left to do here.",
        "running": "Nothing is due now.",
    }
)


def first(view: ChairView) -> Node:
    """The one thing to do now."""
    advised = view.report.advice
    if not view.knowledge.is_on("policy.live_advice"):
        return _card("slow", h.p(".do")[say(words.SWITCHED_OFF)])
    if not advised:
        return _card("info", h.p(".do")[say(_NOTHING.get(view.state.phase, _NOTHING["running"]))])
    head, beside = _together(advised)
    tone = _TONE[beside[0].rank if beside else head.rank]
    shown = _card(
        tone,
        h.div(".do-now", data_key=_key(head))[_content(view, head, first=True)],
        [h.div(".beside-it", data_key=_key(each))[_content(view, each)] for each in beside],
    )
    return _fresh_only(view, head, shown)


def _together(advised: tuple[Advice, ...]) -> tuple[Advice, tuple[Advice, ...]]:
    """What is to be done first, and what belongs on the same card: in an emergency everything of that rank,
    done or not; and what must not be done meanwhile."""
    head = next((each for each in advised if not each.waits), advised[0])
    beside = [each for each in advised if each.rank == "emergency" and each is not head]
    barred = next((each for each in advised if each.code == "do_not_start" and each is not head), None)
    return head, (*beside, *((barred,) if barred is not None and barred not in beside else ()))


def others(view: ChairView) -> Node:
    """Everything else, the most pressing first."""
    advised = view.report.advice
    head, beside = _together(advised) if advised else (None, ())
    rest = [each for each in advised if each is not head and each not in beside]
    pressing = [each for each in rest if each.rank in PRESSING]
    coming = [each for each in rest if each.rank not in PRESSING]
    return [_list(say("Then"), view, pressing), _list(say("Coming"), view, coming)]


def _list(title: str, view: ChairView, several: list[Advice]) -> Node:
    if not several:
        return None
    return h.section(".others", data_key=title)[
        h.h2[title],
        h.ol[
            (
                h.li(class_=f"{_TONE[each.rank]}", data_key=_key(each))[
                    _fresh_only(view, each, h.div[_content(view, each)])
                ]
                for each in several
            )
        ],
    ]


def _key(advice: Advice) -> str:
    """While it is the same, what is open or in use in it stays."""
    return f"{advice.code} {advice.action}".strip()


def _card(tone: Tone, *content: Node) -> Element:
    title = say("Next")
    return h.section(f".next.{tone}", aria_label=title)[h.p(".eyebrow")[title], content]


def _fresh_only(view: ChairView, advice: Advice, shown: Element) -> Node:
    """What leads onward is hidden as soon as the view is not fresh; what holds back is not."""
    if advice.code not in _ONWARD:
        return shown
    known = view.report.at.strftime("%H:%M")
    return [
        h.div(".fresh-only")[shown],
        h.div(".stale-only.next.slow")[
            h.p(".do")[say("Last known {time}", time=known)],
            h.p[say("Without a connection nothing is advised that raises the flow. Stay, or slow, or stop.")],
        ],
    ]


def _content(view: ChairView, advice: Advice, *, first: bool = False) -> tuple[Node, ...]:
    when = when_line(advice, view.clock)
    return (
        (h.h2 if first else h.p)(".do")[advice_line(advice, view.knowledge)],
        h.p(".due-at")[capital(when)] if when else None,
        _blockers(advice),
        _action(view, advice, main=first),
        _doses(view, advice),
        _criteria(view, advice),
        _why(view, advice),
    )


def _blockers(advice: Advice) -> Node:
    if not advice.blockers:
        return None
    why = "; ".join(say(words.BLOCKER[code]) for code in advice.blockers)
    held = advice.code in ("hold_rate", "slow")
    return h.p(".blockers")[say("Because: {why}.", why=why) if held else say("Not yet: {why}.", why=why)]


def _action(view: ChairView, advice: Advice, *, main: bool) -> Node:
    """The button or the link that answers the advice."""
    importance: Importance = "main" if main else "plain"
    pressing = main and advice.rank == "emergency"
    if advice.code in _RATE_KINDS and advice.rate_ml_per_h is not None:
        if advice.blockers and advice.code != "slow":
            return None
        rate = number(advice.rate_ml_per_h)
        text = say(_SET[advice.code], rate=rate)
        return tap(view, _RATE_KINDS[advice.code], text, {"rate": rate}, importance=importance)
    match advice.code:
        case "stop":
            return tap(view, "stop", say("It is stopped"), {}, importance="stop")
        case "pause":
            return tap(view, "pause", say("It is paused"), {}, importance="stop")
        case "complete":
            return tap(view, "completed", say("The volume is in"), {}, importance=importance)
        case "do" if advice.action in CALLS and advice.done_at is None:
            named = {"whom": CALLS[advice.action]}
            return tap(view, "called", say("Called"), named, importance="stop" if pressing else importance)
        case "may_leave":
            return tap(view, "left", say("The patient leaves"), {}, importance=importance)
    opens = _OPENS.get(advice.code)
    if advice.action == "check_vital_signs":
        opens = _OPENS["check_vitals"]
    return h.a(f".button.{importance}", href=f"#{opens[0]}")[say(opens[1])] if opens else None


def _doses(view: ChairView, advice: Advice) -> Node:
    """Each computed dose: to be changed if another was given, then one tap."""
    treatment = advice.treatment
    if treatment is None:
        return None
    if treatment.gap:
        return h.p[say(NO_RECORD)]
    return h.div(".doses")[
        (_dose(view, option) for option in treatment.options),
        h.p[capital(unrecognised(treatment))] if treatment.unrecognised else None,
    ]


def _dose(view: ChairView, option: Dosing) -> Element:
    line = h.p(".dose")[option_line(option, view.clock.time)]
    if option.withheld:
        return h.div[line]
    fields, given, importance = {"drug": option.drug, "route": option.route}, say("It is given"), _MAIN
    if option.repeat is not None and option.repeat.code == "too_early":
        given, importance = say("Another one was given all the same"), _PLAIN
    if option.dose_mg is None:
        text = {"text": dose_line(option)}
        return h.div[line, tap(view, "medicine", given, {**fields, **text}, importance=importance)]
    edit = ("mg", f"{option.drug}, mg", number(option.dose_mg.low, 3))
    return h.div[line, tap(view, "medicine", given, fields, importance=importance, edit=edit)]


def _criteria(view: ChairView, advice: Advice) -> Node:
    """What the person at the chair judges, under the dose that hangs on it."""
    found = criteria(advice, view.knowledge)
    if not found:
        return None
    return h.div(".criteria")[
        h.p[say("Criteria of anaphylaxis; one of them is enough:")], h.ul[(h.li[line] for line in found)]
    ]


def _why(view: ChairView, advice: Advice) -> Node:
    facts = [view.knowledge.by_id[name] for name in advice.facts if name in view.knowledge.by_id]
    seen_now = seen(advice.because, view.knowledge)
    if not facts and not seen_now:
        return None
    reason = [
        h.p[say("Seen: {what}.", what=seen_now)] if seen_now else None,
        h.ul[(h.li[rule(fact, view.knowledge)] for fact in facts)] if facts else None,
        _also(advice),
        h.p[say("It rests on weak evidence alone (not yet signed): it may only restrict.")]
        if advice.weak
        else None,
    ]
    return source(say("Why"), reason, documents(facts, view))


def _also(advice: Advice) -> Node:
    if not advice.stricter:
        return None
    flows = either(say(words.FLOW[flow]) for flow in advice.stricter)
    return h.p[say("The rule also allows: {flows}.", flows=flows)]


def documents(facts: Iterable[Fact], view: ChairView) -> list[Document]:
    """The documents that some facts cite, each once."""
    cited = dict.fromkeys(name for fact in facts for name in fact.sources)
    known = [view.knowledge.sources[name] for name in cited if name in view.knowledge.sources]
    return [
        Document(id=each.id, title=each.title, publisher=each.publisher, version=each.version, url=each.url)
        for each in known
    ]
