"""Runs commands of the program in this process, without a terminal, as a scheduled job does."""

from __future__ import annotations

import io
import json
import os
import pwd
import shutil
import sqlite3
from collections.abc import Mapping
from contextlib import closing, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any
from unittest.mock import patch

from core.base.runtime import RuntimeContext
from core.database.address import FileAddress
from core.model.agreement import default_agreement
from core.office.opening import open_file_office
from tui.__main__ import main


@dataclass(frozen=True)
class Completed:
    """The result of a command."""

    status: int
    out: str
    err: str

    @property
    def document(self) -> dict[str, Any]:
        """The JSON document on standard output."""
        loaded: dict[str, Any] = json.loads(self.out)
        return loaded

    @property
    def office(self) -> dict[str, Any]:
        """What the JSON document says of its only office."""
        (only,) = self.document["offices"]
        return dict(only)


class CommandLine:
    """Runs commands with a configuration file of the test's own.

    Args:
        directory: The directory of the configuration file and the embedded practice.
    """

    def __init__(self, directory: Path) -> None:
        self.configuration = directory / "config.toml"
        self.practice = directory / "practice.sqlite3"

    def run(self, *arguments: str, stdin: str = "", env: Mapping[str, str] | None = None) -> Completed:
        """Run a command until it ends.

        Args:
            arguments: The command line.
            stdin: What it reads from standard input, which is no terminal.
            env: More environment variables.
        """
        out, err = io.StringIO(), io.StringIO()
        environment = {"APISETUP_CONFIG": str(self.configuration), **(env or {})}
        surroundings = patch.dict("os.environ", environment), patch("sys.stdin", io.StringIO(stdin))
        with surroundings[0], surroundings[1], redirect_stdout(out), redirect_stderr(err):
            try:
                status = main(arguments)
            except SystemExit as exited:
                # A wrong command line: the parser ends the process itself.
                status = int(exited.code or 0)
        return Completed(status, out.getvalue(), err.getvalue())

    def configure(self, text: str) -> None:
        """Write the configuration file."""
        self.configuration.write_text(text, encoding="utf-8")
        self.configuration.chmod(0o600)

    def make_practice(self) -> None:
        """Make the embedded practice with the keys, subscriptions and audit entries of the demo."""
        # With the encryption key next to it.
        for file in _sample().parent.glob(f"{_sample().name}*"):
            shutil.copy(file, self.practice.with_name(file.name))

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        """Read rows of the embedded practice in plain SQL."""
        with closing(sqlite3.connect(self.practice)) as connection:
            return connection.execute(query).fetchall()

    def entries(self, after: int = 0) -> list[str]:
        """Read the texts of the audit entries after a number, oldest first."""
        query = f"SELECT LogText FROM securitylog WHERE SecurityLogNum > {after} ORDER BY SecurityLogNum"
        return [text for (text,) in self.rows(query)]

    @property
    def last_entry(self) -> int:
        """The number of the newest audit entry."""
        return int(self.rows("SELECT max(SecurityLogNum) FROM securitylog")[0][0])


@cache
def _sample() -> Path:
    """Make the file that `make_practice` copies, once for each process."""
    file = Path(mkdtemp(prefix="apisetup-sample-")) / "practice.sqlite3"
    account = pwd.getpwuid(os.getuid()).pw_name
    runtime = RuntimeContext(datetime.now, Random(1), "test", account)  # noqa: S311 - picks primary keys
    with closing(open_file_office(FileAddress(file), default_agreement(), runtime, with_demo=True)) as office:
        office.users.account(account)
    return file
