"""Audit events, read from the texts that API Setup really writes; and how SQL finds those texts."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import core.model
from core.audit.filter import AuditFilter
from core.audit.paging import Direction
from core.base.errors import EditConflict
from core.model.audit_events import our_kinds, our_patterns, parse_entry
from core.model.event_values import KeyGrant, KeyLabel, KeyName, Setting, SettingChange
from core.model.export_events import ExportFinished, ExportStarted
from core.model.key_events import (
    KeyAdded,
    KeyCopied,
    KeyFieldChanged,
    KeyPermissionsChanged,
    KeyRemoved,
    KeyShown,
    KeyStatusChanged,
    VendorKeyAdded,
)
from core.model.key_text import audit_mask, fingerprint, fingerprint_tag, mask
from core.model.license_events import LicenseAccepted, LicenseDeclined, VendorLicenseAccepted
from core.model.logged_event import EVENT_MODULES, AuditEvent, LoggedEvent, Stage
from core.model.opening_events import ApiSetupOpened
from core.model.payment_type_events import PaymentTypeAdded, PaymentTypeEdited, PaymentTypeHidden
from core.model.review_events import FormerNamesChanged, KeyNoteChanged, ReviewStarted
from core.model.settings_events import SettingsChanged
from core.model.subscription_events import SubscriptionDeleted, SubscriptionEnded, SubscriptionResumed
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.audit_pages import EVERYTHING, all_entries
from tests.support.change_kinds import EDITED, KINDS, NEW_DEVELOPER, NEW_KEY, SINCE_22, key_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer
from tests.support.opendental_columns import NEW
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY
from tests.support.properties import examples
from tests.support.row_diff import writing
from tests.support.sealed_keys import seal

OPENING = ApiSetupOpened()
ADMIN_NAME = "Admin"
GRANT = KeyGrant(EDITED.permissions, EDITED.agreement_since)


def test_the_events_of_each_module_are_read() -> None:
    modules = {path.stem for path in Path(core.model.__path__[0]).glob("*_events.py")}
    assert modules - {"audit_events"} == set(EVENT_MODULES)


def name(key: str) -> KeyName:
    return KeyName(mask(key), fingerprint_tag(fingerprint(key)))


def events(texts: list[str]) -> list[AuditEvent | None]:
    """Return the events of texts that say that something was done."""
    logged = [parse_entry(text) for text in texts]
    assert all(each is None or each.stage is Stage.DONE for each in logged)
    return [each.event if each is not None else None for each in logged]


def settings_changed(*changes: tuple[Setting, str, str]) -> SettingsChanged:
    return SettingsChanged(tuple(SettingChange(*change) for change in changes))


BRIDGE = KeyLabel(name(BRIDGE_KEY), "Appointment Bridge")
CLEARPAY = KeyLabel(name(CLEARPAY_KEY), "ClearPay")


def written_texts(sample: SamplePractice, run: Callable[[Office], object]) -> list[str]:
    """The texts of the entries that something writes, each of one of our kinds or about signing in and out."""
    with sample.office() as office, writing(sample) as written:
        run(office)
    assert {kind for kind, _, _ in written.audit} <= {*our_kinds(), 83}
    return [text or "" for _, _, text in written.audit]


def export_all(office: Office, directory: Path) -> None:
    export = office.audit.export(ADMIN, EVERYTHING, directory / "trail.csv", may_replace=True)
    export.begin()
    while not export.run_batch().done:
        pass


def cancel_export(office: Office, directory: Path) -> None:
    export = office.audit.export(ADMIN, AuditFilter(user=1), directory / "trail.jsonl", may_replace=True)
    export.begin()
    export.cancel()


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (
            "save settings",
            [
                settings_changed(
                    (Setting.ENABLED, "off", "on"),
                    (Setting.INTERVAL, "blank", "5 minutes"),
                    (Setting.PAYMENT_TYPE, "Check", "Credit Card"),
                )
            ],
        ),
        ("accept license", [LicenseAccepted]),
        ("decline license", [LicenseDeclined]),
        ("add key", [KeyAdded(KeyLabel(name(NEW_KEY), NEW_DEVELOPER), ADMIN_NAME, GRANT)]),
        ("disable key", [KeyStatusChanged(BRIDGE, KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER, ADMIN_NAME)]),
        ("enable key", [KeyStatusChanged(CLEARPAY, KeyStatus.DISABLED_BY_CUSTOMER, KeyStatus.ENABLED, ADMIN_NAME)]),
        ("remove key", [KeyRemoved(BRIDGE, ADMIN_NAME, KeyStatus.ENABLED)]),
        ("edit key", [KeyFieldChanged, KeyFieldChanged, KeyPermissionsChanged, KeyFieldChanged]),
        ("show key", [KeyShown(name(BRIDGE_KEY), ADMIN_NAME)]),
        ("copy key", [KeyCopied(name(BRIDGE_KEY), ADMIN_NAME)]),
        ("add payment type", [PaymentTypeAdded]),
        ("rename payment type", [PaymentTypeEdited]),
        ("hide payment type", [PaymentTypeHidden, SettingsChanged]),
        ("unhide payment type", [PaymentTypeEdited]),
        ("move payment type", [PaymentTypeEdited, PaymentTypeEdited]),
        ("note key", [KeyNoteChanged]),
        ("name formerly", [FormerNamesChanged]),
        ("start review", [ReviewStarted]),
        ("end subscription", [SubscriptionEnded]),
        ("resume subscription", [SubscriptionResumed]),
        ("delete subscription", [SubscriptionDeleted]),
        ("sign in", [None, OPENING]),
        ("fail to sign in", [None]),
        ("sign out", [None]),
        ("open as account", [OPENING]),
    ],
)
def test_an_entry_that_we_write_is_read_as_its_event(
    file_sample: SampleFile, kind: str, expected: list[AuditEvent | type[AuditEvent] | None]
) -> None:
    found = events(written_texts(file_sample, KINDS[kind]))
    compared = [type(each) if isinstance(wanted, type) else each for each, wanted in zip(found, expected, strict=True)]
    assert compared == expected


def test_the_entries_of_an_export_are_read_as_its_events(file_sample: SampleFile, tmp_path: Path) -> None:
    finished = written_texts(file_sample, lambda office: export_all(office, tmp_path))
    assert [type(event) for event in events(finished)] == [ExportStarted, ExportFinished]
    begun, cancelled = written_texts(file_sample, lambda office: cancel_export(office, tmp_path))
    logged = parse_entry(begun)
    assert logged is not None
    assert parse_entry(cancelled) == LoggedEvent(logged.event, Stage.NOT_DONE)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM"], indirect=True)
def test_what_was_not_done_says_so(server_sample: SampleServer) -> None:
    def fail(office: Office) -> None:
        key = key_of(office, "Appointment Bridge")
        with closing(sqlite3.connect(server_sample.companion)) as connection, connection:
            connection.execute("UPDATE apisetup_key SET status = 4 WHERE fingerprint = ?", (fingerprint(BRIDGE_KEY),))
        with suppress(EditConflict):
            office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)

    event = KeyStatusChanged(BRIDGE, KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER, ADMIN_NAME)
    texts = written_texts(server_sample, fail)
    assert [parse_entry(text) for text in texts] == [LoggedEvent(event), LoggedEvent(event, Stage.NOT_DONE)]


def test_two_keys_that_look_the_same_are_told_apart_by_their_tags(file_sample: SampleFile) -> None:
    other = f"Other{BRIDGE_KEY}"
    statement = "UPDATE apisetup_key SET sealed = ?, masked = ?, fingerprint = ? WHERE developer = 'Canopy'"
    file_sample.execute(statement, seal(other), mask(other), fingerprint(other))
    texts = written_texts(file_sample, lambda office: office.keys.show(ADMIN, key_of(office, "Canopy")))
    assert events(texts) == [KeyShown(name(other), ADMIN_NAME)]


def test_a_contact_that_is_worded_as_a_status_is_no_status(file_sample: SampleFile) -> None:
    def edit(office: Office) -> None:
        for email in ("Enabled", "Unknown"):
            key = key_of(office, "Appointment Bridge")
            office.keys.edit(ADMIN, key, replace(key.fields, email=email))

    texts = written_texts(file_sample, edit)
    assert " e-mail changed from Enabled to Unknown by Admin" in texts[1]
    assert [type(event) for event in events(texts)] == [KeyFieldChanged, KeyFieldChanged]
    assert all(event is not None and set(event.values_after) == {"e-mail"} for event in events(texts))


@pytest.mark.parametrize(
    ("text", "changes"),
    [
        ("Enabled changed from on to off", [(Setting.ENABLED, "on", "off")]),
        (
            "subscription interval changed from 1 minute to blank; payment type from none to Check",
            [(Setting.INTERVAL, "1 minute", "blank"), (Setting.PAYMENT_TYPE, "none", "Check")],
        ),
        ("payment type changed from Cash; check to Card", [(Setting.PAYMENT_TYPE, "Cash; check", "Card")]),
        ("payment type changed from Paid from home to Check", [(Setting.PAYMENT_TYPE, "Paid from home", "Check")]),
        ("payment type changed from A changed from B to C", [(Setting.PAYMENT_TYPE, "A changed from B", "C")]),
        (
            "Enabled changed from on to off; payment type from A; Enabled to B",
            [(Setting.ENABLED, "on", "off"), (Setting.PAYMENT_TYPE, "A; Enabled", "B")],
        ),
    ],
)
def test_settings_before_and_after(text: str, changes: list[tuple[Setting, str, str]]) -> None:
    logged = parse_entry(f"API Setup: {text}")
    assert logged == LoggedEvent(settings_changed(*changes))
    assert logged.is_exact(f"API Setup: {text}")


@pytest.mark.parametrize(
    "text",
    [
        "API Setup: Enabled changed from off to on; payment type from Cash to go to Check",
        "API Setup: Enabled changed from off to on; payment type from Cash to Check to go",
    ],
)
def test_an_older_entry_with_an_ambiguous_name_lacks_that_value(text: str) -> None:
    logged = parse_entry(text)
    assert logged == LoggedEvent(settings_changed((Setting.ENABLED, "off", "on")))
    assert not logged.is_exact(text)


def test_an_older_entry_of_a_developer_named_like_a_change_is_not_exact_for_that_developer() -> None:
    developer = "X) changed from Enabled to Disabled by Customer by Admin"
    text = f"API key {name(BRIDGE_KEY)} ({developer}) changed from Disabled by Customer to Enabled by Admin"
    logged = parse_entry(text)
    assert logged is not None
    assert isinstance(logged.event, KeyStatusChanged)
    assert logged.event.key.developer != developer


def test_a_key_in_an_entry_of_the_vendors_is_masked_and_has_its_tag() -> None:
    logged = parse_entry(f"New API key {BRIDGE_KEY} added by Admin")
    assert logged == LoggedEvent(VendorKeyAdded(BRIDGE_KEY, ADMIN_NAME))
    tag = name(BRIDGE_KEY).tag
    assert logged.event.description == f"The API key ********Gh78 {tag}, added in Open Dental's own window."
    assert logged.event.key_tag == tag
    assert BRIDGE_KEY not in repr(logged)


def test_the_vendors_own_agreement_is_one() -> None:
    text = "Open Dental API End User License accepted by Admin"
    assert parse_entry(text) == LoggedEvent(VendorLicenseAccepted(ADMIN_NAME))


@pytest.mark.parametrize(
    "text",
    [
        "ASKED: New API key ********Kk78 #3f9a01 added by Admin",
        "NOT DONE: API key ********Gh78 #3f9a01 (Bridge) changed from Enabled to Disabled by Customer by Admin"
        " - headquarters refused: ask later - it said",
        "UNKNOWN: New API key ********Kk78 #3f9a01 added by Admin - look at headquarters' list before it is repeated",
        "NOT DONE: New API key ********Kk78 #3f9a01 added by Admin"
        " - the answer was lost, and headquarters' list does not show it",
        "NOT DONE: New API key ********Kk78 #3f9a01 added by Admin"
        " - the answer can't be used, and headquarters' list does not show it",
        "NOT DONE: New API key ********Kk78 #3f9a01 added by Admin - headquarters was not reached (TLS)",
        "NOT DONE: New API key ********Kk78 #3f9a01 added by Admin - headquarters was not asked (address)",
    ],
)
def test_the_outcomes_at_headquarters_are_read_with_their_reasons(text: str) -> None:
    logged = parse_entry(text)
    assert logged is not None
    assert isinstance(logged.event, KeyAdded | KeyStatusChanged)
    assert logged.event.user == "Admin"
    assert logged.text() == text
    assert not logged.is_undoable


@pytest.mark.parametrize(
    "text",
    [
        "",
        "API/FHIR opened",
        "Opened API/FHIR",
        "API Setup",
        "API key",
        "API key ********Gh78 shown in full to Admin",
        "API key Ab12Cd34Ef56Gh78 #3f9a01 shown in full to Admin",
        "New API key",
        "New API key ********Gh78 added by Admin",
        "Say API key ********Gh78 #3f9a01 (Bridge) added by Admin",
        "NOT DONE: ",
        "NOT DONE: NOT DONE: API/FHIR",
        "User: Admin has logged on.",
        "Payment of $20.00 entered.",
        "x (SHA-256 0123456789ab) y",
        "x (SHA-256 0123456789)",
    ],
)
def test_what_we_do_not_write_is_about_nothing_of_ours(text: str) -> None:
    assert parse_entry(text) is None


@pytest.mark.parametrize("sample", ["SQLite", "21.1 MyISAM", "24.3 InnoDB"], indirect=True)
def test_the_database_finds_the_texts_that_are_known_again(sample: SamplePractice, tmp_path: Path) -> None:
    def write_everything(office: Office) -> None:
        for run in KINDS.values():
            run(office)
        export_all(office, tmp_path)
        cancel_export(office, tmp_path)

    texts = written_texts(sample, write_everything)
    newer = len(SINCE_22) if sample.version == NEW else 0
    assert len(texts) == 32 + newer
    copied = "UserNum, LogDateTime, PatNum, CompName, FKey, LogSource, DefNum, DefNumError, DateTPrevious"
    for text in (each for each in texts if not each.startswith(Stage.NOT_DONE.value)):
        sample.execute(
            f"INSERT INTO securitylog (PermType, LogText, {copied})"
            f" SELECT 8, ?, {copied} FROM securitylog WHERE SecurityLogNum = 1",
            f"{Stage.NOT_DONE.value}{text}",
        )
    with sample.office() as office:
        ours = all_entries(office.audit.search(AuditFilter(ours=True)), Direction.OLDER)
    rows = sample.practice_rows()["securitylog"]
    known = {int(number) for number, row in rows.items() if parse_entry(row["LogText"] or "")}
    assert {entry.number for entry in ours} == known
    # Two were there, 29 were written that are not about signing in and out, 28 of them once more as not done. What only
    # newer versions have was written once and copied once.
    assert len(known) == 2 + 29 + 28 + 2 * newer


# Names come from people and from other databases; a NUL byte stands in none of them.
names = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=30)
keys = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)


@st.composite
def our_texts(draw: st.DrawFn) -> str:
    """A text as we write them, whatever names are in it."""
    user, name, key = draw(names), draw(names), draw(keys)
    masked = audit_mask(mask(key), fingerprint(key))
    text = draw(
        st.sampled_from(
            [
                "API/FHIR",
                f"API Setup: payment type changed from {name} to {draw(names)}",
                f"New API key {masked} ({name}) added by {user}",
                f"New API key {key} added by {user}",
                f"API key {masked} ({name}) changed from Enabled to Disabled by Customer by {user}",
                f"API key {masked} ({name}) phone changed from {draw(names)} to {draw(names)} by {user}",
                f"API key {masked} shown in full to {user}",
                f"{name} accepted by {user} (SHA-256 {draw(st.text('0123456789abcdef', min_size=12, max_size=12))})",
                f"Audit Trail export to {name}.csv begun by {user}: {draw(names)}",
            ]
        )
    )
    prefix: str = draw(st.sampled_from(["", Stage.NOT_DONE.value]))
    return prefix + text


@examples(75)
@given(our_texts())
def test_whatever_names_a_text_of_ours_has_both_know_it(text: str) -> None:
    with closing(sqlite3.connect(":memory:")) as connection:
        likes = " OR ".join("? LIKE ?" for _ in our_patterns())
        values = [value for pattern in our_patterns() for value in (text, pattern)]
        ((liked,),) = connection.execute(f"SELECT {likes}", values)
    assert liked
    assert parse_entry(text) is not None
