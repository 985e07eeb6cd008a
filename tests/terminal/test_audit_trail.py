"""The Audit Trail of a practice on a server: find, verify and export, as an auditor would ask for it."""

from __future__ import annotations

import csv
import hashlib
import json
import re
import stat

import pytest

from tests.support.installed_program import READY, Home, answer
from tests.support.opendental_columns import NEW, OLD
from tests.support.pseudo_terminal import Terminal
from tests.support.server_practice import ServerPractice


def open_trail(terminal: Terminal) -> None:
    """Open the Audit Trail from API Setup."""
    terminal.press("t")
    terminal.wait_for(r"^/ +since:\d{4}-\d\d-\d\d$")
    terminal.wait_for(r"─ Entries  \d+ ")


def search(terminal: Terminal, filter_text: str) -> None:
    """Replace the filter and search."""
    terminal.press("/")
    terminal.wait_for("^Tab completes, Enter searches")
    terminal.press("ctrl+u")
    terminal.wait_for("^/ +everything; try ")
    terminal.type(filter_text)
    terminal.wait_for(rf"^/ +{re.escape(filter_text)}")
    terminal.press("enter")


@pytest.mark.parametrize("practice", [(NEW, "InnoDB"), (OLD, "MyISAM")], indirect=True)
def test_entries_are_found_verified_and_exported(home: Home, practice: ServerPractice) -> None:
    file = home.directory / "for the auditor.csv"
    with practice.start_signed_in(home) as terminal:
        open_trail(terminal)
        search(terminal, "user:maria since:2024-11-01")
        terminal.wait_for("─ Entries  2 · 1 altered · 1 without hash")
        terminal.wait_for(r"^▌!2024-11-04 10:00 +Maria +(Written|Payment)")
        terminal.press("down", "enter")
        terminal.wait_for("^Altered: the hash does not match")
        terminal.wait_for(r"^Stored hash +\S{44}$")
        terminal.wait_for(r"^Computed now +\S{44} +\(not the same\)$")
        terminal.press("escape")
        terminal.wait_for("^/ +since:2024-11-01 user:Maria$")
        terminal.press("V")
        terminal.wait_for("─ Verify the Audit Trail")
        terminal.press("e")
        terminal.wait_for(r"^Hash matches \d+ +Altered 1 +Without hash 1$")
        terminal.wait_for("^ ! Verification found ")
        terminal.press("escape")
        terminal.wait_for("^/ +since:2024-11-01 user:Maria$")
        terminal.press("x")
        terminal.wait_for("─ Export ─")
        terminal.press("ctrl+u")
        terminal.type(str(file))
        answer(terminal, "─ Export ─", "ctrl+s")
        terminal.wait_for("─ Exported ─")
        terminal.press("enter")
        terminal.wait_for("^✓ Exported: 2 entries")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.unrestored_modes() == []
    with file.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert [(row["number"], row["user"], row["hash"]) for row in rows] == [
        ("4", "Maria", "no hash"),
        ("3", "Maria", "altered"),
    ]
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    manifest = json.loads(file.with_name(f"{file.name}.about.json").read_text())
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert (manifest["sha256"], manifest["entries"], manifest["exported_by"]) == (sha256, 2, "Admin")
    assert manifest["filter"] == "since:2024-11-01 user:Maria"
    assert practice.audit_entries()[2:-1] == [
        ("122", f"Audit Trail export to {file.name} begun by Admin: since:2024-11-01 user:Maria"),
        ("122", f"Audit Trail export to {file.name} finished by Admin: 2 entries, SHA-256 {sha256}"),
    ]


def test_an_unknown_user_in_the_filter_is_reported(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        open_trail(terminal)
        search(terminal, "user:mara since:2024-11-01")
        terminal.wait_for(r"^! Unknown user: mara\. Did you mean Maria\?")
        terminal.press("escape")
        terminal.wait_for(r"^/ +since:\d{4}-\d\d-\d\d$")


def test_a_database_error_during_a_verification_can_be_retried(home: Home, practice: ServerPractice) -> None:
    with practice.start_signed_in(home) as terminal:
        open_trail(terminal)
        practice.execute("RENAME TABLE securityloghash TO elsewhere")
        terminal.press("V")
        terminal.wait_for("─ Verify the Audit Trail")
        terminal.press("e")
        terminal.wait_for("^! A table or column that Open Dental has is missing here")
        practice.execute("RENAME TABLE elsewhere TO securityloghash")
        terminal.press("r")
        terminal.wait_for("^ ! Verification found ")


def test_the_missing_permission_is_reported_with_who_can_grant_it(home: Home, practice: ServerPractice) -> None:
    practice.execute("DELETE FROM grouppermission WHERE PermType = 122")
    with practice.start_signed_in(home) as terminal:
        terminal.press("t")
        terminal.wait_for(r"^ ?! The Audit Trail needs the permission AuditTrail \(122\)")
        terminal.wait_for(READY)
