"""The application: decides which screen comes next, and how the user leaves an office and the program.

Screens that the first picture doesn't need are imported where they are shown, since every start imports this module.
"""

from __future__ import annotations

import asyncio
import logging
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from textual import events, on
from textual.binding import BindingType
from textual.screen import Screen

from core.base.errors import ApiSetupError
from tui.bindings import OFFICES, bindings, key
from tui.headings import office_heading, unconnected_heading
from tui.key_names import display
from tui.opening import choose_first_office, fleet_access, offices_screen, open_embedded, sign_in_account
from tui.place_actions import PlaceActions
from tui.places import existing_places, go_to_place, may_leave, unsaved_on
from tui.platform.base_screen import ScreenBehavior
from tui.platform.inactivity import Inactivity, shortest_limit
from tui.platform.shell import TerminalApp
from tui.platform.startup import enable_garbage_collection, remove_what_killed_runs_left
from tui.platform.terminal_encoding import encoding_remark
from tui.platform.workers import cancel_flows, flow, latest, once
from tui.screens.api_setup import ApiSetupScreen
from tui.session import Session
from tui.sign_out import close_office, close_office_and_wait, session_to_sign_out
from tui.widgets.title_line import Heading

if TYPE_CHECKING:
    from core.office.office import Office
    from core.offices.catalog import OfficeCatalog
    from core.offices.open_request import OpenRequest
    from core.users.service import SignedIn
    from tui.modals.question import Question
    from tui.screens.connect import ConnectScreen

_logger = logging.getLogger(__name__)

T = TypeVar("T")

_LEFTOVERS_AFTER = 1.0
"""Seconds. By then the first screen of a fast computer is complete, so the removal doesn't delay it."""


