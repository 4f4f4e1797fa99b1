"""``ivigil conditions [CONDITION]``: the list, or one condition with its regimens and rules."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.knowledge.conditions import Condition, Disagreement
from ivigil.knowledge.evidence import Source
from ivigil.knowledge.search import disagreements
from ivigil.knowledge.store import Knowledge, all_facts


class Listed(msgspec.Struct, frozen=True):
    id: str
    name: str
    specialty: str
    purpose: str
    course: str
    populations: tuple[str, ...]
    emergency: bool
    do_not_use: bool
    in_fact_sheet: bool
    regimens: int


class Shown(msgspec.Struct, frozen=True):
    """One condition whole. With a jurisdiction, ``regimens_here`` are those that hold there."""

    condition: Condition
    regimens_here: tuple[str, ...]
    disagreements: tuple[Disagreement, ...]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("condition", metavar="CONDITION", nargs="?", help="id, name, synonym or code")
    parser.add_argument("--jurisdiction", metavar="PLACE", help="only regimens that hold here")
    parser.add_argument("--specialty", metavar="NAME", help="list only this specialty")


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    if options.condition:
        _show(naming.condition(options.condition, knowledge), place, knowledge, options)
    else:
        _list(place, knowledge, options)
    return OK


def _list(place: str, knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.conditions import list_sheet

    found = knowledge.facts.condition
    if options.specialty:
        specialties = {c.specialty: (c.specialty,) for c in found}
        wanted = naming.one("specialty", options.specialty, specialties, always_listed=True)
        found = tuple(c for c in found if c.specialty == wanted)
    if place:
        found = tuple(c for c in found if _here(c, knowledge.lineage(place)))
    put(tuple(_listed(item) for item in found), lambda: list_sheet(found), as_json=options.json)


def _show(item: Condition, place: str, knowledge: Knowledge, options: argparse.Namespace) -> None:
    from ivigil.sheets.conditions import condition_sheet

    places = knowledge.lineage(place)
    about = disagreements(knowledge, item)
    cited = {key for fact in (*all_facts(item), *about) for key in fact.sources}
    shown = Shown(
        condition=item,
        regimens_here=_here(item, places),
        disagreements=about,
        sources={key: knowledge.sources[key] for key in sorted(cited) if key in knowledge.sources},
    )
    put(shown, lambda: condition_sheet(item, about, places, knowledge), as_json=options.json)


def _here(item: Condition, places: tuple[str, ...]) -> tuple[str, ...]:
    """Ids of the regimens that hold in these places; of all if none is named."""
    return tuple(
        r.id for r in item.regimens if not places or any(place in places for place in r.jurisdictions)
    )


def _listed(item: Condition) -> Listed:
    return Listed(
        id=item.id,
        name=item.name,
        specialty=item.specialty,
        purpose=item.purpose,
        course=item.course,
        populations=item.populations,
        emergency=item.emergency,
        do_not_use=item.do_not_use,
        in_fact_sheet=item.in_fact_sheet,
        regimens=len(item.regimens),
    )
