"""The user's own keys: what is accepted, what is refused, and that everything shows and obeys them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.offices.config_parser import parse_configuration
from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tests.tui.test_assign import fill_form
from tests.tui.test_bindings import screens
from tui.bindings import KEYS, key, keys, own_keys, use_keymap
from tui.commands.own_keys import read_keymap
from tui.key_names import display, with_own_names
from tui.keymap import KeymapError, key_name, meet, parse_keymap
from tui.manual.blocks import fill
from tui.manual.pages import page
from tui.modals.help import HelpPanel
from tui.modals.palette import Palette
from tui.modals.question import Question
from tui.platform.base_screen import ScreenBehavior
from tui.screens.audit_trail import AuditTrailScreen


@pytest.fixture(autouse=True)
def _default_keys() -> Iterator[None]:
    yield
    use_keymap({})


# -- how keys are written ------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("f5", "f5"),
        ("F5", "f5"),
        ("^r", "ctrl+r"),
        ("Ctrl+R", "ctrl+r"),
        ("ctrl-r", "ctrl+r"),
        ("Control+R", "ctrl+r"),
        ("R", "R"),
        ("?", "question_mark"),
        ("+", "plus"),
        ("question_mark", "question_mark"),
        ("Esc", "escape"),
        ("PgDn", "pagedown"),
        ("page down", "pagedown"),
        ("Shift+Tab", "shift+tab"),
        ("Del", "delete"),
        ("Space", "space"),
    ],
)
def test_a_key_is_written_as_it_is_shown_or_in_words(text: str, name: str) -> None:
    assert key_name(text) == name


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_what_is_shown_for_a_key_can_be_written(each: object) -> None:
    assert isinstance(each, type(KEYS[0]))
    for name in each.keys.split(","):
        assert key_name(display(name)) == name


@pytest.mark.parametrize("text", ["", "f12", "F10", "ctrl+", "ctrl+1", "ctrl+shift+a", "alt+x", "ab", "é", "\x01", "^"])
def test_what_terminals_do_not_send_is_unknown(text: str) -> None:
    assert key_name(text) in (None, "circumflex_accent" if text == "^" else None)


# -- what is refused -----------------------------------------------------------------


def test_keys_are_given_by_the_names_of_the_table() -> None:
    assert parse_keymap({"audit-trail": ["X", "f5"], "reload": ["^r"]}) == {"audit-trail": "X,f5", "reload": "ctrl+r"}


@pytest.mark.parametrize(
    ("configured", "sentence", "hint"),
    [
        ({"audit-trial": ["T"]}, "there is no action audit-trial", "Did you mean audit-trail?"),
        ({"qqqq": ["T"]}, "there is no action qqqq", "apisetup help keyboard"),
        ({"reload": ["f12"]}, "f12 isn't a key that apisetup knows", 'Write a key as "f5"'),
        ({"reload": ["ctrl+c"]}, "reload can't have ctrl+c: it interrupts other programs", "Choose another key."),
        ({"reload": ["ctrl+i"]}, "reload can't have ctrl+i: terminals send it for Tab", "Choose another key."),
        ({"quit": ["ctrl+y"]}, "quit can't have ctrl+y: it answers questions", "Choose another key."),
        ({"accept": ["y"]}, "accept can't have y, because a pasted or mistyped text", 'such as "f9"'),
        ({"save": ["space"]}, "save can't have space, because a pasted or mistyped text", 'such as "f9"'),
        ({"reload": ["a"]}, "reload and add-key would both have the key a.", "give add-key (Add an API key"),
        ({"add-key": ["k"]}, "add-key and up would both have the key k.", "give up (Move up one row)"),
        ({"export": ["1"]}, "export and place-api-setup would both have the key 1.", "Choose another key"),
        ({"remove-key": ["r"]}, "remove-key and reload would both have the key r.", "Choose another key"),
    ],
)
def test_what_cannot_work_is_refused_with_the_names(configured: dict[str, list[str]], sentence: str, hint: str) -> None:
    with pytest.raises(KeymapError) as raised:
        parse_keymap(configured)
    assert raised.value.sentence.startswith(sentence)
    assert hint in raised.value.hint
    assert raised.value.id == next(iter(configured))


def test_two_actions_can_exchange_their_keys() -> None:
    assert parse_keymap({"reload": ["t"], "audit-trail": ["r"]}) == {"reload": "t", "audit-trail": "r"}


def test_two_actions_that_get_the_same_new_key_are_refused() -> None:
    with pytest.raises(KeymapError, match="would both have the key Z"):
        parse_keymap({"reload": ["Z"], "audit-trail": ["Z"]})


def test_actions_of_different_screens_can_have_the_same_key() -> None:
    assert parse_keymap({"verify": ["e"]}) == {"verify": "e"}


def test_a_key_that_actions_share_by_default_stays_shared() -> None:
    assert parse_keymap({"choose": ["enter", "b"]}) == {"choose": "enter,b"}


def test_the_default_keys_have_no_clash() -> None:
    assert parse_keymap({each.id: each.keys.split(",") for each in KEYS}) == {each.id: each.keys for each in KEYS}


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_keys_of_the_same_screen_are_known_to_meet(screen: type[ScreenBehavior]) -> None:
    for one, other in combinations(keys(tuple(dict.fromkeys((*screen.KEYS, *screen.TYPING_KEYS)))), 2):
        assert meet(one, other), (one.id, other.id)


def test_an_error_names_the_line_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    path.write_text('theme = "ansi"\n\n[keys]\nadd-key = "B"\nreload = ["f5"]\n', encoding="utf-8")
    configured = parse_configuration(path, path.read_text(encoding="utf-8")).keys
    with pytest.raises(ConfigurationError) as raised:
        read_keymap(configured, path)
    assert f"In {path}, line 5, reload and audit-trail would both have the key F5." in str(raised.value)


@pytest.mark.parametrize("text", ["[keys]\nreload = 5", "[keys]\nreload = []", "[keys]\nreload = ['']", "keys = 1"])
def test_a_value_that_is_no_text_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(ConfigurationError, match="keys"):
        parse_configuration(tmp_path / "config.toml", text)


# -- what follows --------------------------------------------------------------------


async def test_an_own_key_works_in_place_of_the_default_one(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"audit-trail": ["X"]}))
    async with run_program(demo) as user:
        await user.press("t", "f5")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("X")
        await user.at(AuditTrailScreen)


async def test_exchanged_keys_work(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"audit-trail": ["d"], "disable-here": ["t"], "disable": ["t"]}))
    async with run_program(demo) as user:
        await user.press("t")
        await user.at(Question)
        await user.press("escape", "d")
        await user.at(AuditTrailScreen)


async def test_keys_of_lists_and_of_the_program_can_be_changed(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"down": ["b"], "help": ["H"], "place-audit-trail": ["9"]}))
    async with run_program(demo) as user:
        await user.press("b")
        assert user.list.cursor == 1
        await user.press("down")
        assert user.list.cursor == 1
        await user.press("H")
        await user.at(HelpPanel)
        await user.press("escape", "9")
        await user.at(AuditTrailScreen)


async def test_an_own_letter_is_typed_into_a_text_field(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"help": ["H", "ctrl+t"], "ask-quit": ["Y"]}))
    async with run_program(demo) as user:
        await fill_form(user, key="")
        user.field("developer").focus()
        await user.press("end", "H", "Y", "y")
        assert user.field("developer").value.endswith("HYy")
        await user.press("ctrl+t")
        await user.at(HelpPanel)


async def test_everything_shows_the_own_key(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"add-key": ["B"], "audit-trail": ["X"], "place-audit-trail": ["9"]}))
    async with run_program(demo, size=(100, 60)) as user:
        assert "B Add" in user.keys
        assert "9 Audit trail" in user.text
        await user.press("question_mark")
        await user.at(HelpPanel)
        assert "B Add an API key for this practice." in user.flowing_text
        assert "a, F3" not in user.flowing_text
        await user.press("escape", "ctrl+p")
        await user.at(Palette)
        assert user.row == "Add | B | Add an API key for this practice."
        await user.press("escape")
        await open_manual_page(user)
        assert "1. B opens the form." in user.flowing_text


async def open_manual_page(user: User) -> None:
    await user.press("f1", "slash", *"add a key", "enter")


def test_the_manual_shows_own_keys_in_lists_and_sentences() -> None:
    use_keymap(parse_keymap({"add-key": ["B", "f3"]}))
    assert "| `B` `F3` | Add an API key for this practice. | `add-key` |" in fill(page("keyboard").text)
    assert "1. [`B`](keyboard.md#add-key) opens the form." in fill(page("api-setup").text)


async def test_messages_name_own_keys(demo: OpenRequest) -> None:
    use_keymap(parse_keymap({"filter": ["F"], "end-filter": ["f1"], "manual": ["H"], "about": ["I"]}))
    async with run_program(demo, size=(120, 40)) as user:
        user.screen.show_status("Press / to filter, Esc to go back. Press r to retry.")
        assert user.status_text == "Press F to filter, F1 to go back. Press r to retry."
        await user.press("F", *"zzz")
        assert "Press Esc to show all." not in user.text
        assert "Press F1 to show all." in user.text


def test_a_message_names_the_key_of_the_nearest_screen() -> None:
    use_keymap({"reload": "f5"})
    assert with_own_names("Press r to retry.", ("reload", "try-again")) == "Press F5 to retry."
    assert with_own_names("Press r to retry.", ("try-again", "reload")) == "Press r to retry."


def test_without_own_keys_the_table_applies() -> None:
    use_keymap({"add-key": "N"})
    assert key("add-key").keys == "N"
    use_keymap({})
    assert (key("add-key").keys, dict(own_keys())) == ("a,f3", {})
