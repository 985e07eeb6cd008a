"""What all screens and dialogs share: title, status line, key bar, and a word when the terminal is too small."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar, cast

from rich.segment import Segment
from textual.await_complete import AwaitComplete
from textual.binding import BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.geometry import Size
from textual.screen import ModalScreen, Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Input

from core.base.errors import ApiSetupError
from tui import bindings
from tui.platform.shell import SMALLEST
from tui.platform.workers import ServiceCaller
from tui.widgets.key_bar import KeyBar
from tui.widgets.safe_text import fitted, visible, wrapped
from tui.widgets.status_line import Kind, StatusLine
from tui.widgets.title_line import Heading, TitleLine

if TYPE_CHECKING:
    from textual.app import ComposeResult
    from textual.screen import Screen as _Base

    from tui.platform.shell import TerminalApp

    _Screen = _Base[Any]
else:
    _Screen = object

T = TypeVar("T")
W = TypeVar("W", bound=Widget)


WAITS = "A change is being made; this key works when that is done."


class TooSmall(Widget):
    """Covers a screen that has no room with one sentence that says so."""

    def render_line(self, y: int) -> Strip:
        """Draw one line of the sentence."""
        lines = wrapped(too_small_sentence(self.size), self.size.width)
        text = lines[y] if y < len(lines) else ""
        return Strip([Segment(fitted(text, self.size.width), self.rich_style)], self.size.width)


def too_small_sentence(size: Size) -> str:
    """Say that so small a terminal does not do, and what to do about it."""
    return (
        f"This terminal is {size.width}x{size.height}; "
        f"apisetup needs at least {SMALLEST.width}x{SMALLEST.height}. Make the window larger."
    )


class ScreenBehavior(ServiceCaller, _Screen):
    """What a screen and a dialog of this house can do; both are below.

    A subclass names its keys in `KEYS`: they are bound, stand in the key bar, and make the help of the screen.
    The action of each is a method `action_...` of the subclass.
    """

    KEYS: ClassVar[tuple[str, ...]] = ()
    TYPING_KEYS: ClassVar[tuple[str, ...]] = ()
    """What the key bar shows while a text field has focus, where those of `KEYS` that work then would not do."""
    _left = False
    _leave_later: Callable[[], object] | None = None
    _parts: Mapping[type[Widget], Widget] = MappingProxyType({})

    def __init_subclass__(cls, **options: Any) -> None:
        if "KEYS" in cls.__dict__:
            more: list[BindingType] = list(cls.__dict__.get("BINDINGS", ()))
            cls.BINDINGS = [*bindings.bindings(*cls.KEYS), *more]
        super().__init_subclass__(**options)

    @property
    def terminal_app(self) -> TerminalApp:
        """The application, as the one that it is."""
        return cast("TerminalApp", self.app)

    def compose_body(self) -> ComposeResult:
        """Make the widgets between the title and the status line."""
        yield from ()

    def dismiss(self, result: Any = None) -> AwaitComplete:
        """Leave with a result; a second press that was on its way leaves nothing else.

        Under another screen this one waits until that is left: Textual would take the one on top away instead.
        """
        if self._left:
            return AwaitComplete()
        self._left = True
        if self.app.screen is not self:
            self._leave_later = partial(super().dismiss, result)
            return AwaitComplete()
        return super().dismiss(result)

    def on_unlocked(self) -> None:
        """What a screen does when its user is back after the lock; nothing, where nothing can have changed."""

    # -- what is said ----------------------------------------------------------

    @property
    def status(self) -> StatusLine:
        """The status line."""
        return self._part(StatusLine)

    def say(self, text: str, kind: Kind = "note") -> None:
        """Say something in the status line until something else is said."""
        if self._parts:
            self.status.say(text, kind)
        else:
            # It was pushed a moment ago, and is not composed yet.
            self.call_after_refresh(self.say, text, kind)

    def flow_begins(self) -> None:
        """What was said of the last thing is not said of the next one."""
        self.say("")

    def open_above(self, screen: Screen[Any], left: Callable[[Any], None] | None = None) -> None:
        """Open a screen above this one, unless a quicker press did so already, or a change is being written.

        Args:
            screen: What to open.
            left: Called with its result when it is left.
        """
        if self.app.screen is not self:
            return
        if self.terminal_app.commits.running:
            self.say(WAITS)
            return
        self.app.push_screen(screen, left)

    def show_outcome(self, notice: Screen[Any]) -> None:
        """Open what tells the outcome of something, whatever else was opened meanwhile."""
        if self.is_running:
            self.app.push_screen(notice)

    def show_problem(self, error: ApiSetupError) -> None:
        """Say what went wrong, and what to do about it."""
        self.terminal_app.record_problem(error)
        self.say(str(error), "problem")

    @contextmanager
    def busy(self, text: str) -> Iterator[None]:
        """Say that something takes its time, as long as it does."""
        self.say(text)
        try:
            yield
        finally:
            if self.status.text == text:
                self.say("")

    def show_keys(self) -> None:
        """Show in the key bar what `KEYS` names and can be done now."""
        typing = isinstance(self.focused, Input)
        own = typing and bool(self.TYPING_KEYS)
        ids = self.TYPING_KEYS if own else self.KEYS
        shown = [key for key in bindings.keys(ids) if own or self.can(key)]
        key_bar = self._part(KeyBar)
        key_bar.show(shown, typing=typing and not own)
        key_bar.display = bool(shown)

    @property
    def known_keys(self) -> tuple[str, ...]:
        """Those of `KEYS` that this program has anything to do for, now or at another time."""
        return tuple(
            id_ for id_ in self.KEYS if bindings.key(id_).action != "app.offices" or self.terminal_app.has_offices
        )

    def can(self, key: bindings.Key) -> bool:
        """Whether what a key does can be done now."""
        namespace, _, action = key.action.rpartition(".")
        target = self.app if namespace == "app" else self
        return bool(target.check_action(action if namespace == "app" else key.action, ()))

    def refresh_bindings(self) -> None:
        """Look again at what can be done now."""
        super().refresh_bindings()
        if self._parts:
            self.show_keys()

    def _part(self, kind: type[W]) -> W:
        """Find one of the widgets that all screens have; they answer even after the screen was left."""
        return cast("W", self._parts[kind])

    def _keep(self, part: W) -> W:
        self._parts = {**self._parts, type(part): part}
        return part

    def watch_focused(self) -> None:
        """Show the keys that work while typing, or those that work otherwise."""
        if self._parts and self.is_running:
            self.show_keys()

    # -- Textual's events --------------------------------------------------------

    def on_mount(self) -> None:
        """Show the keys, and whether there is room; Textual calls this beside the `on_mount` of a subclass."""
        self.show_keys()
        self._show_whether_too_small()

    def on_resize(self) -> None:
        """Show whether there is room now."""
        self._show_whether_too_small()

    def on_screen_resume(self) -> None:
        """Catch up with what changed while other screens were on top; leave, if that was put off."""
        self._show_whether_too_small()
        leave, self._leave_later = self._leave_later, None
        if leave is not None:
            leave()

    def _show_whether_too_small(self) -> None:
        if self._parts:  # made when the screen is composed, which is after its first size
            self._part(TooSmall).display = self.terminal_app.too_small


class BaseScreen(ScreenBehavior, Screen[T]):
    """A screen that fills the terminal: title line, body, status line, key bar."""

    def compose(self) -> ComposeResult:
        """Put the body between the lines that all screens have."""
        yield self._keep(TitleLine(self.terminal_app.heading))
        with Vertical(id="body"):
            yield from self.compose_body()
        yield self._keep(StatusLine())
        yield self._keep(KeyBar())
        yield self._keep(TooSmall())

    def show_heading(self, heading: Heading) -> None:
        """Say which practice this is."""
        self._part(TitleLine).show(heading)

    def on_screen_resume(self) -> None:
        """Say again which practice this is; it may have changed meanwhile."""
        if self._parts:
            self.show_heading(self.terminal_app.heading)


class BaseModal(ScreenBehavior, ModalScreen[T | None]):
    """A dialog in the middle of the screen; Escape leaves it with None, which always means that nothing was decided.

    Args:
        title: What stands in its frame.
    """

    BINDINGS: ClassVar[list[BindingType]] = bindings.bindings("back", "quit", "help")

    def __init__(self, title: str = "") -> None:
        super().__init__()
        self._title = title

    def compose(self) -> ComposeResult:
        """Put the body into a frame, with a status line that shows only when it is needed."""
        with Vertical(id="dialog") as dialog:
            # A Content is not parsed as markup.
            dialog.border_title = Content(visible(self._title))
            yield from self.compose_body()
            yield self._keep(StatusLine(vanishes=True))
            yield self._keep(KeyBar())
        yield self._keep(TooSmall())

    def action_back(self) -> None:
        """Leave without a decision."""
        self.dismiss(None)
