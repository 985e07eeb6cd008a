"""The settings of seals in a table of the configuration file."""

from __future__ import annotations

from core.offices.companion_settings import parse_unprompted
from core.offices.config_table import ConfigTable
from core.offices.connection_settings import PathResolver
from core.offices.password_source import SEAL_KEY
from core.offices.seal_settings import ConfiguredSeals


def parse_seals(table: ConfigTable, resolve: PathResolver) -> ConfiguredSeals:
    """Return the settings of seals in a table.

    Raises:
        InvalidSetting: One of them can't be used.
    """
    directory = table.string("seal_dir")
    return ConfiguredSeals(
        parse_unprompted(table, SEAL_KEY, resolve),
        resolve(directory) if directory else None,
        table.boolean("seal_daily") if "seal_daily" in table else None,
    )
