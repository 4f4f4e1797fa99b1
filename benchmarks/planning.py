"""How long a plan takes: the cold command, plans per second, and where the time goes.

    python -m benchmarks.planning [--write]

Every figure is the best of several rounds of one run: other work on the machine makes a round
slower, never faster. What is compared is compared in the same run, as a ratio. ``--write`` puts the
table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import cProfile
import os
import platform
import pstats
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from ivigil.intake import read_order
from ivigil.knowledge.store import Knowledge, load
from ivigil.order import Order
from ivigil.planning import plan
from ivigil.release import checked_plan
from tools.report import DOCS, write_section

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
COLD_ROUNDS = 9
WARM_ROUNDS = 25
WEIGHTS = 8
OUTSIDE = "library and interpreter"


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    knowledge = load()
    head = _head()
    lines = [*_cold(), *_warm(knowledge), "", *_profile(knowledge)]
    text = "\n".join([head, *lines, ""])
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "planning", text)


def _head() -> str:
    machine = f"{os.cpu_count()} cores, {platform.system()}, Python {platform.python_version()}"
    load = f"{os.getloadavg()[0]:.1f}"
    return "\n".join(
        [
            "# Benchmarks",
            "",
            f"`make bench` on {machine}, with a load of {load} from other work at the start.",
            "Each figure is the best of several rounds of one run; aims are those of the design. Plans per",
            "second are of processor time; the cold process is timed by the clock, which a load lengthens.",
            "",
            "| what | figure | aim |",
            "|---|---|---|",
        ]
    )


def _cold() -> list[str]:
    """The whole process, from the shell to the last line of the plan, with bytecode as installed."""
    with TemporaryDirectory() as bytecode:
        bare = _process([sys.executable, "-c", "pass"], bytecode)
        planning = [sys.executable, "-m", "ivigil", "plan", str(ROOT / "examples/kawasaki.toml")]
        whole = _process(planning, bytecode)
    return [
        f"| `ivigil plan examples/kawasaki.toml`, cold process | {whole:.2f} s | 0.3 s |",
        f"| the same, in starts of a bare interpreter | {whole / bare:.1f} | |",
    ]


def _process(command: list[str], bytecode: str) -> float:
    """Seconds of a command; the first start, which writes the bytecode, does not count."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment = {**kept, "PYTHONPYCACHEPREFIX": bytecode}

    def once() -> float:
        begin = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=environment)
        return time.perf_counter() - begin

    once()
    return min(once() for _ in range(COLD_ROUNDS))


def _orders(knowledge: Knowledge) -> list[Order]:
    """The examples, each for several weights around its own."""
    made: list[Order] = []
    for path in EXAMPLES:
        order = read_order(path, knowledge)
        weight = order.patient.weight_kg
        for index in range(WEIGHTS):
            heavier = weight + weight * index / (10 * WEIGHTS)
            patient = replace(order.patient, weight_kg=heavier.quantize(weight))
            made.append(replace(order, patient=patient))
    return made


def _warm(knowledge: Knowledge) -> list[str]:
    orders = _orders(knowledge)
    alone = _rate(orders, lambda order: plan(order, knowledge))
    checked = _rate(orders, lambda order: checked_plan(order, knowledge))
    return [
        f"| plans per second on one core, planner alone ({len(orders)} orders) | {alone:.0f} | 500 |",
        f"| plans per second, with the independent check | {checked:.0f} | |",
        f"| a checked plan takes this many times a plan | {alone / checked:.2f} | |",
    ]


def _rate(orders: list[Order], work: Callable[[Order], object]) -> float:
    """Orders per second of processor time, each at its best."""

    def once(order: Order) -> float:
        begin = time.process_time()
        work(order)
        return time.process_time() - begin

    return len(orders) / sum(min(once(order) for _ in range(WARM_ROUNDS)) for order in orders)


def _profile(knowledge: Knowledge) -> list[str]:
    """Own time of each room and of the costliest modules, in percent of a checked plan."""
    orders = _orders(knowledge)
    profile = cProfile.Profile()
    profile.enable()
    for order in orders:
        checked_plan(order, knowledge)
    profile.disable()
    spent: Counter[str] = Counter()
    for (path, _, _), (_, _, own, _, _) in pstats.Stats(profile).stats.items():  # type: ignore[attr-defined]
        spent[_module(path)] += own
    rooms: Counter[str] = Counter()
    for module, own in spent.items():
        rooms[module.split("/")[0]] += own
    del spent[OUTSIDE]
    return [
        "Where the time of a checked plan goes (own time under the profiler):",
        "",
        *_shares("room", rooms, rooms.total()),
        "",
        *_shares("module", spent, rooms.total()),
    ]


def _shares(title: str, spent: Counter[str], total: float) -> list[str]:
    rows = [f"| {name} | {100 * own / total:.0f} % |" for name, own in spent.most_common(8)]
    return [f"| {title} | share |", "|---|---|", *rows]


def _module(path: str) -> str:
    """Room and file: "planning/rates.py"."""
    try:
        return Path(path).relative_to(ROOT / "src/ivigil").as_posix()
    except ValueError:
        return OUTSIDE


if __name__ == "__main__":
    main()
