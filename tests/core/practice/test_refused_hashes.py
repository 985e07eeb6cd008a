"""A right that is revoked while the office is open: entries without a hash don't pile up."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from core.base.errors import NotPermitted
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.change_kinds import save_settings
from tests.support.databases import Account, SampleServer, database_user

on_myisam = pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)


@pytest.fixture
def account(server_sample: SampleServer) -> Iterator[Account]:
    rights = [f"SELECT, INSERT, UPDATE, DELETE ON {table}" for table in server_sample.practice_rows()]
    with database_user(server_sample, *rights) as user:
        yield user


def revoke(sample: SampleServer, account: Account) -> None:
    sample.server.execute(f"REVOKE INSERT ON `{sample.database}`.securityloghash FROM '{account.user}'@'%'")


def grant(sample: SampleServer, account: Account) -> None:
    sample.server.execute(f"GRANT INSERT ON `{sample.database}`.securityloghash TO '{account.user}'@'%'")


def unhashed(sample: SampleServer) -> int:
    rows = sample.practice_rows()
    hashed = {row["SecurityLogNum"] for row in rows["securityloghash"].values()}
    return len(set(rows["securitylog"]) - hashed)


def try_to_save(office: Office) -> None:
    with pytest.raises(NotPermitted):
        save_settings(office)


@on_myisam
def test_at_most_one_entry_without_a_hash_is_left_and_it_gets_its_hash_later(
    server_sample: SampleServer, account: Account
) -> None:
    before = unhashed(server_sample)
    with closing(server_sample.open_as(account)) as office:
        revoke(server_sample, account)
        for _ in range(3):
            try_to_save(office)
        assert unhashed(server_sample) == before + 1
        grant(server_sample, account)
        save_settings(office)
    with closing(server_sample.open_as(account)) as office:
        office.recovery.settle(ADMIN)
    assert unhashed(server_sample) == before
