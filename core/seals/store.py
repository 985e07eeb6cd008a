"""Seals and the lists of their entries in the companion."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import IntegrityError

from core.base.errors import OperationNotAllowed
from core.companion.store import Companion
from core.companion.tables.seals import SEAL, SEALED_ENTRIES
from core.seals.entry_list import Block
from core.seals.seal import Seal, parse_seal

_BLOCKS_AT_ONCE = 100


class SealedMeanwhile(OperationNotAllowed):
    """Another program made a seal with the same number."""

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Another program made seal {number} at the same time. Nothing was sealed twice.",
            "Nothing needs to be done: its seal covers the same entries.",
        )


class SealStore:
    """Keeps the seals of one practice.

    Args:
        companion: The companion.
        practice: The fingerprint of the practice.
    """

    def __init__(self, companion: Companion, practice: str) -> None:
        self._companion = companion
        self._practice = practice

    @property
    def companion(self) -> Companion:
        """The companion that keeps the seals."""
        return self._companion

    def seals(self) -> list[Seal]:
        """Return all seals, in the order of their numbers.

        Raises:
            PracticeUnavailable: The companion can't be read.
            UnreadableSeal: A seal was damaged.
        """
        query = select(SEAL.c.number, SEAL.c.seal).where(SEAL.c.practice == self._practice).order_by(SEAL.c.number)
        with self._companion.read() as connection:
            rows = connection.execute(query).all()
        return [parse_seal(text, f"Seal {number} in the companion") for number, text in rows]

    def blocks(self, number: int, after: int | None = None, last: int | None = None) -> Iterator[Block]:
        """Yield the blocks of a seal's list, or those that may have entries of a range of numbers.

        Args:
            number: The number of the seal.
            after: The number before the range; None for no limit.
            last: The last number of the range; None for no limit.
        """
        columns = SEALED_ENTRIES.c
        conditions = [columns.practice == self._practice, columns.number == number]
        conditions += [] if after is None else [columns.last > after]
        conditions += [] if last is None else [columns.first <= last]
        part = -1
        while True:
            query = (
                select(columns.part, columns.first, columns.last, columns.entries, columns.content)
                .where(*conditions, columns.part > part)
                .order_by(columns.part)
                .limit(_BLOCKS_AT_ONCE)
            )
            with self._companion.read() as connection:
                rows = connection.execute(query).all()
            for row in rows:
                yield Block(*row[1:])
            if len(rows) < _BLOCKS_AT_ONCE:
                return
            part = rows[-1][0]

    def add(self, connection: Connection, seal: Seal, blocks: Iterable[Block]) -> None:
        """Add a seal and its list, over a connection that writes to the companion.

        Raises:
            SealedMeanwhile: There is a seal of that number already.
        """
        number = seal.content.number
        place = {"practice": self._practice, "number": number}
        try:
            connection.execute(insert(SEAL).values(**place, seal=seal.as_json()))
        except IntegrityError as error:
            raise SealedMeanwhile(number) from error
        for part, block in enumerate(blocks):
            values = {"first": block.first, "last": block.last, "entries": block.count, "content": block.content}
            connection.execute(insert(SEALED_ENTRIES).values(**place, part=part, **values))

    def remove(self, connection: Connection, number: int) -> None:
        """Remove a seal that could not be completed, and its list."""
        for table in (SEALED_ENTRIES, SEAL):
            connection.execute(delete(table).where(table.c.practice == self._practice, table.c.number == number))

    def has_over(self, connection: Connection, seal: Seal) -> bool:
        """Return True if this very seal is kept."""
        query = select(SEAL.c.seal).where(SEAL.c.practice == self._practice, SEAL.c.number == seal.content.number)
        return bool(connection.scalar(query) == seal.as_json())
