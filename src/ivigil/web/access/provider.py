"""An OpenID Connect provider: staff prove there who they are; who they are here, the desk knows.

Authorization code flow with PKCE, state and nonce. What the browser carries on its way is sealed in a cookie,
so that only the browser that left comes back, within minutes. An ID token counts if it was signed with a key
of the provider, is from it, for us, unexpired, for this very sign-in, and about somebody who has just proved
who they are (unless the site allows an earlier proof to count).
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib
import secrets
import ssl
from collections.abc import Callable, Mapping
from typing import Any, Literal, TypeVar
from urllib.parse import quote_plus, urlencode

import httpx
import msgspec
from cryptography.fernet import Fernet, InvalidToken
from joserfc import jwt
from joserfc.errors import InvalidKeyIdError, JoseError
from joserfc.jwk import KeySet
from joserfc.jws import JWSRegistry

from ivigil.records.entrance import SubjectBound
from ivigil.web.settings import ProviderSettings, is_safe

WAY = dt.timedelta(minutes=10)
"""How long somebody may take at the provider."""
LEEWAY = dt.timedelta(minutes=1)
"""By which two clocks may differ."""
_KEPT = dt.timedelta(hours=1)
_MOST_BYTES = 256_000
_ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"]
"""With a key of the provider alone: never one that the client's secret could make."""

T = TypeVar("T")
Because = Literal["unreachable", "out of date", "refused", "untrusted"]


class ProviderError(Exception):
    """Nobody is vouched for. ``detail`` names what failed, in a word or two, and nothing of anybody."""

    def __init__(self, because: Because, detail: str) -> None:
        self.because, self.detail = because, detail
        super().__init__(f"{because}: {detail}")


