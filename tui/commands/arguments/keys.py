"""The verbs of `apisetup keys`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs, add_key_choice, add_key_filter


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    add_key_filter(verbs.reading("list", "list the API keys", found="the list may be out of date"))
    show = verbs.reading("show", "show API keys with everything that is known about them", found="no key was found")
    add_key_choice(show)
    show.add_argument("--reveal", action="store_true", help="print each key in full; this is logged")
    disable = verbs.changing("disable", "disable API keys")
    add_key_choice(disable).add_argument(
        "--continue",
        dest="continues",
        action="store_true",
        help="continue disabling a developer's keys in several offices where it was interrupted",
    )
    disable.add_argument("--end-subscriptions", action="store_true", help="also end the subscriptions of each key")
    add_key_choice(verbs.changing("enable", "enable API keys that the office disabled")).add_argument(
        "--receipt",
        metavar="FILE",
        help="exactly the keys that this receipt of `keys disable --developer NAME --all-offices` disabled",
    )
    add_key_choice(verbs.changing("remove", "remove API keys from the local registry that were added by mistake"))
