"""An open office: one practice with its services, as the screens use them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from core.audit.service import AuditService
from core.base.errors import ApiSetupError, InsecureConnection
from core.base.runtime import RuntimeContext
from core.base.secret import Secret
from core.companion.store import Companion
from core.database.address import FileAddress, ServerAddress
from core.database.driver_errors import translate_errors
from core.database.engines import file_engine, read_only_file_engine, refuse_writes, server_engine
from core.database.tls import Tls
from core.headquarters.authority import Headquarters
from core.keys.authority import KeyAuthority
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.licenses.service import LicenseService
from core.model.agreement import Agreement
from core.model.api_key import AuthorityName
from core.model.practice_info import PracticeInfo
from core.model.resolved_change import ResolvedChange
from core.office import demo
from core.practice import bootstrap as embedded
from core.practice.grants import Grants, read_grants
from core.practice.inspection import DatabaseProfile, inspect_database
from core.practice.practice import OPENED_READ_ONLY, Practice, ReadOnly
from core.settings.service import SettingsService
from core.undo.service import UndoService
from core.users.service import UserService


class Office:
    """One open practice and the services that work on it."""

    def __init__(
        self, practice: Practice, companion: Companion, authority: KeyAuthority, agreement: Agreement, computer: str
    ) -> None:
        self._practice = practice
        self._companion = companion
        self.audit = AuditService(practice, authority.clear_texts)
        self.settings = SettingsService(practice, self.audit)
        self.keys = KeyService(practice, authority, self.audit)
        self.undoing = UndoService(self.settings, self.keys, self.audit)
        self.licenses = LicenseService(practice, companion, agreement)
        self.users = UserService(practice, computer)
        self.info = _practice_info(practice)

    def resolve_pending(self) -> ResolvedChange | None:
        """Find out what became of a change whose answer was lost; None where there is none, or nobody knows yet."""
        return self._practice.resolve_pending()

    def close(self) -> None:
        """Let go of all connections."""
        self._companion.close()
        self._practice.engine.dispose()


def open_file_office(
    address: FileAddress,
    agreement: Agreement,
    runtime: RuntimeContext,
    *,
    filled: bool = False,
    read_only: bool = False,
) -> Office:
    """Open an SQLite practice, made now where the file is new; its companion is the same file.

    Args:
        filled: Fill the new practice with what the demo shows.
        read_only: The file must be there, and nothing is written to it.

    Raises:
        PracticeUnavailable: The file cannot be used.
    """
    if read_only:
        return _open_to_read(address, agreement, runtime)
    engine = file_engine(address.path)
    made = embedded.make_practice(engine, runtime.account, demo.TITLE if filled else embedded.TITLE)
    practice = _open(engine, runtime)
    companion = Companion(engine, shared=True)
    companion.prepare(runtime.clock)
    if filled and made:
        demo.fill(practice, companion, agreement, runtime)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, runtime.computer)


def _open_to_read(address: FileAddress, agreement: Agreement, runtime: RuntimeContext) -> Office:
    engine = read_only_file_engine(address.path)
    practice = _open(engine, runtime, read_only=True)
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
        headquarters_url: Where headquarters is asked, instead of the address in the practice's preferences.
        read_only: Nothing is written to it, not even that somebody signed in.

    Raises:
        PracticeUnavailable: The server, the database or the companion file cannot be used.
    """
    engine = server_engine(address, password)
    try:
        if read_only:
            refuse_writes(engine)
        practice = _open(engine, runtime, address.tls, read_only=read_only)
        companion = Companion(file_engine(companion_file), shared=False)
        companion.prepare(runtime.clock)
    except ApiSetupError:
        engine.dispose()
        raise
    decides: KeyAuthority = (
        LocalRegistry(practice, companion)
        if authority is AuthorityName.LOCAL
        else Headquarters(practice, companion, runtime.computer, headquarters_url)
    )
    return Office(practice, companion, decides, agreement, runtime.computer)


def _open(engine: Engine, runtime: RuntimeContext, tls: Tls | None = None, *, read_only: bool = False) -> Practice:
    with translate_errors(), engine.connect() as plain:
        connection = plain.execution_options(read_only=True)
        profile = inspect_database(connection)
        grants = read_grants(connection, profile.database, profile.tables) if profile.host else Grants(known=False)
    if tls is not None and not profile.tls:
        raise InsecureConnection(
            "The server says that the line to it is not encrypted, though it should be.",
            "Something between here and there may have opened it; ask who runs that network.",
        )
    why = OPENED_READ_ONLY if read_only else _may_not_write(profile, grants)
    if why is not None and not read_only:
        # The connection that asked can still write, as far as the server lets it.
        refuse_writes(engine).dispose()
    return Practice(engine, profile, runtime.clock, runtime.random, read_only=why)


def _may_not_write(profile: DatabaseProfile, grants: Grants) -> ReadOnly | None:
    if not grants.missing_to_write:
        return None
    return ReadOnly(
        f"The database user {profile.user} may only read here: it lacks {grants.missing_to_write}.",
        "The README has the script that grants it.",
    )


def _practice_info(practice: Practice) -> PracticeInfo:
    profile, why = practice.profile, practice.read_only
    return PracticeInfo(
        title=profile.practice_title or "(practice without a title)",
        database=profile.database,
        host=profile.host,
        line=_line(profile),
        server=profile.server,
        version=profile.database_version,
        database_user=profile.user,
        read_only=f"{why.sentence} {why.hint}" if why else "",
        notes=profile.notes,
    )


def _line(profile: DatabaseProfile) -> str:
    if not profile.host:
        return ""
    return f"encrypted and verified ({profile.tls})" if profile.tls else "not encrypted"
