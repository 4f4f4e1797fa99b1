"""That a form was made by us for this browser and this session: a hidden field, no script needed.

Each browser holds a random form key in a cookie; the field is a keyed hash of it and of the session's
token. Another site can make a browser send the cookies, but can neither read nor make the field.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

FIELD = "form_token"
HEADER = "x-form-token"
"""For modules that send no form."""
_BYTES = 32


def new_key() -> str:
    """A key for a browser that has none."""
    return secrets.token_urlsafe(_BYTES)


class FormTokens:
    """Makes and checks the hidden field."""

    def __init__(self, secret: bytes) -> None:
        self._secret = secret

    def token(self, key: str, session: str) -> str:
        """The field of a browser's forms; ``session``: its token, "" before sign-in."""
        return hmac.new(self._secret, f"{key} {session}".encode(), hashlib.sha256).hexdigest()

    def ours(self, sent: str, key: str, session: str) -> bool:
        """Whether a form carries the field that this browser was given."""
        return bool(key) and hmac.compare_digest(sent.encode(), self.token(key, session).encode())
