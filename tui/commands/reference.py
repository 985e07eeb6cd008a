"""Writes the files that are made from the command line's parser and from the tables of keys and settings.

`python -m tui.commands.reference` writes the lists in the manual, the man page, and the completion of three shells.
A test compares them. Needs `shtab`, which is installed with the tests.
"""

from __future__ import annotations

import argparse
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from core.base.file_status import file_status
from core.check.grant_script import GrantTarget, grant_statements
from tui.commands.parser import ENVIRONMENT, EXIT_STATUS, build_parser
from tui.manual.blocks import Generator, fill, table
from tui.manual.pages import PAGES, TOPICS

DIRECTORY = Path(__file__).parents[1] / "share"
"""The files that an installation copies below `share`, in the same directories."""

_COMPLETIONS = {
    "bash": "bash-completion/completions/apisetup",
    "zsh": "zsh/site-functions/_apisetup",
    "fish": "fish/vendor_completions.d/apisetup.fish",
}
_MAN_PAGE = "man/man1/apisetup.1"


def main() -> None:
    """Write all files whose content has changed."""
    for path, content in generated_files().items():
        if file_status(path) is None or path.read_text(encoding="utf-8") != content:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
            print(path)


def generated_files() -> dict[Path, str]:
    """Return the content of each file that is generated, or has generated parts."""
    commands = tuple(_commands(build_parser()))
    generators: dict[str, Generator] = {"commands": partial(_reference, commands), "grants": _grants}
    pages = {each.path: fill(each.text, generators) for each in PAGES}
    completions = {DIRECTORY / file: _completion(shell) for shell, file in _COMPLETIONS.items()}
    return {**pages, DIRECTORY / _MAN_PAGE: _man_page(commands), **completions}


# -- the parser --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Command:
    """A command of the program, such as `apisetup audit verify`, or the program itself."""

    name: str
    parser: argparse.ArgumentParser
    inherited: frozenset[str]
    """The options that the program itself has, too."""

    @property
    def usage(self) -> str:
        """The usage on one line, with `OPTIONS` for those that the program itself has."""
        arguments = [_metavar(each) for each in self._actions if not each.option_strings]
        return " ".join((self.name, "[OPTIONS]", *arguments))

    @property
    def description(self) -> str:
        """The description of the command."""
        return self.parser.description or ""

    @property
    def exit_status(self) -> str:
        """The exit statuses and what they mean."""
        epilog = self.parser.epilog or ""
        return EXIT_STATUS if "environment" in epilog else epilog.partition("exit status: ")[2]

    @property
    def rows(self) -> tuple[tuple[str, str], ...]:
        """The arguments and options with what they mean, without those that the program itself has."""
        return tuple((_shown(each), each.help or "") for each in self._actions)

    @property
    def _actions(self) -> Iterator[argparse.Action]:
        for each in self.parser._actions:
            if not isinstance(each, argparse._SubParsersAction) and not self.inherited & set(each.option_strings):
                yield each


def _commands(parser: argparse.ArgumentParser, inherited: frozenset[str] = frozenset()) -> Iterator[_Command]:
    """Yield the program and its commands. A command that only has commands of its own is left out."""
    nested = [each for each in parser._actions if isinstance(each, argparse._SubParsersAction)]
    if not nested or not inherited:
        yield _Command(parser.prog, parser, inherited)
    options = inherited or frozenset(option for each in parser._actions for option in each.option_strings)
    for action in nested:
        for each in action.choices.values():
            yield from _commands(each, options)


def _shown(action: argparse.Action) -> str:
    """Return an argument or option as it is written, such as `--tls {verify,off}`."""
    if not action.option_strings:
        return _metavar(action)
    value = "" if action.nargs == 0 else f" {_metavar(action)}"
    return ", ".join(f"{option}{value}" for option in action.option_strings)


