"""Texts about a developer's use of the API."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.model.api_key import ApiKey, KeyFields
from core.model.developer_use import DAYS, DeveloperUse, TrailFloor, TrailRange, UseDetails, is_idle_key
from core.opendental.key_status import KeyStatus
from core.opendental.price_list import DEFAULT_PRICES
from tui.widgets.use_lines import KeyUse, change_cell, small_chart, use_section, use_summary

NOW = datetime(2024, 11, 6, 14, 30)
WHOLE = TrailRange(datetime(2020, 1, 1), NOW, complete=True)
PART = TrailRange(datetime(2024, 10, 7), NOW, complete=False)
KEY = ApiKey(
    "ab" * 32,
    "****1234",
    "ClearPay",
    KeyStatus.ENABLED,
    KeyFields(permissions=("ApiReadAll", "ApiPayments")),
    None,
    None,
    None,
    known=True,
)


def used(ago: timedelta, **changes: object) -> DeveloperUse:
    return replace(DeveloperUse(WHOLE, NOW - ago, NOW - ago), **changes)  # type: ignore[arg-type]


def texts(known: KeyUse, key: ApiKey = KEY) -> str:
    return "\n".join(line.text for line in (*use_summary(known), *use_section(key, known)))


@pytest.mark.parametrize(
    ("use", "cell"),
    [
        (None, "…"),
        (DeveloperUse(PART), "…"),
        (DeveloperUse(WHOLE), "—"),
        (used(timedelta(seconds=20)), "now"),
        (used(timedelta(minutes=-5)), "now"),
        (used(timedelta(hours=2)), "2 h"),
        (used(timedelta(days=41)), "41 d"),
        (used(timedelta(days=400)), "1 y"),
    ],
)
def test_the_cell_shows_the_age_of_the_last_change(use: DeveloperUse | None, cell: str) -> None:
    assert change_cell(use, NOW) == cell


def test_the_chart_has_a_bar_for_every_two_days() -> None:
    counts = [0] * DAYS
    counts[-1], counts[0], counts[1] = 1, 4, 4
    assert small_chart(counts) == "█" + "·" * 13 + "▁"
    assert small_chart([0] * DAYS) == "·" * 15


def test_what_was_read_so_far_is_said_without_never() -> None:
    shown = texts(KeyUse(DeveloperUse(PART), NOW, DEFAULT_PRICES))
    assert "none seen since 2024-10-07" in shown
    assert "Read back to 2024-10-07 so far." in shown


def test_reads_leave_no_entry_and_keys_of_one_developer_share_it() -> None:
    shown = texts(KeyUse(used(timedelta(days=1)), NOW, DEFAULT_PRICES, same_developer=2))
    assert "Calls that only read leave no entry." in shown
    assert "2 keys of ClearPay share this" in shown


def test_an_idle_key_that_may_write_is_named_with_its_price() -> None:
    idle = used(timedelta(days=91))
    assert is_idle_key(KEY, idle, NOW)
    assert "about $35 a month by the price list of 2025-11" in texts(KeyUse(idle, NOW, DEFAULT_PRICES))


@pytest.mark.parametrize(
    "key",
    [
        replace(KEY, status=KeyStatus.ENABLED_READ_ONLY),
        replace(KEY, status=KeyStatus.DISABLED_BY_CUSTOMER),
        replace(KEY, fields=KeyFields(permissions=("ApiReadAll",))),
        replace(KEY, gone=True),
    ],
)
def test_a_key_that_cannot_write_is_never_idle(key: ApiKey) -> None:
    assert not is_idle_key(key, used(timedelta(days=400)), NOW)


def test_a_key_read_only_in_part_is_not_called_idle() -> None:
    assert not is_idle_key(KEY, DeveloperUse(PART), NOW)


def test_changes_after_disabling_say_what_that_means() -> None:
    details = UseDetails(3, 2, NOW - timedelta(hours=1))
    key = replace(KEY, status=KeyStatus.DISABLED_BY_CUSTOMER)
    shown = texts(KeyUse(used(timedelta(hours=1)), NOW, DEFAULT_PRICES, details=details), key)
    assert "2 changes after the key was disabled, the last on 2024-11-06 13:30" in shown
    assert "up to six hours of cached access" in shown


def test_the_floor_says_how_far_back_the_trail_goes() -> None:
    floor = TrailFloor(datetime(2021, 2, 3), "Admin removed entries up to 1/1/2021 on 2024-01-02.")
    shown = texts(KeyUse(used(timedelta(days=1)), NOW, DEFAULT_PRICES, floor=floor))
    assert "The Audit Trail begins on 2021-02-03. Admin removed entries up to 1/1/2021 on 2024-01-02." in shown


def test_kinds_and_computers_are_listed_with_their_number() -> None:
    use = used(timedelta(hours=1), kinds={25: 3, 26: 1}, computers=("SERVER-1",), counts=(0,) * 29 + (4,))
    shown = texts(KeyUse(use, NOW, DEFAULT_PRICES, details=UseDetails(3, None)))
    assert "AppointmentCreate 3, AppointmentMove 1" in shown
    assert "SERVER-1" in shown
    assert "3 in 30 days" in shown


@pytest.mark.parametrize(
    "key",
    [replace(KEY, status=KeyStatus.ENABLED_READ_ONLY), replace(KEY, fields=KeyFields(permissions=("ApiReadAll",)))],
)
def test_a_key_that_may_only_read_leaves_no_trace(key: ApiKey) -> None:
    known = KeyUse(DeveloperUse(WHOLE), NOW, DEFAULT_PRICES)
    assert "This key may only read, which leaves no trace." in texts(known, key)
    disabled = replace(KEY, status=KeyStatus.DISABLED_BY_CUSTOMER)
    assert "Calls that only read leave no entry." in texts(known, disabled)


def test_database_queries_are_counted_with_the_key_that_shows_their_text() -> None:
    use = used(timedelta(hours=1), kinds={19: 2, 26: 1}, counts=(0,) * 29 + (3,))
    assert "2 in 30 days; Q shows their text" in texts(KeyUse(use, NOW, DEFAULT_PRICES))
    assert "Queries" not in texts(KeyUse(used(timedelta(hours=1)), NOW, DEFAULT_PRICES))


def test_a_space_follows_every_label() -> None:
    use = used(timedelta(days=1), kinds={8: 3}, computers=("SERVER-1",), counts=(0,) * (DAYS - 1) + (3,))
    known = KeyUse(use, NOW, DEFAULT_PRICES, details=UseDetails(4, None))
    lines = texts(known).splitlines()
    assert "Patients 4 in 30 days" in lines
    assert "Through  SERVER-1" in lines
