"""The service for keys, with each of the two who may decide about them."""

from __future__ import annotations

import re
import sqlite3
from contextlib import closing
from dataclasses import replace

import pytest

from core.base.errors import Conflict, EditConflict, HeadquartersUnreachable, InvalidInput, OperationNotAllowed
from core.base.secret import Secret
from core.model.api_key import KeyFields, NewKey
from core.model.authority_name import AuthorityName
from core.model.key_text import fingerprint
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED, NEW_KEY, key_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY
from tests.support.row_diff import Written, writing


def set_outside(sample: SamplePractice, column: str, value: object) -> None:
    """Change a key's row in the companion, as another apisetup would."""
    with closing(sqlite3.connect(sample.companion)) as connection, connection:
        connection.execute(
            f"UPDATE apisetup_key SET {column} = ? WHERE fingerprint = ?", (value, fingerprint(BRIDGE_KEY))
        )


def test_lists_the_registry_and_what_only_the_copy_has(sample: SamplePractice) -> None:
    with sample.office() as office:
        listed = office.keys.list()
    assert listed.authority.name is AuthorityName.LOCAL
    assert listed.authority.may_change
    expected = [
        ("Appointment Bridge", "********Gh78", KeyStatus.ENABLED, True),
        ("Canopy", "********Pp44", KeyStatus.ENABLED_READ_ONLY, True),
        ("ClearPay", "********Ww32", KeyStatus.DISABLED_BY_CUSTOMER, True),
        ("Old Recall", "********Uu88", KeyStatus.DISABLED_BY_HQ, True),
        ("Stray Software", "********Tt40", KeyStatus.UNKNOWN, False),
    ]
    found = [(key.developer, key.masked, key.status, key.known) for key in listed.keys]
    assert found == (expected if sample.has_apikey else expected[:-1])
    bridge = listed.keys[0]
    assert bridge.license is not None
    assert (bridge.license.title, bridge.license.accepted_by) == ("Careful", "Admin")
    assert bridge.fields.permissions == ("ApiReadAll", "ApiComm")


def test_no_key_prints_its_text(sample: SamplePractice) -> None:
    with sample.office() as office:
        printed = repr(office.keys.list())
    for key in (BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY):
        assert key not in printed


def test_the_words_say_who_decides(sample: SamplePractice) -> None:
    with sample.office() as office:
        words = office.keys.list().authority.explanation
    assert "registry on this computer" in words or "This computer's own registry" in words
    assert "headquarters isn't informed" in words


@pytest.mark.parametrize(
    ("server_sample", "copied"), [("24.3 InnoDB", 3), ("21.1 MyISAM", 0)], indirect=["server_sample"]
)
def test_without_headquarters_its_keys_are_listed_and_nothing_else(server_sample: SampleServer, copied: int) -> None:
    with server_sample.office(AuthorityName.HEADQUARTERS) as office, writing(server_sample) as written:
        with pytest.raises(HeadquartersUnreachable, match="has no registration key"):
            office.keys.fetch()
        listed = office.keys.list()
        assert listed.authority.name is AuthorityName.HEADQUARTERS
        assert not listed.authority.may_change
        assert "headquarters manages" in listed.authority.explanation
        assert "has no registration key" in listed.authority.explanation
        assert len(listed.keys) == copied
        assert {key.status for key in listed.keys} <= {KeyStatus.UNKNOWN}
        for key in listed.keys:
            assert office.keys.status_refusal(key) == listed.authority.refusal
            with pytest.raises(OperationNotAllowed, match="keys can't be changed"):
                office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
            with pytest.raises(OperationNotAllowed, match="keys can't be changed"):
                office.keys.edit(ADMIN, key, KeyFields(email="x"))
        with pytest.raises(OperationNotAllowed, match="keys can't be changed"):
            office.keys.check_new(NEW_KEY)
        with pytest.raises(OperationNotAllowed, match="keys can't be changed"):
            office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "New Wave"), ACCEPTED)
    assert written == Written()


def test_a_key_of_headquarters_can_be_shown_and_that_is_logged(server_sample: SampleServer) -> None:
    with server_sample.office(AuthorityName.HEADQUARTERS) as office, writing(server_sample) as written:
        key = key_of(office, "Stray Software")
        assert office.keys.show(ADMIN, key).reveal() == STRAY_KEY
    text = f"API key ********Tt40 #{key.fingerprint[:6]} shown in full to Admin"
    assert written == Written(audit=[(8, 1, text)])


def test_a_key_is_checked_before_its_license_is_asked_for(sample: SamplePractice) -> None:
    with sample.office() as office:
        assert office.keys.check_new(f" {NEW_KEY}\n") == Secret(NEW_KEY)
        with pytest.raises(InvalidInput, match="Please enter an API key"):
            office.keys.check_new(" ")