def _metavar(action: argparse.Action) -> str:
    name = f"{{{','.join(map(str, action.choices))}}}" if action.choices else str(action.metavar or action.dest)
    return f"[{name}]" if action.nargs in ("?", "*") and not action.option_strings else name


# -- the manual --------------------------------------------------------------------------------------------------------


def _reference(commands: Sequence[_Command], _names: Sequence[str]) -> str:
    """Return the Markdown of all commands."""
    program, *others = commands
    parts = [_command_section(program, "apisetup")]
    parts += [_command_section(each, each.name) for each in others]
    rows = [(f"`{name}`", _sentence(meaning)) for name, meaning in ENVIRONMENT]
    parts.append("## Environment variables\n\n" + table(("variable", "meaning"), rows))
    return "\n\n".join(parts)


def _grants(_names: Sequence[str]) -> str:
    """Return the script for a database user with all rights."""
    return "\n".join(("```sql", *grant_statements(GrantTarget()), "```"))


def _command_section(command: _Command, title: str) -> str:
    parts = [f"## {title}", f"```sh\n{command.usage}\n```", command.description]
    rows = [(f"`{name}`", _sentence(meaning)) for name, meaning in command.rows]
    if rows:
        parts.append(table(("option", "what it does"), rows))
    if command.exit_status:
        parts.append(f"Exit status: {command.exit_status}.")
    return "\n\n".join(parts)


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith('.') else '.'}"


# -- the man page ------------------------------------------------------------------------------------------------------


def _man_page(commands: Sequence[_Command]) -> str:
    """Return the man page, in roff."""
    program, *others = commands
    lines = ['.TH APISETUP 1 "" apisetup "User Commands"']
    lines += [".SH NAME", r"apisetup \- Open Dental's API Setup in a terminal", ".SH SYNOPSIS"]
    lines += [line for each in commands for line in (f".B {_roff(each.usage)}", ".br")]
    lines += [".SH DESCRIPTION", _roff(program.description), ".SH OPTIONS", *_definitions(program.rows)]
    lines += [".SH COMMANDS"]
    for each in others:
        lines += [f".SS {_roff(each.name)}", _roff(each.description), *_definitions(each.rows)]
        lines += [".PP", f"Exit status: {_roff(each.exit_status)}."] if each.exit_status else []
    lines += [".SH ENVIRONMENT", *_definitions(ENVIRONMENT), ".SH EXIT STATUS", f"{_roff(EXIT_STATUS)}."]
    lines += [".SH SEE ALSO", ".B apisetup help", "prints the manual. Its topics are:", _roff(", ".join(TOPICS)) + "."]
    return "\n".join(lines) + "\n"


def _definitions(rows: Sequence[tuple[str, str]]) -> Iterator[str]:
    for name, meaning in rows:
        yield from (".TP", f".B {_roff(name)}", f"{_roff(_sentence(meaning))}")


def _roff(text: str) -> str:
    """Return a text with the characters escaped that roff takes for commands or hyphens."""
    escaped = text.replace("\\", r"\e").replace("-", r"\-").replace("'", r"\(aq")
    return re.sub(r"^\.", r"\\&.", escaped)


# -- completion --------------------------------------------------------------------------------------------------------


def _completion(shell: str) -> str:
    """Return the script that completes commands, options, files, themes and topics in a shell."""
    import shtab

    from tui.themes import THEMES

    parser = build_parser()
    for each in _all_actions(parser):
        if each.metavar == "FILE":
            each.complete = shtab.FILE  # type: ignore[attr-defined]  # shtab reads this attribute
        elif each.dest == "theme":
            each.choices = tuple(THEMES)
        elif each.dest == "topic":
            each.choices = TOPICS
    return str(shtab.complete(parser, shell)).rstrip("\n") + "\n"


def _all_actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    for each in parser._actions:
        yield each
        if isinstance(each, argparse._SubParsersAction):
            for nested in each.choices.values():
                yield from _all_actions(nested)


if __name__ == "__main__":
    main()
