"""Tables of the companion database. Every change to one needs a new migration in `core.companion.migrations`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Integer,
    MetaData,
    Named,
    String,
    Table,
    Text,
    TypedColumns,
)

COMPANION = MetaData()
"""The tables, whose names begin with `apisetup_`."""

_Number = Integer().with_variant(BigInteger(), "postgresql")
"""An integer of 64 bits, which SQLite's are anyway. PyMySQL sends numbers without a type."""


class MigrationColumns(TypedColumns):
    """An applied migration, recorded in the transaction that applied it."""

    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    name: Named[str] = Column(String(80))
    applied_at: Named[datetime] = Column(DateTime)


MIGRATION = Table("apisetup_migration", COMPANION, MigrationColumns)


class LicenseTextColumns(TypedColumns):
    """The full text of a license that was accepted at least once."""

    sha256: Named[str] = Column(String(64), primary_key=True)
    text: Named[str] = Column(Text)


LICENSE_TEXT = Table("apisetup_license_text", COMPANION, LicenseTextColumns)


class LicenseAcceptanceColumns(TypedColumns):
    """The acceptance of a license text: by whom, and when."""

    number: Named[int] = Column(_Number, primary_key=True)
    title: Named[str] = Column(Text)
    sha256: Named[str] = Column(String(64), ForeignKey(LICENSE_TEXT.c.sha256))
    accepted_by: Named[str] = Column(String(255))
    accepted_at: Named[datetime] = Column(DateTime)


LICENSE_ACCEPTANCE = Table("apisetup_license_acceptance", COMPANION, LicenseAcceptanceColumns)


class EncryptionColumns(TypedColumns):
    """The current encryption key of the local registry's keys. The table has at most one row, with number 1.

    Attributes:
        key_id: The ID of the key, which doesn't reveal it.
        since: The time since which it is the current one.
    """

    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    key_id: Named[str] = Column(String(16))
    since: Named[datetime] = Column(DateTime)


ENCRYPTION = Table("apisetup_encryption", COMPANION, EncryptionColumns)


class RegistryKeyColumns(TypedColumns):
    """A key of the local registry. Times are read from the practice's clock.

    Attributes:
        fingerprint: The SHA-256 of the key's text.
        masked: The text with all but its last four characters hidden.
        key_id: The ID of the encryption key that the text needs.
        sealed: The text, encrypted by `core.companion.encryption` and bound to the fingerprint.
    """

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    masked: Named[str] = Column(String(16))
    key_id: Named[str] = Column(String(16))
    sealed: Named[str] = Column(Text)
    developer: Named[str] = Column(String(255))
    email: Named[str] = Column(Text)
    phone: Named[str] = Column(Text)
    permissions: Named[list[str]] = Column(JSON)
    status: Named[int] = Column(_Number)
    date_disabled: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    added: Named[datetime] = Column(DateTime)
    license_number: Named[int | None] = Column(_Number, ForeignKey(LICENSE_ACCEPTANCE.c.number))


REGISTRY_KEY = Table("apisetup_key", COMPANION, RegistryKeyColumns)


class HeadquartersAnswerColumns(TypedColumns):
    """The last list of keys received from headquarters. The table has at most one row, with number 1.

    Attributes:
        asked_at: The time of the request, by the practice's clock.
        question: The number of the request. Answers are ordered by it, since a clock may be set back.
        listed_keys: One object per key: `fingerprint`, `masked`, `developer`, `status` (Open Dental's number),
            `date_disabled` (ISO 8601, or null), `email`, `phone`, `permissions`, `developer_number`. Never the
            key itself.
    """

    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    asked_at: Named[datetime] = Column(DateTime)
    question: Named[int] = Column(_Number)
    listed_keys: Named[list[dict[str, Any]]] = Column(JSON)


HEADQUARTERS_ANSWER = Table("apisetup_headquarters_answer", COMPANION, HeadquartersAnswerColumns)


class QuestionColumns(TypedColumns):
    """The number of the last request to headquarters by any program that shares this database, in one row."""

    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)


QUESTION = Table("apisetup_question", COMPANION, QuestionColumns)


class HeadquartersKeyColumns(TypedColumns):
    """Local data about a key at headquarters that headquarters doesn't store."""

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    added: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    license_number: Named[int | None] = Column(_Number, ForeignKey(LICENSE_ACCEPTANCE.c.number))


HEADQUARTERS_KEY = Table("apisetup_headquarters_key", COMPANION, HeadquartersKeyColumns)


