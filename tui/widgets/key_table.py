"""The API keys of a practice: a list to filter, with the permissions of the highlighted key beside it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widgets import Input, Static

from core.model.api_key import ApiKey, KeyList
from core.opendental.key_status import KeyStatus
from tui.widgets.inputs import PlainInput
from tui.widgets.row_list import Column, Row, RowList, Tone
from tui.widgets.safe_text import wrapped
from tui.widgets.text_lines import TextLines

if TYPE_CHECKING:
    from textual.app import ComposeResult

_COLUMNS = (
    Column("Developer", 16, min_width=8, flexible=True),
    Column("API Key", 12, min_width=12),
    Column("Enabled", 23, min_width=10),
)
_KEY_WITH_TAG = Column("API Key", 20, min_width=12)

_CHANGED = "* "
"""Before what is not as it was in the list before."""
_ENABLED_OR_CHANGED = Column("Enabled", 23 + len(_CHANGED), min_width=10)


class KeyTable(Vertical):
    """Shows the keys, and which one is highlighted."""

    def __init__(self) -> None:
        super().__init__()
        self._keys: dict[str, ApiKey] = {}
        self._label = ""
        self._differences: Mapping[str, str] = {}

    def compose(self) -> ComposeResult:
        """Make the title, the filter, the list and the permissions."""
        with Horizontal(id="keys-title"):
            yield Static("API keys", id="keys-label", markup=False)
            yield PlainInput(id="filter", placeholder="developer, last four or status")
        with Horizontal():
            yield RowList(*_COLUMNS, empty="", id="keys")
            yield TextLines(id="permissions", wrap=False, can_focus=False)

    def on_mount(self) -> None:
        """Hide the filter until it is asked for."""
        self.filter.display = False

    @property
    def rows(self) -> RowList:
        """The list itself."""
        return self.query_one("#keys", RowList)

    @property
    def filter(self) -> PlainInput:
        """The field that narrows the list."""
        return self.query_one("#filter", PlainInput)

    @property
    def key(self) -> ApiKey | None:
        """The highlighted key."""
        row = self.rows.row
        return self._keys.get(str(row.identity)) if row else None

    def show(self, keys: KeyList) -> None:
        """Show keys; the cursor stays on the key it was on."""
        self._keys = {key.fingerprint: key for key in keys.keys}
        self._label = keys.authority.label
        self._differences = keys.differences
        developer, key, enabled = _COLUMNS
        if any("#" in each.masked for each in keys.keys):
            key = _KEY_WITH_TAG
        self.rows.show_columns(developer, key, _ENABLED_OR_CHANGED if keys.differences else enabled)
        self._show_rows()

    def show_key(self, key: ApiKey) -> None:
        """Put the cursor on a key, which no filter hides then."""
        if self.filter.display and key not in self._matching():
            self.end_filter()
        self._show_matching(keep=key.fingerprint)

    @property
    def filtered(self) -> bool:
        """Whether the filter is open."""
        return self.is_attached and self.filter.display

    def start_filter(self) -> None:
        """Go to the filter."""
        self.filter.display = True
        # At once: what is typed next belongs there.
        self.screen.set_focus(self.filter)

    def end_filter(self) -> bool:
        """Show all keys again; whether there was a filter."""
        if not self.filter.display:
            return False
        with self.prevent(Input.Changed):
            self.filter.value = ""
        self.filter.display = False
        self._show_rows()
        self.rows.focus()
        return True

    @on(Input.Changed, "#filter")
    def _narrow(self) -> None:
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _to_list(self, event: Input.Submitted) -> None:
        event.stop()
        self.rows.focus()

    @on(RowList.Highlighted)
    def _show_permissions(self) -> None:
        pane, key = self.query_one("#permissions", TextLines), self.key
        about = _about_status(key, self._differences) if key else []
        lines = [line for text in about for line in wrapped(text, pane.size.width)]
        pane.show([*lines, *([""] if lines else []), *_permission_lines(key)])

    def _matching(self) -> list[ApiKey]:
        words = self.filter.value.casefold().split()
        return [key for key in self._keys.values() if all(word in _searched(key) for word in words)]

    def _show_matching(self, keep: str | None = None) -> None:
        rows = [_row(key, changed=key.fingerprint in self._differences) for key in self._matching()]
        self.rows.show(rows, keep=keep)

    def _show_rows(self) -> None:
        matching = self._matching()
        shown, count = len(matching), len(self._keys)
        self.rows.say_empty("No key matches the filter; Escape shows all." if count else "No API keys yet.")
        self._show_matching()
        number = str(count) if shown == count else f"{shown} of {count}"
        self.query_one("#keys-label", Static).update(f"API keys: {number} · {self._label}  ")
        self._show_permissions()


def _row(key: ApiKey, *, changed: bool) -> Row:
    tone: Tone = "normal" if key.status.enabled or key.status is KeyStatus.UNKNOWN else "dim"
    word = "gone" if key.gone else enabled_word(key.status)
    return Row((key.developer, key.masked, f"{_CHANGED}{word}" if changed else word), key.fingerprint, tone)


def _about_status(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """What is new about a key, or what was known of it when its status still was."""
    changed = differences.get(key.fingerprint)
    words = [f"{_CHANGED}{changed}"] if changed else []
    return [*words, *([f"Last known: {key.last_known}"] if key.last_known else [])]


def enabled_word(status: KeyStatus) -> str:
    """The word of the column Enabled: yes, or the status when it is something else."""
    return "yes" if status is KeyStatus.ENABLED else status.label


def _searched(key: ApiKey) -> str:
    return f"{key.developer} {key.masked} {enabled_word(key.status)}".casefold()


def _permission_lines(key: ApiKey | None) -> list[str]:
    if key is None:
        return []
    if not key.known:
        return ["Permissions", "not known here"]
    return [f"Permissions: {len(key.fields.permissions)}", *key.fields.permissions]
