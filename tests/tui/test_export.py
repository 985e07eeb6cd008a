"""Exporting the Audit Trail: the file name, the progress, cancelling and the outcome."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from contextlib import ExitStack
from pathlib import Path

import pytest
from textual.screen import Screen

from core.audit import export as audit_export
from core.audit.export import AuditExport
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.cases import case
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_audit_trail import open_trail
from tests.tui.test_trail_search import numbered_entries, search
from tui.modals.export import ExportProgress
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.audit_trail import AuditTrailScreen
from tui.widgets.inputs import PlainInput

TRAIL = ["ApiSetupScreen", "AuditTrailScreen"]


async def open_prompt(user: User, name: str | None = None) -> None:
    """Open the prompt for the file name, and replace the suggested name if one is given."""
    await user.press("x")
    await user.at(Prompt)
    if name is not None:
        await user.press("end", "ctrl+u")
        await user.enter_text(name)


async def export_to(user: User, name: str) -> None:
    await open_prompt(user, name)
    await user.press("ctrl+s")


def files() -> list[str]:
    """Return the names of the files in the current directory, without the practice and its log."""
    return sorted(path.name for path in Path.cwd().iterdir() if not path.name.startswith("practice"))


def read_csv(name: str) -> list[list[str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def _small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make an export write a hundred entries in each batch."""
    monkeypatch.setattr(audit_export, "BATCH_SECONDS", 0)
    monkeypatch.setattr(audit_export, "PAGE_SIZE", 100)


small_batches = pytest.mark.usefixtures("_small_batches")


async def start_export(user: User, name: str = "trail.csv") -> None:
    """Start an export and wait until its progress is on screen; a gate holds it there."""
    await open_trail(user)
    await open_prompt(user, name)
    user.send("ctrl+s")
    await until(lambda: isinstance(user.app.screen, ExportProgress))


# -- a successful export ---------------------------------------------------------------


async def test_the_filtered_entries_are_exported_newest_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "user:Maria since:2024-11-01")
        await export_to(user, "trail.csv")
        await user.at(Notice)
        expected = rows.query(
            "SELECT SecurityLogNum, LogText FROM securitylog WHERE UserNum = 2 AND LogDateTime >= '2024-11-01'"
            " ORDER BY LogDateTime DESC, SecurityLogNum DESC"
        )
        header, *lines = read_csv("trail.csv")
        assert [(int(line[0]), line[header.index("text")]) for line in lines] == expected
        assert f"{len(expected)} entries in" in user.flowing_text
        assert "trail.csv.about.json." in user.flowing_text
        await user.press("enter")
        assert user.stack == TRAIL
        assert user.status_text == f"Exported: {len(expected)} entries."


