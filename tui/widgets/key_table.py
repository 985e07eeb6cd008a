"""The API keys of a practice: a list with a filter, and the permissions of the highlighted key."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from core.model.api_key import ApiKey, KeyList
from core.opendental.key_status import KeyStatus
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row, Tone
from tui.widgets.safe_text import wrap
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

_COLUMNS = (
    Column("Developer", 16, min_width=8, flexible=True),
    Column("API Key", 12, min_width=12),
    Column("Enabled", 23, min_width=10),
)
_KEY_WITH_FINGERPRINT = Column("API Key", 20, min_width=12)

_CHANGED = "* "
"""The mark of a status that differs from the previous list."""
_ENABLED_OR_CHANGED = Column("Enabled", 23 + len(_CHANGED), min_width=10)


class PermissionsPane(TextLines):
    """The permissions of a key, below remarks about its status."""

    def __init__(self) -> None:
        super().__init__(id="permissions", wrap=False, can_focus=False)
        self._key: ApiKey | None = None
        self._remarks: list[str] = []

    def show_key(self, key: ApiKey | None, remarks: list[str]) -> None:
        """Display a key. Remarks are wrapped; names of permissions are shortened instead."""
        self._key, self._remarks = key, remarks
        lines = [line for text in remarks for line in wrap(text, self.size.width)]
        self.show([*lines, *([""] if lines else []), *_permission_lines(key)])

    def on_resize(self) -> None:
        """Wrap the remarks for the new width. Textual also calls the `on_resize` of the base class."""
        self.show_key(self._key, self._remarks)


class KeyTable(Vertical):
    """A list of keys with a filter and a pane with the permissions of the highlighted key."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, ApiKey] = {}
        self._label = ""
        self._none = ""
        self._differences: Mapping[str, str] = {}
        self.notes: tuple[str, ...] = ()
        """The remarks on the list, one sentence each."""

    def compose(self) -> ComposeResult:
        """Compose the title, the filter, the list and the permissions."""
        with Horizontal(id="keys-title"):
            yield Static("API keys", id="keys-label", markup=False)
            yield PlainInput(id="filter", placeholder="developer, last four or status")
        with Horizontal():
            yield RowList(*_COLUMNS, empty="", id="keys")
            yield PermissionsPane()

    def on_mount(self) -> None:
        """Hide the filter until it is opened."""
        if self.children:  # there are none if the screen was closed before this was composed
            self.filter.display = False

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#keys", RowList)

    @property
    def filter(self) -> PlainInput:
        """The text field of the filter."""
        return self.query_one("#filter", PlainInput)

    @property
    def key(self) -> ApiKey | None:
        """The highlighted key."""
        row = self.rows.row
        return self._keys.get(str(row.identity)) if row else None

    @property
    def why_empty(self) -> str:
        """Why no key is highlighted, in a few words."""
        return "No key matches the filter; Escape shows all." if self.filtered else self._none

    def show(self, keys: KeyList) -> None:
        """Display other keys. The cursor stays on its key."""
        self._keys = {key.fingerprint: key for key in keys.keys}
        self._label = keys.authority.label
        # Without a list from the authority, no keys means only that none is known.
        self._none = (
            "No API keys yet." if keys.authority.may_change else "No list: it isn't known which keys there are."
        )
        self._differences = keys.differences
        self.notes = keys.notes
        developer, key, enabled = _COLUMNS
        if any("#" in each.masked for each in keys.keys):
            key = _KEY_WITH_FINGERPRINT
        self.rows.show_columns(developer, key, _ENABLED_OR_CHANGED if keys.differences else enabled)
        self._show_rows()

    def show_key(self, key: ApiKey) -> None:
        """Put the cursor on a key. Close the filter if it hides the key."""
        if self.filter.display and key not in self._matching():
            self.end_filter()
        self._show_matching(keep=key.fingerprint)

    @property
    def filtered(self) -> bool:
        """True while the filter is open."""
        return self.is_attached and self.filter.display

    def start_filter(self) -> None:
        """Open and focus the filter."""
        self.filter.display = True
        # `set_focus` takes effect at once, so keys that are typed next go to the filter.
        self.screen.set_focus(self.filter)

    def end_filter(self) -> bool:
        """Close the filter and display all keys.

        Returns:
            False if the filter was not open.
        """
        if not self.filter.display:
            return False
        with self.prevent(Input.Changed):
            self.filter.value = ""
        self.filter.display = False
        self._show_rows()
        self.rows.focus()
        return True

    @on(Input.Changed, "#filter")
    def _apply_filter(self) -> None:
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _focus_list(self, event: Input.Submitted) -> None:
        event.stop()
        self.rows.focus()

    @on(RowList.Highlighted)
    def _show_permissions(self) -> None:
        key = self.key
        self.query_one(PermissionsPane).show_key(key, _status_remarks(key, self._differences) if key else [])

    def _matching(self) -> list[ApiKey]:
        words = self.filter.value.casefold().split()
        return [key for key in self._keys.values() if all(word in _searchable_text(key) for word in words)]

    def _show_matching(self, keep: str | None = None) -> None:
        rows = [_row(key, changed=key.fingerprint in self._differences) for key in self._matching()]
        self.rows.show(rows, keep=keep)

    def _show_rows(self) -> None:
        matching = self._matching()
        shown, count = len(matching), len(self._keys)
        self.rows.set_empty_text("No key matches the filter; Escape shows all." if count else self._none)
        self._show_matching()
        label = str(count) if shown == count else f"{shown} of {count}"
        self.query_one("#keys-label", Static).update(f"API keys: {label} · {self._label}  ")
        self._show_permissions()


def _row(key: ApiKey, *, changed: bool) -> Row:
    tone: Tone = "normal" if key.status.enabled or key.status is KeyStatus.UNKNOWN else "dim"
    text = "gone" if key.gone else _enabled_text(key.status)
    return Row((key.developer, key.masked, f"{_CHANGED}{text}" if changed else text), key.fingerprint, tone)


def _status_remarks(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """Return how a key's status changed since the previous list, and its last known status if it is unknown now."""
    changed = differences.get(key.fingerprint)
    remarks = [f"{_CHANGED}{changed}"] if changed else []
    if key.unusable:
        remarks.append(f"Unusable: it {key.unusable}")
    return [*remarks, *([f"Last known: {key.last_known}"] if key.last_known else [])]


def _enabled_text(status: KeyStatus) -> str:
    """Return the text of the column Enabled: `yes`, or the name of any other status."""
    return "yes" if status is KeyStatus.ENABLED else status.label


def _searchable_text(key: ApiKey) -> str:
    return f"{key.developer} {key.masked} {_enabled_text(key.status)}".casefold()


def _permission_lines(key: ApiKey | None) -> list[str]:
    if key is None:
        return []
    if not key.known:
        return ["Permissions", "not known here"]
    return [f"Permissions: {len(key.fields.permissions)}", *key.fields.permissions]
