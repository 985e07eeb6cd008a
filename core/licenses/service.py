"""The service for the license agreement and its acceptance."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, cast

from sqlalchemy import Connection, CursorResult, delete, insert, select

from core.companion.store import Companion
from core.companion.tables.licenses import LICENSE_ACCEPTANCE, LICENSE_TEXT
from core.model.actor import Actor
from core.model.agreement import Acceptance, Agreement
from core.model.api_key import NewKey
from core.model.event_values import KeyLabel
from core.model.license_events import LicenseAccepted, LicenseDeclined
from core.practice.authorization import require_authorized
from core.practice.practice import Practice
from core.practice.unit_of_work import Decided, UnitOfWork


class LicenseService:
    """Records acceptances and refusals of the license agreement.

    Args:
        practice: The open practice; the audit entries are written to it.
        companion: The database that stores the acceptances and the full text of each accepted agreement.
        agreement: The current agreement.
        require_addable: Raises `InvalidInput` if a key can't be added any more.
    """

    def __init__(
        self,
        practice: Practice,
        companion: Companion,
        agreement: Agreement,
        require_addable: Callable[[NewKey], object],
    ) -> None:
        self._practice = practice
        self._companion = companion
        self._require_addable = require_addable
        self.agreement = agreement

    def accept(self, actor: Actor, new: NewKey) -> Acceptance:
        """Record in the Audit Trail that the agreement was accepted, and store the acceptance with the full text.

        Args:
            actor: Who accepted it.
            new: The key that it was accepted for.

        Raises:
            InvalidInput: Another program added the key meanwhile; nothing was recorded.
        """
        title, sha256 = self.agreement.title, self.agreement.sha256
        event = LicenseAccepted(title, actor.user_name, sha256[:12], _label(new))

        def decide(connection: Connection) -> Decided:
            # Here, since nothing may be recorded for a key that was added while the agreement was read.
            self._require_addable(new)
            require_authorized(connection, actor, (event,), required=self._practice.profile.required_permission)
            return Decided((event,), last_row=None)

        with self._practice.unit_of_work(actor, mode=self._companion.write_mode, decide=decide) as work:
            number = self._store(actor, work)
        return Acceptance(title, sha256, number)

    def decline(self, actor: Actor, new: NewKey) -> None:
        """Record in the Audit Trail that the agreement was declined, and for which key."""
        event = LicenseDeclined(self.agreement.title, actor.user_name, self.agreement.sha256[:12], _label(new))
        with self._practice.unit_of_work(actor, event):
            pass

    def _store(self, actor: Actor, work: UnitOfWork) -> int:
        moment = self._practice.now(work.connection)
        with self._companion.within(work) as connection:
            is_stored = LICENSE_TEXT.c.sha256 == self.agreement.sha256
            if connection.scalar(select(LICENSE_TEXT.c.sha256).where(is_stored)) is None:
                connection.execute(insert(LICENSE_TEXT).values(sha256=self.agreement.sha256, text=self.agreement.text))
            inserted = connection.execute(
                insert(LICENSE_ACCEPTANCE).values(
                    title=self.agreement.title,
                    sha256=self.agreement.sha256,
                    accepted_by=actor.user_name,
                    accepted_at=moment,
                )
            )
            number = int(cast("tuple[int]", cast("CursorResult[Any]", inserted).inserted_primary_key)[0])
        is_this = LICENSE_ACCEPTANCE.c.number == number
        self._companion.add_compensation(work, lambda over: over.execute(delete(LICENSE_ACCEPTANCE).where(is_this)))
        return number


def _label(new: NewKey) -> KeyLabel:
    return KeyLabel.of_text(new.key.reveal(), new.developer.strip())
