"""Checks whether everything works in a practice, from the line to the rights, without writing anything anywhere."""

from __future__ import annotations

import shlex
import socket
import stat
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from ssl import SSLContext
from typing import Any

from sqlalchemy import Connection, Engine, event, text

from core.base.errors import (
    ApiSetupError,
    InsecureLine,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    ServerUnreachable,
)
from core.base.secret import Secret
from core.check.headquarters import check_authority
from core.check.result import Finding, State
from core.companion.migrations import pending
from core.database.address import Address, FileAddress, ServerAddress
from core.database.engines import existing_file_engine, forbid_writing, server_engine, translated
from core.database.tls import is_local
from core.offices.open_request import Opening
from core.opendental.permission_types import Permission
from core.practice.grants import read_grants
from core.practice.inspection import Shape, probe
from core.practice.practice import AS_ASKED, Practice
from core.users.service import UserService

Found = Iterator[Finding]

_STEPS_TO_SERVER = ("address", "server", "tls", "database-user", "practice")
_STEPS_TO_FILE = ("address", "practice")
_UNREACHED = {
    ServerUnreachable: "server",
    InsecureLine: "tls",
    LoginRefused: "database-user",
    NoSuchDatabase: "practice",
    NotAPractice: "practice",
}
_CLOCKS_APART = timedelta(seconds=60)
_QUARTER = timedelta(minutes=15)


def check_office(opening: Opening, password: Secret, user: str | None) -> tuple[Finding, ...]:
    """Check a practice; this blocks.

    Args:
        opening: Which practice.
        password: Of its database user.
        user: The name of an Open Dental user whose permissions are looked at; nobody is signed in.
    """
    found: list[Finding] = []
    steps = _STEPS_TO_SERVER if opening.on_server else _STEPS_TO_FILE
    try:
        found += _resolved(opening.address)
        if found and found[-1].state is State.FAILED:
            return (*found, *map(_not_checked, steps[1:]))
        with _connected(opening, password) as engine:
            found += _checked(opening, engine, user)
    except ApiSetupError as error:
        told = {each.id for each in found}
        unforeseen = next((name for name in steps if name not in told), steps[1])
        step = next((name for kind, name in _UNREACHED.items() if isinstance(error, kind)), unforeseen)
        found.append(Finding(step, State.FAILED, error.sentence, error.hint))
        found += (_not_checked(name) for name in steps[steps.index(step) + 1 :] if name not in told)
    return tuple(found)


def _not_checked(name: str) -> Finding:
    return Finding(name, State.NOT_CHECKED, "Not checked, because of what failed before.")


def _resolved(address: Address) -> Found:
    if isinstance(address, FileAddress) and not address.path.is_file():
        yield Finding(
            "address",
            State.FAILED,
            f"There is no file {address.path}.",
            "Name another one, or open it once, not read-only, to have it made.",
        )
        return
    if isinstance(address, FileAddress) or address.socket:
        yield Finding("address", State.OK, address.label)
        return
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        yield Finding(
            "address",
            State.FAILED,
            f"The name {address.host} cannot be found.",
            "Check how it is written, and whether this computer's name service answers.",
        )
        return
    places = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
    yield Finding("address", State.OK, address.label if places == address.host else f"{address.label} ({places})")


@contextmanager
def _connected(opening: Opening, password: Secret) -> Iterator[Engine]:
    address = opening.address
    if isinstance(address, ServerAddress):
        engine = forbid_writing(server_engine(address, password))
    else:
        engine = existing_file_engine(address.path)
    try:
        yield engine
    finally:
        engine.dispose()


def _checked(opening: Opening, engine: Engine, user: str | None) -> Found:
    opened = yield from _opened(opening.address, engine)
    with translated(), opened as plain:
        connection = plain.execution_options(read_only=True)
        connection.scalar(text("SELECT 1"))
        if isinstance(opening.address, ServerAddress):
            yield Finding("server", State.OK, "The server answers.")
            yield _line(opening.address, connection)
            yield Finding("database-user", State.OK, str(connection.scalar(text("SELECT CURRENT_USER()"))))
        shape = probe(connection)
        yield Finding("practice", State.OK, shape.practice_title or "(practice without a title)")
        yield from _versions(shape)
        yield from _tables(shape)
        if shape.host:
            yield from _server(connection)
            yield from _rights(connection, shape)
            yield from _clock(connection, opening.surroundings.clock)
    practice = Practice(engine, shape, opening.surroundings.clock, opening.surroundings.random, read_only=AS_ASKED)
    yield from _user(practice, opening, user)
    yield from _companion(opening)
    yield from check_authority(practice, opening)


