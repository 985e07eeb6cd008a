"""One entry of the Audit Trail, whole."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from core.base.errors import ApiSetupError, EditConflict, HeadquartersError, OutcomeUnknown
from core.model.audit_entry import Genuineness
from tui.flows.conflict import conflict_lines
from tui.flows.headquarters_messages import ASKED, notice_of_failure
from tui.modals.notice import Notice, notice_of
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow, latest
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.model.audit_entry import AuditEntry
    from core.model.logged_event import LoggedEvent
    from core.model.whole_entry import WholeEntry
    from tui.session import Session


class AuditEntryScreen(BaseScreen[bool]):
    """Shows every column of one entry; gives whether one wants to go to the settings.

    Args:
        session: The open office.
        entry: The entry as a list has it; it is read again.
        linked: Whether one can go from here to what it is about.
    """

    KEYS: ClassVar[tuple[str, ...]] = (
        "go-to-subject",
        "undo",
        "back",
        "page-down",
        "page-up",
        "reload-entries",
        "help",
        "quit",
    )

    def __init__(self, session: Session, entry: AuditEntry, *, linked: bool = True) -> None:
        super().__init__()
        self._session = session
        self._number = entry.number
        self._linked = linked
        self._event: LoggedEvent | None = None

    def compose_body(self) -> ComposeResult:
        """Make the title and the text."""
        yield Static("Audit Trail entry", classes="heading", markup=False)
        yield TextLines("Reading…")

    def on_mount(self) -> None:
        """Give the keys to the text, and read the entry."""
        self.query_one(TextLines).focus()
        self.read_entry()

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """One can go only where the entry tells of something that is still there."""
        if action == "go_to_subject":
            logged = self._event
            return self._linked and logged is not None and bool(logged.event.key_tag or logged.event.about_settings)
        if action == "undo":
            return self._event is not None and self._event.is_undoable
        return super().check_action(action, parameters)

    @latest
    async def read_entry(self) -> None:
        """Read the entry as it is now."""
        try:
            whole = await self.ask(partial(self._session.office.audit.whole, self._number), group="entry")
        except ApiSetupError:
            self.query_one(TextLines).show("Not read; r tries again.")
            raise
        self._event = whole.event
        self.query_one(TextLines).show(entry_lines(whole))
        self.refresh_bindings()

    def action_reload(self) -> None:
        """Read again."""
        self.read_entry()

    @flow
    async def action_go_to_subject(self) -> None:
        """Open the key, or go back to the settings."""
        from tui.screens.edit_key import EditKeyScreen

        if self._event is None:
            return
        event = self._event.event
        if event.about_settings:
            self.dismiss(True)
            return
        keys = await self.ask(self._session.office.keys.list, group="keys")
        found = [key for key in keys.keys if f"#{key.fingerprint}".startswith(event.key_tag)]
        if not found:
            self.say("This API key is not in the list any more.")
            return
        self.open_above(EditKeyScreen(self._session, found[0]))

    @flow
    async def action_undo(self) -> None:
        """Ask, and undo what the entry did."""
        self._session.require_writable()
        undoing = self._session.office.undoing
        try:
            lines = await self.ask(partial(undoing.plan, self._number), group="plan")
            about_key = self._event is not None and not self._event.event.about_settings
            asked = [ASKED] if about_key and self._session.office.keys.is_remote else []
            lines = (*lines, "", *asked, "It will be written to the Audit Trail.")
            question = Question("Undo this entry?", list(lines), Answer("y", "Undo", "undo"))
            if await self.app.push_screen_wait(question) is None:
                self.say("Nothing was changed.")
                return
            with self.busy("Undoing…"):
                done = await self.commit(partial(undoing.undo, self._session.actor, self._number))
        except EditConflict as error:
            self.show_outcome(Notice("Changed since", conflict_lines(error)))
            return
        except (HeadquartersError, OutcomeUnknown) as error:
            self.show_problem(error)
            self.open_above(notice_of_failure(error))
            return
        self.say(done.sentence, "ok")
        if done.consequences:
            self.show_outcome(notice_of("Undone", done.sentence, done.consequences))

    def action_back(self) -> None:
        """Go back to the list."""
        self.dismiss(False)


def entry_lines(whole: WholeEntry) -> list[str]:
    """Everything about an entry, a line each."""
    entry = whole.entry
    user = f"{entry.user} (number {entry.user_num})" if entry.user_num else "None"
    moment = str(entry.moment) if entry.moment else f"no date (stored: {entry.stored_moment})"
    lines = [
        entry.genuineness.explanation,
        "",
        f"Date and time  {moment}",
        f"User           {user}",
        f"Permission     {entry.permission} ({entry.permission_number})",
        f"Computer       {entry.computer}",
        f"Log Source     {entry.source}",
        f"Patient        {entry.patient or 'None'}",
        f"Last Edit      {entry.last_edit or 'none'}",
        f"Number         {entry.number}",
        f"FKey           {whole.f_key}   DefNum {whole.definition}   DefNumError {whole.definition_error}",
        "",
        "Log Text",
        entry.text,
        "",
        *(_event_lines(whole.event) if whole.event else ()),
        *_hash_lines(entry),
    ]
    if entry.text_masked:
        lines += ["", "An API key in this text is shown masked; the hash was checked against the text as it is stored."]
    return lines


def _event_lines(logged: LoggedEvent) -> list[str]:
    event = logged.event
    lines = ["What it is about", event.description]
    lines += [f"  {edit.what}: before {edit.before}, after {edit.after}" for edit in event.edits]
    if logged.stage.explanation:
        lines.append(f"  {logged.stage.explanation}")
    if event.undone_entry:
        lines.append(f"  It undid what entry {event.undone_entry} had done.")
    return [*lines, ""]


def _hash_lines(entry: AuditEntry) -> list[str]:
    stored = [f"Stored hash    {each}" for each in entry.stored_hashes] or ["Stored hash    none"]
    matches = "the same" if entry.genuineness is Genuineness.GENUINE else "not the same"
    word = "" if entry.genuineness is Genuineness.NO_HASH else f"  ({matches})"
    return [*stored, f"Computed now   {entry.computed_hash}{word}"]
