"""The sources of passwords and of the encryption key. The configuration file itself never contains one."""

from __future__ import annotations

import os
import stat
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from core.base.errors import ConfigurationError
from core.base.regular_file import open_regular_file
from core.base.secret import SECRET_VARIABLES, Secret
from core.offices.paths import expand_user

COMMAND_SECONDS = 60
"""The timeout of a command. It leaves time to unlock a password manager."""
_MAX_FILE_BYTES = 4096


class SourceKind(Enum):
    """The kinds of password sources."""

    PROMPT = "prompt"
    ENVIRONMENT = "env"
    FILE = "file"
    COMMAND = "command"
    KEYRING = "keyring"

    @property
    def label(self) -> str:
        """The name of the kind, as shown to an admin."""
        return {
            SourceKind.PROMPT: "the keyboard",
            SourceKind.ENVIRONMENT: "the environment",
            SourceKind.FILE: "a file",
            SourceKind.COMMAND: "a command",
            SourceKind.KEYRING: "the system keyring",
        }[self]


@dataclass(frozen=True)
class Purpose:
    """A password's use, for error messages and the keyring.

    Args:
        words: The password as sentences name it.
        setting: The setting that names its source.
        account: Added to the name of the office in the system keyring.
    """

    words: str
    setting: str
    account: str = ""


DATABASE_PASSWORD = Purpose("database password", "password_from")
OPEN_DENTAL_PASSWORD = Purpose("Open Dental password", "od_password_from", " (Open Dental)")
COMPANION_PASSWORD = Purpose("companion's password", "companion_password_from", " (companion)")
SEAL_KEY = Purpose("seal key", "seal_key_from", " (seal key)")
COMPANION_KEY = Purpose("encryption key", "companion_key_from", " (companion key)")


@dataclass(frozen=True)
class PasswordSource:
    """A source of a password.

    Args:
        kind: The kind of source.
        detail: The environment variable, the file or the command; empty for the other kinds.
    """

    kind: SourceKind = SourceKind.PROMPT
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind.value}:{self.detail}" if self.detail else self.kind.value

    @property
    def may_prompt(self) -> bool:
        """True if the user may have to be prompted: always, or because the keyring can't be used over SSH."""
        return self.kind in (SourceKind.PROMPT, SourceKind.KEYRING)

    def read(
        self,
        account: str,
        environment: Mapping[str, str],
        hidden_variables: Collection[str] = (),
        purpose: Purpose = DATABASE_PASSWORD,
    ) -> Secret | None:
        """Return the password, or None if the user must be prompted for it. May block.

        Args:
            account: The account name in the keyring, which is the name of the office.
            environment: The environment variables.
            hidden_variables: The variables with passwords of other offices, which a command doesn't inherit. It never
                inherits those of `SECRET_VARIABLES`.
            purpose: What the password is for.

        Raises:
            ConfigurationError: The source has no password, can't be read, or isn't private.
        """
        if self.kind is SourceKind.ENVIRONMENT:
            return _read_environment(self.detail, environment, purpose)
        if self.kind is SourceKind.FILE:
            return _read_file(expand_user(self.detail), purpose)
        if self.kind is SourceKind.COMMAND:
            return _run_command(self.detail, SECRET_VARIABLES.union(hidden_variables), purpose)
        if self.kind is SourceKind.KEYRING:
            # Imported here, because only few offices use it.
            from core.offices.system_keyring import read_system_keyring

            account = f"{account}{purpose.account}"
            return read_system_keyring(account, environment, SECRET_VARIABLES.union(hidden_variables), purpose.setting)
        return None


PROMPT = PasswordSource()
"""The default source: the user is prompted."""


def parse_password_source(text: str, purpose: Purpose = DATABASE_PASSWORD) -> PasswordSource:
    """Parse `prompt`, `env:NAME`, `file:PATH`, `command:WORDS` or `keyring`.

    Raises:
        ConfigurationError: The text is none of them. The message doesn't contain it, since it may be a password.
    """
    name, colon, detail = text.strip().partition(":")
    detail = detail.strip()
    kinds = {kind.value: kind for kind in SourceKind}
    kind = kinds.get(name.strip())
    needs_detail = kind in (SourceKind.ENVIRONMENT, SourceKind.FILE, SourceKind.COMMAND)
    if kind is None or needs_detail is not bool(detail) or (colon and not needs_detail):
        raise ConfigurationError(
            "The source of the password isn't valid. It can't be a password itself.",
            "Write prompt, env:NAME, file:PATH, command:PROGRAM ARGUMENTS or keyring.",
        )
    if kind is SourceKind.COMMAND:
        _split_command(detail, purpose)
    return PasswordSource(kind, detail)


