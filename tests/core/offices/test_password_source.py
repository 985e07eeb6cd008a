"""The sources of a database password. No error message may contain the password."""

from __future__ import annotations

import json
import os
import re
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest

from core.base.errors import ConfigurationError
from core.base.secret import SECRET_VARIABLES, Secret
from core.offices import password_source, system_keyring
from core.offices.catalog import OfficeCatalog
from core.offices.config_file import read_configuration
from core.offices.open_request import LaunchContext
from core.offices.password_source import OPEN_DENTAL_PASSWORD, PROMPT, PasswordSource, SourceKind, parse_password_source
from core.offices.paths import find_paths
from tests.support.databases import runtime
from tests.support.ownership import give_to_root, give_to_stranger
from tests.support.waiting import DEADLINE

SECRET = "hunter2-of-the-database"


def read(text: str, account: str = "Downtown", **environment: str) -> Secret | None:
    return parse_password_source(text).read(account, environment)


def read_error(text: str, **environment: str) -> ConfigurationError:
    with pytest.raises(ConfigurationError) as caught:
        read(text, **environment)
    error: BaseException | None = caught.value
    while error is not None:
        assert SECRET not in f"{error} {error!r} {vars(error)}"
        error = error.__cause__ or error.__context__
    assert caught.value.hint
    return caught.value


# -- parsing -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "source"),
    [
        ("prompt", PROMPT),
        (" keyring ", PasswordSource(SourceKind.KEYRING)),
        ("env:PW", PasswordSource(SourceKind.ENVIRONMENT, "PW")),
        ("file: ~/pw ", PasswordSource(SourceKind.FILE, "~/pw")),
        ("command:pass show 'a b'", PasswordSource(SourceKind.COMMAND, "pass show 'a b'")),
    ],
)
def test_five_kinds_are_parsed(text: str, source: PasswordSource) -> None:
    assert parse_password_source(text) == source
    assert parse_password_source(str(source)) == source


@pytest.mark.parametrize(
    "text", ["", SECRET, "env", "env:", "file:", "command: ", "prompt:x", "keyring:", f"pass:{SECRET}", "Prompt"]
)
def test_anything_else_is_refused_and_not_repeated(text: str) -> None:
    assert "can't be a password itself" in read_error(text).sentence


def test_unclosed_quotation_mark_is_refused() -> None:
    assert "quotation mark" in read_error(f"command:echo '{SECRET}").sentence


def test_prompt_has_no_password() -> None:
    assert read("prompt") is None


# -- the environment -----------------------------------------------------------------


def test_variable_may_be_empty() -> None:
    assert read("env:PW", PW=SECRET) == Secret(SECRET)
    assert read("env:PW", PW="") == Secret("")


def test_unset_variable_is_refused() -> None:
    assert "variable PW, which should hold the database password, is not set" in read_error("env:PW").sentence


# -- a file --------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "pass word"
    path.write_text(f"{SECRET}\nanother line\n")
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("content", [SECRET, f"{SECRET}\n", f"{SECRET}\r\nnot this", f"\ufeff{SECRET}\r\n"])
@pytest.mark.parametrize("mode", [0o600, 0o400])
def test_password_is_the_first_line_of_the_file(file: Path, content: str, mode: int) -> None:
    file.write_bytes(content.encode())
    file.chmod(mode)
    assert read(f"file:{file}") == Secret(SECRET)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o610, 0o666])
def test_file_that_others_can_access_is_refused_with_a_command(file: Path, mode: int) -> None:
    file.chmod(mode)
    error = read_error(f"file:{file}")
    assert f"has mode {mode:04o}, so other accounts can access it" in error.sentence
    assert error.hint == f"Run: chmod 600 '{file}'"


