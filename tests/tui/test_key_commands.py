"""`apisetup keys` on SQLite: what it prints, what it writes, and what it refuses."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine, Completed

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
OPENED = "API/FHIR"


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line whose embedded practice has the keys of the demo."""
    line = CommandLine(tmp_path)
    line.make_practice()
    return line


def developers(completed: Completed) -> list[str]:
    """Return the developers of the keys in a JSON document."""
    return [each["developer"] for each in completed.office["keys"]]


def results(completed: Completed) -> list[tuple[str, str]]:
    """Return the developer and the result of each change in a JSON document."""
    return [(each["developer"], each["result"]) for each in completed.office["changes"]]


# -- list and show ---------------------------------------------------------------------


def test_keys_are_listed_as_a_table(line: CommandLine) -> None:
    completed = line.run("keys", "list")
    lines = completed.out.splitlines()
    assert (completed.status, completed.err, len(lines)) == (0, "", 13)
    assert lines[0].split() == ["DEVELOPER", "KEY", "STATUS", "BAA", "PERMISSIONS"]
    assert lines[3].split("  ")[0] == "ClearPay"
    assert "********AD92  Enabled " in lines[3]


def test_the_filter_is_that_of_the_key_list(line: CommandLine) -> None:
    assert developers(line.run("keys", "list", "--json", "--filter", "status:disabled baa:none")) == [
        "Dentist Finder",
        "Old Recall Service",
    ]


def test_a_filter_by_use_reads_the_audit_trail_first(line: CommandLine) -> None:
    completed = line.run("keys", "list", "--json", "--filter", "changed:<30d")
    assert completed.status == 0
    assert "Appointment Bridge" in developers(completed)
    assert "Old Recall Service" not in developers(completed)


def test_carets_point_at_the_wrong_term_of_a_filter(line: CommandLine) -> None:
    completed = line.run("keys", "list", "--filter", "baa:none stat:on")
    assert completed.status == 2
    assert completed.err.splitlines()[:2] == ["  baa:none stat:on", "           ^^^^^^^"]


def test_the_names_of_a_key_in_json_stay(line: CommandLine) -> None:
    key = line.run("keys", "list", "--json", "--filter", "developer:clearpay").office["keys"][0]
    assert list(key) == [
        "fingerprint",
        "key",
        "ending",
        "developer",
        "status",
        "enabled",
        "known",
        "gone",
        "unusable",
        "email",
        "phone",
        "permissions",
        "baa_since",
        "added",
        "disabled",
        "license",
    ]
    assert (key["key"], key["status"], key["baa_since"]) == ("********AD92", "enabled", "2022-11-30")


def test_a_key_is_shown_with_its_history_and_masked(line: CommandLine) -> None:
    completed = line.run("keys", "show", "--key", "ad92")
    assert completed.status == 0
    assert "API key                       ********AD92" in completed.out
    assert "New API key ********AD92" in completed.out


