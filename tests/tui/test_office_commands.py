"""Which offices a command works on, and what it reports of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.support.command_line import CommandLine
from tests.support.databases import copy_private

THREE_OFFICES = """
[offices.North]
file = "north.sqlite3"
tags = ["coast", "pilot"]

[offices.South]
file = "south.sqlite3"
tags = ["Coast"]

[offices.Training]
file = "training.sqlite3"
"""


@pytest.fixture
def line(tmp_path: Path) -> CommandLine:
    """A command line with no configuration file."""
    return CommandLine(tmp_path)


@pytest.fixture
def offices(line: CommandLine) -> CommandLine:
    """A command line with three offices."""
    line.configure(THREE_OFFICES)
    return line


def create_files(line: CommandLine, directory: Path, *names: str) -> None:
    """Create the files of SQLite practices."""
    first, *others = (directory / f"{name}.sqlite3" for name in names)
    assert line.run("settings", "get", "--url", f"sqlite:///{first}").status == 0
    for other in others:
        copy_private(first, other)


def names(offices: CommandLine, *arguments: str) -> list[str]:
    """Return the offices that a command worked on."""
    return [each["office"] for each in offices.run("keys", "list", "--json", *arguments).document["offices"]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--all-offices"], ["North", "South", "Training"]),
        (["--tag", "coast"], ["North", "South"]),
        (["--tag", "pilot", "--office", "training"], ["North", "Training"]),
        (["--office", "south", "--office", "north"], ["North", "South"]),
        (["--office", "train"], ["Training"]),
    ],
)
def test_options_select_offices_in_the_order_of_the_file(
    offices: CommandLine, arguments: list[str], expected: list[str]
) -> None:
    assert names(offices, *arguments) == expected


def test_offices_named_before_and_after_the_command_add_up(offices: CommandLine) -> None:
    completed = offices.run("--office", "north", "keys", "list", "--office", "south", "--json")
    assert [each["office"] for each in completed.document["offices"]] == ["North", "South"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ([], "The configuration file has several offices. Choose one with --office NAME, some with --tag TAG"),
        (["--tag", "inland"], "No office has the tag inland. Tags: Coast, pilot."),
        (["--all-offices", "--tag", "coast"], "--tag and --all-offices name different practices."),
        (["--all-offices", "--demo"], "--demo and --all-offices name different practices."),
        (["--all-offices", "--tls", "off"], "--tls can't be combined with --all-offices."),
        (["--office", "west"], "The configuration file has no office west."),
    ],
)
def test_a_selection_that_names_no_offices_is_refused(offices: CommandLine, arguments: list[str], message: str) -> None:
    completed = offices.run("keys", "list", *arguments)
    assert (completed.status, completed.out) == (2, "")
    assert message in completed.err


def test_the_screen_opens_one_office_only(offices: CommandLine) -> None:
    completed = offices.run("--all-offices")
    assert completed.status == 2


def test_several_offices_are_headed_by_their_names(offices: CommandLine, tmp_path: Path) -> None:
    create_files(offices, tmp_path, "north", "south")
    completed = offices.run("keys", "list", "--tag", "coast")
    assert completed.out == "North:\n  No API keys.\nSouth:\n  No API keys.\n"


def test_an_office_that_fails_does_not_stop_the_others(offices: CommandLine, tmp_path: Path) -> None:
    create_files(offices, tmp_path, "north", "training")
    (tmp_path / "south.sqlite3").write_text("not a database")
    completed = offices.run("keys", "list", "--all-offices", "--json")
    assert completed.status == 1
    assert completed.err.startswith("apisetup: South: ")
    assert [each["status"] for each in completed.document["offices"]] == [0, 2, 0]
    assert "south.sqlite3" in completed.document["offices"][1]["error"]["sentence"]


def test_the_status_is_2_if_no_office_could_be_opened(offices: CommandLine, tmp_path: Path) -> None:
    (tmp_path / "training.sqlite3").write_text("not a database")
    assert offices.run("keys", "list", "--office", "training").status == 2


def test_a_file_that_does_not_exist_yet_is_created(line: CommandLine, tmp_path: Path) -> None:
    file = tmp_path / "new.sqlite3"
    assert line.run("settings", "get", "--url", f"sqlite:///{file}").status == 0
    assert file.is_file()


def test_every_json_document_has_the_same_frame(line: CommandLine) -> None:
    document = line.run("settings", "get", "--demo", "--json").document
    assert list(document) == ["version", "command", "status", "offices"]
    assert (document["version"], document["command"], document["status"]) == (1, "settings get", 0)
    (office,) = document["offices"]
    assert list(office) == ["office", "address", "status", "error", "settings", "warning", "missing"]


# -- grants --------------------------------------------------------------------------------


SERVERS = """
[offices.North]
host = "10.0.0.5"
database = "od-north"
user = "apisetup"

