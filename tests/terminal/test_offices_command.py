"""`apisetup offices`: the offices of the configuration file, without a screen."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.installed_program import COMMAND, Home
from tests.support.pseudo_terminal import Terminal

URL = "mysql+pymysql://apisetup@db.example:3307/od"


def add(home: Home, name: str, *more: str) -> None:
    done = home.run("offices", "add", name, "--url", URL, *more)
    assert (done.returncode, done.stderr) == (0, "")


def test_an_office_is_added_listed_and_removed(home: Home) -> None:
    assert "There are no offices" in home.run("offices", "list").stdout
    add(home, "Down town", "--production", "--read-only", "--lock-after-minutes", "5", "--password-from", "env:PW")
    listed = home.run("offices", "list")
    assert listed.stdout == (
        "Down town: od on db.example:3307 as apisetup"
        " (PRODUCTION, READ-ONLY, password: from the environment, never opened)\n"
    )
    refused = home.run("offices", "remove", "down", "--yes")
    assert (refused.returncode, "Did you mean Down town?" in refused.stderr) == (2, True)
    removed = home.run("offices", "remove", "down TOWN", "--yes")
    assert (removed.returncode, removed.stdout.splitlines()[0].startswith("Removed: Down town.")) == (0, True)
    assert "There are no offices" in home.run("offices", "list").stdout


def test_the_list_as_json(home: Home) -> None:
    add(home, "Down town", "--tls", "off", "--authority", "local")
    (office,) = json.loads(home.run("offices", "list", "--json").stdout)
    assert office == {
        "name": "Down town",
        "host": "db.example",
        "port": 3307,
        "socket": None,
        "database": "od",
        "user": "apisetup",
        "file": None,
        "tls": False,
        "password_from": "prompt",
        "authority": "local",
        "read_only": False,
        "production": False,
        "lock_after_minutes": None,
        "last_opened": None,
    }


def test_another_file_by_an_option(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    done = home.run("offices", "add", "A", "--url", URL, "--config", str(file))
    assert (done.returncode, file.is_file(), home.configuration.exists()) == (0, True, False)
    assert home.run("offices", "list", "--config", str(file)).stdout.startswith("A: ")


def test_a_password_file_is_named_in_full(home: Home) -> None:
    add(home, "A", "--password-from", "file:secret")
    assert re.search(r'password_from = "file:/.*/secret"', home.configuration.read_text())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("add", "A"), "What to add is not named."),
        (("add", "A", "--url", "mysql://u:hunter2@h/d"), "A password in the address"),
        (("add", "A", "--url", URL, "--password-from", "hunter2"), "Where the password comes from cannot be read"),
        (("add", "", "--url", URL), "The name of an office"),
        (("add", "A", "--url", URL, "--lock-after-minutes", "0"), "--lock-after-minutes must be from 1 to"),
        (("add", "A", "--url", URL, "--lock-after-minutes", "9" * 400), "--lock-after-minutes must be from 1 to"),
        (("add", "A", "--url", "sqlite:////x", "--password-from", "keyring"), "An SQLite practice has no password."),
        (("add", "A", "--url", "sqlite:////x", "--companion", "c"), "An SQLite practice is its own companion."),
        (("remove", "A"), "There is no office A"),
        (("import",), "What to import is not named"),
        (("import", "missing.xml"), "missing.xml cannot be read"),
        (("import", "x.xml", "--central"), "named twice"),
        (("import", "--central"), "--central needs --url"),
    ],
)
def test_what_cannot_be_done_is_told_and_nothing_is_written(home: Home, arguments: tuple[str, ...], words: str) -> None:
    done = home.run("offices", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert words in done.stderr
    assert "hunter2" not in done.stderr
    assert not home.configuration.exists()


def test_debug_logs_what_was_asked_for_and_why_it_failed(home: Home) -> None:
    home.run("offices", "list", "--debug")
    home.run("offices", "remove", "A", "--debug")
    assert [
        line.split(" ", 2)[2] for line in home.log.read_text().splitlines() if " tui.commands.offices " in line
    ] == [
        "DEBUG tui.commands.offices apisetup offices list",
        "DEBUG tui.commands.offices apisetup offices remove",
        "DEBUG tui.commands.offices There is no office A: the configuration file has no offices."
        " apisetup offices add adds one.",
    ]


def test_a_log_that_others_could_read_is_closed_to_them(home: Home) -> None:
    home.run("offices", "list", "--debug")
    home.log.chmod(0o644)
    home.run("offices", "list", "--debug")
    assert home.log.stat().st_mode & 0o777 == 0o600


def test_nobody_there_to_be_asked(home: Home) -> None:
    add(home, "A")
    done = home.run("offices", "remove", "A")
    assert (done.returncode, "Add --yes" in done.stderr) == (2, True)


def test_removing_asks_first(home: Home) -> None:
    add(home, "A")
    for answer, left in (("n", True), ("", True), ("y", False)):
        with Terminal(COMMAND, "offices", "remove", "A", env=home.environment) as terminal:
            terminal.wait_for(r"\[y/N\]")
            terminal.type(f"{answer}\r")
            assert terminal.exit_status() == 0
        assert home.run("offices", "list").stdout.startswith("A: ") is left


def test_a_workstations_file_is_imported_without_its_password(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "FreeDentalConfig.xml"
    file.write_text(
        "<ConnectionSettings><DatabaseConnection><ComputerName>server</ComputerName><Database>od</Database>"
        "<User>u</User><Password>hunter2</Password></DatabaseConnection></ConnectionSettings>"
    )
    done = home.run("offices", "import", str(file), "--name", "Down town", "--yes")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Its password stands there in clear; it is not copied." in done.stdout
    assert "hunter2" not in done.stdout + home.configuration.read_text()
    assert "Down town: od on server:3306 as u" in home.run("offices", "list").stdout
