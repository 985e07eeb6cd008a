"""Searching the Audit Trail: the filter, pages loaded while scrolling, jumps to a day, and long searches."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

import pytest

from core.audit import search as audit_search
from core.audit.paging import Direction
from core.audit.search import AuditSearch
from core.audit.service import AuditService
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_audit_trail import cells, open_trail
from tui.modals.choice import Choice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.widgets import entry_window
from tui.widgets.entry_list import TrailList
from tui.widgets.filter_input import FilterInput

NEWEST = datetime(2024, 11, 5, 8)
FIRST_DAYS = "since:2024-10-26"


def numbered_entries(count: int, needles: Sequence[int] = ()) -> list[tuple[str, str]]:
    """Return this many entries, three in each minute and oldest first; number 7 has the text `Entry 00007`."""
    moments = [NEWEST - timedelta(minutes=(count - number) // 3) for number in range(1, count + 1)]
    texts = [f"Entry {number:05}" + " needle" * (number in needles) for number in range(1, count + 1)]
    return [(str(moment), text) for moment, text in zip(moments, texts, strict=True)]


def count_entries(where: str) -> int:
    return int(rows.query(f"SELECT count(*) FROM securitylog WHERE {where}")[0][0])


async def search(user: User, filter_text: str) -> None:
    """Replace the filter and search."""
    await user.fill("filter", filter_text)
    await user.press("enter")


async def search_everything(user: User) -> None:
    await search(user, "")


def filter_text(user: User) -> str:
    """Return the text of the filter."""
    return user.field("filter").value


def visible_numbers(user: User) -> list[int]:
    """Return the numbers of the visible entries, which must be consecutive."""
    numbers = [int(number) for number in re.findall(r"Entry (\d{5})", user.text)]
    assert numbers == [*range(numbers[0], numbers[-1] - 1, -1)]
    return numbers


def loaded_numbers(user: User) -> list[int]:
    return [row.identity for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]  # type: ignore[misc]  # numbers


# -- the filter ----------------------------------------------------------------------


async def test_the_last_ten_days_are_shown_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        assert filter_text(user) == FIRST_DAYS
        await user.press("G")
        assert user.row.startswith("2024-10-26")
        assert user.focused != "filter"


async def test_a_filter_finds_the_newest_entries_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, 'user:admin since:2024-10-15 text:"API key"')
        texts = [row[5] for row in cells(user)]
        assert len(texts) == 35
        assert all("API key" in text for text in texts)
        assert {row[2] for row in cells(user)} == {"admin"}
        moments = [row[0] for row in cells(user)]
        assert moments == sorted(moments, reverse=True)
        assert user.panel("entries") == "Entries  35"
        assert user.focused != "filter"


SAME_AS_SQL = [
    ("", "1"),
    ("since:2024-11-01", "LogDateTime >= '2024-11-01'"),
    ("until:2024-10-20", "LogDateTime < '2024-10-21'"),
    ("since:2024-10-20 until:2024-10-20", "LogDateTime LIKE '2024-10-20%'"),
    ("USER:MARIA", "UserNum = 2"),
    ('user:"Dr. Okafor" permission:PaymentCreate', "UserNum = 3 AND PermType = 15"),
    ("computer:desk-7", "CompName LIKE '%desk-7%'"),
    ('"payment of"', "LogText LIKE 'Payment of%'"),
    ("payment of", "LogText LIKE '%payment%' AND LogText LIKE '%of%'"),
    ("payment,claim -cash", "(LogText LIKE '%payment%' OR LogText LIKE '%claim%') AND LogText NOT LIKE '%cash%'"),
    ("user:mar", "UserNum IN (SELECT UserNum FROM userod WHERE UserName LIKE 'mar%')"),
    ("-user:mar,admin", "UserNum NOT IN (SELECT UserNum FROM userod WHERE UserName LIKE 'mar%' OR UserName = 'admin')"),
    ("permission:pay", "PermType IN (15, 16, 149, 208, 248)"),
    ("only:ours", "UserNum = 1"),
    ("only:unmatched", "SecurityLogNum = 288"),
]


async def test_a_filter_finds_the_same_entries_as_sql(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        for typed, where in SAME_AS_SQL:
            with case(typed):
                await search(user, typed)
                while " loaded" in user.panel("entries"):
                    user.list.cursor = len(user.list.rows) - 1
                    await user.settle()
                assert len(user.list.rows) == count_entries(where)


async def test_an_unknown_filter_field_is_selected_and_the_list_is_kept(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = cells(user)
        await search(user, "user:Maria sinse:2024-11-01 text:edited")
        assert user.status_text == 'Unknown filter field "sinse:". Did you mean since:?'
        field = user.field("filter")
        assert (field.selected_text, user.focused) == ("sinse:2024-11-01", "filter")
        assert cells(user) == before
        await user.enter_text("since:2024-11-01")
        assert user.status_text == ""
        await user.press("enter")
        assert filter_text(user) == "since:2024-11-01 user:Maria text:edited"
        assert {row[2] for row in cells(user)} == {"Maria"}


ERRORS = [
    ("user:Mario", "user:Mario", "Unknown user: Mario. Did you mean Maria?"),
    ("x since:2024-02-30", "since:2024-02-30", "Not a valid date: 2024-02-30."),
    ('text:"open', 'text:"open', "A closing double quote is missing."),
    ("only:mine", "only:mine", "only:mine isn't a valid filter."),
    ("since:2024-11-02 until:2024-11-01", "since:2024-11-02", "The range ends on 2024-11-01"),
]


async def test_an_error_in_the_filter_selects_the_wrong_word(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        for typed, word, said in ERRORS:
            with case(typed):
                await search(user, typed)
                assert user.status_text.startswith(said)
                assert user.field("filter").selected_text == word
                await user.press("escape")


async def test_escape_leaves_the_filter_as_it_was(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = cells(user)
        await user.press("slash")
        assert user.focused == "filter"
        await user.enter_text("user:Maria")
        assert filter_text(user) == f"{FIRST_DAYS} user:Maria"
        await user.press("escape")
        assert (filter_text(user), cells(user)) == (FIRST_DAYS, before)
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        assert user.focused != "filter"


async def test_the_cursor_starts_after_a_space_at_the_end_of_the_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("exclamation_mark", "slash")
        await user.enter_text("user:Maria")
        assert filter_text(user) == f"{FIRST_DAYS} only:unmatched user:Maria"


async def test_letters_in_the_filter_are_only_letters(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("slash", "end", "ctrl+u", *"onfdvxrcGgq")
        assert filter_text(user) == "onfdvxrcGgq"
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


COMPLETED = [
    ("us", "user:"),
    ("user:ma", "user:Maria"),
    ("user:dr", 'user:"Dr. Okafor"'),
    ("since:2024-11-01 permission:paymentc", "since:2024-11-01 permission:PaymentCreate"),
    ("only:u", "only:unmatched"),
    ("so", "source:"),
]


async def test_tab_completes_the_last_word(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        for typed, completed in COMPLETED:
            with case(typed):
                await user.fill("filter", typed)
                await user.press("tab")
                assert (filter_text(user), user.focused) == (completed, "filter")
                assert user.field("filter").cursor_position == len(completed)


async def test_tab_shows_the_possible_completions(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.fill("filter", "text:x user:")
        await user.press("tab")
        assert user.status_text.split("  ") == [
            "user:none",
            "user:admin",
            'user:"Dr. Okafor"',
            'user:"Front Desk"',
            "user:Maria",
        ]
        await user.press("x", "tab")
        assert user.status_text == "No completions."
        assert filter_text(user) == "text:x user:x"


async def test_while_typing_the_key_bar_shows_the_keys_of_the_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("slash")
        assert user.keys == "Tab Complete  Enter Search  Esc Back  ^g Help"
        assert user.status_text == "Tab completes, Enter searches, Esc cancels."
        await user.press("escape")
        assert "/ Filter" in user.keys


async def test_o_and_n_combine_with_the_rest_of_the_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("exclamation_mark")
        assert filter_text(user) == f"{FIRST_DAYS} only:unmatched"
        assert user.panel("entries") == "Entries  1 · 1 altered"
        await user.press("o")
        assert filter_text(user) == f"{FIRST_DAYS} only:ours only:unmatched"
        assert "No entry matches the filter. Press / to change the filter." in user.text
        await user.press("exclamation_mark")
        assert user.panel("entries") == "Entries  11"
        assert cells(user)[0][5] == "API/FHIR"
        await user.press("o")
        assert filter_text(user) == FIRST_DAYS
        assert len(user.list.rows) == 100


async def test_a_user_permission_or_log_source_can_be_chosen_from_a_list(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        for kind, typed, word in (
            ("u", "okaf", 'user:"Dr. Okafor"'),
            ("p", "paymentcr", "permission:PaymentCreate"),
            ("l", "none", "source:None"),
        ):
            with case(word):
                await user.press("f")
                await user.at(Question)
                await user.press(kind)
                await user.at(Choice)
                await user.enter_text(typed)
                await user.press("enter")
                await user.at(AuditTrailScreen)
                assert filter_text(user) == f"{FIRST_DAYS} {word}"
                assert len(user.list.rows)
                await user.press("f", kind, "enter")
                await user.at(AuditTrailScreen)
                assert filter_text(user) == FIRST_DAYS


async def test_escape_in_the_choice_changes_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        for keys in (["escape"], ["u", "escape"]):
            with case(keys):
                await user.press("f", *keys)
                assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
                assert filter_text(user) == FIRST_DAYS


async def test_a_filter_typed_during_the_first_load_is_kept(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditService, "users")
        user.send("t")
        await until(held.entered.is_set)
        await until(lambda: isinstance(user.app.screen, AuditTrailScreen))
        user.send("slash")
        await until(lambda: isinstance(user.app.focused, FilterInput))
        user.send(*"text:x")
        await until(lambda: filter_text(user) == "text:x")
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert (filter_text(user), user.focused) == ("text:x", "filter")
        await user.press("escape")
        assert filter_text(user) == FIRST_DAYS


# -- pages ---------------------------------------------------------------------------


async def test_scrolling_down_and_back_up_shows_each_entry_once_and_in_order(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(entry_window, "MAX_ENTRIES", 300)
    rows.fill_trail(numbered_entries(900))
    async with run_program(demo) as user:
        await open_trail(user)
        seen = visible_numbers(user)
        assert seen[0] == 900
        for key, last in (("pagedown", 1), ("pageup", 900)):
            for _ in range(100):
                row = user.row
                await user.press(key)
                visible = visible_numbers(user)
                # The views before and after the key overlap or are adjacent.
                assert min(seen) <= max(visible) + 1
                assert min(visible) <= max(seen) + 1
                assert len(user.list.rows) <= 300
                seen = visible
                if user.row == row:
                    break
            assert last in seen
        assert user.row.endswith("API/FHIR")


async def test_memory_is_bounded_and_dropped_entries_are_loaded_again(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(2_500))
    async with run_program(demo) as user:
        await open_trail(user)
        for last in (1, 2_501):
            while (loaded_numbers(user)[-1] if last == 1 else loaded_numbers(user)[0]) != last:
                user.list.cursor = len(user.list.rows) - 1 if last == 1 else 0
                await user.settle()
                numbers = loaded_numbers(user)
                assert numbers == [*range(numbers[0], numbers[-1] - 1, -1)]
                assert len(numbers) <= entry_window.MAX_ENTRIES
            assert len(user.list.rows) > entry_window.MAX_ENTRIES - 100


@pytest.mark.parametrize("window_size", [180, 1_000], ids=["and drops others", "and drops none"])
async def test_a_page_that_arrives_does_not_move_the_view(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, gate: Gates, window_size: int
) -> None:
    monkeypatch.setattr(entry_window, "MAX_ENTRIES", window_size)
    rows.fill_trail(numbered_entries(400))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page")
        user.list.cursor = 75
        await until(held.entered.is_set)
        await user.pilot.pause()
        row, visible = user.row, visible_numbers(user)
        held.open()
        await until(lambda: loaded_numbers(user)[-1] < 301)
        await user.settle()
        assert (user.row, visible_numbers(user)) == (row, visible)
        assert len(user.list.rows) == min(window_size, 199)


async def test_a_newer_page_that_arrives_does_not_move_the_view(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, gate: Gates
) -> None:
    monkeypatch.setattr(entry_window, "MAX_ENTRIES", 180)
    rows.fill_trail(numbered_entries(400))
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("G")
        held = gate(AuditSearch, "page")
        user.list.cursor = 20
        await until(held.entered.is_set)
        await user.pilot.pause()
        row, visible, newest = user.row, visible_numbers(user), loaded_numbers(user)[0]
        held.open()
        await until(lambda: loaded_numbers(user)[0] > newest)
        await user.settle()
        assert (user.row, visible_numbers(user)) == (row, visible)
        assert len(user.list.rows) == 180


async def test_a_late_older_page_does_not_drop_the_newest_entries(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, gate: Gates
) -> None:
    monkeypatch.setattr(entry_window, "MAX_ENTRIES", 180)
    rows.fill_trail(numbered_entries(400))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page")
        user.list.cursor = 75
        await until(held.entered.is_set)
        user.send("home")
        await until(lambda: user.list.cursor == 0)
        await user.pilot.pause()
        visible = visible_numbers(user)
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert user.row.endswith("API/FHIR")
        assert visible_numbers(user) == visible
        assert len(user.list.rows) <= 180
        for _ in range(60):
            await user.press("pagedown")
        assert visible_numbers(user)[-1] == 1


async def test_a_late_request_for_more_entries_loads_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "since:2024-11-04")
        before = loaded_numbers(user)
        for direction in Direction:
            # As if a key had requested it while the last page was being loaded.
            user.list.post_message(TrailList.PageRequested(direction))
        await user.settle()
        assert loaded_numbers(user) == before


async def test_one_key_goes_to_the_oldest_or_newest_entry(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(2_500))
    async with run_program(demo) as user:
        await open_trail(user)
        for oldest, newest in (("G", "g"), ("end", "home")):
            await user.press(oldest)
            assert user.row.endswith("Entry 00001")
            assert visible_numbers(user)[-1] == 1
            await user.press("up")
            assert user.row.endswith("Entry 00002")
            await user.press(newest)
            assert user.row.endswith("API/FHIR")
            assert visible_numbers(user)[0] == 2_500


async def test_scrolling_up_from_the_oldest_entry_reaches_the_newest(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(500))
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("G")
        seen = set(visible_numbers(user))
        for _ in range(60):
            await user.press("pageup")
            seen |= set(visible_numbers(user))
        assert seen == set(range(1, 501))
        assert user.row.endswith("API/FHIR")


# -- jumping to a day ----------------------------------------------------------------


async def go_to_day(user: User, day: str) -> None:
    await user.press("D")
    await user.at(Prompt)
    await user.press("end", "ctrl+u")
    await user.enter_text(day)
    await user.press("enter")


@pytest.mark.parametrize("day", ["2024-11-01", "4d"])
async def test_d_goes_to_the_last_entry_of_a_day(demo: OpenRequest, day: str) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await go_to_day(user, day)
        assert user.row.startswith("2024-11-01")
        await user.press("up")
        assert user.row.startswith("2024-11-02")
        await user.press("down", "down")
        assert user.row.startswith("2024-11-01")
        await user.press("g")
        assert user.row.startswith("2024-11-05 09:03")
        assert filter_text(user) == FIRST_DAYS


async def test_scrolling_works_in_both_directions_from_a_day(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(9_000))
    async with run_program(demo) as user:
        await open_trail(user)
        await go_to_day(user, "2024-11-04")
        [(last,)] = rows.query("SELECT max(SecurityLogNum) FROM securitylog WHERE LogDateTime LIKE '2024-11-04%'")
        assert user.row.endswith(f"Entry {last:05}")
        seen = set(visible_numbers(user))
        for key, presses in (("pageup", 20), ("pagedown", 35)):
            for _ in range(presses):
                await user.press(key)
                seen |= set(visible_numbers(user))
        assert seen >= set(range(last - 100, last + 200))
        assert seen == set(range(min(seen), max(seen) + 1))


async def test_a_day_before_all_entries_goes_to_the_oldest(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search_everything(user)
        await go_to_day(user, "2020-01-01")
        assert user.row.startswith("2023-10-02 09:03")
        await user.press("down")
        assert user.row.endswith(cells(user)[-1][5])


async def test_a_day_with_only_undated_entries_before_it_says_so(demo: OpenRequest) -> None:
    rows.execute("UPDATE securitylog SET LogDateTime = '0000-00-00 00:00:00' WHERE SecurityLogNum = 1")
    async with run_program(demo) as user:
        await open_trail(user)
        await search_everything(user)
        await go_to_day(user, "2020-01-01")
        assert user.row.startswith("(no date)")
        assert user.status_text.startswith("No dated entry is that old. Showing entries without a date.")


@pytest.mark.parametrize(
    ("day", "said"),
    [
        ("2024-10-01", "2024-10-01 is outside the filter's dates."),
        ("soon", "Not a valid date: soon."),
        ("", "The date is missing."),
    ],
)
async def test_an_invalid_day_is_refused_and_can_be_corrected(demo: OpenRequest, day: str, said: str) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        row = user.row
        await go_to_day(user, day)
        await user.at(Prompt)
        assert user.status_text.startswith(said)
        await user.press("escape")
        assert (user.row, user.stack) == (row, ["ApiSetupScreen", "AuditTrailScreen"])


async def test_actions_that_need_the_date_are_disabled_until_it_is_loaded(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditService, "users")
        user.send("t")
        await until(held.entered.is_set)
        await until(lambda: isinstance(user.app.screen, AuditTrailScreen))
        for key in "onfdx":
            user.send(key)
            await user.pilot.pause()
            assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        held.open()
        await until(held.left.is_set)
        await user.settle()
        assert filter_text(user) == FIRST_DAYS
        await user.press("D")
        await user.at(Prompt)


# -- long searches -------------------------------------------------------------------


@pytest.fixture
def _small_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make a search of a thousand entries take twenty steps."""
    for name in ("SLICE_SIZE", "HASHED_SLICE_SIZE"):
        monkeypatch.setattr(audit_search, name, 50)
    monkeypatch.setattr(audit_search, "SLICES_PER_PAGE", 1)
    monkeypatch.setattr(audit_search, "MAX_SELECTIVE_ROWS", 0)


