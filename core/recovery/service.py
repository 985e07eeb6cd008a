"""The service that settles changes whose process was killed, at the next start of any program on the companion."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol

from sqlalchemy import ColumnElement, select

from core.base.errors import ApiSetupError, Conflict, EditConflict, OperationNotAllowed
from core.companion.journal import AbandonedIntent, CompanionJournal
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.api_key import ApiKey, format_fields
from core.model.event_values import SettingChange
from core.model.interrupted_change import InterruptedChange
from core.model.key_events import (
    KeyAdded,
    KeyEvent,
    KeyFieldChanged,
    KeyPermissionsChanged,
    KeyRemoved,
    KeyStatusChanged,
)
from core.model.key_text import fingerprint_tag
from core.model.logged_event import AuditEvent, Edit, LoggedEvent, Reason, Stage
from core.model.settings_events import SettingsChanged
from core.opendental.schema import SECURITY_LOG, SECURITY_LOG_HASH
from core.opendental.signals import SignalType
from core.practice.journal import Intent
from core.practice.practice import Practice
from core.settings.service import SettingsService
from core.settings.setting_texts import setting_texts, with_setting

_logger = logging.getLogger(__name__)


class ChangeWitness(Protocol):
    """Tells what became of changes of one kind."""

    def was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change was made, False if not, and None if that isn't known or the event is another one."""
        ...

    def signals(self, event: AuditEvent) -> tuple[SignalType, ...]:
        """Return the signals that follow a change; none for other events."""
        ...


