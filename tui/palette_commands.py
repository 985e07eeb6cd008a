"""The commands of the palette: what the keys of the top screen do now."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import TYPE_CHECKING

from tui.bindings import keys
from tui.key_definition import Key
from tui.key_names import display
from tui.modals.palette import Command
from tui.platform.base_screen import ScreenBehavior

if TYPE_CHECKING:
    from tui.platform.shell import TerminalApp

_MOVING = ("next-field", "previous-field")
"""The keys that only make sense where the focus is, which is not in the palette."""
_EVERYWHERE = ("help", "manual", "quit")


def palette_commands(app: TerminalApp, screen: ScreenBehavior, choose_theme: Callable[[], None]) -> Iterator[Command]:
    """Yield the commands for a screen: what its keys do, the places, and what works everywhere.

    Args:
        app: The application.
        screen: The screen on top.
        choose_theme: Shows the themes.
    """
    places = app.places if screen.SHOWS_PLACES else ()
    ids = dict.fromkeys((*screen.KEYS, *places, "offices", *_EVERYWHERE))
    for key in keys(tuple(id_ for id_ in ids if id_ not in _MOVING)):
        namespace, _, action = key.action.rpartition(".")
        target = app if namespace == "app" else screen
        if hasattr(target, f"action_{action}") and screen.is_available(key):
            yield Command(key.label, display(key), key.tooltip, partial(_run_command, app, screen, key))
    yield Command("Theme", "", "Change the colors until the program ends.", choose_theme)


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
