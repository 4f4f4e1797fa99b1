"""The journal's two secrets, in a folder of their own: whoever has only the database reads no payload.

``master.key`` gives the keys that wrap patients' keys and make pseudonyms; ``signing.key`` signs
checkpoints. Losing the master key is losing every payload: keep a copy apart from the backups.
"""

from __future__ import annotations

import os
import stat
from pathlib import Path

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ivigil.records import disk
from ivigil.records.errors import JournalRefusedError

BYTES = 32
MASTER, SIGNING = "master.key", "signing.key"


class Secrets(msgspec.Struct, frozen=True):
    """Two random values of 32 bytes. ``repr`` shows neither."""

    master: bytes
    signing: bytes

    def __repr__(self) -> str:
        return f"Secrets({self.fingerprint})"

    def derived(self, purpose: str) -> bytes:
        """A key of 32 bytes for one purpose; no purpose tells anything about another's."""
        derive = HKDF(
            algorithm=SHA256(), length=BYTES, salt=None, info=f"ivigil journal 1 {purpose}".encode()
        )
        return derive.derive(self.master)

    @property
    def fingerprint(self) -> str:
        """Tells these secrets from others and nothing about them."""
        return self.derived("fingerprint").hex()

    @property
    def public_key(self) -> str:
        """What checkpoints are proved against, in hexadecimal."""
        return Ed25519PrivateKey.from_private_bytes(self.signing).public_key().public_bytes_raw().hex()

    def sign(self, message: bytes) -> str:
        """Ed25519 signature in hexadecimal."""
        return Ed25519PrivateKey.from_private_bytes(self.signing).sign(message).hex()


def make(folder: Path) -> Secrets:
    """Write new secrets. Raises JournalRefusedError if either is there already, or cannot be written."""
    made = Secrets(os.urandom(BYTES), os.urandom(BYTES))
    try:
        new = [path for path in (folder, *folder.parents) if not path.exists()]
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        _write(folder / SIGNING, made.signing)
        _write(folder / MASTER, made.master)
        # A new folder is found again after a power cut only if the folder around it is on disk too.
        for path in {folder, *(path.parent for path in new)}:
            disk.sync(path)
    except FileExistsError as error:
        raise JournalRefusedError(f"secrets exist already: {error.filename}") from error
    except OSError as error:
        raise JournalRefusedError(f"secrets cannot be written to {folder}: {error.strerror}") from error
    return made


def exist(folder: Path) -> bool:
    """Whether either secret is there: then none is ever made anew."""
    return any((folder / name).exists() for name in (MASTER, SIGNING))


def read(folder: Path) -> Secrets:
    """Read the secrets. Raises JournalRefusedError if one is missing, malformed or open to other users."""
    _refuse_if_open_to_others(folder)
    return Secrets(_read(folder / MASTER), _read(folder / SIGNING))


def _write(path: Path, secret: bytes) -> None:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(secret.hex() + "\n")
        file.flush()
        os.fsync(file.fileno())


def _read(path: Path) -> bytes:
    _refuse_if_open_to_others(path)
    try:
        secret = bytes.fromhex(path.read_text().strip())
    except OSError as error:
        raise JournalRefusedError(f"secret cannot be read: {path}: {error.strerror}") from error
    except ValueError:
        secret = b""
    if len(secret) != BYTES:
        raise JournalRefusedError(f"not a secret of {BYTES} bytes in hexadecimal: {path}")
    return secret


def _refuse_if_open_to_others(path: Path) -> None:
    try:
        mode = path.stat().st_mode
    except OSError as error:
        raise JournalRefusedError(f"secret cannot be read: {path}: {error.strerror}") from error
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise JournalRefusedError(f"other users may read {path}: allow its owner alone (chmod go= {path})")
