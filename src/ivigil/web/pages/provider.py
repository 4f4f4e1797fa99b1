"""To the identity provider and back: a session for whom it vouches for, if an administrator bound them."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

from anyio import to_thread
from litestar import Response, get
from litestar.exceptions import NotFoundException
from litestar.params import FromQuery
from litestar.response import Redirect

from ivigil.records.entrance import SubjectBound
from ivigil.sheets.spoken import say, texts
from ivigil.web.access.desk import Refused
from ivigil.web.access.rules import PUBLIC
from ivigil.web.access.way_in import Door, address, begin, keep_box
from ivigil.web.given import Asked
from ivigil.web.pages.sign_in import PROVIDER_PATH, capital, refused, unreachable
from ivigil.web.paths import ours

if TYPE_CHECKING:
    from ivigil.web.access.provider import Because, Provider, ProviderError

_log = logging.getLogger("ivigil.web")
_BACK = f"{PROVIDER_PATH}/back"
_TOLD: dict[Because, tuple[int, str]] = {
    "out of date": (
        400,
        texts("This sign-in was begun in another browser or too long ago. Begin it again."),
    ),
    "refused": (403, texts("{Provider} did not let you in.")),
    "untrusted": (
        403,
        texts(
            "What {provider} answered cannot be trusted ({detail}), so that nobody was let in. Tell who runs "
            "this server."
        ),
    ),
}
"""Status and what is told; of a provider that is down, the page of the sign-in tells more."""


@get(PROVIDER_PATH, needs=PUBLIC)
async def leave(request: Asked, next: FromQuery[str] = "/") -> Response[Any]:
    """Send the browser to the provider."""
    from ivigil.web.access.provider import ProviderError

    provider = _provider(request)
    try:
        at, box = await to_thread.run_sync(provider.leave, _back(request), ours(next))
    except ProviderError as error:
        return _failed(request, provider, error, next)
    keep_box(request, box)
    return Redirect(at, status_code=303)


@get(_BACK, needs=PUBLIC)
async def back(request: Asked) -> Response[Any]:
    """A session for whoever came back, or why there is none."""
    from ivigil.web.access.provider import ProviderError

    provider = _provider(request)
    door: Door = request.app.state.door
    box = request.cookies.get(door.provider_cookie, "")
    keep_box(request, "")
    query = dict(request.query_params)
    try:
        bound, after = await to_thread.run_sync(provider.came_back, box, _back(request), query)
    except ProviderError as error:
        return _failed(request, provider, error)
    found = await to_thread.run_sync(door.desk.vouched, bound, address(request.scope))
    if isinstance(found, Refused):
        return _unknown(request, after, bound, found)
    await begin(request, found.person.id, found.since)
    return Redirect(ours(after), status_code=303)


def _provider(request: Asked) -> Provider:
    door: Door = request.app.state.door
    if door.provider is None:
        raise NotFoundException(detail="no provider")
    return door.provider


def _back(request: Asked) -> str:
    """Our own address as the browser knows it; the guard let pass no host but ours."""
    door: Door = request.app.state.door
    scheme = "https" if door.settings.behind_proxy else "http"
    return f"{scheme}://{request.headers['host']}{_BACK}"


def _failed(request: Asked, provider: Provider, error: ProviderError, after: str = "/") -> Response[str]:
    _log.warning("provider: %s", error)
    called = provider.settings.called
    if error.because == "unreachable":
        return unreachable(request, after, called)
    status, text = _TOLD[error.because]
    told = say(text, provider=called, Provider=capital(called), detail=error.detail)
    return refused(request, after, told, status)


def _unknown(request: Asked, after: str, bound: SubjectBound, found: Refused) -> Response[str]:
    if found.wait:
        return refused(
            request, after, say("Too many refused sign-ins. Wait some minutes, then try again."), 429
        )
    told = say(
        "You are signed in there as {subject} ({claim}), but nobody here is bound to that name, or they have "
        "no way in any more. Give the name to an administrator; nothing was opened.",
        subject=bound.subject,
        claim=bound.claim,
    )
    return refused(request, after, told, 403)


routes = [leave, back]
