"""The verbs of `apisetup companion`."""

from __future__ import annotations

import argparse

from tui.commands.arguments.grammar import Verbs, add_change_options


def add(noun: argparse.ArgumentParser) -> None:
    """Add the verbs."""
    verbs = Verbs(noun)
    copy = verbs.plain(
        "copy",
        "copy the office's companion to a database that a team shares",
        "0 done, 1 not confirmed, or rows that differ were not copied, 2 couldn't",
    )
    copy.add_argument("--to", metavar="URL", required=True, help="postgresql+psycopg://… or mysql+pymysql://…")
    copy.add_argument(
        "--to-password-from",
        metavar="SOURCE",
        help="where its password comes from: prompt, env:NAME, file:PATH, command:WORDS or keyring",
    )
    copy.add_argument("--to-tls", choices=("verify", "off"), help="how to protect the connection to it, as --tls")
    copy.add_argument("--to-tls-ca", metavar="FILE", help="the authorities that sign its server's certificate (PEM)")
    copy.add_argument("--from", dest="source", metavar="FILE", help="the companion file, instead of the office's own")
    _add_common(copy)
    rotate = verbs.plain(
        "rotate-key",
        "encrypt the keys of the local registry with a new encryption key",
        "0 done, 1 not confirmed, or some texts can't be read, 2 couldn't",
    )
    rotate.add_argument(
        "--new-key-from",
        metavar="SOURCE",
        help="where the new key comes from, for an office with companion_key_from: env:NAME, file:PATH, command:WORDS"
        " or keyring",
    )
    _add_common(rotate)


def _add_common(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print the result as JSON")
    add_change_options(parser)
    # Nobody signs in to an office.
    parser.set_defaults(user=None)
