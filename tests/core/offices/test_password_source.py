"""Where a database password comes from; whatever goes wrong, no sentence holds it."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import keyring
import pytest
from keyring.backend import KeyringBackend
from keyring.errors import KeyringLocked

from core.base.errors import ConfigurationError
from core.base.secret import Secret
from core.offices import password_source
from core.offices.password_source import PROMPT, Kind, PasswordSource, parse_password_source
from tests.support.ownership import give_to_root, give_to_stranger

SECRET = "hunter2-of-the-database"


def read(text: str, account: str = "Downtown", **environment: str) -> Secret | None:
    return parse_password_source(text).read(account, environment)


def refused(text: str, **environment: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(text, **environment)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
    assert caught.value.hint
    return caught.value


# -- how it is written ---------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("prompt", PROMPT),
        (" keyring ", PasswordSource(Kind.KEYRING)),
        ("env:PW", PasswordSource(Kind.ENVIRONMENT, "PW")),
        ("file: ~/pw ", PasswordSource(Kind.FILE, "~/pw")),
        ("command:pass show 'a b'", PasswordSource(Kind.COMMAND, "pass show 'a b'")),
    ],
)
def test_the_five_kinds(text: str, source: PasswordSource) -> None:
    assert parse_password_source(text) == source
    assert parse_password_source(str(source)) == source


@pytest.mark.parametrize(
    "text", ["", SECRET, "env", "env:", "file:", "command: ", "prompt:x", "keyring:", f"pass:{SECRET}", "Prompt"]
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    assert "a password itself has no place there" in refused(text).sentence


def test_a_quotation_mark_that_does_not_end() -> None:
    assert "quotation mark" in refused(f"command:echo '{SECRET}").sentence


def test_somebody_has_to_be_asked() -> None:
    assert read("prompt") is None


# -- the environment -----------------------------------------------------------------


def test_a_variable_may_be_empty() -> None:
    assert read("env:PW", PW=SECRET) == Secret(SECRET)
    assert read("env:PW", PW="") == Secret("")


def test_a_variable_that_is_not_set() -> None:
    assert "variable PW, which should hold the database password, is not set" in refused("env:PW").sentence


# -- a file --------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pass word"
    path.write_text(f"{SECRET}\nanother line\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"{SECRET}\r\nnot this"])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_the_first_line_of_a_file(file: Path, content: str, mode: int) -> None:
    file.write_bytes(content.encode())
    file.chmod(mode)
    assert read(f"file:{file}") == Secret(SECRET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_a_file_that_others_get_at_is_refused_with_what_to_run(file: Path, mode: int) -> None:
    file.chmod(mode)
    error = refused(f"file:{file}")
    assert f"has mode {mode:04o}, so others can get at it" in error.sentence
    assert error.hint == f"Run: chmod 600 '{file}'"


def test_a_file_that_belongs_to_another_account_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to_stranger(file, monkeypatch)
    error = refused(f"file:{file}")
    assert "belongs to somebody else" in error.sentence
    assert error.hint == f"Run: chown {os.getuid()} '{file}'"


def test_a_file_that_belongs_to_root_is_read_by_any_account(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to_root(file, monkeypatch)
    assert read(f"file:{file}") == Secret(SECRET)


def test_a_link_is_followed_and_what_it_leads_to_is_looked_at(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert read(f"file:{link}") == Secret(SECRET)
    file.chmod(0o644)
    refused(f"file:{link}")


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\xff\xfe\n"])
def test_a_file_without_a_password(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    refused(f"file:{file}")


def test_a_file_that_is_not_there_or_is_none(tmp_path: Path) -> None:
    assert "No such file or directory" in refused(f"file:{tmp_path / 'missing'}").sentence
    assert "Is a directory" in refused(f"file:{tmp_path}").sentence
    assert "is no file" in refused("file:/dev/null").sentence


def test_a_pipe_that_nobody_writes_to_is_not_waited_for(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "is no file" in refused(f"file:{pipe}").sentence


# -- a command -----------------------------------------------------------------------


def script(path: Path, body: str) -> Path:
    made = path / "show password"
    made.write_text(f"#!{sys.executable}\n{body}\n")
    made.chmod(0o700)
    return made


def test_the_first_line_of_what_a_command_writes(tmp_path: Path) -> None:
    made = script(tmp_path, "import sys; print(sys.argv[1] + '\\nnot this'); print('oops', file=sys.stderr)")
    assert read(f"command:'{made}' '{SECRET} x'") == Secret(f"{SECRET} x")


def test_no_shell_runs_it(tmp_path: Path) -> None:
    assert read("command:echo $HOME;id") == Secret("$HOME;id")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (f"raise SystemExit('{SECRET}')", "failed with exit status 1"),
        (f"import sys; print('{SECRET}'); sys.exit(3)", "failed with exit status 3"),
        ("pass", "begins with an empty line"),
        ("import sys; sys.stdout.buffer.write(b'\\xff')", "is not UTF-8 text"),
        ("open('/dev/tty')", "failed with exit status 1"),
        ("import sys; sys.exit(5 if sys.stdin.read() == '' else 0)", "failed with exit status 5"),
    ],
)
def test_a_command_that_gives_none(tmp_path: Path, body: str, words: str) -> None:
    error = refused(f"command:'{script(tmp_path, body)}'")
    assert words in error.sentence


def test_a_command_that_does_not_end(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_source, "COMMAND_SECONDS", 0.2)
    made = script(tmp_path, f"import sys, time\nprint('{SECRET}', flush=True)\ntime.sleep(60)")
    assert "did not end within 0.2 seconds" in refused(f"command:'{made}'").sentence


def test_a_command_that_is_not_there() -> None:
    assert "cannot be started: No such file or directory" in refused("command:/nowhere/pass x").sentence


# -- the keyring -----------------------------------------------------------------------


class Ring(KeyringBackend):
    """A keyring in memory."""

    priority = 1

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.passwords: dict[tuple[str, str], str] = {}
        self.failure: Exception | None = None
        self.waits: threading.Event | None = None
        self.asked = 0

    def get_password(self, service: str, username: str) -> str | None:
        self.asked += 1
        if self.waits is not None:
            self.waits.wait(20)
        if self.failure is not None:
            raise self.failure
        return self.passwords.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.passwords[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        del self.passwords[service, username]


@pytest.fixture
def ring() -> Iterator[Ring]:
    before, made = keyring.get_keyring(), Ring()
    keyring.set_keyring(made)
    yield made
    keyring.set_keyring(before)


def test_the_keyring_has_it_by_the_name_of_the_office(ring: Ring) -> None:
    keyring.set_password("apisetup", "Downtown", SECRET)
    assert read("keyring") == Secret(SECRET)


def test_a_keyring_without_it_says_how_to_put_it_there(ring: Ring) -> None:
    with pytest.raises(ConfigurationError, match="no password for North Side") as caught:
        read("keyring", "North Side")
    assert caught.value.hint == "Run: keyring set apisetup 'North Side'"


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"])
def test_over_ssh_no_keyring_is_waited_for(ring: Ring, variable: str) -> None:
    keyring.set_password("apisetup", "Downtown", SECRET)
    assert read("keyring", **{variable: "x"}) is None
    assert ring.asked == 0


@pytest.mark.parametrize("failure", [KeyringLocked("locked"), OSError("the bus went away"), RuntimeError("backend")])
def test_a_keyring_that_fails_is_told_whatever_it_raises(ring: Ring, failure: Exception) -> None:
    ring.failure = failure
    assert refused("keyring").sentence == "The system keyring cannot be used."


def test_a_keyring_that_waits_for_its_owner_is_left_alone(ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_source, "KEYRING_SECONDS", 0.05)
    ring.waits = threading.Event()
    assert "did not answer within 0.05 seconds" in refused("keyring").sentence
    ring.waits.set()


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "keyring", None)
    assert refused("keyring").hint == "Install it beside apisetup: pip install keyring"
