"""The context of a run: clock, random numbers, computer and operating-system account."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random


@dataclass(frozen=True)
class RuntimeContext:
    """Everything an office takes from its environment, passed in so that tests can replace it."""

    clock: Callable[[], datetime]
    """Returns the local time of this computer, without a time zone."""
    random: Random
    """Picks random primary keys where a practice uses them, and varies the demo's rows."""
    computer: str
    """The computer name written to audit entries."""
    account: str
    """The name of the operating-system account."""
