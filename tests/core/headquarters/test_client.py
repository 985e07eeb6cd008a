"""The client of headquarters, tested against a real HTTP server."""

from __future__ import annotations

import http.client
import logging
import socket
import ssl
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from core.base.errors import (
    HeadquartersError,
    HeadquartersRefused,
    HeadquartersStep,
    HeadquartersUnreachable,
    NoUsableAnswer,
)
from core.base.secret import Secret
from core.headquarters.client import PAUSES, HeadquartersClient
from core.headquarters.requests import Credentials
from core.headquarters.transport import Limits
from core.opendental.key_status import KeyStatus
from tests.support.fake_headquarters import HeadquartersServer, Misbehaviour, headquarters
from tests.support.headquarters_protocol import (
    ASSIGN,
    LIST,
    NAMESPACE,
    NOW,
    PATH,
    SET_STATUS,
    HeldKey,
    PracticeCredentials,
)

PRACTICE = PracticeCredentials(computer="server-1, 203.0.113.9")
CREDENTIALS = Credentials(
    registration_key=Secret(PRACTICE.registration_key),
    practice_title=PRACTICE.title,
    practice_phone=PRACTICE.phone,
    program_version=PRACTICE.version,
    computer_name=PRACTICE.computer,
)
BRIDGE = HeldKey("BridgeKeyAbCdEfGh78")
CANOPY = HeldKey("CanopyKeyAbCdEfPp44", "EnabledReadOnly", "Canopy", permissions=("ApiReadAll", "SomethingNew"))
NEW = HeldKey("NewWaveKeyAbCdEf1234", developer="New Wave")
SHORT = Limits(connect_seconds=5, response_seconds=0.08)
"""Short limits, for tests whose answer never arrives."""


class ClientWithoutPauses(HeadquartersClient):
    """A client that records its pauses instead of waiting.

    Attributes:
        pauses: The recorded pauses, in seconds.
    """

    def __init__(self, address: str, limits: Limits | None = None, ssl_context: ssl.SSLContext | None = None) -> None:
        self.pauses: list[float] = []
        super().__init__(address, pause=self.pauses.append, ssl_context=ssl_context, limits=limits)


@pytest.fixture
def server() -> Iterator[HeadquartersServer]:
    """A fake headquarters with two keys of the practice, and a third one that can be assigned."""
    with headquarters(practice=PRACTICE) as running:
        running.add_key(BRIDGE)
        running.add_key(CANOPY)
        running.offer(NEW)
        yield running


def trust_only(file: Path | None) -> ssl.SSLContext:
    """Return an SSL context that trusts only this certificate authority."""
    return ssl.create_default_context(cafile=file)


def call(client: HeadquartersClient, operation: str) -> object:
    """Call an operation."""
    if operation == LIST:
        return client.list(CREDENTIALS)
    if operation == ASSIGN:
        return client.assign(CREDENTIALS, Secret(NEW.key))
    client.set_status(CREDENTIALS, Secret(BRIDGE.key), KeyStatus.DISABLED_BY_CUSTOMER)
    return None


def call_failing(client: HeadquartersClient, operation: str = LIST) -> HeadquartersError:
    """Call an operation that must fail, and return its error."""
    with pytest.raises(HeadquartersError) as caught:
        call(client, operation)
    return caught.value


