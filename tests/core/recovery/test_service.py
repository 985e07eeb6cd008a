"""A change whose process is killed is settled by the next program that opens the office."""

from __future__ import annotations

from itertools import count

import pytest

from core.base.errors import EditConflict, NotPermitted
from core.model.interrupted_change import InterruptedChange
from core.office.office import Office
from core.practice.practice import OPENED_READ_ONLY, Practice
from tests.support.actors import ADMIN
from tests.support.change_kinds import KINDS
from tests.support.databases import SampleServer
from tests.support.kill_driver import KillDriver
from tests.support.practice_rows import API_PAYMENT_TYPE, CASH, FHIR, INTERVAL, log_hash
from tests.support.thorough import first_of

SAVE = "save settings"
KILLED = (SAVE, "add key", "hide payment type", "fail to sign in")
"""Changes of the default run: of several rows, with a license, with a second entry, and of the companion alone."""
on_myisam = pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)


def settle(sample: SampleServer) -> tuple[InterruptedChange, ...]:
    """Open the office and settle."""
    with sample.office() as office:
        return office.recovery.settle(ADMIN)


def entries(sample: SampleServer, before: set[str]) -> list[str]:
    """Return the texts of the new entries, each of which has one hash that matches."""
    rows = sample.practice_rows()
    hashes: dict[str | None, list[str | None]] = {}
    for row in rows["securityloghash"].values():
        hashes.setdefault(row["SecurityLogNum"], []).append(row["LogHash"])
    new = {key: row for key, row in rows["securitylog"].items() if key not in before}
    for key, row in new.items():
        assert hashes.get(key) == [log_hash(row)], row["LogText"]
    return [str(row["LogText"]) for row in new.values()]


def settings(sample: SampleServer) -> list[str | None]:
    return [
        sample.value("program", FHIR, "Enabled"),
        sample.value("programproperty", INTERVAL, "PropertyValue"),
        sample.value("preference", API_PAYMENT_TYPE, "ValueString"),
    ]


def journal(sample: SampleServer) -> int:
    return len(sample.all_rows()["apisetup_journal"])


@on_myisam
@first_of(4, "kind", [*KILLED, *(each for each in KINDS if each not in {*KILLED, "open as account"})])
def test_after_a_kill_every_entry_gets_its_hash_and_the_journal_is_empty(
    server_sample: SampleServer, kind: str, kill_driver: KillDriver
) -> None:
    for number in count(1):
        server_sample.restore()
        before = set(server_sample.practice_rows()["securitylog"])
        if not kill_driver.kill_change(server_sample, kind, number):
            break
        found = settle(server_sample)
        entries(server_sample, before)
        assert all(each.is_half_done for each in found) or journal(server_sample) == 0
        assert settle(server_sample) == () or any(each.is_half_done for each in found)
    assert number > 3


@on_myisam
def test_a_save_that_was_killed_half_way_can_be_finished_or_rolled_back(
    server_sample: SampleServer, kill_driver: KillDriver
) -> None:
    untouched = settings(server_sample)
    half_done = 0
    for number in count(1):
        server_sample.restore()
        if not kill_driver.kill_change(server_sample, SAVE, number):
            break
        with server_sample.office() as office:
            found = [each for each in office.recovery.settle(ADMIN) if each.is_half_done]
            if not found:
                continue
            half_done += 1
            (change,) = found
            assert len(change.written) + len(change.unwritten) == 3
            assert "of 3 values were written" in change.sentence
            if half_done == 1:
                assert office.recovery.roll_back(ADMIN, change).startswith("Rolled back: ")
                assert settings(server_sample) == untouched
                last = list(server_sample.practice_rows()["securitylog"].values())[-1]["LogText"]
                assert str(last).endswith(f"(undoing entry {change.entry})")
            else:
                assert office.recovery.finish(ADMIN, change).startswith("Finished: ")
                assert settings(server_sample)[:2] == ["1", "5"]
        assert journal(server_sample) == 0
        assert settle(server_sample) == ()
    assert half_done == 2


