"""The keys of seals: Ed25519, in the formats of OpenSSL. `cryptography` is imported only when a key is used."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.seals.seal import Seal, SealContent, signed_bytes

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


class SigningKey:
    """A private key that signs seals.

    Args:
        key: The key.
    """

    def __init__(self, key: Ed25519PrivateKey) -> None:
        self._key = key

    @classmethod
    def create(cls) -> SigningKey:
        """Create a new key."""
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

        return cls(Ed25519PrivateKey.generate())

    @classmethod
    def parse(cls, text: Secret, origin: str) -> SigningKey:
        """Read a private key in PEM (PKCS #8), with or without the lines that begin and end it.

        Args:
            text: The text.
            origin: The place it comes from, for the error.

        Raises:
            ConfigurationError: The text isn't an Ed25519 private key. The error doesn't contain it.
        """
        from cryptography.exceptions import UnsupportedAlgorithm
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_der_private_key

        key: object = None
        with suppress(ValueError, TypeError, UnsupportedAlgorithm):
            key = load_der_private_key(_body(text.reveal()), None)
        if not isinstance(key, Ed25519PrivateKey):
            # Raised outside the handler, because its error may show a part of the text.
            raise ConfigurationError(
                f"{origin} isn't an Ed25519 private key in PEM.", "Create one with: openssl genpkey -algorithm ed25519"
            )
        return cls(key)

    def as_pem(self) -> Secret:
        """Return the private key in PEM."""
        from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

        return Secret(self._key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode())

    @property
    def public_key(self) -> str:
        """The public key as seals hold it: the 32 bytes in base64."""
        return base64.b64encode(self._key.public_key().public_bytes_raw()).decode()

    def sign(self, content: SealContent) -> Seal:
        """Return the signed seal."""
        return Seal(content, base64.b64encode(self._key.sign(signed_bytes(content))).decode())


def is_signed_by(seal: Seal, public_key: str) -> bool:
    """Return True if a seal was signed with the private key that belongs to a public one, in base64."""
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key, validate=True))
        key.verify(base64.b64decode(seal.signature, validate=True), seal.signed_bytes)
    except (InvalidSignature, ValueError, binascii.Error):
        return False
    return True


def public_key_as_pem(public_key: str) -> str:
    """Return a public key in PEM, as OpenSSL and `--public-key` read it."""
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

    key = Ed25519PublicKey.from_public_bytes(base64.b64decode(public_key))
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def parse_public_key(text: str, origin: str) -> str:
    """Read a public key in PEM, or in base64 as seals hold it, and return it as seals hold it.

    Raises:
        ConfigurationError: The text isn't an Ed25519 public key.
    """
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from cryptography.hazmat.primitives.serialization import load_der_public_key

    try:
        body = _body(text)
        key = Ed25519PublicKey.from_public_bytes(body) if len(body) == 32 else load_der_public_key(body)
    except (ValueError, UnsupportedAlgorithm):
        key = None
    if not isinstance(key, Ed25519PublicKey):
        raise ConfigurationError(
            f"{origin} isn't an Ed25519 public key in PEM.", "Print the right one with: apisetup audit seal-key"
        )
    return base64.b64encode(key.public_bytes_raw()).decode()


def short_key(public_key: str) -> str:
    """Return the name of a public key in sentences: the first 16 hex digits of its SHA-256."""
    return hashlib.sha256(base64.b64decode(public_key)).hexdigest()[:16]


def _body(text: str) -> bytes:
    found = re.search(r"-----BEGIN [A-Z ]+-----(.*?)-----END", text, re.DOTALL)
    return base64.b64decode("".join((found[1] if found else text).split()), validate=True)
