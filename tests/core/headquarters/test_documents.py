"""Documents of headquarters' protocol: building requests and reading answers."""

from __future__ import annotations

import sys
import time
import unicodedata
from contextlib import suppress
from datetime import datetime
from xml.etree.ElementTree import Element, fromstring

import pytest
from hypothesis import given
from hypothesis import strategies as st

from core.base.errors import (
    HeadquartersError,
    HeadquartersRefused,
    HeadquartersStep,
    HeadquartersUnreachable,
    NoUsableAnswer,
)
from core.base.secret import Secret
from core.headquarters.requests import (
    MAX_QUOTE_LENGTH,
    Credentials,
    Operation,
    assign_request,
    list_request,
    parse_envelope,
    quote_text,
    redact_secrets,
    redactions_for,
    status_request,
)
from core.headquarters.responses import HeadquartersList, read_date, read_list, read_message, require_done
from core.headquarters.safe_xml import UnusableXml, parse_xml
from core.opendental.key_status import KeyStatus, status_from_wire
from tests.support.headquarters_protocol import envelope, fault
from tests.support.properties import examples

REGISTRATION = "REG7-KEY2-0042-ABCD"
KEY = "NewWaveKeyAbCdEf1234"
OTHER_KEY = "BridgeKeyAbCdEfGh78"
PROPERTIES = examples(25)
CREDENTIALS = Credentials(Secret(REGISTRATION), "Smile & Sons <Dental>", "5035551234", "24.3.10.0", "server-1")


def read_members(*members: str) -> HeadquartersList:
    """Read a list of keys with these members."""
    text = f"<ListAPIKeys>{''.join(f'<APIKey>{each}</APIKey>' for each in members)}</ListAPIKeys>"
    return read_list(parse_xml(text), {})


def member(**texts: str) -> str:
    """Return the elements of a key, with valid defaults for those that aren't given."""
    elements = {"APIKeyValue": KEY, "FHIRAPIKeyNum": "12", "KeyStatus": "Enabled", "DeveloperName": "New Wave"} | texts
    return "".join(f"<{name}>{text}</{name}>" for name, text in elements.items())


def office_data(request: bytes) -> Element:
    """Return the document inside a request's envelope."""
    (data,) = (each for each in fromstring(request).iter() if each.tag.endswith("officeData"))  # noqa: S314 - ours
    return fromstring(data.text or "")  # noqa: S314


def test_a_request_has_the_credentials_of_the_practice() -> None:
    request = office_data(list_request(CREDENTIALS))
    assert [each.tag for each in request] == ["Credentials"]
    assert [(each.tag, each.text) for each in request[0]] == [
        ("RegistrationKey", REGISTRATION),
        ("PracticeTitle", "Smile & Sons <Dental>"),
        ("PracticePhone", "5035551234"),
        ("ProgramVersion", "24.3.10.0"),
        ("ServiceCode", "FHIR"),
        ("ComputerName", "server-1"),
        ("ProgramName", "apisetup"),
    ]


def test_a_change_has_the_key_and_the_status() -> None:
    payload = office_data(assign_request(CREDENTIALS, Secret(KEY)))[1]
    assert [(each.tag, each.findtext("string")) for each in payload] == [("APIKey", KEY)]
    payload = office_data(status_request(CREDENTIALS, Secret(KEY), KeyStatus.DISABLED_BY_CUSTOMER))[1]
    assert [(each.tag, each.findtext("string")) for each in payload] == [
        ("APIKey", KEY),
        ("FHIRKeyStatus", "DisabledByCustomer"),
    ]


def test_the_soap_action_is_the_quoted_namespace_and_operation() -> None:
    action = '"https://www.opendental.com/OpenDentalWebServiceHQ/AssignFHIRAPIKey"'
    assert Operation.ASSIGN.soap_action == action


@pytest.mark.parametrize("key", ["", "  "])
def test_without_a_registration_key_no_request_is_built(key: str) -> None:
    with pytest.raises(HeadquartersUnreachable, match="no registration key") as caught:
        list_request(Credentials(Secret(key), "", "", "", "server-1"))
    assert (caught.value.step, caught.value.sent) == (HeadquartersStep.CREDENTIALS, False)


