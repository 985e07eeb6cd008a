"""The verbs of `apisetup audit`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    search = verbs.reading("search", "print entries of the Audit Trail, newest first")
    _add_days(search)
    _add_filter(search, "print")
    search.add_argument(
        "--limit", metavar="N", type=int, default=100, help="the maximum number of entries (100); 0 for all"
    )
    verify = verbs.reading(
        "verify",
        "check the hash of every entry of the Audit Trail, or of those of some days",
        found="entries that were altered, deleted or have no hash",
    )
    _add_days(verify)
    export = verbs.reading("export", "export entries of the Audit Trail to a file, newest first. The export is logged")
    _add_days(export)
    export.add_argument("file", metavar="FILE", help="the file to write; its name must end in .csv or .jsonl")
    _add_filter(export, "export")
    export.add_argument("--replace", action="store_true", help="replace the file if it already exists")
    export.add_argument("--excel", action="store_true", help="start a .csv file with a byte order mark, for Excel")


def _add_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="DATE", help="the first day: 2024-11-01, today, yesterday, 10d")
    parser.add_argument("--until", metavar="DATE", help="the last day")


def _add_filter(parser: argparse.ArgumentParser, verb: str) -> None:
    parser.add_argument(
        "--filter", metavar="FILTER", default="", help=f"""the entries to {verb}, such as 'user:admin text:"API key"'"""
    )
