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
    InsecureConnection,
    LoginRefused,
    NoSuchDatabase,
    NotAPractice,
    ServerUnreachable,
)
from core.base.secret import Secret
from core.check.headquarters import check_authority
from core.check.result import CheckResult, CheckStatus
from core.companion.migrations import needs_migration
from core.database.address import Address, FileAddress, ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import read_only_file_engine, refuse_writes, server_engine
from core.database.tls import is_local
from core.offices.open_request import OpenRequest
from core.opendental.permission_types import Permission
from core.practice.grants import read_grants
from core.practice.inspection import DatabaseProfile, inspect_database
from core.practice.practice import OPENED_READ_ONLY, Practice
from core.users.service import UserService

Found = Iterator[CheckResult]

_STEPS_TO_SERVER = ("address", "server", "tls", "database-user", "practice")
_STEPS_TO_FILE = ("address", "practice")
_UNREACHED = {
    ServerUnreachable: "server",
    InsecureConnection: "tls",
    LoginRefused: "database-user",
    NoSuchDatabase: "practice",
    NotAPractice: "practice",
}
_CLOCKS_APART = timedelta(seconds=60)
_QUARTER = timedelta(minutes=15)


def check_office(opening: OpenRequest, password: Secret, user: str | None) -> tuple[CheckResult, ...]:
    """Check a practice; this blocks.

    Args:
        opening: Which practice.
        password: Of its database user.
        user: The name of an Open Dental user whose permissions are looked at; nobody is signed in.
    """
    found: list[CheckResult] = []
    steps = _STEPS_TO_SERVER if opening.on_server else _STEPS_TO_FILE
    try:
        found += _resolved(opening.address)
        if found and found[-1].state is CheckStatus.FAILED:
            return (*found, *map(_not_checked, steps[1:]))
        with _connected(opening, password) as engine:
            found += _checked(opening, engine, user)
    except ApiSetupError as error:
        told = {each.id for each in found}
        unforeseen = next((name for name in steps if name not in told), steps[1])
        step = next((name for kind, name in _UNREACHED.items() if isinstance(error, kind)), unforeseen)
        found.append(CheckResult(step, CheckStatus.FAILED, error.sentence, error.hint))
        found += (_not_checked(name) for name in steps[steps.index(step) + 1 :] if name not in told)
    return tuple(found)


def _not_checked(name: str) -> CheckResult:
    return CheckResult(name, CheckStatus.NOT_CHECKED, "Not checked, because of what failed before.")


