"""The table of an office in the configuration file, `[offices.NAME]`."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_address

from core.base.errors import HeadquartersUnreachable
from core.database.address import FileAddress, ServerAddress
from core.database.local_host import is_local
from core.model.authority_name import AuthorityName
from core.offices.companion_settings import (
    parse_companion,
    parse_companion_key_source,
    parse_companion_password_source,
)
from core.offices.config_table import ConfigTable, InvalidSetting
from core.offices.configured_office import ConfiguredOffice
from core.offices.connection_settings import PathResolver, parse_source, parse_tls
from core.offices.password_source import DATABASE_PASSWORD, OPEN_DENTAL_PASSWORD, PROMPT
from core.offices.seal_table import parse_seals
from core.offices.setting_names import OFFICE_SETTINGS, SERVER_SETTINGS, names

MAX_NAME_LENGTH = 60
MAX_LOCK_MINUTES = 525_600
"""One year, in minutes."""


def parse_office(name: str, table: ConfigTable, resolve: PathResolver) -> ConfiguredOffice:
    """Parse the table of an office.

    Raises:
        InvalidSetting: A key is unknown, a value can't be used, or two settings contradict each other.
    """
    validate_name(name, table.keys)
    if "password" in table:
        raise table.invalid(
            "password",
            "an office has a password; passwords don't belong in this file.",
            'Remove it, change it because it was exposed here, and name its source: password_from = "prompt".',
        )
    table.reject_unknown_names(names(OFFICE_SETTINGS))
    is_file = "file" in table
    authority = table.choice("authority", *(each.value for each in AuthorityName))
    if is_file and authority == AuthorityName.HEADQUARTERS.value:
        raise table.invalid("authority", "an SQLite practice has no headquarters.", 'Leave it out, or write "local".')
    license_file, license_title = table.string("license_file"), table.string("license_title")
    if license_title is not None and license_file is None:
        raise table.invalid(
            "license_title", "license_title is set without license_file.", "Name the text's file as well."
        )
    return ConfiguredOffice(
        name=name,
        address=_parse_file_address(table, resolve) if is_file else _parse_server_address(table, resolve),
        password_from=parse_source(table, DATABASE_PASSWORD, resolve) or PROMPT,
        od_user=_parse_open_dental_user(table),
        od_password_from=parse_source(table, OPEN_DENTAL_PASSWORD, resolve) or PROMPT,
        tags=table.strings("tags", '"north" or ["north", "pilot"]'),
        authority=AuthorityName(authority) if authority is not None else None,
        companion=None if is_file else parse_companion(table, resolve),
        companion_password_from=None if is_file else parse_companion_password_source(table, resolve),
        companion_key_from=parse_companion_key_source(table, resolve),
        headquarters_url=_parse_headquarters_url(table),
        license_file=resolve(license_file) if license_file else None,
        license_title=license_title,
        read_only=table.boolean("read_only"),
        production=table.boolean("production"),
        seals=parse_seals(table, resolve),
        lock_after_minutes=table.integer("lock_after_minutes", minimum=1, maximum=MAX_LOCK_MINUTES),
    )


def validate_name(name: str, keys: tuple[str, ...]) -> None:
    """Check that an office's name can be shown on one line of the list as it is.

    Args:
        name: The name.
        keys: The path of the office's table, for the error.

    Raises:
        InvalidSetting: The name is empty, too long, or not printable.
    """
    if not name.strip() or name != name.strip():
        raise InvalidSetting(keys, "the name of an office is empty, or begins or ends with a space.", "Give it a name.")
    if not name.isprintable():
        raise InvalidSetting(keys, "the name of an office has characters that can't be printed.", "Remove them.")
    if len(name) > MAX_NAME_LENGTH:
        raise InvalidSetting(keys, f"the name of an office has more than {MAX_NAME_LENGTH} characters.", "Shorten it.")


def _parse_file_address(table: ConfigTable, resolve: PathResolver) -> FileAddress:
    for name in names(SERVER_SETTINGS):
        if name in table:
            raise table.invalid(name, f"file and {name} name two different practices.", "Choose one of them.")
    return FileAddress(resolve(table.string("file") or ""))


def _parse_server_address(table: ConfigTable, resolve: PathResolver) -> ServerAddress:
    host, socket = table.string("host"), table.string("socket")
    if host is not None and socket is not None:
        raise table.invalid("socket", "host and socket can't be combined.", "Choose one of them.")
    if socket is not None and "port" in table:
        raise table.invalid("port", "a socket has no port.", "Remove the port.")
    if host is not None and ":" in host and not _is_ip_address(host):
        raise table.invalid(
            "host",
            "host must be a name or an address without a port.",
            "Set the port in port, and write an IPv6 address without brackets.",
        )
    database, user = table.string("database"), table.string("user")
    if database is None or user is None or not (host or socket):
        raise InvalidSetting(
            table.keys, f"the office {table.keys[-1]} needs host, database and user.", "Add what is missing, or file."
        )
    address = ServerAddress(
        host=host or "localhost",
        port=table.integer("port", minimum=1, maximum=65_535) or 3306,
        database=database,
        user=user,
        socket=str(resolve(socket)) if socket else "",
        tls=parse_tls(table, resolve, local=is_local(host or "localhost", socket or "")),
        tls_off=table.string("tls") == "off",
    )
    server_key = table.string("server_public_key")
    if server_key is not None and address.is_verified:
        raise table.invalid(
            "server_public_key",
            "server_public_key isn't used to encrypt the password to a verified server.",
            'Leave it out. Or write tls = "off", if the server has no TLS.',
        )
    return replace(address, server_public_key=resolve(server_key) if server_key is not None else None)


def _is_ip_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _parse_headquarters_url(table: ConfigTable) -> str:
    url = table.string("headquarters_url") or ""
    if not url:
        return url
    # Imported here, because few offices have this setting and the file is read at every start.
    from core.headquarters.transport import validate_address

    if table.string("authority") == AuthorityName.LOCAL.value:
        raise table.invalid(
            "headquarters_url", "headquarters is not asked where authority is local.", "Choose one of them."
        )
    try:
        validate_address(url)
    except HeadquartersUnreachable as error:
        raise table.invalid("headquarters_url", f"headquarters_url: {error.sentence}", error.hint) from None
    return url


def _parse_open_dental_user(table: ConfigTable) -> str:
    user = table.string("od_user") or ""
    if not user and "od_password_from" in table:
        raise table.invalid("od_password_from", "od_password_from is set without od_user.", "Name the user as well.")
    return user
