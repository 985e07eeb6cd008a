"""Undoing an edit of a key's contact, permissions and agreement from its entries."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.base.errors import EditConflict
from core.model.api_key import KeyFields
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.change_kinds import EDITED, key_of
from tests.support.databases import SampleFile, SamplePractice

DEVELOPER = "Appointment Bridge"


def edit(office: Office, fields: KeyFields) -> None:
    office.keys.edit(ADMIN, key_of(office, DEVELOPER), fields)


def entry_about(sample: SamplePractice, words: str) -> int:
    rows = sample.practice_rows()["securitylog"]
    return max(int(number) for number, row in rows.items() if words in str(row["LogText"]))


@pytest.mark.parametrize(
    ("fields", "words", "line"),
    [
        (KeyFields("a@example.test"), "e-mail changed", "e-mail: from new@example.test back to a@example.test"),
        (KeyFields(phone="503 555 0100"), "phone changed", "phone: from blank back to 503 555 0100"),
        (
            KeyFields(agreement_since=date(2020, 1, 2)),
            "Business Associate Agreement changed",
            "Business Associate Agreement: from in place since 2024-07-08 back to in place since 2020-01-02",
        ),
        (
            KeyFields(),
            "Business Associate",
            "Business Associate Agreement: from in place since 2024-07-08 back to none",
        ),
    ],
)
def test_a_field_gets_its_value_from_before_and_no_other_field_changes(
    sample: SamplePractice, fields: KeyFields, words: str, line: str
) -> None:
    with sample.office() as office:
        edit(office, fields)
        edit(office, EDITED)
        number = entry_about(sample, words)
        assert office.undoing.plan(number).lines == (line,)
        office.undoing.undo(ADMIN, number)
        restored = key_of(office, DEVELOPER).fields
    changed = {name: value for name, value in vars(restored).items() if value != getattr(EDITED, name)}
    assert changed == {name: getattr(fields, name) for name in changed}
    assert len(changed) == 1
    assert entry_about(sample, f"(undoing entry {number})") > number


def test_permissions_that_were_added_go_and_those_that_were_removed_come_back(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        edit(office, KeyFields(permissions=("ApiAppointments", "ApiReadAll")))
        edit(office, KeyFields(permissions=("ApiReadAll", "ApiPatients")))
        number = entry_about(file_sample, "permissions changed")
        assert office.undoing.plan(number).lines == (
            "permissions: removes ApiPatients again",
            "permissions: adds ApiAppointments again",
        )
        office.undoing.undo(ADMIN, number)
        assert set(key_of(office, DEVELOPER).fields.permissions) == {"ApiAppointments", "ApiReadAll"}


def test_a_field_that_was_changed_since_is_not_touched(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        edit(office, EDITED)
        number = entry_about(file_sample, "e-mail changed")
        edit(office, replace(EDITED, email="later@example.test"))
        with pytest.raises(EditConflict) as caught:
            office.undoing.undo(ADMIN, number)
        assert key_of(office, DEVELOPER).fields.email == "later@example.test"
    assert caught.value.conflicts[0].now == "later@example.test"


def test_permissions_that_were_changed_since_are_not_touched(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        edit(office, KeyFields(permissions=("ApiPatients",)))
        number = entry_about(file_sample, "permissions changed")
        edit(office, KeyFields(permissions=()))
        with pytest.raises(EditConflict):
            office.undoing.undo(ADMIN, number)
        assert key_of(office, DEVELOPER).fields.permissions == ()
