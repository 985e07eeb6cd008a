"""The demo practice, registered with a headquarters for tests that decides about its keys."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager

from core.base.secret import Secret
from core.practice.bootstrap import DEMO_TITLE, VERSION
from tests.support import embedded_rows as rows
from tests.support.fake_headquarters import HeadquartersServer, headquarters
from tests.support.headquarters_protocol import HeldKey, PracticeCredentials
from tests.support.open_requests import DATABASE_PASSWORD, server_request
from tests.support.user_driver import User
from tui.modals.sign_in import SignInScreen
from tui.platform.workers import REMOTE_GROUP

REGISTRATION_KEY = "REG7-KEY2-0042-ABCD"

BRIDGE = HeldKey("Hq11Br22Id33Gh78", permissions=("ApiReadAll", "ApiAppointments"))
CLEARPAY = HeldKey(
    "Hq44Cl55Ea66Ww32",
    "DisabledByCustomer",
    "ClearPay",
    "help@clearpay.example",
    "555 0199",
    ("ApiPayments",),
    date_disabled="2024-10-02T11:12:13",
)
RECALL = HeldKey(
    "Hq77Re88Ca99Uu88",
    "DisabledByDeveloper",
    "Old Recall",
    "owner@recall.example",
    "555 0123",
    date_disabled="2024-09-01T08:00:00",
)
OFFERED = HeldKey(
    "Hq00Ne11Ww22Kk78", developer="New Wave", email="hello@newwave.example", permissions=("ApiPatients", "ApiComm")
)


@contextmanager
def registered_practice() -> Iterator[HeadquartersServer]:
    """Register the practice with a headquarters that has three keys of it, and offers one."""
    with headquarters(practice=PracticeCredentials(REGISTRATION_KEY, DEMO_TITLE, "5550100", VERSION)) as server:
        for key in (BRIDGE, CLEARPAY, RECALL):
            server.add_key(key)
        server.offer(OFFERED)
        for name, text in (
            ("WebServiceHQServerURL", server.url),
            ("RegistrationKey", REGISTRATION_KEY),
            ("PracticePhone", "5550100"),
            ("ProgramVersion", VERSION),
        ):
            rows.execute("INSERT INTO preference (PrefName, ValueString) VALUES (?, ?)", name, text)
        yield server


async def open_api_setup(user: User, *, answered: bool = True) -> None:
    """Sign in, and wait for API Setup.

    Args:
        user: Who.
        answered: Whether to wait for headquarters' answer, too.
    """
    user.ignored_group = "" if answered else REMOTE_GROUP
    await user.at(SignInScreen)
    await user.enter_text("admin")
    await user.press("enter", "enter")
    await user.at_api_setup()


def cache_list() -> None:
    """Have the list of headquarters remembered, three hours before now."""
    with closing(server_request().open(Secret(DATABASE_PASSWORD))) as office:
        signed_in = office.users.sign_in("admin", Secret(""))
        fetched = office.keys.fetch()
        assert fetched is not None
        office.keys.apply_list(signed_in.actor, fetched)
    with closing(sqlite3.connect("companion.sqlite3")) as companion, companion:
        companion.execute("UPDATE apisetup_headquarters_answer SET asked_at = '2024-11-05 06:00:00.000000'")


def copied_keys() -> list[str]:
    """The keys in the practice's copy."""
    return [key for (key,) in rows.query("SELECT CustApiKey FROM apikey ORDER BY DevName")]
