"""The command-line parser. Importing this module is cheap, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Collection, Sequence
from importlib import import_module

from tui.commands.arguments.grammar import HelpFormatter, Parser, add_shared_options, sentence

ENVIRONMENT = (
    ("APISETUP_PASSWORD", "the password of the database user for --url; may be empty"),
    ("APISETUP_OD_USER", "for commands: the Open Dental user"),
    ("APISETUP_OD_PASSWORD", "for commands: that user's password; may be empty"),
    ("APISETUP_CONFIG", "the configuration file; the embedded practice and the companion files are next to it"),
    ("NO_COLOR", "no colors"),
    ("ESCDELAY", "milliseconds to wait after Esc for the rest of a key's sequence (500)"),
)
"""The environment variables and what they mean."""

EXIT_STATUS = "0 success, 1 could not start or stopped by an error, 2 wrong usage, 128 + n ended by signal n"
"""The exit statuses of the program without a command."""

COMMANDS = (
    ("keys", "list, show, add, disable, enable or remove API keys"),
    ("settings", "show or change the settings of the API"),
    ("subscriptions", "list, end, resume or delete subscriptions"),
    ("payment-types", "list, add, rename, hide, unhide, move or sort payment types"),
    ("why", "say why the API doesn't work, for one key or for the practice"),
    ("audit", "search, verify, seal or export the Audit Trail"),
    ("review", "list what needs a decision about API keys, and decide about it in a review"),
    ("report", "write the report of a month, for one office or many"),
    ("check", "check whether everything works in a practice, without writing to it"),
    ("grants", "print the script that grants a database user its rights"),
    ("offices", "list, add, remove or import the offices of the configuration file"),
    ("companion", "copy a companion to a server, or rotate its encryption key"),
    ("help", "print a page of the manual"),
)
"""The commands, each with its summary. The module of the same name in `arguments` adds its verbs and options."""

_EPILOG = "\n".join(
    (
        "environment:",
        *(f"  {name:<21} {meaning}" for name, meaning in ENVIRONMENT),
        "",
        f"exit status: {EXIT_STATUS}",
    )
)


class _Version(argparse.Action):
    """Looks up the version only if it is asked for; looking it up at every start would slow each one down."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"apisetup {version('apisetup')}")
        parser.exit()


def parse_arguments(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """Parse a command line; None for that of this process."""
    words = sys.argv[1:] if arguments is None else arguments
    # The options of a command are added only if its name is there: each start would take longer otherwise.
    options = build_parser(words).parse_args(words)
    for name in ("office", "tag"):
        setattr(options, name, [*getattr(options, f"{name}_before"), *getattr(options, name, [])])
    return options


def build_parser(words: Collection[str] | None = None) -> Parser:
    """Build the parser of the command line.

    Args:
        words: The command line; only the commands in it get their verbs and options. None for all of them.
    """
    parser = Parser(
        prog="apisetup",
        description="Open Dental's API Setup in a terminal: who may read and write a practice's patient data."
        " Without options it opens the office of the configuration file, or lists them if there are several. If there"
        " is none, it opens its own practice in an SQLite file.",
        epilog=_EPILOG,
        formatter_class=HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.add_argument("--theme", metavar="NAME", help="the colors: ansi (the default), apisetup-dark, nord, ...")
    add_shared_options(parser)
    commands = parser.add_subparsers(dest="command", metavar="command")
    for name, summary in COMMANDS:
        command = commands.add_parser(
            name, allow_abbrev=False, help=summary, description=sentence(summary), formatter_class=HelpFormatter
        )
        if words is None or name in words:
            import_module(f"tui.commands.arguments.{name.replace('-', '_')}").add(command)
    return parser
