"""`apisetup help`, own keys, the mouse, the man page and completion, as the installed program has them."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from tests.support.installed_program import Home
from tests.support.pseudo_terminal import ROOT, Terminal

SHARE = ROOT / "tui" / "share"


# -- help ----------------------------------------------------------------------------


def test_help_prints_a_page_wrapped_to_the_width(home: Home) -> None:
    ended = home.run("help", "connecting", COLUMNS="60")
    assert (ended.returncode, ended.stderr) == (0, "")
    lines = ended.stdout.splitlines()
    assert lines[:2] == ["Connecting and rights", "====================="]
    prose = [line for line in lines if not line.startswith("    ")]
    assert max(map(len, prose)) <= 60
    assert "\x1b" not in ended.stdout


def test_help_without_a_topic_lists_the_topics(home: Home) -> None:
    ended = home.run("help")
    assert ended.returncode == 0
    assert "audit-trail" in ended.stdout


def test_an_unknown_topic_lists_the_topics(home: Home) -> None:
    ended = home.run("help", "qqq\x1b[2J")
    assert (ended.returncode, ended.stdout) == (2, "")
    assert ended.stderr.startswith("apisetup: The manual has no topic qqq␛[2J. Topics are: index, connecting, ")
    assert len(ended.stderr.splitlines()) == 1


def test_help_shows_own_keys(home: Home) -> None:
    home.write_configuration('[keys]\nadd-key = "B"\n')
    assert " 1. `B` opens the form." in home.run("help", "api-setup").stdout


def test_help_works_with_a_broken_configuration(home: Home) -> None:
    home.write_configuration('[keys]\nadd-key = "k"\n')
    ended = home.run("help", "api-setup")
    assert ended.returncode == 0
    assert " 1. `a` opens the form." in ended.stdout
    assert "line 2, add-key and up would both have the key k." in ended.stderr
    assert ended.stderr.endswith("The manual shows the default keys.\n")


# -- own keys and the mouse ----------------------------------------------------------


def test_own_keys_are_shown_and_obeyed(home: Home) -> None:
    home.write_configuration('[keys]\naudit-trail = "X"\nadd-key = ["B", "f3"]\nhelp = "H"\n')
    with home.start("--demo", columns=120) as terminal:
        terminal.wait_for("^ B Add ")
        terminal.press("t")
        terminal.press("H")
        terminal.wait_for("B, F3 +Add an API key for this practice")
        terminal.press("escape")
        terminal.wait_for("4 Audit trail")
        terminal.press("X")
        terminal.wait_for("─ Entries ")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ('[keys]\nadd-kee = "N"', "line 2, there is no action add-kee. Did you mean add-key?"),
        ('[keys]\nadd-key = "r"', "line 2, add-key and reload would both have the key r."),
        ("[keys]\nadd-key = 5", "line 2, keys.add-key must be a text"),
    ],
)
def test_unusable_own_keys_are_refused_with_line_and_names(home: Home, text: str, sentence: str) -> None:
    home.write_configuration(text)
    with home.start(columns=400) as terminal:
        assert terminal.exit_status() == 2
        assert sentence in terminal.text


def test_the_mouse_is_off_by_default(home: Home) -> None:
    with home.start_ready("--demo") as terminal:
        terminal.type("\x1b[<0;10;12M\x1b[<0;10;12m")
        terminal.press("down")
        terminal.wait_for("▌ Canopy")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert b"\x1b[?1000h" not in terminal.output
        assert b"\x1b[?1003h" not in terminal.output


def test_a_click_chooses_a_row_a_place_and_a_key_of_the_last_line(home: Home) -> None:
    home.write_configuration("mouse = true\n")
    with home.start_ready("--demo") as terminal:
        assert b"\x1b[?1000h" in terminal.output
        # A terminal that reports each movement would send much over a slow line.
        assert b"\x1b[?1003h" not in terminal.output
        click_on(terminal, "Canopy")
        terminal.wait_for("▌ Canopy")
        click_on(terminal, "? Help")
        terminal.wait_for("Keys that work here")
        terminal.press("escape")
        terminal.wait_for("4 Audit trail")
        click_on(terminal, "4 Audit trail")
        terminal.wait_for("─ Entries ")
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert terminal.output.rindex(b"\x1b[?1000l") > terminal.output.rindex(b"\x1b[?1000h")


def click_on(terminal: Terminal, text: str) -> None:
    line = next(number for number, row in enumerate(terminal.screen.display, 1) if text in row)
    column = terminal.screen.display[line - 1].index(text) + 1
    terminal.type(f"\x1b[<0;{column};{line}M\x1b[<0;{column};{line}m")


def test_a_theme_of_the_configuration_is_used(home: Home) -> None:
    home.write_configuration('theme = "nord"\n')
    with home.start_ready("--demo", COLORTERM="truecolor") as terminal:
        terminal.press("ctrl+q")
        assert terminal.exit_status() == 0
        assert any(codes.startswith(("38;2;", "48;2;")) or ";38;2;" in codes for codes in terminal.color_codes())


# -- the man page and completion -----------------------------------------------------


@pytest.mark.skipif(shutil.which("man") is None, reason="needs man")
def test_the_man_page_is_shown_without_complaints() -> None:
    shown = subprocess.run(
        ["man", "--warnings", "-l", str(SHARE / "man/man1/apisetup.1")],
        capture_output=True,
        text=True,
        check=True,
        env={"PATH": "/usr/bin:/bin", "MANWIDTH": "80", "LANG": "C.UTF-8"},
    )
    assert shown.stderr == ""
    assert "apisetup audit export" in shown.stdout
    assert "--password-from SOURCE" in shown.stdout


def complete_in_bash(*words: str) -> list[str]:
    """Return what bash offers for the last of some words."""
    script = f"""
        source {SHARE / "bash-completion/completions/apisetup"}
        COMP_WORDS=({" ".join(repr(word) for word in words)})
        COMP_CWORD={len(words) - 1}
        $(complete -p apisetup | sed 's/.*-F \\([^ ]*\\).*/\\1/') apisetup
        printf '%s\\n' "${{COMPREPLY[@]}}"
    """
    ended = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=True)
    return ended.stdout.split()


@pytest.mark.parametrize(
    ("words", "offered"),
    [
        (("apisetup", "au"), ["audit"]),
        (("apisetup", "audit", ""), ["export", "proof", "seal", "seal-key", "seals", "search", "verify"]),
        (("apisetup", "--th"), ["--theme"]),
        (("apisetup", "--theme", "apisetup-"), ["apisetup-dark", "apisetup-light"]),
        (("apisetup", "--authority", ""), ["headquarters", "local"]),
        (("apisetup", "help", "key"), ["keyboard", "keys"]),
    ],
)
def test_bash_completes_commands_options_and_values(words: tuple[str, ...], offered: list[str]) -> None:
    assert sorted(complete_in_bash(*words)) == offered


def test_bash_completes_files(tmp_path: Path) -> None:
    (tmp_path / "certificate.pem").touch()
    assert complete_in_bash("apisetup", "--tls-ca", f"{tmp_path}/cert") == [f"{tmp_path}/certificate.pem"]


@pytest.mark.parametrize(
    ("shell", "path"), [("zsh", "zsh/site-functions/_apisetup"), ("fish", "fish/vendor_completions.d/apisetup.fish")]
)
def test_other_shells_accept_their_completion(shell: str, path: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"needs {shell}")
    subprocess.run([shell, "-n", str(SHARE / path)], check=True, capture_output=True)
