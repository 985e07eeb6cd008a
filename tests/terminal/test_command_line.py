"""The command line: what it prints without a terminal, and wrong usage."""

from __future__ import annotations

import subprocess
import sys
from importlib.metadata import version

import pytest

from tests.support.installed_program import Home, answer
from tests.support.pseudo_terminal import ROOT

SECRET = "p4ssw0rd-in-an-address"


def test_help_lists_options_and_environment_variables(installed_home: Home) -> None:
    completed = installed_home.run("--help")
    assert (completed.returncode, completed.stderr) == (0, "")
    for name in ("--demo", "--url", "--authority", "--debug", "APISETUP_PASSWORD", "APISETUP_CONFIG", "NO_COLOR"):
        assert name in completed.stdout


def test_version_prints_the_version_of_the_package(installed_home: Home) -> None:
    completed = installed_home.run("--version")
    assert (completed.returncode, completed.stdout) == (0, f"apisetup {version('apisetup')}\n")


@pytest.mark.parametrize("columns", [60, 100])
def test_help_wraps_at_the_width_of_the_terminal(home: Home, columns: int) -> None:
    completed = home.run("--help", COLUMNS=str(columns))
    assert columns - 20 < max(map(len, completed.stdout.splitlines())) <= columns


def test_the_second_column_of_the_help_keeps_its_indent(home: Home) -> None:
    completed = home.run("--help", COLUMNS="60")
    assert (
        "  APISETUP_CONFIG       the configuration file; the\n"
        "                        embedded practice and the\n"
        "                        companion files are next to it\n"
    ) in completed.stdout


@pytest.mark.parametrize("options", ["--help", "--version", "audit --help", "audit verify --help"])
def test_help_and_version_import_neither_textual_nor_sqlalchemy(options: str) -> None:
    script = (
        "import atexit, sys\n"
        "atexit.register(lambda: print('imported', *{'textual', 'rich', 'sqlalchemy', 'pymysql'} & set(sys.modules)))\n"
        "from tui.__main__ import main\n"
        "sys.exit(main(sys.argv[1:]))\n"
    )
    command = [sys.executable, "-c", script, *options.split()]
    completed = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=True)
    assert completed.stdout.splitlines()[-1] == "imported"


def test_an_unknown_option_is_wrong_usage(home: Home) -> None:
    completed = home.run("--databse=x")
    assert completed.returncode == 2
    assert "unrecognized arguments: --databse" in completed.stderr


@pytest.mark.parametrize(
    ("arguments", "usage", "meant"),
    [
        (["--dmeo"], "usage: apisetup [-h]", "--demo"),
        (["keys", "list", "--jsno"], "usage: apisetup keys list [-h]", "--json"),
        (["check", "--ofice=Riverside"], "usage: apisetup check [-h]", "--office"),
    ],
)
def test_an_unknown_option_is_refused_with_the_usage_of_its_command_and_the_option_that_was_meant(
    home: Home, arguments: list[str], usage: str, meant: str
) -> None:
    completed = home.run(*arguments)
    assert completed.returncode == 2
    assert completed.stderr.startswith(usage)
    assert f"Did you mean {meant}?" in completed.stderr


@pytest.mark.parametrize(
    ("argument", "shown"),
    [
        (["--pasword", SECRET], "unrecognized arguments: --pasword\n"),
        ([f"--pasword={SECRET}"], "unrecognized arguments: --pasword\n"),
        ([f"-p{SECRET}"], "unrecognized arguments: -p\n"),
    ],
)
def test_the_value_of_an_unknown_option_is_not_shown(home: Home, argument: list[str], shown: str) -> None:
    completed = home.run("keys", "list", *argument)
    assert (completed.returncode, SECRET in completed.stderr) == (2, False)
    assert completed.stderr.endswith(shown)


def test_an_api_key_after_dashes_is_masked(home: Home) -> None:
    completed = home.run("keys", "list", "--Kq7mZt4xWb9sLp2D")
    assert completed.returncode == 2
    assert "unrecognized arguments: --********Lp2D. Never name" in completed.stderr


