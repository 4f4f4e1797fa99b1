"""Signing facts and settings of the site: the forms under a fact, and the list of what is to be signed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Annotated

import htpy as h
import msgspec
from htpy import Node
from litestar import Response, get, post
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter, URLEncodedBody
from litestar.response import Redirect

import ivigil
from ivigil.intake.numbers import NumberError, written_number
from ivigil.knowledge.check import faults
from ivigil.knowledge.evidence import Fact, fingerprint
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.sign_off import WAITS, sign_off_state
from ivigil.knowledge.store import Knowledge
from ivigil.practice.sign_off import Book, Refusal, Signer
from ivigil.records.sign_off import SIGNERS, Proposal, SignedOff
from ivigil.sheets import records
from ivigil.sheets.facts import permits_else, permits_words, setting_value
from ivigil.sheets.spoken import counted, say
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.pages.facts import STYLES, says, shown
from ivigil.web.parts.about import link
from ivigil.web.parts.sign_off import REFUSED, Problem, signers
from ivigil.web.parts.table import table
from ivigil.web.visit import Visit

_COUNTED = ("", "h", "d", "min", "a", "d days", "{level}")
"""Units of numbers that are counted, never divided."""
_MOST_TIMES = 10
"""A setting so many times its default is taken for a slip."""

Words = Annotated[str, QueryParameter(max_length=200)]


class Sent(msgspec.Struct):
    """What a signing form sends."""

    mark: str = ""
    reason: str = ""
    number: str = ""
    choice: str = ""
    password: str = ""


@get("/sign-off", needs="facts.read", sync_to_thread=True)
def waiting(visit: TheVisit, kind: Words = "") -> Response[str]:
    """What waits for a signature, what has one, what is signed."""
    knowledge, signed = visit.knowledge, visit.door.rules.signed()
    waits = [f for f in knowledge.by_id.values() if sign_off_state(f, knowledge) in WAITS]
    if kind:
        of_kind = [fact for fact in waits if type(fact).__name__ == kind]
        name = records.kind(of_kind[0]) if of_kind else say("facts")
        rows = _rows(of_kind, knowledge, permits=True)
        listed = table(
            say("Not signed: {kind}", kind=name),
            (say("Fact"), say("Says"), say("Signed would permit")),
            rows,
            stacked=True,
        )
        back = h.p[h.a(href="/sign-off")[say("Everything that is to be signed")]]
        return shell.page(say("To be signed"), visit, back, h.section(".found")[listed], styles=STYLES)
    one = [fact for fact in waits if knowledge.signatures_of(fact)]
    lapsed = [fact for fact in waits if knowledge.lapsed(fact) and fact not in one]
    done = [knowledge.by_id[name] for name in sorted(knowledge.signed)]
    return shell.page(
        say("To be signed"),
        visit,
        _proposals(signed, knowledge),
        _list(say("One signature: somebody else signs next"), one, knowledge),
        _list(say("Signed under an earlier text, and unsigned again"), lapsed, knowledge) if lapsed else None,
        _kinds(waits),
        _list(say("Signed by two people"), done, knowledge),
        _of_site(knowledge),
        styles=STYLES,
    )


@post("/facts/{fact:str}/sign", needs="facts.sign", status_code=303, sync_to_thread=True)
def sign(visit: TheVisit, fact: FromPath[str], data: URLEncodedBody[Sent]) -> Response[str] | Redirect:
    """Sign a fact, or a proposed setting, under the password; or why not."""
    found = _known(visit, fact)

    def act(book: Book, signer: Signer) -> Refusal | None:
        proposal = _proposal(visit.door.rules.signed().proposed, found, data.mark)
        return book.confirm(proposal, signer) if proposal else book.sign(found, signer)

    return _signed(visit, found, "sign", data, act)


@post("/facts/{fact:str}/withdraw", needs="facts.withdraw", status_code=303, sync_to_thread=True)
def withdraw(visit: TheVisit, fact: FromPath[str], data: URLEncodedBody[Sent]) -> Response[str] | Redirect:
    """Take back every signature under a fact or a setting, with a reason, at once; or why not."""
    found = _known(visit, fact)
    if not data.reason.strip():
        return _page(visit, found, "withdraw", data, say("Why: it is missing."), status=400)

    def act(book: Book, signer: Signer) -> Refusal | None:
        signed = visit.door.rules.signed()
        setting = _proposal((*signed.settings, *signed.proposed), found, data.mark)
        reason = data.reason.strip()
        return book.take_back(setting, signer, reason) if setting else book.withdraw(found, signer, reason)

    return _signed(visit, found, "withdraw", data, act)


@post("/facts/{fact:str}/propose", needs="settings.propose", status_code=303, sync_to_thread=True)
def propose(visit: TheVisit, fact: FromPath[str], data: URLEncodedBody[Sent]) -> Response[str] | Redirect:
    """Propose another setting, under the password; or why not."""
    found = _known(visit, fact)
    default = ivigil.load_knowledge(visit.door.settings.site).policies.get(fact)
    if not isinstance(found, Policy) or default is None:
        raise NotFoundException(detail="no such setting")
    try:
        policy = _policy(visit, found, default, data)
    except ValueError as error:
        return _page(visit, found, "propose", data, str(error), status=400)
    return _signed(visit, found, "propose", data, lambda book, signer: book.propose(policy, signer))


def _signed(
    visit: Visit, fact: Fact, form: str, data: Sent, act: Callable[[Book, Signer], Refusal | None]
) -> Response[str] | Redirect:
    if not visit.confirm(data.password):
        return _page(visit, fact, form, data, say("This is not your password."), status=403)
    role = next(role for role in SIGNERS if role in visit.roles)
    signer = Signer(person=visit.person.id, role=role, fingerprint=data.mark)
    refused = act(Book(visit.journal, visit.door.rules, visit.entry()), signer)
    if refused:
        return _page(visit, fact, form, data, say(REFUSED[refused]), status=409)
    return Redirect(f"/facts/{fact.id}", status_code=303)


def _page(visit: Visit, fact: Fact, form: str, data: Sent, text: str, *, status: int) -> Response[str]:
    problem = Problem(
        form=form, text=text, mark=data.mark, number=data.number, choice=data.choice, reason=data.reason
    )
    return shown(visit, fact, problem, status)


def _known(visit: Visit, fact: str) -> Fact:
    found = visit.knowledge.by_id.get(fact)
    if found is None:
        raise NotFoundException(detail="no such fact")
    return found


def _proposal(among: Iterable[Proposal], fact: Fact, mark: str) -> Proposal | None:
    return next((p for p in among if p.policy.id == fact.id and fingerprint(p.policy) == mark), None)


def _policy(visit: Visit, present: Policy, default: Policy, data: Sent) -> Policy:
    """The setting that was typed. Raises ValueError saying what is accepted."""
    reason = " ".join(data.reason.split())
    if not reason or len(reason) > 500:
        raise ValueError(say("Why: accepted: 1 to 500 characters."))
    number, choice = present.number, present.choice
    if present.alternatives or default.alternatives:
        choice = _choice(data.choice, default)
    else:
        number = _number(data.number, default, visit.knowledge)
    made = msgspec.structs.replace(
        default,
        number=number,
        choice=choice,
        cautious_because=reason,
        basis="protocol",
        seen=False,
        sources=(),
        locator="",
        note="",
    )
    _check(visit.knowledge, made)
    return made


def _choice(sent: str, default: Policy) -> str:
    accepted = (default.choice, *default.alternatives)
    if sent not in accepted:
        raise ValueError(say("Choice: accepted: {choices}.", choices=", ".join(accepted)))
    return sent


def _number(sent: str, default: Policy, knowledge: Knowledge) -> Decimal:
    """Positive; whole where things are counted; within a tenth and ten times the default."""
    try:
        number = written_number(sent.strip())
    except NumberError as error:
        raise ValueError(say("Number: accepted: {accepted}.", accepted=say(str(error)))) from None
    before = default.number
    counted = default.unit in _COUNTED and (before is None or before == before.to_integral_value())
    if number <= 0 or (counted and number != number.to_integral_value()):
        raise ValueError(
            say("Number: accepted: a whole number above 0.")
            if counted
            else say("Number: accepted: a number above 0.")
        )
    if before and not before / _MOST_TIMES <= number <= before * _MOST_TIMES:
        raise ValueError(
            say(
                "Number: {number} is more than {times} times off the default of {default}; "
                "set it in the site’s overlay if it is meant.",
                number=sent,
                times=str(_MOST_TIMES),
                default=setting_value(default, knowledge),
            )
        )
    return number


def _check(knowledge: Knowledge, made: Policy) -> None:
    """The fact base must be as sound with the setting as without it."""
    policies = tuple(made if each.id == made.id else each for each in knowledge.facts.policy)
    laid = msgspec.structs.replace(knowledge, facts=msgspec.structs.replace(knowledge.facts, policy=policies))
    new = set(faults(laid)) - set(faults(knowledge))
    if new:
        raise ValueError("; ".join(sorted(new)))


def _proposals(signed: SignedOff, knowledge: Knowledge) -> Node:
    rows: Iterable[tuple[Node, ...]] = (
        (
            link(knowledge.by_id[each.policy.id], knowledge),
            [h.strong[setting_value(each.policy, knowledge)], h.br, each.policy.cautious_because],
            say("Now {value}", value=setting_value(knowledge.policies[each.policy.id], knowledge)),
            signers(each.signatures),
        )
        for each in signed.proposed
        if each.policy.id in knowledge.policies
    )
    title = say("Proposed settings: somebody else signs next")
    heads = (say("Setting"), say("Proposed"), say("Now"), say("Signed"))
    return h.section(".found")[table(title, heads, rows, stacked=True)] if signed.proposed else None


def _list(title: str, found: list[Fact], knowledge: Knowledge) -> Node:
    rows = _rows(found, knowledge)
    heads = (say("Fact"), say("Says"), say("Signed"), say("By two it permits"))
    return h.section(".found")[table(title, heads, rows, empty=say("None."), stacked=True)]


def _rows(found: list[Fact], knowledge: Knowledge, *, permits: bool = False) -> Iterable[tuple[Node, ...]]:
    for fact in found:
        signed = () if permits else (signers(knowledge.signatures_of(fact) or knowledge.lapsed(fact)),)
        yield link(fact, knowledge), says(fact, knowledge), *signed, permits_words(fact)


def _of_site(knowledge: Knowledge) -> Node:
    """What this site has otherwise than it was delivered: settings, signed facts, facts of its own."""
    before = ivigil.delivered().policies
    settings = [each for each in knowledge.facts.policy if each != before[each.id]]
    others = [knowledge.by_id[name] for name in sorted(knowledge.signed | knowledge.local)]
    rows: Iterable[tuple[Node, ...]] = (
        *((link(each, knowledge), *_set(each, before[each.id], knowledge)) for each in settings),
        *((link(each, knowledge), *_counts(each, knowledge)) for each in others if each not in settings),
    )
    heads = (say("Fact"), say("What it changed"), say("As delivered"), say("Signed"))
    empty = say("Nothing: every fact and setting is as it was delivered.")
    return h.section("#site.found")[
        table(say("What this site changed"), heads, rows, empty=empty, stacked=True)
    ]


def _set(now: Policy, before: Policy, knowledge: Knowledge) -> tuple[Node, ...]:
    value, delivered = _setting(now, knowledge), _setting(before, knowledge)
    changed: Node = h.strong[value] if value != delivered else say("its text or a list, not its value")
    loosened = h.span(".state.slow")[say("loosened")] if now.id in knowledge.loosened else None
    return (
        [changed, " ", loosened, h.p(".soft")[now.cautious_because]],
        delivered,
        signers(knowledge.signatures_of(now)) if knowledge.signatures_of(now) else _unsigned(),
    )


def _setting(policy: Policy, knowledge: Knowledge) -> str:
    """What it is set to, a list too."""
    listed = [records.setting(each, knowledge) for each in policy.ranking]
    stock = counted(len(policy.stock), "{count} row of stock", "{count} rows of stock")
    said = [*listed, stock] if policy.stock else listed
    return ", ".join(said) or setting_value(policy, knowledge)


def _counts(fact: Fact, knowledge: Knowledge) -> tuple[Node, ...]:
    """A fact that the site added, or whose evidence two people signed."""
    local = fact.id in knowledge.local
    delivered = say("not there") if local else say("permitted nothing of its own")
    told = say("added") if local else say("signed: it permits {what}", what=permits_words(fact))
    signed = knowledge.signatures_of(fact)
    return [told, h.p(".soft")[says(fact, knowledge)]], delivered, signers(signed) if signed else _unsigned()


def _unsigned() -> Node:
    return h.span(".soft")[say("by nobody: it loosens nothing")]


def _kinds(waits: list[Fact]) -> Node:
    """How many of each kind, most first: those that would permit something of their own, then the others."""
    counts = Counter(type(fact).__name__ for fact in waits)
    one = {type(fact).__name__: fact for fact in waits}
    own = [kind for kind, _ in counts.most_common() if permits_words(one[kind]) != permits_else()]
    rest = [kind for kind, _ in counts.most_common() if kind not in own]

    def rows(kinds: list[str], *, permits: bool) -> Iterable[tuple[Node, ...]]:
        for kind in kinds:
            named = h.a(href=f"/sign-off?kind={kind}")[records.kind(one[kind])]
            yield named, f"{counts[kind]:,}", *((permits_words(one[kind]),) if permits else ())

    heads = (say("Kind"), say("Facts"), say("Signed each would permit"))
    title = say("Not signed by two people, by kind")
    others = say("Signed, each of these would permit {what}", what=permits_else())
    return h.section(".kinds")[
        table(title, heads, rows(own, permits=True), numbers=(1,), stacked=True) if own else None,
        table(others, heads[:2], rows(rest, permits=False), numbers=(1,), stacked=True) if rest else None,
    ]


routes = [waiting, sign, withdraw, propose]
