"""The table of keys, from which bindings, key bar, command palette, help and README are generated.

It contains only keys that every terminal sends and no terminal reserves. Each function key has an alternative among the
letters or Ctrl+letters, because not every terminal and keyboard has function keys.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from textual.binding import Binding, BindingType

EVERYWHERE = "Everywhere"
PLACES = "Places"
API_SETUP = "API Setup"
KEY = "Key"
ASSIGN = "Assign API Key"
PRACTICE = "Open a practice"
AGREEMENT = "Agreement"
AUDIT_TRAIL = "Audit Trail"
LISTS = "Lists"


@dataclass(frozen=True)
class Key:
    """An action and the keys that trigger it.

    Args:
        id: A unique name, which a user's keymap can refer to.
        keys: The keys in Textual's notation, separated by commas. The first one is displayed.
        action: The action of a screen, a widget or the application.
        label: One or two words for the key bar.
        tooltip: One sentence for the help and the command palette.
        group: The heading in the help.
    """

    id: str
    keys: str
    action: str
    label: str
    tooltip: str
    group: str

    def binding(self) -> Binding:
        """Return the Textual binding. It is hidden from Textual's footer, because `KeyBar` displays it."""
        return Binding(self.keys, self.action, self.label, show=False, tooltip=self.tooltip, id=self.id)


