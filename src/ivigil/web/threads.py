"""Handlers that wait for the journal run in threads, so that nobody waits for somebody else's disk.

A handler says so itself (``sync_to_thread=True``). Litestar 2.25 wraps such a handler each time that it is
registered, which it does again when a second method joins its path; wrapped twice, it answers with a
coroutine. So it is wrapped here, once, before it is registered.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial, wraps
from typing import ParamSpec, TypeVar

from anyio import to_thread
from litestar.handlers import HTTPRouteHandler

P = ParamSpec("P")
T = TypeVar("T")


def wrapped(handler: HTTPRouteHandler) -> HTTPRouteHandler:
    """The same handler, its function in a thread if it asked for one."""
    if handler.sync_to_thread:
        handler._fn = _in_thread(handler.fn)
        handler.sync_to_thread = None
    return handler


def _in_thread(function: Callable[P, T]) -> Callable[P, Awaitable[T]]:
    @wraps(function)
    async def run(*args: P.args, **kwargs: P.kwargs) -> T:
        return await to_thread.run_sync(partial(function, *args, **kwargs))

    return run
