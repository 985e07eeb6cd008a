"""Reads the facts of a month in an office from the services that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from core.base.errors import ApiSetupError, ConnectionLost, ServerUnreachable
from core.model.month import Month
from core.model.monthly_report import MonthFacts, OfficeInfo, SealFact
from core.opendental.entry_digest import number_moment
from core.reports.own_entries import read_own_entries

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from core.office.office import Office
    from core.seals.seal import Seal

T = TypeVar("T")

KeyReader = Callable[[], tuple["KeyList", bool]]
"""Returns the keys as their authority states them now, and False if they may be out of date."""


class OptionalFacts:
    """Reads one fact after the other. One that can't be read becomes a sentence.

    Attributes:
        unknown: The sentences.
    """

    def __init__(self) -> None:
        self.unknown: list[str] = []

    def read(self, what: str, read: Callable[[], T]) -> T | None:
        """Return a fact, or None if it can't be read.

        Args:
            what: The fact, as the beginning of a sentence.
            read: Reads it.

        Raises:
            ConnectionLost: Nothing can be read any more.
            ServerUnreachable: The same.
        """
        try:
            return read()
        except (ConnectionLost, ServerUnreachable):
            raise
        except ApiSetupError as error:
            self.unknown.append(f"{what} can't be read: {error.sentence}")
            return None


def read_office_info(office: Office, reader: str) -> OfficeInfo:
    """Return what a report says of an office.

    Args:
        office: The open office.
        reader: The name of the user who reads it.

    Raises:
        PracticeUnavailable: The database can't be read.
    """
    now = office.audit.now()
    info = office.info
    return OfficeInfo(
        info.title, info.database, info.host, now.replace(microsecond=0), office.audit.utc_offset(now), reader
    )


def read_month(office: Office, reader: str, month: Month, read_keys: KeyReader) -> MonthFacts:
    """Read the facts of a month. Nothing is written to the practice but headquarters' new list, as `read_keys` does.

    Args:
        office: The open office.
        reader: The name of the user who reads it.
        month: The month; its days are those of the practice's clock.
        read_keys: Returns the keys.

    Raises:
        PracticeUnavailable: The database doesn't answer.
    """
    facts = OptionalFacts()
    info = read_office_info(office, reader)
    listed = facts.read("The list of keys", read_keys)
    keys, current = listed if listed is not None else (None, False)
    entries = facts.read("The changes", lambda: read_own_entries(office.audit, month.first, month.last))
    developers = sorted({key.developer for key in keys.keys}) if keys is not None else []
    use = facts.read("The use of keys", lambda: office.use.in_period(developers, month.first, month.last))
    floor = facts.read("The beginning of the Audit Trail", office.use.floor)
    subscriptions = facts.read("The subscriptions", lambda: office.subscriptions.load(keys))
    facts.unknown += subscriptions.unknown if subscriptions is not None else ()
    verification = facts.read("The last verification", office.last_verification.read)
    seals = facts.read("The seals", office.seals.seals)
    return MonthFacts(
        month,
        info,
        keys,
        current,
        entries.entries if entries is not None else None,
        entries.others if entries is not None else 0,
        use if keys is not None else None,
        floor,
        subscriptions,
        verification,
        tuple(map(seal_fact, seals)) if seals is not None else None,
        tuple(facts.unknown),
    )


def seal_fact(seal: Seal) -> SealFact:
    """Return what a report says of a seal."""
    content = seal.content
    return SealFact(content.number, number_moment(content.sealed_at), content.entries, content.actor, content.root)
