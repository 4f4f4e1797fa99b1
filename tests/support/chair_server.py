"""A server in a process of its own, over a test's journal, that can be killed at any moment."""

from __future__ import annotations

import datetime as dt
import os
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ivigil.records.journal import system_clock
from ivigil.web.settings import Settings
from tests.support.web import Web

_PATIENCE_S = 30


class Server:
    """Runs until it is killed; begins again on the same port."""

    def __init__(self, web: Web) -> None:
        self.source: Path | None = None
        """A folder with another version of the package, which runs from the next start on; None: ours."""
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.address = f"http://127.0.0.1:{self.port}"
        self._web = web
        self._running: subprocess.Popen[bytes] | None = None
        self._said = tempfile.TemporaryFile()  # noqa: SIM115

    def start(self) -> None:
        """Returns once it answers; nothing if it runs. It must not have ended by itself."""
        assert self.fell is None, f"the server fell by itself: {self.why}"
        if self._running is not None:
            return
        settings, ahead = self._web.settings, self._web.clock.ahead.total_seconds()
        words = [settings.journal, str(settings.secrets), str(self.port), str(ahead)]
        self._running = subprocess.Popen(
            [sys.executable, "-X", "faulthandler", "-m", "tests.support.chair_server", *words],
            stderr=self._said,
            env={**os.environ, "PYTHONPATH": str(self.source or "")},
        )
        until = time.monotonic() + _PATIENCE_S
        while not _answers(self.port):
            assert self.fell is None, f"the server did not start: {self.why}"
            assert time.monotonic() < until, f"the server did not start in {_PATIENCE_S} s: {self.why}"
            time.sleep(0.05)

    @property
    def fell(self) -> int | None:
        """What it ended with by itself; None: it runs, or we killed it."""
        return self._running.poll() if self._running is not None else None

    @property
    def why(self) -> str:
        """What it ended with, and what it said last."""
        self._said.seek(0)
        return (
            f"ended with {self.fell}; {self._said.read()[-6_000:].decode(errors='replace') or 'said nothing'}"
        )

    def kill(self) -> None:
        """Without a word, in the middle of whatever it does."""
        if self._running is not None:
            self._running.kill()
            self._running.wait()
            self._running = None


def _answers(port: int) -> bool:
    with socket.socket() as asked:
        return asked.connect_ex(("127.0.0.1", port)) == 0


def main() -> None:
    import uvicorn

    from ivigil.web.app import make_app

    journal, secrets, port, ahead = sys.argv[1:]
    by = dt.timedelta(seconds=float(ahead))
    settings = Settings(journal=journal, secrets=Path(secrets))
    app = make_app(settings, clock=lambda: system_clock() + by)
    uvicorn.run(app, host="127.0.0.1", port=int(port), log_level="error", access_log=False)


if __name__ == "__main__":
    main()
