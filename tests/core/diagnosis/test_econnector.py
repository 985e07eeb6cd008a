"""The state of the eConnector, computed as Open Dental does."""

from __future__ import annotations

import json
from datetime import timedelta

import pytest

from core.diagnosis.econnector import EConnector, EConnectorState, ServiceSignal, evaluate_signals, parse_computers
from core.opendental.log_hash import NO_DATE
from tests.core.diagnosis.facts import MINUTE, NOW

State = EConnectorState
ERROR = ServiceSignal(4, NOW - MINUTE, "Disk full")


def state(severity: int, ago: timedelta, errors: int = 0) -> EConnector:
    return evaluate_signals(ServiceSignal(severity, NOW - ago), (ERROR,) * min(errors, 3), errors, NOW)


def test_without_a_signal_none_was_ever_installed() -> None:
    assert evaluate_signals(None, (), 0, NOW) == EConnector(State.NEVER_INSTALLED)


@pytest.mark.parametrize(
    ("severity", "ago", "errors", "expected"),
    [
        (2, timedelta(0), 0, State.WORKING),
        (2, timedelta(minutes=6), 0, State.WORKING),
        (2, timedelta(minutes=6, seconds=1), 0, State.DOWN),
        (4, timedelta(minutes=1), 0, State.WORKING),
        (5, timedelta(0), 0, State.DOWN),
        # Stopping the monitoring counts before silence does.
        (0, timedelta(days=9), 0, State.MONITORING_STOPPED),
        (2, timedelta(minutes=1), 2, State.ERRORS),
        (2, timedelta(minutes=7), 2, State.DOWN),
        # A clock that runs ahead is no silence.
        (2, timedelta(minutes=-9), 0, State.WORKING),
    ],
)
def test_the_newest_signal_decides(severity: int, ago: timedelta, errors: int, expected: State) -> None:
    found = state(severity, ago, errors)
    assert (found.state, found.last_sign) == (expected, NOW - ago)


def test_only_its_own_word_makes_it_critical() -> None:
    assert state(5, MINUTE).is_critical
    assert not state(2, timedelta(hours=1)).is_critical


def test_a_signal_without_a_valid_time_is_down_since_an_unknown_time() -> None:
    found = evaluate_signals(ServiceSignal(2, NO_DATE), (), 0, NOW)
    assert (found.state, found.last_sign) == (State.DOWN, None)


def test_computers_are_read_where_the_preference_is_plain() -> None:
    listed = [{"EConnectorComputerName": "SERVER-1"}, {"EConnectorComputerName": "OLD-SERVER"}]
    assert parse_computers(json.dumps(listed)) == ("SERVER-1", "OLD-SERVER")
    assert parse_computers(json.dumps(listed[0])) == ("SERVER-1",)


@pytest.mark.parametrize(
    "text", ["", "H4sIAAAAAAAEAIuu", "[1, null]", '[{"EConnectorComputerName": 7}]', "[" * 100_000]
)
def test_a_preference_that_cannot_be_read_names_no_computer(text: str) -> None:
    assert parse_computers(text) == ()
