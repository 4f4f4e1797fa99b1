"""Pseudonyms, one key a patient, sealed payloads.

A patient's key is random, wrapped by a key derived from the master secret, and stored beside the
events. Destroying the wrapped key makes the patient's payloads unreadable for ever, in place.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import zlib

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from ivigil.patient import Identifier
from ivigil.records import chain
from ivigil.records.secrets import Secrets

NONCE_BYTES = 12
PSEUDONYM_BYTES = 16


class DoesNotOpenError(Exception):
    """The bytes were not sealed under this key for this header."""


class PatientKey(msgspec.Struct, frozen=True):
    """A key that seals one patient's payloads until it is destroyed. ``id`` is public."""

    id: str
    stream: str
    secret: bytes

    def __repr__(self) -> str:
        return f"PatientKey({self.id})"

    def seal(self, text: bytes, header: bytes) -> bytes:
        """Compress and encrypt; opens only beside the same header."""
        return _seal(self.secret, zlib.compress(text), header)

    def open(self, sealed: bytes, header: bytes) -> bytes:
        """The text that was sealed. Raises DoesNotOpenError."""
        return zlib.decompress(_open(self.secret, sealed, header))


class Vault:
    """Makes pseudonyms and patient keys from the journal's secrets."""

    def __init__(self, secrets: Secrets) -> None:
        self._wrapping = secrets.derived("key wrapping")
        self._index = secrets.derived("pseudonym")

    def pseudonym(self, patient: Identifier) -> str:
        """The stream of a patient: 32 hexadecimal digits, always the same for one identifier."""
        message = chain.encode([patient.system, patient.value])
        return hmac.new(self._index, message, hashlib.sha256).digest()[:PSEUDONYM_BYTES].hex()

    def new_key(self, stream: str) -> PatientKey:
        """A random key for one patient."""
        return PatientKey(os.urandom(16).hex(), stream, os.urandom(32))

    def wrap(self, key: PatientKey) -> bytes:
        """The key as it may be stored, bound to its stream."""
        return _seal(self._wrapping, key.secret, chain.encode([key.stream, key.id]))

    def unwrap(self, key_id: str, wrapped: bytes, stream: str) -> PatientKey:
        """Raises DoesNotOpenError if it was not wrapped here for this stream."""
        return PatientKey(key_id, stream, _open(self._wrapping, wrapped, chain.encode([stream, key_id])))


def _seal(key: bytes, text: bytes, beside: bytes) -> bytes:
    nonce = os.urandom(NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, text, beside)


def _open(key: bytes, sealed: bytes, beside: bytes) -> bytes:
    try:
        return AESGCM(key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], beside)
    except (InvalidTag, ValueError) as error:
        raise DoesNotOpenError from error
