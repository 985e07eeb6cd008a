"""`apisetup keys disable --developer NAME --all-offices`, and enabling what its receipt disabled."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.databases import make_file_template
from tests.support.fleets import SampleFleet, file_fleet, read_file
from tui.__main__ import main

STATUS = "SELECT status FROM apisetup_key WHERE developer = 'Appointment Bridge'"


@pytest.fixture
def fleet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleFleet:
    """Two offices in the configuration file, in SQLite files of this account."""
    template = tmp_path / "template"
    make_file_template(template)
    sample = file_fleet(tmp_path, template, "North", "South")
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
    assert "North: ********Gh78 (Appointment Bridge): Enabled → Disabled by Customer" in capsys.readouterr().err
    assert [(tmp_path / f"{name}.sqlite3").read_bytes() for name in ("North", "South")] == before
    assert not (tmp_path / "receipts").exists()


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


def test_an_unknown_developer_is_reported(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ("keys", "disable", "--developer", "Nobody", "--all-offices", "--yes")
    assert main(arguments) == 1
    assert "no key of this developer" in capsys.readouterr().err
    assert read_file(fleet, "North", STATUS) == [(1,)]


def test_nothing_to_continue_is_an_error(fleet: SampleFleet, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "disable", "--continue", "--all-offices", "--yes"]) == 2
    assert "was interrupted" in capsys.readouterr().err
    assert read_file(fleet, "North", STATUS) == [(1,)]
