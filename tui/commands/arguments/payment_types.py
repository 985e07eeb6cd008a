"""The verbs of `apisetup payment-types`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs

_NAME = "the payment type's name, or its number as the list shows it"


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    verbs.reading("list", "list the payment types in their order", found="the API's default can't be used")
    addition = verbs.changing("add", "add a payment type at the end of the list")
    addition.add_argument("name", metavar="NAME", help="its name")
    addition.add_argument("--no-deposit-slips", action="store_true", help="don't select it for deposit slips at first")
    rename = verbs.changing("rename", "give a payment type another name")
    rename.add_argument("name", metavar="NAME", help=_NAME)
    rename.add_argument("new_name", metavar="NEW-NAME", help="its new name")
    hide = verbs.changing("hide", "hide a payment type")
    hide.add_argument("name", metavar="NAME", help=_NAME)
    hide.add_argument(
        "--replacement", metavar="NAME", help="the type that the API uses from now on, if it uses the one to hide"
    )
    unhide = verbs.changing("unhide", "show a hidden payment type again")
    unhide.add_argument("name", metavar="NAME", help=_NAME)
    move = verbs.changing("move", "move a payment type by one place")
    move.add_argument("name", metavar="NAME", help=_NAME)
    move.add_argument("direction", metavar="{up,down}", choices=("up", "down"), help="where to")
    verbs.changing("sort", "put all payment types in the order of their names")
