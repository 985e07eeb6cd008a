"""An open office: one practice with its services, as the screens use them."""

from __future__ import annotations

from pathlib import Path

from sqlalchemy import Engine

from core.audit.service import AuditService
from core.base.errors import ApiSetupError, InsecureLine
from core.base.runtime import Surroundings
from core.base.secret import Secret
from core.companion.store import Companion
from core.database.address import FileAddress, ServerAddress
from core.database.engines import existing_file_engine, file_engine, forbid_writing, server_engine, translated
from core.database.tls import Tls
from core.headquarters.authority import Headquarters
from core.keys.authority import KeyAuthority
from core.keys.local_registry import LocalRegistry
from core.keys.service import KeyService
from core.licenses.service import LicenseService
from core.model.agreement import Agreement
from core.model.api_key import AuthorityName
from core.model.practice_info import OfficeFacts
from core.office import demo
from core.practice import bootstrap as embedded
from core.practice.grants import Grants, read_grants
from core.practice.inspection import Shape, probe
from core.practice.practice import AS_ASKED, Practice, ReadOnly
from core.practice.unit_of_work import Settled
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
        self.facts = _facts(practice)

    def settle(self) -> Settled | None:
        """Find out what became of a change whose answer was lost; None where there is none, or nobody knows yet."""
        return self._practice.settle()

    def close(self) -> None:
        """Let go of all connections."""
        self._companion.close()
        self._practice.engine.dispose()


def open_file_office(
    address: FileAddress,
    agreement: Agreement,
    surroundings: Surroundings,
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
        return _open_to_read(address, agreement, surroundings)
    engine = file_engine(address.path)
    made = embedded.make_practice(engine, surroundings.account, demo.TITLE if filled else embedded.TITLE)
    practice = _open(engine, surroundings)
    companion = Companion(engine, shared=True)
    companion.prepare(surroundings.clock)
    if filled and made:
        demo.fill(practice, companion, agreement, surroundings)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, surroundings.computer)


def _open_to_read(address: FileAddress, agreement: Agreement, surroundings: Surroundings) -> Office:
    engine = existing_file_engine(address.path)
    practice = _open(engine, surroundings, read_only=True)
    companion = Companion(engine, shared=True)
    companion.prepare(surroundings.clock, read_only=True)
    return Office(practice, companion, LocalRegistry(practice, companion), agreement, surroundings.computer)


def open_server_office(
    address: ServerAddress,
    password: Secret,
    companion_file: Path,
    authority: AuthorityName,
    agreement: Agreement,
    surroundings: Surroundings,
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
            forbid_writing(engine)
        practice = _open(engine, surroundings, address.tls, read_only=read_only)
        companion = Companion(file_engine(companion_file), shared=False)
        companion.prepare(surroundings.clock)
    except ApiSetupError:
        engine.dispose()
        raise
    decides: KeyAuthority = (
        LocalRegistry(practice, companion)
        if authority is AuthorityName.LOCAL
        else Headquarters(practice, companion, surroundings.computer, headquarters_url)
    )
    return Office(practice, companion, decides, agreement, surroundings.computer)


def _open(engine: Engine, surroundings: Surroundings, tls: Tls | None = None, *, read_only: bool = False) -> Practice:
    with translated(), engine.connect() as plain:
        connection = plain.execution_options(read_only=True)
        shape = probe(connection)
        grants = read_grants(connection, shape.database, shape.tables) if shape.host else Grants(known=False)
    if tls is not None and not shape.tls:
        raise InsecureLine(
            "The server says that the line to it is not encrypted, though it should be.",
            "Something between here and there may have opened it; ask who runs that network.",
        )
    why = AS_ASKED if read_only else _may_not_write(shape, grants)
    if why is not None and not read_only:
        # The connection that asked can still write, as far as the server lets it.
        forbid_writing(engine).dispose()
    return Practice(engine, shape, surroundings.clock, surroundings.random, read_only=why)


def _may_not_write(shape: Shape, grants: Grants) -> ReadOnly | None:
    if not grants.why_no_writing:
        return None
    return ReadOnly(
        f"The database user {shape.user} may only read here: it lacks {grants.why_no_writing}.",
        "The README has the script that grants it.",
    )


def _facts(practice: Practice) -> OfficeFacts:
    shape, why = practice.shape, practice.read_only
    return OfficeFacts(
        title=shape.practice_title or "(practice without a title)",
        database=shape.database,
        host=shape.host,
        line=_line(shape),
        server=shape.server,
        version=shape.database_version,
        database_user=shape.user,
        read_only=f"{why.sentence} {why.hint}" if why else "",
        notes=shape.notes,
    )


def _line(shape: Shape) -> str:
    if not shape.host:
        return ""
    return f"encrypted and verified ({shape.tls})" if shape.tls else "not encrypted"
