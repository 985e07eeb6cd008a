"""The base class of all dialogs."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, TypeVar

from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen

from core.base.errors import ApiSetupError
from tui import bindings
from tui.platform.base_screen import ScreenBehavior
from tui.widgets.safe_text import sanitize

if TYPE_CHECKING:
    from textual.app import ComposeResult

T = TypeVar("T")


class BaseModal(ScreenBehavior, ModalScreen[T | None]):
    """A dialog in the middle of the screen. Escape closes it with None, which always means that nothing was decided.

    Args:
        title: The text in its frame.

    Attributes:
        problem: The reason why what was typed in the dialog before could not be saved; None for none.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings.bindings("back", "quit", "ask-quit", "help", "manual", "lock")
    _collapses_status = True
    _max_status_lines = 6

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self._title = title
        self.problem: ApiSetupError | None = None

    def on_mount(self) -> None:
        """Show why what was typed before could not be saved."""
        if self.problem is not None:
            # Not before the fields have said that they have a text.
            self.call_after_refresh(self.show_status, str(self.problem), "problem")

    def compose(self) -> ComposeResult:
        """Compose the body in a frame, with a status line that has no height while it is empty."""
        with Vertical(id="dialog") as dialog:
            # A Content is not parsed as markup.
            dialog.border_title = Content(sanitize(self._title))
            yield from self.compose_body()
            yield self.status
            yield self._key_bar
        yield self._too_small

    def action_back(self) -> None:
        """Close the dialog without a decision."""
        self.dismiss(None)
