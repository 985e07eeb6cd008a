"""The rows that every kind of change writes, on every shape of practice: these and no others."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.base.errors import NotAuthorized, WrongNameOrPassword
from core.base.secret import Secret
from core.model.api_key import ApiKey, KeyFields, NewKey
from core.model.key_text import fingerprint, fingerprint_tag
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.audit_pages import newest_entries
from tests.support.change_kinds import ACCEPTED, NEW
from tests.support.databases import SamplePractice
from tests.support.practice_rows import (
    ACCOUNT,
    API_PAYMENT_TYPE,
    BRIDGE_KEY,
    CASH,
    CHECK,
    CREDIT_CARD,
    FHIR,
    INTERVAL,
    PASSWORDS,
)
from tests.support.row_diff import Written, writing
from tests.support.sealed_keys import unseal

ENABLED = ("program", str(FHIR), "Enabled")
MINUTES = ("programproperty", str(INTERVAL), "PropertyValue")
PAYMENT_TYPE = ("preference", str(API_PAYMENT_TYPE), "ValueString")
BRIDGE_LABEL = "********Gh78 #{tag} (Appointment Bridge)"
NEW_KEY = "Nn12Ee34Ww56Kk78"

NEW_LABEL = f"********Kk78 {fingerprint_tag(fingerprint(NEW_KEY))} (New Wave)"


def key_of(office: Office, developer: str) -> ApiKey:
    (found,) = [key for key in office.keys.list().keys if key.developer == developer]
    return found


def changed_in_registry(written: Written) -> dict[str, tuple[str | None, str | None]]:
    return {column: values for (table, _, column), values in written.changed.items() if table == "apisetup_key"}


def test_enabling_the_api(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        with writing(sample) as written:
            saved = office.settings.save(ADMIN, read, replace(read, enabled=True))
    assert saved.changes == ("Enabled from off to on",)
    assert written == Written(
        audit=[(8, 1, "API Setup: Enabled changed from off to on")],
        signals=[20],
        changed={ENABLED: ("0", "1")},
    )


def test_setting_the_interval(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        with writing(sample) as written:
            office.settings.save(ADMIN, read, replace(read, interval=" 2.5 "))
    assert written == Written(
        audit=[(8, 1, "API Setup: subscription interval changed from blank to 2.5 minutes")],
        signals=[20],
        changed={MINUTES: ("", "2.5")},
    )


def test_choosing_a_payment_type(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        with writing(sample) as written:
            office.settings.save(ADMIN, read, replace(read, payment_type=CASH))
    assert written == Written(
        audit=[(8, 1, "API Setup: payment type changed from Check to Cash")],
        signals=[5],
        changed={PAYMENT_TYPE: (str(CHECK), str(CASH))},
    )


def test_saving_all_settings_at_once(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        with writing(sample) as written:
            wanted = replace(read, enabled=True, interval="5", payment_type=CREDIT_CARD)
            office.settings.save(ADMIN, read, wanted)
        assert office.settings.load().values == wanted
    assert written == Written(
        audit=[
            (
                8,
                1,
                "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
                " payment type from Check to Credit Card",
            )
        ],
        signals=[20, 5],
        changed={ENABLED: ("0", "1"), MINUTES: ("", "5"), PAYMENT_TYPE: (str(CHECK), str(CREDIT_CARD))},
    )


def test_saving_nothing_new_writes_nothing(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        with writing(sample) as written:
            saved = office.settings.save(ADMIN, read, read)
    assert saved.changes == ()
    assert written == Written()


def test_accepting_the_license(sample: SamplePractice) -> None:
    with sample.office() as office:
        agreement = office.licenses.agreement
        with writing(sample) as written:
            acceptance = office.licenses.accept(ADMIN, NEW)
    text = f"API Access Agreement for API key {NEW_LABEL} accepted by Admin (SHA-256 {agreement.sha256[:12]})"
    assert written.audit == [(sample.license_kind, 1, text)]
    assert (written.signals, written.changed, written.removed) == ([], {}, [])
    (kept,) = written.added.pop("apisetup_license_text")
    assert kept == {"sha256": agreement.sha256, "text": agreement.text}
    (accepted,) = written.added.pop("apisetup_license_acceptance")
    assert accepted["number"] == str(acceptance.number)
    assert (accepted["title"], accepted["sha256"]) == ("API Access Agreement", agreement.sha256)
    assert accepted["accepted_by"] == "Admin"
    assert written.added == {}


def test_declining_the_license(sample: SamplePractice) -> None:
    with sample.office() as office:
        with writing(sample) as written:
            office.licenses.decline(ADMIN, NEW)
        sha256 = office.licenses.agreement.sha256[:12]
    text = f"API Access Agreement for API key {NEW_LABEL} declined by Admin (SHA-256 {sha256})"
    assert written == Written(audit=[(sample.license_kind, 1, text)])


def test_adding_a_key(sample: SamplePractice) -> None:
    with sample.office() as office:
        acceptance = office.licenses.accept(ADMIN, NEW)
        fields = KeyFields("api@canopy.test", "555-0101", ("ApiReadAll",), date(2024, 6, 14))
        with writing(sample) as written:
            added = office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), "New Wave", fields), acceptance).key
    tag = added.fingerprint[:6]
    grant = "permissions ApiReadAll; BAA since 2024-06-14"
    assert written.audit == [(8, 1, f"New API key ********Kk78 #{tag} (New Wave) added by Admin; {grant}")]
    assert (written.signals, written.changed, written.removed) == ([], {}, [])
    (row,) = written.added.pop("apisetup_key")
    assert unseal(str(row["fingerprint"]), str(row["sealed"])) == NEW_KEY
    assert (row["masked"], row["developer"], row["status"], row["date_disabled"]) == (
        "********Kk78",
        "New Wave",
        "1",
        None,
    )
    assert (row["email"], row["phone"], row["permissions"]) == ("api@canopy.test", "555-0101", '["ApiReadAll"]')
    assert (row["agreement_since"], row["license_number"]) == ("2024-06-14", str(acceptance.number))
    # The keys that the registry knew already but the copy did not have are put back into it, too.
    copied = {row["CustApiKey"]: row["DevName"] for row in written.added.pop("apikey", [])}
    assert (copied.get(NEW_KEY) == "New Wave") is sample.has_apikey
    assert written.added == {}


def test_disabling_a_key(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
        office.keys.set_status(ADMIN, key_of(office, "Appointment Bridge"), KeyStatus.ENABLED)
        with writing(sample) as written:
            changed = office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    label = BRIDGE_LABEL.format(tag=key.fingerprint[:6])
    assert written.audit == [
        (8, 1, f"API key {label} changed from Enabled to Disabled by Customer by Admin"),
    ]
    in_registry = changed_in_registry(written)
    assert in_registry["status"] == ("1", "2")
    assert in_registry["date_disabled"][0] is None
    assert changed.key.date_disabled is not None
    assert in_registry.keys() == {"status", "date_disabled"}
    assert len(written.changed) == 2
    assert (written.signals, written.added, written.removed) == ([], {}, [])


def test_enabling_a_key(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "ClearPay")
        with writing(sample) as written:
            changed = office.keys.set_status(ADMIN, key, KeyStatus.ENABLED)
    assert changed.key.date_disabled is None
    (audit,) = written.audit
    assert audit[2] == (
        f"API key ********Ww32 #{key.fingerprint[:6]} (ClearPay) changed from Disabled by Customer to Enabled by Admin"
    )
    assert changed_in_registry(written) == {
        "status": ("2", "1"),
        "date_disabled": ("2024-05-06 07:08:09.000000", None),
    }
    assert (written.signals, written.removed) == ([], [])


@pytest.fixture
def sample_with_copy(sample: SamplePractice) -> SamplePractice:
    """A practice of a version that has `apikey`, with one key missing there."""
    if not sample.has_apikey:
        pytest.skip("this version has no apikey")
    sample.execute("DELETE FROM apikey WHERE CustApiKey = ?", BRIDGE_KEY)
    return sample


@pytest.mark.parametrize("developer", ["Appointment Bridge", "Canopy"])
def test_a_status_change_leaves_the_copy_as_it_is(sample_with_copy: SamplePractice, developer: str) -> None:
    with sample_with_copy.office() as office, writing(sample_with_copy) as written:
        office.keys.set_status(ADMIN, key_of(office, developer), KeyStatus.DISABLED_BY_CUSTOMER)
    assert {table for table, _, _ in written.changed} == {"apisetup_key"}
    assert (written.added, written.removed) == ({}, [])


def test_adding_a_key_adds_only_that_key_to_the_copy(sample_with_copy: SamplePractice) -> None:
    with sample_with_copy.office() as office, writing(sample_with_copy) as written:
        office.keys.add(ADMIN, NEW, ACCEPTED)
    assert [row["CustApiKey"] for row in written.added["apikey"]] == [NEW_KEY]


def test_a_key_that_is_missing_from_the_copy_is_noted_and_put_back_with_an_entry(
    sample_with_copy: SamplePractice,
) -> None:
    with sample_with_copy.office() as office, writing(sample_with_copy) as written:
        (note,) = office.keys.list().notes
        assert note.startswith("Missing from the practice's copy of keys: Appointment Bridge, Canopy, Old Recall.")
        assert office.keys.reconcile_copy(ADMIN).notes == ()
    (audit,) = written.audit
    added = str(audit[2]).removeprefix("API keys: copy made equal to the local registry: added ")
    assert added.count("#") == 3
    assert fingerprint(BRIDGE_KEY)[:6] in added
    assert {row["DevName"] for row in written.added["apikey"]} == {"Appointment Bridge", "Canopy", "Old Recall"}
    assert written.removed == []


def test_a_key_that_is_twice_in_the_copy_is_noted_and_removed_with_an_entry(sample_with_copy: SamplePractice) -> None:
    with sample_with_copy.office() as office:
        office.keys.reconcile_copy(ADMIN)
    for number in (901, 902):
        insert = "INSERT INTO apikey (APIKeyNum, CustApiKey, DevName) VALUES (?, ?, 'Appointment Bridge')"
        sample_with_copy.execute(insert, number, BRIDGE_KEY)
    with sample_with_copy.office() as office, writing(sample_with_copy) as written:
        assert office.keys.list().notes == ("The practice's copy of keys has some keys more than once.",)
        office.keys.reconcile_copy(ADMIN)
    (audit,) = written.audit
    assert audit[2] == "API keys: copy made equal to the local registry: duplicate rows removed"
    assert [table for table, _ in written.removed] == ["apikey", "apikey"]


def test_a_key_that_only_the_copy_has_can_be_adopted(sample: SamplePractice) -> None:
    if not sample.has_apikey:
        pytest.skip("this version has no apikey")
    with sample.office() as office:
        stray = key_of(office, "Stray Software")
        assert office.keys.can_adopt(stray)
        with writing(sample) as written:
            adopted = office.keys.add(ADMIN, office.keys.to_adopt(stray, "Stray Software"), ACCEPTED)
    assert adopted.key.status is KeyStatus.ENABLED
    assert str(written.audit[0][2]).endswith("(Stray Software) added by Admin; permissions none; BAA none")
    assert set(written.added) == {"apisetup_key"}


def test_removing_a_key(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        with writing(sample) as written:
            change = office.keys.remove(ADMIN, key)
        assert all(each.developer != "Appointment Bridge" for each in office.keys.list().keys)
    label = BRIDGE_LABEL.format(tag=key.fingerprint[:6])
    text = f"API key {label} removed from the local registry by Admin; its status was Enabled"
    assert written.audit == [(8, 1, text)]
    tables = ["apikey", "apisetup_key"] if sample.has_apikey else ["apisetup_key"]
    assert sorted(table for table, _ in written.removed) == tables
    assert (written.signals, written.changed, written.added) == ([], {}, {})
    assert change.sentence == f"Removed: {key.label}."


def test_editing_a_key_logs_each_field(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        wanted = KeyFields("new@example.test", "", ("ApiReadAll", "ApiPatients"), None)
        with writing(sample) as written:
            office.keys.edit(ADMIN, key, wanted)
        assert key_of(office, "Appointment Bridge").fields == wanted
    label = BRIDGE_LABEL.format(tag=key.fingerprint[:6])
    assert [text for _, _, text in written.audit] == [
        f"API key {label} e-mail changed from dev@example.test to new@example.test by Admin",
        f"API key {label} phone changed from 555-0100 to blank by Admin",
        f"API key {label} permissions changed: added ApiPatients; removed ApiComm by Admin",
        f"API key {label} Business Associate Agreement changed from in place since 2023-04-05 to none by Admin",
    ]
    assert changed_in_registry(written) == {
        "email": ("dev@example.test", "new@example.test"),
        "phone": ("555-0100", ""),
        "permissions": ('["ApiReadAll", "ApiComm"]', '["ApiReadAll", "ApiPatients"]'),
        "agreement_since": ("2023-04-05", None),
    }
    assert len(written.changed) == 4
    assert (written.signals, written.added, written.removed) == ([], {}, [])


def test_editing_nothing_writes_nothing(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        with writing(sample) as written:
            office.keys.edit(ADMIN, key, key.fields)
    assert written == Written()


def test_showing_a_key_in_full(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        with writing(sample) as written:
            assert office.keys.show(ADMIN, key).reveal() == BRIDGE_KEY
    text = f"API key ********Gh78 #{key.fingerprint[:6]} shown in full to Admin"
    assert written == Written(audit=[(8, 1, text)])


def test_copying_a_key(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        with writing(sample) as written:
            assert office.keys.copy(ADMIN, key).reveal() == BRIDGE_KEY
    text = f"API key ********Gh78 #{key.fingerprint[:6]} sent to the terminal's clipboard by Admin"
    assert written == Written(audit=[(8, 1, text)])


def test_signing_in(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        signed_in = office.users.sign_in("admin", Secret(PASSWORDS["Admin"]))
    assert signed_in.actor == ADMIN
    assert written == Written(audit=[(83, 1, "User: Admin has logged on."), (8, 1, "API/FHIR")])


def test_signing_in_after_failures_resets_their_count(sample: SamplePractice) -> None:
    sample.execute("UPDATE userod SET FailedAttempts = 3, DateTFail = '2020-01-01 00:00:00' WHERE UserNum = 1")
    with sample.office() as office, writing(sample) as written:
        office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
    assert written == Written(
        audit=[(83, 1, "User: Admin has logged on."), (8, 1, "API/FHIR")],
        changed={("userod", "1", "FailedAttempts"): ("3", "0")},
    )


def test_a_wrong_password(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("Admin", Secret("wrong"))
    assert written.audit == [(83, 1, "User: Admin failed to log on.")]
    assert written.changed.pop(("userod", "1", "FailedAttempts")) == ("0", "1")
    assert [(table, key, column) for table, key, column in written.changed] == [("userod", "1", "DateTFail")]
    assert (written.signals, written.added, written.removed) == ([], {}, [])


def test_an_unknown_name_logs_nothing_of_what_was_typed(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(WrongNameOrPassword):
        office.users.sign_in("my secret password", Secret("x"))
    assert written == Written(audit=[(83, 0, "User: (unknown name) failed to log on.")])


def test_a_sign_in_without_setup(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written, pytest.raises(NotAuthorized):
        office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]))
    assert written == Written(audit=[(83, 2, "User: Maria failed to log on.")])


def test_signing_out(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        office.users.sign_out(ADMIN)
    assert written == Written(audit=[(83, 1, "User: Admin has logged off.")])


def test_opening_as_the_account(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        assert office.users.account(ACCOUNT).actor.user_num == 8
    assert written == Written(audit=[(8, 8, "API/FHIR")])


def test_reading_writes_nothing(sample: SamplePractice) -> None:
    with writing(sample) as written, sample.office() as office:
        office.settings.load()
        newest_entries(office)
        for key in office.keys.list().keys:
            office.keys.history(key)
    assert written == Written()
