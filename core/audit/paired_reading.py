"""Reading ranges of entries beside the same ranges of hashes, on a server, without joining them.

A server takes longer to look up the hash of each entry than to read both tables in their order. So it computes the
hashes of a range of entries and returns the SHA-256 of all of them with their numbers, and then the SHA-256 of what is
stored for that range of numbers. If both are the same, each entry there has its right hash and no other one, and no
hash there lacks its entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from dataclasses import replace
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, func, literal_column, select

from core.audit.range_reading import RangeContents, RangeReader
from core.audit.row_ranges import RowRange
from core.opendental.log_hash_sql import STORED_FINGERPRINT
from core.opendental.schema import SECURITY_LOG_HASH

_LONGEST = 66
"""The most bytes of an entry in the text whose SHA-256 is computed: number, colon, hash and comma."""
_WIDEST = 2
"""The most numbers for each entry of a range. Where entries are missing, there may be a hash for each number, and one
statement reads them all."""
_MAX_MISSES = 2
"""After so many ranges in a row that weren't pairs, the next one is read in the usual way at once: there may be no
hashes yet."""
_NUMBER, _HASH = SECURITY_LOG_HASH.c.security_log_num, SECURITY_LOG_HASH.c.log_hash
_COLUMNS: tuple[ColumnElement[Any], ...] = (func.count(), func.count(_HASH), literal_column(STORED_FINGERPRINT))
_STORED = select(*_COLUMNS).where(_NUMBER > bindparam("after"), _NUMBER <= bindparam("last"))
_LIMIT = select(func.least(literal_column("@@group_concat_max_len"), literal_column("@@max_allowed_packet")))

Timed = Callable[[Connection, Callable[[], Sequence[Any]]], Sequence[Any]]


class PairedReader:
    """Reads ranges in which entries and hashes are probably matching pairs, from a server that can compute hashes.

    Args:
        background: Computes here while the server does.
        digests: True to read the digests of the entries.
    """

    def __init__(self, background: Executor, *, digests: bool) -> None:
        self._background = background
        self._reader = RangeReader(computed_by_database=True, hashes=False, digests=digests, fingerprint=True)
        self._most: int | None = None
        self._misses = 0

    def read(self, connection: Connection, checked: RowRange, timed: Timed) -> RangeContents | None:
        """Read a range of entries; None if it must be read in the usual way.

        The result is `paired` if all of them have the right hash. Otherwise, suspects have to be looked for.

        Args:
            connection: The connection over which it's read.
            checked: The range.
            timed: Runs the statement that takes the longest.
        """
        if checked.span is None or not self._is_promising(checked.span, checked.count):
            return None
        after, last = span = checked.span
        joined = timed(connection, lambda: self._reader.read_span(connection, span))
        converted = self._background.submit(self._reader.contents, joined)
        rows, hashes, fingerprint = connection.execute(_STORED, {"after": after, "last": last}).one()
        contents = converted.result()
        paired = contents is not None and self._is_paired(connection, contents, (rows, hashes), fingerprint)
        self._misses = 0 if paired else self._misses + 1
        return replace(contents, paired=paired) if contents is not None else None

    def note(self, contents: RangeContents) -> None:
        """Take what was read in the usual way: where no entry is suspect, the next ones are probably pairs, too."""
        if not contents.suspects:
            self._misses = 0

    def _is_promising(self, span: tuple[int, int], count: int | None) -> bool:
        after, last = span
        return self._misses < _MAX_MISSES and (count is None or last - after <= _WIDEST * count)

    def _is_paired(
        self, connection: Connection, contents: RangeContents, counts: tuple[int, int], fingerprint: str | None
    ) -> bool:
        count = len(contents.numbers)
        # A NULL isn't in the text of the fingerprint, where a hash with a comma in it could stand for two.
        if counts != (count, count):
            return False
        if not count:
            return True
        return bool(fingerprint) and fingerprint == contents.fingerprint and count <= self._most_entries(connection)

    def _most_entries(self, connection: Connection) -> int:
        """Return how many entries the server can join to one text; it would cut a longer one off."""
        if self._most is None:
            self._most = int(connection.scalar(_LIMIT) or 0) // _LONGEST
        return self._most