@pytest.mark.parametrize("key", [BRIDGE_KEY, CLEARPAY_KEY])
def test_a_key_that_is_in_the_list_is_refused(file_sample: SampleFile, key: str) -> None:
    with file_sample.office() as office, writing(file_sample) as written:
        with pytest.raises(InvalidInput, match="This key is already in the list") as caught:
            office.keys.check_new(key)
        with pytest.raises(InvalidInput, match="This key is already in the list"):
            office.keys.add(ADMIN, NewKey(Secret(key), "Somebody"), ACCEPTED)
    assert caught.value.field == "key"
    assert key not in str(caught.value)
    assert written == Written()


def test_keys_that_differ_in_capitals_are_different_keys(sample: SamplePractice) -> None:
    other = BRIDGE_KEY.swapcase()
    with sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(other), "Other"), ACCEPTED)
        assert office.keys.show(ADMIN, key_of(office, "Other")).reveal() == other
        assert office.keys.show(ADMIN, key_of(office, "Appointment Bridge")).reveal() == BRIDGE_KEY


@pytest.mark.parametrize("developer", ["", "   "])
def test_a_key_needs_a_developer(sample: SamplePractice, developer: str) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(InvalidInput) as caught:
        office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), developer), ACCEPTED)
    assert caught.value.field == "developer"
    assert written == Written()


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_developer_that_is_too_long_for_the_copy_is_shortened_visibly(server_sample: SampleServer) -> None:
    with server_sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "d" * 300), ACCEPTED)
    rows = server_sample.practice_rows()["apikey"].values()
    (copied,) = [str(row["DevName"]) for row in rows if row["CustApiKey"] == NEW_KEY]
    assert copied.endswith("ddd [shortened]")
    assert len(copied) == 255


def test_two_keys_that_look_the_same_are_told_apart(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(f"Other{NEW_KEY}"), "Two"), ACCEPTED)
        one = office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "One"), ACCEPTED).key
        two = key_of(office, "Two")
    assert one.masked == f"********Kk78 #{one.fingerprint[:6]}"
    assert two.masked == f"********Kk78 #{two.fingerprint[:6]}"
    assert one.label == f"API key {one.masked} (One)"


@pytest.mark.parametrize(
    ("developer", "wanted"),
    [
        ("Old Recall", KeyStatus.ENABLED),
        ("Stray Software", KeyStatus.DISABLED_BY_CUSTOMER),
        ("Appointment Bridge", KeyStatus.ENABLED),
        ("Appointment Bridge", KeyStatus.DISABLED_BY_HQ),
        ("ClearPay", KeyStatus.ENABLED_READ_ONLY),
    ],
)
def test_a_status_that_the_office_may_not_set(file_sample: SampleFile, developer: str, wanted: KeyStatus) -> None:
    with file_sample.office() as office, writing(file_sample) as written, pytest.raises(OperationNotAllowed):
        office.keys.set_status(ADMIN, key_of(office, developer), wanted)
    assert written == Written()


def test_why_a_status_stays(file_sample: SampleFile) -> None:
    set_outside(file_sample, "status", 3)
    with file_sample.office() as office:
        why = {key.developer: office.keys.status_refusal(key) for key in office.keys.list().keys}
    assert why == {
        "Appointment Bridge": "The developer disabled this key; only Appointment Bridge can enable it:"
        " dev@example.test, 555-0100.",
        "Canopy": "",
        "ClearPay": "",
        "Old Recall": "Open Dental disabled this key; only Open Dental support can enable it.",
        "Stray Software": "This key is only in the practice's copy of keys, not in the local registry."
        " Adopt it to manage it here.",
    }


@pytest.mark.parametrize(
    ("now", "wanted", "words"),
    [
        (1, KeyStatus.ENABLED, "Already enabled; nothing to do."),
        (5, KeyStatus.ENABLED, r"Already enabled \(Read Enabled\); nothing to do."),
        (2, KeyStatus.DISABLED_BY_CUSTOMER, "Already disabled; nothing to do."),
        (3, KeyStatus.DISABLED_BY_CUSTOMER, r"Already disabled \(Disabled by Developer\); nothing to do."),
        (4, KeyStatus.DISABLED_BY_CUSTOMER, r"Already disabled \(Disabled by Open Dental\); nothing to do."),
        (3, KeyStatus.ENABLED, "The developer disabled this key"),
        (0, KeyStatus.DISABLED_BY_CUSTOMER, "The office can't change a key whose status is Unknown."),
    ],
)
def test_a_status_that_the_key_has_already_is_refused(
    file_sample: SampleFile, now: int, wanted: KeyStatus, words: str
) -> None:
    set_outside(file_sample, "status", now)
    with file_sample.office() as office, writing(file_sample) as written:
        key = key_of(office, "Appointment Bridge")
        assert re.match(words, office.keys.status_refusal(key, wanted))
        with pytest.raises(OperationNotAllowed, match=words):
            office.keys.set_status(ADMIN, key, wanted)
    assert written == Written()


