"""Undoing the last decision of a session, and what keeps one from being undone."""

from __future__ import annotations

import pytest

from core.base.errors import ApiSetupError, EditConflict, OperationNotAllowed
from core.model.event_text import NOT_DECIDED
from core.model.event_values import KeyLabel
from core.model.review import Choice, Decision, DecisionKind
from core.model.review_events import KeyDecisionUndone
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.fault_injection import refused_file_writes
from tests.support.reviews import FAR, REVIEW, decide, end_review, key_of, start_review
from tests.support.row_diff import writing

BRIDGE = "Appointment Bridge"
KEEP, ASK, DISABLE = Choice(DecisionKind.KEEP, FAR, "Fine."), Choice(DecisionKind.ASK), Choice(DecisionKind.DISABLE)
on_three = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)


def decision(office: Office) -> Decision | None:
    item = office.review.find().item(key_of(office, BRIDGE).fingerprint)
    assert item is not None
    return item.decision


def decide_again(office: Office, choice: Choice) -> None:
    office.review.decide(ADMIN, office.review.require_under_way(), key_of(office, BRIDGE).fingerprint, choice)


def undo_last(office: Office) -> list[str]:
    """Undo the last change of the session, and return the sentences of its steps."""
    steps = office.undoing.plan_last(ADMIN)
    return [office.undoing.undo_step(ADMIN, step).sentence for step in steps]


@on_three
def test_a_key_is_undecided_again_with_an_entry(sample: SamplePractice) -> None:
    with sample.office() as office:
        start_review(office)
        decide(office, BRIDGE, KEEP)
        key = key_of(office, BRIDGE)
        number = office.undoing.plan_last(ADMIN)[0].numbers[0]
        with writing(sample) as written:
            assert undo_last(office) == [f"Undone. {key.label}: not decided."]
        assert decision(office) is None
        assert key.fingerprint in {each.fingerprint for each in office.review.progress(office.review.find()).open}
        assert not office.can_undo_last(ADMIN)
        with pytest.raises(OperationNotAllowed, match="can't be undone"):
            office.undoing.plan_last(ADMIN)
    assert [text for _, _, text in written.audit] == [
        f"API key {key.audit_label} decision in review {REVIEW} undone by Admin:"
        f" from keep until 2099-12-31 back to not decided (undoing entry {number})"
    ]
    assert {(table, column) for table, _, column in written.changed} == {
        ("apisetup_review_item", "decision"),
        ("apisetup_review_item", "revision"),
    }


def test_a_decision_in_place_of_one_that_was_undone_since_is_told_so(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        decide(office, BRIDGE, KEEP)
        key, shown = key_of(office, BRIDGE), office.review.find()
        undo_last(office)
        with pytest.raises(EditConflict) as caught:
            office.review.decide(ADMIN, shown, key.fingerprint, ASK)
        assert caught.value.sentence == f"The decision about {key.label} was undone in the meantime. Nothing was saved."


def test_the_decision_that_was_replaced_stands_again(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        decide(office, BRIDGE, KEEP)
        kept = decision(office)
        decide_again(office, ASK)
        (sentence,) = undo_last(office)
        assert sentence.endswith(": keep until 2099-12-31.")
        assert decision(office) == kept


@on_three
def test_disabling_as_a_decision_is_undone_in_two_steps(sample: SamplePractice) -> None:
    with sample.office() as office:
        start_review(office)
        with office.undoing.together():
            decide(office, BRIDGE, DISABLE)
        taken_back, enabled = office.undoing.plan_last(ADMIN)
        assert (taken_back.ending, enabled.ending) == ("", key_of(office, BRIDGE).ending)
        undo_last(office)
        assert decision(office) is None
        assert key_of(office, BRIDGE).status is KeyStatus.ENABLED


@pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM"], indirect=True)
def test_a_decision_that_was_replaced_since_is_not_undone(sample: SamplePractice) -> None:
    with sample.office() as mine, sample.office() as theirs:
        start_review(mine)
        decide(mine, BRIDGE, KEEP)
        (step,) = mine.undoing.plan_last(ADMIN)
        decide_again(theirs, ASK)
        with writing(sample) as written:
            with pytest.raises(EditConflict) as caught:
                mine.undoing.plan_last(ADMIN)
            with pytest.raises(EditConflict):
                mine.undoing.undo_step(ADMIN, step)
        (conflict,) = caught.value.conflicts
        assert (conflict.read, conflict.now, conflict.wanted) == (KEEP.label, ASK.label, NOT_DECIDED)
        assert written.audit == []


def test_a_decision_of_a_review_that_ended_is_not_undone(file_sample: SampleFile) -> None:
    with file_sample.office() as mine, file_sample.office() as theirs:
        start_review(mine)
        decide(mine, BRIDGE, KEEP)
        end_review(theirs)
        with pytest.raises(OperationNotAllowed, match=f"Admin ended the review {REVIEW} on "):
            mine.undoing.plan_last(ADMIN)


def test_neither_a_start_nor_an_end_is_undone(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        for change, word in ((start_review, "Starting"), (end_review, "Ending")):
            change(office)
            assert not office.can_undo_last(ADMIN)
            with pytest.raises(OperationNotAllowed, match=f"{word} a review can't be undone"):
                office.undoing.plan_last(ADMIN)


def test_an_undo_that_the_companion_refuses_leaves_the_decision_and_is_logged_as_that(
    server_sample: SampleServer,
) -> None:
    with server_sample.office() as office:
        start_review(office)
        decide(office, BRIDGE, KEEP)
        before = server_sample.all_rows()
        with refused_file_writes(), pytest.raises(ApiSetupError, match="Nothing was changed"):
            undo_last(office)
        texts = [str(row["LogText"]) for row in server_sample.practice_rows()["securitylog"].values()]
        assert texts[-1].startswith("NOT DONE: ")
        after = server_sample.all_rows()
        assert {name for name in before if before[name] != after[name]} <= {"securitylog", "securityloghash"}


def test_whether_an_interrupted_undo_was_made_is_seen_by_the_decision(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        decide(office, BRIDGE, KEEP)
        label = KeyLabel.of(key_of(office, BRIDGE))
        to_none = KeyDecisionUndone(label, REVIEW, "Admin", KEEP.label, NOT_DECIDED, 7)
        to_same = KeyDecisionUndone(label, REVIEW, "Admin", KEEP.label, KEEP.label, 7)
        assert (office.review.was_made(to_none), office.review.was_made(to_same)) == (False, None)
        undo_last(office)
        assert office.review.was_made(to_none) is True
