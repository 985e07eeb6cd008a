"""The commands of the palette: the keys of the top screen, listed by their descriptions."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

from textual.app import SystemCommand
from textual.screen import Screen

from tui.bindings import Key, display, keys
from tui.platform.base_screen import ScreenBehavior
from tui.platform.shell import TerminalApp


def palette_commands(app: TerminalApp, screen: Screen[Any]) -> Iterator[SystemCommand]:
    """Yield the commands for a screen: the choice of a theme, and what the screen's keys do."""
    if not isinstance(screen, ScreenBehavior):
        return
    ids = screen.KEYS if "offices" in screen.KEYS else (*screen.KEYS, "offices")
    yield SystemCommand("Change the theme", "The colors of the screens, until the program ends", app.search_themes)
    for key in keys(ids):
        namespace, _, action = key.action.rpartition(".")
        target = app if namespace == "app" else screen
        if hasattr(target, f"action_{action}") and screen.is_available(key):
            run = partial(_run_command, app, screen, key)
            yield SystemCommand(key.tooltip.rstrip("."), f"{key.label}: {display(key)}", run)


async def _run_command(app: TerminalApp, screen: ScreenBehavior, key: Key) -> None:
    """Do what pressing a key on a screen does, which may be up to the widget that has focus."""
    if app.screen is not screen:
        return
    names = key.keys.split(",")
    active = next((found for name, found in screen.active_bindings.items() if name in names), None)
    # Not called directly: an action may decline with SkipAction, such as scrolling a text that fits.
    if active is not None and active.binding.action == key.action:
        await app.run_action(key.action, active.node)
    else:
        await app.run_action(key.action, screen)
