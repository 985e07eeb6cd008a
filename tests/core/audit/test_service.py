"""Audit entries as they are listed: order, users, dates, masked keys and hash_status."""

from __future__ import annotations

from datetime import datetime

import pytest
from sqlalchemy import event

from core.audit.paging import Direction
from core.model.audit_entry import AuditEntry, HashStatus
from core.model.authority_name import AuthorityName
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING, NEWEST_FIRST, all_entries, newest_entries
from tests.support.change_kinds import NEW
from tests.support.databases import NOW, SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import BRIDGE_KEY, STRAY_KEY, log_hash


def entries(sample: SamplePractice, authority: AuthorityName = AuthorityName.LOCAL) -> tuple[AuditEntry, ...]:
    with sample.office(authority) as office:
        return newest_entries(office)


def entry(sample: SamplePractice, number: int) -> AuditEntry:
    (match,) = [entry for entry in entries(sample) if entry.number == number]
    return match


def test_the_newest_entry_comes_first_and_within_a_second_the_highest_number(sample: SamplePractice) -> None:
    assert [entry.number for entry in entries(sample)] == NEWEST_FIRST


def test_each_entry_has_its_hash_status(sample: SamplePractice) -> None:
    hash_status = {entry.number: entry.hash_status for entry in entries(sample)}
    assert hash_status.pop(3) is HashStatus.ALTERED
    assert hash_status.pop(4) is HashStatus.NO_HASH
    assert set(hash_status.values()) == {HashStatus.MATCHES}


def test_hash_status_has_a_word_and_an_explanation() -> None:
    assert [member.value for member in HashStatus] == ["matches", "no hash", "altered"]
    assert all(member.explanation.endswith(".") for member in HashStatus)


@pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize(
    "change",
    [
        "LogText = 'Payment of $9.00 entered.'",
        "UserNum = 3",
        "PermType = 16",
        "PatNum = 13",
        "LogDateTime = '2024-11-05 09:03:06'",
        "DateTPrevious = '2024-11-05 09:03:06'",
    ],
)
def test_an_entry_is_altered_if_a_hashed_column_was_changed(server_sample: SampleServer, change: str) -> None:
    server_sample.execute(f"UPDATE securitylog SET {change} WHERE SecurityLogNum = 1")
    assert entry(server_sample, 1).hash_status is HashStatus.ALTERED


