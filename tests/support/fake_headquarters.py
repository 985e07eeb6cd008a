"""A fake headquarters: an HTTP(S) server that checks requests strictly and can misbehave.

It is written from the documentation of the protocol and shares no code with the program.
"""

from __future__ import annotations

import gzip
import socketserver
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import Enum, auto
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import socket
from threading import Event, Lock, Thread
from typing import Any
from xml.sax.saxutils import escape

from tests.support.certificates import create_authority, create_certificate
from tests.support.headquarters_protocol import (
    ASSIGN,
    LIST,
    NAMESPACE,
    PATH,
    HeldKey,
    PracticeCredentials,
    Request,
    Violation,
    date_disabled,
    envelope,
    error,
    fault,
    member,
    parse_envelope,
    read_office_data,
    require,
)

_DRIP_SECONDS = 0.01
_LARGEST_REQUEST = 1_000_000
_HUGE = 50_000_000


class Misbehaviour(Enum):
    """A way in which an answer can be wrong."""

    HTTP_403 = auto()
    HTTP_404 = auto()
    HTTP_500 = auto()
    HTTP_503 = auto()
    REDIRECTION = auto()
    PAGE = auto()
    FAULT = auto()
    CLIENT_FAULT = auto()
    CLOSED_UNDONE = auto()
    """The connection is closed after the request was read and before anything was done."""
    ERROR = auto()
    """The request is refused with the text of `HeadquartersServer.refusal`."""

    # From here on, the request is carried out, and only the answer is wrong.
    CLOSED_DONE = auto()
    SILENCE = auto()
    DRIPPING_HEADERS = auto()
    DRIPPING_ANSWER = auto()
    HUGE = auto()
    COMPRESSED = auto()
    TRUNCATED_BODY = auto()
    TRUNCATED_XML = auto()
    EMPTY = auto()
    NOT_XML = auto()
    BILLION_LAUGHS = auto()
    BILLION_LAUGHS_INSIDE = auto()
    EXTERNAL_ENTITY = auto()
    EXTERNAL_ENTITY_INSIDE = auto()
    ENDLESS_NESTING = auto()
    WRONG_ROOT = auto()
    OTHER_OPERATION = auto()
    NO_RESULT = auto()
    INSIDE_TRUNCATED = auto()
    INSIDE_WRONG_ROOT = auto()

    # These concern only the list.
    NO_LIST = auto()
    NO_KEY_VALUE = auto()
    NO_STATUS = auto()
    UNKNOWN_STATUS = auto()
    WRONG_DATE = auto()
    CONTRADICTION = auto()
    REPETITION = auto()
    WITHOUT_LAST_KEY = auto()
    OTHER_KEY = auto()
    """Another practice's key takes the place of the last one."""


_UNDONE = {
    Misbehaviour.HTTP_403,
    Misbehaviour.HTTP_404,
    Misbehaviour.HTTP_500,
    Misbehaviour.HTTP_503,
    Misbehaviour.REDIRECTION,
    Misbehaviour.PAGE,
    Misbehaviour.FAULT,
    Misbehaviour.CLIENT_FAULT,
    Misbehaviour.CLOSED_UNDONE,
    Misbehaviour.ERROR,
}
_LAUGHS = (
    '<!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY d "&c;&c;&c;&c;&c;&c;&c;&c;"><!ENTITY e "&d;&d;&d;&d;&d;&d;&d;&d;">]><l>&e;</l>'
)
_PAGE = "<!DOCTYPE html><html><head><title>Welcome to our network</title></head><body>Please sign in.</body></html>"


