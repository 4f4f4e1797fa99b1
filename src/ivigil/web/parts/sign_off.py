"""Under a fact: who signed it, and the forms with which two people sign it, set it, or take it back."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h
import msgspec
from htpy import Element, Node

from ivigil.knowledge.evidence import Fact, Signature, fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.sign_off import WAITS, State, sign_off_state
from ivigil.practice.sign_off import Refusal, against_signing
from ivigil.records.sign_off import (
    KINDS,
    FactSigned,
    Proposal,
    SettingProposed,
    SignOffWithdrawn,
    of_sign_off,
)
from ivigil.records.trail import trail
from ivigil.records.words import Record
from ivigil.sheets.facts import SIGN_OFF, permits_words, setting_value, signature_table, unit
from ivigil.sheets.spoken import say, texts
from ivigil.web.parts import field
from ivigil.web.parts.notice import Tone, notice
from ivigil.web.parts.stamp import stamp
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

TONE: dict[State, Tone] = {
    "superseded": "slow",
    "signed": "go",
    "local": "slow",
    "weak": "slow",
    "held_back": "slow",
    "strong": "go",
}
REFUSED: dict[Refusal, str] = texts(
    {
        "changed": "It is not what you looked at any more. Read it again, then decide again.",
        "needs_none": "A signature would change nothing here.",
        "same_person": "You have signed it already. The second signature is somebody else’s.",
        "not_signed": "Nobody has signed it.",
        "would_loosen": "Without this setting a bolder one would rule, and that takes two people: "
        "propose it.",
        "nothing_new": "It is set so already.",
    }
)
_MOST = 50


class Problem(msgspec.Struct, frozen=True, kw_only=True):
    """What was wrong with what was sent, and with which form."""

    form: str
    """"sign", "withdraw" or "propose"."""
    text: str
    number: str = ""
    """As it was typed, and so on."""
    choice: str = ""
    reason: str = ""
    mark: str = ""
    """Of which text, where several stand on the page."""


def section(visit: Visit, fact: Fact, problem: Problem | None) -> Element:
    """Everything about signatures under one fact."""
    return h.section(".sign-off")[
        h.h2[say("Sign-off")],
        [_setting(visit, fact, problem), h.h3[say("The record as it stands")]]
        if isinstance(fact, Policy)
        else None,
        _signing(visit, fact, problem),
        _history(visit, fact),
    ]


def signers(signatures: Iterable[Signature]) -> Node:
    """Who signed, as what, when."""
    return h.ul(".signers")[
        (h.li[h.strong[each.by], f", {each.role}, {each.date.isoformat()}"] for each in signatures)
    ]


def _signing(visit: Visit, fact: Fact, problem: Problem | None) -> Node:
    knowledge = visit.knowledge
    state = sign_off_state(fact, knowledge)
    signed, lapsed = knowledge.signatures_of(fact), knowledge.lapsed(fact)
    return [
        notice(TONE[state], h.p[say(SIGN_OFF[state])], signers(signed) if signed else None),
        notice(
            "slow", h.p[say("Signed under an earlier text; that counts for nothing now:")], signers(lapsed)
        )
        if lapsed and state in WAITS
        else None,
        _sign_form(visit, fact, problem) if state in WAITS else None,
        _withdraw_form(visit, fact, fingerprint(fact), problem) if signed else None,
        None if state == "superseded" else _by_hand(fact),
    ]


def _sign_form(visit: Visit, fact: Fact, problem: Problem | None) -> Node:
    if not visit.may("facts.sign"):
        return h.p[say("A prescriber and a pharmacist, or two of either, sign it.")]
    against = against_signing(fact, fingerprint(fact), visit.author.name, visit.knowledge)
    if against:
        return h.p[say(REFUSED[against])]
    first = not visit.knowledge.signatures_of(fact)
    return h.div(".signing")[
        h.p[
            woven(
                "You have read the record above in its sources and stand by it as it is here. "
                "Signed by two people it permits {what}.",
                what=h.strong[permits_words(fact)],
            )
        ],
        h.p(".soft")[say("You are the first; it counts when somebody else has signed too.")]
        if first
        else None,
        _form(visit, fact, "sign", fingerprint(fact))[
            field.signature(_faults(problem, "sign", fingerprint(fact)), id="sign-password"),
            field.submit(say("Sign")),
        ],
    ]


def _withdraw_form(visit: Visit, fact: Fact, mark: str, problem: Problem | None) -> Node:
    if not visit.may("facts.withdraw"):
        return None
    faults = _faults(problem, "withdraw", mark)
    own = f"withdraw-{mark[:8]}"
    return h.details(open=bool(faults) or None)[
        h.summary[say("Take the signatures back")],
        h.p[say("At once, by one person. Every plan that rested on it is reopened.")],
        _form(visit, fact, "withdraw", mark)[
            field.text(
                "reason",
                say("Why"),
                problem.reason if problem and faults else "",
                id=f"{own}-reason",
                hint=say("It is kept."),
            ),
            field.signature(faults, id=f"{own}-password"),
            field.submit(say("Take back"), kind="stop"),
        ],
    ]


def _by_hand(fact: Fact) -> Element:
    return h.details[
        h.summary[say("What a signature in the site’s overlay must carry")], h.pre[signature_table(fact)]
    ]


def _setting(visit: Visit, fact: Policy, problem: Problem | None) -> Node:
    """What it is set to, what is proposed, and the form for another setting."""
    signed = visit.door.rules.signed()
    counting = next((p for p in signed.settings if p.policy.id == fact.id), None)
    proposed = next((p for p in signed.proposed if p.policy.id == fact.id), None)
    return [
        h.p[
            woven(
                texts("Set to {value}, on this page by two people.")
                if counting
                else texts("Set to {value}."),
                value=h.strong[setting_value(fact)],
            )
        ]
        if _settable(fact)
        else None,
        _proposed(visit, proposed, problem) if proposed else None,
        _propose_form(visit, fact, problem) if _settable(fact) and visit.may("settings.propose") else None,
    ]


def _settable(policy: Policy) -> bool:
    """A number or a choice; lists are set in the overlay."""
    return bool(policy.alternatives or policy.number is not None or policy.unit)


def _proposed(visit: Visit, proposal: Proposal, problem: Problem | None) -> Element:
    policy = proposal.policy
    mark = fingerprint(policy)
    own = visit.author.name in {each.by for each in proposal.signatures}
    return notice(
        "info",
        h.p[
            woven(
                "Proposed: {value}. {reason}",
                value=h.strong[setting_value(policy)],
                reason=policy.cautious_because,
            )
        ],
        signers(proposal.signatures),
        h.p[say("It waits for somebody else’s signature.")] if own or not visit.may("facts.sign") else None,
        None
        if own or not visit.may("facts.sign")
        else _form(visit, policy, "sign", mark)[
            field.signature(_faults(problem, "sign", mark), id="confirm-password"),
            field.submit(say("Sign this setting")),
        ],
        _withdraw_form(visit, policy, mark, problem),
    )


def _propose_form(visit: Visit, policy: Policy, problem: Problem | None) -> Element:
    faults = _faults(problem, "propose", fingerprint(policy))
    sent = problem if faults else None
    options = [
        (each, each.replace("_", " ")) for each in dict.fromkeys((policy.choice, *policy.alternatives))
    ]
    return h.details(open=bool(faults) or None)[
        h.summary[say("Propose another setting")],
        h.p[say("You sign it with this; it rules when somebody else has signed it too.")],
        _form(visit, policy, "propose", fingerprint(policy))[
            field.choice("choice", say("Choice"), options, sent.choice if sent else policy.choice)
            if policy.alternatives
            else field.text(
                "number",
                say("Number"),
                sent.number if sent else "",
                unit=unit(policy),
                inputmode="decimal",
            ),
            field.text(
                "reason",
                say("Why"),
                sent.reason if sent else "",
                id="propose-reason",
                hint=say("It is kept."),
            ),
            field.signature(faults, id="propose-password"),
            field.submit(say("Propose")),
        ],
    ]


@h.with_children
def _form(content: Node, visit: Visit, fact: Fact, action: str, mark: str) -> Element:
    """It carries which text was looked at."""
    return field.form(visit.form_token, f"/facts/{fact.id}/{action}")[
        h.input(type="hidden", name="mark", value=mark), content
    ]


def _faults(problem: Problem | None, form: str, mark: str) -> tuple[str, ...]:
    mine = problem is not None and problem.form == form and problem.mark == mark
    return (problem.text,) if problem is not None and mine else ()


def _history(visit: Visit, fact: Fact) -> Node:
    own = visit.journal.stream(of_sign_off(visit.site))
    found = [each for each in trail(visit.journal, KINDS, subject=fact.id, most=_MOST) if each.stream == own]
    if not found:
        return None
    rows = ((stamp(each.occurred_at, visit.zone), each.author, told(each)) for each in found)
    return table(
        say("What was signed on this page, newest first"), (say("When"), say("Who"), say("What")), rows
    )


def told(record: Record) -> str:
    """One event in words."""
    match record.body:
        case FactSigned(role=role):
            return say("signed as {role}", role=role)
        case SignOffWithdrawn(reason=reason):
            return say("took the signatures back: {reason}", reason=reason)
        case SettingProposed(policy=policy):
            return say(
                "proposed {value}: {reason}", value=setting_value(policy), reason=policy.cautious_because
            )
        case _:
            return say("cannot be read")
