"""The database user's privileges, as read with SHOW GRANTS."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from uuid import uuid4

import pytest

from core.audit.filter import AuditFilter
from core.base.errors import NotPermitted
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.engines import server_engine
from core.diagnosis.service import DiagnosisRequest
from core.model.agreement import default_agreement
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.office.opening import open_server_office
from core.practice.grants import Grants, evaluate_grants, read_grants
from core.practice.required_rights import AUDIT_WRITE_GRANTS, NEEDED
from tests.support.change_kinds import KINDS, save_settings
from tests.support.databases import Account, SampleServer, database_user, runtime
from tests.support.practice_rows import PASSWORDS
from tests.support.row_diff import Written, writing
from tests.support.server import pymysql

MANUAL = (Path(__file__).parents[3] / "tui" / "manual" / "connecting.md").read_text(encoding="utf-8")
TABLES = frozenset(right.table for right in NEEDED)
TO = "TO `u`@`%`"


def evaluate(*lines: str, tables: frozenset[str] = TABLES) -> Grants:
    """Evaluate rows of SHOW GRANTS for the database `od_main`."""
    return evaluate_grants(lines, "od_main", tables)


def script_statements() -> list[str]:
    """Return the GRANT statements of the manual's script."""
    match = re.search(r"<!-- grants -->\n\n```sql\n(.*?)```", MANUAL, re.DOTALL)
    assert match
    return [line.rstrip(";") for line in match[1].splitlines() if line.startswith("GRANT")]


# -- the manual's script ---------------------------------------------------------------


def script_rows() -> list[str]:
    """Return the rows of SHOW GRANTS for the user of the README's script."""
    return [
        line.replace("opendental.", "`od_main`.").replace("'apisetup'@'%'", "`u`@`%`") for line in script_statements()
    ]


def test_the_readme_grants_exactly_the_needed_rights() -> None:
    assert evaluate(*script_rows()) == Grants(known=True)


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("eservicesignal", "it isn't known whether the eConnector runs"),
        ("alertitem", "two eConnectors and differing clocks aren't noticed"),
        ("updatehistory", "it isn't known whether the last update installed the API service"),
        ("computer", "it isn't known why a subscription is late, or where Open Dental runs"),
    ],
)
def test_an_optional_right_says_what_its_lack_costs(table: str, words: str) -> None:
    grants = evaluate(*(row for row in script_rows() if f".{table} " not in row))
    assert [right.without for right in grants.missing_optional] == [words]
    assert grants.missing == ()


@contextmanager
def readme_user(sample: SampleServer) -> Iterator[Account]:
    """Create the user of the manual's script for a test practice, and drop it at the end."""
    account = Account(f"apisetup_{uuid4().hex[:12]}", "choose-a-long-one")
    sample.server.execute(f"CREATE USER '{account.user}'@'%' IDENTIFIED BY '{account.password}'")
    tables = sample.practice_rows()
    try:
        for line in script_statements():
            table = re.search(r"opendental\.(\w+)", line)
            if table and table[1] in tables:
                sample.server.execute(
                    line.replace("opendental.", f"`{sample.database}`.").replace("'apisetup'", f"'{account.user}'")
                )
        yield account
    finally:
        sample.server.execute(f"DROP USER '{account.user}'@'%'")


@pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_everything_works_with_the_readmes_user(server_sample: SampleServer, tmp_path: Path) -> None:
    with readme_user(server_sample) as account, closing(server_sample.open_as(account)) as office:
        signed_in = office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))
        assert (signed_in.writable, office.info.read_only) == (True, "")
        for kind, run in KINDS.items():
            if kind != "open as account":
                run(office)
        verification = office.audit.verification(AuditFilter())
        while not verification.run_batch().done:
            pass
        export = office.audit.export(signed_in.actor, AuditFilter(), tmp_path / "trail.csv", may_replace=False)
        export.begin()
        while not export.run_batch().done:
            pass
        assert [line for line in office.diagnosis.diagnose(DiagnosisRequest()).unknown if ": unknown, " in line] == []
        assert office.diagnosis.headline() == "Registration key: missing"


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM patient",
        "SELECT * FROM userod",
        "UPDATE securitylog SET LogText = 'x'",
        "DELETE FROM securitylog",
        "DELETE FROM securityloghash",
        "UPDATE userod SET Password = ''",
        "UPDATE preference SET PrefName = 'x'",
        "UPDATE program SET ProgName = 'x'",
        "INSERT INTO userod (UserName) VALUES ('x')",
        "DROP TABLE apikey",
        "CREATE TABLE ours (a int)",
        "ALTER TABLE preference ADD COLUMN a int",
        "CREATE USER x@y",
        "SELECT * FROM mysql.user",
        "SELECT 1 INTO OUTFILE '/tmp/apisetup-test'",
    ],
)
def test_the_readmes_user_can_do_nothing_else(server_sample: SampleServer, statement: str) -> None:
    server_sample.server.execute(f"CREATE TABLE IF NOT EXISTS `{server_sample.database}`.patient (PatNum bigint)")
    with readme_user(server_sample) as account:
        server = server_sample.server
        connection = pymysql.connect(
            host=server.host,
            port=server.port,
            user=account.user,
            password=account.password,
            database=server_sample.database,
        )
        with closing(connection), connection.cursor() as cursor, pytest.raises(pymysql.err.Error) as refused:
            cursor.execute(statement)
    assert refused.value.args[0] in (1044, 1045, 1142, 1143, 1227)


# -- formats of SHOW GRANTS ------------------------------------------------------------


@pytest.mark.parametrize(
    "line",
    [
        f"GRANT ALL PRIVILEGES ON *.* {TO} WITH GRANT OPTION",
        f"GRANT ALL PRIVILEGES ON *.* {TO} IDENTIFIED BY PASSWORD '*B69027D44F6E5EDC07F1AEAD1477967B16F28227'",
        f"GRANT ALL PRIVILEGES ON `od_main`.* {TO}",
        f"GRANT ALL PRIVILEGES ON `od\\_main`.* {TO}",
        f"GRANT ALL PRIVILEGES ON `od%`.* {TO}",
        f"GRANT ALL PRIVILEGES ON `od_____`.* {TO}",
        f"GRANT ALL PRIVILEGES ON `OD_MAIN`.* {TO}",
        f"GRANT SELECT, INSERT, UPDATE, DELETE, CREATE TEMPORARY TABLES ON *.* {TO} REQUIRE SSL",
        "GRANT SELECT, INSERT, UPDATE, DELETE ON *.* TO 'u'@'10.0.0.%'",
    ],
)
def test_wide_grants_lack_nothing_and_are_excessive(line: str) -> None:
    grants = evaluate(f"GRANT USAGE ON *.* {TO} IDENTIFIED BY PASSWORD '*B69'", line)
    assert (grants.known, grants.missing, grants.missing_to_write) == (True, (), "")
    assert grants.excess
    assert "B69" not in repr(grants)


@pytest.mark.parametrize("name", ["od_mai", "od_main2", "xod_main", "o%n", "odxmain`", "od\\%"])
def test_grants_on_other_databases_give_nothing_here(name: str) -> None:
    quoted = name.replace("`", "``")
    grants = evaluate(f"GRANT ALL PRIVILEGES ON `{quoted}`.* {TO}")
    applies = name == "o%n"
    assert (grants.missing == ()) is applies
    assert grants.excess == (f"ALL PRIVILEGES on all tables of {name}",)


def test_a_database_of_a_table_grant_is_not_a_pattern() -> None:
    grants = evaluate(f"GRANT SELECT ON `od%`.`definition` {TO}")
    assert "SELECT on definition" in grants.missing


def test_columns_are_compared_individually() -> None:
    grants = evaluate(
        f"GRANT SELECT (UserNum, `UserName`, Password), UPDATE (FailedAttempts, DateTFail) ON `od_main`.`userod` {TO}",
        f"GRANT SELECT (IsHidden, DateTFail, FailedAttempts) ON `od_main`.`userod` {TO}",
        f"GRANT SELECT, UPDATE (ValueString, Comments) ON `od_main`.`preference` {TO}",
        f"GRANT UPDATE ON `od_main`.`program` {TO}",
    )
    assert not any(" on userod" in each or " on preference" in each for each in grants.missing)
    assert "SELECT on program" in grants.missing
    assert "UPDATE (Enabled) on program" not in grants.missing
    assert grants.excess == ("UPDATE (comments, valuestring) on od_main.preference", "UPDATE on od_main.program")


