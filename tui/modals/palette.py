"""The command palette: everything that can be done now, one line for each command."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import ClassVar

from tui.modals.choice import FilteredChoice
from tui.widgets.rows import UNLIMITED, Column, Row


@dataclass(frozen=True)
class Command:
    """A command of the palette.

    Args:
        name: One or two words.
        key: The key that does the same; empty if there is none.
        sentence: What it does.
        run: Does it.
    """

    name: str
    key: str
    sentence: str
    run: Callable[[], Awaitable[None] | None]


class Palette(FilteredChoice):
    """Lists commands. Its result is the index of the chosen one, or None after Escape.

    Args:
        commands: The commands, the most important first.
    """

    CSS_PATH = "palette.tcss"
    COLUMNS: ClassVar[tuple[Column, ...]] = (
        Column("Command", 14, min_width=12, tone="strong"),
        Column("Key", 6, min_width=5, tone="accent"),
        Column("What it does", 34, max_width=UNLIMITED),
    )
    BEST_FIRST: ClassVar[bool] = True
    PLACEHOLDER: ClassVar[str] = "type a name, a key or what to do"
    EMPTY: ClassVar[str] = "No command matches."

    def __init__(self, commands: Sequence[Command]) -> None:
        super().__init__("Commands")
        self._commands = tuple(commands)

    def matching_rows(self, text: str) -> Iterable[Row]:
        """Return the commands that contain all words; those whose name begins with the text come first."""
        folded = text.casefold()
        words = folded.split()
        matching = [
            (index, each)
            for index, each in enumerate(self._commands)
            if all(word in f"{each.name} {each.key} {each.sentence}".casefold() for word in words)
        ]
        if text:
            matching.sort(key=lambda found: (found[1].key != text, not found[1].name.casefold().startswith(folded)))
        return [Row((each.name, each.key, each.sentence), index) for index, each in matching]
