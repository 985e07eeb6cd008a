"""The part of a long list that is in memory: it grows at one end, is cut at the other, and knows where to go on."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

import pytest

from core.audit.paging import Direction, PageCursor
from core.model.audit_entry import AuditEntry, Genuineness
from tui.widgets import entry_window
from tui.widgets.entry_window import EntryWindow
from tui.widgets.row_list import Row


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
        genuineness=Genuineness.GENUINE,
        stored_moment=f"moment {number}",
        stored_hashes=(),
        computed_hash="",
    )


def entries(newest: int, oldest: int) -> list[AuditEntry]:
    return [entry(number) for number in range(newest, oldest - 1, -1)]


def place(number: int) -> PageCursor:
    return PageCursor(f"moment {number}", number)


def numbers(window: EntryWindow) -> list[int]:
    return [each.number for each in window.entries]


@pytest.fixture
def window(monkeypatch: pytest.MonkeyPatch) -> EntryWindow:
    """A window on the ten entries 50 to 41, which has room for no more."""
    monkeypatch.setattr(entry_window, "MOST", 10)
    made = EntryWindow(lambda each: Row((str(each.number),), each.number))
    made.extend(Direction.OLDER, entries(50, 41), place(41))
    return made


def test_a_new_window_is_empty_and_knows_no_way_on() -> None:
    empty = EntryWindow(lambda each: Row((), each.number))
    assert (len(empty), empty.entry(0), empty.find(1)) == (0, None, None)
    assert [empty.next_cursor(direction) for direction in Direction] == [None, None]


def test_an_entry_and_its_row_are_found_by_place_and_by_number(window: EntryWindow) -> None:
    assert window.find(48) == 2
    assert window.row(2) == Row(("48",), 48)
    assert window.entry(2) == entry(48)
    assert (window.find(99), window.entry(10), window.entry(-1)) == (None, None, None)


def test_older_entries_push_out_the_newest_which_can_be_read_again(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 38), place(38)) == -3
    assert numbers(window) == [*range(47, 37, -1)]
    assert window.next_cursor(Direction.OLDER) == place(38)
    assert window.next_cursor(Direction.NEWER) == place(47)


def test_newer_entries_push_out_the_oldest_which_can_be_read_again(window: EntryWindow) -> None:
    assert window.extend(Direction.NEWER, entries(53, 51), None) == 3
    assert numbers(window) == [*range(53, 43, -1)]
    assert window.next_cursor(Direction.NEWER) is None
    assert window.next_cursor(Direction.OLDER) == place(44)


def test_older_entries_push_out_nothing_that_is_in_view(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 38), place(38), range(2, 6)) == -2
    assert numbers(window) == [*range(48, 38, -1)]
    assert window.next_cursor(Direction.OLDER) == place(39)
    assert window.next_cursor(Direction.NEWER) == place(48)
    assert window.extend(Direction.OLDER, entries(38, 1), None, range(4)) == 0
    assert numbers(window) == [*range(48, 38, -1)]
    assert window.next_cursor(Direction.OLDER) == place(39)


def test_newer_entries_push_out_nothing_that_is_in_view(window: EntryWindow) -> None:
    assert window.extend(Direction.NEWER, entries(53, 51), None, range(4, 8)) == 2
    assert numbers(window) == [*range(52, 42, -1)]
    assert window.next_cursor(Direction.NEWER) == place(52)
    assert window.next_cursor(Direction.OLDER) == place(43)
    assert window.extend(Direction.NEWER, entries(80, 53), None, range(6, 12)) == 0
    assert numbers(window) == [*range(52, 42, -1)]
    assert window.next_cursor(Direction.NEWER) == place(52)


def test_what_has_room_pushes_nothing_out(window: EntryWindow) -> None:
    window.begin()
    assert window.extend(Direction.OLDER, entries(50, 45), place(45)) == 0
    assert window.extend(Direction.OLDER, entries(44, 41), None) == 0
    assert numbers(window) == [*range(50, 40, -1)]
    assert [window.next_cursor(direction) for direction in Direction] == [None, None]


def test_a_page_without_entries_only_says_where_to_go_on(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, [], PageCursor("long ago")) == 0
    assert numbers(window) == [*range(50, 40, -1)]
    assert window.next_cursor(Direction.OLDER) == PageCursor("long ago")


def test_a_page_that_is_larger_than_the_window_leaves_its_end(window: EntryWindow) -> None:
    assert window.extend(Direction.OLDER, entries(40, 26), place(26)) == -15
    assert numbers(window) == [*range(35, 25, -1)]
    assert window.next_cursor(Direction.NEWER) == place(35)


@pytest.mark.parametrize(("direction", "kept"), [(Direction.OLDER, (40, 31)), (Direction.NEWER, (35, 26))])
def test_of_a_first_page_that_is_too_large_the_end_that_was_asked_for_stays(
    window: EntryWindow, direction: Direction, kept: tuple[int, int]
) -> None:
    window.begin()
    window.extend(direction, entries(40, 26), None, range(1))
    assert (numbers(window)[0], numbers(window)[-1]) == kept


def test_beginning_anew_forgets_all(window: EntryWindow) -> None:
    window.begin()
    assert len(window) == 0
    assert [window.next_cursor(direction) for direction in Direction] == [None, None]


def test_beginning_in_the_middle_knows_the_way_to_the_newer_entries(window: EntryWindow) -> None:
    window.begin(newer=place(20))
    window.extend(Direction.OLDER, entries(20, 18), place(18))
    assert window.next_cursor(Direction.NEWER) == place(20)


class Trail:
    """A long trail, read in pages as the service does."""

    def __init__(self, length: int) -> None:
        self.length = length

    def page(
        self, direction: Direction, start: PageCursor | None, size: int
    ) -> tuple[Sequence[AuditEntry], PageCursor | None]:
        if direction is Direction.OLDER:
            newest = self.length if start is None else (start.number or 0) - 1
            found = entries(newest, max(1, newest - size + 1))
            return found, place(found[-1].number) if found and found[-1].number > 1 else None
        oldest = 1 if start is None else (start.number or 0) + 1
        found = entries(min(self.length, oldest + size - 1), oldest)
        return found, place(found[0].number) if found and found[0].number < self.length else None


@pytest.mark.parametrize("seed", range(20))
def test_whichever_way_one_goes_no_entry_is_missing_or_twice(window: EntryWindow, seed: int) -> None:
    random, trail = Random(seed), Trail(80)  # noqa: S311 - any way will do
    window.begin()
    found, next_cursor = trail.page(Direction.OLDER, None, 4)
    window.extend(Direction.OLDER, found, next_cursor)
    for _ in range(200):
        direction = random.choice([*Direction])
        start = window.next_cursor(direction)
        if start is None:
            continue
        before = numbers(window)
        found, next_cursor = trail.page(direction, start, random.randint(0, 4))
        top = random.randint(0, len(before))
        in_view = range(top, min(top + 3, len(before)))
        moved = window.extend(direction, found, next_cursor if found else start, in_view)
        now = numbers(window)
        assert now == [*range(now[0], now[-1] - 1, -1)]
        assert len(now) <= 10
        assert all(now[index + moved] == each for index, each in enumerate(before) if 0 <= index + moved < len(now))
        assert all(before[index] in now for index in in_view)
        assert (window.next_cursor(Direction.NEWER) is None) == (now[0] == 80)
        assert (window.next_cursor(Direction.OLDER) is None) == (now[-1] == 1)
