"""An export that is being written: how far it is, and a way to end it."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

from textual.widgets import Static

from core.base.errors import ApiSetupError, ExportFailed
from core.model.audit_entry import counted
from tui.platform.base_screen import BaseModal
from tui.platform.workers import flow
from tui.widgets.plain import plain_lines

if TYPE_CHECKING:
    from textual.app import ComposeResult

    from core.audit.export import AuditExport, ExportResult


class ExportProgress(BaseModal["ExportResult | ApiSetupError"]):
    """Writes an export that has begun; gives what came of it, or the error that ended it, or None when cancelled."""

    CSS_PATH = "export.tcss"
    KEYS: ClassVar[tuple[str, ...]] = ("go-on", "back")

    def __init__(self, export: AuditExport) -> None:
        super().__init__("Export")
        self._export = export
        self._cancelled = False
        self._failed = False

    def compose_body(self) -> ComposeResult:
        """Make the lines that tell how far it is."""
        yield Static("", id="progress", markup=False)

    def on_mount(self) -> None:
        """Begin to write."""
        self._show(["Writing…"])
        self.write()

    def on_unmount(self) -> None:
        """Leave no unfinished file behind where the program ends in the middle."""
        self._export.discard()

    @property
    def unsaved(self) -> tuple[str, ...]:
        """What would be lost."""
        return ("the export of the Audit Trail",)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Trying again is for when it failed."""
        if action == "go_on":
            return self._failed
        return super().check_action(action, parameters)

    @flow
    async def write(self) -> None:
        """Write step by step until all is written, or one wants no more."""
        self._set_failed(failed=False)
        while not self._cancelled:
            try:
                done = await self.commit(self._export.run_batch)
            except ExportFailed as error:
                self.dismiss(error)
                return
            except ApiSetupError as error:
                self._set_failed(failed=True)
                self.show_problem(error)
                self._show(["What was written is kept; r goes on, Esc ends the export."])
                return
            self._tell(done)
            if done.done:
                self.dismiss(done)
                return
        await self._cancel()

    async def _cancel(self) -> None:
        try:
            await self.commit(self._export.cancel)
        except ApiSetupError as error:
            self.dismiss(error)
            return
        self.dismiss(None)

    def _tell(self, done: ExportResult) -> None:
        reached = f", came to {done.reached:%Y-%m-%d}" if done.reached else ""
        self._show([str(done.file), "", f"{counted(done.count)} written{reached}"])

    def _show(self, lines: list[str]) -> None:
        self.query_one("#progress", Static).update(plain_lines(lines))

    def _set_failed(self, *, failed: bool) -> None:
        self._failed = failed
        self.refresh_bindings()

    def action_go_on(self) -> None:
        """Try the same step again."""
        self.say("")
        self.write()

    def action_back(self) -> None:
        """End the export; nothing of it is kept."""
        self._cancelled = True
        self._show(["Ending the export…"])
        if not self.in_flow:
            self.write()
