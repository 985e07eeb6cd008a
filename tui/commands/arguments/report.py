"""The options of `apisetup report`: which month, and which file."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import add_shared_options, add_sign_in_options


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_shared_options(parser, default=argparse.SUPPRESS)
    add_sign_in_options(parser)
    parser.epilog = "exit status: 0 done, 1 an office, or a part of one, couldn't be read, 2 couldn't"
    parser.add_argument(
        "--month", metavar="MONTH", default="last", help="the month: 2026-11, this, or last for the one before (last)"
    )
    parser.add_argument(
        "--output",
        metavar="FILE",
        help="the HTML file to write (apisetup-report-MONTH.html); with --json only if named",
    )
    parser.add_argument("--replace", action="store_true", help="replace the file if it already exists")
