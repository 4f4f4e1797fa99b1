"""``ivigil tests``: which laboratory tests doses make unreadable, until when, what instead."""

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
from ivigil.sheets.tests import TestAnswer, tests_sheet
from ivigil.windows.bench import Drawn, Outcome, read_results
from ivigil.windows.serology import LabFacts, lab_windows

_DRAWN = "DATE:TEST[:positive|negative|NUMBER]"


class Report(msgspec.Struct, frozen=True):
    """The answer with every fact that it names, and their documents."""

    answer: TestAnswer
    facts: dict[str, Fact]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doses.add_arguments(parser)
    parser.add_argument(
        "--undated", action="store_true", help="immunoglobulin was given on a further day that nobody knows"
    )
    parser.add_argument(
        "--drawn",
        action="append",
        default=[],
        metavar=_DRAWN,
        help="a result drawn on a day, e.g. 2026-11-30:anti-hbc:positive: can it be read?; repeatable",
    )


def run(options: argparse.Namespace) -> int:
    return guarded(lambda: _answered(options), "tests")


def _answered(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    before = doses.read(options, knowledge, knowledge.lineage(place))
    every = knowledge.facts
    facts = LabFacts(every.lab_interference, every.lab_rule, every.baseline_sample)
    answer = TestAnswer(
        doses=before.doses,
        ongoing=before.goes_on,
        undated=options.undated,
        results=read_results(
            tuple(_drawn(text, facts) for text in options.drawn),
            before.doses,
            facts,
            ongoing=before.goes_on,
            undated=options.undated,
            permitted=frozenset(rule.id for rule in facts.rules if knowledge.permits(rule)),
        ),
        tests=lab_windows(before.doses, facts, ongoing=before.goes_on, undated=options.undated),
        draw_first=tuple(sorted(every.baseline_sample, key=lambda sample: sample.priority)),
    )
    put(
        Report(answer, *cited(answer.facts(), knowledge)),
        lambda: tests_sheet(answer, knowledge),
        as_json=options.json,
    )
    return OK


def _drawn(text: str, facts: LabFacts) -> Drawn:
    day, separator, rest = text.partition(":")
    test, _, result = rest.partition(":")
    if not separator or not test:
        raise naming.InputError(f"result {text!r}; accepted: {_DRAWN}, such as 2026-11-30:anti-hbc:positive")
    names = {
        item.id: (item.id, item.id.removeprefix("lab."), item.test, *item.synonyms, *item.loinc)
        for item in facts.interferences
    }
    outcomes: dict[str, Outcome] = {"positive": "positive", "negative": "negative", "": ""}
    found = outcomes.get(result.casefold(), "value")
    if found == "value":
        naming.amount(result)
    return Drawn(naming.one("test", test, names), naming.day(day), found, result if found == "value" else "")