def closed_port() -> int:
    """Return a port that no program listens on."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port: int = unused.getsockname()[1]
        return port


def test_keys_are_listed(server: HeadquartersServer) -> None:
    answer = HeadquartersClient(server.url).list(CREDENTIALS)
    assert answer.notes == ()
    bridge, canopy = answer.keys
    assert (bridge.key.reveal(), bridge.status, bridge.developer) == (BRIDGE.key, KeyStatus.ENABLED, BRIDGE.developer)
    assert (bridge.number, bridge.email, bridge.phone, bridge.date_disabled) == (1, BRIDGE.email, BRIDGE.phone, None)
    assert (canopy.status, canopy.permissions) == (KeyStatus.ENABLED_READ_ONLY, ("ApiReadAll", "SomethingNew"))


def test_a_key_is_assigned(server: HeadquartersServer) -> None:
    client = HeadquartersClient(server.url)
    assert client.assign(CREDENTIALS, Secret(NEW.key)) == "New Wave may use this key now."
    assert server.status(NEW.key) == "Enabled"
    assert [key.developer for key in client.list(CREDENTIALS).keys] == ["Appointment Bridge", "Canopy", "New Wave"]


def test_a_key_is_disabled_and_enabled(server: HeadquartersServer) -> None:
    client = HeadquartersClient(server.url)
    client.set_status(CREDENTIALS, Secret(BRIDGE.key), KeyStatus.DISABLED_BY_CUSTOMER)
    disabled = client.list(CREDENTIALS).keys[0]
    assert (disabled.status, disabled.date_disabled) == (KeyStatus.DISABLED_BY_CUSTOMER, NOW)
    client.set_status(CREDENTIALS, Secret(BRIDGE.key), KeyStatus.ENABLED)
    enabled = client.list(CREDENTIALS).keys[0]
    assert (enabled.status, enabled.date_disabled) == (KeyStatus.ENABLED, None)


def test_a_refusal_has_the_text_of_headquarters(server: HeadquartersServer) -> None:
    client = ClientWithoutPauses(server.url)
    with pytest.raises(HeadquartersRefused) as caught:
        client.assign(CREDENTIALS, Secret("NobodysKey1234567890"))
    assert caught.value.words == "Invalid API key."
    server.set_status(BRIDGE.key, "DisabledByDeveloper")
    with pytest.raises(HeadquartersRefused, match="DisabledByDeveloper cannot become Enabled"):
        client.set_status(CREDENTIALS, Secret(BRIDGE.key), KeyStatus.ENABLED)
    server.refusal = f"Registration key {PRACTICE.registration_key} is not valid."
    server.misbehave(Misbehaviour.ERROR)
    refused = call_failing(client)
    assert isinstance(refused, HeadquartersRefused)
    assert refused.words == "Registration key *** is not valid."
    assert (refused.step, client.pauses) == (HeadquartersStep.CREDENTIALS, [])


BAD_ANSWERS = {
    Misbehaviour.HTTP_403: "HTTP 403 Forbidden",
    Misbehaviour.HTTP_404: "HTTP 404 Not Found: the service doesn't exist there",
    Misbehaviour.HTTP_500: "is unavailable (HTTP 500 Internal Server Error)",
    Misbehaviour.HTTP_503: "is unavailable (HTTP 503 Service Unavailable)",
    Misbehaviour.REDIRECTION: "a redirect (HTTP 302), which apisetup doesn't follow",
    Misbehaviour.PAGE: "A web page was returned instead of the response",
    Misbehaviour.FAULT: "could not process the request: Server was unable to process request. ---> Timeout expired.",
    Misbehaviour.CLIENT_FAULT: "could not process the request: Did not recognize",
    Misbehaviour.CLOSED_UNDONE: "The connection to Open Dental's headquarters was lost",
    Misbehaviour.CLOSED_DONE: "The connection to Open Dental's headquarters was lost",
    Misbehaviour.COMPRESSED: "it is compressed",
    Misbehaviour.TRUNCATED_BODY: "The connection to Open Dental's headquarters was lost",
    Misbehaviour.TRUNCATED_XML: "isn't a complete XML document",
    Misbehaviour.EMPTY: "isn't a complete XML document",
    Misbehaviour.NOT_XML: "isn't a complete XML document",
    Misbehaviour.BILLION_LAUGHS: "its own definitions",
    Misbehaviour.BILLION_LAUGHS_INSIDE: "its own definitions",
    Misbehaviour.EXTERNAL_ENTITY: "its own definitions",
    Misbehaviour.EXTERNAL_ENTITY_INSIDE: "its own definitions",
    Misbehaviour.ENDLESS_NESTING: "too deeply nested",
    Misbehaviour.WRONG_ROOT: "it isn't a SOAP envelope",
    Misbehaviour.OTHER_OPERATION: "Result",
    Misbehaviour.NO_RESULT: "Result",
    Misbehaviour.INSIDE_TRUNCATED: "isn't a complete XML document",
    Misbehaviour.INSIDE_WRONG_ROOT: "The response from Open Dental's headquarters can't be used: it",
}
"""A part of the message for each bad answer, for every operation."""

PERMANENT = {
    Misbehaviour.HTTP_403,
    Misbehaviour.HTTP_404,
    Misbehaviour.REDIRECTION,
    Misbehaviour.PAGE,
    Misbehaviour.CLIENT_FAULT,
    Misbehaviour.COMPRESSED,
    Misbehaviour.BILLION_LAUGHS,
    Misbehaviour.BILLION_LAUGHS_INSIDE,
    Misbehaviour.EXTERNAL_ENTITY,
    Misbehaviour.EXTERNAL_ENTITY_INSIDE,
    Misbehaviour.ENDLESS_NESTING,
    Misbehaviour.WRONG_ROOT,
    Misbehaviour.OTHER_OPERATION,
    Misbehaviour.NO_RESULT,
    Misbehaviour.INSIDE_WRONG_ROOT,
}
"""Bad answers that a retry can't improve."""


