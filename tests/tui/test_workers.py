"""Asking services from screens: the order of answers, double presses, and changes that must end."""

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
    """A dialog that nothing answers."""


class Desk(ServiceCaller, Screen[None]):
    """A screen that asks."""

    def __init__(self) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.problems: list[ApiSetupError] = []

    def show_problem(self, error: ApiSetupError) -> None:
        self.problems.append(error)

    @latest
    async def load(self, question: Callable[[], str]) -> None:
        self.shown.append(await self.ask(question, "load"))

    @once
    async def fetch(self, question: Callable[[], str]) -> None:
        self.shown.append(await self.ask(question, "fetch"))

    @flow
    async def question(self, question: Callable[[], str]) -> None:
        self.shown.append(await self.ask(question, "question"))

    @flow
    async def change(self, change: Callable[[], str]) -> None:
        self.shown.append(await self.commit(change))

    @latest
    async def change_at_once(self, change: Callable[[], str]) -> None:
        self.shown.append(await self.commit(change))

    @flow
    async def action_open(self) -> None:
        self.shown.append(await self.app.push_screen_wait(Dialog()))

    BINDINGS = [("o", "open", "Open")]  # noqa: RUF012 - declared so by Textual


class Office(App[None]):
    """An application with one such screen."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = Commits()
        self.unlocked = asyncio.Event()
        self.unlocked.set()
        self.missed: list[Exception] = []
        self.desk = Desk()

    def commit_missed(self, error: Exception) -> None:
        self.missed.append(error)

    def on_mount(self) -> None:
        self.push_screen(self.desk)


class Gate:
    """A question that answers when it is told to."""

    def __init__(self, answer: str, error: Exception | None = None) -> None:
        self.entered = threading.Event()
        self.open = threading.Event()
        self.left = threading.Event()
        self._answer = answer
        self._error = error

    def __call__(self) -> str:
        self.entered.set()
        assert self.open.wait(20)
        self.left.set()
        if self._error is not None:
            raise self._error
        return self._answer


async def test_a_late_answer_does_not_overwrite_a_newer_one() -> None:
    app = Office()
    async with app.run_test() as pilot:
        old, new = Gate("old"), Gate("new")
        app.desk.load(old)
        await until(old.entered.is_set)
        app.desk.load(new)
        new.open.set()
        await until(lambda: app.desk.shown == ["new"])
        old.open.set()
        await until(old.left.is_set)
        await pilot.pause()
        assert app.desk.shown == ["new"]


async def test_what_runs_once_is_not_started_again_while_it_runs() -> None:
    app = Office()
    async with app.run_test() as pilot:
        first, second = Gate("first"), Gate("second")
        app.desk.fetch(first)
        app.desk.fetch(second)
        await until(first.entered.is_set)
        app.desk.fetch(second)
        await pilot.pause()
        assert not second.entered.is_set()
        first.open.set()
        await until(lambda: app.desk.shown == ["first"])
        assert not second.entered.is_set()


async def test_what_runs_once_can_be_started_again_when_it_ended() -> None:
    app = Office()
    async with app.run_test():
        failed, second = Gate("", ApiSetupError("Not now.")), Gate("second")
        for gate in (failed, second):
            gate.open.set()
        app.desk.fetch(failed)
        await until(lambda: len(app.desk.problems) == 1)
        app.desk.fetch(second)
        await until(lambda: app.desk.shown == ["second"])


async def test_what_runs_once_keeps_no_flow_waiting() -> None:
    app = Office()
    async with app.run_test():
        held, asked = Gate("held"), Gate("asked")
        asked.open.set()
        app.desk.fetch(held)
        await until(held.entered.is_set)
        assert not app.desk.in_flow
        app.desk.question(asked)
        await until(lambda: app.desk.shown == ["asked"])
        held.open.set()
        await until(lambda: app.desk.shown == ["asked", "held"])


async def test_what_runs_once_can_be_cancelled_and_started_again() -> None:
    app = Office()
    async with app.run_test() as pilot:
        old, new = Gate("old"), Gate("new")
        app.desk.fetch(old)
        await until(old.entered.is_set)
        app.desk.workers.cancel_group(app.desk, "once fetch")
        await pilot.pause()
        app.desk.fetch(new)
        new.open.set()
        await until(lambda: app.desk.shown == ["new"])
        old.open.set()
        await until(old.left.is_set)
        await pilot.pause()
        assert app.desk.shown == ["new"]


async def test_two_quick_presses_open_one_dialog() -> None:
    app = Office()
    async with app.run_test() as pilot:
        await pilot.pause()
        app.desk.action_open()
        app.desk.action_open()
        await pilot.press("o", "o")
        await until(lambda: isinstance(app.screen, Dialog))
        await pilot.pause()
        assert [type(screen) for screen in app.screen_stack[1:]] == [Desk, Dialog]
        app.screen.dismiss("answer")
        await until(lambda: app.desk.shown == ["answer"])
        await pilot.press("o")
        await until(lambda: isinstance(app.screen, Dialog))


async def test_the_error_of_a_question_comes_as_itself() -> None:
    app = Office()
    async with app.run_test():
        cause = OSError("driver")
        error = ApiSetupError("No server answers.", "Start it.")
        error.__cause__ = cause
        gate = Gate("", error)
        gate.open.set()
        app.desk.question(gate)
        await until(lambda: bool(app.desk.problems))
        assert app.desk.problems == [error]
        assert app.desk.problems[0].__cause__ is cause
        assert not app.desk.in_flow


async def test_another_error_ends_the_program_as_itself() -> None:
    app = Office()
    gate = Gate("", KeyError("bug"))
    gate.open.set()

    async def run() -> None:
        async with app.run_test():
            app.desk.question(gate)
            await until(lambda: app.return_code == 1)

    with pytest.raises(Exception, match="bug"):
        await run()


async def test_asking_outside_of_a_flow_is_a_mistake() -> None:
    app = Office()
    async with app.run_test():
        with pytest.raises(Exception, match="no active worker"):
            await app.desk.ask(lambda: "", "any")


async def test_a_commit_ends_although_its_screen_is_left() -> None:
    app = Office()
    async with app.run_test():
        gate = Gate("written")
        app.desk.change(gate)
        await until(gate.entered.is_set)
        app.pop_screen()
        await until(lambda: not app.desk.is_attached)
        assert app.commits.running
        gate.open.set()
        await until(lambda: not app.commits.running)
        assert gate.left.is_set()
        assert app.missed == []


async def test_the_error_of_a_commit_is_not_lost_with_its_screen() -> None:
    app = Office()
    async with app.run_test():
        error = ApiSetupError("The disk is full.")
        gate = Gate("", error)
        app.desk.change(gate)
        await until(gate.entered.is_set)
        app.pop_screen()
        await until(lambda: not app.desk.is_attached)
        gate.open.set()
        await until(lambda: app.missed == [error])


async def test_a_second_commit_is_refused_while_one_runs() -> None:
    app = Office()
    async with app.run_test():
        gate, second = Gate("first"), Gate("second")
        app.desk.change(gate)
        await until(gate.entered.is_set)
        app.desk.change_at_once(second)
        await until(lambda: bool(app.desk.problems))
        assert isinstance(app.desk.problems[0], Busy)
        assert not second.entered.is_set()
        gate.open.set()
        await until(lambda: app.desk.shown == ["first"])


async def test_what_is_written_beside_is_in_nobodys_way() -> None:
    commits = Commits()
    background, asked_for, later = Gate("background"), Gate("asked for"), Gate("later")
    tasks = [asyncio.create_task(commits.commit(background, print, background=True))]
    await until(background.entered.is_set)
    assert (commits.running, commits.at_rest) == (False, False)
    tasks.append(asyncio.create_task(commits.commit(asked_for, print)))
    await until(lambda: commits.running)
    # It waits for what is being written, instead of being refused; one is written after the other.
    tasks.append(asyncio.create_task(commits.commit(later, print, background=True)))
    assert not asked_for.entered.is_set()
    for gate in (background, asked_for, later):
        gate.open.set()
    assert await asyncio.gather(*tasks) == ["background", "asked for", "later"]
    await until(lambda: commits.at_rest)
    commits.close()


async def test_closing_waits_for_the_commit() -> None:
    commits = Commits()
    gate = Gate("written")
    task = asyncio.create_task(commits.commit(gate, print))
    await until(gate.entered.is_set)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    threading.Timer(0, gate.open.set).start()
    await asyncio.get_running_loop().run_in_executor(None, commits.close)
    assert gate.left.is_set()
