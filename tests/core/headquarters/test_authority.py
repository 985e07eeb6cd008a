"""Headquarters decides about the keys of a practice: they are listed, added, disabled and enabled there."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import replace
from datetime import date, timedelta

import pytest

from core.base.errors import (
    ApiSetupError,
    EditConflict,
    HeadquartersError,
    HeadquartersRefused,
    HeadquartersUnreachable,
    InvalidInput,
    NotPermitted,
    NoUsableAnswer,
    OperationNotAllowed,
    OutcomeUnknown,
    cause_chain,
)
from core.base.secret import Secret
from core.database.address import ServerAddress
from core.headquarters.cache import HeadquartersCache
from core.headquarters.client import HeadquartersClient
from core.keys.practice_copy import replace_copy
from core.model.agreement import default_agreement
from core.model.api_key import KeyFields, NewKey
from core.model.authority_name import AuthorityName
from core.model.key_events import KeyCopyChanged
from core.model.key_text import fingerprint_tag
from core.office.opening import open_server_office
from core.opendental.key_status import KeyStatus
from core.practice.practice import Practice
from tests.support.actors import ADMIN
from tests.support.databases import SampleServer, runtime
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour, headquarters
from tests.support.fault_injection import after_statement, cut_connection
from tests.support.headquarters_office import (
    ACCEPTED,
    BRIDGE,
    CLEARPAY,
    NEW,
    NEW_KEY,
    OFFERED,
    REGISTRATION_KEY,
    add_keys,
    add_new_wave,
    audit_texts,
    copied_keys,
    credentials,
    fetch_list,
    key_of_developer,
    office_of,
    set_headquarters_url,
)
from tests.support.headquarters_protocol import ASSIGN, LIST, SET_STATUS, HeldKey, fault
from tests.support.practice_rows import BRIDGE_KEY, CLEARPAY_KEY, STRAY_KEY
from tests.support.row_diff import Written, writing

ENABLED, DISABLED = KeyStatus.ENABLED, KeyStatus.DISABLED_BY_CUSTOMER


@pytest.fixture(autouse=True)
def _no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.database.engines._SQLITE_BUSY_SECONDS", 0.05)
    monkeypatch.setattr("core.headquarters.client.PAUSES", (0.0, 0.0))


@pytest.fixture
def hq(server_sample: SampleServer) -> Iterator[HeadquartersServer]:
    """A headquarters that has two keys of the practice."""
    with headquarters(practice=credentials(server_sample)) as server:
        add_keys(server, BRIDGE, CLEARPAY)
        set_headquarters_url(server_sample, server.url)
        yield server


shapes = pytest.mark.parametrize("server_sample", ["21.1 MyISAM", "24.3 MyISAM", "24.3 InnoDB"], indirect=True)
with_copy = pytest.mark.parametrize("server_sample", ["24.3 MyISAM", "24.3 InnoDB"], indirect=True)


# -- the list ------------------------------------------------------------------------


@shapes
def test_the_list_is_what_headquarters_answers(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        keys = fetch_list(office)
    bridge, clearpay = key_of_developer(keys, "Appointment Bridge"), key_of_developer(keys, "ClearPay")
    assert [key.developer for key in keys.keys] == ["Appointment Bridge", "ClearPay"]
    assert (bridge.status, clearpay.status) == (ENABLED, DISABLED)
    assert clearpay.fields == KeyFields("help@clearpay.example", "555 0199", ("ApiPayments",))
    assert bridge.masked == "********Gh78"
    assert keys.authority.label.startswith("headquarters, ")
    assert keys.authority.may_change
    assert hq.count(LIST) == 1


@with_copy
def test_the_practices_copy_is_made_equal_to_it_and_that_is_logged(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
    with office_of(server_sample) as office:
        keys = fetch_list(office)
        (entry,) = audit_texts(server_sample, "API keys: ")
        fetch_list(office)
    assert copied_keys(server_sample) == [
        (BRIDGE_KEY, "Appointment Bridge"),
        ("Xx99Yy88Zz77Ww66", "Molar Records"),
        (CLEARPAY_KEY, "ClearPay"),
    ]
    molar = key_of_developer(keys, "Molar Records")
    assert entry.startswith(
        f"API keys: copy made equal to headquarters' list: added ********Ww66 {fingerprint_tag(molar.fingerprint)};"
        " removed ********"
    )
    # Once equal, nothing is written any more.
    assert audit_texts(server_sample, "API keys: ") == [entry]
    assert STRAY_KEY not in entry


@with_copy
def test_rows_that_stand_twice_or_under_an_old_name_are_mended(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    server_sample.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES (?, 'Appointment Bridge')", BRIDGE_KEY)
    server_sample.execute("UPDATE apikey SET DevName = 'Old Name' WHERE CustApiKey = ?", CLEARPAY_KEY)
    with office_of(server_sample) as office:
        fetch_list(office)
    assert copied_keys(server_sample) == [(BRIDGE_KEY, "Appointment Bridge"), (CLEARPAY_KEY, "ClearPay")]


@with_copy
def test_a_copy_that_dies_in_between_lacks_no_key(server_sample: SampleServer) -> None:
    wanted = {BRIDGE_KEY: "Renamed", "Xx99Yy88Zz77Ww66": "Molar Records"}
    for number in range(1, 20):
        server_sample.restore()
        before = {key for key, _ in copied_keys(server_sample)}
        with office_of(server_sample) as office, after_statement(number, cut_connection(server_sample)) as strike:
            try:
                replace_copy(office._practice, ADMIN, wanted, KeyCopyChanged)
            except ApiSetupError:
                there = {key for key, _ in copied_keys(server_sample)}
                assert there >= before or there >= set(wanted)
        if not strike.triggered:
            assert number > 3
            return
    raise AssertionError("never got through")


@pytest.mark.parametrize("text", ["two words of a key", "x" * 300, "Schl\u00fcssel\u200b12345"])
@with_copy
def test_an_unusable_key_is_shown_masked_and_can_only_be_looked_at(
    server_sample: SampleServer, hq: HeadquartersServer, text: str
) -> None:
    hq.add_key(HeldKey(text, developer="Spacey"))
    with office_of(server_sample) as office:
        keys = fetch_list(office)
        spacey = key_of_developer(keys, "Spacey")
        assert [key.developer for key in keys.keys if not key.unusable] == ["Appointment Bridge", "ClearPay"]
        assert spacey.masked in ("********", "********xxxx")
        assert any(f"API key {spacey.masked} #" in note and spacey.unusable in note for note in keys.notes)
        assert copied_keys(server_sample) == [(BRIDGE_KEY, "Appointment Bridge"), (CLEARPAY_KEY, "ClearPay")]
        refusal = office.keys.status_refusal(spacey)
        assert "can't be used as an API key" in refusal
        with writing(server_sample) as written:
            for refused in (
                lambda: office.keys.set_status(ADMIN, spacey, DISABLED),
                lambda: office.keys.edit(ADMIN, spacey, replace(spacey.fields, agreement_since=date(2024, 1, 2))),
                lambda: office.keys.show(ADMIN, spacey),
                lambda: office.keys.copy(ADMIN, spacey),
            ):
                with pytest.raises(OperationNotAllowed) as caught:
                    refused()
                assert caught.value.sentence == refusal
        assert written == Written()
        bridge = key_of_developer(office.keys.list(), "Appointment Bridge")
        assert office.keys.set_status(ADMIN, bridge, DISABLED).key.status is DISABLED
    with office_of(server_sample) as office:
        assert key_of_developer(office.keys.list(), "Spacey").unusable == spacey.unusable


@with_copy
def test_a_row_of_an_unusable_key_that_open_dental_copied_stays(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.add_key(HeldKey("two words", developer="Spacey"))
    server_sample.execute("INSERT INTO apikey (CustApiKey, DevName) VALUES ('two words', 'Spacey')")
    with office_of(server_sample) as office:
        fetch_list(office)
    assert ("two words", "Spacey") in copied_keys(server_sample)


@with_copy
def test_a_key_without_a_text_takes_no_part_in_masking(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    hq.misbehave(Misbehaviour.NO_KEY_VALUE)
    with office_of(server_sample) as office:
        keys = fetch_list(office)
        assert [key.masked for key in keys.keys if key.unusable] == ["(blank)"]
        assert "" not in office.keys._authority.clear_texts()
    assert [developer for _, developer in copied_keys(server_sample)] == ["Appointment Bridge"]


@with_copy
def test_a_response_without_a_list_takes_all_keys_away_and_a_web_page_none(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        for wrong in (Misbehaviour.PAGE, Misbehaviour.INSIDE_WRONG_ROOT, Misbehaviour.ERROR, Misbehaviour.NO_RESULT):
            hq.misbehave(wrong)
            with pytest.raises(HeadquartersError):
                fetch_list(office)
            assert len(copied_keys(server_sample)) == 2
        hq.misbehave(Misbehaviour.NO_LIST)
        assert all(key.gone for key in fetch_list(office).keys)
    assert copied_keys(server_sample) == []


def test_the_last_answer_is_there_at_the_next_start_without_asking(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
    with office_of(server_sample) as office:
        keys = office.keys.list()
    assert key_of_developer(keys, "Appointment Bridge").status is ENABLED
    assert ", just now" in keys.authority.label
    assert keys.authority.label.startswith("headquarters as of ")
    assert hq.count(LIST) == 1


def test_what_is_remembered_has_no_key_in_clear(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
    content = server_sample.companion.read_bytes()
    for key in (*(each.key for each in hq.assigned_keys()), "REG7-KEY2-0042-ABCD"):
        # The registry of a test practice has keys of its own in the same file.
        if key not in (BRIDGE_KEY, CLEARPAY_KEY):
            assert key.encode() not in content
    (row,) = server_sample.all_rows()["apisetup_headquarters_answer"].values()
    assert all(key not in str(row["listed_keys"]) for key in (BRIDGE_KEY, CLEARPAY_KEY))
    assert {each["masked"] for each in json.loads(str(row["listed_keys"]))} == {"********Gh78", "********Ww32"}


def test_what_is_different_since_the_last_time_is_said_key_by_key(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        assert fetch_list(office).differences == {}
        hq.set_status(BRIDGE_KEY, "DisabledByDeveloper")
        hq.remove_key(CLEARPAY_KEY)
        hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
        keys = fetch_list(office)
        words = {key.developer: keys.differences[key.fingerprint] for key in keys.keys}
        assert words == {
            "Appointment Bridge": "was Enabled",
            "ClearPay": "gone from headquarters' list",
            "Molar Records": "new in headquarters' list",
        }
        gone = key_of_developer(keys, "ClearPay")
        assert gone.gone
        assert office.keys.status_refusal(gone) == "This key is no longer in the list."
        assert fetch_list(office).differences == {}


def test_other_permissions_are_said_too(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.remove_key(BRIDGE_KEY)
        hq.add_key(replace(BRIDGE, permissions=("ApiReadAll", "ApiQueries"), email="new@bridge.example"))
        keys = fetch_list(office)
    assert keys.differences == {
        key_of_developer(
            keys, "Appointment Bridge"
        ).fingerprint: "e-mail changed from support@bridge.example to new@bridge.example;"
        " permissions changed: added ApiQueries; removed ApiComm"
    }


def test_what_is_odd_about_an_answer_is_told_with_it(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    hq.misbehave(Misbehaviour.UNKNOWN_STATUS)
    with office_of(server_sample) as office:
        keys = fetch_list(office)
    assert keys.notes
    assert "unknown status" in keys.notes[0]


def test_a_list_that_cannot_be_kept_is_shown_all_the_same(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office, closing(sqlite3.connect(server_sample.companion)) as other:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        office.keys.edit(ADMIN, key, replace(key.fields, agreement_since=date(2024, 3, 2)))
        hq.set_status(BRIDGE_KEY, "DisabledByHQ")
        other.execute("BEGIN IMMEDIATE")
        keys = fetch_list(office)
        other.rollback()
        bridge = key_of_developer(keys, "Appointment Bridge")
        assert bridge.status is KeyStatus.DISABLED_BY_HQ
        assert bridge.fields.agreement_since == date(2024, 3, 2)
        assert keys.differences == {bridge.fingerprint: "was Enabled"}
        assert keys.notes[-1].startswith("The list could not be saved for the next start. The SQLite file")
        # The next one is.
        assert fetch_list(office).notes == ()
    with office_of(server_sample) as office:
        assert key_of_developer(office.keys.list(), "Appointment Bridge").status is KeyStatus.DISABLED_BY_HQ


def test_a_list_is_shown_though_the_companion_may_not_be_written(
    server_sample: SampleServer, hq: HeadquartersServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object) -> None:
        raise NotPermitted("The SQLite file cannot be written.")

    monkeypatch.setattr(HeadquartersCache, "replace", refuse)
    with office_of(server_sample) as office:
        keys = fetch_list(office)
    assert key_of_developer(keys, "Appointment Bridge").status is ENABLED
    assert keys.notes == ("The list could not be saved for the next start. The SQLite file cannot be written.",)


def test_thousands_of_keys_are_no_trouble(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    for number in range(2000):
        hq.add_key(HeldKey(f"Key{number:013d}", developer=f"Developer {number:04d}", permissions=("ApiReadAll",) * 20))
    with office_of(server_sample) as office:
        assert len(fetch_list(office).keys) == 2002
        assert len(office.keys.list().keys) == 2002


# -- when it cannot be reached -------------------------------------------------------


@shapes
def test_without_headquarters_the_copy_is_listed_without_statuses(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(Misbehaviour.HTTP_503)
        with pytest.raises(NoUsableAnswer):
            office.keys.fetch()
        keys = office.keys.list()
        assert hq.count(LIST) == 4
        bridge = key_of_developer(keys, "Appointment Bridge")
        assert bridge.status is KeyStatus.UNKNOWN
        assert bridge.last_known.startswith("Enabled on 20")
        assert "unusable response; copy as of 20" in keys.authority.label
        assert keys.authority.label.endswith("status unknown")
        assert not keys.authority.may_change
        with (
            writing(server_sample) as written,
            pytest.raises(OperationNotAllowed, match="response can't be used, so keys can't"),
        ):
            office.keys.set_status(ADMIN, bridge, DISABLED)
        assert written == Written()
        # Coming back takes one question.
        hq.behave()
        assert key_of_developer(fetch_list(office), "Appointment Bridge").status is ENABLED
        assert office.keys.authority.may_change


def test_a_practice_that_was_never_answered_lists_its_copy(server_sample: SampleServer) -> None:
    with office_of(server_sample) as office:
        keys = office.keys.list()
        assert keys.authority.label == "copy of headquarters' list, status unknown"
        assert {key.status for key in keys.keys} == {KeyStatus.UNKNOWN}
        with pytest.raises(HeadquartersUnreachable, match="has no registration key"):
            office.keys.fetch()
        assert office.keys.list().authority.label == "not contacted; copy, status unknown"


@pytest.mark.parametrize(
    ("misbehaviour", "label", "clause"),
    [
        (Misbehaviour.HTTP_500, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.HTTP_403, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.PAGE, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.REDIRECTION, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.NOT_XML, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.FAULT, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.COMPRESSED, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.HUGE, "unusable response", "Headquarters' response can't be used"),
        (Misbehaviour.ERROR, "refused", "Headquarters refused"),
        (Misbehaviour.CLOSED_DONE, "incomplete response", "Headquarters' response was incomplete"),
        (Misbehaviour.TRUNCATED_BODY, "incomplete response", "Headquarters' response was incomplete"),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_each_failure_is_called_what_it_is(
    server_sample: SampleServer, hq: HeadquartersServer, misbehaviour: Misbehaviour, label: str, clause: str
) -> None:
    hq.misbehave(misbehaviour)
    with office_of(server_sample) as office:
        with pytest.raises(HeadquartersError):
            office.keys.fetch()
        authority = office.keys.list().authority
    assert authority.label.startswith(f"{label}; copy")
    assert authority.refusal.startswith(f"{clause}, so keys can't be changed. Press r to ask again.")


@pytest.mark.parametrize(
    ("url", "label", "clause"),
    [
        ("", "not contacted", "Headquarters wasn't contacted"),
        ("http://example.invalid/", "not contacted", "Headquarters wasn't contacted"),
        ("https://nothing.invalid/", "not reached", "Headquarters can't be reached"),
        ("http://127.0.0.1:1/", "not reached", "Headquarters can't be reached"),
    ],
)
def test_each_failure_without_an_answer_is_called_what_it_is(
    server_sample: SampleServer, url: str, label: str, clause: str
) -> None:
    set_headquarters_url(server_sample, url)
    with office_of(server_sample) as office:
        with pytest.raises(HeadquartersUnreachable) as caught:
            office.keys.fetch()
        assert caught.value.__cause__ is not caught.value
        authority = office.keys.list().authority
    assert authority.label.startswith(f"{label}; copy")
    assert authority.refusal.startswith(f"{clause}, so keys can't be changed. Press r to ask again.")


def test_a_fault_that_names_a_key_is_masked(
    server_sample: SampleServer, hq: HeadquartersServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = fault("soap:Server", f"Duplicate entry {BRIDGE_KEY} for {REGISTRATION_KEY.replace('-', ' ')}")
    monkeypatch.setattr("tests.support.fake_headquarters.fault", lambda *_: words)
    hq.misbehave(Misbehaviour.FAULT)
    with office_of(server_sample) as office:
        with pytest.raises(NoUsableAnswer) as caught:
            office.keys.fetch()
        assert BRIDGE_KEY not in office.keys.list().authority.explanation
    assert "Duplicate entry ********Gh78 for ***" in caught.value.sentence


def test_an_address_of_the_office_goes_before_that_of_the_practice(server_sample: SampleServer) -> None:
    assert isinstance(server_sample.address, ServerAddress)
    with headquarters(practice=credentials(server_sample)) as server:
        set_headquarters_url(server_sample, "https://elsewhere.invalid/")
        server.add_key(BRIDGE)
        office = open_server_office(
            server_sample.address,
            server_sample.password,
            server_sample.companion_source,
            AuthorityName.HEADQUARTERS,
            default_agreement(),
            runtime(),
            headquarters_url=server.url,
        )
        assert len(fetch_list(office).keys) == 1
        office.close()


# -- adding --------------------------------------------------------------------------


@shapes
def test_a_key_is_assigned_by_headquarters(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        change = office.keys.add(ADMIN, NEW, ACCEPTED)
    assert hq.status(NEW_KEY) == "Enabled"
    tag = fingerprint_tag(change.key.fingerprint)
    assert audit_texts(server_sample, "ASKED", "New API key", "NOT DONE", "UNKNOWN") == [
        f"ASKED: New API key ********Kk78 {tag} added by Admin; permissions not known; BAA since 2024-07-08",
        f"New API key ********Kk78 {tag} (New Wave) added by Admin; permissions ApiPatients; BAA since 2024-07-08",
    ]
    assert change.key.developer == "New Wave"
    assert change.key.status is ENABLED
    assert change.key.fields.permissions == ("ApiPatients",)
    assert change.key.fields.agreement_since == date(2024, 7, 8)
    assert change.key.license is not None
    assert change.consequences[0] == "Headquarters says: New Wave may use this key now."
    assert "bills an enabled key whether it is used or not" in change.consequences[-1]
    if server_sample.has_apikey:
        assert (NEW_KEY, "New Wave") in copied_keys(server_sample)


def test_a_refusal_is_shown_as_it_came_and_logged(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        with pytest.raises(HeadquartersRefused, match="headquarters refused: Invalid API key"):
            add_new_wave(office)
    asked, outcome = audit_texts(server_sample, "ASKED", "New API key", "NOT DONE", "UNKNOWN")
    assert asked.startswith("ASKED: New API key ********Kk78 ")
    assert outcome.startswith("NOT DONE: New API key ********Kk78 ")
    assert " added by Admin; permissions not known; BAA since 2024-07-08" in outcome
    assert outcome.endswith(" - headquarters refused: Invalid API key.")
    assert hq.count(ASSIGN) == 1


def test_a_key_that_is_in_the_list_is_not_asked_for(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        with writing(server_sample) as written, pytest.raises(InvalidInput, match="already in the list"):
            office.keys.add(ADMIN, NewKey(Secret(BRIDGE_KEY), ""), ACCEPTED)
    assert written == Written()
    assert hq.count(ASSIGN) == 0


LOST_DONE = [
    Misbehaviour.CLOSED_DONE,
    Misbehaviour.TRUNCATED_XML,
    Misbehaviour.TRUNCATED_BODY,
    Misbehaviour.BILLION_LAUGHS,
]
LOST_UNDONE = [Misbehaviour.CLOSED_UNDONE, Misbehaviour.HTTP_500, Misbehaviour.PAGE, Misbehaviour.FAULT]


@pytest.mark.parametrize("how", LOST_DONE)
def test_after_an_answer_that_was_lost_the_list_shows_that_it_was_done(
    server_sample: SampleServer, hq: HeadquartersServer, how: Misbehaviour
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(how, operation=ASSIGN)
        change = office.keys.add(ADMIN, NEW, ACCEPTED)
    arrived = how in (Misbehaviour.TRUNCATED_XML, Misbehaviour.BILLION_LAUGHS)
    what = "can't be used" if arrived else "was lost"
    assert f"Headquarters' response {what}, but its list shows that the change was made." in change.consequences
    assert hq.count(ASSIGN) == 1
    assert audit_texts(server_sample, "New API key")[0].endswith(
        "(New Wave) added by Admin; permissions ApiPatients; BAA since 2024-07-08"
    )


@pytest.mark.parametrize("how", LOST_UNDONE)
def test_after_an_answer_that_was_lost_the_list_shows_that_it_was_not_done(
    server_sample: SampleServer, hq: HeadquartersServer, how: Misbehaviour
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(how, operation=ASSIGN)
        with pytest.raises(NoUsableAnswer, match="doesn't show the change: it was not made"):
            add_new_wave(office)
        assert hq.count(ASSIGN) == 1
        assert audit_texts(server_sample, "New API key") == []
        what = "the answer was lost" if how is Misbehaviour.CLOSED_UNDONE else "the answer can't be used"
        assert f" - {what}, and headquarters' list does not show it" in audit_texts(server_sample, "NOT DONE")[0]
        # It can be tried again.
        hq.behave()
        assert add_new_wave(office).developer == "New Wave"


def test_when_the_list_is_lost_too_nobody_knows(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(Misbehaviour.CLOSED_DONE)
        with pytest.raises(OutcomeUnknown, match="It is unknown whether the change was made"):
            add_new_wave(office)
        (entry,) = audit_texts(server_sample, "UNKNOWN")
        assert entry.endswith(" - look at headquarters' list before it is repeated")
        hq.behave()
        assert key_of_developer(fetch_list(office), "New Wave").status is ENABLED


def test_an_answer_that_its_list_does_not_bear_out_is_not_believed(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.misbehave(Misbehaviour.OTHER_KEY, operation=LIST)
        with pytest.raises(OutcomeUnknown, match="its list doesn't show it"):
            add_new_wave(office)
    assert audit_texts(server_sample, "New API key") == []
    assert len(audit_texts(server_sample, "UNKNOWN")) == 1


def test_an_answer_stands_though_the_list_cannot_be_read_after_it(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        hq.misbehave(Misbehaviour.HTTP_503, operation=LIST)
        # The status is looked at before, so the list is gone already then.
        with writing(server_sample) as written, pytest.raises(NoUsableAnswer):
            office.keys.set_status(ADMIN, key, DISABLED)
    assert written == Written()
    assert hq.count(SET_STATUS) == 0


# -- statuses ------------------------------------------------------------------------


@pytest.mark.parametrize("status", ["EnabledReadOnly", "Enabled"])
@shapes
def test_enabling_a_key_that_was_read_only_says_to_compare_its_status(
    server_sample: SampleServer, hq: HeadquartersServer, status: str
) -> None:
    hq.set_status(BRIDGE_KEY, status)
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        off = office.keys.set_status(ADMIN, key, DISABLED)
        assert not any("more rights" in each for each in off.consequences)
        on = office.keys.set_status(ADMIN, off.key, ENABLED)
    remarks = [each for each in on.consequences if "was Read Enabled before it was disabled" in each]
    assert len(remarks) == (0 if status == "Enabled" else 1)
    assert all("compare its status" in each for each in remarks)
    assert any("more rights" in each for each in on.consequences) is bool(remarks)


@shapes
def test_enabling_a_key_that_was_not_disabled_here_says_what_may_have_been(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "ClearPay")
        on = office.keys.set_status(ADMIN, key, ENABLED)
    assert any(
        each.startswith("If this key was Read Enabled before it was disabled: Enabled may give it more rights")
        for each in on.consequences
    )


@shapes
def test_a_key_is_disabled_and_enabled_at_headquarters(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        off = office.keys.set_status(ADMIN, key, DISABLED)
        assert hq.status(BRIDGE_KEY) == "DisabledByCustomer"
        assert off.key.date_disabled is not None
        on = office.keys.set_status(ADMIN, off.key, ENABLED)
        assert hq.status(BRIDGE_KEY) == "Enabled"
    assert off.sentence.endswith("is now Disabled by Customer at headquarters.")
    assert any("may accept a disabled key for up to six hours" in each for each in off.consequences)
    assert any("no other enabled key" in each for each in off.consequences)
    assert any("bills an enabled key whether it is used or not" in each for each in on.consequences)
    label = key.audit_label
    assert audit_texts(server_sample, "ASKED", "API key ") == [
        f"ASKED: API key {label} changed from Enabled to Disabled by Customer by Admin",
        f"API key {label} changed from Enabled to Disabled by Customer by Admin",
        f"ASKED: API key {label} changed from Disabled by Customer to Enabled by Admin",
        f"API key {label} changed from Disabled by Customer to Enabled by Admin",
    ]


def test_a_status_that_moved_at_headquarters_is_not_overwritten(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        hq.set_status(BRIDGE_KEY, "DisabledByHQ")
        with pytest.raises(EditConflict) as caught:
            office.keys.set_status(ADMIN, key, DISABLED)
        assert key_of_developer(office.keys.list(), "Appointment Bridge").status is KeyStatus.DISABLED_BY_HQ
    assert caught.value.conflicts[0].now == "Disabled by Open Dental"
    assert audit_texts(server_sample, "ASKED", "API key ") == []
    assert hq.count(SET_STATUS) == 0


@pytest.mark.parametrize(
    ("status", "words"),
    [
        ("DisabledByDeveloper", "only Appointment Bridge can enable it: support@bridge.example, (555) 123-4567."),
        ("DisabledByHQ", "only Open Dental support can enable it"),
        ("NeverHeardOf", "only Open Dental support can enable it"),
    ],
)
def test_what_the_office_may_not_do_is_told_with_who_can(
    server_sample: SampleServer, hq: HeadquartersServer, status: str, words: str
) -> None:
    hq.set_status(BRIDGE_KEY, status)
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        with pytest.raises(OperationNotAllowed) as caught:
            office.keys.set_status(ADMIN, key, ENABLED)
    assert words in caught.value.sentence


def test_a_status_that_headquarters_refuses_is_logged_as_not_done(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        hq.refusal = "Call us first."
        hq.misbehave(Misbehaviour.ERROR, operation=SET_STATUS)
        with pytest.raises(HeadquartersRefused, match="refused: Call us first"):
            office.keys.set_status(ADMIN, key, DISABLED)
        assert key_of_developer(office.keys.list(), "Appointment Bridge").status is ENABLED
    assert audit_texts(server_sample, "NOT DONE")[0].endswith("by Admin - headquarters refused: Call us first.")


def test_a_disabled_key_can_be_enabled_from_its_entry(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        office.keys.set_status(ADMIN, key, DISABLED)
        number = max(map(int, server_sample.practice_rows()["securitylog"]))
        office.undoing.undo(ADMIN, number)
        assert hq.status(BRIDGE_KEY) == "Enabled"
        # The entry that it was asked for tells of nothing that was done.
        with pytest.raises(OperationNotAllowed, match="Only changes whose entry"):
            office.undoing.undo(ADMIN, number - 1)


def lose_the_list_after(monkeypatch: pytest.MonkeyPatch, hq: HeadquartersServer, method: str) -> None:
    """Have headquarters do what it is asked, and list nothing from then on."""
    ask_for = getattr(HeadquartersClient, method)

    def asked(*args: object) -> object:
        answer = ask_for(*args)
        hq.misbehave(Misbehaviour.HTTP_503, operation=LIST)
        return answer

    monkeypatch.setattr(HeadquartersClient, method, asked)


def test_a_key_that_was_added_is_not_added_again_because_the_list_is_lost(
    server_sample: SampleServer, hq: HeadquartersServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq.offer(OFFERED)
    lose_the_list_after(monkeypatch, hq, "assign")
    with office_of(server_sample) as office:
        fetch_list(office)
        with pytest.raises(OutcomeUnknown, match="The key was added and logged") as caught:
            add_new_wave(office)
    assert "Headquarters says: New Wave may use this key now." in caught.value.sentence
    assert "Don't add it again" in caught.value.hint
    assert len(audit_texts(server_sample, "New API key")) == 1


@pytest.mark.parametrize(
    ("developer", "status", "words"),
    [
        ("Appointment Bridge", DISABLED, "six hours"),
        ("ClearPay", ENABLED, "may use this key again"),
    ],
)
def test_a_status_that_was_set_is_told_though_the_list_is_lost(
    server_sample: SampleServer,
    hq: HeadquartersServer,
    monkeypatch: pytest.MonkeyPatch,
    developer: str,
    status: KeyStatus,
    words: str,
) -> None:
    lose_the_list_after(monkeypatch, hq, "set_status")
    with office_of(server_sample) as office:
        change = office.keys.set_status(ADMIN, key_of_developer(fetch_list(office), developer), status)
    assert change.sentence.endswith(f"is now {status.label} at headquarters.")
    assert change.consequences[0] == "Its list could not be read afterwards. Press r to reload it."
    assert any(words in each for each in change.consequences)
    # How many other keys are enabled is not known then.
    assert not any("other enabled key" in each for each in change.consequences)


def test_an_answer_that_comes_late_takes_nothing_away_that_was_added_since(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        late = office.keys.fetch()
        assert late is not None
        add_new_wave(office)
        keys = office.keys.apply_list(ADMIN, late)
    assert key_of_developer(keys, "New Wave").status is ENABLED
    if server_sample.has_apikey:
        assert (NEW_KEY, "New Wave") in copied_keys(server_sample)


def test_what_was_changed_from_here_is_no_news_and_hides_none(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.remove_key("Xx99Yy88Zz77Ww66")
        hq.set_status(CLEARPAY_KEY, "DisabledByDeveloper")
        keys = fetch_list(office)
        before = dict(keys.differences)
        assert len(before) == 2
        add_new_wave(office)
        office.keys.set_status(ADMIN, key_of_developer(keys, "Appointment Bridge"), DISABLED)
        keys = office.keys.list()
    assert keys.differences == before
    assert key_of_developer(keys, "Molar Records").gone


# -- what only the office knows ------------------------------------------------------


def test_the_agreement_is_kept_here_and_nothing_else_can_be_changed(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        office.keys.edit(ADMIN, key, replace(key.fields, agreement_since=date(2024, 3, 2)))
        changed = key_of_developer(office.keys.list(), "Appointment Bridge")
        assert changed.fields.agreement_since == date(2024, 3, 2)
        with pytest.raises(OperationNotAllowed, match="Headquarters manages"):
            office.keys.edit(ADMIN, changed, replace(changed.fields, email="other@example.test"))
        with pytest.raises(EditConflict):
            office.keys.edit(ADMIN, key, replace(key.fields, agreement_since=date(2024, 5, 5)))
        # It survives the next answer.
        assert key_of_developer(fetch_list(office), "Appointment Bridge").fields.agreement_since == date(2024, 3, 2)


def test_a_key_can_be_shown_in_full(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "ClearPay")
        assert office.keys.show(ADMIN, key).reveal() == CLEARPAY_KEY
        assert hq.count(LIST) == 1


# -- faults --------------------------------------------------------------------------


def test_a_companion_that_is_locked_keeps_nothing_that_was_done_from_being_logged(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office, closing(sqlite3.connect(server_sample.companion)) as other:
        fetch_list(office)
        held = office.keys._authority

        def lock(*_: object) -> None:
            other.execute("BEGIN EXCLUSIVE")

        with after_statement(13, lock), pytest.raises(OutcomeUnknown, match="Don't repeat"):
            add_new_wave(office)
        other.rollback()
        assert held.info.label
    assert hq.status(NEW_KEY) == "Enabled"
    assert audit_texts(server_sample, "New API key")[0].endswith(
        "(New Wave) added by Admin; permissions ApiPatients; BAA since 2024-07-08"
    )


# -- what is older, odd, or in the way -------------------------------------------------


REFUSE = "CREATE TRIGGER refuse BEFORE INSERT ON apikey FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'no'"


@pytest.fixture
def refused_copy(server_sample: SampleServer) -> Iterator[None]:
    """The practice's copy cannot be written."""
    server_sample.execute(REFUSE)
    yield
    server_sample.execute("DROP TRIGGER refuse")


