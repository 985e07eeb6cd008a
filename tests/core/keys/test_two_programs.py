"""Two programs that share a companion never put a key into the practice's copy twice."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from threading import Barrier

import pytest

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from core.model.api_key import NewKey
from tests.support.actors import ADMIN
from tests.support.change_kinds import ACCEPTED
from tests.support.databases import SampleServer

ROUNDS = 12


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_adding_and_renewing_the_copy_exclude_each_other(server_sample: SampleServer) -> None:
    barrier = Barrier(2)

    def add() -> None:
        with server_sample.office() as office:
            for number in range(ROUNDS):
                barrier.wait()
                office.keys.add(ADMIN, NewKey(Secret(f"Key-of-round-{number:02}-abcd"), "Racer"), ACCEPTED)

    def renew() -> None:
        with server_sample.office() as office:
            for _ in range(ROUNDS):
                barrier.wait()
                with suppress(ApiSetupError):
                    office.keys.reconcile_copy(ADMIN)

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(add), pool.submit(renew)]:
            done.result()
    copied = [
        row["CustApiKey"] for row in server_sample.practice_rows()["apikey"].values() if row["DevName"] == "Racer"
    ]
    assert len(copied) == len(set(copied)) == ROUNDS
