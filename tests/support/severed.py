"""A line to PostgreSQL that breaks at COMMIT: before the server hears it, or before its answer comes back."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from select import select

from sqlalchemy import make_url

SOCKET = ".s.PGSQL.5432"
CHUNK = 1 << 16
COMMIT = b"Q\0\0\0\x0bCOMMIT\0"
DONE = b"COMMIT\0"


class Line:
    """Passes everything on until ``break_at_commit`` is set; then breaks once."""

    def __init__(self, server: Path, folder: Path) -> None:
        self.break_at_commit = ""
        """"before": the server does not hear it; "after": its answer is lost; "": it holds."""
        self._server = server / SOCKET
        self._door = socket.socket(socket.AF_UNIX)
        self._door.bind(str(folder / SOCKET))
        self._door.listen()
        threading.Thread(target=self._serve, daemon=True).start()

    def close(self) -> None:
        """Take no more callers."""
        self._door.close()

    def _serve(self) -> None:
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._pass_on, args=(caller,), daemon=True).start()

    def _pass_on(self, caller: socket.socket) -> None:
        with caller, socket.socket(socket.AF_UNIX) as server:
            server.connect(str(self._server))
            while True:
                for source in select([caller, server], [], [])[0]:
                    data = source.recv(CHUNK)
                    if not data:
                        return
                    if source is server:
                        caller.sendall(data)
                    elif COMMIT in data and self.break_at_commit:
                        self._break(server, data)
                        return
                    else:
                        server.sendall(data)

    def _break(self, server: socket.socket, data: bytes) -> None:
        when, self.break_at_commit = self.break_at_commit, ""
        if when == "after":
            server.sendall(data)
            while DONE not in (answer := server.recv(CHUNK)):
                assert answer, "the server went away by itself"


@contextmanager
def line(url: str, folder: Path) -> Iterator[tuple[Line, str]]:
    """A line to the server of this address, and the address at its near end."""
    far = make_url(url)
    near = far.update_query_dict({"host": str(folder)})
    opened = Line(Path(str(far.query["host"])), folder)
    try:
        yield opened, near.render_as_string()
    finally:
        opened.close()