def test_a_read_only_key_is_disabled_and_comes_back_enabled(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.set_status(ADMIN, key_of(office, "Canopy"), KeyStatus.DISABLED_BY_CUSTOMER)
        change = office.keys.set_status(ADMIN, key_of(office, "Canopy"), KeyStatus.ENABLED)
    assert change.key.status is KeyStatus.ENABLED
    assert change.sentence == "API key ********Pp44 (Canopy) is now Enabled in the local registry."


def test_disabling_says_what_is_cut_off_and_what_is_not(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "appointment bridge"), ACCEPTED)
        key = key_of(office, "Appointment Bridge")
        change = office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    assert "Not cut off: one other enabled key of Appointment Bridge in this list." in change.consequences


def test_a_status_that_moved_is_not_overwritten(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        set_outside(sample, "status", 4)
        with writing(sample) as written, pytest.raises(EditConflict) as caught:
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    assert caught.value.conflicts == (
        Conflict("Key Status", "Enabled", "Disabled by Open Dental", "Disabled by Customer"),
    )
    assert (written.changed, written.added) == ({}, {})
    assert all(text and text.startswith("NOT DONE: ") for _, _, text in written.audit[1:])


def test_fields_that_moved_are_not_overwritten(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        set_outside(sample, "email", "moved@example.test")
        with writing(sample) as written, pytest.raises(EditConflict):
            office.keys.edit(ADMIN, key, replace(key.fields, email="mine@example.test"))
    assert (written.changed, written.added) == ({}, {})


def test_a_field_that_moved_hinders_no_change_of_another(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        set_outside(sample, "email", "moved@example.test")
        with writing(sample) as written:
            change = office.keys.edit(ADMIN, key, replace(key.fields, phone="555-0177"))
    assert (change.key.fields.email, change.key.fields.phone) == ("moved@example.test", "555-0177")
    assert len(written.audit) == 1


def test_only_the_fields_that_were_changed_on_both_sides_conflict(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        set_outside(file_sample, "email", "moved@example.test")
        set_outside(file_sample, "phone", "555-0178")
        with pytest.raises(EditConflict) as caught:
            office.keys.edit(ADMIN, key, replace(key.fields, phone="555-0177", permissions=("ApiReadAll", "ApiComm")))
        assert [conflict.what for conflict in caught.value.conflicts] == ["phone"]
        assert key_of(office, "Appointment Bridge").fields.email == "moved@example.test"


def test_fields_that_moved_show_both_values(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        set_outside(file_sample, "email", "moved@example.test")
        with pytest.raises(EditConflict) as caught:
            office.keys.edit(ADMIN, key, replace(key.fields, email="mine@example.test"))
    (conflict,) = caught.value.conflicts
    assert conflict.read == "dev@example.test"
    assert conflict.now == "moved@example.test"
    assert conflict.wanted == "mine@example.test"


def test_fields_of_a_key_that_only_the_copy_has_cannot_be_edited(file_sample: SampleFile) -> None:
    with file_sample.office() as office, pytest.raises(OperationNotAllowed, match="not in the local registry"):
        office.keys.edit(ADMIN, key_of(office, "Stray Software"), KeyFields(email="x"))


def test_a_key_that_is_gone_is_told(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        file_sample.execute("DELETE FROM apisetup_key WHERE fingerprint = ?", fingerprint(BRIDGE_KEY))
        file_sample.execute("DELETE FROM apikey WHERE CustApiKey = ?", BRIDGE_KEY)
        with writing(file_sample) as written:
            with pytest.raises(OperationNotAllowed, match="no longer"):
                office.keys.show(ADMIN, key)
            with pytest.raises(EditConflict) as caught:
                office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    assert caught.value.conflicts[0].now == "gone"
    assert written == Written()


def test_the_history_of_a_key_is_its_own_entries_newest_first(sample: SamplePractice) -> None:
    with sample.office() as office:
        office.keys.show(ADMIN, key_of(office, "ClearPay"))
        key = key_of(office, "Appointment Bridge")
        office.keys.show(ADMIN, key)
        office.keys.copy(ADMIN, key)
        history = office.keys.history(key)
    assert [entry.text for entry in history] == [
        f"API key ********Gh78 #{key.fingerprint[:6]} sent to the terminal's clipboard by Admin",
        f"API key ********Gh78 #{key.fingerprint[:6]} shown in full to Admin",
        # The vendor's own, which names the whole key.
        "New API key ********Gh78 added by Admin",
    ]
    assert history[-1].text_masked
    assert BRIDGE_KEY not in repr(history)
