"""Exporting the Audit Trail: asks for a file, shows the progress and reports the result."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audit.export_target import TargetExists, validate_target
from core.base.current_directory import current_directory
from core.base.errors import ApiSetupError, ConfigurationError
from core.model.audit_entry import counted
from tui.flows.typed_values import AskAgain, ask_until_saved
from tui.modals.export import ExportProgress
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from datetime import date

    from core.audit.export import AuditExport
    from core.audit.filter import AuditFilter
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def export_entries(
    screen: BaseScreen[Any], session: Session, audit_filter: AuditFilter, filter_text: str, today: date
) -> None:
    """Ask for a file and export the entries that a filter selects. Call it from a flow.

    Args:
        screen: The screen that the dialogs open above.
        session: The open office.
        audit_filter: The filter.
        filter_text: The filter as text, with API keys masked; empty if it selects everything.
        today: The date for the suggested file name.

    Raises:
        ApiSetupError: Nothing was exported.
    """
    lines = [
        f"Entries: {filter_text or 'everything'}",
        *_name_remarks(session),
        f"API keys are {session.office.audit.masking}. Patient numbers and texts are not.",
    ]
    suggestion = f"{suggest_directory()}/audit-trail-{today}.csv"
    validate = partial(validate_target, may_replace=True)

    def dialog(typed: Path | None) -> Prompt[Path]:
        return Prompt("Export", lines, str(typed or suggestion), validate, verb="Export", key="ctrl+s")

    async def begin(file: Path) -> AuditExport | AskAgain[Path]:
        may_replace = await _may_replace(screen, file)
        if may_replace is None:
            return AskAgain(file)
        start = partial(
            session.office.audit.export,
            session.actor,
            audit_filter,
            file,
            may_replace=may_replace,
            excel=True,
            not_recorded=session.not_recorded,
        )
        export = await screen.call_service(start, group="export")
        with screen.busy("Starting the export…" if session.not_recorded else "Logging the export…"):
            await screen.commit(export.begin)
        return export

    export = await ask_until_saved(screen, dialog, begin)
    if export is None:
        screen.show_status("Nothing was exported.")
        return
    slowness = await screen.call_service(session.office.audit.slowness, group="export")
    result = await screen.app.push_screen_wait(ExportProgress(export, slowness))
    if isinstance(result, ApiSetupError):
        raise result
    if result is None:
        screen.show_status("Export canceled. No file was kept.")
        return
    if result.not_logged is None:
        screen.show_status(f"Exported: {counted(result.count)}.", "ok")
    else:
        screen.show_problem(result.not_logged)
    is_recorded = result.not_logged is None and not result.not_recorded
    lines = [
        f"{counted(result.count)} in",
        str(result.file),
        "",
        f"SHA-256 {result.sha256[:16]}…",
        "",
        f"The filter, the counts, the user and the time are in {result.manifest.name}."
        + (" The Audit Trail has the SHA-256 as well." if is_recorded else ""),
        *(["", f"Not recorded in the practice: {result.not_recorded}"] if result.not_recorded else []),
        *([] if result.not_logged is None else ["", str(result.not_logged)]),
    ]
    screen.open_screen(Notice("Exported", lines))


async def _may_replace(screen: BaseScreen[Any], file: Path) -> bool | None:
    """Return True if a file may be replaced, False if there is none, and None if the admin keeps it."""
    try:
        validate_target(str(file), may_replace=False)
    except TargetExists as error:
        question = Question(
            "Replace it?", [str(error.file), "", "The file already exists."], Answer("ctrl+y", "Replace", "replace")
        )
        return True if await screen.app.push_screen_wait(question) is not None else None
    return False


def _name_remarks(session: Session) -> list[str]:
    """Return what to know about the file's name, and whether the export is recorded."""
    name = "The name must end in .csv (for Excel) or .jsonl."
    if not session.not_recorded:
        return [f"{name} This is recorded in the Audit Trail."]
    return [name, f"Not recorded in the practice: {session.not_recorded}"]


def suggest_directory() -> Path | str:
    """Return the current directory, or the home directory if that one was deleted meanwhile."""
    try:
        return current_directory()
    except ConfigurationError:
        return "~"
