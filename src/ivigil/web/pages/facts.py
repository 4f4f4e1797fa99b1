"""The fact base: search it, browse it by kind, and see any record whole with its sources and its state."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated

import htpy as h
from htpy import Element, Node
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromPath, QueryParameter
from msgspec.structs import replace

import ivigil
from ivigil.knowledge.conditions import Disagreement
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.policies import Policy
from ivigil.knowledge.search import citing, disagreements, find
from ivigil.knowledge.sign_off import sign_off_state
from ivigil.knowledge.store import KINDS, FactFile, Knowledge
from ivigil.knowledge.wording import Translation
from ivigil.sheets import records
from ivigil.sheets.chair_words import BASIS
from ivigil.sheets.kinds import kind_words
from ivigil.sheets.spoken import capital, counted, say, texts
from ivigil.web import shell
from ivigil.web.given import TheVisit
from ivigil.web.parts.about import by_name, intervals, link, misleading, named, named_in, sources
from ivigil.web.parts.field import search
from ivigil.web.parts.notice import notice
from ivigil.web.parts.sign_off import TONE, Problem, section
from ivigil.web.parts.source import cited
from ivigil.web.parts.table import table
from ivigil.web.parts.woven import woven
from ivigil.web.visit import Visit

STYLES = ("facts.css",)
_SHOWN = 60
DRAWERS = (
    ("condition", texts("Conditions")),
    ("product", texts("Products")),
    ("hazard", texts("Hazards")),
    ("reaction", texts("Reactions")),
    ("stop_rule", texts("Rules at the chair")),
    ("symptom_urgency", texts("Urgency of symptoms")),
    ("vaccine", texts("Vaccines")),
    ("vaccine_interval", texts("Intervals to vaccines")),
    ("vaccine_rule", texts("Rules for vaccines")),
    ("lab_interference", texts("Tests that mislead")),
    ("baseline_test", texts("Tests before the start")),
    ("test_panel", texts("Tests after a reaction")),
    ("emergency_drug", texts("Drugs for reactions")),
    ("monitoring", texts("Monitoring")),
    ("premedication", texts("Premedication")),
    ("dose_cap", texts("Caps of a dose")),
    ("weight_policy", texts("Dosing weight")),
    ("population_model", texts("Kinetic models")),
    ("policy", texts("Policies of a site")),
    ("disagreement", texts("Disagreements")),
    ("recall", texts("Recalls")),
)
"""Array of the fact base, and what people call it."""
_NO_FACTS = ("source", "jurisdiction")
OTHERS = tuple(kind for kind in KINDS if kind not in (*dict(DRAWERS), *_NO_FACTS))
"""The other arrays, by the names of their kinds."""
_STATE = texts(
    {
        "superseded": "superseded",
        "signed": "signed here",
        "local": "of this site, unsigned",
        "weak": "weak",
        "held_back": "held back",
        "strong": "strong",
    }
)

Words = Annotated[str, QueryParameter(max_length=200)]


@get("/facts", needs="facts.read", sync_to_thread=True)
def facts(visit: TheVisit, q: Words = "", kind: Words = "") -> Response[str]:
    """What a search found, or a drawer holds; without either, the drawers."""
    asked = " ".join(q.split())
    hint = say("Words that all occur, or an exact id")
    form = search("/facts", say("Search the fact base"), asked, hint=hint)
    to_sign = h.p(".ways")[
        h.a(href="/sign-off")[say("To be signed")], h.a(href="/sign-off#site")[say("What this site changed")]
    ]
    return shell.page(say("Facts"), visit, form, to_sign, _found(asked, kind, visit.knowledge), styles=STYLES)


@get("/facts/{fact:str}", needs="facts.read", sync_to_thread=True)
def fact(visit: TheVisit, fact: FromPath[str]) -> Response[str]:
    """One record whole."""
    found = visit.knowledge.by_id.get(fact)
    if found is None:
        raise NotFoundException(detail="no such fact")
    return shown(visit, found)


def shown(visit: Visit, fact: Fact, problem: Problem | None = None, status: int = 200) -> Response[str]:
    """The page of one record. ``problem``: with what was sent to it."""
    wrong = (
        notice("stop", h.p[say("Nothing was signed. {why}", why=problem.text)], urgent=True)
        if problem
        else None
    )
    content = (*_whole(visit, fact), section(visit, fact, problem))
    name = records.called(fact, visit.knowledge)
    return shell.page(name, visit, wrong, content, styles=STYLES, status=status)


@get("/sources/{source:str}", needs="facts.read", sync_to_thread=True)
def source(visit: TheVisit, source: FromPath[str]) -> Response[str]:
    """A document, and every fact that cites it."""
    found = visit.knowledge.sources.get(source)
    if found is None:
        raise NotFoundException(detail="no such source")
    named = citing(visit.knowledge, found)
    listed = _list(
        counted(len(named), "Cited by {count} fact", "Cited by {count} facts"), named, visit.knowledge
    )
    return shell.page(found.title, visit, _document(found), listed, styles=STYLES)


def _found(asked: str, kind: str, knowledge: Knowledge) -> Node:
    if asked in knowledge.by_id:
        return _list(say("The fact of this id"), (knowledge.by_id[asked],), knowledge)
    if asked:
        hits = find(knowledge, asked)
        found = counted(len(hits), "{count} fact for “{words}”", "{count} facts for “{words}”", words=asked)
        return _list(found, hits, knowledge)
    if kind in (*dict(DRAWERS), *OTHERS):
        held = _drawer(knowledge.facts, kind)
        count = counted(len(held), "{count} fact", "{count} facts")
        empty = say("The fact base holds none of this kind.")
        return _list(f"{count} · {_title(kind)}", held, knowledge, most=len(held), empty=empty)
    return [
        _drawers([kind for kind, _ in DRAWERS], knowledge),
        h.details(".others")[h.summary[say("Every other kind of fact")], _drawers(OTHERS, knowledge)],
    ]


def _title(kind: str) -> str:
    """What a drawer is called."""
    names = dict(DRAWERS)
    return say(names[kind]) if kind in names else capital(kind_words(kind))


def _drawer(file: FactFile, kind: str) -> tuple[Fact, ...]:
    held: tuple[Fact, ...] = getattr(file, kind)
    return held


def _drawers(kinds: Iterable[str], knowledge: Knowledge) -> Element:
    return h.ul(".drawers")[
        (
            h.li[
                h.a(href=f"/facts?kind={kind}")[
                    h.span[_title(kind)], h.span(".count")[str(len(_drawer(knowledge.facts, kind)))]
                ]
            ]
            for kind in kinds
        )
    ]


def _list(
    caption: str,
    found: tuple[Fact, ...],
    knowledge: Knowledge,
    most: int = _SHOWN,
    *,
    empty: str = "",
    inside: bool = False,
) -> Element:
    rows = (
        (link(each, knowledge, inside=inside), says(each, knowledge), _state(each, knowledge))
        for each in found[:most]
    )
    more = say("The closest {count}. A further word narrows them.", count=str(most))
    return h.section(".found")[
        table(
            caption,
            (say("Fact"), say("Says"), say("Evidence")),
            rows,
            empty=empty or say("Nothing has all of these words."),
            stacked=True,
        ),
        h.p(".soft")[more] if len(found) > most else None,
    ]


def says(fact: Fact, knowledge: Knowledge) -> Node:
    """Its kind, and what it says in one line; of a translation how many texts it has."""
    texts = ""
    if isinstance(fact, Translation):
        texts = ", " + counted(len(fact.texts), "{count} text", "{count} texts")
        fact = replace(fact, texts={})
    said = records.summary(fact, knowledge, without="name")
    return [h.span(".kind")[records.kind(fact)], " ", said, texts]


def _state(fact: Fact, knowledge: Knowledge) -> Element:
    state = sign_off_state(fact, knowledge)
    return h.span(f".state.{TONE[state]}")[say(_STATE[state])]


def _whole(visit: Visit, fact: Fact) -> list[Node]:
    knowledge = visit.knowledge
    above = records.within(fact, knowledge)
    return [
        h.p[h.span(".kind")[records.kind(fact)], " ", h.code(".fact-id")[fact.id]],
        h.p[woven("Part of {record}", record=link(above, knowledge))] if above is not None else None,
        _fields(_as_set(visit, fact), knowledge),
        _parts(fact, knowledge),
        intervals(fact, knowledge),
        *(_disagreement(each, fact, knowledge) for each in disagreements(knowledge, fact)),
        _evidence(fact, knowledge),
        *_elsewhere(fact, knowledge),
    ]


def _as_set(visit: Visit, fact: Fact) -> Fact:
    """A setting with what it could be set to else: what it was delivered as is one of them."""
    before = ivigil.delivered().policies.get(fact.id) if isinstance(fact, Policy) else None
    if not isinstance(fact, Policy) or before is None or not before.alternatives:
        return fact
    others = tuple(each for each in (before.choice, *before.alternatives) if each != fact.choice)
    return replace(fact, alternatives=others)


def _elsewhere(fact: Fact, knowledge: Knowledge) -> Iterator[Element]:
    """What other records say about it."""
    tests, others = misleading(fact, knowledge), named_in(fact, knowledge)
    if tests:
        yield _list(say("What immunoglobulin does to the test, and for how long"), tests, knowledge)
    if others:
        title = counted(len(others), "{count} other fact names it", "{count} other facts name it")
        yield _list(title, others, knowledge, most=len(others))


def _fields(fact: Fact, knowledge: Knowledge) -> Node:
    return _pairs((title, named(value)) for title, value in records.rows(fact, knowledge))


def _pairs(pairs: Iterable[tuple[str, Node]]) -> Node:
    made = [h.div[h.dt[name], h.dd[text]] for name, text in pairs]
    return h.dl(".record")[made] if made else None


def _parts(fact: Fact, knowledge: Knowledge) -> Node:
    inside = records.parts(fact)
    if not inside:
        return None
    title = counted(
        len(inside),
        "Holds {count} fact, each with evidence of its own",
        "Holds {count} facts, each with evidence of its own",
    )
    return _list(title, inside, knowledge, most=len(inside), inside=True)


def _disagreement(item: Disagreement, fact: Fact, knowledge: Knowledge) -> Element:
    others = [knowledge.by_id[name] for name in item.about if name != fact.id and name in knowledge.by_id]
    return notice(
        "info",
        h.h2[say("Sources disagree: {topic}", topic=item.topic)],
        h.ul[(h.li[_position(each.text, each.sources, knowledge)] for each in item.positions)],
        h.p[_chosen(item, knowledge)],
        h.p(".soft")[woven("Also about {facts}", facts=h.span[_joined(others, knowledge)])]
        if others
        else None,
    )


def _chosen(item: Disagreement, knowledge: Knowledge) -> Node:
    parts: dict[str, Node] = {"reason": item.chosen_because}
    if item.chosen in knowledge.by_id:
        parts["position"] = by_name(knowledge.by_id[item.chosen], knowledge)
    elif item.chosen:
        parts["position"] = item.chosen
    if not item.chosen_because:
        return woven("Chosen: {position}", **parts) if item.chosen else say("Both stand.")
    if not item.chosen:
        return woven("Both stand, because {reason}", **parts)
    return woven("Chosen: {position}, because {reason}", **parts)


def _position(text: str, keys: tuple[str, ...], knowledge: Knowledge) -> Node:
    return [text, " (", sources(keys, knowledge), ")"] if keys else text


def _joined(found: Iterable[Fact], knowledge: Knowledge) -> list[Node]:
    return [["; " if at else None, by_name(each, knowledge)] for at, each in enumerate(found)]


def _evidence(fact: Fact, knowledge: Knowledge) -> Element:
    told: list[tuple[str, Node]] = [
        (say("Basis"), say(BASIS[fact.basis])),
        (say("Read in a source"), say("yes") if fact.seen else say("no")),
    ]
    if fact.derived:
        told.append((say("Derived"), say("arithmetic on figures that were read")))
    told += [(name, text) for name, text in ((say("Where"), fact.locator), (say("Note"), fact.note)) if text]
    documents = [knowledge.sources[key] for key in fact.sources if key in knowledge.sources]
    return h.section[
        h.h2[say("Evidence")],
        _pairs(told),
        h.ul(".documents")[
            (
                h.li[
                    cited(each),
                    " ",
                    h.a(href=f"/sources/{each.id}")[say("what else cites it")],
                    " ",
                    h.code(".fact-id")[each.id],
                ]
                for each in documents
            )
        ]
        if documents
        else h.p[say("No source.")],
    ]


def _document(source: Source) -> Element:
    extent = say("Read: {extent}", extent=source.extent) if source.extent else None
    return h.section[
        h.p[cited(source)],
        h.p(".soft")[extent] if extent else None,
        h.p[source.note] if source.note else None,
    ]


routes = [facts, fact, source]
