"""Reading ranges of audit entries as long lists of numbers, times and digests, one statement for each range.

A driver takes longer to convert a row than a server takes to hash it. So the server joins the values of a whole range
into a few long texts, and returns only those.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from operator import lt
from typing import Any

from sqlalchemy import (
    Boolean,
    ColumnElement,
    Connection,
    Dialect,
    LargeBinary,
    Select,
    String,
    bindparam,
    case,
    func,
    literal_column,
    null,
    or_,
    select,
)

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.verification_report import Suspect
from core.model.audit_events import our_kinds
from core.opendental import sqlite_hashes
from core.opendental.column_types import server_time
from core.opendental.entry_digest import (
    COMPUTER_SQL,
    DIGEST_BYTES,
    DIGEST_COLUMNS,
    HASH_FROM_STORED,
    HEAD_SQL,
    digest_sql,
    joined_sql,
    moment_number,
    read_digests,
    row_digest,
)
from core.opendental.log_hash_sql import HASH_IN_HEX, fingerprint_sql, seems_altered
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH

_MOMENT = "2024-11-04 10:30:00,"
_FIRST_MOMENT = 18800101000000
"""Earlier times mean no date."""
_DIGESTS_AT_ONCE = 500
_UNREACHED = 1_000_000
_STORED_IN_FILE = f"ifnull(securityloghash.LogHash, {sqlite_hashes.HASH})"
_JOIN = SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num
# Without parameters, which would have to be passed for each range.
_OWN: ColumnElement[bool] = literal_column(
    f"securitylog.PermType IN ({', '.join(str(int(kind)) for kind in our_kinds())})"
    " AND securitylog.LogText LIKE '% by %'",
    Boolean(),
)


@dataclass(frozen=True)
class RangeContents:
    """The entries of a range, in the order of their numbers."""

    numbers: Sequence[int]
    moments: Sequence[int]
    """Their times as numbers such as 20241104103000; 0 for no date."""
    digests: bytes = b""
    """The digests of the entries, 32 bytes each; empty if they weren't read."""
    own: Sequence[int] = ()
    """The numbers of the entries that this program may have written: their texts name a user."""
    suspects: dict[int, Suspect] = field(default_factory=dict)
    """The entries whose hash seems to be missing or not to match, by number, if hashes were checked."""
    fingerprint: str = ""
    """The SHA-256 of the numbers and the hashes that the entries should have; empty if it wasn't read."""
    paired: bool = False
    """True if each entry has its right hash and no other one, and no hash among their numbers lacks its entry."""


