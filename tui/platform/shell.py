"""The application's base: everything that must be right about a terminal, and nothing about API keys."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Any, ClassVar

from textual import events
from textual.app import App
from textual.binding import BindingType
from textual.driver import Driver as AnyDriver
from textual.geometry import Size
from textual.reactive import Reactive
from textual.theme import Theme
from textual.types import CSSPathType
from textual.widgets import Input
from textual.worker import WorkerFailed

from core.base.errors import ApiSetupError
from tui.bindings import bindings, display, key
from tui.platform import terminal
from tui.platform.key_queue import KeyQueue
from tui.platform.workers import Commits, ServiceCaller
from tui.widgets.status_line import Kind
from tui.widgets.title_line import Heading

STYLES = Path(__file__).with_name("shell.tcss")
SMALLEST = Size(60, 20)

TERMINAL_THEME = Theme(
    name="terminal",
    ansi=True,
    primary="ansi_default",
    secondary="ansi_default",
    warning="ansi_magenta",
    error="ansi_red",
    success="ansi_green",
    accent="ansi_default",
    foreground="ansi_default",
    background="ansi_default",
    surface="ansi_default",
    panel="ansi_default",
    boost="ansi_default",
    # Colours of the terminal itself, dark or light; what must stand out is reversed or bold instead of coloured.
    variables={
        "ansi-background": "ansi_default",
        "ansi-foreground": "ansi_default",
        "border": "ansi_default",
        "border-blurred": "ansi_default",
        "block-cursor-foreground": "ansi_default",
        "block-cursor-background": "ansi_default",
        "block-cursor-text-style": "bold reverse",
        "block-cursor-blurred-text-style": "bold",
        "input-cursor-foreground": "ansi_default",
        "input-cursor-background": "ansi_default",
        "input-cursor-text-style": "reverse",
        "input-selection-foreground": "ansi_default",
        "input-selection-background": "ansi_default",
        "screen-selection-foreground": "ansi_default",
        "screen-selection-background": "ansi_default",
        "footer-key-foreground": "ansi_default",
        "scrollbar": "ansi_default",
        "scrollbar-background": "ansi_default",
    },
)
"""The default theme: the terminal's own colours, dark or light."""


