"""Tests of the table of keys: only keys that every terminal sends, and no conflicts."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import Counter

import pytest

import tui
from tui.bindings import KEYS, bindings, key, keys
from tui.key_definition import LISTS, Key
from tui.key_names import display
from tui.platform.base_screen import ScreenBehavior

FORBIDDEN = {
    *(f"ctrl+{letter}" for letter in "chijm"),
    "ctrl+[",
    "ctrl+left_square_bracket",
    "ctrl+enter",
    *(f"f{number}" for number in range(10, 25)),
}


WITHOUT_ALTERNATIVE = {
    *("quit", "ask-quit", "palette", "lock", "message", "redraw", "sort", "reveal-here", "clipboard-here"),
    *(
        "undo-last",
        "undo-last-change",
        "undo-here",
        "why",
        "seal",
        "developer-entries",
        "developer-queries",
        "former-names",
        "notes",
    ),
}


def key_names(of: Key) -> list[str]:
    return of.keys.split(",")


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_every_terminal_sends_the_keys(each: Key) -> None:
    assert not FORBIDDEN & set(key_names(each))
    for name in key_names(each):
        assert re.fullmatch(r"[a-zA-Z0-9]|[a-z_]+|f[1-9]|ctrl\+[a-z]|shift\+tab", name), name


def test_ids_are_unique() -> None:
    assert [id_ for id_, count in Counter(each.id for each in KEYS).items() if count > 1] == []


def screens() -> list[type[ScreenBehavior]]:
    for module in pkgutil.walk_packages(tui.__path__, "tui."):
        importlib.import_module(module.name)
    found, pending = [], [ScreenBehavior]
    while pending:
        pending += (subclasses := pending.pop().__subclasses__())
        found += [each for each in subclasses if each.__module__.startswith("tui.")]
    return found


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_a_key_has_one_action_on_a_screen(screen: type[ScreenBehavior]) -> None:
    everywhere = ("help", "quit", "palette")
    actions: dict[str, set[str]] = {}
    for each in keys((*screen.KEYS, *everywhere)):
        for name in key_names(each):
            actions.setdefault(name, set()).add(each.action)
    assert {name: bound for name, bound in actions.items() if len(bound) > 1} == {}


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_a_function_key_has_an_alternative(each: Key) -> None:
    if any(re.fullmatch(r"f\d+", name) for name in key_names(each)):
        assert any(
            re.fullmatch(r"[a-zA-Z]|ctrl\+[a-z]|question_mark|exclamation_mark", name) for name in key_names(each)
        )


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_a_letter_key_has_an_alternative(each: Key) -> None:
    letters_only = all(re.fullmatch(r"[a-zA-Z]|ctrl\+[a-z]", name) for name in key_names(each))
    # Quitting has a Ctrl key and a letter; the palette only repeats what other keys do. For the rest no function key is
    # left that every terminal sends; whoever has no Latin letters can choose them in the palette.
    assert not letters_only or each.id in WITHOUT_ALTERNATIVE


@pytest.mark.parametrize("each", KEYS, ids=lambda each: each.id)
def test_a_key_has_a_label_and_a_tooltip(each: Key) -> None:
    assert each.label
    assert each.tooltip.endswith(".")
    assert each.group == LISTS or len(each.label) <= 20


def test_display_returns_the_short_name_of_the_first_key() -> None:
    assert [display(key(id_)) for id_ in ("save", "help", "edit-key", "filter", "add-key")] == [
        "^s",
        "?",
        "Enter",
        "/",
        "a",
    ]
    assert display("f2") == "F2"


def test_bindings_have_the_ids_that_a_keymap_refers_to() -> None:
    assert [getattr(binding, "id", None) for binding in bindings("save", "add-key")] == ["save", "add-key"]
