"""Help, manual and palette, opened for the top screen. Imported when one of them is needed."""

from __future__ import annotations

from tui.modals.choice import Choice
from tui.modals.help import HelpPanel
from tui.modals.palette import Palette
from tui.palette_commands import palette_commands
from tui.platform.base_screen import ScreenBehavior
from tui.platform.shell import TerminalApp


def show_help(app: TerminalApp) -> None:
    """Show the keys of the top screen in a panel over it."""
    if isinstance(app.screen, ScreenBehavior) and not isinstance(app.screen, HelpPanel):
        app.push_screen(HelpPanel(app.screen))


def show_manual(app: TerminalApp) -> None:
    """Open the manual at the page about the top screen, or about the one that the help is about."""
    from tui.screens.manual import ManualScreen

    screen = app.screen
    if not isinstance(screen, ScreenBehavior) or isinstance(screen, ManualScreen):
        return
    topic = screen.manual_topic
    if isinstance(screen, HelpPanel):
        screen.dismiss(None)
    if not any(isinstance(each, ManualScreen) for each in app.screen_stack):
        app.push_screen(ManualScreen(topic))


def show_palette(app: TerminalApp) -> None:
    """Show the commands of the top screen, and run the chosen one."""
    if not isinstance(app.screen, ScreenBehavior) or isinstance(app.screen, Palette):
        return
    commands = tuple(palette_commands(app, app.screen, lambda: _choose_theme(app)))

    async def run(chosen: int | None) -> None:
        result = commands[chosen].run() if chosen is not None else None
        if result is not None:
            await result

    app.push_screen(Palette(commands), run)


def _choose_theme(app: TerminalApp) -> None:
    """Show the themes, and use the chosen one until the program ends."""
    names = tuple(app.available_themes)

    def use(chosen: int | None) -> None:
        if chosen is not None:
            app.theme = names[chosen]

    app.push_screen(Choice("Theme", names), use)
