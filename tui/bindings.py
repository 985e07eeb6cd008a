"""The table of keys, from which bindings, key bar, command palette, help and manual are generated.

It contains only keys that every terminal sends and no terminal reserves. Each function key has an alternative among the
letters or Ctrl+letters, because not every terminal and keyboard has function keys.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from textual.binding import BindingType

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
    MANUAL,
    PAYMENT_TYPES,
    PLACES,
    PRACTICE,
    REVIEW,
    SUBSCRIPTIONS,
    TEXTS,
    WHY,
    Key,
)

KEYS: tuple[Key, ...] = (
    Key("place-api-setup", "1", "app.go_api_setup", "API Setup", "Go to the settings and keys.", PLACES),
    Key("place-subscriptions", "2", "app.go_subscriptions", "Subscriptions", "Go to the subscriptions.", PLACES),
    Key("place-payment-types", "3", "app.go_payment_types", "Pay types", "Go to the payment types.", PLACES),
    Key("place-audit-trail", "4", "app.go_audit_trail", "Audit trail", "Go to the Audit Trail.", PLACES),
    Key("place-review", "5", "app.go_review", "Review", "Go to what needs a decision, and to the review.", PLACES),
    Key("place-offices", "0", "app.offices", "Offices", "Go to the list of offices.", PLACES),
    Key("help", "question_mark,ctrl+g", "app.help", "Help", "Show the keys that work here.", EVERYWHERE),
    Key("manual", "f1,h", "app.manual", "Manual", "Read the manual page about this screen.", EVERYWHERE),
    Key("quit", "ctrl+q", "app.quit", "Quit", "Quit. Asks first if there are unsaved changes.", EVERYWHERE),
    Key(
        "ask-quit",
        "q",
        "app.ask_quit",
        "Quit",
        "Quit. Always asks first, because a pasted text may contain a q.",
        EVERYWHERE,
    ),
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
    Key("lock", "L", "app.lock_now", "Lock", "Lock the practice until somebody signs in again.", EVERYWHERE),
    Key(
        "message",
        "m,ctrl+n",
        "app.show_message",
        "Message",
        "Show the whole message of the status line.",
        EVERYWHERE,
    ),
    Key(
        "redraw",
        "ctrl+l",
        "app.redraw",
        "Redraw",
        "Draw the screen again, in case another program wrote over it.",
        EVERYWHERE,
    ),
    Key("try-again", "r,f6", "try_again", "Retry", "Connect again.", PRACTICE),
    Key(
        "offices",
        "o,f8",
        "app.offices",
        "Offices",
        "Choose another office. Asks about unsaved changes first.",
        API_SETUP,
    ),
    Key("back-to-offices", "escape", "app.offices", "Offices", "Go back to the list of offices.", PRACTICE),
    Key("open-office", "enter", "open_office", "Open", "Open the selected office.", PRACTICE),
    Key(
        "find-office",
        "slash",
        "filter",
        "Filter",
        "Filter the offices by text, tag, developer or state.",
        PRACTICE,
    ),
    Key("end-find", "escape", "end_filter", "Back", "Leave the filter, or go back to the open office.", PRACTICE),
    Key("reload-offices", "r,f6,ctrl+r", "reload", "Reload", "Reload the configuration file.", PRACTICE),
    Key(
        "sign-in-many",
        "S,f9",
        "sign_in_many",
        "Sign in",
        "Sign in to all offices that the filter shows, with one user or with each office's own.",
        PRACTICE,
    ),
    Key("by-developer", "D,f4", "by_developer", "Developers", "Show developers by office, or the offices.", PRACTICE),
    Key(
        "enable-receipt",
        "E,plus",
        "enable_receipt",
        "Take back",
        "Enable what a receipt disabled; asks first.",
        PRACTICE,
    ),
    Key(
        "continue-change",
        "C,f3",
        "continue_change",
        "Continue",
        "Continue a change in several offices that was interrupted.",
        PRACTICE,
    ),
    Key("cut-off", "d,f7", "cut_off", "Cut off", "Disable the developer's keys in all offices; asks first.", FLEET),
    Key("join-names", "N,f8", "join_names", "Names", "Join the developer with another name, or separate them.", FLEET),
    Key("own-users", "ctrl+o,f3", "own_users", "Own users", "Sign in with each office's own user instead.", FLEET),
    Key("offices-left", "left", "scroll_left", "Scroll", "Show the offices further left.", FLEET),
    Key("offices-right", "right", "scroll_right", "Scroll", "Show the offices further right.", FLEET),
    Key("select-office", "space", "select", "Leave out", "Leave out the office under the cursor, or not.", FLEET),
    Key("start-change", "ctrl+s,f2", "start", "Start", "Start after the developer's name was typed.", FLEET),
    Key("retry-offices", "r,f6", "retry", "Retry", "Try again in the offices where it failed.", FLEET),
    Key(
        "stop-offices",
        "escape",
        "back",
        "Back",
        "Stop before the next office; if no change is running, go back.",
        FLEET,
    ),
    Key("unlock", "enter,space", "unlock", "Continue", "Continue where you left off.", PRACTICE),
    Key("open-choices", "enter,down,space,up", "show_overlay", "Choose", "Open the list of choices.", EVERYWHERE),
    Key("toggle", "enter,space", "toggle_button", "Switch", "Switch it on or off.", EVERYWHERE),
    Key("next-field", "tab", "app.focus_next", "Next field", "Go to the next field.", EVERYWHERE),
    Key("previous-field", "shift+tab", "app.focus_previous", "Previous", "Go to the previous field.", EVERYWHERE),
    Key("save", "ctrl+s,f2", "save", "Save", "Save the changes.", API_SETUP),
    Key("add-key", "a,f3", "add_key", "Add", "Add an API key for this practice.", API_SETUP),
    Key("edit-key", "enter,e,f4", "edit_key", "Edit", "Open the selected API key.", API_SETUP),
    Key(
        "disable-here",
        "d,f7",
        "disable",
        "Disable",
        "Disable the key under the cursor, or all selected keys; asks first.",
        API_SETUP,
    ),
    Key("select", "space", "select", "Select", "Select the key under the cursor, or deselect it.", API_SETUP),
    Key("sort", "s", "sort", "Sort", "Sort the list by the next column.", API_SETUP),
    Key("reveal-here", "v", "reveal", "View", "Show the whole key under the cursor; this is logged.", API_SETUP),
    Key(
        "clipboard-here",
        "c",
        "send_to_clipboard",
        "Clipboard",
        "Send the key under the cursor to the terminal's clipboard; asks first, and is logged.",
        API_SETUP,
    ),
    Key("undo-last", "ctrl+z,u", "undo_last", "Undo", "Undo the last change of this session; asks first.", API_SETUP),
    Key(
        "undo-last-change",
        "ctrl+z",
        "undo_last",
        "Undo last",
        "Undo the last change of this session; asks first.",
        AUDIT_TRAIL,
    ),
    Key("enable-here", "E,plus", "enable", "Enable", "Enable the selected key.", API_SETUP),
    Key(
        "end-filter",
        "escape",
        "end_filter",
        "Back",
        "Leave the field, end the filter, or deselect all keys.",
        API_SETUP,
    ),
    Key(
        "match-copy",
        "equals_sign",
        "match_copy",
        "Sync copy",
        "Synchronize the practice's copy of keys with the registry.",
        API_SETUP,
    ),
    Key("about", "i,f9", "about", "Practice", "Show details of the practice, the database and the server.", API_SETUP),
    Key(
        "filter",
        "slash",
        "filter",
        "Filter",
        "Filter the keys by text, status, permission or date.",
        API_SETUP,
    ),
    Key(
        "why",
        "w",
        "why",
        "Why",
        "Show why calls fail, for the key under the cursor or for the practice.",
        API_SETUP,
    ),
    Key("audit-trail", "t,f5", "audit_trail", "Audit Trail", "Open the Audit Trail.", API_SETUP),
    Key(
        "developer-entries",
        "T",
        "developer_entries",
        "Entries",
        "Open the Audit Trail with what the key's developer changed through the API.",
        API_SETUP,
    ),
    Key(
        "developer-queries",
        "Q",
        "developer_queries",
        "Queries",
        "Open the Audit Trail with the database queries of the key's developer.",
        API_SETUP,
    ),
    Key("former-names", "N", "former_names", "Former names", "Enter former names of the key's developer.", API_SETUP),
    Key("notes", "n", "edit_notes", "Notes", "Edit the owner, the purpose and the other notes on the key.", API_SETUP),
    Key("reload", "r,f6,ctrl+r", "reload", "Reload", "Reload everything.", API_SETUP),
    Key("save-key", "ctrl+s,f2", "save", "Save", "Save the changes to this key.", KEY),
    Key("disable", "d,f7", "disable", "Disable", "Disable this key.", KEY),
    Key("enable", "E,plus", "enable", "Enable", "Enable this key.", KEY),
    Key(
        "remove-key",
        "delete",
        "remove_key",
        "Remove",
        "Remove a key that was added by mistake from the local registry. Asks first.",
        KEY,
    ),
    Key("adopt", "a,f4", "adopt", "Adopt", "Add a key that is only in the practice's copy to the registry.", KEY),
    Key("reveal", "v,f8", "reveal", "View", "Show the whole key. This is logged.", KEY),
    Key(
        "send-to-clipboard",
        "c,f9",
        "send_to_clipboard",
        "Clipboard",
        "Send the key to the terminal's clipboard. Asks first. This is logged.",
        KEY,
    ),
    Key("close-series", "enter", "close", "Close", "Close the results.", KEY),
    Key("stop-series", "escape", "back", "Stop", "Stop before the next change, or close the results.", KEY),
    Key("choose-permissions", "ctrl+o,p,f3", "choose_permissions", "Permissions", "Choose the permissions.", KEY),
    Key("continue", "ctrl+s,f2", "continue", "Continue", "Check the form and show the license agreement.", ASSIGN),
    Key("save-choice", "ctrl+s,f2", "save", "Apply", "Apply the selected permissions.", ASSIGN),
    Key(
        "choose-permission",
        "space,enter",
        "screen.choose_permission",
        "Choose",
        "Toggle the permission or the group.",
        ASSIGN,
    ),
    Key("choose-all", "a,f7", "choose_all", "All", "Select all permissions that the filter shows.", ASSIGN),
    Key("choose-none", "n,f8", "choose_none", "None", "Clear all permissions that the filter shows.", ASSIGN),
    Key("filter-permissions", "slash", "filter", "Filter", "Show only permissions that contain a text.", ASSIGN),
    Key("accept", "ctrl+y,f7", "accept", "Accept", "Accept the license agreement.", AGREEMENT),
    Key("decline", "d,f8", "decline", "Decline", "Decline the license agreement. Asks first.", AGREEMENT),
    Key(
        "open-subscription",
        "enter",
        "open_subscription",
        "Open",
        "Show all about the subscription under the cursor.",
        SUBSCRIPTIONS,
    ),
    Key(
        "end-subscription",
        "d,f7",
        "end",
        "End",
        "End the subscription under the cursor, or all selected ones; asks first.",
        SUBSCRIPTIONS,
    ),
    Key(
        "resume-subscription",
        "E,plus",
        "resume",
        "Resume",
        "Resume a subscription that has ended; asks first.",
        SUBSCRIPTIONS,
    ),
    Key(
        "delete-subscription",
        "delete",
        "delete",
        "Delete",
        "Delete the subscription under the cursor, or all selected ones; asks twice.",
        SUBSCRIPTIONS,
    ),
    Key("select-row", "space", "select", "Select", "Select the row under the cursor, or deselect it.", SUBSCRIPTIONS),
    Key(
        "leave-selection",
        "escape",
        "leave_selection",
        "Back",
        "Deselect all rows, or else go back.",
        SUBSCRIPTIONS,
    ),
    Key("edit-type", "enter,e,f4", "edit_type", "Edit", "Rename the payment type under the cursor.", PAYMENT_TYPES),
    Key("add-type", "a,f3", "add_type", "Add", "Add a payment type at the end of the list.", PAYMENT_TYPES),
    Key("hide-type", "d,f7", "hide", "Hide", "Hide the payment type under the cursor; asks first.", PAYMENT_TYPES),
    Key("unhide-type", "E,plus", "unhide", "Show", "Show a hidden payment type again; asks first.", PAYMENT_TYPES),
    Key("move-up", "less_than_sign,K", "move_up", "Move up", "Move the payment type up by one place.", PAYMENT_TYPES),
    Key(
        "move-down",
        "greater_than_sign,J",
        "move_down",
        "Move down",
        "Move the payment type down by one place.",
        PAYMENT_TYPES,
    ),
    Key("alphabetize", "A,f5", "alphabetize", "A to Z", "Put all payment types in order by name.", PAYMENT_TYPES),
    Key("save-type", "ctrl+s,f2", "save", "Save", "Save the payment type.", PAYMENT_TYPES),
    Key("leave-filter", "escape", "end_filter", "Back", "End the filter, or else go back.", REVIEW),
    Key("start-review", "a,f3", "start_review", "Start", "Start a review of all keys.", REVIEW),
    Key("start-now", "ctrl+s,f2", "save", "Start", "Start the review.", REVIEW),
    Key(
        "open-review",
        "C,f5",
        "open_review",
        "Continue",
        "Continue the review that is under way, or look at the last one.",
        REVIEW,
    ),
    Key("keep-key", "y,f2", "keep", "Keep", "Decide to keep the key, or all selected ones, until a date.", DECISIONS),
    Key(
        "ask-vendor",
        "W,f3",
        "ask_vendor",
        "Ask vendor",
        "Decide to ask the vendor about the key, or about all selected ones.",
        DECISIONS,
    ),
    Key("select-key", "space", "select", "Select", "Select the key under the cursor, or deselect it.", DECISIONS),
    Key("leave-review", "escape", "leave_selection", "Back", "Deselect all keys, or else go back.", DECISIONS),
    Key("remark", "R,f5", "remark", "Remark", "Change the note on the decision about the key.", DECISIONS),
    Key("end-review", "F,f8", "end_review", "Finish", "End the review; asks first.", DECISIONS),
    Key(
        "write-evidence",
        "x,f9",
        "write_evidence",
        "Evidence",
        "Write the evidence of the review to a folder. This is logged.",
        DECISIONS,
    ),
    Key("open-entry", "enter", "open_entry", "Open", "Show the whole entry.", AUDIT_TRAIL),
    Key("type-filter", "slash", "type_filter", "Filter", "Enter a filter for the entries.", AUDIT_TRAIL),
    Key("complete", "tab", "complete", "Complete", "Complete the word in the filter.", AUDIT_TRAIL),
    Key("search", "enter", "submit", "Search", "Search with this filter.", AUDIT_TRAIL),
    Key("take-choice", "enter", "choose", "Choose", "Choose the selected line.", AUDIT_TRAIL),
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
        "exclamation_mark,f5",
        "only_suspect",
        "Unmatched",
        "Show only entries whose hash doesn't match or is missing, or all entries.",
        AUDIT_TRAIL,
    ),
    Key(
        "verify", "V,f8", "verify", "Verify", "Verify the hashes of all entries, or of those in the range.", AUDIT_TRAIL
    ),
    Key("seal", "S", "seal", "Seal", "Seal all entries since the last seal. This is logged.", AUDIT_TRAIL),
    Key("export", "x,f9", "export", "Export", "Export the filtered entries to a file.", AUDIT_TRAIL),
    Key(
        "only-ours",
        "o,f4",
        "only_ours",
        "Only ours",
        "Show only entries of API Setup, or all entries.",
        AUDIT_TRAIL,
    ),
    Key("go-to-date", "D,f7", "go_to_date", "Date", "Go to a date.", AUDIT_TRAIL),
    Key("search-on", "n,f2", "search_on", "Continue", "Continue a stopped search.", AUDIT_TRAIL),
    Key("reload-entries", "r,f6,ctrl+r", "reload", "Reload", "Reload the entries.", AUDIT_TRAIL),
    Key(
        "go-to-subject",
        "o,f4",
        "go_to_subject",
        "Go there",
        "Open the key or the settings that the entry is about.",
        AUDIT_TRAIL,
    ),
    Key("undo-here", "u", "undo", "Undo", "Undo the change that the entry under the cursor records.", AUDIT_TRAIL),
    Key("undo", "u,f7", "undo", "Undo", "Undo the entry's change, if the value hasn't changed since.", AUDIT_TRAIL),
    Key("go-on", "r,f6", "retry", "Retry", "Continue after a lost connection.", AUDIT_TRAIL),
    Key("follow-link", "enter", "follow_link", "Open", "Follow the selected link.", MANUAL),
    Key("next-link", "tab", "next_link", "Next link", "Select the next link.", MANUAL),
    Key("previous-link", "shift+tab", "previous_link", "Previous link", "Select the previous link.", MANUAL),
    Key("search-manual", "slash", "search", "Search", "Search all pages.", MANUAL),
    Key("contents", "C,f3", "contents", "Contents", "Open the list of all pages.", MANUAL),
    Key("next-page", "right", "next_page", "Next page", "Open the page after this one.", MANUAL),
    Key("previous-page", "left", "previous_page", "Previous page", "Open the page before this one.", MANUAL),
    Key("fix-cause", "enter", "fix", "Fix", "Go to what can be done here about the cause.", WHY),
    Key("what-was-seen", "slash", "what_was_seen", "Narrow down", "Enter what the developer saw.", WHY),
    Key(
        "choose-workstation",
        "f,f7",
        "choose_workstation",
        "Workstation",
        "Choose the computer whose local API the developer calls.",
        WHY,
    ),
    Key(
        "probe-port",
        "p,f8",
        "probe",
        "Probe port",
        "Test whether port 30223 of the API service answers from this computer.",
        WHY,
    ),
    Key("whole-practice", "i,f5", "whole_practice", "All keys", "Switch between the key and the whole practice.", WHY),
    Key(
        "copy-developer-text",
        "c,f9",
        "copy_text",
        "Copy text",
        "Copy a text for the developer, which contains no key, to the terminal's clipboard.",
        WHY,
    ),
    Key("show-developer-text", "v,f4", "show_text", "View text", "Show the text for the developer.", WHY),
    Key("up", "up,k", "cursor_up", "Up", "Move up one row.", LISTS),
    Key("down", "down,j", "cursor_down", "Down", "Move down one row.", LISTS),
    Key("page-up", "pageup,ctrl+b", "page_up", "Page up", "Move up one page.", LISTS),
    Key("page-down", "pagedown,ctrl+f", "page_down", "Page down", "Move down one page.", LISTS),
    Key("scroll-down", "pagedown,space,ctrl+f", "page_down", "Page down", "Scroll down by one page.", TEXTS),
    Key("first", "home,g", "first", "First", "Go to the first row.", LISTS),
    Key("last", "end,G", "last", "Last", "Go to the last row.", LISTS),
    Key("choose", "enter", "choose", "Open", "Open the selected row.", LISTS),
)

OFFICES = "place-offices"
"""The place of the list of offices, which exists only if there are several."""

PLACE_IDS = (
    "place-api-setup",
    "place-subscriptions",
    "place-payment-types",
    "place-audit-trail",
    "place-review",
    OFFICES,
)
"""The keys of all places, in the order in which they are listed."""

_BY_ID = {key.id: key for key in KEYS}

_own: dict[str, Key] = {}
"""The keys that the user has given other names to. Like a locale, they hold for the whole process."""


def key(id: str) -> Key:  # noqa: A002 - Textual's name for it
    """Return the key with this id, with the user's own names."""
    return _own.get(id) or _BY_ID[id]


def default_key(id: str) -> Key:  # noqa: A002 - Textual's name for it
    """Return the key with this id, with its default names."""
    return _BY_ID[id]


def use_keymap(keymap: Mapping[str, str]) -> None:
    """Give actions other keys, in this process.

    Args:
        keymap: The keys in Textual's notation, separated by commas, by the ids of actions. All others get their default
            keys.
    """
    _own.clear()
    _own.update({id_: replace(_BY_ID[id_], keys=names) for id_, names in keymap.items()})


def own_keys() -> Mapping[str, Key]:
    """Return the keys that the user has given other names to, by their ids."""
    return _own


def bindings(*ids: str) -> list[BindingType]:
    """Return the Textual bindings of the keys with these ids. `tui.platform.own_bindings` puts in the user's own."""
    return [_BY_ID[id_].binding() for id_ in ids]


def keys(ids: Sequence[str]) -> tuple[Key, ...]:
    """Return the keys with these ids, in the same order."""
    return tuple(map(key, ids))
