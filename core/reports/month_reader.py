"""Reads the facts of a month in an office from the services that have them."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from core.model.month import Month
from core.model.monthly_report import MonthFacts
from core.reports.office_facts import OptionalFacts, read_office_info, seal_fact
from core.reports.own_entries import read_own_entries

if TYPE_CHECKING:
    from core.model.api_key import KeyList
    from core.office.office import Office

KeyReader = Callable[[], tuple["KeyList", bool]]
"""Returns the keys as their authority states them now, and False if they may be out of date."""


def read_month(office: Office, reader: str, month: Month, read_keys: KeyReader) -> MonthFacts:
    """Read the facts of a month. Nothing is written to the practice but headquarters' new list, as `read_keys` does.

    Args:
        office: The open office.
        reader: The name of the user who reads it.
        month: The month; its days are those of the practice's clock.
        read_keys: Returns the keys.

    Raises:
        PracticeUnavailable: The database doesn't answer.
    """
    facts = OptionalFacts()
    info = read_office_info(office, reader)
    listed = facts.read("The list of keys", read_keys)
    keys, current = listed if listed is not None else (None, False)
    notes = facts.read("The notes on keys", office.notes.all)
    entries = facts.read("The changes", lambda: read_own_entries(office.audit, month.first, month.last))
    developers = sorted({key.developer for key in keys.keys}) if keys is not None else []
    use = facts.read("The use of keys", lambda: office.use.in_period(developers, month.first, month.last))
    floor = facts.read("The beginning of the Audit Trail", office.use.floor)
    subscriptions = facts.read("The subscriptions", lambda: office.subscriptions.load(keys))
    for each in subscriptions.unknown if subscriptions is not None else ():
        facts.unknown.append(f"Subscriptions: {each.removeprefix('unknown: ')}")
    verification = facts.read("The last verification", office.last_verification.read)
    seals = facts.read("The seals", office.seals.seals)
    return MonthFacts(
        month,
        info,
        keys,
        current,
        notes or {},
        entries.entries if entries is not None else None,
        entries.others if entries is not None else 0,
        use if keys is not None else None,
        floor,
        subscriptions,
        verification,
        tuple(map(seal_fact, seals)) if seals is not None else None,
        tuple(facts.unknown),
    )
