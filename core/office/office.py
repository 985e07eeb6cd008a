"""An open office: a practice and the services that the screens and commands use."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import Engine

from core.audit.service import AuditService
from core.base.errors import ApiSetupError, InsecureConnection
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.sign_in_failures import SignInFailures
from core.companion.store import PRACTICE_LOSS, Companion
from core.database.address import FileAddress, ServerAddress
from core.database.database_file import name_damaged_file
from core.database.engines import file_engine, read_only_file_engine, refuse_writes, server_engine
from core.database.tls import Tls
from core.keys.authority import KeyAuthority
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.model.actor import Actor
from core.model.agreement import Agreement
from core.model.api_key import AuthorityName
from core.model.resolved_change import ResolvedChange
from core.office.inspected_database import InspectedDatabase, inspect_engine
from core.office.title_facts import describe_encryption, practice_info
from core.opendental.price_list import DEFAULT_PRICES
from core.practice import bootstrap
from core.practice.inspection import DatabaseProfile
from core.practice.practice import OPENED_READ_ONLY, Practice, ReadOnly
from core.practice.unit_of_work import UnitOfWork, WriteMode
from core.settings.service import SettingsService
from core.undo.session_changes import SessionChanges
from core.users.service import UserService

if TYPE_CHECKING:
    from core.audit.last_verification import LastVerification
    from core.companion.journal import CompanionJournal
    from core.companion.key_file import EncryptionKeys
    from core.companion.opening import CompanionSource
    from core.diagnosis.service import DiagnosisService
    from core.licenses.service import LicenseService
    from core.model.logged_event import AuditEvent
    from core.payment_types.service import PaymentTypeService
    from core.practice.grants import Grants
    from core.practice.made_change import LoggedChange
    from core.recovery.service import RecoveryService
    from core.seals.service import SealService, SealSettings
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
        settings: The settings of the API.
        keys: The API keys.
        users: The Open Dental users, and signing in.
        info: The facts for the title line, as the connected server reports them.
        prices: The monthly prices of keys.
        seals_daily: True if the screen seals the Audit Trail once a day.
        seal_settings: Returns how the Audit Trail is sealed; None for a key that ends with the process.
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
        self.settings = SettingsService(practice, self.audit)
        self.keys = KeyService(practice, authority, self.audit)
        changes = SessionChanges()
        practice.on_change = changes.record
        self._changes = changes
        self.users = UserService(practice, computer, SignInFailures(companion))
        self.info = practice_info(practice, line)
        self.prices = DEFAULT_PRICES
        self.seals_daily = False
        self.seal_settings: Callable[[], SealSettings] | None = None

    @cached_property
    def undoing(self) -> UndoService:
        """The service that undoes the last change of a session, or one that the Audit Trail records."""
        from core.model.payment_type_events import PaymentTypeEdited, PaymentTypeHidden
        from core.model.subscription_events import SubscriptionEnded, SubscriptionResumed
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
        }
        return UndoService(self.settings, self.keys, self.audit, self._changes, others)

    @cached_property
    def recovery(self) -> RecoveryService:
        """The service that settles changes which were interrupted."""
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

    def recording(self, actor: Actor, event: AuditEvent) -> AbstractContextManager[UnitOfWork]:
        """Record that files were written, such as a receipt; if the body fails to write them, `NOT DONE` follows.

        Raises:
            NotPermitted: The database user may not write.
            PracticeUnavailable: The database failed.
        """
        return self._practice.unit_of_work(actor, event, mode=WriteMode.SPANS_DATABASES)

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


def open_file_office(
    address: FileAddress,
    agreement: Agreement,
    runtime: RuntimeContext,
    *,
    with_demo: bool = False,
    demo_office: str = "",
    read_only: bool = False,
    keys: EncryptionKeys | None = None,
) -> Office:
    """Open an SQLite practice. Its companion is the same file, and a missing file is created.

    Args:
        address: The file.
        agreement: The license agreement to accept before a key is added.
        runtime: The clock, random numbers, computer and account.
        with_demo: True to fill a new practice with the demo's keys and audit entries.
        demo_office: The name of another office of the demo; empty for the first one.
        read_only: True to write nothing to the file, which must exist.
        keys: The encryption keys from a source that the configuration names; None for the key file next to the file.

    Raises:
        PracticeUnavailable: The file can't be used.
    """
    with name_damaged_file(address.path, PRACTICE_LOSS):
        if read_only:
            return _open_file_read_only(address, agreement, runtime, keys)
        demo = (demo_office or bootstrap.DEMO_OFFICE) if with_demo else ""
        return _open_file(address, agreement, runtime, keys, demo)


def _open_file(
    address: FileAddress, agreement: Agreement, runtime: RuntimeContext, keys: EncryptionKeys | None, demo_office: str
) -> Office:
    engine = file_engine(address.path, is_temporary=bool(demo_office))
    title = f"{demo_office} (demo)" if demo_office else bootstrap.TITLE
    created = bootstrap.make_practice(engine, runtime.account, title)
    if demo_office and created:
        from core.office import demo_service_health

        demo_service_health.create_tables(engine)
    practice = _open_practice(engine, inspect_engine(engine), runtime)
    companion = Companion(engine, shared=True, keys=keys)
    companion.prepare(runtime.clock)
    if demo_office and created:
        from core.office import demo

        demo.fill(practice, companion, agreement, runtime)
        if demo_office != bootstrap.DEMO_OFFICE:
            from core.office.demo_variation import vary_demo

            vary_demo(companion, demo_office)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, runtime.computer)


def _open_file_read_only(
    address: FileAddress, agreement: Agreement, runtime: RuntimeContext, keys: EncryptionKeys | None
) -> Office:
    engine = read_only_file_engine(address.path)
    practice = _open_practice(engine, inspect_engine(engine), runtime, read_only=True)
    companion = Companion(engine, shared=True, keys=keys)
    companion.prepare(runtime.clock, read_only=True)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, runtime.computer)


def open_server_office(
    address: ServerAddress,
    password: Secret,
    companion_source: CompanionSource,
    authority: AuthorityName,
    agreement: Agreement,
    runtime: RuntimeContext,
    *,
    read_only: bool = False,
    headquarters_url: str = "",
    known: InspectedDatabase | None = None,
) -> Office:
    """Open a practice on a server.

    Args:
        address: The database, and the TLS settings of the connection.
        password: The password of the database user.
        companion_source: The companion database. A missing file is created, and missing tables are.
        authority: The authority over the API keys.
        agreement: The license agreement to accept before a key is added.
        runtime: The clock, random numbers, computer and account.
        read_only: True to write nothing to the practice, not even an audit entry for the sign-in.
        headquarters_url: The URL of headquarters; empty to use the one in the practice's preferences.
        known: The database as it was inspected a short while ago, so that it isn't inspected again.

    Raises:
        PracticeUnavailable: The server, the database or the companion can't be used.
    """
    from core.companion.opening import open_companion, open_journal

    engine = server_engine(address, password)
    try:
        if read_only:
            refuse_writes(engine)
        database = known if known is not None else inspect_engine(engine)
        practice = _open_practice(engine, database, runtime, address.tls, read_only=read_only)
        companion = open_companion(companion_source, runtime.clock)
        journal = open_journal(companion_source, companion)
        practice.journal = journal
        if known is None:
            # While the admin types a name and a password, not after it.
            practice.user_names.renew()
    except ApiSetupError:
        engine.dispose()
        raise
    key_authority: KeyAuthority = LocalRegistry(practice, companion)
    if authority is AuthorityName.HEADQUARTERS:
        from core.headquarters.authority import Headquarters

        key_authority = Headquarters(practice, companion, runtime.computer, headquarters_url)
    line = describe_encryption(practice.profile, address)
    return Office(practice, companion, key_authority, agreement, runtime.computer, journal, line, database)


def _open_practice(
    engine: Engine,
    database: InspectedDatabase,
    runtime: RuntimeContext,
    tls: Tls | None = None,
    *,
    read_only: bool = False,
) -> Practice:
    """Return the practice in an inspected database.

    Args:
        engine: The database.
        database: What the inspection found.
        runtime: The clock and random numbers.
        tls: The required TLS settings; None if the connection needn't be encrypted.
        read_only: True to write nothing to the practice.

    Raises:
        InsecureConnection: TLS is required, but the server reports an unencrypted connection.
    """
    profile, grants = database.profile, database.grants
    # The driver has required TLS already. This also catches a proxy in between that decrypts the connection.
    if tls is not None and not profile.tls:
        raise InsecureConnection(
            "The server reports an unencrypted connection, but it should be encrypted.",
            "A device on the way may have decrypted it. Ask the network's administrator.",
        )
    reason = OPENED_READ_ONLY if read_only else _missing_write_grants(profile, grants)
    if reason is not None and not read_only:
        # Only new connections refuse to write, so the one that was used for the inspection is closed.
        refuse_writes(engine).dispose()
    return Practice(engine, profile, runtime.clock, runtime.random, read_only=reason)


def _missing_write_grants(profile: DatabaseProfile, grants: Grants | None) -> ReadOnly | None:
    """Return the reason why the database user can't write to the practice; None if it can, as in a file."""
    if grants is None or not grants.missing_to_write:
        return None
    return ReadOnly(
        f"The database user {profile.user} has read-only access here: it lacks {grants.missing_to_write}.",
        "Run 'apisetup help connecting' for the script that grants it.",
    )
