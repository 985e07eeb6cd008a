"""`apisetup keys add` on SQLite, without a terminal."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

import pytest

from core.model.agreement import default_agreement
from tests.support.command_line import CommandLine, Completed

ACCOUNT = pwd.getpwuid(os.getuid()).pw_name
KEY = "Zz9Yy8Xx7Ww6Vv5U"
SHA256 = default_agreement().sha256
ACCEPT = ("--accept-license", SHA256, "--yes")


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line whose embedded practice has the keys of the demo."""
    line = CommandLine(tmp_path)
    line.make_practice()
    return line


def add(line: CommandLine, *arguments: str, stdin: str = KEY) -> Completed:
    """Add a key of a new developer."""
    return line.run("keys", "add", "--developer", "New Bridge", *arguments, stdin=stdin)


def test_a_key_is_added_with_the_entries_of_the_screen(line: CommandLine) -> None:
    before = line.last_entry
    completed = add(line, "--permission", "ApiReadAll,apipayments", "--baa-since", "2024-05-06", *ACCEPT)
    assert completed.status == 0
    assert completed.out.startswith("Added and enabled: API key ********Vv5U (New Bridge).")
    opened, accepted, added = line.entries(before)
    assert accepted.startswith("API Access Agreement for API key ********Vv5U #")
    assert accepted.endswith(f"accepted by {ACCOUNT} (SHA-256 {SHA256[:12]})")
    assert added.startswith("New API key ********Vv5U #")
    assert added.endswith(f"(New Bridge) added by {ACCOUNT}; permissions ApiReadAll, ApiPayments; BAA since 2024-05-06")
    assert opened == "API/FHIR"


def test_the_key_is_found_in_what_the_developer_sent(line: CommandLine) -> None:
    mail = f"Hello,\nhere it is:\n  customer key: {KEY}\nRegards\n"
    completed = add(line, "--no-baa", *ACCEPT, stdin=mail)
    assert (completed.status, KEY in completed.out + completed.err) == (0, False)
    assert "Understood: ********Vv5U from" in completed.err


def test_the_agreement_is_printed_with_its_hash_and_must_be_accepted(line: CommandLine) -> None:
    before = line.practice.read_bytes()
    completed = add(line, "--no-baa", "--yes")
    assert (completed.status, completed.out) == (2, "")
    assert default_agreement().text.splitlines()[0] in completed.err
    assert f"Read it, and accept it with --accept-license {SHA256}." in completed.err
    assert line.practice.read_bytes() == before


def test_another_hash_is_no_acceptance(line: CommandLine) -> None:
    completed = add(line, "--no-baa", "--yes", "--accept-license", "0" * 64)
    assert completed.status == 2
    assert "--accept-license names another text than the agreement above." in completed.err


@pytest.mark.parametrize(
    ("arguments", "stdin", "message"),
    [
        ([*ACCEPT], KEY, "Add --baa-since DATE or --no-baa."),
        (["--baa-since", "2024-13-01", *ACCEPT], KEY, "Not a valid date: 2024-13-01."),
        (["--baa-since", "2999-01-01", *ACCEPT], KEY, "The date of the Business Associate Agreement is in the future."),
        (["--no-baa", "--permission", "ApiEverything", *ACCEPT], KEY, "Unknown permission: ApiEverything."),
        (["--no-baa", *ACCEPT], "", "No key was entered."),
        (["--no-baa", *ACCEPT], "no key in here at all", ""),
        (["--no-baa", "--accept-license", SHA256], KEY, "Add --yes for a scheduled job."),
    ],
)
def test_what_is_missing_or_wrong_adds_nothing(
    line: CommandLine, arguments: list[str], stdin: str, message: str
) -> None:
    before = len(line.rows("SELECT * FROM apikey"))
    completed = add(line, *arguments, stdin=stdin)
    assert (completed.status, completed.out) == (2, "")
    assert message in completed.err
    assert len(line.rows("SELECT * FROM apikey")) == before


def test_a_key_that_is_in_the_list_is_refused_and_nothing_is_accepted(line: CommandLine) -> None:
    add(line, "--no-baa", *ACCEPT)
    before = line.last_entry
    completed = add(line, "--no-baa", *ACCEPT)
    assert completed.status == 2
    assert line.entries(before) == ["API/FHIR"]


def test_a_dry_run_accepts_and_adds_nothing(line: CommandLine) -> None:
    before = line.practice.read_bytes()
    completed = add(line, "--no-baa", "--dry-run", "--json")
    (change,) = completed.office["changes"]
    assert (completed.status, change["result"], change["license_sha256"]) == (0, "would be done", SHA256)
    assert line.practice.read_bytes() == before


def test_an_argument_is_never_a_key(line: CommandLine) -> None:
    completed = line.run("keys", "add", KEY)
    assert completed.status == 2
    assert "unrecognized arguments" in completed.err
