"""Adding offices to the configuration file and removing them, with its comments, order and blank lines kept.

`tomlkit` writes the new tables. It doesn't edit the rest of the file, because it counts the comments above a table as
the end of the previous table: it would delete the comment of the next office and leave that of the removed one above
it. It also puts a new table between dotted keys of the same table, where it changes what they mean. So offices are
added at the end of the text and removed by lines, and each result is parsed before it is written.
"""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import tomlkit

from core.base.current_directory import absolute_path, real_path
from core.base.errors import ConfigurationError
from core.base.private_file import create_private_directory, replace_private_file
from core.base.regular_file import read_regular_file
from core.database.address import FileAddress
from core.database.companion_address import CompanionServer, companion_url
from core.model.authority_name import AuthorityName
from core.offices.config_file import read_configuration
from core.offices.config_lines import last_line_of, line_of
from core.offices.config_parser import parse_configuration, resolver_for
from core.offices.config_table import ConfigTable, InvalidSetting
from core.offices.office_table import parse_office, validate_name
from core.offices.password_source import PROMPT

if TYPE_CHECKING:
    from core.offices.configured_office import ConfiguredOffice

_Setting = str | int | bool | Path | list[str] | None


def add_offices(path: Path, offices: Sequence[ConfiguredOffice]) -> None:
    """Add offices at the end of the configuration file: all of them or none. A missing file is created.

    Raises:
        ConfigurationError: A name is taken, an office isn't valid, or the file can't be used or written.
    """
    with _exclusive_lock(path):
        validate_offices(path, offices)
        text = _read(path)
        separator = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        extended = text + separator + "\n".join(_to_toml(office, path) for office in offices)
        _require_extensible(path, extended)
        _write(path, extended)


def validate_offices(path: Path, offices: Sequence[ConfiguredOffice]) -> None:
    """Check that offices could be added to the configuration file, and write nothing.

    Raises:
        ConfigurationError: A name is taken, an office isn't valid, or the file can't be used.
    """
    taken = {office.name.casefold() for office in read_configuration(path).offices}
    for office in offices:
        _validate(office, path)
        if office.name.casefold() in taken:
            raise ConfigurationError(
                f"An office named {office.name} already exists.", "Choose another name, or remove it first."
            )
        taken.add(office.name.casefold())


def remove_office(path: Path, name: str) -> ConfiguredOffice:
    """Remove an office from the configuration file and return it. Its companion file is not deleted.

    The comment directly above the office is removed, too: left there, it would seem to be about the next office.
    Comments after its last setting are kept, because they may be about what follows.

    Args:
        path: The configuration file.
        name: The office's whole name, ignoring case.

    Raises:
        ConfigurationError: There is no such office, or the file can't be used or written.
    """
    with _exclusive_lock(path):
        office = read_configuration(path).find_office(name, exact=True)
        _write(path, _remove_table(_read(path), office.name))
    return office


def _to_toml(office: ConfiguredOffice, path: Path) -> str:
    table = tomlkit.table()
    for name, value in _settings(office).items():
        if value is not None and value is not False:
            table.add(name, _relative_or_absolute(value, path) if isinstance(value, Path) else value)
    tables = tomlkit.table(is_super_table=True)
    tables.add(office.name, table)
    return tomlkit.dumps({"offices": tables})


def _remove_table(text: str, name: str) -> str:
    """Return the text without an office.

    An office whose settings are not on consecutive lines is removed by `tomlkit`, which may lose comments.
    """
    content = tomllib.loads(text)
    remaining = {other: table for other, table in content["offices"].items() if other != name}
    first, last = line_of(text, ("offices", name)), last_line_of(text, ("offices", name))
    if first is not None and last is not None:
        lines = text.split("\n")
        # What looks like a comment may be the end of a multi-line string. Then only the table's own lines can go.
        for begin in (_begin_of_comment(lines, first - 1), first - 1):
            shortened = "\n".join(_join_without_gap(lines[:begin], lines[last:]))
            with suppress(ValueError, RecursionError):
                if {"offices": {}, **tomllib.loads(shortened)} == {**content, "offices": remaining}:
                    return shortened
    document: Any = tomlkit.parse(text)
    del document["offices"][name]
    return tomlkit.dumps(document)


def _begin_of_comment(lines: Sequence[str], index: int) -> int:
    """Return the index of the first line of the comment directly above a line, or the line's own if there is none.

    A comment that begins on the first line is about the whole file, and doesn't count.
    """
    begin = index
    while begin > 0 and lines[begin - 1].lstrip().startswith("#"):
        begin -= 1
    return begin or index


