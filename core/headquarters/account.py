"""A practice's account with headquarters: the address and credentials in its preferences."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.base.secret import Secret
from core.headquarters.requests import Credentials
from core.opendental.schema import PREFERENCE
from core.practice.practice import Practice

_ADDRESS_PREFERENCE = "WebServiceHQServerURL"
_PREFERENCES = (_ADDRESS_PREFERENCE, "RegistrationKey", "PracticeTitle", "PracticePhone", "ProgramVersion")


@dataclass(frozen=True)
class Account:
    """The address of headquarters' service and the practice's credentials."""

    address: str
    credentials: Credentials


def read_account(practice: Practice, computer: str, address: str = "") -> Account:
    """Read a practice's account from its preferences. Preferences that are missing are read as blank.

    Args:
        practice: The open practice.
        computer: The name of this computer, which is sent along.
        address: The address to use instead of the practice's preference; blank for the preference.

    Raises:
        PracticeUnavailable: The preferences can't be read.
    """
    query = select(PREFERENCE.c.pref_name, PREFERENCE.c.value_string).where(PREFERENCE.c.pref_name.in_(_PREFERENCES))
    with practice.read() as connection:
        values = {name: value or "" for name, value in connection.execute(query).all()}
    return Account(
        address or values.get(_ADDRESS_PREFERENCE, "").strip(),
        Credentials(
            registration_key=Secret(values.get("RegistrationKey", "").strip()),
            practice_title=values.get("PracticeTitle", ""),
            practice_phone=values.get("PracticePhone", ""),
            program_version=values.get("ProgramVersion", ""),
            computer_name=computer,
        ),
    )