@pytest.mark.parametrize("character", ["\x00", "\x1b", "\ud800", "\ufffe"])
def test_characters_that_xml_cannot_represent_are_refused(character: str) -> None:
    with pytest.raises(HeadquartersUnreachable, match="PracticeTitle has a character that can't be sent"):
        list_request(Credentials(Secret(REGISTRATION), f"Smile{character}", "", "", "server-1"))
    with pytest.raises(HeadquartersUnreachable, match="APIKey has a character") as caught:
        assign_request(CREDENTIALS, Secret(f"{KEY}{character}"))
    assert KEY not in str(caught.value)


def test_credentials_print_no_secret() -> None:
    assert REGISTRATION not in repr(CREDENTIALS)
    assert KEY not in repr(read_members(member()))


def test_all_elements_of_a_key_are_read() -> None:
    answer = read_members(
        member(
            KeyStatus="DisabledByCustomer",
            DateDisabled="2024-11-05T10:11:12.1234567",
            DeveloperEmail=" a@b.example ",
            DeveloperPhone="(555) 123-4567",
            FHIRDeveloperNum="7",
            ListAPIPermissions="<P>ApiReadAll</P><P>SomethingNew</P><P>ApiReadAll</P><P/>",
        )
    )
    (key,) = answer.keys
    assert answer.notes == ()
    assert key.key.reveal() == KEY
    assert (key.number, key.developer_number) == (12, 7)
    assert (key.status, key.date_disabled) == (KeyStatus.DISABLED_BY_CUSTOMER, datetime(2024, 11, 5, 10, 11, 12))
    assert (key.developer, key.email, key.phone) == ("New Wave", "a@b.example", "(555) 123-4567")
    assert key.permissions == ("ApiReadAll", "SomethingNew")


@pytest.mark.parametrize(
    "text",
    [
        "<ListAPIKeys />",
        "<Response><ListAPIKeys></ListAPIKeys></Response>",
        '<?xml version="1.0" encoding="utf-16"?><ListAPIKeys xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" />',
        '<ListAPIKeys xmlns="urn:somewhere" />',
        "<Response />",
        '<Response xmlns="urn:somewhere"> <Other/> </Response>',
    ],
)
def test_an_empty_list_is_read_in_every_format(text: str) -> None:
    assert read_list(parse_xml(text), {}) == HeadquartersList((), ())


@pytest.mark.parametrize(
    ("name", "status"),
    [
        ("Unknown", KeyStatus.UNKNOWN),
        ("Enabled", KeyStatus.ENABLED),
        ("DisabledByCustomer", KeyStatus.DISABLED_BY_CUSTOMER),
        ("DisabledByDeveloper", KeyStatus.DISABLED_BY_DEVELOPER),
        ("DisabledByHQ", KeyStatus.DISABLED_BY_HQ),
        ("EnabledReadOnly", KeyStatus.ENABLED_READ_ONLY),
        ("ReadEnabled", KeyStatus.ENABLED_READ_ONLY),
        ("WritePending", KeyStatus.ENABLED_READ_ONLY),
        ("WriteEnabled", KeyStatus.ENABLED),
        ("Disabled", KeyStatus.DISABLED_BY_HQ),
        ("WriteDisabled", KeyStatus.DISABLED_BY_HQ),
        ("0", KeyStatus.UNKNOWN),
        ("1", KeyStatus.ENABLED),
        ("+5", KeyStatus.ENABLED_READ_ONLY),
        (" 002 ", KeyStatus.DISABLED_BY_CUSTOMER),
        ("77", KeyStatus.UNKNOWN),
        ("-1", KeyStatus.UNKNOWN),
        ("Enabled, DisabledByCustomer", KeyStatus.DISABLED_BY_DEVELOPER),
    ],
)
def test_current_and_earlier_status_names_are_read(name: str, status: KeyStatus) -> None:
    assert status_from_wire(name) is status
    assert read_members(member(KeyStatus=name)).keys[0].status is status
    assert read_members(member(KeyStatus=name)).notes == ()


