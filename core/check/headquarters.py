"""Checks who decides about a practice's keys, and how far a question to headquarters comes."""

from __future__ import annotations

from collections.abc import Iterator

from core.base.errors import HeadquartersError, HeadquartersStep
from core.check.result import CheckResult, CheckStatus
from core.headquarters.account import read_account
from core.headquarters.client import HeadquartersClient
from core.headquarters.responses import HeadquartersList
from core.keys.practice_copy import copied_keys, has_copy
from core.model.api_key import AuthorityName
from core.offices.open_request import OpenRequest
from core.practice.practice import Practice

Found = Iterator[CheckResult]


def check_authority(practice: Practice, opening: OpenRequest) -> Found:
    """Check who decides about a practice's keys; headquarters is asked for its list, and nothing is written."""
    if opening.authority is AuthorityName.LOCAL:
        yield CheckResult("authority", CheckStatus.OK, "The local registry decides about the keys.")
        return
    yield CheckResult("authority", CheckStatus.OK, "Open Dental's headquarters decides about the keys.")
    account = read_account(practice, opening.runtime.computer, opening.headquarters_url)
    try:
        listed = HeadquartersClient(account.address).list(account.credentials)
    except HeadquartersError as error:
        yield from _steps_to_headquarters(error)
        return
    for step in HeadquartersStep:
        yield CheckResult(_id(step), CheckStatus.OK, _REACHED[step])
    yield from _list(practice, listed)


_REACHED = {
    HeadquartersStep.ADDRESS: "Its address can be used.",
    HeadquartersStep.NAME: "Its name is found.",
    HeadquartersStep.CONNECTION: "It can be connected to.",
    HeadquartersStep.TLS: "The line to it is as it should be.",
    HeadquartersStep.ANSWER: "It answers.",
    HeadquartersStep.CREDENTIALS: "It accepts the practice's registration key.",
}


def _id(step: HeadquartersStep) -> str:
    return f"headquarters-{step.value.lower().replace(' ', '-')}"


def _steps_to_headquarters(error: HeadquartersError) -> Found:
    """How far the question came: the steps before the one that failed went well, those after it were not tried."""
    steps = list(HeadquartersStep)
    # A registration key that is missing here is missed before anything is asked.
    reached = steps[: steps.index(error.step)] if error.sent or error.step is not HeadquartersStep.CREDENTIALS else []
    for step in reached:
        yield CheckResult(_id(step), CheckStatus.OK, _REACHED[step])
    yield CheckResult(_id(error.step), CheckStatus.WARNING, error.sentence, error.hint)
    for step in steps:
        if step not in reached and step is not error.step:
            yield CheckResult(_id(step), CheckStatus.NOT_CHECKED, "Not checked, because of what failed before.")


def _list(practice: Practice, listed: HeadquartersList) -> Found:
    enabled = sum(each.status.enabled for each in listed.keys)
    yield CheckResult(
        "headquarters-keys", CheckStatus.OK, f"Headquarters lists {len(listed.keys)} keys, {enabled} of them enabled."
    )
    for number, note in enumerate(listed.notes, start=1):
        yield CheckResult(f"headquarters-note-{number}", CheckStatus.NOTE, note)
    told = {each.key.reveal() for each in listed.keys}
    same = not has_copy(practice) or set(copied_keys(practice)) == told
    yield CheckResult(
        "headquarters-copy",
        CheckStatus.OK if same else CheckStatus.NOTE,
        "The practice's copy has the same keys."
        if same
        else "The practice's copy has other keys; it is made equal when the practice is opened.",
    )
