"""Check of passwords against Open Dental's stored hashes: `HashType$Salt$Hash` and the older formats."""

from __future__ import annotations

import base64
import hashlib
import hmac


def password_matches(stored: str | None, typed: str) -> bool:
    """Return True if the password matches the stored hash. The comparison takes constant time.

    Args:
        stored: `userod.Password`. NULL, an empty text, an empty hash and the type `None` mean a blank password. An
            unknown format matches nothing.
        typed: The clear text.
    """
    parsed = _parse(stored or "")
    if parsed is None:
        return False
    kind, salt, hash_text = parsed
    if kind == "None" or hash_text == "":
        return hmac.compare_digest(typed.encode("utf-8", "surrogatepass"), b"")
    hashed = _hash(kind, salt, typed)
    return hashed is not None and hmac.compare_digest(hashed.encode(), hash_text.encode())


def _parse(stored: str) -> tuple[str, str, str] | None:
    """Split a stored hash into hash type, salt and hash; return None for an unknown format."""
    if stored == "":
        return "None", "", ""
    parts = stored.split("$", 2)
    if len(parts) == 3:
        return parts[0], parts[1], parts[2]
    if len(stored) == 24 and stored.endswith("=="):
        return "MD5", "", stored
    return None


def _hash(kind: str, salt: str, typed: str) -> str | None:
    if kind == "SHA3_512":
        return base64.b64encode(hashlib.sha3_512(_utf16(salt + typed)).digest()).decode("ascii")
    if kind == "MD5":
        digest = hashlib.md5(_utf16(salt + typed), usedforsecurity=False).digest()
        return base64.b64encode(digest).decode("ascii")
    if kind == "MD5_ECW":
        # .NET's ASCII encoding replaces every other character with a question mark, and so does this one.
        return hashlib.md5(typed.encode("ascii", "replace"), usedforsecurity=False).hexdigest()
    return None


def _utf16(text: str) -> bytes:
    # A lone surrogate, which no stored password can hold, must match nothing instead of raising an error.
    return text.encode("utf-16-le", "surrogatepass")
