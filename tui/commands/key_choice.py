"""The keys that a command works on, as the command line chooses them."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

from core.base.errors import ConfigurationError, HeadquartersError
from core.diagnosis.key_target import find_by_ending
from core.filtering.terms import FilterError, split_terms
from core.keys.filter import parse_key_filter
from tui.commands.outcome import report_error

if TYPE_CHECKING:
    from core.model.api_key import ApiKey, KeyList
    from core.model.developer_use import DeveloperUse
    from tui.session import Session

LONGEST_ENDING = 8
"""The length of the longest text that names a key without being one: a short fingerprint has seven characters."""


def read_keys(session: Session, *, for_change: bool = False) -> tuple[KeyList, bool]:
    """Return the keys, after asking headquarters for its list where it manages them.

    Args:
        session: The open office.
        for_change: True to fail if no list comes, since nothing can be changed without it.

    Returns:
        The keys, and False if headquarters didn't answer, or wasn't asked for a user without the permission Setup, so
        that they may be out of date.

    Raises:
        HeadquartersError: No list came, and one is needed.
    """
    keys = session.office.keys
    if not keys.is_remote:
        return keys.list(), True
    if not session.asks_headquarters:
        # Its answer would be written to the practice's copy.
        return keys.list(), False
    try:
        fetched = keys.fetch()
    except HeadquartersError as error:
        if for_change:
            raise
        report_error(error)
        return keys.list(), False
    return (keys.apply_list(session.actor, fetched) if fetched is not None else keys.list()), True


def refuse_whole_key(*endings: str) -> None:
    """Check that no option holds a whole key: other users of this computer can read command lines.

    Raises:
        ConfigurationError: One is longer than any ending.
    """
    if any(len(ending.strip()) > LONGEST_ENDING for ending in endings):
        raise ConfigurationError(
            "--key takes the last four characters of a key, not a whole key: others can read the command line.",
            "Name the last four characters, or the developer with --developer.",
        )


def choose_keys(options: argparse.Namespace, session: Session, keys: KeyList) -> tuple[ApiKey, ...]:
    """Return the keys that --key, --developer or --filter chooses; all of them without any of these options.

    Raises:
        InvalidInput: Several keys end like the one of --key; the field is `key`.
        FilterError: The filter isn't valid; the error has been pointed out.
    """
    if getattr(options, "key", None):
        targets = [find_by_ending(keys.keys, ending).fingerprint for ending in options.key]
        return tuple(each for each in keys.keys if each.fingerprint in targets)
    if getattr(options, "developer", None) is not None:
        name = options.developer.strip().casefold()
        return tuple(each for each in keys.keys if each.developer.strip().casefold() == name)
    if not options.filter:
        return keys.keys
    with pointing_at_error(options.filter):
        today = session.office.audit.today()
        found = parse_key_filter(options.filter, keys.keys, today, _use(options.filter, session, keys))
    return tuple(filter(found.matches, keys.keys))


@contextmanager
def pointing_at_error(expression: str) -> Iterator[None]:
    """Show the wrong term of a filter, with carets below it, before its error is reported."""
    try:
        yield
    except FilterError as error:
        # One column for each character, so that the carets appear below the wrong word.
        shown = "".join(each if each.isprintable() else "?" for each in expression)
        print(f"  {shown}\n  {' ' * error.start}{'^' * max(1, error.end - error.start)}", file=sys.stderr)
        raise


def _use(expression: str, session: Session, keys: KeyList) -> Mapping[str, DeveloperUse]:
    """Return the use of keys if a filter needs it, after reading what is new in the Audit Trail."""
    if all(term.field != "changed" for term in split_terms(expression)):
        return {}
    return session.office.use.read_to_end([key.developer for key in keys.keys]).developers
