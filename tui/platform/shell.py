"""The base class of the application: everything about running in a terminal, nothing about API keys."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any, ClassVar

from rich.control import Control
from textual import events
from textual._compositor import ChopsUpdate, LayoutUpdate
from textual.binding import BindingType
from textual.css.query import NoMatches
from textual.driver import Driver as AnyDriver
from textual.geometry import Size
from textual.reactive import Reactive
from textual.types import CSSPathType

from core.base.errors import ApiSetupError
from tui.bindings import bindings, key
from tui.key_names import display
from tui.platform.crash import CrashSafeApp
from tui.platform.display import Display
from tui.platform.key_pace import KeyPace
from tui.platform.key_queue import KeyQueue
from tui.platform.terminal import Driver
from tui.platform.workers import Commits, ServiceCaller, ServiceHost
from tui.themes import ANSI, THEMES, semantic_colors
from tui.widgets.status_line import Kind
from tui.widgets.title_line import Heading

if TYPE_CHECKING:
    from rich.console import RenderableType
    from textual.screen import Screen
    from textual.theme import Theme

STYLESHEET = Path(__file__).with_name("shell.tcss")

MIN_SIZE = Size(60, 20)
"""The smallest terminal in which the screens are usable, in cells."""

SHUTDOWN_TIMEOUT = 5.0
"""Seconds that the application has for closing its screens after a signal before it is stopped by force."""

_SIZES_AT_START = 2
"""The reports of the terminal's size while the program starts: Textual's, and the driver's after the first picture."""


