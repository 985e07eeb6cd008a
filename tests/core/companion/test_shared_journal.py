"""The journal of a shared companion: a change of a running program is left alone, that of an ended one is settled."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from core.companion.heartbeat import LEASE_SECONDS, is_over
from core.companion.journal import CompanionJournal
from core.companion.opening import CompanionSource, open_companion, open_journal
from core.companion.writer_locks import WriterLocks
from core.database.address import ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.opening import open_server_office
from core.practice.journal import Intent
from tests.support.actors import ADMIN
from tests.support.databases import NOW, SampleServer, runtime
from tests.support.kill_driver import KillDriver
from tests.support.shared_companions import SharedCompanion
from tests.support.waiting import wait_until

INTENT = Intent(("API/FHIR",), 1, "desk-7", 0, datetime(2024, 11, 6, 14, 0))


@contextmanager
def journal_of(source: CompanionSource, renew_seconds: float = 3600) -> Iterator[CompanionJournal]:
    """Open the companion's journal as an admin's program does; it isn't released at the end, as if it were killed."""
    with closing(open_companion(source, lambda: NOW)) as companion:
        locks = WriterLocks(source.stem.with_name("shared.host"))
        yield CompanionJournal(companion, locks, renew_seconds)
        locks.release()


def let_the_lease_run_out(shared: SharedCompanion) -> None:
    """Make the last confirmation of every program as old as it is after a while."""
    shared.execute("UPDATE apisetup_journal SET renewed_at = renewed_at - %s", LEASE_SECONDS + 5)


def test_a_change_that_is_being_made_elsewhere_is_left_alone(shared: SharedCompanion, tmp_path: Path) -> None:
    with journal_of(shared.source()) as mine, journal_of(shared.give_key_to(tmp_path / "second")) as theirs:
        number = mine.announce(INTENT)
        assert theirs.abandoned() == ()
        mine.clear(number)
        assert theirs.abandoned() == ()


def test_a_program_that_no_longer_confirms_has_ended(shared: SharedCompanion, tmp_path: Path) -> None:
    with journal_of(shared.source()) as mine, journal_of(shared.give_key_to(tmp_path / "second")) as theirs:
        mine.announce(INTENT)
        let_the_lease_run_out(shared)
        (found,) = theirs.abandoned()
        assert found.intent == INTENT
        assert theirs.adopt(found)
        assert not mine.adopt(found)
        with journal_of(shared.give_key_to(tmp_path / "third")) as third:
            assert third.abandoned() == ()


def test_a_program_that_confirms_after_all_keeps_its_change(shared: SharedCompanion, tmp_path: Path) -> None:
    with journal_of(shared.source()) as mine, journal_of(shared.give_key_to(tmp_path / "second")) as theirs:
        mine.announce(INTENT)
        let_the_lease_run_out(shared)
        (found,) = theirs.abandoned()
        shared.execute("UPDATE apisetup_journal SET renewed_at = renewed_at + 1000")
        assert not theirs.adopt(found)


def test_a_program_confirms_only_while_a_change_is_announced(shared: SharedCompanion) -> None:
    with journal_of(shared.source(), renew_seconds=0.02) as mine:
        number = mine.announce(INTENT)
        shared.execute("UPDATE apisetup_journal SET renewed_at = 7")
        wait_until(lambda: int(shared.query("SELECT renewed_at FROM apisetup_journal")[0][0]) > 1000)
        heartbeat = mine._heartbeat
        assert heartbeat is not None
        mine.clear(number)
        wait_until(lambda: heartbeat._thread is None)
        mine.announce(INTENT)
        shared.execute("UPDATE apisetup_journal SET renewed_at = 7")
        wait_until(lambda: int(shared.query("SELECT renewed_at FROM apisetup_journal")[0][0]) > 1000)
        mine.close()


def test_a_closed_program_leaves_its_change_to_the_next_one_at_once(shared: SharedCompanion, tmp_path: Path) -> None:
    with journal_of(shared.source()) as mine, journal_of(shared.give_key_to(tmp_path / "second")) as theirs:
        mine.announce(INTENT)
        mine.close()
        assert [each.intent for each in theirs.abandoned()] == [INTENT]


def test_a_lock_file_of_another_computer_is_not_looked_at(shared: SharedCompanion) -> None:
    with closing(open_companion(shared.source(), lambda: NOW)) as companion:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("socket.gethostname", lambda: "elsewhere")
            mine = open_journal(shared.source(), companion)
            mine.announce(INTENT)
        theirs = open_journal(shared.source(), companion)
        # As on a file server whose locks other computers don't see.
        mine._locks.release()
        assert theirs.abandoned() == ()


def test_the_time_without_a_confirmation_has_a_limit() -> None:
    assert not is_over(1000, 1000 + LEASE_SECONDS)
    assert is_over(1000, 1001 + LEASE_SECONDS)
    assert is_over(0, 1000)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_a_killed_change_is_settled_by_another_admin_when_its_program_has_ended(
    shared: SharedCompanion, server_sample: SampleServer, tmp_path: Path, kill_driver: KillDriver
) -> None:
    address = server_sample.address
    assert isinstance(address, ServerAddress)

    def settle(source: CompanionSource) -> list[str]:
        office = open_server_office(
            address,
            server_sample.password,
            source,
            AuthorityName.LOCAL,
            default_agreement(),
            runtime(),
        )
        with closing(office):
            return [each.sentence for each in office.recovery.settle(ADMIN)]

    open_companion(shared.source(), lambda: NOW).close()
    others = shared.give_key_to(tmp_path / "second")
    statement = 1
    while not shared.query("SELECT number FROM apisetup_journal"):
        assert kill_driver.kill_change(server_sample, "save settings", statement, shared=shared)
        statement += 1
    # Until a value is written, nothing is left to decide.
    for _ in range(3):
        shared.execute("DELETE FROM apisetup_journal")
        assert kill_driver.kill_change(server_sample, "save settings", statement, shared=shared)
        statement += 1
    assert settle(others) == []
    assert shared.query("SELECT number FROM apisetup_journal")
    let_the_lease_run_out(shared)
    (sentence,) = settle(others)
    assert sentence == "A save was interrupted: 1 of 3 values were written."
    # It is left for an admin to decide about; their program has ended, too.
    with journal_of(shared.give_key_to(tmp_path / "third")) as third:
        assert [each.renewed_at for each in third.abandoned()] == [0]


def test_the_next_program_on_the_same_computer_settles_at_once(shared: SharedCompanion) -> None:
    source = shared.source()
    with journal_of(source) as mine:
        mine.announce(INTENT)
        descriptor, mine._locks._descriptor = mine._locks._descriptor, None
        assert descriptor is not None
        # As the system does when a process ends.
        os.close(descriptor)
        with journal_of(source) as theirs:
            assert [each.intent for each in theirs.abandoned()] == [INTENT]
