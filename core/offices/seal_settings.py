"""The settings of seals in the configuration file, for all offices and for one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from core.offices.password_source import PasswordSource


@dataclass(frozen=True)
class ConfiguredSeals:
    """The configuration file's settings about seals; None where it has none."""

    key_from: PasswordSource | None = None
    """The source of the private key; None for the key file next to the configuration file."""
    directory: Path | None = None
    """The directory for copies of the seals."""
    daily: bool | None = None
    """True to seal once a day while the screen is open."""

    def over(self, general: ConfiguredSeals) -> ConfiguredSeals:
        """Return these settings, with the general ones filled in for those that aren't set."""
        return ConfiguredSeals(
            self.key_from or general.key_from,
            self.directory or general.directory,
            general.daily if self.daily is None else self.daily,
        )


NO_SEAL_SETTINGS = ConfiguredSeals()