class TerminalApp(CrashSafeApp, ServiceCaller):
    """An application that restores its terminal however it ends.

    It sends no bytes while idle: no animation, no blinking cursor, no mouse tracking.
    """

    PAUSES_WHEN_LOCKED = False
    # Our own palette (tui/modals/palette.py) has one line for each command.
    ENABLE_COMMAND_PALETTE = False
    # Dimming the screen behind a dialog would redraw all of it.
    SUSPENDED_SCREEN_CLASS = ""
    NOTIFICATION_TIMEOUT = 10
    # The terminal selects text.
    ALLOW_SELECT = False
    BINDINGS: ClassVar[list[BindingType]] = bindings("help", "manual", "palette", "redraw", "quit", "ask-quit")

    theme: Reactive[str] = Reactive(ANSI.name)

    def __init__(self) -> None:
        # For NO_COLOR Textual converts colors to RGB grays, unless ANSI colors are selected before it starts.
        super().__init__(css_path=_with_shell_css(self.CSS_PATH), ansi_color=True if "NO_COLOR" in os.environ else None)
        self.animation_level = "none"
        self.commits = Commits()
        self.unlocked = asyncio.Event()
        """Cleared while the program is locked until a user signs in again."""
        self.unlocked.set()
        self.is_exiting = False
        """True after `exit` was called."""
        self.heading = Heading()
        self.force_stop: Callable[[], object] | None = None
        """Called if the application still runs `SHUTDOWN_TIMEOUT` seconds after a signal."""
        self.key_pace = KeyPace()
        """The times of the last keys, by which text that arrives as keys is told from keys that somebody pressed."""
        self._key_queue = KeyQueue(self, super().on_event)
        self._shown = Display()
        self._sizes_reported = 0

    @property
    def available_themes(self) -> dict[str, Theme]:
        """The themes that can be selected: the terminal's colors, our own and Textual's."""
        return THEMES

    def get_css_variables(self) -> dict[str, str]:
        """Return the variables of the style sheets: Textual's, and those that `tui.themes` derives from the theme."""
        variables = super().get_css_variables()
        variables.update(semantic_colors(self.current_theme, variables))
        self.theme_variables = variables
        return variables

    def _load_screen_css(self, screen: Screen[Any]) -> None:
        """Add the stylesheets of a screen that is pushed for the first time.

        Textual 8.2 would parse all stylesheets again, and style the screens below again, which these don't change.
        """
        added = [path for path in screen.css_path if not self.stylesheet.has_source(str(path), "")]
        for path in added:
            self.stylesheet.read(path)
        if added:
            self.stylesheet.update(screen)

    def on_load(self) -> None:
        """Make tasks start as they do in Textual's tests, and on Python 3.11.

        Since Python 3.12, `App.run_async` has each task start within the call that creates it. A pushed screen would
        then compose its widgets before Textual has read its stylesheet, and draw them without it.
        """
        asyncio.get_running_loop().set_task_factory(None)

    def get_driver_class(self) -> type[AnyDriver]:
        """Return the driver that survives the loss of the terminal."""
        return Driver

    @property
    def has_offices(self) -> bool:
        """True if the user can switch between several offices."""
        return False

    @property
    def places(self) -> tuple[str, ...]:
        """The ids of the keys of the places that exist now."""
        return ()

    @property
    def service_host(self) -> ServiceHost:
        """This application."""
        return self

    # -- display -----------------------------------------------------------------

    def show_heading(self, heading: Heading) -> None:
        """Display a heading in the title line of every screen."""
        self.heading = heading
        for screen in self.screen_stack:
            show = getattr(screen, "show_heading", None)
            if show is not None:
                show(heading)

    def show_status(self, text: str, kind: Kind = "note") -> None:
        """Display a message in the status line of the top screen."""
        show = getattr(self.screen, "show_status", None)
        if show is not None:
            show(text, kind)
        else:
            self.notify(text, markup=False)

    def show_problem(self, error: ApiSetupError) -> None:
        """Display an error in the status line of the top screen."""
        self.show_status(str(error), "problem")

    def report_unawaited_error(self, error: Exception) -> None:
        """Display the error of a change whose screen was closed before the change finished."""
        if isinstance(error, ApiSetupError) and self.is_running:
            self.show_problem(error)
        else:
            self.record_crash(error)

    def record_problem(self, error: ApiSetupError) -> None:
        """Write an error that the user was shown to the log. This implementation has no log."""

    def _display(self, screen: Screen[Any], renderable: RenderableType | None) -> None:
        """Send what Textual draws to the terminal, but only the cells that the terminal doesn't show yet."""
        driver = self._driver
        is_live = self._running and not self._closed and not self.is_headless and not self._batch_count
        if driver is None or not is_live or not isinstance(renderable, LayoutUpdate | ChopsUpdate):
            super()._display(screen, renderable)
            return
        try:
            changes = self._shown.draw(renderable, self.size, self.console)
        except Exception as error:  # noqa: BLE001 - as Textual does; a widget that can't be drawn ends the program
            self._handle_exception(error)
            return
        position = self.size.clamp_offset(self.cursor_position)
        if changes or position != self._previous_cursor_position:
            self._previous_cursor_position = position
            self._begin_update()
            driver.write(changes + Control.move_to(*position).segment.text)
            self._end_update()
            driver.flush()
        self.post_display_hook()

    def action_redraw(self) -> None:
        """Draw everything again."""
        self.redraw()

    def redraw(self) -> None:
        """Draw everything again, because another program may have written to the terminal."""
        self.forget_display()
        self.refresh()

    def forget_display(self) -> None:
        """Draw everything the next time, because the terminal may show anything by then."""
        self._shown.forget()

    # -- keys --------------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Queue keys and pastes. Ignore input that can have no effect, or none that the user would see."""
        if isinstance(event, events.Resize):
            self._repaint_after(event)
        if isinstance(event, events.MouseEvent) and (self.ignores_keys or self.too_small):
            return
        if isinstance(event, events.Key | events.Paste) and not event.is_forwarded:
            self.key_pace.record(event)
            if self.ignores_keys:
                return
            if self.too_small:
                if isinstance(event, events.Key) and event.key in key("quit").keys.split(","):
                    await self.run_action("quit")
                return
        if not await self._key_queue.enqueue(event):
            await super().on_event(event)

    async def on_key(self, event: events.Key) -> None:
        """Run the action of a key that no widget used, once the screen on top has its widgets.

        It may have been pushed since the key came. An action that looks for a widget would end the program.
        """
        screen = self.screen
        if not screen.is_mounted and screen.call_later(self.call_later, self._check_bindings, event.key):
            event.prevent_default()

    def _repaint_after(self, event: events.Resize) -> None:
        # A terminal may move or clear lines when its size changes, and other programs wrote to it while this one was
        # suspended. Textual draws nothing if the size is the one that it last drew for.
        self._sizes_reported += 1
        if self._sizes_reported <= _SIZES_AT_START and event.size == self.size:
            return
        self._shown.forget()
        if self.screen_stack and self.screen.outer_size == event.size:
            self.refresh()

    @property
    def ignores_keys(self) -> bool:
        """True while the application is leaving: a screen that opened now would be closed before it is complete."""
        return self.is_leaving

    @property
    def is_leaving(self) -> bool:
        """True from the decision to leave until the end: screens close, and one that opens gets no widgets."""
        return self.is_exiting or not self.is_running

    async def action_ask_quit(self) -> None:
        """Quit after a question. This application has none to ask."""
        await self.action_quit()

    @property
    def too_small(self) -> bool:
        """True if the terminal is smaller than `MIN_SIZE`."""
        return self.size.width < MIN_SIZE.width or self.size.height < MIN_SIZE.height

    def action_help_quit(self) -> None:
        """Handle Ctrl+C, which quits many other programs: display how to quit this one."""
        self.show_quit_hint()

    def show_quit_hint(self) -> None:
        """Display how to quit."""
        self.show_status(f"Ctrl+C doesn't quit. To quit, press {display(key('quit'))}.")

    # -- exit ----------------------------------------------------------------------

    def exit(self, result: None = None, return_code: int = 0, message: RenderableType | None = None) -> None:
        """Start closing the application, as Textual does, and set `is_exiting`."""
        self.is_exiting = True
        super().exit(result, return_code, message)

    def is_harmless(self, error: BaseException) -> bool:
        """Return True if a widget is missing while the application is leaving, which removes them one by one."""
        return self.is_leaving and isinstance(error, NoMatches)

    def stop(self, signal_number: int) -> None:
        """Exit because of a signal. A change that is being written still finishes."""
        if self.is_exiting:
            return
        self.exit(return_code=signal_exit_status(signal_number))
        if self.force_stop is not None:
            asyncio.get_running_loop().call_later(SHUTDOWN_TIMEOUT, self.force_stop)

    def terminal_lost(self) -> None:
        """Exit because the terminal is gone, as SIGHUP would."""
        self.stop(signal.SIGHUP)


def signal_exit_status(signal_number: int) -> int:
    """Return the exit status that shells use for a process ended by this signal."""
    return 128 + signal_number


def _with_shell_css(css_path: CSSPathType | None) -> list[str | PurePath]:
    """Put the stylesheet of this module before those of the application, which can override it."""
    if css_path is None:
        return [STYLESHEET]
    return [STYLESHEET, *(css_path if isinstance(css_path, list) else [css_path])]
