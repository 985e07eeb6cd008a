"""The companion that several admins share: joined names, changes in several offices, and receipts."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Event

import pytest

from core.base.errors import OperationNotAllowed
from core.companion.heartbeat import LEASE_SECONDS
from core.fleet.cut_off_plan import plan_way_back
from core.fleet.fleet import Fleet
from core.fleet.receipt import find_receipt, read_receipt
from core.model.fleet_change import FleetOutcome, OfficeOutcome, OfficeResult
from core.offices.paths import Paths
from tests.support.fleets import RECEIPT, SampleFleet, cut_off_plan, ignore, read_file
from tests.support.shared_companions import SharedCompanion

STATUS = "SELECT status FROM apisetup_key WHERE developer = 'Appointment Bridge'"


class Team:
    """Two admins on two computers with the same offices.

    Args:
        files: The offices.
        shared: The companion that both have.
    """

    def __init__(self, files: SampleFleet, shared: SharedCompanion) -> None:
        self.files = files
        self.shared = shared
        self.admins = 0
        self.opened = ExitStack()

    def admin(self) -> SampleFleet:
        """Return the fleet of another admin, with files of their own."""
        self.admins += 1
        directory = self.shared.directory.parent / f"admin {self.admins}"
        directory.mkdir()
        admin = SampleFleet(directory, [each.office for each in self.files.requests])
        admin.paths = Paths(directory / "config.toml", directory / "debug.log")
        source = self.shared.source(directory)
        admin.shared = lambda: source
        return admin

    def open(self, admin: SampleFleet | None = None) -> Fleet:
        """Sign an admin in, by default another one."""
        fleet = (admin or self.admin()).signed_in()
        self.opened.callback(fleet.store.close)
        return fleet


@pytest.fixture
def team(files: SampleFleet, shared: SharedCompanion) -> Iterator[Team]:
    """Return two admins and their companion."""
    found = Team(files, shared)
    with found.opened:
        yield found


def begin(fleet: Fleet) -> None:
    """Announce a change, as a program does before it changes the first office."""
    fleet.store.begin(cut_off_plan(fleet))


def test_joined_names_are_shared(team: Team) -> None:
    mine, theirs = team.open(), team.open()
    mine.store.join(["ClearPay Inc"], "ClearPay")
    assert theirs.store.joined_names() == {"clearpay inc": "clearpay"}


def test_the_last_answers_stay_on_each_computer(team: Team) -> None:
    mine = team.open()
    assert len(mine.store.answers()) == 3
    mine.store.join(["one"], "other")
    assert team.shared.query("SELECT office FROM apisetup_fleet_answer") == []


def test_a_change_that_another_admin_is_making_is_left_alone(team: Team) -> None:
    mine, theirs = team.open(), team.open()
    begin(mine)
    assert theirs.store.interrupted() is None
    with pytest.raises(OperationNotAllowed, match="Another apisetup is making this change now"):
        begin(theirs)
    # Another developer can be cut off meanwhile.
    assert not theirs.store.begin(replace(cut_off_plan(theirs), receipt="R20241107-000001"))


def test_a_change_whose_program_has_ended_is_continued_by_another_admin(team: Team) -> None:
    mine, other = team.open(), team.admin()
    plan = cut_off_plan(mine)
    begin(mine)
    mine.store.save_result(RECEIPT, OfficeResult("North", OfficeOutcome.NOTHING))
    theirs = team.open(other)
    # As on another computer, where nothing but the confirmations is seen.
    assert mine.store._writers is not None
    mine.store._writers._locks.release()
    assert theirs.store.interrupted() is None
    team.shared.execute("UPDATE apisetup_fleet_writer SET renewed_at = renewed_at - %s", LEASE_SECONDS + 5)
    assert theirs.store.interrupted() == plan
    outcome = other.change(theirs, plan).run(ignore, Event())
    assert [each.outcome for each in outcome.results] == [OfficeOutcome.NOTHING, OfficeOutcome.DONE, OfficeOutcome.DONE]
    assert theirs.store.interrupted() is None
    assert team.shared.query("SELECT receipt FROM apisetup_fleet_writer") == []


def test_two_admins_who_cut_off_the_same_developer_at_the_same_moment_change_each_key_once(team: Team) -> None:
    admins = team.admin(), team.admin()
    fleets = [team.open(each) for each in admins]
    plans = [cut_off_plan(fleet, receipt=f"R20241106-00000{n}") for n, fleet in enumerate(fleets, 1)]
    together = Barrier(2)

    def cut_off(number: int) -> FleetOutcome:
        change = admins[number].change(fleets[number], plans[number])
        together.wait(30)
        return change.run(ignore, Event())

    with ThreadPoolExecutor(2) as pool:
        outcomes = list(pool.map(cut_off, range(2)))
    disabled = [
        (result.office, change.entry)
        for outcome in outcomes
        for result in outcome.results
        for change in result.changes
        if not change.subscription
    ]
    assert sorted(office for office, _ in disabled) == ["North", "South", "West"]
    for office, entry in disabled:
        assert read_file(team.files, office, STATUS) == [(2,)]
        made = "SELECT SecurityLogNum FROM securitylog WHERE LogText LIKE 'API key%from Enabled to Disabled%'"
        assert (entry,) in read_file(team.files, office, made)
        taken_back = "SELECT SecurityLogNum FROM securitylog WHERE LogText LIKE 'NOT DONE: API key%'"
        assert len(read_file(team.files, office, made)) - len(read_file(team.files, office, taken_back)) == 1
    assert all(each.outcome is not OfficeOutcome.NOT_TRIED for outcome in outcomes for each in outcome.results)


def test_a_receipt_of_another_admin_is_taken_back(team: Team) -> None:
    me, other = team.admin(), team.admin()
    mine = team.open(me)
    outcome = me.change(mine, cut_off_plan(mine)).run(ignore, Event())
    assert outcome.receipt is not None
    theirs = team.open(other)
    file = find_receipt(theirs.store, other.paths.receipts, RECEIPT)
    assert file.parent == other.paths.receipts
    assert hashlib.sha256(file.read_bytes()).hexdigest() == outcome.receipt.sha256
    found = read_receipt(file)
    plan = plan_way_back(found.plan, found.results, "R20241107-ABCDEF", found.sha256)
    assert other.change(theirs, plan).run(ignore, Event()).done == 3
    assert read_file(team.files, "West", STATUS) == [(1,)]


def test_a_number_that_is_no_receipt_names_no_other_file(files: SampleFleet, tmp_path: Path) -> None:
    file = find_receipt(files.open().store, files.paths.receipts, "../outside")
    assert not file.exists()
    assert not (tmp_path / "outside.json").exists()
