"""Notes on keys: what is saved where, what the Audit Trail says of it, and what happens at the same time."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from core.base.errors import EditConflict, InvalidInput, OutcomeUnknown
from core.model.key_note import KeyNote, KeyRecord
from tests.support.actors import ADMIN
from tests.support.databases import NOW, SampleFile, SamplePractice
from tests.support.practice_rows import BRIDGE_KEY
from tests.support.reviews import NOTE, key_of
from tests.support.row_diff import writing

BRIDGE = "Appointment Bridge"
RECORD = KeyRecord(NOTE, date(2024, 7, 8), ("Bridge Inc",))
on_three = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)


@on_three
def test_notes_are_saved_where_they_belong_with_an_entry_each(sample: SamplePractice) -> None:
    with sample.office() as office:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        with writing(sample) as written:
            saved = office.notes.save(ADMIN, key, read, RECORD)
        assert office.notes.of(key_of(office, BRIDGE)) == RECORD
        assert office.notes.all() == {key.fingerprint: NOTE}
    assert [text for _, _, text in written.audit] == [
        f"API key {key.audit_label} notes changed by Admin: owner changed from blank to Maria;"
        " purpose from blank to Reminders; BAA reference from blank to Drawer 5; review date from none to 2099-01-31",
        f"API key {key.audit_label} Business Associate Agreement changed from in place since 2023-04-05 to in place"
        " since 2024-07-08 by Admin",
        f"Former names of developer {BRIDGE} changed by Admin: added Bridge Inc",
    ]
    assert set(written.added) == {"apisetup_key_note", "apisetup_former_name"}
    assert {(table, column) for table, _, column in written.changed} == {("apisetup_key", "agreement_since")}
    assert (written.removed, written.signals) == ([], [])
    assert saved.sentence == (
        f"Saved for {key.label}: owner: Maria, purpose: Reminders, BAA reference: Drawer 5, review date: 2099-01-31,"
        " BAA date: 2024-07-08, former names: Bridge Inc."
    )
    assert BRIDGE_KEY not in saved.sentence


def test_nothing_is_written_if_nothing_changed(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        with writing(file_sample) as written:
            assert office.notes.save(ADMIN, key, read, read).sentence == "No changes to save."
    assert (written.audit, written.added) == ([], {})


def test_blank_notes_leave_no_row(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        noted = replace(read, note=NOTE)
        office.notes.save(ADMIN, key, read, noted)
        office.notes.save(ADMIN, key, noted, read)
        assert office.notes.all() == {}
    assert file_sample.all_rows()["apisetup_key_note"] == {}


@pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM"], indirect=True)
def test_two_admins_change_the_same_note(sample: SamplePractice) -> None:
    with sample.office() as mine, sample.office() as theirs:
        key = key_of(mine, BRIDGE)
        read = mine.notes.of(key)
        theirs.notes.save(ADMIN, key, read, replace(read, note=KeyNote(owner="Bob")))
        with pytest.raises(EditConflict) as caught:
            mine.notes.save(ADMIN, key, read, replace(read, note=KeyNote(owner="Maria")))
        # Another field of the same note isn't in the way.
        mine.notes.save(ADMIN, key, read, replace(read, note=KeyNote(purpose="Reminders")))
        assert mine.notes.of(key).note == KeyNote(owner="Bob", purpose="Reminders")
    (conflict,) = caught.value.conflicts
    assert (conflict.what, conflict.read, conflict.now, conflict.wanted) == ("owner", "blank", "Bob", "Maria")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"owner": "x" * 256}, "owner"),
        ({"purpose": "line\nbreak"}, "purpose"),
        ({"agreement_reference": "Authorization: ODFHIR a/b"}, "agreement_reference"),
    ],
)
def test_a_note_that_cannot_be_used_is_refused(file_sample: SampleFile, changes: dict[str, str], field: str) -> None:
    with file_sample.office() as office, writing(file_sample) as written:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        with pytest.raises(InvalidInput) as caught:
            office.notes.save(ADMIN, key, read, replace(read, note=replace(read.note, **changes)))  # type: ignore[arg-type]
    assert caught.value.field == field
    assert written.audit == []


def test_a_date_in_the_future_keeps_the_other_notes_from_being_saved(file_sample: SampleFile) -> None:
    with file_sample.office() as office, writing(file_sample) as written:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        with pytest.raises(InvalidInput, match="in the future"):
            office.notes.save(ADMIN, key, read, replace(RECORD, agreement_since=date(NOW.year + 1, 1, 1)))
    assert written.audit == []


def test_what_was_saved_before_a_conflict_is_named(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        office.use.set_former_names(ADMIN, BRIDGE, (), ["Another"])
        with pytest.raises(OutcomeUnknown, match=r"^Saved: owner: Maria, .*\. The rest was not saved\."):
            office.notes.save(ADMIN, key, read, RECORD)
        assert office.use.former_names(BRIDGE) == ("Another",)


def test_a_change_of_notes_can_be_undone_from_its_entry_and_as_the_last_change(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        key = key_of(office, BRIDGE)
        read = office.notes.of(key)
        office.notes.save(ADMIN, key, read, replace(read, note=KeyNote(owner="Bob", review_date=date(2099, 1, 1))))
        office.notes.save(ADMIN, key, office.notes.of(key), replace(read, note=NOTE))
        assert office.can_undo_last(ADMIN)
        (step,) = office.undoing.plan_last(ADMIN)
        assert step.lines[0] == "owner: from Maria back to Bob"
        office.undoing.undo_step(ADMIN, step)
        assert office.notes.of(key).note == KeyNote(owner="Bob", review_date=date(2099, 1, 1))
        first = min(each.number for each in office.keys.history(key) if " notes changed " in each.text)
        office.undoing.undo(ADMIN, first)
        assert office.notes.of(key).note == KeyNote()
        with pytest.raises(EditConflict):
            office.undoing.plan(first)
