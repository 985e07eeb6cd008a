"""A part of a screen with a thin border, and a title with the numbers that matter."""

from __future__ import annotations

from textual.containers import Vertical
from textual.content import Content

from tui.widgets.safe_text import sanitize

_MAX_TITLE = 150


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

    def show_title(self, title: str, numbers: str = "", alert: str = "") -> None:
        """Change the title.

        Args:
            title: The name of the panel.
            numbers: What is counted in it, or where it comes from.
            alert: What is wrong.
        """
        parts = [Content(sanitize(title, _MAX_TITLE))]
        if numbers:
            parts.append(Content.styled(f"  {sanitize(numbers, _MAX_TITLE)}", "$muted not bold"))
        if alert:
            parts.append(Content.styled(" · ", "$muted not bold"))
            parts.append(Content.styled(sanitize(alert, _MAX_TITLE), "$alert"))
        self.border_title = Content.assemble(*parts)

    def show_subtitle(self, text: str) -> None:
        """Change the text in the lower border."""
        self.border_subtitle = Content.styled(sanitize(text, _MAX_TITLE), "$muted") if text else ""