@pytest.mark.parametrize("operation", [LIST, ASSIGN, SET_STATUS])
@pytest.mark.parametrize("misbehaviour", BAD_ANSWERS, ids=lambda misbehaviour: str(misbehaviour.name))
def test_a_bad_answer_is_reported_in_a_sentence(
    server: HeadquartersServer, misbehaviour: Misbehaviour, operation: str
) -> None:
    server.misbehave(misbehaviour)
    client = ClientWithoutPauses(server.url)
    failed = call_failing(client, operation)
    assert isinstance(failed, NoUsableAnswer)
    assert (failed.step, failed.sent) == (HeadquartersStep.ANSWER, True)
    assert BAD_ANSWERS[misbehaviour] in failed.sentence
    assert failed.hint
    for secret in (PRACTICE.registration_key, NEW.key, BRIDGE.key):
        assert secret not in str(failed)
    attempts = 3 if operation == LIST and failed.passing else 1
    assert server.count(operation) == attempts


@pytest.mark.parametrize("misbehaviour", BAD_ANSWERS, ids=lambda misbehaviour: str(misbehaviour.name))
def test_listing_is_retried_if_that_may_help(server: HeadquartersServer, misbehaviour: Misbehaviour) -> None:
    server.misbehave(misbehaviour, times=2)
    client = ClientWithoutPauses(server.url)
    if misbehaviour in PERMANENT:
        assert not call_failing(client).passing
        assert client.pauses == []
        return
    assert len(client.list(CREDENTIALS).keys) == 2
    assert client.pauses == list(PAUSES)


def test_a_response_without_a_list_is_an_empty_list(server: HeadquartersServer) -> None:
    server.misbehave(Misbehaviour.NO_LIST)
    assert HeadquartersClient(server.url).list(CREDENTIALS).keys == ()


def test_a_key_without_a_text_does_not_keep_the_others_from_being_listed(server: HeadquartersServer) -> None:
    server.misbehave(Misbehaviour.NO_KEY_VALUE)
    answer = HeadquartersClient(server.url).list(CREDENTIALS)
    assert [key.unusable for key in answer.keys] == ["", "is blank"]


@pytest.mark.parametrize(
    ("misbehaviour", "status", "words"),
    [
        (Misbehaviour.NO_STATUS, KeyStatus.UNKNOWN, "gave no status"),
        (Misbehaviour.UNKNOWN_STATUS, KeyStatus.DISABLED_BY_HQ, "SuspendedForReview"),
        (Misbehaviour.WRONG_DATE, KeyStatus.ENABLED_READ_ONLY, "can't be read"),
        (Misbehaviour.CONTRADICTION, KeyStatus.UNKNOWN, "more than once"),
        (Misbehaviour.REPETITION, KeyStatus.ENABLED_READ_ONLY, ""),
    ],
)
def test_irregularities_in_a_list_are_noted(
    server: HeadquartersServer, misbehaviour: Misbehaviour, status: KeyStatus, words: str
) -> None:
    server.misbehave(misbehaviour)
    answer = HeadquartersClient(server.url).list(CREDENTIALS)
    assert [key.status for key in answer.keys] == [KeyStatus.ENABLED, status]
    assert len(answer.notes) == (1 if words else 0)
    assert all(words in note and "********Pp44 #" in note for note in answer.notes)


def test_a_list_may_lack_a_key_or_have_a_new_one(server: HeadquartersServer) -> None:
    client = HeadquartersClient(server.url)
    server.misbehave(Misbehaviour.WITHOUT_LAST_KEY, times=1)
    assert [key.developer for key in client.list(CREDENTIALS).keys] == ["Appointment Bridge"]
    server.misbehave(Misbehaviour.OTHER_KEY, times=1)
    assert [key.developer for key in client.list(CREDENTIALS).keys] == ["Appointment Bridge", "Somebody Else"]


