"""Thread workers that call services from screens.

A service call blocks, so it runs in a thread while the event loop keeps serving the screen. Four rules keep the results
in order:

*   A *flow* is a coroutine that a key starts. It may open dialogs and call services. A screen runs one flow at a time,
    so two quick presses never open a dialog twice.
*   A *latest* coroutine reads and displays something. A newer call cancels the older one and drops its result.
*   A *once* coroutine fetches more of what is displayed. A call while it runs does nothing.
*   A *commit* writes. It is never cancelled or run twice, and it finishes even if its screen is closed.
"""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager, nullcontext
from functools import partial, wraps
from typing import TYPE_CHECKING, Any, ClassVar, Concatenate, ParamSpec, Protocol, TypeVar, cast

from textual.worker import Worker, WorkerCancelled, WorkerFailed, active_worker, get_current_worker

from core.base.errors import ApiSetupError
from tui.platform.waiting import SAVING, Wait, WaitKind, WaitLeft, describe_group

if TYPE_CHECKING:
    from textual.app import App
    from textual.dom import DOMNode as _Node
else:
    _Node = object

REMOTE_GROUP = "headquarters"
"""The worker group of calls to a remote server that may take minutes. Nothing waits for their results."""

BACKGROUND_GROUPS = frozenset({REMOTE_GROUP, "first settings"})
"""The worker groups of calls without whose results the screen works: Esc doesn't stop them."""

UNSEEN_GROUPS = frozenset({"use", "use details", "health", "key notes"})
"""The worker groups of calls that only complete what a screen shows. Waiting for them is never displayed."""

_THREAD_NAME = "thread"
"""The name of every worker started by `ServiceCaller.run_in_thread`; Textual has no public way to tell them apart."""

T = TypeVar("T")
P = ParamSpec("P")
C = TypeVar("C", bound="ServiceCaller")
Body = Callable[[], Coroutine[Any, Any, None]]


class Busy(ApiSetupError):
    """A change is still being saved, so a second one can't start."""

    def __init__(self) -> None:
        super().__init__("The last change is still being saved.", "Wait for it, then try again.")


class Commits:
    """The changes that are being written. The application owns the only instance."""

    def __init__(self) -> None:
        # A dedicated thread, so that a service call that hangs never delays a change.
        self._executor = ThreadPoolExecutor(max_workers=1, thread_name_prefix="commit")
        self._foreground: Future[Any] | None = None
        self._background: Future[Any] | None = None

    @property
    def running(self) -> bool:
        """True while a change that the user requested is being written."""
        return self._foreground is not None and not self._foreground.done()

    @property
    def idle(self) -> bool:
        """True if no change is being written, neither in the foreground nor in the background."""
        return not self.running and (self._background is None or self._background.done())

    async def commit(
        self, change: Callable[[], T], on_unawaited_error: Callable[[Exception], None], *, background: bool = False
    ) -> T:
        """Run a change in the commit thread. It finishes even if the awaiting task is cancelled.

        Args:
            change: The blocking change.
            on_unawaited_error: Called with the change's error if the awaiting task was cancelled.
            background: The user did not request this change. It is queued behind a running change instead of being
                refused, and it does not cause others to be refused.

        Raises:
            Busy: A requested change is still being written, and this one is not a background change.
            Exception: The error that the change raised, unchanged.
        """
        if self.running and not background:
            raise Busy
        # The executor has one thread, so it writes one change after the other.
        submitted = self._executor.submit(change)
        if background:
            self._background = submitted
        else:
            self._foreground = submitted
        future = asyncio.wrap_future(submitted)
        try:
            return await asyncio.shield(future)
        except asyncio.CancelledError:
            future.add_done_callback(partial(_report_error, on_unawaited_error))
            raise

    async def wait_until_idle(self) -> BaseException | None:
        """Wait until no change is being written.

        Returns:
            The error of the requested change that was awaited here, or None if there was none or it succeeded.
        """
        if self._background is not None and not self._background.done():
            await asyncio.wait([asyncio.wrap_future(self._background)])
        if not self.running or self._foreground is None:
            return None
        future = asyncio.wrap_future(self._foreground)
        await asyncio.wait([future])
        return future.exception()

    def close(self) -> None:
        """Block until the running change is written, and accept no more."""
        self._executor.shutdown(wait=True)


