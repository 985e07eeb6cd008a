"""Time zones of this computer."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

NEW_YORK = "EST5EDT,M3.2.0,M11.1.0"
"""New York's current rules in POSIX notation, which needs no time zone files."""


@contextmanager
def local_zone(zone: str) -> Iterator[None]:
    """Set this computer's time zone for this process."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TZ", zone)
        time.tzset()
        yield
    time.tzset()
