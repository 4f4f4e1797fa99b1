"""``ivigil tests``: which laboratory tests doses make unreadable, until when, what instead."""

from __future__ import annotations

import argparse

import msgspec

import ivigil
from ivigil.cli import doses, naming
from ivigil.cli.main import OK
from ivigil.cli.output import put
from ivigil.knowledge.evidence import Fact, Source
from ivigil.knowledge.store import Knowledge
from ivigil.sheets.tests import TestAnswer, tests_sheet
from ivigil.windows.serology import LabFacts, lab_windows


class Report(msgspec.Struct, frozen=True):
    """The answer with every fact that it names, and their documents."""

    answer: TestAnswer
    facts: dict[str, Fact]
    sources: dict[str, Source]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    doses.add_arguments(parser)


def run(options: argparse.Namespace) -> int:
    knowledge = ivigil.load_knowledge(options.site)
    place = naming.jurisdiction(options.jurisdiction, knowledge) if options.jurisdiction else ""
    given = doses.read(options, knowledge, knowledge.lineage(place))
    every = knowledge.facts
    facts = LabFacts(every.lab_interference, every.lab_rule, every.baseline_sample)
    answer = TestAnswer(
        doses=given,
        ongoing=options.ongoing,
        tests=lab_windows(given, facts, ongoing=options.ongoing),
        draw_first=tuple(sorted(every.baseline_sample, key=lambda sample: sample.priority)),
    )
    put(_report(answer, knowledge), lambda: tests_sheet(answer, knowledge), as_json=options.json)
    return OK


def _report(answer: TestAnswer, knowledge: Knowledge) -> Report:
    facts = {name: knowledge.by_id[name] for name in answer.facts() if name in knowledge.by_id}
    cited = sorted({key for fact in facts.values() for key in fact.sources})
    return Report(answer, facts, {k: knowledge.sources[k] for k in cited if k in knowledge.sources})
