"""Exporting the Audit Trail: what stands in the files and in the log, and that no half file is ever left."""

from __future__ import annotations

import csv
import errno
import hashlib
import io
import json
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from core.audit import export as audit_export
from core.audit.export import AuditExport, ExportResult
from core.audit.export_format import COLUMNS
from core.audit.export_target import FileTaken, manifest_file, validate_target
from core.audit.filter import AuditFilter
from core.audit.search import AuditSearch
from core.base.errors import ApiSetupError, ExportFailed, InvalidInput, NotPermitted, PracticeUnavailable
from core.office.office import Office
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING, latest
from tests.support.audit_rows import after_query, fill, hash_rows, log_row, nth
from tests.support.databases import COMPUTER, NOW, SampleFile, SamplePractice, SampleServer, database_user
from tests.support.fault_injection import cut_connection
from tests.support.practice_rows import BRIDGE_KEY, STRAY_KEY, TITLE, log_hash
from tests.support.row_diff import Written, writing

both_formats = pytest.mark.parametrize("name", ["trail.csv", "trail.jsonl"])
both_engines = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
ORDER = [10, 1, 9, 8, 7, 6, 4, 3, 2, 5]
"""The numbers of the practice's entries, newest first."""


@pytest.fixture
def new_york(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This computer in New York, by rules that need no files of time zones."""
    monkeypatch.setenv("TZ", "EST5EDT,M3.2.0,M11.1.0")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A directory for nothing but the export."""
    made = tmp_path / "exports"
    made.mkdir()
    return made


@pytest.fixture
def small_pages(monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages of a few entries."""
    monkeypatch.setattr(audit_export, "PAGE", 3)


def prepared(office: Office, file: Path, wanted: AuditFilter = EVERYTHING, *, may_replace: bool = False) -> AuditExport:
    """An export that writes one page in each step."""
    ticks = count()
    search = AuditSearch(office._practice, wanted, office.audit.search(wanted).maker)
    # The clock is looked at once before each page, and twice after it there is no time left.
    return AuditExport(
        office._practice, search, ADMIN, file, may_replace=may_replace, seconds=lambda: next(ticks) * 0.3
    )


def begun(office: Office, file: Path, wanted: AuditFilter = EVERYTHING, *, may_replace: bool = False) -> AuditExport:
    export = prepared(office, file, wanted, may_replace=may_replace)
    export.begin()
    return export


def finish(export: AuditExport) -> ExportResult:
    """All steps that are left; the last one's result."""
    while not (told := export.step()).done:
        pass
    return told


def exported(
    sample: SamplePractice, file: Path, wanted: AuditFilter = EVERYTHING, *, may_replace: bool = False
) -> ExportResult:
    with sample.office() as office:
        export = office.audit.export(ADMIN, wanted, file, may_replace=may_replace)
        export.begin()
        return finish(export)


def read_csv(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as opened:
        return list(csv.DictReader(opened))


def read_lines(file: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]


def read(file: Path) -> list[dict[str, Any]]:
    return read_lines(file) if file.suffix == ".jsonl" else [dict(row) for row in read_csv(file)]


def read_about(file: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads(manifest_file(file).read_text(encoding="utf-8"))
    return told


def numbers(file: Path) -> list[int]:
    return [int(row["number"]) for row in read(file)]


def mode(file: Path) -> int:
    return file.stat().st_mode & 0o777


def names(folder: Path) -> list[str]:
    return sorted(each.name for each in folder.iterdir())


# --- what stands in the file


@both_formats
def test_every_entry_once_and_the_newest_first(
    sample: SamplePractice, folder: Path, name: str, small_pages: None
) -> None:
    with sample.office() as office:
        told = finish(begun(office, folder / name))
    # The first one says that this export began.
    assert numbers(folder / name)[1:] == ORDER
    assert told.count == 11


def test_a_csv_file_begins_with_the_names_of_its_columns(file_sample: SampleFile, folder: Path) -> None:
    exported(file_sample, folder / "trail.csv")
    first = (folder / "trail.csv").read_bytes().split(b"\r\n", 1)[0].decode()
    assert first == "number,time,user_number,user,permission_number,permission,computer,text,log_source," + (
        "patient_number,last_edit,hash"
    )


def test_a_line_of_json_names_the_same_columns_in_the_same_order(file_sample: SampleFile, folder: Path) -> None:
    exported(file_sample, folder / "trail.jsonl")
    assert {tuple(row) for row in read_lines(folder / "trail.jsonl")} == {COLUMNS}


def test_a_whole_entry_as_a_line_of_json(file_sample: SampleFile, folder: Path, new_york: None) -> None:
    exported(file_sample, folder / "trail.jsonl")
    (found,) = [row for row in read_lines(folder / "trail.jsonl") if row["number"] == 2]
    assert found == {
        "number": 2,
        "time": "2020-02-29T00:00:00-05:00",
        "user_number": 2,
        "user": "Maria",
        "permission_number": 27,
        "permission": "AppointmentEdit",
        "computer": "FRONTDESK-2",
        "text": "José — déplacé 日本語",
        "log_source": "None",
        "patient_number": 4711,
        "last_edit": "2020-02-28T12:30:01-05:00",
        "hash": "genuine",
    }


def test_a_whole_entry_as_a_row_of_csv(file_sample: SampleFile, folder: Path, new_york: None) -> None:
    exported(file_sample, folder / "trail.csv")
    (found,) = [row for row in read_csv(folder / "trail.csv") if row["number"] == "2"]
    assert list(found.values()) == [
        "2",
        "2020-02-29T00:00:00-05:00",
        "2",
        "Maria",
        "27",
        "AppointmentEdit",
        "FRONTDESK-2",
        "José — déplacé 日本語",
        "None",
        "4711",
        "2020-02-28T12:30:01-05:00",
        "genuine",
    ]


@both_formats
def test_times_have_the_offset_of_their_season(
    file_sample: SampleFile, folder: Path, name: str, new_york: None, small_pages: None
) -> None:
    moments = ["2024-07-04 12:00:00", "2024-01-04 12:00:00", "1850-01-01 00:00:00", "0000-00-00 00:00:00"]
    fill(file_sample, [log_row(number, moment) for number, moment in enumerate(moments, start=1)], [])
    exported(file_sample, folder / name)
    assert [row["time"] for row in read(folder / name)] == [
        "2024-11-06T14:30:15-05:00",
        "2024-07-04T12:00:00-04:00",
        "2024-01-04T12:00:00-05:00",
        "1850-01-01T00:00:00",
        "",
    ]


def test_the_moments_are_those_that_the_server_means(server_sample: SampleServer, folder: Path) -> None:
    with server_sample.server.connection(server_sample.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT UNIX_TIMESTAMP(LogDateTime) FROM securitylog WHERE SecurityLogNum <= 10")
        expected = {float(row[0]) for row in cursor.fetchall() if float(row[0] or 0)}
    exported(server_sample, folder / "trail.jsonl")
    told = [row["time"] for row in read_lines(folder / "trail.jsonl")[1:] if row["time"]]
    assert {datetime.fromisoformat(text).timestamp() for text in told} == expected


@both_formats
def test_each_entry_tells_whether_it_is_genuine(sample: SamplePractice, folder: Path, name: str) -> None:
    exported(sample, folder / name)
    said = {int(row["number"]): row["hash"] for row in read(folder / name)}
    assert (said.pop(3), said.pop(4)) == ("altered", "no hash")
    assert set(said.values()) == {"genuine"}


@both_formats
def test_users_who_are_gone_and_entries_without_a_user(file_sample: SampleFile, folder: Path, name: str) -> None:
    exported(file_sample, folder / name)
    users = {int(row["number"]): row["user"] for row in read(folder / name)}
    assert (users[1], users[7], users[8]) == ("Admin", "Unknown(5)", "")


@both_formats
def test_api_keys_are_masked(sample: SamplePractice, folder: Path, name: str) -> None:
    # The copy of the keys, which has the second one, came with a later version.
    known = BRIDGE_KEY if not sample.has_apikey else STRAY_KEY
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", f"<{known}> of {BRIDGE_KEY}")
    exported(sample, folder / name)
    everything = b"".join(each.read_bytes() for each in folder.iterdir()).decode()
    assert BRIDGE_KEY not in everything
    assert known not in everything
    assert f"<********{known[-4:]}> of ********Gh78" in everything
    assert read_about(folder / name)["api_keys"] == "masked"


@both_formats
def test_only_what_the_filter_shows(sample: SamplePractice, folder: Path, name: str, small_pages: None) -> None:
    wanted = AuditFilter(since=date(2024, 11, 4), until=date(2024, 11, 4), permission=43)
    told = exported(sample, folder / name, wanted)
    assert numbers(folder / name) == [9, 8, 7]
    assert told.count == 3


@both_formats
def test_only_what_is_not_genuine(sample: SamplePractice, folder: Path, name: str, small_pages: None) -> None:
    exported(sample, folder / name, AuditFilter(suspect=True))
    assert numbers(folder / name) == [4, 3]


@both_formats
def test_a_filter_that_nothing_meets(sample: SamplePractice, folder: Path, name: str) -> None:
    told = exported(sample, folder / name, AuditFilter(computer="nowhere"))
    assert (told.count, told.reached, told.done) == (0, None, True)
    assert read(folder / name) == []
    assert read_about(folder / name)["entries"] == 0


FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", " =1+1", "\n=1", "\t=1", "\r=1", "\x00=1", " \t\r\n @x", "\x1f-1", "\xa0=1"]


@pytest.mark.parametrize("column", ["LogText", "CompName"])
@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_of_a_csv_file_is_a_formula(file_sample: SampleFile, folder: Path, text: str, column: str) -> None:
    file_sample.execute(f"UPDATE securitylog SET {column} = ? WHERE SecurityLogNum = 1", text)
    exported(file_sample, folder / "trail.csv")
    (row,) = [row for row in read_csv(folder / "trail.csv") if row["number"] == "1"]
    cell = row["text" if column == "LogText" else "computer"]
    # A quote says that a text follows; a control character is written out and is then none.
    assert cell.lstrip(" ").startswith(("'", "\\"))
    assert cell.lstrip("'").endswith(text[-2:])


def test_a_users_name_is_no_formula_either(file_sample: SampleFile, folder: Path) -> None:
    file_sample.execute("UPDATE userod SET UserName = '=cmd()' WHERE UserNum = 2")
    exported(file_sample, folder / "trail.csv")
    assert {row["user"] for row in read_csv(folder / "trail.csv") if row["user_number"] == "2"} == {"'=cmd()"}


@pytest.mark.parametrize("text", ["a=b", "10-5", "(+1)", "'quoted'", "x@y.test", "", "7"])
def test_what_is_no_formula_stays_as_it_is(file_sample: SampleFile, folder: Path, text: str) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    exported(file_sample, folder / "trail.csv")
    (row,) = [row for row in read_csv(folder / "trail.csv") if row["number"] == "1"]
    assert row["text"] == text


def test_a_formula_is_just_a_text_in_json(file_sample: SampleFile, folder: Path) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = '=1+1' WHERE SecurityLogNum = 1")
    exported(file_sample, folder / "trail.jsonl")
    assert "=1+1" in {row["text"] for row in read_lines(folder / "trail.jsonl")}


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\x1b[31mred\x07", "\\x1b[31mred\\x07"),
        ("a\tb\rc\x00d", "a\\tb\\rc\\x00d"),
        ("turned \N{RIGHT-TO-LEFT OVERRIDE}round", "turned \\u202eround"),
        ("C1: \x9b2J", "C1: \\x9b2J"),
        ("a\N{LINE SEPARATOR}b", "a\\u2028b"),
    ],
)
def test_control_characters_are_written_out_in_csv(
    file_sample: SampleFile, folder: Path, text: str, shown: str
) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    exported(file_sample, folder / "trail.csv")
    (row,) = [row for row in read_csv(folder / "trail.csv") if row["number"] == "1"]
    assert row["text"] == shown


def test_json_has_the_text_as_it_is_in_plain_ascii(file_sample: SampleFile, folder: Path) -> None:
    text = 'red \x1b[31m "q" \\ \x00 \N{LINE SEPARATOR} \N{TOOTH} é\r\n'
    file_sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    exported(file_sample, folder / "trail.jsonl")
    assert text in {row["text"] for row in read_lines(folder / "trail.jsonl")}
    assert (folder / "trail.jsonl").read_bytes().isascii()


@pytest.mark.parametrize(
    "text", ['He said "no", twice', "two\nlines", "a,b;c", '"', '""', ',\n"', "ends in a newline\n", "日本語 é"]
)
def test_quotes_newlines_and_commas_survive(sample: SamplePractice, folder: Path, text: str) -> None:
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    exported(sample, folder / "trail.csv")
    (row,) = [row for row in read_csv(folder / "trail.csv") if row["number"] == "1"]
    assert row["text"] == text
    assert [int(each["number"]) for each in read_csv(folder / "trail.csv")[1:]] == ORDER


# --- the file beside, and how the files are made


@both_formats
def test_the_file_beside_says_what_it_is(sample: SamplePractice, folder: Path, name: str) -> None:
    wanted = AuditFilter(since=date(2024, 11, 1), until=date(2024, 11, 4))
    told = exported(sample, folder / name, wanted)
    about = read_about(folder / name)
    with sample.office() as office:
        facts = office.info
    exported_at = about.pop("exported_at")
    sha256 = hashlib.sha256((folder / name).read_bytes()).hexdigest()
    assert about == {
        "file": name,
        "sha256": sha256,
        "entries": 6,
        "genuine": 4,
        "altered": 1,
        "without_hash": 1,
        "filter": "since:2024-11-01 until:2024-11-04",
        "practice": TITLE,
        "database": facts.database,
        "server": facts.host,
        "exported_by": "Admin",
        "computer": COMPUTER,
        "api_keys": "masked",
    }
    assert datetime.fromisoformat(exported_at).tzinfo is not None
    assert told.sha256 == sha256
    assert told.about == manifest_file(folder / name)
    if not sample.on_server:
        assert datetime.fromisoformat(exported_at).replace(tzinfo=None) == NOW


def test_without_a_filter_it_says_so(file_sample: SampleFile, folder: Path) -> None:
    exported(file_sample, folder / "trail.csv")
    assert read_about(folder / "trail.csv")["filter"] == "all entries"


def test_the_hash_is_that_of_the_file_however_many_pages_it_has(
    file_sample: SampleFile, folder: Path, small_pages: None
) -> None:
    with file_sample.office() as office:
        told = finish(begun(office, folder / "trail.csv"))
    assert told.sha256 == hashlib.sha256((folder / "trail.csv").read_bytes()).hexdigest()


@both_formats
def test_nobody_else_can_read_the_files(file_sample: SampleFile, folder: Path, name: str) -> None:
    before = os.umask(0)
    try:
        exported(file_sample, folder / name)
    finally:
        os.umask(before)
    assert [mode(each) for each in folder.iterdir()] == [0o600, 0o600]


@pytest.mark.parametrize("may_replace", [False, True])
@both_formats
def test_nothing_stands_under_its_name_before_the_end(
    sample: SamplePractice, folder: Path, name: str, may_replace: bool, small_pages: None
) -> None:
    with sample.office() as office:
        export = begun(office, folder / name, may_replace=may_replace)
        seen = [names(folder)]
        while not export.step().done:
            seen.append(names(folder))
            assert [mode(each) for each in folder.iterdir()] == [0o600]
    assert len(seen) > 2
    (partial,) = {each for found in seen for each in found}
    assert partial.startswith(f".{name}.")
    assert partial.endswith(".partial")
    assert names(folder) == [name, f"{name}.about.json"]


def test_each_step_tells_how_far_it_is(file_sample: SampleFile, folder: Path, small_pages: None) -> None:
    with file_sample.office() as office:
        export = begun(office, folder / "trail.csv")
        first, second = export.step(), export.step()
        export.discard()
    assert 0 < first.count < second.count < 11
    assert first.reached is not None
    assert second.reached is not None
    assert first.reached > second.reached
    assert (first.done, first.sha256, first.file) == (False, "", folder / "trail.csv")


def test_a_file_may_be_replaced_where_one_says_so(sample: SamplePractice, folder: Path) -> None:
    for each in ("trail.csv", "trail.csv.about.json"):
        (folder / each).write_text("older")
        (folder / each).chmod(0o644)
    exported(sample, folder / "trail.csv", may_replace=True)
    assert numbers(folder / "trail.csv")[1:] == ORDER
    assert read_about(folder / "trail.csv")["entries"] == 11
    assert [mode(each) for each in folder.iterdir()] == [0o600, 0o600]


def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(file_sample: SampleFile, folder: Path) -> None:
    (folder / "kept").write_text("kept")
    (folder / "trail.csv").symlink_to(folder / "kept")
    exported(file_sample, folder / "trail.csv", may_replace=True)
    assert not (folder / "trail.csv").is_symlink()
    assert (folder / "kept").read_text() == "kept"


def test_a_file_that_stays_whole_until_the_new_one_is_written(
    file_sample: SampleFile, folder: Path, small_pages: None
) -> None:
    (folder / "trail.csv").write_text("older")
    with file_sample.office() as office:
        export = begun(office, folder / "trail.csv", may_replace=True)
        export.step()
        assert (folder / "trail.csv").read_text() == "older"
        export.cancel()
    assert (folder / "trail.csv").read_text() == "older"
    assert names(folder) == ["trail.csv"]


@pytest.mark.parametrize("appears", ["trail.csv", "trail.csv.about.json"])
def test_a_file_that_appears_meanwhile_is_not_written_over(
    sample: SamplePractice, folder: Path, appears: str, small_pages: None
) -> None:
    with sample.office() as office, writing(sample) as written:
        export = begun(office, folder / "trail.csv")
        export.step()
        (folder / appears).write_text("somebody else's")
        with pytest.raises(ExportFailed, match="could not be written: File exists"):
            finish(export)
    assert (folder / appears).read_text() == "somebody else's"
    assert names(folder) == [appears]
    assert [str(text)[:9] for _, _, text in written.audit] == ["Audit Tra", "Audit Tra", "NOT DONE:"]


def test_a_directory_that_appears_meanwhile_is_left_alone(file_sample: SampleFile, folder: Path) -> None:
    with file_sample.office() as office:
        export = begun(office, folder / "trail.csv", may_replace=True)
        (folder / "trail.csv").mkdir()
        with pytest.raises(ExportFailed, match="could not be written"):
            finish(export)
    assert names(folder) == ["trail.csv"]


# --- the name of the file


def refused(text: str, *, may_replace: bool = False) -> InvalidInput:
    with pytest.raises(InvalidInput) as caught:
        validate_target(text, may_replace=may_replace)
    assert caught.value.field == "file"
    assert caught.value.sentence.endswith(".")
    assert caught.value.hint
    return caught.value


@pytest.mark.parametrize("text", ["", "   ", "\t"])
def test_no_name_is_refused(text: str) -> None:
    refused(text)


@pytest.mark.parametrize("name", ["trail", "trail.txt", "trail.csv.gz", "trail.json", ".csv", "csv", "trail."])
def test_a_name_that_tells_no_kind_of_file_is_refused(folder: Path, name: str) -> None:
    refused(str(folder / name))


@pytest.mark.parametrize("name", ["trail.csv", "trail.CSV", "trail.jsonl", "Trail.JsonL", "a.b.csv", "with blanks.csv"])
def test_a_name_that_can_be_written(folder: Path, name: str) -> None:
    assert validate_target(f"  {folder / name} ", may_replace=False) == folder / name


def test_a_name_in_capitals_tells_the_kind_of_file(file_sample: SampleFile, folder: Path) -> None:
    exported(file_sample, validate_target(str(folder / "TRAIL.CSV"), may_replace=False))
    assert read_csv(folder / "TRAIL.CSV")


def test_a_name_is_taken_from_the_home_and_the_current_directory(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(folder))
    assert validate_target("~/trail.csv", may_replace=False) == folder / "trail.csv"
    monkeypatch.chdir(folder)
    assert validate_target("trail.csv", may_replace=False) == folder / "trail.csv"


def test_a_home_of_nobody_is_refused() -> None:
    refused("~no-such-user/trail.csv")


def test_a_directory_that_is_not_there_is_refused(folder: Path) -> None:
    assert "no directory" in refused(str(folder / "nowhere" / "trail.csv")).sentence


def test_a_file_is_no_directory(folder: Path) -> None:
    (folder / "file").touch()
    assert "no directory" in refused(str(folder / "file" / "trail.csv")).sentence


def test_a_directory_that_cannot_be_written_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "access", lambda *_: False)
    assert "cannot be written" in refused(str(folder / "trail.csv")).sentence


@pytest.mark.skipif(os.geteuid() == 0, reason="root may look everywhere")
def test_a_directory_that_may_not_be_looked_into_is_refused(folder: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    refused(str(folder / "closed" / "further" / "trail.csv"))


def test_what_may_not_be_looked_at_is_refused(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As under somebody else's home."""

    def forbidden(*_arguments: object, **_options: object) -> os.stat_result:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with monkeypatch.context() as patch:
        patch.setattr(Path, "stat", forbidden)
        caught = refused(str(folder / "further" / "trail.csv"))
    assert "Permission denied" in caught.sentence


@pytest.mark.parametrize("name", [f"{'x' * 300}.csv", "a\0b.csv"])
def test_a_name_that_no_file_can_have_is_refused(folder: Path, name: str) -> None:
    refused(str(folder / name))


def test_a_name_that_leaves_no_room_for_the_file_beside_is_refused(file_sample: SampleFile, folder: Path) -> None:
    refused(str(folder / f"{'x' * 245}.csv"))


@pytest.mark.parametrize("may_replace", [False, True])
@pytest.mark.parametrize("name", ["trail.csv", "trail.csv.about.json"])
def test_a_directory_of_that_name_is_refused(folder: Path, name: str, may_replace: bool) -> None:
    (folder / name).mkdir()
    assert "is a directory" in refused(str(folder / "trail.csv"), may_replace=may_replace).sentence


@pytest.mark.parametrize("name", ["trail.csv", "trail.csv.about.json"])
def test_a_file_that_is_there_is_refused_until_one_says_that_it_may_be_replaced(folder: Path, name: str) -> None:
    (folder / name).touch()
    caught = refused(str(folder / "trail.csv"))
    assert isinstance(caught, FileTaken)
    assert caught.file == folder / name
    assert validate_target(str(folder / "trail.csv"), may_replace=True) == folder / "trail.csv"


def test_a_link_to_nowhere_counts_as_a_file(folder: Path) -> None:
    (folder / "trail.csv").symlink_to(folder / "nowhere")
    assert isinstance(refused(str(folder / "trail.csv")), FileTaken)


# --- the log


@both_formats
def test_what_an_export_writes_into_the_log(sample: SamplePractice, folder: Path, name: str) -> None:
    with sample.office() as office, writing(sample) as written:
        told = finish(begun(office, folder / name))
    assert written == Written(
        audit=[
            (122, 1, f"Audit Trail export to {name} begun by Admin: all entries"),
            (122, 1, f"Audit Trail export to {name} finished by Admin: 11 entries, SHA-256 {told.sha256}"),
        ]
    )


def test_the_log_has_it_before_anything_is_read(sample: SamplePractice, folder: Path) -> None:
    with sample.office() as office, writing(sample) as written:
        begun(office, folder / "trail.csv", AuditFilter(user=2)).discard()
    assert [text for _, _, text in written.audit] == ["Audit Trail export to trail.csv begun by Admin: user:Maria"]
    assert names(folder) == []


def test_what_was_cancelled_is_logged_and_leaves_no_file(
    sample: SamplePractice, folder: Path, small_pages: None
) -> None:
    with sample.office() as office, writing(sample) as written:
        export = begun(office, folder / "trail.csv")
        export.step()
        export.cancel()
        # Once is enough.
        export.cancel()
    began = "Audit Trail export to trail.csv begun by Admin: all entries"
    assert written == Written(audit=[(122, 1, began), (122, 1, f"NOT DONE: {began}")])
    assert names(folder) == []


def test_what_is_finished_cannot_be_cancelled(sample: SamplePractice, folder: Path) -> None:
    with sample.office() as office:
        export = begun(office, folder / "trail.csv")
        finish(export)
        with writing(sample) as written:
            export.cancel()
            export.discard()
    assert written == Written()
    assert len(names(folder)) == 2


@both_formats
def test_a_key_that_one_searched_for_is_masked_too(sample: SamplePractice, folder: Path, name: str) -> None:
    wanted = AuditFilter(text=BRIDGE_KEY, computer="FRONT")
    with sample.office() as office, writing(sample) as written:
        export = begun(office, folder / name, wanted)
        finish(export)
        assert BRIDGE_KEY not in "".join(entry.text for entry in latest(office))
    masked = "computer:FRONT text:********Gh78"
    assert str(written.audit[0][2]).endswith(f": {masked}")
    assert read_about(folder / name)["filter"] == masked
    assert BRIDGE_KEY not in str(written.audit)
    assert numbers(folder / name) == [10]


def test_a_key_in_the_vendors_words_that_one_searched_for_is_masked(file_sample: SampleFile, folder: Path) -> None:
    wanted = AuditFilter(text="New API key Unknown1Unknown2 added by Admin")
    with file_sample.office() as office, writing(file_sample) as written:
        finish(begun(office, folder / "trail.csv", wanted))
    assert "Unknown1" not in str(written.audit)
    assert "Unknown1" not in read_about(folder / "trail.csv")["filter"]


# --- who may not, and what fails


@both_engines
def test_a_database_user_who_may_only_read_exports_nothing(server_sample: SampleServer, folder: Path) -> None:
    with (
        database_user(server_sample, "SELECT") as account,
        closing(server_sample.open_as(account)) as office,
        writing(server_sample) as written,
    ):
        with pytest.raises(NotPermitted, match="Nothing was exported") as caught:
            begun(office, folder / "trail.csv")
        assert caught.value.hint
    assert written == Written()
    assert names(folder) == []


def test_a_file_that_may_not_be_written_exports_nothing(file_sample: SampleFile, folder: Path) -> None:
    def forbid(connection: sqlite3.Connection, _record: object) -> None:
        connection.execute("PRAGMA query_only=ON")

    with file_sample.office() as office, writing(file_sample) as written:
        event.listen(office._practice.engine, "connect", forbid)
        with pytest.raises(NotPermitted, match="Nothing was exported"):
            begun(office, folder / "trail.csv")
    assert written == Written()
    assert names(folder) == []


def test_a_directory_that_went_away_is_told_and_logged(sample: SamplePractice, folder: Path) -> None:
    with sample.office() as office, writing(sample) as written:
        export = prepared(office, folder / "trail.csv")
        folder.rmdir()
        with pytest.raises(ExportFailed, match="No such file or directory"):
            export.begin()
    assert [str(text)[:9] for _, _, text in written.audit] == ["Audit Tra", "NOT DONE:"]


class Disk:
    """A disk that has room for so many bytes."""

    def __init__(self, room: int, when_full: Callable[[], None]) -> None:
        self.room = room
        self._when_full: list[Callable[[], None]] = [when_full]

    def open(self, handle: int, _mode: str) -> io.BufferedWriter:
        return _FileOnDisk(handle, self)

    def take(self) -> None:
        """Write, where there is room."""
        if self.room < 0:
            while self._when_full:
                self._when_full.pop()()
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class _FileOnDisk(io.BufferedWriter):
    def __init__(self, handle: int, disk: Disk) -> None:
        super().__init__(io.FileIO(handle, "wb"))
        self._disk = disk

    def write(self, written: Any) -> int:
        self._disk.room -= len(written)
        return super().write(written)

    def flush(self) -> None:
        self._disk.take()
        super().flush()


@contextmanager
def disk(room: int, when_full: Callable[[], None] = lambda: None) -> Iterator[None]:
    """The export's files on such a disk."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fdopen", Disk(room, when_full).open)
        yield


WHEN = ("the header", "a page", "the file beside")


def room_until(when: str, sample: SamplePractice, folder: Path) -> int:
    """How much room a disk has that is full then."""
    if when != "the file beside":
        return {"the header": 10, "a page": 500}[when]
    told = exported(sample, folder / "first.csv")
    size = told.file.stat().st_size
    told.file.unlink()
    told.about.unlink()
    # The entries that say that this one began and was finished.
    return size + 450


@pytest.mark.parametrize("when", WHEN)
def test_a_full_disk_is_told_and_logged_and_leaves_no_file(
    sample: SamplePractice, folder: Path, when: str, small_pages: None
) -> None:
    room = room_until(when, sample, folder)
    with sample.office() as office, writing(sample) as written, disk(room), pytest.raises(ExportFailed) as caught:
        finish(begun(office, folder / "trail.csv"))
    assert caught.value.sentence == (
        f"{folder / 'trail.csv'} could not be written: the disk is full. Nothing of it is kept, so"
        " nothing was exported."
    )
    assert "space" in caught.value.hint
    assert names(folder) == []
    said = [str(text) for _, _, text in written.audit]
    undone = "finished" if when == "the file beside" else "begun"
    assert said[-1].startswith(f"NOT DONE: Audit Trail export to trail.csv {undone} by Admin: ")
    assert len([text for text in said if text.startswith("NOT DONE: ")]) == 1


@both_engines
@pytest.mark.parametrize("when", WHEN)
def test_a_full_disk_is_told_even_where_that_cannot_be_logged(
    server_sample: SampleServer, folder: Path, when: str, small_pages: None
) -> None:
    room = room_until(when, server_sample, folder)
    with database_user(server_sample, "SELECT, INSERT") as account, closing(server_sample.open_as(account)) as office:

        def forbid_the_log() -> None:
            server_sample.server.execute(f"REVOKE INSERT ON `{server_sample.database}`.* FROM '{account.user}'@'%'")
            office._practice.engine.dispose()

        with disk(room, forbid_the_log), pytest.raises(ExportFailed, match="the disk is full"):
            finish(begun(office, folder / "trail.csv"))
    assert names(folder) == []


def test_another_failure_of_the_disk_is_told_in_the_systems_words(
    file_sample: SampleFile, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_handle: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fail)
    with file_sample.office() as office, pytest.raises(ExportFailed, match="Input/output error"):
        finish(begun(office, folder / "trail.csv"))
    assert names(folder) == []


@both_engines
@both_formats
def test_a_connection_killed_after_any_statement(
    server_sample: SampleServer, folder: Path, name: str, small_pages: None
) -> None:
    with server_sample.office() as office:
        lost = 0
        for number in count(1):
            file = folder / f"{number}-{name}"
            # What the export before has logged.
            server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum > 10")
            export = begun(office, file)
            with after_query(office, nth(number), cut_connection(server_sample)) as hit:
                try:
                    told = finish(export)
                except PracticeUnavailable:
                    lost += 1
                    told = finish(export)
            assert numbers(file)[1:] == ORDER
            assert told.sha256 == hashlib.sha256(file.read_bytes()).hexdigest() == read_about(file)["sha256"]
            assert not [each for each in names(folder) if each.endswith(".partial")]
            if not hit.triggered:
                break
    assert lost > 5


@both_engines
def test_a_connection_killed_while_it_begins_leaves_no_file(server_sample: SampleServer, folder: Path) -> None:
    with server_sample.office() as office:
        failures = []
        for number in count(1):
            server_sample.execute("DELETE FROM securitylog WHERE SecurityLogNum > 10")
            export = prepared(office, folder / f"{number}.csv")
            with after_query(office, nth(number), cut_connection(server_sample)) as hit:
                try:
                    export.begin()
                except ApiSetupError as error:
                    failures.append(error)
                    assert names(folder) == []
                    export.begin()
            if not hit.triggered:
                export.discard()
                break
            # What is begun a second time is as good as the first.
            told = finish(export)
            assert told.sha256 == hashlib.sha256(told.file.read_bytes()).hexdigest()
            told.file.unlink()
            told.about.unlink()
    assert failures
    assert all("Nothing was changed" in failure.sentence for failure in failures)


def test_a_header_is_hashed_once_though_the_beginning_was_repeated(file_sample: SampleFile, folder: Path) -> None:
    with file_sample.office() as office:
        export = prepared(office, folder / "trail.csv")
        with disk(10), pytest.raises(ExportFailed):
            export.begin()
        export.begin()
        told = finish(export)
    assert told.sha256 == hashlib.sha256((folder / "trail.csv").read_bytes()).hexdigest()
    assert (folder / "trail.csv").read_bytes().count(b"number,time") == 1


def test_an_export_does_not_go_on_for_ever_while_others_write(
    sample: SamplePractice, folder: Path, small_pages: None
) -> None:
    """What is written meanwhile is newer than what is still to be read."""
    with sample.office() as office:
        export = begun(office, folder / "trail.csv")
        steps = 0
        while not export.step().done:
            steps += 1
            row = log_row(1000 + steps, "2030-01-01 00:00:00")
            sample.execute(
                f"INSERT INTO securitylog ({', '.join(row)}) VALUES ({', '.join('?' for _ in row)})", *row.values()
            )
            assert steps < 10
    assert numbers(folder / "trail.csv")[1:] == ORDER


def test_thousands_of_entries_of_one_second(
    sample: SamplePractice, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "PAGE", 50)
    logs = [log_row(number) for number in range(1, 1_001)]
    fill(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    told = exported(sample, folder / "trail.csv")
    assert numbers(folder / "trail.csv")[1:] == list(range(1_000, 0, -1))
    assert read_about(folder / "trail.csv")["genuine"] == told.count == 1_001


@pytest.mark.parametrize("name", ["trail.csv/", "/"])
def test_a_name_that_ends_in_a_slash_names_no_file(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput):
        validate_target(f"{tmp_path}/{name}", may_replace=True)


def test_an_end_as_soon_as_the_file_is_there_leaves_none(
    file_sample: SampleFile, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def ended(path: Path, flags: int, mode: int = 0o777) -> int:
        handle = real(path, flags, mode)
        if str(path).endswith(".partial"):
            os.close(handle)
            raise KeyboardInterrupt
        return handle

    real = os.open
    monkeypatch.setattr("core.audit.export.os.open", ended)
    with file_sample.office() as office:
        export = office.audit.export(ADMIN, AuditFilter(), tmp_path / "out.csv", may_replace=False)
        with pytest.raises(KeyboardInterrupt):
            export.begin()
    assert not list(tmp_path.glob(".out.csv*"))
