"""The users who make changes in the tests."""

from __future__ import annotations

from core.model.actor import Actor
from tests.support.databases import COMPUTER

ADMIN = Actor(1, "Admin", COMPUTER)
