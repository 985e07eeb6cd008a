"""The errors that core raises.

    ApiSetupError                    a sentence and a hint for the admin
    ├── ConfigurationError           a command line, environment variable or file that can't be used
    ├── PracticeUnavailable          the practice database can't be opened, read or written
    │   ├── ServerUnreachable        no database server answers at the address
    │   ├── InsecureConnection       the connection isn't encrypted, or the server can't be verified
    │   ├── LoginRefused             the server refuses the database user or the password
    │   ├── NoSuchDatabase           the server has no database of that name
    │   ├── NotAPractice             the database isn't a usable Open Dental database
    │   ├── ConnectionLost           the connection was lost after it had been made
    │   ├── StatementStopped         a statement took too long, or was stopped on the server
    │   ├── StorageFailed            file or disk: missing, locked, damaged or full
    │   │   └── DamagedFile      the file is damaged, or isn't an SQLite database
    │   ├── CompanionUnavailable     the companion database on a server can't be used
    │   ├── EncryptionKeyUnavailable the text of an API key can't be encrypted or decrypted
    │   ├── EntryGone                an audit entry that was read before no longer exists
    │   └── OutcomeUnknown           a change was made or may have been made; check before repeating it
    ├── HeadquartersError            a request to Open Dental's headquarters failed, or its outcome is unknown
    │   ├── HeadquartersUnreachable  nothing was sent
    │   ├── NoUsableAnswer           the request was sent, and its outcome is unknown
    │   └── HeadquartersRefused      headquarters answered with an error
    ├── ExportFailed                 the file of an export can't be written
    ├── SignInRefused                the Open Dental sign-in was refused
    │   ├── WrongNameOrPassword
    │   ├── LockedOut
    │   └── NotAuthorized
    └── ChangeRefused                nothing was changed, for the reason given
        ├── InvalidInput             a value that can't be saved; names its field
        ├── EditConflict             somebody else changed a value in between; carries both values
        ├── AlreadyApplied           the change was made by the first attempt, whose answer was lost
        ├── NotPermitted             the database user, the file or the mode doesn't allow writing
        └── OperationNotAllowed      another authority decides

Driver and operating-system errors are translated into these where they enter core (`core.database.driver_errors`,
`core.headquarters.transport`), with the original error as the cause.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class ApiSetupError(Exception):
    """An error to show to an admin: a sentence that says what happened, and a hint that says what to do.

    Args:
        sentence: What happened and what it means, in one or two plain sentences.
        hint: What the admin can do; may be empty.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


def cause_chain(error: BaseException | None, *, suppressed: bool = False) -> Iterator[BaseException]:
    """Yield an error, its cause, the cause of that, and so on. An error that caused itself is yielded once.

    Args:
        error: The error; None for an empty chain.
        suppressed: Include what was being handled even where `raise … from None` hides it.
    """
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or (error.__context__ if suppressed or not error.__suppress_context__ else None)


class ConfigurationError(ApiSetupError):
    """A command line, environment variable or file that can't be used."""


class PracticeUnavailable(ApiSetupError):
    """The practice database can't be opened, read or written."""


class ServerUnreachable(PracticeUnavailable):
    """No database server answers at the address."""


class InsecureConnection(PracticeUnavailable):
    """The connection to the server isn't encrypted, or the server's certificate can't be verified."""


class LoginRefused(PracticeUnavailable):
    """The server refuses the database user or its password."""


class NoSuchDatabase(PracticeUnavailable):
    """The server has no database of that name, or doesn't show it to this user."""


class NotAPractice(PracticeUnavailable):
    """The database lacks tables, columns or values that every Open Dental database has."""


class ConnectionLost(PracticeUnavailable):
    """The connection to the server was lost; the last statement may or may not have been executed."""


class StatementStopped(PracticeUnavailable):
    """A statement took longer than the server or this program waits, or somebody stopped it on the server."""


class StorageFailed(PracticeUnavailable):
    """A file or disk of the database failed: missing, locked, damaged, or the disk is full."""


class DamagedFile(StorageFailed):
    """An SQLite file is damaged, or isn't an SQLite database."""


class CompanionUnavailable(PracticeUnavailable):
    """The companion database on a server can't be reached or used. The practice itself may well be available."""


class EncryptionKeyUnavailable(PracticeUnavailable):
    """The text of an API key can't be encrypted or decrypted: a key can't be used, or the text was changed."""


class EntryGone(PracticeUnavailable):
    """An audit entry that was read before no longer exists.

    Args:
        number: Its primary key, `SecurityLogNum`.
    """

    def __init__(self, number: int) -> None:
        super().__init__(
            f"Audit entry {number} no longer exists: it was deleted or archived.",
            "A full verification counts the orphaned hashes of deleted entries.",
        )


class OutcomeUnknown(PracticeUnavailable):
    """A change was made, or may have been made; check the current values before repeating it."""


