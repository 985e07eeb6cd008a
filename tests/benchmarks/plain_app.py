"""The program that API Setup is measured against: the same widgets of Textual, with nothing behind them."""

from __future__ import annotations

from collections.abc import Iterator

from textual import events
from textual.app import App, ComposeResult
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, DataTable, Footer, Header, Input, Label, Select, Static, Switch

LINES = """\
Practice       Plain
Database       none
Server version none
User           nobody
Computer       this
"""
COLUMNS = ("Developer", "API Key", "Enabled", "Permissions")


def rows() -> Iterator[tuple[str, ...]]:
    """Yield the rows of the table."""
    return ((f"Developer {number}", f"********{number:04}", "yes", "2") for number in range(1, 13))


class About(ModalScreen[None]):
    """A dialog to read and to close."""

    CSS = """
    About { align: center middle; }
    #dialog { width: 66; height: auto; border: round $primary; padding: 1 2; background: $surface; }
    """
    BINDINGS = [("escape", "dismiss", "Close")]  # noqa: RUF012 - declared so by Textual

    def compose(self) -> ComposeResult:
        """Make the text and the one button."""
        with Vertical(id="dialog"):
            yield Static(LINES)
            yield Button("Close")


class PlainApp(App[None]):
    """A header, a switch, three inputs, a select, a table of a dozen rows, a footer, and one dialog."""

    CSS = """
    Horizontal { height: auto; }
    Label { width: 23; }
    Input, Select { width: 30; }
    """
    BINDINGS = [  # noqa: RUF012 - declared so by Textual
        ("a", "add", "Add"),
        ("e", "edit", "Edit"),
        ("d", "disable", "Disable/enable"),
        ("ctrl+s", "save", "Save"),
        ("i", "about", "About"),
        ("q", "quit", "Quit"),
    ]

    def compose(self) -> ComposeResult:
        """Make the form and the table."""
        yield Header()
        with Horizontal():
            yield Label("Enabled")
            yield Switch()
        with Horizontal():
            yield Label("Subscription interval")
            yield Input()
            yield Input()
            yield Input()
        with Horizontal():
            yield Label("Default payment type")
            yield Select([("Check", 1), ("Cash", 2), ("Credit Card", 3)])
        yield DataTable[str](cursor_type="row")
        yield Footer()

    def on_mount(self, _event: events.Mount) -> None:
        """Fill the table."""
        table = self.query_one(DataTable)
        table.add_columns(*COLUMNS)
        table.add_rows(rows())
        table.focus()

    def action_about(self) -> None:
        """Open the dialog."""
        self.push_screen(About())


if __name__ == "__main__":
    PlainApp().run(mouse=False)
