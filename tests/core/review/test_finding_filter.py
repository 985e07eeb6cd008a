"""The filter of what needs a decision, and its order."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime

import pytest

from core.filtering.terms import FilterError
from core.model.api_key import ApiKey, KeyFields
from core.model.review import Finding, ReviewRule
from core.opendental.key_status import KeyStatus
from core.review.finding_filter import completions, parse_finding_filter
from core.review.severity import Severity, severity, worst_first

KEY = ApiKey(
    fingerprint="ad" * 32,
    masked="********AD92",
    developer="Clear Pay",
    status=KeyStatus.ENABLED,
    fields=KeyFields(),
    date_disabled=None,
    added=datetime(2024, 1, 2, 3, 4),
    license=None,
    known=True,
)
OWNER = Finding(ReviewRule.NO_OWNER, "Nobody answers for it.", "Note who does.", KEY.fingerprint, KEY.label)
HTTP = Finding(ReviewRule.PLAIN_HTTP, "It sends to 192.0.2.41.", "End it.", KEY.fingerprint, KEY.label)
SEAL = Finding(ReviewRule.UNSEALED, "The Audit Trail was never sealed.", "Seal it.")
ACCEPTED = replace(HTTP, accepted_until=date(2025, 1, 1))
ALL = (OWNER, HTTP, SEAL, ACCEPTED)
KEYS = {KEY.fingerprint: KEY}


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("", ALL),
        ("severity:high", (HTTP, ACCEPTED)),
        ("sev:x", None),
        ("severity:med,low", (OWNER, SEAL)),
        ("rule:no-owner", (OWNER,)),
        ("-rule:plain", (OWNER, SEAL)),
        ('developer:"clear pay" is:due', (OWNER, HTTP)),
        ("is:accepted", (ACCEPTED,)),
        ("key:ad92 192.0.2", (HTTP, ACCEPTED)),
        ("SEALED", (SEAL,)),
        ("severity:worst", None),
        ("is:", None),
    ],
)
def test_a_filter_finds(expression: str, found: tuple[Finding, ...] | None) -> None:
    if found is None:
        with pytest.raises(FilterError):
            parse_finding_filter(expression, KEYS)
        return
    wanted = parse_finding_filter(expression, KEYS)
    assert tuple(each for each in ALL if wanted.matches(each)) == found


def test_the_last_word_is_completed() -> None:
    assert completions("sev", KEYS.values()) == ("severity:",)
    assert completions("x severity:h", KEYS.values()) == ("x severity:high",)
    assert completions("developer:", KEYS.values()) == ('developer:"Clear Pay"',)


def test_the_worst_comes_first_and_what_was_accepted_last() -> None:
    assert worst_first(ALL) == [HTTP, SEAL, OWNER, ACCEPTED]
    assert [severity(rule) for rule in (HTTP.rule, SEAL.rule, OWNER.rule)] == list(Severity)
    assert all(isinstance(severity(rule), Severity) for rule in ReviewRule)
