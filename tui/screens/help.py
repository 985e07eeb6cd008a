"""Help: the keys that work on the screen one came from, out of the one table of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from tui.bindings import EVERYWHERE, LISTS, Key, display, keys
from tui.bindings import KEYS as ALL_KEYS
from tui.platform.base_screen import BaseScreen, ScreenBehavior
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class HelpScreen(BaseScreen[None]):
    """Lists keys.

    Args:
        screen: The screen that one came from.
    """

    KEYS: ClassVar[tuple[str, ...]] = ("back", "page-down", "page-up", "quit")

    def __init__(self, screen: ScreenBehavior) -> None:
        super().__init__()
        listed = bool(screen.query(RowList) or screen.query(TextLines))
        self._lines = [*getattr(screen, "help_lines", ()), *help_lines(screen.help_keys, lists=listed)]

    def compose_body(self) -> ComposeResult:
        """Make the title and the text."""
        yield Static("Keys", classes="heading", markup=False)
        yield TextLines(self._lines)

    def on_mount(self) -> None:
        """Give the keys to the text."""
        self.query_one(TextLines).focus()

    def action_back(self) -> None:
        """Go back."""
        self.dismiss(None)


def help_lines(ids: Sequence[str], *, lists: bool = True) -> list[str]:
    """The keys of a screen first, then those of lists where there is one, and those that work everywhere."""
    here = [key for key in keys(ids) if key.group not in (EVERYWHERE, LISTS)]
    lines = ["On this screen", *map(_line, here), ""] if here else []
    for group in (LISTS, EVERYWHERE) if lists else (EVERYWHERE,):
        lines += [group, *(_line(key) for key in ALL_KEYS if key.group == group), ""]
    lines += [
        "Letters act when no text field has focus; Tab leaves a field. Every function key has a twin.",
        "Text can be selected with the mouse of the terminal: this program does not take it.",
    ]
    return lines


def _line(key: Key) -> str:
    names = ", ".join(display(name) for name in key.keys.split(","))
    return f"  {names:<18} {key.tooltip}"