KEYS: tuple[Key, ...] = (
    Key("place-api-setup", "1", "app.go_api_setup", "API Setup", "Go to the settings and keys.", PLACES),
    Key("place-audit-trail", "4", "app.go_audit_trail", "Audit trail", "Go to the Audit Trail.", PLACES),
    Key("place-offices", "0", "app.offices", "Offices", "Go to the list of offices.", PLACES),
    Key("help", "question_mark,f1", "app.help", "Help", "Show the keys that work here.", EVERYWHERE),
    Key("quit", "ctrl+q", "app.quit", "Quit", "Quit; asks first if there are unsaved changes.", EVERYWHERE),
    Key("ask-quit", "q", "app.ask_quit", "Quit", "Quit; always asks first, since text may contain a q.", EVERYWHERE),
    Key("back", "escape", "back", "Back", "Go back without saving.", EVERYWHERE),
    Key(
        "leave-wait",
        "escape",
        "leave_wait",
        "Stop waiting",
        "Stop waiting for an answer that takes longer than half a second.",
        EVERYWHERE,
    ),
    Key("palette", "ctrl+p", "app.command_palette", "Commands", "Search for a command by its name.", EVERYWHERE),
    Key("try-again", "r,f6", "try_again", "Try again", "Connect once more.", PRACTICE),
    Key(
        "offices",
        "o,f8",
        "app.offices",
        "Offices",
        "Choose another office, after what is not saved was asked about.",
        PRACTICE,
    ),
    Key("back-to-offices", "escape", "app.offices", "Offices", "Go back to the list of offices.", PRACTICE),
    Key("open-office", "enter", "open_office", "Open", "Open the office under the cursor.", PRACTICE),
    Key("find-office", "slash", "filter", "Filter", "Show only offices with a text in their line.", PRACTICE),
    Key("end-find", "escape", "end_filter", "List", "End the filter, or go back to the office that is open.", PRACTICE),
    Key("reload-offices", "r,f6,ctrl+r", "reload", "Reload", "Read the configuration file again.", PRACTICE),
    Key("unlock", "enter,space", "unlock", "Go on", "Go on where the program was left alone.", PRACTICE),
    Key("open-choices", "enter,down,space,up", "show_overlay", "Choose", "Open the list of choices.", EVERYWHERE),
    Key("toggle", "enter,space", "toggle_button", "Switch", "Switch it on or off.", EVERYWHERE),
    Key("next-field", "tab", "app.focus_next", "Next field", "Go to the next field.", EVERYWHERE),
    Key("previous-field", "shift+tab", "app.focus_previous", "Previous", "Go to the previous field.", EVERYWHERE),
    Key("save", "ctrl+s,f2", "save", "Save", "Save what was changed here.", API_SETUP),
    Key("add-key", "a,f3", "add_key", "Add", "Add an API key for this practice.", API_SETUP),
    Key("edit-key", "enter,e,f4", "edit_key", "Edit", "Open the chosen API key.", API_SETUP),
    Key("disable-here", "d,f7", "disable", "Disable", "Disable the key under the cursor.", API_SETUP),
    Key("enable-here", "E,plus", "enable", "Enable", "Enable the key under the cursor.", API_SETUP),
    Key(
        "end-filter",
        "escape",
        "end_filter",
        "List",
        "End the filter or leave the field, and go to the list.",
        API_SETUP,
    ),
    Key(
        "match-copy",
        "equals_sign",
        "match_copy",
        "Match copy",
        "Make the practice's copy of keys match the registry.",
        API_SETUP,
    ),
    Key("about", "i,f9", "about", "Practice", "Show which practice, database and server this is.", API_SETUP),
    Key("filter", "slash", "filter", "Filter", "Show only the rows that contain a text.", API_SETUP),
    Key("audit-trail", "t,f5", "audit_trail", "Audit Trail", "Open the Audit Trail.", API_SETUP),
    Key("reload", "r,f6,ctrl+r", "reload", "Reload", "Read everything again.", API_SETUP),
    Key("save-key", "ctrl+s,f2", "save", "Save", "Save the key as it is shown here.", KEY),
    Key("disable", "d,f7", "disable", "Disable", "Disable this key.", KEY),
    Key("enable", "E,plus", "enable", "Enable", "Enable this key.", KEY),
    Key(
        "remove-key",
        "delete",
        "remove_key",
        "Remove",
        "Remove a key that was added by mistake from the local registry; asks first.",
        KEY,
    ),
    Key("adopt", "a,f4", "adopt", "Adopt", "Take a key that only the copy has into the registry.", KEY),
    Key("reveal", "v,f8", "reveal", "View", "Show the whole key; this is logged.", KEY),
    Key(
        "send-to-clipboard",
        "c,f9",
        "send_to_clipboard",
        "Clipboard",
        "Send the key to the terminal's clipboard; asks first, and is logged.",
        KEY,
    ),
    Key("choose-permissions", "ctrl+o,p,f3", "choose_permissions", "Permissions", "Choose the permissions.", KEY),
    Key("continue", "ctrl+s,f2", "continue", "Go on", "Check what was typed; the agreement comes next.", ASSIGN),
    Key("save-choice", "ctrl+s,f2", "save", "Apply", "Apply the permissions that are chosen.", ASSIGN),
    Key(
        "choose-permission",
        "space,enter",
        "screen.choose_permission",
        "Choose",
        "Choose the permission or the group, or drop it.",
        ASSIGN,
    ),
    Key("choose-all", "a,f7", "choose_all", "All", "Choose all permissions that the filter shows.", ASSIGN),
    Key("choose-none", "n,f8", "choose_none", "None", "Drop all permissions that the filter shows.", ASSIGN),
    Key("filter-permissions", "slash", "filter", "Filter", "Show only permissions with a text in them.", ASSIGN),
    Key("accept", "ctrl+y,f7", "accept", "Accept", "Accept the license agreement.", AGREEMENT),
    Key("decline", "d,f8", "decline", "Decline", "Decline the license agreement; asks first.", AGREEMENT),
    Key("open-entry", "enter", "open_entry", "Open", "Show the whole entry.", AUDIT_TRAIL),
    Key("type-filter", "slash", "type_filter", "Filter", "Type which entries to show.", AUDIT_TRAIL),
    Key("complete", "tab", "complete", "Complete", "Complete the word in the filter.", AUDIT_TRAIL),
    Key("search", "enter", "submit", "Search", "Search for what was typed.", AUDIT_TRAIL),
    Key("take-choice", "enter", "choose", "Choose", "Choose the line under the cursor.", AUDIT_TRAIL),
    Key(
        "choose-filter",
        "f,f3",
        "choose_filter",
        "Choose",
        "Choose a user, a permission or a log source from a list.",
        AUDIT_TRAIL,
    ),
    Key(
        "only-suspect",
        "n,f5",
        "only_suspect",
        "Unmatched",
        "Show only entries whose hash doesn't match or is missing, or all again.",
        AUDIT_TRAIL,
    ),
    Key(
        "verify", "v,f8", "verify", "Verify", "Check the hashes of all entries, or of those in the range.", AUDIT_TRAIL
    ),
    Key("export", "x,f9", "export", "Export", "Write what the filter shows into a file; this is logged.", AUDIT_TRAIL),
    Key(
        "only-ours",
        "o,f4",
        "only_ours",
        "Only ours",
        "Show only what API Setup wrote, or all again.",
        AUDIT_TRAIL,
    ),
    Key("go-to-date", "d,f7", "go_to_date", "Date", "Go to a day.", AUDIT_TRAIL),
    Key("search-on", "c,f2", "search_on", "Search on", "Go on with a search that was stopped.", AUDIT_TRAIL),
    Key("reload-entries", "r,f6,ctrl+r", "reload", "Reload", "Read the entries again.", AUDIT_TRAIL),
    Key("go-to-subject", "o,f4", "go_to_subject", "Go there", "Open what the entry is about.", AUDIT_TRAIL),
    Key("undo", "u,f7", "undo", "Undo", "Undo what the entry did, if that still stands.", AUDIT_TRAIL),
    Key("go-on", "r,f6", "retry", "Try again", "Go on after the server was gone.", AUDIT_TRAIL),
    Key("up", "up,k", "cursor_up", "Up", "Go up by one row.", LISTS),
    Key("down", "down,j", "cursor_down", "Down", "Go down by one row.", LISTS),
    Key("page-up", "pageup,ctrl+b", "page_up", "Page up", "Go up by one page.", LISTS),
    Key("page-down", "pagedown,space,ctrl+f", "page_down", "Page down", "Go down by one page.", LISTS),
    Key("first", "home,g", "first", "First", "Go to the first row.", LISTS),
    Key("last", "end,G", "last", "Last", "Go to the last row.", LISTS),
    Key("choose", "enter", "choose", "Open", "Open the row under the cursor.", LISTS),
)

