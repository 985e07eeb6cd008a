"""A user of the program, who presses keys and reads the screen; the program runs in the same process."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any, TypeVar

from rich.console import Console
from textual import events
from textual.pilot import Pilot
from textual.screen import Screen
from textual.widgets import Input

from core.offices.open_request import OpenRequest
from tests.support.waiting import DEADLINE, until
from tui.app import ApisetupApp
from tui.platform.base_screen import ScreenBehavior
from tui.screens.api_setup import ApiSetupScreen
from tui.widgets.key_bar import KeyBar
from tui.widgets.row_list import RowList

S = TypeVar("S", bound=Screen[Any])
SIZE = (80, 24)
# The groups of workers that are coroutines; they may wait for the user, so only the service calls in them count.
_COROUTINES = ("flow ", "latest ", "once ")


class User:
    """Presses keys, waits for their effect, and reads the screen.

    Args:
        pilot: The pilot of the running application.

    Attributes:
        ignored_group: The group of service calls that a test holds back, and for which `settle` does not wait.
    """

    def __init__(self, pilot: Pilot[Any]) -> None:
        self.pilot = pilot
        self.app: ApisetupApp = pilot.app  # type: ignore[assignment]  # no other application is tested with it
        self.ignored_group = ""

    # -- the keyboard ----------------------------------------------------------

    async def press(self, *keys: str) -> None:
        """Press keys; each after the effect of the one before it is complete."""
        for key in keys:
            self.send(key)
            await self.settle()

    def send(self, *keys: str) -> None:
        """Press keys without waiting, so that the program handles them without a pause in between."""
        for key in keys:
            self.app.post_message(events.Key(key, _character(key)))

    async def enter_text(self, text: str) -> None:
        """Paste a text into the field that has the focus."""
        self.app.post_message(events.Paste(text))
        await self.settle()

    async def fill(self, field: str, text: str) -> None:
        """Focus a field and replace its text."""
        self.field(field).focus()
        await self.press("end", "ctrl+u")
        await self.enter_text(text)

    # -- waiting ---------------------------------------------------------------

    async def settle(self) -> None:
        """Wait until no service is asked, no change is written, no message is left and everything is drawn."""
        quiet = 0
        async with asyncio.timeout(DEADLINE):
            while quiet < 3:
                if self._busy:
                    quiet = 0
                    await asyncio.sleep(0.001)
                    continue
                # Every widget handles the messages that it has, and what they changed is drawn.
                await self.pilot.pause(0)
                quiet += 1

    @property
    def _busy(self) -> bool:
        """True while a service is called, a change is written, or the screen on top handles what a key started."""
        calls = any(
            not worker.is_finished and worker.group != self.ignored_group and not worker.group.startswith(_COROUTINES)
            for worker in self.app.workers
        )
        return calls or not self.app.commits.at_rest or bool(getattr(self.app.screen, "in_flow", False))

    @property
    def exited(self) -> bool:
        """True once the program has been told to exit."""
        return self.app.return_code is not None

    async def at(self, screen: type[S]) -> S:
        """Wait until a screen of this class is on top."""
        await until(lambda: isinstance(self.app.screen, screen) and self.app.screen.is_mounted)
        await self.settle()
        found = self.app.screen
        assert isinstance(found, screen)
        return found

    async def at_api_setup(self) -> ApiSetupScreen:
        """Wait until API Setup is open."""
        screen = await self.at(ApiSetupScreen)
        await until(lambda: bool(screen.check_action("save", ())) and not screen.in_flow)
        await self.settle()
        return screen

    # -- reading ---------------------------------------------------------------

    @property
    def screen(self) -> ScreenBehavior:
        """The screen on top."""
        screen = self.app.screen
        assert isinstance(screen, ScreenBehavior)
        return screen

    @property
    def status_text(self) -> str:
        """The text of the status line of the screen on top."""
        return self.screen.status.text

    @property
    def text(self) -> str:
        """The text on the terminal."""
        width, height = self.app.size
        console = Console(width=width, height=height, file=io.StringIO(), record=True, color_system=None)
        stack = self.app._background_screens
        console.print(self.app.screen._compositor.render_update(full=True, screen_stack=stack))
        return "\n".join(line.rstrip() for line in console.export_text().splitlines())

    @property
    def flowing_text(self) -> str:
        """The text on the terminal as one line: frames, line breaks and runs of spaces become one space."""
        return " ".join(self.text.replace("│", " ").split())

    @property
    def keys(self) -> str:
        """The text of the key bar."""
        bar = self.screen.query_one(KeyBar)
        return bar.render_line(0).text.rstrip()

    @property
    def stack(self) -> list[str]:
        """The class names of the open screens, without Textual's default screen."""
        return [type(screen).__name__ for screen in self.app.screen_stack[1:]]

    @property
    def list(self) -> RowList:
        """The list of the screen on top."""
        return self.screen.query_one(RowList)

    @property
    def row(self) -> str:
        """The row under the cursor, with its cells joined."""
        row = self.list.row
        return " | ".join(row.cells) if row else ""

    def field(self, name: str) -> Input:
        """Return a text field of the screen on top."""
        return self.screen.query_one(f"#{name}", Input)

    @property
    def focused(self) -> str | None:
        """The ID of the widget that has the focus."""
        return self.app.focused.id if self.app.focused else None

    async def go_to(self, text: str) -> None:
        """Move the cursor of the list to the first row with a cell that begins with a text."""
        rows = self.list.rows
        matching = [
            index
            for index in range(len(rows))
            if (row := rows.row(index)) and any(cell.startswith(text) for cell in row.cells)
        ]
        self.list.cursor = matching[0]
        await self.settle()


def _character(key: str) -> str | None:
    names = {"space": " ", "slash": "/", "question_mark": "?"}
    return key if len(key) == 1 else names.get(key)


@asynccontextmanager
async def run_program(opening: OpenRequest, size: tuple[int, int] = SIZE) -> AsyncIterator[User]:
    """Run the program, and wait for API Setup if the practice has no sign-in."""
    app = ApisetupApp(opening)
    async with app.run_test(size=size) as pilot:
        user = User(pilot)
        if not opening.on_server:
            await user.at_api_setup()
        yield user
    app.commits.close()