def test_a_copy_that_cannot_be_renewed_hides_neither_the_list_nor_what_is_different(
    server_sample: SampleServer, hq: HeadquartersServer, refused_copy: None
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
        keys = fetch_list(office)
    assert keys.differences == {key_of_developer(keys, "Molar Records").fingerprint: "new in headquarters' list"}
    assert keys.notes[-1].startswith("The practice's copy of keys could not be synchronized with it.")


def test_what_was_not_done_is_never_said_to_be_done(
    server_sample: SampleServer, hq: HeadquartersServer, refused_copy: None
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
        hq.misbehave(Misbehaviour.CLOSED_UNDONE, operation=SET_STATUS)
        with pytest.raises(NoUsableAnswer, match="it was not made") as caught:
            office.keys.set_status(ADMIN, key, DISABLED)
    assert "made the change" not in caught.value.sentence


def test_a_list_that_was_asked_for_before_a_change_is_not_taken_for_a_newer_one(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        older = office.keys.fetch()
        assert older is not None
        office.keys.set_status(ADMIN, key, DISABLED)
        assert key_of_developer(office.keys.apply_list(ADMIN, older), "Appointment Bridge").status is DISABLED


def test_the_older_list_of_another_program_takes_nothing_away(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office, office_of(server_sample) as elsewhere:
        fetch_list(office)
        older = office.keys.fetch()
        assert older is not None
        fetch_list(elsewhere)
        add_new_wave(elsewhere)
        assert key_of_developer(office.keys.apply_list(ADMIN, older), "New Wave").status is ENABLED
    assert (NEW_KEY, "New Wave") in copied_keys(server_sample)


@pytest.fixture
def set_clock_back(monkeypatch: pytest.MonkeyPatch) -> Callable[[], None]:
    """Return a function that sets the practice server's clock back by an hour, as at the end of daylight saving."""
    now = Practice.now

    def set_back() -> None:
        monkeypatch.setattr(Practice, "now", lambda self, connection: now(self, connection) - timedelta(hours=1))

    return set_back


def test_a_list_counts_as_newer_though_the_clock_was_set_back(
    server_sample: SampleServer, hq: HeadquartersServer, set_clock_back: Callable[[], None]
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        set_clock_back()
        hq.add_key(HeldKey("Xx99Yy88Zz77Ww66", developer="Molar Records"))
        keys = fetch_list(office)
    assert key_of_developer(keys, "Molar Records").status is ENABLED
    assert keys.notes[0].startswith("The practice server's clock was set back: the previous list is dated 20")


def test_changes_are_shown_though_the_clock_was_set_back(
    server_sample: SampleServer, hq: HeadquartersServer, set_clock_back: Callable[[], None]
) -> None:
    hq.offer(OFFERED)
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), "Appointment Bridge")
        set_clock_back()
        assert office.keys.set_status(ADMIN, key, DISABLED).key.status is DISABLED
        assert add_new_wave(office).status is ENABLED
        assert key_of_developer(office.keys.list(), "Appointment Bridge").status is DISABLED


def test_the_age_of_a_list_from_before_the_clock_was_set_back_is_not_known(
    server_sample: SampleServer, hq: HeadquartersServer, set_clock_back: Callable[[], None]
) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
    set_clock_back()
    with office_of(server_sample) as office:
        assert office.keys.list().authority.label.endswith("age unknown: the server's clock was set back")


def test_a_key_that_is_gone_can_be_added_again(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    hq.add_key(OFFERED)
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.remove_key(NEW_KEY)
        hq.offer(OFFERED)
        assert key_of_developer(fetch_list(office), "New Wave").gone
        assert add_new_wave(office).status is ENABLED


def test_a_developers_name_that_repeats_a_key_is_kept_without_it(
    server_sample: SampleServer, hq: HeadquartersServer
) -> None:
    hq.add_key(HeldKey(NEW_KEY, developer=f"New {NEW_KEY.lower()} REG7-KEY2-0042-ABCD {'x' * 70_000}"))
    with office_of(server_sample) as office:
        (developer,) = [key.developer for key in fetch_list(office).keys if key.developer.startswith("New ")]
    assert developer.startswith("New ********Kk78 *** x")
    assert len(developer) == 255


@pytest.mark.parametrize(
    ("server_sample", "words"),
    [
        ("21.1 MyISAM", "Showing its last list."),
        ("24.3 MyISAM", "Showing the practice's copy, which has no status information."),
    ],
    indirect=["server_sample"],
)
def test_the_words_speak_of_a_copy_only_where_there_is_one(server_sample: SampleServer, words: str) -> None:
    with office_of(server_sample) as office:
        assert office.keys.list().authority.explanation.endswith(words)


def test_a_refusal_that_names_a_key_is_shown_without_it(server_sample: SampleServer, hq: HeadquartersServer) -> None:
    with office_of(server_sample) as office:
        fetch_list(office)
        hq.refusal = f"The key {BRIDGE_KEY} is in dispute."
        hq.misbehave(Misbehaviour.ERROR, operation=LIST)
        with pytest.raises(HeadquartersRefused, match=r"The key \*{8}Gh78 is in dispute") as caught:
            office.keys.fetch()
        # The log shows the causes, too.
        assert not any(BRIDGE_KEY in str(each) for each in cause_chain(caught.value))
        authority = office.keys.list().authority
        assert BRIDGE_KEY not in authority.explanation
        # It did answer, and was reached.
        assert authority.label.startswith("refused; copy as of ")
        assert authority.refusal.startswith("Headquarters refused, so keys can't be changed")


def test_an_own_change_is_shown_though_its_request_could_not_be_numbered(
    server_sample: SampleServer, hq: HeadquartersServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with office_of(server_sample) as office:
        for _ in range(3):
            key = key_of_developer(fetch_list(office), "Appointment Bridge")

    def refuse(_cache: HeadquartersCache) -> int:
        raise NotPermitted("The file can't be written.")

    monkeypatch.setattr(HeadquartersCache, "next_question", refuse)
    with office_of(server_sample) as office:
        key = key_of_developer(fetch_list(office), key.developer)
        assert office.keys.set_status(ADMIN, key, DISABLED).key.status is DISABLED
        assert key_of_developer(office.keys.list(), key.developer).status is DISABLED
