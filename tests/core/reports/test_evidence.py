"""The folder with the evidence of a review: complete or absent, recorded, and sealed."""

from __future__ import annotations

import csv
import hashlib
import json
import shutil
import stat
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.base.errors import ExportFailed, InvalidInput, NotPermitted, OperationNotAllowed
from core.base.partial_file import PartialFolder
from core.model.actor import Actor
from core.model.evidence import WrittenEvidence
from core.model.evidence_events import EvidenceRecorded
from core.model.logged_event import LoggedEvent
from core.office.office import Office
from core.reports import evidence_writing
from core.reports.evidence_writing import RecordingOffice, write_evidence
from core.reports.report_file import report_target, write_report
from tests.support.actors import ADMIN
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.kill_driver import KillDriver
from tests.support.review_evidence import NAME, evidence_of, hold_review, read_evidence
from tests.support.sealing import seal, use_key_file, verify


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A name for the evidence, in a directory for nothing else."""
    directory = tmp_path / "evidence"
    directory.mkdir()
    return directory / "Q4"


@pytest.fixture(params=["SQLite", "24.3 MyISAM", "24.3 InnoDB"])
def practice(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[SamplePractice]:
    """An SQLite practice, and two on the server."""
    if request.param == "SQLite":
        yield request.getfixturevalue("file_sample")
        return
    sample: SampleServer = request.getfixturevalue("server_samples")(request.param)
    sample.use_directory(tmp_path)
    yield sample
    sample.restore()


def write(office: Office, folder: Path, *others: RecordingOffice) -> WrittenEvidence:
    """Write the evidence of an office's review, recorded there and in others."""
    return write_evidence(
        evidence_of(read_evidence(office)), folder, [RecordingOffice("North", office, ADMIN), *others]
    )


def recorded(office: Office) -> list[LoggedEvent]:
    """Return the entries about evidence, oldest first."""
    read = read_evidence(office)
    return [own.logged for own in read.entries or () if isinstance(own.logged.event, EvidenceRecorded)]


def manifest_of(folder: Path) -> dict[str, Any]:
    loaded: dict[str, Any] = json.loads((folder / "manifest.json").read_bytes())
    return loaded