@pytest.mark.parametrize(
    "name", ["enabled", "1.0", "0x1", "\u0661", "2147483648", "9" * 5000, "1, Enabled", "Enabled,"]
)
def test_what_dotnet_does_not_read_as_a_status_is_unknown(name: str) -> None:
    answer = read_members(member(KeyStatus=name))
    assert answer.keys[0].status is KeyStatus.DISABLED_BY_HQ
    assert "an unknown status" in answer.notes[0]


def test_numbers_of_permissions_are_read() -> None:
    sent = ("25", " +38 ", "0", "39", "-1", "ApiComm", "2147483673")
    answer = read_members(member(ListAPIPermissions="".join(f"<P>{each}</P>" for each in sent)))
    names = ("ApiReadAll", "ApiEnterprise", "AppointmentCreate", "39", "-1", "ApiComm", "2147483673")
    assert answer.keys[0].permissions == names


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("<html><body>Sign in</body></html>", "isn't a Response but a document named html"),
        ("<Other />", "isn't a Response but a document named Other"),
        ("<APIKey />", "isn't a Response but a document named APIKey"),
        ("<Response><string>Back at noon</string></Response>", "a message instead of ListAPIKeys: Back at noon"),
        ("<Response>Back at noon</Response>", "a message instead of ListAPIKeys: Back at noon"),
    ],
)
def test_only_a_response_without_a_message_is_an_empty_list(text: str, words: str) -> None:
    with pytest.raises(NoUsableAnswer, match=words):
        read_list(parse_xml(text), {})


def test_every_status_has_a_wire_name() -> None:
    assert [status_from_wire(status.wire_name) for status in KeyStatus] == list(KeyStatus)


def test_an_unknown_status_counts_as_disabled_by_open_dental_and_is_noted() -> None:
    answer = read_members(member(KeyStatus="Suspended"))
    assert answer.keys[0].status is KeyStatus.DISABLED_BY_HQ
    (note,) = answer.notes
    assert "********1234 #" in note
    assert "Suspended. As in Open Dental, it counts as Disabled by Open Dental." in note


@pytest.mark.parametrize("text", ["", " "])
def test_a_missing_status_is_unknown_and_noted(text: str) -> None:
    answer = read_members(member(KeyStatus=text))
    assert answer.keys[0].status is KeyStatus.UNKNOWN
    assert "gave no status for API key ********1234 #" in answer.notes[0]
    assert answer == read_members(member().replace("<KeyStatus>Enabled</KeyStatus>", ""))


def test_missing_elements_are_blank() -> None:
    (key,) = read_members(
        f"<APIKeyValue>{KEY}</APIKeyValue><KeyStatus>Enabled</KeyStatus><FHIRAPIKeyNum>x</FHIRAPIKeyNum>"
    ).keys
    assert (key.number, key.developer_number, key.date_disabled) == (0, 0, None)
    assert (key.developer, key.email, key.phone, key.permissions) == ("", "", "", ())


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2024-11-05T10:11:12", datetime(2024, 11, 5, 10, 11, 12)),
        ("2024-11-05T10:11:12.9999999", datetime(2024, 11, 5, 10, 11, 12)),
        ("2024-11-05 10:11:12", datetime(2024, 11, 5, 10, 11, 12)),
        ("2024-11-05 10:11:12.5", datetime(2024, 11, 5, 10, 11, 12)),
        ("2024-11-05", datetime(2024, 11, 5)),
        ("11/5/2024 10:11:12 AM", datetime(2024, 11, 5, 10, 11, 12)),
        ("11/05/2024 1:11:12 pm", datetime(2024, 11, 5, 13, 11, 12)),
        ("11/5/2024 12:00:00\u202fAM", datetime(2024, 11, 5)),
        ("11/5/2024 12:30 PM", datetime(2024, 11, 5, 12, 30)),
        ("11/5/2024 22:11:12", datetime(2024, 11, 5, 22, 11, 12)),
        ("11/5/2024", datetime(2024, 11, 5)),
        ("2024-11-05T10:11:12Z", datetime(2024, 11, 5, 2, 11, 12)),
        ("2024-11-05T10:11:12.1234567-05:00", datetime(2024, 11, 5, 7, 11, 12)),
        ("0001-01-01T00:00:00", None),
        ("1/1/0001 12:00:00 AM", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("1879-12-31T23:59:59", None),
        ("", None),
        (" ", None),
    ],
)
def test_dates_of_dotnet_are_read(text: str, moment: datetime | None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TZ", "PST8PDT")
    time.tzset()
    try:
        assert read_date(text) == moment
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "31/31/2024",
        "11/5/2024 13:00:00 PM",
        "11/5/2024 0:00:00 AM",
        "2024-02-30",
        "9999-12-31T23:59:59-12:00",
    ],
)
def test_an_invalid_date_is_none_and_noted(text: str) -> None:
    answer = read_members(member(DateDisabled=text))
    assert answer.keys[0].date_disabled is None
    assert answer.keys[0].status is KeyStatus.ENABLED
    (note,) = answer.notes
    assert "API key ********1234 #" in note
    assert KEY not in note


