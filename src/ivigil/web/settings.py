"""What one running server was told: where the journal is, who may reach it, how long a sign-in lasts."""

from __future__ import annotations

import datetime as dt
import ipaddress
import os
from pathlib import Path
from urllib.parse import urlsplit

import msgspec

from ivigil.knowledge.wording import ENGLISH


class SettingsError(Exception):
    """The server must not start like this; the message is one line for a person."""


class ProviderSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An OpenID Connect provider at which staff may prove who they are."""

    issuer: str
    """As it names itself: its description is asked for beneath this address and nowhere else."""
    client_id: str
    client_secret_file: str = ""
    client_secret_variable: str = ""
    """Name of the variable of the environment that holds it; one of the two."""
    claim: str = "sub"
    """What of its answer tells a person from all others: "sub", or a name that it gives to nobody else."""
    called: str = "your organisation"
    """What the sign-in page calls it."""
    single_sign_on: bool = False
    """Whether somebody who signed in there before need not do so again. At a shared workstation they must."""
    staff_passwords: bool = True
    """Whether a password opens a session for staff too. Signatures ask for it in any case; a one-time code
    opens one session in any case, so that nobody is kept out for good; patients come in as ever."""

    @property
    def secret(self) -> str:
        """The client's secret. Raises SettingsError."""
        if bool(self.client_secret_file) == bool(self.client_secret_variable):
            raise SettingsError("--oidc: accepted: one of client_secret_file and client_secret_variable")
        if self.client_secret_variable:
            found = os.environ.get(self.client_secret_variable, "")
        else:
            try:
                found = Path(self.client_secret_file).read_text().strip()
            except OSError as error:
                raise SettingsError(f"--oidc: client_secret_file: {error.strerror}") from error
        if not found:
            raise SettingsError("--oidc: the client's secret is empty; accepted: as the provider gave it")
        return found


def read_provider(path: str) -> ProviderSettings:
    """The provider of a TOML file. Raises SettingsError."""
    try:
        made = msgspec.toml.decode(Path(path).read_bytes(), type=ProviderSettings)
    except OSError as error:
        raise SettingsError(f"--oidc {path}: {error.strerror}") from error
    except msgspec.DecodeError as error:
        raise SettingsError(f"--oidc {path}: {error}") from error
    if not is_safe(made.issuer):
        raise SettingsError(f"--oidc {path}: issuer: {made.issuer!r}; accepted: https://..., without ? and #")
    assert made.secret
    return made


def is_safe(address: str) -> bool:
    """Whether nobody between can read or change what is sent there: HTTPS, or this machine."""
    try:
        parts = urlsplit(address)
        return not (parts.query or parts.fragment or parts.username) and (
            (parts.scheme == "https" and bool(parts.hostname))
            or (parts.scheme == "http" and is_loopback(parts.hostname or ""))
        )
    except ValueError:
        return False


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """Settings of one server. Times are those of the access policy, none of them clinical."""

    journal: str
    """SQLite file or postgresql://..."""
    secrets: Path
    site: str | None = None
    """Folder of the site's overlay; None: $IVIGIL_SITE or none."""
    host: str = "127.0.0.1"
    port: int = 8080
    names: tuple[str, ...] = ()
    """Names under which browsers reach it, beside those of this machine."""
    behind_proxy: bool = False
    """A proxy in front speaks HTTPS and tells the client's address."""
    demo: bool = False
    language: str = ENGLISH
    """Of the pages for staff: a code of two letters."""
    provider: ProviderSettings | None = None
    lock_after: dt.timedelta = dt.timedelta(minutes=10)
    """Without a touch the screen locks; PIN or password opens it."""
    idle_limit: dt.timedelta = dt.timedelta(minutes=60)
    """Without a touch the session ends."""
    absolute_limit: dt.timedelta = dt.timedelta(hours=12)
    """Whatever happens the session ends: a shift."""
    glass_for: dt.timedelta = dt.timedelta(hours=1)
    """How long broken glass opens one patient."""

    @property
    def staff_passwords(self) -> bool:
        """Whether a password lets staff in."""
        return self.provider is None or self.provider.staff_passwords

    @property
    def sessions(self) -> Path:
        """Folder of the sessions, beside the secrets."""
        return self.secrets.parent / "sessions"

    @property
    def loopback(self) -> bool:
        """Whether only this machine can reach it."""
        return is_loopback(self.host)

    def is_ours(self, host: str) -> bool:
        """Whether a Host header names this server: a page elsewhere cannot let its own name point here."""
        name = host if host.endswith("]") else host.rpartition(":")[0] or host
        return name.lower() in (*map(str.lower, self.names), "localhost", "127.0.0.1", "[::1]")

    @property
    def address(self) -> str:
        """Where a browser on this machine finds it."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}/"


def is_loopback(host: str) -> bool:
    """Whether a host is this machine alone. A name other than localhost may be anything."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def check(settings: Settings) -> None:
    """Raises SettingsError if the server must not start like this."""
    if not settings.lock_after <= settings.idle_limit <= settings.absolute_limit:
        raise SettingsError(
            "time-outs: accepted: the screen locks before the session ends for want of a touch, and that "
            "before it ends whatever happens (--lock-after, --idle-limit, --absolute-limit)"
        )
    if settings.loopback:
        return
    if settings.demo:
        raise SettingsError(
            f"--demo with --host {settings.host}: demo accounts have printed passwords and start on this "
            "machine alone; accepted: 127.0.0.1, ::1, localhost"
        )
    if not settings.behind_proxy:
        raise SettingsError(
            f"--host {settings.host}: other machines would reach it without encryption; accepted: a loopback "
            "address, or --behind-proxy where a proxy speaks HTTPS"
        )
    if not settings.names:
        raise SettingsError(f"--host {settings.host}: --name is missing: the name that browsers ask for")
