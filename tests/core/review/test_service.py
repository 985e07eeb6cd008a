"""A review from its start to its end: what it keeps, what the Audit Trail says, and what it refuses."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from core.base.errors import (
    EditConflict,
    InvalidInput,
    NotAuthorized,
    OperationNotAllowed,
    OutcomeUnknown,
    PracticeUnavailable,
)
from core.model.authority_name import AuthorityName
from core.model.review import Choice, DecisionKind, Review, ReviewDue, ReviewRule, ReviewSettings
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import add_key, disable_key, remove_key
from tests.support.databases import SampleFile, SamplePractice
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY
from tests.support.reviews import FAR, REVIEW, key_of, start_review
from tests.support.row_diff import Written, server_now, writing

BRIDGE, CLEARPAY, CANOPY, RECALL, STRAY = (
    "Appointment Bridge",
    "ClearPay",
    "Canopy",
    "Old Recall",
    "Stray Software",
)
KEEP = Choice(DecisionKind.KEEP, FAR)
ASK = Choice(DecisionKind.ASK)
DISABLE = Choice(DecisionKind.DISABLE)
on_three = pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)


def texts(written: Written) -> list[str]:
    return [text or "" for _, _, text in written.audit]


def decide(office: Office, developer: str, choice: Choice, review: Review | None = None) -> Review:
    """Decide about a developer's key and return the review."""
    shown = review or office.review.require_under_way()
    return office.review.decide(ADMIN, shown, key_of(office, developer).fingerprint, choice).review


@on_three
def test_a_review_lists_all_keys_with_what_is_known_of_them(sample: SamplePractice) -> None:
    with sample.office() as office:
        with writing(sample) as written:
            started = office.review.start(ADMIN, f" {REVIEW} ", date(2024, 10, 1))
        assert office.review.under_way() == office.review.find() == office.review.find(REVIEW.lower()) == started
    today = server_now(sample).date()
    assert texts(written) == [f"API key review {REVIEW} started by Admin: 5 keys, 2024-10-01 to {today}"]
    assert {table: len(rows) for table, rows in written.added.items()} == {
        "apisetup_review": 1,
        "apisetup_review_item": 5,
    }
    assert (written.changed, written.removed, written.signals) == ({}, [], [])
    assert [item.snapshot.developer for item in started.items] == sorted(
        (BRIDGE, CANOPY, CLEARPAY, RECALL, STRAY), key=str.casefold
    )
    (bridge,) = (item.snapshot for item in started.items if item.snapshot.developer == BRIDGE)
    assert (bridge.status, bridge.permissions) == (KeyStatus.ENABLED, ("ApiReadAll", "ApiComm"))
    assert {each.rule for each in bridge.findings} >= {ReviewRule.NO_OWNER}
    assert [item.snapshot.developer for item in started.items if not item.snapshot.known] == [STRAY]
    assert {each.rule for each in started.findings} >= {ReviewRule.UNVERIFIED, ReviewRule.UNSEALED}
    for key in (BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY):
        assert key not in str(written.added)


@on_three
def test_decisions_are_logged_and_kept(sample: SamplePractice) -> None:
    with sample.office() as office:
        start_review(office)
        with writing(sample) as written:
            decide(office, BRIDGE, Choice(DecisionKind.KEEP, FAR, " Fine. "))
            decide(office, CLEARPAY, ASK)
        review = office.review.require_under_way()
        bridge, clearpay = key_of(office, BRIDGE), key_of(office, CLEARPAY)
    assert texts(written) == [
        f"API key {bridge.audit_label} reviewed in {REVIEW} by Admin: keep until 2099-12-31; note: Fine.",
        f"API key {clearpay.audit_label} reviewed in {REVIEW} by Admin: ask the vendor",
    ]
    assert {(table, column) for table, _, column in written.changed} == {
        ("apisetup_review_item", "decision"),
        ("apisetup_review_item", "revision"),
    }
    assert (written.added, written.removed, written.signals) == ({}, [], [])
    item = review.item(bridge.fingerprint)
    assert item is not None
    assert item.decision is not None
    assert (item.decision.choice, item.decision.user) == (Choice(DecisionKind.KEEP, FAR, "Fine."), "Admin")
    assert (review.count(DecisionKind.KEEP), review.count(DecisionKind.ASK)) == (1, 1)


