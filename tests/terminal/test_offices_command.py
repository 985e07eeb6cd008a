"""`apisetup offices`: lists, adds, removes and imports the offices of the configuration file."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tests.support.installed_program import COMMAND, Home
from tests.support.pseudo_terminal import Terminal

URL = "mysql+pymysql://apisetup@db.example:3307/od"


def add_office(home: Home, name: str, *options: str) -> None:
    completed = home.run("offices", "add", name, "--url", URL, *options)
    assert (completed.returncode, completed.stderr) == (0, "")


def test_an_office_is_added_listed_and_removed(home: Home) -> None:
    assert "There are no offices" in home.run("offices", "list").stdout
    add_office(
        home, "Down town", "--production", "--read-only", "--lock-after-minutes", "5", "--password-from", "env:PW"
    )
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


def test_list_prints_json(home: Home) -> None:
    add_office(home, "Down town", "--tls", "off", "--authority", "local")
    (office,) = json.loads(home.run("offices", "list", "--json").stdout)["offices"]
    assert office == {
        "office": "Down town",
        "tags": [],
        "host": "db.example",
        "port": 3307,
        "socket": None,
        "database": "od",
        "user": "apisetup",
        "file": None,
        "tls": False,
        "password_from": "prompt",
        "od_user": None,
        "od_password_from": None,
        "authority": "local",
        "read_only": False,
        "production": False,
        "lock_after_minutes": None,
        "last_opened": None,
    }


def test_an_option_names_another_configuration_file(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "other.toml"
    completed = home.run("offices", "add", "A", "--url", URL, "--config", str(file))
    assert (completed.returncode, file.is_file(), home.configuration.exists()) == (0, True, False)
    assert home.run("offices", "list", "--config", str(file)).stdout.startswith("A: ")


def test_a_password_file_is_stored_with_its_full_path(home: Home) -> None:
    add_office(home, "A", "--password-from", "file:secret")
    assert re.search(r'password_from = "file:/.*/secret"', home.configuration.read_text())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("add", "A"), "The practice to add is missing."),
        (("add", "A", "--url", "mysql://u:hunter2@h/d"), "A password in the address"),
        (("add", "A", "--url", URL, "--password-from", "hunter2"), "The source of the password isn't valid"),
        (("add", "", "--url", URL), "The name of an office"),
        (("add", "A", "--url", URL, "--lock-after-minutes", "0"), "--lock-after-minutes must be from 1 to"),
        (("add", "A", "--url", URL, "--lock-after-minutes", "9" * 400), "--lock-after-minutes must be from 1 to"),
        (("add", "A", "--url", "sqlite:////x", "--password-from", "keyring"), "An SQLite practice has no password."),
        (("add", "A", "--url", "sqlite:////x", "--companion", "c"), "An SQLite practice has no companion file."),
        (("remove", "A"), "Unknown office A"),
        (("import",), "Choose one source"),
        (("import", "missing.xml"), "missing.xml cannot be read"),
        (("import", "x.xml", "--central"), "Choose one source"),
        (("import", "--central"), "--central needs --url"),
    ],
)
def test_a_failure_returns_2_and_writes_nothing(home: Home, arguments: tuple[str, ...], message: str) -> None:
    completed = home.run("offices", *arguments)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert message in completed.stderr
    assert "hunter2" not in completed.stderr
    assert not home.configuration.exists()


def test_debug_logs_the_command_and_its_failure(home: Home) -> None:
    home.run("offices", "list", "--debug")
    home.run("offices", "remove", "A", "--debug")
    assert [line.split(" ", 2)[2] for line in home.log.read_text().splitlines() if " tui.commands." in line] == [
        "DEBUG tui.commands.offices apisetup offices list",
        "DEBUG tui.commands.offices apisetup offices remove",
        "WARNING tui.commands.outcome Unknown office A: the configuration file has no offices. Add one with:"
        " apisetup offices add",
    ]


def test_a_readable_log_file_is_made_private(home: Home) -> None:
    home.run("offices", "list", "--debug")
    home.log.chmod(0o644)
    home.run("offices", "list", "--debug")
    assert home.log.stat().st_mode & 0o777 == 0o600


def test_remove_without_a_terminal_needs_the_option_yes(home: Home) -> None:
    add_office(home, "A")
    completed = home.run("offices", "remove", "A")
    assert (completed.returncode, "Add --yes" in completed.stderr) == (2, True)


def test_remove_asks_for_confirmation(home: Home) -> None:
    add_office(home, "A")
    for answer, remains in (("n", True), ("", True), ("y", False)):
        with Terminal(COMMAND, "offices", "remove", "A", env=home.environment) as terminal:
            terminal.wait_for(r"\[y")
            terminal.type(f"{answer}\r")
            assert terminal.exit_status() == int(remains)
        assert home.run("offices", "list").stdout.startswith("A: ") is remains


def test_import_from_a_workstation_leaves_out_the_password(home: Home, tmp_path: Path) -> None:
    file = tmp_path / "FreeDentalConfig.xml"
    file.write_text(
        "<ConnectionSettings><DatabaseConnection><ComputerName>server</ComputerName><Database>od</Database>"
        "<User>u</User><Password>hunter2</Password></DatabaseConnection></ConnectionSettings>"
    )
    completed = home.run("offices", "import", str(file), "--name", "Down town", "--yes")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert "The file has the password in clear text; it isn't copied." in completed.stdout
    assert "hunter2" not in completed.stdout + home.configuration.read_text()
    assert "Down town: od on server:3306 as u" in home.run("offices", "list").stdout


def workstation_file(directory: Path, server: str) -> str:
    """Write a workstation's file whose server has this name, and return its path."""
    file = directory / "FreeDentalConfig.xml"
    file.write_text(
        f"<ConnectionSettings><DatabaseConnection><ComputerName>{server}</ComputerName><Database>od</Database>"
        "<User>u</User></DatabaseConnection></ConnectionSettings>"
    )
    return str(file)


def test_import_does_not_take_a_workstations_localhost_for_this_computer(home: Home, tmp_path: Path) -> None:
    file = workstation_file(tmp_path, "localhost")
    refused = home.run("offices", "import", file, "--yes")
    assert (refused.returncode, refused.stdout) == (2, "")
    assert "refers to the computer where it was entered" in refused.stderr
    assert "--host HOST" in refused.stderr
    assert not home.configuration.exists()
    home.run("offices", "import", file, "--host", "db.example:3307", "--yes")
    assert "od@db.example: od on db.example:3307 as u" in home.run("offices", "list").stdout


def test_import_asks_what_a_server_is_called_from_here(home: Home, tmp_path: Path) -> None:
    file = workstation_file(tmp_path, "127.0.0.1:3308")
    for answer, status in (("", 2), ("db.example", 0)):
        with Terminal(COMMAND, "offices", "import", file, env=home.environment) as terminal:
            terminal.wait_for("The server is named 127.0.0.1:3308")
            terminal.wait_for("What is it called from here")
            terminal.type(f"{answer}\r")
            if not status:
                terminal.wait_for(r"od on db.example:3308 as u")
                terminal.type("y\r")
            assert terminal.exit_status() == status
    assert "od on db.example:3308 as u" in home.run("offices", "list").stdout