def _opened(address: Address, engine: Engine) -> Generator[Finding, None, Connection]:
    contexts = _contexts_of(engine)
    try:
        with translated():
            return engine.connect()
    except (InsecureLine, LoginRefused, NoSuchDatabase) as refusal:
        if isinstance(address, ServerAddress):
            yield from _before_refusal(address, refusal, contexts)
        raise


def _contexts_of(engine: Engine) -> list[SSLContext]:
    """Collects what the driver encrypts its lines with, which counts those that came to be."""
    contexts: list[SSLContext] = []

    @event.listens_for(engine, "do_connect")
    def _collect(_dialect: object, _record: object, _arguments: object, options: dict[str, Any]) -> None:
        if "ssl" in options:
            contexts.append(options["ssl"])

    return contexts


def _before_refusal(address: ServerAddress, refusal: ApiSetupError, contexts: list[SSLContext]) -> Found:
    """What a server's refusal says of the steps before it; no more than is certain."""
    yield Finding("server", State.OK, "The server answers.")
    if isinstance(refusal, InsecureLine):
        return
    if address.tls is None:
        yield _open_line(address)
    elif any(context.session_stats()["connect_good"] for context in contexts):
        yield Finding("tls", State.OK, "Encrypted and verified.")
    else:
        yield _not_checked("tls")
    if isinstance(refusal, NoSuchDatabase):
        yield Finding("database-user", State.OK, "The server accepts the database user and its password.")


def _line(address: ServerAddress, connection: Connection) -> Finding:
    if address.tls is None:
        return _open_line(address)
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_%'")).all()
    status = {str(name): str(value) for name, value in rows}
    version, cipher = status.get("Ssl_version", ""), status.get("Ssl_cipher", "")
    if not version:
        return Finding("tls", State.FAILED, "The server says that the line is open.")
    return Finding("tls", State.OK, f"Encrypted and verified: {version}, {cipher}.")


def _open_line(address: ServerAddress) -> Finding:
    if is_local(address.host, address.socket):
        return Finding("tls", State.OK, "Not needed: the line stays on this computer.")
    return Finding("tls", State.WARNING, "The line leaves this computer and is not encrypted.", "Leave out --tls off.")


# -- the practice ----------------------------------------------------------------------


def _versions(shape: Shape) -> Found:
    number = _numbers(shape.database_version)
    known = (21, 1) <= number[:2] <= (24, 4)
    yield Finding(
        "open-dental",
        State.OK if known else State.NOTE,
        f"Open Dental {shape.database_version}" + ("." if known else ": apisetup knows 21.1 to 24.4."),
    )
    if not shape.host:
        yield Finding("server-version", State.OK, shape.server)
        return
    product, _, version = shape.server.partition(" ")
    numbers = _numbers(version)
    supported = numbers >= (10, 5) if product == "MariaDB" else (5, 5) <= numbers[:2] <= (8, 0)
    words = "" if supported else ": apisetup is made for MySQL 5.5 to 8.0 and MariaDB 10.5 and later"
    yield Finding("server-version", State.OK if supported else State.WARNING, f"{shape.server}{words}.")


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())


def _tables(shape: Shape) -> Found:
    yield Finding("schema", State.OK, "Every table and column that apisetup uses is there.")
    engines = sorted({engine for _, engine in shape.engines})
    mixed = f"Storage engines: {', '.join(engines)}."
    yield Finding("engines", State.OK if shape.transactional else State.NOTE, mixed)
    for number, note in enumerate(shape.notes, start=1):
        yield Finding(f"note-{number}", State.NOTE, note)


def _server(connection: Connection) -> Found:
    mode = str(connection.scalar(text("SELECT @@GLOBAL.sql_mode")) or "")
    lax = "STRICT" not in mode
    words = "lax, as Open Dental sets it" if lax else "strict"
    yield Finding("sql-mode", State.OK, f"The server's sql_mode is {words}; apisetup's own is strict.")
    if connection.scalar(text("SELECT @@GLOBAL.read_only")) in (1, "1", "ON"):
        yield Finding(
            "read-only-server",
            State.WARNING,
            "The server is read-only for ordinary users, as a replica is.",
            "Connect to the server that the practice writes to.",
        )


