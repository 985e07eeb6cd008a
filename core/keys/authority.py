"""What every authority over keys can do."""

from __future__ import annotations

from abc import ABC, abstractmethod

from core.base.errors import OperationNotAllowed
from core.base.secret import Secret
from core.headquarters.responses import HeadquartersList
from core.model.actor import Actor
from core.model.agreement import Acceptance
from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList, NewKey
from core.opendental.key_status import KeyStatus


class KeyAuthority(ABC):
    """Lists keys, adds them and sets their status; what is changed is logged before, by the one door."""

    is_remote = False
    """Whether somebody else is asked over a network, so that what is listed may be old."""

    @property
    @abstractmethod
    def info(self) -> AuthorityInfo:
        """Who decides, in words; how things stand now."""

    @abstractmethod
    def all_keys(self) -> KeyList:
        """All keys that are known now, by developer; nobody outside is asked."""

    @abstractmethod
    def clear_text(self, fingerprint: str) -> Secret | None:
        """The key itself; None when it is gone."""

    @abstractmethod
    def clear_texts(self) -> tuple[str, ...]:
        """All keys themselves, so that they can be masked where a text names them."""

    def fetch(self) -> HeadquartersList | None:
        """Ask the one outside who decides, and write nothing; None where nobody is asked.

        Raises:
            HeadquartersError: No list came; what is listed says so from now on.
        """
        return None

    def apply_list(self, actor: Actor, fetched: HeadquartersList) -> None:
        """Remember what was fetched, and make the practice's copy equal to it."""
        del actor, fetched

    def require_change(self) -> None:
        """Refuse, where this authority takes no changes from here now.

        Raises:
            OperationNotAllowed: With the words that say why.
        """
        info = self.info
        if not info.may_change:
            raise OperationNotAllowed(info.refusal)

    @abstractmethod
    def assign(self, actor: Actor, new: NewKey, acceptance: Acceptance) -> tuple[str, ...]:
        """Add a key, enabled; gives what an admin has to know beyond that, a sentence each."""

    @abstractmethod
    def set_status(self, actor: Actor, key: ApiKey, status: KeyStatus, entry: str) -> tuple[str, ...]:
        """Set the status of a key that still has the status it was shown with; gives what else one has to know.

        Args:
            actor: Who does it.
            key: The key as it was shown.
            status: What it shall be.
            entry: The text of its audit entry.

        Raises:
            EditConflict: The key has another status by now.
        """

    @abstractmethod
    def set_fields(self, actor: Actor, key: ApiKey, fields: KeyFields, entries: tuple[str, ...]) -> None:
        """Set those fields that are kept here, of a key that still has those it was shown with.

        Raises:
            EditConflict: One of them is another by now.
            OperationNotAllowed: One of them is kept elsewhere.
        """

    @abstractmethod
    def consequences(self, key: ApiKey) -> tuple[str, ...]:
        """What the status of a key that was just set means, and what it does not, a sentence each."""
