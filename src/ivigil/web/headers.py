"""Headers on every answer: no foreign content, no framing, no guessing, nothing kept of a page."""

from __future__ import annotations

from litestar.datastructures import MutableScopeHeaders
from litestar.types import Message, Scope

from ivigil.web.build import BUILD, HEADER

POLICY = "; ".join(
    (
        "default-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
        "object-src 'none'",
    )
)
HEADERS = {
    "content-security-policy": POLICY,
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(self), geolocation=(), microphone=()",
    "referrer-policy": "no-referrer",
    "x-content-type-options": "nosniff",
    "x-frame-options": "DENY",
    HEADER: BUILD,
}
_HTTPS = {"strict-transport-security": "max-age=31536000"}


async def set_headers(message: Message, scope: Scope) -> None:
    """Put them on the start of an answer."""
    if message["type"] != "http.response.start":
        return
    headers = MutableScopeHeaders.from_message(message)
    behind_proxy = scope["litestar_app"].state.door.settings.behind_proxy
    for name, value in (HEADERS | (_HTTPS if behind_proxy else {})).items():
        headers[name] = value
    if "cache-control" not in headers:
        headers["cache-control"] = "no-store"
