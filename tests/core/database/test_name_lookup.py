"""Looking up a server's name: part of the attempt to connect, and of its deadline."""

from __future__ import annotations

import socket
import subprocess
import sys
import threading
from typing import Any

import pytest

from core.base.errors import ServerUnreachable
from core.base.secret import Secret
from core.database import engines
from core.database.address import ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import server_engine
from core.database.name_lookup import NameLookupTimeout, look_up
from tests.support.fake_mysql import answering, fake_mysql
from tests.support.pseudo_terminal import DEADLINE, ROOT

SILENT = """
import socket, sys, time
from core.database import name_lookup

def wait(*_arguments, **_options):
    time.sleep(600)

socket.getaddrinfo = wait
name_lookup.LOOKUP_SECONDS = 0.5
sys.argv = ["apisetup", "check", "--url", "mysql://u@silent.example/d"]
from tui.__main__ import main
sys.exit(main())
"""


def test_a_silent_name_service_is_covered_by_the_deadline_of_the_attempt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engines, "ATTEMPT_SECONDS", 0.3)
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: answers.wait(DEADLINE) and [])
    engine = server_engine(ServerAddress("silent.example", 3306, "d", "u"), Secret(""))
    with pytest.raises(ServerUnreachable) as failure, translate_errors(), engine.connect():
        pass
    answers.set()
    assert failure.value.sentence == (
        "The address of the database server isn't known: the name service did not answer within 0.3 seconds."
    )
    assert "name servers" in failure.value.hint


def test_a_program_can_end_while_the_name_service_is_silent() -> None:
    # Its own process, since Python would wait for the lookup at exit.
    completed = subprocess.run(
        [sys.executable, "-c", SILENT],
        cwd=ROOT,
        env={"APISETUP_PASSWORD": "", "APISETUP_CONFIG": "/nowhere/config.toml"},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE,
    )
    assert completed.returncode == 2, completed.stderr
    assert "the name service did not answer within" in completed.stdout


@pytest.mark.parametrize(
    "error",
    [socket.gaierror(socket.EAI_NONAME, "Name or service not known"), UnicodeError("label too long")],
)
def test_an_unknown_name_is_reported(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def refuse(*_arguments: object, **_options: object) -> None:
        raise error

    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    engine = server_engine(ServerAddress("unknown.example", 3306, "d", "u"), Secret(""))
    with pytest.raises(ServerUnreachable, match="host name can't be resolved"), translate_errors(), engine.connect():
        pass


def test_the_next_address_of_a_name_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        refused = closed.getsockname()
    original = socket.getaddrinfo

    def find_two(host: str, port: int, *arguments: Any, **options: Any) -> Any:
        found = original("127.0.0.1", port, *arguments, **options)
        return [(*found[0][:4], refused), *found] if host == "practice.example" else found

    monkeypatch.setattr(socket, "getaddrinfo", find_two)
    with fake_mysql(answering(statement=lambda _command: None)) as port:
        engine = server_engine(ServerAddress("practice.example", port, "d", "u", tls_off=True), Secret(""))
        with translate_errors(), engine.connect() as connection:
            connection.exec_driver_sql("SELECT 1")
        engine.dispose()


def test_a_lookup_without_an_answer_ends_at_its_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    answers = threading.Event()
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_arguments, **_options: answers.wait(DEADLINE) and [])
    with pytest.raises(NameLookupTimeout):
        look_up("silent.example", 1, 0.1)
    answers.set()
