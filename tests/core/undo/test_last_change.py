"""Undoing the last change of a session, whatever it was."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from core.base.errors import EditConflict, OperationNotAllowed
from core.base.secret import Secret
from core.model.actor import Actor
from core.model.api_key import NewKey
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import (
    ACCEPTED,
    EDITED,
    NEW,
    NEW_DEVELOPER,
    add_key,
    disable_key,
    key_of,
    remove_key,
    save_settings,
)
from tests.support.databases import COMPUTER, SampleFile, SamplePractice
from tests.support.practice_rows import BRIDGE_KEY

OTHER = Actor(4, "Ecw", COMPUTER)
DISABLED = KeyStatus.DISABLED_BY_CUSTOMER


def undo_last(office: Office) -> list[str]:
    """Undo every step of the last change, and return what that said."""
    return [office.undoing.undo_step(ADMIN, step).sentence for step in office.undoing.plan_last(ADMIN)]


def edit_key(office: Office) -> None:
    office.keys.edit(ADMIN, key_of(office, "Appointment Bridge"), EDITED)


def state(office: Office) -> object:
    """Everything that an undo has to restore."""
    keys = {key.fingerprint: (key.status, key.fields, key.known) for key in office.keys.list().keys}
    return office.settings.load().values, keys


@pytest.mark.parametrize("change", [save_settings, disable_key, edit_key, add_key])
def test_the_last_change_is_undone_whatever_it_was(sample: SamplePractice, change: Callable[[Office], None]) -> None:
    with sample.office() as office:
        before = state(office)
        change(office)
        assert state(office) != before
        assert office.undoing.can_undo_last(ADMIN)
        assert undo_last(office)
        assert state(office) == before


def test_only_the_newest_change_is_undone(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        save_settings(office)
        saved = office.settings.load().values
        disable_key(office)
        undo_last(office)
        assert key_of(office, "Appointment Bridge").status is KeyStatus.ENABLED
        assert office.settings.load().values == saved


def test_an_undo_can_be_undone(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        save_settings(office)
        saved = office.settings.load().values
        undo_last(office)
        undo_last(office)
        assert office.settings.load().values == saved


def test_a_save_of_several_fields_is_one_step_with_an_entry_for_each(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        edit_key(office)
        (step,) = office.undoing.plan_last(ADMIN)
        assert len(step.numbers) == 4
        office.undoing.undo_step(ADMIN, step)
    texts = [str(row["LogText"]) for row in file_sample.practice_rows()["securitylog"].values()]
    for number in step.numbers:
        assert len([text for text in texts if text.endswith(f"(undoing entry {number})")]) == 1


def test_several_changes_with_one_question_are_undone_as_one(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.add(ADMIN, NEW, ACCEPTED)
        with office.undoing.together():
            for developer in ("Appointment Bridge", NEW_DEVELOPER):
                office.keys.set_status(ADMIN, key_of(office, developer), DISABLED)
        steps = office.undoing.plan_last(ADMIN)
        assert [step.subject.rpartition(" (")[2] for step in steps] == [f"{NEW_DEVELOPER})", "Appointment Bridge)"]
        assert all(step.ending for step in steps)
        for step in steps:
            office.undoing.undo_step(ADMIN, step)
        assert key_of(office, NEW_DEVELOPER).status.enabled
        assert key_of(office, "Appointment Bridge").status.enabled


def test_a_step_that_cannot_be_undone_any_more_says_why_and_the_others_remain(file_sample: SampleFile) -> None:
    with file_sample.office() as office, file_sample.office() as elsewhere:
        office.keys.add(ADMIN, NEW, ACCEPTED)
        with office.undoing.together():
            for developer in ("Appointment Bridge", NEW_DEVELOPER):
                office.keys.set_status(ADMIN, key_of(office, developer), DISABLED)
        elsewhere.keys.set_status(OTHER, key_of(elsewhere, NEW_DEVELOPER), KeyStatus.ENABLED)
        refused, possible = office.undoing.plan_last(ADMIN)
        assert refused.refusal.startswith("Another program changed a value")
        assert not possible.refusal


def test_a_change_that_another_program_overwrote_is_refused_with_who_did_it(file_sample: SampleFile) -> None:
    with file_sample.office() as office, file_sample.office() as elsewhere:
        disable_key(office)
        elsewhere.keys.set_status(OTHER, key_of(elsewhere, "Appointment Bridge"), KeyStatus.ENABLED)
        with pytest.raises(EditConflict) as caught:
            office.undoing.plan_last(ADMIN)
    assert "by Ecw" in caught.value.conflicts[0].attribution


def test_another_user_does_not_undo_what_the_one_before_changed(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        save_settings(office)
        assert not office.undoing.can_undo_last(OTHER)
        with pytest.raises(OperationNotAllowed, match="Nothing to undo"):
            office.undoing.plan_last(OTHER)


def test_what_changes_nothing_is_not_a_change_to_undo(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.keys.show(ADMIN, key_of(office, "Appointment Bridge"))
        office.licenses.accept(ADMIN, NEW)
        with pytest.raises(OperationNotAllowed, match="Nothing to undo"):
            office.undoing.plan_last(ADMIN)


def test_a_change_that_failed_is_not_the_last_change(file_sample: SampleFile) -> None:
    with file_sample.office() as office, file_sample.office() as elsewhere:
        save_settings(office)
        stale = key_of(office, "Appointment Bridge")
        disable_key(elsewhere)
        with pytest.raises(EditConflict):
            office.keys.set_status(ADMIN, stale, DISABLED)
        (step,) = office.undoing.plan_last(ADMIN)
        assert step.subject == "The settings of API Setup"


def test_removing_a_key_is_said_not_to_be_undoable(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        save_settings(office)
        remove_key(office)
        assert not office.undoing.can_undo_last(ADMIN)
        with pytest.raises(OperationNotAllowed, match="Removing a key can't be undone"):
            office.undoing.plan_last(ADMIN)


def test_adopting_a_key_is_not_undone_by_taking_it_from_the_copy(file_sample: SampleFile) -> None:
    file_sample.execute("DELETE FROM apisetup_key WHERE developer = 'Appointment Bridge'")
    with file_sample.office() as office:
        office.keys.add(ADMIN, NewKey(Secret(BRIDGE_KEY), "Appointment Bridge"), ACCEPTED)
        with pytest.raises(OperationNotAllowed, match="Adopting a key can't be undone"):
            office.undoing.plan_last(ADMIN)
