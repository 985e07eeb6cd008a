"""The names of the authorities over the API keys, as the configuration file and the command line have them."""

from __future__ import annotations

from enum import Enum


class AuthorityName(Enum):
    """The authorities that can decide about keys."""

    LOCAL = "local"
    HEADQUARTERS = "headquarters"
