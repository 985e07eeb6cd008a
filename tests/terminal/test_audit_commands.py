"""`apisetup audit verify` and `apisetup audit export`, run as a scheduled job and by an admin."""

from __future__ import annotations

import hashlib
import json
import signal
import subprocess
from contextlib import suppress
from pathlib import Path

import pytest

from tests.support import practice_rows
from tests.support.installed_program import COMMAND, Home, only_office
from tests.support.opendental_columns import NEW, OLD
from tests.support.pseudo_terminal import ROOT
from tests.support.server_practice import PASSWORD, USER, ServerPractice

SIGN_IN = {"APISETUP_OD_USER": USER, "APISETUP_OD_PASSWORD": PASSWORD}


def audit(home: Home, practice: ServerPractice, *arguments: str, **env: str) -> subprocess.CompletedProcess[str]:
    """Run a command on the practice; the environment has the user and the passwords."""
    environment = {"APISETUP_PASSWORD": practice.server.password} | SIGN_IN
    return home.run("audit", *arguments, "--url", practice.url(), **(environment | env))


@pytest.mark.parametrize("practice", [(NEW, "InnoDB"), (OLD, "MyISAM")], indirect=True)
def test_verify_lists_entries_that_do_not_match(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "verify")
    assert (completed.returncode, completed.stderr) == (1, "")
    lines = completed.stdout.splitlines()
    assert lines[0] == "Hash matches 9   Altered 1   Without hash 1"
    assert lines[2:4] == [
        "Not plausible: 1",
        "Entry 2 is dated 2020-02-29 00:00:00, but entry 1 before it is dated 2024-11-05 09:03:07.",
    ]
    assert lines[4].startswith("3  2024-11-04 10:00:00  altered  Maria  PaymentCreate")
    assert lines[5].startswith("4  2024-11-04 10:00:01  no hash  Maria  PaymentCreate")
    assert practice.audit_entries() == [("83", "User: Admin has logged on."), ("83", "User: Admin has logged off.")]


def test_verify_of_matching_entries_returns_0(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "verify", "--since", "2024-11-05")
    assert completed.returncode == 0
    assert completed.stdout.splitlines()[0] == "The hashes of all 3 entries match."


@pytest.mark.parametrize("command", ["verify --json", "export {}/trail.csv"])
def test_a_missing_index_that_makes_a_command_slow_is_named_with_the_statement_that_creates_it(
    home: Home, practice: ServerPractice, command: str, tmp_path: Path
) -> None:
    practice.execute("DROP INDEX SecurityLogNum ON securityloghash")
    completed = audit(home, practice, *command.format(tmp_path).split())
    assert completed.stderr == (
        "apisetup: Slow, because securityloghash has no index on SecurityLogNum. Outside office hours, run: ALTER TABLE"
        " securityloghash ADD INDEX (SecurityLogNum);\n"
    )
    assert completed.stdout


def test_verify_of_a_healthy_practice_returns_0_in_five_lines(home: Home, practice: ServerPractice) -> None:
    """Entries from before the first hash, and entries that Open Dental itself removed, are notes."""
    practice.execute("UPDATE securitylog SET LogText = 'Payment of $120.00 entered.' WHERE SecurityLogNum = 3")
    (unhashed,) = [row for row in practice_rows.rows(NEW)["securitylog"] if row["SecurityLogNum"] == 4]
    practice.execute(f"INSERT INTO securityloghash VALUES (104, 4, '{practice_rows.log_hash(unhashed)}')")
    practice.execute("DELETE FROM securitylog WHERE SecurityLogNum = 5")
    practice.execute("DELETE FROM securityloghash WHERE SecurityLogNum = 1")
    practice.execute("UPDATE securitylog SET LogDateTime = '2010-01-02 08:00:00' WHERE SecurityLogNum = 1")
    practice.execute(
        "CREATE TABLE dbmlog (DbmLogNum bigint NOT NULL PRIMARY KEY, UserNum bigint NOT NULL, FKey bigint NOT NULL,"
        " FKeyType tinyint NOT NULL, ActionType tinyint NOT NULL, DateTimeEntry datetime NOT NULL,"
        " MethodName varchar(255) NOT NULL, LogText text NOT NULL)"
    )
    practice.execute(
        "INSERT INTO dbmlog VALUES"
        " (1, 1, 5, 25, 2, '2024-11-05 20:00:00', 'AuditTrailDeleteDuplicateApptCreate', 'Deleted.')"
    )
    completed = audit(home, practice, "verify")
    lines = completed.stdout.splitlines()
    assert completed.returncode == 0, completed.stdout
    assert lines[0].startswith("The hashes of all ")
    assert lines[1].startswith("1 entry older than the first hash (")
    assert lines[2:] == [
        "1 duplicate was removed by Database Maintenance on 2024-11-05 (dbmlog).",
        "No other orphaned hashes.",
    ]


