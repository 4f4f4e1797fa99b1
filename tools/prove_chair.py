"""A thousand cuts at the chair: none of the entries is lost, none doubled, no step up after an unseen stop.

    python -m tools.prove_chair [--cuts 1000] [--seed 1] [--write]

A real Chromium, a proxy and a server in processes of their own; the network, sockets, requests, answers, the
proxy and the server go at random while a nurse enters. Each round is a further patient, and in each somebody
else stops the infusion while the page cannot know of it.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import msgspec
from playwright.sync_api import Browser
from rich.progress import Progress

from tests.support import cuts
from tests.support.chair_server import Server
from tests.support.chair_stage import Chairs, path
from tests.support.chromium import launched, signed_in
from tests.support.proxy import Proxy
from tests.support.web import PASSWORD, Web
from tools.faults.bounds import verdict
from tools.report import DOCS, counts, write_section

DOCUMENT = DOCS / "web-proof.md"
_ROUND = 20


class Figures(msgspec.Struct):
    """What the rounds came to."""

    rounds: int = 0
    entries: int = 0
    lost: int = 0
    doubled: int = 0
    disordered: int = 0
    """Rounds whose readings stand in another order than they were entered in."""
    onward: int = 0
    onward_while_cut: int = 0
    onward_after_stop: int = 0
    after_stop: int = 0
    """Rounds in which a step up was in view after the stop."""
    seconds: float = 0
    by_kind: Counter[str] = msgspec.field(default_factory=Counter)
    """Cuts."""

    def add(self, came: cuts.Told) -> None:
        self.rounds += 1
        self.entries += len(came.entered)
        self.lost += len(set(came.entered) - set(came.written))
        self.doubled += len(came.written) - len(set(came.written))
        self.disordered += came.written != came.entered
        self.onward += came.onward
        self.onward_while_cut += came.onward_while_cut
        self.onward_after_stop += came.onward_after_stop
        self.after_stop += bool(came.onward_after_stop)
        self.by_kind += came.cuts

    @property
    def faulty(self) -> bool:
        wrong = self.lost + self.doubled + self.disordered + self.onward_while_cut + self.onward_after_stop
        return wrong > 0 or not self.onward


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--cuts", type=int, default=1000, help="entries, each with a cut")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--write", action="store_true", help="write docs/web-proof.md")
    asked = parser.parse_args()
    figures, began, rounds = Figures(), time.monotonic(), -(-asked.cuts // _ROUND)
    with Progress() as progress:
        task = progress.add_task("cuts at the chair", total=rounds * _ROUND)
        for _ in _rounds(figures, asked.seed, rounds):
            progress.update(task, completed=figures.entries)
            progress.console.print(_line(figures))
    figures.seconds = time.monotonic() - began
    text = report(figures)
    print(text)
    if asked.write:
        write_section(DOCUMENT, "chair", text)
    return 1 if figures.faulty else 0


def _rounds(figures: Figures, seed: int, rounds: int) -> Iterator[None]:
    """One after the other, until the last or the first that finds something."""
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        chairs = Chairs(Web(Path(folder)))
        for number in range(rounds):
            figures.add(_round(browser, chairs, seed + number))
            yield
            if figures.faulty:
                return


def _round(browser: Browser, chairs: Chairs, seed: int) -> cuts.Told:
    plan, server = cuts.tempting(chairs), Server(chairs.web)
    server.start()
    proxy = Proxy(server.port)
    try:
        proxy.start()
        page = signed_in(browser.new_context(), proxy.address, "nurse", PASSWORD)
        page.goto(f"{proxy.address}{path(plan)}")
        page.wait_for_selector("html[data-chair=ready]", state="attached")
        bed = cuts.Bed(page, chairs, plan, proxy.address, server, proxy)
        came = cuts.run(bed, _ROUND, seed, stop=True)
        page.context.close()
        return came
    finally:
        proxy.kill()
        server.kill()


def _line(figures: Figures) -> str:
    return (
        f"round {figures.rounds}: {figures.entries} entries, {figures.lost} lost, {figures.doubled} doubled, "
        f"{figures.disordered} out of order, {figures.onward_after_stop} steps up after an unseen stop"
    )


def report(figures: Figures) -> str:
    """The section of the document."""
    rows = [
        ("entries that the page called saved or waiting", figures.entries),
        ("cuts", figures.by_kind.total()),
        *((f"of those: {kind}", count) for kind, count in sorted(figures.by_kind.items())),
        ("entries lost", figures.lost),
        ("entries doubled", figures.doubled),
        ("rounds with entries out of their order", figures.disordered),
        ("looks with a step up in view, the page fresh", figures.onward),
        ("looks with one while the page knew itself cut off", figures.onward_while_cut),
        ("stops by somebody else while the page was cut off", figures.rounds),
        ("of those, with a step up in view 10 s later or at any time after", figures.after_stop),
    ]
    proven = (
        verdict(figures.lost + figures.doubled, figures.entries, "entries lost or doubled", "entries"),
        verdict(figures.after_stop, figures.rounds, "unseen stops followed by a step up", "stops"),
        f"For cuts drawn as here. It took {figures.seconds / 60:.0f} minutes.",
    )
    return "\n\n".join(("## Cuts at the chair", counts(rows), " ".join(proven)))


if __name__ == "__main__":
    raise SystemExit(main())
