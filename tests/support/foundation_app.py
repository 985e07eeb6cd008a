"""A small application for testing the terminal platform in a pseudo-terminal.

The word `panel` as an argument fills the panel when the cursor moves. The second argument is the number of rows, the
third one the directory through which `_slow_change` and the test synchronize.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from textual.app import ComposeResult

from tui.platform.base_modal import BaseModal
from tui.platform.base_screen import BaseScreen
from tui.platform.process import run_app
from tui.platform.shell import TerminalApp
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput, SecretInput
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row
from tui.widgets.text_lines import TextLines
from tui.widgets.title_line import Heading

SECRET = "hunter2-in-a-local"


class Question(BaseModal[str]):
    """A dialog with one field."""

    def compose_body(self) -> ComposeResult:
        """Compose the fields."""
        yield PlainInput("answer")
        yield SecretInput(id="secret")


class Numbers(BaseScreen[None]):
    """A list of numbered rows, and actions that fail or block."""

    KEYS = ("help", "quit", "add-key", "save", "disable", "reveal")
    BINDINGS = [  # noqa: RUF012 - declared so by Textual
        ("x", "crash", "Crash"),
        ("y", "crash_in_thread", "Crash in a thread"),
        ("w", "write", "Write"),
    ]

    def compose_body(self) -> ComposeResult:
        """Compose the list and the panel."""
        yield RowList(Column("Name", 20), Column("Text", 30, max_width=60), id="numbers")
        panel = TextLines(can_focus=False)
        panel.styles.height = 3
        yield panel

    def on_mount(self) -> None:
        """Fill the list."""
        count = int(sys.argv[2]) if len(sys.argv) > 2 else 200
        rows = [Row((f"Row {number}", f"The text of row {number}"), number) for number in range(1, count + 1)]
        self.query_one(RowList).show(rows)
        self.query_one(RowList).focus()

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        """Show the row in the panel."""
        row = event.row_list.row
        if row is not None and "panel" in sys.argv:
            self.query_one(TextLines).show(["Permissions", f"of {row.cells[0]}"])

    @flow
    async def action_add_key(self) -> None:
        """Open the dialog."""
        answer = await self.app.push_screen_wait(Question("Question"))
        self.show_status(f"answered {answer}", "ok")

    def action_save(self) -> None:
        """Show that Ctrl+S arrived."""
        self.show_status("saved", "ok")

    def action_crash(self) -> None:
        """Fail with a secret in a local variable and in the message."""
        password = SECRET
        raise ValueError(f"cannot use {password}")

    @flow
    async def action_crash_in_thread(self) -> None:
        """Fail in a service call."""
        await self.call_service(self.action_crash, "crash")

    @flow
    async def action_write(self) -> None:
        """Write a change that blocks until the test creates the file `go`."""
        self.show_status("writing")
        await self.commit(_slow_change)


def _slow_change() -> None:
    folder = Path(sys.argv[3])
    never_set = threading.Event()
    while not (folder / "go").exists():
        never_set.wait(0.01)
    (folder / "done").touch()


class Foundation(TerminalApp):
    """The application."""

    def on_mount(self) -> None:
        """Open the screen."""
        self.heading = Heading("Dr. Brown", "opendental", "db.example", "24.3", "Admin", ("READ-ONLY",))
        self.push_screen(Numbers())

    def action_help(self) -> None:
        """Show that help was requested."""
        self.show_status("help")


if __name__ == "__main__":
    sys.exit(run_app(Foundation()))