def test_verify_as_json(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "verify", "--json", "--until", "2024-11-04")
    assert completed.returncode == 1
    report = only_office(completed.stdout)
    assert {
        name: report[name] for name in ("checked", "hash_matches", "altered", "without_hash", "deleted", "until")
    } == {
        "checked": 8,
        "hash_matches": 6,
        "altered": 1,
        "without_hash": 1,
        "deleted": 0,
        "until": "2024-11-04",
    }
    assert [(entry["number"], entry["hash"]) for entry in report["entries"]] == [(3, "altered"), (4, "no hash")]


def test_verify_finds_deleted_entries(home: Home, practice: ServerPractice) -> None:
    practice.execute("DELETE FROM securitylog WHERE SecurityLogNum IN (2, 10)")
    report = only_office(audit(home, practice, "verify", "--json").stdout)
    assert (report["deleted"], report["deleted_numbers"]) == (2, [2, 10])


@pytest.mark.parametrize(
    ("arguments", "env", "sentence"),
    [
        (("verify",), {"APISETUP_OD_PASSWORD": "wrong"}, "Invalid username or password."),
        (("verify",), {"APISETUP_OD_USER": ""}, "No Open Dental user was given. Add --user NAME"),
        (("verify",), {"APISETUP_PASSWORD": "wrong"}, "The server refuses this database user or its password."),
        (("verify", "--user", "Ecw"), {"APISETUP_OD_PASSWORD": "no"}, "Invalid username or password."),
        (("verify", "--since", "2024-02-30"), {}, "Not a valid date: 2024-02-30."),
        (("verify", "--since", "2024-03-01", "--until", "2024-02-01"), {}, "before it starts"),
        (("export", "x.txt"), {}, "must end in .csv or .jsonl"),
        (("export", "/nowhere/x.csv"), {}, "Directory not found: /nowhere."),
        (("export", "x.csv", "--filter", "user:mara"), {}, "Did you mean Maria?"),
    ],
)
def test_a_failure_returns_2_and_prints_one_message(
    home: Home, practice: ServerPractice, arguments: tuple[str, ...], env: dict[str, str], sentence: str
) -> None:
    completed = audit(home, practice, *arguments, **env)
    assert (completed.returncode, completed.stdout) == (2, "")
    assert sentence in completed.stderr
    assert "Traceback" not in completed.stderr


def test_a_missing_password_is_an_error_without_a_terminal(home: Home, practice: ServerPractice) -> None:
    completed = home.run("audit", "verify", "--url", practice.url(), "--user", USER, APISETUP_PASSWORD="")
    assert completed.returncode == 2
    assert "Set APISETUP_OD_PASSWORD for a scheduled job." in completed.stderr


def test_a_missing_password_is_asked_for_in_a_terminal(home: Home, practice: ServerPractice) -> None:
    with practice.start(home, "audit", "verify", "--user", USER) as terminal:
        terminal.wait_for("Open Dental password of Admin:")
        terminal.type(PASSWORD)
        terminal.press("enter")
        assert terminal.exit_status() == 1
        assert "Hash matches 9   Altered 1   Without hash 1" in terminal.text
        assert PASSWORD.encode() not in terminal.output


def test_verify_needs_the_audit_trail_permission(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "verify", "--user", "Blank", APISETUP_OD_PASSWORD="")
    assert completed.returncode == 1
    practice.execute("DELETE FROM grouppermission WHERE PermType = 122 AND UserGroupNum = 1")
    completed = audit(home, practice, "verify", "--user", "Blank", APISETUP_OD_PASSWORD="")
    assert completed.returncode == 2
    assert "The user Blank needs the permission AuditTrail to open the Audit Trail" in completed.stderr


def test_verify_does_not_need_the_setup_permission(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "verify", "--user", "Maria", APISETUP_OD_PASSWORD="maria's")
    assert completed.returncode == 1


