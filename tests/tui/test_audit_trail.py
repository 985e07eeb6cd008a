"""The Audit Trail: entries are marked by whether their hashes match, and one entry is shown with all of its columns."""

from __future__ import annotations

import re

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen


async def open_trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


def marked(user: User) -> list[str]:
    """Return the texts of the entries that are marked."""
    rows = [user.list.rows.row(index) for index in range(len(user.list.rows))]
    return [row.cells[5] for row in rows if row and row.mark == "!"]


def cells(user: User) -> list[list[str]]:
    return [list(row.cells) for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]


async def test_the_newest_entry_is_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        assert user.row == "2024-11-05 09:03 | admin | API/FHIR"
        moments = [row[0] for row in cells(user)]
        assert moments == sorted(moments, reverse=True)


async def test_an_altered_entry_is_marked_and_counted(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        assert marked(user) == ["Payment of $20.00 entered."]
        assert user.panel("entries") == "Entries  100 loaded · 1 altered"
        await user.go_to("Payment of $20.00")
        assert re.search(r"▌!\d{4}-\d\d-\d\d \d\d:\d\d +\S.+ +Payment of \$20.00 entered", user.text)


async def test_an_entry_without_hash_is_marked_and_counted(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 417")
    async with run_program(demo) as user:
        await open_trail(user)
        assert user.panel("entries") == "Entries  100 loaded · 1 altered · 1 without hash"
        assert len(marked(user)) == 2


@pytest.mark.parametrize(
    ("mark", "words"),
    [
        ("", "The hash matches the entry."),
        ("!", "Altered: the hash does not match."),
    ],
)
async def test_enter_shows_the_whole_entry(demo: OpenRequest, mark: str, words: str) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        marks = [row.mark for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]
        user.list.cursor = marks.index(mark)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        for each in (words, "Date and time", "Computer", "Log Source", "Patient", "Log Text"):
            assert each in user.flowing_text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


async def open_changed_entry(user: User, text: str, **columns: object) -> str:
    """Give the second entry another text and other columns, open it, and return everything its screen shows."""
    changes = "".join(f", {name} = ?" for name in columns)
    statement = f"UPDATE securitylog SET LogText = ?{changes} WHERE SecurityLogNum = 417"
    rows.execute(statement, text, *columns.values())
    await open_trail(user)
    await user.press("down", "enter")
    await user.at(AuditEntryScreen)
    first = user.flowing_text
    await user.press("end")
    return f"{first} {user.flowing_text}"


async def test_every_column_of_an_entry_is_shown(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        shown = await open_changed_entry(
            user,
            "Moved.",
            PermType=27,
            UserNum=3,
            PatNum=4711,
            CompName="BACKOFFICE",
            FKey=815,
            LogSource=12,
            DefNum=16,
            DefNumError=17,
            DateTPrevious="2024-11-01 08:30:00",
        )
        for words in (
            "Date and time 2024-11-04 17:05:03",
            "User Dr. Okafor (number 3)",
            "Permission AppointmentEdit (27)",
            "Computer BACKOFFICE",
            "Log Source WebSchedASAP",
            "Patient 4711",
            "Last Edit 2024-11-01 08:30:00",
            "Number 417",
            "FKey 815 DefNum 16 DefNumError 17",
            "Log Text Moved.",
        ):
            assert words in shown


async def test_the_stored_and_the_computed_hash_are_shown_together(demo: OpenRequest) -> None:
    [(stored,)] = rows.query("SELECT LogHash FROM securityloghash WHERE SecurityLogNum = 417")
    async with run_program(demo, size=(100, 40)) as user:
        shown = await open_changed_entry(user, "User: Front Desk has logged on.")
        assert f"Stored hash {stored} Computed now {stored} (the same)" in shown
        await user.press("escape", "escape")
        shown = await open_changed_entry(user, "User: Front Desk has logged off.")
        assert f"Stored hash {stored} Computed now" in shown
        assert f"Computed now {stored}" not in shown
        assert "(not the same)" in shown
        await user.press("escape", "escape")
        rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 417")
        shown = await open_changed_entry(user, "User: Front Desk has logged on.")
        assert f"Stored hash none Computed now {stored}" in shown
        assert "No hash: it was removed, never written, or the entry is older than Open Dental's hashes." in shown


async def test_control_characters_and_line_breaks_in_a_text_are_visible(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        shown = await open_changed_entry(user, "one\ntwo\x1b[2J\tthree\x07")
        assert "one two␛[2J" in shown.replace("␊", "")
        assert "three␇" in shown


async def test_a_long_text_can_be_scrolled_to_its_end(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_changed_entry(user, "word " * 1_000 + "the very end")
        assert "the very end" in user.flowing_text


async def test_reload_shows_the_entry_as_it_is_now(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        assert "Log Text First." in await open_changed_entry(user, "First.")
        rows.execute("UPDATE securitylog SET LogText = 'Second.' WHERE SecurityLogNum = 417")
        await user.press("r")
        assert "Log Text Second." in user.flowing_text


async def test_an_entry_that_was_deleted_is_reported(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        rows.execute("DELETE FROM securitylog WHERE SecurityLogNum = 417")
        await user.press("down", "enter")
        await user.at(AuditEntryScreen)
        await user.press("r")
        assert "no longer exists" in user.status_text
        assert "Not loaded. Press r to retry." in user.text


# -- the subject of an entry ---------------------------------------------------------


async def open_own_entry(user: User, text: str) -> None:
    """Open the newest entry of API Setup whose text contains this."""
    await open_trail(user)
    await user.fill("filter", f'only:ours text:"{text}"')
    await user.press("enter", "enter")
    await user.at(AuditEntryScreen)


async def test_an_entry_about_a_key_links_to_the_key_and_escape_returns(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await open_own_entry(user, "changed from Enabled to Disabled by Customer")
        assert "Details The API key ********70F3 #4c848c." in user.flowing_text
        assert "status: before Enabled, after Disabled by Customer" in user.flowing_text
        assert user.keys.startswith("o Go there")
        await user.press("o")
        await user.at(EditKeyScreen)
        assert "Dentist Finder" in user.text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen", "AuditEntryScreen"]


async def test_an_entry_of_open_dental_about_a_key_links_to_the_key(demo: OpenRequest) -> None:
    key = rows.key_text("ClearPay")
    async with run_program(demo) as user:
        await open_changed_entry(user, f"New API key {key} added by Front Desk", PermType=8)
        await user.press("f4")
        await user.at(EditKeyScreen)
        assert "ClearPay" in user.text


async def test_an_entry_about_the_settings_links_to_api_setup(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await open_own_entry(user, "payment type")
        for words in ("Enabled: before off, after on", "subscription interval: before blank, after 5 minutes"):
            assert words in user.flowing_text
        await user.press("o")
        assert user.stack == ["ApiSetupScreen"]
        assert user.field("interval").value == "5"


async def test_a_link_to_a_deleted_key_says_that_it_is_gone(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_own_entry(user, "Insurance Mate")
        for table, column in (("apisetup_key", "developer"), ("apikey", "DevName")):
            rows.execute(f"DELETE FROM {table} WHERE {column} = 'Insurance Mate'")
        await user.press("o")
        assert user.status_text == "This API key is no longer in the list."
        assert user.stack[-1] == "AuditEntryScreen"


@pytest.mark.parametrize("text", ["has logged on", "API/FHIR"])
async def test_an_entry_without_a_subject_has_no_link(demo: OpenRequest, text: str) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.fill("filter", text)
        await user.press("enter", "enter")
        await user.at(AuditEntryScreen)
        assert "Go there" not in user.keys
        await user.press("o")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen", "AuditEntryScreen"]


async def test_an_entry_about_a_failed_change_says_that_nothing_was_changed(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        shown = await open_changed_entry(user, "NOT DONE: API Setup: Enabled changed from off to on", PermType=8)
        assert "The change was attempted and failed. Nothing was changed." in shown


async def test_an_entry_names_the_computer_of_the_session(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "Computer desk-7, 203.0.113.9" in user.flowing_text


@pytest.mark.parametrize("key", ["r", "f6", "ctrl+r"])
async def test_reload_shows_new_entries_and_keeps_the_cursor(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await user.press("down", "down", "down")
        here = user.row
        rows.execute(
            "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource,"
            " DefNum, DefNumError, DateTPrevious) VALUES (8, 2, '2024-11-05 09:10:00.000000', 'From elsewhere', 0,"
            " 'X', 0, 0, 0, 0, '0001-01-01 00:00:00.000000')"
        )
        await user.press(key)
        assert user.row == here
        assert cells(user)[0][5] == "From elsewhere"


async def test_the_audit_trail_does_not_open_without_the_permission(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
    async with run_program(demo) as user:
        await user.press("t")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith("The Audit Trail needs the permission AuditTrail (122)")
        assert "someone with SecurityAdmin can grant it" in user.status_text


async def test_users_who_can_grant_the_missing_permission_are_named(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
    rows.execute("INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES (2, 9), (4, 9)")
    rows.execute("INSERT INTO grouppermission (UserGroupNum, PermType, FKey) VALUES (9, 24, 0)")
    async with run_program(demo) as user:
        await user.press("t")
        assert "Front Desk, Maria can grant it in Setup > Security." in user.status_text


async def test_an_empty_audit_trail_says_so(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        rows.execute("DELETE FROM securitylog")
        await open_trail(user)
        assert "No entry on these days. Press / to change the filter." in user.text
        await user.fill("filter", "")
        await user.press("enter")
        assert "The Audit Trail is empty." in user.text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_a_deleted_user_is_shown_by_number(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM userod WHERE UserName = 'Maria'")
    async with run_program(demo) as user:
        await open_trail(user)
        assert "Unknown(2)" in {row[2] for row in cells(user)}


async def test_a_locked_file_is_reported_and_can_be_read_later(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        with rows.locked():
            await open_trail(user)
            assert "locked by another program" in user.status_text
            assert "Audit Trail is empty" not in user.text
            assert "Not loaded. Press r to retry." in user.text
            assert "Reading" not in user.text
        await user.press("r")
        assert user.panel("entries").startswith("Entries  100 loaded")


async def test_a_key_in_an_entry_of_open_dental_is_masked(demo: OpenRequest) -> None:
    key = rows.key_text("ClearPay")
    rows.execute(
        "UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 417", f"New API key {key} added for ClearPay."
    )
    async with run_program(demo) as user:
        await open_trail(user)
        user.list.cursor = next(index for index, row in enumerate(cells(user)) if "added for ClearPay" in row[5])
        await user.settle()
        assert key not in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert key not in user.text
        await user.press("end")
        assert key not in user.text
        assert "The API key in this text is masked" in user.flowing_text
