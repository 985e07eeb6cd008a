"""A seal: what it says of a part of the Audit Trail, its signature, and its two forms as text."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
import re
from dataclasses import asdict, dataclass, fields
from typing import Any

from core.base.errors import ApiSetupError

VERSION = 1
_LINE_START = "apisetup-seal-1."


class UnreadableSeal(ApiSetupError):
    """A text isn't a seal, or a part of it is missing."""

    def __init__(self, origin: str) -> None:
        super().__init__(
            f"{origin} isn't a complete seal of apisetup.", "Use a .seal file, or the whole line that was printed."
        )


@dataclass(frozen=True)
class SealContent:
    """The signed content. Numbers are `SecurityLogNum`, hashes are in hexadecimal, keys are in base64."""

    database: str
    """The fingerprint of the practice."""
    practice: str
    """The practice's title, for people."""
    number: int
    """The place of the seal in its chain, from 1."""
    previous: str
    """The SHA-256 of the seal before it; empty for the first one."""
    entries: int
    first: int
    last: int
    """The largest number that was sealed so far, in this seal or one before it."""
    newest: int
    """The time of the newest entry of this seal, as a number such as 20241104103000."""
    root: str
    """The root of the Merkle tree over the entries, in the order of their numbers."""
    entry_list: str
    """The SHA-256 of the list of entries that is kept with the seal."""
    sealed_at: int
    """The practice's time before the entries were read, as a number."""
    utc: str
    """The time of the computer that sealed, in UTC."""
    actor: str
    computer: str
    program: str
    """The version of apisetup."""
    public_key: str
    """The key that signs this seal."""
    next_key: str
    """The key that signs the next seals; the same one, unless the key is changed with this seal."""
    version: int = VERSION


@dataclass(frozen=True)
class Seal:
    """A seal and its signature."""

    content: SealContent
    signature: str
    """Ed25519, in base64, over `signed_bytes`."""

    @property
    def signed_bytes(self) -> bytes:
        """The bytes that are signed: the content as JSON in ASCII, without blanks, sorted by name."""
        return signed_bytes(self.content)

    @property
    def sha256(self) -> str:
        """The hash by which the next seal names this one."""
        return hashlib.sha256(self.signed_bytes + b"\n" + self.signature.encode()).hexdigest()

    def as_json(self) -> str:
        """Return the seal as one line of JSON."""
        return json.dumps({"seal": asdict(self.content), "signature": self.signature}, sort_keys=True)

    def as_line(self) -> str:
        """Return the seal as one word for an email or a ticket. Line breaks in it do no harm."""
        body = base64.urlsafe_b64encode(self.signed_bytes).rstrip(b"=").decode()
        return f"{_LINE_START}{body}.{self.signature.rstrip('=').replace('+', '-').replace('/', '_')}"


def signed_bytes(content: SealContent) -> bytes:
    """Return the bytes of a seal that are signed."""
    return json.dumps(asdict(content), sort_keys=True, separators=(",", ":")).encode("ascii")


def parse_seal(text: str, origin: str) -> Seal:
    """Read a seal in either form. The signature isn't checked.

    Args:
        text: The text; an email may surround or break the one-line form.
        origin: The place it comes from, for the error.

    Raises:
        UnreadableSeal: It isn't a seal.
    """
    try:
        return _parse_line(text) if _LINE_START in text else _parse_json(text)
    except (ValueError, TypeError, KeyError, binascii.Error, RecursionError) as error:
        raise UnreadableSeal(origin) from error


def _parse_json(text: str) -> Seal:
    parsed = json.loads(text)
    return Seal(_content(parsed["seal"]), _string(parsed["signature"]))


def _parse_line(text: str) -> Seal:
    # A mail program may break the line, and mark each new line as quoted.
    joined = re.sub(r"[\s>]+", "", text[text.index(_LINE_START) :])
    body, _, signature = joined.removeprefix(_LINE_START).partition(".")
    found = re.match(r"[A-Za-z0-9_-]{86}", signature)
    if found is None:
        raise ValueError(signature)
    content = _content(json.loads(_decode(body)))
    return Seal(content, base64.b64encode(_decode(found[0])).decode())


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def _content(values: Any) -> SealContent:
    kinds = {each.name: int if each.type == "int" else str for each in fields(SealContent)}
    if set(values) != set(kinds) or values["version"] != VERSION:
        raise ValueError(sorted(values))
    if not all(type(values[name]) is kind for name, kind in kinds.items()):
        raise TypeError
    return SealContent(**values)


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError
    return value
