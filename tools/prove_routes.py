"""Every route asked at random, from its description, by nobody and by each role: what never may be answered.

python -m tools.prove_routes [--examples 40] [--seed 1] [--write]
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from pathlib import Path

from rich.progress import Progress

from tests.support.fuzz import VISITORS, Target
from tools.faults.bounds import verdict
from tools.report import DOCS, counts, write_section

DOCUMENT = DOCS / "web-proof.md"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--examples", type=int, default=40, help="requests a route and visitor, about")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/web-proof.md")
    options = parser.parse_args()
    asked: Counter[str] = Counter()
    faults: list[str] = []
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, Progress() as progress:
        target = Target(Path(folder))
        routes = sum(map(len, target.description["paths"].values()))
        for visitor in progress.track(VISITORS, description="visitors"):
            faults += target.faults(options.examples, options.seed, asked, (visitor,))
    text = report(asked, faults, routes, time.monotonic() - began)
    print(text, *faults, sep="\n")
    if options.write:
        write_section(DOCUMENT, "routes", text)
    return 1 if faults else 0


def report(asked: Counter[str], faults: list[str], routes: int, seconds: float) -> str:
    """The section of the document."""
    rows = [
        ("routes", routes),
        ("visitors: nobody, and one of each role", len(VISITORS)),
        ("requests answered", asked.total()),
        *((f"of those: {status}", count) for status, count in sorted(asked.items())),
        ("kinds of fault", len(faults)),
    ]
    proven = (
        verdict(len(faults), asked.total(), "requests answered wrongly", "requests"),
        f"For requests drawn as here. It took {seconds / 60:.0f} minutes.",
    )
    return "\n\n".join(("## Every route", counts(rows), " ".join(proven)))


if __name__ == "__main__":
    raise SystemExit(main())
