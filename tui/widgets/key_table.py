"""The API keys of a practice: a list with a filter, and the details of the highlighted key next to it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from core.filtering.terms import FilterError
from core.model.api_key import ApiKey, KeyList
from tui.widgets.filter_input import FilterInput
from tui.widgets.key_details import KeyDetails, short_key, status_tone, status_word
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.rows import Column, Row
from tui.widgets.safe_text import cell_width

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from core.keys.filter import KeyFilter
    from tui.widgets.tones import Line

_KEY = Column("Key", 5, min_width=5, tone="dim")
_KEY_WITH_FINGERPRINT = Column("Key", 13, min_width=7, tone="dim")
_COLUMNS = (
    Column("Developer", 20, min_width=10, max_width=32),
    _KEY,
    Column("Status", 13, min_width=13),
    Column("Added", 10, min_width=10, from_width=60),
    Column("BAA since", 10, min_width=10, from_width=60),
    Column("E-mail", 24, min_width=16, max_width=34, from_width=96),
)
_TITLE_FRAME = 12
"""The cells of the border's upper line that are left to its corners, blanks and the panel's name."""
_STATUS = 2
_AGREEMENT = 4

_CHANGED = "*"
"""The mark of a key that differs from the previous list."""


class KeyTable(Horizontal):
    """A list of keys with a filter and a panel with the details of the highlighted key.

    Args:
        today: Returns the date from which the filter counts days.
    """

    class Rested(Message):
        """Posted when the details of another key are shown, so that its history may be loaded."""

        def __init__(self, key: ApiKey | None) -> None:
            super().__init__()
            self.key = key

    class FilterRefused(Message):
        """Posted when a filter was entered that isn't valid; the invalid word is selected."""

        def __init__(self, error: FilterError) -> None:
            super().__init__()
            self.error = error

    def __init__(self, today: Callable[[], date] = lambda: datetime.now().date()) -> None:
        super().__init__()
        self._today = today
        self._wanted: KeyFilter | None = None
        """The words of the filter that are valid; None for all keys."""
        self._keys: dict[str, ApiKey] = {}
        self._label = self._counts = self._none = ""
        self._differences: Mapping[str, str] = {}
        self._histories: dict[str, Sequence[Line]] = {}
        self.notes: tuple[str, ...] = ()
        """The remarks on the list, one sentence each."""

    def compose(self) -> ComposeResult:
        """Compose the list with its filter, and the details."""
        with Panel(id="keys-panel"):
            yield FilterInput(id="filter", placeholder="status:on may:pay -baa:none; Tab completes")
            yield RowList(*_COLUMNS, empty="", id="keys")
        yield KeyDetails()

    def on_mount(self) -> None:
        """Hide the filter until it is opened."""
        if self.children:  # there are none if the screen was closed before this was composed
            self.filter.display = False
            self.filter.completions = self._completions
            self.query_one("#keys-panel", Panel).show_title("Keys")
            self.query_one(KeyDetails).show_key(None, ())

    @property
    def rows(self) -> RowList:
        """The list."""
        return self.query_one("#keys", RowList)

    @property
    def filter(self) -> FilterInput:
        """The text field of the filter."""
        return self.query_one("#filter", FilterInput)

    @property
    def key(self) -> ApiKey | None:
        """The highlighted key."""
        row = self.rows.row
        return self._keys.get(str(row.identity)) if row else None

    @property
    def why_empty(self) -> str:
        """The reason why no key is highlighted, in a few words."""
        return "No key matches the filter. Press Esc to show all." if self.filtered else self._none

    def show(self, keys: KeyList) -> None:
        """Display other keys. The cursor stays on its key."""
        self._keys = {key.fingerprint: key for key in keys.keys}
        self._label = keys.authority.label
        # Without a list from the authority, no keys means only that none is known.
        self._none = "No API keys yet. Press a to add one." if keys.authority.may_change else "No key list available."
        self._differences = keys.differences
        self.notes = keys.notes
        self._histories.clear()
        self._parse_filter()
        developer, _, *others = _COLUMNS
        ends_alike = any("#" in each.masked for each in keys.keys)
        self.rows.show_columns(developer, _KEY_WITH_FINGERPRINT if ends_alike else _KEY, *others)
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
        self.filter.begin_word()
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
        self._wanted = None
        self._show_rows()
        self.rows.focus()
        return True

    @on(Input.Changed, "#filter")
    def _apply_filter(self) -> None:
        self._parse_filter()
        self._show_rows()

    @on(Input.Submitted, "#filter")
    def _focus_list(self, event: Input.Submitted) -> None:
        event.stop()
        error = self._parse_filter()
        if error is None:
            self.rows.focus()
            return
        self.filter.select_range(error.start, error.end)
        self.post_message(self.FilterRefused(error))

    def _completions(self, text: str) -> tuple[str, ...]:
        from core.keys.filter import completions

        return completions(text, self._keys.values())

    def _parse_filter(self) -> FilterError | None:
        """Parse the text of the filter; return the first error, and go by the other words if there is one."""
        text = self.filter.value
        if not text.strip():
            self._wanted = None
            return None
        # Imported here, since the start needs no filter.
        from core.keys.filter import parse_key_filter

        first: FilterError | None = None
        while True:
            try:
                self._wanted = parse_key_filter(text, self._keys.values(), self._today())
            except FilterError as error:
                first = first or error
                text = text[: error.start] + text[error.end :]
            else:
                return first

    @on(RowList.Highlighted)
    def _follow_cursor(self, event: RowList.Highlighted) -> None:
        event.stop()
        self.query_one(KeyDetails).follow(self._show_details)

    def _show_details(self) -> None:
        if not self.is_attached:
            return
        key = self.key
        remarks = _status_remarks(key, self._differences) if key else []
        self.query_one(KeyDetails).show_key(key, remarks, self._histories.get(key.fingerprint) if key else None)
        self.post_message(self.Rested(key))

    def show_history(self, key: ApiKey, lines: Sequence[Line]) -> None:
        """Display what happened to a key below its details, if it is still the highlighted one."""
        self._histories[key.fingerprint] = lines
        if self.key is not None and self.key.fingerprint == key.fingerprint:
            self.query_one(KeyDetails).show_key(key, _status_remarks(key, self._differences), lines)

    def has_history(self, key: ApiKey) -> bool:
        """Return True if the history of a key is loaded since the keys were last shown."""
        return key.fingerprint in self._histories

    def _matching(self) -> list[ApiKey]:
        wanted = self._wanted
        return [key for key in self._keys.values() if wanted is None or wanted.matches(key)]

    def _show_matching(self, keep: str | None = None) -> None:
        rows = [_row(key, changed=key.fingerprint in self._differences) for key in self._matching()]
        self.rows.show(rows, keep=keep)

    def _show_rows(self) -> None:
        matching = self._matching()
        shown, count = len(matching), len(self._keys)
        self.rows.set_empty_text("No key matches the filter. Press Esc to show all." if count else self._none)
        self._show_matching()
        enabled = sum(key.status.enabled and not key.gone for key in matching)
        total = str(count) if shown == count else f"{shown} of {count}"
        self._counts = f"{total} · {enabled} on"
        self._show_title()
        self._show_details()

    def _show_title(self) -> None:
        """Show the counts in the upper border, and where the list comes from next to them or in the lower border."""
        panel = self.query_one("#keys-panel", Panel)
        text = f"{self._counts} · {self._label}"
        fits = cell_width(text) + _TITLE_FRAME <= panel.outer_size.width
        panel.show_title("Keys", text if fits else self._counts)
        panel.show_subtitle("" if fits else self._label)

    def on_resize(self) -> None:
        """Put the title where it fits now, and ask for the history if there is room for it now."""
        if self._counts:
            self._show_title()
            self.post_message(self.Rested(self.key))


def _row(key: ApiKey, *, changed: bool) -> Row:
    agreement = key.fields.agreement_since
    cells = (
        key.developer,
        short_key(key),
        status_word(key),
        f"{key.added:%Y-%m-%d}" if key.added else "–",
        f"{agreement:%Y-%m-%d}" if agreement else "none" if key.known else "–",
        key.fields.email or "–",
    )
    tones = {_STATUS: status_tone(key)}
    if key.known and agreement is None:
        tones[_AGREEMENT] = "warning"
    return Row(cells, key.fingerprint, tones=tones, mark=_CHANGED if changed else "")


def _status_remarks(key: ApiKey, differences: Mapping[str, str]) -> list[str]:
    """Return how a key's status changed since the previous list, and its last known status if it is unknown now."""
    changed = differences.get(key.fingerprint)
    remarks = [f"{_CHANGED} {changed}"] if changed else []
    if key.unusable:
        remarks.append(f"Unusable: it {key.unusable}")
    return [*remarks, *([f"Last known: {key.last_known}"] if key.last_known else [])]
