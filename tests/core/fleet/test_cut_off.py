"""Cutting a developer off in many offices, retrying, continuing after a crash, and taking it back."""

from __future__ import annotations

import hashlib
import json
import stat
from dataclasses import replace
from pathlib import Path
from threading import Event

import pytest

from core.base.errors import ConfigurationError, OperationNotAllowed
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.fleet.cut_off import interrupted_change
from core.fleet.cut_off_plan import plan_way_back
from core.fleet.fleet import Credentials, Fleet
from core.fleet.office_change import change_office
from core.fleet.receipt import read_receipt
from core.model.audit_events import parse_entry
from core.model.fleet_change import FleetOutcome, FleetPlan, OfficeOutcome
from core.model.logged_event import LoggedEvent, Stage
from tests.support.databases import SampleServer
from tests.support.fleets import (
    BRIDGE,
    RECEIPT,
    SampleFleet,
    change_file,
    cut_off_plan,
    ignore,
    read_file,
    server_fleet,
)
from tests.support.killed_fleet import run_killed
from tests.support.practice_rows import BRIDGE_KEY

NAMES = ["North", "South", "West"]
STATUS = "SELECT status FROM apisetup_key WHERE developer = 'Appointment Bridge'"
STOPPED = "SELECT count(*) FROM apisubscription WHERE DateTimeStop > '2024-11-02'"
ENTRIES = f"SELECT LogText FROM securitylog WHERE LogText LIKE '%{RECEIPT}%' ORDER BY SecurityLogNum"
BACK = "R20241107-ABCDEF"


def cut_off(sample: SampleFleet, plan: FleetPlan | None = None, fleet: Fleet | None = None) -> FleetOutcome:
    """Cut the developer off in all offices."""
    fleet = fleet or sample.signed_in()
    return sample.change(fleet, plan or cut_off_plan(fleet)).run(ignore, Event())


def way_back(sample: SampleFleet, outcome: FleetOutcome, receipt: str = BACK) -> FleetOutcome:
    """Enable what a receipt disabled."""
    assert outcome.receipt is not None
    found = read_receipt(Path(outcome.receipt.file))
    return cut_off(sample, plan_way_back(found.plan, found.results, receipt, found.sha256))


def texts(sample: SampleFleet, office: str) -> list[str]:
    return [str(text) for (text,) in read_file(sample, office, ENTRIES)]


def test_a_plan_says_what_happens_what_stays_and_why(files: SampleFleet) -> None:
    change_file(files, "South", "UPDATE apisetup_key SET status = 3 WHERE developer = 'Appointment Bridge'")
    north, south, _ = cut_off_plan(files.signed_in()).offices
    assert [key.developer for key in north.keys] == [BRIDGE]
    assert len(north.subscriptions) == 1
    assert south.keys == ()
    assert "Already disabled (Disabled by Developer)" in south.stays[0]


def test_an_office_without_a_sign_in_can_not_be_changed(files: SampleFleet) -> None:
    fleet = files.open()
    fleet.read(ignore, Event())
    assert {each.problem for each in cut_off_plan(fleet).offices} == {"Nobody is signed in to this office."}


def test_the_plan_and_the_receipt_name_the_offices_that_were_not_looked_at(files: SampleFleet) -> None:
    fleet = files.open()
    fleet.sign_in(None, ignore, Event(), ["North", "South"])
    plan = cut_off_plan(fleet)
    sentence = "1 office was not looked at, and keys there may still work: West."
    assert (plan.unseen, plan.unseen_sentence) == (("West",), sentence)
    outcome = cut_off(files, plan, fleet)
    assert outcome.receipt is not None
    assert json.loads(Path(outcome.receipt.file).read_text())["not_looked_at"] == ["West"]
    assert f"! {sentence}" in Path(outcome.receipt.text_file).read_text()


def test_an_office_that_is_opened_read_only_can_not_be_changed(files: SampleFleet) -> None:
    first, *others = files.requests
    files.requests = [replace(first, office=replace(first.office, read_only=True)), *others]
    fleet = files.signed_in()
    assert cut_off_plan(fleet).offices[0].problem.startswith("This practice was opened read-only.")
    assert cut_off(files, fleet=fleet).done == 2


def test_an_office_that_does_not_answer_is_in_the_plan(files: SampleFleet, tmp_path: Path) -> None:
    (tmp_path / "West.sqlite3").unlink()
    fleet = files.signed_in()
    (west,) = [each for each in cut_off_plan(fleet).offices if each.office == "West"]
    assert west.problem
    outcome = cut_off(files, fleet=fleet)
    assert [each.office for each in outcome.unsettled] == ["West"]


def test_each_office_has_its_own_entries_with_one_receipt_number(files: SampleFleet) -> None:
    outcome = cut_off(files)
    assert [result.outcome for result in outcome.results] == [OfficeOutcome.DONE] * 3
    for name in NAMES:
        assert read_file(files, name, STATUS) == [(2,)]
        key, subscription, receipt = texts(files, name)
        assert key.endswith(f"from Enabled to Disabled by Customer by office (receipt {RECEIPT})")
        assert subscription.endswith(f"(receipt {RECEIPT})")
        assert outcome.receipt is not None
        assert outcome.receipt.sha256 in receipt


