"""The command-line parser. Importing this module is cheap, so that `--help` answers at once."""

from __future__ import annotations

import argparse
from typing import NoReturn

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

_EPILOG = "\n".join(
    (
        "environment:",
        *(f"  {name:<21} {meaning}" for name, meaning in ENVIRONMENT),
        "",
        f"exit status: {EXIT_STATUS}",
    )
)


class _HelpFormatter(argparse.HelpFormatter):
    """Wraps each line of a description or an epilog at the terminal's width, lines of two columns with an indent."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        return "\n".join(self._wrap(line, width, indent) for line in text.splitlines())

    @staticmethod
    def _wrap(line: str, width: int, indent: str) -> str:
        import textwrap

        _, gap, rest = line[2:].partition("  ") if line.startswith("  ") else ("", "", "")
        column = len(line) - len(rest.lstrip()) if gap else 0
        return textwrap.fill(line, width, initial_indent=indent, subsequent_indent=indent + " " * column)


class _Version(argparse.Action):
    """Looks up the version only if it is asked for; looking it up at every start would slow each one down."""

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from importlib.metadata import version

        print(f"apisetup {version('apisetup')}")
        parser.exit()


class _Parser(argparse.ArgumentParser):
    """A parser whose error messages show control characters in arguments instead of sending them to the terminal."""

    def error(self, message: str) -> NoReturn:
        """Print the usage and an error, and exit with status 2."""
        from tui.widgets.safe_text import sanitize

        super().error(sanitize(message))


def build_parser() -> _Parser:
    """Build the parser of the command line, with all commands."""
    parser = _Parser(
        prog="apisetup",
        description="Open Dental's API Setup in a terminal: who may read and write a practice's patient data."
        " Without options it opens the office of the configuration file, or lists them if there are several. If there"
        " is none, it opens its own practice in an SQLite file.",
        epilog=_EPILOG,
        formatter_class=_HelpFormatter,
        allow_abbrev=False,
    )
    parser.add_argument("--version", action=_Version, nargs=0, help="show program's version number and exit")
    parser.add_argument("--theme", metavar="NAME", help="the colors: ansi (the default), apisetup-dark, nord, ...")
    _add_shared(parser)
    # Without SUPPRESS, a command's defaults would overwrite the options given before the command's name.
    shared = _Parser(add_help=False, argument_default=argparse.SUPPRESS)
    _add_shared(shared)
    summary = "verify or export the Audit Trail"
    commands = parser.add_subparsers(dest="command", metavar="command")
    _add_audit(
        commands.add_parser("audit", allow_abbrev=False, help=summary, description=_sentence(summary)),
        shared,
    )
    summary = "check whether everything works in a practice, without writing to it"
    _add_check(
        commands.add_parser(
            "check",
            parents=[shared],
            allow_abbrev=False,
            help=summary,
            description=_sentence(summary),
            epilog="exit status: 0 success, 1 something is missing or not safe, 2 could not be checked",
        )
    )
    summary = "why the API doesn't work, for one key or for the practice"
    _add_why(
        commands.add_parser(
            "why",
            parents=[shared],
            allow_abbrev=False,
            help=summary,
            description=_sentence(summary),
            epilog="exit status: 0 the office's side is in order, 1 a cause was found, 2 could not look at everything",
        )
    )
    for name, summary, found in (
        ("subscriptions", "list who is sent what changes", "one is late or has an alert"),
        ("payment-types", "list the payment types in their order", "the API's default can't be used"),
    ):
        listing = commands.add_parser(
            name,
            parents=[shared],
            allow_abbrev=False,
            help=summary,
            description=_sentence(summary),
            epilog=f"exit status: 0 success, 1 {found}, 2 could not be read",
        )
        listing.add_argument("--user", metavar="NAME", help="the Open Dental user to sign in as; else APISETUP_OD_USER")
        listing.add_argument("--json", action="store_true", help="print the list as JSON")
    summary = "list, add, remove or import the offices of the configuration file"
    _add_offices(
        commands.add_parser("offices", allow_abbrev=False, help=summary, description=_sentence(summary)),
        shared,
    )
    summary = "print a page of the manual"
    _add_help(
        commands.add_parser(
            "help",
            allow_abbrev=False,
            help=summary,
            description=_sentence(summary),
            epilog="exit status: 0 success, 2 no such topic",
        )
    )
    return parser


def _add_shared(parser: argparse.ArgumentParser) -> None:
    """Add the options that every command has: those that choose a practice, and --debug."""
    parser.add_argument(
        "--demo", action="store_true", help="open a practice with sample data that is deleted at the end"
    )
    parser.add_argument("--office", metavar="NAME", help="open an office from the configuration file")
    parser.add_argument("--config", metavar="FILE", help="the configuration file, instead of APISETUP_CONFIG")
    parser.add_argument("--url", metavar="URL", help="open a practice: mysql+pymysql://user@host:3306/opendental")
    parser.add_argument("--read-only", action="store_true", help="write nothing to the practice, not even the sign-in")
    parser.add_argument(
        "--tls",
        choices=("verify", "off"),
        help="how to protect the connection to a server. verify is the default for other computers; a connection on"
        " this computer is encrypted if the server offers it",
    )
    parser.add_argument(
        "--tls-ca", metavar="FILE", help="the certificate authorities that sign the server's certificate (PEM)"
    )
    parser.add_argument("--tls-cert", metavar="FILE", help="the client certificate, if the server requires one (PEM)")
    parser.add_argument(
        "--tls-key", metavar="FILE", help="the client certificate's key, if it is in another file (PEM)"
    )
    parser.add_argument(
        "--server-public-key",
        metavar="FILE",
        help="the server's public key (PEM), which encrypts the password on connections without TLS",
    )
    parser.add_argument(
        "--authority",
        choices=("local", "headquarters"),
        help="who manages the keys of a practice on a server: headquarters (the default), or a registry on this"
        " computer",
    )
    parser.add_argument(
        "--debug",
        action="store_true",
        help="log the statements, and errors with their causes, to a file without secrets",
    )


def _add_audit(parser: argparse.ArgumentParser, shared: _Parser) -> None:
    """Add the subcommands of `audit`."""
    commands = parser.add_subparsers(dest="audit_command", required=True, metavar="command")
    common = _Parser(add_help=False, parents=[shared])
    common.add_argument("--user", metavar="NAME", help="the Open Dental user to sign in as (default: APISETUP_OD_USER)")
    common.add_argument("--since", metavar="DATE", help="the first day: 2024-11-01, today, yesterday, 10d")
    common.add_argument("--until", metavar="DATE", help="the last day")
    verify = commands.add_parser(
        "verify",
        parents=[common],
        allow_abbrev=False,
        help="check the hash of every entry",
        description="Check the hash of every entry of the Audit Trail, or of those of some days.",
        epilog="exit status: 0 nothing found, 1 entries that were altered, deleted or have no hash, 2 not checked",
    )
    verify.add_argument("--json", action="store_true", help="print the result as JSON")
    export = commands.add_parser(
        "export",
        parents=[common],
        allow_abbrev=False,
        help="export entries to a file",
        description="Export entries of the Audit Trail to a file, newest first. The export is logged.",
        epilog="exit status: 0 written, 2 not written",
    )
    export.add_argument("file", metavar="FILE", help="the file to write; its name must end in .csv or .jsonl")
    export.add_argument(
        "--filter", metavar="FILTER", default="", help="""the entries to export, such as 'user:admin text:"API key"'"""
    )
    export.add_argument("--replace", action="store_true", help="replace the file if it already exists")
    export.add_argument("--excel", action="store_true", help="start a .csv file with a byte order mark, for Excel")
    export.add_argument("--json", action="store_true", help="print the result as JSON")


def _add_check(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--user", metavar="NAME", help="also check this Open Dental user's permissions")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")


def _add_help(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "topic", metavar="TOPIC", nargs="*", help="the page or the beginning of its name; none lists all pages"
    )


def _add_why(parser: argparse.ArgumentParser) -> None:
    """Add the options of `why`: which key, and what its developer saw."""
    parser.add_argument("--user", metavar="NAME", help="the Open Dental user to sign in as; else APISETUP_OD_USER")
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--developer", metavar="NAME", help="look at the key of this developer")
    which.add_argument("--key", metavar="LAST4", help="look at the key with these last four characters")
    parser.add_argument("--status", metavar="NUMBER", type=int, help="the HTTP status that the developer saw: 401")
    parser.add_argument(
        "--text", metavar="TEXT", default="", help="the answer that the developer saw, or the request that failed"
    )
    parser.add_argument(
        "--workstation", metavar="NAME", default="", help="the computer whose local API the developer calls"
    )
    parser.add_argument(
        "--probe", action="store_true", help="ask whether port 30223 of the update server answers from this computer"
    )
    parser.add_argument("--json", action="store_true", help="write the result as JSON")


def _add_offices(parser: argparse.ArgumentParser, shared: _Parser) -> None:
    """Add the subcommands of `offices`."""
    commands = parser.add_subparsers(dest="offices_command", required=True, metavar="command")
    ending = "exit status: 0 success, 2 failure"

    def command(name: str, summary: str) -> argparse.ArgumentParser:
        description = _sentence(summary)
        return commands.add_parser(
            name, parents=[shared], allow_abbrev=False, help=summary, description=description, epilog=ending
        )

    listing = command("list", "list the offices")
    listing.add_argument("--json", action="store_true", help="print them as JSON")
    add = command("add", "add the practice of --url, with its connection options, under a name")
    add.add_argument("name", metavar="NAME", help="the office's name")
    add.add_argument(
        "--password-from",
        metavar="SOURCE",
        help="where the password comes from: prompt, env:NAME, file:PATH, command:WORDS or keyring",
    )
    add.add_argument(
        "--companion",
        metavar="FILE",
        help="the companion file or the URL of a shared companion, instead of the file next to the configuration file",
    )
    add.add_argument(
        "--companion-password-from",
        metavar="SOURCE",
        help="where the password of a shared companion comes from: env:NAME, file:PATH, command:WORDS or keyring",
    )
    add.add_argument(
        "--companion-key-from",
        metavar="SOURCE",
        help="where the companion's encryption key comes from, instead of the key file next to it",
    )
    add.add_argument("--production", action="store_true", help="show PRODUCTION in the first line")
    add.add_argument(
        "--lock-after-minutes", type=int, metavar="N", help="lock the screen after N minutes of inactivity"
    )
    remove = command("remove", "remove an office from the configuration file; nothing else is removed")
    remove.add_argument("name", metavar="NAME", help="the office's name")
    remove.add_argument("--yes", action="store_true", help="don't ask for confirmation")
    importing = command("import", "import offices from Open Dental's own files or from its central manager")
    importing.add_argument("file", metavar="FILE", nargs="?", help="a workstation's FreeDentalConfig.xml")
    importing.add_argument("--name", metavar="NAME", help="the name of the workstation's office")
    importing.add_argument("--central", action="store_true", help="import from the central manager's database at --url")
    importing.add_argument(
        "--host",
        metavar="HOST",
        help="the server's name as seen from this computer (HOST or HOST:PORT); with --central, the central manager's"
        " server",
    )
    importing.add_argument("--yes", action="store_true", help="don't ask for confirmation")


def _sentence(summary: str) -> str:
    """Return the summary of a command as the sentence that its own help begins with."""
    return f"{summary[:1].upper()}{summary[1:]}."
