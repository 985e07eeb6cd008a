"""A user with the permission AuditTrail alone: opens on the Audit Trail, and is offered nothing that writes."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from core.model.authority_name import AuthorityName
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.signing_in import sign_in
from tests.support.user_driver import User, run_program
from tui.bindings import keys
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.sign_in import SignInScreen
from tui.palette_commands import palette_commands
from tui.platform.key_help import help_sections
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_entry import AuditEntryScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.payment_types import PaymentTypesScreen
from tui.screens.practice_screen import CHANGES
from tui.screens.review import ReviewScreen
from tui.screens.subscriptions import SubscriptionsScreen
from tui.widgets.settings_form import SettingsForm

pytestmark = pytest.mark.usefixtures("demo")


@pytest.fixture
def request_of_server(demo: OpenRequest) -> OpenRequest:
    """Return the request for the demo practice as a server, where Maria has the permission AuditTrail alone."""
    rows.execute("INSERT INTO usergroupattach (UserGroupAttachNum, UserNum, UserGroupNum) VALUES (77, 2, 77)")
    rows.execute("INSERT INTO grouppermission (GroupPermNum, UserGroupNum, PermType, FKey) VALUES (77, 77, 122, 0)")
    return server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)


@asynccontextmanager
async def as_auditor(request: OpenRequest, size: tuple[int, int] = (80, 24)) -> AsyncIterator[User]:
    """Run the program, signed in as Maria, on the Audit Trail."""
    async with run_program(request, size, wait_for=SignInScreen) as user:
        await sign_in(user, "Maria", "")
        await user.at(AuditTrailScreen)
        yield user


def offered(user: User, *besides: str) -> set[str]:
    """Return the actions of the keys that work on the screen, or that the help or the palette lists.

    Args:
        user: The user.
        besides: Changes that may be listed.
    """
    listed = {each.action for each in keys(user.screen.help_keys) if user.screen.is_available(each)}
    helped = {entry.sentence for section in help_sections(user.screen) for entry in section.entries}
    commands = {each.sentence for each in palette_commands(user.app, user.screen, lambda: None)}
    changing = {each.tooltip for each in keys(user.screen.KEYS) if each.action in CHANGES - {*besides}}
    assert not changing & (helped | commands)
    return listed


async def test_the_program_opens_on_the_audit_trail_and_only_the_sign_in_is_recorded(
    request_of_server: OpenRequest,
) -> None:
    before = rows.last_entry()
    async with as_auditor(request_of_server) as user:
        assert user.stack == ["ApiSetupScreen", "AuditTrailScreen"]
        assert "READ-ONLY: no permission Setup" in user.text.splitlines()[0]
        assert user.list.rows
        assert not offered(user) & CHANGES
        assert {"verify", "export", "only_suspect"} <= offered(user)
    assert rows.audit_texts(before)[:1] == ["User: Maria has logged on."]
    assert "API/FHIR" not in rows.audit_texts(before)


async def test_every_page_is_read_only(request_of_server: OpenRequest) -> None:
    async with as_auditor(request_of_server) as user:
        await user.press("enter")
        await user.at(AuditEntryScreen)
        assert not offered(user) & CHANGES
        for key, screen in (
            ("5", ReviewScreen),
            ("3", PaymentTypesScreen),
            ("2", SubscriptionsScreen),
            ("1", ApiSetupScreen),
        ):
            await user.press(key)
            await user.at(screen)
            assert not offered(user) & CHANGES
        assert user.app.screen.query_one(SettingsForm).disabled
        before = rows.settings(), rows.last_entry()
        await user.press("a", "d", "E", "v", "c", "ctrl+s", "ctrl+z", "delete", "N", "n")
        await user.settle()
        assert user.status_text.startswith("Read-only: The user Maria doesn't have the permission Setup.")
        assert user.stack == ["ApiSetupScreen"]
        await user.press("enter")
        await user.at(EditKeyScreen)
        assert not offered(user) & CHANGES
        await user.press("d", "E", "p", "v", "c", "n", "ctrl+s")
        await user.settle()
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        assert (rows.settings(), rows.last_entry()) == before


async def test_a_user_with_setup_is_offered_no_change_of_a_practice_that_was_opened_read_only(
    request_of_server: OpenRequest,
) -> None:
    request = replace(request_of_server, context=replace(request_of_server.context, read_only=True))
    before = rows.settings(), rows.last_entry()
    async with run_program(request, wait_for=SignInScreen) as user:
        await sign_in(user, "admin", "")
        await user.at_api_setup()
        # Former names are kept in the companion.
        assert offered(user, "former_names") & CHANGES == {"former_names"}
        assert "Disable" not in user.keys
        for key in "d", "a", "E", "ctrl+s", "ctrl+z", "space":
            user.screen.show_status("")
            await user.press(key)
            assert user.status_text.startswith("Read-only: This practice was opened read-only."), key
        for key, screen in ("3", PaymentTypesScreen), ("2", SubscriptionsScreen):
            await user.press(key)
            await user.at(screen)
            assert not offered(user) & CHANGES
            await user.press("d")
            assert user.status_text.startswith("Read-only: ")
    assert (rows.settings(), rows.last_entry()) == before


async def test_the_practices_details_say_why(request_of_server: OpenRequest) -> None:
    async with as_auditor(request_of_server) as user:
        await user.press("1")
        await user.at(ApiSetupScreen)
        await user.press("i")
        await user.at(Notice)
        assert "Read-only: The user Maria doesn't have the permission Setup." in user.flowing_text


async def test_an_export_of_a_session_that_writes_nothing_says_that_it_is_not_recorded(
    request_of_server: OpenRequest,
) -> None:
    request = replace(request_of_server, context=replace(request_of_server.context, read_only=True))
    before = rows.query("SELECT * FROM securitylog"), rows.query("SELECT * FROM userod"), rows.settings()
    async with as_auditor(request) as user:
        await user.press("x")
        await user.at(Prompt)
        assert "Not recorded in the practice: This practice was opened read-only." in user.flowing_text
        await user.press("end", "ctrl+u")
        await user.enter_text("trail.csv")
        await user.press("ctrl+s")
        await user.at(Notice)
        assert "Not recorded in the practice: This practice was opened read-only." in user.flowing_text
    about = json.loads(Path("trail.csv.about.json").read_text(encoding="utf-8"))
    assert about["audit_trail"] == "not recorded in the practice: This practice was opened read-only."
    assert (rows.query("SELECT * FROM securitylog"), rows.query("SELECT * FROM userod"), rows.settings()) == before


async def test_a_user_with_neither_permission_is_refused() -> None:
    request = server_request(authority=AuthorityName.LOCAL, password=DATABASE_PASSWORD)
    async with run_program(request, wait_for=SignInScreen) as user:
        await sign_in(user, "Maria", "")
        assert user.status_text.startswith("The user Maria needs the permission Setup or AuditTrail")


async def test_the_account_of_an_sqlite_practice_may_have_audittrail_alone(demo: OpenRequest) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 8")
    before = rows.last_entry()
    async with run_program(demo, wait_for=AuditTrailScreen) as user:
        assert "READ-ONLY: no permission Setup" in user.text.splitlines()[0]
    assert rows.audit_texts(before) == []
