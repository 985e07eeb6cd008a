"""An open office: a practice and the services that the screens and commands use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from core.audit.service import AuditService
from core.keys.service import KeyService
from core.office.title_facts import practice_info
from core.opendental.price_list import DEFAULT_PRICES
from core.practice.unit_of_work import UnitOfWork, WriteMode
from core.undo.session_changes import SessionChanges
from core.users.service import UserService

if TYPE_CHECKING:
    from core.audit.last_verification import LastVerification
    from core.companion.journal import CompanionJournal
    from core.companion.store import Companion
    from core.diagnosis.service import DiagnosisService
    from core.keys.authority import KeyAuthority
    from core.licenses.service import LicenseService
    from core.model.actor import Actor
    from core.model.agreement import Agreement
    from core.model.logged_event import AuditEvent
    from core.model.resolved_change import ResolvedChange
    from core.model.review import OtherOffices, ReviewSettings
    from core.office.inspected_database import InspectedDatabase
    from core.payment_types.service import PaymentTypeService
    from core.practice.made_change import LoggedChange
    from core.practice.practice import Practice
    from core.recovery.service import RecoveryService
    from core.review.notes import KeyNotes
    from core.review.service import ReviewService
    from core.seals.service import SealService, SealSettings
    from core.settings.service import SettingsService
    from core.subscriptions.service import SubscriptionService
    from core.undo.service import UndoService
    from core.use.service import UseService


class Office:
    """An open practice and its services. Those that the first screen doesn't need are imported when they are used.

    Args:
        practice: The practice database.
        companion: The companion database.
        authority: The authority over the practice's API keys.
        agreement: The license agreement to accept before a key is added.
        computer: The computer's name, for audit entries.
        journal: The journal of changes; None for a practice that needs none.
        line: The protection of the connection to the server; empty for an SQLite file.
        database: What the inspection of the server's database found; None for an SQLite file.

    Attributes:
        database: What the inspection of the server's database found, to open it again soon.
        audit: The Audit Trail.
        keys: The API keys.
        users: The Open Dental users, and signing in.
        info: The facts for the title line, as the connected server reports them.
        prices: The monthly prices of keys.
        name: The name in the configuration file; blank for an office without one.
        seals_daily: True if the screen seals the Audit Trail once a day.
        seal_settings: Returns how the Audit Trail is sealed; None for a key that ends with the process.
        review_settings: The thresholds of reviews; None for the defaults.
        other_offices: Returns the keys of all offices, for reviews; None if this is the only office.
    """

    def __init__(
        self,
        practice: Practice,
        companion: Companion,
        authority: KeyAuthority,
        agreement: Agreement,
        computer: str,
        journal: CompanionJournal | None = None,
        line: str = "",
        database: InspectedDatabase | None = None,
    ) -> None:
        self.database = database
        self._practice = practice
        self._companion = companion
        self._journal = journal
        self._agreement = agreement
        self._authority = authority
        self.audit = AuditService(practice, authority.clear_texts)
        self.keys = KeyService(practice, authority, self.audit)
        changes = SessionChanges()
        practice.on_change = changes.record
        self._changes = changes
        self.users = UserService(practice, computer, companion)
        self.info = practice_info(practice, line)
        self.prices = DEFAULT_PRICES
        self.name = ""
        self.seals_daily = False
        self.seal_settings: Callable[[], SealSettings] | None = None
        self.review_settings: ReviewSettings | None = None
        self.other_offices: Callable[[], OtherOffices | None] | None = None

    @cached_property
    def settings(self) -> SettingsService:
        """The service for the settings of the API."""
        from core.settings.service import SettingsService

        return SettingsService(self._practice, self.audit)

    @cached_property
    def undoing(self) -> UndoService:
        """The service that undoes the last change of a session, or one that the Audit Trail records."""
        from core.model.payment_type_events import PaymentTypeEdited, PaymentTypeHidden
        from core.model.review_events import KeyNoteChanged, KeyReviewed
        from core.model.subscription_events import SubscriptionEnded, SubscriptionResumed
        from core.review.note_undo import NoteUndo
        from core.undo.payment_types import PaymentTypeUndo
        from core.undo.service import ChangeUndo, UndoService
        from core.undo.subscriptions import SubscriptionUndo

        subscriptions = SubscriptionUndo(self.subscriptions, self.audit)
        payment_types = PaymentTypeUndo(self.payment_types, self.audit)
        others: dict[type[AuditEvent], ChangeUndo] = {
            SubscriptionEnded: subscriptions,
            SubscriptionResumed: subscriptions,
            PaymentTypeEdited: payment_types,
            PaymentTypeHidden: payment_types,
            KeyNoteChanged: NoteUndo(self.notes, self.keys, self.audit),
            KeyReviewed: self.review.undoing,
        }
        return UndoService(self.settings, self.keys, self.audit, self._changes, others)

    @cached_property
    def recovery(self) -> RecoveryService:
        """The service that settles changes which were interrupted."""
        from core.office.review_witness import ReviewWitness
        from core.office.seal_witness import SealWitness
        from core.recovery.service import RecoveryService

        return RecoveryService(
            self._practice,
            self._journal,
            self.settings,
            self.keys,
            self.subscriptions,
            self.payment_types,
            SealWitness(lambda: self.seals),
            ReviewWitness(lambda: self.review, lambda: self.notes, lambda: self.use),
        )

    @cached_property
    def payment_types(self) -> PaymentTypeService:
        """The service for the list of payment types."""
        from core.payment_types.service import PaymentTypeService

        return PaymentTypeService(self._practice, self.audit)

    @cached_property
    def licenses(self) -> LicenseService:
        """The service for the license agreement and its acceptances."""
        from core.licenses.service import LicenseService

        return LicenseService(self._practice, self._companion, self._agreement, self.keys.require_addable)

    @cached_property
    def subscriptions(self) -> SubscriptionService:
        """The service for the subscriptions of developers."""
        from core.subscriptions.service import SubscriptionService

        return SubscriptionService(self._practice, self.keys, self.audit)

    @cached_property
    def diagnosis(self) -> DiagnosisService:
        """The service that says why the API doesn't work."""
        from core.diagnosis.service import DiagnosisService

        return DiagnosisService(
            self._practice, self.keys, self.settings, self.subscriptions, self._authority.clear_texts
        )

    @cached_property
    def last_verification(self) -> LastVerification:
        """The result of the last verification of the Audit Trail, as kept in the companion."""
        from core.audit.last_verification import LastVerification

        return LastVerification(self._practice, self._companion)

    @cached_property
    def seals(self) -> SealService:
        """The service that seals the Audit Trail."""
        from core.seals.service import SealService, SealSettings

        settings = self.seal_settings() if self.seal_settings is not None else SealSettings()
        return SealService(self._practice, self._companion, self.audit.mapper, settings)

    @cached_property
    def use(self) -> UseService:
        """The service that says what developers changed through the API."""
        from core.use.service import UseService

        return UseService(self._practice, self._companion)

    @cached_property
    def notes(self) -> KeyNotes:
        """The service for the notes on keys."""
        from core.review.notes import KeyNotes

        return KeyNotes(self._practice, self._companion, self.keys, self.use)

    @cached_property
    def review(self) -> ReviewService:
        """The service for reviews of the keys."""
        from core.model.review import ReviewSettings
        from core.review.facts import FactSources
        from core.review.service import ReviewService
        from core.review.store import ReviewStore

        sources = FactSources(
            self.keys,
            self.notes,
            self.use,
            ReviewStore(self._companion),
            self.last_verification,
            lambda: self.subscriptions,
            lambda: self.seals,
            self.other_offices or (lambda: None),
            self.audit.now,
        )
        return ReviewService(self._practice, self._companion, sources, self.review_settings or ReviewSettings())

    @property
    def may_have_interrupted_changes(self) -> bool:
        """True if a killed program may have left a change half done, which `recovery` settles."""
        return self._journal is not None and self._practice.read_only is None

    def can_undo_last(self, actor: Actor) -> bool:
        """Return True if the last change of this user's session is of a kind that `undoing` can undo. Reads nothing."""
        return bool(self._changes.last(actor)) and self.undoing.can_undo_last(actor)

    def last_changes(self, actor: Actor) -> tuple[LoggedChange, ...]:
        """Return the last change that this user made here, one entry for each event; empty for none."""
        return tuple(entry for change in self._changes.last(actor) for entry in change.entries)

    def recording(
        self, actor: Actor, event: AuditEvent, *, writes_files: bool = False
    ) -> AbstractContextManager[UnitOfWork]:
        """Record something about files, such as a receipt.

        Args:
            actor: Who wrote them.
            event: What the Audit Trail says of them.
            writes_files: True if the body writes them; if it fails, `NOT DONE` follows.

        Raises:
            NotPermitted: The database user may not write.
            PracticeUnavailable: The database failed.
        """
        mode = WriteMode.SPANS_DATABASES if writes_files else WriteMode.PRACTICE_ONLY
        return self._practice.unit_of_work(actor, event, mode=mode)

    def resolve_pending(self) -> ResolvedChange | None:
        """Find out whether a change whose answer was lost was made.

        Returns:
            The outcome; None if there is no such change, or its outcome is still unknown.
        """
        return self._practice.resolve_pending()

    def close(self) -> None:
        """Close all database connections."""
        if self._journal is not None:
            self._journal.close()
        self._companion.close()
        self._practice.engine.dispose()
