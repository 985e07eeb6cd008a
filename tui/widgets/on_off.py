"""A check box that can be read without color."""

from __future__ import annotations

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Checkbox


class OnOff(Checkbox):
    """A check box drawn as `[x] on` or `[ ] off`. Textual's own draws both states alike, in different colors."""

    def __init__(self, *, id: str | None = None, disabled: bool = False) -> None:  # noqa: A002 - Textual's name
        super().__init__("", compact=True, id=id, disabled=disabled)

    def render(self) -> Content:
        """Return the state as text, with the style of the focus after it."""
        focus = self.get_visual_style("toggle--label")
        return Content.assemble(self._state, ("  ", focus))

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the width of both states."""
        del container, viewport
        return len(self._state)

    @property
    def _state(self) -> str:
        return "[x] on " if self.value else "[ ] off"
