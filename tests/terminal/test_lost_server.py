"""A server that goes away in the middle: what was typed stays, and it is said what became of a change."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.impatient_program import SERVER_TIMEOUT
from tests.support.installed_program import READY, Home, change_settings, save
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import ServerPractice, sign_in
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
def line(server: Server) -> Iterator[TcpProxy]:
    """A line to the server for tests."""
    made = TcpProxy(server)
    yield made
    made.close()


HASTY = "tests.support.impatient_program"


@contextmanager
def over(line: TcpProxy, practice: ServerPractice, home: Home) -> Iterator[Terminal]:
    """The program, signed in over the line, with all settings changed and not saved."""
    with practice.through_port(line.port).start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        yield terminal


def test_connections_that_were_killed_are_made_again(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.kill_connections()
        save(terminal)
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"


def test_a_server_that_is_gone_leaves_what_was_typed(home: Home, practice: ServerPractice, line: TcpProxy) -> None:
    with over(line, practice, home) as terminal:
        line.cut()
        terminal.press("ctrl+s")
        terminal.wait_for("^! .*(was lost|answers there)")
        assert terminal.find("^Subscription interval +5 ")
        assert terminal.find(r"\* not saved yet: Enabled")
        assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "0"
        line.reconnect()
        save(terminal)
        assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"
        terminal.press("q")
        assert terminal.exit_status() == 0


def test_one_can_leave_without_the_server(home: Home, practice: ServerPractice, line: TcpProxy) -> None:
    with over(line, practice, home) as terminal:
        line.cut()
        terminal.press("ctrl+q")
        terminal.wait_for("─ Quit without saving")
        terminal.press("y")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


def test_a_line_that_is_cut_while_saving_is_said(home: Home, practice: ServerPractice, line: TcpProxy) -> None:
    with (
        over(line, practice, home) as terminal,
        practice.server.connection(practice.database) as other,
        other.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLES program READ, programproperty READ, preference READ")
        terminal.press("ctrl+s")
        terminal.wait_until(lambda: practice.has_waiting_writer, "the change has begun")
        line.cut()
        terminal.wait_for("^! The connection to the database server was lost. Nothing was changed\\.")
        cursor.execute("UNLOCK TABLES")
        assert terminal.find("^Subscription interval +5 ")
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "0"
    assert [text for _kind, text in practice.audit_entries()] == ["User: Admin has logged on.", "API/FHIR"]


def test_rights_that_are_taken_away_in_the_middle_are_said(home: Home, practice: ServerPractice) -> None:
    with practice.user("pass") as user, practice.as_user(user, "pass").start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.server.execute(
            f"REVOKE ALL ON `{practice.database}`.* FROM '{user}'@'%'",
            f"GRANT SELECT ON `{practice.database}`.* TO '{user}'@'%'",
        )
        practice.kill_connections()
        terminal.press("ctrl+s")
        terminal.wait_for("^! The database user may not do this.")
        assert terminal.find("^Subscription interval +5 ")
        practice.server.execute(f"GRANT ALL ON `{practice.database}`.* TO '{user}'@'%'")
        practice.kill_connections()
        save(terminal)


def test_a_user_who_is_locked_out_in_the_middle_is_told(home: Home, practice: ServerPractice) -> None:
    with practice.user("pass") as user, practice.as_user(user, "pass").start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.server.execute(f"ALTER USER '{user}'@'%' ACCOUNT LOCK")
        practice.kill_connections()
        terminal.press("ctrl+s")
        terminal.wait_for("^! The server refuses this database user or its password.")
        assert terminal.find("^Subscription interval +5 ")


# -- a change whose answer is lost ------------------------------------------------------


def test_a_change_whose_answer_was_lost_is_settled_when_the_server_is_back(
    home: Home, practice: ServerPractice, line: TcpProxy
) -> None:
    with over(line, practice, home) as terminal:
        line.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        terminal.press("ctrl+s")
        terminal.wait_for("^! .*It is not known")
        assert terminal.find("^Subscription interval +5 ")
        line.reconnect()
        terminal.press("ctrl+r")
        terminal.wait_for("─ Read again")
        terminal.press("k")
        terminal.wait_for("^! The change whose answer was lost was made: API Setup: Enabled changed from")
        assert not terminal.find("not saved yet")
        terminal.press("q")
        assert terminal.exit_status() == 0
    assert [text for _kind, text in practice.audit_entries() if str(text).startswith("API Setup")] == [
        "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
        " payment type from Check to Credit Card"
    ]


def test_a_network_that_swallows_everything_is_said_and_mended(
    home: Home, practice: ServerPractice, line: TcpProxy
) -> None:
    url, password = practice.through_port(line.port).url(), practice.server.password
    env = {SERVER_TIMEOUT: "0.5", "APISETUP_PASSWORD": password}
    with home.start("--url", url, "--authority", "local", module=HASTY, env=env) as terminal:
        sign_in(terminal)
        terminal.wait_for(READY)
        change_settings(terminal, "Credit Card")
        line.stall()
        terminal.press("ctrl+s")
        terminal.wait_for("^! .*(was lost|answers there)")
        assert terminal.find("^Subscription interval +5 ")
        line.reconnect()
        save(terminal)
        terminal.press("q")
        assert terminal.exit_status() == 0


def test_an_end_from_outside_without_the_server_writes_no_traceback(
    home: Home, practice: ServerPractice, line: TcpProxy
) -> None:
    with practice.through_port(line.port).start_signed_in(home) as terminal:
        line.cut()
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_status() == 128 + signal.SIGTERM
        assert b"Traceback" not in bytes(terminal.output)
        assert b"Error" not in bytes(terminal.output)
        assert terminal.unrestored_modes() == []
