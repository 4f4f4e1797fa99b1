"""Write the tables of docs/kinetics-models.md from the fact base: python -m tools.kinetics_models --write."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from pathlib import Path

from ivigil.knowledge.kinetics import PopulationModel
from ivigil.knowledge.store import Knowledge, load

PAGE = Path(__file__).parent.parent / "docs/kinetics-models.md"
HANDS = {1: "first", 2: "second", 3: "third"}


def written(page: str, knowledge: Knowledge) -> str:
    """The page with its tables made anew; each stands between two comments that name it."""
    for name, lines in (("models", _models(knowledge)), ("refused", _refused(knowledge))):
        begin, end = f"<!-- {name} -->\n", f"<!-- end {name} -->"
        before, _, rest = page.partition(begin)
        _, _, after = rest.partition(end)
        page = "".join((before, begin, *(f"{line}\n" for line in lines), end, after))
    return page


def _models(knowledge: Knowledge) -> Iterator[str]:
    yield from _row(["model", "use", "evidence", "hand", "n", "own IgG", "what to know"])
    yield from _row(["---"] * 7)
    for model in _by_use(knowledge.facts.population_model):
        verdict = model.verdict
        first = f", first in {', '.join(verdict.default_for)}" if verdict.default_for else ""
        yield from _row(
            [
                f"`{model.id}`",
                f"{verdict.status.replace('_', ' ')}{first}",
                verdict.grade,
                HANDS[len(model.chain)],
                str(model.patients or ""),
                model.endogenous.replace("_", " "),
                ", ".join(item.kind.replace("_", " ") for item in model.cautions),
            ]
        )


def _by_use(models: Iterable[PopulationModel]) -> list[PopulationModel]:
    order = ("usable", "typical_values_only")
    return sorted(
        (item for item in models if item.verdict.status in order),
        key=lambda item: (order.index(item.verdict.status), item.id),
    )


def _refused(knowledge: Knowledge) -> Iterator[str]:
    yield from _row(["model", "why"])
    yield from _row(["---"] * 2)
    for model in knowledge.facts.population_model:
        if model.verdict.status == "refused":
            yield from _row([model.name, model.verdict.text])


def _row(cells: list[str]) -> Iterator[str]:
    yield f"| {' | '.join(cells)} |"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write the page; else print it")
    page = written(PAGE.read_text(), load())
    if parser.parse_args().write:
        PAGE.write_text(page)
    else:
        print(page)


if __name__ == "__main__":
    main()
