"""``ivigil vaccines``: when vaccines can work after (or before) doses of immunoglobulin."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import doses, naming
from ivigil.cli.citing import cited
from ivigil.cli.journaling import guarded
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.logic import Value
from ivigil.knowledge.store import Knowledge
from ivigil.knowledge.vocabulary import settle
from ivigil.sheets.vaccines import VaccineAnswer, vaccine_sheet
from ivigil.windows.contraindications import patient_checks
from ivigil.windows.vaccines import (
    GivenVaccine,
    VaccineFacts,
    check_vaccines,
    non_live_vaccines,
    vaccine_windows,
)

_GIVEN = "DATE:VACCINE"


class Report(msgspec.Struct, frozen=True):
    """The answer with every interval and rule that it names, and their documents."""

    answer: VaccineAnswer
    facts: dict[str, Fact]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doses.add_arguments(parser)
    parser.add_argument(
        "--given",
        action="append",
        default=[],
        metavar=_GIVEN,
        help="a vaccine given or planned, e.g. 2026-12-01:mmr: does it count?; repeatable",
    )
    for name, what in (("present", "holds for"), ("absent", "was asked and does not hold for")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="FLAG",
            help=f"{what} the patient, e.g. pregnancy or immunosuppressive_therapy; repeatable",
        )


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _answered(options), "vaccines")


def _answered(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    lineage = knowledge.lineage(place)
    before = doses.read(options, knowledge, lineage)
    all_facts = knowledge.facts
    facts = VaccineFacts(all_facts.vaccine, all_facts.vaccine_interval, all_facts.vaccine_rule)
    answer = VaccineAnswer(
        doses=before.doses,
        jurisdiction=place,
        ongoing=before.goes_on,
        live=vaccine_windows(before.doses, facts, lineage, ongoing=before.goes_on),
        non_live=non_live_vaccines(facts, lineage),
        checks=check_vaccines(_vaccines(options.given, knowledge), before.doses, facts, lineage),
        patient=patient_checks(_case(options, facts, knowledge), facts, lineage),
    )
    put(
        Report(answer, *cited(answer.facts(), knowledge)),
        lambda: vaccine_sheet(answer, knowledge),
        as_json=options.json,
    )
    return OK


def _case(options: argparse.Namespace, facts: VaccineFacts, knowledge: Knowledge) -> dict[str, Value]:
    """What was answered of all that a rule turns on."""
    asked = {name for rule in facts.rules if rule.when is not None for name in rule.when.fields()}
    terms = [term for term in knowledge.facts.term if term.id in asked]
    names = {term.id: (term.id, term.name, *term.synonyms) for term in terms}
    present = {naming.one("flag", text, names, always_listed=True) for text in options.present}
    absent = {naming.one("flag", text, names, always_listed=True) for text in options.absent}
    if present & absent:
        raise naming.InputError(f"both --present and --absent: {', '.join(sorted(present & absent))}")
    answers = dict.fromkeys(present, True) | dict.fromkeys(absent, False)
    return settle(knowledge.implied_flags, answers)


def _vaccines(texts: list[str], knowledge: Knowledge) -> tuple[GivenVaccine, ...]:
    names = {v.id: (v.id, v.id.removeprefix("vaccine."), v.name) for v in knowledge.facts.vaccine}
    found = []
    for text in texts:
        day, separator, written = text.partition(":")
        if not separator:
            raise naming.InputError(f"vaccine {text!r}; accepted: {_GIVEN}, such as 2026-12-01:mmr")
        found.append(GivenVaccine(naming.one("vaccine", written, names), naming.day(day)))
    return tuple(found)
