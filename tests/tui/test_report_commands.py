"""`apisetup report` and `apisetup review report`, on the demo, on files and on a server."""

from __future__ import annotations

import json
import shutil
import sqlite3
import subprocess
from contextlib import closing
from pathlib import Path

import pytest

from core.model.month import Month
from core.office.demo import ALTERED_TEXT
from tests.support.command_line import CommandLine, Completed
from tests.support.html_pages import HtmlPage
from tests.support.opendental_columns import NEW
from tests.support.server import Server
from tests.support.server_practice import PASSWORD, USER, new_practice
from tests.tui.test_server_commands import checksums, configure, run

REVIEW = "Autumn"


@pytest.fixture
def line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CommandLine:
    """A command line in a directory for nothing else, whose practice has the rows of the demo."""
    (tmp_path / "cwd").mkdir()
    monkeypatch.chdir(tmp_path / "cwd")
    line = CommandLine(tmp_path)
    line.make_practice()
    return line


def files() -> list[str]:
    return sorted(each.name for each in Path().iterdir())


def start_review(line: CommandLine, *options: str) -> None:
    """End the review of the demo, and start another one."""
    line.run("review", "end", "--with-open", "--yes", *options)
    completed = line.run("review", "start", REVIEW, "--yes", *options)
    assert completed.status == 0, completed.err


def test_a_month_is_written_to_one_file(line: CommandLine) -> None:
    before = line.last_entry
    completed = line.run("report", "--month", "this")
    assert (completed.status, completed.err) == (0, "")
    (name,) = files()
    assert completed.out.splitlines()[0].startswith("9 enabled keys, ")
    assert completed.out.splitlines()[-1] == f"The report was written to {Path(name).absolute()}"
    shown = HtmlPage(Path(name).read_text()).text
    assert "Insurance Mate" in shown
    assert line.last_entry == before
    again = line.run("report", "--month", "this")
    assert (again.status, again.out) == (2, "")
    assert "already exists" in again.err
    assert line.run("report", "--month", "this", "--replace").status == 0
    assert files() == [name]


def test_a_month_as_json_writes_a_file_only_if_one_is_named(line: CommandLine) -> None:
    completed = line.run("report", "--json")
    assert (completed.status, files()) == (0, [])
    office = completed.office
    assert list(office)[4:] == [
        *("month", "info", "stated_by", "as_of", "current", "notes", "keys", "new_vendors", "cut_offs", "changes"),
        *("unlisted", "use", "subscriptions", "evidence", "unknown"),
    ]
    assert office["keys"][0]["status"] == "enabled"
    assert len(office["use"][0]["per_day"]) == Month(*map(int, office["month"].split("-"))).last.day
    line.run("report", "--json", "--output", "named.html")
    assert files() == ["named.html"]


def test_what_is_no_month_or_no_place_for_a_file_is_refused(line: CommandLine) -> None:
    for arguments in (("--month", "13"), ("--month", "2999-01"), ("--output", "none/a.html")):
        completed = line.run("report", *arguments)
        assert (completed.status, completed.out, files()) == (2, "", [])


def test_offices_that_do_not_answer_are_named_with_the_reason(line: CommandLine) -> None:
    line.configure(
        f'[offices.North]\nfile = "{line.practice}"\n'
        '[offices.South]\nhost = "127.0.0.1"\nport = 1\ndatabase = "d"\nuser = "u"\npassword_from = "env:NONE"\n'
        'od_user = "Admin"\nod_password_from = "env:NONE"\n'
    )
    completed = line.run("report", "--month", "this", "--all-offices", env={"NONE": "x"})
    assert completed.status == 1
    (name,) = files()
    shown = HtmlPage(Path(name).read_text()).text
    assert "Offices that aren't in this report" in shown
    assert "South" in shown
    assert completed.err.startswith("apisetup: South: ")
    alone = line.run("report", "--office", "South", "--output", "south.html", env={"NONE": "x"})
    assert (alone.status, files()) == (2, [name])


def test_the_evidence_of_a_review_is_a_folder_whose_digest_is_recorded(line: CommandLine) -> None:
    start_review(line)
    before = line.last_entry
    completed = line.run("review", "report", "--json", "--output", "evidence")
    # One entry of the demo was altered.
    assert (completed.status, completed.err) == (1, "")
    office = completed.office
    assert list(office)[4:] == [
        *("dry_run", "review", "ended", "keys", "decisions", "open", "trail_clean", "seals_clean", "unknown"),
        *("folder", "sha256", "entry", "seal", "not_recorded"),
    ]
    assert line.entries(before) == [
        f"Evidence of API key review {REVIEW} recorded by {office_user(line)} (SHA-256 {office['sha256']})"
    ]
    assert office["entry"] == line.last_entry
    assert (office["review"], office["trail_clean"], office["seals_clean"]) == (REVIEW, False, None)
    assert (
        subprocess.run(["sha256sum", "-c", "SHA256SUMS"], cwd="evidence", capture_output=True, check=False).returncode
        == 0
    )
    again = line.run("review", "report", "--output", "evidence")
    assert (again.status, again.out) == (2, "")
    assert "already exists" in again.err
    # A folder that root may write to by its permissions, and still can't.
    nowhere = line.run("review", "report", "--output", "/proc/evidence")
    assert (nowhere.status, nowhere.out) == (2, "")
    assert nowhere.err.count("/proc/evidence") == 1
    unnamed = [Path(line.run("review", "report", "--json").office["folder"]).name for _ in range(2)]
    assert unnamed == [unnamed[0], f"{unnamed[0]}-2"]


