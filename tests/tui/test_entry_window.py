"""Tests of `EntryWindow`: which entries stay loaded, and the cursors of the pages next to them."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from core.audit.paging import Direction, PageCursor
from core.model.audit_entry import AuditEntry, HashStatus
from tui.widgets import entry_window
from tui.widgets.entry_window import EntryWindow
from tui.widgets.rows import Row


def entry(number: int) -> AuditEntry:
    return AuditEntry(
        number=number,
        moment=None,
        permission_number=8,
        permission="Setup",
        user_num=1,
        user="admin",
        computer="",
        text="",
        text_masked=False,
        source="None",
        patient=0,
        last_edit=None,
        hash_status=HashStatus.MATCHES,
        stored_moment=f"moment {number}",
        stored_hashes=(),
        computed_hash="",
    )


def entries(newest: int, oldest: int) -> list[AuditEntry]:
    return [entry(number) for number in range(newest, oldest - 1, -1)]


def cursor_at(number: int) -> PageCursor:
    return PageCursor(f"moment {number}", number)


def numbers(window: EntryWindow) -> list[int]:
    return [each.number for each in window.entries]


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> EntryWindow:
    """A full window with the ten entries 50 to 41."""
    monkeypatch.setattr(entry_window, "MAX_ENTRIES", 10)
    full = EntryWindow(lambda each: Row((str(each.number),), each.number))
    full.extend(Direction.OLDER, entries(50, 41), cursor_at(41))
    return full


def test_a_new_window_has_no_entries_and_no_cursors() -> None:
    empty = EntryWindow(lambda each: Row((), each.number))
    assert (len(empty), empty.entry(0), empty.find(1)) == (0, None, None)
    assert [empty.next_cursor(direction) for direction in Direction] == [None, None]


def test_entries_are_found_by_index_and_by_number(window: EntryWindow) -> None:
    assert window.find(48) == 2
    assert window.row(2) == Row(("48",), 48)
    assert window.entry(2) == entry(48)
    assert (window.find(99), window.entry(10), window.entry(-1)) == (None, None, None)


def test_older_entries_replace_the_newest_and_move_the_newer_cursor(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 38), cursor_at(38)) == -3
    assert numbers(window) == [*range(47, 37, -1)]
    assert window.next_cursor(Direction.OLDER) == cursor_at(38)
    assert window.next_cursor(Direction.NEWER) == cursor_at(47)


def test_newer_entries_replace_the_oldest_and_move_the_older_cursor(window: EntryWindow) -> None:
    assert window.extend(Direction.NEWER, entries(53, 51), None) == 3
    assert numbers(window) == [*range(53, 43, -1)]
    assert window.next_cursor(Direction.NEWER) is None
    assert window.next_cursor(Direction.OLDER) == cursor_at(44)


def test_older_entries_do_not_replace_rows_in_view(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 38), cursor_at(38), range(2, 6)) == -2
    assert numbers(window) == [*range(48, 38, -1)]
    assert window.next_cursor(Direction.OLDER) == cursor_at(39)
    assert window.next_cursor(Direction.NEWER) == cursor_at(48)
    assert window.extend(Direction.OLDER, entries(38, 1), None, range(4)) == 0
    assert numbers(window) == [*range(48, 38, -1)]
    assert window.next_cursor(Direction.OLDER) == cursor_at(39)


def test_newer_entries_do_not_replace_rows_in_view(window: EntryWindow) -> None:
    assert window.extend(Direction.NEWER, entries(53, 51), None, range(4, 8)) == 2
    assert numbers(window) == [*range(52, 42, -1)]
    assert window.next_cursor(Direction.NEWER) == cursor_at(52)
    assert window.next_cursor(Direction.OLDER) == cursor_at(43)
    assert window.extend(Direction.NEWER, entries(80, 53), None, range(6, 12)) == 0
    assert numbers(window) == [*range(52, 42, -1)]
    assert window.next_cursor(Direction.NEWER) == cursor_at(52)


def test_a_window_that_is_not_full_drops_nothing(window: EntryWindow) -> None:
    window.reset()
    assert window.extend(Direction.OLDER, entries(50, 45), cursor_at(45)) == 0
    assert window.extend(Direction.OLDER, entries(44, 41), None) == 0
    assert numbers(window) == [*range(50, 40, -1)]
    assert [window.next_cursor(direction) for direction in Direction] == [None, None]


def test_an_empty_page_only_moves_the_cursor(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, [], PageCursor("long ago")) == 0
    assert numbers(window) == [*range(50, 40, -1)]
    assert window.next_cursor(Direction.OLDER) == PageCursor("long ago")


def test_only_the_end_of_a_page_larger_than_the_window_is_kept(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 26), cursor_at(26)) == -15
    assert numbers(window) == [*range(35, 25, -1)]
    assert window.next_cursor(Direction.NEWER) == cursor_at(35)


@pytest.mark.parametrize(("direction", "kept"), [(Direction.OLDER, (40, 31)), (Direction.NEWER, (35, 26))])
def test_the_requested_end_of_a_first_page_larger_than_the_window_is_kept(
    window: EntryWindow, direction: Direction, kept: tuple[int, int]
) -> None:
    window.reset()
    window.extend(direction, entries(40, 26), None, range(1))
    assert (numbers(window)[0], numbers(window)[-1]) == kept


def test_reset_removes_entries_and_cursors(window: EntryWindow) -> None:
    window.reset()
    assert len(window) == 0
    assert [window.next_cursor(direction) for direction in Direction] == [None, None]


def test_reset_in_the_middle_keeps_the_cursor_to_newer_entries(window: EntryWindow) -> None:
    window.reset(newer=cursor_at(20))
    window.extend(Direction.OLDER, entries(20, 18), cursor_at(18))
    assert window.next_cursor(Direction.NEWER) == cursor_at(20)


class Trail:
    """A long trail that returns pages as the audit service does."""

    def __init__(self, length: int) -> None:
        self.length = length

    def page(
        self, direction: Direction, start: PageCursor | None, size: int
    ) -> tuple[Sequence[AuditEntry], PageCursor | None]:
        if direction is Direction.OLDER:
            newest = self.length if start is None else (start.number or 0) - 1
            page = entries(newest, max(1, newest - size + 1))
            return page, cursor_at(page[-1].number) if page and page[-1].number > 1 else None
        oldest = 1 if start is None else (start.number or 0) + 1
        page = entries(min(self.length, oldest + size - 1), oldest)
        return page, cursor_at(page[0].number) if page and page[0].number < self.length else None


@pytest.mark.parametrize("seed", range(20))
def test_no_entry_is_missing_or_duplicated_after_random_paging(window: EntryWindow, seed: int) -> None:
    random, trail = Random(seed), Trail(80)  # noqa: S311 - a seeded test
    window.reset()
    page, next_cursor = trail.page(Direction.OLDER, None, 4)
    window.extend(Direction.OLDER, page, next_cursor)
    for _ in range(200):
        direction = random.choice([*Direction])
        start = window.next_cursor(direction)
        if start is None:
            continue
        before = numbers(window)
        page, next_cursor = trail.page(direction, start, random.randint(0, 4))
        top = random.randint(0, len(before))
        in_view = range(top, min(top + 3, len(before)))
        moved = window.extend(direction, page, next_cursor if page else start, in_view)
        now = numbers(window)
        assert now == [*range(now[0], now[-1] - 1, -1)]
        assert len(now) <= 10
        assert all(now[index + moved] == each for index, each in enumerate(before) if 0 <= index + moved < len(now))
        assert all(before[index] in now for index in in_view)
        assert (window.next_cursor(Direction.NEWER) is None) == (now[0] == 80)
        assert (window.next_cursor(Direction.OLDER) is None) == (now[-1] == 1)