def _join_without_gap(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """Join the lines before and after a removed table. If there is a blank line on both sides, keep one of them.

    Even if the table was at the end of the text, the last line that remains has a line break.
    """
    after = after or [""]
    if after[0].strip():
        return [*before, *after]
    if not before:
        return [*after[1:]]
    return [*(before if before[-1].strip() else before[:-1]), *after]


def _read(path: Path) -> str:
    try:
        return read_regular_file(path).decode("utf-8-sig")
    except FileNotFoundError:
        return ""


def _require_extensible(path: Path, extended: str) -> None:
    """Raise an error if TOML doesn't allow another table: `offices = { … }` is a value, which can't be extended."""
    try:
        tomllib.loads(extended)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The offices in {path} are in one inline table, offices = {{ … }}, which can't be extended.",
            "Write each of them as a table of its own, [offices.NAME], and try again.",
        ) from error


def _write(path: Path, text: str) -> None:
    """Replace the file, after checking that the new content can be read."""
    parse_configuration(path, text)
    try:
        replace_private_file(path, text)
    except OSError as error:
        raise ConfigurationError(
            f"The configuration file {path} cannot be written: {error.strerror}.",
            "The file is unchanged. Fix the cause and try again.",
        ) from error


def _validate(office: ConfiguredOffice, path: Path) -> None:
    """Raise an error if the office, once written, couldn't be read.

    The final check in `_write` would name a line number that is not in the user's file.
    """
    try:
        validate_name(office.name, ())
    except InvalidSetting as error:
        raise ConfigurationError(f"{error.sentence[:1].upper()}{error.sentence[1:]}", error.hint) from error
    try:
        table = tomllib.loads(_to_toml(office, path))["offices"][office.name]
        parse_office(office.name, ConfigTable((), table), resolver_for(path))
    except InvalidSetting as error:
        sentence = f"The office {office.name} cannot be added: {error.sentence}"
        raise ConfigurationError(sentence, error.hint) from error


@contextmanager
def _exclusive_lock(path: Path) -> Iterator[None]:
    """Keep other processes of this program from writing the configuration file.

    The lock is held on a file next to it, because the configuration file itself is replaced.
    """
    lock = real_path(path).with_name(f".{path.name}.lock")
    try:
        create_private_directory(lock.parent)
        descriptor = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {lock.parent} cannot be written: {error.strerror}.", "Fix the cause and try again."
        ) from error
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


def _settings(office: ConfiguredOffice) -> dict[str, _Setting]:
    """Return the settings of an office by name, in the order they are written; None for those left at the default."""
    common: dict[str, _Setting] = {
        "tags": list(office.tags) or None,
        "authority": office.authority.value if office.authority else None,
        "companion_key_from": str(office.companion_key_from) if office.companion_key_from else None,
        "license_file": office.license_file,
        "license_title": office.license_title,
        "read_only": office.read_only,
        "production": office.production,
        "lock_after_minutes": office.lock_after_minutes,
    }
    address = office.address
    if isinstance(address, FileAddress):
        if office.authority is AuthorityName.HEADQUARTERS:
            raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority.")
        return {"file": address.path, **common}
    tls = address.tls
    return {
        "host": None if address.socket else address.host,
        "port": None if address.socket or address.port == 3306 else address.port,
        "socket": Path(address.socket) if address.socket else None,
        "database": address.database,
        "user": address.user,
        "password_from": None if office.password_from == PROMPT else str(office.password_from),
        "od_user": office.od_user or None,
        "od_password_from": None if office.od_password_from == PROMPT else str(office.od_password_from),
        "tls": _tls_mode(address),
        "tls_ca": tls.authority if tls else None,
        "tls_cert": tls.certificate if tls else None,
        "tls_key": tls.key if tls else None,
        "server_public_key": address.server_public_key,
        **_companion_settings(office),
        "headquarters_url": office.headquarters_url or None,
        **common,
    }


def _companion_settings(office: ConfiguredOffice) -> dict[str, _Setting]:
    address = office.companion
    if address is None or isinstance(address, FileAddress):
        return {"companion": address.path if address is not None else None}
    tls = address.tls
    return {
        "companion": companion_url(address),
        "companion_password_from": str(office.companion_password_from) if office.companion_password_from else None,
        "companion_tls": _tls_mode(address),
        "companion_tls_ca": tls.authority if tls else None,
        "companion_tls_cert": tls.certificate if tls else None,
        "companion_tls_key": tls.key if tls else None,
    }


def _tls_mode(address: CompanionServer) -> str | None:
    """Return the value of the setting `tls`; None if it follows from the host and the TLS files."""
    tls = address.tls
    if tls is None:
        return None if address.is_local and not address.tls_off else "off"
    has_files = tls.authority or tls.certificate or tls.key
    return "verify" if address.is_local and not has_files else None


def _relative_or_absolute(file: Path, path: Path) -> str:
    """Return a file's path for the configuration file: relative below its directory, and absolute elsewhere.

    A path relative to the current directory would mean another file, since relative paths in the configuration file
    are relative to its own directory.
    """
    absolute = absolute_path(file)
    directory = absolute_path(path.parent)
    return str(absolute.relative_to(directory)) if absolute.is_relative_to(directory) else str(absolute)
