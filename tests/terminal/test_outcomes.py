"""The end of commands that can't do their work: one message, exit status 2, and nothing that drives the terminal."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from pathlib import Path
from typing import IO

import pytest

from core.base.errors import ConfigurationError, PracticeUnavailable
from tests.support.fake_mysql import Script, error, fake_mysql, greeting, sending
from tests.support.installed_program import COMMAND, Home
from tests.support.pseudo_terminal import DEADLINE, ROOT
from tests.support.thorough import first_of
from tui.commands.outcome import run_safely
from tui.commands.signals import SignalReceived

HOSTILE = "\x1b]0;owned\x07\x1b]52;c;cm0gLXJm\x07"
"""Sets a terminal's title and its clipboard."""
COMMANDS = ["check", "offices list --json", "--version", "check --json", "offices list", "audit verify", "--help"]


def run(
    home: Home, command: str, stdout: IO[str], stderr: IO[str] | int = subprocess.PIPE, **env: str
) -> tuple[int, str]:
    """Run a command of the installed program with other standard streams, and return its exit status and errors."""
    completed = subprocess.run(
        [COMMAND, *command.split()],
        stdin=subprocess.DEVNULL,
        stdout=stdout,
        stderr=stderr,
        text=True,
        env=home.environment | env,
        cwd=ROOT,
        check=False,
        timeout=DEADLINE,
    )
    return completed.returncode, completed.stderr or ""


def assert_no_control_characters(text: str) -> None:
    assert text
    assert all(line.isprintable() for line in text.splitlines()), text


# -- standard output and standard error ------------------------------------------------


@first_of(3, "command", COMMANDS)
def test_a_full_disk_under_the_output_is_reported(home: Home, command: str) -> None:
    home.make_practice()
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        assert run(home, command, full) == (2, "apisetup: The result could not be written: No space left on device.\n")
        status, _ = run(home, command, full, full)
        assert status == 2


@first_of(3, "command", COMMANDS)
def test_a_reader_that_has_gone_is_reported(home: Home, command: str) -> None:
    home.make_practice()
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as pipe:
        assert run(home, command, pipe) == (2, "apisetup: The result could not be written: Broken pipe.\n")


FULL_DISK = "apisetup: The result could not be written: No space left on device."
WORKSTATION = (
    "<ConnectionSettings><DatabaseConnection><ComputerName>SERVER</ComputerName><Database>opendental</Database>"
    "<User>odbc</User></DatabaseConnection></ConnectionSettings>"
)


def run_on_full_disk(home: Home, command: str) -> str:
    """Run a command whose result can't be written, and return its error message."""
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        status, message = run(home, command, full)
    assert status == 2
    return message.removesuffix("\n")


def test_a_change_whose_result_could_not_be_written_is_reported_as_done(home: Home) -> None:
    command = "offices add Downtown --url mysql://odbc@db/opendental"
    configuration = home.configuration
    assert run_on_full_disk(home, command) == f"{FULL_DISK} The office Downtown was added to {configuration}."
    assert "[offices.Downtown]" in configuration.read_text()
    command = "offices remove Downtown --yes"
    assert run_on_full_disk(home, command) == f"{FULL_DISK} The office Downtown was removed from {configuration}."
    assert "Downtown" not in configuration.read_text()


def test_an_export_whose_summary_could_not_be_written_is_reported_as_complete(home: Home, tmp_path: Path) -> None:
    home.make_practice()
    file = tmp_path / "trail.csv"
    assert run_on_full_disk(home, f"audit export {file}") == f"{FULL_DISK} The export {file} is complete."
    assert file.is_file()


@pytest.mark.parametrize("answer", ["--yes", "--host db --yes"])
def test_an_import_whose_list_could_not_be_written_adds_nothing(home: Home, tmp_path: Path, answer: str) -> None:
    (tmp_path / "FreeDentalConfig.xml").write_text(WORKSTATION)
    message = run_on_full_disk(home, f"offices import {tmp_path}/FreeDentalConfig.xml {answer}")
    assert message == f"{FULL_DISK} Nothing was added."
    assert not home.configuration.exists()


def test_a_closed_output_is_reported(home: Home) -> None:
    home.make_practice()
    completed = subprocess.run(
        ["sh", "-c", f"{COMMAND} check >&-"], env=home.environment, capture_output=True, text=True, check=False
    )
    assert completed.returncode == 2
    assert completed.stderr == "apisetup: The result could not be written: standard output is closed.\n"