class RangeReader:
    """Reads ranges of entries.

    Args:
        computed_by_database: True if the database can compute hashes.
        hashes: True to compare the entries with their hashes.
        digests: True to read the digests of the entries.
        fingerprint: True to read a fingerprint of the hashes instead of comparing them, from a server that can compute
            hashes.
    """

    def __init__(self, *, computed_by_database: bool, hashes: bool, digests: bool, fingerprint: bool = False) -> None:
        self._computed_by_database = computed_by_database
        self._hashes = hashes
        self._digests = digests
        self._fingerprint = fingerprint
        self._statement: Select[Any] | None = None
        self._of_span: Select[Any] | None = None

    def read(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> RangeContents:
        """Read the entries that match."""
        if self._computed_by_database:
            contents = self.contents(self._read_joined(connection, conditions))
            if contents is not None:
                return _with_digests_of_altered(connection, contents) if self._hashes and self._digests else contents
        return self._read_rows(connection, conditions)

    def read_span(self, connection: Connection, span: tuple[int, int]) -> Sequence[Any]:
        """Return the entries with numbers after one and up to another, as the database joins them, for `contents`."""
        if self._of_span is None:
            number = SECURITY_LOG.c.security_log_num
            conditions = (number > bindparam("after"), number <= bindparam("last"))
            twice = self._fingerprint and self._digests
            statement = self._new_statement(connection.dialect)
            self._of_span = _hashing_once(conditions) if twice else statement.where(*conditions)
        after, last = span
        return connection.execute(self._of_span, {"after": after, "last": last}).one()

    def contents(self, joined: Sequence[Any]) -> RangeContents | None:
        """Return a range that was joined to long texts; None if one was cut off, or a time isn't as expected."""
        count, *texts, raw = joined
        joined_numbers, joined_moments, own, joined_suspects, fingerprint = map(_text, texts)
        numbers, moments, digests = _integers(joined_numbers), _moments(joined_moments, count), bytes(raw or b"")
        suspects = [each.split("/") for each in joined_suspects.split(",") if each]
        if moments is None or len(numbers) != count or any(len(each) != 3 for each in suspects):
            return None
        if self._digests and len(digests) != count * DIGEST_BYTES:
            return None
        by_number = {int(number): Suspect(moment, has_hash == "1") for number, has_hash, moment in suspects}
        contents = _in_order(numbers, moments, digests, by_number, _integers(own))
        return replace(contents, fingerprint=fingerprint) if fingerprint else contents

    def _read_joined(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> Sequence[Any]:
        if self._statement is None:
            self._statement = self._new_statement(connection.dialect)
        return connection.execute(self._statement.where(*conditions)).one()

    def _new_statement(self, dialect: Dialect) -> Select[Any]:
        """Return the statement whose row has the count, and then what `contents` reads.

        It has no query inside it, because a server would write the values of each row to a temporary table.
        """
        number, moment = _sql("securitylog.SecurityLogNum"), _sql("securitylog.LogDateTime")
        columns = (func.count(), _joined(number), _joined(moment), _joined(case((_OWN, number))))
        if not self._hashes:
            digests = _joined_digests(dialect, with_hashes=False) if self._digests else null()
            fingerprint = _sql(fingerprint_sql()) if self._fingerprint else null()
            return _select(*columns, null(), fingerprint, digests).select_from(SECURITY_LOG)
        stored = SECURITY_LOG_HASH.c.log_hash
        suspect = or_(stored.is_(None), seems_altered(dialect))
        named = number.concat("/").concat(stored.is_not(None)).concat("/").concat(moment)
        digests = _joined_digests(dialect, with_hashes=True) if self._digests else null()
        hashed = SECURITY_LOG.outerjoin(SECURITY_LOG_HASH, _JOIN)
        return _select(*columns, _joined(case((suspect, named))), null(), digests).select_from(hashed)

    def _read_rows(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> RangeContents:
        """Read a range row by row, and compute hashes and digests here."""
        log, stored = SECURITY_LOG.c, SECURITY_LOG_HASH.c
        query = select(*DIGEST_COLUMNS, STORED_MOMENT, *([stored.log_hash] if self._hashes else []))
        if self._hashes:
            query = query.outerjoin(SECURITY_LOG_HASH, stored.security_log_num == log.security_log_num)
        numbers, moments, own, digests = [], [], [], bytearray()
        suspects: dict[int, Suspect] = {}
        row: Sequence[Any]
        for row in connection.execute(query.where(*conditions).order_by(log.security_log_num)):
            digest, computed = row_digest(row[: len(DIGEST_COLUMNS)])
            numbers.append(row[0])
            moments.append(moment_number(server_time(row[3])))
            digests += digest
            if _is_own(row[1], row[10]):
                own.append(row[0])
            if self._hashes and row[-1] != computed:
                suspects[row[0]] = Suspect(str(row[len(DIGEST_COLUMNS)]), row[-1] is not None)
        return _in_order(numbers, moments, bytes(digests) if self._digests else b"", suspects, own)


def _with_digests_of_altered(connection: Connection, contents: RangeContents) -> RangeContents:
    """Return the contents with the right digests of the entries whose stored hash is wrong: they were made of it."""
    altered = [number for number, suspect in contents.suspects.items() if suspect.has_hash]
    digests = bytearray(contents.digests)
    for start in range(0, len(altered), _DIGESTS_AT_ONCE):
        for number, digest in read_digests(connection, altered[start : start + _DIGESTS_AT_ONCE]).items():
            place = bisect_left(contents.numbers, number)
            digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES] = digest
    return replace(contents, digests=bytes(digests)) if altered else contents


def _is_own(perm_type: int, text: str | None) -> bool:
    return perm_type in our_kinds() and " by " in (text or "")


def _integers(joined: str) -> list[int]:
    return list(map(int, joined.split(","))) if joined else []


def _moments(joined: str, count: int) -> list[int] | None:
    """Return joined times as numbers; None if they aren't so many, or not all to the second."""
    if len(joined) != max(count * len(_MOMENT) - 1, 0):
        return None
    if not joined:
        return []
    try:
        moments = list(map(int, joined.encode().translate(None, b"-: ").split(b",")))
    except ValueError:
        return None
    if len(moments) != count:
        return None
    # A comparison of all first, since nearly always all have a date.
    no_date = min(moments, default=_FIRST_MOMENT) < _FIRST_MOMENT
    return [moment if moment >= _FIRST_MOMENT else 0 for moment in moments] if no_date else moments


def _in_order(
    numbers: list[int], moments: list[int], digests: bytes, suspects: dict[int, Suspect], own: Sequence[int]
) -> RangeContents:
    """Return the contents with each entry once, in the order of the numbers. An entry may have several hashes."""
    if all(map(lt, numbers, islice(numbers, 1, None))):
        return RangeContents(numbers, moments, digests, own, suspects)
    places = {number: place for place, number in enumerate(numbers)}
    order = [places[number] for number in sorted(places)]
    ordered = [digests[place * DIGEST_BYTES : (place + 1) * DIGEST_BYTES] for place in order]
    return RangeContents(
        [numbers[place] for place in order],
        [moments[place] for place in order],
        b"".join(ordered),
        sorted({*own}),
        suspects,
    )


def _text(value: str | bytes | None) -> str:
    return value.decode() if isinstance(value, bytes) else value or ""


def _sql(text: str) -> ColumnElement[str]:
    return literal_column(text, String())


def _joined(value: ColumnElement[Any]) -> ColumnElement[str]:
    return func.group_concat(value)


def _joined_digests(dialect: Dialect, *, with_hashes: bool) -> ColumnElement[bytes]:
    """Return the digests of all entries; with their hashes, those that are wrong if the hash is."""
    if dialect.name == "sqlite":
        sql = sqlite_hashes.digests_sql(*([_STORED_IN_FILE] if with_hashes else []))
    else:
        digest = digest_sql(HASH_FROM_STORED) if with_hashes else digest_sql()
        sql = f"GROUP_CONCAT({digest} SEPARATOR '')"
    return literal_column(sql, LargeBinary())


def _hashing_once(conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
    """Return the statement with fingerprint and digests, both of which need each entry's hash.

    The query inside it computes the hash, which takes longer than to write the short values of the rows to a temporary
    table in memory. Its limit, which no range reaches, keeps the server from merging it with the outer one.
    """
    inner = {
        "number": "securitylog.SecurityLogNum",
        "moment": "securitylog.LogDateTime",
        "head": joined_sql(HEAD_SQL),
        "hash": HASH_IN_HEX,
        "computer": COMPUTER_SQL,
    }
    own = case((_OWN, SECURITY_LOG.c.security_log_num)).label("own")
    columns = (own, *(_sql(sql).label(name) for name, sql in inner.items()))
    rows = _select(*columns).select_from(SECURITY_LOG).where(*conditions).limit(_UNREACHED).subquery("entries")
    digest = digest_sql("entries.hash", head="entries.head", computer="entries.computer")
    return _select(
        func.count(),
        _joined(rows.c.number),
        _joined(rows.c.moment),
        _joined(rows.c.own),
        null(),
        _sql(fingerprint_sql("entries.number", "entries.hash")),
        literal_column(f"GROUP_CONCAT({digest} SEPARATOR '')", LargeBinary()),
    ).select_from(rows)


def _select(*columns: ColumnElement[Any]) -> Select[Any]:
    return select(*columns)