class RecoveryService:
    """Settles interrupted changes.

    Args:
        practice: The open practice.
        journal: The intents of all programs that share the companion; None for a practice that needs none.
        settings: Tells the present settings, and saves them.
        keys: Tells the present keys.
        witnesses: Tell what became of changes of anything else.
    """

    def __init__(
        self,
        practice: Practice,
        journal: CompanionJournal | None,
        settings: SettingsService,
        keys: KeyService,
        *witnesses: ChangeWitness,
    ) -> None:
        self._witnesses = witnesses
        self._practice = practice
        self._journal = journal
        self._settings = settings
        self._keys = keys
        self._undecided: dict[int, _Found] = {}

    def settle(self, actor: Actor) -> tuple[InterruptedChange, ...]:
        """Settle what killed programs left behind, and return what an admin should know of it.

        An entry without its hash gets it, if it is the entry that was announced. A change that was not made is logged
        as not done. A save that was half made is left for the admin to decide about, with `finish` or `roll_back`.

        Args:
            actor: Who opens the office; the entries are in this user's name.

        Raises:
            ApiSetupError: The practice or the companion can't be read or written.
        """
        if self._journal is None or self._practice.read_only is not None:
            return ()
        journal, identity = self._journal, self._practice.database_identity
        ours = [each for each in journal.abandoned() if each.intent.database == identity]
        settled = [self._try_to_settle(actor, each) for each in ours if journal.adopt(each)]
        return tuple(each for each in settled if each is not None)

    def finish(self, actor: Actor, change: InterruptedChange) -> str:
        """Write the values that an interrupted save didn't write, with an entry of its own; return a sentence."""
        found = self._decided(change)
        unwritten = [each for each in found.changes if _edit(each) in change.unwritten]
        return self._save(actor, found, [(each, each.after) for each in unwritten], 0, "Finished")

    def roll_back(self, actor: Actor, change: InterruptedChange) -> str:
        """Set the values that an interrupted save wrote back, with an entry of its own; return a sentence."""
        found = self._decided(change)
        written = [each for each in found.changes if _edit(each) in change.written]
        return self._save(actor, found, [(each, each.before) for each in written], change.entry, "Rolled back")

    def _try_to_settle(self, actor: Actor, abandoned: AbandonedIntent) -> InterruptedChange | None:
        try:
            return self._settle(actor, abandoned)
        except ApiSetupError as error:
            # One that can't be settled now must not hide the others.
            _logger.warning("An interrupted change could not be resolved: %s", error, exc_info=error)
            return InterruptedChange(
                f"An interrupted change could not be resolved: {abandoned.intent.texts[0]}. {error.sentence} The"
                " next start tries again."
            )

    def _settle(self, actor: Actor, abandoned: AbandonedIntent) -> InterruptedChange | None:
        intent = abandoned.intent
        rows = self._announced_rows(intent)
        for row in rows:
            if not row.has_hash:
                self._practice.add_missing_hash(row.number)
        logged = [each for row in rows if (each := LoggedEvent.parse(row.text)) is not None]
        if not rows or not logged:
            return self._cleared(abandoned, None)
        events = [each.event for each in logged]
        if self._has_outcome(intent, events):
            return self._cleared(abandoned, None)
        if intent.remote:
            return self._settle_remote(actor, abandoned, events)
        if len(rows) < len(intent.texts):
            return self._log_not_done(actor, abandoned, events)
        if isinstance(events[0], SettingsChanged):
            return self._settle_settings(actor, abandoned, rows[0], events[0])
        states = [self._was_made(event) for event in events]
        if True in states:
            self._tell_workstations(events)
        if True in states and False in states:
            return self._cleared(abandoned, _half_made(rows))
        if False in states and self._was_changed_since(intent, events):
            return self._log_unknown(actor, abandoned, events[0])
        if False in states and True not in states:
            return self._log_not_done(actor, abandoned, events)
        made = InterruptedChange(f"A change was interrupted after it was made: {rows[0].text}.")
        return self._cleared(abandoned, made if True in states else None)

    def _tell_workstations(self, events: Sequence[AuditEvent]) -> None:
        """Send the signals that follow changes: the process may have been killed before; twice does no harm."""
        signals = {signal for each in self._witnesses for event in events for signal in each.signals(event)}
        if signals:
            self._practice.send_signals(sorted(signals))

    def _settle_remote(
        self, actor: Actor, abandoned: AbandonedIntent, events: Sequence[AuditEvent]
    ) -> InterruptedChange:
        known = LoggedEvent.parse(abandoned.intent.outcome) if abandoned.intent.outcome else None
        outcome = known or LoggedEvent(events[0], Stage.UNKNOWN, Reason.UNCERTAIN.value)
        self._practice.log_outcome(actor, outcome, abandoned.number, of_earlier_session=True)
        if known is not None:
            return InterruptedChange(f"The outcome of an earlier change is logged now: {outcome.text()}.")
        return InterruptedChange(
            f"The program ended while it waited for headquarters: {events[0].text()}. It is unknown whether the"
            " change was made. Check headquarters' list before you repeat it."
        )

    def _settle_settings(
        self, actor: Actor, abandoned: AbandonedIntent, row: _Row, event: SettingsChanged
    ) -> InterruptedChange | None:
        now = setting_texts(self._settings.load())
        written = tuple(_edit(each) for each in event.changes if now.get(each.setting) == each.after)
        unwritten = tuple(_edit(each) for each in event.changes if now.get(each.setting) == each.before)
        if len(written) + len(unwritten) < len(event.changes) or self._was_changed_since(abandoned.intent, [event]):
            return self._log_unknown(actor, abandoned, event)
        if not written:
            return self._log_not_done(actor, abandoned, [event])
        # It was killed before it told the workstations, or nobody knows; telling them twice does no harm.
        self._practice.send_signals((SignalType.PROGRAMS, SignalType.PREFS))
        if not unwritten:
            return self._cleared(abandoned, InterruptedChange(f"A save was interrupted after it was made: {row.text}."))
        self._undecided[abandoned.number] = _Found(row.number, event.changes)
        return InterruptedChange(
            f"A save was interrupted: {len(written)} of {len(event.changes)} values were written.",
            abandoned.number,
            row.number,
            written,
            unwritten,
        )

    def _log_unknown(self, actor: Actor, abandoned: AbandonedIntent, event: AuditEvent) -> InterruptedChange:
        self._practice.log_outcome(actor, LoggedEvent(event, Stage.UNKNOWN), abandoned.number)
        return InterruptedChange(
            f"A change was interrupted, and its values have changed since: {event.text()}. It is unknown whether it"
            " was made. The current values are kept."
        )

    def _log_not_done(
        self, actor: Actor, abandoned: AbandonedIntent, events: Sequence[AuditEvent]
    ) -> InterruptedChange:
        for event in events:
            self._practice.log_outcome(actor, LoggedEvent(event, Stage.NOT_DONE))
        sentence = f"A change was interrupted before anything was changed: {events[0].text()}."
        self._cleared(abandoned, None)
        return InterruptedChange(f"{sentence} The Audit Trail now records that it was not done.")

    def _cleared(self, abandoned: AbandonedIntent, change: InterruptedChange | None) -> InterruptedChange | None:
        self._practice.journal.clear(abandoned.number)
        return change

    def _decided(self, change: InterruptedChange) -> _Found:
        try:
            return self._undecided[change.announced]
        except KeyError:
            raise OperationNotAllowed("This was already resolved.", "Check the settings and the Audit Trail.") from None

    def _save(
        self, actor: Actor, found: _Found, values: Sequence[tuple[SettingChange, str]], undoing: int, verb: str
    ) -> str:
        page = self._settings.load()
        now, wanted = setting_texts(page), page.values
        moved = tuple(
            Conflict(change.setting.value, expected, now.get(change.setting, "gone"), text)
            for change, text in values
            if now.get(change.setting) != (expected := change.before if text == change.after else change.after)
        )
        if moved:
            raise EditConflict(moved)
        for change, text in values:
            wanted = with_setting(wanted, page, change.setting, text)
        saved = self._settings.save(actor, page.values, wanted, undoing=undoing)
        number = next(number for number, each in self._undecided.items() if each is found)
        self._practice.journal.clear(number)
        del self._undecided[number]
        return f"{verb}: {'; '.join(saved.changes) or 'nothing was left to do'}."

    # -- what the practice has -----------------------------------------------------

    def _announced_rows(self, intent: Intent) -> list[_Row]:
        """Return the audit rows that were announced and written, in their order."""
        log = SECURITY_LOG.c
        query = (
            select(log.security_log_num, log.log_text, log.comp_name)
            .where(_since(intent), log.user_num == intent.user_num)
            .order_by(log.security_log_num)
        )
        with self._practice.read() as connection:
            rows = [
                (number, text or "")
                for number, text, computer in connection.execute(query)
                if (text or "") in intent.texts and (computer or "") == intent.computer
            ]
            numbers = [number for number, _ in rows]
            hashed = select(SECURITY_LOG_HASH.c.security_log_num).where(
                SECURITY_LOG_HASH.c.security_log_num.in_(numbers)
            )
            with_hash = set(connection.scalars(hashed)) if numbers else set()
        found: list[_Row] = []
        for text in intent.texts:
            taken = {row.number for row in found}
            matching = [number for number, each in rows if each == text and number not in taken]
            # Of several rows that look the same, the one without a hash is the one that was interrupted.
            matching.sort(key=lambda number: number in with_hash)
            if matching:
                found.append(_Row(matching[0], text, matching[0] in with_hash))
        return found

    def _has_outcome(self, intent: Intent, events: Sequence[AuditEvent]) -> bool:
        """Return True if a row about the outcome of the change was written before the process ended."""
        stages = (Stage.DONE, Stage.NOT_DONE, Stage.UNKNOWN) if intent.remote else (Stage.NOT_DONE, Stage.UNKNOWN)
        query = select(SECURITY_LOG.c.log_text).where(_since(intent))
        with self._practice.read() as connection:
            texts = connection.scalars(query).all()
        outcomes = [each for text in texts if text and (each := LoggedEvent.parse(text)) is not None]
        return any(each.stage in stages and _is_about(each.event, events[0]) for each in outcomes)

    def _was_made(self, event: AuditEvent) -> bool | None:
        """Return True if a change was made, False if not, and None for an event that changes nothing."""
        for witness in self._witnesses:
            answer = witness.was_made(event)
            if answer is not None:
                return answer
        if not isinstance(event, KeyAdded | KeyRemoved | KeyStatusChanged | KeyFieldChanged | KeyPermissionsChanged):
            return None
        key = self._key(event)
        if isinstance(event, KeyAdded | KeyRemoved):
            return isinstance(event, KeyAdded) is (key is not None and key.known)
        if key is None:
            return None
        if isinstance(event, KeyStatusChanged):
            return _made(key.status, event.before, event.after)
        if isinstance(event, KeyFieldChanged):
            return _made(format_fields(key.fields)[event.field], event.before, event.after)
        held, added, removed = set(key.fields.permissions), set(event.change.added), set(event.change.removed)
        if held >= added and not held & removed:
            return True
        return False if not held & added and held >= removed else None

    def _was_changed_since(self, intent: Intent, events: Sequence[AuditEvent]) -> bool:
        """Return True if a later entry tells of another change of the same values."""
        values, tag = set(events[0].values_after), events[0].key_tag
        with self._practice.read() as connection:
            texts = connection.scalars(select(SECURITY_LOG.c.log_text).where(_since(intent))).all()
        later = [each for text in texts if text and (each := LoggedEvent.parse(text)) is not None]
        return any(
            each.stage is Stage.DONE and each.event not in events and each.event.key_tag == tag
            for each in later
            if values & set(each.event.values_after)
        )

    def _key(self, event: KeyEvent) -> ApiKey | None:
        keys = self._keys.list().keys
        return next((key for key in keys if fingerprint_tag(key.fingerprint) == event.key_tag), None)


