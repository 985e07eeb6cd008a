"""The rules by which something needs a decision. All of them are pure functions of what was read."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date

from core.model.api_key import ApiKey
from core.model.review import Finding, Findings, ReviewRule, ReviewSettings
from core.review.facts import NotKnown, ReviewFacts
from core.review.key_rules import (
    changed_after_disabled,
    differs_from_list,
    in_some_offices,
    key_overdue,
    risky_permissions,
    unchanged,
    without_agreement,
    without_owner,
)
from core.review.latest import LatestDecision, latest_decisions
from core.review.practice_rules import practice_overdue, unsealed, unverified
from core.review.subscription_rules import ended_subscriptions, orphaned_subscriptions, plain_http

Rule = Callable[[ReviewFacts, ReviewSettings], Iterator[Finding]]

_RULES: Mapping[ReviewRule, tuple[Rule, ...]] = {
    ReviewRule.OVERDUE: (practice_overdue, key_overdue),
    ReviewRule.UNVERIFIED: (unverified,),
    ReviewRule.UNSEALED: (unsealed,),
    ReviewRule.NO_AGREEMENT: (without_agreement,),
    ReviewRule.NO_OWNER: (without_owner,),
    ReviewRule.RISKY_PERMISSIONS: (risky_permissions,),
    ReviewRule.UNCHANGED: (unchanged,),
    ReviewRule.CHANGED_AFTER_DISABLED: (changed_after_disabled,),
    ReviewRule.PLAIN_HTTP: (plain_http,),
    ReviewRule.ORPHANED_SUBSCRIPTION: (orphaned_subscriptions,),
    ReviewRule.ENDED_SUBSCRIPTION: (ended_subscriptions,),
    ReviewRule.SOME_OFFICES: (in_some_offices,),
    ReviewRule.NOT_AT_HEADQUARTERS: (differs_from_list,),
}
"""The rules, in the order in which the findings about one key are listed."""
_READS = "Calls that only read leave no entry: no change doesn't mean that a key isn't used."


def find(facts: ReviewFacts, settings: ReviewSettings) -> Findings:
    """Return what needs a decision, by the rules that aren't switched off."""
    wanted = [rule for rule in _RULES if rule not in settings.skip]
    found = [each for rule in wanted for judge in _RULES[rule] for each in judge(facts, settings)]
    place = {key.fingerprint: number for number, key in enumerate(facts.keys.keys)}
    found.sort(key=lambda each: place.get(each.fingerprint, -1))
    accepted = _accepted(facts)
    return Findings(
        facts.now,
        tuple(_judged(each, accepted.get(each.fingerprint, {})) for each in found),
        tuple(_unknown(facts, settings)),
        (_READS,) if ReviewRule.UNCHANGED in wanted else (),
    )


def overdue(facts: ReviewFacts, settings: ReviewSettings) -> tuple[Finding, ...]:
    """Return the findings about reviews that are overdue, which need little to be read."""
    if ReviewRule.OVERDUE in settings.skip:
        return ()
    return tuple(each for judge in _RULES[ReviewRule.OVERDUE] for each in judge(facts, settings))


def _accepted(facts: ReviewFacts) -> dict[str, Mapping[ReviewRule, date]]:
    """Return until when the newest decision on each key accepts which findings: those that its review listed."""
    if isinstance(facts.reviews, NotKnown):
        return {}
    decisions, today = latest_decisions(facts.reviews), facts.now.date()
    return {
        key.fingerprint: _accepts(decisions[key.fingerprint], key, today)
        for key in facts.keys.keys
        if key.fingerprint in decisions
    }


def _accepts(latest: LatestDecision, key: ApiKey, today: date) -> Mapping[ReviewRule, date]:
    """Return what a decision accepts: nothing if it isn't to keep the key, or if the key may do more since."""
    until, snapshot = latest.decision.choice.until, latest.snapshot
    may_do_more = key.status is not snapshot.status or not set(key.fields.permissions) <= set(snapshot.permissions)
    if until is None or until < today or may_do_more:
        return {}
    return {finding.rule: until for finding in snapshot.findings if finding.rule is not ReviewRule.OVERDUE}


def _judged(finding: Finding, accepted: Mapping[ReviewRule, date]) -> Finding:
    until = accepted.get(finding.rule)
    return replace(finding, accepted_until=until) if until is not None else finding


def _unknown(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[str]:
    """Yield one sentence for each fact that could not be read and that a rule needs."""
    if not facts.list_is_known:
        reason = facts.keys.authority.refusal or "Headquarters wasn't asked for its list yet."
        yield f"Unknown: the statuses of the keys. {reason}"
    subscriptions = facts.subscriptions
    rules = ReviewRule
    needed = (
        ("the notes on keys", facts.notes, (rules.NO_OWNER, rules.RISKY_PERMISSIONS, rules.OVERDUE)),
        ("what developers changed", facts.use, (rules.UNCHANGED,)),
        ("the changes after keys were disabled", _first_unknown(facts), (rules.CHANGED_AFTER_DISABLED,)),
        (
            "the subscriptions",
            subscriptions,
            (rules.PLAIN_HTTP, rules.ORPHANED_SUBSCRIPTION, rules.ENDED_SUBSCRIPTION),
        ),
        ("the last verification", facts.verified, (rules.UNVERIFIED,)),
        ("the last seal", facts.sealed_at, (rules.UNSEALED,)),
        ("the earlier reviews", facts.reviews, (rules.OVERDUE,)),
        ("the keys of the other offices", facts.other_offices, (rules.SOME_OFFICES,)),
    )
    for what, fact, judged_by in needed:
        if isinstance(fact, NotKnown) and not settings.skip.issuperset(judged_by):
            yield f"Unknown: {what}. {fact.reason}"
    if not isinstance(subscriptions, NotKnown):
        # A table that an older version of Open Dental doesn't have isn't unknown.
        yield from (
            f"Unknown: the subscriptions: {each.removeprefix('unknown: ')}."
            for each in subscriptions.unknown
            if each.startswith("unknown: ")
        )
    if ReviewRule.UNCHANGED not in settings.skip:
        yield from _unread(facts, settings)


def _first_unknown(facts: ReviewFacts) -> object:
    return next((each for each in facts.later_changes.values() if isinstance(each, NotKnown)), None)


def _unread(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[str]:
    """Yield one sentence about all developers whose use can't be judged: it was not read far enough."""
    if isinstance(facts.use, NotKnown):
        return
    use, today = facts.use.developers, facts.now.date()
    names = sorted({key.developer for key in facts.keys.keys if key.may_write and key.developer.strip()})
    unread = [
        name
        for name in names
        if (known := use.get(name)) is None
        or (known.last is None and not known.is_idle(today, settings.unchanged_days))
    ]
    if unread:
        yield (
            f"Unknown: what {', '.join(unread)} changed in the last {settings.unchanged_days} days. The Audit Trail"
            " wasn't read that far yet; apisetup keys use reads it."
        )
