"""The texts of the local registry's keys, which the companion holds only encrypted.

The companion records which encryption key is the current one, so that programs which share it notice that they lack
it. Each row names the encryption key that its text needs.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from sqlalchemy import Connection, delete, insert, select, update

from core.base.errors import ConfigurationError, EncryptionKeyUnavailable, OperationNotAllowed
from core.companion.encryption import EncryptionKey
from core.companion.key_file import EncryptionKeys, KeyFile
from core.companion.tables.registry import ENCRYPTION, REGISTRY_KEY

_ONE = 1
STILL_WORKS = "Disabling, enabling, editing and removing still work."
RESTORE = (
    "Restore the key from a backup or another computer. If it is lost for good, run: apisetup companion rotate-key."
    " The manual's page 'companion' says what is lost."
)


class SealedRow(Protocol):
    """A row of the registry, as far as decrypting its text needs it."""

    @property
    def fingerprint(self) -> str:
        """The fingerprint of the API key."""
        ...

    @property
    def key_id(self) -> str:
        """The ID of the encryption key."""
        ...

    @property
    def sealed(self) -> str:
        """The encrypted text."""
        ...


@dataclass(frozen=True)
class SealedText:
    """The encrypted text of an API key."""

    key_id: str
    sealed: str


@dataclass(frozen=True)
class Rotation:
    """The result of a rotation.

    Attributes:
        key_id: The ID of the new key.
        encrypted: The number of texts that are encrypted with it now.
        unreadable: The masks of the API keys whose texts still need a key that is missing.
    """

    key_id: str
    encrypted: int
    unreadable: tuple[str, ...]


class KeyVault:
    """Encrypts and decrypts the texts of the registry's keys.

    Args:
        keys: The source of the encryption keys.

    Attributes:
        keys: The source of the encryption keys.
    """

    def __init__(self, keys: EncryptionKeys) -> None:
        self.keys = keys

    @property
    def place(self) -> str:
        """The source of the encryption keys, as named in sentences."""
        return self.keys.place

    def key_ids(self) -> frozenset[str]:
        """Return the IDs of the encryption keys that are here.

        Raises:
            EncryptionKeyUnavailable: Their source can't be read.
        """
        return frozenset(key.id for key in self.keys.read())

    def establish(self, connection: Connection, moment: datetime, *, shared: bool) -> None:
        """Record the current encryption key in a new companion; a missing key file is created.

        Nothing happens if a key is recorded, unless its file is gone and no text needs it.

        Args:
            connection: To the companion, in a transaction.
            moment: The time to record.
            shared: True if the key may be on another computer, so that it is never replaced here.

        Raises:
            EncryptionKeyUnavailable: The key file can't be created or read.
        """
        recorded = current_key_id(connection)
        if recorded is not None and (shared or self._is_needed(connection) or recorded in self.key_ids()):
            return
        present = self.keys.read()
        key = self.keys.ensure() if isinstance(self.keys, KeyFile) else present[0]
        _record(connection, key.id, moment)

    def seal(self, connection: Connection, text: str, fingerprint: str) -> SealedText:
        """Encrypt the text of an API key with the current key.

        Args:
            connection: To the companion.
            text: The text.
            fingerprint: The fingerprint of its row.

        Raises:
            EncryptionKeyUnavailable: The companion's current key isn't here.
        """
        key = self._current(connection)
        return SealedText(key.id, key.seal(text, fingerprint))

    def require_current(self, connection: Connection) -> None:
        """Check that the companion's current key is here.

        Raises:
            EncryptionKeyUnavailable: It isn't.
        """
        self._current(connection)

    def open(self, row: SealedRow) -> str:
        """Decrypt the text of a row.

        Raises:
            EncryptionKeyUnavailable: The key that it needs isn't here, or the text was changed.
        """
        key = next((key for key in self.keys.read() if key.id == row.key_id), None)
        if key is None:
            raise EncryptionKeyUnavailable(
                f"The text of this API key can't be read: {self._lacks(row.key_id)}. {STILL_WORKS}",
                RESTORE,
            )
        return key.open(row.sealed, row.fingerprint)

    def texts(self, rows: Iterable[SealedRow]) -> dict[str, str]:
        """Return the texts of rows by their fingerprints, without those that can't be decrypted."""
        try:
            keys = {key.id: key for key in self.keys.read()}
        except EncryptionKeyUnavailable:
            return {}
        found = {}
        for row in rows:
            if row.key_id in keys:
                try:
                    found[row.fingerprint] = keys[row.key_id].open(row.sealed, row.fingerprint)
                except EncryptionKeyUnavailable:
                    continue
        return found

    def note(self, needed: Collection[str]) -> str:
        """Return a sentence about texts that can't be read, since their encryption key is missing; else blank.

        Args:
            needed: The ID of the encryption key of each text.
        """
        try:
            present = self.key_ids()
        except EncryptionKeyUnavailable as error:
            # The hint comes last, since it may be a command.
            return f"{error.sentence} So no API key's text can be shown or added. {error.hint}" if needed else ""
        missing = [each for each in needed if each not in present]
        if not missing:
            return ""
        texts = "one API key" if len(missing) == 1 else f"{len(missing)} API keys"
        return f"The text of {texts} can't be read: {self._lacks(missing[0])}. {STILL_WORKS}"

    def rotate(
        self,
        write: Callable[[], AbstractContextManager[Connection]],
        clock: Callable[[], datetime],
        given: EncryptionKey | None = None,
        expected: str | None = None,
    ) -> Rotation:
        """Encrypt all texts with a new key.

        If the process is killed, every text can still be read: the new key is kept with the old ones before it is
        used, and old ones are dropped only when no text needs them.

        Args:
            write: Opens a connection that commits to the companion at the end of its block.
            clock: Returns the time to record.
            given: The new key, if it is kept elsewhere; None to create one and put it into the key file.
            expected: The ID of the key that was current when the admin decided; None to replace any.

        Raises:
            OperationNotAllowed: Another key is current by now; nothing was changed.
            EncryptionKeyUnavailable: The key file can't be written; nothing was changed.
            PracticeUnavailable: The companion can't be written; nothing was changed.
        """
        new = given or EncryptionKey.generate()
        encrypted, unreadable = 0, []
        with write() as connection:
            if expected is not None and current_key_id(connection) != expected:
                # Another computer has the new key. With one more, neither computer could read all texts.
                raise OperationNotAllowed(
                    "Another program changed the encryption key meanwhile. Nothing was changed.",
                    "If it ran on another computer, copy the key file from there. Then look again.",
                )
            # Read while no other program can rotate: one that did it in between would have replaced the file.
            old = self.keys.read()
            if given is None:
                self._key_file().replace((new, *old))
            known = {key.id: key for key in (*old, new)}
            for row in connection.execute(select(REGISTRY_KEY)).all():
                try:
                    text = known[row.key_id].open(row.sealed, row.fingerprint)
                except (KeyError, EncryptionKeyUnavailable):
                    unreadable.append(row.masked)
                    continue
                values = {"key_id": new.id, "sealed": new.seal(text, row.fingerprint)}
                is_row = REGISTRY_KEY.c.fingerprint == row.fingerprint
                connection.execute(update(REGISTRY_KEY).where(is_row).values(**values))
                encrypted += 1
            _record(connection, new.id, clock())
        if given is None:
            with write() as connection:
                self._drop_unneeded_keys(connection)
        return Rotation(new.id, encrypted, tuple(unreadable))

    def _drop_unneeded_keys(self, connection: Connection) -> None:
        """Drop the keys of the file that are neither the current one nor needed by a text."""
        current = current_key_id(connection)
        needed = {current, *connection.scalars(select(REGISTRY_KEY.c.key_id).distinct())}
        kept = [key for key in self.keys.read() if key.id in needed]
        self._key_file().replace(sorted(kept, key=lambda key: key.id != current))

    def _key_file(self) -> KeyFile:
        if not isinstance(self.keys, KeyFile):
            raise ConfigurationError(
                f"The encryption key comes from {self.place}, so apisetup can't replace it there.",
                "Name the source of a new key with --new-key-from.",
            )
        return self.keys

    def _current(self, connection: Connection) -> EncryptionKey:
        recorded = current_key_id(connection)
        key = next((key for key in self.keys.read() if key.id == recorded), None)
        if key is None:
            raise EncryptionKeyUnavailable(
                f"No API key can be added: {self._lacks(recorded or '')}.",
                RESTORE,
            )
        return key

    def _lacks(self, key_id: str) -> str:
        if not self.keys.read():
            return f"the encryption key file {self.place} is missing (key {key_id})"
        return f"{self.place} lacks the encryption key {key_id}"

    @staticmethod
    def _is_needed(connection: Connection) -> bool:
        return connection.scalar(select(REGISTRY_KEY.c.key_id).limit(1)) is not None


def current_key_id(connection: Connection) -> str | None:
    """Return the ID of the companion's current encryption key; None if none is recorded."""
    return connection.scalar(select(ENCRYPTION.c.key_id).where(ENCRYPTION.c.number == _ONE))


def _record(connection: Connection, key_id: str, moment: datetime) -> None:
    connection.execute(delete(ENCRYPTION).where(ENCRYPTION.c.number == _ONE))
    connection.execute(insert(ENCRYPTION).values(number=_ONE, key_id=key_id, since=moment.replace(microsecond=0)))
