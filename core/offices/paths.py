"""Where our own files are."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path, user_log_path

from core.base.errors import ConfigurationError
from core.database.address import ServerAddress


@dataclass(frozen=True)
class Locations:
    """The files of one user of this program."""

    configuration: Path
    """The TOML file; it need not exist."""
    log: Path
    """What `--debug` writes."""

    @property
    def embedded_practice(self) -> Path:
        """The practice that opens when nothing else is named; its companion is the same file."""
        return self.configuration.parent / "practice.sqlite3"

    @property
    def last_opened(self) -> Path:
        """When each office was last opened."""
        return self.configuration.parent / "last-opened.json"

    def companion_of(self, address: ServerAddress) -> Path:
        """The companion of a server's practice: one file for each server and database."""
        place = address.socket or f"{address.host}-{address.port}"
        exact = f"{place}-{address.database}"
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", exact).strip("_.")
        if name != exact:
            # Two names that differ only in what was replaced are two practices.
            name += f"-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"
        return self.configuration.parent / "companions" / f"{name}.sqlite3"


def locations(environment: Mapping[str, str]) -> Locations:
    """The places by the platform's custom; `APISETUP_CONFIG` names another configuration file, and so directory."""
    named = environment.get("APISETUP_CONFIG")
    configuration = expanded(named) if named else user_config_path("apisetup") / "config.toml"
    return Locations(configuration=configuration, log=user_log_path("apisetup") / "debug.log")


def expanded(path: str) -> Path:
    """A path with `~` put into full.

    Raises:
        ConfigurationError: It names a user who does not exist.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(
            f"The path {path} begins with a user who does not exist.", "Write it in full."
        ) from error
