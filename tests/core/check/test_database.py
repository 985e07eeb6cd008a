"""The checks of a practice database and its server."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from core.base.secret import Secret
from core.check.database import check_grants, check_server_settings, check_versions
from core.check.result import CheckResult, CheckStatus
from core.database.address import ServerAddress
from core.database.engines import server_engine
from core.practice.inspection import inspect_database
from tests.core.practice.test_grants import readme_user
from tests.support.databases import Account, SampleFile, SampleServer, database_user


@pytest.mark.parametrize(
    ("server", "status"),
    [
        ("MySQL 5.1.73", CheckStatus.WARNING),
        ("MySQL 5.5.62", CheckStatus.OK),
        ("MySQL 8.0.39", CheckStatus.OK),
        ("MySQL 8.4.3", CheckStatus.OK),
        ("MySQL 9.7.4", CheckStatus.OK),
        ("MySQL 10.0.0", CheckStatus.WARNING),
        ("MariaDB 10.4.1", CheckStatus.WARNING),
        ("MariaDB 10.11.6", CheckStatus.OK),
        ("MariaDB 12.1.2", CheckStatus.OK),
    ],
)
def test_the_versions_of_servers_that_are_supported(file_sample: SampleFile, server: str, status: CheckStatus) -> None:
    with file_sample.office() as office:
        profile = replace(office._practice.profile, server=server, host="db")
    results = {each.id: each for each in check_versions(profile)}
    assert results["server-version"].status is status


def grants_of(sample: SampleServer, account: Account) -> dict[str, CheckResult]:
    """Check the rights of a database user on a practice, and return the results by their ids."""
    address = ServerAddress(sample.server.host, sample.server.port, sample.database, account.user)
    engine = server_engine(address, Secret(account.password))
    try:
        with engine.connect() as writable:
            connection = writable.execution_options(read_only=True)
            return {each.id: each for each in check_grants(connection, inspect_database(connection))}
    finally:
        engine.dispose()


def test_one_user_for_several_offices_is_a_note(
    server_sample: SampleServer, server_samples: Callable[[str], SampleServer]
) -> None:
    other = server_samples("24.3 MyISAM")
    with readme_user(server_sample) as account:
        results = grants_of(server_sample, account)
        assert {name: each.status for name, each in results.items()} == {
            "grants-missing": CheckStatus.OK,
            "grants-optional": CheckStatus.NOTE,
            "grants-excess": CheckStatus.OK,
        }
        for right in ("SELECT, UPDATE (ValueString)", "UPDATE (ValueString)"):
            server_sample.server.execute(f"GRANT {right} ON `{other.database}`.`preference` TO '{account.user}'@'%'")
        results = grants_of(server_sample, account)
        assert results["grants-elsewhere"].status is CheckStatus.NOTE
        assert results["grants-elsewhere"].sentence == (
            "The database user has the same rights on 1 other database of the server."
        )
        assert results["grants-excess"].status is CheckStatus.OK
        server_sample.server.execute(f"GRANT DELETE ON `{other.database}`.`preference` TO '{account.user}'@'%'")
        assert grants_of(server_sample, account)["grants-excess"].status is CheckStatus.WARNING


@pytest.mark.parametrize(
    ("server_sample", "has_subscriptions"), [("24.3 InnoDB", True), ("21.1 InnoDB", False)], indirect=["server_sample"]
)
def test_each_optional_right_that_is_missing_is_named_with_its_cost(
    server_sample: SampleServer, has_subscriptions: bool
) -> None:
    every_table = ("preference", "program", "programproperty", "definition", "securitylog", "securityloghash")
    rest = ("signalod", "userod", "usergroupattach", "grouppermission", "replicationserver")
    apikey = ("apikey",) if has_subscriptions else ()
    rights = [f"SELECT ON {table}" for table in (*every_table, *rest, *apikey)]
    with database_user(server_sample, *rights) as account:
        sentence = grants_of(server_sample, account)["grants-optional"].sentence
    assert ("Without SELECT on apisubscription, subscriptions aren't shown." in sentence) is has_subscriptions
    assert ("on apisubscription" in sentence) is has_subscriptions
    assert "it isn't known why a subscription is late, or where Open Dental runs" in sentence
    assert "FHIR subscriptions aren't shown whole" in sentence
    assert "UPDATE (ItemName, ItemValue, ItemOrder, IsHidden) on definition, payment types can't be" in sentence


def test_a_server_that_can_be_written_gets_no_warning(server_sample: SampleServer) -> None:
    with server_sample.office() as office, office._practice.engine.connect() as connection:
        results = list(check_server_settings(connection.execution_options(read_only=True)))
    assert [each.id for each in results] == ["sql-mode"]
