"""Commands on a practice on a server: who signs in, what they write, and what a dry run doesn't."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from core.model.agreement import default_agreement
from tests.support.command_line import CommandLine, Completed
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import PASSWORDS
from tests.support.server import Server
from tests.support.server_practice import PASSWORD, USER, ServerPractice, new_practice

KEY = "Zz9Yy8Xx7Ww6Vv5U"
SIGNED_IN = [("83", f"User: {USER} has logged on."), ("8", "API/FHIR")]
SIGNED_OUT = ("83", f"User: {USER} has logged off.")
SECRETS = {"OD_SECRET": PASSWORD}


@pytest.fixture
def practice(server: Server) -> Iterator[ServerPractice]:
    """A practice on the server of this test's own."""
    with new_practice(server, NEW, "InnoDB") as practice:
        yield practice


@pytest.fixture
def line(tmp_path: Path, practice: ServerPractice) -> CommandLine:
    """A command line whose configuration has the practice, an Open Dental user, and the source of the password."""
    line = CommandLine(tmp_path)
    configure(line, practice, f'od_user = "{USER}"\nod_password_from = "env:OD_SECRET"')
    return line


def configure(line: CommandLine, practice: ServerPractice, more: str) -> None:
    """Write a configuration file with the practice."""
    server = practice.server
    (line.configuration.parent / "db-password").write_text(f"{server.password}\n")
    (line.configuration.parent / "db-password").chmod(0o600)
    source = "file:db-password" if server.password else "env:EMPTY"
    line.configure(
        f'[offices.North]\nhost = "{server.host}"\nport = {server.port}\ndatabase = "{practice.database}"\n'
        f'user = "{server.user}"\npassword_from = "{source}"\nauthority = "local"\n{more}\n'
    )


def run(line: CommandLine, *arguments: str, stdin: str = "", **env: str) -> Completed:
    """Run a command as a scheduled job that has the passwords in its environment."""
    return line.run(*arguments, stdin=stdin, env={"EMPTY": "", **SECRETS, **env})


def add_key(line: CommandLine) -> Completed:
    """Add a key to the local registry."""
    arguments = ("--developer", "New Bridge", "--no-baa", "--accept-license", default_agreement().sha256, "--yes")
    return run(line, "keys", "add", *arguments, stdin=KEY)


def checksums(practice: ServerPractice) -> list[tuple[str | None, ...]]:
    """Return a checksum of each table."""
    tables = ", ".join(f"`{name}`" for (name,) in practice.rows("SHOW TABLES"))
    return practice.rows(f"CHECKSUM TABLE {tables}")


def test_a_job_signs_in_as_the_user_of_the_configuration(line: CommandLine, practice: ServerPractice) -> None:
    completed = run(line, "settings", "get", "--json")
    assert (completed.status, completed.err, completed.office["office"]) == (0, "", "North")
    assert practice.audit_entries() == [*SIGNED_IN, SIGNED_OUT]


def test_another_user_needs_a_password_from_elsewhere(line: CommandLine, practice: ServerPractice) -> None:
    completed = run(line, "settings", "get", "--user", "Maria")
    assert (completed.status, completed.out) == (2, "")
    assert completed.err == (
        "apisetup: Open Dental password of Maria: no terminal to prompt on. Set od_password_from or"
        " APISETUP_OD_PASSWORD for a scheduled job.\n"
    )
    assert practice.audit_entries() == []
    named = run(line, "settings", "get", "--user", USER, APISETUP_OD_PASSWORD="wrong")
    assert named.status == 0


def test_a_job_without_a_user_says_where_to_name_one(line: CommandLine, practice: ServerPractice) -> None:
    configure(line, practice, "")
    completed = run(line, "settings", "get")
    assert completed.status == 2
    assert "Add --user NAME, or set od_user or APISETUP_OD_USER." in completed.err


def test_a_wrong_password_is_tried_once(line: CommandLine, practice: ServerPractice) -> None:
    completed = run(line, "settings", "get", OD_SECRET="wrong")
    assert completed.status == 2
    assert "Invalid username or password." in completed.err
    assert practice.value(f"SELECT FailedAttempts FROM userod WHERE UserName = '{USER}'") == "1"


def test_an_auditor_lists_keys_and_settings_and_changes_nothing(line: CommandLine, practice: ServerPractice) -> None:
    configure(line, practice, 'od_user = "Maria"\nod_password_from = "env:OD_SECRET"')
    secret = {"OD_SECRET": PASSWORDS["Maria"]}
    for reading in (("keys", "list"), ("settings", "get"), ("audit", "search", "--limit", "1")):
        assert run(line, *reading, **secret).status in (0, 1)
    assert {text for _, text in practice.audit_entries()} == {
        "User: Maria has logged on.",
        "User: Maria has logged off.",
    }
    before = practice.rows("SELECT * FROM program"), practice.rows("SELECT * FROM apikey")
    for change in (
        ("settings", "set", "--api", "on", "--yes"),
        ("keys", "show", "--key", "Gh78", "--reveal"),
        ("keys", "disable", "--key", "Gh78", "--yes"),
    ):
        completed = run(line, *change, **secret)
        assert completed.status == 2
        assert "The user Maria needs the permission Setup to open API Setup." in completed.err
    assert (practice.rows("SELECT * FROM program"), practice.rows("SELECT * FROM apikey")) == before


def test_changes_write_the_entries_of_the_screens(line: CommandLine, practice: ServerPractice) -> None:
    assert add_key(line).status == 0
    written = practice.audit_entries()
    assert [kind for kind, _ in written] == ["83", "8", "258", "8", "83"]
    assert "New API key ********Vv5U #" in str(written[3][1])
    completed = run(line, "keys", "disable", "--key", "Vv5U", "--yes")
    assert (completed.status, completed.err) == (0, "")
    changed = practice.audit_entries()[len(written) :]
    assert [kind for kind, _ in changed] == ["83", "8", "8", "83"]
    assert str(changed[2][1]).endswith(f"(New Bridge) changed from Enabled to Disabled by Customer by {USER}")


def test_settings_are_saved_and_workstations_told(line: CommandLine, practice: ServerPractice) -> None:
    before = int(practice.value("SELECT count(*) FROM signalod") or 0)
    completed = run(line, "settings", "set", "--interval", "7", "--yes")
    assert completed.status == 0
    assert completed.out.endswith("  Running workstations are notified.\n")
    assert int(practice.value("SELECT count(*) FROM signalod") or 0) > before


def test_a_read_only_job_can_read_and_not_change(line: CommandLine, practice: ServerPractice) -> None:
    assert run(line, "keys", "list", "--read-only").status == 0
    completed = run(line, "settings", "set", "--interval", "7", "--yes", "--read-only")
    assert (completed.status, completed.out) == (2, "")
    assert practice.audit_entries() == []


def test_dry_runs_leave_the_database_as_it_is(line: CommandLine, practice: ServerPractice) -> None:
    add_key(line)
    before = checksums(practice)
    for arguments in (
        ["keys", "disable", "--key", "Vv5U"],
        ["keys", "remove", "--key", "Vv5U"],
        ["settings", "set", "--interval", "9"],
        ["payment-types", "sort"],
        ["payment-types", "add", "Barter"],
        ["subscriptions", "end", "--developer", "Appointment Bridge"],
    ):
        completed = run(line, *arguments, "--dry-run")
        assert completed.err == "", completed
        assert completed.status in (0, 1)
    assert checksums(practice) == before
