"""The program with short minutes, so that being left alone does not take a test one."""

from __future__ import annotations

import os
import sys

import tui.inactivity
from tui.__main__ import main

SECONDS_A_MINUTE = "APISETUP_TEST_SECONDS_A_MINUTE"

if __name__ == "__main__":
    tui.inactivity.MINUTE = float(os.environ[SECONDS_A_MINUTE])
    sys.exit(main())