class JournalEntryColumns(TypedColumns):
    """A change that was announced and whose outcome isn't known yet.

    Attributes:
        writer: The program that announced it; it holds the lock file of this name while it runs.
        intent: The fields of `core.practice.journal.Intent`.
        renewed_at: On a server, the time of its clock (seconds since 1970) at which the writer last confirmed that it
            still runs; null in a file.
    """

    number: Named[int] = Column(_Number, primary_key=True)
    writer: Named[str] = Column(String(16))
    intent: Named[dict[str, Any]] = Column(JSON)
    renewed_at: Named[int | None] = Column(_Number)


JOURNAL_ENTRY = Table("apisetup_journal", COMPANION, JournalEntryColumns)


class SignInFailureColumns(TypedColumns):
    """The failed sign-ins of a user in a row, while they can't be counted in the practice.

    Attributes:
        user_num: The user's number in the practice.
        last_failure: The time of the last one, by the practice's clock.
    """

    user_num: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    failures: Named[int] = Column(_Number)
    last_failure: Named[datetime] = Column(DateTime)


SIGN_IN_FAILURE = Table("apisetup_sign_in_failure", COMPANION, SignInFailureColumns)


class UseDayColumns(TypedColumns):
    """The changes that a developer made through the API on one day, of one kind and through one computer.

    Attributes:
        name: The developer's name as entries hold it, case-folded.
        permission: The number of the entries' permission type.
    """

    name: Named[str] = Column(String(255), primary_key=True)
    day: Named[date] = Column(Date, primary_key=True)
    permission: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    computer: Named[str] = Column(String(255), primary_key=True)
    entries: Named[int] = Column(_Number)
    first_at: Named[datetime] = Column(DateTime)
    last_at: Named[datetime] = Column(DateTime)


USE_DAY = Table("apisetup_use_day", COMPANION, UseDayColumns)


class UseRangeColumns(TypedColumns):
    """The part of the Audit Trail that was read for a developer's name."""

    name: Named[str] = Column(String(255), primary_key=True)
    since: Named[datetime] = Column(DateTime)
    until: Named[datetime] = Column(DateTime)
    complete: Named[int] = Column(_Number)


USE_RANGE = Table("apisetup_use_range", COMPANION, UseRangeColumns)


class FormerNameColumns(TypedColumns):
    """A name that a developer had before, as an admin entered it. `developer` is case-folded."""

    developer: Named[str] = Column(String(255), primary_key=True)
    former_name: Named[str] = Column(String(255), primary_key=True)


FORMER_NAME = Table("apisetup_former_name", COMPANION, FormerNameColumns)


class FleetAnswerColumns(TypedColumns):
    """The last answer of an office that is read along with others. `answer` is that of `core.fleet.answers`."""

    office: Named[str] = Column(String(60), primary_key=True)
    answered_at: Named[datetime] = Column(DateTime)
    answer: Named[dict[str, Any]] = Column(JSON)


FLEET_ANSWER = Table("apisetup_fleet_answer", COMPANION, FleetAnswerColumns)


class JoinedNameColumns(TypedColumns):
    """A developer's name, case-folded, that an admin joined with another one."""

    name: Named[str] = Column(String(255), primary_key=True)
    joined_with: Named[str] = Column(String(255))


JOINED_NAME = Table("apisetup_joined_name", COMPANION, JoinedNameColumns)


class FleetRunColumns(TypedColumns):
    """A change in several offices, announced before the first of them.

    Attributes:
        receipt: The number of its receipt.
        plan: What is to be done in each office.
        written: The receipt that was written last: `number`, `file`, `text_file`, `sha256`, and `content`, which is the
            whole JSON file; empty for none.
        finished: 1 once it ended as it should, whatever its results.
    """

    receipt: Named[str] = Column(String(20), primary_key=True)
    started_at: Named[datetime] = Column(DateTime)
    plan: Named[dict[str, Any]] = Column(JSON)
    written: Named[dict[str, Any]] = Column(JSON)
    finished: Named[int] = Column(Integer)


FLEET_RUN = Table("apisetup_fleet_run", COMPANION, FleetRunColumns)


class FleetResultColumns(TypedColumns):
    """The result of a change in several offices in one of them."""

    receipt: Named[str] = Column(String(20), primary_key=True)
    office: Named[str] = Column(String(60), primary_key=True)
    result: Named[dict[str, Any]] = Column(JSON)


FLEET_RESULT = Table("apisetup_fleet_result", COMPANION, FleetResultColumns)


