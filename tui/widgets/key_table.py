"""The API keys of a practice: a list with a filter, and the details of the highlighted key next to it.

The first picture has no keys yet, so what draws a key is imported where it is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from textual import on
from textual.containers import Horizontal
from textual.message import Message
from textual.widgets import Input

from core.opendental.price_list import DEFAULT_PRICES
from tui.widgets.filter_input import FilterInput
from tui.widgets.key_columns import COLUMNS, COLUMNS_WITH_FINGERPRINT
from tui.widgets.key_details import KeyDetails
from tui.widgets.panel import Panel
from tui.widgets.row_list import RowList
from tui.widgets.safe_text import cell_width
from tui.widgets.selectable_list import SelectableList, Selection

if TYPE_CHECKING:
    from collections.abc import Sequence

    from textual.app import ComposeResult

    from core.filtering.terms import FilterError
    from core.keys.filter import KeyFilter
    from core.model.api_key import ApiKey, KeyList
    from core.model.developer_use import DeveloperUse, KnownUse, UseDetails
    from core.model.key_note import KeyNote
    from tui.widgets.key_order import KeyOrder
    from tui.widgets.tones import Line
    from tui.widgets.use_lines import KeyUse

_TITLE_FRAME = 12
"""The cells of the border's upper line that are left to its corners, blanks and the panel's name."""

EXAMPLE_FILTER = "status:on may:pay -baa:none"
"""The filter that the empty field shows as an example."""


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
        self._is_filled = False
        self._keys: dict[str, ApiKey] = {}
        self._label = self._counts = self._none = ""
        self._chosen_order: KeyOrder | None = None
        self._use: KnownUse | None = None
        self._use_details: dict[str, UseDetails] = {}
        self.prices = DEFAULT_PRICES
        """The monthly prices of keys, by which an unused one is told from a free one."""
        self._differences: Mapping[str, str] = {}
        self._histories: dict[str, Sequence[Line]] = {}
        self._notes: Mapping[str, KeyNote] | None = None
        self.notes: tuple[str, ...] = ()
        """The remarks on the list, one sentence each."""

    def compose(self) -> ComposeResult:
        """Compose the list with its filter, and the details."""
        with Panel(id="keys-panel"):
            hidden = FilterInput(id="filter", placeholder=f"{EXAMPLE_FILTER}; Tab completes")
            # From the start, since the first picture would be laid out again without it.
            hidden.display = False
            yield hidden
            yield SelectableList(*COLUMNS, empty="", id="keys")
        yield KeyDetails()

    def on_mount(self) -> None:
        """Show the title and empty details."""
        if self.children:  # there are none if the screen was closed before this was composed
            self.filter.completions = self._completions
            self.query_one("#keys-panel", Panel).show_title("Keys")
            self.query_one(KeyDetails).show_key(None, ())

    @property
    def rows(self) -> SelectableList:
        """The list."""
        return self.query_one("#keys", SelectableList)

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
    def selection(self) -> Selection:
        """The selected keys by their fingerprints."""
        return self.rows.selection

    @property
    def selected_keys(self) -> tuple[ApiKey, ...]:
        """The selected keys that the list shows, in its order."""
        return tuple(self._keys[str(identity)] for identity in self.selection.shown)

    @on(SelectableList.SelectionChanged)
    def _count_selected(self) -> None:
        self._show_title()

    def sort_by_next(self) -> str:
        """Sort by the next column that is shown, and return its title."""
        shown = [order for order in self._orders if self.rows.shows_column(order.column)]
        place = shown.index(self._order) if self._order in shown else -1
        self._chosen_order = shown[(place + 1) % len(shown)]
        self._show_matching()
        return COLUMNS[self._order.column].title

    @property
    def why_empty(self) -> str:
        """The reason why no key is highlighted, in a few words."""
        return "No key matches. Press Esc to show all." if self.filtered else self._none

    def show(self, keys: KeyList) -> None:
        """Display other keys. The cursor stays on its key."""
        self._is_filled = True
        self._keys = {key.fingerprint: key for key in keys.keys}
        self._label = keys.authority.label
        # Without a list from the authority, no keys means only that none is known.
        self._none = "No API keys yet. Press a to add one." if keys.authority.may_change else "No key list available."
        self._differences = keys.differences
        self.notes = keys.notes
        self.rows.keep_selected(self._keys)
        self._histories.clear()
        self._use_details.clear()
        self._parse_filter()
        ends_alike = any("#" in each.masked for each in keys.keys)
        self.rows.show_columns(*(COLUMNS_WITH_FINGERPRINT if ends_alike else COLUMNS))
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
        from core.filtering.terms import FilterError
        from core.keys.filter import parse_key_filter

        first: FilterError | None = None
        while True:
            try:
                self._wanted = parse_key_filter(
                    text, self._keys.values(), self._today(), self._use.developers if self._use else {}
                )
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
        self._redraw_details()
        self.post_message(self.Rested(self.key))

    def _redraw_details(self) -> None:
        from tui.widgets.key_rows import status_remarks

        key = self.key
        remarks = status_remarks(key, self._differences) if key else []
        history = self._histories.get(key.fingerprint) if key else None
        self.query_one(KeyDetails).show_key(key, remarks, history, self._use_of(key), self._note_of(key))

    # -- use ---------------------------------------------------------------------

    @property
    def developers(self) -> tuple[str, ...]:
        """The developers of the keys, each once."""
        return tuple(dict.fromkeys(key.developer for key in self._keys.values() if key.developer.strip()))

    def show_use(self, known: KnownUse) -> None:
        """Display what is known of the keys' use. The filter and the order follow it.

        Of a developer who has other former names by now, what was known before stays until it has been read again.
        """
        before = self._use
        if before is not None:
            kept = {name: before.developers[name] for name in self.developers if name in before.developers}
            known = replace(known, developers={**kept, **known.developers})
        self._use = known
        self._forget_outdated_details(before, known)
        from tui.widgets.use_lines import reads_like

        if before is not None and reads_like(before, known):
            return
        self._parse_filter()
        self._show_rows()

    def show_use_details(self, key: ApiKey, details: UseDetails) -> None:
        """Display what was counted for a key, if it is still the highlighted one."""
        if key.fingerprint not in self._keys:
            # The list was read again while this was counted, and no longer has the key.
            return
        self._use_details[key.fingerprint] = details
        if self.key is not None and self.key.fingerprint == key.fingerprint:
            self._redraw_details()

    def _forget_outdated_details(self, before: KnownUse | None, after: KnownUse) -> None:
        """Forget what was counted for a key if its developer has made changes since, or has other former names."""
        for fingerprint in tuple(self._use_details):
            name = self._keys[fingerprint].developer
            use = after.developers.get(name)
            if use is None or before is None or not use.counts_same_changes(before.developers.get(name)):
                del self._use_details[fingerprint]

    def needs_use_details(self, key: ApiKey) -> bool:
        """Return True if the developer of a key made changes, and what is counted only for one key isn't known yet."""
        use = self._use.developers.get(key.developer) if self._use else None
        return use is not None and use.last is not None and key.fingerprint not in self._use_details

    def use_of_developer(self, developer: str) -> DeveloperUse | None:
        """Return what is known of a developer's use."""
        return self._use.developers.get(developer) if self._use else None

    def _use_of(self, key: ApiKey | None) -> KeyUse | None:
        if key is None or self._use is None:
            return None
        from tui.widgets.use_lines import KeyUse

        details = self._use_details.get(key.fingerprint)
        return KeyUse.of(key, self._use, self.prices, self._keys.values(), details)

    def _last_change(self, key: ApiKey) -> datetime | None:
        use = self._use.developers.get(key.developer) if self._use else None
        return use.last if use is not None else None

    # -- notes -------------------------------------------------------------------

    def show_notes(self, notes: Mapping[str, KeyNote]) -> None:
        """Display the notes on keys, by the keys' fingerprints; those without notes may be missing."""
        if notes != self._notes:
            self._notes = notes
            self._show_matching()
            self._redraw_details()

    def _note_of(self, key: ApiKey | None) -> KeyNote | None:
        """Return the notes on a key; None if they aren't known yet."""
        if key is None or self._notes is None:
            return None
        from core.model.key_note import NO_NOTE

        return self._notes.get(key.fingerprint, NO_NOTE)

    # -- history -----------------------------------------------------------------

    def show_history(self, key: ApiKey, lines: Sequence[Line]) -> None:
        """Display what happened to a key below its details, if it is still the highlighted one."""
        self._histories[key.fingerprint] = lines
        if self.key is not None and self.key.fingerprint == key.fingerprint:
            self._redraw_details()

    def forget_history(self) -> None:
        """Have the history of the highlighted key loaded again, because an entry about it was written."""
        if self.key is not None:
            self._histories.pop(self.key.fingerprint, None)
            self.post_message(self.Rested(self.key))

    def has_history(self, key: ApiKey) -> bool:
        """Return True if the history of a key is loaded since the keys were last shown."""
        return key.fingerprint in self._histories

    @cached_property
    def _orders(self) -> tuple[KeyOrder, ...]:
        from tui.widgets.key_order import orders

        return orders(self._last_change, self._note_of)

    @property
    def _order(self) -> KeyOrder:
        return self._chosen_order or self._orders[0]

    def _matching(self) -> list[ApiKey]:
        wanted = self._wanted
        return self._order.sorted(key for key in self._keys.values() if wanted is None or wanted.matches(key))

    def _show_matching(self, keep: str | None = None) -> None:
        from tui.widgets.key_rows import key_row

        rows = [
            key_row(key, self._use, self._note_of(key), changed=key.fingerprint in self._differences)
            for key in self._matching()
        ]
        self.rows.show(rows, keep=keep)
        self.rows.show_order(self._order.column, descending=self._order.descending)

    def _show_rows(self) -> None:
        if not self._is_filled:
            return
        matching = self._matching()
        shown, count = len(matching), len(self._keys)
        self.rows.set_empty_text("No key matches. Press Esc to show all." if count else self._none)
        self._show_matching()
        enabled = sum(key.status.enabled and not key.gone for key in matching)
        total = str(count) if shown == count else f"{shown} of {count}"
        self._counts = f"{total} · {enabled} on"
        self._show_title()
        self._show_details()

    def _show_title(self) -> None:
        """Show the counts in the upper border, and where the list comes from next to them or in the lower border."""
        panel = self.query_one("#keys-panel", Panel)
        counts = " · ".join(filter(None, (self._counts, self.selection.counts)))
        text = f"{counts} · {self._label}"
        fits = cell_width(text) + _TITLE_FRAME <= panel.outer_size.width
        panel.show_title("Keys", text if fits else counts)
        panel.show_subtitle("" if fits else self._label)

    def on_resize(self) -> None:
        """Put the title where it fits now, and ask for the history if there is room for it now."""
        if self._counts:
            self._show_title()
            self.post_message(self.Rested(self.key))
