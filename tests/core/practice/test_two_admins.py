"""Two admins change the same at once: the second one reads in the Audit Trail's words who changed it, and decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from core.base.errors import EditConflict
from core.model.actor import Actor
from core.model.event_values import Setting, SettingChange
from core.model.settings_events import SettingsChanged
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import key_of
from tests.support.databases import NOW, SampleFile, SamplePractice
from tests.support.practice_rows import API_PAYMENT_TYPE, CASH, CREDIT_CARD, INTERVAL

OTHER = Actor(4, "Frontdesk", "frontdesk-2")


def as_other(office: Office, **wanted: object) -> None:
    """Another admin saves settings."""
    read = office.settings.load().values
    office.settings.save(OTHER, read, replace(read, **wanted))  # type: ignore[arg-type]  # fields by name


def tellers(caught: pytest.ExceptionInfo[EditConflict]) -> list[str]:
    return [conflict.attribution for conflict in caught.value.conflicts]


def test_a_setting_tells_who_changed_it_when_and_from_what_to_what(sample: SamplePractice) -> None:
    with sample.office() as office, sample.office() as elsewhere:
        read = office.settings.load().values
        as_other(elsewhere, interval="15", payment_type=CASH)
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, interval="5", payment_type=CREDIT_CARD))
        entry = elsewhere.audit.whole(max(map(int, sample.practice_rows()["securitylog"]))).entry
    assert tellers(caught) == [f"{entry.moment}, {entry.user}: {entry.text}"] * 2
    assert "subscription interval changed from blank to 15 minutes; payment type from Check to Cash" in entry.text


def test_a_value_that_no_entry_tells_of_says_so(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        sample.execute("UPDATE preference SET ValueString = ? WHERE PrefNum = ?", str(CASH), API_PAYMENT_TYPE)
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, payment_type=CREDIT_CARD))
    assert tellers(caught) == [
        "No audit entry since yesterday shows who changed it. Open Dental's own window doesn't log this change."
    ]


def test_an_entry_about_another_value_is_not_taken_for_the_one(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        as_other(office, interval="15")
        sample.execute("UPDATE programproperty SET PropertyValue = '30' WHERE ProgramPropertyNum = ?", INTERVAL)
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, interval="5"))
    (attribution,) = tellers(caught)
    assert attribution.startswith(
        "The last entry about it has a different value, so another program has changed it since."
    )
    assert attribution.endswith("from blank to 15 minutes")


def test_an_entry_that_was_not_done_tells_nothing(sample: SamplePractice) -> None:
    with sample.office() as office:
        read = office.settings.load().values
        as_other(office, interval="15")
        undone = SettingsChanged((SettingChange(Setting.INTERVAL, "15 minutes", "9 minutes"),))
        with pytest.raises(LookupError), office._practice.unit_of_work(ADMIN, undone):
            raise LookupError
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, interval="5"))
    (attribution,) = tellers(caught)
    assert "9 minutes" not in attribution
    assert attribution.endswith("from blank to 15 minutes")


def test_the_last_of_two_changes_is_told_though_the_clock_was_set_back_between_them(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        read = office.settings.load().values
        as_other(office, interval="15")
    with file_sample.office(clock=lambda: NOW - timedelta(hours=1)) as office:
        as_other(office, interval="30")
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, interval="5"))
    assert tellers(caught)[0].endswith("from 15 minutes to 30 minutes")


def test_an_entry_that_was_altered_is_told_as_such(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        read = office.settings.load().values
        as_other(office, interval="15")
        file_sample.execute("UPDATE securitylog SET UserNum = 1 WHERE LogText LIKE '%15 minutes'")
        with pytest.raises(EditConflict) as caught:
            office.settings.save(ADMIN, read, replace(read, interval="5"))
    assert tellers(caught)[0].endswith("15 minutes (this entry's hash doesn't match or is missing)")


def test_the_status_of_a_key_tells_who_changed_it(sample: SamplePractice) -> None:
    with sample.office() as office, sample.office() as elsewhere:
        key = key_of(office, "Appointment Bridge")
        elsewhere.keys.set_status(OTHER, key, KeyStatus.DISABLED_BY_CUSTOMER)
        with pytest.raises(EditConflict) as caught:
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    (attribution,) = tellers(caught)
    assert attribution.endswith("changed from Enabled to Disabled by Customer by Frontdesk")


def test_another_field_that_was_changed_later_is_not_taken_for_the_status(sample: SamplePractice) -> None:
    with sample.office() as office, sample.office() as elsewhere:
        key = key_of(office, "Appointment Bridge")
        changed = elsewhere.keys.set_status(OTHER, key, KeyStatus.DISABLED_BY_CUSTOMER).key
        elsewhere.keys.edit(OTHER, changed, replace(changed.fields, email="new@example.test"))
        with pytest.raises(EditConflict) as caught:
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
    (attribution,) = tellers(caught)
    assert attribution.endswith("changed from Enabled to Disabled by Customer by Frontdesk")


def test_a_field_of_a_key_tells_who_changed_it(sample: SamplePractice) -> None:
    with sample.office() as office, sample.office() as elsewhere:
        key = key_of(office, "Appointment Bridge")
        elsewhere.keys.edit(OTHER, key, replace(key.fields, email="new@example.test", permissions=("ApiPatients",)))
        with pytest.raises(EditConflict) as caught:
            office.keys.edit(ADMIN, key, replace(key.fields, email="mine@example.test", permissions=("ApiReadAll",)))
    email, permissions = tellers(caught)
    assert "e-mail changed from dev@example.test to new@example.test by Frontdesk" in email
    assert "permissions changed: " in permissions
