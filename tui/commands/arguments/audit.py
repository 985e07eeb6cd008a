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
    verify.add_argument("--seals", action="store_true", help="also compare the entries with the seals")
    verify.add_argument(
        "--seal",
        metavar="FILE",
        action="append",
        default=[],
        help="a file with a seal that was kept elsewhere, or with its printed line (can be repeated)",
    )
    verify.add_argument("--public-key", metavar="FILE", help="the public key that signed the seals (PEM)")
    offline = verify.add_mutually_exclusive_group()
    offline.add_argument(
        "--export", metavar="FILE", help="compare an exported trail (.jsonl) with --seal, without a database"
    )
    offline.add_argument("--proof", metavar="FILE", help="check the proof of one entry, without a database")
    _add_seals(verbs)
    export = verbs.reading(
        "export",
        "export entries of the Audit Trail to a file, newest first. It is logged, unless nothing can be written",
    )
    _add_days(export)
    export.add_argument(
        "file",
        metavar="FILE",
        help="the file to write; its name must end in .csv or .jsonl. With several offices, a directory in which each"
        " office gets a file",
    )
    export.add_argument("--format", choices=("csv", "jsonl"), help="the format of the files of several offices (csv)")
    _add_filter(export, "export")
    export.add_argument("--replace", action="store_true", help="replace the file if it already exists")
    export.add_argument("--excel", action="store_true", help="start a .csv file with a byte order mark, for Excel")


def _add_seals(verbs: Verbs) -> None:
    summary = "seal all entries since the last seal. The seal is logged"
    seal = verbs.reading("seal", summary, found="nothing was sealed, such as if another program did it")
    change = seal.add_mutually_exclusive_group()
    change.add_argument("--rotate", action="store_true", help="create a new key, which signs the seals after this one")
    change.add_argument("--next-key", metavar="FILE", help="the public key that signs the seals after this one (PEM)")
    seal.add_argument(
        "--replace-lost",
        action="store_true",
        help="seal although the Audit Trail records a seal of this number: that seal is lost for good",
    )
    seal.add_argument("--line", action="store_true", help="print the seal as one line, for an email or a ticket")
    seals = verbs.reading("seals", "list the seals in the companion")
    seals.add_argument("--line", action="store_true", help="print each seal as one line")
    verbs.reading("seal-key", "print the public key of the next seal (PEM)")
    proof = verbs.reading("proof", "print the proof that an entry is sealed, as JSON")
    proof.add_argument("number", metavar="NUMBER", type=int, help="the entry's number")


def _add_days(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--since", metavar="DATE", help="the first day: 2024-11-01, today, yesterday, 10d")
    parser.add_argument("--until", metavar="DATE", help="the last day")


def _add_filter(parser: argparse.ArgumentParser, verb: str) -> None:
    parser.add_argument(
        "--filter", metavar="FILTER", default="", help=f"""the entries to {verb}, such as 'user:admin text:"API key"'"""
    )
