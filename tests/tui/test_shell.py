"""The base of the application and its widgets: hostile text, secrets, small terminals."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from textual import events
from textual.app import ComposeResult
from textual.widget import Widget

from core.base.errors import ApiSetupError
from tests.support.waiting import until
from tui.platform.base_screen import BaseModal, BaseScreen
from tui.platform.shell import TerminalApp
from tui.platform.terminal import crash_sentence
from tui.platform.workers import flow
from tui.widgets.inputs import KeyInput, PlainInput, SecretInput
from tui.widgets.row_list import Column, Row, RowList
from tui.widgets.safe_text import cells, fitted, visible, visible_lines, wrapped
from tui.widgets.text_lines import TextLines
from tui.widgets.title_line import Heading, titled

LONG = "long " * 14_000
HOSTILE = {
    "closing tag": ("x [/] y", "x [/] y"),
    "markup": ("[red]x[/red]", "[red]x[/red]"),
    "escape": ("\x1b[31mx\x1b]0;title\x07", "␛[31mx␛]0;title␇"),
    "line break": ("one\ntwo\r\tthree", "one␊two␍␉three"),
    "delete": ("a\x7fb\x9bc", "a␡b<U+009B>c"),
    "direction": ("a\u202eb\u2066c\u200fd", "a<U+202E>b<U+2066>c<U+200F>d"),
    "zero width": ("a\u200bb\u200dc\ufeffd", "a<U+200B>b<U+200D>c<U+FEFF>d"),
    "surrogate": ("a\ud800b", "a<U+D800>b"),
    "lone mark": ("\u0301a", "<U+0301>a"),
    "marks": ("e" + "\u0301" * 5, "e" + "\u0301" * 3 + "<U+0301><U+0301>"),
    "wide": ("日本語", "日本語"),
}


class Plain(BaseScreen[None]):
    """A screen with one of each."""

    KEYS = ("help", "quit", "save")

    def compose_body(self) -> ComposeResult:
        yield RowList(Column("Name", 12), Column("Text", 20, flexible=True), empty="No rows yet.")
        yield TextLines("first")
        yield PlainInput(id="plain")
        yield KeyInput(id="key")
        yield SecretInput(id="secret")

    def action_save(self) -> None:
        self.say("saved", "ok")


class Ask(BaseModal[str]):
    """A dialog."""

    def compose_body(self) -> ComposeResult:
        yield PlainInput()


class Shell(TerminalApp):
    """An application with that screen."""

    def __init__(self) -> None:
        super().__init__()
        self.answers: list[str | None] = []
        self.plain = Plain()

    def on_mount(self) -> None:
        self.push_screen(self.plain)

    @flow
    async def action_help(self) -> None:
        self.answers.append(await self.push_screen_wait(Ask("x [/] y")))


def drawn(widget: Widget) -> str:
    """What a widget draws, as text."""
    lines = [widget.render_line(y) for y in range(widget.size.height)]
    return "\n".join(strip.text.rstrip() for strip in lines)


# -- text ------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_visible(text: str, shown: str) -> None:
    assert visible(text) == shown
    assert visible(shown) == shown


@pytest.mark.parametrize("text", [*(text for text, _ in HOSTILE.values()), LONG, "日" * 70_000, "\u0301" * 70_000])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 7, 40])
def test_visible_fits(text: str, width: int) -> None:
    shown = visible(text, width)
    assert cells(shown) <= width
    assert shown in ("", visible(text)) or shown.endswith("…")
    assert cells(fitted(text, width)) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("日本語", 5, "日本…"), ("日本語", 6, "日本語"), ("日本語", 4, "日…"), ("abc", 2, "a…"), ("e\u0301x", 1, "…")],
)
def test_visible_shortens_by_cells(text: str, width: int, shown: str) -> None:
    assert visible(text, width) == shown


def test_visible_lines_keep_line_breaks_only() -> None:
    assert visible_lines("a\r\nb\nc\rd\x85\u2028e") == ["a", "b", "c␍d<U+0085><U+2028>e"]


@pytest.mark.parametrize("width", [2, 5, 8, 80])
@pytest.mark.parametrize(
    "text", ["one  two three fourfivesixseven eight  ", "日本語テ キスト", "", " " * 30 + "x", LONG]
)
def test_wrapped_lines_fit_and_keep_every_word(text: str, width: int) -> None:
    lines = wrapped(text, width)
    assert all(cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60, 80, 200])
@pytest.mark.parametrize("name", [text for text, _ in HOSTILE.values()])
def test_title_keeps_its_width_and_the_words(name: str, width: int) -> None:
    heading = Heading(name * 5, "opendental", "db.example.org", "24.3", "Admin", ("READ-ONLY",))
    text = titled(heading, width)
    assert cells(text) == width
    assert text.endswith("READ-ONLY")


# -- widgets -----------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_is_only_text(text: str, shown: str) -> None:
    app = Shell()
    async with app.run_test(size=(120, 30)) as pilot:
        app.plain.query_one(RowList).show([Row((text, text), 1), Row(("z", LONG), 2)])
        app.plain.query_one(TextLines).show([text, LONG])
        app.plain.say(text, "problem")
        app.show_heading(Heading(practice=text))
        await pilot.pause()
        assert shown in drawn(app.plain.query_one(RowList))
        assert app.plain.status.text == text
        assert f"! {shown}" in drawn(app.plain.status)
        first = visible_lines(text)[0]
        assert drawn(app.plain.query_one(TextLines)).startswith(first)
        assert shown in drawn(app.plain.children[0])


async def test_a_long_message_takes_two_lines() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        app.plain.say(LONG)
        await pilot.pause()
        assert app.plain.status.size.height == 2
        assert drawn(app.plain.status).endswith("…")
        app.plain.say("short")
        await pilot.pause()
        assert app.plain.status.size.height == 1


class Listening(Plain):
    """Notes what the list says."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[int] = []
        self.highlighted: list[int] = []

    def on_row_list_chosen(self, event: RowList.Chosen) -> None:
        self.chosen.append(event.index)

    def on_row_list_highlighted(self, event: RowList.Highlighted) -> None:
        self.highlighted.append(event.index)


