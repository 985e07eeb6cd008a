"""The diagnosis of real databases: SQLite, and MariaDB in old and new versions, on MyISAM and InnoDB."""

from __future__ import annotations

import socket
from contextlib import closing
from datetime import timedelta

import pytest
from sqlalchemy import Engine, event

from core.base.errors import InvalidInput
from core.diagnosis import cause_ids as ids
from core.diagnosis.port_probe import probe_service
from core.diagnosis.service import DiagnosisRequest
from core.model.diagnosis import Diagnosis, Symptom, Verdict
from core.office.office import Office
from core.opendental.key_status import KeyStatus
from tests.support.actors import ADMIN
from tests.support.databases import SampleFile, SamplePractice, SampleServer, database_user
from tests.support.fake_headquarters import headquarters
from tests.support.headquarters_office import BRIDGE, CLEARPAY, credentials, office_of, set_headquarters_url
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, GIFT
from tests.support.row_diff import Written, writing
from tests.support.service_rows import (
    add_alert,
    add_computer,
    add_signal,
    add_update,
    make_healthy,
    moment,
    set_preference,
)

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
READS = ("SELECT ON preference", "SELECT ON program", "SELECT ON programproperty", "SELECT ON definition")
OTHER_READS = tuple(
    f"SELECT ON {table}"
    for table in ("securitylog", "securityloghash", "signalod", "userod", "usergroupattach", "grouppermission")
)


def why(office: Office, symptom: str = "", developer: str = "", **options: bool) -> Diagnosis:
    target = office.diagnosis.target(developer=developer) if developer else None
    return office.diagnosis.diagnose(DiagnosisRequest(Symptom.parse(symptom), target, **options))


def cause_ids(diagnosis: Diagnosis) -> set[str]:
    return {cause.id for cause in diagnosis.causes}


def signs(diagnosis: Diagnosis) -> dict[str, str]:
    return {sign.subject: sign.sentence for sign in diagnosis.signs}


def test_a_healthy_practice_is_in_order(sample: SamplePractice) -> None:
    make_healthy(sample)
    add_update(sample, 30 * DAY, sample.version)
    with sample.office() as office:
        diagnosis = why(office)
        assert office.diagnosis.headline() == ""
    assert diagnosis.certain == ()
    assert diagnosis.verdict is Verdict.IN_ORDER
    found = signs(diagnosis)
    assert found["API"] == "Switched on."
    assert found["eConnector"] == "Last sign of life 1 min ago, on SERVER-1."
    assert found["Workstations"] == "Open Dental runs on 1 of 1: FRONTDESK-1."
    assert f"Open Dental {sample.version}, last updated " in found["Version"]


def test_looking_writes_nothing(sample: SamplePractice) -> None:
    make_healthy(sample)
    with sample.office() as office, writing(sample) as written:
        why(office, "401 PUT /appointments/1/Confirm", "ClearPay")
        office.diagnosis.headline()
    assert written == Written()


def test_a_silent_econnector_is_found_with_its_age(sample: SamplePractice) -> None:
    make_healthy(sample)
    sample.execute("DELETE FROM eservicesignal")
    add_signal(sample, 2, 3 * HOUR + MINUTE, "Heartbeat")
    # Signals of other services, and those that only inform, are no signs of life.
    add_signal(sample, 2, MINUTE, service=12)
    add_signal(sample, 1, MINUTE)
    add_signal(sample, 3, MINUTE)
    with sample.office() as office:
        diagnosis = why(office)
        assert office.diagnosis.headline() == "eConnector: no sign of life for 3 h"
    (cause,) = diagnosis.certain
    assert cause.id == ids.ECONNECTOR
    assert "on SERVER-1 gave its last sign of life 3 h ago" in cause.sentence


def test_of_two_signals_at_one_time_the_more_severe_counts(sample: SamplePractice) -> None:
    make_healthy(sample)
    add_signal(sample, 2, timedelta(0))
    add_signal(sample, 5, timedelta(0))
    with sample.office() as office:
        assert office.diagnosis.headline() == "eConnector: critical error"


def test_unacknowledged_errors_of_any_service_are_quoted(sample: SamplePractice) -> None:
    make_healthy(sample)
    add_signal(sample, 4, 2 * DAY, "Old and acknowledged")
    add_signal(sample, 4, 3 * HOUR, f"Call with {BRIDGE_KEY} failed", processed=False, service=12)
    with sample.office() as office:
        (cause,) = why(office).certain
    assert cause.id == ids.ECONNECTOR_ERRORS
    assert "reported an error that nobody has acknowledged" in cause.sentence
    assert "********Gh78 failed" in cause.sentence
    assert BRIDGE_KEY not in cause.sentence


