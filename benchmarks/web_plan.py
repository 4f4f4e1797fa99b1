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
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from ivigil.intake import read_order
from ivigil.intake.form import Typed, values_of
from ivigil.knowledge.store import Knowledge, load
from ivigil.release import checked_plan
from ivigil.web import demo
from tools.report import DOCS, write_section

ROOT = Path(__file__).parent.parent
EXAMPLES = sorted((ROOT / "examples").glob("*.toml"))
WARM_UP = 30
REQUESTS = 600
AIM_MS = 50
MS = 1000
_TOKEN = re.compile(r'name="form_token" value="([0-9a-f]{64})"')
_SERVER = """
import sys, uvicorn
from pathlib import Path
from ivigil.web import demo
from ivigil.web.app import make_app
settings = demo.make(Path(sys.argv[1]), "127.0.0.1", int(sys.argv[2]), None)
uvicorn.run(make_app(settings), host="127.0.0.1", port=int(sys.argv[2]), log_level="error")
"""


def main() -> None:
    """Measure and print; write the document if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md")
    options = parser.parse_args()
    knowledge = load()
    forms = list(_typed(knowledge))
    load_before = os.getloadavg()[0]
    with _served() as address:
        took, size = _round_trips(address, forms)
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


@contextmanager
def _served() -> Iterator[str]:
    with tempfile.TemporaryDirectory() as folder, socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port = str(found.getsockname()[1])
        found.close()
        server = subprocess.Popen([sys.executable, "-c", _SERVER, folder, port])
        address = f"http://127.0.0.1:{port}"
        try:
            _wait(address)
            yield address
        finally:
            server.terminate()
            server.wait()


def _wait(address: str) -> None:
    for _ in range(600):
        try:
            httpx.get(f"{address}/sign-in")
        except httpx.TransportError:
            time.sleep(0.1)
        else:
            return
    raise RuntimeError("the server did not start within a minute")


def _round_trips(address: str, forms: list[dict[str, str]]) -> tuple[list[float], int]:
    """Milliseconds of each request after the warm-up, and the bytes of the largest answer."""
    with httpx.Client(base_url=address) as browser:
        browser.post(
            "/sign-in",
            data={
                "form_token": _token(browser, "/sign-in"),
                "sign_in": "prescriber",
                "password": demo.PASSWORD,
            },
        )
        token, took, size = _token(browser, "/plans/new"), [], 0
        for values in forms:
            begin = time.perf_counter()
            answer = browser.post("/plans/preview", data={"form_token": token, **values})
            took.append((time.perf_counter() - begin) * MS)
            answer.raise_for_status()
            size = max(size, len(answer.content))
    return took[WARM_UP:], size


def _token(browser: httpx.Client, path: str) -> str:
    found = _TOKEN.search(browser.get(path).text)
    assert found, path
    return found[1]


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
    met = "met" if _centile(took, 99) <= AIM_MS else "not met"
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
            f"| round trip, median | {_centile(took, 50):.0f} ms | |",
            f"| round trip, 95th centile | {_centile(took, 95):.0f} ms | |",
            f"| round trip, 99th centile | {_centile(took, 99):.0f} ms | {AIM_MS} ms: {met} |",
            f"| round trip, the fastest | {min(took):.0f} ms | |",
            f"| of it reading, planning and the independent check, median | {_centile(alone, 50):.0f} ms | |",
            f"| largest answer | {size / MS:.0f} kB | |",
            "",
        ]
    )


def _centile(values: list[float], centile: int) -> float:
    """The smallest value that so many percent do not exceed."""
    ordered = sorted(values)
    return ordered[max(0, -(-len(ordered) * centile // 100) - 1)]


if __name__ == "__main__":
    main()
