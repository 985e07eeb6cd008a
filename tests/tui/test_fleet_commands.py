"""`apisetup keys disable --developer NAME --all-offices`, and enabling what its receipt disabled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from core.fleet.cut_off_plan import plan_way_back
from core.fleet.receipt import read_receipt
from core.fleet.store import FleetStore
from core.model.fleet_change import FleetPlan
from tests.support.fleets import SampleFleet, cut_off_plan, file_fleet, read_file
from tui.__main__ import main

STATUS = "SELECT status FROM apisetup_key WHERE developer = 'Appointment Bridge'"


@pytest.fixture
def fleet(sample_practice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleFleet:
    """Two offices in the configuration file, in SQLite files of this account."""
    sample = file_fleet(tmp_path, sample_practice, "North", "South")
    configuration = tmp_path / "config.toml"
    configuration.write_text('[offices.North]\nfile = "North.sqlite3"\n[offices.South]\nfile = "South.sqlite3"\n')
    configuration.chmod(0o600)
    monkeypatch.setenv("APISETUP_CONFIG", str(configuration))
    monkeypatch.setattr("tui.commands.launch_target._account", lambda: "office")
    return sample


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, Any]:
    """Run a command with --json; return its exit status and its document."""
    status = main([*arguments, "--json"])
    return status, json.loads(capsys.readouterr().out)


CUT_OFF = ("keys", "disable", "--developer", "appointment bridge", "--all-offices", "--yes")


def test_a_developer_is_cut_off_in_all_offices_and_taken_back(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    status, document = run(capsys, *CUT_OFF, "--end-subscriptions")
    assert status == 0
    assert [office["outcome"] for office in document["offices"]] == ["done", "done"]
    assert [len(office["changes"]) for office in document["offices"]] == [2, 2]
    assert read_file(fleet, "South", STATUS) == [(2,)]
    receipt = document["offices"][0]["receipt"]["file"]
    status, document = run(capsys, "keys", "enable", "--receipt", receipt, "--all-offices", "--yes")
    assert status == 0
    assert read_file(fleet, "South", STATUS) == [(1,)]


def test_a_dry_run_changes_nothing(fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    before = [(tmp_path / f"{name}.sqlite3").read_bytes() for name in ("North", "South")]
    assert main([*CUT_OFF, "--dry-run"]) == 0
    assert "North: ********Gh78 (Appointment Bridge): Enabled → Disabled by Customer" in capsys.readouterr().out
    assert [(tmp_path / f"{name}.sqlite3").read_bytes() for name in ("North", "South")] == before
    assert not (tmp_path / "receipts").exists()


def test_a_dry_run_as_json_lists_what_would_be_done(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "South.sqlite3").unlink()
    status, document = run(capsys, *CUT_OFF, "--end-subscriptions", "--dry-run")
    north, south = document["offices"]
    assert (status, north["status"], south["status"]) == (1, 0, 2)
    assert [each["subscription"] for each in north["planned"]] == [0, 21]
    assert (north["planned"][0]["before"], north["planned"][0]["after"]) == ("Enabled", "Disabled by Customer")
    assert north["outcome"] is None
    assert "File not found" in south["problems"][0]


def test_an_office_that_can_not_be_opened_makes_the_status_1(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "South.sqlite3").unlink()
    status, document = run(capsys, *CUT_OFF)
    assert status == 1
    assert [(office["outcome"], office["looked_at"]) for office in document["offices"]] == [
        ("done", True),
        ("failed", False),
    ]


def test_an_office_that_was_not_looked_at_is_named_last(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "South.sqlite3").unlink()
    assert main([*CUT_OFF]) == 1
    last = capsys.readouterr().err.splitlines()[-1]
    assert last == "apisetup: 1 office was not looked at, and keys there may still work: South."


def test_a_missing_password_of_one_office_does_not_keep_the_others_from_being_cut_off(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "")
    with (tmp_path / "config.toml").open("a") as configuration:
        for name, source in ("East", "DATABASE_PASSWORD"), ("West", "NOT_SET"):
            configuration.write(
                f'[offices.{name}]\nhost = "127.0.0.1"\ndatabase = "x"\nuser = "x"\npassword_from = "env:{source}"\n'
                'od_user = "Admin"\nod_password_from = "env:NOT_SET"\n'
            )
    status, document = run(capsys, *CUT_OFF)
    assert status == 1
    assert [office["outcome"] for office in document["offices"]] == ["done", "done", "failed", "failed"]
    assert "hold the Open Dental password, is not set" in document["offices"][2]["problems"][0]
    assert "hold the database password, is not set" in document["offices"][3]["problems"][0]


def test_a_missing_file_among_several_offices_is_not_created(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "South.sqlite3").unlink()
    status, document = run(capsys, "keys", "list", "--all-offices")
    assert status == 1
    assert document["offices"][1]["error"]["sentence"].startswith("File not found")
    assert not (tmp_path / "South.sqlite3").exists()


def test_an_unknown_developer_is_reported(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("keys", "disable", "--developer", "Nobody", "--all-offices", "--yes", "--json")
    assert main(arguments) == 1
    printed = capsys.readouterr()
    assert "no key of this developer" in printed.err
    assert [office["outcome"] for office in json.loads(printed.out)["offices"]] == [None, None]
    assert read_file(fleet, "North", STATUS) == [(1,)]


def test_nothing_to_continue_is_an_error(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "disable", "--continue", "--all-offices", "--yes"]) == 2
    assert "was interrupted" in capsys.readouterr().err
    assert read_file(fleet, "North", STATUS) == [(1,)]


def interrupt(fleet: SampleFleet, plan: FleetPlan) -> None:
    """Leave what a program leaves that is killed before it changes the first office."""
    store = FleetStore(fleet.paths.fleet, fleet.clock)
    store.begin(plan)
    store.close()


def test_an_interrupted_change_is_continued_only_with_all_of_its_offices(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    interrupt(fleet, cut_off_plan(fleet.signed_in()))
    assert main(["keys", "disable", "--continue", "--office", "North", "--yes"]) == 2
    assert "also about other offices: South. Nothing was changed. Continue it" in capsys.readouterr().err
    assert read_file(fleet, "North", STATUS) == [(1,)]
    assert main(["keys", "disable", "--continue", "--all-offices", "--yes"]) == 0
    assert read_file(fleet, "South", STATUS) == [(2,)]


def test_continuing_never_does_the_opposite_of_its_verb(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = run(capsys, *CUT_OFF)
    found = read_receipt(Path(document["offices"][0]["receipt"]["file"]))
    interrupt(fleet, plan_way_back(found.plan, found.results, "R20241106-000001", found.sha256))
    assert main(["keys", "disable", "--continue", "--all-offices", "--yes"]) == 2
    assert "apisetup keys enable --continue" in capsys.readouterr().err
    assert main(["keys", "enable", "--continue", "--all-offices", "--yes"]) == 0
    assert read_file(fleet, "South", STATUS) == [(1,)]


def test_a_receipt_is_named_by_its_number(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    _, document = run(capsys, *CUT_OFF)
    number = document["offices"][0]["receipt"]["number"]
    assert main(["keys", "enable", "--receipt", number.lower(), "--all-offices", "--yes"]) == 0
    assert read_file(fleet, "South", STATUS) == [(1,)]


def test_a_receipt_with_an_office_that_is_gone_from_the_configuration_is_refused(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    _, document = run(capsys, *CUT_OFF)
    receipt = document["offices"][0]["receipt"]["file"]
    configuration = tmp_path / "config.toml"
    configuration.write_text(configuration.read_text().replace("offices.South", "offices.Renamed"))
    assert main(["keys", "enable", "--receipt", receipt, "--all-offices", "--yes"]) == 2
    assert "the configuration file doesn't have: South" in capsys.readouterr().err
    assert read_file(fleet, "North", STATUS) == [(2,)]


def test_a_receipt_that_could_not_be_written_is_completed_by_continuing(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    (tmp_path / "receipts").write_text("in the way")
    status, document = run(capsys, *CUT_OFF)
    assert (status, document["offices"][0]["receipt"]) == (1, None)
    (tmp_path / "receipts").unlink()
    status, document = run(capsys, "keys", "disable", "--continue", "--all-offices", "--yes")
    assert (status, document["offices"][1]["receipt_recorded"]) == (0, True)