@dataclass(frozen=True)
class _Row:
    number: int
    text: str
    has_hash: bool


@dataclass(frozen=True)
class _Found:
    """A half-made save: the number of its entry, and its values."""

    entry: int
    changes: tuple[SettingChange, ...]


def _half_made(rows: Sequence[_Row]) -> InterruptedChange:
    texts = "; ".join(row.text for row in rows)
    return InterruptedChange(
        f"A change was interrupted half way: {texts}. Part of it was made; compare the values, and make the rest by"
        " hand."
    )


def _made(now: object, before: object, after: object) -> bool | None:
    """Return True if a value is as after a change, False if as before it, and None if it was changed since."""
    if now == after:
        return True
    return False if now == before else None


def _since(intent: Intent) -> ColumnElement[bool]:
    """Return the condition for the rows that were written after a change was announced."""
    if intent.after:
        return SECURITY_LOG.c.security_log_num > intent.after
    # Numbers are random, and the server's clock may have been set back since.
    return SECURITY_LOG.c.log_date_time >= intent.began - timedelta(hours=2)


def _edit(change: SettingChange) -> Edit:
    return Edit(change.setting.value, change.before, change.after)


def _is_about(found: AuditEvent, event: AuditEvent) -> bool:
    """Return True for the same event, apart from what only headquarters' list told of a new key."""
    if isinstance(found, KeyAdded) and isinstance(event, KeyAdded):
        return found.key_tag == event.key_tag
    return found == event
