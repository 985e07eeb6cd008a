"""Unplanned endings: signals, a lost terminal and a crash, and what remains after them."""

from __future__ import annotations

import signal
import sqlite3
import stat
from collections.abc import Callable
from contextlib import closing

import pytest

from tests.support.crashing_program import SECRET
from tests.support.installed_program import READY, Home, change_settings
from tests.support.pseudo_terminal import Terminal
from tests.support.server_practice import ServerPractice

SAVED = (
    "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
    " payment type from Check to "
)
STILL_SAVING = "a change is still being saved"

End = Callable[[Terminal], None]


def terminate(terminal: Terminal) -> None:
    terminal.signal(signal.SIGTERM)


def hang_up_by_signal(terminal: Terminal) -> None:
    terminal.signal(signal.SIGHUP)


def drop_connection(terminal: Terminal) -> None:
    terminal.hang_up()


ENDINGS = [
    pytest.param(terminate, 143, id="SIGTERM"),
    pytest.param(hang_up_by_signal, 129, id="SIGHUP"),
    pytest.param(drop_connection, 129, id="lost terminal"),
]


@pytest.mark.parametrize(("end", "status"), ENDINGS)
def test_a_signal_or_lost_terminal_restores_the_terminal_and_removes_the_demo(
    home: Home, end: End, status: int
) -> None:
    with home.start_ready("--demo") as terminal:
        assert [each.name.startswith("apisetup-demo-") for each in home.temporary.iterdir()] == [True]
        end(terminal)
        assert terminal.exit_status() == status
        if end is not drop_connection:
            assert terminal.unrestored_modes() == []
            assert terminal.text.strip() == ""
    assert list(home.temporary.iterdir()) == []


def test_the_next_run_removes_the_demo_of_a_killed_one_and_leaves_that_of_a_running_one(home: Home) -> None:
    with home.start_ready("--demo") as running:
        (kept,) = home.temporary.iterdir()
        with home.start_ready("--demo") as killed:
            (left,) = set(home.temporary.iterdir()) - {kept}
            killed.signal(signal.SIGKILL)
            assert killed.exit_status() == -signal.SIGKILL
        assert left.exists()
        with home.start_ready() as following:
            following.wait_until(lambda: not left.exists(), "the killed run's demo is removed")
        assert kept.exists()
        running.press("ctrl+q")
        assert running.exit_status() == 0
    assert list(home.temporary.iterdir()) == []


def test_quitting_removes_the_demo(home: Home) -> None:
    with home.start_ready("--demo") as terminal:
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert list(home.temporary.iterdir()) == []
    assert not home.configuration.parent.exists()


@pytest.mark.parametrize(("end", "status"), ENDINGS)
def test_a_signal_or_lost_terminal_during_a_save_completes_it(home: Home, end: End, status: int) -> None:
    with home.start_ready() as terminal, closing(sqlite3.connect(home.practice, isolation_level=None)) as locker:
        change_settings(terminal)
        locker.execute("BEGIN IMMEDIATE")
        terminal.press("ctrl+s")
        terminal.wait_for("^Saving…")
        end(terminal)
        if end is not drop_connection:
            terminal.wait_for(STILL_SAVING)
        locker.execute("ROLLBACK")
        assert terminal.exit_status() == status
        if end is not drop_connection:
            assert terminal.unrestored_modes() == []
    assert home.rows("SELECT LogText FROM securitylog") == [("API/FHIR",), (f"{SAVED}Cash",)]
    assert home.value("SELECT count(*) FROM securityloghash") == 2
    assert home.rows("SELECT Enabled FROM program") == [(1,)]
    assert home.value("SELECT PropertyValue FROM programproperty WHERE PropertyDesc LIKE 'SubscriptionP%'") == "5"


@pytest.mark.parametrize("practice", [("24.3.10.0", "MyISAM")], indirect=True)
def test_a_signal_between_the_statements_of_a_save_completes_it(home: Home, practice: ServerPractice) -> None:
    with (
        practice.start_signed_in(home) as terminal,
        practice.server.connection(practice.database) as locker,
        locker.cursor() as cursor,
    ):
        change_settings(terminal, "Credit Card")
        # The audit entry is written before the first statement that has to wait for the lock.
        cursor.execute("LOCK TABLES program READ, programproperty READ, preference READ")
        terminal.press("ctrl+s")
        terminal.wait_until(lambda: practice.has_waiting_writer, "the change has begun")
        terminal.signal(signal.SIGTERM)
        terminal.wait_for(STILL_SAVING)
        cursor.execute("UNLOCK TABLES")
        assert terminal.exit_status() == 143
        assert terminal.unrestored_modes() == []
    assert ("8", f"{SAVED}Credit Card") in practice.audit_entries()
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"
    assert practice.value("SELECT PropertyValue FROM programproperty WHERE ProgramPropertyNum = 903") == "5"
    assert practice.value("SELECT ValueString FROM preference WHERE PrefName = 'ApiPaymentType'") == "313"


def test_a_killed_program_leaves_no_partial_save(home: Home) -> None:
    with home.start_ready() as terminal, closing(sqlite3.connect(home.practice, isolation_level=None)) as locker:
        change_settings(terminal)
        locker.execute("BEGIN IMMEDIATE")
        terminal.press("ctrl+s")
        terminal.wait_for("^Saving…")
        terminal.signal(signal.SIGKILL)
        assert terminal.exit_status() == -signal.SIGKILL
        locker.execute("ROLLBACK")
    assert home.rows("SELECT LogText FROM securitylog") == [("API/FHIR",)]
    assert home.rows("SELECT Enabled FROM program") == [(0,)]
    with home.start_ready() as terminal:
        terminal.wait_for(r"API +○ off")


def crash(home: Home, *arguments: str) -> Terminal:
    """Start a program with a fault in it, and save, which makes it crash."""
    terminal = home.start(*arguments, module="tests.support.crashing_program")
    terminal.wait_for(READY)
    change_settings(terminal)
    terminal.press("ctrl+s")
    assert terminal.exit_status() == 1
    return terminal


def test_a_crash_prints_one_sentence_without_values(home: Home) -> None:
    with crash(home) as terminal:
        assert terminal.unrestored_modes() == []
        assert " ".join(terminal.text.split()) == (
            "apisetup: stopped by an internal error (ValueError). Start it again with --debug to write a log of it."
        )
        assert SECRET.encode() not in terminal.output
        assert b"Traceback" not in terminal.output
    assert not list(home.directory.rglob("debug.log"))


def test_a_crash_is_logged_without_values(home: Home) -> None:
    with crash(home, "--debug") as terminal:
        assert SECRET.encode() not in terminal.output
    assert stat.S_IMODE(home.log.stat().st_mode) == 0o600
    log = home.log.read_text(encoding="utf-8")
    assert "ValueError" in log
    assert "OSError 2013" in log
    assert "crashing_program.py:" in log
    assert SECRET not in log
    assert "db.example" not in log
