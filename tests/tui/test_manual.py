"""The manual on the screen: its page for each screen, links, search and pages."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import fill_form
from tests.tui.test_edit_key import open_key
from tui.manual.layout import lay_out
from tui.manual.markdown import parse
from tui.manual.page_view import PageView
from tui.manual.pages import TOPICS
from tui.modals.manual_search import ManualSearch
from tui.screens.manual import ManualScreen


def numbered(title: str, topic: str) -> str:
    """Return a page's title with its number, as the frame shows it."""
    return f"{title}  {TOPICS.index(topic) + 1} of {len(TOPICS)}"


async def open_manual(user: User) -> PageView:
    await user.press("f1")
    return (await user.at(ManualScreen)).query_one(PageView)


async def test_f1_opens_the_page_about_the_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        assert user.panel("page") == numbered("API Setup", "api-setup")
        await user.press("escape", "t")
        await open_manual(user)
        assert user.panel("page").startswith("Audit Trail and filter language")
        await user.press("escape", "escape")
        await open_key(user)
        await open_manual(user)
        assert user.panel("page").startswith("API keys and headquarters")


@pytest.mark.parametrize(("key", "title"), [("w", "Why the API fails"), ("2", "Subscriptions"), ("3", "Payment types")])
async def test_f1_opens_the_page_about_a_screen_that_a_key_opens(demo: OpenRequest, key: str, title: str) -> None:
    async with run_program(demo) as user:
        await user.press(key)
        await open_manual(user)
        assert user.panel("page").startswith(title)


async def test_the_manual_opens_from_a_text_field_and_keeps_what_was_typed(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await fill_form(user, key="")
        user.field("developer").focus()
        await user.press("end", "x")
        typed = user.field("developer").value
        await open_manual(user)
        assert user.panel("page").startswith("API Setup")
        await user.press("escape")
        assert user.stack[-1] == "AssignKeyScreen"
        assert user.field("developer").value == typed


async def test_a_link_is_followed_and_escape_returns_to_the_same_place(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        view = await open_manual(user)
        await user.press("tab", "tab", "tab")
        assert view.target == "keys"
        top = view.top
        assert top > 0
        await user.press("enter")
        assert user.panel("page").startswith("API keys and headquarters")
        assert view.top == 0
        await user.press("escape")
        assert (user.panel("page"), view.top) == (numbered("API Setup", "api-setup"), top)
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


async def test_tab_goes_through_the_links_and_back(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        view = await open_manual(user)
        await user.press("C")
        targets = []
        for _ in TOPICS[1:]:
            await user.press("tab")
            targets.append(view.target)
        assert targets == list(TOPICS[1:])
        await user.press("shift+tab")
        assert view.target == TOPICS[-2]


async def test_the_selected_link_is_in_view(demo: OpenRequest) -> None:
    async with run_program(demo, size=(60, 20)) as user:
        view = await open_manual(user)
        await user.press("C")
        for _ in TOPICS[1:]:
            await user.press("tab")
            selected = view._laid_out.selected
            assert selected is not None
            assert view.top <= selected < view.top + view.size.height


async def test_enter_without_a_link_says_what_to_do(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("enter")
        assert user.status_text == "No link is selected. Press Tab to select one."


async def test_the_arrow_keys_turn_pages(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("right")
        assert user.panel("page").startswith(numbered("API keys and headquarters", "keys"))
        await user.press(*["left"] * (TOPICS.index("keys") + 1))
        assert user.panel("page").startswith(numbered("Troubleshooting", TOPICS[-1]))


async def test_a_search_opens_the_place_that_was_found(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("slash")
        await user.at(ManualSearch)
        await user.press(*"database rights")
        assert user.row.startswith("Rights of the database user | Connecting and rights")
        await user.press("enter")
        await user.at(ManualScreen)
        assert user.panel("page").startswith("Connecting and rights")
        assert "The database user needs these rights and no more:" in user.flowing_text


async def test_a_search_finds_rows_of_tables_and_lines_of_code(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        for words, found in (("osc 52", "OSC 52"), ("grant select dbmlog", "opendental.dbmlog")):
            await user.press("slash")
            await user.at(ManualSearch)
            await user.enter_text(words)
            await user.press("enter")
            await user.at(ManualScreen)
            assert found in user.flowing_text


async def test_a_search_without_a_match_says_so(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("slash", *"xyzzy")
        assert "The manual doesn't contain these words." in user.flowing_text
        await user.press("enter", "escape")
        assert user.stack == ["ApiSetupScreen", "ManualScreen"]


async def test_a_digit_leaves_the_manual_for_a_place(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("4")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_the_manual_does_not_open_above_itself(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_manual(user)
        await user.press("f1", "question_mark", "f1")
        assert user.stack == ["ApiSetupScreen", "ManualScreen"]


async def test_a_wide_terminal_lists_the_pages(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await open_manual(user)
        assert "▌ API Setup" in user.text
        assert "  Troubleshooting" in user.text
        await user.press("right")
        assert "▌ API keys and headquarters" in user.text


# -- the layout ----------------------------------------------------------------------

PAGE = """\
# Title

A **strong** sentence with `code` and [a link](keys.md).

1. First item that is long enough to be wrapped.
2. Second

| name | meaning |
| --- | --- |
| `a` | a long explanation that needs several lines |

```sh
a command that is too long for its line
```
"""


def plain(width: int) -> list[str]:
    return [line.text.rstrip() for line in lay_out(parse(PAGE), width, plain=True).lines]


def test_what_does_not_fit_is_wrapped_with_a_hanging_indent() -> None:
    assert plain(30) == [
        "Title",
        "=====",
        "",
        "A strong sentence with `code`",
        "and a link.",
        "",
        " 1. First item that is long",
        "    enough to be wrapped.",
        " 2. Second",
        "",
        "name  meaning",
        "----  " + "-" * 24,
        "a     a long explanation that",
        "      needs several lines",
        "",
        "    a command that is too long for its line",
    ]


def test_code_on_the_screen_is_wrapped() -> None:
    lines = [line.text for line in lay_out(parse(PAGE), 30).lines]
    assert lines[-2:] == ["    a command that is too long", "      for its line"] or max(map(len, lines)) <= 30


@pytest.mark.parametrize("width", [1, 5, 20, 56, 76, 200])
def test_no_line_is_wider_than_the_page(width: int) -> None:
    lines = lay_out(parse(PAGE), width).lines
    assert width < 20 or max(len(line.text) for line in lines) <= width


def test_the_selected_link_is_found() -> None:
    laid_out = lay_out(parse(PAGE), 30, 0)
    assert laid_out.targets == ("keys",)
    assert laid_out.selected is not None
    assert "a link" in laid_out.lines[laid_out.selected].text