async def test_the_dialog_suggests_a_file_name_and_shows_the_filter(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await open_prompt(user)
        assert "Entries: since:2024-10-26" in user.text
        assert "API keys are masked" in user.text
        await user.press("ctrl+s")
        await user.at(Notice)
        assert files() == ["audit-trail-2024-11-05.csv", "audit-trail-2024-11-05.csv.about.json"]


async def test_without_a_current_directory_the_home_directory_is_suggested(
    demo: OpenRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        directory = tmp_path / "gone"
        directory.mkdir()
        with monkeypatch.context() as patch:
            patch.chdir(directory)
            directory.rmdir()
            await open_prompt(user)
            assert "~/audit-trail-2024-11-05.csv" in user.text


async def test_an_export_without_a_filter_contains_everything(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await search(user, "")
        await export_to(user, "trail.jsonl")
        await user.at(Notice)
        lines = [json.loads(line) for line in Path("trail.jsonl").read_text(encoding="utf-8").splitlines()]
        # The opening of API Setup is new. The entry about this export is newer, and not part of it.
        assert len(lines) == 418
        assert lines[0]["text"] == "API/FHIR"
        assert {each["practice"] for each in lines} == {"Bright Smiles Dental (demo)"}
        await user.press("enter")
        await open_prompt(user)
        assert "Entries: everything" in user.text


async def test_the_file_is_private_and_its_hash_is_in_the_manifest_and_the_audit_trail(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await export_to(user, "trail.csv")
        await user.at(Notice)
        digest = hashlib.sha256(Path("trail.csv").read_bytes()).hexdigest()
        assert Path("trail.csv").stat().st_mode & 0o777 == 0o600
        assert json.loads(Path("trail.csv.about.json").read_text(encoding="utf-8"))["sha256"] == digest
        assert f"SHA-256 {digest[:16]}…" in user.text
        begun, finished = rows.audit_texts(before)
        assert begun == "Audit Trail export to trail.csv begun by admin: since:2024-10-26"
        assert finished == f"Audit Trail export to trail.csv finished by admin: 179 entries, SHA-256 {digest}"


async def test_reload_shows_the_audit_entries_about_the_export(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        await export_to(user, "trail.csv")
        await user.at(Notice)
        await user.press("enter", "r", "g")
        assert "Audit Trail export to" in user.row


# -- the name of the file --------------------------------------------------------------


async def test_invalid_file_names_are_refused_and_can_be_corrected(demo: OpenRequest, tmp_path: Path) -> None:
    (tmp_path / "folder.csv").mkdir()
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await open_prompt(user, "")
        for name, said in (
            ("", "Enter a file name."),
            ("trail.txt", "Unknown file type: trail.txt."),
            ("nowhere/trail.csv", "Directory not found"),
            ("folder.csv", "folder.csv is a directory."),
        ):
            with case(name):
                await user.press("end", "ctrl+u")
                await user.enter_text(name)
                await user.press("ctrl+s")
                await user.at(Prompt)
                assert said in user.status_text
        await user.press("end", "ctrl+u")
        await user.enter_text("trail.csv")
        await user.press("ctrl+s")
        await user.at(Notice)
        assert len(rows.audit_texts(before)) == 2


async def test_escape_in_the_prompt_exports_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await open_prompt(user, "trail.csv")
        await user.press("escape")
        assert user.stack == TRAIL
        assert (files(), rows.last_entry()) == ([], before)


@pytest.mark.parametrize("taken", ["trail.csv", "trail.csv.about.json"])
async def test_replacing_a_file_needs_confirmation(demo: OpenRequest, taken: str) -> None:
    Path(taken).write_text("mine", encoding="utf-8")
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await export_to(user, "trail.csv")
        await user.at(Question)
        assert taken in user.flowing_text
        await user.press("escape")
        await user.at(Prompt)
        assert user.screen.query_one(PlainInput).value == str(Path("trail.csv").absolute())
        await user.press("escape")
        assert user.status_text == "Nothing was exported."
        assert (files(), Path(taken).read_text(encoding="utf-8")) == ([taken], "mine")
        assert rows.last_entry() == before
        await export_to(user, "trail.csv")
        await user.at(Question)
        await user.press("ctrl+y")
        await user.at(Notice)
        assert len(read_csv("trail.csv")) == 180
        assert files() == ["trail.csv", "trail.csv.about.json"]


# -- progress, cancelling and errors ---------------------------------------------------


@small_batches
async def test_the_progress_is_shown_while_writing(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "run_batch", hold=3)
        await start_export(user)
        await until(held.entered.is_set)
        await until(lambda: "entries written" in user.text)
        # The entries of one second that would be split between two pages are left to the next page.
        assert re.search(r"19\d entries written, came to 2024-11-05", user.flowing_text)
        # A long path is wrapped at the end of the line, wherever that is.
        assert "trail.csv" in re.sub(r"[\s│]", "", user.text)
        assert user.keys == "Esc Back"
        held.open()
        await user.at(Notice)
        numbers = [int(line[0]) for line in read_csv("trail.csv")[1:]]
        # The opening of API Setup is new.
        assert sorted(numbers, reverse=True) == [*range(1_001, 0, -1)]


@small_batches
async def test_a_cancelled_export_removes_its_files_and_is_logged(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        before = rows.last_entry()
        held = gate(AuditExport, "run_batch", hold=3)
        await start_export(user)
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: "Ending the export…" in user.text)
        held.open()
        await user.at(AuditTrailScreen)
        assert user.status_text == "Export canceled. No file was kept."
        assert files() == []
        begun, ended = rows.audit_texts(before)
        assert ended == f"NOT DONE: {begun}"


@small_batches
async def test_an_export_can_continue_after_a_database_error(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "run_batch", hold=3)
        await start_export(user)
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            assert "locked by another program" in user.flowing_text
            assert "What was written is kept. Press r to continue, Esc to end the export." in user.flowing_text
            assert user.keys == "r Retry  Esc Back"
        await user.press("r")
        await user.at(Notice)
        numbers = [int(line[0]) for line in read_csv("trail.csv")[1:]]
        assert sorted(numbers, reverse=True) == [*range(1_001, 0, -1)]


@small_batches
@pytest.mark.parametrize("locked_at_end", [False, True])
async def test_an_export_can_be_cancelled_after_a_database_error(
    demo: OpenRequest, gate: Gates, locked_at_end: bool
) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "run_batch", hold=3)
        await start_export(user)
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            if locked_at_end:
                await user.press("escape")
        if not locked_at_end:
            await user.press("escape")
        await user.at(AuditTrailScreen)
        assert ("locked by another program" if locked_at_end else "canceled. No file was kept") in user.status_text
        assert files() == []


@small_batches
async def test_quitting_during_an_export_asks_and_removes_its_files(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(numbered_entries(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "run_batch", hold=3)
        await start_export(user)
        await until(held.entered.is_set)
        user.send("ctrl+q")
        await user.until_asked()
        await until(lambda: "the export of the Audit Trail" in user.flowing_text)
        user.send("ctrl+y")
        await until(lambda: "still being saved" in user.text)
        held.open()
        await until(lambda: user.app.is_exiting)
    assert files() == []


async def test_two_quick_presses_export_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        user.send("x", "x")
        await user.at(Prompt)
        assert user.stack == [*TRAIL, "Prompt"]
        await user.press("ctrl+s")
        await user.at(Notice)
        assert len(rows.audit_texts(before)) == 2


async def test_a_line_break_in_pasted_text_exports_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await open_prompt(user)
        await user.press("enter", "tab", "enter")
        assert user.status_text == "Press ^s to confirm, Esc to cancel."
        user.send("x", "ctrl+s")
        await user.settle()
        assert user.status_text.startswith("Key ignored: it came too fast.")
        assert user.stack == [*TRAIL, "Prompt"]
        assert (rows.last_entry(), files()) == (before, [])


# -- refusals --------------------------------------------------------------------------


@pytest.mark.usefixtures("refused_writes")
async def test_an_export_from_a_file_that_cannot_be_written_says_that_it_is_not_recorded(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        await export_to(user, "trail.csv")
        await user.at(Notice)
        assert "Not recorded in the practice: The practice's file can't be written." in user.flowing_text
        assert rows.last_entry() == before
        assert files() == ["trail.csv", "trail.csv.about.json"]


@pytest.mark.parametrize(
    ("name", "screen"), [("trail.csv", Prompt), ("trail.jsonl", AuditTrailScreen)], ids=["at once", "in the middle"]
)
async def test_a_full_disk_is_reported_and_leaves_no_files(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, name: str, screen: type[Screen[object]]
) -> None:
    original_open = os.open

    def open_on_full_disk(path: str | Path, flags: int, mode: int = 0o777) -> int:
        handle = original_open(path, flags, mode)
        if not str(path).endswith(".partial"):
            return handle
        os.close(handle)
        return original_open("/dev/full", os.O_WRONLY)

    async with run_program(demo) as user:
        await open_trail(user)
        before = rows.last_entry()
        monkeypatch.setattr("os.open", open_on_full_disk)
        await export_to(user, name)
        await user.at(screen)
        assert ": the disk is full." in user.status_text
        assert "Nothing was exported" in user.status_text
        assert files() == []
        assert [text for text in rows.audit_texts(before) if "finished" in text] == []


async def test_a_file_created_by_others_during_the_export_is_not_replaced(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = AuditExport.begin

    def begin(self: AuditExport) -> None:
        original(self)
        Path("trail.csv").write_text("somebody else's", encoding="utf-8")

    monkeypatch.setattr(AuditExport, "begin", begin)
    async with run_program(demo) as user:
        await open_trail(user)
        await export_to(user, "trail.csv")
        await user.settle()
        assert "trail.csv: File exists." in user.status_text
    assert (files(), Path("trail.csv").read_text(encoding="utf-8")) == (["trail.csv"], "somebody else's")


async def test_an_export_whose_end_cannot_be_logged_is_reported_and_stays(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    with ExitStack() as stack:
        monkeypatch.setattr(
            "core.audit.export_file.fsync_directory", lambda _directory: stack.enter_context(rows.locked())
        )
        async with run_program(demo) as user:
            await open_trail(user)
            await export_to(user, "trail.csv")
            await user.at(Notice)
            assert "is complete, but the Audit Trail has no entry" in user.flowing_text
            stack.close()
            assert files() == ["trail.csv", "trail.csv.about.json"]
