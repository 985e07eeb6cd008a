"""The symptoms of a failing API, and the meaning of each.

The API's literal texts aren't documented and may change, so a text is only searched for single words. Source: Open
Dental's page *API Implementation*, and answers that several public integrations quote alike.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum

from core.diagnosis import cause_ids as ids
from core.model.diagnosis import Symptom
from core.opendental.api_methods import ApiMethod, find_method, text_without_method


class Way(Enum):
    """The ways into a practice's API."""

    REMOTE = "api.opendental.com"
    LOCAL = "port 30222"
    """Open Dental on a workstation."""
    SERVICE = "port 30223"
    """The API service on the update server."""


@dataclass(frozen=True)
class Interpretation:
    """The meaning of a symptom."""

    meaning: str = ""
    """In a sentence or two; empty if there is no symptom."""
    explained_by: frozenset[str] | None = None
    """The IDs of the causes that can explain it; None if any can."""
    way: Way | None = None
    """The way the developer calls; None if the symptom doesn't tell."""
    method: ApiMethod | None = None
    """The method that failed; None if the text names none."""
    is_limit: bool = False
    """True if requests were too many or too slow."""

    @property
    def is_write(self) -> bool:
        """True if a method failed that changes something."""
        return self.method is not None and not self.method.reads

    @property
    def events_missing(self) -> bool:
        """True if the developer doesn't get events."""
        return self.explained_by is not None and ids.SUBSCRIPTIONS in self.explained_by

    def explains(self, cause_id: str) -> bool:
        """Return True if a cause can explain the symptom."""
        return self.explained_by is None or cause_id in self.explained_by | ids.EVERYTHING


@dataclass(frozen=True)
class _Answer:
    """One kind of answer that a developer sees.

    Args:
        meaning: What it means.
        explained_by: The causes that can explain it.
        words: A pattern of words in its text; empty for an answer that only its status identifies.
        statuses: Its statuses; empty for an answer that only its text identifies.
        way: The way in that it proves.
        is_limit: True if requests were too many or too slow.
    """

    meaning: str
    explained_by: frozenset[str]
    words: str = ""
    statuses: tuple[int, ...] = ()
    way: Way | None = None
    is_limit: bool = False

    def matches(self, status: int | None, text: str) -> bool:
        """Return True if this is the answer with a status and a text."""
        if self.words:
            return re.search(self.words, text, re.IGNORECASE) is not None
        return status in self.statuses


_KEY_REFUSED = ids.KEY | {ids.STILL_ACCEPTED}
_DEVELOPERS_MATTER = "Nothing in the office causes it."

