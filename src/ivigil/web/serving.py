"""How uvicorn serves the application: nobody holds the server up by being slow, gone or many."""

from __future__ import annotations

import asyncio
from typing import Any

from litestar import Litestar
from uvicorn import Config
from uvicorn.protocols.http.h11_impl import H11Protocol

PATIENCE_S = 15.0
"""A request must be whole within this time, from its connection or its first byte."""
CONNECTIONS = 1_000
"""At most so many at once; whoever comes after is told to try again."""
_HEADERS_BYTES = 32_768


def config(app: Litestar, *, proxy_headers: bool = False, patience_s: float = PATIENCE_S) -> Config:
    """The settings of a server on a socket that listens already."""

    class Impatient(_Impatient):
        patience = patience_s

    return Config(
        app,
        http=Impatient,
        access_log=False,
        log_level="warning",
        proxy_headers=proxy_headers,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        h11_max_incomplete_event_size=_HEADERS_BYTES,
    )


class _Impatient(H11Protocol):
    """Closes a connection whose request does not come to its end. uvicorn itself would wait for ever."""

    patience: float
    _waiting: asyncio.TimerHandle | None = None

    def connection_made(self, transport: Any) -> None:
        super().connection_made(transport)
        self._wait()

    def data_received(self, data: bytes) -> None:
        self._wait()
        super().data_received(data)
        if self._whole():
            self._stop_waiting()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_waiting()
        super().connection_lost(exc)

    def _whole(self) -> bool:
        """Whether the request is all here and its answer under way."""
        return self.cycle is not None and not self.cycle.more_body and not self.cycle.response_complete

    def _wait(self) -> None:
        if self._waiting is None:
            self._waiting = self.loop.call_later(self.patience, self.transport.abort)

    def _stop_waiting(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