def test_the_receipt_names_entries_and_hashes_and_is_private(files: SampleFleet) -> None:
    outcome = cut_off(files)
    assert outcome.receipt is not None
    file, text = Path(outcome.receipt.file), Path(outcome.receipt.text_file)
    assert [stat.S_IMODE(each.stat().st_mode) for each in (file, text)] == [0o600, 0o600]
    assert hashlib.sha256(file.read_bytes()).hexdigest() == outcome.receipt.sha256
    change = json.loads(file.read_text())["offices"][0]["changes"][0]
    query = f"SELECT LogHash FROM securityloghash WHERE SecurityLogNum = {change['entry']}"
    assert read_file(files, "North", query) == [(change["entry_hash"],)]
    assert (change["before"], change["after"]) == ("Enabled", "Disabled by Customer")
    assert outcome.receipt.sha256 in text.read_text()
    assert "North: done" in text.read_text()
    # The customer key itself is in neither.
    assert BRIDGE_KEY not in file.read_text() + text.read_text()


def test_deselected_offices_are_left_alone(files: SampleFleet) -> None:
    fleet = files.signed_in()
    plan = cut_off_plan(fleet)
    cut_off(files, replace(plan, offices=plan.offices[:1]), fleet)
    assert read_file(files, "South", STATUS) == [(1,)]


def test_stopping_leaves_the_other_offices_untried_and_running_again_does_them(files: SampleFleet) -> None:
    fleet, stopped = files.signed_in(), Event()
    change = files.change(fleet, cut_off_plan(fleet))
    stopped.set()
    outcome = change.run(ignore, stopped)
    assert {each.outcome for each in outcome.results} == {OfficeOutcome.NOT_TRIED}
    assert outcome.receipt is None
    outcome = change.run(ignore, Event())
    assert outcome.done == 3


def test_a_failure_in_one_office_can_be_retried_and_nothing_is_done_twice(files: SampleFleet, tmp_path: Path) -> None:
    fleet = files.signed_in()
    change = files.change(fleet, cut_off_plan(fleet))
    (tmp_path / "South.sqlite3").rename(tmp_path / "moved")
    outcome = change.run(ignore, Event())
    assert [each.office for each in outcome.unsettled] == ["South"]
    (tmp_path / "South.sqlite3").unlink(missing_ok=True)
    (tmp_path / "moved").rename(tmp_path / "South.sqlite3")
    again = change.run(ignore, Event())
    assert again.done == 3
    assert again.receipt is not None
    assert outcome.receipt is not None
    assert again.receipt.number == outcome.receipt.number
    assert len([text for text in texts(files, "North") if "Disabled by Customer" in text]) == 1
    # The newest receipt's hash is in each office.
    assert all(again.receipt.sha256 in texts(files, name)[-1] for name in NAMES)


def test_a_key_that_another_admin_disabled_meanwhile_is_nothing_to_do(files: SampleFleet) -> None:
    fleet = files.signed_in()
    plan = cut_off_plan(fleet)
    change_file(files, "South", "UPDATE apisetup_key SET status = 2 WHERE developer = 'Appointment Bridge'")
    outcome = cut_off(
        files, replace(plan, offices=tuple(replace(each, subscriptions=()) for each in plan.offices)), fleet
    )
    south = outcome.results[1]
    assert south.outcome is OfficeOutcome.NOTHING
    assert "was Disabled by Customer already" in south.problems[0]


def test_a_new_key_of_the_developer_is_reported_as_not_cut_off(files: SampleFleet) -> None:
    fleet = files.signed_in()
    plan = cut_off_plan(fleet)
    change_file(files, "West", "UPDATE apisetup_key SET developer = ? WHERE developer = 'Canopy'", BRIDGE)
    outcome = cut_off(files, plan, fleet)
    west = outcome.results[2]
    assert west.outcome is OfficeOutcome.FAILED
    assert "was added since. It wasn't disabled." in west.problems[0]


@pytest.mark.parametrize(("when", "number"), [("result", 1), ("statement", 8), ("statement", 16)])
def test_a_killed_cut_off_is_continued_from_the_journal(
    files: SampleFleet, tmp_path: Path, when: str, number: int
) -> None:
    run_killed(tmp_path, NAMES, when, number)
    fleet = files.open()
    change = interrupted_change(fleet, files.paths.receipts, files.clock)
    assert change is not None
    fleet.sign_in(None, ignore, Event())
    outcome = change.run(ignore, Event())
    assert outcome.done == 3
    for name in NAMES:
        changed = [text for text in texts(files, name) if "from Enabled to Disabled by Customer" in text]
        assert len(changed) == 1
        assert read_file(files, name, STATUS) == [(2,)]
    assert all(len(result.changes) == 2 for result in outcome.results)
    assert interrupted_change(fleet, files.paths.receipts, files.clock) is None