def test_export_writes_the_entries_of_the_filter(home: Home, practice: ServerPractice) -> None:
    file = home.directory / "out.jsonl"
    completed = audit(home, practice, "export", str(file), "--filter", 'user:maria text:"payment of"')
    assert (completed.returncode, completed.stderr) == (0, "")
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    assert completed.stdout == f"1 entry written to {file}\nSHA-256 {sha256}\n"
    assert [json.loads(line)["number"] for line in file.read_text().splitlines()] == [3]
    assert [text for _, text in practice.audit_entries()][1:3] == [
        'Audit Trail export to out.jsonl begun by Admin: user:Maria text:"payment of"',
        f"Audit Trail export to out.jsonl finished by Admin: 1 entry, SHA-256 {sha256}",
    ]


def test_export_replaces_a_file_only_with_the_option(home: Home, practice: ServerPractice) -> None:
    file = home.directory / "out.csv"
    file.write_text("mine")
    completed = audit(home, practice, "export", str(file))
    assert (completed.returncode, file.read_text()) == (2, "mine")
    assert "add --replace to replace it" in completed.stderr
    assert audit(home, practice, "export", str(file), "--replace").returncode == 0
    assert file.read_text().startswith("number,time,user_number")


def test_an_error_in_the_filter_is_marked(home: Home, practice: ServerPractice) -> None:
    completed = audit(home, practice, "export", "x.csv", "--filter", "since:2024-11-01 usr:admin")
    assert "  since:2024-11-01 usr:admin\n                   ^^^^^^^^^\n" in completed.stderr


def test_a_read_only_database_user_can_verify_and_export_without_a_record(home: Home, practice: ServerPractice) -> None:
    with practice.user("only reads", "SELECT") as name:
        limited = practice.as_user(name, "only reads")
        assert audit(home, limited, "verify").returncode == 1
        completed = audit(home, limited, "export", str(home.directory / "out.csv"))
    assert completed.returncode == 0
    assert f"Not recorded in the practice: The database user {name}@% has read-only access" in completed.stdout
    about = json.loads((home.directory / "out.csv.about.json").read_text(encoding="utf-8"))
    assert about["audit_trail"].startswith("not recorded in the practice: ")
    assert practice.audit_entries() == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_leaves_no_unfinished_file(home: Home, practice: ServerPractice, number: signal.Signals) -> None:
    practice.execute(
        "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource, DefNum,"
        " DefNumError) SELECT 8, 1, '2024-01-01 08:00:00' + INTERVAL seq SECOND, 'x', 0, '', 0, 0, 0, 0"
        " FROM seq_1_to_20000"
    )
    command = [COMMAND, "audit", "export", str(home.directory / "out.csv"), "--url", practice.url()]
    environment = home.environment | {"APISETUP_PASSWORD": practice.server.password} | SIGN_IN
    with subprocess.Popen(command, env=environment, cwd=ROOT, stderr=subprocess.PIPE, text=True) as process:
        while not list(home.directory.glob(".apisetup-*.partial")):
            with suppress(subprocess.TimeoutExpired):
                process.wait(0.01)
            assert process.returncode is None
        process.send_signal(number)
        _, report = process.communicate(timeout=30)
    assert (process.returncode, report) == (128 + number, f"apisetup: ended by signal {number}; no file was kept.\n")
    assert not list(home.directory.glob("*out.csv*"))
    assert not list(home.directory.glob(".out.csv*"))
    assert [str(text)[:27] for _, text in practice.rows(LATEST_ENTRIES)] == [
        "User: Admin has logged off.",
        "NOT DONE: Audit Trail expor",
    ]


LATEST_ENTRIES = "SELECT PermType, LogText FROM securitylog ORDER BY SecurityLogNum DESC LIMIT 2"


def test_an_embedded_practice_needs_no_sign_in(home: Home) -> None:
    home.make_practice()
    completed = home.run("audit", "verify")
    assert (completed.returncode, completed.stderr) == (0, "")
    assert completed.stdout.startswith("The hash of the only entry matches.")


def test_a_result_that_cannot_be_written_returns_2(home: Home) -> None:
    home.make_practice()
    with open("/dev/full", "w") as full:  # noqa: PTH123 - a device
        completed = subprocess.run(
            [COMMAND, "audit", "verify"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            env=home.environment,
            cwd=ROOT,
            check=False,
        )
    assert completed.returncode == 2
    assert completed.stderr == "apisetup: The result could not be written: No space left on device.\n"
