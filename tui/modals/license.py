"""The license agreement, which must be scrolled to its end before it can be accepted."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Static

from core.base.errors import ApiSetupError, InvalidInput
from core.model.agreement import Acceptance
from tui.bindings import key
from tui.key_names import display
from tui.modals.notice import Notice
from tui.modals.question import Answer, Question
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.safe_text import join_broken_lines
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual import events
    from textual.app import ComposeResult

    from core.model.api_key import NewKey
    from tui.session import Session


def _hint() -> str:
    return f"Press {display(key('accept'))} to accept or {display(key('decline'))} to decline."


class Refusal(Enum):
    """The result of an agreement that wasn't accepted."""

    DECLINED = "declined"


class LicenseScreen(BaseScreen[Acceptance | Refusal | InvalidInput | None]):
    """The agreement. Its result is the acceptance or `DECLINED`, which are both recorded in the Audit Trail.

    Escape returns None: the user went back, and the agreement is neither accepted nor declined. If another program
    added the key meanwhile, nothing is recorded, and the result is the error that says so.

    Args:
        session: The open office.
        new_key: The key that is added if the agreement is accepted.
    """

    CSS_PATH = "license.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("accept", "decline", "scroll-down", "page-up", "last", "back", "help")

    def __init__(self, session: Session, new_key: NewKey) -> None:
        super().__init__()
        self._session = session
        self._new_key = new_key

    @property
    def frame_title(self) -> str:
        """The agreement's title."""
        return self._session.office.licenses.agreement.title

    def compose_body(self) -> ComposeResult:
        """Compose the text and the progress."""
        agreement = self._session.office.licenses.agreement
        yield TextLines(agreement.text, id="agreement-text")
        yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Focus the text."""
        self.query_one(TextLines).focus()

    def on_resize(self) -> None:
        """Break the lines anew if they are longer than the terminal is wide."""
        agreement = self._session.office.licenses.agreement.text
        pane = self.query_one(TextLines)
        fits = max(map(len, agreement.splitlines()), default=0) <= pane.size.width
        pane.show(agreement if fits else join_broken_lines(agreement), keep_place=True)

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The agreement, because a user who quits here has neither accepted nor declined it."""
        return ("the agreement, which is neither accepted nor declined",)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable `accept` until the end of the text was in view."""
        if action == "accept" and not self._end_seen:
            return False
        return super().check_action(action, parameters)

    @property
    def _end_seen(self) -> bool:
        texts = self.query(TextLines)
        return bool(texts) and texts.first().end_seen

    @on(TextLines.Progress)
    def _show_progress(self, event: TextLines.Progress) -> None:
        percent = 100 if event.end_seen else event.read_percent
        hint = _hint() if event.end_seen else "Scroll to the end to accept."
        self.query_one("#progress", Static).update(f"Read {percent}%. {hint}")
        self.refresh_bindings()

    @flow
    async def action_accept(self) -> None:
        """Record the acceptance and close the screen."""
        licenses, actor = self._session.office.licenses, self._session.actor
        try:
            with self.busy("Logging the acceptance…"):
                acceptance = await self.commit(lambda: licenses.accept(actor, self._new_key))
        except InvalidInput as error:
            self.dismiss(error)
            return
        self.dismiss(acceptance)

    async def on_key(self, event: events.Key) -> None:
        """Ignore an answer that nobody can have meant, as a question does."""
        answers = [name for id_ in ("accept", "decline") for name in key(id_).keys.split(",")]
        if event.key in answers and not await self.is_deliberate(event):
            event.stop()
            self.show_status(f"Key ignored: it came too fast. {_hint()}")

    @flow
    async def action_back(self) -> None:
        """Close the screen without a decision. A flow, so that it waits for none that is being recorded."""
        self.dismiss(None)

    @flow
    async def action_decline(self) -> None:
        """Record that the agreement was declined and close the screen, even if recording fails."""
        lines = ["No key is added. What you typed is discarded.", "", "This is recorded in the Audit Trail."]
        question = Question("Decline the agreement?", lines, Answer("ctrl+y", "Decline", "decline"), cancel="Back")
        if await self.app.push_screen_wait(question) is None:
            return
        try:
            with self.busy("Logging that you declined…"):
                await self.commit(lambda: self._session.office.licenses.decline(self._session.actor, self._new_key))
        except ApiSetupError as error:
            lines = ["Nothing was added. Your refusal could not be recorded in the Audit Trail:", "", str(error)]
            await self.app.push_screen_wait(Notice("Declined, but not logged", lines))
        self.dismiss(Refusal.DECLINED)
