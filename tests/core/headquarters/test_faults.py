"""Faults between any two statements of a change at headquarters: nothing is done there without an entry before it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import count

import pytest

from core.base.errors import ApiSetupError, HeadquartersError, OutcomeUnknown
from core.model.api_key import AuthorityName
from tests.support.databases import SampleServer
from tests.support.fake_headquarters import HeadquartersServer, headquarters
from tests.support.fault_injection import after_statement, cut
from tests.support.headquarters_office import (
    AT_HEADQUARTERS,
    BRIDGE,
    CLEARPAY,
    NEW_KEY,
    OFFERED,
    RENEW_COPY,
    ask,
    clean,
    copied,
    credentials,
    lead_to,
    logged,
    office_of,
)
from tests.support.headquarters_protocol import HeldKey
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY

with_copy = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
each_change = pytest.mark.parametrize("change", AT_HEADQUARTERS)
DONE = ("New API key", "API key ")


@pytest.fixture
def hq(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadquartersServer]:
    """A headquarters of the practice; reading from it is not tried again after a pause."""
    monkeypatch.setattr("core.headquarters.client.PAUSES", ())
    with headquarters(practice=credentials(server_sample)) as server:
        yield server


def begin(sample: SampleServer, hq: HeadquartersServer) -> None:
    """Bring both to their first state, in which the practice has headquarters' list."""
    sample.restore()
    lead_to(sample, hq.url)
    for key in hq.held():
        hq.remove_key(key.key)
    clean(hq, BRIDGE, CLEARPAY)
    hq.offer(OFFERED)
    with office_of(sample) as office:
        ask(office)


def is_done(hq: HeadquartersServer, change: str) -> bool:
    """Whether headquarters did what is asked."""
    return hq.status(NEW_KEY) == "Enabled" if change == "assign" else hq.status(BRIDGE_KEY) == "DisabledByCustomer"


def entries(sample: SampleServer) -> list[str]:
    return logged(sample, "ASKED: ", *DONE, "NOT DONE", "UNKNOWN")


@with_copy
@each_change
def test_the_line_to_the_database_cut_after_each_statement(
    server_sample: SampleServer, hq: HeadquartersServer, change: str
) -> None:
    for number in count(1):
        begin(server_sample, hq)
        failure: ApiSetupError | None = None
        with office_of(server_sample) as office:
            with after_statement(office, number, cut(server_sample)) as strike:
                try:
                    AT_HEADQUARTERS[change](office)
                except ApiSetupError as error:
                    failure = error
            if is_done(hq, change):
                # What could not be logged at once is logged with the next list.
                ask(office)
        texts = entries(server_sample)
        if is_done(hq, change):
            assert texts[0].startswith("ASKED: ")
            assert any(text.startswith(DONE) for text in texts)
            assert not any(text.startswith(tuple(f"NOT DONE: {words}" for words in DONE)) for text in texts)
            assert failure is None or isinstance(failure, OutcomeUnknown | HeadquartersError)
            assert failure is None or "Nothing was changed" not in failure.sentence
        else:
            assert failure is not None
            assert not any(text.startswith(DONE) for text in texts)
        if not strike.struck:
            assert failure is None
            assert number > 4
            return


# Each engine once: killing takes its time, and what is asked for makes no difference to what a table loses.
@pytest.mark.parametrize(
    ("server_sample", "change"),
    [("24.3 MyISAM", "assign"), ("24.3 InnoDB", "disable")],
    indirect=["server_sample"],
)
def test_the_process_killed_after_each_statement(
    server_sample: SampleServer, hq: HeadquartersServer, driver: KillDriver, change: str
) -> None:
    for number in count(1):
        begin(server_sample, hq)
        there = {key for key, _ in copied(server_sample)}
        if not driver.killed(server_sample, change, number, AuthorityName.HEADQUARTERS):
            assert is_done(hq, change)
            assert number > 4
            return
        texts = entries(server_sample)
        if is_done(hq, change):
            assert texts[0].startswith("ASKED: ")
        else:
            assert not [text for text in texts if text.startswith(DONE)]
        assert {key for key, _ in copied(server_sample)} >= there
        # The next start shows what headquarters has, and goes on.
        with office_of(server_sample) as office:
            ask(office)
            if not is_done(hq, change):
                AT_HEADQUARTERS[change](office)
        assert is_done(hq, change)


# MyISAM, since every statement lasts there as soon as it is executed.
@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_no_key_is_lost_where_the_process_is_killed_while_the_copy_is_renewed(
    server_sample: SampleServer, hq: HeadquartersServer, driver: KillDriver
) -> None:
    listed = [(BRIDGE_KEY, "Bridge, renamed"), (CLEARPAY_KEY, "ClearPay, renamed"), (NEW_KEY, "New Wave")]
    for key in hq.held():
        hq.remove_key(key.key)
    clean(hq, *(HeldKey(key, developer=developer) for key, developer in listed))
    for number in count(1):
        server_sample.restore()
        lead_to(server_sample, hq.url)
        before = copied(server_sample)
        assert {key for key, _ in before} == {BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY}
        killed = driver.killed(server_sample, RENEW_COPY, number, AuthorityName.HEADQUARTERS)
        after = copied(server_sample)
        assert {key for key, _ in after} >= {BRIDGE_KEY, CLEARPAY_KEY}
        assert after == before or logged(server_sample, "API keys: copy made equal")
        if killed and after == before:
            continue
        # The next start makes it whole.
        with office_of(server_sample) as office:
            ask(office)
        assert copied(server_sample) == sorted(listed)
        if not killed:
            assert number > 4
            return