class ServiceHost(Protocol):
    """The part of the application that `ServiceCaller` uses."""

    commits: Commits
    unlocked: asyncio.Event
    is_exiting: bool

    def report_unawaited_error(self, error: Exception) -> None:
        """Report the error of a change whose screen was closed before the change finished."""


class ServiceCaller(_Node):
    """Mixin for a screen or application that calls services. The application must be a `ServiceHost`."""

    PAUSES_WHEN_LOCKED: ClassVar[bool] = True
    """True if service calls neither start nor return while the program is locked."""
    _flow: Worker[None] | None = None

    @abstractmethod
    def show_problem(self, error: ApiSetupError) -> None:
        """Display an error that a flow did not handle."""

    def on_flow_refused(self) -> None:
        """Say that a flow doesn't start because another one is running."""

    def before_flow(self) -> None:
        """Prepare the screen for a flow that is about to start."""

    @contextmanager
    def waiting(self, what: str, kind: WaitKind, leave: Callable[[], object]) -> Iterator[Wait | None]:  # noqa: ARG002
        """Display what is waited for while the block runs. This implementation displays nothing."""
        yield None

    @property
    def service_host(self) -> ServiceHost:
        """The application."""
        return cast("ServiceHost", self.app)

    async def call_service(self, function: Callable[[], T], group: str) -> T:
        """Run a blocking function in a thread and return its result. Call it from within a flow.

        A newer call of the same group on the same screen cancels this one and drops its result.

        Args:
            function: The blocking call.
            group: The name of the group, unique within the screen.

        Raises:
            WaitLeft: The admin stopped waiting; the function still runs, and its result is dropped.
            Exception: The error that the function raised, unchanged.
        """
        get_current_worker()  # raises outside of a worker, where waiting would freeze the screen
        if await self._wait_while_locked():
            self._cancel_if_closed()
        worker = self.run_in_thread(function, group, exclusive=True)
        what, kind = describe_group(group), WaitKind.BACKGROUND if group in BACKGROUND_GROUPS else WaitKind.READ
        waiting = nullcontext() if group in UNSEEN_GROUPS else self.waiting(what, kind, worker.cancel)
        wait: Wait | None = None
        try:
            with waiting as wait:
                result = await worker.wait()
        except WorkerCancelled:
            if wait is not None and wait.left:
                raise WaitLeft(wait.what) from None
            raise asyncio.CancelledError from None
        except WorkerFailed as failed:
            error = failed.error
        else:
            await self._wait_while_locked()
            self._cancel_if_closed()
            return result
        await self._wait_while_locked()
        raise error

    async def commit(self, change: Callable[[], T], *, background: bool = False) -> T:
        """Write in a thread and wait until it is done. Call it from within a flow.

        The change is never cancelled: it finishes even if the screen is closed or the program quits.

        Args:
            change: The blocking change.
            background: The user did not request this change, so it neither delays other changes nor is refused
                because of them.

        Raises:
            Busy: Another change is still being written; nothing was done.
            Exception: The error that the change raised, unchanged.
        """
        get_current_worker()
        host = self.service_host
        if await self._wait_while_locked():
            self._cancel_if_closed()
        try:
            with self.waiting(SAVING, WaitKind.BACKGROUND if background else WaitKind.CHANGE, _do_nothing):
                result = await host.commits.commit(change, host.report_unawaited_error, background=background)
        except Exception as error:
            await self._wait_while_locked()
            if self._closed_or_exiting:
                host.report_unawaited_error(error)
            self._cancel_if_closed()
            raise
        await self._wait_while_locked()
        self._cancel_if_closed()
        return result

    def run_in_thread(self, function: Callable[[], T], group: str, *, exclusive: bool = False) -> Worker[T]:
        """Start a worker that runs a blocking function in a thread. `unfinished_threads` lists it until it ends.

        Args:
            function: The blocking call.
            group: The name of the worker's group.
            exclusive: Cancel the other workers of the group.
        """
        return self.run_worker(
            function, name=_THREAD_NAME, group=group, exclusive=exclusive, exit_on_error=False, thread=True
        )

    @property
    def in_flow(self) -> bool:
        """True while a flow of this screen is running."""
        return self._flow is not None and not self._flow.is_finished

    async def _wait_while_locked(self) -> bool:
        """Wait until the program is unlocked, so that no flow displays anything on top of the lock screen.

        Returns:
            True if the program was locked.
        """
        unlocked = self.service_host.unlocked
        if unlocked.is_set() or not self.PAUSES_WHEN_LOCKED:
            return False
        await unlocked.wait()
        return True

    def _cancel_if_closed(self) -> None:
        """Cancel the flow if its screen was closed while it waited: there is nowhere to display its result."""
        if self._closed_or_exiting:
            raise asyncio.CancelledError

    @property
    def _closed_or_exiting(self) -> bool:
        return not self.is_running or self.service_host.is_exiting

    def _run_body(self, body: Body, group: str, *, exclusive: bool) -> Worker[None]:
        async def run() -> None:
            try:
                await body()
            except ApiSetupError as error:
                self.show_problem(error)

        return self.run_worker(run, group=group, exclusive=exclusive)


