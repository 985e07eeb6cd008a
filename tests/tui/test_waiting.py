"""Waits of a screen: after a moment it says what for and since when, and Esc leaves all but a change."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from core.audit.search import AuditSearch
from core.audit.service import AuditService
from core.audit.verification import Verification
from core.keys.service import KeyService
from core.model.authority_name import AuthorityName
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from core.users.service import UserService
from tests.support.gates import Gate, Gates
from tests.support.open_requests import DATABASE_PASSWORD, ServerOpenRequest, server_request
from tests.support.user_driver import User, run_program, running
from tests.support.waiting import until
from tests.tui.test_bindings import screens
from tui.app import ApisetupApp
from tui.modals.sign_in import SignInScreen
from tui.platform import waiting
from tui.platform.base_modal import BaseModal
from tui.platform.base_screen import ScreenBehavior
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.connect import ConnectScreen
from tui.screens.edit_key import EditKeyScreen
from tui.screens.verification import VerificationScreen


@pytest.fixture(autouse=True)
def _waits_are_soon_displayed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SHOW_AFTER", 0.05)


def displays(user: User, text: str) -> Callable[[], bool]:
    """Return whether the status line displays this wait, with the seconds since it began."""
    return lambda: re.match(rf"{re.escape(text)}… \d+ s\b", user.status_text) is not None


async def waits(user: User, held: Gate, text: str) -> None:
    await until(held.entered.is_set)
    await until(displays(user, text))


async def finish(user: User, held: Gate) -> None:
    held.open()
    await until(held.left.is_set)
    await user.settle()


async def test_a_wait_says_what_for_and_since_when(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(KeyService, "list")
        user.send("r")
        await waits(user, held, "Reading the settings and keys")
        await until(lambda: user.status_text.startswith("Reading the settings and keys… 2 s. Esc stops waiting."))
        await finish(user, held)
        assert "…" not in user.status_text


async def test_a_short_wait_says_no_time(demo: OpenRequest, gate: Gates, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "SHOW_AFTER", 3600.0)
    async with run_program(demo) as user:
        held = gate(KeyService, "list")
        user.send("r")
        await until(held.entered.is_set)
        assert user.status_text == "Reading the settings and keys…"
        await finish(user, held)


async def test_nothing_is_scheduled_while_nothing_is_waited_for(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(KeyService, "list")
        user.send("r")
        await waits(user, held, "Reading the settings and keys")
        await finish(user, held)
        assert user.screen._waits._timer is None


async def test_the_message_that_a_wait_replaced_comes_back(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.press("enter")
        held = gate(KeyService, "history")
        user.screen.show_status("Saved.", "ok")
        assert isinstance(user.screen, EditKeyScreen)
        user.screen.load_history()
        await waits(user, held, "Reading the key's history")
        await finish(user, held)
        assert (user.status_text, user.screen.status.kind) == ("Saved.", "ok")


# -- Esc leaves -----------------------------------------------------------------------


async def test_escape_leaves_a_reload_and_the_screen_stays_usable(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(KeyService, "list")
        user.send("r")
        await waits(user, held, "Reading the settings and keys")
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped waiting"))
        await finish(user, held)
        assert user.status_text == "Stopped waiting: reading the settings and keys. Try it again."
        await user.press("enter")
        assert isinstance(user.screen, EditKeyScreen)


async def test_escape_leaves_the_users_of_the_audit_trail(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditService, "users")
        user.send("t")
        await waits(user, held, "Reading the users")
        user.send("escape")
        await until(lambda: "Not loaded. Press r to retry." in user.text)
        assert isinstance(user.screen, AuditTrailScreen)
        await finish(user, held)
        await user.press("r")
        assert user.panel("entries").startswith("Entries  ")


async def test_escape_stops_a_search_that_can_be_continued(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(AuditSearch, "page")
        user.send("t")
        await waits(user, held, "Reading the Audit Trail")
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped: "))
        await finish(user, held)
        await user.press("n")
        assert len(user.list.rows) > 0


async def test_escape_stops_a_verification_that_can_be_continued(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.press("t")
        held = gate(Verification, "run_batch")
        user.send("V")
        await user.until_asked()
        user.send("e")
        await waits(user, held, "Verifying")
        user.send("escape")
        await until(lambda: user.status_text.startswith("Stopped. "))
        assert isinstance(user.screen, VerificationScreen)
        await finish(user, held)


async def test_escape_leaves_the_history_of_a_key(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        held = gate(KeyService, "history")
        user.send("enter")
        await waits(user, held, "Reading the key's history")
        user.send("escape")
        await until(lambda: "Not loaded. Press r to retry." in user.text)
        await finish(user, held)
        assert user.stack == ["ApiSetupScreen", "EditKeyScreen"]
        await user.press("escape")
        assert user.stack == ["ApiSetupScreen"]


@pytest.mark.usefixtures("demo")
async def test_escape_leaves_connecting_and_the_late_office_is_closed(gate: Gates) -> None:
    closed = []
    request = server_request(authority=AuthorityName.LOCAL)
    async with run_program(request, wait_for=ConnectScreen) as user:
        held = gate(ServerOpenRequest, "open")
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("core.office.office.Office.close", lambda _office: closed.append(True))
            await user.enter_text(DATABASE_PASSWORD)
            user.send("enter")
            await waits(user, held, "Connecting")
            user.send("escape")
            await until(lambda: "Stopped waiting: connecting." in user.flowing_text)
            await finish(user, held)
            await until(lambda: closed == [True])
        await user.press("enter")
        await user.at(SignInScreen)


async def test_escape_leaves_opening_an_embedded_practice(demo: OpenRequest, gate: Gates) -> None:
    held = gate(KeyService, "list")
    async with running(ApisetupApp(demo)) as user:
        await waits(user, held, "Opening the practice")
        user.send("escape")
        await until(lambda: isinstance(user.app.screen, ConnectScreen))
        await finish(user, held)
        await user.press("r")
        await user.at_api_setup()


# -- a change is never left -----------------------------------------------------------


async def test_escape_does_not_leave_a_save(demo: OpenRequest, gate: Gates) -> None:
    async with run_program(demo) as user:
        await user.fill("interval", "7")
        held = gate(SettingsService, "save")
        user.send("ctrl+s")
        await waits(user, held, "Saving")
        assert "Esc" not in user.status_text
        user.send("escape")
        await until(lambda: user.status_text.endswith("This can't be stopped; its result will be shown here."))
        await finish(user, held)
        assert user.status_text.startswith("Saved: ")


@pytest.mark.usefixtures("demo")
async def test_escape_does_not_leave_a_sign_in(gate: Gates) -> None:
    request = server_request(authority=AuthorityName.LOCAL)
    async with run_program(request, wait_for=ConnectScreen) as user:
        await user.enter_text(DATABASE_PASSWORD)
        await user.press("enter")
        await user.at(SignInScreen)
        held = gate(UserService, "sign_in")
        await user.enter_text("admin")
        await user.press("tab")
        user.send("enter")
        await waits(user, held, "Signing in")
        user.send("escape")
        await until(lambda: "This can't be stopped" in user.status_text)
        await finish(user, held)
        await user.at_api_setup()


@pytest.mark.parametrize("screen", screens(), ids=lambda screen: screen.__name__)
def test_escape_leaves_a_wait_on_every_screen_and_does_what_it_did_before(screen: type[ScreenBehavior]) -> None:
    assert screen._merged_bindings is not None
    actions = [binding.action for binding in screen._merged_bindings.key_to_bindings["escape"]]
    assert actions[0] == "leave_wait"
    if issubclass(screen, BaseModal):
        assert len(actions) > 1