def test_an_entry_is_altered_if_one_of_two_hashes_does_not_match(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO securityloghash (SecurityLogHashNum, SecurityLogNum, LogHash) VALUES (900, 1, 'x')")
    assert entry(sample, 1).hash_status is HashStatus.ALTERED


def test_an_entry_with_a_zero_date_has_no_date(sample: SamplePractice) -> None:
    undated = entry(sample, 5)
    assert undated.moment is None
    assert undated.hash_status is HashStatus.MATCHES


def test_an_entry_with_a_null_text_has_an_empty_text(sample: SamplePractice) -> None:
    empty = entry(sample, 6)
    assert (empty.text, empty.hash_status) == ("", HashStatus.MATCHES)


def test_users_are_shown_by_name_and_deleted_ones_by_number(sample: SamplePractice) -> None:
    users = {entry.number: entry.user for entry in entries(sample)}
    assert (users[1], users[2], users[7], users[8]) == ("Admin", "Maria", "Unknown(5)", "")


def test_an_entry_has_everything_that_lists_show(sample: SamplePractice) -> None:
    right = log_hash(sample.practice_rows()["securitylog"]["2"])
    assert entry(sample, 2) == AuditEntry(
        number=2,
        moment=datetime(2020, 2, 29),
        permission_number=27,
        permission="AppointmentEdit",
        user_num=2,
        user="Maria",
        computer="FRONTDESK-2",
        text="José — déplacé 日本語",
        text_masked=False,
        source="None",
        patient=4711,
        last_edit=datetime(2020, 2, 28, 12, 30, 1),
        hash_status=HashStatus.MATCHES,
        stored_moment="2020-02-29 00:00:00",
        stored_hashes=(right,),
        computed_hash=right,
        f_key=0,
        definition=0,
        definition_error=0,
    )


def test_a_key_in_open_dentals_own_entry_is_masked(sample: SamplePractice) -> None:
    new_key = entry(sample, 10)
    assert new_key.text == "New API key ********Gh78 added by Admin"
    assert new_key.text_masked
    assert new_key.hash_status is HashStatus.MATCHES


@pytest.mark.parametrize("key", ["Unknown1Unknown2", "short", BRIDGE_KEY, "Star*inside*12", "*star-at-first"])
def test_an_unknown_key_in_open_dentals_own_entry_is_masked(file_sample: SampleFile, key: str) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = ?", f"New API key {key} added by Admin")
    assert all(key not in entry.text and entry.text_masked for entry in entries(file_sample))


def test_a_known_key_is_masked_wherever_it_occurs(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = ?", f"<{STRAY_KEY}>, {BRIDGE_KEY}/{BRIDGE_KEY}")
    assert {entry.text for entry in entries(file_sample)} == {"<********Tt40>, ********Gh78/********Gh78"}


def test_a_key_that_starts_with_another_key_is_masked_completely(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apikey SET CustApiKey = ? WHERE APIKeyNum = 3", f"{BRIDGE_KEY}LongerKey99")
    file_sample.execute("UPDATE securitylog SET LogText = ?", f"It is {BRIDGE_KEY}LongerKey99.")
    assert {entry.text for entry in entries(file_sample)} == {"It is ********ey99."}


@pytest.mark.parametrize(
    "text", ["API key ********Gh78 #abcdef (Dev) shown", "x [/] y", "New API key added", "API/FHIR"]
)
def test_an_entry_without_a_key_is_not_changed(file_sample: SampleFile, text: str) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = ?", text)
    assert {(entry.text, entry.text_masked) for entry in entries(file_sample)} == {(text, False)}


def test_log_sources_are_shown_by_name_and_unknown_ones_by_number(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE securitylog SET LogSource = SecurityLogNum + 22")
    assert {entry.source for entry in entries(file_sample)} >= {"API", "ClaimReceiveAutomatic", "PaymentPortal", "26"}


@pytest.mark.parametrize("size", [1, 3, 10, 100])
def test_a_page_has_the_requested_number_of_entries(file_sample: SampleFile, size: int) -> None:
    file_sample.execute("UPDATE securitylog SET LogDateTime = '2024-11-05 09:03:' || (10 + SecurityLogNum)")
    with file_sample.office() as office:
        assert [entry.number for entry in newest_entries(office, size)] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1][:size]


def test_a_second_that_would_be_split_is_left_to_the_next_page(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogDateTime = '2024-11-04 10:00:03' WHERE SecurityLogNum IN (6, 7)")
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        page = search.page(Direction.OLDER, size=4)
        assert [entry.number for entry in page.entries] == [10, 1]
        assert [entry.number for entry in search.page(Direction.OLDER, page.next_cursor, 4).entries] == [9, 8, 7, 6]


def test_a_second_with_more_entries_than_a_page_keeps_its_order(sample: SamplePractice) -> None:
    sample.execute("UPDATE securitylog SET LogDateTime = '2024-11-04 10:00:03'")
    with sample.office() as office:
        search = office.audit.search(EVERYTHING)
        assert [entry.number for entry in all_entries(search, Direction.OLDER, size=3)] == [
            10,
            9,
            8,
            7,
            6,
            5,
            4,
            3,
            2,
            1,
        ]
        assert [entry.number for entry in all_entries(search, Direction.NEWER, size=3)] == [
            1,
            2,
            3,
            4,
            5,
            6,
            7,
            8,
            9,
            10,
        ]


def test_an_empty_audit_trail_has_no_entries(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog")
    assert entries(sample) == ()


def test_an_audit_trail_with_only_undated_entries_can_be_read(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM securitylog WHERE SecurityLogNum <> 5")
    assert [entry.number for entry in entries(sample)] == [5]


def test_entries_written_by_this_program_have_matching_hashes(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.licenses.decline(ADMIN, NEW)
        newest = newest_entries(office)[0]
    assert newest.hash_status is HashStatus.MATCHES
    assert newest.permission == ("LicenseAccept" if sample.has_apikey else "Setup")
    assert newest.computer == "server-1, 203.0.113.9"


def test_with_headquarters_the_keys_of_the_local_copy_are_masked(server_sample: SampleServer) -> None:
    server_sample.execute("UPDATE securitylog SET LogText = ?", f"{STRAY_KEY} {BRIDGE_KEY}")
    assert {entry.text for entry in entries(server_sample, AuthorityName.HEADQUARTERS)} == {"********Tt40 ********Gh78"}


def test_no_read_session_is_opened_inside_another_one(file_sample: SampleFile) -> None:
    """On SQLite the inner connection would wait for a writer that waits for the outer one."""
    open_sessions, most = 0, 0

    def began(_connection: object) -> None:
        nonlocal open_sessions, most
        open_sessions += 1
        most = max(most, open_sessions)

    def ended(_connection: object) -> None:
        nonlocal open_sessions
        open_sessions -= 1

    with file_sample.office() as office:
        key = office.keys.list().keys[0]
        engine = office._practice.engine
        event.listen(engine, "begin", began)
        event.listen(engine, "rollback", ended)
        event.listen(engine, "commit", ended)
        assert newest_entries(office)
        office.keys.history(key)
        office.settings.load()
        office.keys.list()
    assert most == 1


def test_the_users_include_hidden_ones(sample: SamplePractice) -> None:
    with sample.office() as office:
        users = office.audit.users()
    assert users.filter_values == ("none", "Admin", "Bare", "Blank", "Ecw", "Gone", "Maria", "Narrow", "office")
    assert (users.number("maria"), users.name(3)) == (2, "Gone")


def test_a_user_whose_name_is_null_has_an_empty_name(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET UserName = NULL WHERE UserNum = 9")
    with sample.office() as office:
        assert office.audit.users().name(9) == ""


def test_today_is_the_date_of_the_practices_clock(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        assert office.audit.today() == NOW.date()
