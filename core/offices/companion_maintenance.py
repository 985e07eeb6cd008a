"""The maintenance of an office's companion: copying it to a server, and rotating its encryption key."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import StaticPool, create_engine, select

from core.base.errors import ConfigurationError, StorageFailed
from core.base.secret import Secret
from core.companion.copying import CopyResult, compare_content, copy_content
from core.companion.key_file import GivenKeys, KeyFile
from core.companion.key_vault import Rotation, current_key_id
from core.companion.migrations import applied_migrations, encrypts_keys
from core.companion.opening import CompanionSource, open_companion
from core.companion.store import Companion
from core.companion.tables.all_tables import COMPANION
from core.companion.tables.registry import REGISTRY_KEY
from core.database.address import FileAddress
from core.database.companion_address import CompanionServer, CompanionSettings
from core.database.database_file import database_exists
from core.database.engines import file_engine
from core.offices.password_source import COMPANION_KEY, COMPANION_PASSWORD, PasswordSource

if TYPE_CHECKING:
    from core.companion.encryption import EncryptionKey
    from core.offices.open_request import OpenRequest

COPY_TO = CompanionSettings("--to", "--to-password-from", "--to-tls", "--to-tls-ca")
"""The options of the database to copy to, for hints."""
_FROM = CompanionSettings("--from")
_TO_PASSWORD = replace(COMPANION_PASSWORD, setting=COPY_TO.password)
_NEW_KEY = replace(COMPANION_KEY, setting="--new-key-from")


@dataclass(frozen=True)
class CopyTarget:
    """The database to copy a companion to.

    Attributes:
        address: The database, with its TLS settings.
        password_from: The source of its user's password; None if it needs none.
        password: The password itself, if it was typed.
    """

    address: CompanionServer
    password_from: PasswordSource | None = None
    password: Secret | None = None


@dataclass(frozen=True)
class CompanionCopy:
    """The copy of a companion to a server.

    Attributes:
        source: The companion that was copied, as shown to an admin.
        target: The database.
        key_place: Where the encryption key of the copy is.
        result: What was copied.
    """

    source: str
    target: str
    key_place: str
    result: CopyResult


def copy_companion(
    request: OpenRequest, target: CopyTarget, source: FileAddress | None = None, *, dry_run: bool = False
) -> CompanionCopy:
    """Copy an office's companion to a database on a server. Blocks.

    Args:
        request: The office.
        target: The database. Missing tables are created.
        source: The companion file to copy; None for the office's own companion.
        dry_run: True to write nothing.

    Raises:
        ConfigurationError: There is nothing to copy, or a source of a password has none.
        ApiSetupError: A companion can't be used, or the source has interrupted changes.
    """
    read_from, write_to = _copied_source(request, source), _target_source(request, target)
    if read_from.address == write_to.address:
        raise ConfigurationError(
            "This database is the office's companion already.", "Name the file to copy with --from FILE."
        )
    with ExitStack() as stack:
        copied = stack.enter_context(_opened(read_from, request))
        companion = write_to.companion()
        stack.callback(companion.close)
        is_new = companion.inspect()
        if dry_run:
            result = _compare_with_empty(copied) if is_new else compare_content(copied, companion)
        else:
            _share_key(read_from, write_to, companion)
            companion.prepare(request.context.runtime.clock)
            result = copy_content(copied, companion)
    return CompanionCopy(read_from.address.label, write_to.address.label, str(write_to.encryption_keys.place), result)


def rotate_key(
    request: OpenRequest, new_key_from: PasswordSource | None = None, expected: str | None = None
) -> Rotation:
    """Encrypt the keys of an office's local registry with a new encryption key. Blocks.

    Args:
        request: The office.
        new_key_from: The source of the new key, if the configuration names one; None to replace the key file.
        expected: The ID of the key that was current when the admin decided; None to replace any.

    Raises:
        OperationNotAllowed: Another key is current by now; nothing was changed.
        ConfigurationError: The office has no companion yet, or its key isn't in a key file.
        ApiSetupError: The companion or its key can't be used.
    """
    given = _new_key(request, new_key_from) if new_key_from is not None else None
    if given is None and request.office.companion_key_from is not None:
        raise ConfigurationError(
            "companion_key_from names where the encryption key is, so apisetup can't replace it there.",
            "Put a new key somewhere else, name it with --new-key-from, and change companion_key_from afterwards.",
        )
    with _opened(request.companion_source(), request) as companion:
        return companion.rotate_key(request.context.runtime.clock, given, expected)


@dataclass(frozen=True)
class EncryptedKeys:
    """The API keys in an office's local registry.

    Attributes:
        readable: The number of those whose texts can be decrypted here.
        unreadable: The number of the others.
        current: The ID of the current encryption key; None if none is recorded.
    """

    readable: int
    unreadable: int
    current: str | None = None


def count_keys(request: OpenRequest) -> EncryptedKeys:
    """Count the API keys in an office's local registry. Blocks."""
    with _opened(request.companion_source(), request) as companion:
        with companion.read() as connection:
            rows = connection.execute(select(REGISTRY_KEY)).all()
            current = current_key_id(connection)
        readable = len(companion.vault.texts(rows))
    return EncryptedKeys(readable, len(rows) - readable, current)