def rows(numbers: Iterable[int]) -> list[Row]:
    return [Row((f"Row {number}", "text"), number) for number in numbers]


async def test_the_cursor_moves_by_keys_and_stays_in_view() -> None:
    app = Shell()
    app.plain = screen = Listening()
    async with app.run_test() as pilot:
        listed = screen.query_one(RowList)
        assert "No rows yet." in drawn(listed)
        await pilot.press("enter", "down", "G")
        assert (screen.chosen, listed.cursor) == ([], 0)
        listed.show(rows(range(100)))
        for keys, cursor in (
            ("j", 1),
            ("k", 0),
            ("up", 0),
            ("G", 99),
            ("down", 99),
            ("g", 0),
            ("end", 99),
            ("home", 0),
        ):
            await pilot.press(keys)
            assert listed.cursor == cursor
            assert f"> Row {cursor} " in drawn(listed)
        await pilot.press("pagedown", "pagedown", "pageup", "enter")
        assert screen.chosen == [listed.cursor]
        assert listed.cursor == listed.size.height - 1
        assert app.cursor_position.y == listed.region.y + 1 + listed.cursor - listed.scroll_offset.y


async def test_the_cursor_stays_on_its_row_when_rows_change() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        listed = app.plain.query_one(RowList)
        listed.show(rows(range(50)))
        listed.cursor = 30
        listed.show(rows(range(10, 50)))
        assert listed.row == Row(("Row 30", "text"), 30)
        listed.show(rows(range(5)))
        assert listed.cursor == 4
        listed.show(rows(range(50)), keep=44)
        await pilot.pause()
        assert listed.cursor == 44
        assert "> Row 44 " in drawn(listed)
        listed.show([])
        assert [listed.cursor, listed.row] == [0, None]


async def test_the_end_of_a_text_is_seen_only_when_it_was_in_view() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        pane = app.plain.query_one(TextLines)
        pane.focus()
        pane.show("\n".join(str(number) for number in range(100)))
        await pilot.pause()
        assert not pane.end_seen
        await pilot.press("pagedown", "down")
        assert pane.scroll_offset.y == pane.size.height
        seen = [pane.end_seen]
        for key in ("end", "home"):
            await pilot.press(key)
            seen.append(pane.end_seen)
        pane.show("short")
        assert [*seen, pane.end_seen] == [False, True, True, True]


# -- fields --------------------------------------------------------------------------


async def test_a_pasted_key_loses_what_is_around_it_and_keeps_what_is_inside() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.plain.query_one("#key", KeyInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("\r\n  abcd efgh \n\tijkl\n\n"))
        await until(lambda: bool(field.value))
        assert field.value == "abcd efgh ijkl"


async def test_what_cannot_be_seen_in_a_pasted_key_is_marked_so_that_it_is_refused() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.plain.query_one("#key", KeyInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("ab\u200bcd\x1b"))
        await until(lambda: bool(field.value))
        assert field.value == "ab\ufffdcd\ufffd"


async def test_a_plain_field_takes_the_first_line() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.plain.query_one("#plain", PlainInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("\n one\x07\ntwo"))
        await until(lambda: bool(field.value))
        assert field.value == "one"


async def test_a_secret_is_neither_copied_nor_named() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.plain.query_one(SecretInput)
        field.focus()
        await pilot.press(*"hunter2", "shift+home", "ctrl+c", "ctrl+x")
        assert field.value == "hunter2"
        assert app.clipboard == ""
        assert "hunter2" not in repr(field) + repr(field.Changed(field, field.value)) + drawn(field)
        assert not field.cursor_blink


# -- the shell -----------------------------------------------------------------------


async def test_escape_leaves_a_dialog_with_nothing_decided() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        await pilot.press("question_mark", "question_mark")
        await until(lambda: isinstance(app.screen, Ask))
        await pilot.press("escape")
        await until(lambda: app.answers == [None])
        assert app.screen is app.plain


async def test_a_terminal_that_is_too_small_says_so_and_takes_no_keys() -> None:
    app = Shell()
    async with app.run_test(size=(50, 15)) as pilot:
        await pilot.press("ctrl+s", "question_mark")
        assert app.plain.status.text == ""
        assert drawn(app.plain.children[-1]).startswith("This terminal is 50x15; apisetup needs at least\n60x20.")
        await pilot.resize_terminal(60, 20)
        await pilot.press("ctrl+s")
        assert app.plain.status.text == "saved"
        assert not app.plain.children[-1].display
        await pilot.resize_terminal(60, 19)
        await pilot.press("q")
        assert app.return_code == 0


async def test_ctrl_c_says_how_to_quit() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
        assert "press q or ^q" in app.plain.status.text


async def test_a_problem_is_told_with_its_hint() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        app.show_problem(ApiSetupError("No server answers at [db].", "Start it."))
        await pilot.pause()
        assert drawn(app.plain.status) == "! No server answers at [db]. Start it."


def test_a_crash_names_no_values() -> None:
    assert "hunter2" not in crash_sentence(ValueError("hunter2"))
    assert "ValueError" in crash_sentence(ValueError("hunter2"))
    assert "No server answers." in crash_sentence(ApiSetupError("No server answers."))