def _read_environment(name: str, environment: Mapping[str, str], purpose: Purpose) -> Secret:
    if name not in environment:
        raise ConfigurationError(
            f"The environment variable {name}, which should hold the {purpose.words}, is not set.",
            f"Set it, or change {purpose.setting}.",
        )
    return Secret(environment[name])


def _read_file(path: Path, purpose: Purpose) -> Secret:
    """Return the first line of a private file.

    The owner and the mode are read from the open descriptor, so the file can't be exchanged after the check.
    """
    try:
        with open_regular_file(path) as file:
            _require_private(path, os.fstat(file.fileno()))
            content = file.read(_MAX_FILE_BYTES)
    except OSError as error:
        raise ConfigurationError(
            f"The password file {path} cannot be read: {error.strerror}.",
            f"Fix the cause, or change {purpose.setting}.",
        ) from error
    return _first_line(content, f"The password file {path}", purpose)


def _require_private(path: Path, status: os.stat_result) -> None:
    """Raise an error unless nobody but the file's owner, this user or root, can access it."""
    from shlex import quote

    if status.st_uid not in (os.getuid(), 0):
        raise ConfigurationError(
            f"The password file {path} belongs to another account, which could change it.",
            f"Run: chown {os.getuid()} {quote(str(path))}",
        )
    if status.st_mode & 0o077:
        raise ConfigurationError(
            f"The password file {path} has mode {stat.S_IMODE(status.st_mode):04o}, so other accounts can access it.",
            f"Run: chmod 600 {quote(str(path))}",
        )


def _run_command(command: str, hidden_variables: Collection[str], purpose: Purpose) -> Secret:
    """Return the first line of a command's output. No error repeats what it printed, which may contain the password.

    Args:
        command: The command.
        hidden_variables: The environment variables that the command must not see: it needs no password but its own.
        purpose: What the password is for.
    """
    # Imported here, because only few offices use it.
    from core.offices.detached_process import ProgramStopped, run_detached

    arguments = _split_command(command, purpose)
    program = Path(arguments[0]).name
    arguments[0] = str(expand_user(arguments[0]))
    try:
        ended = run_detached(arguments, hidden_variables, COMMAND_SECONDS)
    except OSError as error:
        raise ConfigurationError(
            f"The command {program} for the {purpose.words} cannot be started: {error.strerror}.",
            f"Use its full path in {purpose.setting}.",
        ) from error
    except ProgramStopped as stopped:
        raise ConfigurationError(
            f"The command {program} for the {purpose.words} {stopped.reason}.", stopped.hint
        ) from None
    if ended.status:
        raise ConfigurationError(
            f"The command {program} for the {purpose.words} {ended.failure}.",
            "Run it yourself to see why; it can't prompt here.",
        )
    return _first_line(ended.output, f"The output of {program}", purpose)


def _split_command(command: str, purpose: Purpose) -> list[str]:
    from shlex import split

    try:
        return split(command)
    except ValueError:
        raise ConfigurationError(
            f"The command in {purpose.setting} has an unclosed quotation mark.", "Close the quotation mark."
        ) from None


def _first_line(content: bytes, origin: str, purpose: Purpose) -> Secret:
    """Return the first line of what a source contains; `origin` names the source in error messages."""
    line = content.split(b"\n", 1)[0].removesuffix(b"\r")
    password: str | None = None
    with suppress(UnicodeDecodeError):
        password = line.decode("utf-8-sig")
    if password is None:
        # Raised outside the handler, because UnicodeDecodeError contains the bytes and would be chained.
        raise ConfigurationError(f"{origin} is not UTF-8 text.", "It must contain only the password.")
    if not password:
        raise ConfigurationError(
            f"{origin} begins with an empty line, where the {purpose.words} should be.",
            f"Put it there, or change {purpose.setting}.",
        )
    return Secret(password)
