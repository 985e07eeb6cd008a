"""The causes that concern the whole practice: the switches, the registration key, versions, alerts, payments."""

from __future__ import annotations

from collections.abc import Iterator

from core.diagnosis import cause_ids as ids
from core.diagnosis.facts import Facts, LoggedSwitch, NotRead, PracticeFacts
from core.diagnosis.symptoms import Interpretation
from core.model.diagnosis import Cause, Certainty, Remedy
from core.opendental.api_methods import added_in
from core.opendental.service_health import AlertType
from core.opendental.versions import format_version

_ASK_OPEN_DENTAL = "Call Open Dental."
_PAY_TYPE_SINCE = (23, 1, 27)
"""The version from which a payment may name its type, so that the default doesn't count."""


def practice_causes(facts: Facts, seen: Interpretation) -> Iterator[Cause]:
    """Yield the causes that concern every key of a practice.

    Args:
        facts: What was read.
        seen: What the developer saw.
    """
    practice = facts.practice
    yield from _switches(practice)
    yield from _registration(practice)
    yield from _old_version(practice, seen)
    yield from _alerts(practice)
    yield from _payment_type(practice)


def _switches(practice: PracticeFacts) -> Iterator[Cause]:
    """Yield what is wrong with the program link of the API (rows 1 to 3 of the decision table)."""
    program = practice.program
    if program is None:
        yield Cause(
            ids.NO_PROGRAM,
            Certainty.CERTAIN,
            "This database has no API program (FHIR). Open Dental removes it when headquarters says that the office"
            " isn't entitled to the API; a damaged database is the other possibility. No call works.",
            "Call Open Dental about the support contract. If it's in order, have the database checked.",
            headline="API: no API program in this database",
        )
        return
    if program.disabled_by_headquarters is True:
        said = f" Its reason: {program.headquarters_message}" if program.headquarters_message else ""
        yield Cause(
            ids.OFF_AT_HEADQUARTERS,
            Certainty.CERTAIN,
            f"Open Dental's headquarters has switched the API off for this office. No call works.{said}",
            f"{_ASK_OPEN_DENTAL} Nothing that can be set here changes it.",
            headline="API: switched off by headquarters",
        )
    if not program.enabled:
        yield _switched_off(practice.logged_switch)


def _switched_off(logged: LoggedSwitch | None) -> Cause:
    sentence = "The API is switched off for the whole practice. No call works."
    if logged is not None and logged.on:
        sentence += (
            f" The last entry about it in the Audit Trail, {logged.moment:%Y-%m-%d %H:%M} by {logged.user}, switched it"
            " on; nothing records who switched it off. Open Dental's own window doesn't log this setting."
        )
    elif logged is not None:
        sentence += f" {logged.user} switched it off."
    return Cause(
        ids.SWITCHED_OFF,
        Certainty.CERTAIN,
        sentence,
        "Switch it on if it should be, and save.",
        since=logged.moment if logged is not None and not logged.on else None,
        remedy=Remedy.SWITCH_ON,
    )


def _registration(practice: PracticeFacts) -> Iterator[Cause]:
    """Yield a registration key that is missing or disabled (row 4)."""
    registration = practice.registration
    if isinstance(registration, NotRead) or (registration.present and not registration.disabled):
        return
    what = "is disabled" if registration.present else "is missing"
    yield Cause(
        ids.REGISTRATION_KEY,
        Certainty.CERTAIN,
        f"The practice's registration key {what}. No API key can work without it.",
        _ASK_OPEN_DENTAL,
        headline=f"Registration key: {what.removeprefix('is ')}",
    )


def _old_version(practice: PracticeFacts, seen: Interpretation) -> Iterator[Cause]:
    """Yield a method that is newer than the office's version (row 10)."""
    needed = added_in(seen.method) if seen.method is not None else ()
    if not needed or not practice.numbers or practice.numbers >= needed:
        return
    yield Cause(
        ids.OLD_VERSION,
        Certainty.CERTAIN,
        f"{seen.method} needs Open Dental {format_version(needed)}; this office has {practice.version}.",
        "Update Open Dental, or have the developer do without this method.",
    )


def _alerts(practice: PracticeFacts) -> Iterator[Cause]:
    """Yield the alerts that concern the API (row 12)."""
    if isinstance(practice.alerts, NotRead):
        return
    kinds = {alert.kind: alert.description for alert in reversed(practice.alerts)}
    if AlertType.MULTIPLE_ECONNECTORS in kinds:
        yield Cause(
            ids.TWO_ECONNECTORS,
            Certainty.CERTAIN,
            f"Two eConnectors use this office's registration key, so remote calls fail.{_quote(kinds, 11)}",
            f"Stop all but the one on {practice.server_name}.",
            headline="eConnector: more than one is running",
        )
    elif len(practice.econnector_computers) > 1:
        names = ", ".join(practice.econnector_computers)
        yield Cause(
            ids.TWO_ECONNECTORS,
            Certainty.PROBABLE,
            f"eConnectors ran on several computers within a day: {names}. Two at once make remote calls fail.",
            "Make sure that only one of them runs now.",
        )
    if AlertType.ECONNECTOR_CLOCK in kinds:
        yield Cause(
            ids.CLOCKS,
            Certainty.CERTAIN,
            f"The clocks of the eConnector and of the database server differ.{_quote(kinds, 24)}",
            "Set both clocks by the same time server.",
            headline="eConnector: the clocks differ",
        )
    if AlertType.MAX_CONNECTIONS in kinds:
        yield Cause(
            ids.CONNECTIONS,
            Certainty.PROBABLE,
            f"Open Dental warns that the database server runs out of connections; calls may be slow or fail."
            f"{_quote(kinds, 8)}",
            "Raise max_connections on the database server, or find out who uses so many.",
        )


def _quote(kinds: dict[int, str], kind: int) -> str:
    return f" Open Dental's alert: {kinds[kind]}" if kinds[kind] else ""


def _payment_type(practice: PracticeFacts) -> Iterator[Cause]:
    """Yield a default payment type that can't be used (row 17)."""
    number = practice.payment_type
    if number is None:
        return
    chosen = next((each for each in practice.payment_types if each.number == number), None)
    if chosen is not None and not chosen.hidden:
        return
    if chosen is not None and chosen.known:
        since = f" since {practice.payment_type_hidden:%Y-%m-%d}" if practice.payment_type_hidden else ""
        what = f'go to "{chosen.name}", which is hidden{since}'
    elif number:
        what = f"would get the type {number}, which isn't one of the practice's payment types"
    else:
        what = "have no default payment type to use"
    since_version = format_version(_PAY_TYPE_SINCE)
    every = (
        ""
        if not practice.numbers or practice.numbers >= _PAY_TYPE_SINCE
        else (f" Before Open Dental {since_version}, every payment uses the default.")
    )
    yield Cause(
        ids.PAYMENT_TYPE,
        Certainty.CERTAIN,
        f"Payments that a developer enters without a type {what}.{every} What Open Dental does with them isn't"
        " documented.",
        "Choose another default payment type.",
        since=practice.payment_type_hidden,
        remedy=Remedy.CHOOSE_PAYMENT_TYPE,
    )
