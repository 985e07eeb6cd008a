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
from core.model.api_key import AuthorityName
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
