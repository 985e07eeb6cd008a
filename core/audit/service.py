"""The service for the Audit Trail: search, verify and export its entries."""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Iterable
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, or_, select

from core.base.errors import Conflict, EditConflict, EntryGone, PracticeUnavailable
from core.base.recent import Recent
from core.model.key_text import fingerprint_tag
from core.opendental.permission_types import Permission
from core.opendental.schema import SECURITY_LOG

if TYPE_CHECKING:
    from core.audit.activity import Activity
    from core.audit.entry_mapper import EntryMapper
    from core.audit.export import AuditExport
    from core.audit.filter import AuditFilter, Users
    from core.audit.search import AuditSearch
    from core.audit.verification import Verification
    from core.model.actor import Actor
    from core.model.audit_entry import AuditEntry
    from core.model.whole_entry import WholeEntry
    from core.practice.practice import Practice

_logger = logging.getLogger(__name__)

_HISTORY = 500
"""The largest number of entries in the history of a key."""
KEYS_MAX_AGE = 60.0
"""The seconds for which the keys to mask are used again without being read, unless something was changed from here."""
_KINDS_WITH_RECEIPT = (Permission.SETUP, Permission.API_SUBSCRIPTION)
_KINDS_ABOUT_KEYS = (Permission.SETUP, Permission.LICENSE_ACCEPT)


