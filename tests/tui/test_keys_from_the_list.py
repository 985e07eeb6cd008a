"""The actions on one key from the list, and the key bar that names them."""

from __future__ import annotations

import base64

import pytest
from textual.drivers.headless_driver import HeadlessDriver

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.user_driver import User, run_program
from tui.modals.notice import Notice
from tui.modals.question import Question
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.edit_key import EditKeyScreen


def text_of(developer: str) -> str:
    return str(
        rows.query("SELECT clear_text(fingerprint, sealed) FROM apisetup_key WHERE developer = ?", developer)[0][0]
    )


async def test_v_shows_the_key_under_the_cursor_after_logging_it(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        before = rows.last_entry()
        await user.go_to("ClearPay")
        await user.press("v")
        await user.at(Notice)
        assert text_of("ClearPay") in user.text
        assert "ClearPay" in user.text
        [entry] = rows.audit_texts(before)
        assert "shown in full to admin" in entry
        await user.press("enter")
        assert text_of("ClearPay") not in user.text


async def test_c_sends_the_key_under_the_cursor_to_the_clipboard_after_a_question(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    monkeypatch.setattr(HeadlessDriver, "write", lambda _driver, data: written.append(data))
    async with run_program(demo) as user:
        before = rows.last_entry()
        await user.go_to("ClearPay")
        await user.press("c")
        await user.at(Question)
        assert "Developer ClearPay" in user.flowing_text
        await user.press("ctrl+y")
        await user.at(ApiSetupScreen)
        [entry] = rows.audit_texts(before)
        assert "sent to the terminal's clipboard by admin" in entry
        encoded = base64.b64encode(text_of("ClearPay").encode()).decode()
        assert any(encoded in data for data in written)


async def test_keys_that_need_a_key_say_so_in_an_empty_list(embedded: OpenRequest) -> None:
    async with run_program(embedded) as user:
        for key in ("v", "c", "d", "E", "delete", "space"):
            with case(key):
                user.screen.show_status("")
                await user.press(key)
                assert user.stack == ["ApiSetupScreen"]
                assert user.status_text == "No API keys yet. Press a to add one."


async def open_key(user: User, developer: str) -> None:
    await user.go_to(developer)
    await user.press("enter")
    await user.at(EditKeyScreen)


async def test_the_key_bar_of_a_key_offers_only_what_its_status_allows(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        for developer, offered in (
            ("ClearPay", (True, False)),
            ("Dentist Finder", (False, True)),
            ("Old Recall Service", (False, False)),
        ):
            with case(developer):
                await open_key(user, developer)
                assert ("d Disable" in user.keys, "E Enable" in user.keys) == offered
                await user.press("escape")
                await user.at(ApiSetupScreen)


async def test_the_other_key_still_says_why_it_does_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_key(user, "Dentist Finder")
        await user.press("d")
        assert user.screen.status.kind == "problem"
        assert "already" in user.status_text.lower()


async def test_escape_leaves_every_field_of_the_settings(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        for field in ("enabled", "interval", "payment-type"):
            with case(field):
                user.screen.query_one(f"#{field}").focus()
                await user.settle()
                assert "Esc" in user.keys
                await user.press("escape")
                assert user.focused == "keys"


async def test_escape_without_anything_to_end_is_not_offered(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert "Esc" not in user.keys
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]
