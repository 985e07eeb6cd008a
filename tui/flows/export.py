"""Exporting the Audit Trail: the questions before, the writing, and the words after."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

from core.audit.export_target import TargetExists, validate_target
from core.audit.filter_language import format_filter
from core.base.errors import ApiSetupError
from core.model.audit_entry import counted
from tui.modals.export import ExportProgress
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from datetime import date

    from core.audit.entry_mapper import EntryMapper
    from core.audit.filter import AuditFilter
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def export_entries(
    screen: BaseScreen[Any], session: Session, wanted: AuditFilter, maker: EntryMapper, today: date
) -> None:
    """Ask for a file, write what a filter shows into it, and tell so. To be run in a flow.

    Raises:
        ApiSetupError: Nothing was exported.
    """
    # An API key that was typed into the filter is not shown once more.
    shown = maker.mask_keys(format_filter(wanted, maker.users)) or "everything"
    lines = [
        f"Entries: {shown}",
        "The name ends in .csv or .jsonl. The Audit Trail notes it.",
        "API keys are masked in it; patients' numbers and the texts are not.",
    ]
    first = f"{Path.cwd()}/audit-trail-{today}.csv"
    file = await screen.app.push_screen_wait(Prompt("Export", lines, first, partial(validate_target, may_replace=True)))
    if file is None:
        return
    replaces = False
    try:
        validate_target(str(file), may_replace=False)
    except TargetExists as taken:
        question = Question("Replace it?", [str(taken.file), "", "It is there already."], Answer("y", "Replace", "y"))
        if await screen.app.push_screen_wait(question) is None:
            screen.say("Nothing was exported.")
            return
        replaces = True
    audit = session.office.audit
    export = await screen.ask(partial(audit.export, session.actor, wanted, file, may_replace=replaces), group="export")
    with screen.busy("Writing that it is exported…"):
        await screen.commit(export.begin)
    done = await screen.app.push_screen_wait(ExportProgress(export))
    if isinstance(done, ApiSetupError):
        raise done
    if done is None:
        screen.say("The export was cancelled; nothing of it was kept.")
        return
    screen.say(f"Exported: {counted(done.count)}.", "ok")
    lines = [
        f"{counted(done.count)} in",
        str(done.file),
        "",
        f"SHA-256 {done.sha256[:16]}…",
        "",
        f"Filter, counts, who and when are in {done.manifest.name} beside it. The Audit Trail has the SHA-256, too.",
    ]
    screen.open_above(Notice("Exported", lines))
