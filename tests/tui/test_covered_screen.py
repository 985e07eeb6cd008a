"""What a screen draws while another one covers it: nothing, or once what is seen of it around a dialog."""

from __future__ import annotations

from typing import Any

import pytest
from textual.app import App, ComposeResult
from textual.screen import ModalScreen, Screen
from textual.widgets import Label

from tests.support.waiting import until
from tui.platform.covered_screen import CoverableScreen


class Below(CoverableScreen, Screen[None]):
    """A screen with a text."""

    def compose(self) -> ComposeResult:
        yield Label("before")


class Above(CoverableScreen, Screen[None]):
    """A full-size screen."""


class Dialog(CoverableScreen, ModalScreen[None]):
    """A dialog."""


class Stack(App[None]):
    """An application whose screens have the background of the terminal, as in the default theme."""

    CSS = "Below, Above { background: ansi_default; }"

    def on_mount(self) -> None:
        self.push_screen(Below())


def is_drawn(screen: Any) -> bool:
    """Return True if nothing of a screen waits to be drawn."""
    waiting = (
        any(each._repaint_required for each in screen.query("*")),
        screen._repaint_required,
        bool(screen._dirty_widgets),
        bool(screen.message_queue_size),
        screen._update_timer._active.is_set(),
    )
    return not any(waiting)


@pytest.mark.parametrize("above", [Above, Dialog])
async def test_a_change_of_a_covered_screen_is_not_drawn_again_and_again(above: type[Screen[None]]) -> None:
    app = Stack()
    async with app.run_test() as pilot:
        below = app.screen
        await app.push_screen(above())
        await pilot.pause()
        below.query_one(Label).update("after", layout=False)
        assert not is_drawn(below)
        await until(lambda: is_drawn(below) and is_drawn(app.screen))


async def test_what_changed_meanwhile_is_there_when_the_screen_above_is_left() -> None:
    app = Stack()
    async with app.run_test() as pilot:
        below = app.screen
        await app.push_screen(Above())
        await pilot.pause()
        below.query_one(Label).update("after", layout=False)
        await pilot.pause()
        app.pop_screen()
        await pilot.pause()
        update = app.screen._compositor.render_full_update()
        assert "after" in "".join(segment.text for segment in app.console.render(update))
