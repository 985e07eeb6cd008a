"""The few errors that core raises.

    ApiSetupError                what happened, and what to do about it
    ├── ConfigurationError       a command line, environment or file that cannot be used
    ├── PracticeUnavailable      the practice database cannot be opened or read now
    │   ├── ServerUnreachable        no server answers there
    │   ├── InsecureConnection             the line to the server is not encrypted, or leads elsewhere
    │   ├── LoginRefused             the server refuses the database user or password
    │   ├── NoSuchDatabase           the server has no database of that name
    │   ├── NotAPractice             a database, but not an Open Dental one that we can use
    │   ├── ConnectionLost           the server went away in the middle
    │   ├── StorageFailed            SQLite: locked, read-only, corrupt, or the disk is full
    │   ├── EntryGone                an audit entry that was there is not any more
    │   └── OutcomeUnknown              the change was made, or may have been: look before repeating it
    ├── HeadquartersError       Open Dental's headquarters did not do what it was asked, or did not say so
    │   ├── HeadquartersUnreachable  nothing was sent to it
    │   ├── NoUsableAnswer           it was asked, and what became of that is not known
    │   └── HeadquartersRefused      it said no, in its own words
    ├── ExportFailed             the file of an export cannot be written
    ├── SignInRefused            the Open Dental sign-in
    │   ├── WrongNameOrPassword
    │   ├── LockedOut
    │   └── NotAuthorized
    └── ChangeRefused            nothing was changed, and why
        ├── InvalidInput             a value that cannot be saved; names its field
        ├── EditConflict         somebody else changed what was shown; carries both values
        ├── AlreadyApplied              it was made the first time, though the answer was lost
        ├── NotPermitted             the database user or the mode may not write
        └── OperationNotAllowed          another authority decides

Driver and operating-system errors are translate_errors into these at the edge (`core.database.engines`,
`core.headquarters.transport`), with the cause chained.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum


class ApiSetupError(Exception):
    """Something that an admin has to know: one sentence, and a hint that says what to do.

    Args:
        sentence: What happened and what it means, as one or two plain sentences.
        hint: What the admin can do now; may be empty.
    """

    def __init__(self, sentence: str, hint: str = "") -> None:
        super().__init__(sentence)
        self.sentence = sentence
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.sentence} {self.hint}".strip()


class ConfigurationError(ApiSetupError):
    """A command line, environment variable or file that cannot be used."""


class PracticeUnavailable(ApiSetupError):
    """The practice database cannot be opened, read or written now."""


class ServerUnreachable(PracticeUnavailable):
    """No database server answers at the address."""


class InsecureConnection(PracticeUnavailable):
    """The line to the server is not encrypted, or its other end cannot be trusted."""


class LoginRefused(PracticeUnavailable):
    """The server refuses the database user or its password."""


class NoSuchDatabase(PracticeUnavailable):
    """The server has no database of that name, or hides it from this user."""


class NotAPractice(PracticeUnavailable):
    """The database lacks what every Open Dental database has."""


class ConnectionLost(PracticeUnavailable):
    """The server went away in the middle; what was sent last may or may not have happened."""


class StorageFailed(PracticeUnavailable):
    """The SQLite file is locked, read-only, corrupt, or its disk is full."""


class EntryGone(PracticeUnavailable):
    """An audit entry that was there before is not there any more.

    Args:
        number: Its number.
    """

    def __init__(self, number: int) -> None:
        super().__init__(
            f"The audit entry {number} is not there any more: somebody deleted it, or moved it to an archive.",
            "A verification of everything counts the hashes that deleted entries leave behind.",
        )


class OutcomeUnknown(PracticeUnavailable):
    """The change was made, or may have been: it must not be repeated before one has looked."""


class HeadquartersStep(Enum):
    """How far a question to headquarters came; the values are for sentences."""

    ADDRESS = "address"
    NAME = "name"
    CONNECTION = "connection"
    TLS = "TLS"
    ANSWER = "answer"
    CREDENTIALS = "registration key"
    """It understood, and did not accept what the practice says of itself or asks for."""


class HeadquartersError(ApiSetupError):
    """Open Dental's headquarters did not do what it was asked, or did not say so.

    Args:
        step: Which step failed; those before it went well.
        sent: Whether the question may have reached headquarters, so that a change may have been made.
        passing: Whether the same question may be answered a little later, without anybody doing something.
    """

    def __init__(self, step: HeadquartersStep, sentence: str, hint: str, *, sent: bool, passing: bool) -> None:
        super().__init__(sentence, hint)
        self.step = step
        self.sent = sent
        self.passing = passing


class HeadquartersUnreachable(HeadquartersError):
    """Nothing was sent to headquarters, so nothing can have changed there."""

    def __init__(self, step: HeadquartersStep, sentence: str, hint: str, *, passing: bool = False) -> None:
        super().__init__(step, sentence, hint, sent=False, passing=passing)


class NoUsableAnswer(HeadquartersError):
    """Headquarters was asked, but its answer was lost or cannot be read; what became of a change is not known."""

    def __init__(self, sentence: str, hint: str, *, passing: bool = False) -> None:
        super().__init__(HeadquartersStep.ANSWER, sentence, hint, sent=True, passing=passing)


class HeadquartersRefused(HeadquartersError):
    """Headquarters answered with an error, and did nothing.

    Args:
        words: What it said, as it came; may be empty.
    """

    def __init__(self, words: str) -> None:
        super().__init__(
            HeadquartersStep.CREDENTIALS,
            f"Open Dental's headquarters refused: {words}" if words else "Open Dental's headquarters refused.",
            "" if words else "It gave no reason; ask Open Dental's support.",
            sent=True,
            passing=False,
        )
        self.words = words


class ExportFailed(ApiSetupError):
    """The file of an export cannot be written; nothing of it is kept."""


class SignInRefused(ApiSetupError):
    """Open Dental's own sign-in was refused."""