def test_missing_rights_are_formatted_as_in_the_readme() -> None:
    lines = [
        line.replace("opendental.", "`od_main`.").replace("'apisetup'@'%'", "`u`@`%`")
        for line in script_statements()
        if "opendental.program " not in line and "opendental.signalod" not in line
    ]
    grants = evaluate(*lines)
    assert grants.missing == (
        "SELECT on program",
        "UPDATE (Enabled) on program",
        "SELECT on signalod",
        "INSERT on signalod",
    )
    assert grants.missing_to_write == "SELECT on signalod; INSERT on signalod"


def test_missing_tables_need_no_rights() -> None:
    grants = evaluate(f"GRANT USAGE ON *.* {TO}", tables=frozenset({"securitylog"}))
    assert grants.missing == ("SELECT on securitylog", "INSERT on securitylog")


def test_excessive_rights_are_listed_with_their_target() -> None:
    grants = evaluate(
        f"GRANT FILE, SUPER ON *.* {TO}",
        f"GRANT SELECT ON `mysql`.* {TO}",
        f"GRANT SELECT ON `od_main`.`patient` {TO} WITH GRANT OPTION",
        f"GRANT EXECUTE ON PROCEDURE `od_main`.`p` {TO}",
        f"GRANT PROXY ON ''@'%' {TO} WITH GRANT OPTION",
    )
    assert grants.excess == (
        "may act as another user (PROXY)",
        "FILE, SUPER on all databases of the server",
        "SELECT on all tables of mysql",
        "has GRANT OPTION on od_main.patient",
        "SELECT on od_main.patient",
        "EXECUTE on a stored program",
    )


def test_the_same_rights_on_other_databases_are_counted() -> None:
    here = [
        line.replace("opendental.", "`od_main`.").replace("'apisetup'@'%'", "`u`@`%`") for line in script_statements()
    ]
    offices = [line.replace("`od_main`", f"`od_{number}`") for number in range(7) for line in here]
    assert evaluate(*here, *offices) == Grants(known=True, elsewhere=7)
    more = evaluate(*here, *offices, f"GRANT SELECT ON `od_3`.`patient` {TO}", f"GRANT ALL PRIVILEGES ON `x`.* {TO}")
    assert (more.elsewhere, more.excess) == (7, ("SELECT on od_3.patient", "ALL PRIVILEGES on all tables of x"))


def test_rights_of_everybody_count() -> None:
    grants = evaluate("GRANT SELECT ON `od_main`.`definition` TO PUBLIC", "GRANT USAGE ON *.* TO PUBLIC")
    assert grants.known
    assert "SELECT on definition" not in grants.missing


def test_partially_revoked_rights_are_missing() -> None:
    grants = evaluate(f"GRANT SELECT, INSERT, UPDATE, DELETE ON *.* {TO}", "REVOKE INSERT ON `od_main`.* FROM `u`@`%`")
    assert "INSERT on securitylog" in grants.missing
    assert grants.missing_to_write


@pytest.mark.parametrize(
    "line", ["", "nonsense", f"GRANT ON x {TO}", f"GRANT SELECT ON {TO}", "GRANT SELECT (a ON `d`.`t` TO `u`@`%`"]
)
def test_an_unknown_line_makes_all_grants_unknown(line: str) -> None:
    assert evaluate(f"GRANT ALL PRIVILEGES ON *.* {TO}", line) == Grants(known=False)


def test_the_audit_rights_are_part_of_the_needed_rights() -> None:
    assert set(AUDIT_WRITE_GRANTS) <= set(NEEDED)


# -- reading from a server -------------------------------------------------------------


def read_grants_as(sample: SampleServer, account: Account) -> Grants:
    """Read the grants of an account on a practice."""
    address = ServerAddress(sample.server.host, sample.server.port, sample.database, account.user)
    engine = server_engine(address, Secret(account.password))
    try:
        with engine.connect() as connection:
            return read_grants(connection, sample.database, sample.practice_rows())
    finally:
        engine.dispose()


