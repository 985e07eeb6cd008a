"""Listing, ending, resuming and deleting subscriptions on every kind of database."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from core.base.errors import ApiSetupError, EditConflict, OperationNotAllowed
from core.model.key_text import fingerprint, fingerprint_tag
from core.model.subscription import ApiSubscription, SubscriptionPage, SubscriptionState
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.change_kinds import key_of
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user
from tests.support.opendental_columns import OLD
from tests.support.practice_rows import (
    BRIDGE_KEY,
    BRIDGE_SUBSCRIPTION,
    CLEARPAY_SUBSCRIPTION,
    FHIR_SUBSCRIPTION,
    NO_DATE,
    STRAY_SUBSCRIPTION,
)
from tests.support.row_diff import Written, server_now, writing

STOP = ("apisubscription", str(BRIDGE_SUBSCRIPTION), "DateTimeStop")
BRIDGE = f"********Gh78 {fingerprint_tag(fingerprint(BRIDGE_KEY))} (Appointment Bridge)"
HOOK = "Appointment to https://bridge.example.test/hook/"


@pytest.fixture
def newer(sample: SamplePractice) -> SamplePractice:
    """A practice that has subscriptions, on each kind of database."""
    if sample.version == OLD:
        pytest.skip("Open Dental has no subscriptions before 22.1")
    return sample


def subscription(office: Office, number: int = BRIDGE_SUBSCRIPTION) -> ApiSubscription:
    found = office.subscriptions.find(number)
    assert found is not None
    return found


def load(sample: SamplePractice) -> SubscriptionPage:
    with sample.office() as office:
        return office.subscriptions.load()


def run_now(sample: SamplePractice, number: int = BRIDGE_SUBSCRIPTION) -> None:
    """Move the time of the last run, as Open Dental does every few seconds."""
    now = server_now(sample).isoformat(" ")
    sample.execute("UPDATE apisubscription SET DateTimeStart = ? WHERE ApiSubscriptionNum = ?", now, number)


# -- listing -------------------------------------------------------------------------


def test_subscriptions_are_listed_with_developer_and_state(newer: SamplePractice) -> None:
    run_now(newer)
    bridge, clearpay, stray = load(newer).subscriptions
    assert (bridge.developer, bridge.workstation, bridge.watches) == (
        "Appointment Bridge",
        "FRONTDESK-2",
        "Appointment",
    )
    assert (bridge.state, bridge.alerts) == (SubscriptionState.WORKING, ())
    assert (clearpay.state, clearpay.stop) == (SubscriptionState.ENDED, datetime(2024, 11, 1, 8))
    assert stray.developer == ""
    assert [each.split(":")[0] for each in stray.alerts] == [
        "Complete rows of patient data and the customer key travel unencrypted to 10.0.0.7 (http, not https).",
        "Orphaned",
    ]


def test_nothing_that_is_listed_holds_a_key_in_clear(newer: SamplePractice) -> None:
    newer.execute(
        "UPDATE apisubscription SET EndPointUrl = ?, Note = ?, Workstation = ? WHERE ApiSubscriptionNum = ?",
        f"https://a.test/{BRIDGE_KEY}?key={BRIDGE_KEY}",
        f"made with {BRIDGE_KEY}",
        BRIDGE_KEY,
        BRIDGE_SUBSCRIPTION,
    )
    assert BRIDGE_KEY not in repr(load(newer))


def test_fhir_subscriptions_are_listed_with_their_error_and_contacts(newer: SamplePractice) -> None:
    (found,) = load(newer).fhir
    assert (found.number, found.status, found.error_note) == (FHIR_SUBSCRIPTION, "Error", "The endpoint answered 500.")
    assert found.contacts == ("E-mail: ops@fhir.example.test",)
    assert load(newer).remarks == ("FHIR subscriptions aren't processed: API Setup has no FHIR interval.",)
    assert "secret" not in repr(found)


def test_fhir_subscriptions_that_were_not_processed_for_long_are_told(newer: SamplePractice) -> None:
    newer.execute("UPDATE programproperty SET PropertyValue = '5' WHERE ProgramPropertyNum = 903")
    (remark,) = load(newer).remarks
    assert remark.startswith("FHIR subscriptions were last processed ")
    processed = server_now(newer).isoformat(" ")
    newer.execute("UPDATE programproperty SET PropertyValue = ? WHERE ProgramPropertyNum = 904", processed)
    assert load(newer).remarks == ()


def test_a_version_before_subscriptions_says_so(server_samples: Callable[[str], SampleServer]) -> None:
    page = load(server_samples("21.1 MyISAM"))
    assert page.subscriptions == ()
    assert page.unknown == ("none: Open Dental has no table apisubscription before 22.1.1",)
    assert len(page.fhir) == 1


@contextmanager
def reading_as(sample: SampleServer, *rights: str) -> Iterator[Office]:
    with database_user(sample, *rights) as account, closing(sample.open_as(account)) as office:
        yield office


SEEN = (
    *(f"SELECT ON {table}" for table in "preference program programproperty definition securitylog".split()),
    *(f"SELECT ON {table}" for table in "securityloghash signalod userod usergroupattach grouppermission".split()),
    "SELECT ON apikey",
    "SELECT ON replicationserver",
)


@pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)
@pytest.mark.parametrize(
    ("rights", "unknown"),
    [
        (
            (),
            ("unknown: no right to read apisubscription", "unknown: no right to read fhirsubscription"),
        ),
        (
            ("SELECT ON apisubscription", "SELECT ON fhirsubscription"),
            ("unknown: no right to read computer", "unknown: no right to read fhircontactpoint"),
        ),
        (
            ("SELECT (ApiSubscriptionNum, Note) ON apisubscription", "SELECT ON fhirsubscription"),
            (
                "unknown: no column or no right to read apisubscription.EndPointUrl",
                "unknown: no right to read fhircontactpoint",
            ),
        ),
    ],
)
def test_a_missing_right_becomes_one_line(
    server_sample: SampleServer, rights: tuple[str, ...], unknown: tuple[str, ...]
) -> None:
    with reading_as(server_sample, *SEEN, *rights) as office:
        assert office.subscriptions.load().unknown == unknown


def test_a_file_made_before_subscriptions_says_what_it_lacks(file_sample: SampleFile) -> None:
    for table in ("apisubscription", "fhirsubscription", "computer"):
        file_sample.execute(f"DROP TABLE {table}")
    page = load(file_sample)
    assert page.unknown == ("unknown: no table apisubscription", "unknown: no table fhirsubscription")
    assert (page.subscriptions, page.fhir) == ((), ())


def test_a_database_that_does_not_answer_is_an_error(file_sample: SampleFile) -> None:
    with file_sample.office() as office:
        file_sample.companion.write_bytes(b"not a database at all")
        with pytest.raises(ApiSetupError):
            office.subscriptions.load()


# -- ending, resuming and deleting ---------------------------------------------------


def test_ending_writes_the_stop_and_nothing_else(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office)
        with writing(newer) as written:
            done = office.subscriptions.end(ADMIN, found)
        assert subscription(office).ended
    ((_, after),) = written.changed.values()
    text = f"API subscription {BRIDGE_SUBSCRIPTION} of {BRIDGE} ended by Admin: {HOOK}; stop from none to {after}"
    assert written == Written(audit=[(225, 1, text)], signals=[106], changed={STOP: (NO_DATE, after)})
    assert done.sentence == f"Ended: subscription {BRIDGE_SUBSCRIPTION} (Appointment Bridge, Appointment)."


def test_a_run_between_reading_and_ending_is_no_conflict(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office)
        run_now(newer)
        office.subscriptions.end(ADMIN, found)
        assert subscription(office).ended


def test_resuming_removes_the_stop(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office, CLEARPAY_SUBSCRIPTION)
        with writing(newer) as written:
            office.subscriptions.resume(ADMIN, found)
        assert not subscription(office, CLEARPAY_SUBSCRIPTION).ended
    stop = ("apisubscription", str(CLEARPAY_SUBSCRIPTION), "DateTimeStop")
    assert written.changed == {stop: ("2024-11-01 08:00:00", NO_DATE)}
    assert written.signals == [106]
    ((kind, _, text),) = written.audit
    assert (kind, str(text).endswith("; stop from 2024-11-01 08:00:00 to none")) == (225, True)


def test_deleting_removes_the_row_and_nothing_else(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office, STRAY_SUBSCRIPTION)
        with writing(newer) as written:
            office.subscriptions.delete(ADMIN, found)
    assert written.removed == [("apisubscription", str(STRAY_SUBSCRIPTION))]
    assert (written.signals, written.changed, written.added) == ([106], {}, {})
    ((kind, _, text),) = written.audit
    assert kind == 225
    assert str(text).startswith(f"API subscription {STRAY_SUBSCRIPTION} of ********")
    assert str(text).endswith(" deleted by Admin: Appointment to http://10.0.0.7:8080/in/")


def test_ending_one_that_has_ended_is_refused(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office, CLEARPAY_SUBSCRIPTION)
        with writing(newer) as written, pytest.raises(OperationNotAllowed, match="ended on 2024-11-01 08:00:00"):
            office.subscriptions.end(ADMIN, found)
    assert written == Written()


def test_resuming_one_that_has_not_ended_is_refused(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office)
        with writing(newer) as written, pytest.raises(OperationNotAllowed, match="nothing to resume"):
            office.subscriptions.resume(ADMIN, found)
    assert written == Written()


CHANGES: dict[str, Callable[[Office, ApiSubscription], object]] = {
    "end": lambda office, found: office.subscriptions.end(ADMIN, found),
    "delete": lambda office, found: office.subscriptions.delete(ADMIN, found),
}


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize(
    ("column", "value", "what"),
    [
        ("DateTimeStop", "2030-01-01 00:00:00", "stop of subscription 21"),
        ("Workstation", "OTHER", "workstation"),
        ("WatchTable", "Patient", "what it watches"),
        ("PollingSeconds", "5", "interval"),
        ("Note", "new", "note"),
        ("EndPointUrl", "https://other.test/", "address"),
        ("CustomerKey", "other", "the subscription"),
    ],
)
def test_one_that_was_changed_meanwhile_is_a_conflict(
    newer: SamplePractice, change: str, column: str, value: str, what: str
) -> None:
    with newer.office() as office:
        found = subscription(office)
        newer.execute(f"UPDATE apisubscription SET {column} = ? WHERE ApiSubscriptionNum = 21", value)
        with writing(newer) as written, pytest.raises(EditConflict) as caught:
            CHANGES[change](office, found)
    assert [each.what for each in caught.value.conflicts] == [what]
    assert written == Written()


@pytest.mark.parametrize("change", CHANGES)
def test_one_that_is_gone_is_a_conflict(newer: SamplePractice, change: str) -> None:
    with newer.office() as office:
        found = subscription(office)
        newer.execute("DELETE FROM apisubscription WHERE ApiSubscriptionNum = 21")
        with pytest.raises(EditConflict) as caught:
            CHANGES[change](office, found)
    (conflict,) = caught.value.conflicts
    assert (conflict.read, conflict.now) == ("in the list", "gone")


def test_a_conflict_names_who_ended_it_from_here(newer: SamplePractice) -> None:
    with newer.office() as office:
        found = subscription(office)
        office.subscriptions.end(ADMIN, found)
        with pytest.raises(EditConflict) as caught:
            office.subscriptions.delete(ADMIN, found)
    assert "Admin: API subscription 21 of " in caught.value.conflicts[0].attribution


@pytest.mark.parametrize(("version", "signals"), [("22.1.1.0", []), ("22.3.9.0", []), ("22.4.0.0", [106])])
def test_workstations_are_told_from_the_version_on_that_knows_the_signal(
    newer: SamplePractice, version: str, signals: list[int]
) -> None:
    newer.execute("UPDATE preference SET ValueString = ? WHERE PrefName = 'DataBaseVersion'", version)
    with newer.office() as office, writing(newer) as written:
        done = office.subscriptions.end(ADMIN, subscription(office))
    assert written.signals == signals
    assert any("restart it on the workstations" in each for each in done.consequences) is not bool(signals)


@pytest.fixture
def with_newer_column(server_samples: Callable[[str], SampleServer], tmp_path: Path) -> Iterator[SampleServer]:
    """A MyISAM practice whose subscriptions have a column of a version that this program doesn't know."""
    sample = server_samples("24.3 MyISAM")
    sample.use_directory(tmp_path)
    sample.execute("ALTER TABLE apisubscription ADD SubsequentFailures int NOT NULL DEFAULT 7")
    yield sample
    sample.execute("ALTER TABLE apisubscription DROP SubsequentFailures")
    sample.restore()


