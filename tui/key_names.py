"""The names of keys: as they are displayed, in messages, and those that work while typing."""

from __future__ import annotations

import re
import string
from collections.abc import Iterable, Mapping
from functools import cache

from textual.keys import _character_to_key

from tui.bindings import default_key, key, own_keys
from tui.key_definition import Key

_PRESSED = re.compile(r"([Pp]ress |, )(\S{1,9})(?= to )")
"""A key in a message: `Press r to continue, Esc to go back.`"""

_SHORT_NAMES = {
    "question_mark": "?",
    "less_than_sign": "<",
    "greater_than_sign": ">",
    "plus": "+",
    "exclamation_mark": "!",
    "slash": "/",
    "equals_sign": "=",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "left": "Left",
    "right": "Right",
    "up": "Up",
    "down": "Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "delete": "Delete",
    "insert": "Insert",
    "backspace": "Backspace",
}


def with_own_names(message: str, ids: Iterable[str]) -> str:
    """Return a message that says which key to press, such as `Press r to retry.`, with the user's own keys.

    Args:
        message: The message, with default keys.
        ids: The ids of the actions that the message can mean, the most likely first.
    """
    own = own_keys()
    if not own:
        return message
    names: dict[str, str] = {}
    for id_ in ids:
        for name in default_key(id_).keys.split(","):
            names.setdefault(display(name), display(key(id_)) if id_ in own else display(name))
    return _PRESSED.sub(lambda match: match[1] + names.get(match[2], match[2]), message)


def typing_key(of: Key) -> str | None:
    """Return the first of the keys that works while a text field has focus, or None."""
    names = of.keys.split(",")
    return next((name for name in names if re.fullmatch(r"f\d|ctrl\+[a-z]|escape|tab", name)), None)


def name_besides(of: Key, other: str) -> str | None:
    """Return the first name of a key that isn't also one of another key, or None."""
    taken = key(other).keys.split(",")
    return next((name for name in of.keys.split(",") if name not in taken), None)


def display(key_or_name: Key | str) -> str:
    """Return the short name of the first key, such as `^s`, `Enter` or `F2`."""
    name = (key_or_name.keys if isinstance(key_or_name, Key) else key_or_name).split(",")[0]
    if name in _SHORT_NAMES:
        return _SHORT_NAMES[name]
    if name.startswith("ctrl+"):
        return "^" + name.removeprefix("ctrl+")
    if len(name) == 1:
        return name
    return typed_character(name) or name.upper()


def typed_character(name: str) -> str | None:
    """Return the character that a key types into a text field, or None if it types none."""
    return name if len(name) == 1 else _typed_characters().get(name)


@cache
def _typed_characters() -> Mapping[str, str]:
    signs = {_character_to_key(sign): sign for sign in string.punctuation}
    return {**signs, "space": " "}
