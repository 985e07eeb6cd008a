"""Showing a key in full, and sending it to the terminal's clipboard. Both are logged first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tui.bindings import key as key_of
from tui.key_names import display
from tui.modals.notice import Notice
from tui.modals.question import Answer, Question

if TYPE_CHECKING:
    from core.model.api_key import ApiKey
    from tui.platform.base_screen import BaseScreen
    from tui.session import Session


async def reveal_key(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Show a key in full, after logging this. Text that arrives in a burst doesn't show it. Call it from a flow.

    Returns:
        True if that was logged and the key was shown.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: It couldn't be logged, so the key isn't shown.
    """
    session.require_writable()
    if not await screen.terminal_app.key_pace.last_came_alone():
        view = display(key_of("reveal"))
        screen.show_status(f"Key ignored: it came too fast. Press {view} to view the key.")
        return False
    with screen.busy("Logging that the key is shown…"):
        secret = await screen.commit(lambda: session.office.keys.show(session.actor, key))
    lines = [key.developer, "", secret.reveal(), "", "This is recorded in the Audit Trail."]
    screen.open_screen(Notice("API key in full", lines))
    return True


async def send_key_to_clipboard(screen: BaseScreen[Any], session: Session, key: ApiKey) -> bool:
    """Send a key to the terminal's clipboard after a question, and after logging this. Call it from a flow.

    Returns:
        True if that was logged and the key was sent.

    Raises:
        NotPermitted: The session is read-only.
        ApiSetupError: It couldn't be logged, so nothing is sent.
    """
    session.require_writable()
    warning = "Other programs can read the clipboard. This is recorded in the Audit Trail."
    lines = [f"Developer   {key.developer}", f"API Key     {key.masked}", "", warning]
    question = Question("Send the key to the clipboard?", lines, Answer("ctrl+y", "Send", "send"))
    if await screen.app.push_screen_wait(question) is None:
        screen.show_status("The key was not sent.")
        return False
    with screen.busy("Logging that the key is sent…"):
        secret = await screen.commit(lambda: session.office.keys.copy(session.actor, key))
    screen.app.copy_to_clipboard(secret.reveal())
    # Textual keeps a copy, which could be pasted into a field without being logged. No public method drops it.
    screen.app._clipboard = ""
    screen.show_status(
        "Sent to the terminal's clipboard (if it supports OSC 52; tmux: set -g set-clipboard on)."
        f" Press {display(key_of('reveal'))} to view the key."
    )
    return True
