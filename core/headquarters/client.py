"""Client of Open Dental's headquarters, with one method per operation."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from xml.etree.ElementTree import Element

from core.base.certificates import verifying_context
from core.base.errors import HeadquartersError, NoUsableAnswer
from core.base.plural import count_of
from core.base.secret import Secret
from core.headquarters.requests import (
    Credentials,
    Operation,
    Redactions,
    assign_request,
    find_fault,
    list_request,
    parse_envelope,
    redactions_for,
    status_request,
)
from core.headquarters.responses import HeadquartersList, read_list, read_message, require_done
from core.headquarters.transport import Limits, Reply, post
from core.opendental.key_status import KeyStatus

PAUSES = (1.0, 3.0)
"""The pauses before the list is requested again, in seconds."""

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class HeadquartersClient:
    """Client of headquarters' service. Methods block and can be called from any thread.

    Args:
        address: The URL of the service, from the preference `WebServiceHQServerURL`.
        pause: Waits a number of seconds between retries.
        ssl_context: Verifies the server's certificate; by default with the CA certificates that this computer trusts.
        limits: The time and size limits of a request.
    """

    def __init__(
        self,
        address: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        ssl_context: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._address = address
        self._pause = pause
        self._ssl_context = ssl_context
        self._limits = limits or Limits()

    def list(self, credentials: Credentials, *, retry: bool = True) -> HeadquartersList:
        """Fetch all keys of the practice.

        Args:
            credentials: The practice's credentials.
            retry: Make up to three attempts if a failure may be temporary.

        Raises:
            HeadquartersError: No attempt returned a list.
        """
        request, redactions = list_request(credentials), redactions_for(credentials)
        for seconds in PAUSES if retry else ():
            try:
                return self._call(Operation.LIST, request, redactions, read_list)
            except HeadquartersError as error:
                if not error.passing:
                    raise
            self._pause(seconds)
        return self._call(Operation.LIST, request, redactions, read_list)

    def assign(self, credentials: Credentials, key: Secret) -> str:
        """Assign a key to the practice. The request is never repeated.

        Returns:
            The message of headquarters in one line, with the key masked; may be empty.

        Raises:
            HeadquartersUnreachable: Nothing was sent.
            HeadquartersRefused: Headquarters refused the assignment.
            NoUsableAnswer: The key may or may not have been assigned.
        """
        redactions = redactions_for(credentials, key)
        return self._call(Operation.ASSIGN, assign_request(credentials, key), redactions, read_message)

    def set_status(self, credentials: Credentials, key: Secret, status: KeyStatus) -> None:
        """Change the status of a key. The request is never repeated.

        Raises:
            HeadquartersUnreachable: Nothing was sent.
            HeadquartersRefused: Headquarters refused the change.
            NoUsableAnswer: The status may or may not have been changed.
        """
        redactions = redactions_for(credentials, key)
        self._call(Operation.SET_STATUS, status_request(credentials, key, status), redactions, require_done)

    def _call(
        self, operation: Operation, request: bytes, redactions: Redactions, read: Callable[[Element, Redactions], T]
    ) -> T:
        start, outcome = time.monotonic(), "broken off"
        try:
            reply = post(self._address, request, operation.soap_action, self._get_ssl_context(), self._limits)
            answer = read(_parse_reply(reply, operation, redactions), redactions)
            outcome = f"an answer of {count_of(len(reply.content), 'byte')}"
        except HeadquartersError as error:
            outcome = f"{type(error).__name__} ({error.step.value})"
            raise
        finally:
            # Requests and answers are never logged, because they contain keys.
            _logger.debug("%s: %s after %.2f s", operation.value, outcome, time.monotonic() - start)
        return answer

    def _get_ssl_context(self) -> ssl.SSLContext:
        if self._ssl_context is None:
            self._ssl_context = verifying_context()
        return self._ssl_context


def _parse_reply(reply: Reply, operation: Operation, redactions: Redactions) -> Element:
    """Return the XML document inside a reply, or raise the error that it means."""
    if 300 <= reply.status < 400:
        raise NoUsableAnswer(
            f"The address of Open Dental's headquarters responds with a redirect (HTTP {reply.status}), which"
            " apisetup doesn't follow.",
            "Check the preference WebServiceHQServerURL, and whether this network requires a sign-in on a web page.",
        )
    if reply.status >= 400:
        # SOAP 1.1 sends a fault with HTTP status 500, so the content may say more than the status.
        raise find_fault(reply.content, redactions) or _status_error(reply.status)
    if _is_html(reply):
        raise NoUsableAnswer(
            "A web page was returned instead of the response from Open Dental's headquarters.",
            "Check whether this network requires a sign-in on a web page, and the preference WebServiceHQServerURL.",
        )
    return parse_envelope(reply.content, operation, redactions)


_TEMPORARY_STATUSES = (408, 425, 429)


def _status_error(status: int) -> NoUsableAnswer:
    name = next((f"{status} {each.phrase}" for each in HTTPStatus if each.value == status), str(status))
    if status < 500:
        return NoUsableAnswer(
            f"The address of Open Dental's headquarters answers HTTP {name}: the service doesn't exist there or"
            " isn't available to this computer.",
            "Check the preference WebServiceHQServerURL, and try again later.",
            passing=status in _TEMPORARY_STATUSES,
        )
    return NoUsableAnswer(f"Open Dental's headquarters is unavailable (HTTP {name}).", "Try again later.", passing=True)


def _is_html(reply: Reply) -> bool:
    start = reply.content[:200].lstrip().lower()
    return reply.content_type.lower().startswith("text/html") or start.startswith((b"<!doctype html", b"<html"))
