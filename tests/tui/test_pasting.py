"""Pasting into fields of one line."""

from __future__ import annotations

import pytest
from textual import events

from tests.support.waiting import until
from tests.tui.test_shell import Shell
from tui.widgets.inputs import KeyInput, PlainInput, SecretInput


async def test_a_pasted_key_loses_only_surrounding_whitespace() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.main.query_one("#key", KeyInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("\r\n  abcd efgh \n\tijkl\n\n"))
        await until(lambda: bool(field.value))
        assert field.value == "abcd efgh ijkl"


async def test_invisible_characters_in_a_pasted_key_are_replaced_so_that_it_is_refused() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.main.query_one("#key", KeyInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("ab\u200bcd\x1b"))
        await until(lambda: bool(field.value))
        assert field.value == "ab\ufffdcd\ufffd"


async def test_a_plain_field_inserts_the_first_line_of_a_paste() -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = app.main.query_one("#plain", PlainInput)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste("\n one\x07\ntwo"))
        await until(lambda: bool(field.value))
        assert field.value == "one"


@pytest.mark.parametrize(
    ("kind", "text", "said"),
    [
        (PlainInput, "\n one\n\ntwo\n three", "Pasted the first line only. 2 lines were left out."),
        (PlainInput, "one\ntwo\n", "Pasted the first line only. 1 line was left out."),
        (PlainInput, "\none\n \n", ""),
        (SecretInput, "one\ntwo", "Pasted the first line only. 1 line was left out."),
        (KeyInput, "one\ntwo", ""),
    ],
    ids=["several", "one", "none", "secret", "key"],
)
async def test_a_field_says_that_lines_of_a_paste_were_left_out(kind: type[PlainInput], text: str, said: str) -> None:
    app = Shell()
    async with app.run_test() as pilot:
        field = next(each for each in app.main.query(kind) if type(each) is kind)
        field.focus()
        await pilot.pause()
        app.post_message(events.Paste(text))
        await until(lambda: bool(field.value))
        await pilot.pause()
        assert app.main.status.text == said
