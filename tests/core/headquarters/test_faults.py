"""Faults between the statements of a change at headquarters: nothing is done there without an audit entry before it.

By default, the connection is cut once after each kind of statement on InnoDB, and the process is killed on MyISAM. With
`-m faults`, it happens after every statement of every kind of change.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count

import pytest

from core.base.errors import ApiSetupError, HeadquartersError, OutcomeUnknown
from core.model.authority_name import AuthorityName
from tests.support.databases import SampleServer
from tests.support.fake_headquarters import HeadquartersServer, headquarters
from tests.support.fault_injection import after_statement, cut_connection, one_fault_per_kind, recorded_statements
from tests.support.headquarters_office import (
    AT_HEADQUARTERS,
    BRIDGE,
    CLEARPAY,
    NEW_KEY,
    OFFERED,
    RENEW_COPY,
    add_keys,
    audit_texts,
    copied_keys,
    credentials,
    fetch_list,
    office_of,
    set_headquarters_url,
)
from tests.support.headquarters_protocol import HeldKey
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY
from tests.support.thorough import first_of

on_each_engine = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
DONE = ("New API key", "API key ")


@pytest.fixture
def hq(server_sample: SampleServer, monkeypatch: pytest.MonkeyPatch) -> Iterator[HeadquartersServer]:
    """The practice's headquarters; a failed request is not repeated after a pause."""
    monkeypatch.setattr("core.headquarters.client.PAUSES", ())
    with headquarters(practice=credentials(server_sample)) as server:
        yield server


def prepare(sample: SampleServer, hq: HeadquartersServer) -> None:
    """Restore the practice and headquarters, and fetch headquarters' list."""
    sample.restore()
    set_headquarters_url(sample, hq.url)
    for key in hq.assigned_keys():
        hq.remove_key(key.key)
    add_keys(hq, BRIDGE, CLEARPAY)
    hq.offer(OFFERED)
    with office_of(sample) as office:
        fetch_list(office)


def fault_plan(sample: SampleServer, hq: HeadquartersServer) -> dict[str, list[int]]:
    """Choose after which statements of each kind of change a fault happens by default."""
    recorded = {}
    for change, run in AT_HEADQUARTERS.items():
        prepare(sample, hq)
        with office_of(sample) as office, recorded_statements() as recorded[change]:
            run(office)
    return one_fault_per_kind(recorded)


def is_done(hq: HeadquartersServer, change: str) -> bool:
    """Return True if headquarters made the change."""
    return hq.status(NEW_KEY) == "Enabled" if change == "assign" else hq.status(BRIDGE_KEY) == "DisabledByCustomer"


def entries(sample: SampleServer) -> list[str]:
    return audit_texts(sample, "ASKED: ", *DONE, "NOT DONE", "UNKNOWN")


def cut_after(sample: SampleServer, hq: HeadquartersServer, change: str, number: int) -> bool:
    """Cut the connection to the database after one statement, and check what is left; False if there are fewer."""
    prepare(sample, hq)
    failure: ApiSetupError | None = None
    with office_of(sample) as office:
        with after_statement(number, cut_connection(sample)) as fault:
            try:
                AT_HEADQUARTERS[change](office)
            except ApiSetupError as error:
                failure = error
        if is_done(hq, change):
            # What could not be logged at once is logged with the next list.
            fetch_list(office)
    texts = entries(sample)
    if is_done(hq, change):
        assert texts[0].startswith("ASKED: ")
        assert any(text.startswith(DONE) for text in texts)
        assert not any(text.startswith(tuple(f"NOT DONE: {words}" for words in DONE)) for text in texts)
        assert failure is None or isinstance(failure, OutcomeUnknown | HeadquartersError)
        assert failure is None or "Nothing was changed" not in failure.sentence
    else:
        assert failure is not None
        assert not any(text.startswith(DONE) for text in texts)
    assert fault.triggered or failure is None
    return fault.triggered


