"""Reading many offices, and signing in to them."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from threading import Event

import pytest

from core.audit.filter import AuditFilter
from core.base.errors import ServerUnreachable, WrongNameOrPassword
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.fleet.fleet import Credentials
from core.fleet.sign_outs import record_sign_outs
from core.model.fleet import OfficeState, Reach
from core.office.office import Office
from tests.support.databases import NOW, SampleServer
from tests.support.fleets import SampleFleet, change_file, file_fleet, ignore, read_file, server_fleet, state_of

FHIR = "UPDATE program SET Enabled = ? WHERE ProgName = 'FHIR'"
PASSWORD = Secret("correct horse")


def test_each_office_is_reported_while_it_is_read_and_when_it_answered(files: SampleFleet) -> None:
    reported: list[OfficeState] = []
    files.open().read(reported.append, Event())
    assert sorted(each.office for each in reported if each.reach is Reach.ANSWERS) == ["North", "South", "West"]
    answer = next(each.answer for each in reported if each.answer is not None)
    assert answer.enabled == 2
    assert answer.api_on is False


def test_reading_writes_nothing_to_an_office(files: SampleFleet) -> None:
    before = read_file(files, "North", "SELECT count(*) FROM securitylog")
    files.open().read(ignore, Event())
    assert read_file(files, "North", "SELECT count(*) FROM securitylog") == before


def test_an_office_that_can_not_be_opened_is_one_state_among_others(files: SampleFleet, tmp_path: Path) -> None:
    (tmp_path / "South.sqlite3").unlink()
    fleet = files.open()
    fleet.read(ignore, Event())
    assert state_of(fleet, "South").reach is Reach.UNUSABLE
    assert state_of(fleet, "South").failure.startswith("File not found")
    assert not (tmp_path / "South.sqlite3").exists()
    assert state_of(fleet, "West").reach is Reach.ANSWERS


def test_the_last_answer_is_remembered_with_its_time(files: SampleFleet, tmp_path: Path) -> None:
    files.open().read(ignore, Event())
    (tmp_path / "South.sqlite3").unlink()
    fleet = files.open()
    state = state_of(fleet, "South")
    assert (state.reach, state.answered_at) == (Reach.NOT_READ, NOW)
    fleet.read(ignore, Event())
    state = state_of(fleet, "South")
    assert state.reach is Reach.UNUSABLE
    assert state.answer is not None
    assert state.answered_at == NOW


def test_what_changed_since_the_last_look_is_listed(files: SampleFleet) -> None:
    change_file(files, "North", FHIR, 1)
    files.open().read(ignore, Event())
    change_file(files, "North", FHIR, 0)
    change_file(files, "North", "UPDATE apisetup_key SET status = 2 WHERE developer = 'Appointment Bridge'")
    files.now = NOW + timedelta(hours=1)
    fleet = files.open()
    for _ in range(2):
        # Reading again compares with the same look as before.
        fleet.read(ignore, Event())
        changes = state_of(fleet, "North").changes
        assert changes == ("API: on → off", "Appointment Bridge: Enabled → Disabled by Customer")
    assert state_of(fleet, "South").changes == ()


def test_a_sign_in_reads_subscriptions_and_is_logged_once(files: SampleFleet) -> None:
    fleet = files.signed_in()
    answer = state_of(fleet, "North").answer
    assert answer is not None
    assert answer.subscriptions is not None
    assert {each.number for each in answer.subscriptions}
    opened = "SELECT count(*) FROM securitylog WHERE LogText = 'API/FHIR'"
    before = read_file(files, "North", opened)
    fleet.sign_in(None, ignore, Event())
    assert read_file(files, "North", opened) == before
    # A practice without sign-in records no sign-out, either.
    assert fleet.sign_out() == ()
    assert not fleet.is_signed_in


@pytest.fixture
def servers(server_sample: SampleServer, companion_template: Path, tmp_path: Path) -> SampleFleet:
    """Two entries for one practice on a server."""
    server = server_sample.server
    address = ServerAddress(server.host, server.port, server_sample.database, server.user)
    return server_fleet(tmp_path, [address, address], companion_template, server.password)


def test_one_user_signs_in_to_several_offices_on_servers(servers: SampleFleet) -> None:
    fleet = servers.signed_in(Credentials("admin", PASSWORD))
    assert [state.signed_in_as for state in fleet.states] == ["Admin", "Admin"]
    assert [state.reach for state in fleet.states] == [Reach.ANSWERS, Reach.ANSWERS]


@pytest.mark.parametrize(("idle", "text"), [(False, "has logged off"), (True, "has auto logged off")])
def test_each_sign_in_that_was_recorded_has_a_sign_out(
    servers: SampleFleet, server_sample: SampleServer, idle: bool, text: str
) -> None:
    def sign_outs() -> int:
        rows = server_sample.practice_rows()["securitylog"].values()
        return sum(text in (row["LogText"] or "") for row in rows)

    fleet = servers.signed_in(Credentials("admin", PASSWORD))
    before = sign_outs()
    ended = fleet.sign_out()
    assert [each.office for each in ended] == ["Office 1", "Office 2"]
    record_sign_outs(ended, Event(), idle=idle)
    assert sign_outs() == before + 2
    assert fleet.sign_out() == ()


def test_an_office_that_does_not_answer_keeps_no_other_from_its_sign_out(servers: SampleFleet) -> None:
    first, *others = servers.signed_in(Credentials("admin", PASSWORD)).sign_out()
    recorded: list[str] = []

    def fail() -> Office:
        raise ServerUnreachable("No database server answers there.", "Check the host's name.")

    def open_other() -> Office:
        recorded.append("other")
        return others[0].open()

    record_sign_outs([replace(first, open=fail), replace(others[0], open=open_other)], Event())
    assert recorded == ["other"]


def test_a_wrong_password_is_tried_in_the_first_office_only_and_never_there_again(
    servers: SampleFleet, server_sample: SampleServer
) -> None:
    fleet = servers.open()
    wrong = Credentials("Admin", Secret("wrong"))
    failed = "has failed to log on"
    with pytest.raises(WrongNameOrPassword):
        fleet.sign_in(wrong, ignore, Event())

    def attempts() -> int:
        rows = server_sample.practice_rows()["securitylog"].values()
        return sum("ailed" in (row["LogText"] or "") for row in rows)

    first = attempts()
    assert state_of(fleet, "Office 2").failure == ""
    with pytest.raises(WrongNameOrPassword):
        fleet.sign_in(wrong, ignore, Event())
    assert attempts() == first + 1, failed
    fleet.sign_in(wrong, ignore, Event())
    assert attempts() == first + 1
    assert "weren't tried again" in state_of(fleet, "Office 1").failure


def test_an_unreachable_server_is_a_state_and_not_a_wait_for_the_others(files: SampleFleet, tmp_path: Path) -> None:
    closed = server_fleet(
        tmp_path, [ServerAddress("127.0.0.1", 9, "opendental", "apisetup")], tmp_path / "North.sqlite3", ""
    )
    files.requests += closed.requests
    fleet = files.open()
    fleet.read(ignore, Event())
    assert state_of(fleet, "Office 1").reach is Reach.NO_ANSWER
    assert state_of(fleet, "West").reach is Reach.ANSWERS


def test_stopping_begins_no_further_office(file_template: Path, tmp_path: Path) -> None:
    sample = file_fleet(tmp_path, file_template, *(f"Office {number}" for number in range(20)))
    stopped, fleet = Event(), sample.open()
    stopped.set()
    fleet.read(ignore, stopped)
    assert {state.reach for state in fleet.states} == {Reach.NOT_READ}


def test_the_last_verification_of_the_audit_trail_is_part_of_the_answer(files: SampleFleet) -> None:
    fleet = files.signed_in()
    with fleet.open_signed_in("North") as (office, _):
        verification = office.audit.verification(AuditFilter())
        while not (report := verification.run_batch()).done:
            pass
        office.last_verification.keep(report, some_days=False)
    fleet.read(ignore, Event())
    answer = state_of(fleet, "North").answer
    assert answer is not None
    assert answer.verified_at == NOW
    assert answer.verified.endswith("checked)")


def test_what_is_not_fresh_has_its_age(files: SampleFleet, tmp_path: Path) -> None:
    files.open().read(ignore, Event())
    (tmp_path / "South.sqlite3").unlink()
    files.now = NOW + timedelta(hours=3)
    fleet = files.open()
    fleet.read(ignore, Event())
    assert state_of(fleet, "South").age(fleet.now) == timedelta(hours=3)
    assert state_of(fleet, "North").age(fleet.now) == timedelta(0)
