"""What needs a decision: each rule, from facts that were made up."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from core.model.api_key import ApiKey, AuthorityInfo, KeyFields, KeyList
from core.model.authority_name import AuthorityName
from core.model.developer_use import DeveloperUse, KnownUse, TrailFloor, TrailRange
from core.model.event_values import KeyName
from core.model.key_note import KeyNote
from core.model.review import (
    Choice,
    Decision,
    DecisionKind,
    Finding,
    Findings,
    KeySnapshot,
    OtherOffices,
    Review,
    ReviewItem,
    ReviewRule,
    ReviewSettings,
)
from core.model.subscription import ApiSubscription, FhirSubscription, SubscriptionPage, SubscriptionState
from core.opendental.key_status import KeyStatus
from core.review.facts import LaterChanges, NotKnown, ReviewFacts
from core.review.rules import find, overdue

NOW = datetime(2026, 11, 27, 17, 0)
TODAY = NOW.date()
OLDEST = datetime(2024, 1, 1)
KEY = "a" * 64
NO_FACT = NotKnown("No right to read it.")
NOTED = KeyNote("Maria", "Reminders", "Drawer 5")
REGISTRY = AuthorityInfo(AuthorityName.LOCAL, "local registry", "")
HEADQUARTERS = AuthorityInfo(AuthorityName.HEADQUARTERS, "headquarters", "")


def key(**changes: Any) -> ApiKey:
    """Return a key about which nothing has to be decided."""
    fields = KeyFields(permissions=("ApiReadAll", "ApiAppointments"), agreement_since=date(2025, 1, 1))
    added = NOW - timedelta(days=100)
    found = ApiKey(KEY, "********Gh78", "ClearPay", KeyStatus.ENABLED, fields, None, added, None, known=True)
    return replace(found, **changes)


def use(last: datetime | None = NOW, *, read_since: datetime = OLDEST, complete: bool = True) -> KnownUse:
    """Return what is known of the developer's changes."""
    developer = DeveloperUse(TrailRange(read_since, NOW, complete), last, last)
    return KnownUse(NOW, {"ClearPay": developer}, TrailFloor(OLDEST))


def facts(*keys: ApiKey, authority: AuthorityInfo = REGISTRY, **changes: Any) -> ReviewFacts:
    """Return facts about which nothing has to be decided."""
    listed = keys or (key(),)
    well: dict[str, Any] = {
        "notes": {each.fingerprint: NOTED for each in listed},
        "use": use(),
        "verified": (NOW, "no entry altered or deleted (10 entries checked)"),
        "sealed_at": NOW,
    }
    return ReviewFacts(NOW, KeyList(listed, authority, as_of=NOW), **{**well, **changes})


def subscription(**changes: Any) -> ApiSubscription:
    """Return a subscription about which nothing has to be decided."""
    found = ApiSubscription(
        number=7,
        key=KeyName("********Gh78", "#aaaaaa"),
        fingerprint=KEY,
        developer="ClearPay",
        workstation="",
        watches="Appointment",
        polling_seconds=60,
        address="https://pay.example.test/",
        last_run=NOW,
        stop=None,
        note="",
        state=SubscriptionState.WORKING,
        reasons=(),
        alerts=(),
        digest="",
    )
    return replace(found, **changes)


def page(*subscriptions: ApiSubscription, **others: Any) -> SubscriptionPage:
    return SubscriptionPage(subscriptions, **others)


def permissions(*names: str) -> ApiKey:
    return key(fields=replace(key().fields, permissions=names))


def review(*items: ReviewItem, **changes: Any) -> Review:
    """Return a review that ended a month ago."""
    ended = NOW - timedelta(days=30)
    began = ended - timedelta(days=5)
    found = Review(1, "Q3", began.date(), began.date(), began, "Maria", items, ended_at=ended, ended_by="Maria")
    return replace(found, **changes)


def kept(until: date, *rules: ReviewRule, days_ago: int = 31, **changes: Any) -> ReviewItem:
    """Return a key that was kept although some rules were against it."""
    known = key(**changes)
    found = tuple(Finding(rule, "", "", KEY) for rule in rules)
    snapshot = KeySnapshot(KEY, "", "ClearPay", known.status, known.fields.permissions, findings=found)
    decision = Decision(Choice(DecisionKind.KEEP, until), "Maria", NOW - timedelta(days=days_ago))
    return ReviewItem(snapshot, decision, 1)


def found(known: ReviewFacts, **settings: Any) -> Findings:
    return find(known, ReviewSettings(**settings))


def test_nothing_needs_a_decision_in_a_practice_that_is_in_order() -> None:
    result = found(facts())
    assert (result.findings, result.unknown) == ((), ())
    assert result.remarks == ("Calls that only read leave no entry: no change doesn't mean that a key isn't used.",)