PLACE_IDS = ("place-api-setup", "place-audit-trail", "place-offices")
"""The keys of all places, in the order in which they are listed."""

_BY_ID = {key.id: key for key in KEYS}

_SHORT_NAMES = {
    "question_mark": "?",
    "plus": "+",
    "slash": "/",
    "equals_sign": "=",
    "escape": "Esc",
    "enter": "Enter",
    "tab": "Tab",
    "shift+tab": "Shift+Tab",
    "space": "Space",
    "up": "Up",
    "down": "Down",
    "pageup": "PgUp",
    "pagedown": "PgDn",
    "home": "Home",
    "end": "End",
    "delete": "Delete",
}


def key(id: str) -> Key:  # noqa: A002 - Textual's name for it
    """Return the key with this id."""
    return _BY_ID[id]


def bindings(*ids: str) -> list[BindingType]:
    """Return the Textual bindings of the keys with these ids."""
    return [_BY_ID[id_].binding() for id_ in ids]


def keys(ids: Sequence[str]) -> tuple[Key, ...]:
    """Return the keys with these ids, in the same order."""
    return tuple(_BY_ID[id_] for id_ in ids)


def typing_key(of: Key) -> str | None:
    """Return the first of the keys that works while a text field has focus, or None."""
    names = of.keys.split(",")
    return next((name for name in names if re.fullmatch(r"f\d|ctrl\+[a-z]|escape|tab", name)), None)


def name_besides(of: Key, other: str) -> str | None:
    """Return the first name of a key that isn't also one of another key, or None."""
    taken = _BY_ID[other].keys.split(",")
    return next((name for name in of.keys.split(",") if name not in taken), None)


def display(key_or_name: Key | str) -> str:
    """Return the short name of the first key, such as `^s`, `Enter` or `F2`."""
    name = (key_or_name.keys if isinstance(key_or_name, Key) else key_or_name).split(",")[0]
    if name in _SHORT_NAMES:
        return _SHORT_NAMES[name]
    if name.startswith("ctrl+"):
        return "^" + name.removeprefix("ctrl+")
    return name.upper() if len(name) > 1 else name
