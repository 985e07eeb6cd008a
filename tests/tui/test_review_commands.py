"""`apisetup review` and `apisetup keys note`, on the demo's practice, an empty one, and several offices."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.support.command_line import CommandLine

FAR = "2099-12-31"
AD92 = ("--key", "AD92")


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line with the practice of the demo."""
    line = CommandLine(tmp_path)
    line.make_practice()
    return line


@pytest.fixture
def empty(tmp_path: Path) -> CommandLine:
    """A command line whose embedded practice doesn't exist yet."""
    return CommandLine(tmp_path)


def changes(line: CommandLine, after: int) -> list[str]:
    """Return the texts of the entries after a number, apart from those of opening API Setup."""
    return [text for text in line.entries(after) if text != "API/FHIR"]


def test_what_needs_a_decision_is_listed_by_key_with_its_rule(line: CommandLine) -> None:
    due = line.run("review", "due")
    assert (due.status, due.err) == (1, "")
    assert "The practice:\n  overdue" not in due.out
    assert "The practice:\n  unverified: The Audit Trail was never verified here.\n    -> " in due.out
    assert (
        "API key ********AD92 (ClearPay):\n  risky-permissions: It has 2 risky permissions and no purpose: " in due.out
    )
    assert "no change doesn't mean" in due.out
    office = line.run("review", "due", "--json").office
    rules = {each["rule"] for each in office["findings"]}
    assert rules >= {"no-owner", "risky-permissions", "unchanged", "plain-http", "overdue", "changed-after-disabled"}
    assert office["unknown"] == []
    assert all(each["reason"] and each["advice"] for each in office["findings"])


def test_rules_are_switched_off_in_the_configuration(line: CommandLine) -> None:
    line.configure('[review]\nskip = ["unverified", "unsealed"]')
    rules = {each["rule"] for each in line.run("review", "due", "--json").office["findings"]}
    assert not rules & {"unverified", "unsealed"}


def test_the_status_is_one_line_for_monitoring(line: CommandLine, tmp_path: Path) -> None:
    status = line.run("review", "status")
    assert status.status == 1
    (only,) = status.out.splitlines()
    assert "need a decision" in only
    assert "is under way with 6 open keys." in only
    office = line.run("review", "status", "--json").office
    assert office["due"]
    assert sum(office["by_rule"].values()) == office["findings"] > 10
    assert office["under_way"]["decisions"] == {"keep": 2, "disable": 0, "ask": 1}
    quiet = CommandLine(tmp_path / "quiet")
    quiet.configuration.parent.mkdir()
    quiet.configure('[review]\nskip = ["unverified", "unsealed"]')
    status = quiet.run("review", "status")
    assert (status.status, status.out) == (0, "Nothing needs a decision.\n")


def test_a_review_from_its_start_to_its_end(empty: CommandLine) -> None:
    line = empty
    assert line.run("review", "list").out == "No reviews yet.\n"
    refused = line.run("review", "start", "Q4", "--yes")
    assert (refused.status, refused.err) == (1, "apisetup: There are no API keys to review.\n")
    line.make_practice()
    running = line.run("review", "start", "Next", "--yes")
    assert running.status == 1
    assert "is under way. End it before you start another one." in running.err
    still_open = line.run("review", "end", "--yes")
    assert still_open.status == 1
    assert still_open.out.startswith("REFUSED: 6 keys have no decision: API key ********899C")
    ended = line.run("review", "end", "--with-open", "--yes")
    assert ended.status == 0
    assert ended.out.count("  Left open: API key ********") == 6
    started = line.run("review", "start", "Next", "--yes", "--from", "2026-01-01")
    assert started.status == 0, started.err
    assert started.out.startswith("Started: review Next of 12 keys, 2026-01-01 to ")
    assert line.entries()[-1].startswith("API key review Next started by ")


