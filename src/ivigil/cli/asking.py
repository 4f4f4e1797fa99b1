"""Symptoms asked for at a terminal: danger to life first, then own words, then what may change the answer."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator

import msgspec

from ivigil.aftercare.matching import Matched
from ivigil.aftercare.symptom_report import SymptomReport
from ivigil.aftercare.triage import Triage

_YES, _NO = frozenset(("y", "yes")), frozenset(("n", "no"))

Judge = Callable[[SymptomReport], Triage]


class Interview(msgspec.Struct, frozen=True, kw_only=True):
    """Asks until no further answer could change the result. An empty line is no answer."""

    judge: Judge
    match: Callable[[str], Matched]
    questions: dict[str, str]
    """Symptom id -> its question."""

    def ask(self, report: SymptomReport) -> SymptomReport:
        """The report completed. It ends at once where a yes makes it an emergency."""
        report = self._danger(report)
        if self._is_emergency(report):
            return report
        words = self.match(_line("What is wrong, in your own words?"))
        report = self._confirmed(report, words)
        passed: set[str] = set()
        while not self._is_emergency(report):
            name = next((name for name in self.judge(report).ask if name not in passed), None)
            if name is None:
                break
            passed.add(name)
            report = self._answered(report, name, self.questions[name])
        return report

    def _danger(self, report: SymptomReport) -> SymptomReport:
        for name in self.judge(report).picture.unanswered:
            report = self._answered(report, name, self.questions[name])
            if name in report.present:
                break
        return report

    def _confirmed(self, report: SymptomReport, words: Matched) -> SymptomReport:
        taken = words.symptoms("said", "unclear")
        for name in (*taken, *words.symptoms("denied")):
            if name not in (*report.present, *report.absent):
                silence = True if name in taken else None
                report = self._answered(report, name, self.questions[name], silence=silence)
        return msgspec.structs.replace(report, unmatched=(*report.unmatched, *self._left(words)))

    @staticmethod
    def _left(words: Matched) -> Iterator[str]:
        for sentence in words.unmatched:
            if _answer(f'"{sentence}" is not on the list. Is something wrong?') is not False:
                yield sentence

    @staticmethod
    def _answered(
        report: SymptomReport, name: str, question: str, *, silence: bool | None = None
    ) -> SymptomReport:
        """The report with one question answered; silence: what no answer counts as, None: left open."""
        answer = _answer(question)
        counts = silence if answer is None else answer
        if counts is None:
            return report
        if counts:
            return msgspec.structs.replace(report, present=(*report.present, name))
        return msgspec.structs.replace(report, absent=(*report.absent, name))

    def _is_emergency(self, report: SymptomReport) -> bool:
        return bool(report.present) and self.judge(report).urgency == "emergency_now"


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
