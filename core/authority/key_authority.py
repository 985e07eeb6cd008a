"""What every authority over keys can do."""

from __future__ import annotations

from abc import ABC, abstractmethod
from datetime import datetime

from core.agreement import Acceptance
from core.api_key import ApiKey, AuthorityInfo, KeyFields, NewKey
from core.change import Change
from core.errors import NotOursToChange
from core.opendental.api_keys import KeyStatus
from core.secrets import Secret


class KeyAuthority(ABC):
    """Lists keys, adds them and sets their status.

    The methods that change something run in the body of `Practice.change`, after the audit rows.
    """

    reaches_outside: bool
    """Whether a change also writes where the practice's transaction does not reach."""

    @property
    @abstractmethod
    def info(self) -> AuthorityInfo:
        """Who decides, in words."""

    @abstractmethod
    def all_keys(self) -> tuple[ApiKey, ...]:
        """All keys that this authority or the practice's copy knows, by developer."""

    @abstractmethod
    def clear_text(self, fingerprint: str) -> Secret | None:
        """The key itself; None when it is gone."""

    @abstractmethod
    def clear_texts(self) -> tuple[str, ...]:
        """All keys themselves, so that they can be masked where a text names them."""

    def require_change(self) -> None:
        """Refuse, where this authority takes no changes from here.

        Raises:
            NotOursToChange: With the words that say who decides.
        """
        if not self.info.may_change:
            raise NotOursToChange(self.info.refusal)

    @abstractmethod
    def assign(self, change: Change, new: NewKey, acceptance: Acceptance, moment: datetime) -> None:
        """Add a key, enabled."""

    @abstractmethod
    def set_status(self, change: Change, key: ApiKey, status: KeyStatus, moment: datetime) -> None:
        """Set the status of a key that still has the status it was shown with."""

    @abstractmethod
    def set_fields(self, change: Change, key: ApiKey, fields: KeyFields) -> None:
        """Set contact, permissions and agreement of a key that still has those it was shown with."""
