"""The use of keys at the keyboard: a developer's entries, former names, and a list that stays still."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from core.model.developer_use import KnownUse, TrailFloor, UseDetails
from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tui.modals.prompt import Prompt
from tui.screens.audit_trail import AuditTrailScreen
from tui.widgets.key_table import KeyTable
from tui.widgets.rows import Row, Rows, changed_rows


async def enter_former_names(user: User, names: str) -> None:
    await user.press("N")
    await user.at(Prompt)
    await user.enter_text(names)
    await user.press("ctrl+s")
    await user.at_api_setup()


async def test_t_opens_the_entries_of_the_developer(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("T")
        await user.at(AuditTrailScreen)
        await user.settle()
        assert 'text:"by Appointment Bridge through"' in user.flowing_text


async def test_t_finds_the_entries_under_former_names_too(demo: OpenRequest) -> None:
    async with run_program(demo, size=(160, 40)) as user:
        await enter_former_names(user, 'Old "Bridge", Ltd')
        await user.press("T")
        await user.at(AuditTrailScreen)
        await user.settle()
        assert r'text:"by Appointment Bridge through","by Old \"Bridge\", Ltd through"' in user.flowing_text


def test_only_rows_that_differ_are_drawn_again() -> None:
    before, after = Rows([Row(["a"]), Row(["b"])]), Rows([Row(["a"]), Row(["c"])])
    assert changed_rows(before, before) == set()
    assert changed_rows(before, after) == {1}
    assert changed_rows(before, Rows([Row(["a"])])) is None


async def test_counts_that_arrive_for_a_key_that_is_gone_are_dropped(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        table = user.app.screen.query_one(KeyTable)
        assert table.key is not None
        table.show_use_details(replace(table.key, fingerprint="00" * 32), UseDetails(1, None))
        table.show_use(KnownUse(datetime(2024, 11, 6), {}, TrailFloor(None)))
        await user.settle()
        assert user.app.crash is None


async def test_enter_does_not_save_former_names(demo: OpenRequest) -> None:
    """A pasted line break is Enter, too."""
    async with run_program(demo) as user:
        await user.press("N")
        await user.at(Prompt)
        await user.enter_text("Old Bridge")
        await user.press("enter")
        assert isinstance(user.screen, Prompt)
        assert "Press ^s to confirm" in user.flowing_text
