"""A review that two admins share on a companion on a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from threading import Barrier

import pytest

from core.base.errors import ApiSetupError, EditConflict, OperationNotAllowed
from core.model.actor import Actor
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.model.key_note import KeyNote
from core.model.review import Choice, DecisionKind
from core.office.office import Office
from core.office.opening import open_server_office
from tests.support.actors import ADMIN
from tests.support.databases import COMPUTER, SampleServer, runtime
from tests.support.reviews import FAR, key_of, start_review
from tests.support.row_diff import Written, compare
from tests.support.server import Server
from tests.support.shared_companions import ENGINES, SharedCompanion, shared_companion

MARIA = Actor(2, "Maria", COMPUTER)
KEEP, ASK = Choice(DecisionKind.KEEP, FAR), Choice(DecisionKind.ASK)


@pytest.fixture(params=ENGINES)
def shared(request: pytest.FixtureRequest, server: Server, tmp_path: Path) -> Iterator[SharedCompanion]:
    """An empty database for a shared companion, on each engine in turn."""
    directory = tmp_path / "first admin"
    directory.mkdir()
    with shared_companion(request.param, server, directory) as companion:
        yield companion


@pytest.fixture
def admins(server_sample: SampleServer, shared: SharedCompanion) -> Iterator[tuple[Office, Office]]:
    """The same office, opened by two admins on two computers."""
    server_sample.execute("UPDATE usergroupattach SET UserGroupNum = 1 WHERE UserNum = 2")
    address, password, agreement = server_sample.address, server_sample.password, default_agreement()

    def opened(directory: Path) -> Office:
        source = shared.source(directory)
        return open_server_office(address, password, source, AuthorityName.LOCAL, agreement, runtime())  # type: ignore[arg-type]

    with closing(opened(shared.directory)) as first:
        shared.give_key_to(shared.directory.parent / "second admin")
        with closing(opened(shared.directory.parent / "second admin")) as second:
            yield first, second


def at_once(*changes: Callable[[], object]) -> list[object]:
    """Make changes at the same moment, and return what each returned or raised."""
    barrier = Barrier(len(changes))

    def make(change: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return change()
        except ApiSetupError as error:
            return error

    with ThreadPoolExecutor(len(changes)) as pool:
        return list(pool.map(make, changes))


def test_two_admins_share_a_review(
    admins: tuple[Office, Office], server_sample: SampleServer, shared: SharedCompanion
) -> None:
    mine, theirs = admins
    before = server_sample.practice_rows()
    start_review(mine)
    shown = mine.review.find()
    assert theirs.review.find() == shown
    key = key_of(mine, "Stray Software").fingerprint
    mine.review.decide(ADMIN, shown, key, KEEP)
    with pytest.raises(EditConflict) as caught:
        theirs.review.decide(MARIA, shown, key, ASK)
    assert caught.value.conflicts[0].now == KEEP.label
    theirs.review.decide(MARIA, theirs.review.find(), key, ASK)
    ended = theirs.review.end(MARIA, theirs.review.find(), with_open=True)
    assert mine.review.find() == ended
    written = Written()
    # Only the log of the practice differs: one entry for each change that was made, and none for the conflict.
    compare(before, server_sample.practice_rows(), written, ("2000-01-01", "2999-01-01"))
    assert [user for _, user, _ in written.audit] == [1, 1, 2, 2]
    assert (written.changed, written.added, written.removed) == ({}, {}, [])
    assert int(shared.query("SELECT count(*) FROM apisetup_review_item WHERE revision = 2")[0][0]) == 1


def test_of_two_decisions_at_the_same_moment_one_stands(admins: tuple[Office, Office]) -> None:
    mine, theirs = admins
    start_review(mine)
    shown = mine.review.find()
    key = key_of(mine, "Stray Software").fingerprint
    results = at_once(
        lambda: mine.review.decide(ADMIN, shown, key, KEEP), lambda: theirs.review.decide(MARIA, shown, key, ASK)
    )
    refused = [each for each in results if isinstance(each, EditConflict)]
    assert len(refused) == 1
    item = mine.review.find().item(key)
    assert item is not None
    assert item.revision == 1
    assert item.decision is not None
    assert refused[0].conflicts[0].now == item.decision.choice.label


def test_of_two_starts_at_the_same_moment_one_stands(admins: tuple[Office, Office]) -> None:
    mine, theirs = admins
    results = at_once(lambda: mine.review.start(ADMIN, "One"), lambda: theirs.review.start(MARIA, "Two"))
    assert [type(each) for each in results].count(OperationNotAllowed) == 1
    assert len(mine.review.reviews()) == 1
    assert len(mine.review.find().items) == len(mine.keys.list().keys)


def done_and_not_done(sample: SampleServer) -> list[str]:
    """Return the texts of the entries about the review, without those of changes that were not done."""
    texts = [str(row["LogText"]) for row in sample.practice_rows()["securitylog"].values()]
    not_done = [text.removeprefix("NOT DONE: ") for text in texts if text.startswith("NOT DONE: ")]
    done = [text for text in texts if " reviewed in " in text or " ended by " in text or "undone by" in text]
    left = [text for text in done if not text.startswith("NOT DONE: ")]
    for text in not_done:
        left.remove(text)
    return left


def test_of_an_end_and_a_decision_at_the_same_moment_one_stands(
    admins: tuple[Office, Office], server_sample: SampleServer
) -> None:
    mine, theirs = admins
    start_review(mine)
    shown = mine.review.find()
    key = key_of(mine, "Stray Software").fingerprint
    ended, decided = at_once(
        lambda: mine.review.end(ADMIN, shown, with_open=True), lambda: theirs.review.decide(MARIA, shown, key, KEEP)
    )
    review = mine.review.find()
    if isinstance(decided, OperationNotAllowed):
        assert decided.sentence.startswith(f"Admin ended the review {shown.name} on ")
        assert (review.is_under_way, review.count(DecisionKind.KEEP)) == (False, 0)
    else:
        assert isinstance(ended, OperationNotAllowed)
        assert ended.sentence.startswith("A decision about a key was made in the meantime. The review was not ended.")
        assert (review.is_under_way, review.count(DecisionKind.KEEP)) == (True, 1)
    (text,) = done_and_not_done(server_sample)
    assert (" ended by " in text) is not review.is_under_way


def test_a_decision_about_a_review_that_was_ended_changes_nothing(
    admins: tuple[Office, Office], server_sample: SampleServer
) -> None:
    mine, theirs = admins
    start_review(mine)
    shown = theirs.review.find()
    mine.review.end(ADMIN, mine.review.find(), with_open=True)
    before = server_sample.practice_rows()
    key = key_of(theirs, "Stray Software").fingerprint
    for choice in (KEEP, ASK):
        with pytest.raises(OperationNotAllowed, match=f"Admin ended the review {shown.name} on "):
            theirs.review.decide(MARIA, shown, key, choice)
    with pytest.raises(OperationNotAllowed, match=f"Admin ended the review {shown.name} on "):
        theirs.review.end(MARIA, shown, with_open=True)
    assert server_sample.practice_rows() == before


def test_of_an_undo_and_a_decision_at_the_same_moment_one_stands(
    admins: tuple[Office, Office], server_sample: SampleServer
) -> None:
    mine, theirs = admins
    start_review(mine)
    key = key_of(mine, "Stray Software").fingerprint
    mine.review.decide(ADMIN, mine.review.find(), key, KEEP)
    (step,) = mine.undoing.plan_last(ADMIN)
    shown = theirs.review.find()
    results = at_once(lambda: mine.undoing.undo_step(ADMIN, step), lambda: theirs.review.decide(MARIA, shown, key, ASK))
    assert [type(each) for each in results].count(EditConflict) == 1
    item = mine.review.find().item(key)
    assert item is not None
    assert item.revision == 2
    first, last = done_and_not_done(server_sample)
    assert " reviewed in " in first
    assert ("undone by" in last) is (item.decision is None)


def test_of_two_notes_at_the_same_moment_one_stands(admins: tuple[Office, Office]) -> None:
    mine, theirs = admins
    key = key_of(mine, "Stray Software")
    read = mine.notes.of(key)
    results = at_once(
        lambda: mine.notes.save(ADMIN, key, read, replace(read, note=KeyNote(owner="Mine"))),
        lambda: theirs.notes.save(MARIA, key, read, replace(read, note=KeyNote(owner="Theirs"))),
    )
    assert [type(each) for each in results].count(EditConflict) == 1
    assert mine.notes.of(key).note.owner in ("Mine", "Theirs")
