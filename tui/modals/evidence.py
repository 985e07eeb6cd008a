"""The progress dialog while the evidence of a review is read, from which it can be canceled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from core.base.errors import ApiSetupError
from tui.platform.base_modal import BaseModal
from tui.platform.workers import latest
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from collections.abc import Callable

    from textual.app import ComposeResult

    from core.model.evidence import OfficeEvidence

    ReadEvidence = Callable[[Callable[[float], None]], OfficeEvidence]
    """Reads the evidence and is given a function that is called with the progress, from 0 to 1."""


class EvidenceProgress(BaseModal["OfficeEvidence | ApiSetupError"]):
    """Reads the evidence of a review. Its result is the evidence, the error that ended it, or None if it was canceled.

    Args:
        read: Reads the evidence.
    """

    CSS_PATH = "evidence.tcss"
    MANUAL = "reports"
    KEYS: ClassVar[tuple[str, ...]] = ("back",)

    def __init__(self, read: ReadEvidence) -> None:
        super().__init__("Evidence")
        self._read = read
        self._canceled = False
        self._percent = -1

    def compose_body(self) -> ComposeResult:
        """Compose the progress text."""
        yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Start reading."""
        self._show_percent(0)
        self.read()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The evidence, which isn't written if the program quits."""
        return ("the evidence of the review",)

    @latest
    async def read(self) -> None:
        """Read in a thread until everything is read, it fails or it is canceled."""
        try:
            evidence = await self.call_service(lambda: self._read(self._on_progress), group="evidence")
        except _Canceled:
            self.dismiss(None)
        except ApiSetupError as error:
            self.dismiss(error)
        else:
            self.dismiss(evidence)

    def _on_progress(self, fraction: float) -> None:
        """Show the progress, from the thread that reads, or end the reading."""
        if self._canceled or not self.is_running:
            raise _Canceled
        percent = int(fraction * 100)
        if percent != self._percent:
            self._percent = percent
            self.app.call_from_thread(self._show_percent, percent)

    def _show_percent(self, percent: int) -> None:
        lines = ["Reading the review and verifying all entries of the Audit Trail…", "", f"{percent} %"]
        self.query_one("#progress", Static).update(safe_content(lines))

    def action_leave_wait(self) -> None:
        """Cancel after the entries that are being verified."""
        self.action_back()

    def action_back(self) -> None:
        """Cancel after the entries that are being verified. No folder is written."""
        self._canceled = True
        self.query_one("#progress", Static).update(safe_content(["Canceling…"]))


class _Canceled(ApiSetupError):
    """The reading was canceled."""

    def __init__(self) -> None:
        super().__init__("No evidence was written.")