class AuditService:
    """Reads the Audit Trail. What the first screen doesn't need is imported when it's used.

    Args:
        practice: The open practice.
        known_keys: Returns the keys, in clear text, that are masked wherever an entry names them.
    """

    def __init__(self, practice: Practice, known_keys: Callable[[], Iterable[str]]) -> None:
        self._practice = practice
        self._changes_seen = practice.changes
        self._keys = Recent(lambda: tuple(known_keys()), KEYS_MAX_AGE, practice.elapsed)

    def search(self, wanted: AuditFilter) -> AuditSearch:
        """Return a search for entries, with the users and keys that the practice has now."""
        from core.audit.search import AuditSearch

        return AuditSearch(self._practice, wanted, self._maker())

    def verification(self, wanted: AuditFilter) -> Verification:
        """Return a verification of the entries of some days, or of all if the filter has no date."""
        from core.audit.verification import Verification

        return Verification(self._practice, wanted, self._maker())

    def export(
        self,
        actor: Actor,
        wanted: AuditFilter,
        file: Path,
        *,
        may_replace: bool,
        excel: bool = False,
        not_recorded: str = "",
    ) -> AuditExport:
        """Return an export of the entries that a filter shows, to a file from `validate_target`.

        Args:
            actor: The user who exports them.
            wanted: The filter.
            file: The path of the export.
            may_replace: True if an existing export may be replaced.
            excel: True for a CSV file that Excel reads as UTF-8.
            not_recorded: Why nothing is recorded in the practice, from `not_recorded`; empty to record the export.
        """
        from core.audit.export import AuditExport

        search = self.search(wanted)
        return AuditExport(
            self._practice,
            search,
            actor,
            file,
            may_replace=may_replace,
            excel=excel,
            masking=self.masking,
            not_recorded=not_recorded,
        )

    @property
    def masking(self) -> str:
        """The end of the sentence "API keys are", about masking in an export."""
        if self._practice.profile.hides_key_copy:
            return "masked, except those that only the table apikey has, which the database user can't read"
        return "masked"

    @property
    def not_recorded(self) -> str:
        """The reason why a session that can't write records nothing in the practice, as a sentence."""
        reason = self._practice.read_only
        if reason is not None:
            return reason.sentence
        on_server = bool(self._practice.profile.host)
        return "The server refuses to write." if on_server else "The practice's file can't be written."

    def slowness(self) -> str:
        """Return why searching, verifying and exporting is slow: missing indexes, with the statements that create them.

        It's empty if there are none.
        """
        from core.practice.indexes import missing_indexes

        if self._practice.engine.dialect.name == "sqlite":
            return ""
        with self._practice.read() as connection:
            missing = missing_indexes(connection)
        lacks = [f"{each.table} has no index on {each.column}" for each in missing]
        if not lacks:
            return ""
        statements = " ".join(each.statement for each in missing)
        return f"Slow, because {' and '.join(lacks)}. Outside office hours, run: {statements}"

    def users(self, *, renew: bool = False) -> Users:
        """Return the users that a filter may name, as they were read a moment ago.

        Args:
            renew: Read them and the keys again.
        """
        from core.audit.filter import Users

        names = self._practice.user_names
        if renew:
            self._keys.forget()
        return Users({user.number: user.name for user in (names.renew() if renew else names.get())})

    def today(self) -> date:
        """Return today's date by the practice's clock."""
        with self._practice.read() as connection:
            return self._practice.now(connection).date()

    def now(self) -> datetime:
        """Return the time by the practice's clock."""
        with self._practice.read() as connection:
            return self._practice.now(connection)

    def utc_offset(self, moment: datetime) -> str:
        """Return the offset from UTC of one of the practice's times, such as `-06:00`; empty if it isn't known."""
        from core.audit.server_offsets import ServerOffsets

        offsets = ServerOffsets()
        with self._practice.read() as connection:
            offsets.load(connection, [moment])
        return offsets.iso(moment)[len("2024-11-01T00:00:00") :]

    def activity(self, wanted: AuditFilter, days: int) -> Activity:
        """Return the number of entries that a filter shows on each of its days, for at most `days` of the last ones."""
        from core.audit.activity import read_activity

        mapper = self._maker() if wanted.suspect else self._mapper_without_names()
        with self._practice.read() as connection:
            return read_activity(connection, wanted, self._practice.now(connection).date(), days, mapper)

    def whole(self, number: int) -> WholeEntry:
        """Read one entry with all of its columns.

        Raises:
            EntryGone: There is no such entry any more.
        """
        from core.audit.entry_mapper import select_rows
        from core.model.audit_events import parse_entry
        from core.model.whole_entry import WholeEntry

        maker = self._maker()
        with self._practice.read() as connection:
            rows = connection.execute(select_rows().where(SECURITY_LOG.c.security_log_num == number)).all()
        if not rows:
            raise EntryGone(number)
        (entry,) = maker.entries(rows)
        stored_text = rows[0][4] or ""
        return WholeEntry(entry, stored_text, parse_entry(stored_text))

    def with_numbers(self, numbers: Collection[int]) -> tuple[WholeEntry, ...]:
        """Read entries of this program with their hashes, by number; those that don't exist any more are left out.

        Their users are `Unknown`, since no names are read.
        """
        return self._own_entries(SECURITY_LOG.c.security_log_num.in_(numbers)) if numbers else ()

    def with_receipt(self, receipt: str) -> tuple[WholeEntry, ...]:
        """Read the entries of this program that name the receipt of a change in several offices, by number."""
        names = SECURITY_LOG.c.log_text.contains(receipt, autoescape=True)
        return self._own_entries(SECURITY_LOG.c.perm_type.in_(_KINDS_WITH_RECEIPT) & names)

    def _own_entries(self, condition: ColumnElement[bool]) -> tuple[WholeEntry, ...]:
        from core.audit.entry_mapper import select_rows
        from core.model.audit_events import parse_entry
        from core.model.whole_entry import WholeEntry

        with self._practice.read() as connection:
            rows = connection.execute(select_rows().where(condition)).all()
        texts = {row[0]: row[4] or "" for row in rows}
        # Their texts never hold a key, so none has to be masked.
        entries = self._mapper_without_names().entries(rows)
        ordered = sorted(entries, key=lambda entry: entry.number)
        return tuple(WholeEntry(each, texts[each.number], parse_entry(texts[each.number])) for each in ordered)

    def of_key(self, fingerprint: str, key: str) -> tuple[AuditEntry, ...]:
        """Return the entries that name a key, newest first, by its short fingerprint or (the vendor's) by its text."""
        from core.audit.entry_mapper import SHORTEST_KEY_TO_FIND, select_rows

        named = [SECURITY_LOG.c.log_text.contains(fingerprint_tag(fingerprint), autoescape=True)]
        if len(key) >= SHORTEST_KEY_TO_FIND:
            named.append(SECURITY_LOG.c.log_text.contains(key, autoescape=True))
        numbers = (
            select(SECURITY_LOG.c.security_log_num)
            .where(SECURITY_LOG.c.perm_type.in_(_KINDS_ABOUT_KEYS), or_(*named))
            .order_by(SECURITY_LOG.c.log_date_time.desc(), SECURITY_LOG.c.security_log_num.desc())
            .limit(_HISTORY)
        )
        maker = self._maker()
        with self._practice.read() as connection:
            found = connection.scalars(numbers).all()
            rows = connection.execute(select_rows().where(SECURITY_LOG.c.security_log_num.in_(found))).all()
        order = {number: place for place, number in enumerate(found)}
        return tuple(sorted(maker.entries(rows), key=lambda entry: order[entry.number]))

    def with_attributions(self, conflicts: Iterable[Conflict], key_tag: str = "") -> EditConflict:
        """Return the error for values that somebody else changed, with who changed them, when, from what and to what.

        Args:
            conflicts: The values.
            key_tag: The short fingerprint of the API key whose values they are; empty for settings.
        """
        from core.audit.attribution import DAYS_BACK, recent_entries, with_attribution
        from core.audit.filter import AuditFilter

        attributed = tuple(conflicts)
        try:
            since = self.today() - timedelta(days=DAYS_BACK)
            in_order = self._practice.profile.random_keys is None
            entries = recent_entries(self.search(AuditFilter(since=since, ours=True)), numbered_in_order=in_order)
            attributed = tuple(with_attribution(conflict, entries, key_tag) for conflict in attributed)
        except PracticeUnavailable as error:
            # That the values moved is what matters; who moved them can be looked for later.
            _logger.warning("Who changed a value could not be read: %s", error)
        return EditConflict(attributed)

    def mapper(self) -> EntryMapper:
        """Return what converts rows to entries, with the users and keys that the practice has now."""
        return self._maker()

    def _mapper_without_names(self) -> EntryMapper:
        from core.audit.entry_mapper import EntryMapper
        from core.audit.filter import Users

        return EntryMapper(Users({}), ())

    def _maker(self) -> EntryMapper:
        from core.audit.entry_mapper import EntryMapper

        # Before any entry is read: on SQLite a reading inside another would wait for a writer who waits for it.
        if self._changes_seen != self._practice.changes:
            self._changes_seen = self._practice.changes
            self._keys.forget()
        return EntryMapper(self.users(), self._keys.get())
