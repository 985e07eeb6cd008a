"""`apisetup check`: whether everything works in a practice, told without writing anything."""

from __future__ import annotations

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from tests.support.installed_program import Home
from tests.support.opendental_columns import OLD
from tests.support.server_practice import ServerPractice

RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


def checked(home: Home, practice: ServerPractice, *arguments: str, **env: str) -> tuple[int, dict[str, Any]]:
    """The exit status, and each finding by its name."""
    environment = {"APISETUP_PASSWORD": practice.server.password} | env
    done = home.run("check", "--json", "--authority", "local", "--url", practice.url(), *arguments, **environment)
    assert done.stderr == ""
    told = json.loads(done.stdout)
    assert told["status"] == done.returncode
    return done.returncode, {each["id"]: each for each in told["findings"]}


def states(findings: dict[str, Any]) -> dict[str, str]:
    return {name: each["state"] for name, each in findings.items()}


def test_what_is_checked_on_a_server(home: Home, practice: ServerPractice) -> None:
    status, found = checked(home, practice, "--user", "admin")
    assert status == 1
    assert states(found) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "ok",
        "open-dental": "ok",
        "server-version": "ok",
        "schema": "ok",
        "engines": "ok",
        "sql-mode": "ok",
        "grants-missing": "ok",
        "grants-excess": "warning",
        "clock": "ok",
        "user-setup": "ok",
        "user-audittrail": "ok",
        "companion": "note",
        "authority": "ok",
    }
    assert found["practice"]["sentence"] == "Riverside Dental, Dr. Müller"
    assert "ALL PRIVILEGES on every database of the server" in found["grants-excess"]["sentence"]


def test_it_reads_as_lines_too(home: Home, practice: ServerPractice) -> None:
    done = home.run("check", "--url", practice.url(), APISETUP_PASSWORD=practice.server.password)
    lines = done.stdout.splitlines()
    assert lines[0].startswith("ok       address           ")
    assert any(line.startswith("WARNING  grants-excess") for line in lines)


def test_nothing_is_written_anywhere(home: Home, practice: ServerPractice) -> None:
    tables = [str(row[0]) for row in practice.rows("SHOW TABLES")]
    before = [practice.rows(f"SELECT * FROM `{table}`") for table in tables]
    checked(home, practice, "--user", "Admin")
    assert [practice.rows(f"SELECT * FROM `{table}`") for table in tables] == before
    assert not home.configuration.parent.exists()


def test_a_user_who_may_only_read_is_told_what_is_missing(home: Home, practice: ServerPractice) -> None:
    with practice.user("pw", "SELECT") as user:
        other = practice.as_user(user, "pw")
        status, found = checked(home, other)
    assert status == 1
    assert "UPDATE (ValueString) on preference" in found["grants-missing"]["sentence"]
    assert found["grants-missing"]["sentence"].endswith("Nothing can be written: apisetup opens it read-only.")
    assert found["grants-excess"]["state"] == "warning"


@pytest.mark.parametrize("practice", [(OLD, "MyISAM")], indirect=True)
def test_an_old_practice_has_its_notes(home: Home, practice: ServerPractice) -> None:
    _status, found = checked(home, practice)
    assert found["engines"] == {
        "id": "engines",
        "state": "note",
        "sentence": "Storage engines: MyISAM.",
        "hint": "",
    }
    notes = [each["sentence"] for name, each in found.items() if name.startswith("note-")]
    assert any("keeps no copy of the API keys" in note for note in notes)


@pytest.mark.parametrize(
    ("user", "names"),
    [
        ("Maria", {"user-setup": "warning", "user-audittrail": "ok"}),
        ("nobody", {"user": "warning"}),
        ("", {"user": "note"}),
    ],
)
def test_the_permissions_of_a_user(home: Home, practice: ServerPractice, user: str, names: dict[str, str]) -> None:
    _status, found = checked(home, practice, *(("--user", user) if user else ()))
    assert {name: state for name, state in states(found).items() if name.startswith("user")} == names


def test_a_locked_user_is_told(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE userod SET FailedAttempts = 5, DateTFail = NOW() WHERE UserName = 'Admin'")
    _status, found = checked(home, practice, APISETUP_OD_USER="Admin")
    assert "Admin is locked until" in found["user-locked"]["sentence"]


# -- what ends a check -----------------------------------------------------------------


def test_a_wrong_password_ends_it(home: Home, practice: ServerPractice) -> None:
    with practice.user("pw") as user:
        status, found = checked(home, practice.as_user(user, "not it"))
    assert status == 2
    assert states(found) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "failed",
        "practice": "not checked",
    }


def test_a_database_that_is_not_there_ends_it(home: Home, practice: ServerPractice) -> None:
    status, found = checked(home, ServerPractice(practice.server, "apisetup_test_missing"))
    assert status == 2
    assert states(found) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "failed",
    }


