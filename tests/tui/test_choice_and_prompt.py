"""Tests of `Choice`, a filtered list of options, and of `Prompt`, which asks for a text until it is valid."""

from __future__ import annotations

from typing import Any

from core.base.errors import InvalidInput
from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tui.modals.choice import Choice
from tui.modals.prompt import Prompt

OPTIONS = ["Apple", "Kiwi juice", "Banana", "Pineapple", "jackfruit"] + [f"Melon {number}" for number in range(40)]


def parse_two(text: str) -> int:
    """Parse the only valid text."""
    if text != "2":
        raise InvalidInput("number", f"{text or 'Nothing'} is not two.", "Write 2.")
    return 2


async def open_choice(user: User, answers: list[Any]) -> None:
    user.app.push_screen(Choice("Fruit", OPTIONS), answers.append)
    await user.at(Choice)


async def open_prompt(user: User, answers: list[Any], initial: str = "1") -> None:
    user.app.push_screen(
        Prompt("A number", ["The number two.", "[red]No other[/red]"], initial, parse_two), answers.append
    )
    await user.at(Prompt)


def listed(user: User) -> list[str]:
    return [row.cells[0] for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]


# -- the choice ------------------------------------------------------------------------


async def test_all_options_are_listed_and_enter_chooses_the_first(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        assert listed(user) == OPTIONS
        assert "Fruit" in user.text
        await user.press("enter")
        assert answers == [0]
        assert user.stack == ["ApiSetupScreen"]


async def test_typing_filters_the_list_ignoring_case(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        await user.press(*"APPLE")
        assert listed(user) == ["Apple", "Pineapple"]
        await user.press("down", "enter")
        assert answers == [3]


async def test_letters_that_move_the_cursor_of_other_lists_are_typed_into_the_filter(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        await user.press("k", "i", "w", "i", "space", "j")
        assert listed(user) == ["Kiwi juice"]
        await user.press("enter")
        assert answers == [1]


async def test_arrow_and_page_keys_move_the_cursor_while_the_filter_has_focus(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        await user.press("down", "down", "up")
        assert user.row == "Kiwi juice"
        await user.press("pagedown", "pagedown")
        lowest = user.list.cursor
        assert lowest > 20
        assert user.row in user.text
        await user.press("pageup", "enter")
        assert 0 < answers[0] < lowest


async def test_the_cursor_stays_on_its_option_while_the_filter_changes(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_choice(user, [])
        await user.press("down", "down", "down", *"app")
        assert user.row == "Pineapple"
        await user.press("backspace", "backspace", "backspace")
        assert (user.row, listed(user)) == ("Pineapple", OPTIONS)


async def test_enter_does_nothing_if_no_option_matches(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        await user.enter_text("potato")
        assert "No matches." in user.text
        await user.press("enter")
        assert (answers, user.stack) == ([], ["ApiSetupScreen", "Choice"])
        await user.press("escape")
        assert answers == [None]


async def test_enter_in_the_list_chooses_an_option(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_choice(user, answers)
        await user.press("tab", "j", "j", "enter")
        assert answers == [2]


# -- the prompt ------------------------------------------------------------------------


async def test_typing_replaces_the_initial_text(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_prompt(user, answers)
        await user.press("2", "enter")
        assert answers == [2]
        assert user.stack == ["ApiSetupScreen"]


async def test_an_invalid_text_is_reported_and_can_be_corrected(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_prompt(user, answers)
        await user.press("enter")
        assert user.status_text == "1 is not two. Write 2."
        assert (answers, user.stack) == ([], ["ApiSetupScreen", "Prompt"])
        await user.press("end", "ctrl+u", "2", "enter")
        assert answers == [2]


async def test_the_button_submits_the_text(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_prompt(user, answers, "2")
        await user.press("tab", "enter")
        assert answers == [2]


async def test_escape_closes_the_prompt_with_none(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_prompt(user, answers)
        assert "[red]No other[/red]" in user.text
        await user.press("escape")
        assert answers == [None]


async def test_two_quick_enters_submit_once(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await open_prompt(user, answers, "2")
        user.send("enter", "enter")
        await user.settle()
        assert answers == [2]
