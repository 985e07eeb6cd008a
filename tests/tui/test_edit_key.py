"""API Key Edit: the fields, the status, the full key, and the audit entries for each."""

from __future__ import annotations

import base64

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from core.model.authority_name import AuthorityName
from core.offices.open_request import OpenRequest
from core.opendental.key_status import KeyStatus
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.user_driver import User, run_program
from tui.modals.license import LicenseScreen
from tui.modals.notice import Notice
from tui.modals.permissions import PermissionChoice
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.edit_key import EditKeyScreen

DEVELOPER = "Insurance Mate"


async def open_key(user: User, developer: str = DEVELOPER) -> str:
    """Open the screen of a key and return the key's text."""
    await user.go_to(developer)
    await user.press("enter")
    await user.at(EditKeyScreen)
    text = rows.key_text(developer)
    return str(text)


def stored_fields() -> tuple[str, str, str, str | None]:
    [found] = rows.query(
        "SELECT email, phone, permissions, agreement_since FROM apisetup_key WHERE developer = ?", DEVELOPER
    )
    return found


# -- display -------------------------------------------------------------------------


async def test_all_details_of_a_key_are_shown(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        for words in (
            "API Key ********C465",
            "Key Status ● Enabled",
            "Developer Insurance Mate",
            "Date Disabled -",
            "Added 2024-10-16",
            "License API Access Agreement (SHA-256 ",
            "accepted by admin, 2024-10-16",
            "dev@insurancemate.example",
            "555-0105",
            "2021-09-21",
            "3: ApiReadAll, ApiInsurance, ApiPatients",
        ):
            assert words in user.flowing_text


async def test_enter_e_and_f4_open_the_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for key in ("enter", "e", "f4"):
            with case(key):
                await user.press(key)
                assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
                await user.press("escape")
                assert user.stack == ["ApiSetupScreen"]


async def test_permissions_that_do_not_fit_end_with_an_ellipsis(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user, "Whole Office Suite")
        assert "ApiEnterprise" in user.text or "…" in user.text.split("Permissions")[1].split("Date and time")[0]


async def test_the_date_disabled_is_shown(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user, "Dentist Finder")
        assert "Key Status ○ Disabled by Customer" in user.flowing_text
        [(disabled,)] = rows.query("SELECT date_disabled FROM apisetup_key WHERE developer = 'Dentist Finder'")
        assert f"Date Disabled {disabled[:19]}" in user.flowing_text


async def test_the_audit_entries_about_the_key_are_listed_and_can_be_opened(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user, "Dentist Finder")
        assert len(user.list.rows) == 3
        await user.press("down", "enter")
        await user.at(AuditEntryScreen)
        assert "New API key ********70F3" in user.flowing_text
        await user.press("escape")
        assert isinstance(user.screen, EditKeyScreen)


# -- the fields ----------------------------------------------------------------------


async def test_each_changed_field_gets_its_own_audit_entry(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        before = rows.last_entry()
        await user.fill("email", "new@insurancemate.example")
        await user.fill("phone", "")
        await user.fill("agreement", "2024-11-01")
        await user.press("ctrl+o")
        await user.at(PermissionChoice)
        await user.go_to("ApiInsurance")
        await user.press("space")
        await user.go_to("ApiComm")
        await user.press("enter", "ctrl+s")
        await user.at(EditKeyScreen)
        assert "* unsaved" in user.text
        await user.press("ctrl+s")
        changes = [
            "e-mail changed from dev@insurancemate.example to new@insurancemate.example",
            "phone changed from 555-0105 to blank",
            "permissions changed: added ApiComm; removed ApiInsurance",
            "Business Associate Agreement changed from in place since 2021-09-21 to in place since 2024-11-01",
        ]
        assert user.status_text == f"Saved: {'; '.join(changes)}."
        assert stored_fields() == (
            "new@insurancemate.example",
            "",
            '["ApiReadAll", "ApiComm", "ApiPatients"]',
            "2024-11-01",
        )
        texts = rows.audit_texts(before)
        assert all(text.startswith("API key ********C465 #") for text in texts)
        assert [text.split("(Insurance Mate) ")[1] for text in texts] == [f"{change} by admin" for change in changes]
        assert "unsaved" not in user.text
        assert len(user.list.rows) == 7


async def test_saving_without_changes_writes_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        before = rows.last_entry()
        await user.press("ctrl+s")
        assert user.status_text == "No changes to save."
        assert rows.last_entry() == before


async def test_an_invalid_date_is_refused_and_its_field_focused(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("agreement", "2024-31-12")
        user.list.focus()
        await user.press("ctrl+s")
        assert user.status_text.startswith("Not a valid date.")
        assert (user.focused, stored_fields()[3]) == ("agreement", "2021-09-21")


async def test_leaving_with_unsaved_input_asks(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("phone", "555-0199")
        await user.press("escape")
        await user.at(Question)
        await user.press("enter")
        assert user.field("phone").value == "555-0199"
        await user.press("escape")
        await user.at(Question)
        await user.press("ctrl+y")
        assert isinstance(user.screen, ApiSetupScreen)
        assert stored_fields()[1] == "555-0105"


async def test_quitting_with_unsaved_input_asks(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("phone", "555-0199")
        await user.press("ctrl+q")
        await user.at(Question)
        assert "Unsaved changes: this key's fields." in user.text


async def test_a_field_changed_elsewhere_hinders_no_change_of_another(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("phone", "555-0199")
        before = rows.last_entry()
        rows.execute("UPDATE apisetup_key SET email = 'elsewhere@example' WHERE developer = ?", DEVELOPER)
        await user.press("ctrl+s")
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert stored_fields()[:2] == ("elsewhere@example", "555-0199")
        assert user.field("email").value == "elsewhere@example"
        assert len(rows.audit_texts(before)) == 1


async def test_a_field_changed_elsewhere_is_not_overwritten(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("email", "mine@example")
        rows.execute("UPDATE apisetup_key SET email = 'elsewhere@example' WHERE developer = ?", DEVELOPER)
        await user.press("ctrl+s")
        await user.at(Question)
        assert "now elsewhere@example" in user.flowing_text
        await user.press("escape")
        assert (user.field("email").value, stored_fields()[0]) == ("mine@example", "elsewhere@example")


async def test_a_conflict_keeps_unsaved_input_in_other_fields(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("phone", "555-0199")
        await user.fill("email", "mine@example")
        rows.execute("UPDATE apisetup_key SET email = 'elsewhere@example' WHERE developer = ?", DEVELOPER)
        await user.press("ctrl+s")
        await user.at(Question)
        await user.press("ctrl+t")
        assert (user.field("email").value, user.field("phone").value) == ("elsewhere@example", "555-0199")


async def test_a_conflict_can_be_resolved_by_writing_your_own_value(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("email", "mine@example")
        rows.execute("UPDATE apisetup_key SET email = 'elsewhere@example' WHERE developer = ?", DEVELOPER)
        await user.press("ctrl+s")
        await user.at(Question)
        await user.press("ctrl+o")
        assert "e-mail changed from elsewhere@example to mine@example" in user.status_text
        assert stored_fields()[0] == "mine@example"


async def test_reload_shows_changes_by_others(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        rows.execute("UPDATE apisetup_key SET email = 'elsewhere@example' WHERE developer = ?", DEVELOPER)
        await user.press("r")
        assert (user.field("email").value, user.status_text) == ("elsewhere@example", "Reloaded.")


async def test_a_key_that_was_deleted_elsewhere_is_reported(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        rows.execute("DELETE FROM apisetup_key WHERE developer = ?", DEVELOPER)
        rows.execute("DELETE FROM apikey WHERE DevName = ?", DEVELOPER)
        await user.press("r")
        await user.at(Notice)
        assert "This key is no longer in the list." in user.text
        await user.press("enter")
        assert user.stack == ["ApiSetupScreen"]
        assert "Keys  11 ·" in user.text


async def test_a_locked_file_keeps_unsaved_input_and_a_second_try_saves_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.fill("phone", "555-0199")
        with rows.locked():
            await user.press("ctrl+s")
            assert "locked by another program" in user.status_text
        await user.press("ctrl+s")
        assert stored_fields()[1] == "555-0199"


# -- the status ----------------------------------------------------------------------


async def test_the_status_can_be_changed_from_this_screen(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        before = rows.last_entry()
        await user.fill("phone", "555-0199")
        user.list.focus()
        await user.press("d")
        await user.at(Question)
        assert user.focused == "cancel"
        await user.press("ctrl+y")
        await user.at(Notice)
        await user.press("enter")
        assert "Key Status ○ Disabled by Customer" in user.flowing_text
        assert "Date Disabled 2024-11-05 09:03:07" in user.flowing_text
        assert user.field("phone").value == "555-0199"
        assert rows.status_of(DEVELOPER) == KeyStatus.DISABLED_BY_CUSTOMER
        assert len(rows.audit_texts(before)) == 1
        assert len(user.list.rows) == 4


async def test_a_status_that_only_the_developer_can_change_is_refused(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user, "Old Recall Service")
        await user.press("E")
        [(phone,)] = rows.query("SELECT phone FROM apisetup_key WHERE developer = 'Old Recall Service'")
        assert user.status_text == f"The developer disabled this key; only Old Recall Service can enable it: {phone}."


async def test_a_status_changed_elsewhere_is_shown_and_not_overwritten(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user)
        await user.press("d")
        await user.at(Question)
        rows.execute("UPDATE apisetup_key SET status = 4 WHERE developer = ?", DEVELOPER)
        await user.press("ctrl+y")
        await user.at(Notice)
        assert "Key Status: was Enabled now Disabled by Open Dental yours Disabled by Customer" in user.flowing_text
        await user.press("enter")
        assert "Key Status ✕ Disabled by Open Dental" in user.flowing_text
        assert rows.status_of(DEVELOPER) == KeyStatus.DISABLED_BY_HQ


# -- the full key ---------------------------------------------------------------------


async def test_showing_the_full_key_is_logged_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        key = await open_key(user)
        before = rows.last_entry()
        assert key not in user.text
        await user.press("v")
        await user.at(Notice)
        assert key in user.text
        [text] = rows.audit_texts(before)
        assert text.startswith("API key ********C465 #")
        assert text.endswith(" shown in full to admin")
        await user.press("escape")
        assert key not in user.text
        assert len(user.list.rows) == 4


async def test_the_full_key_is_not_shown_if_that_cannot_be_logged(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        key = await open_key(user)
        with rows.locked():
            await user.press("v")
            assert "locked by another program" in user.status_text
            await user.press("c", "ctrl+y")
            assert "locked by another program" in user.status_text
        assert isinstance(user.screen, EditKeyScreen)
        assert (key in user.text, user.app.clipboard) == (False, "")


async def test_the_key_is_sent_to_the_clipboard_only_on_request_and_is_logged_first(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_program(demo) as user:
        sent: list[str] = []
        monkeypatch.setattr(HeadlessDriver, "write", lambda _driver, data: sent.append(data))
        key = await open_key(user)
        await user.press("v", "escape")
        assert user.app.clipboard == ""
        assert not any("\x1b]52" in text for text in sent)
        before = rows.last_entry()
        await user.press("c")
        await user.at(Question)
        assert not any("\x1b]52" in text for text in sent)
        await user.press("ctrl+y")
        assert user.status_text == (
            "Sent to the terminal's clipboard (if it supports OSC 52; tmux: set -g set-clipboard on). Press v to"
            " view the key."
        )
        [osc] = [text for text in sent if "\x1b]52" in text]
        assert base64.b64decode(osc.split(";")[2].rstrip("\x07\x1b\\")).decode() == key
        [text] = rows.audit_texts(before)
        assert text.endswith(" sent to the terminal's clipboard by admin")
        assert key not in user.text


async def test_a_key_that_was_shown_and_sent_cannot_be_pasted_from_the_program(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        key = await open_key(user)
        await user.press("v", "escape", "c", "ctrl+y")
        assert "Sent to the terminal" in user.status_text
        assert user.app.clipboard == ""
        email = user.field("email")
        before = email.value
        email.focus()
        await user.press("ctrl+v")
        assert email.value == before
        assert key not in user.text


async def test_the_longest_full_key_is_completely_visible(demo: OpenRequest) -> None:
    long = "".join(f"{number:03}-" for number in range(64))[:255]
    rows.execute("UPDATE apikey SET CustApiKey = ? WHERE DevName = ?", long, DEVELOPER)
    rows.execute("DELETE FROM apisetup_key WHERE developer = ?", DEVELOPER)
    async with run_program(demo) as user:
        await user.go_to(DEVELOPER)
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("v")
        await user.at(Notice)
        assert long in user.flowing_text.replace(" ", "")


# -- a key that the registry does not know -------------------------------------------


async def test_a_key_that_only_the_copy_has_shows_no_details(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM apisetup_key WHERE developer = ?", DEVELOPER)
    async with run_program(demo) as user:
        await user.go_to(DEVELOPER)
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert user.field("email").is_disabled
        assert "Key Status ? Unknown" in user.flowing_text
        assert "Permissions none" not in user.flowing_text
        await user.press("ctrl+s", "p")
        assert isinstance(user.screen, EditKeyScreen)
        await user.press("d")
        assert "not in the local registry" in user.status_text


async def test_nothing_can_be_changed_while_headquarters_does_not_answer(demo: OpenRequest) -> None:
    async with run_program(server_request(authority=AuthorityName.HEADQUARTERS, password=DATABASE_PASSWORD)) as user:
        await user.at(SignInScreen)
        await user.enter_text("admin")
        await user.press("enter", "enter")
        await user.at_api_setup()
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert "Headquarters wasn't contacted, so keys can't be changed. Press r to ask again." in user.flowing_text
        assert "This practice has no registration key" in user.flowing_text
        before = rows.last_entry()
        await user.press("d", "ctrl+s")
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert rows.last_entry() == before


async def test_a_key_that_only_the_copy_has_is_adopted_after_the_agreement(demo: OpenRequest) -> None:
    rows.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('Zz99Yy88Xx77Ww66', 'Stray Software')")
    async with run_program(demo) as user:
        await user.go_to("Stray Software")
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("a")
        await user.at(LicenseScreen)
        await user.press("end", "ctrl+y")
        await user.at(EditKeyScreen)
        assert user.status_text == "Added and enabled: API key ********Ww66 (Stray Software)."
        assert "Key Status       ● Enabled" in user.text
        fields = user.text[user.text.index("E-mail") :]
        assert "unknown" not in fields
        await user.fill("email", "new@example")
        await user.press("ctrl+s")
        assert "new@example" in user.status_text
    stored = rows.query("SELECT developer FROM apisetup_key WHERE clear_text(fingerprint, sealed) = 'Zz99Yy88Xx77Ww66'")
    assert stored == [("Stray Software",)]


async def test_escape_at_the_agreement_adopts_nothing_and_declines_nothing(demo: OpenRequest) -> None:
    rows.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('Zz99Yy88Xx77Ww66', 'Stray Software')")
    async with run_program(demo) as user:
        await user.go_to("Stray Software")
        await user.press("enter")
        await user.at(EditKeyScreen)
        await user.press("a")
        await user.at(LicenseScreen)
        before = rows.last_entry()
        await user.press("escape")
        await user.at(EditKeyScreen)
        assert user.status_text == "Nothing was added: the agreement was neither accepted nor declined."
        assert rows.last_entry() == before


async def test_a_key_that_another_program_adopted_needs_no_second_agreement(demo: OpenRequest) -> None:
    rows.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('Zz99Yy88Xx77Ww66', 'Stray Software')")
    async with run_program(demo) as user:
        await user.go_to("Stray Software")
        await user.press("enter")
        await user.at(EditKeyScreen)
        before = rows.last_entry()
        rows.add_key("Zz99Yy88Xx77Ww66", "Stray Software")
        await user.press("a")
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert user.status_text.startswith("This key can't be adopted: it is already in the list")
        assert "Key Status       ● Enabled" in user.text
        assert rows.last_entry() == before


async def test_a_key_that_is_adopted_while_the_agreement_is_on_screen_is_not_accepted_for(demo: OpenRequest) -> None:
    rows.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('Zz99Yy88Xx77Ww66', 'Stray Software')")
    async with run_program(demo) as user:
        await user.go_to("Stray Software")
        await user.press("enter", "a")
        await user.at(LicenseScreen)
        before = rows.last_entry()
        rows.add_key("Zz99Yy88Xx77Ww66", "Stray Software")
        await user.press("end", "ctrl+y")
        await user.at(EditKeyScreen)
        assert user.status_text.startswith("This key is already in the list: Stray Software, Enabled.")
        assert "Key Status       ● Enabled" in user.text
        assert rows.last_entry() == before
