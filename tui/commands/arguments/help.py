"""The argument of `apisetup help`."""

from __future__ import annotations

import argparse


def add(parser: argparse.ArgumentParser) -> None:
    """Add the argument."""
    parser.epilog = "exit status: 0 success, 2 no such topic"
    parser.add_argument(
        "topic", metavar="TOPIC", nargs="*", help="the page or the beginning of its name; none lists all pages"
    )
