"""The GRANT script for a role and some features, and what a user with these rights can do on a real server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from core.audit.filter import AuditFilter
from core.base.errors import ApiSetupError, NotPermitted
from core.base.secret import Secret
from core.check.grant_script import (
    ALL_FEATURES,
    Feature,
    GrantTarget,
    Role,
    grant_statements,
    required_rights,
)
from core.database.address import ServerAddress
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from core.opendental.permission_types import Permission
from core.practice.required_rights import NEEDED, OPTIONAL
from core.users.service import READERS
from tests.support.audit_exports import finish, read_manifest
from tests.support.change_kinds import save_settings
from tests.support.databases import SampleServer, database_user, runtime
from tests.support.practice_rows import PASSWORDS
from tests.support.row_diff import writing

ON_NEW = pytest.mark.parametrize("server_sample", ["24.3 InnoDB"], indirect=True)


def texts(role: Role, *features: Feature) -> list[str]:
    """Return the rights of a role as texts."""
    return [str(right) for right in required_rights(role, features or ALL_FEATURES)]


@contextmanager
def opened(sample: SampleServer, role: Role, *features: Feature) -> Iterator[Office]:
    """Open a practice as a database user with the rights of a role, on the tables that the practice has."""
    server = sample.server
    with server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SHOW TABLES FROM `" + sample.database + "`")
        tables = {str(name).lower() for (name,) in cursor.fetchall()}
    rights = [str(each) for each in required_rights(role, features or ALL_FEATURES) if each.table in tables]
    with database_user(sample, *(text.replace(" on ", " ON ") for text in rights)) as account:
        address = ServerAddress(server.host, server.port, sample.database, account.user)
        office = open_server_office(
            address,
            Secret(account.password),
            sample.companion_source,
            AuthorityName.LOCAL,
            default_agreement(),
            runtime(),
        )
        with closing(office):
            yield office


def test_an_admin_gets_all_rights() -> None:
    assert set(required_rights(Role.ADMIN)) == {*NEEDED, *OPTIONAL}


@pytest.mark.parametrize("right", [each for each in OPTIONAL if each.privilege == "SELECT"], ids=str)
def test_each_optional_table_belongs_to_a_feature(right: object) -> None:
    assert right not in required_rights(Role.ADMIN, ())


def test_a_feature_brings_only_its_own_rights() -> None:
    more = set(texts(Role.ADMIN, Feature.KEYS)) - set(texts(Role.ADMIN, Feature.VERIFICATION))
    assert more == {"INSERT on apikey", "DELETE on apikey"}
    assert "UPDATE (Enabled) on program" not in texts(Role.ADMIN, Feature.KEYS)


def test_a_read_only_user_gets_select_alone() -> None:
    assert {text.split()[0] for text in texts(Role.READ_ONLY)} == {"SELECT"}


def test_an_auditor_writes_only_what_is_recorded() -> None:
    writes = {text for text in texts(Role.AUDITOR) if not text.startswith("SELECT")}
    assert writes == {
        "INSERT on securitylog",
        "INSERT on securityloghash",
        "INSERT on signalod",
        "UPDATE (DateTFail, FailedAttempts) on userod",
    }
    assert not any(text.endswith(" on apikey") for text in texts(Role.AUDITOR))


def test_odd_names_are_quoted() -> None:
    create, first, *_ = grant_statements(GrantTarget("od-main", "o'hara", "10.0.0.%"))
    assert create.startswith("CREATE USER 'o''hara'@'10.0.0.%' IDENTIFIED BY")
    assert first == "GRANT SELECT, UPDATE (ValueString) ON `od-main`.preference TO 'o''hara'@'10.0.0.%';"


@ON_NEW
def test_an_auditor_signs_in_verifies_and_changes_nothing(server_sample: SampleServer) -> None:
    with opened(server_sample, Role.AUDITOR) as office:
        signed_in = office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]), Permission.AUDIT_TRAIL)
        assert signed_in.writable
        assert office.audit.verification(AuditFilter()).run_batch().checked > 0
        with pytest.raises(NotPermitted):
            save_settings(office)


@ON_NEW
def test_an_auditor_without_setup_reads_every_page_and_the_export_is_recorded(
    server_sample: SampleServer, tmp_path: Path
) -> None:
    with opened(server_sample, Role.AUDITOR) as office, writing(server_sample) as written:
        signed_in = office.users.sign_in("Maria", Secret(PASSWORDS["Maria"]), *READERS)
        assert (signed_in.writable, signed_in.has_setup) == (True, False)
        assert office.settings.load().values.enabled is not None
        assert office.keys.list().keys
        assert office.payment_types.load().types
        assert office.subscriptions.load().subscriptions
        export = office.audit.export(signed_in.actor, AuditFilter(), tmp_path / "trail.csv", may_replace=False)
        export.begin()
        assert finish(export).not_logged is None
        assert read_manifest(tmp_path / "trail.csv")["api_keys"].startswith("masked, except those that only the table")
        assert any("can't read the table apikey" in note for note in office.info.notes)
        office.users.sign_out(signed_in.actor)
    assert [kind for kind, _, _ in written.audit] == [83, 122, 122, 83]
    assert (written.changed, written.added, written.removed) == ({}, {}, [])


@ON_NEW
def test_a_user_for_keys_only_cannot_change_settings(server_sample: SampleServer) -> None:
    with opened(server_sample, Role.ADMIN, Feature.KEYS) as office:
        assert office.info.read_only == ""
        assert office.keys.list().keys
        with pytest.raises(NotPermitted):
            save_settings(office)


@ON_NEW
def test_a_read_only_user_reads_everything(server_sample: SampleServer) -> None:
    with opened(server_sample, Role.READ_ONLY) as office:
        assert office.info.read_only
        assert office.keys.list().keys
        assert office.payment_types.load().types
        with pytest.raises(ApiSetupError):
            save_settings(office)