R = ReviewRule
DISABLED = {"status": KeyStatus.DISABLED_BY_CUSTOMER, "date_disabled": NOW - timedelta(days=3)}
# Facts, the rule, and words of the reason.
ROWS: dict[str, tuple[ReviewFacts, ReviewRule, str]] = {
    "no agreement": (facts(key(fields=replace(key().fields, agreement_since=None))), R.NO_AGREEMENT, "no date of a"),
    "no owner": (facts(notes={KEY: replace(NOTED, owner="")}), R.NO_OWNER, "nobody in the office"),
    "no note at all": (facts(notes={}), R.NO_OWNER, "nobody in the office"),
    "never changed": (
        facts(use=use(None)),
        R.UNCHANGED,
        "has never changed anything; the Audit Trail goes back to 2024-01-01",
    ),
    "unchanged": (
        facts(use=use(NOW - timedelta(days=91))),
        R.UNCHANGED,
        "has changed nothing for 91 days, since 2026-08-28.",
    ),
    "unchanged as far as it was read": (
        facts(use=use(None, read_since=NOW - timedelta(days=120), complete=False)),
        R.UNCHANGED,
        "has changed nothing for at least 120 days. Reads leave no trace.",
    ),
    "one risky permission": (
        facts(permissions("ApiReadAll", "ApiQueries", "ApiComm"), notes={KEY: replace(NOTED, purpose="")}),
        R.RISKY_PERMISSIONS,
        "1 risky permission and no purpose: ApiQueries (reads the whole database).",
    ),
    "risky permissions": (
        facts(permissions("ApiSetup", "ApiPayments"), notes={KEY: replace(NOTED, purpose="")}),
        R.RISKY_PERMISSIONS,
        "2 risky permissions and no purpose: ApiSetup (creates users), ApiPayments (enters payments).",
    ),
    "plain http": (
        facts(subscriptions=page(subscription(address="http://10.0.0.7/in"))),
        R.PLAIN_HTTP,
        "subscription 7 (Appointment) sends patient data and the customer key unencrypted to 10.0.0.7",
    ),
    "plain http over FHIR": (
        facts(
            subscriptions=page(
                fhir=(FhirSubscription(3, "", "", "", "", "", "", None, (), ("It travels unencrypted to x.",)),)
            )
        ),
        R.PLAIN_HTTP,
        "FHIR subscription 3: It travels unencrypted to x.",
    ),
    "orphaned": (
        facts(subscriptions=page(subscription(fingerprint="b" * 64))),
        R.ORPHANED_SUBSCRIPTION,
        "has a customer key that this practice doesn't list",
    ),
    "orphaned by disabling": (
        facts(key(**DISABLED), subscriptions=page(subscription())),
        R.ORPHANED_SUBSCRIPTION,
        "is active, and the key is Disabled by Customer.",
    ),
    "ended": (
        facts(subscriptions=page(subscription(state=SubscriptionState.ENDED, stop=datetime(2026, 11, 1, 8)))),
        R.ENDED_SUBSCRIPTION,
        "ended on 2026-11-01 08:00, and",
    ),
    "changed after disabled": (
        facts(key(**DISABLED), later_changes={KEY: LaterChanges(2, datetime(2026, 11, 26, 9))}),
        R.CHANGED_AFTER_DISABLED,
        "disabled on 2026-11-24 17:00, and 2 changes were made in its developer's name after that, the last one on"
        " 2026-11-26 09:00.",
    ),
    "only in some offices": (
        facts(other_offices=OtherOffices(5, {"clearpay": ("a", "b", "c", "d")})),
        R.SOME_OFFICES,
        "an enabled key in 4 of 5 offices: a, b, c and 1 more.",
    ),
    "only in the copy": (
        facts(key(known=False, status=KeyStatus.UNKNOWN), authority=HEADQUARTERS),
        R.NOT_AT_HEADQUARTERS,
        "Only the practice's copy of keys has it. Headquarters' list doesn't.",
    ),
    "gone": (
        facts(key(gone=True), authority=HEADQUARTERS),
        R.NOT_AT_HEADQUARTERS,
        "Headquarters' list no longer has it",
    ),
    "never verified": (facts(verified=None), R.UNVERIFIED, "never verified"),
    "verified long ago": (
        facts(verified=(NOW - timedelta(days=32), "no entry altered or deleted")),
        R.UNVERIFIED,
        "last verified on 2026-10-26, 32 days ago.",
    ),
    "verified with a result": (facts(verified=(NOW, "1 altered (10 checked)")), R.UNVERIFIED, "found: 1 altered (10"),
    "never sealed": (facts(sealed_at=None), R.UNSEALED, "never sealed"),
    "sealed long ago": (facts(sealed_at=NOW - timedelta(days=8)), R.UNSEALED, "last sealed on 2026-11-19, 8 days ago."),
    "no review for long": (
        facts(reviews=(review(ended_at=NOW - timedelta(days=366)),)),
        R.OVERDUE,
        "The last review (Q3) ended on 2025-11-26, 366 days ago.",
    ),
    "no review ever": (
        facts(key(added=NOW - timedelta(days=400))),
        R.OVERDUE,
        "No review has ended yet, and the first key was added on 2025-10-23, 400 days ago.",
    ),
    "review date": (
        facts(notes={KEY: replace(NOTED, review_date=TODAY)}),
        R.OVERDUE,
        "Its review date was 2026-11-27, today.",
    ),
    "kept until": (
        facts(reviews=(review(kept(TODAY - timedelta(days=1))),)),
        R.OVERDUE,
        "Review Q3 kept it until 2026-11-26, 1 day ago.",
    ),
}