def test_file_of_another_account_is_refused(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to_stranger(file, monkeypatch)
    error = read_error(f"file:{file}")
    assert "belongs to another account" in error.sentence
    assert error.hint == f"Run: chown {os.getuid()} '{file}'"


def test_file_of_root_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    give_to_root(file, monkeypatch)
    assert read(f"file:{file}") == Secret(SECRET)


def test_symbolic_link_is_followed_and_its_target_checked(file: Path) -> None:
    link = file.with_name("link")
    link.symlink_to(file)
    assert read(f"file:{link}") == Secret(SECRET)
    file.chmod(0o644)
    read_error(f"file:{link}")


@pytest.mark.parametrize("content", [b"", b"\nsecond", b"\xff\xfe\n"])
def test_file_without_a_password_is_refused(file: Path, content: bytes) -> None:
    file.write_bytes(content)
    read_error(f"file:{file}")


def test_missing_or_special_file_is_refused(tmp_path: Path) -> None:
    assert "No such file or directory" in read_error(f"file:{tmp_path / 'missing'}").sentence
    assert "Is a directory" in read_error(f"file:{tmp_path}").sentence
    assert "it is not a regular file" in read_error("file:/dev/null").sentence


def test_named_pipe_is_refused_without_blocking(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe, 0o600)
    assert "it is not a regular file" in read_error(f"file:{pipe}").sentence


# -- a command -----------------------------------------------------------------------


def write_script(directory: Path, body: str) -> Path:
    script = directory / "show password"
    script.write_text(f"#!{sys.executable}\n{body}\n")
    script.chmod(0o700)
    return script


def test_password_is_the_first_line_of_the_output(tmp_path: Path) -> None:
    script = write_script(tmp_path, "import sys; print(sys.argv[1] + '\\nnot this'); print('oops', file=sys.stderr)")
    assert read(f"command:'{script}' '{SECRET} x'") == Secret(f"{SECRET} x")


def test_command_runs_without_a_shell(tmp_path: Path) -> None:
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
        ("import os; os.kill(os.getpid(), 9)", "was ended by signal 9"),
        ("import sys; sys.exit(5 if sys.stdin.read() == '' else 0)", "failed with exit status 5"),
    ],
)
def test_command_without_a_password_is_refused(tmp_path: Path, body: str, words: str) -> None:
    error = read_error(f"command:'{write_script(tmp_path, body)}'")
    assert words in error.sentence


def test_command_that_times_out_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(password_source, "COMMAND_SECONDS", 0.2)
    script = write_script(tmp_path, f"import sys, time\nprint('{SECRET}', flush=True)\ntime.sleep(60)")
    assert "did not end within 0.2 seconds" in read_error(f"command:'{script}'").sentence


def test_command_that_never_stops_printing_is_stopped(tmp_path: Path) -> None:
    script = write_script(tmp_path, f"while True: print('{SECRET}')")
    assert "printed more than 65,536 bytes and was stopped" in read_error(f"command:'{script}'").sentence


def test_command_that_leaves_a_process_behind_is_stopped_with_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(password_source, "COMMAND_SECONDS", 1)
    # The child keeps the pipe open, so the output doesn't end with the command.
    script = write_script(
        tmp_path,
        "import os, time\nchild = os.fork()\nif child: print(child, file=open('child', 'w'))\nelse: time.sleep(60)",
    )
    monkeypatch.chdir(tmp_path)
    assert "did not end within 1 seconds" in read_error(f"command:'{script}'").sentence
    child = int((tmp_path / "child").read_text())
    # A zombie until its new parent reaps it; either way it doesn't run any more.
    status, deadline = Path(f"/proc/{child}/stat"), time.monotonic() + DEADLINE
    with suppress(FileNotFoundError):
        while status.read_text().rpartition(")")[2].split()[0] != "Z":
            assert time.monotonic() < deadline


def test_missing_command_is_refused() -> None:
    assert "cannot be started: No such file or directory" in read_error("command:/nowhere/pass x").sentence


# -- the keyring -----------------------------------------------------------------------


RING = """
import os, sys, time
from keyring.backend import KeyringBackend

class Ring(KeyringBackend):
    priority = 1

    def get_password(self, service, username):
        if (service, username) != ("apisetup", "Downtown"):
            return None
        {body}

    def set_password(self, service, username, password):
        pass
"""


@pytest.fixture
def ring(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Make a backend the keyring's, with these lines as its answer about the office Downtown."""

    def install(*lines: str) -> None:
        (tmp_path / "ring_for_tests.py").write_text(RING.format(body="\n        ".join(lines)))
        monkeypatch.setenv("PYTHONPATH", str(tmp_path))
        monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "ring_for_tests.Ring")

    return install


def test_keyring_account_is_the_name_of_the_office(ring: Callable[..., None]) -> None:
    ring(f"return {SECRET!r}")
    assert read("keyring") == Secret(SECRET)


def test_a_password_of_the_keyring_is_taken_as_it_is(ring: Callable[..., None]) -> None:
    ring("return ' pä€\\n'")
    assert read("keyring") == Secret(" pä€\n")


def test_keyring_without_the_password_is_refused_with_a_command(ring: Callable[..., None]) -> None:
    ring("return None")
    with pytest.raises(ConfigurationError, match="no password for North Side") as caught:
        read("keyring", "North Side")
    assert caught.value.hint == "Run: keyring set apisetup 'North Side'"


