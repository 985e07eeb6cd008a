"""The changes of a key's status that the Audit Trail says were made."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator

from core.model.audit_entry import AuditEntry
from core.model.audit_events import parse_entry
from core.model.key_events import KeyStatusChanged
from core.model.logged_event import AuditEvent, Stage


def changes_made(newest_first: Iterable[AuditEntry], unanswered: int = 0) -> Iterator[tuple[int, KeyStatusChanged]]:
    """Yield the number and the event of each change that was made, without those that a later entry takes back.

    Args:
        newest_first: The key's entries.
        unanswered: The number of an entry that counts as made although headquarters' answer was lost; 0 for none.
    """
    not_done: Counter[AuditEvent] = Counter()
    for each in newest_first:
        logged = parse_entry(each.text)
        if logged is None or not isinstance(logged.event, KeyStatusChanged):
            continue
        if logged.stage is Stage.NOT_DONE:
            not_done[logged.event] += 1
        elif logged.stage is not Stage.UNKNOWN and not_done[logged.event]:
            # The entry that was logged before the change, or before headquarters was asked for it.
            not_done[logged.event] -= 1
        elif logged.stage is Stage.DONE or (logged.stage is Stage.UNKNOWN and each.number == unanswered):
            yield each.number, logged.event