@pytest.mark.parametrize(("known", "rule", "words"), ROWS.values(), ids=ROWS)
def test_each_rule_says_what_it_found_and_what_to_do(known: ReviewFacts, rule: ReviewRule, words: str) -> None:
    (finding,) = found(known).findings
    assert (finding.rule, finding.is_due) == (rule, True)
    assert words in finding.reason
    assert finding.reason.endswith(".")
    assert finding.advice
    assert found(known, skip=frozenset({rule})).findings == ()


def test_the_rows_cover_every_rule() -> None:
    assert {rule for _, rule, _ in ROWS.values()} == set(ReviewRule)


def test_a_list_that_changed_says_how() -> None:
    listed = KeyList((key(),), HEADQUARTERS, {KEY: "was Enabled"}, as_of=NOW)
    (finding,) = found(replace(facts(), keys=listed)).findings
    assert finding.reason == "Headquarters' list changed since it was last read: was Enabled."


# Facts in which a rule finds nothing.
QUIET: dict[str, ReviewFacts] = {
    "a disabled key needs no agreement, owner or use": facts(
        key(fields=KeyFields(permissions=("ApiQueries",)), **DISABLED), notes={}, use=use(None)
    ),
    "a key that only reads can't show that it is used": facts(permissions("ApiReadAll"), use=use(None)),
    "a change 90 days ago is no reason": facts(use=use(NOW - timedelta(days=90))),
    "a developer's other key explains changes": facts(
        key(**DISABLED), key(fingerprint="b" * 64), later_changes={KEY: LaterChanges(2, NOW)}
    ),
    "no changes after it was disabled": facts(key(**DISABLED), later_changes={KEY: LaterChanges(0, None)}),
    "in all offices": facts(other_offices=OtherOffices(2, {"clearpay": ("a", "b")})),
    "a subscription to this computer": facts(subscriptions=page(subscription(address="http://localhost:1/"))),
    "an ended subscription to plain http of another key": facts(
        subscriptions=page(subscription(address="http://x.test/", state=SubscriptionState.ENDED, stop=NOW)),
    ),
    "a review date that a decision answered": facts(
        notes={KEY: replace(NOTED, review_date=TODAY)},
        reviews=(review(kept(TODAY + timedelta(days=9), days_ago=0)),),
    ),
    "a review date in the future": facts(notes={KEY: replace(NOTED, review_date=TODAY + timedelta(days=1))}),
    "a clock that was set back": facts(
        sealed_at=NOW + timedelta(days=9), verified=(NOW + timedelta(days=9), "no entry altered or deleted")
    ),
    "keys that were added lately": facts(key(added=NOW - timedelta(days=365))),
}


@pytest.mark.parametrize("known", QUIET.values(), ids=QUIET)
def test_what_is_no_reason_for_a_decision(known: ReviewFacts) -> None:
    assert {each.rule for each in found(known).findings} <= {ReviewRule.ENDED_SUBSCRIPTION}


