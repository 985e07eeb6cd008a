"""A decision or an end of a review whose process is killed, or whose companion can't be written."""

from __future__ import annotations

import pytest

from core.base.errors import ApiSetupError
from core.model.review import DecisionKind
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer
from tests.support.fault_injection import recorded_statements, refused_file_writes
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import log_hash
from tests.support.reviews import IN_REVIEW, key_of, note_key, start_review

NOT_DONE = "NOT DONE: "
WRITES = ("INSERT", "UPDATE", "DELETE")
WORDS = {"keep in review": ": keep until ", "disable in review": ": disable", "end review": " ended by Admin: "}
on_myisam = pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)


def prepare(sample: SampleServer) -> set[str]:
    """Start a review in a restored practice, and return the numbers of the entries that are there then."""
    sample.restore()
    with sample.office() as office:
        start_review(office)
    return set(sample.practice_rows()["securitylog"])


def entries(sample: SampleServer, before: set[str]) -> list[str]:
    """Return the texts of the new entries about the review, each of which has one hash that matches."""
    rows = sample.practice_rows()
    hashes = {row["SecurityLogNum"]: row["LogHash"] for row in rows["securityloghash"].values()}
    new = {key: row for key, row in rows["securitylog"].items() if key not in before}
    assert all(hashes.get(key) == log_hash(row) for key, row in new.items())
    return [text for row in new.values() if "review" in (text := str(row["LogText"]))]


def is_recorded(sample: SampleServer, kind: str) -> bool:
    """Return True if the companion has what a kind of change writes."""
    with sample.office() as office:
        review = office.review.find()
        key = key_of(office, "Appointment Bridge")
    recorded = {
        "keep in review": review.count(DecisionKind.KEEP),
        "disable in review": review.count(DecisionKind.DISABLE),
        "end review": not review.is_under_way,
    }
    if kind == "disable in review" and recorded[kind]:
        assert key.status is KeyStatus.DISABLED_BY_CUSTOMER
    return bool(recorded[kind])


def assert_logged(sample: SampleServer, kind: str, before: set[str]) -> None:
    """Check that the entries say what became of a change: over-logged maybe, under-logged never."""
    texts = entries(sample, before)
    done = sum(WORDS[kind] in text and not text.startswith(NOT_DONE) for text in texts)
    taken_back = sum(text.startswith(NOT_DONE) for text in texts)
    assert done - taken_back == is_recorded(sample, kind)


@on_myisam
@pytest.mark.parametrize("kind", IN_REVIEW)
def test_a_change_that_is_killed_after_a_write_is_settled_and_can_be_made_again(
    server_sample: SampleServer, kind: str, kill_driver: KillDriver
) -> None:
    prepare(server_sample)
    with server_sample.office() as office, recorded_statements() as statements:
        IN_REVIEW[kind](office)
    # The last one of each kind: to disable a key in a review are two changes, of which the first is tested elsewhere.
    writes = {each: number for number, each in enumerate(statements, start=1) if each.startswith(WRITES)}
    assert len(writes) >= 4
    for number in writes.values():
        before = prepare(server_sample)
        assert kill_driver.kill_change(server_sample, kind, number)
        with server_sample.office() as office:
            office.recovery.settle(ADMIN)
        assert_logged(server_sample, kind, before)
        assert server_sample.all_rows()["apisetup_journal"] == {}
        with server_sample.office() as office:
            IN_REVIEW[kind](office)
        assert_logged(server_sample, kind, before)
        assert is_recorded(server_sample, kind)


def test_a_companion_that_refuses_to_be_written_leaves_a_change_undone_and_logged_as_that(
    server_sample: SampleServer,
) -> None:
    for kind, change in {**IN_REVIEW, "note": note_key}.items():
        prepare(server_sample)
        with server_sample.office() as office:
            before = server_sample.all_rows()
            with refused_file_writes(), pytest.raises(ApiSetupError) as caught:
                change(office)
            assert "Nothing was changed. The Audit Trail records that." in caught.value.sentence, kind
            texts = [row["LogText"] for row in server_sample.practice_rows()["securitylog"].values()]
        assert str(texts[-1]).startswith("NOT DONE: "), kind
        after = server_sample.all_rows()
        assert {name for name in before if before[name] != after[name]} <= {"securitylog", "securityloghash"}, kind