def test_revealing_a_key_is_logged(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("keys", "show", "--key", "AD92", "--reveal", "--json")
    assert completed.office["keys"][0]["text"].endswith("AD92")
    assert line.entries(before) == [OPENED, f"API key ********AD92 #8886de shown in full to {ACCOUNT}"]


def test_a_key_that_is_not_there_is_status_1(line: CommandLine) -> None:
    completed = line.run("keys", "show", "--key", "0000")
    assert (completed.status, completed.out) == (1, "No key matches.\n")


def test_a_whole_key_on_the_command_line_is_refused_before_anything_is_opened(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("keys", "disable", "--key", "A0B1C2D3E4F5G6H7", "--yes")
    assert completed.status == 2
    assert "others can read the command line" in completed.err
    assert line.last_entry == before


# -- disable, enable, remove --------------------------------------------------------------


def test_disabling_a_key_writes_the_entry_of_the_screen(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("keys", "disable", "--developer", "clearpay", "--yes")
    assert completed.status == 0
    assert completed.out.startswith("API key ********AD92 (ClearPay) is now Disabled by Customer")
    assert line.entries(before) == [
        OPENED,
        f"API key ********AD92 #8886de (ClearPay) changed from Enabled to Disabled by Customer by {ACCOUNT}",
    ]


def test_subscriptions_of_a_disabled_key_are_named_or_ended(line: CommandLine) -> None:
    planned = line.run("keys", "disable", "--developer", "ClearPay", "--dry-run")
    assert planned.out.splitlines()[1].startswith("  Not ended: subscription 7 (ClearPay, PatField). To end it")
    completed = line.run("keys", "disable", "--developer", "ClearPay", "--end-subscriptions", "--yes")
    assert completed.status == 0
    assert "Ended: subscription 7 (ClearPay, PatField)." in completed.out


def test_each_key_has_its_own_result(line: CommandLine) -> None:
    completed = line.run("keys", "disable", "--filter", "key:AD92 ", "--yes", "--json")
    assert results(completed) == [("ClearPay", "done")]
    completed = line.run("keys", "disable", "--key", "AD92", "--key", "780E", "--yes", "--json")
    assert results(completed) == [("Appointment Bridge", "done"), ("ClearPay", "unchanged")]
    assert completed.status == 0


def test_a_key_that_its_developer_disabled_cannot_be_enabled(line: CommandLine) -> None:
    completed = line.run("keys", "enable", "--developer", "Old Recall Service", "--yes", "--json")
    assert (completed.status, results(completed)) == (1, [("Old Recall Service", "refused")])


def test_a_disabled_key_is_enabled(line: CommandLine) -> None:
    completed = line.run("keys", "enable", "--developer", "Dentist Finder", "--yes", "--json")
    assert (completed.status, results(completed)) == (0, [("Dentist Finder", "done")])


def test_a_key_is_removed(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("keys", "remove", "--key", "70F3", "--yes")
    assert completed.status == 0
    assert completed.out.startswith("Removed: API key ********70F3 (Dentist Finder).\n")
    assert len(line.entries(before)) == 2
    assert line.run("keys", "show", "--key", "70F3").status == 1


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys", "disable", "--filter", "status:enabled"],
        ["keys", "enable", "--key", "70F3"],
        ["keys", "remove", "--key", "70F3"],
        ["settings", "set", "--api", "off", "--interval", "7", "--payment-type", "Cash"],
    ],
)
def test_a_dry_run_leaves_the_file_as_it_is(line: CommandLine, arguments: list[str]) -> None:
    before = line.practice.read_bytes()
    completed = line.run(*arguments, "--dry-run")
    assert (completed.status, completed.err) == (0, "")
    assert completed.out.startswith("would: ")
    assert line.practice.read_bytes() == before


@pytest.mark.parametrize(
    "arguments",
    [["keys", "disable", "--key", "AD92"], ["settings", "set", "--api", "off"]],
)
def test_a_change_without_a_terminal_needs_yes(line: CommandLine, arguments: list[str]) -> None:
    before = line.last_entry
    completed = line.run(*arguments)
    assert (completed.status, completed.out) == (2, "")
    assert "no terminal to prompt on. Add --yes" in completed.err
    assert line.last_entry == before


@pytest.mark.parametrize(
    "arguments",
    [
        ["keys"],
        ["keys", "disable", "--yes"],
        ["keys", "disable", "--key", "AD92", "--developer", "ClearPay"],
        ["keys", "forget", "--key", "AD92"],
        ["keys", "list", "--fil", "x"],
    ],
)
def test_a_wrong_command_line_is_status_2(line: CommandLine, arguments: list[str]) -> None:
    completed = line.run(*arguments)
    assert completed.status == 2
    assert completed.err.startswith("usage: apisetup ")


# -- settings ------------------------------------------------------------------------------


def test_settings_are_printed(line: CommandLine) -> None:
    assert line.run("settings", "get").out.splitlines() == [
        "API                   on",
        "Interval              5 minutes",
        "Default payment type  Credit Card",
    ]


def test_settings_are_saved_with_the_entry_of_the_screen(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("settings", "set", "--api", "off", "--interval", "off", "--payment-type", "cash", "--yes")
    changes = (
        "Enabled from on to off; subscription interval from 5 minutes to blank; payment type from Credit Card to Cash"
    )
    assert (completed.status, completed.out) == (0, f"Saved: {changes}.\n")
    written = changes.replace("Enabled from", "Enabled changed from", 1)
    assert line.entries(before)[1] == f"API Setup: {written}"


def test_settings_that_are_so_already_are_not_written(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("settings", "set", "--api", "on", "--yes", "--json")
    assert (completed.status, completed.office["changes"][0]["result"]) == (0, "unchanged")
    assert line.entries(before) == [OPENED]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "No setting was named. Add --api, --interval or --payment-type."),
        (["--interval", "often"], "The subscription interval must be blank or a number of minutes."),
        (["--payment-type", "Barter"], "There is no payment type Barter to choose. Payment types: Check, Cash"),
        (["--payment-type", "Gift certificate"], "There is no payment type Gift certificate to choose."),
    ],
)
def test_settings_that_cannot_be_saved_are_refused(line: CommandLine, arguments: list[str], message: str) -> None:
    completed = line.run("settings", "set", *arguments, "--yes")
    assert (completed.status, completed.out) == (2, "")
    assert message in completed.err