def _rights(connection: Connection, shape: Shape) -> Found:
    grants = read_grants(connection, shape.database, shape.tables)
    if not grants.known:
        yield Finding("grants", State.NOTE, "What the database user may do is not known: its grants cannot be read.")
        return
    why = " Nothing can be written: apisetup opens it read-only." if grants.why_no_writing else ""
    if grants.missing:
        yield Finding(
            "grants-missing",
            State.WARNING,
            f"Rights that are missing: {', '.join(grants.missing)}.{why}",
            "The README has the script that grants them.",
        )
    else:
        yield Finding("grants-missing", State.OK, "No right is missing.")
    if grants.excess:
        yield Finding(
            "grants-excess",
            State.WARNING,
            f"Rights that apisetup does not need: {'; '.join(grants.excess)}.",
            "Make a user of its own with the README's script: whoever gets hold of this one gets all of that.",
        )
    else:
        yield Finding("grants-excess", State.OK, "No right is more than needed.")


def _clock(connection: Connection, clock: Callable[[], datetime]) -> Found:
    before = clock()
    there = connection.scalar(text("SELECT NOW()"))
    after = clock()
    if not isinstance(there, datetime):
        return
    # The server cuts its seconds off, so half of one is the likeliest.
    apart = there + timedelta(seconds=0.5) - (before + (after - before) / 2)
    zone = round(apart / _QUARTER) * _QUARTER
    rest = apart - zone
    words = []
    if zone:
        words.append(
            f"the server's local time is {_hours(zone)} of this computer's: another time zone, or a wrong clock"
        )
    words.append(f"the clocks are {abs(rest.total_seconds()):.0f} s apart")
    wrong = abs(rest) > _CLOCKS_APART
    sentence = "; ".join(words)
    yield Finding(
        "clock",
        State.WARNING if wrong else State.NOTE if zone else State.OK,
        f"{sentence[:1].upper()}{sentence[1:]}.",
        "Audit entries have the server's time; set its clock, or this one." if wrong else "",
    )


def _hours(zone: timedelta) -> str:
    minutes = abs(int(zone.total_seconds())) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h {'ahead' if zone > timedelta() else 'behind'}"


# -- who, and what is ours ---------------------------------------------------------------


def _user(practice: Practice, opening: Opening, name: str | None) -> Found:
    asked = name if opening.on_server else opening.surroundings.account
    if not asked:
        yield Finding("user", State.NOTE, "No Open Dental user was named.", "--user NAME looks at one.")
        return
    rights = UserService(practice, "").rights(asked)
    if rights is None or rights.hidden:
        why = "is hidden, so nobody signs in with it" if rights else "is not there"
        yield Finding("user", State.WARNING, f"The Open Dental user {asked} {why}.", "Name another one.")
        return
    if rights.locked_until is not None:
        yield Finding(
            "user-locked", State.WARNING, f"{rights.name} is locked until {rights.locked_until:%H:%M:%S}.", "Wait."
        )
    for permission in (Permission.SETUP, Permission.AUDIT_TRAIL):
        there = permission in rights.permissions
        yield Finding(
            f"user-{permission.label.lower()}",
            State.OK if there else State.WARNING,
            f"{rights.name} {'has' if there else 'lacks'} the permission {permission.label}.",
            "" if there else "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
        )


def _companion(opening: Opening) -> Found:
    path = opening.companion_file
    if not path.exists():
        yield Finding("companion", State.NOTE, f"{path} is made when the practice is opened.")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield Finding(
            "companion",
            State.WARNING,
            f"{path} has mode {mode:04o}, so others can read it.",
            f"Run: chmod 600 {shlex.quote(str(path))}",
        )
        return
    try:
        old = _is_old(path)
    except ApiSetupError as error:
        yield Finding("companion", State.WARNING, error.sentence, error.hint)
        return
    yield Finding(
        "companion",
        State.NOTE if old else State.OK,
        f"{path} is brought up to date when the practice is opened." if old else f"{path} is there and up to date.",
    )


def _is_old(path: Path) -> bool:
    engine = existing_file_engine(path)
    try:
        with translated(), engine.connect() as plain:
            return pending(plain.execution_options(read_only=True))
    finally:
        engine.dispose()
