"""The API Setup screen, the first one: settings, keys and their permissions."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar

from textual import on
from textual.message import Message
from textual.widgets import Input

from core.base.errors import ApiSetupError, EditConflict, HeadquartersError
from tui.flows.conflict import conflict_lines
from tui.flows.copy_match import match_copy
from tui.flows.headquarters_list import refresh_key_list
from tui.flows.headquarters_messages import ASKING, format_differences
from tui.flows.interrupted_changes import settle_interrupted_changes
from tui.flows.key_addition import add_key
from tui.flows.key_removal import remove_key
from tui.flows.office_content import (
    OfficeContent,
    about_lines,
    audit_trail_refusal,
    copy_remark,
    load_content,
    read_only_remark,
)
from tui.flows.settings_save import save_settings
from tui.flows.status_change import disable_key, enable_key
from tui.modals.notice import Notice, outcome_notice
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.filter_input import FilterInput
from tui.widgets.key_history import history_lines
from tui.widgets.key_table import KeyTable
from tui.widgets.row_list import RowList
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from tui.session import Session

_READ_AGAIN = "Read again."


_HISTORY_WIDTH = 120
"""The width of a terminal from which the details have room for a key's history."""


class ApiSetupScreen(BaseScreen[ApiSetupError]):
    """Shows the office's API settings and keys. Its only result is the error that kept the office from being opened.

    Args:
        make_session: Opens the office and returns the session. Called in a thread after the first picture is painted,
            so it may block.
    """

    CSS_PATH = "api_setup.tcss"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide"), (160, "-widest")]  # noqa: RUF012
    PLACE = "place-api-setup"
    SHOWS_PLACES = True
    KEYS: ClassVar[tuple[str, ...]] = (
        "end-filter",
        "add-key",
        "edit-key",
        "disable-here",
        "filter",
        "save",
        "help",
        "enable-here",
        "remove-key",
        "reload",
        "match-copy",
        "audit-trail",
        "about",
        "offices",
        "quit",
        "next-field",
    )

    class OfficeOpened(Message):
        """Posted when the office is open and a user is signed in."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def __init__(self, make_session: Callable[[], Session]) -> None:
        super().__init__()
        self._make_session = make_session
        self._session: Session | None = None

    def compose_body(self) -> ComposeResult:
        """Yield the settings form and the key table."""
        yield SettingsForm()
        yield KeyTable()

    def on_mount(self) -> None:
        """Focus the key table, and open the office once the empty form is painted."""
        self.query_one(KeyTable).rows.focus()
        # Opening imports slow libraries, which would delay the first picture.
        self.call_after_refresh(self.open_office)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of the settings that were changed and not saved."""
        return self.query_one(SettingsForm).unsaved

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that need an open office until it is open, and `end_filter` if there is no filter."""
        if action == "end_filter":
            return any(table.filtered for table in self.query(KeyTable)) or isinstance(self.focused, Input)
        needs_office = action in (
            "add_key",
            "edit_key",
            "disable",
            "enable",
            "remove_key",
            "match_copy",
            "save",
            "audit_trail",
            "reload",
            "about",
            "filter",
        )
        return not (needs_office and self._session is None) and super().check_action(action, parameters)

    # -- loading -------------------------------------------------------------

    @flow
    async def open_office(self) -> None:
        """Open the office and show its settings and keys."""
        self.show_status("Opening…")
        try:
            session = await self.call_service(self._make_session, group="read")
            self.post_message(self.OfficeOpened(session))
            settled = await settle_interrupted_changes(self, session)
            content = await self.call_service(partial(load_content, session), group="read")
        except ApiSetupError as error:
            self.dismiss(error)
            return
        self._session = session
        self._show(content)
        settings = (*content.page.missing, *filter(None, [content.page.warning]))
        remarks = (*settings, *read_only_remark(self._session), *copy_remark(self._session, content.keys))
        is_problem = any(each.is_problem for each in settled)
        self.show_status(" ".join((*(each.text for each in settled), *remarks)), "problem" if is_problem else "note")
        self.refresh_bindings()
        self.refresh_from_headquarters()

    @latest
    async def reload(self) -> None:
        """Load everything again; unsaved input is kept."""
        content = await self.call_service(partial(load_content, self._open_session), group="read")
        self._show(content)
        self._say_resolved(content)

    @latest
    async def refresh_from_headquarters(self) -> None:
        """Fetch the key list from headquarters in the background, and say what has changed in it."""
        try:
            key_list = await refresh_key_list(self, self._open_session)
        except HeadquartersError as error:
            await self._show_without_headquarters(error)
            return
        if key_list is None:
            return
        self.query_one(KeyTable).show(key_list)
        if self.status.text == ASKING:
            self.show_status(_READ_AGAIN)
        differences = format_differences(key_list)
        if differences:
            # Added to a problem that is still displayed, such as a half-made save.
            problem = self.status.text if self.status.kind == "problem" else ""
            self.show_status(" ".join(filter(None, (problem, differences))), self.status.kind if problem else "note")

    async def _show_without_headquarters(self, error: HeadquartersError) -> None:
        keys = await self.call_service(self._open_session.office.keys.list, group="copy")
        self.query_one(KeyTable).show(keys)
        self.show_problem(error)

    def on_unlocked(self) -> None:
        """Load what others may have changed during the lock; unsaved input is kept."""
        if self._session is not None:
            self.reload()
            self.refresh_from_headquarters()

    def _show(self, content: OfficeContent) -> None:
        form = self.query_one(SettingsForm)
        form.show(content.page, keep_typed=True)
        self.query_one(KeyTable).show(content.keys)

    def _say_resolved(self, content: OfficeContent, otherwise: str = "") -> None:
        if content.resolved is not None:
            self.show_status(content.resolved.sentence, "problem")
        elif otherwise:
            self.show_status(otherwise)

    @property
    def _open_session(self) -> Session:
        assert self._session is not None  # noqa: S101 - check_action disables every action until then
        return self._session

    # -- settings ------------------------------------------------------------

    @flow
    async def action_save(self) -> None:
        """Save the changed settings."""
        outcome = await save_settings(self, self._open_session, self.query_one(SettingsForm))
        if outcome:
            self.reload_settings(outcome)

    @latest
    async def reload_settings(self, outcome: str) -> None:
        """Load the settings again after a save. The save itself is complete, so other keys keep working.

        Args:
            outcome: The outcome of the save, to be repeated if the settings can't be loaded.
        """
        try:
            page = await self.call_service(self._open_session.office.settings.load, group="settings")
        except ApiSetupError as error:
            self.show_status(f"{outcome} Reading the settings again failed: {error.sentence}", "problem")
            return
        self.query_one(SettingsForm).show(page, keep_typed=True)

    # -- keys ----------------------------------------------------------------

    @on(KeyTable.Rested)
    def _load_history(self, event: KeyTable.Rested) -> None:
        event.stop()
        key = event.key
        if key is None or self._session is None or self.size.width < _HISTORY_WIDTH:
            return
        if not self.query_one(KeyTable).has_history(key):
            self.load_history(key)

    @latest
    async def load_history(self, key: ApiKey) -> None:
        """Load what happened to a key, and show it below its details."""
        entries = await self.call_service(partial(self._open_session.office.keys.history, key), group="history")
        self.query_one(KeyTable).show_history(key, history_lines(entries))

    @on(RowList.Chosen)
    def _open_chosen_key(self, event: RowList.Chosen) -> None:
        event.stop()
        self.action_edit_key()

    def action_edit_key(self) -> None:
        """Open the screen of the highlighted key."""
        from tui.screens.edit_key import EditKeyScreen

        key = self._highlighted()
        if key is None:
            return
        self.open_screen(EditKeyScreen(self._open_session, key), lambda _result: self.reload())

    @flow
    async def action_disable(self) -> None:
        """Disable the highlighted key."""
        await self._change_status(disable_key)

    @flow
    async def action_enable(self) -> None:
        """Enable the highlighted key."""
        await self._change_status(enable_key)

    @flow
    async def action_remove_key(self) -> None:
        """Remove the highlighted key from the local registry."""
        await self._change_status(remove_key)

    async def _change_status(self, change_status: Callable[..., Coroutine[Any, Any, bool]]) -> None:
        key = self._highlighted()
        if key is None:
            return
        self._open_session.require_writable()
        try:
            changed = await change_status(self, self._open_session, key)
        except EditConflict as error:
            self.show_outcome(Notice("Changed by another program", conflict_lines(error)))
            changed = True
        if changed:
            self.reload()

    @flow
    async def action_add_key(self) -> None:
        """Ask for a key, have the license agreement accepted, and add the key."""
        change = await add_key(self, self._open_session, self.reload)
        if change is None:
            return
        self.show_status(change.sentence, "ok")
        keys = await self.call_service(self._open_session.office.keys.list, group="keys")
        table = self.query_one(KeyTable)
        table.show(keys)
        table.show_key(change.key)
        self.show_outcome(outcome_notice("Key added", change.sentence, change.consequences))

    @flow
    async def action_match_copy(self) -> None:
        """Make the practice's copy of keys equal to the local registry."""
        table = self.query_one(KeyTable)
        matched = await match_copy(self, self._open_session, table.notes)
        if matched is not None:
            table.show(matched)

    def _highlighted(self) -> ApiKey | None:
        table = self.query_one(KeyTable)
        if table.key is None:
            self.show_status(table.why_empty)
        return table.key

    # -- other keys ----------------------------------------------------------

    def action_filter(self) -> None:
        """Move focus to the filter."""
        self.show_status("")
        self.query_one(KeyTable).start_filter()

    @on(KeyTable.FilterRefused)
    def _show_filter_error(self, event: KeyTable.FilterRefused) -> None:
        # Said without show_problem(), which logs the error: the text may contain an API key.
        self.show_status(str(event.error), "problem")

    @on(FilterInput.Choices)
    def _show_completions(self, event: FilterInput.Choices) -> None:
        self.show_status("  ".join(event.words) if event.words else "Nothing completes this word.")

    def action_end_filter(self) -> None:
        """Clear the filter, or else leave the text field; focus moves to the list."""
        table = self.query_one(KeyTable)
        if not table.end_filter():
            table.rows.focus()

    def open_place(self, place: str) -> None:
        """Open a place of this office on top of this screen."""
        if place == "place-audit-trail":
            self.action_audit_trail()

    def action_audit_trail(self) -> None:
        """Open the Audit Trail, or say who can grant the missing permission for it."""
        from tui.screens.audit_trail import AuditTrailScreen

        if self._open_session.signed_in.sees_audit_trail:
            self.open_screen(AuditTrailScreen(self._open_session), lambda _result: self.reload())
        else:
            self.show_permission_granters()

    @latest
    async def show_permission_granters(self) -> None:
        """Say which users can grant the permission for the Audit Trail."""
        names = await self.call_service(self._open_session.office.users.permission_granters, group="grants")
        self.show_status(audit_trail_refusal(names), "problem")

    @flow
    async def action_reload(self) -> None:
        """Load everything again; the admin chooses if unsaved input is dropped."""
        form = self.query_one(SettingsForm)
        if form.unsaved:
            question = Question(
                "Read again?",
                [f"Not saved yet: {', '.join(form.unsaved)}."],
                Answer("ctrl+y", "Discard what you typed", "drop"),
                Answer("ctrl+t", "Keep it", "keep"),
            )
            choice = await self.app.push_screen_wait(question)
            if choice is None:
                return
            if choice == "drop":
                form.show(form.page)
        with self.busy("Reading the settings and keys…"):
            content = await self.call_service(partial(load_content, self._open_session), group="read")
        self._show(content)
        self._say_resolved(content, ASKING if self._open_session.office.keys.is_remote else _READ_AGAIN)
        self.refresh_from_headquarters()

    def action_about(self) -> None:
        """Show the details of the practice, its database and this session."""
        self.open_screen(Notice("This practice", about_lines(self._open_session)))