def test_decisions_are_made_for_the_chosen_keys(line: CommandLine) -> None:
    before = line.last_entry
    kept = line.run("review", "decide", *AD92, "--keep-until", FAR, "--note", "Fine.", "--yes", "--json").office
    (change,) = kept["changes"]
    assert (change["result"], change["decision"], change["until"]) == ("done", "keep", FAR)
    again = line.run("review", "decide", *AD92, "--ask", "--yes")
    assert again.status == 0
    assert again.out.endswith(f"keep until {FAR}. Add --again to replace it.\n")
    replaced = line.run("review", "decide", *AD92, "--ask", "--again", "--yes")
    assert replaced.out == "API key ********AD92 (ClearPay): ask the vendor.\n"
    disabled = line.run("review", "decide", "--filter", "may:ApiQueries", "--disable", "--yes")
    assert disabled.status == 0
    assert disabled.out.count(" is now Disabled by Customer in the local registry.") == 2
    texts = changes(line, before)
    assert [kinds[0] for text in texts if (kinds := re.findall("reviewed in|changed from", text))] == [
        *["reviewed in"] * 2,
        *["changed from", "reviewed in"] * 2,
    ]
    shown = line.run("review", "show", "--json").office["review"]
    by_developer = {each["developer"]: each for each in shown["items"]}
    assert by_developer["ClearPay"]["decision"]["decision"] == "ask"
    assert by_developer["Canopy Analytics"]["status_now"] == "disabled_by_customer"
    assert "Disabled by Customer" in by_developer["Canopy Analytics"]["decision"]["result"]
    assert shown["decisions"] == {"keep": 2, "disable": 2, "ask": 2}
    text = line.run("review", "show").out
    assert "API key ********899C (Canopy Analytics): Enabled, now Disabled by Customer\n" in text
    assert "  needs no decision\n" in text


def test_an_accepted_finding_is_listed_only_if_it_is_asked_for(line: CommandLine) -> None:
    line.run("review", "end", "--with-open", "--yes")
    line.run("review", "start", "Next", "--yes")
    line.run("review", "decide", *AD92, "--keep-until", FAR, "--yes")
    assert "ClearPay" not in line.run("review", "due").out
    assert f"(accepted until {FAR})" in line.run("review", "due", "--all").out


def test_nothing_is_written_in_a_dry_run(line: CommandLine) -> None:
    before = line.last_entry
    for arguments in (
        ("review", "decide", *AD92, "--disable"),
        ("review", "end", "--with-open"),
        ("keys", "note", *AD92, "--owner", "Maria Lopez"),
    ):
        planned = line.run(*arguments, "--dry-run")
        assert (planned.status, planned.out[:7]) == (0, "would: "), planned.err
    noted = line.run("keys", "note", *AD92, "--owner", "Maria Lopez", "--dry-run", "--json")
    assert noted.office["changes"][0]["key_notes"]["owner"] == "Maria Lopez"
    assert line.last_entry == before


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("review", "decide", *AD92, "--keep-until", "2024-01-01"), "2024-01-01 isn't in the future."),
        (("review", "decide", *AD92, "--ask", "--note", "a\nb"), "This note has characters that can't be printed."),
        (("review", "start", "X", "--from", FAR), "under way"),
        (("keys", "note", *AD92, "--owner", "x" * 256), "This text has more than 255 characters."),
        (("keys", "note", *AD92, "--baa-date", FAR), "is in the future."),
        (("keys", "note", *AD92, "--former-name", "a\tb"), "A name has characters that can't be printed."),
        (("keys", "note", *AD92, "--former-name", "ODFHIR a/b"), "This field contains an API key"),
    ],
)
def test_a_dry_run_refuses_what_the_command_refuses(line: CommandLine, arguments: tuple[str, ...], error: str) -> None:
    before = line.last_entry
    planned, made = line.run(*arguments, "--dry-run"), line.run(*arguments, "--yes")
    assert (planned.status, planned.out, planned.err) == (made.status, made.out, made.err)
    assert planned.status > 0
    assert error in planned.err
    assert changes(line, before) == []