def test_a_time_of_zeros_is_no_error(server_sample: SampleServer) -> None:
    make_healthy(server_sample)
    server_sample.execute("DELETE FROM eservicesignal")
    server_sample.execute(
        "INSERT INTO eservicesignal (ServiceCode, Severity, Description, SigDateTime, Tag)"
        " VALUES (1, 2, 'Heartbeat', '0000-00-00 00:00:00', '')"
    )
    server_sample.execute("UPDATE computer SET LastHeartBeat = '0000-00-00 00:00:00'")
    with server_sample.office() as office:
        (cause,) = why(office).certain
    assert "no sign of life with a valid time" in cause.sentence


def test_headquarters_switch_is_found_with_its_text(sample: SamplePractice) -> None:
    make_healthy(sample)
    sample.execute("UPDATE program SET IsDisabledByHq = 1, CustErr = ? WHERE ProgName = 'FHIR'", "Support ended.")
    with sample.office() as office:
        (cause,) = why(office).certain
        assert office.diagnosis.headline() == "API: switched off by headquarters"
    assert cause.id == ids.OFF_AT_HEADQUARTERS
    assert cause.sentence.endswith("Its reason: Support ended.")


def test_a_deleted_program_is_found(sample: SamplePractice) -> None:
    make_healthy(sample)
    sample.execute("DELETE FROM program WHERE ProgName = 'FHIR'")
    with sample.office() as office:
        assert ids.NO_PROGRAM in cause_ids(why(office))


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [("RegistrationKey", " ", "is missing"), ("RegistrationKeyIsDisabled", "1", "is disabled")],
)
def test_an_invalid_registration_key_is_found(sample: SamplePractice, name: str, value: str, words: str) -> None:
    make_healthy(sample)
    set_preference(sample, name, value)
    with sample.office() as office:
        (cause,) = why(office).certain
    assert (cause.id, words in cause.sentence) == (ids.REGISTRATION_KEY, True)


def test_alerts_are_found(sample: SamplePractice) -> None:
    make_healthy(sample)
    for kind in (8, 11, 12, 24):
        add_alert(sample, kind, f"Alert {kind}")
    with sample.office() as office:
        diagnosis = why(office)
    assert cause_ids(diagnosis) >= {ids.TWO_ECONNECTORS, ids.CLOCKS, ids.CONNECTIONS}
    assert "Open Dental's alert: Alert 24" in " ".join(cause.sentence for cause in diagnosis.causes)


def test_the_last_recorded_setting_is_compared_with_the_switch(sample: SamplePractice) -> None:
    make_healthy(sample)
    sample.execute("UPDATE program SET Enabled = 0 WHERE ProgName = 'FHIR'")
    with sample.office() as office:
        settings = office.settings.load().values
        office.settings.save(ADMIN, settings, type(settings)(True, settings.interval, settings.payment_type))
        sample.execute("UPDATE program SET Enabled = 0 WHERE ProgName = 'FHIR'")
        (cause,) = why(office).certain
        assert "nothing records who switched it off" in cause.sentence
        sample.execute("UPDATE program SET Enabled = 1 WHERE ProgName = 'FHIR'")
        settings = office.settings.load().values
        office.settings.save(ADMIN, settings, type(settings)(False, settings.interval, settings.payment_type))
        (cause,) = why(office).certain
    assert "switched it off." in cause.sentence
    assert cause.since is not None


def test_a_hidden_payment_type_is_found_with_the_day(sample: SamplePractice) -> None:
    make_healthy(sample)
    set_preference(sample, "ApiPaymentType", str(GIFT))
    hidden = moment(sample, 30 * DAY)
    sample.execute(
        "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource, DefNum,"
        " DefNumError, DateTPrevious) VALUES (220, 1, ?, ?, 0, '', 0, 0, 0, 0, '0001-01-01 00:00:00')",
        hidden,
        "Definition hidden: Gift certificate with category: Payment Types",
    )
    with sample.office() as office:
        (cause,) = why(office).certain
    assert f"which is hidden since {hidden[:10]}" in cause.sentence