small_slices = pytest.mark.usefixtures("_small_slices")


@small_slices
async def test_a_long_search_shows_its_progress(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000, needles=[990]))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page", hold=4)
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        await until(lambda: user.status_text.startswith("Searching"))
        assert user.status_text == "Searching: 2024-11-05, 1 entry. Esc stops."
        assert user.row.endswith("Entry 00990 needle")
        held.open()
        await user.settle()
        assert user.panel("entries") == "Entries  1"


@small_slices
async def test_escape_stops_a_long_search_and_n_continues_it(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000, needles=[5]))
    async with run_program(demo) as user:
        await open_trail(user)
        pages = gate(AuditSearch, "page", hold=0)
        await search(user, "needle")
        needed, pages.calls = pages.calls, 0
        assert needed > 5
        held = gate(AuditSearch, "page", hold=needed - 1)
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        assert user.status_text == "Stopped: 0 entries. Press n to continue."
        held.open()
        await user.settle()
        assert "Stopped before any entry was found. Press n to continue." in user.text
        assert user.keys.startswith("n Continue")
        assert pages.calls == needed - 1
        await user.press("n")
        assert user.row.endswith("Entry 00005 needle")
        assert user.panel("entries") == "Entries  1"
        assert "Continue" not in user.keys
        # Only the page during which the search was stopped is loaded twice.
        assert pages.calls == needed + 1