def test_no_practice_ends_it(home: Home, practice: ServerPractice) -> None:
    practice.execute("DROP TABLE securitylog")
    status, found = checked(home, practice)
    assert status == 2
    assert states(found) == {
        "address": "ok",
        "server": "ok",
        "tls": "ok",
        "database-user": "ok",
        "practice": "failed",
    }


@pytest.mark.parametrize(
    ("url", "failed", "words"),
    [
        ("mysql://u@127.0.0.1:1/d", "server", "No database server answers there."),
        ("mysql://u@nowhere.invalid/d", "address", "The name nowhere.invalid cannot be found."),
    ],
)
def test_what_cannot_be_reached(home: Home, url: str, failed: str, words: str) -> None:
    done = home.run("check", "--json", "--url", url, APISETUP_PASSWORD="")
    found = {each["id"]: each for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 2
    assert (found[failed]["state"], found[failed]["sentence"]) == ("failed", words)
    assert found["practice"]["state"] == "not checked"


def test_a_server_without_tls_is_told(home: Home, practice: ServerPractice) -> None:
    status, found = checked(home, practice, "--tls", "verify")
    assert status == 2
    assert states(found) == {
        "address": "ok",
        "server": "ok",
        "tls": "failed",
        "database-user": "not checked",
        "practice": "not checked",
    }


def test_a_password_that_is_nowhere_is_told(home: Home, practice: ServerPractice) -> None:
    done = home.run("check", "--url", practice.url())
    assert done.returncode == 2
    assert done.stdout.startswith("FAILED   database-password Password of the database user: nobody is there")
    assert "Set APISETUP_PASSWORD for a scheduled job." in done.stdout


def test_a_password_that_an_office_asks_for_is_told_by_its_own_name(home: Home) -> None:
    home.write_configuration('[offices.A]\nhost = "127.0.0.1"\ndatabase = "d"\nuser = "u"\n')
    done = home.run("check", "--office", "A", APISETUP_PASSWORD="not for offices")
    assert "Set password_from to env:NAME, file:PATH or command:PROGRAM for a scheduled job." in done.stdout
    assert "APISETUP_PASSWORD" not in done.stdout


# -- an SQLite practice ----------------------------------------------------------------


def test_an_sqlite_practice_can_be_checked(home: Home) -> None:
    home.make_practice()
    done = home.run("check", "--json")
    found = {each["id"]: each["state"] for each in json.loads(done.stdout)["findings"]}
    assert done.returncode == 0
    assert set(found.values()) == {"ok"}
    home.practice.chmod(0o644)
    assert "Run: chmod 600" in home.run("check").stdout


def test_an_sqlite_practice_that_is_not_there_is_told_in_words_that_fit_a_file(home: Home) -> None:
    done = home.run("check", "--json")
    assert (done.returncode, json.loads(done.stdout)["findings"]) == (
        2,
        [
            {
                "id": "address",
                "state": "failed",
                "sentence": f"There is no file {home.practice}.",
                "hint": "Name another one, or open it once, not read-only, to have it made.",
            },
            {
                "id": "practice",
                "state": "not checked",
                "sentence": "Not checked, because of what failed before.",
                "hint": "",
            },
        ],
    )
    assert not home.practice.exists()


def test_a_file_that_is_no_practice_is_told_by_the_points_of_a_file(home: Home) -> None:
    home.practice.parent.mkdir()
    home.practice.write_text("no database at all, though long enough to be looked at")
    done = home.run("check", "--json")
    states = [(each["id"], each["state"]) for each in json.loads(done.stdout)["findings"]]
    assert (done.returncode, states) == (2, [("address", "ok"), ("practice", "failed")])


def test_the_chmod_to_run_can_be_run_as_it_stands(home: Home, practice: ServerPractice, tmp_path: Path) -> None:
    companion = tmp_path / "my companion"
    companion.touch(0o644)
    home.write_configuration(
        f'[offices.A]\nhost = "{practice.server.host}"\nport = {practice.server.port}\n'
        f'database = "{practice.database}"\nuser = "{practice.server.user}"\n'
        f'password_from = "env:PW"\ncompanion = "{companion}"\n'
    )
    done = home.run("check", "--office", "A", PW=practice.server.password)
    assert f"Run: chmod 600 '{companion}'" in done.stdout


def test_an_office_can_be_checked_by_its_name(home: Home) -> None:
    home.make_practice()
    home.write_configuration('[offices.A]\nfile = "practice.sqlite3"\n[offices.B]\nfile = "b.sqlite3"\n')
    done = home.run("check", "--json", "--office", "a")
    assert (done.returncode, json.loads(done.stdout)["office"]) == (0, "A")


def test_a_damaged_file_ends_it(home: Home) -> None:
    home.make_practice()
    with closing(sqlite3.connect(home.practice)) as connection, connection:
        connection.execute("DROP TABLE securitylog")
    done = home.run("check")
    assert (done.returncode, "FAILED   practice" in done.stdout) == (2, True)
