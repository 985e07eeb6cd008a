"""The seals that the Audit Trail itself records, to find out that a companion has lost some of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from sqlalchemy import Connection, select

from core.base.errors import OperationNotAllowed
from core.model.audit_events import parse_entry
from core.model.logged_event import Stage
from core.model.seal_events import SealKeyChanged, TrailSealed
from core.opendental.schema import SECURITY_LOG

_AT_ONCE = 500
_PATTERN = "%Audit Trail sealed by %"


class LoggedSeals:
    """Collects the seals that entries record while the entries are read for the next seal."""

    def __init__(self) -> None:
        self._made: Counter[TrailSealed | SealKeyChanged] = Counter()

    def add(self, connection: Connection, numbers: Sequence[int]) -> None:
        """Read the entries of this program that may record a seal.

        Args:
            connection: Reads from the practice.
            numbers: Their numbers.
        """
        number, text = SECURITY_LOG.c.security_log_num, SECURITY_LOG.c.log_text
        for begin in range(0, len(numbers), _AT_ONCE):
            query = select(text).where(number.in_(numbers[begin : begin + _AT_ONCE]), text.like(_PATTERN))
            for each in connection.scalars(query):
                logged = parse_entry(each or "")
                if logged is None or not isinstance(logged.event, TrailSealed | SealKeyChanged):
                    continue
                # A seal that could not be kept has a second entry that says so.
                self._made[logged.event] += {Stage.DONE: 1, Stage.NOT_DONE: -1}.get(logged.stage, 0)

    def require_unused(self, number: int) -> None:
        """Check that no entry records a seal with a number, or a later one.

        Raises:
            OperationNotAllowed: One does, so the companion lacks it.
        """
        named = sorted({event.number for event, times in self._made.items() if times > 0 and event.number >= number})
        if not named:
            return
        raise OperationNotAllowed(
            f"The Audit Trail records seal {named[0]}, which the companion doesn't have: it was restored from a backup,"
            " or another companion seals this practice, too. Nothing was sealed.",
            "Put the missing seals into seal_dir, or use the companion that has them. If they are lost for good, run:"
            " apisetup audit seal --replace-lost",
        )
