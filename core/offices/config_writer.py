"""Writing offices into the configuration file, whose comments, order and blanks stay as they are."""

from __future__ import annotations

import fcntl
import os
import tomllib
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import tomlkit

from core.base.errors import ConfigurationError
from core.base.private_file import create_private_directory, replace_private_file
from core.database.address import FileAddress
from core.database.tls import is_local
from core.model.api_key import AuthorityName
from core.offices.config import parse_configuration, read_configuration, resolver_for
from core.offices.config_lines import last_line_of, line_of
from core.offices.config_table import Problem, Table
from core.offices.configured_office import ConfiguredOffice, check_name, office_from
from core.offices.password_source import PROMPT


def add_offices(path: Path, offices: Sequence[ConfiguredOffice]) -> None:
    """Add offices at the end of the configuration file, which is made where it is missing; all of them or none.

    Raises:
        ConfigurationError: An office of such a name is there already, or the file cannot be used or written.
    """
    with _exclusive_lock(path):
        there = {office.name.casefold() for office in read_configuration(path).offices}
        for office in offices:
            _check(office, path)
            if office.name.casefold() in there:
                raise ConfigurationError(
                    f"There is an office {office.name} already.", "Choose another name, or remove it first."
                )
            there.add(office.name.casefold())
        text = _read(path)
        apart = "" if not text else "\n" if text.endswith("\n") else "\n\n"
        longer = text + apart + "\n".join(_rendered(office, path) for office in offices)
        _refuse_if_closed(path, longer)
        _write(path, longer)


def remove_office(path: Path, name: str) -> ConfiguredOffice:
    """Take an office out of the configuration file by its whole name; its companion file stays where it is.

    The comment right above it goes along, since above the next office it would be about that one. Comments after its
    last line stay: they may be about what comes next.

    Raises:
        ConfigurationError: There is no such office, or the file cannot be used or written.
    """
    with _exclusive_lock(path):
        office = read_configuration(path).office(name, whole=True)
        _write(path, _without(_read(path), office.name))
    return office


def _rendered(office: ConfiguredOffice, path: Path) -> str:
    table = tomlkit.table()
    for name, value in _values(office).items():
        if value is not None and value is not False:
            table.add(name, _beside(value, path) if isinstance(value, Path) else value)
    tables = tomlkit.table(is_super_table=True)
    tables.add(office.name, table)
    return tomlkit.dumps({"offices": tables})


def _without(text: str, name: str) -> str:
    """The file without the lines of one office; comments in places that are written unusually may go with it."""
    whole = tomllib.loads(text)
    wanted = {**whole, "offices": {other: table for other, table in whole["offices"].items() if other != name}}
    first, last = line_of(text, ("offices", name)), last_line_of(text, ("offices", name))
    if first is not None and last is not None:
        lines = text.split("\n")
        for begin in (_comment_above(lines, first - 1), first - 1):
            shorter = "\n".join(_join_without_gap(lines[:begin], lines[last:]))
            with suppress(ValueError, RecursionError):
                if {"offices": {}, **tomllib.loads(shorter)} == wanted:
                    return shorter
    document: Any = tomlkit.parse(text)
    del document["offices"][name]
    return tomlkit.dumps(document)


def _comment_above(lines: Sequence[str], begin: int) -> int:
    """Where the comment right above a line begins; one at the top of the file is about the file."""
    first = begin
    while first > 0 and lines[first - 1].lstrip().startswith("#"):
        first -= 1
    return first or begin


def _join_without_gap(before: Sequence[str], after: Sequence[str]) -> list[str]:
    """The lines before and after a gap, with one of the blank lines that stood around it; the last line has an end."""
    after = after or [""]
    if after[0].strip():
        return [*before, *after]
    if not before:
        return [*after[1:]]
    return [*(before if before[-1].strip() else before[:-1]), *after]


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return ""


def _refuse_if_closed(path: Path, longer: str) -> None:
    """Refuse where TOML lets nothing be added to what is there: `offices = { … }` is a value, and whole."""
    try:
        tomllib.loads(longer)
    except (ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"The offices in {path} stand in one value, offices = {{ … }}, to which nothing can be added.",
            "Write each of them as a table of its own, [offices.NAME], and try again.",
        ) from error


def _write(path: Path, text: str) -> None:
    """Replace the file; what could not be read afterwards never takes its place."""
    parse_configuration(path, text)
    try:
        replace_private_file(path, text)
    except OSError as error:
        raise ConfigurationError(
            f"The configuration file {path} cannot be written: {error.strerror}.", "It is as it was; correct that."
        ) from error


def _check(office: ConfiguredOffice, path: Path) -> None:
    """Refuse what could not be read again, before a line is blamed that is in no file."""
    try:
        check_name(office.name, ())
    except Problem as problem:
        raise ConfigurationError(f"{problem.sentence[:1].upper()}{problem.sentence[1:]}", problem.hint) from problem
    try:
        table = tomllib.loads(_rendered(office, path))["offices"][office.name]
        office_from(office.name, Table((), table), resolver_for(path))
    except Problem as problem:
        sentence = f"The office {office.name} cannot be added: {problem.sentence}"
        raise ConfigurationError(sentence, problem.hint) from problem


@contextmanager
def _exclusive_lock(path: Path) -> Iterator[None]:
    """Keep other programs of ours from writing the file meanwhile, by a lock on its directory's entry for that."""
    lock = Path(os.path.realpath(path)).with_name(f".{path.name}.lock")
    try:
        create_private_directory(lock.parent)
        handle = os.open(lock, os.O_CREAT | os.O_RDWR, 0o600)
    except OSError as error:
        raise ConfigurationError(
            f"The directory {lock.parent} cannot be written: {error.strerror}.", "Correct that."
        ) from error
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def _values(office: ConfiguredOffice) -> dict[str, str | int | bool | Path | None]:
    address = office.address
    common: dict[str, str | int | bool | Path | None] = {
        "authority": office.authority.value if office.authority else None,
        "license_file": office.license_file,
        "license_title": office.license_title,
        "read_only": office.read_only,
        "production": office.production,
        "lock_after_minutes": office.lock_after_minutes,
    }
    if isinstance(address, FileAddress):
        if office.authority is AuthorityName.HEADQUARTERS:
            raise ConfigurationError("An SQLite practice has no headquarters.", "Leave out --authority.")
        return {"file": address.path, **common}
    local = is_local(address.host, address.socket)
    tls = address.tls
    plain = tls is not None and not (tls.authority or tls.certificate or tls.key)
    return {
        "host": None if address.socket else address.host,
        "port": None if address.socket or address.port == 3306 else address.port,
        "socket": Path(address.socket) if address.socket else None,
        "database": address.database,
        "user": address.user,
        "password_from": None if office.password_from == PROMPT else str(office.password_from),
        "tls": "off" if tls is None and not local else "verify" if plain and local else None,
        "tls_ca": tls.authority if tls else None,
        "tls_cert": tls.certificate if tls else None,
        "tls_key": tls.key if tls else None,
        "companion": office.companion,
        "headquarters_url": office.headquarters_url or None,
        **common,
    }


def _beside(file: Path, path: Path) -> str:
    """A file as the configuration names it: in full, since this command may run anywhere; short where it is beside."""
    full = file if file.is_absolute() else Path.cwd() / file
    directory = path.parent if path.parent.is_absolute() else Path.cwd() / path.parent
    return str(full.relative_to(directory)) if full.is_relative_to(directory) else str(full)
