"""The signs that are in order, so that an admin sees what a verdict rests on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from core.diagnosis.econnector import EConnectorState
from core.diagnosis.facts import Facts, NotRead, PracticeFacts
from core.diagnosis.service_causes import FIRST_SERVICE, installs_service_always, is_running
from core.model.age import format_ago
from core.model.diagnosis import Sign
from core.opendental.api_methods import requests_per_second
from core.opendental.key_status import KeyStatus
from core.opendental.log_hash import NO_DATE

_SHOWN = 5


def practice_signs(facts: Facts) -> tuple[Sign, ...]:
    """Return the signs, in the order of the decision table."""
    return (*_switch_signs(facts.practice), *_key_signs(facts), *_service_signs(facts))


def _switch_signs(practice: PracticeFacts) -> Iterator[Sign]:
    program, registration = practice.program, practice.registration
    if program is not None and program.enabled:
        yield Sign("API", "Switched on.", in_order=True)
    if program is not None and program.disabled_by_headquarters is False:
        yield Sign("Headquarters", "Has not switched the API off.", in_order=True)
    if not isinstance(registration, NotRead) and registration.present and not registration.disabled:
        yield Sign("Registration key", "Present and not disabled.", in_order=True)
    version = f"Open Dental {practice.version}" if practice.version else "Open Dental, version unknown"
    update = practice.last_update
    known = not isinstance(update, NotRead) and update is not None and update.moment != NO_DATE
    last = f", last updated {update.moment:%Y-%m-%d}" if known and not isinstance(update, NotRead) and update else ""
    yield Sign("Version", f"{version}{last}.")
    chosen = next((each for each in practice.payment_types if each.number == practice.payment_type), None)
    if chosen is not None and not chosen.hidden:
        yield Sign("Payment type", f"{chosen.name}.", in_order=True)


def _key_signs(facts: Facts) -> Iterator[Sign]:
    keys, wanted = facts.keys, facts.key
    if not keys.failure:
        yield Sign("Keys", f"{keys.enabled} of {keys.total} enabled ({keys.authority.label}).")
    if wanted is None or wanted.key is None:
        return
    yield Sign("This key", f"{wanted.key.status.label}.", in_order=wanted.key.status is KeyStatus.ENABLED)
    permissions = wanted.key.fields.permissions
    yield Sign("Permissions", f"{', '.join(permissions)}." if permissions else "Not known.")
    rate = requests_per_second(frozenset(permissions))
    if rate is not None and wanted.key.status.enabled:
        limit = "1 request in 5 s" if rate < 1 else f"{rate:g}/s"
        yield Sign("Remote limit", f"{limit}; the local API and the API service aren't limited.")


def _service_signs(facts: Facts) -> Iterator[Sign]:
    practice = facts.practice
    econnector = practice.econnector
    if not isinstance(econnector, NotRead) and econnector.state in (EConnectorState.WORKING, EConnectorState.ERRORS):
        age = format_ago(practice.now - econnector.last_sign) if econnector.last_sign else "at an unknown time"
        works = econnector.state is EConnectorState.WORKING
        yield Sign("eConnector", f"Last sign of life {age}, on {practice.server_name}.", in_order=works)
    if not isinstance(practice.workstations, NotRead):
        running = [each.name for each in practice.workstations if is_running(each, practice)]
        names = f": {', '.join(running[:_SHOWN])}{', …' if len(running) > _SHOWN else ''}" if running else ""
        yield Sign("Workstations", f"Open Dental runs on {len(running)} of {len(practice.workstations)}{names}.")
    found = practice.subscriptions
    if not isinstance(found, NotRead) and found:
        states = Counter(each.state for each in found)
        yield Sign("Subscriptions", f"{', '.join(f'{number} {state.value}' for state, number in states.items())}.")
    if practice.numbers >= FIRST_SERVICE:
        always = (
            "at every update" if installs_service_always(practice.numbers) else "at an update if the API is on then"
        )
        yield Sign("API service", f"This version installs it {always}, on {practice.server_name}.")
    if facts.probe is not None and facts.probe.answered:
        yield Sign("Port 30223", f"{facts.probe.host}:30223 answers from this computer.", in_order=True)
