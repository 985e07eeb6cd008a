"""The encrypted texts of keys in the companion, read and written in a way that uses nothing of the program."""

from __future__ import annotations

import base64
import hashlib
import os
import sqlite3
from pathlib import Path

from cryptography.hazmat.primitives.ciphers.aead import AESGCM

ENCRYPTION_KEY = bytes(range(32))
"""The encryption key of the samples' companions."""
_PURPOSE = b"apisetup API key 1\0"


def key_id(key: bytes = ENCRYPTION_KEY) -> str:
    """Return the ID of an encryption key."""
    return hashlib.sha256(_PURPOSE + key).hexdigest()[:16]


def seal(text: str, key: bytes = ENCRYPTION_KEY) -> str:
    """Encrypt the text of a key."""
    nonce, identity = os.urandom(12), hashlib.sha256(text.encode()).hexdigest()
    encrypted = AESGCM(key).encrypt(nonce, text.encode(), _PURPOSE + identity.encode())
    return base64.b64encode(nonce + encrypted).decode()


def unseal(fingerprint: str, sealed: str, key: bytes = ENCRYPTION_KEY) -> str:
    """Decrypt the text of a key."""
    raw = base64.b64decode(sealed)
    return AESGCM(key).decrypt(raw[:12], raw[12:], _PURPOSE + fingerprint.encode()).decode()


def columns(text: str, key: bytes = ENCRYPTION_KEY) -> dict[str, str]:
    """Return the columns of the registry that hold the text of a key."""
    masked = "*" * len(text) if len(text) <= 8 else "*" * 8 + text[-4:]
    return {"masked": masked, "key_id": key_id(key), "sealed": seal(text, key)}


def key_file(companion: Path) -> Path:
    """Return the path of the key file next to a companion."""
    return companion.with_name(f"{companion.name}.key")


def write_key_file(companion: Path, *keys: bytes) -> None:
    """Write the key file next to a companion; without keys, with that of the samples."""
    file = key_file(companion)
    file.touch(0o600)
    file.write_text("".join(f"{base64.b64encode(key).decode()}\n" for key in keys or (ENCRYPTION_KEY,)))


def read_key_file(companion: Path) -> list[bytes]:
    """Return the keys in the key file next to a companion."""
    return [base64.b64decode(line) for line in key_file(companion).read_text().split()]


def register(connection: sqlite3.Connection, companion: Path) -> None:
    """Add the functions `clear_text(fingerprint, sealed)` and `sealed(text)` to a connection to a companion."""

    def clear_text(fingerprint: str, sealed: str) -> str:
        return unseal(fingerprint, sealed, read_key_file(companion)[0])

    def sealed(text: str) -> str:
        return seal(text, read_key_file(companion)[0])

    connection.create_function("clear_text", 2, clear_text)
    connection.create_function("sealed", 1, sealed)
    connection.create_function("key_id", 0, lambda: key_id(read_key_file(companion)[0]))
    connection.create_function("masked", 1, lambda text: columns(text)["masked"])
    connection.create_function("sha256", 1, lambda text: hashlib.sha256(text.encode()).hexdigest())