def test_changes_with_a_disabled_key_are_counted_by_the_developers_name(sample: SamplePractice) -> None:
    make_healthy(sample)
    with sample.office() as office:
        (key,) = [each for each in office.keys.list().keys if each.developer == "Appointment Bridge"]
        office.keys.set_status(ADMIN, key, KeyStatus.DISABLED_BY_CUSTOMER)
        for text in ("by Appointment Bridge through API. ", "by Appointment_Bridge through API. "):
            sample.execute(
                "INSERT INTO securitylog (PermType, UserNum, LogDateTime, LogText, PatNum, CompName, FKey, LogSource,"
                " DefNum, DefNumError, DateTPrevious) VALUES (26, 0, ?, ?, 7, '', 0, 23, 0, 0, '0001-01-01 00:00:00')",
                moment(sample, timedelta(0)),
                f"Created {text}",
            )
        diagnosis = why(office, developer="appointment bridge")
    (cause,) = [each for each in diagnosis.causes if each.id == ids.STILL_ACCEPTED]
    assert "the Audit Trail has 1 change by this developer" in cause.sentence


def test_an_old_server_lacks_the_service(sample: SamplePractice) -> None:
    make_healthy(sample)
    with sample.office() as office:
        diagnosis = why(office, "connection refused at port 30223")
    assert (ids.SERVICE_MISSING in cause_ids(diagnosis)) is (sample.version == "21.1.8.0")


def test_missing_tables_are_one_line_each_and_no_error(file_sample: SampleFile) -> None:
    set_preference(file_sample, "RegistrationKey", "REG7-KEY2-0042-ABCD")
    with file_sample.office() as office:
        diagnosis = why(office)
        assert office.diagnosis.headline() == ""
    assert "eConnector: unknown, no table eservicesignal." in diagnosis.unknown
    assert "Alerts of Open Dental: unknown, no table alertitem." in diagnosis.unknown
    assert sum("IsDisabledByHq" in line for line in diagnosis.unknown) == 1


@pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 InnoDB"], indirect=True)
def test_dropped_tables_are_one_line_each_and_no_error(server_sample: SampleServer) -> None:
    make_healthy(server_sample)
    # A table that is dropped while the office is open, and one of an older version.
    with server_sample.office() as office:
        server_sample.execute("RENAME TABLE eservicesignal TO eservicesignal_away")
        try:
            diagnosis = why(office)
        finally:
            server_sample.execute("RENAME TABLE eservicesignal_away TO eservicesignal")
    (line,) = [each for each in diagnosis.unknown if each.startswith("eConnector: ")]
    assert "no table eservicesignal" in line


def test_missing_rights_are_one_line_each_and_no_error(server_sample: SampleServer) -> None:
    make_healthy(server_sample)
    with (
        database_user(server_sample, *READS, *OTHER_READS, "SELECT ON apikey") as account,
        closing(server_sample.open_as(account)) as office,
    ):
        diagnosis = why(office)
        assert office.diagnosis.headline() == ""
    assert diagnosis.verdict is Verdict.INCOMPLETE
    for table in ("eservicesignal", "alertitem", "computer", "updatehistory"):
        assert sum(table in line for line in diagnosis.unknown) == 1
        assert any(f"no right to read {table}" in line for line in diagnosis.unknown)


def test_headquarters_is_asked_and_its_list_is_not_kept(server_sample: SampleServer) -> None:
    make_healthy(server_sample)
    with headquarters(practice=credentials(server_sample)) as server, office_of(server_sample) as office:
        set_headquarters_url(server_sample, server.url)
        server.add_key(BRIDGE)
        server.add_key(CLEARPAY)
        before = server_sample.practice_rows()
        diagnosis = office.diagnosis.diagnose(DiagnosisRequest(ask_headquarters=True))
        target = office.diagnosis.target(ending=CLEARPAY_KEY[-4:])
        clearpay = office.diagnosis.diagnose(DiagnosisRequest(target=target, ask_headquarters=True))
        assert server_sample.practice_rows() == before
    assert signs(diagnosis)["Keys"] == "1 of 2 enabled (headquarters, asked just now)."
    # The copy has a third key, which headquarters doesn't list.
    assert ids.COPY_OUTDATED in cause_ids(diagnosis)
    assert ids.KEY_DISABLED in cause_ids(clearpay)


