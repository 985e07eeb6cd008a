"""The application: which screen comes when, and how one leaves."""

from __future__ import annotations

import asyncio
import gc
import logging
import threading
from collections.abc import Iterable
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar

from textual import events, on
from textual.app import SystemCommand
from textual.screen import Screen
from textual.worker import active_worker

from core.base.errors import ApiSetupError
from core.base.secret import Secret
from tui.bindings import display, keys
from tui.modals.question import Answer, Question
from tui.platform.base_screen import ScreenBehavior
from tui.platform.inactivity import Inactivity, shorter
from tui.platform.shell import TerminalApp
from tui.platform.terminal import SHUTDOWN_TIMEOUT
from tui.platform.workers import flow, latest, once
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.connect import ConnectScreen
from tui.session import Session
from tui.widgets.plain import visible
from tui.widgets.title_line import Heading

if TYPE_CHECKING:
    from core.model.practice_info import PracticeInfo
    from core.office.office import Office
    from core.offices.catalog import OfficeCatalog
    from core.offices.open_request import OpenRequest
    from core.users.service import SignedIn
    from tui.screens.offices import OfficesScreen

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class ApisetupApp(TerminalApp):
    """API Setup in a terminal.

    Args:
        opening: Which office to open first; None shows the list of them.
        offices: The offices of the configuration file, where it has some.
    """

    TITLE = "apisetup"

    def __init__(self, opening: OpenRequest | None, offices: OfficeCatalog | None = None) -> None:
        super().__init__()
        self._opening = opening
        self._offices = offices
        self._office: Office | None = None
        self._session: Session | None = None
        self._inactivity = Inactivity(self.lock)
        self._asking: list[Screen[Any]] = []
        self.cannot_start: ApiSetupError | None = None

    def on_mount(self) -> None:
        """Begin; the garbage that starting made is never looked through again."""
        self.call_after_refresh(_stop_collecting_start)
        self.begin(self._opening)

    @latest
    async def begin(self, opening: OpenRequest | None, session: Session | None = None) -> None:
        """Go from screen to screen until API Setup is open; it stays until another office is chosen.

        Args:
            opening: Which office to open; None shows the list of them.
            session: Who is in it already, if anybody.
        """
        self._opening = opening or await self._chosen()
        problem: ApiSetupError | None = None
        while True:
            if session is not None:
                problem = await self.push_screen_wait(
                    ApiSetupScreen(partial(Session, session.office, session.signed_in))
                )
            elif problem is not None or self._opening.on_server:
                problem = await self._connect_and_sign_in(self._opening, problem)
            else:
                problem = await self.push_screen_wait(ApiSetupScreen(partial(_arrive_embedded, self._opening)))
            # The office could not be entered after all.
            session = None
            await self._end_visit()
            self.show_heading(Heading())

    async def _chosen(self) -> OpenRequest:
        from tui.screens.offices import OfficesScreen

        assert self._offices is not None  # noqa: S101 - without offices there is one practice, and it was named
        self.show_heading(_not_connected())
        chosen: OpenRequest | None = None
        while chosen is None:
            chosen = await self.push_screen_wait(OfficesScreen(self._offices))
        return chosen

    async def _connect_and_sign_in(self, opening: OpenRequest, problem: ApiSetupError | None) -> ApiSetupError | None:
        """Connect, sign in, and stay; gives the reason when the office could not be entered."""
        from tui.modals.sign_in import SignInScreen

        self.show_heading(_not_connected(opening))
        office = await self.push_screen_wait(ConnectScreen(opening, problem))
        if office is None:
            return None
        self._office = office
        self.show_heading(heading(office.info, opening))
        if not opening.on_server:
            account = opening.context.runtime.account
            return await self.push_screen_wait(ApiSetupScreen(lambda: Session(office, office.users.account(account))))
        signed_in = await self.push_screen_wait(SignInScreen(office))
        if signed_in is None:
            return None
        self._session = Session(office, signed_in)
        return await self.push_screen_wait(ApiSetupScreen(partial(Session, office, signed_in)))

    # -- from office to office -------------------------------------------------

    @property
    def has_offices(self) -> bool:
        """Whether the configuration file has offices."""
        return self._offices is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Without offices in the configuration file there is none to choose."""
        if action == "offices":
            return self.has_offices and not isinstance(self.screen, _offices_screen())
        return super().check_action(action, parameters)

    def action_offices(self) -> None:
        """Choose another office."""
        self.choose_office()

    @once
    async def choose_office(self) -> None:
        """Show the offices; another one takes the place of this one, after what is not saved was asked about."""
        if self._offices is None:
            return
        chosen = await self._answer_of(
            _offices_screen()(self._offices, self._opening, is_open=self._office is not None)
        )
        if chosen is None or not await self._may_leave("Leave this office without saving?", "Leave it"):
            return
        await self._end_visit()
        self._start_over(chosen)

    def _start_over(self, opening: OpenRequest, session: Session | None = None) -> None:
        """Close all screens, and begin with an office."""
        self._end_own_flows()
        for screen in self.screen_stack:
            if isinstance(screen, ConnectScreen):
                screen.abandon()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.unlocked.set()
        self.show_heading(heading(session.office.info, opening) if session else Heading())
        self.begin(opening, session)

    def _end_own_flows(self) -> None:
        """End what the application itself asks, but for the one who calls: no answer will come any more."""
        caller = active_worker.get(None)
        for worker in self.workers:
            asks = worker.group.startswith(("flow ", "once "))
            if asks and worker.node is self and worker is not caller:
                worker.cancel()

    async def _answer_of(self, screen: Screen[T]) -> T | None:
        """The answer of a screen that the application itself asks by; none, when the lock came first."""
        self._asking.append(screen)
        try:
            return await self.push_screen_wait(screen)
        finally:
            self._asking.remove(screen)

    async def _may_leave(self, title: str, verb: str) -> bool:
        """Ask about what is not saved, and wait for what is being saved; whether nothing holds one back."""
        unsaved = self._unsaved
        if unsaved:
            words = "Being saved now" if self.commits.running else "Not saved yet"
            question = Question(title, [f"{words}: {', '.join(unsaved)}."], Answer("y", verb, "leave"))
            if await self._answer_of(question) is None:
                return False
        if self.commits.running:
            self.say("A change is still being made; this goes on when that is done.")
        failure = await self.commits.settled()
        if isinstance(failure, ApiSetupError):
            self.show_problem(failure)
            return False
        return True

    @property
    def _unsaved(self) -> tuple[str, ...]:
        return tuple(name for screen in self.screen_stack for name in getattr(screen, "unsaved", ()))

    # -- inactivity ------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Note that somebody is there."""
        if isinstance(event, events.Key | events.Paste):
            self._inactivity.key_pressed()
        await super().on_event(event)

    def _watch_inactivity(self, opening: OpenRequest, signed_in: SignedIn) -> None:
        # The account of an SQLite practice signs in nowhere, so only who configured it wants it locked.
        practice = signed_in.log_off_after_minutes if opening.on_server else None
        self._inactivity.begin(asyncio.get_running_loop(), shorter(practice, opening.office.lock_after_minutes))

    @once
    async def lock(self) -> None:
        """Hide everything behind the sign-in, and close the connection; what was typed waits for who typed it."""
        session, opening = self._session, self._opening
        if session is None or opening is None:
            return
        from tui.flows.lock import Lock

        self._session = None
        self.unlocked.clear()
        # Whoever was leaving did not; otherwise they could not leave from the lock either.
        asking = tuple(reversed(self._asking))
        self._end_own_flows()
        for screen in asking:
            screen.dismiss(None)
        self.show_heading(heading(session.office.info, opening))
        signed_in = await Lock(self, session, self._unsaved, self._entered_at_lock).until_signed_in(opening)
        self._session = Session(session.office, signed_in)
        if signed_in != session.signed_in:
            self._start_over(opening, self._session)
            return
        self.show_heading(heading(session.office.info, opening, signed_in))
        self._watch_inactivity(opening, signed_in)
        self.unlocked.set()
        for screen in self.screen_stack:
            if isinstance(screen, ScreenBehavior):
                screen.on_unlocked()

    def _entered_at_lock(self, signed_in: SignedIn | None) -> None:
        """Note who signed in at the lock, and may leave from there; None when they did not go on."""
        self._session = Session(self._office, signed_in) if self._office is not None and signed_in is not None else None

    # -- everywhere ----------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys of the screen on top."""
        from tui.screens.help import HelpScreen

        if isinstance(self.screen, ScreenBehavior) and not isinstance(self.screen, HelpScreen):
            self.push_screen(HelpScreen(self.screen))

    @on(ApiSetupScreen.Entered)
    def _entered(self, event: ApiSetupScreen.Entered) -> None:
        self._session, self._office, opening = event.session, event.session.office, self._opening
        assert opening is not None  # noqa: S101 - it is what was entered
        self.show_heading(heading(event.session.office.info, opening, event.session.signed_in))
        self._watch_inactivity(opening, event.session.signed_in)
        if self._offices is not None:
            self.run_worker(partial(self._offices.save_last_opened, opening), thread=True, exit_on_error=False)

    def get_system_commands(self, screen: Screen[Any]) -> Iterable[SystemCommand]:
        """What the palette offers: the keys of the screen on top, by their names."""
        if not isinstance(screen, ScreenBehavior):
            return
        ids = screen.KEYS if "offices" in screen.KEYS else (*screen.KEYS, "offices")
        for key in keys(ids):
            namespace, _, action = key.action.rpartition(".")
            target = self if namespace == "app" else screen
            callback = getattr(target, f"action_{action}", None)
            if callback is not None and screen.can(key):
                yield SystemCommand(key.tooltip.rstrip("."), f"{key.label}: {display(key)}", callback)

    async def action_quit(self) -> None:
        """Leave, after what is not saved was asked about."""
        self.leave()

    @flow
    async def leave(self) -> None:
        """Ask about what is not saved, sign out, and end."""
        if not await self._may_leave("Quit without saving?", "Quit"):
            return
        await self._end_visit()
        failures = (screen.failure for screen in self.screen_stack if isinstance(screen, ConnectScreen))
        self.cannot_start = next(failures, None)
        self.exit(return_code=1 if self.cannot_start else 0)

    async def _end_visit(self) -> None:
        """Sign out and close the office; a server that does not answer soon does not keep one from leaving."""
        self._inactivity.end()
        session, self._session = self._session, None
        office, self._office = self._office, None
        if office is None:
            return
        if session is not None and self._logs_leaving(session):
            self.say("Signing out…")
        ended, loop = asyncio.Event(), asyncio.get_running_loop()

        def leave() -> None:
            self._leave_office(office, session)
            # The loop may be closed by then.
            with suppress(RuntimeError):
                loop.call_soon_threadsafe(ended.set)

        threading.Thread(target=leave, name="sign-out", daemon=True).start()
        with suppress(TimeoutError):
            async with asyncio.timeout(SHUTDOWN_TIMEOUT):
                await ended.wait()

    def _leave_office(self, office: Office, session: Session | None) -> None:
        """Sign out and close, in a thread; what goes wrong now is only recorded."""
        try:
            if session is not None and self._logs_leaving(session):
                session.office.users.sign_out(session.actor)
        except ApiSetupError as error:
            self.record_problem(error)
        finally:
            office.close()

    def _logs_leaving(self, session: Session) -> bool:
        return self._opening is not None and self._opening.on_server and session.signed_in.writable

    def sign_out_after_the_end(self) -> None:
        """Log that the user left when a signal or a lost terminal ended the program, if the server answers soon."""
        session, self._session = self._session, None
        if session is None:
            return
        leaving = threading.Thread(
            target=self._leave_office, args=(session.office, session), name="sign-out", daemon=True
        )
        leaving.start()
        leaving.join(SHUTDOWN_TIMEOUT)

    def record_problem(self, error: ApiSetupError) -> None:
        """Write what an admin was told, with its cause, into the log of `--debug`."""
        _logger.warning("%s", error, exc_info=error)

    def record_crash(self, error: BaseException) -> None:
        """Write an error with its cause into the log of `--debug`."""
        _logger.error("%s", type(error).__name__, exc_info=error)


