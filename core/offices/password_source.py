"""Where the password of a database user comes from; never from the configuration file itself."""

from __future__ import annotations

import os
import shlex
import stat
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from threading import Thread

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.offices.paths import expanded

COMMAND_SECONDS = 60
"""A command may wait for somebody to unlock something, though not for long."""
KEYRING_SECONDS = 10
KEYRING_SERVICE = "apisetup"
_LONGEST = 4096


class Kind(Enum):
    """The kinds of places that can hold a password."""

    PROMPT = "prompt"
    ENVIRONMENT = "env"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"

    @property
    def place(self) -> str:
        """What an admin calls it."""
        return {
            Kind.PROMPT: "the keyboard",
            Kind.ENVIRONMENT: "the environment",
            Kind.FILE: "a file",
            Kind.COMMAND: "a command",
            Kind.KEYRING: "the system keyring",
        }[self]


@dataclass(frozen=True)
class PasswordSource:
    """A place that holds a password.

    Args:
        kind: What kind of place.
        detail: The variable, the file or the command; empty for the others.
    """

    kind: Kind = Kind.PROMPT
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.detail}" if self.detail else self.kind.value

    def read(self, account: str, environment: Mapping[str, str]) -> Secret | None:
        """Read the password; None where somebody has to be asked. This may block.

        Args:
            account: Under which name the keyring has it: the name of the office.
            environment: The variables of this process.

        Raises:
            ConfigurationError: The place holds no password, or others could read it there.
        """
        if self.kind is Kind.ENVIRONMENT:
            return _from_environment(self.detail, environment)
        if self.kind is Kind.FILE:
            return _from_file(expanded(self.detail))
        if self.kind is Kind.COMMAND:
            return _from_command(self.detail)
        if self.kind is Kind.KEYRING:
            return _from_keyring(account, environment)
        return None


PROMPT = PasswordSource()
"""Somebody is asked."""


def parse_password_source(text: str) -> PasswordSource:
    """Read `prompt`, `env:NAME`, `file:PATH`, `command:WORDS` or `keyring`.

    Raises:
        ConfigurationError: It is none of them. What was given is not repeated, since it may be a password.
    """
    name, colon, detail = text.strip().partition(":")
    detail = detail.strip()
    kinds = {kind.value: kind for kind in Kind}
    kind = kinds.get(name.strip())
    needs_detail = kind in (Kind.ENVIRONMENT, Kind.FILE, Kind.COMMAND)
    if kind is None or needs_detail is not bool(detail) or (colon and not needs_detail):
        raise ConfigurationError(
            "Where the password comes from cannot be read; a password itself has no place there.",
            "Write prompt, env:NAME, file:PATH, command:PROGRAM ARGUMENTS or keyring.",
        )
    if kind is Kind.COMMAND:
        _words(detail)
    return PasswordSource(kind, detail)


def _from_environment(name: str, environment: Mapping[str, str]) -> Secret:
    if name not in environment:
        raise ConfigurationError(
            f"The environment variable {name}, which should hold the database password, is not set.",
            "Set it, or change password_from.",
        )
    return Secret(environment[name])


def _from_file(path: Path) -> Secret:
    """The first line of a file that nobody else can read; checked on what was opened, not on its name."""
    try:
        with open(path, "rb", opener=_open_without_waiting) as file:
            status = os.fstat(file.fileno())
            _refuse_open_to_others(path, status)
            content = file.read(_LONGEST)
    except OSError as error:
        raise ConfigurationError(
            f"The password file {path} cannot be read: {error.strerror}.", "Correct that, or change password_from."
        ) from error
    return _first_line(content, f"The password file {path}")


def _open_without_waiting(path: str, flags: int) -> int:
    # A pipe would wait for somebody to write to it, before it can be seen that it is one.
    return os.open(path, flags | os.O_NONBLOCK)


