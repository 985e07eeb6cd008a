"""A check box that can be read without color."""

from __future__ import annotations

from typing import ClassVar

from textual.content import Content
from textual.geometry import Size
from textual.widgets import Checkbox


class OnOff(Checkbox):
    """A check box drawn as `● on` or `○ off`. Textual's own draws both states alike, in different colors."""

    DEFAULT_CSS = """
    OnOff {
        & > .on-off--on { color: $good; }
        & > .on-off--focused { color: $row-foreground; background: $row-background; text-style: $row-style; }
    }
    """
    COMPONENT_CLASSES: ClassVar[set[str]] = {"on-off--on", "on-off--focused"}

    def __init__(
        self,
        value: bool = False,
        *,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        disabled: bool = False,
    ) -> None:
        super().__init__("", value, id=id, disabled=disabled)

    def watch_value(self) -> None:
        """Post that the value changed. Textual would also add a class, of which the drawing doesn't depend."""
        self.post_message(self.Changed(self, self.value))

    def render(self) -> Content:
        """Return the state as text, highlighted as a whole while it has focus."""
        if self.has_focus:
            return Content.styled(self._state, self.get_visual_style("on-off--focused"))
        return Content.styled(self._state, self.get_visual_style("on-off--on") if self.value else "")

    def get_content_width(self, container: Size, viewport: Size) -> int:
        """Return the width of both states."""
        del container, viewport
        return len(self._state)

    @property
    def _state(self) -> str:
        return "● on " if self.value else "○ off"
