"""One audit entry with all its details."""

from __future__ import annotations

from datetime import datetime

import pytest

from core.base.errors import EntryGone
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.logged_event import LoggedEvent
from core.model.opening_events import ApiSetupOpened
from core.model.whole_entry import listed_entry
from tests.support.audit_pages import newest_entries
from tests.support.databases import SamplePractice
from tests.support.practice_rows import BRIDGE_KEY, log_hash


def test_a_whole_entry_has_every_column_and_both_hashes(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET FKey = 11, DefNum = 12, DefNumError = 13 WHERE SecurityLogNum = 3")
    with sample.office() as office:
        whole = office.audit.whole(3)
    row = sample.practice_rows()["securitylog"]["3"]
    assert whole.event is None
    assert whole.entry == AuditEntry(
        number=3,
        moment=datetime(2024, 11, 4, 10),
        permission_number=15,
        permission="PaymentCreate",
        user_num=2,
        user="Maria",
        computer="FRONTDESK-2",
        text="Payment of $20.00 entered.",
        text_masked=False,
        source="None",
        patient=12,
        last_edit=None,
        hash_status=HashStatus.ALTERED,
        stored_moment="2024-11-04 10:00:00",
        stored_hashes=(log_hash({**row, "LogText": "Payment of $120.00 entered."}),),
        computed_hash=log_hash(row),
        f_key=11,
        definition=12,
        definition_error=13,
    )


def test_a_whole_entry_of_api_setup_has_its_event(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.audit.whole(1).event == LoggedEvent(ApiSetupOpened())
        new_key = office.audit.whole(10)
    assert new_key.entry.text == "New API key ********Gh78 added by Admin"
    assert new_key.event is not None
    assert "********Gh78" in new_key.event.event.description
    assert BRIDGE_KEY not in new_key.event.event.description


def test_a_whole_entry_without_a_hash_and_without_a_text(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogText = NULL WHERE SecurityLogNum = 4")
    with sample.office() as office:
        entry = office.audit.whole(4).entry
    assert (entry.text, entry.stored_hashes, entry.hash_status) == ("", (), HashStatus.NO_HASH)


def test_a_whole_entry_has_all_its_hashes(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO securityloghash VALUES (900, 1, 'x')")
    right = sample.value("securityloghash", 101, "LogHash")
    with sample.office() as office:
        entry = office.audit.whole(1).entry
    assert sorted(entry.stored_hashes) == sorted((str(right), "x"))
    assert entry.computed_hash == right


def test_a_deleted_entry_is_reported(sample: SamplePractice) -> None:
    with sample.office() as office:
        sample.execute("DELETE FROM securitylog WHERE SecurityLogNum = 3")
        with pytest.raises(EntryGone, match="Audit entry 3 no longer exists"):
            office.audit.whole(3)


def test_a_key_is_masked_regardless_of_case(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 4", f"Key {BRIDGE_KEY.lower()} was seen.")
    with sample.office() as office:
        whole = office.audit.whole(4)
    assert whole.entry.text == "Key ********gh78 was seen."


def test_an_entry_of_a_list_is_whole_unless_a_key_in_it_is_masked(sample: SamplePractice) -> None:
    with sample.office() as office:
        for listed in newest_entries(office):
            expected = None if listed.text_masked else office.audit.whole(listed.number)
            assert listed_entry(listed) == expected