@on_three
def test_disabling_in_a_review_is_the_ordinary_change_and_its_result_is_kept(sample: SamplePractice) -> None:
    with sample.office() as office:
        start_review(office)
        key, review = key_of(office, BRIDGE), office.review.require_under_way()
        with writing(sample) as written:
            result = office.review.decide(ADMIN, review, key.fingerprint, DISABLE)
        assert key_of(office, BRIDGE).status is KeyStatus.DISABLED_BY_CUSTOMER
    assert texts(written) == [
        f"API key {key.audit_label} changed from Enabled to Disabled by Customer by Admin",
        f"API key {key.audit_label} reviewed in {REVIEW} by Admin: disable",
    ]
    assert result.sentence == f"{key.label} is now Disabled by Customer in the local registry."
    assert result.consequences
    assert result.item.decision is not None
    assert result.item.decision.result == result.sentence


def test_a_key_that_is_disabled_already_is_not_changed(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        with writing(file_sample) as written:
            decide(office, RECALL, DISABLE)
        key = key_of(office, RECALL)
        item = office.review.require_under_way().item(key.fingerprint)
    assert len(written.audit) == 1
    assert item is not None
    assert item.decision is not None
    assert item.decision.result == f"{key.label} was {key.status.label} already."


def test_a_key_that_cannot_be_disabled_is_not_decided(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        with writing(file_sample) as written, pytest.raises(OperationNotAllowed, match="only in the practice's copy"):
            decide(office, STRAY, DISABLE)
    assert written == Written()


@pytest.mark.parametrize("sample", ["SQLite", "24.3 MyISAM"], indirect=True)
def test_the_second_of_two_admins_sees_the_first_ones_decision(sample: SamplePractice) -> None:
    with sample.office() as mine, sample.office() as theirs:
        start_review(mine)
        shown = mine.review.require_under_way()
        decide(theirs, BRIDGE, Choice(DecisionKind.KEEP, FAR, "Called them."))
        with writing(sample) as written:
            for choice in (ASK, DISABLE):
                with pytest.raises(EditConflict) as caught:
                    decide(mine, BRIDGE, choice, shown)
        # Another key isn't in the way, and who has seen the decision may replace it.
        decide(mine, CLEARPAY, ASK, shown)
        assert decide(mine, BRIDGE, ASK).count(DecisionKind.ASK) == 2
    assert written == Written()
    (conflict,) = caught.value.conflicts
    assert (conflict.read, conflict.now, conflict.wanted) == ("not decided", "keep until 2099-12-31", "disable")
    assert conflict.attribution.startswith("Admin decided on ")
    assert conflict.attribution.endswith(". Note: Called them.")


def test_a_decision_that_conflicts_after_the_key_was_disabled_says_so(
    file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_sample.office() as mine, file_sample.office() as theirs:
        start_review(mine)
        shown, set_status = mine.review.require_under_way(), mine.keys.set_status

        def interleave(*arguments: object) -> object:
            changed = set_status(*arguments)  # type: ignore[arg-type]
            decide(theirs, BRIDGE, KEEP)
            return changed

        monkeypatch.setattr(mine.keys, "set_status", interleave)
        with pytest.raises(OutcomeUnknown, match=r"is now Disabled by Customer .* The decision was not recorded\."):
            decide(mine, BRIDGE, DISABLE, shown)
        assert mine.review.require_under_way().count(DecisionKind.KEEP) == 1


@on_three
def test_a_review_ends_only_if_all_is_decided_or_the_open_keys_are_named(sample: SamplePractice) -> None:
    with sample.office() as office:
        start_review(office)
        shown = office.review.require_under_way()
        with writing(sample) as refused, pytest.raises(OperationNotAllowed, match=r"keys have no decision: API key .*"):
            office.review.end(ADMIN, shown)
        assert refused == Written()
        for developer in (BRIDGE, STRAY):
            shown = decide(office, developer, KEEP)
        with writing(sample) as written:
            ended = office.review.end(ADMIN, shown, with_open=True)
        assert office.review.find(REVIEW) == ended
        canopy = key_of(office, CANOPY)
        assert ended.left_open == (canopy.label,)
        with pytest.raises(OperationNotAllowed, match="Admin ended the review"):
            decide(office, BRIDGE, KEEP, shown)
        with pytest.raises(OperationNotAllowed, match="Admin ended the review"):
            office.review.end(ADMIN, shown)
    (text,) = texts(written)
    assert text == (
        f"API key review {REVIEW} ended by Admin: 5 keys, 2 kept, 0 disabled, 0 to ask, open:"
        f" {canopy.audit_label.removesuffix(f' ({CANOPY})')}"
    )
    assert {(table, column) for table, _, column in written.changed} == {
        ("apisetup_review", column) for column in ("ended_at", "ended_by", "left_open")
    }


def test_a_review_is_not_ended_over_a_decision_that_was_not_seen(file_sample: SampleFile) -> None:
    with file_sample.office() as mine, file_sample.office() as theirs:
        start_review(mine)
        shown = mine.review.require_under_way()
        decide(theirs, BRIDGE, ASK)
        with pytest.raises(OperationNotAllowed, match="A decision about a key was made in the meantime"):
            mine.review.end(ADMIN, shown, with_open=True)
        assert mine.review.under_way() is not None


def test_keys_that_are_added_and_removed_meanwhile_are_shown(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        bridge = key_of(office, BRIDGE)
        remove_key(office)
        add_key(office)
        progress = office.review.progress(office.review.find())
        assert [each.developer for each in progress.added] == ["New Wave"]
        assert progress.removed == {bridge.fingerprint}
        assert BRIDGE not in {each.developer for each in progress.open}
        assert "New Wave" in {each.developer for each in progress.open}
        with pytest.raises(OperationNotAllowed, match="no longer in the list"):
            office.review.decide(ADMIN, progress.review, bridge.fingerprint, KEEP)
        review = decide(office, "New Wave", KEEP)
        assert (len(review.items), office.review.progress(review).added) == (6, ())


def test_a_key_that_is_disabled_needs_no_decision(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        review = office.review.find()
        before = {each.developer for each in office.review.progress(review).open}
        disable_key(office)
        assert before - {each.developer for each in office.review.progress(review).open} == {BRIDGE}
        assert RECALL not in before


def test_there_is_one_review_at_a_time_and_each_has_its_own_name(file_sample: SampleFile) -> None:
    with file_sample.office() as office, file_sample.office() as other:
        start_review(office)
        for each in (office, other):
            with pytest.raises(OperationNotAllowed, match=f"The review {REVIEW} is under way"):
                each.review.start(ADMIN, "Q1")
        first = office.review.end(ADMIN, office.review.find(), with_open=True)
        with pytest.raises(InvalidInput, match="There is a review named") as caught:
            office.review.start(ADMIN, REVIEW.upper())
        assert caught.value.field == "name"
        second = office.review.start(ADMIN, "Again", until=first.until)
        assert (second.number, second.since) == (2, first.until - timedelta(days=365))
        assert office.review.find() == second
        assert [each.name for each in office.review.reviews()] == ["Again", REVIEW]
        with pytest.raises(OperationNotAllowed, match="no review Q9"):
            office.review.find("Q9")


def test_a_period_begins_where_the_one_before_ended(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        office.review.start(ADMIN, "First", date(2024, 1, 1), date(2024, 6, 30))
        office.review.end(ADMIN, office.review.find(), with_open=True)
        second = office.review.start(ADMIN, "Second")
    assert (second.since, second.until) == (date(2024, 7, 1), date(2024, 11, 6))


@pytest.mark.parametrize(
    ("name", "since", "until", "field", "sentence"),
    [
        ("", None, None, "name", "needs a name"),
        ("x" * 61, None, None, "name", "at most 60 characters"),
        ("line\nbreak", None, None, "name", "characters that can't be printed"),
        ("Q4", None, date(2024, 11, 7), "until", "ends in the future"),
        ("Q4", date(2024, 11, 2), date(2024, 11, 1), "since", "ends on 2024-11-01, before it begins on 2024-11-02"),
        ("Q4", date(2024, 11, 7), None, "since", "ends on 2024-11-06, before it begins on 2024-11-07"),
    ],
)
def test_a_start_that_cannot_be_used_is_refused(
    file_sample: SampleFile, name: str, since: date | None, until: date | None, field: str, sentence: str
) -> None:
    with file_sample.office() as office, pytest.raises(InvalidInput, match=sentence) as caught:
        office.review.start(ADMIN, name, since, until)
    assert caught.value.field == field


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        (Choice(DecisionKind.KEEP), "until"),
        (Choice(DecisionKind.KEEP, date(2024, 11, 6)), "until"),
        (Choice(DecisionKind.ASK, FAR), "until"),
        (Choice(DecisionKind.ASK, note="x" * 501), "note"),
        (Choice(DecisionKind.ASK, note="ODFHIR a/b"), "note"),
    ],
)
def test_a_decision_that_cannot_be_used_is_refused(file_sample: SampleFile, choice: Choice, field: str) -> None:
    with file_sample.office() as office:
        start_review(office)
        with writing(file_sample) as written, pytest.raises(InvalidInput) as caught:
            decide(office, BRIDGE, choice)
    assert caught.value.field == field
    assert written == Written()


def test_a_user_who_lost_setup_decides_nothing(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        file_sample.execute("UPDATE userod SET IsHidden = 1 WHERE UserNum = 1")
        for choice in (KEEP, DISABLE):
            with pytest.raises(NotAuthorized):
                decide(office, BRIDGE, choice)
        assert key_of(office, BRIDGE).status is KeyStatus.ENABLED
        assert office.review.find().undecided == office.review.find().items


def test_a_failed_disabling_is_no_decision(file_sample: SampleFile, monkeypatch: pytest.MonkeyPatch) -> None:
    with file_sample.office() as office:
        start_review(office)

        def fail(*_arguments: object) -> None:
            raise PracticeUnavailable("The disk is full.")

        monkeypatch.setattr(office.keys, "set_status", fail)
        with pytest.raises(PracticeUnavailable):
            decide(office, BRIDGE, DISABLE)
        assert office.review.find().undecided == office.review.find().items


def test_the_line_about_reviews(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        assert office.review.due() == ReviewDue("")
        start_review(office)
        assert office.review.due() == ReviewDue(f"Review {REVIEW} is under way: 3 keys to decide")
        for developer in (BRIDGE, CANOPY, STRAY):
            decide(office, developer, KEEP)
        assert office.review.due() == ReviewDue(f"Review {REVIEW} is under way: all keys decided, not ended yet")
        office.review.end(ADMIN, office.review.find())
        assert office.review.due() == ReviewDue("")
        file_sample.execute("UPDATE apisetup_review SET ended_at = '2023-01-01 00:00:00'")
        due = office.review.due()
        assert due == ReviewDue(f"Review due: {REVIEW} ended 675 d ago", is_due=True)
        office.review.settings = ReviewSettings(every_days=3650)
        file_sample.execute("UPDATE apisetup_review_item SET decision = replace(decision, '2099', '2024')")
        file_sample.execute("UPDATE apisetup_review_item SET decision = replace(decision, '12-31', '11-01')")
        assert office.review.due() == ReviewDue("Review due: 3 keys are past the review date", is_due=True)


def test_a_damaged_row_of_a_review_is_named_and_not_left_out(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        start_review(office)
        file_sample.execute('UPDATE apisetup_review_item SET decision = \'{"kind": "sell"}\'')
        with pytest.raises(PracticeUnavailable, match=f"The review {REVIEW} can't be read"):
            office.review.reviews()
        assert any(each.startswith("Unknown: the earlier reviews.") for each in office.review.findings().unknown)


def test_findings_read_the_audit_trail_if_they_are_told_to(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        assert any("The Audit Trail wasn't read that far yet" in each for each in office.review.findings().unknown)
        assert office.review.findings(read_use=True).unknown == ()


def test_a_practice_whose_headquarters_was_not_asked_says_so(server_sample: SamplePractice) -> None:
    with server_sample.office(AuthorityName.HEADQUARTERS) as office:
        unknown = office.review.findings().unknown
    assert unknown[0].startswith("Unknown: the statuses of the keys.")