@pytest.mark.parametrize(
    ("misbehaviour", "assigned"), [(Misbehaviour.CLOSED_DONE, True), (Misbehaviour.CLOSED_UNDONE, False)]
)
def test_after_a_lost_answer_the_list_shows_the_outcome(
    server: HeadquartersServer, misbehaviour: Misbehaviour, assigned: bool
) -> None:
    server.misbehave(misbehaviour, operation=ASSIGN)
    client = ClientWithoutPauses(server.url)
    assert isinstance(call_failing(client, ASSIGN), NoUsableAnswer)
    assert (NEW.key in {key.key.reveal() for key in client.list(CREDENTIALS).keys}) is assigned
    assert server.count(ASSIGN) == 1


def test_the_default_limits_are_10_and_30_seconds_and_16_mb() -> None:
    assert Limits() == Limits(connect_seconds=10, response_seconds=30, response_bytes=16_000_000)


@pytest.mark.parametrize("operation", [LIST, ASSIGN, SET_STATUS])
@pytest.mark.parametrize(
    "misbehaviour",
    [Misbehaviour.SILENCE, Misbehaviour.DRIPPING_HEADERS, Misbehaviour.DRIPPING_ANSWER],
    ids=lambda misbehaviour: misbehaviour.name,
)
def test_the_deadline_applies_to_the_whole_response(
    server: HeadquartersServer, misbehaviour: Misbehaviour, operation: str
) -> None:
    server.misbehave(misbehaviour)
    client = ClientWithoutPauses(server.url, SHORT)
    failed = call_failing(client, operation)
    assert isinstance(failed, NoUsableAnswer)
    assert failed.sentence == "Open Dental's headquarters did not send a complete response within 0.08 seconds."
    assert failed.sent
    assert client.pauses == (list(PAUSES) if operation == LIST else [])


@pytest.mark.parametrize(
    "misbehaviour", [Misbehaviour.SILENCE, Misbehaviour.DRIPPING_HEADERS, Misbehaviour.DRIPPING_ANSWER]
)
def test_the_deadline_applies_to_an_encrypted_connection(tmp_path: Path, misbehaviour: Misbehaviour) -> None:
    with headquarters(tmp_path, PRACTICE) as server:
        server.offer(NEW)
        server.misbehave(misbehaviour)
        failed = call_failing(ClientWithoutPauses(server.url, SHORT, trust_only(server.ca_file)), ASSIGN)
    assert isinstance(failed, NoUsableAnswer)
    assert "did not send a complete response within 0.08 seconds" in failed.sentence


def test_a_response_above_the_size_limit_is_not_read_completely(server: HeadquartersServer) -> None:
    server.misbehave(Misbehaviour.HUGE)
    client = ClientWithoutPauses(server.url, Limits(response_bytes=2_000_000))
    failed = call_failing(client)
    assert isinstance(failed, NoUsableAnswer)
    assert "it is longer than 2 MB" in failed.sentence
    assert client.pauses == []


def test_an_encrypted_connection_is_verified(tmp_path: Path) -> None:
    with headquarters(tmp_path, PRACTICE) as server:
        server.add_key(BRIDGE)
        assert len(ClientWithoutPauses(server.url, ssl_context=trust_only(server.ca_file)).list(CREDENTIALS).keys) == 1
        client = ClientWithoutPauses(server.url)
        failed = call_failing(client)
    assert isinstance(failed, HeadquartersUnreachable)
    assert (failed.step, failed.sent, client.pauses) == (HeadquartersStep.TLS, False, [])
    assert "isn't signed by a certificate authority that this computer trusts" in failed.sentence
    assert server.requests[1:] == []


def test_a_certificate_for_another_host_is_refused(tmp_path: Path) -> None:
    with headquarters(tmp_path, PRACTICE, host="elsewhere.example") as server:
        failed = call_failing(ClientWithoutPauses(server.url, ssl_context=trust_only(server.ca_file)), ASSIGN)
    assert isinstance(failed, HeadquartersUnreachable)
    assert failed.step is HeadquartersStep.TLS
    assert "is for another host name" in failed.sentence
    assert server.requests == []


