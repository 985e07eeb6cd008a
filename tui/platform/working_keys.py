"""The keys in the key bar: those that work now, with names that the widget in focus leaves to them."""

from __future__ import annotations

from collections.abc import Sequence

from textual.widget import Widget
from textual.widgets import Checkbox, Input, Select

from tui.bindings import key
from tui.key_definition import Key
from tui.key_names import name_besides, typing_key

_WIDGET_KEYS: tuple[tuple[type[Widget], str], ...] = ((Select, "open-choices"), (Checkbox, "toggle"))
"""The keys that widgets of Textual take for themselves while they have focus."""


def working_keys(
    available: Sequence[Key], focused: Widget | None, typing: Sequence[Key], *, has_help: bool
) -> list[tuple[str, Key]]:
    """Return the keys to display, each with a name that the widget in focus leaves to it.

    Args:
        available: The screen's keys whose actions are enabled.
        focused: The widget in focus.
        typing: The keys to display while a text field has focus; empty for those of `available` that work there.
        has_help: True if the screen has the key for help.
    """
    if isinstance(focused, Input) and typing:
        named = [(each.keys, each) for each in typing]
        shown = key("help")
        name = typing_key(shown) if has_help else None
        return [*named, (name, shown)] if name is not None else named
    if isinstance(focused, Input):
        return [(name, each) for each in available if (name := typing_key(each)) is not None]
    own = next((id_ for widget, id_ in _WIDGET_KEYS if isinstance(focused, widget)), None)
    if own is None:
        return [(each.keys, each) for each in available]
    others = [(name, each) for each in available if (name := name_besides(each, own)) is not None]
    return [(key(own).keys, key(own)), *others]
