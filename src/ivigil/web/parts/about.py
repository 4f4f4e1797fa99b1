"""What else the fact base says about a record: intervals of a vaccine, what misleads a test, who names it."""

from __future__ import annotations

from collections.abc import Iterable

import htpy as h
from htpy import Element, Node

from ivigil.knowledge.care import BaselineTest
from ivigil.knowledge.evidence import Fact
from ivigil.knowledge.reactions import PanelTest, TestPanel
from ivigil.knowledge.search import naming
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.timing import AntibodyProduct, LabInterference, LabRule, Vaccine, VaccineInterval
from ivigil.sheets import records
from ivigil.sheets.records import Piece, Pieces, Ref
from ivigil.sheets.spoken import capital, counted, say
from ivigil.web.parts.table import table

_CLASS = "class_window"


def named(pieces: Iterable[Piece]) -> Node:
    """A value with what it names as links."""
    return [_link(piece) if isinstance(piece, Ref) else piece for piece in pieces]


def _link(ref: Ref) -> Element:
    return h.a(href=f"/{'sources' if ref.source else 'facts'}/{ref.id}")[ref.name]


def link(fact: Fact, knowledge: Knowledge, *, inside: bool = False) -> Node:
    """The fact by name, leading to its record; its id after it, small. ``inside``: in what it is part of."""
    name = capital(records.own_name(fact, knowledge)) if inside else records.called(fact, knowledge)
    return [
        h.a(href=f"/facts/{fact.id}")[name],
        h.br,
        h.code(".fact-id")[fact.id],
    ]


def by_name(fact: Fact, knowledge: Knowledge) -> Element:
    """The fact by name alone, leading to its record: in a sentence."""
    return h.a(href=f"/facts/{fact.id}")[records.called(fact, knowledge)]


def sources(keys: Iterable[str], knowledge: Knowledge) -> list[Node]:
    """Documents by their titles, leading to what else cites them."""
    found = [knowledge.sources[key] for key in keys if key in knowledge.sources]
    return [
        ["; " if at else None, h.a(href=f"/sources/{each.id}")[each.title]] for at, each in enumerate(found)
    ]


def intervals(fact: Fact, knowledge: Knowledge) -> Node:
    """Of a vaccine, or of a product with antibodies: every rule on how far the two lie apart."""
    found = [each for each in knowledge.facts.vaccine_interval if _concerns(each, fact)]
    if not isinstance(fact, Vaccine | AntibodyProduct):
        return None
    title = counted(
        len(found),
        "{count} rule on the interval to immunoglobulin",
        "{count} rules on the interval to immunoglobulin",
    )
    heads = (say("Rule"), say("Product, dose, route, for whom"), say("Interval"), say("Read in"))
    rows = (
        (
            [link(each, knowledge), _standing(each)],
            _given(each, knowledge),
            _interval(each, knowledge),
            sources(each.sources, knowledge) or say("No source."),
        )
        for each in sorted(found, key=lambda each: (each.replaced, each.practice))
    )
    empty = say("No source here states one. That is not to say that none is needed.")
    return h.section(".found")[table(title, heads, rows, empty=empty, stacked=True)]


def _concerns(rule: VaccineInterval, fact: Fact) -> bool:
    match fact:
        case Vaccine():
            return not {fact.id, *fact.antigens}.isdisjoint(rule.covers)
        case AntibodyProduct():
            return not rule.products or fact.id in rule.products
        case _:
            return False


def _standing(rule: VaccineInterval) -> Node:
    if rule.replaced:
        return h.p(".soft")[say("superseded: shown, and used for nothing")]
    return h.p(".soft")[say("what was seen to be done, no rule")] if rule.practice else None


def _given(rule: VaccineInterval, knowledge: Knowledge) -> Node:
    told = dict(records.values(rule, knowledge))
    places: tuple[str, ...] = ("products", "g_per_kg_min..", "g_per_kg_min", "g_per_kg_max", "routes")
    parts: list[Pieces] = []
    if not rule.products:
        parts.append((say("any product with antibodies"),))
    for name in (*places, "conditions", "jurisdictions", "text"):
        if name in told:
            sign = {"g_per_kg_min": ">= ", "g_per_kg_max": "<= "}.get(name, "")
            parts.append((sign, *told[name]))
    return h.ul(".plain")[(h.li[named(part)] for part in parts)]


def _interval(rule: VaccineInterval, knowledge: Knowledge) -> Node:
    told = dict(records.values(rule, knowledge))
    span = next((told[name] for name in ("months", "weeks", "days") if name in told), ())
    return [h.p[h.strong[named(told["kind"]), " ", named(span)]], h.p(".soft")[named(told["direction"])]]


def misleading(fact: Fact, knowledge: Knowledge) -> tuple[Fact, ...]:
    """Of a test: what immunoglobulin does to it, and the rules that hold for its class."""
    match fact:
        case LabInterference():
            return tuple(rule for rule in knowledge.facts.lab_rule if _rules(rule, fact))
        case BaselineTest() | PanelTest():
            codes = set(fact.loinc)
        case TestPanel():
            codes = {code for test in fact.tests for code in test.loinc}
        case _:
            return ()
    return tuple(each for each in knowledge.facts.lab_interference if not codes.isdisjoint(each.loinc))


def _rules(rule: LabRule, test: LabInterference) -> bool:
    return test.passive_igg or rule.topic != _CLASS


def named_in(fact: Fact, knowledge: Knowledge) -> tuple[Fact, ...]:
    """Other records that name it."""
    return naming(knowledge, fact)