def test_without_headquarters_statuses_are_unknown_and_the_exits_are_named(server_sample: SampleServer) -> None:
    make_healthy(server_sample)
    set_headquarters_url(server_sample, "https://127.0.0.1:9/")
    with office_of(server_sample) as office:
        diagnosis = office.diagnosis.diagnose(DiagnosisRequest(ask_headquarters=True))
    assert diagnosis.verdict is Verdict.INCOMPLETE
    assert any(line.startswith("Statuses and permissions of keys: unknown") for line in diagnosis.unknown)
    assert diagnosis.emergency[0].startswith("Headquarters can't be asked, so no key can be disabled now.")


def test_a_developer_with_two_keys_has_to_be_named_by_one(file_sample: SampleFile) -> None:
    file_sample.execute("UPDATE apisetup_key SET developer = 'ClearPay' WHERE developer = 'Canopy'")
    with file_sample.office() as office:
        with pytest.raises(InvalidInput, match="2 keys match a key of clearpay"):
            office.diagnosis.target(developer=" clearpay ")
        assert office.diagnosis.target(ending="WW32").wanted == "API key ********Ww32 (ClearPay)"


def test_an_unknown_key_is_named_as_it_was_asked_for(file_sample: SampleFile) -> None:
    make_healthy(file_sample)
    with file_sample.office() as office:
        diagnosis = why(office, developer="Nobody Software")
    assert diagnosis.subject == "a key of Nobody Software"
    assert ids.NOT_ASSIGNED in cause_ids(diagnosis)


@pytest.mark.parametrize("developer", ["", "ClearPay", "Nobody"])
def test_the_text_for_the_developer_contains_no_part_of_a_key(sample: SamplePractice, developer: str) -> None:
    make_healthy(sample)
    with sample.office() as office:
        diagnosis = why(office, f"401 with ODFHIR dev/{CLEARPAY_KEY}", developer)
    assert CLEARPAY_KEY not in diagnosis.symptom.text
    for key in (CLEARPAY_KEY, BRIDGE_KEY):
        assert key[-4:].lower() not in diagnosis.developer_text.lower()


def test_workstations_are_listed_by_when_they_were_seen(sample: SamplePractice) -> None:
    make_healthy(sample)
    add_computer(sample, "OPERATORY-3", 3 * HOUR)
    add_computer(sample, "DOCTOR", timedelta(seconds=5))
    with sample.office() as office:
        assert office.diagnosis.workstations() == ("DOCTOR", "FRONTDESK-1", "OPERATORY-3")


def test_a_port_that_listens_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        assert probe_service("127.0.0.1", port).answered
    assert not probe_service("127.0.0.1", port).answered


@pytest.mark.parametrize("host", ["no-such-host.invalid", "a" * 300, "bad\udcffname"])
def test_a_host_that_cannot_be_found_does_not_answer(host: str) -> None:
    assert not probe_service(host).answered


def test_the_line_for_a_screen_is_read_in_one_statement(sample: SamplePractice) -> None:
    make_healthy(sample)
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_: object) -> None:
        statements.append(statement)

    with sample.office() as office:
        event.listen(Engine, "before_cursor_execute", note)
        try:
            office.diagnosis.headline()
        finally:
            event.remove(Engine, "before_cursor_execute", note)
    # SQLite's drivers are asked for more, over no network.
    assert len([each for each in statements if each.startswith("SELECT ")]) == 1
    assert len(statements) == 1 or not sample.on_server


def test_late_subscriptions_of_the_key_are_found(sample: SamplePractice) -> None:
    if not sample.has_apikey:
        pytest.skip("21.1 has no table apisubscription")
    make_healthy(sample)
    for key, workstation in ((CLEARPAY_KEY, "FRONTDESK-1"), (BRIDGE_KEY, "")):
        sample.execute(
            "INSERT INTO apisubscription (EndPointUrl, Workstation, CustomerKey, WatchTable, PollingSeconds,"
            " UiEventType, DateTimeStart, DateTimeStop, Note)"
            " VALUES ('https://x.example/', ?, ?, 'Appointment', 60, '', ?, '0001-01-01 00:00:00', '')",
            workstation,
            key,
            moment(sample, 2 * HOUR if key == CLEARPAY_KEY else timedelta(0)),
        )
    with sample.office() as office:
        late, working = why(office, "events stopped", "ClearPay"), why(office, "", "Appointment Bridge")
    (cause,) = [each for each in late.causes if each.id == ids.SUBSCRIPTIONS]
    assert cause.sentence.startswith("1 of 1 API subscriptions is late, so events don't arrive.")
    assert ids.SUBSCRIPTIONS not in cause_ids(working)
    assert signs(working)["Subscriptions"] == "1 working."