def test_identical_entries_of_a_key_are_merged() -> None:
    answer = read_members(member(), member(APIKeyValue=OTHER_KEY), member())
    assert [key.key.reveal() for key in answer.keys] == [KEY, OTHER_KEY]
    assert answer.notes == ()


@pytest.mark.parametrize("other", [member(KeyStatus="DisabledByHQ"), member(DeveloperName="Other")])
def test_a_key_with_different_entries_has_an_unknown_status(other: str) -> None:
    answer = read_members(member(), member(APIKeyValue=OTHER_KEY), other)
    assert [key.status for key in answer.keys] == [KeyStatus.UNKNOWN, KeyStatus.ENABLED]
    (note,) = answer.notes
    assert "lists API key ********1234 #" in note
    assert "more than once" in note


@pytest.mark.parametrize(
    ("value", "reason", "masked"),
    [
        ("", "is blank", "(blank)"),
        ("two words in it", "contains a space", "********"),
        ("control\u200bcharacter", "contains characters that aren't allowed in a key", "********"),
        ("Schl\u00fcssel", "contains characters that aren't allowed in a key", "********"),
        ("x" * 256, "is longer than 255 characters", "********xxxx"),
    ],
)
def test_one_unusable_key_is_noted_and_the_others_are_read(value: str, reason: str, masked: str) -> None:
    answer = read_members(member(APIKeyValue=value, DeveloperName=f"Dev {value}"), member(APIKeyValue=OTHER_KEY))
    unusable, usable = answer.keys
    assert (unusable.key.reveal(), unusable.unusable) == (value, reason)
    assert (usable.key.reveal(), usable.unusable) == (OTHER_KEY, "")
    (note,) = answer.notes
    assert note.startswith(f"API key {masked} #")
    assert reason in note
    if value:
        assert value not in f"{note} {unusable.developer}"
        assert value not in repr(answer)


def test_an_error_element_anywhere_is_a_refusal_with_its_text() -> None:
    answer = parse_xml(
        f"<Response><ListAPIKeys><APIKey>{member()}<Deep><Error>No such\x0a office: <b>7</b></Error></Deep></APIKey>"
        "</ListAPIKeys><string>Fine</string></Response>"
    )
    for read in (read_list, read_message, require_done):
        with pytest.raises(HeadquartersRefused) as caught:
            read(answer, {})
        assert caught.value.words == "No such office: 7"
        assert caught.value.sentence == "Open Dental's headquarters refused: No such office: 7"
        assert (caught.value.step, caught.value.sent) == (HeadquartersStep.CREDENTIALS, True)


def test_an_error_element_without_text_is_a_refusal() -> None:
    with pytest.raises(HeadquartersRefused, match="It gave no reason"):
        require_done(parse_xml("<Response><Error /></Response>"), {})