@dataclass
class HeadquartersServer:
    """The running server, as a test controls and inspects it.

    Attributes:
        url: The URL of the service.
        ca_file: The certificate of the authority that signed the server's certificate; None with plain HTTP.
        practice: The credentials that every request must have.
        requests: All requests that follow the protocol, in their order, answered or not.
        violations: Descriptions of the other requests; any that is left fails the test at its end.
        refusal: The text of `Misbehaviour.ERROR`.
        waiting: Set while an answer is held back.
    """

    practice: PracticeCredentials
    url: str = ""
    ca_file: Path | None = None
    refusal: str = "Registration key is not valid."
    requests: list[Request] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    waiting: Event = field(default_factory=Event)
    _released: Event = field(default_factory=Event)
    _lock: Lock = field(default_factory=Lock)
    _keys: dict[str, HeldKey] = field(default_factory=dict)
    _offered: dict[str, HeldKey] = field(default_factory=dict)
    _misbehaviour: Misbehaviour | None = None
    _times: int | None = None
    _operation: str | None = None

    def add_key(self, key: HeldKey) -> None:
        """Assign a key to the practice."""
        with self._lock:
            self._keys[key.key] = replace(key, number=len(self._keys) + 1)

    def remove_key(self, key: str) -> None:
        """Remove a key from the practice."""
        with self._lock:
            del self._keys[key]

    def offer(self, key: HeldKey) -> None:
        """Let the practice assign itself a key that exists."""
        with self._lock:
            self._offered[key.key] = key

    def set_status(self, key: str, status: str) -> None:
        """Change a key's status, as headquarters or a developer does."""
        with self._lock:
            moment = date_disabled(disabled=status.startswith("Disabled"))
            self._keys[key] = replace(self._keys[key], status=status, date_disabled=moment)

    def status(self, key: str) -> str | None:
        """Return the status of one of the practice's keys, as it is sent; None if it has no such key."""
        with self._lock:
            return self._keys[key].status if key in self._keys else None

    def assigned_keys(self) -> tuple[HeldKey, ...]:
        """Return the practice's keys."""
        with self._lock:
            return tuple(self._keys.values())

    def count(self, operation: str) -> int:
        """Count the requests for an operation."""
        with self._lock:
            return sum(each.operation == operation for each in self.requests)

    def misbehave(self, how: Misbehaviour, times: int | None = None, operation: str | None = None) -> None:
        """Answer wrongly from the next request on.

        Args:
            how: The kind of wrong answer.
            times: The number of requests to answer so; None for all.
            operation: The only operation to answer so; None for all.
        """
        with self._lock:
            self._misbehaviour, self._times, self._operation = how, times, operation
            self._released.clear()
            self.waiting.clear()

    def behave(self) -> None:
        """Answer correctly from now on, and send the answers that were held back."""
        with self._lock:
            self._misbehaviour = None
        self.release()

    def release(self) -> None:
        """Send the answers that are held back."""
        self._released.set()

    def take_violations(self) -> list[str]:
        """Return the violations so far, and forget them."""
        with self._lock:
            found, self.violations = self.violations, []
        return found

    def add_violation(self, what: str) -> None:
        """Record a violation of the protocol."""
        with self._lock:
            self.violations.append(what)

    def record(self, request: Request) -> Misbehaviour | None:
        """Record a request, and return how to answer it wrongly, if at all."""
        with self._lock:
            self.requests.append(request)
            if self._misbehaviour is None or self._operation not in (None, request.operation) or self._times == 0:
                return None
            if self._times is not None:
                self._times -= 1
            return self._misbehaviour

    def hold_back(self, seconds: float | None = None) -> bool:
        """Wait until the test releases the answer, or for some seconds; return True if it was released."""
        self.waiting.set()
        return self._released.wait(seconds)

    def perform(self, request: Request) -> str:
        """Carry out a request, and return the inner answer."""
        with self._lock:
            if request.operation == LIST:
                return _list(tuple(self._keys.values()), None)
            if request.operation == ASSIGN:
                return self._assign(request.key)
            return self._set_status(request.key, request.status)

    def _assign(self, key: str) -> str:
        if key in self._keys:
            return error("This API key is assigned to this office already.")
        if key not in self._offered:
            return error("Invalid API key.")
        self._keys[key] = replace(self._offered.pop(key), status="Enabled", number=len(self._keys) + 1)
        return f"<Response><string>{escape(self._keys[key].developer)} may use this key now.</string></Response>"

    def _set_status(self, key: str, status: str) -> str:
        held = self._keys.get(key)
        if held is None:
            return error("This API key is not assigned to this office.")
        allowed = {
            "Enabled": "DisabledByCustomer",
            "EnabledReadOnly": "DisabledByCustomer",
            "DisabledByCustomer": "Enabled",
        }
        if allowed.get(held.status) != status:
            return error(f"A key that is {held.status} cannot become {status} by the office.")
        moment = date_disabled(disabled=status == "DisabledByCustomer")
        self._keys[key] = replace(held, status=status, date_disabled=moment)
        return "<Response />"