def test_an_entry_of_a_change_that_was_not_made_is_not_taken_for_the_change(files: SampleFleet) -> None:
    fleet = files.signed_in()
    plan = cut_off_plan(fleet)
    cut_off(files, replace(plan, offices=plan.offices[1:]), fleet)
    logged = parse_entry(texts(files, "South")[0])
    assert logged is not None
    # What a program leaves that is killed in a database without transactions, and what the next one adds to it.
    with fleet.open_signed_in("North") as (office, actor):
        for stage in (Stage.DONE, Stage.NOT_DONE):
            office._practice.log_outcome(actor, LoggedEvent(logged.event, stage))
    outcome = cut_off(files, plan, fleet)
    assert read_file(files, "North", STATUS) == [(2,)]
    assert [len(result.changes) for result in outcome.results] == [2, 2, 2]


def test_an_entry_that_the_status_contradicts_is_reported(files: SampleFleet) -> None:
    fleet = files.signed_in()
    plan = cut_off_plan(fleet)
    cut_off(files, plan, fleet)
    change_file(files, "North", "UPDATE apisetup_key SET status = 1 WHERE developer = ?", BRIDGE)
    with fleet.open_signed_in("North") as (office, actor):
        result = change_office(office, actor, plan, plan.offices[0], continues=True)
    assert result.outcome is OfficeOutcome.FAILED
    assert "says that the status was changed, but it is Enabled now" in result.problems[0]


def test_two_programs_do_not_change_the_fleet_at_once(files: SampleFleet) -> None:
    fleet = files.signed_in()
    change = files.change(fleet, cut_off_plan(fleet))
    with files.open().store.exclusive(), pytest.raises(OperationNotAllowed, match="Another apisetup"):
        change.run(ignore, Event())
    assert read_file(files, "North", STATUS) == [(1,)]


# -- the way back ----------------------------------------------------------------------


def test_the_way_back_enables_exactly_what_the_receipt_disabled(files: SampleFleet) -> None:
    change_file(files, "South", "UPDATE apisetup_key SET status = 2 WHERE developer = 'Appointment Bridge'")
    stops = read_file(files, "North", "SELECT ApiSubscriptionNum, DateTimeStop FROM apisubscription")
    back = way_back(files, cut_off(files))
    assert back.done == len(back.results)
    assert read_file(files, "North", STATUS) == [(1,)]
    assert read_file(files, "South", STATUS) == [(2,)]
    assert read_file(files, "North", "SELECT ApiSubscriptionNum, DateTimeStop FROM apisubscription") == stops
    text = str(read_file(files, "North", f"SELECT LogText FROM securitylog WHERE LogText LIKE '%{BACK}%'")[0][0])
    assert "from Disabled by Customer to Enabled" in text
    assert "(undoing entry" in text


def test_the_way_back_leaves_a_key_that_was_disabled_again(files: SampleFleet) -> None:
    outcome = cut_off(files)
    cut_off_again = way_back(files, outcome)
    assert cut_off_again.done == 3
    fleet = files.signed_in()
    cut_off(files, cut_off_plan(fleet, receipt="R20241108-000001"), fleet)
    again = way_back(files, outcome, "R20241109-000002")
    assert {each.outcome for each in again.results} == {OfficeOutcome.FAILED}
    assert read_file(files, "North", STATUS) == [(2,)]


def test_the_way_back_refuses_a_receipt_that_was_edited(files: SampleFleet) -> None:
    outcome = cut_off(files)
    assert outcome.receipt is not None
    file = Path(outcome.receipt.file)
    file.write_text(file.read_text().replace("North", "North "))
    back = way_back(files, outcome)
    assert {each.outcome for each in back.results} == {OfficeOutcome.FAILED}
    assert read_file(files, "South", STATUS) == [(2,)]


def test_a_file_that_is_no_receipt_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.json"
    file.write_text("{}")
    with pytest.raises(ConfigurationError, match="isn't a receipt"):
        read_receipt(file)


# -- on a server -----------------------------------------------------------------------


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
def test_a_practice_on_a_server_is_cut_off_and_taken_back(
    server_sample: SampleServer, companion_template: Path, tmp_path: Path
) -> None:
    server = server_sample.server
    address = ServerAddress(server.host, server.port, server_sample.database, server.user)
    sample = server_fleet(tmp_path, [address], companion_template, server.password)
    credentials = Credentials("Admin", Secret("correct horse"))
    fleet = sample.signed_in(credentials)
    outcome = cut_off(sample, fleet=fleet)
    (result,) = outcome.results
    assert (result.outcome, result.recorded, len(result.changes)) == (OfficeOutcome.DONE, True, 2)
    assert outcome.receipt is not None
    found = read_receipt(Path(outcome.receipt.file))
    back = cut_off(sample, plan_way_back(found.plan, found.results, BACK, found.sha256), fleet)
    assert back.results[0].outcome is OfficeOutcome.DONE, back.results[0].problems