def test_an_expired_certificate_is_refused(tmp_path: Path) -> None:
    with headquarters(tmp_path, PRACTICE, begins=datetime.now(UTC) - timedelta(days=90)) as server:
        failed = call_failing(ClientWithoutPauses(server.url, ssl_context=trust_only(server.ca_file)), SET_STATUS)
    assert (failed.step, failed.sent) == (HeadquartersStep.TLS, False)
    assert "is not valid at this time" in failed.sentence


def test_a_server_without_tls_is_refused(server: HeadquartersServer) -> None:
    client = ClientWithoutPauses(server.url.replace("http://", "https://"))
    failed = call_failing(client)
    assert (failed.step, failed.sent, client.pauses) == (HeadquartersStep.TLS, False, [])
    assert "The encrypted connection to 127.0.0.1" in failed.sentence


def test_a_refused_connection_is_reported() -> None:
    port = closed_port()
    client = ClientWithoutPauses(f"http://127.0.0.1:{port}/")
    failed = call_failing(client)
    assert isinstance(failed, HeadquartersUnreachable)
    assert (failed.step, failed.sent) == (HeadquartersStep.CONNECTION, False)
    assert f"cannot be reached at 127.0.0.1, port {port} (Connection refused)" in failed.sentence
    assert client.pauses == list(PAUSES)
    for operation in (ASSIGN, SET_STATUS):
        client = ClientWithoutPauses(f"http://127.0.0.1:{port}/")
        assert call_failing(client, operation).step is HeadquartersStep.CONNECTION
        assert client.pauses == []


def test_a_handshake_without_an_answer_times_out() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = ClientWithoutPauses(f"https://127.0.0.1:{silent.getsockname()[1]}/", Limits(connect_seconds=0.05))
        failed = call_failing(client, ASSIGN)
    assert isinstance(failed, HeadquartersUnreachable)
    assert failed.step is HeadquartersStep.TLS
    assert "it was not ready in 0.05 seconds" in failed.sentence


@pytest.mark.parametrize(("number", "attempts"), [(socket.EAI_NONAME, 1), (socket.EAI_AGAIN, 3)])
def test_an_unknown_host_name_is_reported(monkeypatch: pytest.MonkeyPatch, number: int, attempts: int) -> None:
    hosts: list[str] = []

    def fail(host: str, *_: object, **__: object) -> None:
        hosts.append(host)
        raise socket.gaierror(number, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", fail)
    failed = call_failing(ClientWithoutPauses("https://hq.example/service"))
    assert isinstance(failed, HeadquartersUnreachable)
    assert (failed.step, failed.sent) == (HeadquartersStep.NAME, False)
    assert "The host name of Open Dental's headquarters, hq.example, can't be resolved" in failed.sentence
    assert hosts == ["hq.example"] * attempts


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("", "is blank"),
        ("  ", "is blank"),
        ("http://hq.example/service", "does not begin with https://"),
        ("http://localhost.example/", "does not begin with https://"),
        ("ftp://127.0.0.1/", "does not begin with https://"),
        ("file:///etc/hostname", "isn't valid"),
        ("hq.example/service", "isn't valid"),
        ("https://", "isn't valid"),
        ("https://hq.example:port/", "isn't valid"),
        ("https://[::1/", "isn't valid"),
        ("https://user:password@hq.example/", "isn't valid"),
        ("https://hq.example/\x1b[31m", "isn't valid"),
        (f"https://{'a' * 64}.example/", "isn't valid"),
        ("https://hq..example/", "isn't valid"),
    ],
)
def test_an_unusable_address_is_reported(address: str, words: str) -> None:
    client = ClientWithoutPauses(address)
    failed = call_failing(client)
    assert isinstance(failed, HeadquartersUnreachable)
    assert (failed.step, failed.sent, client.pauses) == (HeadquartersStep.ADDRESS, False, [])
    assert words in failed.sentence
    assert "password" not in str(failed)


