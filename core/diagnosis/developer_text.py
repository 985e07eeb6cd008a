"""The text to send to a developer. It contains no API key, not even a part of one."""

from __future__ import annotations

from collections.abc import Iterator

from core.diagnosis import cause_ids as ids
from core.diagnosis.econnector import EConnectorState
from core.diagnosis.facts import Facts, NotRead
from core.model.age import format_ago
from core.model.diagnosis import Diagnosis
from core.opendental.key_status import KeyStatus

# Causes that only concern the office, or that are about other developers.
_NOT_FOR_DEVELOPERS = frozenset({ids.COPY_OUTDATED, ids.STILL_ACCEPTED, ids.CONNECTIONS})

_QUESTIONS = (
    "Please send us for one failed call:",
    "- the date and time, with the time zone",
    "- the method and the address, without the keys",
    "- the HTTP status and the complete text of the answer",
    "- which way you call: api.opendental.com, a workstation (port 30222) or the API service (port 30223)",
)


def write_developer_text(facts: Facts, diagnosis: Diagnosis) -> str:
    """Return the text, in lines."""
    return "\n".join(_lines(facts, diagnosis))


def _lines(facts: Facts, diagnosis: Diagnosis) -> Iterator[str]:
    practice = facts.practice
    office = practice.title or "our office"
    yield f"Open Dental API at {office}, checked {practice.now:%Y-%m-%d %H:%M} (our server's time)"
    yield ""
    yield f"Version: {practice.version or 'unknown'}"
    yield f"API: {_switch(facts)}"
    yield f"eConnector: {_econnector(facts)}"
    if facts.key is not None:
        yield f"Your key: {_key(facts)}"
    if diagnosis.symptom.status:
        yield f"You saw: HTTP {diagnosis.symptom.status}"
    causes = [cause for cause in diagnosis.certain if cause.id not in _NOT_FOR_DEVELOPERS]
    yield ""
    if causes:
        yield "We found:"
        yield from (f"- {_in_short(cause.id)}" for cause in causes)
    else:
        yield "We found nothing on our side that explains it."
    yield ""
    yield from _QUESTIONS


def _switch(facts: Facts) -> str:
    program = facts.practice.program
    if program is None:
        return "not available in this database"
    if program.disabled_by_headquarters is True:
        return "switched off by Open Dental"
    return "switched on" if program.enabled else "switched off"


def _econnector(facts: Facts) -> str:
    econnector, now = facts.practice.econnector, facts.practice.now
    if isinstance(econnector, NotRead):
        return "unknown"
    if econnector.state is EConnectorState.NEVER_INSTALLED:
        return "not installed"
    age = format_ago(now - econnector.last_sign) if econnector.last_sign else "at an unknown time"
    return f"{econnector.state.value}, last sign of life {age}"


def _key(facts: Facts) -> str:
    wanted = facts.key
    if facts.keys.failure or wanted is None:
        return "status unknown, because Open Dental can't be asked now"
    key = wanted.key
    if key is None or key.gone or not key.known:
        return "not in our list; it hasn't been added at this office, or was moved"
    if key.status is KeyStatus.UNKNOWN:
        return "status unknown"
    permissions = ", ".join(key.fields.permissions) or "not known to us"
    return f"{key.status.label}; permissions: {permissions}"


_SHORT = {
    ids.NO_PROGRAM: "The API isn't available in our database.",
    ids.SWITCHED_OFF: "The API is switched off at our office.",
    ids.OFF_AT_HEADQUARTERS: "Open Dental has switched the API off for our office.",
    ids.REGISTRATION_KEY: "Our registration key at Open Dental isn't valid.",
    ids.NOT_ASSIGNED: "Your key isn't assigned to our office.",
    ids.KEY_DISABLED: "Your key is disabled.",
    ids.READ_ONLY: "Your key may only read.",
    ids.NO_PERMISSION: "Your key lacks the permission for this method.",
    ids.OLD_VERSION: "Our version of Open Dental is older than this method.",
    ids.ECONNECTOR: "Our eConnector isn't running.",
    ids.ECONNECTOR_ERRORS: "Our eConnector runs, but has reported errors.",
    ids.TWO_ECONNECTORS: "Two eConnectors use our registration key.",
    ids.CLOCKS: "The clocks of our eConnector and our database server differ.",
    ids.SERVICE_MISSING: "The API service isn't installed here.",
    ids.WORKSTATION: "Open Dental isn't running at that workstation.",
    ids.PAYMENT_TYPE: "Our default payment type can't be used; name a type in each payment.",
    ids.SUBSCRIPTIONS: "Subscriptions are missing, ended or late, so events don't arrive.",
    ids.THROTTLED: "Your key's plan limits the number of requests.",
}
"""The causes without names of our computers and without texts of other programs."""


def _in_short(cause_id: str) -> str:
    return _SHORT[cause_id]
