"""A change whose answer is lost: the program finds out what became of it, and never makes it twice."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest

from core.base.errors import AlreadyApplied, ConnectionLost, OutcomeUnknown, ServerUnreachable
from core.database.address import Address, ServerAddress
from core.model.event_values import Setting, SettingChange
from core.model.resolved_change import Outcome
from core.model.settings_events import SettingsChanged
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer
from tests.support.practice_rows import FHIR
from tests.support.tcp_proxy import TcpProxy

EVENT = SettingsChanged((SettingChange(Setting.ENABLED, "off", "on"),))
TEXT = EVENT.text()


class ProxiedSample:
    """A sample practice behind a proxy."""

    def __init__(self, sample: SampleServer, proxy: TcpProxy, direct_address: Address) -> None:
        self.sample = sample
        self.proxy = proxy
        self.direct_address = direct_address

    @property
    def enabled(self) -> bool:
        return self.sample.value("program", FHIR, "Enabled") == "1"

    @property
    def signals(self) -> int:
        return len(self.sample.practice_rows()["signalod"])

    @property
    def texts(self) -> list[str]:
        rows = self.sample.practice_rows()["securitylog"]
        return [str(row["LogText"]) for row in rows.values() if TEXT in str(row["LogText"])]


@pytest.fixture
def proxied(server_sample: SampleServer) -> Iterator[ProxiedSample]:
    direct_address = server_sample.address
    proxy = TcpProxy(server_sample.server)
    # The proxy looks for words in what it passes on, so it can't be encrypted.
    server_sample.address = ServerAddress(
        "127.0.0.1", proxy.port, server_sample.database, server_sample.server.user, tls_off=True
    )
    yield ProxiedSample(server_sample, proxy, direct_address)
    proxy.close()
    server_sample.address = direct_address


on_myisam = pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)


def turn_on(office: Office) -> None:
    read = office.settings.load().values
    office.settings.save(ADMIN, read, replace(read, enabled=True))


def turn_on_without_looking(office: Office) -> None:
    """Repeat the change without looking, as a careless program would."""
    with office._practice.unit_of_work(ADMIN, EVENT, once=True):
        pass


def test_a_commit_whose_answer_is_lost_is_looked_up(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=True, stays_cut=False)
        turn_on(office)
    assert proxied.enabled
    assert proxied.texts == [TEXT]


def test_a_commit_that_never_reached_the_server_changed_nothing(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=False, stays_cut=False)
        with pytest.raises(ConnectionLost, match="Nothing was changed"):
            turn_on(office)
    assert not proxied.enabled
    assert proxied.texts == []


@pytest.mark.parametrize("made", [True, False])
def test_while_the_server_is_gone_it_is_said_that_nobody_knows(proxied: ProxiedSample, made: bool) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=made, stays_cut=True)
        with pytest.raises(OutcomeUnknown, match="It is unknown whether the change was made"):
            turn_on(office)
        assert office.resolve_pending() is None
        with pytest.raises((ServerUnreachable, ConnectionLost)):
            turn_on(office)
    assert proxied.enabled is made


@pytest.mark.parametrize(("made", "words"), [(True, "was made: "), (False, "was not made: ")])
def test_once_the_server_is_back_it_is_told_what_became_of_the_change(
    proxied: ProxiedSample, made: bool, words: str
) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=made, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        proxied.proxy.reconnect()
        settled = office.resolve_pending()
        assert settled is not None
        assert words + TEXT in settled.sentence
        assert office.resolve_pending() is None


def test_a_change_that_was_made_is_not_made_again(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on_without_looking(office)
        with pytest.raises(OutcomeUnknown, match="still unknown"):
            turn_on_without_looking(office)
        proxied.proxy.reconnect()
        with pytest.raises(AlreadyApplied):
            turn_on_without_looking(office)
    assert proxied.texts == [TEXT]


def test_a_change_that_was_not_made_can_be_made_now(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=False, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        proxied.proxy.reconnect()
        turn_on(office)
    assert proxied.enabled
    assert proxied.texts == [TEXT]


@on_myisam
@pytest.mark.parametrize("arrived", [True, False])
def test_without_transactions_what_nobody_knows_of_is_taken_back_and_logged(
    proxied: ProxiedSample, arrived: bool
) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"UPDATE program", reaches_server=arrived, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        assert proxied.enabled is arrived
        proxied.proxy.reconnect()
        settled = office.resolve_pending()
        assert settled is not None
        assert settled.outcome is Outcome.COMPENSATED
    assert not proxied.enabled
    assert proxied.texts == [TEXT, f"NOT DONE: {TEXT}"]


@on_myisam
@pytest.mark.parametrize("clock", ["unchanged", "set back"])
def test_what_others_changed_since_is_not_taken_back(proxied: ProxiedSample, clock: str) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"UPDATE program", reaches_server=False, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        proxied.sample.address = proxied.direct_address
        with proxied.sample.office() as elsewhere:
            turn_on(elsewhere)
        if clock == "set back":
            last = "SELECT * FROM (SELECT MAX(SecurityLogNum) FROM securitylog) t"
            hour_ago = "LogDateTime = LogDateTime - INTERVAL 1 HOUR"
            proxied.sample.execute(f"UPDATE securitylog SET {hour_ago} WHERE SecurityLogNum = ({last})")
        proxied.proxy.reconnect()
        settled = office.resolve_pending()
        assert settled is not None
        assert settled.outcome is Outcome.LEFT
        assert "Others have made changes since, so nothing was rolled back" in settled.sentence
    assert proxied.enabled
    assert proxied.texts == [TEXT, TEXT, f"UNKNOWN: {TEXT}"]


@on_myisam
def test_workstations_are_told_again_of_what_was_taken_back(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        before = proxied.signals
        proxied.proxy.cut_at(b"INSERT INTO signalod", reaches_server=True, stays_cut=False)
        with pytest.raises(ConnectionLost, match="The Audit Trail records that"):
            turn_on(office)
    assert not proxied.enabled
    assert proxied.signals - before == 2


def test_a_change_can_be_made_again_after_another_one(proxied: ProxiedSample) -> None:
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        proxied.proxy.reconnect()
        read = office.settings.load().values
        office.settings.save(ADMIN, read, replace(read, enabled=False))
        turn_on(office)
    assert proxied.enabled


def test_what_is_only_logged_is_logged_again(proxied: ProxiedSample) -> None:
    """Signing out changes nothing, and an entry too many is better than one too few."""
    with proxied.sample.office() as office:
        proxied.proxy.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            office.users.sign_out(ADMIN)
        proxied.proxy.reconnect()
        office.users.sign_out(ADMIN)
    rows = proxied.sample.practice_rows()["securitylog"].values()
    assert [str(row["LogText"]) for row in rows].count("User: Admin has logged off.") == 2
