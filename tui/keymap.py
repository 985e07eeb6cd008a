"""The user's own keys: checks what the configuration file says about keys against the table in `tui.bindings`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from itertools import combinations

from textual.keys import _character_to_key

from tui.bindings import KEYS
from tui.key_definition import (
    AGREEMENT,
    API_SETUP,
    ASSIGN,
    AUDIT_TRAIL,
    DECISIONS,
    EVERYWHERE,
    FLEET,
    KEY,
    LISTS,
    PAYMENT_TYPES,
    PLACES,
    PRACTICE,
    REVIEW,
    SUBSCRIPTIONS,
    WHY,
    Key,
)
from tui.key_names import display, typed_character

_SHARED_SCREENS = frozenset(frozenset(groups) for groups in ((API_SETUP, KEY), (ASSIGN, KEY)))
"""The pairs of groups whose keys work on the same screen, besides those of `EVERYWHERE`, `PLACES` and `LISTS`."""

_LISTS_OF_THE_OFFICE = frozenset({SUBSCRIPTIONS, PAYMENT_TYPES, REVIEW})
_OF_A_KEY = frozenset({REVIEW, DECISIONS})
_ALSO_IN: Mapping[str, frozenset[str]] = {
    "offices": _LISTS_OF_THE_OFFICE,
    "undo-last": _LISTS_OF_THE_OFFICE | {DECISIONS},
    "reload": _LISTS_OF_THE_OFFICE | {DECISIONS, WHY},
    "edit-key": _OF_A_KEY,
    "disable-here": _OF_A_KEY,
    "notes": _OF_A_KEY,
    "why": _OF_A_KEY,
    "filter": frozenset({REVIEW}),
    "sort": frozenset({PRACTICE, FLEET, REVIEW}),
    "by-developer": frozenset({FLEET}),
    "complete": frozenset({PRACTICE, API_SETUP, REVIEW}),
    "sign-in-many": frozenset({FLEET}),
    "scroll-down": frozenset({AGREEMENT, AUDIT_TRAIL, KEY}),
    "page-up": frozenset({AGREEMENT, AUDIT_TRAIL}),
}
"""The groups besides its own on whose screens an action works, by its id."""

_NAMED = (
    *("escape", "enter", "tab", "shift+tab", "space", "up", "down", "left", "right", "pageup", "pagedown"),
    *("home", "end", "insert", "delete", "backspace"),
    *(f"f{number}" for number in range(1, 10)),
)
"""The keys with names that every terminal sends and no desktop reserves, as F10 and F11 often are."""
_SPELLINGS = {
    **{name.replace("+", ""): name for name in _NAMED},
    "esc": "escape",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "del": "delete",
    "ins": "insert",
    "return": "enter",
}
_RESERVED = {
    "ctrl+c": "it interrupts other programs, so here it only shows how to quit",
    "ctrl+h": "terminals send it for Backspace",
    "ctrl+i": "terminals send it for Tab",
    "ctrl+j": "terminals send it for Enter",
    "ctrl+m": "terminals send it for Enter",
    "ctrl+y": "it answers questions",
}
_HINT = 'Write a key as "f5", "ctrl+r", "R", "delete" or "?".'


class KeymapError(Exception):
    """A key of the configuration file that can't be used.

    Args:
        id: The name of the action.
        sentence: What is wrong.
        hint: What to do about it.
    """

    def __init__(self, id: str, sentence: str, hint: str) -> None:  # noqa: A002 - what the table calls it
        super().__init__(sentence)
        self.id = id
        self.sentence = sentence
        self.hint = hint


def parse_keymap(configured: Mapping[str, Sequence[str]]) -> dict[str, str]:
    """Return the keys of actions in Textual's notation, by the ids of `tui.bindings`.

    Args:
        configured: The keys as written, by the names of actions.

    Raises:
        KeymapError: A name or a key is unknown, a key is reserved, or two actions that meet would have the same key.
    """
    known = {each.id: each for each in KEYS}
    keymap: dict[str, str] = {}
    for id_, texts in configured.items():
        if id_ not in known:
            similar = get_close_matches(id_, known, n=1)
            hint = f"Did you mean {similar[0]}?" if similar else "apisetup help keyboard lists the names."
            raise KeymapError(id_, f"there is no action {id_}.", hint)
        keymap[id_] = ",".join(dict.fromkeys(_parse_key(known[id_], text) for text in texts))
    for one, other in combinations(KEYS, 2):
        _refuse_clash(one, other, keymap)
    return keymap


def _parse_key(of: Key, text: str) -> str:
    """Return the name of a key in Textual's notation.

    Raises:
        KeymapError: The key is unknown or reserved, or can be part of a text where that is dangerous.
    """
    name = key_name(text)
    if name is None:
        raise KeymapError(of.id, f"{text} isn't a key that apisetup knows.", _HINT)
    if name in _RESERVED and name not in of.keys.split(","):
        raise KeymapError(of.id, f"{of.id} can't have {text}: {_RESERVED[name]}.", "Choose another key.")
    if typed_character(name) and _is_deliberate(of):
        raise KeymapError(
            of.id,
            f"{of.id} can't have {text}, because a pasted or mistyped text could contain it.",
            'Choose a function key or Ctrl and a letter, such as "f9" or "ctrl+g".',
        )
    return name


def _is_deliberate(of: Key) -> bool:
    """Return True if an action saves or confirms, so that none of its keys may be part of a text."""
    names = of.keys.split(",")
    return any(name.startswith("ctrl+") for name in names) and not any(map(typed_character, names))


def key_name(text: str) -> str | None:
    """Return Textual's name of a key that is written as it is shown or in words, or None if there is none."""
    if len(text) == 1:
        return _character_to_key(text) if text.isascii() and text.isprintable() else None
    folded = text.casefold().replace("control", "ctrl")
    folded = f"ctrl+{folded[1:]}" if folded.startswith("^") else folded.replace("ctrl-", "ctrl+")
    if folded.startswith("ctrl+"):
        letter = folded.removeprefix("ctrl+")
        return folded if len(letter) == 1 and letter.isascii() and letter.isalpha() else None
    spelled = folded.replace(" ", "").replace("_", "").replace("-", "").replace("+", "")
    if spelled in _SPELLINGS:
        return _SPELLINGS[spelled]
    return folded if typed_character(folded) else None


def _refuse_clash(one: Key, other: Key, keymap: Mapping[str, str]) -> None:
    """Raise an error if the keymap gives two actions that meet a key that they don't share by default."""
    if not (one.id in keymap or other.id in keymap) or one.action == other.action or not meet(one, other):
        return
    names = [set(keymap.get(each.id, each.keys).split(",")) for each in (one, other)]
    defaults = [set(each.keys.split(",")) for each in (one, other)]
    clashing = sorted((names[0] & names[1]) - (defaults[0] & defaults[1]))
    if not clashing:
        return
    own, taken = (one, other) if clashing[0] in keymap.get(one.id, "").split(",") else (other, one)
    raise KeymapError(
        own.id,
        f"{own.id} and {taken.id} would both have the key {display(clashing[0])}.",
        f"Choose another key, or give {taken.id} ({taken.tooltip.rstrip('.')}) another one, too.",
    )


def meet(one: Key, other: Key) -> bool:
    """Return True if two actions can work on the same screen, so that a key can't do both."""
    groups = {one.group, other.group}
    if len(groups) == 1 or groups & {EVERYWHERE, PLACES, LISTS} or frozenset(groups) in _SHARED_SCREENS:
        return True
    return other.group in _ALSO_IN.get(one.id, ()) or one.group in _ALSO_IN.get(other.id, ())
