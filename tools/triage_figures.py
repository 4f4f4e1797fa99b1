"""What the triage misses and how often it is too careful, by the vignettes: docs/triage.md.

python -m tools.triage_figures [--write]
"""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable

from ivigil.aftercare.triage import Triage
from tests.support.vignettes import BENIGN, RED_FLAGS, Vignette, by_form, by_words, is_missed, is_over, read
from tools.faults.bounds import upper
from tools.report import DOCS, table, write_section

_WAYS: tuple[tuple[str, Callable[[Vignette], Triage]], ...] = (
    ("ticked on the form", by_form),
    ("own words alone, unconfirmed", by_words),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/triage.md")
    options = parser.parse_args()
    text = f"{_missed()}\n\n{_over()}"
    print(text)
    if options.write:
        write_section(DOCS / "triage.md", "figures", text)


def _missed() -> str:
    rows = []
    for name in RED_FLAGS:
        cases = read(name)
        for way, answer in _WAYS:
            missed = sum(is_missed(case, answer(case)) for case in cases)
            rows.append((name, way, len(cases), missed, f"{upper(missed, len(cases)):.2%}"))
    every = [case for name in RED_FLAGS for case in read(name)]
    for way, answer in _WAYS:
        missed = sum(is_missed(case, answer(case)) for case in every)
        rows.append(("all", way, len(every), missed, f"{upper(missed, len(every)):.2%}"))
    return table(("dangers", "told how", "cases", "less urgent than the source", "at most, 95 %"), rows)


def _over() -> str:
    rows = []
    for name in BENIGN:
        for who, cases in _by_age(read(name)):
            for way, answer in _WAYS:
                over = sum(is_over(case, answer(case)) for case in cases)
                rows.append((name, who, way, len(cases), over, f"{over / len(cases):.0%}"))
    head = ("everyday complaints", "age", "told how", "cases", "more urgent than the source", "share")
    return table(head, rows)


def _by_age(cases: Iterable[Vignette]) -> Iterable[tuple[str, list[Vignette]]]:
    """Adults, children and cases whose age is not told, which are judged as children too."""
    groups: dict[str, list[Vignette]] = {"adult": [], "child": [], "not told": []}
    for case in cases:
        if case.age_months is not None or (case.age_years is not None and case.age_years < 18):
            groups["child"].append(case)
        else:
            groups["not told" if case.age_years is None else "adult"].append(case)
    return [(name, found) for name, found in groups.items() if found]


if __name__ == "__main__":
    main()
