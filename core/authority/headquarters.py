"""Open Dental's headquarters as the authority, as far as this program reaches it: by the practice's copy."""

from __future__ import annotations

from datetime import datetime

from core.agreement import Acceptance
from core.api_key import (
    ApiKey,
    AuthorityInfo,
    AuthorityName,
    KeyFields,
    NewKey,
    fingerprint,
    masks,
)
from core.authority.apikey_copy import copied_keys
from core.authority.key_authority import KeyAuthority
from core.change import Change
from core.opendental.api_keys import KeyStatus
from core.practice import Practice
from core.secrets import Secret

_INFO = AuthorityInfo(
    name=AuthorityName.HEADQUARTERS,
    label="copy of headquarters' list, status unknown",
    explanation=(
        "Open Dental's headquarters decides about the keys of this practice, and apisetup is not connected to it yet."
        " Listed is the practice's copy, which has no statuses or permissions. Add, enable or disable keys in Open"
        " Dental's own window (Setup > Advanced Setup > API)."
    ),
    refusal=(
        "Open Dental's headquarters decides about this practice's keys. Change them in Open Dental: Setup > Advanced"
        " Setup > API."
    ),
)


class HeadquartersCopy(KeyAuthority):
    """The keys of the practice's table `apikey`, which headquarters filled; read-only."""

    reaches_outside = True

    def __init__(self, practice: Practice) -> None:
        self._practice = practice

    @property
    def info(self) -> AuthorityInfo:
        """That headquarters decides and is not connected."""
        return _INFO

    def all_keys(self) -> tuple[ApiKey, ...]:
        """What the copy holds, by developer; every status is unknown."""
        copied = copied_keys(self._practice)
        return tuple(
            copied_key(key, developer, masked)
            for (key, developer), masked in sorted(
                zip(copied.items(), masks(copied).values(), strict=True), key=lambda pair: pair[0][1].casefold()
            )
        )

    def clear_text(self, fingerprint_: str) -> Secret | None:
        """The key as the copy holds it."""
        for key in copied_keys(self._practice):
            if fingerprint(key) == fingerprint_:
                return Secret(key)
        return None

    def clear_texts(self) -> tuple[str, ...]:
        """The keys as the copy holds them."""
        return tuple(copied_keys(self._practice))

    def assign(self, change: Change, new: NewKey, acceptance: Acceptance, moment: datetime) -> None:  # noqa: ARG002
        """Refused: not ours to change."""
        self.require_change()

    def set_status(self, change: Change, key: ApiKey, status: KeyStatus, moment: datetime) -> None:  # noqa: ARG002
        """Refused: not ours to change."""
        self.require_change()

    def set_fields(self, change: Change, key: ApiKey, fields: KeyFields) -> None:  # noqa: ARG002
        """Refused: not ours to change."""
        self.require_change()


def copied_key(key: str, developer: str, masked: str) -> ApiKey:
    """A key of which only the practice's copy tells."""
    return ApiKey(
        fingerprint=fingerprint(key),
        masked=masked,
        developer=developer,
        status=KeyStatus.UNKNOWN,
        fields=KeyFields(),
        date_disabled=None,
        added=None,
        license=None,
        known=False,
    )
