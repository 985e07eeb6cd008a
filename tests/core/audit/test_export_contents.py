"""The contents of an export and of its manifest."""

from __future__ import annotations

import hashlib
from datetime import date, datetime
from pathlib import Path

import pytest

from core.audit import export as audit_export
from core.audit.export_format import COLUMNS
from core.audit.export_target import manifest_file
from core.audit.filter import AuditFilter
from core.base.program_version import program_version
from tests.support.actors import ADMIN
from tests.support.audit_exports import (
    begin_export,
    both_formats,
    entry_numbers,
    export_entries,
    finish,
    read_csv,
    read_json_lines,
    read_manifest,
    read_rows,
)
from tests.support.audit_pages import NEWEST_FIRST
from tests.support.audit_rows import hash_rows, log_row, replace_audit_trail
from tests.support.databases import COMPUTER, NOW, SampleFile, SamplePractice, SampleServer
from tests.support.practice_rows import BRIDGE_KEY, STRAY_KEY, TITLE, log_hash


@both_formats
def test_every_entry_is_exported_once_newest_first(
    sample: SamplePractice, directory: Path, name: str, small_pages: None
) -> None:
    with sample.office() as office:
        result = finish(begin_export(office, directory / name))
    # The entry about the beginning of this export is newer, and not part of it.
    assert entry_numbers(directory / name) == NEWEST_FIRST
    assert result.count == 10


HASH = "kMc+sCO6+fr+4OnjVGv08NbV/JYBsaHck8KKdsYujf4="
"""The hash of the entry 2."""


def test_a_csv_file_starts_with_a_header(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, directory / "trail.csv")
    first = (directory / "trail.csv").read_bytes().split(b"\r\n", 1)[0].decode()
    assert first == "number,time,user_number,user,permission_number,permission,computer,text,log_source," + (
        "patient_number,last_edit,hash,practice,database,stored_time,log_source_number,definition,definition_error,"
        "text_masked,stored_hashes,computed_hash"
    )


def test_a_json_line_has_the_same_columns_in_the_same_order(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, directory / "trail.jsonl")
    assert {tuple(row) for row in read_json_lines(directory / "trail.jsonl")} == {COLUMNS}


def test_a_json_line_has_everything_about_an_entry(file_sample: SampleFile, directory: Path, zone: None) -> None:
    export_entries(file_sample, directory / "trail.jsonl")
    (row,) = [row for row in read_json_lines(directory / "trail.jsonl") if row["number"] == 2]
    assert row == {
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
        "hash": "matches",
        "practice": TITLE,
        "database": str(file_sample.companion),
        "stored_time": "2020-02-29 00:00:00",
        "log_source_number": 0,
        "definition": 0,
        "definition_error": 0,
        "text_masked": 0,
        "stored_hashes": HASH,
        "computed_hash": HASH,
    }


def test_a_csv_row_has_everything_about_an_entry(file_sample: SampleFile, directory: Path, zone: None) -> None:
    export_entries(file_sample, directory / "trail.csv")
    (row,) = [row for row in read_csv(directory / "trail.csv") if row["number"] == "2"]
    assert list(row.values()) == [
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
        "matches",
        TITLE,
        str(file_sample.companion),
        "2020-02-29 00:00:00",
        *"0000",
        HASH,
        HASH,
    ]


@both_formats
def test_times_have_the_utc_offset_of_their_season(
    file_sample: SampleFile, directory: Path, name: str, zone: None, small_pages: None
) -> None:
    moments = ["2024-07-04 12:00:00", "2024-01-04 12:00:00", "1850-01-01 00:00:00", "0000-00-00 00:00:00"]
    replace_audit_trail(file_sample, [log_row(number, moment) for number, moment in enumerate(moments, start=1)], [])
    export_entries(file_sample, directory / name)
    assert [row["time"] for row in read_rows(directory / name)] == [
        "2024-07-04T12:00:00-04:00",
        "2024-01-04T12:00:00-05:00",
        "1850-01-01T00:00:00",
        "",
    ]


def test_times_with_their_offsets_are_the_servers_unix_timestamps(server_sample: SampleServer, directory: Path) -> None:
    with server_sample.server.connection(server_sample.database) as connection, connection.cursor() as cursor:
        cursor.execute("SELECT UNIX_TIMESTAMP(LogDateTime) FROM securitylog WHERE SecurityLogNum <= 10")
        expected = {float(row[0]) for row in cursor.fetchall() if float(row[0] or 0)}
    export_entries(server_sample, directory / "trail.jsonl")
    times = [row["time"] for row in read_json_lines(directory / "trail.jsonl") if row["time"]]
    assert {datetime.fromisoformat(text).timestamp() for text in times} == expected


