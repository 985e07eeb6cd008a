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
    _add_addition(verbs.changing("add", "add an API key, which is read from standard input or typed"))
    use = verbs.reading(
        "use",
        "show what the developers of API keys changed, by the Audit Trail",
        found="a key is idle, or was used after it was disabled",
    )
    add_key_choice(use, required=False)
    disable = verbs.changing("disable", "disable API keys")
    _add_continue(add_key_choice(disable), "disabling a developer's keys in several offices")
    disable.add_argument("--end-subscriptions", action="store_true", help="also end the subscriptions of each key")
    enabled = add_key_choice(verbs.changing("enable", "enable API keys that the office disabled"))
    enabled.add_argument(
        "--receipt",
        metavar="FILE",
        help="exactly the keys that this receipt of `keys disable --developer NAME --all-offices` disabled; its file or"
        " its number",
    )
    _add_continue(enabled, "enabling what a receipt disabled")
    _add_note(verbs.changing("note", "note the owner, purpose, agreement and review date of API keys"))
    add_key_choice(verbs.changing("remove", "remove API keys from the local registry that were added by mistake"))


def _add_note(parser: argparse.ArgumentParser) -> None:
    add_key_choice(parser)
    parser.add_argument("--owner", metavar="TEXT", help="who in the office answers for the key; '' for nobody")
    parser.add_argument("--purpose", metavar="TEXT", help="what the key is for; '' for nothing")
    parser.add_argument(
        "--baa-date", metavar="DATE", help="the day on which the Business Associate Agreement was signed; '' for none"
    )
    parser.add_argument("--baa-reference", metavar="TEXT", help="where that agreement is filed; '' for nowhere")
    parser.add_argument("--review-date", metavar="DATE", help="when to look at the key again; '' for no day")
    parser.add_argument(
        "--former-name",
        metavar="NAME",
        action="append",
        help="a former name of the key's developer, in place of those noted so far (can be repeated); '' for none",
    )


def _add_continue(choice: argparse._ActionsContainer, change: str) -> None:
    choice.add_argument(
        "--continue", dest="continues", action="store_true", help=f"continue {change} where it was interrupted"
    )


def _add_addition(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--developer", metavar="NAME", help="the developer's name, where the local registry keeps it")
    parser.add_argument("--email", metavar="ADDRESS", help="the developer's e-mail address")
    parser.add_argument("--phone", metavar="NUMBER", help="the developer's telephone number")
    parser.add_argument(
        "--permission",
        metavar="NAME",
        action="append",
        default=[],
        help="a permission of the key, such as ApiReadAll (can be repeated)",
    )
    agreement = parser.add_mutually_exclusive_group()
    agreement.add_argument(
        "--baa-since", metavar="DATE", help="the day on which the Business Associate Agreement was signed: 2024-11-01"
    )
    agreement.add_argument(
        "--no-baa", action="store_true", help="there is no Business Associate Agreement with this developer"
    )
    parser.add_argument(
        "--accept-license",
        metavar="SHA256",
        help="accept the license agreement whose text has this hash; required without a terminal",
    )
