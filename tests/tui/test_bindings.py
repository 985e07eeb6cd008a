"""The table of keys holds only keys that every terminal sends, and no two that clash."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter

import pytest

import tui
from tui.bindings import KEYS, LISTS, Key, bindings, display, key, keys
from tui.platform.base_screen import ScreenBehavior

FORBIDDEN = {
    *(f"ctrl+{letter}" for letter in "chijmz"),
    "ctrl+[",
    "ctrl+left_square_bracket",
    "ctrl+enter",
    *(f"f{number}" for number in range(10, 25)),
}


def names(of: Key) -> list[str]:
    return of.keys.split(",")


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_only_keys_that_every_terminal_sends(each: Key) -> None:
    assert not FORBIDDEN & set(names(each))
    for name in names(each):
        assert re.fullmatch(r"[a-zA-Z]|[a-z_]+|f[1-9]|ctrl\+[a-z]|shift\+tab", name), name


def test_ids_are_unique() -> None:
    assert [id_ for id_, count in Counter(each.id for each in KEYS).items() if count > 1] == []


def screens() -> list[type[ScreenBehavior]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        importlib.import_module(module.name)
    found, left = [], [ScreenBehavior]
    while left:
        left += (subclasses := left.pop().__subclasses__())
        found += [each for each in subclasses if each.__module__.startswith("tui.")]
    return found


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_no_key_does_two_things_on_a_screen(screen: type[ScreenBehavior]) -> None:
    everywhere = ("help", "quit", "palette")
    actions: dict[str, set[str]] = {}
    for each in keys((*screen.KEYS, *everywhere)):
        for name in names(each):
            actions.setdefault(name, set()).add(each.action)
    assert {name: does for name, does in actions.items() if len(does) > 1} == {}


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_function_keys_have_a_twin(each: Key) -> None:
    if any(re.fullmatch(r"f\d+", name) for name in names(each)):
        assert any(re.fullmatch(r"[a-z]|ctrl\+[a-z]|question_mark", name) for name in names(each))


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_what_acts_by_letter_or_control_can_be_reached_otherwise(each: Key) -> None:
    letters_only = all(re.fullmatch(r"[a-zA-Z]|ctrl\+[a-z]", name) for name in names(each))
    # Quitting has two ways of that kind; the palette is only a second way to everything.
    assert not letters_only or each.id in {"quit", "palette"}


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_every_key_says_what_it_does(each: Key) -> None:
    assert each.label
    assert each.tooltip.endswith(".")
    assert each.group == LISTS or len(each.label) <= 20


def test_display() -> None:
    assert [display(key(id_)) for id_ in ("save", "help", "edit-key", "filter", "add-key")] == [
        "^s",
        "?",
        "Enter",
        "/",
        "a",
    ]
    assert display("f2") == "F2"


def test_bindings_keep_the_ids_for_a_keymap() -> None:
    assert [getattr(binding, "id", None) for binding in bindings("save", "add-key")] == ["save", "add-key"]
