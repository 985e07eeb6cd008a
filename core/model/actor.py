"""The person who makes a change, and the computer it comes from."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Actor:
    """A signed-in user at a computer, as audit entries name them."""

    user_num: int
    user_name: str
    computer: str
