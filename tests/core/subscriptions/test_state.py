"""The state of a subscription, for every row of the decision that tells it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from core.model.api_key import ApiKey, KeyFields
from core.model.key_text import fingerprint
from core.model.subscription import SubscriptionState
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE
from core.subscriptions.rows import SubscriptionRow
from core.subscriptions.state import SubscriptionContext, alerts_of, state_of

NOW = datetime(2024, 11, 6, 14, 30, 15)
FRESH, STALE = NOW - timedelta(minutes=2), NOW - timedelta(hours=3)
ROW = SubscriptionRow(
    number=1,
    address="https://hook.test/in/",
    workstation="DESK",
    customer_key="Ab12Cd34Ef56Gh78",
    watch_table="Appointment",
    polling_seconds=60,
    ui_event_type="",
    start=NOW - timedelta(seconds=50),
    stop=NO_DATE,
    note="",
)
LATE = replace(ROW, start=NOW - timedelta(hours=1))
KEY = ApiKey(
    fingerprint(ROW.customer_key), "********Gh78", "Bridge", KeyStatus.ENABLED, KeyFields(), None, None, None, True
)
RUNNING = SubscriptionContext(NOW, {"desk": FRESH})


def state(row: SubscriptionRow, around: SubscriptionContext = RUNNING) -> SubscriptionState:
    return state_of(row, around)[0]


def reasons(row: SubscriptionRow, around: SubscriptionContext = RUNNING) -> str:
    return " ".join(state_of(row, around)[1])


def alerts(row: SubscriptionRow, key: ApiKey | None = KEY, around: SubscriptionContext = RUNNING) -> str:
    return " ".join(alerts_of(row, key, around, ended=False))


@pytest.mark.parametrize(
    ("polling", "lag", "expected"),
    [
        (60, 180, SubscriptionState.WORKING),
        (60, 181, SubscriptionState.LATE),
        (5, 65, SubscriptionState.WORKING),
        (5, 66, SubscriptionState.LATE),
        (0, 60, SubscriptionState.WORKING),
        (0, 61, SubscriptionState.LATE),
    ],
)
def test_it_works_until_three_runs_or_a_minute_are_overdue(polling: int, lag: int, expected: SubscriptionState) -> None:
    assert state(replace(ROW, polling_seconds=polling, start=NOW - timedelta(seconds=lag))) is expected


def test_one_whose_stop_is_over_has_ended() -> None:
    assert state(replace(LATE, stop=NOW)) is SubscriptionState.ENDED
    assert state(replace(ROW, stop=NOW - timedelta(days=1))) is SubscriptionState.ENDED


def test_one_whose_stop_is_to_come_works_and_says_when_it_ends() -> None:
    later = replace(ROW, stop=NOW + timedelta(days=1))
    assert state(later) is SubscriptionState.WORKING
    assert reasons(later) == "It ends by itself on 2024-11-07 14:30."


@pytest.mark.parametrize("none", [NO_DATE, datetime(1879, 12, 31)])
def test_a_date_before_1880_is_no_stop(none: datetime) -> None:
    assert state(replace(ROW, stop=none)) is SubscriptionState.WORKING


def test_one_that_starts_later_has_not_started() -> None:
    later = replace(ROW, start=NOW + timedelta(hours=2))
    assert state(later) is SubscriptionState.NOT_STARTED
    assert reasons(later) == "It starts on 2024-11-06 16:30."


def test_an_event_of_the_user_interface_leaves_no_sign() -> None:
    event = replace(LATE, watch_table="", ui_event_type="PatientSelected", polling_seconds=0)
    assert state(event) is SubscriptionState.NO_SIGN


@pytest.mark.parametrize(
    ("workstation", "heartbeats", "reason"),
    [
        ("DESK", None, "Why is unknown: no computer's heartbeat can be read."),
        ("DEKS", {"desk": FRESH}, "Probably the name is wrong: no computer named DEKS ever ran Open Dental here."),
        ("Desk ", {"desk": FRESH}, "Probably its address doesn't accept the changes: Open Dental runs on Desk."),
        ("DESK", {"desk": STALE}, "Probably nobody works at DESK: Open Dental was last open 3 h ago there"),
        ("DESK", {"desk": NO_DATE}, "Probably nobody works at DESK: Open Dental was never open there"),
        ("", {"desk": FRESH, "b": STALE}, "doesn't accept the changes: Open Dental runs on 1 computer."),
        ("All Workstations", {"a": FRESH, "b": FRESH}, "doesn't accept the changes: Open Dental runs on 2 computers."),
        ("", {"desk": STALE}, "Probably the office is closed: Open Dental isn't open on any computer."),
        ("", {}, "Probably the office is closed"),
    ],
)
def test_why_it_is_late(workstation: str, heartbeats: dict[str, datetime] | None, reason: str) -> None:
    found = reasons(replace(LATE, workstation=workstation), SubscriptionContext(NOW, heartbeats))
    assert found.startswith("All changes were last delivered 1 h ago.")
    assert reason in found


def test_changes_of_more_than_three_days_ago_are_lost() -> None:
    lost = "Changes before 2024-11-03 14:30 are lost"
    assert lost in reasons(replace(ROW, start=NOW - timedelta(days=3, seconds=1)))
    assert lost not in reasons(replace(ROW, start=NOW - timedelta(days=3)))


def test_one_that_never_ran_is_late_without_lost_changes() -> None:
    assert reasons(replace(ROW, start=NO_DATE)).startswith("It has never delivered changes.")
    assert "lost" not in reasons(replace(ROW, start=NO_DATE))


def test_an_unencrypted_address_is_an_alert() -> None:
    assert alerts(replace(ROW, address="http://hook.test/")) == (
        "Complete rows of patient data and the customer key travel unencrypted to hook.test (http, not https)."
    )
    assert alerts(replace(ROW, address="http://desk:81/")) == ""


def test_an_address_that_is_none_is_an_alert() -> None:
    assert "isn't a complete URL" in alerts(replace(ROW, address="hook.test/in"))


@pytest.mark.parametrize(
    ("key", "alert"),
    [
        (None, "Orphaned: no API key of this practice matches its customer key."),
        (replace(KEY, gone=True), "Orphaned: its API key is gone from the list."),
        (replace(KEY, status=KeyStatus.DISABLED_BY_CUSTOMER), "Its API key is Disabled by Customer."),
        (replace(KEY, status=KeyStatus.DISABLED_BY_HQ), "Its API key is Disabled by Open Dental."),
    ],
)
def test_what_is_wrong_with_its_key_is_an_alert(key: ApiKey | None, alert: str) -> None:
    assert alerts(ROW, key).startswith(alert)


def test_a_key_that_is_missing_from_a_list_that_may_lack_some_is_no_alert() -> None:
    assert alerts(ROW, None, replace(RUNNING, all_keys_known=False)) == ""


@pytest.mark.parametrize("status", [KeyStatus.ENABLED, KeyStatus.ENABLED_READ_ONLY, KeyStatus.UNKNOWN])
def test_a_key_that_may_be_enabled_is_no_alert(status: KeyStatus) -> None:
    assert alerts(ROW, replace(KEY, status=status)) == ""


@pytest.mark.parametrize(
    ("other", "twice"),
    [
        (replace(ROW, number=2), True),
        (replace(ROW, number=2, workstation="", address="https://hook.test/in"), True),
        (replace(ROW, number=2, workstation="OTHER"), False),
        (replace(ROW, number=2, stop=NOW), False),
        (replace(ROW, number=2, watch_table="Patient"), False),
        (replace(ROW, number=2, customer_key="other"), False),
    ],
)
def test_the_same_subscription_twice_is_an_alert(other: SubscriptionRow, twice: bool) -> None:
    around = SubscriptionContext(NOW, {"desk": FRESH}, (ROW, other))
    assert ("subscription 2 does the same" in alerts(ROW, around=around)) is twice


def test_a_blank_workstation_is_sent_by_each_computer_that_runs_open_dental() -> None:
    everywhere = replace(ROW, workstation="")
    two = SubscriptionContext(NOW, {"a": FRESH, "b": FRESH, "c": STALE})
    assert "2 computers run Open Dental, and each one sends it" in alerts(everywhere, around=two)
    assert alerts(everywhere) == ""


def test_one_that_has_ended_gives_no_alert() -> None:
    assert alerts_of(replace(ROW, address="http://hook.test/"), None, RUNNING, ended=True) == ()


def test_the_digest_changes_with_every_value_but_the_last_run() -> None:
    assert replace(ROW, start=NOW).digest == ROW.digest
    others = (
        replace(ROW, number=2),
        replace(ROW, address="x"),
        replace(ROW, workstation="x"),
        replace(ROW, customer_key="x"),
        replace(ROW, watch_table="x"),
        replace(ROW, polling_seconds=1),
        replace(ROW, ui_event_type="x"),
        replace(ROW, stop=NOW),
        replace(ROW, note="x"),
    )
    assert len({each.digest for each in (ROW, *others)}) == 1 + len(others)


def test_a_row_is_printed_without_its_key() -> None:
    assert ROW.customer_key not in repr(ROW)
