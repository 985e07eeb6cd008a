"""The verbs of `apisetup subscriptions`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    verbs.reading("list", "list who is sent what changes", found="a subscription is late or has an alert")
    _add_choice(verbs.changing("end", "end subscriptions; they can be resumed"))
    _add_choice(verbs.changing("resume", "resume subscriptions that were ended"))
    _add_choice(verbs.changing("delete", "delete subscriptions; only their developers can make them again"))


def _add_choice(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("number", metavar="NUMBER", nargs="*", type=int, help="the numbers that the list shows")
    parser.add_argument("--developer", metavar="NAME", help="all subscriptions of this developer, instead of numbers")