def test_a_deletion_that_fails_puts_back_the_columns_of_newer_versions_too(with_newer_column: SampleServer) -> None:
    sample = with_newer_column
    sample.execute("UPDATE apisubscription SET SubsequentFailures = 3 WHERE ApiSubscriptionNum = 21")
    before = sample.practice_rows()["apisubscription"]
    with sample.office() as office:
        found = subscription(office)
        sample.execute("RENAME TABLE signalod TO signals")
        try:
            with pytest.raises(ApiSetupError):
                office.subscriptions.delete(ADMIN, found)
        finally:
            sample.execute("RENAME TABLE signals TO signalod")
    assert sample.practice_rows()["apisubscription"] == before
    assert before["21"]["SubsequentFailures"] == "3"


def test_the_active_subscriptions_of_a_key_are_found(newer: SamplePractice) -> None:
    with newer.office() as office:
        key = key_of(office, "Appointment Bridge")
        assert [each.number for each in office.subscriptions.active_of(key.fingerprint)] == [BRIDGE_SUBSCRIPTION]
        ended = key_of(office, "ClearPay")
        assert office.subscriptions.active_of(ended.fingerprint) == ()


def test_a_disabled_key_is_said_at_its_subscription(newer: SamplePractice) -> None:
    with newer.office() as office:
        office.keys.set_status(ADMIN, key_of(office, "Appointment Bridge"), KeyStatus.DISABLED_BY_CUSTOMER)
        (alert,) = subscription(office).alerts
    assert alert.startswith("Its API key is Disabled by Customer.")


