"""The verbs of `apisetup offices`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs

_EXIT_STATUS = "0 done, 2 couldn't"
_CONFIRMED = "0 done, 1 not confirmed, so nothing was done, 2 couldn't"


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    listing = verbs.plain("list", "list the offices", _EXIT_STATUS)
    listing.add_argument("--json", action="store_true", help="print the result as JSON")
    _add_addition(
        verbs.plain("add", "add the practice of --url, with its connection options, under a name", _EXIT_STATUS)
    )
    remove = verbs.plain("remove", "remove an office from the configuration file; nothing else is removed", _CONFIRMED)
    remove.add_argument("name", metavar="NAME", help="the office's name")
    _add_confirmation(remove)
    _add_import(
        verbs.plain("import", "import offices from Open Dental's own files or from its central manager", _CONFIRMED)
    )


def _add_addition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="the office's name")
    parser.add_argument(
        "--password-from",
        metavar="SOURCE",
        help="where the password comes from: prompt, env:NAME, file:PATH, command:WORDS or keyring",
    )
    parser.add_argument("--od-user", metavar="NAME", help="the Open Dental user that commands sign in as")
    parser.add_argument(
        "--od-password-from", metavar="SOURCE", help="where that user's password comes from, as for --password-from"
    )
    parser.add_argument(
        "--companion",
        metavar="FILE",
        help="the companion file, or the URL of a shared companion, instead of the file next to the configuration file",
    )
    parser.add_argument(
        "--companion-password-from",
        metavar="SOURCE",
        help="where the password of a shared companion comes from: env:NAME, file:PATH, command:WORDS or keyring",
    )
    parser.add_argument(
        "--companion-key-from",
        metavar="SOURCE",
        help="where the companion's encryption key comes from, instead of the key file next to it",
    )
    parser.add_argument("--production", action="store_true", help="show PRODUCTION in the first line")
    parser.add_argument(
        "--lock-after-minutes", type=int, metavar="N", help="lock the screen after N minutes of inactivity"
    )
    parser.add_argument("--dry-run", action="store_true", help="only print what would be done; write nothing")


def _add_import(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("file", metavar="FILE", nargs="?", help="a workstation's FreeDentalConfig.xml")
    parser.add_argument("--name", metavar="NAME", help="the name of the workstation's office")
    parser.add_argument("--central", action="store_true", help="import from the central manager's database at --url")
    parser.add_argument(
        "--host",
        metavar="HOST",
        help="the server's name as seen from this computer (HOST or HOST:PORT); with --central, the central manager's"
        " server",
    )
    _add_confirmation(parser)


def _add_confirmation(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--dry-run", action="store_true", help="only print what would be done; write nothing")
    parser.add_argument("--yes", action="store_true", help="don't ask for confirmation")