@contextmanager
def headquarters(
    directory: Path | None = None,
    practice: PracticeCredentials | None = None,
    *,
    host: str = "127.0.0.1",
    begins: datetime | None = None,
) -> Iterator[HeadquartersServer]:
    """Run a headquarters on 127.0.0.1; fail at the end if a request violated the protocol.

    Args:
        directory: The directory for its certificate; None for plain HTTP.
        practice: The credentials that every request must have.
        host: The name in its certificate.
        begins: The first moment at which the certificate is valid, for 30 days; by default now.
    """
    seen = HeadquartersServer(practice or PracticeCredentials())
    context = None
    if directory is not None:
        ours = create_authority(directory, "headquarters-authority")
        own = create_certificate(directory, "headquarters", ours, [host], begins)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(own.certificate_file, own.key_file)
        seen.ca_file = ours.certificate_file
    with _Server(seen, context) as server:
        scheme = "http" if context is None else "https"
        seen.url = f"{scheme}://127.0.0.1:{server.server_address[1]}{PATH}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield seen
        finally:
            seen.release()
            server.shutdown()
            thread.join()
    assert seen.violations == []


class _Server(ThreadingHTTPServer):
    """A server with one thread per connection, which closes only after they have ended."""

    daemon_threads = False

    def __init__(self, seen: HeadquartersServer, context: ssl.SSLContext | None) -> None:
        self.seen = seen
        self._context = context
        super().__init__(("127.0.0.1", 0), _Handler)

    def server_bind(self) -> None:
        # HTTPServer would look up this computer's name in the DNS.
        socketserver.TCPServer.server_bind(self)

    def get_request(self) -> tuple[socket, Any]:
        connection, address = super().get_request()
        if self._context is not None:
            # The connection's own thread does the handshake.
            connection = self._context.wrap_socket(connection, server_side=True, do_handshake_on_connect=False)
        return connection, address

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Ignore clients that disconnect or reject the certificate."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    def do_GET(self) -> None:
        """Refuse; a client that follows an external entity would send a GET."""
        self.server.seen.add_violation(f"GET {self.path}")
        self._send(405, "")

    def do_POST(self) -> None:
        """Check a request, carry it out, and answer."""
        self.close_connection = True
        seen = self.server.seen
        try:
            request = self._checked_request()
        except Violation as violation:
            seen.add_violation(str(violation))
            self._send(500, fault("soap:Client", str(violation)))
            return
        how = seen.record(request)
        inner = "" if how in _UNDONE else seen.perform(request)
        if how is None:
            self._send(200, envelope(request.operation, inner))
        else:
            self._misbehave(how, request, inner)

    def _checked_request(self) -> Request:
        length = self.headers.get("Content-Length", "")
        require(length.isdigit() and int(length) <= _LARGEST_REQUEST, "no Content-Length")
        content = self.rfile.read(int(length))
        require(self.path == PATH, f"path {self.path}")
        kind, _, parameters = self.headers.get("Content-Type", "").partition(";")
        require(kind.strip() == "text/xml", f"Content-Type {kind}")
        require(parameters.strip().lower() in ("", "charset=utf-8"), f"Content-Type with {parameters}")
        operation, office_data = parse_envelope(content)
        action = self.headers.get("SOAPAction", "")
        require(action == f'"{NAMESPACE}{operation}"', f"SOAPAction {action} for {operation}")
        return read_office_data(operation, office_data, self.server.seen.practice)

    def _misbehave(self, how: Misbehaviour, request: Request, inner: str) -> None:
        seen, operation = self.server.seen, request.operation
        match how:
            case Misbehaviour.HTTP_403 | Misbehaviour.HTTP_404 | Misbehaviour.HTTP_500 | Misbehaviour.HTTP_503:
                self._send(int(how.name.removeprefix("HTTP_")), "<html>Something is wrong.</html>", "text/html")
            case Misbehaviour.REDIRECTION:
                self._send(302, "", also=("Location", seen.url))
            case Misbehaviour.PAGE:
                self._send(200, _PAGE, "text/html; charset=utf-8")
            case Misbehaviour.FAULT:
                self._send(500, fault("soap:Server", "Server was unable to process request. ---> Timeout expired."))
            case Misbehaviour.CLIENT_FAULT:
                self._send(500, fault("soap:Client", f"Did not recognize {self.headers.get('SOAPAction')}."))
            case Misbehaviour.ERROR:
                self._send(200, envelope(operation, error(seen.refusal)))
            case Misbehaviour.CLOSED_UNDONE | Misbehaviour.CLOSED_DONE:
                pass
            case Misbehaviour.SILENCE:
                seen.hold_back()
            case Misbehaviour.DRIPPING_HEADERS | Misbehaviour.DRIPPING_ANSWER:
                self._drip(in_headers=how is Misbehaviour.DRIPPING_HEADERS)
            case Misbehaviour.HUGE:
                self._send_huge()
            case Misbehaviour.COMPRESSED:
                packed = gzip.compress(envelope(operation, inner).encode())
                self._send(200, packed, also=("Content-Encoding", "gzip"))
            case Misbehaviour.TRUNCATED_BODY:
                self._send(200, envelope(operation, inner), missing=100)
            case _:
                self._send(200, self._wrong(how, operation, inner))

    def _wrong(self, how: Misbehaviour, operation: str, inner: str) -> str:
        """Return an answer that is wrong but complete as far as HTTP is concerned."""
        answer = envelope(operation, inner)
        fetched = f'<!DOCTYPE f [<!ENTITY x SYSTEM "{self.server.seen.url}">]><f>&x;</f>'
        match how:
            case Misbehaviour.TRUNCATED_XML:
                return answer[:-40]
            case Misbehaviour.EMPTY:
                return ""
            case Misbehaviour.NOT_XML:
                return "Service is being updated."
            case Misbehaviour.BILLION_LAUGHS:
                return _LAUGHS
            case Misbehaviour.BILLION_LAUGHS_INSIDE:
                return envelope(operation, _LAUGHS)
            case Misbehaviour.EXTERNAL_ENTITY:
                return fetched
            case Misbehaviour.EXTERNAL_ENTITY_INSIDE:
                return envelope(operation, fetched)
            case Misbehaviour.ENDLESS_NESTING:
                return envelope(operation, "<a>" * 100_000)
            case Misbehaviour.WRONG_ROOT:
                return inner
            case Misbehaviour.OTHER_OPERATION:
                return envelope("GetSomethingElse", inner)
            case Misbehaviour.NO_RESULT:
                return answer.replace("Result>", "Outcome>")
            case Misbehaviour.INSIDE_TRUNCATED:
                return envelope(operation, inner[:-5])
            case Misbehaviour.INSIDE_WRONG_ROOT:
                return envelope(operation, "<html><body>Sign in</body></html>")
            case _:
                return envelope(operation, _list(self.server.seen.assigned_keys(), how))

    def _drip(self, *, in_headers: bool) -> None:
        """Send a byte now and then until the test releases the answer."""
        self.wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n")
        self.wfile.write(b"X-Slow: " if in_headers else b"\r\n")
        while not self.server.seen.hold_back(_DRIP_SECONDS):
            self.wfile.write(b" ")

    def _send_huge(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/xml; charset=utf-8")
        self.send_header("Content-Length", str(_HUGE))
        self.end_headers()
        for _ in range(_HUGE // 100_000):
            self.wfile.write(b" " * 100_000)

    def _send(
        self,
        status: int,
        content: str | bytes,
        kind: str = "text/xml; charset=utf-8",
        *,
        missing: int = 0,
        also: tuple[str, str] | None = None,
    ) -> None:
        """Send an answer without the last `missing` bytes."""
        encoded = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(encoded)))
        if also is not None:
            self.send_header(*also)
        self.end_headers()
        self.wfile.write(encoded[: len(encoded) - missing])


