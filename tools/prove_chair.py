"""A thousand cuts of the connection at the chair: none of the entries is lost, none doubled.

``python -m tools.prove_chair --cuts 1000``: a real Chromium, a server in a process of its own; the network,
requests, answers and the server go at random while a nurse enters. Each round is a further patient.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

from playwright.sync_api import Browser

from ivigil.course import Plan
from tests.support import cuts
from tests.support.chair_server import Server
from tests.support.chair_stage import Chairs, path
from tests.support.chromium import launched, signed_in
from tests.support.web import PASSWORD, Web

_ROUND = 20


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cuts", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    asked = parser.parse_args()
    entered = lost = doubled = onward = 0
    began = time.monotonic()
    with tempfile.TemporaryDirectory() as folder, launched() as browser:
        chairs = Chairs(Web(Path(folder)))
        for seed in range(asked.seed, asked.seed + -(-asked.cuts // _ROUND)):
            chairs.at(40)
            plan, server = chairs.plan(), Server(chairs.web)
            try:
                came = _round(browser, chairs, plan, server, seed)
            finally:
                server.kill()
            entered += len(came.entered)
            lost += len(set(came.entered) - set(came.written))
            doubled += len(came.written) - len(set(came.written))
            onward += came.onward_while_cut
            in_order = came.written == came.entered
            print(
                f"seed {seed}: {entered} entries, {lost} lost, {doubled} doubled, in order: {in_order}",
                flush=True,
            )
            if lost or doubled or onward or not in_order:
                return 1
    print(
        f"{entered} entries under as many cuts in {time.monotonic() - began:.0f} s: none lost, none doubled"
    )
    return 0


def _round(browser: Browser, chairs: Chairs, plan: Plan, server: Server, seed: int) -> cuts.Told:
    server.start()
    page = signed_in(browser.new_context(), server.address, "nurse", PASSWORD)
    page.goto(f"{server.address}{path(plan)}")
    page.wait_for_selector("html[data-chair=ready]", state="attached")
    came = cuts.run(cuts.Bed(page, chairs, plan, server.address, server), _ROUND, seed)
    page.context.close()
    return came


if __name__ == "__main__":
    raise SystemExit(main())
