"""The line on API Setup that says what is certainly wrong with the API."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from tui.bindings import key
from tui.key_names import display
from tui.widgets.safe_text import sanitize


class HealthLine(Static):
    """One line with the key that says why. It has no height while nothing is wrong."""

    DEFAULT_CSS = """
    HealthLine {
        height: 1;
        display: none;
    }
    """

    def __init__(self) -> None:
        super().__init__("", id="health", markup=False)
        self._headline = ""

    @property
    def headline(self) -> str:
        """What is wrong; empty if nothing is known to be."""
        return self._headline

    def show(self, headline: str) -> None:
        """Display what is wrong, and nothing new if that is displayed already."""
        if headline == self._headline:
            return
        self._headline = headline
        why = key("why")
        self.update(
            Content.assemble(
                Content.styled(f"! {sanitize(headline)}", "$alert"),
                Content.styled(f"   {display(why)} {why.label.lower()}", "$muted"),
            )
        )
        self.display = bool(headline)
