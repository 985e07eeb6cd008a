"""API Setup, the first screen: the settings, the keys and their permissions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message
from textual.widgets import Input

from core.base.errors import (
    ApiSetupError,
    EditConflict,
    HeadquartersError,
    InvalidInput,
    PracticeUnavailable,
)
from tui.flows.conflict import MINE, choose, conflict_lines
from tui.flows.headquarters_list import newest_list
from tui.flows.headquarters_messages import differences_in_words
from tui.flows.key_addition import add_key
from tui.flows.status_change import change_status
from tui.modals.notice import Notice, notice_of
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.key_table import KeyTable
from tui.widgets.row_list import RowList
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey, KeyList
    from core.model.resolved_change import ResolvedChange
    from core.model.settings import SettingsPage
    from tui.session import Session


class ApiSetupScreen(BaseScreen[ApiSetupError]):
    """Shows the office's API settings and keys; ends only with the reason why the office could not be entered.

    Args:
        arrive: Gives the session; it may block, since the first picture is painted before the database is open.
    """

    CSS_PATH = "api_setup.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-wide")]  # noqa: RUF012 - declared so by Textual
    KEYS: ClassVar[tuple[str, ...]] = (
        "end-filter",
        "add-key",
        "edit-key",
        "toggle-status-here",
        "save",
        "audit-trail",
        "filter",
        "help",
        "reload",
        "about",
        "offices",
        "quit",
        "next-field",
    )

    class Entered(Message):
        """The office is open, and a user is in it."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def __init__(self, arrive: Callable[[], Session]) -> None:
        super().__init__()
        self._arrive = arrive
        self._session: Session | None = None

    def compose_body(self) -> ComposeResult:
        """Make the form and the list."""
        yield SettingsForm()
        yield KeyTable()

    def on_mount(self) -> None:
        """Open the office while the empty form is already painted."""
        self.query_one(KeyTable).rows.focus()
        # The libraries behind it are slow to import, and would hold up the first picture.
        self.call_after_refresh(self.enter)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of the values that were typed and not saved."""
        return self.query_one(SettingsForm).unsaved

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Until the office is open there is nothing to do here."""
        if action == "end_filter":
            return any(table.filtered for table in self.query(KeyTable)) or isinstance(self.focused, Input)
        waits = action in ("add_key", "edit_key", "toggle_status", "save", "audit_trail", "reload", "about", "filter")
        return not (waits and self._session is None) and super().check_action(action, parameters)

    # -- reading -------------------------------------------------------------

    @flow
    async def enter(self) -> None:
        """Open the office, and show it."""
        self.say("Opening…")
        try:
            session = await self.ask(self._arrive, group="read")
            self.post_message(self.Entered(session))
            reading = await self.ask(partial(_read, session), group="read")
        except ApiSetupError as error:
            self.dismiss(error)
            return
        self._session = session
        self._show(reading)
        self.say(" ".join((*reading.page.missing, *_read_only_words(self._session))))
        self.refresh_bindings()
        self.ask_headquarters()

    @latest
    async def read_again(self) -> None:
        """Read everything again; what was typed stays typed."""
        reading = await self.ask(partial(_read, self._open), group="read")
        self._show(reading)
        self._say_settled(reading)

    @latest
    async def ask_headquarters(self) -> None:
        """Ask headquarters for its list, beside whatever else is done; what is different in it is said."""
        try:
            listed = await newest_list(self, self._open)
        except HeadquartersError as error:
            await self._show_without_headquarters(error)
            return
        if listed is None:
            return
        self.query_one(KeyTable).show(listed)
        words = differences_in_words(listed)
        if words:
            self.say(words)

    async def _show_without_headquarters(self, error: HeadquartersError) -> None:
        keys = await self.ask(self._open.office.keys.list, group="copy")
        self.query_one(KeyTable).show(keys)
        self.show_problem(error)

    def on_unlocked(self) -> None:
        """Read what others may have changed while this was locked; what was typed stays."""
        if self._session is not None:
            self.read_again()
            self.ask_headquarters()

    def _show(self, reading: _Reading) -> None:
        form = self.query_one(SettingsForm)
        form.show(reading.page, keep_typed=True)
        self.query_one(KeyTable).show(reading.keys)

    def _say_settled(self, reading: _Reading, otherwise: str = "") -> None:
        if reading.settled is not None:
            self.say(reading.settled.sentence, "problem")
        elif otherwise:
            self.say(otherwise)

    @property
    def _open(self) -> Session:
        assert self._session is not None  # noqa: S101 - check_action keeps every action away until then
        return self._session

    # -- settings ------------------------------------------------------------

    @flow
    async def action_save(self) -> None:
        """Write the settings that were changed."""
        await self._save()

    async def _save(self) -> None:
        form = self.query_one(SettingsForm)
        self._open.require_writable()
        read, typed = form.page.values, form.typed
        if not form.unsaved:
            self.say("Nothing to save: the settings are as they were read.")
            return
        office, actor = self._open.office, self._open.actor
        try:
            with self.busy("Saving…"):
                saved = await self.commit(lambda: office.settings.save(actor, read, typed))
        except InvalidInput as error:
            self.show_problem(error)
            form.focus_field(error.field)
            return
        except EditConflict as error:
            await self._settle(error)
            return
        except PracticeUnavailable as error:
            self.show_problem(error)
            self.say(f"{error} What you typed is still here.", "problem")
            return
        form.accept(typed)
        words = "Nothing was written: the practice has these values already."
        if saved.changes:
            told = " Running workstations are told." if office.info.host else ""
            words = f"Saved: {'; '.join(saved.changes)}.{told}"
        self.say(words, "ok" if saved.changes else "note")
        self.read_settings(words)

    @latest
    async def read_settings(self, said: str) -> None:
        """Read the settings again after they were saved; the save is over, so other keys work meanwhile.

        Args:
            said: What is known to be true, whatever becomes of the reading.
        """
        try:
            page = await self.ask(self._open.office.settings.load, group="settings")
        except ApiSetupError as error:
            self.say(f"{said} Reading the settings again failed: {error.sentence}", "problem")
            return
        self.query_one(SettingsForm).show(page, keep_typed=True)

    async def _settle(self, error: EditConflict) -> None:
        """Show both values, and let the admin choose; nothing was written so far."""
        form = self.query_one(SettingsForm)
        choice = await choose(self, error)
        if choice is None:
            self.say("Nothing was written; your values are still in the form.")
            return
        page = await self.ask(self._open.office.settings.load, group="settings")
        dropped = () if choice == MINE else tuple(conflict.what for conflict in error.conflicts)
        form.show(page, keep_typed=True, drop=dropped)
        if choice == MINE:
            await self._save()
        else:
            self.say("Shown is what the practice has now; nothing was written.")

    # -- keys ----------------------------------------------------------------

    @on(RowList.Chosen)
    def _chosen(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_edit_key()

    def action_edit_key(self) -> None:
        """Open the highlighted key."""
        from tui.screens.edit_key import EditKeyScreen

        key = self._highlighted()
        if key is None:
            return
        self.open_above(EditKeyScreen(self._open, key), lambda _result: self.read_again())

    @flow
    async def action_toggle_status(self) -> None:
        """Disable or enable the highlighted key."""
        key = self._highlighted()
        if key is None:
            return
        self._open.require_writable()
        try:
            changed = await change_status(self, self._open, key)
        except EditConflict as error:
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            changed = True
        if changed:
            self.read_again()

    @flow
    async def action_add_key(self) -> None:
        """Ask for a key, have the agreement accepted, and add it."""
        change = await add_key(self, self._open, self.read_again)
        if change is None:
            return
        self.say(change.sentence, "ok")
        keys = await self.ask(self._open.office.keys.list, group="keys")
        table = self.query_one(KeyTable)
        table.show(keys)
        table.show_key(change.key)
        self.show_outcome(notice_of("Key added", change.sentence, change.consequences))

    def _highlighted(self) -> ApiKey | None:
        table = self.query_one(KeyTable)
        if table.key is None:
            self.say("No key matches the filter; Escape shows all." if table.filtered else "There is no API key here.")
        return table.key

    # -- other keys ----------------------------------------------------------

    def action_filter(self) -> None:
        """Go to the filter."""
        self.say("")
        self.query_one(KeyTable).start_filter()

    def action_end_filter(self) -> None:
        """Show all keys again, or leave the field: either way, on with the list."""
        table = self.query_one(KeyTable)
        if not table.end_filter():
            table.rows.focus()

    def action_audit_trail(self) -> None:
        """Open the Audit Trail, or say who can grant the permission for it."""
        from tui.screens.audit_trail import AuditTrailScreen

        if self._open.signed_in.sees_audit_trail:
            self.open_above(AuditTrailScreen(self._open), lambda _result: self.read_again())
        else:
            self.name_permission_granters()

    @latest
    async def name_permission_granters(self) -> None:
        """Say who can grant the permission for the Audit Trail."""
        names = await self.ask(self._open.office.users.permission_granters, group="grants")
        self.say(needs_audit_trail(names), "problem")

    @flow
    async def action_reload(self) -> None:
        """Read everything again, without what was typed if the admin wants that."""
        form = self.query_one(SettingsForm)
        if form.unsaved:
            question = Question(
                "Read again?",
                [f"Not saved yet: {', '.join(form.unsaved)}."],
                Answer("y", "Drop what was typed", "drop"),
                Answer("k", "Keep it", "keep"),
            )
            choice = await self.app.push_screen_wait(question)
            if choice is None:
                return
            if choice == "drop":
                form.show(form.page)
        with self.busy("Reading…"):
            reading = await self.ask(partial(_read, self._open), group="read")
        self._show(reading)
        self._say_settled(reading, "Read again.")
        self.ask_headquarters()

    def action_about(self) -> None:
        """Show which practice and database this is."""
        self.open_above(Notice("This practice", _about(self._open)))


def needs_audit_trail(names: tuple[str, ...]) -> str:
    """Say that the Audit Trail needs a permission, and who can grant it."""
    who = f"{', '.join(names)} can" if names else "someone with SecurityAdmin can"
    return f"The Audit Trail needs the permission AuditTrail (122); {who} grant it in Setup > Security."


@dataclass(frozen=True)
class _Reading:
    """What was read of the practice."""

    page: SettingsPage
    keys: KeyList
    settled: ResolvedChange | None
    """What became of a change whose answer was lost."""


def _read(session: Session) -> _Reading:
    settled = session.office.resolve_pending()
    return _Reading(session.office.settings.load(), session.office.keys.list(), settled)


def _read_only_words(session: Session) -> tuple[str, ...]:
    if session.signed_in.writable:
        return ()
    return ("Read-only: nothing is logged and nothing can be saved; i says why.",)


def _about(session: Session) -> list[str]:
    facts, info = session.office.info, session.office.keys.authority
    return [
        f"Practice       {facts.title}",
        f"Database       {facts.database}",
        *([f"Server         {facts.host}"] if facts.host else []),
        *([f"Line           {facts.line}"] if facts.line else []),
        f"Server version {facts.server}",
        *([f"Database user  {facts.database_user}"] if facts.database_user else []),
        f"Open Dental    {facts.version}",
        f"User           {session.actor.user_name}",
        f"Computer       {session.actor.computer}",
        "",
        *([f"Read-only: {session.why_read_only}", ""] if not session.signed_in.writable else []),
        f"Keys: {info.explanation}",
        *(line for note in facts.notes for line in ("", note)),
    ]
