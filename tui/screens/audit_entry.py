"""The screen of one Audit Trail entry, with all of its columns."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from core.base.errors import ApiSetupError
from core.model.audit_entry import HashStatus
from core.model.whole_entry import listed_entry
from tui.flows.undo import undo_entry
from tui.platform.workers import flow, latest
from tui.screens.practice_screen import PracticeScreen
from tui.widgets.panel import Panel
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen

    from core.model.api_key import ApiKey
    from core.model.audit_entry import AuditEntry
    from core.model.logged_event import LoggedEvent
    from core.model.whole_entry import WholeEntry
    from tui.session import Session


class AuditEntryScreen(PracticeScreen[bool]):
    """Shows every column of one entry. The result is True if the admin wants to go to the settings.

    Args:
        session: The open office.
        entry: The entry as a list shows it. It's loaded again only on request, or if a key in its text is masked.
        key_screen: Creates the screen of the key that the entry is about. None if the entry doesn't link to its
            subject, such as when it was opened from the screen of that key.
    """

    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "go-to-subject",
        "undo",
        "back",
        "undo-last-change",
        "scroll-down",
        "page-up",
        "reload-entries",
        "help",
        "quit",
    )

    def __init__(
        self, session: Session, entry: AuditEntry, key_screen: Callable[[ApiKey], Screen[None]] | None = None
    ) -> None:
        super().__init__()
        self.session = session
        self._entry = entry
        self._number = entry.number
        self._key_screen = key_screen
        self._logged: LoggedEvent | None = None

    def compose_body(self) -> ComposeResult:
        """Yield the text."""
        with Panel():
            yield TextLines("Reading…")

    def on_mount(self) -> None:
        """Focus the text and load the entry."""
        self.query_one(TextLines).focus()
        self.query_one(Panel).show_title(f"Audit Trail entry {self._number}")
        whole = listed_entry(self._entry)
        if whole is None:
            self.load_entry()
        else:
            self._show(whole)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Allow following the link only to a key or the settings, and undoing only a change that can be undone."""
        if action == "go_to_subject":
            if self._key_screen is None or self._logged is None:
                return False
            return bool(self._logged.event.key_tag or self._logged.event.about_settings)
        if action == "undo":
            is_undoable = self._logged is not None and self._logged.is_undoable
            return is_undoable and super().check_action(action, parameters)
        return super().check_action(action, parameters)

    @latest
    async def load_entry(self) -> None:
        """Load the entry as it is now."""
        try:
            whole = await self.call_service(partial(self.open_session.office.audit.whole, self._number), group="entry")
        except ApiSetupError:
            self.query_one(TextLines).show("Not loaded. Press r to retry.")
            raise
        self._show(whole)

    def _show(self, whole: WholeEntry) -> None:
        self._logged = whole.event
        self.query_one(TextLines).show(entry_lines(whole))
        self.refresh_bindings()

    def action_reload(self) -> None:
        """Load the entry again."""
        self.load_entry()

    @flow
    async def action_go_to_subject(self) -> None:
        """Open the key that the entry is about, or go back to the settings."""
        logged, key_screen = self._logged, self._key_screen
        if logged is None or key_screen is None:
            return
        if logged.event.about_settings:
            self.dismiss(True)
            return
        keys = await self.call_service(self.open_session.office.keys.list, group="keys")
        matching = [key for key in keys.keys if f"#{key.fingerprint}".startswith(logged.event.key_tag)]
        if not matching:
            self.show_status("This API key is no longer in the list.")
            return
        self.open_screen(key_screen(matching[0]))

    @flow
    async def action_undo(self) -> None:
        """Undo the change that the entry records, after a question that describes it."""
        await undo_entry(self, self.open_session, self._number)

    def action_back(self) -> None:
        """Return to the previous screen."""
        self.dismiss(False)


def entry_lines(whole: WholeEntry) -> list[str]:
    """Return the lines that show every column of an entry, its subject and its hashes."""
    entry = whole.entry
    user = f"{entry.user} (number {entry.user_num})" if entry.user_num else "none"
    moment = str(entry.moment) if entry.moment else f"no date (stored: {entry.stored_moment})"
    lines = [
        entry.hash_status.explanation,
        "",
        f"Date and time  {moment}",
        f"User           {user}",
        f"Permission     {entry.permission} ({entry.permission_number})",
        f"Computer       {entry.computer}",
        f"Log Source     {entry.source}",
        f"Patient        {entry.patient or 'none'}",
        f"Last Edit      {entry.last_edit or 'none'}",
        f"Number         {entry.number}",
        f"FKey           {entry.f_key}   DefNum {entry.definition}   DefNumError {entry.definition_error}",
        "",
        "Log Text",
        entry.text,
        "",
        *(_event_lines(whole.event) if whole.event else ()),
        *_hash_lines(entry),
    ]
    if entry.text_masked:
        lines += ["", "The API key in this text is masked. The hash was checked against the stored text."]
    return lines


def _event_lines(logged: LoggedEvent) -> list[str]:
    event = logged.event
    lines = ["Details", event.description]
    lines += [f"  {edit.what}: before {edit.before}, after {edit.after}" for edit in event.edits]
    if logged.stage.explanation:
        lines.append(f"  {logged.stage.explanation}")
    if event.undone_entry:
        lines.append(f"  It undid entry {event.undone_entry}.")
    return [*lines, ""]


def _hash_lines(entry: AuditEntry) -> list[str]:
    stored = [f"Stored hash    {each}" for each in entry.stored_hashes] or ["Stored hash    none"]
    comparison = "the same" if entry.hash_status is HashStatus.MATCHES else "not the same"
    remark = "" if entry.hash_status is HashStatus.NO_HASH else f"  ({comparison})"
    return [*stored, f"Computed now   {entry.computed_hash}{remark}"]
