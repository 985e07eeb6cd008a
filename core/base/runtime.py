"""What an office takes from outside itself: the time, chance, and who and where one is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from random import Random


@dataclass(frozen=True)
class RuntimeContext:
    """What an office takes from outside itself."""

    clock: Callable[[], datetime]
    random: Random
    computer: str
    """The computer that audit entries name."""
    account: str
    """The operating-system account."""
