"""A change whose answer is lost on the line: it is found out what became of it, and it is never made twice."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from core.base.errors import AlreadyApplied, ConnectionLost, OutcomeUnknown, ServerUnreachable
from core.database.address import Address, ServerAddress
from core.model.audit_events import SettingsChanged
from core.model.event_text import Setting, SettingChange
from core.model.resolved_change import Outcome
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer
from tests.support.practice_rows import FHIR
from tests.support.tcp_proxy import Line

EVENT = SettingsChanged((SettingChange(Setting.ENABLED, "off", "on"),))
TEXT = EVENT.text()


class Far:
    """A practice at the other end of a line."""

    def __init__(self, sample: SampleServer, line: Line, straight: Address) -> None:
        self.sample = sample
        self.line = line
        self.straight = straight

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


@pytest.fixture(params=["24.3 InnoDB"])
def far(request: pytest.FixtureRequest, server_samples: Callable[[str], SampleServer], tmp_path: Path) -> Iterator[Far]:
    sample = server_samples(request.param)
    sample.use(tmp_path)
    straight = sample.address
    line = Line(sample.server)
    sample.address = ServerAddress("127.0.0.1", line.port, sample.database, sample.server.user)
    yield Far(sample, line, straight)
    line.close()
    sample.address = straight
    sample.restore()


on_myisam = pytest.mark.parametrize("far", ["24.3 MyISAM"], indirect=True)


def turn_on(office: Office) -> None:
    read = office.settings.load().values
    office.settings.save(ADMIN, read, replace(read, enabled=True))


def turn_on_without_looking(office: Office) -> None:
    """As a program does that repeats a change blindly."""
    with office._practice.unit_of_work(ADMIN, EVENT, once=True):
        pass


def test_a_commit_whose_answer_is_lost_is_looked_up(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=True, stays_cut=False)
        turn_on(office)
    assert far.enabled
    assert far.texts == [TEXT]


def test_a_commit_that_never_reached_the_server_changed_nothing(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=False, stays_cut=False)
        with pytest.raises(ConnectionLost, match="Nothing was changed"):
            turn_on(office)
    assert not far.enabled
    assert far.texts == []


@pytest.mark.parametrize("made", [True, False])
def test_while_the_server_is_gone_it_is_said_that_nobody_knows(far: Far, made: bool) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=made, stays_cut=True)
        with pytest.raises(OutcomeUnknown, match="It is not known whether the change was made"):
            turn_on(office)
        assert office.resolve_pending() is None
        with pytest.raises((ServerUnreachable, ConnectionLost)):
            turn_on(office)
    assert far.enabled is made


@pytest.mark.parametrize(("made", "words"), [(True, "was made: "), (False, "was not made: ")])
def test_once_the_server_is_back_it_is_told_what_became_of_the_change(far: Far, made: bool, words: str) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=made, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        far.line.mend()
        settled = office.resolve_pending()
        assert settled is not None
        assert words + TEXT in settled.sentence
        assert office.resolve_pending() is None


def test_a_change_that_was_made_is_not_made_again(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on_without_looking(office)
        with pytest.raises(OutcomeUnknown, match="still not known"):
            turn_on_without_looking(office)
        far.line.mend()
        with pytest.raises(AlreadyApplied):
            turn_on_without_looking(office)
    assert far.texts == [TEXT]


def test_a_change_that_was_not_made_can_be_made_now(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=False, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        far.line.mend()
        turn_on(office)
    assert far.enabled
    assert far.texts == [TEXT]


@on_myisam
@pytest.mark.parametrize("arrived", [True, False])
def test_without_transactions_what_nobody_knows_of_is_taken_back_and_logged(far: Far, arrived: bool) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"UPDATE program", reaches_server=arrived, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        assert far.enabled is arrived
        far.line.mend()
        settled = office.resolve_pending()
        assert settled is not None
        assert settled.outcome is Outcome.COMPENSATED
    assert not far.enabled
    assert far.texts == [TEXT, f"NOT DONE: {TEXT}"]


@on_myisam
def test_what_others_changed_since_is_not_taken_back(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"UPDATE program", reaches_server=False, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        far.sample.address = far.straight
        with far.sample.office() as elsewhere:
            turn_on(elsewhere)
        far.line.mend()
        settled = office.resolve_pending()
        assert settled is not None
        assert settled.outcome is Outcome.LEFT
        assert "others made changes, so nothing was taken back" in settled.sentence
    assert far.enabled
    assert far.texts == [TEXT, TEXT, f"UNKNOWN: {TEXT}"]


@on_myisam
def test_workstations_are_told_again_of_what_was_taken_back(far: Far) -> None:
    with far.sample.office() as office:
        before = far.signals
        far.line.cut_at(b"INSERT INTO signalod", reaches_server=True, stays_cut=False)
        with pytest.raises(ConnectionLost, match="and the Audit Trail says so"):
            turn_on(office)
    assert not far.enabled
    assert far.signals - before == 2


def test_a_change_can_be_made_again_after_another_one(far: Far) -> None:
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            turn_on(office)
        far.line.mend()
        read = office.settings.load().values
        office.settings.save(ADMIN, read, replace(read, enabled=False))
        turn_on(office)
    assert far.enabled


def test_what_is_only_logged_is_logged_again(far: Far) -> None:
    """Signing out is no change: an entry too many is better than one too few."""
    with far.sample.office() as office:
        far.line.cut_at(b"COMMIT", reaches_server=True, stays_cut=True)
        with pytest.raises(OutcomeUnknown):
            office.users.sign_out(ADMIN)
        far.line.mend()
        office.users.sign_out(ADMIN)
    rows = far.sample.practice_rows()["securitylog"].values()
    assert [str(row["LogText"]) for row in rows].count("User: Admin has logged off.") == 2
