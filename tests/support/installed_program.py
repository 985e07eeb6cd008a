"""The installed command, run in a home directory of the test's own."""

from __future__ import annotations

import json
import os
import pwd
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import closing, suppress
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryFile
from typing import Any

from core.base.runtime import RuntimeContext
from core.database.address import FileAddress
from core.model.agreement import default_agreement
from core.office.opening import open_file_office
from tests.support.fork_server import PROGRAM, ForkServer
from tests.support.pseudo_terminal import DEADLINE, ROOT, EndOfOutput, Process, Terminal

COMMAND = str(Path(sys.executable).with_name("apisetup"))

READY = "^ a Add "
"""The key bar of API Setup once the practice is open."""
SETTINGS = "Payment type +[^ │]"
"""The fields of the settings, which follow the keys."""
READY_READ_ONLY = "^ Enter Edit +/ Filter "
"""The key bar of API Setup once the practice is open read-only."""
KEY_OPEN = "^ d Disable "
"""The key bar of API Key Edit; it is drawn last, so the rest of the screen is complete."""


class Home:
    """The home directory of a user who has only this program.

    Args:
        directory: The directory to use; the program reads nothing from this machine's own home.
        fork_server: Starts the program without importing it again; without one, the installed command is run.
    """

    def __init__(self, directory: Path, fork_server: ForkServer | None = None) -> None:
        self.directory = directory
        self._fork_server = fork_server
        self.configuration = directory / "config" / "config.toml"
        self.practice = self.configuration.with_name("practice.sqlite3")
        self.temporary = directory / "tmp"
        self.temporary.mkdir()

    @property
    def environment(self) -> dict[str, str]:
        """The environment variables of every program that this user starts."""
        return {
            "HOME": str(self.directory),
            "TMPDIR": str(self.temporary),
            "APISETUP_CONFIG": str(self.configuration),
            # Loading this machine's certificates takes longer than the rest of a connection.
            "SSL_CERT_FILE": "/dev/null",
            "SSL_CERT_DIR": "/dev/null",
        }

    def start(
        self,
        *arguments: str,
        module: str = PROGRAM,
        columns: int = 80,
        lines: int = 24,
        env: Mapping[str, str] | None = None,
    ) -> Terminal:
        """Start the program in a terminal; with another module, a variant of it."""
        command = (COMMAND,) if module == PROGRAM else (sys.executable, "-m", module)
        return Terminal(
            *command,
            *arguments,
            columns=columns,
            lines=lines,
            env={**self.environment, **(env or {})},
            spawn=self._fork_server.spawn(module, arguments) if self._fork_server else None,
        )

    def start_ready(self, *arguments: str, **env: str) -> Terminal:
        """Start the program on an SQLite practice, and wait until API Setup is complete."""
        terminal = self.start(*arguments, env=env)
        terminal.wait_for(READY)
        terminal.wait_for(SETTINGS)
        return terminal

    def run(self, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
        """Run the program without a terminal until it exits."""
        with Path(os.devnull).open() as nothing, TemporaryFile("w+") as output, TemporaryFile("w+") as errors:
            files = nothing.fileno(), output.fileno(), errors.fileno()
            status = self._spawn(arguments, self.environment | env, files).wait(timeout=DEADLINE)
            output.seek(0)
            errors.seek(0)
            return subprocess.CompletedProcess([COMMAND, *arguments], status, output.read(), errors.read())

    def _spawn(self, arguments: Sequence[str], env: Mapping[str, str], files: tuple[int, int, int]) -> Process:
        if self._fork_server is not None:
            return self._fork_server.start(arguments, env, files)
        read, write, errors = files
        return subprocess.Popen([COMMAND, *arguments], stdin=read, stdout=write, stderr=errors, env=env, cwd=ROOT)

    def write_configuration(self, text: str) -> None:
        """Write the configuration file."""
        self.configuration.parent.mkdir(exist_ok=True)
        self.configuration.write_text(text, encoding="utf-8")

    def make_practice(self, *, with_demo: bool = False) -> None:
        """Make the practice that a first start makes: with one audit entry that the user opened it, and no keys.

        Args:
            with_demo: True to give it the keys and audit entries of the demo practice.
        """
        account = pwd.getpwuid(os.getuid()).pw_name
        runtime = RuntimeContext(datetime.now, Random(), "test", account)  # noqa: S311 - picks primary keys
        address, agreement = FileAddress(self.practice), default_agreement()
        with closing(open_file_office(address, agreement, runtime, with_demo=with_demo)) as office:
            office.users.account(account)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read rows of the embedded practice in plain SQL."""
        with closing(sqlite3.connect(self.practice)) as connection:
            return connection.execute(query).fetchall()

    def value(self, query: str) -> Any:
        """Read one value of the embedded practice in plain SQL."""
        return self.rows(query)[0][0]

    @property
    def log(self) -> Path:
        """The file that `--debug` writes."""
        return next(iter(self.directory.rglob("debug.log")))


def only_office(output: str) -> dict[str, Any]:
    """Return what the JSON document of a command says of its only office."""
    (office,) = json.loads(output)["offices"]
    return dict(office)


def go_to(terminal: Terminal, label: str, key: str = "tab") -> None:
    """Press a key that moves the focus to the field of this label, and wait until it has the focus.

    The fields of the settings come after the keys of API Setup: wait for `SETTINGS` before.
    """
    terminal.wait_for(re.escape(label))

    def line() -> list[object]:
        number = next(y for y, text in enumerate(terminal.screen.display) if label in text)
        return [terminal.screen.buffer[number][x] for x in range(terminal.screen.columns)]

    before = line()
    terminal.press(key)
    terminal.wait_until(lambda: line() != before, f"{label} has the focus")


def fill_in(terminal: Terminal, label: str, text: str) -> None:
    """Type into the field that has the focus, and wait until it shows the whole text."""
    terminal.type(text)
    terminal.wait_for(rf"\b{label} +{re.escape(text)}\b")


def change_settings(terminal: Terminal, payment_type: str = "Cash") -> None:
    """On API Setup, enable the API, set the interval to 5 and choose the next payment type."""
    go_to(terminal, "API ○")
    terminal.press("space")
    terminal.wait_for("API ● on")
    go_to(terminal, "FHIR interval")
    fill_in(terminal, "FHIR interval", "5")
    go_to(terminal, "Payment type")
    terminal.press("enter")
    terminal.wait_for(f"│ *{payment_type} ")
    terminal.press("down", "enter")
    terminal.wait_for(f"Payment type +{payment_type} +▼")
    terminal.wait_for(r"\* unsaved: Enabled, subscription interval, payment type")


def save(terminal: Terminal) -> None:
    """Save, and wait until the status line confirms it."""
    terminal.press("ctrl+s")
    terminal.wait_for("^✓ Saved: ")


def fill_in_key(terminal: Terminal, key: str, developer: str) -> None:
    """On Assign API Key, fill in the required fields."""
    fill_in(terminal, "API key", key)
    go_to(terminal, "Developer")
    fill_in(terminal, "Developer", developer)


def add_key(terminal: Terminal, key: str, developer: str) -> None:
    """On API Setup, add a key with the date of an agreement, and accept the license."""
    terminal.press("a")
    terminal.wait_for("─ Assign API Key")
    fill_in_key(terminal, key, developer)
    go_to(terminal, "E-mail")
    go_to(terminal, "Phone")
    go_to(terminal, "BAA signed on")
    fill_in(terminal, "BAA signed on", "2024-05-06")
    terminal.press("ctrl+s")
    terminal.wait_for(r"Read \d+%")
    terminal.press("end")
    accept_license(terminal)
    terminal.wait_for("─ Key added ")
    terminal.press("enter")
    terminal.wait_for_no("─ Key added ")


def accept_license(terminal: Terminal) -> None:
    """Accept the license agreement after its end was seen."""
    answer(terminal, r"Press \^y to accept")


def answer(terminal: Terminal, question: str, key: str = "ctrl+y") -> None:
    """Wait for a question, and press a key until it is answered: the question ignores one that comes too early."""
    terminal.wait_for(question)
    deadline = time.monotonic() + DEADLINE
    while terminal.find(question):
        assert time.monotonic() < deadline, terminal.text
        terminal.press(key)
        with suppress(EndOfOutput):
            terminal.settle()


def disable_key(terminal: Terminal) -> None:
    """Disable the highlighted key."""
    terminal.press("d")
    answer(terminal, "─ Disable this key")
    terminal.wait_for("─ Disabled ")
    terminal.press("enter")
    terminal.wait_for_no("─ Disabled ")
