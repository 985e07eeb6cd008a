"""Opening an office: a practice in a file or on a server, with its companion and its services."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import Engine

from core.base.errors import ApiSetupError, InsecureConnection
from core.companion.store import PRACTICE_LOSS, Companion
from core.database.database_file import name_damaged_file
from core.database.engines import file_engine, read_only_file_engine, refuse_writes, server_engine
from core.keys.local_registry import LocalRegistry
from core.model.authority_name import AuthorityName
from core.office.inspected_database import InspectedDatabase, inspect_engine
from core.office.office import Office
from core.office.title_facts import describe_encryption
from core.practice import bootstrap
from core.practice.practice import OPENED_READ_ONLY, Practice, ReadOnly

if TYPE_CHECKING:
    from core.base.runtime import RuntimeContext
    from core.base.secret import Secret
    from core.companion.key_file import EncryptionKeys
    from core.companion.opening import CompanionSource
    from core.database.address import FileAddress, ServerAddress
    from core.database.tls import Tls
    from core.keys.authority import KeyAuthority
    from core.model.agreement import Agreement
    from core.practice.grants import Grants
    from core.practice.inspection import DatabaseProfile


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
    signs_in: bool = True,
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
        signs_in: True to read the names of the users now.

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
        if signs_in:
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
        "Run 'apisetup grants' for the script that grants it.",
    )
