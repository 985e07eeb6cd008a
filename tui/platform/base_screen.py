"""Base classes of all screens and dialogs: title line, status line, key bar and a message for small terminals."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from textual import events
from textual.await_complete import AwaitComplete
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.widget import Widget

from core.base.errors import ApiSetupError
from core.base.plural import count_of
from tui import bindings
from tui.key_definition import Key
from tui.key_names import display, with_own_names
from tui.platform.covered_screen import CoverableScreen
from tui.platform.own_bindings import BindingChain, with_own_keys
from tui.platform.shell import TerminalApp
from tui.platform.size_classes import size_classes
from tui.platform.too_small import TooSmallMessage
from tui.platform.waiting import Wait, WaitKind, Waits
from tui.platform.workers import ServiceCaller
from tui.platform.working_keys import working_keys
from tui.widgets.inputs import PlainInput
from tui.widgets.key_bar import KeyBar
from tui.widgets.places_line import PlacesLine
from tui.widgets.safe_text import sanitize
from tui.widgets.status_line import Kind, StatusLine
from tui.widgets.title_line import Heading, TitleLine

if TYPE_CHECKING:
    from textual.app import ComposeResult

T = TypeVar("T")

# Before the widget in focus and the screen's own Esc, but only while a wait is displayed.
_LEAVE_WAIT = replace(bindings.key("leave-wait").binding(), priority=True)

ANSWER_DELAY = 0.3
"""Seconds. A key that arrives sooner after a question was displayed was pressed before anybody could read it."""
_NEEDS_WIDGETS = (events.Mount, events.Resize, events.ScreenResume, events.InputEvent)
_CHANGE_IN_PROGRESS = "A change is still being saved. Try again when it is done."


class ScreenBehavior(ServiceCaller, CoverableScreen):
    """The behavior that `BaseScreen` and `BaseModal` share.

    A subclass lists the ids of its keys in `KEYS`. They are bound and appear in the key bar and in the screen's help.
    The action of each key is an `action_...` method of the subclass.
    """

    KEYS: ClassVar[tuple[str, ...]] = ()
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ()
    """The keys in the key bar while a text field has focus, in place of those of `KEYS` that work while typing."""
    MANUAL: ClassVar[str] = ""
    """The topic of the manual about this screen; empty for that of the screen below it."""
    SHOWS_PLACES: ClassVar[bool] = False
    """True if the second line shows the places, and their digits work."""
    _dismissed = False
    _displayed_at: float | None = None
    _deferred_dismiss: Callable[[], object] | None = None
    _collapses_status = False
    """True if the status line has no height while it is empty."""
    _max_status_lines = 2
    """The number of lines after which a message is cut."""

    def __init__(self) -> None:
        super().__init__()
        # Made here and not when the screen is composed: a pushed screen is in the stack at once, so headings and
        # messages may come before that.
        self._key_bar = KeyBar()
        self._too_small = TooSmallMessage()
        more = f"{display(bindings.key('message'))} more"
        self.status = StatusLine(collapse=self._collapses_status, max_lines=self._max_status_lines, more=more)
        """The status line."""
        self._waits = Waits(self.status)
        self._busy_with: list[str] = []

    def __init_subclass__(cls, **options: Any) -> None:
        if "KEYS" in cls.__dict__:
            more: list[BindingType] = list(cls.__dict__.get("BINDINGS", ()))
            places = bindings.PLACE_IDS if cls.SHOWS_PLACES else ()
            cls.BINDINGS = [*bindings.bindings(*cls.KEYS, *places), *more]
        own: list[BindingType] = cls.__dict__.get("BINDINGS", [])
        if any(isinstance(each, Binding) and "escape" in each.key.split(",") for each in own):
            # With a binding of Esc, a class replaces all that its base class has for Esc.
            cls.BINDINGS = [_LEAVE_WAIT, *own]
        super().__init_subclass__(**options)

    @property
    def terminal_app(self) -> TerminalApp:
        """The application, with its actual type."""
        return cast("TerminalApp", self.app)

    def compose_body(self) -> ComposeResult:
        """Compose the widgets between the title line and the status line."""
        yield from ()

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Close this screen with a result. Later calls do nothing, such as one for a second press of the same key.

        If another screen is on top, closing is deferred until that one is closed, because Textual would close the top
        screen instead.
        """
        if self._dismissed:
            return AwaitComplete()
        self._dismissed = True
        if self.app.screen is not self:
            self._deferred_dismiss = partial(super().dismiss, result)
            return AwaitComplete()
        return super().dismiss(result)

    def on_unlocked(self) -> None:
        """Refresh the screen after its user signed in again at the lock screen, if its contents can have changed."""

    # -- status line -------------------------------------------------------------

    def show_status(self, text: str, kind: Kind = "note", hint: str = "") -> None:
        """Display a message in the status line until the next message.

        Args:
            text: The message; empty for none.
            kind: Its kind.
            hint: A key for what just happened, on the right.
        """
        self.status.show(self.with_own_names(text), kind, hint)

    def with_own_names(self, message: str) -> str:
        """Return a message with the user's own keys for the actions of this screen and of those below it."""
        ids = (id_ for screen in reversed(self.app.screen_stack) for id_ in getattr(screen, "KEYS", ()))
        return with_own_names(message, ids) if bindings.own_keys() else message

    def on_plain_input_lines_left_out(self, event: PlainInput.LinesLeftOut) -> None:
        """Say that a pasted text had more lines than a field of one line takes."""
        event.stop()
        verb = "was" if event.count == 1 else "were"
        self.show_status(f"Pasted the first line only. {count_of(event.count, 'line')} {verb} left out.", "problem")

    def on_flow_refused(self) -> None:
        """Say that a change is being made. A flow that only reads or asks is over before anybody can wonder."""
        if self.terminal_app.commits.running:
            self.show_status(_CHANGE_IN_PROGRESS)

    def before_flow(self) -> None:
        """Clear the message of the previous flow."""
        self.show_status("")

    def show_problem(self, error: ApiSetupError) -> None:
        """Display an error with its hint in the status line, and log it."""
        self.terminal_app.record_problem(error)
        self.show_status(str(error), "problem")

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Display a message while the block runs; if that takes long, with the time since it began."""
        self.show_status(text)
        self._busy_with.append(text)
        try:
            yield
        finally:
            self._busy_with.remove(text)
            if self.status.text == self.with_own_names(text):
                self.show_status("")

    # -- waiting -----------------------------------------------------------------

    @contextmanager
    def waiting(self, what: str, kind: WaitKind, leave: Callable[[], object]) -> Iterator[Wait | None]:
        """Display what is waited for while the block runs, if that takes long. The text of `busy` goes first."""
        is_busy = bool(self._busy_with) and kind is not WaitKind.BACKGROUND
        with self._waits.waiting(self._busy_with[-1] if is_busy else what, kind, leave) as wait:
            yield wait

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Let Esc leave a wait only while one is displayed; otherwise it does what it always does here."""
        if action == "leave_wait":
            return self._waits.displayed is not None
        return super().check_action(action, parameters)

    def action_leave_wait(self) -> None:
        """Stop waiting for what the status line names, or say that a change can't be stopped."""
        self._waits.leave()

    # -- other screens -----------------------------------------------------------

    def open_screen(self, screen: Screen[Any], on_result: Callable[[Any], None] | None = None) -> None:
        """Open a screen on top of this one.

        Do nothing if another screen is on top already, because of an earlier key press. Refuse while a change is being
        written.

        Args:
            screen: The screen to open.
            on_result: Called with the screen's result when it is closed.
        """
        if self.app.screen is not self:
            return
        if self.terminal_app.commits.running:
            self.show_status(_CHANGE_IN_PROGRESS)
            return
        self.app.push_screen(screen, on_result)

    def show_outcome(self, notice: Screen[Any]) -> None:
        """Open a notice about a finished action, even if another screen was opened meanwhile."""
        if self.is_running:
            self.app.push_screen(notice)

    # -- deliberate keys ---------------------------------------------------------

    async def is_deliberate(self, event: events.Key) -> bool:
        """Return False if a key was pressed before this screen could be read, or is part of a burst.

        That takes a moment, because keys that follow make a burst, too.
        """
        if not self._was_readable(event.time) or not self.terminal_app.key_pace.came_alone(event):
            return False
        return await self.terminal_app.key_pace.stays_alone(event)

    async def is_deliberate_click(self) -> bool:
        """Return False if a button was pressed before this screen could be read, or while keys arrive."""
        now = self.terminal_app.key_pace.clock()
        return self._was_readable(now) and await self.terminal_app.key_pace.is_quiet_around(now)

    def _was_readable(self, moment: float) -> bool:
        return self._displayed_at is not None and moment - self._displayed_at >= ANSWER_DELAY

    def _note_display(self) -> None:
        self._displayed_at = self.terminal_app.key_pace.clock()

    # -- key bar -----------------------------------------------------------------

    def show_keys(self) -> None:
        """Display the keys that work now in the key bar; none while a dialog is on top, which has its own."""
        if self.app.screen is not self and isinstance(self.app.screen, ModalScreen):
            self._key_bar.show(())
            return
        available = [key for key in bindings.keys(self.KEYS) if self.is_available(key) and self.is_useful(key)]
        shown = working_keys(available, self.focused, bindings.keys(self.TYPING_KEYS), has_help="help" in self.KEYS)
        self._key_bar.show(shown)
        self._key_bar.display = bool(shown)

    @property
    def _binding_chain(self) -> BindingChain:
        # Textual has no public hook for this: its own keymap would take letters from text fields.
        own = bindings.own_keys()
        return with_own_keys(super()._binding_chain, own) if own else super()._binding_chain

    @property
    def manual_topic(self) -> str:
        """The topic of the manual about this screen, or about the nearest one below it that has a page."""
        from tui.manual.pages import INDEX

        stack = self.app.screen_stack
        below = stack[: stack.index(self)] if self in stack else stack
        topics = (getattr(each, "MANUAL", "") for each in (self, *reversed(below)))
        return next(filter(None, topics), INDEX)

    @property
    def help_keys(self) -> tuple[str, ...]:
        """The ids of the keys that the help lists, available now or not: `KEYS` without keys this app never uses."""
        return tuple(
            id_ for id_ in self.KEYS if bindings.key(id_).action != "app.offices" or self.terminal_app.has_offices
        )

    def is_available(self, key: Key) -> bool:
        """Return True if the key's action is enabled now."""
        namespace, _, action = key.action.rpartition(".")
        target = self.app if namespace == "app" else self
        return bool(target.check_action(action if namespace == "app" else key.action, ()))

    def is_useful(self, key: Key) -> bool:  # noqa: ARG002 - for screens that leave keys out
        """Return False if a key that is available can only say why it does nothing now: the key bar leaves it out."""
        return True

    def refresh_bindings(self) -> None:
        """Check again which keys are available."""
        super().refresh_bindings()
        if self.is_running:
            self.show_keys()

    def watch_focused(self) -> None:
        """Update the key bar, which differs while a text field has focus."""
        if self.is_running:
            self.show_keys()

    # -- Textual's events ----------------------------------------------------------

    async def on_event(self, event: events.Event) -> None:
        """Ignore what needs the screen's widgets if it was closed, perhaps before it had any."""
        if isinstance(event, _NEEDS_WIDGETS) and (self.terminal_app.is_leaving or self not in self.app.screen_stack):
            return
        await super().on_event(event)

    def on_mount(self) -> None:
        """Display the keys and check the terminal's size. Textual also calls the `on_mount` of a subclass."""
        self.show_keys()
        self._check_size()

    def draw_at_once(self) -> None:
        """Draw what has changed. Textual would wait for the next of its sixty moments a second."""
        for widget in self.walk_children(Widget):
            widget._check_refresh()
        # After what the widgets have just asked for.
        self.call_later(self._on_timer_update)

    def _screen_resized(self, size: Size) -> None:
        # Textual reports the size to a screen up to three times while it opens. It arranged the widgets before that.
        # What it reports after it arranged them may be late and replace the report of a newer size.
        size = self.app.size
        if size != self._compositor.size:
            super()._screen_resized(size)

    def on_resize(self) -> None:
        """Check the terminal's size."""
        self._check_size()

    def on_screen_suspend(self) -> None:
        """Clear the key bar under a dialog."""
        self.show_keys()

    def on_screen_resume(self, event: events.ScreenResume) -> None:
        """Check the terminal's size, show the keys again, and close the screen if that was deferred."""
        # Textual styles each widget when it is mounted, and then all of a new screen again when it is shown.
        event.refresh_styles = False
        self._check_size()
        self.show_keys()
        self._displayed_at = None
        self.call_after_refresh(self._note_display)
        dismiss, self._deferred_dismiss = self._deferred_dismiss, None
        if dismiss is not None:
            dismiss()

    def _check_size(self) -> None:
        self._too_small.display = self.terminal_app.too_small


