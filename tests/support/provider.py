"""An OpenID Connect provider on this machine, as strict as a real one, that can be bent for a test.

It sends nobody a page to sign in at: ``who`` is at its keyboard.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

CLIENT, SECRET = "ivigil client", "a fictional / client+secret"


class Provider:
    """What a test sets, and what the provider was asked."""

    def __init__(self, issuer: str) -> None:
        self.issuer = issuer
        self.who = "subject-of-nurse"
        self.claims: dict[str, Any] = {}
        """In place of what the ID token would say; None: left out."""
        self.asked: dict[str, str] = {}
        """The last request to sign somebody in."""
        self.description: dict[str, Any] = {}
        self.key = self.signs_with = _key("first")
        self.keys_read = 0
        self._codes: dict[str, dict[str, str]] = {}

    def rotates(self) -> None:
        self.key = self.signs_with = _key("second")

    def described(self) -> dict[str, Any]:
        return {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "jwks_uri": f"{self.issuer}/keys",
            "token_endpoint_auth_methods_supported": ["client_secret_basic"],
            "response_types_supported": ["code"],
        } | self.description

    def jwks(self) -> dict[str, Any]:
        self.keys_read += 1
        return {"keys": [self.key.as_dict(private=False)]}

    def authorize(self, asked: dict[str, str]) -> str:
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT
        assert "openid" in asked["scope"].split()
        assert asked["code_challenge_method"] == "S256"
        self.asked = asked
        code = secrets.token_urlsafe()
        self._codes[code] = asked | {"who": self.who}
        return f"{asked['redirect_uri']}?{urlencode({'code': code, 'state': asked['state']})}"

    def token(self, sent: dict[str, str], authorization: str) -> dict[str, Any] | None:
        given = base64.b64encode(b"ivigil+client:a+fictional+%2F+client%2Bsecret").decode()
        asked = self._codes.pop(sent["code"], None)
        if authorization != f"Basic {given}" or asked is None:
            return None
        digest = base64.urlsafe_b64encode(hashlib.sha256(sent["code_verifier"].encode()).digest())
        if (
            asked["code_challenge"] != digest.decode().rstrip("=")
            or asked["redirect_uri"] != sent["redirect_uri"]
        ):
            return None
        now = int(time.time())
        claims = {
            "iss": self.issuer,
            "sub": asked["who"],
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "auth_time": now,
            "nonce": asked["nonce"],
        } | self.claims
        header = {"alg": "ES256", "kid": self.signs_with.kid}
        told = {name: value for name, value in claims.items() if value is not None}
        token = jwt.encode(header, told, self.signs_with)
        return {"access_token": "unused", "token_type": "Bearer", "id_token": token}


def _key(name: str) -> ECKey:
    return ECKey.generate_key("P-256", {"kid": name})


def stranger(name: str = "first") -> ECKey:
    """A key that is not the provider's, under the name of one that is."""
    return _key(name)


@contextmanager
def provider() -> Iterator[Provider]:
    """The provider on a free port; gone at the end."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    made = Provider(f"http://127.0.0.1:{server.server_port}")
    server.provider = made  # type: ignore[attr-defined]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield made
    finally:
        server.shutdown()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    @property
    def provider(self) -> Provider:
        made: Provider = self.server.provider  # type: ignore[attr-defined]
        return made

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        match parts.path:
            case "/.well-known/openid-configuration":
                self._json(self.provider.described())
            case "/keys":
                self._json(self.provider.jwks())
            case "/authorize":
                self.send_response(302)
                self.send_header("location", self.provider.authorize(_flat(parts.query)))
                self.end_headers()
            case _:
                self.send_error(404)

    def do_POST(self) -> None:
        sent = _flat(self.rfile.read(int(self.headers["content-length"])).decode())
        told = self.provider.token(sent, self.headers["authorization"])
        if told is None:
            self.send_error(400)
        else:
            self._json(told)

    def _json(self, told: dict[str, Any]) -> None:
        text = json.dumps(told).encode()
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_: object) -> None:
        pass


def _flat(query: str) -> dict[str, str]:
    return {name: values[-1] for name, values in parse_qs(query).items()}
