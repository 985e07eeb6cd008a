"""The first reading of the settings: the keys are shown before it, so the admin works while it goes on."""

from __future__ import annotations

from asyncio import gather

import pytest

from core.base.errors import PracticeUnavailable
from core.model.settings import SettingsPage
from core.offices.open_request import OpenRequest
from core.settings.service import SettingsService
from core.use.service import UseService
from tests.support import embedded_rows as rows
from tests.support.gates import Gate, Gates
from tests.support.user_driver import User, run_program, running
from tests.support.waiting import until
from tui.app import ApisetupApp
from tui.modals.assign_key import AssignKeyScreen
from tui.modals.question import Question
from tui.platform import waiting
from tui.screens.api_setup import ApiSetupScreen
from tui.screens.audit_trail import AuditTrailScreen
from tui.screens.review import ReviewScreen
from tui.widgets.settings_form import SettingsForm


async def see_keys(user: User, held: Gate) -> SettingsForm:
    """Wait until the keys are shown and the settings are being read."""
    await until(held.entered.is_set)
    user.ignored_group = "first settings"
    screen = await user.at(ApiSetupScreen)
    await until(lambda: bool(user.list.rows))
    return screen.query_one(SettingsForm)


async def finish(user: User, held: Gate) -> None:
    held.open()
    await until(held.left.is_set)
    user.ignored_group = ""
    await user.settle()


@pytest.mark.parametrize(("key", "opened"), [("a", AssignKeyScreen), ("d", Question)])
async def test_keys_that_start_a_change_work_meanwhile(
    demo: OpenRequest, gate: Gates, key: str, opened: type[AssignKeyScreen] | type[Question]
) -> None:
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        form = await see_keys(user, held)
        await user.press(key)
        assert isinstance(user.screen, opened)
        await finish(user, held)
        assert isinstance(user.screen, opened)
        assert form.is_filled


async def test_saving_meanwhile_says_that_there_is_nothing_to_save(demo: OpenRequest, gate: Gates) -> None:
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        await see_keys(user, held)
        await user.press("ctrl+s")
        assert user.status_text.startswith("The settings haven't been read, so there is nothing to save.")
        await finish(user, held)


async def test_saving_settings_that_can_not_be_read_says_how_to_read_them(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(SettingsService, "load", _fail)
        async with run_program(demo) as user:
            assert user.status_text == "The practice can't be read. Try it again."
            await user.press("ctrl+s")
            assert user.status_text.endswith("Press r to reload.")
            patch.undo()
            await user.press("r")
            assert user.status_text == "Reloaded."
            await user.fill("interval", "15")
            await user.press("ctrl+s")
            assert user.status_text.startswith("Saved: subscription interval from 5 minutes to 15 minutes.")


async def test_a_reload_that_is_faster_stays_with_what_was_typed(demo: OpenRequest, gate: Gates) -> None:
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        form = await see_keys(user, held)
        rows.execute("UPDATE programproperty SET PropertyValue = '7' WHERE PropertyValue = '5'")
        await user.press("r")
        await user.fill("interval", "42")
        await finish(user, held)
        assert user.field("interval").value == "42"
        assert (form.page.values.interval, form.unsaved) == ("7", ("subscription interval",))


async def test_a_place_that_is_left_meanwhile_keeps_nothing_from_being_read(demo: OpenRequest, gate: Gates) -> None:
    held, use = gate(SettingsService, "load"), gate(UseService, "reading", hold=0)
    async with running(ApisetupApp(demo)) as user:
        form = await see_keys(user, held)
        await user.press("5")
        await user.at(ReviewScreen)
        await user.press("escape")
        await user.at(ApiSetupScreen)
        assert not use.calls
        await finish(user, held)
        assert form.is_filled
        await until(lambda: bool(use.calls))


async def test_the_place_of_a_user_without_setup_does_not_open_later(demo: OpenRequest, gate: Gates) -> None:
    rows.execute("DELETE FROM grouppermission WHERE PermType = 8")
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        await until(held.entered.is_set)
        user.ignored_group = "first settings"
        await user.at(AuditTrailScreen)
        await finish(user, held)
        await user.press("1")
        assert (await user.at(ApiSetupScreen)).query_one(SettingsForm).is_filled


async def test_the_wait_says_what_is_read_and_esc_does_not_stop_it(
    demo: OpenRequest, gate: Gates, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(waiting, "SHOW_AFTER", 0.05)
    held = gate(SettingsService, "load")
    async with running(ApisetupApp(demo)) as user:
        form = await see_keys(user, held)
        await until(lambda: user.status_text.startswith("Reading the settings… "))
        await user.press("slash")
        await user.enter_text("clear")
        await until(lambda: user.status_text.startswith("Reading the settings… "))
        await user.press("escape", "escape")
        assert user.panel("keys-panel").startswith("Keys  12 ")
        await finish(user, held)
        assert form.is_filled


async def test_settings_that_are_read_twice_at_once_are_shown_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        page = user.screen.query_one(SettingsForm).page
        await user.screen.query_one(SettingsForm).remove()
        form = SettingsForm()
        await user.screen.mount(form)
        await gather(form.show(page), form.show(page, keep_typed=True))
        assert form.typed.interval == page.values.interval
        assert form.unsaved == ()


def _fail(_service: SettingsService) -> SettingsPage:
    raise PracticeUnavailable("The practice can't be read.", "Try it again.")
