"""Undoing what an audit entry did: by the same door, and only if the value is still what the entry wrote."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace

import pytest

from core.base.errors import ApiSetupError, Conflict, EditConflict, EntryGone, InvalidInput, OperationNotAllowed
from core.base.secret import Secret
from core.model.actor import Actor
from core.model.api_key import NewKey
from core.model.event_values import Setting, SettingChange
from core.model.key_text import fingerprint
from core.model.settings_events import SettingsChanged
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from core.practice.unit_of_work import WriteMode
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED, EDITED, NEW_KEY, key_of, save_settings
from tests.support.databases import COMPUTER, SampleFile, SamplePractice
from tests.support.practice_rows import API_PAYMENT_TYPE, CASH, CHECK, CREDIT_CARD, FHIR, INTERVAL, log_hash
from tests.support.row_diff import Written, writing

OTHER = Actor(4, "Ecw", COMPUTER)
DISABLED = KeyStatus.DISABLED_BY_CUSTOMER


def last(sample: SamplePractice) -> int:
    """The number of the newest entry."""
    return max(map(int, sample.practice_rows()["securitylog"]))


def text(sample: SamplePractice) -> str | None:
    """The text of the newest entry."""
    return sample.value("securitylog", last(sample), "LogText")


def set_status(office: Office, developer: str, status: KeyStatus) -> None:
    office.keys.set_status(ADMIN, key_of(office, developer), status)


# -- settings ------------------------------------------------------------------------


def test_a_save_is_undone_by_another_save(sample: SamplePractice) -> None:
    with sample.office() as office:
        before = office.settings.load().values
        save_settings(office)
        saved = last(sample)
        assert office.undoing.plan(saved).lines == (
            "Enabled: from on back to off",
            "subscription interval: from 5 minutes back to blank",
            "payment type: from Credit Card back to Check",
        )
        with writing(sample) as written:
            done = office.undoing.undo(OTHER, saved)
        assert office.settings.load().values == before
    assert written.changed == {
        ("program", str(FHIR), "Enabled"): ("1", "0"),
        ("programproperty", str(INTERVAL), "PropertyValue"): ("5", ""),
        ("preference", str(API_PAYMENT_TYPE), "ValueString"): (str(CREDIT_CARD), str(CHECK)),
    }
    assert done.sentence.startswith("Undone: Enabled from on to off; subscription interval from 5 minutes to blank; ")
    assert text(sample) == (
        "API Setup: Enabled changed from on to off; subscription interval from 5 minutes to blank;"
        f" payment type from Credit Card to Check (undoing entry {saved})"
    )


def test_undoing_can_be_undone(sample: SamplePractice) -> None:
    with sample.office() as office:
        save_settings(office)
        after = office.settings.load().values
        office.undoing.undo(ADMIN, last(sample))
        office.undoing.undo(ADMIN, last(sample))
        assert office.settings.load().values == after


def test_planning_writes_nothing(sample: SamplePractice) -> None:
    with sample.office() as office:
        save_settings(office)
        number = last(sample)
        with writing(sample) as written:
            office.undoing.plan(number)
    assert written == Written()


def test_a_value_that_is_another_by_now_is_not_touched(sample: SamplePractice) -> None:
    with sample.office() as office:
        save_settings(office)
        number = last(sample)
        read = office.settings.load().values
        office.settings.save(OTHER, read, replace(read, payment_type=CASH))
        with writing(sample) as written, pytest.raises(EditConflict) as caught:
            office.undoing.undo(ADMIN, number)
    assert written == Written()
    assert caught.value.conflicts == (Conflict("payment type", "Credit Card", "Cash", "Check"),)
    assert "Ecw: API Setup: payment type changed from Credit Card to Cash" in caught.value.conflicts[0].attribution


def test_a_payment_type_that_is_gone_cannot_come_back(sample: SamplePractice) -> None:
    with sample.office() as office:
        save_settings(office)
        sample.execute("UPDATE definition SET IsHidden = 1 WHERE DefNum = ?", CHECK)
        with (
            writing(sample) as written,
            pytest.raises(OperationNotAllowed, match="isn't exactly one payment type named Check"),
        ):
            office.undoing.undo(ADMIN, last(sample))
    assert written == Written()


@pytest.mark.parametrize("act", ["plan", "undo"])
def test_an_interval_that_cannot_be_saved_cannot_come_back(sample: SamplePractice, act: str) -> None:
    sample.execute("UPDATE programproperty SET PropertyValue = 'abc' WHERE ProgramPropertyNum = ?", INTERVAL)
    with sample.office() as office:
        save_settings(office)
        number = last(sample)
        with writing(sample) as written, pytest.raises(InvalidInput, match="blank or a number of minutes"):
            office.undoing.plan(number) if act == "plan" else office.undoing.undo(ADMIN, number)
    assert written == Written()


@pytest.mark.parametrize(
    "name", ["Check to Cash", "x; payment type from y", "Cash (undoing entry 5)", "to", "from a to b"]
)
def test_a_name_that_reads_like_another_change_is_never_misread(file_sample: SampleFile, name: str) -> None:
    file_sample.execute("UPDATE definition SET ItemName = ? WHERE DefNum = ?", name, CHECK)
    with file_sample.office() as office:
        read = office.settings.load().values
        office.settings.save(ADMIN, read, replace(read, payment_type=CREDIT_CARD))
        try:
            office.undoing.undo(ADMIN, last(file_sample))
        except OperationNotAllowed:
            assert office.settings.load().values.payment_type == CREDIT_CARD
        else:
            assert office.settings.load().values == read


def test_a_payment_type_of_which_there_are_two_by_now_cannot_come_back(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        save_settings(office)
        name_payment_type(file_sample, CASH, "Check")
        with (
            writing(file_sample) as written,
            pytest.raises(OperationNotAllowed, match="isn't exactly one payment type named Check"),
        ):
            office.undoing.undo(ADMIN, last(file_sample))
    assert written == Written()


def assert_only_refused(sample: SamplePractice, office: Office, number: int) -> None:
    """Neither a plan nor the undoing itself takes the entry for something else, and nothing is written."""
    with writing(sample) as written:
        with pytest.raises(ApiSetupError):
            office.undoing.plan(number)
        with pytest.raises(ApiSetupError):
            office.undoing.undo(ADMIN, number)
    assert written == Written()


def name_payment_type(sample: SamplePractice, number: int, name: str) -> None:
    sample.execute("UPDATE definition SET ItemName = ? WHERE DefNum = ?", name, number)


@pytest.mark.parametrize("number", [CHECK, CREDIT_CARD])
def test_a_save_of_which_one_value_cannot_be_read_surely_is_undone_whole_or_not_at_all(
    file_sample: SampleFile, number: int
) -> None:
    name_payment_type(file_sample, number, "Check to Cash")
    with file_sample.office() as office:
        before = office.settings.load().values
        save_settings(office)
        saved = office.settings.load().values
        try:
            office.undoing.undo(ADMIN, last(file_sample))
        except OperationNotAllowed:
            assert office.settings.load().values == saved
        else:
            assert office.settings.load().values == before


LIKE_A_SETTING = "x; payment type from Cash"


def test_a_payment_type_whose_name_holds_another_change_comes_back(file_sample: SampleFile) -> None:
    name_payment_type(file_sample, CHECK, LIKE_A_SETTING)
    with file_sample.office() as office:
        read = office.settings.load().values
        office.settings.save(ADMIN, read, replace(read, payment_type=CREDIT_CARD))
        number = last(file_sample)
        assert office.undoing.plan(number).lines == (f"payment type: from Credit Card back to {LIKE_A_SETTING}",)
        office.undoing.undo(ADMIN, number)
        assert office.settings.load().values.payment_type == CHECK


def write_text(sample: SampleFile, number: int, text: str) -> None:
    """Give an entry another text, with the hash that belongs to it."""
    row = sample.practice_rows()["securitylog"][str(number)]
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = ?", text, number)
    hashed = log_hash({**row, "LogText": text})
    sample.execute("UPDATE securityloghash SET LogHash = ? WHERE SecurityLogNum = ?", hashed, number)


def test_an_entry_whose_new_value_holds_another_change_is_not_undone_as_both(file_sample: SampleFile) -> None:
    name_payment_type(file_sample, CREDIT_CARD, "Cash; Enabled from off to on")
    with file_sample.office() as office:
        read = office.settings.load().values
        office.settings.save(ADMIN, read, replace(read, payment_type=CREDIT_CARD))
        number = last(file_sample)
        read = office.settings.load().values
        office.settings.save(OTHER, read, replace(read, enabled=True, payment_type=CASH))
        assert_only_refused(file_sample, office, number)


# -- keys ----------------------------------------------------------------------------


def test_a_disabled_key_is_enabled_again(sample: SamplePractice) -> None:
    with sample.office() as office:
        set_status(office, "Appointment Bridge", DISABLED)
        number = last(sample)
        assert office.undoing.plan(number).lines == ("status: from Disabled by Customer back to Enabled",)
        done = office.undoing.undo(OTHER, number)
        assert key_of(office, "Appointment Bridge").status is KeyStatus.ENABLED
    assert done.consequences
    assert str(text(sample)).endswith(
        f"(Appointment Bridge) changed from Disabled by Customer to Enabled by Ecw (undoing entry {number})"
    )


def test_a_key_that_has_another_status_by_now_is_not_touched(sample: SamplePractice) -> None:
    with sample.office() as office:
        set_status(office, "Appointment Bridge", DISABLED)
        number = last(sample)
        set_status(office, "Appointment Bridge", KeyStatus.ENABLED)
        with writing(sample) as written, pytest.raises(EditConflict) as caught:
            office.undoing.undo(ADMIN, number)
    assert written == Written()
    assert caught.value.conflicts[0].now == "Enabled"
    assert "changed from Disabled by Customer to Enabled by Admin" in caught.value.conflicts[0].attribution


def test_a_status_that_the_office_cannot_set_does_not_come_back(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apisetup_key SET status = 5 WHERE developer = 'Appointment Bridge'")
    with file_sample.office() as office:
        set_status(office, "Appointment Bridge", DISABLED)
        with pytest.raises(
            OperationNotAllowed, match="was Read Enabled before, and the office can only make it Enabled"
        ):
            office.undoing.undo(ADMIN, last(file_sample))


LIKE_A_CHANGE = "X) changed from Disabled by Customer to Enabled by Y (z"


def test_a_status_change_is_undone_for_a_developer_whose_name_reads_like_a_change(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apisetup_key SET developer = ? WHERE developer = 'Appointment Bridge'", LIKE_A_CHANGE)
    with file_sample.office() as office:
        set_status(office, LIKE_A_CHANGE, DISABLED)
        assert office.undoing.plan(last(file_sample)).lines == ("status: from Disabled by Customer back to Enabled",)
        office.undoing.undo(ADMIN, last(file_sample))
        assert key_of(office, LIKE_A_CHANGE).status is KeyStatus.ENABLED


def test_an_older_entry_whose_developers_name_reads_like_a_change_is_not_undone(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apisetup_key SET developer = ? WHERE developer = 'Appointment Bridge'", LIKE_A_CHANGE)
    with file_sample.office() as office:
        set_status(office, LIKE_A_CHANGE, DISABLED)
        number = last(file_sample)
        row = file_sample.practice_rows()["securitylog"][str(number)]
        # Earlier versions wrote names without quotes.
        text = str(row["LogText"]).replace(f'"{LIKE_A_CHANGE}"', LIKE_A_CHANGE).replace('"Admin"', "Admin")
        assert text != row["LogText"]
        write_text(file_sample, number, text)
        with writing(file_sample) as written, pytest.raises(OperationNotAllowed, match="can't be determined"):
            office.undoing.undo(ADMIN, number)
    assert written == Written()


HOSTILE = "X) changed from Enabled to Disabled by Customer by Admin"


def _added(office: Office, developer: str) -> None:
    office.keys.add(ADMIN, NewKey(Secret(NEW_KEY), developer, EDITED), ACCEPTED)


def _email_changed(office: Office, developer: str) -> None:
    key = key_of(office, developer)
    office.keys.edit(ADMIN, key, replace(key.fields, email=f"{HOSTILE}@example.test"))


def test_the_addition_of_a_developer_named_like_a_status_change_is_not_undone_as_one(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        _added(office, HOSTILE)
        number = last(file_sample)
        set_status(office, HOSTILE, DISABLED)
        assert_only_refused(file_sample, office, number)


@pytest.mark.parametrize("developer", [HOSTILE, "Appointment Bridge"])
def test_an_edit_that_holds_the_words_of_a_status_change_is_not_undone_as_one(
    file_sample: SampleFile, developer: str
) -> None:
    file_sample.execute("UPDATE apisetup_key SET developer = ? WHERE developer = 'Appointment Bridge'", developer)
    with file_sample.office() as office:
        before = key_of(office, developer).fields
        _email_changed(office, developer)
        number = last(file_sample)
        set_status(office, developer, DISABLED)
        office.undoing.undo(ADMIN, number)
        assert key_of(office, developer).fields == before
        assert key_of(office, developer).status is DISABLED


def test_enabling_a_key_is_not_undone_as_the_disabling_that_its_developers_name_tells_of(
    file_sample: SampleFile,
) -> None:
    file_sample.execute("UPDATE apisetup_key SET developer = ? WHERE developer = 'Appointment Bridge'", HOSTILE)
    with file_sample.office() as office:
        set_status(office, HOSTILE, DISABLED)
        set_status(office, HOSTILE, KeyStatus.ENABLED)
        number = last(file_sample)
        set_status(office, HOSTILE, DISABLED)
        assert_only_refused(file_sample, office, number)


def test_of_two_keys_with_the_same_short_fingerprint_the_other_one_is_never_touched(file_sample: SampleFile) -> None:
    first, second = "Collision003135Key", "Collision011633Key"
    assert fingerprint(first)[:6] == fingerprint(second)[:6]
    with file_sample.office() as office:
        for developer, key in (("First", first), ("Second", second)):
            office.keys.add(ADMIN, NewKey(Secret(key), developer, EDITED), ACCEPTED)
        for developer in ("Second", "First"):
            set_status(office, developer, DISABLED)
        with suppress(OperationNotAllowed):
            office.undoing.undo(ADMIN, last(file_sample))
        assert key_of(office, "Second").status is DISABLED


# -- what cannot be undone -----------------------------------------------------------


def _shown(office: Office) -> None:
    office.keys.show(ADMIN, key_of(office, "Appointment Bridge"))


def _added_key(office: Office) -> None:
    _added(office, "New Developer")


def _not_done(office: Office) -> None:
    event = SettingsChanged((SettingChange(Setting.ENABLED, "off", "on"),))
    work = office._practice.unit_of_work(ADMIN, event, mode=WriteMode.SPANS_DATABASES)
    with pytest.raises(LookupError), work:
        raise LookupError


@pytest.mark.parametrize("act", [_shown, _added_key, _not_done])
def test_other_entries_cannot_be_undone(file_sample: SampleFile, act: Callable[[Office], None]) -> None:
    with file_sample.office() as office:
        act(office)
        with (
            writing(file_sample) as written,
            pytest.raises(OperationNotAllowed, match="Only changes whose entry says"),
        ):
            office.undoing.undo(ADMIN, last(file_sample))
    assert written == Written()


def test_an_entry_whose_hash_does_not_match_is_not_undone(sample: SamplePractice) -> None:
    with sample.office() as office:
        save_settings(office)
        sample.execute(
            "UPDATE securitylog SET LogText = REPLACE(LogText, 'Check', 'Cash') WHERE SecurityLogNum = ?", last(sample)
        )
        with writing(sample) as written, pytest.raises(OperationNotAllowed, match="hash doesn't match"):
            office.undoing.undo(ADMIN, last(sample))
    assert written == Written()


def test_an_entry_that_is_gone_is_said(file_sample: SampleFile) -> None:
    with file_sample.office() as office, pytest.raises(EntryGone):
        office.undoing.plan(987_654)
