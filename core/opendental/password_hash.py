"""Open Dental's stored passwords: `HashType$Salt$Hash`, and the older forms."""

from __future__ import annotations

import base64
import hashlib
import hmac


def password_matches(stored: str | None, typed: str) -> bool:
    """Whether the typed password is the stored one; compared in constant time.

    A form that is not known here matches nothing.
    """
    expected = _expected(stored or "")
    if expected is None:
        return False
    kind, salt, hash_text = expected
    if kind == "None" or hash_text == "":
        return hmac.compare_digest(typed.encode("utf-8", "surrogatepass"), b"")
    hashed = _hash(kind, salt, typed)
    return hashed is not None and hmac.compare_digest(hashed.encode(), hash_text.encode())


def _expected(stored: str) -> tuple[str, str, str] | None:
    """The stored text as kind, salt and hash."""
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
        # .NET's ASCII encoding turns every other character into a question mark.
        return hashlib.md5(typed.encode("ascii", "replace"), usedforsecurity=False).hexdigest()
    return None


def _utf16(text: str) -> bytes:
    # A lone surrogate is in no stored password; it shall match nothing instead of breaking the sign-in.
    return text.encode("utf-16-le", "surrogatepass")
