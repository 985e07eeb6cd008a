"""Copies of seals as files, in a directory that is kept elsewhere: a mount, or a repository.

Each seal is a file of one line, `<practice>-<number>.seal`, and next to it is the list of its entries, `.entries`. The
list comes first, so a seal is never without it, whenever the program is killed.
"""

from __future__ import annotations

import errno
import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from core.base.errors import ConfigurationError
from core.base.file_status import file_status
from core.base.partial_file import PartialFile, remove_leftovers
from core.base.private_file import fsync_directory
from core.base.regular_file import open_regular_file, read_regular_file
from core.seals.entry_list import Block, UnreadableBlock, parse_block
from core.seals.seal import Seal, parse_seal

_SEAL, _ENTRIES = ".seal", ".entries"
_MAX_SEAL_BYTES = 100_000
_PRACTICE_DIGITS = 12


class SealDirectory:
    """The files of one practice's seals.

    Args:
        path: The directory, which must exist.
        practice: The fingerprint of the practice.
    """

    def __init__(self, path: Path, practice: str) -> None:
        self.path = path
        self._practice = practice[:_PRACTICE_DIGITS]

    def file(self, number: int) -> Path:
        """Return the path of the seal of a number."""
        return self.path / f"{self._practice}-{number:06d}{_SEAL}"

    def seals(self) -> list[Seal]:
        """Return all seals, in the order of their numbers.

        Raises:
            ConfigurationError: The directory can't be read.
            UnreadableSeal: A file isn't a seal.
        """
        pattern = re.compile(rf"{re.escape(self._practice)}-[0-9]{{6,}}{re.escape(_SEAL)}")
        with _translate_os_errors(self.path, "read"):
            names = sorted(each.name for each in self.path.iterdir() if pattern.fullmatch(each.name))
        found = [read_seal_file(self.path / name) for name in names]
        return sorted(found, key=lambda seal: seal.content.number)

    def write(self, seal: Seal, blocks: Iterable[Block]) -> Path:
        """Write a seal and its list, and return the path of the seal.

        Raises:
            ConfigurationError: The directory can't be written.
        """
        path = self.file(seal.content.number)
        with _translate_os_errors(self.path, "written"):
            remove_leftovers(self.path)
            _publish(path.with_suffix(_ENTRIES), (block.line for block in blocks))
            _publish(path, [f"{seal.as_json()}\n"])
            with suppress(OSError):
                fsync_directory(self.path)
        return path


def read_seal_file(path: Path) -> Seal:
    """Read a file with a seal in either form.

    Raises:
        ConfigurationError: The file can't be read.
        UnreadableSeal: It isn't a seal.
    """
    with _translate_os_errors(path, "read", "Check its name and permissions."):
        text = read_regular_file(path, _MAX_SEAL_BYTES).decode("utf-8", "replace")
    return parse_seal(text, str(path))


class ListFile:
    """The list next to a seal's file. Its blocks are read when they are needed.

    Args:
        path: The list's file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._places: list[tuple[int, int, int]] | None = None
        """The first and last number of each block, and where its line begins."""

    def blocks(self, after: int | None = None, last: int | None = None) -> Iterator[Block]:
        """Yield the blocks that may have entries after a number and up to another one; None for no limit."""
        with _translate_os_errors(self._path, "read"), open_regular_file(self._path) as file:
            if self._places is None:
                self._places = list(_places(file))
            for first, end, place in self._places:
                if (after is None or end > after) and (last is None or first <= last):
                    file.seek(place)
                    yield parse_block(file.readline().decode("ascii", "replace"))


def list_file(path: Path) -> ListFile | None:
    """Return the list next to a seal's file; None if there is none."""
    entries = path.with_suffix(_ENTRIES)
    return ListFile(entries) if path.suffix == _SEAL and file_status(entries) is not None else None


def _places(file: BinaryIO) -> Iterator[tuple[int, int, int]]:
    place = 0
    for line in file:
        with suppress(UnreadableBlock):
            block = parse_block(line.decode("ascii", "replace"))
            yield block.first, block.last, place
        place += len(line)


def _publish(path: Path, lines: Iterable[str]) -> None:
    with PartialFile(path.parent) as partial:
        partial.create()
        for line in lines:
            partial.write(line.encode("ascii"))
        partial.sync(0o644)
        partial.replace(path)


@contextmanager
def _translate_os_errors(
    path: Path, verb: str, hint: str = "Check seal_dir, and that the directory exists and may be used."
) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = error.strerror or type(error).__name__
        raise ConfigurationError(
            f"{path} can't be {verb}: {reason}.",
            "Free some space." if full else hint,
        ) from error