def _refuse_open_to_others(path: Path, status: os.stat_result) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise ConfigurationError(f"The password file {path} is no file.", "Name a file that holds only the password.")
    if status.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"The password file {path} belongs to somebody else, who could change it.",
            f"Run: chown {os.getuid()} {shlex.quote(str(path))}",
        )
    if status.st_mode & 0o077:
        raise ConfigurationError(
            f"The password file {path} has mode {stat.S_IMODE(status.st_mode):04o}, so others can get at it.",
            f"Run: chmod 600 {shlex.quote(str(path))}",
        )


def _from_command(command: str) -> Secret:
    """The first line that a command writes; what it complains about is not repeated, as it may hold the password."""
    import subprocess

    words = _words(command)
    program = Path(words[0]).name
    words[0] = str(expanded(words[0]))
    done: subprocess.CompletedProcess[bytes] | None = None
    try:
        # Without a terminal of its own it cannot ask on ours, over what the screen shows.
        with suppress(subprocess.TimeoutExpired):
            done = subprocess.run(  # noqa: S603 - the admin's own command, without a shell
                words,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=COMMAND_SECONDS,
                start_new_session=True,
                check=False,
            )
    except OSError as error:
        raise ConfigurationError(
            f"The command {program} for the database password cannot be started: {error.strerror}.",
            "Name it in full in password_from.",
        ) from error
    if done is None:
        # Raised here, so that the error that holds what the command wrote, is no part of it.
        raise ConfigurationError(
            f"The command {program} for the database password did not end within {COMMAND_SECONDS} seconds.",
            "Unlock what it reads from first; it cannot ask here.",
        )
    if done.returncode:
        raise ConfigurationError(
            f"The command {program} for the database password failed with exit status {done.returncode}.",
            "Run it by hand to see why; it cannot ask here.",
        )
    return _first_line(done.stdout, f"The output of {program}")


def _words(command: str) -> list[str]:
    try:
        return shlex.split(command)
    except ValueError:
        raise ConfigurationError(
            "The command in password_from has a quotation mark without its second one.", "Close it."
        ) from None


def _first_line(content: bytes, place: str) -> Secret:
    line = content.split(b"\n", 1)[0].removesuffix(b"\r")
    password: str | None = None
    with suppress(UnicodeDecodeError):
        password = line.decode("utf-8")
    if password is None:
        # Raised here, so that the error that holds what could not be decoded is no part of it.
        raise ConfigurationError(f"{place} is not UTF-8 text.", "Only the password belongs there.")
    if not password:
        raise ConfigurationError(
            f"{place} begins with an empty line, where the database password should be.",
            "Put it there, or change password_from.",
        )
    return Secret(password)


def _from_keyring(account: str, environment: Mapping[str, str]) -> Secret | None:
    """The keyring's entry; None over SSH, where unlocking it would wait for a window that nobody sees."""
    if any(environment.get(name) for name in ("SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT")):
        return None
    try:
        import keyring
    except ImportError as error:
        raise ConfigurationError(
            "The system keyring needs the Python package keyring, which is not installed.",
            "Install it beside apisetup: pip install keyring",
        ) from error
    answers: list[str | Exception | None] = []

    def look() -> None:
        try:
            answers.append(keyring.get_password(KEYRING_SERVICE, account))
        except Exception as error:  # noqa: BLE001 - what a backend raises of its own is no KeyringError
            answers.append(error)

    # A keyring that waits for its owner is left alone; a daemon thread does not keep the program from ending.
    asking = Thread(target=look, name="keyring", daemon=True)
    asking.start()
    asking.join(KEYRING_SECONDS)
    answer = answers[0] if answers else None
    if isinstance(answer, Exception) or not answers:
        waited = f"did not answer within {KEYRING_SECONDS} seconds" if not answers else "cannot be used"
        raise ConfigurationError(f"The system keyring {waited}.", "Unlock it, or change password_from.") from (
            answer if isinstance(answer, Exception) else None
        )
    if answer is None:
        raise ConfigurationError(
            f"The system keyring has no password for {account}.",
            f"Run: keyring set {KEYRING_SERVICE} {shlex.quote(account)}",
        )
    return Secret(answer)
