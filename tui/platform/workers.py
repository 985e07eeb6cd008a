"""The one way to ask a service from a screen.

A service call blocks, so it runs in a thread while the screen stays alive. Three rules keep the answers in order:

*   What a key starts is a *flow*: a straight-line coroutine that may open dialogs and ask services. While it runs, the
    same screen starts no other, so two quick presses never open a dialog twice.
*   What only shows something is *latest*: a newer call replaces an older one, whose late answer is dropped.
*   What fetches more of what is shown runs *once*: a call while it runs does nothing.
*   A *commit* writes: it is never cancelled and never doubled, and it ends even when its screen is gone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, TypeVar, cast

from textual.worker import Worker, WorkerCancelled, WorkerFailed, get_current_worker

from core.base.errors import ApiSetupError

if TYPE_CHECKING:
    from textual.dom import DOMNode as _Node

    from tui.platform.shell import TerminalApp
else:
    _Node = object

OUTSIDE = "headquarters"
"""The group of questions to somebody over a network, whose answers nothing waits for."""

SERVICE_CALL = "service call"
"""The name of the workers that run a blocking service call in a thread."""

T = TypeVar("T")
P = ParamSpec("P")
A = TypeVar("A", bound="ServiceCaller")
Body = Callable[[], Coroutine[Any, Any, None]]


class Busy(ApiSetupError):
    """A change is being saved, and a second one would get in its way."""

    def __init__(self) -> None:
        super().__init__("The last change is still being saved.", "Wait for it, then try again.")


class Commits:
    """The change that is being written, if any; one a program, owned by the application."""

    def __init__(self) -> None:
        # A thread of its own, so that no question without an answer keeps a change waiting.
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._running: Future[Any] | None = None
        self._background: Future[Any] | None = None

    @property
    def running(self) -> bool:
        """Whether a change that somebody asked for is being written now."""
        return self._running is not None and not self._running.done()

    @property
    def at_rest(self) -> bool:
        """Whether nothing at all is being written now."""
        return not self.running and (self._background is None or self._background.done())

    async def commit(
        self, change: Callable[[], T], missed: Callable[[Exception], None], *, background: bool = False
    ) -> T:
        """Run a change in a thread, to its end whatever happens to the one who waits for it.

        Args:
            change: The blocking change.
            missed: Told about the change's error when nobody waits for it any more.
            background: Nobody asked for it: it is written after what is being written, and is in nobody's way.
        """
        if self.running and not background:
            raise Busy
        # The thread takes one after the other.
        writing = self._thread.submit(change)
        if background:
            self._background = writing
        else:
            self._running = writing
        ending = asyncio.wrap_future(writing)
        try:
            return await asyncio.shield(ending)
        except asyncio.CancelledError:
            ending.add_done_callback(partial(_tell_missed, missed))
            raise

    async def settled(self) -> BaseException | None:
        """Wait until no change is being written; gives the error of one that was asked for and failed."""
        if self._background is not None and not self._background.done():
            await asyncio.wait([asyncio.wrap_future(self._background)])
        if not self.running or self._running is None:
            return None
        ending = asyncio.wrap_future(self._running)
        await asyncio.wait([ending])
        return ending.exception()

    def close(self) -> None:
        """Wait for the change that is being written, and take no more."""
        self._thread.shutdown(wait=True)


class ServiceCaller(_Node):
    """What a screen, or the application, needs to ask services. Mix it in beside a Textual class."""

    PAUSES_WHEN_LOCKED: ClassVar[bool] = True
    """Whether nothing is asked or answered here while the program is locked."""
    _flow: Worker[None] | None = None

    def show_problem(self, error: ApiSetupError) -> None:
        """Show what went wrong; each screen says how."""
        raise NotImplementedError

    def flow_begins(self) -> None:
        """What a screen does first when a key starts something."""

    async def ask(self, question: Callable[[], T], group: str) -> T:
        """Ask a service in a thread and wait for its answer, from within a flow.

        A newer question of the same group ends this one, and its answer is dropped.

        Args:
            question: The blocking question.
            group: The name of what is asked, within this screen.

        Raises:
            Exception: What the question raised, as it was raised.
        """
        get_current_worker()  # outside of a flow, waiting here would freeze the screen
        if await self._waited_for_lock():
            self._end_if_gone()
        worker = self.run_worker(
            question, name=SERVICE_CALL, group=group, exclusive=True, exit_on_error=False, thread=True
        )
        try:
            answer = await worker.wait()
        except WorkerCancelled:
            raise asyncio.CancelledError from None
        except WorkerFailed as failed:
            error = failed.error
        else:
            await self._waited_for_lock()
            self._end_if_gone()
            return answer
        await self._waited_for_lock()
        raise error

    async def commit(self, change: Callable[[], T], *, background: bool = False) -> T:
        """Write in a thread and wait for the end, from within a flow.

        The change is never cancelled: it runs to its end even if the screen is left or the program quits.

        Args:
            change: The blocking change.
            background: Nobody asked for it, so it neither keeps others from writing nor is kept from it.

        Raises:
            Busy: Another change is still being written; nothing was done.
            Exception: What the change raised, as it was raised.
        """
        get_current_worker()
        app = cast("TerminalApp", self.app)
        if await self._waited_for_lock():
            self._end_if_gone()
        try:
            done = await app.commits.commit(change, app.commit_missed, background=background)
        except Exception as error:
            await self._waited_for_lock()
            if self._gone:
                app.commit_missed(error)
            self._end_if_gone()
            raise
        await self._waited_for_lock()
        self._end_if_gone()
        return done

    async def _waited_for_lock(self) -> bool:
        """Wait while the program is locked, so that no flow goes on or shows anything over the lock; whether it was."""
        unlocked = cast("TerminalApp", self.app).unlocked
        if unlocked.is_set() or not self.PAUSES_WHEN_LOCKED:
            return False
        await unlocked.wait()
        return True

    def _end_if_gone(self) -> None:
        """End the flow whose screen was left while it waited: what it would show has no place any more."""
        if self._gone:
            raise asyncio.CancelledError

    @property
    def _gone(self) -> bool:
        return not self.is_running or self.app._exit

    @property
    def in_flow(self) -> bool:
        """Whether a flow of this screen is running."""
        return self._flow is not None and not self._flow.is_finished

    def _run_body(self, body: Body, group: str, exclusive: bool) -> Worker[None]:
        async def run() -> None:
            try:
                await body()
            except ApiSetupError as error:
                self.show_problem(error)

        return self.run_worker(run, group=group, exclusive=exclusive)


def flow(method: Callable[Concatenate[A, P], Coroutine[Any, Any, None]]) -> Callable[Concatenate[A, P], None]:
    """Make a coroutine method the body of a flow: calling it starts it, or does nothing while a flow runs.

    Within it `await self.app.push_screen_wait(...)`, `await self.ask(...)` and `await self.commit(...)` work. An
    `ApiSetupError` that it does not handle goes to `show_problem`; any other error ends the program.
    """

    @wraps(method)
    def start(self: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        # Set before this returns, so that a second press finds it whatever the first one is doing.
        if not self.in_flow:
            self.flow_begins()
            body = partial(method, self, *args, **kwargs)
            self._flow = self._run_body(body, group=f"flow {method.__name__}", exclusive=False)

    return start


def latest(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[A, P], None]:
    """Make a coroutine method restart with each call: the newest call replaces the ones before it.

    For what only reads and shows; errors are handled as in a flow.
    """

    @wraps(method)
    def restart(self: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        body = partial(method, self, *args, **kwargs)
        self._run_body(body, group=f"latest {method.__name__}", exclusive=True)

    return restart


def once(
    method: Callable[Concatenate[A, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[A, P], None]:
    """Make a coroutine method run alone: a call while it runs does nothing, and no flow has to wait for it.

    For what fetches more of the same; errors are handled as in a flow.
    """
    name = f"once {method.__name__}"

    @wraps(method)
    def start(self: A, /, *args: P.args, **kwargs: P.kwargs) -> None:
        running = any(each.group == name and each.node is self and not each.is_finished for each in self.workers)
        if not running:
            self._run_body(partial(method, self, *args, **kwargs), group=name, exclusive=False)

    return start


def _tell_missed(missed: Callable[[Exception], None], ended: asyncio.Future[Any]) -> None:
    if ended.cancelled():  # the loop ended first; the thread goes on
        return
    error = ended.exception()
    if isinstance(error, Exception):
        missed(error)