@both_formats
def test_each_entry_has_its_hash_status(sample: SamplePractice, directory: Path, name: str) -> None:
    export_entries(sample, directory / name)
    hash_status = {int(row["number"]): row["hash"] for row in read_rows(directory / name)}
    assert (hash_status.pop(3), hash_status.pop(4)) == ("altered", "no hash")
    assert set(hash_status.values()) == {"matches"}


@both_formats
def test_deleted_users_have_their_number_and_entries_without_a_user_are_blank(
    file_sample: SampleFile, directory: Path, name: str
) -> None:
    export_entries(file_sample, directory / name)
    users = {int(row["number"]): row["user"] for row in read_rows(directory / name)}
    assert (users[1], users[7], users[8]) == ("Admin", "Unknown(5)", "")


@both_formats
def test_api_keys_are_masked(sample: SamplePractice, directory: Path, name: str) -> None:
    # Only later versions have the local copy of the keys, which contains the second one.
    known = BRIDGE_KEY if not sample.has_apikey else STRAY_KEY
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", f"<{known}> of {BRIDGE_KEY}")
    export_entries(sample, directory / name)
    everything = b"".join(each.read_bytes() for each in directory.iterdir()).decode()
    assert BRIDGE_KEY not in everything
    assert known not in everything
    assert f"<********{known[-4:]}> of ********Gh78" in everything
    assert read_manifest(directory / name)["api_keys"] == "masked"


@both_formats
def test_only_entries_that_meet_the_filter_are_exported(
    sample: SamplePractice, directory: Path, name: str, small_pages: None
) -> None:
    audit_filter = AuditFilter(since=date(2024, 11, 4), until=date(2024, 11, 4), permission=43)
    result = export_entries(sample, directory / name, audit_filter)
    assert entry_numbers(directory / name) == [9, 8, 7]
    assert result.count == 3


@both_formats
def test_only_entries_that_are_unmatched_can_be_exported(
    sample: SamplePractice, directory: Path, name: str, small_pages: None
) -> None:
    export_entries(sample, directory / name, AuditFilter(suspect=True))
    assert entry_numbers(directory / name) == [4, 3]


@both_formats
def test_an_export_without_entries_is_complete(sample: SamplePractice, directory: Path, name: str) -> None:
    result = export_entries(sample, directory / name, AuditFilter(computer="nowhere"))
    assert (result.count, result.reached, result.done) == (0, None, True)
    assert read_rows(directory / name) == []
    assert read_manifest(directory / name)["entries"] == 0


@pytest.mark.parametrize("column", ["LogText", "CompName"])
def test_no_cell_of_a_csv_file_is_a_formula(file_sample: SampleFile, directory: Path, column: str) -> None:
    file_sample.execute(f"UPDATE securitylog SET {column} = '=1+1' WHERE SecurityLogNum = 1")
    export_entries(file_sample, directory / "trail.csv")
    (row,) = [row for row in read_csv(directory / "trail.csv") if row["number"] == "1"]
    assert row["text" if column == "LogText" else "computer"] == "'=1+1"


def test_a_users_name_in_a_csv_file_is_not_a_formula(file_sample: SampleFile, directory: Path) -> None:
    file_sample.execute("UPDATE userod SET UserName = '=cmd()' WHERE UserNum = 2")
    export_entries(file_sample, directory / "trail.csv")
    assert {row["user"] for row in read_csv(directory / "trail.csv") if row["user_number"] == "2"} == {"'=cmd()"}


def test_a_text_in_json_keeps_a_formula_and_control_characters(file_sample: SampleFile, directory: Path) -> None:
    text = '=1+1 red \x1b[31m "q" \\ \x00 \N{LINE SEPARATOR} \N{TOOTH} é\r\n'
    file_sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    export_entries(file_sample, directory / "trail.jsonl")
    assert text in {row["text"] for row in read_json_lines(directory / "trail.jsonl")}
    assert (directory / "trail.jsonl").read_bytes().isascii()


@pytest.mark.parametrize("text", ['He said "no", twice', "two\nlines", ',\n"', "ends in a newline\n", "日本語 é"])
def test_quotes_newlines_and_commas_are_kept(sample: SamplePractice, directory: Path, text: str) -> None:
    sample.execute("UPDATE securitylog SET LogText = ? WHERE SecurityLogNum = 1", text)
    export_entries(sample, directory / "trail.csv")
    (row,) = [row for row in read_csv(directory / "trail.csv") if row["number"] == "1"]
    assert row["text"] == text
    assert [int(each["number"]) for each in read_csv(directory / "trail.csv")] == NEWEST_FIRST