@small_slices
async def test_a_continued_search_without_matches_says_so(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(500))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page", hold=2)
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.press("n")
        assert "No entry matches the filter. Press / to change the filter." in user.text
        assert "Stopped" not in user.text


@small_slices
async def test_a_search_stopped_before_its_first_page_starts_again(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(500, needles=[400]))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page")
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.press("f2")
        assert user.row.endswith("Entry 00400 needle")


@small_slices
async def test_moving_the_cursor_does_not_continue_a_stopped_search(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000, needles=range(900, 1_001)))
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "needle")
        held = gate(AuditSearch, "page")
        user.list.cursor = len(user.list.rows) - 1
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.press("up", "pageup", "pagedown", "pagedown")
        assert held.calls == 1
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        await user.press("n", "G")
        assert user.row.endswith("Entry 00900 needle")
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


@small_slices
async def test_a_new_search_replaces_a_stopped_one(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page", hold=3)
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await search(user, "text:Entry")
        assert visible_numbers(user)[0] == 1_000
        assert "Continue" not in user.keys
        await user.press("pagedown", "pagedown", "pagedown", "pagedown", "pagedown", "pagedown")
        assert visible_numbers(user)[0] < 950


@small_slices
async def test_a_stopped_jump_to_a_day_keeps_the_newer_entries_reachable(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(9_000, needles=[8_990]))
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "text:needle")
        held = gate(AuditSearch, "page", hold=3)
        await user.press("D")
        await user.at(Prompt)
        await user.press("end", "ctrl+u")
        await user.enter_text("2024-11-04")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.settle()
        await user.press("g")
        assert user.row.endswith("Entry 08990 needle")