def _list(keys: tuple[HeldKey, ...], how: Misbehaviour | None) -> str:
    """Return the list of keys; what is wrong concerns the last key."""
    members = [member(key) for key in keys]
    match how:
        case Misbehaviour.NO_LIST:
            return "<Response />"
        case Misbehaviour.WITHOUT_LAST_KEY:
            members.pop()
        case Misbehaviour.OTHER_KEY:
            members[-1] = member(replace(keys[-1], key="OtherPracticesKey77", developer="Somebody Else"))
        case Misbehaviour.REPETITION:
            members.append(members[-1])
        case Misbehaviour.CONTRADICTION:
            other = "Enabled" if keys[-1].status != "Enabled" else "DisabledByHQ"
            members.append(member(replace(keys[-1], status=other)))
        case Misbehaviour.NO_KEY_VALUE:
            members[-1] = members[-1].replace(f"<APIKeyValue>{escape(keys[-1].key)}</APIKeyValue>", "")
        case Misbehaviour.NO_STATUS:
            members[-1] = members[-1].replace(f"<KeyStatus>{keys[-1].status}</KeyStatus>", "")
        case Misbehaviour.UNKNOWN_STATUS:
            members[-1] = member(replace(keys[-1], status="SuspendedForReview"))
        case Misbehaviour.WRONG_DATE:
            members[-1] = member(replace(keys[-1], date_disabled="31/31/2024 25:00:00"))
    return f"<ListAPIKeys>{''.join(members)}</ListAPIKeys>"
