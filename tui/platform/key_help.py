"""The keys of a screen as its help lists them: what works now first, and no key twice."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from textual.widgets import Checkbox, Input, Select

from tui.bindings import KEYS as ALL_KEYS
from tui.bindings import key, keys
from tui.key_definition import EVERYWHERE, LISTS, PLACES, Key
from tui.key_names import display
from tui.widgets.row_list import RowList
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from tui.platform.base_screen import ScreenBehavior

_FIELDS = ("next-field", "previous-field", "open-choices", "toggle")


@dataclass(frozen=True)
class KeyHelp:
    """One entry of the help.

    Args:
        names: The keys as they are shown, such as `d, F7`.
        sentence: What they do.
        words: More text that a search finds, such as the label in the key bar.
    """

    names: str
    sentence: str
    words: str = ""

    def matches(self, words: Iterable[str]) -> bool:
        """Return True if the entry contains all words, which are in lower case."""
        text = f"{self.names} {self.sentence} {self.words}".casefold()
        return all(word in text for word in words)


@dataclass(frozen=True)
class HelpSection:
    """Entries under a heading."""

    title: str
    entries: tuple[KeyHelp, ...]


def help_sections(screen: ScreenBehavior) -> tuple[HelpSection, ...]:
    """Return what the keys do on a screen now: its own keys, then those of its fields and lists, then all others."""
    sections = _Sections()
    sections.add_own("On this screen", getattr(screen, "own_help", ()))
    own = [each for each in keys(screen.help_keys) if each.group not in (EVERYWHERE, LISTS) or each.id == "back"]
    sections.add("Works now", [each for each in own if screen.is_available(each)])
    if getattr(screen, "SHOWS_PLACES", False):
        sections.add(PLACES, keys(screen.terminal_app.places))
    if screen.query(RowList) or any(text.can_focus for text in screen.query(TextLines)):
        sections.add(LISTS, [each for each in ALL_KEYS if each.group == LISTS])
    typing = [each for each in keys(screen.TYPING_KEYS) if each.id not in (*screen.KEYS, "back")]
    sections.add("While typing", typing, apart=True)
    sections.add("In fields", _field_keys(screen), apart=True)
    everywhere = [each for each in ALL_KEYS if each.group == EVERYWHERE and each.id not in (*_FIELDS, "back")]
    sections.add(EVERYWHERE, everywhere)
    sections.add("Not now", [each for each in own if not screen.is_available(each)], apart=True)
    return tuple(sections.sections)


def _field_keys(screen: ScreenBehavior) -> Iterable[Key]:
    """Return the keys of the kinds of fields that a screen has."""
    moving = ("next-field", "previous-field") if screen.query(Input) else ()
    choosing = ("open-choices",) if screen.query(Select) else ()
    toggling = ("toggle",) if screen.query(Checkbox) else ()
    return keys((*moving, *choosing, *toggling))


class _Sections:
    """Collects sections. A name of a key that an earlier section has is left out, and so is a key without a name."""

    def __init__(self) -> None:
        self.sections: list[HelpSection] = []
        self._taken: set[str] = set()

    def add(self, title: str, listed: Iterable[Key], *, apart: bool = False) -> None:
        """Add a section.

        Args:
            title: The heading.
            listed: The keys, in the table's own notation or the user's.
            apart: The keys work at other moments than those of the earlier sections, so both may have the same name.
        """
        entries = []
        for each in map(_current, listed):
            names = [name for name in map(display, each.keys.split(",")) if apart or name not in self._taken]
            if names:
                entries.append(KeyHelp(", ".join(names), each.tooltip, each.label))
            if not apart:
                self._taken.update(names)
        self.add_entries(title, entries)

    def add_own(self, title: str, entries: Sequence[KeyHelp]) -> None:
        """Add a section of a dialog's own entries, whose keys do nothing else in it."""
        self._taken.update(name for entry in entries for name in entry.names.split(", "))
        self.add_entries(title, entries)

    def add_entries(self, title: str, entries: Sequence[KeyHelp]) -> None:
        """Add a section of entries."""
        if entries:
            self.sections.append(HelpSection(title, tuple(entries)))


def _current(each: Key) -> Key:
    return key(each.id)