@pytest.mark.parametrize(
    ("arguments", "status", "error"),
    [
        (("review", "decide", *AD92), 2, "one of the arguments --keep-until --disable --ask is required"),
        (("review", "decide", *AD92, "--keep-until", "soon", "--yes"), 2, "Not a valid date: soon."),
        (("review", "start", "X", "--from", "2026-13-01", "--yes"), 2, "Not a valid date: 2026-13-01."),
        (("review", "decide", *AD92, "--ask"), 2, "no terminal to prompt on"),
        (("review", "show", "Q9"), 1, "This practice has no review Q9. Reviews: Q"),
        (("keys", "note", *AD92, "--yes"), 2, "There is nothing to note."),
        (("keys", "note", *AD92, "--review-date", "x", "--yes"), 2, "Not a valid date: x."),
    ],
)
def test_what_cannot_be_done_says_why(line: CommandLine, arguments: tuple[str, ...], status: int, error: str) -> None:
    completed = line.run(*arguments)
    assert completed.status == status
    assert error in completed.err
    assert completed.out == ""


def test_notes_are_saved_shown_and_taken_away(line: CommandLine) -> None:
    before = line.last_entry
    noted = line.run(
        *("keys", "note", *AD92, "--owner", "Ann", "--purpose", "Pays", "--baa-date", "2024-05-06"),
        *("--baa-reference", "Drawer 5", "--review-date", FAR, "--former-name", "Old Pay", "--yes"),
    )
    assert noted.status == 0, noted.err
    assert noted.out == (
        "Saved for API key ********AD92 (ClearPay): owner: Ann, purpose: Pays, BAA reference: Drawer 5, review date:"
        f" {FAR}, BAA date: 2024-05-06, former names: Old Pay.\n"
    )
    assert len(changes(line, before)) == 3
    shown = line.run("keys", "show", *AD92)
    for words in ("Owner", "Ann", "Purpose", "Pays", "BAA reference", "Drawer 5", "Review date", FAR, "Old Pay"):
        assert words in shown.out
    (key,) = line.run("keys", "show", *AD92, "--json").office["keys"]
    assert key["baa_since"] == "2024-05-06"
    assert key["notes"] == {
        "owner": "Ann",
        "purpose": "Pays",
        "baa_reference": "Drawer 5",
        "review_date": FAR,
        "former_names": ["Old Pay"],
    }
    same = line.run("keys", "note", *AD92, "--owner", "Ann", "--yes")
    assert (same.status, same.out) == (0, "API key ********AD92 (ClearPay): these notes are there already.\n")
    cleared = line.run("keys", "note", *AD92, "--owner", "", "--review-date", "", "--former-name", "", "--yes")
    assert (
        cleared.out
        == "Saved for API key ********AD92 (ClearPay): owner: blank, review date: none, former names: none.\n"
    )


def test_several_offices_have_a_review_of_the_same_name(tmp_path: Path) -> None:
    line = CommandLine(tmp_path)
    line.make_practice()
    other = tmp_path / "other.sqlite3"
    for file in tmp_path.glob("practice.sqlite3*"):
        other.with_name(file.name.replace("practice", "other")).write_bytes(file.read_bytes())
        other.with_name(file.name.replace("practice", "other")).chmod(0o600)
    line.configure('[offices.North]\nfile = "practice.sqlite3"\n[offices.South]\nfile = "other.sqlite3"\n')
    line.run("review", "end", "--with-open", "--yes", "--office", "South")
    started = line.run("review", "start", "Q1", "--all-offices", "--yes")
    assert started.status == 1
    assert "South:\n  Started: review Q1 of 12 keys" in started.out
    assert "North: The review Q" in started.err
    statuses = line.run("review", "list", "--all-offices", "--json").document["offices"]
    assert [[each["name"] == "Q1" for each in office["reviews"]] for office in statuses] == [[False], [True, False]]