def _resolved(address: Address) -> Found:
    if isinstance(address, FileAddress) and not address.path.is_file():
        yield CheckResult(
            "address",
            CheckStatus.FAILED,
            f"There is no file {address.path}.",
            "Name another one, or open it once, not read-only, to have it made.",
        )
        return
    if isinstance(address, FileAddress) or address.socket:
        yield CheckResult("address", CheckStatus.OK, address.label)
        return
    try:
        found = socket.getaddrinfo(address.host, address.port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        yield CheckResult(
            "address",
            CheckStatus.FAILED,
            f"The name {address.host} cannot be found.",
            "Check how it is written, and whether this computer's name service answers.",
        )
        return
    places = ", ".join(dict.fromkeys(str(each[4][0]) for each in found))
    yield CheckResult(
        "address", CheckStatus.OK, address.label if places == address.host else f"{address.label} ({places})"
    )


@contextmanager
def _connected(opening: OpenRequest, password: Secret) -> Iterator[Engine]:
    address = opening.address
    if isinstance(address, ServerAddress):
        engine = refuse_writes(server_engine(address, password))
    else:
        engine = read_only_file_engine(address.path)
    try:
        yield engine
    finally:
        engine.dispose()


def _checked(opening: OpenRequest, engine: Engine, user: str | None) -> Found:
    opened = yield from _opened(opening.address, engine)
    with translate_errors(), opened as plain:
        connection = plain.execution_options(read_only=True)
        connection.scalar(text("SELECT 1"))
        if isinstance(opening.address, ServerAddress):
            yield CheckResult("server", CheckStatus.OK, "The server answers.")
            yield _line(opening.address, connection)
            yield CheckResult("database-user", CheckStatus.OK, str(connection.scalar(text("SELECT CURRENT_USER()"))))
        profile = inspect_database(connection)
        yield CheckResult("practice", CheckStatus.OK, profile.practice_title or "(practice without a title)")
        yield from _versions(profile)
        yield from _tables(profile)
        if profile.host:
            yield from _server(connection)
            yield from _rights(connection, profile)
            yield from _clock(connection, opening.runtime.clock)
    practice = Practice(engine, profile, opening.runtime.clock, opening.runtime.random, read_only=OPENED_READ_ONLY)
    yield from _user(practice, opening, user)
    yield from _companion(opening)
    yield from check_authority(practice, opening)


def _opened(address: Address, engine: Engine) -> Generator[CheckResult, None, Connection]:
    contexts = _contexts_of(engine)
    try:
        with translate_errors():
            return engine.connect()
    except (InsecureConnection, LoginRefused, NoSuchDatabase) as refusal:
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
    yield CheckResult("server", CheckStatus.OK, "The server answers.")
    if isinstance(refusal, InsecureConnection):
        return
    if address.tls is None:
        yield _open_line(address)
    elif any(context.session_stats()["connect_good"] for context in contexts):
        yield CheckResult("tls", CheckStatus.OK, "Encrypted and verified.")
    else:
        yield _not_checked("tls")
    if isinstance(refusal, NoSuchDatabase):
        yield CheckResult("database-user", CheckStatus.OK, "The server accepts the database user and its password.")


def _line(address: ServerAddress, connection: Connection) -> CheckResult:
    if address.tls is None:
        return _open_line(address)
    rows = connection.execute(text("SHOW SESSION STATUS LIKE 'Ssl_%'")).all()
    status = {str(name): str(value) for name, value in rows}
    version, cipher = status.get("Ssl_version", ""), status.get("Ssl_cipher", "")
    if not version:
        return CheckResult("tls", CheckStatus.FAILED, "The server says that the line is open.")
    return CheckResult("tls", CheckStatus.OK, f"Encrypted and verified: {version}, {cipher}.")


def _open_line(address: ServerAddress) -> CheckResult:
    if is_local(address.host, address.socket):
        return CheckResult("tls", CheckStatus.OK, "Not needed: the line stays on this computer.")
    return CheckResult(
        "tls", CheckStatus.WARNING, "The line leaves this computer and is not encrypted.", "Leave out --tls off."
    )


# -- the practice ----------------------------------------------------------------------


def _versions(profile: DatabaseProfile) -> Found:
    number = _numbers(profile.database_version)
    known = (21, 1) <= number[:2] <= (24, 4)
    yield CheckResult(
        "open-dental",
        CheckStatus.OK if known else CheckStatus.NOTE,
        f"Open Dental {profile.database_version}" + ("." if known else ": apisetup knows 21.1 to 24.4."),
    )
    if not profile.host:
        yield CheckResult("server-version", CheckStatus.OK, profile.server)
        return
    product, _, version = profile.server.partition(" ")
    numbers = _numbers(version)
    supported = numbers >= (10, 5) if product == "MariaDB" else (5, 5) <= numbers[:2] <= (8, 0)
    words = "" if supported else ": apisetup is made for MySQL 5.5 to 8.0 and MariaDB 10.5 and later"
    yield CheckResult(
        "server-version", CheckStatus.OK if supported else CheckStatus.WARNING, f"{profile.server}{words}."
    )


def _numbers(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())


def _tables(profile: DatabaseProfile) -> Found:
    yield CheckResult("schema", CheckStatus.OK, "Every table and column that apisetup uses is there.")
    engines = sorted({engine for _, engine in profile.engines})
    mixed = f"Storage engines: {', '.join(engines)}."
    yield CheckResult("engines", CheckStatus.OK if profile.transactional else CheckStatus.NOTE, mixed)
    for number, note in enumerate(profile.notes, start=1):
        yield CheckResult(f"note-{number}", CheckStatus.NOTE, note)


def _server(connection: Connection) -> Found:
    mode = str(connection.scalar(text("SELECT @@GLOBAL.sql_mode")) or "")
    lax = "STRICT" not in mode
    words = "lax, as Open Dental sets it" if lax else "strict"
    yield CheckResult("sql-mode", CheckStatus.OK, f"The server's sql_mode is {words}; apisetup's own is strict.")
    if connection.scalar(text("SELECT @@GLOBAL.read_only")) in (1, "1", "ON"):
        yield CheckResult(
            "read-only-server",
            CheckStatus.WARNING,
            "The server is read-only for ordinary users, as a replica is.",
            "Connect to the server that the practice writes to.",
        )


def _rights(connection: Connection, profile: DatabaseProfile) -> Found:
    grants = read_grants(connection, profile.database, profile.tables)
    if not grants.known:
        yield CheckResult(
            "grants", CheckStatus.NOTE, "What the database user may do is not known: its grants cannot be read."
        )
        return
    why = " Nothing can be written: apisetup opens it read-only." if grants.missing_to_write else ""
    if grants.missing:
        yield CheckResult(
            "grants-missing",
            CheckStatus.WARNING,
            f"Rights that are missing: {', '.join(grants.missing)}.{why}",
            "The README has the script that grants them.",
        )
    else:
        yield CheckResult("grants-missing", CheckStatus.OK, "No right is missing.")
    if grants.excess:
        yield CheckResult(
            "grants-excess",
            CheckStatus.WARNING,
            f"Rights that apisetup does not need: {'; '.join(grants.excess)}.",
            "Make a user of its own with the README's script: whoever gets hold of this one gets all of that.",
        )
    else:
        yield CheckResult("grants-excess", CheckStatus.OK, "No right is more than needed.")


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
    yield CheckResult(
        "clock",
        CheckStatus.WARNING if wrong else CheckStatus.NOTE if zone else CheckStatus.OK,
        f"{sentence[:1].upper()}{sentence[1:]}.",
        "Audit entries have the server's time; set its clock, or this one." if wrong else "",
    )


def _hours(zone: timedelta) -> str:
    minutes = abs(int(zone.total_seconds())) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h {'ahead' if zone > timedelta() else 'behind'}"


# -- who, and what is ours ---------------------------------------------------------------


def _user(practice: Practice, opening: OpenRequest, name: str | None) -> Found:
    asked = name if opening.on_server else opening.runtime.account
    if not asked:
        yield CheckResult("user", CheckStatus.NOTE, "No Open Dental user was named.", "--user NAME looks at one.")
        return
    rights = UserService(practice, "").rights(asked)
    if rights is None or rights.hidden:
        why = "is hidden, so nobody signs in with it" if rights else "is not there"
        yield CheckResult("user", CheckStatus.WARNING, f"The Open Dental user {asked} {why}.", "Name another one.")
        return
    if rights.locked_until is not None:
        yield CheckResult(
            "user-locked",
            CheckStatus.WARNING,
            f"{rights.name} is locked until {rights.locked_until:%H:%M:%S}.",
            "Wait.",
        )
    for permission in (Permission.SETUP, Permission.AUDIT_TRAIL):
        there = permission in rights.permissions
        yield CheckResult(
            f"user-{permission.label.lower()}",
            CheckStatus.OK if there else CheckStatus.WARNING,
            f"{rights.name} {'has' if there else 'lacks'} the permission {permission.label}.",
            "" if there else "Someone with SecurityAdmin can grant it in Open Dental, Setup > Security.",
        )


def _companion(opening: OpenRequest) -> Found:
    path = opening.companion_file
    if not path.exists():
        yield CheckResult("companion", CheckStatus.NOTE, f"{path} is made when the practice is opened.")
        return
    mode = stat.S_IMODE(path.stat().st_mode)
    if mode & 0o077:
        yield CheckResult(
            "companion",
            CheckStatus.WARNING,
            f"{path} has mode {mode:04o}, so others can read it.",
            f"Run: chmod 600 {shlex.quote(str(path))}",
        )
        return
    try:
        old = _is_old(path)
    except ApiSetupError as error:
        yield CheckResult("companion", CheckStatus.WARNING, error.sentence, error.hint)
        return
    yield CheckResult(
        "companion",
        CheckStatus.NOTE if old else CheckStatus.OK,
        f"{path} is brought up to date when the practice is opened." if old else f"{path} is there and up to date.",
    )


def _is_old(path: Path) -> bool:
    engine = read_only_file_engine(path)
    try:
        with translate_errors(), engine.connect() as plain:
            return needs_migration(plain.execution_options(read_only=True))
    finally:
        engine.dispose()
