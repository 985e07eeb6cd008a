"""Every kind of change that the program makes, each as a function that can be called again after a fault."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import date

from core.base.errors import WrongNameOrPassword
from core.base.secret import Secret
from core.model.agreement import Acceptance
from core.model.api_key import KeyFields, NewKey
from core.model.payment_types import ListedPaymentType
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from core.seals.key_source import GivenSealKey
from core.seals.service import SealSettings
from tests.support import opendental_columns
from tests.support.actors import ADMIN
from tests.support.practice_rows import (
    ACCOUNT,
    BRIDGE_SUBSCRIPTION,
    CASH,
    CHECK,
    CLEARPAY_SUBSCRIPTION,
    CREDIT_CARD,
    GIFT,
    PASSWORDS,
    STRAY_SUBSCRIPTION,
)
from tests.support.reviews import key_of as key_of
from tests.support.reviews import name_formerly, note_key, start_review

Run = Callable[[Office], object]

NEW_KEY = "Nn12Ee34Ww56Kk78"
NEW_DEVELOPER = "New Wave"
NEW_TYPE = "Bank transfer"
RENAMED_TYPE = "Cash and coins"
ACCEPTED = Acceptance("Careful", "ab" * 32, 1)
EDITED = KeyFields("new@example.test", "", ("ApiReadAll", "ApiPatients"), date(2024, 7, 8))
_SEAL_KEY = "MC4CAQAwBQYDK2VwBCIEIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f"
"""A private key for tests."""
NEW = NewKey(Secret(NEW_KEY), NEW_DEVELOPER, EDITED)


def save_settings(office: Office) -> None:
    """Change all three settings."""
    read = office.settings.load().values
    office.settings.save(ADMIN, read, replace(read, enabled=True, interval="5", payment_type=CREDIT_CARD))


def add_key(office: Office) -> None:
    """Add a key, unless it was added already."""
    if all(key.developer != NEW_DEVELOPER or not key.known for key in office.keys.list().keys):
        office.keys.add(ADMIN, NEW, ACCEPTED)


def disable_key(office: Office) -> None:
    """Disable a key, unless it was disabled already."""
    key = key_of(office, "Appointment Bridge")
    if key.status is KeyStatus.ENABLED:
        office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)


def enable_key(office: Office) -> None:
    """Enable a key, unless it was enabled already."""
    key = key_of(office, "ClearPay")
    if key.status is KeyStatus.DISABLED_BY_CUSTOMER:
        office.keys.set_status(ADMIN, key, KeyStatus.ENABLED)


def remove_key(office: Office) -> None:
    """Remove a key, unless it was removed already."""
    for key in office.keys.list().keys:
        if key.developer == "Appointment Bridge" and key.known:
            office.keys.remove(ADMIN, key)


def end_subscription(office: Office) -> None:
    """End a subscription, unless it has ended or this version of Open Dental has none."""
    found = office.subscriptions.find(BRIDGE_SUBSCRIPTION)
    if found is not None and not found.ended:
        office.subscriptions.end(ADMIN, found)


def resume_subscription(office: Office) -> None:
    """Resume a subscription, unless it was resumed already."""
    found = office.subscriptions.find(CLEARPAY_SUBSCRIPTION)
    if found is not None and found.ended:
        office.subscriptions.resume(ADMIN, found)


def delete_subscription(office: Office) -> None:
    """Delete a subscription, unless it was deleted already."""
    found = office.subscriptions.find(STRAY_SUBSCRIPTION)
    if found is not None:
        office.subscriptions.delete(ADMIN, found)


def payment_type_of(office: Office, number: int) -> ListedPaymentType:
    """Return a payment type by its number."""
    found = office.payment_types.load().find(number)
    assert found is not None
    return found


def add_payment_type(office: Office) -> None:
    """Add a payment type, unless it was added already."""
    if all(each.name != NEW_TYPE for each in office.payment_types.load().types):
        office.payment_types.add(ADMIN, NEW_TYPE, on_deposit_slips=False)


def rename_payment_type(office: Office) -> None:
    """Rename a payment type, unless it was renamed already."""
    found = payment_type_of(office, CASH)
    if found.name != RENAMED_TYPE:
        office.payment_types.edit(ADMIN, found, RENAMED_TYPE, on_deposit_slips=False)


def hide_payment_type(office: Office) -> None:
    """Hide the payment type that the API uses, unless it was hidden already."""
    found = payment_type_of(office, CHECK)
    if not found.hidden:
        office.payment_types.hide(ADMIN, found, replacement=CREDIT_CARD)


def unhide_payment_type(office: Office) -> None:
    """Show a hidden payment type again, unless it is shown already."""
    found = payment_type_of(office, GIFT)
    if found.hidden:
        office.payment_types.unhide(ADMIN, found)


def move_payment_type(office: Office) -> None:
    """Move the first payment type down, unless it was moved already."""
    page = office.payment_types.load()
    if page.types[0].number == CHECK:
        office.payment_types.move(ADMIN, page, CHECK, 1)


def sign_in(office: Office) -> None:
    """Sign in."""
    office.users.sign_in("Admin", Secret(PASSWORDS["Admin"]))


def fail_to_sign_in(office: Office) -> None:
    """Sign in with a wrong password."""
    with suppress(WrongNameOrPassword):
        office.users.sign_in("Admin", Secret("wrong"))


def seal_trail(office: Office) -> None:
    """Seal the Audit Trail with a key that a later process has, too."""
    office.seal_settings = lambda: SealSettings(GivenSealKey(lambda: Secret(_SEAL_KEY), "the test"))
    office.__dict__.pop("seals", None)
    # As the command and the screen do it first: a killed program may have logged a seal that it didn't make.
    office.recovery.settle(ADMIN)
    sealing = office.seals.sealing(ADMIN, "0.2.0")
    try:
        while not sealing.read_batch().complete:
            pass
        sealing.store()
    finally:
        sealing.discard()


KINDS: dict[str, Run] = {
    "save settings": save_settings,
    "accept license": lambda office: office.licenses.accept(ADMIN, NEW),
    "decline license": lambda office: office.licenses.decline(ADMIN, NEW),
    "add key": add_key,
    "disable key": disable_key,
    "enable key": enable_key,
    "edit key": lambda office: office.keys.edit(ADMIN, key_of(office, "Appointment Bridge"), EDITED),
    "show key": lambda office: office.keys.show(ADMIN, key_of(office, "Appointment Bridge")),
    "copy key": lambda office: office.keys.copy(ADMIN, key_of(office, "Appointment Bridge")),
    "seal trail": seal_trail,
    "end subscription": end_subscription,
    "resume subscription": resume_subscription,
    "delete subscription": delete_subscription,
    "add payment type": add_payment_type,
    "rename payment type": rename_payment_type,
    "hide payment type": hide_payment_type,
    "unhide payment type": unhide_payment_type,
    "move payment type": move_payment_type,
    "note key": note_key,
    "name formerly": name_formerly,
    "start review": start_review,
    # After the others, which change the same key.
    "remove key": remove_key,
    "sign in": sign_in,
    "fail to sign in": fail_to_sign_in,
    "sign out": lambda office: office.users.sign_out(ADMIN),
    "open as account": lambda office: office.users.account(ACCOUNT),
}

SINCE_22 = ("end subscription", "resume subscription", "delete subscription")
"""The kinds that change what older versions of Open Dental don't have."""


