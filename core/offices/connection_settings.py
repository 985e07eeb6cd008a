"""The settings of connections to servers: TLS, and the source of a password."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.database.tls import Tls
from core.offices.password_source import PasswordSource, Purpose, SourceKind, parse_password_source

if TYPE_CHECKING:
    from core.offices.config_table import ConfigTable

PathResolver = Callable[[str], Path]
"""Returns the full path for a path in the configuration file."""


def parse_tls(table: ConfigTable, resolve: PathResolver, *, local: bool, prefix: str = "") -> Tls | None:
    """Return the TLS settings of a connection; None for one whose server isn't verified.

    Args:
        table: The table of the office.
        resolve: Returns the full paths of files.
        local: True if the connection stays on this computer.
        prefix: The beginning of the settings' names.

    Raises:
        InvalidSetting: A setting can't be used, or two contradict each other.
    """
    name, ca, cert, key = (f"{prefix}{each}" for each in ("tls", "tls_ca", "tls_cert", "tls_key"))
    mode = table.choice(name, "verify", "off")
    files = {each: path for each in (ca, cert, key) if (path := table.string(each)) is not None}
    if mode == "off" and files:
        raise table.invalid(name, f"{name} is off, but {next(iter(files))} is set.", "Choose one of them.")
    if key in files and cert not in files:
        raise table.invalid(key, f"{key} is set without {cert}.", "Name the certificate as well.")
    if mode == "off" or (mode is None and not files and local):
        return None
    return Tls(*(resolve(files[each]) if each in files else None for each in (ca, cert, key)))


def parse_source(table: ConfigTable, purpose: Purpose, resolve: PathResolver) -> PasswordSource | None:
    """Return the source of a password or key that a setting names; None if it is missing.

    Raises:
        InvalidSetting: The setting can't be used. The message doesn't contain it, since it may be a password.
    """
    name = purpose.setting
    text = table.string(name)
    if text is None:
        return None
    try:
        source = parse_password_source(text, purpose)
    except ConfigurationError as error:
        # Not chained, because the setting may contain a password.
        raise table.invalid(name, f"{name}: {error.sentence}", error.hint) from None
    return PasswordSource(source.kind, str(resolve(source.detail))) if source.kind is SourceKind.FILE else source