@on_myisam
def test_a_change_that_was_killed_before_it_began_is_logged_as_not_done(
    server_sample: SampleServer, kill_driver: KillDriver
) -> None:
    before = set(server_sample.practice_rows()["securitylog"])
    # Announced in the journal and inserted, but without its hash.
    assert kill_driver.kill_change(server_sample, SAVE, 2)
    (change,) = settle(server_sample)
    assert change.sentence.startswith("A change was interrupted before anything was changed: API Setup: ")
    logged, not_done = entries(server_sample, before)
    assert not_done == f"NOT DONE: {logged}"


@on_myisam
def test_a_program_that_still_runs_settles_its_own_changes(
    server_sample: SampleServer, kill_driver: KillDriver
) -> None:
    assert kill_driver.kill_change(server_sample, SAVE, 2)
    with server_sample.office() as first, server_sample.office() as second:
        journal_of_first = first.recovery._journal
        assert journal_of_first is not None
        (abandoned,) = journal_of_first.abandoned()
        assert journal_of_first.adopt(abandoned)
        assert second.recovery.settle(ADMIN) == ()
    (change,) = settle(server_sample)
    assert not change.is_half_done


@on_myisam
def test_an_office_that_is_read_only_settles_nothing(server_sample: SampleServer, kill_driver: KillDriver) -> None:
    assert kill_driver.kill_change(server_sample, SAVE, 2)
    rows = server_sample.all_rows()
    with server_sample.office() as office:
        office._practice.read_only = OPENED_READ_ONLY
        assert office.recovery.settle(ADMIN) == ()
    assert server_sample.all_rows() == rows


def half_done(sample: SampleServer, kill_driver: KillDriver, office: Office) -> InterruptedChange:
    """Leave a save half made, and return what is found of it."""
    for number in count(6):
        sample.restore()
        assert kill_driver.kill_change(sample, SAVE, number)
        found = [each for each in office.recovery.settle(ADMIN) if each.is_half_done]
        if found:
            return found[0]
    raise AssertionError


@on_myisam
@pytest.mark.parametrize("decision", ["finish", "roll_back"])
def test_a_value_that_was_changed_while_the_admin_decided_is_not_overwritten(
    server_sample: SampleServer, kill_driver: KillDriver, decision: str
) -> None:
    with server_sample.office() as office:
        change = half_done(server_sample, kill_driver, office)
        server_sample.execute("UPDATE preference SET ValueString = ? WHERE PrefNum = ?", str(CASH), API_PAYMENT_TYPE)
        server_sample.execute("UPDATE program SET Enabled = 0 WHERE ProgramNum = ?", FHIR)
        present = settings(server_sample)
        with pytest.raises(EditConflict):
            getattr(office.recovery, decision)(ADMIN, change)
    assert settings(server_sample) == present


@on_myisam
def test_a_save_whose_values_were_changed_since_is_logged_as_unknown(
    server_sample: SampleServer, kill_driver: KillDriver
) -> None:
    before = set(server_sample.practice_rows()["securitylog"])
    assert kill_driver.kill_change(server_sample, SAVE, 2)
    server_sample.execute("UPDATE preference SET ValueString = ? WHERE PrefNum = ?", str(CASH), API_PAYMENT_TYPE)
    (change,) = settle(server_sample)
    assert "its values have changed since" in change.sentence
    assert entries(server_sample, before)[-1].startswith("UNKNOWN: API Setup: ")


@on_myisam
def test_an_intent_that_cannot_be_settled_keeps_nobody_out(
    server_sample: SampleServer, kill_driver: KillDriver, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert kill_driver.kill_change(server_sample, SAVE, 2)

    def refuse(_practice: Practice, _number: int) -> None:
        raise NotPermitted("The database user isn't allowed to do this.")

    with monkeypatch.context() as patch:
        patch.setattr(Practice, "add_missing_hash", refuse)
        (change,) = settle(server_sample)
    assert "could not be resolved" in change.sentence
    (settled,) = settle(server_sample)
    assert "before anything was changed" in settled.sentence
