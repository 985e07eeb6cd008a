"""The result of the last verification of the Audit Trail, so that a list of offices can show it."""

from __future__ import annotations

import logging
from datetime import datetime

from sqlalchemy import delete, insert, select

from core.audit.verification_report import VerificationReport
from core.base.errors import ApiSetupError
from core.companion.store import Companion
from core.companion.tables.seals import LAST_VERIFICATION
from core.model.audit_entry import counted
from core.practice.practice import Practice

_logger = logging.getLogger(__name__)

_ONE = 1
_NOTHING = "no entry altered or deleted"


class LastVerification:
    """Keeps the result of the last verification in the companion.

    Args:
        practice: The open practice, whose clock dates the result.
        companion: Where it is kept.
    """

    def __init__(self, practice: Practice, companion: Companion) -> None:
        self._practice = practice
        self._companion = companion

    def read(self) -> tuple[datetime, str] | None:
        """Return the time and the result of the last verification; None if there was none.

        Raises:
            PracticeUnavailable: The companion can't be read.
        """
        query = select(LAST_VERIFICATION.c.verified_at, LAST_VERIFICATION.c.verdict)
        with self._companion.read() as connection:
            row = connection.execute(query.where(LAST_VERIFICATION.c.number == _ONE)).one_or_none()
        return (row[0], row[1]) if row is not None else None

    def keep(self, report: VerificationReport, *, some_days: bool) -> None:
        """Keep the result of a verification that just ended; a failure is logged, since the result itself stands.

        Args:
            report: The result.
            some_days: True if only some days were verified.
        """
        days = ", some days only" if some_days else ""
        found = (("altered", report.altered), ("without a hash", report.without_hash), ("deleted", report.orphaned))
        words = ", ".join(f"{count:,} {what}" for what, count in found if count) or _NOTHING
        try:
            self._save(f"{words} ({counted(report.checked)} checked{days})")
        except ApiSetupError as error:
            _logger.warning("The result of the verification could not be kept: %s", error)

    def _save(self, verdict: str) -> None:
        with self._practice.read() as connection:
            now = self._practice.now(connection)
        with self._companion.write() as connection:
            connection.execute(delete(LAST_VERIFICATION).where(LAST_VERIFICATION.c.number == _ONE))
            connection.execute(
                insert(LAST_VERIFICATION).values(number=_ONE, verified_at=now.replace(microsecond=0), verdict=verdict)
            )


def found_nothing(verdict: str) -> bool:
    """Return True if the result of a verification, as it is kept, says that nothing is wrong."""
    return verdict.startswith(_NOTHING)
