"""The options of `apisetup why`: which key, and what its developer saw."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import add_shared_options, add_sign_in_options


def add(parser: argparse.ArgumentParser) -> None:
    """Add the options."""
    add_shared_options(parser, default=argparse.SUPPRESS)
    add_sign_in_options(parser)
    parser.epilog = "exit status: 0 the office's side is in order, 1 a cause was found, 2 could not look at everything"
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
