"""How fast the web application answers: the board with 200 running infusions, the inbox of as many patients.

    python -m benchmarks.web [--infusions 200] [--write]

Every infusion has its own patient, plan and state. "Warm" is a board that is asked for again a second later,
with one entry written meanwhile. ``--write`` puts the table into docs/benchmarks.md.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median
from tempfile import TemporaryDirectory

from ivigil.course import Plan
from ivigil.infusion.events import PatientInformed
from ivigil.practice.bedside import look, report
from ivigil.practice.board import Board
from ivigil.practice.inbox import Post
from ivigil.practice.ward import Ward
from ivigil.records.finding import infusions
from ivigil.records.journal import system_clock
from tests.support.fictional_ward import NOW, FictionalWard
from tests.support.orders import knowledge
from tests.support.web import SITE, Browser, Web
from tools.report import DOCS, table, write_section

ROUNDS = 15
MINUTES_UNDER_WAY = (20, 180)
ENDED_AGO = 420
INBOX = 50
_MS = 1000

Row = tuple[str, str, str]
"""What, figure, aim."""


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--infusions", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    load = os.getloadavg()[0]
    with TemporaryDirectory() as folder:
        found = [*_board(Path(folder) / "board", options.infusions), *_inbox(Path(folder) / "inbox")]
    machine = f"{os.cpu_count()} cores, with a load of {load:.1f} from other work at the start"
    text = f"## The board and the inbox\n\n{machine}. Medians.\n\n{table(['what', 'figure', 'aim'], found)}"
    print(text)
    if options.write:
        write_section(DOCS / "benchmarks.md", "web-board", text)


def _board(folder: Path, count: int) -> list[Row]:
    web, ward, plans = _played(folder, count, running=True)
    base, journal = knowledge(), web.journal
    following = Ward(journal)
    began = time.perf_counter()
    following.board(base, NOW)
    cold = time.perf_counter() - began
    at = iter(range(1, 10_000))
    warm = _timed(lambda: _next(following, ward, plans[0], next(at)))
    one = _timed(lambda: report(look(journal, infusions(journal)[0].subject, base, NOW)))
    browser = web.browser("nurse")
    browser.get("/board")
    page = _timed(lambda: _page(web, browser))
    weight = len(browser.get("/board").content)
    return [
        (f"board of {count} running infusions, first look after a start", _ms(cold), ""),
        ("the same a second later, one entry written meanwhile", _ms(warm), "250 ms"),
        ("  against looking at each chair anew", f"{warm / (one * count):.3f} of it", ""),
        ("the live part through the application, with its page of HTML", _ms(page), ""),
        ("  its weight before compression", f"{weight / _MS:.0f} kB", ""),
    ]


def _inbox(folder: Path) -> list[Row]:
    web, _, _ = _played(folder, INBOX, running=False)
    post, base = Post(web.journal), knowledge()
    began = time.perf_counter()
    post.inbox(base, NOW)
    cold = time.perf_counter() - began
    warm = _timed(lambda: post.inbox(base, NOW + dt.timedelta(seconds=1)))
    return [
        (f"inbox over {INBOX} infusions that have ended, first look after a start", _ms(cold), ""),
        ("the same again", _ms(warm), ""),
    ]


def _played(folder: Path, count: int, *, running: bool) -> tuple[Web, FictionalWard, list[Plan]]:
    folder.mkdir()
    web = Web(folder)
    web.clock.ahead = NOW - system_clock()
    ward = FictionalWard(web.journal, SITE)
    low, high = MINUTES_UNDER_WAY
    plans = [
        ward.played(
            f"B-{number}",
            f"Patient Fictional {number}",
            minutes_ago=low + number % (high - low) if running else ENDED_AGO,
            chair=f"{number}",
        )
        for number in range(count)
    ]
    return web, ward, plans


def _next(following: Ward, ward: FictionalWard, plan: Plan, second: int) -> Board:
    ward.happens(plan, PatientInformed())
    return following.board(knowledge(), NOW + dt.timedelta(seconds=second))


def _page(web: Web, browser: Browser) -> None:
    web.clock.passes(seconds=1)
    assert browser.get("/board?part=infusions").status_code == 200


def _timed(work: Callable[[], object]) -> float:
    """The median of some rounds, in seconds."""
    times = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        work()
        times.append(time.perf_counter() - began)
    return median(times)


def _ms(seconds: float) -> str:
    return f"{seconds * _MS:,.0f} ms"


if __name__ == "__main__":
    main()
