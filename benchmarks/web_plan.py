"""How long the plan beside the form takes: a request of the browser's, over a socket, to a server of its own.

    python -m benchmarks.web_plan [--write]

The form is what somebody types one after the other: each request differs from the one before, and each is a
whole plan with the independent check. One person types at a time. ``--write`` puts the table into
docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import os
import platform
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from benchmarks.served import MS, centile, served, sign_in, timed, token
from ivigil.intake import read_order
from ivigil.intake.form import Typed, values_of
from ivigil.knowledge.store import Knowledge, load
from ivigil.release import checked_plan
from tools.report import DOCS, write_section

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
WARM_UP = 30
REQUESTS = 600
AIM_MS = 50


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    knowledge = load()
    forms = list(_typed(knowledge))
    load_before = os.getloadavg()[0]
    with served() as server:
        took, size = _round_trips(server.address, forms)
    text = _report(took, size, _alone(forms, knowledge), load_before)
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "web plan", text)


def _typed(knowledge: Knowledge) -> Iterator[dict[str, str]]:
    """The examples, the weight a little higher each time."""
    orders = [values_of(read_order(path, knowledge), knowledge) for path in EXAMPLES]
    for index in range(WARM_UP + REQUESTS):
        values = orders[index % len(orders)]
        heavier = float(values["patient.weight_kg"]) * (1 + index / (20 * REQUESTS))
        yield values | {"patient.weight_kg": f"{heavier:.1f}"}


def _round_trips(address: str, forms: list[dict[str, str]]) -> tuple[list[float], int]:
    """Milliseconds of each request after the warm-up, and the bytes of the largest answer."""
    with httpx.Client(base_url=address) as browser:
        sign_in(browser, "prescriber")
        form, took, size = token(browser, "/plans/new"), [], 0
        for values in forms:
            spent, answer = timed(browser, "/plans/preview", {"form_token": form, **values})
            took.append(spent)
            answer.raise_for_status()
            size = max(size, len(answer.content))
    return took[WARM_UP:], size


def _alone(forms: list[dict[str, str]], knowledge: Knowledge) -> list[float]:
    """Milliseconds of reading and planning the same forms, without the web."""
    took = []
    for values in forms[: WARM_UP * 2]:
        begin = time.perf_counter()
        checked_plan(Typed(values=values, author="a benchmark").read(knowledge), knowledge)
        took.append((time.perf_counter() - begin) * MS)
    return took


def _report(took: list[float], size: int, alone: list[float], load_before: float) -> str:
    cores, python = os.cpu_count(), platform.python_version()
    met = "met" if centile(took, 99) <= AIM_MS else "not met"
    return "\n".join(
        [
            "## The plan beside the form",
            "",
            f"`python -m benchmarks.web_plan` on {cores} cores, Python {python}, with a load of "
            f"{load_before:.1f} from other work at the start. {len(took)} requests one after the other, each "
            "another order, over HTTP to a server process on the same machine; each is read, planned, "
            "checked and set as HTML.",
            "",
            "| what | figure | aim |",
            "|---|---|---|",
            f"| round trip, median | {centile(took, 50):.0f} ms | |",
            f"| round trip, 95th centile | {centile(took, 95):.0f} ms | |",
            f"| round trip, 99th centile | {centile(took, 99):.0f} ms | {AIM_MS} ms: {met} |",
            f"| round trip, the fastest | {min(took):.0f} ms | |",
            f"| of it reading, planning and the independent check, median | {centile(alone, 50):.0f} ms | |",
            f"| largest answer | {size / MS:.0f} kB | |",
            "",
        ]
    )


if __name__ == "__main__":
    main()
