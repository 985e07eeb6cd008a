"""The program with a bug: saving raises an error that quotes a secret, which is also in a local variable."""

from __future__ import annotations

import sys
from typing import NoReturn

from core.settings.service import SettingsService
from tui.__main__ import main

SECRET = "hunter2-of-the-server"


def _fail(*_given: object) -> NoReturn:
    password = SECRET
    try:
        raise OSError(2013, f"cannot connect with {password}")
    except OSError as error:
        raise ValueError(f"mysql://root:{password}@db.example/opendental") from error


if __name__ == "__main__":
    SettingsService.save = _fail  # type: ignore[assignment, method-assign]  # the bug
    sys.exit(main())
