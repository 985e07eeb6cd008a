"""Tests of the application's base and its widgets: hostile text, secrets, small terminals."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

import pytest
from textual import events
from textual.app import ComposeResult
from textual.geometry import Size
from textual.pilot import Pilot
from textual.widget import Widget

from core.base.errors import ApiSetupError
from tests.support.waiting import until
from tui.modals.notice import Notice
from tui.platform.base_modal import BaseModal
from tui.platform.base_screen import BaseScreen
from tui.platform.crash import crash_message
from tui.platform.shell import TerminalApp
from tui.platform.workers import flow
from tui.widgets.inputs import KeyInput, PlainInput, SecretInput
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row
from tui.widgets.safe_text import cell_width, fit_to_width, join_broken_lines, sanitize, sanitize_lines, wrap
from tui.widgets.text_lines import TextLines
from tui.widgets.title_line import Heading, format_heading

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


class WidgetScreen(BaseScreen[None]):
    """A screen with one widget of each kind."""

    KEYS = ("help", "quit", "save")

    def compose_body(self) -> ComposeResult:
        yield RowList(Column("Name", 12), Column("Text", 20, max_width=60), empty="No rows yet.")
        yield TextLines("first")
        yield PlainInput(id="plain")
        yield KeyInput(id="key")
        yield SecretInput(id="secret")

    def action_save(self) -> None:
        self.show_status("saved", "ok")


class Dialog(BaseModal[str]):
    """A dialog with one field."""

    def compose_body(self) -> ComposeResult:
        yield PlainInput()


class Shell(TerminalApp):
    """An application with a `WidgetScreen`."""

    def __init__(self) -> None:
        super().__init__()
        self.results: list[str | None] = []
        self.main = WidgetScreen()

    def on_mount(self) -> None:
        self.push_screen(self.main)

    @flow
    async def action_help(self) -> None:
        self.results.append(await self.push_screen_wait(Dialog("x [/] y")))


def drawn(widget: Widget) -> str:
    """Return the lines that a widget draws."""
    lines = [widget.render_line(y) for y in range(widget.size.height)]
    return "\n".join(strip.text.rstrip() for strip in lines)


# -- text ------------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
def test_sanitize_makes_every_character_visible(text: str, shown: str) -> None:
    assert sanitize(text) == shown
    assert sanitize(shown) == shown


@pytest.mark.parametrize("text", [*(text for text, _ in HOSTILE.values()), LONG, "日" * 70_000, "\u0301" * 70_000])
@pytest.mark.parametrize("width", [0, 1, 2, 3, 7, 40])
def test_sanitize_and_fit_to_width_respect_the_width(text: str, width: int) -> None:
    shown = sanitize(text, width)
    assert cell_width(shown) <= width
    assert shown in ("", sanitize(text)) or shown.endswith("…")
    assert cell_width(fit_to_width(text, width)) == width


@pytest.mark.parametrize(
    ("text", "width", "shown"),
    [("日本語", 5, "日本…"), ("日本語", 6, "日本語"), ("日本語", 4, "日…"), ("abc", 2, "a…"), ("e\u0301x", 1, "…")],
)
def test_sanitize_counts_cells_not_characters(text: str, width: int, shown: str) -> None:
    assert sanitize(text, width) == shown


def test_sanitize_lines_keeps_only_line_breaks() -> None:
    assert sanitize_lines("a\r\nb\nc\rd\x85\u2028e") == ["a", "b", "c␍d<U+0085><U+2028>e"]


@pytest.mark.parametrize("width", [2, 5, 8, 80])
@pytest.mark.parametrize(
    "text", ["one  two three fourfivesixseven eight  ", "日本語テ キスト", "", " " * 30 + "x", LONG]
)
def test_wrapped_lines_fit_and_keep_every_word(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_width(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == text.replace(" ", "")


def test_a_long_address_is_broken_after_a_sign() -> None:
    assert wrap("support@appointment-bridge.example", 16) == ["support@", "appointment-", "bridge.example"]


def test_only_lines_that_were_broken_at_a_width_are_joined() -> None:
    text = "1. Rights\n\nWhoever has a key can read\nwhatever it allows.\n- one\n- two\nThe end."
    assert join_broken_lines(text).splitlines() == [
        "1. Rights",
        "",
        "Whoever has a key can read whatever it allows.",
        "- one",
        "- two",
        "The end.",
    ]


@pytest.mark.parametrize("width", [10, 20, 30, 40, 60, 80, 200])
@pytest.mark.parametrize("name", [text for text, _ in HOSTILE.values()])
def test_a_heading_keeps_its_width_and_its_flags(name: str, width: int) -> None:
    heading = Heading(name * 5, "opendental", "db.example.org", "24.3", "Admin", ("READ-ONLY",))
    text = format_heading(heading, width)
    assert cell_width(text) == width
    assert "READ-ONLY" in text


# -- widgets -----------------------------------------------------------------------


@pytest.mark.parametrize(("text", "shown"), HOSTILE.values(), ids=HOSTILE)
async def test_hostile_text_is_drawn_as_text(text: str, shown: str) -> None:
    app = Shell()
    async with app.run_test(size=(120, 30)) as pilot:
        app.main.query_one(RowList).show([Row((text, text), 1), Row(("z", LONG), 2)])
        app.main.query_one(TextLines).show([text, LONG])
        app.main.show_status(text, "problem")
        app.show_heading(Heading(practice=text))
        await pilot.pause()
        assert shown in drawn(app.main.query_one(RowList))
        assert app.main.status.text == text
        assert f"! {shown}" in drawn(app.main.status)
        first = sanitize_lines(text)[0]
        assert drawn(app.main.query_one(TextLines)).startswith(first)
        assert shown in drawn(app.main.children[0])


async def test_a_long_message_takes_two_lines() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        app.main.show_status(LONG)
        await pilot.pause()
        assert app.main.status.size.height == 2
        assert drawn(app.main.status).endswith("…  m more")
        app.main.show_status("short")
        await pilot.pause()
        assert app.main.status.size.height == 1


class RecordingScreen(WidgetScreen):
    """Records the messages of the list."""

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


async def test_keys_move_the_cursor_and_it_stays_in_view() -> None:
    app = Shell()
    app.main = screen = RecordingScreen()
    async with app.run_test() as pilot:
        row_list = screen.query_one(RowList)
        assert "No rows yet." in drawn(row_list)
        await pilot.press("enter", "down", "G")
        assert (screen.chosen, row_list.cursor) == ([], 0)
        row_list.show(rows(range(100)))
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
            assert row_list.cursor == cursor
            assert f"▌ Row {cursor} " in drawn(row_list)
        await pilot.press("pagedown", "pagedown", "pageup", "enter")
        assert screen.chosen == [row_list.cursor]
        assert row_list.cursor == row_list.size.height - 1
        assert app.cursor_position.y == row_list.region.y + 1 + row_list.cursor - row_list.scroll_offset.y


async def test_the_cursor_stays_on_its_row_when_rows_change() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        row_list = app.main.query_one(RowList)
        row_list.show(rows(range(50)))
        row_list.cursor = 30
        row_list.show(rows(range(10, 50)))
        assert row_list.row == Row(("Row 30", "text"), 30)
        row_list.show(rows(range(5)))
        assert row_list.cursor == 4
        row_list.show(rows(range(50)), keep=44)
        await pilot.pause()
        assert row_list.cursor == 44
        assert "▌ Row 44 " in drawn(row_list)
        row_list.show([])
        assert [row_list.cursor, row_list.row] == [0, None]


async def test_end_seen_is_true_after_the_last_line_was_in_view() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        pane = app.main.query_one(TextLines)
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


async def test_a_line_that_stays_is_not_wrapped_again_until_the_width_changes(monkeypatch: pytest.MonkeyPatch) -> None:
    wrapped: list[str] = []

    def counted(safe: str, width: int) -> list[str]:
        wrapped.append(safe)
        return wrap(safe, width)

    monkeypatch.setattr("tui.widgets.tones.wrap", counted)
    app = Shell()
    async with app.run_test() as pilot:
        pane = app.main.query_one(TextLines)
        pane.show(["stays", "changes"])
        wrapped.clear()
        pane.show(["stays", "changed"])
        assert wrapped == ["changed"]
        await pilot.resize_terminal(60, 20)
        await pilot.pause()
        assert sorted(wrapped) == ["changed", "changed", "stays"]


# -- fields --------------------------------------------------------------------------


async def test_a_secret_is_not_copied_and_not_in_any_repr() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.main.query_one(SecretInput)
        field.focus()
        await pilot.press(*"hunter2", "shift+home", "ctrl+c", "ctrl+x")
        assert field.value == "hunter2"
        assert app.clipboard == ""
        assert "hunter2" not in repr(field) + repr(field.Changed(field, field.value)) + drawn(field)
        assert not field.cursor_blink


# -- the shell -----------------------------------------------------------------------


async def test_escape_closes_a_dialog_with_none() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        await pilot.press("question_mark", "question_mark")
        await until(lambda: isinstance(app.screen, Dialog))
        await pilot.press("escape")
        await until(lambda: app.results == [None])
        assert app.screen is app.main


async def test_a_key_waits_until_the_widgets_of_the_screen_on_top_exist() -> None:
    app = Shell()
    async with app.run_test(size=(60, 20)) as pilot:
        unhandled = events.Key("space", " ")
        unhandled._set_forwarded()
        app.push_screen(Notice("Long", [f"line {number}" for number in range(100)]))
        # Another screen was on top when the key came, and did nothing with it.
        await app.on_event(unhandled)
        await pilot.pause()
        assert app.screen.query_one(".text").scroll_offset.y > 0


async def test_a_terminal_that_is_too_small_shows_a_message_and_ignores_keys() -> None:
    app = Shell()
    async with app.run_test(size=(50, 15)) as pilot:
        await pilot.press("ctrl+s", "question_mark")
        assert app.main.status.text == ""
        assert drawn(app.main.children[-1]).startswith("This terminal is 50x15; apisetup needs at least\n60x20.")
        await pilot.resize_terminal(60, 20)
        await pilot.press("ctrl+s")
        assert app.main.status.text == "saved"
        assert not app.main.children[-1].display
        await pilot.resize_terminal(60, 19)
        await pilot.press("ctrl+q")
        assert app.return_code == 0


async def test_a_late_report_of_an_older_size_does_not_replace_the_size_of_the_terminal() -> None:
    app = Shell()
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.resize_terminal(60, 20)
        # Textual reports a screen's size after it was arranged, and drops the report of a newer one that waits.
        app.main.post_message(events.Resize(Size(80, 24), Size(80, 24)))
        await pilot.pause()
        assert app.main.size == (60, 20)
        assert app.main.query_one("KeyBar").region.bottom == 20


async def test_ctrl_c_shows_how_to_quit() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        await pilot.press("ctrl+c")
        assert "press ^q" in app.main.status.text


async def test_a_problem_is_shown_with_its_hint() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        app.show_problem(ApiSetupError("No server answers at [db].", "Start it."))
        await pilot.pause()
        assert drawn(app.main.status) == "! No server answers at [db]. Start it."


def test_a_crash_message_quotes_only_our_own_errors() -> None:
    assert "hunter2" not in crash_message(ValueError("hunter2"))
    assert "ValueError" in crash_message(ValueError("hunter2"))
    assert "No server answers." in crash_message(ApiSetupError("No server answers."))


async def test_a_pushed_screen_is_drawn_with_its_own_stylesheet(tmp_path: Path) -> None:
    """The test driver of Textual starts tasks in another way than the program, so the program is run here."""
    stylesheet = tmp_path / "styled.tcss"
    stylesheet.write_text("StyledScreen #body { padding: 1 2; }")

    class StyledScreen(BaseScreen[None]):
        CSS_PATH = str(stylesheet)

    paddings: list[tuple[int, ...]] = []

    async def look(pilot: Pilot[object]) -> None:
        await pilot.app.push_screen(StyledScreen())
        await pilot.pause()
        paddings.append(tuple(pilot.app.screen.query_one("#body").styles.padding))
        pilot.app.exit()

    await Shell().run_async(headless=True, auto_pilot=look)
    assert paddings == [(1, 2, 1, 2)]