def test_quotes_are_printable_shortened_and_without_secrets() -> None:
    redactions = redactions_for(CREDENTIALS, Secret(KEY))
    quote = quote_text(f"Key {KEY.lower()} of \x1b[31m{REGISTRATION}\u202e is\nwrong. {'x' * 1000}", redactions)
    assert quote.startswith("Key ********1234 of [31m*** is wrong. xxx")
    assert len(quote) == MAX_QUOTE_LENGTH
    assert quote.endswith("…")
    assert quote_text("a\\1b", {"a": "\\2"}) == "\\2\\1b"


@pytest.mark.parametrize(
    "written",
    [
        "REG7KEY20042ABCD",
        "reg7-key2-0042-abcd",
        "REG7-KEY2-\n    0042-ABCD",
        "R E G 7 - K E Y 2 - 0 0 4 2 - A B C D",
        "REG7-KEY2\u200b-0042\ufeff-AB\u00adCD",
        "REG7\u2011KEY2\u20130042\u2060ABCD",
        "REG7-KEY2-\x000042-\x1bABCD",
    ],
)
def test_a_secret_is_redacted_however_it_is_broken_up(written: str) -> None:
    redactions = redactions_for(CREDENTIALS, Secret(KEY))
    assert redact_secrets(f"Key {written} is wrong", redactions) == "Key *** is wrong"
    assert quote_text(f"Key {written} is wrong", redactions) == "Key *** is wrong"
    broken = "\u200d".join(KEY)
    assert quote_text(f"<{broken}> {written}", redactions) == "<********1234> ***"


def test_secrets_of_any_form_are_redacted() -> None:
    assert redact_secrets("a ---- b", {"----": "****"}) == "a **** b"
    assert redact_secrets("STRASSE and Stra\u00dfe", {"stra\u00dfe": "x"}) == "***"
    assert redact_secrets("nothing", {"": "x", "other": "y"}) == "nothing"


def test_everything_that_this_python_takes_for_invisible_or_a_dash_is_a_separator() -> None:
    categories = ("Zs", "Zl", "Zp", "Cc", "Cf", "Pd")
    separators = [each for each in map(chr, range(sys.maxunicode + 1)) if unicodedata.category(each) in categories]
    half = len(KEY) // 2
    assert [
        f"{ord(each):04x}"
        for each in separators
        if redact_secrets(f"{KEY[:half]}{each}{KEY[half:]}", {KEY: "***"}) != "***"
    ] == []


@PROPERTIES
@given(
    gaps=st.lists(st.text(st.characters(categories=["Zs", "Zl", "Zp", "Cc", "Cf", "Pd"]), max_size=3), min_size=20),
    before=st.text(max_size=20),
    after=st.text(max_size=20),
    upper=st.booleans(),
)
def test_no_gaps_in_a_secret_keep_it_from_being_redacted(gaps: list[str], before: str, after: str, upper: bool) -> None:
    secret = KEY.upper() if upper else KEY
    broken = "".join(character + gaps[index % len(gaps)] for index, character in enumerate(secret))
    redacted = redact_secrets(f"{before}{broken}{after}", {KEY: "***"})
    kept = "".join(character for character in redacted if character.isalnum()).casefold()
    assert KEY.casefold() not in kept


@pytest.mark.parametrize("text", ["N" + " " * 200_000, "N " * 100_000, "New\u200bWave Key" * 20_000])
def test_redacting_a_long_text_of_beginnings_ends(text: str) -> None:
    assert redact_secrets(text, {KEY: "***"}) == text


def test_the_message_about_a_new_key_is_read() -> None:
    answer = parse_xml(f"<Response><string>{KEY} may be\n used &amp; billed.</string></Response>")
    assert read_message(answer, redactions_for(CREDENTIALS, Secret(KEY))) == "********1234 may be used & billed."
    assert read_message(parse_xml("<Response><string /></Response>"), {}) == ""


@pytest.mark.parametrize("text", ["<Response />", "<html><string>Sign in</string></html>"])
def test_an_answer_without_a_message_is_unusable(text: str) -> None:
    with pytest.raises(NoUsableAnswer, match="isn't a Response with a message"):
        read_message(parse_xml(text), {})


