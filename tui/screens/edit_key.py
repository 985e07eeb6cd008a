"""API Key Edit: everything about one key, and what can be done with it."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.widgets import Static

from core.base.errors import ApiSetupError, EditConflict, HeadquartersError, InvalidInput
from tui.flows.conflict import MINE, choose, conflict_lines
from tui.flows.headquarters_list import newest_list
from tui.flows.status_change import change_status
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.entry_list import EntryList
from tui.widgets.key_fields import Contacts, KeyFieldsForm
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from tui.session import Session


class EditKeyScreen(BaseScreen[None]):
    """Shows one key with its own audit entries."""

    CSS_PATH = "edit_key.tcss"
    KEYS: ClassVar[tuple[str, ...]] = (
        "toggle-status",
        "save-key",
        "choose-permissions",
        "reveal",
        "send-to-clipboard",
        "help",
        "back",
        "reload",
        "next-field",
        "quit",
    )

    def __init__(self, session: Session, key: ApiKey) -> None:
        super().__init__()
        self._session = session
        self._key = key

    def compose_body(self) -> ComposeResult:
        """Make the facts, the fields and the list."""
        yield Static("API Key Edit", classes="heading", markup=False)
        yield Static(self._facts(), id="facts")
        contacts = Contacts.EDITABLE if self._keeps_contacts else Contacts.READ_ONLY
        yield KeyFieldsForm(self._key.fields, contacts=contacts, known=self._key.known, disabled=not self._editable)
        yield Static("", id="unsaved", markup=False)
        yield EntryList(empty="Reading…")

    def on_mount(self) -> None:
        """Begin with the entries, where the letters act."""
        self.query_one(EntryList).focus()
        if not self._editable:
            self.show_status(self._session.office.keys.status_refusal(self._key))
        self.read_history()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """What was typed and not saved."""
        return ("this key's fields",) if self.query_one(KeyFieldsForm).edited else ()

    @property
    def _editable(self) -> bool:
        return self._key.known and not self._key.gone and self._session.office.keys.authority.may_change

    @property
    def _keeps_contacts(self) -> bool:
        return self._session.office.keys.authority.keeps_contacts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Where another authority decides, its fields are not changed here."""
        if action in ("save", "choose_permissions") and not self._editable:
            return False
        if action == "choose_permissions" and not self._keeps_contacts:
            return False
        return super().check_action(action, parameters)

    # -- reading -------------------------------------------------------------

    @latest
    async def read_history(self) -> None:
        """Read the key's own audit entries."""
        entry_list = self.query_one(EntryList)
        try:
            entries = await self.call_service(lambda: self._session.office.keys.history(self._key), group="history")
        except ApiSetupError:
            entry_list.set_empty_text("Not read; r tries again.")
            raise
        entry_list.set_empty_text("No audit entry names this key.")
        entry_list.show_entries(entries)

    @flow
    async def action_reload(self) -> None:
        """Read the key again; what was typed is asked about first."""
        if self.unsaved and not await self._drops_typed("Read again?"):
            return
        await self._read_key()
        self.show_status("Read again.")
        self.ask_headquarters()

    @latest
    async def ask_headquarters(self) -> None:
        """Ask headquarters for its list, beside whatever else is done, and show what it tells of this key."""
        try:
            if await newest_list(self, self._session) is None:
                return
        except HeadquartersError as error:
            await self._read_key(drop=())
            self.show_problem(error)
            return
        await self._read_key(drop=())

    async def _read_key(self, drop: tuple[str, ...] | None = None) -> None:
        """Read the key again; what was typed stays, but for the fields to drop - all of them when none are named."""
        keys = await self.call_service(self._session.office.keys.list, group="key")
        found = [key for key in keys.keys if key.fingerprint == self._key.fingerprint]
        if not found:
            await self.app.push_screen_wait(Notice("Gone", ["This key is not in the list any more."]))
            self.dismiss(None)
            return
        self._show_key(found[0], drop)

    def _show_key(self, key: ApiKey, drop: tuple[str, ...] | None = None) -> None:
        self._key = key
        self.query_one("#facts", Static).update(self._facts())
        form = self.query_one(KeyFieldsForm)
        form.disabled = not self._editable
        if drop is None:
            form.show(key.fields)
        else:
            form.rebase(key.fields, drop)
        self._show_unsaved()
        self.refresh_bindings()
        self.read_history()

    def _facts(self) -> Content:
        key, accepted = self._key, self._key.license
        license_words, accepted_words = "not known here", "not known here"
        if accepted is not None:
            license_words = f"{accepted.title} (SHA-256 {accepted.sha256[:12]})"
            accepted_words = f"by {accepted.accepted_by}, {_at(accepted.accepted_at)}"
        return safe_content(
            [
                f"API Key          {key.masked}",
                f"Key Status       {_status(key)}",
                f"Developer        {key.developer}",
                f"Date Disabled    {_at(key.date_disabled) or '-'}",
                f"Added            {_at(key.added) or 'not known here'}",
                f"License          {license_words}",
                f"  accepted       {accepted_words}",
            ]
        )

    @on(KeyFieldsForm.Edited)
    def _show_unsaved(self) -> None:
        self.query_one("#unsaved", Static).update("* not saved yet" if self.unsaved else "")

    # -- changing ------------------------------------------------------------

    @flow
    async def action_toggle_status(self) -> None:
        """Disable or enable the key."""
        try:
            if await change_status(self, self._session, self._key):
                await self._read_key(drop=())
        except EditConflict as error:
            await self._read_key(drop=())
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))

    @flow
    async def action_choose_permissions(self) -> None:
        """Choose other permissions; they are saved with the other fields."""
        self._session.require_writable()
        form = self.query_one(KeyFieldsForm)
        chosen = await self.app.push_screen_wait(PermissionChoice(form.permissions))
        if chosen is not None:
            form.permissions = chosen

    @flow
    async def action_save(self) -> None:
        """Write the fields that were changed, each with an audit entry of its own."""
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
            await self._settle(error)
            return
        self._show_key(change.key)
        self.show_status(change.sentence, "ok")

    async def _settle(self, error: EditConflict) -> None:
        """Show both values, and let the admin choose; nothing was changed so far."""
        choice = await choose(self, error)
        if choice is None:
            self.show_status("Nothing was changed; your values are still here.")
            return
        dropped = () if choice == MINE else tuple(conflict.what for conflict in error.conflicts)
        await self._read_key(drop=dropped)
        if choice == MINE:
            await self._save()
        else:
            self.show_status("Shown is what the registry has now; nothing was changed.")

    @flow
    async def action_reveal(self) -> None:
        """Show the key in full, after that was logged."""
        self._session.require_writable()
        keys, actor, key = self._session.office.keys, self._session.actor, self._key
        with self.busy("Writing that it is shown…"):
            secret = await self.commit(lambda: keys.show(actor, key))
        self.read_history()
        self.open_screen(Notice("API key in full", [secret.reveal(), "", "The Audit Trail notes it."]))

    @flow
    async def action_send_to_clipboard(self) -> None:
        """Send the key to the terminal's clipboard, after that was logged."""
        self._session.require_writable()
        keys, actor, key = self._session.office.keys, self._session.actor, self._key
        with self.busy("Writing that it is sent…"):
            secret = await self.commit(lambda: keys.copy(actor, key))
        self.app.copy_to_clipboard(secret.reveal())
        # Textual keeps a copy, which could be pasted into a field from here without being logged.
        self.app._clipboard = ""
        self.show_status(
            "Sent to the terminal, if it takes clipboard text; tmux needs: set -g set-clipboard on. v shows the key."
        )
        self.read_history()

    @flow
    async def action_back(self) -> None:
        """Go back to the list."""
        if not self.unsaved or await self._drops_typed("Leave without saving?"):
            self.dismiss(None)

    async def _drops_typed(self, title: str) -> bool:
        question = Question(title, ["What was typed here is not saved yet."], Answer("y", "Drop it", "drop"))
        return await self.app.push_screen_wait(question) is not None

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.open_entry()

    def open_entry(self) -> None:
        """Show the whole entry under the cursor."""
        from tui.screens.audit_entry import AuditEntryScreen

        entry = self.query_one(EntryList).entry
        if entry is not None:
            # There it may have been undone.
            self.open_screen(AuditEntryScreen(self._session, entry, linked=False), lambda _result: self.read_again())

    def on_unlocked(self) -> None:
        """Read what others may have changed while this was locked; what was typed stays."""
        self.read_again()
        # An answer that waited for the lock is too old.
        self.ask_headquarters()

    @latest
    async def read_again(self) -> None:
        """Read the key again; what was typed stays."""
        await self._read_key(drop=())


def _status(key: ApiKey) -> str:
    if key.gone:
        return "gone from the list"
    return f"{key.status.label} (last known: {key.last_known})" if key.last_known else key.status.label


def _at(moment: datetime | date | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
