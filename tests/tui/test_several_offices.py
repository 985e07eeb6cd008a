"""Commands in several offices: what only reads is done in a few at a time, and changes one after the other."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Barrier, Lock
from typing import Any

import pytest

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.database.companion_address import parse_companion_url
from core.offices.companion_settings import TeamCompanion
from core.offices.configured_office import ConfiguredOffice
from core.offices.open_request import OpenRequest
from core.offices.password_source import PROMPT, PasswordSource, SourceKind
from tests.support.fleets import SampleFleet, file_fleet
from tui.__main__ import main
from tui.commands.audit_export import file_names
from tui.commands.sign_in import CommandSignIn, ask_for_companion_password, ask_for_team_password

READING = (
    "keys list",
    "keys show --developer Canopy",
    "keys use",
    "settings get",
    "subscriptions list",
    "payment-types list",
    "why",
    "audit verify",
    "audit search",
    "audit seals",
)
CHANGING = ("settings set --interval 7 --yes", "audit seal", "keys disable --key Gh78 --yes")


@pytest.fixture
def fleet(sample_practice: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SampleFleet:
    """Two offices in the configuration file, in SQLite files of this account."""
    configuration = tmp_path / "config.toml"
    configuration.write_text('[offices.North]\nfile = "North.sqlite3"\n[offices.South]\nfile = "South.sqlite3"\n')
    configuration.chmod(0o600)
    monkeypatch.setenv("APISETUP_CONFIG", str(configuration))
    monkeypatch.setattr("tui.commands.launch_target._account", lambda: "office")
    return file_fleet(tmp_path, sample_practice, "North", "South")


class Sessions:
    """Counts the sessions that are open at the same time, and can have each wait for the other."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, meet: bool) -> None:
        self.most = self.opened = 0
        self._open = 0
        self._lock = Lock()
        self._barrier = Barrier(2) if meet else None
        session = CommandSignIn.session
        monkeypatch.setattr(CommandSignIn, "session", lambda *arguments: self._counted(session(*arguments)))

    @contextmanager
    def _counted(self, opening: AbstractContextManager[Any]) -> Iterator[Any]:
        with opening as session:
            with self._lock:
                self.opened += 1
                self._open += 1
                self.most = max(self.most, self._open)
            try:
                if self._barrier is not None:
                    self._barrier.wait(30)
                yield session
            finally:
                with self._lock:
                    self._open -= 1


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("line", READING)
def test_what_only_reads_is_done_in_several_offices_at_a_time(
    line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    sessions = Sessions(monkeypatch, meet=True)
    main([*line.split(), "--all-offices", "--json"])
    document = json.loads(capsys.readouterr().out)
    assert [each["office"] for each in document["offices"]] == ["North", "South"]
    assert [each["error"] for each in document["offices"]] == [None, None]
    assert sessions.most == 2


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("line", CHANGING)
def test_changes_are_made_in_one_office_after_the_other(line: str, monkeypatch: pytest.MonkeyPatch) -> None:
    sessions = Sessions(monkeypatch, meet=False)
    assert main([*line.split(), "--all-offices"]) == 0
    assert (sessions.opened, sessions.most) == (2, 1)


def test_the_results_keep_the_order_of_the_offices_and_each_error_names_its_own(
    fleet: SampleFleet, capsys: pytest.CaptureFixture[str]
) -> None:
    (fleet.paths.configuration.parent / "North.sqlite3").unlink()
    assert main(["settings", "get", "--all-offices"]) == 1
    printed = capsys.readouterr()
    assert printed.out.startswith("South:\n  API ")
    (line,) = printed.err.splitlines()
    assert line.startswith("apisetup: North: File not found:")


@pytest.mark.usefixtures("fleet")
def test_one_key_is_added_to_one_office(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["keys", "add", "--all-offices", "--yes"]) == 2
    printed = capsys.readouterr().err
    assert "A key is added to one office at a time" in printed
    assert "apisetup keys add --office NAME" in printed


# -- exports -------------------------------------------------------------------------------


@pytest.mark.usefixtures("fleet")
def test_several_offices_are_exported_to_a_file_each(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    directory = tmp_path / "exports"
    directory.mkdir()
    command = ["audit", "export", str(directory), "--all-offices"]
    assert main([*command, "--format", "jsonl", "--json"]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [Path(each["file"]).name for each in document["offices"]] == ["North.jsonl", "South.jsonl"]
    assert len((directory / "South.jsonl").read_text().splitlines()) == document["offices"][1]["entries"]
    assert main(command) == 0
    assert (directory / "North.csv").exists()
    capsys.readouterr()
    assert main(command) == 2
    assert "North: " in (printed := capsys.readouterr().err)
    assert "add --replace to replace it" in printed


@pytest.mark.usefixtures("fleet")
@pytest.mark.parametrize("choice", [["--all-offices"], ["--office", "North", "--office", "South"]])
def test_several_offices_are_not_exported_to_one_file(
    choice: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["audit", "export", str(tmp_path / "trail.csv"), *choice]) == 2
    assert "must be a directory: each office gets a file of its own" in capsys.readouterr().err
    assert not list(tmp_path.glob("*.csv"))


def test_each_office_has_a_file_name_of_its_own_in_the_directory() -> None:
    names = file_names(["North/East", "north_east", "../x", "North East", "Süd"], ".csv")
    assert list(names.values()) == ["North_East.csv", "north_east 2.csv", "__x.csv", "North East.csv", "Süd.csv"]


# -- passwords -----------------------------------------------------------------------------


def test_all_passwords_are_asked_for_before_the_first_office_is_opened(
    fleet: SampleFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "pw"

    monkeypatch.setattr("tui.commands.sign_in.getpass", answer)
    monkeypatch.setattr("tui.commands.sign_in.is_terminal", lambda _stream: True)
    prompted = [
        _on_server(fleet, "A", od_user="Admin"),
        _on_server(fleet, "B", od_user="admin"),
        _on_server(fleet, "C", od_user="Job", od_password_from=PasswordSource(SourceKind.ENVIRONMENT, "NOT_SET")),
    ]
    CommandSignIn(None, {}, several=True).ask_first(prompted)
    assert [each.partition(": ")[0] for each in questions] == [
        "Password of the database user of A",
        "Open Dental password of Admin",
        "Password of the database user of B",
        "Password of the database user of C",
    ]


def test_without_a_terminal_the_missing_password_is_an_error_of_its_office(
    fleet: SampleFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.sign_in.is_terminal", lambda _stream: False)
    request = _on_server(fleet, "A", od_user="Admin")
    sign_in = CommandSignIn(None, {}, several=True)
    sign_in.ask_first([request])
    with pytest.raises(ConfigurationError, match="no terminal to prompt on"), sign_in.session(request):
        pass


def test_the_password_of_a_companion_is_asked_for_once_in_a_run(
    fleet: SampleFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "pw"

    monkeypatch.setattr("tui.commands.sign_in.getpass", answer)
    monkeypatch.setattr("tui.commands.sign_in.is_terminal", lambda _stream: True)
    address = parse_companion_url("postgresql://u@db.example/c")
    request = _on_server(fleet, "A", companion=address, companion_password_from=PROMPT)
    team = replace(request.context, team_companion=TeamCompanion(parse_companion_url("mysql://u@h/all"), PROMPT))
    for _ in range(2):
        ask_for_companion_password(request)
        ask_for_team_password(team)
    assert [each.partition(" as ")[0] for each in questions] == [
        "Password for the companion c on db.example:5432",
        "Password for the companion all on h:3306",
    ]
    assert request.companion_source().password == Secret("pw")
    assert not team.prompts_for_team_password


def test_a_scheduled_job_is_told_why_a_companion_needs_another_source(
    fleet: SampleFleet, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tui.commands.sign_in.is_terminal", lambda _stream: False)
    address = parse_companion_url("postgresql://u@db.example/c")
    request = _on_server(fleet, "A", companion=address, companion_password_from=PROMPT)
    with pytest.raises(ConfigurationError, match="no terminal to prompt on") as caught:
        ask_for_companion_password(request)
    assert caught.value.hint.startswith("Set companion_password_from to env:NAME")
    assert caught.value.hint.endswith("for a scheduled job.")


def _on_server(fleet: SampleFleet, name: str, **settings: Any) -> OpenRequest:
    office = ConfiguredOffice(name, ServerAddress("db.example", 3306, "od", "u"), **settings)
    return replace(fleet.requests[0], office=office, password=None)
