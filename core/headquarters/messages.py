"""How it stands with headquarters, in words: who decides, how old what is listed is, and why nothing is changed."""

from __future__ import annotations

from datetime import datetime, timedelta

from core.base.errors import HeadquartersError, HeadquartersRefused
from core.model.api_key import AuthorityInfo, AuthorityName

_DECIDES = (
    "Open Dental's headquarters decides about the keys of this practice; the practice's own table is only a copy of its"
    " list."
)
_STRANGER = "Headquarters has not told of this key: it stands only in the practice's copy. r asks again."


def never_answered(otherwise: str) -> AuthorityInfo:
    """Headquarters never answered here.

    Args:
        otherwise: What is shown in place of its list.
    """
    words = f"It has not answered here yet. Shown is {otherwise}."
    return _info("copy of headquarters' list, status unknown", words)


def no_list(failure: HeadquartersError, asked_at: datetime | None, otherwise: str) -> AuthorityInfo:
    """Headquarters gave no list the last time it was asked: it did not answer, or refused.

    Args:
        failure: Why not.
        asked_at: When it answered before; None where it never did.
        otherwise: What is shown in place of its list.
    """
    as_of = f" as of {asked_at:%Y-%m-%d %H:%M}" if asked_at else ""
    refused = isinstance(failure, HeadquartersRefused)
    what, who = ("refused", "refused") if refused else ("not reached", "did not answer")
    refusal = f"Headquarters {who}, so keys are not changed; r asks again. {failure.sentence}"
    return _info(f"{what}; copy{as_of}, status unknown", f"{failure} Shown is {otherwise}.", refusal)


def answered_now(asked_at: datetime) -> AuthorityInfo:
    """Headquarters answered the last time it was asked."""
    return _info(f"headquarters, {asked_at:%H:%M:%S}", f"It answered at {asked_at}.")


def answered_before(asked_at: datetime, now: datetime) -> AuthorityInfo:
    """Headquarters was not asked since the start."""
    since = f"{asked_at:%Y-%m-%d %H:%M}, {format_age(now - asked_at)}"
    return _info(f"headquarters as of {since}", f"Shown is what it answered at {since}.")


def format_age(age: timedelta) -> str:
    """How old something is, in the largest unit that fits."""
    minutes = max(0, int(age.total_seconds()) // 60)
    for unit, name in ((24 * 60, "d"), (60, "h"), (1, "min")):
        if minutes >= unit:
            return f"{minutes // unit} {name} ago"
    return "just now"


def _info(label: str, words: str, refusal: str = "") -> AuthorityInfo:
    return AuthorityInfo(
        AuthorityName.HEADQUARTERS, label, f"{_DECIDES} {words}", refusal, _STRANGER, keeps_contacts=False
    )