def kill_after(driver: KillDriver, sample: SampleServer, hq: HeadquartersServer, change: str, number: int) -> bool:
    """Kill the process after one statement, and check what is left; False if there are fewer."""
    prepare(sample, hq)
    keys_before = {key for key, _ in copied_keys(sample)}
    if not driver.kill_change(sample, change, number, AuthorityName.HEADQUARTERS):
        assert is_done(hq, change)
        return False
    texts = entries(sample)
    if is_done(hq, change):
        assert texts[0].startswith("ASKED: ")
    else:
        assert not [text for text in texts if text.startswith(DONE)]
    assert {key for key, _ in copied_keys(sample)} >= keys_before
    # The next start shows headquarters' list, and can make the change.
    with office_of(sample) as office:
        fetch_list(office)
        if not is_done(hq, change):
            AT_HEADQUARTERS[change](office)
    assert is_done(hq, change)
    return True


@first_of(1, "server_sample", ["24.3 InnoDB", "24.3 MyISAM"], indirect=True)
def test_the_connection_cut_after_each_kind_of_statement(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    for change, numbers in fault_plan(server_sample, hq).items():
        for number in numbers:
            assert cut_after(server_sample, hq, change, number)


@first_of(1, "server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_the_process_killed_after_each_kind_of_statement(
    server_sample: SampleServer, hq: HeadquartersServer, kill_driver: KillDriver
) -> None:
    for change, numbers in fault_plan(server_sample, hq).items():
        for number in numbers:
            assert kill_after(kill_driver, server_sample, hq, change, number)


RENEWED = [(BRIDGE_KEY, "Bridge, renamed"), (CLEARPAY_KEY, "ClearPay, renamed"), (NEW_KEY, "New Wave")]


def prepare_renewal(sample: SampleServer, hq: HeadquartersServer) -> None:
    """Restore the practice, whose copy differs from headquarters' list in every row."""
    sample.restore()
    set_headquarters_url(sample, hq.url)
    for key in hq.assigned_keys():
        hq.remove_key(key.key)
    add_keys(hq, *(HeldKey(key, developer=developer) for key, developer in RENEWED))
    assert {key for key, _ in copied_keys(sample)} == {BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY}


# On MyISAM every statement takes effect at once.
@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_no_key_is_lost_where_the_process_is_killed_while_the_copy_is_renewed(
    server_sample: SampleServer, hq: HeadquartersServer, kill_driver: KillDriver
) -> None:
    prepare_renewal(server_sample, hq)
    with office_of(server_sample) as office, recorded_statements() as kinds:
        fetch_list(office)
    writes = [number for number, kind in enumerate(kinds, start=1) if kind in ("INSERT apikey", "DELETE apikey")]
    assert len(writes) > 3
    for number in writes:
        prepare_renewal(server_sample, hq)
        assert kill_driver.kill_change(server_sample, RENEW_COPY, number, AuthorityName.HEADQUARTERS)
        assert {key for key, _ in copied_keys(server_sample)} >= {BRIDGE_KEY, CLEARPAY_KEY}
        assert audit_texts(server_sample, "API keys: copy made equal")
    # The next start makes the copy equal to the list.
    with office_of(server_sample) as office:
        fetch_list(office)
    assert copied_keys(server_sample) == sorted(RENEWED)


def number_of_faults(inject: Callable[[int], bool]) -> int:
    """Inject a fault after each statement in turn until there are no more; return how many there were."""
    return next(number for number in count(1) if not inject(number)) - 1


@pytest.mark.faults
@on_each_engine
@pytest.mark.parametrize("change", AT_HEADQUARTERS)
def test_the_connection_cut_after_every_statement(
    server_sample: SampleServer, hq: HeadquartersServer, change: str
) -> None:
    assert number_of_faults(lambda number: cut_after(server_sample, hq, change, number)) > 3


@pytest.mark.faults
@on_each_engine
@pytest.mark.parametrize("change", AT_HEADQUARTERS)
def test_the_process_killed_after_every_statement(
    server_sample: SampleServer, hq: HeadquartersServer, kill_driver: KillDriver, change: str
) -> None:
    assert number_of_faults(lambda number: kill_after(kill_driver, server_sample, hq, change, number)) > 3
