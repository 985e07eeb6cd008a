"""One entry of the Audit Trail, whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from tui.screens.base import HouseScreen
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit_entry import AuditEntry


class AuditEntryScreen(HouseScreen[None]):
    """Shows every column of one entry."""

    KEYS: ClassVar[tuple[str, ...]] = ("back", "page-down", "page-up", "help", "quit")

    def __init__(self, entry: AuditEntry) -> None:
        super().__init__()
        self._entry = entry

    def compose_body(self) -> ComposeResult:
        """Make the title and the text."""
        yield Static("Audit Trail entry", classes="heading", markup=False)
        yield TextLines(entry_lines(self._entry))

    def on_mount(self) -> None:
        """Give the keys to the text."""
        self.query_one(TextLines).focus()

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(None)


def entry_lines(entry: AuditEntry) -> list[str]:
    """Everything about an entry, a line each."""
    user = f"{entry.user} (number {entry.user_num})" if entry.user_num else "None"
    lines = [
        entry.genuineness.explanation,
        "",
        f"Date and time  {entry.moment or 'no date'}",
        f"User           {user}",
        f"Permission     {entry.permission} ({entry.permission_number})",
        f"Computer       {entry.computer}",
        f"Log Source     {entry.source}",
        f"Patient        {entry.patient or 'None'}",
        f"Last Edit      {entry.last_edit or 'none'}",
        f"Number         {entry.number}",
        "",
        "Log Text",
        entry.text,
    ]
    if entry.text_masked:
        lines += ["", "An API key in this text is shown masked; the hash was checked against the text as it is stored."]
    return lines
