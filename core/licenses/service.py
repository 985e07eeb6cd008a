"""The service for the license agreement and its acceptance."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import CursorResult, delete, insert

from core.companion.store import Companion
from core.companion.tables import LicenseAcceptance, LicenseText
from core.model.actor import Actor
from core.model.agreement import Acceptance, Agreement
from core.opendental.permission_types import Permission
from core.practice.practice import Practice
from core.practice.unit_of_work import Change


class LicenseService:
    """Records acceptances and refusals of the license agreement.

    Args:
        practice: The open practice; the audit entries are written to it.
        companion: The database that stores the acceptances and the full text of each accepted agreement.
        agreement: The current agreement.
    """

    def __init__(self, practice: Practice, companion: Companion, agreement: Agreement) -> None:
        self._practice = practice
        self._companion = companion
        self.agreement = agreement

    def accept(self, actor: Actor) -> Acceptance:
        """Record in the Audit Trail that the agreement was accepted, and store the acceptance with the full text."""
        title, sha256 = self.agreement.title, self.agreement.sha256
        entry = f"{title} accepted by {actor.user_name} (SHA-256 {sha256[:12]})"
        separate = not self._companion.shared
        with self._practice.change(actor, Permission.LICENSE_ACCEPT, entry, spans_databases=separate) as change:
            number = self._store(actor, change)
        return Acceptance(title, sha256, number)

    def decline(self, actor: Actor) -> None:
        """Record in the Audit Trail that the agreement was declined."""
        entry = f"{self.agreement.title} declined by {actor.user_name} (SHA-256 {self.agreement.sha256[:12]})"
        with self._practice.change(actor, Permission.LICENSE_ACCEPT, entry):
            pass

    def _store(self, actor: Actor, change: Change) -> int:
        moment = self._practice.now(change.session)
        with self._companion.within(change) as session:
            if session.get(LicenseText, self.agreement.sha256) is None:
                session.execute(insert(LicenseText).values(sha256=self.agreement.sha256, text=self.agreement.text))
            inserted = session.execute(
                insert(LicenseAcceptance).values(
                    title=self.agreement.title,
                    sha256=self.agreement.sha256,
                    accepted_by=actor.user_name,
                    accepted_at=moment,
                )
            )
            number = int(cast("tuple[int]", cast("CursorResult[Any]", inserted).inserted_primary_key)[0])
        if not self._companion.shared:
            change.add_compensation(lambda _session: self._delete(number))
        return number

    def _delete(self, number: int) -> None:
        with self._companion.write() as session:
            session.execute(delete(LicenseAcceptance).where(LicenseAcceptance.number == number))
