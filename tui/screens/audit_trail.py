"""The Audit Trail: its latest entries, each marked genuine or not."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Static

from core.audit_entry import Genuineness
from core.errors import ApiSetupError
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.base import HouseScreen
from tui.widgets.entry_list import EntryList
from tui.widgets.row_list import RowList
from tui.workers import latest

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit_entry import AuditEntry
    from tui.visit import Visit


class AuditTrailScreen(HouseScreen[None]):
    """Lists the latest entries, newest first."""

    KEYS: ClassVar[tuple[str, ...]] = ("open-entry", "reload-entries", "back", "last", "help", "quit")

    def __init__(self, visit: Visit) -> None:
        super().__init__()
        self._visit = visit

    def compose_body(self) -> ComposeResult:
        """Make the title and the list."""
        yield Static("Audit Trail", classes="heading", id="trail-title", markup=False)
        yield EntryList(empty="Reading…")

    def on_mount(self) -> None:
        """Read the entries while the empty list is already painted."""
        self.query_one(EntryList).focus()
        self.read_entries()

    @latest
    async def read_entries(self) -> None:
        """Read the latest entries."""
        entry_list = self.query_one(EntryList)
        self.say("Reading…")
        try:
            entries = await self.ask(self._visit.office.audit.latest, group="entries")
        except ApiSetupError:
            entry_list.say_empty("Not read; r tries again.")
            raise
        entry_list.say_empty("The Audit Trail is empty.")
        entry_list.show_entries(entries)
        self.query_one("#trail-title", Static).update(f"Audit Trail: the latest {len(entries)} entries, newest first")
        self.say(_summary(entries))

    def action_reload(self) -> None:
        """Read again."""
        self.read_entries()

    def action_back(self) -> None:
        """Go back to API Setup."""
        self.dismiss(None)

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_open_entry()

    def action_open_entry(self) -> None:
        """Show the whole entry under the cursor."""
        entry = self.query_one(EntryList).entry
        if entry is not None:
            self.open_above(AuditEntryScreen(entry))


def _summary(entries: tuple[AuditEntry, ...]) -> str:
    counts = {kind: sum(entry.genuineness is kind for entry in entries) for kind in Genuineness}
    return (
        f"Of these {len(entries)}: {counts[Genuineness.GENUINE]} genuine, {counts[Genuineness.ALTERED]} altered,"
        f" {counts[Genuineness.NO_HASH]} without hash."
    )
