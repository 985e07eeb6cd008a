"""Removing a key that was added by mistake: what may be removed, what is left, and who is told."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.base.errors import Conflict, EditConflict, OperationNotAllowed
from core.base.secret import Secret
from core.model.api_key import ApiKey, KeyFields, NewKey
from core.model.authority_name import AuthorityName
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED, key_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import BRIDGE_KEY
from tests.support.row_diff import Written, writing

with_copy = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)


def test_a_removed_key_is_in_no_list_and_can_be_added_again(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        change = office.keys.remove(ADMIN, key)
        assert change.key.gone
        assert BRIDGE_KEY not in office.keys._authority.clear_texts()
        assert "Appointment Bridge" not in " ".join(office.keys.list().notes)
        office.keys.add(ADMIN, NewKey(Secret(BRIDGE_KEY), "Appointment Bridge"), ACCEPTED)
        assert key_of(office, "Appointment Bridge").status is KeyStatus.ENABLED


@with_copy
def test_every_row_of_the_key_is_removed_from_the_copy(sample: SamplePractice) -> None:
    sample.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES (?, 'Twice')", BRIDGE_KEY)
    with sample.office() as office:
        office.keys.remove(ADMIN, key_of(office, "Appointment Bridge"))
    assert BRIDGE_KEY not in [row["CustApiKey"] for row in sample.practice_rows()["apikey"].values()]


@with_copy
def test_a_key_that_the_copy_lacks_is_removed_from_the_registry(sample: SamplePractice) -> None:
    sample.execute("DELETE FROM apikey WHERE CustApiKey = ?", BRIDGE_KEY)
    with sample.office() as office:
        office.keys.remove(ADMIN, key_of(office, "Appointment Bridge"))
        assert all(key.developer != "Appointment Bridge" for key in office.keys.list().keys)


def test_a_key_that_open_dental_disabled_cannot_be_removed(file_sample: SampleFile) -> None:
    with file_sample.office() as office, writing(file_sample) as written:
        key = key_of(office, "Old Recall")
        with pytest.raises(OperationNotAllowed, match="Open Dental disabled this key"):
            office.keys.remove(ADMIN, key)
    assert written == Written()


@with_copy
def test_a_key_that_only_the_copy_has_cannot_be_removed(sample: SamplePractice) -> None:
    with sample.office() as office, writing(sample) as written:
        key = key_of(office, "Stray Software")
        assert "only in the practice's copy" in office.keys.removal_refusal(key)
        with pytest.raises(OperationNotAllowed, match="only in the practice's copy"):
            office.keys.remove(ADMIN, key)
    assert written == Written()


@pytest.mark.parametrize("server_sample", ["24.3 InnoDB"], indirect=True)
def test_headquarters_keeps_its_keys(server_sample: SampleServer) -> None:
    with server_sample.office(AuthorityName.HEADQUARTERS) as office, writing(server_sample) as written:
        key = key_of(office, "Stray Software")
        assert office.keys.removal_refusal(key).startswith("Headquarters manages the keys")
        with pytest.raises(OperationNotAllowed):
            office.keys.remove(ADMIN, key)
    assert written == Written()


def test_a_key_that_was_changed_since_it_was_shown_is_not_removed(file_sample: SampleFile) -> None:
    with file_sample.office() as office:

        def disable(key: ApiKey) -> None:
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)

        def edit(key: ApiKey) -> None:
            office.keys.edit(ADMIN, key, replace(key.fields, email="new@example.test"))

        for change, what in ((disable, "Key Status"), (edit, "e-mail")):
            shown = key_of(office, "Appointment Bridge")
            change(shown)
            with writing(file_sample) as written, pytest.raises(EditConflict) as caught:
                office.keys.remove(ADMIN, shown)
            assert [conflict.what for conflict in caught.value.conflicts] == [what]
            assert caught.value.conflicts[0].attribution
            assert (written.removed, written.changed) == ([], {})


def test_whoever_changes_a_removed_key_reads_who_removed_it(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, "Appointment Bridge")
        office.keys.remove(ADMIN, key)
        attempts: tuple[Callable[[], object], ...] = (
            lambda: office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER),
            lambda: office.keys.edit(ADMIN, key, KeyFields(email="x@example.test")),
            lambda: office.keys.remove(ADMIN, key),
        )
        for attempt in attempts:
            with pytest.raises(EditConflict) as caught:
                attempt()
            (conflict,) = caught.value.conflicts
            assert isinstance(conflict, Conflict)
            assert conflict.now == "gone"
            assert "removed from the local registry by Admin" in conflict.attribution
            assert not conflict.attribution.startswith("The last entry about it has a different value")