@first_of(2, "command", ["", "offices list", "check", "audit verify", "offices remove A"])
@pytest.mark.parametrize("closed", ["<&-", "2>&-", "<&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_internal_error(home: Home, command: str, closed: str) -> None:
    home.write_configuration(
        '[offices.A]\nhost = "127.0.0.1"\nport = 1\ndatabase = "d"\nuser = "u"\npassword_from = "prompt"\n'
    )
    completed = subprocess.run(
        ["sh", "-c", f"{COMMAND} {command} {closed}"],
        env=home.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    succeeds = command == "offices list" and ">&-" not in closed.replace("2>&-", "")
    assert completed.returncode == (0 if succeeds else 2)
    assert "internal error" not in completed.stderr
    assert "Traceback" not in completed.stderr


def test_names_that_the_output_can_not_encode_are_written_as_escapes(home: Home) -> None:
    home.write_configuration('[offices."Zähne"]\nfile = "x"\n')
    completed = home.run("offices", "list", PYTHONIOENCODING="ascii", PYTHONUTF8="0")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert "hne: " in completed.stdout


# -- input -----------------------------------------------------------------------------


@pytest.mark.parametrize("command", ["check", "offices list", "audit verify"])
def test_a_configuration_file_that_is_no_file_is_refused(home: Home, tmp_path: Path, command: str) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    for path in (pipe, "/dev/zero", tmp_path):
        completed = home.run(*command.split(), "--config", str(path))
        assert (completed.returncode, completed.stdout) == (2, "")
        assert len(completed.stderr.splitlines()) == 1
        assert f"The configuration file {path} cannot be read" in completed.stderr


@pytest.mark.parametrize(
    "command",
    [
        "check --url mysql://u@db/d --tls-ca ~nobody-here/ca.pem",
        "check --url mysql://u@db/d --tls off --server-public-key ~nobody-here/key.pem",
        "offices add A --url mysql://u@db/d --companion ~nobody-here/companion",
        "offices add A --url mysql://u@db/d --password-from file:~nobody-here/password",
        "offices import ~nobody-here/FreeDentalConfig.xml",
        "check --config ~nobody-here/config.toml",
    ],
)
def test_the_home_of_an_unknown_user_is_refused(home: Home, command: str) -> None:
    completed = home.run(*command.split())
    assert completed.returncode == 2
    assert "begins with a user who does not exist" in completed.stderr


@pytest.mark.parametrize(
    "command",
    [
        "check --url sqlite:///practice.sqlite3",
        "audit export trail.csv",
        "audit verify --url sqlite:///practice.sqlite3",
        "offices add A --url sqlite:///practice.sqlite3",
        "offices add A --url mysql://u@db/d --password-from file:password",
        "offices add A --url mysql://u@db/d --config config.toml",
        "offices list",
    ],
)
def test_a_current_directory_that_was_deleted_is_no_internal_error(home: Home, tmp_path: Path, command: str) -> None:
    home.make_practice()
    (tmp_path / "gone").mkdir()
    completed = subprocess.run(
        ["sh", "-c", f"rmdir ../gone && {COMMAND} {command}"],
        cwd=tmp_path / "gone",
        env=home.environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    if command == "offices list":
        assert (completed.returncode, completed.stderr) == (0, "")
        return
    assert completed.returncode == 2
    assert "internal error" not in completed.stderr
    assert "No such file or directory" in completed.stdout + completed.stderr


def test_a_password_command_that_never_stops_is_stopped(home: Home) -> None:
    home.write_configuration(
        '[offices.A]\nhost = "127.0.0.1"\ndatabase = "d"\nuser = "u"\npassword_from = "command:yes"'
    )
    completed = home.run("check", "--office", "A")
    assert completed.returncode == 2
    assert "The command yes for the database password printed more than" in completed.stdout


# -- words from elsewhere --------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments",
    [
        (f"--{HOSTILE}",),
        (HOSTILE,),
        ("check", "--office", HOSTILE),
        ("check", "--config", f"/nowhere/{HOSTILE}", "--office", "x"),
        ("check", "--user", HOSTILE),
        ("check", "--tls", HOSTILE),
        ("offices", "remove", HOSTILE),
        ("offices", "add", HOSTILE, "--url", "sqlite:///x"),
        ("offices", "import", HOSTILE),
        ("audit", "verify", "--since", HOSTILE),
        ("audit", "export", f"{HOSTILE}.csv", "--filter", f"user:{HOSTILE}"),
        ("audit", "export", f"/nowhere/{HOSTILE}.csv"),
        ("audit", "export", HOSTILE),
    ],
)
def test_control_characters_in_arguments_are_made_visible(home: Home, arguments: tuple[str, ...]) -> None:
    home.make_practice()
    completed = home.run(*arguments)
    assert_no_control_characters(completed.stdout + completed.stderr)


@pytest.mark.parametrize(
    "script",
    [
        sending(error(0, 1040, HOSTILE)),
        sending(greeting(), error(2, 1045, HOSTILE)),
        sending(greeting(), error(2, 9999, HOSTILE)),
    ],
    ids=["before the greeting", "at the sign-in", "of a new kind"],
)
def test_control_characters_of_a_server_are_made_visible(home: Home, script: Script) -> None:
    with fake_mysql(script) as port:
        url = f"mysql://u@127.0.0.1:{port}/d"
        completed = home.run("check", "--url", url, APISETUP_PASSWORD="")
        assert completed.returncode == 2
        assert "]0;owned" in completed.stdout
        assert_no_control_characters(completed.stdout)
        completed = home.run("audit", "verify", "--debug", "--url", url, APISETUP_PASSWORD="", APISETUP_OD_USER="u")
        assert completed.returncode == 2
        assert "]0;owned" in completed.stderr
        assert_no_control_characters(completed.stderr)
        with home.start("--url", url, "--debug", env={"APISETUP_PASSWORD": ""}) as terminal:
            terminal.wait_for("Not connected to the practice")
            terminal.press("ctrl+q")
            assert terminal.exit_status() == 1
            assert "]0;owned" in "".join(terminal.text.split())
            assert b"\x1b]0;owned" not in terminal.output
            assert b"\x1b]52" not in terminal.output
    assert_no_control_characters(home.log.read_text(encoding="utf-8"))


# -- signals and errors of our own -----------------------------------------------------


def test_an_interrupt_while_modules_are_imported_is_reported_without_them(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt() -> int:
        # As after an interrupted import of a module that this one imports.
        monkeypatch.setitem(sys.modules, "tui.widgets.safe_text", None)
        raise SignalReceived(signal.SIGINT)

    assert run_safely(interrupt, is_command=False) == 130
    assert capsys.readouterr().err == "apisetup: ended by signal 2.\n"


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_check_without_a_traceback(home: Home, number: signal.Signals) -> None:
    connected = threading.Event()

    def stall(client: socket.socket) -> None:
        connected.set()
        client.recv(1)

    with fake_mysql(stall) as port:
        process = subprocess.Popen(
            [COMMAND, "check", "--url", f"mysql://u@127.0.0.1:{port}/d"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env=home.environment | {"APISETUP_PASSWORD": ""},
        )
        with process:
            assert connected.wait(DEADLINE)
            process.send_signal(number)
            output, errors = process.communicate(timeout=DEADLINE)
    assert errors == f"apisetup: ended by signal {number.value}.\n"
    assert (process.returncode, output) == (128 + number, "")


@pytest.mark.parametrize(
    ("failure", "command_status", "screen_status", "message"),
    [
        (
            PracticeUnavailable("It is away.", "Wait, or use another user."),
            2,
            1,
            "apisetup: It is away. Wait, or use another user.\n",
        ),
        (ConfigurationError("No such file."), 2, 2, "apisetup: No such file.\n"),
        (KeyboardInterrupt(), 130, 130, "apisetup: ended by signal 2.\n"),
        (SignalReceived(15), 143, 143, "apisetup: ended by signal 15.\n"),
        (
            OSError(5, "secret"),
            2,
            1,
            "apisetup: stopped by an internal error (OSError). Start it again with --debug to",
        ),
        (RecursionError("secret"), 2, 1, "apisetup: stopped by an internal error (RecursionError)."),
        (MemoryError(), 2, 1, "apisetup: stopped by an internal error (MemoryError)."),
    ],
)
def test_whatever_ends_the_program_is_one_message(
    failure: BaseException, command_status: int, screen_status: int, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    def fail() -> int:
        raise failure

    for is_command, status in ((True, command_status), (False, screen_status)):
        assert run_safely(fail, is_command=is_command) == status
        printed = capsys.readouterr()
        assert printed.out == ""
        assert printed.err.startswith(message)
        assert "secret" not in printed.err
        assert len(printed.err.splitlines()) == 1


def test_a_port_of_another_program_is_named_on_the_screen(home: Home) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as other:
        port = other.getsockname()[1]

        def serve() -> None:
            client, _ = other.accept()
            with client:
                client.sendall(b"SSH-2.0-OpenSSH_9.2\r\n")
                client.recv(100)

        threading.Thread(target=serve, daemon=True).start()
        with home.start("--url", f"mysql://u@127.0.0.1:{port}/d", env={"APISETUP_PASSWORD": ""}) as terminal:
            terminal.wait_for(f"Another program, not MySQL, answers at 127.0.0.1:{port}")