# -- undoing -------------------------------------------------------------------------


def last(sample: SamplePractice) -> int:
    return max(map(int, sample.practice_rows()["securitylog"]))


@pytest.mark.parametrize("before", [NO_DATE, "2036-01-01 00:00:00"])
def test_undoing_an_end_restores_the_stop_from_before(newer: SamplePractice, before: str) -> None:
    newer.execute("UPDATE apisubscription SET DateTimeStop = ? WHERE ApiSubscriptionNum = 21", before)
    with newer.office() as office:
        office.subscriptions.end(ADMIN, subscription(office))
        ended = last(newer)
        (line,) = office.undoing.plan(ended).lines
        with writing(newer) as written:
            done = office.undoing.undo(ADMIN, ended)
    assert line.startswith("stop of subscription 21: from ")
    assert written.changed[STOP][1] == before
    assert done.sentence.startswith("Resumed: ")
    assert f"(undoing entry {ended})" in str(written.audit[0][2])


def test_undoing_a_resume_ends_it_as_before(newer: SamplePractice) -> None:
    with newer.office() as office:
        office.subscriptions.resume(ADMIN, subscription(office, CLEARPAY_SUBSCRIPTION))
        office.undoing.undo(ADMIN, last(newer))
        assert subscription(office, CLEARPAY_SUBSCRIPTION).stop == datetime(2024, 11, 1, 8)


