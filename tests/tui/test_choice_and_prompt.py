"""A line chosen from a list that typing makes shorter, and a text asked for until it can be meant."""

from __future__ import annotations

from typing import Any

from core.base.errors import InvalidInput
from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tui.modals.choice import Choice
from tui.modals.prompt import Prompt

FRUIT = ["Apple", "Kiwi juice", "Banana", "Pineapple", "jackfruit"] + [f"Melon {number}" for number in range(40)]


def two(text: str) -> int:
    """The only answer that can be meant."""
    if text != "2":
        raise InvalidInput("number", f"{text or 'Nothing'} is not two.", "Write 2.")
    return 2


async def choice(user: User, answers: list[Any]) -> None:
    user.app.push_screen(Choice("Fruit", FRUIT), answers.append)
    await user.at(Choice)


async def prompt(user: User, answers: list[Any], first: str = "1") -> None:
    user.app.push_screen(Prompt("A number", ["The number two.", "[red]No other[/red]"], first, two), answers.append)
    await user.at(Prompt)


def shown(user: User) -> list[str]:
    return [row.cells[0] for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]


# -- the choice ------------------------------------------------------------------------


async def test_all_lines_are_shown_and_enter_takes_the_first(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        assert shown(user) == FRUIT
        assert "Fruit" in user.text
        await user.press("enter")
        assert answers == [0]
        assert user.stack == ["ApiSetupScreen"]


async def test_typing_narrows_the_list_whatever_the_case(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        await user.press(*"APPLE")
        assert shown(user) == ["Apple", "Pineapple"]
        await user.press("down", "enter")
        assert answers == [3]


async def test_letters_that_move_elsewhere_are_typed_here(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        await user.press("k", "i", "w", "i", "space", "j")
        assert shown(user) == ["Kiwi juice"]
        await user.press("enter")
        assert answers == [1]


async def test_the_arrows_and_page_keys_move_in_the_list_while_one_types(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        await user.press("down", "down", "up")
        assert user.row == "Kiwi juice"
        await user.press("pagedown", "pagedown")
        below = user.list.cursor
        assert below > 20
        assert user.row in user.text
        await user.press("pageup", "enter")
        assert 0 < answers[0] < below


async def test_the_cursor_stays_on_its_line_while_the_list_gets_shorter_and_longer(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await choice(user, [])
        await user.press("down", "down", "down", *"app")
        assert user.row == "Pineapple"
        await user.press("backspace", "backspace", "backspace")
        assert (user.row, shown(user)) == ("Pineapple", FRUIT)


async def test_nothing_found_says_so_and_enter_chooses_nothing(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        await user.enter_text("potato")
        assert "Nothing has this in it." in user.text
        await user.press("enter")
        assert (answers, user.stack) == ([], ["ApiSetupScreen", "Choice"])
        await user.press("escape")
        assert answers == [None]


async def test_a_line_is_chosen_from_the_list_itself_too(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await choice(user, answers)
        await user.press("tab", "j", "j", "enter")
        assert answers == [2]


# -- the prompt ------------------------------------------------------------------------


async def test_what_is_proposed_is_replaced_by_typing(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await prompt(user, answers)
        await user.press("2", "enter")
        assert answers == [2]
        assert user.stack == ["ApiSetupScreen"]


async def test_what_cannot_be_meant_is_told_and_can_be_typed_again(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await prompt(user, answers)
        await user.press("enter")
        assert user.status_text == "1 is not two. Write 2."
        assert (answers, user.stack) == ([], ["ApiSetupScreen", "Prompt"])
        await user.press("end", "ctrl+u", "2", "enter")
        assert answers == [2]


async def test_the_button_goes_on_too(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await prompt(user, answers, "2")
        await user.press("tab", "enter")
        assert answers == [2]


async def test_escape_answers_nothing(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await prompt(user, answers)
        assert "[red]No other[/red]" in user.text
        await user.press("escape")
        assert answers == [None]


async def test_two_quick_enters_answer_once(demo: OpenRequest) -> None:
    answers: list[Any] = []
    async with run_program(demo) as user:
        await prompt(user, answers, "2")
        user.send("enter", "enter")
        await user.settle()
        assert answers == [2]