UNKNOWN: dict[str, tuple[ReviewFacts, str]] = {
    "notes": (facts(notes=NO_FACT), "Unknown: the notes on keys. No right to read it."),
    "use": (facts(use=NO_FACT), "Unknown: what developers changed. No right to read it."),
    "later changes": (
        facts(later_changes={KEY: NO_FACT, "b": NO_FACT}),
        "Unknown: the changes after keys were disabled.",
    ),
    "subscriptions": (facts(subscriptions=NO_FACT), "Unknown: the subscriptions. No right to read it."),
    "table of subscriptions": (
        facts(subscriptions=page(unknown=("unknown: no right to read apisubscription",))),
        "Unknown: the subscriptions: no right to read apisubscription.",
    ),
    "verification": (facts(verified=NO_FACT), "Unknown: the last verification. No right to read it."),
    "seal": (facts(sealed_at=NO_FACT), "Unknown: the last seal. No right to read it."),
    "reviews": (facts(reviews=NO_FACT), "Unknown: the earlier reviews. No right to read it."),
    "other offices": (facts(other_offices=NO_FACT), "Unknown: the keys of the other offices. No right to read it."),
    "statuses": (
        facts(authority=replace(HEADQUARTERS, refusal="Headquarters didn't answer.")),
        "Unknown: the statuses of the keys. Headquarters didn't answer.",
    ),
    "use of a developer": (
        facts(key(), key(developer="Other", fingerprint="b" * 64), notes={KEY: NOTED, "b" * 64: NOTED}),
        "Unknown: what Other changed in the last 90 days.",
    ),
    "use that was not read far enough": (
        facts(use=use(None, read_since=NOW - timedelta(days=5), complete=False)),
        "Unknown: what ClearPay changed in the last 90 days.",
    ),
}


@pytest.mark.parametrize(("known", "sentence"), UNKNOWN.values(), ids=UNKNOWN)
def test_a_fact_that_cannot_be_read_gives_one_line_and_no_finding(known: ReviewFacts, sentence: str) -> None:
    result = found(known)
    assert result.findings == ()
    (line,) = result.unknown
    assert line.startswith(sentence)


def test_a_table_that_an_older_version_does_not_have_is_not_unknown() -> None:
    none = "none: Open Dental has no table apisubscription before 22.1.1"
    assert found(facts(subscriptions=page(unknown=(none,)))).unknown == ()


def test_what_no_rule_needs_is_not_missed() -> None:
    known = facts(use=NO_FACT, sealed_at=NO_FACT, subscriptions=NO_FACT)
    skipped = {R.UNCHANGED, R.UNSEALED, R.PLAIN_HTTP, R.ORPHANED_SUBSCRIPTION}
    result = found(known, skip=frozenset(skipped))
    assert result.unknown == ("Unknown: the subscriptions. No right to read it.",)
    assert result.remarks == ()


def test_thresholds_are_settings() -> None:
    known = facts(use=use(NOW - timedelta(days=11)), sealed_at=NOW - timedelta(days=3))
    rules = [each.rule for each in found(known, unchanged_days=10, seal_days=2).findings]
    assert rules == [ReviewRule.UNSEALED, ReviewRule.UNCHANGED]


def test_a_decision_accepts_what_its_review_listed_until_its_date() -> None:
    until = TODAY + timedelta(days=9)
    known = facts(notes={}, use=use(None), reviews=(review(kept(until, ReviewRule.NO_OWNER)),))
    result = found(known)
    assert [(each.rule, each.accepted_until) for each in result.findings] == [
        (ReviewRule.NO_OWNER, until),
        (ReviewRule.UNCHANGED, None),
    ]
    assert [each.rule for each in result.due] == [ReviewRule.UNCHANGED]


@pytest.mark.parametrize(
    "item",
    [
        kept(TODAY + timedelta(days=9), ReviewRule.NO_OWNER, status=KeyStatus.ENABLED_READ_ONLY),
        kept(TODAY + timedelta(days=9), ReviewRule.NO_OWNER, fields=KeyFields(permissions=("ApiReadAll",))),
        replace(kept(TODAY, R.NO_OWNER), decision=Decision(Choice(DecisionKind.ASK), "Maria", NOW)),
    ],
    ids=["it may do more since", "it has another permission since", "the vendor is to be asked"],
)
def test_a_decision_accepts_nothing(item: ReviewItem) -> None:
    (finding,) = found(facts(notes={}, reviews=(review(item),))).findings
    assert (finding.rule, finding.is_due) == (ReviewRule.NO_OWNER, True)


def test_the_newest_decision_counts() -> None:
    older = review(kept(TODAY + timedelta(days=9), ReviewRule.NO_OWNER, days_ago=20))
    newer = review(kept(TODAY - timedelta(days=1), days_ago=10), number=2, name="Q4")
    reasons = [each.reason for each in found(facts(reviews=(newer, older))).findings]
    assert reasons == ["Review Q4 kept it until 2026-11-26, 1 day ago."]


def test_a_review_under_way_says_so_and_does_not_end_being_overdue() -> None:
    running = review(ReviewItem(KeySnapshot(KEY, "", "", KeyStatus.ENABLED)), number=2, name="Q4", ended_at=None)
    known = facts(reviews=(running, review(ended_at=NOW - timedelta(days=400))))
    (finding,) = overdue(known, ReviewSettings())
    assert finding.reason.endswith("400 days ago. Review Q4 is under way: 0 of 1 keys decided.")
    assert overdue(known, ReviewSettings(skip=frozenset({ReviewRule.OVERDUE}))) == ()
