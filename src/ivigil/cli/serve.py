"""``ivigil serve``: the web application, on this machine alone unless a proxy stands in front."""

from __future__ import annotations

import argparse
import datetime as dt
import signal
import socket
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from ivigil.cli.journaling import add_place, guarded
from ivigil.cli.main import OK
from ivigil.cli.naming import InputError
from ivigil.knowledge.wording import ENGLISH

if TYPE_CHECKING:
    from ivigil.web.settings import ProviderSettings, Settings

_MISSING = "the web application needs its libraries: install ivigil[web]"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_place(parser)
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: %(default)s)")
    parser.add_argument("--port", type=int, default=8080, help="port; 0: any free one (default: %(default)s)")
    parser.add_argument(
        "--demo", action="store_true", help="fictional people in a journal that ends with the server"
    )
    parser.add_argument("--behind-proxy", action="store_true", help="a proxy in front speaks HTTPS")
    parser.add_argument(
        "--name",
        action="append",
        default=[],
        metavar="HOST",
        help="name that browsers ask for",
    )
    parser.add_argument(
        "--language", default=ENGLISH, metavar="CODE", help="of the pages for staff (default: %(default)s)"
    )
    parser.add_argument("--oidc", metavar="FILE", help="an OpenID Connect provider at which staff sign in")
    for flag, what in _SPANS.items():
        unit, text = what
        parser.add_argument(f"--{flag}", type=_positive, metavar=unit.upper(), help=f"{unit} {text}")


_SPANS = {
    "lock-after": ("minutes", "without a touch until the screen locks"),
    "idle-limit": ("minutes", "without a touch until the session ends"),
    "absolute-limit": ("hours", "until a session ends whatever happens"),
}
"""Time-outs: their unit and what they are. Defaults are those of ``Settings``."""


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text!r}; accepted: a whole number above 0")
    return int(text)


def _spans(options: argparse.Namespace) -> dict[str, dt.timedelta]:
    """The time-outs that were given."""
    given = ((flag.replace("-", "_"), unit) for flag, (unit, _) in _SPANS.items())
    return {
        name: dt.timedelta(**{unit: getattr(options, name)})
        for name, unit in given
        if getattr(options, name) is not None
    }


def run(options: argparse.Namespace) -> int:
    try:
        import uvicorn  # noqa: F401

        from ivigil.web import settings as web
    except ModuleNotFoundError as error:
        raise InputError(_MISSING) from error
    spans = _spans(options)
    provider = _provider(options.oidc) if options.oidc else None
    settings = web.Settings(
        journal=options.journal,
        secrets=options.secrets,
        site=options.site,
        host=options.host,
        port=options.port,
        names=tuple(options.name),
        behind_proxy=options.behind_proxy,
        demo=options.demo,
        language=options.language,
        provider=provider,
        **spans,
    )
    try:
        web.check(settings)
    except web.SettingsError as error:
        raise InputError(str(error)) from error
    return guarded(lambda: _demo(settings, spans) if settings.demo else _serve(settings), "serve")


def _provider(path: str) -> ProviderSettings:
    from ivigil.web import settings as web

    try:
        import httpx  # noqa: F401
        import joserfc  # noqa: F401
    except ModuleNotFoundError as error:
        raise InputError("--oidc needs its libraries: install ivigil[oidc]") from error
    try:
        return web.read_provider(path)
    except web.SettingsError as error:
        raise InputError(str(error)) from error


def _demo(settings: Settings, spans: dict[str, dt.timedelta]) -> int:
    from ivigil.web import demo

    with tempfile.TemporaryDirectory(prefix="ivigil-demo-") as folder:
        made = demo.make(Path(folder), settings.host, settings.port, settings.site)
        print("Demonstration: every person and patient is fictional; all is gone when the server stops.")
        print(f"  Password of everybody   {demo.PASSWORD}")
        for sign_in, name, _ in (*demo.PEOPLE, demo.PATIENT):
            print(f"  {sign_in:<22}  {name}")
        return _serve(replace(made, provider=settings.provider, language=settings.language, **spans))


def _serve(settings: Settings) -> int:
    import uvicorn

    from ivigil.web import serving
    from ivigil.web.app import make_app
    from ivigil.web.settings import SettingsError

    with _listening(settings.host, settings.port) as listening:
        settings = replace(settings, port=listening.getsockname()[1])
        try:
            app = make_app(settings)
        except SettingsError as error:
            raise InputError(str(error)) from error
        # A polite end is one like Ctrl+C: what the demonstration wrote is taken away.
        signal.signal(signal.SIGTERM, signal.default_int_handler)
        config = serving.config(app, proxy_headers=settings.behind_proxy)
        with suppress(KeyboardInterrupt):
            print(f"Ivigil at {settings.address} (stop it with Ctrl+C)", flush=True)
            uvicorn.Server(config).run(sockets=[listening])
    return OK


def _listening(host: str, port: int) -> socket.socket:
    """The socket, before anything is made. Raises InputError if the address cannot be had."""
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family)
    except (OSError, OverflowError) as error:
        raise InputError(f"--host {host} --port {port}: cannot listen there: {error}") from error
