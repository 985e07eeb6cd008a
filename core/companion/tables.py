"""Tables of the companion database. Every change to one needs a new migration in `core.companion.migrations`."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from sqlalchemy import JSON, Date, DateTime, ForeignKey, Integer, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column


class CompanionBase(DeclarativeBase):
    """Base class of this program's own tables, whose names begin with `apisetup_`."""


class MigrationRow(CompanionBase):
    """An applied migration, recorded in the transaction that applied it."""

    __tablename__ = "apisetup_migration"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    name: Mapped[str] = mapped_column(String(80))
    applied_at: Mapped[datetime] = mapped_column(DateTime)


class LicenseText(CompanionBase):
    """The full text of a license that was accepted at least once."""

    __tablename__ = "apisetup_license_text"
    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    text: Mapped[str] = mapped_column(Text)


class LicenseAcceptance(CompanionBase):
    """The acceptance of a license text: by whom, and when."""

    __tablename__ = "apisetup_license_acceptance"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    title: Mapped[str] = mapped_column(Text)
    sha256: Mapped[str] = mapped_column(String(64), ForeignKey(LicenseText.sha256))
    accepted_by: Mapped[str] = mapped_column(String(255))
    accepted_at: Mapped[datetime] = mapped_column(DateTime)


class RegistryKey(CompanionBase):
    """A key of the local registry. Times are read from the practice's clock."""

    __tablename__ = "apisetup_key"
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    key_text: Mapped[str] = mapped_column(String(255))
    developer: Mapped[str] = mapped_column(String(255))
    email: Mapped[str] = mapped_column(Text)
    phone: Mapped[str] = mapped_column(Text)
    permissions: Mapped[list[str]] = mapped_column(JSON)
    status: Mapped[int] = mapped_column(Integer)
    date_disabled: Mapped[datetime | None] = mapped_column(DateTime)
    agreement_since: Mapped[date | None] = mapped_column(Date)
    added: Mapped[datetime] = mapped_column(DateTime)
    license_number: Mapped[int | None] = mapped_column(Integer, ForeignKey(LicenseAcceptance.number))


class HeadquartersAnswer(CompanionBase):
    """The last list of keys received from headquarters. The table has at most one row, with number 1.

    Attributes:
        asked_at: The time of the request, by the practice's clock.
        question: The number of the request. Answers are ordered by it, since a clock may be set back.
        listed_keys: One object per key: `fingerprint`, `masked`, `developer`, `status` (Open Dental's number),
            `date_disabled` (ISO 8601, or null), `email`, `phone`, `permissions`. Never the key itself.
    """

    __tablename__ = "apisetup_headquarters_answer"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    asked_at: Mapped[datetime] = mapped_column(DateTime)
    question: Mapped[int] = mapped_column(Integer)
    listed_keys: Mapped[list[dict[str, Any]]] = mapped_column(JSON)


class Question(CompanionBase):
    """The number of the last request to headquarters by any program that shares this database, in one row."""

    __tablename__ = "apisetup_question"
    number: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)


class HeadquartersKeyRow(CompanionBase):
    """Local data about a key at headquarters that headquarters doesn't store."""

    __tablename__ = "apisetup_headquarters_key"
    fingerprint: Mapped[str] = mapped_column(String(64), primary_key=True)
    added: Mapped[datetime | None] = mapped_column(DateTime)
    agreement_since: Mapped[date | None] = mapped_column(Date)
    license_number: Mapped[int | None] = mapped_column(Integer, ForeignKey(LicenseAcceptance.number))


class JournalEntry(CompanionBase):
    """A change that was announced and whose outcome isn't known yet.

    Attributes:
        writer: The program that announced it; it holds the lock file of this name while it runs.
        intent: The fields of `core.practice.journal.Intent`.
    """

    __tablename__ = "apisetup_journal"
    number: Mapped[int] = mapped_column(Integer, primary_key=True)
    writer: Mapped[str] = mapped_column(String(16))
    intent: Mapped[dict[str, Any]] = mapped_column(JSON)


class SignInFailure(CompanionBase):
    """The failed sign-ins of a user in a row, while they can't be counted in the practice.

    Attributes:
        user_num: The user's number in the practice.
        last_failure: The time of the last one, by the practice's clock.
    """

    __tablename__ = "apisetup_sign_in_failure"
    user_num: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    failures: Mapped[int] = mapped_column(Integer)
    last_failure: Mapped[datetime] = mapped_column(DateTime)