class WrongNameOrPassword(SignInRefused):
    """One answer for a wrong name and a wrong password, as Open Dental gives."""

    def __init__(self) -> None:
        super().__init__("Invalid username or password.", "Names are those of Open Dental, not of the database.")


class LockedOut(SignInRefused):
    """Too many failures in a row.

    Args:
        until: When the lock ends, in the database server's local time.
    """

    def __init__(self, until: datetime) -> None:
        super().__init__(
            f"This user is locked until {until:%H:%M:%S} (the server's clock) after too many failed sign-ins.",
            "Wait, or use another user.",
        )
        self.until = until


class NotAuthorized(SignInRefused):
    """The password was right, but the user lacks a permission."""


class ChangeRefused(ApiSetupError):
    """Nothing was changed."""


class InvalidInput(ChangeRefused):
    """A value that cannot be saved.

    Args:
        field: Which input is meant, by the name that the calling service documents.
    """

    def __init__(self, field: str, sentence: str, hint: str = "") -> None:
        super().__init__(sentence, hint)
        self.field = field


@dataclass(frozen=True)
class Conflict:
    """One value that moved between reading and saving; all three as an admin reads them."""

    what: str
    read: str
    now: str
    wanted: str
    attribution: str = field(default="", compare=False)
    """The audit entry that tells who changed it, when, from what to what; or that none does."""


class EditConflict(ChangeRefused):
    """Somebody else changed what was shown; nothing was overwritten."""

    def __init__(self, conflicts: tuple[Conflict, ...]) -> None:
        names = ", ".join(conflict.what for conflict in conflicts)
        super().__init__(
            f"Changed by another program since it was read here: {names}. Nothing was changed.",
            "Look at both values and choose.",
        )
        self.conflicts = conflicts


class AlreadyApplied(ChangeRefused):
    """A change that is asked for again was made the first time."""

    def __init__(self) -> None:
        super().__init__(
            "This change was made the first time, though the answer was lost on its way. It was not made again.",
            "Read again to see what stands there now.",
        )


class NotPermitted(ChangeRefused):
    """The database user, the file or the mode does not allow writing."""


class OperationNotAllowed(ChangeRefused):
    """Another authority, or a rule of Open Dental, decides about this."""