class BaseScreen(ScreenBehavior, Screen[T]):
    """A full-size screen: title line, places, body, status line and key bar."""

    BINDINGS: ClassVar[list[BindingType]] = [_LEAVE_WAIT]
    PLACE: ClassVar[str] = ""
    """The id of the key that goes to this screen; empty for a screen that belongs to the place below it."""

    def __init__(self) -> None:
        super().__init__()
        self._title_line = TitleLine()
        self._places_line = PlacesLine()

    def compose(self) -> ComposeResult:
        """Compose the body and the shared widgets around it."""
        # Before there are widgets, which would have to be styled again.
        self.add_class(*size_classes(self.app.size, self.HORIZONTAL_BREAKPOINTS, self.VERTICAL_BREAKPOINTS))
        self.show_heading(self.terminal_app.heading)
        yield self._title_line
        yield self._places_line
        with Vertical(id="body") as body:
            body.border_title = Content(sanitize(self.frame_title)) if self.frame_title else None  # never markup
            yield from self.compose_body()
        yield self.status
        yield self._key_bar
        yield self._too_small

    @property
    def frame_title(self) -> str:
        """The title in the frame of a screen that is one dialog; empty for a screen of several panels."""
        return ""

    def show_heading(self, heading: Heading) -> None:
        """Display a heading in the title line, and the places that exist."""
        self._title_line.show(heading)
        places = self.terminal_app.places if self.SHOWS_PLACES else ()
        self._places_line.show(bindings.keys(places), self._current_place)

    @property
    def _current_place(self) -> str:
        """The place of this screen, or of the nearest screen below it that has one."""
        stack = self.app.screen_stack
        below = stack[: stack.index(self)] if self in stack else stack
        return self.PLACE or next((place for each in reversed(below) if (place := getattr(each, "PLACE", ""))), "")

    def on_screen_resume(self, event: events.ScreenResume) -> None:  # noqa: ARG002 - the base class's needs it
        """Display the application's heading, which may have changed while other screens were on top."""
        self.show_heading(self.terminal_app.heading)
