"""The settings of an office's companion: a file, or a database that a team shares."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError
from core.database.address import FileAddress
from core.database.companion_address import CompanionAddress, CompanionServer, is_url, parse_companion_url
from core.offices.connection_settings import PathResolver, parse_source, parse_tls
from core.offices.password_source import COMPANION_KEY, COMPANION_PASSWORD, PROMPT, PasswordSource, Purpose

if TYPE_CHECKING:
    from core.offices.config_table import ConfigTable

_PREFIX = "companion_"
_SERVER_ONLY = ("companion_password_from", *(f"{_PREFIX}{each}" for each in ("tls", "tls_ca", "tls_cert", "tls_key")))


def parse_companion(table: ConfigTable, resolve: PathResolver) -> CompanionAddress | None:
    """Return the address of the companion that an office names; None for the default.

    Raises:
        InvalidSetting: A setting can't be used, or two contradict each other.
    """
    text = table.string("companion")
    if text is None or not is_url(text):
        for name in _SERVER_ONLY:
            if name in table:
                raise table.invalid(
                    name, f"{name} is only for a companion on a server.", "Leave it out, or name a URL in companion."
                )
        return FileAddress(resolve(text)) if text is not None else None
    try:
        address = parse_companion_url(text)
    except ConfigurationError as error:
        raise table.invalid("companion", f"companion: {error.sentence}", error.hint) from None
    tls = parse_tls(table, resolve, local=address.is_local, prefix=_PREFIX)
    return replace(address, tls=tls, tls_off=table.string("companion_tls") == "off")


@dataclass(frozen=True)
class TeamCompanion:
    """The database that a team shares for what concerns all offices together."""

    address: CompanionServer
    password_from: PasswordSource | None = None
    """None for a server that knows the user in another way."""


def parse_team_companion(table: ConfigTable, resolve: PathResolver) -> TeamCompanion | None:
    """Return the companion at the top of the file; None for a file on this computer.

    Raises:
        InvalidSetting: A setting can't be used, or two contradict each other.
    """
    address = parse_companion(table, resolve)
    if isinstance(address, FileAddress):
        raise table.invalid(
            "companion",
            "companion at the top of the file must be a URL.",
            "Name a database on a server, or move the line to the table of an office.",
        )
    if address is None:
        return None
    return TeamCompanion(address, parse_companion_password_source(table, resolve))


def parse_companion_password_source(table: ConfigTable, resolve: PathResolver) -> PasswordSource | None:
    """Return the source of the password of the companion's database user; None if it needs none.

    Raises:
        InvalidSetting: It can't be used.
    """
    return parse_source(table, COMPANION_PASSWORD, resolve)


def parse_companion_key_source(table: ConfigTable, resolve: PathResolver) -> PasswordSource | None:
    """Return the source of the companion's encryption key; None for the key file.

    Raises:
        InvalidSetting: It can't be used, or is the prompt.
    """
    return parse_unprompted(table, COMPANION_KEY, resolve)


def parse_unprompted(table: ConfigTable, purpose: Purpose, resolve: PathResolver) -> PasswordSource | None:
    """Return the source of a secret that nobody is prompted for; None if it isn't set.

    Raises:
        InvalidSetting: It can't be used, or is the prompt.
    """
    source = parse_source(table, purpose, resolve)
    if source == PROMPT:
        raise table.invalid(
            purpose.setting,
            f"{purpose.setting} can't be prompt: only passwords are prompted for.",
            "Write env:NAME, file:PATH, command:PROGRAM ARGUMENTS or keyring.",
        )
    return source
