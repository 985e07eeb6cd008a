"""Somebody at the keyboard of the program, who reads its screen."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, nullcontext
from typing import Any, TypeVar

import pytest
from rich.console import Console
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support.waiting import DEADLINE, until
from tui.app import ApisetupApp
from tui.modals.question import Question
from tui.platform.base_screen import ScreenBehavior
from tui.platform.workers import unfinished_threads
from tui.screens.api_setup import ApiSetupScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList

S = TypeVar("S", bound=Screen[Any])
SIZE = (80, 24)


class User:
    """Presses keys, waits for what comes of it, and reads.

    Args:
        pilot: Textual's way to the running application.
    """

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app: ApisetupApp = pilot.app  # type: ignore[assignment]  # no other application is tested with it
        self.now = 1000.0
        """The time of the last key in seconds, which the program takes for the time of day."""
        self.app.key_pace.clock = lambda: self.now
        self.app.key_pace.sleep = self._sleep
        self._sleeping = 0
        self.ignored_group = ""
        """The group of questions whose answers a test holds back, and which are not waited for."""

    # -- the keyboard ----------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Press keys, each after all that the one before it started has come to rest."""
        for key in keys:
            self.send(key)
            await self.settle()

    def send(self, *keys: str) -> None:
        """Press keys in one burst, a second after the key before, and do not wait."""
        self.now += 1
        for key in keys:
            self._post(events.Key(key, _character(key)))

    def type_at(self, pace: float, *keys: str) -> None:
        """Press keys one after the other, this many seconds apart, and do not wait."""
        for key in keys:
            self.now += pace
            self._post(events.Key(key, _character(key)))

    def _post(self, event: events.Key | events.Paste) -> None:
        event.time = self.now
        self.app.post_message(event)

    async def enter_text(self, text: str) -> None:
        """Paste a text into the field that has focus."""
        self.now += 1
        self._post(events.Paste(text))
        await self.settle()

    async def fill(self, field: str, text: str) -> None:
        """Go to a field, and put a text in the place of its own."""
        self.field(field).focus()
        await self.press("end", "ctrl+u")
        await self.enter_text(text)

    # -- waiting ---------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until no service is asked, no change is written, no message is left and everything is laid out."""
        quiet = 0
        async with asyncio.timeout(DEADLINE):
            while quiet < 3:
                await asyncio.sleep(0.001 if quiet or self._busy else 0)
                if self._busy or _left_to_run():
                    quiet = 0
                    continue
                # What is drawn waits for a timer; this does not.
                self.app.screen._on_timer_update()
                quiet += 1

    async def _sleep(self, _seconds: float) -> None:
        """Wait for keys that follow at once: a test sends all of a burst before the program sees its first one."""
        self._sleeping += 1
        try:
            await asyncio.sleep(0.001)
        finally:
            self._sleeping -= 1

    @property
    def _busy(self) -> bool:
        """True while something runs beside the event loop, or the screen on top works on what a key started."""
        calling = any(worker.group != self.ignored_group for worker in unfinished_threads(self.app))
        return (
            calling
            or bool(self._sleeping)
            or not self.app.commits.idle
            or bool(getattr(self.app.screen, "in_flow", False))
        )

    async def at(self, screen: type[S]) -> S:
        """Wait until a screen of this class is on top."""
        await until(lambda: isinstance(self.app.screen, screen) and self.app.screen.is_mounted)
        await self.settle()
        found = self.app.screen
        assert isinstance(found, screen)
        return found

    async def until_asked(self) -> None:
        """Wait until a question is displayed, and not for what runs meanwhile; it takes no answer before."""
        await until(lambda: isinstance(self.app.screen, Question) and self.app.screen._displayed_at is not None)

    async def at_api_setup(self) -> ApiSetupScreen:
        """Wait until API Setup is open."""
        screen = await self.at(ApiSetupScreen)
        await until(lambda: bool(screen.check_action("reload", ())) and not screen.in_flow)
        await self.settle()
        return screen

    # -- reading ---------------------------------------------------------------

    def draw(self) -> None:
        """Draw what has changed, as the program would, which fails if a widget can't be drawn."""
        if self.app.is_running and self.app.screen._compositor._dirty_regions:
            _draw(self.app.screen)

    @property
    def screen(self) -> ScreenBehavior:
        """The screen on top."""
        screen = self.app.screen
        assert isinstance(screen, ScreenBehavior)
        return screen

    @property
    def status_text(self) -> str:
        """The message in the status line of the screen on top."""
        return self.screen.status.text

    @property
    def text(self) -> str:
        """Everything that is to be read on the terminal now."""
        width, height = self.app.size
        console = Console(width=width, height=height, file=io.StringIO(), record=True, color_system=None)
        stack = self.app._background_screens
        console.print(self.app.screen._compositor.render_update(full=True, screen_stack=stack))
        return "\n".join(line.rstrip() for line in console.export_text().splitlines())

    @property
    def flowing_text(self) -> str:
        """The text of the dialog or the screen on top, without frames and line breaks, so that sentences are found."""
        lines = self.text.splitlines()
        for dialog in self.screen.query("#dialog"):
            area = dialog.region
            lines = [line.ljust(area.right)[area.x : area.right] for line in lines[area.y : area.bottom]]
        return " ".join(" ".join(lines).replace("│", " ").split())

    @property
    def keys(self) -> str:
        """The text of the key bar."""
        bar = self.screen.query_one(KeyBar)
        return bar.render_line(0).text.rstrip()

    @property
    def stack(self) -> list[str]:
        """The names of the open screens, without Textual's own first one."""
        return [type(screen).__name__ for screen in self.app.screen_stack[1:]]

    @property
    def list(self) -> RowList:
        """The list of the screen on top."""
        return self.screen.query_one(RowList)

    @property
    def row(self) -> str:
        """The row under the cursor, its cells in view joined."""
        row = self.list.row
        return " | ".join(row.cells[index] for index in self.list._shown) if row else ""

    def panel(self, name: str) -> str:
        """The title of a panel of the screen on top."""
        title = self.screen.query_one(f"#{name}", Panel)._border_title
        return title.plain if title else ""

    def field(self, name: str) -> Input:
        """A text field of the screen on top."""
        return self.screen.query_one(f"#{name}", Input)

    @property
    def focused(self) -> str | None:
        """The id of what has focus."""
        return self.app.focused.id if self.app.focused else None

    async def go_to(self, text: str) -> None:
        """Put the cursor of the list on the first row with a cell that begins so."""
        rows = self.list.rows
        found = [
            index
            for index in range(len(rows))
            if (row := rows.row(index)) and any(cell.startswith(text) for cell in row.cells)
        ]
        self.list.cursor = found[0]
        await self.settle()