# The first one that matches counts. Texts come before statuses, because one status has several meanings.
_ANSWERS = (
    _Answer(
        "Headquarters can't reach the eConnector of this office: it isn't running, or two of them are.",
        ids.REMOTE,
        words=r"e-?connector",
        way=Way.REMOTE,
    ),
    _Answer(
        "The key exists in the developer portal, but was never added at this office, or was moved to another one.",
        frozenset({ids.NOT_ASSIGNED, ids.COPY_OUTDATED}),
        words=r"\bassigned\b",
    ),
    _Answer(
        "Nothing listens on port 30222 there: Open Dental's local API exists only while somebody is logged on at that"
        " computer, and only in the first Open Dental that was started on it.",
        frozenset({ids.WORKSTATION}),
        words=r"30222",
        way=Way.LOCAL,
    ),
    _Answer(
        "Nothing listens on port 30223 there, or a firewall keeps the developer out: the API service isn't installed,"
        " is stopped, or its firewall rule covers only its own computer.",
        frozenset({ids.SERVICE_MISSING, ids.SERVICE_SILENT}),
        words=r"30223",
        way=Way.SERVICE,
    ),
    _Answer(
        "The office's version of Open Dental is older than the method.",
        frozenset({ids.OLD_VERSION}),
        words=r"\bversion\b",
    ),
    _Answer(
        "Nothing listens at the address: a workstation without Open Dental (port 30222), or an API service that isn't"
        " installed or doesn't run (port 30223).",
        frozenset({ids.WORKSTATION, ids.SERVICE_MISSING, ids.SERVICE_SILENT}),
        words=r"connection refused|actively refused|econnrefused",
    ),
    _Answer(
        "The developer key or the customer key is wrong, not assigned here or disabled, or the key lacks the permission"
        " for this method. The API gives all of these the same answer.",
        _KEY_REFUSED,
        words=r"credential|unauthorized",
    ),
    _Answer(
        "The office answered too slowly: a busy server, a large query, or a request for too many rows.",
        frozenset({ids.CONNECTIONS}),
        words=r"time(d)?[ -]?out",
        is_limit=True,
    ),
    _Answer(f"The request itself can't be read. {_DEVELOPERS_MATTER}", frozenset(), words=r"unable to convert request"),
    _Answer(
        "Events don't arrive: a subscription that ended, a computer that doesn't deliver, or an address that doesn't"
        " accept them.",
        frozenset({ids.SUBSCRIPTIONS}),
        words=r"\bevents?\b|webhook|subscription",
    ),
    _Answer(
        "The developer key or the customer key is wrong, not assigned here or disabled, or the key lacks the permission"
        " for this method. The API answers 401 to all of these.",
        _KEY_REFUSED,
        statuses=(401,),
    ),
    _Answer(
        "Too many requests wait for this customer key. Headquarters limits remote calls per key; the local API and the"
        " API service aren't limited.",
        frozenset({ids.THROTTLED}),
        statuses=(429,),
        way=Way.REMOTE,
        is_limit=True,
    ),
    _Answer(
        "The office didn't answer within 60 seconds: a busy server, a large query, or a request for too many rows.",
        frozenset({ids.CONNECTIONS, ids.ECONNECTOR_ERRORS}),
        statuses=(504,),
        way=Way.REMOTE,
        is_limit=True,
    ),
    _Answer(
        f"The resource, or the number in the address, doesn't exist. {_DEVELOPERS_MATTER}", frozenset(), statuses=(404,)
    ),
    _Answer(f"Open Dental has retired this method. {_DEVELOPERS_MATTER}", frozenset(), statuses=(410,)),
    _Answer(
        f"The developer sent a request without a body to the developer portal. {_DEVELOPERS_MATTER}",
        frozenset(),
        statuses=(411,),
    ),
    _Answer(
        "Several faults are answered with 400; the answer's text tells them apart. Ask the developer for it.",
        ids.REMOTE | {ids.NOT_ASSIGNED, ids.OLD_VERSION, ids.PAYMENT_TYPE},
        statuses=(400,),
    ),
)


def interpret(symptom: Symptom) -> Interpretation:
    """Return what a symptom means."""
    if not symptom.known:
        return Interpretation()
    method = find_method(symptom.text)
    text = text_without_method(symptom.text)
    found = next((answer for answer in _ANSWERS if answer.matches(symptom.status, text)), None)
    if found is not None:
        by_method = _causes_of_method(method)
        return Interpretation(
            found.meaning, found.explained_by | by_method, found.way or _way(symptom), method, found.is_limit
        )
    if symptom.workstation and not (symptom.status or symptom.text):
        meaning = f"Calls to the local API at {symptom.workstation} fail."
        return Interpretation(meaning, frozenset({ids.WORKSTATION}), Way.LOCAL)
    if symptom.status in (200, 201):
        return Interpretation(f"{symptom.status} is the answer to a successful request.", None, _way(symptom), method)
    if symptom.status is not None:
        meaning = f"Open Dental doesn't document an answer {symptom.status}. It may come from a proxy or a firewall."
        return Interpretation(meaning, None, _way(symptom), method)
    meaning = "This text isn't one of the answers that are known. Ask the developer for the HTTP status."
    return Interpretation(meaning, None, _way(symptom), method)


def _way(symptom: Symptom) -> Way | None:
    return Way.LOCAL if symptom.workstation else None


def _causes_of_method(method: ApiMethod | None) -> frozenset[str]:
    """Return the causes that a failed method adds: a payment may fail for its type, whatever the answer says."""
    if method is None:
        return frozenset()
    added = {ids.OLD_VERSION, *({ids.PAYMENT_TYPE} if method.resource == "payments" else ())}
    return frozenset(added)