def office_user(line: CommandLine) -> str:
    """Return the name of the account that the entries name."""
    texts = line.rows("SELECT LogText FROM securitylog WHERE LogText LIKE 'API key review%' ORDER BY SecurityLogNum")
    return str(texts[0][0]).partition(" started by ")[2].partition(":")[0]


def test_evidence_says_where_it_is_and_seals_its_entry(line: CommandLine) -> None:
    assert line.run("audit", "seal").status == 0
    start_review(line)
    completed = line.run("review", "report", REVIEW.lower())
    assert (completed.status, completed.err) == (1, "")
    first, found, recorded, written, digest = completed.out.splitlines()
    assert found.startswith("The verification found something: see index.html and verification.json")
    assert first.startswith(f"Review {REVIEW}, under way: 9 open, 3 no decision needed;")
    assert recorded.endswith(", in seal 2.")
    assert written.endswith(f"/{files()[0]}")
    assert digest.startswith("SHA-256 of manifest.json: ")
    assert "2 sealed" not in line.run("audit", "seals").out


def test_evidence_of_a_genuine_audit_trail_has_the_exit_status_0(line: CommandLine) -> None:
    with closing(sqlite3.connect(line.practice)) as practice, practice:
        query = "SELECT SecurityLogNum FROM securitylog WHERE LogText = ?"
        (number,) = practice.execute(query, [ALTERED_TEXT]).fetchone()
        for table in ("securitylog", "securityloghash"):
            practice.execute(f"DELETE FROM {table} WHERE SecurityLogNum = {number}")
    start_review(line)
    completed = line.run("review", "report", "--json", "--output", "evidence")
    assert completed.office["unknown"] == []
    assert (completed.status, completed.office["trail_clean"]) == (0, True)


def test_the_data_of_evidence_has_the_names_of_review_show(line: CommandLine) -> None:
    start_review(line)
    line.run("review", "report", "--output", "evidence")
    (office,) = json.loads(Path("evidence/review.json").read_text())["offices"]
    assert office["review"] == line.run("review", "show", "--json").office["review"]
    (verified,) = json.loads(Path("evidence/verification.json").read_text())["offices"]
    names = set(verified["audit_trail"]) - {"clean"}
    assert names - set(line.run("audit", "verify", "--json").office) == set()


def test_a_dry_run_writes_nothing(line: CommandLine) -> None:
    start_review(line)
    before = line.practice.read_bytes()
    completed = line.run("review", "report", "--dry-run")
    assert (completed.status, completed.err, files()) == (1, "", [])
    assert line.practice.read_bytes() == before
    assert completed.out.startswith(f"Review {REVIEW}, under way: 9 open")


def test_a_read_only_session_writes_evidence_that_says_so(line: CommandLine) -> None:
    start_review(line)
    before = line.last_entry
    completed = line.run("review", "report", "--read-only")
    assert (completed.status, completed.err, line.last_entry) == (1, "", before)
    assert "Not recorded in the practice: This practice was opened read-only." in completed.out


def test_offices_with_different_reviews_need_a_name(line: CommandLine, tmp_path: Path) -> None:
    north, south = line.practice, tmp_path / "south.sqlite3"
    for file in tmp_path.glob("practice.sqlite3*"):
        shutil.copy(file, tmp_path / file.name.replace("practice", "south"))
    line.configure(f'[offices.North]\nfile = "{north}"\n[offices.South]\nfile = "{south}"\n')
    start_review(line, "--office", "North")
    # The review of the demo is still under way in the other office.
    refused = line.run("review", "report", "--all-offices")
    assert (refused.status, files()) == (2, [])
    assert "different names" in refused.err
    partly = line.run("review", "report", REVIEW, "--all-offices")
    assert partly.status == 1
    assert "North: \n" not in partly.out
    page = HtmlPage((Path(files()[0]) / "index.html").read_text()).text
    assert "Offices that aren't in this evidence" in page


def test_reports_of_a_practice_on_a_server(server: Server, line: CommandLine) -> None:
    def reported(*arguments: str) -> Completed:
        return run(line, *arguments)

    with new_practice(server, NEW, "MyISAM") as practice:
        configure(line, practice, f'od_user = "{USER}"\nod_password_from = "env:OD_SECRET"')
        before = checksums(practice)
        month = reported("report", "--month", "this", "--json", "--read-only")
        assert (month.status, month.err) == (0, "")
        assert checksums(practice) == before
        assert month.office["info"]["read_by"] == USER
        assert reported("review", "report").status == 1
    assert PASSWORD not in month.out
