"""The line to Open Dental's headquarters: each operation asked, and its answer read or its failure told."""

from __future__ import annotations

import logging
import ssl
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import TypeVar
from xml.etree.ElementTree import Element

from core.base.errors import HeadquartersError, NoUsableAnswer
from core.base.secret import Secret
from core.headquarters.requests import (
    Credentials,
    Hidden,
    Operation,
    assign_request,
    fault_in,
    hidden,
    inner_answer,
    list_request,
    status_request,
)
from core.headquarters.responses import HeadquartersList, read_list, read_message, require_done
from core.headquarters.transport import Limits, Reply, post
from core.opendental.key_status import KeyStatus

PAUSES = (1.0, 3.0)
"""In seconds, before reading is tried again."""

_logger = logging.getLogger(__name__)

T = TypeVar("T")


class HeadquartersClient:
    """Asks headquarters; every call blocks, and is safe in any thread.

    Args:
        address: Of the service, as the preference `WebServiceHQServerURL` has it.
        pause: Waits some seconds before reading is tried again.
        trust: Whose certificates are accepted; else those whom this computer trusts.
        limits: When to give up.
    """

    def __init__(
        self,
        address: str,
        *,
        pause: Callable[[float], None] = time.sleep,
        trust: ssl.SSLContext | None = None,
        limits: Limits | None = None,
    ) -> None:
        self._address = address
        self._pause = pause
        self._trust = trust
        self._limits = limits or Limits()

    def list(self, credentials: Credentials, *, retry: bool = True) -> HeadquartersList:
        """All keys of the practice.

        Args:
            credentials: Who asks.
            retry: Ask up to three times, where a failure may be a passing one.

        Raises:
            HeadquartersError: No list came.
        """
        request, hide = list_request(credentials), hidden(credentials)
        for seconds in PAUSES if retry else ():
            try:
                return self._ask(Operation.LIST, request, hide, read_list)
            except HeadquartersError as error:
                if not error.passing:
                    raise
            self._pause(seconds)
        return self._ask(Operation.LIST, request, hide, read_list)

    def assign(self, credentials: Credentials, key: Secret) -> str:
        """Have a key assigned to the practice; asked once.

        Returns:
            What headquarters says about it, on one line, with the key masked; may be empty.

        Raises:
            HeadquartersUnreachable: Nothing was sent.
            HeadquartersRefused: Headquarters said no.
            NoUsableAnswer: The key may have been assigned, or not.
        """
        hide = hidden(credentials, key)
        return self._ask(Operation.ASSIGN, assign_request(credentials, key), hide, read_message)

    def set_status(self, credentials: Credentials, key: Secret, status: KeyStatus) -> None:
        """Have the status of a key changed; asked once.

        Raises:
            HeadquartersUnreachable: Nothing was sent.
            HeadquartersRefused: Headquarters said no.
            NoUsableAnswer: The status may have been changed, or not.
        """
        hide = hidden(credentials, key)
        self._ask(Operation.SET_STATUS, status_request(credentials, key, status), hide, require_done)

    def _ask(self, operation: Operation, request: bytes, hide: Hidden, read: Callable[[Element, Hidden], T]) -> T:
        begin, outcome = time.monotonic(), "broken off"
        try:
            reply = post(self._address, request, operation.soap_action, self._trusted(), self._limits)
            answer = read(_document(reply, operation, hide), hide)
            outcome = f"an answer of {len(reply.content)} bytes"
        except HeadquartersError as error:
            outcome = f"{type(error).__name__} ({error.step.value})"
            raise
        finally:
            # Never what was sent or came: there are keys in it.
            _logger.debug("%s: %s after %.2f s", operation.value, outcome, time.monotonic() - begin)
        return answer

    def _trusted(self) -> ssl.SSLContext:
        if self._trust is None:
            self._trust = ssl.create_default_context()
        return self._trust


def _document(reply: Reply, operation: Operation, hide: Hidden) -> Element:
    """The document in a reply, whose HTTP status alone says little: a fault comes with 500."""
    if 300 <= reply.status < 400:
        raise NoUsableAnswer(
            f"The address of Open Dental's headquarters answers with a redirection (HTTP {reply.status}), which is not"
            " followed.",
            "Check the preference WebServiceHQServerURL, and whether this network wants a sign-in on a web page.",
        )
    if reply.status >= 400:
        raise fault_in(reply.content, hide) or _failed(reply.status)
    if _is_page(reply):
        raise NoUsableAnswer(
            "A web page came instead of the answer from Open Dental's headquarters.",
            "Check whether this network wants a sign-in on a web page, and the preference WebServiceHQServerURL.",
        )
    return inner_answer(reply.content, operation, hide)


_PASSING = (408, 425, 429)


def _failed(status: int) -> NoUsableAnswer:
    name = next((f"{status} {each.phrase}" for each in HTTPStatus if each.value == status), str(status))
    if status < 500:
        return NoUsableAnswer(
            f"The address of Open Dental's headquarters answers HTTP {name}: the service is not there, or not for this"
            " computer.",
            "Check the preference WebServiceHQServerURL, and try again later.",
            passing=status in _PASSING,
        )
    return NoUsableAnswer(
        f"Open Dental's headquarters cannot answer now (HTTP {name}).", "Try again later.", passing=True
    )


def _is_page(reply: Reply) -> bool:
    begin = reply.content[:200].lstrip().lower()
    return reply.content_type.lower().startswith("text/html") or begin.startswith((b"<!doctype html", b"<html"))
