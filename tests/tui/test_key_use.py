"""The use of keys at the keyboard: a developer's entries, former names, and a list that stays still."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from textual.widget import Widget

from core.model.developer_use import DeveloperUse, KnownUse, TrailFloor, TrailRange, UseDetails
from core.offices.open_request import OpenRequest
from tests.support.user_driver import User, run_program
from tui.modals.prompt import Prompt
from tui.screens.audit_trail import AuditTrailScreen
from tui.widgets.key_table import KeyTable
from tui.widgets.rows import Row, Rows, changed_rows

NOW = datetime(2024, 11, 6, 14, 30)
FLOOR = TrailFloor(datetime(2021, 2, 3))
CHANGED = NOW - timedelta(minutes=5)


def known_at(moment: datetime, **others: DeveloperUse) -> KnownUse:
    """Return what is known when ClearPay has made one change and a reading ends at a moment."""
    read = TrailRange(datetime(2021, 2, 3), moment, complete=True)
    return KnownUse(moment, {"ClearPay": DeveloperUse(read, CHANGED, CHANGED), **others}, FLOOR)


@contextmanager
def drawn(user: User) -> Iterator[list[str]]:
    """Collect the names of the widgets that draw anything; without one, no byte is sent to the terminal."""
    names: list[str] = []
    screen = user.app.screen

    def collect(widgets: set[Widget]) -> None:
        names.extend(sorted(str(each.id or type(each).__name__) for each in widgets))
        widgets.clear()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(screen), "_compositor_refresh", lambda self: collect(self._dirty_widgets))
        yield names
        collect(screen._dirty_widgets)


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


async def test_q_opens_the_database_queries_of_the_developer(demo: OpenRequest) -> None:
    async with run_program(demo, size=(120, 40)) as user:
        await user.go_to("Canopy Analytics")
        await user.press("Q")
        await user.at(AuditTrailScreen)
        await user.settle()
        assert "SELECT COUNT(*) FROM appointment" in user.flowing_text
        assert len(user.list.rows) == 1


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


async def test_a_screen_on_which_nothing_changed_draws_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        table = user.app.screen.query_one(KeyTable)
        await user.go_to("ClearPay")
        table.show_use(known_at(NOW))
        await user.settle()
        with drawn(user) as names:
            table.show_use(known_at(NOW + timedelta(seconds=50)))
            await user.settle()
        assert names == []


async def test_an_age_that_changed_draws_the_list_and_the_details(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        table = user.app.screen.query_one(KeyTable)
        await user.go_to("ClearPay")
        table.show_use(known_at(NOW))
        await user.settle()
        with drawn(user) as names:
            table.show_use(known_at(NOW + timedelta(seconds=70)))
            await user.settle()
        assert set(names) == {"keys", "details"}


async def test_a_key_that_the_filter_shows_stays_while_former_names_are_read(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        table = user.app.screen.query_one(KeyTable)
        long_ago = datetime(2023, 5, 6)
        read = TrailRange(datetime(2021, 2, 3), NOW, complete=True)
        table.show_use(known_at(NOW, ClearPay=DeveloperUse(read, long_ago, long_ago)))
        await user.press("slash")
        await user.enter_text("changed:2023-05-06")
        assert "ClearPay" in user.row
        table.show_use(KnownUse(NOW, {}, FLOOR))
        await user.settle()
        assert "ClearPay" in user.row


async def test_enter_does_not_save_former_names(demo: OpenRequest) -> None:
    """A pasted line break is Enter, too."""
    async with run_program(demo) as user:
        await user.press("N")
        await user.at(Prompt)
        await user.enter_text("Old Bridge")
        await user.press("enter")
        assert isinstance(user.screen, Prompt)
        assert "Press ^s to confirm" in user.flowing_text


async def test_300_keys_show_their_last_change(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        table = user.app.screen.query_one(KeyTable)
        assert table.key is not None
        keys = [
            replace(table.key, fingerprint=f"{number:064}", developer=f"Developer {number:03}") for number in range(300)
        ]
        office = user.app.screen.open_session.office  # type: ignore[attr-defined]
        table.show(replace(office.keys.list(), keys=tuple(keys)))
        read = TrailRange(datetime(2021, 2, 3), NOW, complete=True)
        used = {key.developer: DeveloperUse(read, CHANGED, CHANGED) for key in keys}
        table.show_use(KnownUse(NOW, used, FLOOR))
        await user.press("end")
        assert user.row.startswith("Developer 299")
        assert user.row.endswith("5 min")
        await user.press("slash")
        await user.enter_text("changed:never")
        assert "No key matches." in user.text
