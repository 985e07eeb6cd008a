"""The verbs of `apisetup review`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs, add_key_choice

_REVIEW = "the review; by default the one under way, or else the one that ended last"


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    due = verbs.reading("due", "list what needs a decision, by rule", found="something needs a decision")
    due.add_argument("--all", action="store_true", help="also list what a review accepted until a date")
    verbs.reading("status", "say in one line whether something needs a decision", found="something needs a decision")
    _add_start(verbs.changing("start", "start a review of all API keys"))
    verbs.reading("list", "list the reviews")
    shown = verbs.reading("show", "show a review: its keys, what is known of them, and the decisions")
    shown.add_argument("name", metavar="NAME", nargs="?", default="", help=_REVIEW)
    _add_decide(verbs.changing("decide", "decide about API keys in the review that is under way"))
    end = verbs.changing("end", "end the review that is under way")
    end.add_argument(
        "--with-open", action="store_true", help="end it although keys have no decision; its entry names them"
    )
    _add_report(
        verbs.reading(
            "report",
            "write the evidence of a review to a folder. It is logged and, where the trail is sealed, sealed",
            found="the verification found something, or an office or a part of one couldn't be read",
        )
    )


def _add_report(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", nargs="?", default="", help=_REVIEW)
    parser.add_argument(
        "--output",
        metavar="FOLDER",
        help="the folder to write, which must not exist (apisetup-review-DATE, or with a number after it)",
    )
    parser.add_argument("--dry-run", action="store_true", help="only print what would be written; write nothing")


def _add_start(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("name", metavar="NAME", help="its name, such as 'Q4 2026'; the same in all offices")
    parser.add_argument(
        "--from",
        dest="since",
        metavar="DATE",
        help="the first day of its period; by default the day after the last review's period, or a year ago",
    )
    parser.add_argument("--to", dest="until", metavar="DATE", help="the last day of its period; by default today")


def _add_decide(parser: argparse.ArgumentParser) -> None:
    add_key_choice(parser)
    decision = parser.add_mutually_exclusive_group(required=True)
    decision.add_argument("--keep-until", metavar="DATE", help="keep the keys until this day: 2027-01-31")
    decision.add_argument("--disable", action="store_true", help="disable the keys now")
    decision.add_argument("--ask", action="store_true", help="ask the vendor; the keys stay as they are")
    parser.add_argument("--note", metavar="TEXT", default="", help="a note, which the Audit Trail records as well")
    parser.add_argument(
        "--again", action="store_true", help="also decide about keys that have a decision already, in place of it"
    )
