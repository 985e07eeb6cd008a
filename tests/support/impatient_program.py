"""The program with short minutes or little patience, so that waiting for them does not take a test that long."""

from __future__ import annotations

import os
import sys

import core.database.engines
import tui.platform.inactivity
from tui.__main__ import main

SECONDS_A_MINUTE = "APISETUP_TEST_SECONDS_A_MINUTE"
SHUTDOWN_TIMEOUT = "APISETUP_TEST_PATIENCE"
"""For how many seconds a server's answer is waited for."""

if __name__ == "__main__":
    tui.platform.inactivity.MINUTE = float(os.environ.get(SECONDS_A_MINUTE, tui.platform.inactivity.MINUTE))
    for name in ("CONNECT_SECONDS", "READ_SECONDS", "WRITE_SECONDS"):
        setattr(
            core.database.engines, name, float(os.environ.get(SHUTDOWN_TIMEOUT, getattr(core.database.engines, name)))
        )
    sys.exit(main())