def _character(key: str) -> str | None:
    named = {"space": " ", "slash": "/", "question_mark": "?", "colon": ":", "minus": "-"}
    return key if len(key) == 1 else named.get(key)


def _left_to_run() -> int:
    """The number of steps that the event loop has yet to run."""
    return len(asyncio.get_running_loop().__dict__["_ready"])


_draw = Screen._compositor_refresh


@contextmanager
def slow_terminal(app: ApisetupApp) -> Iterator[None]:
    """Draw a picture only when a test reads it, and the last one: drawing is a third of what a start costs."""

    def postpone(screen: Screen[Any]) -> None:
        if screen.app is app and screen.is_current:
            # What is to be drawn stays noted in the compositor.
            screen._dirty_widgets.clear()
        else:
            _draw(screen)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Screen, "_compositor_refresh", postpone)
        # It exempts all objects that exist from garbage collection, and with them the programs of earlier tests.
        patch.setattr("tui.app.enable_garbage_collection", lambda: None)
        patch.setattr("tui.screens.api_setup.paused_garbage_collection", nullcontext)
        yield


@asynccontextmanager
async def running(app: ApisetupApp, size: tuple[int, int] = SIZE) -> AsyncIterator[User]:
    """Run an application on an emulated terminal."""
    with slow_terminal(app):
        async with app.run_test(size=size) as pilot:
            user = User(pilot)
            yield user
            user.draw()
    app.commits.close()


@asynccontextmanager
async def run_program(
    opening: OpenRequest, size: tuple[int, int] = SIZE, wait_for: type[Screen[Any]] | None = None
) -> AsyncIterator[User]:
    """Run the program, on API Setup where no sign-in comes before it.

    Args:
        opening: The office.
        size: The size of the terminal.
        wait_for: The screen that comes first, if it is another one.
    """
    async with running(ApisetupApp(opening), size) as user:
        if wait_for is not None:
            await user.at(wait_for)
        elif not opening.on_server:
            await user.at_api_setup()
        yield user
