"""Seals and verifications of a practice's Audit Trail."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import Column, DateTime, Integer, Named, String, Table, Text, TypedColumns

from core.companion.tables.metadata import METADATA, NUMBER


class LastVerificationColumns(TypedColumns):
    """The last verification of the practice's Audit Trail, in one row with number 1.

    Attributes:
        verified_at: The time by the practice's clock.
        verdict: The result in a sentence.
    """

    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    verified_at: Named[datetime] = Column(DateTime)
    verdict: Named[str] = Column(Text)


LAST_VERIFICATION = Table("apisetup_last_verification", METADATA, LastVerificationColumns)


class SealColumns(TypedColumns):
    """A seal of a practice's Audit Trail.

    Attributes:
        practice: The fingerprint of the practice.
        number: The place of the seal in the practice's chain, from 1.
        seal: The seal and its signature, as JSON.
    """

    practice: Named[str] = Column(String(64), primary_key=True)
    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    seal: Named[str] = Column(Text)


SEAL = Table("apisetup_seal", METADATA, SealColumns)


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
    number: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    part: Named[int] = Column(NUMBER, primary_key=True, autoincrement=False)
    first: Named[int] = Column("first_entry", NUMBER)
    last: Named[int] = Column("last_entry", NUMBER)
    entries: Named[int] = Column(NUMBER)
    content: Named[str] = Column(Text)


SEALED_ENTRIES = Table("apisetup_sealed_entries", METADATA, SealedEntriesColumns)