def test_an_active_role_gives_its_rights(server_sample: SampleServer) -> None:
    role, server = f"apisetup_{uuid4().hex[:8]}", server_sample.server
    server.execute(f"CREATE ROLE {role}", f"GRANT SELECT ON `{server_sample.database}`.* TO {role}")
    try:
        with database_user(server_sample, "INSERT ON signalod") as account:
            server.execute(f"GRANT {role} TO '{account.user}'@'%'")
            server.execute(f"GRANT SELECT ON `{server_sample.database}`.signalod TO '{account.user}'@'%'")
            assert "SELECT on preference" in read_grants_as(server_sample, account).missing
            preposition = "FOR" if server.is_mariadb else "TO"
            server.execute(f"SET DEFAULT ROLE {role} {preposition} '{account.user}'@'%'")
            grants = read_grants_as(server_sample, account)
            assert not any(each.startswith("SELECT") for each in grants.missing)
            assert "INSERT on securitylog" in grants.missing_to_write
            assert len(set(grants.excess)) == len(grants.excess)
    finally:
        server.execute(f"DROP ROLE {role}")


def test_rights_that_everybody_has_are_read(server_sample: SampleServer) -> None:
    server = server_sample.server
    if not server.is_mariadb:
        pytest.skip("MySQL has no PUBLIC")
    with database_user(server_sample, "INSERT ON signalod") as account:
        try:
            server.execute(f"GRANT SELECT ON `{server_sample.database}`.* TO PUBLIC")
        except pymysql.err.Error:
            pytest.skip("MariaDB before 10.11 has no PUBLIC")
        try:
            grants = read_grants_as(server_sample, account)
        finally:
            server.execute(f"REVOKE SELECT ON `{server_sample.database}`.* FROM PUBLIC")
    assert grants.known
    assert not any(each.startswith("SELECT") for each in grants.missing)


def test_the_user_of_the_tests_has_all_rights(server_sample: SampleServer) -> None:
    server = server_sample.server
    grants = read_grants_as(server_sample, Account(server.user, server.password))
    assert (grants.known, grants.missing) == (True, ())
    # MariaDB calls them all, and MySQL lists them.
    assert any(each.endswith(" on all databases of the server") for each in grants.excess)


# -- a user with SELECT only -----------------------------------------------------------


def open_as(sample: SampleServer, account: Account) -> Office:
    """Open a practice as another database user."""
    address = ServerAddress(sample.server.host, sample.server.port, sample.database, account.user)
    return open_server_office(
        address,
        Secret(account.password),
        sample.companion_source,
        AuthorityName.LOCAL,
        default_agreement(),
        runtime(),
    )


@pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_user_with_select_only_is_detected_on_opening(server_sample: SampleServer) -> None:
    with database_user(server_sample, "SELECT") as account, closing(open_as(server_sample, account)) as office:
        assert office.info.read_only.startswith(
            f"The database user {account.user}@% has read-only access here: it lacks INSERT on securitylog,"
            " securityloghash, signalod. Run 'apisetup grants'"
        )
        with writing(server_sample) as written, pytest.raises(NotPermitted, match="has read-only access"):
            save_settings(office)
        assert written == Written()
        engine = office._practice.engine
        with engine.connect() as connection:
            # MySQL 8 and MariaDB gave the variable a new name, and MySQL 8 has only that one.
            rows = connection.exec_driver_sql(
                "SHOW SESSION VARIABLES WHERE Variable_name IN ('tx_read_only', 'transaction_read_only')"
            ).all()
            assert {value for _name, value in rows} == {"ON"}


def test_a_user_with_the_audit_rights_can_write(server_sample: SampleServer) -> None:
    rights = [f"INSERT ON {table}" for table in ("securitylog", "securityloghash", "signalod")]
    with database_user(server_sample, "SELECT", *rights) as account, closing(open_as(server_sample, account)) as office:
        assert office.info.read_only == ""
        assert office.users.sign_in("Admin", Secret(PASSWORDS["Admin"])).writable
