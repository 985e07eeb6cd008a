"""Saving the settings of API Setup, and choosing between values that two programs changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from core.base.errors import EditConflict, InvalidInput, PracticeUnavailable
from tui.flows.conflict import MINE, resolve_conflict
from tui.flows.undo import show_change
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session
    from tui.widgets.settings_form import SettingsForm

_NOT_READ = "The settings haven't been read, so there is nothing to save. Press r to reload."


async def save_settings(screen: BaseScreen[Any], session: Session, form: SettingsForm) -> str:
    """Save what was changed in a form and say what happened. Call it from a flow.

    Returns:
        What was saved; empty if nothing was written.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: The settings weren't saved.
    """
    session.require_writable()
    if not form.unsaved:
        screen.show_status("No changes to save." if form.is_filled else _NOT_READ)
        return ""
    read, typed = form.page.values, form.typed
    office, actor = session.office, session.actor
    try:
        with screen.busy("Saving…"):
            saved = await screen.commit(lambda: office.settings.save(actor, read, typed))
    except InvalidInput as error:
        screen.show_problem(error)
        form.focus_field(error.field)
        return ""
    except EditConflict as error:
        return await _resolve_conflict(screen, session, form, error)
    except PracticeUnavailable as error:
        screen.show_problem(error)
        screen.show_status(f"{error} What you typed is still here.", "problem")
        return ""
    form.mark_saved(typed)
    outcome = "No changes to save: the practice already has these values."
    if saved.changes:
        signal = " Running workstations are notified." if office.info.host else ""
        outcome = f"Saved: {'; '.join(saved.changes)}.{signal}"
    if saved.warning:
        outcome = f"{outcome} {saved.warning}"
    if saved.changes:
        show_change(screen, session, outcome)
    else:
        screen.show_status(outcome)
    return outcome


async def may_read_again(screen: BaseScreen[Any], form: SettingsForm) -> bool:
    """Ask what becomes of unsaved settings before they are read again, and discard them if asked to.

    Returns:
        False if the admin cancelled.
    """
    if not form.unsaved:
        return True
    question = Question(
        "Reload and discard your changes?",
        [f"Unsaved changes: {', '.join(form.unsaved)}."],
        Answer("ctrl+y", "Discard", "drop"),
        Answer("ctrl+t", "Keep them", "keep"),
    )
    choice = await screen.app.push_screen_wait(question)
    if choice == "drop":
        await form.show(form.page)
    return choice is not None


async def _resolve_conflict(screen: BaseScreen[Any], session: Session, form: SettingsForm, error: EditConflict) -> str:
    """Show both values and let the admin choose. Nothing has been written yet."""
    choice = await resolve_conflict(screen, error)
    if choice is None:
        screen.show_status("Nothing was saved. Your values are still in the form.")
        return ""
    page = await screen.call_service(session.office.settings.load, group="settings")
    dropped = () if choice == MINE else tuple(conflict.what for conflict in error.conflicts)
    await form.show(page, keep_typed=True, drop=dropped)
    if choice == MINE:
        return await save_settings(screen, session, form)
    screen.show_status("Showing the practice's current values. Nothing was saved.")
    return ""
