"""`apisetup keys use`, on the demo practice and an empty one."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line whose embedded practice doesn't exist yet."""
    return CommandLine(tmp_path)


def test_idle_keys_and_changes_after_disabling_are_a_finding(line: CommandLine) -> None:
    completed = line.run("keys", "use", "--demo")
    assert (completed.status, completed.err) == (1, "")
    assert "(Dentist Finder): 4 changes after the key was disabled, the last on " in completed.out
    assert "(Insurance Mate): enabled, may write, and no change for 90 days. It costs about $30" in completed.out
    assert "Calls that only read leave no entry" in completed.out
    assert "The Audit Trail begins on " in completed.out


def test_a_key_in_use_is_in_order(line: CommandLine) -> None:
    completed = line.run("keys", "use", "--demo", "--developer", "appointment bridge")
    assert (completed.status, completed.err) == (0, "")
    assert completed.out.splitlines()[1].split("  ")[0] == "Appointment Bridge"


def test_queries_are_counted(line: CommandLine) -> None:
    (key,) = line.run("keys", "use", "--demo", "--json", "--key", "899C").office["keys"]
    assert (key["developer"], key["queries"], key["kinds"]) == ("Canopy Analytics", 1, {"UserQuery": 1})


def test_the_names_in_json_stay(line: CommandLine) -> None:
    office = line.run("keys", "use", "--demo", "--json", "--developer", "Dentist Finder").office
    (key,) = office["keys"]
    assert (key["changes"], key["changes_after_disabled"], sum(key["changes_per_day"])) == (4, 4, 4)
    assert list(office)[4:] == ["time", "current", "days", "trail_begins", "trail_removed", "prices", "keys"]
    assert list(key) == [
        *("fingerprint", "key", "developer", "status", "known", "first_change", "last_change", "changes"),
        *("changes_per_day", "kinds", "computers", "queries", "patients"),
        *("changes_after_disabled", "last_change_after_disabled", "idle", "monthly_price"),
    ]


def test_a_practice_without_keys_says_so(line: CommandLine) -> None:
    completed = line.run("keys", "use")
    assert (completed.status, completed.out.splitlines()[0]) == (0, "No API keys.")
