"""Two programs on one shared companion at the same moment: rotations of its key, and an addition during one."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing, suppress
from pathlib import Path
from threading import Barrier
from typing import TYPE_CHECKING

import pytest

from core.base.errors import OperationNotAllowed
from core.companion.key_file import key_file_of
from core.companion.key_vault import KeyVault, Rotation, current_key_id
from core.companion.opening import CompanionSource, open_companion
from core.database.address import ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from tests.support.actors import ADMIN
from tests.support.change_kinds import NEW, key_of
from tests.support.databases import NOW, SampleServer, runtime
from tests.support.shared_companions import SharedCompanion

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from core.companion.key_vault import SealedText


def office_of(sample: SampleServer, source: CompanionSource) -> Office:
    assert isinstance(sample.address, ServerAddress)
    return open_server_office(
        sample.address, sample.password, source, AuthorityName.LOCAL, default_agreement(), runtime()
    )


def add_key(sample: SampleServer, source: CompanionSource) -> None:
    with closing(office_of(sample, source)) as office:
        office.keys.add(ADMIN, NEW, office.licenses.accept(ADMIN, NEW))


def current_key(source: CompanionSource) -> str:
    with closing(open_companion(source, lambda: NOW)) as companion, companion.read() as connection:
        found = current_key_id(connection)
    assert found is not None
    return found


def test_of_two_admins_who_rotate_the_key_one_is_told_and_changes_nothing(
    shared: SharedCompanion, server_sample: SampleServer, tmp_path: Path
) -> None:
    mine = shared.source()
    add_key(server_sample, mine)
    theirs, before = shared.give_key_to(tmp_path / "second admin"), current_key(mine)
    together = Barrier(2)

    def rotate(source: CompanionSource) -> Rotation:
        with closing(open_companion(source, lambda: NOW)) as companion:
            together.wait(30)
            return companion.rotate_key(lambda: NOW, expected=before)

    with ThreadPoolExecutor(2) as pool:
        attempts = {source.stem: pool.submit(rotate, source) for source in (mine, theirs)}
    errors = [each.exception() for each in attempts.values()]
    (refused,) = (each for each in errors if each is not None)
    assert isinstance(refused, OperationNotAllowed)
    winner = next(source for source in (mine, theirs) if attempts[source.stem].exception() is None)
    loser = theirs if winner is mine else mine
    assert attempts[winner.stem].result().unreadable == ()
    assert [key.id for key in key_file_of(loser.stem).read()] == [before]
    with closing(office_of(server_sample, winner)) as office:
        assert office.keys.show(ADMIN, key_of(office, NEW.developer)) == NEW.key


def test_a_rotation_during_an_addition_waits_and_encrypts_the_new_key_too(
    shared: SharedCompanion, server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = shared.source()
    before, rotations, seal = current_key(source), list[Future[Rotation]](), KeyVault.seal

    def rotate() -> Rotation:
        with closing(open_companion(source, lambda: NOW)) as companion:
            return companion.rotate_key(lambda: NOW)

    def seal_while_another_program_rotates(
        vault: KeyVault, connection: Connection, text: str, fingerprint: str
    ) -> SealedText:
        if not rotations:
            rotations.append(pool.submit(rotate))
            # It waits for the transaction of the addition.
            with suppress(TimeoutError):
                rotations[0].result(0.5)
            assert not rotations[0].done()
        return seal(vault, connection, text, fingerprint)

    monkeypatch.setattr(KeyVault, "seal", seal_while_another_program_rotates)
    with ThreadPoolExecutor(1) as pool:
        add_key(server_sample, source)
    assert (rotations[0].result().encrypted, rotations[0].result().unreadable) == (1, ())
    assert current_key(source) != before
    with closing(office_of(server_sample, source)) as office:
        assert office.keys.show(ADMIN, key_of(office, NEW.developer)) == NEW.key
