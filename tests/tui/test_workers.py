"""Tests of thread workers: the order of results, double key presses, and changes that must finish."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable

import pytest
from textual.app import App
from textual.screen import Screen

from core.base.errors import ApiSetupError
from tests.support.waiting import until
from tui.platform.workers import Busy, Commits, ServiceCaller, flow, latest, once


class Dialog(Screen[str]):
    """A dialog that stays open."""


class CallerScreen(ServiceCaller, Screen[None]):
    """A screen that calls services."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[str] = []
        self.problems: list[ApiSetupError] = []

    def show_problem(self, error: ApiSetupError) -> None:
        self.problems.append(error)

    @latest
    async def load(self, function: Callable[[], str]) -> None:
        self.results.append(await self.call_service(function, "load"))

    @once
    async def fetch(self, function: Callable[[], str]) -> None:
        self.results.append(await self.call_service(function, "fetch"))

    @flow
    async def run_flow(self, function: Callable[[], str]) -> None:
        self.results.append(await self.call_service(function, "flow"))

    @flow
    async def change(self, change: Callable[[], str]) -> None:
        self.results.append(await self.commit(change))

    @latest
    async def change_at_once(self, change: Callable[[], str]) -> None:
        self.results.append(await self.commit(change))

    @flow
    async def action_open(self) -> None:
        self.results.append(await self.app.push_screen_wait(Dialog()))

    BINDINGS = [("o", "open", "Open")]  # noqa: RUF012 - declared so by Textual


