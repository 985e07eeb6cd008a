"""Who does something in the tests."""

from __future__ import annotations

from core.actor import Actor
from tests.core.places import COMPUTER

ADMIN = Actor(1, "Admin", COMPUTER)
