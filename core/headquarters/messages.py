"""Texts about headquarters as the key authority: its role, the age of its list, and why keys can't be changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.base.errors import (
    HeadquartersError,
    HeadquartersRefused,
    HeadquartersStep,
    NoUsableAnswer,
)
from core.model.api_key import AuthorityInfo
from core.model.authority_name import AuthorityName

_DECIDES = (
    "Open Dental's headquarters manages this practice's keys. The practice's own table is only a copy of its list."
)
_UNKNOWN_KEY = "Headquarters hasn't listed this key. It is only in the practice's copy. Press r to ask again."


NOT_ASKED_STEPS = (HeadquartersStep.ADDRESS, HeadquartersStep.CREDENTIALS)
"""The steps whose failure, before anything was sent, means that no connection was tried."""


def never_answered(otherwise: str) -> AuthorityInfo:
    """Describe headquarters that never sent a list yet.

    Args:
        otherwise: The name of the list that is shown instead.
    """
    words = f"Headquarters hasn't sent a list yet. Showing {otherwise}."
    return _info("copy of headquarters' list, status unknown", words)


def no_list(failure: HeadquartersError, asked_at: datetime | None, otherwise: str) -> AuthorityInfo:
    """Describe headquarters whose last request for the list failed or was refused.

    Args:
        failure: The error of that request.
        asked_at: The time of the last request that succeeded; None if there was none.
        otherwise: The name of the list that is shown instead.
    """
    as_of = f" as of {asked_at:%Y-%m-%d %H:%M}" if asked_at else ""
    label, clause = _describe_failure(failure)
    refusal = f"{clause}, so keys can't be changed. Press r to ask again. {failure.sentence}"
    return _info(f"{label}; copy{as_of}, status unknown", f"{failure} Showing {otherwise}.", refusal)


def _describe_failure(failure: HeadquartersError) -> tuple[str, str]:
    """Return a label of a few words and a clause. "Not reached" and "did not answer" are said only where that's so."""
    if isinstance(failure, HeadquartersRefused):
        return "refused", "Headquarters refused"
    if isinstance(failure, NoUsableAnswer):
        if failure.arrived:
            return "unusable response", "Headquarters' response can't be used"
        return "incomplete response", "Headquarters' response was incomplete"
    if failure.step in NOT_ASKED_STEPS:
        return "not contacted", "Headquarters wasn't contacted"
    if failure.step is HeadquartersStep.TLS:
        return "not secure", "A secure connection to headquarters failed"
    return "not reached", "Headquarters can't be reached"


def answered_now(asked_at: datetime) -> AuthorityInfo:
    """Describe headquarters whose last request for the list succeeded at a time."""
    return _info(f"headquarters, {asked_at:%H:%M:%S}", f"Showing its list of {asked_at}.")


def answered_before(asked_at: datetime, now: datetime) -> AuthorityInfo:
    """Describe headquarters that wasn't contacted since the program's start, with the age of its last list."""
    time = f"{asked_at:%Y-%m-%d %H:%M}, {format_age(now - asked_at)}"
    return _info(f"headquarters as of {time}", f"Showing its list of {time}.")


def clock_set_back(before: datetime | None, now: datetime) -> tuple[str, ...]:
    """Return a remark if the practice server's clock shows an earlier time than at the request before.

    Args:
        before: The time of the request before; None if there was none.
        now: The time of this request.
    """
    if before is None or now >= before:
        return ()
    return (
        f"The practice server's clock was set back: the previous list is dated {before:%Y-%m-%d %H:%M:%S}, this"
        f" newer one {now:%Y-%m-%d %H:%M:%S}.",
    )


def format_age(age: timedelta) -> str:
    """Format an age in the largest fitting unit: `3 d ago`, `5 h ago`, `20 min ago` or `just now`.

    A negative age means that the clock was set back, so the age isn't known.
    """
    if age < timedelta(0):
        return "age unknown: the server's clock was set back"
    minutes = int(age.total_seconds()) // 60
    for unit, name in ((24 * 60, "d"), (60, "h"), (1, "min")):
        if minutes >= unit:
            return f"{minutes // unit} {name} ago"
    return "just now"


def _info(label: str, words: str, refusal: str = "") -> AuthorityInfo:
    return AuthorityInfo(
        AuthorityName.HEADQUARTERS, label, f"{_DECIDES} {words}", refusal, _UNKNOWN_KEY, keeps_contacts=False
    )
