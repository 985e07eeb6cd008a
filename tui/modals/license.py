"""The license agreement, to be read to its end and accepted, or declined."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual import on
from textual.widgets import Static

from core.base.errors import ApiSetupError
from core.model.agreement import Acceptance
from tui.modals.notice import Notice
from tui.platform.base_screen import BaseScreen
from tui.platform.workers import flow
from tui.widgets.safe_text import visible
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from tui.session import Session


class LicenseScreen(BaseScreen[Acceptance | None]):
    """Shows the agreement; gives its acceptance, or None when it was declined. Both are in the Audit Trail by then."""

    CSS_PATH = "license.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("accept", "decline", "page-down", "page-up", "last", "help")

    def __init__(self, session: Session) -> None:
        super().__init__()
        self._session = session

    def compose_body(self) -> ComposeResult:
        """Make the title, the text and how far it was read."""
        agreement = self._session.office.licenses.agreement
        yield Static(visible(agreement.title), classes="heading", markup=False)
        yield TextLines(agreement.text, id="agreement-text")
        yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Give the keys to the text."""
        self.query_one(TextLines).focus()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """Whoever quits here has neither accepted nor declined."""
        return ("the agreement, which is neither accepted nor declined",)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Accepting works only when the end was seen."""
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
        words = "It can be accepted now." if event.end_seen else "It can be accepted when its end has been seen."
        self.query_one("#progress", Static).update(f"Read: {percent}%. {words}")
        self.refresh_bindings()

    @flow
    async def action_accept(self) -> None:
        """Log that the agreement was accepted, then go on."""
        with self.busy("Writing the acceptance…"):
            acceptance = await self.commit(lambda: self._session.office.licenses.accept(self._session.actor))
        self.dismiss(acceptance)

    def action_back(self) -> None:
        """Going back is declining."""
        self.action_decline()

    @flow
    async def action_decline(self) -> None:
        """Log that the agreement was declined, then go back."""
        try:
            with self.busy("Writing that it was declined…"):
                await self.commit(lambda: self._session.office.licenses.decline(self._session.actor))
        except ApiSetupError as error:
            lines = ["Nothing was added. That you declined could not be written to the Audit Trail:", "", str(error)]
            await self.app.push_screen_wait(Notice("Declined, but not logged", lines))
        self.dismiss(None)
