"""`apisetup subscriptions`, `payment-types` and `audit search` on SQLite: their changes, and what they refuse."""

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
    """A command line whose embedded practice has the subscriptions and payment types of the demo."""
    line = CommandLine(tmp_path)
    line.make_practice()
    return line


def results(completed: Completed) -> list[tuple[str, str]]:
    """Return the subject and the result of each change in a JSON document."""
    return [(each["subject"], each["result"]) for each in completed.office["changes"]]


def states(line: CommandLine) -> dict[int, str]:
    """Return the states of all subscriptions by their numbers."""
    listed = line.run("subscriptions", "list", "--json").office["subscriptions"]
    return {each["number"]: each["state"] for each in listed}


def names(line: CommandLine) -> list[str]:
    """Return the names of the payment types in their order, hidden ones in parentheses."""
    listed = line.run("payment-types", "list", "--json").office["payment_types"]
    return [f"({each['name']})" if each["hidden"] else each["name"] for each in listed]


# -- subscriptions -----------------------------------------------------------------------


def test_subscriptions_are_ended_and_resumed(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("subscriptions", "end", "1", "8", "--yes", "--json")
    assert completed.status == 0
    assert [result for _, result in results(completed)] == ["done", "unchanged"]
    opened, ended = line.entries(before)
    assert opened == OPENED
    assert ended.startswith("API subscription 1 ")
    assert states(line)[1] == "ended"
    assert line.run("subscriptions", "resume", "1", "--yes").out.startswith("Resumed: subscription 1 (")
    assert states(line)[1] == "working"


def test_all_subscriptions_of_a_developer_are_ended(line: CommandLine) -> None:
    completed = line.run("subscriptions", "end", "--developer", "clearpay", "--yes")
    assert (completed.status, completed.out.splitlines()[0]) == (0, "Ended: subscription 7 (ClearPay, PatField).")


def test_a_subscription_is_deleted(line: CommandLine) -> None:
    assert line.run("subscriptions", "delete", "11", "--yes").status == 0
    assert 11 not in states(line)


def test_a_number_that_is_not_there_is_named(line: CommandLine) -> None:
    completed = line.run("subscriptions", "end", "99", "--yes")
    assert (completed.status, completed.out) == (1, "REFUSED: There is no subscription 99.\n")


@pytest.mark.parametrize("arguments", [[], ["1", "--developer", "ClearPay"]])
def test_subscriptions_are_named_in_one_way(line: CommandLine, arguments: list[str]) -> None:
    assert line.run("subscriptions", "end", *arguments, "--yes").status == 2


def test_numbers_belong_to_one_office(line: CommandLine) -> None:
    line.configure('[offices.A]\nfile = "a.sqlite3"\n[offices.B]\nfile = "b.sqlite3"\n')
    completed = line.run("subscriptions", "end", "1", "--all-offices", "--yes")
    assert completed.status == 2
    assert "numbers are for one office" in completed.err


# -- payment types -----------------------------------------------------------------------


def test_payment_types_are_added_renamed_moved_and_sorted(line: CommandLine) -> None:
    before = line.last_entry
    for arguments in (
        ["add", "Barter", "--no-deposit-slips"],
        ["rename", "barter", "Exchange"],
        ["move", "Exchange", "up"],
        ["sort"],
    ):
        completed = line.run("payment-types", *arguments, "--yes")
        assert (completed.status, completed.err) == (0, ""), completed
    assert names(line) == [
        "Cash",
        "Check",
        "Credit Card",
        "Electronic funds transfer",
        "Exchange",
        "(Gift certificate)",
    ]
    assert f"Definition created: Barter with category: Payment Types; added by {ACCOUNT}" in line.entries(before)


def test_the_type_that_the_api_uses_needs_another_one_to_be_hidden(line: CommandLine) -> None:
    completed = line.run("payment-types", "hide", "Credit Card", "--yes")
    assert completed.status == 1
    assert "Choose another one with --replacement." in completed.out
    completed = line.run("payment-types", "hide", "Credit Card", "--replacement", "Cash", "--yes")
    assert completed.status == 0
    assert "(Credit Card)" in names(line)
    assert "Default payment type  Cash" in line.run("settings", "get").out


def test_a_hidden_type_is_shown_again(line: CommandLine) -> None:
    assert line.run("payment-types", "unhide", "gift certificate", "--yes").status == 0
    assert line.run("payment-types", "unhide", "gift certificate", "--yes", "--json").status == 0
    assert "Gift certificate" in names(line)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rename", "Barter", "X"], "There is no payment type Barter. Payment types: Check, Cash"),
        (["add", " "], "Please enter a name."),
        (["hide", "Check", "--replacement", "Barter"], "There is no payment type Barter."),
    ],
)
def test_a_payment_type_that_cannot_be_changed_is_refused(
    line: CommandLine, arguments: list[str], message: str
) -> None:
    completed = line.run("payment-types", *arguments, "--yes")
    assert (completed.status, completed.out) == (2, "")
    assert message in completed.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["subscriptions", "end", "1", "2"],
        ["subscriptions", "resume", "8"],
        ["subscriptions", "delete", "1"],
        ["payment-types", "add", "Barter"],
        ["payment-types", "rename", "Cash", "Coins"],
        ["payment-types", "hide", "Check"],
        ["payment-types", "unhide", "Gift certificate"],
        ["payment-types", "move", "Check", "down"],
        ["payment-types", "sort"],
    ],
)
def test_a_dry_run_leaves_the_file_as_it_is(line: CommandLine, arguments: list[str]) -> None:
    before = line.practice.read_bytes()
    completed = line.run(*arguments, "--dry-run")
    assert (completed.status, completed.err) == (0, "")
    assert completed.out.startswith("would: ")
    assert line.practice.read_bytes() == before


# -- the Audit Trail -----------------------------------------------------------------------


def test_entries_are_searched_with_the_filter_of_the_screen(line: CommandLine) -> None:
    completed = line.run("audit", "search", "--filter", 'text:"New API key"', "--json")
    assert completed.status == 0
    assert len(completed.office["entries"]) == 12
    assert list(completed.office["entries"][0]) == ["number", "time", "user", "permission", "text", "hash"]


def test_a_limit_says_that_there_are_more(line: CommandLine) -> None:
    lines = line.run("audit", "search", "--limit", "2").out.splitlines()
    assert (lines[0].split()[0], len(lines), lines[-1]) == ("TIME", 4, "There are more. Add --limit 0 for all.")
    assert line.run("audit", "search", "--limit", "0", "--json").office["more"] is False


def test_an_altered_entry_is_marked(line: CommandLine) -> None:
    assert "[altered] Payment of $20.00 entered." in line.run("audit", "search", "--filter", "only:unmatched").out