@pytest.mark.parametrize("variable", ["SSH_CONNECTION", "SSH_TTY", "SSH_CLIENT"])
def test_keyring_is_not_used_over_ssh(ring: Callable[..., None], tmp_path: Path, variable: str) -> None:
    ring(f"open({str(tmp_path / 'asked')!r}, 'w').close()", f"return {SECRET!r}")
    assert read("keyring", **{variable: "x"}) is None
    assert not (tmp_path / "asked").exists()


@pytest.mark.parametrize(
    "line",
    [
        "raise OSError('the bus went away')",
        "raise SystemExit(0)",
        "os._exit(1)",
        "os.kill(os.getpid(), 9)",
        "return 7",
        "return '\\udcff'",
    ],
)
def test_failing_keyring_is_refused_whatever_it_does(ring: Callable[..., None], line: str) -> None:
    ring(line)
    assert read_error("keyring").sentence == "The system keyring cannot be used."


def test_keyring_that_times_out_is_refused(ring: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(system_keyring, "SECONDS", 1)
    ring("time.sleep(600)")
    assert "did not end within 1 seconds" in read_error("keyring").sentence


def test_keyring_that_never_stops_printing_is_stopped(ring: Callable[..., None]) -> None:
    ring("return 'hunter2' * 100_000")
    assert "printed more than 65,536 bytes and was stopped" in read_error("keyring").sentence


def test_the_current_directory_is_not_searched_for_the_keyring(
    ring: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring(f"return {SECRET!r}")
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / "keyring.py").write_text("def get_password(*_): return 'planted'")
    monkeypatch.chdir(tmp_path / "here")
    assert read("keyring") == Secret(SECRET)


def test_what_a_backend_prints_is_not_taken_for_the_password(ring: Callable[..., None]) -> None:
    ring("print('Unlocking…', flush=True)", f"return {SECRET!r}")
    assert read("keyring") == Secret(SECRET)


def test_the_keyring_does_not_inherit_our_secrets(ring: Callable[..., None], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("APISETUP_OD_PASSWORD", SECRET)
    ring("return os.environ.get('APISETUP_OD_PASSWORD', 'hidden')")
    assert read("keyring") == Secret("hidden")


def test_missing_keyring_package_is_refused_with_a_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "keyring.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    assert read_error("keyring").hint == "Install it alongside apisetup: pip install keyring"


# -- secrets of other sources ------------------------------------------------------------


def test_a_command_does_not_inherit_our_secrets(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*SECRET_VARIABLES, "OTHER_OFFICE"):
        monkeypatch.setenv(name, SECRET)
    monkeypatch.setenv("APISETUP_OD_USER", "Admin")
    script = write_script(tmp_path, "import json, os; print(json.dumps(dict(os.environ)))")
    printed = parse_password_source(f"command:'{script}'").read("Downtown", os.environ, {"OTHER_OFFICE"})
    assert printed is not None
    assert SECRET not in printed.reveal()
    inherited = json.loads(printed.reveal())
    assert inherited["PATH"] == os.environ["PATH"]
    assert inherited["APISETUP_OD_USER"] == "Admin"


def test_the_passwords_of_other_offices_are_hidden_from_a_command(tmp_path: Path) -> None:
    path = tmp_path / "config.toml"
    server = 'host = "db"\ndatabase = "opendental"\nuser = "odbc"\n'
    path.write_text(
        f'[offices.A]\n{server}password_from = "env:A_PASSWORD"\n[offices.B]\n{server}password_from = "command:pass"\n'
    )
    path.chmod(0o600)
    configuration = read_configuration(path)
    context = LaunchContext(runtime(), find_paths({"APISETUP_CONFIG": str(path)}))
    request = OfficeCatalog(configuration, context).open_request("B")
    assert request.context.password_variables == {"A_PASSWORD"}


def test_every_variable_of_ours_with_a_secret_is_listed() -> None:
    root = Path(password_source.__file__).parents[2]
    files = [file for folder in ("core", "tui") for file in (root / folder).rglob("*.py")]
    names = {name for file in files for name in re.findall(r"\bAPISETUP_[A-Z_]+\b", file.read_text(encoding="utf-8"))}
    assert names - SECRET_VARIABLES == {"APISETUP_CONFIG", "APISETUP_OD_USER"}


def test_errors_about_an_open_dental_password_name_its_own_setting() -> None:
    source = PasswordSource(SourceKind.ENVIRONMENT, "OD_SECRET")
    with pytest.raises(ConfigurationError) as caught:
        source.read("North", {}, (), OPEN_DENTAL_PASSWORD)
    assert str(caught.value) == (
        "The environment variable OD_SECRET, which should hold the Open Dental password, is not set. Set it, or change"
        " od_password_from."
    )
