"""The generated parts of the manual: lists of keys, settings and topics, and the keys within sentences.

A generated part stands between `<!-- KIND: NAMES -->` and `<!-- end -->`. A key within a sentence is a link to the list
of keys with its id, such as ``[`a`](keyboard.md#add-key)``, so that the user's own key can take its place.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence

from core.offices.setting_names import (
    GENERAL_SETTINGS,
    LICENSE_SETTINGS,
    OFFICE_SETTINGS,
    PRICE_SETTINGS,
    REVIEW_SETTINGS,
    Setting,
)
from tui.bindings import KEYS, key
from tui.key_definition import Key
from tui.key_names import display
from tui.manual.pages import PAGES

_BLOCK = re.compile(r"<!-- (?P<kind>[a-z]+)(?:: (?P<names>[^>]+))? -->\n.*?<!-- end -->", re.DOTALL)
_KEY_LINK = re.compile(r"\[`[^\]]+`\]\(keyboard\.md#(?P<id>[a-z-]+)\)")

Generator = Callable[[Sequence[str]], str]
"""Returns the Markdown of a generated part, for the names in its first line."""


def fill(text: str, more: Mapping[str, Generator] | None = None) -> str:
    """Return a page with its generated parts and keys replaced by those of this program and user.

    Args:
        text: The page. A part of an unknown kind stays as it is.
        more: Generators of kinds that this module doesn't know.

    Raises:
        KeyError: A sentence names a key that doesn't exist.
    """
    generators = {**_GENERATORS, **(more or {})}

    def generated(match: re.Match[str]) -> str:
        if match["kind"] not in generators:
            return match[0]
        names = match["names"].split(", ") if match["names"] else ()
        begin = match[0].partition("\n")[0]
        return f"{begin}\n\n{generators[match['kind']](names).strip()}\n\n<!-- end -->"

    filled = _BLOCK.sub(generated, text)
    return _KEY_LINK.sub(lambda match: f"[{_code(display(key(match['id'])))}](keyboard.md#{match['id']})", filled)


def table(header: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Return a Markdown table."""
    cells = [tuple(header)]
    cells.append(("---",) * len(cells[0]))
    cells += [tuple(cell.replace("|", "\\|") for cell in row) for row in rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in cells)


def _keys(groups: Sequence[str]) -> str:
    """Return the keys of some groups; a heading for each if there are several."""
    names = tuple(dict.fromkeys(each.group for each in KEYS)) if tuple(groups) == ("all",) else groups
    heading = "##" if tuple(groups) == ("all",) else "###"
    parts = []
    for name in names:
        rows = [_key_row(key(each.id)) for each in KEYS if each.group == name]
        title = f"{heading} {name}\n\n" if len(names) > 1 else ""
        parts.append(title + table(("keys", "what they do", "name"), rows))
    return "\n\n".join(parts)


def _key_row(each: Key) -> tuple[str, str, str]:
    names = " ".join(_code(display(name)) for name in each.keys.split(","))
    return names, each.tooltip, _code(each.id)


def _settings(names: Sequence[str]) -> str:
    lists: dict[str, tuple[Setting, ...]] = {
        "general": (*GENERAL_SETTINGS, *PRICE_SETTINGS, *LICENSE_SETTINGS, *REVIEW_SETTINGS),
        "office": OFFICE_SETTINGS,
    }
    rows = [(_code(each.shown), each.meaning) for name in names for each in lists[name]]
    return table(("name", "meaning"), rows)


def _topics(_names: Sequence[str]) -> str:
    rows = [(f"[{each.title}]({each.topic}.md)", _code(each.topic), each.summary) for each in PAGES[1:]]
    return table(("page", "topic", "what it explains"), rows)


def _code(text: str) -> str:
    return f"`{text}`"


_GENERATORS: Mapping[str, Generator] = {"keys": _keys, "settings": _settings, "topics": _topics}