def test_an_end_that_was_changed_since_is_not_undone(newer: SamplePractice) -> None:
    with newer.office() as office:
        office.subscriptions.end(ADMIN, subscription(office))
        newer.execute("UPDATE apisubscription SET DateTimeStop = '2020-02-02 02:02:02' WHERE ApiSubscriptionNum = 21")
        with pytest.raises(EditConflict), writing(newer) as written:
            office.undoing.undo(ADMIN, last(newer))
    assert written == Written()


def test_a_deletion_is_not_undone(newer: SamplePractice) -> None:
    with newer.office() as office:
        office.subscriptions.delete(ADMIN, subscription(office))
        with pytest.raises(OperationNotAllowed, match="Deleting a subscription can't be undone"):
            office.undoing.plan_last(ADMIN)
        with pytest.raises(OperationNotAllowed):
            office.undoing.plan(last(newer))


def test_one_that_ended_by_itself_since_can_be_resumed(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apisubscription SET DateTimeStop = '2024-11-06 14:30:20' WHERE ApiSubscriptionNum = 21")
    with file_sample.office() as office:
        shown = subscription(office)
    assert not shown.ended
    later = datetime(2024, 11, 6, 14, 31)
    with file_sample.office(clock=lambda: later) as office:
        office.subscriptions.resume(ADMIN, shown)
        assert not subscription(office).ended