class CallerApp(App[None]):
    """An application with one `CallerScreen`."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = Commits()
        self.unlocked = asyncio.Event()
        self.unlocked.set()
        self.is_exiting = False
        self.unawaited_errors: list[Exception] = []
        self.caller = CallerScreen()

    def report_unawaited_error(self, error: Exception) -> None:
        self.unawaited_errors.append(error)

    def on_mount(self) -> None:
        self.push_screen(self.caller)


class Gate:
    """A blocking service call that returns, or raises, when the gate is opened."""

    def __init__(self, result: str, error: Exception | None = None) -> None:
        self.started = threading.Event()
        self.open = threading.Event()
        self.finished = threading.Event()
        self._result = result
        self._error = error

    def __call__(self) -> str:
        self.started.set()
        assert self.open.wait(20)
        self.finished.set()
        if self._error is not None:
            raise self._error
        return self._result


async def test_a_late_result_does_not_replace_a_newer_one() -> None:
    app = CallerApp()
    async with app.run_test() as pilot:
        old, new = Gate("old"), Gate("new")
        app.caller.load(old)
        await until(old.started.is_set)
        app.caller.load(new)
        new.open.set()
        await until(lambda: app.caller.results == ["new"])
        old.open.set()
        await until(old.finished.is_set)
        await pilot.pause()
        assert app.caller.results == ["new"]


async def test_once_ignores_calls_while_it_runs() -> None:
    app = CallerApp()
    async with app.run_test() as pilot:
        first, second = Gate("first"), Gate("second")
        app.caller.fetch(first)
        app.caller.fetch(second)
        await until(first.started.is_set)
        app.caller.fetch(second)
        await pilot.pause()
        assert not second.started.is_set()
        first.open.set()
        await until(lambda: app.caller.results == ["first"])
        assert not second.started.is_set()


async def test_once_can_be_called_again_after_it_ended() -> None:
    app = CallerApp()
    async with app.run_test():
        failed, second = Gate("", ApiSetupError("Not now.")), Gate("second")
        for gate in (failed, second):
            gate.open.set()
        app.caller.fetch(failed)
        await until(lambda: len(app.caller.problems) == 1)
        app.caller.fetch(second)
        await until(lambda: app.caller.results == ["second"])


async def test_once_does_not_block_flows() -> None:
    app = CallerApp()
    async with app.run_test():
        held, called = Gate("held"), Gate("called")
        called.open.set()
        app.caller.fetch(held)
        await until(held.started.is_set)
        assert not app.caller.in_flow
        app.caller.run_flow(called)
        await until(lambda: app.caller.results == ["called"])
        held.open.set()
        await until(lambda: app.caller.results == ["called", "held"])


async def test_once_can_be_called_again_after_it_was_cancelled() -> None:
    app = CallerApp()
    async with app.run_test() as pilot:
        old, new = Gate("old"), Gate("new")
        app.caller.fetch(old)
        await until(old.started.is_set)
        app.caller.workers.cancel_group(app.caller, "once fetch")
        await pilot.pause()
        app.caller.fetch(new)
        new.open.set()
        await until(lambda: app.caller.results == ["new"])
        old.open.set()
        await until(old.finished.is_set)
        await pilot.pause()
        assert app.caller.results == ["new"]


async def test_two_quick_presses_open_one_dialog() -> None:
    app = CallerApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.caller.action_open()
        app.caller.action_open()
        await pilot.press("o", "o")
        await until(lambda: isinstance(app.screen, Dialog))
        await pilot.pause()
        assert [type(screen) for screen in app.screen_stack[1:]] == [CallerScreen, Dialog]
        app.screen.dismiss("answer")
        await until(lambda: app.caller.results == ["answer"])
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, Dialog))


async def test_a_flow_gets_the_original_error_of_a_service_call() -> None:
    app = CallerApp()
    async with app.run_test():
        cause = OSError("driver")
        error = ApiSetupError("No server answers.", "Start it.")
        error.__cause__ = cause
        gate = Gate("", error)
        gate.open.set()
        app.caller.run_flow(gate)
        await until(lambda: bool(app.caller.problems))
        assert app.caller.problems == [error]
        assert app.caller.problems[0].__cause__ is cause
        assert not app.caller.in_flow


async def test_any_other_error_ends_the_program() -> None:
    app = CallerApp()
    gate = Gate("", KeyError("bug"))
    gate.open.set()

    async def run() -> None:
        async with app.run_test():
            app.caller.run_flow(gate)
            await until(lambda: app.return_code == 1)

    with pytest.raises(Exception, match="bug"):
        await run()


async def test_calling_a_service_outside_of_a_flow_raises() -> None:
    app = CallerApp()
    async with app.run_test():
        with pytest.raises(Exception, match="no active worker"):
            await app.caller.call_service(lambda: "", "any")


async def test_a_commit_finishes_after_its_screen_is_closed() -> None:
    app = CallerApp()
    async with app.run_test():
        gate = Gate("written")
        app.caller.change(gate)
        await until(gate.started.is_set)
        app.pop_screen()
        await until(lambda: not app.caller.is_attached)
        assert app.commits.running
        gate.open.set()
        await until(lambda: not app.commits.running)
        assert gate.finished.is_set()
        assert app.unawaited_errors == []


async def test_the_error_of_a_commit_is_reported_after_its_screen_is_closed() -> None:
    app = CallerApp()
    async with app.run_test():
        error = ApiSetupError("The disk is full.")
        gate = Gate("", error)
        app.caller.change(gate)
        await until(gate.started.is_set)
        app.pop_screen()
        await until(lambda: not app.caller.is_attached)
        gate.open.set()
        await until(lambda: app.unawaited_errors == [error])


async def test_a_second_commit_is_refused_while_one_runs() -> None:
    app = CallerApp()
    async with app.run_test():
        gate, second = Gate("first"), Gate("second")
        app.caller.change(gate)
        await until(gate.started.is_set)
        app.caller.change_at_once(second)
        await until(lambda: bool(app.caller.problems))
        assert isinstance(app.caller.problems[0], Busy)
        assert not second.started.is_set()
        gate.open.set()
        await until(lambda: app.caller.results == ["first"])


async def test_a_background_commit_is_queued_and_refuses_no_other() -> None:
    commits = Commits()
    background, foreground, later = Gate("background"), Gate("foreground"), Gate("later")
    tasks = [asyncio.create_task(commits.commit(background, print, background=True))]
    await until(background.started.is_set)
    assert (commits.running, commits.idle) == (False, False)
    tasks.append(asyncio.create_task(commits.commit(foreground, print)))
    await until(lambda: commits.running)
    # A background change is queued instead of being refused. The changes are written one after the other.
    tasks.append(asyncio.create_task(commits.commit(later, print, background=True)))
    assert not foreground.started.is_set()
    for gate in (background, foreground, later):
        gate.open.set()
    assert await asyncio.gather(*tasks) == ["background", "foreground", "later"]
    await until(lambda: commits.idle)
    commits.close()


async def test_close_waits_for_the_running_commit() -> None:
    commits = Commits()
    gate = Gate("written")
    task = asyncio.create_task(commits.commit(gate, print))
    await until(gate.started.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    threading.Timer(0, gate.open.set).start()
    await asyncio.get_running_loop().run_in_executor(None, commits.close)
    assert gate.finished.is_set()
