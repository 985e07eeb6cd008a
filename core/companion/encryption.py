"""Encryption of the texts of API keys: AES-256-GCM, bound to the row that holds each text.

The library is imported when a text is encrypted or decrypted, since listing keys needs none and a start takes longer
with it.
"""

from __future__ import annotations

import hashlib
import os
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from typing import Self

from core.base.errors import EncryptionKeyUnavailable
from core.base.secret import Secret

KEY_BYTES = 32
_NONCE_BYTES = 12
_PURPOSE = b"apisetup API key 1\0"
"""Part of what a text is bound to, so that no other data can be taken for one."""


@dataclass(frozen=True)
class EncryptionKey:
    """A key that encrypts the texts of API keys.

    Attributes:
        id: The beginning of its SHA-256, in hex. It names the key without revealing it.
    """

    _raw: bytes = field(repr=False)
    id: str

    @classmethod
    def generate(cls) -> Self:
        """Return a new random key."""
        return cls.of_bytes(os.urandom(KEY_BYTES))

    @classmethod
    def of_bytes(cls, raw: bytes) -> Self:
        """Return the key of 32 bytes."""
        return cls(raw, hashlib.sha256(_PURPOSE + raw).hexdigest()[:16])

    @classmethod
    def parse(cls, text: str) -> Self:
        """Return the key that a text holds in Base64.

        Raises:
            ValueError: The text isn't 32 bytes in Base64. The message doesn't contain it.
        """
        try:
            raw = b64decode(text.strip(), validate=True)
        except ValueError:
            raw = b""
        if len(raw) != KEY_BYTES:
            # Raised outside the handler, because the error of b64decode would be chained.
            raise ValueError("it isn't 32 bytes in Base64")
        return cls.of_bytes(raw)

    def text(self) -> Secret:
        """Return the key in Base64, as `parse` reads it."""
        return Secret(b64encode(self._raw).decode())

    def seal(self, text: str, fingerprint: str) -> str:
        """Encrypt the text of an API key.

        Args:
            text: The text.
            fingerprint: The fingerprint of its row; only there can the text be decrypted.
        """
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        nonce = os.urandom(_NONCE_BYTES)
        return b64encode(nonce + AESGCM(self._raw).encrypt(nonce, text.encode(), _bound_to(fingerprint))).decode()

    def open(self, sealed: str, fingerprint: str) -> str:
        """Decrypt the text of an API key.

        Args:
            sealed: What `seal` returned.
            fingerprint: The fingerprint of the row.

        Raises:
            EncryptionKeyUnavailable: The text was changed, is that of another row, or was encrypted with another key.
        """
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        try:
            raw = b64decode(sealed, validate=True)
            nonce, encrypted = raw[:_NONCE_BYTES], raw[_NONCE_BYTES:]
            return AESGCM(self._raw).decrypt(nonce, encrypted, _bound_to(fingerprint)).decode()
        except (InvalidTag, ValueError) as error:
            raise EncryptionKeyUnavailable(
                "The encrypted text of an API key was changed outside apisetup, so it can't be decrypted.",
                "Restore the companion from a backup, or remove the key and add it again.",
            ) from error


def _bound_to(fingerprint: str) -> bytes:
    return _PURPOSE + fingerprint.encode()