class TerminalApp(App[None], ServiceCaller):
    """An application that leaves its terminal as it found it, however it ends.

    It is quiet: no animation, no blinking, no mouse. A crash prints one sentence without any value in it, because a
    value may be a password; `record_crash` gets the error for the log.
    """

    PAUSES_WHEN_LOCKED = False
    COMMAND_PALETTE_BINDING = key("palette").keys
    # Dimming the screen behind a dialog would send all of it again.
    SUSPENDED_SCREEN_CLASS = ""
    NOTIFICATION_TIMEOUT = 10
    BINDINGS: ClassVar[list[BindingType]] = bindings("help", "quit")

    theme: Reactive[str] = Reactive(TERMINAL_THEME.name)

    def __init__(self) -> None:
        # Textual makes grey RGB of colours for NO_COLOR unless it is told to use ANSI colours before it starts.
        super().__init__(css_path=_with_ours(self.CSS_PATH), ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.commits = Commits()
        self.unlocked = asyncio.Event()
        """Not set while somebody has to sign in again."""
        self.unlocked.set()
        self._key_queue = KeyQueue(self, super().on_event)
        self.heading = Heading()
        self.crash: BaseException | None = None
        self.when_stuck: Callable[[], object] | None = None

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The themes to choose from: that of the terminal, and Textual's."""
        return {TERMINAL_THEME.name: TERMINAL_THEME, **super().available_themes}

    def get_driver_class(self) -> type[AnyDriver]:
        """Use the driver that stands the loss of its terminal."""
        return terminal.Driver

    @property
    def has_offices(self) -> bool:
        """Whether there are several offices to go to and fro between."""
        return False

    # -- what the screens show -------------------------------------------------

    def show_heading(self, heading: Heading) -> None:
        """Say in the title line of every screen which practice this is."""
        self.heading = heading
        for screen in self.screen_stack:
            show = getattr(screen, "show_heading", None)
            if show is not None:
                show(heading)

    def say(self, text: str, kind: Kind = "note") -> None:
        """Say something in the status line of the screen that is on top."""
        say = getattr(self.screen, "say", None)
        if say is not None:
            say(text, kind)
        else:
            self.notify(text, markup=False)

    def show_problem(self, error: ApiSetupError) -> None:
        """Show an error in the status line of the screen that is on top."""
        self.say(str(error), "problem")

    def commit_missed(self, error: Exception) -> None:
        """Show that a change failed whose screen was left before it ended."""
        if isinstance(error, ApiSetupError) and self.is_running:
            self.show_problem(error)
        else:
            self.record_crash(error)

    # -- keys --------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Let only the quit keys through while the terminal is too small to show what other keys would do."""
        if self.too_small and isinstance(event, (events.Key, events.Paste)):
            if isinstance(event, events.Key) and event.key in key("quit").keys.split(","):
                await self.run_action("quit")
            return
        if not await self._key_queue.take(event):
            await super().on_event(event)

    @property
    def too_small(self) -> bool:
        """Whether the terminal is smaller than any screen of ours can use."""
        return self.size.width < SMALLEST.width or self.size.height < SMALLEST.height

    def action_command_palette(self) -> None:
        """Open the palette, in which nothing blinks."""
        from textual.command import CommandPalette

        if isinstance(self.screen, CommandPalette):
            return
        palette = CommandPalette(id="--command-palette")
        self.push_screen(palette)
        palette.call_after_refresh(lambda: setattr(palette.query_one(Input), "cursor_blink", False))

    def action_help_quit(self) -> None:
        """Answer Ctrl+C, which quits other programs, by saying how to quit this one."""
        self.tell_how_to_quit()

    def tell_how_to_quit(self) -> None:
        """Say how to quit."""
        quit_key = key("quit")
        keys = " or ".join(display(name) for name in quit_key.keys.split(","))
        self.say(f"Ctrl+C does not quit. To quit, press {keys}; in a text field {display('ctrl+q')}.")

    # -- ending ------------------------------------------------------------------

    def stop(self, number: int) -> None:
        """End because of a signal, with the exit status that shells expect; a change that is being written still ends.

        Args:
            number: The number of the signal.
        """
        if self._exit:
            return
        self.exit(return_code=terminal.SIGNALLED + number)
        if self.when_stuck is not None and self._loop is not None:
            self._loop.call_later(terminal.SHUTDOWN_TIMEOUT, self.when_stuck)

    def terminal_lost(self) -> None:
        """End because the terminal is gone, as the signal for it would."""
        self.stop(signal.SIGHUP)

    def record_problem(self, error: ApiSetupError) -> None:
        """Write what an admin was told into the log, if there is one."""

    def record_crash(self, error: BaseException) -> None:
        """Write an error that nobody handled into the log, if there is one; the terminal never shows it."""

    def note_crash(self, error: BaseException) -> None:
        """Keep the first error that ends the program, and record each."""
        if self.crash is None:
            self.crash = error
        self.record_crash(error)

    def _handle_exception(self, error: Exception) -> None:
        cause = error.error if isinstance(error, WorkerFailed) else error
        self.note_crash(cause)
        self._return_code = terminal.CRASHED
        # Kept as Textual does it: tests raise it again.
        if self._exception is None:
            self._exception = cause if isinstance(cause, Exception) else error
            self._exception_event.set()
        self._fatal_error()

    def _fatal_error(self) -> None:
        # Textual would print a traceback with the values of all local variables.
        self._close_messages_no_wait()

    def panic(self, *renderables: Any) -> None:
        """End after an error of which only its picture is left, which is not shown because values may be in it."""
        del renderables
        self._handle_exception(RuntimeError("panic"))

    def _print_error_renderables(self) -> None:
        self._exit_renderables.clear()


def _with_ours(css_path: CSSPathType | None) -> list[str | PurePath]:
    """Put our style sheet before those of the application."""
    if css_path is None:
        return [STYLES]
    return [STYLES, *(css_path if isinstance(css_path, list) else [css_path])]
