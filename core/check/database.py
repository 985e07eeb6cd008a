"""Checks of a practice database and its server: versions, tables, server settings, grants and clock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, text

from core.check.result import CheckResult, CheckResults, CheckStatus
from core.practice.grants import read_grants
from core.practice.indexes import missing_indexes
from core.practice.inspection import DatabaseProfile
from core.practice.required_rights import Right

_MAX_CLOCK_DIFFERENCE = timedelta(seconds=60)
_QUARTER_HOUR = timedelta(minutes=15)


def check_versions(profile: DatabaseProfile) -> CheckResults:
    """Check that the versions of Open Dental and of the database server are supported."""
    known = (21, 1) <= _parse_version(profile.database_version)[:2] <= (24, 4)
    yield CheckResult(
        "open-dental",
        CheckStatus.OK if known else CheckStatus.NOTE,
        f"Open Dental {profile.database_version}" + ("." if known else ": apisetup supports 21.1 to 24.4."),
    )
    if not profile.host:
        yield CheckResult("server-version", CheckStatus.OK, profile.server)
        return
    product, _, version = profile.server.partition(" ")
    numbers = _parse_version(version)
    supported = numbers >= (10, 5) if product == "MariaDB" else (5, 5) <= numbers[:2] < (10,)
    remark = "" if supported else ": apisetup supports MySQL 5.5 to 9 and MariaDB 10.5 and later"
    yield CheckResult(
        "server-version", CheckStatus.OK if supported else CheckStatus.WARNING, f"{profile.server}{remark}."
    )


def check_schema(profile: DatabaseProfile) -> CheckResults:
    """Report the storage engines, and what is unusual about the tables. A missing table would be an earlier error."""
    yield CheckResult("schema", CheckStatus.OK, "All tables and columns that apisetup uses exist.")
    engines = sorted({engine for _, engine in profile.engines})
    yield CheckResult(
        "engines",
        CheckStatus.OK if profile.transactional else CheckStatus.NOTE,
        f"Storage engines: {', '.join(engines)}.",
    )
    for note in profile.notes:
        yield CheckResult(note.id, CheckStatus.NOTE, note.sentence)


def check_server_settings(connection: Connection) -> CheckResults:
    """Report the server's `sql_mode`, and warn if the server is read-only."""
    mode = str(connection.scalar(text("SELECT @@GLOBAL.sql_mode")) or "")
    strictness = "strict" if "STRICT" in mode else "lax, as Open Dental sets it"
    yield CheckResult("sql-mode", CheckStatus.OK, f"The server's sql_mode is {strictness}; apisetup's own is strict.")
    # Which of them exist depends on the server; one that is replicated to has the first or the second.
    names = "'read_only', 'super_read_only', 'tx_read_only', 'transaction_read_only', 'innodb_read_only'"
    rows = connection.execute(text(f"SHOW GLOBAL VARIABLES WHERE Variable_name IN ({names})")).all()
    # MariaDB 12 and later have several values of read_only that mean yes.
    active = sorted(str(name) for name, value in rows if str(value).upper() not in ("OFF", "0"))
    if active:
        yield CheckResult(
            "read-only-server",
            CheckStatus.WARNING,
            f"The server is read-only, as a replica is: {', '.join(active)} is on.",
            "Connect to the server that the practice writes to.",
        )


def check_indexes(connection: Connection) -> CheckResults:
    """Name the indexes of the Audit Trail that are missing, with the statements that create them."""
    missing = missing_indexes(connection)
    if not missing:
        yield CheckResult("indexes", CheckStatus.OK, "The Audit Trail has all indexes that Open Dental creates.")
        return
    names = ", ".join(f"{each.table} ({each.column})" for each in missing)
    yield CheckResult(
        "indexes",
        CheckStatus.WARNING,
        f"Missing indexes: {names}. Searching, verifying and exporting the Audit Trail is slow without them.",
        f"Outside office hours, run: {' '.join(each.statement for each in missing)}",
    )


