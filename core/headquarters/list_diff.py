"""The differences between two lists of keys, in a few words for each key."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from core.model.api_key import ApiKey, format_field_changes

GONE = "gone from headquarters' list"
NEW = "new in headquarters' list"


@dataclass(frozen=True)
class Differences:
    """The differences of a newer list."""

    words: dict[str, str]
    """The differences in words, by the key's fingerprint."""
    gone: tuple[ApiKey, ...]
    """The keys that the newer list lacks."""

    def after(self, earlier: Differences, known: str) -> Differences:
        """Return these differences and earlier ones, without those of a key that was just changed from here.

        Args:
            earlier: The differences of the list before, which are still shown.
            known: The fingerprint of the key that was changed; empty for none.
        """
        returned = {identity for identity, words in self.words.items() if words == NEW}
        gone = (*(key for key in earlier.gone if key.fingerprint not in returned), *self.gone)
        words = {**earlier.words, **self.words}
        return Differences({identity: each for identity, each in words.items() if identity != known}, gone)


NO_DIFFERENCES = Differences({}, ())


def differences(before: Iterable[ApiKey], after: Iterable[ApiKey]) -> Differences:
    """Return the differences between a list and the one before."""
    old = {key.fingerprint: key for key in before}
    new = {key.fingerprint: key for key in after}
    words = {identity: _describe(old.get(identity), key) for identity, key in new.items()}
    gone = tuple(replace(key, gone=True) for identity, key in old.items() if identity not in new)
    words |= {key.fingerprint: GONE for key in gone}
    return Differences({identity: each for identity, each in words.items() if each}, gone)


def _describe(old: ApiKey | None, new: ApiKey) -> str:
    if old is None:
        return NEW
    phrases = [f"was {old.status.label}"] if old.status is not new.status else []
    if old.developer != new.developer:
        phrases.append(f"developer was {old.developer or 'blank'}")
    # Of the agreement headquarters knows nothing.
    known = replace(new.fields, agreement_since=old.fields.agreement_since)
    return "; ".join([*phrases, *format_field_changes(old.fields, known)])
