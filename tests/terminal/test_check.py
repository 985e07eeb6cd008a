"""`apisetup check`: checks a practice without writing anything."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed_program import Home, only_office
from tests.support.opendental_columns import OLD
from tests.support.server_practice import ServerPractice

RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


def check(home: Home, practice: ServerPractice, *arguments: str, **env: str) -> tuple[int, dict[str, Any]]:
    """Run the check and return its exit status and the results by their ids."""
    environment = {"APISETUP_PASSWORD": practice.server.password} | env
    completed = home.run("check", "--json", "--authority", "local", "--url", practice.url(), *arguments, **environment)
    assert completed.stderr == ""
    report = only_office(completed.stdout)
    assert report["status"] == completed.returncode
    return completed.returncode, {each["id"]: each for each in report["findings"]}


def states(results: dict[str, Any]) -> dict[str, str]:
    return {name: each["state"] for name, each in results.items()}


def test_a_server_gets_all_checks(home: Home, practice: ServerPractice) -> None:
    status, results = check(home, practice, "--user", "admin")
    assert status == 1
    assert states(results) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "ok",
        "indexes": "ok",
        "open-dental": "ok",
        "server-version": "ok",
        "schema": "ok",
        "engines": "ok",
        "sql-mode": "ok",
        "grants-missing": "ok",
        "grants-excess": "warning",
        "clock": "ok",
        "api": "note",
        "user-setup": "ok",
        "user-audittrail": "ok",
        "companion": "note",
        "authority": "warning",
    }
    assert results["practice"]["sentence"] == "Riverside Dental, Dr. Müller"
    assert " on all databases of the server" in results["grants-excess"]["sentence"]
    assert results["api"]["sentence"] == "The API is off, so no API key works."
    assert "registry on this computer manages" in results["authority"]["sentence"]


def test_the_results_are_printed_as_lines(installed_home: Home, practice: ServerPractice) -> None:
    completed = installed_home.run("check", "--url", practice.url(), APISETUP_PASSWORD=practice.server.password)
    lines = completed.stdout.splitlines()
    assert lines[0].startswith("ok       address  ")
    assert any(line.startswith("WARNING  grants-excess") for line in lines)


def test_the_sentences_and_hints_of_the_results_are_aligned(home: Home, practice: ServerPractice) -> None:
    completed = home.run("check", "--url", practice.url(), APISETUP_PASSWORD=practice.server.password)
    lines = completed.stdout.splitlines()
    column = next(line.index("The API is off") for line in lines if "The API is off" in line)
    assert [line for line in lines if line[column - 1] != " "] == []
    assert all(line[column] != " " for line in lines)


def test_the_check_writes_nothing(home: Home, practice: ServerPractice) -> None:
    tables = [str(row[0]) for row in practice.rows("SHOW TABLES")]
    before = [practice.rows(f"SELECT * FROM `{table}`") for table in tables]
    check(home, practice, "--user", "Admin")
    assert [practice.rows(f"SELECT * FROM `{table}`") for table in tables] == before
    assert not home.configuration.parent.exists()


def test_missing_rights_of_a_read_only_database_user_are_listed(home: Home, practice: ServerPractice) -> None:
    with practice.user("pw", "SELECT") as user:
        other = practice.as_user(user, "pw")
        status, results = check(home, other)
    assert status == 1
    assert "UPDATE (ValueString) on preference" in results["grants-missing"]["sentence"]
    assert results["grants-missing"]["sentence"].endswith("apisetup opens the practice read-only.")
    for name in "grants-missing", "grants-excess":
        assert "'apisetup grants'" in results[name]["hint"]
    assert results["grants-excess"]["state"] == "warning"


@pytest.mark.parametrize("practice", [(OLD, "MyISAM")], indirect=True)
def test_an_old_practice_gets_notes(home: Home, practice: ServerPractice) -> None:
    _status, results = check(home, practice)
    assert results["engines"] == {
        "id": "engines",
        "state": "note",
        "sentence": "Storage engines: MyISAM.",
        "hint": None,
    }
    assert "keeps no copy of the API keys" in results["key-copy"]["sentence"]
    assert "logged as Setup" in results["license-log"]["sentence"]
    assert "without transactions" in results["transactions"]["sentence"]


@pytest.mark.parametrize(
    ("user", "names"),
    [
        ("Maria", {"user-setup": "note", "user-audittrail": "ok"}),
        ("nobody", {"user": "warning"}),
        ("Blank", {"user-password": "warning", "user-setup": "ok", "user-audittrail": "ok"}),
        ("", {"user": "note"}),
    ],
)
def test_the_permissions_of_a_user_are_checked(
    home: Home, practice: ServerPractice, user: str, names: dict[str, str]
) -> None:
    _status, results = check(home, practice, *(("--user", user) if user else ()))
    assert {name: state for name, state in states(results).items() if name.startswith("user")} == names


def test_that_the_api_is_on_is_reported(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE program SET Enabled = 1 WHERE ProgName = 'FHIR'")
    _status, results = check(home, practice)
    assert (results["api"]["state"], results["api"]["sentence"]) == ("ok", "The API is on.")


def test_a_practice_without_the_setting_is_reported(home: Home, practice: ServerPractice) -> None:
    practice.execute("DELETE FROM program WHERE ProgName = 'FHIR'")
    _status, results = check(home, practice)
    assert results["api"]["state"] == "note"
    assert "has no setting for the API" in results["api"]["sentence"]


def test_a_locked_user_is_reported(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE userod SET FailedAttempts = 5, DateTFail = NOW() WHERE UserName = 'Admin'")
    _status, results = check(home, practice, APISETUP_OD_USER="Admin")
    assert "Admin is locked until" in results["user-locked"]["sentence"]


# -- failures that end the check -------------------------------------------------------


def test_a_wrong_password_ends_the_check(home: Home, practice: ServerPractice) -> None:
    with practice.user("pw") as user:
        status, results = check(home, practice.as_user(user, "not it"))
    assert status == 2
    assert states(results) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "failed",
        "practice": "not checked",
    }


def test_a_missing_database_ends_the_check(home: Home, practice: ServerPractice) -> None:
    status, results = check(home, ServerPractice(practice.server, "apisetup_test_missing"))
    assert status == 2
    assert states(results) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "failed",
    }


def test_a_database_without_a_practice_ends_the_check(home: Home, practice: ServerPractice) -> None:
    practice.execute("DROP TABLE securitylog")
    status, results = check(home, practice)
    assert status == 2
    assert states(results) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "failed",
    }


@pytest.mark.parametrize(
    ("url", "failed", "message"),
    [
        ("mysql://u@127.0.0.1:1/d", "server", "No MySQL server answers at 127.0.0.1:1: Connection refused."),
        ("mysql://u@nowhere.invalid/d", "address", "The host name nowhere.invalid can't be resolved."),
    ],
)
def test_an_unreachable_server_ends_the_check(home: Home, url: str, failed: str, message: str) -> None:
    completed = home.run("check", "--json", "--url", url, APISETUP_PASSWORD="")
    results = {each["id"]: each for each in only_office(completed.stdout)["findings"]}
    assert completed.returncode == 2
    assert (results[failed]["state"], results[failed]["sentence"]) == ("failed", message)
    assert results["practice"]["state"] == "not checked"


def test_a_server_without_tls_ends_the_check(home: Home, practice: ServerPractice) -> None:
    status, results = check(home, practice, "--tls", "verify")
    assert status == 2
    assert states(results) == {
        "address": "ok",
        "server": "ok",
        "tls": "failed",
        "database-user": "not checked",
        "practice": "not checked",
    }


def test_a_missing_password_is_reported(home: Home, practice: ServerPractice) -> None:
    completed = home.run("check", "--url", practice.url())
    assert completed.returncode == 2
    assert completed.stdout.startswith("FAILED   database-password  Password of the database user: no terminal")
    assert "Set APISETUP_PASSWORD for a scheduled job." in completed.stdout


def test_a_missing_password_of_an_office_names_its_own_setting(home: Home) -> None:
    home.write_configuration('[offices.A]\nhost = "127.0.0.1"\ndatabase = "d"\nuser = "u"\n')
    completed = home.run("check", "--office", "A", APISETUP_PASSWORD="not for offices")
    assert "Set password_from to env:NAME, file:PATH or command:PROGRAM for a scheduled job." in completed.stdout
    assert "APISETUP_PASSWORD" not in completed.stdout


# -- embedded practices ----------------------------------------------------------------


def test_an_embedded_practice_can_be_checked(home: Home) -> None:
    home.make_practice()
    completed = home.run("check", "--json")
    results = {each["id"]: each["state"] for each in only_office(completed.stdout)["findings"]}
    assert completed.returncode == 0
    assert {name for name, state in results.items() if state != "ok"} == {"api"}
    home.practice.chmod(0o644)
    assert "Run: chmod 600" in home.run("check").stdout


def test_a_missing_sqlite_file_is_reported(home: Home) -> None:
    completed = home.run("check", "--json")
    assert (completed.returncode, only_office(completed.stdout)["findings"]) == (
        2,
        [
            {
                "id": "address",
                "state": "failed",
                "sentence": f"File not found: {home.practice}.",
                "hint": "Name another file, or open it once without --read-only to create it.",
            },
            {
                "id": "practice",
                "state": "not checked",
                "sentence": "Not checked because an earlier check failed.",
                "hint": None,
            },
        ],
    )
    assert not home.practice.exists()


def test_a_file_without_a_practice_is_reported(home: Home) -> None:
    home.practice.parent.mkdir()
    home.practice.touch(0o600)
    home.practice.write_text("no database at all, though long enough to be looked at")
    completed = home.run("check", "--json")
    states = [(each["id"], each["state"]) for each in only_office(completed.stdout)["findings"]]
    assert (completed.returncode, states) == (2, [("address", "ok"), ("practice", "failed")])


def test_the_suggested_chmod_command_is_quoted(home: Home, practice: ServerPractice, tmp_path: Path) -> None:
    companion = tmp_path / "my companion"
    companion.write_bytes(b"not empty")
    companion.chmod(0o644)
    home.write_configuration(
        f'[offices.A]\nhost = "{practice.server.host}"\nport = {practice.server.port}\n'
        f'database = "{practice.database}"\nuser = "{practice.server.user}"\n'
        f'password_from = "env:PW"\ncompanion = "{companion}"\n'
    )
    completed = home.run("check", "--office", "A", PW=practice.server.password)
    assert f"Run: chmod 600 '{companion}'" in completed.stdout


def test_an_office_can_be_checked_by_name(home: Home) -> None:
    home.make_practice()
    home.write_configuration('[offices.A]\nfile = "practice.sqlite3"\n[offices.B]\nfile = "b.sqlite3"\n')
    completed = home.run("check", "--json", "--office", "a")
    assert (completed.returncode, only_office(completed.stdout)["office"]) == (0, "A")


def test_an_incomplete_practice_ends_the_check(home: Home) -> None:
    home.make_practice()
    with closing(sqlite3.connect(home.practice)) as connection, connection:
        connection.execute("DROP TABLE securitylog")
    completed = home.run("check")
    assert (completed.returncode, "FAILED   practice" in completed.stdout) == (2, True)