class HeadquartersStep(Enum):
    """The step at which a request to headquarters failed; the values are words for sentences."""

    ADDRESS = "address"
    NAME = "name"
    CONNECTION = "connection"
    TLS = "TLS"
    ANSWER = "answer"
    CREDENTIALS = "registration key"
    """Headquarters understood the request, but didn't accept the practice's credentials or what it asked for."""


class HeadquartersError(ApiSetupError):
    """A request to Open Dental's headquarters failed, or its outcome is unknown.

    Args:
        step: The step that failed; all steps before it succeeded.
        sent: True if the request may have reached headquarters, so that a change may have been made.
        passing: True if the same request may succeed when it's sent again a little later.
    """

    def __init__(self, step: HeadquartersStep, sentence: str, hint: str, *, sent: bool, passing: bool) -> None:
        super().__init__(sentence, hint)
        self.step = step
        self.sent = sent
        self.passing = passing


class HeadquartersUnreachable(HeadquartersError):
    """Nothing was sent to headquarters, so nothing changed there."""

    def __init__(self, step: HeadquartersStep, sentence: str, hint: str, *, passing: bool = False) -> None:
        super().__init__(step, sentence, hint, sent=False, passing=passing)


class NoUsableAnswer(HeadquartersError):
    """A request was sent, but the answer was lost or can't be read; a change may or may not have been made.

    Args:
        arrived: False if the connection ended, or the time was over, before the whole answer was here.
    """

    def __init__(self, sentence: str, hint: str, *, passing: bool = False, arrived: bool = True) -> None:
        super().__init__(HeadquartersStep.ANSWER, sentence, hint, sent=True, passing=passing)
        self.arrived = arrived


class HeadquartersRefused(HeadquartersError):
    """Headquarters answered with an error and did nothing.

    Args:
        words: The error message of headquarters; may be empty.
    """

    def __init__(self, words: str) -> None:
        super().__init__(
            HeadquartersStep.CREDENTIALS,
            f"Open Dental's headquarters refused: {words}" if words else "Open Dental's headquarters refused.",
            "" if words else "It gave no reason. Contact Open Dental support.",
            sent=True,
            passing=False,
        )
        self.words = words


class ExportFailed(ApiSetupError):
    """The file of an export can't be written; no partial file is left."""


class SignInRefused(ApiSetupError):
    """Open Dental's own sign-in was refused."""


class WrongNameOrPassword(SignInRefused):
    """The name or the password is wrong. As in Open Dental, the message doesn't reveal which."""

    def __init__(self) -> None:
        super().__init__("Invalid username or password.", "Use an Open Dental user, not the database user.")


class LockedOut(SignInRefused):
    """The user is locked after too many failed sign-ins in a row.

    Args:
        until: The end of the lock, in the database server's local time.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"This user is locked until {until:%H:%M:%S} (the server's clock) after too many failed sign-ins.",
            "Wait, or use another user.",
        )
        self.until = until


class NotAuthorized(SignInRefused):
    """The user lacks a permission: at the sign-in, whose password was right, or by the time of a change."""


class ChangeRefused(ApiSetupError):
    """Nothing was changed."""


class InvalidInput(ChangeRefused):
    """A value that can't be saved.

    Args:
        field: The input field, by the name that the service documents.
    """

    def __init__(self, field: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.field = field


@dataclass(frozen=True)
class Conflict:
    """A value that somebody else changed between reading and saving.

    Attributes:
        what: The name of the value.
        read: The value that was read at first.
        now: The value in the database now.
        wanted: The value that was to be saved. All three are formatted for display.
        attribution: A sentence about the audit entry that recorded the change, or that no entry recorded it; may be
            empty.
        title: The name that an admin reads where `what` names a row by its number; blank if it's `what`.
    """

    what: str
    read: str
    now: str
    wanted: str
    attribution: str = field(default="", compare=False)
    title: str = field(default="", compare=False)

    @property
    def label(self) -> str:
        """The name of the value as an admin reads it."""
        return self.title or self.what


class EditConflict(ChangeRefused):
    """Somebody else changed values after they were read; nothing was overwritten.

    Args:
        conflicts: The changed values, at least one.
        happened: What somebody else did, as a sentence; blank to name the values.
    """

    def __init__(self, conflicts: tuple[Conflict, ...], happened: str = "") -> None:
        names = ", ".join(conflict.label for conflict in conflicts)
        happened = happened or f"Another program changed a value in the meantime: {names}."
        super().__init__(f"{happened} Nothing was saved.", "Compare the values and choose one.")
        self.conflicts = conflicts


class AlreadyApplied(ChangeRefused):
    """A repeated change had been made by the first attempt, whose answer was lost."""

    def __init__(self) -> None:
        super().__init__(
            "The first attempt succeeded; only its response was lost. The change was not repeated.",
            "Reload to see the current values.",
        )


class NotPermitted(ChangeRefused):
    """The database user, the file or the mode doesn't allow writing."""


class OperationNotAllowed(ChangeRefused):
    """Another authority, or a rule of Open Dental, decides about this change."""