def test_an_option_that_nothing_is_similar_to_has_no_suggestion(home: Home) -> None:
    completed = home.run("keys", "list", "--developer=ClearPay")
    assert completed.returncode == 2
    assert "Did you mean" not in completed.stderr


def test_the_program_needs_a_terminal(installed_home: Home) -> None:
    completed = installed_home.run("--demo")
    assert (completed.returncode, completed.stdout) == (2, "")
    assert completed.stderr.startswith("apisetup: apisetup needs a terminal")
    assert len(completed.stderr.splitlines()) == 1
    assert not list(installed_home.temporary.iterdir())


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("--demo", "--url", "mysql://u@h/d"), "--demo and --url name different practices."),
        (("--url", f"mysql+pymysql://root:{SECRET}@h/d"), "A password in the address would appear in process lists"),
        (("--url", f"mysql+pymysql://root:{SECRET}/slash@h/d"), "The address after --url is not valid."),
        (("--url", f"postgresql://{SECRET}@h/d"), "The address after --url has an unsupported scheme."),
        (("--url", f"mysql://u@h:{SECRET}/d"), "The address after --url is not valid."),
        (("--url", f"mysql://u@h/d?password={SECRET}"), "The address has unsupported options"),
        (("--url", "mysql://h/d"), "The address needs a user, a host and a database."),
        (("--authority", "headquarters"), "An SQLite practice has no headquarters."),
        (("--tls", "verify"), "An SQLite practice has no network connection."),
        (("--url", "mysql://u@h/d", "--tls", "off", "--tls-ca", "x"), "--tls off and --tls-ca can't be combined."),
        (("--url", "mysql://u@h/d", "--tls-key", "x"), "--tls-key needs --tls-cert."),
        (
            ("--url", "mysql://u@h/d", "--server-public-key", "x"),
            "--server-public-key isn't used with a verified server.",
        ),
        (("--server-public-key", "x"), "An SQLite practice has no server."),
    ],
)
def test_wrong_usage_is_reported_in_one_line(home: Home, arguments: tuple[str, ...], sentence: str) -> None:
    with home.start(*arguments, columns=400) as terminal:
        assert terminal.exit_status() == 2
        assert terminal.text.strip().startswith(f"apisetup: {sentence}")
        assert len(terminal.text.strip().splitlines()) == 1
        assert SECRET.encode() not in terminal.output
        assert b"\x1b[?1049h" not in terminal.output


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[licence]\nfile = 'x'", "line 1, unknown name licence. Did you mean license?"),
        ("[license]\ntitel = 'x'", "line 2, unknown name license.titel. Did you mean license.title?"),
        ("[license\n", "is not TOML"),
        ("license = 3", "license must be a table"),
    ],
)
def test_an_error_in_the_configuration_file_is_reported_with_its_path(home: Home, text: str, sentence: str) -> None:
    home.write_configuration(text)
    with home.start(columns=400) as terminal:
        assert terminal.exit_status() == 2
        assert str(home.configuration) in terminal.text
        assert sentence in terminal.text


def test_a_missing_license_file_is_reported_on_the_screen(home: Home) -> None:
    home.write_configuration("[license]\nfile = 'missing.txt'")
    with home.start(columns=400) as terminal:
        terminal.wait_for("The license text .*missing.txt cannot be read")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 1


def test_the_configured_license_is_shown(home: Home) -> None:
    home.write_configuration("[license]\nfile = 'ours.txt'\ntitle = 'Our [bold]rules[/]'")
    home.configuration.with_name("ours.txt").write_text("Be [red]careful[/red].\n", encoding="utf-8")
    with home.start_ready() as terminal:
        terminal.press("a")
        terminal.wait_for("─ Assign API Key")
        terminal.type("Kq7mZt4xWb9sLp2D")
        terminal.wait_for("Lp2D$")
        terminal.press("ctrl+s")
        terminal.wait_for("^! Please enter the developer's name")
        terminal.type("Dev")
        terminal.wait_for("^ *Developer +Dev ")
        terminal.press("ctrl+s")
        answer(terminal, "─ Continue without an agreement")
        terminal.wait_for(r"─ Our \[bold\]rules\[/\] ─")
        terminal.wait_for(r"^ *Be \[red\]careful\[/red\]\.$")
