"""The API Key Edit screen: shows one key, changes it, and lists its audit entries."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.content import Content
from textual.widgets import Static

from core.base.errors import ApiSetupError, EditConflict, HeadquartersError, InvalidInput, OperationNotAllowed
from core.model.audit_entry import counted
from core.model.diagnosis import Remedy
from tui.flows.conflict import MINE, resolve_conflict
from tui.flows.headquarters_list import refresh_key_list
from tui.flows.headquarters_messages import ASKING
from tui.flows.key_addition import adopt_key
from tui.flows.undo import show_change
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Answer, Question
from tui.platform.workers import flow, latest
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.key_screen import KeyScreen
from tui.widgets.entry_list import EntryList
from tui.widgets.key_fields import Contacts, KeyFieldsForm
from tui.widgets.key_history import what_happened
from tui.widgets.key_status import short_key, status_mark
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from core.model.key_note import KeyNote
    from tui.key_definition import Key
    from tui.session import Session

_READ_AGAIN = "Reloaded."
_MIN_HEIGHT_FOR_ALL = 22
"""The height of a terminal that has room for all facts and some of the history."""


class EditKeyScreen(KeyScreen[None]):
    """Shows one key with the audit entries about it."""

    CSS_PATH = "edit_key.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (120, "-wide")]  # noqa: RUF012 - declared so by Textual
    VERTICAL_BREAKPOINTS = [(0, "-low"), (_MIN_HEIGHT_FOR_ALL, "-high")]  # noqa: RUF012
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
        "notes",
        "undo-last",
        "help",
        "back",
        "why",
        "remove-key",
        "reload",
        "next-field",
        "quit",
    )

    def __init__(self, session: Session, key: ApiKey) -> None:
        super().__init__()
        self.session = session
        self._key = key
        self._note: KeyNote | None = None

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
            self.show_status(self.open_session.office.keys.status_refusal(self._key))
        self.load_history()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of unsaved input."""
        return ("this key's fields",) if self.query_one(KeyFieldsForm).edited else ()

    @property
    def _editable(self) -> bool:
        key = self._key
        if not self.open_session.may_change:
            return False
        return key.known and not key.gone and not key.unusable and self.open_session.office.keys.authority.may_change

    @property
    def _keeps_contacts(self) -> bool:
        return self.open_session.office.keys.authority.keeps_contacts

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable saving and choosing permissions where this office may not change the key's fields."""
        if action in ("save", "choose_permissions") and not self._editable:
            return False
        if action == "choose_permissions" and not self._keeps_contacts:
            return False
        if action == "adopt" and not self.open_session.office.keys.can_adopt(self._key):
            return False
        return super().check_action(action, parameters)

    def is_useful(self, key: Key) -> bool:
        """Leave out of the key bar what the key's status doesn't allow: enabling an enabled key, for example."""
        return super().is_useful(key) and self.is_allowed(key, self._key)

    # -- loading -------------------------------------------------------------

    @latest
    async def load_history(self) -> None:
        """Load the audit entries about the key."""
        await self._load_note()
        entry_list = self.query_one(EntryList)
        try:
            entries = await self.call_service(lambda: self.open_session.office.keys.history(self._key), group="history")
        except ApiSetupError:
            entry_list.set_empty_text("Not loaded. Press r to retry.")
            raise
        entry_list.set_empty_text("No audit entries for this key.")
        entry_list.show_entries(entries)
        self.query_one("#history-panel", Panel).show_title("History", counted(len(entries)))

    async def _load_note(self) -> None:
        """Load the notes on the key. If they can't be read, the facts leave them out."""
        try:
            record = await self.call_service(lambda: self.open_session.office.notes.of(self._key), group="key notes")
        except ApiSetupError as error:
            self.terminal_app.record_problem(error)
            return
        if record.note != self._note:
            self._note = record.note
            self.query_one("#facts", Static).update(self._details())

    @flow
    async def action_reload(self) -> None:
        """Load the key again; ask before dropping unsaved input."""
        if self.unsaved and not await self._confirm_discard("Reload and discard your changes?"):
            return
        await self._load_key()
        self.show_status(ASKING if self.open_session.asks_headquarters else _READ_AGAIN)
        self.refresh_from_headquarters()

    @latest
    async def refresh_from_headquarters(self) -> None:
        """Fetch the key list from headquarters in the background, and show this key as it has it."""
        try:
            if await refresh_key_list(self, self.open_session) is None:
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
        keys = await self.call_service(self.open_session.office.keys.list, group="key")
        matching = [key for key in keys.keys if key.fingerprint == self._key.fingerprint]
        if not matching:
            await self.app.push_screen_wait(Notice("The list has changed", ["This key is no longer in the list."]))
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

    def on_resize(self) -> None:
        """Leave out facts in a low terminal, so that some of the history is in view."""
        self.query_one("#facts", Static).update(self._details())

    def _details(self) -> Content:
        key, accepted = self._key, self._key.license
        license_text, acceptance_text = "unknown", "unknown"
        if accepted is not None:
            license_text = f"{accepted.title} (SHA-256 {accepted.sha256[:12]})"
            acceptance_text = f"by {accepted.accepted_by}, {_at(accepted.accepted_at)}"
        if self.size.height < _MIN_HEIGHT_FOR_ALL:
            disabled = f", {key.date_disabled:%Y-%m-%d}" if key.date_disabled else ""
            return safe_content(
                [
                    f"API Key          {key.masked}",
                    f"Key Status       {_status(key)}{disabled}",
                    f"Developer        {key.developer}",
                    f"Added            {_at(key.added) or 'not known here'}",
                    f"License          {'accepted ' if accepted else ''}{acceptance_text}",
                ]
            )
        return safe_content(
            [
                f"API Key          {key.masked}",
                f"Key Status       {_status(key)}",
                f"Developer        {key.developer}",
                f"Owner            {_owner(self._note)}",
                f"Date Disabled    {_at(key.date_disabled) or '-'}",
                f"Added            {_at(key.added) or 'not known here'}",
                f"License          {license_text}",
                f"  accepted       {acceptance_text}",
            ]
        )

    @on(KeyFieldsForm.Edited)
    def _show_unsaved(self) -> None:
        self.query_one("#key-panel", Panel).show_subtitle("* unsaved" if self.unsaved else "", "$caution")

    # -- changing ------------------------------------------------------------

    def current_key(self) -> ApiKey:
        """Return the key of this screen."""
        return self._key

    async def show_key_again(self) -> None:
        """Load the key again; unsaved input is kept."""
        await self._load_key(drop=())

    async def after_removal(self) -> None:
        """Go back to the list."""
        self.dismiss(None)

    def after_reveal(self) -> None:
        """Load the entries again."""
        self.load_history()

    def show_practice_again(self) -> None:
        """Load the key again; unsaved input is kept."""
        self.reload()

    def action_why(self) -> None:
        """Say why calls with this key fail."""
        from tui.screens.why import WhyScreen

        self.open_screen(WhyScreen(self.open_session, self._key), self._act_on_cause)

    def _act_on_cause(self, remedy: Remedy | None) -> None:
        if remedy is Remedy.ENABLE_KEY:
            self.action_enable()
        elif remedy is Remedy.RELOAD:
            self.action_reload()
        elif remedy is not None:
            self.show_status(f"Go back to API Setup to {remedy.value}.")

    @flow
    async def action_adopt(self) -> None:
        """Take a key that only the practice's copy has into the registry, after the license agreement."""
        try:
            change = await adopt_key(self, self.open_session, self._key, self.reload)
        except (InvalidInput, OperationNotAllowed):
            # Another program adopted it, or it's gone: show what there is now.
            await self._load_key(drop=())
            raise
        if change is not None:
            await self._load_key(drop=())
            show_change(self, self.open_session, change.sentence)

    @flow
    async def action_choose_permissions(self) -> None:
        """Choose the permissions in a dialog; they are saved together with the other fields."""
        self.open_session.require_writable()
        form = self.query_one(KeyFieldsForm)
        chosen = await self.app.push_screen_wait(PermissionChoice(form.permissions))
        if chosen is not None:
            form.permissions = chosen

    @flow
    async def action_save(self) -> None:
        """Save the changed fields, each with its own audit entry."""
        await self._save()

    async def _save(self) -> None:
        self.open_session.require_writable()
        form = self.query_one(KeyFieldsForm)
        try:
            fields = form.typed
        except InvalidInput as error:
            self.show_problem(error)
            form.focus_field(error.field)
            return
        keys, actor, key = self.open_session.office.keys, self.open_session.actor, self._key
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
        show_change(self, self.open_session, change.sentence)

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
    async def action_back(self) -> None:
        """Return to the previous screen; ask before dropping unsaved input."""
        if not self.unsaved or await self._confirm_discard("Discard your changes?"):
            self.dismiss(None)

    async def _confirm_discard(self, title: str) -> bool:
        question = Question(title, ["Your changes aren't saved."], Answer("ctrl+y", "Discard", "drop"))
        return await self.app.push_screen_wait(question) is not None

    @on(RowList.Chosen)
    def _open_entry(self, event: RowList.Chosen) -> None:
        event.stop()
        entry = self.query_one(EntryList).entry
        if entry is not None:
            # Loaded again afterwards, because the change can be undone on that screen.
            self.open_screen(AuditEntryScreen(self.open_session, entry), lambda _result: self.reload())

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


def _owner(note: KeyNote | None) -> str:
    """Return the owner, the purpose and the review date of a key as far as they are noted."""
    if note is None:
        return ""
    review = f"review on {note.review_date.isoformat()}" if note.review_date is not None else ""
    return " · ".join(filter(None, (note.owner or "none", note.purpose, review)))


def _at(moment: datetime | date | None) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S}" if moment else ""
