"""The facts of an office in every report, and reading facts of which some may be out of reach."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, TypeVar

from core.base.errors import ApiSetupError, ConnectionLost, ServerUnreachable
from core.model.monthly_report import OfficeInfo, SealFact
from core.opendental.entry_digest import number_moment

if TYPE_CHECKING:
    from core.office.office import Office
    from core.seals.seal import Seal

T = TypeVar("T")


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


def seal_fact(seal: Seal) -> SealFact:
    """Return what a report says of a seal."""
    content = seal.content
    return SealFact(content.number, number_moment(content.sealed_at), content.entries, content.actor, content.root)