def test_proxies_of_the_environment_are_not_used(server: HeadquartersServer, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{closed_port()}")
    monkeypatch.delenv("NO_PROXY", raising=False)
    assert len(ClientWithoutPauses(server.url).list(CREDENTIALS).keys) == 2


@pytest.mark.parametrize("operation", [LIST, ASSIGN, SET_STATUS])
@pytest.mark.parametrize("misbehaviour", [None, Misbehaviour.HTTP_500, Misbehaviour.FAULT, Misbehaviour.TRUNCATED_XML])
def test_the_log_has_no_secrets(
    server: HeadquartersServer, caplog: pytest.LogCaptureFixture, misbehaviour: Misbehaviour | None, operation: str
) -> None:
    caplog.set_level(logging.DEBUG)
    if misbehaviour is None:
        call(ClientWithoutPauses(server.url), operation)
    else:
        server.misbehave(misbehaviour)
        call_failing(ClientWithoutPauses(server.url), operation)
    messages = [record.getMessage() for record in caplog.records if record.name.startswith("core.")]
    assert messages
    assert all(message.startswith(f"{operation}: ") for message in messages)
    for secret in (PRACTICE.registration_key, NEW.key, BRIDGE.key, CANOPY.key):
        assert secret not in caplog.text


def valid_request() -> tuple[dict[str, str], str]:
    """Return the headers and the literal content of a valid list request."""
    credentials = (
        f"<RegistrationKey>{PRACTICE.registration_key}</RegistrationKey>"
        "<PracticeTitle>Smile &amp; Sons &lt;Dental&gt;</PracticeTitle><PracticePhone>5035551234</PracticePhone>"
        "<ProgramVersion>24.3.10.0</ProgramVersion><ServiceCode>FHIR</ServiceCode>"
        f"<ComputerName>{PRACTICE.computer}</ComputerName><ProgramName>apisetup</ProgramName>"
    )
    content = (
        '<s:Envelope xmlns:s="http://schemas.xmlsoap.org/soap/envelope/"><s:Body>'
        f'<{LIST} xmlns="{NAMESPACE}"><officeData>'
        f"<![CDATA[<Request><Credentials>{credentials}</Credentials></Request>]]></officeData>"
        f"</{LIST}></s:Body></s:Envelope>"
    )
    return {"Content-Type": "text/xml; charset=utf-8", "SOAPAction": f'"{NAMESPACE}{LIST}"'}, content


def post(server: HeadquartersServer, headers: dict[str, str], content: str, path: str = PATH) -> int:
    """Post a request without the program's client, and return the HTTP status of the answer."""
    connection = http.client.HTTPConnection("127.0.0.1", int(server.url.split(":")[2].partition("/")[0]))
    try:
        connection.request("POST", path, content.encode(), headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_the_fake_server_accepts_a_valid_request(server: HeadquartersServer) -> None:
    assert post(server, *valid_request()) == 200


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("schemas.xmlsoap.org/soap/envelope/", "www.w3.org/2003/05/soap-envelope"),
        (NAMESPACE, f"{NAMESPACE}x"),
        (LIST, "GetSomethingElse"),
        ("officeData>", "data>"),
        ("]]></officeData>", "]]></officeData><officeData/>"),
        ("</s:Body>", "</s:Body><s:Body/>"),
        (PRACTICE.registration_key, "OTHER"),
        ("<ServiceCode>FHIR</ServiceCode>", ""),
        ("</Credentials></Request>", "</Credentials><Payload/></Request>"),
        ("</ServiceCode>", "</ServiceCode><CustomerName/>"),
        ("<ProgramName>", "<ProgramName x='1'>x"),
        ("</Request>", "text</Request>"),
        ("</Request>", ""),
    ],
)
def test_the_fake_server_is_strict_about_the_content(server: HeadquartersServer, old: str, new: str) -> None:
    headers, content = valid_request()
    assert old in content
    assert post(server, headers, content.replace(old, new)) == 500
    assert len(server.take_violations()) == 1
    assert server.requests == []


def test_the_fake_server_is_strict_about_headers_and_path(server: HeadquartersServer) -> None:
    headers, content = valid_request()
    wrong = [
        {"Content-Type": "application/soap+xml; charset=utf-8"},
        {"Content-Type": "text/xml; charset=utf-16"},
        {"SOAPAction": f"{NAMESPACE}{LIST}"},
        {"SOAPAction": f'"{NAMESPACE}{ASSIGN}"'},
        {"SOAPAction": ""},
    ]
    assert [post(server, headers | each, content) for each in wrong] == [500] * len(wrong)
    assert post(server, headers, content, "/") == 500
    assert len(server.take_violations()) == len(wrong) + 1
    assert server.requests == []
