"""Is this the plan of this order, from these facts, and is every fact it names real and cited?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

import msgspec

from ivigil.course import (
    Action,
    Assumption,
    Blocked,
    Cited,
    Decision,
    Dose,
    Plan,
    ProductChoice,
    ProductExcluded,
    ProductOption,
    RateDecision,
    Reason,
    RegimenChoice,
    RegimenOption,
    SignOff,
)
from ivigil.knowledge.evidence import Fact
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection
from ivigil.verification.wellformed import leaves


def check(matter: Matter) -> Iterator[Objection]:
    """Order, knowledge version, validity, and the facts and sources that the plan names."""
    yield from _inputs(matter)
    yield from _validity(matter)
    yield from _facts(matter)
    yield from _sources(matter)


def _inputs(matter: Matter) -> Iterator[Objection]:
    plan, version = matter.plan, matter.knowledge.version
    if plan.order != matter.order:
        ours = dict(leaves("order", matter.order))
        theirs = dict(leaves("order", plan.order))
        fields = sorted(key for key in {*ours, *theirs} if ours.get(key) != theirs.get(key))
        yield Objection("other_order", "order", ", ".join(fields), "the order as given")
    if plan.knowledge_version != version:
        yield Objection("other_knowledge", "knowledge_version", plan.knowledge_version, version)


def _validity(matter: Matter) -> Iterator[Objection]:
    days, until = matter.number("policy.plan_valid"), matter.plan.valid_until
    if days is None or matter.plan.status == "blocked":
        return
    last = matter.start.date() + dt.timedelta(days=int(days))
    if until is None or until > last:
        seen = str(until) if until else "nothing"
        yield Objection("valid_too_long", "valid_until", seen, f"at most {last}", ("policy.plan_valid",))


def _facts(matter: Matter) -> Iterator[Objection]:
    for where, name in (*_ruling(matter.plan), *_mentioned(matter.plan)):
        if name not in matter.knowledge.by_id:
            yield Objection("unknown_fact", where, name, "the id of a fact")


def _sources(matter: Matter) -> Iterator[Objection]:
    """Every fact that ruled is cited, and every citation says what the fact says."""
    cited = matter.plan.sources
    for where, name in _ruling(matter.plan):
        if name in matter.knowledge.by_id and name not in cited:
            yield Objection("fact_not_cited", where, name, "its evidence in sources", (name,))
    for name, entry in cited.items():
        fact = matter.knowledge.by_id.get(name)
        if fact is None:
            yield Objection("unknown_fact", f"sources.{name}", name, "the id of a fact")
        elif not _matches(entry, fact, matter):
            expected = f"{fact.basis}, seen: {str(fact.seen).lower()}, {', '.join(fact.sources)}"
            yield Objection("citation_differs", f"sources.{name}", _told(entry), expected, (name,))


def _matches(entry: Cited, fact: Fact, matter: Matter) -> bool:
    documents = {document.id: document.title for document in entry.documents}
    library = matter.knowledge.sources
    known = {name: library[name].title for name in fact.sources if name in library}
    signed = entry.signed <= (fact.id in matter.knowledge.signed)
    return documents == known and (entry.basis, entry.seen) == (fact.basis, fact.seen) and signed


def _told(entry: Cited) -> str:
    documents = ", ".join(document.id for document in entry.documents)
    return f"{entry.basis}, seen: {str(entry.seen).lower()}, {documents}"


def _ruling(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every fact that decided something, with its place."""
    for where, part in _parts("", plan):
        if isinstance(part, Decision):
            yield from ((f"{where}.facts", name) for name in part.facts)
        if isinstance(part, Blocked):
            yield from ((f"{where}.facts", name) for name in part.facts)
        yield from ((where, name) for name in _own(part) if name)


def _own(part: msgspec.Struct) -> tuple[str, ...]:
    match part:
        case Reason() | Action() | SignOff():
            return (part.fact,)
        case Dose():
            return (part.capped_by,)
        case RateDecision():
            return (part.schedule,)
        case RegimenChoice() | ProductChoice():
            return (part.id,)
        case _:
            return ()


def _mentioned(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every further fact that is only named: alternatives, exclusions, findings, assumptions."""
    for where, part in _parts("", plan):
        if isinstance(part, RegimenOption | ProductOption | ProductExcluded):
            yield where, part.id
        if isinstance(part, Assumption) and part.kind != "value":
            yield where, part.id
    for index, finding in enumerate(plan.findings):
        yield f"findings[{index}].id", finding.id
        yield from ((f"findings[{index}].factors", name) for name in finding.factors)
    if plan.product is not None and plan.product.best_fit_unseen:
        yield "product.best_fit_unseen", plan.product.best_fit_unseen


def _parts(where: str, value: object) -> Iterator[tuple[str, msgspec.Struct]]:
    """Every struct in the plan except the order and the citations."""
    if isinstance(value, msgspec.Struct):
        yield where, value
        for name in value.__struct_fields__:
            if name not in ("order", "sources"):
                yield from _parts(f"{where}.{name}" if where else name, getattr(value, name))
    elif isinstance(value, tuple):
        for index, item in enumerate(value):
            yield from _parts(f"{where}[{index}]", item)
