"""The help screen: lists the keys of the screen below it, from the table in `tui.bindings`."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from tui.bindings import EVERYWHERE, LISTS, PLACES, Key, display, keys
from tui.bindings import KEYS as ALL_KEYS
from tui.platform.base_screen import BaseScreen, ScreenBehavior
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult


class HelpScreen(BaseScreen[None]):
    """Lists the keys of a screen.

    Args:
        screen: The screen whose keys are listed.
    """

    KEYS: ClassVar[tuple[str, ...]] = ("back", "scroll-down", "page-up", "quit")

    def __init__(self, screen: ScreenBehavior) -> None:
        super().__init__()
        scrolls = bool(screen.query(RowList) or screen.query(TextLines))
        places = keys(screen.terminal_app.places) if getattr(screen, "SHOWS_PLACES", False) else ()
        own = help_lines(screen.help_keys, lists=scrolls, places=places)
        self._lines = [*getattr(screen, "help_lines", ()), *own]

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with Panel():
            yield TextLines(self._lines)

    def on_mount(self) -> None:
        """Focus the text, so that the keys scroll it."""
        self.query_one(TextLines).focus()
        self.query_one(Panel).show_title("Keys that work here")

    def action_back(self) -> None:
        """Return to the previous screen."""
        self.dismiss(None)


def help_lines(ids: Sequence[str], *, lists: bool = True, places: Sequence[Key] = ()) -> list[str]:
    """Return a line for each key: those of a screen, of the places, of lists, and those that work everywhere.

    Args:
        ids: The ids of the screen's keys.
        lists: True to include the keys of lists.
        places: The keys of the places that exist.
    """
    own = [key for key in keys(ids) if key.group not in (EVERYWHERE, LISTS)]
    lines = ["On this screen", *map(_line, own), ""] if own else []
    lines += [PLACES, *map(_line, places), ""] if places else []
    for group in (LISTS, EVERYWHERE) if lists else (EVERYWHERE,):
        lines += [group, *(_line(key) for key in ALL_KEYS if key.group == group), ""]
    lines += [
        "Letter keys work when no text field has the focus. Tab leaves a field. Each function key has an alternative.",
        "The mouse belongs to the terminal: select text with it as usual.",
    ]
    return lines


def _line(key: Key) -> str:
    names = ", ".join(display(name) for name in key.keys.split(","))
    return f"  {names:<18} {key.tooltip}"
