"""The paths of the program's own files: configuration, log, companion databases."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from platformdirs import user_config_path, user_log_path

from core.base.errors import ConfigurationError

if TYPE_CHECKING:
    from core.database.address import ServerAddress
    from core.database.companion_address import CompanionServer


@dataclass(frozen=True)
class Paths:
    """The paths of one user's files; everything but the log is in the directory of the configuration file."""

    configuration: Path
    """The TOML configuration file; it doesn't have to exist."""
    log: Path
    """The log file that `--debug` writes."""

    @property
    def embedded_practice(self) -> Path:
        """The SQLite practice that is opened when no other is named; it is also its own companion."""
        return self.configuration.parent / "practice.sqlite3"

    @property
    def last_opened(self) -> Path:
        """The JSON file with the time each office was last opened."""
        return self.configuration.parent / "last-opened.json"

    @property
    def seal_key(self) -> Path:
        """The file with the private key of seals."""
        return self.configuration.parent / "seal-key.pem"

    @property
    def fleet(self) -> Path:
        """The companion database of all offices together: their last answers, and changes made in several of them."""
        return self.configuration.parent / "companions" / "fleet.sqlite3"

    @property
    def receipts(self) -> Path:
        """The directory with the receipts of changes made in several offices."""
        return self.configuration.parent / "receipts"

    def companion_of(self, address: ServerAddress) -> Path:
        """Return the path of the companion database of a practice on a server: one file per server and database."""
        return self._companion_path(address, "sqlite3")

    def stem_of_shared(self, address: CompanionServer) -> Path:
        """Return the beginning of the paths of the local files of a companion on a server: key file and lock files."""
        return self._companion_path(address, "shared")

    def _companion_path(self, address: CompanionServer, suffix: str) -> Path:
        server = address.socket or f"{address.host}-{address.port}"
        exact = f"{server}-{address.database}"
        name = re.sub(r"[^A-Za-z0-9._-]+", "_", exact).strip("_.")
        if name != exact:
            import hashlib

            # Without the hash, two practices whose names differ only in replaced characters would share a file.
            name += f"-{hashlib.sha256(exact.encode()).hexdigest()[:8]}"
        return self.configuration.parent / "companions" / f"{name}.{suffix}"


def find_paths(environment: Mapping[str, str]) -> Paths:
    """Return the paths that the platform's conventions prescribe.

    Args:
        environment: The environment variables. `APISETUP_CONFIG` names another configuration file, whose directory
            then also holds the other files.

    Raises:
        ConfigurationError: `APISETUP_CONFIG` begins with `~` and the name of an unknown user.
    """
    override = environment.get("APISETUP_CONFIG")
    configuration = expand_user(override) if override else user_config_path("apisetup") / "config.toml"
    return Paths(configuration=configuration, log=user_log_path("apisetup") / "debug.log")


def expand_user(path: str) -> Path:
    """Return a path with a leading `~` or `~user` replaced by the home directory.

    Raises:
        ConfigurationError: There is no such user.
    """
    try:
        return Path(path).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(
            f"The path {path} begins with a user who does not exist.", "Write it in full."
        ) from error