def test_thousands_of_entries_within_one_second_are_exported(
    sample: SamplePractice, directory: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(audit_export, "PAGE_SIZE", 50)
    logs = [log_row(number) for number in range(1, 1_001)]
    replace_audit_trail(sample, logs, hash_rows((row["SecurityLogNum"], log_hash(row)) for row in logs))
    result = export_entries(sample, directory / "trail.csv")
    assert entry_numbers(directory / "trail.csv") == list(range(1_000, 0, -1))
    assert read_manifest(directory / "trail.csv")["hash_matches"] == result.count == 1_000


@both_formats
def test_the_manifest_describes_the_export(sample: SamplePractice, directory: Path, name: str) -> None:
    audit_filter = AuditFilter(since=date(2024, 11, 1), until=date(2024, 11, 4))
    result = export_entries(sample, directory / name, audit_filter)
    manifest = read_manifest(directory / name)
    with sample.office() as office:
        info = office.info
    exported_at = manifest.pop("exported_at")
    sha256 = hashlib.sha256((directory / name).read_bytes()).hexdigest()
    [begun] = [
        number for number, row in sample.practice_rows()["securitylog"].items() if "begun" in (row["LogText"] or "")
    ]
    assert manifest == {
        "file": name,
        "audit_trail": f"recorded in the practice: entry {begun}",
        "sha256": sha256,
        "entries": 6,
        "hash_matches": 4,
        "altered": 1,
        "without_hash": 1,
        "filter": "since:2024-11-01 until:2024-11-04",
        "practice": TITLE,
        "database": info.database,
        "server": info.host,
        "exported_by": "Admin",
        "computer": COMPUTER,
        "program": f"apisetup {program_version()}",
        "first_number": 3,
        "last_number": 9,
        "api_keys": "masked",
    }
    assert datetime.fromisoformat(exported_at).tzinfo is not None
    assert result.sha256 == sha256
    assert result.manifest == manifest_file(directory / name)
    if not sample.on_server:
        assert datetime.fromisoformat(exported_at).replace(tzinfo=None) == NOW


def test_the_manifest_of_an_export_without_a_filter_says_all_entries(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, directory / "trail.csv")
    assert read_manifest(directory / "trail.csv")["filter"] == "all entries"


def test_the_sha256_is_that_of_the_whole_file(file_sample: SampleFile, directory: Path, small_pages: None) -> None:
    with file_sample.office() as office:
        result = finish(begin_export(office, directory / "trail.csv"))
    assert result.sha256 == hashlib.sha256((directory / "trail.csv").read_bytes()).hexdigest()


@pytest.mark.parametrize("excel", [True, False])
def test_for_excel_a_csv_file_begins_with_a_byte_order_mark(
    file_sample: SampleFile, directory: Path, excel: bool
) -> None:
    file_sample.execute("UPDATE securitylog SET LogText = 'José paid € 5' WHERE SecurityLogNum = 10")
    with file_sample.office() as office:
        export = office.audit.export(ADMIN, AuditFilter(), directory / "trail.csv", may_replace=False, excel=excel)
        export.begin()
        result = finish(export)
    content = (directory / "trail.csv").read_bytes()
    assert content.startswith(b"\xef\xbb\xbf") is excel
    assert content.decode("utf-8-sig").startswith("number,time,")
    assert "José paid € 5" in content.decode()
    assert result.sha256 == hashlib.sha256(content).hexdigest()


@both_formats
def test_each_row_names_its_practice(sample: SamplePractice, directory: Path, name: str) -> None:
    """Exports of several practices can be joined to one file."""
    export_entries(sample, directory / name)
    with sample.office() as office:
        database = office.info.database
    assert {(row["practice"], row["database"]) for row in read_rows(directory / name)} == {(TITLE, database)}


def test_a_second_export_contains_the_entries_about_the_first(file_sample: SampleFile, directory: Path) -> None:
    export_entries(file_sample, directory / "first.csv")
    export_entries(file_sample, directory / "second.csv")
    texts = [row["text"].split(" by ")[0] for row in read_csv(directory / "second.csv")[:2]]
    assert texts == ["Audit Trail export to first.csv finished", "Audit Trail export to first.csv begun"]