class Description(msgspec.Struct, frozen=True):
    """What the provider says of itself."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str
    token_endpoint_auth_methods_supported: tuple[str, ...] = ("client_secret_basic",)


class Box(msgspec.Struct, frozen=True, kw_only=True):
    """What the browser carries, sealed."""

    state: str
    nonce: str
    verifier: str
    back: str
    after: str
    left_at: float


class _Answered(msgspec.Struct, frozen=True):
    id_token: str


# Made here, before threads meet their types: see records/kinds.py.
_BOX = msgspec.json.Decoder(Box)
_ANSWERED = msgspec.json.Decoder(_Answered)
_DESCRIPTION = msgspec.json.Decoder(Description)
_KEYS = msgspec.json.Decoder(dict[str, Any])


class Provider:
    """One provider. Safe to use from several threads: what is kept is replaced whole."""

    def __init__(self, settings: ProviderSettings, key: bytes, clock: Callable[[], dt.datetime]) -> None:
        self.settings = settings
        self._clock = clock
        self._seal = Fernet(base64.urlsafe_b64encode(key))
        self._trusted = ssl.create_default_context()
        self._described: tuple[dt.datetime, Description] | None = None
        self._keys: tuple[dt.datetime, KeySet] | None = None

    def leave(self, back: str, after: str) -> tuple[str, str]:
        """The address to send a browser to, and what it carries. Raises ProviderError."""
        now = self._clock()
        made = Box(
            state=secrets.token_urlsafe(32),
            nonce=secrets.token_urlsafe(32),
            verifier=secrets.token_urlsafe(48),
            back=back,
            after=after,
            left_at=now.timestamp(),
        )
        digest = hashlib.sha256(made.verifier.encode()).digest()
        asked = {
            "response_type": "code",
            "scope": "openid" if self.settings.claim == "sub" else "openid profile email",
            "client_id": self.settings.client_id,
            "redirect_uri": back,
            "state": made.state,
            "nonce": made.nonce,
            "code_challenge": base64.urlsafe_b64encode(digest).decode().rstrip("="),
            "code_challenge_method": "S256",
        }
        if not self.settings.single_sign_on:
            asked |= {"prompt": "login", "max_age": "0"}
        at = self._description().authorization_endpoint
        sealed = self._seal.encrypt_at_time(msgspec.json.encode(made), int(now.timestamp()))
        return f"{at}{'&' if '?' in at else '?'}{urlencode(asked)}", sealed.decode()

    def came_back(self, sealed: str, back: str, query: Mapping[str, str]) -> tuple[SubjectBound, str]:
        """Whom the provider vouches for, and where they wanted to go. Raises ProviderError."""
        box = self._opened(sealed)
        if not secrets.compare_digest(box.state.encode(), query.get("state", "").encode()):
            raise ProviderError("out of date", "state")
        if box.back != back:
            raise ProviderError("out of date", "address")
        if query.get("iss", self.settings.issuer) != self.settings.issuer:
            raise ProviderError("untrusted", "iss")
        if "error" in query or not query.get("code"):
            raise ProviderError("refused", "the provider")
        claims = self._verified(self._exchanged(query["code"], box), box)
        subject = claims.get(self.settings.claim)
        if not isinstance(subject, str) or not subject:
            raise ProviderError("untrusted", f"{self.settings.claim} is missing")
        issuer, claim = self.settings.issuer, self.settings.claim
        return SubjectBound(issuer=issuer, claim=claim, subject=subject), box.after

    def _opened(self, sealed: str) -> Box:
        try:
            at = int(self._clock().timestamp())
            text = self._seal.decrypt_at_time(sealed.encode(), int(WAY.total_seconds()), at)
        except InvalidToken as error:
            raise ProviderError("out of date", "cookie") from error
        return _BOX.decode(text)

    def _exchanged(self, code: str, box: Box) -> str:
        description = self._description()
        own = (self.settings.client_id, self.settings.secret)
        sent = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": box.back,
            "code_verifier": box.verifier,
        }
        if "client_secret_basic" in description.token_endpoint_auth_methods_supported:
            basic = httpx.BasicAuth(*map(quote_plus, own))
            answer = self._asked("POST", description.token_endpoint, data=sent, auth=basic)
        else:
            sent |= dict(zip(("client_id", "client_secret"), own, strict=True))
            answer = self._asked("POST", description.token_endpoint, data=sent)
        return _read(answer, _ANSWERED).id_token

    def _verified(self, token: str, box: Box) -> Mapping[str, Any]:
        own, now = self.settings.client_id, self._clock().timestamp()
        rules = jwt.JWTClaimsRegistry(
            now=int(now),
            leeway=int(LEEWAY.total_seconds()),
            iss={"essential": True, "value": self.settings.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": own},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": box.nonce},
            auth_time={"essential": not self.settings.single_sign_on},
        )
        try:
            claims = self._decoded(token).claims
            rules.validate(claims)
        except JoseError as error:
            raise ProviderError("untrusted", error.error) from error
        except (ValueError, TypeError, KeyError) as error:
            raise ProviderError("untrusted", "token") from error
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else own) != own:
            raise ProviderError("untrusted", "azp")
        if not self.settings.single_sign_on:
            proved = claims["auth_time"]
            if not isinstance(proved, int) or proved < box.left_at - LEEWAY.total_seconds():
                raise ProviderError("untrusted", "auth_time")
        return claims

    def _decoded(self, token: str) -> jwt.Token:
        registry = JWSRegistry(algorithms=_ALGORITHMS, strict_check_header=False)
        try:
            return jwt.decode(token, self._key_set(), registry=registry)
        except InvalidKeyIdError:  # it has new ones
            self._keys = None
            return jwt.decode(token, self._key_set(), registry=registry)

    def _description(self) -> Description:
        if self._described and self._clock() - self._described[0] < _KEPT:
            return self._described[1]
        at = f"{self.settings.issuer.rstrip('/')}/.well-known/openid-configuration"
        found = _read(self._asked("GET", at), _DESCRIPTION)
        if found.issuer != self.settings.issuer:
            raise ProviderError("untrusted", "issuer of its description")
        if not all(map(is_safe, (found.authorization_endpoint, found.token_endpoint, found.jwks_uri))):
            raise ProviderError("untrusted", "address without HTTPS in its description")
        self._described = (self._clock(), found)
        return found

    def _key_set(self) -> KeySet:
        if self._keys and self._clock() - self._keys[0] < _KEPT:
            return self._keys[1]
        read = _read(self._asked("GET", self._description().jwks_uri), _KEYS)
        try:
            keys = KeySet.import_key_set(read)  # type: ignore[arg-type]
        except (JoseError, ValueError, KeyError, TypeError) as error:
            raise ProviderError("untrusted", "its keys") from error
        self._keys = (self._clock(), keys)
        return keys

    def _asked(self, method: str, address: str, **sent: Any) -> bytes:
        """What it answers; never from where it might send us on to."""
        try:
            with (
                httpx.Client(verify=self._trusted, timeout=5, follow_redirects=False) as client,
                client.stream(method, address, headers={"accept": "application/json"}, **sent) as answer,
            ):
                read = b""
                for piece in answer.iter_bytes():
                    read += piece
                    if len(read) > _MOST_BYTES:
                        raise ProviderError("untrusted", "too long an answer")
        except (httpx.HTTPError, httpx.InvalidURL, OSError) as error:
            raise ProviderError("unreachable", type(error).__name__) from error
        if answer.status_code != 200:
            because: Because = "refused" if 400 <= answer.status_code < 500 else "unreachable"
            raise ProviderError(because, f"status {answer.status_code}")
        return read


def _read(text: bytes, form: msgspec.json.Decoder[T]) -> T:
    try:
        return form.decode(text)
    except msgspec.DecodeError as error:
        raise ProviderError("unreachable", "no such answer") from error
