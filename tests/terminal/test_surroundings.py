"""Failures to open a practice: each is one sentence on the screen, and again on the terminal after quitting."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path

from tests.support.installed_program import READY, Home
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import SIGN_IN, ServerPractice


def assert_fails_with(terminal: Terminal, sentence: str) -> None:
    """Check that the sentence is on the screen and, after quitting, alone on the ordinary screen."""
    terminal.wait_for(sentence)
    terminal.wait_for("^! Not connected to the practice.")
    terminal.press("ctrl+q")
    assert terminal.exit_status() == 1
    assert terminal.unrestored_modes() == []
    shown = " ".join(terminal.text.split())
    assert shown.startswith("apisetup: ")
    assert sentence in shown
    assert shown.count("apisetup: ") == 1
    assert b"Traceback" not in terminal.output


def test_a_server_that_does_not_answer(home: Home) -> None:
    with home.start("--url", "mysql://root@127.0.0.1:1/opendental", env={"APISETUP_PASSWORD": ""}) as terminal:
        assert_fails_with(terminal, "No MySQL server answers at 127.0.0.1:1: Connection refused.")


def test_a_wrong_database_password(home: Home, practice: ServerPractice) -> None:
    with practice.user("right") as user, practice.as_user(user, "wrong").start(home) as terminal:
        assert_fails_with(terminal, "The server refuses this database user or its password.")


def test_a_wrong_database_password_can_be_typed_again(home: Home, practice: ServerPractice) -> None:
    with practice.user("right") as user, practice.as_user(user, "wrong").start(home) as terminal:
        terminal.wait_for("^ *Database password$")
        terminal.type("right\r")
        terminal.wait_for(SIGN_IN)


def test_a_missing_database(home: Home, server: Server) -> None:
    with ServerPractice(server, "apisetup_test_nowhere").start(home) as terminal:
        assert_fails_with(terminal, "The server has no database with that name")


def test_a_database_of_another_program(home: Home, server: Server) -> None:
    with ServerPractice(replace(server), "mysql").start(home) as terminal:
        assert_fails_with(terminal, "This is not an Open Dental database")


def test_a_file_that_is_not_sqlite(home: Home) -> None:
    home.practice.parent.mkdir()
    home.practice.touch(0o600)
    home.practice.write_bytes(b"This is no database at all. " * 500)
    with home.start() as terminal:
        assert_fails_with(terminal, "is damaged, or isn't an SQLite database.")


def test_a_damaged_sqlite_file(home: Home) -> None:
    home.make_practice()
    content = home.practice.read_bytes()
    home.practice.write_bytes(content[:4096] + b"\xff" * (len(content) - 4096))
    with home.start() as terminal:
        assert_fails_with(terminal, "is damaged, or isn't an SQLite database.")


def test_an_sqlite_file_of_another_program(home: Home, tmp_path: Path) -> None:
    other = tmp_path / "other.sqlite3"
    other.touch(0o600)
    with closing(sqlite3.connect(other)) as connection, connection:
        connection.execute("CREATE TABLE recipes (name TEXT)")
    before = other.read_bytes()
    with home.start("--url", f"sqlite:///{other}") as terminal:
        assert_fails_with(terminal, "This SQLite file isn't a practice database.")
    assert other.read_bytes() == before


def test_a_directory_that_cannot_be_created(home: Home) -> None:
    home.configuration.parent.write_text("in the way", encoding="utf-8")
    inside = home.configuration.parent / "deeper" / "config.toml"
    with home.start(env={"APISETUP_CONFIG": str(inside)}) as terminal:
        assert terminal.exit_status() in (1, 2)
        assert "cannot be" in " ".join(terminal.text.split())


def test_a_locked_sqlite_file_can_be_retried(home: Home) -> None:
    home.make_practice()
    with closing(sqlite3.connect(home.practice, isolation_level=None)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with home.start() as terminal:
            terminal.wait_for("The SQLite file is locked by another program.")
            terminal.wait_for("^ r Retry")
            other.execute("ROLLBACK")
            terminal.press("r")
            terminal.wait_for(READY)
            terminal.press("ctrl+q")
            assert terminal.exit_status() == 0
