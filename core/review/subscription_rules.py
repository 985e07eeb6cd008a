"""The rules about subscriptions: where they send to, and whether somebody still needs them."""

from __future__ import annotations

from collections.abc import Iterator

from core.model.api_key import ApiKey
from core.model.review import Finding, ReviewRule, ReviewSettings
from core.model.subscription import ApiSubscription
from core.review.facts import NotKnown, ReviewFacts
from core.subscriptions.addresses import unprotected_host


def plain_http(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the active subscriptions that send unencrypted over a network."""
    for each in _subscriptions(facts):
        host = unprotected_host(each.address, each.workstation)
        if host and not each.ended:
            yield _finding(
                ReviewRule.PLAIN_HTTP,
                facts,
                each,
                f"Its {_named(each)} sends patient data and the customer key unencrypted to {host} (http).",
                "End the subscription, and have its developer use https.",
            )
    if isinstance(facts.subscriptions, NotKnown):
        return
    for fhir in facts.subscriptions.fhir:
        if fhir.alerts:
            yield Finding(
                ReviewRule.PLAIN_HTTP,
                f"FHIR subscription {fhir.number}: {fhir.alerts[0]}",
                "Have its developer use https.",
            )


def orphaned_subscriptions(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the active subscriptions whose key is missing, gone or disabled."""
    for each in _subscriptions(facts):
        if each.ended:
            continue
        key = _key(facts, each)
        if key is None and facts.list_is_known:
            reason = f"The {_named(each)} has a customer key that this practice doesn't list."
        elif key is not None and key.gone:
            reason = f"Its {_named(each)} is active, and the key is gone from the list."
        elif key is not None and key.status.disabled:
            reason = f"Its {_named(each)} is active, and the key is {key.status.label}."
        else:
            continue
        yield _finding(ReviewRule.ORPHANED_SUBSCRIPTION, facts, each, reason, "End the subscription.")


def ended_subscriptions(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the subscriptions that have ended and are still there."""
    for each in _subscriptions(facts):
        if each.ended:
            since = f" on {each.stop:%Y-%m-%d %H:%M}" if each.stop is not None else ""
            yield _finding(
                ReviewRule.ENDED_SUBSCRIPTION,
                facts,
                each,
                f"Its {_named(each)} ended{since}, and could be resumed.",
                "Delete the subscription, if nobody needs it any more.",
            )


def _subscriptions(facts: ReviewFacts) -> tuple[ApiSubscription, ...]:
    return () if isinstance(facts.subscriptions, NotKnown) else facts.subscriptions.subscriptions


def _named(subscription: ApiSubscription) -> str:
    return f"subscription {subscription.number} ({subscription.watches})"


def _key(facts: ReviewFacts, subscription: ApiSubscription) -> ApiKey | None:
    return next((key for key in facts.keys.keys if key.fingerprint == subscription.fingerprint), None)


def _finding(rule: ReviewRule, facts: ReviewFacts, subscription: ApiSubscription, reason: str, advice: str) -> Finding:
    key = _key(facts, subscription)
    if key is None:
        return Finding(rule, reason, advice)
    return Finding(rule, reason, advice, key.fingerprint, key.label)
