"""Reading ranges of audit entries as long lists of numbers, times and digests, one statement for each range.

A driver takes longer to convert a row than a server takes to hash it. So the server joins the values of a whole range
into a few long texts, and returns only those.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, literal_column, select

from core.audit.entry_mapper import STORED_MOMENT
from core.audit.verification_report import Suspect
from core.model.audit_events import our_kinds
from core.opendental.column_types import server_time
from core.opendental.entry_digest import (
    COMPUTER_SQL,
    DIGEST_BYTES,
    DIGEST_COLUMNS,
    HEAD_SQL,
    MOMENT_SQL,
    digest_sql,
    moment_number,
    row_digest,
)
from core.opendental.log_hash_sql import HASH_IN_HEX, seems_suspect
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH

_NO_LIMIT = 1_000_000
"""A limit that no range reaches. It keeps a server from merging the inner query, which would hash every row twice."""


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


class RangeReader:
    """Reads ranges of entries.

    Args:
        computed_by_database: True if the database can compute hashes.
        hashes: True to compare the entries with their hashes.
        digests: True to read the digests of the entries.
    """

    def __init__(self, *, computed_by_database: bool, hashes: bool, digests: bool) -> None:
        self._computed_by_database = computed_by_database
        self._hashes = hashes
        self._digests = digests

    def read(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> RangeContents:
        """Read the entries that match."""
        if connection.dialect.name != "sqlite" and self._computed_by_database:
            contents = self._read_joined(connection, conditions)
            if contents is not None:
                return contents
        if self._hashes and not self._digests and self._computed_by_database:
            return _read_checked(connection, conditions)
        return self._read_rows(connection, conditions)

    def _read_joined(self, connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> RangeContents | None:
        """Read a range that the server joins to long texts; None if one of them was cut off."""
        count, pairs, own, suspects, digests = connection.execute(self._statement(conditions)).one()
        values = _text(pairs).replace(",", " ").split()
        numbers, moments = list(map(int, values[::2])), list(map(int, values[1::2]))
        found = [each.split("/") for each in _text(suspects).split(",") if each]
        complete = len(numbers) == len(moments) == count and all(len(each) == 3 for each in found)
        if not complete or (self._digests and len(digests or b"") != count * DIGEST_BYTES):
            return None
        by_number = {int(number): Suspect(moment, has_hash == "1") for number, has_hash, moment in found}
        ours = [int(number) for number in _text(own).split(",") if number]
        return _in_order(numbers, moments, bytes(digests or b""), by_number, ours)

    def _statement(self, conditions: Sequence[ColumnElement[bool]]) -> Select[Any]:
        """Return the statement whose row has the count, the numbers and times, the suspects, and the digests."""
        if not self._hashes:
            columns = (
                func.count(),
                _sql(f"GROUP_CONCAT(securitylog.SecurityLogNum, ' ', {MOMENT_SQL})"),
                _sql(f"GROUP_CONCAT(IF({_own_sql()}, securitylog.SecurityLogNum, NULL))"),
                _sql("NULL"),
                _sql(f"GROUP_CONCAT({digest_sql()} SEPARATOR '')" if self._digests else "NULL"),
            )
            return _select(columns).select_from(SECURITY_LOG).where(*conditions)
        values = {
            "n": "securitylog.SecurityLogNum",
            "m": MOMENT_SQL,
            "t": "CAST(securitylog.LogDateTime AS CHAR)",
            "v": HASH_IN_HEX,
            "s": "CAST(securityloghash.LogHash AS BINARY)",
            "o": _own_sql(),
        }
        if self._digests:
            values |= {"h": HEAD_SQL, "c": COMPUTER_SQL}
        joined = SECURITY_LOG_HASH.c.security_log_num == SECURITY_LOG.c.security_log_num
        rows = _select([_sql(sql).label(name) for name, sql in values.items()])
        rows = rows.select_from(SECURITY_LOG.outerjoin(SECURITY_LOG_HASH, joined)).where(*conditions)
        suspect = "IF(x.s IS NULL OR x.s != TO_BASE64(UNHEX(x.v)), CONCAT(x.n, '/', x.s IS NOT NULL, '/', x.t), NULL)"
        digests = f"GROUP_CONCAT({digest_sql('x.h', 'x.v', 'x.c')} SEPARATOR '')" if self._digests else "NULL"
        columns = (
            func.count(),
            _sql("GROUP_CONCAT(x.n, ' ', x.m)"),
            _sql("GROUP_CONCAT(IF(x.o, x.n, NULL))"),
            _sql(f"GROUP_CONCAT({suspect})"),
            _sql(digests),
        )
        return _select(columns).select_from(rows.limit(_NO_LIMIT).subquery("x"))

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


def _read_checked(connection: Connection, conditions: Sequence[ColumnElement[bool]]) -> RangeContents:
    """Read a range of an SQLite file, in which a registered function compares the hashes."""
    log, stored = SECURITY_LOG.c, SECURITY_LOG_HASH.c
    suspect = seems_suspect(connection.dialect)
    own = and_(log.perm_type.in_(our_kinds()), log.log_text.like("% by %"))
    query = select(log.security_log_num, STORED_MOMENT, stored.security_log_num, suspect, own).outerjoin(
        SECURITY_LOG_HASH, stored.security_log_num == log.security_log_num
    )
    rows = connection.execute(query.where(*conditions).order_by(log.security_log_num)).all()
    suspects = {row[0]: Suspect(str(row[1]), row[2] is not None) for row in rows if row[3]}
    numbers, moments = [row[0] for row in rows], [_stored_number(row[1]) for row in rows]
    return _in_order(numbers, moments, b"", suspects, [row[0] for row in rows if row[4]])


def _own_sql() -> str:
    kinds = ", ".join(str(int(kind)) for kind in our_kinds())
    return f"securitylog.PermType IN ({kinds}) AND securitylog.LogText LIKE '% by %'"


def _is_own(perm_type: int, text: str | None) -> bool:
    return perm_type in our_kinds() and " by " in (text or "")


def _stored_number(moment: object) -> int:
    digits = str(moment)[:19].replace("-", "").replace(":", "").replace(" ", "")
    return int(digits) if len(digits) == 14 and digits.isdecimal() and digits >= "1880" else 0


def _in_order(
    numbers: list[int], moments: list[int], digests: bytes, suspects: dict[int, Suspect], own: Sequence[int]
) -> RangeContents:
    """Return the contents with each entry once, in the order of the numbers. An entry may have several hashes."""
    if all(a < b for a, b in pairwise(numbers)):
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


def _sql(text: str) -> Any:
    return literal_column(text)


def _select(columns: Sequence[Any]) -> Select[Any]:
    return select(*columns)