def heading(facts: PracticeInfo, opening: OpenRequest, signed_in: SignedIn | None = None) -> Heading:
    """What the title line says, as the connected server reports it; only that it is production is the admin's word."""
    return Heading(
        practice=facts.title,
        database=facts.database,
        host=facts.host,
        versions=f"Open Dental {facts.version}, {facts.server}",
        user=visible(signed_in.actor.user_name, 24) if signed_in else "",
        words=_words(opening, read_only=bool(facts.read_only) or (signed_in is not None and not signed_in.writable)),
    )


def _not_connected(opening: OpenRequest | None = None) -> Heading:
    """What the title line says before a server has said anything."""
    return Heading(practice="Not connected", words=_words(opening) if opening else ())


def _words(opening: OpenRequest, *, read_only: bool = False) -> tuple[str, ...]:
    production = ("PRODUCTION",) if opening.office.production else ()
    return (*production, "READ-ONLY") if opening.read_only or read_only else production


def _arrive_embedded(opening: OpenRequest) -> Session:
    office = opening.open(Secret(""))
    return Session(office, office.users.account(opening.context.runtime.account))


def _offices_screen() -> type[OfficesScreen]:
    """The list of offices, which is imported only where there are some."""
    from tui.screens.offices import OfficesScreen

    return OfficesScreen


def _stop_collecting_start() -> None:
    """What was imported stays; without this every later collection would walk through it."""
    gc.enable()
    gc.freeze()
