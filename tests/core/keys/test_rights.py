"""Remarks on the rights of a key that is enabled again, by what the Audit Trail says was made."""

from __future__ import annotations

import pytest

from core.keys.rights import rights_remarks
from core.model.event_values import KeyLabel
from core.model.key_events import KeyStatusChanged
from core.model.logged_event import LoggedEvent, Stage
from core.opendental.key_status import KeyStatus
from tests.support.audit_rows import log_row
from tests.support.change_kinds import key_of
from tests.support.databases import SampleFile
from tests.support.sealing import insert_entry

OFF, ON, READ_ONLY = KeyStatus.DISABLED_BY_CUSTOMER, KeyStatus.ENABLED, KeyStatus.ENABLED_READ_ONLY
WAS_READ_ONLY = [(READ_ONLY, OFF, Stage.DONE)]
WAS_NOT = [(ON, OFF, Stage.DONE)]


@pytest.mark.parametrize(
    ("logged", "remarks"),
    [
        (WAS_READ_ONLY, 1),
        (WAS_NOT, 0),
        # A change that was taken back says nothing about the status before.
        ([*WAS_NOT, (READ_ONLY, OFF, Stage.DONE), (READ_ONLY, OFF, Stage.NOT_DONE)], 0),
        ([*WAS_READ_ONLY, (ON, OFF, Stage.DONE), (ON, OFF, Stage.NOT_DONE)], 1),
        ([*WAS_READ_ONLY, (ON, OFF, Stage.DONE), (ON, OFF, Stage.NOT_DONE), (ON, OFF, Stage.DONE)], 0),
    ],
)
def test_a_change_that_was_not_done_is_no_earlier_status(
    file_sample: SampleFile, logged: list[tuple[KeyStatus, KeyStatus, Stage]], remarks: int
) -> None:
    with file_sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        for number, (before, after, stage) in enumerate(logged, 801):
            event = KeyStatusChanged(KeyLabel.of(key), before, after, "Admin")
            row = log_row(number, f"2024-11-06 10:00:{number - 800:02}", LoggedEvent(event, stage).text())
            insert_entry(file_sample, row)
        enabling = KeyStatusChanged(KeyLabel.of(key), OFF, ON, "Admin")
        assert len(rights_remarks(office.audit, key, enabling, is_remote=False)) == remarks
