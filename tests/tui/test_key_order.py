"""Sorting the key list and the list of offices with `s`."""

from __future__ import annotations

from math import inf

from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.user_driver import User, run_program


def column(user: User, index: int) -> list[str]:
    found = [user.list.rows.row(number) for number in range(len(user.list.rows))]
    return [row.cells[index] for row in found if row]


def _age(cell: str) -> float:
    """Return the age of a last change in hours; infinite for none."""
    number, _, unit = cell.partition(" ")
    return int(number) * {"h": 1, "d": 24}[unit] if unit else inf


def header(user: User) -> str:
    return user.list.render_line(0).text


async def test_s_sorts_by_each_column_in_turn_and_an_arrow_shows_by_which(demo: OpenRequest) -> None:
    async with run_program(demo, size=(160, 40)) as user:
        assert "Developer ▲" in header(user)
        assert column(user, 0) == sorted(column(user, 0), key=str.casefold)
        await user.press("s")
        assert "Key ▲" in header(user)
        assert column(user, 1) == sorted(column(user, 1))
        await user.press("s")
        assert "Status ▲" in header(user)
        assert column(user, 2)[0] == "● on"
        assert column(user, 2) == sorted(column(user, 2), key="● on,◐ reads,○ off,✕ developer,✕ Open Dental,?".find)
        await user.press("s")
        assert "Change▼" in header(user)
        assert column(user, 3) == sorted(column(user, 3), key=_age)
        await user.press("s")
        assert "Added ▼" in header(user)
        assert column(user, 4) == sorted(column(user, 4), reverse=True)
        await user.press("s")
        assert "BAA since▲" in header(user)
        without = column(user, 5).count("none")
        assert column(user, 5)[:without] == ["none"] * without
        assert column(user, 5)[without:] == sorted(column(user, 5)[without:])
        await user.press("s")
        assert "Owner ▲" in header(user)
        assert column(user, 6) == sorted(column(user, 6), key=lambda owner: owner.strip("–").casefold())
        await user.press("s")
        assert "Review ▲" in header(user)
        assert column(user, 7) == sorted(column(user, 7), key=lambda day: day.replace("–", "9999"))
        await user.press("s")
        assert "Developer ▲" in header(user)


async def test_only_columns_that_are_shown_take_part(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        assert "Added" not in header(user)
        for title in ("Key ▲", "Status ▲", "Change▼", "Developer ▲"):
            await user.press("s")
            assert title in header(user)


async def test_the_cursor_stays_on_its_key(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.go_to("Dentist Finder")
        await user.press("s", "s")
        assert user.row.startswith("Dentist Finder")


async def test_the_order_survives_a_filter_and_reloading(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await user.press("s", "s")
        await user.press("slash")
        await user.enter_text("a")
        await user.press("enter", "r")
        assert "Status ▲" in header(user)
        found = column(user, 2)
        assert found == sorted(found, key="● on,◐ reads,○ off,✕ developer,✕ Open Dental,?".find)


async def test_keys_with_the_same_value_come_by_developer(demo: OpenRequest) -> None:
    rows.execute("UPDATE apisetup_key SET status = 1")
    async with run_program(demo) as user:
        await user.press("s", "s")
        assert column(user, 0) == sorted(column(user, 0), key=str.casefold)
