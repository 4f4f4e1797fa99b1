"""Symptoms asked for at a terminal: danger to life first, then own words, then what may change the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import msgspec

from ivigil.aftercare.matching import Matched
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.practice.interview import Judge, answered, further, is_emergency, unconfirmed

_YES, _NO = frozenset(("y", "yes")), frozenset(("n", "no"))


class Interview(msgspec.Struct, frozen=True, kw_only=True):
    """Asks until no further answer could change the result. An empty line is no answer."""

    judge: Judge
    match: Callable[[str], Matched]
    questions: dict[str, str]
    """Symptom id -> its question."""

    def ask(self, report: SymptomReport) -> SymptomReport:
        """The report completed. It ends at once where a yes makes it an emergency."""
        report = self._danger(report)
        if is_emergency(report, self.judge):
            return report
        words = self.match(_line("What is wrong, in your own words?"))
        report = self._confirmed(report, words)
        passed: set[str] = set()
        while asked := further(report, self.judge, passed):
            passed.add(asked[0])
            report = self._answered(report, asked[0])
        return report

    def _danger(self, report: SymptomReport) -> SymptomReport:
        for name in self.judge(report).picture.unanswered:
            report = self._answered(report, name)
            if name in report.present:
                break
        return report

    def _confirmed(self, report: SymptomReport, words: Matched) -> SymptomReport:
        for doubt in unconfirmed(report, words):
            report = self._answered(report, doubt.symptom, counts=doubt.counts)
        return msgspec.structs.replace(report, unmatched=(*report.unmatched, *self._left(words)))

    @staticmethod
    def _left(words: Matched) -> Iterator[str]:
        for sentence in words.unmatched:
            if _answer(f'"{sentence}" is not on the list. Is something wrong?') is not False:
                yield sentence

    def _answered(self, report: SymptomReport, name: str, *, counts: bool | None = None) -> SymptomReport:
        return answered(report, name, _answer(self.questions[name]), counts=counts)


def _answer(question: str) -> bool | None:
    """Yes, no, or not answered; anything else is asked again."""
    while True:
        written = _line(f"{question} [y/n]").casefold()
        if written in _YES:
            return True
        if written in _NO:
            return False
        if not written:
            return None
        print("y, n, or an empty line if you do not know", file=sys.stderr)


def _line(question: str) -> str:
    """One line of input; empty at its end. Questions go to the error stream: the output is the answer."""
    print(question, end=" ", file=sys.stderr, flush=True)
    return sys.stdin.readline().strip()
