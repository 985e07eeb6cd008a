"""A part of a screen with a thin border, and a title with the numbers that matter."""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Region

from tui.widgets.safe_text import sanitize

_MAX_TITLE = 150
TITLE_FRAME = 6
"""The cells of the corner, the line and the blanks around a title."""


class Panel(Vertical):
    """A border around widgets. It is bright while one of them has focus."""

    DEFAULT_CSS = """
    Panel {
        border: round $quiet-border;
        border-title-color: $foreground;
        border-title-background: $background;
        border-subtitle-color: $caution;
        border-subtitle-background: $background;
        background: $background;
        padding: 0 1;
    }
    Panel:focus-within {
        border: round $focus;
        border-title-style: bold;
    }
    """

    def show_title(
        self, title: str, numbers: str = "", alert: str = "", hint: str = "", alert_style: str = "$alert"
    ) -> None:
        """Change the title.

        Args:
            title: The name of the panel; blank if there is room only for what is wrong.
            numbers: What is counted in it, or where it comes from.
            alert: What is wrong.
            hint: What to do about it.
            alert_style: The style of what is wrong.
        """
        parts = [Content(sanitize(title, _MAX_TITLE))]
        if numbers:
            parts.append(Content.styled(f"  {sanitize(numbers, _MAX_TITLE)}", "$muted not bold"))
        if alert:
            parts.append(Content.styled(" · " if title else "", "$muted not bold"))
            parts.append(Content.styled(sanitize(alert, _MAX_TITLE), alert_style))
        if hint:
            parts.append(Content.styled(f"   {sanitize(hint, _MAX_TITLE)}", "$muted not bold"))
        self._draw_title(Content.assemble(*parts))

    def _draw_title(self, title: Content) -> None:
        """Draw only the part of the border that changes; Textual's own property would draw the whole panel again."""
        before, self._border_title = self._border_title, title
        if before is None or not self.outer_size:
            self.refresh()
        elif before != title:
            corner = -self.content_offset
            width = min(self.outer_size.width, max(before.cell_length, title.cell_length) + TITLE_FRAME)
            self.refresh(Region(corner.x, corner.y, width, 1))

    def show_subtitle(self, text: str, style: str = "$muted") -> None:
        """Change the text in the lower border, if it is another one."""
        subtitle = Content.styled(sanitize(text, _MAX_TITLE), style) if text else Content("")
        before, self._border_subtitle = self._border_subtitle, subtitle
        if (before or Content("")) != subtitle and self.outer_size:
            corner = -self.content_offset
            self.refresh(Region(corner.x, corner.y + self.outer_size.height - 1, self.outer_size.width, 1))
