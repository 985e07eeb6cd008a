"""The Audit Trail: each entry marked genuine or not in words, and shown whole on demand."""

from __future__ import annotations

import pytest

from core.opening import Opening
from tests.tui import rows
from tests.tui.user import User, working
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen


async def trail(user: User) -> None:
    await user.press("t")
    await user.at(AuditTrailScreen)


def cells(user: User) -> list[list[str]]:
    return [list(row.cells) for index in range(len(user.list.rows)) if (row := user.list.rows.row(index))]


async def test_the_newest_entry_stands_first(demo: Opening) -> None:
    async with working(demo) as user:
        await trail(user)
        assert user.row == "2024-11-05 09:03:07 | admin | yes | Setup | API/FHIR"
        moments = [row[0] for row in cells(user)]
        assert moments == sorted(moments, reverse=True)


async def test_the_altered_entry_is_marked_in_words_and_counted(demo: Opening) -> None:
    async with working(demo) as user:
        await trail(user)
        assert [row[4] for row in cells(user) if row[2] == "ALTERED"] == ["Payment of $20.00 entered."]
        assert user.said.endswith("315 genuine, 1 altered, 0 without hash.")
        assert "ALTERED" in user.text


async def test_an_entry_without_hash_is_marked_in_words(demo: Opening) -> None:
    rows.change("DELETE FROM securityloghash WHERE SecurityLogNum = ?", rows.last_entry())
    async with working(demo) as user:
        await trail(user)
        assert user.said.endswith("314 genuine, 1 altered, 1 without hash.")
        assert [row[2] for row in cells(user)].count("NO HASH") == 1


@pytest.mark.parametrize(
    ("marked", "words"),
    [
        ("yes", "Genuine: its hash matches"),
        ("ALTERED", "Not genuine: its hash does not match."),
    ],
)
async def test_enter_shows_the_whole_entry(demo: Opening, marked: str, words: str) -> None:
    async with working(demo) as user:
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


async def test_the_computer_of_this_session_is_in_the_entry(demo: Opening) -> None:
    async with working(demo) as user:
        await trail(user)
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert "Computer desk-7, 203.0.113.9" in user.flowing_text


@pytest.mark.parametrize("key", ["r", "f6", "ctrl+r"])
async def test_reading_again_shows_new_entries_and_keeps_the_place(demo: Opening, key: str) -> None:
    async with working(demo) as user:
        await trail(user)
        await user.press("down", "down", "down")
        here = user.row
        rows.change(
            "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource,"
            " DefNum, DefNumError, DateTPrevious) VALUES (8, 2, '2024-11-05 09:10:00.000000', 'From elsewhere', 0,"
            " 'X', 0, 0, 0, 0, '0001-01-01 00:00:00.000000')"
        )
        await user.press(key)
        assert user.row == here
        assert cells(user)[0][4] == "From elsewhere"


async def test_without_the_permission_it_does_not_open(demo: Opening) -> None:
    rows.change("DELETE FROM grouppermission WHERE PermType = 122")
    async with working(demo) as user:
        await user.press("t")
        assert user.stack == ["ApiSetupScreen"]
        assert user.said.startswith("The Audit Trail needs the permission AuditTrail")


async def test_an_empty_trail_says_so(embedded: Opening) -> None:
    async with working(embedded) as user:
        rows.change("DELETE FROM securitylog")
        await trail(user)
        assert "The Audit Trail is empty." in user.text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]


async def test_a_user_that_no_longer_exists_is_named_by_number(demo: Opening) -> None:
    rows.change("DELETE FROM userod WHERE UserName = 'Maria'")
    async with working(demo) as user:
        await trail(user)
        assert "Unknown(2)" in {row[1] for row in cells(user)}


async def test_a_locked_file_says_so_and_can_be_read_later(demo: Opening) -> None:
    async with working(demo) as user:
        with rows.locked():
            await trail(user)
            assert "locked by another program" in user.said
            assert "Audit Trail is empty" not in user.text
            assert "Reading" not in user.text
        await user.press("r")
        assert "315 genuine" in user.said


async def test_a_vendors_entry_that_names_a_key_shows_it_masked(demo: Opening) -> None:
    [(key,)] = rows.query("SELECT key_text FROM apisetup_key WHERE developer = 'ClearPay'")
    rows.change(
        "UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = ?",
        f"New API key {key} added for ClearPay.",
        rows.last_entry(),
    )
    async with working(demo) as user:
        await trail(user)
        user.list.cursor = next(index for index, row in enumerate(cells(user)) if "added for ClearPay" in row[4])
        await user.settle()
        assert key not in user.text
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert key not in user.text
        assert "An API key in this text is shown masked" in user.flowing_text
