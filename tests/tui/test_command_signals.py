"""Signals that end a command without a screen."""

from __future__ import annotations

import signal
import socket
import sys
import threading

import pytest

from core.model.fleet_change import FleetOutcome, FleetPlan, OfficeOutcome, OfficeResult
from core.opendental.key_status import KeyStatus
from tests.support.waiting import DEADLINE
from tui.commands.fleet_keys import finish_offices_on_signal
from tui.commands.signals import SignalHandler, SignalReceived

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class _SignaledWhileDestroyed:
    """An object that gets a signal in its destructor, where Python discards every exception."""

    def __init__(self, number: signal.Signals) -> None:
        self._number = number

    def __del__(self) -> None:
        signal.raise_signal(self._number)


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_ends_the_command(number: signal.Signals) -> None:
    with SignalHandler(), pytest.raises(SignalReceived) as received:
        signal.raise_signal(number)
    assert received.value.number == number


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_a_destructor_is_not_lost_and_prints_nothing(
    number: signal.Signals, capsys: pytest.CaptureFixture[str]
) -> None:
    with SignalHandler() as signals:
        signals.raise_pending()
        _SignaledWhileDestroyed(number)
        with pytest.raises(SignalReceived):
            signals.raise_pending()
    assert capsys.readouterr().err == ""


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_during_a_destructor_ends_what_waits_after_it(number: signal.Signals) -> None:
    def wait_after_a_signal() -> None:
        _SignaledWhileDestroyed(number)
        threading.Event().wait(DEADLINE)

    with SignalHandler(), pytest.raises(SignalReceived) as received:
        wait_after_a_signal()
    assert received.value.number == number


def test_a_signal_that_does_not_interrupt_a_blocking_call_ends_it_a_little_later() -> None:
    """As one that arrives just before the call begins; here, it interrupts another thread."""

    def wait_during_a_signal() -> None:
        ours, other = socket.socketpair()
        ours.settimeout(DEADLINE)
        with ours, other:
            threading.Timer(0.1, signal.raise_signal, [signal.SIGTERM]).start()
            ours.recv(1)

    with SignalHandler(), pytest.raises(SignalReceived):
        wait_during_a_signal()


def test_an_alarm_that_wakes_a_command_does_not_raise_a_signal_again() -> None:
    with SignalHandler() as signals:
        with pytest.raises(SignalReceived):
            signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGALRM)
        with pytest.raises(SignalReceived):
            signals.raise_pending()


def test_the_handlers_before_it_are_restored() -> None:
    before = [signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)], sys.unraisablehook
    with SignalHandler():
        with SignalHandler():
            assert signal.getsignal(signal.SIGINT) != before[0][0]
        assert signal.getitimer(signal.ITIMER_REAL) != (0, 0)
    assert ([signal.getsignal(number) for number in (*SIGNALS, signal.SIGALRM)], sys.unraisablehook) == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0, 0)


def test_a_signal_is_reported_only_after_the_offices_that_were_begun_are_done() -> None:
    main = threading.main_thread().ident
    assert main is not None
    plan = FleetPlan("R20241106-000001", "ClearPay", KeyStatus.DISABLED_BY_CUSTOMER, ())
    done, untouched = OfficeResult("North", OfficeOutcome.DONE), OfficeResult("South")

    def change(stopped: threading.Event) -> FleetOutcome:
        signal.pthread_kill(main, signal.SIGINT)
        assert stopped.wait(DEADLINE)
        # An office that was begun still takes a moment.
        threading.Event().wait(0.2)
        return FleetOutcome(plan, (done, untouched), None, "")

    with SignalHandler(), pytest.raises(SignalReceived) as received:
        finish_offices_on_signal(change)
    assert received.value.outcome == "1 of 2 offices were done"
