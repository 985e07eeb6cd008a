"""The program with shorter minutes or timeouts, so that tests do not wait as long as a user would."""

from __future__ import annotations

import os
import sys

import core.database.engines
import tui.platform.inactivity
from tui.__main__ import main

SECONDS_A_MINUTE = "APISETUP_TEST_SECONDS_A_MINUTE"
"""The variable for the length of a minute of inactivity, in seconds."""
SERVER_TIMEOUT = "APISETUP_TEST_SERVER_TIMEOUT"
"""The variable for the timeout of the database server, in seconds."""

if __name__ == "__main__":
    tui.platform.inactivity.MINUTE = float(os.environ.get(SECONDS_A_MINUTE, tui.platform.inactivity.MINUTE))
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "WRITE_SECONDS"):
        setattr(
            core.database.engines, name, float(os.environ.get(SERVER_TIMEOUT, getattr(core.database.engines, name)))
        )
    sys.exit(main())
