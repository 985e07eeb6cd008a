"""The API Key Edit screen: shows one key, changes it, and lists its audit entries."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.content import Content
from textual.widgets import Static

from core.base.errors import ApiSetupError, EditConflict, HeadquartersError, InvalidInput, OperationNotAllowed
from core.model.audit_entry import counted
from tui.flows.conflict import MINE, conflict_lines, resolve_conflict
from tui.flows.headquarters_list import refresh_key_list
from tui.flows.headquarters_messages import ASKING
from tui.flows.key_addition import adopt_key
from tui.flows.key_removal import remove_key
from tui.flows.status_change import disable_key, enable_key
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.screens.audit_entry import AuditEntryScreen
from tui.widgets.entry_list import EntryList
from tui.widgets.key_details import short_key, status_mark
from tui.widgets.key_fields import Contacts, KeyFieldsForm
from tui.widgets.key_history import what_happened
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from tui.session import Session

_READ_AGAIN = "Reloaded."


class EditKeyScreen(BaseScreen[None]):
    """Shows one key with the audit entries about it."""

    CSS_PATH = "edit_key.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - declared so by Textual
    SHOWS_PLACES = True
    MANUAL = "keys"
    KEYS: ClassVar[tuple[str, ...]] = (
        "disable",
        "enable",
        "save-key",
        "choose-permissions",
        "adopt",
        "reveal",
        "send-to-clipboard",
        "help",
        "back",
        "remove-key",
        "reload",
        "next-field",
        "quit",
    )

    def __init__(self, session: Session, key: ApiKey) -> None:
        super().__init__()
        self._session = session
        self._key = key

    def compose_body(self) -> ComposeResult:
        """Yield the key's details, its fields and its audit entries."""
        contacts = Contacts.EDITABLE if self._keeps_contacts else Contacts.READ_ONLY
        with Panel(id="key-panel"):
            yield Static(self._details(), id="facts")
            yield KeyFieldsForm(self._key.fields, contacts=contacts, known=self._key.known, disabled=not self._editable)
        with Panel(id="history-panel"):
            yield EntryList(empty="Reading…", text=what_happened)

    def on_mount(self) -> None:
        """Focus the entries, because letter keys don't act in a text field; load the entries."""
        self.query_one(EntryList).focus()
        self._show_titles()
        self.query_one("#history-panel", Panel).show_title("History")
        if not self._editable:
            self.show_status(self._session.office.keys.status_refusal(self._key))
        self.load_history()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of unsaved input."""
        return ("this key's fields",) if self.query_one(KeyFieldsForm).edited else ()

    @property
    def _editable(self) -> bool:
        key = self._key
        return key.known and not key.gone and not key.unusable and self._session.office.keys.authority.may_change

    @property
    def _keeps_contacts(self) -> bool:
        return self._session.office.keys.authority.keeps_contacts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable saving and choosing permissions where this office may not change the key's fields."""
        if action in ("save", "choose_permissions") and not self._editable:
            return False
        if action == "choose_permissions" and not self._keeps_contacts:
            return False
        if action == "adopt" and not self._session.office.keys.can_adopt(self._key):
            return False
        return super().check_action(action, parameters)

    # -- loading -------------------------------------------------------------

    @latest
    async def load_history(self) -> None:
        """Load the audit entries about the key."""
        entry_list = self.query_one(EntryList)
        try:
            entries = await self.call_service(lambda: self._session.office.keys.history(self._key), group="history")
        except ApiSetupError:
            entry_list.set_empty_text("Not loaded. Press r to retry.")
            raise
        entry_list.set_empty_text("No audit entries for this key.")
        entry_list.show_entries(entries)
        self.query_one("#history-panel", Panel).show_title("History", counted(len(entries)))

    @flow
    async def action_reload(self) -> None:
        """Load the key again; ask before dropping unsaved input."""
        if self.unsaved and not await self._confirm_discard("Reload and discard your changes?"):
            return
        await self._load_key()
        self.show_status(ASKING if self._session.office.keys.is_remote else _READ_AGAIN)
        self.refresh_from_headquarters()

    @latest
    async def refresh_from_headquarters(self) -> None:
        """Fetch the key list from headquarters in the background, and show this key as it has it."""
        try:
            if await refresh_key_list(self, self._session) is None:
                return
        except HeadquartersError as error:
            await self._load_key(drop=())
            self.show_problem(error)
            return
        await self._load_key(drop=())
        if self.status.text == ASKING:
            self.show_status(_READ_AGAIN)

    async def _load_key(self, drop: tuple[str, ...] | None = None) -> None:
        """Load the key again.

        Args:
            drop: The fields whose unsaved input is dropped; None drops all unsaved input.
        """
        keys = await self.call_service(self._session.office.keys.list, group="key")
        matching = [key for key in keys.keys if key.fingerprint == self._key.fingerprint]
        if not matching:
            await self.app.push_screen_wait(Notice("No longer in the list", ["This key is no longer in the list."]))
            self.dismiss(None)
            return
        self._show_key(matching[0], drop)

    def _show_key(self, key: ApiKey, drop: tuple[str, ...] | None = None) -> None:
        self._key = key
        self.query_one("#facts", Static).update(self._details())
        self._show_titles()
        form = self.query_one(KeyFieldsForm)
        form.disabled = not self._editable
        form.known = key.known
        if drop is None:
            form.show(key.fields)
        else:
            form.rebase(key.fields, drop)
        self._show_unsaved()
        self.refresh_bindings()
        self.load_history()

    def _show_titles(self) -> None:
        self.query_one("#key-panel", Panel).show_title(f"{self._key.developer}  {short_key(self._key)}")

    def _details(self) -> Content:
        key, accepted = self._key, self._key.license
        license_text, acceptance_text = "unknown", "unknown"
        if accepted is not None:
            license_text = f"{accepted.title} (SHA-256 {accepted.sha256[:12]})"
            acceptance_text = f"by {accepted.accepted_by}, {_at(accepted.accepted_at)}"
        return safe_content(
            [
                f"API Key          {key.masked}",
                f"Key Status       {_status(key)}",
                f"Developer        {key.developer}",
                f"Date Disabled    {_at(key.date_disabled) or '-'}",
                f"Added            {_at(key.added) or 'not known here'}",
                f"License          {license_text}",
                f"  accepted       {acceptance_text}",
            ]
        )

    @on(KeyFieldsForm.Edited)
    def _show_unsaved(self) -> None:
        self.query_one("#key-panel", Panel).border_subtitle = "* unsaved" if self.unsaved else ""

    # -- changing ------------------------------------------------------------

    @flow
    async def action_disable(self) -> None:
        """Disable the key."""
        await self._change_status(disable_key)

    @flow
    async def action_enable(self) -> None:
        """Enable the key."""
        await self._change_status(enable_key)

    @flow
    async def action_remove_key(self) -> None:
        """Remove the key from the local registry, and go back to the list."""
        try:
            if not await remove_key(self, self._session, self._key):
                return
        except EditConflict as error:
            await self._load_key(drop=())
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            return
        self.dismiss(None)

    async def _change_status(self, change_status: Callable[..., Coroutine[Any, Any, bool]]) -> None:
        try:
            if await change_status(self, self._session, self._key):
                await self._load_key(drop=())
        except EditConflict as error:
            await self._load_key(drop=())
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))

    @flow
    async def action_adopt(self) -> None:
        """Take a key that only the practice's copy has into the registry, after the license agreement."""
        try:
            change = await adopt_key(self, self._session, self._key, self.reload)
        except OperationNotAllowed:
            # Another program adopted it, or it's gone: show what there is now.
            await self._load_key(drop=())
            raise
        if change is not None:
            await self._load_key(drop=())
            self.show_status(change.sentence, "ok")

    @flow
    async def action_choose_permissions(self) -> None:
        """Choose the permissions in a dialog; they are saved together with the other fields."""
        self._session.require_writable()
        form = self.query_one(KeyFieldsForm)
        chosen = await self.app.push_screen_wait(PermissionChoice(form.permissions))
        if chosen is not None:
            form.permissions = chosen

    @flow
    async def action_save(self) -> None:
        """Save the changed fields, each with its own audit entry."""
        await self._save()

    async def _save(self) -> None:
        self._session.require_writable()
        form = self.query_one(KeyFieldsForm)
        try:
            fields = form.typed
        except InvalidInput as error:
            self.show_problem(error)
            form.focus_field(error.field)
            return
        keys, actor, key = self._session.office.keys, self._session.actor, self._key
        try:
            with self.busy("Saving…"):
                change = await self.commit(lambda: keys.edit(actor, key, fields))
        except InvalidInput as error:
            self.show_problem(error)
            form.focus_field(error.field)
            return
        except EditConflict as error:
            await self._resolve_conflict(error)
            return
        self._show_key(change.key)
        self.show_status(change.sentence, "ok")

    async def _resolve_conflict(self, error: EditConflict) -> None:
        """Show both values and let the admin choose. Nothing has been changed yet."""
        choice = await resolve_conflict(self, error)
        if choice is None:
            self.show_status("Nothing was changed. Your values are still here.")
            return
        dropped = () if choice == MINE else tuple(conflict.what for conflict in error.conflicts)
        await self._load_key(drop=dropped)
        if choice == MINE:
            await self._save()
        else:
            self.show_status("Showing the registry's current values. Nothing was changed.")

    @flow
    async def action_reveal(self) -> None:
        """Show the key in full, after logging this. Text that arrives in a burst doesn't show it."""
        self._session.require_writable()
        if not await self.terminal_app.key_pace.last_came_alone():
            self.show_status("Key ignored: it came too fast. Press v to view the key.")
            return
        keys, actor, key = self._session.office.keys, self._session.actor, self._key
        with self.busy("Logging that the key is shown…"):
            secret = await self.commit(lambda: keys.show(actor, key))
        self.load_history()
        self.open_screen(Notice("API key in full", [secret.reveal(), "", "This is recorded in the Audit Trail."]))

    @flow
    async def action_send_to_clipboard(self) -> None:
        """Send the key to the terminal's clipboard after a question, and after logging this."""
        self._session.require_writable()
        warning = "Other programs can read the clipboard. This is recorded in the Audit Trail."
        lines = [f"Developer   {self._key.developer}", f"API Key     {self._key.masked}", "", warning]
        question = Question("Send the key to the clipboard?", lines, Answer("ctrl+y", "Send", "send"))
        if await self.app.push_screen_wait(question) is None:
            self.show_status("The key was not sent.")
            return
        keys, actor, key = self._session.office.keys, self._session.actor, self._key
        with self.busy("Logging that the key is sent…"):
            secret = await self.commit(lambda: keys.copy(actor, key))
        self.app.copy_to_clipboard(secret.reveal())
        # Textual keeps a copy, which could be pasted into a field without being logged. No public method drops it.
        self.app._clipboard = ""
        self.show_status(
            "Sent to the terminal's clipboard (if it supports OSC 52; tmux: set -g set-clipboard on). Press v to"
            " view the key."
        )
        self.load_history()

    @flow
    async def action_back(self) -> None:
        """Return to the previous screen; ask before dropping unsaved input."""
        if not self.unsaved or await self._confirm_discard("Discard your changes?"):
            self.dismiss(None)

    async def _confirm_discard(self, title: str) -> bool:
        question = Question(title, ["What you typed isn't saved."], Answer("ctrl+y", "Discard", "drop"))
        return await self.app.push_screen_wait(question) is not None

    @on(RowList.Chosen)
    def _open_entry(self, event: RowList.Chosen) -> None:
        event.stop()
        entry = self.query_one(EntryList).entry
        if entry is not None:
            # Loaded again afterwards, because the change can be undone on that screen.
            self.open_screen(AuditEntryScreen(self._session, entry), lambda _result: self.reload())

    def on_unlocked(self) -> None:
        """Load what others may have changed during the lock; unsaved input is kept."""
        self.reload()
        # An answer that arrived during the lock is too old.
        self.refresh_from_headquarters()

    @latest
    async def reload(self) -> None:
        """Load the key again; unsaved input is kept."""
        await self._load_key(drop=())


def _status(key: ApiKey) -> str:
    if key.gone:
        return "gone from the list"
    status = f"{status_mark(key)} {key.status.label}"
    return f"{status} (last known: {key.last_known})" if key.last_known else status


def _at(moment: datetime | date | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