class FleetWriterColumns(TypedColumns):
    """The program that makes a change in several offices now, in a companion on a server.

    Attributes:
        receipt: The number of the change's receipt.
        writer: The program; it holds the lock file of this name while it runs.
        renewed_at: The time of the server's clock (seconds since 1970) at which it last confirmed that it still runs.
    """

    receipt: Named[str] = Column(String(20), primary_key=True)
    writer: Named[str] = Column(String(16))
    renewed_at: Named[int] = Column(_Number)


FLEET_WRITER = Table("apisetup_fleet_writer", COMPANION, FleetWriterColumns)


class LastVerificationColumns(TypedColumns):
    """The last verification of the practice's Audit Trail, in one row with number 1.

    Attributes:
        verified_at: The time by the practice's clock.
        verdict: The result in a sentence.
    """

    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    verified_at: Named[datetime] = Column(DateTime)
    verdict: Named[str] = Column(Text)


LAST_VERIFICATION = Table("apisetup_last_verification", COMPANION, LastVerificationColumns)


class SealColumns(TypedColumns):
    """A seal of a practice's Audit Trail.

    Attributes:
        practice: The fingerprint of the practice.
        number: The place of the seal in the practice's chain, from 1.
        seal: The seal and its signature, as JSON.
    """

    practice: Named[str] = Column(String(64), primary_key=True)
    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    seal: Named[str] = Column(Text)


SEAL = Table("apisetup_seal", COMPANION, SealColumns)


class SealedEntriesColumns(TypedColumns):
    """A part of the list of a seal's entries.

    Attributes:
        practice: The fingerprint of the practice.
        number: The number of the seal.
        part: The place of the part in the list, from 0.
        first: The smallest number of an entry in it.
        last: The largest one.
        entries: How many entries it has.
        content: The entries, as `core.seals.entry_list` packs them.
    """

    practice: Named[str] = Column(String(64), primary_key=True)
    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    part: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    first: Named[int] = Column("first_entry", _Number)
    last: Named[int] = Column("last_entry", _Number)
    entries: Named[int] = Column(_Number)
    content: Named[str] = Column(Text)


SEALED_ENTRIES = Table("apisetup_sealed_entries", COMPANION, SealedEntriesColumns)


class KeyNoteColumns(TypedColumns):
    """An office's notes on a key. The key's BAA date and its developer's former names are in other tables.

    Attributes:
        fingerprint: The SHA-256 of the key's text.
    """

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    owner: Named[str] = Column(String(255))
    purpose: Named[str] = Column(String(255))
    agreement_reference: Named[str] = Column(String(255))
    review_date: Named[date | None] = Column(Date)


KEY_NOTE = Table("apisetup_key_note", COMPANION, KeyNoteColumns)


class ReviewColumns(TypedColumns):
    """A review of the practice's keys. Times are read from the practice's clock.

    Attributes:
        since: The first day of its period.
        until: The last day of its period.
        known: The findings about the practice as a whole, and what could not be read, when it started.
        ended_at: Null while it is under way.
        ended_by: Empty while it is under way.
        left_open: The keys that it ended without a decision on.
    """

    number: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    name: Named[str] = Column(String(60))
    since: Named[date] = Column(Date)
    until: Named[date] = Column(Date)
    started_at: Named[datetime] = Column(DateTime)
    started_by: Named[str] = Column(String(255))
    known: Named[dict[str, Any]] = Column(JSON)
    ended_at: Named[datetime | None] = Column(DateTime)
    ended_by: Named[str] = Column(String(255))
    left_open: Named[list[str]] = Column(JSON)


REVIEW = Table("apisetup_review", COMPANION, ReviewColumns)


class ReviewItemColumns(TypedColumns):
    """A key in a review.

    Attributes:
        review: The number of the review.
        fingerprint: The SHA-256 of the key's text.
        snapshot: What was known of the key when it was listed. Never the key itself.
        decision: The decision; empty for none.
        revision: How often it was decided. A decision names the revision that it replaces.
    """

    review: Named[int] = Column(_Number, primary_key=True, autoincrement=False)
    fingerprint: Named[str] = Column(String(64), primary_key=True)
    snapshot: Named[dict[str, Any]] = Column(JSON)
    decision: Named[dict[str, Any]] = Column(JSON)
    revision: Named[int] = Column(_Number)


REVIEW_ITEM = Table("apisetup_review_item", COMPANION, ReviewItemColumns)
