"""Several offices: the list, switching, the password and sign-in of each, and the lock after inactivity."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.impatient_program import SECONDS_A_MINUTE
from tests.support.installed_program import (
    READY,
    READY_READ_ONLY,
    SETTINGS,
    Home,
    answer,
    change_settings,
    fill_in,
    go_to,
)
from tests.support.opendental_columns import NEW
from tests.support.pseudo_terminal import Terminal
from tests.support.server import Server
from tests.support.server_practice import PASSWORD, SIGN_IN, ServerPractice, new_practice, sign_in, type_password
from tests.terminal.test_secrets import files_with, titles

LIST = r"─ Offices  \d+"


@pytest.fixture
def second(server: Server) -> Iterator[ServerPractice]:
    """Create a second practice."""
    with new_practice(server, NEW, "InnoDB") as created:
        created.execute("UPDATE preference SET ValueString = 'Hillside Dental' WHERE PrefName = 'PracticeTitle'")
        yield created


def office_table(name: str, practice: ServerPractice, *lines: str, user: str | None = None) -> str:
    """Return the table of one office in the configuration file."""
    server = practice.server
    return "\n".join(
        [
            f'[offices."{name}"]',
            f'host = "{server.host}"',
            f"port = {server.port}",
            f'database = "{practice.database}"',
            f'user = "{user or server.user}"',
            'authority = "local"',
            *lines,
            "",
        ]
    )


def write_private(path: Path, text: str) -> Path:
    """Write a file that only this user can read."""
    path.write_text(text)
    path.chmod(0o600)
    return path


def write_offices(home: Home, practice: ServerPractice, second: ServerPractice) -> None:
    """Configure two offices on the server and one in a file."""
    home.write_configuration(
        office_table("Riverside", practice, 'password_from = "env:RIVERSIDE_PASSWORD"', "production = true")
        + office_table("Hillside", second, 'password_from = "env:RIVERSIDE_PASSWORD"', "read_only = true")
        + '[offices.Training]\nfile = "training.sqlite3"\n'
    )


def start(home: Home, practice: ServerPractice, *arguments: str) -> Terminal:
    return home.start(*arguments, env={"RIVERSIDE_PASSWORD": practice.server.password})


def test_several_offices_are_listed_first(home: Home, practice: ServerPractice, second: ServerPractice) -> None:
    write_offices(home, practice, second)
    with start(home, practice) as terminal:
        terminal.wait_for("─ Offices  3")
        terminal.wait_for("^▌ Riverside +answers +off")
        terminal.wait_for(rf"^Riverside +{practice.database} on {re.escape(practice.server.host)}")
        terminal.wait_for("PRODUCTION: real patients' data")
        terminal.press("/")
        terminal.type("hill")
        terminal.wait_for("─ Offices  1 of 3")
        terminal.wait_for("READ-ONLY: nothing is written")
        terminal.press("enter")
        sign_in(terminal)
        terminal.wait_for("^Hillside Dental .* READ-ONLY +Admin")
        terminal.wait_for(READY_READ_ONLY)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    with start(home, practice) as terminal:
        terminal.wait_for("^▌ Hillside +answers")
        terminal.wait_for(r"Last opened: 20\d\d-\d\d-\d\d")


def test_an_option_opens_one_office(home: Home, practice: ServerPractice, second: ServerPractice) -> None:
    write_offices(home, practice, second)
    with start(home, practice, "--office", "riverside") as terminal:
        sign_in(terminal)
        terminal.wait_for("^Riverside Dental, Dr. Müller .*PRODUCTION +Admin")
        terminal.wait_for(READY)


def test_an_unknown_office_name_gets_a_suggestion(home: Home, practice: ServerPractice) -> None:
    home.write_configuration(office_table("Riverside", practice))
    done = home.run("audit", "verify", "--office", "Rivreside")
    assert done.returncode == 2
    assert "Riverside" in done.stderr


def test_a_command_needs_an_office_name_if_there_are_several(
    home: Home, practice: ServerPractice, second: ServerPractice
) -> None:
    write_offices(home, practice, second)
    done = home.run("audit", "verify")
    assert (done.returncode, done.stderr) == (
        2,
        "apisetup: The configuration file has several offices. Choose one with --office NAME, some with"
        " --tag TAG, or all with --all-offices.\n",
    )


def test_switching_offices_signs_out_and_asks_about_unsaved_input(
    home: Home, practice: ServerPractice, second: ServerPractice
) -> None:
    write_offices(home, practice, second)
    with start(home, practice, "--office", "Riverside") as terminal:
        sign_in(terminal)
        terminal.wait_for(READY)
        change_settings(terminal, "Credit Card")
        terminal.press("f8")
        terminal.wait_for("^▌ Riverside .* open now")
        terminal.press("down", "enter")
        terminal.wait_for("─ Leave this office without saving")
        terminal.wait_for("Unsaved changes: Enabled, subscription interval, payment type")
        terminal.press("escape")
        terminal.wait_for(r"API +● on")
        terminal.press("f8")
        terminal.wait_for(LIST)
        terminal.press("down", "enter")
        answer(terminal, "─ Leave this office without saving")
        sign_in(terminal)
        terminal.wait_for("^Hillside Dental")
        terminal.wait_for(r"API +○ off")
        terminal.press("o")
        terminal.wait_for("^▌ Hillside .* open now")
        terminal.press("down", "enter")
        terminal.wait_for("^Embedded practice")
        terminal.wait_for(READY)
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
    assert practice.audit_entries() == [
        ("83", "User: Admin has logged on."),
        ("8", "API/FHIR"),
        ("83", "User: Admin has logged off."),
    ]
    assert second.audit_entries() == []


def test_escape_returns_from_the_sign_in_to_the_list(
    home: Home, practice: ServerPractice, second: ServerPractice
) -> None:
    write_offices(home, practice, second)
    with start(home, practice, "--office", "Riverside") as terminal:
        terminal.wait_for(SIGN_IN)
        terminal.press("escape")
        terminal.wait_for(LIST)
        terminal.press("end", "enter")
        terminal.wait_for("^Embedded practice")


def test_r_reloads_the_configuration_file(home: Home, practice: ServerPractice, second: ServerPractice) -> None:
    write_offices(home, practice, second)
    with start(home, practice) as terminal:
        terminal.wait_for("─ Offices  3")
        home.write_configuration(office_table("Riverside", practice) + office_table("Hillside", second, "hosst = 1"))
        terminal.press("r")
        terminal.wait_for("hosst")
        terminal.wait_for("host")
        home.write_configuration(office_table("Riverside", practice) + office_table("Hillside", second))
        terminal.press("r")
        terminal.wait_for("─ Offices  2")


# -- passwords -----------------------------------------------------------------------


def test_a_password_file_that_others_can_read_is_refused(home: Home, practice: ServerPractice) -> None:
    home.write_configuration(office_table("Riverside", practice, 'password_from = "file:password"'))
    file = home.configuration.with_name("password")
    file.write_text("a-secret\n")
    file.chmod(0o640)
    with home.start() as terminal:
        terminal.wait_for("has mode 0640, so other accounts can access it")
        terminal.wait_for("Run: chmod 600")
        terminal.wait_for("Database password")
        assert "a-secret" not in terminal.text


def test_passwords_of_offices_do_not_leak(home: Home, practice: ServerPractice) -> None:
    secrets = {kind: f"s3cret-by-{kind}" for kind in ("file", "env", "command")}
    with (
        practice.user(secrets["file"]) as by_file,
        practice.user(secrets["env"]) as by_environment,
        practice.user(secrets["command"]) as by_command,
    ):
        home.configuration.parent.mkdir(exist_ok=True)
        write_private(home.configuration.with_name("password"), f"{secrets['file']}\n")
        script = home.configuration.with_name("show")
        write_private(home.configuration.with_name("hidden"), secrets["command"])
        script.write_text(f"#!/bin/sh\necho oops {secrets['command']} >&2\ncat '{script.with_name('hidden')}'\n")
        script.chmod(0o700)
        home.write_configuration(
            office_table("By file", practice, 'password_from = "file:password"', user=by_file)
            + office_table("By environment", practice, 'password_from = "env:OFFICE_PASSWORD"', user=by_environment)
            + office_table("By command", practice, f'password_from = "command:{script} --quiet"', user=by_command)
        )
        output = b""
        for office in ("By file", "By environment", "By command"):
            with home.start("--debug", "--office", office, env={"OFFICE_PASSWORD": secrets["env"]}) as terminal:
                sign_in(terminal)
                terminal.wait_for(READY)
                practice.kill_connections()
                terminal.press("r")
                terminal.settle()
                terminal.signal(signal.SIGTERM)
                assert terminal.exit_status() == 143
                output += bytes(terminal.output) + titles(terminal)
        for secret in (*secrets.values(), PASSWORD):
            assert secret.encode() not in output
        assert files_with(home, secrets["file"]) == ["password"]
        assert files_with(home, secrets["env"]) == []
        assert files_with(home, secrets["command"]) == ["hidden", "show"]
        assert files_with(home, PASSWORD) == []
    assert home.log.stat().st_mode & 0o777 == 0o600
    log = home.log.read_text(encoding="utf-8")
    assert "SELECT" in log
    assert "Riverside" not in log
    assert not re.search("Müller|Bridge", log)


# -- the lock after inactivity -------------------------------------------------------


def start_impatient(home: Home, *arguments: str, seconds: float, **env: str) -> Terminal:
    """Start the program with a minute shortened to this many seconds."""
    return home.start(
        *arguments,
        module="tests.support.impatient_program",
        env={SECONDS_A_MINUTE: str(seconds)} | env,
    )


def count_connections(practice: ServerPractice) -> int:
    """Return the number of connections to the practice's database."""
    with practice.server.connection() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM information_schema.PROCESSLIST WHERE DB = %s", (practice.database,))
        return int((cursor.fetchone() or (0,))[0] or 0)