def _copied_source(request: OpenRequest, source: FileAddress | None) -> CompanionSource:
    if not request.on_server:
        raise ConfigurationError(
            "An SQLite practice is its own companion, so it can't be shared.", "Choose a practice on a server."
        )
    if source is None:
        return request.companion_source()
    return CompanionSource(source, source.path, keys=request.companion_keys(), settings=_FROM)


def _target_source(request: OpenRequest, target: CopyTarget) -> CompanionSource:
    password = target.password or request.read_secret(target.password_from, _TO_PASSWORD) or Secret("")
    stem = request.context.paths.stem_of_shared(target.address)
    return CompanionSource(target.address, stem, password, request.companion_keys(), COPY_TO)


def _new_key(request: OpenRequest, source: PasswordSource) -> EncryptionKey:
    text = request.read_secret(source, _NEW_KEY)
    keys = GivenKeys(text if text is not None else Secret(""), source.kind.label).read()
    return keys[0]


@contextmanager
def _opened(source: CompanionSource, request: OpenRequest) -> Iterator[Companion]:
    address, clock = source.address, request.context.runtime.clock
    if isinstance(address, FileAddress) and not database_exists(address.path):
        hint = (
            "Name another file." if source.settings == _FROM else "Open the office once, which creates its companion."
        )
        raise StorageFailed(f"File not found: {address.path}.", hint)
    if request.on_server:
        companion = open_companion(source, clock)
    else:
        assert isinstance(address, FileAddress)  # noqa: S101 - as OpenRequest.companion_address says
        companion = Companion(file_engine(address.path), shared=True, keys=source.encryption_keys)
    try:
        companion.prepare(clock)
        yield companion
    finally:
        companion.close()


def _share_key(source: CompanionSource, target: CompanionSource, companion: Companion) -> None:
    """Give a new copy the encryption key of the companion that is copied, so that all texts stay readable."""
    keys, file = source.encryption_keys.read(), target.encryption_keys
    if not isinstance(file, KeyFile) or file.read() or not keys:
        return
    with companion.read() as connection:
        is_used = bool(applied_migrations(connection)) and encrypts_keys(connection)
        recorded = current_key_id(connection) if is_used else None
    if recorded is None or recorded in {key.id for key in keys}:
        file.replace(keys)


def _compare_with_empty(source: Companion) -> CopyResult:
    engine = create_engine("sqlite://", poolclass=StaticPool)
    COMPANION.create_all(engine)
    empty = Companion(engine, shared=False, keys=source.vault.keys)
    try:
        return compare_content(source, empty)
    finally:
        empty.close()
