"""Subscriptions as screens show them, made from their rows."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta

from core.model.age import format_ago
from core.model.api_key import ApiKey
from core.model.event_values import KeyLabel, KeyName
from core.model.key_text import fingerprint, fingerprint_tag, mask
from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionState
from core.opendental.subscriptions import contact_system, fhir_channel, fhir_status, is_time
from core.subscriptions.addresses import shown_address
from core.subscriptions.rows import ContactRow, FhirProcessing, FhirRow, SubscriptionRow
from core.subscriptions.state import SubscriptionContext, alerts_of, fhir_alerts, state_of

_HIDDEN_KEY = "********"
"""The mask of a customer key without a text."""


class SubscriptionMapper:
    """Makes subscriptions from their rows.

    Args:
        keys: The practice's API keys.
        around: The time, the computers, and all subscriptions.
    """

    def __init__(self, keys: Iterable[ApiKey], around: SubscriptionContext) -> None:
        self._keys = {key.fingerprint: key for key in keys}
        self._around = around

    def subscription(self, row: SubscriptionRow) -> ApiSubscription:
        """Return the subscription of a row."""
        state, reasons = state_of(row, self._around)
        label, key = self.label(row), self._keys.get(fingerprint(row.customer_key))
        alerts = alerts_of(row, key, self._around, ended=state is SubscriptionState.ENDED)
        return ApiSubscription(
            number=row.number,
            key=label.name,
            fingerprint=fingerprint(row.customer_key),
            developer=label.developer,
            workstation=_without(row.customer_key, row.workstation.strip()),
            watches=self.watches(row),
            polling_seconds=row.polling_seconds,
            address=self.address(row),
            last_run=row.start if is_time(row.start) else None,
            stop=row.stop if is_time(row.stop) else None,
            note=_without(row.customer_key, row.note),
            state=state,
            # They quote names that a developer gave.
            reasons=tuple(_without(row.customer_key, each) for each in reasons),
            alerts=tuple(_without(row.customer_key, each) for each in alerts),
            digest=row.digest,
        )

    def label(self, row: SubscriptionRow) -> KeyLabel:
        """Return the masked key of a row with its developer, who is blank if no key matches."""
        identity = fingerprint(row.customer_key)
        key = self._keys.get(identity)
        name = KeyName(mask(row.customer_key) or _HIDDEN_KEY, fingerprint_tag(identity))
        return KeyLabel(name, key.developer if key is not None else "")

    def watches(self, row: SubscriptionRow) -> str:
        """Return what a row watches without its key."""
        return _without(row.customer_key, row.watches)

    def address(self, row: SubscriptionRow) -> str:
        """Return the address of a row without secrets."""
        return shown_address(row.address, row.customer_key)


def _without(key: str, text: str) -> str:
    """Return a developer's text with the customer key masked, if it stands in it."""
    return text.replace(key, mask(key)) if key.strip() else text


def fhir_subscription(row: FhirRow, contacts: Iterable[ContactRow], now: datetime) -> FhirSubscription:
    """Return the FHIR subscription of a row, with its contacts."""
    ended = is_time(row.end) and row.end <= now
    return FhirSubscription(
        number=row.number,
        criteria=row.criteria,
        reason=row.reason,
        status="Ended" if ended else fhir_status(row.status),
        error_note=row.error_note,
        channel=fhir_channel(row.channel),
        address=shown_address(row.address),
        end=row.end if is_time(row.end) else None,
        contacts=tuple(
            f"{contact_system(each.system)}: {each.value}" for each in contacts if each.subscription == row.number
        ),
        alerts=fhir_alerts(row, now),
    )


def fhir_remarks(processing: FhirProcessing, now: datetime) -> tuple[str, ...]:
    """Return a sentence if the FHIR subscriptions of a practice aren't processed."""
    if not processing.interval:
        return ("FHIR subscriptions aren't processed: API Setup has no FHIR interval.",)
    minutes, last = _minutes(processing.interval), _moment(processing.last_processed)
    if minutes is None or last is None:
        return ()
    if now - last <= max(3 * minutes, minutes + timedelta(minutes=1)):
        return ()
    return (f"FHIR subscriptions were last processed {format_ago(now - last)}; the eConnector may not be running.",)


def _minutes(text: str) -> timedelta | None:
    try:
        return timedelta(minutes=float(text))
    except (ValueError, OverflowError):
        return None


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return moment.replace(tzinfo=None) if is_time(moment.replace(tzinfo=None)) else None
