"""The options of `apisetup grants`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import add_shared_options


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_shared_options(parser, default=argparse.SUPPRESS)
    parser.description = (
        "Print the script that creates the database user of an office and grants it the rights that apisetup needs."
        " With --read-only, it only reads. Nothing is opened."
    )
    parser.epilog = "exit status: 0 done, 2 couldn't"
    parser.add_argument(
        "--auditor",
        action="store_true",
        help="rights to read, and to record sign-ins and exports in the Audit Trail; customer keys can't be read",
    )
    parser.add_argument(
        "--features",
        metavar="LIST",
        help="only these: settings, keys, payment-types, subscriptions, why, verification (separated by commas)",
    )
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