def digest(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def test_evidence_is_complete_private_and_recorded(practice: SamplePractice, folder: Path) -> None:
    with practice.office() as office:
        hold_review(office)
        written = write(office, folder)
        (entry,) = recorded(office)
        whole = office.audit.whole(written.entries["North"])
    assert entry == LoggedEvent(EvidenceRecorded(NAME, "Admin", written.sha256))
    assert whole.event == entry
    assert (written.seals, written.problems) == ({}, {})
    assert digest(folder / "manifest.json") == written.sha256
    listed = {each["name"]: each["sha256"] for each in manifest_of(folder)["files"]}
    names = {file.name for file in folder.iterdir()}
    assert names == {*listed, "manifest.json", "SHA256SUMS"}
    assert all(digest(folder / name) == sha256 for name, sha256 in listed.items())
    assert {stat.S_IMODE(file.stat().st_mode) for file in folder.iterdir()} == {0o600}
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert [file.name for file in folder.parent.iterdir()] == ["Q4"]


def test_sha256sum_compares_the_files(file_sample: SampleFile, folder: Path) -> None:
    with file_sample.office() as office:
        hold_review(office)
        write(office, folder)
    compare = ["sha256sum", "--strict", "-c", "SHA256SUMS"]
    assert subprocess.run(compare, cwd=folder, capture_output=True, check=False).returncode == 0
    (folder / "keys.csv").write_text("altered")
    assert b"keys.csv: FAILED" in subprocess.run(compare, cwd=folder, capture_output=True, check=False).stdout


def test_what_was_decided_and_done_is_in_the_data(file_sample: SampleFile, folder: Path) -> None:
    with file_sample.office() as office:
        review = hold_review(office)
        write(office, folder)
    (told,) = json.loads((folder / "review.json").read_bytes())["offices"]
    items = [each for each in told["review"]["items"] if each["decision"] is not None]
    statuses = {each["decision"]["decision"]: each["status_now"] for each in items}
    assert statuses == {"disable": "disabled_by_customer", "keep": "enabled"}
    assert told["review"]["open"] == list(review.left_open)
    texts = [each["text"] for each in told["entries"]]
    assert texts[0].startswith(f"API key review {NAME} started by Admin: ")
    assert texts[-1].startswith(f"API key review {NAME} ended by Admin: ")
    assert any(" to Disabled by Customer by Admin" in text for text in texts)
    with (folder / "keys.csv").open(newline="") as file:
        unknown = [row for row in csv.DictReader(file) if row["status_now"] == "Unknown"]
    assert [(row["permissions"], row["baa_since"]) for row in unknown] == [("not known", "not known")]
    assert (folder / "index.html").read_text().count("Permissions: not known<br>BAA: not known") == 1
    (checked,) = json.loads((folder / "verification.json").read_bytes())["offices"]
    assert checked["audit_trail"]["checked"] > len(texts)
    assert (checked["seals"]["seals"], checked["seals"]["last"]) == (0, None)


def test_the_entry_is_sealed_if_the_office_has_seals(practice: SamplePractice, folder: Path, tmp_path: Path) -> None:
    with practice.office() as office:
        use_key_file(office, tmp_path)
        first = seal(office)
        hold_review(office)
        written = write(office, folder)
        _, report = verify(office.seals)
    assert written.seals == {"North": first.content.number + 1}
    assert (report.clean, report.seals) == (True, 2)
    (checked,) = json.loads((folder / "verification.json").read_bytes())["offices"]
    assert checked["seals"]["last_line"] == first.as_line()
    assert checked["seals"]["not_sealed_yet"] > 0


def test_a_seal_that_fails_is_named_and_the_evidence_stays(
    file_sample: SampleFile, folder: Path, tmp_path: Path
) -> None:
    with file_sample.office() as office:
        key = use_key_file(office, tmp_path)
        seal(office)
        key.unlink()
        hold_review(office)
        written = write(office, folder)
    assert "The entry isn't sealed: The seal key is missing" in written.problems["North"]
    assert (folder / "index.html").is_file()


def test_a_folder_that_exists_is_not_touched(file_sample: SampleFile, folder: Path) -> None:
    with pytest.raises(InvalidInput):
        report_target(f"{folder.parent}")
    folder.mkdir()
    (folder / "mine.txt").write_text("mine")
    with file_sample.office() as office:
        hold_review(office)
        with pytest.raises(ExportFailed):
            write(office, folder)
        done, undone = recorded(office)
    assert undone.text() == f"NOT DONE: {done.text()}"
    assert [file.name for file in folder.rglob("*")] == ["mine.txt"]
    assert [file.name for file in folder.parent.iterdir()] == ["Q4"]


def test_an_office_that_refuses_the_entry_is_named_and_the_others_have_it(
    file_sample: SampleFile, server_sample: SampleServer, folder: Path
) -> None:
    with file_sample.office() as office, server_sample.office() as other:
        hold_review(office)
        written = write(office, folder, RecordingOffice("South", other, Actor(999, "Nobody", ADMIN.computer)))
    assert [*written.entries] == ["North"]
    assert [*written.problems] == ["South"]
    assert (folder / "manifest.json").is_file()


def test_without_any_entry_there_is_no_folder(
    file_sample: SampleFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with file_sample.office() as office:
        hold_review(office)
        evidence = evidence_of(read_evidence(office))

        def refuse(*_arguments: object, **_options: object) -> None:
            raise NotPermitted("The database user may not write.")

        monkeypatch.setattr(office, "recording", refuse)
        with pytest.raises(NotPermitted):
            write_evidence(evidence, folder, [RecordingOffice("North", office, ADMIN)])
    assert list(folder.parent.iterdir()) == []


def test_a_session_that_cannot_write_says_so_in_the_evidence(file_sample: SampleFile, folder: Path) -> None:
    with file_sample.office() as office:
        hold_review(office)
        before = file_sample.practice_rows()["securitylog"]
        evidence = evidence_of(read_evidence(office, not_recorded="This practice was opened read-only."))
        written = write_evidence(evidence, folder, [RecordingOffice("North", office, ADMIN, writable=False)])
    assert file_sample.practice_rows()["securitylog"] == before
    assert written.entries == {}
    (told,) = manifest_of(folder)["offices"]
    assert told["audit_trail"] == "not recorded in the practice: This practice was opened read-only."
    assert "This evidence isn't recorded in this practice" in (folder / "index.html").read_text()


def test_a_signal_after_the_folder_got_its_name_leaves_no_false_entry(
    file_sample: SampleFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish = evidence_writing._publish

    def publish_and_stop(partial: PartialFolder, path: Path) -> None:
        publish(partial, path)
        raise KeyboardInterrupt

    monkeypatch.setattr(evidence_writing, "_publish", publish_and_stop)
    with file_sample.office() as office:
        hold_review(office)
        with pytest.raises(KeyboardInterrupt):
            write(office, folder)
        (entry,) = recorded(office)
    assert entry.text().startswith("Evidence of API key review")
    assert (folder / "SHA256SUMS").is_file()


def test_a_review_that_does_not_exist_has_no_evidence(file_sample: SampleFile) -> None:
    with file_sample.office() as office, pytest.raises(OperationNotAllowed):
        read_evidence(office)


def test_evidence_that_is_killed_has_no_folder_or_all_of_it(
    file_sample: SampleFile, folder: Path, kill_driver: KillDriver
) -> None:
    with file_sample.office() as office:
        hold_review(office)
    complete = 0
    for operation in count(1):
        if not kill_driver.kill_evidence(file_sample, folder, operation):
            break
        if folder.exists():
            complete += 1
            assert (folder / "SHA256SUMS").is_file()
            shutil.rmtree(folder)
    assert operation > 9
    # The last kill came after the folder got its name, and what the others left was removed.
    assert complete < 3
    assert [file.name for file in folder.parent.iterdir()] == ["Q4"]
    names = (folder / "SHA256SUMS").read_text().split()[1::2]
    assert {*names, "SHA256SUMS"} == {file.name for file in folder.iterdir()}
    assert manifest_of(folder)["review"] == NAME


def test_a_report_is_private_and_replaced_only_if_allowed(tmp_path: Path) -> None:
    file = report_target(str(tmp_path / "month.html"))
    write_report(file, "one", may_replace=False)
    assert (file.read_text(), stat.S_IMODE(file.stat().st_mode)) == ("one", 0o600)
    with pytest.raises(ExportFailed):
        write_report(file, "two", may_replace=False)
    for text in (str(file), str(tmp_path), str(tmp_path / "none" / "a.html"), "~nobody-here/a", "a\0b"):
        with pytest.raises(InvalidInput):
            report_target(text)
    write_report(report_target(str(file), may_replace=True), "two", may_replace=True)
    assert [each.read_text() for each in tmp_path.iterdir()] == ["two"]
