"""The Audit Trail: each entry marked genuine or not in words, and shown whole on demand."""

from __future__ import annotations

import pytest

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen


async def trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


def cells(user: User) -> list[list[str]]:
    return [list(row.cells) for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]


async def test_the_newest_entry_stands_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        assert user.row == "2024-11-05 09:03:07 | admin | yes | Setup | API/FHIR"
        moments = [row[0] for row in cells(user)]
        assert moments == sorted(moments, reverse=True)


async def test_the_altered_entry_is_marked_in_words_and_counted(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        assert [row[4] for row in cells(user) if row[2] == "ALTERED"] == ["Payment of $20.00 entered."]
        assert user.status_text == "In view and around it: 100 entries, 1 altered, 0 without hash."
        assert "ALTERED" in user.text


async def test_an_entry_without_hash_is_marked_in_words(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 300")
    async with run_program(demo) as user:
        await trail(user)
        assert user.status_text.endswith("100 entries, 1 altered, 1 without hash.")
        assert [row[2] for row in cells(user)].count("NO HASH") == 1


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("yes", "Genuine: its hash matches"),
        ("ALTERED", "Not genuine: its hash does not match."),
    ],
)
async def test_enter_shows_the_whole_entry(demo: OpenRequest, marked: str, words: str) -> None:
    async with run_program(demo) as user:
        await trail(user)
        user.list.cursor = [row[2] for row in cells(user)].index(marked)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        for each in (words, "Date and time", "Computer", "Log Source", "Patient", "Log Text"):
            assert each in user.flowing_text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


async def whole(user: User, text: str, **columns: object) -> str:
    """Open the second entry with another text and other columns, and give all that its screen shows."""
    changes = "".join(f", {name} = ?" for name in columns)
    statement = f"UPDATE securitylog SET LogText = ?{changes} WHERE SecurityLogNum = 300"
    rows.execute(statement, text, *columns.values())
    await trail(user)
    await user.press("down", "enter")
    await user.at(AuditEntryScreen)
    first = user.flowing_text
    await user.press("end")
    return f"{first} {user.flowing_text}"