@small_slices
async def test_entries_that_do_not_match_are_searched_in_steps(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    rows.execute("UPDATE securitylog SET LogText = 'Entry 00003 changed' WHERE SecurityLogNum = 3")
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 700")
    async with run_program(demo) as user:
        await open_trail(user)
        pages = gate(AuditSearch, "page", hold=0)
        await user.press("exclamation_mark")
        assert [row[5] for row in cells(user)] == ["Entry 00700", "Entry 00003 changed"]
        assert user.panel("entries") == "Entries  2 · 1 altered · 1 without hash"
        assert pages.calls > 5


@small_slices
async def test_escape_in_the_filter_does_not_stop_the_search(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(300, needles=[3]))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page", hold=2)
        await user.fill("filter", "needle")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("slash")
        await until(lambda: isinstance(user.app.focused, FilterInput))
        user.send("escape")
        await until(lambda: isinstance(user.app.focused, TrailList))
        held.open()
        await user.settle()
        assert user.row.endswith("Entry 00003 needle")


# -- reload --------------------------------------------------------------------------


async def test_reload_far_down_keeps_the_position(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(2_500))
    async with run_program(demo) as user:
        await open_trail(user)
        while loaded_numbers(user)[-1] > 1_000:
            user.list.cursor = len(user.list.rows) - 1
            await user.settle()
        await user.press("up", "up", "up")
        row, visible = user.row, visible_numbers(user)
        await user.press("r")
        assert (user.row, visible_numbers(user)) == (row, visible)
        await user.press("down")
        assert visible_numbers(user) == visible
        await user.press("g")
        assert user.row.endswith("API/FHIR")


async def test_reload_during_a_reload_keeps_the_position(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press(*["down"] * 12)
        row = user.row
        held = gate(AuditSearch, "page")
        user.send("r")
        await until(held.entered.is_set)
        user.send("r")
        await until(lambda: " loaded" in user.panel("entries"))
        held.open()
        await user.settle()
        assert user.row == row


async def test_reload_after_a_failed_reload_keeps_the_position(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(500))
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press(*["pagedown"] * 8)
        row, visible = user.row, visible_numbers(user)
        held = gate(AuditService, "users")
        user.send("r")
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            assert "locked by another program" in user.status_text
        await user.press("r")
        assert (user.row, visible_numbers(user)) == (row, visible)


async def test_reload_moves_to_a_neighbor_of_a_deleted_entry(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(2_500))
    async with run_program(demo) as user:
        await open_trail(user)
        while loaded_numbers(user)[-1] > 1_000:
            user.list.cursor = len(user.list.rows) - 1
            await user.settle()
        number = user.list.row.identity if user.list.row else None
        assert isinstance(number, int)
        rows.execute("DELETE FROM securitylog WHERE SecurityLogNum = ?", number)
        await user.press("r")
        assert user.row.endswith(f"Entry {number - 1:05}")


async def test_reload_knows_new_users(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        rows.execute("INSERT INTO userod (UserNum, UserName, IsHidden, FailedAttempts) VALUES (9, 'Nadia', 0, 0)")
        await search(user, "user:Nadia")
        assert user.status_text.startswith("Unknown user: Nadia.")
        await user.press("escape", "r")
        await search(user, "user:Nadia")
        assert filter_text(user) == "user:Nadia"
        assert "No entry matches the filter" in user.text


async def test_scrolling_continues_after_the_file_was_locked(demo: OpenRequest) -> None:
    rows.fill_trail(numbered_entries(500))
    async with run_program(demo) as user:
        await open_trail(user)
        with rows.locked():
            user.list.cursor = 90
            await user.settle()
            assert "locked by another program" in user.status_text
            row = user.row
        assert len(user.list.rows) == 100
        await user.press("down", "up")
        assert user.row == row
        assert len(user.list.rows) == 199


async def test_opening_an_entry_keeps_filter_and_position(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "user:Maria")
        await user.press("down", "down", "down", "down")
        row = user.row
        await user.press("enter")
        await user.at(AuditEntryScreen)
        await user.press("escape")
        assert (user.row, filter_text(user)) == (row, "user:Maria")


async def test_a_jump_stopped_before_its_first_page_is_repeated(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(2_000))
    async with run_program(demo) as user:
        await open_trail(user)
        held = gate(AuditSearch, "page", hold=1)
        await user.press("D")
        await user.at(Prompt)
        await user.press("end", "ctrl+u")
        await user.enter_text("2024-11-04")
        user.send("enter")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.settle()
        await user.press("n")
        assert user.row.startswith("2024-11-04 ")
        await user.press("G")
        assert user.row.endswith("Entry 00001")


async def test_g_for_the_oldest_entry_works_during_the_first_load(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(2_000))
    async with run_program(demo) as user:
        held = gate(AuditSearch, "page", hold=1)
        user.send("t")
        await until(held.entered.is_set)
        user.send("G")
        held.open()
        await user.settle()
        assert user.row.endswith("Entry 00001")


async def test_keys_typed_quickly_after_the_slash_reach_the_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        user.send("slash", "ctrl+u", *"user:none", "enter")
        await user.settle()
        assert user.stack[-1] == "AuditTrailScreen"
        assert filter_text(user) == "user:none"


async def test_a_reload_stopped_before_its_first_page_is_repeated(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(2_000))
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press(*["pagedown"] * 12)
        row = user.row
        held = gate(AuditSearch, "page", hold=1)
        user.send("r")
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped"))
        held.open()
        await user.settle()
        await user.press("n")
        assert user.row == row
