"""The application: which screen comes when, and how one leaves."""

from __future__ import annotations

import gc
import logging
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING, Any

from textual import on
from textual.app import SystemCommand
from textual.screen import Screen

from core.errors import ApiSetupError
from core.secrets import Secret
from tui.bindings import display, keys
from tui.modals.question import Answer, Question
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.base import House
from tui.screens.connect import ConnectScreen
from tui.shell import TerminalApp
from tui.visit import Visit
from tui.widgets.plain import visible
from tui.widgets.title_line import Heading
from tui.workers import flow, latest

if TYPE_CHECKING:
    from core.office_facts import OfficeFacts
    from core.opening import Opening
    from core.users import SignedIn

_logger = logging.getLogger(__name__)


class ApisetupApp(TerminalApp):
    """API Setup in a terminal.

    Args:
        opening: Which office to open.
    """

    TITLE = "apisetup"

    def __init__(self, opening: Opening) -> None:
        super().__init__()
        self._opening = opening
        self._visit: Visit | None = None
        self.cannot_start: ApiSetupError | None = None

    def on_mount(self) -> None:
        """Begin; the garbage that starting made is never looked through again."""
        self.call_after_refresh(_stop_collecting_start)
        self.begin()

    @latest
    async def begin(self) -> None:
        """Go from screen to screen until API Setup is open; it stays until the program ends."""
        problem: ApiSetupError | None = None
        while True:
            if problem is not None or self._opening.on_server:
                problem = await self._through_the_door(problem)
            else:
                problem = await self.push_screen_wait(ApiSetupScreen(self._arrive_embedded))
            # The office could not be entered after all.
            await self._end_visit()
            self.show_heading(Heading())

    async def _through_the_door(self, problem: ApiSetupError | None) -> ApiSetupError | None:
        """Connect, sign in, and stay; gives the reason when the office could not be entered."""
        from tui.screens.sign_in import SignInScreen

        office = await self.push_screen_wait(ConnectScreen(self._opening, problem))
        if office is None:
            return None
        self.show_heading(heading(office.facts))
        if not self._opening.on_server:
            return await self.push_screen_wait(
                ApiSetupScreen(lambda: Visit(office, office.users.account(self._opening.surroundings.account)))
            )
        signed_in = await self.push_screen_wait(SignInScreen(office))
        if signed_in is None:
            return None
        self._visit = Visit(office, signed_in)
        return await self.push_screen_wait(ApiSetupScreen(partial(Visit, office, signed_in)))

    def _arrive_embedded(self) -> Visit:
        office = self._opening.open(Secret(""))
        return Visit(office, office.users.account(self._opening.surroundings.account))

    # -- everywhere ----------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys of the screen on top."""
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, House) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    @on(ApiSetupScreen.Entered)
    def _entered(self, event: ApiSetupScreen.Entered) -> None:
        self._visit = event.visit
        self.show_heading(heading(event.visit.office.facts, event.visit.signed_in))

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: the keys of the screen on top, by their names."""
        if not isinstance(screen, House):
            return
        for key in keys(screen.KEYS):
            namespace, _, action = key.action.rpartition(".")
            target = self if namespace == "app" else screen
            callback = getattr(target, f"action_{action}", None)
            if callback is not None and screen.check_action(key.action, ()):
                yield SystemCommand(key.tooltip.rstrip("."), f"{key.label}: {display(key)}", callback)

    async def action_quit(self) -> None:
        """Leave, after what is not saved was asked about."""
        self.leave()

    @flow
    async def leave(self) -> None:
        """Ask about what is not saved, sign out, and end."""
        unsaved = [name for screen in self.screen_stack for name in getattr(screen, "unsaved", ())]
        if unsaved:
            words = "Being saved now" if self.commits.running else "Not saved yet"
            question = Question(
                "Quit without saving?", [f"{words}: {', '.join(unsaved)}."], Answer("y", "Quit", "quit")
            )
            if await self.push_screen_wait(question) is None:
                return
        if self.commits.running:
            self.say("A change is still being written; the program ends when that is done.")
        failure = await self.commits.settled()
        if isinstance(failure, ApiSetupError):
            self.show_problem(failure)
            return
        await self._end_visit()
        failures = (screen.failure for screen in self.screen_stack if isinstance(screen, ConnectScreen))
        self.cannot_start = next(failures, None)
        self.exit(return_code=1 if self.cannot_start else 0)

    async def _end_visit(self) -> None:
        """Sign out and close the office; what goes wrong now does not keep one from leaving."""
        visit, self._visit = self._visit, None
        if visit is None:
            return
        try:
            if self._opening.on_server and visit.signed_in.writable:
                await self.commit(lambda: visit.office.users.sign_out(visit.actor))
            await self.commit(visit.office.close)
        except ApiSetupError as error:
            self.record_problem(error)

    def record_problem(self, error: ApiSetupError) -> None:
        """Write what an admin was told, with its cause, into the log of `--debug`."""
        _logger.warning("%s", error, exc_info=error)

    def record_crash(self, error: BaseException) -> None:
        """Write an error with its cause into the log of `--debug`."""
        _logger.error("%s", type(error).__name__, exc_info=error)


def heading(facts: OfficeFacts, signed_in: SignedIn | None = None) -> Heading:
    """What the title line says, as the connected server reports it."""
    return Heading(
        practice=facts.title,
        database=facts.database,
        host=facts.host,
        versions=f"Open Dental {facts.version}, {facts.server}",
        user=visible(signed_in.actor.user_name, 24) if signed_in else "",
        words=("READ-ONLY",) if signed_in and not signed_in.writable else (),
    )


def _stop_collecting_start() -> None:
    """What was imported stays; without this every later collection would walk through it."""
    gc.enable()
    gc.freeze()