async def test_every_column_of_an_entry_is_shown(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        shown = await whole(
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
            "Number 300",
            "FKey 815 DefNum 16 DefNumError 17",
            "Log Text Moved.",
        ):
            assert words in shown


async def test_the_stored_and_the_computed_hash_stand_one_above_the_other(demo: OpenRequest) -> None:
    [(stored,)] = rows.query("SELECT LogHash FROM securityloghash WHERE SecurityLogNum = 300")
    async with run_program(demo, size=(100, 40)) as user:
        shown = await whole(user, "User: Front Desk has logged on.")
        assert f"Stored hash {stored} Computed now {stored} (the same)" in shown
        await user.press("escape", "escape")
        shown = await whole(user, "User: Front Desk has logged off.")
        assert f"Stored hash {stored} Computed now" in shown
        assert f"Computed now {stored}" not in shown
        assert "(not the same)" in shown
        await user.press("escape", "escape")
        rows.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 300")
        shown = await whole(user, "User: Front Desk has logged on.")
        assert f"Stored hash none Computed now {stored}" in shown
        assert "Not genuine: it has no hash. It was not written by Open Dental, or its hash was removed." in shown


async def test_control_characters_and_line_breaks_of_a_text_are_visible(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        shown = await whole(user, "one\ntwo\x1b[2J\tthree\x07")
        assert "one two␛[2J" in shown.replace("␊", "")
        assert "three␇" in shown


async def test_a_long_text_is_shown_to_its_end(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await whole(user, "word " * 1_000 + "the very end")
        assert "the very end" in user.flowing_text


async def test_an_entry_is_read_again(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        assert "Log Text First." in await whole(user, "First.")
        rows.execute("UPDATE securitylog SET LogText = 'Second.' WHERE SecurityLogNum = 300")
        await user.press("r")
        assert "Log Text Second." in user.flowing_text


async def test_an_entry_that_is_gone_says_so(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        rows.execute("DELETE FROM securitylog WHERE SecurityLogNum = 300")
        await user.press("down", "enter")
        await user.at(AuditEntryScreen)
        assert "is not there any more" in user.status_text
        assert "Not read; r tries again." in user.text


# -- what an entry is about ----------------------------------------------------------


async def ours(user: User, text: str) -> None:
    """Open the newest entry of API Setup that has a text in it."""
    await trail(user)
    await user.fill("filter", f'only:ours text:"{text}"')
    await user.press("enter", "enter")
    await user.at(AuditEntryScreen)


async def test_an_entry_about_a_key_leads_to_the_key_and_back(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await ours(user, "changed from Enabled to Disabled by Customer")
        assert "What it is about The API key ********70F3 #4c848c." in user.flowing_text
        assert "status: before Enabled, after Disabled by Customer" in user.flowing_text
        assert user.keys.startswith("o Go there")
        await user.press("o")
        await user.at(EditKeyScreen)
        assert "Dentist Finder" in user.text
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen", "AuditEntryScreen"]


async def test_a_vendors_entry_about_a_key_leads_to_the_key(demo: OpenRequest) -> None:
    [(key,)] = rows.query("SELECT key_text FROM apisetup_key WHERE developer = 'ClearPay'")
    async with run_program(demo) as user:
        await whole(user, f"New API key {key} added by Front Desk", PermType=8)
        await user.press("f4")
        await user.at(EditKeyScreen)
        assert "ClearPay" in user.text


async def test_an_entry_about_the_settings_leads_to_api_setup(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        await ours(user, "payment type")
        for words in ("Enabled: before off, after on", "subscription interval: before blank, after 5 minutes"):
            assert words in user.flowing_text
        await user.press("o")
        assert user.stack == ["ApiSetupScreen"]
        assert user.field("interval").value == "5"


async def test_a_key_that_is_not_in_the_list_any_more_is_told(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await ours(user, "Insurance Mate")
        for table, column in (("apisetup_key", "developer"), ("apikey", "DevName")):
            rows.execute(f"DELETE FROM {table} WHERE {column} = 'Insurance Mate'")
        await user.press("o")
        assert user.status_text == "This API key is not in the list any more."
        assert user.stack[-1] == "AuditEntryScreen"


@pytest.mark.parametrize("text", ["has logged on", "API/FHIR"])
async def test_an_entry_about_nothing_to_go_to_leads_nowhere(demo: OpenRequest, text: str) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await user.fill("filter", text)
        await user.press("enter", "enter")
        await user.at(AuditEntryScreen)
        assert "Go there" not in user.keys
        await user.press("o")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen", "AuditEntryScreen"]


async def test_an_entry_that_says_nothing_was_done_says_so(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 40)) as user:
        shown = await whole(user, "NOT DONE: API Setup: Enabled changed from off to on", PermType=8)
        assert "It was tried, and not done: nothing was changed." in shown


async def test_the_computer_of_this_session_is_in_the_entry(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "Computer desk-7, 203.0.113.9" in user.flowing_text


@pytest.mark.parametrize("key", ["r", "f6", "ctrl+r"])
async def test_reading_again_shows_new_entries_and_keeps_the_place(demo: OpenRequest, key: str) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await user.press("down", "down", "down")
        here = user.row
        rows.execute(
            "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource,"
            " DefNum, DefNumError, DateTPrevious) VALUES (8, 2, '2024-11-05 09:10:00.000000', 'From elsewhere', 0,"
            " 'X', 0, 0, 0, 0, '0001-01-01 00:00:00.000000')"
        )
        await user.press(key)
        assert user.row == here
        assert cells(user)[0][4] == "From elsewhere"


async def test_without_the_permission_it_does_not_open(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
    async with run_program(demo) as user:
        await user.press("t")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith("The Audit Trail needs the permission AuditTrail (122)")
        assert "someone with SecurityAdmin can grant it" in user.status_text


async def test_without_the_permission_those_who_can_grant_it_are_named(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 122")
    rows.execute("INSERT INTO usergroupattach (UserNum, UserGroupNum) VALUES (2, 9), (4, 9)")
    rows.execute("INSERT INTO grouppermission (UserGroupNum, PermType, FKey) VALUES (9, 24, 0)")
    async with run_program(demo) as user:
        await user.press("t")
        assert "Front Desk, Maria can grant it in Setup > Security." in user.status_text


async def test_an_empty_trail_says_so(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        rows.execute("DELETE FROM securitylog")
        await trail(user)
        assert "No entry on these days; / changes the filter." in user.text
        await user.fill("filter", "")
        await user.press("enter")
        assert "The Audit Trail is empty." in user.text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_a_user_that_no_longer_exists_is_named_by_number(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM userod WHERE UserName = 'Maria'")
    async with run_program(demo) as user:
        await trail(user)
        assert "Unknown(2)" in {row[1] for row in cells(user)}


async def test_a_locked_file_says_so_and_can_be_read_later(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        with rows.locked():
            await trail(user)
            assert "locked by another program" in user.status_text
            assert "Audit Trail is empty" not in user.text
            assert "Not read; r tries again." in user.text
            assert "Reading" not in user.text
        await user.press("r")
        assert user.status_text.startswith("In view and around it: 100 entries")


async def test_a_vendors_entry_that_names_a_key_shows_it_masked(demo: OpenRequest) -> None:
    [(key,)] = rows.query("SELECT key_text FROM apisetup_key WHERE developer = 'ClearPay'")
    rows.execute(
        "UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 300", f"New API key {key} added for ClearPay."
    )
    async with run_program(demo) as user:
        await trail(user)
        user.list.cursor = next(index for index, row in enumerate(cells(user)) if "added for ClearPay" in row[4])
        await user.settle()
        assert key not in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert key not in user.text
        await user.press("end")
        assert key not in user.text
        assert "An API key in this text is shown masked" in user.flowing_text