class ApisetupApp(PlaceActions, TerminalApp):
    """API Setup in a terminal.

    Args:
        request: The office to open first; None shows the list of offices.
        offices: The offices of the configuration file, if it lists any.

    Attributes:
        startup_error: The error to print if the user quit because no office could be opened.
    """

    TITLE = "apisetup"
    BINDINGS: ClassVar[list[BindingType]] = bindings("lock", "message")

    def __init__(self, request: OpenRequest | None, offices: OfficeCatalog | None = None) -> None:
        super().__init__()
        self._request = request
        self._offices = offices
        self._fleet = fleet_access(offices)
        self._office: Office | None = None
        self._session: Session | None = None
        self._inactivity = Inactivity(self.lock)
        self._own_dialogs: list[Screen[Any]] = []
        self._closing_session = False
        self._quit_question: Question | None = None
        self.startup_error: ApiSetupError | None = None

    def on_mount(self) -> None:
        """Open the first screen; after the first picture, do what would have delayed it."""
        remark = encoding_remark()
        if remark:
            self.notify(remark, severity="warning", markup=False)
        self.call_after_refresh(enable_garbage_collection)
        self.set_timer(_LEFTOVERS_AFTER, remove_what_killed_runs_left)
        self.run_office(self._request)

    @latest
    async def run_office(self, request: OpenRequest | None, session: Session | None = None) -> None:
        """Show the screens of an office, from connecting to API Setup, until another office replaces this call.

        Args:
            request: The office to open; None shows the list of offices first.
            session: The session, if a user is signed in to this office already.
        """
        self._request = request or await choose_first_office(self, self._offices, self._fleet)
        failure: ApiSetupError | None = None
        while True:
            if session is not None:
                failure = await self.push_screen_wait(
                    ApiSetupScreen(partial(Session, session.office, session.signed_in))
                )
            elif failure is not None or self._request.on_server:
                failure = await self._connect_and_sign_in(self._request, failure)
            else:
                failure = await self.push_screen_wait(ApiSetupScreen(partial(open_embedded, self._request)))
            # API Setup returns only if the office couldn't be opened.
            session = None
            await self._close_session()
            self.show_heading(Heading())

    async def _connect_and_sign_in(self, request: OpenRequest, failure: ApiSetupError | None) -> ApiSetupError | None:
        """Show the connect, sign-in and API Setup screens; return the error if the office couldn't be opened."""
        from tui.modals.sign_in import SignInScreen
        from tui.screens.connect import ConnectScreen

        self.show_heading(unconnected_heading(request))
        office = await self.push_screen_wait(ConnectScreen(request, failure))
        if office is None:
            return None
        self._office = office
        self.show_heading(office_heading(office.info, request))
        if not request.on_server:
            return await self.push_screen_wait(ApiSetupScreen(partial(sign_in_account, office, request)))
        signed_in = await self.push_screen_wait(SignInScreen(office))
        if signed_in is None:
            return None
        self._session = Session(office, signed_in)
        return await self.push_screen_wait(ApiSetupScreen(partial(Session, office, signed_in)))

    # -- choosing another office -----------------------------------------------

    @property
    def has_offices(self) -> bool:
        """True if the configuration file lists offices."""
        return self._offices is not None

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Disable `offices` if the configuration file lists none, or if they are on screen already."""
        if action == "offices":
            return self.has_offices and getattr(self.screen, "PLACE", "") != OFFICES
        return super().check_action(action, parameters)

    def action_offices(self) -> None:
        """Choose another office."""
        self.choose_office()

    @once
    async def choose_office(self) -> None:
        """Show the offices, and open the chosen one after asking about unsaved changes."""
        if self._offices is None or self._fleet is None:
            return
        request = await self._push_and_wait(
            offices_screen()(self._offices, self._fleet, self._request, is_open=self._office is not None)
        )
        if request is None or not await self._confirm_leaving("Leave this office without saving?", "Leave"):
            return
        await self._close_session()
        self._restart(request)

    # -- places ----------------------------------------------------------------

    @property
    def places(self) -> tuple[str, ...]:
        """The places that exist: those of the open office, and the offices if there are several."""
        return existing_places(self)

    @once
    async def go_to_place(self, place: str) -> None:
        """Close the screens above a place, after asking about unsaved changes in them, and open the place."""
        await go_to_place(self, place, self._push_and_wait)

    def _restart(self, request: OpenRequest, session: Session | None = None) -> None:
        """Close all screens and show those of an office."""
        cancel_flows(self)
        for screen in self._connect_screens:
            screen.abandon()
        while len(self.screen_stack) > 1:
            self.pop_screen()
        self.unlocked.set()
        self.show_heading(office_heading(session.office.info, request) if session else Heading())
        self.run_office(request, session)

    @property
    def _connect_screens(self) -> list[ConnectScreen]:
        from tui.screens.connect import ConnectScreen

        return [screen for screen in self.screen_stack if isinstance(screen, ConnectScreen)]

    async def _push_and_wait(self, screen: Screen[T]) -> T | None:
        """Push a dialog of the application itself and return its result; None if the lock closed it."""
        self._own_dialogs.append(screen)
        try:
            return await self.push_screen_wait(screen)
        finally:
            self._own_dialogs.remove(screen)

    async def _confirm_leaving(self, title: str, verb: str) -> bool:
        """Ask about unsaved changes and wait until a running change ends; return True if the user may leave."""
        return await may_leave(self, self._unsaved, title, verb, self._push_and_wait)

    @property
    def _unsaved(self) -> tuple[str, ...]:
        return tuple(name for screen in self.screen_stack for name in unsaved_on(screen))

    # -- inactivity ------------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Restart the inactivity timer at each key, paste and click; drop those that come after its end."""
        if isinstance(event, events.Key | events.Paste | events.MouseEvent):
            if self._fleet is not None:
                self._fleet.key_pressed()
            if not self._inactivity.key_pressed():
                return
        await super().on_event(event)

    def _start_inactivity_timer(self, request: OpenRequest, signed_in: SignedIn) -> None:
        # An embedded practice has no sign-in, so its own limit isn't used. It locks only if the configuration says so.
        practice_limit = signed_in.log_off_after_minutes if request.on_server else None
        self._inactivity.start(
            asyncio.get_running_loop(), shortest_limit(practice_limit, request.office.lock_after_minutes)
        )

    async def action_lock_now(self) -> None:
        """Lock the practice."""
        self.lock_now()

    @once
    async def lock_now(self) -> None:
        """Lock the practice as after inactivity, unless the key was part of a pasted text."""
        if self._session is None:
            self.show_status("Nothing to lock: no practice is open.")
        elif await self.key_pace.last_came_alone():
            self.lock(by_hand=True)
        else:
            lock = display(key("lock"))
            self.show_status(f"Key ignored: it came too fast. Press {lock} to lock the practice.")

    @once
    async def lock(self, *, by_hand: bool = False) -> None:
        """Hide all screens behind the sign-in and close the connection; unsaved input is kept for the same user.

        Args:
            by_hand: True if a user asked for it, False after inactivity.
        """
        session, request = self._session, self._request
        if session is None or request is None:
            return
        from tui.flows.lock import Lock

        self._session = None
        self._inactivity.stop()
        if self._fleet is not None:
            self._fleet.sign_out(idle=not by_hand)
        self.unlocked.clear()
        # Abort leaving if it had begun: its flow, of which only one can run, would block leaving from the lock.
        dialogs = tuple(reversed(self._own_dialogs))
        cancel_flows(self)
        for dialog in dialogs:
            dialog.dismiss(None)
        self.show_heading(office_heading(session.office.info, request))
        lock = Lock(self, session, self._unsaved, self._set_signed_in_at_lock, by_hand=by_hand)
        signed_in = await lock.until_signed_in(request)
        self._session = Session(session.office, signed_in)
        if signed_in != session.signed_in:
            self._restart(request, self._session)
            return
        self.show_heading(office_heading(session.office.info, request, signed_in))
        self._start_inactivity_timer(request, signed_in)
        self.unlocked.set()
        for screen in self.screen_stack:
            if isinstance(screen, ScreenBehavior):
                screen.on_unlocked()

    def _set_signed_in_at_lock(self, signed_in: SignedIn | None) -> None:
        """Remember who signed in at the lock, so that quitting from there signs them out; None if they left again."""
        self._session = Session(self._office, signed_in) if self._office is not None and signed_in is not None else None

    # -- on all screens ------------------------------------------------------

    def action_help(self) -> None:
        """Show the keys of the top screen."""
        from tui.guidance import show_help

        show_help(self)

    def action_manual(self) -> None:
        """Open the manual at the page about the top screen."""
        from tui.guidance import show_manual

        show_manual(self)

    def action_command_palette(self) -> None:
        """Show the commands of the top screen, and run the chosen one."""
        from tui.guidance import show_palette

        show_palette(self)

    def action_show_message(self) -> None:
        """Show the whole message of the status line, which may be cut there."""
        if isinstance(self.screen, ScreenBehavior) and self.screen.status.text:
            from tui.modals.notice import message_notice

            self.push_screen(message_notice(self.screen.status.text))

    @on(ApiSetupScreen.OfficeOpened)
    def _office_opened(self, event: ApiSetupScreen.OfficeOpened) -> None:
        self._session, self._office, request = event.session, event.session.office, self._request
        assert request is not None  # noqa: S101 - it was set before this office was opened
        self.show_heading(office_heading(event.session.office.info, request, event.session.signed_in))
        self._start_inactivity_timer(request, event.session.signed_in)
        if self._offices is not None:
            self.run_in_thread(partial(self._offices.save_last_opened, request), group="opened")

    async def action_quit(self) -> None:
        """Quit after asking about unsaved changes, or confirm quitting if that is being asked."""
        if self._quit_question is not None:
            self._quit_question.dismiss("leave")
        else:
            self.leave()

    async def action_ask_quit(self) -> None:
        """Quit after a question, even if there are no unsaved changes."""
        self.leave(always_ask=True)

    @flow
    async def leave(self, *, always_ask: bool = False) -> None:
        """Ask about unsaved changes, sign out and end the program."""
        if always_ask and not self._unsaved and not await self._confirm_quitting():
            return
        if not await self._confirm_leaving("Quit without saving?", "Quit"):
            return
        await self._sign_out_of_offices()
        await self._close_session()
        failures = (screen.failure for screen in self._connect_screens)
        self.startup_error = next(failures, None)
        self.exit(return_code=1 if self.startup_error else 0)

    async def _sign_out_of_offices(self) -> None:
        """End the sign-ins to several offices, and wait for their entries; meanwhile keys are ignored."""
        if self._fleet is None or not self._fleet.is_recording:
            return
        self._closing_session = True
        self.show_status("Signing out of the offices…")
        await self.commit(self._fleet.sign_out_and_wait)

    async def _confirm_quitting(self) -> bool:
        from tui.modals.question import Answer, Question

        question = Question("Quit apisetup?", ["There are no unsaved changes."], Answer("ctrl+y", "Quit", "leave"))
        self._quit_question = question
        try:
            return await self._push_and_wait(question) is not None
        finally:
            self._quit_question = None

    async def _close_session(self) -> None:
        """Sign out and close the office; give up waiting after `SHUTDOWN_TIMEOUT` if the server doesn't answer.

        Meanwhile keys are ignored, because the screens still show an office that is being closed.
        """
        self._closing_session = True
        try:
            await self._close_office()
        finally:
            self._closing_session = False

    @property
    def ignores_keys(self) -> bool:
        """True while the application is leaving, or closes an office."""
        return super().ignores_keys or self._closing_session

    async def _close_office(self) -> None:
        self._inactivity.stop()
        session, self._session = self._session, None
        office, self._office = self._office, None
        if office is None:
            return
        signing_out = session_to_sign_out(session, self._request)
        if signing_out is not None:
            self.show_status("Signing out…")
        await close_office(office, signing_out, self.record_problem)

    def sign_out_after_exit(self) -> None:
        """Log sign-outs if a signal or a lost terminal ended the program; wait at most `SHUTDOWN_TIMEOUT` for each."""
        if self._fleet is not None:
            self._fleet.sign_out_and_wait()
        session, self._session = self._session, None
        if session is not None:
            close_office_and_wait(session.office, session_to_sign_out(session, self._request), self.record_problem)

    def record_problem(self, error: ApiSetupError) -> None:
        """Write an error that was shown to the admin, with its cause, to the log of `--debug`."""
        _logger.warning("%s", error, exc_info=error)

    def record_crash(self, error: BaseException) -> None:
        """Write an unhandled error with its cause to the log of `--debug`."""
        _logger.error("%s", type(error).__name__, exc_info=error)
