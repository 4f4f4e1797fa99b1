"""``make_app(settings)``: the journal opened, the pages behind one guard, the same headers on all."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path

from litestar import Litestar, get
from litestar.config.compression import CompressionConfig
from litestar.datastructures import CacheControlHeader, State
from litestar.di import Provide
from litestar.exceptions import NotFoundException
from litestar.middleware import DefineMiddleware
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.params import FromPath
from litestar.response import Redirect
from litestar.router import Router
from litestar.static_files import create_static_files_router
from litestar.types import ControllerRouterHandler

import ivigil
from ivigil.knowledge.wording import ENGLISH
from ivigil.practice.entry import UNNAMED_SITE
from ivigil.records.drafts import is_line
from ivigil.records.journal import Journal, system_clock
from ivigil.web import errors, headers, shell, visit
from ivigil.web import settings as rules
from ivigil.web.access.guards import guard
from ivigil.web.access.rules import PUBLIC
from ivigil.web.access.way_in import Door, WayIn, set_cookies
from ivigil.web.described import described
from ivigil.web.settings import Settings, SettingsError
from ivigil.web.threads import wrapped

PAGES = (
    "audit",
    "board",
    "chair",
    "facts",
    "glass",
    "inbox",
    "levels",
    "link",
    "lots",
    "me",
    "patients",
    "people",
    "plan",
    "plans",
    "plan_new",
    "products",
    "provider",
    "results",
    "sign_in",
    "sign_off",
    "status",
)
"""The modules in ``pages`` whose ``routes`` are served."""
_WORTH_IT_BYTES, _QUICK = 1_500, 4
"""Compression: what fits a packet travels as it is; a tenth is left of a page after 2 ms."""
_KEPT = CacheControlHeader(max_age=31_536_000, public=True, immutable=True)


def make_app(settings: Settings, *, clock: Callable[[], dt.datetime] = system_clock) -> Litestar:
    """The application over an existing journal.

    Raises SettingsError, JournalRefusedError, JournalUnavailableError, KnowledgeError: it never starts half.
    """
    rules.check(settings)
    site_name(settings)
    journal = Journal.open(settings.journal, settings.secrets, clock=clock)
    door = Door(settings, journal, lambda: site_name(settings), clock)
    if door.language() is None:
        journal.close()
        raise SettingsError(
            f"--language {settings.language}: no translation for staff that two people of the site signed; "
            f"accepted: {ENGLISH}, or a language of its overlay"
        )

    @asynccontextmanager
    async def open_journal(_: Litestar) -> AsyncIterator[None]:
        yield
        journal.close()

    return Litestar(
        route_handlers=[*_handlers()],
        state=State({"door": door}),
        guards=[guard],
        middleware=[DefineMiddleware(WayIn, exclude="^/static/")],
        before_send=[headers.set_headers, set_cookies],
        compression_config=CompressionConfig(
            backend="gzip", minimum_size=_WORTH_IT_BYTES, gzip_compress_level=_QUICK
        ),
        exception_handlers=errors.HANDLERS,
        dependencies={"visit": Provide(visit.provide, sync_to_thread=True)},
        openapi_config=_openapi(),
        logging_config=None,
        lifespan=[open_journal],
        request_max_body_size=1_000_000,
        debug=False,
    )


def site_name(settings: Settings) -> str:
    """The name of the site as its overlay gives it now. Raises SettingsError if no event could carry it."""
    name = ivigil.load_knowledge(settings.site).site.name or UNNAMED_SITE
    if not is_line(name):
        raise SettingsError(f"--site: name {name!r}; accepted: printable characters on one line")
    return name


def _handlers() -> list[ControllerRouterHandler]:
    files = create_static_files_router(
        shell.STATIC_PATH, [shell.STATIC], cache_control=_KEPT, opt={"needs": PUBLIC}
    )
    pages = [import_module(f"ivigil.web.pages.{name}") for name in PAGES]
    return [
        files,
        wrapped(former),
        *(described(wrapped(handler)) for page in pages for handler in page.routes),
    ]


@get("/static/{build:str}/{name:path}", needs=PUBLIC, include_in_schema=False, sync_to_thread=True)
def former(build: FromPath[str], name: FromPath[Path]) -> Redirect:
    """A file of a version that was replaced while a page was on its way: the present one instead."""
    wanted = name.as_posix().lstrip("/")
    if wanted not in {path.relative_to(shell.STATIC).as_posix() for path in shell.STATIC.rglob("*.*")}:
        raise NotFoundException(detail="no such file")
    return Redirect(shell.static(wanted), status_code=307)


def _openapi() -> OpenAPIConfig:
    """The description of every route, as JSON alone: no page that loads a script from elsewhere."""
    router = Router("/schema", route_handlers=[], opt={"needs": "status.read"}, include_in_schema=False)
    return OpenAPIConfig(
        title="Ivigil",
        version="1",
        render_plugins=[JsonRenderPlugin(path="/openapi.json")],
        openapi_router=router,
    )
