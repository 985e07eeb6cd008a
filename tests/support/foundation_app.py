"""A tiny application that shows the foundation of the terminal, for the tests beside it."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

from textual.app import ComposeResult

from tui.platform.base_screen import BaseModal, BaseScreen
from tui.platform.shell import TerminalApp
from tui.platform.terminal import run_terminal
from tui.platform.workers import flow
from tui.widgets.inputs import PlainInput, SecretInput
from tui.widgets.row_list import Column, Row, RowList
from tui.widgets.text_lines import TextLines
from tui.widgets.title_line import Heading

SECRET = "hunter2-in-a-local"


class Question(BaseModal[str]):
    """A dialog with one field."""

    def compose_body(self) -> ComposeResult:
        """Ask something."""
        yield PlainInput("answer")
        yield SecretInput(id="secret")


class Numbers(BaseScreen[None]):
    """A list of numbers, and what can go wrong."""

    KEYS = ("help", "quit", "add-key", "save", "toggle-status", "reveal")
    BINDINGS = [  # noqa: RUF012 - declared so by Textual
        ("x", "crash", "Crash"),
        ("y", "crash_in_thread", "Crash in a thread"),
        ("w", "write", "Write"),
    ]

    def compose_body(self) -> ComposeResult:
        """Show the list and the panel."""
        yield RowList(Column("Name", 20), Column("Text", 30, flexible=True), id="numbers")
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
        """Show what belongs to the row."""
        row = event.row_list.row
        if row is not None and "panel" in sys.argv:
            self.query_one(TextLines).show(["Permissions", f"of {row.cells[0]}"])

    @flow
    async def action_add_key(self) -> None:
        """Open the dialog."""
        answer = await self.app.push_screen_wait(Question("Question"))
        self.say(f"answered {answer}", "ok")

    def action_save(self) -> None:
        """Say that ^S arrived."""
        self.say("saved", "ok")

    def action_crash(self) -> None:
        """Fail with a secret in a local variable and in the message."""
        password = SECRET
        raise ValueError(f"cannot use {password}")

    @flow
    async def action_crash_in_thread(self) -> None:
        """Fail in a thread."""
        await self.ask(self.action_crash, "crash")

    @flow
    async def action_write(self) -> None:
        """Write slowly: the change waits for a file to appear, and leaves another."""
        self.say("writing")
        await self.commit(_slow_change)


def _slow_change() -> None:
    folder = Path(sys.argv[3])
    never = threading.Event()
    while not (folder / "go").exists():
        never.wait(0.01)
    (folder / "done").touch()


class Foundation(TerminalApp):
    """The application."""

    def on_mount(self) -> None:
        """Open the only screen."""
        self.heading = Heading("Dr. Brown", "opendental", "db.example", "24.3", "Admin", ("READ-ONLY",))
        self.push_screen(Numbers())

    def action_help(self) -> None:
        """Say that help was asked for."""
        self.say("help")


if __name__ == "__main__":
    sys.exit(run_terminal(Foundation()))
