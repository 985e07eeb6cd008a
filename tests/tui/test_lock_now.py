"""Locking the practice by hand."""

from __future__ import annotations

import pytest

from core.model.authority_name import AuthorityName
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.signing_in import set_password, sign_in
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tui.modals.locked import LockedScreen
from tui.modals.question import Question
from tui.modals.sign_in import SignInScreen
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_trail import AuditTrailScreen


async def enter(user: User) -> None:
    await sign_in(user, "admin", "drill")
    await user.at_api_setup()


def server() -> OpenRequest:
    return server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)


@pytest.fixture
def _with_password(demo: OpenRequest) -> None:
    set_password("admin", "drill")


@pytest.mark.usefixtures("_with_password")
async def test_l_hides_everything_until_the_user_signs_in_again() -> None:
    async with run_program(server()) as user:
        await enter(user)
        await user.fill("interval", "45")
        user.list.focus()
        await user.press("L")
        await user.at(SignInScreen)
        assert "ClearPay" not in user.text
        assert "Locked by admin." in user.flowing_text
        await sign_in(user, "admin", "drill")
        await user.at(ApiSetupScreen)
        assert user.field("interval").value == "45"


@pytest.mark.usefixtures("_with_password")
async def test_it_is_logged_as_a_sign_out_and_not_as_inactivity() -> None:
    async with run_program(server()) as user:
        await enter(user)
        before = rows.last_entry()
        await user.press("L")
        await user.at(SignInScreen)
        assert rows.audit_texts(before) == ["User: admin has logged off."]


@pytest.mark.usefixtures("_with_password")
async def test_l_works_on_other_screens_and_over_a_question() -> None:
    async with run_program(server()) as user:
        await enter(user)
        await user.press("t")
        await user.at(AuditTrailScreen)
        await user.press("L")
        await user.at(SignInScreen)
        await sign_in(user, "admin", "drill")
        await user.at(AuditTrailScreen)
        await user.press("escape")
        await user.at(ApiSetupScreen)
        await user.go_to("ClearPay")
        await user.press("d")
        await user.at(Question)
        await user.press("L")
        await user.at(SignInScreen)
        assert "ClearPay" not in user.text


async def test_a_practice_without_a_sign_in_is_hidden_and_says_what_that_is_worth(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("L")
        await user.at(LockedScreen)
        assert "ClearPay" not in user.text
        assert "Locked by admin." in user.flowing_text
        assert "An SQLite practice has no passwords" in user.flowing_text
        await user.press("enter")
        await user.at(ApiSetupScreen)


async def test_l_in_a_text_field_is_a_letter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("slash", "L")
        assert user.field("filter").value == "L"
        assert user.stack == ["ApiSetupScreen"]


async def test_text_that_arrives_as_keys_does_not_lock(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        user.send(*"xLx")
        await user.settle()
        await until(lambda: not user.app.workers._workers or user.app.unlocked.is_set())
        assert user.stack == ["ApiSetupScreen"]


async def test_without_a_practice_there_is_nothing_to_lock() -> None:
    request = server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)
    async with run_program(request, wait_for=SignInScreen) as user:
        user.screen.set_focus(None)
        await user.press("L")
        assert user.stack == ["SignInScreen"]
        assert user.status_text == "Nothing to lock: no practice is open."
