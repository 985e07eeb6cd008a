"""What a practice says of itself to headquarters, and where that is: read from its preferences each time."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import select

from core.base.secret import Secret
from core.headquarters.requests import Credentials
from core.opendental.schema import Preference
from core.practice.practice import Practice

_ADDRESS = "WebServiceHQServerURL"
_NAMES = (_ADDRESS, "RegistrationKey", "PracticeTitle", "PracticePhone", "ProgramVersion")


@dataclass(frozen=True)
class Account:
    """Where headquarters is asked, and as whom."""

    address: str
    credentials: Credentials


def read_account(practice: Practice, computer: str, address: str = "") -> Account:
    """Read a practice's account with headquarters.

    Args:
        practice: The open practice.
        computer: Which computer asks.
        address: Where headquarters is, instead of the practice's own preference.
    """
    query = select(Preference.pref_name, Preference.value_string).where(Preference.pref_name.in_(_NAMES))
    with practice.read() as session:
        found = {name: value or "" for name, value in session.execute(query).all()}
    return Account(
        address or found.get(_ADDRESS, "").strip(),
        Credentials(
            registration_key=Secret(found.get("RegistrationKey", "").strip()),
            practice_title=found.get("PracticeTitle", ""),
            practice_phone=found.get("PracticePhone", ""),
            program_version=found.get("ProgramVersion", ""),
            computer_name=computer,
        ),
    )
