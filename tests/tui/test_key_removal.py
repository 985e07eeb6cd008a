"""Removing a key that was added by mistake, with Delete: the confirmation, the entry, and what is refused."""

from __future__ import annotations

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program
from tui.modals.help import HelpPanel
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.screens.edit_key import EditKeyScreen

DEVELOPER = "Dentist Finder"


def registered() -> int:
    found = rows.query("SELECT (SELECT count(*) FROM apisetup_key WHERE developer = ?)", DEVELOPER)
    return int(found[0][0])


def copied() -> int:
    return int(rows.query("SELECT count(*) FROM apikey WHERE DevName = ?", DEVELOPER)[0][0])


def ending() -> str:
    return str(
        rows.query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = ?", DEVELOPER)[0][0]
    )[-4:]


async def open_prompt(user: User) -> None:
    await user.go_to(DEVELOPER)
    await user.press("delete")
    await user.at(Prompt)


async def test_a_key_is_removed_from_the_list_after_its_ending_was_typed(demo: OpenRequest) -> None:
    typed = ending()
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_prompt(user)
        assert "Remove this key?" in user.text
        assert "Only adding the key again brings it back." in user.flowing_text
        assert "This is recorded in the Audit Trail." in user.flowing_text
        await user.enter_text(typed)
        await user.press("ctrl+y")
        await user.at(Notice)
        assert f"({DEVELOPER})" in user.flowing_text
        await user.press("enter")
        assert "Keys  11 " in user.text
        assert DEVELOPER not in user.text.replace(user.status_text, "")
    [text] = rows.audit_texts(before)
    assert text.startswith(f"API key ********{typed} #")
    assert text.endswith(f"({DEVELOPER}) removed from the local registry by admin; its status was Disabled by Customer")
    assert (registered(), copied()) == (0, 0)


async def test_another_text_or_escape_removes_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await open_prompt(user)
        await user.press("ctrl+y")
        assert isinstance(user.screen, Prompt)
        await user.enter_text("0000")
        await user.press("ctrl+y")
        assert user.status_text.startswith("Not the key's last four characters.")
        await user.press("escape")
        assert user.status_text == "Nothing was changed."
        assert rows.last_entry() == before
    assert (registered(), copied()) == (1, 1)


async def test_a_key_is_removed_from_its_own_screen(demo: OpenRequest) -> None:
    typed = ending()
    async with run_program(demo) as user:
        await user.go_to(DEVELOPER)
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("delete")
        await user.at(Prompt)
        await user.enter_text(typed)
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        await user.at_api_setup()
        assert "Keys  11 " in user.text
    assert registered() == 0


async def test_a_key_that_its_developer_disabled_stays(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Old Recall Service")
        await user.press("delete")
        assert user.stack == ["ApiSetupScreen"]
        assert user.status_text.startswith("The developer disabled this key")


async def test_a_key_that_was_changed_meanwhile_stays_and_the_admin_is_told(demo: OpenRequest) -> None:
    typed = ending()
    async with run_program(demo) as user:
        await open_prompt(user)
        rows.execute(f"UPDATE apisetup_key SET status = 1, date_disabled = NULL WHERE developer = '{DEVELOPER}'")
        await user.enter_text(typed)
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "Changed by another program" in user.text
    assert (registered(), copied()) == (1, 1)


async def test_help_lists_the_key_that_removes(demo: OpenRequest) -> None:
    async with run_program(demo, size=(100, 80)) as user:
        await user.press("question_mark")
        await user.at(HelpPanel)
        assert "Remove a key that was added by mistake from the local registry" in user.flowing_text


async def test_delete_in_a_text_field_only_deletes_text(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to(DEVELOPER)
        await user.press("enter")
        await user.at(EditKeyScreen)
        user.field("email").focus()
        await user.press("home", "delete")
        assert isinstance(user.screen, EditKeyScreen)
    assert registered() == 1
