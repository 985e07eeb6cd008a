"""Screens and commands where the character set isn't UTF-8: nothing breaks, and the program says so once."""

from __future__ import annotations

import shutil
import subprocess

import pytest

from tests.support.installed_program import COMMAND, Home
from tests.support.pseudo_terminal import Terminal
from tests.support.thorough import first_of

UTF_8 = {"LC_ALL": "C", "PYTHONUTF8": "1"}
OTHERS = {
    "ISO-8859-1 by PYTHONIOENCODING": ({"PYTHONIOENCODING": "iso-8859-1"}, "iso8859-1"),
    "ASCII by PYTHONIOENCODING": ({"LC_ALL": "C", "PYTHONIOENCODING": "ascii:strict"}, "ascii"),
    "LC_ALL=C without UTF-8 mode": ({"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
    "LC_ALL=POSIX without UTF-8 mode": ({"LC_ALL": "POSIX", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}, "ascii"),
}


@pytest.fixture(scope="session")
def latin1(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Compile a locale whose character set is ISO-8859-1, and return the variables that select it."""
    directory = tmp_path_factory.mktemp("locales")
    program = shutil.which("localedef")
    if program is None:
        pytest.skip("there is no localedef to make a locale with")
    made = subprocess.run(
        [program, "-i", "en_US", "-f", "ISO-8859-1", str(directory / "en_US.ISO-8859-1")], capture_output=True
    )
    if made.returncode:
        pytest.skip(f"localedef makes no locale: {made.stderr.decode(errors='replace')[:200]}")
    return {"LOCPATH": str(directory), "LANG": "en_US.ISO-8859-1"}


def assert_drawn_in_ascii(terminal: Terminal, encoding: str) -> None:
    terminal.wait_for("~9511 ")
    terminal.wait_for("This terminal's character set is")
    terminal.wait_for(encoding)
    terminal.wait_for(r"\+-{10,}\+")
    assert rb"\u" not in terminal.output
    assert not [byte for byte in terminal.output if 0x80 <= byte < 0xA0]


@first_of(2, ("env", "encoding"), OTHERS.values(), ids=OTHERS)
def test_screens_are_drawn_in_ascii(installed_home: Home, env: dict[str, str], encoding: str) -> None:
    with installed_home.start("--demo", env={"LANG": "", **env}) as terminal:
        assert_drawn_in_ascii(terminal, encoding)
        assert terminal.output.isascii() is (encoding == "ascii")


def test_screens_are_drawn_in_ascii_in_a_latin_1_locale(installed_home: Home, latin1: dict[str, str]) -> None:
    with installed_home.start("--demo", env=latin1) as terminal:
        assert_drawn_in_ascii(terminal, "iso8859-1")


@first_of(
    3,
    "env",
    [{"LANG": "en_US.UTF-8"}, {"LC_ALL": "C"}, {"LC_ALL": "POSIX"}, {"LANG": ""}, UTF_8, {"LANG": "xx_YY.unknown"}],
    ids=["missing UTF-8 locale", "C", "POSIX", "none", "UTF-8 mode", "unknown"],
)
def test_where_nothing_else_is_asked_for_screens_are_utf_8(installed_home: Home, env: dict[str, str]) -> None:
    """Python takes the locales C and POSIX for UTF-8, which nearly all terminals are."""
    with installed_home.start("--demo", env={"LANG": "", **env}) as terminal:
        terminal.wait_for("…9511 ")
        terminal.wait_for("Keys  12 · 9 on · local registry")
        assert "character set" not in terminal.text


def test_what_is_typed_on_a_latin_1_terminal_arrives(installed_home: Home) -> None:
    with installed_home.start("--demo", env={"LANG": "", "PYTHONIOENCODING": "iso-8859-1"}) as terminal:
        terminal.wait_for("Appointment Bridge")
        terminal.press("/")
        before = len(terminal.output)
        terminal.send("Jos\xe9".encode("iso-8859-1"))
        # The letters may be drawn one by one.
        terminal.wait_until(lambda: b"\xe9" in terminal.output[before:], "the letter is shown in ISO-8859-1")
        terminal.wait_for("^. Jos\N{REPLACEMENT CHARACTER} ")  # as a terminal shows it that expects UTF-8


@pytest.mark.parametrize("encoding", ["ascii", "iso-8859-1", "ascii:strict"])
def test_a_command_writes_what_the_character_set_lacks_as_escapes(installed_home: Home, encoding: str) -> None:
    installed_home.write_configuration('[offices."Zahnärzte 日本"]\nfile = "x.sqlite3"\n')
    with Terminal(
        COMMAND, "offices", "list", env={**installed_home.environment, "LC_ALL": "C", "PYTHONIOENCODING": encoding}
    ) as terminal:
        assert terminal.exit_status() == 0
        assert rb"\u65e5\u672c" in terminal.output
