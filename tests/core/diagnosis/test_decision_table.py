"""Each row of the decision table in both directions: the cause where it is there, and none where it isn't."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from core.diagnosis import cause_ids as ids
from core.diagnosis.econnector import EConnector, EConnectorState, ServiceSignal
from core.diagnosis.evaluation import evaluate, find_headline
from core.diagnosis.facts import (
    Alert,
    ApiProgram,
    CallsAfterDisabling,
    Facts,
    LastUpdate,
    LoggedSwitch,
    NotRead,
    PortProbe,
    Registration,
)
from core.model.diagnosis import Cause, Certainty, Diagnosis, Remedy, Symptom, Verdict
from core.model.event_values import KeyName
from core.model.subscription import ApiSubscription, SubscriptionState
from core.opendental.key_status import KeyStatus
from tests.core.diagnosis.facts import DAY, GIFT, HOUR, MINUTE, NOW, facts, key_facts

CERTAIN, PROBABLE = Certainty.CERTAIN, Certainty.PROBABLE
ON, OFF = (
    ApiProgram(enabled=True, disabled_by_headquarters=False),
    ApiProgram(enabled=False, disabled_by_headquarters=False),
)
AT_HQ = ApiProgram(enabled=True, disabled_by_headquarters=True, headquarters_message="Support has ended.")
REFUSED = EConnector(EConnectorState.DOWN, NOW - 3 * HOUR)
DISABLED_LATELY: dict[str, Any] = {"status": KeyStatus.DISABLED_BY_CUSTOMER, "date_disabled": NOW - 2 * HOUR}
LATE = ApiSubscription(
    number=7,
    key=KeyName("********AD92", "#ababab"),
    fingerprint="ab" * 32,
    developer="ClearPay",
    workstation="OPERATORY-3",
    watches="Appointment",
    polling_seconds=60,
    address="https://clearpay.example/",
    last_run=NOW - 2 * HOUR,
    stop=None,
    note="",
    state=SubscriptionState.LATE,
    reasons=("All changes were last delivered 2 h ago.",),
    alerts=(),
    digest="",
)


def signal(description: str, ago: timedelta) -> ServiceSignal:
    return ServiceSignal(4, NOW - ago, description)


def seen(text: str, workstation: str = "") -> Symptom:
    return Symptom.parse(text, workstation)


def switched_on(ago: timedelta) -> LoggedSwitch:
    return LoggedSwitch(True, NOW - ago, "Maria")


# Row of the table: facts, what the developer saw, the cause's ID, its certainty, and words of its sentence.
ROWS: dict[str, tuple[Facts, Symptom, str, Certainty, str]] = {
    "1 no program": (facts(program=None), seen(""), ids.NO_PROGRAM, CERTAIN, "has no API program (FHIR)"),
    "2 switched off": (facts(program=OFF), seen(""), ids.SWITCHED_OFF, CERTAIN, "switched off for the whole practice"),
    "3 off at headquarters": (facts(program=AT_HQ), seen(""), ids.OFF_AT_HEADQUARTERS, CERTAIN, "Support has ended."),
    "4 no registration key": (
        facts(registration=Registration(present=False, disabled=False)),
        seen(""),
        ids.REGISTRATION_KEY,
        CERTAIN,
        "registration key is missing",
    ),
    "4 registration key disabled": (
        facts(registration=Registration(present=True, disabled=True)),
        seen(""),
        ids.REGISTRATION_KEY,
        CERTAIN,
        "registration key is disabled",
    ),
    "5 not in the list": (
        key_facts(of_key={"key": None}),
        seen(""),
        ids.NOT_ASSIGNED,
        CERTAIN,
        "Headquarters doesn't know",
    ),
    "6 disabled by the office": (
        key_facts(status=KeyStatus.DISABLED_BY_CUSTOMER, date_disabled=NOW - 9 * DAY),
        seen(""),
        ids.KEY_DISABLED,
        CERTAIN,
        "disabled by the office since 2024-10-28 14:30",
    ),
    "6 disabled by the developer": (
        key_facts(status=KeyStatus.DISABLED_BY_DEVELOPER),
        seen(""),
        ids.KEY_DISABLED,
        CERTAIN,
        "disabled by its developer",
    ),
    "6 disabled by Open Dental": (
        key_facts(status=KeyStatus.DISABLED_BY_HQ),
        seen(""),
        ids.KEY_DISABLED,
        CERTAIN,
        "disabled by Open Dental",
    ),
    "7 read-only, and a write fails": (
        key_facts(status=KeyStatus.ENABLED_READ_ONLY),
        seen("401 POST /payments"),
        ids.READ_ONLY,
        CERTAIN,
        "may only read",
    ),
    "7 read-only, and nothing is known": (
        key_facts(status=KeyStatus.ENABLED_READ_ONLY),
        seen(""),
        ids.READ_ONLY,
        PROBABLE,
        "may only read",
    ),
    "8 permission missing": (
        key_facts(permissions=("ApiReadAll", "ApiPayments")),
        seen("401 PUT /appointments/123/Confirm"),
        ids.NO_PERMISSION,
        CERTAIN,
        "lacks the permission ApiComm, which PUT appointments confirm needs",
    ),
    "9 only in the copy": (
        key_facts(known=False),
        seen(""),
        ids.COPY_OUTDATED,
        PROBABLE,
        "only the practice's copy (the table apikey) has it",
    ),
    "9 missing from the copy": (
        key_facts(of_key={"in_copy": False}),
        seen(""),
        ids.COPY_OUTDATED,
        PROBABLE,
        "lacks this key",
    ),
    "9 the copy differs": (facts(listed={"copy_matches": False}), seen(""), ids.COPY_OUTDATED, PROBABLE, "differs"),
    "10 version": (
        facts(version="23.1.10.0"),
        seen("400 GET /securitylogs"),
        ids.OLD_VERSION,
        CERTAIN,
        "GET securitylogs needs Open Dental 23.1.33; this office has 23.1.10.0.",
    ),
    "11 never installed": (
        facts(econnector=EConnector(EConnectorState.NEVER_INSTALLED)),
        seen(""),
        ids.ECONNECTOR,
        CERTAIN,
        "No eConnector was ever installed",
    ),
    "11 monitoring stopped": (
        facts(econnector=EConnector(EConnectorState.MONITORING_STOPPED, NOW - 2 * DAY)),
        seen(""),
        ids.ECONNECTOR,
        CERTAIN,
        "was stopped by hand 2 d ago",
    ),
    "11 silent": (facts(econnector=REFUSED), seen(""), ids.ECONNECTOR, CERTAIN, "last sign of life 3 h ago"),
    "11 critical": (
        facts(econnector=EConnector(EConnectorState.DOWN, NOW - MINUTE, is_critical=True)),
        seen(""),
        ids.ECONNECTOR,
        CERTAIN,
        "reported a critical error 1 min ago",
    ),
    "12 errors": (
        facts(
            econnector=EConnector(
                EConnectorState.ERRORS,
                NOW,
                errors=(signal("Disk full", HOUR), signal("Retrying", 2 * HOUR)),
                error_count=5,
            )
        ),
        seen(""),
        ids.ECONNECTOR_ERRORS,
        CERTAIN,
        "2024-11-06 13:30 Disk full; 2024-11-06 12:30 Retrying (and 3 more)",
    ),
    "12 two eConnectors": (facts(alerts=(Alert(11, "Two."),)), seen(""), ids.TWO_ECONNECTORS, CERTAIN, "alert: Two."),
    "12 two eConnectors in a day": (
        facts(econnector_computers=("A", "B")),
        seen(""),
        ids.TWO_ECONNECTORS,
        PROBABLE,
        "several computers within a day: A, B",
    ),
    "12 clocks": (facts(alerts=(Alert(24, "5 minutes"),)), seen(""), ids.CLOCKS, CERTAIN, "clocks"),
    "14 before 22.2": (
        facts(version="21.4.30.0"),
        seen("connection refused at port 30223"),
        ids.SERVICE_MISSING,
        CERTAIN,
        "has no API service; it came in 22.2",
    ),
    "14 enabled after the update": (
        facts(logged_switch=switched_on(10 * DAY)),
        seen("refused at 30223"),
        ids.SERVICE_MISSING,
        CERTAIN,
        "wasn't installed at the last update (2024-09-27)",
    ),
    "14 enabled after the update, way unknown": (
        facts(logged_switch=switched_on(10 * DAY)),
        seen(""),
        ids.SERVICE_MISSING,
        PROBABLE,
        "wasn't installed at the last update",
    ),
    "14 24.4 before 24.4.33": (
        facts(logged_switch=switched_on(10 * DAY), version="24.4.32.0"),
        seen("30223"),
        ids.SERVICE_MISSING,
        CERTAIN,
        "wasn't installed at the last update",
    ),
    "14 25.1 before 25.1.2": (
        facts(logged_switch=switched_on(10 * DAY), version="25.1.1.0"),
        seen("30223"),
        ids.SERVICE_MISSING,
        CERTAIN,
        "wasn't installed at the last update",
    ),
    "15 port 30223": (
        replace(facts(), probe=PortProbe("SERVER-1", answered=False)),
        seen(""),
        ids.SERVICE_SILENT,
        PROBABLE,
        "From this computer, SERVER-1:30223 does not answer",
    ),
    "16 workstation closed": (
        facts(),
        seen("", "operatory-3"),
        ids.WORKSTATION,
        CERTAIN,
        "was last seen running on OPERATORY-3 3 h ago",
    ),
    "16 no such workstation": (facts(), seen("", "FRONTDSK"), ids.WORKSTATION, CERTAIN, "No computer named FRONTDSK"),
    "16 no workstation at all": (
        facts(workstations=()),
        seen("refused at 127.0.0.1:30222"),
        ids.WORKSTATION,
        CERTAIN,
        "isn't running on any workstation",
    ),
    "17 hidden": (
        facts(payment_type=GIFT.number, payment_type_hidden=NOW - 30 * DAY),
        seen(""),
        ids.PAYMENT_TYPE,
        CERTAIN,
        'go to "Gift certificate", which is hidden since 2024-10-07',
    ),
    "17 unknown type": (facts(payment_type=999), seen(""), ids.PAYMENT_TYPE, CERTAIN, "isn't one of the practice's"),
    "17 none chosen": (facts(payment_type=0), seen(""), ids.PAYMENT_TYPE, CERTAIN, "have no default payment type"),
    "18 late": (facts(subscriptions=(LATE,)), seen(""), ids.SUBSCRIPTIONS, CERTAIN, "1 of 1 API subscriptions is late"),
    "18 no subscription": (
        facts(),
        seen("no events"),
        ids.SUBSCRIPTIONS,
        CERTAIN,
        "The practice has no API subscription, so",
    ),
    "18 all ended": (
        facts(subscriptions=(replace(LATE, state=SubscriptionState.ENDED, stop=NOW - DAY),)),
        seen("no events"),
        ids.SUBSCRIPTIONS,
        CERTAIN,
        "no active API subscription, so no events are sent; the last one ended on 2024-11-05 14:30",
    ),
    "19 limited to one a second": (key_facts(), seen("429"), ids.THROTTLED, CERTAIN, "1 request a second"),
    "19 limited": (
        key_facts(permissions=("ApiReadAll",)),
        seen("429"),
        ids.THROTTLED,
        CERTAIN,
        "one request in five seconds",
    ),
    "19 limited, and nothing is known": (
        key_facts(permissions=("ApiReadAll",)),
        seen(""),
        ids.THROTTLED,
        PROBABLE,
        "one request in five seconds",
    ),
    "20 disabled lately, with changes since": (
        key_facts(**DISABLED_LATELY, of_key={"calls_after_disabling": CallsAfterDisabling(3, NOW - HOUR)}),
        seen(""),
        ids.STILL_ACCEPTED,
        CERTAIN,
        "until 2024-11-06 18:30",
    ),
    "20 disabled lately": (key_facts(**DISABLED_LATELY), seen(""), ids.STILL_ACCEPTED, PROBABLE, "six hours"),
}


@pytest.mark.parametrize(("read", "symptom", "cause_id", "certainty", "words"), ROWS.values(), ids=ROWS)
def test_a_row_of_the_table_gives_its_cause(
    read: Facts, symptom: Symptom, cause_id: str, certainty: Certainty, words: str
) -> None:
    found = cause(evaluate(read, symptom), cause_id)
    assert found is not None
    assert found.certainty is certainty
    assert words in found.sentence
    assert found.action


# The other direction: the nearest facts that are well.
WELL: dict[str, tuple[Facts, Symptom, str]] = {
    "1 a program": (facts(program=ON), seen(""), ids.NO_PROGRAM),
    "2 switched on": (facts(program=ON), seen(""), ids.SWITCHED_OFF),
    "2 no program at all": (facts(program=None), seen(""), ids.SWITCHED_OFF),
    "3 headquarters silent": (
        facts(program=replace(ON, disabled_by_headquarters=NotRead("no right"))),
        seen(""),
        ids.OFF_AT_HEADQUARTERS,
    ),
    "4 registration key unknown": (facts(registration=NotRead("no preference")), seen(""), ids.REGISTRATION_KEY),
    "4 a valid registration key": (facts(), seen(""), ids.REGISTRATION_KEY),
    "5 in the list": (key_facts(), seen(""), ids.NOT_ASSIGNED),
    "5 a list that isn't current": (
        key_facts(of_key={"key": None}, listed={"failure": "no answer."}),
        seen(""),
        ids.NOT_ASSIGNED,
    ),
    "6 enabled": (key_facts(), seen(""), ids.KEY_DISABLED),
    "6 status unknown": (key_facts(status=KeyStatus.UNKNOWN), seen(""), ids.KEY_DISABLED),
    "7 may write": (key_facts(), seen("401 POST /payments"), ids.READ_ONLY),
    "8 has the permission": (key_facts(), seen("401 PUT /appointments/123/Confirm"), ids.NO_PERMISSION),
    "8 permissions unknown": (key_facts(permissions=()), seen("401 POST /payments"), ids.NO_PERMISSION),
    "9 the same": (key_facts(), seen(""), ids.COPY_OUTDATED),
    "9 no copy": (key_facts(of_key={"in_copy": None}), seen(""), ids.COPY_OUTDATED),
    "10 new enough": (facts(version="23.1.33.0"), seen("400 GET /securitylogs"), ids.OLD_VERSION),
    "10 version of the method unknown": (facts(version="21.1.8.0"), seen("400 GET /patients"), ids.OLD_VERSION),
    "11 works": (facts(), seen(""), ids.ECONNECTOR),
    "11 never installed, and nobody calls it": (
        facts(econnector=EConnector(EConnectorState.NEVER_INSTALLED)),
        seen("", "FRONTDESK-1"),
        ids.ECONNECTOR,
    ),
    "11 not read": (facts(econnector=NotRead("no right to read eservicesignal")), seen(""), ids.ECONNECTOR),
    "12 works": (facts(), seen(""), ids.ECONNECTOR_ERRORS),
    "12 another alert": (facts(alerts=(Alert(8, "many"),)), seen(""), ids.TWO_ECONNECTORS),
    "12 one eConnector": (facts(econnector_computers=("A",)), seen(""), ids.TWO_ECONNECTORS),
    "12 the same clock": (facts(alerts=(Alert(11, "Two."),)), seen(""), ids.CLOCKS),
    "14 enabled before the update": (facts(logged_switch=switched_on(50 * DAY)), seen("30223"), ids.SERVICE_MISSING),
    "14 a version that always installs it": (
        facts(logged_switch=switched_on(10 * DAY), version="24.3.61.0"),
        seen("30223"),
        ids.SERVICE_MISSING,
    ),
    "14 24.4 from 24.4.33 on": (
        facts(logged_switch=switched_on(10 * DAY), version="24.4.33.0"),
        seen("30223"),
        ids.SERVICE_MISSING,
    ),
    "14 25.1 from 25.1.2 on": (
        facts(logged_switch=switched_on(10 * DAY), version="25.1.2.0"),
        seen("30223"),
        ids.SERVICE_MISSING,
    ),
    "14 no update known": (
        facts(logged_switch=switched_on(10 * DAY), last_update=NotRead("no right")),
        seen("30223"),
        ids.SERVICE_MISSING,
    ),
    "14 never updated": (
        facts(logged_switch=switched_on(10 * DAY), last_update=None),
        seen("30223"),
        ids.SERVICE_MISSING,
    ),
    "14 nobody calls the service of an old version": (facts(version="21.4.30.0"), seen(""), ids.SERVICE_MISSING),
    "15 answers": (replace(facts(), probe=PortProbe("SERVER-1", answered=True)), seen("30223"), ids.SERVICE_SILENT),
    "15 nobody asked": (facts(), seen("30223"), ids.SERVICE_SILENT),
    "15 nobody to ask": (replace(facts(), probe=PortProbe("", answered=False)), seen("30223"), ids.SERVICE_SILENT),
    "16 open": (facts(), seen("", "FrontDesk-1"), ids.WORKSTATION),
    "16 one workstation is open": (facts(), seen("refused at 127.0.0.1:30222"), ids.WORKSTATION),
    "16 computers unknown": (facts(workstations=NotRead("no right")), seen("", "X"), ids.WORKSTATION),
    "17 shown": (facts(), seen(""), ids.PAYMENT_TYPE),
    "17 no such preference": (facts(payment_type=None), seen(""), ids.PAYMENT_TYPE),
    "18 working": (
        facts(subscriptions=(replace(LATE, state=SubscriptionState.WORKING),)),
        seen(""),
        ids.SUBSCRIPTIONS,
    ),
    "18 no subscription, and nothing is said about events": (facts(), seen(""), ids.SUBSCRIPTIONS),
    "18 one has ended and another works": (
        facts(
            subscriptions=(
                replace(LATE, state=SubscriptionState.ENDED, stop=NOW - DAY),
                replace(LATE, state=SubscriptionState.WORKING),
            )
        ),
        seen("no events"),
        ids.SUBSCRIPTIONS,
    ),
    "18 unknown": (facts(subscriptions=NotRead("no right")), seen(""), ids.SUBSCRIPTIONS),
    "19 a larger plan": (key_facts(), seen(""), ids.THROTTLED),
    "19 permissions unknown": (key_facts(permissions=()), seen("429"), ids.THROTTLED),
    "20 disabled long ago": (
        key_facts(status=KeyStatus.DISABLED_BY_CUSTOMER, date_disabled=NOW - 6 * HOUR),
        seen(""),
        ids.STILL_ACCEPTED,
    ),
}


@pytest.mark.parametrize(("read", "symptom", "cause_id"), WELL.values(), ids=WELL)
def test_without_the_fault_there_is_no_cause(read: Facts, symptom: Symptom, cause_id: str) -> None:
    assert cause(evaluate(read, symptom), cause_id) is None


def test_row_13_says_that_the_office_is_in_order() -> None:
    diagnosis = evaluate(key_facts(), seen(""))
    assert diagnosis.verdict is Verdict.IN_ORDER
    assert diagnosis.causes == ()
    assert diagnosis.conclusion == "The office's side is in order at 2024-11-06 14:30. Nothing here explains a failure."
    assert "We found nothing on our side that explains it." in diagnosis.developer_text


@pytest.mark.parametrize(
    "read",
    [
        facts(econnector=NotRead("no right to read eservicesignal")),
        facts(registration=NotRead("this practice has no preference RegistrationKey")),
        facts(program=replace(ON, disabled_by_headquarters=NotRead("no column"))),
        facts(listed={"failure": "Headquarters was not reached."}),
        key_facts(status=KeyStatus.UNKNOWN),
    ],
)
def test_nothing_is_in_order_that_could_not_be_looked_at(read: Facts) -> None:
    diagnosis = evaluate(read, seen(""))
    assert diagnosis.verdict is Verdict.INCOMPLETE
    assert diagnosis.conclusion == "No cause found, but not everything could be checked."


def test_an_unreadable_table_is_one_line() -> None:
    read = facts(econnector=NotRead("no right to read eservicesignal"), alerts=NotRead("no table alertitem"))
    unknown = evaluate(read, seen("")).unknown
    assert [line for line in unknown if "eservicesignal" in line] == [
        "eConnector: unknown, no right to read eservicesignal."
    ]
    assert "Alerts of Open Dental: unknown, no table alertitem." in unknown


def test_the_econnector_need_not_be_known_for_a_local_call() -> None:
    read = facts(econnector=NotRead("no right to read eservicesignal"))
    assert evaluate(read, seen("", "FRONTDESK-1")).verdict is Verdict.IN_ORDER


def test_certain_causes_come_first_and_those_that_explain_before_others() -> None:
    read = key_facts(status=KeyStatus.ENABLED_READ_ONLY, permissions=("ApiReadAll",))
    read = replace(read, practice=replace(read.practice, econnector=REFUSED))
    diagnosis = evaluate(read, seen("401 POST /payments"))
    assert [(each.id, each.explains) for each in diagnosis.causes] == [
        (ids.READ_ONLY, True),
        (ids.NO_PERMISSION, True),
        (ids.ECONNECTOR, False),
    ]


def test_a_cause_that_explains_nothing_is_not_counted_as_the_cause() -> None:
    diagnosis = evaluate(facts(econnector=REFUSED), seen("404"))
    assert diagnosis.verdict is Verdict.CAUSE_FOUND
    assert diagnosis.conclusion == "Nothing found that explains what the developer saw, but 1 other thing is wrong."


def test_the_trail_is_compared_with_the_switch() -> None:
    found = cause(evaluate(facts(program=OFF, logged_switch=switched_on(9 * DAY)), seen("")), ids.SWITCHED_OFF)
    assert found is not None
    assert "2024-10-28 14:30 by Maria, switched it on; nothing records who switched it off" in found.sentence
    assert found.since is None
    logged_off = LoggedSwitch(False, NOW - DAY, "Maria")
    found = cause(evaluate(facts(program=OFF, logged_switch=logged_off), seen("")), ids.SWITCHED_OFF)
    assert found is not None
    assert (found.since, "Maria switched it off." in found.sentence) == (NOW - DAY, True)


@pytest.mark.parametrize(
    ("read", "cause_id", "remedy"),
    [
        (facts(program=OFF), ids.SWITCHED_OFF, Remedy.SWITCH_ON),
        (facts(payment_type=0), ids.PAYMENT_TYPE, Remedy.CHOOSE_PAYMENT_TYPE),
        (key_facts(of_key={"key": None}), ids.NOT_ASSIGNED, Remedy.ADD_KEY),
        (key_facts(status=KeyStatus.DISABLED_BY_CUSTOMER), ids.KEY_DISABLED, Remedy.ENABLE_KEY),
        (key_facts(status=KeyStatus.DISABLED_BY_HQ), ids.KEY_DISABLED, None),
        (facts(listed={"copy_matches": False}), ids.COPY_OUTDATED, Remedy.RELOAD),
        (facts(econnector=REFUSED), ids.ECONNECTOR, None),
    ],
)
def test_a_cause_names_what_can_be_done_from_here(read: Facts, cause_id: str, remedy: Remedy | None) -> None:
    found = cause(evaluate(read, seen("")), cause_id)
    assert found is not None
    assert found.remedy is remedy


def test_emergency_exits_are_named_only_while_headquarters_cannot_be_asked() -> None:
    down = evaluate(facts(listed={"failure": "Headquarters was not reached."}), seen(""))
    text = " ".join(down.emergency)
    assert "Switch the API off in API Setup. This stops every developer" in text
    assert "OpenDentalAPIService on SERVER-1" in text
    assert "Neither takes back what the developer has already received." in text
    assert evaluate(facts(), seen("")).emergency == ()
    assert evaluate(facts(listed={"is_remote": False, "failure": ""}), seen("")).emergency == ()


@pytest.mark.parametrize(
    ("changed", "headline"),
    [
        ({}, ""),
        ({"econnector": REFUSED}, "eConnector: no sign of life for 3 h"),
        ({"econnector": EConnector(EConnectorState.DOWN, NOW, is_critical=True)}, "eConnector: critical error"),
        # Deliberate, or no fault for an office whose developers call another way.
        ({"econnector": EConnector(EConnectorState.MONITORING_STOPPED, NOW)}, ""),
        ({"econnector": EConnector(EConnectorState.NEVER_INSTALLED)}, ""),
        ({"program": AT_HQ, "econnector": REFUSED}, "API: switched off by headquarters"),
        ({"program": None}, "API: no API program in this database"),
        ({"registration": Registration(present=False, disabled=False)}, "Registration key: missing"),
        # Who has switched the API off isn't told about its services.
        ({"program": OFF, "econnector": REFUSED}, ""),
        ({"econnector": NotRead("no right")}, ""),
        ({"last_update": LastUpdate(NOW, "24.3.10.0"), "logged_switch": switched_on(MINUTE)}, ""),
    ],
)
def test_one_line_names_what_is_certainly_wrong(changed: dict[str, Any], headline: str) -> None:
    assert find_headline(evaluate(facts(**changed), Symptom())) == headline


def cause(diagnosis: Diagnosis, cause_id: str) -> Cause | None:
    """Return the cause with an ID; None if the diagnosis has none."""
    return next((each for each in diagnosis.causes if each.id == cause_id), None)
