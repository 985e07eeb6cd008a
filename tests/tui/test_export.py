"""Exporting what the Audit Trail shows: the file's name, how far it is, cancelling, and what comes of it."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from core.audit import export as audit_export
from core.audit.export import AuditExport
from core.offices.open_request import OpenRequest
from tests.support import embedded_rows as rows
from tests.support.gates import Gates
from tests.support.user_driver import User, run_program
from tests.support.waiting import until
from tests.tui.test_audit_trail import trail
from tests.tui.test_trail_search import many, search
from tui.modals.export import ExportProgress
from tui.modals.notice import Notice
from tui.modals.prompt import Prompt
from tui.modals.question import Question
from tui.screens.audit_trail import AuditTrailScreen

TRAIL = ["ApiSetupScreen", "AuditTrailScreen"]


async def prompt(user: User, name: str | None = None) -> None:
    """Come to the name of the file, and type it if it is not to be the one that is proposed."""
    await user.press("x")
    await user.at(Prompt)
    if name is not None:
        await user.press("end", "ctrl+u")
        await user.enter_text(name)


async def export(user: User, name: str) -> None:
    await prompt(user, name)
    await user.press("enter")


def files() -> list[str]:
    """What is in the directory now, beside the practice and its log."""
    return sorted(path.name for path in Path.cwd().iterdir() if not path.name.startswith("practice"))


def exported(name: str) -> list[list[str]]:
    with Path(name).open(encoding="utf-8", newline="") as file:
        return list(csv.reader(file))


@pytest.fixture
def _small_steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """An export takes a step for each hundred entries."""
    ticks = count()
    options: Any = AuditExport.__init__.__kwdefaults__
    monkeypatch.setitem(options, "seconds", lambda: float(next(ticks)))
    monkeypatch.setattr(audit_export, "STEP_SECONDS", 1.5)
    monkeypatch.setattr(audit_export, "PAGE", 100)


small_steps = pytest.mark.usefixtures("_small_steps")


async def writing(user: User, name: str = "trail.csv") -> None:
    """Come to where the file is being written; a gate holds it there."""
    await trail(user)
    await prompt(user, name)
    user.send("enter")
    await until(lambda: isinstance(user.app.screen, ExportProgress))


# -- the way that goes well ----------------------------------------------------------


async def test_what_the_filter_shows_is_in_the_file_newest_first(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await search(user, "user:Maria since:2024-11-01")
        await export(user, "trail.csv")
        await user.at(Notice)
        expected = rows.query(
            "SELECT SecurityLogNum, LogText FROM securitylog WHERE UserNum = 2 AND LogDateTime >= '2024-11-01'"
            " ORDER BY LogDateTime DESC, SecurityLogNum DESC"
        )
        header, *lines = exported("trail.csv")
        assert [(int(line[0]), line[header.index("text")]) for line in lines] == expected
        assert f"{len(expected)} entries in" in user.flowing_text
        assert "trail.csv.about.json beside it" in user.flowing_text
        await user.press("enter")
        assert user.stack == TRAIL
        assert user.status_text == f"Exported: {len(expected)} entries."


async def test_a_name_is_proposed_and_the_dialog_says_what_is_exported(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await prompt(user)
        assert "Entries: since:2024-10-26" in user.text
        assert "API keys are masked" in user.text
        await user.press("enter")
        await user.at(Notice)
        assert files() == ["audit-trail-2024-11-05.csv", "audit-trail-2024-11-05.csv.about.json"]


async def test_everything_is_called_everything(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await search(user, "")
        await export(user, "trail.jsonl")
        await user.at(Notice)
        lines = [json.loads(line) for line in Path("trail.jsonl").read_text(encoding="utf-8").splitlines()]
        # The opening of API Setup, and that this export began.
        assert len(lines) == 317
        assert [each["text"].split(" begun")[0] for each in lines[:2]] == [
            "Audit Trail export to trail.jsonl",
            "API/FHIR",
        ]
        await user.press("enter")
        await prompt(user)
        assert "Entries: everything" in user.text


async def test_the_file_is_private_and_its_hash_stands_beside_it_and_in_the_trail(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        await export(user, "trail.csv")
        await user.at(Notice)
        digest = hashlib.sha256(Path("trail.csv").read_bytes()).hexdigest()
        assert Path("trail.csv").stat().st_mode & 0o777 == 0o600
        assert json.loads(Path("trail.csv.about.json").read_text(encoding="utf-8"))["sha256"] == digest
        assert f"SHA-256 {digest[:16]}…" in user.text
        begun, finished = rows.audit_texts(before)
        assert begun == "Audit Trail export to trail.csv begun by admin: since:2024-10-26"
        # That it began is in the file already.
        assert finished == f"Audit Trail export to trail.csv finished by admin: 143 entries, SHA-256 {digest}"


async def test_reading_again_shows_that_it_was_exported(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await export(user, "trail.csv")
        await user.at(Notice)
        await user.press("enter", "r", "g")
        assert "Audit Trail export to" in user.row


# -- the name of the file --------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("", "Name a file."),
        ("trail.txt", "The name trail.txt tells no kind of file."),
        ("nowhere/trail.csv", "There is no directory"),
        ("folder.csv", "folder.csv is a directory."),
    ],
)
async def test_a_name_that_cannot_be_meant_says_so_and_can_be_typed_again(
    demo: OpenRequest, tmp_path: Path, name: str, said: str
) -> None:
    (tmp_path / "folder.csv").mkdir()
    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        await export(user, name)
        await user.at(Prompt)
        assert said in user.status_text
        await user.press("end", "ctrl+u")
        await user.enter_text("trail.csv")
        await user.press("enter")
        await user.at(Notice)
        assert len(rows.audit_texts(before)) == 2


async def test_no_name_exports_nothing(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        await prompt(user, "trail.csv")
        await user.press("escape")
        assert user.stack == TRAIL
        assert (files(), rows.last_entry()) == ([], before)


@pytest.mark.parametrize("taken", ["trail.csv", "trail.csv.about.json"])
async def test_it_asks_before_it_replaces_a_file(demo: OpenRequest, taken: str) -> None:
    Path(taken).write_text("mine", encoding="utf-8")
    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        await export(user, "trail.csv")
        await user.at(Question)
        assert taken in user.flowing_text
        await user.press("escape")
        assert user.status_text == "Nothing was exported."
        assert (files(), Path(taken).read_text(encoding="utf-8")) == ([taken], "mine")
        assert rows.last_entry() == before
        await export(user, "trail.csv")
        await user.at(Question)
        await user.press("y")
        await user.at(Notice)
        assert len(exported("trail.csv")) == 144
        assert files() == ["trail.csv", "trail.csv.about.json"]


# -- in the middle ---------------------------------------------------------------------


@small_steps
async def test_while_it_writes_it_says_how_far_it_is(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(many(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "step", hold=3)
        await writing(user)
        await until(held.entered.is_set)
        await until(lambda: "entries written" in user.text)
        # A second that a page would cut in two is left to the next one.
        assert re.search(r"19\d entries written, came to 2024-11-05", user.flowing_text)
        # A long path is broken wherever the line ends.
        assert "trail.csv" in re.sub(r"[\s│]", "", user.text)
        assert user.keys == "Esc Back"
        held.open()
        await user.at(Notice)
        numbers = [int(line[0]) for line in exported("trail.csv")[1:]]
        # The opening of API Setup, and that the export began.
        assert sorted(numbers, reverse=True) == [*range(1_002, 0, -1)]


@small_steps
async def test_a_cancelled_export_leaves_nothing_behind_and_is_logged_so(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(many(1_000))
    async with run_program(demo) as user:
        before = rows.last_entry()
        held = gate(AuditExport, "step", hold=3)
        await writing(user)
        await until(held.entered.is_set)
        user.send("escape")
        await until(lambda: "Ending the export…" in user.text)
        held.open()
        await user.at(AuditTrailScreen)
        assert user.status_text == "The export was cancelled; nothing of it was kept."
        assert files() == []
        begun, ended = rows.audit_texts(before)
        assert ended == f"NOT DONE: {begun}"


@small_steps
async def test_a_database_that_goes_away_in_the_middle_keeps_what_was_written(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(many(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "step", hold=3)
        await writing(user)
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            assert "locked by another program" in user.flowing_text
            assert "What was written is kept; r goes on, Esc ends the export." in user.flowing_text
            assert user.keys == "r Try again  Esc Back"
        await user.press("r")
        await user.at(Notice)
        numbers = [int(line[0]) for line in exported("trail.csv")[1:]]
        assert sorted(numbers, reverse=True) == [*range(1_002, 0, -1)]


@small_steps
@pytest.mark.parametrize("still_away", [False, True])
async def test_an_export_that_failed_can_be_ended(demo: OpenRequest, gate: Gates, still_away: bool) -> None:
    rows.fill_trail(many(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "step", hold=3)
        await writing(user)
        await until(held.entered.is_set)
        with rows.locked():
            held.open()
            await user.settle()
            if still_away:
                await user.press("escape")
        if not still_away:
            await user.press("escape")
        await user.at(AuditTrailScreen)
        assert ("locked by another program" if still_away else "cancelled; nothing of it was kept") in user.status_text
        assert files() == []


@small_steps
async def test_quitting_in_the_middle_asks_and_leaves_nothing_behind(demo: OpenRequest, gate: Gates) -> None:
    rows.fill_trail(many(1_000))
    async with run_program(demo) as user:
        held = gate(AuditExport, "step", hold=3)
        await writing(user)
        await until(held.entered.is_set)
        user.send("q")
        await until(lambda: isinstance(user.app.screen, Question))
        await until(lambda: "the export of the Audit Trail" in user.flowing_text)
        user.send("y")
        await until(lambda: "still being made" in user.text)
        held.open()
        await until(lambda: user.exited)
    assert files() == []


async def test_two_quick_presses_export_once(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        user.send("x", "x")
        await user.at(Prompt)
        assert user.stack == [*TRAIL, "Prompt"]
        await user.press("enter")
        await user.at(Notice)
        assert len(rows.audit_texts(before)) == 2


# -- what refuses ----------------------------------------------------------------------


@pytest.mark.usefixtures("refused_writes")
async def test_where_nothing_can_be_logged_nothing_is_exported(demo: OpenRequest) -> None:
    async with run_program(demo) as user:
        await trail(user)
        await export(user, "trail.csv")
        await user.at(AuditTrailScreen)
        assert user.status_text.startswith("An export must be logged, and nothing can be written to this practice.")
        assert "Nothing was exported." in user.status_text
        assert files() == []


@pytest.mark.parametrize("name", ["trail.csv", "trail.jsonl"], ids=["at once", "in the middle"])
async def test_a_full_disk_says_so_and_leaves_nothing_behind(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    make = os.open

    def on_a_full_disk(path: str | Path, flags: int, mode: int = 0o777) -> int:
        handle = make(path, flags, mode)
        if not str(path).endswith(".partial"):
            return handle
        os.close(handle)
        return make("/dev/full", os.O_WRONLY)

    async with run_program(demo) as user:
        await trail(user)
        before = rows.last_entry()
        monkeypatch.setattr("core.audit.export.os.open", on_a_full_disk)
        await export(user, name)
        await user.at(AuditTrailScreen)
        assert "could not be written: the disk is full." in user.status_text
        assert "nothing was exported" in user.status_text
        assert files() == []
        assert [text for text in rows.audit_texts(before) if "finished" in text] == []


async def test_a_name_that_is_taken_while_it_is_written_is_left_alone(
    demo: OpenRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    original = AuditExport.begin

    def begin(self: AuditExport) -> None:
        original(self)
        Path("trail.csv").write_text("somebody else's", encoding="utf-8")

    monkeypatch.setattr(AuditExport, "begin", begin)
    async with run_program(demo) as user:
        await trail(user)
        await export(user, "trail.csv")
        await user.settle()
        assert "trail.csv could not be written: File exists." in user.status_text
    assert (files(), Path("trail.csv").read_text(encoding="utf-8")) == (["trail.csv"], "somebody else's")
