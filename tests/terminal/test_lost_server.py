"""A server that becomes unavailable: unsaved input is kept, and the outcome of each change is reported."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.support.impatient_program import SERVER_TIMEOUT
from tests.support.installed_program import READY, Home, answer, change_settings, save
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import ServerPractice, sign_in
from tests.support.tcp_proxy import TcpProxy


@pytest.fixture
def proxy(server: Server) -> Iterator[TcpProxy]:
    """Open a connection to the test server that the test can cut."""
    created = TcpProxy(server)
    yield created
    created.close()


IMPATIENT = "tests.support.impatient_program"


@contextmanager
def unsaved_changes(proxy: TcpProxy, practice: ServerPractice, home: Home) -> Iterator[Terminal]:
    """Start the program over this connection, sign in and change all settings without saving."""
    with practice.through_port(proxy.port).start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        yield terminal


def test_killed_connections_are_reopened(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.kill_connections()
        save(terminal)
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"


def test_an_unavailable_server_keeps_unsaved_input(home: Home, practice: ServerPractice, proxy: TcpProxy) -> None:
    with unsaved_changes(proxy, practice, home) as terminal:
        proxy.cut()
        terminal.press("ctrl+s")
        terminal.wait_for("^ ?! .*(was lost|did not respond in time|No MySQL server answers)")
        assert terminal.find("FHIR interval 5 ")
        assert terminal.find(r"\* unsaved: Enabled")
        assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "0"
        proxy.reconnect()
        save(terminal)
        assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "1"
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0


def test_quitting_works_without_the_server(home: Home, practice: ServerPractice, proxy: TcpProxy) -> None:
    with unsaved_changes(proxy, practice, home) as terminal:
        proxy.cut()
        terminal.press("ctrl+q")
        answer(terminal, "─ Quit without saving")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []


def test_a_connection_lost_during_a_save_is_reported(home: Home, practice: ServerPractice, proxy: TcpProxy) -> None:
    with (
        unsaved_changes(proxy, practice, home) as terminal,
        practice.server.connection(practice.database) as locker,
        locker.cursor() as cursor,
    ):
        cursor.execute("LOCK TABLES program READ, programproperty READ, preference READ")
        terminal.press("ctrl+s")
        terminal.wait_until(lambda: practice.has_waiting_writer, "the change has begun")
        proxy.cut()
        terminal.wait_for("^! The connection to the database server was lost. Nothing was changed\\.")
        cursor.execute("UNLOCK TABLES")
        assert terminal.find("FHIR interval 5 ")
    assert practice.value("SELECT Enabled FROM program WHERE ProgName = 'FHIR'") == "0"
    assert [text for _kind, text in practice.audit_entries()] == ["User: Admin has logged on.", "API/FHIR"]


def test_revoked_rights_are_reported(home: Home, practice: ServerPractice) -> None:
    with practice.user("pass") as user, practice.as_user(user, "pass").start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.server.execute(
            f"REVOKE ALL ON `{practice.database}`.* FROM '{user}'@'%'",
            f"GRANT SELECT ON `{practice.database}`.* TO '{user}'@'%'",
        )
        practice.kill_connections()
        terminal.press("ctrl+s")
        terminal.wait_for("^! The database user isn't allowed to do this.")
        assert terminal.find("FHIR interval 5 ")
        practice.server.execute(f"GRANT ALL ON `{practice.database}`.* TO '{user}'@'%'")
        practice.kill_connections()
        save(terminal)


def test_a_locked_database_user_is_reported(home: Home, practice: ServerPractice) -> None:
    with practice.user("pass") as user, practice.as_user(user, "pass").start_signed_in(home) as terminal:
        change_settings(terminal, "Credit Card")
        practice.server.execute(f"ALTER USER '{user}'@'%' ACCOUNT LOCK")
        practice.kill_connections()
        terminal.press("ctrl+s")
        terminal.wait_for("^ ?! The account of this database user is locked")
        assert terminal.find("FHIR interval 5 ")


# -- lost answers -----------------------------------------------------------------------


def test_a_lost_answer_is_resolved_when_the_server_is_back(
    home: Home, practice: ServerPractice, proxy: TcpProxy
) -> None:
    with unsaved_changes(proxy, practice, home) as terminal:
        proxy.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        terminal.press("ctrl+s")
        terminal.wait_for("^ ?! .*It is unknown")
        assert terminal.find("FHIR interval 5 ")
        proxy.reconnect()
        terminal.press("ctrl+r")
        answer(terminal, "─ Reload and discard", "ctrl+t")
        terminal.wait_for("^ ?! The change whose response was lost was made: API Setup: Enabled")
        assert not terminal.find("unsaved")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert [text for _kind, text in practice.audit_entries() if str(text).startswith("API Setup")] == [
        "API Setup: Enabled changed from off to on; subscription interval from blank to 5 minutes;"
        " payment type from Check to Credit Card"
    ]


def test_a_network_that_drops_all_packets_is_reported(home: Home, practice: ServerPractice, proxy: TcpProxy) -> None:
    url, password = practice.through_port(proxy.port).url(), practice.server.password
    env = {SERVER_TIMEOUT: "0.5", "APISETUP_PASSWORD": password}
    with home.start("--url", url, "--authority", "local", module=IMPATIENT, env=env) as terminal:
        sign_in(terminal)
        terminal.wait_for(READY)
        change_settings(terminal, "Credit Card")
        proxy.stall()
        terminal.press("ctrl+s")
        terminal.wait_for("^ ?! .*(was lost|did not respond in time|No MySQL server answers)")
        assert terminal.find("FHIR interval 5 ")
        proxy.reconnect()
        save(terminal)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0


def test_a_signal_without_the_server_prints_no_traceback(home: Home, practice: ServerPractice, proxy: TcpProxy) -> None:
    with practice.through_port(proxy.port).start_signed_in(home) as terminal:
        proxy.cut()
        terminal.signal(signal.SIGTERM)
        assert terminal.exit_status() == 128 + signal.SIGTERM
        assert b"Traceback" not in bytes(terminal.output)
        assert b"Error" not in bytes(terminal.output)
        assert terminal.unrestored_modes() == []