def check_grants(connection: Connection, profile: DatabaseProfile) -> CheckResults:
    """Check that the database user has the privileges that are needed, and no others."""
    grants = read_grants(connection, profile.database, profile.tables)
    if not grants.known:
        yield CheckResult(
            "grants", CheckStatus.NOTE, "The database user's rights are unknown: its grants can't be read."
        )
        return
    if grants.missing:
        consequence = " apisetup opens the practice read-only." if grants.missing_to_write else ""
        yield CheckResult(
            "grants-missing",
            CheckStatus.WARNING,
            f"Missing rights: {', '.join(grants.missing)}.{consequence}",
            "Run 'apisetup grants' for the script that grants them.",
        )
    else:
        yield CheckResult("grants-missing", CheckStatus.OK, "The database user has all required rights.")
    if grants.elsewhere:
        databases = "1 other database" if grants.elsewhere == 1 else f"{grants.elsewhere} other databases"
        yield CheckResult(
            "grants-elsewhere", CheckStatus.NOTE, f"The database user has the same rights on {databases} of the server."
        )
    optional = [right for right in grants.missing_optional if profile.is_at_least(*right.since)]
    if optional:
        yield CheckResult(
            "grants-optional",
            CheckStatus.NOTE,
            _what_lacks(optional),
            "Run 'apisetup grants' for the script that grants it.",
        )
    if grants.excess:
        yield CheckResult(
            "grants-excess",
            CheckStatus.WARNING,
            f"Rights that apisetup doesn't need: {'; '.join(grants.excess)}.",
            "Create a dedicated user with the script of 'apisetup grants': anyone who obtains this user's"
            " password has all of these rights.",
        )
    else:
        yield CheckResult("grants-excess", CheckStatus.OK, "The database user has no unnecessary rights.")


def check_clock(connection: Connection, clock: Callable[[], datetime]) -> CheckResults:
    """Compare the server's clock with this computer's.

    A difference of whole quarter hours is taken for another time zone, and only noted.

    Args:
        connection: A connection to the server.
        clock: Returns this computer's local time.
    """
    before = clock()
    server_time = connection.scalar(text("SELECT NOW()"))
    after = clock()
    if not isinstance(server_time, datetime):
        return
    # NOW() drops the fraction of a second, which is half a second on average.
    difference = server_time + timedelta(seconds=0.5) - (before + (after - before) / 2)
    zone_offset = round(difference / _QUARTER_HOUR) * _QUARTER_HOUR
    rest = difference - zone_offset
    parts = [f"the clocks are {abs(rest.total_seconds()):.0f} s apart"]
    if zone_offset:
        offset = _format_offset(zone_offset)
        parts.insert(0, f"the server's local time is {offset} of this computer's: another time zone, or a wrong clock")
    wrong = abs(rest) > _MAX_CLOCK_DIFFERENCE
    sentence = "; ".join(parts)
    yield CheckResult(
        "clock",
        CheckStatus.WARNING if wrong else CheckStatus.NOTE if zone_offset else CheckStatus.OK,
        f"{sentence[:1].upper()}{sentence[1:]}.",
        "Audit entries use the server's time. Correct its clock or this computer's." if wrong else "",
    )


def _what_lacks(rights: Sequence[Right]) -> str:
    """Return a sentence for each thing that doesn't work without some optional rights."""
    consequences = dict.fromkeys(right.without for right in rights)
    names = {each: ", ".join(str(right) for right in rights if right.without == each) for each in consequences}
    return " ".join(f"Without {names[each]}, {each}." for each in consequences)


def _parse_version(version: str) -> tuple[int, ...]:
    return tuple(int(part) for part in version.split(".") if part.isascii() and part.isdigit())


def _format_offset(offset: timedelta) -> str:
    minutes = abs(int(offset.total_seconds())) // 60
    return f"{minutes // 60}:{minutes % 60:02d} h {'ahead' if offset > timedelta() else 'behind'}"
