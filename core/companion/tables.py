"""Tables of the companion database. Every change to one needs a new migration in `core.companion.migrations`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    JSON,
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


class MigrationColumns(TypedColumns):
    """An applied migration, recorded in the transaction that applied it."""

    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
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

    number: Named[int] = Column(Integer, primary_key=True)
    title: Named[str] = Column(Text)
    sha256: Named[str] = Column(String(64), ForeignKey(LICENSE_TEXT.c.sha256))
    accepted_by: Named[str] = Column(String(255))
    accepted_at: Named[datetime] = Column(DateTime)


LICENSE_ACCEPTANCE = Table("apisetup_license_acceptance", COMPANION, LicenseAcceptanceColumns)


class RegistryKeyColumns(TypedColumns):
    """A key of the local registry. Times are read from the practice's clock."""

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    key_text: Named[str] = Column(String(255))
    developer: Named[str] = Column(String(255))
    email: Named[str] = Column(Text)
    phone: Named[str] = Column(Text)
    permissions: Named[list[str]] = Column(JSON)
    status: Named[int] = Column(Integer)
    date_disabled: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    added: Named[datetime] = Column(DateTime)
    license_number: Named[int | None] = Column(Integer, ForeignKey(LICENSE_ACCEPTANCE.c.number))


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

    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    asked_at: Named[datetime] = Column(DateTime)
    question: Named[int] = Column(Integer)
    listed_keys: Named[list[dict[str, Any]]] = Column(JSON)


HEADQUARTERS_ANSWER = Table("apisetup_headquarters_answer", COMPANION, HeadquartersAnswerColumns)


class QuestionColumns(TypedColumns):
    """The number of the last request to headquarters by any program that shares this database, in one row."""

    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)


QUESTION = Table("apisetup_question", COMPANION, QuestionColumns)


class HeadquartersKeyColumns(TypedColumns):
    """Local data about a key at headquarters that headquarters doesn't store."""

    fingerprint: Named[str] = Column(String(64), primary_key=True)
    added: Named[datetime | None] = Column(DateTime)
    agreement_since: Named[date | None] = Column(Date)
    license_number: Named[int | None] = Column(Integer, ForeignKey(LICENSE_ACCEPTANCE.c.number))


HEADQUARTERS_KEY = Table("apisetup_headquarters_key", COMPANION, HeadquartersKeyColumns)


class JournalEntryColumns(TypedColumns):
    """A change that was announced and whose outcome isn't known yet.

    Attributes:
        writer: The program that announced it; it holds the lock file of this name while it runs.
        intent: The fields of `core.practice.journal.Intent`.
    """

    number: Named[int] = Column(Integer, primary_key=True)
    writer: Named[str] = Column(String(16))
    intent: Named[dict[str, Any]] = Column(JSON)


JOURNAL_ENTRY = Table("apisetup_journal", COMPANION, JournalEntryColumns)


class SignInFailureColumns(TypedColumns):
    """The failed sign-ins of a user in a row, while they can't be counted in the practice.

    Attributes:
        user_num: The user's number in the practice.
        last_failure: The time of the last one, by the practice's clock.
    """

    user_num: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    failures: Named[int] = Column(Integer)
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
    permission: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    computer: Named[str] = Column(String(255), primary_key=True)
    entries: Named[int] = Column(Integer)
    first_at: Named[datetime] = Column(DateTime)
    last_at: Named[datetime] = Column(DateTime)


USE_DAY = Table("apisetup_use_day", COMPANION, UseDayColumns)


class UseRangeColumns(TypedColumns):
    """The part of the Audit Trail that was read for a developer's name."""

    name: Named[str] = Column(String(255), primary_key=True)
    since: Named[datetime] = Column(DateTime)
    until: Named[datetime] = Column(DateTime)
    complete: Named[int] = Column(Integer)


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
        written: The receipt that was written last: `number`, `file`, `text_file`, `sha256`; empty for none.
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
