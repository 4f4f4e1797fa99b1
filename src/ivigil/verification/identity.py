"""Is this the plan of this order, from these facts, and is every fact it names real and cited?"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from ivigil.course import (
    Action,
    Assumption,
    Blocked,
    Decision,
    Dose,
    Finding,
    ProductChoice,
    ProductExcluded,
    ProductOption,
    RateDecision,
    Reason,
    RegimenChoice,
    RegimenOption,
    SignOff,
)
from ivigil.knowledge.evidence import Cited, Fact
from ivigil.verification.matter import Matter
from ivigil.verification.verdict import Objection
from ivigil.verification.walk import Trail, place, walk

Named = tuple[Trail, str]
"""The id of a fact, and where it stands."""

_LISTS_FACTS = (Decision, Blocked)
_NAMES_ONE: dict[type, str] = {
    Reason: "fact",
    Action: "fact",
    SignOff: "fact",
    Dose: "capped_by",
    RateDecision: "schedule",
    RegimenChoice: "id",
    ProductChoice: "id",
}
"""Field of a part that names a fact outside a list."""
_MENTIONING = (RegimenOption, ProductOption, ProductExcluded, Assumption, Finding, ProductChoice)


def check(matter: Matter) -> Iterator[Objection]:
    """Order, knowledge version, validity, and the facts and sources that the plan names."""
    yield from _inputs(matter)
    yield from _validity(matter)
    ruling = tuple(_ruling(matter))
    yield from _facts(matter, ruling)
    yield from _sources(matter, ruling)


def _inputs(matter: Matter) -> Iterator[Objection]:
    plan, version = matter.plan, matter.knowledge.version
    if plan.order != matter.order:
        ours, theirs = (dict(walk(order, plain=True)) for order in (matter.order, plan.order))
        differ = {trail for trail in (*ours, *theirs) if ours.get(trail) != theirs.get(trail)}
        fields = sorted(place(trail) for trail in differ if trail)
        yield Objection("other_order", "order", ", ".join(fields), "the order as given")
    if plan.supersedes != matter.order.supersedes:
        yield Objection("other_order", "supersedes", plan.supersedes, matter.order.supersedes)
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


def _facts(matter: Matter, ruling: tuple[Named, ...]) -> Iterator[Objection]:
    for trail, name in (*ruling, *_mentioned(matter)):
        if name not in matter.knowledge.by_id:
            yield Objection("unknown_fact", place(trail), name, "the id of a fact")


def _sources(matter: Matter, ruling: tuple[Named, ...]) -> Iterator[Objection]:
    """Every fact that ruled is cited, and every citation says what the fact says."""
    cited = matter.plan.sources
    for trail, name in ruling:
        if name in matter.knowledge.by_id and name not in cited:
            yield Objection("fact_not_cited", place(trail), name, "its evidence in sources", (name,))
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


def _ruling(matter: Matter) -> Iterator[Named]:
    """Every fact that decided something, with its place."""
    for trail, part in matter.parts:
        if isinstance(part, _LISTS_FACTS) and part.facts:
            where = (*trail, "facts")
            yield from ((where, name) for name in part.facts)
        own = _NAMES_ONE.get(part.__class__)
        if own is not None and (name := getattr(part, own)):
            yield trail, name


def _mentioned(matter: Matter) -> Iterator[Named]:
    """Every further fact that is only named: alternatives, exclusions, findings, assumptions."""
    for trail, part in matter.parts:
        if part.__class__ not in _MENTIONING:
            continue
        match part:
            case RegimenOption() | ProductOption() | ProductExcluded():
                yield trail, part.id
            case Assumption() if part.kind != "value":
                yield trail, part.id
            case Finding():
                yield trail, part.id
                yield from ((trail, name) for name in part.factors)
            case ProductChoice() if part.best_fit_unseen:
                yield trail, part.best_fit_unseen
