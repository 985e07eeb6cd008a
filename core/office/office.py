"""An open office: a practice and the services that the screens and commands use."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from core.audit.service import AuditService
from core.base.errors import ApiSetupError, InsecureConnection
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.journal import CompanionJournal
from core.companion.sign_in_failures import SignInFailures
from core.companion.store import PRACTICE_LOSS, Companion
from core.database.address import FileAddress, ServerAddress
from core.database.database_file import name_damaged_file
from core.database.driver_errors import translate_errors
from core.database.engines import file_engine, read_only_file_engine, refuse_writes, server_engine
from core.database.tls import Tls
from core.diagnosis.service import DiagnosisService
from core.headquarters.authority import Headquarters
from core.keys.authority import KeyAuthority
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.licenses.service import LicenseService
from core.model.agreement import Agreement
from core.model.api_key import AuthorityName
from core.model.practice_info import PracticeInfo
from core.model.resolved_change import ResolvedChange
from core.office import demo, demo_service_health
from core.opendental.price_list import DEFAULT_PRICES
from core.practice import bootstrap
from core.practice.grants import Grants, read_grants
from core.practice.inspection import DatabaseProfile, inspect_database
from core.practice.practice import OPENED_READ_ONLY, Practice, ReadOnly
from core.recovery.service import RecoveryService
from core.settings.service import SettingsService
from core.subscriptions.service import SubscriptionService
from core.undo.service import UndoService
from core.undo.session_changes import SessionChanges
from core.undo.subscriptions import SubscriptionUndo
from core.use.service import UseService
from core.users.service import UserService


class Office:
    """An open practice and its services.

    Args:
        practice: The practice database.
        companion: The companion database.
        authority: The authority over the practice's API keys.
        agreement: The license agreement to accept before a key is added.
        computer: The computer's name, for audit entries.
        journal: The journal of changes; None for a practice that needs none.
        line: The protection of the connection to the server; empty for an SQLite file.

    Attributes:
        audit: The Audit Trail.
        settings: The settings of the API.
        keys: The API keys.
        subscriptions: The subscriptions of developers.
        undoing: Undoes the last change of a session, or one that the Audit Trail records.
        recovery: Settles changes that were interrupted.
        diagnosis: Says why the API doesn't work.
        licenses: The acceptances of the license agreement.
        use: What developers changed through the API.
        users: The Open Dental users, and signing in.
        info: The facts for the title line, as the connected server reports them.
        prices: The monthly prices of keys.
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
    ) -> None:
        self._practice = practice
        self._companion = companion
        self._journal = journal
        self.audit = AuditService(practice, authority.clear_texts)
        self.settings = SettingsService(practice, self.audit)
        self.keys = KeyService(practice, authority, self.audit)
        self.subscriptions = SubscriptionService(practice, self.keys, self.audit)
        changes = SessionChanges()
        practice.on_change = changes.record
        self.undoing = UndoService(
            self.settings, self.keys, self.audit, changes, SubscriptionUndo(self.subscriptions, self.audit)
        )
        self.recovery = RecoveryService(practice, journal, self.settings, self.keys, self.subscriptions)
        self.diagnosis = DiagnosisService(practice, self.keys, self.settings, self.subscriptions, authority.clear_texts)
        self.licenses = LicenseService(practice, companion, agreement, self.keys.require_addable)
        self.use = UseService(practice, companion)
        self.users = UserService(practice, computer, SignInFailures(companion))
        self.info = _practice_info(practice, line)
        self.prices = DEFAULT_PRICES

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
    read_only: bool = False,
) -> Office:
    """Open an SQLite practice. Its companion is the same file, and a missing file is created.

    Args:
        address: The file.
        agreement: The license agreement to accept before a key is added.
        runtime: The clock, random numbers, computer and account.
        with_demo: True to fill a new practice with the demo's keys and audit entries.
        read_only: True to write nothing to the file, which must exist.

    Raises:
        PracticeUnavailable: The file can't be used.
    """
    with name_damaged_file(address.path, PRACTICE_LOSS):
        if read_only:
            return _open_file_read_only(address, agreement, runtime)
        return _open_file(address, agreement, runtime, with_demo=with_demo)