def unfinished_threads(app: App[Any]) -> list[Worker[Any]]:
    """Return the workers of all screens that still run a blocking function in a thread."""
    return [worker for worker in app.workers if worker.name == _THREAD_NAME and not worker.is_finished]


def cancel_flows(caller: ServiceCaller) -> None:
    """Cancel all flows of a screen or application but the one that calls this; their dialogs won't be answered."""
    running = active_worker.get(None)
    for worker in caller.workers:
        is_flow = worker.group.startswith(("flow ", "once "))
        if is_flow and worker.node is caller and worker is not running:
            worker.cancel()


def flow(method: Callable[Concatenate[C, P], Coroutine[Any, Any, None]]) -> Callable[Concatenate[C, P], None]:
    """Turn a coroutine method into a flow. Calling it starts the flow, or does nothing while another flow runs.

    The coroutine may await `self.app.push_screen_wait(...)`, `self.call_service(...)` and `self.commit(...)`. An
    `ApiSetupError` that it does not handle is passed to `show_problem`; any other error ends the program.
    """

    @wraps(method)
    def start(self: C, /, *args: P.args, **kwargs: P.kwargs) -> None:
        # Assigned before this returns, so that a second press sees the flow before its first step runs.
        if self.in_flow:
            self.on_flow_refused()
            return
        self.before_flow()
        body = partial(method, self, *args, **kwargs)
        self._flow = self._run_body(body, group=f"flow {method.__name__}", exclusive=False)

    return start


def latest(
    method: Callable[Concatenate[C, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[C, P], None]:
    """Turn a coroutine method into one that restarts: each call cancels the call before it.

    Use it only for reading and displaying. Errors are handled as in a flow.
    """

    @wraps(method)
    def restart(self: C, /, *args: P.args, **kwargs: P.kwargs) -> None:
        body = partial(method, self, *args, **kwargs)
        self._run_body(body, group=f"latest {method.__name__}", exclusive=True)

    return restart


def once(
    method: Callable[Concatenate[C, P], Coroutine[Any, Any, None]],
) -> Callable[Concatenate[C, P], None]:
    """Turn a coroutine method into one that ignores calls while it runs. It does not block flows.

    Use it for fetching more of what is displayed. Errors are handled as in a flow.
    """
    group = f"once {method.__name__}"

    @wraps(method)
    def start(self: C, /, *args: P.args, **kwargs: P.kwargs) -> None:
        running = any(each.group == group and each.node is self and not each.is_finished for each in self.workers)
        if not running:
            self._run_body(partial(method, self, *args, **kwargs), group=group, exclusive=False)

    return start


def _do_nothing() -> None:
    """Leave a change alone."""


def _report_error(report: Callable[[Exception], None], future: asyncio.Future[Any]) -> None:
    if future.cancelled():  # the event loop ended first; the commit thread still finishes
        return
    error = future.exception()
    if isinstance(error, Exception):
        report(error)
