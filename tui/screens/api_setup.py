"""The API Setup screen, the first one: settings, keys and their permissions.

Each action imports its flow when it is asked for, since every start imports this module.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.message import Message

from core.base.errors import ApiSetupError, HeadquartersError
from tui.flows import diagnosis, key_use
from tui.flows.headquarters_list import refresh_key_list
from tui.flows.headquarters_messages import ASKING, format_differences
from tui.flows.office_content import (
    copy_remark,
    load_keys,
    load_settings,
    read_only_remark,
)
from tui.platform.startup import paused_garbage_collection
from tui.platform.workers import flow, latest, once
from tui.screens.office_home import NEED_KEY, NEED_OFFICE, OfficeHome
from tui.widgets.key_table import KeyTable
from tui.widgets.selectable_list import SelectableList
from tui.widgets.settings_form import SettingsForm

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.api_key import ApiKey
    from tui.flows.interrupted_changes import Remark
    from tui.flows.office_reload import OfficeContent
    from tui.key_definition import Key
    from tui.session import Session

_READ_AGAIN = "Reloaded."
_HISTORY_WIDTH = 120
"""The width of a terminal from which the details have room for a key's history."""


class ApiSetupScreen(OfficeHome[ApiSetupError]):
    """Shows the office's API settings and keys. Its only result is the error that kept the office from being opened.

    Args:
        make_session: Opens the office and returns the session. Called in a thread after the first picture is painted,
            so it may block.
    """

    CSS_PATH = "api_setup.tcss"
    AUTO_FOCUS = "#keys"
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (80, "-medium"), (120, "-wide"), (160, "-widest")]  # noqa: RUF012
    PLACE = "place-api-setup"
    SHOWS_PLACES = True
    MANUAL = "api-setup"
    KEYS: ClassVar[tuple[str, ...]] = (
        "end-filter",
        "add-key",
        "edit-key",
        "disable-here",
        "select",
        "filter",
        "sort",
        "save",
        "undo-last",
        "why",
        "help",
        "enable-here",
        "reveal-here",
        "clipboard-here",
        "remove-key",
        "reload",
        "match-copy",
        "audit-trail",
        "developer-entries",
        "former-names",
        "notes",
        "about",
        "offices",
        "quit",
        "next-field",
        "developer-queries",
    )

    class OfficeOpened(Message):
        """Posted when the office is open and a user is signed in."""

        def __init__(self, session: Session) -> None:
            super().__init__()
            self.session = session

    def __init__(self, make_session: Callable[[], Session]) -> None:
        super().__init__()
        self._make_session = make_session

    def compose_body(self) -> ComposeResult:
        """Yield the settings form and the key table."""
        yield SettingsForm()
        yield KeyTable()

    def on_mount(self) -> None:
        """Open the office once the empty form is painted."""
        # Opening imports slow libraries, which would delay the first picture.
        self.call_after_refresh(self.open_office)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The names of the settings that were changed and not saved."""
        return self.query_one(SettingsForm).unsaved

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable the actions that need an open office until it is open, and `end_filter` if there is no filter."""
        if action == "end_filter":
            return any(self._has_something_to_end(table) for table in self.query(KeyTable))
        return not (action in NEED_OFFICE and self.session is None) and super().check_action(action, parameters)

    def is_useful(self, key: Key) -> bool:
        """Leave out of the key bar what needs a key if there is none, and what the status of a key doesn't allow."""
        table = self.query_one(KeyTable)
        if self.session is None or table.selection.counts:
            return super().is_useful(key)
        if table.key is None:
            return super().is_useful(key) and key.action not in NEED_KEY
        return super().is_useful(key) and self.is_allowed(key, table.key)

    def _has_something_to_end(self, table: KeyTable) -> bool:
        return table.filtered or not table.rows.has_focus or bool(table.selection.counts)

    # -- loading -------------------------------------------------------------

    @flow
    async def open_office(self) -> None:
        """Open the office and show its settings and keys."""
        self.show_status("Opening…")
        try:
            with paused_garbage_collection():
                session = await self.call_service(self._make_session, group="read")
            self.post_message(self.OfficeOpened(session))
            settled = await self._settle_interrupted_changes(session)
            keys = await self.call_service(partial(load_keys, session), group="read")
        except ApiSetupError as error:
            self.dismiss(error)
            return
        self.session = session
        self.query_one(SettingsForm).disabled = not session.may_change
        # The keys come first: an admin waits for them.
        table = self.query_one(KeyTable)
        table.prices = session.office.prices
        table.show(keys)
        remarks = (*(each.text for each in settled), *read_only_remark(session), *copy_remark(session, keys))
        self.show_status(" ".join(remarks), "problem" if any(each.is_problem for each in settled) else "note")
        self.refresh_bindings()
        # Not after the settings: by then, the admin may be typing here.
        self.open_requested_place()
        self.draw_at_once()
        # Reading the settings would delay the picture of the keys.
        self.call_after_refresh(self.complete_opening, session)

    @once
    async def complete_opening(self, session: Session) -> None:
        """Show the settings, and start what the keys didn't wait for. Keys that are pressed meanwhile work."""
        await self._show_first_settings(session)
        self.call_after_refresh(self.load_notes)
        self.refresh_from_headquarters()
        diagnosis.look_regularly(self, self.look)
        # What follows imports more, which would delay the picture of the keys.
        self.call_after_refresh(self.read_use)
        if session.office.seals_daily and session.may_change:
            self.call_after_refresh(self.seal_daily)

    async def _show_first_settings(self, session: Session) -> None:
        form = self.query_one(SettingsForm)
        try:
            page = await self.call_service(partial(load_settings, session), group="first settings")
        except ApiSetupError as error:
            if not form.is_filled:
                self.show_problem(error)
            return
        # A reload may have been faster, and its values edited.
        if not form.is_filled:
            await form.show(page)
        missing = (*page.missing, *filter(None, [page.warning]))
        if missing:
            self.show_status(" ".join(filter(None, (self.status.text, *missing))), self.status.kind)

    async def _settle_interrupted_changes(self, session: Session) -> list[Remark]:
        if not session.office.may_have_interrupted_changes or not session.signed_in.has_setup:
            return []
        from tui.flows.interrupted_changes import settle_interrupted_changes

        return await settle_interrupted_changes(self, session)

    @once
    async def look(self) -> None:
        """Look in the background for what is certainly wrong with the API."""
        await diagnosis.show_headline(self, self.open_session)
        self.read_use()

    @once
    async def read_use(self) -> None:
        """Read in the background what developers changed through the API."""
        await key_use.read_use(self, self.open_session, self.query_one(KeyTable))

    @latest
    async def read_use_again(self) -> None:
        """Read what developers changed under other names than before, instead of under those that are being read."""
        await key_use.read_use(self, self.open_session, self.query_one(KeyTable))

    @latest
    async def reload(self) -> None:
        """Load everything again; unsaved input is kept."""
        from tui.flows.office_reload import load_content

        content = await self.call_service(partial(load_content, self.open_session), group="read")
        await self._show(content)
        self._say_resolved(content)

    @latest
    async def refresh_from_headquarters(self) -> None:
        """Fetch the key list from headquarters in the background, and say what has changed in it."""
        try:
            key_list = await refresh_key_list(self, self.open_session)
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
            # A problem that is still displayed, such as a half-made save, stays.
            problem = self.status.text if self.status.kind == "problem" else ""
            self.show_status(" ".join(filter(None, (problem, differences))), self.status.kind if problem else "note")

    async def _show_without_headquarters(self, error: HeadquartersError) -> None:
        keys = await self.call_service(self.open_session.office.keys.list, group="copy")
        self.query_one(KeyTable).show(keys)
        self.show_problem(error)

    def on_unlocked(self) -> None:
        """Load what others may have changed during the lock; unsaved input is kept."""
        if self.session is not None:
            self.reload()
            self.refresh_from_headquarters()

    async def _show(self, content: OfficeContent) -> None:
        self.query_one(KeyTable).show(content.keys)
        await self.query_one(SettingsForm).show(content.page, keep_typed=True)
        self.call_after_refresh(self.load_notes)

    def _say_resolved(self, content: OfficeContent, otherwise: str = "") -> None:
        if content.resolved is not None:
            self.show_status(content.resolved.sentence, "problem")
        elif otherwise:
            self.show_status(otherwise)

    # -- settings ------------------------------------------------------------

    @flow
    async def action_save(self) -> None:
        """Save the changed settings."""
        from tui.flows.settings_save import save_settings

        outcome = await save_settings(self, self.open_session, self.query_one(SettingsForm))
        if outcome:
            self.reload_settings(outcome)

    @latest
    async def reload_settings(self, outcome: str) -> None:
        """Load the settings again after a save. The save itself is complete, so other keys keep working.

        Args:
            outcome: The outcome of the save, to be repeated if the settings can't be loaded.
        """
        try:
            page = await self.call_service(self.open_session.office.settings.load, group="settings")
        except ApiSetupError as error:
            self.show_status(f"{outcome} Reloading the settings failed: {error.sentence}", "problem")
            return
        await self.query_one(SettingsForm).show(page, keep_typed=True)

    # -- keys ----------------------------------------------------------------

    @on(KeyTable.Rested)
    def _show_what_belongs_to_key(self, event: KeyTable.Rested) -> None:
        event.stop()
        self.show_keys()
        key = event.key
        if key is None or self.session is None:
            return
        table = self.query_one(KeyTable)
        if table.needs_use_details(key):
            self.count_use(key)
        if self.size.width >= _HISTORY_WIDTH and not table.has_history(key):
            self.load_history(key)

    @latest
    async def count_use(self, key: ApiKey) -> None:
        """Count what is counted only for a key whose details are shown."""
        await key_use.count_use(self, self.open_session, self.query_one(KeyTable), key)

    @latest
    async def load_history(self, key: ApiKey) -> None:
        """Load what happened to a key, and show it below its details."""
        from tui.widgets.key_history import history_lines

        entries = await self.call_service(partial(self.open_session.office.keys.history, key), group="history")
        self.query_one(KeyTable).show_history(key, history_lines(entries))

    def current_key(self) -> ApiKey | None:
        """Return the highlighted key; None if there is none, after saying why."""
        table = self.query_one(KeyTable)
        if table.key is None:
            self.show_status(table.why_empty)
        return table.key

    async def disable(self) -> None:
        """Disable the selected keys, or else the highlighted one."""
        from tui.flows.disable_several import disable_several

        table = self.query_one(KeyTable)
        selection = table.selection
        if not selection.counts:
            await super().disable()
        elif not selection.shown:
            self.show_status("The filter hides the selected keys, so nothing was done. Press Esc to show all keys.")
        else:
            keys = table.selected_keys
            left = await disable_several(self, self.open_session, keys, selection.hidden)
            table.rows.deselect({key.fingerprint for key in keys}.difference(key.fingerprint for key in left))
            self.reload()

    async def show_key_again(self) -> None:
        """Load everything again; unsaved input is kept."""
        self.reload()

    async def after_removal(self) -> None:
        """Load everything again; unsaved input is kept."""
        self.reload()

    def after_reveal(self) -> None:
        """Load the history of the highlighted key again, if it is shown."""
        self.query_one(KeyTable).forget_history()

    def show_practice_again(self) -> None:
        """Load everything again; unsaved input is kept."""
        self.reload()

    def action_select(self) -> None:
        """Select the highlighted key, or deselect it."""
        if self.current_key() is not None:
            self.query_one(KeyTable).rows.toggle_selected()

    def action_sort(self) -> None:
        """Sort the keys by the next column."""
        self.show_status(f"Sorted by {self.query_one(KeyTable).sort_by_next()}.")

    @on(SelectableList.SelectionChanged)
    def _offer_deselecting(self) -> None:
        self.refresh_bindings()

    @flow
    async def action_add_key(self) -> None:
        """Ask for a key, have the license agreement accepted, and add the key."""
        from tui.flows.key_addition import add_key
        from tui.flows.undo import show_change

        change = await add_key(self, self.open_session, self.reload)
        if change is None:
            return
        show_change(self, self.open_session, change.sentence)
        keys = await self.call_service(self.open_session.office.keys.list, group="keys")
        table = self.query_one(KeyTable)
        table.show(keys)
        table.show_key(change.key)
        from tui.modals.notice import outcome_notice

        self.show_outcome(outcome_notice("Key added", change.sentence, change.consequences))

    @flow
    async def action_match_copy(self) -> None:
        """Make the practice's copy of keys equal to the local registry."""
        from tui.flows.copy_match import match_copy

        table = self.query_one(KeyTable)
        matched = await match_copy(self, self.open_session, table.notes)
        if matched is not None:
            table.show(matched)

    # -- other keys ----------------------------------------------------------

    @flow
    async def action_reload(self) -> None:
        """Load everything again; the admin chooses if unsaved input is dropped."""
        from tui.flows.office_reload import load_content
        from tui.flows.settings_save import may_read_again

        if not await may_read_again(self, self.query_one(SettingsForm)):
            return
        with self.busy("Reading the settings and keys…"):
            content = await self.call_service(partial(load_content, self.open_session), group="read")
        await self._show(content)
        self._say_resolved(content, ASKING if self.open_session.asks_headquarters else _READ_AGAIN)
        self.refresh_from_headquarters()
        self.look()
