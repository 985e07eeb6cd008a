"""The rules about keys: what is missing, what is risky, and what looks unused."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta

from core.model.api_key import ApiKey
from core.model.authority_name import AuthorityName
from core.model.developer_use import DeveloperUse
from core.model.review import Finding, ReviewRule, ReviewSettings
from core.opendental.api_permissions import describe_permission
from core.review.facts import NotKnown, ReviewFacts
from core.review.latest import LatestDecision, latest_decisions
from core.review.wording import days


def without_agreement(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the enabled keys without the date of an agreement."""
    for key in _enabled(facts):
        if key.fields.agreement_since is None:
            yield _finding(
                ReviewRule.NO_AGREEMENT,
                key,
                "It is enabled, and no date of a Business Associate Agreement is noted.",
                "Note the date, or disable the key.",
            )


def without_owner(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the enabled keys without an owner."""
    if isinstance(facts.notes, NotKnown):
        return
    for key in _enabled(facts):
        if not facts.note(key).owner:
            yield _finding(
                ReviewRule.NO_OWNER,
                key,
                "It is enabled, and nobody in the office is noted as its owner.",
                "Note who answers for it.",
            )


def risky_permissions(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the enabled keys that may do something risky for which no purpose is noted."""
    if isinstance(facts.notes, NotKnown):
        return
    for key in _enabled(facts):
        risky = [each for name in key.fields.permissions if (each := describe_permission(name)).risk]
        if risky and not facts.note(key).purpose:
            named = ", ".join(f"{each.name} ({each.risk})" for each in risky)
            verb = "permission" if len(risky) == 1 else "permissions"
            yield _finding(
                ReviewRule.RISKY_PERMISSIONS,
                key,
                f"It has {len(risky)} risky {verb} and no purpose: {named}.",
                "Note what it needs them for, or have its developer give them up.",
            )


def unchanged(facts: ReviewFacts, settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the keys that may write, and whose developer changed nothing ever or for some days."""
    if isinstance(facts.use, NotKnown):
        return
    today = facts.now.date()
    for key in _listed(facts):
        use = facts.use.developers.get(key.developer)
        if use is None or not key.may_write or not use.is_idle(today, settings.unchanged_days):
            continue
        yield _finding(
            ReviewRule.UNCHANGED,
            key,
            f"{_last_change(use, facts.use.floor.oldest, today)} Reads leave no trace.",
            "Ask its developer whether it is still used, or disable it.",
        )


def changed_after_disabled(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the disabled keys whose developer changed something afterwards, and has no other enabled key."""
    enabled = {key.developer.casefold() for key in _enabled(facts)}
    for key in _listed(facts):
        later = facts.later_changes.get(key.fingerprint)
        if later is None or isinstance(later, NotKnown) or not later.count or key.developer.casefold() in enabled:
            continue
        changes = "1 change was" if later.count == 1 else f"{later.count:,} changes were"
        last = f", the last one on {later.last:%Y-%m-%d %H:%M}" if later.last is not None else ""
        since = f"{key.date_disabled:%Y-%m-%d %H:%M}" if key.date_disabled is not None else ""
        yield _finding(
            ReviewRule.CHANGED_AFTER_DISABLED,
            key,
            f"It was disabled on {since}, and {changes} made in its developer's name after that{last}.",
            "A service may accept a disabled key for six hours. If the last change came later, restart the API service,"
            " and look for another key of this developer.",
        )


def in_some_offices(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the enabled keys whose developer has none in some of the offices."""
    others = facts.other_offices
    if others is None or isinstance(others, NotKnown):
        return
    for key in _enabled(facts):
        offices = others.enabled_in.get(key.developer.casefold(), ())
        if offices and len(offices) < others.offices:
            names = ", ".join(offices[:3]) + (f" and {len(offices) - 3} more" if offices[3:] else "")
            yield _finding(
                ReviewRule.SOME_OFFICES,
                key,
                f"Its developer has an enabled key in {len(offices)} of {others.offices} offices: {names}.",
                "Check whether it should work in all of them, or in none.",
            )


def differs_from_list(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the keys that differ from the list of the authority, or from its list before."""
    if not facts.list_is_known:
        return
    remote = facts.keys.authority.name is AuthorityName.HEADQUARTERS
    owner = "Headquarters' list" if remote else "The local registry"
    for key in facts.keys.keys:
        words = facts.keys.differences.get(key.fingerprint, "")
        if key.gone:
            reason = f"{owner} no longer has it. The practice's copy may still have it."
        elif not key.known:
            reason = f"Only the practice's copy of keys has it. {owner} doesn't."
        elif words:
            reason = f"{owner} changed since it was last read: {words}."
        else:
            continue
        yield _finding(ReviewRule.NOT_AT_HEADQUARTERS, key, reason, "Find out who put it there or changed it.")


def key_overdue(facts: ReviewFacts, _settings: ReviewSettings) -> Iterator[Finding]:
    """Yield the keys whose own review date, or the date until which they were kept, has passed."""
    today = facts.now.date()
    decisions = latest_decisions(facts.reviews if not isinstance(facts.reviews, NotKnown) else ())
    for key in _listed(facts):
        if key.status.disabled:
            continue
        reason = _passed(facts.note(key).review_date, decisions.get(key.fingerprint), today)
        if reason:
            yield _finding(ReviewRule.OVERDUE, key, reason, "Review the key, and set a new date.")


def _passed(review_date: date | None, latest: LatestDecision | None, today: date) -> str:
    """Return which of a key's two dates has passed, as a sentence; empty for none."""
    decision = latest.decision if latest is not None else None
    until = decision.choice.until if decision is not None else None
    if latest is not None and until is not None and until < today:
        return f"Review {latest.review} kept it until {until.isoformat()}, {days((today - until).days)} ago."
    if review_date is None or review_date > today:
        return ""
    if decision is not None and decision.at.date() >= review_date:
        return ""
    ago = "today" if review_date == today else f"{days((today - review_date).days)} ago"
    return f"Its review date was {review_date.isoformat()}, {ago}."


def _last_change(use: DeveloperUse, oldest: datetime | None, today: date) -> str:
    if use.last is not None:
        return (
            f"Its developer has changed nothing for {days((today - use.last.date()).days)}, since {use.last:%Y-%m-%d}."
        )
    if use.never and oldest is not None:
        return f"Its developer has never changed anything; the Audit Trail goes back to {oldest:%Y-%m-%d}."
    start = use.read.since.date()
    return f"Its developer has changed nothing for at least {days((today - start) // timedelta(days=1))}."


def _listed(facts: ReviewFacts) -> Iterator[ApiKey]:
    return (key for key in facts.keys.keys if not key.gone)


def _enabled(facts: ReviewFacts) -> Iterator[ApiKey]:
    return (key for key in _listed(facts) if key.status.enabled)


def _finding(rule: ReviewRule, key: ApiKey, reason: str, advice: str) -> Finding:
    return Finding(rule, reason, advice, key.fingerprint, key.label)