def test_a_change_of_status_succeeds_without_an_error_element() -> None:
    require_done(parse_xml("<Response />"), {})
    with pytest.raises(NoUsableAnswer, match="web page"):
        require_done(parse_xml("<HTML><body>Sign in</body></HTML>"), {})


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "isn't a complete XML document"),
        ("Service is being updated.", "isn't a complete XML document"),
        ("<a><b></a>", "isn't a complete XML document"),
        ('<?xml version="1.0" encoding="klingon"?><a/>', "isn't a complete XML document"),
        ("<!DOCTYPE a [<!ENTITY x 'y'>]><a>&x;</a>", "its own definitions"),
        ("<!DOCTYPE a SYSTEM 'file:///etc/hostname'><a/>", "its own definitions"),
        ("<a>" * 100_000, "too deeply nested"),
        (f"<Other>{REGISTRATION}</Other>", "isn't a SOAP envelope but a document named Other"),
        (envelope("AssignFHIRAPIKey", "<Response />"), "no GetFHIRAPIKeysForOfficeResult"),
        (envelope("GetFHIRAPIKeysForOffice", ""), "its GetFHIRAPIKeysForOfficeResult is not readable"),
        (envelope("GetFHIRAPIKeysForOffice", "<a"), "its GetFHIRAPIKeysForOfficeResult is not readable"),
        (fault("soap:Server", f"Out of {REGISTRATION}"), r"could not process the request: Out of \*\*\*"),
    ],
    ids=range(12),
)
def test_an_invalid_envelope_is_unusable(content: str, words: str) -> None:
    with pytest.raises(NoUsableAnswer, match=words) as caught:
        parse_envelope(content.encode(), Operation.LIST, redactions_for(CREDENTIALS))
    assert (caught.value.step, caught.value.sent) == (HeadquartersStep.ANSWER, True)
    assert REGISTRATION not in str(caught.value)


def test_the_document_inside_an_envelope_is_returned() -> None:
    answer = parse_envelope(envelope("GetFHIRAPIKeysForOffice", "<ListAPIKeys />").encode(), Operation.LIST, {})
    assert answer.tag == "ListAPIKeys"


VALID = envelope(
    "GetFHIRAPIKeysForOffice",
    f"<ListAPIKeys><K>{member(DateDisabled='11/5/2024 10:11:12 AM', ListAPIPermissions='<P>A</P>')}</K></ListAPIKeys>",
)


@PROPERTIES
@given(start=st.integers(0, len(VALID)), length=st.integers(0, 60), replacement=st.text(max_size=20))
def test_a_damaged_answer_raises_only_our_errors(start: int, length: int, replacement: str) -> None:
    answer = VALID[:start] + replacement + VALID[start + length :]
    with suppress(HeadquartersError):
        read_list(parse_envelope(answer.encode("utf-8", "surrogatepass"), Operation.LIST, {}), {})


@PROPERTIES
@given(st.one_of(st.text(), st.text("0123456789/-:.TZ APM+", max_size=30)))
def test_any_text_is_a_date_or_a_value_error(text: str) -> None:
    with suppress(ValueError):
        read_date(text)


def test_a_thousand_keys_are_read() -> None:
    permissions = "".join(f"<P>Permission{number}</P>" for number in range(10))
    text = "".join(
        f"<K>{member(APIKeyValue=f'{KEY}{number}', ListAPIPermissions=permissions)}</K>" for number in range(1000)
    )
    assert len(read_list(parse_xml(f"<ListAPIKeys>{text}</ListAPIKeys>"), {}).keys) == 1000


def test_a_document_with_too_many_elements_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("core.headquarters.safe_xml.MAX_ELEMENTS", 100)
    assert len(parse_xml(f"<a>{'<b/>' * 99}</a>")) == 99
    with pytest.raises(UnusableXml, match="too many"):
        parse_xml(f"<a>{'<b/>' * 100}</a>")


def test_the_error_for_invalid_xml_does_not_quote_it() -> None:
    with pytest.raises(UnusableXml) as caught:
        parse_xml(f"<!DOCTYPE {KEY}><a/>")
    assert KEY not in str(caught.value)
