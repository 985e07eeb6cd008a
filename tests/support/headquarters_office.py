"""A sample practice whose keys a fake headquarters decides about."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date

from core.base.secret import Secret
from core.model.agreement import Acceptance
from core.model.api_key import ApiKey, KeyFields, KeyList, NewKey
from core.model.authority_name import AuthorityName
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.databases import SamplePractice
from tests.support.fake_headquarters import HeadquartersServer
from tests.support.headquarters_protocol import HeldKey, PracticeCredentials
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, TITLE

REGISTRATION_KEY = "REG7-KEY2-0042-ABCD"
NEW_KEY = "Nn12Ee34Ww56Kk78"

BRIDGE = HeldKey(BRIDGE_KEY)
CLEARPAY = HeldKey(
    CLEARPAY_KEY, "DisabledByCustomer", "ClearPay", "help@clearpay.example", "555 0199", ("ApiPayments",)
)
NEW = NewKey(Secret(NEW_KEY), "", KeyFields(agreement_since=date(2024, 7, 8)))
ACCEPTED = Acceptance("Careful", "ab" * 32, 1)
OFFERED = HeldKey(NEW_KEY, developer="New Wave", email="hello@newwave.example", permissions=("ApiPatients",))


def credentials(sample: SamplePractice) -> PracticeCredentials:
    """Return the credentials that the practice sends."""
    return PracticeCredentials(REGISTRATION_KEY, TITLE, "5550100", sample.version)


def set_headquarters_url(sample: SamplePractice, url: str) -> None:
    """Register the practice, with headquarters at this address."""
    set_preference = "UPDATE preference SET ValueString = ? WHERE PrefName = ?"
    sample.execute(set_preference, url, "WebServiceHQServerURL")
    sample.execute(set_preference, REGISTRATION_KEY, "RegistrationKey")


@contextmanager
def office_of(sample: SamplePractice) -> Iterator[Office]:
    """Open the practice with headquarters as the authority, and close it at the end."""
    with sample.office(AuthorityName.HEADQUARTERS) as office:
        yield office


def fetch_list(office: Office) -> KeyList:
    """Fetch headquarters' list and apply it."""
    fetched = office.keys.fetch()
    assert fetched is not None
    return office.keys.apply_list(ADMIN, fetched)


def key_of_developer(keys: KeyList, developer: str) -> ApiKey:
    """Return the only key of a developer in a list."""
    (found,) = [key for key in keys.keys if key.developer == developer]
    return found


def add_new_wave(office: Office) -> ApiKey:
    """Add the key that headquarters offers."""
    return office.keys.add(ADMIN, NEW, ACCEPTED).key


def disable_bridge(office: Office) -> ApiKey:
    """Disable a key that is enabled in the last list of headquarters."""
    key = key_of_developer(office.keys.list(), "Appointment Bridge")
    return office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER).key


AT_HEADQUARTERS: dict[str, Callable[[Office], ApiKey]] = {"assign": add_new_wave, "disable": disable_bridge}
"""Every kind of change that headquarters makes for the program."""

RENEW_COPY = "renew copy"
"""A new list from headquarters makes the practice's copy equal to it, as a kind of change for the kill driver."""


def copied_keys(sample: SamplePractice) -> list[tuple[str | None, str | None]]:
    """Read the key and developer of each row of `apikey`, sorted by key."""
    rows = sample.practice_rows().get("apikey", {}).values()
    return sorted((row["CustApiKey"], row["DevName"]) for row in rows)


def audit_texts(sample: SamplePractice, *beginnings: str) -> list[str]:
    """Read the texts of new audit entries that begin with one of these words, oldest first."""
    rows = sorted(sample.practice_rows()["securitylog"].items(), key=lambda item: int(item[0]))
    texts = [str(row["LogText"]) for number, row in rows if int(number) > 10]
    return [text for text in texts if text.startswith(beginnings)]


def add_keys(server: HeadquartersServer, *keys: HeldKey) -> None:
    """Assign keys to the practice at headquarters."""
    for key in keys:
        server.add_key(key)