def exists_in(kind: str, version: str) -> bool:
    """Return True if a version of Open Dental has what a kind changes."""
    return kind not in SINCE_22 or version == opendental_columns.NEW


WORDS = {
    "save settings": ("API Setup: ",),
    "accept license": (" accepted by Admin",),
    "add key": (f"({NEW_DEVELOPER}) added by Admin",),
    "disable key": ("changed from Enabled to Disabled by Customer",),
    "enable key": ("changed from Disabled by Customer to Enabled",),
    "remove key": ("removed from the local registry by Admin; its status was Enabled",),
    "add payment type": (f"Definition created: {NEW_TYPE} with category: Payment Types; ",),
    "rename payment type": (f"Definition edited: {RENAMED_TYPE} with category: Payment Types; ",),
    "hide payment type": ("Definition hidden: Check with category: Payment Types; ", "payment type changed from"),
    "unhide payment type": ("Definition edited: Gift certificate with category: Payment Types; ",),
    "move payment type": ("Definition edited: Check with", "Definition edited: Credit Card with"),
    "note key": (" notes changed by Admin: owner changed from blank to Maria; purpose from blank to ",),
    "name formerly": ("Former names of developer ClearPay changed by Admin: added Old Pay",),
    "start review": ("API key review Q4 2024 started by Admin: ",),
    "seal trail": ("Audit Trail sealed by Admin: seal 1, 10 entries, SHA-256 ",),
    "end subscription": ("API subscription 21 of ", "ended by Admin"),
    "resume subscription": ("API subscription 22 of ", "resumed by Admin"),
    "delete subscription": ("API subscription 23 of ", "deleted by Admin"),
    "edit key": ("e-mail changed", "phone changed", "permissions changed", "Business Associate Agreement changed"),
    "sign in": ("User: Admin has logged on.",),
    "fail to sign in": ("User: Admin failed to log on.",),
}
"""For each kind that changes more than the Audit Trail, words of its audit rows."""