def test_the_lock_hides_everything_and_closes_the_connections(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE preference SET ValueString = '30' WHERE PrefName = 'SecurityLogOffAfterMinutes'")
    home.write_configuration(office_table("Riverside", practice, 'password_from = "env:P"', "lock_after_minutes = 1"))
    with start_impatient(home, seconds=3, P=practice.server.password) as terminal:
        sign_in(terminal)
        terminal.wait_for(READY)
        terminal.wait_for(SETTINGS)
        go_to(terminal, "Payment type", "shift+tab")
        go_to(terminal, "FHIR interval", "shift+tab")
        fill_in(terminal, "FHIR interval", "5")
        terminal.wait_for("Locked after inactivity")
        assert "FHIR interval" not in terminal.text
        terminal.wait_until(lambda: count_connections(practice) == 0, "the connections are closed")
        assert practice.audit_entries()[-1] == ("83", "User: Admin has auto logged off.")
        assert practice.value("SELECT LogSource FROM securitylog ORDER BY SecurityLogNum DESC LIMIT 1") == "15"
        type_password(terminal, "Password", PASSWORD)
        terminal.wait_for(r"FHIR interval +5")
        terminal.wait_for(r"\* unsaved: subscription interval")


def test_the_limit_of_the_practice_needs_no_configuration(home: Home, practice: ServerPractice) -> None:
    practice.execute("UPDATE preference SET ValueString = '1' WHERE PrefName = 'SecurityLogOffAfterMinutes'")
    with start_impatient(
        home, "--url", practice.url(), seconds=3, APISETUP_PASSWORD=practice.server.password
    ) as terminal:
        sign_in(terminal)
        terminal.wait_for("Locked after inactivity")


def test_a_locked_program_sends_nothing(home: Home, practice: ServerPractice) -> None:
    home.write_configuration(office_table("Riverside", practice, 'password_from = "env:P"', "lock_after_minutes = 1"))
    with start_impatient(home, seconds=1, P=practice.server.password) as terminal:
        sign_in(terminal)
        terminal.wait_for("Locked after inactivity")
        terminal.settle()
        before = len(terminal.output)
        terminal.wait_until(lambda: count_connections(practice) == 0, "the connections are closed")
        terminal.settle()
        assert len(terminal.output) == before


# -- signals -------------------------------------------------------------------------


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP], ids=lambda each: each.name)
def test_a_signal_logs_the_sign_out(home: Home, practice: ServerPractice, number: signal.Signals) -> None:
    with practice.start_signed_in(home) as terminal:
        terminal.signal(number)
        assert terminal.exit_status() == 128 + number
    assert practice.audit_entries()[-1] == ("83", "User: Admin has logged off.")


def test_a_lost_terminal_logs_the_sign_out(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        terminal.hang_up()
        assert terminal.exit_status() == 129
    assert practice.audit_entries()[-1] == ("83", "User: Admin has logged off.")