def _open_file(address: FileAddress, agreement: Agreement, runtime: RuntimeContext, *, with_demo: bool) -> Office:
    engine = file_engine(address.path, is_temporary=with_demo)
    created = bootstrap.make_practice(engine, runtime.account, demo.TITLE if with_demo else bootstrap.TITLE)
    if with_demo and created:
        demo_service_health.create_tables(engine)
    practice = _open_practice(engine, runtime)
    companion = Companion(engine, shared=True)
    companion.prepare(runtime.clock)
    if with_demo and created:
        demo.fill(practice, companion, agreement, runtime)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, runtime.computer)


def _open_file_read_only(address: FileAddress, agreement: Agreement, runtime: RuntimeContext) -> Office:
    engine = read_only_file_engine(address.path)
    practice = _open_practice(engine, runtime, read_only=True)
    companion = Companion(engine, shared=True)
    companion.prepare(runtime.clock, read_only=True)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, runtime.computer)


def open_server_office(
    address: ServerAddress,
    password: Secret,
    companion_file: Path,
    authority: AuthorityName,
    agreement: Agreement,
    runtime: RuntimeContext,
    *,
    read_only: bool = False,
    headquarters_url: str = "",
) -> Office:
    """Open a practice on a server.

    Args:
        address: The database, and the TLS settings of the connection.
        password: The password of the database user.
        companion_file: The companion database, an SQLite file. A missing file is created.
        authority: The authority over the API keys.
        agreement: The license agreement to accept before a key is added.
        runtime: The clock, random numbers, computer and account.
        read_only: True to write nothing to the practice, not even an audit entry for the sign-in.
        headquarters_url: The URL of headquarters; empty to use the one in the practice's preferences.

    Raises:
        PracticeUnavailable: The server, the database or the companion file can't be used.
    """
    engine = server_engine(address, password)
    try:
        if read_only:
            refuse_writes(engine)
        practice = _open_practice(engine, runtime, address.tls, read_only=read_only)
        companion = Companion(file_engine(companion_file), shared=False)
        companion.prepare(runtime.clock)
        journal = CompanionJournal(companion, companion_file)
        practice.journal = journal
        # While the admin types a name and a password, not after it.
        practice.user_names.renew()
    except ApiSetupError:
        engine.dispose()
        raise
    key_authority: KeyAuthority = (
        LocalRegistry(practice, companion)
        if authority is AuthorityName.LOCAL
        else Headquarters(practice, companion, runtime.computer, headquarters_url)
    )
    line = _describe_encryption(practice.profile, address)
    return Office(practice, companion, key_authority, agreement, runtime.computer, journal, line)


def _open_practice(
    engine: Engine, runtime: RuntimeContext, tls: Tls | None = None, *, read_only: bool = False
) -> Practice:
    """Inspect the database and return the practice.

    Args:
        engine: The database.
        runtime: The clock and random numbers.
        tls: The required TLS settings; None if the connection needn't be encrypted.
        read_only: True to write nothing to the practice.

    Raises:
        InsecureConnection: TLS is required, but the server reports an unencrypted connection.
        PracticeUnavailable: The database can't be used.
    """
    with translate_errors(), engine.connect() as writable:
        connection = writable.execution_options(read_only=True)
        profile = inspect_database(connection)
        grants = read_grants(connection, profile.database, profile.tables) if profile.host else Grants(known=False)
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


def _missing_write_grants(profile: DatabaseProfile, grants: Grants) -> ReadOnly | None:
    """Return the reason why the database user can't write to the practice; None if it can."""
    if not grants.missing_to_write:
        return None
    return ReadOnly(
        f"The database user {profile.user} has read-only access here: it lacks {grants.missing_to_write}.",
        "Run 'apisetup help connecting' for the script that grants it.",
    )


def _practice_info(practice: Practice, line: str) -> PracticeInfo:
    profile, reason = practice.profile, practice.read_only
    return PracticeInfo(
        title=profile.practice_title or "(practice without a title)",
        database=profile.database,
        host=profile.host,
        line=line,
        server=profile.server,
        version=profile.database_version,
        database_user=profile.user,
        read_only=f"{reason.sentence} {reason.hint}" if reason else "",
        notes=tuple(note.sentence for note in profile.notes),
    )


def _describe_encryption(profile: DatabaseProfile, address: ServerAddress) -> str:
    """Return the protection of the connection: what the server reports, and whether the server was verified."""
    if address.tls is not None:
        return f"encrypted and verified ({profile.tls})"
    place = "local" if address.is_local else ""
    if profile.tls:
        return f"encrypted, not verified ({', '.join(filter(None, (profile.tls, place)))})"
    return f"not encrypted ({place})" if place else "not encrypted"
