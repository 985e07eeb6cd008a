"""The options of `apisetup check`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import add_shared_options


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_shared_options(parser, default=argparse.SUPPRESS)
    parser.epilog = "exit status: 0 success, 1 something is missing or not safe, 2 could not be checked"
    parser.add_argument("--user", metavar="NAME", help="also check this Open Dental user's permissions")
    parser.add_argument("--json", action="store_true", help="print the results as JSON")
