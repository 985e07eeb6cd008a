"""A temporary file for the blocks of a list, so that sealing takes the same memory however many entries there are."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from typing import IO

from core.seals.entry_list import Block, parse_block


class BlockSpool:
    """Keeps blocks in a file without a name, which ends with the process."""

    def __init__(self) -> None:
        self._file: IO[str] | None = None

    def add(self, block: Block) -> None:
        """Append a block."""
        if self._file is None:
            self._file = tempfile.TemporaryFile("w+", encoding="ascii")  # noqa: SIM115 - it is closed with the spool
        self._file.write(block.line)

    def blocks(self) -> Iterator[Block]:
        """Yield the blocks."""
        if self._file is None:
            return
        self._file.seek(0)
        for line in self._file:
            yield parse_block(line)

    def close(self) -> None:
        """Remove the file."""
        if self._file is not None:
            self._file.close()
            self._file = None
