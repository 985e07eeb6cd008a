"""The progress dialog of an export, from which it can be cancelled."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from core.base.errors import ApiSetupError, ExportFailed
from core.model.audit_entry import counted
from tui.platform.base_modal import BaseModal
from tui.platform.workers import flow
from tui.widgets.safe_text import safe_content

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.export import AuditExport, ExportResult


class ExportProgress(BaseModal["ExportResult | ApiSetupError"]):
    """Writes an export. Its result is the export's result, the error that ended it, or None if it was cancelled.

    Args:
        export: An export on which `begin` was called.
        slowness: Why it will be slow; empty if it won't.
    """

    CSS_PATH = "export.tcss"
    MANUAL = "verification"
    KEYS: ClassVar[tuple[str, ...]] = ("go-on", "back")

    def __init__(self, export: AuditExport, slowness: str = "") -> None:
        super().__init__("Export")
        self._slowness = slowness
        self._export = export
        self._cancelled = False
        self._failed = False

    def compose_body(self) -> ComposeResult:
        """Compose the progress text."""
        yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Start writing."""
        self._show(["Writing…", *self._remarks])
        self.write()

    def on_unmount(self) -> None:
        """Delete the unfinished file if the program ends during the export."""
        self._export.discard()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """The export, which is lost if the program quits."""
        return ("the export of the Audit Trail",)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable `retry` unless a step failed."""
        if action == "retry":
            return self._failed
        return super().check_action(action, parameters)

    @flow
    async def write(self) -> None:
        """Write one step after the other until the export is complete, fails or is cancelled."""
        self._set_failed(failed=False)
        while not self._cancelled:
            try:
                result = await self.commit(self._export.run_batch)
            except ExportFailed as error:
                self.dismiss(error)
                return
            except ApiSetupError as error:
                self._set_failed(failed=True)
                self.show_problem(error)
                self._show(["What was written is kept. Press r to continue, Esc to end the export."])
                return
            self._show_progress(result)
            if result.done:
                self.dismiss(result)
                return
        await self._cancel()

    async def _cancel(self) -> None:
        try:
            await self.commit(self._export.cancel)
        except ApiSetupError as error:
            self.dismiss(error)
            return
        self.dismiss(None)

    def _show_progress(self, result: ExportResult) -> None:
        reached = f", came to {result.reached:%Y-%m-%d}" if result.reached else ""
        self._show([str(result.file), "", f"{counted(result.count)} written{reached}", *self._remarks])

    @property
    def _remarks(self) -> list[str]:
        return ["", self._slowness] if self._slowness else []

    def _show(self, lines: list[str]) -> None:
        self.query_one("#progress", Static).update(safe_content(lines))

    def _set_failed(self, *, failed: bool) -> None:
        self._failed = failed
        self.refresh_bindings()

    def action_retry(self) -> None:
        """Retry the step that failed."""
        self.show_status("")
        self.write()

    def action_leave_wait(self) -> None:
        """Cancel the export after the step that is being written."""
        self.action_back()

    def action_back(self) -> None:
        """Cancel the export and delete its file."""
        self._cancelled = True
        self._show(["Ending the export…"])
        if not self.in_flow:
            self.write()
