"""A real PostgreSQL server that the tests start, stop and kill themselves."""

from __future__ import annotations

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

USERS = ("postgres", "nobody")
"""Whom the server runs as when the tests run as root: PostgreSQL refuses root."""


def programs() -> Path:
    """The folder of ``initdb`` and ``pg_ctl``. Raises FileNotFoundError if there is no PostgreSQL."""
    on_path = shutil.which("pg_ctl")
    if on_path:
        return Path(on_path).resolve().parent
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name))
    if not debian:
        raise FileNotFoundError("no PostgreSQL server found: install it (Debian: apt-get install postgresql)")
    return debian[-1]


class Postgres:
    """One server with its data in a folder of its own, on a Unix socket, trusting everybody there."""

    def __init__(self, folder: Path) -> None:
        self._programs = programs()
        self._folder = folder
        self._data = folder / "data"
        self._user = next((u for u in USERS if _exists(u)), None) if os.geteuid() == 0 else None
        if self._user:
            shutil.chown(folder, self._user)
        self._run("initdb", "-D", str(self._data), "-U", "ivigil", "-A", "trust", "--no-instructions")

    def start(self, **settings: str) -> None:
        """Start, with settings such as ``fsync="off"`` for this start alone."""
        options = {"listen_addresses": "", "unix_socket_directories": str(self._folder), **settings}
        text = " ".join(f"-c {name}='{value}'" for name, value in options.items())
        self._pg_ctl("start", "-o", text, "-l", str(self._folder / "log"))

    def stop(self, mode: str = "fast") -> None:
        """``fast``: an orderly stop; ``immediate``: as in a crash."""
        self._pg_ctl("stop", "-m", mode)

    def kill(self) -> None:
        """Kill every process of the server at once, as the system does when it runs out of memory."""
        postmaster = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(postmaster, signal.SIGSTOP)  # it starts no other while they are counted
        doomed = [*_children(postmaster), postmaster]
        for process in doomed:
            os.kill(process, signal.SIGKILL)
        while any(_runs(process) for process in doomed):
            time.sleep(0.005)
        # Where nobody collects the dead, the next start would take their number for a living server.
        for lock in (self._data / "postmaster.pid", *self._folder.glob(".s.PGSQL.*.lock")):
            lock.unlink()

    def url(self, database: str) -> str:
        return f"postgresql://ivigil@/{database}?host={self._folder}"

    def new_database(self) -> str:
        """The address of a fresh, empty place: a schema, which is made faster than a database."""
        name = f"journal_{uuid.uuid4().hex}"
        self.sql("postgres", f"CREATE SCHEMA {name}")
        return f"{self.url('postgres')}&options=-csearch_path%3D{name}"

    def sql(self, database: str, statement: str) -> None:
        """Run a statement outside the journal."""
        import psycopg

        with psycopg.connect(self.url(database), autocommit=True) as connection:
            connection.execute(statement.encode())

    def _pg_ctl(self, *arguments: str) -> None:
        self._run("pg_ctl", "-D", str(self._data), "-w", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        ran = subprocess.run(
            [str(self._programs / program), *arguments],
            user=self._user,
            cwd=self._folder,
            stdin=subprocess.DEVNULL,
            # Not pipes: the server would inherit them, and waiting for their end would never end.
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            check=False,
        )
        if ran.returncode:
            log = self._folder / "log"
            raise RuntimeError(f"{program} failed: {log.read_text() if log.exists() else 'it wrote no log'}")


@contextmanager
def running() -> Iterator[Postgres]:
    """A running server, stopped and removed at the end."""
    # Not pytest's folder: the server's user may not enter that.
    with tempfile.TemporaryDirectory(prefix="ivigil-pg-") as folder:
        server = Postgres(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.stop("immediate")


def _children(parent: int) -> list[int]:
    found = []
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            if int(_after_name(stat)[1]) == parent:
                found.append(int(stat.parent.name))
    return found


def _runs(process: int) -> bool:
    """Whether it is there and not merely waiting to be collected by whoever started it."""
    try:
        return _after_name(Path(f"/proc/{process}/stat"))[0] != "Z"
    except OSError:
        return False


def _after_name(stat: Path) -> list[str]:
    """State, parent and so on: what follows the name in parentheses."""
    return stat.read_text().rpartition(")")[2].split()


def _exists(user: str) -> bool:
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True