[offices.South]
host = "10.0.0.6"
database = "od_south"
user = "auditor"
"""


def test_grants_are_printed_for_the_database_and_the_user_of_each_office(line: CommandLine) -> None:
    line.configure(SERVERS)
    completed = line.run("grants", "--all-offices")
    assert (completed.status, completed.err) == (0, "")
    assert "-- North: admin\nCREATE USER 'apisetup'@'%' IDENTIFIED BY 'choose-a-long-one';\n" in completed.out
    assert "GRANT SELECT, INSERT, DELETE ON `od-north`.apikey TO 'apisetup'@'%';" in completed.out
    assert "GRANT SELECT, INSERT, DELETE ON od_south.apikey TO 'auditor'@'%';" in completed.out


def test_grants_without_an_office_have_the_names_of_the_manual(line: CommandLine) -> None:
    document = line.run("grants", "--auditor", "--features", "verification", "--json").office
    assert (document["role"], document["features"], document["database"]) == ("auditor", ["verification"], "opendental")
    assert "GRANT SELECT ON opendental.dbmlog TO 'apisetup'@'%';" in document["statements"]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--features", "all"], "Unknown feature: all. Features: settings, keys, payment-types"),
        (["--auditor", "--read-only"], "--read-only and --auditor can't be combined."),
        (["--demo"], "An SQLite practice has no database users."),
    ],
)
def test_grants_that_make_no_sense_are_refused(line: CommandLine, arguments: list[str], message: str) -> None:
    completed = line.run("grants", *arguments)
    assert (completed.status, completed.out) == (2, "")
    assert message in completed.err


# -- check ---------------------------------------------------------------------------------


def test_eight_offices_and_three_faults_fit_one_screen(line: CommandLine, tmp_path: Path) -> None:
    line.configure("".join(f'[offices.Office{n}]\nfile = "{n}.sqlite3"\n' for n in range(8)))
    create_files(line, tmp_path, *map(str, range(8)))
    (tmp_path / "2.sqlite3").write_text("not a database")
    (tmp_path / "4.sqlite3").unlink()
    (tmp_path / "6.sqlite3").chmod(0o644)
    completed = line.run("check", "--all-offices")
    lines = completed.out.splitlines()
    assert completed.status == 1
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    healthy = [each for each in lines if each.startswith("ok ")]
    assert healthy[0].startswith("ok       Office0: Embedded practice, Open Dental ")
    assert len(healthy) == 5
    faulty = [each.split() for each in lines if not each.startswith(("ok ", "   "))]
    assert [name for _, name in faulty] == ["Office2", "Office4", "Office6"]


def test_a_check_of_several_offices_has_all_findings_in_json(offices: CommandLine, tmp_path: Path) -> None:
    create_files(offices, tmp_path, "north", "south", "training")
    document = offices.run("check", "--all-offices", "--json").document
    assert document["status"] == 0
    assert [each["office"] for each in document["offices"]] == ["North", "South", "Training"]
    assert {"practice", "user-setup"} <= {each["id"] for each in document["offices"][0]["findings"]}
