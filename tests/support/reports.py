"""Scenario files of reports: what happened at the chair, what the reporter says, what the fields must hold.

``tests/scenarios/README.md`` describes the format for the person who writes one.
"""

from __future__ import annotations

import datetime as dt
import tomllib
from decimal import Decimal
from pathlib import Path

import msgspec

from ivigil.aftercare.adverse_case import Case
from ivigil.aftercare.adverse_event import Report, Said, name, report
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.infusion import replay
from ivigil.sheets.report_case import recorded_case
from tests.support.at_the_chair import ChairScenario, Run
from tests.support.at_the_chair import run as at_the_chair
from tests.support.orders import knowledge
from tests.support.scenarios import FOLDER, ScenarioError, Table, laid_over

REPORTS = FOLDER / "reports"


class ReportScenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One infusion, one report by one standard, and what it must hold."""

    title: str
    source: list[str]
    standard: str
    date: dt.date
    order: str | Table
    event: list[Table] = []
    as_planned_until: Decimal | None = None
    later: list[SymptomReport] = []
    answers: dict[str, str] = {}
    unknown: list[str] = []
    withhold: list[str] = []
    expect: dict[str, str] = {}
    """Code with its place -> the value as the standard writes it."""
    says: dict[str, list[str]] = {}
    """Code with its place -> what a longer text must hold."""
    missing: list[str] | None = None
    """Exactly these; None: not checked."""
    flaws: list[str] = []
    """Exactly these, as "kind code"."""

    @property
    def happened(self) -> Run:
        chair = ChairScenario(
            title=self.title,
            source=self.source,
            order=self.order,
            event=self.event,
            as_planned_until=self.as_planned_until,
            expect=[],
        )
        return at_the_chair(chair)

    @property
    def case(self) -> Case:
        happened = self.happened
        state = replay(happened.day, [each.event for each in happened.recorded])
        return recorded_case(happened.made, state, tuple(self.later), self.date, knowledge())

    @property
    def said(self) -> dict[str, Said]:
        said = {code: Said(text) for code, text in self.answers.items()}
        said |= {code: Said(state="unknown") for code in self.unknown}
        return said | {code: Said(state="masked") for code in self.withhold}

    @property
    def report(self) -> Report:
        return report(self.standard, self.case, self.said, knowledge().facts.report_field)


def read_all(folder: Path = REPORTS) -> dict[str, ReportScenario]:
    """Every scenario of the folder by its name and the number of its case."""
    found: dict[str, ReportScenario] = {}
    for path in sorted(folder.glob("*.toml")):
        try:
            table = tomllib.loads(path.read_text(encoding="utf-8"), parse_float=Decimal)
            cases = table.pop("case", None)
            tables = [table] if cases is None else [laid_over(table, case) for case in cases]
            for number, item in enumerate(tables, 1):
                key = f"{path.stem}-{number}" if len(tables) > 1 else path.stem
                found[key] = msgspec.convert(item, ReportScenario)
        except (tomllib.TOMLDecodeError, msgspec.ValidationError) as error:
            raise ScenarioError(f"{path.name}: {error}") from error
    return found


def wrong(scenario: ReportScenario) -> list[str]:
    """Every way in which the report is not as expected."""
    made = scenario.report
    values = {name(answer.code, answer.place): answer.value for answer in made.answers}
    found = [
        f"{code}: expected {value!r}, found {values.get(code)!r}"
        for code, value in scenario.expect.items()
        if values.get(code) != value
    ]
    found += [
        f"{code}: does not say {text!r}: {values.get(code)!r}"
        for code, texts in scenario.says.items()
        for text in texts
        if text not in (values.get(code) or "")
    ]
    missing = sorted(name(answer.code, answer.place) for answer in made.missing)
    if scenario.missing is not None and missing != sorted(scenario.missing):
        found.append(f"missing: {missing}")
    flaws = sorted(f"{flaw.kind} {name(flaw.code, flaw.place)}" for flaw in made.flaws)
    if flaws != sorted(scenario.flaws):
        found.append(f"flaws: {flaws}")
    return found
